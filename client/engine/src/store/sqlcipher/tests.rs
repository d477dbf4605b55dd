//! The encrypted store keeps the common promises; refuses other keys, other versions and a second process;
//! and says so when its file was changed. Faults of the disk are in `disk`, ends of the process in `crash`.

mod crash;
mod damage;
mod disk;
mod versions;

use std::path::PathBuf;

use tempfile::TempDir;

use super::super::conformance::{compare, conformance, run, takes_queries_as_words};
use super::super::{MemoryStore, Table};
use super::*;

const KEY: StoreKey = [0xA7; 32];

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    (folder, path)
}

/// A store that removes its folder when it is dropped.
struct Temporary {
    store: SqlcipherStore,
    _folder: TempDir,
}

impl Store for Temporary {
    fn transaction<T, E: From<StoreError>>(
        &mut self,
        act: impl FnOnce(&mut dyn Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        self.store.transaction(act)
    }
}

fn temporary() -> Temporary {
    let (folder, path) = folder();
    Temporary { store: SqlcipherStore::create(&path, &KEY).unwrap(), _folder: folder }
}

fn put(store: &mut impl Store, n: u32, value: &[u8]) -> Result<(), StoreError> {
    store.transaction(|t| {
        t.put(Table::Packs, &n.to_be_bytes(), value)?;
        t.put(Table::Outbox, &n.to_be_bytes(), b"outbox")
    })
}

#[test]
fn keeps_the_promises() {
    conformance(temporary);
}

#[test]
fn h18_a_query_is_words_and_never_a_command() {
    takes_queries_as_words(&mut temporary());
}

#[test]
fn agrees_with_the_store_in_memory() {
    compare(24, || (temporary(), MemoryStore::new()));
}

#[test]
fn says_what_it_is() {
    let store = temporary();
    let ask = |pragma: &str| -> String {
        let value = store.store.connection.query_row(&format!("PRAGMA {pragma}"), [], |row| {
            row.get::<_, String>(0).or_else(|_| row.get::<_, i64>(0).map(|n| n.to_string()))
        });
        value.unwrap()
    };
    println!(
        "SQLite {}, SQLCipher {}, {}",
        rusqlite::version(),
        ask("cipher_version"),
        ask("cipher_provider")
    );
    for (pragma, expected) in [
        ("synchronous", "2"),
        ("fullfsync", "1"),
        ("journal_mode", "wal"),
        ("locking_mode", "exclusive"),
        ("cipher_memory_security", "1"),
        ("temp_store", "2"),
        ("secure_delete", "1"),
        ("page_size", "4096"),
        ("user_version", "3"),
    ] {
        assert_eq!(ask(pragma), expected, "{pragma}");
    }
    assert_eq!(store.store.synchronous().unwrap(), "full");
    store.store.connection.pragma_update(None, "synchronous", "normal").unwrap();
    assert_eq!(store.store.synchronous().unwrap(), "normal");
}

#[test]
fn survives_being_closed_and_opened() {
    let (_folder, path) = folder();
    put(&mut SqlcipherStore::create(&path, &KEY).unwrap(), 1, b"one").unwrap();
    let mut store = SqlcipherStore::open(&path, &KEY).unwrap();
    assert_eq!(run(&mut store, |t| t.get(Table::Packs, &1u32.to_be_bytes())), Some(b"one".to_vec()));
    assert_eq!(store.check().unwrap(), [""; 0]);
    store.compact().unwrap();
    assert_eq!(store.check().unwrap(), [""; 0]);
    assert!(!store.is_read_only());
}

#[test]
fn never_makes_a_store_in_silence() {
    let (_folder, path) = folder();
    assert!(matches!(SqlcipherStore::open(&path, &KEY), Err(StoreError::Missing)));
    assert!(!path.exists());
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(SqlcipherStore::open(&path, &KEY), Err(StoreError::Damaged)));
    assert!(matches!(SqlcipherStore::create(&path, &KEY), Err(StoreError::Exists)));
    assert_eq!(std::fs::read(&path).unwrap(), b"");
}

#[test]
fn another_key_is_refused_and_no_error_tells_the_key() {
    let (_folder, path) = folder();
    put(&mut SqlcipherStore::create(&path, &KEY).unwrap(), 1, b"one").unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = SqlcipherStore::open(&path, &[0xA8; 32]).err().unwrap();
    assert!(matches!(error, StoreError::WrongKey), "{error:?}");
    assert!(!format!("{error:?} {error}").to_lowercase().contains("a8a8"));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(SqlcipherStore::open(&path, &KEY).is_ok());
}

#[test]
fn f24_a_second_opening_is_refused() {
    let (_folder, path) = folder();
    let mut first = SqlcipherStore::create(&path, &KEY).unwrap();
    assert!(matches!(SqlcipherStore::open(&path, &KEY), Err(StoreError::AlreadyOpen)));
    put(&mut first, 1, b"one").unwrap();
    assert!(matches!(SqlcipherStore::open(&path, &KEY), Err(StoreError::AlreadyOpen)));
    drop(first);
    assert!(SqlcipherStore::open(&path, &KEY).is_ok());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder();
    let mut store = SqlcipherStore::create(&path, &KEY).unwrap();
    put(&mut store, 1, b"one").unwrap();
    for file in [path.clone(), with_ending(&path, "-wal")] {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn k20_no_plaintext_reaches_the_disk() {
    const CANARY: &str = "canary7f3kestrel";
    let (folder, path) = folder();
    let mut store = SqlcipherStore::create(&path, &KEY).unwrap();
    for n in 0..50 {
        run(&mut store, |t| {
            t.put(Table::Documents, CANARY.as_bytes(), CANARY.repeat(500).as_bytes())?;
            t.index(&[n; 16], &format!("{CANARY} {n}"))
        });
        if n % 20 == 0 {
            empty_log(&store.connection).unwrap();
        }
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()));
        }
    }
}

#[test]
fn strict_tables_only() {
    let store = temporary();
    let sql = "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0
               AND name NOT LIKE 'sqlite_%'";
    let loose: i64 = store.store.connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(loose, 0);
}
