//! Totals to an order: competition ranking 1, 2, 2, 4, ties separated by the stated policy. Not a selection: seats and
//! quotas come after.

mod words;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::exact::Exact;
use crate::policy::{Policy, Tie};
use crate::programme::scoring::Best;
use crate::totals::Standing;

pub use self::words::Told;

/// Names the use of the hash that a draw is made from.
const DRAW_NAME: &[u8] = b"tessera/1 draw";

/// One row of `tessera ranking`, best first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankRow {
    /// 1 + the number of applications before it; null without a total.
    pub rank: Option<usize>,
    /// Application.
    pub application: String,
    /// Its total.
    pub total: Option<f64>,
    /// The others with the same total, sorted, whether or not something separated them.
    pub tied_with: Vec<String>,
    /// What gave it its own place among them; null where it had no equal, or shares its rank.
    pub tie_broken_by: Option<String>,
}

/// Puts applications into order: rank = 1 + the number of those before (standard competition ranking). Equal totals are separated by the policy's ties, one after the other; `draw` orders by
/// SHA-256 over a name, the seed and the id, so anyone can repeat it and no other application changes it. Those that
/// nothing separates share a rank; those without a total come last, by id, without one.
pub fn order(standings: &[Standing], policy: &Policy, seed: u64) -> Vec<RankRow> {
    let (mut ranked, mut unranked): (Vec<&Standing>, Vec<&Standing>) =
        standings.iter().partition(|standing| standing.total.is_some());
    unranked.sort_by(|a, b| a.application.as_bytes().cmp(b.application.as_bytes()));
    let draws: BTreeMap<&str, [u8; 32]> =
        ranked.iter().map(|s| (s.application.as_str(), draw(seed, &s.application))).collect();
    let compare = |a: &Standing, b: &Standing| {
        better(policy.best, a.total.as_ref(), b.total.as_ref())
            .then_with(|| separate(a, b, policy, &draws).map_or(Ordering::Equal, |(_, ordering)| ordering))
    };
    ranked.sort_by(|a, b| compare(a, b).then_with(|| a.application.as_bytes().cmp(b.application.as_bytes())));

    let mut rows: Vec<RankRow> = Vec::with_capacity(standings.len());
    let mut start = 0;
    for same_total in ranked.chunk_by(|a, b| a.total == b.total) {
        let mut rank = start + 1;
        for (index, standing) in same_total.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|at| same_total.get(at));
            if before.is_none_or(|before| compare(before, standing) != Ordering::Equal) {
                rank = start + index + 1;
            }
            let mut tied_with: Vec<String> = same_total
                .iter()
                .filter(|s| s.application != standing.application)
                .map(|s| s.application.clone())
                .collect();
            tied_with.sort_unstable();
            rows.push(RankRow {
                rank: Some(rank),
                application: standing.application.clone(),
                total: standing.total.as_ref().map(Exact::to_f64),
                tied_with,
                tie_broken_by: broken_by(index, same_total, policy, &draws),
            });
        }
        start += same_total.len();
    }
    rows.extend(unranked.into_iter().map(|standing| RankRow {
        rank: None,
        application: standing.application.clone(),
        total: None,
        tied_with: Vec::new(),
        tie_broken_by: None,
    }));
    rows
}

/// Says whether a draw decided any place.
pub fn drawn(rows: &[RankRow]) -> bool {
    rows.iter().any(|row| row.tie_broken_by.as_deref() == Some(Tie::Draw.name()))
}

/// Orders two figures, the better first, an unknown one last.
fn better(best: Best, a: Option<&Exact>, b: Option<&Exact>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if best == Best::High => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// Finds the first tie rule that separates two applications: its place among the rules, and which comes first.
fn separate(
    a: &Standing,
    b: &Standing,
    policy: &Policy,
    draws: &BTreeMap<&str, [u8; 32]>,
) -> Option<(usize, Ordering)> {
    policy.ties.iter().enumerate().find_map(|(index, tie)| {
        let figure = |s: &'_ Standing| match tie {
            Tie::Criterion(key) => s.criteria.get(key).cloned(),
            Tie::Criteria => s.criteria_sum.clone(),
            // Signed: what is subtracted is better small where high is best.
            Tie::Adjustment(key) => s.adjustments.get(key).cloned(),
            Tie::Draw => None,
        };
        let ordering = match tie {
            Tie::Draw => draws.get(a.application.as_str()).cmp(&draws.get(b.application.as_str())),
            _ => better(policy.best, figure(a).as_ref(), figure(b).as_ref()),
        };
        (ordering != Ordering::Equal).then_some((index, ordering))
    })
}

/// Names the rule that gave one of several equal totals its own place: the last that was needed against its
/// neighbours. `None` where it has no neighbour or shares its rank with one.
fn broken_by(
    index: usize,
    same_total: &[&Standing],
    policy: &Policy,
    draws: &BTreeMap<&str, [u8; 32]>,
) -> Option<String> {
    let neighbours = [index.checked_sub(1), Some(index + 1)];
    let mut last = None;
    for neighbour in neighbours.into_iter().flatten().filter_map(|at| same_total.get(at)) {
        let (rule, _) = separate(same_total[index], neighbour, policy, draws)?;
        last = last.max(Some(rule));
    }
    last.and_then(|rule| policy.ties.get(rule)).map(|tie| tie.name().to_owned())
}

/// Returns what a draw orders by: SHA-256 over a name, the seed and the id, each with its length before it.
pub fn draw(seed: u64, application: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [DRAW_NAME, &seed.to_be_bytes(), application.as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
