//! The program itself: real processes, sockets, files, and signals that nobody can catch.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use tempfile::TempDir;
use tessera_protocol::ids::PackId;
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::Receipt;
use tessera_protocol::signature::PublicKey;
use tessera_protocol::stream::Stream;

use crate::kit::*;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tessera-relay");
/// Longer than anything here takes, on any machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A running relay; killed when dropped.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    key: PublicKey,
}

impl Process {
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        Self::start_program(PROGRAM, data, more)
    }

    pub(crate) fn start_program(program: &str, data: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(more)
            .env("TESSERA_RELAY_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let first: serde_json::Value = serde_json::from_str(&line).expect("the first line is JSON");
        let key: tessera_protocol::ids::RelayKey = first["key"].as_str().unwrap().parse().unwrap();
        let address = first["listening"].as_str().unwrap().parse().unwrap();
        Self { child, address, key: PublicKey::from_bytes(&key.0).unwrap() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    fn post(&self, body: &[u8]) -> std::io::Result<Replied> {
        post(self.address, body)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, LONG)?;
    stream.set_read_timeout(Some(LONG))?;
    stream.set_write_timeout(Some(LONG))?;
    Ok(stream)
}

pub(crate) fn post(address: SocketAddr, body: &[u8]) -> std::io::Result<Replied> {
    let mut stream = connect(address)?;
    let head = format!(
        "POST /v1/exchange HTTP/1.1\r\nhost: relay\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    read(&mut stream)
}

/// Reads an answer to its end.
fn read(stream: &mut impl Read) -> std::io::Result<Replied> {
    let broken = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(broken)?;
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
    let mut lines = head.lines();
    let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut rest = &bytes[split + 4..];
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|value| value == "chunked") {
        loop {
            let end = rest.windows(2).position(|two| two == b"\r\n").ok_or_else(broken)?;
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
            rest = &rest[end + 2..];
            if size == 0 {
                break;
            }
            body.extend_from_slice(rest.get(..size).ok_or_else(broken)?);
            rest = rest.get(size + 2..).ok_or_else(broken)?;
        }
    } else {
        body.extend_from_slice(rest);
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        if body.len() != length {
            return Err(broken());
        }
    }
    Ok(Replied { status: StatusCode::from_u16(status).unwrap(), headers, body })
}

impl Client {
    pub(crate) fn at(key: Key, world: &World, relay: &Process) -> Self {
        Self { relay: relay.key, ..Self::new(key, world.programme) }
    }

    /// One exchange with a process; an error where the connection broke.
    pub(crate) fn call(&mut self, relay: &Process, packs: &[Pack]) -> std::io::Result<Got> {
        let (request, body) = self.request(packs);
        let replied = relay.post(&body)?;
        Ok(self.take(&request, &replied, usize::MAX))
    }

    pub(crate) fn send(&mut self, relay: &Process, packs: &[Pack]) -> std::io::Result<Vec<Receipt>> {
        match self.call(relay, packs)? {
            Got::Answer(head, _) => Ok(head.receipts.into_vec()),
            Got::Nothing => panic!("packs were not answered"),
        }
    }
}

/// A folder with a key, and a programme whose charter names it.
pub(crate) fn world(folder: &TempDir) -> (PathBuf, World) {
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    tessera_relay::key::SigningRelay::write(&data.join("relay.key"), &RELAY_SEED).unwrap();
    (data, World::found())
}

fn run(verb: &[&str], data: &Path) -> Output {
    Command::new(PROGRAM).args(verb).arg("--data").arg(data).output().unwrap()
}

#[track_caller]
fn said(output: &Output, status: i32) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{text}{error}");
    text
}

/// A device that sends pack after pack until the relay is gone; tells of every receipt.
fn keep_sending(
    mut client: Client,
    mut world: World,
    address: SocketAddr,
    receipts: &mpsc::Sender<Receipt>,
) -> (Client, World) {
    loop {
        let pack = world.items(client.key, Stream::Reviews(client.key.member()), 700);
        let (request, body) = client.request(std::slice::from_ref(&pack));
        let Ok(replied) = post(address, &body) else { return (client, world) };
        if let Got::Answer(head, _) = client.take(&request, &replied, usize::MAX) {
            assert_eq!(head.receipts.len(), 1);
            receipts.send(head.receipts[0]).unwrap();
        }
    }
}

#[test]
fn f01_kill_9_fifty_times_loses_no_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    let mut all: BTreeMap<PackId, Receipt> = BTreeMap::new();
    let writers = [RITA, ROB, Key(23)];
    let relay = Process::start(&data, &[]);
    let mut carla = Client::at(CARLA, &world, &relay);
    let mut packs = world.charter.clone();
    writers.iter().for_each(|key| packs.extend(world.enrol(ADMIN, *key)));
    all.extend(carla.send(&relay, &packs).unwrap().into_iter().map(|receipt| (receipt.pack, receipt)));
    let mut states: Vec<(Client, World)> =
        writers.iter().map(|key| (Client::at(*key, &world, &relay), world.clone())).collect();
    drop(relay);
    for round in 0..50_usize {
        let mut relay = Process::start(&data, &[]);
        let address = relay.address;
        let (send, receive) = mpsc::channel();
        let threads: Vec<_> = states
            .drain(..)
            .map(|(client, world)| {
                let send = send.clone();
                std::thread::spawn(move || keep_sending(client, world, address, &send))
            })
            .collect();
        drop(send);
        // Killed while the others are in the middle of theirs.
        for _ in 0..=round % 7 {
            let receipt = receive.recv_timeout(LONG).unwrap();
            all.insert(receipt.pack, receipt);
        }
        relay.child.kill().unwrap();
        relay.child.wait().unwrap();
        states.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
        all.extend(receive.try_iter().map(|receipt| (receipt.pack, receipt)));
    }
    let relay = Process::start(&data, &[]);
    let asked: Vec<PackId> = all.keys().copied().collect();
    let mut found = BTreeMap::new();
    for some in asked.chunks(1000) {
        carla.asked = some.to_vec();
        let receipts = carla.send(&relay, &[]).unwrap();
        found.extend(receipts.into_iter().map(|receipt| (receipt.pack, receipt)));
    }
    assert!(all.len() > 150);
    assert_eq!(found, all, "every receipt is there, the same as it was");
    let mut cora = Client::at(CORA, &world, &relay);
    while cora.call(&relay, &[]).unwrap().packs() > 0 {}
    let pulled: std::collections::BTreeSet<PackId> = cora.pulled.iter().map(Pack::id).collect();
    assert!(all.keys().all(|id| pulled.contains(id)));
    drop(relay);
    said(&run(&["check"], &data), 0);
}

#[test]
fn a_relay_ends_in_peace_and_its_requests_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    let mut relay = Process::start(&data, &[]);
    let mut carla = Client::at(CARLA, &world, &relay);
    let call = world.items(CARLA, Stream::Programme, 5_000);
    let (request, body) = carla.request(&[world.charter.clone(), vec![call]].concat());
    // The relay is asked to end while this request is half there; it is answered all the same.
    let mut stream = connect(relay.address).unwrap();
    let head = format!("POST /v1/exchange HTTP/1.1\r\nhost: r\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), &body[..500]].concat()).unwrap();
    // It has begun with it when another of the same connection order is answered.
    let (_, other) = Client::at(CORA, &world, &relay).request(&[]);
    assert_eq!(relay.post(&other).unwrap().status.as_u16(), 401);
    let silent = connect(relay.address).unwrap();
    relay.signal("-TERM");
    let mut silent_end = Vec::new();
    (&silent).read_to_end(&mut silent_end).unwrap();
    stream.write_all(&body[500..]).unwrap();
    let replied = read(&mut stream).unwrap();
    let Got::Answer(head, _) = carla.take(&request, &replied, usize::MAX) else { panic!("sent") };
    assert_eq!(head.receipts.len(), 2);
    assert_eq!(relay.child.wait().unwrap().code(), Some(0));
    let left: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name == "relay.db-wal"), "{left:?}");
}

#[test]
fn whoever_sends_much_in_vain_hears_why() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    let config = folder.path().join("relay.toml");
    std::fs::write(&config, "[limits]\nrequests_per_second = 0\nrequests_at_once = 1\n").unwrap();
    let relay = Process::start(&data, &["--config", config.to_str().unwrap()]);
    let mut carla = Client::at(CARLA, &world, &relay);
    carla.send(&relay, &world.charter).unwrap();
    let packs: Vec<Pack> = (0..30).map(|_| world.items(CARLA, Stream::Programme, 250 * 1024)).collect();
    let unknown = Client::at(ROB, &world, &relay).request(&packs).1;
    let too_many = carla.request(&packs).1;
    let malformed = [&too_many[..5_000_000], &vec![7; 3_000_000][..]].concat();
    for (body, expected) in [(unknown, 401), (too_many, 429), (malformed, 429)] {
        assert_eq!(relay.post(&body).unwrap().refusal().0, expected);
    }
}

/// An honest device's exchanges while something else goes on; the longest.
fn honest(relay: &Process, carla: &mut Client) -> Duration {
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        let start = Instant::now();
        carla.call(relay, &[]).unwrap();
        longest = longest.max(start.elapsed());
    }
    longest
}

#[test]
fn n02_silent_and_slow_connections_are_no_honest_ones_problem() {
    let folder = tempfile::tempdir().unwrap();
    let (data, world) = world(&folder);
    let config = folder.path().join("relay.toml");
    std::fs::write(
        &config,
        "[limits]\nconnections = 64\nconnections_per_address = 100000\nheader_seconds = 2\n",
    )
    .unwrap();
    let relay = Process::start(&data, &["--config", config.to_str().unwrap()]);
    let mut carla = Client::at(CARLA, &world, &relay);
    carla.send(&relay, &world.charter).unwrap();
    // Far more connections than there are places, none of which says a word.
    let silent: Vec<TcpStream> = (0..600).map(|_| connect(relay.address).unwrap()).collect();
    assert!(honest(&relay, &mut carla) < Duration::from_secs(1));
    // Slow ones: a byte of a header, then nothing; half a header; half a frame.
    let mut slow: Vec<TcpStream> = (0..40).map(|_| connect(relay.address).unwrap()).collect();
    for (start, stream) in ["P", "POST /v1/exchange HTTP/1.1\r\nhost: r\r\nx-a"].iter().cycle().zip(&mut slow)
    {
        stream.write_all(start.as_bytes()).unwrap();
    }
    assert!(honest(&relay, &mut carla) < Duration::from_secs(1));
    // One that was answered and says nothing more goes as well.
    let mut answered = connect(relay.address).unwrap();
    answered.write_all(b"GET /healthz HTTP/1.1\r\nhost: r\r\n\r\n").unwrap();
    assert_eq!(read(&mut answered).unwrap().status.as_u16(), 200);
    // All of them are closed by the relay, the silent ones without a word.
    for mut stream in silent {
        let mut end = Vec::new();
        let closed = stream.read_to_end(&mut end);
        assert!(closed.is_err() || end.is_empty());
    }
    for mut stream in slow {
        let mut end = Vec::new();
        let _ = stream.read_to_end(&mut end);
        assert!(end.is_empty() || end.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&end));
    }
}

#[test]
fn n02_a_slow_body_ends_and_one_address_has_only_so_many_connections() {
    let folder = tempfile::tempdir().unwrap();
    let (data, world) = world(&folder);
    let config = folder.path().join("relay.toml");
    std::fs::write(&config, "[limits]\nconnections_per_address = 8\nidle_seconds = 1\n").unwrap();
    let relay = Process::start(&data, &["--config", config.to_str().unwrap()]);
    let mut carla = Client::at(CARLA, &world, &relay);
    carla.send(&relay, &world.charter).unwrap();
    let (_, body) = carla.request(&[]);
    let mut slow = connect(relay.address).unwrap();
    let head = format!("POST /v1/exchange HTTP/1.1\r\nhost: r\r\ncontent-length: {}\r\n\r\n", body.len());
    slow.write_all(&[head.as_bytes(), &body[..20]].concat()).unwrap();
    assert_eq!(read(&mut slow).unwrap().refusal(), (408, "too-slow".to_owned()));
    let held: Vec<TcpStream> = (0..8).map(|_| connect(relay.address).unwrap()).collect();
    let mut ninth = connect(relay.address).unwrap();
    let _ = ninth.write_all(b"GET /healthz HTTP/1.1\r\nhost: r\r\nconnection: close\r\n\r\n");
    assert!(read(&mut ninth).is_err());
    drop(held);
    // The places are free again as soon as the relay sees that they are gone.
    let start = Instant::now();
    while carla.call(&relay, &[]).is_err() {
        assert!(start.elapsed() < LONG);
    }
}

#[test]
fn f08_a_restored_relay_is_noticed_and_filled_again() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    let copy = folder.path().join("copy.db");
    let first: Vec<Pack> = [world.charter.clone(), vec![world.items(CARLA, Stream::Programme, 100)]].concat();
    let second: Vec<Pack> = (0..3).map(|_| world.items(CARLA, Stream::Programme, 100)).collect();
    let relay = Process::start(&data, &[]);
    let mut carla = Client::at(CARLA, &world, &relay);
    carla.send(&relay, &first).unwrap();
    said(&run(&["backup", copy.to_str().unwrap()], &data), 0);
    assert_eq!(run(&["backup", copy.to_str().unwrap()], &data).status.code(), Some(2), "never over a file");
    carla.send(&relay, &second).unwrap();
    assert_eq!(run(&["restore", copy.to_str().unwrap()], &data).status.code(), Some(2), "the relay runs");
    drop(relay);
    assert!(said(&run(&["restore", copy.to_str().unwrap()], &data), 0).contains("before-restore-1"));
    let relay = Process::start(&data, &[]);
    let Got::Answer(head, _) = carla.call(&relay, &[]).unwrap() else { panic!("unknown cursor") };
    assert!(!head.cursor_known);
    assert_eq!(head.newest.sequence, 2);
    assert_eq!(carla.send(&relay, &second).unwrap().len(), 3);
    drop(relay);
    assert!(said(&run(&["check"], &data), 0).contains("5 packs, 5 receipts"));
}

#[test]
fn what_is_no_copy_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (data, world) = world(&folder);
    let relay = Process::start(&data, &[]);
    Client::at(CARLA, &world, &relay).send(&relay, &world.charter).unwrap();
    drop(relay);
    let check = |name: &str, bytes: &[u8], status: i32| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let output = run(&["restore", path.to_str().unwrap()], &data);
        assert_eq!(output.status.code(), Some(status), "{name}: {output:?}");
        assert!(!output.stderr.is_empty());
    };
    check("text", b"this is no database, and it is long enough to look at", 9);
    let copy = folder.path().join("copy.db");
    said(&run(&["backup", copy.to_str().unwrap()], &data), 0);
    let bytes = std::fs::read(&copy).unwrap();
    check("short", &bytes[..bytes.len() / 2], 9);
    let newer = folder.path().join("newer.db");
    std::fs::copy(&copy, &newer).unwrap();
    let connection = rusqlite::Connection::open(&newer).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    check("newer.db", &std::fs::read(&newer).unwrap(), 10);
    assert_eq!(run(&["restore", "/nowhere/at/all"], &data).status.code(), Some(4));
    said(&run(&["check"], &data), 0);
    // A newer database is refused by every verb.
    let data = folder.path().join("newer");
    std::fs::create_dir(&data).unwrap();
    std::fs::copy(&newer, data.join("relay.db")).unwrap();
    for verb in ["check", "inspect"] {
        assert_eq!(run(&[verb], &data).status.code(), Some(10), "{verb}");
    }
    assert_eq!(run(&["serve", "--listen", "127.0.0.1:0"], &data).status.code(), Some(10));
}

#[test]
fn f16_damage_is_named_and_the_rest_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    let packs: Vec<Pack> =
        [world.charter.clone(), (0..3).map(|_| world.items(CARLA, Stream::Programme, 900)).collect()]
            .concat();
    let relay = Process::start(&data, &[]);
    let mut carla = Client::at(CARLA, &world, &relay);
    carla.send(&relay, &packs).unwrap();
    drop(relay);
    let connection = rusqlite::Connection::open(data.join("relay.db")).unwrap();
    let id = packs[2].id();
    connection.execute("UPDATE packs SET rest = zeroblob(length(rest)) WHERE id = ?1", [id.0]).unwrap();
    drop(connection);
    let text = said(&run(&["check"], &data), 9);
    assert!(text.contains("pack 3: its bytes are damaged"), "{text}");
    let relay = Process::start(&data, &[]);
    let mut cora = Client::at(CORA, &world, &relay);
    let (request, body) = cora.request(&[]);
    let replied = relay.post(&body).unwrap();
    let got: Vec<PackId> = {
        // One is announced and missing; what came verifies.
        cora.take(&request, &replied, 0);
        let segment = tessera_protocol::codec::Wire::from_bytes(&replied.frames()[1]);
        let segment: tessera_protocol::exchange::Segment = segment.unwrap();
        let segment = segment.verify(&relay.key, &request.id()).unwrap();
        segment.pulled.iter().map(|pulled| pulled.pack.id()).collect()
    };
    assert_eq!(got, [packs[0].id(), packs[1].id(), packs[3].id()]);
    // It is missing from what the relay says it holds, and whoever has it brings it again.
    let mut carla = Client { have: Some(Default::default()), ..carla };
    let Got::Answer(head, _) = carla.call(&relay, &[]).unwrap() else { panic!("have") };
    let chain = (packs[2].header().stream, CARLA.id());
    assert!(head.frontier.as_ref().unwrap().tips(chain).any(|tip| tip == packs[1].id()));
    let before = carla.send(&relay, &packs[3..]).unwrap()[0].sequence;
    assert_eq!((carla.send(&relay, &packs[2..3]).unwrap()[0].sequence, before), (3, 4));
    let mut fresh = Client::at(CORA, &world, &relay);
    fresh.call(&relay, &[]).unwrap();
    assert_eq!(ids(&fresh.pulled), ids(&packs));
    drop(relay);
    said(&run(&["check"], &data), 0);
}

#[test]
fn f21_a_relay_whose_charter_is_damaged_is_given_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    let call = world.items(CARLA, Stream::Programme, 900);
    let packs: Vec<Pack> = [world.charter.clone(), world.enrol(ADMIN, RITA), vec![call]].concat();
    let relay = Process::start(&data, &[]);
    let mut carla = Client::at(CARLA, &world, &relay);
    carla.send(&relay, &packs).unwrap();
    drop(relay);
    let connection = rusqlite::Connection::open(data.join("relay.db")).unwrap();
    let genesis = packs[0].id();
    let sql = "UPDATE packs SET header = zeroblob(length(header)) WHERE id = ?1";
    connection.execute(sql, [genesis.0]).unwrap();
    drop(connection);
    said(&run(&["check"], &data), 9);
    let relay = Process::start(&data, &[]);
    let lost = relay.post(&carla.request(&[]).1).unwrap();
    assert_eq!(lost.refusal().0, 401, "nobody is known without the charter");
    assert_eq!(carla.send(&relay, &packs).unwrap().len(), packs.len());
    let mut rita = Client::at(RITA, &world, &relay);
    rita.call(&relay, &[]).unwrap();
    assert_eq!(ids(&rita.pulled), ids(&packs));
    drop(relay);
    said(&run(&["check"], &data), 0);
}

#[test]
fn an_operator_sees_pseudonyms_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    let relay = Process::start(&data, &[]);
    let mut packs = [world.charter.clone(), world.enrol(ADMIN, RITA)].concat();
    packs.push(world.items(CARLA, dossier(5), 2_000));
    packs.push(world.open(CARLA, RITA, dossier(5)));
    Client::at(CARLA, &world, &relay).send(&relay, &packs).unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&said(&run(&["inspect", "--json"], &data), 0)).unwrap();
    assert_eq!(json["synchronous"], "full");
    let programme = &json["programmes"][0];
    assert_eq!(programme["programme"], world.programme.to_string());
    assert_eq!(programme["packs"], packs.len());
    let streams = programme["streams"].as_array().unwrap();
    let sealed = streams.iter().find(|stream| stream["kind"] == "other").unwrap();
    assert_eq!(sealed["read_by"], serde_json::json!(["coordinators", RITA.member().to_string()]));
    assert_eq!(sealed["clear"], false);
    let admins = programme["members"].as_array().unwrap().iter().filter(|member| member["admin"] == true);
    assert_eq!(admins.map(|member| member["packs"].as_u64().unwrap()).collect::<Vec<_>>(), [3]);
    let words = said(&run(&["inspect"], &data), 0);
    assert!(words.contains(&format!("to/{}", &RITA.member().to_string()[..8])), "{words}");
    assert_eq!(run(&["inspect"], folder.path()).status.code(), Some(4));
}

#[test]
fn transports_that_let_others_read_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serve = |more: &[&str]| {
        let args = [&["serve"][..], more].concat();
        run(&args, &data).status.code()
    };
    assert_eq!(serve(&["--listen", "0.0.0.0:0"]), Some(2));
    assert_eq!(serve(&["--listen", "[::]:0"]), Some(2));
    assert_eq!(serve(&["--listen", "127.0.0.1:0", "--tls-cert", "x"]), Some(2));
    assert_eq!(
        serve(&["--listen", "127.0.0.1:0", "--tls-cert", "x", "--tls-key", "y", "--behind-proxy"]),
        Some(2)
    );
    assert_eq!(serve(&["--listen", "127.0.0.1:0", "--programme", "xyz"]), Some(2));
    assert_eq!(serve(&["--listen", "127.0.0.1:0", "--config", "/nowhere"]), Some(1));
    let config = folder.path().join("c.toml");
    std::fs::write(&config, "[limits]\nno_such_limit = 1\n").unwrap();
    assert_eq!(serve(&["--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()]), Some(2));
    let _relay = Process::start(&data, &["--behind-proxy"]);
    assert_eq!(serve(&["--listen", "127.0.0.1:0"]), Some(2), "one relay, one folder");
}

#[test]
fn the_settings_that_are_shipped_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let shipped = include_str!("../../packaging/relay.toml");
    let (_, limits) = shipped.split_once("[limits]").unwrap();
    let spelled: Vec<&str> = limits
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.contains(" = "))
        .collect();
    assert_eq!(spelled.len(), 9);
    let mut text = shipped.replace("/var/lib/tessera-relay", data.to_str().unwrap());
    text.push_str(&spelled.join("\n"));
    let config = folder.path().join("relay.toml");
    std::fs::write(&config, text).unwrap();
    let mut relay = Command::new(PROGRAM);
    let relay = relay.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(&config);
    let mut child = relay.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.starts_with(r#"{"listening":"127.0.0.1:"#), "{line}");
    assert!(data.join("relay.db").exists());
}

const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relay/tls/cert.pem");
const CERTIFICATE_KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relay/tls/key.pem");

#[test]
fn tls_carries_an_exchange_and_nothing_else_gets_in() {
    use rustls_pki_types::pem::PemObject;
    let folder = tempfile::tempdir().unwrap();
    let (data, world) = world(&folder);
    let config = folder.path().join("relay.toml");
    std::fs::write(&config, "[limits]\nheader_seconds = 1\n").unwrap();
    let more =
        ["--tls-cert", CERTIFICATE, "--tls-key", CERTIFICATE_KEY, "--config", config.to_str().unwrap()];
    let relay = Process::start(&data, &more);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls_pki_types::CertificateDer::from_pem_file(CERTIFICATE).unwrap()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let settings = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let settings = std::sync::Arc::new(settings);
    let open = || {
        let name = "localhost".try_into().unwrap();
        let tls = rustls::ClientConnection::new(std::sync::Arc::clone(&settings), name).unwrap();
        rustls::StreamOwned::new(tls, connect(relay.address).unwrap())
    };
    let mut carla = Client::at(CARLA, &world, &relay);
    let (request, body) = carla.request(&world.charter);
    let mut stream = open();
    let head = format!(
        "POST /v1/exchange HTTP/1.1\r\nhost: r\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let replied = read(&mut stream).unwrap();
    let Got::Answer(head, _) = carla.take(&request, &replied, usize::MAX) else { panic!("sent") };
    assert_eq!(head.receipts.len(), 1);
    // Neither plain HTTP, nor silence, nor silence after the handshake.
    assert!(relay.post(&carla.request(&[]).1).is_err());
    let mut end = Vec::new();
    let _ = connect(relay.address).unwrap().read_to_end(&mut end);
    let mut silent = open();
    while silent.conn.is_handshaking() {
        silent.conn.complete_io(&mut silent.sock).unwrap();
    }
    let _ = silent.read_to_end(&mut end);
    assert!(end.is_empty());
}

/// True where the bytes are in the text as they are, in hexadecimal, or in base64 at any offset.
fn leaks(text: &str, secret: &[u8]) -> bool {
    use base64::Engine;
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 = (0..3).map(|skip| {
        let whole = base64::prelude::BASE64_STANDARD.encode(&secret[skip..]);
        whole[..whole.len() - 4].to_owned()
    });
    let debug = format!("{secret:?}");
    let debug = debug.trim_matches(['[', ']']).to_owned();
    base64.chain([hex, debug, String::from_utf8_lossy(secret).into_owned()]).any(|form| text.contains(&form))
}

#[test]
fn k22_no_log_line_holds_content_or_keys() {
    const CANARY: &[u8] = b"canary: this sentence is in no log";
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    let mut child = Command::new(PROGRAM)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .env("TESSERA_RELAY_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let first: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = first["listening"].as_str().unwrap().parse().unwrap();
    let relay = Process { child, address, key: relay_key(RELAY_SEED) };
    let mut carla = Client::at(CARLA, &world, &relay);
    let canary = world.pack(
        CARLA,
        Stream::Programme,
        tessera_protocol::header::PackKind::Items,
        CANARY.to_vec(),
        |_| {},
    );
    carla.send(&relay, &[world.charter.clone(), vec![canary.clone()]].concat()).unwrap();
    let mut cora = Client::at(CORA, &world, &relay);
    assert_eq!(cora.call(&relay, &[]).unwrap().packs(), 2);
    // Requests that fail, with the canary where it does harm.
    let _ = relay.post(CANARY);
    let _ = relay.post(&tessera_protocol::exchange::frame(CANARY));
    let mut stream = connect(relay.address).unwrap();
    let path = String::from_utf8_lossy(CANARY).replace(' ', "-");
    let head = format!(
        "GET /v1/attachments/{path}/{path} HTTP/1.1\r\nhost: {path}\r\nconnection: close\r\ntessera-authorisation: {path}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(read(&mut stream).unwrap().status.as_u16(), 401);
    relay.signal("-TERM");
    let text = reader.join().unwrap().unwrap();
    assert!(text.lines().count() > 5 && text.contains("\"status\":401"));
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{text}");
    for secret in [CANARY, path.as_bytes(), &RELAY_SEED, &canary.signature().0] {
        assert!(!leaks(&text, secret), "{text}");
    }
    assert!(leaks(&format!("x{CANARY:?}"), CANARY), "the search itself finds");
}

/// The program with so many file handles.
fn with_handles(handles: u32, data: &Path) -> Command {
    let mut command = Command::new("bash");
    command
        .args(["-c", &format!("ulimit -n {handles}; exec \"$@\""), "bash", PROGRAM])
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env("TESSERA_RELAY_LOG", "error")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn f04_with_any_number_of_file_handles_the_relay_serves_or_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let (data, world) = world(&folder);
    let (mut served, mut refused) = (0, 0);
    for handles in 4..=40 {
        let mut child = with_handles(handles, &data).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if let Ok(first) = serde_json::from_str::<serde_json::Value>(&line) {
            let address = first["listening"].as_str().unwrap().parse().unwrap();
            let relay = Process { child, address, key: relay_key(RELAY_SEED) };
            // With a handle for the connection it answers; without it goes on all the same.
            let _ = connect(address);
            let mut relay = relay;
            assert!(relay.child.try_wait().unwrap().is_none(), "{handles} handles");
            served += 1;
            continue;
        }
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code().is_some_and(|code| code != 0 && code != 101), "{handles}: {words}");
        assert!(!words.trim().is_empty() && !words.contains("panicked"), "{handles}: {words}");
        refused += 1;
    }
    println!(
        "figure: a relay with 4 to 40 file handles: {refused} times refused in words, {served} times serving"
    );
    assert!(served > 0 && refused > 0);
    // One that has just enough: connections use them up, and when these end it serves as before.
    let mut child = with_handles(40, &data).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let first: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = first["listening"].as_str().unwrap().parse().unwrap();
    let relay = Process { child, address, key: relay_key(RELAY_SEED) };
    let mut carla = Client::at(CARLA, &world, &relay);
    carla.send(&relay, &world.charter).unwrap();
    let idle: Vec<_> = (0..60).filter_map(|_| connect(address).ok()).collect();
    assert!(idle.len() > 30, "{}", idle.len());
    drop(idle);
    let mut cora = Client::at(CORA, &world, &relay);
    assert_eq!(cora.call(&relay, &[]).unwrap().packs(), 1);
}

#[test]
fn a_spare_key_starts_a_blank_relay_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let spare = folder.path().join("spare.key");
    let made = Command::new(PROGRAM).arg("key").arg(&spare).output().unwrap();
    let made: serde_json::Value = serde_json::from_str(&said(&made, 0)).unwrap();
    let data = folder.path().join("blank");
    let relay = Process::start(&data, &["--key", spare.to_str().unwrap()]);
    let key: String = relay.key.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(made["key"], key);
    let before = relay.key;
    drop(relay);
    std::fs::remove_file(&spare).unwrap();
    assert_eq!(Process::start(&data, &[]).key, before);
    let other = folder.path().join("other.key");
    said(&Command::new(PROGRAM).arg("key").arg(&other).output().unwrap(), 0);
    let refused = run(&["serve", "--listen", "127.0.0.1:0", "--key", other.to_str().unwrap()], &data);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_relay_carries_plain_sqlite() {
    let version = tessera_relay::store::sqlite::carried().unwrap();
    println!("the relay carries SQLite {version}");
    assert!(rusqlite::version_number() >= 3_051_003);
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let cipher = connection.query_row("PRAGMA cipher_version", [], |row| row.get::<_, String>(0));
    assert_eq!(cipher, Err(rusqlite::Error::QueryReturnedNoRows));
    let said = said(&Command::new(PROGRAM).arg("version").output().unwrap(), 0);
    assert!(said.contains(version));
}
