//! Homes in memory for the tests: seeded randomness, founding, enrolling by files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test binary uses a part of this")]

pub(crate) mod selection;

use std::cell::Cell;

use rand_core::TryRng;
use tessera_engine::Engine;
use tessera_engine::bundle::For;
use tessera_engine::store::MemoryStore;
use tessera_protocol::charter::Roles;
use tessera_vault::enrol::About;
use tessera_vault::identity::DeviceSecret;

/// A seeded source: SHA-256 in counter mode, for tests alone.
struct Seeded(u64, u64);

thread_local! {
    static NEXT: Cell<u64> = const { Cell::new(1) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

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

pub(crate) fn rng() -> Box<dyn rand_core::CryptoRng + Send> {
    Box::new(Seeded(NEXT.with(|next| next.replace(next.get() + 1)), 0))
}

/// The same randomness each time: two starts of a program that somebody changed are one incarnation.
pub(crate) fn rng_of(number: u64) -> Box<dyn rand_core::CryptoRng + Send> {
    Box::new(Seeded(number, 0))
}

pub(crate) fn secret() -> DeviceSecret {
    let seed = NEXT.with(Cell::get);
    LAST.with(|last| last.set(seed));
    DeviceSecret::generate(&mut rng())
}

/// The secret that [`secret`] gave last, once more: a copied laptop.
pub(crate) fn secret_of_last_enrolled() -> DeviceSecret {
    DeviceSecret::generate(&mut Seeded(LAST.with(Cell::get), 0))
}

/// The secret that [`secret`] gave as the `number`-th of this test, once more.
pub(crate) fn secret_of(number: u64) -> DeviceSecret {
    DeviceSecret::generate(&mut Seeded(number, 0))
}

pub(crate) type Home = Engine<MemoryStore>;

pub(crate) fn found() -> Home {
    Engine::found(MemoryStore::default(), secret(), rng(), true, &[]).unwrap()
}

pub(crate) fn enrol(admin: &mut Home, roles: Roles) -> Home {
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
