//! Files written wholly or not at all, readable by their owner only, and read with a limit.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use super::error::HomeError;

/// Writes a file so that after a crash either the earlier or the new bytes are there, and durably so once
/// this returns: a file beside it is written and synced, takes its name, and the folder is synced.
/// Readable by its owner only. Not for two processes at once.
///
/// # Errors
/// The disk is full or cannot be written; the earlier file is kept.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), HomeError> {
    write_atomically_with(path, |file| file.write_all(bytes).map_err(HomeError::of(path)))
}

/// As [`write_atomically`], for what comes piece by piece from `write`.
///
/// # Errors
/// What `write` returned, and as [`write_atomically`]; the earlier file is kept.
pub fn write_atomically_with<E: From<HomeError>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let unfinished = unfinished(path);
    let written = (|| {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        only_for_owner(&mut options);
        let mut file = BufWriter::new(options.open(&unfinished).map_err(HomeError::of(path))?);
        write(&mut file)?;
        let file = file.into_inner().map_err(|error| HomeError::of(path)(error.into_error()))?;
        file.sync_all().map_err(HomeError::of(path))?;
        std::fs::rename(&unfinished, path).map_err(HomeError::of(path))?;
        Ok(())
    })();
    if let Err(error) = written {
        // The first failure is the one to report.
        drop(std::fs::remove_file(&unfinished));
        return Err(error);
    }
    Ok(sync_name(path)?)
}

/// Reads a file of at most `limit_bytes`.
///
/// # Errors
/// [`HomeError::TooLarge`], or it cannot be read.
pub fn read_bounded(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, HomeError> {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(|source| HomeError::Io { path: path.to_owned(), source })?;
    if bytes.len() as u64 > limit_bytes {
        return Err(HomeError::TooLarge { path: path.to_owned(), limit_bytes });
    }
    Ok(bytes)
}

/// Makes the name that a file has durable, in its folder.
///
/// # Errors
/// The disk failed.
pub fn sync_name(path: &Path) -> Result<(), HomeError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => sync_folder(folder),
        _ => sync_folder(Path::new(".")),
    }
}

/// Makes the names in a folder durable; without effect where folders cannot be opened, or their disk knows no such thing,
/// as a share of another computer may not.
pub(super) fn sync_folder(folder: &Path) -> Result<(), HomeError> {
    #[cfg(test)]
    SYNCED.with_borrow_mut(|synced| synced.push(folder.to_owned()));
    if cfg!(unix)
        && let Err(error) = File::open(folder).and_then(|folder| folder.sync_all())
        && !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
    {
        return Err(HomeError::of(folder)(error));
    }
    Ok(())
}

/// Makes a folder that only its owner may enter.
pub(super) fn create_private_folder(folder: &Path) -> Result<(), HomeError> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(HomeError::of(folder))
}

/// Closes a folder to everybody but its owner, as far as the file system can.
pub(super) fn make_private(folder: &Path) {
    #[cfg(unix)]
    drop(std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)));
    #[cfg(not(unix))]
    let _ = folder;
}

/// A new file will be readable by its owner only.
pub(super) fn only_for_owner(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

#[cfg(test)]
thread_local! {
    /// The folders whose names were made durable.
    pub(super) static SYNCED: std::cell::RefCell<Vec<PathBuf>> = const { std::cell::RefCell::new(Vec::new()) };
}
