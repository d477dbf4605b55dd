//! What lies in a folder of files: entries by name, in one order on every system. A link is neither followed nor a folder.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization as _;

use super::IntakeError;

/// Most files that are looked for.
pub(super) const MAX_FOUND: u32 = 100_000;
/// What systems put into folders for themselves.
const SYSTEM: &[&str] = &[".DS_Store", "Thumbs.db", "desktop.ini"];
/// How the names of such files begin, those of office programs among them.
const SYSTEM_STARTS: &[&str] = &["._", "~$"];

/// Where a file lies.
pub(super) struct Lying {
    pub(super) path: PathBuf,
    /// From the folder of files on, composed, with `/` between.
    pub(super) at: String,
    pub(super) name: String,
    /// The folder in which it lies, where that is not its application's own.
    pub(super) folder: Option<String>,
}

/// The entries of a folder, by name.
pub(super) fn entries(folder: &Path) -> Result<Vec<(OsString, PathBuf)>, IntakeError> {
    let at = |source| IntakeError::Io { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at)?.take(MAX_FOUND as usize + 1) {
        let entry = entry.map_err(at)?;
        found.push((entry.file_name(), entry.path()));
    }
    found.sort();
    Ok(found)
}

pub(super) fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_dir())
}

/// Whether a program put a file there for itself.
pub(super) fn of_the_system(name: &str) -> bool {
    SYSTEM.iter().any(|known| known.eq_ignore_ascii_case(name))
        || SYSTEM_STARTS.iter().any(|start| name.starts_with(start))
}

/// The folders in which something lies, by where they lie.
pub(super) fn above(at: &str) -> impl Iterator<Item = &str> {
    at.match_indices('/').map(move |(end, _)| &at[..end])
}

/// A text as it is compared: an archive made elsewhere may have written it decomposed.
pub(super) fn composed(text: &str) -> String {
    text.nfc().collect()
}
