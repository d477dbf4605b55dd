//! F01: the process is killed at any moment. Nothing acknowledged is missing, no transaction is there by half, and no
//! question is asked. (Where the power fails, F02: `tests/tests/crash.rs`.)

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::*;

/// A generator of numbers; the same every time.
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
