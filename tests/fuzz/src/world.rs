//! A coordinator's home and a reader's, in memory: what bundles and answers are fed to.

use std::sync::OnceLock;

use ed25519_dalek::SigningKey;
use tessera_engine::Engine;
use tessera_engine::bundle::For;
use tessera_engine::store::MemoryStore;
use tessera_protocol::charter::Roles;
use tessera_protocol::codec::Wire;
use tessera_protocol::ids::DeviceId;
use tessera_tests::homes;
use tessera_vault::identity::DeviceSecret;

use crate::forge;

/// The number of the relay's key.
pub const RELAY: u8 = 77;

/// What everybody had when the hostile bytes came.
pub struct World {
    /// The disk of the coordinator, who is about to take something in.
    alice: MemoryStore,
    reader: MemoryStore,
    /// The reader's device, and the key that it signs with.
    pub bob: (DeviceId, SigningKey),
    /// What the reader sends: two reviews.
    pub bundle: Vec<u8>,
    /// Everything that the reader has.
    pub everything: Vec<u8>,
}

fn secret(name: &str) -> DeviceSecret {
    DeviceSecret::generate(&mut *homes::dice(&format!("{name} secret")))
}

/// The same each time.
///
/// # Panics
/// Where honest people cannot work.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let relay = forge::public(&forge::key(RELAY));
        let alice = homes::found(MemoryStore::default(), "alice", relay);
        let mut alice = alice.expect("founding meets no fault");
        let bob = homes::enrol(&mut alice, MemoryStore::default(), "bob", Roles::default(), vec![]);
        let mut bob = bob.expect("enrolling meets no fault");
        homes::carry(&mut alice, &mut bob).expect("a bundle");
        let ids = homes::publish(&mut alice, 2).expect("a call");
        homes::assign(&mut alice, &bob, &ids).expect("assignments");
        homes::carry(&mut alice, &mut bob).expect("a bundle");
        for id in ids {
            homes::review(&mut bob, id, "4").expect("a review");
        }
        let bundle = bob.export(For::Outbox).expect("a bundle");
        let everything = bob.export(For::Everything).expect("a bundle");
        // The identity's layout is in the vault's FORMAT.md: version, form, then the signing key.
        let bytes = secret("bob").to_bytes();
        let signing = bytes[2..].first_chunk().expect("an identity has three keys");
        World {
            alice: alice.into_store(),
            bob: (bob.device(), SigningKey::from_bytes(signing)),
            reader: bob.into_store(),
            bundle,
            everything,
        }
    })
}

impl World {
    /// The coordinator's home, as after a start.
    #[must_use]
    pub fn alice(&self) -> Engine<MemoryStore> {
        open("alice", &self.alice)
    }

    /// The reader's.
    #[must_use]
    pub fn reader(&self) -> Engine<MemoryStore> {
        open("bob", &self.reader)
    }
}

fn open(name: &str, disk: &MemoryStore) -> Engine<MemoryStore> {
    let home = Engine::open(disk.clone(), secret(name), homes::dice(&format!("{name} again")));
    let mut home = home.expect("an honest home opens");
    home.set_worker(Box::new(homes::Inline));
    home
}
