//! A pack's header: everything about a pack that is not secret, and all that is signed.

use tessera_defence::defence;

use crate::codec::List;
use crate::codec::{DecodeError, Problem, Reader, Set, Wire, Writer};
use crate::hash::{Hash, hash};
use crate::ids::{DeviceId, Incarnation, KeyId, PackId, ProgrammeId, StreamId};
use crate::limits;
use crate::wire;

/// The version of the formats that this crate reads and writes.
pub const VERSION: u8 = 1;

/// The algorithms of a pack. `1`: Ed25519, XChaCha20-Poly1305, SHA-256, age with X25519.
pub type Suite = u8;

/// The suite in use.
pub const SUITE: Suite = 1;

/// What a pack's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PackKind {
    /// Sealed items.
    Items,
    /// Stream keys in an age file.
    Welcome,
    /// A charter link in the clear; the pack is one signature under it.
    Link,
    /// A statement in the clear.
    Statement,
    /// A snapshot by a coordinator (kept free for a later version).
    Archive,
    /// A kind that this version does not know: stored, never judged.
    Unknown(u8),
}

impl PackKind {
    fn code(self) -> u8 {
        match self {
            Self::Items => 1,
            Self::Welcome => 2,
            Self::Link => 3,
            Self::Statement => 4,
            Self::Archive => 5,
            Self::Unknown(code) => code,
        }
    }
}

impl Wire for PackKind {
    fn write(&self, to: &mut Writer) {
        self.code().write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match u8::read(from)? {
            1 => Self::Items,
            2 => Self::Welcome,
            3 => Self::Link,
            4 => Self::Statement,
            5 => Self::Archive,
            code => Self::Unknown(code),
        })
    }
}

/// A place in a relay's log: who counted, how far, and the hash of everything before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The relay's incarnation.
    pub incarnation: Incarnation,
    /// Number of the pack in that relay's log for the programme, from 1.
    pub sequence: u64,
    /// The log's head after that pack.
    pub head: Hash,
}
wire!(Position { incarnation, sequence, head });

/// Lets a member read a stream. Only in packs of `to/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The stream that is opened.
    pub stream: StreamId,
    /// Closings of this stream that this opening sets aside; any other closing cancels it.
    pub despite: Set<PackId, { limits::DESPITE }>,
}
wire!(Opening { stream, despite });

/// The header of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The algorithms used.
    pub suite: Suite,
    /// What the body is.
    pub kind: PackKind,
    /// The programme.
    pub programme: ProgrammeId,
    /// The stream.
    pub stream: StreamId,
    /// The key that opens the body: all zeros where the body is not sealed with a stream key.
    pub key: KeyId,
    /// The author's device.
    pub device: DeviceId,
    /// The start of the device that made the pack.
    pub incarnation: Incarnation,
    /// 1 + the highest number among `previous`, or 1.
    pub number: u64,
    /// The tips of this (stream, device) chain that the author knew.
    pub previous: Set<PackId, { limits::PREVIOUS }>,
    /// The newest place of a relay's log that the author had seen.
    pub seen: Option<Position>,
    /// Streams that this pack opens to the member of this `to/`.
    pub opened: List<Opening, { limits::OPENINGS }>,
    /// Streams that this pack closes to the member of this `to/`.
    pub closed: Set<StreamId, { limits::OPENINGS }>,
    /// `H("recipients", …)` of those a welcome is encrypted to; only in welcomes.
    pub recipients: Option<Hash>,
    /// Length of the padded plaintext, in bytes; the body's length where nothing is sealed.
    pub padded_bytes: u32,
    /// Merkle root over the salted leaves of the items; all zeros where there are none.
    pub content_root: Hash,
    /// `H("body", body)`.
    pub body: Hash,
}

/// What stands for "none" in [`Header::key`] and [`Header::content_root`].
pub const NONE: [u8; 32] = [0; 32];

impl Header {
    /// The pack's id.
    #[must_use]
    pub fn id(&self) -> PackId {
        hash("pack", &[&self.to_bytes()]).into()
    }

    /// The header without its last field: what a sealed body is bound to.
    #[must_use]
    pub fn associated_data(&self) -> Vec<u8> {
        let mut bytes = self.to_bytes();
        bytes.truncate(bytes.len() - 32);
        bytes
    }

    /// Rules that hold between fields, whatever the programme.
    fn check(&self) -> Result<(), &'static str> {
        if !defence!(I09, self.number > 0 && (self.number == 1) == self.previous.is_empty()) {
            return Err(
                "number: a first pack is number 1 and follows nothing, a later one follows something",
            );
        }
        if self.padded_bytes as usize > limits::BODY_BYTES {
            return Err("padded length");
        }
        let clear = matches!(self.kind, PackKind::Link | PackKind::Statement | PackKind::Welcome);
        if clear && (self.key.0 != NONE || self.content_root.0 != NONE) {
            return Err("key of an unsealed pack");
        }
        if self.kind == PackKind::Items && self.key.0 == NONE {
            return Err("key of a sealed pack");
        }
        if (self.kind == PackKind::Welcome) != self.recipients.is_some() {
            return Err("recipients: a welcome has them, nothing else does");
        }
        Ok(())
    }
}

impl Wire for Header {
    fn write(&self, to: &mut Writer) {
        VERSION.write(to);
        self.suite.write(to);
        self.kind.write(to);
        self.programme.write(to);
        self.stream.write(to);
        self.key.write(to);
        self.device.write(to);
        self.incarnation.write(to);
        self.number.write(to);
        self.previous.write(to);
        self.seen.write(to);
        self.opened.write(to);
        self.closed.write(to);
        self.recipients.write(to);
        self.padded_bytes.write(to);
        self.content_root.write(to);
        self.body.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let found = u8::read(from)?;
        if !defence!(K07, found == VERSION) {
            return Err(from.error(Problem::Newer { found, known: VERSION }).within("version"));
        }
        macro_rules! field {
            ($name:literal) => {
                Wire::read(from).map_err(|error: DecodeError| error.within($name))?
            };
        }
        let header = Self {
            suite: field!("suite"),
            kind: field!("kind"),
            programme: field!("programme"),
            stream: field!("stream"),
            key: field!("key"),
            device: field!("device"),
            incarnation: field!("incarnation"),
            number: field!("number"),
            previous: field!("previous"),
            seen: field!("seen"),
            opened: field!("opened"),
            closed: field!("closed"),
            recipients: field!("recipients"),
            padded_bytes: field!("padded_bytes"),
            content_root: field!("content_root"),
            body: field!("body"),
        };
        header.check().map_err(|what| from.error(Problem::Invalid(what)))?;
        Ok(header)
    }
}
