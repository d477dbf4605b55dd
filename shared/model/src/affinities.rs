//! How well each reviewer fits each application, and which pairs may not meet: a table of pairs, or a matrix. Not the
//! assignment that is made of it.

use std::collections::{BTreeMap, BTreeSet};

use csv::{ByteRecord, ReaderBuilder};

use crate::decimal::Decimal;
use crate::input::{InputError, InputErrorKind, Place};
use crate::table::{MAX_FILE_BYTES, Table, id};

/// Longest cell, in bytes.
const MAX_CELL_BYTES: usize = 1024;
/// Most pairs of one file.
pub const MAX_PAIRS: usize = 4_000_000;

/// What is known of pairs of an application and a reviewer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affinities {
    /// Every application that the file names, sorted.
    pub applications: BTreeSet<String>,
    /// Every reviewer that the file names, sorted.
    pub reviewers: BTreeSet<String>,
    /// Affinity by application and reviewer, more is better; none where the cell is empty.
    pairs: BTreeMap<(String, String), Affinity>,
}

/// What is known of one pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Affinity {
    /// The figure; none where the cell is empty.
    pub value: Option<Decimal>,
    /// Whether they may not meet.
    pub conflict: bool,
}

impl Affinities {
    /// Reads `reviewer,application,affinity[,conflict]`; a conflict is `1`, `true`, `yes` or `x`, none is empty, `0`, `false`
    /// or `no`.
    ///
    /// # Errors
    /// [`InputError`] naming row and column; a pair that is there twice among them.
    pub fn read(bytes: &[u8], file: &str) -> Result<Self, InputError> {
        let table = Table::read(bytes, file, MAX_CELL_BYTES)?;
        let [reviewer_at, application_at, affinity_at] =
            [table.require("reviewer")?, table.require("application")?, table.require("affinity")?];
        let conflict_at = table.column("conflict");
        let mut affinities = Self::default();
        let mut rows: BTreeMap<(String, String), u64> = BTreeMap::new();
        for row in &table.rows {
            let here = table.place.row(row.number);
            let reviewer = id(&row.cells[reviewer_at], &here.column("reviewer"))?;
            let application = id(&row.cells[application_at], &here.column("application"))?;
            let affinity = Affinity {
                value: figure(&row.cells[affinity_at], &here.column("affinity"))?,
                conflict: match conflict_at {
                    Some(at) => flag(&row.cells[at], &here.column("conflict"))?,
                    None => false,
                },
            };
            let pair = (application, reviewer);
            if let Some(first_row) = rows.insert(pair.clone(), row.number) {
                let id = format!("{} and {}", pair.1, pair.0);
                return Err(here.column("reviewer").error(InputErrorKind::DuplicateId { id, first_row }));
            }
            affinities.put(pair.0, pair.1, affinity);
        }
        Ok(affinities)
    }

    /// Reads a matrix without a header: rows are the reviewers `r1`, `r2`…, columns the applications `a1`, `a2`…
    ///
    /// # Errors
    /// [`InputError`] naming row and column.
    pub fn read_matrix(bytes: &[u8], file: &str) -> Result<Self, InputError> {
        let place = Place::file(file);
        if bytes.len() > MAX_FILE_BYTES {
            return Err(place.error(InputErrorKind::TooLarge { what: "bytes", most: MAX_FILE_BYTES }));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let (mut record, mut affinities, mut width) = (ByteRecord::new(), Self::default(), None);
        while reader.read_byte_record(&mut record).map_err(|_| place.error(InputErrorKind::NotUtf8))? {
            let here = place.row(record.position().map_or(0, csv::Position::line));
            let expected = *width.get_or_insert(record.len());
            if record.len() != expected {
                let (found, expected) = (record.len() as u64, expected as u64);
                return Err(here.error(InputErrorKind::Ragged { found, expected }));
            }
            let reviewer = format!("r{}", affinities.reviewers.len() + 1);
            if (affinities.reviewers.len() + 1).saturating_mul(expected) > MAX_PAIRS {
                return Err(here.error(InputErrorKind::TooLarge { what: "pairs", most: MAX_PAIRS }));
            }
            for (index, cell) in record.iter().enumerate() {
                let application = format!("a{}", index + 1);
                let at = here.column(&application);
                let text = std::str::from_utf8(cell).map_err(|_| at.error(InputErrorKind::NotUtf8))?;
                let value = figure(text.trim(), &at)?;
                affinities.put(application, reviewer.clone(), Affinity { value, conflict: false });
            }
        }
        if affinities.reviewers.is_empty() {
            return Err(place.error(InputErrorKind::Empty));
        }
        Ok(affinities)
    }

    /// Takes what is known of one pair.
    pub fn put(&mut self, application: String, reviewer: String, affinity: Affinity) {
        self.applications.insert(application.clone());
        self.reviewers.insert(reviewer.clone());
        self.pairs.insert((application, reviewer), affinity);
    }

    /// Makes every pair whose figure is below `least` one that may not meet.
    #[must_use]
    pub fn conflict_below(mut self, least: Decimal) -> Self {
        for affinity in self.pairs.values_mut() {
            affinity.conflict |= affinity.value.is_some_and(|value| value < least);
        }
        self
    }

    /// Returns the pairs for which `wanted` is true of application and reviewer, and no application or reviewer that only
    /// others name.
    #[must_use]
    pub fn of(&self, wanted: impl Fn(&str, &str) -> bool) -> Self {
        let mut some = Self::default();
        for (application, reviewer, affinity) in self.iter().filter(|(a, r, _)| wanted(a, r)) {
            some.put(application.to_owned(), reviewer.to_owned(), affinity);
        }
        some
    }

    /// Returns what is known of a pair; nothing where the file does not name it.
    pub fn get(&self, application: &str, reviewer: &str) -> Option<Affinity> {
        self.pairs.get(&(application.to_owned(), reviewer.to_owned())).copied()
    }

    /// Returns every pair that the file names: application, reviewer, affinity.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Affinity)> {
        self.pairs
            .iter()
            .map(|((application, reviewer), one)| (application.as_str(), reviewer.as_str(), *one))
    }
}

fn figure(cell: &str, place: &Place) -> Result<Option<Decimal>, InputError> {
    if cell.is_empty() || cell.eq_ignore_ascii_case("N/A") {
        return Ok(None);
    }
    let bad = |why| place.error(InputErrorKind::BadNumber { cell: cell.chars().take(40).collect(), why });
    // Programs that write doubles write minus zero where they mean zero.
    let minus_zero = cell.starts_with('-') && cell.chars().all(|c| matches!(c, '-' | '0' | '.'));
    let cell = if minus_zero { cell.trim_start_matches('-') } else { cell };
    cell.parse().map(Some).map_err(bad)
}

fn flag(cell: &str, place: &Place) -> Result<bool, InputError> {
    match cell.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "x" => Ok(true),
        "" | "0" | "false" | "no" => Ok(false),
        _ => Err(place.error(InputErrorKind::BadFlag { cell: cell.chars().take(40).collect() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs_and_matrices() {
        let csv = "reviewer,application,affinity,conflict\nr1,a1,0.5,\nr1,a2,,yes\nr2,a1,-0.0,0\n";
        let table = Affinities::read(csv.as_bytes(), "w.csv").unwrap();
        let half = "0.5".parse().unwrap();
        assert_eq!(table.get("a1", "r1"), Some(Affinity { value: Some(half), conflict: false }));
        assert_eq!(table.get("a2", "r1"), Some(Affinity { value: None, conflict: true }));
        assert_eq!(table.get("a2", "r2"), None);
        let matrix = Affinities::read_matrix(b"0.5,-1\n0,2e-1\n", "m.csv").unwrap();
        let matrix = matrix.conflict_below(Decimal::ZERO);
        assert_eq!((matrix.applications.len(), matrix.reviewers.len()), (2, 2));
        assert!(matrix.get("a2", "r1").unwrap().conflict && !matrix.get("a1", "r2").unwrap().conflict);
    }

    #[test]
    fn refuses_with_place() {
        fn check(error: InputError, code: &str, row: u64, column: Option<&str>) {
            assert_eq!((error.kind.code(), error.place.row), (code, Some(row)), "{error}");
            assert_eq!(error.place.column.as_deref(), column);
        }
        let read = |text: &str| Affinities::read(text.as_bytes(), "w.csv").unwrap_err();
        let header = "reviewer,application,affinity,conflict\n";
        check(read(&format!("{header}r,a,1,\nr,a,1,\n")), "id-duplicate", 3, Some("reviewer"));
        check(read(&format!("{header}r,a,NaN,\n")), "number-bad", 2, Some("affinity"));
        check(read(&format!("{header}r,a,1,perhaps\n")), "flag-bad", 2, Some("conflict"));
        let matrix = |text: &str| Affinities::read_matrix(text.as_bytes(), "m.csv").unwrap_err();
        check(matrix("1,2\n3\n"), "row-length", 2, None);
        check(matrix("1,2\n3,inf\n"), "number-bad", 2, Some("a2"));
        assert_eq!(matrix("").kind.code(), "input-empty");
    }
}
