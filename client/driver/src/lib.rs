//! The thin shell around the engine: what touches files, sockets and processes on behalf of a person.
//!
//! The engine decides; this crate performs. [`session`] opens a home with a passphrase and holds the engine while a command
//! or a window works with it; [`relay`] carries an exchange over HTTP; [`worker`] is the child process in which changes of
//! other people are tried. No rule about members, keys or reviews is here, and no output to a person.

pub mod assigning;
pub mod bundles;
pub mod care;
pub mod exports;
pub mod given;
pub mod intake;
pub mod inviting;
pub mod names;
pub mod publishing;
pub mod relay;
pub mod save;
pub mod session;
pub mod sheet;
pub mod wording;
pub mod worker;
