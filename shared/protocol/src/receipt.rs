//! A relay's log and its receipts. The log is a hash chain; a receipt is the relay's signature on one
//! place of it, and evidence of time that a person weighs, never a rule.

use crate::codec::Wire;
use crate::hash::{Hash, hash};
use crate::header::{NONE, Position};
use crate::ids::{Incarnation, PackId, ProgrammeId};
use crate::signature::{BadSignature, Context, PublicKey, Signature};
use crate::wire;

/// The head of an empty log.
pub const EMPTY_HEAD: Hash = Hash(NONE);

/// `headₙ = H("log", headₙ₋₁, pack id, received)`, received as 8 bytes, little-endian.
#[must_use]
pub fn next_head(head: &Hash, pack: PackId, received_ms: u64) -> Hash {
    hash("log", &[&head.0, &pack.0, &received_ms.to_le_bytes()])
}

/// What a relay says of one pack that it has stored durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The programme.
    pub programme: ProgrammeId,
    /// The relay's incarnation when it stored the pack.
    pub incarnation: Incarnation,
    /// The pack's number in the log, from 1.
    pub sequence: u64,
    /// The pack.
    pub pack: PackId,
    /// The relay's clock, milliseconds since 1970.
    pub received_ms: u64,
    /// The log's head after this pack.
    pub head: Hash,
    /// The relay's signature over all of the above.
    pub signature: Signature,
}
wire!(Receipt { programme, incarnation, sequence, pack, received_ms, head, signature });

impl Receipt {
    /// The bytes under the signature.
    #[must_use]
    pub fn signed(&self) -> Vec<u8> {
        let mut bytes = self.to_bytes();
        bytes.truncate(bytes.len() - 64);
        bytes
    }

    /// Checks that the relay with this key gave it.
    ///
    /// # Errors
    /// [`BadSignature`] where it did not.
    pub fn verify(&self, relay: &PublicKey) -> Result<(), BadSignature> {
        relay.verify(Context::Receipt, &self.signed(), &self.signature)
    }

    /// The place in the log.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { incarnation: self.incarnation, sequence: self.sequence, head: self.head }
    }
}
