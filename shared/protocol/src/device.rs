//! A device's public keys, and the ids derived from them. A device is a computer's home or a recovery
//! paper. Its id is a hash of its keys, so one id can never name two sets of keys.

use crate::codec::{Bytes, DecodeError, List, Problem, Reader, Wire, Writer};
use crate::hash::hash;
use crate::ids::{DeviceId, MemberId};
use crate::limits;
use crate::signature::PublicKey;
use crate::wire;

/// Where keys can be sent: an algorithm and its public key. `1` is X25519 as age uses it (32 bytes);
/// there is room for ML-KEM-768 with X25519 (1,216 bytes).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipient {
    /// The algorithm; [`Recipient::X25519`] is the only one in use.
    pub algorithm: u8,
    /// The public key in that algorithm's own encoding.
    pub key: Bytes<{ limits::RECIPIENT_BYTES }>,
}
wire!(Recipient { algorithm, key });

impl Recipient {
    /// age's X25519 recipient.
    pub const X25519: u8 = 1;
}

/// What a device is kept on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A home on a computer.
    Computer,
    /// A recovery paper.
    Paper,
}

impl Wire for Form {
    fn write(&self, to: &mut Writer) {
        to.raw(&[match self {
            Self::Computer => 0,
            Self::Paper => 1,
        }]);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::read(from)? {
            0 => Ok(Self::Computer),
            1 => Ok(Self::Paper),
            _ => Err(from.error(Problem::Invalid("form of device"))),
        }
    }
}

/// The public half of a device's identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    /// What it is kept on.
    pub form: Form,
    /// The key that signs its packs and requests.
    pub signing: PublicKey,
    /// Where keys are sent to it; at least one.
    pub recipients: List<Recipient, { limits::RECIPIENTS_PER_DEVICE }>,
}
wire!(Device { form, signing, recipients });

impl Device {
    /// The device's id: the first 16 bytes of `H("device", device)`.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        DeviceId(hash("device", &[&self.to_bytes()]).prefix())
    }

    /// The id of the member whose first device this is: the first 16 bytes of `H("member", device)`. A
    /// person who returns after a removal comes with new keys and is a new member.
    #[must_use]
    pub fn first_member(&self) -> MemberId {
        MemberId(hash("member", &[&self.to_bytes()]).prefix())
    }
}
