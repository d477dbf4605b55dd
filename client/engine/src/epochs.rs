//! Epochs beyond the store: what a memory outside of it has seen, so that an older store put in its place
//! never makes this device write under a key that it had left behind.

use tessera_protocol::ids::StreamId;

use crate::engine::Engine;
use crate::store::Store;

impl<S: Store> Engine<S> {
    /// Takes the highest epochs that an anchor remembers: nothing is written under an older key.
    pub fn remember_epochs(&mut self, seen: impl IntoIterator<Item = (StreamId, u32)>) {
        for (stream, epoch) in seen {
            let floor = self.core.floors.entry(stream).or_default();
            *floor = epoch.max(*floor);
        }
    }

    /// The highest epoch of every stream whose key is here, for the anchor.
    pub fn epochs(&self) -> impl Iterator<Item = (StreamId, u32)> + '_ {
        self.core.known.keys.iter().map(|(stream, _, record)| (stream, record.grant.epoch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use tessera_vault::identity::DeviceSecret;
    use tessera_vault::ids::Audience;

    fn rng() -> crate::core::Rng {
        Box::new(rand_core::UnwrapErr(getrandom::SysRng))
    }

    #[test]
    fn k23_nothing_is_written_under_an_epoch_older_than_the_anchors() {
        let secret = DeviceSecret::generate(&mut rng());
        let mut alice = Engine::found(MemoryStore::default(), secret, rng(), true, &[]).unwrap();
        let office = alice.stream(&Audience::Office).unwrap();
        let highest = |alice: &Engine<MemoryStore>| {
            alice.epochs().filter(|(stream, _)| *stream == office).map(|(_, epoch)| epoch).max()
        };
        assert_eq!(highest(&alice), Some(1));
        alice.remember_epochs([(office, 7)]);
        alice.act(|core, tx| core.ensure_key(tx, &Audience::Office)).unwrap();
        assert_eq!(highest(&alice), Some(8));
        alice.act(|core, tx| core.ensure_key(tx, &Audience::Office)).unwrap();
        assert_eq!(highest(&alice), Some(8));
    }
}
