//! The store in one encrypted file: SQLCipher with a raw key, a write-ahead log and `synchronous=FULL`.
//!
//! Every page carries a MAC, so that a changed page is refused. What SQLCipher cannot see is a whole older
//! file put in place of the newer: the home's anchor is for that. Not for several processes: the first one
//! holds the file, the second is refused.

mod migrate;
mod refusal;
mod transaction;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use tessera_defence::defended;
use zeroize::Zeroizing;

use self::migrate::MIGRATIONS;
use self::refusal::{while_opening, while_working};
use self::transaction::Open;
use super::{Store, StoreError, Transaction};

/// The raw key of a store.
pub type StoreKey = [u8; 32];

/// The oldest SQLite that may be built in: before it, a write-ahead log could be damaged by a checkpoint.
const OLDEST_SQLITE: i32 = 3_051_003;
/// SQLCipher's size of a page, and so the smallest store, in bytes.
const PAGE_BYTES: u64 = 4096;
const STATEMENTS_KEPT: usize = 128;
/// SQLite's way to files without locks.
const NO_LOCKS: &str = if cfg!(windows) { "win32-none" } else { "unix-none" };
/// Decrypted pages that are kept in memory, at most.
const CACHE_KIB: i32 = 64 * 1024;

/// A store in an encrypted file, held by this process alone until it is dropped.
pub struct SqlcipherStore {
    connection: Connection,
    read_only: bool,
}

impl SqlcipherStore {
    /// Makes an empty store at `path`, readable by its owner only.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is a file already; [`StoreError::Full`] and others where it cannot
    /// be written; an unfinished file is removed.
    pub fn create(path: &Path, key: &StoreKey) -> Result<Self, StoreError> {
        new_private_file(path)?;
        let made = Self::make(path, key);
        if made.is_err() {
            // The file was made above and holds nothing yet; the first failure is the one to report.
            drop(std::fs::remove_file(path));
            drop(std::fs::remove_file(with_ending(path, "-wal")));
        }
        made
    }

    fn make(path: &Path, key: &StoreKey) -> Result<Self, StoreError> {
        let connection = connect(path, key, Access::Write)?;
        migrate::bring_up(&connection, &MIGRATIONS)?;
        empty_log(&connection)?;
        Ok(Self { connection, read_only: false })
    }

    /// Opens the store at `path`; never makes one. A store of an earlier version is copied beside itself and
    /// brought up to this one. On a disk that may only be read, the store is opened for reading, with what
    /// its log still holds: every write then answers [`StoreError::ReadOnly`].
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::AlreadyOpen`], [`StoreError::Newer`]; [`StoreError::WrongKey`] also where
    /// the first page is damaged, which SQLCipher cannot tell from another key; [`StoreError::Damaged`] for
    /// what is no store for certain, or is one in whose later pages something is wrong.
    pub fn open(path: &Path, key: &StoreKey) -> Result<Self, StoreError> {
        Self::open_with(path, key, &MIGRATIONS)
    }

    fn open_with(path: &Path, key: &StoreKey, migrations: &[&str]) -> Result<Self, StoreError> {
        let length = match std::fs::metadata(path) {
            Ok(found) if found.is_file() => found.len(),
            Ok(_) => return Err(StoreError::Damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::Missing),
            Err(error) => return Err(StoreError::Io(error)),
        };
        // Where the power failed while the log was moved, the last page may be there by half: the log still has it.
        if length < PAGE_BYTES || (length % PAGE_BYTES != 0 && !has_log(path)) {
            return Err(StoreError::Damaged);
        }
        if may_only_be_read(path) {
            return Self::open_for_reading(path, key, migrations);
        }
        let connection = connect(path, key, Access::Write)?;
        let found = migrate::version(&connection)?;
        let known = migrate::newest(migrations);
        if found == known {
            migrate::forget_copies(path, known);
            return Ok(Self { connection, read_only: false });
        }
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        if found == 0 {
            return Err(StoreError::Damaged);
        }
        empty_log(&connection)?;
        // Closed before the copy: another handle on the file would end this one's lock.
        drop(connection);
        migrate::copy(path, known)?;
        let connection = connect(path, key, Access::Write)?;
        migrate::bring_up(&connection, migrations)?;
        Ok(Self { connection, read_only: false })
    }

    fn open_for_reading(path: &Path, key: &StoreKey, migrations: &[&str]) -> Result<Self, StoreError> {
        let connection = connect(path, key, Access::Read { log: has_log(path) })?;
        let (found, known) = (migrate::version(&connection)?, migrate::newest(migrations));
        match found {
            _ if found == known => Ok(Self { connection, read_only: true }),
            _ if found > known => Err(StoreError::Newer { found, known }),
            0 => Err(StoreError::Damaged),
            _ => Err(StoreError::ReadOnly),
        }
    }

    /// Whether the store was opened on a disk that may only be read.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// How sure its commits are, as the open connection tells it: `off`, `normal`, `full` or `extra`.
    ///
    /// # Errors
    /// The connection does not tell.
    pub fn synchronous(&self) -> Result<&'static str, StoreError> {
        let mode: i64 =
            self.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).map_err(while_working)?;
        Ok(match mode {
            0 => "off",
            1 => "normal",
            2 => "full",
            _ => "extra",
        })
    }

    /// Reads every page, its MAC and the order of its entries; tells what is wrong, at most 100 findings,
    /// none with content. Empty means whole. Takes about as long as reading the file.
    ///
    /// # Errors
    /// The file cannot be read at all.
    pub fn check(&mut self) -> Result<Vec<String>, StoreError> {
        if !self.read_only {
            empty_log(&self.connection)?;
        }
        let mut findings = Vec::new();
        for pragma in ["PRAGMA cipher_integrity_check", "PRAGMA integrity_check(100)"] {
            let outcome = self.connection.prepare(pragma).and_then(|mut statement| {
                let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                rows.take(100).try_for_each(|row| {
                    findings.extend(Some(row?).filter(|finding| finding != "ok"));
                    Ok(())
                })
            });
            match outcome.map_err(while_working) {
                Err(StoreError::Damaged) => findings.push("a page cannot be read".to_owned()),
                other => other?,
            }
        }
        findings.truncate(100);
        Ok(findings)
    }

    /// True where what [`SqlcipherStore::check`] found is of the full-text index alone, which follows from the rest.
    #[must_use]
    pub fn is_of_index(finding: &str) -> bool {
        finding.contains("FTS5 table main.words")
            || (finding.starts_with("fts5: ") && finding.ends_with("table \"words\""))
    }

    /// Empties the full-text index, whatever state it is in.
    ///
    /// # Errors
    /// The disk is full or the store cannot be written.
    pub fn empty_index(&mut self) -> Result<(), StoreError> {
        let act = "BEGIN; INSERT INTO words(words) VALUES ('delete-all'); DELETE FROM searchable; COMMIT";
        self.connection.execute_batch(act).map_err(while_working)
    }

    /// Gives back the space of what was removed, and rewrites the full-text index, so that no word of a
    /// removed document is left in the file. As long as the file is large.
    ///
    /// # Errors
    /// The disk is full or the store cannot be written.
    pub fn compact(&mut self) -> Result<(), StoreError> {
        let act = || {
            self.connection.execute_batch("INSERT INTO words(words) VALUES ('optimize'); VACUUM")?;
            Ok(())
        };
        act().map_err(while_working)?;
        empty_log(&self.connection)
    }
}

impl Store for SqlcipherStore {
    fn transaction<T, E: From<StoreError>>(
        &mut self,
        act: impl FnOnce(&mut dyn Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Deferred)
            .map_err(while_working)?;
        let mut open = Open::new(&transaction, self.read_only);
        // Without a commit, also when `act` panics, dropping the transaction rolls it back.
        let result = act(&mut open)?;
        if open.has_failed() {
            return Err(StoreError::Aborted.into());
        }
        transaction.commit().map_err(while_working)?;
        Ok(result)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Write,
    /// Without locks: only for files that nobody can change.
    Read {
        /// True where the log beside the file has something in it.
        log: bool,
    },
}

fn connect(path: &Path, key: &StoreKey, access: Access) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreError::Io(io::Error::other("this SQLite is too old")));
    }
    let connection = match access {
        Access::Write => {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(path, flags)
        }
        Access::Read { log } => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            match log {
                // What is told to be immutable is read without its log.
                true => Connection::open_with_flags_and_vfs(path, flags, NO_LOCKS),
                false => {
                    let flags = flags | OpenFlags::SQLITE_OPEN_URI;
                    Connection::open_with_flags(immutable_address(path), flags)
                }
            }
        }
    }
    .map_err(while_opening)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // SQLCipher 4.20 prepares what a process shares with its first keyed connection, unlocked (its issue 598): two threads
    // that open two stores at once may each be told that the key is wrong.
    static OPENING: Mutex<()> = Mutex::new(());
    let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    // An error of this statement would carry its text, and so the key: it is dropped.
    let unlock = unlock_statement(key);
    if defended!(K20) {
        connection.execute_batch(&unlock).map_err(|_| StoreError::WrongKey)?;
    }
    prepare(&connection, access).map_err(while_opening)?;
    Ok(connection)
}

fn prepare(connection: &Connection, access: Access) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // Otherwise SQLite prepares a kept statement anew for every other key that is bound to a range.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;",
    )?;
    if access == (Access::Read { log: true }) {
        // The log's index is kept in memory, and the log is left as it is.
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE;")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    }
    if access == Access::Write {
        connection.execute_batch("PRAGMA secure_delete = ON;")?;
        if defended!(F24) {
            connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE;")?;
        }
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
             PRAGMA journal_size_limit = 16777216;",
        )?;
        if !defended!(F01) || !defended!(F02) {
            connection.execute_batch("PRAGMA synchronous = NORMAL")?;
        }
    }
    // Pages that a list of thousands reads are decrypted once. Reads the file, so it comes after what locks it.
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// `PRAGMA key` with a raw key, so that no password is stretched; memory is wiped, and locked where allowed.
fn unlock_statement(key: &StoreKey) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(256));
    text.push_str("PRAGMA cipher_log_level = NONE; PRAGMA cipher_memory_security = ON; PRAGMA key = \"x'");
    for byte in key {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    text.push_str("'\";");
    text
}

/// Moves the write-ahead log into the file and empties it.
fn empty_log(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(while_working)
}

/// True where a log lies beside the file that has something in it.
fn has_log(path: &Path) -> bool {
    std::fs::metadata(with_ending(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

fn new_private_file(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path).and_then(|file| file.sync_all()) {
        Ok(()) => Ok(()),
        Err(error) => Err(refusal::of_file(error)),
    }
}

fn may_only_be_read(path: &Path) -> bool {
    let refused = |error: io::Error| {
        matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
    };
    // The handle is closed before SQLite takes its lock.
    OpenOptions::new().write(true).open(path).map(drop).is_err_and(refused)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut text = OsString::from(path);
    text.push(ending);
    text.into()
}

/// The file's address in the form that lets SQLite be told that nothing changes it.
fn immutable_address(path: &Path) -> String {
    let mut address = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                address.push(char::from(*byte))
            }
            other => write!(address, "%{other:02X}").expect("writing to a string cannot fail"),
        }
    }
    address.push_str("?immutable=1");
    address
}

/// Makes what a folder lists durable; without effect where folders cannot be opened.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests;
