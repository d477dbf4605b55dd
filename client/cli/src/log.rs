//! The log: one line for each command in the home's log folder: when, which verb, what came of it. No argument, name, path
//! or content is in it. Not a record anybody may rely on: what cannot be written is left out.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::ArgMatches;

use crate::context::Context;
use crate::failure::Failure;

const FILE: &str = "tessera.log";
/// What the file may hold before it is begun anew, in bytes; the one before it is kept.
const MOST_BYTES: u64 = 1 << 20;

/// Adds a line about a command.
pub(crate) fn note(context: &Context, matches: &ArgMatches, failure: Option<&Failure>) {
    let Ok(folder) = context.home().map(|home| home.join("log")) else { return };
    if !folder.is_dir() {
        return;
    }
    let file = folder.join(FILE);
    if std::fs::metadata(&file).is_ok_and(|file| file.len() > MOST_BYTES) {
        drop(std::fs::rename(&file, folder.join(format!("{FILE}.1"))));
    }
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (exit, code) = failure.map_or((0, "ok"), |failure| (failure.exit as u8, failure.body.code.as_str()));
    let line = format!("{seconds} {} {} {exit} {code}\n", env!("CARGO_PKG_VERSION"), verb(matches));
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(file) {
        drop(file.write_all(line.as_bytes()));
    }
}

/// Adds a line of words about a command while it runs, such as what was exported; never content.
pub(crate) fn add(context: &Context, words: &str) {
    let Ok(folder) = context.home().map(|home| home.join("log")) else { return };
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let line = format!("{seconds} {} {words}\n", env!("CARGO_PKG_VERSION"));
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(folder.join(FILE)) {
        drop(file.write_all(line.as_bytes()));
    }
}

/// The verbs of a command line, without what was given to them.
fn verb(matches: &ArgMatches) -> String {
    let mut words = Vec::new();
    let mut at = matches;
    while let Some((name, deeper)) = at.subcommand() {
        words.push(name.to_owned());
        at = deeper;
    }
    words.join("-")
}
