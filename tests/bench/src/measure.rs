//! What a process cost, as the kernel counts it in `/proc`. A program is run by a small process of its own that does
//! nothing else (`tessera-bench measure`), because the kernel gives a process the sum of the times of all children that
//! it waited for, and of theirs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

/// The hidden command under which this program is the small process.
pub(crate) const COMMAND: &str = "measure";
/// The kernel tells times of processes in hundredths of a second, whatever its own clock is.
const TICK_MS: f64 = 10.0;
/// How often memory is looked at. A peak is kept by the kernel: only growth in the last of these is missed.
const LOOK: Duration = Duration::from_millis(2);

/// What a program that ended has cost.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) wall_ms: f64,
    /// User and system time of it and of its own children.
    pub(crate) cpu_ms: f64,
    /// The peak of its memory plus the peak of its children's: no less than what all held at one time.
    pub(crate) rss_mib: f64,
    /// Its exit status; none where a signal ended it.
    pub(crate) status: Option<i32>,
}

/// What a program said and cost.
pub(crate) struct Ran {
    pub(crate) cost: Cost,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program to its end.
pub(crate) fn run(folder: &Path, program: &Path, arguments: &[OsString]) -> Result<Ran> {
    let note = folder.join("cost.json");
    let output = Command::new(std::env::current_exe()?)
        .arg(COMMAND)
        .arg(&note)
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("the measuring process")?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "the measuring process: {} {stderr}", output.status);
    let cost = serde_json::from_slice(&std::fs::read(&note)?)?;
    Ok(Ran { cost, stdout: String::from_utf8(output.stdout)?, stderr })
}

/// The life of the small process: `NOTE PROGRAM ARGUMENTS…`.
pub(crate) fn serve(mut arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    let (Some(note), Some(program)) = (arguments.next(), arguments.next()) else {
        bail!("a note and a program are needed");
    };
    let start = Instant::now();
    let mut child = Command::new(program).args(arguments).spawn()?;
    let mut peaks = BTreeMap::new();
    let status = loop {
        look(child.id(), &mut peaks);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(LOOK);
    };
    let wall_ms = milliseconds(start.elapsed());
    // Fields 16 and 17 of the line: user and system time of children that were waited for, and of theirs.
    let cpu_ms = ticks("self", 16)? * TICK_MS;
    let cost = Cost { wall_ms, cpu_ms, rss_mib: peaks.values().sum(), status: status.code() };
    std::fs::write(note, serde_json::to_vec(&cost)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Notes the peaks of a process and of its children as far as they run.
fn look(process: u32, peaks: &mut BTreeMap<u32, f64>) {
    // What cannot be read has just ended, and its last peak stands.
    if let Ok(peak) = peak_mib_of(process) {
        peaks.insert(process, peak);
    }
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    for child in children.unwrap_or_default().split_whitespace().filter_map(|id| id.parse().ok()) {
        look(child, peaks);
    }
}

/// Time in milliseconds, to the microsecond.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// The sum of two numbers of a process's line, counted from 1: 14 for its own user and system time, 16 for its
/// children's.
fn ticks(process: &str, first: usize) -> Result<f64> {
    let line = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name in parentheses, which may contain anything.
    let (_, rest) = line.rsplit_once(')').context("the line of a process")?;
    let numbers = rest.split_whitespace().skip(first - 3).take(2).map(str::parse::<f64>);
    Ok(numbers.sum::<Result<f64, _>>()?)
}

/// User and system time of a process that runs, at one moment.
pub(crate) struct Clock {
    /// All of it, in steps of a tick.
    ticks_ms: f64,
    /// Of each thread that runs, in nanoseconds.
    threads: BTreeMap<u32, f64>,
}

impl Clock {
    /// Reads the clock of a process.
    pub(crate) fn read(process: u32) -> Result<Self> {
        let mut threads = BTreeMap::new();
        for entry in std::fs::read_dir(format!("/proc/{process}/task"))? {
            let entry = entry?;
            let Some(thread) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            // A thread that ends meanwhile is in the sum of ticks.
            let Ok(line) = std::fs::read_to_string(entry.path().join("schedstat")) else { continue };
            let nanoseconds: f64 = line.split_whitespace().next().unwrap_or("0").parse()?;
            threads.insert(thread, nanoseconds);
        }
        Ok(Self { ticks_ms: ticks(&process.to_string(), 14)? * TICK_MS, threads })
    }

    /// Milliseconds since an earlier reading: to the nanosecond by threads, or by ticks where a thread has ended.
    pub(crate) fn since_ms(&self, before: &Self) -> f64 {
        let one = |(thread, now): (&u32, &f64)| now - before.threads.get(thread).unwrap_or(&0.0);
        let by_threads = self.threads.iter().map(one).sum::<f64>() / 1e6;
        let by_ticks = self.ticks_ms - before.ticks_ms;
        if by_ticks > by_threads + 2.0 * TICK_MS { by_ticks } else { by_threads }
    }
}

/// The peak of a process's memory since [`forget_peak`].
pub(crate) fn peak_mib_of(process: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the peak of memory")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}

/// Lets the peak of a process's memory begin anew.
pub(crate) fn forget_peak(process: u32) -> Result<()> {
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").context("the peak of memory")
}
