//! Krippendorff's alpha with missing values, and its interval by deleting one unit at a time. Not which values are
//! compared, and not the intraclass correlation.
//!
//! α = 1 − Dₒ/Dₑ = 1 − (n−1)·O/E with O = Σᵤ Σ δ²/(mᵤ−1) over the ordered pairs within a unit and E = Σ δ² over all
//! ordered pairs of the n values that have a partner (Krippendorff, *Computing Krippendorff's Alpha-Reliability*, 2011,
//! sections D and E). The interval is the jackknife over units (Efron and Tibshirani 1993, chapter 11):
//! SE² = (m−1)/m · Σ(α₋ᵤ−ᾱ)², α ± t(m−1)·SE.

use std::collections::BTreeMap;

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::figure::size;

/// Share of intervals that hold the true figure.
pub const LEVEL: f64 = 0.95;

/// How far apart two values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Equal or not: δ² = 0 or 1.
    Nominal,
    /// By ranks: δ is the number of values between, half of either end counted.
    Ordinal,
    /// δ² = (c−k)².
    Interval,
    /// δ² = ((c−k)/(c+k))², and 0 for 0 against 0.
    Ratio,
}

impl Metric {
    /// Every metric, in the order of rows.
    pub const ALL: [Self; 4] = [Self::Nominal, Self::Ordinal, Self::Interval, Self::Ratio];

    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nominal => "nominal",
            Self::Ordinal => "ordinal",
            Self::Interval => "interval",
            Self::Ratio => "ratio",
        }
    }
}

/// Why a figure is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No unit has two values.
    NoPairs,
    /// All values that have a partner are the same.
    NoVariation,
    /// A ratio of negative values means nothing.
    NegativeValues,
    /// Alpha is known and its interval is not: without one of the units nothing is left to compare.
    NoInterval,
}

impl Reason {
    /// Returns the code that scripts see.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoPairs => "no-pairs",
            Self::NoVariation => "no-variation",
            Self::NegativeValues => "negative-values",
            Self::NoInterval => "no-interval",
        }
    }
}

/// Alpha and its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Alpha {
    /// Alpha.
    pub alpha: Option<f64>,
    /// Standard error.
    pub se: Option<f64>,
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end, 1 at most.
    pub high: Option<f64>,
    /// Why one of them is unknown.
    pub reason: Option<Reason>,
}

/// Values by unit, each unit with two values at least.
#[derive(Clone, Debug, Default)]
pub struct Units {
    /// The values that occur, ascending.
    scale: Vec<f64>,
    /// How often each occurs.
    counts: Vec<f64>,
    /// Units by what they say, as ascending places on the scale, with how many say it.
    kinds: Vec<(Vec<usize>, f64)>,
    /// Units.
    pub units: usize,
    /// Values in them.
    pub values: usize,
}

impl Units {
    /// Takes the values of each unit, which must be finite; units with fewer than two are dropped.
    pub fn of(units: impl IntoIterator<Item = Vec<f64>>) -> Self {
        let kept: Vec<Vec<f64>> = units.into_iter().filter(|values| values.len() > 1).collect();
        let mut scale: Vec<f64> = kept.iter().flatten().copied().collect();
        scale.sort_unstable_by(f64::total_cmp);
        scale.dedup();
        let mut counts = vec![0.0; scale.len()];
        let mut kinds: BTreeMap<Vec<usize>, f64> = BTreeMap::new();
        let values = kept.iter().map(Vec::len).sum();
        let units = kept.len();
        for unit in kept {
            let mut places: Vec<usize> =
                unit.iter().map(|x| scale.partition_point(|other| other < x)).collect();
            places.sort_unstable();
            places.iter().for_each(|at| counts[*at] += 1.0);
            *kinds.entry(places).or_default() += 1.0;
        }
        Self { scale, counts, kinds: kinds.into_iter().collect(), units, values }
    }

    /// Calculates α = 1 − Dₒ/Dₑ (Krippendorff 2011) with its interval α ± t(m−1)·SE by the jackknife over units (Efron and
    /// Tibshirani 1993, chapter 11).
    pub fn alpha(&self, metric: Metric) -> Alpha {
        let unknown = |reason| Alpha { reason: Some(reason), ..Alpha::default() };
        if self.units == 0 {
            return unknown(Reason::NoPairs);
        }
        if metric == Metric::Ratio && self.scale.first().is_some_and(|least| *least < 0.0) {
            return unknown(Reason::NegativeValues);
        }
        let Some((alpha, without)) = self.jackknife(metric) else { return unknown(Reason::NoVariation) };
        let interval = without.and_then(|without| interval(alpha, &without, self.units));
        match interval {
            Some((se, low, high)) => {
                Alpha { alpha: Some(alpha), se: Some(se), low: Some(low), high: Some(high), reason: None }
            }
            None => Alpha { alpha: Some(alpha), reason: Some(Reason::NoInterval), ..Alpha::default() },
        }
    }

    /// Returns alpha and, for each kind of unit, how many there are and alpha without one of them. `None` where all
    /// values are the same; inside, where they would be without one unit.
    fn jackknife(&self, metric: Metric) -> Option<(f64, Option<Without>)> {
        let whole = Sums::of(self, metric, &self.counts);
        let alpha = whole.alpha()?;
        let shifts = match (metric, &whole.scale) {
            (Metric::Ordinal, Distances::Positions(ranks)) => Shifts::of(self, ranks),
            _ => None,
        };
        let mut without = Vec::with_capacity(self.kinds.len());
        for (unit, times) in &self.kinds {
            let mut counts = self.counts.clone();
            unit.iter().for_each(|at| counts[*at] -= 1.0);
            let rest = match metric {
                // Distances are made of the counts, and every one of them changes.
                Metric::Ordinal => {
                    let scale = Distances::of(metric, &self.scale, &counts);
                    let observed = match &shifts {
                        Some(shifts) => whole.observed + shifts.by(unit),
                        None => self.kinds.iter().map(|(unit, times)| times * scale.within(unit)).sum(),
                    };
                    let expected = scale.among(&counts);
                    let observed = observed - scale.within(unit);
                    Sums { varied: varied(&counts), n: counts.iter().sum(), observed, expected, scale }
                }
                _ => whole.without(unit, &counts),
            };
            match rest.alpha() {
                Some(alpha) => without.push((*times, alpha)),
                None => return Some((alpha, None)),
            }
        }
        Some((alpha, Some(without)))
    }
}

/// How many units of a kind there are, and alpha without one of them.
type Without = Vec<(f64, f64)>;

/// The sums of which alpha is made.
#[derive(Clone)]
struct Sums {
    scale: Distances,
    /// Whether more than one value occurs.
    varied: bool,
    /// Number of values.
    n: f64,
    /// O.
    observed: f64,
    /// E.
    expected: f64,
}

impl Sums {
    fn of(units: &Units, metric: Metric, counts: &[f64]) -> Self {
        let scale = Distances::of(metric, &units.scale, counts);
        let observed = units.kinds.iter().map(|(unit, times)| times * scale.within(unit)).sum();
        let expected = scale.among(counts);
        Self { scale, varied: varied(counts), n: counts.iter().sum(), observed, expected }
    }

    /// The same without one unit, where distances do not depend on the counts.
    fn without(&self, unit: &[usize], counts: &[f64]) -> Self {
        let expected = match &self.scale {
            Distances::Pairs { distances, totals } => {
                let removed: f64 = unit.iter().map(|at| totals[*at]).sum();
                let twice: f64 = pairs(unit).map(|(a, b, times)| times * distances.between(a, b)).sum();
                self.expected - 2.0 * removed + twice
            }
            other => other.among(counts),
        };
        Self {
            // The totals of pairs are those of the whole; only sums are asked of the rest.
            scale: Distances::Same,
            varied: varied(counts),
            n: counts.iter().sum(),
            observed: self.observed - self.scale.within(unit),
            expected,
        }
    }

    fn alpha(&self) -> Option<f64> {
        let varied = self.varied && self.expected > 0.0;
        varied.then(|| 1.0 - (self.n - 1.0) * self.observed / self.expected)
    }
}

/// What becomes of O under the ordinal metric when a unit's values are taken from the counts: the rank of a value falls
/// by how many of them are below it and by half of those equal to it.
///
/// With W the weights 1/(mᵤ−1) of the pairs of values within units, L = diag(W1) − W, ranks r and the fall d = Σₛ eₛ over
/// the unit's values s, where eₛ is 0 below s, ½ at s and 1 above, O = Σ W·(rₐ−r_b)² = 2·rᵀLr becomes
/// 2·(r−d)ᵀL(r−d) = O − 4·Σₛ eₛᵀLr + 2·Σₛₜ eₛᵀLeₜ. Both sums are read from tables.
struct Shifts {
    /// eₛᵀLr for each s.
    once: Vec<f64>,
    /// eₛᵀLeₜ for each s and t, row by row.
    twice: Vec<f64>,
}

impl Shifts {
    /// Most values of a scale with such tables: 32 MiB. Beyond it everything is summed again for each unit.
    const MOST: usize = 2_000;

    fn of(units: &Units, ranks: &[f64]) -> Option<Self> {
        let n = ranks.len();
        if n > Self::MOST {
            return None;
        }
        let mut twice = vec![0.0; n * n];
        for (unit, times) in &units.kinds {
            let weight = times / (size(unit.len()) - 1.0);
            for (a, b, pairs) in pairs(unit).filter(|(a, b, _)| a != b) {
                twice[a * n + a] += weight * pairs;
                twice[a * n + b] -= weight * pairs;
            }
        }
        let mut once: Vec<f64> =
            twice.chunks(n).map(|row| row.iter().zip(ranks).map(|(l, r)| l * r).sum()).collect();
        above(&mut once, 1);
        // Over the columns of each row, then over the rows.
        twice.chunks_mut(n).for_each(|row| above(row, 1));
        above(&mut twice, n);
        Some(Self { once, twice })
    }

    /// Returns by how much O changes.
    fn by(&self, unit: &[usize]) -> f64 {
        let n = self.once.len();
        let once: f64 = unit.iter().map(|s| self.once[*s]).sum();
        let twice: f64 = pairs(unit).map(|(s, t, times)| times * self.twice[s * n + t]).sum();
        2.0 * twice - 4.0 * once
    }
}

/// Returns the ordered pairs of a unit's values, each with how often it occurs.
fn pairs(unit: &[usize]) -> impl Iterator<Item = (usize, usize, f64)> {
    let runs = || unit.chunk_by(|a, b| a == b).filter_map(|run| Some((*run.first()?, size(run.len()))));
    runs().flat_map(move |(a, n)| runs().map(move |(b, m)| (a, b, n * m)))
}

/// Replaces each figure by half of it and all those behind it, `step` apart.
fn above(figures: &mut [f64], step: usize) {
    let mut sums = vec![0.0; step];
    for row in figures.chunks_mut(step).rev() {
        for (figure, sum) in row.iter_mut().zip(&mut sums) {
            let own = *figure;
            *figure = own / 2.0 + *sum;
            *sum += own;
        }
    }
}

fn varied(counts: &[f64]) -> bool {
    counts.iter().filter(|count| **count > 0.0).nth(1).is_some()
}

/// Squared distances on a scale.
#[derive(Clone)]
enum Distances {
    /// 1 where two values differ.
    Same,
    /// Squared differences of these positions.
    Positions(Vec<f64>),
    /// Any other, with the sum of each value's distances to all values.
    Pairs { distances: Ratio, totals: Vec<f64> },
}

impl Distances {
    fn of(metric: Metric, scale: &[f64], counts: &[f64]) -> Self {
        match metric {
            Metric::Nominal => Self::Same,
            Metric::Interval => Self::Positions(scale.to_vec()),
            Metric::Ordinal => {
                let mut below = 0.0;
                let mut ranks = Vec::with_capacity(counts.len());
                for count in counts {
                    ranks.push(below + count / 2.0);
                    below += count;
                }
                Self::Positions(ranks)
            }
            Metric::Ratio => {
                let distances = Ratio(scale.to_vec());
                let totals = distances.totals(counts);
                Self::Pairs { distances, totals }
            }
        }
    }

    /// Σδ²/(m−1) over the ordered pairs of one unit.
    fn within(&self, unit: &[usize]) -> f64 {
        let m = size(unit.len());
        let sum = match self {
            Self::Same => {
                let same: usize = unit.chunk_by(|a, b| a == b).map(|run| run.len() * run.len()).sum();
                m * m - size(same)
            }
            Self::Positions(x) => {
                let mean = unit.iter().map(|at| x[*at]).sum::<f64>() / m;
                2.0 * m * unit.iter().map(|at| (x[*at] - mean).powi(2)).sum::<f64>()
            }
            Self::Pairs { distances, .. } => {
                pairs(unit).map(|(a, b, times)| times * distances.between(a, b)).sum()
            }
        };
        sum / (m - 1.0)
    }

    /// Σδ² over all ordered pairs.
    fn among(&self, counts: &[f64]) -> f64 {
        let n: f64 = counts.iter().sum();
        match self {
            Self::Same => n * n - counts.iter().map(|count| count * count).sum::<f64>(),
            Self::Positions(x) => {
                let mean = counts.iter().zip(x).map(|(count, x)| count * x).sum::<f64>() / n;
                2.0 * n * counts.iter().zip(x).map(|(count, x)| count * (x - mean).powi(2)).sum::<f64>()
            }
            Self::Pairs { totals, .. } => counts.iter().zip(totals).map(|(count, total)| count * total).sum(),
        }
    }
}

/// The ratio metric on a scale without negative values.
#[derive(Clone)]
struct Ratio(Vec<f64>);

impl Ratio {
    fn between(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (self.0[a], self.0[b]);
        // The same value, 0 against 0 among them.
        if a == b { 0.0 } else { ((a - b) / (a + b)).powi(2) }
    }
}

impl Ratio {
    /// Sums each value's distances to all values. No value stands twice on a scale, so that each pair is looked at once.
    fn totals(&self, counts: &[f64]) -> Vec<f64> {
        let mut totals = vec![0.0; self.0.len()];
        for (at, (a, n)) in self.0.iter().zip(counts).enumerate() {
            let behind = self.0[at + 1..].iter().zip(&counts[at + 1..]);
            let mut sum = 0.0;
            for (total, (b, m)) in totals[at + 1..].iter_mut().zip(behind) {
                let share = (b - a) / (a + b);
                let square = share * share;
                sum += m * square;
                *total += n * square;
            }
            totals[at] += sum;
        }
        totals
    }
}

/// Returns standard error and both ends.
fn interval(alpha: f64, without: &[(f64, f64)], units: usize) -> Option<(f64, f64, f64)> {
    let m = size(units);
    let mean = without.iter().map(|(times, alpha)| times * alpha).sum::<f64>() / m;
    let squares: f64 = without.iter().map(|(times, alpha)| times * (alpha - mean).powi(2)).sum();
    let se = ((m - 1.0) / m * squares).sqrt();
    let student = StudentsT::new(0.0, 1.0, m - 1.0).ok()?;
    let reach = student.inverse_cdf(0.5 + LEVEL / 2.0) * se;
    reach.is_finite().then(|| (se, alpha - reach, (alpha + reach).min(1.0)))
}
