//! A disk under SQLite whose power can fail after every write: what F02 is tested with.
//!
//! [`install`] puts a file system below every SQLite connection that this process opens from then on, also those that
//! the product opens: it passes everything on to real files and, for one database that is watched, notes each write,
//! sync, truncation and deletion in order, and what was acknowledged in between. From that [`Record`] it makes
//! [`Image`]s: what the disk may hold if the power fails at a moment. Everything that was synced is there; of what was
//! written since, nothing, all, any part in any order, and writes torn at 512 bytes. The same file system fails where it is
//! told to ([`Fault`]): what F04 is tested with.
//!
//! Not a test by itself and nothing that ships. It does not know what the files mean: the client's and the relay's tests
//! open the images with the product's own code and compare them with what was acknowledged. It is below SQLite and not
//! below the kernel: files that are written beside a database (the home's anchor, a bundle) are not recorded.
//!
//! Read [`disk`] for what is recorded, [`image`] for what can be lost. The way to here, and what else was thought of:
//! `DECISION.md` beside this crate's manifest.

use std::io;
use std::path::Path;

use tempfile::TempDir;

mod dice;
pub mod disk;
pub mod image;
mod locks;

pub use disk::{Disk, Fault, install};
pub use image::{Image, Record};

/// A temporary folder that costs no disk where the system has such a place.
///
/// # Errors
/// Where none can be made.
pub fn folder() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}

/// The unit in which a disk writes, in bytes: a write is torn between two of them.
pub const SECTOR_BYTES: usize = 512;

/// One of the files of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The database.
    Main,
    /// The write-ahead log.
    Log,
    /// The rollback journal.
    Journal,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::Main, Self::Log, Self::Journal];

    /// What its file's name has more than the database's.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Main => "",
            Self::Log => "-wal",
            Self::Journal => "-journal",
        }
    }
}
