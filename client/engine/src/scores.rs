//! The table of scores: what counts of every review, in the form that the workbench reads, and totals and
//! ranking made from exactly that table.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::applications::Applications;
use tessera_model::cells::neutralise;
use tessera_model::compute::{ComputeError, File, Inputs};
use tessera_model::documents::{Dossier, Identity, Kind, Subject, Withdrawal};
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::scores::Scores;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};
use tessera_vault::ids::Audience;

use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::round;

/// The scores of a programme and what they leave out.
#[derive(Debug, Clone)]
pub struct ScoreTable {
    /// What counts.
    pub scores: Scores,
    /// Reviews that do not count at present, by the code of the reason.
    pub left_out: BTreeMap<&'static str, usize>,
    /// Reviews that count and that somebody else took down.
    pub taken_down: usize,
}

impl Acts<'_> {
    /// Collects what counts; `names` gives what a reviewer is called, a different name for each.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn scores(
        &mut self,
        programme: &Programme,
        mut names: impl FnMut(MemberId) -> String,
    ) -> Result<ScoreTable, EngineError> {
        let keys = self.application_keys()?;
        let withdrawn = self.withdrawn()?;
        let rounds: BTreeMap<RoundId, &str> =
            programme.rounds.iter().map(|one| (round(one.key.as_str()), one.key.as_str())).collect();
        let criteria: Vec<String> = programme.scored().map(|criterion| criterion.key.to_string()).collect();
        let mut left_out: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut taken_down = 0;
        let mut rows = Vec::new();
        for review in self.tallies()? {
            if withdrawn.contains(&review.application) {
                *left_out.entry("application-withdrawn").or_default() += 1;
                continue;
            }
            let scored = match &review.counts {
                Ok(scored) => scored,
                Err(absent) => {
                    *left_out.entry(absent.code()).or_default() += 1;
                    continue;
                }
            };
            let key = keys.get(&review.application).cloned();
            let key = key.unwrap_or_else(|| review.application.to_string());
            let round =
                rounds.get(&review.round).map_or_else(|| review.round.to_string(), |key| (*key).into());
            taken_down += usize::from(review.taken_down);
            rows.push(scored.to_scores(&key, &names(review.member), &round, &criteria));
        }
        let scores = Scores::collect(criteria, rows);
        let scores = scores.map_err(|error| EngineError::BadInput(error.to_string()))?;
        Ok(ScoreTable { scores, left_out, taken_down })
    }

    /// The inputs of totals and ranking: the table as `scores export` writes it, and the applications where the
    /// programme adjusts totals.
    ///
    /// # Errors
    /// [`EngineError`]; inside, the model's refusal.
    pub fn inputs(
        &mut self,
        programme: &Programme,
        table: &ScoreTable,
        in_round: Option<&str>,
        seed: u64,
    ) -> Result<Result<Inputs, ComputeError>, EngineError> {
        let csv = table.scores.to_csv();
        let applications = self.adjustments(programme)?;
        let applications = applications.as_deref().map(|bytes| File { name: "applications", bytes });
        let scores = File { name: "scores", bytes: &csv };
        Ok(Inputs::within(programme.clone(), scores, applications, in_round, seed))
    }

    /// The table of applications that the arithmetic needs, as CSV: only where the programme adjusts totals.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn adjustments(&mut self, programme: &Programme) -> Result<Option<Vec<u8>>, EngineError> {
        let Ok(policy) = Policy::of(programme) else { return Ok(None) };
        let columns: Vec<&String> = policy.add.iter().chain(&policy.subtract).collect();
        if columns.is_empty() {
            return Ok(None);
        }
        let withdrawn = self.withdrawn()?;
        let header = std::iter::once("application").chain(columns.iter().map(|column| column.as_str()));
        let mut csv = line(header);
        for (id, identity) in self.applications()? {
            if withdrawn.contains(&id) {
                continue;
            }
            let cells = columns.iter().map(|column| identity.fields.get(*column).map_or("", String::as_str));
            csv.push_str(&line(std::iter::once(identity.key.as_str()).chain(cells)));
        }
        Ok(Some(csv.into_bytes()))
    }

    /// The applications' table that a selection needs: the fields that quotas count and what adjusts totals, of every
    /// application that was not withdrawn.
    ///
    /// # Errors
    /// [`EngineError`]; inside, the model's refusal.
    pub fn selection_fields(
        &mut self,
        programme: &Programme,
    ) -> Result<Result<Applications, ComputeError>, EngineError> {
        let quotas = programme.seats.iter().flat_map(|seats| &seats.quotas);
        let mut columns: BTreeSet<String> = quotas.map(|quota| quota.field.to_string()).collect();
        if let Ok(policy) = Policy::of(programme) {
            columns.extend(policy.add.iter().chain(&policy.subtract).cloned());
        }
        let withdrawn = self.withdrawn()?;
        let mut rows = Vec::new();
        for (id, identity) in self.applications()? {
            if withdrawn.contains(&id) {
                continue;
            }
            let answers = self.answers(programme, id)?;
            let cells = columns.iter().map(|column| answers.get(column).cloned().unwrap_or_default());
            rows.push(std::iter::once(identity.key).chain(cells).collect());
        }
        let columns = std::iter::once("application".to_owned()).chain(columns).collect();
        Ok(Applications::collect(columns, rows).map_err(ComputeError::from))
    }

    /// What people call each application: its key where identities are here, else the label of a card.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn application_keys(&mut self) -> Result<BTreeMap<ApplicationId, String>, EngineError> {
        let mut keys: BTreeMap<ApplicationId, String> = BTreeMap::new();
        for (id, Identity { key, .. }) in self.applications()? {
            if !key.is_empty() {
                keys.insert(id, key);
            }
        }
        if keys.is_empty() {
            for task in self.tasks()? {
                keys.insert(task.application, task.label);
            }
        }
        Ok(keys)
    }

    /// Applications that were withdrawn.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn withdrawn(&mut self) -> Result<BTreeSet<ApplicationId>, EngineError> {
        self.withdrawn_among(|_| true)
    }

    /// As [`Acts::withdrawn`], of some applications.
    pub(crate) fn withdrawn_among(
        &mut self,
        wanted: impl Fn(ApplicationId) -> bool,
    ) -> Result<BTreeSet<ApplicationId>, EngineError> {
        let mut withdrawn = BTreeSet::new();
        for (record, _) in self.documents(Kind::Withdrawal)? {
            if let Ok(Subject::Application(id)) = Subject::parse(Kind::Withdrawal, &record.subject)
                && wanted(ApplicationId(id))
            {
                let read = self.read::<Withdrawal>(&Audience::File(ApplicationId(id)), &id)?;
                if read.is_some_and(|read| read.value.withdrawn) {
                    withdrawn.insert(ApplicationId(id));
                }
            }
        }
        Ok(withdrawn)
    }

    /// The version of a dossier that is here, as a review names it.
    ///
    /// # Errors
    /// [`EngineError`].
    pub(crate) fn dossier_version(
        &mut self,
        application: ApplicationId,
        rendition: u8,
    ) -> Result<[u8; 32], EngineError> {
        let dossier = self.dossier(application, rendition)?;
        Ok(dossier.map(|(dossier, files): (Dossier, _)| dossier.version(&files)).unwrap_or_default())
    }
}

/// One line of CSV.
pub(crate) fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> =
        cells.map(|cell| format!("\"{}\"", neutralise(cell).replace('"', "\"\""))).collect();
    quoted.join(",") + "\r\n"
}
