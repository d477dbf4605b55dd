//! A client that waits at the relay for news: a request that is answered when there is some, over a connection that
//! stays, and then the next. The engine makes the requests and judges the answers, as everywhere.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tessera_engine::Engine;
use tessera_engine::exchange::Sending;
use tessera_engine::store::Store;
use tessera_protocol::access::Classes;
use tessera_protocol::exchange::{EXCHANGE, FRAME_BYTES, Frames, frame};
use tessera_protocol::signature::PublicKey;

/// How long a request may wait; the relay's own limit is near that.
const WAIT_SECONDS: u64 = 50;
/// The longest line of an answer's head.
const LINE_BYTES: u64 = 1024;

/// A connection on which somebody waits.
pub(crate) struct Watcher {
    stream: BufReader<TcpStream>,
}

impl Watcher {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(2 * WAIT_SECONDS)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks for news and does not wait for the answer.
    pub(crate) fn ask<S: Store>(&mut self, engine: &mut Engine<S>, relay: PublicKey) -> Result<Sending> {
        let sending = engine.prepare_within(relay, u64::MAX, Classes::ALL)?;
        let body: Vec<u8> = sending.frames.iter().flat_map(|bytes| frame(bytes)).collect();
        let (method, path) = EXCHANGE;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: relay\r\nprefer: wait={WAIT_SECONDS}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.stream.get_mut().write_all(&[head.as_bytes(), &body].concat())?;
        Ok(sending)
    }

    /// Takes the answer in; gives how many packs were new.
    pub(crate) fn hear<S: Store>(&mut self, engine: &mut Engine<S>, sending: &Sending) -> Result<usize> {
        let mut frames = Frames::default();
        frames.push(&self.answer()?);
        let head = frames.next(FRAME_BYTES)?.context("an answer's head")?;
        let announced = engine.answer_head(sending, &head)?;
        let (mut new, mut last, mut index) = (0, announced.packs == 0, 0);
        while !last {
            let segment = frames.next(FRAME_BYTES)?.context("a segment")?;
            let (imported, ended) = engine.segment(sending, &segment, index)?;
            (new, last, index) = (new + imported.new, ended, index + 1);
        }
        engine.digest()?;
        Ok(new)
    }

    /// The body of an answer that brings something.
    fn answer(&mut self) -> Result<Vec<u8>> {
        let status = self.line()?;
        ensure!(status.starts_with("HTTP/1.1 200"), "whoever waited was told {status:?}");
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                None => break,
                Some(("content-length", value)) => length = value.parse()?,
                Some((name, _)) => chunked |= name == "transfer-encoding",
            }
        }
        let mut body = Vec::new();
        if !chunked {
            self.add(&mut body, length)?;
            return Ok(body);
        }
        loop {
            let size = usize::from_str_radix(&self.line()?, 16)?;
            self.add(&mut body, size)?;
            self.line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn add(&mut self, body: &mut Vec<u8>, count: usize) -> Result<()> {
        ensure!(count <= FRAME_BYTES, "{count} bytes at once");
        let from = body.len();
        body.resize(from + count, 0);
        Ok(self.stream.read_exact(&mut body[from..])?)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        (&mut self.stream).take(LINE_BYTES).read_line(&mut line)?;
        ensure!(line.ends_with('\n'), "the relay went away");
        Ok(line.trim_end().to_owned())
    }
}
