//! Numbers by chance from a seed: the same on every platform and in every release. Not for keys or nonces.
//!
//! ChaCha8 (RFC 8439's cipher with 8 rounds) with the key SHA-256 over a name, the seed and the purpose; a normal number
//! by the ziggurat of `rand_distr`. A test holds the first numbers.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use sha2::{Digest, Sha256};

/// Names the use of the hash that a sequence is made from.
const NAME: &[u8] = b"tessera/1 chance";

/// A sequence of numbers by chance.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// Begins the sequence of a seed for one purpose.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [NAME, &seed.to_be_bytes(), purpose.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(ChaCha8Rng::from_seed(hash.finalize().into()))
    }

    /// Returns the next number of a normal distribution with mean 0 and variance 1, by the ziggurat (Marsaglia and Tsang
    /// 2000).
    pub(crate) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// Returns the numbers below `n` in an order by chance: sorted by one random number each.
    pub(crate) fn order(&mut self, n: usize) -> Vec<usize> {
        let mut keyed: Vec<(u64, usize)> = (0..n).map(|at| (self.0.next_u64(), at)).collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, at)| at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change of these would change results that were published: give the sequence another name then.
    #[test]
    fn the_first_numbers_of_a_sequence_stay() {
        let mut chance = Chance::new(7, "seats");
        let first = [chance.normal(), chance.normal(), chance.normal()].map(|x| format!("{x:.12}"));
        assert_eq!(first, ["1.118304992846", "-0.027078575774", "0.755358844191"]);
        assert_eq!(chance.order(6), [1, 0, 4, 5, 2, 3]);
        let tail = (0..100_000).map(|_| chance.normal()).fold(0.0_f64, f64::max);
        assert!(tail > 3.9 && tail < 6.0, "{tail}");
    }

    #[test]
    fn seeds_and_purposes_differ() {
        let first = |seed, purpose| Chance::new(seed, purpose).normal().to_bits();
        assert_ne!(first(1, "light"), first(2, "light"));
        assert_ne!(first(1, "light"), first(1, "seats"));
    }
}
