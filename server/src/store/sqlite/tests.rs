use super::*;
use crate::store::conformance::{batch, conformance, done, pack, programme};

fn open(folder: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("relay.db"), u64::MAX).unwrap()
}

#[test]
fn it_does_what_every_store_must() {
    let folders = std::cell::RefCell::new(Vec::new());
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        folders.borrow_mut().push(folder);
        store
    };
    let again = |store: SqliteStore| {
        store.close();
        SqliteStore::open(&store.path, u64::MAX).unwrap()
    };
    conformance(make, again);
}

#[test]
fn a_database_of_a_newer_version_or_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.db");
    open(&folder).close();
    let set = |name: &str, value: i64| {
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, name, value).unwrap();
    };
    set("user_version", 99);
    assert!(matches!(SqliteStore::open(&path, u64::MAX), Err(StoreError::Newer { found: 99, known: 1 })));
    assert!(matches!(SqliteStore::open_read_only(&path), Err(StoreError::Newer { .. })));
    set("user_version", 1);
    set("application_id", 7);
    assert!(matches!(SqliteStore::open(&path, u64::MAX), Err(StoreError::Failed(_))));
    std::fs::write(&path, [7; 8192]).unwrap();
    assert!(matches!(SqliteStore::open(&path, u64::MAX), Err(StoreError::Damaged(_))));
}

#[test]
fn commits_are_durable_and_the_file_is_plain_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let of = programme(1);
    done(|done| store.append(batch(of, vec![pack(of, 0, 1, 100)]), done)).unwrap();
    store
        .with(|connection| {
            let text = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0));
            assert_eq!(text("journal_mode"), Ok("wal".to_owned()));
            assert_eq!(text("cipher_version"), Err(rusqlite::Error::QueryReturnedNoRows));
            Ok(())
        })
        .unwrap();
    println!("SQLite {}", carried().unwrap());
}

#[test]
fn f21_one_writers_failure_is_no_others_and_a_full_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("relay.db"), 200 * 1024).unwrap();
    let of = programme(1);
    let mut held = 0;
    let error = loop {
        let result = done(|done| store.append(batch(of, vec![pack(of, 0, held, 9_000)]), done));
        match result {
            Ok(outcomes) if matches!(outcomes[0], Outcome::Stored(_)) => held += 1,
            Ok(_) => panic!("the account is larger than the file"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert_eq!(store.newest(of).unwrap().unwrap().0, u64::from(held));
    assert_eq!(store.read(of, &[u64::from(held)]).unwrap().len(), 1);
    assert_eq!(store.integrity().unwrap(), Vec::<String>::new());
}
