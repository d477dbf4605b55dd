//! `tessera-sample`: writes a sample into a folder, and searches folders for what stands in it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use tessera_sample::{Format, ScoreSpec, WriteOptions, generate, needles, search, workload, write_sample};

/// Makes invented applicants, attachments, reviewers and scores from a seed.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    make: Make,
}

#[derive(Subcommand)]
enum Command {
    /// Searches folders for every name, title, address and 20 sentences of a sample: prints `0 of N`; exit 1 where
    /// something is found, 3 where something could not be read.
    Search {
        #[command(flatten)]
        sample: Which,
        /// Folders to search.
        #[arg(required = true)]
        dirs: Vec<PathBuf>,
    },
    /// Writes the benchmarks' workload as docs.jsonl and edits.jsonl.
    Workload {
        /// Seed.
        #[arg(long, default_value_t = workload::SEED)]
        seed: u64,
        /// How many applications.
        #[arg(long, default_value_t = 100)]
        applications: usize,
        /// Folder to write into.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Which sample.
#[derive(clap::Args)]
struct Which {
    /// Seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many applicants.
    #[arg(long, default_value_t = 60)]
    applicants: usize,
}

#[derive(clap::Args)]
struct Make {
    #[command(flatten)]
    sample: Which,
    /// Folder to write into.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Keys of the criteria, separated by commas; by default those of the seminar.
    #[arg(long, value_delimiter = ',')]
    criteria: Vec<String>,
    /// Lowest score.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    min: i64,
    /// Highest score.
    #[arg(long, default_value_t = 5, allow_negative_numbers = true)]
    max: i64,
    /// What stands in the round column.
    #[arg(long, default_value = "reading")]
    round: String,
    /// Form of the applications' table.
    #[arg(long, value_enum, default_value = "csv")]
    format: Form,
    /// Begin CSV files with a byte-order mark.
    #[arg(long)]
    bom: bool,
    /// Leave the attachments out.
    #[arg(long)]
    no_attachments: bool,
    /// Add one attachment of this many bytes, sparse on disk.
    #[arg(long)]
    oversize_bytes: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Csv,
    Xlsx,
    Json,
}

#[expect(clippy::print_stderr, reason = "the error of a command")]
fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tessera-sample: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Some(Command::Search { sample, dirs }) => find(&sample, &dirs),
        Some(Command::Workload { seed, applications, out }) => {
            workload::write(&out, seed, applications)
                .with_context(|| format!("writing {}", out.display()))?;
            Ok(ExitCode::SUCCESS)
        }
        None => make(cli.make),
    }
}

fn make(make: Make) -> anyhow::Result<ExitCode> {
    let out = make.out.context("--out DIR is missing")?;
    ensure!(make.min <= make.max, "--min {} is above --max {}", make.min, make.max);
    let defaults = ScoreSpec::default();
    let criteria = if make.criteria.is_empty() { defaults.criteria.clone() } else { make.criteria };
    let options = WriteOptions {
        format: match make.format {
            Form::Csv => Format::Csv,
            Form::Xlsx => Format::Xlsx,
            Form::Json => Format::Json,
        },
        bom: make.bom,
        scores: ScoreSpec { criteria, min: make.min, max: make.max, round: make.round, ..defaults },
        attachments: !make.no_attachments,
        oversize_bytes: make.oversize_bytes,
    };
    write_sample(&generate(make.sample.seed, make.sample.applicants), &out, &options)
        .with_context(|| format!("writing {}", out.display()))?;
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the result of a command")]
#[expect(clippy::print_stderr, reason = "the places, for whoever looks after them")]
fn find(sample: &Which, dirs: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let needles = needles(&generate(sample.seed, sample.applicants));
    let mut all = tessera_sample::Hits::default();
    for dir in dirs {
        let hits = search(dir, &needles).with_context(|| format!("searching {}", dir.display()))?;
        for hit in hits.hits.iter().take(20) {
            let needle = &needles[hit.needle].text;
            eprintln!(
                "{}/{} at {:?}: {needle:?} as {:?}",
                dir.display(),
                hit.path.display(),
                hit.offset,
                hit.form
            );
        }
        all.merge(hits);
    }
    println!("{all}");
    Ok(if all.found() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
