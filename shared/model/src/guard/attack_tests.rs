//! The measured attacks P1 to P7, built as the programs that measured them do, and refused.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::forge::{self, Change, Op, OpKey};
use super::*;
use crate::crdt::{ContainerKind, Document, EditError, Value, constant_actor, first_change};

const HONEST: ActorBytes = [9; 16];
const HOSTILE: ActorBytes = [5; 16];

fn document() -> Document {
    let first = first_change("test", &[("map", ContainerKind::Map)]).unwrap();
    Document::new(&[&first], Limits::default()).unwrap()
}

fn put(document: &mut Document, actor: &ActorBytes, key: &str, value: impl Into<Value>) -> Scanned {
    document.edit::<EditError>(actor, |edit| edit.put(&[key], value)).unwrap().unwrap()
}

fn deflated_zeros(mebibytes: usize) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..mebibytes {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

/// A change of the hostile actor that would come next in a document.
fn next(document: &Document, ops: &[Op]) -> Change {
    let deps = document.heads();
    // The constant put the kind and one map.
    Change { deps, start_op: 3, ..Change::of(ops) }
}

fn verdict(document: &Document, change: &Change) -> Verdict {
    let scanned = scan(&change.bytes(), &Limits::default()).unwrap();
    document.check(&scanned, &HOSTILE)
}

#[test]
fn h01_p1_twenty_million_ops() {
    let bytes = Change::puts(20_000_000).bytes();
    assert_eq!(bytes.len(), 69);
    let refused = scan(&bytes, &Limits::default()).unwrap_err();
    assert_eq!(refused, GuardError::TooMany { place: "action", claimed: 20_000_000, limit: 4096 });
    // Any one column may lie.
    for (spec, column) in
        [(0x15, "key"), (0x34, "insert"), (0x56, "value metadata"), (0x70, "predecessor count")]
    {
        let lie = Change::puts(20_000_000).columns.into_iter().find(|(s, _)| *s == spec).unwrap().1;
        let refused = scan(&Change::put().with(spec, &lie).bytes(), &Limits::default()).unwrap_err();
        assert_eq!(refused, GuardError::TooMany { place: column, claimed: 20_000_000, limit: 4096 });
    }
    // The largest claims that a number can make.
    for head in [i64::MAX, i64::MIN, i64::MIN + 1] {
        let lie = [forge::sleb(head), vec![1]].concat();
        let refused = scan(&Change::put().with(0x42, &lie).bytes(), &Limits::default()).unwrap_err();
        assert!(matches!(refused, GuardError::TooMany { place: "action", .. }));
    }
}

#[test]
fn h01_p1_many_predecessors() {
    let lie = [forge::sleb(1), vec![1]].concat();
    let change = Change::put()
        .with(0x70, &[vec![0x7f], forge::uleb(u64::MAX)].concat())
        .with(0x71, &lie)
        .with(0x73, &lie);
    let refused = scan(&change.bytes(), &Limits::default()).unwrap_err();
    assert_eq!(refused, GuardError::TooMany { place: "predecessors", claimed: u64::MAX, limit: 16_384 });
}

#[test]
fn h02_p2_compressed_chunk() {
    let bytes = forge::chunk(2, &deflated_zeros(100));
    assert_eq!(scan(&bytes, &Limits::default()).unwrap_err(), GuardError::ChunkType(2));
    let bytes = forge::chunk(2, &deflated_zeros(1000));
    assert!(matches!(
        scan(&bytes, &Limits::default()).unwrap_err(),
        GuardError::TooMany { place: "change bytes", .. }
    ));
}

#[test]
fn h02_column_bombs() {
    // A document whose one change column is deflated zeros.
    let column = deflated_zeros(50);
    let mut body = vec![0, 0, 1];
    body.extend(forge::uleb(0x01 | 0x08));
    body.extend(forge::uleb(column.len() as u64));
    body.push(0);
    body.extend(&column);
    let refused = scan(&forge::chunk(0, &body), &Limits::default()).unwrap_err();
    assert_eq!(refused, GuardError::ChunkType(0));
    // The same column in a plain change.
    let refused = scan(&Change::put().with(0x42 | 0x08, &column).bytes(), &Limits::default());
    assert_eq!(refused.unwrap_err(), GuardError::Deflated(0x4a));
}

#[test]
fn h03_p3_equivocation() {
    let mut alice = document();
    let mut bob = document();
    let one = put(&mut alice, &HOSTILE, "k", "for-alice");
    let two = put(&mut bob, &HOSTILE, "k", "for-bob");
    let refused = |known: &Scanned| Verdict::Refuse(Refusal::Equivocation { known: *known.hash() });
    assert_eq!(alice.apply(&two, &HOSTILE).unwrap(), refused(&one));
    assert_eq!(bob.apply(&one, &HOSTILE).unwrap(), refused(&two));
    // Honest work of both still merges where neither side of the equivocation is part of it.
    let (mut alice, mut bob) = (document(), document());
    let left = put(&mut alice, &[1; 16], "a", 1);
    let right = put(&mut bob, &[2; 16], "b", 2);
    assert_eq!(alice.apply(&right, &[2; 16]).unwrap(), Verdict::Apply);
    assert_eq!(bob.apply(&left, &[1; 16]).unwrap(), Verdict::Apply);
    assert_eq!(alice.heads(), bob.heads());
}

#[test]
fn f11_an_honest_copy_with_a_fresh_actor_merges() {
    let mut original = document();
    put(&mut original, &HONEST, "x", 0);
    let mut copy = original.clone();
    let left = put(&mut original, &[1; 16], "a", 1);
    let right = put(&mut copy, &[2; 16], "c", 1);
    assert_eq!(original.apply(&right, &[2; 16]).unwrap(), Verdict::Apply);
    assert_eq!(copy.apply(&left, &[1; 16]).unwrap(), Verdict::Apply);
    assert_eq!(original.heads(), copy.heads());
}

#[test]
fn h04_p4_last_operation_number() {
    let document = document();
    let op = [Op::put("y", "1")];
    let huge = Change { start_op: u64::from(u32::MAX), ..next(&document, &op) };
    assert!(matches!(
        scan(&huge.bytes(), &Limits::default()).unwrap_err(),
        GuardError::TooMany { place: "operation number", .. }
    ));
    // Within the limit, but not the one number that follows.
    for found in [1, 2, 4, 90, 249_999] {
        assert_eq!(
            verdict(&document, &Change { start_op: found, ..next(&document, &op) }),
            Verdict::Refuse(Refusal::StartOp { expected: 3, found })
        );
    }
    assert_eq!(verdict(&document, &next(&document, &op)), Verdict::Apply);
}

#[test]
fn h05_p5_sequence_gap() {
    // The six changes of the proof, two of them of 34 bytes: no operations at all.
    for (actor, seq, start_op) in [
        (vec![], 1, 1),
        (vec![], 58, 1),
        (vec![7; 16], 58, 1),
        (vec![7; 16], 1, 1),
        (vec![7; 16], 0, 1),
        (vec![7; 16], 1, 90),
    ] {
        let change = Change { actor, seq, start_op, columns: vec![], ..Change::put() };
        assert!(scan(&change.bytes(), &Limits::default()).is_err());
    }
    // The same gap with an operation.
    let document = document();
    let gap = Change { seq: 58, ..next(&document, &[Op::put("y", "1")]) };
    assert_eq!(verdict(&document, &gap), Verdict::Refuse(Refusal::Sequence { expected: 1, found: 58 }));
}

#[test]
fn h05_a_change_that_forgets_its_own_last_is_refused() {
    let mut document = document();
    let root = document.heads();
    put(&mut document, &HOSTILE, "k", 1);
    // Its second change builds on the constant alone.
    let change = Change { seq: 2, deps: root, start_op: 3, ..Change::of(&[Op::put("y", "1")]) };
    assert_eq!(verdict(&document, &change), Verdict::Refuse(Refusal::Sequence { expected: 1, found: 2 }));
}

#[test]
fn h06_p6_nested_maps() {
    // As one change: 300 maps, each in the one before.
    let ops: Vec<Op> = (0..300)
        .map(|depth| Op {
            object: (depth > 0).then_some((depth, 0)),
            action: 0,
            value: (0, vec![]),
            ..Op::put("a", "")
        })
        .collect();
    let bytes = Change::of(&ops).bytes();
    assert_eq!(scan(&bytes, &Limits::default()).unwrap_err(), GuardError::Action(0));
    // As a document.
    let refused = scan(&forge::chunk(0, &[0; 541]), &Limits::default()).unwrap_err();
    assert_eq!(refused, GuardError::ChunkType(0));
}

#[test]
fn h07_p7_orphans_wait_outside() {
    let mut document = document();
    let first = document.heads();
    for at in 0..20_000_u32 {
        let mut actor = [0; 16];
        actor[..4].copy_from_slice(&at.to_be_bytes());
        let mut missing = [7; 32];
        missing[..4].copy_from_slice(&at.to_be_bytes());
        let orphan = Change {
            actor: actor.to_vec(),
            deps: vec![missing],
            ..Change::of(&[Op::put("y", "0123456789")])
        };
        let scanned = scan(&orphan.bytes(), &Limits::default()).unwrap();
        assert_eq!(document.apply(&scanned, &actor).unwrap(), Verdict::Park { missing: vec![missing] });
    }
    assert_eq!(document.heads(), first);
    assert_eq!(document.known().len(), 1);
}

#[test]
fn i15_another_actors_next_change_is_refused() {
    let document = document();
    let change = next(&document, &[Op::put("y", "1")]);
    let scanned = scan(&change.bytes(), &Limits::default()).unwrap();
    assert_eq!(document.check(&scanned, &HONEST), Verdict::Refuse(Refusal::WrongActor));
    assert_eq!(document.check(&scanned, &HOSTILE), Verdict::Apply);
}

#[test]
fn a_change_that_builds_on_nothing_is_refused() {
    let document = document();
    let change = Change { deps: vec![], start_op: 1, ..next(&document, &[Op::put("y", "1")]) };
    assert_eq!(verdict(&document, &change), Verdict::Refuse(Refusal::Unrooted));
}

#[test]
fn containers_cannot_be_hidden() {
    let document = document();
    let first = constant_of(&document);
    let with_others = |op: Op| Change { others: vec![first], ..next(&document, &[op]) };
    let misfit = Verdict::Refuse(Refusal::Misfit { index: 0 });
    assert_eq!(verdict(&document, &next(&document, &[Op::put("map", "gone")])), misfit);
    let over = Op { preds: vec![(2, 1)], ..Op::put("map", "gone") };
    assert_eq!(verdict(&document, &with_others(over)), misfit);
    let removal = Op { action: 3, value: (0, vec![]), preds: vec![(2, 1)], ..Op::put("map", "") };
    assert_eq!(verdict(&document, &with_others(removal)), misfit);
}

#[test]
fn references_must_be_to_what_the_change_builds_on() {
    let document = document();
    let first = constant_of(&document);
    let with_others = |op: Op| Change { others: vec![first], ..next(&document, &[op]) };
    let missing = Verdict::Refuse(Refusal::Reference { index: 0 });
    // An object that is none, an object that does not exist, a value of another key.
    let check = |op: Op| assert_eq!(verdict(&document, &with_others(op)), missing);
    check(Op { object: Some((1, 1)), ..Op::put("k", "v") });
    check(Op { preds: vec![(2, 1)], ..Op::put("k", "v") });
    check(Op { preds: vec![(1, 1)], ..Op::put("k", "v") });
    let inside = Op { object: Some((2, 1)), ..Op::put("k", "v") };
    assert_eq!(verdict(&document, &with_others(inside)), Verdict::Apply);
    let unknown = Change {
        others: vec![[200; 16]],
        ..next(&document, &[Op { preds: vec![(2, 1)], ..Op::put("k", "v") }])
    };
    assert_eq!(verdict(&document, &unknown), missing);
}

fn constant_of(document: &Document) -> ActorBytes {
    let actor = constant_actor("test", "");
    assert!(document.known().change_of(&actor, 1).is_some());
    actor
}

#[test]
fn references_to_a_concurrent_change_are_refused() {
    let mut document = document();
    let before = document.heads();
    let value = put(&mut document, &HONEST, "k", 1);
    let op = Op { preds: vec![(3, 1)], ..Op::put("k", "v") };
    let after = Change {
        others: vec![HONEST],
        deps: vec![*value.hash()],
        start_op: 4,
        ..Change::of(std::slice::from_ref(&op))
    };
    assert_eq!(verdict(&document, &after), Verdict::Apply);
    // The same without building on it: known here, but not to everyone.
    let op = Op { preds: vec![(3, 1)], ..op };
    let beside = Change { deps: before.clone(), start_op: 3, ..after };
    assert!(scan(&beside.bytes(), &Limits::default()).is_err());
    let late =
        Change { others: vec![HONEST], deps: before, start_op: 3, ..Change::of(&[Op::put("a", "1"), op]) };
    assert_eq!(verdict(&document, &late), Verdict::Refuse(Refusal::Reference { index: 1 }));
}

#[test]
fn predecessors_come_in_order() {
    let mut left = document();
    let mut right = document();
    put(&mut left, &[1; 16], "k", 1);
    let theirs = put(&mut right, &[2; 16], "k", 2);
    left.apply(&theirs, &[2; 16]).unwrap();
    let with = |preds: Vec<(u64, u64)>| Change {
        others: vec![[1; 16], [2; 16]],
        start_op: 4,
        ..next(&left, &[Op { preds, ..Op::put("k", "v") }])
    };
    let missing = Verdict::Refuse(Refusal::Reference { index: 0 });
    assert_eq!(verdict(&left, &with(vec![(3, 1), (3, 2)])), Verdict::Apply);
    assert_eq!(verdict(&left, &with(vec![(3, 2), (3, 1)])), missing);
    assert_eq!(verdict(&left, &with(vec![(3, 1), (3, 1), (3, 2)])), missing);
}

#[test]
fn a_full_document_takes_nothing_more() {
    let first = first_change("test", &[]).unwrap();
    let limits = Limits { max_document_ops: 3, ..Limits::default() };
    let mut document = Document::new(&[&first], limits).unwrap();
    put(&mut document, &HONEST, "a", 1);
    put(&mut document, &HONEST, "b", 1);
    let mut wider = Document::new(&[&first], Limits::default()).unwrap();
    let change = put(&mut wider, &[1; 16], "c", 1);
    let full = Verdict::Refuse(Refusal::DocumentFull { what: "operations", limit: 3 });
    assert_eq!(document.apply(&change, &[1; 16]).unwrap(), full);
    let edited = document.edit::<EditError>(&HONEST, |edit| edit.put(&["c"], 1));
    assert_eq!(edited.unwrap_err(), EditError::Full);
    assert!(!document.is_broken());
}

#[test]
fn sequences_hold_what_they_may() {
    let containers = [("list", ContainerKind::List), ("text", ContainerKind::Text)];
    let first = first_change("test", &containers).unwrap();
    let mut document = Document::new(&[&first], Limits::default()).unwrap();
    let constant = constant_of(&document);
    document
        .edit::<EditError>(&HONEST, |edit| {
            edit.push_map(&["list"], [("k", Value::Null)])?;
            edit.splice_text(&["text"], 0, 0, "t")
        })
        .unwrap();
    // Operations 4 to 6 are the map, its value and the character.
    let check = |op: Op, expected: Verdict| {
        let mut others = vec![HONEST, constant];
        others.sort_unstable();
        let honest = others.iter().position(|actor| *actor == HONEST).unwrap() as u64 + 1;
        let place = |(counter, _): (u64, u64)| (counter, if counter < 4 { 3 - honest } else { honest });
        let mut op =
            Op { object: op.object.map(place), preds: op.preds.into_iter().map(place).collect(), ..op };
        if let OpKey::Element(counter, actor) = &mut op.key {
            *actor = place((*counter, 0)).1;
        }
        let uses = [HONEST, constant].map(|actor| {
            let at = others.iter().position(|other| *other == actor).unwrap() as u64 + 1;
            let element = matches!(op.key, OpKey::Element(_, used) if used == at);
            element || op.object.iter().chain(&op.preds).any(|id| id.1 == at)
        });
        assert_eq!(uses, [true, true], "the table has no unused actors");
        let change = Change { others, start_op: 7, ..next(&document, &[op]) };
        assert_eq!(verdict(&document, &change), expected);
    };
    let misfit = || Verdict::Refuse(Refusal::Misfit { index: 0 });
    let missing = || Verdict::Refuse(Refusal::Reference { index: 0 });
    let list = |value: &str| Op { object: Some((2, 0)), key: OpKey::Element(4, 0), ..Op::put("", value) };
    let text = |value: &str| Op { object: Some((3, 0)), key: OpKey::Element(6, 0), ..Op::put("", value) };
    check(Op { insert: true, ..list("long") }, Verdict::Apply);
    check(Op { insert: true, ..text("é") }, Verdict::Apply);
    check(Op { insert: true, ..text("éé") }, misfit());
    check(Op { insert: true, ..text("") }, misfit());
    check(Op { insert: true, value: (3, vec![1]), ..text("") }, misfit());
    check(Op { insert: true, action: 0, value: (0, vec![]), ..text("") }, misfit());
    // No character is replaced, only removed; no map in a list is replaced by a value.
    check(Op { preds: vec![(6, 0)], ..text("x") }, misfit());
    check(Op { preds: vec![(6, 0)], action: 3, value: (0, vec![]), ..text("") }, Verdict::Apply);
    check(Op { preds: vec![(4, 0)], ..list("x") }, misfit());
    check(Op { preds: vec![(4, 0)], action: 3, value: (0, vec![]), ..list("") }, Verdict::Apply);
    // Elements of one sequence are none of another.
    check(Op { insert: true, key: OpKey::Element(6, 0), ..list("x") }, missing());
    check(Op { insert: true, key: OpKey::Element(4, 0), ..text("x") }, missing());
    check(Op { insert: true, key: OpKey::Element(5, 0), ..list("x") }, missing());
}

#[test]
fn conflicts_with_oneself_are_refused() {
    let mut document = document();
    let beside = |index| Verdict::Refuse(Refusal::Beside { index });
    // Within one change.
    let twice = [Op::put("k", "a"), Op::put("k", "b")];
    assert_eq!(verdict(&document, &next(&document, &twice)), beside(1));
    let chained = [Op::put("k", "a"), Op { preds: vec![(3, 0)], ..Op::put("k", "b") }];
    assert_eq!(verdict(&document, &next(&document, &chained)), Verdict::Apply);
    let removed = [
        Op::put("k", "a"),
        Op { action: 3, value: (0, vec![]), preds: vec![(3, 0)], ..Op::put("k", "") },
        Op::put("k", "b"),
    ];
    assert_eq!(verdict(&document, &next(&document, &removed)), Verdict::Apply);
    // Across changes.
    let first = put(&mut document, &HOSTILE, "k", "a");
    let later = |document: &Document, op: Op| Change { seq: 2, start_op: 4, ..next(document, &[op]) };
    assert_eq!(verdict(&document, &later(&document, Op::put("k", "b"))), beside(0));
    let over = Op { preds: vec![(3, 0)], ..Op::put("k", "b") };
    assert_eq!(verdict(&document, &later(&document, over)), Verdict::Apply);
    // What somebody else replaced need not be replaced again.
    let other = put(&mut document, &HONEST, "k", "c");
    assert_eq!(other.deps(), [*first.hash()]);
    let others = |op| Change { others: vec![HONEST], start_op: 5, ..later(&document, op) };
    let over = Op { preds: vec![(4, 1)], ..Op::put("k", "d") };
    assert_eq!(verdict(&document, &others(over)), Verdict::Apply);
    // What somebody else replaced unknown to the change is to be replaced all the same, here as anywhere.
    let mut document = self::document();
    let first = put(&mut document, &HOSTILE, "k", "a");
    put(&mut document, &HONEST, "k", "c");
    let unaware = |op| Change { deps: vec![*first.hash()], ..later(&document, op) };
    assert_eq!(verdict(&document, &unaware(Op::put("k", "b"))), beside(0));
    let over = Op { preds: vec![(3, 0)], ..Op::put("k", "b") };
    assert_eq!(verdict(&document, &unaware(over)), Verdict::Apply);
    // A removal of somebody else's value leaves one's own.
    let mut document = self::document();
    put(&mut document, &HONEST, "k", "a");
    let over = Op { preds: vec![(3, 1)], ..Op::put("k", "b") };
    let removal = Op { action: 3, value: (0, vec![]), preds: vec![(3, 1)], ..Op::put("k", "") };
    let ops = [over, removal, Op::put("k", "c")];
    let change = Change { others: vec![HONEST], start_op: 4, deps: document.heads(), ..Change::of(&ops) };
    assert_eq!(verdict(&document, &change), beside(2));
}

#[test]
fn branches_are_bounded() {
    let first = first_change("test", &[]).unwrap();
    let limits = Limits { max_deps: 2, ..Limits::default() };
    let mut document = Document::new(&[&first], limits.clone()).unwrap();
    for device in 1..=3 {
        let mut copy = Document::new(&[&first], limits.clone()).unwrap();
        let change = put(&mut copy, &[device; 16], "k", i32::from(device));
        let full = Verdict::Refuse(Refusal::DocumentFull { what: "branches", limit: 2 });
        let expected = if device < 3 { Verdict::Apply } else { full };
        assert_eq!(document.apply(&change, &[device; 16]).unwrap(), expected);
    }
    put(&mut document, &HONEST, "k", "one again");
    assert_eq!(document.heads().len(), 1);
}

#[test]
fn actors_are_bounded() {
    let first = first_change("test", &[]).unwrap();
    let limits = Limits { max_document_actors: 2, ..Limits::default() };
    let mut document = Document::new(&[&first], limits).unwrap();
    put(&mut document, &HONEST, "k", 1);
    let mut wider = document.clone();
    let refused = wider.edit::<EditError>(&HOSTILE, |edit| edit.put(&["k"], 2));
    assert_eq!(refused.unwrap_err(), EditError::Full);
    let change = next(&document, &[Op::put("y", "1")]);
    let change = Change { start_op: 3, ..change };
    let full = Verdict::Refuse(Refusal::DocumentFull { what: "actors", limit: 2 });
    assert_eq!(verdict(&document, &change), full);
    put(&mut document, &HONEST, "k", 3);
}
