//! The local-first engine.
//!
//! A home is one programme on one device: an encrypted store, what waits to be sealed, what waits to be sent,
//! the keys, and the documents that follow from the packs. The engine decides; it touches nothing but its
//! store. Network and time are the caller's: [`Engine::prepare`] gives frames to send, [`Engine::answer_head`]
//! and [`Engine::segment`] take what came back.
//!
//! Reading order: [`store`] and [`records`] (what is kept), [`chains`], [`core`] (what a device knows),
//! [`keyring`] and [`send`] (from a change to a sealed pack), [`receive`] and [`digest`] (the two commits of an
//! import, [`arrivals`] beside them), [`document`] and [`counting`] (what counts), [`duties`] and [`people`], [`exchange`],
//! [`bundle`] and [`attachments`] with [`pages`] and [`typed`], [`engine`] (what callers use).

pub mod access_history;
pub mod access_list;
pub mod arrivals;
pub mod assignments;
pub mod attachments;
pub mod bundle;
pub mod chains;
pub mod conflicts;
mod contents;
pub mod core;
pub mod counting;
pub mod decisions;
pub mod devices;
pub mod digest;
pub mod document;
mod doubled;
pub mod duplicates;
pub mod duties;
pub mod eligibility;
pub mod engine;
pub mod epochs;
pub mod error;
pub mod exchange;
pub mod explain;
pub mod export;
mod forget;
mod forks;
pub mod further;
pub mod home;
pub mod intake;
pub mod keyring;
pub mod moderation;
pub mod notices;
pub mod pace;
pub mod pages;
pub mod papers;
pub mod people;
pub mod persons;
pub mod programme;
pub mod progress;
pub mod proposals;
mod questions;
pub mod queue;
pub mod reading;
pub mod receive;
pub mod recorded;
pub mod records;
pub mod recovery;
pub mod relays;
pub mod renditions;
pub mod reviews;
pub mod score_import;
pub mod scores;
pub mod seen;
pub mod send;
mod settings;
pub mod shares;
pub mod solving;
pub mod store;
pub mod tallies;
pub mod typed;
pub mod verify;
pub mod withheld;
pub mod work;

pub use engine::{Acts, Engine, Found, PackState, Passage};
pub use error::EngineError;
