//! What a sealed pack holds, as one bounded encoding: a code, then the contents behind their length, so
//! that an item of a later version is kept, counted as a leaf and passed on. What a change means is not
//! known here; its bytes are Automerge's.

use std::fmt;

use tessera_protocol::codec::{Bytes, DecodeError, List, Problem, Reader, Set, Wire, Writer};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::Header;
use tessera_protocol::ids::{DocumentId, Incarnation, MemberId, PackId, ProgrammeId, StreamId};
use tessera_protocol::limits;
use tessera_protocol::signature::{BadSignature, Context, PublicKey, Signature};
use tessera_protocol::wire;

use crate::content::{Leaf, Path, leaf_hash};
use crate::ids::Audience;
use crate::key::StreamKey;
use crate::text::Text;

/// A change's Automerge bytes, uncompressed.
pub const CHANGE_BYTES: usize = 1024 * 1024;
/// What a document or stream is about.
pub const SUBJECT_BYTES: usize = 64;
/// The reason of a decision.
pub const REASON_BYTES: usize = 2048;
/// Decisions that one decision replaces.
pub const OVER: usize = 64;
/// Outcomes in one acknowledgement.
pub const OUTCOMES: usize = 4096;

/// A change of one document. The document's id and the change's actor are recomputed, never believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind of document.
    pub kind: u16,
    /// What the document is about.
    pub subject: Bytes<SUBJECT_BYTES>,
    /// The start of the author's device that made the change.
    pub incarnation: Incarnation,
    /// One Automerge change, as Automerge writes it without compression.
    pub bytes: Bytes<CHANGE_BYTES>,
}
wire!(Change { kind, subject, incarnation, bytes });

/// A key that is given. It counts only from inside a signed pack. `Clone`, because one key is given to many.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// What the stream is: [`Audience::kind`].
    pub kind: u8,
    /// And about whom: [`Audience::subject`].
    pub subject: Bytes<SUBJECT_BYTES>,
    /// The stream.
    pub stream: StreamId,
    /// The epoch, from 1.
    pub epoch: u32,
    /// The key.
    pub key: StreamKey,
}
wire!(Grant { kind, subject, stream, epoch, key });

impl Grant {
    /// Gives a stream's key.
    #[must_use]
    pub fn new(audience: &Audience, stream: StreamId, epoch: u32, key: StreamKey) -> Self {
        let subject = audience.subject().try_into().expect("every subject is at most 32 bytes");
        Self { kind: audience.kind(), subject, stream, epoch, key }
    }

    /// What the stream is; `None` where this version does not know the kind. Whether `stream` is that
    /// stream's id is for the holder of the id key to check.
    #[must_use]
    pub fn audience(&self) -> Option<Audience> {
        Audience::parse(self.kind, &self.subject)
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant of kind {}, epoch {}", self.kind, self.epoch)
    }
}

/// What a coordinator's device did with a pack, after it stored the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It counts.
    Counted,
    /// It waits for a person's decision, for the reason of this code.
    Waits(u16),
    /// It does not count, for the reason of this code.
    SetAside(u16),
}

impl Wire for Outcome {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Counted => 0_u8.write(to),
            Self::Waits(reason) => (1_u8, *reason).write(to),
            Self::SetAside(reason) => (2_u8, *reason).write(to),
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::read(from)? {
            0 => Ok(Self::Counted),
            1 => Ok(Self::Waits(Wire::read(from)?)),
            2 => Ok(Self::SetAside(Wire::read(from)?)),
            _ => Err(from.error(Problem::Invalid("outcome"))),
        }
    }
}

/// A coordinator's word that a member's packs were opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Everything that was opened so far.
    pub frontier: Frontier,
    /// Outcomes of the packs that changed theirs since the last acknowledgement.
    pub outcomes: List<(PackId, Outcome), OUTCOMES>,
    /// Outcomes of documents that changed theirs: one pack may hold a review that counts and one that waits.
    pub documents: List<(DocumentId, Outcome), OUTCOMES>,
}
wire!(Acknowledgement { frontier, outcomes, documents });

/// One change of somebody else's pack, with the proof that its author signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The header of the author's pack.
    pub header: Header,
    /// The author's signature over it.
    pub signature: Signature,
    /// The salt of the change's leaf.
    pub salt: [u8; 32],
    /// From the leaf to the header's content root.
    pub path: Path,
    /// The change.
    pub change: Change,
}
wire!(Release { header, signature, salt, path, change });

impl Release {
    /// Checks that the holder of `key` signed a pack with this change in it.
    ///
    /// # Errors
    /// [`BadSignature`] where the signature, the path or the leaf does not fit.
    pub fn verify(&self, key: &PublicKey, leaf: &Leaf) -> Result<(), BadSignature> {
        key.verify(Context::Pack, &self.header.to_bytes(), &self.signature)?;
        let root = self.path.root(leaf_hash(&self.salt, self.header.programme, leaf));
        if root == Some(self.header.content_root) { Ok(()) } else { Err(BadSignature) }
    }
}

/// What a decision is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// One pack.
    Pack(PackId),
    /// All that is inside a frontier.
    Frontier(Frontier),
    /// What one pack holds of one document; outweighs what is decided on the pack.
    Part(PackId, DocumentId),
}

impl Wire for Matter {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Pack(pack) => {
                1_u8.write(to);
                pack.write(to);
            }
            Self::Frontier(frontier) => {
                2_u8.write(to);
                frontier.write(to);
            }
            Self::Part(pack, document) => {
                3_u8.write(to);
                pack.write(to);
                document.write(to);
            }
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::read(from)? {
            1 => Ok(Self::Pack(Wire::read(from)?)),
            2 => Ok(Self::Frontier(Wire::read(from)?)),
            3 => Ok(Self::Part(Wire::read(from)?, Wire::read(from)?)),
            _ => Err(from.error(Problem::Invalid("matter"))),
        }
    }
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It counts.
    Accept,
    /// It does not count.
    SetAside,
    /// The author is asked first.
    Ask,
}

impl Wire for Verdict {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Accept => 1_u8,
            Self::SetAside => 2,
            Self::Ask => 3,
        }
        .write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::read(from)? {
            1 => Ok(Self::Accept),
            2 => Ok(Self::SetAside),
            3 => Ok(Self::Ask),
            _ => Err(from.error(Problem::Invalid("verdict"))),
        }
    }
}

/// A coordinator's decision on work that waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What it is about.
    pub matter: Matter,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, in the coordinator's words.
    pub reason: Text<REASON_BYTES>,
    /// The coordinator.
    pub by: MemberId,
    /// Earlier decisions on the same matter that were known and that this one replaces ([`Decision::id`]). What
    /// none replaces counts; where such contradict one another, a person settles it with a further one.
    pub over: Set<Hash, OVER>,
}
wire!(Decision { matter, verdict, reason, by, over });

impl Decision {
    /// Names the decision: `H("decision", its bytes)`.
    #[must_use]
    pub fn id(&self) -> Hash {
        hash("decision", &[&self.to_bytes()])
    }
}

/// One thing inside a sealed pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A change of a document.
    Change(Change),
    /// A stream key.
    Grant(Grant),
    /// What became of a member's packs.
    Acknowledgement(Acknowledgement),
    /// A review shown with its author's signature.
    Release(Box<Release>),
    /// A decision on work that waited.
    Decision(Decision),
    /// An item that this version does not know: kept, shown and passed on, never judged.
    Unknown {
        /// Its code.
        code: u8,
        /// Its contents.
        body: Bytes<{ limits::UNKNOWN_BYTES }>,
    },
}

impl Item {
    /// The leaf of an item that is no change: `H("item", its bytes)` under no document.
    #[must_use]
    pub(crate) fn own_leaf(&self) -> Leaf {
        let bytes = zeroize::Zeroizing::new(self.to_bytes());
        Leaf { document: DocumentId([0; 16]), hash: hash("item", &[&bytes]).0 }
    }

    /// The item's leaf hash; `change` names document and Automerge hash of a change.
    pub(crate) fn leaf(
        &self,
        programme: ProgrammeId,
        salt: &[u8; 32],
        change: impl FnOnce(&Change) -> Option<Leaf>,
    ) -> Option<Hash> {
        let leaf = match self {
            Self::Change(of) => change(of)?,
            _ => self.own_leaf(),
        };
        Some(leaf_hash(salt, programme, &leaf))
    }
}

impl Wire for Item {
    fn write(&self, to: &mut Writer) {
        let mut body = Writer::default();
        let code: u8 = match self {
            Self::Change(change) => {
                change.write(&mut body);
                1
            }
            Self::Grant(grant) => {
                grant.write(&mut body);
                2
            }
            Self::Acknowledgement(acknowledgement) => {
                acknowledgement.write(&mut body);
                3
            }
            Self::Release(release) => {
                release.write(&mut body);
                4
            }
            Self::Decision(decision) => {
                decision.write(&mut body);
                5
            }
            Self::Unknown { code, body: bytes } => {
                body.raw(bytes);
                *code
            }
        };
        let body = zeroize::Zeroizing::new(body.finish());
        code.write(to);
        to.number(body.len() as u64);
        to.raw(&body);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let code = u8::read(from)?;
        let count = from.count(crate::seal::EXPANDED_BYTES)?;
        let start = from.position();
        let bytes = from.raw(count)?;
        let mut body = Reader::new(bytes);
        let item = match code {
            1 => Wire::read(&mut body).map(Self::Change),
            2 => Wire::read(&mut body).map(Self::Grant),
            3 => Wire::read(&mut body).map(Self::Acknowledgement),
            4 => Wire::read(&mut body).map(|release| Self::Release(Box::new(release))),
            5 => Wire::read(&mut body).map(Self::Decision),
            _ => {
                let limit = limits::UNKNOWN_BYTES as u64;
                let too_large = |_| from.error(Problem::TooLarge { value: count as u64, limit });
                let body = bytes.to_vec().try_into().map_err(too_large)?;
                return Ok(Self::Unknown { code, body });
            }
        };
        let shifted = |error: DecodeError| DecodeError { at: error.at + start, ..error }.within("item");
        let item = item.map_err(shifted)?;
        body.finish().map_err(shifted)?;
        Ok(item)
    }
}
