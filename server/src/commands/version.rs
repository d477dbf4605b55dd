//! `version`: what this program is and what it carries.

use std::process::ExitCode;

use tessera_relay::store::sqlite;

/// Prints the version of the relay and of the SQLite in it.
#[derive(clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments) -> anyhow::Result<ExitCode> {
    let sqlite = sqlite::carried()?;
    super::say(&format!("tessera-relay {} (SQLite {sqlite})", env!("CARGO_PKG_VERSION")))?;
    Ok(ExitCode::SUCCESS)
}
