//! Every input that was kept is fed to its target: real objects, what opened new paths, and whatever once failed.
//! `TESSERA_WRITE_SEEDS=1` writes the real objects, where they are not there yet.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells what it measured and ends where it cannot go on"
)]

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tessera_fuzz::TARGETS;

/// No input may take longer; the promise for what is imported.
const LONGEST: Duration = Duration::from_secs(2);
/// The relay's corpus is replayed by the relay's tests.
const RELAY: &str = "relay";

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn inputs(target: &str) -> Vec<PathBuf> {
    let mut inputs: Vec<_> =
        fs::read_dir(corpus().join(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    inputs
}

#[test]
fn every_input_that_was_kept_comes_back() {
    let (mut count, mut bytes, begun) = (0, 0, Instant::now());
    for target in TARGETS {
        // What is made once is no input's time.
        (target.feed)(&[]);
        for path in inputs(target.name) {
            let input = fs::read(&path).unwrap();
            let begun = Instant::now();
            let came_back = catch_unwind(AssertUnwindSafe(|| (target.feed)(&input))).is_ok();
            assert!(came_back, "{}", path.display());
            assert!(begun.elapsed() < LONGEST, "{}: {:?}", path.display(), begun.elapsed());
            (count, bytes) = (count + 1, bytes + input.len());
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("figure: fuzzing corpora: {count} inputs, {} KiB replayed in {seconds:.1} s", bytes / 1024);
    assert!(count > 100, "{count} inputs");
}

#[test]
fn every_target_has_a_corpus_and_a_program() {
    let named: BTreeSet<String> =
        TARGETS.iter().map(|target| target.name).chain([RELAY]).map(str::to_owned).collect();
    let there = |folder: PathBuf| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(there(corpus()), named);
    assert_eq!(there(Path::new(env!("CARGO_MANIFEST_DIR")).join("libfuzzer/src/bin")), named);
}

/// The real objects of this version, which the corpora began with: those of today come back as well.
#[test]
fn every_real_object_comes_back() {
    let write = std::env::var_os("TESSERA_WRITE_SEEDS").is_some();
    let mut fed = BTreeSet::new();
    for (target, name, bytes) in tessera_fuzz::seeds::all() {
        let came_back = catch_unwind(AssertUnwindSafe(|| tessera_fuzz::feed(target, &bytes))).is_ok();
        assert!(came_back, "{target} {name}");
        fed.insert(target);
        let path = corpus().join(target).join(name);
        if write && !path.exists() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    let targets: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(fed, targets, "a target without a real object");
}
