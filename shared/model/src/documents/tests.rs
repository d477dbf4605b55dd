//! Documents by example: constants, subjects, and every record written and read back.

mod drafts;
mod forms;
mod records;

use proptest::prelude::*;

use super::*;
use crate::crdt::{Document, EditError, Value, constant_actor, first_change};
use crate::guard::{ActorBytes, Limits, Scanned};
use crate::programme::Programme;

const ALICE: ActorBytes = [0xa1; 16];
const BOB: ActorBytes = [0xb0; 16];

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn seminar() -> Programme {
    Programme::parse(include_str!("../../programmes/seminar.toml")).unwrap()
}

pub(crate) fn document(kind: Kind) -> Document {
    let programme = seminar();
    let criteria: Vec<&str> = programme.scored().map(|criterion| criterion.key.as_str()).collect();
    kind.document(criteria, Limits::default()).unwrap()
}

/// Applies what one device wrote on another, in the order given.
fn receive(document: &mut Document, changes: &[(Scanned, ActorBytes)]) {
    document.apply_all(changes).unwrap();
}

fn put(document: &mut Document, actor: &ActorBytes, path: &[&str], value: impl Into<Value>) -> Scanned {
    let value = value.into();
    document.edit::<EditError>(actor, |edit| edit.put(path, value)).unwrap().unwrap()
}

#[test]
fn first_changes_are_shipped_as_bytes_that_this_automerge_writes_too() {
    for kind in Kind::ALL {
        let made = first_change(kind.name(), kind.containers()).unwrap();
        assert_eq!(hex(&made), hex(kind.first_change().unwrap()), "{}", kind.name());
        assert!(made.len() < 220, "{} has {} bytes", kind.name(), made.len());
    }
}

#[test]
fn constants_of_criteria_are_pinned() {
    let mut found = String::new();
    for key in ["profile", "network", "reputation", "english", "insight", "Критерий 1"] {
        found += &format!("{key}\t{}\n", hex(&Kind::Draft.criterion_change(key).unwrap()));
    }
    assert_eq!(found, include_str!("constants/draft-criteria.tsv"));
    assert!(Kind::Review.criterion_change("profile").is_err());
    assert!(Kind::Draft.criterion_change("").is_err());
}

#[test]
fn codes_and_names_are_for_ever() {
    let found: Vec<String> = Kind::ALL
        .iter()
        .map(|kind| {
            let streams: Vec<&str> = kind.streams().iter().map(|stream| stream.as_str()).collect();
            format!("{} {} {}", kind.code(), kind.name(), streams.join(","))
        })
        .collect();
    let expected = [
        "1 call programme",
        "2 identity file",
        "3 dossier dossier",
        "4 manifest file,dossier",
        "5 card to",
        "6 assignment to",
        "7 review reviews",
        "8 draft desk",
        "9 note desk",
        "10 conflict reviews",
        "11 eligibility file",
        "12 duplicate office",
        "13 person people,to",
        "14 recorded office",
        "15 withdrawal file",
        "16 ranking office",
        "17 selection office",
        "18 moderation office",
        "19 clearance office",
        "20 relays programme",
    ];
    assert_eq!(found, expected);
    for code in 0..=u16::MAX {
        assert_eq!(Kind::from_code(code).code(), code);
    }
    assert_eq!(Kind::from_code(777), Kind::Unknown(777));
    assert_eq!(Kind::Unknown(777).first_change(), None);
    assert!(StreamKind::ALL.iter().all(|stream| !Kind::Unknown(777).allowed_in(*stream)));
}

#[test]
fn every_constant_has_an_actor_of_its_own() {
    let mut actors: Vec<ActorBytes> = Kind::ALL.iter().map(|kind| constant_actor(kind.name(), "")).collect();
    actors.sort_unstable();
    actors.dedup();
    assert_eq!(actors.len(), Kind::ALL.len());
}

#[test]
fn g18_a_document_belongs_to_its_stream_alone() {
    let (one, other) = ([1; 16], [2; 16]);
    let check = |kind: Kind, subject: Subject, stream, application, rendition, expected| {
        assert_eq!(kind.belongs_to(&subject, stream, application, rendition), expected, "{kind:?}");
    };
    let open = Subject::Rendition(one, 0);
    check(Kind::Dossier, open, StreamKind::Dossier, Some(one), Some(0), true);
    check(Kind::Dossier, open, StreamKind::Dossier, Some(one), Some(1), false);
    check(Kind::Dossier, open, StreamKind::Dossier, Some(other), Some(0), false);
    check(Kind::Dossier, open, StreamKind::File, Some(one), None, false);
    check(Kind::Manifest, Subject::Application(one), StreamKind::File, Some(one), None, true);
    check(Kind::Manifest, Subject::Application(one), StreamKind::Dossier, Some(one), Some(0), false);
    check(Kind::Manifest, open, StreamKind::Dossier, Some(one), Some(0), true);
    check(Kind::Identity, Subject::Application(one), StreamKind::File, Some(other), None, false);
    check(Kind::Review, Subject::Reading(one, other), StreamKind::Reviews, None, None, true);
    check(Kind::Review, Subject::Reading(one, other), StreamKind::Desk, None, None, false);
    check(Kind::Draft, Subject::Reading(one, other), StreamKind::Reviews, None, None, false);
    for kind in Kind::ALL {
        for stream in [StreamKind::Public, StreamKind::Keys, StreamKind::Intake] {
            assert!(!kind.allowed_in(stream));
        }
    }
}

#[test]
fn subjects_are_read_back() {
    let (a, b, c) = ([1; 16], [2; 16], [3; 16]);
    let check = |kind: Kind, subject: Subject, length: usize| {
        let bytes = subject.to_bytes();
        assert_eq!(bytes.len(), length);
        assert_eq!(Subject::parse(kind, &bytes), Ok(subject));
        assert!(Subject::parse(kind, &[&bytes[..], &[0]].concat()).is_err());
        if length > 0 {
            assert!(Subject::parse(kind, &bytes[1..]).is_err());
        }
    };
    check(Kind::Call, Subject::Programme, 0);
    check(Kind::Identity, Subject::Application(a), 16);
    check(Kind::Dossier, Subject::Rendition(a, 1), 17);
    check(Kind::Review, Subject::Reading(a, b), 32);
    check(Kind::Duplicate, Subject::pair(b, a), 32);
    check(Kind::Person, Subject::Member(a), 16);
    check(Kind::Recorded, Subject::ReadingOf(a, b, c), 48);
    check(Kind::Clearance, Subject::ApplicationAndMember(a, b), 32);
    check(Kind::Ranking, Subject::Snapshot(a, [7; 32]), 48);
    assert!(Subject::parse(Kind::Duplicate, &[b, a].concat()).is_err());
    assert!(Subject::parse(Kind::Duplicate, &[a, a].concat()).is_err());
    assert!(Subject::parse(Kind::Manifest, &a).is_ok() && Subject::parse(Kind::Manifest, &[0; 17]).is_ok());
    assert_eq!(Subject::Reading(a, b).round(), Some(b));
    assert_eq!(hex(&round_id("reading")), "85b0510ba50dd4f3039847371e2334b2");
}

proptest! {
    #[test]
    fn subjects_are_canonical(code in 0..25_u16, bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(subject) = Subject::parse(Kind::from_code(code), &bytes) {
            prop_assert!(bytes.len() <= 64);
            prop_assert_eq!(subject.to_bytes(), bytes);
        }
    }
}
