//! Stream keys. A key opens the packs of one stream and one epoch, and its id is its commitment.

use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use tessera_protocol::hash::hash;
use tessera_protocol::ids::KeyId;

use crate::secret::{derive, secret_types};

secret_types! {
    /// The key of one (stream, epoch): 32 random bytes, derived from nothing. `Clone`, because one key is
    /// given to several readers.
    StreamKey;
}

/// Length of an XChaCha20-Poly1305 nonce, in bytes.
pub(crate) const NONCE_BYTES: usize = 24;
/// Length of its tag, in bytes.
pub(crate) const TAG_BYTES: usize = 16;

impl StreamKey {
    /// The key's id, `H("key", key)`. XChaCha20-Poly1305 lets one ciphertext open under two keys; two keys
    /// of one id would be a collision of SHA-256. So whoever compares the id before opening has a
    /// commitment to the key.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(hash("key", &[self.expose()]).0)
    }

    /// The cipher for one sealed body: its key is `HKDF-SHA-256(salt = nonce, key, "tessera/1 items")`.
    pub(crate) fn cipher(&self, nonce: &[u8; NONCE_BYTES]) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*derive(self.expose(), nonce, "items")).into())
    }
}

impl PartialEq for StreamKey {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for StreamKey {}
