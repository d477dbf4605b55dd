//! Counts and shares of groups at every stage, for eyes outside: what is small is hidden, and what would give it away by
//! subtraction is hidden with it. Not who belongs to which group, and not how far an application is: both are given.
//!
//! An application counts at every stage up to the one that it reached, so that the count of a group never rises from one stage to
//! the next, and the groups of one table add up to the total of each stage. The rule, with `least` as the smallest number that is
//! shown:
//! - *Small groups go together.* Whoever is of a group with fewer than `least` applications at the first stage is counted under
//!   "other groups", which are named nowhere: that somebody of a rare group applied is itself a secret. There they are always two
//!   groups or more, and `least` applications or more; the next smallest groups are taken in until this holds.
//! - *Small counts are hidden.* From 1 to `least` − 1; nought is shown, as nobody is described by it. A count that is hidden once is
//!   hidden at every later stage, where it can only be smaller.
//! - *A hidden count is never alone.* What is hidden at one stage is two counts or more that add up to `least` or more; the
//!   smallest counts that are shown are hidden until this holds.
//! - *A small total is hidden*, with every count of its stage: where fewer than `least` applications are left in all, counts are
//!   hidden down to the last one.
//! - A table of one group says no more than the totals, and hides nothing but small totals.
//!
//! So no hidden count follows from what is shown, by adding, by subtracting, or from one stage to the next; a test tries every table
//! up to a size. What is not promised: that nobody *guesses* within limits, that several tables of different days, or lists of names
//! beside them, give nothing away, and that whoever thinks through why the rule hid a count learns nothing from that.
//!
//! Primary and secondary suppression are those of the *Handbook on Statistical Disclosure Control* (Hundepool and others, second
//! edition, chapters 4 and 5); five as the usual threshold, with three as the lowest in use, is from the glossary of the joint
//! UNECE/Eurostat work session on statistical data confidentiality (2005). Groups going together is its "global recoding".

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::sentence::{Advice, Saying};

/// The smallest count that is shown, where nobody says another.
pub const LEAST: u32 = 5;
/// What the smallest count that is shown may be: below three, whoever knows of oneself knows of the other.
pub const LEAST_ALLOWED: RangeInclusive<u32> = 3..=100;
/// A share that moves by fewer percentage points is called steady.
pub const MOVED_POINTS: u32 = 5;

/// Counts of the groups of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// The total of each stage; none where it is hidden.
    pub totals: Vec<Option<u32>>,
    /// The groups, the largest at the first stage first; other groups together last.
    pub groups: Vec<Group>,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name; none for other groups together.
    pub name: Option<String>,
    /// The count at each stage; none where it is hidden.
    pub counts: Vec<Option<u32>>,
}

impl Shares {
    /// Counts applications of which group and last stage are given; `stages` is how many stages there are.
    ///
    /// `least` is taken into [`LEAST_ALLOWED`].
    #[must_use]
    pub fn of<'a>(stages: usize, least: u32, reached: impl IntoIterator<Item = (&'a str, usize)>) -> Self {
        let least = least.clamp(*LEAST_ALLOWED.start(), *LEAST_ALLOWED.end());
        let mut groups: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut totals = vec![0; stages];
        for (group, last) in reached {
            let counts = groups.entry(group).or_insert_with(|| vec![0; stages]);
            for (count, total) in counts.iter_mut().zip(&mut totals).take(last + 1) {
                *count += 1;
                *total += 1;
            }
        }
        let mut table = together(groups, least);
        table.sort_by(|one, other| {
            let first = |group: &Counted<'_>| group.counts.first().copied().unwrap_or_default();
            (one.name.is_none(), first(other), one.name).cmp(&(other.name.is_none(), first(one), other.name))
        });
        let hidden = Hidden::of(&table, &totals, least);
        let show = |(at, group): (usize, &Counted<'_>)| Group {
            name: group.name.map(str::to_owned),
            counts: (0..stages)
                .map(|stage| group.counts.get(stage).copied().filter(|_| !hidden.counts[stage].contains(&at)))
                .collect(),
        };
        Self {
            groups: table.iter().enumerate().map(show).collect(),
            totals: totals
                .iter()
                .enumerate()
                .map(|(stage, total)| Some(*total).filter(|_| !hidden.totals.contains(&stage)))
                .collect(),
        }
    }

    /// The share of a group at a stage, from 0 to 1; none where it is hidden or nobody is there.
    #[must_use]
    pub fn share(&self, group: &Group, stage: usize) -> Option<f64> {
        let count = group.counts.get(stage).copied().flatten()?;
        let total = self.totals.get(stage).copied().flatten().filter(|total| *total > 0)?;
        Some(f64::from(count) / f64::from(total))
    }

    /// True where any count is hidden, or groups are counted together.
    #[must_use]
    pub fn hides(&self) -> bool {
        let hidden = |group: &Group| group.name.is_none() || group.counts.contains(&None);
        self.groups.iter().any(hidden) || self.totals.contains(&None)
    }

    /// The group whose share moves the most from the first stage to the last at which it is shown: which, to which stage, and both
    /// shares.
    fn moved(&self) -> Option<(&Group, usize, f64, f64)> {
        let moves = self.groups.iter().filter(|group| group.name.is_some()).filter_map(|group| {
            let from = self.share(group, 0)?;
            let (stage, to) =
                (1..self.totals.len()).rev().find_map(|stage| Some((stage, self.share(group, stage)?)))?;
            Some((group, stage, from, to))
        });
        moves.reduce(|most, one| if (one.3 - one.2).abs() > (most.3 - most.2).abs() { one } else { most })
    }

    /// What the table says, and what to do; `stages` and `called` give what people call a stage and a group.
    #[must_use]
    pub fn advice(&self, least: u32, stages: &[&str], called: impl Fn(&str) -> String) -> Advice {
        let least = least.clamp(*LEAST_ALLOWED.start(), *LEAST_ALLOWED.end()) as usize;
        let Some((group, stage, from, to)) = self.moved() else {
            return Advice {
                sentence: Saying::new(
                    "shares-too-few",
                    "No group can be followed from one stage to the next: counts under {least} are hidden.",
                )
                .with("least", least),
                act: Saying::new(
                    "shares-wait",
                    "Look again when more applications have come further, or choose a field with fewer groups.",
                ),
            };
        };
        let percent = |share: f64| format!("{:.0}", share * 100.0);
        let name = called(group.name.as_deref().unwrap_or_default());
        let stage = stages.get(stage).copied().unwrap_or_default();
        if (to - from).abs() * 100.0 < f64::from(MOVED_POINTS) {
            return Advice {
                sentence: Saying::new(
                    "shares-steady",
                    "Up to the stage {stage} no share that is shown moves by more than {points} percentage points.",
                )
                .with("stage", stage)
                .with("points", MOVED_POINTS as usize),
                act: Saying::new("shares-keep", "Nothing to do: look again after the next stage."),
            };
        }
        Advice {
            sentence: Saying::new(
                "shares-moved",
                "{group} moves the most: from {from} % of what was received to {to} % at the stage {stage}.",
            )
            .with("group", name.as_str())
            .with("from", percent(from))
            .with("to", percent(to))
            .with("stage", stage),
            act: Saying::new(
                "shares-look",
                "Find the stage at which the share of {group} changes, and read the reasons that were given there.",
            )
            .with("group", name.as_str()),
        }
    }
}

/// A group as it is counted.
struct Counted<'a> {
    /// None for other groups together.
    name: Option<&'a str>,
    counts: Vec<u32>,
}

/// Counts small groups together.
fn together<'a>(groups: BTreeMap<&'a str, Vec<u32>>, least: u32) -> Vec<Counted<'a>> {
    let first = |counts: &Vec<u32>| counts.first().copied().unwrap_or_default();
    let mut rising: Vec<(&str, Vec<u32>)> = groups.into_iter().collect();
    rising.sort_by(|(one, these), (other, those)| (first(these), *one).cmp(&(first(those), *other)));
    let mut others: Vec<u32> = Vec::new();
    let (mut many, mut table) = (0, Vec::new());
    for (name, counts) in rising {
        let small = first(&counts) < least;
        if small || (many > 0 && (many < 2 || first(&others) < least)) {
            others.resize(counts.len(), 0);
            others.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
            many += 1;
        } else {
            table.push(Counted { name: Some(name), counts });
        }
    }
    if many > 0 {
        table.push(Counted { name: None, counts: others });
    }
    table
}

/// What is hidden of a table.
struct Hidden {
    /// By stage: groups, by their place in the table.
    counts: Vec<BTreeSet<usize>>,
    /// Stages.
    totals: BTreeSet<usize>,
}

impl Hidden {
    fn of(table: &[Counted<'_>], totals: &[u32], least: u32) -> Self {
        let mut found = Self { counts: Vec::with_capacity(totals.len()), totals: BTreeSet::new() };
        // What was hidden at an earlier stage, and what is known to have ended before.
        let (mut hidden, mut ended): (BTreeSet<usize>, BTreeSet<usize>) = (BTreeSet::new(), BTreeSet::new());
        for (stage, total) in totals.iter().copied().enumerate() {
            let count =
                |group: usize| table.get(group).and_then(|one| one.counts.get(stage)).copied().unwrap_or(0);
            let all = || 0..table.len();
            if (1..least).contains(&total) {
                found.totals.insert(stage);
                hidden.extend(all().filter(|group| !ended.contains(group)));
            } else if table.len() > 1 {
                hidden.extend(all().filter(|group| (1..least).contains(&count(*group))));
                loop {
                    let sum: u32 = hidden.iter().map(|group| count(*group)).sum();
                    if sum == 0 || (hidden.len() > 1 && sum >= least) {
                        break;
                    }
                    let shown = all().filter(|group| !hidden.contains(group) && count(*group) > 0);
                    // Totals of `least` and more leave somebody to hide; where they did not, all is hidden.
                    let Some(next) = shown.min_by_key(|group| (count(*group), *group)) else { break };
                    hidden.insert(next);
                }
            }
            if hidden.iter().all(|group| count(*group) == 0) {
                // Nobody is left of them, which the total says: nought is shown, from here on.
                ended.extend(std::mem::take(&mut hidden));
            }
            ended.extend(all().filter(|group| !hidden.contains(group) && count(*group) == 0));
            found.counts.push(hidden.clone());
        }
        found
    }
}

#[cfg(test)]
mod tests;
