//! The intake desk: a table is looked at, its columns are matched with the form, everything is tried without being done, and
//! then taken in. Whatever is chosen here is remembered on this device for the next table.

mod guess;
mod placing;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::intake::{Intake, IntakeError, Progress, Source, read, remembered};
use tessera_driver::session::Session;
use tessera_engine::intake::{Mapping, read_table, sheets};
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::programme::form::FieldKind;
use tessera_model::table::Table;

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::seen::is_read;
use crate::tasks;
use crate::words::{Labels, count};

pub use placing::{FilePlace, FiledView, PatternView, Placing, SlotView, StrangeFolder};
pub use report::{AgainView, ChangeView, IntakeReport, IntakeRow, ProblemView, RemarkView, UnknownValue};
pub(crate) use report::{SHOWN, number, problem, remark, taken_word};

/// A column whose cells name files.
pub const FILES: &str = "@files";
/// A column that goes nowhere.
pub const NOWHERE: &str = "";
/// How many cells of a column are shown.
const SAMPLES: usize = 3;
/// The longest beginning of a cell that is shown, in characters.
const SAMPLE_CHARS: usize = 60;
/// The most entries of a mapping that a screen may hand over.
pub(crate) const ENTRIES: usize = 5_000;
/// The most entries of a folder that are counted before it is read.
const SEEN: usize = 100_000;

/// What a person chose: files of this device, named by the system's own dialog.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// The table.
    pub table: Option<PathBuf>,
    /// The folder of files.
    pub folder: Option<PathBuf>,
}

/// A table before it is matched with the form.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IntakeTable {
    /// The file's name.
    pub file: String,
    /// The name of the folder with files, where one was chosen.
    pub folder: Option<String>,
    /// How many folders are in it.
    pub folders: u32,
    /// How many files lie in it beside the folders.
    pub loose: u32,
    /// Rows below the header.
    pub rows: u32,
    /// Worksheets of a workbook.
    pub sheets: Vec<String>,
    /// The worksheet that was read.
    pub sheet: Option<String>,
    /// The column that most likely names the applications.
    pub key: Option<String>,
    /// Columns, in the file's order.
    pub columns: Vec<IntakeColumn>,
    /// What a column can be.
    pub fields: Vec<IntakeField>,
    /// What is meant by what stands in cells, by field, as it is remembered.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// Where files go, as it is remembered.
    pub placing: Placing,
    /// True where an earlier import on this device is taken up.
    pub remembered: bool,
}

/// A column of the table.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IntakeColumn {
    /// Its name.
    pub name: String,
    /// The field that it most likely is; empty: none; `@files`: its cells name files.
    pub to: String,
    /// Why so: `remembered`, `name`, `alike`, or none.
    pub how: Option<String>,
    /// The first different cells.
    pub samples: Vec<String>,
    /// Cells that are not empty.
    pub filled: u32,
    /// True where no two cells are the same and none is empty.
    pub unique: bool,
}

/// What a column can be.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IntakeField {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// Whether an application without it is incomplete.
    pub required: bool,
    /// `text`, `number`, `date`, `choice`, `file`, `essay`; `figure` for what adjusts totals or fills quotas.
    pub kind: String,
    /// True where readers see the answer.
    pub read: bool,
}

/// How the table is to be taken in.
#[derive(Debug, Clone, Default, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IntakeChoices {
    /// The worksheet.
    pub sheet: Option<String>,
    /// The column that names the application.
    pub key: String,
    /// By column: a field's key, `@files`, or empty.
    pub columns: BTreeMap<String, String>,
    /// By field: what is meant by what stands in a cell.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// Where files go.
    pub placing: Placing,
    /// Take new applications in though the table has no column for a required answer.
    pub partial: bool,
    /// Take rows in as new though they are here by the key of another column.
    pub new_key: bool,
}

/// How far an import, or its preview, is.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IntakeProgress {
    /// Applications done.
    pub done: u32,
    /// Of so many.
    pub of: u32,
    /// Bytes of files that were read.
    pub bytes: u64,
}

impl From<Progress> for IntakeProgress {
    fn from(progress: Progress) -> Self {
        Self { done: count(progress.done), of: count(progress.of), bytes: progress.bytes }
    }
}

impl From<IntakeError> for Failure {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Input(error) => error.into(),
            IntakeError::Io { path, source } => {
                Self::new("file-unreadable", source.to_string()).at(name(&path))
            }
            IntakeError::Again(_) => Self::new("key-changed", error.to_string()),
            IntakeError::Session(error) => error.into(),
        }
    }
}

/// The last part of a path: a page is told no more of where things are.
fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A table that was read from its file.
pub(crate) struct Opened {
    /// The file's name.
    pub(crate) file: String,
    /// Worksheets of a workbook.
    pub(crate) sheets: Vec<String>,
    /// The one that was read.
    pub(crate) sheet: Option<String>,
    /// What is in it.
    pub(crate) table: Table,
}

impl Opened {
    /// Reads a file: the worksheet that is wanted, else the one of the last time, else the first.
    pub(crate) fn of(path: &Path, sheet: Option<&str>, mapping: &Mapping) -> Result<Self, Failure> {
        let bytes = read(path)?;
        let file = name(path);
        let sheets = sheets(&bytes, &file)?;
        let wanted = sheet.map(str::to_owned).or_else(|| mapping.sheet.clone());
        let sheet = wanted.filter(|wanted| sheets.contains(wanted)).or_else(|| sheets.first().cloned());
        let table = read_table(&bytes, &file, sheet.as_deref())?;
        Ok(Self { file, sheets, sheet, table })
    }
}

/// Looks at a table and guesses whose column is what. Nothing is changed.
///
/// # Errors
/// [`Failure`] where the file is no table.
pub fn table(
    session: &mut Session,
    chosen: &Chosen,
    sheet: Option<&str>,
    language: &str,
) -> Result<IntakeTable, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let path = chosen.table.as_deref().ok_or_else(|| Failure::not_found("the table"))?;
    let known = remembered::mapping(session)?;
    let key = remembered::key(session)?;
    // A remembered mapping that can no longer be read costs its guesses and nothing else.
    let mapping = known.and_then(Result::ok);
    let remembered = mapping.is_some();
    let mapping = mapping.unwrap_or_default();
    let Opened { file, sheets, sheet, table } = Opened::of(path, sheet, &mapping)?;
    let labels = Labels::new(&programme, language);
    let guesses = guess::columns(&programme, &table, &mapping);
    let columns: Vec<IntakeColumn> = (0..)
        .zip(&table.columns)
        .zip(guesses)
        .map(|((at, name), guess)| column(&table, at, name, guess))
        .collect();
    let (folders, loose) = chosen.folder.as_deref().map_or((0, 0), lying);
    Ok(IntakeTable {
        file,
        folder: chosen.folder.as_deref().map(name),
        folders: count(folders),
        loose: count(loose),
        rows: count(table.rows.len()),
        sheets,
        sheet,
        key: guess::key(&columns, key.as_deref()),
        columns,
        fields: fields(&programme, labels),
        placing: Placing::of(&mapping),
        values: mapping.values,
        remembered,
    })
}

pub(crate) fn column(
    table: &Table,
    at: usize,
    name: &str,
    guess: (String, Option<&'static str>),
) -> IntakeColumn {
    let mut seen = BTreeSet::new();
    let mut samples = Vec::new();
    let mut filled = 0;
    for cell in table.rows.iter().filter_map(|row| row.cells.get(at)).filter(|cell| !cell.trim().is_empty()) {
        filled += 1;
        if seen.insert(cell.as_str()) && samples.len() < SAMPLES {
            samples.push(begun(cell));
        }
    }
    IntakeColumn {
        name: name.to_owned(),
        to: guess.0,
        how: guess.1.map(str::to_owned),
        samples,
        filled: count(filled),
        unique: filled > 0 && filled == table.rows.len() && seen.len() == filled,
    }
}

fn begun(cell: &str) -> String {
    let mut begun: String = cell.chars().take(SAMPLE_CHARS).collect();
    if cell.chars().nth(SAMPLE_CHARS).is_some() {
        begun.push('…');
    }
    begun
}

/// How many folders are in a folder, and how many files.
fn lying(path: &Path) -> (usize, usize) {
    let Ok(entries) = std::fs::read_dir(path) else { return (0, 0) };
    let kinds = entries.take(SEEN).flatten().filter_map(|entry| entry.file_type().ok());
    kinds.fold((0, 0), |(folders, files), kind| match kind.is_dir() {
        true => (folders + 1, files),
        false => (folders, files + 1),
    })
}

/// Everything that a column can be: the form's fields, and what adjusts totals or fills quotas.
fn fields(programme: &Programme, labels: Labels<'_>) -> Vec<IntakeField> {
    let mut fields: Vec<IntakeField> = programme
        .fields
        .iter()
        .map(|field| IntakeField {
            key: field.key.to_string(),
            label: labels.field(field.key.as_str()),
            required: field.required,
            kind: kind(field.kind).to_owned(),
            read: is_read(programme, field),
        })
        .collect();
    let policy = Policy::of(programme).unwrap_or_default();
    let quotas =
        programme.seats.iter().flat_map(|seats| seats.quotas.iter().map(|quota| quota.field.to_string()));
    for key in policy.add.into_iter().chain(policy.subtract).chain(quotas) {
        if !fields.iter().any(|field| field.key == key) {
            let label = key.clone();
            fields.push(IntakeField { key, label, required: false, kind: "figure".to_owned(), read: false });
        }
    }
    fields
}

/// The word for a kind of answer.
pub(crate) fn kind(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Number => "number",
        FieldKind::Date => "date",
        FieldKind::Choice => "choice",
        FieldKind::File => "file",
        FieldKind::Essay => "essay",
    }
}

/// The mapping that was chosen.
fn mapping(choices: &IntakeChoices) -> Result<Mapping, Failure> {
    let values: usize = choices.values.values().map(BTreeMap::len).sum();
    if [choices.columns.len(), values, choices.placing.len()].iter().any(|count| *count > ENTRIES) {
        return Err(Failure::new("too-many", "a mapping has at most 5,000 entries"));
    }
    let mut mapping = Mapping { sheet: choices.sheet.clone(), ..Mapping::default() };
    choices.placing.say(&mut mapping);
    for (column, to) in &choices.columns {
        match to.as_str() {
            NOWHERE if *column == choices.key => {}
            NOWHERE => mapping.ignore.push(column.clone()),
            FILES => mapping.attachments.push(column.clone()),
            field => drop(mapping.columns.insert(column.clone(), field.to_owned())),
        }
    }
    mapping.values = meant(&choices.values);
    mapping.remembered = true;
    Ok(mapping)
}

/// What was said of cells, without what was left unsaid.
pub(crate) fn meant(
    values: &BTreeMap<String, BTreeMap<String, String>>,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let filled = |(field, values): (&String, &BTreeMap<String, String>)| {
        let said: BTreeMap<String, String> = values
            .iter()
            .filter(|(_, to)| !to.is_empty())
            .map(|(from, to)| (from.clone(), to.clone()))
            .collect();
        (!said.is_empty()).then(|| (field.clone(), said))
    };
    values.iter().filter_map(filled).collect()
}

/// Tries a table, or takes it in: step by step, so that other work goes on between two steps and a person can call it off.
/// What was taken by then is taken.
///
/// # Errors
/// [`Failure`] where the table itself is wrong; nothing was changed then.
pub fn run(
    session: &Mutex<Session>,
    chosen: &Chosen,
    choices: &IntakeChoices,
    dry_run: bool,
    language: &str,
    step: &mut dyn FnMut(IntakeProgress) -> ControlFlow<()>,
) -> Result<IntakeReport, Failure> {
    let session = || session.lock().unwrap_or_else(PoisonError::into_inner);
    let table = chosen.table.as_deref().ok_or_else(|| Failure::not_found("the table"))?;
    must_coordinate(&mut session())?;
    let mapping = mapping(choices)?;
    // What cannot be remembered is told before anything is taken.
    let text = mapping.to_text()?;
    let source = Source {
        table,
        key: &choices.key,
        attachments: chosen.folder.as_deref(),
        mapping: &mapping,
        partial: dry_run || choices.partial,
        new_key: choices.new_key,
        dry_run,
    };
    let mut intake = Intake::open(&mut session(), &source)?;
    let mut stopped = false;
    while let Some(batch) = intake.look()? {
        let progress = intake.take(&mut session(), &batch)?;
        if step(progress.into()).is_break() && progress.done < progress.of {
            stopped = true;
            break;
        }
    }
    let found = intake.finish();
    let mut session = session();
    if !dry_run {
        remembered::remember(&mut session, &text)?;
        remembered::remember_key(&mut session, &choices.key)?;
    }
    let programme = tasks::programme(&mut session)?;
    Ok(report::report(&programme, Labels::new(&programme, language), &mapping, found, dry_run, stopped))
}
