//! Numbered migrations, each a file that is run once in a transaction. `user_version` says how far a
//! database is; a newer one is refused.

use rusqlite::Connection;

use super::{StoreError, failed};

/// Marks the file as a relay's database: "TSRL".
const APPLICATION: i32 = 0x5453_524c;

const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_log.sql")];

/// Brings a database to this version.
pub(super) fn run(connection: &mut Connection) -> Result<(), StoreError> {
    let version = version(connection)?;
    for (number, migration) in (1_i64..).zip(MIGRATIONS).skip(version) {
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute_batch(migration).map_err(failed)?;
        transaction.pragma_update(None, "user_version", number).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

/// Refuses a database that is not of this version.
pub(super) fn expect_current(connection: &Connection) -> Result<(), StoreError> {
    let version = version(connection)?;
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    Err(StoreError::Failed(format!("database version {version} is not {}", MIGRATIONS.len())))
}

fn version(connection: &Connection) -> Result<usize, StoreError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed);
    let version = usize::try_from(pragma("user_version")?).unwrap_or(usize::MAX);
    let application = pragma("application_id")?;
    if version > 0 && application != i64::from(APPLICATION) {
        return Err(StoreError::Failed("the file is not a relay's database".to_owned()));
    }
    if version > MIGRATIONS.len() {
        return Err(StoreError::Newer { found: version, known: MIGRATIONS.len() });
    }
    Ok(version)
}
