//! Files that commands read and write: bounded, whole or not at all, and named in every error.

use std::path::Path;

use tessera_engine::home::{read_bounded, write_atomically};

use crate::failure::{Exit, Failure};

/// Reads a file of at most `limit_bytes`.
pub(crate) fn read(path: &Path, limit_bytes: usize) -> Result<Vec<u8>, Failure> {
    let bytes = read_bounded(path, limit_bytes as u64);
    bytes.map_err(|error| Failure::from(error).at(&path.display().to_string(), None, None))
}

/// Reads a text file of at most `limit_bytes`.
pub(crate) fn read_text(path: &Path, limit_bytes: usize) -> Result<String, Failure> {
    String::from_utf8(read(path, limit_bytes)?).map_err(|_| {
        Failure::new(Exit::BadInput, "input-not-utf8", "this is not a text file in UTF-8").at(
            &path.display().to_string(),
            None,
            None,
        )
    })
}

/// Writes a file: wholly or not at all, readable by its owner only.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    write_atomically(&path, bytes)
        .map_err(|error| Failure::from(error).at(&path.display().to_string(), None, None))
}

/// Writes a file that anybody may read.
pub(crate) fn write_public(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| {
        Failure::new(Exit::Disk, "disk", format!("cannot be written: {error}")).at(
            &path.display().to_string(),
            None,
            None,
        )
    })
}

/// Makes a folder where there is none.
pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|error| {
        Failure::new(Exit::Disk, "disk", format!("this folder cannot be made: {error}")).at(
            &path.display().to_string(),
            None,
            None,
        )
    })
}
