//! Versions: a newer store is refused, an older one is copied and brought up, wholly or not at all.

use super::super::migrate::{MIGRATIONS, copy_path};
use super::*;

/// A published migration is never changed: these are the hashes of their texts.
#[test]
fn published_migrations_stay_as_they_are() {
    let texts =
        MIGRATIONS.map(|text| tessera_protocol::hash::hash("migration", &[text.as_bytes()]).to_string());
    assert_eq!(
        texts,
        [
            "94f4b695cab3aabc5a5a492f7c506d3b3f7b6b667c10a8e9c84255a73466ca3a",
            "3e7cd1733af0c1a3598bc671d63c8f06ce10b1829991314a53f96d9357e941b0",
            "51988d8c71b34d0bd4b533f2f537db48673809caff4bc1663568a82e48413f18",
        ]
    );
}

const FOURTH: &str =
    "CREATE TABLE later (key BLOB NOT NULL PRIMARY KEY) STRICT; INSERT INTO later SELECT key FROM packs;";

fn version_of(store: &SqlcipherStore) -> u32 {
    migrate::version(&store.connection).unwrap()
}

#[test]
fn f14_a_newer_store_is_refused_untouched() {
    let (_folder, path) = folder();
    let store = SqlcipherStore::create(&path, &KEY).unwrap();
    store.connection.pragma_update(None, "user_version", 7).unwrap();
    drop(store);
    let before = std::fs::read(&path).unwrap();
    let refused = SqlcipherStore::open(&path, &KEY);
    assert!(matches!(refused, Err(StoreError::Newer { found: 7, known: 3 })));
    drop(refused);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn f15_a_migration_copies_first_and_is_all_or_nothing() {
    let (_folder, path) = folder();
    put(&mut SqlcipherStore::create(&path, &KEY).unwrap(), 1, b"one").unwrap();
    let copy = copy_path(&path, 4);

    let bad = "CREATE TABLE later (key BLOB) STRICT; INSERT INTO nowhere VALUES (1);";
    let broken = [MIGRATIONS[0], MIGRATIONS[1], MIGRATIONS[2], bad];
    assert!(SqlcipherStore::open_with(&path, &KEY, &broken).is_err());
    assert!(copy.exists());
    let mut store = SqlcipherStore::open(&path, &KEY).unwrap();
    assert_eq!(version_of(&store), 3);
    put(&mut store, 2, b"two").unwrap();
    drop(store);

    let four = [MIGRATIONS[0], MIGRATIONS[1], MIGRATIONS[2], FOURTH];
    let store = SqlcipherStore::open_with(&path, &KEY, &four).unwrap();
    assert_eq!(version_of(&store), 4);
    let moved: i64 = store.connection.query_row("SELECT count(*) FROM later", [], |row| row.get(0)).unwrap();
    assert_eq!(moved, 2);
    drop(store);
    assert!(copy.exists(), "kept until the first good start");
    let mut earlier = SqlcipherStore::open(&copy, &KEY).unwrap();
    assert_eq!(run(&mut earlier, |t| t.count(Table::Packs, b"")), 2);
    drop(earlier);

    drop(SqlcipherStore::open_with(&path, &KEY, &four).unwrap());
    assert!(!copy.exists());
    assert!(matches!(SqlcipherStore::open(&path, &KEY), Err(StoreError::Newer { found: 4, known: 3 })));
}

#[test]
fn f15_a_migration_from_a_full_log_keeps_all() {
    let (folder, path) = folder();
    let mut store = SqlcipherStore::create(&path, &KEY).unwrap();
    (0..20).for_each(|n| put(&mut store, n, &[1; 9000]).unwrap());
    // A laptop that lost power: the log still holds everything.
    let image = folder.path().join("image.db");
    std::fs::copy(&path, &image).unwrap();
    std::fs::copy(with_ending(&path, "-wal"), with_ending(&image, "-wal")).unwrap();
    let mut store =
        SqlcipherStore::open_with(&image, &KEY, &[MIGRATIONS[0], MIGRATIONS[1], MIGRATIONS[2], FOURTH])
            .unwrap();
    assert_eq!(run(&mut store, |t| t.count(Table::Packs, b"")), 20);
    let mut earlier = SqlcipherStore::open(&copy_path(&image, 4), &KEY).unwrap();
    assert_eq!(run(&mut earlier, |t| t.count(Table::Packs, b"")), 20);
}

#[test]
fn f15_a_home_from_before_arrivals_were_kept_opens_with_all_that_it_holds() {
    let (_folder, path) = folder();
    let mut store = made_with(&path, &MIGRATIONS[..2]);
    put(&mut store, 1, b"one").unwrap();
    drop(store);
    let mut store = SqlcipherStore::open(&path, &KEY).unwrap();
    assert_eq!(version_of(&store), 3);
    assert_eq!(run(&mut store, |t| t.count(Table::Packs, b"")), 1);
    assert_eq!(run(&mut store, |t| t.count(Table::Arrivals, b"")), 0);
    run(&mut store, |t| t.put(Table::Arrivals, b"V", b"one"));
    assert_eq!(run(&mut store, |t| t.get(Table::Arrivals, b"V")), Some(b"one".to_vec()));
}

/// A store as an earlier version made it.
fn made_with(path: &Path, migrations: &[&str]) -> SqlcipherStore {
    new_private_file(path).unwrap();
    let connection = connect(path, &KEY, Access::Write).unwrap();
    migrate::bring_up(&connection, migrations).unwrap();
    empty_log(&connection).unwrap();
    SqlcipherStore { connection, read_only: false }
}
