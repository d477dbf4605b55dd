//! The review domain: what a programme asks, what reviewers answered, and what follows from it.
//!
//! This crate is pure functions on values. It opens no file, asks no clock, draws no random number: bytes, times and
//! seeds are parameters. It knows nothing of keys, packs or the relay.
//!
//! How to read it:
//! - [`programme`]: the definition of a programme, a TOML file that a person can write, checked and hashed;
//! - [`scores`], [`applications`], [`reviewers`], [`affinities`]: tables in and out, with file, row and column in every
//!   refusal ([`input`]), over one bounded CSV reader ([`table`]) and cells that no spreadsheet runs ([`cells`]);
//! - [`policy`], [`totals`], [`ranking`]: the arithmetic, over [`decimal`] (what was written) and [`exact`] (rationals,
//!   half up), and [`compute`], the same on files in memory;
//! - [`agreement`], [`calibration`]: how far readers agree, and the order corrected for their severity; [`moderation`]: which
//!   applications want a person before the order decides; [`further`]: which get one more reader;
//! - [`shares`]: counts of groups at every stage, with what is small hidden so that it cannot be worked out;
//! - [`pace`]: whether a date holds at the pace of the last weeks;
//! - [`sentence`]: what a result says to people, as a code with parameters and in English;
//! - [`guard`] and [`crdt`]: what a change of somebody else must be, and the one module that uses Automerge;
//!   [`documents`]: what each kind of document says, with typed readers and writers; [`merge`]: what a person must see
//!   of it, and what counts while they decide.
//!
//! The rule that matters most here: not answered is not zero. The second: the order in which rows arrive changes
//! nothing.

pub mod affinities;
pub mod agreement;
pub mod applications;
pub mod calibration;
pub mod cells;
mod chance;
pub mod compute;
pub mod crdt;
pub mod decimal;
pub mod documents;
pub mod exact;
mod figure;
pub mod further;
pub mod guard;
pub mod input;
pub mod merge;
pub mod moderation;
pub mod pace;
pub mod policy;
pub mod programme;
pub mod ranking;
pub mod reviewers;
pub mod scores;
pub mod sentence;
pub mod shares;
pub mod table;
pub mod totals;
