//! A device that says two different things under one number of one start: no honest program does this. Automerge
//! can hold only one of the two, whichever came first; so that no order of arrival decides, a document is built
//! without both and without what builds on them. Each side can be built on its own, to be shown beside the other
//! until a person sets one of them aside.

use std::collections::{BTreeMap, BTreeSet};

use tessera_defence::defence;
use tessera_model::guard::{ActorBytes, ChangeHash, Scanned};

/// The most sides of one document that are shown; the rest follows when these are decided.
const SIDES: usize = 8;

/// The changes of a document, by hash.
pub(crate) type Changes<'a> = BTreeMap<ChangeHash, &'a Scanned>;

/// Changes that share their actor and number with another one.
pub(crate) fn doubled(changes: &Changes<'_>) -> BTreeSet<ChangeHash> {
    let mut by_number: BTreeMap<(ActorBytes, u64), Vec<ChangeHash>> = BTreeMap::new();
    for (hash, change) in changes {
        by_number.entry((*change.actor(), change.seq())).or_default().push(*hash);
    }
    by_number.into_values().filter(|hashes| !defence!(I08, hashes.len() <= 1)).flatten().collect()
}

/// What remains without `out` and whatever builds on it.
pub(crate) fn without(changes: &Changes<'_>, out: &BTreeSet<ChangeHash>) -> BTreeSet<ChangeHash> {
    let mut later: BTreeMap<ChangeHash, Vec<ChangeHash>> = BTreeMap::new();
    for (hash, change) in changes {
        for dep in change.deps() {
            later.entry(*dep).or_default().push(*hash);
        }
    }
    let mut remaining: BTreeSet<ChangeHash> = changes.keys().copied().collect();
    let mut next: Vec<ChangeHash> = out.iter().copied().collect();
    while let Some(hash) = next.pop() {
        if remaining.remove(&hash) {
            next.extend(later.get(&hash).into_iter().flatten());
        }
    }
    remaining
}

/// The sides, the lowest hash first: each is everything but the other sides.
pub(crate) fn sides(changes: &Changes<'_>, doubled: &BTreeSet<ChangeHash>) -> Vec<BTreeSet<ChangeHash>> {
    let deps = doubled.iter().filter_map(|hash| changes.get(hash)).flat_map(|change| change.deps());
    let earlier = past(changes, deps.copied());
    let last = doubled.iter().filter(|hash| !earlier.contains(*hash)).take(SIDES);
    let mut sides = Vec::new();
    for hash in last {
        let own = past(changes, [*hash]);
        sides.push(without(changes, &doubled.difference(&own).copied().collect()));
    }
    sides
}

/// Of what a document has, what new changes can be tried on: all but the other side of anything they build on or
/// share a number with.
pub(crate) fn ground(has: &Changes<'_>, new: &Changes<'_>) -> BTreeSet<ChangeHash> {
    let mut all = has.clone();
    all.extend(new);
    let own = past(&all, new.keys().copied());
    let numbers: BTreeSet<(ActorBytes, u64)> =
        own.iter().filter_map(|hash| all.get(hash)).map(|change| (*change.actor(), change.seq())).collect();
    let is_other = |change: &Scanned| numbers.contains(&(*change.actor(), change.seq()));
    let out = has.iter().filter(|(hash, change)| !own.contains(*hash) && is_other(change));
    without(has, &out.map(|(hash, _)| *hash).collect())
}

/// Changes and everything that they build on.
pub(crate) fn past(changes: &Changes<'_>, of: impl IntoIterator<Item = ChangeHash>) -> BTreeSet<ChangeHash> {
    let mut past = BTreeSet::new();
    let mut next: Vec<ChangeHash> = of.into_iter().collect();
    while let Some(hash) = next.pop() {
        if let Some(change) = changes.get(&hash)
            && past.insert(hash)
        {
            next.extend(change.deps());
        }
    }
    past
}
