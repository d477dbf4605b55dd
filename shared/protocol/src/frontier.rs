//! A frontier: for each (stream, device) chain its tips. One type with six uses: cut of a removal, close
//! of a round, coverage of an archive, acknowledgement, repair inventory, contents of a bundle.

use std::collections::{BTreeMap, BTreeSet};

use crate::codec::{DecodeError, Map, Problem, Reader, Set, Wire, Writer};
use crate::ids::{DeviceId, PackId, StreamId};
use crate::limits;

/// A chain: one device's packs in one stream.
pub type Chain = (StreamId, DeviceId);

/// Tips by chain. A pack is inside a frontier where it is a tip or an ancestor of one in its chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier(BTreeMap<Chain, BTreeSet<PackId>>);

impl Frontier {
    /// Adds a tip.
    pub fn insert(&mut self, chain: Chain, tip: PackId) {
        self.0.entry(chain).or_default().insert(tip);
    }

    /// The tips of a chain.
    pub fn tips(&self, chain: Chain) -> impl Iterator<Item = PackId> + '_ {
        self.0.get(&chain).into_iter().flatten().copied()
    }

    /// All chains with their tips.
    pub fn chains(&self) -> impl Iterator<Item = (&Chain, &BTreeSet<PackId>)> {
        self.0.iter()
    }

    /// True where nothing is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in every tip of another frontier.
    pub fn unite(&mut self, other: &Self) {
        for (chain, tips) in &other.0 {
            self.0.entry(*chain).or_default().extend(tips);
        }
    }
}

impl Wire for Frontier {
    fn write(&self, to: &mut Writer) {
        to.number(self.0.len() as u64);
        for (chain, tips) in &self.0 {
            chain.write(to);
            to.number(tips.len() as u64);
            tips.iter().for_each(|tip| tip.write(to));
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let chains: Map<Chain, Set<PackId, { limits::TIPS }>, { limits::FRONTIER }> = Wire::read(from)?;
        if chains.values().any(|tips| tips.is_empty()) {
            return Err(from.error(Problem::Invalid("chain without a tip")));
        }
        Ok(Self(chains.iter().map(|(chain, tips)| (*chain, (**tips).clone())).collect()))
    }
}
