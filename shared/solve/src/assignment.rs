//! Who reads what: every application gets its readers, every reader a fair load, under every rule, as well as can be.
//! Not where affinities come from, and not publishing.
//!
//! What is optimised, one after the other, each without giving up what the one before reached:
//! 1. nobody is left short (only where not everybody can be served): reads, then competences, then fewest loads;
//! 2. as much as possible of an earlier assignment is kept (only where one is given);
//! 3. the worst application's score, the sum of its readers' affinities (`fairest`, `fairest-then-total`);
//! 4. the total affinity less what loads cost (`total`, `fairest-then-total`), where equal, by the seed.

mod account;
mod connect;
pub mod explain;
pub mod further;
mod model;
pub mod problem;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use tessera_model::decimal::Decimal;
use tessera_model::exact::Exact;
use tessera_model::input::InputError;
use tessera_model::sentence::{Advice, Saying};

use self::model::{Force, Model};
use self::problem::Problem;
use crate::mip::SolverError;

/// What an assignment goes by.
#[derive(Clone, Debug, Serialize)]
pub struct Rules {
    /// Readers of each application.
    pub reads: usize,
    /// Fewest reads of a reviewer who says nothing else.
    pub min_load: usize,
    /// Most reads of a reviewer who says nothing else.
    pub max_load: usize,
    /// What a reviewer's each further read costs more than the one before, in the unit of affinity: n reads cost
    /// C·n(n−1)/2.
    pub load_cost: Decimal,
    /// What is best.
    pub objective: Objective,
    /// Whether readers and applications are made one component.
    pub connected: bool,
    /// Most readers from the applicant's own region. None: one less than the reads, and given up where an application
    /// could not be served otherwise.
    pub own_region_max: Option<usize>,
    /// What separates equally good assignments.
    pub seed: u64,
    /// How long each step of the search may take, in seconds.
    pub time_limit_s: f64,
    /// Once it is true the search ends before its next step; none: it runs to its end.
    #[serde(skip)]
    pub stop: Option<Arc<AtomicBool>>,
}

/// What is best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// The most affinity in all.
    Total,
    /// The worst application's score as high as can be.
    Fairest,
    /// The same, and of those the most affinity in all.
    FairestThenTotal,
}

/// An assignment and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Total affinity less what loads cost.
    pub objective: f64,
    /// Whether it is proven that nothing is better.
    pub optimal: bool,
    /// How far from the best it may be, where that is not proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// Whether any affinity is known; without one, no pair is better than another.
    pub preferences: bool,
    /// The application with the lowest score, where preferences were given.
    pub worst: Option<Worst>,
    /// Reads by reviewer.
    pub loads: BTreeMap<String, usize>,
    /// Who could not be served, and why.
    pub unmet: Vec<Unmet>,
    /// Rules of a lower order that were given up.
    pub soft_broken: Vec<Broken>,
    /// What making it one component changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected: Option<Connection>,
    /// What became of the earlier assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
    /// What the result says and what to do about it.
    #[serde(flatten)]
    pub advice: Advice,
    /// Everything that would make it whole, one act for each kind of want; nothing where it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Saying>,
    /// Who reads what, by application and reviewer.
    pub rows: Vec<Row>,
}

impl Plan {
    /// Returns whether everybody is served.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.unmet.is_empty()
    }
}

/// One pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Application.
    pub application: String,
    /// Reviewer.
    pub reviewer: String,
    /// Affinity; null where none is known.
    pub affinity: Option<f64>,
}

/// The application with the lowest score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worst {
    /// Application.
    pub application: String,
    /// Sum of its readers' affinities.
    pub score: f64,
}

/// A step whose best was not proven before the time was up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// `unmet`, `kept`, `worst` or `total`.
    pub step: &'static str,
    /// What was reached.
    pub reached: f64,
    /// What no assignment exceeds.
    pub bound: f64,
}

/// An application or a reviewer that could not be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmet {
    /// The application that lacks readers or a competence.
    pub application: Option<String>,
    /// The reviewer that has fewer reads than the fewest.
    pub reviewer: Option<String>,
    /// How many reads, or readers with a competence, are missing.
    pub missing: usize,
    /// Closed list: `too-few-readers`, `own-region`, `apart`, `competence`, `no-room`, `too-few-applications`,
    /// `no-reads-left`.
    pub code: &'static str,
    /// The competence that nobody has, where it is that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub competence: Option<String>,
    /// How many reviewers each bar keeps away, by its code.
    pub barred: BTreeMap<&'static str, usize>,
    /// Applications that compete for the same reviewers, itself among them.
    pub applications: Vec<String>,
    /// Those reviewers; all of them are full.
    pub reviewers: Vec<String>,
    /// In words.
    pub message: String,
}

/// A rule of a lower order that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// `own-region` or `connected`.
    pub rule: &'static str,
    /// Application, where it is about one.
    pub application: Option<String>,
    /// In words.
    pub message: String,
}

/// What making it one component changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Connection {
    /// Before.
    pub before: Figures,
    /// After.
    pub after: Figures,
    /// How many exchanges it took.
    pub swaps: usize,
}

/// The figures of one assignment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Total affinity less what loads cost.
    pub objective: f64,
    /// Lowest score of an application.
    pub worst: Option<f64>,
    /// Components of the graph of applications and those who read.
    pub components: usize,
}

/// What became of the earlier assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Pairs of it that stand.
    pub kept: usize,
    /// Pairs of it that are gone, by application and reviewer.
    pub dropped: Vec<(String, String)>,
    /// Pairs that are new.
    pub added: usize,
}

/// Why nothing was assigned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A reviewer's fewest reads are more than the most.
    #[error("`{reviewer}` is to read at least {min} and at most {max}")]
    Loads {
        /// The reviewer.
        reviewer: String,
        /// Fewest.
        min: usize,
        /// Most.
        max: usize,
    },
    /// A table contradicts another.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The time was up before any assignment was found.
    #[error("the time was up before any assignment was found")]
    OutOfTime,
    /// Somebody had enough.
    #[error("the search was stopped")]
    Stopped,
    /// A defect of ours.
    #[error(transparent)]
    Solver(#[from] SolverError),
}

/// Chosen pairs by place, with what is proven of them.
#[derive(Clone, Debug)]
struct Chosen {
    pairs: BTreeSet<usize>,
    gap: Option<Gap>,
    /// False where not everybody can be served.
    complete: bool,
}

/// Assigns: the greatest Σ affinity − C·Σ n(n−1)/2, or the greatest least score first, exactly, by a solver of
/// programmes with whole numbers (HiGHS; Huangfu and Hall 2018). `old` are pairs of an earlier assignment, by application and reviewer, to be kept as far as possible.
///
/// # Errors
/// [`Refused`].
pub fn assign(
    problem: &Problem,
    rules: &Rules,
    old: Option<&BTreeSet<(String, String)>>,
) -> Result<Plan, Refused> {
    let mut chosen = choose(problem, rules, old, None)?;
    let before = account::figures(problem, rules, &chosen.pairs);
    let mut connection = None;
    if rules.connected {
        let swaps = connect::connect(problem, rules, &mut chosen.pairs);
        let after = account::figures(problem, rules, &chosen.pairs);
        connection = Some(Connection { before, after, swaps });
    }
    Ok(account::plan(problem, rules, &chosen, connection, old))
}

/// Chooses pairs, everybody served where that is possible.
fn choose(
    problem: &Problem,
    rules: &Rules,
    old: Option<&BTreeSet<(String, String)>>,
    force: Option<Force>,
) -> Result<Chosen, Refused> {
    let old: BTreeSet<usize> = old
        .into_iter()
        .flatten()
        .filter_map(|(application, reviewer)| {
            problem.place(problem.application(application)?, problem.reviewer(reviewer)?)
        })
        .collect();
    match Model::strict(problem, rules, force).choose(&old)? {
        Some(chosen) => Ok(chosen),
        None => Model::elastic(problem, rules, force).choose(&old)?.ok_or(Refused::OutOfTime),
    }
}

/// Score of every application: the sum of its readers' affinities.
fn scores(problem: &Problem, chosen: &BTreeSet<usize>) -> Vec<Exact> {
    let mut scores = vec![Exact::zero(); problem.applications.len()];
    for place in chosen {
        let pair = &problem.pairs[*place];
        scores[pair.application] = &scores[pair.application] + &pair.affinity;
    }
    scores
}

/// Reads of every reviewer.
fn loads(problem: &Problem, chosen: &BTreeSet<usize>) -> Vec<usize> {
    let mut loads = vec![0; problem.reviewers.len()];
    chosen.iter().for_each(|place| loads[problem.pairs[*place].reviewer] += 1);
    loads
}

/// Total affinity less what loads cost: Σ affinity − C·Σ n(n−1)/2.
fn objective(problem: &Problem, rules: &Rules, chosen: &BTreeSet<usize>) -> Exact {
    let affinity: Exact = chosen.iter().map(|place| &problem.pairs[*place].affinity).sum();
    let steps: usize = loads(problem, chosen).into_iter().map(|n| n * n.saturating_sub(1) / 2).sum();
    &affinity - &(&Exact::from(rules.load_cost) * &Exact::count(steps))
}

impl Rules {
    /// Most readers from the applicant's own region: what the rules say, else reads − 1.
    pub fn own_region(&self) -> usize {
        self.own_region_max.unwrap_or_else(|| self.reads.saturating_sub(1))
    }

    /// Fails once somebody had enough.
    fn go_on(&self) -> Result<(), Refused> {
        match &self.stop {
            Some(stop) if stop.load(Ordering::Relaxed) => Err(Refused::Stopped),
            _ => Ok(()),
        }
    }
}
