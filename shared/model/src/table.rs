//! A CSV file as rows of text, bounded before anything is kept. Not its meaning: scores, applications and reviewers
//! have readers of their own.
//!
//! RFC 4180 with a header row; a byte-order mark is accepted, empty lines and rows of empty cells are passed over, cells
//! lose the space at their ends and what [`crate::cells::neutralise`] added.

use std::collections::BTreeSet;

use csv::{ByteRecord, ErrorKind, ReaderBuilder};

use crate::cells::restore;
use crate::input::{InputError, InputErrorKind, Place};

/// Longest input file, in bytes.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;
/// Most rows of one file.
pub const MAX_ROWS: usize = 1_000_000;
/// Most columns of one file.
pub const MAX_COLUMNS: usize = 300;
/// Longest id of an application, reviewer or round, in bytes.
pub const MAX_ID_BYTES: usize = 128;

/// A CSV file in memory.
#[derive(Clone, Debug)]
pub struct Table {
    /// The file's place, without row.
    pub place: Place,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows in the file's order, each as long as `columns`.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Line at which it begins, from 1.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<String>,
}

impl Table {
    /// Reads a CSV file whose cells are at most `max_cell_bytes` long.
    ///
    /// # Errors
    /// [`InputError`] naming row and column: too large, not UTF-8, rows of unequal length, columns without a name or
    /// twice.
    pub fn read(bytes: &[u8], file: &str, max_cell_bytes: usize) -> Result<Self, InputError> {
        let place = Place::file(file);
        if bytes.len() > MAX_FILE_BYTES {
            return Err(place.error(InputErrorKind::TooLarge { what: "bytes", most: MAX_FILE_BYTES }));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut lines = Lines { bytes, at: 0, line: 1 };
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut record = ByteRecord::new();
        let mut table = Self { place: place.clone(), columns: Vec::new(), rows: Vec::new() };
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(place.error(unreadable(&error))),
            }
            let number = lines.line_of(record.position().map_or(0, csv::Position::byte));
            let here = place.row(number);
            if record.len() > MAX_COLUMNS {
                return Err(here.error(InputErrorKind::TooLarge { what: "columns", most: MAX_COLUMNS }));
            }
            let cells = table.cells(&record, &here, max_cell_bytes)?;
            if cells.iter().all(String::is_empty) {
                continue;
            }
            if table.columns.is_empty() {
                table.columns = header(cells, &here)?;
                continue;
            }
            if cells.len() != table.columns.len() {
                let (found, expected) = (cells.len() as u64, table.columns.len() as u64);
                return Err(here.error(InputErrorKind::Ragged { found, expected }));
            }
            if table.rows.len() == MAX_ROWS {
                return Err(here.error(InputErrorKind::TooLarge { what: "rows", most: MAX_ROWS }));
            }
            table.rows.push(Row { number, cells });
        }
        if table.columns.is_empty() {
            return Err(place.error(InputErrorKind::Empty));
        }
        Ok(table)
    }

    fn cells(
        &self,
        record: &ByteRecord,
        here: &Place,
        max_cell_bytes: usize,
    ) -> Result<Vec<String>, InputError> {
        let mut cells = Vec::with_capacity(record.len());
        for (index, bytes) in record.iter().enumerate() {
            let name = self.columns.get(index).cloned().unwrap_or_else(|| (index + 1).to_string());
            let refused = |kind| here.column(&name).error(kind);
            if bytes.len() > max_cell_bytes {
                return Err(refused(InputErrorKind::TooLarge {
                    what: "bytes in a cell",
                    most: max_cell_bytes,
                }));
            }
            let text = std::str::from_utf8(bytes).map_err(|_| refused(InputErrorKind::NotUtf8))?;
            cells.push(restore(text.trim()));
        }
        Ok(cells)
    }

    /// Returns the position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// Returns the position of a column that must be there.
    ///
    /// # Errors
    /// [`InputErrorKind::MissingColumn`].
    pub fn require(&self, name: &str) -> Result<usize, InputError> {
        let missing = || InputErrorKind::MissingColumn { name: name.to_owned() };
        self.column(name).ok_or_else(|| self.place.row(1).column(name).error(missing()))
    }
}

/// Checks an id: 1 to [`MAX_ID_BYTES`] bytes without control characters. Ids are compared byte by byte.
///
/// # Errors
/// [`InputErrorKind::EmptyCell`] or [`InputErrorKind::BadId`].
pub fn id(text: &str, place: &Place) -> Result<String, InputError> {
    if text.is_empty() {
        return Err(place.error(InputErrorKind::EmptyCell));
    }
    if text.len() > MAX_ID_BYTES || text.chars().any(char::is_control) {
        return Err(place.error(InputErrorKind::BadId { most: MAX_ID_BYTES }));
    }
    Ok(text.to_owned())
}

fn header(cells: Vec<String>, here: &Place) -> Result<Vec<String>, InputError> {
    let mut seen = BTreeSet::new();
    for (index, name) in cells.iter().enumerate() {
        if name.is_empty() {
            return Err(here.column(&(index + 1).to_string()).error(InputErrorKind::NamelessColumn));
        }
        id(name, &here.column(name))?;
        if !seen.insert(name.as_str()) {
            return Err(here.column(name).error(InputErrorKind::DuplicateColumn { name: name.clone() }));
        }
    }
    Ok(cells)
}

fn unreadable(error: &csv::Error) -> InputErrorKind {
    match error.kind() {
        ErrorKind::Utf8 { .. } => InputErrorKind::NotUtf8,
        // Reading from memory, flexibly and as bytes, leaves no other failure.
        _ => InputErrorKind::Empty,
    }
}

/// Turns ascending byte positions into line numbers.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// Returns the line of the first byte from `position` on that is no line break.
    fn line_of(&mut self, position: u64) -> u64 {
        let position = usize::try_from(position).unwrap_or(usize::MAX);
        while let Some(byte) = self.bytes.get(self.at) {
            let breaks = matches!(byte, b'\n' | b'\r');
            if self.at >= position && !breaks {
                break;
            }
            let ends = *byte == b'\n' || (*byte == b'\r' && self.bytes.get(self.at + 1) != Some(&b'\n'));
            self.line += u64::from(ends);
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Table, InputError> {
        Table::read(text.as_bytes(), "t.csv", 16)
    }

    #[test]
    fn reads_rfc_4180_with_its_edges() {
        let table = read("\u{feff}a,b\r\n\r\n1, \"x, \"\"y\"\"\" \r\n,,\r\n").unwrap_err();
        assert_eq!(
            table.kind.code(),
            "row-length",
            "three cells, two columns, one of them quoted after a space"
        );
        let table = read("\u{feff}a,b\r\n\r\n1,\"x, \"\"y\"\"\"\r\n,\r\n2,\"z\nz\"\r\n'=3,é\r\n").unwrap();
        assert_eq!(table.columns, ["a", "b"]);
        let rows: Vec<_> =
            table.rows.iter().map(|r| (r.number, r.cells[0].as_str(), r.cells[1].as_str())).collect();
        assert_eq!(rows, [(3, "1", "x, \"y\""), (5, "2", "z\nz"), (7, "=3", "é")]);
    }

    #[test]
    fn refuses_with_place() {
        fn check(text: &[u8], code: &str, row: Option<u64>, column: Option<&str>) {
            let error = Table::read(text, "t.csv", 16).unwrap_err();
            assert_eq!((error.kind.code(), error.place.row), (code, row), "{error}");
            assert_eq!(error.place.column.as_deref(), column);
        }
        check(b"", "input-empty", None, None);
        check(b"\n\n", "input-empty", None, None);
        check(b"a,a\n", "column-duplicate", Some(1), Some("a"));
        check(b"a,,b\n", "column-nameless", Some(1), Some("2"));
        check(b"a,b\n1\n", "row-length", Some(2), None);
        check(b"a,b\n1,\xff\n", "input-not-utf8", Some(2), Some("b"));
        check(b"a,b\n1,12345678901234567\n", "input-too-large", Some(2), Some("b"));
        check(b"a,b\n1,\"2\n3,4\n5,6\n7,8\n9,9\n1,1\n", "input-too-large", Some(2), Some("b"));
        check("a,".repeat(400).as_bytes(), "input-too-large", Some(1), None);
        assert_eq!(read("a,b\n").unwrap().require("c").unwrap_err().kind.code(), "column-missing");
    }
}
