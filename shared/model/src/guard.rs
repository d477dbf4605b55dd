//! The import guard: what a change must be before Automerge may see it.
//!
//! Automerge trusts its peers: 69 bytes can claim 20 million operations, one gap in a sequence panics, a
//! reference to nothing panics, an odd but legal encoding makes a document that cannot be loaded again.
//! So bytes that another person wrote pass two gates first, both of them ours and both free of Automerge:
//!
//! 1. [`scan`] reads one change on its own: exactly one plain change chunk, in the only encoding an honest
//!    device writes, every length bounded before it is allocated, every operation of a kind that documents
//!    use. Its result is a [`Scanned`], the only type that [`crate::crdt::Document`] applies.
//! 2. [`Continuity::check_next`] judges it against what is known of the document: the expected actor, an
//!    unbroken sequence, the one possible first operation number, and no reference but to what the change
//!    builds on. Its verdict depends on the change and its ancestors alone (equivocation excepted), so that
//!    every device reaches the same one in any order of arrival.
//!
//! Not here: signatures, membership and quotas (before), and the worker that survives a crash (after, in
//! [`crate::crdt::worker`]).

mod clock;
mod columns;
mod continuity;
mod error;
mod operations;
mod reader;
mod values;

#[cfg(test)]
mod attack_tests;
#[cfg(test)]
pub(crate) mod forge;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tessera_defence::defence;

pub use continuity::{Continuity, Refusal, Verdict};
pub use error::GuardError;
pub use operations::ContainerKind;
#[cfg(test)]
pub(crate) use operations::Key;
pub(crate) use operations::{Kind, OpId, Operation};

use operations::Columns;
use reader::Reader;

/// An actor of a document: 16 bytes, derived from a device and its incarnation.
pub type ActorBytes = [u8; 16];

/// The hash of a change: SHA-256 of its chunk from the chunk type on, as Automerge computes it.
pub type ChangeHash = [u8; 32];

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHUNK_PLAIN_CHANGE: u8 = 1;

/// Operations that may take less than one byte each in one change; nobody inserts nulls by the hundred.
pub(crate) const MAX_BARE_OPS: u64 = 256;

/// Bounds that one change must keep.
///
/// The default is what devices themselves keep when they write, and what they refuse beyond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Size of the whole chunk, in bytes.
    pub max_bytes: usize,
    /// Operations in one change.
    pub max_ops: u64,
    /// Overwritten operations named by one change, all its operations together.
    pub max_preds: u64,
    /// Changes that one change may depend on directly, and so the branches that a document may have at once.
    pub max_deps: u64,
    /// Actors other than its own that a change may refer to.
    pub max_other_actors: u64,
    /// Length of a map key, in bytes.
    pub max_key_bytes: usize,
    /// Length of one value, in bytes.
    pub max_value_bytes: usize,
    /// Highest operation number, and so the length of a document's history; Automerge keeps it in 32 bits.
    pub max_counter: u64,
    /// Operations in a whole document. Which change is the one too many depends on the order of arrival.
    pub max_document_ops: u64,
    /// Actors in a whole document; every start of a program that edits it is one.
    pub max_document_actors: u64,
    /// Highest sequence number of an actor.
    pub max_seq: u64,
    /// Whether a map may be inserted into a list.
    pub list_items: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 256 * 1024,
            max_ops: 4096,
            max_preds: 16_384,
            max_deps: 1024,
            max_other_actors: 8192,
            max_key_bytes: 256,
            max_value_bytes: 128 * 1024,
            max_counter: 250_000,
            max_document_ops: 400_000,
            max_document_actors: 8192,
            max_seq: 10_000_000,
            list_items: true,
        }
    }
}

/// One change that passed [`scan`]: its bytes, what they say of themselves, and its operations without values.
///
/// Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Scanned {
    inner: Arc<Inner>,
}

#[derive(PartialEq, Eq)]
struct Inner {
    bytes: Vec<u8>,
    hash: ChangeHash,
    seq: u64,
    start_op: u64,
    deps: Vec<ChangeHash>,
    actors: Vec<ActorBytes>,
    operations: Vec<Operation>,
    preds: Vec<OpId>,
}

impl fmt::Debug for Scanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scanned")
            .field("hash", &Hex(&self.inner.hash))
            .field("actor", &Hex(self.actor()))
            .field("seq", &self.inner.seq)
            .field("start_op", &self.inner.start_op)
            .field("op_count", &self.op_count())
            .finish_non_exhaustive()
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Debug for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Scanned {
    /// Returns the chunk, byte for byte as scanned.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.inner.bytes
    }

    /// Returns the change hash.
    #[must_use]
    pub fn hash(&self) -> &ChangeHash {
        &self.inner.hash
    }

    /// Returns the actor that the change claims to be of.
    #[must_use]
    pub fn actor(&self) -> &ActorBytes {
        &self.inner.actors[0]
    }

    /// Returns the number of the change among its actor's, from 1.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.inner.seq
    }

    /// Returns the number of its first operation, from 1.
    #[must_use]
    pub fn start_op(&self) -> u64 {
        self.inner.start_op
    }

    /// Returns how many operations it holds, at least 1.
    #[must_use]
    pub fn op_count(&self) -> u64 {
        self.inner.operations.len() as u64
    }

    /// Returns the number of its last operation.
    #[must_use]
    pub fn max_op(&self) -> u64 {
        self.inner.start_op + self.op_count() - 1
    }

    /// Returns the changes it builds on directly, ascending.
    #[must_use]
    pub fn deps(&self) -> &[ChangeHash] {
        &self.inner.deps
    }

    /// Returns the actors that it refers to, its own first.
    #[must_use]
    pub fn actors(&self) -> &[ActorBytes] {
        &self.inner.actors
    }

    pub(crate) fn operations(&self) -> &[Operation] {
        &self.inner.operations
    }

    pub(crate) fn preds_of(&self, operation: &Operation) -> &[OpId] {
        &self.inner.preds[operation.preds.start as usize..operation.preds.end as usize]
    }
}

/// Reads one change that someone else wrote, without Automerge and without expanding what it claims.
///
/// # Errors
/// Everything but one plain change chunk in canonical form within `limits`.
pub fn scan(bytes: &[u8], limits: &Limits) -> Result<Scanned, GuardError> {
    scan_with(bytes, limits, false)
}

/// Reads a constant: a change that ships with the program and is the only kind that makes containers.
///
/// # Errors
/// As [`scan`].
pub(crate) fn scan_constant(bytes: &[u8], limits: &Limits) -> Result<Scanned, GuardError> {
    scan_with(bytes, limits, true)
}

fn scan_with(bytes: &[u8], limits: &Limits, containers: bool) -> Result<Scanned, GuardError> {
    bounded("change bytes", bytes.len() as u64, limits.max_bytes as u64)?;
    let (hash, body) = open_chunk(bytes)?;
    let mut reader = Reader::new(body, "change header");

    let deps = read_deps(&mut reader, limits)?;
    let own = read_actor(&mut reader)?;
    let seq = reader.uleb()?;
    bounded("sequence number", seq, limits.max_seq)?;
    let start_op = reader.uleb()?;
    bounded("operation number", start_op, limits.max_counter)?;
    if seq == 0 || start_op == 0 {
        return Err(GuardError::Number("sequence or operation number"));
    }
    if reader.sleb()? != 0 {
        return Err(GuardError::Metadata("time"));
    }
    if reader.uleb()? != 0 {
        return Err(GuardError::Metadata("message"));
    }
    let actors = read_other_actors(&mut reader, own, limits)?;

    let columns = Columns::split(reader, limits)?;
    let read = columns.read(limits, actors.len(), start_op, containers)?;
    // Removals are small and cannot be many more than what there is to remove; all else takes bytes.
    let puts = read.operations.iter().filter(|operation| operation.kind != Kind::Delete).count();
    bounded("operations for so few bytes", puts as u64, MAX_BARE_OPS + bytes.len() as u64)?;
    bounded("operation number", start_op + read.operations.len() as u64 - 1, limits.max_counter)?;
    Ok(Scanned {
        inner: Arc::new(Inner {
            bytes: bytes.to_vec(),
            hash,
            seq,
            start_op,
            deps,
            actors,
            operations: read.operations,
            preds: read.preds,
        }),
    })
}

/// Checks magic, type, length and checksum; gives the change hash and the body.
fn open_chunk(bytes: &[u8]) -> Result<(ChangeHash, &[u8]), GuardError> {
    let mut reader = Reader::new(bytes, "chunk header");
    if reader.take(4)? != MAGIC {
        return Err(GuardError::Magic);
    }
    let checksum = reader.take(4)?;
    let hashed = reader.rest();
    let kind = reader.byte()?;
    if !defence!(H02, kind == CHUNK_PLAIN_CHANGE) {
        return Err(GuardError::ChunkType(kind));
    }
    let length = reader.uleb()?;
    let body = reader.rest();
    match (body.len() as u64).cmp(&length) {
        std::cmp::Ordering::Less => return Err(GuardError::Truncated("chunk")),
        std::cmp::Ordering::Greater => return Err(GuardError::Trailing("chunk")),
        std::cmp::Ordering::Equal => {}
    }
    let hash: ChangeHash = Sha256::digest(hashed).into();
    if checksum != &hash[..4] {
        return Err(GuardError::Checksum);
    }
    Ok((hash, body))
}

fn read_deps(reader: &mut Reader<'_>, limits: &Limits) -> Result<Vec<ChangeHash>, GuardError> {
    let count = reader.uleb()?;
    bounded("dependencies", count, limits.max_deps)?;
    let mut deps: Vec<ChangeHash> = Vec::new();
    for _ in 0..count {
        let hash: ChangeHash = reader.array()?;
        if deps.last().is_some_and(|last| *last >= hash) {
            return Err(GuardError::NotCanonical("dependencies"));
        }
        deps.push(hash);
    }
    Ok(deps)
}

fn read_actor(reader: &mut Reader<'_>) -> Result<ActorBytes, GuardError> {
    if reader.uleb()? != size_of::<ActorBytes>() as u64 {
        return Err(GuardError::Actor("actor length"));
    }
    reader.array()
}

/// Reads the table of other actors: ascending, none of them the change's own.
fn read_other_actors(
    reader: &mut Reader<'_>,
    own: ActorBytes,
    limits: &Limits,
) -> Result<Vec<ActorBytes>, GuardError> {
    let count = reader.uleb()?;
    bounded("other actors", count, limits.max_other_actors)?;
    let mut actors = vec![own];
    for _ in 0..count {
        let actor = read_actor(reader)?;
        if actor == own || (actors.len() > 1 && actors.last().is_some_and(|last| *last >= actor)) {
            return Err(GuardError::Actor("order of actors"));
        }
        actors.push(actor);
    }
    Ok(actors)
}

fn bounded(place: &'static str, claimed: u64, limit: u64) -> Result<(), GuardError> {
    if !defence!(H01, claimed <= limit) {
        return Err(GuardError::TooMany { place, claimed, limit });
    }
    Ok(())
}
