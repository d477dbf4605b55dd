//! Drafts: edited on two laptops, and what it takes to submit one.

use super::*;
use crate::crdt::ContainerKind;

fn score(text: &str) -> Answer {
    Answer::Score(text.parse().unwrap())
}

fn full() -> Draft {
    let answers = ["profile", "network", "reputation", "english", "insight"];
    Draft {
        answers: answers.iter().map(|key| ((*key).to_owned(), score("4"))).collect(),
        overall: "Invite her.".to_owned(),
        attested: true,
        dossier: Some([2; 32]),
        ..Draft::default()
    }
}

fn write(draft: &Draft, document: &mut Document, actor: &ActorBytes) -> Vec<(Scanned, ActorBytes)> {
    let mut changes = Vec::new();
    draft.write(document, actor, &mut changes).unwrap();
    changes.into_iter().map(|change| (change, *actor)).collect()
}

fn missing(draft: &Read<Draft>) -> Vec<String> {
    let missing = check_submission(&seminar(), "reading", draft, [2; 32]).unwrap_err();
    missing.iter().map(|one| format!("{} {}", one.code(), one.place().unwrap_or("-"))).collect()
}

#[test]
fn a_draft_is_read_back_and_written_once() {
    let mut draft = full();
    draft.answers.insert("network".to_owned(), Answer::NotApplicable { reason: "None named.".to_owned() });
    draft.comments.insert("profile".to_owned(), "Leads a clinic. 强".to_owned());
    draft.confidence = Some("0.5".parse().unwrap());
    draft.pins.insert("profile".to_owned(), Pin::Field("question-1".to_owned()));
    let mut here = document(Kind::Draft);
    let changes = write(&draft, &mut here, &ALICE);
    assert_eq!(changes.len(), 3);
    let mut there = document(Kind::Draft);
    receive(&mut there, &changes);
    let read = Draft::read(&there);
    assert_eq!(read.value, draft);
    assert!(read.is_clean());
    assert_eq!(Draft::read(&Kind::Draft.contents(&there)), read);
    assert!(write(&draft, &mut there, &BOB).is_empty());
}

#[test]
fn two_laptops_write_one_comment_together() {
    let mut devices = [document(Kind::Draft), document(Kind::Draft)];
    let comment = |device: &mut Document, actor: &ActorBytes, text: &str| {
        let mut changes = Vec::new();
        Draft::set_comment(device, actor, Some("profile"), text, &mut changes).unwrap();
        changes.into_iter().map(|change| (change, *actor)).collect::<Vec<_>>()
    };
    let start = comment(&mut devices[0], &ALICE, "Strong work.");
    receive(&mut devices[1], &start);
    let one = comment(&mut devices[0], &ALICE, "Very strong work.");
    let other = comment(&mut devices[1], &BOB, "Strong work, two letters.");
    receive(&mut devices[0], &other);
    receive(&mut devices[1], &one);
    for device in &devices {
        assert_eq!(Draft::read(device).value.comments["profile"], "Very strong work, two letters.");
    }
}

#[test]
fn what_a_writer_did_not_touch_stays_as_the_document_has_it() {
    let mut here = document(Kind::Draft);
    let before = full();
    write(&before, &mut here, &ALICE);
    let mut there = here.clone();
    let other = Draft {
        confidence: Some("4".parse().unwrap()),
        comments: [("english".to_owned(), "Fluent.".to_owned())].into(),
        overall: "Invite her, please.".to_owned(),
        ..before.clone()
    };
    receive(&mut here, &write(&other, &mut there, &BOB));
    // Whoever wrote on had seen nothing of that.
    let mut now = Draft { overall: "Do invite her.".to_owned(), ..before.clone() };
    now.answers.insert("profile".to_owned(), score("2"));
    now.write_since(&before, &mut here, &ALICE, &mut Vec::new()).unwrap();
    let read = Draft::read(&here);
    assert!(read.is_clean());
    let overall = "Do invite her, please.".to_owned();
    assert_eq!(read.value, Draft { answers: now.answers, overall, ..other });
}

#[test]
fn what_does_not_apply_keeps_its_reason_whichever_laptop_said_it() {
    let mut here = document(Kind::Draft);
    let mut there = here.clone();
    let first = Draft::set_answer(&mut here, &ALICE, "english", Some(&score("4"))).unwrap().unwrap();
    let not_applicable = |reason: &str| Answer::NotApplicable { reason: reason.to_owned() };
    let other = not_applicable("No letter.");
    let second = Draft::set_answer(&mut there, &BOB, "english", Some(&other)).unwrap().unwrap();
    receive(&mut here, &[(second, BOB)]);
    receive(&mut there, &[(first, ALICE)]);
    // Something else is written meanwhile, then one of the two is chosen.
    let contested = Draft::read(&here).value;
    let mut more = Draft { overall: "Invite her.".to_owned(), ..contested.clone() };
    more.write(&mut here, &ALICE, &mut Vec::new()).unwrap();
    assert!(Draft::read(&here).is_contested("criteria/english/score"));
    more.answers.insert("english".to_owned(), not_applicable(""));
    more.write_since(&contested, &mut here, &ALICE, &mut Vec::new()).unwrap();
    let read = Draft::read(&here);
    assert!(read.is_clean());
    assert_eq!(read.value.answers["english"], other);
    more.answers.insert("english".to_owned(), not_applicable(""));
    more.write(&mut here, &ALICE, &mut Vec::new()).unwrap();
    assert_eq!(Draft::read(&here).value.answers["english"], not_applicable(""), "taken out again");
}

#[test]
fn i16_two_laptops_draft_the_same_criterion_and_neither_hides_the_other() {
    let mut devices = [document(Kind::Draft), document(Kind::Draft)];
    let set = |device: &mut Document, actor: &ActorBytes, key: &str, text: &str| {
        (Draft::set_answer(device, actor, key, Some(&score(text))).unwrap().unwrap(), *actor)
    };
    let one = [set(&mut devices[0], &ALICE, "profile", "4"), set(&mut devices[0], &ALICE, "english", "3")];
    let other = [set(&mut devices[1], &BOB, "profile", "2"), set(&mut devices[1], &BOB, "insight", "5")];
    receive(&mut devices[0], &other);
    receive(&mut devices[1], &one);
    for device in &devices {
        let read = Draft::read(device);
        assert!(read.is_contested("criteria/profile/score"));
        assert_eq!(read.conflicts.len(), 1);
        assert_eq!(Draft::read(&Kind::Draft.contents(device)), read);
        let answered: Vec<&String> = read.value.answers.keys().collect();
        assert_eq!(answered, ["english", "insight"]);
    }
    set(&mut devices[0], &ALICE, "profile", "4");
    assert!(Draft::read(&devices[0]).is_clean());
}

#[test]
fn a_long_comment_takes_several_changes_and_each_passes_the_guard() {
    let mut here = document(Kind::Draft);
    let long: String = "長".repeat(10_000);
    let mut changes = Vec::new();
    Draft::set_comment(&mut here, &ALICE, None, &long, &mut changes).unwrap();
    assert_eq!(changes.len(), 5);
    Draft::set_comment(&mut here, &ALICE, None, "short", &mut changes).unwrap();
    let mut there = document(Kind::Draft);
    receive(&mut there, &changes.iter().map(|change| (change.clone(), ALICE)).collect::<Vec<_>>());
    assert_eq!(Draft::read(&there).value.overall, "short");
    let too_long = "x".repeat(record::MAX_TEXT_BYTES + 1);
    assert!(Draft::set_comment(&mut here, &ALICE, None, &too_long, &mut changes).is_err());
}

#[test]
fn a_criterion_without_its_constant_is_refused() {
    let mut here = document(Kind::Draft);
    assert!(Draft::set_answer(&mut here, &ALICE, "later", Some(&score("1"))).is_err());
    here.add_constant(&Kind::Draft.criterion_change("later").unwrap()).unwrap();
    assert!(Draft::set_answer(&mut here, &ALICE, "later", Some(&score("1"))).is_ok());
    assert_eq!(Draft::read(&here).value.answers.len(), 1);
}

#[test]
fn an_answer_can_be_taken_back() {
    let mut here = document(Kind::Draft);
    write(&full(), &mut here, &ALICE);
    Draft::set_answer(&mut here, &ALICE, "english", None).unwrap().unwrap();
    assert!(!Draft::read(&here).value.answers.contains_key("english"));
    assert!(Draft::set_answer(&mut here, &ALICE, "english", None).unwrap().is_none());
    Draft::set_closing(&mut here, &ALICE, None, false, None).unwrap().unwrap();
    assert!(!Draft::read(&here).value.attested);
}

#[test]
fn what_is_missing_is_named() {
    let check = |change: &dyn Fn(&mut Draft), expected: &[&str]| {
        let mut draft = full();
        change(&mut draft);
        let mut here = document(Kind::Draft);
        write(&draft, &mut here, &ALICE);
        assert_eq!(missing(&Draft::read(&here)), expected);
    };
    let answer = |draft: &mut Draft, key: &str, answer| drop(draft.answers.insert(key.to_owned(), answer));
    check(&|draft| drop(draft.answers.remove("english")), &["missing-answer english"]);
    let no_reason = Answer::NotApplicable { reason: " ".to_owned() };
    check(&|draft| answer(draft, "network", no_reason.clone()), &["missing-reason network"]);
    for bad in ["0", "6", "4.5", "-1", "999999999999"] {
        check(&|draft| answer(draft, "insight", score(bad)), &["out-of-scale insight"]);
    }
    check(&|draft| draft.attested = false, &["missing-attestation -"]);
    check(
        &|draft| *draft = Draft::default(),
        &[
            "missing-answer profile",
            "missing-answer network",
            "missing-answer reputation",
            "missing-answer english",
            "missing-answer insight",
            "missing-attestation -",
        ],
    );
}

#[test]
fn what_is_missing_is_said_in_words() {
    let mut draft = full();
    draft.answers.insert("english".to_owned(), score("9"));
    draft.answers.remove("profile");
    let missing = check_submission(&seminar(), "reading", &Read::clean(draft), [2; 32]).unwrap_err();
    let words: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let expected = ["profile: neither a score nor N/A", "english: a score is between 1 and 5 in steps of 1"];
    assert_eq!(words, expected);
}

#[test]
fn a_contested_answer_is_a_gap() {
    let mut devices = [document(Kind::Draft), document(Kind::Draft)];
    write(&full(), &mut devices[0], &ALICE);
    let other = Draft::set_answer(&mut devices[1], &BOB, "english", Some(&score("1"))).unwrap().unwrap();
    receive(&mut devices[0], &[(other, BOB)]);
    assert_eq!(missing(&Draft::read(&devices[0])), ["contested criteria/english/score"]);
    put(&mut devices[0], &ALICE, &["criteria", "english", "score"], 4);
    assert_eq!(missing(&Draft::read(&devices[0])), ["damaged criteria/english/score"]);
    put(&mut devices[0], &ALICE, &["criteria", "english", "score"], "4");
    put(&mut devices[0], &ALICE, &["attested"], "yes");
    assert_eq!(missing(&Draft::read(&devices[0])), ["damaged attested"]);
}

#[test]
fn a_complete_draft_becomes_a_review() {
    let mut draft = full();
    draft.answers.insert("network".to_owned(), Answer::NotApplicable { reason: "None.".to_owned() });
    draft.comments.insert("profile".to_owned(), "Good.".to_owned());
    let mut here = document(Kind::Draft);
    write(&draft, &mut here, &ALICE);
    let review = check_submission(&seminar(), "reading", &Draft::read(&here), [2; 32]).unwrap();
    assert_eq!(review.answers, draft.answers);
    assert_eq!((review.revision, &review.state), (1, &State::Submitted));
    assert_eq!((review.definition, review.dossier), (seminar().definition_sha256(), [2; 32]));
    assert_eq!(review.comments["profile"], "Good.");
    // The interview scores three of the five; the rest stays in the draft.
    let interview = check_submission(&seminar(), "interview", &Draft::read(&here), [2; 32]).unwrap();
    assert_eq!(interview.answers.keys().collect::<Vec<_>>(), ["insight", "network", "profile"]);
    assert_eq!(
        check_submission(&seminar(), "later", &Draft::read(&here), [2; 32]),
        Err(vec![Missing::Round])
    );
}

#[test]
fn drafts_hold_text_and_reviews_do_not() {
    let text = |kind: Kind| kind.containers().iter().any(|(_, kind)| *kind == ContainerKind::Text);
    for kind in Kind::ALL {
        assert_eq!(text(*kind), kind.streams() == [StreamKind::Desk], "{kind:?}");
    }
}

#[test]
fn notes_are_edited_in_place() {
    let mut here = document(Kind::Note);
    let mut changes = Vec::new();
    let note = |text: &str, again| Note { text: text.to_owned(), again };
    for (text, again) in [("Ask B.", false), ("Ask Bo.", false), ("Ask Bo.", true), ("Ask Bo.", false)] {
        note(text, again).write(&mut here, &ALICE, &mut changes).unwrap();
        assert_eq!(Note::read(&here).value, note(text, again));
    }
    assert_eq!(changes.len(), 4);
}

#[test]
fn a_note_keeps_what_two_wrote_into_it() {
    let check = |before: &str, there: &str, text: &str, expected: &str| {
        let mut note = Note { text: there.to_owned(), again: true };
        note.splice(before, text);
        assert_eq!(note, Note { text: expected.to_owned(), again: true }, "{before:?}, {there:?}, {text:?}");
    };
    check("Ask Bo.", "Ask Bo.", "Ask Cem.", "Ask Cem.");
    check("Ask Bo.", "Ask Cem.", "Ask Bo.", "Ask Cem.");
    check("Ask Bo.", "Ask Cem.", "Ask Cem.", "Ask Cem.");
    check("Ask Bo.", "Do ask Bo.", "Ask Bo. 强", "Do ask Bo. 强");
    check("Ask Bo.", "Ask Bo. 强", "Do ask Bo.", "Do ask Bo. 强");
    check("", "Theirs. ", "Own. ", "Own. Theirs. ");
    check("one two three", "one 2 three", "one zwei three", "one 2zwei three");
    check("alpha beta gamma", "alpha gamma", "alpha beta, gamma", "alpha ,gamma");
    check("one two three", "", "one two three, four", ", four");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_follows_any_other(texts in proptest::collection::vec("(\\PC|a|b|\u{1f469}\u{200d}){0,40}", 1..6)) {
        let mut here = document(Kind::Note);
        let mut there = document(Kind::Note);
        for text in texts {
            let mut changes = Vec::new();
            let note = Note { text, again: false };
            note.write(&mut here, &ALICE, &mut changes).unwrap();
            receive(&mut there, &changes.into_iter().map(|change| (change, ALICE)).collect::<Vec<_>>());
            prop_assert_eq!(Note::read(&there).value, note);
        }
    }
}
