//! What the screens of Tessera show, and the acts behind them.
//!
//! A view is everything that one screen needs, read in one go from an open home, with labels in the reader's language and
//! nothing that the screen would have to look up. An act does one thing that a person decided and says what came of it. No
//! rule is here: the engine decides what may be done and what counts. No window is here either: whatever shows these
//! views, their types are exported to it ([`specta`]), and errors are a closed list of codes ([`failure`]).
//!
//! Reading order: [`failure`], [`words`], [`shelf`] (homes on this device), [`me`], [`recover`], [`care`]; a reviewer's
//! screens: [`tasks`], [`declaring`], [`dossier`], [`draft`], [`files`], [`own`]; [`exchange`], [`relays`]; a coordinator's:
//! [`intake`], [`entry`], [`chase`], [`duplicates`], [`board`], [`pace`], [`application`], [`seen`], [`eligibility`], [`tables`], [`verdicts`], [`ruled`], [`why`], [`assignment`], [`conflicts`], [`queue`], [`arrivals`], [`mails`],
//! [`record`], [`scores`], [`figures`], [`moderation`], [`selection`], [`shares`], [`exports`], [`programme`]; an admin's: [`people`], [`person`],
//! [`invitations`], [`deciding`], [`access_day`], [`devices`]; [`search`], [`rehearsal`].

pub mod access_day;
pub mod application;
pub mod arrivals;
pub mod assignment;
pub mod board;
pub mod care;
pub mod chase;
pub mod conflicts;
pub mod deciding;
pub mod declaring;
pub mod devices;
pub mod dossier;
pub mod draft;
pub mod duplicates;
pub mod eligibility;
pub mod entry;
pub mod exchange;
pub mod exports;
pub mod failure;
pub mod figures;
pub mod files;
pub mod intake;
pub mod invitations;
pub mod mails;
pub mod me;
pub mod moderation;
pub mod own;
pub mod pace;
pub mod people;
pub mod person;
pub mod programme;
pub mod queue;
pub mod record;
pub mod recover;
pub mod rehearsal;
pub mod relays;
pub mod ruled;
pub mod scores;
pub mod search;
pub mod seen;
pub mod selection;
pub mod shares;
pub mod shelf;
pub mod tables;
pub mod tasks;
mod typed;
pub mod verdicts;
pub mod why;
pub mod words;

pub use failure::Failure;
pub use tessera_driver::session::Session;
