//! The anchor: a small file outside the store that remembers the newest start and the highest epoch of each
//! stream, so that an older store put in its place is noticed and nothing new is written under an older key.
//! It warns and never stops work. Not a defence against somebody who puts back anchor and store together.
//!
//! ```text
//! file = "tessera anchor 1\n" · nonce (24) · XChaCha20-Poly1305( starts (8, little-endian) · mark (8) ·
//!        count (4, little-endian) · count × ( stream (16) · epoch (4, little-endian) ) )
//! key  = H("anchor", store key),  nonce = first 24 bytes of H("anchor nonce", key, content)
//! ```
//! The first line is the associated data. The nonce depends on the content, so that none is used twice for
//! different contents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use tessera_defence::defended;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::StreamId;
use zeroize::Zeroizing;

use super::error::HomeError;
use super::files::{read_bounded, write_atomically};
use crate::store::{Store, StoreError, StoreKey, Table, Transaction};

const NAME: &[u8] = b"tessera anchor 1\n";
const NONCE_BYTES: usize = 24;
/// The most streams that are remembered; a programme has a few per application.
const MAX_STREAMS: usize = 200_000;
const MAX_FILE_BYTES: u64 = 8 << 20;
/// Where the store keeps its start, in [`Table::Meta`].
const START: &[u8] = b"start";
/// A stream's first epoch goes without saying.
const FIRST_EPOCH: u32 = 1;

/// One start of a home: how many there were, and 8 random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    count: u64,
    mark: [u8; 8],
}

/// How the store compares with the anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuity {
    /// The first start of this home.
    First,
    /// The store is the one that was here last time.
    Continues,
    /// The store is older than the anchor by so many starts: an older copy was put in its place.
    RolledBack {
        /// How many starts are missing.
        starts: u64,
    },
    /// The store is as old as the anchor, but another one: both come from one copied home.
    Replaced,
    /// The anchor is older than the store: it was restored, or could not be written.
    AnchorBehind,
    /// The anchor is missing or cannot be read; a store of a home that was opened before is here.
    NoAnchor,
}

/// The anchor of an open home.
pub struct Anchor {
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
    start: Option<Start>,
    epochs: BTreeMap<StreamId, u32>,
}

impl Anchor {
    /// Reads the anchor at `path`; one that is missing or cannot be read counts as none.
    pub(super) fn open(path: &Path, key: &StoreKey) -> Result<Self, HomeError> {
        let key = anchor_key(key);
        let (start, epochs) = match read(path, &key)? {
            Some((start, epochs)) => (Some(start), epochs),
            None => (None, BTreeMap::new()),
        };
        Ok(Self { path: path.to_owned(), key, start, epochs })
    }

    /// Whether an anchor is there that this store key sealed.
    pub(super) fn was_sealed_with(path: &Path, key: &StoreKey) -> bool {
        matches!(read(path, &anchor_key(key)), Ok(Some(_)))
    }

    /// Begins a start in the store and then in the anchor, so that a crash in between is told from an older
    /// store. On a disk that is full or may only be read, the start is not recorded.
    pub(super) fn begin(&mut self, store: &mut impl Store, mark: [u8; 8]) -> Result<Continuity, HomeError> {
        let stored = store.transaction(|t| stored_start(t))?;
        let continuity = compare(stored, self.start);
        let count = stored.map_or(0, |start| start.count).max(self.start.map_or(0, |start| start.count));
        let next = Start { count: count.saturating_add(1), mark };
        let value = [next.count.to_le_bytes(), next.mark].concat();
        match store.transaction(|t| t.put(Table::Meta, START, &value)) {
            Ok(()) => {}
            Err(StoreError::Full | StoreError::ReadOnly) => return Ok(continuity),
            Err(error) => return Err(error.into()),
        }
        self.start = Some(next);
        match self.save() {
            Ok(()) | Err(HomeError::Full | HomeError::ReadOnly(_)) => Ok(continuity),
            Err(error) => Err(error),
        }
    }

    /// The highest epoch remembered of a stream; 0 where only the first or none was ever seen.
    #[must_use]
    pub fn highest_epoch(&self, stream: StreamId) -> u32 {
        self.epochs.get(&stream).copied().filter(|_| defended!(K05)).unwrap_or(0)
    }

    /// The streams of which more than the first epoch was seen, with the highest one.
    #[must_use]
    pub fn epochs(&self) -> &BTreeMap<StreamId, u32> {
        &self.epochs
    }

    /// Remembers epochs that the store has durably; lower ones change nothing. Writes only where one rose.
    ///
    /// # Errors
    /// The disk is full or cannot be written; the next call tries again.
    pub fn raise(&mut self, seen: impl IntoIterator<Item = (StreamId, u32)>) -> Result<(), HomeError> {
        let before = self.epochs.clone();
        for (stream, epoch) in seen {
            let is_new = epoch > FIRST_EPOCH && epoch > self.highest_epoch(stream);
            if is_new && (self.epochs.len() < MAX_STREAMS || self.epochs.contains_key(&stream)) {
                self.epochs.insert(stream, epoch);
            }
        }
        if self.epochs == before {
            return Ok(());
        }
        self.save().inspect_err(|_| self.epochs = before)
    }

    fn save(&self) -> Result<(), HomeError> {
        let start = self.start.unwrap_or(Start { count: 0, mark: [0; 8] });
        write_atomically(&self.path, &seal(&self.key, start, &self.epochs))
    }
}

fn compare(stored: Option<Start>, anchored: Option<Start>) -> Continuity {
    match (stored, anchored) {
        (None, None) => Continuity::First,
        (None, Some(anchored)) => Continuity::RolledBack { starts: anchored.count },
        (Some(_), None) => Continuity::NoAnchor,
        (Some(stored), Some(anchored)) if stored == anchored => Continuity::Continues,
        (Some(stored), Some(anchored)) if stored.count < anchored.count => {
            Continuity::RolledBack { starts: anchored.count - stored.count }
        }
        (Some(stored), Some(anchored)) if stored.count == anchored.count => Continuity::Replaced,
        // One ahead: the last start ended between its two writes.
        (Some(stored), Some(anchored)) if stored.count - anchored.count == 1 => Continuity::Continues,
        (Some(_), Some(_)) => Continuity::AnchorBehind,
    }
}

fn stored_start(transaction: &dyn Transaction) -> Result<Option<Start>, StoreError> {
    let Some(value) = transaction.get(Table::Meta, START)? else { return Ok(None) };
    let mut reader = Reader(&value);
    let start = reader.start().filter(|_| reader.0.is_empty());
    start.map(Some).ok_or(StoreError::Damaged)
}

fn anchor_key(key: &StoreKey) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hash("anchor", &[key]).0)
}

fn seal(key: &[u8; 32], start: Start, epochs: &BTreeMap<StreamId, u32>) -> Vec<u8> {
    let count = u32::try_from(epochs.len()).expect("raise keeps it below MAX_STREAMS");
    let mut content = [start.count.to_le_bytes(), start.mark].concat();
    content.extend(count.to_le_bytes());
    for (stream, epoch) in epochs {
        content.extend(stream.0);
        content.extend(epoch.to_le_bytes());
    }
    let mut nonce = [0; NONCE_BYTES];
    nonce.copy_from_slice(&hash("anchor nonce", &[key, &content]).0[..NONCE_BYTES]);
    let payload = Payload { msg: &content, aad: NAME };
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), payload)
        .expect("the content is far below the cipher's limit of 256 GiB");
    [NAME, &nonce, &sealed].concat()
}

type Content = (Start, BTreeMap<StreamId, u32>);

/// Reads and opens an anchor; `None` where it is missing, foreign, damaged or of another version.
fn read(path: &Path, key: &[u8; 32]) -> Result<Option<Content>, HomeError> {
    match read_bounded(path, MAX_FILE_BYTES) {
        Ok(file) => Ok(open(key, &file)),
        Err(HomeError::TooLarge { .. }) => Ok(None),
        Err(HomeError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn open(key: &[u8; 32], file: &[u8]) -> Option<Content> {
    let (nonce, sealed) = file.strip_prefix(NAME)?.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload { msg: sealed, aad: NAME };
    let content = XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(*nonce), payload).ok()?;
    let mut reader = Reader(&content);
    let start = reader.start()?;
    let count = u32::from_le_bytes(reader.take()?);
    let mut epochs = BTreeMap::new();
    for _ in 0..count {
        epochs.insert(StreamId(reader.take()?), u32::from_le_bytes(reader.take()?));
    }
    reader.0.is_empty().then_some((start, epochs))
}

/// Reads fixed lengths from the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn start(&mut self) -> Option<Start> {
        Some(Start { count: u64::from_le_bytes(self.take()?), mark: self.take()? })
    }
}

#[cfg(test)]
mod tests;
