//! One transaction of the encrypted store: the tables as SQL.

use std::cell::Cell;

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use tessera_defence::defended;

use super::super::words::{self, Wanted};
use super::super::{
    Entries, MAX_INDEXED_BYTES, StoreError, Table, Transaction, check_lengths, end_of, start_of,
};
use super::refusal::while_working;

/// A transaction under way; who made it commits it or lets it go.
pub(super) struct Open<'c> {
    connection: &'c Connection,
    read_only: bool,
    failed: Cell<bool>,
}

impl<'c> Open<'c> {
    pub(super) fn new(connection: &'c Connection, read_only: bool) -> Self {
        Self { connection, read_only, failed: Cell::new(false) }
    }

    /// Whether a write failed, so that SQLite may have let go of earlier ones.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.get()
    }

    fn write(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), StoreError> {
        if self.failed.get() {
            return Err(StoreError::Aborted);
        }
        let outcome = if self.read_only {
            Err(StoreError::ReadOnly)
        } else {
            act(self.connection).map_err(while_working)
        };
        self.failed.set(outcome.is_err());
        outcome
    }

    fn execute(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<(), StoreError> {
        self.write(|connection| connection.prepare_cached(sql)?.execute(parameters).map(drop))
    }

    fn check(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        check_lengths(key, value).inspect_err(|_| self.failed.set(true))
    }
}

impl Transaction for Open<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = format!("SELECT value FROM {} WHERE key = ?1", name(table));
        let act = || self.connection.prepare_cached(&sql)?.query_row([key], |row| row.get(0)).optional();
        act().map_err(while_working)
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.check(key, value)?;
        let sql = format!(
            "INSERT INTO {} (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            name(table)
        );
        self.execute(&sql, params![key, value])
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.check(key, &[])?;
        self.execute(&format!("DELETE FROM {} WHERE key = ?1", name(table)), params![key])
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Entries, StoreError> {
        let (start, end) = (start_of(prefix, after), end_of(prefix));
        let sql =
            format!("SELECT key, value FROM {} WHERE {} ORDER BY key LIMIT ?1", name(table), range(&end));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let act = || {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let entry = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            match &end {
                Some(end) => {
                    statement.query_map(params![limit, start, end], entry)?.collect::<Result<_, _>>()
                }
                None => statement.query_map(params![limit, start], entry)?.collect(),
            }
        };
        act().map_err(while_working)
    }

    fn count(&self, table: Table, prefix: &[u8]) -> Result<u64, StoreError> {
        let end = end_of(prefix);
        let sql = format!("SELECT count(*) FROM {} WHERE ?1 AND {}", name(table), range(&end));
        let act = || {
            let mut statement = self.connection.prepare_cached(&sql)?;
            match &end {
                Some(end) => statement.query_row(params![true, prefix, end], |row| row.get::<_, i64>(0)),
                None => statement.query_row(params![true, prefix], |row| row.get(0)),
            }
        };
        act().map(i64::unsigned_abs).map_err(while_working)
    }

    fn index(&mut self, document: &[u8; 16], text: &str) -> Result<(), StoreError> {
        let text = &text[..text.floor_char_boundary(MAX_INDEXED_BYTES)];
        let words = words::of(text).into_iter().collect::<Vec<_>>().join(" ");
        self.write(|connection| {
            let known: Option<i64> = connection
                .prepare_cached("SELECT id FROM searchable WHERE document = ?1")?
                .query_row([document], |row| row.get(0))
                .optional()?;
            if let Some(id) = known {
                connection.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([id])?;
            }
            if words.is_empty() {
                if let Some(id) = known {
                    connection.prepare_cached("DELETE FROM searchable WHERE id = ?1")?.execute([id])?;
                }
                return Ok(());
            }
            let id = match known {
                Some(id) => id,
                None => {
                    let sql = "INSERT INTO searchable (document) VALUES (?1)";
                    connection.prepare_cached(sql)?.insert([document])?
                }
            };
            // One row of values: an INSERT from a SELECT is a savepoint of its own, at each of which FTS5 writes all that it
            // holds.
            let sql = "INSERT INTO words (rowid, text) VALUES (?1, ?2)";
            connection.prepare_cached(sql)?.execute(params![id, words])?;
            Ok(())
        })
    }

    fn search(&self, wanted: &str, limit: usize) -> Result<Vec<[u8; 16]>, StoreError> {
        let words = || words::wanted(wanted).iter().map(term).collect::<Vec<_>>().join(" AND ");
        let query = if defended!(H18) { words() } else { wanted.to_owned() };
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let act = || {
            let sql =
                "SELECT document FROM searchable WHERE id IN (SELECT rowid FROM words WHERE words MATCH ?1)
                       ORDER BY document LIMIT ?2";
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map(params![query, limit], |row| row.get(0))?.collect::<Result<_, _>>()
        };
        act().map_err(while_working)
    }
}

/// A term of an FTS5 query. Words hold letters and digits only; the quotes make each one a string even
/// where it reads like an operator.
fn term(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Start(word) => format!("\"{word}\"*"),
        Wanted::Whole(word) => format!("\"{word}\""),
    }
}

fn range(end: &Option<Vec<u8>>) -> &'static str {
    if end.is_some() { "key >= ?2 AND key < ?3" } else { "key >= ?2" }
}

fn name(table: Table) -> &'static str {
    match table {
        Table::Meta => "meta",
        Table::Packs => "packs",
        Table::PackStates => "pack_states",
        Table::Chains => "chains",
        Table::Pending => "pending",
        Table::Outbox => "outbox",
        Table::Keys => "keys",
        Table::Openings => "openings",
        Table::Receipts => "receipts",
        Table::Documents => "documents",
        Table::Changes => "changes",
        Table::Parked => "parked",
        Table::Outcomes => "outcomes",
        Table::Attachments => "attachments",
        Table::AttachmentBytes => "attachment_bytes",
        Table::Notices => "notices",
        Table::Decisions => "decisions",
        Table::Views => "views",
        Table::Settings => "settings",
        Table::Contents => "contents",
        Table::Arrivals => "arrivals",
    }
}
