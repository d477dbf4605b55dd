//! Whatever can stand where an answer should: pages, silence, halves, lies about lengths, endless and slow ones, and noise.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tessera_driver::relay::{self, Options, Progress, Report};
use tessera_hostile::Behaviour;
use tessera_hostile::world::{World, options};
use tessera_tests::homes;

use crate::kit::*;

/// A coordinator who would hear of a review, and a reader who has another one to send, are answered so instead, which has
/// this code. Nothing comes of it, nothing that waits counts as sent, and an honest answer brings everything.
fn check(answers: &[(Behaviour, &str)]) {
    let mut world = World::new();
    review(&mut world, 0, "4");
    let application = world.applications[1];
    world.bob.work(|bob| homes::review(bob, application, "3")).unwrap();
    let (waiting, _) = world.bob.work(|bob| bob.to_send()).unwrap();
    assert!(waiting > 0);
    let before = (ids(world.alice.engine()), world.alice.engine().notices().unwrap());
    for (behaviour, code) in answers {
        let begun = Instant::now();
        assert_eq!(pull(&mut world, behaviour.clone()), Err(*code), "{behaviour:?}");
        world.hostile.tell(behaviour.clone());
        assert_eq!(through(&mut world.bob, &world.hostile), Err(*code), "{behaviour:?}");
        println!("{behaviour:?}: {code}, {} ms", begun.elapsed().as_millis());
        assert_eq!(world.bob.engine().outbox().unwrap(), waiting, "{behaviour:?}");
        let after = (ids(world.alice.engine()), world.alice.engine().notices().unwrap());
        assert!(after == before, "{behaviour:?}");
    }
    converge(&mut world, 2);
}

#[test]
fn f22_the_page_of_a_hotel_is_never_taken_for_the_relay() {
    let page = Behaviour::CaptivePortal;
    check(&[
        (page("text/html; charset=utf-8"), "captive-portal"),
        (page("application/octet-stream"), "captive-portal"),
    ]);
}

#[test]
fn noise_is_never_taken_for_the_relay() {
    check(&[(Behaviour::Garbage, "captive-portal"), (Behaviour::GarbageFrames, "captive-portal")]);
}

#[test]
fn f07_no_answer_and_half_an_answer_mark_nothing_as_sent() {
    check(&[(Behaviour::NoAnswer, "connection-cut"), (Behaviour::CutAnswer(150), "connection-cut")]);
}

#[test]
fn a_length_that_is_a_lie_is_noticed() {
    for behaviour in [Behaviour::TooMuch(10), Behaviour::TooLittle(100)] {
        let mut world = World::new();
        review(&mut world, 0, "4");
        assert_eq!(pull(&mut world, behaviour), Err("connection-cut"));
        converge(&mut world, 1);
    }
}

#[test]
fn what_is_larger_than_a_relay_s_answer_can_be_is_refused_before_it_is_read() {
    check(&[(Behaviour::HugePart, "relay-forged"), (Behaviour::HugeBody, "captive-portal")]);
}

#[test]
fn an_answer_without_end_is_ended() {
    check(&[(Behaviour::EndlessParts, "relay-forged")]);
}

#[test]
fn n01_a_request_that_is_brought_twice_counts_once() {
    let mut world = World::new();
    review(&mut world, 0, "4");
    let before = world.hostile.statuses().len();
    world.hostile.tell(Behaviour::Twice);
    // Whatever it takes the second answer for: it is none to what it asks next.
    println!("twice: {:?}", through(&mut world.alice, &world.hostile).map(|report| report.new));
    let statuses = world.hostile.statuses();
    assert!(world.hostile.played() > 0);
    for pair in statuses[before..].chunks_exact(2) {
        assert!([200, 204].contains(&pair[0]) && pair[1] == 401, "{statuses:?}");
    }
    converge(&mut world, 1);
}

/// Exchanges with so much patience, and ends it after so many words on how far it is.
fn impatient(world: &mut World, silence: Duration, words: u32) -> Result<Report, &'static str> {
    let options = Options { silence, ..options(world.hostile.place()) };
    let mut told = 0;
    let mut tell = |_: &Progress| {
        told += 1;
        if told > words { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut report = Report::default();
    let result = relay::sync(world.alice.engine(), &options, &mut tell, &mut report);
    result.map(|()| report).map_err(|error| error.code())
}

#[test]
fn silence_ends_by_itself_and_slow_bytes_when_a_person_has_had_enough() {
    let mut world = World::new();
    review(&mut world, 0, "4");
    world.hostile.tell(Behaviour::Silence);
    assert_eq!(impatient(&mut world, Duration::from_millis(300), u32::MAX), Err("timeout"));
    world.hostile.tell(Behaviour::SlowBytes);
    assert_eq!(impatient(&mut world, Duration::from_secs(60), 8), Err("cancelled"));
    assert!(world.hostile.played() > 0);
    converge(&mut world, 1);
}
