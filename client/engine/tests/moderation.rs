//! Moderation in memory: verdicts with reasons, on the scores of their moment; two coordinators apart; what wants a verdict.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Home, enrol, found};
use tessera_engine::EngineError;
use tessera_engine::bundle::For;
use tessera_engine::eligibility::{ExceptionAct, verdict};
use tessera_engine::moderation::Moderated;
use tessera_engine::programme::round;
use tessera_engine::queue::Waiting;
use tessera_engine::reading::Submission;
use tessera_model::decimal::Decimal;
use tessera_model::documents::{
    Answer, Conflict, Declaration, Draft, Kind, Manifest, Row, Settled, Verdict as Met,
};
use tessera_model::moderation::Reason;
use tessera_model::programme::Programme;
use tessera_model::scores::Scores;
use tessera_protocol::charter::{Change, Roles};
use tessera_protocol::ids::ApplicationId;
use tessera_vault::items::{REASON_BYTES, Verdict};

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");
const READING: &str = "reading";
const COORDINATOR: Roles = Roles { admin: false, coordinator: true };

struct World {
    alice: Home,
    bob: Home,
    programme: Programme,
    id: ApplicationId,
}

/// A coordinator with a published programme and one application, which its one reader gave a 3 everywhere.
fn world() -> World {
    let programme = Programme::parse(SEMINAR).unwrap();
    let mut alice = found();
    let mut bob = enrol(&mut alice, Roles::default());
    let member = bob.member();
    let row = Row {
        key_column: "key".into(),
        key: "A001".into(),
        fields: [("full-name".to_owned(), "Amina Example".to_owned())].into_iter().collect(),
    };
    let id = alice
        .together(|acts| {
            acts.publish(&programme, "")?;
            let id = acts.take_application(&programme, &row, &Manifest::default())?.0;
            acts.assign(&programme, member, id, programme.round(READING).unwrap(), 1)?;
            Ok(id)
        })
        .unwrap();
    carry(&mut alice, &mut bob);
    let mut world = World { alice, bob, programme, id };
    world.submit("3");
    world
}

impl World {
    fn submit(&mut self, score: &str) {
        let score: Decimal = score.parse().unwrap();
        let answers: BTreeMap<String, Answer> =
            self.programme.scored().map(|one| (one.key.to_string(), Answer::Score(score))).collect();
        let draft = Draft { answers, attested: true, ..Draft::default() };
        let none = Conflict { declaration: Some(Declaration::None), ..Conflict::default() };
        let (id, programme) = (self.id, &self.programme);
        let submission = self.bob.together(|acts| {
            acts.declare(id, &none)?;
            acts.save_draft(id, round(READING), &draft)?;
            acts.submit(programme, id, READING, Some("read again"))
        });
        assert!(matches!(submission.unwrap(), Submission::Submitted { .. }));
        bring(&mut self.bob, &mut self.alice);
    }

    /// A second coordinator with everything the first one has.
    fn second(&mut self) -> Home {
        let alice = &mut self.alice;
        let mut carol = enrol(alice, Roles::default());
        let device = carol.public_device();
        alice
            .amend_charter(vec![Change::Add {
                member: carol.member(),
                roles: COORDINATOR,
                devices: vec![device].try_into().unwrap(),
            }])
            .unwrap();
        alice.check(carol.member()).unwrap();
        carry(alice, &mut carol);
        carry(alice, &mut carol);
        assert!(carol.is_coordinator());
        carol
    }
}

fn carry(from: &mut Home, to: &mut Home) {
    let bundle = from.export(For::Member(to.member())).unwrap();
    to.import(&bundle).unwrap();
}

fn bring(from: &mut Home, to: &mut Home) {
    let bundle = from.export(For::Outbox).unwrap();
    to.import(&bundle).unwrap();
}

fn moderate(
    home: &mut Home,
    (programme, id): (&Programme, ApplicationId),
    settled: Option<Settled>,
    reason: &str,
) -> Result<bool, EngineError> {
    home.together(|acts| acts.moderate(programme, id, READING, settled, reason))
}

/// Every verdict; those of one application say the same.
fn moderations(home: &mut Home) -> Vec<Moderated> {
    home.together(|acts| {
        let reviews = acts.tallies()?;
        let all = acts.moderations(&reviews)?;
        for one in &all {
            let reviews = acts.tallies_of(one.application)?;
            assert_eq!(acts.moderations_of(one.application, &reviews)?, std::slice::from_ref(one));
        }
        Ok(all)
    })
    .unwrap()
}

fn only(home: &mut Home) -> Moderated {
    let mut all = moderations(home);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn contradictions(home: &mut Home) -> Vec<Waiting> {
    let queue = home.together(|acts| acts.queue()).unwrap();
    queue.into_iter().filter(|one| one.code == "moderation-contradicts").collect()
}

fn scores(home: &mut Home, programme: &Programme) -> Scores {
    home.together(|acts| acts.scores(programme, |member| member.to_string())).unwrap().scores
}

#[test]
fn a_verdict_is_on_the_scores_of_its_moment_and_changes_none() {
    let mut world = world();
    let programme = world.programme.clone();
    let about = (&programme, world.id);
    assert!(moderations(&mut world.alice).is_empty());
    let before = scores(&mut world.alice, &programme);
    world.alice.take_touched();
    assert!(moderate(&mut world.alice, about, Some(Settled::Keep), " One reader is enough. ").unwrap());
    let touched = world.alice.take_touched();
    assert_eq!(touched.applications, BTreeSet::from([(world.id, Kind::Moderation)]));
    assert!(!touched.everything);

    let one = only(&mut world.alice);
    assert_eq!((one.application, one.round), (world.id, round(READING)));
    assert_eq!((one.verdict, one.reason.as_str()), (Some(Settled::Keep), "One reader is enough."));
    assert_eq!((one.contested, one.outdated, one.is_settled()), (false, false, true));
    assert_eq!(one.by, BTreeSet::from([world.alice.member()]));
    assert_eq!(scores(&mut world.alice, &programme), before);
    assert!(!moderate(&mut world.alice, about, Some(Settled::Keep), "One reader is enough.").unwrap());

    // Other scores are not covered by it, until somebody looks again.
    world.submit("5");
    let one = only(&mut world.alice);
    assert_eq!((one.verdict, one.outdated, one.stands()), (Some(Settled::Keep), true, false));
    assert!(
        moderate(&mut world.alice, about, Some(Settled::AnotherReader), "She changed her mind.").unwrap()
    );
    let one = only(&mut world.alice);
    assert_eq!((one.stands(), one.is_settled()), (true, false), "somebody has to read it first");

    assert!(moderate(&mut world.alice, about, None, "It was another application.").unwrap());
    assert!(moderations(&mut world.alice).is_empty());
    let again = moderate(&mut world.alice, about, None, "Once more.");
    assert!(matches!(again, Err(EngineError::NotFound(_))), "{again:?}");
}

#[test]
fn a_verdict_is_a_coordinators_and_has_a_reason() {
    let mut world = world();
    let programme = world.programme.clone();
    let about = (&programme, world.id);
    let keep = Some(Settled::Keep);
    for reason in ["", " \n", &"x".repeat(REASON_BYTES + 1)] {
        let refused = moderate(&mut world.alice, about, keep, reason);
        assert!(matches!(refused, Err(EngineError::BadInput(_))), "{refused:?}");
    }
    let refused = moderate(&mut world.bob, about, keep, "Mine.");
    assert!(matches!(refused, Err(EngineError::NotPermitted(_))), "{refused:?}");
    let id = world.id;
    let refused = world.alice.together(|acts| acts.moderate(&programme, id, "no-such-round", keep, "Why."));
    assert!(matches!(refused, Err(EngineError::NotFound(_))), "{refused:?}");
    let nobody = moderate(&mut world.alice, (&programme, ApplicationId([9; 16])), keep, "Why.");
    assert!(matches!(nobody, Err(EngineError::NotFound(_))), "{nobody:?}");
    assert!(moderations(&mut world.alice).is_empty());
}

#[test]
fn two_coordinators_apart_contradict_one_another_until_one_settles_it() {
    let mut world = world();
    let mut carol = world.second();
    let programme = world.programme.clone();
    let about = (&programme, world.id);
    moderate(&mut world.alice, about, Some(Settled::Keep), "The rubric is clear.").unwrap();
    moderate(&mut carol, about, Some(Settled::Meeting), "The letters disagree.").unwrap();
    bring(&mut carol, &mut world.alice);
    carry(&mut world.alice, &mut carol);
    for home in [&mut world.alice, &mut carol] {
        let one = only(home);
        assert_eq!((one.verdict, one.contested, one.stands()), (None, true, false));
        let mut words: Vec<&str> = one.said.iter().map(|said| said.what.as_str()).collect();
        words.sort_unstable();
        assert_eq!((words, one.by.len()), (vec!["keep", "meeting"], 2));
        assert_eq!(contradictions(home).len(), 2, "a question with two sides");
    }
    // On the merge desk the side of one is chosen; both reasons stay.
    let side = contradictions(&mut carol).into_iter().find(|one| one.says[0] == "meeting").unwrap();
    carol.together(|acts| acts.decide(&side.id, Verdict::Accept, "we talk about it")).unwrap();
    bring(&mut carol, &mut world.alice);
    for home in [&mut world.alice, &mut carol] {
        let one = only(home);
        assert_eq!((one.verdict, one.contested, one.is_settled()), (Some(Settled::Meeting), false, true));
        assert!(one.reason.contains("rubric") && one.reason.contains("letters"), "{}", one.reason);
        assert!(contradictions(home).is_empty());
    }
    // A new verdict settles what is left of it.
    moderate(&mut world.alice, about, Some(Settled::Meeting), "Agreed by telephone.").unwrap();
    carry(&mut world.alice, &mut carol);
    assert_eq!(only(&mut carol).reason, "Agreed by telephone.");
    assert_eq!(only(&mut carol), only(&mut world.alice));
}

#[test]
fn the_same_verdict_on_other_scores_is_no_contradiction() {
    let mut world = world();
    let mut carol = world.second();
    let programme = world.programme.clone();
    let about = (&programme, world.id);
    moderate(&mut carol, about, Some(Settled::Keep), "Of three.").unwrap();
    world.submit("4");
    moderate(&mut world.alice, about, Some(Settled::Keep), "Of four.").unwrap();
    bring(&mut carol, &mut world.alice);
    let one = only(&mut world.alice);
    assert_eq!((one.verdict, one.contested), (Some(Settled::Keep), false));
    assert!(one.outdated, "one of them had other scores before them");
    assert!(contradictions(&mut world.alice).is_empty());
    moderate(&mut world.alice, about, Some(Settled::Keep), "Of four, as both say.").unwrap();
    assert!(only(&mut world.alice).is_settled());
}

#[test]
fn who_came_by_the_exception_wants_a_verdict() {
    let mut world = world();
    let mut carol = world.second();
    let (programme, id) = (world.programme.clone(), world.id);
    let reasons = |home: &mut Home| {
        home.together(|acts| {
            let table = acts.scores(&programme, |member| member.to_string())?;
            let inputs = acts.inputs(&programme, &table, Some(READING), 0)?.unwrap();
            acts.wants_moderation(&programme, &inputs)
        })
        .unwrap()
        .unwrap()
        .rows
        .into_iter()
        .flat_map(|row| row.reasons)
        .collect::<Vec<_>>()
    };
    assert!(reasons(&mut world.alice).is_empty());
    world
        .alice
        .together(|acts| {
            for gate in ["profile", "reputation", "english", "oral-english"] {
                acts.judge(&programme, id, gate, verdict(Met::Met, "", "as shown"))?;
            }
            acts.judge(&programme, id, "age", verdict(Met::NotMet, "", "46"))?;
            acts.except(&programme, id, ExceptionAct::Ask, "outstanding")
        })
        .unwrap();
    carry(&mut world.alice, &mut carol);
    carol.together(|acts| acts.except(&programme, id, ExceptionAct::Grant, "outstanding")).unwrap();
    bring(&mut carol, &mut world.alice);
    assert_eq!(reasons(&mut world.alice), [Reason::ExceptionRoute]);
}
