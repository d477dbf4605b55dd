//! The numbered migrations of the encrypted store. A published migration is never changed.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::super::StoreError;
use super::refusal::{of_file, while_working};
use super::{sync_folder_of, with_ending};

/// Migration `n` brings version `n - 1` to `n`.
pub(super) const MIGRATIONS: [&str; 3] = [
    include_str!("../../../migrations/001.sql"),
    include_str!("../../../migrations/002.sql"),
    include_str!("../../../migrations/003.sql"),
];

/// The version that these migrations lead to.
pub(super) fn newest(migrations: &[&str]) -> u32 {
    u32::try_from(migrations.len()).expect("migrations are a short list in the program")
}

/// The version of a store; 0 before the first migration.
pub(super) fn version(connection: &Connection) -> Result<u32, StoreError> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(while_working)
}

/// Runs what a store lacks, each migration in a transaction of its own together with its number.
pub(super) fn bring_up(connection: &Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let found = version(connection)?;
    for (number, migration) in (1..).zip(migrations).filter(|(number, _)| *number > found) {
        let transaction = connection.unchecked_transaction().map_err(while_working)?;
        transaction.execute_batch(migration).map_err(while_working)?;
        transaction.pragma_update(None, "user_version", number).map_err(while_working)?;
        transaction.commit().map_err(while_working)?;
    }
    Ok(())
}

/// Copies the closed store beside itself, complete or not at all. A copy that is there already comes from a
/// migration that was cut short, which left the store as it was; it is made again.
pub(super) fn copy(path: &Path, to_version: u32) -> Result<(), StoreError> {
    let copy = copy_path(path, to_version);
    let unfinished = with_ending(&copy, ".part");
    let act = || {
        std::fs::copy(path, &unfinished)?;
        std::fs::OpenOptions::new().write(true).open(&unfinished)?.sync_all()?;
        std::fs::rename(&unfinished, &copy)?;
        sync_folder_of(path)
    };
    act().map_err(|error| {
        drop(std::fs::remove_file(&unfinished));
        of_file(error)
    })
}

/// Removes the copies of migrations after which the store was opened again.
pub(super) fn forget_copies(path: &Path, version: u32) {
    for number in 2..=version {
        // Absent as a rule; a copy that cannot be removed is harmless.
        drop(std::fs::remove_file(copy_path(path, number)));
    }
}

/// Where the store as it was before migration `version` is kept.
pub(super) fn copy_path(path: &Path, version: u32) -> PathBuf {
    with_ending(path, &format!(".before-{version:03}"))
}
