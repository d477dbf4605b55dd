//! The store in memory keeps the common promises, and its faults come where they were planned.

use super::super::conformance::{compare, conformance, run};
use super::*;

#[test]
fn keeps_the_promises() {
    conformance(MemoryStore::new);
    compare(64, || (MemoryStore::new(), MemoryStore::new()));
}

fn put_twice(store: &mut MemoryStore, value: &[u8]) -> Result<(), StoreError> {
    store.transaction(|t| {
        t.put(Table::Meta, b"a", value)?;
        t.put(Table::Meta, b"b", value)
    })
}

fn state(store: &mut MemoryStore) -> Vec<Vec<u8>> {
    run(store, |t| t.scan(Table::Meta, b"", None, 9)).into_iter().map(|(_, value)| value).collect()
}

#[test]
fn a_crash_loses_the_transaction_or_only_its_answer() {
    for (step, expected) in [(1, b"0"), (2, b"0"), (3, b"1")] {
        let mut store = MemoryStore::new();
        put_twice(&mut store, b"0").unwrap();
        store.fail_after(step, Fault::Crash);
        assert!(matches!(put_twice(&mut store, b"1"), Err(StoreError::Closed)));
        assert!(store.is_closed());
        assert!(matches!(put_twice(&mut store, b"2"), Err(StoreError::Closed)));
        store.reopen();
        assert_eq!(state(&mut store), [expected, expected], "step {step}");
    }
}

#[test]
fn a_full_disk_refuses_and_recovers() {
    for step in 1..=3 {
        for fault in [Fault::Full, Fault::Io, Fault::StaysFull] {
            let mut store = MemoryStore::new();
            put_twice(&mut store, b"0").unwrap();
            store.fail_after(step, fault);
            assert!(put_twice(&mut store, b"1").is_err());
            assert_eq!(state(&mut store), [b"0", b"0"]);
            assert_eq!(put_twice(&mut store, b"2").is_err(), fault == Fault::StaysFull);
            store.make_room();
            put_twice(&mut store, b"3").unwrap();
            assert_eq!(state(&mut store), [b"3", b"3"]);
        }
    }
}

#[test]
fn a_panic_takes_the_transaction_back() {
    let mut store = MemoryStore::new();
    put_twice(&mut store, b"0").unwrap();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.transaction(|t| -> Result<(), StoreError> {
            t.put(Table::Meta, b"a", b"1")?;
            panic!("planned")
        })
    }));
    assert!(panic.is_err());
    assert_eq!(state(&mut store), [b"0", b"0"]);
}

#[test]
fn a_copy_goes_its_own_way_and_steps_are_counted() {
    let mut store = MemoryStore::new();
    put_twice(&mut store, b"0").unwrap();
    assert_eq!((store.steps(), store.commits(), store.size_bytes()), (3, 1, 4));
    state(&mut store);
    assert_eq!((store.steps(), store.commits()), (3, 1), "reading is no step");
    let mut copy = store.clone();
    put_twice(&mut copy, b"1").unwrap();
    assert_eq!((state(&mut store), state(&mut copy)), (vec![b"0".to_vec(); 2], vec![b"1".to_vec(); 2]));
}
