//! What counts. A pack of somebody who was removed counts inside the cut alone; a coordinator's decision
//! adds to it or takes from it; two decisions that contradict each other leave the work uncounted until a
//! person settles it. The same on every device, whatever came first.

use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::frontier::{Chain, Frontier};
use tessera_protocol::ids::PackId;
use tessera_vault::items::{Matter, Verdict};

use crate::chains;
use crate::core::Core;
use crate::decisions;
use crate::error::EngineError;
use crate::records::{PackRecord, get};
use crate::store::{Table, Transaction};

/// How a pack stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It counts.
    Counts,
    /// It lies outside its author's cut: a coordinator decides.
    Quarantined,
    /// A coordinator set it aside.
    SetAside,
    /// Coordinators decided both ways: a person settles it.
    Contested,
}

/// The decisions of a home, and what was worked out so far.
pub struct Counting {
    decided: BTreeMap<PackId, BTreeSet<bool>>,
    inside: BTreeMap<Chain, BTreeSet<PackId>>,
}

impl Counting {
    pub(crate) fn load(tx: &dyn Transaction) -> Result<Self, EngineError> {
        let mut decided: BTreeMap<PackId, BTreeSet<bool>> = BTreeMap::new();
        for (_, decision) in decisions::list(tx)? {
            let accept = match decision.verdict {
                Verdict::Accept => true,
                Verdict::SetAside => false,
                Verdict::Ask => continue,
            };
            for pack in packs(tx, &decision.matter)? {
                decided.entry(pack).or_default().insert(accept);
            }
        }
        Ok(Self { decided, inside: BTreeMap::new() })
    }

    /// True where a coordinator accepted the pack, and none set it aside.
    pub(crate) fn accepted(&self, pack: PackId) -> bool {
        self.decided.get(&pack).is_some_and(|said| said.contains(&true) && !said.contains(&false))
    }

    /// How a pack stands. What waits to be sealed counts.
    pub(crate) fn standing(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
    ) -> Result<Standing, EngineError> {
        match self.decided.get(&pack) {
            Some(said) if said.len() > 1 => return Ok(Standing::Contested),
            Some(said) if said.contains(&false) => return Ok(Standing::SetAside),
            Some(_) => return Ok(Standing::Counts),
            None => {}
        }
        let Some(record) = get::<PackRecord>(tx, Table::PackStates, &pack.0)? else {
            return Ok(Standing::Counts);
        };
        let stream = core.known.access.name(record.stream);
        let Some(cut) = core.known.permission.cut_in(record.device, stream) else {
            return Ok(Standing::Counts);
        };
        let inside = self.inside(tx, (record.stream, record.device), cut)?;
        Ok(if inside.contains(&pack) { Standing::Counts } else { Standing::Quarantined })
    }

    pub(crate) fn counts(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
    ) -> Result<bool, EngineError> {
        Ok(self.standing(core, tx, pack)? == Standing::Counts)
    }

    fn inside(
        &mut self,
        tx: &dyn Transaction,
        chain: Chain,
        cut: &Frontier,
    ) -> Result<&BTreeSet<PackId>, EngineError> {
        if !self.inside.contains_key(&chain) {
            let inside = chains::inside(tx, chain, cut)?;
            self.inside.insert(chain, inside);
        }
        Ok(&self.inside[&chain])
    }
}

fn packs(tx: &dyn Transaction, matter: &Matter) -> Result<BTreeSet<PackId>, EngineError> {
    match matter {
        Matter::Pack(pack) => Ok(BTreeSet::from([*pack])),
        Matter::Frontier(frontier) => {
            let mut packs = BTreeSet::new();
            for (chain, _) in frontier.chains() {
                packs.extend(chains::inside(tx, *chain, frontier)?);
            }
            Ok(packs)
        }
    }
}
