//! The anchor notices an older or another store, keeps the highest epochs, and believes no other bytes.

use super::*;
use crate::store::MemoryStore;

const KEY: StoreKey = [3; 32];

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::TempDir::new().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("anchor")
    }

    fn anchor(&self) -> Anchor {
        Anchor::open(&self.path(), &KEY).unwrap()
    }

    fn begin(&self, store: &mut MemoryStore, mark: u8) -> Continuity {
        self.anchor().begin(store, [mark; 8]).unwrap()
    }
}

#[test]
fn k23_an_older_store_is_noticed_and_work_goes_on() {
    let place = Place::new();
    let mut store = MemoryStore::new();
    assert_eq!(place.begin(&mut store, 1), Continuity::First);
    assert_eq!(place.begin(&mut store, 2), Continuity::Continues);
    let mut older = store.clone();
    assert_eq!(place.begin(&mut store, 3), Continuity::Continues);
    assert_eq!(place.begin(&mut store, 4), Continuity::Continues);
    assert_eq!(place.begin(&mut older, 5), Continuity::RolledBack { starts: 2 });
    assert_eq!(place.begin(&mut older, 6), Continuity::Continues, "warned once");
    assert_eq!(place.begin(&mut MemoryStore::new(), 7), Continuity::RolledBack { starts: 6 });
}

#[test]
fn another_copy_of_the_store_is_noticed() {
    let (place, copied) = (Place::new(), Place::new());
    let mut store = MemoryStore::new();
    place.begin(&mut store, 1);
    std::fs::copy(place.path(), copied.path()).unwrap();
    let mut copy = store.clone();
    place.begin(&mut store, 2);
    assert_eq!(copied.begin(&mut copy, 3), Continuity::Continues);
    assert_eq!(place.begin(&mut copy, 4), Continuity::Replaced);
}

#[test]
fn an_older_or_missing_anchor_is_noticed() {
    let place = Place::new();
    let mut store = MemoryStore::new();
    place.begin(&mut store, 1);
    let older = std::fs::read(place.path()).unwrap();
    place.begin(&mut store, 2);
    place.begin(&mut store, 3);
    std::fs::write(place.path(), older).unwrap();
    assert_eq!(place.begin(&mut store, 4), Continuity::AnchorBehind);
    std::fs::remove_file(place.path()).unwrap();
    assert_eq!(place.begin(&mut store, 5), Continuity::NoAnchor);
    assert_eq!(place.begin(&mut store, 6), Continuity::Continues);
}

#[test]
fn a_crash_between_the_two_writes_is_no_question() {
    let place = Place::new();
    let mut store = MemoryStore::new();
    place.begin(&mut store, 1);
    let before = std::fs::read(place.path()).unwrap();
    place.begin(&mut store, 2);
    std::fs::write(place.path(), before).unwrap();
    assert_eq!(place.begin(&mut store, 3), Continuity::Continues);
}

#[test]
fn k05_the_highest_epoch_survives_a_restored_store() {
    let place = Place::new();
    let [one, two] = [StreamId([1; 16]), StreamId([2; 16])];
    let mut store = MemoryStore::new();
    place.begin(&mut store, 1);
    let older = store.clone();
    place.anchor().raise([(one, 4), (two, 1)]).unwrap();
    place.anchor().raise([(one, 3)]).unwrap();
    place.begin(&mut store, 2);
    let mut store = older;
    assert_eq!(place.begin(&mut store, 3), Continuity::RolledBack { starts: 1 });
    let anchor = place.anchor();
    assert_eq!((anchor.highest_epoch(one), anchor.highest_epoch(two)), (4, 0));
    assert_eq!(anchor.epochs().len(), 1);
}

#[test]
fn other_bytes_are_no_anchor() {
    let place = Place::new();
    let mut store = MemoryStore::new();
    place.begin(&mut store, 1);
    place.anchor().raise([(StreamId([9; 16]), 7)]).unwrap();
    let whole = std::fs::read(place.path()).unwrap();
    assert!(!whole.windows(16).any(|bytes| bytes == [9; 16]), "streams are not readable");
    let key = anchor_key(&KEY);
    assert!(open(&key, &whole).is_some());
    for n in 0..whole.len() {
        let mut changed = whole.clone();
        for by in 1..=255 {
            changed[n] = whole[n] ^ by;
            assert!(open(&key, &changed).is_none(), "byte {n} by {by}");
        }
        assert!(open(&key, &whole[..n]).is_none(), "cut at {n}");
    }
    assert!(open(&key, &[&whole[..], b"\0"].concat()).is_none());
    assert!(open(&anchor_key(&[4; 32]), &whole).is_none());
    std::fs::write(place.path(), b"tessera anchor 2\nsomething else").unwrap();
    assert_eq!(place.begin(&mut store, 2), Continuity::NoAnchor);
}

#[test]
fn the_format_is_pinned() {
    let epochs = BTreeMap::from([(StreamId([1; 16]), 2), (StreamId([5; 16]), 9)]);
    let sealed = seal(&anchor_key(&KEY), Start { count: 3, mark: *b"8 bytes!" }, &epochs);
    assert_eq!(
        hash("pinned", &[&sealed]).to_string(),
        "19def478330a515ddaa0acd37dd1f61e28bb34f9f8389338a2361b29b82ff2b6"
    );
    assert_eq!(open(&anchor_key(&KEY), &sealed), Some((Start { count: 3, mark: *b"8 bytes!" }, epochs)));
}

/// The disk under the anchor: what is written beside it first goes where there is never room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_the_anchor_does_not_stop_the_start() {
    let place = Place::new();
    let unfinished = place.0.path().join("anchor.part");
    let mut store = MemoryStore::new();
    place.begin(&mut store, 1);
    let before = std::fs::read(place.path()).unwrap();
    std::os::unix::fs::symlink("/dev/full", &unfinished).unwrap();
    assert_eq!(place.begin(&mut store, 2), Continuity::Continues);
    assert_eq!(std::fs::read(place.path()).unwrap(), before, "the earlier one is kept");
    assert!(!unfinished.is_symlink(), "it was written to");
    assert_eq!(place.begin(&mut store, 3), Continuity::Continues);
    // And where neither of the two is recorded.
    std::os::unix::fs::symlink("/dev/full", &unfinished).unwrap();
    store.fail_after(1, crate::store::Fault::StaysFull);
    assert_eq!(place.begin(&mut store, 4), Continuity::Continues);
    store.make_room();
    assert_eq!(place.begin(&mut store, 5), Continuity::Continues);
    assert_eq!(place.begin(&mut store, 6), Continuity::Continues);
}

#[test]
fn a_full_disk_does_not_stop_the_start() {
    let place = Place::new();
    let mut store = MemoryStore::new();
    place.begin(&mut store, 1);
    store.fail_after(1, crate::store::Fault::StaysFull);
    assert_eq!(place.begin(&mut store, 2), Continuity::Continues);
    store.make_room();
    assert_eq!(place.begin(&mut store, 3), Continuity::Continues);
}
