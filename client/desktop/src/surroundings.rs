//! The environment in which the window runs: without what lets others look into it, and with what keeps its web engine small. A
//! process cannot safely change its own, so the program is started once more where it is another.

use std::process::{Command, ExitCode};

use anyhow::Context as _;

/// Variables by which whoever starts the window could look into it; builds for testing leave them.
const OPEN_DOORS: [&str; 4] = [
    "TAURI_WEBVIEW_AUTOMATION",
    "TAURI_AUTOMATION",
    "WEBKIT_INSPECTOR_SERVER",
    "WEBKIT_INSPECTOR_HTTP_SERVER",
];

/// What the web engine of Linux is told (`DECISION.md` beside this crate says what each is worth). Others read none of it.
#[cfg(target_os = "linux")]
const ENGINE: [(&str, &str); 4] = [
    ("WEBKIT_SKIA_ENABLE_CPU_RENDERING", "1"),
    ("JSC_useDFGJIT", "0"),
    ("JSC_useFTLJIT", "0"),
    ("JSC_forceRAMSize", "200000000"),
];
#[cfg(not(target_os = "linux"))]
const ENGINE: [(&str, &str); 0] = [];

fn open_doors() -> &'static [&'static str] {
    if cfg!(debug_assertions) { &[] } else { &OPEN_DOORS }
}

/// True where others could look into the window.
pub(crate) fn are_open() -> bool {
    open_doors().iter().any(|name| std::env::var_os(name).is_some())
}

/// True where nothing has to be changed. What somebody set for the engine stays as it is.
pub(crate) fn are_right() -> bool {
    !are_open() && ENGINE.iter().all(|(name, _)| std::env::var_os(name).is_some())
}

/// Starts this program in the surroundings that it needs; gives how that one ended, where it did not take the place of this one.
///
/// # Errors
/// It cannot be started.
pub(crate) fn start_again() -> anyhow::Result<ExitCode> {
    let program = std::env::current_exe().context("it is not known where this program is")?;
    // An attempt that fails leaves its marks on how this process handles signals: none is made in vain.
    anyhow::ensure!(program.is_file(), "{} is not there any more", program.display());
    let mut again = Command::new(program);
    again.args(std::env::args_os().skip(1));
    for name in open_doors() {
        again.env_remove(name);
    }
    for (name, value) in ENGINE {
        if std::env::var_os(name).is_none() {
            again.env(name, value);
        }
    }
    instead(again)
}

/// Runs a program in the place of this one.
#[cfg(unix)]
fn instead(mut again: Command) -> anyhow::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    // It returns only where it failed.
    Err(again.exec().into())
}

#[cfg(not(unix))]
fn instead(mut again: Command) -> anyhow::Result<ExitCode> {
    Ok(if again.status()?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
