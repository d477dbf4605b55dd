//! The simulation's relay behind a socket, with a script of what goes wrong: for tests of whoever talks to a relay.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tessera_protocol::exchange::{FRAME_BYTES, Frames, NOTHING_NEW_HEADER, frame};
use tessera_protocol::limits;

use crate::sim::relay::{Answer, Relay};

/// What happens to one request instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The answer is cut after so many bytes, HTTP head included.
    CutAnswer(usize),
    /// The request is cut after so many bytes of its body; what came of it whole is handled.
    CutRequest(usize),
    /// The request is handled, and the connection ends without an answer.
    NoAnswer,
    /// Nothing is ever said, and nothing handled.
    Silence,
    /// These bytes are the answer; nothing is handled.
    Instead(Vec<u8>),
}

impl Fault {
    /// An answer with this status line, type and body.
    #[must_use]
    pub fn page(status: &str, kind: &str, body: &str) -> Self {
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}");
        Self::Instead(text.into_bytes())
    }
}

struct State {
    relay: Relay,
    script: VecDeque<Fault>,
    answers: Vec<Vec<u8>>,
}

/// A relay that listens on this machine until it is dropped.
pub struct StandIn {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    over: Arc<AtomicBool>,
}

impl StandIn {
    /// Listens on a free port.
    ///
    /// # Errors
    /// Where there is none.
    pub fn start(relay: Relay) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State { relay, script: VecDeque::new(), answers: Vec::new() }));
        let over = Arc::new(AtomicBool::new(false));
        let (shared, ended) = (Arc::clone(&state), Arc::clone(&over));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), state) = (stream, Arc::clone(&shared)) else { continue };
                std::thread::spawn(move || drop(serve(stream, &state)));
            }
        });
        Ok(Self { address, state, over })
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds what goes wrong next: one entry for each request.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().script.extend(faults);
    }

    /// All answers so far, HTTP heads included.
    #[must_use]
    pub fn answers(&self) -> Vec<Vec<u8>> {
        self.lock().answers.clone()
    }

    /// Changes the relay.
    pub fn with<T>(&self, change: impl FnOnce(&mut Relay) -> T) -> T {
        change(&mut self.lock().relay)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the listener, if it still listens.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    loop {
        let Some((head, mut body)) = read_head(&mut stream)? else { return Ok(()) };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok())
            .unwrap_or(0);
        let fault = lock(state).script.pop_front();
        let wanted = match fault {
            Some(Fault::CutRequest(after)) => after.min(length),
            _ => length,
        };
        let mut piece = [0; 16 * 1024];
        while body.len() < wanted {
            match stream.read(&mut piece)? {
                0 => break,
                count => body.extend_from_slice(&piece[..count]),
            }
        }
        body.truncate(wanted);
        match &fault {
            Some(Fault::Silence) => {
                // Until the other side has had enough.
                return stream.read(&mut piece).map(drop);
            }
            Some(Fault::Instead(bytes)) => {
                stream.write_all(bytes)?;
                continue;
            }
            _ => {}
        }
        let mut answer = handle(state, &body);
        lock(state).answers.push(answer.clone());
        if let Some(Fault::CutAnswer(after)) = fault {
            answer.truncate(after);
        }
        if !matches!(fault, Some(Fault::NoAnswer | Fault::CutRequest(_))) {
            stream.write_all(&answer)?;
        }
        if fault.is_some() {
            return stream.shutdown(Shutdown::Both);
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The head of a request and what came of its body; none where the connection ended.
///
/// # Errors
/// Where nothing can be read.
pub fn read_head(stream: &mut TcpStream) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), body)));
        }
        match stream.read(&mut piece)? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

fn handle(state: &Mutex<State>, body: &[u8]) -> Vec<u8> {
    let mut frames = Frames::default();
    frames.push(body);
    let mut request = Vec::new();
    while let Ok(Some(frame)) = frames.next(FRAME_BYTES.min(limits::REQUEST_BYTES)) {
        request.push(frame);
    }
    match lock(state).relay.exchange(&request) {
        Answer::NothingNew(word) => {
            let word = STANDARD.encode(word);
            format!("HTTP/1.1 204 No Content\r\n{NOTHING_NEW_HEADER}: {word}\r\n\r\n").into_bytes()
        }
        Answer::Frames(frames) => {
            let body: Vec<u8> = frames.iter().flat_map(|bytes| frame(bytes)).collect();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            [head.as_bytes(), &body].concat()
        }
        Answer::Silence | Answer::NotAuthorised => {
            let body = r#"{"code":"not-authorised","message":""}"#;
            let length = body.len();
            let head = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json";
            format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
        }
    }
}
