//! `sim`: runs the simulation, replays a seed, or plants a bug.

#![expect(clippy::print_stdout, reason = "a program that reports on its standard output")]

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tessera_tests::sim::{Bug, Failure, Scale, run, run_all};

/// Lines of the trace that a failure shows where no seed was named.
const SHORT: usize = 30;

/// Runs the simulation: honest people, seeded faults, and an oracle that loses nothing.
#[derive(Parser)]
#[command(name = "sim")]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Replays one seed and shows all that happened.
    #[arg(long)]
    seed: Option<u64>,
    /// Years in each run, with more people, and two relays by mistake.
    #[arg(long)]
    years: bool,
    /// Plants a bug, which must make it fail.
    #[arg(long, value_parser = bug)]
    bug: Option<Bug>,
}

fn bug(name: &str) -> Result<Bug, String> {
    let known: Vec<&str> = Bug::ALL.into_iter().map(Bug::name).collect();
    Bug::parse(name).ok_or_else(|| format!("known bugs: {}", known.join(", ")))
}

/// Virtual minutes in years.
fn as_years(minutes: u64) -> f64 {
    f64::from(u32::try_from(minutes / 60).unwrap_or(u32::MAX)) / (24.0 * 365.25)
}

fn main() -> ExitCode {
    let begun = Instant::now();
    let arguments = Arguments::parse();
    let scale = if arguments.years { Scale::Years } else { Scale::Usual };
    let (seeds, outcome) = match arguments.seed {
        Some(seed) => match run(seed, arguments.bug, scale) {
            Ok((outcome, trace)) => {
                trace.iter().for_each(|line| println!("{line}"));
                (1, outcome)
            }
            Err(failure) => return failed(&failure, arguments.years, usize::MAX),
        },
        None => match run_all(arguments.from, arguments.seeds, arguments.bug, scale) {
            Ok(outcome) => (arguments.seeds, outcome),
            Err(failure) => return failed(&failure, arguments.years, SHORT),
        },
    };
    println!("sim: {seeds} seeds, {} faults, {} reviews, lost 0, twice 0", outcome.faults, outcome.reviews);
    let (years, minutes) = (as_years(outcome.minutes), begun.elapsed().as_secs_f64() / 60.0);
    let a_minute = f64::from(u32::try_from(seeds).unwrap_or(u32::MAX)) / minutes.max(f64::EPSILON);
    println!("figure: simulation: {years:.1} simulated years, {a_minute:.0} seeds a minute");
    ExitCode::SUCCESS
}

fn failed(failure: &Failure, years: bool, lines: usize) -> ExitCode {
    let skipped = failure.trace.len().saturating_sub(lines);
    failure.trace.iter().skip(skipped).for_each(|line| println!("{line}"));
    println!("sim: seed {} fails: {}", failure.seed, failure.what);
    let years = if years { "--years " } else { "" };
    println!("sim: replay it with {years}--seed {}, several times where it passes", failure.seed);
    ExitCode::FAILURE
}
