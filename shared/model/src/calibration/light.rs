//! The light: whether correcting for severity would help where these readers read these applications. Not the
//! correction.
//!
//! Correction can do harm although every reader is joined to every other: where groups of readers read applications of
//! unequal quality and few reads go across, the model takes the quality for severity. So programmes are simulated on the
//! real graph, with the estimated variances, in which what a group reads is better or worse, and the share of the true
//! top that is found is counted, by raw means and by the model.

use std::collections::BTreeMap;

use serde::Serialize;

use super::design::Design;
use super::equations::{Equations, Factored};
use super::ranks::Best;
use super::reml::Variances;
use crate::chance::Chance;
use crate::figure::size;
use crate::reviewers::Reviewers;

/// Programmes simulated.
pub const SIMULATIONS: usize = 200;
/// How far the groups' applications lie from the mean, in standard deviations of the application effect.
pub const SHIFT: f64 = 0.75;
/// Steps that trying the programme without each reader may cost; where it costs more, only what joins is looked at.
const MAX_COST: usize = 400_000_000;

/// Whether to correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Light {
    /// Correction finds clearly more of the top, also without any one reader.
    Green,
    /// It is not clear that it helps.
    Amber,
    /// It does harm, or cannot be made.
    Red,
}

/// What the simulation found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Simulated {
    /// Mean share of the true top found by raw means.
    pub(crate) recall_raw: f64,
    /// By the model.
    pub(crate) recall_model: f64,
    /// Whether the model found fewer.
    pub(crate) harms: bool,
    /// Whether it is ahead by two standard errors of the difference or more.
    pub(crate) clear: bool,
    /// Readers without whom the model would find fewer, or could not be fitted.
    pub(crate) cut_readers: Vec<usize>,
    /// Whether the readers were tried one by one, or only what they join was looked at.
    pub(crate) each_reader_tried: bool,
}

/// How readers were grouped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Groups {
    /// Group of each reader.
    pub(crate) of: Vec<usize>,
    /// Number of groups, two at least where there are two readers.
    pub(crate) count: usize,
    /// Whether regions made them.
    pub(crate) by_region: bool,
}

impl Groups {
    /// Groups readers by region; where there are not two regions, in two halves by chance.
    pub(crate) fn of(design: &Design, reviewers: Option<&Reviewers>, seed: u64) -> Self {
        let region = |reader: &String| {
            reviewers.and_then(|all| all.get(reader)).map_or("", |entry| entry.region.as_str())
        };
        let regions: Vec<&str> = design.readers.iter().map(region).collect();
        let names: BTreeMap<&str, usize> = {
            let mut names = regions.clone();
            names.sort_unstable();
            names.dedup();
            names.into_iter().zip(0..).collect()
        };
        if names.len() > 1 {
            return Self {
                of: regions.iter().map(|region| names[region]).collect(),
                count: names.len(),
                by_region: true,
            };
        }
        let mut of = vec![0; design.readers.len()];
        for at in Chance::new(seed, "halves").order(of.len()).into_iter().skip(design.readers.len() / 2) {
            of[at] = 1;
        }
        Self { of, count: 2, by_region: false }
    }
}

/// A programme without one reader.
struct Without {
    reader: usize,
    trial: Trial,
    applications: Vec<usize>,
    reads: Vec<usize>,
    balance: i64,
}

/// A graph with its equations for the estimated variances.
struct Trial {
    equations: Equations,
    factored: Factored,
    /// Application of each read.
    application_of: Vec<usize>,
    /// Reads of each application.
    counts: Vec<f64>,
}

/// Simulates programmes on the graph. `top` is how many are sought; what is compared is |found ∩ true top| / top, and the
/// difference is clear from two standard errors s/√programmes on (why so: `calibration/DECISION.md`). `None` where the
/// equations cannot be solved, or once it is `stopped`.
pub(crate) fn simulate(
    design: &Design,
    variances: &Variances,
    groups: &Groups,
    top: usize,
    seed: u64,
    stopped: &dyn Fn() -> bool,
) -> Option<Simulated> {
    let whole = Trial::of(design, variances)?;
    let (a, r, n) = (design.applications.len(), design.readers.len(), design.reads.len());
    let narrow = a.min(r);
    let cost = r.saturating_mul(SIMULATIONS).saturating_mul(n + 4 * a + narrow * narrow);
    let each_reader_tried = cost <= MAX_COST;
    // Without these the graph would fall apart.
    let mut cut_readers = design.parts().1;
    let mut others = Vec::new();
    if each_reader_tried {
        for reader in (0..r).filter(|reader| !cut_readers.contains(reader)).collect::<Vec<_>>() {
            if stopped() {
                return None;
            }
            let (rest, applications, reads) = design.without(reader);
            let trial = rest.separable().is_ok().then(|| Trial::of(&rest, variances)).flatten();
            match trial {
                Some(trial) => others.push(Without { reader, trial, applications, reads, balance: 0 }),
                None => cut_readers.push(reader),
            }
        }
    }

    let mut chance = Chance::new(seed, "light");
    let top = top.min(a);
    let (mut raw_hits, mut model_hits) = (0, 0);
    let mut balances = Vec::with_capacity(SIMULATIONS);
    for _ in 0..SIMULATIONS {
        if stopped() {
            return None;
        }
        let (truth, figures) = programme(design, &whole.counts, variances, groups, &mut chance);
        let (raw, model) = whole.hits(&truth, &figures, top);
        raw_hits += raw;
        model_hits += model;
        balances.push(model - raw);
        for other in &mut others {
            let truth: Vec<f64> = other.applications.iter().map(|at| truth[*at]).collect();
            let figures: Vec<f64> = other.reads.iter().map(|at| figures[*at]).collect();
            let (raw, model) = other.trial.hits(&truth, &figures, top.min(truth.len()));
            other.balance += model - raw;
        }
    }
    let harms = model_hits < raw_hits;
    // Where it does harm anyway, no reader is to blame for it.
    let lost = others.iter().filter(|other| other.balance < 0 && !harms);
    cut_readers.extend(lost.map(|other| other.reader));
    cut_readers.sort_unstable();
    let sought = size(SIMULATIONS * top.max(1));
    let share = |hits: i64| size(usize::try_from(hits).unwrap_or(0)) / sought;
    Some(Simulated {
        recall_raw: share(raw_hits),
        recall_model: share(model_hits),
        harms,
        clear: clearly_ahead(&balances),
        cut_readers,
        each_reader_tried,
    })
}

/// Says whether the mean is above 0 by two of its standard errors. In whole numbers: Σd > 0 and
/// (Σd)²·(S−1) ≥ 4·(S·Σd² − (Σd)²).
fn clearly_ahead(balances: &[i64]) -> bool {
    let s = i128::try_from(balances.len()).unwrap_or(i128::MAX);
    let sum: i128 = balances.iter().map(|d| i128::from(*d)).sum();
    let squares: i128 = balances.iter().map(|d| i128::from(*d) * i128::from(*d)).sum();
    sum > 0 && sum * sum * (s - 1) >= 4 * (s * squares - sum * sum)
}

/// Draws one programme: true quality, and what each read gives.
pub(crate) fn programme(
    design: &Design,
    counts: &[f64],
    variances: &Variances,
    groups: &Groups,
    chance: &mut Chance,
) -> (Vec<f64>, Vec<f64>) {
    let sd = variances.application.sqrt();
    // Half of the groups, by chance, read better applications, the other half worse ones.
    let mut shifts = vec![-SHIFT * sd; groups.count];
    chance
        .order(groups.count)
        .into_iter()
        .take(groups.count.div_ceil(2))
        .for_each(|g| shifts[g] = SHIFT * sd);
    let mut truth: Vec<f64> = (0..design.applications.len()).map(|_| sd * chance.normal()).collect();
    for read in &design.reads {
        // An application that several groups read lies between them, by its reads.
        truth[read.application] += shifts[groups.of[read.reader]] / counts[read.application];
    }
    let severity: Vec<f64> =
        (0..design.readers.len()).map(|_| variances.reader.sqrt() * chance.normal()).collect();
    let noise = variances.residual.sqrt();
    let figures = design
        .reads
        .iter()
        .map(|read| truth[read.application] + severity[read.reader] + noise * chance.normal())
        .collect();
    (truth, figures)
}

impl Trial {
    fn of(design: &Design, variances: &Variances) -> Option<Self> {
        let equations = Equations::of(design);
        let factored = equations.factored(variances.gamma(&equations))?;
        let application_of: Vec<usize> = design.reads.iter().map(|read| read.application).collect();
        let mut counts = vec![0.0; design.applications.len()];
        application_of.iter().for_each(|at| counts[*at] += 1.0);
        Some(Self { equations, factored, application_of, counts })
    }

    /// Counts how many of the true top raw means find, and the model.
    fn hits(&self, truth: &[f64], figures: &[f64], top: usize) -> (i64, i64) {
        let mut sums = vec![0.0; self.counts.len()];
        self.application_of.iter().zip(figures).for_each(|(at, figure)| sums[*at] += figure);
        let raw: Vec<f64> = sums.iter().zip(&self.counts).map(|(sum, count)| sum / count).collect();
        let effects = self.factored.effects(&self.equations, &self.equations.sorted(|at| figures[at]));
        let model = if self.equations.wide_applications { effects.wide } else { effects.narrow };
        let mut is_top = vec![false; truth.len()];
        Best::new(top).of(truth).iter().for_each(|at| is_top[*at] = true);
        let found = |by: &[f64]| Best::new(top).of(by).iter().map(|at| i64::from(is_top[*at])).sum();
        (found(&raw), found(&model))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ahead_means_by_two_standard_errors() {
        assert!(!clearly_ahead(&[0, 0, 0]));
        assert!(clearly_ahead(&[1, 1, 1]));
        assert!(!clearly_ahead(&[-1, -1]));
        // Mean 0.5, standard error 0.5/√3·… : (2)²·3 = 12 against 4·(4·2 − 4) = 16.
        assert!(!clearly_ahead(&[1, 0, 1, 0]));
        assert!(clearly_ahead(&[1, 1, 1, 0]));
    }
}
