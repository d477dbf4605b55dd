//! The upper layers: what admins and coordinators stated. Admins' statements are judged by the charter
//! alone, coordinators' by the charter and by what admins did to them.

use std::collections::{BTreeMap, BTreeSet};

use tessera_defence::defence;

use crate::charter::Roles;
use crate::device::Device;
use crate::frontier::Frontier;
use crate::hash::{Hash, hash};
use crate::ids::{AttachmentId, DeviceId, InvitationId, MemberId, PackId, RoundId, StreamId};
use crate::statement::{Statement, Target};

use super::chain::Chains;
use super::hit::{Hit, cut_of};
use super::powers::{Lost, Powers};
use super::public::Act;
use super::verdict::{Unjudged, Verdict, Why};

/// A counting invitation.
pub(super) struct Invite {
    pub(super) device: DeviceId,
    pub(super) invitation: InvitationId,
    commitment: Hash,
}

/// A counting admission.
pub(super) struct Admission<'a> {
    pub(super) by: DeviceId,
    pub(super) invitation: InvitationId,
    pub(super) device: &'a Device,
    nonce: &'a [u8; 32],
}

/// A device that an admin added to somebody else.
#[derive(Clone, Copy)]
pub(super) struct Added<'a> {
    pub(super) pack: PackId,
    pub(super) member: MemberId,
    pub(super) device: &'a Device,
}

/// A coordinator's final list. Its ballots are not counted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalList {
    /// Hash of the list.
    pub list: Hash,
    /// The list that it replaces.
    pub predecessor: Option<PackId>,
    /// The device that sends letters and promotes.
    pub holder: DeviceId,
}

/// What is erased.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Streams.
    pub streams: BTreeSet<StreamId>,
    /// Attachments.
    pub attachments: BTreeSet<AttachmentId>,
}

/// What admins and coordinators stated, as far as it counts.
pub(super) struct Judge<'a> {
    chains: &'a Chains<'a>,
    powers: &'a Powers,
    pub(super) verdicts: BTreeMap<PackId, Verdict>,
    pub(super) unjudged: BTreeSet<Unjudged>,
    pub(super) removed: BTreeMap<MemberId, Vec<Hit<'a>>>,
    pub(super) suspended: BTreeMap<MemberId, Vec<Hit<'a>>>,
    /// Removals and suspensions of single devices, by admins.
    pub(super) devices: BTreeMap<DeviceId, Vec<(PackId, Hit<'a>)>>,
    pub(super) added: Vec<Added<'a>>,
    pub(super) invites: BTreeMap<PackId, Invite>,
    pub(super) admissions: BTreeMap<PackId, Admission<'a>>,
    pub(super) closes: BTreeMap<RoundId, Frontier>,
    pub(super) final_lists: BTreeMap<PackId, FinalList>,
    pub(super) erased: Erased,
}

/// Removals of one member: the packs with the admins that signed them and their cuts.
type Removals<'a> = BTreeMap<MemberId, Vec<(PackId, MemberId, &'a Frontier)>>;

impl<'a> Judge<'a> {
    /// Judges what the charter's people stated.
    pub(super) fn new(chains: &'a Chains<'a>, powers: &'a Powers) -> Self {
        let mut judge = Self {
            chains,
            powers,
            verdicts: BTreeMap::new(),
            unjudged: BTreeSet::new(),
            removed: BTreeMap::new(),
            suspended: BTreeMap::new(),
            devices: BTreeMap::new(),
            added: Vec::new(),
            invites: BTreeMap::new(),
            admissions: BTreeMap::new(),
            closes: BTreeMap::new(),
            final_lists: BTreeMap::new(),
            erased: Erased::default(),
        };
        judge.admins();
        judge.coordinators();
        judge.unknown_packs();
        judge.admit();
        judge
    }

    pub(super) fn count(&mut self, pack: PackId) {
        self.verdicts.insert(pack, Verdict::Counted);
    }

    /// Records a reason, unless the pack counts in another layer.
    pub(super) fn ignore(&mut self, pack: PackId, why: Why) {
        if self.verdicts.get(&pack) != Some(&Verdict::Counted) {
            self.verdicts.insert(pack, Verdict::Ignored(why));
        }
    }

    pub(super) fn is_admin(&self, member: MemberId) -> bool {
        self.powers.roles(member).admin
    }

    /// Hits on a device by the charter, as the holder of a role that it may have lost.
    fn by_charter(&self, device: DeviceId, lost: impl Fn(&Lost) -> Option<&Frontier>) -> Vec<Hit<'a>> {
        let member = self.powers.devices.get(&device).map(|named| named.member);
        let role = member.and_then(|member| self.powers.lost.get(&member)).and_then(lost);
        role.into_iter().chain(self.powers.dropped.get(&device)).map(|cut| Hit::new(cut, None)).collect()
    }

    /// Hits by admins on a member and one of its devices.
    pub(super) fn by_admins(&self, member: MemberId, device: DeviceId) -> Vec<Hit<'a>> {
        if self.is_admin(member) {
            return Vec::new();
        }
        let people = [self.removed.get(&member), self.suspended.get(&member)];
        let on_device = self.devices.get(&device).into_iter().flatten().map(|(_, hit)| hit);
        people.into_iter().flatten().flatten().chain(on_device).cloned().collect()
    }

    /// Devices that ever acted in a role, with their members.
    fn holders(&self, role: impl Fn(&Roles) -> bool) -> Vec<(DeviceId, MemberId)> {
        let held = |member| self.powers.given.get(&member).is_some_and(&role);
        let named = self.powers.devices.iter().filter(|(_, named)| defence!(G01, held(named.member)));
        named.map(|(id, named)| (*id, named.member)).collect()
    }

    fn admins(&mut self) {
        let mut removals: Removals<'a> = BTreeMap::new();
        let mut suspensions: BTreeMap<PackId, (Target, &'a Frontier)> = BTreeMap::new();
        let mut lifted: BTreeSet<PackId> = BTreeSet::new();
        for (device, member) in self.holders(|roles| roles.admin) {
            let cut = cut_of(device, &self.by_charter(device, |lost| lost.admin.as_ref()));
            for (pack, statement, order) in self.chains.checked(device, cut.as_ref()) {
                if let Err(why) = order {
                    self.ignore(pack, why);
                    continue;
                }
                match statement {
                    Statement::Suspend { target, cut } => {
                        suspensions.insert(pack, (*target, cut));
                    }
                    Statement::Lift { suspension } => {
                        lifted.insert(*suspension);
                        self.count(pack);
                    }
                    Statement::Remove { member: target, cut } => {
                        removals.entry(*target).or_default().push((pack, member, cut));
                    }
                    Statement::RemoveDevice { device, cut, keep } => {
                        self.hit_device(pack, *device, Hit::new(cut, Some(keep)));
                    }
                    Statement::AddDevice { member: whose, device } if *whose != member => {
                        self.added.push(Added { pack, member: *whose, device });
                    }
                    _ => self.shared(pack, device, statement),
                }
            }
        }
        self.remove(removals);
        for (pack, (target, cut)) in suspensions {
            if lifted.contains(&pack) {
                self.ignore(pack, Why::Lifted);
                continue;
            }
            match target {
                Target::Device(device) => self.hit_device(pack, device, Hit::new(cut, None)),
                Target::Member(member) if self.is_admin(member) => self.ignore(pack, Why::SameLayer),
                Target::Member(member) => {
                    self.suspended.entry(member).or_default().push(Hit::new(cut, None));
                    self.count(pack);
                }
            }
        }
    }

    fn remove(&mut self, removals: Removals<'a>) {
        for (member, removals) in removals {
            let signed = removals.iter().map(|(_, admin, _)| *admin).collect::<BTreeSet<_>>().len();
            let needed = self.powers.removal_threshold();
            for (pack, _, cut) in removals {
                if self.is_admin(member) {
                    self.ignore(pack, Why::SameLayer);
                } else if signed < needed {
                    self.ignore(pack, Why::TooFew { signed, needed });
                } else {
                    self.removed.entry(member).or_default().push(Hit::new(cut, None));
                    self.count(pack);
                }
            }
        }
    }

    /// A hit on a device that is no admin's by the charter. Whether it is an admin's otherwise shows later.
    fn hit_device(&mut self, pack: PackId, device: DeviceId, hit: Hit<'a>) {
        if self.powers.devices.get(&device).is_some_and(|named| self.is_admin(named.member)) {
            self.ignore(pack, Why::SameLayer);
        } else {
            self.devices.entry(device).or_default().push((pack, hit));
            self.count(pack);
        }
    }

    /// What admins and coordinators both may state.
    fn shared(&mut self, pack: PackId, device: DeviceId, statement: &'a Statement) {
        match statement {
            Statement::Invite { invitation, commitment } => {
                let invite = Invite { device, invitation: *invitation, commitment: *commitment };
                self.invites.insert(pack, invite);
                self.count(pack);
            }
            Statement::Admit { invitation, device: admitted, nonce } => {
                let invitation = *invitation;
                let admission = Admission { by: device, invitation, device: admitted, nonce };
                self.admissions.insert(pack, admission);
            }
            Statement::Unknown { .. } => {
                self.unjudged.insert(Unjudged::Statement(pack));
                self.ignore(pack, Why::UnknownKind);
            }
            _ => self.ignore(pack, Why::NoAuthority),
        }
    }

    fn coordinators(&mut self) {
        for (device, member) in self.holders(|roles| roles.coordinator) {
            let mut hits = self.by_charter(device, |lost| lost.coordinator.as_ref());
            hits.extend(self.by_admins(member, device));
            let cut = cut_of(device, &hits);
            for (pack, statement, order) in self.chains.checked(device, cut.as_ref()) {
                if self.verdicts.get(&pack) == Some(&Verdict::Counted) || self.admissions.contains_key(&pack)
                {
                    continue;
                }
                if let Err(why) = order {
                    self.ignore(pack, why);
                    continue;
                }
                match statement {
                    Statement::Close { round, frontier } => {
                        self.closes.entry(*round).or_default().unite(frontier);
                        self.count(pack);
                    }
                    Statement::FinalList { list, predecessor, holder, ballots: _ } => {
                        let (list, predecessor, holder) = (*list, *predecessor, *holder);
                        self.final_lists.insert(pack, FinalList { list, predecessor, holder });
                        self.count(pack);
                    }
                    Statement::Erase { streams, attachments } => {
                        self.erased.streams.extend(streams.iter());
                        self.erased.attachments.extend(attachments.iter());
                        self.count(pack);
                    }
                    _ => self.shared(pack, device, statement),
                }
            }
        }
    }

    /// Packs of an unknown kind by admins and coordinators; nobody else can make others read-only.
    fn unknown_packs(&mut self) {
        for pack in self.chains.packs().filter(|pack| pack.act == Act::Unknown) {
            let device = pack.header.device;
            let roles = self.powers.device_roles(device);
            let member = self.powers.devices.get(&device).map(|named| named.member);
            let hit = member.is_none_or(|member| !self.by_admins(member, device).is_empty());
            if roles.admin || (roles.coordinator && !hit) {
                self.unjudged.insert(Unjudged::Pack(pack.id));
            }
        }
    }

    /// Keeps the admissions for which a counting invitation committed to the nonce.
    fn admit(&mut self) {
        let mut commitments: BTreeMap<InvitationId, BTreeSet<Hash>> = BTreeMap::new();
        for invite in self.invites.values() {
            commitments.entry(invite.invitation).or_default().insert(invite.commitment);
        }
        for (pack, admission) in std::mem::take(&mut self.admissions) {
            match commitments.get(&admission.invitation) {
                None => self.ignore(pack, Why::NoInvitation),
                Some(known)
                    if !defence!(G11, known.contains(&hash("invitation nonce", &[admission.nonce]))) =>
                {
                    self.ignore(pack, Why::WrongNonce);
                }
                Some(_) => {
                    self.count(pack);
                    self.admissions.insert(pack, admission);
                }
            }
        }
    }
}
