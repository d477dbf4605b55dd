//! A request's body as it comes in: frames cut out of pieces of any size, with a patience for each piece
//! and for the whole. Never more than one frame and one piece is held.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;
use tessera_defence::defence;
use tokio::time::{Instant, timeout_at};

use crate::failure::Failure;

/// A body may always take this long.
const WHOLE_SECONDS: u64 = 120;
/// And longer where it is large: this many bytes in a second are enough.
const BYTES_PER_SECOND: u64 = 1024;

/// A body that is read piece by piece.
pub(crate) struct Incoming {
    body: BodyDataStream,
    idle: Duration,
    deadline: Instant,
    left: u64,
    /// Bytes of frames that may still be taken.
    expected: u64,
    buffer: Vec<u8>,
    start: usize,
}

impl Incoming {
    /// Starts to read a body of at most `limit` bytes.
    pub(crate) fn new(body: Body, limit: u64, idle: Duration) -> Self {
        let whole = Duration::from_secs(WHOLE_SECONDS + limit / BYTES_PER_SECOND);
        Self {
            body: body.into_data_stream(),
            idle,
            deadline: Instant::now() + whole,
            left: limit,
            expected: limit,
            buffer: Vec::new(),
            start: 0,
        }
    }

    /// Says how many bytes are still to come; what comes beyond them is refused.
    pub(crate) fn expect(&mut self, bytes: u64) {
        let here = (self.buffer.len() - self.start) as u64;
        self.expected = bytes;
        self.left = self.left.min(bytes.saturating_sub(here));
        let whole = Duration::from_secs(WHOLE_SECONDS + bytes / BYTES_PER_SECOND);
        self.deadline = self.deadline.min(Instant::now() + whole);
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        let until = self.deadline.min(Instant::now() + self.idle);
        let piece = match timeout_at(until, self.body.next()).await.map_err(|_| Failure::TooSlow)? {
            None => return Ok(None),
            Some(Err(_)) => return Err(Failure::Cut),
            Some(Ok(piece)) => piece,
        };
        self.left = self.left.checked_sub(piece.len() as u64).ok_or(Failure::TooLarge("the body"))?;
        Ok(Some(piece))
    }

    /// The next frame, of at most `limit` bytes.
    pub(crate) async fn frame(&mut self, limit: usize) -> Result<Vec<u8>, Failure> {
        let length = self.length(limit).await?;
        self.fill(4 + length).await?;
        let frame = self.buffer[self.start + 4..self.start + 4 + length].to_vec();
        self.start += 4 + length;
        self.expected -= 4 + length as u64;
        Ok(frame)
    }

    /// The length of the next frame; refused where it is above `limit`, before any of it is read.
    pub(crate) async fn length(&mut self, limit: usize) -> Result<usize, Failure> {
        self.fill(4).await?;
        let mut length = [0; 4];
        length.copy_from_slice(&self.buffer[self.start..self.start + 4]);
        let length = u32::from_le_bytes(length) as usize;
        if !defence!(N03, length <= limit && 4 + length as u64 <= self.expected) {
            return Err(Failure::TooLarge("a frame"));
        }
        Ok(length)
    }

    async fn fill(&mut self, count: usize) -> Result<(), Failure> {
        while self.buffer.len() - self.start < count {
            let piece = self.piece().await?.ok_or(Failure::Cut)?;
            self.buffer.drain(..self.start);
            self.start = 0;
            self.buffer.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// Reads at most `most` bytes more and forgets them, so that whoever still sends can hear the answer.
    pub(crate) async fn discard(&mut self, most: u64) {
        self.buffer = Vec::new();
        self.start = 0;
        self.left = self.left.min(most);
        while let Ok(Some(_)) = self.piece().await {}
    }

    /// Refuses bytes behind the last frame.
    pub(crate) async fn end(&mut self) -> Result<(), Failure> {
        while self.buffer.len() == self.start {
            match self.piece().await? {
                None => return Ok(()),
                Some(piece) => self.buffer.extend_from_slice(&piece),
            }
        }
        Err(Failure::Malformed("bytes follow the last pack".to_owned()))
    }
}
