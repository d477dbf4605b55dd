//! Hostile Automerge bytes where a member can put them: in a pack of its own, properly sealed and signed. It comes to the real
//! client in a bundle, is pushed to the real relay, and is pulled from it by another client; each of them is a process whose
//! time and memory are measured. What is hostile is refused and shown, what came with it is taken.
//!
//! `crashers/` holds inputs that once broke Automerge, as its project publishes them (MIT, `LICENSE-automerge`).

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells what it measured and ends where it cannot go on"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use forge::{Change, Op};
use serde_json::{Value, json};
use tessera_engine::bundle::For;
use tessera_engine::document::actor;
use tessera_fuzz::forge::resealed;
use tessera_hostile::patched::Claim;
use tessera_hostile::world::{PASSPHRASE, World, sync};
use tessera_model::crdt::{Document, EditError};
use tessera_model::documents::Kind;
use tessera_model::guard::{ActorBytes, Limits};
use tessera_protocol::ids::{Incarnation, RelayKey};
use tessera_protocol::signature::PublicKey;
use tessera_tests::homes;

#[path = "../../../shared/model/src/guard/forge.rs"]
#[allow(dead_code, reason = "the guard's own tests use the rest")]
mod forge;

/// What hostile bytes may cost: the first mark of security and performance.
const MAX_MEMORY_KIB: u64 = 256 << 10;
const MAX_MS: u64 = 2_000;

/// The document that they are aimed at: a declaration on an application that does not exist.
const KIND: Kind = Kind::Conflict;
const SUBJECT: [u8; 16] = [0xee; 16];
const START: Incarnation = Incarnation([5; 8]);

/// What a person is shown of a pack.
#[derive(Clone, Copy)]
enum Shown {
    /// That it was refused, for this.
    Refused(&'static str),
    /// That it was refused.
    RefusedSomehow,
    /// Nothing: what it builds on is not here.
    Waits,
}

/// The member who writes them.
struct Author(PublicKey);

impl Author {
    fn actor(&self, incarnation: Incarnation) -> ActorBytes {
        actor(&self.0, incarnation)
    }

    /// A change that would come next in the document, were it honest.
    fn next(&self, ops: &[Op]) -> Change {
        let honest = self.honest("k");
        Change {
            deps: document().heads(),
            actor: self.actor(START).to_vec(),
            start_op: honest.start_op(),
            ..Change::of(ops)
        }
    }

    fn honest(&self, value: &str) -> tessera_model::guard::Scanned {
        let edit = document().edit::<EditError>(&self.actor(START), |edit| edit.put(&["k"], value));
        edit.unwrap().unwrap()
    }
}

fn document() -> Document {
    KIND.document([""; 0], Limits::default()).unwrap()
}

fn claim(bytes: Vec<u8>) -> Claim {
    Claim { incarnation: START, bytes }
}

/// What one way cost.
#[derive(Clone, Copy)]
struct Cost {
    ms: u64,
    kib: u64,
}

/// The most memory that a process ever used, in KiB.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

/// Runs the client in a process of its own.
fn client(home: &Path, what: &[&str]) -> Value {
    let mut client = Command::new(env!("CARGO_BIN_EXE_hostile-client"));
    client.arg(home).arg(PASSPHRASE).args(what).stderr(Stdio::inherit());
    let done = client.output().unwrap();
    assert!(done.status.success(), "the client ended: {:?}", done.status);
    serde_json::from_slice(&done.stdout).unwrap()
}

/// What the client said is what must be said.
fn judge(name: &str, said: &Value, expected: &[(String, Shown)]) -> Cost {
    assert_eq!(said["error"], Value::Null, "{name}");
    assert_eq!(said["at_the_door"], json!(0), "{name}: what is signed is stored, and then refused");
    let found = |field: &str, id: &str| {
        let rows = said[field].as_array().unwrap();
        rows.iter().find(|row| row[0] == id).map(|row| row[1].as_str().unwrap().to_owned())
    };
    for (id, shown) in expected {
        let (refused, stage) = (found("refused", id), found("stages", id).unwrap());
        assert_ne!(stage, "Crashed", "{name}");
        match shown {
            Shown::Refused(code) => assert_eq!(refused.as_deref(), Some(*code), "{name}: {stage}"),
            Shown::RefusedSomehow => assert!(refused.is_some(), "{name}: {stage}"),
            Shown::Waits => assert_eq!((refused, stage.as_str()), (None, "Opened"), "{name}"),
        }
    }
    assert_eq!(said["counted"], json!(2), "{name}: the rest is taken");
    assert_eq!(said["differences"], json!(0), "{name}: what is shown follows from the packs");
    let worker = said["worker_kib"].as_u64().expect("the worker is the one that was started");
    let kib = said["peak_kib"].as_u64().unwrap().max(worker);
    Cost { ms: said["ms"].as_u64().unwrap(), kib }
}

/// Sends packs of these changes by all three ways, with an honest review after them.
fn check(name: &str, packs: impl FnOnce(&Author) -> Vec<(Vec<Claim>, Shown)>) {
    let World { folder, relay, hostile, alice, carol, bob, mut mallory, applications } = World::new();
    drop((hostile, alice, carol, bob));
    let author = Author(mallory.secret().public_key());
    let mut expected = Vec::new();
    for (claims, shown) in packs(&author) {
        let pack = mallory.pack(KIND.code(), &SUBJECT, claims).unwrap();
        expected.push((pack.id().to_string(), shown));
        mallory.keep(pack).unwrap();
    }
    homes::review(&mut mallory.home, applications[1], "4").unwrap();

    let file = folder.path().join("hostile.tessera");
    std::fs::write(&file, mallory.home.export(For::Outbox).unwrap()).unwrap();
    let taken = client(&folder.path().join("carol"), &["import", file.to_str().unwrap()]);
    let taken = judge(name, &taken, &expected);

    let begun = Instant::now();
    let report = sync(&mut mallory.home, relay.place()).unwrap();
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap();
    assert!(report.outbox == 0 && report.receipts > expected.len() as u64, "{name}: {report:?}");
    let pushed = Cost { ms, kib: peak_kib(relay.id()) };

    let (place, key) = (relay.place(), RelayKey(relay.key.to_bytes()).to_string());
    let pulled = client(&folder.path().join("alice"), &["sync", &place.url, &key]);
    let pulled = judge(name, &pulled, &expected);

    let costs = [taken, pushed, pulled];
    let of = |pick: fn(&Cost) -> u64| costs.each_ref().map(pick).map(|figure| figure.to_string()).join(" / ");
    let (ms, mib) = (of(|cost| cost.ms), of(|cost| cost.kib.div_ceil(1 << 10)));
    println!("figure: {name}: in a bundle / pushed / pulled: {ms} ms, {mib} MiB at most");
    for cost in costs {
        assert!(cost.ms <= MAX_MS, "{name} took {} ms", cost.ms);
        assert!(cost.kib <= MAX_MEMORY_KIB, "{name} took {} KiB", cost.kib);
    }
}

#[test]
fn h01_twenty_million_operations_in_69_bytes() {
    let bytes = Change::puts(20_000_000).bytes();
    assert_eq!(bytes.len(), 69);
    check("H01 twenty million operations", |_| vec![(vec![claim(bytes)], Shown::Refused("contents"))]);
}

/// Held by more than one condition: no number.
#[test]
fn a_compressed_chunk_of_a_gigabyte() {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..1000 {
        encoder.write_all(&zeros).unwrap();
    }
    let zeros = encoder.finish().unwrap();
    let chunk = forge::chunk(2, &zeros);
    let column = Change::put().with(0x42 | 0x08, &zeros).bytes();
    check("H02 a gigabyte, compressed", |_| {
        [chunk, column].map(|bytes| (vec![claim(bytes)], Shown::Refused("contents"))).into()
    });
}

#[test]
fn h03_two_changes_with_one_number() {
    check("H03 two changes with one number", |author| {
        let sides = ["for-alice", "for-carol"].map(|value| claim(author.honest(value).bytes().to_vec()));
        vec![(sides.into(), Shown::Refused("change"))]
    });
}

#[test]
fn h04_the_last_operation_number() {
    check("H04 the last operation number", |author| {
        let at = |start_op| claim(Change { start_op, ..author.next(&[Op::put("y", "1")]) }.bytes());
        vec![
            (vec![at(1), at(249_999)], Shown::Refused("change")),
            (vec![at(u64::from(u32::MAX))], Shown::Refused("contents")),
        ]
    });
}

#[test]
fn h05_a_gap_in_the_numbers() {
    check("H05 a gap in the numbers", |author| {
        let gap = Change { seq: 58, ..author.next(&[Op::put("y", "1")]) };
        let empty = Change { actor: vec![7; 16], seq: 58, columns: vec![], ..Change::put() };
        vec![
            (vec![claim(gap.bytes())], Shown::Refused("change")),
            (vec![claim(empty.bytes())], Shown::Refused("contents")),
        ]
    });
}

#[test]
fn h06_maps_in_maps() {
    let ops: Vec<Op> = (0..300)
        .map(|depth| Op {
            object: (depth > 0).then_some((depth, 0)),
            action: 0,
            value: (0, vec![]),
            ..Op::put("a", "")
        })
        .collect();
    let bytes = Change::of(&ops).bytes();
    check("H06 maps in maps", |_| vec![(vec![claim(bytes)], Shown::Refused("contents"))]);
}

#[test]
fn h07_five_thousand_orphans() {
    check("H07 five thousand orphans", |author| {
        let orphan = |at: u64| {
            let incarnation = Incarnation(at.to_be_bytes());
            let mut missing = [7; 32];
            missing[..8].copy_from_slice(&at.to_be_bytes());
            let actor = author.actor(incarnation).to_vec();
            let orphan = Change { actor, deps: vec![missing], ..Change::of(&[Op::put("y", "0123456789")]) };
            Claim { incarnation, bytes: orphan.bytes() }
        };
        // As many as fit into one pack, and four of those: a megabyte.
        (0..4).map(|pack| ((0..1_250).map(|at| orphan(1_250 * pack + at)).collect(), Shown::Waits)).collect()
    });
}

/// The files of a folder of this tree, in the order of their names.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn what_broke_automerge_and_what_the_fuzzers_kept() {
    let crashers = files("crashers");
    assert!(crashers.len() > 10);
    let mut inputs: Vec<Vec<u8>> =
        crashers.into_iter().flat_map(|bytes| [bytes.clone(), resealed(bytes)]).collect();
    // The first byte of a kept input says how the others are fed to the guard.
    inputs.extend(files("../fuzz/corpus/guard").iter().map(|bytes| resealed(bytes[1..].to_vec())));
    inputs.sort();
    inputs.dedup();
    let name = format!("{} crashers and kept inputs", inputs.len());
    check(&name, |_| inputs.into_iter().map(|bytes| (vec![claim(bytes)], Shown::RefusedSomehow)).collect());
}
