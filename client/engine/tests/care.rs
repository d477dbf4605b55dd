//! Looking after a home and answering for it: a check that can be ended, who could have read an application on a day, why a
//! review is not here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use common::{Home, enrol, found};
use tessera_engine::EngineError;
use tessera_engine::access_history::{End, OnDay};
use tessera_engine::bundle::For;
use tessera_engine::programme::round;
use tessera_engine::records::PackRecord;
use tessera_engine::store::{Store, StoreError, Table};
use tessera_model::documents::{Answer, Conflict, Declaration, Draft, Manifest, Row};
use tessera_model::programme::Programme;
use tessera_protocol::charter::Roles;
use tessera_protocol::codec::Wire;
use tessera_protocol::ids::ApplicationId;
use tessera_vault::ids::Audience;

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");
const READING: &str = "reading";

/// A coordinator with a published programme and an application, and who reads it.
fn office() -> (Home, Home, Programme, ApplicationId) {
    let programme = Programme::parse(SEMINAR).unwrap();
    let mut alice = found();
    let mut bob = enrol(&mut alice, Roles::default());
    let member = bob.member();
    let fields = [("full-name", "Amina Example"), ("country", "Kenya"), ("question-1", "Patience.")];
    let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let row = Row { key_column: "key".into(), key: "A001".into(), fields };
    let id = alice
        .together(|acts| {
            acts.publish(&programme, "")?;
            let (id, ..) = acts.take_application(&programme, &row, &Manifest::default())?;
            acts.assign(&programme, member, id, programme.round(READING).unwrap(), 1)?;
            Ok(id)
        })
        .unwrap();
    let bundle = alice.export(For::Member(member)).unwrap();
    bob.import(&bundle).unwrap();
    (alice, bob, programme, id)
}

fn bring(from: &mut Home, to: &mut Home) {
    let bundle = from.export(For::Outbox).unwrap();
    to.import(&bundle).unwrap();
}

fn declare(home: &mut Home, id: ApplicationId, declaration: Declaration) {
    let conflict = Conflict { declaration: Some(declaration), ..Conflict::default() };
    home.together(|acts| acts.declare(id, &conflict)).unwrap();
}

/// A relay takes, at this time, everything that none took before.
fn relay_takes(home: &mut Home, ms: u64) {
    home.export(For::Outbox).unwrap();
    let done = home.store().transaction(|tx| {
        for (key, value) in tx.scan(Table::PackStates, &[], None, 10_000)? {
            let mut record = PackRecord::from_bytes(&value).unwrap();
            record.received_ms = record.received_ms.or(Some(ms));
            tx.put(Table::PackStates, &key, &record.to_bytes())?;
        }
        Ok::<_, StoreError>(())
    });
    done.unwrap();
}

#[test]
fn a_check_says_how_far_it_is_and_ends_on_request() {
    let (mut alice, ..) = office();
    let mut told = Vec::new();
    let report = alice
        .verify_told(&mut |done, of| {
            told.push((done, of));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(report, alice.verify().unwrap());
    assert!(told.len() > 1 && told.is_sorted());
    assert!(told.iter().all(|(done, of)| done <= of && *of >= report.packs));
    let ended = alice.verify_told(&mut |_, _| ControlFlow::Break(()));
    assert!(matches!(ended, Err(EngineError::Cancelled)));
    let ended = alice.repair_told(&mut |_, _| ControlFlow::Break(()));
    assert!(matches!(ended, Err(EngineError::Cancelled)));
    assert_eq!(alice.verify().unwrap().differences, []);
    let mut last = (0, 0);
    let repaired = alice.repair_told(&mut |done, of| {
        assert!((done, of) >= last, "two readings are one way");
        last = (done, of);
        ControlFlow::Continue(())
    });
    assert!(repaired.unwrap().left.is_empty());
}

#[test]
fn who_could_read_an_application_on_a_day_follows_from_what_relays_took() {
    let (mut alice, mut bob, _, id) = office();
    let (coordinator, reader) = (alice.member(), bob.member());
    let on = |alice: &mut Home, from: u64, to: u64| {
        let history = alice.together(|acts| acts.access_history(id)).unwrap();
        let stands = history.on(&(from..to));
        (stands[&coordinator], stands[&reader])
    };
    assert_eq!(on(&mut alice, 0, 100), (OnDay::Unknown, OnDay::Unknown), "no relay took anything");
    relay_takes(&mut alice, 1_000);
    assert_eq!(on(&mut alice, 0, 900), (OnDay::Later, OnDay::Later));
    assert_eq!(on(&mut alice, 900, 1_100), (OnDay::Could, OnDay::Could));
    let history = alice.together(|acts| acts.access_history(id)).unwrap();
    assert_eq!(history.first_ms, Some(1_000));
    let dossier =
        |audience: &Audience| matches!(audience, Audience::Dossier(application, _) if *application == id);
    let read = history.stretches.iter().find(|one| one.member == reader && dossier(&one.audience)).unwrap();
    assert_eq!((read.from_ms, read.end), (Some(1_000), End::Open));
    assert_eq!(read.devices.get(&bob.device()), Some(&Some(1_000)));
    let everything: Vec<_> =
        history.stretches.iter().filter(|one| one.audience == Audience::Keys).map(|one| one.member).collect();
    assert_eq!(everything, [coordinator]);

    // A conflict of interest closes the dossier; what came before may still be there.
    declare(&mut bob, id, Declaration::Conflict);
    bring(&mut bob, &mut alice);
    assert_eq!(on(&mut alice, 2_000, 2_100).1, OnDay::Unknown, "no relay took what closed it");
    relay_takes(&mut alice, 5_000);
    assert_eq!(on(&mut alice, 4_000, 4_100).1, OnDay::Could);
    assert_eq!(on(&mut alice, 5_000, 5_100).1, OnDay::Could, "until it ended");
    assert_eq!(on(&mut alice, 6_000, 6_100), (OnDay::Could, OnDay::Before));

    let refused = bob.together(|acts| acts.access_history(id));
    assert!(matches!(refused, Err(EngineError::NotPermitted(_))));
}

#[test]
fn a_suspension_and_a_removal_end_what_was_open() {
    let (mut alice, bob, _, id) = office();
    let reader = bob.member();
    relay_takes(&mut alice, 1_000);
    let on = |alice: &mut Home, from: u64, to: u64| {
        alice.together(|acts| acts.access_history(id)).unwrap().on(&(from..to))[&reader]
    };
    alice.suspend(reader).unwrap();
    relay_takes(&mut alice, 3_000);
    assert_eq!(on(&mut alice, 2_000, 2_100), OnDay::Could);
    assert_eq!(on(&mut alice, 4_000, 4_100), OnDay::Before);
    alice.lift(reader).unwrap();
    assert_eq!(on(&mut alice, 4_000, 4_100), OnDay::Could);
    alice.remove(reader).unwrap();
    relay_takes(&mut alice, 9_000);
    assert_eq!(on(&mut alice, 8_000, 8_100), OnDay::Could);
    assert_eq!(on(&mut alice, 10_000, 10_100), OnDay::Before);
}

#[test]
fn a_review_that_is_not_here_is_explained() {
    let (mut alice, mut bob, programme, id) = office();
    let reader = bob.member();
    let codes = |alice: &mut Home| -> Vec<&'static str> {
        let facts = alice.together(|acts| acts.explain_review(id, reader)).unwrap();
        assert!(facts.iter().all(|fact| fact.member == Some(reader)));
        assert!(facts.iter().all(|fact| fact.sentence() != "Nothing more is known."));
        facts.into_iter().map(|fact| fact.code).collect()
    };
    assert_eq!(codes(&mut alice), ["not-sent", "nothing-declared", "heard-never"]);
    declare(&mut bob, id, Declaration::None);
    bring(&mut bob, &mut alice);
    assert_eq!(codes(&mut alice), ["not-sent", "heard-at-no-time"]);
    relay_takes(&mut alice, 1_000);
    let facts = alice.together(|acts| acts.explain_review(id, reader)).unwrap();
    assert_eq!((facts[1].code, facts[1].detail.as_str()), ("heard-last", "1000"));
    let score: tessera_model::decimal::Decimal = "4".parse().unwrap();
    let answers: BTreeMap<String, Answer> =
        programme.scored().map(|criterion| (criterion.key.to_string(), Answer::Score(score))).collect();
    let draft = Draft { answers, attested: true, ..Draft::default() };
    bob.together(|acts| {
        acts.save_draft(id, round(READING), &draft)?;
        acts.submit(&programme, id, READING, None)
    })
    .unwrap();
    assert_eq!(codes(&mut alice)[0], "not-sent", "it is on the reader's device");
    bring(&mut bob, &mut alice);
    assert_eq!(codes(&mut alice), ["review-counts"]);
    assert!(bob.together(|acts| acts.explain_review(id, reader)).is_err());
}
