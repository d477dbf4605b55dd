//! Further readers in memory: whom the rule asks for, who is waited for, and that nobody is asked twice.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeMap;

use common::selection::{READING, bring, carry, none, row, submit};
use common::{Home, enrol, found};
use tessera_engine::further::FurtherReads;
use tessera_model::documents::{Conflict, Declaration, Manifest, Settled};
use tessera_model::programme::Programme;
use tessera_model::programme::calendar::Further;
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::ApplicationId;

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");

struct World {
    alice: Home,
    readers: Vec<Home>,
    programme: Programme,
    ids: Vec<ApplicationId>,
}

/// Two applications, two readers of each and a third person who reads nothing yet.
fn world(further: Option<Further>) -> World {
    let mut programme = Programme::parse(SEMINAR).unwrap();
    programme.rounds[0].reads = Some(2);
    programme.rounds[0].further = further;
    let mut alice = found();
    let mut readers: Vec<Home> = (0..3).map(|_| enrol(&mut alice, Roles::default())).collect();
    let members: Vec<_> = readers.iter().map(Home::member).collect();
    let ids: Vec<ApplicationId> = alice
        .together(|acts| {
            acts.publish(&programme, "")?;
            let mut ids = Vec::new();
            for key in ["A001", "A002"] {
                ids.push(acts.take_application(&programme, &row(key), &Manifest::default())?.0);
            }
            let reading = programme.round(READING).unwrap();
            for (place, id) in (1..).zip(&ids) {
                for member in &members[..2] {
                    acts.assign(&programme, *member, *id, reading, place)?;
                }
            }
            Ok(ids)
        })
        .unwrap();
    readers.iter_mut().for_each(|home| carry(&mut alice, home));
    World { alice, readers, programme, ids }
}

fn up_to_three() -> Option<Further> {
    Some(Further { up_to: 3, apart: None, near: Some(0) })
}

impl World {
    fn read(&mut self, reader: usize, application: usize, score: &str) {
        let (home, id) = (&mut self.readers[reader], self.ids[application]);
        submit(home, &self.programme, id, score, None);
        bring(home, &mut self.alice);
    }

    fn further(&mut self) -> Option<FurtherReads> {
        let Self { alice, programme, .. } = self;
        alice.together(|acts| acts.further(programme, &programme.rounds[0])).unwrap().unwrap()
    }

    /// Who gets one more reader, with the codes for why.
    fn needed(&mut self) -> Vec<(String, Vec<String>)> {
        let found = self.further().unwrap();
        let codes = |one: &tessera_model::further::Needed| {
            one.sayings().iter().map(|saying| saying.code().to_owned()).collect()
        };
        found.needed.iter().map(|(_, one)| (one.application.clone(), codes(one))).collect()
    }
}

fn wide(key: &str) -> (String, Vec<String>) {
    (key.to_owned(), vec!["moderation-wide-spread".to_owned()])
}

#[test]
fn a_round_without_the_rule_asks_nobody() {
    assert!(world(None).further().is_none());
}

#[test]
fn one_more_reader_is_asked_once_and_never_beyond_the_most() {
    let mut world = world(up_to_three());
    assert!(world.needed().is_empty());
    world.read(0, 0, "5");
    world.read(0, 1, "4");
    world.read(1, 1, "4");
    assert!(world.needed().is_empty(), "the second reader is waited for, and the other one is agreed on");
    let ids = world.ids.clone();
    assert_eq!(world.further().unwrap().early(ids.clone()), 1);
    world.read(1, 0, "1");
    assert_eq!(world.needed(), [wide("A001")]);
    let found = world.further().unwrap();
    assert_eq!((found.early(ids.clone()), found.standing.len()), (0, 4));
    assert!((0..2).all(|at| found.standing.contains(&(ids[0], world.readers[at].member()))));

    // A third one is asked, and waited for.
    let (programme, third) = (world.programme.clone(), world.readers[2].member());
    let reading = programme.round(READING).unwrap();
    world.alice.together(|acts| acts.assign(&programme, third, ids[0], reading, 1)).unwrap();
    carry(&mut world.alice, &mut world.readers[2]);
    assert!(world.needed().is_empty());
    world.read(2, 0, "3");
    let found = world.further().unwrap();
    assert!(found.needed.is_empty(), "three is the most");
    assert_eq!(found.reads, BTreeMap::from([(ids[0], 3), (ids[1], 2)]));
    // Totals take different numbers of reviews as they are.
    let scores = world.alice.together(|acts| acts.scores(&programme, |member| member.to_string()));
    assert_eq!(scores.unwrap().scores.reviews().len(), 5);
}

#[test]
fn nobody_waits_for_whoever_declared_a_conflict() {
    let mut world = world(Some(Further { up_to: 4, ..up_to_three().unwrap() }));
    world.read(0, 0, "5");
    world.read(1, 0, "1");
    let (programme, third, id) = (world.programme.clone(), world.readers[2].member(), world.ids[0]);
    let reading = programme.round(READING).unwrap();
    world.alice.together(|acts| acts.assign(&programme, third, id, reading, 1)).unwrap();
    carry(&mut world.alice, &mut world.readers[2]);
    assert!(world.needed().is_empty());
    let conflict = Conflict { declaration: Some(Declaration::Conflict), ..none() };
    world.readers[2].together(|acts| acts.declare(id, &conflict)).unwrap();
    bring(&mut world.readers[2], &mut world.alice);
    assert_eq!(world.needed(), [wide("A001")]);
    assert!(world.further().unwrap().standing.contains(&(id, third)), "nor is that one asked again");
}

#[test]
fn a_verdict_settles_it_or_asks_for_another_reader() {
    let mut world = world(up_to_three());
    for (application, scores) in [["5", "1"], ["4", "4"]].into_iter().enumerate() {
        for (reader, score) in scores.into_iter().enumerate() {
            world.read(reader, application, score);
        }
    }
    let (programme, ids) = (world.programme.clone(), world.ids.clone());
    let mut moderate = |at: usize, settled| {
        let id = ids[at];
        let done = world.alice.together(|acts| acts.moderate(&programme, id, READING, Some(settled), "so"));
        assert!(done.unwrap());
    };
    moderate(0, Settled::Keep);
    moderate(1, Settled::AnotherReader);
    assert_eq!(world.needed(), [("A002".to_owned(), vec!["further-by-verdict".to_owned()])]);
}

#[test]
fn only_a_coordinator_asks() {
    let mut world = world(up_to_three());
    let programme = world.programme.clone();
    let refused = world.readers[0].together(|acts| acts.further(&programme, &programme.rounds[0]).map(drop));
    assert!(refused.is_err());
}

#[test]
fn an_amendment_turns_the_rule_on() {
    let mut world = world(None);
    world.read(0, 0, "5");
    world.read(1, 0, "1");
    let mut amended = world.programme.clone();
    amended.rounds[0].further = up_to_three();
    world.alice.together(|acts| acts.publish(&amended, "Where two differ a third one reads.")).unwrap();
    world.programme = world.alice.together(|acts| acts.programme()).unwrap().1;
    assert_eq!(world.needed(), [wide("A001")]);
    // Readers hear of it and go on.
    carry(&mut world.alice, &mut world.readers[0]);
    world.read(0, 1, "4");
    let table = world.alice.together(|acts| acts.scores(&amended, |member| member.to_string())).unwrap();
    assert_eq!((table.scores.reviews().len(), table.left_out.len()), (3, 0));
}
