//! One file for each verb, and how they end: 0 done, 2 used wrongly, 3 bad input, 4 not found, 9 damaged,
//! 10 written by a newer version, 11 the disk takes nothing more, 1 anything else.

pub(crate) mod key;
pub(crate) mod serve;
pub(crate) mod version;

use std::io::Write;
use std::process::ExitCode;

use tessera_relay::key::KeyError;
use tessera_relay::store::StoreError;

/// The name of the database in the data folder.
pub(crate) const DATABASE: &str = "relay.db";
/// The name of the key file in the data folder.
pub(crate) const KEY: &str = "relay.key";

/// Says what went wrong, and ends with the status for it.
pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "tessera-relay: {error:#}");
    let code = match error.downcast_ref::<StoreError>() {
        Some(StoreError::Full(_)) => 11,
        Some(StoreError::Damaged(_)) => 9,
        Some(StoreError::Newer { .. }) => 10,
        Some(_) => 1,
        None => match error.downcast_ref::<Wrong>() {
            Some(Wrong::Use(_)) => 2,
            Some(Wrong::Missing(_)) => 4,
            None if error.downcast_ref::<KeyError>().is_some() => 3,
            None => 1,
        },
    };
    ExitCode::from(code)
}

/// What is wrong with how a verb is used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    /// The arguments do not fit together.
    #[error("{0}")]
    Use(String),
    /// Something is not there.
    #[error("{0}")]
    Missing(String),
}

/// Writes a line to standard output.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
