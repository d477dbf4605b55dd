//! `tessera-relay`: the relay as a program.

mod commands;
mod config;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The relay: stores and forwards what it cannot read.
#[derive(Parser)]
#[command(name = "tessera-relay", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Serve(Box<commands::serve::Arguments>),
    Check(commands::check::Arguments),
    Backup(commands::backup::Backup),
    Restore(commands::backup::Restore),
    Inspect(commands::inspect::Arguments),
    Key(commands::key::Arguments),
    Version(commands::version::Arguments),
}

fn main() -> ExitCode {
    let result = match &Arguments::parse().verb {
        Verb::Serve(arguments) => commands::serve::run(arguments),
        Verb::Check(arguments) => commands::check::run(arguments),
        Verb::Backup(arguments) => commands::backup::backup(arguments),
        Verb::Restore(arguments) => commands::backup::restore(arguments),
        Verb::Inspect(arguments) => commands::inspect::run(arguments),
        Verb::Key(arguments) => commands::key::run(arguments),
        Verb::Version(arguments) => commands::version::run(arguments),
    };
    match result {
        Ok(code) => code,
        Err(error) => commands::failed(&error),
    }
}
