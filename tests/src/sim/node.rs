//! A laptop: one home in memory, its backup, and what its owner's tools see in its tables.

use std::collections::{BTreeMap, BTreeSet};

use tessera_engine::Engine;
use tessera_engine::records::{ChangeRecord, DocumentRecord};
use tessera_engine::store::{MemoryStore, Store, StoreError, Table, Transaction};
use tessera_model::documents::Kind;
use tessera_protocol::codec::Wire;
use tessera_protocol::ids::{MemberId, PackId, ProgrammeId};
use tessera_protocol::pack::Pack;
use tessera_vault::identity::DeviceSecret;

use super::dice::Dice;
use super::oracle::Text;
pub(crate) use crate::homes::Inline;

/// A home in memory.
pub(crate) type Home = Engine<MemoryStore>;

/// A laptop.
pub(crate) struct Node {
    /// What the trace calls it.
    pub(crate) name: String,
    /// The name of the dice that its secret came from; copies share it.
    pub(crate) secret: String,
    /// Whose it is.
    pub(crate) member: MemberId,
    /// Counts its starts; what was sent by an earlier start gets no answer.
    pub(crate) start: u64,
    /// An old copy of its disk.
    pub(crate) backup: Option<MemoryStore>,
    /// It meets no relay before this time.
    pub(crate) offline_until: u64,
    /// True where nobody who may admits its device.
    pub(crate) stranger: bool,
    home: Option<Home>,
}

impl Node {
    pub(crate) fn new(name: String, secret: String, start: u64, mut home: Home) -> Self {
        home.set_worker(Box::new(Inline));
        let member = home.member();
        Self {
            name,
            secret,
            member,
            start,
            backup: None,
            offline_until: 0,
            stranger: false,
            home: Some(home),
        }
    }

    pub(crate) fn home(&mut self) -> &mut Home {
        self.home.as_mut().expect("a home is away only while it is opened")
    }

    /// What is on its disk.
    pub(crate) fn disk(&mut self) -> &mut MemoryStore {
        self.home().store()
    }

    /// Ends the program and starts it again, with `disk` in place of its own where given.
    pub(crate) fn restart(&mut self, seed: u64, start: u64, disk: Option<MemoryStore>) {
        let own = self.home.take().map(Engine::into_store);
        let mut disk = disk.or(own).expect("a home is away only while it is opened");
        disk.reopen();
        let home = open(seed, &self.secret, start, disk);
        self.home = Some(home);
        self.start = start;
    }

    /// Reads its tables without the engine.
    pub(crate) fn look<T>(&mut self, look: impl FnOnce(&dyn Transaction) -> T) -> T {
        let closed = self.disk().is_closed();
        self.disk().reopen();
        let found = self.disk().transaction(|tx| Ok::<_, StoreError>(look(tx)));
        let found = found.expect("a look writes nothing");
        assert!(!closed, "a crashed laptop is started before anybody looks at it");
        found
    }

    /// The reviews' texts on its disk, with the pack of each; zeros where it is not sealed yet.
    pub(crate) fn texts(&mut self) -> BTreeMap<Text, BTreeSet<PackId>> {
        self.look(|tx| {
            let mut texts: BTreeMap<Text, BTreeSet<PackId>> = BTreeMap::new();
            let mut reviews = BTreeSet::new();
            for (key, value) in scan(tx, Table::Documents) {
                let record = DocumentRecord::from_bytes(&value).expect("a record of this version");
                if Kind::from_code(record.kind) == Kind::Review {
                    reviews.insert(key);
                }
            }
            for (key, value) in scan(tx, Table::Changes) {
                if reviews.contains(&key[..16]) {
                    let change = ChangeRecord::from_bytes(&value).expect("a record of this version");
                    if let Some(text) = Text::find(&change.bytes) {
                        texts.entry(text).or_default().extend(change.origin.packs());
                    }
                }
            }
            texts
        })
    }

    /// A pack on its disk.
    pub(crate) fn pack(&mut self, id: PackId) -> Option<Pack> {
        self.look(|tx| {
            let bytes = tx.get(Table::Packs, &id.0).expect("memory can be read");
            bytes.map(|bytes| Pack::from_bytes(&bytes).expect("a pack of this version"))
        })
    }

    /// The ids of all packs on its disk.
    pub(crate) fn packs(&mut self) -> BTreeSet<PackId> {
        self.look(|tx| {
            let ids = scan(tx, Table::Packs).into_iter();
            ids.filter_map(|(key, _)| key.first_chunk::<32>().map(|id| PackId(*id))).collect()
        })
    }

    /// The packs that wait for a relay.
    pub(crate) fn outbox(&mut self) -> Vec<Pack> {
        let ids: Vec<PackId> = self.look(|tx| {
            let ids = scan(tx, Table::Outbox).into_iter();
            ids.filter_map(|(key, _)| key.last_chunk::<32>().map(|id| PackId(*id))).collect()
        });
        ids.into_iter().filter_map(|id| self.pack(id)).collect()
    }
}

/// All of a table.
pub(crate) fn scan(tx: &dyn Transaction, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
    tx.scan(table, &[], None, usize::MAX).expect("memory can be read")
}

/// The secret that a name stands for.
pub(crate) fn secret(seed: u64, name: &str) -> DeviceSecret {
    DeviceSecret::generate(&mut Dice::new(seed, name))
}

/// The chance of one start.
pub(crate) fn chance(seed: u64, start: u64) -> Box<Dice> {
    Box::new(Dice::new(seed, &format!("start {start}")))
}

/// Opens a home.
pub(crate) fn open(seed: u64, name: &str, start: u64, disk: MemoryStore) -> Home {
    let home = Engine::open(disk, secret(seed, name), chance(seed, start));
    let mut home = home.expect("opening writes nothing, and the home is there");
    home.set_worker(Box::new(Inline));
    home
}

/// What a home is about.
pub(crate) fn about(programme: ProgrammeId, member: MemberId) -> tessera_engine::core::About {
    tessera_engine::core::About { programme, member }
}
