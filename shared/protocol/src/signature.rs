//! Ed25519 (RFC 8032), checked strictly, and [`Verified`]. Private keys are not here.

use std::fmt;
use std::ops::Deref;

use ed25519_dalek::VerifyingKey;
use tessera_defence::defence;

use crate::codec::{DecodeError, Problem, Reader, Wire, Writer};
use crate::hash::write_hex;

/// What a signature is for. Two contexts never share a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// A pack's header.
    Pack,
    /// A relay's receipt for one pack.
    Receipt,
    /// A device's request to a relay.
    Request,
    /// The head of a relay's answer.
    Answer,
    /// A segment of a relay's answer.
    Segment,
    /// A courier's witness to what it carried.
    Witness,
    /// A selection signer's ballot on a final list.
    Ballot,
    /// A new device's proof, in the answer to an invitation, that it holds its key.
    Enrolment,
}

impl Context {
    fn name(self) -> &'static str {
        match self {
            Self::Pack => "pack",
            Self::Receipt => "receipt",
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Segment => "segment",
            Self::Witness => "witness",
            Self::Ballot => "ballot",
            Self::Enrolment => "enrolment",
        }
    }
}

/// The bytes that are signed: `"tessera/1"`, the context and the payload, each behind its length (8 bytes,
/// little-endian).
#[must_use]
pub fn signed_bytes(context: Context, payload: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 3] = [b"tessera/1", context.name().as_bytes(), payload];
    let mut bytes = Vec::with_capacity(payload.len() + 48);
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// An Ed25519 signature, 64 bytes, not checked yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature")
    }
}

impl Wire for Signature {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(Wire::read(from)?))
    }
}

/// A signature that does not fit key, context and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit")]
pub struct BadSignature;

/// An Ed25519 public key: a canonical point, not of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads 32 bytes.
    ///
    /// # Errors
    /// Where they are no point, not its canonical encoding, or a point of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, BadSignature> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| BadSignature)?;
        // The key keeps the bytes that it was read from; only the point tells the canonical ones.
        let canonical = key.to_edwards().compress().to_bytes();
        if defence!(K10, !key.is_weak() && canonical == *bytes) { Ok(Self(key)) } else { Err(BadSignature) }
    }

    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Checks a signature over [`signed_bytes`], by the strict rules: canonical `S`, no point of small
    /// order, the cofactorless equation.
    ///
    /// # Errors
    /// [`BadSignature`], whatever the reason.
    pub fn verify(
        &self,
        context: Context,
        payload: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        let signed = || self.0.verify_strict(&signed_bytes(context, payload), &signature).is_ok();
        if defence!(K16, defence!(K11, signed())) { Ok(()) } else { Err(BadSignature) }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey:")?;
        write_hex(&self.to_bytes()[..4], f)
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.to_bytes().cmp(&other.to_bytes())
    }
}

impl Wire for PublicKey {
    fn write(&self, to: &mut Writer) {
        self.to_bytes().write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes: [u8; 32] = Wire::read(from)?;
        Self::from_bytes(&bytes).map_err(|_| from.error(Problem::Invalid("public key")))
    }
}

/// A value whose signature and hashes were checked. Only this crate makes one:
///
/// ```compile_fail,E0423
/// let unchecked = tessera_protocol::signature::Verified(7);
/// ```
/// ```compile_fail,E0624
/// let unchecked = tessera_protocol::signature::Verified::new(7);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    /// Gives the value away; what proves it is lost.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
