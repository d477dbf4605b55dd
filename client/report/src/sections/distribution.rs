//! How scores are spread: of each criterion, and of the totals. Not who gave them.

use std::collections::BTreeMap;

use tessera_model::compute::Inputs;
use tessera_model::decimal::Decimal;
use tessera_model::totals::TotalRow;

use super::{figure, number, table, words};
use crate::document::{Chart, Columns, Figure, Section};
use crate::text::{NAME, plain};

/// Most bars of one chart; more values are taken together in [`BINS`].
const MAX_BARS: usize = 12;
const BINS: usize = 8;
/// Most criteria with a chart.
const MAX_CHARTS: usize = 40;

/// Fills the part.
pub(super) fn section(inputs: &Inputs, totals: &[TotalRow]) -> Section {
    let mut figures = Vec::new();
    let rules = inputs.policy.criteria.iter().take(MAX_CHARTS);
    for rule in rules {
        let Some(column) = inputs.scores.criteria().iter().position(|key| *key == rule.key) else { continue };
        let given = inputs.scores.reviews().iter().map(|review| review.scores.get(column).copied().flatten());
        figures.push(criterion(&plain(&label(inputs, &rule.key), NAME), given.collect()));
    }
    let known: Vec<f64> = totals.iter().filter_map(|row| row.total).collect();
    if let Some(figure) = of_totals(&known, totals.len()) {
        figures.push(figure);
    }
    let left = inputs.policy.criteria.len().saturating_sub(MAX_CHARTS);
    let text =
        (left > 0).then(|| format!("Of {left} more criteria there is no chart.")).into_iter().collect();
    super::section("spread", "How scores are spread", text, figures)
}

fn label(inputs: &Inputs, key: &str) -> String {
    let criterion = inputs.programme.as_ref().and_then(|programme| programme.criterion(key));
    let label = criterion.and_then(|criterion| criterion.label.as_ref());
    label.map_or_else(|| key.to_owned(), |label| label.in_language("en").to_owned())
}

fn criterion(name: &str, given: Vec<Option<Decimal>>) -> Figure {
    let answers: Vec<Decimal> = given.iter().flatten().copied().collect();
    let unanswered = given.len() - answers.len();
    let mut counts: BTreeMap<Decimal, usize> = BTreeMap::new();
    answers.iter().for_each(|score| *counts.entry(*score).or_default() += 1);
    let bars = if counts.len() <= MAX_BARS {
        counts.iter().map(|(score, count)| (score.to_string(), *count)).collect()
    } else {
        binned(&answers.iter().filter_map(|score| score.to_string().parse().ok()).collect::<Vec<_>>())
    };
    let silent = match unanswered {
        0 => String::new(),
        1 => ", and one answer is missing, which counts as nothing, not as 0".to_owned(),
        more => format!(", and {more} answers are missing, which count as nothing, not as 0"),
    };
    let says = format!(
        "How often each score of “{name}” was given by all reviewers together; it does not show to whom{silent}."
    );
    let mut rows = shares(&bars, answers.len());
    rows.push(vec!["not answered".to_owned(), unanswered.to_string(), String::new()]);
    let columns = [words("Score"), number("Times given"), number("Share")];
    let table = table(&format!("Scores of “{name}”"), &columns, rows.into_iter());
    let chart = Chart::Columns(Columns { bars, axis: "score".to_owned() });
    Figure { says, chart: Some(chart).filter(|_| !answers.is_empty()), table }
}

fn of_totals(known: &[f64], all: usize) -> Option<Figure> {
    let mut counts: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    known.iter().for_each(|total| counts.entry(figure(Some(*total))).or_insert((*total, 0)).1 += 1);
    let mut values: Vec<(String, (f64, usize))> = counts.into_iter().collect();
    values.sort_by(|a, b| a.1.0.total_cmp(&b.1.0));
    let bars: Vec<(String, usize)> = if values.len() <= MAX_BARS {
        values.into_iter().map(|(name, (_, count))| (name, count)).collect()
    } else {
        binned(known)
    };
    let without = all - known.len();
    let silent = match without {
        0 => String::new(),
        1 => ", and one application has no total yet".to_owned(),
        more => format!(", and {more} applications have no total yet"),
    };
    let says = format!(
        "How many applications have which total by the programme's rules; it does not show where the line of the seats \
         is{silent}."
    );
    let rows = shares(&bars, known.len());
    let columns = [words("Total"), number("Applications"), number("Share")];
    let table = table("Totals of applications", &columns, rows.into_iter());
    let chart = Chart::Columns(Columns { bars, axis: "total".to_owned() });
    (all > 0).then(|| Figure { says, chart: Some(chart).filter(|_| !known.is_empty()), table })
}

fn shares(bars: &[(String, usize)], all: usize) -> Vec<Vec<String>> {
    let share = |count: usize| if all == 0 { String::new() } else { format!("{:.1} %", percent(count, all)) };
    bars.iter().map(|(name, count)| vec![name.clone(), count.to_string(), share(*count)]).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of reviews")]
fn percent(count: usize, all: usize) -> f64 {
    100.0 * count as f64 / all as f64
}

/// Takes values together in bins of one width; each but the last holds its lower end and not its upper.
fn binned(values: &[f64]) -> Vec<(String, usize)> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bins = u32::try_from(BINS).unwrap_or(1);
    let width = (high - low) / f64::from(bins);
    if width.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) || !width.is_finite() {
        return vec![(short(low), values.len())];
    }
    let edge = |at: u32| low + width * f64::from(at);
    (0..bins)
        .map(|at| {
            let within = |x: &&f64| **x >= edge(at) && (at + 1 == bins || **x < edge(at + 1));
            (format!("{}–{}", short(edge(at)), short(edge(at + 1))), values.iter().filter(within).count())
        })
        .collect()
}

/// Writes an edge of a bin in few places.
fn short(x: f64) -> String {
    let text = if x.abs() >= 100.0 { format!("{x:.0}") } else { format!("{x:.1}") };
    text.replace('-', "−")
}
