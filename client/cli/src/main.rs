//! The command line of Tessera: arguments in, one result on stdout, an exit status that scripts can trust. No rule, no
//! SQL and no cryptography is here; commands call the libraries.
//!
//! `commands/<verb>.rs` holds one command each: its arguments and a `run(&Arguments, &Context)`. [`context`] opens the home,
//! [`output`] prints results, [`failure`] maps every error to a code, an exit status and a hint. To add a command: its
//! file, a line in [`Command`], a line in [`run`].

mod applications;
mod commands;
mod context;
mod failure;
mod files;
mod given;
mod log;
mod names;
mod output;
mod progress;
mod table;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::commands::{
    access, agreement, application, assign, bundle, calibration, charter, completions, compute, conflict,
    device, eligibility, enrol, explain, export, home, member, moderation, passphrase, programme, queue,
    ranking, recovery, repair, report, review, round, scores, search, selection, shares, status, sync,
    totals, verify,
};
use crate::context::Context;
use crate::failure::{Exit, Failure};

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
    /// Folder of this home; else $TESSERA_HOME, else `tessera` in your data folder
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// One JSON object on stdout; errors as JSON on stderr
    #[arg(long, global = true)]
    json: bool,
    /// File whose first line is the passphrase; else $TESSERA_PASSPHRASE_FILE
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How far readers agree, on what counts
    Agreement(scores::Figures),
    /// Packs in a file, for a stick or a courier: export, import, inspect
    Bundle(bundle::Arguments),
    /// What came in: import, list, show, withdraw, duplicates
    Application(application::Arguments),
    /// Who reads what: import, solve, publish, list, explain
    Assign(assign::Arguments),
    /// Who would read what, as good as can be; nothing is staged
    Assignment(Box<assign::solve::Wanted>),
    /// Severity of readers and the order corrected for it, of what counts
    Calibration(calibration::Arguments),
    /// Calculate on files, without a home: totals, ranking, agreement, calibration, assignment,
    /// selection, report
    Compute(compute::Arguments),
    /// Conflicts of interest: declare, clear, list
    Conflict(conflict::Arguments),
    /// Conditions: verdicts and the exception
    Eligibility(eligibility::Arguments),
    /// Write applications or reviews to a table, compartment by compartment
    Export(export::Arguments),
    /// Who can read what, by person
    Access(access::Arguments),
    /// Who decides: admins, coordinators, relays, thresholds
    Charter(charter::Arguments),
    /// Completions for a shell
    Completions(completions::Completions),
    /// Laptops and papers of a member
    Device(device::Arguments),
    /// Join a programme: answer an invitation
    Enrol(enrol::Arguments),
    /// Back up this home, or make it again from a backup
    Home(home::Arguments),
    /// Manual pages
    Man(completions::Man),
    /// Who belongs: invite, admit, check, suspend, remove
    Member(member::Arguments),
    /// What wants a person's judgement before the order decides, and the verdict with its reason
    Moderation(moderation::Arguments),
    /// Find words in everything that this home may read
    Search(search::Arguments),
    /// Change the passphrase of this home
    Passphrase(passphrase::Arguments),
    /// What the programme is: create, check, show, publish, amend
    Programme(programme::Arguments),
    /// Exchange with the relay
    Sync(sync::Arguments),
    /// The process in which changes of other people are tried; started by other commands
    #[command(hide = true)]
    Worker,
    /// The process in which files of applicants are read and drawn; started by other commands
    #[command(hide = true)]
    Pages {
        /// As what, and what is asked
        question: Vec<String>,
    },
    /// The merge desk: what waits for a person, and deciding it
    Queue(queue::Arguments),
    /// Why something is not here, or does not count, yet
    Explain(explain::Arguments),
    /// Work everything out from the packs again and compare
    Verify,
    /// Put right what verify finds, and ask again for what is missing
    Repair,
    /// What may be mailed to support: versions, counts and states, no content
    Report,
    /// Applications in order, best first, of what counts
    Ranking(scores::Figures),
    /// Read and score: what is assigned, drafts, submitting, tables of scores
    Review(review::Arguments),
    /// What counts, as a table or as a document with charts
    Scores(scores::Arguments),
    /// Who is selected: seats down the order, under quotas
    Selection(selection::Arguments),
    /// How many of which group are how far: country, sex, route; small counts are hidden
    Shares(shares::Arguments),
    /// Where your work is: on this device, in the outbox, held by the relay, opened by a coordinator
    Status(status::Arguments),
    /// Mean, median, spread and total of each application, of what counts
    Totals(scores::Figures),
    /// Words on paper that open this home again
    Recovery(recovery::Arguments),
    /// Rounds of the programme, and closing one
    Round(round::Arguments),
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // Known before parsing, so that a usage error too can be JSON.
    let json = arguments.iter().skip(1).take_while(|a| *a != "--").any(|a| a == "--json");
    let matches = match Cli::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return finish(output::print(&error.render().to_string()), json);
        }
        Err(error) => return finish(Err(failure::usage(&error)), json),
    };
    match Cli::from_arg_matches(&matches) {
        Ok(cli) => {
            let Global { home, json, passphrase_file } = cli.global;
            let context = Context::new(json, home, passphrase_file);
            let result = run(&cli.command, &context);
            log::note(&context, &matches, result.as_ref().err());
            finish(result, json)
        }
        Err(error) => finish(Err(failure::usage(&error)), json),
    }
}

fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Agreement(figures) => agreement::run(figures, context),
        Command::Calibration(arguments) => calibration::run(arguments, context),
        Command::Bundle(arguments) => bundle::run(arguments, context),
        Command::Application(arguments) => application::run(arguments, context),
        Command::Assign(arguments) => assign::run(arguments, context),
        Command::Assignment(wanted) => assign::assignment(wanted, context),
        Command::Conflict(arguments) => conflict::run(arguments, context),
        Command::Eligibility(arguments) => eligibility::run(arguments, context),
        Command::Export(arguments) => export::run(arguments, context),
        Command::Search(arguments) => search::run(arguments, context),
        Command::Access(arguments) => access::run(arguments, context),
        Command::Charter(arguments) => charter::run(arguments, context),
        Command::Completions(arguments) => completions::completions(arguments, Cli::command()),
        Command::Compute(arguments) => compute::run(arguments, context.json),
        Command::Enrol(arguments) => enrol::run(arguments, context),
        Command::Device(arguments) => device::run(arguments, context),
        Command::Home(arguments) => home::run(arguments, context),
        Command::Man(arguments) => completions::man(arguments, Cli::command(), context),
        Command::Member(arguments) => member::run(arguments, context),
        Command::Moderation(arguments) => moderation::run(arguments, context),
        Command::Passphrase(arguments) => passphrase::run(arguments, context),
        Command::Programme(arguments) => programme::run(arguments, context),
        Command::Sync(arguments) => sync::run(arguments, context),
        Command::Worker => sync::worker(),
        Command::Pages { question } => search::pages(question),
        Command::Explain(arguments) => explain::run(arguments, context),
        Command::Verify => verify::run(context),
        Command::Repair => repair::run(context),
        Command::Report => report::run(context),
        Command::Queue(arguments) => queue::run(arguments, context),
        Command::Ranking(figures) => ranking::run(figures, context),
        Command::Review(arguments) => review::run(arguments, context),
        Command::Scores(arguments) => scores::run(arguments, context),
        Command::Selection(arguments) => selection::run(arguments, context),
        Command::Shares(arguments) => shares::run(arguments, context),
        Command::Status(arguments) => status::run(arguments, context),
        Command::Totals(figures) => totals::run(figures, context),
        Command::Recovery(arguments) => recovery::run(arguments, context),
        Command::Round(arguments) => round::run(arguments, context),
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
