//! Scores from CSV. Not the rules of revisions, which hold for every source.

use super::{FileRead, Read, Review, cell, is_not_applicable, number, revision, unused_columns};
use crate::input::InputError;
use crate::policy::{CriterionRule, Policy};
use crate::table::{Table, id};

/// Longest cell of a score file, in bytes.
const MAX_CELL_BYTES: usize = 512;
/// Columns that are no criteria.
pub(super) const OWN: [&str; 5] = ["application", "reviewer", "round", "revision", "confidence"];

pub(super) fn read(bytes: &[u8], file: &str, policy: &Policy) -> Result<FileRead, InputError> {
    of(&Table::read(bytes, file, MAX_CELL_BYTES)?, policy)
}

/// Reads a table with the columns of a score file.
pub(super) fn of(table: &Table, policy: &Policy) -> Result<FileRead, InputError> {
    let (application, reviewer) = (table.require("application")?, table.require("reviewer")?);
    let [round, revised, confidence] = ["round", "revision", "confidence"].map(|name| table.column(name));
    let others = || table.columns.iter().filter(|c| !OWN.contains(&c.as_str()));
    let (rules, warnings): (Vec<CriterionRule>, _) = if policy.criteria.is_empty() {
        (others().map(|key| CriterionRule::plain(key)).collect(), Vec::new())
    } else {
        let unused =
            others().map(String::as_str).filter(|c| !policy.criteria.iter().any(|rule| rule.key == **c));
        (policy.criteria.clone(), unused_columns(unused))
    };
    let columns = rules.iter().map(|rule| table.require(&rule.key)).collect::<Result<Vec<_>, _>>()?;

    let mut read = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let here = table.place.row(row.number);
        let optional = |column: Option<usize>| column.map_or("", |index| row.cells[index].as_str());
        let scores = rules
            .iter()
            .zip(&columns)
            .map(|(rule, index)| cell(&row.cells[*index], rule, policy, &here.column(&rule.key)));
        let review = Review {
            application: id(&row.cells[application], &here.column("application"))?,
            reviewer: id(&row.cells[reviewer], &here.column("reviewer"))?,
            round: match optional(round) {
                "" => String::new(),
                text => id(text, &here.column("round"))?,
            },
            revision: revision(optional(revised), &here.column("revision"))?,
            confidence: number(optional(confidence), &[], &here.column("confidence"))?,
            scores: scores.collect::<Result<_, _>>()?,
        };
        let said = columns.iter().enumerate().filter(|(_, at)| is_not_applicable(&row.cells[**at], policy));
        let not_applicable = said.map(|(criterion, _)| criterion).collect();
        read.push(Read { row: row.number, review, not_applicable });
    }
    Ok(FileRead { criteria: rules.into_iter().map(|rule| rule.key).collect(), read, warnings })
}
