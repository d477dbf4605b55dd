//! Who can read what: from the keys of a coordinator's home, which remember every device that they were given
//! to. What somebody could read once stays in the list, marked as past.

use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::ids::{DeviceId, MemberId};
use tessera_protocol::permission::Standing;
use tessera_vault::ids::Audience;

use crate::engine::Acts;
use crate::error::EngineError;
use crate::records::{PackRecord, get};
use crate::store::Table;

/// One audience that a member's devices hold keys of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub member: MemberId,
    /// What.
    pub audience: Audience,
    /// The devices that were given a key.
    pub devices: BTreeSet<DeviceId>,
    /// True where what is written from here on can be read as well.
    pub now: bool,
    /// When a relay took the pack that opened the stream, in milliseconds since 1970, where it is known.
    pub since_ms: Option<u64>,
}

impl Acts<'_> {
    /// Everything that anybody was given access to, as far as this coordinator's home knows.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] in any other home.
    pub fn access(&mut self) -> Result<Vec<Access>, EngineError> {
        self.must_coordinate()?;
        let (core, tx) = self.parts();
        let permission = &core.known.permission;
        let mut found: BTreeMap<(MemberId, Audience), BTreeSet<DeviceId>> = BTreeMap::new();
        for (_, _, record) in core.known.keys.iter() {
            let Some(audience) = record.grant.audience() else { continue };
            // Whoever holds `keys` can open whatever is in it.
            for device in record.given.iter() {
                if let Some((member, _)) = permission.device(*device) {
                    found.entry((member, audience)).or_default().insert(*device);
                }
            }
        }
        let mut list = Vec::new();
        for ((member, audience), devices) in found {
            let active = permission.members.get(&member).is_some_and(|m| m.standing == Standing::Active);
            let now = active && core.readers(&audience).iter().any(|device| devices.contains(device));
            let stream = core.stream(&audience)?;
            let opening = core.known.openings.is_open(&core.known.access, member, stream);
            let since_ms = match opening {
                Some(pack) => get::<PackRecord>(tx, Table::PackStates, &pack.0)?.and_then(|p| p.received_ms),
                None => None,
            };
            list.push(Access { member, audience, devices, now, since_ms });
        }
        Ok(list)
    }

    /// True of a coordinator whom nobody gave what coordinators read: that is given by whoever compares the words with this
    /// person from here on. Only another coordinator who has it can tell.
    pub fn lacks_keys(&mut self, member: MemberId) -> bool {
        let (core, _) = self.parts();
        if member == core.about.member
            || !core.is_coordinator()
            || !core.known.permission.is_coordinator(member)
        {
            return false;
        }
        let Ok(stream) = core.stream(&Audience::Keys) else { return false };
        let devices: BTreeSet<DeviceId> = core.devices_of(member).collect();
        core.known.keys.of(stream).all(|(_, record)| record.given.is_disjoint(&devices))
    }
}
