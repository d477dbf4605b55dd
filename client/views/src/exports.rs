//! What leaves the home as a readable file: tables, scores, figures, the report, and [`dossiers`]. Which parts go in is asked one by one;
//! what left is listed.

pub mod dossiers;
mod figures;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use specta::Type;
use tessera_driver::exports::{Left, list, note};
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::export::figures::Figures;
use tessera_engine::export::{Compartments, Exported};
use tessera_engine::home::write_atomically;
use tessera_model::compute::{self, Inputs};
use tessera_model::documents::AssignmentState;
use tessera_report::{Asked, document};

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::figures::{RoundName, inputs};
use crate::selection;
use crate::tasks;
use crate::words::{Labels, count};

/// What can be exported, and what was.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExportsView {
    /// Applications that there are.
    pub applications: u32,
    /// Reviews that count.
    pub reviews: u32,
    /// Readers whose reviews count or who are to read.
    pub readers: u32,
    /// Rounds, for the report.
    pub rounds: Vec<RoundName>,
    /// Questions whose answers coordinators alone read, or that name the applicant.
    pub identity: Vec<String>,
    /// Questions whose answers every reader reads.
    pub dossier: Vec<String>,
    /// What left this device, the newest first.
    pub past: Vec<PastExport>,
}

/// Something that left.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PastExport {
    /// When, by this device's clock.
    pub at_ms: u64,
    /// `applications`, `scores`, `report`, `dossier`, `ranking`, `calibration`, `selection` or `snapshot`.
    pub what: String,
    /// The form of the file.
    pub form: String,
    /// The parts that were in it.
    pub parts: Vec<String>,
    /// Applications in it.
    pub applications: u32,
    /// Reviews in it.
    pub reviews: u32,
}

impl From<Left> for PastExport {
    fn from(left: Left) -> Self {
        let Left { at_ms, what, form, parts, applications, reviews } = left;
        Self { at_ms, what, form, parts, applications, reviews }
    }
}

/// What is to be exported.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExportRequest {
    /// What.
    pub what: ExportKind,
    /// `csv`, `xlsx`, `json`; `html` or `pdf` of a report.
    pub form: ExportForm,
    /// Answers that coordinators alone read or that name the applicant.
    pub identity: bool,
    /// Answers that every reader reads.
    pub dossier: bool,
    /// Verdicts on conditions, and withdrawals.
    pub eligibility: bool,
    /// The reviews that count.
    pub scores: bool,
    /// Names of readers instead of pseudonyms.
    pub names: bool,
    /// Only this round, of a report and of figures.
    pub round: Option<String>,
}

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum ExportKind {
    /// Applications, a row each.
    Applications,
    /// Scores as `tessera compute` reads them.
    Scores,
    /// Scores, agreement and severity as a document.
    Report,
    /// The order.
    Ranking,
    /// The order corrected for severity, beside the raw one.
    Calibration,
    /// Who would be selected by the programme's seats.
    Selection,
    /// What that selection was made from and what came out, so that anybody can calculate it again.
    Snapshot,
}

impl ExportKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Applications => "applications",
            Self::Scores => "scores",
            Self::Report => "report",
            Self::Ranking => "ranking",
            Self::Calibration => "calibration",
            Self::Selection => "selection",
            Self::Snapshot => "snapshot",
        }
    }
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum ExportForm {
    /// Comma-separated values.
    Csv,
    /// A workbook.
    Xlsx,
    /// JSON.
    Json,
    /// A web page without scripts.
    Html,
    /// A PDF.
    Pdf,
}

impl ExportForm {
    /// The ending of the file's name.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
            Self::Html => "html",
            Self::Pdf => "pdf",
        }
    }
}

impl ExportRequest {
    fn compartments(&self) -> Compartments {
        Compartments {
            identity: self.identity,
            dossier: self.dossier,
            eligibility: self.eligibility,
            scores: self.scores,
            names: self.names && self.scores,
        }
    }

    /// What the file is called where the person says nothing else.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.what.as_str(), self.form.ending())
    }

    /// Fails where what is asked for is no file.
    ///
    /// # Errors
    /// [`Failure`] `no-compartment`, `bad-input`.
    pub fn check(&self) -> Result<(), Failure> {
        let fits = match self.what {
            ExportKind::Applications
            | ExportKind::Ranking
            | ExportKind::Calibration
            | ExportKind::Selection => {
                matches!(self.form, ExportForm::Csv | ExportForm::Xlsx | ExportForm::Json)
            }
            ExportKind::Snapshot => self.form == ExportForm::Json,
            ExportKind::Scores => self.form == ExportForm::Csv,
            ExportKind::Report => matches!(self.form, ExportForm::Html | ExportForm::Pdf),
        };
        if !fits {
            return Err(Failure::bad_input("the form of the file"));
        }
        if self.what == ExportKind::Applications && self.compartments().words().is_empty() {
            return Err(Failure::new("no-compartment", "what is to be exported was not said"));
        }
        Ok(())
    }
}

/// Reads what can be exported, and what was.
///
/// # Errors
/// [`Failure`].
pub fn exports(session: &mut Session, language: &str) -> Result<ExportsView, Failure> {
    must_coordinate(session)?;
    let past = list(session)?.into_iter().map(PastExport::from).collect();
    let Some(programme) = tasks::programme_or_none(session)? else {
        let (identity, dossier, rounds) = (Vec::new(), Vec::new(), Vec::new());
        return Ok(ExportsView { applications: 0, reviews: 0, readers: 0, rounds, identity, dossier, past });
    };
    let labels = Labels::new(&programme, language);
    let (applications, reviews, assignments) =
        session.together(|acts| Ok((acts.applications()?.len(), acts.tallies()?, acts.assignments()?)))?;
    let counted: Vec<_> = reviews.iter().filter(|review| review.counts.is_ok()).collect();
    let mut readers: Vec<_> = assignments
        .iter()
        .filter(|(_, one)| one.state == Some(AssignmentState::Assigned))
        .map(|(pair, _)| pair.member)
        .chain(counted.iter().map(|review| review.member))
        .collect();
    readers.sort_unstable();
    readers.dedup();
    let questions = |part: Compartments| -> Vec<String> {
        tessera_engine::export::fields(&programme, part).iter().map(|key| labels.field(key)).collect()
    };
    Ok(ExportsView {
        applications: count(applications),
        reviews: count(counted.len()),
        readers: count(readers.len()),
        rounds: RoundName::all(&programme, labels),
        identity: questions(Compartments { identity: true, ..Compartments::default() }),
        dossier: questions(Compartments { dossier: true, ..Compartments::default() }),
        past,
    })
}

/// What was collected from the home; it becomes a file without it.
pub struct Collected {
    contents: Contents,
    form: ExportForm,
    left: Left,
}

enum Contents {
    Table(Box<Exported>),
    Bytes(Vec<u8>),
    Report(Box<Inputs>, Option<String>),
    /// Figures that were calculated, as a table and as JSON.
    Figures(Box<Figures>, Value),
    /// A correction that is to be calculated; true in a demonstration.
    Calibration(Box<Inputs>, Option<String>, bool),
}

/// Collects what was asked for.
///
/// # Errors
/// [`Failure`].
pub fn collect(session: &mut Session, request: &ExportRequest) -> Result<Collected, Failure> {
    must_coordinate(session)?;
    request.check()?;
    let programme = tasks::programme(session)?;
    let form = request.form;
    let left = |parts: &[&str], applications: usize, reviews: usize| {
        Left::now(request.what.as_str(), form.ending(), parts, applications, reviews)
    };
    Ok(match request.what {
        ExportKind::Applications => {
            let compartments = request.compartments();
            let mut table = session.together(|acts| acts.export_table(&programme, compartments))?;
            if session.is_demo() {
                table.mark_demo();
            }
            let left = left(&compartments.words(), table.applications.len(), table.reviews.len());
            Collected { contents: Contents::Table(Box::new(table)), form, left }
        }
        ExportKind::Scores => {
            let names = Names::of(session)?;
            let called = |member| if request.names { names.handle(member) } else { names.id(member) };
            let table = session.together(|acts| acts.scores(&programme, called))?;
            let reviews = table.scores.reviews();
            let mut applications: Vec<&str> = reviews.iter().map(|one| one.application.as_str()).collect();
            applications.sort_unstable();
            applications.dedup();
            let parts: &[&str] = if request.names { &["scores", "names"] } else { &["scores"] };
            let left = left(parts, applications.len(), reviews.len());
            Collected { contents: Contents::Bytes(table.scores.to_csv()), form, left }
        }
        ExportKind::Report => {
            let (_, inputs, titles) = inputs(session, request.round.as_deref())?;
            let left = left(&["scores", "names"], titles.len(), inputs.scores.reviews().len());
            Collected { contents: Contents::Report(Box::new(inputs), request.round.clone()), form, left }
        }
        ExportKind::Ranking => {
            let (_, inputs, _) = inputs(session, request.round.as_deref())?;
            let order = compute::ranking(&inputs, request.round.as_deref())?;
            let left = left(&["figures"], order.rows.len(), inputs.scores.reviews().len());
            let contents = figures::ranking(&order.rows, session.is_demo())?;
            Collected { contents, form, left }
        }
        ExportKind::Calibration => {
            let (_, inputs, titles) = inputs(session, request.round.as_deref())?;
            let left = left(&["figures"], titles.len(), inputs.scores.reviews().len());
            let (round, demo) = (request.round.clone(), session.is_demo());
            Collected { contents: Contents::Calibration(Box::new(inputs), round, demo), form, left }
        }
        ExportKind::Selection => {
            let (selection, _, reviews) = selection::own(session, request.round.as_deref())?;
            let left = left(&["figures"], selection.rows.len(), reviews);
            let contents = figures::selection(&selection, session.is_demo())?;
            Collected { contents, form, left }
        }
        ExportKind::Snapshot => {
            let (selection, record, reviews) = selection::own(session, request.round.as_deref())?;
            let left = left(&["figures"], selection.rows.len(), reviews);
            Collected { contents: Contents::Bytes(record), form, left }
        }
    })
}

impl Collected {
    /// Writes it where the person said; a report and a correction are calculated now, which takes a moment.
    ///
    /// # Errors
    /// [`Failure`]; nothing was written then.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        Ok(write_atomically(path, &self.bytes(&self.contents)?)?)
    }

    fn bytes(&self, contents: &Contents) -> Result<Vec<u8>, Failure> {
        Ok(match contents {
            Contents::Bytes(bytes) => bytes.clone(),
            Contents::Figures(table, rows) => match self.form {
                ExportForm::Xlsx => table.to_xlsx()?,
                ExportForm::Json => format!("{rows:#}\n").into_bytes(),
                _ => table.to_csv(),
            },
            Contents::Calibration(inputs, round, demo) => {
                let found = compute::calibration(inputs, round.as_deref(), false)?;
                self.bytes(&figures::calibration(&found.rows, *demo)?)?
            }
            Contents::Table(table) => match self.form {
                ExportForm::Xlsx => table.to_xlsx()?,
                ExportForm::Json => format!("{:#}\n", Value::from(table.to_json())).into_bytes(),
                _ => table.to_csv(),
            },
            Contents::Report(inputs, round) => {
                let asked =
                    Asked { round: round.as_deref(), even_if_red: false, version: env!("CARGO_PKG_VERSION") };
                let document = document(inputs, &asked).map_err(|error| Failure::from(*error))?;
                let unwritten = |error: tessera_report::ReportError| Failure::new("bug", error.to_string());
                match self.form {
                    ExportForm::Pdf => document.to_pdf().map_err(unwritten)?,
                    _ => document.to_html().map_err(unwritten)?.into_bytes(),
                }
            }
        })
    }

    /// Notes in the home that it left.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn note(&self, session: &mut Session) -> Result<(), Failure> {
        Ok(note(session, &self.left)?)
    }
}
