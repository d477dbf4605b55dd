//! From publication to a counted review, over bundles alone.

mod common;

use common::selection::{READING, bring, carry, submit, world};
use common::{Home, enrol};
use tessera_engine::programme::round;
use tessera_engine::reading::{Submission, WorkState};
use tessera_engine::reviews::Waits;
use tessera_protocol::charter::Roles;
use tessera_vault::items::Verdict;

#[test]
fn a_review_written_offline_is_counted_and_acknowledged() {
    let (mut alice, mut bob, programme, ids) = world();
    assert_eq!(bob.together(|acts| acts.programme()).unwrap().1, programme);
    let tasks = bob.together(|acts| acts.tasks()).unwrap();
    assert_eq!(tasks.len(), 3);
    assert!(tasks.iter().all(|task| task.readable && !task.is_open()));

    assert_eq!(submit(&mut bob, &programme, ids[0], "4", None), Submission::Submitted { revision: 1 });
    assert_eq!(submit(&mut bob, &programme, ids[0], "4", None), Submission::Same { revision: 1 });
    let state =
        |bob: &mut Home| bob.together(|acts| acts.task(ids[0], round(READING))).unwrap().unwrap().state;
    assert_eq!(state(&mut bob), Some(WorkState::OnDevice));
    bring(&mut bob, &mut alice);
    assert_eq!(state(&mut bob), Some(WorkState::InOutbox));
    let reviews = alice.together(|acts| acts.reviews()).unwrap();
    assert_eq!(reviews.len(), 1);
    assert_eq!(reviews[0].counted.as_ref().unwrap().value.answers.len(), programme.scored().count());
    assert!(reviews[0].waits.is_empty());
    carry(&mut alice, &mut bob);
    assert_eq!(state(&mut bob), Some(WorkState::OpenedByCoordinator));

    assert_eq!(submit(&mut bob, &programme, ids[0], "5", None), Submission::NeedsReason);
    assert_eq!(
        submit(&mut bob, &programme, ids[0], "5", Some("read it again")),
        Submission::Submitted { revision: 2 }
    );
    bring(&mut bob, &mut alice);
    let reviews = alice.together(|acts| acts.reviews()).unwrap();
    assert_eq!(reviews[0].counted.as_ref().unwrap().value.revision, 2);
    assert!(alice.together(|acts| acts.queue()).unwrap().is_empty());
}

#[test]
fn work_after_a_removal_waits_until_a_person_decides() {
    let (mut alice, mut bob, programme, ids) = world();
    submit(&mut bob, &programme, ids[0], "4", None);
    bring(&mut bob, &mut alice);
    alice.remove(bob.member()).unwrap();
    submit(&mut bob, &programme, ids[1], "2", None);
    bring(&mut bob, &mut alice);

    let reviews = alice.together(|acts| acts.reviews()).unwrap();
    assert_eq!(reviews.len(), 2);
    let of = |id| reviews.iter().find(|one| one.application == id).unwrap();
    assert!(of(ids[0]).counted.is_some());
    assert!(of(ids[1]).counted.is_none());
    assert!(of(ids[1]).waits.contains_key(&Waits::Removed));
    let queue = alice.together(|acts| acts.queue()).unwrap();
    assert_eq!(queue.len(), 1);
    alice.together(|acts| acts.decide(&queue[0].id, Verdict::Accept, "written before she left")).unwrap();
    assert!(alice.together(|acts| acts.queue()).unwrap().is_empty());
    let reviews = alice.together(|acts| acts.reviews()).unwrap();
    assert!(reviews.iter().all(|one| one.counted.is_some()));
}

#[test]
fn i16_two_laptops_of_one_reader_leave_two_versions_to_choose_from() {
    let (mut alice, bob, programme, ids) = world();
    let copied = bob.into_store();
    let open = |store| {
        tessera_engine::Engine::open(store, common::secret_of_last_enrolled(), common::rng()).unwrap()
    };
    let (mut one, mut other) = (open(copied.clone()), open(copied));
    submit(&mut one, &programme, ids[0], "4", None);
    submit(&mut other, &programme, ids[0], "2", None);
    bring(&mut one, &mut alice);
    bring(&mut other, &mut alice);
    let queue = alice.together(|acts| acts.queue()).unwrap();
    assert_eq!(queue.iter().map(|one| one.code).collect::<Vec<_>>(), ["two-versions", "two-versions"]);
    let reviews = alice.together(|acts| acts.reviews()).unwrap();
    assert!(reviews[0].counted.as_ref().unwrap().value.answers.is_empty());
    alice.together(|acts| acts.decide(&queue[0].id, Verdict::Accept, "she confirmed this one")).unwrap();
    let reviews = alice.together(|acts| acts.reviews()).unwrap();
    assert_eq!(reviews[0].counted.as_ref().unwrap().value.answers.len(), programme.scored().count());
    assert!(alice.together(|acts| acts.queue()).unwrap().is_empty());
}

#[test]
fn decisions_of_a_removed_coordinator_count_inside_the_cut_alone() {
    let (mut alice, mut bob, programme, ids) = world();
    let mut carol = enrol(&mut alice, Roles { admin: false, coordinator: true });
    submit(&mut bob, &programme, ids[0], "4", None);
    bring(&mut bob, &mut alice);
    alice.remove(bob.member()).unwrap();
    submit(&mut bob, &programme, ids[1], "2", None);
    bring(&mut bob, &mut alice);
    carry(&mut alice, &mut carol);
    let queue = carol.together(|acts| acts.queue()).unwrap();
    assert_eq!(queue.len(), 1);

    alice.remove(carol.member()).unwrap();
    // She has not heard of it, decides, and somebody carries it to Alice.
    carol.together(|acts| acts.decide(&queue[0].id, Verdict::Accept, "it is good work")).unwrap();
    bring(&mut carol, &mut alice);
    assert_eq!(alice.decisions().unwrap().len(), 1, "the decision is here");
    let queue = alice.together(|acts| acts.queue()).unwrap();
    let codes: Vec<_> = queue.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["review-after-removal", "work-after-removal"], "and decides nothing");
    let reviews = alice.together(|acts| acts.reviews()).unwrap();
    assert_eq!(reviews.iter().filter(|one| one.counted.is_some()).count(), 1);
}

#[test]
fn a_device_is_seen_by_what_is_here_of_it() {
    let (mut alice, mut bob, programme, ids) = world();
    let (member, device) = (bob.member(), bob.device());
    let seen = |alice: &mut Home| alice.together(|acts| acts.seen(member)).unwrap()[&device];
    let before = seen(&mut alice);
    assert_eq!((before.since_ms, before.last_ms), (None, None), "no relay has said anything");
    submit(&mut bob, &programme, ids[0], "4", None);
    bring(&mut bob, &mut alice);
    assert!(seen(&mut alice).packs > before.packs);
}
