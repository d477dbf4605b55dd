//! What a document is about, as bytes: the second half of its name beside its kind. Not the document's id, which is a
//! hash over programme, stream, kind and these bytes.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{Id, Kind, Sha256Bytes};

/// Longest subject, in bytes.
pub const MAX_SUBJECT_BYTES: usize = 64;

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The programme itself: no bytes. Of a call.
    Programme,
    /// An application: 16 bytes. Of identity, eligibility, withdrawal, note and conflict; who declares a conflict
    /// follows from the stream.
    Application(Id),
    /// An application as readers of a rendition see it: 17 bytes. Of dossier and manifest; rendition 0 is the open one.
    /// A manifest in a `file/` has [`Subject::Application`].
    Rendition(Id, u8),
    /// An application in a round: 32 bytes. Of card, assignment, review, draft and moderation; the reviewer follows from
    /// the stream.
    Reading(Id, Id),
    /// An application in a round and its reviewer: 48 bytes. Of a recorded review.
    ReadingOf(Id, Id, Id),
    /// An application and a member: 32 bytes. Of a clearance.
    ApplicationAndMember(Id, Id),
    /// Two applications, the lesser first: 32 bytes. Of a duplicate.
    Pair(Id, Id),
    /// A member: 16 bytes. Of a person.
    Member(Id),
    /// A round and a snapshot's hash: 48 bytes. Of ranking and selection.
    Snapshot(Id, Sha256Bytes),
    /// Of a kind of a later version: its length, then its bytes.
    Unknown(u8, [u8; MAX_SUBJECT_BYTES]),
}

/// A subject that does not fit its kind. Holds no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subject of {length} bytes does not fit a document of kind {kind}")]
pub struct SubjectError {
    /// The kind's code.
    pub kind: u16,
    /// Length of the subject, in bytes.
    pub length: usize,
}

/// Returns the id of a round: the first 16 bytes of SHA-256 over `tessera/1 round` and its key, each preceded by its
/// length in 8 bytes, big-endian.
#[must_use]
pub fn round_id(key: &str) -> Id {
    let mut hash = Sha256::new();
    for part in ["tessera/1 round", key] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: Sha256Bytes = hash.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    id
}

impl Subject {
    /// Names a pair of applications, in whatever order they are given.
    #[must_use]
    pub fn pair(one: Id, other: Id) -> Self {
        Self::Pair(one.min(other), one.max(other))
    }

    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Programme => Vec::new(),
            Self::Application(id) | Self::Member(id) => id.to_vec(),
            Self::Rendition(application, rendition) => [&application[..], &[*rendition]].concat(),
            Self::Reading(one, other) | Self::ApplicationAndMember(one, other) | Self::Pair(one, other) => {
                [*one, *other].concat()
            }
            Self::ReadingOf(application, round, member) => [*application, *round, *member].concat(),
            Self::Snapshot(round, hash) => [&round[..], hash].concat(),
            Self::Unknown(length, bytes) => bytes[..usize::from(*length).min(MAX_SUBJECT_BYTES)].to_vec(),
        }
    }

    /// Reads the subject of a document of that kind.
    ///
    /// # Errors
    /// [`SubjectError`] where the bytes are none of that kind: too few, too many, or a pair that is out of order.
    pub fn parse(kind: Kind, bytes: &[u8]) -> Result<Self, SubjectError> {
        Self::try_parse(kind, bytes).ok_or(SubjectError { kind: kind.code(), length: bytes.len() })
    }

    fn try_parse(kind: Kind, bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let subject = match kind {
            Kind::Call | Kind::Relays => Self::Programme,
            Kind::Manifest if bytes.len() == 16 => Self::Application(id(&mut rest)?),
            Kind::Identity | Kind::Eligibility | Kind::Withdrawal | Kind::Note | Kind::Conflict => {
                Self::Application(id(&mut rest)?)
            }
            Kind::Dossier | Kind::Manifest => {
                let application = id(&mut rest)?;
                Self::Rendition(application, *rest.split_off_first()?)
            }
            Kind::Card | Kind::Assignment | Kind::Review | Kind::Draft | Kind::Moderation => {
                Self::Reading(id(&mut rest)?, id(&mut rest)?)
            }
            Kind::Recorded => Self::ReadingOf(id(&mut rest)?, id(&mut rest)?, id(&mut rest)?),
            Kind::Clearance => Self::ApplicationAndMember(id(&mut rest)?, id(&mut rest)?),
            Kind::Duplicate => {
                let (one, other) = (id(&mut rest)?, id(&mut rest)?);
                (one < other).then_some(Self::Pair(one, other))?
            }
            Kind::Person => Self::Member(id(&mut rest)?),
            Kind::Ranking | Kind::Selection => {
                let round = id(&mut rest)?;
                let (hash, after) = rest.split_first_chunk()?;
                rest = after;
                Self::Snapshot(round, *hash)
            }
            Kind::Unknown(_) => {
                let mut padded = [0; MAX_SUBJECT_BYTES];
                padded.get_mut(..bytes.len())?.copy_from_slice(bytes);
                rest = &[];
                Self::Unknown(u8::try_from(bytes.len()).ok()?, padded)
            }
        };
        rest.is_empty().then_some(subject)
    }

    /// Returns the application, or the first of a pair.
    #[must_use]
    pub fn application(&self) -> Option<Id> {
        match self {
            Self::Application(id)
            | Self::Rendition(id, _)
            | Self::Reading(id, _)
            | Self::ReadingOf(id, ..)
            | Self::ApplicationAndMember(id, _)
            | Self::Pair(id, _) => Some(*id),
            _ => None,
        }
    }

    /// Returns the round.
    #[must_use]
    pub fn round(&self) -> Option<Id> {
        match self {
            Self::Reading(_, round) | Self::ReadingOf(_, round, _) | Self::Snapshot(round, _) => Some(*round),
            _ => None,
        }
    }

    /// Returns the member.
    #[must_use]
    pub fn member(&self) -> Option<Id> {
        match self {
            Self::ReadingOf(_, _, member) | Self::ApplicationAndMember(_, member) | Self::Member(member) => {
                Some(*member)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn id(rest: &mut &[u8]) -> Option<Id> {
    let (id, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*id)
}
