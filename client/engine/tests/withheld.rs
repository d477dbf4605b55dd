//! What a reader's own declaration takes from the reader's devices, and who may take it back, over bundles alone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::selection::{READING, bring, carry, draft, none, submit, world};
use common::{Home, rng, secret};
use tessera_engine::assignments::{Bar, Pair, Staging};
use tessera_engine::bundle::For;
use tessera_engine::programme::round;
use tessera_engine::reading::Task;
use tessera_engine::store::MemoryStore;
use tessera_engine::withheld::Bound;
use tessera_engine::{Engine, EngineError};
use tessera_model::documents::{AssignmentState, Conflict, Declaration, Draft};
use tessera_model::merge::Act;
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;
use tessera_vault::items::Verdict;

fn declare(home: &mut Home, id: ApplicationId, declaration: Declaration) -> Result<(), EngineError> {
    let conflict = Conflict { declaration: Some(declaration), ..Conflict::default() };
    home.together(|acts| acts.declare(id, &conflict))
}

fn task(home: &mut Home, id: ApplicationId) -> Task {
    home.together(|acts| acts.task(id, round(READING))).unwrap().unwrap()
}

fn bound(home: &mut Home, id: ApplicationId) -> Bound {
    home.together(|acts| acts.bound(id)).unwrap()
}

fn note(home: &mut Home, id: ApplicationId) -> String {
    home.together(|acts| acts.note(id)).unwrap().text
}

/// A reader's draft and note on an application, to be sealed with whatever else waits.
fn write(home: &mut Home, programme: &Programme, id: ApplicationId, overall: &str, words: &str) {
    let drafted = Draft { overall: overall.into(), ..draft(programme, "4") };
    home.together(|acts| {
        acts.declare(id, &none())?;
        acts.save_draft(id, round(READING), &drafted)?;
        let before = acts.note(id)?.text;
        acts.save_note(id, &before, words)
    })
    .unwrap();
}

#[test]
fn a_declared_conflict_puts_drafts_and_notes_away_and_loses_none() {
    let (mut alice, mut bob, programme, ids) = world();
    write(&mut bob, &programme, ids[0], "Strong work.", "Ask Bo.");
    write(&mut bob, &programme, ids[1], "Another draft.", "Another note.");
    for id in [ids[0], ids[1]] {
        bob.together(|acts| acts.mark_again(id, true)).unwrap();
    }
    declare(&mut bob, ids[0], Declaration::Conflict).unwrap();
    assert_eq!(task(&mut bob, ids[0]).draft.map(|read| read.value), None);
    assert_eq!((note(&mut bob, ids[0]), task(&mut bob, ids[0]).again), (String::new(), false));
    assert_eq!(task(&mut bob, ids[1]).draft.unwrap().value.overall, "Another draft.");
    let refused = bob.together(|acts| acts.save_note(ids[0], "", "again"));
    assert!(matches!(refused, Err(EngineError::NotPermitted(_))), "{refused:?}");
    assert!(!task(&mut bob, ids[0]).readable);
    assert_eq!(bob.verify().unwrap().differences, []);

    // A slip of the hand costs nothing.
    declare(&mut bob, ids[0], Declaration::None).unwrap();
    carry(&mut alice, &mut bob);
    let back = task(&mut bob, ids[0]);
    assert_eq!(
        (back.draft.unwrap().value.overall.as_str(), back.again, back.readable),
        ("Strong work.", true, true)
    );
    assert_eq!(note(&mut bob, ids[0]), "Ask Bo.");
    assert_eq!(bob.verify().unwrap().differences, []);
}

#[test]
fn the_readers_other_laptop_hears_of_it_and_of_its_end_in_one_and_nothing_is_lost() {
    let (mut alice, mut bob, programme, ids) = world();
    let laptop = secret();
    let member = bob.member();
    bob.add_device(member, laptop.device()).unwrap();
    write(&mut bob, &programme, ids[0], "First thoughts.", "Ask Bo.");
    bring(&mut bob, &mut alice);
    let about = tessera_engine::core::About { programme: bob.programme(), member };
    let mut other: Home = Engine::join(MemoryStore::default(), laptop, rng(), about).unwrap();
    other.import(&bob.export(For::Everything).unwrap()).unwrap();
    carry(&mut alice, &mut other);
    assert!(task(&mut other, ids[0]).readable);

    declare(&mut bob, ids[0], Declaration::Conflict).unwrap();
    other.import(&bob.export(For::Everything).unwrap()).unwrap();
    assert!(task(&mut other, ids[0]).draft.is_none());
    bring(&mut bob, &mut alice);
    carry(&mut alice, &mut other);
    assert!(!task(&mut other, ids[0]).readable, "closed, and declared: it goes");
    let item = alice.together(|acts| acts.queue()).unwrap().remove(0);
    alice.together(|acts| acts.decide(&item.id, Verdict::Accept, "a namesake")).unwrap();
    carry(&mut alice, &mut bob);
    declare(&mut bob, ids[0], Declaration::None).unwrap();
    write(&mut bob, &programme, ids[0], "Second thoughts.", "Ask Cem.");

    // Both come at once to the other laptop, which goes on writing; that arrives too.
    other.import(&bob.export(For::Everything).unwrap()).unwrap();
    carry(&mut alice, &mut other);
    assert_eq!(task(&mut other, ids[0]).draft.unwrap().value.overall, "Second thoughts.");
    write(&mut other, &programme, ids[0], "Third thoughts.", "Ask Dua.");
    bob.import(&other.export(For::Everything).unwrap()).unwrap();
    for home in [&mut bob, &mut other] {
        let task = task(home, ids[0]);
        let drafted = task.draft.unwrap();
        assert_eq!((drafted.value.overall.as_str(), drafted.conflicts.len()), ("Third thoughts.", 0));
        assert!(task.readable);
        assert_eq!(note(home, ids[0]), "Ask Dua.");
        assert_eq!(home.verify().unwrap().differences, []);
    }
}

#[test]
fn g16_whoever_is_unsure_stays_closed_until_a_coordinator_rules() {
    let (mut alice, mut bob, _, ids) = world();
    // Before anybody heard of it, it is taken back like a slip of the hand.
    declare(&mut bob, ids[1], Declaration::Unsure).unwrap();
    assert_eq!(bound(&mut bob, ids[1]), Bound::Free);
    declare(&mut bob, ids[1], Declaration::None).unwrap();
    assert!(task(&mut bob, ids[1]).is_open());

    declare(&mut bob, ids[0], Declaration::Unsure).unwrap();
    bring(&mut bob, &mut alice);
    carry(&mut alice, &mut bob);
    assert_eq!(bound(&mut bob, ids[0]), Bound::Waits);
    let alone = declare(&mut bob, ids[0], Declaration::None);
    assert!(matches!(alone, Err(EngineError::NotPermitted(_))), "{alone:?}");
    assert!(!task(&mut bob, ids[0]).is_open());
    assert!(task(&mut bob, ids[0]).readable, "it is here, and closed");

    let item = alice.together(|acts| acts.queue()).unwrap().remove(0);
    assert_eq!(item.code, "conflict-unsure");
    alice.together(|acts| acts.decide(&item.id, Verdict::Accept, "years ago")).unwrap();
    carry(&mut alice, &mut bob);
    assert_eq!(bound(&mut bob, ids[0]), Bound::Lifted);
    assert_eq!(task(&mut bob, ids[0]).lifted(), Some("years ago"));
    assert!(!task(&mut bob, ids[0]).is_open(), "the reader declares anew first");
    declare(&mut bob, ids[0], Declaration::None).unwrap();
    assert!(task(&mut bob, ids[0]).is_open());
    assert_eq!(task(&mut bob, ids[0]).lifted(), None);

    // What is declared afterwards is another matter.
    bring(&mut bob, &mut alice);
    declare(&mut bob, ids[0], Declaration::Conflict).unwrap();
    bring(&mut bob, &mut alice);
    carry(&mut alice, &mut bob);
    assert_eq!(bound(&mut bob, ids[0]), Bound::Waits);
    assert!(declare(&mut bob, ids[0], Declaration::None).is_err());
}

#[test]
fn a_conflict_that_nobody_heard_of_is_taken_back_and_the_dossier_comes_again() {
    let (mut alice, mut bob, _, ids) = world();
    declare(&mut bob, ids[0], Declaration::Conflict).unwrap();
    assert!(!task(&mut bob, ids[0]).readable);
    declare(&mut bob, ids[0], Declaration::None).unwrap();
    carry(&mut alice, &mut bob);
    assert!(task(&mut bob, ids[0]).readable && task(&mut bob, ids[0]).is_open());
    assert_eq!(bob.verify().unwrap().differences, []);
}

#[test]
fn an_application_is_handed_back_with_a_reason_and_one_act_takes_the_assignment_back() {
    let (mut alice, mut bob, programme, ids) = world();
    write(&mut bob, &programme, ids[0], "Half a thought.", "Scans.");
    let back = |bob: &mut Home, id, reason: &str| bob.together(|acts| acts.hand_back(id, reason));
    assert!(matches!(back(&mut bob, ids[0], " "), Err(EngineError::BadInput(_))));
    assert!(matches!(back(&mut bob, ApplicationId([9; 16]), "why"), Err(EngineError::NotFound(_))));
    submit(&mut bob, &programme, ids[1], "4", None);
    assert!(matches!(back(&mut bob, ids[1], "too late"), Err(EngineError::NotPermitted(_))));
    back(&mut bob, ids[0], "I cannot read the scans.").unwrap();
    assert!(!task(&mut bob, ids[0]).readable && task(&mut bob, ids[0]).draft.is_none());

    bring(&mut bob, &mut alice);
    let queue = alice.together(|acts| acts.queue()).unwrap();
    let said: Vec<_> = queue.iter().map(|one| (one.code, one.act, one.says.join(" "))).collect();
    assert_eq!(said, [("handed-back", Act::SetAside, "I cannot read the scans.".to_owned())]);
    alice.together(|acts| acts.decide(&queue[0].id, Verdict::SetAside, "somebody else reads it")).unwrap();
    assert!(alice.together(|acts| acts.queue()).unwrap().is_empty());
    carry(&mut alice, &mut bob);
    let assignment = task(&mut bob, ids[0]).assignment;
    assert_eq!(assignment.state, Some(AssignmentState::Withdrawn));
    assert_eq!(assignment.reason, "handed back: somebody else reads it");
    let pair = Pair { member: bob.member(), application: ids[0], round: round(READING) };
    let again = alice.together(|acts| acts.stage(&programme, pair, 1, None)).unwrap();
    assert!(matches!(&again, Staging::Barred(bar @ Bar::Declared(_)) if bar.code() == "handed-back"));
}
