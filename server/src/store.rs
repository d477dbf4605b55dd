//! What the relay keeps, behind one trait: the log of each programme, what its readers gained and when,
//! counters of requests, attachments, and how much each account holds. A store judges nothing and knows
//! no HTTP; SQLite ([`sqlite`]) is the default.
//!
//! Writes are handed over with a function that is called once they are durable, in the order in which they
//! became so. Whoever keeps something in memory beside the store changes it there and nowhere else.

#[cfg(test)]
pub(crate) mod conformance;
pub mod sqlite;

use std::ops::RangeInclusive;

use tessera_protocol::exchange::Caller;
use tessera_protocol::hash::Hash;
use tessera_protocol::header::Header;
use tessera_protocol::ids::{AttachmentId, DeviceId, Incarnation, MemberId, PackId, ProgrammeId, StreamId};
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::Verified;

use crate::counter::Window;

/// Why a store did not do what it was asked to.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No room is left, or the disk takes no writes.
    #[error("the disk is full or takes no writes: {0}")]
    Full(String),
    /// What is stored is not what was written.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A newer version of this program wrote it.
    #[error("the database was written by a newer version ({found}, this program knows {known})")]
    Newer {
        /// The database's version.
        found: usize,
        /// The newest that this program reads.
        known: usize,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// Anything else.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// Called once with the result of a write, when it is durable or has failed.
pub type Done<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

/// Receives the rows of a reading, one by one.
pub type Each<'a, T> = &'a mut dyn FnMut(T);

/// Who pays for stored bytes, and how many it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// A device, a member, or those of a member who is out.
    pub id: [u8; 16],
    /// How many bytes the account may hold.
    pub limit_bytes: u64,
}

/// A pack to be appended.
pub struct NewPack {
    /// The pack, its signature checked.
    pub pack: Verified<Pack>,
    /// Who pays: each of them, or none where one has no room.
    pub accounts: Vec<Account>,
}

/// A change of what somebody may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Of a device as a whole: it became active, or a coordinator's, or ceased to be.
    Device(DeviceId),
    /// One stream was opened to a member, or closed.
    Stream(MemberId, StreamId),
}

/// Packs for one programme, stored in one durable commit.
pub struct Batch {
    /// The programme; it is made where it is not there.
    pub programme: ProgrammeId,
    /// The relay's incarnation.
    pub incarnation: Incarnation,
    /// The relay's clock, milliseconds since 1970.
    pub received_ms: u64,
    /// The packs, in the order of the log.
    pub packs: Vec<NewPack>,
    /// Rights that change with the last new pack of this batch.
    pub changed: Vec<Right>,
    /// How many bytes the programme may hold.
    pub programme_limit_bytes: u64,
}

/// Where a pack is in the log, and when and in which incarnation of the relay it was first stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The relay's incarnation then.
    pub incarnation: Incarnation,
    /// Its number, from 1.
    pub sequence: u64,
    /// The relay's clock then, milliseconds since 1970.
    pub received_ms: u64,
    /// The log's head after it.
    pub head: Hash,
}

/// What became of a pack of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was stored by this batch.
    Stored(Place),
    /// It had been stored before.
    Known(Place),
    /// Its account has no room.
    NoRoom,
    /// The programme has no room.
    ProgrammeFull,
}

/// A pack in the log, without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub sequence: u64,
    /// Its stream.
    pub stream: StreamId,
    /// The length of the pack, in bytes.
    pub size_bytes: u64,
}

/// A pack in the log with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The number that was asked for.
    pub sequence: u64,
    /// The id under which it is stored.
    pub id: PackId,
    /// Its place.
    pub place: Place,
    /// The bytes of the pack.
    pub bytes: Vec<u8>,
}

/// A pack's header in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHeader {
    /// Its number.
    pub sequence: u64,
    /// The pack.
    pub id: PackId,
    /// The header.
    pub header: Header,
}

/// Which attachment is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttachmentKey {
    /// Its programme.
    pub programme: ProgrammeId,
    /// The stream whose rule it follows.
    pub stream: StreamId,
    /// The hash of the whole.
    pub id: AttachmentId,
}

/// How much of an attachment is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes from the start that are stored.
    pub held_bytes: u64,
    /// Bytes of the whole.
    pub total_bytes: u64,
}

impl Progress {
    /// True where nothing is missing.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.total_bytes > 0 && self.held_bytes == self.total_bytes
    }
}

/// The next bytes of an attachment.
pub struct Piece {
    /// Which.
    pub key: AttachmentKey,
    /// Who pays: each of them, or none where one has no room.
    pub accounts: Vec<Account>,
    /// Bytes of the whole.
    pub total_bytes: u64,
    /// Where these begin; anything but what is held so far is refused.
    pub from: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many bytes the programme may hold.
    pub programme_limit_bytes: u64,
}

/// What became of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceOutcome {
    /// It was stored, or was there.
    Held(Progress),
    /// It does not begin where what is held ends, or the whole is announced with another length.
    Elsewhere(Progress),
    /// The account or the programme has no room.
    NoRoom,
}

/// What one stream of a programme holds, for `inspect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSummary {
    /// The stream.
    pub stream: StreamId,
    /// How many packs.
    pub packs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the first one was received, milliseconds since 1970.
    pub first_ms: u64,
    /// When the last one was received, milliseconds since 1970.
    pub last_ms: u64,
}

/// What the relay keeps. Readings are consistent with every write that was reported done.
pub trait Store: Send + Sync + 'static {
    /// Lists the programmes.
    ///
    /// # Errors
    /// [`StoreError`], as every function here.
    fn programmes(&self) -> Result<Vec<ProgrammeId>, StoreError>;

    /// Number and head of the last pack of a programme; `None` where the programme is unknown.
    ///
    /// # Errors
    /// As above.
    fn newest(&self, programme: ProgrammeId) -> Result<Option<(u64, Hash)>, StoreError>;

    /// The head after a pack; `None` where there is none with this number.
    ///
    /// # Errors
    /// As above.
    fn head(&self, programme: ProgrammeId, sequence: u64) -> Result<Option<Hash>, StoreError>;

    /// Rights that changed, with the number of the pack that changed them last.
    ///
    /// # Errors
    /// As above.
    fn changed(&self, programme: ProgrammeId) -> Result<Vec<(Right, u64)>, StoreError>;

    /// Appends packs. Either all new ones get their places in one commit, or none does. Where a known one's
    /// bytes are damaged, they are put in order.
    fn append(&self, batch: Batch, done: Done<Vec<Outcome>>);

    /// The packs with these numbers in the log, in its order; of one stream where one is named.
    ///
    /// # Errors
    /// As above.
    fn entries(
        &self,
        programme: ProgrammeId,
        stream: Option<StreamId>,
        range: RangeInclusive<u64>,
        each: Each<'_, Entry>,
    ) -> Result<(), StoreError>;

    /// The headers of a stream, in the order of the log; damaged ones are left out.
    ///
    /// # Errors
    /// As above.
    fn headers(
        &self,
        programme: ProgrammeId,
        stream: StreamId,
        each: Each<'_, StoredHeader>,
    ) -> Result<(), StoreError>;

    /// Reads packs, in the order asked for; what is not there is left out.
    ///
    /// # Errors
    /// As above.
    fn read(&self, programme: ProgrammeId, sequences: &[u64]) -> Result<Vec<Stored>, StoreError>;

    /// Where these packs are; those that are not there are left out.
    ///
    /// # Errors
    /// As above.
    fn places(&self, programme: ProgrammeId, ids: &[PackId]) -> Result<Vec<(PackId, Place)>, StoreError>;

    /// The counters of one start of a device.
    ///
    /// # Errors
    /// As above.
    fn window(&self, caller: &Caller) -> Result<Option<Window>, StoreError>;

    /// Keeps the counters of one start of a device: before every later write, or a moment later.
    fn keep_window(&self, caller: Caller, window: Window, done: Done<()>);

    /// How much of an attachment is there; `None` where nothing was ever sent.
    ///
    /// # Errors
    /// As above.
    fn attachment(&self, key: &AttachmentKey) -> Result<Option<Progress>, StoreError>;

    /// Adds bytes to an attachment.
    fn add_piece(&self, piece: Piece, done: Done<PieceOutcome>);

    /// Drops an attachment whose bytes are not what its id says, and gives its room back.
    fn drop_attachment(&self, key: AttachmentKey, done: Done<()>);

    /// Reads at most one stored piece of an attachment from an offset on; empty at its end.
    ///
    /// # Errors
    /// As above.
    fn read_piece(&self, key: &AttachmentKey, from: u64) -> Result<Vec<u8>, StoreError>;

    /// What each stream holds.
    ///
    /// # Errors
    /// As above.
    fn streams(&self, programme: ProgrammeId) -> Result<Vec<StreamSummary>, StoreError>;

    /// Ends all writing after what was handed over; later writes fail with [`StoreError::Closed`].
    fn close(&self);
}

/// Awaits a write: hands `start` a [`Done`] and gives what it was called with.
///
/// # Errors
/// What the write failed with; [`StoreError::Closed`] where it was dropped.
pub async fn written<T: Send + 'static>(start: impl FnOnce(Done<T>)) -> Result<T, StoreError> {
    let (send, receive) = tokio::sync::oneshot::channel();
    start(Box::new(move |result| {
        let _ = send.send(result);
    }));
    receive.await.unwrap_or(Err(StoreError::Closed))
}

/// Runs a reading beside the asynchronous threads.
///
/// # Errors
/// What the reading failed with.
pub async fn reading<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(read).await.unwrap_or(Err(StoreError::Closed))
}
