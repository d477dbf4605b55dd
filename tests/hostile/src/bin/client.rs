//! A client that takes in a bundle or exchanges with a relay, as the programs that ship do, and says on one line what came of
//! it, how long it took and how much memory it and its worker ever used. A test runs it as a process of its own.
//!
//! `hostile-client FOLDER PASSPHRASE import FILE`, `… sync URL KEY`, and `… worker`, which it starts by itself.

#![expect(clippy::print_stdout, reason = "what it says is what the test reads")]

use std::ffi::OsString;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;
use tessera_driver::relay::{self, Progress, Report};
use tessera_driver::session::Session;
use tessera_driver::worker::{self, ChildWorker};
use tessera_engine::bundle;
use tessera_engine::notices::Notice;
use tessera_hostile::world::options;
use tessera_protocol::ids::RelayKey;
use tessera_protocol::signature::PublicKey;
use tessera_tests::homes;
use tessera_vault::enrol::Relay;
use tessera_vault::passphrase::Passphrase;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [worker::COMMAND] = arguments[..] {
        return Ok(worker::serve()?);
    }
    let [folder, passphrase, what @ ..] = &arguments[..] else { bail!("FOLDER PASSPHRASE …") };
    let mut session = Session::open(Path::new(folder), &Passphrase::new(passphrase))?;
    let worker = start_worker()?;
    let process = worker.process().context("a worker that was just started runs")?;
    session.engine().set_worker(Box::new(worker));
    let begun = Instant::now();
    let result = session.work(|engine| {
        Ok(match what {
            ["import", file] => File::open(file)
                .map_err(anyhow::Error::from)
                .and_then(|file| Ok(engine.import_checked(bundle::check(file)?)?.0.refused as u64)),
            ["sync", url, key] => exchange(engine, url, key),
            _ => Err(anyhow::Error::msg("import FILE, or sync URL KEY")),
        })
    })?;
    let took = begun.elapsed();
    let (peak_kib, worker_kib) = (peak_kib("self"), peak_kib(&process.to_string()));
    let engine = session.engine();
    let refused = engine.notices()?.into_iter().filter_map(|notice| match notice {
        Notice::Refused { pack, code, .. } => Some(json!([pack.to_string(), code])),
        _ => None,
    });
    let refused: Vec<_> = refused.collect();
    let stages = engine.packs()?.into_iter();
    let stages: Vec<_> =
        stages.map(|pack| json!([pack.id.to_string(), format!("{:?}", pack.record.stage)])).collect();
    let said = json!({
        "error": result.as_ref().err().map(ToString::to_string),
        "at_the_door": result.ok(),
        "refused": refused,
        "stages": stages,
        "counted": homes::counted(engine)?,
        "differences": engine.verify()?.differences.len(),
        "ms": u64::try_from(took.as_millis())?,
        "peak_kib": peak_kib,
        "worker_kib": worker_kib,
    });
    println!("{said}");
    Ok(())
}

/// Starts the worker. It is given no environment, so a build that can pass over its defences is told by an argument to
/// `env` which one.
fn start_worker() -> anyhow::Result<ChildWorker> {
    let program = std::env::current_exe()?;
    let patience = Duration::from_secs(60);
    let without = std::env::var_os("TESSERA_WITHOUT");
    Ok(match without {
        None => ChildWorker::start_other(program, vec![worker::COMMAND.into()], patience)?,
        Some(number) => {
            let mut variable = OsString::from("TESSERA_WITHOUT=");
            variable.push(number);
            let arguments = vec![variable, program.into_os_string(), worker::COMMAND.into()];
            ChildWorker::start_other("/usr/bin/env".into(), arguments, patience)?
        }
    })
}

fn exchange<L: relay::Lend>(home: &mut L, url: &str, key: &str) -> anyhow::Result<u64> {
    let key: RelayKey = key.parse().ok().context("a relay's key")?;
    let place =
        Relay { url: url.try_into().ok().context("a short address")?, key: PublicKey::from_bytes(&key.0)? };
    let mut report = Report::default();
    let go_on = &mut |_: &Progress| ControlFlow::Continue(());
    relay::sync(home, &options(place), go_on, &mut report)?;
    Ok(report.refused)
}

/// The most memory that a process ever used, in KiB; none where it is not there any more.
fn peak_kib(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
