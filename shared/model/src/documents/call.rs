//! The call: every published revision of the programme's definition, kept for ever because reviews name the one they
//! were made with. Not the definition's meaning ([`Programme`]).
//!
//! A revision is a number and a hash; a definition is kept under its hash, in parts. So two coordinators who publish
//! the same number offline contradict one another in one field, and both definitions can still be read.

use std::collections::{BTreeMap, BTreeSet};

use crate::programme::{Programme, ProgrammeError};

use super::record::{self, Fields, MAX_PART_BYTES, Reader};
use super::{Kind, Record, Sha256Bytes};

/// Most published revisions.
pub const MAX_REVISIONS: u32 = 64;
/// Longest canonical definition, so that publishing one stays one change that fits a pack.
pub const MAX_CANONICAL_BYTES: usize = 2 * MAX_PART_BYTES;

/// The programme's definitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// Published revisions by number, from 1.
    pub revisions: BTreeMap<u32, Revision>,
    /// Canonical definitions by their hash; what does not match its hash is left out.
    pub definitions: BTreeMap<Sha256Bytes, Vec<u8>>,
}

/// One published revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The hash of its definition ([`Programme::definition_sha256`]).
    pub definition: Sha256Bytes,
    /// Why it was amended; empty for the first.
    pub reason: String,
}

/// Why a call gives no programme, or was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// Nothing was published yet.
    #[error("nothing is published yet")]
    Unpublished,
    /// The revision's definition is contested, damaged or not here.
    #[error("the definition of revision {0} is not here")]
    Missing(u32),
    /// The definition is not one that this version reads.
    #[error(transparent)]
    Programme(#[from] ProgrammeError),
    /// More than [`MAX_REVISIONS`].
    #[error("no further revision can be published")]
    TooMany,
    /// Longer than [`MAX_CANONICAL_BYTES`].
    #[error("the definition is too long")]
    TooLong,
}

impl Call {
    /// Adds a revision; gives its number. A definition equal to the present one adds nothing.
    ///
    /// # Errors
    /// [`CallError::TooMany`] or [`CallError::TooLong`].
    pub fn publish(&mut self, programme: &Programme, reason: &str) -> Result<u32, CallError> {
        let canonical = programme.canonical();
        let definition = programme.definition_sha256();
        let latest = self.revisions.last_key_value();
        if let Some((number, _)) = latest.filter(|(_, revision)| revision.definition == definition) {
            return Ok(*number);
        }
        let number = latest.map_or(1, |(number, _)| number.saturating_add(1));
        if number > MAX_REVISIONS {
            return Err(CallError::TooMany);
        }
        if canonical.len() > MAX_CANONICAL_BYTES {
            return Err(CallError::TooLong);
        }
        self.definitions.insert(definition, canonical);
        self.revisions.insert(number, Revision { definition, reason: reason.to_owned() });
        Ok(number)
    }

    /// Returns the newest revision's number and programme.
    ///
    /// # Errors
    /// [`CallError`] where there is none that can be read.
    pub fn current(&self) -> Result<(u32, Programme), CallError> {
        let (number, revision) = self.revisions.last_key_value().ok_or(CallError::Unpublished)?;
        let programme = self.programme(&revision.definition).ok_or(CallError::Missing(*number))??;
        Ok((*number, programme))
    }

    /// Returns the programme of a definition's hash; none if it is not here.
    #[must_use]
    pub fn programme(&self, definition: &Sha256Bytes) -> Option<Result<Programme, CallError>> {
        let canonical = self.definitions.get(definition)?;
        Some(Programme::from_canonical(canonical).map_err(CallError::from))
    }

    /// Returns every criterion key that any revision scores: a draft has a constant for each.
    #[must_use]
    pub fn criteria(&self) -> BTreeSet<String> {
        let programmes = self.definitions.keys().filter_map(|hash| self.programme(hash)?.ok());
        programmes
            .flat_map(|programme| programme.scored().map(|c| c.key.as_str().to_owned()).collect::<Vec<_>>())
            .collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Record for Call {
    const KIND: Kind = Kind::Call;

    fn put(&self, fields: &mut Fields) {
        // Numbers of two digits, so that keys sort as numbers do.
        let named = |number: &u32| format!("{number:02}");
        let revisions = self.revisions.iter();
        fields.set_map("revisions", revisions.clone().map(|(n, r)| (named(n), r.definition.to_vec())));
        let reasons = revisions.filter(|(_, r)| !r.reason.is_empty());
        fields.set_map("reasons", reasons.map(|(n, r)| (named(n), r.reason.as_str())));
        let parts = self.definitions.iter().flat_map(|(hash, bytes)| {
            let part = |(at, part): (usize, &[u8])| (format!("{}.{at}", hex(hash)), part.to_vec());
            bytes.chunks(MAX_PART_BYTES).enumerate().map(part)
        });
        fields.set_map("definitions", parts);
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        let mut call = Self::default();
        let reasons = reader.texts("reasons");
        for (key, definition) in reader.map(&["revisions"], record::hash) {
            let number = key.parse().ok().filter(|n| (1..=MAX_REVISIONS).contains(n));
            match number.filter(|n| format!("{n:02}") == key) {
                Some(number) => {
                    let reason = reasons.get(&key).cloned().unwrap_or_default();
                    call.revisions.insert(number, Revision { definition, reason });
                }
                None => reader.damage(&["revisions"], "a revision without a number"),
            }
        }
        let parts = reader.map(&["definitions"], record::part);
        let hashes: BTreeSet<&str> = parts.keys().filter_map(|key| Some(key.split_once('.')?.0)).collect();
        for hash in hashes {
            let bytes: Vec<u8> =
                (0..2).filter_map(|at| parts.get(&format!("{hash}.{at}"))).flatten().copied().collect();
            let own = Programme::from_canonical(&bytes).map(|programme| programme.definition_sha256());
            match own {
                Ok(own) if hex(&own) == *hash => {
                    call.definitions.insert(own, bytes);
                }
                _ => reader.damage(&["definitions"], "a definition that this version cannot read"),
            }
        }
        call
    }
}
