//! The environment in which the window runs: without what lets others look into it, and with what keeps its web engine small. A
//! process cannot safely change its own, so the program is started once more where it is another.

use std::process::{Command, ExitCode};

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

/// True where nothing has to be changed. What somebody set for the engine stays as it is.
pub(crate) fn are_right() -> bool {
    open_doors().iter().all(|name| std::env::var_os(name).is_none())
        && ENGINE.iter().all(|(name, _)| std::env::var_os(name).is_some())
}

/// Starts this program in the surroundings that it needs.
pub(crate) fn start_again() -> ExitCode {
    let Ok(program) = std::env::current_exe() else { return ExitCode::FAILURE };
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
fn instead(mut again: Command) -> ExitCode {
    use std::os::unix::process::CommandExt as _;
    // It returns only where it failed.
    let _ = again.exec();
    ExitCode::FAILURE
}

#[cfg(not(unix))]
fn instead(mut again: Command) -> ExitCode {
    match again.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
