//! Scores as they are read from files and taken out of documents: for each application, reviewer and round the one
//! review that counts. Not totals.
//!
//! CSV: `application,reviewer[,round][,revision][,confidence],CRITERION…`; JSON lines:
//! `{"application","reviewer","round","revision","confidence","scores":{…}}`. An empty cell or `N/A` is not answered, and
//! so are the cells a programme names as absent. The highest revision counts, in whatever order rows arrive; one
//! revision with two values is for a person to settle.

mod csv_file;
mod json_lines;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::decimal::Decimal;
use crate::input::{InputError, InputErrorKind, Place, Warning};
use crate::policy::{CriterionRule, Policy};
use crate::table::Table;

/// The reviews that count, sorted by application, reviewer and round (bytes). Equal where they say the same, wherever
/// they came from.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    criteria: Vec<String>,
    reviews: Vec<Review>,
    file: String,
    rows: Vec<u64>,
    not_applicable: Vec<BTreeSet<usize>>,
}

impl PartialEq for Scores {
    fn eq(&self, other: &Self) -> bool {
        self.criteria == other.criteria && self.reviews == other.reviews
    }
}

impl Eq for Scores {}

/// One review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Whose application.
    pub application: String,
    /// Who read it.
    pub reviewer: String,
    /// In which round; empty where there is only one.
    pub round: String,
    /// Which version of the review; the highest counts.
    pub revision: u32,
    /// How sure the reviewer was.
    pub confidence: Option<Decimal>,
    /// One score for each of [`Scores::criteria`]; `None` = not answered.
    pub scores: Vec<Option<Decimal>>,
}

/// A review and the row it came from.
#[derive(Clone, Debug)]
struct Read {
    row: u64,
    review: Review,
    /// The criteria of which the row says that they do not apply, by position.
    not_applicable: BTreeSet<usize>,
}

/// What a file says, before revisions are settled.
struct FileRead {
    criteria: Vec<String>,
    read: Vec<Read>,
    warnings: Vec<Warning>,
}

impl Scores {
    /// Reads a score file, CSV or JSON lines by its first character. With a policy that has criteria only they are
    /// taken, and a CSV must have a column for each; else every column is a criterion. `file` is its name in messages.
    ///
    /// # Errors
    /// [`InputError`] naming file, row and column; nothing is read then.
    pub fn read(bytes: &[u8], file: &str, policy: &Policy) -> Result<(Self, Vec<Warning>), InputError> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let first = text.iter().find(|b| !b.is_ascii_whitespace());
        let FileRead { criteria, read, warnings } = if first == Some(&b'{') {
            json_lines::read(text, file, policy)?
        } else {
            csv_file::read(bytes, file, policy)?
        };
        Ok((Self::settled(criteria, read, file)?, warnings))
    }

    /// Reads a table that has the columns of a score file, wherever it came from; otherwise as [`Scores::read`].
    ///
    /// # Errors
    /// As [`Scores::read`].
    pub fn of_table(table: &Table, policy: &Policy) -> Result<(Self, Vec<Warning>), InputError> {
        let FileRead { criteria, read, warnings } = csv_file::of(table, policy)?;
        Ok((Self::settled(criteria, read, &table.place.file)?, warnings))
    }

    /// Takes reviews from elsewhere than a file, for instance from documents.
    ///
    /// # Errors
    /// [`InputErrorKind::TwoValues`] where one revision has two values; rows are counted from 1 in the order given.
    pub fn collect(
        criteria: Vec<String>,
        reviews: impl IntoIterator<Item = Review>,
    ) -> Result<Self, InputError> {
        let numbered = (1..).zip(reviews);
        let numbered =
            numbered.map(|(row, review)| Read { row, review, not_applicable: BTreeSet::new() }).collect();
        Self::settled(criteria, numbered, "reviews")
    }

    fn settled(criteria: Vec<String>, read: Vec<Read>, file: &str) -> Result<Self, InputError> {
        let kept = settle(read, &criteria, &Place::file(file))?;
        let mut scores = Self { criteria, file: file.to_owned(), ..Self::default() };
        for read in kept {
            scores.rows.push(read.row);
            scores.reviews.push(read.review);
            scores.not_applicable.push(read.not_applicable);
        }
        Ok(scores)
    }

    /// Returns where the review at this position came from.
    pub fn place(&self, index: usize) -> Place {
        Place { row: self.rows.get(index).copied(), ..Place::file(&self.file) }
    }

    /// Says whether the row of the review at this position has `N/A` for a criterion, rather than nothing.
    pub fn is_not_applicable(&self, index: usize, criterion: usize) -> bool {
        self.not_applicable.get(index).is_some_and(|said| said.contains(&criterion))
    }

    /// Returns the criteria's keys, in the order of every review's scores.
    pub fn criteria(&self) -> &[String] {
        &self.criteria
    }

    /// Returns the reviews that count.
    pub fn reviews(&self) -> &[Review] {
        &self.reviews
    }

    /// Returns the same scores of one round only.
    pub fn of_round(&self, round: &str) -> Self {
        self.of(|review| review.round == round)
    }

    /// Returns the same scores without those of one reviewer.
    #[must_use]
    pub fn without(&self, reviewer: &str) -> Self {
        self.of(|review| review.reviewer != reviewer)
    }

    fn of(&self, chosen: impl Fn(&Review) -> bool) -> Self {
        let mut some = Self { criteria: self.criteria.clone(), file: self.file.clone(), ..Self::default() };
        for ((row, review), said) in self.rows.iter().zip(&self.reviews).zip(&self.not_applicable) {
            if chosen(review) {
                some.rows.push(*row);
                some.reviews.push(review.clone());
                some.not_applicable.push(said.clone());
            }
        }
        some
    }

    /// Returns the rounds that occur, sorted.
    pub fn rounds(&self) -> Vec<&str> {
        let mut rounds: Vec<&str> = self.reviews.iter().map(|r| r.round.as_str()).collect();
        rounds.sort_unstable();
        rounds.dedup();
        rounds
    }
}

/// Keeps the highest revision of each review and refuses one revision with two values, whatever the order of rows.
fn settle(mut read: Vec<Read>, criteria: &[String], place: &Place) -> Result<Vec<Read>, InputError> {
    read.sort_by(|a, b| order(&a.review).cmp(&order(&b.review)).then(a.row.cmp(&b.row)));
    let mut kept: Vec<Read> = Vec::with_capacity(read.len());
    for next in read {
        match kept.last_mut() {
            Some(last) if key(&last.review) == key(&next.review) => {
                if last.review.revision == next.review.revision
                    && let Some(column) = difference(&last.review, &next.review, criteria)
                {
                    let kind = InputErrorKind::TwoValues { row: last.row, other_row: next.row };
                    return Err(place.row(next.row).column(column).error(kind));
                }
                if last.review.revision < next.review.revision {
                    *last = next;
                }
            }
            _ => kept.push(next),
        }
    }
    Ok(kept)
}

type ReviewKey<'a> = (&'a [u8], &'a [u8], &'a [u8]);

fn key(review: &Review) -> ReviewKey<'_> {
    (review.application.as_bytes(), review.reviewer.as_bytes(), review.round.as_bytes())
}

fn order(review: &Review) -> (ReviewKey<'_>, u32) {
    (key(review), review.revision)
}

/// Names the first column in which two rows of one revision differ.
fn difference<'a>(a: &Review, b: &Review, criteria: &'a [String]) -> Option<&'a str> {
    let scores = a.scores.iter().zip(&b.scores).position(|(a, b)| a != b);
    match scores {
        Some(index) => criteria.get(index).map(String::as_str),
        None => (a.confidence != b.confidence).then_some("confidence"),
    }
}

/// Reads one cell: `None` where nothing was answered.
fn cell(
    text: &str,
    rule: &CriterionRule,
    policy: &Policy,
    place: &Place,
) -> Result<Option<Decimal>, InputError> {
    let Some(score) = number(text, &policy.absent, place)? else { return Ok(None) };
    if !rule.range.allows(score) {
        let kind = InputErrorKind::OutOfScale { score: score.to_string(), allowed: rule.range.in_words() };
        return Err(place.error(kind));
    }
    Ok(Some(score))
}

/// Says whether a cell has words for "not applicable", rather than nothing.
fn is_not_applicable(text: &str, policy: &Policy) -> bool {
    !text.is_empty() && (text.eq_ignore_ascii_case("N/A") || policy.absent.iter().any(|a| a == text))
}

fn number(text: &str, absent: &[String], place: &Place) -> Result<Option<Decimal>, InputError> {
    if text.is_empty() || text.eq_ignore_ascii_case("N/A") || absent.iter().any(|a| a == text) {
        return Ok(None);
    }
    let short = |text: &str| text.chars().take(40).collect::<String>();
    text.parse().map(Some).map_err(|why| place.error(InputErrorKind::BadNumber { cell: short(text), why }))
}

/// Reads a revision: a whole number, 0 where none is said.
fn revision(text: &str, place: &Place) -> Result<u32, InputError> {
    whole(text, 0, u64::from(u32::MAX), place).map(|n| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0))
}

/// Reads a whole number between `min` and `max`; `None` where the cell is empty.
pub(crate) fn whole(text: &str, min: u64, max: u64, place: &Place) -> Result<Option<u64>, InputError> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(n) if digits && (min..=max).contains(&n) => Ok(Some(n)),
        _ => Err(place.error(InputErrorKind::BadWhole { cell: text.chars().take(40).collect(), min, max })),
    }
}

/// Names what a file has and the programme does not.
fn unused_columns<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Warning> {
    let counted: BTreeMap<&str, ()> = names.map(|name| (name, ())).collect();
    counted
        .into_keys()
        .take(20)
        .map(|name| {
            Warning::new("column-unused", "`{column}` is no criterion of the programme and was not read")
                .with("column", name)
        })
        .collect()
}

#[cfg(test)]
mod tests;
