//! The command line of Tessera: arguments in, one result on stdout, an exit status that scripts can trust. No rule, no
//! SQL and no cryptography is here; commands call the libraries.
//!
//! `commands/<verb>.rs` holds one command each: its arguments and a `run`. [`output`] holds what they share: the JSON
//! envelope, errors and exit statuses. To add a command: its file, a line in [`Command`], a line in [`run`].

mod commands;
mod output;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use crate::commands::compute;
use crate::output::{Exit, Failure};

/// Offline-first, end-to-end encrypted review of applications
#[derive(Debug, Parser)]
#[command(name = "tessera", version, arg_required_else_help = true, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
struct Global {
    /// Folder of this home
    #[arg(long, global = true, env = "TESSERA_HOME", value_name = "DIR")]
    home: Option<PathBuf>,
    /// One JSON object on stdout; errors as JSON on stderr
    #[arg(long, global = true)]
    json: bool,
    /// File whose first line is the passphrase
    #[arg(long, global = true, env = "TESSERA_PASSPHRASE_FILE", value_name = "FILE", hide_env_values = true)]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Calculate on files, without a home: totals, ranking
    Compute(compute::Arguments),
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // Known before parsing, so that a usage error too can be JSON.
    let json = arguments.iter().skip(1).take_while(|a| *a != "--").any(|a| a == "--json");
    match Cli::try_parse_from(arguments) {
        Ok(cli) => finish(run(&cli), cli.global.json),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            finish(output::print(&error.render().to_string()), json)
        }
        Err(error) => finish(Err(output::usage(&error)), json),
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Compute(arguments) => compute::run(arguments, cli.global.json),
    }
}

fn finish(result: Result<(), Failure>, json: bool) -> ExitCode {
    match result {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            failure.report(json);
            failure.exit.into()
        }
    }
}
