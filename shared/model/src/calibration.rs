//! Severity of readers, and the order of applications corrected for it: y = μ + application + reviewer + ε, both random,
//! beside the raw means. Not the ranking that decides ([`crate::ranking`]): advice, with a light that says whether to
//! take it.
//!
//! y is the figure of a complete review, as totals make it. Variances are estimated by restricted maximum likelihood
//! (`reml`), effects and their joint covariance come from Henderson's mixed model equations (`equations`), places from
//! that covariance (`ranks`), the light from a simulation of this very graph (`light`). Why so: `calibration/DECISION.md`.

mod design;
mod equations;
mod light;
mod planned;
mod ranks;
mod reml;
mod words;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::applications::Applications;
use crate::exact::{Exact, mean};
use crate::figure::printed;
use crate::input::InputError;
use crate::policy::Policy;
use crate::programme::scoring::Best;
use crate::reviewers::Reviewers;
use crate::scores::Scores;
use crate::sentence::Advice;
use crate::totals::readings;

use self::design::Design;
use self::equations::{Effects, Equations, Factored};
use self::light::{Groups, Simulated, simulate};
use self::ranks::Knowledge;
use self::reml::{NoFit, Variances, variances};

pub use self::light::{Light, SHIFT, SIMULATIONS};
pub use self::planned::{Planned, planned};
pub use self::ranks::DRAWS;

/// The band around the seat line: chances of a seat that decide nothing.
const BAND: std::ops::RangeInclusive<f64> = 0.25..=0.75;
/// Where a programme names no seats, the light looks for one in so many.
const TOP_OF: usize = 5;

/// Most levels of the smaller factor, over which the equations are dense: 128 MiB.
const MAX_LEVELS: usize = 4_000;

/// What calibration is given beside scores and rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// All applications, where a table is given.
    pub applications: Option<&'a Applications>,
    /// Regions of readers, where a table is given.
    pub reviewers: Option<&'a Reviewers>,
    /// Seats of the programme.
    pub seats: Option<usize>,
    /// Seed of draws.
    pub seed: u64,
    /// Whether to show the corrected order under a red light.
    pub even_if_red: bool,
    /// Ends the calculation early once it is true: what is given then is worth nothing.
    pub stop: Option<&'a AtomicBool>,
}

impl Asked<'_> {
    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

/// What is found out about the whole. Unknown is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Whether to correct.
    pub light: Light,
    /// Why there is no corrected order at all.
    pub reason: Option<Reason>,
    /// Parts of the graph of who read what that no read joins.
    pub components: usize,
    /// Readers without any one of whom the light would be red.
    pub cut_readers: Vec<String>,
    /// Share of the true top that raw means find in simulated programmes.
    pub recall_raw: Option<f64>,
    /// Share that the model finds.
    pub recall_model: Option<f64>,
    /// Estimated variances.
    pub variance: Variance,
    /// The mean.
    pub mu: Option<f64>,
    /// Whether the corrected order is withheld.
    pub withheld: bool,
    /// What it says, and what to do.
    #[serde(flatten)]
    pub advice: Advice,
    /// Readers, sorted by id.
    pub reviewers: Vec<ReviewerRow>,
    /// How it was made.
    #[serde(skip)]
    pub made: Made,
    /// Applications, sorted by id: printed as the rows of the result.
    #[serde(skip)]
    pub rows: Vec<CalibrationRow>,
}

/// Estimated variances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Variance {
    /// Of applications.
    pub application: Option<f64>,
    /// Of readers.
    pub reviewer: Option<f64>,
    /// Of what is left.
    pub residual: Option<f64>,
}

/// How a calibration was made, for a result's `method`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Estimator of the variances.
    pub variances: &'static str,
    /// Programmes simulated for the light.
    pub simulations: usize,
    /// Draws of which the chance of a seat is a share.
    pub draws: usize,
    /// How many of the best the light looks for.
    pub top: usize,
    /// How readers are grouped in the simulation: `regions` or `halves`.
    pub groups: &'static str,
    /// How readers were found whose leaving turns the light red: `simulation` or `connection` alone.
    pub cut_readers_by: &'static str,
}

/// One application.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CalibrationRow {
    /// Application.
    pub application: String,
    /// Complete reviews.
    pub n: usize,
    /// Mean of their figures.
    pub raw: Option<f64>,
    /// Place by the mean, equal ones sharing it.
    pub raw_rank: Option<usize>,
    /// μ and the application's effect.
    pub calibrated: Option<f64>,
    /// Standard deviation of the effect's error.
    pub sd: Option<f64>,
    /// Mean place if the true effects were drawn again and again.
    pub expected_rank: Option<f64>,
    /// Chance that it is among the seats.
    pub p_seat: Option<f64>,
    /// Whether that chance decides nothing.
    pub band: Option<bool>,
    /// Place by the corrected figure, equal ones sharing it.
    pub rank: Option<usize>,
}

/// One reader.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewerRow {
    /// Reader.
    pub reviewer: String,
    /// Complete reviews.
    pub n: usize,
    /// How many points more than a typical reader.
    pub effect: Option<f64>,
    /// Standard deviation of its error.
    pub sd: Option<f64>,
}

/// Why nothing can be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No complete review.
    NoScores,
    /// One reader: severity and the mean are the same.
    SingleReviewer,
    /// One application: its quality and the mean are the same.
    SingleApplication,
    /// All figures are the same.
    NoVariation,
    /// The reads close no circle: severity, quality and chance cannot be told apart.
    TooFewReads,
    /// Applications and readers explain every figure: nothing tells chance from quality.
    NoResidual,
    /// Applications differ by no more than chance.
    ApplicationsAlike,
    /// More readers and more applications than the dense part of the equations holds.
    TooLarge,
    /// The estimate of the variances was not found.
    NotFound,
}

/// Calibrates the reviews of a programme: y = μ + application + reviewer + ε, variances by restricted maximum likelihood
/// (Gilmour, Thompson and Cullis 1995), effects by the mixed model equations (Henderson 1975), expected ranks after
/// Lingsma et al. (2010).
///
/// # Errors
/// [`InputError`] where a review's application is not in the table.
pub fn calibration(scores: &Scores, policy: &Policy, asked: &Asked<'_>) -> Result<Calibration, InputError> {
    let policy = policy.for_criteria(scores.criteria());
    let reads = readings(scores, &policy, asked.applications)?;
    let figures = reads.iter().map(|(application, reads)| {
        let complete = reads.iter().filter(|read| read.complete);
        ((*application).to_owned(), complete.map(|read| read.figure.clone()).collect())
    });
    let rows = raw(figures.collect(), policy.best);
    let design = Design::of(&reads);
    let (components, _) = design.parts();
    let fit = Fit::of(&design);
    let top =
        asked.seats.unwrap_or(design.applications.len().div_ceil(TOP_OF)).min(design.applications.len());
    let groups = Groups::of(&design, asked.reviewers, asked.seed);
    let simulated =
        fit.as_ref().ok().filter(|fit| fit.variances.application > 0.0).and_then(|fit| {
            simulate(&design, &fit.variances, &groups, top, asked.seed, &|| asked.is_stopped())
        });
    let reason = match &fit {
        Err(reason) => Some(*reason),
        Ok(fit) if fit.variances.application <= 0.0 => Some(Reason::ApplicationsAlike),
        Ok(_) => simulated.is_none().then_some(Reason::NotFound),
    };
    let light = light(components, simulated.as_ref());
    let withheld = light == Light::Red && !asked.even_if_red;
    let mut calibration = Calibration {
        light,
        reason,
        components,
        cut_readers: named(&design, simulated.as_ref()),
        recall_raw: simulated.as_ref().and_then(|s| printed(s.recall_raw)),
        recall_model: simulated.as_ref().and_then(|s| printed(s.recall_model)),
        variance: Variance::default(),
        mu: None,
        withheld,
        advice: words::nothing(),
        reviewers: reviewers(&design),
        made: Made {
            variances: "reml",
            simulations: SIMULATIONS,
            draws: DRAWS,
            top,
            groups: if groups.by_region { "regions" } else { "halves" },
            cut_readers_by: if simulated.as_ref().is_none_or(|s| s.each_reader_tried) {
                "simulation"
            } else {
                "connection"
            },
        },
        rows,
    };
    if let Ok(fit) = &fit {
        fit.describe(&mut calibration);
        if !withheld && reason.is_none() {
            fit.order(&design, &mut calibration, policy.best, asked);
        }
    }
    calibration.advice = words::advice(&calibration, simulated.as_ref());
    Ok(calibration)
}

/// A fitted model.
struct Fit {
    equations: Equations,
    variances: Variances,
    factored: Factored,
    effects: Effects,
}

impl Fit {
    fn of(design: &Design) -> Result<Self, Reason> {
        design.separable()?;
        let equations = Equations::of(design);
        if equations.levels().1 > MAX_LEVELS {
            return Err(Reason::TooLarge);
        }
        let variances = variances(design, &equations).map_err(|why| match why {
            NoFit::NoResidual => Reason::NoResidual,
            NoFit::NotFound => Reason::NotFound,
        })?;
        let factored = equations.factored(variances.gamma(&equations)).ok_or(Reason::NotFound)?;
        let effects = factored.effects(&equations, &equations.sorted(|at| design.reads[at].figure));
        Ok(Self { equations, variances, factored, effects })
    }

    /// Writes down what stays visible under every light.
    fn describe(&self, calibration: &mut Calibration) {
        calibration.variance = Variance {
            application: printed(self.variances.application),
            reviewer: printed(self.variances.reader),
            residual: printed(self.variances.residual),
        };
        calibration.mu = printed(self.effects.mu);
        let (wide, narrow) = self.factored.diagonal(&self.equations);
        let (of_readers, own) = if self.equations.wide_applications {
            (&self.effects.narrow, narrow)
        } else {
            (&self.effects.wide, wide)
        };
        for (row, (effect, own)) in calibration.reviewers.iter_mut().zip(of_readers.iter().zip(own)) {
            row.effect = printed(*effect);
            row.sd = printed((self.variances.reader * own).sqrt());
        }
    }

    /// Writes down the corrected order.
    fn order(&self, design: &Design, calibration: &mut Calibration, best: Best, asked: &Asked<'_>) {
        let low = best == Best::Low;
        let known = Knowledge::new(&self.equations, &self.factored, &self.effects, &self.variances, low);
        let (wide, narrow) = self.factored.diagonal(&self.equations);
        let (of_applications, own) = if self.equations.wide_applications {
            (&self.effects.wide, wide)
        } else {
            (&self.effects.narrow, narrow)
        };
        let stopped = || asked.is_stopped();
        let ranks = known.expected_ranks(&stopped);
        let chances = asked.seats.map(|seats| known.seat_chances(seats, DRAWS, asked.seed, &stopped));
        let places: BTreeMap<&str, usize> =
            design.applications.iter().zip(0..).map(|(name, at)| (name.as_str(), at)).collect();
        for row in &mut calibration.rows {
            let Some(at) = places.get(row.application.as_str()).copied() else { continue };
            row.calibrated = printed(self.effects.mu + of_applications[at]);
            row.sd = printed((self.variances.application * own[at]).sqrt());
            row.expected_rank = printed(ranks[at]);
            row.p_seat = chances.as_ref().and_then(|chances| printed(chances[at]));
            row.band = row.p_seat.map(|p| BAND.contains(&p));
        }
        let figures: Vec<Option<f64>> = calibration.rows.iter().map(|row| row.calibrated).collect();
        let placed = competition(&figures, |a, b| if low { a.total_cmp(b) } else { b.total_cmp(a) });
        calibration.rows.iter_mut().zip(placed).for_each(|(row, rank)| row.rank = rank);
    }
}

fn light(components: usize, simulated: Option<&Simulated>) -> Light {
    match simulated {
        Some(simulated) if components == 1 && !simulated.harms => {
            let sure = simulated.clear && simulated.cut_readers.is_empty();
            if sure { Light::Green } else { Light::Amber }
        }
        _ => Light::Red,
    }
}

fn named(design: &Design, simulated: Option<&Simulated>) -> Vec<String> {
    let cut = simulated.into_iter().flat_map(|simulated| &simulated.cut_readers);
    cut.map(|at| design.readers[*at].clone()).collect()
}

fn reviewers(design: &Design) -> Vec<ReviewerRow> {
    let mut counts = vec![0; design.readers.len()];
    design.reads.iter().for_each(|read| counts[read.reader] += 1);
    let row = |(reviewer, n): (&String, usize)| ReviewerRow {
        reviewer: reviewer.clone(),
        n,
        effect: None,
        sd: None,
    };
    design.readers.iter().zip(counts).map(row).collect()
}

/// Makes the rows with what is raw.
fn raw(figures: Vec<(String, Vec<Exact>)>, best: Best) -> Vec<CalibrationRow> {
    let means: Vec<Option<Exact>> = figures.iter().map(|(_, figures)| mean(figures)).collect();
    let ranks = competition(&means, |a, b| if best == Best::Low { a.cmp(b) } else { b.cmp(a) });
    let rows = figures.into_iter().zip(means).zip(ranks).map(|(((application, figures), raw), raw_rank)| {
        let raw = raw.map(|raw| raw.to_f64());
        CalibrationRow { application, n: figures.len(), raw, raw_rank, ..CalibrationRow::default() }
    });
    rows.collect()
}

/// Returns 1 + the number of figures that come before; none for what is unknown.
fn competition<T>(
    figures: &[Option<T>],
    compare: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> Vec<Option<usize>> {
    let mut known: Vec<(usize, &T)> =
        figures.iter().enumerate().filter_map(|(at, figure)| Some((at, figure.as_ref()?))).collect();
    known.sort_by(|a, b| compare(a.1, b.1));
    let mut ranks = vec![None; figures.len()];
    let mut before = 0;
    for equal in known.chunk_by(|a, b| compare(a.1, b.1).is_eq()) {
        equal.iter().for_each(|(at, _)| ranks[*at] = Some(before + 1));
        before += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests;
