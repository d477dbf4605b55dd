//! Attacks by number, public vectors and our own. What several of them need is here.

#![expect(clippy::cast_possible_truncation, reason = "the tests' own numbers are small")]

use std::path::PathBuf;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use tessera_protocol::codec::Wire;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{DocumentId, Incarnation, MemberId, ProgrammeId, StreamId};
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::Verified;

use crate::content::Leaf;
use crate::identity::DeviceSecret;
use crate::ids::Audience;
use crate::items::{Change, Grant, Item};
use crate::key::StreamKey;
use crate::seal::{Draft, Entry, seal};

mod confusion;
mod enrolment;
mod files;
mod guessing;
mod mutations;
mod public;
mod sealing;
mod types;
mod vectors;
mod welcomes;

pub(crate) const PROGRAMME: ProgrammeId = ProgrammeId([7; 16]);
pub(crate) const STREAM: StreamId = StreamId([8; 16]);
pub(crate) const START: Incarnation = Incarnation([9; 8]);

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) fn device(seed: u8) -> DeviceSecret {
    DeviceSecret::generate(&mut rng(seed))
}

pub(crate) fn key(seed: u8) -> StreamKey {
    StreamKey::from_bytes(&[seed; 32])
}

pub(crate) fn draft(secret: &DeviceSecret) -> Draft {
    Draft::first(PROGRAMME, STREAM, secret.id(), START)
}

pub(crate) fn change(text: &str) -> Change {
    Change {
        kind: 3,
        subject: b"application 12".to_vec().try_into().unwrap(),
        incarnation: START,
        bytes: text.as_bytes().to_vec().try_into().unwrap(),
    }
}

/// Stands for what the model computes from a change's bytes.
pub(crate) fn leaf(change: &Change) -> Leaf {
    Leaf { document: DocumentId([4; 16]), hash: hash("test change", &[&change.to_bytes()]).0 }
}

pub(crate) fn own(text: &str) -> Entry {
    let change = change(text);
    let leaf = leaf(&change);
    Entry::Own(change, leaf)
}

pub(crate) fn outside(text: &str) -> Entry {
    let change = change(text);
    let leaf = leaf(&change);
    Entry::Outside(change, leaf)
}

pub(crate) fn grant(seed: u8) -> Grant {
    Grant::new(&Audience::Reviews(MemberId([seed; 16])), StreamId([seed; 16]), 1, key(seed))
}

pub(crate) fn items_pack(secret: &DeviceSecret, key: &StreamKey, entries: Vec<Entry>) -> Verified<Pack> {
    secret.sign_sealed(seal(key, draft(secret), entries, &mut rng(99)).unwrap()).unwrap()
}

/// The texts of a pack's changes, where it can be opened and its items are those that were signed.
pub(crate) fn texts(key: &StreamKey, pack: &Verified<Pack>) -> Option<Vec<String>> {
    let content = crate::seal::open(key, pack).ok()?.check(|change| Some(leaf(change))).ok()?;
    let text = |item: &Item| match item {
        Item::Change(change) => String::from_utf8(change.bytes.to_vec()).ok(),
        _ => None,
    };
    Some(content.items().iter().filter_map(text).collect())
}

/// Every change of one byte, and every length shorter.
pub(crate) fn mutations(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let changed = (0..bytes.len()).flat_map(move |at| {
        (1..=255_u8).map(move |by| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= by;
            bytes
        })
    });
    changed.chain((0..bytes.len()).map(|end| bytes[..end].to_vec()))
}

/// Shows a reader every mutation of an object of at most 4 KiB; none may be accepted.
pub(crate) fn no_mutation(name: &str, of: &[u8], accepts: impl Fn(&[u8]) -> bool) {
    assert!(of.len() <= 4096, "{name}: {} bytes", of.len());
    let begun = std::time::Instant::now();
    let (mut tried, mut accepted) = (0_u32, 0_u32);
    for other in mutations(of) {
        tried += 1;
        accepted += u32::from(accepts(&other));
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "figure: K11 {name}, {} bytes: {tried} mutations, {accepted} accepted, {seconds:.1} s",
        of.len()
    );
    assert_eq!(accepted, 0, "{name}");
}

/// Public data beside the repository; `None`, and one line that says so, where it is absent.
pub(crate) fn public_data(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/crypto").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("TESSERA_REQUIRE_DATA").is_none_or(|value| value != "1"), "{name} is absent");
    eprintln!("skipped 1: {name} is absent");
    None
}
