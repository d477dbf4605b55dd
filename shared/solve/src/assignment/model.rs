//! The assignment as a mathematical programme: a column for each pair, rows for each rule, and the steps in which it is
//! optimised. Not what the result means.
//!
//! With reads, loads, convex cost and own regions alone the rows are those of a flow in a network (the readers of one
//! region lie between application and reviewers), so the simplex method ends at whole numbers by itself (Hoffman and
//! Kruskal 1956). Competences, pairs kept apart, the worst score and every step after the first are no flow: then whole
//! numbers are demanded.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use tessera_model::exact::Exact;

use super::problem::Problem;
use super::{Chosen, Gap, Objective, Refused, Rules, scores};
use crate::mip::{Answer, Programme, Solution, is_whole};

/// Names the use of the hash that equally good assignments are separated by.
const TIE_NAME: &[u8] = b"tessera/1 assignment";
/// Affinities are divided by the largest and multiplied by this: the solver's tolerances are absolute.
const SCALE: f64 = 1000.0;
/// All tie-breaking together weighs this much, in the same unit: 1e-7 of the largest affinity.
const TIES: f64 = 1e-4;

/// A pair that has to be in the assignment, or out of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Force {
    /// Its place.
    pub(super) pair: usize,
    /// In, or out.
    pub(super) assigned: bool,
}

/// What is maximised in one step: its name, the sum of columns, and the unit in which that is scaled.
type Step = (&'static str, Vec<(usize, f64)>, f64);

pub(super) struct Model<'p> {
    problem: &'p Problem,
    rules: &'p Rules,
    programme: Programme,
    /// Columns that say how much is missing, and how much that matters.
    short: Vec<(usize, f64)>,
    /// Columns of each read beyond a reviewer's first, and how often the load cost it costs.
    steps: Vec<(usize, f64)>,
    /// Lower bound of every score, where the worst counts.
    worst: Option<usize>,
    /// Affinities by pair, scaled.
    weights: Vec<f64>,
    unit: f64,
    flow: bool,
}

impl<'p> Model<'p> {
    /// Everybody is served, or there is no answer.
    pub(super) fn strict(problem: &'p Problem, rules: &'p Rules, force: Option<Force>) -> Self {
        Self::new(problem, rules, force, false)
    }

    /// Whoever cannot be served is left short.
    pub(super) fn elastic(problem: &'p Problem, rules: &'p Rules, force: Option<Force>) -> Self {
        Self::new(problem, rules, force, true)
    }

    fn new(problem: &'p Problem, rules: &'p Rules, force: Option<Force>, elastic: bool) -> Self {
        let figures: Vec<f64> = problem.pairs.iter().map(|pair| pair.affinity.to_f64()).collect();
        let cost = Exact::from(rules.load_cost).to_f64();
        let largest = figures.iter().fold(cost, |largest: f64, x| largest.max(x.abs()));
        let unit = if largest > 0.0 { SCALE / largest } else { 1.0 };
        let mut model = Self {
            problem,
            rules,
            programme: Programme::default(),
            short: Vec::new(),
            steps: Vec::new(),
            worst: None,
            weights: figures.into_iter().map(|x| x * unit).collect(),
            unit,
            flow: true,
        };
        for place in 0..problem.pairs.len() {
            let fixed = force.filter(|force| force.pair == place).map(|force| force.assigned);
            let (low, high) = match fixed {
                Some(true) => (1.0, 1.0),
                Some(false) => (0.0, 0.0),
                None => (0.0, 1.0),
            };
            model.programme.column(low, high, false);
        }
        model.applications(elastic);
        model.reviewers(elastic);
        if rules.objective != Objective::Total {
            model.fairness();
        }
        if !model.flow {
            model.programme.demand_whole(problem.pairs.len());
        }
        model
    }

    /// Adds what every application asks: readers, few of them from its own region, competences, nobody kept apart.
    fn applications(&mut self, elastic: bool) {
        let problem = self.problem;
        let reads = count(self.rules.reads);
        let own_region = self.rules.own_region();
        // One missing read weighs more than all competences, one of these more than all loads.
        let loads: usize = problem.reviewers.iter().map(|reader| reader.min).sum();
        let competences: usize = problem.applications.iter().map(|one| one.competences.len()).sum();
        let per_competence = count(loads + 1);
        let per_read = per_competence * count(competences + 1);
        let mut of: Vec<Vec<usize>> = vec![Vec::new(); problem.applications.len()];
        problem.pairs.iter().enumerate().for_each(|(place, pair)| of[pair.application].push(place));
        for (a, places) in of.iter().enumerate() {
            let mut terms: Vec<(usize, f64)> = places.iter().map(|place| (*place, 1.0)).collect();
            if elastic {
                terms.push((self.shortfall(reads, per_read), 1.0));
            }
            self.programme.row(reads, reads, terms);

            let own: Vec<usize> = places
                .iter()
                .copied()
                .filter(|p| problem.own_region(a, problem.pairs[*p].reviewer))
                .collect();
            if own.len() > own_region && own_region < self.rules.reads {
                let mut terms: Vec<(usize, f64)> = own.iter().map(|place| (*place, 1.0)).collect();
                if elastic && self.rules.own_region_max.is_none() {
                    // Less than any read, more than nothing: given up only where it serves somebody.
                    let weight = 1.0 / count(problem.applications.len() * self.rules.reads + 1);
                    terms.push((self.shortfall(reads, weight), -1.0));
                }
                self.programme.row(0.0, count(own_region), terms);
            }

            for competence in &problem.applications[a].competences {
                let has = |p: &&usize| {
                    problem.reviewers[problem.pairs[**p].reviewer].competences.contains(competence)
                };
                let mut terms: Vec<(usize, f64)> = places.iter().filter(has).map(|p| (*p, 1.0)).collect();
                if elastic {
                    terms.push((self.shortfall(1.0, per_competence), 1.0));
                }
                self.programme.row(1.0, reads.max(1.0), terms);
                self.flow = false;
            }

            let by_reviewer: BTreeMap<usize, usize> =
                places.iter().map(|place| (problem.pairs[*place].reviewer, *place)).collect();
            for (reviewer, place) in &by_reviewer {
                for other in problem.reviewers[*reviewer].apart.range(reviewer + 1..) {
                    if let Some(other) = by_reviewer.get(other) {
                        self.programme.row(0.0, 1.0, vec![(*place, 1.0), (*other, 1.0)]);
                        self.flow = false;
                    }
                }
            }
        }
    }

    /// Adds every reviewer's load, and what it costs.
    fn reviewers(&mut self, elastic: bool) {
        let problem = self.problem;
        let costly = !self.rules.load_cost.is_zero();
        let mut of: Vec<Vec<usize>> = vec![Vec::new(); problem.reviewers.len()];
        problem.pairs.iter().enumerate().for_each(|(place, pair)| of[pair.reviewer].push(place));
        for (reader, places) in problem.reviewers.iter().zip(&of) {
            let terms: Vec<(usize, f64)> = places.iter().map(|place| (*place, 1.0)).collect();
            let max = reader.max.min(places.len());
            if costly {
                let mut steps: Vec<(usize, f64)> = terms.clone();
                for step in 0..max {
                    let column = self.programme.column(0.0, 1.0, false);
                    self.steps.push((column, count(step)));
                    steps.push((column, -1.0));
                }
                self.programme.row(0.0, 0.0, steps);
            }
            if elastic && reader.min > 0 {
                let short = self.shortfall(count(reader.min), 1.0);
                let mut least = terms.clone();
                least.push((short, 1.0));
                self.programme.row(count(reader.min), f64::INFINITY, least);
                self.programme.row(0.0, count(reader.max), terms);
            } else {
                self.programme.row(count(reader.min), count(reader.max), terms);
            }
        }
    }

    /// Adds a lower bound of all scores, which can then be raised.
    fn fairness(&mut self) {
        let bound = self.highest();
        let worst = self.programme.column(-bound, bound, false);
        let mut of: Vec<Vec<(usize, f64)>> = vec![Vec::new(); self.problem.applications.len()];
        for (place, (pair, weight)) in self.problem.pairs.iter().zip(&self.weights).enumerate() {
            of[pair.application].push((place, *weight));
        }
        for mut terms in of {
            terms.push((worst, -1.0));
            self.programme.row(0.0, f64::INFINITY, terms);
        }
        self.worst = Some(worst);
        self.flow = false;
    }

    /// Beyond any score, scaled.
    fn highest(&self) -> f64 {
        SCALE * count(self.rules.reads + 1)
    }

    fn shortfall(&mut self, most: f64, weight: f64) -> usize {
        let column = self.programme.column(0.0, most, false);
        self.short.push((column, weight));
        column
    }

    /// Chooses pairs, keeping as many of `old` as can be. `None` where not everybody can be served and nothing may be
    /// missing.
    pub(super) fn choose(mut self, old: &BTreeSet<usize>) -> Result<Option<Chosen>, Refused> {
        let complete = self.short.is_empty();
        let total = self.total();
        let mut steps: Vec<Step> = Vec::new();
        if !complete {
            steps.push(("unmet", self.short.iter().map(|(c, weight)| (*c, -weight)).collect(), 1.0));
        }
        if !old.is_empty() {
            steps.push(("kept", old.iter().map(|place| (*place, 1.0)).collect(), 1.0));
        }
        if let Some(worst) = self.worst {
            let mut terms = vec![(worst, 1.0)];
            if self.rules.objective == Objective::Fairest {
                terms.extend(self.ties());
            }
            steps.push(("worst", terms, self.unit));
        }
        if self.rules.objective != Objective::Fairest {
            steps.push(("total", [total.clone(), self.ties()].concat(), self.unit));
        }
        let last = steps.len() - 1;
        let (mut gap, mut start) = (None, None);
        for (index, (step, terms, unit)) in steps.into_iter().enumerate() {
            if step == "worst" && start.is_none() {
                // The best total is quickly found and gives the search for the fairest something to begin with.
                start = self.found(&total, None)?.map(|found| found.values);
                if start.is_none() {
                    return Ok(None);
                }
            }
            let Some(found) = self.found(&terms, start.as_deref())? else { return Ok(None) };
            let reached: f64 = terms.iter().map(|(column, factor)| factor * found.values[*column]).sum();
            if !found.proven {
                gap = gap.or(Some(Gap { step, reached: reached / unit, bound: found.bound / unit }));
            }
            if index < last {
                self.hold(step, terms, reached, &found);
            }
            start = Some(found.values);
        }
        let values = start.unwrap_or_default();
        let pairs = (0..self.problem.pairs.len()).filter(|place| values[*place] > 0.5).collect();
        Ok(Some(Chosen { pairs, gap, complete }))
    }

    /// Solves; where a flow's answer is not whole after all, whole numbers are demanded.
    fn found(&mut self, cost: &[(usize, f64)], start: Option<&[f64]>) -> Result<Option<Solution>, Refused> {
        let pairs = self.problem.pairs.len();
        loop {
            self.rules.go_on()?;
            match self.programme.maximise(cost, start, self.rules.time_limit_s)? {
                Answer::Infeasible => return Ok(None),
                Answer::OutOfTime => return Err(Refused::OutOfTime),
                Answer::Found(found) if found.values.iter().take(pairs).all(|x| is_whole(*x)) => {
                    return Ok(Some(found));
                }
                Answer::Found(_) => self.programme.demand_whole(pairs),
            }
        }
    }

    /// Makes sure that later steps do not give up what this one reached.
    fn hold(&mut self, step: &str, terms: Vec<(usize, f64)>, reached: f64, found: &Solution) {
        self.programme.demand_whole(self.problem.pairs.len());
        match self.worst.filter(|_| step == "worst") {
            Some(worst) => {
                // What the pairs give, not the solver's figure for it.
                let chosen =
                    (0..self.problem.pairs.len()).filter(|place| found.values[*place] > 0.5).collect();
                let lowest =
                    scores(self.problem, &chosen).iter().map(Exact::to_f64).fold(f64::INFINITY, f64::min);
                self.programme.bound(worst, lowest * self.unit - 1e-4, self.highest());
            }
            None => self.programme.row(reached - 1e-4, f64::INFINITY, terms),
        }
    }

    /// Σ affinity − load cost, scaled.
    fn total(&self) -> Vec<(usize, f64)> {
        let cost = Exact::from(self.rules.load_cost).to_f64() * self.unit;
        let pairs = self.weights.iter().copied().enumerate();
        pairs.chain(self.steps.iter().map(|(column, times)| (*column, -cost * times))).collect()
    }

    /// A small preference for each pair: the first 53 bits of SHA-256 over a name, the seed and both ids, so that the
    /// order of rows and pairs elsewhere change nothing.
    fn ties(&self) -> Vec<(usize, f64)> {
        let reads = self.rules.reads * self.problem.applications.len();
        let most = TIES / count(reads.max(1));
        let tie = |(place, pair): (usize, &super::problem::Pair)| {
            let mut hash = Sha256::new();
            let application = self.problem.applications[pair.application].id.as_bytes();
            let reviewer = self.problem.reviewers[pair.reviewer].id.as_bytes();
            for part in [TIE_NAME, &self.rules.seed.to_be_bytes(), application, reviewer] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
            let bytes: [u8; 32] = hash.finalize().into();
            let bits = bytes[..7].iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) >> 3;
            #[expect(clippy::cast_precision_loss, reason = "53 bits")]
            let share = bits as f64 / (1_u64 << 53) as f64;
            (place, most * share)
        };
        self.problem.pairs.iter().enumerate().map(tie).collect()
    }
}

/// A number of things as the solver takes it.
fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}
