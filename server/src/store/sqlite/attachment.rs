//! Attachments as rows of pieces, each at most as long as what came in one write.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::append::{charge, keep, tail};
use super::failed;
use crate::store::{AttachmentKey, Piece, PieceOutcome, Progress, StoreError};

/// Bits of a piece's key that hold its offset.
const OFFSET_BITS: u32 = 32;

struct Found {
    no: i64,
    accounts: Vec<u8>,
    progress: Progress,
}

fn find(connection: &Connection, no: i64, key: &AttachmentKey) -> Result<Option<Found>, StoreError> {
    let mut query = connection
        .prepare_cached(
            "SELECT no, accounts, held, total FROM attachments
             WHERE programme = ?1 AND stream = ?2 AND id = ?3",
        )
        .map_err(failed)?;
    let read = |row: &Row<'_>| {
        let unsigned = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let progress = Progress { held_bytes: unsigned(2)?, total_bytes: unsigned(3)? };
        Ok(Found { no: row.get(0)?, accounts: row.get(1)?, progress })
    };
    query.query_row(params![no, key.stream.0, key.id.0], read).optional().map_err(failed)
}

fn place(no: i64, offset: u64) -> i64 {
    (no << OFFSET_BITS) + i64::try_from(offset).unwrap_or(i64::MAX).min((1 << OFFSET_BITS) - 1)
}

pub(super) fn progress(
    connection: &Connection,
    no: i64,
    key: &AttachmentKey,
) -> Result<Option<Progress>, StoreError> {
    Ok(find(connection, no, key)?.map(|found| found.progress))
}

pub(super) fn add(connection: &Connection, piece: &Piece) -> Result<PieceOutcome, StoreError> {
    let Some(mut tail) = tail(connection, piece.key.programme)? else {
        return Err(StoreError::Failed("attachment of an unknown programme".to_owned()));
    };
    let found = match find(connection, tail.no, &piece.key)? {
        Some(found) => found,
        None => {
            let fits = tail.bytes + piece.total_bytes <= piece.programme_limit_bytes;
            if !fits || !charge(connection, tail.no, &piece.accounts, piece.total_bytes)? {
                return Ok(PieceOutcome::NoRoom);
            }
            tail.bytes += piece.total_bytes;
            keep(connection, &tail)?;
            create(connection, tail.no, piece)?
        }
    };
    let Progress { held_bytes, total_bytes } = found.progress;
    let end = piece.from + piece.bytes.len() as u64;
    if piece.from != held_bytes || piece.total_bytes != total_bytes || end > total_bytes {
        return Ok(PieceOutcome::Elsewhere(found.progress));
    }
    if piece.bytes.is_empty() {
        return Ok(PieceOutcome::Held(found.progress));
    }
    let mut insert = connection.prepare_cached("INSERT INTO pieces VALUES (?1, ?2)").map_err(failed)?;
    insert.execute(params![place(found.no, held_bytes), piece.bytes]).map_err(failed)?;
    let mut update =
        connection.prepare_cached("UPDATE attachments SET held = ?2 WHERE no = ?1").map_err(failed)?;
    update.execute(params![found.no, end.cast_signed()]).map_err(failed)?;
    Ok(PieceOutcome::Held(Progress { held_bytes: end, total_bytes }))
}

fn create(connection: &Connection, no: i64, piece: &Piece) -> Result<Found, StoreError> {
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO attachments (programme, stream, id, accounts, total, held)
             VALUES (?1, ?2, ?3, ?4, ?5, 0) RETURNING no",
        )
        .map_err(failed)?;
    let key = &piece.key;
    let accounts: Vec<u8> = piece.accounts.iter().flat_map(|account| account.id).collect();
    let row = params![no, key.stream.0, key.id.0, accounts, piece.total_bytes.cast_signed()];
    let no = insert.query_row(row, |row| row.get(0)).map_err(failed)?;
    let progress = Progress { held_bytes: 0, total_bytes: piece.total_bytes };
    Ok(Found { no, accounts, progress })
}

pub(super) fn remove(connection: &Connection, key: &AttachmentKey) -> Result<(), StoreError> {
    let Some(mut tail) = tail(connection, key.programme)? else { return Ok(()) };
    let Some(found) = find(connection, tail.no, key)? else { return Ok(()) };
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| connection.execute(sql, values).map_err(failed);
    run(
        "DELETE FROM pieces WHERE place BETWEEN ?1 AND ?2",
        &[&place(found.no, 0), &place(found.no, u64::MAX)],
    )?;
    run("DELETE FROM attachments WHERE no = ?1", &[&found.no])?;
    let size = found.progress.total_bytes;
    for account in found.accounts.chunks(16) {
        run(
            "UPDATE accounts SET bytes = max(0, bytes - ?3) WHERE programme = ?1 AND id = ?2",
            &[&tail.no, &account, &size.cast_signed()],
        )?;
    }
    tail.bytes = tail.bytes.saturating_sub(size);
    keep(connection, &tail)
}

pub(super) fn read(
    connection: &Connection,
    no: i64,
    key: &AttachmentKey,
    from: u64,
) -> Result<Vec<u8>, StoreError> {
    let Some(found) = find(connection, no, key)? else { return Ok(Vec::new()) };
    if from >= found.progress.held_bytes {
        return Ok(Vec::new());
    }
    let mut query = connection
        .prepare_cached(
            "SELECT place, bytes FROM pieces WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC LIMIT 1",
        )
        .map_err(failed)?;
    let read = |row: &Row<'_>| {
        let start = row.get::<_, i64>(0)? - place(found.no, 0);
        let skip = from.saturating_sub(start.cast_unsigned());
        let bytes = row.get_ref(1)?.as_blob()?;
        Ok(bytes.get(usize::try_from(skip).unwrap_or(usize::MAX)..).unwrap_or_default().to_vec())
    };
    let piece = query.query_row([place(found.no, 0), place(found.no, from)], read).optional();
    Ok(piece.map_err(failed)?.unwrap_or_default())
}
