//! What decided about one application, for its printed page: how the seats fall and by which quota, how sure its place is, and what
//! coordinators ruled beside verdicts and conditions. Names of readers are in none of it.

use std::collections::BTreeSet;

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::seats::{counting, seated};
use tessera_driver::session::Session;
use tessera_model::compute::{self, Inputs};
use tessera_model::documents::{Identity, Ruling};
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;
use tessera_vault::ids::Audience;

use crate::board::must_coordinate;
use crate::duplicates::{PairView, duplicates};
use crate::failure::Failure;
use crate::figures::percent;
use crate::queue::{DecidedItem, decided_on};
use crate::tasks;
use crate::words::{Labels, count, figure, id};

/// What decided about one application.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RuledView {
    /// How the seats fall by the order as it stands; none where that cannot be told yet.
    pub seat: Option<RuledSeat>,
    /// How sure its place is; none where readers were too few to tell.
    pub chance: Option<RuledChance>,
    /// Why the exception was granted or refused.
    pub exception: Option<String>,
    /// What was decided on the merge desk.
    pub decisions: Vec<DecidedItem>,
    /// What was ruled on conflicts of interest that readers declared.
    pub conflicts: Vec<RuledConflict>,
    /// Whether it is one with another application.
    pub pairs: Vec<PairView>,
}

/// How the seats fall.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RuledSeat {
    /// `selected`, `waitlist`, `not-selected` or `unranked`.
    pub outcome: String,
    /// What passed it over: the name of a quota, or `seats`.
    pub passed_over_by: Option<String>,
    /// `cap`, `floor` or `seats`.
    pub rule: Option<String>,
    /// Quotas that count it.
    pub quotas: Vec<RuledQuota>,
}

/// A quota that counts an application.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RuledQuota {
    /// What it is called.
    pub name: String,
    /// Fewest.
    pub min: u32,
    /// Most; none: no cap.
    pub max: Option<u32>,
    /// How many of the selected it counts.
    pub selected: u32,
}

/// How sure a place is, corrected for the severity of readers.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RuledChance {
    /// `red`, `amber` or `green`: whether the correction helps.
    pub light: String,
    /// Chance of a seat, in percent; none where the corrected order is withheld.
    pub percent: Option<u32>,
    /// The place that is to be expected on average.
    pub expected: Option<String>,
    /// True where the chance decides nothing.
    pub band: bool,
}

/// What was ruled on a declared conflict of interest.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RuledConflict {
    /// `lifted` or `upheld`.
    pub ruling: String,
    /// Why.
    pub reason: String,
}

/// A calculation that needs the home no longer: it runs while other work goes on.
#[derive(Debug)]
pub struct Chance {
    inputs: Option<Inputs>,
    key: String,
}

impl Chance {
    /// Calculates how sure the place is; takes seconds on many reads.
    #[must_use]
    pub fn calculate(&self) -> Option<RuledChance> {
        let found = compute::calibration(self.inputs.as_ref()?, None, false).ok()?;
        let row = found.rows.iter().find(|row| row.application == self.key)?;
        let light = serde_json::to_value(found.beside.light).ok()?;
        Some(RuledChance {
            light: light.as_str()?.to_owned(),
            percent: row.p_seat.map(percent),
            expected: row.expected_rank.map(figure),
            band: row.band == Some(true),
        })
    }
}

/// Reads what decided about an application; how sure its place is, is still to be calculated.
///
/// # Errors
/// [`Failure`].
pub fn ruled(
    session: &mut Session,
    application: &str,
    language: &str,
) -> Result<(RuledView, Chance), Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let id: ApplicationId = id(application)?;
    let identity = session.together(|acts| acts.read::<Identity>(&Audience::File(id), &id.0))?;
    let key = identity.map(|read| read.value.key).ok_or_else(|| Failure::not_found("this application"))?;
    let names = Names::of(session)?;
    let (judged, declared) =
        session.together(|acts| Ok((acts.eligibility(&programme, id)?, acts.declarations()?)))?;
    let conflicts = declared.into_iter().filter(|one| one.application == id).filter_map(|one| {
        let ruling: Ruling = one.ruling?;
        Some(RuledConflict { ruling: ruling.as_str().to_owned(), reason: one.reason })
    });
    let pairs = duplicates(session, language)?;
    let here = |pair: &PairView| [&pair.one, &pair.other].iter().any(|side| side.application == application);
    let view = RuledView {
        seat: seat(session, &programme, id, &key, language)?,
        chance: None,
        exception: Some(judged.read.value.exception_reason).filter(|reason| !reason.trim().is_empty()),
        decisions: decided_on(session, id, &names, language)?,
        conflicts: conflicts.collect(),
        pairs: pairs.into_iter().filter(|pair| here(pair) && pair.verdict.is_some()).collect(),
    };
    let inputs = counting(session, &programme)?;
    Ok((view, Chance { inputs, key }))
}

fn seat(
    session: &mut Session,
    programme: &Programme,
    id: ApplicationId,
    key: &str,
    language: &str,
) -> Result<Option<RuledSeat>, Failure> {
    let Some(selection) = seated(session, programme)? else { return Ok(None) };
    let Some(row) = selection.rows.iter().find(|row| row.application == key) else { return Ok(None) };
    let answers = session.together(|acts| acts.answers(programme, id))?;
    let labels = Labels::new(programme, language);
    let defined = programme.seats.iter().flat_map(|seats| &seats.quotas);
    let counts = defined.zip(&selection.quotas).filter(|(quota, _)| {
        let answer = answers.get(quota.field.as_str()).map(String::as_str).unwrap_or_default();
        answer.split(';').map(str::trim).collect::<BTreeSet<_>>().contains(quota.value.0.as_str())
    });
    let quotas = counts.map(|(quota, used)| RuledQuota {
        name: labels.said(&quota.name),
        min: quota.min,
        max: quota.max,
        selected: count(used.selected),
    });
    let passed = selection.passed_over.iter().find(|passed| passed.application == key);
    Ok(Some(RuledSeat {
        outcome: row.outcome.to_owned(),
        passed_over_by: row.constraint.clone(),
        rule: passed.map(|passed| passed.rule.to_owned()),
        quotas: quotas.collect(),
    }))
}
