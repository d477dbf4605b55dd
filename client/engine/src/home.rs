//! A home: the folder of one programme on one device, held by one process at a time.
//!
//! ```text
//! identity.age        the device's secrets, under a passphrase
//! store.db            the encrypted store
//! anchor              what the store may not fall behind, outside of it
//! lock                the version of this layout; locked while the home is open
//! recovery.envelope   the device's secrets, sealed to the paper; only where there is one
//! keychain.envelope   the device's secrets, sealed to a key in this computer's keychain; only where a person wanted it
//! log/                logs without content
//! ```
//!
//! Everything is readable by its owner only. Not the command line's settings, and no rule about members or
//! keys: those are in the store. It reads no environment and no clock.

mod anchor;
mod backup;
mod error;
mod files;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

pub use self::anchor::{Anchor, Continuity};
pub use self::error::HomeError;
pub use self::files::{read_bounded, sync_name, write_atomically, write_atomically_with};
use tessera_defence::{defence, defended};

use crate::store::{SqlcipherStore, StoreError, StoreKey};

const IDENTITY: &str = "identity.age";
const STORE: &str = "store.db";
const ANCHOR: &str = "anchor";
const LOCK: &str = "lock";
const RECOVERY: &str = "recovery.envelope";
const KEYCHAIN: &str = "keychain.envelope";
const LOG: &str = "log";

/// The version of the layout that this program writes and the newest it knows.
const VERSION: u32 = 1;
/// The largest identity or envelope, in bytes: 64 KiB.
const MAX_SECRET_FILE_BYTES: u64 = 64 << 10;

/// A home that this process holds until it is dropped.
#[derive(Debug)]
pub struct Home {
    folder: PathBuf,
    _lock: Lock,
}

/// A locked file. Unlocked by hand when dropped: a process that is being started may share the handle for a
/// moment, and the lock with it.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the handle, which follows, unlocks as well.
        drop(self.0.unlock());
    }
}

/// A home with its store opened.
pub struct Opened {
    /// The store.
    pub store: SqlcipherStore,
    /// What the store is held against.
    pub anchor: Anchor,
    /// Whether the store is the one that was here last time; anything but [`Continuity::Continues`] and
    /// [`Continuity::First`] is to be shown to the person, and work goes on.
    pub continuity: Continuity,
}

impl Home {
    /// Prepares a home beside `folder`, which must be absent or empty; nothing is at `folder` before
    /// [`NewHome::finish`].
    ///
    /// # Errors
    /// [`HomeError::Exists`] where something is there already, [`HomeError::InUse`] where another process is
    /// preparing the same.
    pub fn prepare(folder: &Path, identity: &[u8], key: &StoreKey) -> Result<NewHome, HomeError> {
        let new = Self::prepare_folder(folder)?;
        let home = new.home();
        write_atomically(&home.path(IDENTITY), identity)?;
        drop(SqlcipherStore::create(&home.path(STORE), key)?);
        Ok(new)
    }

    /// Prepares the folder beside its place, with nothing of a home in it yet.
    fn prepare_folder(folder: &Path) -> Result<NewHome, HomeError> {
        if !is_absent_or_empty(folder).map_err(HomeError::of(folder))? {
            return Err(HomeError::Exists);
        }
        let folder = std::path::absolute(folder).map_err(HomeError::of(folder))?;
        let unfinished = unfinished_path(&folder)?;
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent).map_err(HomeError::of(parent))?;
        }
        if unfinished.exists() {
            // Left by a process that ended in the middle, unless it is still at work and holds the lock.
            drop(lock_file(&unfinished)?);
            std::fs::remove_dir_all(&unfinished).map_err(HomeError::of(&unfinished))?;
        }
        files::create_private_folder(&unfinished)?;
        let new = NewHome { home: Some(Self { _lock: lock_file(&unfinished)?, folder: unfinished }), folder };
        files::create_private_folder(&new.home().path(LOG))?;
        Ok(new)
    }

    /// Makes a home with an empty store.
    ///
    /// # Errors
    /// As [`Home::prepare`].
    pub fn create(folder: &Path, identity: &[u8], key: &StoreKey) -> Result<Self, HomeError> {
        Self::prepare(folder, identity, key)?.finish()
    }

    /// Takes hold of a home.
    ///
    /// # Errors
    /// [`HomeError::NotAHome`], [`HomeError::InUse`] where another process or window has it,
    /// [`HomeError::Newer`].
    pub fn lock(folder: &Path) -> Result<Self, HomeError> {
        if !folder.join(IDENTITY).is_file() {
            return Err(HomeError::NotAHome);
        }
        let folder = std::path::absolute(folder).map_err(HomeError::of(folder))?;
        let lock = lock_file(&folder)?;
        files::make_private(&folder);
        Ok(Self { folder, _lock: lock })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where logs go.
    #[must_use]
    pub fn log_folder(&self) -> PathBuf {
        self.path(LOG)
    }

    /// Reads the identity file.
    ///
    /// # Errors
    /// It is missing, larger than 64 KiB or cannot be read.
    pub fn identity(&self) -> Result<Vec<u8>, HomeError> {
        read_bounded(&self.path(IDENTITY), MAX_SECRET_FILE_BYTES)
    }

    /// Replaces the identity file, as after a change of the passphrase: wholly or not at all.
    ///
    /// # Errors
    /// It cannot be written; the earlier one is kept.
    pub fn replace_identity(&self, identity: &[u8]) -> Result<(), HomeError> {
        write_atomically(&self.path(IDENTITY), identity)
    }

    /// Reads the recovery envelope; `None` where there is none.
    ///
    /// # Errors
    /// It is larger than 64 KiB or cannot be read.
    pub fn recovery_envelope(&self) -> Result<Option<Vec<u8>>, HomeError> {
        let path = self.path(RECOVERY);
        if !path.exists() {
            return Ok(None);
        }
        read_bounded(&path, MAX_SECRET_FILE_BYTES).map(Some)
    }

    /// Replaces the recovery envelope.
    ///
    /// # Errors
    /// It cannot be written; the earlier one is kept.
    pub fn replace_recovery_envelope(&self, envelope: &[u8]) -> Result<(), HomeError> {
        write_atomically(&self.path(RECOVERY), envelope)
    }

    /// Reads what a key in this computer's keychain opens, of a home that need not be held; `None` where there is none.
    ///
    /// # Errors
    /// It is larger than 64 KiB or cannot be read.
    pub fn keychain_envelope(folder: &Path) -> Result<Option<Vec<u8>>, HomeError> {
        if !Self::is_in_keychain(folder) {
            return Ok(None);
        }
        read_bounded(&folder.join(KEYCHAIN), MAX_SECRET_FILE_BYTES).map(Some)
    }

    /// True where the home in a folder has such an envelope.
    #[must_use]
    pub fn is_in_keychain(folder: &Path) -> bool {
        folder.join(KEYCHAIN).is_file()
    }

    /// Replaces that envelope.
    ///
    /// # Errors
    /// It cannot be written; the earlier one is kept.
    pub fn replace_keychain_envelope(&self, envelope: &[u8]) -> Result<(), HomeError> {
        write_atomically(&self.path(KEYCHAIN), envelope)
    }

    /// Deletes that envelope, where there is one: what the keychain holds then opens nothing.
    ///
    /// # Errors
    /// It cannot be deleted.
    pub fn remove_keychain_envelope(&self) -> Result<(), HomeError> {
        self.remove(KEYCHAIN)?;
        files::sync_folder(&self.folder)
    }

    /// Opens the store and begins a start, for which `mark` is 8 random bytes. Never makes a store.
    ///
    /// # Errors
    /// As [`SqlcipherStore::open`]; with the anchor at hand, a damaged first page is told from another key.
    pub fn open(&self, key: &StoreKey, mark: [u8; 8]) -> Result<Opened, HomeError> {
        let mut store = self.open_store(key)?;
        let mut anchor = Anchor::open(&self.path(ANCHOR), key)?;
        let continuity = anchor.begin(&mut store, mark)?;
        Ok(Opened { store, anchor, continuity })
    }

    /// Opens the store alone, without a new start: for checks and backups.
    ///
    /// # Errors
    /// As [`Home::open`].
    pub fn open_store(&self, key: &StoreKey) -> Result<SqlcipherStore, HomeError> {
        SqlcipherStore::open(&self.path(STORE), key).map_err(|error| match error {
            StoreError::WrongKey if Anchor::was_sealed_with(&self.path(ANCHOR), key) => {
                StoreError::Damaged.into()
            }
            other => other.into(),
        })
    }

    /// Deletes the home for ever: what opens it first, so that wherever this is interrupted the rest opens for nobody. Its
    /// store must be closed.
    ///
    /// # Errors
    /// Something cannot be deleted.
    pub fn destroy(self) -> Result<(), HomeError> {
        for name in [IDENTITY, RECOVERY, KEYCHAIN] {
            self.remove(name)?;
        }
        files::sync_folder(&self.folder)?;
        let folder = self.folder.clone();
        // Some systems delete no folder while a file in it is held.
        drop(self);
        std::fs::remove_dir_all(&folder).map_err(HomeError::of(&folder))
    }

    fn remove(&self, name: &str) -> Result<(), HomeError> {
        let path = self.path(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(HomeError::of(&path)(error)),
            _ => Ok(()),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A home that is being made; without [`NewHome::finish`] it leaves nothing behind.
#[derive(Debug)]
pub struct NewHome {
    home: Option<Home>,
    folder: PathBuf,
}

impl NewHome {
    /// Reads the identity file.
    ///
    /// # Errors
    /// As [`Home::identity`].
    pub fn identity(&self) -> Result<Vec<u8>, HomeError> {
        self.home().identity()
    }

    /// Opens the new store to be filled; it must be dropped before [`NewHome::finish`].
    ///
    /// # Errors
    /// As [`SqlcipherStore::open`].
    pub fn open_store(&self, key: &StoreKey) -> Result<SqlcipherStore, HomeError> {
        self.home().open_store(key)
    }

    /// Puts the home in its place, still held.
    ///
    /// # Errors
    /// [`HomeError::Exists`] where something came there meanwhile.
    pub fn finish(mut self) -> Result<Home, HomeError> {
        let unfinished = self.home().folder.clone();
        if self.folder.exists() {
            // Only an empty folder can be removed so; anything else is not touched.
            std::fs::remove_dir(&self.folder).map_err(|_| HomeError::Exists)?;
        }
        files::sync_folder(&unfinished)?;
        std::fs::rename(&unfinished, &self.folder).map_err(HomeError::of(&self.folder))?;
        let mut home = self.home.take().expect("only finish, which consumes, takes it");
        home.folder.clone_from(&self.folder);
        if let Some(parent) = self.folder.parent() {
            files::sync_folder(parent)?;
        }
        Ok(home)
    }

    fn home(&self) -> &Home {
        self.home.as_ref().expect("only finish, which consumes, takes it")
    }
}

impl Drop for NewHome {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            // What cannot be removed is removed by the next attempt.
            drop(std::fs::remove_dir_all(&home.folder));
        }
    }
}

/// Locks the folder's lock file and checks the version in it; writes the version where the file is new.
fn lock_file(folder: &Path) -> Result<Lock, HomeError> {
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    files::only_for_owner(&mut options);
    let opened = options.open(&path).or_else(|error| match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => File::open(&path),
        _ => Err(error),
    });
    let file = opened.map_err(HomeError::of(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) if !defended!(F24) => {}
        Err(TryLockError::WouldBlock) => return Err(HomeError::InUse),
        Err(TryLockError::Error(error)) => return Err(HomeError::of(&path)(error)),
    }
    let lock = Lock(file);
    let mut file = &lock.0;
    let mut text = String::new();
    let damaged = || HomeError::Damaged(LOCK);
    file.take(64).read_to_string(&mut text).map_err(|_| damaged())?;
    if text.is_empty() {
        let written =
            file.write_all(format!("tessera home {VERSION}\n").as_bytes()).and_then(|()| file.sync_all());
        written.map_err(HomeError::of(&path))?;
        return Ok(lock);
    }
    let found = text.strip_prefix("tessera home ").and_then(|text| text.trim_end().parse().ok());
    match found.ok_or_else(damaged)? {
        VERSION => Ok(lock),
        found if !defence!(F14, found <= VERSION) => Err(HomeError::Newer { found, known: VERSION }),
        found if found > VERSION => Ok(lock),
        _ => Err(damaged()),
    }
}

fn is_absent_or_empty(folder: &Path) -> io::Result<bool> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error),
    }
}

fn unfinished_path(folder: &Path) -> Result<PathBuf, HomeError> {
    let Some(name) = folder.file_name() else { return Err(HomeError::Exists) };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".unfinished");
    Ok(folder.with_file_name(hidden))
}

#[cfg(test)]
mod tests;
