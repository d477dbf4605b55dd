//! Numbers as words that people can read aloud: the EFF's long list of 7,776 words, made for dice (five
//! throws choose one word; 12.9 bits each). The list is by Joseph Bonneau and the EFF, CC BY 3.0 US.

use diceware_wordlists::EFF_LONG_WORDLIST;
use rand_core::CryptoRng;

/// How many words the list has.
pub const LIST: usize = 7_776;

/// Draws words, every one with the same chance.
pub fn generate<const N: usize>(rng: &mut impl CryptoRng) -> [&'static str; N] {
    // The highest multiple of 7,776 below 2^32: what lies above would favour the first words.
    const FAIR: u32 = u32::MAX - u32::MAX % 7_776;
    std::array::from_fn(|_| {
        loop {
            let draw = rng.next_u32();
            if draw < FAIR {
                return EFF_LONG_WORDLIST[draw as usize % LIST];
            }
        }
    })
}

/// Writes a hash as words: its bytes as one big-endian number, its last `N` digits to the base 7,776.
/// Of 32 bytes six words take 77 bits; the difference from a fair choice is below 2⁻¹⁷⁸.
#[must_use]
pub fn from_hash<const N: usize>(hash: &[u8; 32]) -> [&'static str; N] {
    let mut number = *hash;
    std::array::from_fn(|_| {
        let mut rest = 0_usize;
        for byte in &mut number {
            let part = rest << 8 | usize::from(*byte);
            *byte = u8::try_from(part / LIST).expect("the rest is below 7,776, so a digit is below 256");
            rest = part % LIST;
        }
        EFF_LONG_WORDLIST[rest]
    })
}

/// Brings typed words to the form in which they are compared: lower case, one space between.
#[must_use]
pub fn normalise(typed: &str) -> String {
    typed.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}
