//! Which applications want a person's judgement before the order decides, and why; and on which scores a verdict was given. Not
//! the verdict ([`crate::documents::Moderation`]): that is a person's, and changes no score.
//!
//! Four plain rules, each of which a call can print. A review's own total is what the application's would be by that review alone.
//! - *Wide spread*: the own totals of two complete reviews lie [`WIDE`] tenths of the scale of a total apart, or more. It is what
//!   Erasmus+ asks a third expert for: 30 of 100 points between two (Guide for Experts on Quality Assessment). Where a criterion that
//!   weighs has no ends, totals have no scale, and each criterion that has ends is compared by itself.
//! - *Accept against reject*: of the complete reviews one is a tenth of that scale above the line of seats and another one a tenth
//!   below it. Reviews name no recommendation: a total far from the line is one.
//! - *Around the seat line*: within a fifth of the seats from the line, rounded up; equal totals are treated alike.
//! - *Exception route*: eligible by the exception alone.
//!
//! The line is the one that the order alone draws, halfway between the last total with a seat and the first without; quotas come
//! after.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::applications::Applications;
use crate::documents::{Id, Sha256Bytes};
use crate::exact::Exact;
use crate::input::{InputError, Warning};
use crate::merge::Scored;
use crate::policy::{CriterionRule, Policy};
use crate::programme::scoring::{Best, Combine};
use crate::ranking::{RankRow, order};
use crate::scores::Scores;
use crate::sentence::Saying;
use crate::totals::{Reading, Standing, readings, rounds_together, totals};

/// Tenths of a scale from which on a spread is wide.
pub const WIDE: usize = 3;
/// Tenths of the scale of a total from which on a review is clearly on one side of the line of seats.
pub const CLEAR: usize = 1;
/// One in so many seats is near the line, on either side.
pub const NEAR_ONE_IN: usize = 5;

/// From where on readers differ, and what is near the line of seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tenths of a scale from which on a spread is wide.
    pub wide: usize,
    /// Places on either side of the line of seats that are near it; none: one in [`NEAR_ONE_IN`] seats.
    pub near: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { wide: WIDE, near: None }
    }
}

/// What is asked beside scores and rules.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// All applications, where a table is given.
    pub applications: Option<&'a Applications>,
    /// Seats of the programme.
    pub seats: Option<usize>,
    /// Seed of draws.
    pub seed: u64,
    /// Applications that are eligible by the exception alone.
    pub exceptions: &'a BTreeSet<String>,
}

/// The order with what of it wants a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The line of seats, as a total.
    pub line: Option<f64>,
    /// The least and the greatest total that the scale allows, adjustments left out.
    pub ends: Option<(f64, f64)>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
    /// Every application with a review, best first.
    pub rows: Vec<ModerationRow>,
}

/// One application.
#[derive(Clone, Debug, PartialEq)]
pub struct ModerationRow {
    /// Application.
    pub application: String,
    /// Its place; none without a total.
    pub rank: Option<usize>,
    /// Its total.
    pub total: Option<f64>,
    /// Its reviews, by reader.
    pub reads: Vec<ReadRow>,
    /// Why it wants a person; empty where it does not.
    pub reasons: Vec<Reason>,
}

/// One review.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadRow {
    /// Reader.
    pub reviewer: String,
    /// What the total would be by this review alone.
    pub total: f64,
    /// Whether as much was answered as the programme asks.
    pub complete: bool,
}

/// Why an application wants a person.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Readers' own totals lie far apart, or on one criterion their scores do.
    WideSpread {
        /// The criterion, where totals have no scale.
        criterion: Option<String>,
        /// The least.
        low: f64,
        /// The greatest.
        high: f64,
        /// From which distance on a spread is wide.
        wide: f64,
    },
    /// Readers stand clearly on both sides of the line of seats.
    AcceptReject {
        /// How many would give it a seat.
        accept: usize,
        /// How many would not.
        reject: usize,
        /// The line.
        line: f64,
    },
    /// It stands near the line of seats.
    SeatLine {
        /// Its place.
        rank: usize,
        /// How many seats there are.
        seats: usize,
        /// Whether it is among those with a seat.
        within: bool,
    },
    /// It is eligible by the exception alone.
    ExceptionRoute,
}

impl Reason {
    /// Says it in one sentence: a code with its figures.
    #[must_use]
    pub fn saying(&self) -> Saying {
        match self {
            Self::WideSpread { criterion: None, low, high, wide } => Saying::new(
                "moderation-wide-spread",
                "Its readers' totals lie {apart} apart, from {low} to {high}; from {wide} on a spread is wide.",
            )
            .with("apart", high - low)
            .with("low", *low)
            .with("high", *high)
            .with("wide", *wide),
            Self::WideSpread { criterion: Some(criterion), low, high, wide } => Saying::new(
                "moderation-wide-spread-criterion",
                "On {criterion} its readers' scores lie {apart} apart, from {low} to {high}; from {wide} on a spread is \
                 wide.",
            )
            .with("criterion", criterion.as_str())
            .with("apart", high - low)
            .with("low", *low)
            .with("high", *high)
            .with("wide", *wide),
            Self::AcceptReject { accept, reject, line } => Saying::new(
                "moderation-accept-reject",
                "Readers stand on both sides of the seat line at {line}: {accept} would clearly give a seat, {reject} \
                 clearly not.",
            )
            .with("accept", *accept)
            .with("reject", *reject)
            .with("line", *line),
            Self::SeatLine { rank, seats, within: true } => Saying::new(
                "moderation-seat-line-within",
                "At place {rank} it is among the last within the {seats} seats.",
            )
            .with("rank", *rank)
            .with("seats", *seats),
            Self::SeatLine { rank, seats, within: false } => Saying::new(
                "moderation-seat-line-beyond",
                "At place {rank} it is among the first beyond the {seats} seats.",
            )
            .with("rank", *rank)
            .with("seats", *seats),
            Self::ExceptionRoute => {
                Saying::new("moderation-exception-route", "It is eligible by the exception alone.")
            }
        }
    }
}

/// Puts applications into order and says which want a person's judgement, by the rules of this module. A verdict that was given
/// changes nothing here.
///
/// # Errors
/// [`InputError`] where a review's application is not in the table, or an adjustment's column is missing or no number.
pub fn wanted(scores: &Scores, policy: &Policy, asked: &Asked<'_>) -> Result<Wanted, InputError> {
    wanted_within(scores, policy, asked, Limits::default())
}

/// As [`wanted`], by limits of one's own.
///
/// # Errors
/// As [`wanted`].
pub fn wanted_within(
    scores: &Scores,
    policy: &Policy,
    asked: &Asked<'_>,
    limits: Limits,
) -> Result<Wanted, InputError> {
    let policy = policy.for_criteria(scores.criteria());
    let totals = totals(scores, &policy, asked.applications)?;
    let reads = readings(scores, &policy, asked.applications)?;
    let rows = order(&totals.standings, &policy, asked.seed);
    let standings: BTreeMap<&str, &Standing> =
        totals.standings.iter().map(|standing| (standing.application.as_str(), standing)).collect();
    let scale = Scale::of(&policy);
    let line = asked.seats.and_then(|seats| Line::of(&rows, &standings, seats, limits.near));
    let rules = Rules { policy: &policy, scale: scale.as_ref(), line: line.as_ref(), wide: limits.wide };

    let mut found = Wanted {
        line: line.as_ref().map(|line| line.at.to_f64()),
        ends: scale.as_ref().map(|scale| (scale.low.to_f64(), scale.high.to_f64())),
        warnings: rounds_together(scores).into_iter().collect(),
        rows: Vec::with_capacity(rows.len()),
    };
    if scale.is_none() {
        let message =
            "a criterion has no ends of its scale: spreads are compared by criterion, where there are any";
        found.warnings.push(Warning::new("scale-open", message));
    }
    for (at, row) in rows.iter().enumerate() {
        let Some(reads) = reads.get(row.application.as_str()).filter(|reads| !reads.is_empty()) else {
            continue;
        };
        let standing = standings.get(row.application.as_str()).copied();
        let adjusted: Exact = standing.map_or_else(Exact::zero, |one| one.adjustments.values().sum());
        let own: Vec<Exact> = reads.iter().map(|read| &read.figure + &adjusted).collect();
        let complete: Vec<&Exact> =
            own.iter().zip(reads).filter(|(_, read)| read.complete).map(|(own, _)| own).collect();
        let mut reasons = rules.spread(&complete, reads);
        reasons.extend(rules.sides(&complete));
        reasons.extend(line.as_ref().and_then(|line| line.near(at, row, standing)));
        reasons.extend(asked.exceptions.contains(&row.application).then_some(Reason::ExceptionRoute));
        let read = |(read, own): (&Reading<'_>, &Exact)| ReadRow {
            reviewer: read.reviewer.to_owned(),
            total: own.to_f64(),
            complete: read.complete,
        };
        found.rows.push(ModerationRow {
            application: row.application.clone(),
            rank: row.rank,
            total: row.total,
            reads: reads.iter().zip(&own).map(read).collect(),
            reasons,
        });
    }
    Ok(found)
}

/// Returns a fingerprint of the scores that a verdict is given on: SHA-256 over `tessera/1 moderation`, the number of reviews that
/// count, and of each, by reviewer, its reviewer, the number of its scores, and key and decimal of each; every part is preceded by
/// its length in 8 bytes, big-endian. What is said beside the scores leaves it as it is.
#[must_use]
pub fn seen<'a>(reviews: impl IntoIterator<Item = (Id, &'a Scored)>) -> Sha256Bytes {
    let reviews: BTreeMap<Id, &Scored> = reviews.into_iter().collect();
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(b"tessera/1 moderation");
    part(&(reviews.len() as u64).to_be_bytes());
    for (reviewer, scored) in reviews {
        part(&reviewer);
        part(&(scored.scores.len() as u64).to_be_bytes());
        for (key, score) in &scored.scores {
            part(key.as_bytes());
            part(score.to_string().as_bytes());
        }
    }
    hash.finalize().into()
}

/// The totals that a review can give.
struct Scale {
    low: Exact,
    high: Exact,
}

impl Scale {
    /// Combines the ends of the criteria that weigh; `None` where one of them has none.
    fn of(policy: &Policy) -> Option<Self> {
        let (mut low, mut high, mut weights) = (Exact::zero(), Exact::zero(), Exact::zero());
        for rule in policy.criteria.iter().filter(|rule| !rule.weight.is_zero()) {
            let (min, max) = (Exact::from(rule.range.min?), Exact::from(rule.range.max?));
            let weight = Exact::from(rule.weight);
            low = &low + &(&weight * &min);
            high = &high + &(&weight * &max);
            weights = &weights + &weight;
        }
        let scale = match policy.combine {
            Combine::Sum => Self { low, high },
            Combine::Mean => Self { low: low.divided_by(&weights)?, high: high.divided_by(&weights)? },
        };
        scale.range().is_positive().then_some(scale)
    }

    fn range(&self) -> Exact {
        &self.high - &self.low
    }
}

/// So many tenths of a distance.
fn tenths(of: &Exact, many: usize) -> Exact {
    &(of * &Exact::count(many)) / 10
}

struct Rules<'a> {
    policy: &'a Policy,
    scale: Option<&'a Scale>,
    line: Option<&'a Line>,
    /// Tenths of a scale from which on a spread is wide.
    wide: usize,
}

impl Rules<'_> {
    /// Finds a wide spread: of the reviews' own totals where these have a scale, else of each criterion that has one.
    fn spread(&self, complete: &[&Exact], reads: &[Reading<'_>]) -> Vec<Reason> {
        if let Some(scale) = self.scale {
            return wide(None, complete, &tenths(&scale.range(), self.wide)).into_iter().collect();
        }
        let criterion = |(at, rule): (usize, &CriterionRule)| {
            let range = &Exact::from(rule.range.max?) - &Exact::from(rule.range.min?);
            let scored: Vec<&Exact> =
                reads.iter().filter_map(|read| read.answers.get(at)?.as_ref()).collect();
            wide(Some(&rule.key), &scored, &tenths(&range, self.wide))
        };
        let weighs = |(_, rule): &(usize, &CriterionRule)| !rule.weight.is_zero();
        self.policy.criteria.iter().enumerate().filter(weighs).filter_map(criterion).collect()
    }

    /// Finds reviews clearly on both sides of the line.
    fn sides(&self, complete: &[&Exact]) -> Option<Reason> {
        let line = self.line?;
        let clear = self.scale.map_or_else(Exact::zero, |scale| tenths(&scale.range(), CLEAR));
        let (above, below) = (&line.at + &clear, &line.at - &clear);
        // With a scale of no ends whoever stands on the line itself is on neither side.
        let beyond = |own: &Exact, end: &Exact, side: Ordering| match own.cmp(end) {
            Ordering::Equal => !clear.is_zero(),
            other => other == side,
        };
        let greater = complete.iter().filter(|own| beyond(own, &above, Ordering::Greater)).count();
        let less = complete.iter().filter(|own| beyond(own, &below, Ordering::Less)).count();
        let (accept, reject) = if self.policy.best == Best::High { (greater, less) } else { (less, greater) };
        (accept > 0 && reject > 0).then(|| Reason::AcceptReject { accept, reject, line: line.at.to_f64() })
    }
}

fn wide(criterion: Option<&str>, figures: &[&Exact], from: &Exact) -> Option<Reason> {
    let (low, high) = (figures.iter().min()?, figures.iter().max()?);
    (from.is_positive() && *high - *low >= *from).then(|| Reason::WideSpread {
        criterion: criterion.map(str::to_owned),
        low: low.to_f64(),
        high: high.to_f64(),
        wide: from.to_f64(),
    })
}

/// The line of seats in an order.
struct Line {
    seats: usize,
    at: Exact,
    /// The totals near it.
    near: BTreeSet<Exact>,
}

impl Line {
    /// Draws the line; `None` where no application with a total is on one side of it.
    fn of(
        rows: &[RankRow],
        standings: &BTreeMap<&str, &Standing>,
        seats: usize,
        near: Option<usize>,
    ) -> Option<Self> {
        let placed: Vec<&Exact> =
            rows.iter().filter_map(|row| standings.get(row.application.as_str())?.total.as_ref()).collect();
        let (last, next) = (placed.get(seats.checked_sub(1)?)?, placed.get(seats)?);
        let at = &(*last + *next) / 2;
        let each = near.unwrap_or_else(|| seats.div_ceil(NEAR_ONE_IN));
        let near = placed.iter().skip(seats.saturating_sub(each)).take(seats.min(each) + each);
        Some(Self { seats, at, near: near.map(|total| (*total).clone()).collect() })
    }

    fn near(&self, at: usize, row: &RankRow, standing: Option<&Standing>) -> Option<Reason> {
        let near = self.near.contains(standing?.total.as_ref()?);
        let rank = row.rank?;
        near.then_some(Reason::SeatLine { rank, seats: self.seats, within: at < self.seats })
    }
}

#[cfg(test)]
mod tests;
