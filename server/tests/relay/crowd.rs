//! What a crowd costs a relay: twenty devices that send small edits, and twenty that want to hear of one edit. What
//! counts is the relay's own time, as the kernel counts it, so that two programs can be told apart on a machine that
//! does other things as well.
//!
//! `TESSERA_RELAYS` names programs, one after the other with `:` between them, that are measured in turns;
//! `TESSERA_ROUNDS` says how many edits each device makes, `TESSERA_WORK` what a device does between two, in signatures: a
//! real one takes some milliseconds for an edit and for what it hears, and a relay that is woken for each pays more.
//!
//! ```text
//! cargo test --release -p tessera-relay --test relay -- --ignored --nocapture crowd
//! ```

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use axum::http::StatusCode;
use tessera_protocol::exchange::Request;
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::Context;
use tessera_protocol::stream::Stream;

use crate::kit::*;
use crate::program::{LONG, PROGRAM, Process, world};

const DEVICES: u32 = 20;
/// Bytes of an edit's body and of what is watched: what the benchmarks' clients send.
const EDIT_BYTES: usize = 320;
const WATCHED_BYTES: usize = 2_500;
/// How devices hear of an edit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hearing {
    /// They ask once it is there, each over a connection of its own.
    Asking,
    /// They ask once it is there, over a connection that stays.
    Staying,
    /// They have asked, and wait.
    Waiting,
}

/// One connection, or one for each request.
struct Line {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    stays: bool,
}

impl Line {
    fn new(address: SocketAddr, stays: bool) -> Self {
        Self { address, stream: None, stays }
    }

    fn ask(&mut self, body: &[u8], wait: bool) {
        let mut stream = self.stream.take().unwrap_or_else(|| {
            let stream = TcpStream::connect_timeout(&self.address, LONG).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            BufReader::new(stream)
        });
        let head = format!("POST /v1/exchange HTTP/1.1\r\nhost: relay\r\ncontent-length: {}\r\n", body.len());
        let prefer = if wait { "prefer: wait=50\r\n\r\n" } else { "\r\n" };
        let request = [head.as_bytes(), prefer.as_bytes(), body].concat();
        stream.get_mut().write_all(&request).unwrap();
        self.stream = Some(stream);
    }

    fn answer(&mut self) -> Replied {
        let mut stream = self.stream.take().unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let status = StatusCode::from_bytes(line.split(' ').nth(1).unwrap().as_bytes()).unwrap();
        let mut headers = BTreeMap::new();
        loop {
            line.clear();
            stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_owned(), value.to_owned());
        }
        let mut body = Vec::new();
        if headers.contains_key("transfer-encoding") {
            loop {
                line.clear();
                stream.read_line(&mut line).unwrap();
                let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
                let from = body.len();
                body.resize(from + size + 2, 0);
                stream.read_exact(&mut body[from..]).unwrap();
                body.truncate(from + size);
                if size == 0 {
                    break;
                }
            }
        } else {
            body.resize(headers.get("content-length").map_or(0, |length| length.parse().unwrap()), 0);
            stream.read_exact(&mut body).unwrap();
        }
        if self.stays {
            self.stream = Some(stream);
        }
        Replied { status, headers, body }
    }
}

struct Device {
    client: Client,
    line: Line,
    world: World,
}

impl Device {
    fn say(&mut self, packs: &[Pack]) -> Got {
        let (request, body) = self.client.request(packs);
        self.line.ask(&body, false);
        let replied = self.line.answer();
        self.client.take(&request, &replied, usize::MAX)
    }

    /// Does what a device does beside speaking.
    fn work(&self) {
        for _ in 0..number("TESSERA_WORK", 500) {
            std::hint::black_box(self.client.key.sign(Context::Pack, &[1; 64]));
        }
    }

    /// Asks for what is new and does not wait for the answer.
    fn wait(&mut self, hearing: Hearing) -> Option<Request> {
        if hearing != Hearing::Waiting {
            return None;
        }
        let (request, body) = self.client.request(&[]);
        self.line.ask(&body, true);
        Some(request)
    }

    fn edit(&mut self, rounds: usize, group: usize) {
        let stream = Stream::Desk(self.client.key.member());
        for _ in 0..rounds {
            let packs: Vec<_> =
                (0..group).map(|_| self.world.items(self.client.key, stream, EDIT_BYTES)).collect();
            self.work();
            let Got::Answer(head, _) = self.say(&packs) else { panic!("packs are answered") };
            assert_eq!(head.receipts.len(), group);
        }
    }
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// Nanoseconds that each thread of a process has run.
fn ran(process: &Process) -> BTreeMap<PathBuf, f64> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
    let one = |path: PathBuf| {
        let line = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        (path, line.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0.0))
    };
    tasks.map(|task| one(task.unwrap().path())).collect()
}

/// Seconds that a process has run since; a thread that ended meanwhile had nothing to do.
fn seconds_since(process: &Process, before: &BTreeMap<PathBuf, f64>) -> f64 {
    let since = |(thread, now): (&PathBuf, &f64)| now - before.get(thread).unwrap_or(&0.0);
    ran(process).iter().map(since).sum::<f64>() / 1e9
}

fn at_once(devices: &mut [Device], rounds: usize, group: usize) -> usize {
    std::thread::scope(|scope| {
        devices.iter_mut().for_each(|device| drop(scope.spawn(|| device.edit(rounds, group))))
    });
    devices.len() * rounds * group
}

fn watch(carla: &mut Device, devices: &mut [Device], rounds: usize, hearing: Hearing) -> usize {
    devices
        .iter_mut()
        .for_each(|device| device.line = Line::new(device.line.address, hearing != Hearing::Asking));
    for _ in 0..rounds {
        let asked: Vec<_> = devices.iter_mut().map(|device| device.wait(hearing)).collect();
        let pack = carla.world.items(CARLA, dossier(0), WATCHED_BYTES);
        let Got::Answer(head, _) = carla.say(&[pack]) else { panic!("packs are answered") };
        assert_eq!(head.receipts.len(), 1);
        for (device, asked) in devices.iter_mut().zip(asked) {
            let got = match asked {
                None => device.say(&[]),
                Some(request) => {
                    let replied = device.line.answer();
                    device.client.take(&request, &replied, usize::MAX)
                }
            };
            assert_eq!(got.packs(), 1);
            device.work();
        }
    }
    devices.len() * rounds
}

/// Deliveries or durable edits for a second of the relay's time.
fn measure(program: &str, rounds: usize) -> Vec<(&'static str, f64)> {
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    // More than a device of a person makes in a second, because here it does nothing else.
    let settings = folder.path().join("relay.toml");
    std::fs::write(&settings, "[limits]\nrequests_per_second = 100000\nrequests_at_once = 100000\n").unwrap();
    let relay = Process::start_program(program, &data, &["--config", settings.to_str().unwrap()]);
    let mut packs = world.charter.clone();
    for key in (0..DEVICES).map(|number| Key(30 + number)) {
        packs.extend(world.enrol(ADMIN, key));
        packs.extend((0..8).map(|number| world.open(CARLA, key, dossier(number))));
    }
    let device = |key: Key, world: &World| Device {
        client: Client::at(key, world, &relay),
        line: Line::new(relay.address(), false),
        world: world.clone(),
    };
    let mut carla = device(CARLA, &world);
    carla.say(&packs);
    let mut devices: Vec<_> = (0..DEVICES).map(|number| device(Key(30 + number), &world)).collect();
    devices.iter_mut().for_each(|device| while device.say(&[]).packs() > 0 {});
    let mut figures = Vec::new();
    let mut figure = |name, act: &mut dyn FnMut() -> usize| {
        let before = ran(&relay);
        let count = act();
        figures.push((name, count as f64 / seconds_since(&relay, &before)));
    };
    figure("edits alone", &mut || at_once(&mut devices, rounds, 1));
    figure("edits in groups of four", &mut || at_once(&mut devices, rounds, 4));
    devices.iter_mut().for_each(|device| while device.say(&[]).packs() > 0 {});
    figure("deliveries", &mut || watch(&mut carla, &mut devices, rounds, Hearing::Asking));
    figure("deliveries, connected", &mut || watch(&mut carla, &mut devices, rounds, Hearing::Staying));
    if number("TESSERA_WAIT", 1) == 1 {
        figure("deliveries, waiting", &mut || watch(&mut carla, &mut devices, rounds, Hearing::Waiting));
    }
    figures
}

#[test]
#[ignore = "a measurement; what it says is compared by a person"]
fn what_a_crowd_costs() {
    let rounds = number("TESSERA_ROUNDS", 20);
    let programs = std::env::var("TESSERA_RELAYS").unwrap_or_else(|_| PROGRAM.to_owned());
    for turn in 0..3 {
        for program in programs.split(':') {
            let figures = measure(program, rounds);
            let figures: Vec<_> = figures.iter().map(|(name, rate)| format!("{rate:.0} {name}")).collect();
            println!("figure: turn {turn}, a CPU second of {program}: {}", figures.join(", "));
        }
    }
}
