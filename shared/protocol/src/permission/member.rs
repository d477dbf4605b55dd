//! What the charter and the statements say of members, devices and invitations.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::Roles;
use crate::device::Device;
use crate::frontier::Frontier;
use crate::ids::{DeviceId, InvitationId, MemberId, PackId};

/// Whether a member belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It does.
    Active,
    /// Not for the time being: an admin suspended it, or its invitation admitted somebody else as well.
    Suspended,
    /// Not any more, for ever.
    Removed,
}

/// How a device became a member's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddedBy {
    /// The charter names it.
    Charter,
    /// The admission in this pack.
    Admission(PackId),
    /// An admin's statement in this pack.
    Admin(PackId),
    /// A statement of this older device of the member.
    Own(DeviceId),
}

/// A device of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceState {
    /// Its keys and form.
    pub device: Device,
    /// True where it may act.
    pub active: bool,
    /// How it became the member's.
    pub added_by: AddedBy,
    /// The roles it acts with: only devices that the charter names have any.
    pub roles: Roles,
    /// What of its work is accepted; `None` where all of it is.
    pub cut: Option<Frontier>,
    /// What of its work as a coordinator is accepted, where its member lost that role.
    pub shared_cut: Option<Frontier>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberState {
    /// The roles that the charter gives.
    pub roles: Roles,
    /// Whether the member belongs.
    pub standing: Standing,
    /// Every device, those included that are out.
    pub devices: BTreeMap<DeviceId, DeviceState>,
    /// The invitation it came by.
    pub invitation: Option<InvitationId>,
    /// The pack of the admission; the lowest id of several.
    pub admission: Option<PackId>,
    /// The member that signed that admission.
    pub admitted_by: Option<MemberId>,
}

/// How far an invitation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Nobody was admitted.
    Open,
    /// Somebody was.
    Used,
    /// Two were: both wait until one is removed.
    Contested,
    /// Nobody was, and whoever invited is out: nobody should be.
    Withdrawn,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationState {
    /// How far it is.
    pub progress: Progress,
    /// Who invited.
    pub by: BTreeSet<MemberId>,
    /// Who was admitted.
    pub admitted: BTreeSet<MemberId>,
}
