//! What only an operator asks of a database: whether it is whole, what it holds, a copy of it.

use std::path::Path;

use rusqlite::{Row, params};
use tessera_protocol::ids::{AttachmentId, DeviceId, ProgrammeId, StreamId};

use super::{SqliteStore, failed, place};
use crate::store::{AttachmentKey, Progress, StoreError};

impl SqliteStore {
    /// What SQLite itself finds wrong with the file; empty where nothing is.
    ///
    /// # Errors
    /// [`StoreError`], as every function here.
    pub fn integrity(&self) -> Result<Vec<String>, StoreError> {
        self.with(|connection| {
            let mut found = Vec::new();
            for check in ["PRAGMA integrity_check(100)", "PRAGMA foreign_key_check"] {
                let mut query = connection.prepare(check).map_err(failed)?;
                let rows = query.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
                for row in rows {
                    found.push(row.map_err(failed)?);
                }
            }
            found.retain(|line| line != "ok");
            Ok(found)
        })
    }

    /// What a programme is said to hold, in bytes: packs and attachments.
    ///
    /// # Errors
    /// As above.
    pub fn held_bytes(&self, programme: ProgrammeId) -> Result<u64, StoreError> {
        let bytes = self.within(programme, |connection, no| {
            let read = |row: &Row<'_>| row.get::<_, i64>(0);
            connection.query_row("SELECT bytes FROM programmes WHERE no = ?1", [no], read).map_err(failed)
        })?;
        Ok(bytes.unwrap_or(0).cast_unsigned())
    }

    /// The attachments of a programme.
    ///
    /// # Errors
    /// As above.
    pub fn attachments(&self, programme: ProgrammeId) -> Result<Vec<(AttachmentKey, Progress)>, StoreError> {
        let attachments = self.within(programme, |connection, no| {
            let mut query = connection
                .prepare("SELECT stream, id, held, total FROM attachments WHERE programme = ?1 ORDER BY no")
                .map_err(failed)?;
            let read = |row: &Row<'_>| {
                let unsigned = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
                let (stream, id) = (StreamId(row.get(0)?), AttachmentId(row.get(1)?));
                let progress = Progress { held_bytes: unsigned(2)?, total_bytes: unsigned(3)? };
                Ok((AttachmentKey { programme, stream, id }, progress))
            };
            let rows = query.query_map([no], read).map_err(failed)?;
            rows.collect::<Result<_, _>>().map_err(failed)
        })?;
        Ok(attachments.unwrap_or_default())
    }

    /// How many packs each device wrote into each stream, with their bytes.
    ///
    /// # Errors
    /// As above.
    pub fn writers(&self, programme: ProgrammeId) -> Result<Vec<(StreamId, DeviceId, u64, u64)>, StoreError> {
        let writers = self.within(programme, |connection, no| {
            let mut query = connection
                .prepare(
                    "SELECT stream, device, count(*), sum(size) FROM packs
                     WHERE place BETWEEN ?1 AND ?2 GROUP BY stream, device",
                )
                .map_err(failed)?;
            let read = |row: &Row<'_>| {
                let unsigned = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
                Ok((StreamId(row.get(0)?), DeviceId(row.get(1)?), unsigned(2)?, unsigned(3)?))
            };
            let rows = query.query_map(params![place(no, 0), place(no, u64::MAX)], read).map_err(failed)?;
            rows.collect::<Result<_, _>>().map_err(failed)
        })?;
        Ok(writers.unwrap_or_default())
    }

    /// Writes a consistent copy, also while a relay runs. The file must not exist.
    ///
    /// # Errors
    /// As above.
    pub fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let text = path.to_str().ok_or_else(|| StoreError::Failed("the path is not UTF-8".to_owned()))?;
        self.connected(|connection| {
            connection.execute("VACUUM INTO ?1", [text]).map_err(failed)?;
            Ok(())
        })
    }
}
