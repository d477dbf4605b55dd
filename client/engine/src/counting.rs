//! What counts. A pack of somebody who was removed counts inside the cut alone; a coordinator's decision
//! adds to it or takes from it; two decisions that contradict each other leave the work uncounted until a
//! person settles it. Decisions of a coordinator who was removed count inside the cut alone too: nobody can
//! decide afterwards, and no decision makes another one count. The same on every device, whatever came first.

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
    /// By the pack that was decided on: the pack that brought the decision, and whether it accepts.
    decided: BTreeMap<PackId, Vec<(PackId, bool)>>,
    inside: BTreeMap<Chain, BTreeSet<PackId>>,
}

impl Counting {
    pub(crate) fn load(tx: &dyn Transaction) -> Result<Self, EngineError> {
        let mut decided: BTreeMap<PackId, Vec<(PackId, bool)>> = BTreeMap::new();
        for (key, decision) in decisions::list(tx)? {
            let Some(brought_by) = key.first_chunk::<32>().map(|id| PackId(*id)) else { continue };
            let accept = match decision.verdict {
                Verdict::Accept => true,
                Verdict::SetAside => false,
                Verdict::Ask => continue,
            };
            for pack in packs(tx, &decision.matter)? {
                decided.entry(pack).or_default().push((brought_by, accept));
            }
        }
        Ok(Self { decided, inside: BTreeMap::new() })
    }

    /// True where a coordinator accepted the pack, and none set it aside.
    pub(crate) fn accepted(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
    ) -> Result<bool, EngineError> {
        Ok(self.said(core, tx, pack)? == BTreeSet::from([true]))
    }

    /// What the decisions that count say of a pack.
    fn said(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
    ) -> Result<BTreeSet<bool>, EngineError> {
        let mut said = BTreeSet::new();
        for (brought_by, accept) in self.decided.get(&pack).cloned().unwrap_or_default() {
            if self.is_within_cut(core, tx, brought_by)? {
                said.insert(accept);
            }
        }
        Ok(said)
    }

    /// How a pack stands. What waits to be sealed counts.
    pub(crate) fn standing(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
    ) -> Result<Standing, EngineError> {
        let said = self.said(core, tx, pack)?;
        Ok(match (said.contains(&true), said.contains(&false)) {
            (true, true) => Standing::Contested,
            (false, true) => Standing::SetAside,
            (true, false) => Standing::Counts,
            (false, false) if self.is_within_cut(core, tx, pack)? => Standing::Counts,
            (false, false) => Standing::Quarantined,
        })
    }

    /// True where the pack's author was never cut off, or the pack lies inside the cut, or waits to be sealed.
    fn is_within_cut(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
    ) -> Result<bool, EngineError> {
        let Some(record) = get::<PackRecord>(tx, Table::PackStates, &pack.0)? else { return Ok(true) };
        let stream = core.known.access.name(record.stream);
        let Some(cut) = core.known.permission.cut_in(record.device, stream) else { return Ok(true) };
        Ok(self.inside(tx, (record.stream, record.device), cut)?.contains(&pack))
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
