//! Appending to the log: numbers and heads are given here, inside the transaction, so that no number is
//! ever given twice or skipped.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tessera_defence::defence;
use tessera_protocol::codec::Wire;
use tessera_protocol::hash::Hash;
use tessera_protocol::ids::{PackId, ProgrammeId};
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::{EMPTY_HEAD, next_head};

use super::{failed, place, programme_number, read_place};
use crate::store::{Account, Batch, NewPack, Outcome, Place, Right, StoreError};

/// The end of a programme's log, and what it holds.
pub(super) struct Tail {
    pub(super) no: i64,
    sequence: u64,
    head: Hash,
    pub(super) bytes: u64,
}

pub(super) fn run(connection: &Connection, batch: &Batch) -> Result<Vec<Outcome>, StoreError> {
    let mut tail = match tail(connection, batch.programme)? {
        Some(tail) => tail,
        None => create(connection, batch.programme)?,
    };
    let before = tail.sequence;
    let mut outcomes = Vec::with_capacity(batch.packs.len());
    for new in &batch.packs {
        outcomes.push(one(connection, batch, &mut tail, new)?);
    }
    if tail.sequence > before {
        keep(connection, &tail)?;
        batch.changed.iter().try_for_each(|right| keep_changed(connection, &tail, *right))?;
    }
    Ok(outcomes)
}

fn one(
    connection: &Connection,
    batch: &Batch,
    tail: &mut Tail,
    new: &NewPack,
) -> Result<Outcome, StoreError> {
    let id = new.pack.id();
    let header = new.pack.header().to_bytes();
    let bytes = new.pack.to_bytes();
    let rest = &bytes[header.len()..];
    if let Some(found) = known(connection, tail.no, id)? {
        mend(connection, place(tail.no, found.sequence), &header, rest)?;
        return Ok(Outcome::Known(found));
    }
    let size = bytes.len() as u64;
    if !defence!(F20, tail.bytes + size <= batch.programme_limit_bytes) {
        return Ok(Outcome::ProgrammeFull);
    }
    if !charge(connection, tail.no, &new.accounts, size)? {
        return Ok(Outcome::NoRoom);
    }
    tail.sequence += 1;
    tail.bytes += size;
    tail.head = next_head(&tail.head, id, batch.received_ms);
    let mut insert = connection
        .prepare_cached("INSERT INTO packs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
        .map_err(failed)?;
    let (stream, device) = (new.pack.header().stream.0, new.pack.header().device.0);
    let row = params![
        place(tail.no, tail.sequence),
        id.0,
        stream,
        device,
        size.cast_signed(),
        batch.incarnation.0,
        batch.received_ms.cast_signed(),
        tail.head.0,
        header,
        rest,
    ];
    insert.execute(row).map_err(failed)?;
    Ok(Outcome::Stored(Place {
        incarnation: batch.incarnation,
        sequence: tail.sequence,
        received_ms: batch.received_ms,
        head: tail.head,
    }))
}

/// Puts a pack's bytes in the place of damaged ones. Whole ones are never written over.
fn mend(connection: &Connection, place: i64, header: &[u8], rest: &[u8]) -> Result<(), StoreError> {
    let mut query =
        connection.prepare_cached("SELECT header, rest FROM packs WHERE place = ?1").map_err(failed)?;
    let whole = query
        .query_row([place], |row| {
            let stored = [row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?].concat();
            Ok(row.get_ref(0)?.as_blob()? == header && Pack::from_bytes(&stored).is_ok())
        })
        .map_err(failed)?;
    if !whole {
        let sql = "UPDATE packs SET header = ?2, rest = ?3 WHERE place = ?1";
        connection.execute(sql, params![place, header, rest]).map_err(failed)?;
    }
    Ok(())
}

/// Where a pack is, if it is there.
pub(super) fn known(connection: &Connection, no: i64, id: PackId) -> Result<Option<Place>, StoreError> {
    let mut query = connection
        .prepare_cached(
            "SELECT place, incarnation, received_ms, head FROM packs
             WHERE id = ?1 AND place BETWEEN ?2 AND ?3",
        )
        .map_err(failed)?;
    let key = params![id.0, place(no, 0), place(no, u64::MAX)];
    query.query_row(key, |row| read_place(row, 0)).optional().map_err(failed)
}

pub(super) fn tail(connection: &Connection, programme: ProgrammeId) -> Result<Option<Tail>, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT no, sequence, head, bytes FROM programmes WHERE id = ?1")
        .map_err(failed)?;
    let read = |row: &Row<'_>| {
        Ok(Tail {
            no: row.get(0)?,
            sequence: row.get::<_, i64>(1)?.cast_unsigned(),
            head: Hash(row.get(2)?),
            bytes: row.get::<_, i64>(3)?.cast_unsigned(),
        })
    };
    query.query_row([programme.0], read).optional().map_err(failed)
}

fn create(connection: &Connection, programme: ProgrammeId) -> Result<Tail, StoreError> {
    connection
        .execute(
            "INSERT INTO programmes (id, sequence, head, bytes) VALUES (?1, 0, ?2, 0)",
            params![programme.0, EMPTY_HEAD.0],
        )
        .map_err(failed)?;
    let no = programme_number(connection, programme)?
        .ok_or_else(|| StoreError::Failed("a new programme has no number".to_owned()))?;
    Ok(Tail { no, sequence: 0, head: EMPTY_HEAD, bytes: 0 })
}

/// Writes what a programme holds, and the end of its log.
pub(super) fn keep(connection: &Connection, tail: &Tail) -> Result<(), StoreError> {
    let mut update = connection
        .prepare_cached("UPDATE programmes SET sequence = ?2, head = ?3, bytes = ?4 WHERE no = ?1")
        .map_err(failed)?;
    let (sequence, bytes) = (tail.sequence.cast_signed(), tail.bytes.cast_signed());
    update.execute(params![tail.no, sequence, tail.head.0, bytes]).map_err(failed)?;
    Ok(())
}

fn keep_changed(connection: &Connection, tail: &Tail, right: Right) -> Result<(), StoreError> {
    let (subject, stream) = match &right {
        Right::Device(device) => (device.0, &[][..]),
        Right::Stream(member, stream) => (member.0, &stream.0[..]),
    };
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO changed VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET sequence = excluded.sequence",
        )
        .map_err(failed)?;
    insert.execute(params![tail.no, subject, stream, tail.sequence.cast_signed()]).map_err(failed)?;
    Ok(())
}

/// Adds to what every one of these accounts holds; false, and nothing is added, where that would be more
/// than one of them may.
pub(super) fn charge(
    connection: &Connection,
    no: i64,
    accounts: &[Account],
    size: u64,
) -> Result<bool, StoreError> {
    let mut query = connection
        .prepare_cached("SELECT bytes FROM accounts WHERE programme = ?1 AND id = ?2")
        .map_err(failed)?;
    let mut after = Vec::with_capacity(accounts.len());
    for account in accounts {
        let held: Option<i64> =
            query.query_row(params![no, account.id], |row| row.get(0)).optional().map_err(failed)?;
        let held = held.unwrap_or(0).cast_unsigned() + size;
        if !defence!(F20, defence!(N04, held <= account.limit_bytes)) {
            return Ok(false);
        }
        after.push((account.id, held));
    }
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO accounts VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET bytes = excluded.bytes",
        )
        .map_err(failed)?;
    for (id, held) in after {
        insert.execute(params![no, id, held.cast_signed()]).map_err(failed)?;
    }
    Ok(true)
}
