//! Passphrases: made of words by default, judged where a person brings one.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::words;

/// How many words a generated passphrase has: 77 bits.
pub const WORDS: usize = 6;
/// What is judged of a passphrase, in bytes; the rest adds no strength to the estimate.
const JUDGED_BYTES: usize = 100;

/// What opens an identity file. Wiped when dropped.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a typed passphrase, without white space around it.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self(Zeroizing::new(typed.trim().to_owned()))
    }

    /// Draws six words of 7,776, with a space between.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Zeroizing::new(words::generate::<WORDS>(rng).join(" ")))
    }

    /// The text, to be shown once to the person whose it is.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Estimates how many guesses somebody needs who knows names and words of that person (zxcvbn). An
    /// estimate for people to read, never a proof.
    #[must_use]
    pub fn strength(&self, known: &[&str]) -> Strength {
        let mut end = self.0.len().min(JUDGED_BYTES);
        while !self.0.is_char_boundary(end) {
            end -= 1;
        }
        let guesses = zxcvbn::zxcvbn(&self.0[..end], known).guesses_log10();
        Strength { bits: guesses * std::f64::consts::LOG2_10 }
    }
}

/// An estimate of a passphrase's strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// The binary logarithm of the number of guesses.
    pub bits: f64,
}

impl Strength {
    /// What a passphrase of a person's own must have to keep anything real, in bits: at a second a guess tens of millions
    /// of years.
    pub const GOOD_BITS: f64 = 50.0;

    /// True where a passphrase of a person's own is good enough for a real programme.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.bits >= Self::GOOD_BITS
    }
}
