//! What an operating system's keychain may hold of a home: a random key, and nothing else. Beside the computer's identity file lies
//! the same identity encrypted to that key. Neither half opens anything without the other, and either can be thrown away. The
//! passphrase is in neither. Which keychain that is, and when a person wants it, is not here.
//!
//! ```text
//! file = entry (16) · age(to derive(key, entry, "keychain age")): label "tessera/1 keychain", secret
//! ```
//! It never leaves the device.

use std::fmt;

use bech32::Hrp;
use data_encoding::HEXLOWER;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::age_file;
use crate::identity::{DeviceSecret, IDENTITY_BYTES};
use crate::secret::{self, secret_types};

const LABEL: &str = "tessera/1 keychain";
const PURPOSE: &str = "keychain age";
const TEXT_PREFIX: Hrp = Hrp::parse_unchecked("tesserakey");

secret_types! {
    /// What a keychain holds. Opens nothing without the file that was made with it.
    UnlockKey;
}

impl UnlockKey {
    /// The key as a text, as some keychains hold nothing else.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        secret::to_text(TEXT_PREFIX, self.expose())
    }

    /// Reads such a text; `None` for any other.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        secret::from_text(TEXT_PREFIX, text).map(|bytes| Self::from_bytes(&bytes))
    }
}

/// The name of an entry in a keychain: random, so that it tells nothing of a programme or a device to whoever sees names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId([u8; 16]);

impl EntryId {
    /// Draws one.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The entry that a file names; `None` where it is too short to be one.
    #[must_use]
    pub fn of(file: &[u8]) -> Option<Self> {
        file.first_chunk().copied().map(Self)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// The key in the keychain and the file of the home were not made together, or one of them is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what the keychain holds does not open this device")]
pub struct DoesNotFit;

/// Encrypts a computer's identity to the key that a keychain holds under `entry`.
#[must_use]
pub fn seal_copy(secret: &DeviceSecret, key: &UnlockKey, entry: EntryId) -> Vec<u8> {
    let age = secret::derive(key.expose(), &entry.0, PURPOSE);
    let sealed = age_file::encrypt(&[age_file::public(&age)], &secret::encode(LABEL, secret));
    [&entry.0[..], &sealed].concat()
}

/// Opens it again. Only who knows the key could have made it, as its public half is kept nowhere.
///
/// # Errors
/// [`DoesNotFit`], whatever the reason.
pub fn open_copy(file: &[u8], key: &UnlockKey) -> Result<DeviceSecret, DoesNotFit> {
    let (entry, sealed) = file.split_first_chunk::<16>().ok_or(DoesNotFit)?;
    let age = secret::derive(key.expose(), entry, PURPOSE);
    let contents = age_file::decrypt(&age, 1, sealed, IDENTITY_BYTES).map_err(|_| DoesNotFit)?;
    secret::decode(LABEL, &contents).map_err(|_| DoesNotFit)
}
