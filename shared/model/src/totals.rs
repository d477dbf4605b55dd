//! Scores to one total for each application, exactly. Not the order ([`crate::ranking`]).
//!
//! - Not answered is never zero: weights renormalise over what was answered. The mean of a review is Σwx/Σw over the
//!   answered criteria; its sum is Σwx · W/Σw with W all weights together.
//! - Review first: a figure for each review, then the centre of the figures. Criterion first: the centre of each
//!   criterion over its answers, rounded, then the weights.
//! - A review that answers less than `min_weight`, or not every required criterion, is incomplete: with reviews first it
//!   does not count. With criteria first an application whose answered criteria weigh less has no total. Either is
//!   marked `incomplete`, never low. A review that answers nothing is no review.
//! - Adjustments: + `add`, − `subtract`, then the total's rounding. Rounding is half up.
//! - Shown beside the total, of the reviews' figures: mean, median, trimmed mean, sample standard deviation (n−1),
//!   least and greatest, and z, the mean of (x − x̄ᵣ)/sᵣ over the readers r, with each reader's own mean and population
//!   standard deviation; a reader with one read or no spread is left out.

mod words;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::applications::Applications;
use crate::exact::{Exact, mean, median, population_spread, sample_sd, trimmed, trims};
use crate::input::{InputError, InputErrorKind, Place, Warning};
use crate::policy::{CriterionRule, Policy};
use crate::programme::scoring::{Centre, Combine, Order};
use crate::scores::{Review, Scores};

pub use self::words::overall;

/// The totals of all applications, sorted by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// What is shown.
    pub rows: Vec<TotalRow>,
    /// What the order is made from, exactly.
    pub standings: Vec<Standing>,
    /// What is worth saying.
    pub warnings: Vec<Warning>,
}

/// One row of `tessera totals`. Figures are the nearest doubles, rounded ones exactly their decimals; unknown is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TotalRow {
    /// Application.
    pub application: String,
    /// Reviews that count.
    pub n: usize,
    /// Whether less was answered than the programme asks.
    pub incomplete: bool,
    /// Mean of the reviews' figures.
    pub mean: Option<f64>,
    /// Their median.
    pub median: Option<f64>,
    /// Their trimmed mean; the plain mean where they are too few.
    pub trimmed: Option<f64>,
    /// Their sample standard deviation.
    pub sd: Option<f64>,
    /// Least of them.
    pub min: Option<f64>,
    /// Greatest of them.
    pub max: Option<f64>,
    /// The total by the programme's rules.
    pub total: Option<f64>,
    /// Mean of the readers' z.
    pub z_mean: Option<f64>,
    /// Each criterion over its answers.
    pub criteria: BTreeMap<String, CriterionRow>,
    /// Reviews that answered too little.
    pub incomplete_reviews: usize,
    /// Whether the total is a plain mean because there were too few figures to trim.
    pub untrimmed: bool,
}

/// One criterion of one application.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CriterionRow {
    /// Answers.
    pub n: usize,
    /// Their mean.
    pub mean: Option<f64>,
    /// Their median.
    pub median: Option<f64>,
    /// Their trimmed mean; the plain mean where they are too few.
    pub trimmed: Option<f64>,
    /// The programme's centre of them, rounded as it says.
    pub value: Option<f64>,
}

/// What the order of applications is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Application.
    pub application: String,
    /// Its total, after adjustments and rounding.
    pub total: Option<Exact>,
    /// Before adjustments.
    pub criteria_sum: Option<Exact>,
    /// Each criterion's value.
    pub criteria: BTreeMap<String, Exact>,
    /// Each adjustment, with its sign.
    pub adjustments: BTreeMap<String, Exact>,
}

/// Calculates every application's total, the centre of Σwx/Σw (or of Σwx·W/Σw) over the answered criteria as this module
/// says: of those with a review and, where a table of applications is given, of all in
/// it.
///
/// # Errors
/// [`InputError`] where a review's application is not in the table, or an adjustment's column is missing or no number.
pub fn totals(
    scores: &Scores,
    policy: &Policy,
    applications: Option<&Applications>,
) -> Result<Totals, InputError> {
    let policy = policy.for_criteria(scores.criteria());
    let rules = Rules::new(&policy, scores.criteria());
    let reads = group(scores, &rules, applications)?;
    adjustable(&policy, applications)?;
    let z = z_by_application(&reads);

    let mut totals = Totals::default();
    totals.warnings.extend(rounds_together(scores));
    for (application, reads) in &reads {
        let adjustments = adjustments(application, &policy, applications, &mut totals.warnings)?;
        let (mut row, standing) = one(application, reads, &rules, adjustments);
        row.z_mean = z.get(application).copied();
        warn(&row, &policy, &mut totals.warnings);
        totals.rows.push(row);
        totals.standings.push(standing);
    }
    Ok(totals)
}

/// Warns where reviews of several rounds are taken together.
pub(crate) fn rounds_together(scores: &Scores) -> Option<Warning> {
    (scores.rounds().len() > 1).then(|| {
        Warning::new(
            "rounds-together",
            "reviews of several rounds are taken together; choose one with --round",
        )
    })
}

/// Reads what each review gives, by application, with an entry for every application: for statistics that compare
/// reviews with one another.
///
/// # Errors
/// [`InputError`] where a review's application is not in the table.
pub(crate) fn readings<'a>(
    scores: &'a Scores,
    policy: &Policy,
    applications: Option<&'a Applications>,
) -> Result<Readings<'a>, InputError> {
    let policy = policy.for_criteria(scores.criteria());
    group(scores, &Rules::new(&policy, scores.criteria()), applications)
}

/// One review's answers with their figure.
pub(crate) struct Reading<'a> {
    /// Who read it.
    pub(crate) reviewer: &'a str,
    /// One answer for each criterion of the policy.
    pub(crate) answers: Vec<Option<Exact>>,
    /// What the programme makes of them.
    pub(crate) figure: Exact,
    /// Whether as much was answered as the programme asks.
    pub(crate) complete: bool,
}

/// The policy with its numbers made exact once.
struct Rules<'a> {
    policy: &'a Policy,
    /// Where each criterion stands in a review's scores.
    columns: Vec<Option<usize>>,
    weights: Vec<Exact>,
    all_weights: Exact,
    min_weight: Exact,
}

impl<'a> Rules<'a> {
    fn new(policy: &'a Policy, keys: &[String]) -> Self {
        let column = |rule: &CriterionRule| keys.iter().position(|key| *key == rule.key);
        let columns = policy.criteria.iter().map(column).collect();
        let weights: Vec<Exact> = policy.criteria.iter().map(|rule| rule.weight.into()).collect();
        let all_weights = weights.iter().sum();
        Self { policy, columns, weights, all_weights, min_weight: policy.min_weight.into() }
    }

    /// Combines one figure for each criterion; `None` where nothing that weighs was answered.
    fn combine(&self, answers: &[Option<Exact>]) -> Option<Exact> {
        let mut sum = Exact::zero();
        let mut answered = Exact::zero();
        for (answer, weight) in answers.iter().zip(&self.weights) {
            let Some(answer) = answer else { continue };
            sum = &sum + &(weight * answer).rounded_if(self.policy.round.product);
            answered = &answered + weight;
        }
        let mean = sum.divided_by(&answered)?;
        match self.policy.combine {
            Combine::Mean => Some(mean),
            // With everything answered the sum itself, not a mean multiplied out again.
            Combine::Sum if answered == self.all_weights => Some(sum),
            Combine::Sum => Some(&mean * &self.all_weights),
        }
    }

    /// Says whether enough was answered, and everything that is required.
    fn suffices(&self, answers: &[Option<Exact>]) -> bool {
        let answered = answers.iter().zip(&self.weights).filter(|(answer, _)| answer.is_some());
        let weight: Exact = answered.map(|(_, weight)| weight).sum();
        let required = |(answer, rule): (&Option<Exact>, &CriterionRule)| answer.is_some() || !rule.required;
        weight >= self.min_weight && answers.iter().zip(&self.policy.criteria).all(required)
    }

    fn centre(&self, figures: &[Exact]) -> Option<Exact> {
        match self.policy.centre {
            Centre::Mean => mean(figures),
            Centre::Median => median(figures),
            Centre::Trimmed => trimmed(figures, self.policy.trim),
        }
    }

    fn reading<'r>(&self, review: &'r Review) -> Option<Reading<'r>> {
        let answer =
            |column: &Option<usize>| column.and_then(|index| review.scores.get(index).copied().flatten());
        let answers: Vec<_> = self.columns.iter().map(|column| answer(column).map(Exact::from)).collect();
        let figure = self.combine(&answers)?;
        let complete = self.suffices(&answers);
        Some(Reading { reviewer: &review.reviewer, answers, figure, complete })
    }
}

/// What reviews give, by application.
pub(crate) type Readings<'a> = BTreeMap<&'a str, Vec<Reading<'a>>>;

fn group<'a>(
    scores: &'a Scores,
    rules: &Rules<'_>,
    applications: Option<&'a Applications>,
) -> Result<Readings<'a>, InputError> {
    let mut readings: Readings<'_> = BTreeMap::new();
    for id in applications.iter().flat_map(|a| a.ids()) {
        readings.insert(id, Vec::new());
    }
    for (index, review) in scores.reviews().iter().enumerate() {
        if let Some(list) = applications
            && !list.contains(&review.application)
        {
            let kind = InputErrorKind::UnknownApplication {
                id: review.application.clone(),
                list: list.file().to_owned(),
            };
            return Err(scores.place(index).column("application").error(kind));
        }
        // A review that answers nothing still names an application.
        let entry = readings.entry(&review.application).or_default();
        entry.extend(rules.reading(review));
    }
    Ok(readings)
}

fn adjustable(policy: &Policy, applications: Option<&Applications>) -> Result<(), InputError> {
    for column in policy.add.iter().chain(&policy.subtract) {
        match applications {
            Some(list) => list.require(column)?,
            None => {
                let kind = InputErrorKind::MissingColumn { name: column.clone() };
                return Err(Place::file("applications").column(column).error(kind));
            }
        }
    }
    Ok(())
}

fn adjustments(
    application: &str,
    policy: &Policy,
    applications: Option<&Applications>,
    warnings: &mut Vec<Warning>,
) -> Result<BTreeMap<String, Exact>, InputError> {
    let mut found = BTreeMap::new();
    let Some(list) = applications else { return Ok(found) };
    for column in policy.add.iter().chain(&policy.subtract) {
        let amount = list.adjustment(application, column)?;
        if amount.is_none() {
            let empty = Warning::new("adjustment-empty", "{application}: `{column}` is empty, taken as 0");
            warnings.push(empty.with("application", application).with("column", column.as_str()));
        }
        let amount = amount.unwrap_or_else(Exact::zero);
        let signed = if policy.subtract.contains(column) { &Exact::zero() - &amount } else { amount };
        found.insert(column.clone(), signed);
    }
    Ok(found)
}

fn one(
    application: &str,
    readings: &[Reading<'_>],
    rules: &Rules<'_>,
    adjustments: BTreeMap<String, Exact>,
) -> (TotalRow, Standing) {
    let policy = rules.policy;
    let reviews_first = policy.order == Order::ReviewFirst;
    let counted: Vec<&Reading<'_>> = readings.iter().filter(|r| r.complete || !reviews_first).collect();
    let figures: Vec<Exact> = counted.iter().map(|r| r.figure.clone()).collect();

    let mut criteria = BTreeMap::new();
    let mut values: Vec<Option<Exact>> = Vec::with_capacity(policy.criteria.len());
    let mut fewer = false;
    let mut untrimmed = false;
    for (index, rule) in policy.criteria.iter().enumerate() {
        let answers: Vec<Exact> = counted.iter().filter_map(|r| r.answers[index].clone()).collect();
        let value = rules.centre(&answers).map(|v| v.rounded_if(policy.round.criterion));
        fewer |= answers.len() < rule.min_answered && rule.min_answered > 1;
        untrimmed |= !reviews_first && !answers.is_empty() && !trims(answers.len(), policy.trim);
        criteria.insert(rule.key.clone(), criterion_row(&answers, value.as_ref(), policy.trim));
        values.push(value);
    }

    let (before, short) = if reviews_first {
        untrimmed = !figures.is_empty() && !trims(figures.len(), policy.trim);
        (rules.centre(&figures), counted.len() < readings.len())
    } else {
        let suffices = rules.suffices(&values);
        (rules.combine(&values).filter(|_| suffices), !suffices)
    };
    let adjust = |sum: &Exact| &adjustments.values().sum::<Exact>() + sum;
    let total = before.as_ref().map(|sum| adjust(sum).rounded_if(policy.round.total));

    let row = TotalRow {
        application: application.to_owned(),
        n: counted.len(),
        incomplete: short || fewer || total.is_none(),
        mean: mean(&figures).map(|x| x.to_f64()),
        median: median(&figures).map(|x| x.to_f64()),
        trimmed: trimmed(&figures, policy.trim).map(|x| x.to_f64()),
        sd: sample_sd(&figures),
        min: figures.iter().min().map(Exact::to_f64),
        max: figures.iter().max().map(Exact::to_f64),
        total: total.as_ref().map(Exact::to_f64),
        z_mean: None,
        criteria,
        incomplete_reviews: readings.iter().filter(|r| !r.complete).count(),
        untrimmed: untrimmed && policy.centre == Centre::Trimmed,
    };
    let keys = policy.criteria.iter().map(|rule| rule.key.clone());
    let criteria = keys.zip(values).filter_map(|(key, value)| value.map(|value| (key, value))).collect();
    let standing =
        Standing { application: application.to_owned(), total, criteria_sum: before, criteria, adjustments };
    (row, standing)
}

fn criterion_row(answers: &[Exact], value: Option<&Exact>, trim: usize) -> CriterionRow {
    CriterionRow {
        n: answers.len(),
        mean: mean(answers).map(|x| x.to_f64()),
        median: median(answers).map(|x| x.to_f64()),
        trimmed: trimmed(answers, trim).map(|x| x.to_f64()),
        value: value.map(Exact::to_f64),
    }
}

/// Returns the mean z of each application that has a reader with a spread. Only complete reviews are compared.
fn z_by_application<'a>(readings: &Readings<'a>) -> BTreeMap<&'a str, f64> {
    let mut by_reader: BTreeMap<&str, Vec<Exact>> = BTreeMap::new();
    let complete = |readings: &'_ [Reading<'a>]| -> Vec<(&'a str, Exact)> {
        readings.iter().filter(|r| r.complete).map(|r| (r.reviewer, r.figure.clone())).collect()
    };
    for (reviewer, figure) in readings.values().flat_map(|readings| complete(readings)) {
        by_reader.entry(reviewer).or_default().push(figure);
    }
    let habits: BTreeMap<&str, (Exact, f64)> = by_reader
        .into_iter()
        .filter_map(|(reviewer, figures)| Some((reviewer, (mean(&figures)?, population_spread(&figures)?))))
        .collect();
    let mut means = BTreeMap::new();
    for (application, readings) in readings {
        // In the order of readers, so that the sum of doubles is the same for every order of rows.
        let zs: Vec<f64> = complete(readings)
            .into_iter()
            .filter_map(|(reviewer, figure)| {
                let (centre, spread) = habits.get(reviewer)?;
                Some((&figure - centre).to_f64() / spread)
            })
            .collect();
        if !zs.is_empty() {
            let z = zs.iter().sum::<f64>() / Exact::count(zs.len()).to_f64();
            means.insert(*application, if z == 0.0 { 0.0 } else { z });
        }
    }
    means
}

fn warn(row: &TotalRow, policy: &Policy, warnings: &mut Vec<Warning>) {
    let mut warn = |warning: Warning| warnings.push(warning.with("application", row.application.as_str()));
    if row.incomplete_reviews > 0 && policy.order == Order::ReviewFirst {
        let incomplete = Warning::new(
            "review-incomplete",
            "{application}: {count} reviews answer too little and do not count",
        );
        warn(incomplete.with("count", row.incomplete_reviews));
    }
    if row.total.is_none() {
        warn(Warning::new("total-unknown", "{application}: too little was answered for a total"));
    }
    if row.untrimmed {
        warn(Warning::new("untrimmed", "{application}: too few figures to trim, the plain mean stands"));
    }
}

#[cfg(test)]
mod tests;
