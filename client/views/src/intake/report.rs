//! What an import would do, or did: rows, mistakes with their place, what is worth saying, and cells that are none of the
//! answers to choose from.

use std::collections::BTreeMap;

use serde::Serialize;
use specta::Type;
use tessera_driver::intake::{Fate, Report};
use tessera_engine::intake::{Mapping, Refused, Remark};
use tessera_engine::programme::Taken;
use tessera_model::programme::Programme;

use super::placing::{FiledView, PatternView, SlotView, StrangeFolder, filed, slots, strange};
use crate::board::FilterOption;
use crate::words::{Labels, count};

/// The most rows, mistakes and remarks that a screen is handed over.
pub(crate) const SHOWN: usize = 20_000;

/// What an import would do, or did.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IntakeReport {
    /// True for what was done; false for a preview.
    pub done: bool,
    /// True where somebody called it off; what was taken by then is taken.
    pub stopped: bool,
    /// New applications.
    pub new: u32,
    /// Applications with other answers or files than are here.
    pub changed: u32,
    /// Applications that are here just so.
    pub same: u32,
    /// Files that were found and can be taken.
    pub files: u32,
    /// Files that were left out, as somebody said.
    pub left_out: u32,
    /// Files that fit no application of the table, and are not taken.
    pub unplaced: u32,
    /// What becomes of each file of the folder; those first about which somebody has to say something.
    pub filed: Vec<FiledView>,
    /// How many files there are, those among them that are not shown.
    pub filed_count: u32,
    /// What files can be, with what was found of each.
    pub slots: Vec<SlotView>,
    /// Patterns that several files share about which somebody has to say something.
    pub patterns: Vec<PatternView>,
    /// Folders that belong to no application.
    pub strange: Vec<StrangeFolder>,
    /// Rows, in the file's order.
    pub rows: Vec<IntakeRow>,
    /// Rows and files that are not taken in.
    pub refused: Vec<ProblemView>,
    /// How many rows are not taken in.
    pub refused_rows: u32,
    /// What is worth saying.
    pub remarks: Vec<RemarkView>,
    /// Required answers for which the table has no column, as people call them.
    pub absent: Vec<String>,
    /// Rows that are here already by another key.
    pub again: Option<AgainView>,
    /// Cells that are none of the answers to choose from.
    pub unknown: Vec<UnknownValue>,
}

/// One row.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IntakeRow {
    /// Its number in the file.
    pub row: u32,
    /// The application's id.
    pub application: String,
    /// Its key.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
    /// `new`, `changed` or `same`.
    pub outcome: String,
    /// Files that were found.
    pub files: u32,
    /// What would change; only in a preview.
    pub changes: Vec<ChangeView>,
}

/// An answer that would change.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    /// What the field is called.
    pub label: String,
    /// What is here.
    pub before: String,
    /// What the row says.
    pub after: String,
}

/// A row or a file that is not taken in.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProblemView {
    /// Its row in the file.
    pub row: Option<u32>,
    /// The application's key, as far as it is known.
    pub key: Option<String>,
    /// The column.
    pub column: Option<String>,
    /// Which mistake: kebab-case.
    pub code: String,
    /// What stands there: a cell, or a file's name.
    pub value: String,
    /// In English.
    pub text: String,
}

/// Something that is worth saying and stops nothing.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RemarkView {
    /// Its row in the file.
    pub row: Option<u32>,
    /// The application's key, where it is about one.
    pub key: Option<String>,
    /// What it is: kebab-case.
    pub code: String,
    /// What it is about, as people call it: answers, columns, files.
    pub about: Vec<String>,
    /// In English.
    pub text: String,
}

/// Rows that are here already by the key of another column.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AgainView {
    /// The column that holds the keys by which they are here.
    pub column: String,
    /// How many rows.
    pub count: u32,
    /// The key by which the first of them is here.
    pub known: String,
    /// The key that it would get.
    pub key: String,
}

/// What stands in cells of a column and is none of the answers to choose from.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UnknownValue {
    /// The column.
    pub column: String,
    /// The field's key.
    pub field: String,
    /// What the field is called.
    pub label: String,
    /// What stands there.
    pub value: String,
    /// In how many rows.
    pub count: u32,
    /// The answers to choose from.
    pub options: Vec<FilterOption>,
}

pub(super) fn report(
    programme: &Programme,
    labels: Labels<'_>,
    mapping: &Mapping,
    found: Report,
    dry_run: bool,
    stopped: bool,
) -> IntakeReport {
    let of = |taken: Taken| count(found.count(taken));
    let rows = found.lines.iter().take(SHOWN).map(|line| IntakeRow {
        row: number(line.row),
        application: line.application.to_string(),
        key: line.key.clone(),
        title: line.title.clone(),
        outcome: taken_word(line.taken).to_owned(),
        files: count(line.files),
        changes: line
            .changes
            .iter()
            .map(|change| ChangeView {
                label: labels.field(&change.field),
                before: labels.answer(&change.field, &change.before),
                after: labels.answer(&change.field, &change.after),
            })
            .collect(),
    });
    let mut rows_refused: Vec<u64> = found
        .refused
        .iter()
        .filter(|one| !one.code.starts_with("attachment-"))
        .filter_map(|one| one.row)
        .collect();
    rows_refused.sort_unstable();
    rows_refused.dedup();
    let (filed, patterns) = filed(&found);
    IntakeReport {
        done: !dry_run,
        stopped,
        new: of(Taken::New),
        changed: of(Taken::Changed),
        same: of(Taken::Same),
        files: count(found.lines.iter().map(|line| line.files).sum()),
        left_out: count(found.count_files(|fate| fate == Fate::LeftOut)),
        unplaced: count(found.count_files(Fate::is_open)),
        filed,
        filed_count: count(found.files.len()),
        slots: slots(programme, labels, &found),
        patterns,
        strange: strange(&found),
        rows: rows.collect(),
        refused: found.refused.iter().take(SHOWN).map(problem).collect(),
        refused_rows: count(rows_refused.len()),
        remarks: found.remarks.iter().take(SHOWN).map(|one| remark(labels, one)).collect(),
        absent: found.absent.iter().map(|field| labels.field(field)).collect(),
        again: found.again.as_ref().map(|again| AgainView {
            column: again.column.clone(),
            count: count(again.count),
            known: again.known.clone(),
            key: again.key.clone(),
        }),
        unknown: unknown(programme, labels, mapping, &found.refused),
    }
}

/// The word for what becomes of a row.
pub(crate) fn taken_word(taken: Taken) -> &'static str {
    match taken {
        Taken::New => "new",
        Taken::Changed => "changed",
        Taken::Same => "same",
    }
}

/// The number of a row as a screen takes it.
pub(crate) fn number(row: u64) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

pub(crate) fn problem(refused: &Refused) -> ProblemView {
    ProblemView {
        row: refused.row.map(number),
        key: refused.application.clone(),
        column: refused.column.clone(),
        code: refused.code.to_owned(),
        value: refused.value.clone(),
        text: refused.message.clone(),
    }
}

pub(crate) fn remark(labels: Labels<'_>, remark: &Remark) -> RemarkView {
    let called = |about: &String| match remark.warning.code() {
        "answer-missing" | "answer-too-long" => labels.field(about),
        "attachment-more-than-asked" => labels.slot(about),
        _ => about.clone(),
    };
    RemarkView {
        row: remark.warning.row().map(number),
        key: remark.application.clone(),
        code: remark.warning.code().to_owned(),
        about: remark.about.iter().map(called).collect(),
        text: remark.warning.message(),
    }
}

/// Cells that are none of the answers to choose from, each once, the most frequent first.
fn unknown(
    programme: &Programme,
    labels: Labels<'_>,
    mapping: &Mapping,
    refused: &[Refused],
) -> Vec<UnknownValue> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in refused.iter().filter(|one| one.code == "choice-unknown") {
        if let Some(column) = &one.column {
            *counts.entry((column.as_str(), one.value.as_str())).or_default() += 1;
        }
    }
    let mut found: Vec<UnknownValue> = counts
        .into_iter()
        .filter_map(|((column, value), times)| {
            let field = mapping.field(programme, column);
            let asked = programme.fields.iter().find(|asked| asked.key.as_str() == field)?;
            let options = asked.options.iter();
            Some(UnknownValue {
                column: column.to_owned(),
                field: field.to_owned(),
                label: labels.field(field),
                value: value.to_owned(),
                count: count(times),
                options: options
                    .map(|one| FilterOption { key: one.key.to_string(), label: labels.said(&one.label) })
                    .collect(),
            })
        })
        .collect();
    found.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value)));
    found.truncate(SHOWN);
    found
}
