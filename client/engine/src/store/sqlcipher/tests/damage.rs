//! A changed file is refused or reported; nothing wrong is ever read, and nothing panics.

use super::*;

const ENTRIES: u32 = 60;

fn value(n: u32) -> Vec<u8> {
    vec![n.to_le_bytes()[0]; 3000]
}

fn filled() -> (TempDir, PathBuf) {
    let (folder, path) = folder();
    let mut store = SqlcipherStore::create(&path, &KEY).unwrap();
    (0..ENTRIES).for_each(|n| put(&mut store, n, &value(n)).unwrap());
    run(&mut store, |t| t.index(&[1; 16], "words to be found"));
    (folder, path)
}

/// Opens and reads everything; true where something was refused or reported. Panics where a value is wrong.
fn is_noticed(path: &Path) -> bool {
    let mut store = match SqlcipherStore::open(path, &KEY) {
        Ok(store) => store,
        Err(error) => {
            assert!(
                matches!(error, StoreError::Damaged | StoreError::WrongKey | StoreError::Io(_)),
                "{error:?}"
            );
            return true;
        }
    };
    let mut noticed = false;
    for n in 0..ENTRIES {
        match store.transaction(|t| t.get(Table::Packs, &n.to_be_bytes())) {
            Ok(found) => assert_eq!(found, Some(value(n)), "a wrong value was read"),
            Err(StoreError::Damaged) => noticed = true,
            Err(other) => panic!("{other:?}"),
        }
    }
    match store.check() {
        Ok(findings) => noticed | !findings.is_empty(),
        Err(_) => true,
    }
}

#[test]
fn f17_every_flipped_page_is_noticed() {
    let (_folder, path) = filled();
    assert!(!is_noticed(&path));
    let whole = std::fs::read(&path).unwrap();
    let page = usize::try_from(PAGE_BYTES).unwrap();
    println!("{} pages", whole.len() / page);
    for start in (0..whole.len()).step_by(page) {
        for offset in [0, 17, page / 2, page - 70, page - 1] {
            let mut changed = whole.clone();
            changed[start + offset] ^= 0x10;
            std::fs::write(&path, changed).unwrap();
            assert!(is_noticed(&path), "page {} byte {offset}", start / page);
        }
    }
    std::fs::write(&path, whole).unwrap();
    assert!(!is_noticed(&path));
}

#[test]
fn k24_swapped_pages_are_noticed() {
    let (_folder, path) = filled();
    let whole = std::fs::read(&path).unwrap();
    let page = usize::try_from(PAGE_BYTES).unwrap();
    let pages = whole.len() / page;
    for (one, other) in (1..pages - 1).map(|n| (n, n + 1)) {
        let mut changed = whole.clone();
        let (left, right) = changed.split_at_mut(other * page);
        left[one * page..].swap_with_slice(&mut right[..page]);
        std::fs::write(&path, changed).unwrap();
        assert!(is_noticed(&path), "pages {one} and {other}");
    }
}

#[test]
fn a_truncated_file_is_noticed() {
    let (_folder, path) = filled();
    let whole = std::fs::read(&path).unwrap();
    let lengths = (0..whole.len()).step_by(4096).chain([1, 15, 16, 100, 4095, 4097, whole.len() - 1]);
    for length in lengths {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(is_noticed(&path), "cut to {length} bytes");
    }
    std::fs::write(&path, vec![0; 4096 * 4]).unwrap();
    assert!(is_noticed(&path));
    std::fs::write(&path, b"SQLite format 3\0".repeat(256)).unwrap();
    assert!(is_noticed(&path));
}

#[test]
fn a_damaged_index_is_told_from_damaged_contents_and_can_be_emptied() {
    let (_folder, path) = filled();
    let mut store = SqlcipherStore::open(&path, &KEY).unwrap();
    store.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
    store.connection.execute_batch("DELETE FROM words_data WHERE id > 10").unwrap();
    let findings = store.check().unwrap();
    assert!(!findings.is_empty());
    assert!(findings.iter().all(|finding| SqlcipherStore::is_of_index(finding)), "{findings:?}");
    store.empty_index().unwrap();
    assert_eq!(store.check().unwrap(), [""; 0]);
    run(&mut store, |t| t.index(&[1; 16], "words to be found"));
    assert_eq!(run(&mut store, |t| t.search("found", 10)), [[1; 16]]);
}
