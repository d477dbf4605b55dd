//! Can the remaining seats still be filled under every floor and cap, and if not, because of which? Asked of the solver
//! as whole numbers of people by the set of quotas that count them. Not who is seated.

use std::collections::{BTreeMap, BTreeSet};

use super::{Seats, SolverError};
use crate::mip::{Answer, Programme};

/// Longest search for one answer, in seconds: far beyond what any programme needs.
const SECONDS: f64 = 60.0;

/// Seats that are taken, and who is left to take the others.
pub(super) struct Room<'s> {
    seats: &'s Seats,
    /// How many of each kind are left below in the order; a kind is the set of quotas that count them.
    left: BTreeMap<BTreeSet<usize>, usize>,
    /// Seats taken, and of these how many each quota counts.
    taken: usize,
    counted: Vec<usize>,
    /// How many seats are filled in the end.
    filled: usize,
}

/// One of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Constraint {
    /// As many seats are filled as can be.
    Filled,
    /// A quota's floor.
    Floor(usize),
    /// No more than the seats there are.
    Seats,
    /// A quota's cap.
    Cap(usize),
}

impl Constraint {
    pub(super) const fn is_quota(self) -> bool {
        matches!(self, Self::Floor(_) | Self::Cap(_))
    }

    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::Filled | Self::Seats => "seats",
            Self::Floor(_) => "floor",
            Self::Cap(_) => "cap",
        }
    }

    pub(super) fn name(self, seats: &Seats) -> String {
        match self {
            Self::Filled | Self::Seats => "seats".to_owned(),
            Self::Floor(index) | Self::Cap(index) => seats.quotas[index].name.clone(),
        }
    }
}

impl<'s> Room<'s> {
    /// Nobody is seated; `left` are those who may be.
    pub(super) fn new<'c>(seats: &'s Seats, left: impl Iterator<Item = &'c BTreeSet<usize>>) -> Self {
        let mut kinds = BTreeMap::new();
        left.for_each(|kind| *kinds.entry(kind.clone()).or_default() += 1);
        Self { seats, left: kinds, taken: 0, counted: vec![0; seats.quotas.len()], filled: 0 }
    }

    /// Seats somebody.
    pub(super) fn seat(&mut self, kind: &BTreeSet<usize>) {
        self.taken += 1;
        kind.iter().for_each(|quota| self.counted[*quota] += 1);
    }

    /// Takes somebody out of those who are left.
    pub(super) fn leave(&mut self, kind: &BTreeSet<usize>) {
        if let Some(left) = self.left.get_mut(kind) {
            *left = left.saturating_sub(1);
        }
    }

    /// True where every seat that will be filled is taken.
    pub(super) fn is_full(&self) -> bool {
        self.taken >= self.filled
    }

    /// Finds how many seats can be filled at all; gives the rules that contradict each other where none can.
    pub(super) fn fix_seats(&mut self) -> Result<Option<Vec<Constraint>>, SolverError> {
        let (all, filled) = (self.rules(), |rule: &Constraint| *rule != Constraint::Filled);
        let rules: Vec<Constraint> = all.into_iter().filter(filled).collect();
        match self.most(&rules)? {
            Some(most) => {
                self.filled = most;
                Ok(None)
            }
            None => self.contradiction(rules).map(Some),
        }
    }

    /// Seats somebody who is not among those left, if the other seats can then still be filled; else gives the rules
    /// that together prevent it.
    pub(super) fn seated_or_why(
        &mut self,
        kind: &BTreeSet<usize>,
    ) -> Result<Option<Vec<Constraint>>, SolverError> {
        let before = (self.taken, self.counted.clone());
        self.seat(kind);
        let rules = self.rules();
        if self.most(&rules)?.is_some() {
            return Ok(None);
        }
        let together = self.contradiction(rules)?;
        (self.taken, self.counted) = before;
        Ok(Some(together))
    }

    /// All rules, those that explain least first.
    fn rules(&self) -> Vec<Constraint> {
        let quotas = || self.seats.quotas.iter().enumerate();
        let floors = quotas().filter(|(_, quota)| quota.min > 0).map(|(index, _)| Constraint::Floor(index));
        let caps = quotas().filter(|(_, quota)| quota.max.is_some()).map(|(index, _)| Constraint::Cap(index));
        [Constraint::Filled].into_iter().chain(floors).chain([Constraint::Seats]).chain(caps).collect()
    }

    /// Leaves out one rule after the other that is not needed for the contradiction (a deletion filter, Chinneck and
    /// Dravnieks 1991): what stays is a smallest set in the sense that each of them is needed.
    fn contradiction(&self, mut rules: Vec<Constraint>) -> Result<Vec<Constraint>, SolverError> {
        for rule in rules.clone() {
            let without: Vec<Constraint> = rules.iter().copied().filter(|one| *one != rule).collect();
            if self.most(&without)?.is_none() {
                rules = without;
            }
        }
        Ok(rules)
    }

    /// The most seats that can be filled under these rules; none where they contradict each other.
    fn most(&self, rules: &[Constraint]) -> Result<Option<usize>, SolverError> {
        let mut programme = Programme::default();
        let kinds: Vec<(usize, &BTreeSet<usize>)> = self
            .left
            .iter()
            .filter(|(_, left)| **left > 0)
            .map(|(kind, left)| (programme.column(0.0, number(*left), true), kind))
            .collect();
        let all: Vec<(usize, f64)> = kinds.iter().map(|(column, _)| (*column, 1.0)).collect();
        let of = |quota: usize| -> Vec<(usize, f64)> {
            kinds.iter().filter(|(_, kind)| kind.contains(&quota)).map(|(column, _)| (*column, 1.0)).collect()
        };
        let infinite = f64::INFINITY;
        for rule in rules {
            let (low, high, terms) = match *rule {
                Constraint::Filled => (number(self.filled) - number(self.taken), infinite, all.clone()),
                Constraint::Seats => (-infinite, number(self.seats.n) - number(self.taken), all.clone()),
                Constraint::Floor(at) => {
                    (number(self.seats.quotas[at].min) - number(self.counted[at]), infinite, of(at))
                }
                Constraint::Cap(at) => {
                    let max = self.seats.quotas[at].max.unwrap_or(usize::MAX);
                    (-infinite, number(max) - number(self.counted[at]), of(at))
                }
            };
            if terms.is_empty() {
                if low > 0.0 || high < 0.0 {
                    return Ok(None);
                }
                continue;
            }
            programme.row(low, high, terms);
        }
        match programme.maximise(&all, None, SECONDS)? {
            Answer::Infeasible => Ok(None),
            Answer::OutOfTime => Err(SolverError::out_of_time()),
            Answer::Found(found) if !found.proven => Err(SolverError::out_of_time()),
            Answer::Found(found) => {
                let more = found.values.iter().fold(0, |sum, value| sum + people(*value));
                Ok(Some(self.taken + more))
            }
        }
    }
}

fn number(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}

/// A whole number of the solver as a number of people.
fn people(value: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, bounded by the pool")]
    let people = value.round().max(0.0) as usize;
    people
}
