//! Taking in applications from a table with a folder of files: the rules. A table is read whole and checked
//! before anything is written; what is wrong with one row refuses that row alone, what is wrong with the file
//! refuses the file. Not where the bytes come from: whoever drives the engine reads files and folders.
//!
//! Reading order: [`sheet`] (bytes become a table), [`mapping`] (whose column is what), [`row`] (cells become
//! answers), [`placing`] (whose a file is and which attachment, by names), [`patterns`] (what names share), [`files`] (what a
//! file is, whatever its name says), [`again`] (rows that are here by another key), [`take`] (the acts that write).

pub mod again;
pub mod files;
mod json;
pub mod mapping;
pub mod patterns;
pub mod placing;
pub mod row;
pub mod sheet;
pub mod take;
mod xlsx;

use tessera_model::documents::Row;
use tessera_model::input::{Place, Warning};

pub use again::{Again, again};
pub use files::{FileProblem, Looked, look};
pub use mapping::{Mapping, Placed};
pub use patterns::{Shared, Unplaced, shared};
pub use placing::{Names, Slot, UNASKED};
pub use row::prepare;
pub use sheet::{read_table, sheets};
pub use take::{NewFile, Received};

/// One row of the table that can be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Its number in the file.
    pub number: u64,
    /// Its answers; only columns that the file has. An empty cell takes an earlier answer back.
    pub row: Row,
    /// Files that the row names.
    pub named: Vec<NamedFile>,
}

/// A file that a cell names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The column.
    pub column: String,
    /// What stands there: data, never a path to follow.
    pub name: String,
    /// The attachment that it is, where the column says so.
    pub slot: Option<String>,
}

/// Something that was not taken in, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    /// The application's key, as far as it is known.
    pub application: Option<String>,
    /// The file.
    pub file: String,
    /// The row of the table.
    pub row: Option<u64>,
    /// The column.
    pub column: Option<String>,
    /// What stands there: a cell, or a file's name.
    pub value: String,
    /// Why: kebab-case, one of a closed list.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

impl Refused {
    fn at(place: &Place, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            application: None,
            value: String::new(),
            file: place.file.clone(),
            row: place.row,
            column: place.column.clone(),
            code,
            message: message.into(),
        }
    }
}

/// Something that is worth saying and stops nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    /// What.
    pub warning: Warning,
    /// The application's key, where it is about one.
    pub application: Option<String>,
    /// What it is about: columns, fields, a folder's or a file's name.
    pub about: Vec<String>,
}

impl Remark {
    /// Makes a remark on no application in particular.
    #[must_use]
    pub fn new(warning: Warning, about: Vec<String>) -> Self {
        Self { warning, application: None, about }
    }

    /// Says of which row and application it is.
    #[must_use]
    pub fn of(self, row: Option<u64>, application: &str) -> Self {
        let warning = self.warning.at_row(row);
        Self { warning, application: Some(application.to_owned()), about: self.about }
    }
}

/// A table, ready to be taken in.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// Rows without a mistake.
    pub rows: Vec<Incoming>,
    /// What is wrong with the others.
    pub refused: Vec<Refused>,
    /// What is worth saying.
    pub remarks: Vec<Remark>,
    /// Required answers for which the file has no column.
    pub absent: Vec<String>,
}
