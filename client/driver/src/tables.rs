//! Tables of people's own making, as the table that is asked for: which column is which, what is meant by what stands in cells,
//! and that this device remembers it for the next one. Not tables of applications ([`crate::intake`]), and not what a row says.

use tessera_engine::intake::Mapping;
use tessera_model::input::{InputError, InputErrorKind};
use tessera_model::table::{Row, Table};

use crate::session::{Session, SessionError};

/// The table with the columns that the mapping names, called as it calls them, and with cells as they are meant; what is meant
/// in a column `a/b` is said for `a`.
///
/// # Errors
/// [`InputErrorKind::DuplicateColumn`] where two columns would be one.
pub fn as_asked(table: &Table, mapping: &Mapping) -> Result<Table, InputError> {
    let mut asked: Vec<(usize, &str)> = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        let Some(to) = mapping.columns.get(column) else { continue };
        if asked.iter().any(|(_, other)| other == to) {
            let kind = InputErrorKind::DuplicateColumn { name: to.clone() };
            return Err(table.place.row(1).column(column).error(kind));
        }
        asked.push((at, to.as_str()));
    }
    let cell = |row: &Row, (at, to): &(usize, &str)| {
        let kind = to.split_once('/').map_or(*to, |(kind, _)| kind);
        mapping.value(kind, &row.cells[*at]).to_owned()
    };
    Ok(Table {
        place: table.place.clone(),
        columns: asked.iter().map(|(_, to)| (*to).to_owned()).collect(),
        rows: table
            .rows
            .iter()
            .map(|row| Row {
                number: row.number,
                cells: asked.iter().map(|column| cell(row, column)).collect(),
            })
            .collect(),
    })
}

/// What was chosen for the last table of this name.
///
/// # Errors
/// [`SessionError`].
pub fn remembered(session: &mut Session, name: &str) -> Result<Mapping, SessionError> {
    let text = session.together(|acts| acts.setting(name))?;
    // A mapping that can no longer be read costs its guesses and nothing else.
    let mapping = text.and_then(|text| Mapping::parse(&String::from_utf8_lossy(&text), name).ok());
    Ok(mapping.unwrap_or_default())
}

/// Remembers what was chosen: the text of a mapping's file.
///
/// # Errors
/// [`SessionError`].
pub fn remember(session: &mut Session, name: &str, text: &str) -> Result<(), SessionError> {
    session.together(|acts| acts.set(name, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str, mapping: &str) -> Result<Table, InputError> {
        let table = Table::read(text.as_bytes(), "t.csv", 100).unwrap();
        as_asked(&table, &Mapping::parse(mapping, "m").unwrap())
    }

    #[test]
    fn columns_and_cells_are_called_as_the_mapping_says_and_rows_keep_their_numbers() {
        let mapping =
            "[columns]\nNo = \"application\"\nAlter = \"verdict/age\"\n[values.verdict]\nja = \"met\"\n";
        let table = asked("No,Shoe,Alter\nA1,40,ja\n,,\nA2,41,nein\n", mapping).unwrap();
        assert_eq!(table.columns, ["application", "verdict/age"]);
        let rows: Vec<(u64, Vec<&str>)> = table
            .rows
            .iter()
            .map(|row| (row.number, row.cells.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(rows, [(2, vec!["A1", "met"]), (4, vec!["A2", "nein"])]);
    }

    #[test]
    fn two_columns_are_not_one() {
        let error = asked("a,b\n1,2\n", "[columns]\na = \"verdict\"\nb = \"verdict\"\n").unwrap_err();
        assert_eq!((error.kind.code(), error.place.column.as_deref()), ("column-duplicate", Some("b")));
    }
}
