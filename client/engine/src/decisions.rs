//! Decisions of coordinators on work that waited, as they came in `office`. Key: pack, hash of the decision.

use std::collections::BTreeSet;

use tessera_protocol::hash::Hash;
use tessera_protocol::ids::PackId;
use tessera_vault::ids::Audience;
use tessera_vault::items::{Decision, Item, Matter, OVER, Verdict};

use crate::core::Core;
use crate::counting::matters_of;
use crate::error::EngineError;
use crate::records::{PendingEntry, all, put};
use crate::store::{Table, Transaction};

/// What stands for the pack of a decision that waits to be sealed.
pub(crate) const UNSEALED: PackId = PackId([0; 32]);

fn key(pack: PackId, decision: &Decision) -> Vec<u8> {
    [&pack.0[..], &decision.id().0].concat()
}

/// Keeps a decision that a pack brought.
pub(crate) fn keep(tx: &mut dyn Transaction, pack: PackId, decision: &Decision) -> Result<(), EngineError> {
    put(tx, Table::Decisions, &key(pack, decision), decision)
}

/// Notes the pack in which a decision of this device was sealed.
pub(crate) fn sealed(tx: &mut dyn Transaction, pack: PackId, decision: &Decision) -> Result<(), EngineError> {
    tx.delete(Table::Decisions, &key(UNSEALED, decision))?;
    keep(tx, pack, decision)
}

/// All decisions, with the packs that brought them.
pub(crate) fn list(tx: &dyn Transaction) -> Result<Vec<(PackId, Decision)>, EngineError> {
    let decisions = all::<Decision>(tx, Table::Decisions, &[])?;
    let pack = |key: &[u8]| key.first_chunk::<32>().map_or(UNSEALED, |pack| PackId(*pack));
    Ok(decisions.into_iter().map(|(key, decision)| (pack(&key), decision)).collect())
}

/// The decisions on the same matter, which a new one replaces; of too many only some.
pub(crate) fn known(tx: &dyn Transaction, matter: &Matter) -> Result<BTreeSet<Hash>, EngineError> {
    let about = matters_of(tx, matter)?;
    let mut known = BTreeSet::new();
    for (_, decision) in list(tx)? {
        let same =
            decision.matter == *matter || (about.len() == 1 && matters_of(tx, &decision.matter)? == about);
        if same && known.len() < OVER {
            known.insert(decision.id());
        }
    }
    Ok(known)
}

impl Core {
    /// Records a decision; it replaces those on the same matter that this device knows.
    pub(crate) fn decide(
        &mut self,
        tx: &mut dyn Transaction,
        matter: Matter,
        verdict: Verdict,
        reason: &str,
    ) -> Result<(), EngineError> {
        self.must_coordinate()?;
        let over = known(tx, &matter)?.try_into()?;
        let decision = Decision { matter, verdict, reason: reason.try_into()?, by: self.about.member, over };
        keep(tx, UNSEALED, &decision)?;
        self.note_decision(tx, &decision)?;
        self.pend(tx, &Audience::Office, PendingEntry::Item(Item::Decision(decision)))
    }
}
