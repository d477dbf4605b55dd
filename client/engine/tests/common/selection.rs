//! A programme with three applications and a reader of all of them, and what people do in it.

use std::collections::BTreeMap;

use tessera_engine::bundle::For;
use tessera_engine::programme::{Taken, round};
use tessera_engine::reading::Submission;
use tessera_model::documents::{Answer, Conflict, Declaration, Draft, Manifest, Row};
use tessera_model::programme::Programme;
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::ApplicationId;

use super::{Home, enrol, found};

const SEMINAR: &str = include_str!("../../../../shared/model/programmes/seminar.toml");
pub(crate) const READING: &str = "reading";

pub(crate) fn row(key: &str) -> Row {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let fields = [
        field("full-name", "Amina Example"),
        field("organisation", "House of Children"),
        field("country", "Kenya"),
        field("question-1", "Patience, and a good memory for names."),
    ];
    Row { key_column: "key".into(), key: key.into(), fields: fields.into_iter().collect() }
}

/// A coordinator with a published programme, applications and a reader of all of them.
pub(crate) fn world() -> (Home, Home, Programme, Vec<ApplicationId>) {
    let programme = Programme::parse(SEMINAR).unwrap();
    let mut alice = found();
    let mut bob = enrol(&mut alice, Roles::default());
    let applications = alice
        .together(|acts| {
            acts.publish(&programme, "")?;
            let mut ids = Vec::new();
            for key in ["A001", "A002", "A003"] {
                let (id, taken, _) = acts.take_application(&programme, &row(key), &Manifest::default())?;
                assert_eq!(taken, Taken::New);
                ids.push(id);
            }
            let reading = programme.round(READING).unwrap();
            for (place, id) in (1..).zip(&ids) {
                assert!(acts.assign(&programme, bob.member(), *id, reading, place)?);
            }
            Ok(ids)
        })
        .unwrap();
    carry(&mut alice, &mut bob);
    (alice, bob, programme, applications)
}

pub(crate) fn carry(from: &mut Home, to: &mut Home) {
    let bundle = from.export(For::Member(to.member())).unwrap();
    to.import(&bundle).unwrap();
    assert!(to.notices().unwrap().is_empty(), "{:?}", to.notices().unwrap());
}

pub(crate) fn bring(from: &mut Home, to: &mut Home) {
    let bundle = from.export(For::Outbox).unwrap();
    to.import(&bundle).unwrap();
}

pub(crate) fn draft(programme: &Programme, score: &str) -> Draft {
    let score: tessera_model::decimal::Decimal = score.parse().unwrap();
    let answers: BTreeMap<String, Answer> =
        programme.scored().map(|criterion| (criterion.key.to_string(), Answer::Score(score))).collect();
    Draft { answers, overall: "Strong work.".into(), attested: true, ..Draft::default() }
}

pub(crate) fn none() -> Conflict {
    Conflict { declaration: Some(Declaration::None), ..Conflict::default() }
}

pub(crate) fn submit(
    home: &mut Home,
    programme: &Programme,
    id: ApplicationId,
    score: &str,
    reason: Option<&str>,
) -> Submission {
    home.together(|acts| {
        acts.declare(id, &none())?;
        acts.save_draft(id, round(READING), &draft(programme, score))?;
        acts.submit(programme, id, READING, reason)
    })
    .unwrap()
}
