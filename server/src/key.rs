//! The relay's one key: it signs receipts and answers. It lies in the data folder, readable by its owner
//! alone, as 64 hexadecimal digits; nothing else about a relay is secret.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use ed25519_dalek::{Signer, SigningKey};
use tessera_protocol::hash::parse_hex;
use tessera_protocol::ids::RelayKey;
use tessera_protocol::receipt::Receipt;
use tessera_protocol::signature::{Context, PublicKey, Signature, signed_bytes};
use zeroize::Zeroizing;

/// The longest key file that is read.
const FILE_BYTES: u64 = 256;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or written.
    #[error("the key file {path}: {source}")]
    File {
        /// Where it is.
        path: String,
        /// What went wrong.
        source: std::io::Error,
    },
    /// The file holds no key.
    #[error("the key file {path} does not hold 64 hexadecimal digits")]
    NotAKey {
        /// Where it is.
        path: String,
    },
    /// No randomness could be had.
    #[error("no randomness could be had")]
    Randomness,
}

/// A relay's signing key.
pub struct SigningRelay {
    secret: SigningKey,
    public: PublicKey,
}

impl SigningRelay {
    /// Takes 32 secret bytes.
    ///
    /// # Panics
    /// Never: the public half of every secret is sound.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let secret = SigningKey::from_bytes(seed);
        let public = PublicKey::from_bytes(&secret.verifying_key().to_bytes())
            .expect("a public key made from a secret is a canonical point of large order");
        Self { secret, public }
    }

    /// Reads the key file; makes one where there is none.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open_or_create(path: &Path) -> Result<Self, KeyError> {
        match Self::open(path) {
            Err(KeyError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            other => return other,
        }
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(|_| KeyError::Randomness)?;
        Self::write(path, &seed)?;
        Ok(Self::from_seed(&seed))
    }

    /// Reads the key file.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        read_seed(path).map(|seed| Self::from_seed(&seed))
    }

    /// Writes a key file that only its owner can read. An existing one is never overwritten.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn write(path: &Path, seed: &[u8; 32]) -> Result<(), KeyError> {
        let failed = |source| KeyError::File { path: path.display().to_string(), source };
        let text = Zeroizing::new(seed.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        match path.parent() {
            Some(folder) => File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed),
            None => Ok(()),
        }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The public half as requests name it.
    #[must_use]
    pub fn id(&self) -> RelayKey {
        RelayKey(self.public.to_bytes())
    }

    /// Signs.
    #[must_use]
    pub fn sign(&self, context: Context, payload: &[u8]) -> Signature {
        Signature(self.secret.sign(&signed_bytes(context, payload)).to_bytes())
    }

    /// Puts the signature under a receipt.
    #[must_use]
    pub fn receipt(&self, unsigned: Receipt) -> Receipt {
        let signature = self.sign(Context::Receipt, &unsigned.signed());
        Receipt { signature, ..unsigned }
    }
}

/// Reads the 32 secret bytes of a key file.
///
/// # Errors
/// [`KeyError`].
pub fn read_seed(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let failed = |source| KeyError::File { path: path.display().to_string(), source };
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES).read_to_string(&mut text).map_err(failed)?;
    let digits = Zeroizing::new(text.split_whitespace().collect::<String>());
    parse_hex(&digits).map(Zeroizing::new).ok_or(KeyError::NotAKey { path: path.display().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.key");
        let first = SigningRelay::open_or_create(&path).unwrap();
        let second = SigningRelay::open_or_create(&path).unwrap();
        assert_eq!(first.public(), second.public());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(SigningRelay::write(&path, &[1; 32]).is_err());
    }

    #[test]
    fn other_files_are_no_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64)] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(SigningRelay::open(&path), Err(KeyError::NotAKey { .. })), "{text:?}");
        }
        std::fs::write(&path, format!("{}\n", "0a ".repeat(32))).unwrap();
        assert_eq!(*read_seed(&path).unwrap(), [10; 32]);
    }
}
