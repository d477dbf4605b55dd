//! The device's store: ordered tables of bytes and a full-text index, changed in transactions.
//!
//! Two stores keep the same promises: [`SqlcipherStore`] in an encrypted file and [`MemoryStore`]
//! for the simulation; one conformance function runs on both. The store knows no pack, no document
//! and no key but its own: what the bytes mean is decided by who writes them.

#[cfg(test)]
mod conformance;
mod error;
mod memory;
mod sqlcipher;
pub(crate) mod words;

pub use error::StoreError;
pub use memory::{Fault, MemoryStore};
pub use sqlcipher::{SqlcipherStore, StoreKey};

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 512;
/// The longest value, in bytes: 64 MiB.
pub const MAX_VALUE_BYTES: usize = 64 << 20;
/// How much of a document's text full-text search takes in, in bytes: 1 MiB. The rest is not found.
pub const MAX_INDEXED_BYTES: usize = 1 << 20;

/// The tables; each is an ordered map from key bytes to value bytes, with one meaning for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Single facts about the device and its programme.
    Meta,
    /// Packs as they came: the record.
    Packs,
    /// What became of each pack.
    PackStates,
    /// The chains of packs, by stream and device.
    Chains,
    /// Changes made here and not yet sealed.
    Pending,
    /// Sealed packs that no receipt has cleared.
    Outbox,
    /// Stream keys.
    Keys,
    /// Who may read which stream: openings and closings.
    Openings,
    /// Receipts and evidence of position.
    Receipts,
    /// Documents as last saved: a cache.
    Documents,
    /// Changes by their document: a cache.
    Changes,
    /// Changes that wait for others.
    Parked,
    /// Outcomes told by coordinators.
    Outcomes,
    /// What is known of attachments.
    Attachments,
    /// The bytes of attachments, in chunks.
    AttachmentBytes,
    /// Notices to a person.
    Notices,
    /// Decisions made by a person.
    Decisions,
    /// Views: a cache.
    Views,
    /// Settings of this device.
    Settings,
    /// What documents and files say, as last read: a cache.
    Contents,
    /// What arrived: when, by which way, what it brought.
    Arrivals,
}

impl Table {
    /// Every table, in the order in which they were introduced.
    pub const ALL: [Self; 21] = [
        Self::Meta,
        Self::Packs,
        Self::PackStates,
        Self::Chains,
        Self::Pending,
        Self::Outbox,
        Self::Keys,
        Self::Openings,
        Self::Receipts,
        Self::Documents,
        Self::Changes,
        Self::Parked,
        Self::Outcomes,
        Self::Attachments,
        Self::AttachmentBytes,
        Self::Notices,
        Self::Decisions,
        Self::Views,
        Self::Settings,
        Self::Contents,
        Self::Arrivals,
    ];
}

/// Entries in rising order of their keys.
pub type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// What can be read and changed inside one transaction; it sees its own writes.
///
/// After a write failed, the transaction can no longer be committed, even where the caller goes on.
pub trait Transaction {
    /// Reads the value of a key.
    ///
    /// # Errors
    /// The store cannot be read.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Sets the value of a key, at most [`MAX_KEY_BYTES`] and [`MAX_VALUE_BYTES`] long.
    ///
    /// # Errors
    /// The disk is full, the store cannot be written, or a length is beyond its limit.
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError>;

    /// Removes a key; without effect where it is absent.
    ///
    /// # Errors
    /// The disk is full or the store cannot be written.
    fn delete(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError>;

    /// Reads entries whose key starts with `prefix` and is greater than `after`, in rising order, at most `limit`.
    ///
    /// # Errors
    /// The store cannot be read.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Entries, StoreError>;

    /// Counts the keys that start with `prefix`.
    ///
    /// # Errors
    /// The store cannot be read.
    fn count(&self, table: Table, prefix: &[u8]) -> Result<u64, StoreError>;

    /// Replaces what full-text search knows of a document; an empty text makes it unknown.
    ///
    /// # Errors
    /// The disk is full or the store cannot be written.
    fn index(&mut self, document: &[u8; 16], text: &str) -> Result<(), StoreError>;

    /// Finds the documents that contain every word of `words`, or a longer word that starts with it, in rising
    /// order of their ids, at most `limit`. Case, accents and the forms of a letter make no difference; nothing
    /// in `words` is read as an operator. Without a word in it, nothing is found.
    ///
    /// # Errors
    /// The store cannot be read.
    fn search(&self, words: &str, limit: usize) -> Result<Vec<[u8; 16]>, StoreError>;
}

/// Something that keeps the tables.
pub trait Store {
    /// Runs `act` in one transaction: all of it is durable when this returns `Ok`, none of it otherwise.
    ///
    /// # Errors
    /// What `act` returned, or the store's own.
    fn transaction<T, E: From<StoreError>>(
        &mut self,
        act: impl FnOnce(&mut dyn Transaction) -> Result<T, E>,
    ) -> Result<T, E>;
}

fn check_lengths(key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    if key.len() > MAX_KEY_BYTES || value.len() > MAX_VALUE_BYTES {
        return Err(StoreError::TooLarge { key_bytes: key.len(), value_bytes: value.len() });
    }
    Ok(())
}

/// The smallest key that no key starting with `prefix` reaches; `None` where there is none.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

/// The smallest key that starts with `prefix`, or follows it, and is greater than `after`.
fn start_of(prefix: &[u8], after: Option<&[u8]>) -> Vec<u8> {
    match after {
        Some(after) if after >= prefix => [after, &[0]].concat(),
        _ => prefix.to_vec(),
    }
}
