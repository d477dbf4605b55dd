//! Hostile changes by the ten thousand: none may panic, and what the guard admits Automerge must bear.

use proptest::test_runner::{Config, TestRunner};
use std::path::Path;

use super::*;
use crate::guard::forge::{self, Op, OpKey};
use crate::guard::{Key, OpId};

const HOSTILE: ActorBytes = [0xc7; 16];

/// A document with something of everything, its changes, and an honest change that comes next.
struct Setting {
    document: Document,
    changes: Vec<Scanned>,
    next: Scanned,
}

fn setting() -> Setting {
    let mut document = document();
    let mut item = None;
    let constant = guard::scan_constant(&first(), &Limits::default()).unwrap();
    let one = edit(&mut document, &ALICE, |edit| {
        edit.put(&["scores", "a"], 1)?;
        edit.put(&["scores", "b"], "two")?;
        edit.splice_text(&["notes"], 0, 0, "hello")?;
        edit.push(&["items"], 1)?;
        item = Some(edit.push_map(&["items"], [("v", Value::Int(1))])?);
        Ok(())
    });
    let mut copy = document.clone();
    let two = edit(&mut document, &BOB, |edit| {
        edit.put(&["scores", "a"], 2)?;
        edit.splice_text(&["notes"], 1, 2, "EL")?;
        edit.push(&["items"], "three")?;
        Ok(())
    });
    let three = edit(&mut copy, &ALICE, |edit| {
        edit.put(&["scores", "a"], 4)?;
        edit.splice_text(&["notes"], 1, 1, "!")
    });
    assert_eq!(document.apply(&three, &ALICE).unwrap(), Verdict::Apply);
    let next = edit(&mut document.clone(), &HOSTILE, |edit| {
        edit.put(&["scores", "a"], 3)?;
        edit.remove(&["scores", "b"])?;
        edit.splice_text(&["notes"], 2, 1, "xyz")?;
        edit.push_map(&["items"], [("v", Value::Int(2)), ("w", Value::Null)])?;
        edit.put_in_item(&["items"], &item.unwrap(), "v", "w")
    });
    Setting { document, changes: vec![constant, one, two, three], next }
}

/// Tries bytes as the engine would, and reads and saves whatever came of it.
///
/// Returns whether the change was applied.
fn try_on(document: &Document, bytes: &[u8]) -> bool {
    let Ok(scanned) = scan(bytes, document.limits()) else {
        return false;
    };
    assert!(scanned.op_count() <= document.limits().max_ops);
    let mut document = document.clone();
    let actor = *scanned.actor();
    let before = document.heads();
    if document.apply(&scanned, &actor).unwrap() != Verdict::Apply {
        assert_eq!(document.heads(), before);
        return false;
    }
    for list in document.containers(&[]) {
        drop(document.items(&[&list]));
        drop(document.text(&[&list]));
        for key in document.keys(&[&list]) {
            drop(document.versions(&[&list, &key]));
        }
    }
    // Automerge can give the change back, write the document and load it again: it is what it was.
    let hash = automerge::ChangeHash(*scanned.hash());
    let again = automerge::ReadDoc::get_change_by_hash(&document.inner, &hash).unwrap();
    assert_eq!(again.raw_bytes(), scanned.bytes());
    let loaded = Automerge::load(&document.inner.save()).unwrap();
    assert_eq!(loaded.get_heads(), document.inner.get_heads());
    // And an honest edit can follow.
    edit(&mut document, &ALICE, |edit| {
        edit.put(&["scores", "after"], 1)?;
        edit.splice_text(&["notes"], 0, 0, "after")
    });
    true
}

#[test]
fn every_cut_and_every_changed_byte_is_refused() {
    let Setting { next, .. } = setting();
    let bytes = next.bytes();
    for length in 0..bytes.len() {
        assert!(scan(&bytes[..length], &Limits::default()).is_err(), "cut at {length}");
        assert!(scan(&forge::reseal(bytes[..length].to_vec()), &Limits::default()).is_err());
    }
    for at in 0..bytes.len() {
        for xor in 1..=255 {
            let mut changed = bytes.to_vec();
            changed[at] ^= xor;
            assert!(scan(&changed, &Limits::default()).is_err(), "byte {at} xor {xor}");
        }
    }
}

#[test]
fn every_changed_byte_with_a_right_checksum_is_refused_or_harmless() {
    let Setting { document, next, .. } = setting();
    let bytes = next.bytes();
    let mut applied = 0;
    for at in 8..bytes.len() {
        for xor in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut changed = bytes.to_vec();
            changed[at] ^= xor;
            applied += usize::from(try_on(&document, &forge::reseal(changed)));
        }
    }
    assert!(applied > 20, "only {applied} got through: the test tests nothing");
}

/// An operation's id with its actor written out.
type FullId = (u64, ActorBytes);

/// An operation of the setting's history, or one that is being made.
#[derive(Debug, Clone)]
struct Entry {
    id: FullId,
    object: Option<FullId>,
    key: EntryKey,
    insert: bool,
    action: u64,
    value: (u8, Vec<u8>),
    preds: Vec<FullId>,
}

#[derive(Debug, Clone, PartialEq)]
enum EntryKey {
    Map(String),
    Head,
    Element(FullId),
}

/// Every operation of the setting, its values left out.
fn history(changes: &[Scanned]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for change in changes {
        let full = |id: OpId| (u64::from(id.counter), change.actors()[usize::from(id.actor)]);
        for (index, operation) in change.operations().iter().enumerate() {
            entries.push(Entry {
                id: (change.start_op() + index as u64, *change.actor()),
                object: operation.object.map(full),
                key: match &operation.key {
                    Key::Map(key) => EntryKey::Map(key.to_string()),
                    Key::Head => EntryKey::Head,
                    Key::Element(id) => EntryKey::Element(full(*id)),
                },
                insert: operation.insert,
                action: 1,
                value: (0, vec![]),
                preds: change.preds_of(operation).iter().map(|id| full(*id)).collect(),
            });
        }
    }
    entries
}

/// Choices for one operation: what it imitates, what it does, and what is then put wrong.
type Recipe = (prop::sample::Index, u8, u8, prop::sample::Index, String);

fn recipes() -> impl Strategy<Value = Vec<Recipe>> {
    let recipe =
        (any::<prop::sample::Index>(), 0..8_u8, 0..60_u8, any::<prop::sample::Index>(), "[xyé]{1,2}");
    proptest::collection::vec(recipe, 1..5)
}

/// Makes an operation that acts where an earlier one does, and puts something wrong with it now and then.
fn imitate(entries: &[Entry], id: FullId, recipe: &Recipe) -> Entry {
    let (model, what, wrong, other, text) = recipe;
    let (model, other) = (model.get(entries), other.get(entries));
    let here = match &model.key {
        _ if model.insert => EntryKey::Element(model.id),
        key => key.clone(),
    };
    let mut made = Entry {
        id,
        object: model.object,
        key: here.clone(),
        insert: false,
        action: 1,
        value: (6, text.clone().into_bytes()),
        preds: vec![model.id],
    };
    let sequence = !matches!(here, EntryKey::Map(_));
    match what {
        0..=2 if sequence => {
            (made.insert, made.preds) = (true, vec![]);
            if *what == 2 {
                made.key = EntryKey::Head;
            }
        }
        0 => made.preds.clear(),
        1 => made.key = EntryKey::Map(text.clone()),
        3 | 4 => (made.action, made.value) = (3, (0, vec![])),
        5 => {
            (made.action, made.value, made.preds) = (0, (0, vec![]), vec![]);
            made.insert = sequence;
        }
        6 => (made.object, made.key, made.preds) = (Some(model.id), EntryKey::Map(text.clone()), vec![]),
        _ => {}
    }
    match wrong {
        0 => made.object = other.object,
        1 => made.object = Some(other.id),
        2 => made.key = other.key.clone(),
        3 => made.key = EntryKey::Element(other.id),
        4 => made.preds.push(other.id),
        5 => made.preds = vec![other.id],
        6 => made.preds = other.preds.clone(),
        7 => made.insert = !made.insert,
        8 => made.action = 3,
        9 => made.key = EntryKey::Element((made.id.0.saturating_sub(1), made.id.1)),
        10 => made.preds.clear(),
        11 => made.key = EntryKey::Element((other.id.0 + 1, other.id.1)),
        12 => made.object = Some((other.id.0 + 7, other.id.1)),
        13 => made.preds.push((other.id.0 + 7, other.id.1)),
        14 => made.object = None,
        _ => {}
    }
    made.preds.sort_unstable();
    made
}

/// Writes entries as one change of the hostile actor, in canonical form.
fn write(made: &[Entry], next: &Scanned) -> forge::Change {
    let mut others: Vec<ActorBytes> = made
        .iter()
        .flat_map(|entry| {
            let element = match &entry.key {
                EntryKey::Element(id) => Some(id.1),
                _ => None,
            };
            let preds = entry.preds.iter().map(|id| id.1);
            preds.chain(element).chain(entry.object.map(|id| id.1))
        })
        .filter(|actor| *actor != HOSTILE)
        .collect();
    others.sort_unstable();
    others.dedup();
    let place = |id: FullId| {
        let at = others.iter().position(|other| *other == id.1);
        (id.0, at.map_or(0, |at| at as u64 + 1))
    };
    let ops: Vec<Op> = made
        .iter()
        .map(|entry| Op {
            object: entry.object.map(place),
            key: match &entry.key {
                EntryKey::Map(key) => OpKey::Map(key.clone()),
                EntryKey::Head => OpKey::Head,
                EntryKey::Element(id) => {
                    let (counter, actor) = place(*id);
                    OpKey::Element(counter, actor)
                }
            },
            insert: entry.insert,
            action: entry.action,
            value: entry.value.clone(),
            preds: entry.preds.iter().copied().map(place).collect(),
        })
        .collect();
    forge::Change {
        actor: HOSTILE.to_vec(),
        deps: next.deps().to_vec(),
        start_op: next.start_op(),
        others: others.clone(),
        ..forge::Change::of(&ops)
    }
}

/// Operations in canonical columns that refer to anything: what only the continuity check can stop.
#[test]
fn well_formed_nonsense_is_refused_or_harmless() {
    let Setting { document, changes, next } = setting();
    let history = history(&changes);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(20_000) });
    let applied = std::cell::Cell::new(0);
    runner
        .run(&recipes(), |recipes| {
            let mut entries = history.clone();
            for (at, recipe) in recipes.iter().enumerate() {
                let made = imitate(&entries, (next.start_op() + at as u64, HOSTILE), recipe);
                entries.push(made);
            }
            let change = write(&entries[history.len()..], &next);
            applied.set(applied.get() + u32::from(try_on(&document, &change.bytes())));
            Ok(())
        })
        .unwrap();
    println!("applied {}", applied.get());
    assert!(applied.get() > 1000, "only {} got through: the test tests little", applied.get());
}

/// An honest change with bytes changed, left out, doubled or put in, and the checksum made right.
#[test]
fn random_damage_with_a_right_checksum_is_refused_or_harmless() {
    let Setting { document, next, .. } = setting();
    // Magic, checksum, type and a length of two bytes come before the body.
    let body = next.bytes()[11..].to_vec();
    assert_eq!(forge::chunk(1, &body), next.bytes());
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(20_000) });
    let damage = proptest::collection::vec((0..5_u8, any::<prop::sample::Index>(), any::<u8>()), 1..4);
    runner
        .run(&damage, |damage| {
            let mut body = body.clone();
            for (what, at, value) in damage {
                let at = at.index(body.len());
                match what {
                    0 => body[at] = value,
                    1 => body[at] ^= 1 << (value & 7),
                    2 => drop(body.remove(at)),
                    3 => body.insert(at, value),
                    _ => {
                        let end = (at + usize::from(value & 15)).min(body.len());
                        let copy = body[at..end].to_vec();
                        body.splice(at..at, copy);
                    }
                }
            }
            try_on(&document, &forge::chunk(1, &body));
            Ok(())
        })
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn random_bytes_are_refused(bytes: Vec<u8>) {
        prop_assert!(scan(&bytes, &Limits::default()).is_err());
        prop_assert!(scan(&forge::chunk(1, &bytes), &Limits::default()).is_err());
    }
}

/// The project that Automerge is publishes inputs that once broke it; none gets past the scan by a panic.
#[test]
fn published_crashers_never_panic() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/crdt");
    let required = std::env::var_os("TESSERA_REQUIRE_DATA").is_some();
    let Setting { document, .. } = setting();
    let mut read = 0;
    for folder in ["automerge_fuzz", "automerge_fixtures"] {
        let Ok(entries) = std::fs::read_dir(data.join(folder)) else {
            assert!(!required, "{folder} is missing");
            println!("skipped 1");
            continue;
        };
        for entry in entries {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!try_on(&document, &bytes));
            assert!(!try_on(&document, &forge::reseal(bytes)));
            read += 1;
        }
    }
    assert!(read > 10 || !required);
}
