//! Tables of people's own making before they are taken: their columns, what each most likely is, and what was chosen. Shared by
//! the desks that take such tables ([`crate::verdicts`], [`crate::scores`]); what a row says is theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::session::Session;
use tessera_driver::tables;
use tessera_engine::intake::{Mapping, Refused};
use tessera_model::programme::words::Text;
use tessera_model::table::Table;
use tessera_protocol::ids::ApplicationId;

use crate::board::{FilterOption, fold};
use crate::failure::Failure;
use crate::intake::{ENTRIES, IntakeColumn, NOWHERE, Opened, UnknownValue, column, meant};
use crate::words::count;

/// What names the applications.
pub(crate) const APPLICATION: &str = "application";

/// A table before its columns are matched with what is asked for.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TableView {
    /// The file's name.
    pub file: String,
    /// Rows below the header.
    pub rows: u32,
    /// Worksheets of a workbook.
    pub sheets: Vec<String>,
    /// The worksheet that was read.
    pub sheet: Option<String>,
    /// Columns, in the file's order; `how` is `remembered`, `name`, `cells`, or none.
    pub columns: Vec<IntakeColumn>,
    /// What a column can be.
    pub parts: Vec<TablePart>,
    /// What is meant by what stands in cells, by part, as it is remembered.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// True where what was chosen on this device before is taken up.
    pub remembered: bool,
}

/// What a column can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TablePart {
    /// Its key.
    pub key: String,
    /// What the programme calls it; none where that is not the programme's.
    pub label: Option<String>,
}

/// How the table is to be taken.
#[derive(Debug, Clone, Default, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TableChoices {
    /// The worksheet.
    pub sheet: Option<String>,
    /// By column: a part's key, or empty.
    pub columns: BTreeMap<String, String>,
    /// By part: what is meant by what stands in a cell.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a column can be, with all that it may be called.
pub(crate) struct Part {
    key: String,
    label: Option<String>,
    names: Vec<String>,
}

impl Part {
    /// A part that every such table has.
    pub(crate) fn plain(key: &str) -> Self {
        Self { key: key.to_owned(), label: None, names: Vec::new() }
    }

    /// A part of the programme's own, called by its label, by the label's text in any language, or by another key.
    pub(crate) fn called(key: String, label: String, text: Option<&Text>, other: &str) -> Self {
        let mut names = vec![label.clone(), other.to_owned()];
        if let Some(text) = text {
            names.extend(text.languages().map(|language| text.in_language(language).to_owned()));
        }
        Self { key, label: Some(label), names }
    }

    fn is_called(&self, name: &str) -> bool {
        let name = fold(name.trim());
        self.names.iter().chain([&self.key]).any(|one| fold(one.trim()) == name)
    }
}

/// Looks at a file, and guesses which column is what: as it was chosen for the last table of this name, by what it is called, or,
/// where applications are named, by what is in it.
pub(crate) fn view(
    session: &mut Session,
    path: &Path,
    sheet: Option<&str>,
    name: &str,
    parts: &[Part],
) -> Result<TableView, Failure> {
    let mapping = tables::remembered(session, name)?;
    let known = applications(session)?;
    let Opened { file, sheets, sheet, table } = Opened::of(path, sheet, &mapping)?;
    let guesses = guesses(&table, parts, &mapping, |cell| known.contains_key(cell));
    Ok(TableView {
        file,
        rows: count(table.rows.len()),
        sheets,
        sheet,
        columns: (0..)
            .zip(&table.columns)
            .zip(guesses)
            .map(|((at, name), guess)| column(&table, at, name, guess))
            .collect(),
        parts: parts
            .iter()
            .map(|part| TablePart { key: part.key.clone(), label: part.label.clone() })
            .collect(),
        remembered: !mapping.columns.is_empty(),
        values: mapping.values,
    })
}

/// Which applications there are, by key and by id.
pub(crate) fn applications(session: &mut Session) -> Result<BTreeMap<String, ApplicationId>, Failure> {
    let keys = session.together(|acts| acts.application_keys())?;
    Ok(keys.into_iter().flat_map(|(id, key)| [(id.to_string(), id), (key, id)]).collect())
}

/// For each column the part that it most likely is, and why. No part is guessed twice.
fn guesses(
    table: &Table,
    parts: &[Part],
    mapping: &Mapping,
    is_application: impl Fn(&str) -> bool,
) -> Vec<(String, Option<&'static str>)> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut found: Vec<(String, Option<&'static str>)> = Vec::new();
    for name in &table.columns {
        let remembered = mapping.columns.get(name).filter(|to| parts.iter().any(|part| part.key == **to));
        let called = || parts.iter().find(|part| part.is_called(name)).map(|part| &part.key);
        let guess = match remembered {
            Some(to) => Some((to, "remembered")),
            None if mapping.ignore.contains(name) => None,
            None => called().map(|to| (to, "name")),
        };
        let guess = guess.filter(|(to, _)| taken.insert((*to).clone()));
        found.push(guess.map_or((NOWHERE.to_owned(), None), |(to, how)| (to.clone(), Some(how))));
    }
    if !taken.contains(APPLICATION) {
        let named = |at: usize| {
            table.rows.iter().filter(|row| row.cells.get(at).is_some_and(|cell| is_application(cell))).count()
        };
        let free = (0..found.len()).filter(|at| found[*at].0 == NOWHERE);
        let most = free.map(|at| (named(at), at)).max_by_key(|(rows, at)| (*rows, std::cmp::Reverse(*at)));
        if let Some((_, at)) = most.filter(|(rows, _)| *rows > 0) {
            found[at] = (APPLICATION.to_owned(), Some("cells"));
        }
    }
    found
}

/// What was chosen, as a mapping.
pub(crate) fn mapping(choices: &TableChoices) -> Result<Mapping, Failure> {
    let values: usize = choices.values.values().map(BTreeMap::len).sum();
    if choices.columns.len() > ENTRIES || values > ENTRIES {
        return Err(Failure::new("too-many", "a mapping has at most 5,000 entries"));
    }
    let (ignore, columns): (BTreeMap<_, _>, BTreeMap<_, _>) =
        choices.columns.clone().into_iter().partition(|(_, to)| to == NOWHERE);
    Ok(Mapping {
        sheet: choices.sheet.clone(),
        columns,
        ignore: ignore.into_keys().collect(),
        values: meant(&choices.values),
        ..Mapping::default()
    })
}

/// Reads a file as the table that is asked for.
pub(crate) fn asked(path: &Path, mapping: &Mapping) -> Result<Table, Failure> {
    let opened = Opened::of(path, mapping.sheet.as_deref(), mapping)?;
    Ok(tables::as_asked(&opened.table, mapping)?)
}

/// What the file calls the column of a part.
pub(crate) fn own_column(mapping: &Mapping, part: String) -> String {
    let own = mapping.columns.iter().find(|(_, to)| **to == part).map(|(column, _)| column.clone());
    own.unwrap_or(part)
}

/// A mistake with the column called as the file calls it.
pub(crate) fn in_file(refused: Refused, mapping: &Mapping) -> Refused {
    Refused { column: refused.column.map(|part| own_column(mapping, part)), ..refused }
}

/// Cells that are none of what can stand there, each once, the most frequent first: those that were refused by this code. `column` names
/// their column as the file does.
pub(crate) fn unknown(
    refused: &[Refused],
    code: &str,
    part: &str,
    options: &[FilterOption],
) -> Vec<UnknownValue> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in refused.iter().filter(|one| one.code == code && !one.value.is_empty()) {
        *counts.entry((one.column.as_deref().unwrap_or_default(), one.value.as_str())).or_default() += 1;
    }
    let mut found: Vec<UnknownValue> = counts
        .into_iter()
        .map(|((column, value), times)| UnknownValue {
            column: column.to_owned(),
            field: part.to_owned(),
            label: part.to_owned(),
            value: value.to_owned(),
            count: count(times),
            options: options.to_vec(),
        })
        .collect();
    found.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(text: &str, mapping: &str) -> Vec<(String, Option<&'static str>)> {
        let table = Table::read(text.as_bytes(), "t.csv", 100).unwrap();
        let question = "Is the applicant between 18 and 45?".to_owned();
        let parts = [
            Part::plain(APPLICATION),
            Part::plain("reason"),
            Part::called("verdict/age".to_owned(), question, None, "age"),
        ];
        let mapping = Mapping::parse(mapping, "m").unwrap();
        guesses(&table, &parts, &mapping, |cell| cell.starts_with("A-"))
    }

    #[test]
    fn columns_are_known_by_name_by_what_was_chosen_and_by_the_applications_in_them() {
        fn check(header: &str, mapping: &str, expected: [(&str, Option<&str>); 3]) {
            let found = guessed(&format!("{header}\nA-1,x,A-9\nA-2,y,\n"), mapping);
            let found: Vec<(&str, Option<&str>)> =
                found.iter().map(|(to, how)| (to.as_str(), *how)).collect();
            assert_eq!(found, expected, "{header} {mapping}");
        }
        let cells = ("application", Some("cells"));
        check("No,Age,Shoe", "", [cells, ("verdict/age", Some("name")), ("", None)]);
        check(
            "No,is the applicant between 18 and 45? ,REASON",
            "",
            [cells, ("verdict/age", Some("name")), ("reason", Some("name"))],
        );
        check("Application,Why,No", "", [("application", Some("name")), ("", None), ("", None)]);
        let chosen = "ignore = [\"Age\"]\n[columns]\nNo = \"application\"\nWhy = \"reason\"\nX = \"gone\"\n";
        let remembered = Some("remembered");
        check("Why,Age,No", chosen, [("reason", remembered), ("", None), ("application", remembered)]);
        check("X,reason,reason 2", chosen, [cells, ("reason", Some("name")), ("", None)]);
    }
}
