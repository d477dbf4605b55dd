//! Seeded chance: SHA-256 in counter mode. For the simulation alone; it keeps no secret.

use rand_core::TryRng;
use tessera_protocol::hash::hash;

/// A seeded source of chance and of keys.
#[derive(Debug, Clone)]
pub struct Dice {
    seed: [u8; 32],
    count: u64,
}

impl Dice {
    /// A source of its own for a seed and a name.
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        Self { seed: hash("simulation", &[&seed.to_le_bytes(), name.as_bytes()]).0, count: 0 }
    }

    /// A number below `limit`, which must not be 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        let mut bytes = [0; 8];
        rand_core::Rng::fill_bytes(self, &mut bytes);
        u64::from_le_bytes(bytes) % limit
    }

    /// An index into a slice of this length.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

impl TryRng for Dice {
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
            self.count += 1;
            let block = hash("dice", &[&self.seed, &self.count.to_le_bytes()]);
            chunk.copy_from_slice(&block.0[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Dice {}
