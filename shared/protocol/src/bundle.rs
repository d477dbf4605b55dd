//! A bundle: packs, receipts and attachments in a file, for a stick or a courier. It is imported through
//! the same code as a relay's answer, and whoever carries it can read no more than a relay can.
//!
//! File: [`MAGIC`], then frames of 4 bytes of length (little-endian) and contents: the [`BundleHead`], then
//! one [`Entry`] each, then [`Entry::End`], whose hash covers every byte before its frame.

use crate::codec::{Bytes, DecodeError, Problem, Reader, Wire, Writer};
use crate::frontier::Frontier;
use crate::hash::Hash;
use crate::header::VERSION;
use crate::ids::{AttachmentId, DeviceId, MemberId, PackId, ProgrammeId, StreamId};
use crate::limits;
use crate::pack::Pack;
use crate::receipt::Receipt;
use crate::signature::Signature;
use crate::wire;

/// The first bytes of every bundle.
pub const MAGIC: &[u8; 16] = b"tessera bundle\r\n";

/// What a bundle says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleHead {
    /// The programme.
    pub programme: ProgrammeId,
    /// Random: the same in all parts of one bundle.
    pub set: [u8; 16],
    /// This part, from 1.
    pub part: u32,
    /// How many parts there are.
    pub parts: u32,
    /// Whom it is for; nobody in particular where empty.
    pub addressee: Option<MemberId>,
    /// The device that wrote it.
    pub from: DeviceId,
    /// What all parts together contain.
    pub contents: Frontier,
    /// How many packs this part contains.
    pub packs: u32,
    /// Length of this part's packs, in bytes.
    pub pack_bytes: u64,
}

impl Wire for BundleHead {
    fn write(&self, to: &mut Writer) {
        VERSION.write(to);
        self.programme.write(to);
        self.set.write(to);
        self.part.write(to);
        self.parts.write(to);
        self.addressee.write(to);
        self.from.write(to);
        self.contents.write(to);
        self.packs.write(to);
        self.pack_bytes.write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let found = u8::read(from)?;
        if found != VERSION {
            return Err(from.error(Problem::Newer { found, known: VERSION }).within("version"));
        }
        let head = Self {
            programme: Wire::read(from)?,
            set: Wire::read(from)?,
            part: Wire::read(from)?,
            parts: Wire::read(from)?,
            addressee: Wire::read(from)?,
            from: Wire::read(from)?,
            contents: Wire::read(from)?,
            packs: Wire::read(from)?,
            pack_bytes: Wire::read(from)?,
        };
        if head.part == 0 || head.part > head.parts || head.parts > limits::BUNDLE_PARTS {
            return Err(from.error(Problem::Invalid("part of a bundle")));
        }
        Ok(head)
    }
}

/// A courier's word on what it carried (written by a later version; the format has room).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The courier's device.
    pub device: DeviceId,
    /// What it carried.
    pub packs: crate::codec::List<PackId, { limits::PACKS_PER_REQUEST }>,
    /// The time by the courier's clock, milliseconds since 1970.
    pub claimed_ms: u64,
    /// The newest place of a relay's log that the courier knew.
    pub newest: Option<crate::header::Position>,
    /// Under [`crate::signature::Context::Witness`].
    pub signature: Signature,
}
wire!(Witness { device, packs, claimed_ms, newest, signature });

/// One frame of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one entry is in memory at a time")]
pub enum Entry {
    /// A pack. Charter and statements come first.
    Pack(Pack),
    /// A relay's receipt.
    Receipt(Receipt),
    /// A courier's witness.
    Witness(Witness),
    /// A piece of a sealed attachment.
    Chunk {
        /// The stream whose rule the attachment follows.
        stream: StreamId,
        /// The attachment.
        attachment: AttachmentId,
        /// Where the piece starts.
        from: u64,
        /// The attachment's whole length.
        total: u64,
        /// The piece.
        bytes: Bytes<{ limits::BODY_BYTES }>,
    },
    /// `H("bundle", every byte before this frame)`; nothing follows.
    End(Hash),
}

/// The longest frame of a bundle.
pub const ENTRY_BYTES: usize = limits::PACK_BYTES + 128;

impl Wire for Entry {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Pack(pack) => {
                1_u8.write(to);
                pack.write(to);
            }
            Self::Receipt(receipt) => {
                2_u8.write(to);
                receipt.write(to);
            }
            Self::Witness(witness) => {
                3_u8.write(to);
                witness.write(to);
            }
            Self::Chunk { stream, attachment, from, total, bytes } => {
                4_u8.write(to);
                stream.write(to);
                attachment.write(to);
                from.write(to);
                total.write(to);
                bytes.write(to);
            }
            Self::End(hash) => {
                5_u8.write(to);
                hash.write(to);
            }
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match u8::read(from)? {
            1 => Self::Pack(Wire::read(from)?),
            2 => Self::Receipt(Wire::read(from)?),
            3 => Self::Witness(Wire::read(from)?),
            4 => Self::Chunk {
                stream: Wire::read(from)?,
                attachment: Wire::read(from)?,
                from: Wire::read(from)?,
                total: Wire::read(from)?,
                bytes: Wire::read(from)?,
            },
            5 => Self::End(Wire::read(from)?),
            _ => return Err(from.error(Problem::Invalid("entry of a bundle"))),
        })
    }
}
