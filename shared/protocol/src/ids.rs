//! Ids: newtypes of 16 or 32 bytes (an incarnation has 8), shown as hexadecimal. No id is a number
//! that can be guessed, and none carries meaning that a stranger could read.

use std::fmt;
use std::str::FromStr;

use crate::codec::{DecodeError, Reader, Wire, Writer};
use crate::hash::{Hash, parse_hex, write_hex};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($length:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}:", stringify!($name))?;
                write_hex(&self.0[..4], f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                parse_hex(text).map(Self).ok_or(BadId { kind: stringify!($name), digits: 2 * $length })
            }
        }

        impl Wire for $name {
            fn write(&self, to: &mut Writer) {
                self.0.write(to);
            }
            fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(Self(Wire::read(from)?))
            }
        }
    )*};
}

/// A text that is not such an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {kind} is written as {digits} hexadecimal digits")]
pub struct BadId {
    /// The kind of id that was expected.
    pub kind: &'static str,
    /// How many digits it has.
    pub digits: usize,
}

ids! {
    /// A programme: the first 16 bytes of its genesis link's id.
    ProgrammeId(16);
    /// A member, derived from the first device admitted (see [`crate::device::Device::first_member`]).
    MemberId(16);
    /// A device, derived from its public keys (see [`crate::device::Device::id`]).
    DeviceId(16);
    /// A stream: an audience and its packs.
    StreamId(16);
    /// An application; known to members only.
    ApplicationId(16);
    /// An Automerge document; known to members only.
    DocumentId(16);
    /// An invitation.
    InvitationId(16);
    /// A round of the programme.
    RoundId(16);
    /// Random bytes made at every start of a device or relay.
    Incarnation(8);
    /// A pack: `H("pack", header)`.
    PackId(32);
    /// A charter link: `H("link", body)`.
    LinkId(32);
    /// A stream key's commitment: `H("key", key)`.
    KeyId(32);
    /// An attachment: `H("attachment", sealed bytes)`.
    AttachmentId(32);
    /// An Ed25519 public key as it is written down; [`crate::signature::PublicKey`] is a checked one.
    RelayKey(32);
}

impl From<Hash> for PackId {
    fn from(hash: Hash) -> Self {
        Self(hash.0)
    }
}
