//! What can go wrong with a store. Not what a caller makes of it.

use std::io;

/// Why a store refused.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space is left on the disk; nothing of the transaction was kept.
    #[error("the disk is full")]
    Full,
    /// The file, its folder or the disk may only be read.
    #[error("the store can only be read")]
    ReadOnly,
    /// The disk or the operating system failed.
    #[error("the store could not be read or written")]
    Io(#[source] io::Error),
    /// The file was changed or cut by something other than this program.
    #[error("the store is damaged")]
    Damaged,
    /// The key does not open this file.
    #[error("the key does not open this store")]
    WrongKey,
    /// The file was written by a later version of the program.
    #[error("the store has version {found}, this program knows versions up to {known}")]
    Newer {
        /// The version of the file.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// There is no file to open.
    #[error("there is no store here")]
    Missing,
    /// There is a file where a store was to be made.
    #[error("there is a store here already")]
    Exists,
    /// Another process has opened it.
    #[error("the store is open elsewhere")]
    AlreadyOpen,
    /// A key or a value is beyond its limit.
    #[error("a key of {key_bytes} bytes or a value of {value_bytes} bytes is too large for the store")]
    TooLarge {
        /// The length of the key.
        key_bytes: usize,
        /// The length of the value.
        value_bytes: usize,
    },
    /// An earlier write of the same transaction failed, so that it cannot be committed.
    #[error("an earlier write of this transaction failed")]
    Aborted,
    /// The store stopped and must be opened again.
    #[error("the store is closed")]
    Closed,
}
