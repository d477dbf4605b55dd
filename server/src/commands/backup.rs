//! `backup` and `restore`: a copy of the database in one file. The key is not in it: it stays in the data
//! folder, and a charter names a spare one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use tessera_relay::store::StoreError;
use tessera_relay::store::sqlite::SqliteStore;

use super::{DATABASE, Wrong};

/// Writes a consistent copy of the database to a new file, also while the relay runs.
///
/// The copy holds nothing that the relay itself could not read. The relay's key is not in it.
#[derive(clap::Args)]
pub(crate) struct Backup {
    /// The file to write; it must not exist.
    out: PathBuf,
    #[command(flatten)]
    place: super::Place,
}

/// Puts a copy in the place of the database; the relay must not run.
///
/// The database that is there is kept beside it. Clients notice at their next exchange, because a relay has
/// a new incarnation at every start, and fill again what is missing.
#[derive(clap::Args)]
pub(crate) struct Restore {
    /// The copy.
    #[arg(value_name = "IN")]
    copy: PathBuf,
    #[command(flatten)]
    place: super::Place,
}

pub(crate) fn backup(arguments: &Backup) -> anyhow::Result<ExitCode> {
    let out = &arguments.out;
    let store = SqliteStore::open_read_only(&super::database(&arguments.place.data()?)?)?;
    if out.exists() {
        return Err(Wrong::Use(format!("{} exists; a copy is written to a new file", out.display())).into());
    }
    if let Err(error) = make(&store, out) {
        let _ = fs::remove_file(out);
        return Err(error);
    }
    super::say(&format!("{}: {} bytes", out.display(), fs::metadata(out)?.len()))?;
    Ok(ExitCode::SUCCESS)
}

fn make(store: &SqliteStore, out: &Path) -> anyhow::Result<()> {
    private(out)?;
    store.copy_to(out)?;
    sound(out)?;
    sync(out)
}

/// Makes an empty file that only its owner can read; SQLite writes into it.
fn private(path: &Path) -> anyhow::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

/// Refuses what is no whole database of this version.
fn sound(path: &Path) -> anyhow::Result<()> {
    let wrong = SqliteStore::open_read_only(path)?.integrity()?;
    match wrong.first() {
        None => Ok(()),
        Some(first) => Err(StoreError::Damaged(first.clone()).into()),
    }
}

fn sync(path: &Path) -> anyhow::Result<()> {
    File::open(path)?.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

pub(crate) fn restore(arguments: &Restore) -> anyhow::Result<ExitCode> {
    let copy = &arguments.copy;
    if !copy.exists() {
        return Err(Wrong::Missing(format!("{} is not there", copy.display())).into());
    }
    sound(copy)?;
    let data = arguments.place.data()?;
    super::make_folder(&data)?;
    let _lock = super::lock(&data)?;
    let (new, database) = (data.join("relay.db.new"), data.join(DATABASE));
    let _ = fs::remove_file(&new);
    private(&new)?;
    fs::copy(copy, &new).with_context(|| format!("cannot write {}", new.display()))?;
    sync(&new)?;
    let mut kept = None;
    if database.exists() {
        // What is still in the write-ahead log goes into the file that is kept.
        drop(SqliteStore::open(&database, u64::MAX));
        let old = (1..).map(|number| data.join(format!("relay.db.before-restore-{number}")));
        let old =
            old.into_iter().find(|old| !old.exists()).context("no name is left for the old database")?;
        fs::rename(&database, &old)?;
        for end in ["-wal", "-shm"] {
            let _ = fs::rename(data.join(format!("{DATABASE}{end}")), append(&old, end));
        }
        kept = Some(old);
    }
    fs::rename(&new, &database)?;
    sync(&database)?;
    let kept = kept.map(|old| format!("; the old one is {}", old.display())).unwrap_or_default();
    super::say(&format!("restored{kept}"))?;
    Ok(ExitCode::SUCCESS)
}

fn append(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
