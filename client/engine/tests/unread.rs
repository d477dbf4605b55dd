//! What was received and could not be read: it waits and is read later. Only what ends the worker is set aside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::io;

use common::Home;
use common::selection::{submit, world};
use tessera_engine::EngineError;
use tessera_engine::bundle::For;
use tessera_engine::core::{InProcess, Worker};
use tessera_engine::records::Stage;
use tessera_engine::store::{Fault, StoreError};
use tessera_model::crdt::worker::{Request, Response};

/// A worker that this machine cannot start.
struct NoWorker;

impl Worker for NoWorker {
    fn run(&mut self, _: &Request) -> io::Result<Response> {
        Err(io::ErrorKind::OutOfMemory.into())
    }
}

/// A worker that ends, whatever it is given.
struct Ends;

impl Worker for Ends {
    fn run(&mut self, _: &Request) -> io::Result<Response> {
        Ok(Response::Crashed)
    }
}

/// A coordinator's home, and a bundle with three reviews for it.
fn reviews() -> (Home, Vec<u8>) {
    let (alice, mut bob, programme, ids) = world();
    for id in ids {
        submit(&mut bob, &programme, id, "4", None);
    }
    (alice, bob.export(For::Outbox).unwrap())
}

fn counted(home: &mut Home) -> usize {
    let reviews = home.together(|acts| acts.reviews()).unwrap();
    reviews.iter().filter(|review| review.counted.is_some()).count()
}

fn set_aside(home: &mut Home) -> bool {
    home.packs().unwrap().iter().any(|pack| pack.record.stage == Stage::Crashed)
}

#[test]
fn where_no_worker_starts_nothing_is_set_aside() {
    let (mut alice, bundle) = reviews();
    alice.set_worker(Box::new(NoWorker));
    let imported = alice.import(&bundle).unwrap();
    assert!(imported.unread && imported.new > 0, "what is stored was not refused");
    for _ in 0..3 {
        assert!(matches!(alice.digest(), Err(EngineError::NoWorker(_))));
    }
    assert!(alice.has_unread().unwrap() && !set_aside(&mut alice));
    alice.set_worker(Box::new(InProcess));
    alice.digest().unwrap();
    assert!(!alice.has_unread().unwrap() && !set_aside(&mut alice));
    assert_eq!(counted(&mut alice), 3);
}

#[test]
fn a_disk_that_is_full_while_packs_are_read_sets_nothing_aside() {
    let mut faults = 0;
    for step in (1..).step_by(5) {
        let (mut alice, bundle) = reviews();
        alice.set_worker(Box::new(NoWorker));
        assert!(alice.import(&bundle).unwrap().unread);
        alice.set_worker(Box::new(InProcess));
        let planned = alice.store().steps() + step;
        alice.store().fail_after(step, Fault::Full);
        match alice.digest() {
            Err(EngineError::Store(StoreError::Full)) => {}
            read => assert!(read.is_ok()),
        }
        let came = alice.store().steps() >= planned;
        alice.store().clear_faults();
        alice.digest().unwrap();
        assert!(!set_aside(&mut alice));
        assert_eq!(counted(&mut alice), 3);
        if !came {
            break;
        }
        faults += 1;
    }
    assert!(faults > 4, "{faults} times");
}

/// A worker that cannot be started the third time.
struct Fails(u32);

impl Worker for Fails {
    fn run(&mut self, request: &Request) -> io::Result<Response> {
        self.0 += 1;
        if self.0 == 3 { Err(io::ErrorKind::OutOfMemory.into()) } else { InProcess.run(request) }
    }
}

#[test]
fn what_failed_together_is_read_again_one_by_one() {
    let (mut alice, mut bob, programme, ids) = world();
    for id in ids {
        submit(&mut bob, &programme, id, "4", None);
        bob.to_send().unwrap();
    }
    alice.set_worker(Box::new(Fails(0)));
    assert!(!alice.import(&bob.export(For::Outbox).unwrap()).unwrap().unread);
    assert!(!alice.has_unread().unwrap() && !set_aside(&mut alice));
    assert_eq!(counted(&mut alice), 3);
}

#[test]
fn a_part_of_what_came_is_read_at_a_time() {
    let (mut alice, mut bob, programme, ids) = world();
    for round in 0..140 {
        let score = if round % 2 == 0 { "4" } else { "5" };
        submit(&mut bob, &programme, ids[0], score, Some("another thought"));
        bob.to_send().unwrap();
    }
    alice.set_worker(Box::new(NoWorker));
    assert!(alice.import(&bob.export(For::Outbox).unwrap()).unwrap().unread);
    alice.set_worker(Box::new(InProcess));
    assert!(alice.digest_some().unwrap() && alice.has_unread().unwrap(), "the rest waits");
    while alice.digest_some().unwrap() {}
    assert!(!alice.has_unread().unwrap() && !set_aside(&mut alice));
}

#[test]
fn what_ends_the_worker_twice_is_set_aside() {
    let (mut alice, bundle) = reviews();
    alice.set_worker(Box::new(Ends));
    alice.import(&bundle).unwrap();
    assert!(!alice.has_unread().unwrap() && set_aside(&mut alice));
    assert_eq!(counted(&mut alice), 0);
}
