//! Ids that only members can compute: of the streams about one application, of applications and of
//! documents. The relay sees such a stream's id and cannot tell what it is about.

use tessera_protocol::hash::hash;
use tessera_protocol::ids::{ApplicationId, DocumentId, MemberId, ProgrammeId, RoundId, StreamId};
use tessera_protocol::stream::Stream;

use crate::secret::{keyed_hash, secret_types};

secret_types! {
    /// The programme's id key, made at genesis and kept in `keys`. `Clone`, because it is kept in a keyring.
    IdKey;
}

impl IdKey {
    fn id(&self, name: &str, fields: &[&[u8]]) -> [u8; 16] {
        let mut id = [0; 16];
        id.copy_from_slice(&keyed_hash(self.expose(), name, fields)[..16]);
        id
    }

    /// The id of an imported application: the first 16 bytes of HMAC-SHA-256(id key, "application",
    /// programme, key column), the key column as it stands in the file without white space around it. Two
    /// coordinators who import the same row offline name the same application.
    #[must_use]
    pub fn application(&self, programme: ProgrammeId, key_column: &str) -> ApplicationId {
        ApplicationId(self.id("application", &[&programme.0, key_column.trim().as_bytes()]))
    }
}

/// A document's id: the first 16 bytes of `H("document", programme, stream, kind, subject)`, kind as 2 bytes,
/// little-endian.
#[must_use]
pub fn document(programme: ProgrammeId, stream: StreamId, kind: u16, subject: &[u8]) -> DocumentId {
    DocumentId(hash("document", &[&programme.0, &stream.0, &kind.to_le_bytes(), subject]).prefix())
}

/// What a stream is, to a member: its kind and subject. Grants name streams this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// The call.
    Programme,
    /// Applications and letters from outside.
    Intake,
    /// From the coordinators to a member.
    To(MemberId),
    /// A member's submitted reviews.
    Reviews(MemberId),
    /// A member's drafts and private notes.
    Desk(MemberId),
    /// An application's identity and correspondence.
    File(ApplicationId),
    /// What is read of an application, in a rendition (the programme numbers them; 0 is the open one).
    Dossier(ApplicationId, u8),
    /// Released reviews and discussion of an application in a round.
    Panel(ApplicationId, RoundId),
    /// Names, contacts and standing conflicts of members.
    People,
    /// Duplicates, moderation, decisions, selection.
    Office,
    /// Every stream key but desks'.
    Keys,
}

impl Audience {
    /// The kind's code in a grant.
    #[must_use]
    pub fn kind(&self) -> u8 {
        match self {
            Self::Programme => 2,
            Self::Intake => 3,
            Self::To(_) => 4,
            Self::Reviews(_) => 5,
            Self::Desk(_) => 6,
            Self::File(_) => 7,
            Self::Dossier(..) => 8,
            Self::Panel(..) => 9,
            Self::People => 10,
            Self::Office => 11,
            Self::Keys => 12,
        }
    }

    /// The subject in a grant: a member; an application, then a rendition or a round; or nothing.
    #[must_use]
    pub fn subject(&self) -> Vec<u8> {
        match self {
            Self::Programme | Self::Intake | Self::People | Self::Office | Self::Keys => Vec::new(),
            Self::To(member) | Self::Reviews(member) | Self::Desk(member) => member.0.to_vec(),
            Self::File(application) => application.0.to_vec(),
            Self::Dossier(application, rendition) => [&application.0[..], &[*rendition]].concat(),
            Self::Panel(application, round) => [application.0, round.0].concat(),
        }
    }

    /// Reads kind and subject back; `None` for a kind that this version does not know or a subject that does
    /// not fit.
    #[must_use]
    pub fn parse(kind: u8, subject: &[u8]) -> Option<Self> {
        let member = || subject.try_into().ok().map(MemberId);
        let application = || subject.get(..16)?.try_into().ok().map(ApplicationId);
        let rest = subject.get(16..).unwrap_or_default();
        let nothing = |audience| subject.is_empty().then_some(audience);
        match kind {
            2 => nothing(Self::Programme),
            3 => nothing(Self::Intake),
            4 => Some(Self::To(member()?)),
            5 => Some(Self::Reviews(member()?)),
            6 => Some(Self::Desk(member()?)),
            7 if rest.is_empty() => Some(Self::File(application()?)),
            8 if rest.len() == 1 => Some(Self::Dossier(application()?, rest[0])),
            9 => Some(Self::Panel(application()?, RoundId(rest.try_into().ok()?))),
            10 => nothing(Self::People),
            11 => nothing(Self::Office),
            12 => nothing(Self::Keys),
            _ => None,
        }
    }

    /// The stream's id: of a stream that follows from the programme and a member as
    /// [`Stream::id`] says; of any other the first 16 bytes of HMAC-SHA-256(id key, "stream", programme,
    /// kind, subject).
    #[must_use]
    pub fn id(&self, programme: ProgrammeId, key: &IdKey) -> StreamId {
        self.public().map_or_else(
            || StreamId(key.id("stream", &[&programme.0, &[self.kind()], &self.subject()])),
            |stream| stream.id(programme),
        )
    }

    /// The stream as the relay knows it, where its id is not keyed.
    #[must_use]
    pub fn public(&self) -> Option<Stream> {
        match self {
            Self::Programme => Some(Stream::Programme),
            Self::Intake => Some(Stream::Intake),
            Self::To(member) => Some(Stream::To(*member)),
            Self::Reviews(member) => Some(Stream::Reviews(*member)),
            Self::Desk(member) => Some(Stream::Desk(*member)),
            _ => None,
        }
    }
}
