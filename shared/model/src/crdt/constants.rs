//! Constants: the changes that make a document's containers, byte for byte the same on every device.
//!
//! Two laptops that each create a document offline would otherwise make two maps under one key and hide each
//! other's values. A constant is made once, pinned by a vector and shipped as bytes, so that no later
//! Automerge can encode it otherwise; these functions make new ones and let a test compare.

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, Change, ObjId, ObjType, ROOT, TextEncoding};
use sha2::{Digest, Sha256};

use super::read::container;
use super::{ContainerKind, DocumentError};
use crate::guard::{self, ActorBytes, Limits};

/// The key of the root map under which every first change puts its kind.
const KIND_KEY: &str = "document";

/// Returns the actor of a constant: the first 16 bytes of H(kind, key), the key empty for a first change.
///
/// H is SHA-256 over `tessera/1 constant` and each field, every one preceded by its length in 4 bytes,
/// big-endian.
#[must_use]
pub fn constant_actor(kind: &str, key: &str) -> ActorBytes {
    let mut hash = Sha256::new();
    for field in ["tessera/1 constant", kind, key] {
        hash.update(u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(field);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut actor = [0; 16];
    actor.copy_from_slice(&digest[..16]);
    actor
}

/// Makes the first change of a kind of document: its kind, and all containers of the root map.
///
/// # Errors
/// [`DocumentError`] if names are empty, too long or repeated.
pub fn first_change(kind: &str, containers: &[(&str, ContainerKind)]) -> Result<Vec<u8>, DocumentError> {
    let mut document = Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint);
    document.set_actor(ActorId::from(constant_actor(kind, "").as_slice()));
    build(document, |transaction| {
        put(transaction.put(ROOT, KIND_KEY, kind))?;
        make_all(transaction, &ROOT, containers)
    })
}

/// Makes the constant of one criterion: the map `key` in the map `parent`, and the containers in it.
///
/// It depends on `first` alone, so the constants of several criteria may be added in any order.
///
/// # Errors
/// [`DocumentError`] if `first` is not a constant with a map `parent`, or names are empty, too long or repeated.
pub fn criterion_change(
    first: &[u8],
    kind: &str,
    parent: &str,
    key: &str,
    containers: &[(&str, ContainerKind)],
) -> Result<Vec<u8>, DocumentError> {
    guard::scan_constant(first, &Limits::default())?;
    let first =
        Change::from_bytes(first.to_vec()).map_err(|_| DocumentError::Engine("a change did not parse"))?;
    let mut document = Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint);
    document.apply_changes([first]).map_err(|_| DocumentError::Engine("a change did not apply"))?;
    let Some((parent, ObjType::Map)) = container(&document, &[parent]) else {
        return Err(DocumentError::ForeignConstant);
    };
    document.set_actor(ActorId::from(constant_actor(kind, key).as_slice()));
    build(document, |transaction| {
        let map = make(transaction, &parent, key, ContainerKind::Map)?;
        make_all(transaction, &map, containers)
    })
}

fn build(
    mut document: Automerge,
    fill: impl FnOnce(&mut Transaction<'_>) -> Result<(), DocumentError>,
) -> Result<Vec<u8>, DocumentError> {
    let mut transaction = document.transaction();
    fill(&mut transaction)?;
    transaction.commit_with(CommitOptions::default().with_time(0));
    let change = document.get_last_local_change().ok_or(DocumentError::Engine("a lost change"))?;
    let bytes = change.raw_bytes().to_vec();
    guard::scan_constant(&bytes, &Limits::default())?;
    Ok(bytes)
}

fn make_all(
    transaction: &mut Transaction<'_>,
    object: &ObjId,
    containers: &[(&str, ContainerKind)],
) -> Result<(), DocumentError> {
    for (at, (key, kind)) in containers.iter().enumerate() {
        if *key == KIND_KEY || containers[..at].iter().any(|(other, _)| other == key) {
            return Err(DocumentError::ForeignConstant);
        }
        make(transaction, object, key, *kind)?;
    }
    Ok(())
}

fn make(
    transaction: &mut Transaction<'_>,
    object: &ObjId,
    key: &str,
    kind: ContainerKind,
) -> Result<ObjId, DocumentError> {
    let kind = match kind {
        ContainerKind::Map => ObjType::Map,
        ContainerKind::List => ObjType::List,
        ContainerKind::Text => ObjType::Text,
    };
    put(transaction.put_object(object, key, kind))
}

fn put<T>(result: Result<T, automerge::AutomergeError>) -> Result<T, DocumentError> {
    result.map_err(|_| DocumentError::Engine("a constant that cannot be made"))
}
