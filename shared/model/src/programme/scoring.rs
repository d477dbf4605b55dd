//! What reviewers score and how scores become totals, as the definition writes it: scale, criteria with their rubric,
//! and the scoring rules. Not the arithmetic (`totals`, `ranking`), which reads a checked [`crate::policy::Policy`].

use serde::{Deserialize, Serialize};

use super::words::{Key, Text};
use crate::decimal::Decimal;

/// Which end of the scale is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Best {
    /// More is better.
    #[default]
    High,
    /// Less is better, as with ranks.
    Low,
}

/// The scale that every criterion has unless it names its own bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scale {
    /// Lowest allowed score.
    pub min: Option<Decimal>,
    /// Highest allowed score.
    pub max: Option<Decimal>,
    /// Distance between allowed scores, counted from the lowest.
    pub step: Option<Decimal>,
    /// Which end is good.
    pub best: Best,
}

/// What a criterion is for eligibility.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CriterionKind {
    /// Scored; nobody is excluded by it.
    #[default]
    Score,
    /// Scored, and named in the call as an advantage: lacking it excludes nobody.
    Advantage,
    /// A condition: the gate of the same key decides it. Scored as well only where it has a weight.
    Gate,
}

/// One criterion of the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Column of score files and name in documents; one meaning for ever.
    pub key: Key,
    /// What people call it.
    #[serde(default)]
    pub label: Option<Text>,
    /// What to look for, shown beside the score.
    #[serde(default)]
    pub help: Option<Text>,
    /// Score, advantage or gate.
    #[serde(default)]
    pub kind: CriterionKind,
    /// Its share, in any unit; unless said 1, and 0 for a gate.
    #[serde(default)]
    pub weight: Option<Decimal>,
    /// Whether a review without it is incomplete.
    #[serde(default)]
    pub required: bool,
    /// Lowest score, if not the scale's.
    #[serde(default)]
    pub min: Option<Decimal>,
    /// Highest score, if not the scale's.
    #[serde(default)]
    pub max: Option<Decimal>,
    /// Fewest answers from which its figure counts; below it the application is shown as incomplete.
    #[serde(default)]
    pub min_answered: Option<u32>,
    /// Anchored levels of the rubric.
    #[serde(default, rename = "level")]
    pub levels: Vec<Level>,
}

impl Criterion {
    /// Returns its weight: as written, else 1, and 0 for a gate.
    pub fn effective_weight(&self) -> Decimal {
        self.weight.unwrap_or(match self.kind {
            CriterionKind::Gate => Decimal::ZERO,
            CriterionKind::Score | CriterionKind::Advantage => Decimal::ONE,
        })
    }

    /// Says whether reviewers score it: everything but a gate without weight.
    pub fn is_scored(&self) -> bool {
        self.kind != CriterionKind::Gate || !self.effective_weight().is_zero()
    }
}

/// One anchored level: what a score means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// The score.
    pub value: Decimal,
    /// Its name, such as "strong".
    #[serde(default)]
    pub label: Option<Text>,
    /// What one must have seen to give it.
    pub text: Text,
}

/// Which comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// A weighted total for each review, then their centre.
    #[default]
    ReviewFirst,
    /// The centre of each criterion, then the weights.
    CriterionFirst,
}

/// How several figures become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Centre {
    /// Arithmetic mean.
    #[default]
    Mean,
    /// Median.
    Median,
    /// Mean without the highest and the lowest `trim` figures.
    Trimmed,
}

/// How weighted criteria become one figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// Σ weight·score / Σ weight, on the scale of the scores.
    #[default]
    Mean,
    /// Σ weight·score.
    Sum,
}

/// Decimal places of each stage, half up; no rounding where none is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rounding {
    /// Of each criterion's centre.
    pub criterion: Option<u32>,
    /// Of each weight·score.
    pub product: Option<u32>,
    /// Of the application's total.
    pub total: Option<u32>,
}

/// The `[scoring]` table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scoring {
    /// Reviews first or criteria first.
    pub order: Order,
    /// Mean, median or trimmed mean.
    pub centre: Centre,
    /// How many figures the trimmed mean drops at either end.
    pub trim: u32,
    /// Mean or sum of the weighted criteria.
    pub combine: Combine,
    /// Least answered weight, in the unit of the weights; with less, a review (or, criterion first, an application)
    /// is incomplete.
    pub min_weight: Decimal,
    /// Decimal places of each stage.
    pub round: Rounding,
    /// Columns of the applications file that are added to the total.
    pub add: Vec<Key>,
    /// Columns that are subtracted.
    pub subtract: Vec<Key>,
    /// What separates equal totals, in this order: a criterion, `criteria`, an adjustment or `draw`.
    pub ties: Vec<Key>,
    /// Cells that mean "not answered", beside the empty one and N/A.
    pub absent: Vec<String>,
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            order: Order::default(),
            centre: Centre::default(),
            trim: 1,
            combine: Combine::default(),
            min_weight: Decimal::ZERO,
            round: Rounding::default(),
            add: Vec::new(),
            subtract: Vec::new(),
            ties: Vec::new(),
            absent: Vec::new(),
        }
    }
}
