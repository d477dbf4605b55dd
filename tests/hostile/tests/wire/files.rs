//! A relay that serves other files than those it was brought.

use tessera_hostile::Behaviour;
use tessera_hostile::world::World;
use tessera_protocol::ids::ApplicationId;
use tessera_tests::homes;
use tessera_tests::sim::dice::Dice;

use crate::kit::*;

fn contents(number: u64) -> Vec<u8> {
    let mut bytes = vec![0; 100_000];
    rand_core::Rng::fill_bytes(&mut Dice::new(number, "a file"), &mut bytes);
    bytes
}

/// The reader is to read applications with a file each, all of one length.
fn with_files(world: &mut World, count: u64) -> Vec<ApplicationId> {
    let publish = |number: u64| {
        world.alice.work(|alice| homes::publish_with_file(alice, &format!("F{number:03}"), &contents(number)))
    };
    let ids: Vec<ApplicationId> = (0..count).map(publish).collect::<Result<_, _>>().unwrap();
    world.alice.work(|alice| homes::assign(alice, world.bob.engine(), &ids)).unwrap();
    let report = through(&mut world.alice, &world.hostile).unwrap();
    assert_eq!((report.outbox, report.attachments_sent), (0, count), "{report:?}");
    ids
}

fn check(behaviour: Behaviour, count: u64) {
    let mut world = World::new();
    let ids = with_files(&mut world, count);
    world.hostile.tell(behaviour.clone());
    let report = through(&mut world.bob, &world.hostile).unwrap();
    let (damaged, received) = (report.damaged_attachments, report.attachments_received);
    assert_eq!((damaged, received), (1, count - 1), "{behaviour:?}: {report:?}");
    assert_eq!(world.hostile.played(), 1);
    let mut missing = 0;
    for (number, id) in (0..).zip(&ids) {
        match world.bob.work(|bob| homes::open_file(bob, *id)) {
            Ok(opened) => assert!(opened == contents(number), "nothing else is ever shown"),
            Err(_) => missing += 1,
        }
    }
    assert_eq!(missing, 1);
    world.hostile.tell(Behaviour::Honest);
    assert_eq!(through(&mut world.bob, &world.hostile).unwrap().attachments_received, 1);
    for (number, id) in (0..).zip(&ids) {
        assert!(world.bob.work(|bob| homes::open_file(bob, *id)).unwrap() == contents(number));
    }
    converge(&mut world, 0);
}

#[test]
fn k12_a_file_whose_pieces_changed_places_is_refused() {
    check(Behaviour::SwapPieces, 1);
}

#[test]
fn k13_two_files_that_changed_places_are_refused() {
    check(Behaviour::SwapFiles, 2);
}
