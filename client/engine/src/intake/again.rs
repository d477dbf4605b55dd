//! Rows that are here already under another key: a table that named its applications by one column and comes again with
//! another. Each would be taken in twice. Not applications that merely resemble one another ([`crate::duplicates`]).

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::table::Table;

use super::Incoming;

/// Rows that are here already under the key of another column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// The column that holds the keys by which they are here.
    pub column: String,
    /// How many rows.
    pub count: usize,
    /// The first of them.
    pub row: u64,
    /// The key by which it is here.
    pub known: String,
    /// The key that it would get.
    pub key: String,
}

/// Finds the column by whose cells at least half of the rows that would be new are here already.
#[must_use]
pub fn again(table: &Table, rows: &[Incoming], known: &BTreeSet<String>) -> Option<Again> {
    let new: Vec<&Incoming> = rows.iter().filter(|incoming| !known.contains(&incoming.row.key)).collect();
    let by_number: BTreeMap<u64, &Vec<String>> =
        table.rows.iter().map(|row| (row.number, &row.cells)).collect();
    let cells: Vec<(&Incoming, &Vec<String>)> =
        new.into_iter().filter_map(|incoming| Some((incoming, *by_number.get(&incoming.number)?))).collect();
    let of_column = |(at, column): (usize, &String)| {
        let mut here = cells.iter().filter_map(|(incoming, cells)| {
            let cell = cells.get(at)?.trim();
            known.contains(cell).then(|| (*incoming, cell.to_owned()))
        });
        let (first, name) = here.next()?;
        Some(Again {
            column: column.clone(),
            count: 1 + here.count(),
            row: first.number,
            known: name,
            key: first.row.key.clone(),
        })
    };
    let most = table.columns.iter().enumerate().filter_map(of_column).max_by_key(|again| again.count)?;
    (2 * most.count >= cells.len()).then_some(most)
}
