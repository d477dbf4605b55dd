//! What the store's values are: one structure for each table, in the canonical codec. A record's meaning
//! never changes; another meaning is another table.

use tessera_protocol::codec::{Bytes, DecodeError, Problem, Reader, Set, Wire, Writer};
use tessera_protocol::ids::{DeviceId, DocumentId, Incarnation, PackId, StreamId};
use tessera_protocol::wire;
use tessera_vault::items::{CHANGE_BYTES, Grant, Outcome, SUBJECT_BYTES};

use crate::error::EngineError;
use crate::store::{Table, Transaction};

/// How far a pack is on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Its bytes are stored; its contents are still to be read.
    Received,
    /// Its contents were read and stored.
    Opened,
    /// Its key is not here yet.
    NoKey,
    /// Reading it ended the worker twice: set aside alone.
    Crashed,
    /// Its contents contradict what was signed, or do not belong to the stream.
    Refused,
    /// It holds nothing for this device (a welcome to others).
    NotForUs,
}

impl Stage {
    fn code(self) -> u8 {
        match self {
            Self::Received => 0,
            Self::Opened => 1,
            Self::NoKey => 2,
            Self::Crashed => 3,
            Self::Refused => 4,
            Self::NotForUs => 5,
        }
    }
}

impl Wire for Stage {
    fn write(&self, to: &mut Writer) {
        self.code().write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let all = [Self::Received, Self::Opened, Self::NoKey, Self::Crashed, Self::Refused, Self::NotForUs];
        let code = u8::read(from)?;
        all.into_iter()
            .find(|stage| stage.code() == code)
            .ok_or_else(|| from.error(Problem::Invalid("stage")))
    }
}

/// A pack's state on this device. Key: pack id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackRecord {
    /// The stream.
    pub stream: StreamId,
    /// The author's device.
    pub device: DeviceId,
    /// Its number in the chain.
    pub number: u64,
    /// How far it is.
    pub stage: Stage,
    /// How often reading was begun and not ended.
    pub attempts: u8,
    /// True where this device wrote it.
    pub own: bool,
    /// True where a relay of the charter is known to hold it.
    pub held: bool,
    /// When a relay received it, by the relay's clock, in milliseconds since 1970.
    pub received_ms: Option<u64>,
    /// What a coordinator's device said of it.
    pub outcome: Option<Outcome>,
}
wire!(PackRecord { stream, device, number, stage, attempts, own, held, received_ms, outcome });

/// A stream key. Key: stream, epoch (4 bytes, big-endian), key id.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// What the stream is, and the key.
    pub grant: Grant,
    /// True where a writer of the stream made it: only then may it be written with.
    pub by_writer: bool,
    /// Devices that were ever given it.
    pub given: Set<DeviceId, { 1 << 16 }>,
}
wire!(KeyRecord { grant, by_writer, given });

/// A document. Key: document id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRecord {
    /// The stream that it belongs to.
    pub stream: StreamId,
    /// Its kind.
    pub kind: u16,
    /// What it is about.
    pub subject: Bytes<SUBJECT_BYTES>,
}
wire!(DocumentRecord { stream, kind, subject });

/// A change of a document. Key: document id, change hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRecord {
    /// Where it came from.
    pub origin: Origin,
    /// Automerge's bytes.
    pub bytes: Bytes<CHANGE_BYTES>,
}
wire!(ChangeRecord { origin, bytes });

/// Where a change came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The packs that brought it; none while it waits to be sealed. A laptop that was copied while something
    /// waited seals it on both sides.
    pub packs: Set<PackId, CHANGE_PACKS>,
    /// The author's device.
    pub device: DeviceId,
    /// The start of that device.
    pub incarnation: Incarnation,
}
wire!(Origin { packs, device, incarnation });

/// Packs that are remembered of one change: the lowest ids, the same in any order of arrival.
const CHANGE_PACKS: usize = 16;

impl ChangeRecord {
    /// A change that waits to be sealed.
    #[must_use]
    pub fn unsealed(device: DeviceId, incarnation: Incarnation, bytes: Bytes<CHANGE_BYTES>) -> Self {
        Self { origin: Origin { packs: Set::default(), device, incarnation }, bytes }
    }
}

impl Origin {
    /// Notes a pack that brought it.
    pub fn came_in(&mut self, pack: PackId) {
        let mut packs = (*self.packs).clone();
        packs.insert(pack);
        if packs.len() > CHANGE_PACKS {
            packs.pop_last();
        }
        self.packs = packs.try_into().unwrap_or_default();
    }

    /// The packs that brought it; zeros where it waits to be sealed.
    pub fn packs(&self) -> impl Iterator<Item = PackId> + '_ {
        let waits = self.packs.is_empty().then_some(PackId([0; 32]));
        self.packs.iter().copied().chain(waits)
    }

    /// The pack that stands for it where all are alike: the lowest.
    #[must_use]
    pub fn pack(&self) -> PackId {
        self.packs.first().copied().unwrap_or(PackId([0; 32]))
    }
}

/// Something that waits to be sealed. Key: order (8 bytes, big-endian).
#[derive(Clone, PartialEq, Eq)]
pub struct PendingRecord {
    /// The stream's kind as in a grant.
    pub kind: u8,
    /// And its subject.
    pub subject: Bytes<SUBJECT_BYTES>,
    /// The stream.
    pub stream: StreamId,
    /// What waits.
    pub entry: PendingEntry,
}
wire!(PendingRecord { kind, subject, stream, entry });

/// What waits to be sealed.
#[derive(Clone, PartialEq, Eq)]
pub enum PendingEntry {
    /// A change: `outside` where it holds text from outside; its document and hash.
    Change {
        /// True where somebody outside wrote the text.
        outside: bool,
        /// The document.
        document: DocumentId,
        /// The change's hash.
        hash: [u8; 32],
    },
    /// Any other item.
    Item(tessera_vault::items::Item),
    /// The stream is opened to the member of this `to/`.
    Open(StreamId, Set<PackId, { tessera_protocol::limits::DESPITE }>),
    /// The stream is closed to the member of this `to/`.
    Close(StreamId),
}

impl Wire for PendingEntry {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Change { outside, document, hash } => {
                1_u8.write(to);
                outside.write(to);
                document.write(to);
                hash.write(to);
            }
            Self::Item(item) => {
                2_u8.write(to);
                item.write(to);
            }
            Self::Open(stream, despite) => {
                3_u8.write(to);
                stream.write(to);
                despite.write(to);
            }
            Self::Close(stream) => {
                4_u8.write(to);
                stream.write(to);
            }
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match u8::read(from)? {
            1 => Self::Change {
                outside: Wire::read(from)?,
                document: Wire::read(from)?,
                hash: Wire::read(from)?,
            },
            2 => Self::Item(Wire::read(from)?),
            3 => Self::Open(Wire::read(from)?, Wire::read(from)?),
            4 => Self::Close(Wire::read(from)?),
            _ => return Err(from.error(Problem::Invalid("pending entry"))),
        })
    }
}

/// A document in the list of documents by kind ([`kind_key`]), so that a list needs no other table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRecord {
    /// The stream that it belongs to.
    pub stream: StreamId,
    /// True where more than one start of a device changed it: only then can changes stand beside one another.
    pub shared: bool,
}
wire!(ViewRecord { stream, shared });

/// The key of a document in the list of documents by kind.
#[must_use]
pub fn kind_key(kind: u16, subject: &[u8], document: DocumentId) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &document.0, subject].concat()
}

/// Reads one record.
///
/// # Errors
/// Where the store fails or the record is damaged.
pub fn get<T: Wire>(tx: &dyn Transaction, table: Table, key: &[u8]) -> Result<Option<T>, EngineError> {
    Ok(tx.get(table, key)?.map(|bytes| T::from_bytes(&bytes)).transpose()?)
}

/// Writes one record.
///
/// # Errors
/// Where the store fails.
pub fn put<T: Wire>(
    tx: &mut dyn Transaction,
    table: Table,
    key: &[u8],
    value: &T,
) -> Result<(), EngineError> {
    Ok(tx.put(table, key, &value.to_bytes())?)
}

/// How many entries are read from the store at a time.
const PAGE: usize = 1024;

/// Visits every entry whose key starts with `prefix`.
///
/// # Errors
/// Where the store fails, or whatever `visit` returns.
pub fn each(
    tx: &dyn Transaction,
    table: Table,
    prefix: &[u8],
    mut visit: impl FnMut(&[u8], Vec<u8>) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = tx.scan(table, prefix, after.as_deref(), PAGE)?;
        let full = page.len() == PAGE;
        for (key, value) in page {
            visit(&key, value)?;
            after = Some(key);
        }
        if !full {
            return Ok(());
        }
    }
}

/// Collects every record whose key starts with `prefix`.
///
/// # Errors
/// As [`each`].
pub fn all<T: Wire>(
    tx: &dyn Transaction,
    table: Table,
    prefix: &[u8],
) -> Result<Vec<(Vec<u8>, T)>, EngineError> {
    let mut records = Vec::new();
    each(tx, table, prefix, |key, value| {
        records.push((key.to_vec(), T::from_bytes(&value)?));
        Ok(())
    })?;
    Ok(records)
}

/// Takes the order of the next thing that waits to be sealed: one more than the last that was taken.
///
/// # Errors
/// Where the store fails.
pub fn next_order(tx: &mut dyn Transaction) -> Result<u64, EngineError> {
    const ORDER: &[u8] = b"order";
    let taken = tx.get(Table::Meta, ORDER)?.and_then(|bytes| bytes.try_into().ok().map(u64::from_be_bytes));
    let last = match taken {
        Some(last) => last,
        None => {
            let mut last = 0;
            each(tx, Table::Pending, &[], |key, _| {
                last = key.first_chunk::<8>().map_or(last, |order| u64::from_be_bytes(*order));
                Ok(())
            })?;
            last
        }
    };
    tx.put(Table::Meta, ORDER, &(last + 1).to_be_bytes())?;
    Ok(last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packs_of_a_change_are_the_same_in_any_order_of_arrival() {
        let pack = |n: u8| PackId([n; 32]);
        let came = |order: &mut dyn Iterator<Item = u8>| {
            let mut change = ChangeRecord::unsealed(
                DeviceId([1; 16]),
                Incarnation([2; 8]),
                Bytes::try_from(vec![3]).expect("one byte fits"),
            );
            assert_eq!(change.origin.packs().collect::<Vec<_>>(), [pack(0)]);
            order.for_each(|n| change.origin.came_in(pack(n)));
            change
        };
        let (up, down) = (came(&mut (1..=40)), came(&mut (1..=40).rev()));
        assert_eq!(up, down);
        assert_eq!(up.origin.pack(), pack(1));
        assert_eq!(up.origin.packs().count(), CHANGE_PACKS);
    }
}
