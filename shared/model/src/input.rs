//! What is wrong with a file that was read, and where; and what is merely worth saying. Not for definitions
//! ([`crate::programme::ProgrammeError`]).

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::decimal::DecimalError;
use crate::sentence::{Parameter, Saying};

/// A place in an input file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as the caller named it.
    pub file: String,
    /// Line at which the row begins, from 1; the header is row 1.
    pub row: Option<u64>,
    /// Name of the column or key.
    pub column: Option<String>,
}

/// A refused input: nothing was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {kind}")]
pub struct InputError {
    /// What is wrong.
    pub kind: InputErrorKind,
    /// Where.
    pub place: Place,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what the variant is")]
pub enum InputErrorKind {
    #[error("more than {most} {what}")]
    TooLarge { what: &'static str, most: usize },
    #[error("not UTF-8")]
    NotUtf8,
    #[error("no header row")]
    Empty,
    #[error("this row has {found} cells, the header {expected}")]
    Ragged { found: u64, expected: u64 },
    #[error("no column `{name}`")]
    MissingColumn { name: String },
    #[error("the column `{name}` is there twice")]
    DuplicateColumn { name: String },
    #[error("a column without a name")]
    NamelessColumn,
    #[error("not JSON: {message}")]
    NotJson { message: String },
    #[error("not TOML: {message}")]
    NotToml { message: String },
    #[error("no readable workbook: {message}")]
    BadWorkbook { message: String },
    #[error("empty")]
    EmptyCell,
    #[error("longer than {most} bytes, or with control characters")]
    BadId { most: usize },
    #[error("`{cell}` is {why}")]
    BadNumber { cell: String, why: DecimalError },
    #[error("`{cell}` is no whole number between {min} and {max}")]
    BadWhole { cell: String, min: u64, max: u64 },
    #[error("`{cell}` is neither yes nor no")]
    BadFlag { cell: String },
    #[error("the score {score} is outside the scale: {allowed}")]
    OutOfScale { score: String, allowed: String },
    #[error("one revision with two values: rows {row} and {other_row}")]
    TwoValues { row: u64, other_row: u64 },
    #[error("`{id}` is there twice: rows {first_row} and here")]
    DuplicateId { id: String, first_row: u64 },
    #[error("no application `{id}` in {list}")]
    UnknownApplication { id: String, list: String },
}

impl InputErrorKind {
    /// Returns the code that scripts see.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "input-too-large",
            Self::NotUtf8 => "input-not-utf8",
            Self::Empty => "input-empty",
            Self::Ragged { .. } => "row-length",
            Self::MissingColumn { .. } => "column-missing",
            Self::DuplicateColumn { .. } => "column-duplicate",
            Self::NamelessColumn => "column-nameless",
            Self::NotJson { .. } => "input-not-json",
            Self::NotToml { .. } => "input-not-toml",
            Self::BadWorkbook { .. } => "workbook-bad",
            Self::EmptyCell => "cell-empty",
            Self::BadId { .. } => "id-bad",
            Self::BadNumber { .. } => "number-bad",
            Self::BadWhole { .. } => "whole-number-bad",
            Self::BadFlag { .. } => "flag-bad",
            Self::OutOfScale { .. } => "score-out-of-scale",
            Self::TwoValues { .. } => "revision-two-values",
            Self::DuplicateId { .. } => "id-duplicate",
            Self::UnknownApplication { .. } => "application-unknown",
        }
    }

    /// Says whether only a person can settle it; otherwise the file has to be put right.
    pub const fn needs_person(&self) -> bool {
        matches!(self, Self::TwoValues { .. })
    }

    /// Returns what to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "save the file as \"CSV UTF-8\"",
            Self::MissingColumn { .. } => {
                "columns are separated by commas and named in the first row, in lower case"
            }
            Self::Ragged { .. } => "a text that has commas or line breaks in it stands between double quotes",
            Self::BadNumber { .. } => {
                "write 3.5 with a point; leave the cell empty, or write N/A, where nothing was answered"
            }
            Self::TwoValues { .. } => "ask the reviewer which holds, and give that row a higher revision",
            Self::OutOfScale { .. } => "put the score right, or the programme's scale",
            _ => "put the file right and run the command again; nothing was changed",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        Ok(())
    }
}

impl Place {
    /// Returns the place of a whole file.
    pub fn file(file: &str) -> Self {
        Self { file: file.to_owned(), row: None, column: None }
    }

    /// Returns the place of one row of this file.
    pub fn row(&self, row: u64) -> Self {
        Self { row: Some(row), ..self.clone() }
    }

    /// Returns the place of one cell of this row.
    pub fn column(&self, column: &str) -> Self {
        Self { column: Some(column.to_owned()), ..self.clone() }
    }

    /// Makes an error here.
    pub fn error(&self, kind: InputErrorKind) -> InputError {
        InputError { kind, place: self.clone() }
    }
}

/// Something worth saying that changed no result: `{code, message, row}`. Its parameters are for whoever says it in another
/// language.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    saying: Saying,
    row: Option<u64>,
}

impl Warning {
    /// Makes a warning about no row in particular from its code, kebab-case, and its English template, as [`Saying::new`].
    #[must_use]
    pub fn new(code: &'static str, template: &'static str) -> Self {
        Self { saying: Saying::new(code, template), row: None }
    }

    /// Gives a parameter its value.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Into<Parameter>) -> Self {
        Self { saying: self.saying.with(name, value), ..self }
    }

    /// Says of which row of the input it is.
    #[must_use]
    pub fn at_row(self, row: Option<u64>) -> Self {
        Self { row, ..self }
    }

    /// Returns the code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.saying.code()
    }

    /// Returns the row of the input, where there is one.
    #[must_use]
    pub const fn row(&self) -> Option<u64> {
        self.row
    }

    /// Returns what it says.
    #[must_use]
    pub const fn saying(&self) -> &Saying {
        &self.saying
    }

    /// Returns the English words.
    #[must_use]
    pub fn message(&self) -> String {
        self.saying.text()
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut warning = serializer.serialize_struct("Warning", 3)?;
        warning.serialize_field("code", self.code())?;
        warning.serialize_field("message", &self.message())?;
        warning.serialize_field("row", &self.row)?;
        warning.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_prints_its_words_and_keeps_its_parameters() {
        let warning = Warning::new("answer-missing", "{application}: `{field}` is not answered")
            .with("application", "A-7")
            .with("field", "{row}")
            .at_row(Some(3));
        assert_eq!(
            serde_json::to_string(&warning).unwrap(),
            r#"{"code":"answer-missing","message":"A-7: `{row}` is not answered","row":3}"#
        );
        let parameters: Vec<_> = warning.saying().parameters().collect();
        assert_eq!(parameters, [("application", "A-7".to_owned()), ("field", "{row}".to_owned())]);
        assert_eq!(serde_json::to_value(Warning::new("x", "y")).unwrap()["row"], serde_json::Value::Null);
    }
}
