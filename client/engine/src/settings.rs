//! What a person chose on this device. Never leaves it.

use tessera_protocol::ids::MemberId;

use crate::core::Core;
use crate::error::EngineError;
use crate::store::{Table, Transaction};

const DESK_BACKUP: &[u8] = b"desk-backup";

/// True where drafts are sent to the relay: the member has a second device, or asked for a backup.
pub(crate) fn desk_backup(tx: &dyn Transaction, core: &Core) -> Result<bool, EngineError> {
    let devices = core.devices_of(member(core)).count();
    Ok(devices > 1 || tx.get(Table::Settings, DESK_BACKUP)?.is_some_and(|value| value == [1]))
}

pub(crate) fn set_desk_backup(tx: &mut dyn Transaction, on: bool) -> Result<(), EngineError> {
    Ok(tx.put(Table::Settings, DESK_BACKUP, &[u8::from(on)])?)
}

fn member(core: &Core) -> MemberId {
    core.about.member
}
