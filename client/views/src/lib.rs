//! What the screens of Tessera show, and the acts behind them.
//!
//! A view is everything that one screen needs, read in one go from an open home, with labels in the reader's language and
//! nothing that the screen would have to look up. An act does one thing that a person decided and says what came of it. No
//! rule is here: the engine decides what may be done and what counts. No window is here either: whatever shows these
//! views, their types are exported to it ([`specta`]), and errors are a closed list of codes ([`failure`]).
//!
//! Reading order: [`failure`], [`words`], [`shelf`] (homes on this device), [`me`]; a reviewer's screens: [`tasks`],
//! [`dossier`], [`draft`], [`files`]; [`exchange`]; a coordinator's: [`intake`], [`entry`], [`chase`], [`duplicates`],
//! [`board`], [`application`], [`assignment`], [`queue`], [`record`], [`figures`], [`selection`], [`exports`],
//! [`programme`]; an admin's: [`people`], [`devices`]; [`search`], [`rehearsal`].

pub mod application;
pub mod assignment;
pub mod board;
pub mod chase;
pub mod devices;
pub mod dossier;
pub mod draft;
pub mod duplicates;
pub mod entry;
pub mod exchange;
pub mod exports;
pub mod failure;
pub mod figures;
pub mod files;
pub mod intake;
pub mod me;
pub mod people;
pub mod programme;
pub mod queue;
pub mod record;
pub mod rehearsal;
pub mod search;
pub mod selection;
pub mod shelf;
pub mod tasks;
pub mod words;

pub use failure::Failure;
pub use tessera_driver::session::Session;
