//! The workbench: the same functions that a programme uses, on files in memory. Not files on disk, not the command line.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::agreement::{AgreementRow, overall};
use crate::applications::Applications;
use crate::calibration::{Asked, Calibration, CalibrationRow, Made};
use crate::input::{InputError, Warning};
use crate::policy::{Method, Policy, PolicyError};
use crate::programme::{Programme, ProgrammeError};
use crate::ranking::{RankRow, Told, drawn, order};
use crate::reviewers::Reviewers;
use crate::scores::Scores;
use crate::sentence::Advice;
use crate::totals::{TotalRow, Totals, rounds_together};

/// A file in memory with the name that messages give it.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// What one calculation is given.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Scores, CSV or JSON lines.
    pub scores: File<'a>,
    /// Definition; without it all columns count alike.
    pub programme: Option<File<'a>>,
    /// Table of applications.
    pub applications: Option<File<'a>>,
    /// Table of reviewers.
    pub reviewers: Option<File<'a>>,
    /// Only this round.
    pub round: Option<&'a str>,
    /// Seed of draws; 0 unless said.
    pub seed: Option<u64>,
}

/// The read inputs of one calculation.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Reviews that count, of the chosen round.
    pub scores: Scores,
    /// Rules, with the score file's criteria where the definition names none.
    pub policy: Policy,
    /// The definition, where one was given.
    pub programme: Option<Programme>,
    /// Applications, where given.
    pub applications: Option<Applications>,
    /// Reviewers, where given.
    pub reviewers: Option<Reviewers>,
    /// Seed of draws.
    pub seed: u64,
    /// SHA-256 over all inputs, as lower-case hexadecimal.
    pub input_sha256: String,
    /// What reading them found worth saying.
    pub warnings: Vec<Warning>,
}

/// A result: how, with which warnings, and the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<R, B = Nothing> {
    /// The rules used.
    pub method: MethodUsed,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// What is found out about the whole, beside the rows.
    pub beside: B,
    /// The rows.
    pub rows: Vec<R>,
}

/// Nothing beside the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Nothing {}

/// The rules and the seed of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MethodUsed {
    /// The rules.
    #[serde(flatten)]
    pub rules: Method,
    /// The seed of draws.
    pub seed: u64,
    /// The chosen round; `round` is the name of the rules of rounding.
    #[serde(rename = "of_round", skip_serializing_if = "Option::is_none")]
    pub round: Option<String>,
    /// How a calibration was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Made>,
}

/// Why nothing was calculated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComputeError {
    /// The definition was refused.
    #[error("{file}: {error}")]
    Programme {
        /// The definition's file.
        file: String,
        /// Why and where.
        error: ProgrammeError,
    },
    /// The definition gives no rules.
    #[error("{file}: {error}")]
    Policy {
        /// The definition's file.
        file: String,
        /// Why.
        error: PolicyError,
    },
    /// A table was refused.
    #[error(transparent)]
    Input(#[from] InputError),
}

impl Inputs {
    /// Reads all inputs.
    ///
    /// # Errors
    /// [`ComputeError`] naming file, row and column.
    pub fn read(request: &Request<'_>) -> Result<Self, ComputeError> {
        let programme = request.programme.map(|file| definition(&file)).transpose()?;
        let policy = match (&programme, request.programme) {
            (Some(programme), Some(file)) => request
                .round
                .map_or_else(|| Policy::of(programme), |round| Policy::of_round(programme, round))
                .map_err(|error| ComputeError::Policy { file: file.name.to_owned(), error })?,
            _ => Policy::default(),
        };
        let (scores, warnings) = Scores::read(request.scores.bytes, request.scores.name, &policy)?;
        let scores = request.round.map_or_else(|| scores.clone(), |round| scores.of_round(round));
        let policy = policy.for_criteria(scores.criteria());
        let applications = request.applications.map(|f| Applications::read(f.bytes, f.name)).transpose()?;
        let reviewers = request.reviewers.map(|f| Reviewers::read(f.bytes, f.name)).transpose()?;
        let seed = request.seed.unwrap_or(0);
        let input_sha256 = fingerprint(request);
        Ok(Self { scores, policy, programme, applications, reviewers, seed, input_sha256, warnings })
    }

    /// Takes what a programme's own documents say, in the form of the files: `scores` is what `scores export`
    /// writes. The definition names itself by its canonical bytes.
    ///
    /// # Errors
    /// As [`Inputs::read`].
    pub fn within(
        programme: Programme,
        scores: File<'_>,
        applications: Option<File<'_>>,
        round: Option<&str>,
        seed: u64,
    ) -> Result<Self, ComputeError> {
        let policy =
            round.map_or_else(|| Policy::of(&programme), |round| Policy::of_round(&programme, round));
        let name = || "the programme".to_owned();
        let policy = policy.map_err(|error| ComputeError::Policy { file: name(), error })?;
        let canonical = programme.canonical();
        let definition = File { name: "the programme", bytes: &canonical };
        let (read, warnings) = Scores::read(scores.bytes, scores.name, &policy)?;
        let read = round.map_or_else(|| read.clone(), |round| read.of_round(round));
        let policy = policy.for_criteria(read.criteria());
        let request = Request {
            scores,
            programme: Some(definition),
            applications,
            reviewers: None,
            round,
            seed: Some(seed),
        };
        let input_sha256 = fingerprint(&request);
        let applications = applications.map(|f| Applications::read(f.bytes, f.name)).transpose()?;
        let programme = Some(programme);
        Ok(Self {
            scores: read,
            policy,
            programme,
            applications,
            reviewers: None,
            seed,
            input_sha256,
            warnings,
        })
    }

    /// Adds a table of reviewers to the inputs.
    ///
    /// # Errors
    /// [`ComputeError`] naming file, row and column.
    pub fn with_reviewers(mut self, file: File<'_>) -> Result<Self, ComputeError> {
        self.reviewers = Some(Reviewers::read(file.bytes, file.name)?);
        let before = self.input_sha256.as_bytes();
        let parts = [("inputs", before), ("reviewers", file.bytes)];
        self.input_sha256 = fingerprint_of(parts.into_iter());
        Ok(self)
    }

    /// Calculates totals.
    ///
    /// # Errors
    /// See [`crate::totals::totals`].
    pub fn totals(&self) -> Result<Totals, InputError> {
        crate::totals::totals(&self.scores, &self.policy, self.applications.as_ref())
    }

    /// Returns how many seats the definition names.
    pub fn seats(&self) -> Option<usize> {
        let seats = self.programme.as_ref().and_then(|programme| programme.seats.as_ref())?;
        Some(usize::try_from(seats.n).unwrap_or(usize::MAX))
    }

    /// Describes the rules and the seed.
    pub fn method(&self, round: Option<&str>) -> MethodUsed {
        let round = round.map(str::to_owned);
        MethodUsed { rules: self.policy.method(), seed: self.seed, round, calibration: None }
    }
}

/// Calculates the rows of `tessera compute totals`.
///
/// # Errors
/// [`ComputeError`].
pub fn totals(inputs: &Inputs, round: Option<&str>) -> Result<Outcome<TotalRow, Advice>, ComputeError> {
    let totals = inputs.totals()?;
    let warnings = [inputs.warnings.clone(), totals.warnings].concat();
    let beside = crate::totals::overall(&totals.rows);
    Ok(Outcome { method: inputs.method(round), warnings, beside, rows: totals.rows })
}

/// Calculates the rows of `tessera compute ranking`.
///
/// # Errors
/// [`ComputeError`].
pub fn ranking(inputs: &Inputs, round: Option<&str>) -> Result<Outcome<RankRow, Told>, ComputeError> {
    let totals = inputs.totals()?;
    let rows = order(&totals.standings, &inputs.policy, inputs.seed);
    let beside =
        Told::of(&rows, &totals.rows, &totals.standings, &inputs.policy, inputs.seats(), inputs.seed);
    let mut warnings = [inputs.warnings.clone(), totals.warnings].concat();
    if drawn(&rows) {
        let drawn = Warning::new("drawn", "equal totals were separated by a draw from the seed {seed}");
        warnings.push(drawn.with("seed", inputs.seed.to_string()));
    }
    Ok(Outcome { method: inputs.method(round), warnings, beside, rows })
}

/// Calculates the rows of `tessera compute agreement`.
///
/// # Errors
/// [`ComputeError`].
pub fn agreement(
    inputs: &Inputs,
    round: Option<&str>,
) -> Result<Outcome<AgreementRow, Advice>, ComputeError> {
    let applications = inputs.applications.as_ref();
    let rows = crate::agreement::agreement(&inputs.scores, &inputs.policy, applications)?;
    let mut warnings = inputs.warnings.clone();
    warnings.extend(rounds_together(&inputs.scores));
    Ok(Outcome { method: inputs.method(round), warnings, beside: overall(&rows), rows })
}

/// Calculates the rows of `tessera compute calibration`.
///
/// # Errors
/// [`ComputeError`].
pub fn calibration(
    inputs: &Inputs,
    round: Option<&str>,
    even_if_red: bool,
) -> Result<Outcome<CalibrationRow, Calibration>, ComputeError> {
    calibrated(inputs, round, even_if_red, None)
}

/// Calculates the same unless somebody has enough of it: none once `stop` is true.
///
/// # Errors
/// [`ComputeError`].
pub fn calibration_unless(
    inputs: &Inputs,
    round: Option<&str>,
    even_if_red: bool,
    stop: &AtomicBool,
) -> Result<Option<Outcome<CalibrationRow, Calibration>>, ComputeError> {
    let outcome = calibrated(inputs, round, even_if_red, Some(stop))?;
    Ok((!stop.load(Ordering::Relaxed)).then_some(outcome))
}

fn calibrated(
    inputs: &Inputs,
    round: Option<&str>,
    even_if_red: bool,
    stop: Option<&AtomicBool>,
) -> Result<Outcome<CalibrationRow, Calibration>, ComputeError> {
    let asked = Asked {
        applications: inputs.applications.as_ref(),
        reviewers: inputs.reviewers.as_ref(),
        seats: inputs.seats(),
        seed: inputs.seed,
        even_if_red,
        stop,
    };
    let mut calibration = crate::calibration::calibration(&inputs.scores, &inputs.policy, &asked)?;
    let mut warnings = inputs.warnings.clone();
    warnings.extend(rounds_together(&inputs.scores));
    if asked.seats.is_none() {
        let no_seats = Warning::new(
            "no-seats",
            "the programme names no seats: chances of one are unknown, and the light looks for the best {top}",
        );
        warnings.push(no_seats.with("top", calibration.made.top));
    }
    if calibration.withheld {
        warnings.push(Warning::new(
            "withheld",
            "the light is red: the corrected order is withheld; --even-if-red shows it",
        ));
    }
    let rows = std::mem::take(&mut calibration.rows);
    let method = MethodUsed { calibration: Some(calibration.made.clone()), ..inputs.method(round) };
    Ok(Outcome { method, warnings, beside: calibration, rows })
}

/// Reads a definition.
///
/// # Errors
/// [`ComputeError::Programme`].
pub fn definition(file: &File<'_>) -> Result<Programme, ComputeError> {
    let refused = |error| ComputeError::Programme { file: file.name.to_owned(), error };
    let text = std::str::from_utf8(file.bytes)
        .map_err(|e| refused(ProgrammeError::not_utf8(file.bytes, e.valid_up_to())))?;
    Programme::parse(text).map_err(refused)
}

fn fingerprint(request: &Request<'_>) -> String {
    let files = [
        ("scores", Some(request.scores)),
        ("programme", request.programme),
        ("applications", request.applications),
        ("reviewers", request.reviewers),
    ];
    let given = files.iter().filter_map(|(name, file)| Some((*name, file.as_ref()?.bytes)));
    let round = request.round.map(|round| ("round", round.as_bytes()));
    fingerprint_of(given.chain(round))
}

/// Returns SHA-256 over what was given, each part by its name and length, so that a result names its inputs.
pub fn fingerprint_of<'a>(parts: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in parts {
        for part in [name.as_bytes(), bytes] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
