//! The store on SQLite: one file in WAL mode with `synchronous = FULL`, one writing thread that commits in
//! groups ([`writer`]), and read-only connections beside it. Attachments are rows of this file too, so that
//! one commit, one limit and one backup cover everything. Plain SQLite, never SQLCipher: nothing here is
//! secret that is not sealed already.

mod append;
mod attachment;
mod audit;
mod migrate;
mod writer;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};
use tessera_defence::{defence, defended};
use tessera_protocol::codec::{Reader, Wire};
use tessera_protocol::exchange::Caller;
use tessera_protocol::hash::Hash;
use tessera_protocol::header::Header;
use tessera_protocol::ids::{DeviceId, Incarnation, MemberId, PackId, ProgrammeId, StreamId};

use super::{
    AttachmentKey, Batch, Done, Each, Entry, Outcome, Piece, PieceOutcome, Place, Progress, Right, Store,
    StoreError, Stored, StoredHeader, StreamSummary,
};
use crate::counter::Window;
use writer::Writing;

/// Bits of [`place`] that hold the number in the log.
const NUMBER_BITS: u32 = 40;
/// The oldest SQLite that is used: before it a write-ahead log could be damaged.
const OLDEST: i32 = 3_051_003;

/// The store on SQLite.
pub struct SqliteStore {
    path: PathBuf,
    writing: Writing,
    readers: Mutex<Vec<Connection>>,
    /// True where everything is read from one moment.
    frozen: bool,
}

impl SqliteStore {
    /// Opens the database at `path`, making it where it is not there, and brings it to this version.
    /// Its file never grows beyond `limit_bytes`.
    ///
    /// # Errors
    /// Where it cannot be opened, is damaged, or is from a newer version.
    pub fn open(path: &Path, limit_bytes: u64) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path).map_err(failed)?;
        set_up(&connection)?;
        connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
        expect_durable(&connection)?;
        connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024).map_err(failed)?;
        migrate::run(&mut connection)?;
        let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(failed)?;
        let pages = i64::try_from(limit_bytes / page.max(512).cast_unsigned())
            .unwrap_or(i64::MAX)
            .min(i64::from(u32::MAX - 1));
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).map_err(failed)?;
        let writing = Writing::start(connection);
        Ok(Self { path: path.to_owned(), writing, readers: Mutex::default(), frozen: false })
    }

    /// Opens the database for reading alone, as `backup` does beside a running relay.
    ///
    /// # Errors
    /// Where it is not there or not of this version.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        Self::open_reading(path, false)
    }

    /// Opens the database as it is now: what a running relay writes later is not seen.
    ///
    /// # Errors
    /// Where it is not there or not of this version.
    pub fn open_snapshot(path: &Path) -> Result<Self, StoreError> {
        Self::open_reading(path, true)
    }

    fn open_reading(path: &Path, frozen: bool) -> Result<Self, StoreError> {
        let writing = Writing::closed();
        let store = Self { path: path.to_owned(), writing, readers: Mutex::default(), frozen };
        store.with(migrate::expect_current)?;
        Ok(store)
    }

    /// Runs a reading on a connection of its own, in one transaction: one lock, and all of it of one moment.
    pub(crate) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connected(|connection| {
            let run =
                |sql| connection.prepare_cached(sql).and_then(|mut sql| sql.execute([])).map_err(failed);
            if connection.is_autocommit() {
                run("BEGIN")?;
            }
            let result = read(connection);
            if !self.frozen {
                run("COMMIT")?;
            }
            result
        })
    }

    /// How sure commits are: `off`, `normal`, `full` or `extra`. A reading connection tells it; all are set up alike.
    ///
    /// # Errors
    /// Where none can be opened.
    pub fn synchronous(&self) -> Result<&'static str, StoreError> {
        self.connected(synchronous)
    }

    /// Runs something on a reading connection.
    fn connected<T>(&self, act: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let lock = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let connection = Connection::open_with_flags(&self.path, flags).map_err(failed)?;
                set_up(&connection)?;
                connection
            }
        };
        let result = act(&connection);
        let idles = self.frozen || connection.is_autocommit();
        if idles && !matches!(result, Err(StoreError::Damaged(_))) {
            let mut idle = lock();
            if idle.len() < 8 {
                idle.push(connection);
            }
        }
        result
    }

    /// Runs a reading of one programme; `None` where it is unknown.
    fn within<T>(
        &self,
        programme: ProgrammeId,
        read: impl FnOnce(&Connection, i64) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.with(|connection| match programme_number(connection, programme)? {
            Some(no) => read(connection, no).map(Some),
            None => Ok(None),
        })
    }
}

/// SQLite's version, and whether it is plain SQLite in a version that is safe to use.
///
/// # Errors
/// Where it is SQLCipher, or too old.
pub fn carried() -> Result<&'static str, StoreError> {
    let connection = Connection::open_in_memory().map_err(failed)?;
    let cipher: Option<String> =
        connection.query_row("PRAGMA cipher_version", [], |row| row.get(0)).optional().map_err(failed)?;
    if let Some(cipher) = cipher {
        return Err(StoreError::Failed(format!("this build carries SQLCipher {cipher}, not plain SQLite")));
    }
    if rusqlite::version_number() < OLDEST {
        return Err(StoreError::Failed(format!("SQLite {} is too old", rusqlite::version())));
    }
    Ok(rusqlite::version())
}

fn set_up(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(failed)?;
    connection.pragma_update(None, "cell_size_check", true).map_err(failed)?;
    let synchronous = if defended!(F02) { "full" } else { "normal" };
    connection.pragma_update(None, "synchronous", synchronous).map_err(failed)?;
    // Otherwise SQLite prepares a kept statement anew for every other value that is bound to a range.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// How sure commits are, as a connection tells it.
fn synchronous(connection: &Connection) -> Result<&'static str, StoreError> {
    let mode: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).map_err(failed)?;
    Ok(match mode {
        0 => "off",
        1 => "normal",
        2 => "full",
        _ => "extra",
    })
}

/// Refuses a database whose commits could be lost with the power: a receipt says that a pack is on the disk.
fn expect_durable(connection: &Connection) -> Result<(), StoreError> {
    let found = synchronous(connection)?;
    if defence!(F02, found == "full") {
        Ok(())
    } else {
        Err(StoreError::Failed("its commits would not be durable".to_owned()))
    }
}

/// Sorts SQLite's errors into ours. The text names no value that was stored.
#[expect(clippy::needless_pass_by_value, reason = "passed to map_err by name")]
fn failed(error: rusqlite::Error) -> StoreError {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure) if defended!(F21) => {
            StoreError::Full(text)
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged(text),
        _ => StoreError::Failed(text),
    }
}

fn programme_number(connection: &Connection, programme: ProgrammeId) -> Result<Option<i64>, StoreError> {
    let mut query = connection.prepare_cached("SELECT no FROM programmes WHERE id = ?1").map_err(failed)?;
    query.query_row([programme.0], |row| row.get(0)).optional().map_err(failed)
}

/// The key of a pack: programme and number in one integer, so that a log lies together.
fn place(no: i64, sequence: u64) -> i64 {
    let most = (1 << NUMBER_BITS) - 1;
    (no << NUMBER_BITS) + i64::try_from(sequence).unwrap_or(most).min(most)
}

fn number(place: i64) -> u64 {
    (place & ((1 << NUMBER_BITS) - 1)).cast_unsigned()
}

fn read_place(row: &Row<'_>, at: usize) -> rusqlite::Result<Place> {
    Ok(Place {
        sequence: number(row.get(at)?),
        incarnation: Incarnation(row.get(at + 1)?),
        received_ms: row.get::<_, i64>(at + 2)?.cast_unsigned(),
        head: Hash(row.get(at + 3)?),
    })
}

impl Store for SqliteStore {
    fn programmes(&self) -> Result<Vec<ProgrammeId>, StoreError> {
        self.with(|connection| {
            let mut query = connection.prepare("SELECT id FROM programmes ORDER BY no").map_err(failed)?;
            let ids = query.query_map([], |row| row.get(0).map(ProgrammeId)).map_err(failed)?;
            ids.collect::<Result<_, _>>().map_err(failed)
        })
    }

    fn newest(&self, programme: ProgrammeId) -> Result<Option<(u64, Hash)>, StoreError> {
        self.within(programme, |connection, no| {
            let mut query = connection
                .prepare_cached("SELECT sequence, head FROM programmes WHERE no = ?1")
                .map_err(failed)?;
            let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?.cast_unsigned(), Hash(row.get(1)?)));
            query.query_row([no], read).map_err(failed)
        })
    }

    fn head(&self, programme: ProgrammeId, sequence: u64) -> Result<Option<Hash>, StoreError> {
        let head = self.within(programme, |connection, no| {
            let mut query =
                connection.prepare_cached("SELECT head FROM packs WHERE place = ?1").map_err(failed)?;
            let read = |row: &Row<'_>| row.get(0).map(Hash);
            query.query_row([place(no, sequence)], read).optional().map_err(failed)
        })?;
        Ok(head.flatten())
    }

    fn changed(&self, programme: ProgrammeId) -> Result<Vec<(Right, u64)>, StoreError> {
        let rights = self.within(programme, |connection, no| {
            let mut query = connection
                .prepare("SELECT subject, stream, sequence FROM changed WHERE programme = ?1")
                .map_err(failed)?;
            let rows = query
                .query_map([no], |row| {
                    let subject: [u8; 16] = row.get(0)?;
                    let stream: Vec<u8> = row.get(1)?;
                    let right = match <[u8; 16]>::try_from(stream) {
                        Ok(stream) => Right::Stream(MemberId(subject), StreamId(stream)),
                        Err(_) => Right::Device(DeviceId(subject)),
                    };
                    Ok((right, row.get::<_, i64>(2)?.cast_unsigned()))
                })
                .map_err(failed)?;
            rows.collect::<Result<_, _>>().map_err(failed)
        })?;
        Ok(rights.unwrap_or_default())
    }

    fn append(&self, batch: Batch, done: Done<Vec<Outcome>>) {
        self.writing.hand_over(move |connection| append::run(connection, &batch), done);
    }

    fn entries(
        &self,
        programme: ProgrammeId,
        stream: Option<StreamId>,
        range: RangeInclusive<u64>,
        each: Each<'_, Entry>,
    ) -> Result<(), StoreError> {
        self.within(programme, |connection, no| {
            let (from, to) = (place(no, *range.start()), place(no, *range.end()));
            let sql = match stream {
                Some(_) => {
                    "SELECT place, stream, size FROM packs
                     WHERE stream = ?3 AND place BETWEEN ?1 AND ?2 ORDER BY place"
                }
                None => {
                    "SELECT place, stream, size FROM packs
                     WHERE place BETWEEN ?1 AND ?2 AND ?3 IS NULL ORDER BY place"
                }
            };
            let mut query = connection.prepare_cached(sql).map_err(failed)?;
            let mut rows = query.query(params![from, to, stream.map(|stream| stream.0)]).map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                let entry = |row: &Row<'_>| {
                    Ok(Entry {
                        sequence: number(row.get(0)?),
                        stream: StreamId(row.get(1)?),
                        size_bytes: row.get::<_, i64>(2)?.cast_unsigned(),
                    })
                };
                each(entry(row).map_err(failed)?);
            }
            Ok(())
        })
        .map(|_| ())
    }

    fn headers(
        &self,
        programme: ProgrammeId,
        stream: StreamId,
        each: Each<'_, StoredHeader>,
    ) -> Result<(), StoreError> {
        self.within(programme, |connection, no| {
            let mut query = connection
                .prepare_cached(
                    "SELECT place, id, header FROM packs
                     WHERE stream = ?1 AND place BETWEEN ?2 AND ?3 ORDER BY place",
                )
                .map_err(failed)?;
            let range = params![stream.0, place(no, 0), place(no, u64::MAX)];
            let mut rows = query.query(range).map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                let bytes = row.get_ref(2).and_then(|value| Ok(value.as_blob()?)).map_err(failed)?;
                let sequence = number(row.get(0).map_err(failed)?);
                let Ok(header) = Header::read(&mut Reader::new(bytes)) else {
                    tracing::error!(sequence, "a stored header is damaged and left out");
                    continue;
                };
                each(StoredHeader { sequence, id: PackId(row.get(1).map_err(failed)?), header });
            }
            Ok(())
        })
        .map(|_| ())
    }

    fn read(&self, programme: ProgrammeId, sequences: &[u64]) -> Result<Vec<Stored>, StoreError> {
        let packs = self.within(programme, |connection, no| {
            let mut query = connection
                .prepare_cached(
                    "SELECT place, incarnation, received_ms, head, id, header, rest FROM packs WHERE place = ?1",
                )
                .map_err(failed)?;
            let mut packs = Vec::with_capacity(sequences.len());
            for sequence in sequences {
                let read = |row: &Row<'_>| {
                    let bytes = [row.get_ref(5)?.as_blob()?, row.get_ref(6)?.as_blob()?].concat();
                    let place = read_place(row, 0)?;
                    Ok(Stored { sequence: place.sequence, id: PackId(row.get(4)?), place, bytes })
                };
                packs.extend(query.query_row([place(no, *sequence)], read).optional().map_err(failed)?);
            }
            Ok(packs)
        })?;
        Ok(packs.unwrap_or_default())
    }

    fn places(&self, programme: ProgrammeId, ids: &[PackId]) -> Result<Vec<(PackId, Place)>, StoreError> {
        let places = self.within(programme, |connection, no| {
            let found = |id: &PackId| append::known(connection, no, *id).map(|at| at.map(|at| (*id, at)));
            ids.iter().filter_map(|id| found(id).transpose()).collect()
        })?;
        Ok(places.unwrap_or_default())
    }

    fn window(&self, caller: &Caller) -> Result<Option<Window>, StoreError> {
        self.with(|connection| {
            let mut query = connection
                .prepare_cached(
                    "SELECT highest, seen FROM counters
                     WHERE programme = ?1 AND device = ?2 AND incarnation = ?3",
                )
                .map_err(failed)?;
            let key = params![caller.programme.0, caller.device.0, caller.incarnation.0];
            let read = |row: &Row<'_>| {
                let unsigned = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
                Ok(Window { highest: unsigned(0)?, seen: unsigned(1)? })
            };
            query.query_row(key, read).optional().map_err(failed)
        })
    }

    fn keep_window(&self, caller: Caller, window: Window, done: Done<()>) {
        let keep = move |connection: &Connection| {
            let mut insert = connection
                .prepare_cached(
                    "INSERT INTO counters VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET highest = excluded.highest, seen = excluded.seen",
                )
                .map_err(failed)?;
            let (highest, seen) = (window.highest.cast_signed(), window.seen.cast_signed());
            let Caller { programme, device, incarnation, .. } = caller;
            insert.execute(params![programme.0, device.0, incarnation.0, highest, seen]).map_err(failed)?;
            Ok(())
        };
        self.writing.hand_over_for_later(keep, done);
    }

    fn attachment(&self, key: &AttachmentKey) -> Result<Option<Progress>, StoreError> {
        let progress =
            self.within(key.programme, |connection, no| attachment::progress(connection, no, key))?;
        Ok(progress.flatten())
    }

    fn add_piece(&self, piece: Piece, done: Done<PieceOutcome>) {
        self.writing.hand_over(move |connection| attachment::add(connection, &piece), done);
    }

    fn drop_attachment(&self, key: AttachmentKey, done: Done<()>) {
        self.writing.hand_over(move |connection| attachment::remove(connection, &key), done);
    }

    fn read_piece(&self, key: &AttachmentKey, from: u64) -> Result<Vec<u8>, StoreError> {
        let bytes =
            self.within(key.programme, |connection, no| attachment::read(connection, no, key, from))?;
        Ok(bytes.unwrap_or_default())
    }

    fn streams(&self, programme: ProgrammeId) -> Result<Vec<StreamSummary>, StoreError> {
        let streams = self.within(programme, |connection, no| {
            let mut query = connection
                .prepare(
                    "SELECT stream, count(*), sum(size), min(received_ms), max(received_ms) FROM packs
                     WHERE place BETWEEN ?1 AND ?2 GROUP BY stream",
                )
                .map_err(failed)?;
            let rows = query
                .query_map([place(no, 0), place(no, u64::MAX)], |row| {
                    let unsigned = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
                    Ok(StreamSummary {
                        stream: StreamId(row.get(0)?),
                        packs: unsigned(1)?,
                        bytes: unsigned(2)?,
                        first_ms: unsigned(3)?,
                        last_ms: unsigned(4)?,
                    })
                })
                .map_err(failed)?;
            rows.collect::<Result<_, _>>().map_err(failed)
        })?;
        Ok(streams.unwrap_or_default())
    }

    fn close(&self) {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.writing.close();
    }
}

#[cfg(test)]
mod tests;
