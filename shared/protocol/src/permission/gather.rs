//! Checking signatures and deriving permission depend on each other: keys come from links and statements.
//! They are untangled by one fact: a device's id is a hash of its keys, so any body that names a device,
//! checked or not, names its right key. Being checked is not being counted.

use std::collections::BTreeMap;

use tessera_defence::{defence, defended};

use crate::header::SUITE;
use crate::ids::{DeviceId, PackId, ProgrammeId};
use crate::pack::Pack;
use crate::signature::{PublicKey, Verified};
use crate::stream::Stream;

use super::Permission;
use super::public::PublicPack;
use super::verdict::Why;

/// Packs that wait for a body that names their signer; more are refused.
const WAITING: usize = 4096;

/// The public packs of a programme as they come in, in any order and any number of times.
#[derive(Debug, Clone)]
pub struct Gathering {
    programme: ProgrammeId,
    keys: BTreeMap<DeviceId, PublicKey>,
    packs: BTreeMap<PackId, PublicPack>,
    waiting: BTreeMap<DeviceId, Vec<Pack>>,
    waiting_count: usize,
}

impl Gathering {
    /// Starts with no pack.
    #[must_use]
    pub fn new(programme: ProgrammeId) -> Self {
        Self {
            programme,
            keys: BTreeMap::new(),
            packs: BTreeMap::new(),
            waiting: BTreeMap::new(),
            waiting_count: 0,
        }
    }

    /// Takes a pack in. Returns the packs that could be checked thereby (none where its signer is not named
    /// yet, several where others waited for what it names; a known pack comes back and changes nothing),
    /// and why this one was refused, where it was: it does not belong here, its suite is unknown, its
    /// signature does not fit, or too many wait already.
    pub fn insert(&mut self, pack: Pack) -> (Vec<Verified<Pack>>, Option<Why>) {
        if let Err(why) = belongs(self.programme, &pack) {
            return (Vec::new(), Some(why));
        }
        let new = self.learn(&PublicPack::decode(&pack));
        let mut checked = Vec::new();
        let mut refused = None;
        let device = pack.header().device;
        match self.keys.get(&device).map(|key| pack.clone().verify(key)) {
            Some(Ok(pack)) => checked.push(pack),
            Some(Err(_)) => refused = Some(Why::BadSignature),
            None if !defended!(I07) => refused = Some(Why::UnknownSigner),
            None => refused = self.wait(device, pack),
        }
        for device in new {
            let key = self.keys[&device];
            let waited = self.waiting.remove(&device).unwrap_or_default();
            self.waiting_count -= waited.len();
            checked.extend(waited.into_iter().filter_map(|pack| pack.verify(&key).ok()));
        }
        for pack in &checked {
            self.packs.entry(pack.id()).or_insert_with(|| PublicPack::read(pack));
        }
        (checked, refused)
    }

    /// The checked packs, by id.
    pub fn packs(&self) -> impl Iterator<Item = &PublicPack> {
        self.packs.values()
    }

    /// The key of a device that any body named.
    #[must_use]
    pub fn key(&self, device: DeviceId) -> Option<&PublicKey> {
        self.keys.get(&device)
    }

    /// How many packs wait for a body that names their signer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting_count
    }

    /// Derives permission from the checked packs.
    #[must_use]
    pub fn permission(&self) -> Permission {
        Permission::derive(self.programme, self.packs())
    }

    /// Learns the keys that a body names; returns the devices that are new.
    fn learn(&mut self, pack: &PublicPack) -> Vec<DeviceId> {
        let mut new = Vec::new();
        for device in pack.devices() {
            let id = device.id();
            if self.keys.insert(id, device.signing).is_none() {
                new.push(id);
            }
        }
        new
    }

    fn wait(&mut self, device: DeviceId, pack: Pack) -> Option<Why> {
        let waiting = self.waiting.entry(device).or_default();
        if waiting.contains(&pack) {
            return None;
        }
        if self.waiting_count >= WAITING {
            return Some(Why::UnknownSigner);
        }
        waiting.push(pack);
        self.waiting_count += 1;
        None
    }
}

/// What is wrong with the place and suite of a pack, whoever signed it.
fn belongs(programme: ProgrammeId, pack: &Pack) -> Result<(), Why> {
    let header = pack.header();
    if !defence!(G15, header.programme == programme) {
        Err(Why::OtherProgramme)
    } else if header.stream != Stream::Public.id(programme) {
        Err(Why::NotPublic)
    } else if !defence!(K07, header.suite == SUITE) {
        Err(Why::UnknownSuite)
    } else {
        Ok(())
    }
}

impl Permission {
    /// Checks packs of the `public` stream and derives permission from them. Returns the checked packs, by
    /// id, and the others with the reason. The same for every order and with duplicates.
    #[must_use]
    pub fn gather(programme: ProgrammeId, packs: Vec<Pack>) -> (Self, Vec<Verified<Pack>>, Vec<(Pack, Why)>) {
        let mut refused = Vec::new();
        let mut keys: BTreeMap<DeviceId, PublicKey> = BTreeMap::new();
        let mut read: BTreeMap<(PackId, [u8; 64]), (Pack, PublicPack)> = BTreeMap::new();
        for pack in packs {
            let place = (pack.id(), pack.signature().0);
            if read.contains_key(&place) {
                continue;
            }
            let public = PublicPack::decode(&pack);
            keys.extend(public.devices().into_iter().map(|device| (device.id(), device.signing)));
            read.insert(place, (pack, public));
        }
        let mut public: BTreeMap<PackId, PublicPack> = BTreeMap::new();
        let mut checked = Vec::new();
        for ((id, _), (pack, act)) in read {
            let key = match (belongs(programme, &pack), keys.get(&pack.header().device)) {
                (Err(why), _) => Err(why),
                (Ok(()), None) => Err(Why::UnknownSigner),
                (Ok(()), Some(_)) if public.contains_key(&id) => continue,
                (Ok(()), Some(key)) => Ok(key),
            };
            match key.and_then(|key| pack.clone().verify(key).map_err(|_| Why::BadSignature)) {
                Ok(pack) => {
                    checked.push(pack);
                    public.insert(id, act);
                }
                Err(why) => refused.push((pack, why)),
            }
        }
        let permission = Self::derive(programme, public.values());
        (permission, checked, refused)
    }
}
