//! Many packs over real sockets: how long a blank relay takes to be filled, and how much memory it needs.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use tessera_protocol::limits as formats;
use tessera_protocol::stream::Stream;

use crate::kit::*;
use crate::program::{Process, post, world};

/// The most memory that a process ever had, in KiB.
fn peak_kib(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn f09_ten_thousand_packs_fill_a_blank_relay_and_its_memory_stays_flat() {
    if !Path::new("/proc/self/status").exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    let relay = Process::start(&data, &[]);
    let mut carla = Client::at(CARLA, &world, &relay);
    let mut packs = [world.charter.clone(), world.enrol(ADMIN, RITA)].concat();
    for number in 0..40 {
        packs.push(world.open(CARLA, RITA, dossier(number)));
    }
    for number in 0..10_000_u32 {
        let stream = match number % 5 {
            0 => Stream::Reviews(RITA.member()),
            _ => dossier(u8::try_from(number / 5 % 200).unwrap()),
        };
        let key = if number % 5 == 0 { RITA } else { CARLA };
        packs.push(world.items(key, stream, 1_500));
    }
    let start = Instant::now();
    for some in packs.chunks(formats::REQUEST_BYTES / 2 / 2_000) {
        assert_eq!(carla.send(&relay, some).unwrap().len(), some.len());
    }
    let filled = start.elapsed();
    let small = peak_kib(&relay);
    let mut rita = Client::at(RITA, &world, &relay);
    while rita.call(&relay, &[]).unwrap().packs() > 0 {}
    for _ in 0..3 {
        let mut cora = Client::at(CORA, &world, &relay);
        while cora.call(&relay, &[]).unwrap().packs() > 0 {}
        assert_eq!(cora.pulled.len(), packs.len());
    }
    let expected = packs.iter().filter(|pack| {
        let stream = pack.header().stream.0;
        pack.header().device == RITA.id() || stream[0] < 40 && stream == [stream[0]; 16] || {
            let to = Stream::To(RITA.member()).id(world.programme);
            let public = Stream::Public.id(world.programme);
            [to, public].contains(&pack.header().stream)
        }
    });
    assert_eq!(rita.pulled.len(), expected.count());
    let peak = peak_kib(&relay);
    println!("{} packs in {filled:?}; peak {small} KiB, {peak} KiB after reading", packs.len());
    assert!(filled < Duration::from_secs(300), "{filled:?}");
    assert!(peak < 128 * 1024, "{peak} KiB");
}

#[test]
fn n03_whatever_is_sent_at_once_memory_stays_within_its_budget() {
    if !Path::new("/proc/self/status").exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, mut world) = world(&folder);
    let relay = Process::start(&data, &[]);
    let mut carla = Client::at(CARLA, &world, &relay);
    let writers: Vec<Key> = (30..38).map(Key).collect();
    let mut packs = world.charter.clone();
    writers.iter().for_each(|key| packs.extend(world.enrol(ADMIN, *key)));
    carla.send(&relay, &packs).unwrap();
    // Strangers announce the longest heads there are and send all of them but the end.
    let length = 4 * 1024 * 1024_u32;
    let mut strangers: Vec<TcpStream> = Vec::new();
    for _ in 0..60 {
        let mut stream = TcpStream::connect(relay.address()).unwrap();
        let head = format!("POST /v1/exchange HTTP/1.1\r\nhost: r\r\ncontent-length: {}\r\n\r\n", length + 4);
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&length.to_le_bytes()).unwrap();
        stream.write_all(&vec![0; length as usize - 1]).unwrap();
        strangers.push(stream);
    }
    // Members push as much as a request may hold, all of them at once, while the others hold on.
    let threads: Vec<_> = writers
        .into_iter()
        .map(|key| {
            let mut world = world.clone();
            let mut client = Client::at(key, &world, &relay);
            let address = relay.address();
            std::thread::spawn(move || {
                let stream = Stream::Reviews(key.member());
                let packs: Vec<_> = (0..30).map(|_| world.items(key, stream, 250 * 1024)).collect();
                let (request, body) = client.request(&packs);
                let replied = post(address, &body).unwrap_or_else(|error| panic!("{error:?}"));
                let Got::Answer(head, _) = client.take(&request, &replied, usize::MAX) else {
                    panic!("packs are answered")
                };
                head.receipts.len()
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 30));
    let peak = peak_kib(&relay);
    println!("peak {peak} KiB");
    assert!(peak < 128 * 1024, "{peak} KiB");
    drop(strangers);
}
