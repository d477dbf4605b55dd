//! An answer of the relay, taken apart and put together again under the same key or another.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use tessera_fuzz::forge::sign;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{
    AnswerHead, Cursor, FRAME_BYTES, Frames, NOTHING_NEW_HEADER, NothingNew, Pulled, Request, Segment,
    SignedAnswer, frame,
};
use tessera_protocol::header::Position;
use tessera_protocol::signature::{Context, Signature};

use crate::http::Answered;

/// Packs in one part of an answer; few, so that answers have several.
const PER_PART: usize = 20;

/// What a relay says to one request.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) head: AnswerHead,
    pub(crate) pulled: Vec<Pulled>,
    /// Where the device stands after it.
    pub(crate) cursor: Cursor,
}

/// Cuts a body into its frames.
pub(crate) fn frames(body: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Frames::default();
    frames.push(body);
    std::iter::from_fn(|| frames.next(FRAME_BYTES).ok().flatten()).collect()
}

/// The end of a log, as a cursor.
pub(crate) fn at(newest: &Position) -> Cursor {
    let (incarnation, sequence) = (newest.incarnation, newest.sequence);
    Cursor { incarnation, sequence, head: newest.head.prefix(), progress: Default::default() }
}

impl Answer {
    /// An answer that says nothing but where the log ends.
    pub(crate) fn nothing(request: &Request, newest: Position) -> Self {
        let head = AnswerHead {
            request: request.id(),
            newest,
            cursor_known: true,
            receipts: Default::default(),
            refused: Default::default(),
            frontier: None,
            announced_packs: 0,
            announced_bytes: 0,
            left_packs: 0,
            left_bytes: 0,
        };
        Self { head, pulled: Vec::new(), cursor: at(&newest) }
    }

    /// Reads one of the relay's own; none where it is a refusal.
    pub(crate) fn read(request: &Request, answered: &Answered) -> Option<Self> {
        if answered.status == 204 {
            let word = STANDARD.decode(answered.header(NOTHING_NEW_HEADER)?).ok()?;
            return Some(Self::nothing(request, NothingNew::from_bytes(&word).ok()?.newest));
        }
        let frames = frames(&answered.body);
        let (head, segments) = frames.split_first().filter(|_| answered.status == 200)?;
        let head = SignedAnswer::from_bytes(head).ok()?.head;
        let mut answer = Self { cursor: at(&head.newest), head, pulled: Vec::new() };
        for segment in segments {
            let segment = Segment::from_bytes(segment).ok()?;
            answer.cursor = segment.cursor;
            answer.pulled.extend(segment.pulled.into_vec());
        }
        Some(answer)
    }

    /// The frames of it, signed with this key; what is announced is what follows.
    pub(crate) fn write(mut self, request: &Request, key: &SigningKey) -> Vec<Vec<u8>> {
        self.head.announced_packs = self.pulled.len() as u64;
        self.head.announced_bytes = self.pulled.iter().map(|one| one.pack.to_bytes().len() as u64).sum();
        let mut frames = vec![signed(self.head, key)];
        let count = self.pulled.chunks(PER_PART).count();
        for (index, some) in (0_u32..).zip(self.pulled.chunks(PER_PART)) {
            let last = index as usize + 1 == count;
            let cursor = if last { self.cursor.clone() } else { request.head.cursor.clone() };
            frames.push(part(request, index, last, cursor, some, key).to_bytes());
        }
        frames
    }
}

/// A signed head.
pub(crate) fn signed(head: AnswerHead, key: &SigningKey) -> Vec<u8> {
    SignedAnswer { signature: sign(key, Context::Answer, &head.to_bytes()), head }.to_bytes()
}

/// A signed part.
pub(crate) fn part(
    request: &Request,
    index: u32,
    last: bool,
    cursor: Cursor,
    pulled: &[Pulled],
    key: &SigningKey,
) -> Segment {
    let pulled = pulled.to_vec().try_into().unwrap_or_default();
    let mut segment = Segment { index, last, cursor, pulled, signature: Signature([0; 64]) };
    segment.signature = sign(key, Context::Segment, &segment.signed(&request.id()));
    segment
}

/// The body of an answer.
pub(crate) fn body(frames: &[Vec<u8>]) -> Vec<u8> {
    frames.iter().flat_map(|bytes| frame(bytes)).collect()
}
