//! Decisions of coordinators on work that waited, as they came in `office`. Key: pack, hash of the decision.

use tessera_protocol::codec::Wire;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::PackId;
use tessera_vault::items::Decision;

use crate::error::EngineError;
use crate::records::{all, put};
use crate::store::{Table, Transaction};

/// Keeps a decision that a pack brought.
pub(crate) fn keep(tx: &mut dyn Transaction, pack: PackId, decision: &Decision) -> Result<(), EngineError> {
    let key = [&pack.0[..], &hash("decision", &[&decision.to_bytes()]).0].concat();
    put(tx, Table::Decisions, &key, decision)
}

/// All decisions.
pub(crate) fn list(tx: &dyn Transaction) -> Result<Vec<(Vec<u8>, Decision)>, EngineError> {
    all(tx, Table::Decisions, &[])
}
