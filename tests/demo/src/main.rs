//! The main job from beginning to end, played by real processes: a relay, and eleven laptops that share nothing but the
//! relay and the files that people carry. From the publication of the call to the final 20, with everything on the way that
//! goes wrong in the field.
//!
//! Every act is a command of `tessera` or `tessera-relay`, as a person would type it; [`stage`], [`person`] and [`story`]
//! hold what the chapters share, and [`play`] the chapters in their order. At the end two programs that share no code with
//! the product look at the result: `recompute.mjs` calculates the ranking again, and the search looks for every name in
//! what the relay and the courier held.

mod person;
mod play;
mod stage;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;

#[expect(clippy::print_stderr, reason = "the error of a command")]
fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("target/demo"), PathBuf::from);
    match play::run(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nthe demonstration failed: {error:#}");
            eprintln!("what everybody held is in {}", folder.display());
            ExitCode::FAILURE
        }
    }
}
