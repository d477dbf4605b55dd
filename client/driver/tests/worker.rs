//! The worker in a real process of its own: hostile changes with time and memory measured, and what happens where
//! it asks for too much, never ends, or is killed. Without the usual harness, because this program is the
//! child too.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells what it measured and ends where it cannot go on"
)]

use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use forge::{Change, Op};
use tessera_driver::session::{Founding, Session, SessionError};
use tessera_driver::worker::{COMMAND, ChildWorker, serve};
use tessera_engine::EngineError;
use tessera_engine::bundle::For;
use tessera_engine::core::Worker;
use tessera_model::crdt::worker::{ClaimedChange, Outcome, Request, Response};
use tessera_model::crdt::{ContainerKind, Document, EditError, first_change};
use tessera_model::guard::{ActorBytes, Limits};
use tessera_model::programme::Programme;
use tessera_protocol::charter::Roles;
use tessera_vault::enrol::About;
use tessera_vault::passphrase::Passphrase;

#[path = "../../../shared/model/src/guard/forge.rs"]
#[allow(dead_code, reason = "the guard's own tests use the rest")]
mod forge;

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");
const HOSTILE: ActorBytes = [5; 16];
/// What a hostile input of up to 1 MB may cost: the goal of the performance page in memory, the first mark in time.
const MAX_MEMORY_KIB: u64 = 64 << 10;
const MAX_TIME: Duration = Duration::from_secs(2);

/// How many inputs were measured, the most memory that one took in KiB, and the longest time.
static WORST: Mutex<Option<(u32, u64, Duration)>> = Mutex::new(None);

type Test = (&'static str, fn());

const TESTS: [Test; 13] = [
    ("h01_twenty_million_operations_in_69_bytes", h01),
    ("h02_a_compressed_chunk_of_a_gigabyte", h02),
    ("h03_two_changes_with_one_number", h03),
    ("h04_the_last_operation_number", h04),
    ("h05_a_gap_in_the_numbers", h05),
    ("h06_maps_in_maps", h06),
    ("h07_twenty_thousand_orphans", h07),
    ("f29_a_worker_that_asks_for_too_much_memory_is_a_crash", greedy),
    ("f29_a_worker_that_computes_for_ever_is_a_crash", endless),
    ("f29_a_killed_worker_is_a_crash_and_the_next_document_is_read", killed),
    ("the_worker_sees_no_environment_and_writes_no_file", bare),
    ("a_worker_that_cannot_be_started_is_no_crash", gone),
    ("what_came_and_was_not_read_is_read_when_the_home_is_opened", waiting),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("child") => return serve().unwrap(),
        // What a session starts; somebody may choose tests by the same word, and has an environment.
        Some(COMMAND) if std::env::vars_os().next().is_none() => return serve().unwrap(),
        Some("child-greedy") => return misbehave(|| drop(std::hint::black_box(vec![1_u8; 1 << 30]))),
        Some("child-endless") => {
            return misbehave(|| {
                loop {
                    std::hint::black_box(0);
                }
            });
        }
        Some("child-bare") => return confess(),
        Some("--list") => {
            TESTS.iter().for_each(|(name, _)| println!("{name}: test"));
            return;
        }
        _ => {}
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(*filter));
    let mut count = 0;
    for (name, test) in TESTS.iter().filter(|(name, _)| chosen(name)) {
        test();
        println!("test {name} ... ok");
        count += 1;
    }
    if let Some((inputs, kib, took)) = *WORST.lock().unwrap() {
        let (mib, ms) = (kib.div_ceil(1 << 10), took.as_millis());
        println!(
            "figure: H01-H07 hostile Automerge in a child: {inputs} inputs, {mib} MiB at most, {ms} ms at most"
        );
    }
    println!("\ntest result: ok. {count} passed");
}

/// The child's life but for its work: the limits are set by the first request, which ends badly.
fn misbehave(work: fn()) {
    let mut waiting = Bad { work, input: std::io::stdin() };
    tessera_driver::worker::serve_from(&mut waiting, &mut std::io::stdout()).unwrap();
}

struct Bad {
    work: fn(),
    input: std::io::Stdin,
}

impl Read for Bad {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(buffer)?;
        (self.work)();
        Ok(count)
    }
}

/// A child that tells what it sees, in place of an answer.
fn confess() {
    let environment = std::env::vars_os().count();
    let response = Response::Failed(format!("{environment}")).encode();
    let mut input = [0; 4];
    std::io::stdin().read_exact(&mut input).unwrap();
    let length = u32::try_from(response.len()).unwrap().to_be_bytes();
    std::io::stdout().write_all(&[&length[..], &response].concat()).unwrap();
}

fn child(mode: &str, patience: Duration) -> ChildWorker {
    let program = std::env::current_exe().unwrap();
    ChildWorker::start_other(program, vec![OsString::from(mode)], patience).unwrap()
}

fn worker() -> ChildWorker {
    child("child", Duration::from_secs(60))
}

fn constant() -> Vec<u8> {
    first_change("test", &[("map", ContainerKind::Map)]).unwrap()
}

fn document() -> Document {
    Document::new(&[&constant()], Limits::default()).unwrap()
}

fn claimed(bytes: Vec<u8>, actor: ActorBytes) -> ClaimedChange {
    ClaimedChange { actor, bytes }
}

fn request(incoming: Vec<ClaimedChange>) -> Request {
    Request { constants: vec![constant()], applied: Vec::new(), incoming }
}

/// The most memory that a process ever used, in KiB.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

/// Has a fresh child try changes: within time and memory, and it answers the next request as well.
fn check(name: &str, incoming: Vec<ClaimedChange>, expected: impl Fn(&Outcome) -> bool) {
    let mut worker = worker();
    let process = worker.process().unwrap();
    let count = incoming.len();
    let started = Instant::now();
    let response = worker.run(&request(incoming)).unwrap();
    let took = started.elapsed();
    let peak = peak_kib(process);
    println!("{name}: {} ms, {} MiB at most", took.as_millis(), peak >> 10);
    let mut worst = WORST.lock().unwrap();
    let (inputs, most, longest) = worst.unwrap_or_default();
    *worst = Some((inputs + 1, peak.max(most), took.max(longest)));
    let Response::Done(outcomes) = response else { panic!("{name}: {response:?}") };
    assert_eq!(outcomes.len(), count);
    assert!(outcomes.iter().all(expected), "{name}: {:?}", outcomes.first());
    assert!(took < MAX_TIME, "{name} took {took:?}");
    assert!(peak < MAX_MEMORY_KIB, "{name} took {peak} KiB");
    assert!(honest_work(&mut worker));
    assert_eq!(worker.process(), Some(process), "the same child goes on");
}

fn honest_work(worker: &mut ChildWorker) -> bool {
    let actor = [1; 16];
    let change = document().edit::<EditError>(&actor, |edit| edit.put(&["k"], 1)).unwrap().unwrap();
    worker.run(&request(vec![claimed(change.bytes().to_vec(), actor)])).unwrap()
        == Response::Done(vec![Outcome::Applied])
}

fn refused(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(_))
}

fn next(ops: &[Op]) -> Change {
    // The constant put the kind and one map.
    Change { deps: document().heads(), start_op: 3, ..Change::of(ops) }
}

fn h01() {
    let bytes = Change::puts(20_000_000).bytes();
    assert_eq!(bytes.len(), 69);
    check("h01", vec![claimed(bytes, HOSTILE)], refused);
}

fn h02() {
    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..1000 {
        encoder.write_all(&zeros).unwrap();
    }
    let zeros = encoder.finish().unwrap();
    let column = Change::put().with(0x42 | 0x08, &zeros).bytes();
    check("h02", vec![claimed(forge::chunk(2, &zeros), HOSTILE), claimed(column, HOSTILE)], refused);
}

fn h03() {
    let edit = |value: &str| {
        let change = document().edit::<EditError>(&HOSTILE, |edit| edit.put(&["k"], value)).unwrap().unwrap();
        claimed(change.bytes().to_vec(), HOSTILE)
    };
    let mut worker = worker();
    let response = worker.run(&request(vec![edit("for-alice"), edit("for-bob")])).unwrap();
    let Response::Done(outcomes) = response else { panic!("h03: {response:?}") };
    assert_eq!(outcomes[0], Outcome::Applied);
    assert!(refused(&outcomes[1]), "{outcomes:?}");
    assert!(honest_work(&mut worker));
}

fn h04() {
    let op = [Op::put("y", "1")];
    let changes = [u64::from(u32::MAX), 1, 249_999]
        .map(|start_op| claimed(Change { start_op, ..next(&op) }.bytes(), HOSTILE));
    check("h04", changes.into(), refused);
}

fn h05() {
    let gap = Change { seq: 58, ..next(&[Op::put("y", "1")]) };
    let empty = Change { actor: vec![7; 16], seq: 58, columns: vec![], ..Change::put() };
    check("h05", vec![claimed(gap.bytes(), HOSTILE), claimed(empty.bytes(), [7; 16])], refused);
}

fn h06() {
    let ops: Vec<Op> = (0..300)
        .map(|depth| Op {
            object: (depth > 0).then_some((depth, 0)),
            action: 0,
            value: (0, vec![]),
            ..Op::put("a", "")
        })
        .collect();
    check("h06", vec![claimed(Change::of(&ops).bytes(), HOSTILE)], refused);
}

fn h07() {
    let orphans = (0..5_000_u32).map(|at| {
        let mut actor = [0; 16];
        actor[..4].copy_from_slice(&at.to_be_bytes());
        let mut missing = [7; 32];
        missing[..4].copy_from_slice(&at.to_be_bytes());
        let orphan = Change {
            actor: actor.to_vec(),
            deps: vec![missing],
            ..Change::of(&[Op::put("y", "0123456789")])
        };
        claimed(orphan.bytes(), actor)
    });
    // 1 MB holds about 5,000 of them; the 20,000 of the proof are four such inputs.
    let orphans: Vec<ClaimedChange> = orphans.collect();
    for _ in 0..4 {
        check("h07", orphans.clone(), |outcome| matches!(outcome, Outcome::Parked(_)));
    }
}

fn greedy() {
    let mut worker = child("child-greedy", Duration::from_secs(60));
    let started = Instant::now();
    assert_eq!(worker.run(&request(vec![])).unwrap(), Response::Crashed);
    assert!(started.elapsed() < Duration::from_secs(30), "it ended by itself");
    assert_eq!(worker.process(), None);
}

fn endless() {
    let mut worker = child("child-endless", Duration::from_millis(500));
    assert_eq!(worker.run(&request(vec![])).unwrap(), Response::Crashed);
    assert_eq!(worker.process(), None);
}

fn kill(worker: &ChildWorker) {
    let process = worker.process().unwrap().to_string();
    assert!(Command::new("kill").args(["-KILL", &process]).status().unwrap().success());
}

fn killed() {
    let mut worker = worker();
    assert!(honest_work(&mut worker));
    let process = worker.process().unwrap();
    kill(&worker);
    assert_eq!(worker.run(&request(vec![])).unwrap(), Response::Crashed);
    assert!(honest_work(&mut worker), "another child was started");
    assert_ne!(worker.process(), Some(process));
}

fn bare() {
    let mut worker = child("child-bare", Duration::from_secs(60));
    assert_eq!(worker.run(&request(vec![])).unwrap(), Response::Failed("0".to_owned()));
}

fn gone() {
    let place = tempfile::tempdir().unwrap();
    let program = place.path().join("program");
    std::os::unix::fs::symlink(std::env::current_exe().unwrap(), &program).unwrap();
    let arguments = vec![OsString::from("child")];
    let mut worker = ChildWorker::start_other(program.clone(), arguments, Duration::from_secs(60)).unwrap();
    assert!(honest_work(&mut worker));
    std::fs::remove_file(&program).unwrap();
    kill(&worker);
    assert_eq!(worker.run(&request(vec![])).unwrap(), Response::Crashed);
    assert!(worker.run(&request(vec![])).is_err(), "nothing was tried");
}

/// A worker that this machine cannot start.
struct NoWorker;

impl Worker for NoWorker {
    fn run(&mut self, _: &Request) -> std::io::Result<Response> {
        Err(std::io::ErrorKind::OutOfMemory.into())
    }
}

fn waiting() {
    let place = tempfile::tempdir().unwrap();
    let words = Passphrase::new("marble tundra fiddle oxygen plaza ribbon");
    let founding = Founding { demo: true, ..Founding::default() };
    let mut alice = Session::found(&place.path().join("alice"), &words, &founding, |_| Ok(())).unwrap();
    let invitation = alice.work(|engine| engine.invite(Roles::default(), "it", Vec::new())).unwrap();
    let folder = place.path().join("bob");
    let (mut bob, answer) = Session::enrol(&folder, &words, &invitation, About::default()).unwrap();
    let member = alice.together(|acts| acts.admit_person(&answer)).unwrap().member;
    let programme = Programme::parse(SEMINAR).unwrap();
    alice.work(|engine| engine.check(member)).unwrap();
    alice.together(|acts| acts.publish(&programme, "")).unwrap();
    let bundle = alice.work(|engine| engine.export(For::Member(member))).unwrap();
    bob.engine().set_worker(Box::new(NoWorker));
    assert!(bob.work(|engine| engine.import(&bundle)).unwrap().unread);
    let refused = bob.work(|engine| engine.digest()).unwrap_err();
    assert!(matches!(refused, SessionError::Engine(EngineError::NoWorker(_))), "{refused:?}");
    assert!(bob.engine().has_unread().unwrap());
    drop(bob);
    let mut bob = Session::open(&folder, &words).unwrap();
    assert!(!bob.engine().has_unread().unwrap());
    assert_eq!(bob.together(|acts| acts.programme()).unwrap().1, programme);
}
