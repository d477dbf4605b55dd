//! `H`: SHA-256 with a name of its own for each use and length-prefixed fields. Not for passwords
//! and not keyed.

use sha2::{Digest, Sha256};
use std::fmt;

use crate::codec::{DecodeError, Reader, Wire, Writer};

/// A SHA-256 value, 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The first 16 bytes, as ids use them.
    #[must_use]
    pub fn prefix(&self) -> [u8; 16] {
        let mut prefix = [0; 16];
        prefix.copy_from_slice(&self.0[..16]);
        prefix
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0[..6], f)
    }
}

impl Wire for Hash {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(Wire::read(from)?))
    }
}

/// `H(name, fields) = SHA-256(len(name) ‖ name ‖ len(f₁) ‖ f₁ ‖ …)`, each length as 8 bytes, little-endian.
#[must_use]
pub fn hash(name: &str, fields: &[&[u8]]) -> Hash {
    let mut state = Sha256::new();
    for part in std::iter::once(&name.as_bytes()).chain(fields) {
        state.update((part.len() as u64).to_le_bytes());
        state.update(part);
    }
    Hash(state.finalize().into())
}

/// `H` over one field that arrives in pieces; its length must be known at the start.
pub struct FieldHasher {
    state: Sha256,
    left: u64,
}

impl FieldHasher {
    /// Starts `H(name, field)` for a field of `length` bytes.
    #[must_use]
    pub fn new(name: &str, length: u64) -> Self {
        let mut state = Sha256::new();
        state.update((name.len() as u64).to_le_bytes());
        state.update(name);
        state.update(length.to_le_bytes());
        Self { state, left: length }
    }

    /// Adds the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.left = self.left.saturating_sub(piece.len() as u64);
        self.state.update(piece);
    }

    /// Ends the field; `None` where fewer bytes came than announced.
    #[must_use]
    pub fn finish(self) -> Option<Hash> {
        (self.left == 0).then(|| Hash(self.state.finalize().into()))
    }
}

pub(crate) fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads exactly `N` bytes of hexadecimal text.
#[must_use]
pub fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let digit = |d: u8| char::from(d).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(bytes)
}
