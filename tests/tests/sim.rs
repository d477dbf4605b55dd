//! The simulation, short: a few dozen seeds, every planted bug, and that a seed decides a run.

use tessera_tests::sim::{Bug, Scale, run, run_all};

/// Seeds that `cargo test` runs; the program `sim` runs as many as it is told.
const SEEDS: u64 = 40;
/// Long ones.
const LONG_SEEDS: u64 = 4;
/// A planted bug must be found within this many seeds.
const FOUND_WITHIN: u64 = 200;

#[test]
fn nothing_is_lost_and_nothing_counts_twice() {
    match run_all(1, SEEDS, None, Scale::Usual) {
        Ok(outcome) => {
            assert!(outcome.reviews > SEEDS, "{} reviews", outcome.reviews);
            assert!(outcome.faults > 10 * SEEDS, "{} faults", outcome.faults);
        }
        Err(failure) => panic!("seed {}: {}\n{}", failure.seed, failure.what, failure.trace.join("\n")),
    }
}

/// Years instead of weeks, laptops away for years, three coordinators, two relays by mistake.
#[test]
fn f10_nothing_is_lost_in_years_with_two_relays_by_mistake() {
    match run_all(1, LONG_SEEDS, None, Scale::Years) {
        Ok(outcome) => assert!(outcome.minutes > LONG_SEEDS * 365 * 24 * 60, "{} minutes", outcome.minutes),
        Err(failure) => panic!("seed {}: {}\n{}", failure.seed, failure.what, failure.trace.join("\n")),
    }
}

/// Each of these once showed a mistake of the product: in the order of the changelog, comments that waited for nobody, keys
/// that went to and fro, a late answer, and work that several laptops had sealed.
#[test]
fn what_was_found_once_stays_mended() {
    let usual = [1445, 7134, 6828].map(|seed| (seed, Scale::Usual));
    let years = [38, 125, 131].map(|seed| (seed, Scale::Years));
    for (seed, scale) in usual.into_iter().chain(years) {
        if let Err(failure) = run(seed, None, scale) {
            panic!("seed {seed}: {}\n{}", failure.what, failure.trace.join("\n"));
        }
    }
}

#[test]
fn a_seed_decides_a_run() {
    let again =
        || run(7, None, Scale::Usual).map(|(outcome, trace)| (outcome.faults, trace)).map_err(|f| f.what);
    assert_eq!(again(), again());
}

#[test]
fn every_planted_bug_is_found() {
    for bug in Bug::ALL {
        let found = run_all(1, FOUND_WITHIN, Some(bug), Scale::Usual);
        assert!(found.is_err(), "{} was not found in {FOUND_WITHIN} seeds", bug.name());
    }
}
