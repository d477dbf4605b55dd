//! The public packs by id and by device: which lie inside a cut, and which of a device's statements are
//! in order. Order means nothing but this: doubled numbers, contradictions, and the quota.

use std::collections::{BTreeMap, BTreeSet};

use tessera_defence::defence;

use crate::frontier::Frontier;
use crate::ids::{DeviceId, Incarnation, PackId, ProgrammeId, StreamId};
use crate::limits;
use crate::statement::Statement;
use crate::stream::Stream;

use super::public::{Act, PublicPack};
use super::verdict::Why;

/// A place where one start of a device signed two different statements.
pub type Doubled = (DeviceId, Incarnation, u64);

/// A device's statement: `Ok` where it is in order.
pub(super) type Checked<'a> = (PackId, &'a Statement, Result<(), Why>);

pub(super) struct Chains<'a> {
    public: StreamId,
    packs: BTreeMap<PackId, &'a PublicPack>,
    statements: BTreeMap<DeviceId, Vec<(&'a PublicPack, &'a Statement)>>,
}

impl<'a> Chains<'a> {
    /// Sorts the packs; those that do not belong here come back with the reason.
    pub(super) fn new(
        programme: ProgrammeId,
        public: impl IntoIterator<Item = &'a PublicPack>,
    ) -> (Self, Vec<(PackId, Why)>) {
        let stream = Stream::Public.id(programme);
        let mut chains = Self { public: stream, packs: BTreeMap::new(), statements: BTreeMap::new() };
        let mut misplaced = Vec::new();
        for pack in public {
            if !defence!(G15, pack.header.programme == programme) {
                misplaced.push((pack.id, Why::OtherProgramme));
            } else if pack.header.stream != stream {
                misplaced.push((pack.id, Why::NotPublic));
            } else {
                let new = chains.packs.insert(pack.id, pack).is_none();
                if new && let Act::Statement(statement) = &pack.act {
                    chains.statements.entry(pack.header.device).or_default().push((pack, statement));
                }
            }
        }
        for statements in chains.statements.values_mut() {
            statements.sort_by_key(|(pack, _)| (pack.header.number, pack.id));
        }
        (chains, misplaced)
    }

    /// Every pack, by id.
    pub(super) fn packs(&self) -> impl Iterator<Item = &'a PublicPack> + '_ {
        self.packs.values().copied()
    }

    /// Devices that signed statements.
    pub(super) fn signers(&self) -> impl Iterator<Item = DeviceId> + '_ {
        self.statements.keys().copied()
    }

    /// What a device stated, whether it counts or not.
    pub(super) fn stated(&self, device: DeviceId) -> impl Iterator<Item = (PackId, &'a Statement)> + '_ {
        let statements = self.statements.get(&device).into_iter().flatten();
        statements.map(|(pack, statement)| (pack.id, *statement))
    }

    /// What a device stated, by number, then id. With a cut only what lies inside is in order, and only
    /// that is looked at for doubled numbers and for the quota: a thief cannot void what came before.
    pub(super) fn checked(&self, device: DeviceId, cut: Option<&Frontier>) -> Vec<Checked<'a>> {
        let Some(statements) = self.statements.get(&device) else { return Vec::new() };
        let inside = cut.map(|cut| self.inside(device, cut));
        let accepted = |pack: &PublicPack| inside.as_ref().is_none_or(|inside| inside.contains(&pack.id));
        let below = first_doubled(statements.iter().map(|(pack, _)| *pack).filter(|pack| accepted(pack)));
        let mut count = 0;
        let judge = |(pack, statement): &(&'a PublicPack, &'a Statement)| {
            let fault = if !accepted(pack) {
                Some(Why::OutsideCut)
            } else if !defence!(I09, !self.contradicts(pack)) {
                Some(Why::BadNumber)
            } else if !defence!(I08, below.is_none_or(|(_, number)| pack.header.number < number)) {
                Some(Why::Doubled)
            } else {
                count += 1;
                (count > limits::STATEMENTS_PER_SIGNER).then_some(Why::OverQuota)
            };
            (pack.id, *statement, fault.map_or(Ok(()), Err))
        };
        statements.iter().map(judge).collect()
    }

    /// The packs of a device's public chain that are tips of a cut or come before one.
    pub(super) fn inside(&self, device: DeviceId, cut: &Frontier) -> BTreeSet<PackId> {
        let mut inside = BTreeSet::new();
        let mut next: Vec<PackId> = cut.tips((self.public, device)).collect();
        while let Some(id) = next.pop() {
            if let Some(pack) = self.packs.get(&id)
                && pack.header.device == device
                && inside.insert(id)
            {
                next.extend(pack.header.previous.iter());
            }
        }
        inside
    }

    /// Proofs that devices signed two statements with one number.
    pub(super) fn doubled(&self) -> BTreeSet<Doubled> {
        let of = |(device, statements): (&DeviceId, &Vec<(&PublicPack, _)>)| {
            let packs = statements.iter().map(|(pack, _)| *pack);
            doubled(packs).map(|(incarnation, number)| (*device, incarnation, number)).collect::<Vec<_>>()
        };
        self.statements.iter().flat_map(of).collect()
    }

    /// True where the packs that it follows are of another device or ask for another number.
    fn contradicts(&self, pack: &PublicPack) -> bool {
        let previous: Vec<_> = pack.header.previous.iter().filter_map(|id| self.packs.get(id)).collect();
        let highest = previous.iter().map(|before| before.header.number).max().unwrap_or(0);
        previous.iter().any(|before| before.header.device != pack.header.device)
            || highest >= pack.header.number
            || (previous.len() == pack.header.previous.len()
                && highest.checked_add(1) != Some(pack.header.number))
    }
}

/// Doubled places among the packs of one device.
fn doubled<'a>(packs: impl Iterator<Item = &'a PublicPack>) -> impl Iterator<Item = (Incarnation, u64)> {
    let mut seen: BTreeMap<(Incarnation, u64), usize> = BTreeMap::new();
    for pack in packs {
        *seen.entry((pack.header.incarnation, pack.header.number)).or_default() += 1;
    }
    seen.into_iter().filter(|(_, count)| *count > 1).map(|(place, _)| place)
}

fn first_doubled<'a>(packs: impl Iterator<Item = &'a PublicPack>) -> Option<(Incarnation, u64)> {
    doubled(packs).min_by_key(|(_, number)| *number)
}
