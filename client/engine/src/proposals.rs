//! Proposals: changes of the charter as an admin puts them to the others. Which roles can be given and taken, so that nobody
//! proposes what has no effect, or what ends a programme. Whether a proposal counts is in `shared/protocol`.

use std::collections::BTreeSet;

use tessera_protocol::charter::{Change, Link, Roles, Threshold};
use tessera_protocol::device::{Device, Form};
use tessera_protocol::ids::{LinkId, MemberId};
use tessera_protocol::permission::{Act, Standing};
use tessera_protocol::signature::PublicKey;
use tessera_protocol::statement::Statement;

use crate::core::Core;
use crate::engine::Acts;
use crate::error::EngineError;

/// Why a change is not proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProposalBar {
    /// The member is suspended, was removed, or is not known.
    #[error("only a member who belongs at present is given a role")]
    NotActive,
    /// Nothing would change.
    #[error("this member has the role already")]
    RoleHeld,
    /// Roles are lost for ever.
    #[error("this member lost the role, and what was taken is never given back")]
    RoleLost,
    /// Nothing would change.
    #[error("this member does not have the role")]
    RoleNotHeld,
    /// Without an admin the charter is frozen.
    #[error("this is the last admin: nobody could sign anything any more")]
    LastAdmin,
    /// Without a coordinator nobody reads what comes in.
    #[error("this is the last coordinator: nobody could read what comes in")]
    LastCoordinator,
    /// The charter names the relay.
    #[error("the programme names this relay already")]
    RelayNamed,
    /// A relay is taken out for ever.
    #[error("this relay was taken out, and its key never counts again")]
    RelayDropped,
    /// The charter does not name the relay.
    #[error("the programme does not name this relay")]
    RelayNotNamed,
    /// Fewer than one, or more than there are admins.
    #[error("a removal can need one admin at least, and all of them at most")]
    NoSuchThreshold,
    /// The same waits to be signed.
    #[error("this is proposed already, and waits to be signed")]
    Proposed,
}

impl ProposalBar {
    /// The code: kebab-case, one of a closed list.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotActive => "not-active",
            Self::RoleHeld => "role-held",
            Self::RoleLost => "role-lost",
            Self::RoleNotHeld => "role-not-held",
            Self::LastAdmin => "last-admin",
            Self::LastCoordinator => "last-coordinator",
            Self::RelayNamed => "relay-named",
            Self::RelayDropped => "relay-dropped",
            Self::RelayNotNamed => "relay-not-named",
            Self::NoSuchThreshold => "no-such-threshold",
            Self::Proposed => "proposed-already",
        }
    }
}

/// How a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposed {
    /// The proposal.
    pub link: LinkId,
    /// True where it counts.
    pub counts: bool,
    /// How many admins have signed it.
    pub signed: usize,
    /// How many must, where it does not count yet; none where it builds on something that does not count itself.
    pub needed: Option<usize>,
}

impl Acts<'_> {
    /// Proposes changes of the charter, signing them; with one admin they count at once.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn propose(&mut self, changes: Vec<Change>) -> Result<Proposed, EngineError> {
        let (core, tx) = self.parts();
        let link = core.amend_charter(tx, changes)?;
        Ok(self.proposed(link))
    }

    /// How a proposal stands.
    #[must_use]
    pub fn proposed(&self, link: LinkId) -> Proposed {
        let charter = &self.permission().charter;
        let counted = charter.counted.get(&link);
        let pending = charter.pending.get(&link);
        Proposed {
            link,
            counts: counted.is_some(),
            signed: counted.or(pending.map(|pending| &pending.signed)).map_or(0, BTreeSet::len),
            needed: pending.and_then(|pending| pending.needed),
        }
    }

    /// What would give a member roles that it has not all of.
    ///
    /// # Errors
    /// [`EngineError::Barred`].
    pub fn giving(&mut self, member: MemberId, roles: Roles) -> Result<Change, EngineError> {
        let (core, _) = self.parts();
        let permission = &core.known.permission;
        let powers = &permission.charter.powers;
        let state = permission.members.get(&member).filter(|state| state.standing == Standing::Active);
        let state = state.ok_or(ProposalBar::NotActive)?;
        let lost = powers.lost.get(&member).cloned().unwrap_or_default();
        if (roles.admin && lost.admin.is_some()) || (roles.coordinator && lost.coordinator.is_some()) {
            return Err(ProposalBar::RoleLost.into());
        }
        if within(roles, powers.roles(member)) {
            return Err(ProposalBar::RoleHeld.into());
        }
        core.must_be_new(|change| match change {
            Change::Add { member: whom, roles: given, .. } => *whom == member && within(roles, *given),
            _ => false,
        })?;
        let active = state.devices.values().filter(|device| device.active);
        let mut devices: Vec<Device> = active.map(|device| device.device.clone()).collect();
        // The first one's keys give the member's id; a paper came later.
        devices.sort_by_key(|device| (device.first_member() != member, device.form == Form::Paper));
        Ok(Change::Add { member, roles, devices: devices.try_into()? })
    }

    /// What would take roles from a member for ever; the person stays a member.
    ///
    /// # Errors
    /// [`EngineError::Barred`].
    pub fn taking(&mut self, member: MemberId, roles: Roles) -> Result<Change, EngineError> {
        let (core, tx) = self.parts();
        let permission = &core.known.permission;
        let powers = &permission.charter.powers;
        if !within(roles, powers.roles(member)) {
            return Err(ProposalBar::RoleNotHeld.into());
        }
        if roles.admin && powers.admins().all(|admin| admin == member) {
            return Err(ProposalBar::LastAdmin.into());
        }
        // Whom the charter named may be suspended or removed since.
        let mut acting = powers.coordinators().filter(|one| permission.is_coordinator(*one));
        if roles.coordinator && acting.all(|coordinator| coordinator == member) {
            return Err(ProposalBar::LastCoordinator.into());
        }
        core.must_be_new(|change| match change {
            Change::Drop { member: whom, roles: taken, .. } => *whom == member && within(roles, *taken),
            _ => false,
        })?;
        let cut = core.removal(tx, member)?.cut;
        Ok(Change::Drop { member, roles, cut })
    }

    /// What would name a relay: one that serves, or a spare key that is kept on paper until a relay is lost.
    ///
    /// # Errors
    /// [`EngineError::Barred`].
    pub fn naming_relay(&mut self, key: PublicKey, spare: bool) -> Result<Change, EngineError> {
        let (core, _) = self.parts();
        let powers = &core.known.permission.charter.powers;
        if powers.is_dropped(&key) {
            return Err(ProposalBar::RelayDropped.into());
        }
        // A spare key becomes the key of a relay; never the other way.
        if powers.relays.get(&key).is_some_and(|named| spare || !*named) {
            return Err(ProposalBar::RelayNamed.into());
        }
        let change = Change::AddRelay { key, spare };
        core.must_be_new(|other| *other == change)?;
        Ok(change)
    }

    /// What would take a relay out for ever.
    ///
    /// # Errors
    /// [`EngineError::Barred`].
    pub fn dropping_relay(&mut self, key: PublicKey) -> Result<Change, EngineError> {
        let (core, _) = self.parts();
        if !core.known.permission.charter.powers.relays.contains_key(&key) {
            return Err(ProposalBar::RelayNotNamed.into());
        }
        let change = Change::DropRelay { key };
        core.must_be_new(|other| *other == change)?;
        Ok(change)
    }

    /// What would change how many admins must agree to a removal; `more` admins come with the same proposal.
    ///
    /// # Errors
    /// [`EngineError::Barred`].
    pub fn removal_needing(&mut self, count: u16, more: usize) -> Result<Change, EngineError> {
        let (core, _) = self.parts();
        let powers = &core.known.permission.charter.powers;
        if !(1..=powers.admins().count() + more).contains(&usize::from(count)) {
            return Err(ProposalBar::NoSuchThreshold.into());
        }
        let change = Change::Set { threshold: Threshold::Remove, count };
        core.must_be_new(|other| *other == change)?;
        Ok(change)
    }

    /// Admins who stated the removal of a member. Where the member belongs all the same, more of them must.
    pub fn removal_signed(&mut self, member: MemberId) -> BTreeSet<MemberId> {
        let (core, _) = self.parts();
        let permission = &core.known.permission;
        let packs = core.known.gathering.packs().filter(|pack| match &pack.act {
            Act::Statement(Statement::Remove { member: whom, .. }) => *whom == member,
            _ => false,
        });
        let by = packs.filter_map(|pack| permission.device(pack.header.device).map(|(by, _)| by));
        by.filter(|by| permission.is_admin(*by)).collect()
    }
}

impl Core {
    /// Links that some admin signed and that do not count yet.
    fn pending_links(&self) -> impl Iterator<Item = &Link> {
        let pending = &self.known.permission.charter.pending;
        self.known.gathering.packs().filter_map(move |pack| match &pack.act {
            Act::Link(link) if !pending.is_empty() && pending.contains_key(&link.id()) => Some(link),
            _ => None,
        })
    }

    fn must_be_new(&self, is: impl Fn(&Change) -> bool) -> Result<(), EngineError> {
        let waits = self.pending_links().any(|link| link.changes.iter().any(&is));
        if waits { Err(ProposalBar::Proposed.into()) } else { Ok(()) }
    }
}

/// True where all of some roles are among others.
fn within(some: Roles, others: Roles) -> bool {
    (!some.admin || others.admin) && (!some.coordinator || others.coordinator)
}
