//! What became of every review, without its texts: kept by application, so that lists, tables and the queue of thousands gather
//! only what changed. A cache beside [`crate::contents`]: what changes an application forgets its row, in the same
//! transaction, and what may concern every application forgets all.
//!
//! Keys in [`Table::Contents`]: `tallies/` application. A row belongs to the generation of [`META`] in [`Table::Meta`]; of another
//! one it is as good as absent.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tessera_model::merge::{Absent, Scored};
use tessera_protocol::hash::Hash;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};
use tessera_vault::items::{Decision, Matter};

use crate::assignments::Pair;
use crate::core::{Core, Touched};
use crate::decisions;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::records::{DocumentRecord, each, get};
use crate::reviews::{Gather, Reviewed};
use crate::store::{Table, Transaction};

const PREFIX: &[u8] = b"tallies/";
const META: &[u8] = b"tallies";
/// The form of a row, and of the rules by which it was made; another one is none. To be raised wherever what counts, or what is worth a
/// person's time, is judged otherwise.
const FORM: u32 = 3;

/// What became of one review of one reviewer in one round.
#[derive(Debug, Clone, PartialEq)]
pub struct Tallied {
    /// The application.
    pub application: ApplicationId,
    /// Whose review it is.
    pub member: MemberId,
    /// The round.
    pub round: RoundId,
    /// What counts of it, or why nothing does.
    pub counts: Result<Scored, Absent>,
    /// True where what counts was taken down by somebody else.
    pub taken_down: bool,
}

impl Tallied {
    /// The reading that it is of.
    #[must_use]
    pub fn pair(&self) -> Pair {
        Pair { member: self.member, application: self.application, round: self.round }
    }
}

impl From<&Reviewed> for Tallied {
    fn from(review: &Reviewed) -> Self {
        Self {
            application: review.application,
            member: review.member,
            round: review.round,
            counts: review.counts.as_ref().map_err(|absent| *absent).map(|counted| counted.scored()),
            taken_down: review.counts.is_ok() && review.counted.is_none(),
        }
    }
}

/// What became of the reviews of one application.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// In the order of [`Acts::reviews`].
    pub(crate) reviews: Vec<Tallied>,
    /// True where no reading of it is worth a person's time, whatever is declared.
    pub(crate) quiet: bool,
}

impl Acts<'_> {
    /// As [`Acts::reviews`], without texts.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn tallies(&mut self) -> Result<Vec<Tallied>, EngineError> {
        Ok(self.rows()?.into_values().flat_map(|row| row.reviews).collect())
    }

    /// As [`Acts::tallies`], of one application.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn tallies_of(&mut self, application: ApplicationId) -> Result<Vec<Tallied>, EngineError> {
        Ok(self.reviews_of(application)?.iter().map(Tallied::from).collect())
    }

    /// What became of the reviews of every application that has a reading, gathered where it is not kept.
    pub(crate) fn rows(&mut self) -> Result<BTreeMap<ApplicationId, Row>, EngineError> {
        let (core, tx) = self.parts();
        let generation = generation(tx)?;
        let mut rows = kept(tx, generation)?;
        // What this very act changed is not forgotten before its end.
        let touched = &core.untold.act;
        if touched.everything {
            rows.clear();
        }
        for (application, _) in &touched.applications {
            rows.remove(application);
        }
        let mut fresh: BTreeMap<ApplicationId, Row> = BTreeMap::new();
        let mut gather = Gather::new(core, tx)?;
        let places = gather.places()?;
        let declared = gather.declared()?;
        for place in places.union(&declared) {
            if rows.contains_key(&place.0) {
                continue;
            }
            let review = gather.review(*place)?;
            let row = fresh.entry(place.0).or_insert_with(|| Row { quiet: true, ..Row::default() });
            row.quiet &= review.attention().is_empty();
            if places.contains(place) && review.is_here() {
                row.reviews.push(Tallied::from(&review));
            }
        }
        for (application, row) in &fresh {
            let kept = KeptRow::of(generation, row);
            // What cannot be written down is gathered again.
            if let Ok(bytes) = postcard::to_allocvec(&kept) {
                core.tallied.insert(*application, bytes);
            }
        }
        rows.append(&mut fresh);
        Ok(rows)
    }
}

/// The applications that decisions may concern; none: all of them.
pub(crate) fn concerned(tx: &dyn Transaction) -> Result<Option<BTreeSet<ApplicationId>>, EngineError> {
    let mut touched = Touched::default();
    for (_, decision) in decisions::list(tx)? {
        note_matter(tx, &decision.matter, &mut touched)?;
    }
    Ok((!touched.everything).then(|| touched.applications.into_iter().map(|(id, _)| id).collect()))
}

fn note_matter(tx: &dyn Transaction, matter: &Matter, touched: &mut Touched) -> Result<(), EngineError> {
    let record = match matter {
        Matter::Part(_, document) => get::<DocumentRecord>(tx, Table::Documents, &document.0)?,
        Matter::Pack(_) | Matter::Frontier(_) => None,
    };
    match record {
        Some(record) => touched.note(&record),
        None => touched.everything = true,
    }
    Ok(())
}

impl Core {
    /// Notes what a decision changes: what it is about, and what those were about that it replaces.
    pub(crate) fn note_decision(
        &mut self,
        tx: &dyn Transaction,
        decision: &Decision,
    ) -> Result<(), EngineError> {
        note_matter(tx, &decision.matter, &mut self.untold.act)?;
        if !decision.over.is_empty() {
            let over: BTreeSet<Hash> = decision.over.iter().copied().collect();
            for (_, replaced) in decisions::list(tx)? {
                if replaced.matter != decision.matter && over.contains(&replaced.id()) {
                    note_matter(tx, &replaced.matter, &mut self.untold.act)?;
                }
            }
        }
        Ok(())
    }
}

/// Forgets what is not so any more.
pub(crate) fn forget(tx: &mut dyn Transaction, touched: &Touched) -> Result<(), EngineError> {
    if touched.everything {
        let next = generation(tx)?.1.wrapping_add(1);
        return Ok(tx.put(Table::Meta, META, &next.to_be_bytes())?);
    }
    for (application, _) in &touched.applications {
        tx.delete(Table::Contents, &key(*application))?;
    }
    Ok(())
}

/// Keeps rows that an act gathered, but for those of what it changed afterwards.
pub(crate) fn keep(
    tx: &mut dyn Transaction,
    rows: BTreeMap<ApplicationId, Vec<u8>>,
    touched: &Touched,
) -> Result<(), EngineError> {
    if touched.everything {
        return Ok(());
    }
    let changed: BTreeSet<ApplicationId> = touched.applications.iter().map(|(id, _)| *id).collect();
    for (application, bytes) in rows.into_iter().filter(|(id, _)| !changed.contains(id)) {
        tx.put(Table::Contents, &key(application), &bytes)?;
    }
    Ok(())
}

fn generation(tx: &dyn Transaction) -> Result<(u32, u64), EngineError> {
    let bytes = tx.get(Table::Meta, META)?.and_then(|bytes| bytes.try_into().ok());
    Ok((FORM, bytes.map_or(0, u64::from_be_bytes)))
}

fn key(application: ApplicationId) -> Vec<u8> {
    [PREFIX, &application.0].concat()
}

fn kept(tx: &dyn Transaction, generation: (u32, u64)) -> Result<BTreeMap<ApplicationId, Row>, EngineError> {
    let mut rows = BTreeMap::new();
    each(tx, Table::Contents, PREFIX, |key, bytes| {
        let application = key.strip_prefix(PREFIX).and_then(|id| id.try_into().ok()).map(ApplicationId);
        let row = postcard::from_bytes::<KeptRow>(&bytes).ok().filter(|row| row.generation == generation);
        if let Some(application) = application
            && let Some(row) = row.and_then(|row| row.opened(application))
        {
            rows.insert(application, row);
        }
        Ok(())
    })?;
    Ok(rows)
}

/// A row as it is written.
#[derive(Serialize, Deserialize)]
struct KeptRow {
    generation: (u32, u64),
    quiet: bool,
    reviews: Vec<KeptReview>,
}

#[derive(Serialize, Deserialize)]
struct KeptReview {
    member: [u8; 16],
    round: [u8; 16],
    counts: Result<KeptScores, Absent>,
    taken_down: bool,
}

/// Numbers as texts: how a number is written down says itself what kind it is, which this form does not.
#[derive(Serialize, Deserialize)]
struct KeptScores {
    revision: u32,
    confidence: Option<String>,
    scores: Vec<(String, String)>,
}

impl KeptRow {
    fn of(generation: (u32, u64), row: &Row) -> Self {
        let scores = |scored: &Scored| KeptScores {
            revision: scored.revision,
            confidence: scored.confidence.map(|value| value.to_string()),
            scores: scored.scores.iter().map(|(key, value)| (key.clone(), value.to_string())).collect(),
        };
        let review = |one: &Tallied| KeptReview {
            member: one.member.0,
            round: one.round.0,
            counts: one.counts.as_ref().map(scores).map_err(|absent| *absent),
            taken_down: one.taken_down,
        };
        Self { generation, quiet: row.quiet, reviews: row.reviews.iter().map(review).collect() }
    }

    /// The row; none where something in it cannot be read.
    fn opened(self, application: ApplicationId) -> Option<Row> {
        let scored = |kept: KeptScores| {
            let scores = kept.scores.into_iter().map(|(key, value)| Some((key, value.parse().ok()?)));
            let confidence = match kept.confidence {
                Some(value) => Some(value.parse().ok()?),
                None => None,
            };
            Some(Scored { revision: kept.revision, confidence, scores: scores.collect::<Option<_>>()? })
        };
        let review = |kept: KeptReview| {
            let counts = match kept.counts {
                Ok(scores) => Ok(scored(scores)?),
                Err(absent) => Err(absent),
            };
            let (member, round) = (MemberId(kept.member), RoundId(kept.round));
            Some(Tallied { application, member, round, counts, taken_down: kept.taken_down })
        };
        let reviews = self.reviews.into_iter().map(review).collect::<Option<_>>()?;
        Some(Row { reviews, quiet: self.quiet })
    }
}
