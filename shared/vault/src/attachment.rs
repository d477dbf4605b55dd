//! Attachments: files sealed in chunks under a random key each. The id is a hash of the sealed bytes, and
//! never of the contents, so nobody can test whether a known file is stored.
//!
//! ```text
//! sealed  = chunk₀ ‖ chunk₁ ‖ …         64 KiB of padded each (the last one shorter), and 16 bytes of tag
//! chunkᵢ  = XChaCha20-Poly1305(subkey, zeros (19) ‖ i (4 bytes, big-endian) ‖ last (1 byte), …)
//! subkey  = HKDF-SHA-256(no salt, attachment key, "tessera/1 attachment")
//! padded  = contents ‖ zeros, to Padmé(length);  associated data = length (8 bytes, little-endian)
//! id      = H("attachment", sealed)
//! ```
//! The chunks are the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-
//! Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015): none can be moved, left out, doubled or
//! cut off. A key seals once, so the nonce's prefix is constant.
//!
//! A sealed file is read twice: [`Checker`] compares it with its manifest, and only what it lets pass
//! reaches an [`Opener`]. So no part of a file that is cut or changed is ever shown.

use aead_stream::{DecryptorBE32, EncryptorBE32, NewStream, StreamBE32};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use tessera_defence::defence;
use tessera_protocol::hash::{FieldHasher, Hash};
use tessera_protocol::ids::AttachmentId;
use tessera_protocol::limits;
use tessera_protocol::wire;
use zeroize::Zeroizing;

use crate::key::TAG_BYTES;
use crate::seal::padme;
use crate::secret::{derive, secret_types};
use crate::text::Text;

/// Plaintext of one chunk, in bytes.
pub const CHUNK_BYTES: usize = 64 * 1024;
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
const NAME: &str = "attachment";

secret_types! {
    /// The key of one attachment, used once. `Clone`, because a manifest carries it.
    AttachmentKey;
}

impl AttachmentKey {
    fn cipher(&self) -> StreamBE32<XChaCha20Poly1305> {
        let cipher = XChaCha20Poly1305::new((&*derive(self.expose(), &[], NAME)).into());
        StreamBE32::from_aead(cipher, &[0; 19].into())
    }
}

/// All that a signed record says of one attachment, in one value, so that no part can be exchanged.
/// `Clone`, because it is kept in a document.
#[derive(Clone)]
pub struct Manifest {
    /// The sealed bytes.
    pub id: AttachmentId,
    /// What opens them.
    pub key: AttachmentKey,
    /// Length of the contents, in bytes.
    pub size_bytes: u64,
    /// Length of the sealed bytes.
    pub sealed_bytes: u64,
    /// What the contents say they are.
    pub media_type: Text<128>,
    /// What the file is called. Data, never a path.
    pub name: Text<255>,
}
wire!(Manifest { id, key, size_bytes, sealed_bytes, media_type, name });

/// Why an attachment was not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// Longer than [`limits::ATTACHMENT_BYTES`] when sealed.
    #[error("the attachment is too large")]
    TooLarge,
    /// More or fewer bytes came than announced.
    #[error("the attachment's length is not the one announced")]
    Length,
    /// Not what the manifest names.
    #[error("the attachment is not the one that its record names")]
    Failed,
}

/// Length of the sealed bytes of contents of this length; `None` where it is above the limit.
#[must_use]
pub fn sealed_bytes(size_bytes: u64) -> Option<u64> {
    if size_bytes > limits::ATTACHMENT_BYTES {
        return None;
    }
    let padded = padme(size_bytes);
    let chunks = padded.div_ceil(CHUNK_BYTES as u64).max(1);
    Some(padded + chunks * TAG_BYTES as u64).filter(|&sealed| sealed <= limits::ATTACHMENT_BYTES)
}

/// Seals contents that arrive in pieces.
pub struct Sealer {
    cipher: EncryptorBE32<XChaCha20Poly1305>,
    hasher: FieldHasher,
    chunk: Zeroizing<Vec<u8>>,
    size: [u8; 8],
    left: u64,
    padding: u64,
}

impl Sealer {
    /// Starts with contents of a known length.
    ///
    /// # Errors
    /// [`AttachmentError::TooLarge`].
    pub fn new(key: &AttachmentKey, size_bytes: u64) -> Result<Self, AttachmentError> {
        let sealed = sealed_bytes(size_bytes).ok_or(AttachmentError::TooLarge)?;
        Ok(Self {
            cipher: EncryptorBE32::from_stream_primitive(key.cipher()),
            hasher: FieldHasher::new(NAME, sealed),
            chunk: Zeroizing::new(Vec::with_capacity(SEALED_CHUNK_BYTES)),
            size: size_bytes.to_le_bytes(),
            left: size_bytes,
            padding: padme(size_bytes) - size_bytes,
        })
    }

    /// Takes the next piece and appends what is sealed to `out`.
    ///
    /// # Errors
    /// [`AttachmentError::Length`] where more came than announced.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), AttachmentError> {
        self.left = self.left.checked_sub(piece.len() as u64).ok_or(AttachmentError::Length)?;
        self.fill(piece, out);
        Ok(())
    }

    fn fill(&mut self, mut piece: &[u8], out: &mut Vec<u8>) {
        while !piece.is_empty() {
            // A full chunk is sealed only when more follows: the last one is sealed differently.
            if self.chunk.len() == CHUNK_BYTES {
                self.cipher
                    .encrypt_next_in_place(&self.size, &mut *self.chunk)
                    .expect("far fewer than 2^32 chunks");
                self.hasher.update(&self.chunk);
                out.append(&mut self.chunk);
                self.chunk.reserve_exact(SEALED_CHUNK_BYTES);
            }
            let (now, later) = piece.split_at(piece.len().min(CHUNK_BYTES - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            piece = later;
        }
    }

    /// Seals the end, appends it to `out` and returns the id.
    ///
    /// # Errors
    /// [`AttachmentError::Length`] where fewer bytes came than announced.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<AttachmentId, AttachmentError> {
        if self.left > 0 {
            return Err(AttachmentError::Length);
        }
        while self.padding > 0 {
            let count = self.padding.min(CHUNK_BYTES as u64);
            self.padding -= count;
            self.fill(&vec![0; usize::try_from(count).expect("at most a chunk")], out);
        }
        let Self { cipher, mut hasher, mut chunk, size, .. } = self;
        cipher.encrypt_last_in_place(&size, &mut *chunk).expect("far fewer than 2^32 chunks");
        hasher.update(&chunk);
        out.append(&mut chunk);
        let Hash(id) = hasher.finish().expect("as long as computed from the same length");
        Ok(AttachmentId(id))
    }
}

/// Compares sealed bytes with a manifest, piece by piece.
pub struct Checker<'a> {
    manifest: &'a Manifest,
    hasher: FieldHasher,
    left: u64,
}

/// Sealed bytes that are whole and the ones that the manifest names.
pub struct Whole<'a>(&'a Manifest);

impl<'a> Checker<'a> {
    /// Starts.
    ///
    /// # Errors
    /// [`AttachmentError::Failed`] where the manifest's two lengths do not belong together.
    pub fn new(manifest: &'a Manifest) -> Result<Self, AttachmentError> {
        if !defence!(K13, sealed_bytes(manifest.size_bytes) == Some(manifest.sealed_bytes)) {
            return Err(AttachmentError::Failed);
        }
        let hasher = FieldHasher::new(NAME, manifest.sealed_bytes);
        Ok(Self { manifest, hasher, left: manifest.sealed_bytes })
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`AttachmentError::Failed`] where more came than there should be.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), AttachmentError> {
        self.left = self.left.checked_sub(piece.len() as u64).ok_or(AttachmentError::Failed)?;
        self.hasher.update(piece);
        Ok(())
    }

    /// Ends.
    ///
    /// # Errors
    /// [`AttachmentError::Failed`] where the bytes are not the ones that the manifest names.
    pub fn finish(self) -> Result<Whole<'a>, AttachmentError> {
        match self.hasher.finish() {
            Some(Hash(id))
                if defence!(F16, defence!(K12, defence!(K13, id == self.manifest.id.0)))
                    && self.left == 0 =>
            {
                Ok(Whole(self.manifest))
            }
            _ => Err(AttachmentError::Failed),
        }
    }
}

/// Opens sealed bytes that were found whole, piece by piece.
pub struct Opener {
    cipher: DecryptorBE32<XChaCha20Poly1305>,
    chunk: Zeroizing<Vec<u8>>,
    size: [u8; 8],
    left: u64,
}

impl Opener {
    /// Starts.
    #[must_use]
    pub fn new(whole: &Whole<'_>) -> Self {
        Self {
            cipher: DecryptorBE32::from_stream_primitive(whole.0.key.cipher()),
            chunk: Zeroizing::new(Vec::with_capacity(SEALED_CHUNK_BYTES)),
            size: whole.0.size_bytes.to_le_bytes(),
            left: whole.0.size_bytes,
        }
    }

    /// Takes the next piece and appends contents to `out`.
    ///
    /// # Errors
    /// [`AttachmentError::Failed`]: whatever `out` holds is to be thrown away.
    pub fn push(&mut self, mut piece: &[u8], out: &mut Vec<u8>) -> Result<(), AttachmentError> {
        while !piece.is_empty() {
            if self.chunk.len() == SEALED_CHUNK_BYTES {
                let opened = self.cipher.decrypt_next_in_place(&self.size, &mut *self.chunk);
                opened.map_err(|_| AttachmentError::Failed)?;
                take(&mut self.left, &self.chunk, out)?;
                self.chunk.clear();
            }
            let (now, later) = piece.split_at(piece.len().min(SEALED_CHUNK_BYTES - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            piece = later;
        }
        Ok(())
    }

    /// Opens the end.
    ///
    /// # Errors
    /// [`AttachmentError::Failed`]: whatever `out` holds is to be thrown away.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), AttachmentError> {
        let Self { cipher, mut chunk, size, mut left } = self;
        cipher.decrypt_last_in_place(&size, &mut *chunk).map_err(|_| AttachmentError::Failed)?;
        take(&mut left, &chunk, out)?;
        if left > 0 { Err(AttachmentError::Failed) } else { Ok(()) }
    }
}

/// Appends contents and checks that only zeros follow them.
fn take(left: &mut u64, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), AttachmentError> {
    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(chunk.len());
    let (contents, padding) = chunk.split_at(count);
    if padding.iter().any(|&byte| byte != 0) {
        return Err(AttachmentError::Failed);
    }
    out.extend_from_slice(contents);
    *left -= count as u64;
    Ok(())
}

/// Seals contents that are in memory; returns the manifest and the sealed bytes.
///
/// # Errors
/// [`AttachmentError::TooLarge`].
pub fn seal(
    key: AttachmentKey,
    contents: &[u8],
    media_type: Text<128>,
    name: Text<255>,
) -> Result<(Manifest, Vec<u8>), AttachmentError> {
    let size_bytes = contents.len() as u64;
    let mut sealed = Vec::new();
    let mut sealer = Sealer::new(&key, size_bytes)?;
    sealer.push(contents, &mut sealed)?;
    let id = sealer.finish(&mut sealed)?;
    Ok((Manifest { id, key, size_bytes, sealed_bytes: sealed.len() as u64, media_type, name }, sealed))
}

/// Opens sealed bytes that are in memory: all of the contents or nothing.
///
/// # Errors
/// [`AttachmentError::Failed`].
pub fn open(manifest: &Manifest, sealed: &[u8]) -> Result<Vec<u8>, AttachmentError> {
    let mut checker = Checker::new(manifest)?;
    checker.push(sealed)?;
    let mut opener = Opener::new(&checker.finish()?);
    let mut contents = Vec::with_capacity(sealed.len());
    opener.push(sealed, &mut contents)?;
    opener.finish(&mut contents)?;
    Ok(contents)
}
