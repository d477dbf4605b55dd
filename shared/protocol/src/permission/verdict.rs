//! What became of each public pack, and what this version could not judge.

use crate::ids::{LinkId, PackId};

/// What became of a public pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It has its effect.
    Counted,
    /// It has none.
    Ignored(Why),
}

/// Why a public pack has no effect, or could not be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Why {
    /// It names another programme.
    #[error("the pack belongs to another programme")]
    OtherProgramme,
    /// It is not in the `public` stream.
    #[error("the pack is not in the public stream")]
    NotPublic,
    /// Its suite is none that this version checks.
    #[error("the pack's suite is unknown")]
    UnknownSuite,
    /// No link or statement names the device that signed it.
    #[error("no link or statement names the device")]
    UnknownSigner,
    /// The signature does not fit.
    #[error("the signature does not fit")]
    BadSignature,
    /// The body does not decode.
    #[error("the body does not decode")]
    Malformed,
    /// This version does not know the kind.
    #[error("the kind is unknown to this version")]
    UnknownKind,
    /// Its number contradicts the packs that it follows.
    #[error("the number contradicts the packs that it follows")]
    BadNumber,
    /// Its signer may not do this.
    #[error("the signer may not do this")]
    NoAuthority,
    /// It concerns somebody of the signer's own layer or of one above.
    #[error("it concerns somebody that only the charter can judge")]
    SameLayer,
    /// The signer was removed, and the pack lies outside every cut.
    #[error("it lies outside the cut of its signer's removal")]
    OutsideCut,
    /// The signer doubled a statement with this number or a lower one.
    #[error("the signer doubled a statement")]
    Doubled,
    /// The signer has made as many statements as count.
    #[error("its signer's quota is used up")]
    OverQuota,
    /// Not enough have signed.
    #[error("{signed} of {needed} signatures")]
    TooFew {
        /// How many count so far.
        signed: usize,
        /// How many are needed.
        needed: usize,
    },
    /// What its link builds on is not known, or does not count yet.
    #[error("what it builds on does not count yet")]
    NotReached,
    /// A completed link left it out.
    #[error("a completed link left it out")]
    Void,
    /// No counting invitation is known for it.
    #[error("no counting invitation is known")]
    NoInvitation,
    /// The nonce is not the one that the invitation committed to.
    #[error("the nonce does not fit the invitation")]
    WrongNonce,
    /// A lift undid it.
    #[error("a lift undid it")]
    Lifted,
    /// It concerns somebody who is no member.
    #[error("it concerns no member")]
    UnknownMember,
    /// It concerns a device that is not the signer's.
    #[error("the device is not the signer's")]
    NotYours,
    /// The device belongs to another member already.
    #[error("the device belongs to another member")]
    DeviceTaken,
    /// Two members claim the device; it is neither's until an admin says whose.
    #[error("two members claim the device")]
    ClaimedTwice,
}

/// Something that this version cannot judge. What it knows is judged all the same, but a device that
/// sees one writes nothing any more until its program is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unjudged {
    /// A change in a counting link.
    Change(LinkId),
    /// A statement of an admin or coordinator.
    Statement(PackId),
    /// A pack of an admin or coordinator in the public stream.
    Pack(PackId),
    /// The charter asks for a suite that this version does not have.
    Suite(u8),
}
