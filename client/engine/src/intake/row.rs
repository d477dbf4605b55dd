//! Cells become answers: whose column is what, whether an answer is what its field takes, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::decimal::Decimal;
use tessera_model::documents::Row;
use tessera_model::documents::record::MAX_TEXT_BYTES;
use tessera_model::input::{InputError, InputErrorKind, Place, Warning};
use tessera_model::programme::Programme;
use tessera_model::programme::form::{Field, FieldKind};
use tessera_model::sentence::Parameter;
use tessera_model::table::{Table, id};

use super::mapping::{Mapping, says};
use super::{Incoming, NamedFile, Prepared, Refused, Remark};

/// What a column is.
enum Column {
    /// The key, and perhaps an answer too.
    Key,
    /// An answer, or a column that adjusts totals or fills quotas.
    Answer(String),
    /// Names of files.
    Files(Option<String>),
    /// Nothing.
    Nothing,
}

/// Checks a table against the programme's form. Nothing is written.
///
/// # Errors
/// [`InputError`] where the file itself is wrong: no key column, a key that is there twice, two columns for one field.
pub fn prepare(
    table: &Table,
    programme: &Programme,
    key: &str,
    mapping: &Mapping,
) -> Result<Prepared, InputError> {
    let key_index = key_column(table, programme, key, mapping)?;
    let columns = columns(table, programme, key_index, mapping)?;
    let mut prepared = Prepared::default();
    let mut first: BTreeMap<String, u64> = BTreeMap::new();
    let has = |field: &Field| {
        columns.iter().zip(&table.columns).any(|(column, name)| match column {
            Column::Answer(key) => *key == field.key.as_str(),
            Column::Key => mapping.field(programme, name) == field.key.as_str(),
            _ => false,
        })
    };
    let required = programme.fields.iter().filter(|field| field.required && field.kind != FieldKind::File);
    prepared.absent =
        required.filter(|field| !has(field)).map(|field| field.key.as_str().to_owned()).collect();
    for row in &table.rows {
        let here = table.place.row(row.number);
        let at_key = here.column(&table.columns[key_index]);
        let key = match id(&row.cells[key_index], &at_key) {
            Ok(key) => key,
            Err(error) => {
                prepared.refused.push(Refused::at(&at_key, error.kind.code(), error.kind.to_string()));
                continue;
            }
        };
        if let Some(first_row) = first.insert(key.clone(), row.number) {
            return Err(at_key.error(InputErrorKind::DuplicateId { id: key, first_row }));
        }
        let mut reading = Reading { programme, mapping, prepared: &mut prepared, key: &key, bad: false };
        let mut incoming = Incoming {
            number: row.number,
            row: Row {
                key_column: mapping.field(programme, &table.columns[key_index]).to_owned(),
                key: key.clone(),
                fields: BTreeMap::new(),
            },
            named: Vec::new(),
        };
        for ((name, column), cell) in table.columns.iter().zip(&columns).zip(&row.cells) {
            let at = here.column(name);
            let field = match column {
                Column::Nothing => continue,
                Column::Files(slot) => {
                    incoming.named.extend(named(name, cell, slot.as_deref()));
                    continue;
                }
                Column::Key => mapping.field(programme, name),
                Column::Answer(field) => field,
            };
            let answer = reading.answer(field, cell, &at);
            incoming.row.fields.insert(field.to_owned(), answer);
        }
        let bad = reading.bad;
        if !bad {
            prepared.rows.push(incoming);
        }
    }
    unmapped(table, &columns, programme, &mut prepared.remarks);
    Ok(prepared)
}

fn key_column(
    table: &Table,
    programme: &Programme,
    key: &str,
    mapping: &Mapping,
) -> Result<usize, InputError> {
    let by_field = || table.columns.iter().position(|column| mapping.field(programme, column) == key);
    match table.column(key).or_else(by_field) {
        Some(index) => Ok(index),
        None => table.require(key),
    }
}

fn columns(
    table: &Table,
    programme: &Programme,
    key_index: usize,
    mapping: &Mapping,
) -> Result<Vec<Column>, InputError> {
    if !mapping.remembered {
        let said = mapping.columns.keys().chain(&mapping.ignore).chain(&mapping.attachments);
        said.map(|column| table.require(column)).collect::<Result<Vec<_>, _>>()?;
    }
    let mut seen = BTreeSet::new();
    let mut columns = Vec::new();
    for (index, name) in table.columns.iter().enumerate() {
        let field = mapping.field(programme, name);
        let asked = programme.fields.iter().find(|asked| asked.key.as_str() == field);
        let mark = name == crate::export::DEMO_COLUMN && asked.is_none();
        let column = if mark || mapping.ignore.contains(name) {
            Column::Nothing
        } else if mapping.attachments.contains(name) || (name == "attachments" && asked.is_none()) {
            Column::Files(None)
        } else if asked.is_some_and(|asked| asked.kind == FieldKind::File) {
            Column::Files(Some(field.to_owned()))
        } else if index == key_index {
            Column::Key
        } else {
            Column::Answer(field.to_owned())
        };
        if matches!(column, Column::Key | Column::Answer(_)) && !seen.insert(field.to_owned()) {
            let kind = InputErrorKind::DuplicateColumn { name: field.to_owned() };
            return Err(table.place.row(1).column(name).error(kind));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// The files that a cell names, separated by semicolons or line breaks.
fn named(column: &str, cell: &str, slot: Option<&str>) -> Vec<NamedFile> {
    let names = cell.split([';', '\n', '\r']).map(str::trim).filter(|name| !name.is_empty());
    let named = |name: &str| NamedFile {
        column: column.to_owned(),
        name: name.to_owned(),
        slot: slot.map(str::to_owned),
    };
    names.map(named).collect()
}

/// Warns of columns that go nowhere.
fn unmapped(table: &Table, columns: &[Column], programme: &Programme, remarks: &mut Vec<Remark>) {
    let answers = table.columns.iter().zip(columns).filter_map(|(name, column)| match column {
        Column::Answer(field) => Some((name, field)),
        _ => None,
    });
    let row = |fields: BTreeMap<String, String>| Row { fields, ..Row::default() };
    let all = row(answers.clone().map(|(_, field)| (field.clone(), "1".to_owned())).collect());
    let split = tessera_model::documents::split_form(programme, &[0; 16], &all);
    let nowhere = answers.filter(|(_, field)| split.unmapped.contains(field)).map(|(name, _)| name.clone());
    let nowhere: Vec<String> = nowhere.collect();
    if !nowhere.is_empty() {
        let warning =
            Warning::new("column-unmapped", "columns that are no field of the form go nowhere: {columns}");
        remarks.push(Remark::new(warning.with("columns", &nowhere[..]), nowhere));
    }
}

/// One row while it is read.
struct Reading<'a> {
    programme: &'a Programme,
    mapping: &'a Mapping,
    prepared: &'a mut Prepared,
    key: &'a str,
    bad: bool,
}

impl Reading<'_> {
    /// One answer as it is stored; what is wrong with it is noted.
    fn answer(&mut self, key: &str, cell: &str, at: &Place) -> String {
        let cell = self.mapping.value(key, cell);
        let field = self.programme.fields.iter().find(|field| field.key.as_str() == key);
        if cell.len() > MAX_TEXT_BYTES {
            self.refuse(at, cell, "cell-too-long", format!("longer than {MAX_TEXT_BYTES} bytes"));
        }
        let Some(field) = field else { return cell.to_owned() };
        if cell.is_empty() {
            if field.required {
                let missing = Warning::new("answer-missing", "{application}: `{field}` is not answered");
                self.warn(at, key, missing);
            }
            return String::new();
        }
        match field.kind {
            FieldKind::Number if cell.parse::<Decimal>().is_err() => {
                self.refuse(at, cell, "number-bad", format!("`{}` is no number", short(cell)));
            }
            FieldKind::Date if !is_day(cell) => {
                let message = format!("`{}` is no day such as 1980-02-29", short(cell));
                self.refuse(at, cell, "date-bad", message);
            }
            FieldKind::Choice => match choose(field, cell) {
                Ok(chosen) => return chosen,
                Err(other) => {
                    let known: Vec<&str> = field.options.iter().map(|one| one.key.as_str()).collect();
                    let message = format!("`{}` is none of {}", short(other), known.join(", "));
                    self.refuse(at, cell, "choice-unknown", message);
                }
            },
            FieldKind::Text | FieldKind::Essay => {
                let words = cell.split_whitespace().count();
                if let Some(most) = field.words.filter(|most| words > *most as usize) {
                    let too_long = Warning::new(
                        "answer-too-long",
                        "{application}: `{field}` has {words} words, {most} are asked for",
                    );
                    let most = Parameter::Count(most.into());
                    self.warn(at, key, too_long.with("words", words).with("most", most));
                }
            }
            _ => {}
        }
        cell.to_owned()
    }

    fn refuse(&mut self, at: &Place, cell: &str, code: &'static str, message: String) {
        self.bad = true;
        let (application, value) = (Some(self.key.to_owned()), begun(cell));
        self.prepared.refused.push(Refused { application, value, ..Refused::at(at, code, message) });
    }

    fn warn(&mut self, at: &Place, field: &str, warning: Warning) {
        let warning = warning.with("application", self.key).with("field", field);
        self.prepared.remarks.push(Remark::new(warning, vec![field.to_owned()]).of(at.row, self.key));
    }
}

/// What of a cell is kept with a mistake: all of it, as long as a mapping could name it.
fn begun(cell: &str) -> String {
    const MOST: usize = 300;
    cell.chars().take(MOST).collect()
}

/// The beginning of a cell, for a message.
fn short(cell: &str) -> String {
    cell.chars().take(40).collect()
}

/// The keys of the options that a cell names, by key or by label; or what is none.
fn choose<'c>(field: &Field, cell: &'c str) -> Result<String, &'c str> {
    let one = |said: &'c str| {
        let option = field.options.iter().find(|option| {
            option.key.as_str().to_lowercase() == said.to_lowercase() || says(&option.label, said)
        });
        option.map(|option| option.key.as_str()).ok_or(said)
    };
    if let Ok(key) = one(cell) {
        return Ok(key.to_owned());
    }
    if !field.many {
        return Err(cell);
    }
    let parts = cell.split([';', ',', '\n']).map(str::trim).filter(|part| !part.is_empty());
    Ok(parts.map(one).collect::<Result<Vec<_>, _>>()?.join(";"))
}

/// Says whether a text is a day of the calendar, written as 1980-02-29.
fn is_day(text: &str) -> bool {
    let mut parts = text.split('-').map(|part| {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| digits).map(|number| (number, part.len()))
    });
    let (Some(Some((year, 4))), Some(Some((month, 2))), Some(Some((day, 2))), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u16::from(leap),
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEMINAR: &str = include_str!("../../../../shared/model/programmes/seminar.toml");

    fn read(csv: &str, mapping: &str) -> Result<Prepared, InputError> {
        let table = Table::read(csv.as_bytes(), "a.csv", 1 << 20).unwrap();
        prepare(&table, &Programme::parse(SEMINAR).unwrap(), "key", &Mapping::parse(mapping, "m").unwrap())
    }

    #[test]
    fn a_bad_row_refuses_itself_alone() {
        let csv = "key,birth-date,region,years,email\nA1,1980-02-30,africa,4,a@b.example\nA2,1980-02-29,Europe and \
                   Central Asia,4.5,\nA3,,Atlantis,many,c@d.example\n,,,,x\n";
        let prepared = read(csv, "").unwrap();
        let refused: Vec<_> = prepared
            .refused
            .iter()
            .map(|one| (one.row.unwrap(), one.column.as_deref().unwrap(), one.code))
            .collect();
        let expected = [
            (2, "birth-date", "date-bad"),
            (4, "region", "choice-unknown"),
            (4, "years", "number-bad"),
            (5, "key", "cell-empty"),
        ];
        assert_eq!(refused, expected);
        assert_eq!(prepared.rows.len(), 1);
        assert_eq!(prepared.rows[0].row.fields["region"], "europe");
        assert!(prepared.absent.contains(&"full-name".to_owned()));
        assert!(
            prepared
                .remarks
                .iter()
                .any(|one| one.warning.code() == "answer-missing" && one.warning.row() == Some(3))
        );
    }

    #[test]
    fn a_file_that_is_wrong_itself_is_refused_whole() {
        fn check(csv: &str, mapping: &str, code: &str, row: u64, column: &str) {
            let error = read(csv, mapping).unwrap_err();
            assert_eq!(error.kind.code(), code, "{error}");
            assert_eq!((error.place.row, error.place.column.as_deref()), (Some(row), Some(column)));
        }
        check("name,region\nA1,africa\n", "", "column-missing", 1, "key");
        check("key,region\nA1,africa\nA2,asia-pacific\nA1,africa\n", "", "id-duplicate", 4, "key");
        check(
            "key,region,Where\nA1,africa,x\n",
            "[columns]\nWhere = \"region\"",
            "column-duplicate",
            1,
            "Where",
        );
        check("key,region\nA1,africa\n", "ignore = [\"Timestamp\"]", "column-missing", 1, "Timestamp");
    }

    #[test]
    fn a_mapping_renames_columns_and_values() {
        let mapping = "ignore = [\"Timestamp\"]\nattachments = [\"Files\"]\n[columns]\nCode = \"key\"\nWhere = \
                       \"region\"\n[values.region]\nAfrika = \"africa\"\n";
        let prepared =
            read("Code,Timestamp,Where,Files\nA1,12:00,Afrika,cv.pdf; ../x.pdf\n", mapping).unwrap();
        assert_eq!(prepared.refused, []);
        let row = &prepared.rows[0];
        assert_eq!((row.row.key.as_str(), row.row.fields["region"].as_str()), ("A1", "africa"));
        let names: Vec<&str> = row.named.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["cv.pdf", "../x.pdf"]);
        assert!(!prepared.remarks.iter().any(|one| one.warning.code() == "column-unmapped"));
    }

    #[test]
    fn days_are_days() {
        for (text, expected) in [
            ("2000-02-29", true),
            ("1900-02-29", false),
            ("2019-04-31", false),
            ("2019-4-1", false),
            ("14/05/1968", false),
            ("2019-12-31", true),
            ("2019-12-00", false),
            ("+019-12-01", false),
        ] {
            assert_eq!(is_day(text), expected, "{text}");
        }
    }
}
