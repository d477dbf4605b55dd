//! Alice, Bob and Carol in memory: founding, enrolling, keys and documents, with bundles as the only road.

use std::cell::Cell;

use rand_core::TryRng;
use tessera_engine::bundle::For;
use tessera_engine::store::MemoryStore;
use tessera_engine::{Engine, EngineError};
use tessera_model::documents::{Assignment, Kind, Record};
use tessera_protocol::charter::Roles;
use tessera_vault::enrol::About;
use tessera_vault::identity::DeviceSecret;
use tessera_vault::ids::Audience;

/// A seeded source: SHA-256 in counter mode, for tests alone.
struct Seeded(u64, u64);

thread_local!(static NEXT: Cell<u64> = const { Cell::new(1) });

impl TryRng for Seeded {
    type Error = std::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in bytes.chunks_mut(32) {
            self.1 += 1;
            let block =
                tessera_protocol::hash::hash("test rng", &[&self.0.to_le_bytes(), &self.1.to_le_bytes()]);
            chunk.copy_from_slice(&block.0[..chunk.len()]);
        }
        Ok(())
    }
}
impl rand_core::TryCryptoRng for Seeded {}

fn rng() -> Box<dyn rand_core::CryptoRng + Send> {
    Box::new(Seeded(NEXT.with(|next| next.replace(next.get() + 1)), 0))
}

fn secret() -> DeviceSecret {
    DeviceSecret::generate(&mut rng())
}

type Home = Engine<MemoryStore>;

fn found() -> Home {
    Engine::found(MemoryStore::default(), secret(), rng(), true, &[]).unwrap()
}

fn enrol(admin: &mut Home, roles: Roles) -> Home {
    let invitation = admin.invite(roles, "the seminar", vec![]).unwrap();
    let (mut home, answer) =
        Engine::enrol(MemoryStore::default(), secret(), rng(), &invitation, About::default()).unwrap();
    let admitted = admin.admit(&answer).unwrap();
    assert_eq!(admitted.member, home.member());
    let bundle = admin.export(For::Member(home.member())).unwrap();
    home.import(&bundle).unwrap();
    assert_eq!(home.own_check_words().unwrap().unwrap(), admitted.check_words);
    admin.check(home.member()).unwrap();
    home.import(&admin.export(For::Member(home.member())).unwrap()).unwrap();
    assert!(home.is_active());
    home
}

#[test]
fn a_member_is_enrolled_by_files_alone_and_reads_what_is_addressed_to_it() {
    let mut alice = found();
    let mut bob = enrol(&mut alice, Roles::default());
    let audience = Audience::To(bob.member());
    let subject = [7; 32];
    let assignment = Assignment::default();
    alice.write(&audience, &subject, &assignment, false).unwrap();
    bob.import(&alice.export(For::Member(bob.member())).unwrap()).unwrap();
    let read = bob.read::<Assignment>(&audience, &subject).unwrap().unwrap();
    assert_eq!(read.value, assignment);
    assert_eq!(bob.documents(Assignment::KIND).unwrap().len(), 1);
    assert!(bob.notices().unwrap().is_empty(), "{:?}", bob.notices().unwrap());
    assert!(alice.notices().unwrap().is_empty());
}

#[test]
fn a_second_coordinator_holds_what_the_first_holds_only_after_check_words() {
    let mut alice = found();
    let roles = Roles { admin: false, coordinator: true };
    let invitation = alice.invite(roles, "the seminar", vec![]).unwrap();
    let (mut carol, answer) =
        Engine::enrol(MemoryStore::default(), secret(), rng(), &invitation, About::default()).unwrap();
    alice.admit(&answer).unwrap();
    carol.import(&alice.export(For::Member(carol.member())).unwrap()).unwrap();
    assert!(carol.is_coordinator());
    assert!(matches!(carol.application("A001"), Err(EngineError::NotPermitted(_))));
    alice.check(carol.member()).unwrap();
    carol.import(&alice.export(For::Member(carol.member())).unwrap()).unwrap();
    assert_eq!(carol.application("A001").unwrap(), alice.application("A001").unwrap());
    assert_eq!(carol.documents(Kind::Review).unwrap().len(), 0);
}
