//! When a device was there, as far as packs that are here tell it: since when it is its member's, and the newest of its packs that
//! a relay received. Times are a relay's; what came in a bundle without a receipt has none.

use std::collections::BTreeMap;

use tessera_protocol::charter::Change;
use tessera_protocol::codec::Wire as _;
use tessera_protocol::ids::{DeviceId, MemberId};
use tessera_protocol::permission::Act;
use tessera_protocol::statement::Statement;

use crate::engine::Acts;
use crate::error::EngineError;
use crate::records::{PackRecord, each, get};
use crate::store::Table;

/// What is known of when a device was there. Times are in milliseconds since 1970, by a relay's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// When a relay received what made it the member's.
    pub since_ms: Option<u64>,
    /// When a relay received the newest pack of it that is here.
    pub last_ms: Option<u64>,
    /// How many packs of it are here.
    pub packs: u64,
}

impl Acts<'_> {
    /// When each device of a member was there.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub fn seen(&mut self, member: MemberId) -> Result<BTreeMap<DeviceId, Seen>, EngineError> {
        let (core, tx) = self.parts();
        let state = core.known.permission.members.get(&member);
        let state = state.ok_or_else(|| EngineError::NotFound(format!("member {member}")))?;
        let mut seen: BTreeMap<DeviceId, Seen> =
            state.devices.keys().map(|device| (*device, Seen::default())).collect();
        each(tx, Table::PackStates, &[], |_, value| {
            let record = PackRecord::from_bytes(&value)?;
            if let Some(seen) = seen.get_mut(&record.device) {
                seen.packs += 1;
                seen.last_ms = seen.last_ms.max(record.received_ms);
            }
            Ok(())
        })?;
        for pack in core.known.gathering.packs() {
            for device in named(&pack.act, member) {
                let Some(seen) = seen.get_mut(&device) else { continue };
                let record = get::<PackRecord>(tx, Table::PackStates, &pack.id.0)?;
                let received_ms = record.and_then(|record| record.received_ms);
                seen.since_ms = [seen.since_ms, received_ms].into_iter().flatten().min();
            }
        }
        Ok(seen)
    }
}

/// The devices that something public gives to a member.
fn named(act: &Act, member: MemberId) -> Vec<DeviceId> {
    let of_change = |change: &Change| match change {
        Change::Add { member: whose, devices, .. } if *whose == member => {
            devices.iter().map(|device| device.id()).collect()
        }
        Change::AddDevice { member: whose, device } if *whose == member => vec![device.id()],
        _ => Vec::new(),
    };
    match act {
        Act::Link(link) => link.changes.iter().flat_map(of_change).collect(),
        Act::Statement(Statement::Admit { device, .. }) if device.first_member() == member => {
            vec![device.id()]
        }
        Act::Statement(Statement::AddDevice { member: whose, device }) if *whose == member => {
            vec![device.id()]
        }
        _ => Vec::new(),
    }
}
