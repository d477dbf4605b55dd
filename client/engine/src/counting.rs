//! What counts. A pack of somebody who was removed counts inside the cut alone; a coordinator's decision
//! adds to it or takes from it; two decisions that contradict each other leave the work uncounted until a
//! person settles it. Decisions of a coordinator who was removed count inside the cut alone too: nobody can
//! decide afterwards, and no decision makes another one count. The same on every device, whatever came first.
//!
//! A decision is on a pack, on a frontier, or on what one pack holds of one document; the narrower outweighs
//! the wider. What a later decision replaces no longer counts.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::frontier::{Chain, Frontier};
use tessera_protocol::hash::Hash;
use tessera_protocol::ids::{DocumentId, PackId};
use tessera_protocol::stream::Stream;
use tessera_vault::items::{Decision, Matter, Verdict};

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
    /// The device that sealed it is nobody's, as far as is known now: as if it had not come. A device that one who was
    /// removed had added is named by no statement that counts, and what it seals reaches other coordinators never.
    Nobodys,
}

/// What was said of a pack, or of a part of it, by decisions that none replaces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) accept: bool,
    pub(crate) set_aside: bool,
    pub(crate) ask: bool,
}

impl Said {
    fn note(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Accept => self.accept = true,
            Verdict::SetAside => self.set_aside = true,
            Verdict::Ask => self.ask = true,
        }
    }

    /// What was said of either.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            accept: self.accept || other.accept,
            set_aside: self.set_aside || other.set_aside,
            ask: self.ask || other.ask,
        }
    }

    /// True where it was accepted and by nobody set aside.
    pub(crate) fn accepted(self) -> bool {
        self.accept && !self.set_aside
    }

    /// True where the author was asked and nothing else was decided.
    pub(crate) fn asked(self) -> bool {
        self.ask && !self.accept && !self.set_aside
    }

    fn decided(self) -> bool {
        self.accept || self.set_aside
    }
}

type Matters = BTreeMap<(PackId, Option<DocumentId>), Said>;

/// The decisions of a home, and what was worked out so far.
pub struct Counting {
    decisions: BTreeMap<Hash, (Decision, BTreeSet<PackId>)>,
    said: Option<Matters>,
    inside: BTreeMap<Chain, BTreeSet<PackId>>,
    based: BTreeMap<PackId, Standing>,
}

impl Counting {
    pub(crate) fn load(tx: &dyn Transaction) -> Result<Self, EngineError> {
        let mut decisions: BTreeMap<Hash, (Decision, BTreeSet<PackId>)> = BTreeMap::new();
        for (pack, decision) in decisions::list(tx)? {
            let entry = decisions.entry(decision.id()).or_insert_with(|| (decision, BTreeSet::new()));
            entry.1.insert(pack);
        }
        Ok(Self { decisions, ..Self::undecided() })
    }

    /// As if no coordinator had decided anything: what was a question once is one again.
    pub(crate) fn undecided() -> Self {
        Self { decisions: BTreeMap::new(), said: None, inside: BTreeMap::new(), based: BTreeMap::new() }
    }

    /// True where nobody decided anything.
    pub(crate) fn is_undecided(&self) -> bool {
        self.decisions.is_empty()
    }

    /// The decisions on one of these parts that none replaces, one for each part and verdict.
    pub(crate) fn decisions_on(
        &self,
        tx: &dyn Transaction,
        parts: &BTreeSet<(PackId, Option<DocumentId>)>,
    ) -> Result<Vec<&Decision>, EngineError> {
        let replaced: BTreeSet<Hash> =
            self.decisions.values().flat_map(|(decision, _)| decision.over.iter().copied()).collect();
        let mut found = Vec::new();
        for (id, (decision, _)) in &self.decisions {
            if !replaced.contains(id) && !matters_of(tx, &decision.matter)?.is_disjoint(parts) {
                found.push(decision);
            }
        }
        Ok(found)
    }

    /// What was said of what a pack holds of a document, or else of the pack.
    pub(crate) fn said(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
        document: Option<DocumentId>,
    ) -> Result<Said, EngineError> {
        if self.decisions.is_empty() {
            return Ok(Said::default());
        }
        if self.said.is_none() {
            self.said = Some(self.settle(core, tx)?);
        }
        let said = self.said.as_ref().expect("it was settled just above");
        let of = |document| said.get(&(pack, document)).copied().unwrap_or_default();
        let part = document.map(|_| of(document)).unwrap_or_default();
        let whole = of(None);
        Ok(if part.decided() || !whole.decided() && part != Said::default() { part } else { whole })
    }

    /// What the decisions say that count and that none replaces.
    fn settle(&mut self, core: &Core, tx: &dyn Transaction) -> Result<Matters, EngineError> {
        let mut inside = BTreeSet::new();
        let sources: Vec<(Hash, BTreeSet<PackId>)> =
            self.decisions.iter().map(|(id, (_, packs))| (*id, packs.clone())).collect();
        for (id, packs) in sources {
            for pack in packs {
                if pack == decisions::UNSEALED || self.base(core, tx, pack)? == Standing::Counts {
                    inside.insert(id);
                }
            }
        }
        self.of(tx, &inside)
    }

    fn of(&self, tx: &dyn Transaction, counting: &BTreeSet<Hash>) -> Result<Matters, EngineError> {
        let of =
            || counting.iter().filter_map(|id| self.decisions.get(id).map(|(decision, _)| (id, decision)));
        let replaced: BTreeSet<Hash> = of().flat_map(|(_, decision)| decision.over.iter().copied()).collect();
        let mut matters = Matters::new();
        for (id, decision) in of() {
            if replaced.contains(id) {
                continue;
            }
            for matter in matters_of(tx, &decision.matter)? {
                matters.entry(matter).or_default().note(decision.verdict);
            }
        }
        Ok(matters)
    }

    /// How a pack stands. What waits to be sealed counts.
    pub(crate) fn standing(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
    ) -> Result<Standing, EngineError> {
        self.standing_of(core, tx, pack, None)
    }

    /// How what a pack holds of a document stands.
    pub(crate) fn standing_of(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
        document: Option<DocumentId>,
    ) -> Result<Standing, EngineError> {
        if self.base(core, tx, pack)? == Standing::Nobodys {
            return Ok(Standing::Nobodys);
        }
        let said = self.said(core, tx, pack, document)?;
        match (said.accept, said.set_aside) {
            (true, true) => Ok(Standing::Contested),
            (false, true) => Ok(Standing::SetAside),
            (true, false) => Ok(Standing::Counts),
            (false, false) => self.base(core, tx, pack),
        }
    }

    /// True where what a pack holds of a document counts.
    pub(crate) fn counts(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
        document: DocumentId,
    ) -> Result<bool, EngineError> {
        Ok(self.standing_of(core, tx, pack, Some(document))? == Standing::Counts)
    }

    /// How a pack stands without any decision.
    pub(crate) fn base(
        &mut self,
        core: &Core,
        tx: &dyn Transaction,
        pack: PackId,
    ) -> Result<Standing, EngineError> {
        if let Some(known) = self.based.get(&pack) {
            return Ok(*known);
        }
        let standing = self.work_out(core, tx, pack)?;
        self.based.insert(pack, standing);
        Ok(standing)
    }

    fn work_out(&mut self, core: &Core, tx: &dyn Transaction, pack: PackId) -> Result<Standing, EngineError> {
        let Some(record) = get::<PackRecord>(tx, Table::PackStates, &pack.0)? else {
            return Ok(Standing::Counts);
        };
        let stream = core.known.access.name(record.stream);
        // What this device sealed itself it goes on showing, whoever's it is.
        if !record.own
            && matches!(stream, Stream::Reviews(_))
            && core.known.permission.device(record.device).is_none()
        {
            return Ok(Standing::Nobodys);
        }
        let Some(cut) = core.known.permission.cut_in(record.device, stream) else {
            return Ok(Standing::Counts);
        };
        let inside = self.inside(tx, (record.stream, record.device), cut)?;
        Ok(if inside.contains(&pack) { Standing::Counts } else { Standing::Quarantined })
    }

    fn inside(
        &mut self,
        tx: &dyn Transaction,
        chain: Chain,
        cut: &Frontier,
    ) -> Result<&BTreeSet<PackId>, EngineError> {
        Ok(match self.inside.entry(chain) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(chains::inside(tx, chain, cut)?),
        })
    }
}

/// What a decision is about, as packs and parts of packs.
pub(crate) fn matters_of(
    tx: &dyn Transaction,
    matter: &Matter,
) -> Result<BTreeSet<(PackId, Option<DocumentId>)>, EngineError> {
    match matter {
        Matter::Pack(pack) => Ok(BTreeSet::from([(*pack, None)])),
        Matter::Part(pack, document) => Ok(BTreeSet::from([(*pack, Some(*document))])),
        Matter::Frontier(frontier) => {
            let mut packs = BTreeSet::new();
            for (chain, _) in frontier.chains() {
                packs.extend(chains::inside(tx, *chain, frontier)?.into_iter().map(|pack| (pack, None)));
            }
            Ok(packs)
        }
    }
}
