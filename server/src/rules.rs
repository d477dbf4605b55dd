//! What a relay knows of one programme besides its packs: who may read and write what, and since when in
//! the log. All of it follows from `public` packs and the headers of `to/` packs, and is held in memory.
//! A value of [`Rules`] never changes; what a push would make of it is a new one, installed only after
//! the commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tessera_protocol::access::{Access, Openings, Reader, Refusal};
use tessera_protocol::header::Header;
use tessera_protocol::ids::{DeviceId, MemberId, PackId, ProgrammeId, StreamId};
use tessera_protocol::pack::Pack;
use tessera_protocol::permission::{Gathering, Why};
use tessera_protocol::signature::{PublicKey, Verified};
use tessera_protocol::stream::Stream;

use crate::store::{Right, Store, StoreError};

/// Packs that are read at a time when a relay starts.
const AT_A_TIME: usize = 64;

/// Who may do what in one programme, and since when.
#[derive(Clone)]
pub struct Rules {
    gathering: Arc<Gathering>,
    pub(crate) access: Arc<Access>,
    pub(crate) openings: Arc<Openings>,
    people: Arc<BTreeMap<DeviceId, Reader>>,
    admins: Arc<BTreeSet<MemberId>>,
    relays: Arc<BTreeSet<PublicKey>>,
    changed: Arc<BTreeMap<Right, u64>>,
}

/// What some public packs make of rules.
pub(crate) struct Grown {
    pub(crate) rules: Rules,
    /// Those that count as sent by a device that the rules know.
    pub(crate) taken: Vec<Verified<Pack>>,
    pub(crate) refused: Vec<(PackId, Refusal)>,
}

impl Grown {
    /// The same rules.
    pub(crate) fn nothing(rules: &Rules) -> Self {
        Self { rules: rules.clone(), taken: Vec::new(), refused: Vec::new() }
    }
}

impl Rules {
    /// Those of a programme of which nothing is known.
    #[must_use]
    pub fn blank(programme: ProgrammeId) -> Self {
        let gathering = Gathering::new(programme);
        let access = Access::new(&gathering.permission());
        Self {
            gathering: Arc::new(gathering),
            access: Arc::new(access),
            openings: Arc::default(),
            people: Arc::default(),
            admins: Arc::default(),
            relays: Arc::default(),
            changed: Arc::default(),
        }
    }

    /// Builds the rules of a stored programme.
    ///
    /// # Errors
    /// Where the store fails. Packs that do not decode are left out and named to `damaged`.
    pub fn load(
        store: &dyn Store,
        programme: ProgrammeId,
        damaged: &mut dyn FnMut(PackId),
    ) -> Result<Self, StoreError> {
        let mut gathering = Gathering::new(programme);
        let mut sequences = Vec::new();
        let public = Stream::Public.id(programme);
        store.entries(programme, Some(public), 0..=u64::MAX, &mut |entry| sequences.push(entry.sequence))?;
        for some in sequences.chunks(AT_A_TIME) {
            for stored in store.read(programme, some)? {
                match tessera_protocol::codec::Wire::from_bytes(&stored.bytes) {
                    Ok(pack) => drop(gathering.insert(pack)),
                    Err(_) => damaged(stored.id),
                }
            }
        }
        let mut rules = Self::blank(programme).with_gathering(gathering);
        let members: BTreeSet<MemberId> = rules.members().collect();
        for member in members {
            rules.note_stored(store, member)?;
        }
        rules.changed = Arc::new(store.changed(programme)?.into_iter().collect());
        Ok(rules)
    }

    fn with_gathering(&self, gathering: Gathering) -> Self {
        let permission = gathering.permission();
        let access = Access::new(&permission);
        let devices = permission.members.values().flat_map(|state| state.devices.keys());
        let people = devices.filter_map(|device| Some((*device, access.reader(*device)?))).collect();
        let relays = permission.charter.powers.relays.keys().copied().collect();
        Self {
            gathering: Arc::new(gathering),
            access: Arc::new(access),
            people: Arc::new(people),
            admins: Arc::new(permission.charter.powers.admins().collect()),
            relays: Arc::new(relays),
            openings: Arc::clone(&self.openings),
            changed: Arc::clone(&self.changed),
        }
    }

    /// Takes in the headers of everything stored in the member's `to/`; false where there is nothing.
    fn note_stored(&mut self, store: &dyn Store, member: MemberId) -> Result<bool, StoreError> {
        let programme = self.access.programme();
        let openings = Arc::make_mut(&mut self.openings);
        let mut any = false;
        store.headers(programme, Stream::To(member).id(programme), &mut |stored| {
            any = true;
            openings.note(&stored.header, stored.id);
        })?;
        Ok(any)
    }

    /// The key that checks a device's signatures.
    #[must_use]
    pub fn key(&self, device: DeviceId) -> Option<&PublicKey> {
        self.people.get(&device)?;
        self.gathering.key(device)
    }

    /// True where the charter names a relay with this key.
    #[must_use]
    pub fn names(&self, relay: &PublicKey) -> bool {
        self.relays.contains(relay)
    }

    /// Every device that belongs or ever belonged, with what it may.
    pub fn people(&self) -> impl Iterator<Item = (DeviceId, Reader)> + '_ {
        self.people.iter().map(|(device, reader)| (*device, *reader))
    }

    /// True for those who sign the charter.
    #[must_use]
    pub fn is_admin(&self, member: MemberId) -> bool {
        self.admins.contains(&member)
    }

    fn members(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.people.values().map(|reader| reader.member)
    }

    /// The number in the log from which on a device's rights as a whole, or a member's in a stream, are
    /// what they are; 0 where they always were.
    #[must_use]
    pub fn since(&self, right: Right) -> u64 {
        self.changed.get(&right).copied().unwrap_or(0)
    }

    /// Streams of a member whose rights changed.
    pub(crate) fn changed_streams(&self, member: MemberId) -> impl Iterator<Item = (StreamId, u64)> + '_ {
        let range = Right::Stream(member, StreamId([0; 16]))..=Right::Stream(member, StreamId([255; 16]));
        self.changed.range(range).filter_map(|(right, since)| match right {
            Right::Stream(_, stream) => Some((*stream, *since)),
            Right::Device(_) => None,
        })
    }

    /// These rules and some packs of `public`. They may name one another's signers in any order. What is
    /// refused leaves no trace: the rules grow from what is taken alone.
    pub(crate) fn grow(&self, packs: Vec<Pack>) -> Grown {
        let mut candidates = packs;
        let mut refused = Vec::new();
        loop {
            let mut gathering = (*self.gathering).clone();
            let mut checked: BTreeMap<PackId, Verified<Pack>> = BTreeMap::new();
            let mut whys = Vec::with_capacity(candidates.len());
            for pack in &candidates {
                let (now, why) = gathering.insert(pack.clone());
                checked.extend(now.into_iter().map(|pack| (pack.id(), pack)));
                whys.push(why);
            }
            let rules = self.with_gathering(gathering);
            let verdict = |pack: &Pack, why: Option<Why>| match why {
                Some(Why::BadSignature) => Err(Refusal::BadSignature),
                Some(Why::UnknownSuite) => Err(Refusal::UnknownVersion),
                Some(Why::OtherProgramme) => Err(Refusal::OtherProgramme),
                _ if !checked.contains_key(&pack.id()) => Err(Refusal::UnknownDevice),
                _ => rules.access.may_write(pack.header()).map(|_| ()),
            };
            let mut fit = Vec::with_capacity(candidates.len());
            let count = candidates.len();
            for (pack, why) in candidates.into_iter().zip(whys) {
                match verdict(&pack, why) {
                    Ok(()) => fit.push(pack),
                    Err(why) => refused.push((pack.id(), why)),
                }
            }
            if fit.len() == count {
                let order: BTreeMap<PackId, usize> =
                    fit.iter().enumerate().rev().map(|(at, pack)| (pack.id(), at)).collect();
                let mut taken: Vec<Verified<Pack>> =
                    checked.into_values().filter(|pack| order.contains_key(&pack.id())).collect();
                taken.sort_by_key(|pack| order[&pack.id()]);
                refused.retain(|(id, _)| !order.contains_key(id));
                return Grown { rules, taken, refused };
            }
            candidates = fit;
        }
    }

    /// Takes in the header of a pack of a `to/`.
    pub(crate) fn note(&mut self, header: &Header, id: PackId) {
        Arc::make_mut(&mut self.openings).note(header, id);
    }

    /// Rights that these rules give or take compared with those before. Members whose `to/` held packs
    /// before anybody named them are heard here too.
    ///
    /// # Errors
    /// Where the store fails.
    pub(crate) fn compared(&mut self, before: &Self, store: &dyn Store) -> Result<Vec<Right>, StoreError> {
        let mut rights = BTreeSet::new();
        for (device, reader) in self.people.iter() {
            if before.people.get(device).is_none_or(|old| gained(old, reader)) {
                rights.insert(Right::Device(*device));
            }
        }
        let known: BTreeSet<MemberId> = before.members().collect();
        let members: BTreeSet<MemberId> = self.members().collect();
        let programme = self.access.programme();
        for member in members.difference(&known) {
            if self.note_stored(store, *member)? {
                let to = Stream::To(*member).id(programme);
                let coordinators = self.people.values().filter(|reader| reader.coordinator);
                rights.extend(coordinators.map(|reader| Right::Stream(reader.member, to)));
            }
        }
        for member in members {
            let was = open(before, member);
            let is = open(self, member);
            rights.extend(was.symmetric_difference(&is).map(|stream| Right::Stream(member, *stream)));
        }
        Ok(rights.into_iter().collect())
    }

    /// Notes since when rights are what they are.
    pub(crate) fn mark(&mut self, rights: &[Right], sequence: u64) {
        if !rights.is_empty() {
            Arc::make_mut(&mut self.changed).extend(rights.iter().map(|right| (*right, sequence)));
        }
    }
}

fn open(rules: &Rules, member: MemberId) -> BTreeSet<StreamId> {
    rules.openings.open_to(&rules.access, member).map(|(stream, _)| stream).collect()
}

/// True where a device may read more than before.
fn gained(before: &Reader, after: &Reader) -> bool {
    after.active
        && (!before.active || before.member != after.member || (after.coordinator && !before.coordinator))
}
