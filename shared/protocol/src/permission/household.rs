//! The lowest layer: whose a device is, which devices members added and removed themselves, and what all
//! layers together make of each member.

use std::collections::{BTreeMap, BTreeSet};

use tessera_defence::{defence, defended};

use crate::device::Device;
use crate::frontier::Frontier;
use crate::ids::{DeviceId, InvitationId, MemberId, PackId};
use crate::statement::Statement;

use super::chain::Chains;
use super::hit::{Family, Hit, cut_of};
use super::judge::{Added, Judge};
use super::member::{AddedBy, DeviceState, InvitationState, MemberState, Progress, Standing};
use super::powers::Powers;
use super::verdict::{Verdict, Why};

/// Whose a device is by a layer above its member's own.
struct Owner<'a> {
    member: MemberId,
    device: &'a Device,
    by: AddedBy,
}

/// A statement by which a device adds another to its own member.
struct Claim<'a> {
    pack: PackId,
    member: MemberId,
    device: &'a Device,
    id: DeviceId,
}

/// What the own layer of one member comes to.
#[derive(Default)]
struct Explored<'a> {
    family: Family,
    devices: BTreeMap<DeviceId, (&'a Device, DeviceId)>,
    removals: BTreeMap<DeviceId, Vec<Hit<'a>>>,
    verdicts: Vec<(PackId, Verdict)>,
}

/// What the charter and all statements make of the members and the invitations.
pub(super) struct Settled {
    pub(super) members: BTreeMap<MemberId, MemberState>,
    pub(super) invitations: BTreeMap<InvitationId, InvitationState>,
}

pub(super) fn settle<'a>(chains: &'a Chains<'a>, powers: &'a Powers, judge: &mut Judge<'a>) -> Settled {
    let admitted = admissions(judge);
    let contested = contested(judge, &admitted);
    let mut houses = Households {
        chains,
        powers,
        admitted: admitted.keys().copied().collect(),
        contested: BTreeSet::new(),
        owners: BTreeMap::new(),
        claims: claims(chains),
        barred: BTreeSet::new(),
    };
    houses.contested = admitted
        .iter()
        .filter(|(member, by)| {
            !houses.has_role(**member) && by.iter().all(|(_, invitation)| contested.contains(invitation))
        })
        .map(|(member, _)| *member)
        .collect();
    houses.own(judge);
    let explored = houses.explore_all(judge);
    let mut members = BTreeMap::new();
    for (member, explored) in &explored {
        explored.verdicts.iter().for_each(|(pack, verdict)| match verdict {
            Verdict::Counted => judge.count(*pack),
            Verdict::Ignored(why) => judge.ignore(*pack, *why),
        });
        let state = houses.state(*member, explored, admitted.get(member), judge);
        members.insert(*member, state);
    }
    spare_admins(judge, &members, &explored);
    let invitations = invitations(judge, &members, &contested);
    Settled { members, invitations }
}

/// Admissions by member, lowest pack first.
fn admissions(judge: &Judge<'_>) -> BTreeMap<MemberId, Vec<(PackId, InvitationId)>> {
    let mut admitted: BTreeMap<MemberId, Vec<_>> = BTreeMap::new();
    for (pack, admission) in &judge.admissions {
        let member = admission.device.first_member();
        admitted.entry(member).or_default().push((*pack, admission.invitation));
    }
    admitted
}

/// Invitations on which two were admitted who are both not removed.
fn contested(
    judge: &Judge<'_>,
    admitted: &BTreeMap<MemberId, Vec<(PackId, InvitationId)>>,
) -> BTreeSet<InvitationId> {
    let mut people: BTreeMap<InvitationId, BTreeSet<MemberId>> = BTreeMap::new();
    for (member, by) in admitted {
        if !judge.removed.contains_key(member) {
            by.iter().for_each(|(_, invitation)| {
                people.entry(*invitation).or_default().insert(*member);
            });
        }
    }
    let twice = |people: &BTreeSet<MemberId>| !defence!(G11, people.len() <= 1);
    people.into_iter().filter(|(_, people)| twice(people)).map(|(invitation, _)| invitation).collect()
}

fn claims<'a>(chains: &'a Chains<'a>) -> BTreeMap<DeviceId, Vec<Claim<'a>>> {
    let mut claims: BTreeMap<DeviceId, Vec<Claim<'a>>> = BTreeMap::new();
    for signer in chains.signers() {
        for (pack, statement) in chains.stated(signer) {
            if let Statement::AddDevice { member, device } = statement {
                let claim = Claim { pack, member: *member, device, id: device.id() };
                claims.entry(signer).or_default().push(claim);
            }
        }
    }
    claims
}

struct Households<'a> {
    chains: &'a Chains<'a>,
    powers: &'a Powers,
    admitted: BTreeSet<MemberId>,
    contested: BTreeSet<MemberId>,
    owners: BTreeMap<DeviceId, Owner<'a>>,
    claims: BTreeMap<DeviceId, Vec<Claim<'a>>>,
    barred: BTreeSet<DeviceId>,
}

impl<'a> Households<'a> {
    fn has_role(&self, member: MemberId) -> bool {
        let roles = self.powers.roles(member);
        roles.admin || roles.coordinator
    }

    /// Everybody whom the charter ever named or an admission counts for.
    fn people(&self) -> BTreeSet<MemberId> {
        self.powers.given.keys().chain(&self.admitted).copied().collect()
    }

    /// Whose devices are by the charter, then by admission, then by an admin.
    fn own(&mut self, judge: &mut Judge<'a>) {
        for (id, named) in &self.powers.devices {
            let owner = Owner { member: named.member, device: &named.device, by: AddedBy::Charter };
            self.owners.insert(*id, owner);
        }
        for (pack, admission) in &judge.admissions {
            let device = admission.device;
            let (member, by) = (device.first_member(), AddedBy::Admission(*pack));
            self.owners.entry(device.id()).or_insert(Owner { member, device, by });
        }
        if !defended!(K02) {
            // Whoever says that a device is somebody's is believed.
            for claim in self.claims.values().flatten() {
                let (member, device) = (claim.member, claim.device);
                let by = AddedBy::Own(claim.id);
                self.owners.entry(claim.id).or_insert(Owner { member, device, by });
            }
        }
        let people = self.people();
        let mut wanted: BTreeMap<DeviceId, Vec<Added<'a>>> = BTreeMap::new();
        for added in std::mem::take(&mut judge.added) {
            let id = added.device.id();
            if judge.is_admin(added.member) {
                judge.ignore(added.pack, Why::SameLayer);
            } else if !people.contains(&added.member) {
                judge.ignore(added.pack, Why::UnknownMember);
            } else if self.owners.get(&id).is_some_and(|owner| owner.member != added.member) {
                judge.ignore(added.pack, Why::DeviceTaken);
            } else {
                judge.count(added.pack);
                wanted.entry(id).or_default().push(added);
            }
        }
        for (id, mut added) in wanted {
            added.sort_by_key(|added| added.pack);
            let Added { pack, member, device } = added[0];
            if added.iter().any(|other| other.member != member) {
                self.barred.insert(id);
                for other in added {
                    judge.verdicts.insert(other.pack, Verdict::Ignored(Why::ClaimedTwice));
                }
            } else {
                let by = AddedBy::Admin(pack);
                self.owners.entry(id).or_insert(Owner { member, device, by });
            }
        }
    }

    /// Explores every member. A device that two members claim, and no layer above gives to either, is
    /// neither's.
    fn explore_all(&mut self, judge: &Judge<'a>) -> BTreeMap<MemberId, Explored<'a>> {
        let mut roots: BTreeMap<MemberId, BTreeSet<DeviceId>> = BTreeMap::new();
        for (id, owner) in &self.owners {
            roots.entry(owner.member).or_default().insert(*id);
        }
        let people = self.people();
        loop {
            let explore = |member: &MemberId| {
                let roots = roots.get(member).cloned().unwrap_or_default();
                (*member, self.explore(*member, roots, judge))
            };
            let explored: BTreeMap<MemberId, Explored<'a>> = people.iter().map(explore).collect();
            let mut seen = BTreeSet::new();
            let claimed = explored.values().flat_map(|explored| explored.devices.keys());
            let twice: BTreeSet<DeviceId> = claimed.filter(|id| !seen.insert(**id)).copied().collect();
            if twice.is_empty() {
                return explored;
            }
            self.barred.extend(twice);
        }
    }

    /// Hits on a device of a member by every layer above the member's own.
    fn above(&self, member: MemberId, device: DeviceId, judge: &Judge<'a>) -> Vec<Hit<'a>> {
        let mut hits = judge.by_admins(member, device);
        hits.extend(self.powers.dropped.get(&device).map(|cut| Hit::new(cut, None)));
        if self.contested.contains(&member) {
            hits.push(Hit::new(&Frontier::default(), None));
        }
        if !self.has_role(member) && !self.admitted.contains(&member) {
            let lost = self.powers.lost.get(&member);
            let cuts = lost.into_iter().flat_map(|lost| lost.admin.iter().chain(&lost.coordinator));
            hits.extend(cuts.chain([&Frontier::default()]).map(|cut| Hit::new(cut, None)));
        }
        hits
    }

    /// Follows the devices that a member's devices added, from its roots, and collects what they removed.
    fn explore(&self, member: MemberId, roots: BTreeSet<DeviceId>, judge: &Judge<'a>) -> Explored<'a> {
        let cuts = self.whole_family(member, &roots).cuts(|device| self.above(member, device, judge));
        let mut next: Vec<DeviceId> = roots.iter().copied().collect();
        let mut seen = roots.clone();
        let mut explored = Explored { family: Family { roots, ..Family::default() }, ..Explored::default() };
        let mut removals = Vec::new();
        while let Some(signer) = next.pop() {
            let mut own = self.claims.get(&signer).into_iter().flatten();
            for (pack, statement, order) in self.chains.checked(signer, cuts.get(&signer)) {
                match statement {
                    Statement::AddDevice { member: whose, .. } if *whose == member => {
                        let Some(claim) = own.find(|claim| claim.pack == pack) else { continue };
                        let kept = || self.kept(member, signer, claim.id, judge);
                        let verdict = match order {
                            Err(why) if why != Why::OutsideCut || !kept() => Verdict::Ignored(why),
                            _ => self.claimed(member, claim.id),
                        };
                        explored.verdicts.push((pack, verdict));
                        if verdict == Verdict::Counted {
                            explored.family.added.entry(signer).or_default().insert(claim.id);
                            let known = explored.devices.entry(claim.id).or_insert((claim.device, signer));
                            known.1 = known.1.min(signer);
                            if seen.insert(claim.id) {
                                next.push(claim.id);
                            }
                        }
                    }
                    Statement::RemoveDevice { device, cut, keep } => match order {
                        Ok(()) => removals.push((pack, *device, cut, keep)),
                        Err(why) => explored.verdicts.push((pack, Verdict::Ignored(why))),
                    },
                    Statement::AddDevice { .. } => {}
                    Statement::Unknown { .. } => {
                        explored.verdicts.push((pack, Verdict::Ignored(Why::UnknownKind)));
                    }
                    _ => {}
                }
            }
        }
        // A root that one of the member's own devices names as well is the root's, not the claim's.
        explored.devices.retain(|id, _| !explored.family.roots.contains(id));
        for (pack, device, cut, keep) in removals {
            let verdict = if !seen.contains(&device) {
                Verdict::Ignored(Why::NotYours)
            } else if self.powers.device_roles(device).admin {
                Verdict::Ignored(Why::SameLayer)
            } else {
                explored.removals.entry(device).or_default().push(Hit::new(cut, Some(keep)));
                Verdict::Counted
            };
            explored.verdicts.push((pack, verdict));
        }
        explored
    }

    /// Every device that a member's devices ever named as the member's, whether that counts or not.
    fn whole_family(&self, member: MemberId, roots: &BTreeSet<DeviceId>) -> Family {
        let mut family = Family { roots: roots.clone(), ..Family::default() };
        let mut next: Vec<DeviceId> = roots.iter().copied().collect();
        let mut seen = roots.clone();
        while let Some(signer) = next.pop() {
            for claim in self.claims.get(&signer).into_iter().flatten() {
                if claim.member == member && self.claimed(member, claim.id) == Verdict::Counted {
                    family.added.entry(signer).or_default().insert(claim.id);
                    if seen.insert(claim.id) {
                        next.push(claim.id);
                    }
                }
            }
        }
        family
    }

    /// What becomes of a member's claim to a device.
    fn claimed(&self, member: MemberId, device: DeviceId) -> Verdict {
        match self.owners.get(&device) {
            Some(owner) if owner.member == member => Verdict::Counted,
            Some(_) => Verdict::Ignored(Why::DeviceTaken),
            None if self.barred.contains(&device) => Verdict::Ignored(Why::ClaimedTwice),
            None => Verdict::Counted,
        }
    }

    /// True where every hit on the signer keeps the device that it added.
    fn kept(&self, member: MemberId, signer: DeviceId, device: DeviceId, judge: &Judge<'a>) -> bool {
        let hits = self.above(member, signer, judge);
        !hits.is_empty() && hits.iter().all(|hit| hit.keeps(device))
    }

    fn state(
        &self,
        member: MemberId,
        explored: &Explored<'a>,
        admitted: Option<&Vec<(PackId, InvitationId)>>,
        judge: &Judge<'a>,
    ) -> MemberState {
        let roles = self.powers.roles(member);
        let standing = self.standing(member, judge);
        let cuts = explored.family.cuts(|device| {
            let mut hits = self.above(member, device, judge);
            hits.extend(explored.removals.get(&device).into_iter().flatten().cloned());
            hits
        });
        let lost = self.powers.lost.get(&member).and_then(|lost| lost.coordinator.as_ref());
        let state = |id: DeviceId, device: &Device, added_by: AddedBy| {
            let cut = cuts.get(&id).cloned();
            let active = cut.is_none() && standing == Standing::Active;
            let acts = if active { self.powers.device_roles(id) } else { Default::default() };
            let shared_cut = match (added_by, lost) {
                (AddedBy::Charter, Some(lost)) => cut_of(id, &[Hit::new(lost, None)]),
                _ => None,
            };
            (id, DeviceState { device: device.clone(), active, added_by, roles: acts, cut, shared_cut })
        };
        let roots = explored.family.roots.iter().map(|id| {
            let owner = &self.owners[id];
            state(*id, owner.device, owner.by)
        });
        let own = explored.devices.iter().map(|(id, (device, by))| state(*id, device, AddedBy::Own(*by)));
        let devices = roots.chain(own).collect();
        let first = admitted.and_then(|by| by.first());
        let signer = first.and_then(|(pack, _)| judge.admissions.get(pack)).map(|admission| admission.by);
        MemberState {
            roles,
            standing,
            devices,
            invitation: first.map(|(_, invitation)| *invitation),
            admission: first.map(|(pack, _)| *pack),
            admitted_by: signer.and_then(|by| self.powers.devices.get(&by)).map(|named| named.member),
        }
    }

    fn standing(&self, member: MemberId, judge: &Judge<'a>) -> Standing {
        if judge.is_admin(member) {
            Standing::Active
        } else if judge.removed.contains_key(&member)
            || (!self.has_role(member) && !self.admitted.contains(&member))
        {
            Standing::Removed
        } else if judge.suspended.contains_key(&member) || self.contested.contains(&member) {
            Standing::Suspended
        } else {
            Standing::Active
        }
    }
}

/// One admin's act against another's device has no effect, unless it is the owner's own.
fn spare_admins(
    judge: &mut Judge<'_>,
    members: &BTreeMap<MemberId, MemberState>,
    explored: &BTreeMap<MemberId, Explored<'_>>,
) {
    for (member, state) in members.iter().filter(|(_, state)| state.roles.admin) {
        let own = |pack| explored[member].verdicts.contains(&(pack, Verdict::Counted));
        let hits = state.devices.keys().filter_map(|device| judge.devices.get(device)).flatten();
        let void: Vec<PackId> = hits.map(|(pack, _)| *pack).filter(|pack| !own(*pack)).collect();
        for pack in void {
            judge.verdicts.insert(pack, Verdict::Ignored(Why::SameLayer));
        }
    }
}

fn invitations(
    judge: &Judge<'_>,
    members: &BTreeMap<MemberId, MemberState>,
    contested: &BTreeSet<InvitationId>,
) -> BTreeMap<InvitationId, InvitationState> {
    let mut active: BTreeMap<DeviceId, (MemberId, bool)> = BTreeMap::new();
    for (member, state) in members {
        active.extend(state.devices.iter().map(|(id, device)| (*id, (*member, device.active))));
    }
    let mut invitations: BTreeMap<InvitationId, InvitationState> = BTreeMap::new();
    for invite in judge.invites.values() {
        let state = invitations.entry(invite.invitation).or_insert(InvitationState {
            progress: Progress::Withdrawn,
            by: BTreeSet::new(),
            admitted: BTreeSet::new(),
        });
        if let Some((member, active)) = active.get(&invite.device) {
            state.by.insert(*member);
            if *active {
                state.progress = Progress::Open;
            }
        }
    }
    for admission in judge.admissions.values() {
        if let Some(state) = invitations.get_mut(&admission.invitation) {
            state.admitted.insert(admission.device.first_member());
            let twice = contested.contains(&admission.invitation);
            state.progress = if twice { Progress::Contested } else { Progress::Used };
        }
    }
    invitations
}
