//! One exchange for any number of documents: a device's request and a relay's answer, and the requests
//! for attachments. How they travel over HTTP is in `FORMAT.md`; nothing here opens a socket.
//!
//! A request is a signed head followed by packs. The packs are not under the head's signature: each
//! carries its author's own, and who brings it decides nothing. An answer is a signed head (receipts,
//! refusals, what is announced) followed by segments, each signed, so that a cut loses at most one
//! segment of [`crate::limits::SEGMENT_BYTES`].

use crate::access::{Classes, Refusal};
use crate::codec::{Bytes, DecodeError, List, Problem, Reader, Wire, Writer};
use crate::frontier::Frontier;
use crate::hash::{Hash, hash};
use crate::header::{Position, VERSION};
use crate::ids::{AttachmentId, DeviceId, Incarnation, PackId, ProgrammeId, RelayKey, StreamId};
use crate::limits;
use crate::pack::Pack;
use crate::receipt::Receipt;
use crate::signature::{BadSignature, Context, PublicKey, Signature, Verified};
use crate::wire;

/// Where a device stands in a relay's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Everything up to here was received.
    pub incarnation: Incarnation,
    /// Number of the last pack received; 0 at the start.
    pub sequence: u64,
    /// First 16 bytes of the head there; zeros at the start.
    pub head: [u8; 16],
    /// Inside an unfinished pull, what the relay needs to go on; opaque to the device.
    pub progress: Bytes<{ limits::PROGRESS_BYTES }>,
}
wire!(Cursor { incarnation, sequence, head, progress });

impl Cursor {
    /// The start of every log.
    #[must_use]
    pub fn start() -> Self {
        Self { incarnation: Incarnation([0; 8]), sequence: 0, head: [0; 16], progress: Bytes::default() }
    }
}

/// Which relay, programme and device a request is between, and its number, so that it cannot be used
/// anywhere else or again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The programme.
    pub programme: ProgrammeId,
    /// The device that asks.
    pub device: DeviceId,
    /// The start of the device.
    pub incarnation: Incarnation,
    /// Rises with every request of this incarnation; a relay takes each number once.
    pub counter: u64,
}
wire!(Caller { programme, device, incarnation, counter });

/// What a device asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// Who asks.
    pub caller: Caller,
    /// From where on.
    pub cursor: Cursor,
    /// How many bytes of packs the answer may bring; 0 for none.
    pub budget_bytes: u64,
    /// Which classes of streams are wanted.
    pub wanted: Classes,
    /// What the device holds, where the relay and it must fill each other.
    pub have: Option<Frontier>,
    /// Packs sent earlier whose receipts never came.
    pub asked: List<PackId, { limits::ASKED }>,
    /// How many packs follow.
    pub packs: u32,
    /// Their length together, in bytes.
    pub pack_bytes: u64,
}

impl Wire for RequestHead {
    fn write(&self, to: &mut Writer) {
        VERSION.write(to);
        self.caller.write(to);
        self.cursor.write(to);
        self.budget_bytes.write(to);
        self.wanted.write(to);
        self.have.write(to);
        self.asked.write(to);
        self.packs.write(to);
        self.pack_bytes.write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        read_version(from)?;
        macro_rules! field {
            ($name:literal) => {
                Wire::read(from).map_err(|error: DecodeError| error.within($name))?
            };
        }
        let head = Self {
            caller: field!("caller"),
            cursor: field!("cursor"),
            budget_bytes: field!("budget_bytes"),
            wanted: field!("wanted"),
            have: field!("have"),
            asked: field!("asked"),
            packs: field!("packs"),
            pack_bytes: field!("pack_bytes"),
        };
        let over = |value: u64, limit: usize| value > limit as u64;
        if over(head.packs.into(), limits::PACKS_PER_REQUEST) || over(head.pack_bytes, limits::REQUEST_BYTES)
        {
            return Err(
                from.error(Problem::TooLarge { value: head.pack_bytes, limit: limits::REQUEST_BYTES as u64 })
            );
        }
        Ok(head)
    }
}

fn read_version(from: &mut Reader<'_>) -> Result<(), DecodeError> {
    match u8::read(from)? {
        VERSION => Ok(()),
        found => Err(from.error(Problem::Newer { found, known: VERSION }).within("version")),
    }
}

/// The HTTP method and path of the one exchange.
pub const EXCHANGE: (&str, &str) = ("POST", "/v1/exchange");
/// The HTTP method and path at which a relay says its key, as `{"key": HEX}`. Nobody signs that: it is something for a person
/// to compare with what whoever runs the relay says.
pub const KEY: (&str, &str) = ("GET", "/v1/key");

/// The path of an attachment.
#[must_use]
pub fn attachment_path(stream: StreamId, attachment: AttachmentId) -> String {
    format!("/v1/attachments/{stream}/{attachment}")
}

/// The bytes that a device signs, under [`Context::Request`]: relay key, caller, method, path and
/// `H("request body", body)`, where the body of an exchange is its head.
#[must_use]
pub fn request_bytes(relay: RelayKey, caller: &Caller, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let body = hash("request body", &[body]);
    hash("request", &[&relay.0, &caller.to_bytes(), method.as_bytes(), path.as_bytes(), &body.0]).0.to_vec()
}

/// A request as it travels: the head's bytes and the device's signature. The packs follow it, each behind
/// its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub head: RequestHead,
    /// The device's signature over [`request_bytes`].
    pub signature: Signature,
}
wire!(Request { head, signature });

impl Request {
    /// Checks that `device` made it for the relay with this key.
    ///
    /// # Errors
    /// [`BadSignature`] where it did not.
    pub fn verify(&self, relay: RelayKey, device: &PublicKey) -> Result<(), BadSignature> {
        let bytes = request_bytes(relay, &self.head.caller, EXCHANGE.0, EXCHANGE.1, &self.head.to_bytes());
        device.verify(Context::Request, &bytes, &self.signature)
    }

    /// What the answer's signatures refer to: `H("asked", request)`.
    #[must_use]
    pub fn id(&self) -> Hash {
        hash("asked", &[&self.to_bytes()])
    }
}

/// A receipt inside an answer; programme and relay incarnation are the answer's unless it is an earlier one.
pub type Receipts = List<Receipt, { limits::PACKS_PER_REQUEST }>;

/// The first part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerHead {
    /// [`Request::id`] of the request that is answered.
    pub request: Hash,
    /// The newest place of the log.
    pub newest: Position,
    /// False where the relay does not know the request's cursor: it was restored or lost, or the cursor is
    /// another relay's. Nothing is sent then but `frontier`.
    pub cursor_known: bool,
    /// Receipts for packs of this request and for those asked for.
    pub receipts: Receipts,
    /// Packs that were not taken, and why.
    pub refused: List<(PackId, Refusal), { limits::PACKS_PER_REQUEST }>,
    /// What the relay holds of what this device may read, where the request brought a frontier or the
    /// cursor is unknown.
    pub frontier: Option<Frontier>,
    /// How many packs follow in all segments.
    pub announced_packs: u64,
    /// Their length, in bytes.
    pub announced_bytes: u64,
    /// Packs that this device may read and that did not fit the budget.
    pub left_packs: u64,
    /// Their length, in bytes.
    pub left_bytes: u64,
}
wire!(AnswerHead {
    request,
    newest,
    cursor_known,
    receipts,
    refused,
    frontier,
    announced_packs,
    announced_bytes,
    left_packs,
    left_bytes,
});

/// An answer's head with the relay's signature over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAnswer {
    /// The head.
    pub head: AnswerHead,
    /// Under [`Context::Answer`].
    pub signature: Signature,
}
wire!(SignedAnswer { head, signature });

impl SignedAnswer {
    /// Checks that the relay with this key gave this answer to this request.
    ///
    /// # Errors
    /// [`BadSignature`] where it did not.
    pub fn verify(self, relay: &PublicKey, request: &Hash) -> Result<Verified<AnswerHead>, BadSignature> {
        relay.verify(Context::Answer, &self.head.to_bytes(), &self.signature)?;
        if self.head.request == *request { Ok(Verified::new(self.head)) } else { Err(BadSignature) }
    }
}

/// The answer where nothing is new and nothing was sent: a 204 whose header
/// [`NOTHING_NEW_HEADER`] is this in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NothingNew {
    /// The newest place of the log.
    pub newest: Position,
    /// Under [`Context::Answer`], over [`nothing_new_bytes`].
    pub signature: Signature,
}
wire!(NothingNew { newest, signature });

/// The header of a 204.
pub const NOTHING_NEW_HEADER: &str = "tessera-answer";
/// The header of an attachment request: an [`Authorisation`] in base64.
pub const AUTHORISATION_HEADER: &str = "tessera-authorisation";

/// The bytes that a relay signs where nothing is new.
#[must_use]
pub fn nothing_new_bytes(request: &Hash, newest: &Position) -> Vec<u8> {
    hash("nothing new", &[&request.0, &newest.to_bytes()]).0.to_vec()
}

impl NothingNew {
    /// Checks that the relay with this key said so of this request.
    ///
    /// # Errors
    /// [`BadSignature`] where it did not.
    pub fn verify(&self, relay: &PublicKey, request: &Hash) -> Result<(), BadSignature> {
        relay.verify(Context::Answer, &nothing_new_bytes(request, &self.newest), &self.signature)
    }
}

/// A pack with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Its number in the log.
    pub sequence: u64,
    /// When the relay received it, by the relay's clock, milliseconds since 1970.
    pub received_ms: u64,
    /// The pack.
    pub pack: Pack,
}
wire!(Pulled { sequence, received_ms, pack });

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// 0, 1, 2, …
    pub index: u32,
    /// True for the last one of this answer.
    pub last: bool,
    /// Where the device stands after it.
    pub cursor: Cursor,
    /// The packs.
    pub pulled: List<Pulled, { limits::PACKS_PER_SEGMENT }>,
    /// Under [`Context::Segment`].
    pub signature: Signature,
}
wire!(Segment { index, last, cursor, pulled, signature });

impl Segment {
    /// The bytes under the signature: the request, index, last, cursor, and of each pack its number, time
    /// and id.
    #[must_use]
    pub fn signed(&self, request: &Hash) -> Vec<u8> {
        let mut packs = Writer::default();
        for pulled in self.pulled.iter() {
            pulled.sequence.write(&mut packs);
            pulled.received_ms.write(&mut packs);
            pulled.pack.id().write(&mut packs);
        }
        let place = (self.index, self.cursor.clone()).to_bytes();
        hash("segment", &[&request.0, &[u8::from(self.last)], &place, &packs.finish()]).0.to_vec()
    }

    /// Checks that the relay with this key sent it in answer to this request.
    ///
    /// # Errors
    /// [`BadSignature`] where it did not.
    pub fn verify(self, relay: &PublicKey, request: &Hash) -> Result<Verified<Self>, BadSignature> {
        relay.verify(Context::Segment, &self.signed(request), &self.signature)?;
        Ok(Verified::new(self))
    }
}

/// Proves who asks for or brings an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorisation {
    /// Who.
    pub caller: Caller,
    /// Over [`request_bytes`] with the bytes of [`attachment_range`] as the body.
    pub signature: Signature,
}
wire!(Authorisation { caller, signature });

/// What stands for the body of an attachment request: where the sent or wanted bytes start, and the
/// attachment's whole length (0 where it is asked for), 8 bytes each, little-endian.
#[must_use]
pub fn attachment_range(from: u64, total: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&from.to_le_bytes());
    bytes[8..].copy_from_slice(&total.to_le_bytes());
    bytes
}

/// A frame of a request's or answer's body: 4 bytes of length, little-endian, then that many bytes.
#[must_use]
pub fn frame(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("every framed value is bounded far below 4 GiB");
    [&length.to_le_bytes(), bytes].concat()
}

/// Cuts frames out of bytes that arrive in pieces of any size.
#[derive(Default)]
pub struct Frames {
    buffer: Vec<u8>,
}

/// The longest frame: an answer's head may carry a whole frontier.
pub const FRAME_BYTES: usize = 16 * 1024 * 1024;

impl Frames {
    /// Takes in the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// Gives the next whole frame of at most `limit` bytes, if it is there.
    ///
    /// # Errors
    /// [`Problem::TooLarge`] where the frame announces more.
    pub fn next(&mut self, limit: usize) -> Result<Option<Vec<u8>>, DecodeError> {
        let Some(length) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > limit {
            let problem = Problem::TooLarge { value: length as u64, limit: limit as u64 };
            return Err(DecodeError { place: vec!["frame"], at: 0, problem });
        }
        if self.buffer.len() < 4 + length {
            return Ok(None);
        }
        let rest = self.buffer.split_off(4 + length);
        let frame = std::mem::replace(&mut self.buffer, rest).split_off(4);
        Ok(Some(frame))
    }

    /// Bytes that wait for the rest of their frame.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }
}
