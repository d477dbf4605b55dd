//! The thin shell around the engine: what touches files, sockets and processes on behalf of a person.
//!
//! The engine decides; this crate performs. [`session`] opens a home with a passphrase and holds the engine while a command
//! or a window works with it; [`relay`] carries an exchange over HTTP; [`worker`] is the child process in which changes of
//! other people are tried, [`pages`] that in which files of applicants are drawn, and [`preparing`] what is made of those files
//! beforehand; [`keychain`] is what an operating system may keep of a home. No rule about members, keys or reviews is here, and
//! no output to a person.

pub mod assigning;
pub mod bundles;
pub mod care;
pub mod clock;
pub mod exports;
pub mod given;
pub mod intake;
pub mod inviting;
pub mod keychain;
pub mod names;
pub mod pace;
pub mod pages;
pub mod preparing;
pub mod publishing;
pub mod relay;
pub mod save;
pub mod seats;
pub mod session;
pub mod shares;
pub mod sheet;
pub mod tables;
pub mod verdicts;
pub mod wording;
pub mod worker;
