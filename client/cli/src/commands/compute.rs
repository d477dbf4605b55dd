//! `tessera compute`: the workbench, on files alone; no home, relay, key or network. The arithmetic is
//! `tessera_model::compute`.

pub(crate) mod report;

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use tessera_model::compute::{self, ComputeError, File, Inputs, Outcome, Request};
use tessera_model::input::InputError;
use tessera_model::ranking::RankRow;
use tessera_model::sentence::Advice;
use tessera_model::table::MAX_FILE_BYTES;
use tessera_model::totals::TotalRow;

use super::agreement::{print_advice, show_agreement};
use super::assignment::{self, Assignment};
use super::calibration::show_calibration;
use super::selection;
use crate::failure::{Exit, Failure};
use crate::output::{Envelope, print, print_json, print_table, print_warnings};

/// Arguments of `compute`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Mean, median, spread and total of each application
    Totals(Files),
    /// Applications in order, best first
    Ranking(Files),
    /// How far readers agree: alpha and intraclass correlation of each criterion
    Agreement(Files),
    /// Severity of readers, the order corrected for it, and whether to trust that
    Calibration(Files),
    /// Who reads what: as good as can be, under every rule
    Assignment(Box<Assignment>),
    /// Who is selected: seats down the order, under quotas
    Selection(Box<selection::Files>),
    /// Spread of scores, severity, agreement and loads as one document with charts: HTML or PDF
    Report(Box<Report>),
}

#[derive(Debug, Args)]
struct Report {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    to: report::Destination,
}

/// Input files of the calculations on scores.
#[derive(Debug, Args)]
struct Files {
    /// Scores, CSV or JSON lines; - reads stdin
    #[arg(long, value_name = "S")]
    scores: PathBuf,
    /// Programme definition, TOML; without it all columns count alike
    #[arg(long, value_name = "P")]
    programme: Option<PathBuf>,
    /// Applications, CSV: application, then regions, adjustments, quota fields
    #[arg(long, value_name = "A")]
    applications: Option<PathBuf>,
    /// Reviewers, CSV: reviewer, then loads, region, languages, competences
    #[arg(long, value_name = "V")]
    reviewers: Option<PathBuf>,
    /// Only the reviews of this round
    #[arg(long, value_name = "KEY")]
    round: Option<String>,
    /// Seed of draws
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Of a calibration, show the corrected order under a red light too
    #[arg(long)]
    even_if_red: bool,
}

/// Runs `compute`.
pub(crate) fn run(arguments: &Arguments, json: bool) -> Result<(), Failure> {
    match &arguments.what {
        What::Totals(files) => show_totals(&files.read()?, files.round.as_deref(), json),
        What::Ranking(files) => show_ranking(&files.read()?, files.round.as_deref(), json),
        What::Agreement(files) => show_agreement(&files.read()?, files.round.as_deref(), json),
        What::Calibration(files) => {
            show_calibration(&files.read()?, files.round.as_deref(), files.even_if_red, json)
        }
        What::Assignment(arguments) => assignment::run(arguments, json),
        What::Selection(files) => selection::compute(files, json),
        What::Report(report) => {
            let Report { files, to } = report.as_ref();
            report::write(&files.read()?, files.round.as_deref(), files.even_if_red, to, json)
        }
    }
}

/// Calculates and prints totals.
fn show_totals(inputs: &Inputs, round: Option<&str>, json: bool) -> Result<(), Failure> {
    let outcome = compute::totals(inputs, round).map_err(refused)?;
    show("tessera/totals/1", inputs, &outcome, json, |outcome| print_totals(&outcome.rows, &outcome.beside))
}

/// Prints totals for people.
pub(crate) fn print_totals(rows: &[TotalRow], advice: &Advice) -> Result<(), Failure> {
    if rows.is_empty() {
        return print(NO_SCORES);
    }
    print_table(&TOTALS_HEADER, &rows.iter().map(totals_cells).collect::<Vec<_>>())?;
    print_advice(advice)
}

/// Calculates and prints the order.
fn show_ranking(inputs: &Inputs, round: Option<&str>, json: bool) -> Result<(), Failure> {
    let outcome = compute::ranking(inputs, round).map_err(refused)?;
    show("tessera/ranking/1", inputs, &outcome, json, |outcome| {
        print_ranking(&outcome.rows, &outcome.beside.advice())
    })
}

/// Prints an order for people.
pub(crate) fn print_ranking(rows: &[RankRow], advice: &Advice) -> Result<(), Failure> {
    if rows.is_empty() {
        return print(NO_SCORES);
    }
    print_table(&RANKING_HEADER, &rows.iter().map(ranking_cells).collect::<Vec<_>>())?;
    print_advice(advice)
}

/// What is said of a table without a review.
const NO_SCORES: &str = "there is no review in these scores\n";

/// Prints an outcome as JSON, or what `people` prints.
pub(crate) fn show<R: Serialize, B: Serialize>(
    schema: &str,
    inputs: &Inputs,
    outcome: &Outcome<R, B>,
    json: bool,
    people: impl FnOnce(&Outcome<R, B>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if json {
        return print_json(&Envelope {
            schema,
            version: env!("CARGO_PKG_VERSION"),
            input_sha256: Some(&inputs.input_sha256),
            method: &outcome.method,
            warnings: &outcome.warnings,
            beside: &outcome.beside,
            rows: &outcome.rows,
        });
    }
    print_warnings(&outcome.warnings);
    people(outcome)
}

const TOTALS_HEADER: [&str; 8] = ["application", "n", "total", "mean", "median", "sd", "z", "note"];

fn totals_cells(row: &TotalRow) -> Vec<String> {
    let note = if row.incomplete { "incomplete" } else { "" };
    vec![
        row.application.clone(),
        row.n.to_string(),
        figure(row.total),
        figure(row.mean),
        figure(row.median),
        figure(row.sd),
        figure(row.z_mean),
        note.to_owned(),
    ]
}

const RANKING_HEADER: [&str; 4] = ["rank", "application", "total", "note"];

fn ranking_cells(row: &RankRow) -> Vec<String> {
    let note = match (&row.tie_broken_by, row.tied_with.is_empty()) {
        (Some(rule), _) => format!("same total as {}, separated by {rule}", row.tied_with.join(", ")),
        (None, false) => format!("same total as {}", row.tied_with.join(", ")),
        (None, true) => String::new(),
    };
    let rank = row.rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string());
    vec![rank, row.application.clone(), figure(row.total), note]
}

/// Shows a figure to six decimals at most.
pub(crate) fn figure(value: Option<f64>) -> String {
    value.map_or_else(
        || "–".to_owned(),
        |x| {
            let text = format!("{x:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        },
    )
}

impl Files {
    fn read(&self) -> Result<Inputs, Failure> {
        let load = |path: &Option<PathBuf>| path.as_deref().map(Loaded::read).transpose();
        let scores = Loaded::read(&self.scores)?;
        let programme = load(&self.programme)?;
        let applications = load(&self.applications)?;
        let reviewers = load(&self.reviewers)?;
        let request = Request {
            scores: scores.file(),
            programme: programme.as_ref().map(Loaded::file),
            applications: applications.as_ref().map(Loaded::file),
            reviewers: reviewers.as_ref().map(Loaded::file),
            round: self.round.as_deref(),
            seed: self.seed,
        };
        Inputs::read(&request).map_err(refused)
    }
}

/// A file that was read whole.
pub(crate) struct Loaded {
    name: String,
    bytes: Vec<u8>,
}

impl Loaded {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let unread = |error: std::io::Error| {
            let exit =
                if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::BadInput };
            Failure::new(exit, "file-unreadable", format!("cannot read it: {error}")).at(&name, None, None)
        };
        // One byte more than allowed, so that the reader of the table can say that it is too long.
        let most = MAX_FILE_BYTES as u64 + 1;
        let mut bytes = Vec::new();
        if path == Path::new("-") {
            std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(unread)?;
        } else {
            std::fs::File::open(path).and_then(|f| f.take(most).read_to_end(&mut bytes)).map_err(unread)?;
        }
        Ok(Self { name, bytes })
    }

    pub(crate) fn file(&self) -> File<'_> {
        File { name: &self.name, bytes: &self.bytes }
    }
}

/// Turns a refusal of the model into a failure with its place.
pub(crate) fn refused(error: impl Into<ComputeError>) -> Failure {
    match error.into() {
        ComputeError::Programme { file, error } => Failure::new(
            Exit::BadInput,
            error.code.as_str(),
            error.message.clone(),
        )
        .at_character(&file, error.line, error.column),
        ComputeError::Policy { file, error } => {
            Failure::new(Exit::BadInput, error.code(), error.to_string()).at(&file, None, None)
        }
        ComputeError::Input(InputError { kind, place }) => {
            let exit = if kind.needs_person() { Exit::NeedsPerson } else { Exit::BadInput };
            Failure::new(exit, kind.code(), kind.to_string()).hint(kind.hint()).at(
                &place.file,
                place.row,
                place.column.as_deref(),
            )
        }
    }
}
