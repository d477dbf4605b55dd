//! How far readers agree: Krippendorff's alpha with an interval and the intraclass correlation, for each criterion and
//! for the reviews' figures together. Not who is right.
//!
//! A unit is an application. A criterion is compared over the answers that totals count; `total` over the figures of
//! complete reviews. Not answered is missing, never a value.

mod alpha;
mod icc;

use serde::Serialize;

use crate::applications::Applications;
use crate::exact::Exact;
use crate::figure::printed;
use crate::input::InputError;
use crate::policy::Policy;
use crate::programme::scoring::Order;
use crate::scores::Scores;
use crate::sentence::{Advice, Saying};
use crate::totals::{Reading, Readings, readings};

use self::icc::icc;

pub use self::alpha::{Alpha, LEVEL, Metric, Reason, Units};

/// The name of the reviews' figures among the criteria.
pub const TOTAL: &str = "total";

/// From here on alpha is relied on (Krippendorff 2004, page 241).
const GOOD: f64 = 0.800;
/// From here on conclusions are tentative.
const TENTATIVE: f64 = 0.667;

/// One row of `tessera agreement`. Unknown is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgreementRow {
    /// Criterion, or [`TOTAL`].
    pub criterion: String,
    /// Metric of alpha.
    pub metric: Metric,
    /// Alpha.
    pub alpha: Option<f64>,
    /// Why alpha or its interval is unknown.
    pub reason: Option<Reason>,
    /// Applications with two values at least.
    pub units: usize,
    /// Their values.
    pub values: usize,
    /// Standard error of alpha.
    pub se: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end, 1 at most.
    pub high: Option<f64>,
    /// Level of the interval.
    pub level: f64,
    /// k₀ of the analysis of variance, the same in every metric.
    pub k0: Option<f64>,
    /// ICC(1,1), the same in every metric.
    pub icc1: Option<f64>,
    /// ICC(1,k), the same in every metric.
    pub icck: Option<f64>,
    /// Lower end of the interval of ICC(1,1).
    pub icc1_low: Option<f64>,
    /// Upper end.
    pub icc1_high: Option<f64>,
    /// Lower end of the interval of ICC(1,k).
    pub icck_low: Option<f64>,
    /// Upper end.
    pub icck_high: Option<f64>,
    /// What it says, and what to do.
    #[serde(flatten)]
    pub advice: Advice,
}

/// Compares readers on every criterion and on their reviews' figures: four rows each, criteria in the programme's order,
/// [`TOTAL`] last. Alpha is [`Units::alpha`] (Krippendorff 2011); the intraclass correlations are those of a one-way
/// analysis of variance (Shrout and Fleiss 1979, case 1).
///
/// # Errors
/// [`InputError`] where a review's application is not in the table.
pub fn agreement(
    scores: &Scores,
    policy: &Policy,
    applications: Option<&Applications>,
) -> Result<Vec<AgreementRow>, InputError> {
    let policy = policy.for_criteria(scores.criteria());
    let reads = readings(scores, &policy, applications)?;
    let counted = |read: &Reading<'_>| read.complete || policy.order == Order::CriterionFirst;
    let mut rows = Vec::with_capacity(4 * policy.criteria.len() + 4);
    for (index, rule) in policy.criteria.iter().enumerate() {
        let answers = |read: &Reading<'_>| read.answers[index].as_ref().map(Exact::to_f64);
        let units = units(&reads, |read| answers(read).filter(|_| counted(read)));
        rows.extend(four(&rule.key, units));
    }
    let figures = units(&reads, |read| read.complete.then(|| read.figure.to_f64()));
    rows.extend(four(TOTAL, figures));
    Ok(rows)
}

/// Says in one sentence how far readers agree: on which criterion least, by the ordinal alpha; the bounds are
/// Krippendorff's (2004, page 241).
pub fn overall(rows: &[AgreementRow]) -> Advice {
    let ordinal = || rows.iter().filter(|row| row.metric == Metric::Ordinal);
    let criteria = || ordinal().filter(|row| row.criterion != TOTAL);
    let known = criteria().filter_map(|row| Some((row.alpha?, row)));
    match known.min_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((alpha, row)) => Advice {
            sentence: Saying::new(
                "agreement-least",
                "Of {criteria} criteria, readers agree least on {criterion}: alpha {alpha}.",
            )
            .with("criteria", criteria().count())
            .with("criterion", row.criterion.as_str())
            .with("alpha", alpha),
            act: row.advice.act.clone(),
        },
        None => ordinal().next_back().map_or_else(
            || advice(TOTAL, None, Some(Reason::NoPairs)),
            |row| advice(TOTAL, row.alpha, row.reason),
        ),
    }
}

fn units(reads: &Readings<'_>, value: impl Fn(&Reading<'_>) -> Option<f64>) -> Vec<Vec<f64>> {
    reads.values().map(|unit| unit.iter().filter_map(&value).collect()).collect()
}

fn four(criterion: &str, values: Vec<Vec<f64>>) -> Vec<AgreementRow> {
    let icc = icc(&values);
    let units = Units::of(values);
    let row = |metric| {
        let Alpha { alpha, se, low, high, reason } = units.alpha(metric);
        let alpha = alpha.and_then(printed);
        AgreementRow {
            criterion: criterion.to_owned(),
            metric,
            alpha,
            reason,
            units: units.units,
            values: units.values,
            se: se.and_then(printed),
            low: low.and_then(printed),
            high: high.and_then(printed),
            level: LEVEL,
            k0: icc.k0.and_then(printed),
            icc1: icc.icc1.and_then(printed),
            icck: icc.icck.and_then(printed),
            icc1_low: icc.icc1_ends.and_then(|ends| printed(ends.0)),
            icc1_high: icc.icc1_ends.and_then(|ends| printed(ends.1)),
            icck_low: icc.icck_ends.and_then(|ends| printed(ends.0)),
            icck_high: icc.icck_ends.and_then(|ends| printed(ends.1)),
            advice: advice(criterion, alpha, reason),
        }
    };
    Metric::ALL.map(row).into()
}

fn advice(criterion: &str, alpha: Option<f64>, reason: Option<Reason>) -> Advice {
    let on = |code, template| Saying::new(code, template).with("criterion", criterion);
    let (sentence, act) = match (alpha, reason) {
        (Some(alpha), _) => {
            let (sentence, act) = known(alpha);
            (on(sentence.0, sentence.1).with("alpha", alpha), act)
        }
        (None, Some(Reason::NoVariation)) => (
            on(
                "agreement-no-variation",
                "Every score that has a partner is the same on {criterion}: nothing to agree about.",
            ),
            ("check-scale-used", "Ask whether readers used the whole scale of {criterion}."),
        ),
        (None, Some(Reason::NegativeValues)) => (
            on(
                "agreement-negative-values",
                "Scores on {criterion} go below 0, so ratios of them mean nothing.",
            ),
            ("read-other-metric", "Read the ordinal or the interval row of {criterion}."),
        ),
        (None, _) => (
            on("agreement-no-pairs", "No application has two scores on {criterion}."),
            ("add-second-reads", "Give some applications a second reader before relying on {criterion}."),
        ),
    };
    Advice { sentence, act: on(act.0, act.1) }
}

type Words = (&'static str, &'static str);

fn known(alpha: f64) -> (Words, Words) {
    if alpha >= GOOD {
        (
            ("agreement-good", "Readers agree well on {criterion}: alpha {alpha}."),
            ("use-scores", "Use the scores on {criterion} as they are."),
        )
    } else if alpha >= TENTATIVE {
        (
            (
                "agreement-tentative",
                "Readers agree on {criterion} just enough for tentative conclusions: alpha {alpha}.",
            ),
            ("discuss-seat-line", "Discuss applications near the seat line before {criterion} decides."),
        )
    } else if alpha >= 0.0 {
        (
            ("agreement-weak", "Readers agree too little on {criterion}: alpha {alpha}."),
            (
                "explain-rubric",
                "Say what each score of {criterion} means, and let readers discuss where they differ.",
            ),
        )
    } else {
        (
            ("agreement-below-chance", "Readers agree less on {criterion} than by chance: alpha {alpha}."),
            (
                "check-scale-direction",
                "Check whether somebody read the scale of {criterion} the other way round.",
            ),
        )
    }
}

#[cfg(test)]
mod tests;
