//! Writes a sample into a folder: the applications as a table (CSV, XLSX or JSON, the same rows), attachments,
//! reviewers, assignment, scores, comments, the truth and the needles.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::applicant::{Applicant, Oddity};
use crate::attachment::{Content, render};
use crate::generate::Sample;
use crate::needle::needles;
use crate::score::{ScoreRow, ScoreSpec, scores};

/// The columns of the applications' table, in order; `key` is the one to import by. Those that the seminar's form
/// has carry the form's keys; the others (name in Latin letters, city, referees, letters as text, …) are what a
/// spreadsheet brings along besides.
pub const COLUMNS: [&str; 37] = [
    "key",
    "full-name",
    "name-latin",
    "email",
    "phone",
    "country",
    "region",
    "city",
    "organisation",
    "position",
    "group",
    "birth-date",
    "gender",
    "languages",
    "years",
    "english-evidence",
    "project",
    "network-experience",
    "experience",
    "question-1",
    "question-2",
    "question-3",
    "question-4",
    "media-1",
    "media-2",
    "media-3",
    "referee-1",
    "referee-1-email",
    "letter-1",
    "referee-2",
    "referee-2-email",
    "letter-2",
    "route",
    "exception-reason",
    "submitted-at",
    "submitted-by",
    "attachments",
];

/// The first bytes of a UTF-8 file with a byte-order mark.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Form of the applications' table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// RFC 4180 with a header row.
    #[default]
    Csv,
    /// One worksheet, text cells only.
    Xlsx,
    /// An array of objects with text values.
    Json,
}

impl Format {
    /// Returns the name of the applications' file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "applications.csv",
            Self::Xlsx => "applications.xlsx",
            Self::Json => "applications.json",
        }
    }
}

/// What to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// Form of the applications' table.
    pub format: Format,
    /// Begin CSV files with a byte-order mark.
    pub bom: bool,
    /// Which scores to draw.
    pub scores: ScoreSpec,
    /// Write the attachments.
    pub attachments: bool,
    /// Size in bytes of the one attachment that is too large (made sparse); none = leave it out.
    pub oversize_bytes: Option<u64>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            format: Format::Csv,
            bom: false,
            scores: ScoreSpec::default(),
            attachments: true,
            oversize_bytes: None,
        }
    }
}

/// Says why a sample could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file or folder could not be written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The table could not be made.
    #[error("table: {0}")]
    Csv(#[from] csv::Error),
    /// The workbook could not be made.
    #[error("workbook: {0}")]
    Xlsx(#[from] XlsxError),
    /// A value could not be written as JSON.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
}

/// Returns one applicant as cells, in the order of [`COLUMNS`].
#[must_use]
pub fn row(applicant: &Applicant) -> Vec<String> {
    let media = |i: usize| {
        applicant
            .media
            .get(i)
            .map_or_else(String::new, |m| format!("{} | {} | {} | {}", m.title, m.outlet, m.date, m.url))
    };
    let [first, second] = &applicant.referees;
    let [q1, q2, q3, q4] = &applicant.answers;
    let listed = applicant.files.iter().filter(|f| f.content != Content::Oversize).map(|f| f.name.as_str());
    vec![
        applicant.key.clone(),
        applicant.name.clone(),
        applicant.name_latin.clone(),
        applicant.email.clone(),
        applicant.phone.clone(),
        applicant.country.clone(),
        applicant.region.as_str().to_owned(),
        applicant.city.clone(),
        applicant.organisation.clone(),
        applicant.position.clone(),
        applicant.target_group.as_str().to_owned(),
        applicant.birth_date.to_string(),
        applicant.gender.to_owned(),
        applicant.languages.join(";"),
        applicant.years().to_string(),
        applicant.english.clone(),
        applicant.project.clone(),
        applicant.network.clone(),
        applicant.experience.join("\n"),
        q1.clone(),
        q2.clone(),
        q3.clone(),
        q4.clone(),
        media(0),
        media(1),
        media(2),
        first.name.clone(),
        first.email.clone(),
        first.letter.clone().unwrap_or_default(),
        second.name.clone(),
        second.email.clone(),
        second.letter.clone().unwrap_or_default(),
        if applicant.exception.is_some() { "exception" } else { "standard" }.to_owned(),
        applicant.exception.as_ref().map_or_else(String::new, |e| e.reason.clone()),
        applicant.submitted_at.clone(),
        applicant.submitted_by.to_owned(),
        listed.collect::<Vec<_>>().join("; "),
    ]
}

/// Writes the whole folder; files of the same names are replaced, others stay.
///
/// # Errors
/// Returns the first file that could not be made.
pub fn write_sample(sample: &Sample, dir: &Path, options: &WriteOptions) -> Result<(), WriteError> {
    make_dir(dir)?;
    write(&dir.join(options.format.file_name()), &applications(sample, options)?)?;
    let reviewers = sample.reviewers.iter().map(|r| {
        let languages = r.languages.join(";");
        vec![
            r.key.clone(),
            r.name.clone(),
            r.email.clone(),
            r.region.as_str().to_owned(),
            r.country.clone(),
            languages,
            r.organisation.clone(),
        ]
    });
    let header = ["reviewer", "name", "email", "region", "country", "languages", "organisation"];
    write(&dir.join("reviewers.csv"), &table(options.bom, &header, reviewers)?)?;
    let pairs = sample.assignment.iter().map(|p| vec![p.application.clone(), p.reviewer.clone()]);
    write(&dir.join("assignment.csv"), &table(options.bom, &["application", "reviewer"], pairs)?)?;
    write_scores(sample, dir, options)?;
    if options.attachments {
        write_attachments(sample, &dir.join("attachments"), options.oversize_bytes)?;
    }
    write(&dir.join("truth.json"), &serde_json::to_vec_pretty(&Truth::of(sample))?)?;
    write(&dir.join("needles.json"), &serde_json::to_vec_pretty(&needles(sample))?)
}

/// Returns the applications' table in the form asked for.
///
/// # Errors
/// Returns what the writer of that form says; text of a sample gives it no reason.
pub fn applications(sample: &Sample, options: &WriteOptions) -> Result<Vec<u8>, WriteError> {
    match options.format {
        Format::Csv => table(options.bom, &COLUMNS, sample.applicants.iter().map(row)),
        Format::Xlsx => workbook(sample),
        Format::Json => {
            Ok(serde_json::to_vec_pretty(&sample.applicants.iter().map(Row).collect::<Vec<_>>())?)
        }
    }
}

/// An applicant as an object with the table's columns, in their order.
struct Row<'a>(&'a Applicant);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(COLUMNS.len()))?;
        for (column, cell) in COLUMNS.iter().zip(row(self.0)) {
            map.serialize_entry(column, &cell)?;
        }
        map.end()
    }
}

fn workbook(sample: &Sample) -> Result<Vec<u8>, WriteError> {
    let mut workbook = Workbook::new();
    // A fixed day, so that the same sample gives the same bytes.
    workbook
        .set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2019, 4, 1)?));
    let sheet = workbook.add_worksheet();
    sheet.set_name("applications")?;
    let header = COLUMNS.map(str::to_owned).to_vec();
    for (r, cells) in (0_u32..).zip(std::iter::once(header).chain(sample.applicants.iter().map(row))) {
        for (c, cell) in (0_u16..).zip(cells) {
            sheet.write_string(r, c, cell)?;
        }
    }
    Ok(workbook.save_to_buffer()?)
}

fn table<H: AsRef<[u8]>>(
    bom: bool,
    header: &[H],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<Vec<u8>, WriteError> {
    let start = if bom { BOM.to_vec() } else { Vec::new() };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start);
    writer.write_record(header)?;
    for cells in rows {
        writer.write_record(&cells)?;
    }
    writer.into_inner().map_err(|e| csv::Error::from(e.into_error()).into())
}

/// Writes `scores/<reviewer>.csv` and `comments/<reviewer>.csv`, and `scores/<reviewer>.jsonl` with both together.
fn write_scores(sample: &Sample, dir: &Path, options: &WriteOptions) -> Result<(), WriteError> {
    let spec = &options.scores;
    let rows = scores(sample, spec);
    make_dir(&dir.join("scores"))?;
    make_dir(&dir.join("comments"))?;
    let mut header: Vec<&str> = vec!["application", "reviewer", "round", "revision", "confidence"];
    header.extend(spec.criteria.iter().map(String::as_str));
    for reviewer in &sample.reviewers {
        let own: Vec<&ScoreRow> = rows.iter().filter(|r| r.reviewer == reviewer.key).collect();
        let cells = own.iter().map(|r| score_cells(r));
        write(
            &dir.join("scores").join(format!("{}.csv", reviewer.key)),
            &table(options.bom, &header, cells)?,
        )?;
        let comments = own.iter().flat_map(|r| comment_cells(r, spec));
        let columns = ["application", "reviewer", "round", "criterion", "comment"];
        write(
            &dir.join("comments").join(format!("{}.csv", reviewer.key)),
            &table(options.bom, &columns, comments)?,
        )?;
        let mut lines = Vec::new();
        for row in own {
            serde_json::to_writer(&mut lines, &ScoreLine::of(row, spec))?;
            lines.push(b'\n');
        }
        write(&dir.join("scores").join(format!("{}.jsonl", reviewer.key)), &lines)?;
    }
    Ok(())
}

fn score_cells(row: &ScoreRow) -> Vec<String> {
    let mut cells = vec![
        row.application.clone(),
        row.reviewer.clone(),
        row.round.clone(),
        row.revision.to_string(),
        row.confidence.to_string(),
    ];
    cells.extend(row.scores.iter().map(|s| s.map_or_else(|| "N/A".to_owned(), |v| v.to_string())));
    cells
}

/// One line for each criterion, then one without a criterion for the comment on the whole.
fn comment_cells(row: &ScoreRow, spec: &ScoreSpec) -> Vec<Vec<String>> {
    let criteria = spec.criteria.iter().map(String::as_str).chain([""]);
    criteria
        .zip(row.comments.iter().chain([&row.overall]))
        .map(|(criterion, comment)| {
            vec![
                row.application.clone(),
                row.reviewer.clone(),
                row.round.clone(),
                criterion.to_owned(),
                comment.clone(),
            ]
        })
        .collect()
}

/// One review as a line of JSON.
#[derive(Serialize)]
struct ScoreLine<'a> {
    application: &'a str,
    reviewer: &'a str,
    round: &'a str,
    revision: u32,
    confidence: i64,
    scores: BTreeMap<&'a str, Option<i64>>,
    comments: BTreeMap<&'a str, &'a str>,
    overall: &'a str,
}

impl<'a> ScoreLine<'a> {
    fn of(row: &'a ScoreRow, spec: &'a ScoreSpec) -> Self {
        let keys = || spec.criteria.iter().map(String::as_str);
        Self {
            application: &row.application,
            reviewer: &row.reviewer,
            round: &row.round,
            revision: row.revision,
            confidence: row.confidence,
            scores: keys().zip(row.scores.iter().copied()).collect(),
            comments: keys().zip(row.comments.iter().map(String::as_str)).collect(),
            overall: &row.overall,
        }
    }
}

/// Writes each applicant's files; names that would leave the folder are left to the table alone.
fn write_attachments(sample: &Sample, dir: &Path, oversize_bytes: Option<u64>) -> Result<(), WriteError> {
    for applicant in &sample.applicants {
        let folder = dir.join(&applicant.key);
        make_dir(&folder)?;
        for file in applicant.files.iter().filter(|f| f.fits_in_folder()) {
            let path = folder.join(&file.name);
            if file.content != Content::Oversize {
                write(&path, &render(applicant, file))?;
            } else if let Some(bytes) = oversize_bytes {
                write(&path, &render(applicant, file))?;
                let sparse = fs::OpenOptions::new().write(true).open(&path).and_then(|f| f.set_len(bytes));
                sparse.map_err(|source| WriteError::Io { path, source })?;
            }
        }
    }
    Ok(())
}

/// What the scores were drawn from.
#[derive(Serialize)]
struct Truth<'a> {
    seed: u64,
    quality: BTreeMap<&'a str, f64>,
    severity: BTreeMap<&'a str, f64>,
    oddities: BTreeMap<&'a str, Oddity>,
}

impl<'a> Truth<'a> {
    fn of(sample: &'a Sample) -> Self {
        Self {
            seed: sample.seed,
            quality: sample.applicants.iter().map(|a| (a.key.as_str(), a.quality)).collect(),
            severity: sample.reviewers.iter().map(|r| (r.key.as_str(), r.severity)).collect(),
            oddities: sample.applicants.iter().filter_map(|a| Some((a.key.as_str(), a.oddity?))).collect(),
        }
    }
}

fn make_dir(path: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(path).map_err(|source| WriteError::Io { path: path.to_path_buf(), source })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    fs::write(path, bytes).map_err(|source| WriteError::Io { path: path.to_path_buf(), source })
}
