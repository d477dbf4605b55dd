//! The rules by which scores become totals and an order: what of a programme the arithmetic needs, checked once. Not
//! the arithmetic.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::decimal::Decimal;
use crate::programme::Programme;
use crate::programme::scoring::{Best, Centre, Combine, Order, Rounding, Scoring};

/// Scores that a list shows; a longer scale is typed.
const LISTED: usize = 21;

/// Checked scoring rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Scored criteria; none = whatever the score file has, each of weight 1.
    pub criteria: Vec<CriterionRule>,
    /// Which end of the scale is good.
    pub best: Best,
    /// Reviews first or criteria first.
    pub order: Order,
    /// Mean, median or trimmed mean.
    pub centre: Centre,
    /// How many figures the trimmed mean drops at either end.
    pub trim: usize,
    /// Mean or sum of the weighted criteria.
    pub combine: Combine,
    /// Least answered weight, in the unit of the weights.
    pub min_weight: Decimal,
    /// Decimal places of each stage.
    pub round: Rounding,
    /// Adjustments that are added.
    pub add: Vec<String>,
    /// Adjustments that are subtracted.
    pub subtract: Vec<String>,
    /// What separates equal totals.
    pub ties: Vec<Tie>,
    /// Cells that mean "not answered".
    pub absent: Vec<String>,
}

/// What the arithmetic knows of a criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriterionRule {
    /// Its key.
    pub key: String,
    /// Its weight, 0 or more.
    pub weight: Decimal,
    /// Whether a review without it is incomplete.
    pub required: bool,
    /// Fewest answers from which its figure counts as complete.
    pub min_answered: usize,
    /// Which scores exist.
    pub range: Range,
}

/// Which scores exist for a criterion; an end that is not said is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Lowest.
    pub min: Option<Decimal>,
    /// Highest.
    pub max: Option<Decimal>,
    /// Distance, counted from the lowest.
    pub step: Option<Decimal>,
}

impl Range {
    /// Says whether a score exists on this scale.
    pub fn allows(&self, score: Decimal) -> bool {
        let inside = self.min.is_none_or(|min| score >= min) && self.max.is_none_or(|max| score <= max);
        inside && self.step.zip(self.min).is_none_or(|(step, min)| score.is_steps_from(min, step))
    }

    /// Returns the scores of a short scale, lowest first; none where they are too many to list or the scale has no step.
    pub fn scores(&self) -> Vec<Decimal> {
        let (Some(min), Some(max), Some(step)) = (self.min, self.max, self.step) else { return Vec::new() };
        let scale = [min, max, step].iter().map(|number| number.parts().1).max().unwrap_or(0);
        let units = |number: Decimal| {
            let (mantissa, own) = number.parts();
            10_i128.checked_pow(scale - own).and_then(|factor| mantissa.checked_mul(factor))
        };
        let (Some(min), Some(max), Some(step)) = (units(min), units(max), units(step)) else {
            return Vec::new();
        };
        if step <= 0 || max < min || (max - min) / step >= LISTED as i128 {
            return Vec::new();
        }
        let mut scores = Vec::new();
        let mut next = min;
        while next <= max {
            let places = scale as usize;
            let digits = format!("{:0>width$}", next.unsigned_abs(), width = places + 1);
            let (whole, rest) = digits.split_at(digits.len() - places);
            let sign = if next < 0 { "-" } else { "" };
            let text =
                if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") };
            scores.extend(text.parse::<Decimal>());
            next += step;
        }
        scores
    }

    /// Says in words which scores exist.
    pub fn in_words(&self) -> String {
        let ends = match (self.min, self.max) {
            (Some(min), Some(max)) => format!("between {min} and {max}"),
            (Some(min), None) => format!("{min} or more"),
            (None, Some(max)) => format!("{max} or less"),
            (None, None) => "a number".to_owned(),
        };
        self.step.map_or(ends.clone(), |step| format!("{ends} in steps of {step}"))
    }
}

/// One way to separate equal totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tie {
    /// The better figure of this criterion.
    Criterion(String),
    /// The better sum of the criteria, before adjustments.
    Criteria,
    /// The better adjustment: more where it is added, less where it is subtracted (the other way where low is best).
    Adjustment(String),
    /// A draw from the recorded seed.
    Draw,
}

impl Tie {
    /// Returns its name as the definition writes it.
    pub fn name(&self) -> &str {
        match self {
            Self::Criterion(key) | Self::Adjustment(key) => key,
            Self::Criteria => "criteria",
            Self::Draw => "draw",
        }
    }
}

/// Why a definition gives no rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Every weight is 0.
    #[error("no criterion has a weight above 0")]
    NoWeight,
    /// The definition describes rounds, and not this one.
    #[error("no round `{round}` in the programme")]
    UnknownRound {
        /// As it was asked for.
        round: String,
    },
    /// No review could ever reach the least weight.
    #[error("min_weight {min_weight} is more than all weights together ({all})")]
    MinWeight {
        /// As the definition says.
        min_weight: Decimal,
        /// The sum of the weights.
        all: String,
    },
}

impl PolicyError {
    /// Returns the code that scripts see.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoWeight => "programme-no-weight",
            Self::UnknownRound { .. } => "round-unknown",
            Self::MinWeight { .. } => "programme-min-weight",
        }
    }
}

impl Default for Policy {
    /// All columns, weight 1, mean, high, no rounding.
    fn default() -> Self {
        Self::of(&Programme::default()).expect("a definition without criteria gives rules")
    }
}

impl Policy {
    /// Takes the rules out of a definition.
    ///
    /// # Errors
    /// [`PolicyError`] where no criterion counts or none could count enough.
    pub fn of(programme: &Programme) -> Result<Self, PolicyError> {
        let scale = programme.scale.clone().unwrap_or_default();
        let scoring = programme.scoring.clone().unwrap_or_default();
        let criteria: Vec<CriterionRule> = programme
            .scored()
            .map(|c| CriterionRule {
                key: c.key.to_string(),
                weight: c.effective_weight(),
                required: c.required,
                min_answered: c.min_answered.unwrap_or(1) as usize,
                range: Range { min: c.min.or(scale.min), max: c.max.or(scale.max), step: scale.step },
            })
            .collect();
        if !criteria.is_empty() {
            reachable(&criteria, scoring.min_weight)?;
        }
        let ties = scoring.ties.iter().map(|key| tie(&scoring, key.as_str())).collect();
        let names = |keys: &[crate::programme::words::Key]| keys.iter().map(ToString::to_string).collect();
        Ok(Self {
            criteria,
            best: scale.best,
            order: scoring.order,
            centre: scoring.centre,
            trim: scoring.trim as usize,
            combine: scoring.combine,
            min_weight: scoring.min_weight,
            round: scoring.round,
            add: names(&scoring.add),
            subtract: names(&scoring.subtract),
            ties,
            absent: scoring.absent,
        })
    }

    /// Takes the rules for one round: of the criteria only those that are scored in it.
    ///
    /// # Errors
    /// [`PolicyError`] where the definition describes rounds and this is none of them, or as [`Policy::of`].
    pub fn of_round(programme: &Programme, round: &str) -> Result<Self, PolicyError> {
        let mut policy = Self::of(programme)?;
        let Some(described) = programme.round(round) else {
            let unknown = PolicyError::UnknownRound { round: round.to_owned() };
            return if programme.rounds.is_empty() { Ok(policy) } else { Err(unknown) };
        };
        if !described.criteria.is_empty() {
            policy.criteria.retain(|rule| described.criteria.iter().any(|key| key.as_str() == rule.key));
            reachable(&policy.criteria, policy.min_weight)?;
        }
        Ok(policy)
    }

    /// Returns the same rules with the criteria of a score file where the definition names none.
    pub fn for_criteria(&self, columns: &[String]) -> Self {
        let mut policy = self.clone();
        if policy.criteria.is_empty() {
            policy.criteria = columns.iter().map(|key| CriterionRule::plain(key)).collect();
        }
        policy
    }

    /// Describes the rules for a result's `method`, decimals as strings.
    pub fn method(&self) -> Method {
        Method {
            best: self.best,
            order: self.order,
            centre: self.centre,
            trim: self.trim,
            combine: self.combine,
            min_weight: self.min_weight,
            round: self.round,
            weights: self.criteria.iter().map(|c| (c.key.clone(), c.weight)).collect(),
            add: self.add.clone(),
            subtract: self.subtract.clone(),
            ties: self.ties.iter().map(|tie| tie.name().to_owned()).collect(),
            absent: self.absent.clone(),
        }
    }
}

impl CriterionRule {
    /// Returns the rule of a criterion about which nothing is said: weight 1, any number.
    pub fn plain(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            weight: Decimal::ONE,
            required: false,
            min_answered: 1,
            range: Range::default(),
        }
    }
}

/// The rules as a result reports them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of Policy")]
pub struct Method {
    pub best: Best,
    pub order: Order,
    pub centre: Centre,
    pub trim: usize,
    pub combine: Combine,
    pub min_weight: Decimal,
    pub round: Rounding,
    pub weights: BTreeMap<String, Decimal>,
    pub add: Vec<String>,
    pub subtract: Vec<String>,
    pub ties: Vec<String>,
    pub absent: Vec<String>,
}

fn reachable(criteria: &[CriterionRule], min_weight: Decimal) -> Result<(), PolicyError> {
    let weights: Vec<crate::exact::Exact> = criteria.iter().map(|c| c.weight.into()).collect();
    let all: crate::exact::Exact = weights.iter().sum();
    if !all.is_positive() {
        return Err(PolicyError::NoWeight);
    }
    if all < min_weight.into() {
        return Err(PolicyError::MinWeight { min_weight, all: all.to_f64().to_string() });
    }
    Ok(())
}

fn tie(scoring: &Scoring, key: &str) -> Tie {
    match key {
        "criteria" => Tie::Criteria,
        "draw" => Tie::Draw,
        _ if scoring.add.iter().chain(&scoring.subtract).any(|k| k.as_str() == key) => {
            Tie::Adjustment(key.to_owned())
        }
        _ => Tie::Criterion(key.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_score_of_a_short_scale_is_listed() {
        fn check(min: &str, max: &str, step: &str, expected: &[&str]) {
            let number = |text: &str| text.parse().ok();
            let range = Range { min: number(min), max: number(max), step: number(step) };
            let scores: Vec<String> = range.scores().iter().map(ToString::to_string).collect();
            assert_eq!(scores, expected, "{min} {max} {step}");
        }
        check("1", "5", "1", &["1", "2", "3", "4", "5"]);
        check("0", "1", "0.25", &["0", "0.25", "0.5", "0.75", "1"]);
        check("-1", "1", "0.5", &["-1", "-0.5", "0", "0.5", "1"]);
        check("0", "100", "1", &[]);
        check("1", "5", "", &[]);
        check("5", "1", "1", &[]);
    }
}
