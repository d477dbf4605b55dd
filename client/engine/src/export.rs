//! What leaves a coordinators' home as a table: the compartments that somebody asked for and nothing else. A cell that
//! a spreadsheet could run as a formula is made harmless; importing takes that back.
//!
//! In CSV there is one row for each review where scores are asked for, else one for each application; a workbook has
//! a sheet for each; JSON nests the reviews. Figures are tables of their own ([`figures`]).

pub mod figures;

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};
use serde_json::{Map, Value, json};
use tessera_model::cells::neutralise;
use tessera_model::decimal::Decimal;
use tessera_model::documents::Answer;
use tessera_model::documents::form::Route;
use tessera_model::programme::Programme;
use tessera_model::programme::form::{FieldKind, GoesTo};
use tessera_protocol::ids::MemberId;

use crate::eligibility::outcome_word;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::round;

/// What is exported. Keys and ids of applications always are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compartments {
    /// Answers that coordinators alone read, and those that name the applicant.
    pub identity: bool,
    /// Answers that every reader reads.
    pub dossier: bool,
    /// Verdicts on conditions, and withdrawals.
    pub eligibility: bool,
    /// Reviews that count.
    pub scores: bool,
    /// Names of reviewers instead of pseudonyms.
    pub names: bool,
}

impl Compartments {
    /// The words for what is exported.
    #[must_use]
    pub fn words(&self) -> Vec<&'static str> {
        let all = [
            (self.identity, "identity"),
            (self.dossier, "dossier"),
            (self.eligibility, "eligibility"),
            (self.scores, "scores"),
            (self.names, "names"),
        ];
        all.into_iter().filter(|(has, _)| *has).map(|(_, word)| word).collect()
    }
}

/// The column that marks what was exported from a demonstration; an import passes it over.
pub const DEMO_COLUMN: &str = "demonstration";

/// What was asked for, as one table of applications and one of reviews.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Columns of applications; the first is `application`.
    pub columns: Vec<String>,
    /// Applications, by key.
    pub applications: Vec<Vec<String>>,
    /// Columns of reviews, after the application's key; none where scores were not asked for.
    pub score_columns: Vec<String>,
    /// Reviews: the application's key, then a cell for each column.
    pub reviews: Vec<Vec<String>>,
}

impl Acts<'_> {
    /// Collects what was asked for.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] where this is no coordinator's home.
    pub fn export_table(
        &mut self,
        programme: &Programme,
        compartments: Compartments,
    ) -> Result<Exported, EngineError> {
        self.must_coordinate()?;
        let fields = fields(programme, compartments);
        let mut exported =
            Exported { columns: vec!["application".into(), "id".into()], ..Exported::default() };
        exported.columns.extend(fields.iter().cloned());
        if compartments.identity {
            exported.columns.push("route".into());
        }
        let gates: Vec<&str> = programme.gates.iter().map(|gate| gate.key.as_str()).collect();
        if compartments.eligibility {
            exported.columns.extend(["eligibility".into(), "withdrawn".into()]);
            exported.columns.extend(gates.iter().map(|gate| format!("gate-{gate}")));
        }
        let mut keys = BTreeMap::new();
        for (id, identity) in self.applications()? {
            let answers = self.answers(programme, id)?;
            let mut row = vec![identity.key.clone(), id.to_string()];
            row.extend(fields.iter().map(|field| answers.get(field).cloned().unwrap_or_default()));
            if compartments.identity {
                row.push(identity.route.map(Route::as_str).unwrap_or_default().to_owned());
            }
            if compartments.eligibility {
                let judged = self.eligibility(programme, id)?;
                row.push(outcome_word(&judged.outcome).to_owned());
                row.push(if self.withdrawal(id)?.is_some() { "yes" } else { "no" }.to_owned());
                let verdicts = &judged.read.value.gates;
                row.extend(gates.iter().map(|gate| {
                    verdicts.get(*gate).map(|one| one.verdict.as_str()).unwrap_or_default().to_owned()
                }));
            }
            exported.applications.push(row);
            keys.insert(id, identity.key);
        }
        if compartments.scores {
            self.export_reviews(programme, compartments, &keys, &mut exported)?;
        }
        Ok(exported)
    }

    fn export_reviews(
        &mut self,
        programme: &Programme,
        compartments: Compartments,
        keys: &BTreeMap<tessera_protocol::ids::ApplicationId, String>,
        exported: &mut Exported,
    ) -> Result<(), EngineError> {
        let criteria: Vec<&str> = programme.scored().map(|one| one.key.as_str()).collect();
        exported.score_columns = ["reviewer", "round", "revision", "confidence"].map(str::to_owned).to_vec();
        exported.score_columns.extend(criteria.iter().map(|key| (*key).to_owned()));
        exported.score_columns.push("overall".into());
        let persons = if compartments.names { self.persons()? } else { BTreeMap::new() };
        let reviewer = |member: MemberId| {
            let named = persons.get(&member).map(|person| person.name.clone());
            named.filter(|name| !name.is_empty()).unwrap_or_else(|| member.to_string()[..8].to_owned())
        };
        let rounds: BTreeMap<_, _> =
            programme.rounds.iter().map(|one| (round(one.key.as_str()), one.key.as_str())).collect();
        for review in self.reviews()? {
            let (Some(key), Ok(counted)) = (keys.get(&review.application), &review.counts) else { continue };
            let mut row = vec![
                key.clone(),
                reviewer(review.member),
                rounds.get(&review.round).map(|key| (*key).to_owned()).unwrap_or_default(),
                counted.revision.to_string(),
                counted.confidence.map(|number| number.to_string()).unwrap_or_default(),
            ];
            row.extend(criteria.iter().map(|key| match counted.values.get(*key) {
                Some(Answer::Score(score)) => score.to_string(),
                Some(Answer::NotApplicable { .. }) => "N/A".to_owned(),
                None => String::new(),
            }));
            row.push(counted.overall.clone());
            exported.reviews.push(row);
        }
        exported.reviews.sort();
        Ok(())
    }
}

/// The fields of the form that belong to the compartments.
#[must_use]
pub fn fields(programme: &Programme, compartments: Compartments) -> Vec<String> {
    let wanted = programme.fields.iter().filter(|field| {
        let goes_to = if field.kind == FieldKind::File { GoesTo::Identity } else { field.goes_to };
        if goes_to == GoesTo::Dossier { compartments.dossier } else { compartments.identity }
    });
    wanted.map(|field| field.key.as_str().to_owned()).collect()
}

impl Exported {
    /// Marks every application as one of a demonstration, whatever the table becomes.
    pub fn mark_demo(&mut self) {
        self.columns.push(DEMO_COLUMN.to_owned());
        for row in &mut self.applications {
            row.push("yes".to_owned());
        }
    }

    /// As CSV, RFC 4180, with a byte-order mark so that spreadsheets read it as UTF-8.
    #[must_use]
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = writer();
        let mut write = |cells: Vec<String>| put(&mut writer, cells);
        let scored = !self.score_columns.is_empty();
        write(self.columns.iter().chain(&self.score_columns).map(|cell| neutralise(cell)).collect());
        for application in &self.applications {
            let own: Vec<String> = application.iter().map(|cell| neutralise(cell)).collect();
            let mut any = false;
            for review in self.reviews.iter().filter(|review| review[0] == application[0]) {
                write(own.iter().cloned().chain(review[1..].iter().map(|cell| safe(cell))).collect());
                any = true;
            }
            if !any {
                let empty = std::iter::repeat_n(String::new(), self.score_columns.len());
                write(own.into_iter().chain(empty.filter(|_| scored)).collect());
            }
        }
        writer.into_inner().expect("flushing to memory does not fail")
    }

    /// As JSON: applications, each with its reviews where they were asked for.
    #[must_use]
    pub fn to_json(&self) -> Vec<Value> {
        let object = |columns: &[String], cells: &[String]| -> Map<String, Value> {
            columns.iter().cloned().zip(cells.iter().map(|cell| json!(cell))).collect()
        };
        let applications = self.applications.iter().map(|application| {
            let mut row = object(&self.columns, application);
            if !self.score_columns.is_empty() {
                let own = self.reviews.iter().filter(|review| review[0] == application[0]);
                let reviews: Vec<Value> =
                    own.map(|review| Value::Object(object(&self.score_columns, &review[1..]))).collect();
                row.insert("reviews".into(), reviews.into());
            }
            Value::Object(row)
        });
        applications.collect()
    }

    /// As a workbook of text cells, scores as numbers; no cell holds a formula.
    ///
    /// # Errors
    /// [`EngineError::BadInput`] where a cell is longer than a workbook can hold.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, EngineError> {
        let failed = |error: XlsxError| EngineError::BadInput(error.to_string());
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name("applications").map_err(failed)?;
        fill(sheet, &self.columns, &self.applications, self.columns.len()).map_err(failed)?;
        if !self.score_columns.is_empty() {
            let columns: Vec<String> =
                std::iter::once("application".to_owned()).chain(self.score_columns.clone()).collect();
            let sheet = workbook.add_worksheet();
            sheet.set_name("reviews").map_err(failed)?;
            fill(sheet, &columns, &self.reviews, 3).map_err(failed)?;
        }
        workbook.save_to_buffer().map_err(failed)
    }
}

/// A writer of CSV to memory.
fn writer() -> csv::Writer<Vec<u8>> {
    let start = b"\xef\xbb\xbf".to_vec();
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start)
}

fn put(writer: &mut csv::Writer<Vec<u8>>, cells: Vec<String>) {
    writer.write_record(&cells).expect("every record has as many cells, and memory takes them");
}

/// A number as it is, any other text made harmless.
fn safe(cell: &str) -> String {
    if cell.parse::<Decimal>().is_ok() { cell.to_owned() } else { neutralise(cell) }
}

/// Writes a sheet; columns from `numbers` on are numbers where they can be.
fn fill(
    sheet: &mut Worksheet,
    columns: &[String],
    rows: &[Vec<String>],
    numbers: usize,
) -> Result<(), XlsxError> {
    for (at, name) in (0_u16..).zip(columns) {
        sheet.write_string(0, at, neutralise(name))?;
    }
    for (line, row) in (1_u32..).zip(rows) {
        for (at, cell) in (0_u16..).zip(row) {
            match cell.parse::<f64>().ok().filter(|number| number.is_finite() && usize::from(at) >= numbers) {
                Some(number) => sheet.write_number(line, at, number)?,
                None => sheet.write_string(line, at, neutralise(cell))?,
            };
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::read_table;

    fn exported() -> Exported {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<String>>();
        Exported {
            columns: row(&["application", "id", "organisation"]),
            applications: vec![
                row(&["A1", "00", "=HYPERLINK(\"http://x.example\",\"a\")"]),
                row(&["A2", "01", "-1;=2"]),
            ],
            score_columns: row(&["reviewer", "round", "merit", "overall"]),
            reviews: vec![row(&["A1", "@eve", "reading", "4", "+good\t=1"])],
        }
    }

    #[test]
    fn h15_no_cell_of_an_export_is_a_formula_and_an_import_takes_it_back() {
        let csv = String::from_utf8(exported().to_csv()).unwrap();
        assert!(csv.contains("'=HYPERLINK") && csv.contains("'-1;'=2") && csv.contains("'@eve"), "{csv}");
        let table = read_table(csv.as_bytes(), "a.csv", None).unwrap();
        assert_eq!(table.columns.len(), 7);
        assert_eq!(table.rows[0].cells[2], "=HYPERLINK(\"http://x.example\",\"a\")");
        assert_eq!(table.rows[0].cells[5], "4");
        assert_eq!(table.rows[1].cells[2..], ["-1;=2", "", "", "", ""]);

        let xlsx = exported().to_xlsx().unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&xlsx)).unwrap();
        for at in 0..archive.len() {
            let mut part = String::new();
            std::io::Read::read_to_string(&mut archive.by_index(at).unwrap(), &mut part).unwrap();
            assert!(!part.contains("<f>") && !part.contains("<t>="), "{part}");
        }
        let table = read_table(&xlsx, "a.xlsx", Some("reviews")).unwrap();
        assert_eq!(table.rows[0].cells, ["A1", "@eve", "reading", "4", "+good\t=1"]);
        let table = read_table(&xlsx, "a.xlsx", None).unwrap();
        assert_eq!(table.rows[1].cells, ["A2", "01", "-1;=2"]);
    }

    #[test]
    fn nothing_is_exported_that_was_not_asked_for() {
        let programme =
            Programme::parse(include_str!("../../../shared/model/programmes/seminar.toml")).unwrap();
        let fields = |identity: bool, dossier: bool| {
            fields(&programme, Compartments { identity, dossier, ..Compartments::default() })
        };
        assert_eq!(fields(false, false), Vec::<String>::new());
        assert!(fields(true, false).contains(&"email".to_owned()));
        assert!(fields(true, false).contains(&"full-name".to_owned()), "it names the applicant");
        assert!(!fields(false, true).contains(&"full-name".to_owned()));
        assert!(fields(false, true).contains(&"question-1".to_owned()));
    }
}
