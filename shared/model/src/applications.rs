//! The table of applications that arithmetic and selection need: region, language, adjustments, quota fields. Not the
//! applications themselves, which are documents.

use std::collections::BTreeMap;

use crate::decimal::Decimal;
use crate::exact::Exact;
use crate::input::{InputError, InputErrorKind, Place};
use crate::table::{Table, id};

/// Longest cell, in bytes.
const MAX_CELL_BYTES: usize = 16 * 1024;

/// Applications by id, with the columns of their file.
#[derive(Clone, Debug, Default)]
pub struct Applications {
    place: Place,
    columns: Vec<String>,
    rows: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    row: u64,
    cells: Vec<String>,
}

impl Applications {
    /// Reads `application[,region,language,adjustment and quota fields…]`.
    ///
    /// # Errors
    /// [`InputError`] naming row and column; an application that is there twice among them.
    pub fn read(bytes: &[u8], file: &str) -> Result<Self, InputError> {
        let table = Table::read(bytes, file, MAX_CELL_BYTES)?;
        let key = table.require("application")?;
        let mut rows: BTreeMap<String, Entry> = BTreeMap::new();
        for row in table.rows {
            let here = table.place.row(row.number).column("application");
            let application = id(&row.cells[key], &here)?;
            if let Some(first) = rows.get(&application) {
                return Err(here.error(InputErrorKind::DuplicateId { id: application, first_row: first.row }));
            }
            rows.insert(application, Entry { row: row.number, cells: row.cells });
        }
        Ok(Self { place: table.place, columns: table.columns, rows })
    }

    /// Makes the table from elsewhere than a file: columns (the first is `application`) and rows.
    ///
    /// # Errors
    /// [`InputErrorKind::DuplicateId`] where an application is there twice.
    pub fn collect(
        columns: Vec<String>,
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Result<Self, InputError> {
        let place = Place::file("applications");
        let mut entries = BTreeMap::new();
        for (row, mut cells) in (1..).zip(rows) {
            cells.resize(columns.len(), String::new());
            let application = id(cells.first().map_or("", String::as_str), &place.row(row))?;
            let kind = InputErrorKind::DuplicateId { id: application.clone(), first_row: row };
            if entries.insert(application, Entry { row, cells }).is_some() {
                return Err(place.row(row).error(kind));
            }
        }
        Ok(Self { place, columns, rows: entries })
    }

    /// Returns the rows of the applications for which `wanted` is true.
    #[must_use]
    pub fn of(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let mut some = self.clone();
        some.rows.retain(|application, _| wanted(application));
        some
    }

    /// Returns the ids, sorted by bytes.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// Says whether the application is there.
    pub fn contains(&self, application: &str) -> bool {
        self.rows.contains_key(application)
    }

    /// Returns the columns' names.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Returns the file's name.
    pub fn file(&self) -> &str {
        &self.place.file
    }

    /// Returns one cell; `None` where application or column is unknown.
    pub fn field(&self, application: &str, column: &str) -> Option<&str> {
        let index = self.columns.iter().position(|name| name == column)?;
        self.rows.get(application)?.cells.get(index).map(String::as_str)
    }

    /// Returns an adjustment; `None` where the cell is empty.
    ///
    /// # Errors
    /// [`InputErrorKind::MissingColumn`], [`InputErrorKind::BadNumber`].
    pub(crate) fn adjustment(&self, application: &str, column: &str) -> Result<Option<Exact>, InputError> {
        let Some(entry) = self.rows.get(application) else { return Ok(None) };
        self.require(column)?;
        let cell = self.field(application, column).unwrap_or("");
        if cell.is_empty() || cell.eq_ignore_ascii_case("N/A") {
            return Ok(None);
        }
        let place = self.place.row(entry.row).column(column);
        let bad = |why| place.error(InputErrorKind::BadNumber { cell: cell.chars().take(40).collect(), why });
        cell.parse::<Decimal>().map(|d| Some(d.into())).map_err(bad)
    }

    /// Checks that a column is there.
    ///
    /// # Errors
    /// [`InputErrorKind::MissingColumn`].
    pub fn require(&self, column: &str) -> Result<(), InputError> {
        if self.columns.iter().any(|name| name == column) {
            return Ok(());
        }
        let kind = InputErrorKind::MissingColumn { name: column.to_owned() };
        Err(self.place.row(1).column(column).error(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_and_adjustments() {
        let csv = "application,region,elements\nb,EU,1.5\na,AF,\n";
        let applications = Applications::read(csv.as_bytes(), "a.csv").unwrap();
        assert_eq!(applications.ids().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(applications.field("a", "region"), Some("AF"));
        assert_eq!(
            applications.adjustment("b", "elements").unwrap(),
            Some("1.5".parse::<Decimal>().unwrap().into())
        );
        assert_eq!(applications.adjustment("a", "elements").unwrap(), None);
        assert_eq!(applications.adjustment("a", "nothing").unwrap_err().kind.code(), "column-missing");
        let error = applications.adjustment("a", "region").unwrap_err();
        assert_eq!((error.kind.code(), error.place.row), ("number-bad", Some(3)));
    }

    #[test]
    fn refuses_an_application_twice() {
        let error = Applications::read(b"application\nx\ny\nx\n", "a.csv").unwrap_err();
        assert_eq!((error.kind.code(), error.place.row), ("id-duplicate", Some(4)));
    }
}
