//! Alice, Bob and Carol on the merge desk: what waits, what is decided, what is told, and that it is the same in
//! every order of arrival; tables of scores in and out; and working everything out again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeMap;

use common::{Home, enrol, found, rng, secret};
use proptest::prelude::*;
use tessera_engine::bundle::For;
use tessera_engine::programme::round;
use tessera_engine::queue::{Decided, Waiting};
use tessera_engine::reading::{Submission, WorkState};
use tessera_engine::reviews::Reviewed;
use tessera_engine::score_import::{Became, Options, RefusalKind};
use tessera_engine::store::{MemoryStore, Store, StoreError, Table, Transaction};
use tessera_engine::tallies::Tallied;
use tessera_engine::work::{WorkKind, outcome_words};
use tessera_engine::{Engine, PackState};
use tessera_model::compute::{self, File, Inputs, Request};
use tessera_model::documents::review::Source;
use tessera_model::documents::{
    Answer, AssignmentState, Conflict, Declaration, Draft, Eligibility, GateVerdict, Manifest, Row,
    Verdict as Met,
};
use tessera_model::merge::{Absent, Mark};
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::scores::Scores;
use tessera_protocol::charter::Roles;
use tessera_protocol::codec::Wire;
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_protocol::pack::Pack;
use tessera_vault::identity::DeviceSecret;
use tessera_vault::ids::Audience;
use tessera_vault::items::Verdict;

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");
const READING: &str = "reading";
const COORDINATOR: Roles = Roles { admin: false, coordinator: true };

struct World {
    alice: Home,
    bob: Home,
    programme: Programme,
    ids: Vec<ApplicationId>,
    labels: Vec<String>,
}

fn row(key: &str, answer: &str) -> Row {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let fields =
        [field("full-name", "Amina Example"), field("country", "Kenya"), field("question-1", answer)];
    Row { key_column: "key".into(), key: key.into(), fields: fields.into_iter().collect() }
}

/// A coordinator with a published programme, three applications and a reader of all of them.
fn world() -> World {
    let programme = Programme::parse(SEMINAR).unwrap();
    let mut alice = found();
    let mut bob = enrol(&mut alice, Roles::default());
    let member = bob.member();
    let ids = alice
        .together(|acts| {
            acts.publish(&programme, "")?;
            let mut ids = Vec::new();
            for key in ["A001", "A002", "A003"] {
                ids.push(acts.take_application(&programme, &row(key, "Patience."), &Manifest::default())?.0);
            }
            let reading = programme.round(READING).unwrap();
            for (place, id) in (1..).zip(&ids) {
                acts.assign(&programme, member, *id, reading, place)?;
            }
            Ok(ids)
        })
        .unwrap();
    carry(&mut alice, &mut bob);
    let tasks = bob.together(|acts| acts.tasks()).unwrap();
    let label = |id: &ApplicationId| tasks.iter().find(|task| task.application == *id).unwrap().label.clone();
    let labels = ids.iter().map(label).collect();
    World { alice, bob, programme, ids, labels }
}

fn carry(from: &mut Home, to: &mut Home) {
    let bundle = from.export(For::Member(to.member())).unwrap();
    to.import(&bundle).unwrap();
}

fn bring(from: &mut Home, to: &mut Home) {
    let bundle = from.export(For::Outbox).unwrap();
    to.import(&bundle).unwrap();
}

fn swap(one: &mut Home, other: &mut Home) {
    let (from_one, from_other) =
        (one.export(For::Everything).unwrap(), other.export(For::Everything).unwrap());
    one.import(&from_other).unwrap();
    other.import(&from_one).unwrap();
}

fn declare(home: &mut Home, id: ApplicationId, declaration: Declaration) {
    let conflict = Conflict { declaration: Some(declaration), ..Conflict::default() };
    home.together(|acts| acts.declare(id, &conflict)).unwrap();
}

fn submit(home: &mut Home, programme: &Programme, id: ApplicationId, score: &str) {
    submit_saying(home, programme, id, score, "");
}

/// Submits a review with a comment on the whole and one on each criterion.
fn submit_saying(home: &mut Home, programme: &Programme, id: ApplicationId, score: &str, comment: &str) {
    let score: tessera_model::decimal::Decimal = score.parse().unwrap();
    let answers: BTreeMap<String, Answer> =
        programme.scored().map(|criterion| (criterion.key.to_string(), Answer::Score(score))).collect();
    let comments = answers.keys().map(|key| (key.clone(), comment.to_owned())).collect();
    let draft = Draft { answers, comments, overall: comment.to_owned(), attested: true, ..Draft::default() };
    let none = Conflict { declaration: Some(Declaration::None), ..Conflict::default() };
    let submission = home.together(|acts| {
        acts.declare(id, &none)?;
        acts.save_draft(id, round(READING), &draft)?;
        acts.submit(programme, id, READING, Some("read again"))
    });
    assert!(matches!(submission.unwrap(), Submission::Submitted { .. }));
}

/// Every review; what is kept of each without its texts is the same.
fn reviews(home: &mut Home) -> Vec<Reviewed> {
    let reviews = home.together(|acts| acts.reviews()).unwrap();
    let tallies: Vec<Tallied> = reviews.iter().map(Tallied::from).collect();
    assert_eq!(home.together(|acts| acts.tallies()).unwrap(), tallies);
    reviews
}

fn review(home: &mut Home, id: ApplicationId) -> Reviewed {
    reviews(home).into_iter().find(|review| review.application == id).unwrap()
}

/// What waits; the same where everything is gathered anew.
fn queue(home: &mut Home) -> Vec<Waiting> {
    let ask = |home: &mut Home| {
        home.together(|acts| {
            let survey = acts.survey()?;
            let decided = acts.decided(&survey.waiting)?;
            Ok((survey, format!("{decided:?}")))
        })
    };
    let (kept, decided) = ask(home).unwrap();
    let forgotten = home.store().transaction(|tx| {
        let rows = tx.scan(Table::Contents, b"tallies/", None, 10_000)?;
        rows.iter().try_for_each(|(key, _)| tx.delete(Table::Contents, key))
    });
    forgotten.unwrap_or_else(|error: StoreError| panic!("{error}"));
    let (anew, decided_anew) = ask(home).unwrap();
    assert_eq!(format!("{kept:?}"), format!("{anew:?}"));
    assert_eq!(decided, decided_anew);
    kept.waiting
}

fn decided_by(home: &mut Home) -> Vec<Decided> {
    home.together(|acts| {
        let waiting = acts.queue()?;
        acts.decided(&waiting)
    })
    .unwrap()
}

fn codes(home: &mut Home) -> Vec<&'static str> {
    queue(home).iter().map(|one| one.code).collect()
}

fn decide(home: &mut Home, code: &str, verdict: Verdict) {
    let item = queue(home).into_iter().find(|one| one.code == code).unwrap();
    home.together(|acts| acts.decide(&item.id, verdict, "we spoke")).unwrap();
}

/// Two copies of a home, each a start of its own.
fn copies(home: Home) -> (Home, Home) {
    let store = home.into_store();
    let open = |store| Engine::open(store, common::secret_of_last_enrolled(), rng()).unwrap();
    (open(store.clone()), open(store))
}

#[test]
fn i16_f11_one_pack_of_many_reviews_of_a_copied_laptop_is_decided_one_by_one() {
    let World { mut alice, bob, programme, ids, .. } = world();
    let (mut one, mut other) = copies(bob);
    for id in &ids {
        submit(&mut one, &programme, *id, "4");
    }
    submit(&mut other, &programme, ids[0], "2");
    bring(&mut one, &mut alice);
    bring(&mut other, &mut alice);
    assert_eq!(codes(&mut alice), ["two-versions", "two-versions"]);
    let copied = alice.together(|acts| acts.survey()).unwrap().notices;
    assert_eq!(copied.iter().map(|one| one.code).collect::<Vec<_>>(), ["copied-laptop"]);
    let decide = |alice: &mut Home, verdict| {
        alice.together(|acts| acts.decide(&copied[0].id, verdict, "seen")).unwrap();
        alice.together(|acts| acts.survey()).unwrap().notices.len()
    };
    assert_eq!(decide(&mut alice, Verdict::Accept), 0);
    assert_eq!(decide(&mut alice, Verdict::Ask), 1, "it is shown again");
    assert_eq!(decide(&mut alice, Verdict::Accept), 0);

    let item = queue(&mut alice).into_iter().find(|one| one.says[0].contains('2')).unwrap();
    alice.together(|acts| acts.decide(&item.id, Verdict::Accept, "she confirmed the second one")).unwrap();
    assert!(codes(&mut alice).is_empty());
    let counted = reviews(&mut alice);
    assert!(counted.iter().all(|review| review.counts.is_ok()), "the other two are untouched");
    let value = |review: &Reviewed| review.counts.clone().unwrap().values["profile"].score().unwrap();
    assert_eq!(counted.len(), 3);
    for review in &counted {
        assert_eq!(value(review).to_string(), if review.application == ids[0] { "2" } else { "4" });
    }
}

#[test]
fn two_versions_that_differ_in_comments_alone_wait_for_nobody() {
    let World { mut alice, bob, programme, ids, .. } = world();
    let (mut one, mut other) = copies(bob);
    submit_saying(&mut one, &programme, ids[0], "4", "Strong work.");
    submit_saying(&mut other, &programme, ids[0], "4", "The letters say little.");
    submit_saying(&mut one, &programme, ids[1], "4", "Strong work.");
    submit_saying(&mut other, &programme, ids[1], "2", "Strong work.");
    bring(&mut one, &mut alice);
    bring(&mut other, &mut alice);

    let same = review(&mut alice, ids[0]);
    assert_eq!((same.versions.len(), same.waits.len()), (2, 0));
    assert_eq!(outcome_words(same.outcome()), "counted");
    assert!(same.counts.is_ok_and(|counted| !counted.marks.contains(&Mark::TwoVersions)));
    // Where an answer differs a person is asked, whatever the comments say.
    let differs = review(&mut alice, ids[1]);
    assert_eq!(outcome_words(differs.outcome()), "waits: two-versions");
    let asked = queue(&mut alice);
    assert!(asked.iter().all(|one| one.applications.iter().all(|(about, _)| *about == ids[1])));
    assert_eq!(asked.iter().map(|one| one.code).collect::<Vec<_>>(), ["two-versions", "two-versions"]);
}

#[test]
fn i11_a_late_review_waits_and_its_author_is_told_of_each() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[0], "4");
    bring(&mut bob, &mut alice);
    alice.close(round(READING)).unwrap();
    submit(&mut bob, &programme, ids[1], "3");
    bring(&mut bob, &mut alice);
    assert_eq!(codes(&mut alice), ["review-after-close"]);
    assert_eq!(review(&mut alice, ids[1]).counts, Err(Absent::AfterClose));
    carry(&mut alice, &mut bob);
    let told = |bob: &mut Home| -> Vec<String> {
        let work = bob.together(|acts| acts.work()).unwrap();
        let reviews = work.iter().filter(|one| one.kind == WorkKind::Review);
        let mut told: Vec<String> = reviews
            .map(|one| {
                assert_eq!(one.state, WorkState::OpenedByCoordinator);
                outcome_words(one.outcome.unwrap())
            })
            .collect();
        told.sort();
        told
    };
    assert_eq!(told(&mut bob), ["counted", "waits: after-close"]);
    decide(&mut alice, "review-after-close", Verdict::Accept);
    assert!(codes(&mut alice).is_empty());
    assert!(review(&mut alice, ids[1]).counts.unwrap().marks.contains(&Mark::Accepted));
    carry(&mut alice, &mut bob);
    assert_eq!(told(&mut bob), ["counted", "counted"]);
}

#[test]
fn contradictory_decisions_are_settled_by_a_further_one() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    let mut carol = enrol(&mut alice, COORDINATOR);
    alice.close(round(READING)).unwrap();
    submit(&mut bob, &programme, ids[0], "4");
    bring(&mut bob, &mut alice);
    carry(&mut alice, &mut carol);
    decide(&mut alice, "review-after-close", Verdict::Accept);
    decide(&mut carol, "review-after-close", Verdict::SetAside);
    let (from_alice, from_carol) = (alice.export(For::Outbox).unwrap(), carol.export(For::Outbox).unwrap());
    alice.import(&from_carol).unwrap();
    carol.import(&from_alice).unwrap();
    for home in [&mut alice, &mut carol] {
        assert_eq!(codes(home), ["decision-contradicts"]);
        assert_eq!(review(home, ids[0]).counts, Err(Absent::DecisionContradicts));
    }
    decide(&mut carol, "decision-contradicts", Verdict::Accept);
    bring(&mut carol, &mut alice);
    for home in [&mut alice, &mut carol] {
        assert!(codes(home).is_empty());
        assert!(review(home, ids[0]).counts.is_ok());
        assert_eq!(home.decisions().unwrap().len(), 3, "both sides are kept");
    }
}

#[test]
fn one_review_sealed_by_both_copies_of_a_laptop_and_decided_both_ways_is_one_question() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[1], "3");
    bring(&mut bob, &mut alice);
    submit(&mut bob, &programme, ids[0], "4");
    let (mut one, mut other) = copies(bob);
    alice.close(round(READING)).unwrap();
    let mut carol = enrol(&mut alice, COORDINATOR);
    carry(&mut alice, &mut carol);
    bring(&mut one, &mut alice);
    bring(&mut other, &mut carol);
    assert_ne!(review(&mut alice, ids[0]).packs, review(&mut carol, ids[0]).packs);
    decide(&mut alice, "review-after-close", Verdict::Accept);
    decide(&mut carol, "review-after-close", Verdict::SetAside);
    swap(&mut alice, &mut carol);
    for home in [&mut alice, &mut carol] {
        assert_eq!(codes(home), ["decision-contradicts"]);
        let review = review(home, ids[0]);
        assert_eq!((review.counts, review.packs.len()), (Err(Absent::DecisionContradicts), 2));
    }
    decide(&mut carol, "decision-contradicts", Verdict::Accept);
    bring(&mut carol, &mut alice);
    for home in [&mut alice, &mut carol] {
        assert!(codes(home).is_empty());
        assert!(review(home, ids[0]).counts.is_ok());
    }
}

#[test]
fn g08_work_of_a_laptop_that_is_nobodys_counts_at_no_coordinator_and_comes_back_with_it() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    let member = bob.member();
    submit(&mut bob, &programme, ids[0], "4");
    bring(&mut bob, &mut alice);
    let mut carol = enrol(&mut alice, COORDINATOR);
    carry(&mut alice, &mut carol);
    let laptop = secret();
    bob.add_device(member, laptop.device()).unwrap();
    let about = tessera_engine::core::About { programme: bob.programme(), member };
    let mut other: Home = Engine::join(MemoryStore::default(), laptop, rng(), about).unwrap();
    other.import(&bob.export(For::Everything).unwrap()).unwrap();
    submit(&mut other, &programme, ids[1], "2");
    bring(&mut other, &mut carol);
    assert!(review(&mut carol, ids[1]).counts.is_ok());

    // Alice has not heard of the second laptop: it was added outside of what she leaves to Bob.
    alice.suspend(member).unwrap();
    swap(&mut alice, &mut carol);
    for home in [&mut alice, &mut carol] {
        let counted: Vec<ApplicationId> = reviews(home).iter().map(|review| review.application).collect();
        assert_eq!(counted, [ids[0]]);
    }
    assert_eq!(format!("{:?}", queue(&mut alice)), format!("{:?}", queue(&mut carol)));

    alice.lift(member).unwrap();
    swap(&mut alice, &mut carol);
    for home in [&mut alice, &mut carol] {
        assert!(review(home, ids[1]).counts.is_ok());
    }
}

#[test]
fn i17_an_older_rubric_or_dossier_counts_as_written_and_is_marked() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[0], "4");
    submit(&mut bob, &programme, ids[1], "4");
    bring(&mut bob, &mut alice);
    alice
        .together(|acts| {
            acts.take_application(&programme, &row("A001", "Patience, and more."), &Manifest::default())
        })
        .unwrap();
    assert_eq!(codes(&mut alice), ["older-dossier"]);
    let mut amended = programme.clone();
    amended.summary = Some("A seminar, amended.".parse_text());
    alice.together(|acts| acts.publish(&amended, "clearer")).unwrap();
    assert_eq!(codes(&mut alice), ["older-dossier", "older-rubric"]);
    let items = queue(&mut alice);
    assert_eq!(items[1].applications.len(), 2, "one amendment is one question");
    let marks = review(&mut alice, ids[0]).counts.unwrap().marks;
    assert!(marks.contains(&Mark::OlderDossier) && marks.contains(&Mark::OlderRubric));
    decide(&mut alice, "older-rubric", Verdict::Accept);
    // Decided as they are now: the older dossier of the same review is settled with it.
    assert!(codes(&mut alice).is_empty());
}

trait ParseText {
    fn parse_text(self) -> tessera_model::programme::words::Text;
}
impl ParseText for &str {
    fn parse_text(self) -> tessera_model::programme::words::Text {
        tessera_model::programme::words::Text::Plain(self.to_owned())
    }
}

#[test]
fn a_review_after_recusal_waits_and_a_counted_one_outlives_its_assignment() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[0], "4");
    submit(&mut bob, &programme, ids[1], "4");
    bring(&mut bob, &mut alice);
    let reading = programme.round(READING).unwrap();
    let member = bob.member();
    alice.together(|acts| acts.unassign(member, ids[0], reading, "too many")).unwrap();
    assert!(codes(&mut alice).is_empty());
    assert!(review(&mut alice, ids[0]).counts.is_ok());
    alice.together(|acts| acts.unassign(member, ids[2], reading, "too many")).unwrap();
    submit(&mut bob, &programme, ids[2], "1");
    declare(&mut bob, ids[1], Declaration::Conflict);
    bring(&mut bob, &mut alice);
    assert_eq!(codes(&mut alice), ["review-after-recusal", "review-after-unassignment"]);
    assert_eq!(review(&mut alice, ids[1]).counts, Err(Absent::Recused));
    assert_eq!(review(&mut alice, ids[2]).counts, Err(Absent::Unassigned));
    decide(&mut alice, "review-after-recusal", Verdict::SetAside);
    decide(&mut alice, "review-after-unassignment", Verdict::Accept);
    assert!(codes(&mut alice).is_empty());
    assert_eq!(review(&mut alice, ids[1]).counts, Err(Absent::SetAside));
    assert!(review(&mut alice, ids[2]).counts.is_ok());
}

#[test]
fn a_conflict_that_somebody_is_unsure_of_is_ruled_on_and_a_new_one_asked_again() {
    let World { mut alice, mut bob, ids, .. } = world();
    declare(&mut bob, ids[0], Declaration::Unsure);
    bring(&mut bob, &mut alice);
    assert_eq!(codes(&mut alice), ["conflict-unsure"]);
    decide(&mut alice, "conflict-unsure", Verdict::Accept);
    assert!(codes(&mut alice).is_empty());
    declare(&mut bob, ids[0], Declaration::Conflict);
    bring(&mut bob, &mut alice);
    assert_eq!(codes(&mut alice), ["conflict-after-lift"]);
}

#[test]
fn a_declared_conflict_waits_for_a_person_and_upholding_it_takes_the_assignment_back() {
    let World { mut alice, mut bob, ids, .. } = world();
    declare(&mut bob, ids[0], Declaration::Conflict);
    declare(&mut bob, ids[1], Declaration::Conflict);
    bring(&mut bob, &mut alice);
    assert_eq!(codes(&mut alice), ["conflict-declared", "conflict-declared"]);
    let item = |home: &mut Home, id| {
        let mut found = queue(home).into_iter();
        found.find(|one| one.applications.iter().any(|(about, _)| *about == id)).unwrap().id
    };
    let (first, second) = (item(&mut alice, ids[0]), item(&mut alice, ids[1]));
    alice.together(|acts| acts.decide(&first, Verdict::SetAside, "her professor")).unwrap();
    alice.together(|acts| acts.decide(&second, Verdict::Accept, "a namesake")).unwrap();
    assert!(codes(&mut alice).is_empty());
    bring(&mut alice, &mut bob);
    let states: BTreeMap<_, _> = bob
        .together(|acts| acts.tasks())
        .unwrap()
        .into_iter()
        .map(|task| (task.application, task.assignment.state))
        .collect();
    assert_eq!(states[&ids[0]], Some(AssignmentState::Withdrawn));
    assert_eq!(states[&ids[1]], Some(AssignmentState::Assigned), "lifted: it stands");
}

#[test]
fn what_was_decided_is_listed_and_can_be_decided_anew() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[0], "4");
    declare(&mut bob, ids[0], Declaration::Recused);
    bring(&mut bob, &mut alice);
    let item = queue(&mut alice).remove(0);
    assert!(decided_by(&mut alice).is_empty());
    alice.together(|acts| acts.decide(&item.id, Verdict::SetAside, "she stepped back")).unwrap();
    assert!(codes(&mut alice).is_empty());
    assert_eq!(review(&mut alice, ids[0]).counts, Err(Absent::SetAside));
    let decided = decided_by(&mut alice);
    let found: Vec<_> = decided.iter().map(|one| (&*one.item.id, one.verdict, &*one.reason)).collect();
    assert_eq!(found, [(&*item.id, Verdict::SetAside, "she stepped back")]);
    alice.together(|acts| acts.decide(&item.id, Verdict::Accept, "a mistake: only from later on")).unwrap();
    assert!(codes(&mut alice).is_empty());
    assert!(review(&mut alice, ids[0]).counts.is_ok());
    let decided = decided_by(&mut alice);
    assert_eq!((decided.len(), decided[0].verdict), (1, Verdict::Accept));
}

#[test]
fn contradictory_verdicts_of_coordinators_are_chosen_between() {
    let World { mut alice, ids, .. } = world();
    let mut carol = enrol(&mut alice, COORDINATOR);
    carry(&mut alice, &mut carol);
    let verdict = |home: &mut Home, verdict| {
        let gate = GateVerdict { verdict, evidence: String::new(), reason: String::new() };
        let eligibility =
            Eligibility { gates: BTreeMap::from([("age".to_owned(), gate)]), ..Eligibility::default() };
        home.write(&Audience::File(ids[0]), &ids[0].0, &eligibility, false).unwrap();
    };
    verdict(&mut alice, Met::Met);
    verdict(&mut carol, Met::NotMet);
    bring(&mut carol, &mut alice);
    assert_eq!(codes(&mut alice), ["eligibility-contradicts", "eligibility-contradicts"]);
    let read = |home: &mut Home| {
        home.read::<Eligibility>(&Audience::File(ids[0]), &ids[0].0).unwrap().unwrap().value
    };
    assert!(!read(&mut alice).gates.contains_key("age"), "until then there is no verdict");
    let sides = queue(&mut alice);
    let both: Vec<&str> = sides.iter().map(|one| one.id.as_str()).collect();
    let refused = alice.together(|acts| acts.decide_all(&both, Verdict::Accept, "both"));
    assert!(matches!(refused, Err(tessera_engine::EngineError::BadInput(_))), "only one side holds");
    let item = sides.iter().find(|one| one.says[0] == "not-met").unwrap();
    alice.together(|acts| acts.decide(&item.id, Verdict::Accept, "her passport says so")).unwrap();
    assert!(codes(&mut alice).is_empty());
    assert_eq!(read(&mut alice).gates["age"].verdict, Met::NotMet);
}

#[test]
fn f12_a_home_restored_from_an_old_backup_reuses_nothing_and_loses_nothing() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[0], "4");
    bring(&mut bob, &mut alice);
    let (mut backup, mut bob) = copies(bob);
    submit(&mut bob, &programme, ids[1], "3");
    bring(&mut bob, &mut alice);
    submit(&mut backup, &programme, ids[2], "5");
    bring(&mut backup, &mut alice);
    assert_eq!(reviews(&mut alice).iter().filter(|review| review.counts.is_ok()).count(), 3);
    assert!(codes(&mut alice).is_empty());
    let notices = alice.together(|acts| acts.survey()).unwrap().notices;
    assert_eq!(notices.iter().map(|one| one.code).collect::<Vec<_>>(), ["copied-laptop"]);
    carry(&mut alice, &mut backup);
    assert!(backup.verify().unwrap().differences.is_empty());
}

/// Bob's work as bundles, each exported after an act, and the world around it.
fn bundles(acts: &[u8]) -> (World, Home, Vec<Vec<u8>>) {
    let mut world = world();
    let mut carol = enrol(&mut world.alice, COORDINATOR);
    carry(&mut world.alice, &mut carol);
    let mut bundles = Vec::new();
    let World { alice, bob, programme, ids, .. } = &mut world;
    for (number, act) in acts.iter().enumerate() {
        let id = ids[usize::from(*act) % 3];
        let score = (number % 5 + 1).to_string();
        match act / 3 {
            0 | 1 => {
                let drafted = bob.together(|acts| acts.task(id, round(READING))).unwrap().unwrap();
                if drafted
                    .review
                    .is_none_or(|read| read.value.answers["profile"].score() != score.parse().ok())
                {
                    submit(bob, programme, id, &score);
                }
            }
            2 => declare(bob, id, Declaration::Conflict),
            _ => {
                alice.close(round(READING)).unwrap();
                carry(alice, &mut carol);
            }
        }
        bundles.push(bob.export(For::Outbox).unwrap());
    }
    (world, carol, bundles)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn i01_to_i07_no_order_loss_or_repetition_changes_what_counts_once_the_union_is_there(
        acts in proptest::collection::vec(0..11_u8, 1..6),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 12),
    ) {
        let (World { mut alice, .. }, mut carol, bundles) = bundles(&acts);
        for bundle in &bundles {
            alice.import(bundle).unwrap();
        }
        // Carol gets some of it twice, in another order, some of it never; then the union by another road.
        for index in &order {
            let bundle: &Vec<u8> = index.get(&bundles[..]);
            carol.import(bundle).unwrap();
        }
        carry(&mut alice, &mut carol);
        bring(&mut carol, &mut alice);
        let seen = |home: &mut Home| -> Vec<_> {
            let reviews = reviews(home);
            reviews.into_iter().map(|r| (r.application, r.round, r.counts, r.facts)).collect()
        };
        prop_assert_eq!(seen(&mut alice), seen(&mut carol));
        let named = |home: &mut Home| -> Vec<_> {
            queue(home).into_iter().map(|one| (one.id, one.code, one.packs)).collect()
        };
        prop_assert_eq!(named(&mut alice), named(&mut carol));
        prop_assert_eq!(alice.verify().unwrap().differences, vec![]);
        prop_assert_eq!(carol.verify().unwrap().differences, vec![]);
        prop_assert!(carol.together(|acts| acts.gaps()).unwrap().is_empty());
    }
}

#[test]
fn i01_what_is_missing_is_named() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[0], "4");
    let first = bob.export(For::Outbox).unwrap();
    let held = bob.packs().unwrap().into_iter().map(|pack| pack.id).collect::<Vec<_>>();
    submit(&mut bob, &programme, ids[1], "4");
    let both = bob.export(For::Outbox).unwrap();
    // Only what is new of the second bundle arrives.
    let mut late = tessera_engine::bundle::read(&both).unwrap();
    late.packs.retain(|pack| !held.contains(&pack.id()));
    assert!(!late.packs.is_empty());
    import_only(&mut alice, &both, &late.packs);
    let gaps = alice.together(|acts| acts.gaps()).unwrap();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].member, Some(bob.member()));
    assert!(gaps[0].missing >= 1 && gaps[0].after == 0);
    let missing = *gaps[0].named.first().unwrap();
    let facts = alice.together(|acts| acts.explain_pack(missing)).unwrap();
    assert_eq!(facts[0].code, "missing");
    alice.import(&first).unwrap();
    assert!(alice.together(|acts| acts.gaps()).unwrap().is_empty());
    assert_eq!(reviews(&mut alice).iter().filter(|review| review.counts.is_ok()).count(), 2);
}

/// Imports a bundle with only these packs in it.
fn import_only(home: &mut Home, whole: &[u8], packs: &[Pack]) {
    use tessera_protocol::bundle::{Entry, MAGIC};
    use tessera_protocol::codec::Wire;
    use tessera_protocol::exchange::frame;
    use tessera_protocol::hash::hash;
    let mut head = tessera_engine::bundle::read(whole).unwrap().head;
    head.packs = u32::try_from(packs.len()).unwrap();
    head.pack_bytes = packs.iter().map(|pack| pack.to_bytes().len() as u64).sum();
    let mut bytes = [&MAGIC[..], &frame(&head.to_bytes())].concat();
    for pack in packs {
        bytes.extend(frame(&Entry::Pack(pack.clone()).to_bytes()));
    }
    let sum = hash("bundle", &[&bytes]);
    bytes.extend(frame(&Entry::End(sum).to_bytes()));
    home.import(&bytes).unwrap();
}

#[test]
fn a_damaged_cache_is_found_and_mended() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[0], "4");
    submit(&mut bob, &programme, ids[1], "3");
    bring(&mut bob, &mut alice);
    let before: Vec<_> = reviews(&mut alice).into_iter().map(|review| review.counts).collect();
    let report = alice.verify().unwrap();
    assert_eq!(report.differences, vec![]);
    assert!(report.packs > 5 && report.documents > 5);

    let tables = [
        Table::Changes,
        Table::Documents,
        Table::Chains,
        Table::Views,
        Table::PackStates,
        Table::Keys,
        Table::Contents,
    ];
    for table in tables {
        damage(&mut alice, table, |tx, key, _| tx.delete(table, key));
        let found = alice.verify().unwrap().differences;
        assert!(!found.is_empty(), "{table:?}");
        let repaired = alice.repair().unwrap();
        assert_eq!(repaired.left, vec![], "{table:?}");
        assert!(repaired.put_away.is_empty() && repaired.lost.is_empty());
    }
    let after: Vec<_> = reviews(&mut alice).into_iter().map(|review| review.counts).collect();
    assert_eq!(after, before);
    assert!(!alice.repair().unwrap().asks_again);
}

#[test]
fn what_documents_say_is_kept_and_made_anew_where_an_earlier_version_kept_nothing() {
    let World { mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[0], "4");
    let said = |home: &mut Home| -> Vec<_> {
        let tasks = home.together(|acts| acts.tasks()).unwrap();
        tasks.into_iter().map(|task| (task.card, task.review, task.state)).collect()
    };
    let before = said(&mut bob);
    assert_eq!(bob.verify().unwrap().differences, []);
    let forgotten = bob.store().transaction(|tx| {
        let kept = tx.scan(Table::Contents, &[], None, 10_000)?;
        kept.iter().try_for_each(|(key, _)| tx.delete(Table::Contents, key))?;
        tx.delete(Table::Meta, b"contents")?;
        Ok::<_, StoreError>(kept.len())
    });
    assert!(forgotten.unwrap() > 3);
    assert_eq!(said(&mut bob), before, "a cache says nothing of its own");
    assert!(!bob.verify().unwrap().differences.is_empty());
    let (mut again, _) = copies(bob);
    assert_eq!(again.verify().unwrap().differences, []);
    assert_eq!(said(&mut again), before);
}

/// A home of a device that somebody added, from a bundle of everything.
fn joined(from: &mut Home, secret: DeviceSecret, member: MemberId) -> Home {
    let about = tessera_engine::core::About { programme: from.programme(), member };
    let mut home = Engine::join(MemoryStore::default(), secret, rng(), about).unwrap();
    home.import(&from.export(For::Everything).unwrap()).unwrap();
    home
}

#[test]
fn a_coordinators_later_devices_read_the_reviews_that_came_before_them() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[0], "4");
    bring(&mut bob, &mut alice);
    let member = alice.member();
    // A paper, by which another computer is set up once the first one is lost.
    let (paper, computer) = (secret(), secret());
    alice.together(|acts| acts.add_device(member, paper.device())).unwrap();
    let mut paper = joined(&mut alice, paper, member);
    assert!(review(&mut paper, ids[0]).counts.is_ok());
    drop(alice);
    paper.together(|acts| acts.add_device(member, computer.device())).unwrap();
    let mut computer = joined(&mut paper, computer, member);
    assert!(review(&mut computer, ids[0]).counts.is_ok());
    // And what its author writes with the same key afterwards.
    submit(&mut bob, &programme, ids[1], "3");
    bring(&mut bob, &mut computer);
    assert!(review(&mut computer, ids[1]).counts.is_ok());
    // What such a computer knows of who may read what is true.
    let reader = bob.member();
    let given = computer.together(|acts| acts.access()).unwrap().into_iter();
    let given: Vec<_> = given.filter(|one| one.member == reader).map(|one| one.audience).collect();
    let private = |of: &&Audience| {
        matches!(of, Audience::File(_) | Audience::People | Audience::Office | Audience::Keys)
    };
    assert_eq!(given.iter().find(private), None, "{given:?}");
    assert!(given.iter().any(|of| matches!(of, Audience::Dossier(..))));
}

#[test]
fn two_coordinators_who_check_somebody_apart_leave_no_question() {
    let World { mut alice, bob, .. } = world();
    let mut carol = enrol(&mut alice, COORDINATOR);
    let mut dora = enrol(&mut alice, COORDINATOR);
    carry(&mut alice, &mut carol);
    carry(&mut alice, &mut dora);
    for home in [&mut carol, &mut dora] {
        home.together(|acts| acts.check_member(bob.member())).unwrap();
    }
    carry(&mut carol, &mut dora);
    carry(&mut dora, &mut carol);
    for home in [&mut carol, &mut dora] {
        assert!(home.together(|acts| acts.queue()).unwrap().is_empty());
    }
    assert!(bob.is_active());
}

/// Damages a pack of bob's at alice, and what she sees before and after it comes once more.
fn a_damaged_pack_of(kind: PackKind) {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    submit(&mut bob, &programme, ids[0], "4");
    let bundle = bob.export(For::Outbox).unwrap();
    alice.import(&bundle).unwrap();
    let of_kind = |pack: &PackState, home: &mut Home| {
        let bytes: Result<_, StoreError> = home.store().transaction(|tx| tx.get(Table::Packs, &pack.id.0));
        Pack::from_bytes(&bytes.unwrap().unwrap()).unwrap().header().kind == kind
    };
    let mut packs = alice.packs().unwrap().into_iter().filter(|pack| pack.record.device == bob.device());
    let wanted = packs.find(|pack| of_kind(pack, &mut alice)).unwrap().id;
    alice
        .store()
        .transaction(|tx| {
            let mut bytes = tx.get(Table::Packs, &wanted.0)?.unwrap();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            tx.put(Table::Packs, &wanted.0, &bytes)
        })
        .unwrap();
    let found = alice.verify().unwrap().differences;
    assert!(!found.is_empty());
    let repaired = alice.repair().unwrap();
    assert_eq!(repaired.put_away, [wanted]);
    assert!(repaired.lost.is_empty() && repaired.asks_again);
    assert_eq!(alice.verify().unwrap().differences, []);
    let shown = alice.together(|acts| acts.reviews()).unwrap().iter().any(|one| one.counts.is_ok());
    assert_eq!(shown, kind == PackKind::Welcome, "a key that is here still opens what it seals");
    alice.import(&bundle).unwrap();
    assert!(review(&mut alice, ids[0]).counts.is_ok());
    assert_eq!(alice.verify().unwrap().differences, []);
}

#[test]
fn a_damaged_pack_with_a_review_is_put_away_and_asked_for_again() {
    a_damaged_pack_of(PackKind::Items);
}

#[test]
fn a_damaged_pack_with_a_key_is_put_away_and_asked_for_again() {
    a_damaged_pack_of(PackKind::Welcome);
}

/// Changes the middle entry of a table behind the engine's back.
fn damage(
    home: &mut Home,
    table: Table,
    change: impl Fn(&mut dyn Transaction, &[u8], &[u8]) -> Result<(), StoreError>,
) {
    home.store()
        .transaction(|tx| {
            let entries = tx.scan(table, &[], None, 10_000)?;
            let (key, value) = entries[entries.len() / 2].clone();
            change(tx, &key, &value)
        })
        .unwrap();
}

fn table(programme: &Programme, text: &str) -> Scores {
    Scores::read(text.as_bytes(), "s.csv", &Policy::of(programme).unwrap()).unwrap().0
}

/// A table with one row, every criterion the same score unless `cell` says otherwise.
fn csv(programme: &Programme, application: &str, revision: &str, cell: impl Fn(&str) -> String) -> String {
    let keys: Vec<String> = programme.scored().map(|criterion| criterion.key.to_string()).collect();
    let cells: Vec<String> = keys.iter().map(|key| cell(key)).collect();
    format!(
        "application,reviewer,revision,{}\n{application},bob,{revision},{}\n",
        keys.join(","),
        cells.join(",")
    )
}

#[test]
fn a_table_of_scores_is_imported_whole_or_not_at_all() {
    let World { mut alice, mut bob, programme, labels, .. } = world();
    let submit = Options { submit: true, reason: None };
    let import = |bob: &mut Home, text: &str, options: Options<'_>, me: &str| {
        let scores = table(&programme, text);
        bob.together(|acts| acts.import_scores(&programme, &scores, options, |name| name == me)).unwrap()
    };
    let all = |score: &'static str| move |_: &str| score.to_owned();
    let good = csv(&programme, &labels[0], "", all("4"));

    let refused = |bob: &mut Home, text: &str, options: Options<'_>, me: &str| {
        let before = bob.together(|acts| acts.work()).unwrap().len();
        let refusal = import(bob, text, options, me).unwrap_err();
        assert_eq!(bob.together(|acts| acts.work()).unwrap().len(), before, "nothing was changed");
        refusal
    };
    assert_eq!(refused(&mut bob, &good, submit, "carol").kind.code(), "other-reviewer");
    let unknown = csv(&programme, "A999", "", all("4"));
    assert_eq!(refused(&mut bob, &unknown, submit, "bob").kind.code(), "application-unknown");
    let gap =
        csv(&programme, &labels[1], "", |key| if key == "insight" { String::new() } else { "4".into() });
    let second = gap.lines().nth(1).unwrap();
    let refusal = refused(&mut bob, &format!("{good}{second}\n"), submit, "bob");
    assert_eq!(refusal.kind.code(), "missing-answer");
    assert_eq!((refusal.place.row, refusal.place.column.as_deref()), (Some(3), Some("insight")));

    // A gap is no hindrance to a draft, and N/A is an answer.
    assert_eq!(import(&mut bob, &gap, Options::default(), "bob").unwrap()[0].became, Became::Drafted);
    let rows = import(&mut bob, &good, submit, "bob").unwrap();
    assert_eq!((rows[0].became, rows[0].revision, rows[0].declared), (Became::Submitted, 1, true));
    assert_eq!(import(&mut bob, &good, submit, "bob").unwrap()[0].became, Became::Same);

    let other =
        csv(&programme, &labels[0], "", |key| if key == "network" { "n/a".into() } else { "3".into() });
    assert!(matches!(refused(&mut bob, &other, submit, "bob").kind, RefusalKind::NeedsReason(_)));
    let amend = Options { submit: true, reason: Some("read it again") };
    let rows = import(&mut bob, &other, amend, "bob").unwrap();
    assert_eq!((rows[0].became, rows[0].revision), (Became::Amended, 2));
    let older = csv(&programme, &labels[0], "1", all("5"));
    assert!(matches!(
        refused(&mut bob, &older, amend, "bob").kind,
        RefusalKind::LowerRevision { given: 1, known: 2 }
    ));
    let seventh = csv(&programme, &labels[0], "7", all("5"));
    assert_eq!(import(&mut bob, &seventh, amend, "bob").unwrap()[0].revision, 7);

    bring(&mut bob, &mut alice);
    let scores = alice.together(|acts| acts.scores(&programme, |_| "bob".to_owned())).unwrap().scores;
    assert_eq!(scores.reviews().len(), 1);
    assert_eq!((scores.reviews()[0].application.as_str(), scores.reviews()[0].revision), ("A001", 7));
}

#[test]
fn a_programme_calculates_what_the_workbench_calculates_from_its_export() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    for (id, score) in ids.iter().zip(["4", "2", "5"]) {
        submit(&mut bob, &programme, *id, score);
    }
    bring(&mut bob, &mut alice);
    let (inside, csv) = alice
        .together(|acts| {
            let table = acts.scores(&programme, |member| member.to_string())?;
            let csv = table.scores.to_csv();
            Ok((acts.inputs(&programme, &table, None, 7)?, csv))
        })
        .unwrap();
    let inside = inside.unwrap();
    let outside = Inputs::read(&Request {
        scores: File { name: "scores.csv", bytes: &csv },
        programme: Some(File { name: "seminar.toml", bytes: SEMINAR.as_bytes() }),
        applications: None,
        reviewers: None,
        round: None,
        seed: Some(7),
    })
    .unwrap();
    let totals = |inputs: &Inputs| compute::totals(inputs, None).unwrap().rows;
    let ranking = |inputs: &Inputs| compute::ranking(inputs, None).unwrap().rows;
    assert_eq!(totals(&inside), totals(&outside));
    assert_eq!(ranking(&inside), ranking(&outside));
    let agreement = |inputs: &Inputs| compute::agreement(inputs, None).unwrap().rows;
    let calibration = |inputs: &Inputs| compute::calibration(inputs, None, true).unwrap();
    assert_eq!(agreement(&inside), agreement(&outside));
    assert_eq!(calibration(&inside).rows, calibration(&outside).rows);
    assert_eq!(calibration(&inside).beside, calibration(&outside).beside);
    let order: Vec<String> = ranking(&inside).into_iter().map(|row| row.application).collect();
    assert_eq!(order, ["A003", "A001", "A002"]);
}

#[test]
fn scores_taken_down_for_somebody_count_and_say_so() {
    let World { mut alice, mut bob, programme, ids, .. } = world();
    let member = bob.member();
    let text = csv(&programme, "A001", "", |_| "3".to_owned());
    let scores = table(&programme, &text);
    let record = |home: &mut Home, scores: &Scores, reason: Option<&str>| {
        home.together(|acts| {
            acts.record_scores(&programme, scores, member, Source::Phone, reason, |name| name == "bob")
        })
    };
    assert!(record(&mut bob, &scores, None).is_err(), "a coordinator's act");
    let rows = record(&mut alice, &scores, None).unwrap().unwrap();
    assert_eq!((rows[0].became, rows[0].revision), (Became::Submitted, 1));
    assert_eq!(record(&mut alice, &scores, None).unwrap().unwrap()[0].became, Became::Same);
    let taken_down = review(&mut alice, ids[0]);
    assert!(taken_down.counts.unwrap().marks.contains(&Mark::Recorded(Some(Source::Phone))));
    assert_eq!(taken_down.recorded_by.into_iter().collect::<Vec<_>>(), [alice.member()]);

    // The reviewer's own hand says something else: a person chooses.
    submit(&mut bob, &programme, ids[0], "4");
    bring(&mut bob, &mut alice);
    assert_eq!(codes(&mut alice), ["recorded-beside-own", "recorded-beside-own"]);
    assert!(review(&mut alice, ids[0]).counts.unwrap().values.is_empty());
    let own = queue(&mut alice).into_iter().find(|one| one.says[0].contains('4')).unwrap();
    alice.together(|acts| acts.decide(&own.id, Verdict::Accept, "her own hand")).unwrap();
    assert!(codes(&mut alice).is_empty());
    let value = review(&mut alice, ids[0]).counts.unwrap().values["profile"].score().unwrap();
    assert_eq!(value.to_string(), "4");
}

#[test]
fn a_dossier_that_is_not_here_is_explained() {
    let World { mut alice, mut bob, ids, .. } = world();
    let first = |home: &mut Home, id| home.together(|acts| acts.explain_application(id)).unwrap()[0].code;
    assert_eq!(first(&mut bob, ids[0]), "not-declared");
    declare(&mut bob, ids[0], Declaration::None);
    assert_eq!(first(&mut bob, ids[0]), "dossier-here");
    declare(&mut bob, ids[1], Declaration::Conflict);
    assert_eq!(first(&mut bob, ids[1]), "conflict-declared");
    assert_eq!(first(&mut bob, ApplicationId([9; 16])), "not-assigned");
    assert_eq!(first(&mut alice, ApplicationId([9; 16])), "application-unknown");
    assert_eq!(first(&mut alice, ids[0]), "application-here");
}
