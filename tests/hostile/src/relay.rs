//! The relay that misbehaves: takes requests, brings them to the real relay where its word lets it, and makes of the answer
//! what its word says.

mod play;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use tessera_fuzz::forge;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{EXCHANGE, Pulled, Request, frame};
use tessera_protocol::header::Position;
use tessera_protocol::ids::{DeviceId, PackId};
use tessera_protocol::pack::Pack;
use tessera_tests::process::Running;
use tessera_vault::enrol::Relay;

use crate::Behaviour;
use crate::answer::{self, Answer};
use crate::http::{Answered, Asked};

/// The number of a key that no charter names.
const STRANGER: u8 = 99;
/// How long a slow relay waits after each byte.
const SLOW: Duration = Duration::from_millis(10);
/// What an endless body sends at a time.
const PIECE: usize = 64 * 1024;

struct State {
    /// Where the real relay listens.
    behind: String,
    key: SigningKey,
    behaviour: Behaviour,
    played: usize,
    /// Where the log ended when the real relay last said.
    newest: Option<Position>,
    /// Every pack that went through, either way.
    seen: BTreeMap<PackId, Pack>,
    served: BTreeMap<DeviceId, Vec<Pulled>>,
    kept_back: BTreeMap<DeviceId, Vec<Pulled>>,
    rolled_back: BTreeSet<DeviceId>,
    /// The last answer with a body that the real relay gave.
    last: Option<Answered>,
    /// The status of every answer that the real relay gave.
    statuses: Vec<u16>,
    /// Whole files that were served.
    files: Vec<Vec<u8>>,
}

/// A relay that listens on this machine until it is dropped, before a real one.
pub struct HostileRelay {
    address: SocketAddr,
    relay: Relay,
    state: Arc<Mutex<State>>,
    over: Arc<AtomicBool>,
}

impl HostileRelay {
    /// Stands before a relay and signs with its key. It is honest until it is told otherwise.
    ///
    /// # Errors
    /// Where no port is free, or the key cannot be read.
    pub fn start(behind: &Running) -> io::Result<Self> {
        let key = std::fs::read_to_string(behind.data.join("relay.key"))?;
        let key = tessera_protocol::hash::parse_hex(key.trim()).ok_or(io::ErrorKind::InvalidData)?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = State {
            behind: behind.listening.clone(),
            key: SigningKey::from_bytes(&key),
            behaviour: Behaviour::Honest,
            played: 0,
            newest: None,
            seen: BTreeMap::new(),
            served: BTreeMap::new(),
            kept_back: BTreeMap::new(),
            rolled_back: BTreeSet::new(),
            last: None,
            statuses: Vec::new(),
            files: Vec::new(),
        };
        let url = format!("http://{address}");
        let url = url.as_str().try_into().map_err(|_| io::ErrorKind::InvalidData)?;
        let relay = Relay { url, key: behind.key };
        let (state, over) = (Arc::new(Mutex::new(state)), Arc::new(AtomicBool::new(false)));
        let (shared, ended) = (Arc::clone(&state), Arc::clone(&over));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), state) = (stream, Arc::clone(&shared)) else { continue };
                // A client that has had enough ends the connection.
                std::thread::spawn(move || drop(serve(stream, &state)));
            }
        });
        Ok(Self { address, relay, state, over })
    }

    /// What a member is told of it: its own address, and the key that the charter names.
    #[must_use]
    pub fn place(&self) -> Relay {
        self.relay.clone()
    }

    /// Tells it how to behave from here on.
    pub fn tell(&self, behaviour: Behaviour) {
        let mut state = lock(&self.state);
        state.played = 0;
        state.behaviour = behaviour;
    }

    /// How often it did what it was told last: a test makes sure that it did.
    #[must_use]
    pub fn played(&self) -> usize {
        lock(&self.state).played
    }

    /// A pack that went through it.
    #[must_use]
    pub fn seen(&self, id: PackId) -> Option<Pack> {
        lock(&self.state).seen.get(&id).cloned()
    }

    /// All that went through it.
    #[must_use]
    pub fn all_seen(&self) -> Vec<Pack> {
        lock(&self.state).seen.values().cloned().collect()
    }

    /// The status of every answer that the real relay gave, the oldest first.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        lock(&self.state).statuses.clone()
    }
}

impl Drop for HostileRelay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the listener, if it still listens.
        drop(TcpStream::connect(self.address));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    while let Some(asked) = Asked::read(&mut stream)? {
        let request = answer::frames(&asked.body).first().map(|frame| Request::from_bytes(frame));
        let goes_on = match request {
            Some(Ok(request)) if asked.is(EXCHANGE.0, EXCHANGE.1) => {
                exchange(&mut stream, state, &asked, &request)?
            }
            _ => file(&mut stream, state, &asked)?,
        };
        if !goes_on {
            return stream.shutdown(Shutdown::Both);
        }
    }
    Ok(())
}

/// Answers an exchange; false where the connection ends with it.
fn exchange(
    stream: &mut TcpStream,
    state: &Mutex<State>,
    asked: &Asked,
    request: &Request,
) -> io::Result<bool> {
    let packs = answer::frames(&asked.body).into_iter().skip(1);
    let brought: Vec<Pack> = packs.filter_map(|pack| Pack::from_bytes(&pack).ok()).collect();
    let behaviour = {
        let mut state = lock(state);
        state.seen.extend(brought.iter().map(|pack| (pack.id(), pack.clone())));
        state.behaviour.clone()
    };
    if let Some(goes_on) = alone(stream, state, request, &brought, &behaviour)? {
        return Ok(goes_on);
    }
    let answered = forward(state, asked)?;
    let Some(answer) = Answer::read(request, &answered) else {
        stream.write_all(&answered.to_bytes())?;
        return Ok(true);
    };
    let device = request.head.caller.device;
    let (bytes, goes_on) = {
        let mut state = lock(state);
        state.newest = Some(answer.head.newest);
        state.seen.extend(answer.pulled.iter().map(|one| (one.pack.id(), one.pack.clone())));
        if answered.status == 200 {
            state.last = Some(answered.clone());
        }
        let mut bytes = answered.to_bytes();
        let length = answered.body.len();
        match &behaviour {
            Behaviour::NoAnswer => (Vec::new(), false),
            Behaviour::CutAnswer(after) => {
                bytes.truncate(*after);
                (bytes, false)
            }
            Behaviour::TooLittle(more) => (answered.saying(length + more), false),
            Behaviour::TooMuch(less) => (answered.saying(length.saturating_sub(*less)), true),
            Behaviour::SlowBytes | Behaviour::Twice => (bytes, true),
            Behaviour::Honest if !state.kept_back.contains_key(&device) => {
                state.served.entry(device).or_default().extend(answer.pulled);
                (bytes, true)
            }
            _ => {
                let answer = state.play(&behaviour, request, answer);
                if behaviour == Behaviour::Honest {
                    state.served.entry(device).or_default().extend(answer.pulled.iter().cloned());
                }
                let other = forge::key(STRANGER);
                let key = if behaviour == Behaviour::OtherKey { &other } else { &state.key };
                let mut body = answer::body(&answer.write(request, key));
                if let Behaviour::ChangeByte(id) = behaviour {
                    state.change_byte(&mut body, id);
                }
                (Answered::bytes(body).to_bytes(), true)
            }
        }
    };
    // What is done to HTTP is done each time; what is done to packs, where there is one to do it to.
    match behaviour {
        Behaviour::SlowBytes => {
            lock(state).played += 1;
            for byte in bytes {
                stream.write_all(&[byte])?;
                std::thread::sleep(SLOW);
            }
        }
        Behaviour::Twice => {
            lock(state).played += 1;
            let again = forward(state, asked)?;
            stream.write_all(&[bytes, again.to_bytes()].concat())?;
        }
        Behaviour::NoAnswer
        | Behaviour::CutAnswer(_)
        | Behaviour::TooLittle(_)
        | Behaviour::TooMuch(_)
        | Behaviour::OtherKey => {
            lock(state).played += 1;
            stream.write_all(&bytes)?;
        }
        _ => stream.write_all(&bytes)?,
    }
    Ok(goes_on)
}

/// What it does without the real relay; none where its word lets that answer.
fn alone(
    stream: &mut TcpStream,
    state: &Mutex<State>,
    request: &Request,
    brought: &[Pack],
    behaviour: &Behaviour,
) -> io::Result<Option<bool>> {
    let said = match behaviour {
        Behaviour::CaptivePortal(kind) => {
            let page = b"<!DOCTYPE html><html><body>Welcome to the hotel</body></html>";
            Answered::page(kind, page.to_vec()).to_bytes()
        }
        Behaviour::GarbageFrames => {
            let frames: Vec<u8> = (0..5_u8).flat_map(|at| frame(&[at; 300])).collect();
            Answered::bytes(frames).to_bytes()
        }
        Behaviour::Garbage => [0, 255, 10, 13].repeat(1000),
        Behaviour::OldAnswer => {
            let Some(answered) = lock(state).last.clone() else { return Ok(None) };
            answered.to_bytes()
        }
        Behaviour::AcknowledgeWithoutKeeping | Behaviour::PretendLog | Behaviour::ForgeReceipts => {
            let state = lock(state);
            let Some(newest) = state.newest else { return Ok(None) };
            let other = forge::key(STRANGER);
            let key = if *behaviour == Behaviour::ForgeReceipts { &other } else { &state.key };
            let answer = play::receipts(request, newest, brought, key, *behaviour == Behaviour::PretendLog);
            Answered::bytes(answer::body(&answer.write(request, &state.key))).to_bytes()
        }
        Behaviour::HugePart => {
            let state = lock(state);
            let Some(newest) = state.newest else { return Ok(None) };
            let mut head = Answer::nothing(request, newest).head;
            (head.announced_packs, head.announced_bytes) = (1, 1000);
            let mut body = frame(&answer::signed(head, &state.key));
            body.extend((1_u32 << 30).to_le_bytes());
            body.extend(vec![0; PIECE]);
            Answered::bytes(body).to_bytes()
        }
        Behaviour::HugeBody => {
            lock(state).played += 1;
            stream.write_all(&Answered::bytes(Vec::new()).saying(1 << 40))?;
            // Until the client has had enough.
            loop {
                stream.write_all(&[0xff; PIECE])?;
            }
        }
        Behaviour::EndlessParts => {
            let (newest, key) = {
                let mut state = lock(state);
                state.played += 1;
                (state.newest, state.key.clone())
            };
            let Some(newest) = newest else { return Ok(None) };
            return endless(stream, &key, request, newest);
        }
        Behaviour::Silence => {
            lock(state).played += 1;
            // Until the client has had enough.
            return stream.read(&mut [0]).map(|_| Some(false));
        }
        _ => return Ok(None),
    };
    lock(state).played += 1;
    stream.write_all(&said)?;
    Ok(Some(*behaviour != Behaviour::Garbage))
}

/// A head that announces as much as can be, then parts that hold nothing.
fn endless(
    stream: &mut TcpStream,
    key: &SigningKey,
    request: &Request,
    newest: Position,
) -> io::Result<Option<bool>> {
    let mut head = Answer::nothing(request, newest).head;
    (head.announced_packs, head.announced_bytes) = (u64::MAX, u64::MAX);
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
    let mut chunk = |bytes: Vec<u8>| {
        let framed = frame(&bytes);
        stream.write_all(&[format!("{:x}\r\n", framed.len()).as_bytes(), &framed, b"\r\n"].concat())
    };
    chunk(answer::signed(head, key))?;
    for index in 0.. {
        chunk(answer::part(request, index, false, request.head.cursor.clone(), &[], key).to_bytes())?;
    }
    Ok(Some(false))
}

fn forward(state: &Mutex<State>, asked: &Asked) -> io::Result<Answered> {
    let behind = lock(state).behind.clone();
    let answered = asked.forward(&behind)?;
    lock(state).statuses.push(answered.status);
    Ok(answered)
}

/// Answers any other request: one for a file, and whatever there may be.
fn file(stream: &mut TcpStream, state: &Mutex<State>, asked: &Asked) -> io::Result<bool> {
    let mut answered = forward(state, asked)?;
    if asked.is("GET", "/v1/attachments/") && answered.status == 200 {
        lock(state).play_file(&mut answered.body);
    }
    stream.write_all(&answered.to_bytes())?;
    Ok(true)
}
