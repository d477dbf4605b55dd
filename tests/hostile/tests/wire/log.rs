//! A relay that leaves out, keeps back, doubles, turns round and rolls back, and one that shows everybody something else.

use std::collections::{BTreeMap, BTreeSet};

use tessera_engine::Engine;
use tessera_engine::notices::Notice;
use tessera_engine::store::MemoryStore;
use tessera_hostile::Behaviour;
use tessera_hostile::world::{World, sync};
use tessera_protocol::access::Classes;
use tessera_protocol::charter::Roles;
use tessera_protocol::permission::Standing;
use tessera_protocol::stream::Stream;
use tessera_tests::homes;

use crate::kit::*;

#[test]
fn i01_what_a_relay_leaves_out_is_named_and_comes_once_it_is_asked_for() {
    let mut world = World::new();
    review(&mut world, 0, "4");
    pull(&mut world, Behaviour::Honest).unwrap();
    let first = review(&mut world, 1, "4");
    amend(&mut world, 1, "3");
    pull(&mut world, Behaviour::Omit(first.items)).unwrap();
    // What builds on it is here and waits; nothing else is taken for it.
    assert_eq!((revision(&mut world, 0), revision(&mut world, 1)), (Some(1), None));
    let gaps = world.alice.together(|acts| acts.gaps()).unwrap();
    assert!(gaps.iter().any(|gap| gap.missing > 0), "{gaps:?}");
    ask_again(&mut world);
    assert_eq!(revision(&mut world, 1), Some(2));
    assert!(world.alice.together(|acts| acts.gaps()).unwrap().is_empty());
    converge(&mut world, 2);
}

#[test]
fn i02_what_a_relay_serves_again_changes_nothing() {
    let mut world = World::new();
    review(&mut world, 0, "4");
    pull(&mut world, Behaviour::Honest).unwrap();
    let state = |world: &mut World| {
        let alice = world.alice.engine();
        format!("{:?} {:?}", alice.packs().unwrap(), alice.notices().unwrap())
    };
    let before = state(&mut world);
    for _ in 0..2 {
        let report = pull(&mut world, Behaviour::Replay).unwrap();
        assert!(report.known > 0, "{report:?}");
        assert_eq!((report.new, report.waiting, report.refused), (0, 0, 0));
    }
    assert_eq!(state(&mut world), before);
    converge(&mut world, 1);
}

#[test]
fn i03_what_a_relay_serves_the_wrong_way_round_counts_as_it_was_meant() {
    let mut world = World::new();
    review(&mut world, 0, "4");
    pull(&mut world, Behaviour::Honest).unwrap();
    review(&mut world, 1, "4");
    amend(&mut world, 1, "3");
    amend(&mut world, 1, "5");
    let report = pull(&mut world, Behaviour::NewestFirst).unwrap();
    assert!(report.exchanges >= 2, "the older ones came by another exchange: {report:?}");
    assert_eq!(revision(&mut world, 1), Some(3));
    converge(&mut world, 2);
}

#[test]
fn i04_what_a_relay_keeps_back_counts_whenever_it_comes() {
    let mut world = World::new();
    let sent = review(&mut world, 0, "4");
    assert!(!sent.welcomes.is_empty());
    // The review is here and cannot be read: its key is kept back.
    pull(&mut world, Behaviour::Delay(sent.welcomes)).unwrap();
    assert_eq!(revision(&mut world, 0), None);
    // Other work goes on meanwhile.
    review(&mut world, 1, "3");
    pull(&mut world, Behaviour::Honest).unwrap();
    assert_eq!((revision(&mut world, 0), revision(&mut world, 1)), (Some(1), Some(1)));
    converge(&mut world, 2);
}

#[test]
fn i05_the_end_of_a_stream_that_was_cut_off_counts_when_it_comes() {
    let mut world = World::new();
    review(&mut world, 0, "4");
    pull(&mut world, Behaviour::Honest).unwrap();
    let bob = world.bob.engine();
    let stream = Stream::Reviews(bob.member()).id(bob.programme());
    review(&mut world, 1, "4");
    pull(&mut world, Behaviour::CutOff(stream)).unwrap();
    assert_eq!(revision(&mut world, 1), None);
    // The stream goes on, as if nothing were missing before it.
    amend(&mut world, 1, "3");
    pull(&mut world, Behaviour::Honest).unwrap();
    assert_eq!(revision(&mut world, 1), None);
    stick(&mut world);
    assert_eq!(revision(&mut world, 1), Some(2));
    converge(&mut world, 2);
}

#[test]
fn i06_a_relay_that_says_its_log_is_empty_is_named_and_filled_again() {
    let mut world = World::new();
    review(&mut world, 0, "4");
    world.hostile.tell(Behaviour::RollBack);
    let report = through(&mut world.bob, &world.hostile).unwrap();
    assert_eq!(world.hostile.played(), 1);
    assert!(report.receipts > 3 && report.outbox == 0, "everything was brought again: {report:?}");
    assert!(told(&mut world.bob, |notice| matches!(notice, Notice::RelayRestored { .. })));
    assert!(told(&mut world.bob, |notice| matches!(notice, Notice::RelayLied { .. })));
    converge(&mut world, 1);
}

#[test]
fn a_relay_that_forgets_each_time_is_left_after_a_few_tries() {
    let mut world = World::new();
    review(&mut world, 0, "4");
    let report = pull(&mut world, Behaviour::AlwaysForgets).unwrap();
    assert!(report.exchanges <= 5, "{report:?}");
    assert!(report.outbox > 0, "what it forgot still waits for a relay that keeps it");
    converge(&mut world, 1);
}

#[test]
fn a_relay_that_shows_two_logs_is_named() {
    let mut world = World::new();
    let device = world.alice.engine().device();
    pull(&mut world, Behaviour::TwoLogs(device)).unwrap();
    assert!(told(&mut world.alice, |notice| matches!(notice, Notice::RelayLied { .. })));
    review(&mut world, 0, "4");
    converge(&mut world, 1);
}

#[test]
fn i07_people_who_are_shown_different_statements_agree_once_they_are_shown_all() {
    let mut world = World::new();
    let before = ids(world.alice.engine());
    let coordinator = Roles { admin: false, coordinator: true };
    let enrol =
        |alice: &mut Engine<_>| homes::enrol(alice, MemoryStore::default(), "dave", coordinator, vec![]);
    let mut dave = world.alice.work(enrol).unwrap();
    let by_alice = &ids(world.alice.engine()) - &before;
    through(&mut world.alice, &world.hostile).unwrap();
    sync(&mut dave, world.hostile.place()).unwrap();
    let dora = homes::enrol(&mut dave, MemoryStore::default(), "dora", Roles::default(), vec![]).unwrap();
    sync(&mut dave, world.hostile.place()).unwrap();
    // The reader hears what the new coordinator says, and not who made him one.
    let device = world.bob.engine().device();
    world.hostile.tell(Behaviour::Subsets(BTreeMap::from([(device, by_alice)])));
    let report = through(&mut world.bob, &world.hostile).unwrap();
    assert!(world.hostile.played() > 0 && report.waiting > 0 && report.refused == 0, "{report:?}");
    assert!(!world.bob.engine().permission().members.contains_key(&dora.member()));
    converge(&mut world, 0);
    let members = |home: &Engine<_>| home.permission().members.clone();
    let (alice, bob) = (members(world.alice.engine()), members(world.bob.engine()));
    assert!(bob.get(&dora.member()).is_some_and(|state| state.standing == Standing::Active));
    assert_eq!(alice.keys().collect::<Vec<_>>(), bob.keys().collect::<Vec<_>>());
}

#[test]
fn i08_a_member_who_tells_each_coordinator_something_else_is_found_out_when_they_hear_both() {
    let mut world = World::new();
    let application = world.applications[1];
    let device = world.mallory.secret().id();
    let store = std::mem::take(world.mallory.home.store());
    // A program that somebody changed starts twice as one, and says two things under one number.
    let open = || {
        let chance = homes::dice("the same chance twice");
        Engine::open(store.clone(), world.mallory.secret(), chance).unwrap()
    };
    let (mut one, mut other) = (open(), open());
    // What coordinators are told, without the drafts.
    let told_of = |home: &mut Engine<_>| {
        let stream = Stream::Reviews(home.member()).id(home.programme());
        let packs = home.packs().unwrap().into_iter().filter(|pack| pack.record.stream == stream);
        packs.map(|pack| pack.id).collect::<BTreeSet<_>>()
    };
    let mut said = Vec::new();
    for (home, score, requests) in [(&mut one, "4", 0), (&mut other, "1", 50)] {
        let before = told_of(home);
        homes::review(home, application, score).unwrap();
        home.to_send().unwrap();
        said.push(&told_of(home) - &before);
        // A relay takes each number of a request once, and both starts count from the beginning.
        for _ in 0..requests {
            home.inquire(world.relay.key, Classes::ALL).unwrap();
        }
        sync(home, world.hostile.place()).unwrap();
    }
    let (alice, carol) = (world.alice.engine().device(), world.carol.engine().device());
    let kept_back = BTreeMap::from([(alice, said[1].clone()), (carol, said[0].clone())]);
    world.hostile.tell(Behaviour::Subsets(kept_back));
    through(&mut world.alice, &world.hostile).unwrap();
    through(&mut world.carol, &world.hostile).unwrap();
    assert!(world.hostile.played() >= 2);
    world.hostile.tell(Behaviour::Honest);
    for _ in 0..2 {
        through(&mut world.alice, &world.hostile).unwrap();
        through(&mut world.carol, &world.hostile).unwrap();
    }
    for home in [&mut world.alice, &mut world.carol] {
        assert!(told(home, |notice| matches!(notice, Notice::Doubled { device: of, .. } if *of == device)));
        let kept = ids(home.engine());
        assert!(said.iter().all(|packs| !packs.is_empty() && packs.is_subset(&kept)), "both are kept");
        let reviews = home.together(|acts| acts.reviews()).unwrap();
        let contested = reviews.iter().find(|one| one.application == application).unwrap();
        assert!(contested.facts.equivocation && contested.versions.len() == 2, "{contested:?}");
        let counted = contested.counted.as_ref().map(|read| read.value.answers.len());
        assert!(counted.is_none_or(|answers| answers < homes::programme().scored().count()), "{contested:?}");
    }
    assert_eq!(result(&mut world.alice), result(&mut world.carol));
    // Nothing honest is disturbed.
    review(&mut world, 0, "4");
    through(&mut world.alice, &world.hostile).unwrap();
    assert_eq!(revision(&mut world, 0), Some(1));
}
