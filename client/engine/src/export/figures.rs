//! Figures that were calculated, as a table of their own: an order, a selection, a correction. Not what is calculated, and not
//! reviews or applications.

use rust_xlsxwriter::{Workbook, XlsxError};

use super::{DEMO_COLUMN, fill, put, safe, writer};
use crate::error::EngineError;

/// A table of figures; its first column names applications.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// What it is: the name of a worksheet.
    pub name: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows, each as long as `columns`; what is not known is empty.
    pub rows: Vec<Vec<String>>,
}

impl Figures {
    /// A table with these columns and no row yet.
    #[must_use]
    pub fn new(name: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { name: name.to_owned(), columns, rows: Vec::new() }
    }

    /// Marks every row as one of a demonstration.
    pub fn mark_demo(&mut self) {
        self.columns.push(DEMO_COLUMN.to_owned());
        self.rows.iter_mut().for_each(|row| row.push("yes".to_owned()));
    }

    /// As CSV, RFC 4180, with a byte-order mark; no cell is a formula.
    #[must_use]
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = writer();
        for row in std::iter::once(&self.columns).chain(&self.rows) {
            put(&mut writer, row.iter().map(|cell| safe(cell)).collect());
        }
        writer.into_inner().expect("flushing to memory does not fail")
    }

    /// As a workbook: text in the first column, figures as numbers; no cell holds a formula.
    ///
    /// # Errors
    /// [`EngineError::BadInput`] where a cell is longer than a workbook can hold.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, EngineError> {
        let failed = |error: XlsxError| EngineError::BadInput(error.to_string());
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name(&self.name).map_err(failed)?;
        fill(sheet, &self.columns, &self.rows, 1).map_err(failed)?;
        workbook.save_to_buffer().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::read_table;

    #[test]
    fn h15_figures_are_numbers_and_no_cell_is_a_formula() {
        let mut figures = Figures::new("ranking", &["application", "rank", "total", "tied_with"]);
        figures.rows.push(["007", "1", "-3.25", "=1+1"].map(str::to_owned).to_vec());
        figures.rows.push(["@B", "", "", ""].map(str::to_owned).to_vec());
        let csv = String::from_utf8(figures.to_csv()).unwrap();
        let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines, ["application,rank,total,tied_with", "007,1,-3.25,'=1+1", "'@B,,,"]);
        let table = read_table(&figures.to_xlsx().unwrap(), "r.xlsx", Some("ranking")).unwrap();
        assert_eq!(table.rows[0].cells, ["007", "1", "-3.25", "=1+1"]);
        figures.mark_demo();
        assert!(String::from_utf8(figures.to_csv()).unwrap().contains("'@B,,,,yes"));
    }
}
