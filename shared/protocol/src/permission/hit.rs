//! Removals and suspensions as they fall on devices, each with its cut, and what follows for devices that
//! removed ones had added.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::frontier::Frontier;
use crate::ids::DeviceId;

/// One removal or suspension.
#[derive(Clone)]
pub(super) struct Hit<'a> {
    /// What is still accepted, by device.
    cut: Rc<BTreeMap<DeviceId, Frontier>>,
    /// Devices added by the device that is hit, and that stay.
    keep: Option<&'a BTreeSet<DeviceId>>,
}

impl<'a> Hit<'a> {
    pub(super) fn new(cut: &Frontier, keep: Option<&'a BTreeSet<DeviceId>>) -> Self {
        let mut by_device: BTreeMap<DeviceId, Frontier> = BTreeMap::new();
        for (chain, tips) in cut.chains() {
            let of_device = by_device.entry(chain.1).or_default();
            tips.iter().for_each(|tip| of_device.insert(*chain, *tip));
        }
        Self { cut: Rc::new(by_device), keep }
    }

    /// Adds to `cut` what this one accepts of a device.
    pub(super) fn accept(&self, device: DeviceId, cut: &mut Frontier) {
        if let Some(accepted) = self.cut.get(&device) {
            cut.unite(accepted);
        }
    }

    pub(super) fn keeps(&self, device: DeviceId) -> bool {
        self.keep.is_some_and(|keep| keep.contains(&device))
    }
}

/// What of a device's work is accepted under some hits: all of it (`None`) where there are none.
pub(super) fn cut_of(device: DeviceId, hits: &[Hit<'_>]) -> Option<Frontier> {
    if hits.is_empty() {
        return None;
    }
    let mut cut = Frontier::default();
    hits.iter().for_each(|hit| hit.accept(device, &mut cut));
    Some(cut)
}

/// The devices of one member: where they came from, and which added which.
#[derive(Default)]
pub(super) struct Family {
    /// Devices that the charter, an admission or an admin named.
    pub(super) roots: BTreeSet<DeviceId>,
    /// Devices that each added.
    pub(super) added: BTreeMap<DeviceId, BTreeSet<DeviceId>>,
}

impl Family {
    /// Devices that are hit, or that only such devices added, with the cut of each. A device stays where
    /// one that is not hit added it too, or where every hit on one that added it keeps it.
    pub(super) fn cuts<'a>(&self, hits: impl Fn(DeviceId) -> Vec<Hit<'a>>) -> BTreeMap<DeviceId, Frontier> {
        let mut direct: BTreeMap<DeviceId, Vec<Hit<'a>>> = BTreeMap::new();
        for device in self.all() {
            let on_it = hits(device);
            if !on_it.is_empty() {
                direct.insert(device, on_it);
            }
        }
        if direct.is_empty() {
            return BTreeMap::new();
        }
        let supported = self.supported(&direct);
        let mut cuts: BTreeMap<DeviceId, Frontier> = BTreeMap::new();
        let mut inherited: BTreeMap<DeviceId, BTreeSet<(DeviceId, usize)>> = BTreeMap::new();
        for (device, on_it) in &direct {
            cuts.insert(*device, cut_of(*device, on_it).unwrap_or_default());
            inherited.insert(*device, (0..on_it.len()).map(|index| (*device, index)).collect());
        }
        // Devices without a hit of their own fall under those of the devices that added them.
        let mut next: Vec<DeviceId> = direct.keys().copied().collect();
        while let Some(adder) = next.pop() {
            let falling = inherited.get(&adder).cloned().unwrap_or_default();
            for device in self.added.get(&adder).into_iter().flatten() {
                if direct.contains_key(device) || supported.contains(device) {
                    continue;
                }
                let on_it = inherited.entry(*device).or_default();
                let before = on_it.len();
                on_it.extend(&falling);
                if on_it.len() > before {
                    next.push(*device);
                }
            }
        }
        for (device, from) in inherited.into_iter().filter(|(device, _)| !direct.contains_key(device)) {
            let cut = cuts.entry(device).or_default();
            from.iter().for_each(|(adder, index)| direct[adder][*index].accept(device, cut));
        }
        cuts
    }

    /// Devices that something holds up which is not hit.
    fn supported(&self, direct: &BTreeMap<DeviceId, Vec<Hit<'_>>>) -> BTreeSet<DeviceId> {
        let mut supported = self.roots.clone();
        let mut next: Vec<DeviceId> = supported.iter().copied().collect();
        while let Some(adder) = next.pop() {
            for device in self.added.get(&adder).into_iter().flatten() {
                let stays = direct.get(&adder).is_none_or(|hits| hits.iter().all(|hit| hit.keeps(*device)));
                if stays && supported.insert(*device) {
                    next.push(*device);
                }
            }
        }
        supported
    }

    /// Every device of the member.
    pub(super) fn all(&self) -> BTreeSet<DeviceId> {
        self.added.values().flatten().chain(&self.roots).copied().collect()
    }
}
