//! Records: written and read back, in one change, whatever the document holds.

use std::collections::BTreeMap;
use std::fmt;

use super::*;
use crate::crdt::Contents;
use crate::decimal::Decimal;
use crate::merge::facts::changed_apart;

fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn score(text: &str) -> Answer {
    Answer::Score(text.parse().unwrap())
}

fn not_applicable(reason: &str) -> Answer {
    Answer::NotApplicable { reason: reason.to_owned() }
}

pub(super) fn review(answers: &[(&str, Answer)]) -> Review {
    Review {
        revision: 1,
        answers: answers.iter().map(|(key, answer)| ((*key).to_owned(), answer.clone())).collect(),
        comments: map(&[("profile", "Strong work. دقيق")]),
        overall: "Yes.".to_owned(),
        confidence: Some(Decimal::whole(3)),
        attested: true,
        definition: [1; 32],
        dossier: [2; 32],
        ..Review::default()
    }
}

/// Writes a value, reads it on another device, and writes it again without effect.
fn check<T: Record + fmt::Debug>(value: &T) {
    let mut here = document(T::KIND);
    let change = value.write(&mut here, &ALICE).unwrap().unwrap();
    let mut there = document(T::KIND);
    receive(&mut there, &[(change, ALICE)]);
    let read = T::read(&there);
    assert_eq!(read.value, *value);
    assert!(read.is_clean(), "{read:?}");
    assert!(value.write(&mut there, &BOB).unwrap().is_none(), "{value:?} is written twice");
}

#[test]
fn every_record_is_read_back() {
    let mut call = Call::default();
    call.publish(&seminar(), "").unwrap();
    check(&call);
    check(&Identity {
        key: "012".to_owned(),
        fields: map(&[("full-name", "अमिना दियालो"), ("email", "a@b.example")]),
        route: Some(form::Route::Mail),
        on_behalf: true,
    });
    check(&Dossier { label: "012".to_owned(), fields: map(&[("question-1", "Long.\n\nAnswer.")]) });
    check(&Card { label: "012".to_owned(), fields: map(&[("country", "Ghana")]) });
    let file = File {
        name: "../letter 1.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: u64::MAX,
        referee: Some("Prof. Ω".to_owned()),
        light: true,
        of: Some([8; 32]),
        handle: vec![0, 255, 7],
    };
    check(&Manifest { files: BTreeMap::from([(("letters".to_owned(), [9; 32]), file)]) });
    check(&Assignment {
        state: Some(AssignmentState::Withdrawn),
        rendition: 1,
        place: 12,
        reason: "silent".to_owned(),
        cleared: Some([5; 32]),
    });
    let plain = review(&[("profile", score("4")), ("network", not_applicable("No network."))]);
    check(&plain);
    let pins = BTreeMap::from([("profile".to_owned(), Pin::Page { file: [6; 32], page: 2 })]);
    let pinned = Review { pins, ..plain.clone() };
    check(&pinned);
    assert_ne!(pinned.fingerprint(), plain.fingerprint());
    check(&Recorded { review: review(&[("profile", score("3.5"))]), source: Some(Source::Phone) });
    check(&Conflict {
        declaration: Some(Declaration::Unsure),
        kind: "colleague".to_owned(),
        note: "Same faculty until 2015.".to_owned(),
    });
    check(&Clearance {
        ruling: Some(Ruling::Lifted),
        declaration: Some([3; 32]),
        reason: "Long ago.".to_owned(),
    });
    let gate =
        GateVerdict { verdict: Verdict::NotMet, evidence: "CV".to_owned(), reason: "None.".to_owned() };
    check(&Eligibility {
        gates: BTreeMap::from([("age".to_owned(), gate)]),
        exception_asked: Some("Outstanding.".to_owned()),
        exception_granted: Some(true),
        exception_reason: "Agreed.".to_owned(),
    });
    check(&Duplicate {
        verdict: Some(Sameness::Same),
        keep: Some([4; 16]),
        reason: "Same passport.".to_owned(),
    });
    check(&Moderation {
        verdict: Settled::Meeting.as_str().to_owned(),
        reason: "Two of three.".to_owned(),
        seen: Some([6; 32]),
    });
    check(&Person {
        name: "Ana".to_owned(),
        contact: "+1".to_owned(),
        fields: map(&[("region", "americas")]),
        standing: map(&[("University of Accra", "employer")]),
    });
    check(&Relays { addresses: map(&[("00ff", "https://relay.example:8443")]) });
    check(&Withdrawal { withdrawn: true, route: Some(form::Route::Form), reason: "Visa.".to_owned() });
    let snapshot =
        Snapshot { inputs: [5; 32], method: "{}".to_owned(), seed: u64::MAX, rows: vec![7; 150_000] };
    check(&Ranking(snapshot.clone()));
    check(&Selection(snapshot));
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    fn check<T: Record>(value: &T, field: &str) {
        let mut document = document(T::KIND);
        let heads = document.heads();
        let error = value.write(&mut document, &ALICE).unwrap_err();
        let WriteError::Field { field: found, .. } = error else { panic!("{error:?}") };
        assert_eq!(found, field);
        assert_eq!(document.heads(), heads);
    }
    let long = "x".repeat(record::MAX_TEXT_BYTES + 1);
    check(&Dossier { label: String::new(), fields: map(&[("essay", &long)]) }, "fields/essay");
    check(&Moderation { verdict: long, ..Moderation::default() }, "verdict");
    let many = (0..=record::MAX_ENTRIES).map(|at| (at.to_string(), String::new())).collect();
    check(&Dossier { label: String::new(), fields: many }, "fields");
    check(&Ranking(Snapshot { rows: vec![0; 250_000], ..Snapshot::default() }), "ranking");
    let mut call = Call::default();
    call.revisions.insert(0, Revision { definition: [0; 32], reason: String::new() });
    check(&call, "revisions");
}

#[test]
fn only_what_differs_is_written() {
    let mut here = document(Kind::Review);
    let first = review(&[("profile", score("4")), ("network", score("2"))]);
    let all = first.write(&mut here, &ALICE).unwrap().unwrap();
    let amended =
        review(&[("profile", score("5")), ("network", score("2"))]).amending(&first, "Read again.", false);
    let some = amended.write(&mut here, &ALICE).unwrap().unwrap();
    assert_eq!(Review::read(&here).value, amended);
    // profile, revision, version, state and reason, of fifteen fields.
    assert_eq!((all.op_count(), some.op_count()), (11, 5));
    let shorter = Review { comments: BTreeMap::new(), ..amended };
    shorter.write(&mut here, &ALICE).unwrap().unwrap();
    assert_eq!(Review::read(&here).value.comments, BTreeMap::new());
}

#[test]
fn h17_a_score_that_is_no_number_is_damage_and_no_score() {
    let bad: [Value; 14] = [
        Value::Float(4.0),
        Value::Float(1e308),
        Value::Float(-0.0),
        Value::Int(4),
        Value::Uint(1 << 63),
        Value::Bool(true),
        Value::Timestamp(4),
        Value::Bytes(vec![4]),
        "NaN".into(),
        "inf".into(),
        "-0".into(),
        "9223372036854775808e9".into(),
        "1e308".into(),
        "4 ".into(),
    ];
    for value in bad {
        let mut here = document(Kind::Review);
        put(&mut here, &ALICE, &["answers", "profile"], value.clone());
        let read = Review::read(&here);
        assert!(read.value.answers.is_empty(), "{value:?}");
        let damage = Damage { field: "answers/profile".to_owned(), problem: "not a decimal number" };
        assert_eq!(read.damaged, [damage], "{value:?}");
    }
}

#[test]
fn not_applicable_is_not_zero() {
    let mut here = document(Kind::Review);
    review(&[("network", not_applicable("None."))]).write(&mut here, &ALICE).unwrap();
    let answers = Review::read(&here).value.answers;
    assert_eq!(answers["network"].score(), None);
    put(&mut here, &ALICE, &["answers", "network"], "0");
    assert_eq!(Review::read(&here).value.answers["network"].score(), Some(Decimal::ZERO));
}

/// Two devices that knew nothing of one another; each of the two then has what both wrote.
fn apart<T: Record>(alice: &T, bob: &T) -> [Document; 2] {
    let mut devices = [document(T::KIND), document(T::KIND)];
    let one = alice.write(&mut devices[0], &ALICE).unwrap().unwrap();
    let other = bob.write(&mut devices[1], &BOB).unwrap().unwrap();
    receive(&mut devices[0], &[(other, BOB)]);
    receive(&mut devices[1], &[(one, ALICE)]);
    devices
}

#[test]
fn i16_two_laptops_that_each_create_a_review_hide_nothing_from_one_another() {
    let alice = review(&[("profile", score("4")), ("network", score("2")), ("english", score("5"))]);
    let bob = review(&[("profile", score("4")), ("network", not_applicable("?")), ("english", score("1"))]);
    let devices = apart(&alice, &bob);
    let reads = devices.each_ref().map(|device| Review::read(device));
    assert_eq!(reads[0], reads[1]);
    let fields: Vec<&str> = reads[0].conflicts.iter().map(|conflict| conflict.field.as_str()).collect();
    assert_eq!(fields, ["answers/english", "answers/network", "version"]);
    let network: Vec<&Value> = reads[0].conflicts[1].values.iter().map(|put| &put.value).collect();
    assert_eq!(network, [&"2".into(), &Value::Null]);
    // One value from both is an answer; two values are none.
    assert_eq!(reads[0].value.answers, BTreeMap::from([("profile".to_owned(), score("4"))]));
    for device in &devices {
        let versions: Vec<Review> = Review::versions(device).into_iter().map(|one| one.review).collect();
        assert_eq!(versions, [alice.clone(), bob.clone()]);
    }
}

#[test]
fn i16_identical_submissions_are_one() {
    let same = review(&[("profile", score("4"))]);
    for device in apart(&same, &same) {
        assert!(Review::read(&device).is_clean());
        assert_eq!(Review::versions(&device).len(), 1);
    }
    // Two spellings of one number are one number.
    let mut here = document(Kind::Review);
    let mut there = document(Kind::Review);
    put(&mut here, &ALICE, &["answers", "profile"], "3.5");
    let other = put(&mut there, &BOB, &["answers", "profile"], "3.50");
    receive(&mut here, &[(other, BOB)]);
    let read = Review::read(&here);
    assert!(read.conflicts.is_empty());
    assert_eq!(read.value.answers["profile"], score("3.5"));
}

#[test]
fn i17_a_value_beside_a_damaged_one_is_not_answered() {
    let mut here = document(Kind::Review);
    let mut there = document(Kind::Review);
    put(&mut here, &ALICE, &["answers", "profile"], "3");
    let other = put(&mut there, &BOB, &["answers", "profile"], true);
    receive(&mut here, &[(other, BOB)]);
    let read = Review::read(&here);
    assert!(read.value.answers.is_empty());
    assert!(read.is_contested("answers/profile"));
    assert_eq!(read.damaged.len(), 1);
}

#[test]
fn amendments_of_different_fields_are_two_versions_and_both_are_kept() {
    let first = review(&[("profile", score("4")), ("english", score("3"))]);
    let mut devices = [document(Kind::Review), document(Kind::Review)];
    let start = first.write(&mut devices[0], &ALICE).unwrap().unwrap();
    receive(&mut devices[1], &[(start.clone(), ALICE)]);
    let one = review(&[("profile", score("5")), ("english", score("3"))]).amending(&first, "Letters.", false);
    let other =
        review(&[("profile", score("4")), ("english", score("2"))]).amending(&first, "Letters.", true);
    let a = one.write(&mut devices[0], &ALICE).unwrap().unwrap();
    let b = other.write(&mut devices[1], &BOB).unwrap().unwrap();
    receive(&mut devices[0], &[(b.clone(), BOB)]);
    let read = Review::read(&devices[0]);
    assert!(read.is_contested("version") && !read.is_contested("answers/profile"));
    assert_eq!(read.value.revision, 2);
    assert_eq!((&read.value.answers["profile"], &read.value.answers["english"]), (&score("5"), &score("2")));
    assert!(matches!(read.value.state, State::Amended { after_reading_others: true, .. }));
    let history = Review::history(&devices[0]);
    assert_eq!(history[0].review, first);
    assert_eq!((history[0].change, history[0].actor), (*start.hash(), ALICE));
    assert_eq!(history.len(), 3);
    // Choosing settles it: a later submission that knows both.
    let chosen = one.clone().amending(&read.value, "Chosen.", false);
    let chosen = Review {
        state: State::Amended { reason: "Chosen.".to_owned(), after_reading_others: true },
        ..chosen
    };
    let c = chosen.write(&mut devices[0], &ALICE).unwrap().unwrap();
    let mut late = document(Kind::Review);
    receive(&mut late, &[(c, ALICE), (b, BOB), (a, ALICE), (start, ALICE)]);
    for device in [&devices[0], &late] {
        assert!(Review::read(device).is_clean());
        assert_eq!(Review::read(device).value, chosen);
        assert_eq!(Review::history(device).len(), 4);
        assert_eq!(Review::versions(device).len(), 1);
    }
}

#[test]
fn a_contested_field_that_is_left_out_stays_contested() {
    let one = Conflict { declaration: Some(Declaration::None), ..Conflict::default() };
    let other = Conflict { declaration: Some(Declaration::Conflict), ..Conflict::default() };
    let [mut here, _] = apart(&one, &other);
    let read = Conflict::read(&here);
    assert_eq!(read.value.declaration, None);
    assert!(!read.value.is_clear());
    Conflict { note: "Hm.".to_owned(), ..read.value }.write(&mut here, &ALICE).unwrap();
    assert!(Conflict::read(&here).is_contested("declaration"));
    other.write(&mut here, &ALICE).unwrap();
    assert!(Conflict::read(&here).is_clean());
}

#[test]
fn a_word_of_a_later_version_is_damage_and_is_kept() {
    let mut here = document(Kind::Conflict);
    put(&mut here, &ALICE, &["declaration"], "ask-again");
    put(&mut here, &ALICE, &["of-a-later-version"], 7);
    let read = Conflict::read(&here);
    assert_eq!(read.value, Conflict::default());
    assert_eq!(read.damaged[0].problem, "a word that this version does not know");
    Conflict { note: "x".to_owned(), ..Conflict::default() }.write(&mut here, &ALICE).unwrap();
    assert_eq!(here.get_all(&["of-a-later-version"])[0].value, Value::Int(7));
}

#[test]
fn rival_publications_of_one_number_are_seen_and_both_can_be_read() {
    let (mut one, mut other) = (Call::default(), Call::default());
    let second = Programme { name: Some("Another".into()), ..seminar() };
    one.publish(&seminar(), "").unwrap();
    other.publish(&second, "").unwrap();
    let [here, there] = apart(&one, &other);
    let read = Call::read(&here);
    assert_eq!(read, Call::read(&there));
    assert!(read.is_contested("revisions/01"));
    assert_eq!(read.value.definitions.len(), 2);
    assert_eq!(read.value.current().map(|_| ()), Err(CallError::Unpublished));
    assert!(read.value.programme(&second.definition_sha256()).unwrap().is_ok());
}

#[test]
fn a_programme_is_amended_by_number() {
    let mut call = Call::default();
    assert_eq!(call.current().map(|_| ()), Err(CallError::Unpublished));
    assert_eq!(call.publish(&seminar(), ""), Ok(1));
    assert_eq!(call.publish(&seminar(), "again"), Ok(1));
    let mut amended = seminar();
    amended.criteria[2].key = crate::programme::words::Key::new("standing").unwrap();
    assert_eq!(call.publish(&amended, "Clearer."), Ok(2));
    let (number, programme) = call.current().unwrap();
    assert_eq!((number, &programme), (2, &amended));
    let criteria: Vec<String> = call.criteria().into_iter().collect();
    assert_eq!(criteria, ["english", "insight", "network", "profile", "reputation", "standing"]);
    check(&call);
}

#[test]
fn a_definition_under_a_wrong_hash_is_damage() {
    let mut here = document(Kind::Call);
    let key = format!("{}.0", hex(&[7; 32]));
    put(&mut here, &ALICE, &["definitions", &key], seminar().canonical());
    let read = Call::read(&here);
    assert!(read.value.definitions.is_empty());
    assert_eq!(read.damaged[0].field, "definitions");
}

#[test]
fn a_file_imported_twice_is_one_file() {
    let file = |handle: u8| File {
        name: "cv.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 10,
        referee: None,
        light: false,
        of: None,
        handle: vec![handle],
    };
    let manifest = |handle| Manifest { files: BTreeMap::from([(("cv".to_owned(), [1; 32]), file(handle))]) };
    let devices = apart(&manifest(1), &manifest(2));
    let reads = devices.each_ref().map(|device| Manifest::read(device));
    assert_eq!(reads[0], reads[1]);
    assert!(reads[0].is_clean());
    assert_eq!(reads[0].value, manifest(1));
    assert!(!format!("{:?}", manifest(1)).contains("handle"));
}

#[test]
fn the_exception_needs_a_second_person() {
    use crate::programme::form::Role;
    let programme = seminar();
    let verdict = |verdict| GateVerdict { verdict, evidence: String::new(), reason: String::new() };
    let gates = ["profile", "reputation", "english"].map(|key| (key.to_owned(), verdict(Verdict::Met)));
    let mut value = Eligibility { gates: BTreeMap::from(gates), ..Eligibility::default() };
    let outcome = |value: &Eligibility, asked, granted| {
        let mut here = document(Kind::Eligibility);
        value.write(&mut here, &ALICE).unwrap();
        Eligibility::outcome(&Eligibility::read(&here), &programme, asked, granted)
    };
    let undecided = Outcome::Undecided(vec!["age".to_owned(), "oral-english".to_owned()]);
    assert_eq!(outcome(&value, None, None), undecided);
    value.gates.insert("oral-english".to_owned(), verdict(Verdict::Open));
    value.gates.insert("age".to_owned(), verdict(Verdict::NotMet));
    let failed = Outcome::NotEligible(vec!["age".to_owned()]);
    let (ana, ben) = (Some(([1; 16], Role::Coordinator)), Some(([2; 16], Role::Admin)));
    assert_eq!(outcome(&value, ana, ben), failed);
    value.exception_asked = Some("Outstanding.".to_owned());
    value.exception_granted = Some(true);
    assert_eq!(outcome(&value, ana, ben), Outcome::ByException);
    assert_eq!(outcome(&value, ana, ana), failed);
    assert_eq!(outcome(&value, ana, None), failed);
    assert_eq!(outcome(&value, ben, ana), failed, "an admin may grant and not ask");
    assert_eq!(outcome(&value, ana, Some(([3; 16], Role::Reviewer))), failed);
    value.exception_granted = Some(false);
    assert_eq!(outcome(&value, ana, ben), failed);
    value.gates.insert("english".to_owned(), verdict(Verdict::NotMet));
    value.exception_granted = Some(true);
    let both = Outcome::NotEligible(vec!["english".to_owned(), "age".to_owned()]);
    assert_eq!(outcome(&value, ana, ben), both, "English is never lifted");
}

#[test]
fn contradictory_verdicts_are_no_verdict() {
    let gate = |verdict| {
        let gate = GateVerdict { verdict, evidence: String::new(), reason: String::new() };
        Eligibility { gates: BTreeMap::from([("age".to_owned(), gate)]), ..Eligibility::default() }
    };
    let [here, _] = apart(&gate(Verdict::Met), &gate(Verdict::NotMet));
    let outcome = Eligibility::outcome(&Eligibility::read(&here), &seminar(), None, None);
    assert_eq!(outcome, Outcome::Contested(vec!["age".to_owned()]));
}

#[test]
fn who_asked_and_who_granted_follows_from_the_changes() {
    let mut here = document(Kind::Eligibility);
    let asked = Eligibility { exception_asked: Some("Please.".to_owned()), ..Eligibility::default() };
    asked.write(&mut here, &ALICE).unwrap();
    assert_eq!(Eligibility::exception_actors(&here), (Some(ALICE), None));
    Eligibility { exception_granted: Some(true), ..asked }.write(&mut here, &BOB).unwrap();
    assert_eq!(Eligibility::exception_actors(&here), (Some(ALICE), Some(BOB)));
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(Value::Uint),
        (-1e9..1e9).prop_map(Value::Float),
        "[0-9.eE-]{0,6}".prop_map(Value::Str),
        "(none|met|same|submitted|assigned|\\PC{0,8})".prop_map(Value::Str),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        any::<i64>().prop_map(Value::Timestamp),
    ]
}

/// Every reader reads every document: whatever is there, there is an answer, and its contents say the same.
fn read_all(kind: Kind, document: &Document) {
    let contents = &kind.contents(document);
    fn same<T: Record + fmt::Debug>(document: &Document, contents: &Contents) {
        assert_eq!(T::read(contents), T::read(document));
    }
    same::<Call>(document, contents);
    same::<Identity>(document, contents);
    same::<Dossier>(document, contents);
    same::<Manifest>(document, contents);
    same::<Card>(document, contents);
    same::<Assignment>(document, contents);
    same::<Review>(document, contents);
    same::<Conflict>(document, contents);
    same::<Clearance>(document, contents);
    same::<Eligibility>(document, contents);
    same::<Duplicate>(document, contents);
    same::<Person>(document, contents);
    same::<Recorded>(document, contents);
    same::<Withdrawal>(document, contents);
    same::<Ranking>(document, contents);
    same::<Moderation>(document, contents);
    assert_eq!(Draft::read(contents), Draft::read(document));
    assert_eq!(Note::read(contents), Note::read(document));
    assert_eq!(Eligibility::exception_actors(contents), Eligibility::exception_actors(document));
    assert_eq!(changed_apart(contents), changed_apart(document));
    assert!(kind != Kind::Review || Review::versions(contents) == Review::versions(document));
    drop(Review::history(document));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reading_is_total(
        kind in proptest::sample::select(Kind::ALL),
        puts in proptest::collection::vec((0..2_u8, 0..12_usize, "[a-z/.0-9]{1,6}", any_value()), 1..24),
    ) {
        let mut devices = [document(kind), document(kind)];
        let roots = ["declaration", "revision", "version", "state", "attested", "verdict", "keep", "seed",
            "definition", "confidence", "label", "exception-asked"];
        let mut made = [Vec::new(), Vec::new()];
        for (device, root, key, value) in puts {
            let device = usize::from(device);
            let actor = [ALICE, BOB][device];
            let containers = kind.containers();
            let path = match containers.get(root).filter(|(_, kind)| *kind == crate::crdt::ContainerKind::Map) {
                Some((map, _)) => vec![*map, key.as_str()],
                None => vec![roots[root]],
            };
            if let Ok(Some(change)) = devices[device].edit::<EditError>(&actor, |edit| edit.put(&path, value)) {
                made[device].push((change, actor));
            }
        }
        let [one, other] = made;
        receive(&mut devices[0], &other);
        receive(&mut devices[1], &one);
        read_all(kind, &devices[0]);
        prop_assert_eq!(Review::read(&devices[0]), Review::read(&devices[1]));
        prop_assert_eq!(Manifest::read(&devices[0]), Manifest::read(&devices[1]));
        prop_assert_eq!(Eligibility::read(&devices[0]), Eligibility::read(&devices[1]));
    }
}

#[test]
fn fingerprints_and_changes_are_pinned() {
    let value = review(&[("profile", score("4.5")), ("network", not_applicable("No network."))]);
    let dossier =
        Dossier { label: "012".to_owned(), fields: map(&[("country", "Ghana"), ("question-1", "Ω")]) };
    let snapshot = Snapshot { inputs: [5; 32], method: "{}".to_owned(), seed: 6, rows: b"[]".to_vec() };
    let declaration = Conflict {
        declaration: Some(Declaration::Unsure),
        note: "Same faculty.".to_owned(),
        ..Conflict::default()
    };
    let change = value.write(&mut document(Kind::Review), &ALICE).unwrap().unwrap();
    let found = [
        ("review", hex(&value.fingerprint())),
        ("dossier", hex(&dossier.version(&Manifest::default()))),
        ("declaration", hex(&declaration.fingerprint())),
        ("snapshot", hex(&snapshot.sha256())),
        ("change", hex(change.bytes())),
    ];
    let found: String = found.iter().map(|(name, hex)| format!("{name}\t{hex}\n")).collect();
    assert_eq!(found, include_str!("records.tsv"));
}
