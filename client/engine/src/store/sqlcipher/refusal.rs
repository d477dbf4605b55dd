//! SQLite's errors as the store's. No message of SQLite is shown to a person; it stays as a source.

use std::io;

use rusqlite::{Error, ErrorCode};
use tessera_defence::defended;

use super::super::StoreError;

/// Names an error of an open store.
pub(super) fn while_working(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) if defended!(F04) => StoreError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::ReadOnly,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::AlreadyOpen,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged,
        _ => StoreError::Io(io::Error::other(error)),
    }
}

/// Names an error of a store that is being opened: there, a page that cannot be decrypted means another key.
pub(super) fn while_opening(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::WrongKey,
        _ => while_working(error),
    }
}

/// Names an error of the file system.
pub(super) fn of_file(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly,
        io::ErrorKind::AlreadyExists => StoreError::Exists,
        io::ErrorKind::NotFound => StoreError::Missing,
        _ => StoreError::Io(error),
    }
}
