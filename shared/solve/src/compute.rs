//! Assignment and selection on files in memory: the workbench. Not files on disk, not the command line.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;
use tessera_model::affinities::Affinities;
use tessera_model::applications::Applications;
use tessera_model::compute::{ComputeError, File, Inputs, Request, definition, fingerprint_of};
use tessera_model::decimal::Decimal;
use tessera_model::input::{InputError, InputErrorKind, Place, Warning};
use tessera_model::reviewers::Reviewers;
use tessera_model::table::{MAX_FILE_BYTES, id};

use crate::assignment::problem::{Problem, Tables};
use crate::assignment::{Refused, Rules};
use crate::selection::{Before, Pool, Ranked, Seats, Selection, Unselected, leaving_out, select};

/// Files of one assignment.
#[derive(Clone, Copy, Debug, Default)]
pub struct AssignmentFiles<'a> {
    /// `reviewer,application,affinity[,conflict]`.
    pub affinity: Option<File<'a>>,
    /// A matrix without header, instead.
    pub matrix: Option<File<'a>>,
    /// Pairs whose figure is lower may not meet.
    pub conflict_below: Option<Decimal>,
    /// Table of applications.
    pub applications: Option<File<'a>>,
    /// Table of reviewers.
    pub reviewers: Option<File<'a>>,
    /// An earlier assignment: its rows are kept as far as possible.
    pub keep: Option<File<'a>>,
}

/// What one assignment is made from.
#[derive(Clone, Debug)]
pub struct AssignmentInputs {
    /// Who could read what.
    pub problem: Problem,
    /// Pairs of the earlier assignment.
    pub old: Option<BTreeSet<(String, String)>>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// SHA-256 over all files.
    pub input_sha256: String,
}

impl AssignmentInputs {
    /// Reads all files.
    ///
    /// # Errors
    /// [`Refused`] naming file, row and column.
    pub fn read(files: &AssignmentFiles<'_>, rules: &Rules) -> Result<Self, Refused> {
        let affinities = read_affinities(files)?;
        let applications = files.applications.map(|f| Applications::read(f.bytes, f.name)).transpose()?;
        let reviewers = files.reviewers.map(|f| Reviewers::read(f.bytes, f.name)).transpose()?;
        let tables = Tables {
            affinities: affinities.as_ref(),
            applications: applications.as_ref(),
            reviewers: reviewers.as_ref(),
            bars: None,
        };
        let (problem, warnings) = Problem::build(&tables, rules)?;
        let old = files.keep.map(|file| pairs(&file)).transpose()?;
        let below = files.conflict_below.map(|below| below.to_string());
        let given = [
            ("affinity", files.affinity.map(|file| file.bytes)),
            ("matrix", files.matrix.map(|file| file.bytes)),
            ("conflict-below", below.as_ref().map(String::as_bytes)),
            ("applications", files.applications.map(|file| file.bytes)),
            ("reviewers", files.reviewers.map(|file| file.bytes)),
            ("keep", files.keep.map(|file| file.bytes)),
        ];
        let given = given.into_iter().filter_map(|(name, bytes)| Some((name, bytes?)));
        Ok(Self { problem, old, warnings, input_sha256: fingerprint_of(given) })
    }
}

/// Reads the affinities or the matrix, with the limit below which nobody may meet.
///
/// # Errors
/// [`InputError`].
pub fn read_affinities(files: &AssignmentFiles<'_>) -> Result<Option<Affinities>, InputError> {
    let affinities = match (files.affinity, files.matrix) {
        (Some(file), _) => Affinities::read(file.bytes, file.name)?,
        (None, Some(file)) => Affinities::read_matrix(file.bytes, file.name)?,
        (None, None) => return Ok(None),
    };
    Ok(Some(match files.conflict_below {
        Some(least) => affinities.conflict_below(least),
        None => affinities,
    }))
}

/// Reads the pairs of an earlier assignment: a result, or its rows alone.
///
/// # Errors
/// [`InputErrorKind::NotJson`], [`InputErrorKind::TooLarge`].
pub fn pairs(file: &File<'_>) -> Result<BTreeSet<(String, String)>, InputError> {
    #[derive(Deserialize)]
    struct Pair {
        application: String,
        reviewer: String,
    }
    let rows: Vec<Pair> = rows(file)?;
    let place = Place::file(file.name);
    rows.into_iter().map(|row| Ok((id(&row.application, &place)?, id(&row.reviewer, &place)?))).collect()
}

/// Files of one selection.
#[derive(Clone, Copy, Debug)]
pub struct SelectionFiles<'a> {
    /// A ranking as `tessera --json compute ranking` prints it.
    pub ranking: File<'a>,
    /// The definition with its `[seats]`.
    pub programme: File<'a>,
    /// Table of applications with the quotas' fields.
    pub applications: Option<File<'a>>,
    /// Scores that the ranking was made from: then it is said whether one reader matters.
    pub scores: Option<File<'a>>,
    /// Of these only this round.
    pub round: Option<&'a str>,
    /// An earlier selection, whose seats are kept.
    pub keep: Option<File<'a>>,
}

/// A selection with what it was made from.
#[derive(Clone, Debug)]
pub struct Selected {
    /// Who is selected.
    pub selection: Selection,
    /// The canonical record that `snapshot_sha256` is the hash of.
    pub snapshot: Vec<u8>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// SHA-256 over all files.
    pub input_sha256: String,
}

/// Why nobody was selected from files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A file was refused.
    #[error(transparent)]
    Compute(Box<ComputeError>),
    /// The rules cannot be met.
    #[error(transparent)]
    Unselected(#[from] Unselected),
}

impl From<ComputeError> for SelectionError {
    fn from(error: ComputeError) -> Self {
        Self::Compute(Box::new(error))
    }
}

impl From<InputError> for SelectionError {
    fn from(error: InputError) -> Self {
        ComputeError::from(error).into()
    }
}

/// Selects from files. `withdrawn` gave a seat back or left the pool.
///
/// # Errors
/// [`SelectionError`].
pub fn selection(
    files: &SelectionFiles<'_>,
    withdrawn: &BTreeSet<String>,
    seed: u64,
) -> Result<Selected, SelectionError> {
    let seats = Seats::of(&definition(&files.programme)?)?;
    let applications = files.applications.map(|f| Applications::read(f.bytes, f.name)).transpose()?;
    let pool = Pool::new(ranked(&files.ranking)?, &seats, applications.as_ref(), seed)?;
    let before = match files.keep {
        Some(file) => Some(Before { selected: held(&file)?, withdrawn: withdrawn.clone() }),
        None if withdrawn.is_empty() => None,
        None => Some(Before { withdrawn: withdrawn.clone(), ..Before::default() }),
    };
    let mut selection = select(&pool, &seats, before.as_ref(), seed)?;
    let mut warnings = pool.warnings(seed);
    if let Some(scores) = files.scores {
        let request = Request {
            scores,
            programme: Some(files.programme),
            applications: files.applications,
            reviewers: None,
            round: files.round,
            seed: Some(seed),
        };
        let inputs = Inputs::read(&request)?;
        warnings.extend(inputs.warnings.iter().cloned());
        say_who_matters(&mut selection, &inputs, &seats, before.as_ref())?;
    }
    let snapshot = crate::selection::canonical(&pool, &seats, before.as_ref(), seed, &selection);
    let given = [
        ("ranking", Some(files.ranking)),
        ("programme", Some(files.programme)),
        ("applications", files.applications),
        ("scores", files.scores),
        ("keep", files.keep),
    ];
    let given = given.iter().filter_map(|(name, file)| Some((*name, file.as_ref()?.bytes)));
    let gone = withdrawn.iter().map(|id| ("withdrawn", id.as_bytes()));
    Ok(Selected { selection, snapshot, warnings, input_sha256: fingerprint_of(given.chain(gone)) })
}

/// Adds to a selection whether it would change if any one reader were left out.
///
/// # Errors
/// [`Unselected`].
pub fn say_who_matters(
    selection: &mut Selection,
    inputs: &Inputs,
    seats: &Seats,
    before: Option<&Before>,
) -> Result<(), Unselected> {
    let applications = inputs.applications.as_ref();
    let matter = leaving_out(&inputs.scores, &inputs.policy, applications, seats, before, inputs.seed)?;
    selection.depends_on_one_reader = Some(!matter.is_empty());
    selection.readers_who_matter = matter;
    Ok(())
}

/// Reads a ranking: a result, or its rows alone. Totals keep the digits that the file has.
///
/// # Errors
/// [`InputErrorKind::NotJson`], [`InputErrorKind::DuplicateId`], [`InputErrorKind::BadNumber`].
pub fn ranked(file: &File<'_>) -> Result<Vec<Ranked>, InputError> {
    #[derive(Deserialize)]
    struct Row<'a> {
        application: String,
        rank: Option<u64>,
        #[serde(borrow, default)]
        total: Option<&'a RawValue>,
    }
    let rows: Vec<Row<'_>> = rows(file)?;
    let place = Place::file(file.name);
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut ranked = Vec::with_capacity(rows.len());
    for (row, number) in rows.into_iter().zip(1..) {
        let here = place.row(number);
        let application = id(&row.application, &here.column("application"))?;
        if let Some(first_row) = seen.insert(application.clone(), number) {
            let kind = InputErrorKind::DuplicateId { id: application, first_row };
            return Err(here.column("application").error(kind));
        }
        let total = row.total.map(|raw| raw.get().trim_matches('"')).filter(|text| *text != "null");
        let bad = |text: &str, why| InputErrorKind::BadNumber { cell: text.chars().take(40).collect(), why };
        let total = total
            .map(|text| {
                let whole = text.strip_suffix(".0").unwrap_or(text);
                whole.parse().map_err(|why| here.column("total").error(bad(text, why)))
            })
            .transpose()?;
        ranked.push(Ranked { application, rank: row.rank, total });
    }
    Ok(ranked)
}

/// Reads who holds a seat from an earlier selection.
///
/// # Errors
/// [`InputErrorKind::NotJson`], [`InputErrorKind::TooLarge`].
pub fn held(file: &File<'_>) -> Result<BTreeSet<String>, InputError> {
    #[derive(Deserialize)]
    struct Earlier {
        selected: Vec<String>,
    }
    let earlier: Earlier = json(file, file.bytes)?;
    Ok(earlier.selected.into_iter().collect())
}

/// Reads the rows of a result, or a list of rows.
fn rows<'a, T: Deserialize<'a>>(file: &File<'a>) -> Result<Vec<T>, InputError> {
    #[derive(Deserialize)]
    #[serde(bound = "T: Deserialize<'de>")]
    struct Envelope<T> {
        rows: Vec<T>,
    }
    let first = file.bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        return json(file, file.bytes);
    }
    json::<Envelope<T>>(file, file.bytes).map(|envelope| envelope.rows)
}

fn json<'a, T: Deserialize<'a>>(file: &File<'_>, bytes: &'a [u8]) -> Result<T, InputError> {
    let place = Place::file(file.name);
    if bytes.len() > MAX_FILE_BYTES {
        return Err(place.error(InputErrorKind::TooLarge { what: "bytes", most: MAX_FILE_BYTES }));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let here = place.row(error.line() as u64);
        here.error(InputErrorKind::NotJson { message: error.to_string() })
    })
}
