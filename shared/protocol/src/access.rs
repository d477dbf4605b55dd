//! The relay's rule: who may write and read which stream, from charter, statements and the headers of
//! `to/` packs alone. Clients use the same rule. Not here: quotas, requests, and anything about content.
//!
//! | stream | written by | read by |
//! |---|---|---|
//! | `public` | any device that charter or statements name | members, also those who are out |
//! | `programme` | coordinators | members |
//! | `to/m` | coordinators | m, coordinators |
//! | `reviews/m` | m | m, coordinators |
//! | `desk/m` | m | m |
//! | `intake` | any known device | coordinators, and m where opened |
//! | all others | coordinators | coordinators, and m where opened |
//!
//! "m" and "coordinators" mean devices: of m any that is active, of coordinators those that the charter
//! names. The signer of the header counts, never the carrier. Where a device or its role is out, its packs
//! are still taken, marked, so that work done before the news is not lost.

pub mod class;
pub mod openings;
pub mod refusal;

use std::collections::{BTreeMap, BTreeSet};

use tessera_defence::defence;

use crate::frontier::Frontier;
use crate::header::{Header, PackKind, SUITE};
use crate::ids::{DeviceId, MemberId, ProgrammeId, StreamId};
use crate::permission::{Permission, Standing};
use crate::stream::{Stream, StreamNames};

pub use class::{Class, Classes};
pub use openings::Openings;
pub use refusal::Refusal;

/// How a pack is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Taken {
    /// As a writer's.
    AsWriter,
    /// As that of somebody who is out or has lost the role: within a quota, and read by others only as
    /// far as a cut or a person's decision accepts it.
    AfterRemoval,
}

/// A device that asks to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// Whose it is.
    pub member: MemberId,
    /// False where the member or the device is out or suspended.
    pub active: bool,
    /// True where it acts as a coordinator's.
    pub coordinator: bool,
}

/// What the rule needs to know of a device.
#[derive(Debug, Clone)]
struct Known {
    reader: Reader,
    /// True where the charter ever made it a coordinator's.
    was_coordinator: bool,
    /// What of its work in coordinators' streams is accepted; `None` where all is.
    cut: Option<Frontier>,
}

/// The relay's rule for one state of permission. It holds no reference to it.
#[derive(Debug, Clone)]
pub struct Access {
    programme: ProgrammeId,
    suite_floor: u8,
    names: StreamNames,
    devices: BTreeMap<DeviceId, Known>,
    erased: BTreeSet<StreamId>,
}

impl Access {
    /// Takes what the rule needs out of a permission.
    #[must_use]
    pub fn new(permission: &Permission) -> Self {
        let powers = &permission.charter.powers;
        let mut devices = BTreeMap::new();
        for (member, state) in &permission.members {
            for (id, device) in &state.devices {
                let active = device.active && state.standing == Standing::Active;
                let reader = Reader { member: *member, active, coordinator: device.roles.coordinator };
                let given = powers.given.get(member).is_some_and(|roles| roles.coordinator);
                let was_coordinator = given && powers.devices.contains_key(id);
                let cut = device.shared_cut.as_ref().or(device.cut.as_ref()).cloned();
                devices.insert(*id, Known { reader, was_coordinator, cut });
            }
        }
        Self {
            programme: permission.programme,
            suite_floor: powers.suite_floor.max(1),
            names: StreamNames::new(permission.programme, permission.members.keys().copied()),
            devices,
            erased: permission.erased.streams.clone(),
        }
    }

    /// The programme.
    #[must_use]
    pub fn programme(&self) -> ProgrammeId {
        self.programme
    }

    /// What a stream is.
    #[must_use]
    pub fn name(&self, stream: StreamId) -> Stream {
        self.names.name(stream)
    }

    /// Who a device is when it reads; `None` where nobody named it.
    #[must_use]
    pub fn reader(&self, device: DeviceId) -> Option<Reader> {
        self.devices.get(&device).map(|known| known.reader)
    }

    /// Decides whether a pack with this header is taken. The signature is checked elsewhere.
    ///
    /// # Errors
    /// The reason where it is not.
    pub fn may_write(&self, header: &Header) -> Result<Taken, Refusal> {
        if !defence!(G15, header.programme == self.programme) {
            return Err(Refusal::OtherProgramme);
        }
        if !defence!(K07, header.suite >= self.suite_floor) {
            return Err(Refusal::SuiteTooOld);
        }
        if !defence!(K07, header.suite <= SUITE) {
            return Err(Refusal::UnknownVersion);
        }
        let stream = self.name(header.stream);
        let opens = !header.opened.is_empty() || !header.closed.is_empty();
        if !defence!(G18, !opens || matches!(stream, Stream::To(_))) {
            return Err(Refusal::OpeningOutsideTo);
        }
        let known = self.devices.get(&header.device).ok_or(Refusal::UnknownDevice)?;
        if !defence!(N07, !self.is_erased(stream)) {
            return Err(Refusal::Erased);
        }
        if !defence!(G18, fits(header.kind, stream)) {
            return Err(Refusal::NotAWriter);
        }
        let reader = known.reader;
        let (ever, now) = match stream {
            Stream::Public | Stream::Intake => (true, reader.active),
            Stream::Reviews(member) | Stream::Desk(member) => (reader.member == member, reader.active),
            Stream::Programme | Stream::To(_) | Stream::Other(_) => {
                (known.was_coordinator, reader.coordinator && reader.active)
            }
        };
        match (defence!(G17, defence!(G18, ever)), now) {
            (false, _) => Err(Refusal::NotAWriter),
            (true, true) => Ok(Taken::AsWriter),
            (true, false) => Ok(Taken::AfterRemoval),
        }
    }

    /// Decides whether a device gets the packs of a stream. Somebody who is out gets only `public`, where
    /// the removal is.
    #[must_use]
    pub fn may_read(&self, openings: &Openings, reader: Reader, stream: StreamId) -> bool {
        let name = self.name(stream);
        if !reader.active {
            return name == Stream::Public;
        }
        if self.is_erased(name) {
            return false;
        }
        match name {
            Stream::Public | Stream::Programme => true,
            Stream::Desk(member) => reader.member == member,
            Stream::Reviews(member) | Stream::To(member) => {
                defence!(G26, reader.member == member || reader.coordinator)
            }
            Stream::Intake | Stream::Other(_) => {
                defence!(G16, reader.coordinator || openings.is_open(self, reader.member, stream).is_some())
            }
        }
    }

    /// The place of a stream's packs in the order of sending to a device that may read it.
    #[must_use]
    pub fn class(&self, openings: &Openings, reader: Reader, stream: StreamId) -> Class {
        match self.name(stream) {
            Stream::Public => Class::Public,
            Stream::To(_) => Class::To,
            Stream::Programme => Class::Programme,
            Stream::Reviews(_) => Class::Reviews,
            Stream::Desk(_) => Class::Rest,
            Stream::Intake | Stream::Other(_) => {
                let opened = openings.is_open(self, reader.member, stream).is_some();
                if opened { Class::Dossiers } else { Class::Rest }
            }
        }
    }

    /// Only streams whose ids are keyed can be erased.
    fn is_erased(&self, stream: Stream) -> bool {
        matches!(stream, Stream::Other(id) if self.erased.contains(&id))
    }
}

/// What is in the clear belongs into `public`, and nothing else does.
fn fits(kind: PackKind, stream: Stream) -> bool {
    match kind {
        PackKind::Link | PackKind::Statement => stream == Stream::Public,
        PackKind::Items | PackKind::Welcome | PackKind::Archive => stream != Stream::Public,
        PackKind::Unknown(_) => true,
    }
}
