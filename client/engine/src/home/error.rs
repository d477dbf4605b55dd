//! What can go wrong with a home. Not what a person is told to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// Why a home cannot be made, opened or written.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// There is no home in this folder.
    #[error("there is no home here")]
    NotAHome,
    /// Something is already where a home was to be made.
    #[error("this folder is not empty")]
    Exists,
    /// Another process or window has the home open.
    #[error("the home is open elsewhere")]
    InUse,
    /// The store's newest changes lie beside it and could not be written into it, as on a disk that may only be read.
    #[error(
        "the newest changes are not in the store itself, and this disk does not let them be written into it"
    )]
    LogLeft,
    /// A later version of the program wrote it.
    #[error("the home has version {found}, this program knows versions up to {known}")]
    Newer {
        /// The version of the home.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// One of its files is not what it should be.
    #[error("the home's {0} is damaged")]
    Damaged(&'static str),
    /// A file is beyond its limit.
    #[error("{path} is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit_bytes: u64,
    },
    /// No space is left on the disk; what was there is kept.
    #[error("the disk is full")]
    Full,
    /// The folder or the disk may only be read.
    #[error("{0} can only be read")]
    ReadOnly(PathBuf),
    /// The disk or the operating system failed.
    #[error("{path} could not be read or written")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HomeError {
    /// Names an error of the file system at `path`.
    pub(super) fn of(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(path),
            _ => Self::Io { path, source },
        }
    }
}
