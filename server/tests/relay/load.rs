//! Many packs over real sockets: how long a blank relay takes to be filled, and how much memory it needs.

use std::path::Path;
use std::time::{Duration, Instant};

use tessera_protocol::limits as formats;
use tessera_protocol::stream::Stream;

use crate::kit::*;
use crate::program::{Process, world};

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
