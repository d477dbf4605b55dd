//! The keys that this device holds, and which of them may still be written with.
//!
//! A key serves one set of readers: it is fit for writing while everyone it was ever given to is still a
//! reader. Of the fit keys the highest epoch counts, then the lowest id. Removing somebody therefore needs
//! no key at all: the next write makes a new one.

use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::codec::Wire;
use tessera_protocol::ids::{DeviceId, KeyId, StreamId};
use tessera_vault::ids::Audience;
use tessera_vault::items::Grant;

use crate::error::EngineError;
use crate::records::{KeyRecord, all, put};
use crate::store::{Table, Transaction};

/// All keys of a home.
#[derive(Default)]
pub struct Keyring {
    keys: BTreeMap<StreamId, BTreeMap<KeyId, KeyRecord>>,
    /// The streams that keys name, by what they are.
    streams: BTreeMap<Audience, StreamId>,
}

impl Keyring {
    pub(crate) fn load(tx: &dyn Transaction) -> Result<Self, EngineError> {
        let mut keys = Self::default();
        for (_, record) in all::<KeyRecord>(tx, Table::Keys, &[])? {
            keys.name(&record.grant);
            keys.keys.entry(record.grant.stream).or_default().insert(record.grant.key.id(), record);
        }
        Ok(keys)
    }

    /// One key of a stream.
    pub(crate) fn get(&self, stream: StreamId, key: KeyId) -> Option<&KeyRecord> {
        self.keys.get(&stream)?.get(&key)
    }

    /// The keys of a stream.
    pub(crate) fn of(&self, stream: StreamId) -> impl Iterator<Item = (&KeyId, &KeyRecord)> {
        self.keys.get(&stream).into_iter().flatten()
    }

    /// All keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (StreamId, KeyId, &KeyRecord)> {
        self.keys.iter().flat_map(|(stream, keys)| keys.iter().map(|(id, record)| (*stream, *id, record)))
    }

    /// What a stream is, by any of its keys.
    pub(crate) fn audience(&self, stream: StreamId) -> Option<Audience> {
        self.of(stream).find_map(|(_, record)| record.grant.audience())
    }

    /// The stream of an audience, by any of its keys.
    pub(crate) fn stream_of(&self, audience: &Audience) -> Option<StreamId> {
        self.streams.get(audience).copied()
    }

    /// Notes what a stream is; of two that are called the same, the lower id is meant.
    fn name(&mut self, grant: &Grant) {
        if let Some(audience) = grant.audience() {
            let known = self.streams.entry(audience).or_insert(grant.stream);
            *known = (*known).min(grant.stream);
        }
    }

    /// The highest epoch of a stream that this device knows; 0 where it knows none.
    pub(crate) fn epoch(&self, stream: StreamId) -> u32 {
        self.of(stream).map(|(_, record)| record.grant.epoch).max().unwrap_or(0)
    }

    /// The key to write with: made by a writer, given to readers alone, highest epoch, then lowest id.
    pub(crate) fn fit(&self, stream: StreamId, readers: &BTreeSet<DeviceId>) -> Option<KeyId> {
        let fit = self.of(stream).filter(|(_, record)| record.by_writer && record.given.is_subset(readers));
        fit.max_by_key(|(id, record)| (record.grant.epoch, std::cmp::Reverse(**id))).map(|(id, _)| *id)
    }

    /// Forgets the keys of a stream.
    pub(crate) fn forget(&mut self, tx: &mut dyn Transaction, stream: StreamId) -> Result<(), EngineError> {
        for (id, record) in self.keys.remove(&stream).unwrap_or_default() {
            tx.delete(Table::Keys, &[&stream.0[..], &record.grant.epoch.to_be_bytes(), &id.0].concat())?;
        }
        self.streams.clear();
        let grants: Vec<Grant> = self.iter().map(|(_, _, record)| record.grant.clone()).collect();
        grants.iter().for_each(|grant| self.name(grant));
        Ok(())
    }

    /// Keeps a key, or what is new about it: who made it, and to whom it was given. True where the key is new.
    pub(crate) fn learn(
        &mut self,
        tx: &mut dyn Transaction,
        grant: &Grant,
        by_writer: bool,
        given: impl IntoIterator<Item = DeviceId>,
    ) -> Result<bool, EngineError> {
        let id = grant.key.id();
        self.name(grant);
        let keys = self.keys.entry(grant.stream).or_default();
        let new = !keys.contains_key(&id);
        let record = keys.entry(id).or_insert_with(|| KeyRecord {
            grant: grant.clone(),
            by_writer,
            given: tessera_protocol::codec::Set::default(),
        });
        let before = (*record.given).clone();
        let added: BTreeSet<DeviceId> = given.into_iter().filter(|device| !before.contains(device)).collect();
        if new || !added.is_empty() || (by_writer && !record.by_writer) {
            record.by_writer |= by_writer;
            record.add(&added)?;
            store(tx, record)?;
        }
        if !added.is_empty() {
            self.spread(tx, grant, &before, &added)?;
        }
        Ok(new)
    }

    /// Whoever is given a key in which other keys were given is given those: all of them with a key of `keys`,
    /// with a key of a `to/` those that all the member's devices have that had it before. Coordinators' devices, which
    /// had everything anyway, tell nothing of what the member was given. Keys of reviews are in none of the two until
    /// a coordinator copies them, and their authors alone write with them.
    fn spread(
        &mut self,
        tx: &mut dyn Transaction,
        grant: &Grant,
        before: &BTreeSet<DeviceId>,
        added: &BTreeSet<DeviceId>,
    ) -> Result<(), EngineError> {
        let everything = match grant.audience() {
            Some(Audience::Keys) => true,
            Some(Audience::To(_)) if !before.is_empty() => false,
            _ => return Ok(()),
        };
        let coordinators: BTreeSet<DeviceId> = self
            .iter()
            .filter(|(_, _, record)| record.grant.audience() == Some(Audience::Keys))
            .flat_map(|(_, _, record)| record.given.iter().copied())
            .collect();
        let before: BTreeSet<DeviceId> = before.difference(&coordinators).copied().collect();
        if !everything && before.is_empty() {
            return Ok(());
        }
        for record in self.keys.values_mut().flat_map(BTreeMap::values_mut) {
            let inside = match record.grant.audience() {
                None | Some(Audience::Desk(_) | Audience::Keys | Audience::Reviews(_)) => false,
                Some(_) => {
                    everything || (record.grant.stream != grant.stream && before.is_subset(&record.given))
                }
            };
            if inside && !added.is_subset(&record.given) {
                record.add(added)?;
                store(tx, record)?;
            }
        }
        Ok(())
    }
}

fn store(tx: &mut dyn Transaction, record: &KeyRecord) -> Result<(), EngineError> {
    let (stream, epoch) = (record.grant.stream.0, record.grant.epoch.to_be_bytes());
    put(tx, Table::Keys, &[&stream[..], &epoch, &record.grant.key.id().0].concat(), record)
}

impl KeyRecord {
    fn add(&mut self, devices: &BTreeSet<DeviceId>) -> Result<(), EngineError> {
        let mut given = (*self.given).clone();
        given.extend(devices);
        self.given = given.try_into()?;
        Ok(())
    }
}

/// Length of the encoding of one grant, in bytes: what a key costs on the way.
#[must_use]
pub fn grant_bytes(grant: &Grant) -> usize {
    zeroize::Zeroizing::new(grant.to_bytes()).len()
}
