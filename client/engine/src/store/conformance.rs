//! What every store must do, as one function that runs on each of them; and the comparison of two stores
//! under random operations.

use proptest::prelude::*;

use super::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Store, StoreError, Table, Transaction};

/// An error of a caller, to see a transaction end by the caller's will.
#[derive(Debug)]
pub(super) enum Refused {
    Store,
    Caller,
}

impl From<StoreError> for Refused {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

/// Runs every rule on fresh stores.
pub(super) fn conformance<S: Store>(make: impl Fn() -> S) {
    keeps_entries(&mut make());
    scans_in_order(&mut make());
    undoes_what_failed(&mut make());
    bounds_lengths(&mut make());
    takes_large_values(&mut make());
    finds_documents(&mut make());
    takes_queries_as_words(&mut make());
}

pub(super) fn run<S: Store, T>(
    store: &mut S,
    act: impl FnOnce(&mut dyn Transaction) -> Result<T, StoreError>,
) -> T {
    store.transaction(act).unwrap()
}

fn keeps_entries(store: &mut impl Store) {
    run(store, |t| {
        for (n, table) in Table::ALL.into_iter().enumerate() {
            t.put(table, b"k", &[u8::try_from(n).unwrap()])?;
        }
        assert_eq!(t.get(Table::Meta, b"k")?, Some(vec![0]), "a transaction sees its own writes");
        t.put(Table::Meta, b"", b"empty key")?;
        t.put(Table::Meta, b"e", b"")
    });
    run(store, |t| {
        for (n, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(t.get(table, b"k")?, Some(vec![u8::try_from(n).unwrap()]), "{table:?}");
        }
        assert_eq!(t.get(Table::Meta, b"")?, Some(b"empty key".to_vec()));
        assert_eq!(t.get(Table::Meta, b"e")?, Some(vec![]));
        assert_eq!(t.get(Table::Meta, b"absent")?, None);
        t.delete(Table::Meta, b"absent")?;
        t.delete(Table::Meta, b"k")?;
        t.put(Table::Packs, b"k", b"other")
    });
    run(store, |t| {
        assert_eq!(t.get(Table::Meta, b"k")?, None);
        assert_eq!(t.get(Table::Packs, b"k")?, Some(b"other".to_vec()));
        Ok(())
    });
}

fn scans_in_order(store: &mut impl Store) {
    let keys: [&[u8]; 9] =
        [b"", b"a", b"a\0", b"a\xff", b"a\xff\xff", b"b", b"b\0\0", b"\xff", b"\xff\xff\x01"];
    run(store, |t| keys.iter().rev().try_for_each(|key| t.put(Table::Chains, key, key)));
    let check = |t: &dyn Transaction, prefix: &[u8], after: Option<&[u8]>, limit: usize| {
        let expected: Vec<_> = keys
            .iter()
            .filter(|key| key.starts_with(prefix) && after.is_none_or(|after| **key > after))
            .take(limit)
            .map(|key| (key.to_vec(), key.to_vec()))
            .collect();
        assert_eq!(
            t.scan(Table::Chains, prefix, after, limit).unwrap(),
            expected,
            "{prefix:?} {after:?} {limit}"
        );
    };
    run(store, |t| {
        for prefix in keys {
            let expected = keys.iter().filter(|key| key.starts_with(prefix)).count() as u64;
            assert_eq!(t.count(Table::Chains, prefix)?, expected, "{prefix:?}");
            for limit in [0, 1, 3, usize::MAX] {
                check(t, prefix, None, limit);
                keys.iter().for_each(|after| check(t, prefix, Some(after), limit));
            }
        }
        assert_eq!(t.count(Table::Packs, b"")?, 0);
        Ok(())
    });
}

fn undoes_what_failed(store: &mut impl Store) {
    let document = [7; 16];
    run(store, |t| {
        t.put(Table::Meta, b"kept", b"1")?;
        t.index(&document, "first")
    });
    let refused = store.transaction(|t| {
        t.put(Table::Meta, b"kept", b"2")?;
        t.put(Table::Outbox, b"new", b"2")?;
        t.put(Table::Outbox, b"new", b"3")?;
        t.delete(Table::Meta, b"kept")?;
        t.index(&document, "second")?;
        Err::<(), _>(Refused::Caller)
    });
    assert!(matches!(refused, Err(Refused::Caller)));
    let aborted = store.transaction(|t| {
        t.put(Table::Outbox, b"new", b"4")?;
        let refused = t.put(Table::Outbox, &[0; MAX_KEY_BYTES + 1], b"");
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
        assert!(matches!(t.put(Table::Outbox, b"new", b"5"), Err(StoreError::Aborted)));
        Ok::<(), StoreError>(())
    });
    assert!(matches!(aborted, Err(StoreError::Aborted)), "{aborted:?}");
    run(store, |t| {
        assert_eq!(t.get(Table::Meta, b"kept")?, Some(b"1".to_vec()));
        assert_eq!(t.get(Table::Outbox, b"new")?, None);
        assert_eq!(t.search("first", 9)?, [document]);
        assert!(t.search("second", 9)?.is_empty());
        Ok(())
    });
}

fn bounds_lengths(store: &mut impl Store) {
    let longest = [9; MAX_KEY_BYTES];
    run(store, |t| t.put(Table::Meta, &longest, b"x"));
    assert_eq!(run(store, |t| t.get(Table::Meta, &longest)), Some(b"x".to_vec()));
    let refused = store.transaction(|t| t.put(Table::Meta, b"k", &vec![0; MAX_VALUE_BYTES + 1]));
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");
}

fn takes_large_values(store: &mut impl Store) {
    let value = |n: u8| vec![n; 256 << 10];
    run(store, |t| {
        for n in 0..20 {
            t.put(Table::Packs, &[n], &value(n))?;
            t.put(Table::Settings, &[n], &value(n))?;
        }
        Ok(())
    });
    run(store, |t| {
        for n in 0..20 {
            assert!(t.get(Table::Packs, &[n])? == Some(value(n)));
            assert!(t.get(Table::Settings, &[n])? == Some(value(n)));
        }
        assert_eq!(t.scan(Table::Packs, b"", None, 3)?.len(), 3);
        Ok(())
    });
}

fn finds_documents(store: &mut impl Store) {
    let [latin, chinese, arabic] = [[1; 16], [2; 16], [3; 16]];
    run(store, |t| {
        t.index(&chinese, "国际人权法研究中心")?;
        t.index(&arabic, "أحمد الكاتب 2024")?;
        t.index(&latin, "Łukasz O'Neill wrote 2024 “essays” AND more")
    });
    let check = |store: &mut _, words: &str, expected: &[[u8; 16]]| {
        assert_eq!(run(store, |t| t.search(words, 9)), expected, "{words:?}");
    };
    check(store, "lukasz neill", &[latin]);
    check(store, "2024", &[latin, arabic]);
    check(store, "202", &[latin, arabic]);
    check(store, "024", &[]);
    check(store, "人权法", &[chinese]);
    check(store, "احمد", &[arabic]);
    assert_eq!(run(store, |t| t.search("2024", 1)), [latin]);
    assert!(run(store, |t| t.search("2024", 0)).is_empty());
    check(store, "essays* AND", &[latin]);
    run(store, |t| {
        t.index(&latin, "替换")?;
        t.index(&arabic, "")?;
        t.index(&[9; 16], "")
    });
    check(store, "2024", &[]);
    check(store, "替换", &[latin]);
}

pub(super) fn takes_queries_as_words(store: &mut impl Store) {
    let document = [1; 16];
    run(store, |t| t.index(&document, "Łukasz O'Neill wrote 2024 “essays” AND more"));
    let long = ["%_".repeat(500_000), "(q|q)*".repeat(200_000), "\u{301}".repeat(500_000)];
    for hostile in [
        "\"",
        "* OR *",
        "words:x",
        "a\" OR \"b",
        "NEAR(x",
        "'; DROP TABLE packs; --",
        "",
        "^",
        "\0",
        "𝕏\u{301}(",
    ]
    .into_iter()
    .chain(long.iter().map(String::as_str))
    {
        let shown: String = hostile.chars().take(20).collect();
        assert!(run(store, |t| t.search(hostile, 9)).is_empty(), "{shown:?}");
    }
    assert_eq!(run(store, |t| t.search("2024", 9)), [document]);
}

/// One random operation.
#[derive(Debug, Clone)]
enum Op {
    Put(Table, Vec<u8>, Vec<u8>),
    Delete(Table, Vec<u8>),
    Scan(Table, Vec<u8>, Option<Vec<u8>>, usize),
    Index(u8, String),
    Search(String),
}

fn ops() -> impl Strategy<Value = Vec<(Vec<Op>, bool)>> {
    let table = || (0..3usize).prop_map(|n| [Table::Meta, Table::Packs, Table::Parked][n]);
    let key = || proptest::collection::vec(prop_oneof![Just(0), Just(1), Just(u8::MAX)], 0..4);
    let words = || "([a-cé]{1,2}|[人权法]{1,3}|[ \"*()-]){0,6}";
    let op = prop_oneof![
        4 => (table(), key(), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(t, k, v)| Op::Put(t, k, v)),
        2 => (table(), key()).prop_map(|(t, k)| Op::Delete(t, k)),
        2 => (table(), key(), proptest::option::of(key()), 0..9usize).prop_map(|(t, p, a, n)| Op::Scan(t, p, a, n)),
        2 => (0..5u8, words()).prop_map(|(d, w)| Op::Index(d, w)),
        2 => words().prop_map(Op::Search),
    ];
    proptest::collection::vec((proptest::collection::vec(op, 0..12), any::<bool>()), 0..12)
}

fn play(store: &mut impl Store, ops: &[Op], keep: bool) -> Vec<String> {
    let mut seen = Vec::new();
    let outcome = store.transaction(|t| {
        for op in ops {
            match op {
                Op::Put(table, key, value) => t.put(*table, key, value)?,
                Op::Delete(table, key) => t.delete(*table, key)?,
                Op::Scan(table, prefix, after, limit) => {
                    seen.push(format!("{:?}", t.scan(*table, prefix, after.as_deref(), *limit)?));
                    seen.push(format!("{} {:?}", t.count(*table, prefix)?, t.get(*table, prefix)?));
                }
                Op::Index(document, text) => t.index(&[*document; 16], text)?,
                Op::Search(words) => seen.push(format!("{:?}", t.search(words, 4)?)),
            }
        }
        if keep { Ok(()) } else { Err(Refused::Caller) }
    });
    assert!(!matches!(outcome, Err(Refused::Store)), "{outcome:?}");
    seen
}

/// Plays the same random transactions on two stores and expects the same answers.
pub(super) fn compare<A: Store, B: Store>(cases: u32, make: impl Fn() -> (A, B)) {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&ops(), |transactions| {
        let (mut one, mut other) = make();
        for (ops, keep) in &transactions {
            prop_assert_eq!(play(&mut one, ops, *keep), play(&mut other, ops, *keep));
        }
        let all = |store: &mut dyn FnMut(Table) -> super::Entries| Table::ALL.map(store);
        let left = all(&mut |table| run(&mut one, |t| t.scan(table, b"", None, usize::MAX)));
        let right = all(&mut |table| run(&mut other, |t| t.scan(table, b"", None, usize::MAX)));
        prop_assert_eq!(left, right);
        Ok(())
    });
    result.unwrap();
}
