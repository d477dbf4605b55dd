//! F02 at the relay: the power fails after any write while packs are pushed. The disk is `tessera-crash`, below SQLite; the
//! relay is the product's own, unchanged. A receipt that a device was given must be kept, at the place that it names.
//!
//! `TESSERA_CRASH_IMAGES` says about how many images are made, `TESSERA_CRASH_SEED` which: `make soak` takes more.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
#[expect(dead_code, reason = "another test binary uses the rest")]
#[path = "../relay/kit.rs"]
mod kit;

use std::path::Path;
use std::time::Instant;

use kit::*;
use tessera_crash::image::Amount;
use tessera_crash::{Disk, Record, install};
use tessera_protocol::exchange::AnswerHead;
use tessera_protocol::ids::{PackId, ProgrammeId};
use tessera_protocol::stream::Stream;
use tessera_relay::store::sqlite::SqliteStore;
use tessera_relay::store::{Place, Store};

const DISK_BYTES: u64 = 1 << 30;

/// The disk below this process, for one test at a time.
async fn alone() -> Alone {
    static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    Alone { disk: install(), _one: ONE.lock().await }
}

struct Alone {
    disk: Disk,
    _one: tokio::sync::MutexGuard<'static, ()>,
}

impl std::ops::Deref for Alone {
    type Target = Disk;
    fn deref(&self) -> &Disk {
        &self.disk
    }
}

/// What devices were told: receipts, and how many of them stood after each acknowledgement.
#[derive(Default)]
struct Told {
    receipts: Vec<(PackId, Place)>,
    after: Vec<usize>,
}

impl Told {
    fn hear(&mut self, head: &AnswerHead) {
        self.receipts.extend(head.receipts.iter().map(|receipt| {
            let (sequence, incarnation) = (receipt.sequence, receipt.incarnation);
            let place = Place { sequence, incarnation, received_ms: receipt.received_ms, head: receipt.head };
            (receipt.pack, place)
        }));
        self.after.push(self.receipts.len());
        install().acknowledge();
    }
}

/// Why an image does not hold what was promised; `None` where it does.
fn missing(path: &Path, programme: ProgrammeId, promised: &[(PackId, Place)]) -> Option<String> {
    let store = match SqliteStore::open(path, DISK_BYTES) {
        Ok(store) => store,
        Err(error) => return Some(error.to_string()),
    };
    let ids: Vec<PackId> = promised.iter().map(|(id, _)| *id).collect();
    let kept = store.places(programme, &ids).map_err(|error| error.to_string());
    let whole = store.integrity().map_err(|error| error.to_string());
    store.close();
    match (kept, whole) {
        (Err(error), _) | (_, Err(error)) => Some(error),
        (_, Ok(findings)) if !findings.is_empty() => Some(findings.join(", ")),
        (Ok(kept), _) => (kept != promised).then(|| format!("{} of {}", kept.len(), promised.len())),
    }
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

#[tokio::test]
async fn f02_the_power_fails_at_any_moment_while_packs_are_pushed() {
    let disk = alone().await;
    let folder = std::sync::Arc::new(tessera_crash::folder().unwrap());
    disk.watch(&folder.path().join("relay.db"));
    let limits = tessera_relay::limits::Limits { disk_bytes: DISK_BYTES, ..Default::default() };
    let taking = tessera_relay::relay::Taking::Any;
    let mut relay = Tested::start(folder, RELAY_SEED, 1, limits, taking);
    let mut world = World::found();
    let mut told = Told::default();
    let mut carla = Client::new(CARLA, world.programme);
    told.hear(carla.push(&relay, &world.charter).await.as_ref());
    let enrolled = world.enrol(CARLA, RITA);
    told.hear(carla.push(&relay, &enrolled).await.as_ref());
    let mut rita = Client::new(RITA, world.programme);
    for round in 0..12_usize {
        let size = 40 + round * 977 % 9000;
        let said: Vec<_> = (0..=round % 4).map(|_| world.items(CARLA, Stream::Programme, size)).collect();
        told.hear(carla.push(&relay, &said).await.as_ref());
        let written = world.items(RITA, Stream::Reviews(RITA.member()), 3 * size);
        told.hear(rita.push(&relay, std::slice::from_ref(&written)).await.as_ref());
        // Once more: the same receipt.
        told.hear(rita.push(&relay, &[written]).await.as_ref());
        if round == 7 {
            // The log is moved into the file, and the relay starts anew.
            relay = relay.restart();
        }
    }
    relay.store.close();
    drop(relay);
    let record = disk.record();

    let image_folder = tessera_crash::folder().unwrap();
    let path = image_folder.path().join("image.db");
    let look = |record: &Record, amount| {
        let mut bad = Vec::new();
        let images = record.images(amount, |image| {
            image.write(&path).unwrap();
            let promised = &told.receipts[..told.after[image.acknowledged - 1]];
            bad.extend(missing(&path, world.programme, promised).map(|why| format!("{}: {why}", image.name)));
        });
        (images, bad)
    };
    let begun = Instant::now();
    let most = number("TESSERA_CRASH_IMAGES", 750);
    let seed = number("TESSERA_CRASH_SEED", 1) as u64;
    let (images, bad) = look(&record, Amount { choices: (most / 600).max(2), most, seed });
    println!(
        "figure: crash images, a relay: {images} of {} writes and {} syncs; {} receipts; {} lack one; {:.1} s",
        record.changes(),
        record.syncs(),
        told.receipts.len(),
        bad.len(),
        begun.elapsed().as_secs_f64()
    );
    assert_eq!(bad, [""; 0], "of {images} images");
    assert!(images * 10 >= most * 8, "{images} images");
    // The same search finds what is lost where the log is not synced.
    for (setting, record) in [("NORMAL", record.as_if_normal()), ("OFF", record.as_if_off())] {
        let (images, bad) = look(&record, Amount { choices: 2, most: 120, seed });
        println!("figure:   as if synchronous={setting}: {images} images, {} lack a receipt", bad.len());
        assert!(!bad.is_empty(), "{setting}");
    }
}
