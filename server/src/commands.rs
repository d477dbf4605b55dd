//! One file for each verb, and how they end: 0 done, 2 used wrongly, 3 bad input, 4 not found, 9 damaged,
//! 10 written by a newer version, 11 the disk takes nothing more, 1 anything else.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod inspect;
pub(crate) mod key;
pub(crate) mod serve;
pub(crate) mod version;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use tessera_relay::key::KeyError;
use tessera_relay::store::StoreError;
use tessera_relay::store::sqlite::SqliteStore;

use crate::config::Settings;

/// The name of the database in the data folder.
pub(crate) const DATABASE: &str = "relay.db";
/// The name of the key file in the data folder.
pub(crate) const KEY: &str = "relay.key";

/// Where the data folder is, for the verbs that do not serve.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The folder that holds the database and the key.
    #[arg(long, value_name = "DIR", env = "TESSERA_RELAY_DATA")]
    data: Option<PathBuf>,
    /// A TOML file that names it.
    #[arg(long, value_name = "F", env = "TESSERA_RELAY_CONFIG")]
    config: Option<PathBuf>,
}

impl Place {
    pub(crate) fn data(&self) -> anyhow::Result<PathBuf> {
        let settings = Settings { data: self.data.clone(), ..Settings::default() };
        Ok(settings.over(self.config.as_deref())?.data()?.to_owned())
    }
}

/// Opens the database as it is at this moment.
pub(crate) fn open(data: &Path) -> anyhow::Result<SqliteStore> {
    Ok(SqliteStore::open_snapshot(&database(data)?)?)
}

/// Where the database is that must be there.
pub(crate) fn database(data: &Path) -> anyhow::Result<PathBuf> {
    let path = data.join(DATABASE);
    if !path.exists() {
        return Err(Wrong::Missing(format!("there is no relay in {}", data.display())).into());
    }
    Ok(path)
}

/// Makes the data folder, for its owner alone.
pub(crate) fn make_folder(data: &Path) -> anyhow::Result<()> {
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(data).with_context(|| format!("cannot make {}", data.display()))
}

/// Holds the data folder for this process alone.
pub(crate) fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join("relay.lock");
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    file.try_lock().map_err(|_| Wrong::Use(format!("another relay uses {}", data.display())))?;
    Ok(file)
}

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
