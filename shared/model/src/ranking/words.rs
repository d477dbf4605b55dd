//! What an order says in one sentence, and what to do. Not the order, and not a selection: the line of seats is the one
//! that the order alone draws; quotas can move it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{RankRow, draw, separate};
use crate::policy::{Policy, Tie};
use crate::sentence::{Advice, Saying};
use crate::totals::{Standing, TotalRow};

/// What is told of an order: printed as its [`Advice`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(into = "Advice")]
pub struct Told {
    /// Applications with a place.
    ranked: usize,
    /// Those without one.
    unplaced: BTreeSet<String>,
    /// Those whose total is from less than the programme asks.
    marked: Vec<String>,
    /// How many have a total that another has too.
    tied: usize,
    /// How many share their place.
    shared: usize,
    /// How many a draw gave their place.
    drawn: usize,
    /// Seats, where they are known.
    seats: Option<usize>,
    /// Equal totals on both sides of the line of seats.
    line: Option<Line>,
    /// Seed of draws.
    seed: u64,
}

/// Equal totals on both sides of the line of seats.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    /// How many have that total.
    across: usize,
    /// The first of them.
    first: String,
    /// What separates the last above the line from the first below it; `None` where they share a place.
    rule: Option<Tie>,
}

impl Told {
    /// Looks at an order and at the totals that it was made from.
    pub fn of(
        rows: &[RankRow],
        totals: &[TotalRow],
        standings: &[Standing],
        policy: &Policy,
        seats: Option<usize>,
        seed: u64,
    ) -> Self {
        let ranked: Vec<&RankRow> = rows.iter().filter(|row| row.rank.is_some()).collect();
        let count = |is: &dyn Fn(&RankRow) -> bool| ranked.iter().filter(|row| is(row)).count();
        let sharing = ranked.chunk_by(|a, b| a.rank == b.rank).map(<[_]>::len).filter(|size| *size > 1);
        let short = totals.iter().filter(|row| row.incomplete && row.total.is_some());
        Self {
            ranked: ranked.len(),
            unplaced: rows.iter().filter(|r| r.rank.is_none()).map(|r| r.application.clone()).collect(),
            marked: short.map(|row| row.application.clone()).collect(),
            tied: count(&|row| !row.tied_with.is_empty()),
            shared: sharing.sum(),
            drawn: count(&|row| row.tie_broken_by.as_deref() == Some(Tie::Draw.name())),
            seats,
            line: seats.and_then(|seats| Line::of(&ranked, seats, standings, policy, seed)),
            seed,
        }
    }

    /// Counts applications without a place that the order does not name.
    pub fn add_unplaced(&mut self, applications: impl IntoIterator<Item = String>) {
        self.unplaced.extend(applications);
    }

    /// Says whether something is missing of an application, so that the order may still change.
    pub fn is_lacking(&self) -> bool {
        self.ranked == 0 || !self.unplaced.is_empty() || !self.marked.is_empty()
    }

    /// Says in one sentence how many have a place and what stands between equal totals, and what to do.
    pub fn advice(&self) -> Advice {
        Advice { sentence: self.sentence(), act: self.act() }
    }

    fn sentence(&self) -> Saying {
        let all = self.ranked + self.unplaced.len();
        if self.ranked == 0 {
            return Saying::new(
                "ranking-none",
                "None of {all} applications has a total, so there is no order.",
            )
            .with("all", all);
        }
        let said = |code, template| {
            Saying::new(code, template)
                .with("ranked", self.ranked)
                .with("all", all)
                .with("marked", self.marked.len())
        };
        match (&self.line, self.seats) {
            (Some(line), Some(seats)) => {
                let said = match &line.rule {
                    None => said(
                        "ranking-line-shared",
                        "{ranked} of {all} applications have a place, {marked} of these from less than is asked; {across} \
                         with one total stand across the line of {seats} seats, and nothing separates them there.",
                    ),
                    Some(Tie::Draw) => said(
                        "ranking-line-drawn",
                        "{ranked} of {all} applications have a place, {marked} of these from less than is asked; {across} \
                         with one total stand across the line of {seats} seats, and only a draw separates them there.",
                    ),
                    Some(rule) => said(
                        "ranking-line-separated",
                        "{ranked} of {all} applications have a place, {marked} of these from less than is asked; {across} \
                         with one total stand across the line of {seats} seats, separated there by {rule}.",
                    )
                    .with("rule", rule.name()),
                };
                said.with("across", line.across).with("seats", seats)
            }
            _ if self.tied > 0 => said(
                "ranking-ties",
                "{ranked} of {all} applications have a place, {marked} of these from less than is asked; {tied} have a \
                 total that another has too, {shared} share their place, a draw placed {drawn}.",
            )
            .with("tied", self.tied)
            .with("shared", self.shared)
            .with("drawn", self.drawn),
            _ => said(
                "ranking-clear",
                "{ranked} of {all} applications have a place, {marked} of these from less than is asked; no two have the \
                 same total.",
            ),
        }
    }

    fn act(&self) -> Saying {
        if let Some(first) = self.unplaced.first().or(self.marked.first()) {
            return Saying::new(
                "ask-for-missing",
                "Ask for what is missing of {lacking} applications, beginning with {first}, before the order decides.",
            )
            .with("lacking", self.unplaced.len() + self.marked.len())
            .with("first", first.as_str());
        }
        if self.ranked == 0 {
            return Saying::new("await-reviews", "Look again when reviews have come in.");
        }
        match (&self.line, self.seats) {
            (Some(Line { rule: None | Some(Tie::Draw), across, first }), _) => Saying::new(
                "discuss-ties",
                "Discuss those {across}, beginning with {first}, or let the draw decide between them.",
            )
            .with("across", *across)
            .with("first", first.as_str()),
            (Some(Line { across, first, .. }), _) => Saying::new(
                "look-at-ties",
                "Look at those {across}, beginning with {first}, before seats are given.",
            )
            .with("across", *across)
            .with("first", first.as_str()),
            (None, Some(_)) => Saying::new("select", "Look at both sides of the line of seats, then select."),
            (None, None) if self.shared > 0 => Saying::new(
                "say-ties",
                "Say in the programme what separates equal totals, or publish the shared places.",
            ),
            (None, None) if self.drawn > 0 => Saying::new(
                "publish-seed",
                "Publish the order with its seed, {seed}, so that anyone can repeat the draw.",
            )
            .with("seed", self.seed.to_string().as_str()),
            (None, None) => Saying::new("publish-order", "Look at the order, then publish it."),
        }
    }
}

impl From<Told> for Advice {
    fn from(told: Told) -> Self {
        told.advice()
    }
}

impl Line {
    /// Finds equal totals on both sides of the line behind `seats` applications; both neighbours of the line are compared
    /// as the order compares them.
    fn of(
        ranked: &[&RankRow],
        seats: usize,
        standings: &[Standing],
        policy: &Policy,
        seed: u64,
    ) -> Option<Self> {
        let standing = |row: &RankRow| standings.iter().find(|one| one.application == row.application);
        let (above, below) = (ranked.get(seats.checked_sub(1)?)?, ranked.get(seats)?);
        above.tied_with.binary_search(&below.application).ok()?;
        let (last, next) = (standing(above)?, standing(below)?);
        let draws: BTreeMap<&str, [u8; 32]> =
            [last, next].iter().map(|s| (s.application.as_str(), draw(seed, &s.application))).collect();
        let rule = separate(last, next, policy, &draws).and_then(|(rule, _)| policy.ties.get(rule).cloned());
        let equal = |row: &RankRow| {
            row.application == above.application || above.tied_with.binary_search(&row.application).is_ok()
        };
        let first = ranked.iter().find(|row| equal(row))?;
        Some(Self { across: above.tied_with.len() + 1, first: first.application.clone(), rule })
    }
}
