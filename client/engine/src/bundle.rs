//! Bundles: the same packs in a file, imported through the same code as a relay's answer, and attachments with
//! them. Everything is checked before anything is stored: a bundle that was cut or changed leaves no trace.
//!
//! A bundle is read twice. [`check`] takes in its packs and receipts and lets the pieces of attachments pass by; the
//! import reads it again inside its transaction and compares the hash once more, so that what is stored is what
//! was checked and the memory does not grow with the files.

mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use tessera_defence::{defence, defended};
use tessera_protocol::bundle::{BundleHead, ENTRY_BYTES, Entry, MAGIC};
use tessera_protocol::codec::{DecodeError, Problem, Wire};
use tessera_protocol::exchange::FRAME_BYTES;
use tessera_protocol::hash::FieldHasher;
use tessera_protocol::ids::{AttachmentId, MemberId};
use tessera_protocol::limits;
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::Receipt;

pub use self::write::{Outline, Part};
use crate::arrivals::Way;
use crate::attachments::PIECE_BYTES;
use crate::core::Core;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::receive::{Imported, Road};
use crate::records::{PackRecord, get, put};
use crate::store::{Table, Transaction};

/// The last frame: its length, the entry's tag and the hash.
const END_BYTES: u64 = 4 + 1 + 32;
/// A bundle brings at most so many packs in one part, so that what is in memory is bounded, in bytes.
const PACK_BYTES: u64 = 1 << 30;

/// What a bundle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Whoever can use it: everything that this device holds and may pass on, and that is not known to be at
    /// a relay.
    Outbox,
    /// A member: what that member may read.
    Member(MemberId),
    /// Everything that this device holds.
    Everything,
}

/// Who is told how many bytes more were read or written. A break ends it with [`EngineError::Cancelled`].
pub type Tell<'a> = &'a mut dyn FnMut(u64) -> ControlFlow<()>;

fn told(tell: Tell<'_>, bytes: usize) -> Result<(), EngineError> {
    if tell(bytes as u64).is_break() { Err(EngineError::Cancelled) } else { Ok(()) }
}

/// Tells nobody.
pub(crate) fn quietly(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A bundle that was read and whose bytes are whole; nothing of it is imported.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What it says of itself.
    pub head: BundleHead,
    /// Its packs.
    pub packs: Vec<Pack>,
    /// Receipts that travel with it.
    pub receipts: Vec<Receipt>,
    /// The attachments of which it brings something.
    pub attachments: BTreeSet<AttachmentId>,
    /// How many bytes of them it brings.
    pub attachment_bytes: u64,
}

/// A bundle that was read, with what it was read from.
pub struct Checked<R> {
    source: R,
    /// What was found.
    pub bundle: Bundle,
}

fn broken() -> EngineError {
    EngineError::Forged("the bundle is damaged or not whole")
}

/// Reads a bundle in memory.
///
/// # Errors
/// As [`check`].
pub fn read(bytes: &[u8]) -> Result<Bundle, EngineError> {
    Ok(check(Cursor::new(bytes))?.bundle)
}

/// Reads a bundle to its end and checks that it is whole.
///
/// # Errors
/// Where it is no bundle, not whole, changed, of a newer version, or cannot be read.
pub fn check<R: Read + Seek>(source: R) -> Result<Checked<R>, EngineError> {
    check_told(source, &mut quietly)
}

/// As [`check`], saying how far it is.
///
/// # Errors
/// As [`check`]; [`EngineError::Cancelled`].
pub fn check_told<R: Read + Seek>(mut source: R, tell: Tell<'_>) -> Result<Checked<R>, EngineError> {
    let mut packs = Vec::new();
    let mut receipts = Vec::new();
    let mut attachments = BTreeSet::new();
    let mut attachment_bytes = 0;
    let mut pack_bytes = 0;
    let head = walk(&mut source, tell, |entry| {
        match entry {
            Entry::Pack(pack) => {
                pack_bytes += pack.to_bytes().len() as u64;
                if pack_bytes > PACK_BYTES {
                    return Err(EngineError::BadInput(
                        "the bundle brings more packs than fit into memory".into(),
                    ));
                }
                packs.push(pack);
            }
            Entry::Receipt(receipt) => receipts.push(receipt),
            Entry::Chunk { attachment, bytes, .. } => {
                attachments.insert(attachment);
                attachment_bytes += bytes.len() as u64;
            }
            Entry::Witness(_) | Entry::End(_) => {}
        }
        Ok(())
    })?;
    if u32::try_from(packs.len()).ok() != Some(head.packs) || pack_bytes != head.pack_bytes {
        return Err(broken());
    }
    Ok(Checked { source, bundle: Bundle { head, packs, receipts, attachments, attachment_bytes } })
}

/// Visits every entry of a bundle, then compares its hash and what may follow; gives its head.
fn walk<R: Read + Seek>(
    source: &mut R,
    tell: Tell<'_>,
    mut visit: impl FnMut(Entry) -> Result<(), EngineError>,
) -> Result<BundleHead, EngineError> {
    let length = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
    source.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut magic = [0; MAGIC.len()];
    if length < MAGIC.len() as u64 || source.read_exact(&mut magic).is_err() || magic != *MAGIC {
        return Err(EngineError::Forged("this is not a bundle"));
    }
    let Some(covered) = length.checked_sub(END_BYTES) else { return Err(broken()) };
    if length > limits::BUNDLE_BYTES {
        return Err(EngineError::BadInput("the bundle is larger than one may be".into()));
    }
    let mut hasher = FieldHasher::new("bundle", covered);
    hasher.update(&magic);
    let mut source = io::BufReader::new(source);
    let head = next(&mut source, FRAME_BYTES)?;
    hasher.update(&head.length);
    hasher.update(&head.bytes);
    let head = BundleHead::from_bytes(&head.bytes).map_err(newer)?;
    loop {
        let frame = next(&mut source, ENTRY_BYTES)?;
        match Entry::from_bytes(&frame.bytes).map_err(newer)? {
            Entry::End(sum) => {
                let nothing_follows = source.read(&mut [0]).map_err(unreadable)? == 0;
                return match hasher.finish() {
                    Some(whole) if defence!(H20, defence!(F13, whole == sum && nothing_follows)) => Ok(head),
                    None if !defended!(H20) || !defended!(F13) => Ok(head),
                    _ => Err(broken()),
                };
            }
            entry => {
                hasher.update(&frame.length);
                hasher.update(&frame.bytes);
                visit(entry)?;
                told(tell, frame.length.len() + frame.bytes.len())?;
            }
        }
    }
}

struct Framed {
    length: [u8; 4],
    bytes: Vec<u8>,
}

/// The next frame, of at most `limit` bytes; allocates only for what is there.
fn next(source: &mut impl Read, limit: usize) -> Result<Framed, EngineError> {
    let mut length = [0; 4];
    source.read_exact(&mut length).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => broken(),
        _ => unreadable(error),
    })?;
    let count = u32::from_le_bytes(length);
    if count as usize > limit {
        return Err(broken());
    }
    let mut bytes = Vec::new();
    source.by_ref().take(u64::from(count)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() != count as usize {
        return Err(broken());
    }
    Ok(Framed { length, bytes })
}

fn newer(error: DecodeError) -> EngineError {
    match error.problem {
        Problem::Newer { .. } => EngineError::Newer,
        _ => broken(),
    }
}

fn unreadable(_: io::Error) -> EngineError {
    EngineError::Unreadable
}

impl Acts<'_> {
    /// How many packs of a bundle are here already.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn known_packs(&mut self, bundle: &Bundle) -> Result<usize, EngineError> {
        let (_, tx) = self.parts();
        let mut known = 0;
        for pack in &bundle.packs {
            known += usize::from(get::<PackRecord>(tx, Table::PackStates, &pack.id().0)?.is_some());
        }
        Ok(known)
    }
}

impl Core {
    /// Stores what a bundle brought at a moment. Gives the attachments of which something came.
    pub(crate) fn import<R: Read + Seek>(
        &mut self,
        tx: &mut dyn Transaction,
        checked: Checked<R>,
        at_ms: Option<u64>,
        tell: Tell<'_>,
    ) -> Result<(Imported, BTreeSet<AttachmentId>), EngineError> {
        let Checked { mut source, bundle } = checked;
        if bundle.head.programme != self.programme() {
            return Err(EngineError::OtherProgramme);
        }
        if !bundle.attachments.is_empty() {
            self.take_chunks(tx, &mut source, &bundle.head, tell)?;
        }
        let way = Way::Bundle(bundle.head.from);
        let packs = bundle.packs.into_iter().map(|pack| (pack, Road::Bundle));
        let imported = self.receive(tx, packs, Some((way, at_ms)))?;
        for receipt in bundle.receipts {
            let relays = &self.known.permission.charter.powers.relays;
            let genuine = || relays.keys().any(|key| receipt.verify(key).is_ok());
            if defence!(I10, defence!(F06, genuine()))
                && receipt.programme == self.programme()
                && let Some(mut record) = get::<PackRecord>(tx, Table::PackStates, &receipt.pack.0)?
            {
                record.received_ms = record.received_ms.or(Some(receipt.received_ms));
                self.mark_held(tx, receipt.pack, &mut record)?;
                put(tx, Table::Receipts, &receipt.pack.0, &receipt)?;
            }
        }
        Ok((imported, bundle.attachments))
    }

    /// Keeps the pieces of attachments, while the bundle is the one that was checked.
    fn take_chunks<R: Read + Seek>(
        &self,
        tx: &mut dyn Transaction,
        source: &mut R,
        head: &BundleHead,
        tell: Tell<'_>,
    ) -> Result<(), EngineError> {
        let mut wanted: BTreeMap<AttachmentId, bool> = BTreeMap::new();
        let again = walk(source, tell, |entry| {
            let Entry::Chunk { attachment, from, total, bytes, .. } = entry else { return Ok(()) };
            let wanted = match wanted.get(&attachment) {
                Some(wanted) => *wanted,
                None => *wanted.entry(attachment).or_insert(self.has_room_for(tx, attachment)?),
            };
            if wanted && from.is_multiple_of(PIECE_BYTES as u64) {
                self.take_sealed(tx, attachment, total, from, &bytes)?;
            }
            Ok(())
        })?;
        if again == *head { Ok(()) } else { Err(broken()) }
    }
}
