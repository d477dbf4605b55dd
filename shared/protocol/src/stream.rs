//! Stream ids that anyone can compute, and what they mean. The ids of streams about one application are
//! keyed and are made in the vault; to the relay they are all alike.

use std::collections::BTreeMap;

use crate::hash::hash;
use crate::ids::{MemberId, ProgrammeId, StreamId};

/// What a stream is, as far as its id tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Charter links and statements, unsealed.
    Public,
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
    /// Any other: written by coordinators, read where opened.
    Other(StreamId),
}

impl Stream {
    /// The first 16 bytes of `H("stream", programme, kind, member)`; no member is an empty field.
    #[must_use]
    pub fn id(&self, programme: ProgrammeId) -> StreamId {
        let of = |kind: &str, member: &[u8]| {
            StreamId(hash("stream", &[&programme.0, kind.as_bytes(), member]).prefix())
        };
        match self {
            Self::Public => of("public", &[]),
            Self::Programme => of("programme", &[]),
            Self::Intake => of("intake", &[]),
            Self::To(member) => of("to", &member.0),
            Self::Reviews(member) => of("reviews", &member.0),
            Self::Desk(member) => of("desk", &member.0),
            Self::Other(id) => *id,
        }
    }
}

/// Names the streams whose ids follow from the programme and its members.
#[derive(Debug, Clone, Default)]
pub struct StreamNames(BTreeMap<StreamId, Stream>);

impl StreamNames {
    /// Computes the ids of a programme with these members.
    #[must_use]
    pub fn new(programme: ProgrammeId, members: impl IntoIterator<Item = MemberId>) -> Self {
        let own = |member| [Stream::To(member), Stream::Reviews(member), Stream::Desk(member)];
        let shared = [Stream::Public, Stream::Programme, Stream::Intake];
        let all = shared.into_iter().chain(members.into_iter().flat_map(own));
        Self(all.map(|stream| (stream.id(programme), stream)).collect())
    }

    /// What the stream is.
    #[must_use]
    pub fn name(&self, id: StreamId) -> Stream {
        self.0.get(&id).copied().unwrap_or(Stream::Other(id))
    }
}
