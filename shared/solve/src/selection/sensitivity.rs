//! Would the list change if any one reader were left out? Not whether that reader was right.

use std::collections::BTreeSet;

use tessera_model::applications::Applications;
use tessera_model::policy::Policy;
use tessera_model::ranking::order;
use tessera_model::scores::Scores;
use tessera_model::totals::totals;

use super::{Before, Pool, Ranked, Seats, Unselected, select};

/// Returns the readers without whose reviews others would be selected, sorted. The order is made anew from the scores
/// without each; where the floors can then no longer be met, the list changes too.
///
/// # Errors
/// [`Unselected::Input`], as totals.
pub fn leaving_out(
    scores: &Scores,
    policy: &Policy,
    applications: Option<&Applications>,
    seats: &Seats,
    before: Option<&Before>,
    seed: u64,
) -> Result<Vec<String>, Unselected> {
    let chosen = |scores: &Scores| -> Result<Option<BTreeSet<String>>, Unselected> {
        let totals = totals(scores, policy, applications)?;
        let ranked = order(&totals.standings, policy, seed).into_iter().map(|row| Ranked {
            application: row.application,
            rank: row.rank.map(|rank| rank as u64),
            total: None,
        });
        let pool = Pool::new(ranked.collect(), seats, applications, seed)?;
        match select(&pool, seats, before, seed) {
            Ok(selection) => Ok(Some(selection.selected.into_iter().collect())),
            Err(Unselected::Impossible { .. } | Unselected::NotInOrder { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let with_all = chosen(scores)?;
    let readers: BTreeSet<&str> = scores.reviews().iter().map(|review| review.reviewer.as_str()).collect();
    let mut matter = Vec::new();
    for reader in readers {
        if chosen(&scores.without(reader))? != with_all {
            matter.push(reader.to_owned());
        }
    }
    Ok(matter)
}
