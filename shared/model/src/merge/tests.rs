//! Every case of the design's list, what counts while it waits, and that order changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::crdt::{Document, EditError, Value};
use crate::documents::tests::{document, seminar};
use crate::documents::*;
use crate::guard::{ActorBytes, Scanned};

const ALICE: ActorBytes = [0xa1; 16];
const BOB: ActorBytes = [0xb0; 16];
const CAROL: ActorBytes = [0xca; 16];
const APPLICATION: Id = [1; 16];
const ROUND: Id = [2; 16];
const READER: Id = [3; 16];

fn score(text: &str) -> Answer {
    Answer::Score(text.parse().unwrap())
}

fn review(answers: &[(&str, &str)]) -> Review {
    Review {
        revision: 1,
        answers: answers.iter().map(|(key, text)| ((*key).to_owned(), score(text))).collect(),
        attested: true,
        definition: [7; 32],
        dossier: [8; 32],
        ..Review::default()
    }
}

fn write<T: Record>(value: &T, document: &mut Document, actor: ActorBytes) -> (Scanned, ActorBytes) {
    (value.write(document, &actor).unwrap().unwrap(), actor)
}

/// A document that holds what several devices wrote without knowing of one another.
fn apart<T: Record>(values: &[(T, ActorBytes)]) -> Document {
    let mut all = document(T::KIND);
    for (value, actor) in values {
        let change = write(value, &mut document(T::KIND), *actor);
        all.apply_all(&[change]).unwrap();
    }
    all
}

/// A reviewer's facts from one submission, up to date in everything.
fn facts(review: &Review) -> ReviewFacts {
    facts_of(&apart(&[(review.clone(), ALICE)]))
}

fn facts_of(counting: &Document) -> ReviewFacts {
    let mut facts = ReviewFacts::new(READER, ROUND, Some(counting));
    facts.definition_now = Some([7; 32]);
    facts.dossier_now = Some([8; 32]);
    facts
}

fn case(review: ReviewFacts) -> Case {
    Case { application: APPLICATION, reviews: vec![review], ..Case::default() }
}

fn codes(case: &Case) -> Vec<&'static str> {
    attention(case).iter().map(|one| one.code.as_str()).collect()
}

/// Checks the questions about a review and what counts meanwhile: values as `KEY=SCORE`, or the reason of absence.
fn check(facts: &ReviewFacts, questions: &[&str], counts: &str, marks: &[Mark]) {
    assert_eq!(codes(&case(facts.clone())), questions);
    match counted(facts) {
        Ok(counted) => {
            let values = counted.values.iter().map(|(key, answer)| match answer.score() {
                Some(score) => format!("{key}={score}"),
                None => format!("{key}=N/A"),
            });
            assert_eq!(values.collect::<Vec<_>>().join(" "), counts);
            assert_eq!(counted.marks, marks.iter().cloned().collect::<BTreeSet<_>>());
        }
        Err(absent) => assert_eq!((absent.code(), marks), (counts, &[][..])),
    }
}

fn both() -> Review {
    review(&[("english", "3"), ("profile", "4")])
}

#[test]
fn nothing_is_asked_about_a_plain_review() {
    check(&facts(&both()), &[], "english=3 profile=4", &[]);
    check(&ReviewFacts::new(READER, ROUND, None), &[], "not-submitted", &[]);
}

#[test]
fn free_the_same_again() {
    let twice = apart(&[(both(), ALICE), (both(), BOB)]);
    check(&facts_of(&twice), &[], "english=3 profile=4", &[]);
    let mut once = apart(&[(both(), ALICE)]);
    let again = write(&both(), &mut document(Kind::Review), ALICE);
    once.apply_all(&[again.clone(), again]).unwrap();
    check(&facts_of(&once), &[], "english=3 profile=4", &[]);
}

#[test]
fn free_comments() {
    let said = |text: &str| Review { overall: text.to_owned(), ..both() };
    let facts = facts_of(&apart(&[(said("Yes."), ALICE), (said("Yes!"), BOB)]));
    check(&facts, &["comments-differ"], "english=3 profile=4", &[]);
    let free = &attention(&case(facts))[0];
    assert_eq!((free.class(), free.act, free.place.as_str()), (Class::Free, Act::Nothing, "overall"));
    assert_eq!(free.sides.iter().map(|side| side.says.as_str()).collect::<Vec<_>>(), ["Yes.", "Yes!"]);
}

#[test]
fn notice_different_fields_of_one_document() {
    let mut base = document(Kind::Identity);
    let identity = |email: &str, phone: &str| Identity {
        fields: [("email", email), ("phone", phone)].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        ..Identity::default()
    };
    write(&identity("a@x", "1"), &mut base, ALICE);
    let mut other = base.clone();
    write(&identity("b@x", "1"), &mut base, ALICE);
    let change = write(&identity("a@x", "2"), &mut other, BOB);
    base.apply_all(&[change]).unwrap();
    let subject = Subject::Application(APPLICATION);
    let check = |document: &Document, expected: &[&str]| {
        let documents = vec![DocumentFacts::new::<Identity>(subject, document)];
        let case = Case { application: APPLICATION, documents, ..Case::default() };
        assert_eq!(codes(&case), expected);
    };
    check(&base, &["different-fields"]);
    assert_eq!(Identity::read(&base).value, identity("b@x", "2"));
    write(&identity("b@x", "3"), &mut base, ALICE);
    check(&base, &[]);
}

#[test]
fn notice_a_copied_laptop() {
    let facts = ReviewFacts { copied_laptop: true, ..facts(&both()) };
    check(&facts, &["copied-laptop"], "english=3 profile=4", &[]);
    assert_eq!(attention(&case(facts))[0].act, Act::EnrolAgain);
}

#[test]
fn i17_person_the_same_field_twice() {
    let identity = |email: &str| Identity { key: email.to_owned(), ..Identity::default() };
    let document = apart(&[(identity("a@x"), ALICE), (identity("b@x"), BOB)]);
    let subject = Subject::Application(APPLICATION);
    let documents = vec![DocumentFacts::new::<Identity>(subject, &document)];
    let list = attention(&Case { application: APPLICATION, documents, ..Case::default() });
    assert_eq!(list.len(), 1);
    assert_eq!(
        (list[0].code, list[0].place.as_str(), list[0].act),
        (Code::FieldContested, "key", Act::Choose)
    );
    let sides: Vec<(&str, Option<ActorBytes>)> =
        list[0].sides.iter().map(|side| (side.says.as_str(), side.actor)).collect();
    assert_eq!(sides, [("a@x", Some(ALICE)), ("b@x", Some(BOB))]);
}

#[test]
fn i17_person_two_submitted_versions_of_one_review() {
    let other = review(&[("english", "1"), ("profile", "4")]);
    let facts = facts_of(&apart(&[(both(), ALICE), (other, BOB)]));
    let marks = [Mark::Contested("english".to_owned()), Mark::TwoVersions];
    check(&facts, &["two-versions"], "profile=4", &marks);
    let list = attention(&case(facts));
    assert_eq!((list[0].act, list[0].place.as_str()), (Act::Ask, "english"));
    let says: Vec<&str> = list[0].sides.iter().map(|side| side.says.as_str()).collect();
    assert_eq!(says, ["english 3", "english 1"]);
}

#[test]
fn i17_person_two_amendments_of_different_criteria() {
    let mut base = document(Kind::Review);
    write(&both(), &mut base, ALICE);
    let mut other = base.clone();
    let amended = |answers| review(answers).amending(&both(), "Letters.", false);
    write(&amended(&[("english", "2"), ("profile", "4")]), &mut base, ALICE);
    let change = write(&amended(&[("english", "3"), ("profile", "5")]), &mut other, BOB);
    base.apply_all(&[change]).unwrap();
    let marks = [Mark::TwoVersions, Mark::Amended];
    check(&facts_of(&base), &["two-versions"], "english=2 profile=5", &marks);
}

#[test]
fn person_an_older_dossier_or_rubric() {
    let older = |facts: ReviewFacts| ReviewFacts { dossier_now: Some([9; 32]), ..facts };
    let start = older(facts(&both()));
    check(&start, &["older-dossier"], "english=3 profile=4", &[Mark::OlderDossier]);
    let facts = ReviewFacts { definition_now: Some([9; 32]), ..start.clone() };
    let marks = [Mark::OlderDossier, Mark::OlderRubric];
    check(&facts, &["older-dossier", "older-rubric"], "english=3 profile=4", &marks);
    let accepted = ReviewFacts { decided: Decided::Accept, ..start.clone() };
    check(&accepted, &[], "english=3 profile=4", &[Mark::OlderDossier, Mark::Accepted]);
    // Nothing is older than what is not known.
    let unknown = ReviewFacts { dossier_now: None, definition_now: None, ..start };
    check(&unknown, &[], "english=3 profile=4", &[]);
}

fn declared(declaration: Declaration, note: &str) -> Conflict {
    Conflict { declaration: Some(declaration), note: note.to_owned(), ..Conflict::default() }
}

fn read<T: Record>(value: &T) -> Read<T> {
    T::read(&apart_one(value))
}

fn apart_one<T: Record>(value: &T) -> Document {
    let mut document = document(T::KIND);
    write(value, &mut document, ALICE);
    document
}

#[test]
fn person_a_review_after_recusal() {
    let with = |declaration| ReviewFacts { declaration: read(&declared(declaration, "")), ..facts(&both()) };
    check(&with(Declaration::None), &[], "english=3 profile=4", &[]);
    check(&with(Declaration::Recused), &["review-after-recusal"], "recused", &[]);
    check(&with(Declaration::Conflict), &["review-after-recusal"], "recused", &[]);
    check(&with(Declaration::Unsure), &["review-after-recusal", "conflict-unsure"], "recused", &[]);
    let accepted = ReviewFacts { decided: Decided::Accept, ..with(Declaration::Recused) };
    check(&accepted, &[], "english=3 profile=4", &[Mark::Accepted]);
    let aside = ReviewFacts { decided: Decided::SetAside, ..with(Declaration::Recused) };
    check(&aside, &[], "set-aside", &[]);
    let contested =
        apart(&[(declared(Declaration::None, ""), ALICE), (declared(Declaration::Conflict, ""), BOB)]);
    let facts = ReviewFacts { declaration: Conflict::read(&contested), ..facts(&both()) };
    check(&facts, &["field-contested", "review-after-recusal"], "recused", &[]);
}

#[test]
fn person_a_conflict_lifted_and_newly_declared() {
    let first = declared(Declaration::Conflict, "Same faculty.");
    let lifted = Clearance {
        ruling: Some(Ruling::Lifted),
        declaration: Some(first.fingerprint()),
        reason: "Long ago.".to_owned(),
    };
    let with = |declaration: &Conflict, clearance: &Clearance| ReviewFacts {
        declaration: read(declaration),
        clearance: read(clearance),
        ..facts(&both())
    };
    check(&with(&first, &lifted), &[], "english=3 profile=4", &[]);
    let again = declared(Declaration::Conflict, "Now a co-author too.");
    let questions = ["review-after-recusal", "conflict-after-lift"];
    check(&with(&again, &lifted), &questions, "recused", &[]);
    let upheld = Clearance { ruling: Some(Ruling::Upheld), ..lifted };
    check(&with(&first, &upheld), &["review-after-recusal"], "recused", &[]);
    let unsure = ReviewFacts {
        declaration: read(&declared(Declaration::Unsure, "")),
        ..ReviewFacts::new(READER, ROUND, None)
    };
    check(&unsure, &["conflict-unsure"], "not-submitted", &[]);
}

#[test]
fn person_a_conflict_declared_by_somebody_who_is_to_read() {
    let declares = |declaration| ReviewFacts {
        declaration: read(&declared(declaration, "Same faculty.")),
        ..ReviewFacts::new(READER, ROUND, None)
    };
    check(&declares(Declaration::None), &[], "not-submitted", &[]);
    check(&declares(Declaration::Conflict), &["conflict-declared"], "not-submitted", &[]);
    check(&declares(Declaration::Recused), &["conflict-declared"], "not-submitted", &[]);
    let back = Conflict { kind: Conflict::HAND_BACK.to_owned(), ..declared(Declaration::Recused, "Scans.") };
    let back = ReviewFacts { declaration: read(&back), ..ReviewFacts::new(READER, ROUND, None) };
    check(&back, &["handed-back"], "not-submitted", &[]);
    let taken_back = ReviewFacts { assignment: AssignmentFact::Withdrawn, ..declares(Declaration::Conflict) };
    check(&taken_back, &[], "not-submitted", &[]);
    for ruling in [Ruling::Lifted, Ruling::Upheld] {
        let conflict = declares(Declaration::Conflict);
        let clearance = Clearance {
            ruling: Some(ruling),
            declaration: Some(conflict.declaration.value.fingerprint()),
            reason: "Known.".to_owned(),
        };
        check(&ReviewFacts { clearance: read(&clearance), ..conflict }, &[], "not-submitted", &[]);
    }
}

#[test]
fn person_a_review_after_unassignment() {
    let with = |assignment| ReviewFacts { assignment, ..facts(&both()) };
    check(&with(AssignmentFact::WithdrawnAfterReview), &[], "english=3 profile=4", &[]);
    for fact in [AssignmentFact::Withdrawn, AssignmentFact::Never, AssignmentFact::Contested] {
        check(&with(fact), &["review-after-unassignment"], "unassigned", &[]);
        let accepted = ReviewFacts { decided: Decided::Accept, ..with(fact) };
        check(&accepted, &[], "english=3 profile=4", &[Mark::Accepted]);
    }
}

fn waiting(review: &Review, why: Why, decided: Decided) -> Waiting {
    let document = apart(&[(review.clone(), ALICE)]);
    Waiting { submitted: Review::versions(&document).remove(0), why, decided }
}

#[test]
fn i17_person_a_review_after_close() {
    let late = |held_before, decided| {
        let mut facts = ReviewFacts::new(READER, ROUND, None);
        facts.waiting.push(waiting(&both(), Why::AfterClose { held_before }, decided));
        facts
    };
    check(&late(false, Decided::Not), &["review-after-close"], "after-close", &[]);
    check(&late(false, Decided::Both), &["decision-contradicts"], "decision-contradicts", &[]);
    check(&late(false, Decided::SetAside), &[], "set-aside", &[]);
    let act = |facts: ReviewFacts| attention(&case(facts)).remove(0);
    assert_eq!(act(late(false, Decided::Not)).act, Act::Ask);
    assert_eq!(act(late(true, Decided::Not)).act, Act::Accept);
    assert!(act(late(false, Decided::Asked)).asked);
    assert_eq!(act(late(false, Decided::Not)).sides[0].says, "english 3, profile 4");
}

#[test]
fn i17_person_a_review_after_removal() {
    let mut removed = ReviewFacts::new(READER, ROUND, None);
    removed.waiting.push(waiting(&both(), Why::AfterRemoval, Decided::Not));
    check(&removed, &["review-after-removal"], "after-removal", &[]);
    // What came before goes on counting as it was.
    let mut amended = facts(&both());
    amended.waiting = removed.waiting;
    check(&amended, &["review-after-removal"], "english=3 profile=4", &[Mark::LaterWaits]);
}

#[test]
fn person_proof_of_equivocation() {
    let facts = ReviewFacts { equivocation: true, ..facts(&both()) };
    check(&facts, &["equivocation"], "english=3 profile=4", &[Mark::Equivocation]);
    assert_eq!(attention(&case(facts))[0].act, Act::Investigate);
}

#[test]
fn person_contradictory_decisions() {
    let facts = ReviewFacts { decided: Decided::Both, ..facts(&both()) };
    check(&facts, &["decision-contradicts"], "decision-contradicts", &[]);
    let sides = vec!["accept: in time".to_owned(), "set aside: too late".to_owned()];
    let contradictions = vec![facts::Contradiction { item: [5; 32], sides }];
    let list = attention(&Case { application: APPLICATION, contradictions, ..Case::default() });
    assert_eq!((list[0].code, list[0].sides.len()), (Code::DecisionContradicts, 2));
}

#[test]
fn person_contradictory_verdicts() {
    let gate = |verdict, reason: &str| {
        let gate = GateVerdict { verdict, evidence: String::new(), reason: reason.to_owned() };
        Eligibility { gates: BTreeMap::from([("age".to_owned(), gate)]), ..Eligibility::default() }
    };
    let check = |case: Case, expected: &[(&str, &str)]| {
        let list = attention(&Case { application: APPLICATION, ..case });
        let found: Vec<(&str, &str)> = list.iter().map(|one| (one.code.as_str(), &*one.place)).collect();
        assert_eq!(found, expected);
    };
    let eligibility = |one, other| Case {
        eligibility: Some(Eligibility::read(&apart(&[(one, ALICE), (other, BOB)]))),
        ..Case::default()
    };
    let (met, not_met) = (gate(Verdict::Met, "CV"), gate(Verdict::NotMet, "CV"));
    check(eligibility(met.clone(), not_met), &[("eligibility-contradicts", "verdicts/age")]);
    check(eligibility(met.clone(), gate(Verdict::Met, "Form")), &[("comments-differ", "reasons/age")]);
    check(eligibility(met.clone(), met), &[]);
    let granted = |granted| Eligibility { exception_granted: Some(granted), ..Eligibility::default() };
    let place = ("eligibility-contradicts", "exception-granted");
    check(eligibility(granted(true), granted(false)), &[place]);

    let duplicate = |verdict| Duplicate { verdict: Some(verdict), ..Duplicate::default() };
    let sides = [(duplicate(Sameness::Same), ALICE), (duplicate(Sameness::Different), BOB)];
    let duplicates = BTreeMap::from([([9; 16], Duplicate::read(&apart(&sides)))]);
    check(Case { duplicates, ..Case::default() }, &[("duplicate-contradicts", "verdict")]);

    let verdict = |verdict: &str| Moderation { verdict: verdict.to_owned(), ..Moderation::default() };
    let sides = [(verdict("keep"), ALICE), (verdict("meeting"), BOB)];
    let moderation = BTreeMap::from([(ROUND, Moderation::read(&apart(&sides)))]);
    check(Case { moderation, ..Case::default() }, &[("moderation-contradicts", "verdict")]);
    // The same verdict on other scores is no contradiction.
    let on = |seen| Moderation { seen: Some([seen; 32]), ..verdict("keep") };
    let read = Moderation::read(&apart(&[(on(1), ALICE), (on(2), BOB)]));
    assert_eq!((read.value.verdict.as_str(), read.value.seen), ("keep", None));
    check(Case { moderation: BTreeMap::from([(ROUND, read)]), ..Case::default() }, &[]);
}

#[test]
fn person_two_letters_from_one_referee() {
    let file = |referee: &str, light| File {
        name: "letter.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 1,
        referee: Some(referee.to_owned()),
        light,
        of: None,
        handle: Vec::new(),
    };
    let check = |files: &[(&str, u8, &str, bool)], expected: &[&str]| {
        let files = files.iter().map(|(slot, contents, referee, light)| {
            (((*slot).to_owned(), [*contents; 32]), file(referee, *light))
        });
        let letters = letters(&seminar(), &Manifest { files: files.collect() });
        assert_eq!(codes(&Case { application: APPLICATION, letters, ..Case::default() }), expected);
    };
    let (one, same) =
        (("letters", 1, "Prof. Ama  Mensah", false), ("letters", 2, " prof. ama mensah", false));
    check(&[one, same], &["same-referee"]);
    check(&[one, ("letters", 2, "Dr. Li", false)], &[]);
    check(&[one, ("letters", 2, "Prof. Ama Mensah", true)], &[]);
    check(&[one, ("cv", 2, "Prof. Ama Mensah", false)], &[]);
    check(&[one, ("letters", 1, "Prof. Ama Mensah", false)], &[]);
    check(&[("letters", 1, "", false), ("letters", 2, " ", false)], &[]);
}

#[test]
fn person_seats_or_a_quota_exceeded() {
    let seated = |at: u8, group: &str| Seated {
        application: [at; 16],
        key: format!("A-{at}"),
        fields: BTreeMap::from([("group".to_owned(), group.to_owned())]),
    };
    let seats = seminar().seats.unwrap();
    let check = |seated: &[Seated], expected: &[(&str, usize)]| {
        let list = seats_attention(&seats, seated);
        let found: Vec<(&str, usize)> = list.iter().map(|one| (one.code.as_str(), one.sides.len())).collect();
        assert_eq!(found, expected);
    };
    let lawyers: Vec<Seated> = (0..20).map(|at| seated(at, "lawyer")).collect();
    check(&lawyers, &[]);
    check(&[&lawyers[..], &lawyers[..3]].concat(), &[]);
    check(&[&lawyers[..], &[seated(99, "lawyer")]].concat(), &[("seats-exceeded", 21)]);
    let academics: Vec<Seated> = (0..4).map(|at| seated(at, "academic")).collect();
    check(&academics[..3], &[]);
    check(&academics, &[("quota-exceeded", 4)]);
}

#[test]
fn person_a_review_recorded_beside_another_one() {
    let recorded = |review: Review| {
        let recorded = Recorded { review, source: Some(Source::Phone) };
        Some(Recorded::read(&apart(&[(recorded, CAROL)])))
    };
    let alone = ReviewFacts { recorded: recorded(both()), ..ReviewFacts::new(READER, ROUND, None) };
    check(&alone, &[], "english=3 profile=4", &[Mark::Recorded(Some(Source::Phone))]);
    let same = ReviewFacts { recorded: recorded(both()), ..facts(&both()) };
    check(&same, &[], "english=3 profile=4", &[]);
    let other = review(&[("english", "1"), ("profile", "4")]);
    let differs = ReviewFacts { recorded: recorded(other), ..facts(&both()) };
    let marks = [Mark::Contested("english".to_owned())];
    check(&differs, &["recorded-beside-own"], "profile=4", &marks);
}

#[test]
fn person_a_damaged_field() {
    let mut document = apart(&[(both(), ALICE)]);
    document.edit::<EditError>(&ALICE, |edit| edit.put(&["answers", "english"], Value::Float(4.0))).unwrap();
    let marks = [Mark::Damaged("english".to_owned())];
    check(&facts_of(&document), &["field-damaged"], "profile=4", &marks);
}

#[test]
fn not_applicable_counts_as_not_answered_and_not_as_zero() {
    let mut review = both();
    review.answers.insert("network".to_owned(), Answer::NotApplicable { reason: "None.".to_owned() });
    let facts = facts(&review);
    check(&facts, &[], "english=3 network=N/A profile=4", &[]);
    let criteria = ["profile", "network", "english", "insight"].map(str::to_owned);
    let row = counted(&facts).unwrap().scored().to_scores("A-1", "r1", "reading", &criteria);
    let scores: Vec<Option<String>> = row.scores.iter().map(|s| s.map(|s| s.to_string())).collect();
    assert_eq!(scores, [Some("4".to_owned()), None, Some("3".to_owned()), None]);
}

#[test]
fn a_mark_says_that_others_were_read_before() {
    let mut document = document(Kind::Review);
    write(&both(), &mut document, ALICE);
    let amended = review(&[("english", "5"), ("profile", "4")]).amending(&both(), "Discussed.", true);
    write(&amended, &mut document, ALICE);
    let marks = [Mark::Amended, Mark::AfterReadingOthers];
    check(&facts_of(&document), &[], "english=5 profile=4", &marks);
    assert_eq!(Review::history(&document)[0].review, both());
}

#[test]
fn every_code_has_a_sentence_an_act_and_a_reason() {
    let person = Code::ALL.iter().filter(|code| code.class() == Class::Person).count();
    assert_eq!((Code::ALL.len(), person), (25, 22));
    for code in Code::ALL {
        assert_eq!(Code::parse(code.as_str()), Some(*code));
        assert!(code.sentence().ends_with('.') && !code.recommended().1.is_empty());
        assert_eq!(
            code.recommended().0 == Act::Nothing,
            matches!(code, Code::DifferentFields | Code::CommentsDiffer)
        );
    }
}

#[test]
fn what_must_be_decided_comes_first() {
    let said = |text: &str| Review { overall: text.to_owned(), ..both() };
    let mut facts = facts_of(&apart(&[(said("a"), ALICE), (said("b"), BOB)]));
    facts.copied_laptop = true;
    facts.dossier_now = Some([9; 32]);
    assert_eq!(codes(&case(facts)), ["older-dossier", "copied-laptop", "comments-differ"]);
}

/// What one laptop does: submits or amends with some answers, or hears of the other laptops.
#[derive(Debug, Clone)]
enum Step {
    Submit { laptop: usize, answers: Vec<(usize, i32)>, overall: String },
    Declare { laptop: usize, declaration: Declaration },
    Hear { laptop: usize, from: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let answers = proptest::collection::vec((0..3_usize, 1..4_i32), 1..4);
    prop_oneof![
        3 => (0..3_usize, answers, "[ab]{0,1}")
            .prop_map(|(laptop, answers, overall)| Step::Submit { laptop, answers, overall }),
        1 => (0..3_usize, proptest::sample::select(Declaration::ALL))
            .prop_map(|(laptop, declaration)| Step::Declare { laptop, declaration }),
        1 => (0..3_usize, 0..3_usize).prop_map(|(laptop, from)| Step::Hear { laptop, from }),
    ]
}

type Changes = Vec<(Scanned, ActorBytes)>;

/// Plays steps on three laptops of one reviewer and gives all changes to the review and to the declaration.
fn play(steps: &[Step]) -> (Changes, Changes) {
    let actors = [ALICE, BOB, CAROL];
    let laptop = || (document(Kind::Review), document(Kind::Conflict));
    let mut laptops = [laptop(), laptop(), laptop()];
    let mut heard: [(Changes, Changes); 3] = Default::default();
    for step in steps {
        match step {
            Step::Submit { laptop, answers, overall } => {
                let document = &mut laptops[*laptop].0;
                let before = Review::read(document).value;
                let mut next = Review { overall: overall.clone(), ..both() };
                for (criterion, value) in answers {
                    let key = ["english", "insight", "profile"][*criterion].to_owned();
                    next.answers.insert(key, score(&value.to_string()));
                }
                let next = if before.revision == 0 { next } else { next.amending(&before, "", false) };
                let change = next.write(document, &actors[*laptop]).unwrap();
                heard[*laptop].0.extend(change.map(|change| (change, actors[*laptop])));
            }
            Step::Declare { laptop, declaration } => {
                let change = declared(*declaration, "").write(&mut laptops[*laptop].1, &actors[*laptop]);
                heard[*laptop].1.extend(change.unwrap().map(|change| (change, actors[*laptop])));
            }
            Step::Hear { laptop, from } => {
                let (reviews, conflicts) = heard[*from].clone();
                laptops[*laptop].0.apply_all(&reviews).unwrap();
                laptops[*laptop].1.apply_all(&conflicts).unwrap();
                heard[*laptop].0.extend(reviews);
                heard[*laptop].1.extend(conflicts);
            }
        }
    }
    let mut all: (Changes, Changes) = Default::default();
    for (reviews, conflicts) in heard {
        all.0.extend(reviews);
        all.1.extend(conflicts);
    }
    (all.0, all.1)
}

/// What a coordinator sees after changes arrived in this order.
fn arrive(reviews: &Changes, conflicts: &Changes) -> (ReviewFacts, Vec<Attention>) {
    let (mut review, mut conflict) = (document(Kind::Review), document(Kind::Conflict));
    let mut late: (Changes, Changes) = Default::default();
    for (document, changes, late) in
        [(&mut review, reviews, &mut late.0), (&mut conflict, conflicts, &mut late.1)]
    {
        for (change, actor) in changes {
            document.apply(change, actor).unwrap();
            late.push((change.clone(), *actor));
            document.apply_all(late).unwrap();
        }
    }
    let facts = ReviewFacts { declaration: Conflict::read(&conflict), ..facts_of(&review) };
    let list = attention(&case(facts.clone()));
    (facts, list)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn i17_no_order_of_arrival_changes_what_is_asked_or_counted(
        steps in proptest::collection::vec(step(), 1..12),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 96),
    ) {
        let (reviews, conflicts) = play(&steps);
        let shuffled = |changes: &Changes| {
            let mut changes = changes.clone();
            for (at, other) in order.iter().enumerate().take(changes.len()) {
                let other = other.index(changes.len());
                changes.swap(at, other);
            }
            changes
        };
        let (facts, list) = arrive(&reviews, &conflicts);
        let (other_facts, other_list) = arrive(&shuffled(&reviews), &shuffled(&conflicts));
        prop_assert_eq!(&facts, &other_facts);
        prop_assert_eq!(&list, &other_list);
        prop_assert_eq!(counted(&facts), counted(&other_facts));
        // Nothing that is contested is ever counted.
        if let Ok(counted) = counted(&facts) {
            for conflict in &facts.counting.conflicts {
                let criterion = conflict.field.strip_prefix("answers/");
                prop_assert!(criterion.is_none_or(|key| !counted.values.contains_key(key)));
            }
        }
    }

    #[test]
    fn the_order_of_facts_changes_nothing(seed in proptest::collection::vec(0..6_u8, 1..6)) {
        let one = |kind: u8| {
            let mut facts = facts(&both());
            facts.reviewer = [kind; 16];
            match kind {
                0 => facts.equivocation = true,
                1 => facts.assignment = AssignmentFact::Never,
                2 => facts.waiting.push(waiting(&both(), Why::AfterRemoval, Decided::Not)),
                3 => facts.dossier_now = None,
                4 => facts.copied_laptop = true,
                _ => facts.definition_now = Some([0; 32]),
            }
            facts
        };
        let mut case = Case { application: APPLICATION, reviews: seed.iter().map(|k| one(*k)).collect(), ..Case::default() };
        let list = attention(&case);
        case.reviews.reverse();
        prop_assert_eq!(attention(&case), list);
    }
}
