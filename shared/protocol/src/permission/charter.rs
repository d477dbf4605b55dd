//! Which charter links count. Links form a graph, each naming those it builds on; a walk from the genesis,
//! level by level, finds those that count, whatever the order in which they and their signatures came.

use std::collections::{BTreeMap, BTreeSet};

use tessera_defence::defence;

use crate::charter::Link;
use crate::ids::{DeviceId, LinkId, MemberId, ProgrammeId};

use super::powers::{Fault, Faults, Powers};

/// A link with the devices that signed it.
pub(super) struct Signed<'a> {
    pub(super) link: &'a Link,
    pub(super) devices: BTreeSet<DeviceId>,
}

pub(super) type Links<'a> = BTreeMap<LinkId, Signed<'a>>;

/// A link that does not count yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pending {
    /// The admins that signed it.
    pub signed: BTreeSet<MemberId>,
    /// How many must; `None` where the links that it builds on do not count themselves.
    pub needed: Option<usize>,
}

/// The charter: the powers it gives, and how far it got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Charter {
    /// Who may what.
    pub powers: Powers,
    /// True where the programme is a demonstration.
    pub demo: bool,
    /// True where two rival lines were both built upon, or no admin is left: no link can count any more.
    pub frozen: bool,
    /// The links that a next one must name; none before the genesis counts.
    pub tips: BTreeSet<LinkId>,
    /// Links that count, with the admins whose signatures made them.
    pub counted: BTreeMap<LinkId, BTreeSet<MemberId>>,
    /// Links that some admin signed and that do not count yet.
    pub pending: BTreeMap<LinkId, Pending>,
    /// Links that a completed link left out, and what builds on them: they never count.
    pub void: BTreeSet<LinkId>,
    /// Changes without effect in links that count.
    pub faults: BTreeMap<LinkId, BTreeSet<Fault>>,
}

/// Walks the links of a programme. `admitted` are the members that any admission names.
pub(super) fn walk(programme: ProgrammeId, links: &Links<'_>, admitted: &BTreeSet<MemberId>) -> Charter {
    let mut walk = Walk { links, admitted, by_parent: by_lowest_parent(links), charter: Charter::default() };
    let genesis = links
        .iter()
        .find(|(id, signed)| id.0[..16] == programme.0 && signed.link.parents.is_empty())
        .map(|(id, _)| *id);
    let Some(genesis) = genesis else { return walk.charter };
    let level = BTreeSet::from([genesis]);
    let (powers, faults) = walk.merged(&Powers::default(), &level);
    walk.charter.demo = links[&genesis].link.demo;
    if walk.completed(genesis, &powers).is_none() {
        walk.pending(genesis, &powers);
        return walk.charter;
    }
    walk.count(&level, &powers, faults);
    walk.climb(level, powers);
    walk.charter
}

/// Links by the lowest of their parents, so that those on a set of links are found without a search.
fn by_lowest_parent(links: &Links<'_>) -> BTreeMap<LinkId, Vec<LinkId>> {
    let mut by_parent: BTreeMap<LinkId, Vec<LinkId>> = BTreeMap::new();
    for (id, signed) in links {
        if let Some(lowest) = signed.link.parents.first() {
            by_parent.entry(*lowest).or_default().push(*id);
        }
    }
    by_parent
}

struct Walk<'a> {
    links: &'a Links<'a>,
    admitted: &'a BTreeSet<MemberId>,
    by_parent: BTreeMap<LinkId, Vec<LinkId>>,
    charter: Charter,
}

impl Walk<'_> {
    /// Goes up from a level that counts; `powers` are those that it gives.
    fn climb(&mut self, mut level: BTreeSet<LinkId>, mut powers: Powers) {
        loop {
            let siblings: BTreeSet<LinkId> = self
                .on(&level)
                .filter(|id| *self.links[id].link.parents == level)
                .filter(|id| self.completed(*id, &powers).is_some())
                .collect();
            let lines = self.lines(&siblings, &powers);
            if lines.len() == 1 {
                // What the builders left out is void.
                for (line, (merged, faults)) in lines {
                    self.count(&line, &powers, faults);
                    self.charter.void.extend(siblings.difference(&line));
                    (level, powers) = (line, merged);
                }
                continue;
            }
            return self.stop(&level, &siblings, powers, lines.len() > 1);
        }
    }

    /// The sets of siblings on which completed links build, with the powers that each gives.
    fn lines(
        &self,
        siblings: &BTreeSet<LinkId>,
        base: &Powers,
    ) -> BTreeMap<BTreeSet<LinkId>, (Powers, Faults)> {
        let (all, _) = self.merged(base, siblings);
        let mut merged: BTreeMap<&BTreeSet<LinkId>, ((Powers, Faults), bool)> = BTreeMap::new();
        for id in self.on(siblings).filter(|id| self.concerns(*id, &all)) {
            let parents: &BTreeSet<LinkId> = &self.links[&id].link.parents;
            let known = merged.entry(parents).or_insert_with(|| (self.merged(base, parents), false));
            known.1 |= self.completed(id, &known.0.0).is_some();
        }
        let built = merged.into_iter().filter(|(_, (_, built))| *built);
        built.map(|(parents, (state, _))| (parents.clone(), state)).collect()
    }

    /// Ends the walk: all siblings count together and are what a next link must name.
    fn stop(&mut self, level: &BTreeSet<LinkId>, siblings: &BTreeSet<LinkId>, powers: Powers, rival: bool) {
        let (merged, faults) = self.merged(&powers, siblings);
        self.count(siblings, &powers, faults);
        let mut open: BTreeSet<LinkId> = BTreeSet::new();
        for id in self.on(level).collect::<Vec<_>>() {
            if *self.links[&id].link.parents == *level && !siblings.contains(&id) {
                open.insert(id);
                self.pending(id, &powers);
            }
        }
        for id in self.on(siblings).collect::<Vec<_>>() {
            open.insert(id);
            if self.concerns(id, &merged) {
                let (on_these, _) = self.merged(&powers, &self.links[&id].link.parents);
                self.pending(id, &on_these);
            }
        }
        self.charter.tips = if siblings.is_empty() { level.clone() } else { siblings.clone() };
        self.charter.frozen = !defence!(G03, !rival && merged.admins().next().is_some());
        self.charter.powers = merged;
        self.sort_the_rest(&open);
    }

    /// True where somebody who was ever an admin signed: nobody else can make the walk merge anything.
    fn concerns(&self, id: LinkId, all: &Powers) -> bool {
        let owner =
            |device: &DeviceId| all.devices.get(device).and_then(|named| all.given.get(&named.member));
        self.links[&id].devices.iter().any(|device| owner(device).is_some_and(|roles| roles.admin))
    }

    /// Links whose parents are among `these`.
    fn on<'s>(&'s self, these: &'s BTreeSet<LinkId>) -> impl Iterator<Item = LinkId> + 's {
        these
            .iter()
            .filter_map(|parent| self.by_parent.get(parent))
            .flatten()
            .filter(|id| self.links[id].link.parents.is_subset(these))
            .copied()
    }

    fn merged(&self, base: &Powers, links: &BTreeSet<LinkId>) -> (Powers, Faults) {
        base.with(&links.iter().map(|id| (*id, self.links[id].link)).collect(), self.admitted)
    }

    /// The admins under these powers that signed, where they are a majority.
    fn completed(&self, id: LinkId, powers: &Powers) -> Option<BTreeSet<MemberId>> {
        let signed = powers.admins_of(&self.links[&id].devices);
        (signed.len() >= powers.majority()).then_some(signed)
    }

    fn count(&mut self, links: &BTreeSet<LinkId>, base: &Powers, faults: Faults) {
        for id in links {
            let signed = base.admins_of(&self.links[id].devices);
            self.charter.counted.insert(*id, signed);
        }
        self.charter.faults.extend(faults);
    }

    fn pending(&mut self, id: LinkId, powers: &Powers) {
        let signed = powers.admins_of(&self.links[&id].devices);
        if !signed.is_empty() {
            self.charter.pending.insert(id, Pending { signed, needed: Some(powers.majority()) });
        }
    }

    /// Sorts the links that the walk did not reach: void where everything they build on is decided and
    /// some of it is not where the charter stands, pending where something is missing. `unsigned` are
    /// those that can count as soon as enough have signed.
    fn sort_the_rest(&mut self, unsigned: &BTreeSet<LinkId>) {
        let mut decided: BTreeSet<LinkId> =
            self.charter.counted.keys().chain(&self.charter.void).copied().collect();
        let mut children: BTreeMap<LinkId, Vec<LinkId>> = BTreeMap::new();
        let mut left: BTreeMap<LinkId, usize> = BTreeMap::new();
        let mut ready = Vec::new();
        for (id, signed) in self.links {
            if decided.contains(id) || unsigned.contains(id) {
                continue;
            }
            let waits: Vec<_> = signed.link.parents.iter().filter(|p| !decided.contains(p)).collect();
            if waits.is_empty() {
                ready.push(*id);
            }
            left.insert(*id, waits.len());
            waits.into_iter().for_each(|parent| children.entry(*parent).or_default().push(*id));
        }
        while let Some(id) = ready.pop() {
            left.remove(&id);
            decided.insert(id);
            self.charter.void.insert(id);
            for child in children.remove(&id).unwrap_or_default() {
                if let Some(count) = left.get_mut(&child) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(child);
                    }
                }
            }
        }
        for id in left.into_keys() {
            let signed = self.charter.powers.admins_of(&self.links[&id].devices);
            if !signed.is_empty() {
                self.charter.pending.insert(id, Pending { signed, needed: None });
            }
        }
    }
}
