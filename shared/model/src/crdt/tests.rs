//! Documents by example: constants, edits, conflicts, and what the guard makes of them.

mod fuzz;
mod honest;

use proptest::prelude::*;

use super::*;
use crate::guard::{Refusal, scan};

const ALICE: ActorBytes = [0xa1; 16];
const BOB: ActorBytes = [0xb0; 16];

pub(super) fn first() -> Vec<u8> {
    let containers = [
        ("scores", ContainerKind::Map),
        ("criteria", ContainerKind::Map),
        ("items", ContainerKind::List),
        ("notes", ContainerKind::Text),
    ];
    first_change("test", &containers).unwrap()
}

fn criterion(key: &str) -> Vec<u8> {
    criterion_change(&first(), "test", "criteria", key, &[("comment", ContainerKind::Text)]).unwrap()
}

pub(super) fn document() -> Document {
    Document::new(&[&first()], Limits::default()).unwrap()
}

pub(super) fn edit(
    document: &mut Document,
    actor: &ActorBytes,
    change: impl FnOnce(&mut Edit<'_>) -> Result<(), EditError>,
) -> Scanned {
    document.edit(actor, change).unwrap().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn constants_are_pinned() {
    assert_eq!(hex(&constant_actor("test", "")), include_str!("tests/vectors/actor.hex").trim());
    assert_eq!(hex(&first()), include_str!("tests/vectors/first.hex").trim());
    assert_eq!(hex(&criterion("merit")), include_str!("tests/vectors/criterion.hex").trim());
}

#[test]
fn constants_are_the_same_on_every_device() {
    assert_eq!(first(), first());
    assert_eq!(criterion("merit"), criterion("merit"));
    assert_ne!(criterion("merit"), criterion("need"));
    let scanned = guard::scan_constant(&criterion("merit"), &Limits::default()).unwrap();
    assert_eq!(scanned.seq(), 1);
    assert_eq!(*scanned.actor(), constant_actor("test", "merit"));
    assert_eq!(scanned.deps(), document().heads());
}

#[test]
fn criteria_come_in_any_order() {
    let (merit, need) = (criterion("merit"), criterion("need"));
    let mut left = Document::new(&[&first(), &merit, &need], Limits::default()).unwrap();
    let mut right = Document::new(&[&first(), &need], Limits::default()).unwrap();
    right.add_constant(&merit).unwrap();
    right.add_constant(&merit).unwrap();
    assert_eq!(left.heads(), right.heads());
    assert_eq!(left.containers(&["criteria"]), ["merit", "need"]);
    let one =
        edit(&mut left, &ALICE, |edit| edit.splice_text(&["criteria", "merit", "comment"], 0, 0, "good"));
    assert_eq!(right.apply(&one, &ALICE).unwrap(), Verdict::Apply);
    assert_eq!(right.text(&["criteria", "merit", "comment"]).unwrap(), "good");
    // Where the criterion is not known yet, the change waits for it.
    let mut older = Document::new(&[&first(), &need], Limits::default()).unwrap();
    assert!(matches!(older.apply(&one, &ALICE).unwrap(), Verdict::Park { .. }));
    older.add_constant(&merit).unwrap();
    assert_eq!(older.apply(&one, &ALICE).unwrap(), Verdict::Apply);
    assert_eq!(older.heads(), left.heads());
}

#[test]
fn what_is_no_constant_is_refused() {
    let mut document = document();
    let change = edit(&mut document.clone(), &ALICE, |edit| edit.put(&["k"], 1));
    let foreign = first_change("other", &[]).unwrap();
    let refused = DocumentError::ForeignConstant;
    assert_eq!(Document::new(&[], Limits::default()).unwrap_err(), refused);
    assert_eq!(Document::new(&[&criterion("merit")], Limits::default()).unwrap_err(), refused);
    assert_eq!(document.add_constant(&foreign).unwrap_err(), refused);
    assert!(matches!(document.add_constant(b"x").unwrap_err(), DocumentError::Constant(_)));
    assert_eq!(document.apply(&change, &ALICE).unwrap(), Verdict::Apply);
    // A constant is refused by the gate for other people's changes.
    assert!(scan(&first(), &Limits::default()).is_err());
    assert!(criterion_change(&first(), "test", "scores!", "merit", &[]).is_err());
    assert!(first_change("test", &[("a", ContainerKind::Map), ("a", ContainerKind::Map)]).is_err());
}

#[test]
fn i16_two_laptops_create_the_same_document_offline_and_both_values_are_seen() {
    let (mut left, mut right) = (document(), document());
    let one = edit(&mut left, &ALICE, |edit| {
        edit.put(&["scores", "merit"], 7)?;
        edit.put(&["scores", "need"], 5)
    });
    let two = edit(&mut right, &BOB, |edit| edit.put(&["scores", "merit"], 9));
    assert_eq!(left.apply(&two, &BOB).unwrap(), Verdict::Apply);
    assert_eq!(right.apply(&one, &ALICE).unwrap(), Verdict::Apply);
    assert_eq!(left.heads(), right.heads());
    for document in [&left, &right] {
        let Field::Conflict(values) = document.field(&["scores", "merit"]) else {
            panic!("no conflict: {:?}", document.field(&["scores", "merit"]));
        };
        let seen: Vec<_> =
            values.iter().map(|value| (value.value.clone(), value.actor, value.change)).collect();
        assert_eq!(seen, [(Value::Int(7), ALICE, *one.hash()), (Value::Int(9), BOB, *two.hash())]);
        assert_eq!(document.field(&["scores", "need"]), Field::One(Value::Int(5)));
    }
    // A decision replaces both, and both stay in the history.
    let decision = edit(&mut left, &ALICE, |edit| edit.put(&["scores", "merit"], 8));
    assert_eq!(right.apply(&decision, &ALICE).unwrap(), Verdict::Apply);
    assert_eq!(right.field(&["scores", "merit"]), Field::One(Value::Int(8)));
    let mut versions: Vec<_> = right.versions(&["scores", "merit"]);
    assert_eq!(versions.pop().unwrap().values, [Value::Int(8)]);
    versions.sort_by_key(|version| version.values[0].as_int());
    assert_eq!(versions[0].values, [Value::Int(7)]);
    assert_eq!(versions[1].values, [Value::Int(9)]);
}

#[test]
fn a_decision_for_the_winning_value_ends_a_conflict() {
    for winner in [7, 9] {
        let (mut left, mut right) = (document(), document());
        edit(&mut left, &ALICE, |edit| edit.put(&["scores", "merit"], 7));
        let two = edit(&mut right, &BOB, |edit| edit.put(&["scores", "merit"], 9));
        left.apply(&two, &BOB).unwrap();
        for actor in [ALICE, BOB] {
            let mut left = left.clone();
            edit(&mut left, &actor, |edit| edit.put(&["scores", "merit"], winner));
            assert_eq!(left.field(&["scores", "merit"]), Field::One(Value::Int(winner)));
            edit(&mut left, &actor, |edit| edit.put(&["scores", "merit"], 1));
            edit(&mut left, &ALICE, |edit| edit.remove(&["scores", "merit"]));
            edit(&mut left, &ALICE, |edit| edit.put(&["scores", "merit"], 2));
            assert_eq!(left.field(&["scores", "merit"]), Field::One(Value::Int(2)));
        }
    }
}

#[test]
fn the_same_value_twice_is_no_conflict() {
    let (mut left, mut right) = (document(), document());
    edit(&mut left, &ALICE, |edit| edit.put(&["scores", "merit"], 7));
    let two = edit(&mut right, &BOB, |edit| edit.put(&["scores", "merit"], 7));
    left.apply(&two, &BOB).unwrap();
    assert_eq!(left.field(&["scores", "merit"]), Field::One(Value::Int(7)));
    assert_eq!(left.get_all(&["scores", "merit"]).len(), 2);
}

#[test]
fn every_kind_of_value_comes_back() {
    let mut document = document();
    let values = [
        Value::Null,
        Value::Bool(true),
        Value::Bool(false),
        Value::Int(-5),
        Value::Uint(u64::MAX),
        Value::Float(0.5),
        Value::Str("tëxt".into()),
        Value::Bytes(vec![0, 255]),
        Value::Timestamp(-1),
    ];
    let change = edit(&mut document, &ALICE, |edit| {
        for (at, value) in values.iter().enumerate() {
            edit.put(&["scores", &format!("k{at}")], value.clone())?;
        }
        Ok(())
    });
    let mut other = tests::document();
    assert_eq!(other.apply(&change, &ALICE).unwrap(), Verdict::Apply);
    for (at, value) in values.iter().enumerate() {
        assert_eq!(other.field(&["scores", &format!("k{at}")]), Field::One(value.clone()));
    }
    assert_eq!(other.keys(&["scores"]).len(), values.len());
    assert_eq!(other.field(&["scores", "none"]), Field::Absent);
    assert_eq!(other.field(&["nowhere", "none"]), Field::Absent);
    assert_eq!(other.containers(&[]), ["criteria", "items", "notes", "scores"]);
    assert_eq!(other.keys(&[]), ["document"]);
}

#[test]
fn lists_hold_values_and_maps() {
    let mut document = document();
    let mut ids = Vec::new();
    let fields = [("text", Value::from("a comment")), ("round", Value::from(1))];
    let one = edit(&mut document, &ALICE, |edit| {
        ids.push(edit.push(&["items"], "plain")?);
        ids.push(edit.push_map(&["items"], fields)?);
        Ok(())
    });
    let mut other = tests::document();
    other.apply(&one, &ALICE).unwrap();
    let two = edit(&mut other, &BOB, |edit| {
        edit.put_in_item(&["items"], &ids[1], "text", "changed")?;
        edit.remove_item(&["items"], &ids[0])
    });
    assert_eq!(document.apply(&two, &BOB).unwrap(), Verdict::Apply);
    let items = document.items(&["items"]);
    assert_eq!(items.len(), 1);
    assert_eq!((items[0].id, items[0].change), (ids[1], *one.hash()));
    let ItemValue::Map(fields) = &items[0].value else { panic!("{items:?}") };
    let read: Vec<_> = fields.iter().map(|(key, values)| (key.as_str(), values[0].value.clone())).collect();
    assert_eq!(read, [("round", Value::Int(1)), ("text", Value::Str("changed".into()))]);
    let gone = document.edit::<EditError>(&ALICE, |edit| edit.remove_item(&["items"], &ids[0]));
    assert_eq!(gone.unwrap_err(), EditError::Place);
}

#[test]
fn texts_merge() {
    let (mut left, mut right) = (document(), document());
    let base = edit(&mut left, &ALICE, |edit| edit.splice_text(&["notes"], 0, 0, "ab文字👩🏽‍🚀"));
    right.apply(&base, &ALICE).unwrap();
    let one = edit(&mut left, &ALICE, |edit| edit.splice_text(&["notes"], 0, 1, "X"));
    let two = edit(&mut right, &BOB, |edit| edit.splice_text(&["notes"], 4, 4, "!"));
    left.apply(&two, &BOB).unwrap();
    right.apply(&one, &ALICE).unwrap();
    assert_eq!(left.text(&["notes"]).unwrap(), "Xb文字!");
    assert_eq!(left.text(&["notes"]), right.text(&["notes"]));
    assert_eq!(left.text(&["scores"]), None);
}

#[test]
fn edits_that_change_nothing_or_fail_leave_nothing() {
    let mut document = document();
    edit(&mut document, &ALICE, |edit| edit.put(&["scores", "merit"], 7));
    let heads = document.heads();
    assert_eq!(document.edit::<EditError>(&ALICE, |_| Ok(())), Ok(None));
    assert_eq!(document.edit::<EditError>(&ALICE, |edit| edit.put(&["scores", "merit"], 7)), Ok(None));
    assert_eq!(document.edit::<EditError>(&BOB, |edit| edit.remove(&["scores", "none"])), Ok(None));
    let limits = Limits::default();
    let check = |document: &mut Document, change: &dyn Fn(&mut Edit<'_>) -> Result<(), EditError>, error| {
        let result = document.edit::<EditError>(&BOB, |edit| {
            edit.put(&["scores", "need"], 1)?;
            change(edit)
        });
        assert_eq!(result.unwrap_err(), error);
    };
    let long = "x".repeat(limits.max_value_bytes + 1);
    check(&mut document, &|edit| edit.put(&["scores", "k"], long.as_str()), EditError::Value);
    check(&mut document, &|edit| edit.put(&["scores", "k"], Value::Float(f64::NAN)), EditError::Value);
    check(&mut document, &|edit| edit.put(&["scores", &long], 1), EditError::Key(long.len()));
    check(&mut document, &|edit| edit.put(&["scores", ""], 1), EditError::Key(0));
    check(&mut document, &|edit| edit.put(&["scores"], 1), EditError::Container);
    check(&mut document, &|edit| edit.remove(&["notes"]), EditError::Container);
    check(&mut document, &|edit| edit.put(&["none", "k"], 1), EditError::NoContainer("map"));
    check(&mut document, &|edit| edit.splice_text(&["notes"], 1, 0, "x"), EditError::Place);
    let many = "x".repeat(4096);
    check(&mut document, &|edit| edit.splice_text(&["notes"], 0, 0, &many), EditError::TooLarge);
    check(
        &mut document,
        &|edit| (0..5000).try_for_each(|at| edit.put(&["scores", &format!("k{at}")], at)),
        EditError::TooLarge,
    );
    let big = "x".repeat(100_000);
    check(
        &mut document,
        &|edit| (0..3).try_for_each(|at| edit.put(&["scores", &format!("k{at}")], big.as_str())),
        EditError::TooLarge,
    );
    check(
        &mut document,
        &|edit| (0..300).try_for_each(|_| edit.push(&["items"], Value::Null).map(drop)),
        EditError::TooLarge,
    );
    check(
        &mut document,
        &|edit| (0..300).try_for_each(|_| edit.push_map(&["items"], [("k", Value::Null); 0]).map(drop)),
        EditError::TooLarge,
    );
    assert_eq!(document.heads(), heads);
    assert_eq!(document.field(&["scores", "need"]), Field::Absent);
    edit(&mut document, &BOB, |edit| edit.put(&["scores", "need"], Value::Float(-0.0)));
}

#[test]
fn an_edit_that_replaces_too_much_is_refused_before_it_is_made() {
    let limits = Limits { max_preds: 3, ..Limits::default() };
    let mut document = Document::new(&[&first()], limits.clone()).unwrap();
    for device in 1..=2_u8 {
        let mut copy = Document::new(&[&first()], limits.clone()).unwrap();
        let change = edit(&mut copy, &[device; 16], |edit| {
            edit.put(&["scores", "a"], i32::from(device))?;
            edit.put(&["scores", "b"], i32::from(device))
        });
        assert_eq!(document.apply(&change, &[device; 16]).unwrap(), Verdict::Apply);
    }
    let both = document.edit::<EditError>(&ALICE, |edit| {
        edit.put(&["scores", "a"], 9)?;
        edit.remove(&["scores", "b"])
    });
    assert_eq!(both.unwrap_err(), EditError::TooLarge);
    assert!(!document.is_broken());
    edit(&mut document, &ALICE, |edit| edit.put(&["scores", "a"], 9));
    edit(&mut document, &ALICE, |edit| edit.remove(&["scores", "b"]));
}

#[test]
fn the_largest_edit_passes_its_own_guard() {
    let mut document = document();
    let text: String = ('一'..).take(4096).collect();
    edit(&mut document, &ALICE, |edit| edit.splice_text(&["notes"], 0, 0, &text));
    edit(&mut document, &BOB, |edit| edit.splice_text(&["notes"], 0, 4096, ""));
    assert_eq!(document.text(&["notes"]).unwrap(), "");
    edit(&mut document, &BOB, |edit| {
        (0..4096).try_for_each(|at| edit.put(&["scores", &format!("{at}")], at))
    });
}

#[test]
fn changes_apply_in_any_order_and_only_once() {
    let mut document = document();
    let mut changes = Vec::new();
    for at in 0..20 {
        let actor = if at % 3 == 0 { BOB } else { ALICE };
        changes.push((edit(&mut document, &actor, |edit| edit.put(&["scores", "merit"], at)), actor));
    }
    changes.reverse();
    let mut other = tests::document();
    assert!(other.apply_all(&changes).unwrap().iter().all(|verdict| *verdict == Verdict::Apply));
    assert!(other.apply_all(&changes).unwrap().iter().all(|verdict| *verdict == Verdict::Known));
    assert_eq!(other.heads(), document.heads());
    let mut partial = tests::document();
    let verdicts = partial.apply_all(&changes[..10]).unwrap();
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Park { .. })));
    assert_eq!(partial.known().len(), 1);
}

#[test]
fn what_touched_a_key_is_known_oldest_first() {
    let mut document = document();
    let put = |document: &mut Document, actor, key: &str, value: i32| {
        edit(document, actor, |edit| edit.put(&["scores", key], value)).hash().to_owned()
    };
    let one = put(&mut document, &ALICE, "a", 1);
    put(&mut document, &BOB, "b", 1);
    let other = edit(&mut document, &BOB, |edit| edit.put(&["a"], 7)).hash().to_owned();
    let two = edit(&mut document, &BOB, |edit| {
        edit.put(&["scores", "a"], 2)?;
        edit.remove(&["scores", "a"])?;
        edit.put(&["scores", "a"], 3)
    });
    let gone = edit(&mut document, &ALICE, |edit| edit.remove(&["scores", "a"]));
    let found: Vec<_> =
        document.versions(&["scores", "a"]).into_iter().map(|v| (v.change, v.values)).collect();
    let expected =
        vec![(one, vec![Value::Int(1)]), (*two.hash(), vec![Value::Int(3)]), (*gone.hash(), vec![])];
    assert_eq!(found, expected);
    let at_root: Vec<_> = document.versions(&["a"]).into_iter().map(|version| version.change).collect();
    assert_eq!(at_root, [other]);
    for nowhere in [&["scores", "c"][..], &["notes", "a"], &["nothing", "a"], &[]] {
        assert_eq!(document.versions(nowhere), []);
    }
}

#[test]
fn a_document_takes_edits_to_its_last_operation() {
    let made = document().known().change_of(&constant_actor("test", ""), 5).is_some();
    assert!(made, "the kind and four containers");
    let room = |operations: u64, counter: u64| {
        let limits =
            Limits { max_document_ops: 5 + operations, max_counter: 5 + counter, ..Limits::default() };
        let mut document = Document::new(&[&first()], limits).unwrap();
        let mut taken = 0;
        while document.edit::<EditError>(&ALICE, |edit| edit.put(&["k"], i64::from(taken))).is_ok() {
            taken += 1;
            assert!(taken < 100);
        }
        let refused = document.edit::<EditError>(&ALICE, |edit| edit.put(&["k"], "more")).unwrap_err();
        assert_eq!(refused, EditError::Full);
        let change = document.edit::<EditError>(&BOB, |edit| edit.put(&["k"], "more"));
        assert_eq!(change.unwrap_err(), EditError::Full);
        taken
    };
    assert_eq!(room(3, 100), 3);
    assert_eq!(room(100, 4), 4);
    // What others wrote fits to the last as well, and not one beyond.
    let mut wide = document();
    let changes: Vec<_> = (0..4).map(|n| edit(&mut wide, &BOB, |edit| edit.put(&["k"], n))).collect();
    let limits = Limits { max_document_ops: 5 + 3, ..Limits::default() };
    let mut narrow = Document::new(&[&first()], limits).unwrap();
    for (change, place) in changes.iter().zip(1..) {
        let full = Verdict::Refuse(Refusal::DocumentFull { what: "operations", limit: 8 });
        let expected = if place <= 3 { Verdict::Apply } else { full };
        assert_eq!(narrow.apply(change, &BOB).unwrap(), expected);
    }
    assert_eq!(narrow.known().len(), 4);
}

#[test]
fn the_next_number_is_known() {
    let mut document = document();
    assert_eq!(document.known().next_seq(&ALICE), 1);
    let change = edit(&mut document, &ALICE, |edit| edit.put(&["k"], 1));
    assert_eq!(document.known().next_seq(&ALICE), 2);
    assert_eq!(document.known().change_of(&ALICE, change.start_op()), Some(change.hash()));
    assert_eq!(document.known().change_of(&ALICE, change.max_op() + 1), None);
    assert_eq!(document.check(&change, &BOB), Verdict::Known);
    let mut fresh = tests::document();
    assert_eq!(fresh.apply(&change, &BOB).unwrap(), Verdict::Refuse(Refusal::WrongActor));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn merges_do_not_depend_on_order(edits in proptest::collection::vec((0..3_u8, 0..4_u8, 0..5_i64), 1..24), order: [prop::sample::Index; 24]) {
        let mut devices = [document(), document(), document()];
        let mut all = Vec::new();
        for (device, key, value) in edits {
            let actor = [device + 1; 16];
            let change = devices[usize::from(device)].edit::<EditError>(&actor, |edit| {
                edit.put(&["scores", &key.to_string()], value)?;
                edit.splice_text(&["notes"], 0, 0, &value.to_string())
            }).unwrap();
            all.push((change.unwrap(), actor));
        }
        let mut shuffled = all.clone();
        for (at, other) in order.iter().enumerate().take(all.len()) {
            let other = other.index(shuffled.len());
            shuffled.swap(at, other);
        }
        let mut left = document();
        left.apply_all(&all).unwrap();
        let mut right = document();
        for (change, actor) in &shuffled {
            right.apply(change, actor).unwrap();
        }
        right.apply_all(&shuffled).unwrap();
        prop_assert_eq!(left.heads(), right.heads());
        prop_assert_eq!(left.text(&["notes"]), right.text(&["notes"]));
        for key in left.keys(&["scores"]) {
            prop_assert_eq!(left.get_all(&["scores", &key]), right.get_all(&["scores", &key]));
        }
    }
}
