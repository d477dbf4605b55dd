//! A relay that says what it received, and when, as it likes.

use tessera_engine::notices::Notice;
use tessera_engine::programme::round;
use tessera_engine::reading::WorkState;
use tessera_engine::reviews::Waits;
use tessera_hostile::Behaviour;
use tessera_hostile::world::World;
use tessera_tests::homes::{self, READING};

use crate::kit::*;

/// The reader submits while the relay behaves so; gives what is left in the outbox.
fn submit(world: &mut World, behaviour: Behaviour) -> u64 {
    let application = world.applications[0];
    world.bob.work(|bob| homes::review(bob, application, "4")).unwrap();
    world.hostile.tell(behaviour);
    let report = through(&mut world.bob, &world.hostile).unwrap();
    assert!(world.hostile.played() > 0, "{report:?}");
    world.hostile.tell(Behaviour::Honest);
    report.outbox
}

fn state(world: &mut World) -> Option<WorkState> {
    let application = world.applications[0];
    let tasks = world.bob.together(|acts| acts.tasks()).unwrap();
    tasks.into_iter().find(|task| task.application == application).unwrap().state
}

#[test]
fn a_relay_that_signs_and_keeps_nothing_makes_no_coordinator_open_it() {
    let mut world = World::new();
    assert_eq!(submit(&mut world, Behaviour::AcknowledgeWithoutKeeping), 0);
    through(&mut world.alice, &world.hostile).unwrap();
    through(&mut world.bob, &world.hostile).unwrap();
    // What it said is all that is shown, and no more.
    assert_eq!(state(&mut world), Some(WorkState::HeldByRelay));
    assert_eq!(revision(&mut world, 0), None);
    // Nothing is lost: it is here, and goes by another road.
    stick(&mut world);
    converge(&mut world, 1);
    assert_eq!(state(&mut world), Some(WorkState::OpenedByCoordinator));
}

#[test]
fn a_relay_that_pretends_a_log_is_found_out_by_the_next_honest_word() {
    let mut world = World::new();
    assert_eq!(submit(&mut world, Behaviour::PretendLog), 0);
    converge(&mut world, 1);
    assert_eq!(state(&mut world), Some(WorkState::OpenedByCoordinator));
    assert!(told(&mut world.bob, |notice| matches!(notice, Notice::RelayLied { .. })));
}

#[test]
fn i10_receipts_that_the_relay_s_own_key_did_not_sign_clear_nothing() {
    let mut world = World::new();
    let left = submit(&mut world, Behaviour::ForgeReceipts);
    assert!(left > 0);
    assert_eq!(state(&mut world), Some(WorkState::InOutbox));
    converge(&mut world, 1);
    assert_eq!(state(&mut world), Some(WorkState::OpenedByCoordinator));
}

#[test]
fn false_times_move_no_review_across_a_close() {
    let mut world = World::new();
    review(&mut world, 0, "4");
    // Received at the end of time, and counted: the coordinator had seen it when the round was closed.
    pull(&mut world, Behaviour::FalseTimes(u64::MAX)).unwrap();
    world.alice.work(|alice| alice.close(round(READING))).unwrap();
    review(&mut world, 1, "3");
    // Received in 1970, and late: the coordinator had not.
    pull(&mut world, Behaviour::FalseTimes(0)).unwrap();
    assert_eq!((revision(&mut world, 0), revision(&mut world, 1)), (Some(1), None));
    converge(&mut world, 1);
    let (bob, late) = (world.bob.engine().member(), world.applications[1]);
    let reviews = world.alice.together(|acts| acts.reviews()).unwrap();
    let late = reviews.iter().find(|one| one.member == bob && one.application == late).unwrap();
    assert!(late.waits.contains_key(&Waits::Late), "{:?}", late.waits);
}
