//! What the continuity check decides about a change, and its reasons.

use super::ChangeHash;

/// What to do with a scanned change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It comes next: apply it, then [`Continuity::record`] it.
    Apply,
    /// It is part of the document already.
    Known,
    /// It waits for changes that are not here yet. How many may wait, and how long, the caller bounds.
    Park {
        /// The direct dependencies that are missing.
        missing: Vec<ChangeHash>,
    },
    /// It contradicts itself or the document and never can be applied.
    Refuse(Refusal),
}

/// Why a change can never be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not the actor of the device and incarnation that the change came with.
    #[error("the change is not by the expected actor")]
    WrongActor,
    /// Another change of the same actor has the same number.
    #[error("two changes have one actor and number")]
    Equivocation {
        /// The one that is part of the document.
        known: ChangeHash,
    },
    /// The document has as many of something as a document may have.
    #[error("the document is full: {limit} {what}")]
    DocumentFull {
        /// Operations, actors or branches.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
    /// It builds on nothing, not even the document's constant.
    #[error("the change does not build on the document's first change")]
    Unrooted,
    /// Its number does not follow the last of its actor that it builds on.
    #[error("change number {found} where {expected} follows")]
    Sequence {
        /// The only possible number.
        expected: u64,
        /// The number it has.
        found: u64,
    },
    /// Its first operation does not follow the last one that it builds on.
    #[error("first operation {found} where {expected} follows")]
    StartOp {
        /// The only possible number.
        expected: u64,
        /// The number it has.
        found: u64,
    },
    /// It refers to an object, element or value that it does not build on.
    #[error("operation {index} refers to something the change does not build on")]
    Reference {
        /// The operation's place in the change, from 0.
        index: usize,
    },
    /// An operation that its object's kind does not have, or that would replace or hide a container.
    #[error("operation {index} does not fit its object")]
    Misfit {
        /// The operation's place in the change, from 0.
        index: usize,
    },
    /// It puts a value beside another of the same actor instead of replacing it: a conflict of its own making.
    #[error("operation {index} does not replace what its own actor put")]
    Beside {
        /// The operation's place in the change, from 0.
        index: usize,
    },
}
