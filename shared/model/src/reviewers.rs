//! The table of reviewers that assignment and calibration need: loads, region, languages, competences. Not the members
//! of a programme, which are in the charter and in `people`.

use std::collections::{BTreeMap, BTreeSet};

use crate::input::{InputError, InputErrorKind};
use crate::scores::whole;
use crate::table::{Table, id};

/// Longest cell, in bytes.
const MAX_CELL_BYTES: usize = 4 * 1024;
/// Most reads that a file may ask of one reviewer.
const MAX_LOAD: u64 = 100_000;

/// Reviewers by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reviewers(BTreeMap<String, ReviewerEntry>);

/// One reviewer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewerEntry {
    /// Fewest reads.
    pub min: Option<u64>,
    /// Most reads.
    pub max: Option<u64>,
    /// Region; empty where none is said.
    pub region: String,
    /// Languages, sorted.
    pub languages: BTreeSet<String>,
    /// Competences, sorted.
    pub competences: BTreeSet<String>,
    /// Reviewers with whom it never reads the same application, sorted.
    pub apart: BTreeSet<String>,
}

impl Reviewers {
    /// Reads `reviewer[,min,max,region,languages,competences,apart]`; several languages, competences or reviewers kept
    /// apart stand in one cell, separated by `;`, `|`, a comma or space (reviewers by `;` or `|` alone).
    ///
    /// # Errors
    /// [`InputError`] naming row and column; a reviewer that is there twice among them.
    pub fn read(bytes: &[u8], file: &str) -> Result<Self, InputError> {
        let table = Table::read(bytes, file, MAX_CELL_BYTES)?;
        let key = table.require("reviewer")?;
        let columns = ["min", "max", "region", "languages", "competences", "apart"];
        let columns = columns.map(|name| table.column(name));
        let mut reviewers: BTreeMap<String, ReviewerEntry> = BTreeMap::new();
        let mut rows = BTreeMap::new();
        for row in &table.rows {
            let here = table.place.row(row.number);
            let reviewer = id(&row.cells[key], &here.column("reviewer"))?;
            if let Some(first_row) = rows.insert(reviewer.clone(), row.number) {
                let kind = InputErrorKind::DuplicateId { id: reviewer, first_row };
                return Err(here.column("reviewer").error(kind));
            }
            let [min, max, region, languages, competences, apart] =
                columns.map(|column| column.map_or("", |index| row.cells[index].as_str()));
            let entry = ReviewerEntry {
                min: whole(min, 0, MAX_LOAD, &here.column("min"))?,
                max: whole(max, 0, MAX_LOAD, &here.column("max"))?,
                region: region.to_owned(),
                languages: list(languages),
                competences: list(competences),
                apart: apart
                    .split([';', '|'])
                    .map(str::trim)
                    .filter(|p| !p.is_empty())
                    .map(str::to_owned)
                    .collect(),
            };
            reviewers.insert(reviewer, entry);
        }
        Ok(Self(reviewers))
    }

    /// Takes what is known of one reviewer.
    pub fn put(&mut self, reviewer: String, entry: ReviewerEntry) {
        self.0.insert(reviewer, entry);
    }

    /// Returns one reviewer.
    pub fn get(&self, reviewer: &str) -> Option<&ReviewerEntry> {
        self.0.get(reviewer)
    }

    /// Returns all, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ReviewerEntry)> {
        self.0.iter().map(|(id, entry)| (id.as_str(), entry))
    }
}

/// The items of a cell that lists several: languages, competences.
pub fn list(cell: &str) -> BTreeSet<String> {
    cell.split([';', '|', ',', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_loads_and_lists() {
        let csv = "reviewer,min,max,languages\nr1,2,8,en;fr\nr2,,,\n";
        let reviewers = Reviewers::read(csv.as_bytes(), "v.csv").unwrap();
        let first = reviewers.get("r1").unwrap();
        assert_eq!((first.min, first.max, first.languages.len()), (Some(2), Some(8), 2));
        assert_eq!(reviewers.get("r2"), Some(&ReviewerEntry::default()));
        let bad = Reviewers::read(b"reviewer,min\nr1,-1\n", "v.csv").unwrap_err();
        assert_eq!(
            (bad.kind.code(), bad.place.row, bad.place.column.as_deref()),
            ("whole-number-bad", Some(2), Some("min"))
        );
        assert_eq!(Reviewers::read(b"reviewer\nr\nr\n", "v.csv").unwrap_err().kind.code(), "id-duplicate");
    }
}
