//! Changes of somebody else, as the guard sees them and Automerge after it; and the messages of the worker.
//!
//! The first byte says what the others are: a change with its checksum put right (0), as they are (1), several changes, each
//! behind two bytes of length (2), or a message to or from the worker (3). What kind of document takes it is decided by the upper bits.

use std::sync::OnceLock;

use tessera_model::crdt::worker::{ClaimedChange, Outcome, Request, Response};
use tessera_model::crdt::{Document, Value};
use tessera_model::documents::{
    Assignment, Call, Card, Clearance, Conflict, Dossier, Draft, Duplicate, Eligibility, Identity, Kind,
    Manifest, Moderation, Note, Person, Ranking, Record, Recorded, Relays, Review, Selection, Withdrawal,
};
use tessera_model::guard::{ActorBytes, Limits, Scanned, Verdict, scan};

use crate::forge::resealed;

const ALICE: ActorBytes = [1; 16];
const CRITERIA: [&str; 2] = ["clarity", "need"];
const CHANGES: usize = 8;
/// The kinds that members write come first: the corpus names kinds by their place.
const MEMBERS: [Kind; 4] = [Kind::Draft, Kind::Review, Kind::Note, Kind::Conflict];

/// A document of each kind, with something in it.
fn documents() -> &'static [(Kind, Document, Vec<Scanned>)] {
    static DOCUMENTS: OnceLock<Vec<(Kind, Document, Vec<Scanned>)>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| {
        let others = Kind::ALL.iter().filter(|kind| !MEMBERS.contains(kind));
        MEMBERS.iter().chain(others).map(|kind| begun(*kind)).collect()
    })
}

fn begun(kind: Kind) -> (Kind, Document, Vec<Scanned>) {
    let mut document = kind.document(CRITERIA, Limits::default()).expect("a kind that is known");
    let mut changes = Vec::new();
    for (key, value) in [("state", 1), ("state", 2), ("other", 3)] {
        let change = document.edit(&ALICE, |edit| edit.put(&[key], Value::Int(value)));
        changes.extend(change.expect("an honest edit"));
    }
    if kind == Kind::Draft {
        let mut draft =
            Draft { overall: "A first thought, and half of a second.".into(), ..Draft::default() };
        draft.comments.insert(CRITERIA[0].into(), "clear".into());
        draft.write(&mut document, &ALICE, &mut changes).expect("an honest draft");
    }
    if kind == Kind::Note {
        let note = Note { text: "to be asked".into(), ..Note::default() };
        note.write(&mut document, &ALICE, &mut changes).expect("an honest note");
    }
    (kind, document, changes)
}

pub(crate) fn feed(bytes: &[u8]) {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let changes = match how % 4 {
        0 => vec![resealed(bytes.to_vec())],
        1 => vec![bytes.to_vec()],
        2 => several(bytes),
        _ => return messages(bytes),
    };
    let (kind, document, _) = &documents()[usize::from(how / 4) % documents().len()];
    let mut document = document.clone();
    let limits = Limits::default();
    let mut taken = 0;
    for change in &changes {
        let Ok(scanned) = scan(change, &limits) else { continue };
        assert!(scanned.op_count() <= limits.max_ops && scanned.bytes() == change);
        let before = document.heads();
        match document.apply(&scanned, scanned.actor()).expect("what the guard admits is borne") {
            Verdict::Apply => taken += 1,
            _ => assert_eq!(document.heads(), before, "what is refused changes nothing"),
        }
    }
    if taken > 0 {
        look(*kind, &mut document);
    }
}

/// It can be read, and an honest edit follows.
fn look(kind: Kind, document: &mut Document) {
    match kind {
        Kind::Call => read::<Call>(document),
        Kind::Identity => read::<Identity>(document),
        Kind::Dossier => read::<Dossier>(document),
        Kind::Manifest => read::<Manifest>(document),
        Kind::Card => read::<Card>(document),
        Kind::Assignment => read::<Assignment>(document),
        Kind::Review => {
            read::<Review>(document);
            drop((Review::versions(document), Review::history(document)));
        }
        Kind::Draft => drop(Draft::read(document)),
        Kind::Note => drop(Note::read(document)),
        Kind::Conflict => read::<Conflict>(document),
        Kind::Eligibility => read::<Eligibility>(document),
        Kind::Duplicate => read::<Duplicate>(document),
        Kind::Person => read::<Person>(document),
        Kind::Recorded => read::<Recorded>(document),
        Kind::Withdrawal => read::<Withdrawal>(document),
        Kind::Ranking => read::<Ranking>(document),
        Kind::Selection => read::<Selection>(document),
        Kind::Moderation => read::<Moderation>(document),
        Kind::Clearance => read::<Clearance>(document),
        Kind::Relays => read::<Relays>(document),
        Kind::Unknown(_) => {}
    }
    for key in document.keys(&[]) {
        drop((document.get_all(&[&key]), document.versions(&[&key]), document.text(&[&key])));
        drop(document.items(&[&key]));
    }
    let edited = document.edit(&ALICE, |edit| edit.put(&["after"], Value::Int(1)));
    assert!(edited.is_ok(), "an honest edit cannot follow");
    assert!(!document.is_broken());
}

/// What a document says, of itself and as its contents are kept beside it.
fn read<R: Record>(document: &Document) {
    drop((R::read(document), R::read(&R::KIND.contents(document))));
}

fn several(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut changes = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (change, rest) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
        changes.push(resealed(change.to_vec()));
        bytes = rest;
        if changes.len() == CHANGES {
            break;
        }
    }
    changes
}

fn messages(bytes: &[u8]) {
    if let Ok(request) = Request::decode(bytes) {
        assert!(request.encode() == bytes);
    }
    if let Ok(response) = Response::decode(bytes) {
        assert!(response.encode() == bytes);
    }
}

/// Honest changes, alone and together, and messages with them; of the kinds that members write first.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = (0..MEMBERS.len()).flat_map(seeds_of).collect();
    seeds.push(
        [&[3], &Response::Done(vec![Outcome::Applied, Outcome::Refused("no".into())]).encode()[..]].concat(),
    );
    seeds.extend((MEMBERS.len()..documents().len()).flat_map(seeds_of));
    seeds
}

fn seeds_of(at: usize) -> Vec<Vec<u8>> {
    let (kind, document, changes) = &documents()[at];
    let at = u8::try_from(at).expect("a few kinds");
    let bytes: Vec<Vec<u8>> = changes.iter().map(|change| change.bytes().to_vec()).collect();
    let mut seeds: Vec<Vec<u8>> = bytes.iter().map(|change| [&[4 * at], &change[..]].concat()).collect();
    let together = bytes.iter().flat_map(|change| {
        let length = u16::try_from(change.len()).unwrap_or(u16::MAX).to_le_bytes();
        [&length[..], change].concat()
    });
    seeds.push([4 * at + 2].into_iter().chain(together).collect());
    let claimed = |change: &Vec<u8>| ClaimedChange { actor: ALICE, bytes: change.clone() };
    let request = Request {
        constants: kind.constants(CRITERIA).expect("a kind that is known"),
        applied: bytes[..1].iter().map(claimed).collect(),
        incoming: bytes[1..].iter().map(claimed).collect(),
    };
    seeds.push([&[3], &request.encode()[..]].concat());
    // The next change, as it would come: it depends on what the document has.
    let next = document.clone().edit(&[9; 16], |edit| {
        edit.put(&["state"], Value::Int(7))?;
        edit.put(&["words"], "seven")?;
        edit.remove(&["other"])
    });
    let next = next.expect("an honest edit").expect("it changes something");
    seeds.push([&[4 * at], next.bytes()].concat());
    seeds
}
