//! `tessera-bench`: what the main tasks cost in bytes, round trips, CPU and memory, with the programs that ship.
//!
//! A coordinator or a reviewer is the real `tessera` in a home on the disk (but in T5, whose twenty clients are engines in
//! this process with stores in memory), the relay the real `tessera-relay` on loopback; between them [`proxy`] counts every
//! byte. [`material`] is the workload, [`world`] the programme in which it lies, [`tasks`] what is measured, [`measure`]
//! how. Nothing here judges: a figure that is worse than yesterday's fails no run. What does fail a run is work that did not
//! arrive.

mod honest;
mod material;
mod measure;
mod proxy;
mod reference;
mod results;
mod server;
mod tasks;
mod watcher;
mod world;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use tessera_sample::workload::{self, SEED, Workload};

use crate::material::Material;
use crate::tasks::How;
use crate::world::Programs;

/// Reviews that are edited in the offline day.
const EDITED: usize = 50;

/// Measures the main tasks with the real programs.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// How many applications
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1000])]
    applications: Vec<usize>,
    /// Read the workload from a folder with docs.jsonl and edits.jsonl; its size is what is measured
    #[arg(long, value_name = "DIR")]
    workload: Option<PathBuf>,
    /// Folder for results.json and for what the people and the relay hold, which is made anew
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    out: PathBuf,
    /// Folder of the programs that are measured; by default that of this one
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Mark the programme as a demonstration, so that opening a home costs next to nothing
    #[arg(long)]
    demo: bool,
    /// Measure a coordinator's tasks alone, T1 and T3
    #[arg(long)]
    cold_only: bool,
    /// Make the programme, measure nothing: the coordinator's home is in w<applications>/admin, a reader's in homes
    #[arg(long)]
    prepare: bool,
    /// How often each of many clients at once edits
    #[arg(long, value_name = "N", default_value_t = 25)]
    rounds: usize,
}

#[expect(clippy::print_stderr, reason = "the error of a command")]
fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let outcome = if arguments.next().as_deref() == Some(OsStr::new(measure::COMMAND)) {
        measure::serve(arguments)
    } else {
        run(&Cli::parse())
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("tessera-bench: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(cli: &Cli) -> Result<ExitCode> {
    let out = std::path::absolute(&cli.out)?;
    let programs = programs(cli.programs.as_deref())?;
    let mut workloads = Vec::new();
    match &cli.workload {
        Some(folder) => {
            let workload =
                workload::read(folder).with_context(|| format!("the workload in {}", folder.display()))?;
            workloads.push(workload);
        }
        None => workloads.extend(cli.applications.iter().map(|&size| Workload {
            documents: tessera_sample::workload(SEED, size).collect(),
            edits: workload::edits(SEED, size, EDITED.min(size)),
        })),
    }
    let how = How {
        cheap: cli.demo,
        rounds: cli.rounds,
        cold_only: cli.cold_only || cli.prepare,
        prepare: cli.prepare,
    };
    let mut rows = Vec::new();
    for workload in workloads {
        let material = Material::sort(workload)?;
        let folder = out.join(format!("w{}", material.applications.len()));
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("clearing {}", folder.display()))?;
        }
        std::fs::create_dir_all(folder.join("homes"))?;
        rows.extend(tasks::run(&folder, programs.clone(), material, how)?);
        if !cli.prepare {
            results::write(&out.join("results.json"), &rows)?;
        }
    }
    if !cli.prepare {
        results::print(&rows);
    }
    Ok(ExitCode::SUCCESS)
}

/// The programs lie beside this one where nothing else is said; the relay may be named by the environment.
fn programs(folder: Option<&Path>) -> Result<Programs> {
    let own = std::env::current_exe()?;
    let beside = own.parent().context("this program lies in no folder")?;
    let named = std::env::var_os("TESSERA_RELAY_BIN").filter(|_| folder.is_none()).map(PathBuf::from);
    let folder = folder.unwrap_or(beside);
    let relay = named.unwrap_or_else(|| folder.join("tessera-relay"));
    let programs = Programs { tessera: folder.join("tessera"), relay };
    for program in [&programs.tessera, &programs.relay] {
        ensure!(program.is_file(), "{} is not built; `make bench` builds it", program.display());
    }
    Ok(programs)
}
