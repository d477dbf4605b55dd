//! What can go wrong in the engine, as codes that a command line or a window turns into words.

use std::io;

use tessera_protocol::codec::{DecodeError, TooMany};
use tessera_protocol::ids::{AttachmentId, DeviceId, MemberId, StreamId};

use crate::proposals::ProposalBar;
use crate::store::StoreError;

/// Why an act was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored record does not decode: the store is damaged.
    #[error("a stored record is damaged: {0}")]
    Damaged(#[from] DecodeError),
    /// More than one pack, statement or bundle holds.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The member, document or pack is not here.
    #[error("{0} is not here")]
    NotFound(String),
    /// This member may not do that.
    #[error("this needs {0}")]
    NotPermitted(&'static str),
    /// Something newer is in the programme that this version cannot judge.
    #[error("this programme uses something newer than this program knows; it can be read, not changed")]
    ReadOnly,
    /// This device is not part of the programme, or not yet, or not any more.
    #[error("this device does not belong to the programme at present")]
    NotAMember,
    /// The key of a stream is not here yet.
    #[error("the key of stream {0} is not here yet")]
    NoKey(StreamId),
    /// A device cannot be sent keys.
    #[error("device {0} has no key that this program can send to")]
    Unreachable(DeviceId),
    /// The words of this member were not checked.
    #[error("member {0} was not checked")]
    Unchecked(MemberId),
    /// Input that does not fit.
    #[error("{0}")]
    BadInput(String),
    /// Something typed from a file is not here as a whole: who replaces it would not see what.
    #[error("what was typed from this file is not here yet")]
    TextNotHere,
    /// A text that is longer than allowed.
    #[error("the text is too long")]
    TooLong,
    /// Bytes that are forged or damaged.
    #[error("{0}")]
    Forged(&'static str),
    /// Another programme's bytes.
    #[error("this belongs to another programme")]
    OtherProgramme,
    /// Written by a newer version.
    #[error("this was written by a newer version")]
    Newer,
    /// No worker could be started to try what came; nothing of it was tried.
    #[error("no worker could be started: {0}")]
    NoWorker(#[source] io::Error),
    /// A document broke or a worker ended.
    #[error("a document could not be built: {0}")]
    Document(String),
    /// An attachment's bytes are not what its manifest names.
    #[error("attachment {0} is damaged; it comes again with the next exchange")]
    DamagedAttachment(AttachmentId),
    /// A file ended or failed while it was read.
    #[error("the file could not be read")]
    Unreadable,
    /// What was asked for cannot be written where it should go.
    #[error("the contents could not be written")]
    Unwritable,
    /// A person has to decide first.
    #[error("{0}")]
    NeedsPerson(String),
    /// A change of the charter that has no effect, or ends the programme.
    #[error(transparent)]
    Barred(#[from] ProposalBar),
    /// The answer to an invitation that was taken back.
    #[error("this invitation was withdrawn")]
    Withdrawn,
    /// A person ended it.
    #[error("ended on request")]
    Cancelled,
}

impl EngineError {
    /// The code: kebab-case, one of a closed list.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Full) => "disk-full",
            Self::Store(StoreError::ReadOnly) => "disk-read-only",
            Self::Store(StoreError::Damaged) => "damaged-store",
            Self::Store(StoreError::WrongKey) => "wrong-key",
            Self::Store(StoreError::Newer { .. }) => "newer-version",
            Self::Store(StoreError::Missing) => "no-home",
            Self::Store(StoreError::Exists) => "home-exists",
            Self::Store(StoreError::AlreadyOpen) => "home-in-use",
            Self::Store(_) => "disk",
            Self::Damaged(_) => "damaged-store",
            Self::TooMany(_) => "too-many",
            Self::NotFound(_) => "not-found",
            Self::NotPermitted(_) | Self::NotAMember => "not-permitted",
            Self::ReadOnly => "read-only",
            Self::NoKey(_) => "no-key",
            Self::Unreachable(_) => "unreachable-device",
            Self::Unchecked(_) => "not-checked",
            Self::BadInput(_) => "bad-input",
            Self::TextNotHere => "text-not-here",
            Self::TooLong => "too-long",
            Self::Forged(_) => "forged",
            Self::OtherProgramme => "other-programme",
            Self::Newer => "newer-version",
            Self::NoWorker(_) => "no-worker",
            Self::Document(_) => "broken-document",
            Self::DamagedAttachment(_) => "damaged-attachment",
            Self::Unreadable | Self::Unwritable => "disk",
            Self::NeedsPerson(_) => "needs-a-person",
            Self::Barred(bar) => bar.code(),
            Self::Withdrawn => "invitation-withdrawn",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<tessera_vault::seal::SealError> for EngineError {
    fn from(error: tessera_vault::seal::SealError) -> Self {
        Self::BadInput(error.to_string())
    }
}

impl From<tessera_vault::sign::SignError> for EngineError {
    fn from(error: tessera_vault::sign::SignError) -> Self {
        Self::BadInput(error.to_string())
    }
}

impl From<tessera_vault::welcome::WelcomeError> for EngineError {
    fn from(error: tessera_vault::welcome::WelcomeError) -> Self {
        match error {
            tessera_vault::welcome::WelcomeError::Recipient(device) => Self::Unreachable(device),
            other => Self::BadInput(other.to_string()),
        }
    }
}

impl From<tessera_vault::enrol::EnrolError> for EngineError {
    fn from(error: tessera_vault::enrol::EnrolError) -> Self {
        match error {
            tessera_vault::enrol::EnrolError::Newer => Self::Newer,
            other => Self::BadInput(other.to_string()),
        }
    }
}
