//! Changes that Automerge itself makes: the scan accepts every one and reads what Automerge reads.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, Change, ObjType, ROOT, ReadDoc, ScalarValue};
use proptest::prelude::*;

use super::super::read::container;
use super::*;

/// One random step of a random device.
#[derive(Debug, Clone)]
enum Step {
    Put(u8, u8),
    Delete(u8),
    Splice(u8, u8, String),
    Insert(u8, u8),
    InsertMap(u8, u8),
    PutInItem(u8, u8),
    SetItem(u8, u8),
    DeleteItem(u8),
    Commit,
    Merge(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_u8, any::<u8>()).prop_map(|(key, value)| Step::Put(key, value)),
        1 => (0..4_u8).prop_map(Step::Delete),
        3 => (any::<u8>(), 0..4_u8, "\\PC{0,6}").prop_map(|(at, delete, text)| Step::Splice(at, delete, text)),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(at, value)| Step::Insert(at, value)),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(at, value)| Step::InsertMap(at, value)),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(at, value)| Step::PutInItem(at, value)),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(at, value)| Step::SetItem(at, value)),
        1 => any::<u8>().prop_map(Step::DeleteItem),
        3 => Just(Step::Commit),
        2 => (0..3_u8).prop_map(Step::Merge),
    ]
}

fn scalar(seed: u8) -> ScalarValue {
    let number = i64::from(seed);
    match seed % 9 {
        0 => ScalarValue::Null,
        1 => ScalarValue::Boolean(seed & 16 == 0),
        2 => ScalarValue::Int(number - 128),
        3 => ScalarValue::Uint(number.unsigned_abs().pow(7)),
        4 => ScalarValue::F64(f64::from(seed) / 3.0),
        5 => ScalarValue::Bytes(vec![seed; usize::from(seed % 5)]),
        6 => ScalarValue::Timestamp(number.pow(5)),
        7 => ScalarValue::Str("".into()),
        _ => ScalarValue::Str("wörd".repeat(usize::from(seed % 4)).into()),
    }
}

/// Applies the steps of one change with Automerge alone.
fn perform(doc: &mut Automerge, steps: &[Step]) -> Option<Change> {
    let mut tx = doc.transaction();
    let object = |tx: &automerge::transaction::Transaction<'_>, name| container(tx, &[name]).unwrap().0;
    for step in steps {
        let (list, text, map) = (object(&tx, "items"), object(&tx, "notes"), object(&tx, "scores"));
        let place = |at: u8, length: usize| usize::from(at) % (length + 1);
        let items = tx.length(&list);
        match step {
            Step::Put(key, value) if *key == 0 => tx.put(ROOT, "top", scalar(*value)).unwrap(),
            Step::Put(key, value) => tx.put(&map, key.to_string(), scalar(*value)).unwrap(),
            Step::Delete(key) if tx.get(&map, key.to_string()).unwrap().is_some() => {
                tx.delete(&map, key.to_string()).unwrap();
            }
            Step::Splice(at, delete, insert) => {
                let length = tx.length(&text);
                let at = place(*at, length);
                let delete = usize::from(*delete).min(length - at);
                tx.splice_text(&text, at, delete as isize, insert).unwrap();
            }
            Step::Insert(at, value) => tx.insert(&list, place(*at, items), scalar(*value)).unwrap(),
            Step::InsertMap(at, value) => {
                let item = tx.insert_object(&list, place(*at, items), ObjType::Map).unwrap();
                tx.put(&item, "v", scalar(*value)).unwrap();
            }
            Step::PutInItem(at, value) if items > 0 => {
                let (found, item) = tx.get(&list, usize::from(*at) % items).unwrap().unwrap();
                if found.is_object() {
                    tx.put(&item, "v", scalar(*value)).unwrap();
                }
            }
            Step::SetItem(at, value) if items > 0 => {
                let at = usize::from(*at) % items;
                if tx.get_all(&list, at).unwrap().iter().all(|(found, _)| found.is_scalar()) {
                    tx.put(&list, at, scalar(*value)).unwrap();
                }
            }
            Step::DeleteItem(at) if items > 0 => tx.delete(&list, usize::from(*at) % items).unwrap(),
            _ => {}
        }
    }
    let hash = tx.commit_with(CommitOptions::default()).0?;
    doc.get_change_by_hash(&hash)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn honest_changes_are_accepted_and_read_alike(
        script in proptest::collection::vec((0..3_usize, step()), 1..120),
    ) {
        let base = document();
        let mut devices: Vec<(Automerge, Vec<Step>)> = (1..=3_u8)
            .map(|device| (base.inner.clone().with_actor(ActorId::from([device; 16])), Vec::new()))
            .collect();
        let mut all = Vec::new();
        let mut commit = |devices: &mut Vec<(Automerge, Vec<Step>)>, device: usize| {
            let steps = std::mem::take(&mut devices[device].1);
            all.extend(perform(&mut devices[device].0, &steps));
        };
        for (device, step) in script {
            match step {
                Step::Commit => commit(&mut devices, device),
                Step::Merge(from) => {
                    commit(&mut devices, device);
                    let mut from = devices[usize::from(from)].0.clone();
                    devices[device].0.merge(&mut from).unwrap();
                }
                step => devices[device].1.push(step),
            }
        }
        for device in 0..3 {
            commit(&mut devices, device);
        }

        let mut reader = document();
        for change in &all {
            let scanned = scan(change.raw_bytes(), &Limits::default()).unwrap();
            prop_assert_eq!(scanned.hash(), &change.hash().0);
            prop_assert_eq!(scanned.actor().as_slice(), change.actor_id().to_bytes());
            prop_assert_eq!(scanned.seq(), change.seq());
            prop_assert_eq!(scanned.start_op(), change.start_op().get());
            prop_assert_eq!(scanned.op_count(), change.len() as u64);
            prop_assert_eq!(scanned.max_op(), change.max_op());
            let deps: Vec<ChangeHash> = change.deps().iter().map(|dep| dep.0).collect();
            prop_assert_eq!(scanned.deps(), deps);
            let actor = *scanned.actor();
            prop_assert_eq!(reader.apply(&scanned, &actor).unwrap(), Verdict::Apply);
        }
        let mut whole = devices.remove(0).0;
        for (device, _) in &mut devices {
            whole.merge(device).unwrap();
        }
        let mut heads: Vec<ChangeHash> = whole.get_heads().iter().map(|head| head.0).collect();
        heads.sort_unstable();
        prop_assert_eq!(reader.heads(), heads);
        prop_assert_eq!(reader.inner.hydrate(None), whole.hydrate(None));
    }
}
