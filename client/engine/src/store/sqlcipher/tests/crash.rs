//! F01 and F02: the process or the power ends at any moment. Nothing acknowledged is missing, no transaction
//! is there by half, and no question is asked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::*;

/// A generator of numbers for images of the disk; the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Checks what a store holds after a crash: both halves of every transaction up to some number, which is at
/// least `acknowledged`.
fn check_after_crash(path: &Path, acknowledged: u32, place: &str) -> u32 {
    let mut store = SqlcipherStore::open(path, &KEY).unwrap_or_else(|error| panic!("{place}: {error:?}"));
    let read = |store: &mut SqlcipherStore, table| -> Vec<u32> {
        let entries = run(store, |t| t.scan(table, b"", None, usize::MAX));
        entries.into_iter().map(|(key, _)| u32::from_be_bytes(key.try_into().unwrap())).collect()
    };
    let (packs, outbox) = (read(&mut store, Table::Packs), read(&mut store, Table::Outbox));
    assert_eq!(packs, outbox, "{place}: a transaction by half");
    let count = u32::try_from(packs.len()).unwrap();
    assert_eq!(packs, (0..count).collect::<Vec<_>>(), "{place}: a gap");
    assert!(count >= acknowledged, "{place}: {count} kept, {acknowledged} acknowledged");
    assert_eq!(store.check().unwrap(), [""; 0], "{place}");
    count
}

fn write_image(path: &Path, main: &[u8], log: &[u8]) {
    std::fs::write(path, main).unwrap();
    std::fs::write(with_ending(path, "-wal"), log).unwrap();
}

/// Cuts the power while the log grows: everything before the last sync is on the disk, of what follows any
/// sectors in any order, or garbage.
#[test]
fn f02_power_cut_while_the_log_grows() {
    let (folder, path) = folder();
    let log_path = with_ending(&path, "-wal");
    let mut numbers = Numbers(1);
    let mut store = SqlcipherStore::create(&path, &KEY).unwrap();
    let mut synced = BTreeMap::from([(0, 0)]);
    for n in 0..25 {
        put(&mut store, n, &vec![7; 10 + numbers.below(9000)]).unwrap();
        synced.insert(usize::try_from(std::fs::metadata(&log_path).unwrap().len()).unwrap(), n + 1);
    }
    let (main, log) = (std::fs::read(&path).unwrap(), std::fs::read(&log_path).unwrap());
    assert!(log.len() > 100_000, "the log was not moved in between");
    let image = folder.path().join("image.db");
    let mut images = 0;
    for (start, acknowledged) in &synced {
        for kind in 0..6 {
            let end = synced.range(start + 1..).next().map_or(log.len(), |(end, _)| *end);
            let mut torn = log[..*start].to_vec();
            match kind {
                0 => {}
                1 => torn.extend_from_slice(&log[*start..end]),
                2 => torn.extend_from_slice(&log[*start..*start + numbers.below(end - start + 1)]),
                3 => torn.extend((*start..end).map(|_| 0)),
                4 => torn.extend((*start..end).map(|_| numbers.below(256).to_le_bytes()[0])),
                _ => {
                    for sector in log[*start..end].chunks(512) {
                        let kept = numbers.below(2) == 0;
                        torn.extend(sector.iter().map(|byte| if kept { *byte } else { 0 }));
                    }
                }
            }
            write_image(&image, &main, &torn);
            check_after_crash(&image, *acknowledged, &format!("log {start} kind {kind}"));
            images += 1;
        }
    }
    println!("{images} images");
}

/// Cuts the power while the log is moved into the file: of the file, any sectors are old or new; the log is whole.
#[test]
fn f02_power_cut_while_the_log_is_moved() {
    let (folder, path) = folder();
    let mut numbers = Numbers(2);
    let mut store = SqlcipherStore::create(&path, &KEY).unwrap();
    let image = folder.path().join("image.db");
    let mut count = 0;
    for round in 0..8 {
        for _ in 0..6 {
            put(&mut store, count, &vec![7; 10 + numbers.below(9000)]).unwrap();
            count += 1;
        }
        let before = std::fs::read(&path).unwrap();
        let log = std::fs::read(with_ending(&path, "-wal")).unwrap();
        empty_log(&store.connection).unwrap();
        let after = std::fs::read(&path).unwrap();
        for kind in 0..12 {
            let length =
                after.len().min(before.len() + 4096 * numbers.below(1 + (after.len() - before.len()) / 4096));
            let mut mixed = after[..length].to_vec();
            for (n, sector) in mixed.chunks_mut(512).enumerate() {
                if kind > 0 && numbers.below(2) == 0 {
                    sector.fill(0);
                    if let Some(old) = before.get(n * 512..n * 512 + 512) {
                        sector.copy_from_slice(old);
                    }
                }
            }
            write_image(&image, &mixed, &log);
            assert_eq!(check_after_crash(&image, count, &format!("round {round} kind {kind}")), count);
        }
    }
}

/// Not a test by itself: the process that [`f01_killed_at_any_moment`] starts and kills.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os("TESSERA_TEST_WRITE_INTO").map(PathBuf::from) else { return };
    let mut store = SqlcipherStore::open(&path, &KEY).unwrap();
    let start = u32::try_from(run(&mut store, |t| t.count(Table::Packs, b""))).unwrap();
    for n in start.. {
        put(&mut store, n, &vec![1; 1 + usize::try_from(n).unwrap() * 977 % 20_000]).unwrap();
        println!("\nkept {n}");
        if n % 40 == 39 {
            empty_log(&store.connection).unwrap();
        }
    }
}

#[test]
fn f01_killed_at_any_moment() {
    let (_folder, path) = folder();
    drop(SqlcipherStore::create(&path, &KEY).unwrap());
    let mut numbers = Numbers(3);
    let mut kept = 0;
    for round in 0..50 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "store::sqlcipher::tests::crash::child_that_writes_until_it_is_killed",
            ])
            .env("TESSERA_TEST_WRITE_INTO", &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        let wanted = 1 + numbers.below(12);
        for line in lines.map_while(Result::ok) {
            let Some(n) = line.strip_prefix("kept ") else { continue };
            kept = n.parse::<u32>().unwrap() + 1;
            heard += 1;
            if heard == wanted {
                // Somewhere in the middle of the next transaction; what was still said counts too.
                (0..numbers.below(40_000)).for_each(|_| std::hint::spin_loop());
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(heard >= wanted, "round {round}: the child ended by itself");
        kept = check_after_crash(&path, kept, &format!("round {round}"));
    }
    println!("50 kills, {kept} transactions, none lost");
}
