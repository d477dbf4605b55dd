//! A draft that is open on one laptop of a reader while what the other one wrote comes in.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::selection::{READING, bring, carry, draft, none, world};
use common::{Home, rng, secret};
use tessera_engine::Engine;
use tessera_engine::bundle::For;
use tessera_engine::programme::round;
use tessera_engine::reading::Task;
use tessera_engine::store::MemoryStore;
use tessera_model::documents::{Answer, Draft};
use tessera_protocol::ids::ApplicationId;

fn task(home: &mut Home, id: ApplicationId) -> Task {
    home.together(|acts| acts.task(id, round(READING))).unwrap().unwrap()
}

fn score(text: &str) -> Answer {
    Answer::Score(text.parse().unwrap())
}

/// A reader's two laptops with one draft on both, and its application.
fn laptops() -> (Home, Home, ApplicationId) {
    let (mut alice, mut bob, programme, ids) = world();
    let laptop = secret();
    let member = bob.member();
    bob.add_device(member, laptop.device()).unwrap();
    bob.together(|acts| {
        acts.declare(ids[0], &none())?;
        acts.save_draft(ids[0], round(READING), &draft(&programme, "3"))
    })
    .unwrap();
    bring(&mut bob, &mut alice);
    let about = tessera_engine::core::About { programme: bob.programme(), member };
    let mut other: Home = Engine::join(MemoryStore::default(), laptop, rng(), about).unwrap();
    other.import(&bob.export(For::Everything).unwrap()).unwrap();
    carry(&mut alice, &mut other);
    assert_eq!(task(&mut other, ids[0]).draft.unwrap().value, draft(&programme, "3"));
    (bob, other, ids[0])
}

fn save(home: &mut Home, seen: &Task, before: &Draft, draft: &Draft) -> Task {
    let heads = home.together(|acts| {
        acts.save_draft_since(seen.application, seen.round, &seen.draft_heads, before, draft)
    });
    Task { draft_heads: heads.unwrap(), ..seen.clone() }
}

#[test]
fn an_open_draft_takes_nothing_back_and_what_both_laptops_answered_stands_side_by_side() {
    let (mut bob, mut other, id) = laptops();
    let open = task(&mut bob, id);
    let before = open.draft.clone().unwrap().value;
    let mut there = Draft {
        comments: [("profile".to_owned(), "Leads a clinic.".to_owned())].into(),
        overall: "Strong work, two letters.".to_owned(),
        ..before.clone()
    };
    there.answers.insert("english".to_owned(), score("5"));
    there.answers.insert("insight".to_owned(), score("5"));
    other.together(|acts| acts.save_draft(id, round(READING), &there)).unwrap();
    bob.import(&other.export(For::Everything).unwrap()).unwrap();

    // What came is not seen yet by whoever writes on: one word, one answer of its own, and more words.
    let mut now = Draft { overall: "Very strong work.".to_owned(), ..before.clone() };
    let open = save(&mut bob, &open, &before, &now);
    let before = now.clone();
    now.answers.insert("insight".to_owned(), score("1"));
    let open = save(&mut bob, &open, &before, &now);
    let before = now.clone();
    now.overall.push_str(" Invite her.");
    save(&mut bob, &open, &before, &now);

    other.import(&bob.export(For::Everything).unwrap()).unwrap();
    for home in [&mut bob, &mut other] {
        let read = task(home, id).draft.unwrap();
        let contested: Vec<_> = read.conflicts.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(contested, ["criteria/insight/score"]);
        assert_eq!(read.value.answers["english"], score("5"));
        assert_eq!(read.value.comments["profile"], "Leads a clinic.");
        assert!(read.value.overall.starts_with("Very strong work"), "{}", read.value.overall);
        for words in [", two letters", " Invite her."] {
            assert!(read.value.overall.contains(words), "{}", read.value.overall);
        }
        assert_eq!(home.verify().unwrap().differences, []);
    }
}

#[test]
fn whoever_has_seen_what_came_decides_and_goes_on_from_there() {
    let (mut bob, mut other, id) = laptops();
    let begun = task(&mut bob, id);
    for (home, answer) in [(&mut bob, "1"), (&mut other, "5")] {
        let open = task(home, id);
        let before = open.draft.clone().unwrap().value;
        let mut now = before.clone();
        now.answers.insert("insight".to_owned(), score(answer));
        save(home, &open, &before, &now);
    }
    bob.import(&other.export(For::Everything).unwrap()).unwrap();
    let open = task(&mut bob, id);
    let contested = open.draft.clone().unwrap();
    assert!(contested.is_contested("criteria/insight/score"));
    let mut chosen = contested.value.clone();
    chosen.answers.insert("insight".to_owned(), score("5"));
    save(&mut bob, &open, &contested.value, &chosen);
    assert_eq!(task(&mut bob, id).draft.unwrap().value, chosen);

    // One that still shows what was long ago writes its own word and nothing else.
    let before = begun.draft.clone().unwrap().value;
    let now = Draft { confidence: Some("4".parse().unwrap()), ..before.clone() };
    save(&mut bob, &begun, &before, &now);
    let read = task(&mut bob, id).draft.unwrap();
    assert!(read.is_clean());
    assert_eq!(read.value, Draft { confidence: now.confidence, ..chosen });
}
