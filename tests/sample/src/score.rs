//! Scores and comments of the sample's reviewers, drawn from a true quality, a reviewer's severity and noise, so that
//! statistics over them can be compared with the truth.

use serde::Serialize;

use crate::generate::Sample;
use crate::grammar::{Context, EN};
use crate::rng::Rng;

/// Which scores to draw; by default for the criteria, scale and round of the seminar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreSpec {
    /// Keys of the criteria, in column order.
    pub criteria: Vec<String>,
    /// Lowest score.
    pub min: i64,
    /// Highest score, not below `min`.
    pub max: i64,
    /// What stands in the `round` column.
    pub round: String,
    /// Lowest and highest confidence.
    pub confidence: (i64, i64),
    /// Of a hundred cells, how many are `N/A`.
    pub not_answered_percent: usize,
}

impl Default for ScoreSpec {
    fn default() -> Self {
        let criteria = ["profile", "network", "reputation", "english", "insight"];
        Self {
            criteria: criteria.map(str::to_owned).to_vec(),
            min: 1,
            max: 5,
            round: "reading".to_owned(),
            confidence: (1, 5),
            not_answered_percent: 3,
        }
    }
}

/// One reviewer's review of one application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScoreRow {
    /// Key of the application.
    pub application: String,
    /// Key of the reviewer.
    pub reviewer: String,
    /// Round.
    pub round: String,
    /// 1: first version.
    pub revision: u32,
    /// Within the range asked for.
    pub confidence: i64,
    /// One for each criterion, in order; none = not answered.
    pub scores: Vec<Option<i64>>,
    /// One for each criterion, about 100 characters; where not answered, the reason.
    pub comments: Vec<String>,
    /// A comment on the whole, about 300 characters.
    pub overall: String,
}

/// Draws the reviews of the whole assignment, in its order. Same sample and spec, same rows.
#[must_use]
pub fn scores(sample: &Sample, spec: &ScoreSpec) -> Vec<ScoreRow> {
    sample.assignment.iter().enumerate().map(|(i, _)| review(sample, i, spec)).collect()
}

fn review(sample: &Sample, index: usize, spec: &ScoreSpec) -> ScoreRow {
    let pair = &sample.assignment[index];
    let rng = &mut Rng::fork(sample.seed, &format!("{}/{}", pair.application, pair.reviewer), 0);
    let quality = sample.applicants.iter().find(|a| a.key == pair.application).map_or(0.0, |a| a.quality);
    let severity = sample.reviewers.iter().find(|r| r.key == pair.reviewer).map_or(0.0, |r| r.severity);
    let (mut row_scores, mut comments) = (Vec::new(), Vec::new());
    for _ in &spec.criteria {
        let latent = quality + severity + 0.6 * rng.normal();
        if rng.chance(spec.not_answered_percent) {
            row_scores.push(None);
            comments.push(EN.any(rng, "na", &[]));
            continue;
        }
        row_scores.push(Some(to_scale(latent, spec.min, spec.max)));
        comments.push(comment(rng, latent));
    }
    let overall: Vec<String> = (0..2).map(|_| EN.any(rng, "comment.overall", &[])).collect();
    ScoreRow {
        application: pair.application.clone(),
        reviewer: pair.reviewer.clone(),
        round: spec.round.clone(),
        revision: 1,
        confidence: to_scale(rng.normal(), spec.confidence.0, spec.confidence.1),
        scores: row_scores,
        comments,
        overall: overall.join(" "),
    }
}

fn comment(rng: &mut Rng, latent: f64) -> String {
    let context: &Context<'_> = &[];
    let slot = if latent > 0.6 {
        "comment.high"
    } else if latent > -0.6 {
        "comment.mid"
    } else {
        "comment.low"
    };
    EN.any(rng, slot, context)
}

/// Puts a latent value on an integer scale: 0 in the middle, two deviations to each end, clamped.
fn to_scale(latent: f64, min: i64, max: i64) -> i64 {
    let max = max.max(min);
    let unit = ((latent + 2.0) / 4.0).clamp(0.0, 1.0);
    let width = max.saturating_sub(min).min(1_000_000);
    // The largest step whose share is reached, found by counting: no float is turned into an integer.
    let width_wide = u32::try_from(width).expect("between 0 and 1,000,000");
    let step = (1..=width_wide).rev().find(|s| unit >= (f64::from(*s) - 0.5) / f64::from(width_wide.max(1)));
    min + i64::from(step.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::generate;

    #[test]
    fn the_scale_is_kept_and_centred() {
        for (latent, expected) in [(-9.0, 0), (-2.0, 0), (0.0, 3), (0.4, 3), (2.0, 5), (9.0, 5)] {
            assert_eq!(to_scale(latent, 0, 5), expected, "{latent}");
        }
        assert_eq!(to_scale(3.0, 4, 4), 4);
        assert_eq!(to_scale(3.0, 4, -9), 4);
    }

    #[test]
    fn scores_follow_the_truth() {
        let sample = generate(5, 60);
        let rows = scores(&sample, &ScoreSpec::default());
        assert_eq!(rows.len(), 180);
        assert_eq!(rows, scores(&generate(5, 60), &ScoreSpec::default()));
        let cells: Vec<_> = rows.iter().flat_map(|r| &r.scores).collect();
        assert!(cells.iter().any(|c| c.is_none()));
        assert!(cells.iter().flat_map(|c| c.iter()).all(|v| (1..=5).contains(v)));
        // The mean of the best third lies clearly above that of the worst.
        let mut by_quality: Vec<_> = sample.applicants.iter().collect();
        by_quality.sort_by(|a, b| a.quality.total_cmp(&b.quality));
        let mean = |keys: &[&crate::applicant::Applicant]| {
            let values: Vec<i64> = rows
                .iter()
                .filter(|r| keys.iter().any(|a| a.key == r.application))
                .flat_map(|r| r.scores.iter().flatten().copied())
                .collect();
            values.iter().sum::<i64>() as f64 / values.len() as f64
        };
        assert!(mean(&by_quality[40..]) - mean(&by_quality[..20]) > 1.2);
    }
}
