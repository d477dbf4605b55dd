//! F02: the power fails after any write of a reader's and of a coordinator's day. The disk is `tessera-crash`: below
//! SQLCipher, so that the stores are the product's own, unchanged. Each image is opened as after a start; what it holds
//! must be exactly what some transaction left, one that was acknowledged last or the one that was on its way.
//!
//! `TESSERA_CRASH_IMAGES` says about how many images each day gives, `TESSERA_CRASH_SEED` which: `make soak` takes more.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells what it measured and ends where it cannot go on"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use tessera_crash::image::Amount;
use tessera_crash::{Disk, Record, install};
use tessera_driver::relay::{self, Options, RelayError, Report};
use tessera_engine::Engine;
use tessera_engine::bundle::For;
use tessera_engine::programme::round;
use tessera_engine::reading::WorkState;
use tessera_engine::store::{MemoryStore, SqlcipherStore, Store, StoreError, Table, Transaction};
use tessera_model::documents::{Answer, Draft};
use tessera_protocol::charter::Roles;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::ids::{ApplicationId, Incarnation};
use tessera_protocol::signature::PublicKey;
use tessera_tests::homes::{self, READING};
use tessera_tests::sim::relay::Relay as Kept;
use tessera_tests::stand_in::StandIn;
use tessera_vault::enrol::Relay;
use tessera_vault::identity::DeviceSecret;

const KEY: [u8; 32] = [7; 32];
const STORE_KEY: [u8; 32] = [9; 32];

fn public() -> PublicKey {
    PublicKey::from_bytes(&SigningKey::from_bytes(&KEY).verifying_key().to_bytes()).unwrap()
}

fn sync<S: Store>(home: &mut Engine<S>, relay: &StandIn) -> Report {
    let mut report = Report::default();
    try_sync(home, &relay.url(), &mut report).unwrap();
    report
}

fn try_sync<S: Store>(home: &mut Engine<S>, url: &str, report: &mut Report) -> Result<(), RelayError> {
    let places = vec![Relay { url: url.try_into().unwrap(), key: public() }];
    let second = Duration::from_secs(1);
    let options = Options {
        connect: second * 5,
        silence: second * 20,
        persist: Duration::ZERO,
        ..Options::new(places)
    };
    relay::sync(home, &options, &mut |_| ControlFlow::Continue(()), report)
}

/// An address at which nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Everything in a store, as one hash.
fn state<S: Store>(store: &mut S) -> Result<Hash, StoreError> {
    let read = |tx: &mut dyn Transaction| -> Result<Hash, StoreError> {
        let mut parts = Vec::new();
        for table in Table::ALL {
            for (key, value) in tx.scan(table, b"", None, usize::MAX)? {
                parts.extend([vec![table as u8], key, value]);
            }
        }
        Ok(hash("everything", &parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    };
    store.transaction(read)
}

/// A store that notes, after each transaction that changed something, that it was acknowledged and what it left.
struct Watched {
    store: SqlcipherStore,
    disk: Disk,
    seen: usize,
    states: Rc<RefCell<Vec<Hash>>>,
}

impl Watched {
    fn create(path: &Path) -> Self {
        let disk = install();
        disk.watch(path);
        let store = SqlcipherStore::create(path, &STORE_KEY).unwrap();
        let mut watched = Self { store, disk, seen: 0, states: Rc::default() };
        watched.acknowledge();
        watched
    }

    fn acknowledge(&mut self) {
        if self.seen < self.disk.steps() {
            self.disk.acknowledge();
            self.seen = self.disk.steps();
            self.states.borrow_mut().push(state(&mut self.store).unwrap());
        }
    }
}

impl Store for Watched {
    fn transaction<T, E: From<StoreError>>(
        &mut self,
        act: impl FnOnce(&mut dyn Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let result = self.store.transaction(act)?;
        self.acknowledge();
        Ok(result)
    }
}

/// What a person was told is there, from some state on; seen in the home that is opened from an image.
type Holds = Box<dyn Fn(&mut Engine<SqlcipherStore>) -> bool>;

struct Day {
    name: &'static str,
    secret: &'static str,
    record: Record,
    states: Vec<Hash>,
    told: Vec<(usize, &'static str, Holds)>,
}

/// A day that is being lived.
struct Living {
    states: Rc<RefCell<Vec<Hash>>>,
    told: Vec<(usize, &'static str, Holds)>,
}

impl Living {
    fn told(&mut self, what: &'static str, holds: impl Fn(&mut Engine<SqlcipherStore>) -> bool + 'static) {
        self.told.push((self.states.borrow().len(), what, Box::new(holds)));
    }

    fn over(self, name: &'static str, secret: &'static str, home: Engine<Watched>) -> Day {
        let disk = home.into_store().disk;
        let record = disk.record();
        let states = self.states.borrow().clone();
        Day { name, secret, record, states, told: self.told }
    }
}

#[derive(Debug, Default)]
struct Found {
    images: usize,
    /// Those that lack what was acknowledged.
    lost: usize,
    /// Those that cannot be opened, or hold what no transaction left.
    broken: Vec<String>,
    states: BTreeSet<usize>,
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

impl Day {
    /// Opens images of a record of this day.
    fn look(&self, record: &Record, amount: Amount) -> Found {
        let folder = tessera_crash::folder().unwrap();
        let path = folder.path().join("image.db");
        let mut found = Found::default();
        found.images = record.images(amount, |image| {
            image.write(&path).unwrap();
            // The last acknowledged transaction, or the one that was on its way.
            let allowed = image.acknowledged - 1..=image.acknowledged;
            match self.held(&path) {
                Ok((at, store)) if allowed.contains(&at) => {
                    if found.states.insert(at) {
                        self.open(at, store, &image.name);
                    }
                }
                Ok(_) => found.lost += 1,
                Err(why) => found.broken.push(format!("{}: {why}", image.name)),
            }
        });
        found
    }

    /// Which transaction an image holds; why none, otherwise.
    fn held(&self, path: &Path) -> Result<(usize, SqlcipherStore), String> {
        let mut store = SqlcipherStore::open(path, &STORE_KEY).map_err(|error| format!("{error:?}"))?;
        let held = state(&mut store).map_err(|error| format!("{error:?}"))?;
        let at = self.states.iter().rposition(|state| *state == held);
        let at = at.ok_or("it holds what no transaction left")?;
        let findings = store.check().map_err(|error| format!("{error:?}"))?;
        if findings.is_empty() { Ok((at, store)) } else { Err(findings.join(", ")) }
    }

    /// Opens the home as its owner does, and looks for everything that was told by then.
    fn open(&self, at: usize, store: SqlcipherStore, image: &str) {
        let due: Vec<_> = self.told.iter().filter(|(from, ..)| *from <= at + 1).collect();
        if due.is_empty() {
            return;
        }
        let secret = DeviceSecret::generate(&mut *homes::dice(&format!("{} secret", self.secret)));
        let mut home = Engine::open(store, secret, homes::dice("after the crash")).unwrap();
        // What had come in and was not read yet is read by the next exchange, though it reaches no relay.
        let reached = try_sync(&mut home, &nowhere(), &mut Report::default());
        assert!(matches!(reached, Err(RelayError::Unreachable(_))), "{}, {image}: {reached:?}", self.name);
        for (_, what, holds) in due {
            assert!(holds(&mut home), "{}, {image}: {what}", self.name);
        }
        assert_eq!(home.verify().unwrap().differences, [], "{}, {image}", self.name);
    }

    fn check(&self) {
        let begun = Instant::now();
        let most = number("TESSERA_CRASH_IMAGES", 750);
        let seed = number("TESSERA_CRASH_SEED", 1) as u64;
        let found = self.look(&self.record, Amount { choices: (most / 600).max(2), most, seed });
        println!(
            "figure: crash images, {}: {} of {} writes and {} syncs; {} of {} states met; {} lost what was acknowledged, {} are broken; {:.1} s",
            self.name,
            found.images,
            self.record.changes(),
            self.record.syncs(),
            found.states.len(),
            self.states.len(),
            found.lost,
            found.broken.len(),
            begun.elapsed().as_secs_f64()
        );
        assert_eq!((found.lost, &found.broken[..]), (0, &[][..]), "of {} images", found.images);
        assert!(found.images * 10 >= most * 8, "{} images", found.images);
        // The same search finds what is lost where the log is not synced.
        for (setting, record) in [("NORMAL", self.record.as_if_normal()), ("OFF", self.record.as_if_off())] {
            let found = self.look(&record, Amount { choices: 2, most: 120, seed });
            let (lost, broken) = (found.lost, found.broken.len());
            println!(
                "figure:   as if synchronous={setting}: {} images, {lost} lost it, {broken} broken",
                found.images
            );
            assert!(lost + broken > 0, "{setting}");
        }
    }
}

fn draft_of(score: &str) -> Draft {
    let score = score.parse().unwrap();
    let programme = homes::programme();
    let answers = programme.scored().map(|one| (one.key.to_string(), Answer::Score(score))).collect();
    Draft { answers, overall: "Half a thought".into(), ..Draft::default() }
}

fn submitted(home: &mut Engine<SqlcipherStore>, id: ApplicationId) -> Option<WorkState> {
    home.together(|acts| acts.task(id, round(READING))).unwrap().and_then(|task| task.state)
}

/// True where a draft says at least this much: it only grows here.
fn drafted(home: &mut Engine<SqlcipherStore>, id: ApplicationId, least: &str) -> bool {
    let task = home.together(|acts| acts.task(id, round(READING))).unwrap();
    let draft = task.and_then(|task| task.draft).map(|read| read.value);
    let least = draft_of(least).answers;
    draft.is_some_and(|draft| {
        least.iter().all(|(key, least)| draft.answers.get(key).and_then(Answer::score) >= least.score())
    })
}

#[test]
fn f02_the_power_fails_at_any_moment_of_a_readers_day() {
    let folder = tessera_crash::folder().unwrap();
    let mut alice = homes::found(MemoryStore::default(), "alice", public()).unwrap();
    let kept = Kept::new(SigningKey::from_bytes(&KEY), Incarnation([1; 8]), alice.programme());
    let relay = StandIn::start(kept).unwrap();
    let store = Watched::create(&folder.path().join("bob.db"));
    let mut day = Living { states: Rc::clone(&store.states), told: Vec::new() };
    let mut bob = homes::enrol(&mut alice, store, "bob", Roles::default(), vec![]).unwrap();
    sync(&mut alice, &relay);
    sync(&mut bob, &relay);
    day.told("enrolled", |home| home.is_active());
    let ids = homes::publish(&mut alice, 3).unwrap();
    homes::assign(&mut alice, &bob, &ids[..2]).unwrap();
    bob.import(&alice.export(For::Member(bob.member())).unwrap()).unwrap();
    day.told("a bundle was imported", {
        let ids = ids.clone();
        move |home| home.together(|acts| acts.dossier(ids[1], 0)).unwrap().is_some()
    });
    for score in ["2", "3", "4"] {
        bob.together(|acts| acts.save_draft(ids[0], round(READING), &draft_of(score))).unwrap();
        let id = ids[0];
        day.told("a draft was saved", move |home| drafted(home, id, score));
    }
    homes::review(&mut bob, ids[0], "4").unwrap();
    let id = ids[0];
    day.told("a review was submitted", move |home| {
        submitted(home, id).is_some_and(|state| state != WorkState::OnDevice)
    });
    let sent = sync(&mut bob, &relay);
    assert!(sent.receipts > 0 && sent.outbox == 0, "{sent:?}");
    day.told("the relay holds the review", move |home| {
        submitted(home, id)
            .is_some_and(|state| matches!(state, WorkState::HeldByRelay | WorkState::OpenedByCoordinator))
    });
    homes::review(&mut bob, ids[1], "3").unwrap();
    sync(&mut alice, &relay);
    sync(&mut bob, &relay);
    day.told("the coordinator opened the review", move |home| {
        submitted(home, id) == Some(WorkState::OpenedByCoordinator)
    });
    homes::amend(&mut bob, ids[1], "5").unwrap();
    day.over("a reader's day", "bob", bob).check();
}

#[test]
fn f02_the_power_fails_at_any_moment_of_a_coordinators_day() {
    let folder = tessera_crash::folder().unwrap();
    let store = Watched::create(&folder.path().join("alice.db"));
    let mut day = Living { states: Rc::clone(&store.states), told: Vec::new() };
    let mut alice = homes::found(store, "alice", public()).unwrap();
    day.told("founded", |home| home.is_admin());
    let kept = Kept::new(SigningKey::from_bytes(&KEY), Incarnation([1; 8]), alice.programme());
    let relay = StandIn::start(kept).unwrap();
    let mut bob = homes::enrol(&mut alice, MemoryStore::default(), "bob", Roles::default(), vec![]).unwrap();
    let member = bob.member();
    day.told("admitted", move |home| home.permission().members.contains_key(&member));
    sync(&mut alice, &relay);
    sync(&mut bob, &relay);
    let ids = homes::publish(&mut alice, 3).unwrap();
    day.told("applications were taken in", |home| home.application("A003").is_ok());
    homes::assign(&mut alice, &bob, &ids).unwrap();
    sync(&mut alice, &relay);
    sync(&mut bob, &relay);
    homes::review(&mut bob, ids[0], "4").unwrap();
    homes::review(&mut bob, ids[1], "3").unwrap();
    alice.import(&bob.export(For::Outbox).unwrap()).unwrap();
    day.told("two reviews came in on a stick", |home| homes::counted(home).unwrap() >= 2);
    homes::review(&mut bob, ids[2], "2").unwrap();
    sync(&mut bob, &relay);
    sync(&mut alice, &relay);
    day.told("the third came from the relay", |home| homes::counted(home).unwrap() == 3);
    alice.close(round(READING)).unwrap();
    day.told("the round was closed", |home| home.outbox().unwrap() > 0);
    day.over("a coordinator's day", "alice", alice).check();
}
