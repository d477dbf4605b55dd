//! The primitives under everything else: random and derived 32-byte secrets, HMAC, secrets as text, and the reading of
//! encodings that hold secrets. Not a cipher and not a format.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Hrp};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use tessera_defence::defence;
use tessera_protocol::codec::{DecodeError, Problem, Reader, Wire};
use zeroize::Zeroizing;

/// 32 secret bytes that are wiped when dropped.
pub type Secret = Zeroizing<[u8; 32]>;

/// Draws a secret.
pub fn generate(rng: &mut impl CryptoRng) -> Secret {
    let mut bytes = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *bytes);
    bytes
}

/// Derives a secret: `HKDF-SHA-256(salt, ikm, "tessera/1 " ‖ purpose)`, 32 bytes (RFC 5869).
#[must_use]
pub fn derive(ikm: &[u8; 32], salt: &[u8], purpose: &str) -> Secret {
    let mut bytes = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), ikm)
        .expand_multi_info(&[b"tessera/1 ", purpose.as_bytes()], &mut *bytes)
        .expect("32 bytes are fewer than the 8,160 that HKDF-SHA-256 gives");
    bytes
}

/// `HMAC-SHA-256(key, len(name) ‖ name ‖ len(f₁) ‖ f₁ ‖ …)` (RFC 2104), each length as 8 bytes,
/// little-endian: the keyed twin of [`tessera_protocol::hash::hash`].
#[must_use]
pub fn keyed_hash(key: &[u8; 32], name: &str, fields: &[&[u8]]) -> [u8; 32] {
    keyed(key, name, fields).finalize().into_bytes().into()
}

/// True where `tag` is [`keyed_hash`] of the same arguments; takes the same time for every wrong tag.
#[must_use]
pub fn keyed_hash_matches(key: &[u8; 32], name: &str, fields: &[&[u8]], tag: &[u8; 32]) -> bool {
    keyed(key, name, fields).verify_slice(tag).is_ok()
}

fn keyed(key: &[u8; 32], name: &str, fields: &[&[u8]]) -> Hmac<Sha256> {
    let mut state = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in std::iter::once(&name.as_bytes()).chain(fields) {
        state.update(&(part.len() as u64).to_le_bytes());
        state.update(part);
    }
    state
}

/// A secret as a text that tells a slip of the pen: Bech32m (BIP-350) in capitals.
pub(crate) fn to_text(prefix: Hrp, secret: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(bech32::encode_upper::<Bech32m>(prefix, secret).expect("32 bytes fit into Bech32m"))
}

/// Reads what [`to_text`] wrote under the same prefix, in capitals or not; `None` for any other text.
pub(crate) fn from_text(prefix: Hrp, text: &str) -> Option<Secret> {
    let checked = CheckedHrpstring::new::<Bech32m>(text.trim()).ok()?;
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(checked.byte_iter().collect());
    match (checked.hrp() == prefix, bytes.first_chunk(), bytes.len()) {
        (true, Some(bytes), 32) => Some(Zeroizing::new(*bytes)),
        _ => None,
    }
}

/// Encodes a value that holds secrets; the bytes are wiped when dropped.
pub(crate) fn encode(label: &str, value: &impl Wire) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let value = Zeroizing::new(value.to_bytes());
    bytes.reserve_exact(1 + label.len() + value.len());
    bytes.push(u8::try_from(label.len()).expect("every label of this crate is short"));
    bytes.extend_from_slice(label.as_bytes());
    bytes.extend_from_slice(&value);
    bytes
}

/// Reads what [`encode`] wrote under the same label; any other bytes are refused.
pub(crate) fn decode<T: Wire>(label: &str, bytes: &[u8]) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    let length = usize::from(u8::read(&mut reader)?);
    let found = reader.raw(length)?;
    if !defence!(K06, found == label.as_bytes()) {
        return Err(reader.error(Problem::Invalid("kind of file")));
    }
    let value = T::read(&mut reader)?;
    reader.finish()?;
    let again = || **encode(label, &value) == *bytes;
    if !defence!(K06, defence!(K17, again())) {
        return Err(DecodeError { place: Vec::new(), at: 0, problem: Problem::NotCanonical });
    }
    Ok(value)
}

/// Declares 32-byte secret types: wiped when dropped, no `Debug`, compared by nobody.
macro_rules! secret_types {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name($crate::secret::Secret);

        impl $name {
            /// Takes the bytes over; the caller wipes its own copy.
            #[must_use]
            pub fn from_bytes(bytes: &[u8; 32]) -> Self {
                Self(zeroize::Zeroizing::new(*bytes))
            }

            /// Draws a new one.
            pub fn generate(rng: &mut impl rand_core::CryptoRng) -> Self {
                Self($crate::secret::generate(rng))
            }

            /// The bytes, to be stored encrypted and nowhere else.
            #[must_use]
            pub fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl tessera_protocol::codec::Wire for $name {
            fn write(&self, to: &mut tessera_protocol::codec::Writer) {
                to.raw(&*self.0);
            }
            fn read(
                from: &mut tessera_protocol::codec::Reader<'_>,
            ) -> Result<Self, tessera_protocol::codec::DecodeError> {
                let mut bytes = zeroize::Zeroizing::new([0; 32]);
                bytes.copy_from_slice(from.raw(32)?);
                Ok(Self(bytes))
            }
        }
    )*};
}
pub(crate) use secret_types;
