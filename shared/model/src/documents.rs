//! The documents of the review domain: what kinds there are, what each is about, and how their fields are read and
//! written. Not where they are stored, who may write them, or how they travel.
//!
//! Every kind of document has one constant first change that ships with the program ([`kind`]); a document is named by
//! its kind and its [`Subject`], and belongs to one kind of stream. What a document says is a [`Record`]: a plain value
//! that is written as scalars in one change, and read back whatever the document holds. Reading never fails. A field
//! with two different values is listed in [`Read::conflicts`] and is not answered; a field that is no such thing is
//! listed in [`Read::damaged`] and is not answered either. Nothing is ever decided by what came first.
//!
//! How to read it: [`kind`] and [`subject`], then [`record`], then [`review`] as the example; [`draft`] is the one kind
//! that is edited in place, and [`submission`] turns it into a review.

pub mod assignment;
pub mod call;
pub mod conflict;
pub mod draft;
pub mod eligibility;
pub mod form;
pub mod kind;
pub mod manifest;
pub mod office;
pub mod person;
pub mod pin;
pub mod record;
pub mod relays;
pub mod review;
pub mod split;
pub mod subject;
pub mod submission;
mod words;
pub(crate) use words::words;

#[cfg(test)]
pub(crate) mod tests;

pub use assignment::{Assignment, AssignmentState, Withdrawal};
pub use call::{Call, CallError, Revision};
pub use conflict::{Clearance, Conflict, Declaration, Ruling};
pub use draft::{Draft, Note};
pub use eligibility::{Eligibility, GateVerdict, Outcome, Verdict};
pub use form::{Card, Dossier, Identity};
pub use kind::{Kind, StreamKind};
pub use manifest::{File, Manifest};
pub use office::{Duplicate, Moderation, Ranking, Sameness, Selection, Settled, Snapshot};
pub use person::Person;
pub use pin::Pin;
pub use record::{Damage, FieldConflict, Read, Record, WriteError};
pub use relays::Relays;
pub use review::{Answer, Recorded, Review, Source, State, Submitted};
pub use split::{Row, Split, split_form};
pub use subject::{Subject, SubjectError, round_id};
pub use submission::{Missing, check_submission};

/// An id of a member, an application or a round: 16 bytes.
pub type Id = [u8; 16];

/// A SHA-256.
pub type Sha256Bytes = [u8; 32];
