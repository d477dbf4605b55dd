//! The messages between a program and its worker: length-prefixed, bounded, with one encoding each.
//!
//! Both ends are the same binary, so there is no version; the worker's answers are still read as untrusted.

use std::io::{self, Read, Write};

use super::{ClaimedChange, Outcome, Request, Response};

/// Largest message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;
/// Largest reason, in bytes.
const MAX_REASON_BYTES: usize = 512;

const DONE: u8 = 0;
const FAILED: u8 = 1;
const CRASHED: u8 = 2;

const APPLIED: u8 = 0;
const KNOWN: u8 = 1;
const PARKED: u8 = 2;
const REFUSED: u8 = 3;

/// A message that is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed worker message")]
pub struct CodecError;

impl Request {
    /// Encodes the request; lengths are 4 bytes, big-endian.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_count(&mut out, self.constants.len());
        self.constants.iter().for_each(|bytes| put_bytes(&mut out, bytes));
        for changes in [&self.applied, &self.incoming] {
            put_count(&mut out, changes.len());
            for change in changes {
                out.extend(change.actor);
                put_bytes(&mut out, &change.bytes);
            }
        }
        out
    }

    /// Decodes a request.
    ///
    /// # Errors
    /// [`CodecError`] for anything but what [`Request::encode`] gives.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut cursor = Cursor(bytes);
        let constants = cursor.list(4, |cursor| cursor.bytes().map(<[u8]>::to_vec))?;
        let mut changes = || {
            cursor.list(20, |cursor| {
                Ok(ClaimedChange { actor: cursor.array()?, bytes: cursor.bytes()?.to_vec() })
            })
        };
        let request = Self { constants, applied: changes()?, incoming: changes()? };
        cursor.end()?;
        Ok(request)
    }
}

impl Response {
    /// Encodes the response.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Crashed => out.push(CRASHED),
            Self::Failed(reason) => {
                out.push(FAILED);
                put_reason(&mut out, reason);
            }
            Self::Done(outcomes) => {
                out.push(DONE);
                put_count(&mut out, outcomes.len());
                outcomes.iter().for_each(|outcome| put_outcome(&mut out, outcome));
            }
        }
        out
    }

    /// Decodes a response.
    ///
    /// # Errors
    /// [`CodecError`] for anything but what [`Response::encode`] gives.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut cursor = Cursor(bytes);
        let response = match cursor.byte()? {
            CRASHED => Self::Crashed,
            FAILED => Self::Failed(cursor.reason()?),
            DONE => Self::Done(cursor.list(1, Cursor::outcome)?),
            _ => return Err(CodecError),
        };
        cursor.end()?;
        Ok(response)
    }
}

/// Writes a message with its length before it.
pub(super) fn write_frame(output: &mut impl Write, message: &[u8]) -> io::Result<()> {
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut head = Vec::new();
    put_count(&mut head, message.len());
    output.write_all(&head)?;
    output.write_all(message)
}

/// Reads a message, or nothing at the end of the input; allocates only for what arrives.
pub(super) fn read_frame(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    input.by_ref().take(4).read_to_end(&mut head)?;
    let length = match <[u8; 4]>::try_from(head.as_slice()) {
        Ok(head) => u32::from_be_bytes(head),
        Err(_) if head.is_empty() => return Ok(None),
        Err(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
    };
    if length as usize > MAX_MESSAGE_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, CodecError));
    }
    let mut message = Vec::new();
    input.by_ref().take(u64::from(length)).read_to_end(&mut message)?;
    if message.len() != length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(message))
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend(bytes);
}

fn put_reason(out: &mut Vec<u8>, reason: &str) {
    let end = reason.floor_char_boundary(MAX_REASON_BYTES);
    put_bytes(out, &reason.as_bytes()[..end]);
}

fn put_outcome(out: &mut Vec<u8>, outcome: &Outcome) {
    match outcome {
        Outcome::Applied => out.push(APPLIED),
        Outcome::Known => out.push(KNOWN),
        Outcome::Parked(missing) => {
            out.push(PARKED);
            put_count(out, missing.len());
            missing.iter().for_each(|hash| out.extend(hash));
        }
        Outcome::Refused(reason) => {
            out.push(REFUSED);
            put_reason(out, reason);
        }
    }
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CodecError)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        self.take(N)?.try_into().map_err(|_| CodecError)
    }

    fn byte(&mut self) -> Result<u8, CodecError> {
        Ok(self.take(1)?[0])
    }

    fn count(&mut self) -> Result<usize, CodecError> {
        Ok(u32::from_be_bytes(self.array()?) as usize)
    }

    fn bytes(&mut self) -> Result<&'a [u8], CodecError> {
        let length = self.count()?;
        self.take(length)
    }

    fn reason(&mut self) -> Result<String, CodecError> {
        let bytes = self.bytes()?;
        if bytes.len() > MAX_REASON_BYTES {
            return Err(CodecError);
        }
        String::from_utf8(bytes.to_vec()).map_err(|_| CodecError)
    }

    /// Reads a counted list whose items take at least `least` bytes each.
    fn list<T>(
        &mut self,
        least: usize,
        item: impl Fn(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Vec<T>, CodecError> {
        let count = self.count()?;
        if count > self.0.len() / least {
            return Err(CodecError);
        }
        (0..count).map(|_| item(self)).collect()
    }

    fn outcome(&mut self) -> Result<Outcome, CodecError> {
        Ok(match self.byte()? {
            APPLIED => Outcome::Applied,
            KNOWN => Outcome::Known,
            PARKED => Outcome::Parked(self.list(32, Self::array)?),
            REFUSED => Outcome::Refused(self.reason()?),
            _ => return Err(CodecError),
        })
    }

    fn end(&self) -> Result<(), CodecError> {
        if self.0.is_empty() { Ok(()) } else { Err(CodecError) }
    }
}
