//! Chains that branch: a laptop that was copied or restored, and a device that gave one number twice. Read
//! from the packs that are here, so that every device that has them sees the same.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::frontier::Chain;
use tessera_protocol::ids::{Incarnation, PackId};
use tessera_protocol::pack::Pack;

use crate::chains;
use crate::error::EngineError;
use crate::records::{PackRecord, get};
use crate::store::{Table, Transaction};

/// What is known of the chains that were asked about.
#[derive(Default)]
pub(crate) struct Forks(BTreeMap<Chain, Fork>);

/// The branches of one chain.
#[derive(Default)]
struct Fork {
    /// Packs beside which another one has the same number.
    beside: BTreeSet<PackId>,
    /// Those of them that one start of the device signed.
    doubled: BTreeSet<PackId>,
}

impl Forks {
    /// Whether the chain of a pack branches, and whether the pack is part of a proof against its device.
    pub(crate) fn of(&mut self, tx: &dyn Transaction, pack: PackId) -> Result<(bool, bool), EngineError> {
        let Some(record) = get::<PackRecord>(tx, Table::PackStates, &pack.0)? else {
            return Ok((false, false));
        };
        let fork = self.fork(tx, (record.stream, record.device))?;
        Ok((fork.beside.len() > fork.doubled.len(), fork.doubled.contains(&pack)))
    }

    /// The first pack of the branch that a pack is on; none where its chain does not branch there.
    pub(crate) fn branch(
        &mut self,
        tx: &dyn Transaction,
        pack: PackId,
    ) -> Result<Option<PackId>, EngineError> {
        let Some(record) = get::<PackRecord>(tx, Table::PackStates, &pack.0)? else { return Ok(None) };
        let fork = self.fork(tx, (record.stream, record.device))?;
        let (mut branch, mut next) = (None, Some(pack));
        while let Some(id) = next.filter(|id| fork.beside.contains(id)) {
            branch = Some(id);
            let previous = get::<Pack>(tx, Table::Packs, &id.0)?.map(|pack| pack.header().previous.clone());
            next = previous.and_then(|previous| previous.iter().next().copied());
        }
        Ok(branch)
    }

    fn fork(&mut self, tx: &dyn Transaction, chain: Chain) -> Result<&Fork, EngineError> {
        Ok(match self.0.entry(chain) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(fork(tx, chain)?),
        })
    }
}

fn fork(tx: &dyn Transaction, chain: Chain) -> Result<Fork, EngineError> {
    let mut by_number: BTreeMap<u64, Vec<PackId>> = BTreeMap::new();
    for id in chains::packs(tx, chain)? {
        if let Some(record) = get::<PackRecord>(tx, Table::PackStates, &id.0)? {
            by_number.entry(record.number).or_default().push(id);
        }
    }
    let mut fork = Fork::default();
    for packs in by_number.into_values().filter(|packs| packs.len() > 1) {
        let mut starts: BTreeMap<Incarnation, Vec<PackId>> = BTreeMap::new();
        for id in packs {
            fork.beside.insert(id);
            if let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)? {
                starts.entry(pack.header().incarnation).or_default().push(id);
            }
        }
        fork.doubled.extend(starts.into_values().filter(|ids| ids.len() > 1).flatten());
    }
    Ok(fork)
}
