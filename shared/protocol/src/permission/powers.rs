//! What the charter gives after some set of links. It only ever grows: what was taken is remembered
//! beside what was given and wins, so the changes of several links can be merged in any order. Only
//! thresholds are replaced by a later link.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::{Change, Link, Roles, Threshold};
use crate::device::Device;
use crate::frontier::Frontier;
use crate::ids::{DeviceId, LinkId, MemberId};
use crate::signature::PublicKey;

/// A device that the charter names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its keys.
    pub device: Device,
    /// Whose it is.
    pub member: MemberId,
}

/// Roles that a member lost for ever, each with what of its work is still accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lost {
    /// As an admin.
    pub admin: Option<Frontier>,
    /// As a coordinator.
    pub coordinator: Option<Frontier>,
}

/// A change that has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The member's id follows from none of its devices, and nobody admitted it.
    NoSuchMember(MemberId),
    /// The device is another member's.
    DeviceTaken(DeviceId),
    /// This version does not know the change.
    Unknown(u8),
}

/// Faults by link.
pub(super) type Faults = BTreeMap<LinkId, BTreeSet<Fault>>;

/// What the charter gives and took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Powers {
    /// Roles ever given.
    pub given: BTreeMap<MemberId, Roles>,
    /// Roles ever lost.
    pub lost: BTreeMap<MemberId, Lost>,
    /// Devices ever named.
    pub devices: BTreeMap<DeviceId, Named>,
    /// Devices ever dropped, with what of their work is still accepted.
    pub dropped: BTreeMap<DeviceId, Frontier>,
    /// Relays whose receipts count; true for a spare key.
    pub relays: BTreeMap<PublicKey, bool>,
    dropped_relays: BTreeSet<PublicKey>,
    /// Members whose ballot on a final list counts.
    pub signers: BTreeSet<MemberId>,
    dropped_signers: BTreeSet<MemberId>,
    /// Thresholds that were set.
    pub thresholds: BTreeMap<Threshold, u16>,
    /// The lowest suite that new packs may have; 0 where nothing was said.
    pub suite_floor: u8,
}

impl Powers {
    /// The roles that a member has.
    #[must_use]
    pub fn roles(&self, member: MemberId) -> Roles {
        let given = self.given.get(&member).copied().unwrap_or_default();
        let lost = self.lost.get(&member);
        Roles {
            admin: given.admin && lost.is_none_or(|lost| lost.admin.is_none()),
            coordinator: given.coordinator && lost.is_none_or(|lost| lost.coordinator.is_none()),
        }
    }

    /// The roles that a device acts with, as far as the charter decides.
    #[must_use]
    pub fn device_roles(&self, device: DeviceId) -> Roles {
        match self.devices.get(&device) {
            Some(named) if !self.dropped.contains_key(&device) => self.roles(named.member),
            _ => Roles::default(),
        }
    }

    /// The admins.
    pub fn admins(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.given.keys().copied().filter(|member| self.roles(*member).admin)
    }

    /// The coordinators.
    pub fn coordinators(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.given.keys().copied().filter(|member| self.roles(*member).coordinator)
    }

    /// How many admins are more than half of them.
    #[must_use]
    pub fn majority(&self) -> usize {
        self.admins().count() / 2 + 1
    }

    /// How many admins must sign the removal of a member: what the charter says, at least one, at most
    /// all.
    #[must_use]
    pub fn removal_threshold(&self) -> usize {
        let set = self.thresholds.get(&Threshold::Remove).copied().unwrap_or(1);
        usize::from(set).min(self.admins().count()).max(1)
    }

    /// True for a relay that was taken out: its key never counts again.
    #[must_use]
    pub fn is_dropped(&self, relay: &PublicKey) -> bool {
        self.dropped_relays.contains(relay)
    }

    /// The admins among the owners of some devices.
    pub(super) fn admins_of(&self, devices: &BTreeSet<DeviceId>) -> BTreeSet<MemberId> {
        let signs = |device: &&DeviceId| self.device_roles(**device).admin;
        devices.iter().filter(signs).map(|device| self.devices[device].member).collect()
    }

    /// These powers and the changes of some links, all together.
    pub(super) fn with(
        &self,
        links: &BTreeMap<LinkId, &Link>,
        admitted: &BTreeSet<MemberId>,
    ) -> (Self, Faults) {
        let mut merge = Merge { powers: self.clone(), faults: Faults::new() };
        let changes: Vec<(LinkId, &Change)> =
            links.iter().flat_map(|(id, link)| link.changes.iter().map(|change| (*id, change))).collect();
        changes.iter().for_each(|(_, change)| merge.take(change));
        merge.people(&changes, admitted);
        merge.devices(&changes);
        changes.iter().for_each(|(id, change)| merge.rest(*id, change));
        merge.thresholds(&changes);
        (merge.powers, merge.faults)
    }
}

struct Merge {
    powers: Powers,
    faults: Faults,
}

impl Merge {
    fn fault(&mut self, link: LinkId, fault: Fault) {
        self.faults.entry(link).or_default().insert(fault);
    }

    /// Everything that is taken; it beats what is given.
    fn take(&mut self, change: &Change) {
        let powers = &mut self.powers;
        match change {
            Change::Drop { member, roles, cut } => {
                let lost = powers.lost.entry(*member).or_default();
                if roles.admin {
                    lost.admin.get_or_insert_default().unite(cut);
                }
                if roles.coordinator {
                    lost.coordinator.get_or_insert_default().unite(cut);
                }
            }
            Change::DropDevice { device, cut } => powers.dropped.entry(*device).or_default().unite(cut),
            Change::DropRelay { key } => {
                powers.dropped_relays.insert(*key);
                powers.relays.remove(key);
            }
            Change::DropSigner { member } => {
                powers.dropped_signers.insert(*member);
                powers.signers.remove(member);
            }
            _ => {}
        }
    }

    /// Roles: first for those whose id follows from the devices given, then for those known anyway.
    fn people(&mut self, changes: &[(LinkId, &Change)], admitted: &BTreeSet<MemberId>) {
        for own_id in [true, false] {
            for (link, change) in changes {
                let Change::Add { member, roles, devices } = change else { continue };
                let derived = devices.first().is_some_and(|device| device.first_member() == *member);
                if derived != own_id {
                    continue;
                }
                if derived || self.powers.given.contains_key(member) || admitted.contains(member) {
                    let given = self.powers.given.entry(*member).or_default();
                    given.admin |= roles.admin;
                    given.coordinator |= roles.coordinator;
                } else {
                    self.fault(*link, Fault::NoSuchMember(*member));
                }
            }
        }
    }

    /// Devices: of two members named for one, whoever had it before, then the lower id.
    fn devices(&mut self, changes: &[(LinkId, &Change)]) {
        let mut named: Vec<(LinkId, MemberId, &Device)> = Vec::new();
        for (link, change) in changes {
            match change {
                Change::Add { member, devices, .. } => {
                    named.extend(devices.iter().map(|device| (*link, *member, device)));
                }
                Change::AddDevice { member, device } => named.push((*link, *member, device)),
                _ => {}
            }
        }
        named.sort_by_key(|(link, member, _)| (*member, *link));
        for (link, member, device) in named {
            if !self.powers.given.contains_key(&member) {
                self.fault(link, Fault::NoSuchMember(member));
                continue;
            }
            let id = device.id();
            match self.powers.devices.get(&id).map(|named| named.member) {
                Some(owner) if owner != member => self.fault(link, Fault::DeviceTaken(id)),
                Some(_) => {}
                None => {
                    self.powers.devices.insert(id, Named { device: device.clone(), member });
                }
            }
        }
    }

    fn rest(&mut self, link: LinkId, change: &Change) {
        let powers = &mut self.powers;
        match change {
            Change::AddRelay { key, spare } if !powers.dropped_relays.contains(key) => {
                let known = powers.relays.entry(*key).or_insert(*spare);
                *known = *known && *spare;
            }
            Change::AddSigner { member } if !powers.dropped_signers.contains(member) => {
                powers.signers.insert(*member);
            }
            Change::RaiseSuite { floor } => powers.suite_floor = powers.suite_floor.max(*floor),
            Change::Set { threshold: Threshold::Unknown(code), .. } | Change::Unknown { code, .. } => {
                self.fault(link, Fault::Unknown(*code));
            }
            _ => {}
        }
    }

    /// Thresholds: the highest that these links set replaces what was set before.
    fn thresholds(&mut self, changes: &[(LinkId, &Change)]) {
        let mut set: BTreeMap<Threshold, u16> = BTreeMap::new();
        for (_, change) in changes {
            if let Change::Set { threshold, count } = change {
                let highest = set.entry(*threshold).or_default();
                *highest = (*highest).max(*count);
            }
        }
        self.powers.thresholds.extend(set);
    }
}
