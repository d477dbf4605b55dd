//! The scan by itself: one honest change, and every way to spoil it.

use super::forge::{self, Change, Op, OpKey};
use super::*;

fn scanned(change: &Change) -> Result<Scanned, GuardError> {
    scan(&change.bytes(), &Limits::default())
}

#[test]
fn an_honest_change_passes() {
    let change = Change { deps: vec![[1; 32], [2; 32]], seq: 7, start_op: 40, ..Change::put() };
    let read = scanned(&change).unwrap();
    assert_eq!(read.seq(), 7);
    assert_eq!((read.start_op(), read.op_count(), read.max_op()), (40, 1, 40));
    assert_eq!(read.actor(), &[5; 16]);
    assert_eq!(read.deps(), [[1; 32], [2; 32]]);
    assert_eq!(read.bytes(), change.bytes());
    assert!(!format!("{read:?}").contains("\"k\""));
}

#[test]
fn headers() {
    let check = |change: Change, expected: GuardError| {
        assert_eq!(scanned(&change).unwrap_err(), expected);
    };
    let too_many = |place, claimed, limit| GuardError::TooMany { place, claimed, limit };
    let put = Change::put;
    check(Change { time: 1, ..put() }, GuardError::Metadata("time"));
    check(Change { message: vec![b'x'], ..put() }, GuardError::Metadata("message"));
    check(Change { extra: vec![0], ..put() }, GuardError::Trailing("columns"));
    check(Change { actor: vec![], ..put() }, GuardError::Actor("actor length"));
    check(Change { actor: vec![5; 17], ..put() }, GuardError::Actor("actor length"));
    check(Change { seq: 0, ..put() }, GuardError::Number("sequence or operation number"));
    check(Change { start_op: 0, ..put() }, GuardError::Number("sequence or operation number"));
    check(
        Change { start_op: u64::from(u32::MAX), ..put() },
        too_many("operation number", u64::from(u32::MAX), 250_000),
    );
    check(Change { start_op: 250_001, ..put() }, too_many("operation number", 250_001, 250_000));
    check(Change { seq: 1 << 40, ..put() }, too_many("sequence number", 1 << 40, 10_000_000));
    check(Change { deps: vec![[2; 32], [1; 32]], ..put() }, GuardError::NotCanonical("dependencies"));
    check(Change { deps: vec![[1; 32]; 2], ..put() }, GuardError::NotCanonical("dependencies"));
    check(Change { deps: vec![[1; 32]; 1025], ..put() }, too_many("dependencies", 1025, 1024));
    check(Change { others: vec![[6; 16]], ..put() }, GuardError::Actor("unused actor"));
    check(Change { others: vec![[5; 16]], ..put() }, GuardError::Actor("order of actors"));
    check(Change { others: vec![[7; 16], [6; 16]], ..put() }, GuardError::Actor("order of actors"));
}

#[test]
fn chunks() {
    let check = |bytes: &[u8], expected| {
        assert_eq!(scan(bytes, &Limits::default()).unwrap_err(), expected);
    };
    let body = Change::put().body();
    let good = Change::put().bytes();
    for kind in [0, 2, 3, 4, 255] {
        check(&forge::chunk(kind, &body), GuardError::ChunkType(kind));
    }
    check(&[], GuardError::Truncated("chunk header"));
    check(&[good.clone(), vec![0]].concat(), GuardError::Trailing("chunk"));
    check(&[good.clone(), good.clone()].concat(), GuardError::Trailing("chunk"));
    check(&good[..good.len() - 1], GuardError::Truncated("chunk"));
    check(&[&[0x85, 0x6f, 0x4a, 0x84], &good[4..]].concat(), GuardError::Magic);
    check(&[&good[..4], &[0; 4], &good[8..]].concat(), GuardError::Checksum);
    // The length in two bytes instead of one.
    let long = [&good[..9], &[good[9] | 0x80, 0], &good[10..]].concat();
    check(&forge::reseal(long), GuardError::Number("chunk header"));
    let huge = forge::reseal([&good[..9], &forge::uleb(u64::MAX)[..], &good[10..]].concat());
    check(&huge, GuardError::Truncated("chunk"));
    check(
        &vec![0x85; 300_000],
        GuardError::TooMany { place: "change bytes", claimed: 300_000, limit: 262_144 },
    );
}

#[test]
fn columns() {
    let check = |change: Change, expected: GuardError| {
        assert_eq!(scanned(&change).unwrap_err(), expected);
    };
    let put = Change::put;
    for (spec, name) in
        [(0x42, "action"), (0x34, "insert"), (0x56, "value metadata"), (0x70, "predecessor count")]
    {
        check(put().without(spec), GuardError::MissingColumn(name));
    }
    check(put().without(0x15), GuardError::Operation { index: 0, reason: "no key, or more than one" });
    check(put().with(0x94, &[0, 1]), GuardError::Column(0x94));
    check(put().with(0xa5, &[0x7f, 1, b'b']), GuardError::Column(0xa5));
    check(put().with(0x1c, &[1]), GuardError::Deflated(0x1c));
    check(put().with(0x57, &[]), GuardError::NotCanonical("empty column"));
    check(put().with(0x57, &[1]), GuardError::Trailing("value"));
    check(put().with(0x71, &[0x7f, 0]), GuardError::Trailing("predecessors"));
    check(put().with(0x34, &[2]), GuardError::Count { column: "insert", expected: 1, found: 2 });
    check(put().with(0x56, &[2, 0]), GuardError::Count { column: "value metadata", expected: 1, found: 2 });
    check(put().with(0x15, &[2, 1, b'k']), GuardError::Count { column: "key", expected: 1, found: 2 });
    check(put().with(0x15, &[0x7f, 1, 0xff]), GuardError::Utf8("key"));
    check(
        put().with(0x15, &[0x7f, 0]),
        GuardError::Operation { index: 0, reason: "no key, or more than one" },
    );
    check(
        put().with(0x13, &[0x7f, 0]),
        GuardError::Operation { index: 0, reason: "no key, or more than one" },
    );
    check(put().with(0x01, &[0x7f, 0]), GuardError::Null("object"));
    check(put().with(0x70, &[0x7f, 1]), GuardError::NotCanonical("predecessor actor"));
    let twice = Change { columns: [put().columns, put().columns].concat(), ..put() };
    check(twice, GuardError::Column(0x15));
    let many = Change { columns: vec![(0x15, vec![1]); 13], ..put() };
    check(many, GuardError::TooMany { place: "columns", claimed: 13, limit: 12 });
}

#[test]
fn operations() {
    let check = |op: Op, expected: Result<(), GuardError>| {
        assert_eq!(
            scanned(&Change { start_op: 9, ..Change::of(std::slice::from_ref(&op)) }).map(|_| ()),
            expected,
            "{op:?}"
        );
    };
    let put = || Op::put("k", "v");
    let refuse = |reason| Err(GuardError::Operation { index: 0, reason });
    check(put(), Ok(()));
    for action in [0, 2, 4] {
        check(Op { action, value: (0, vec![]), ..put() }, Err(GuardError::Action(action)));
    }
    for action in [5, 6, 7, 8, 48, u64::MAX] {
        check(Op { action, ..put() }, Err(GuardError::Action(action)));
    }
    check(Op { value: (0, vec![]), ..put() }, Ok(()));
    check(Op { value: (1, vec![]), ..put() }, Ok(()));
    check(Op { value: (1, vec![0]), ..put() }, Err(GuardError::Value(1)));
    check(Op { value: (3, vec![0x80, 1]), ..put() }, Ok(()));
    check(Op { value: (3, vec![0x80, 0]), ..put() }, Err(GuardError::Number("value")));
    check(Op { value: (4, vec![0x7f]), ..put() }, Ok(()));
    check(Op { value: (9, vec![0x7f, 0]), ..put() }, Err(GuardError::Value(9)));
    check(Op { value: (5, 1.5_f64.to_le_bytes().to_vec()), ..put() }, Ok(()));
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0] {
        check(Op { value: (5, float.to_le_bytes().to_vec()), ..put() }, Err(GuardError::Value(5)));
    }
    check(Op { value: (5, vec![0; 4]), ..put() }, Err(GuardError::Truncated("value")));
    check(Op { value: (6, vec![0xff]), ..put() }, Err(GuardError::Utf8("value")));
    check(Op { value: (7, vec![0xff]), ..put() }, Ok(()));
    for code in [8, 10, 15] {
        check(Op { value: (code, vec![1]), ..put() }, Err(GuardError::ValueType(code)));
    }
    check(Op { action: 3, ..put() }, refuse("a value where there can be none"));
    check(Op { action: 3, value: (0, vec![]), ..put() }, refuse("a removal of nothing"));
    check(Op { action: 3, value: (0, vec![]), preds: vec![(8, 0)], ..put() }, Ok(()));
    check(Op { preds: vec![(9, 0)], ..put() }, refuse("a reference to a later operation"));
    check(Op { preds: vec![(8, 1)], ..put() }, Err(GuardError::Actor("actor index")));
    check(Op { insert: true, ..put() }, refuse("an insertion into a map"));
    check(Op { key: OpKey::Head, ..put() }, refuse("an element before the first"));
    check(Op { key: OpKey::Element(3, 0), ..put() }, refuse("an element that was never put"));
    let insert = || Op { object: Some((1, 0)), key: OpKey::Head, insert: true, ..put() };
    check(insert(), Ok(()));
    check(Op { preds: vec![(8, 0)], ..insert() }, refuse("an insertion that removes something"));
    check(Op { action: 0, value: (0, vec![]), ..insert() }, Ok(()));
    check(Op { action: 2, value: (0, vec![]), ..insert() }, Err(GuardError::Action(2)));
    check(Op { object: Some((9, 0)), ..insert() }, refuse("a reference to a later operation"));
}

#[test]
fn list_items_only_where_allowed() {
    let item = Op {
        object: Some((1, 0)),
        key: OpKey::Head,
        insert: true,
        action: 0,
        value: (0, vec![]),
        preds: vec![],
    };
    let bytes = Change { start_op: 9, ..Change::of(&[item]) }.bytes();
    assert!(scan(&bytes, &Limits::default()).is_ok());
    let limits = Limits { list_items: false, ..Limits::default() };
    assert_eq!(scan(&bytes, &limits).unwrap_err(), GuardError::Action(0));
}

#[test]
fn sizes_are_bounded() {
    let check = |limits: Limits, place, claimed, limit| {
        let op = Op { preds: vec![(1, 0), (2, 0)], ..Op::put("key", "value") };
        let bytes = Change { start_op: 9, ..Change::of(&[op.clone(), op]) }.bytes();
        let refused = scan(&bytes, &limits).unwrap_err();
        assert_eq!(refused, GuardError::TooMany { place, claimed, limit });
    };
    let limits = Limits::default;
    check(Limits { max_ops: 1, ..limits() }, "action", 2, 1);
    check(Limits { max_preds: 3, ..limits() }, "predecessors", 4, 3);
    check(Limits { max_key_bytes: 2, ..limits() }, "key", 3, 2);
    check(Limits { max_value_bytes: 4, ..limits() }, "value", 5, 4);
    check(Limits { max_counter: 9, ..limits() }, "operation number", 10, 9);
}

#[test]
fn operations_take_bytes() {
    let nulls = |count: usize| {
        let item = Op {
            object: Some((1, 0)),
            key: OpKey::Head,
            insert: true,
            action: 1,
            value: (0, vec![]),
            preds: vec![],
        };
        Change { start_op: 9, ..Change::of(&vec![item; count]) }
    };
    let size = nulls(300).bytes().len() as u64;
    assert!(size < 100);
    assert!(scanned(&nulls(300)).is_ok());
    let refused = scanned(&nulls(3000)).unwrap_err();
    let limit = 256 + nulls(3000).bytes().len() as u64;
    assert_eq!(refused, GuardError::TooMany { place: "operations for so few bytes", claimed: 3000, limit });
    // Removals may be many.
    let removal =
        |at: u64| Op { action: 3, value: (0, vec![]), preds: vec![(at + 1, 0)], ..Op::put("k", "") };
    let removals = Change { start_op: 5000, ..Change::of(&(0..3000).map(removal).collect::<Vec<_>>()) };
    assert!(removals.bytes().len() < 100);
    assert!(scanned(&removals).is_ok());
}
