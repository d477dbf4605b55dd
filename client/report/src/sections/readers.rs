//! How much each reviewer read. Not what of it counts for whom.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::compute::Inputs;
use tessera_model::totals::TotalRow;

use super::{ends_only, lined, number, table, words};
use crate::chart::MAX_LINES;
use crate::document::{Figure, Line, Section};
use crate::text::{NAME, plain};

/// Reads of one reviewer.
#[derive(Default)]
struct Load {
    reviews: usize,
    answered: usize,
    asked: usize,
}

/// Returns how many reviewers gave a review.
pub(super) fn count(inputs: &Inputs) -> usize {
    inputs.scores.reviews().iter().map(|review| review.reviewer.as_str()).collect::<BTreeSet<_>>().len()
}

/// Fills the part.
pub(super) fn section(inputs: &Inputs, totals: &[TotalRow]) -> Section {
    let mut loads: BTreeMap<&str, Load> = BTreeMap::new();
    for review in inputs.scores.reviews() {
        let load = loads.entry(&review.reviewer).or_default();
        load.reviews += 1;
        load.asked += review.scores.len();
        load.answered += review.scores.iter().flatten().count();
    }
    let mut loads: Vec<(&str, Load)> = loads.into_iter().collect();
    loads.sort_by(|a, b| b.1.reviews.cmp(&a.1.reviews).then(a.0.cmp(b.0)));
    let mut text = Vec::new();
    if loads.len() > MAX_LINES {
        text.push(ends_only(loads.len()));
    }
    let lines = loads.iter().map(|(name, load)| Line {
        name: plain(name, NAME),
        bar: u32::try_from(load.reviews).ok().map(f64::from),
        ..Line::default()
    });
    let chart = lined(lines.collect(), "reviews", Vec::new(), None);
    let cells = loads.iter().map(|(name, load)| {
        vec![
            plain(name, NAME),
            load.reviews.to_string(),
            load.answered.to_string(),
            (load.asked - load.answered).to_string(),
        ]
    });
    let columns = [words("Reviewer"), number("Reviews"), number("Scores given"), number("Not answered")];
    let by_reviewer = Figure {
        says: "How many reviews each reviewer gave, most first; it does not show how long they took or how good they are."
            .to_owned(),
        chart,
        table: table("Reviews of each reviewer", &columns, cells),
    };
    let mut reads: BTreeMap<usize, usize> = BTreeMap::new();
    totals.iter().for_each(|row| *reads.entry(row.n).or_default() += 1);
    let cells = reads.iter().map(|(n, count)| vec![n.to_string(), count.to_string()]);
    let columns = [words("Reviews that count"), number("Applications")];
    let by_application = Figure {
        says: "How many applications have how many reviews that count; who has fewer is judged by fewer eyes, not worse."
            .to_owned(),
        chart: None,
        table: table("Reviews of applications", &columns, cells),
    };
    super::section("loads", "Who read how much", text, vec![by_reviewer, by_application])
}
