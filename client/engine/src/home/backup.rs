//! A backup: the files of a closed home in one file. Everything in it is under the passphrase or the store's key
//! already, so it may lie anywhere. What this computer's keychain opens stays here. A home that is put back from it is a copied home: it has an incarnation of
//! its own, and a notice says so where both go on.
//!
//! ```text
//! file  = "tessera backup 1\n" · entry … · 0
//! entry = length of the name (1) · name · length (8, little-endian) · bytes
//! ```
//! Truncation is told from the lengths; a changed byte, by whoever opens the identity or the store.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use super::{ANCHOR, Home, HomeError, IDENTITY, NewHome, RECOVERY, STORE, files, write_atomically_with};

const MAGIC: &[u8] = b"tessera backup 1\n";
const FAMILY: &[u8] = b"tessera backup ";
/// What a backup may hold, in the order in which it is written.
const NAMES: [&str; 4] = [IDENTITY, ANCHOR, RECOVERY, STORE];
/// The largest store that is taken out of a backup: 1 TiB.
const MAX_BYTES: u64 = 1 << 40;

impl Home {
    /// Writes a backup of this home, whose store must be closed; gives its length in bytes. An earlier file of
    /// that name is replaced once the new one is whole.
    ///
    /// # Errors
    /// [`HomeError`], [`HomeError::LogLeft`] where the store could not be closed as one file; the earlier file is kept.
    pub fn write_backup(&self, out: &Path) -> Result<u64, HomeError> {
        let log = self.path(&format!("{STORE}-wal"));
        if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            return Err(HomeError::LogLeft);
        }
        let mut bytes = 0;
        write_atomically_with(out, |file| {
            bytes = self.write_into(file).map_err(HomeError::of(out))?;
            Ok::<(), HomeError>(())
        })?;
        Ok(bytes)
    }

    fn write_into(&self, out: &mut dyn Write) -> io::Result<u64> {
        out.write_all(MAGIC)?;
        let mut bytes = MAGIC.len() as u64 + 1;
        for name in NAMES {
            let mut file = match File::open(self.path(name)) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let length = file.metadata()?.len();
            out.write_all(&[u8::try_from(name.len()).unwrap_or(u8::MAX)])?;
            out.write_all(name.as_bytes())?;
            out.write_all(&length.to_le_bytes())?;
            let copied = io::copy(&mut Read::by_ref(&mut file).take(length), out)?;
            if copied != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes += 9 + name.len() as u64 + length;
        }
        out.write_all(&[0])?;
        Ok(bytes)
    }

    /// Prepares a home from a backup, beside `folder`; nothing is at `folder` before [`NewHome::finish`].
    ///
    /// # Errors
    /// [`HomeError::Damaged`] where it is none or not whole, [`HomeError::Exists`].
    pub fn read_backup(folder: &Path, backup: &Path) -> Result<NewHome, HomeError> {
        let mut input = BufReader::new(
            File::open(backup).map_err(|source| HomeError::Io { path: backup.to_owned(), source })?,
        );
        let mut magic = vec![0; MAGIC.len()];
        let read = input.read_exact(&mut magic);
        if read.is_ok() && magic != MAGIC && magic.starts_with(FAMILY) {
            return Err(HomeError::Newer {
                found: u32::from(magic[FAMILY.len()].saturating_sub(b'0')),
                known: 1,
            });
        }
        if read.is_err() || magic != MAGIC {
            return Err(DAMAGED);
        }
        let new = Self::prepare_folder(folder)?;
        let mut seen = Vec::new();
        while let Some(name) = read_name(&mut input)? {
            if seen.contains(&name) {
                return Err(DAMAGED);
            }
            copy_out(&mut input, &new.home().path(name))?;
            seen.push(name);
        }
        let mut rest = [0; 1];
        let ended = matches!(input.read(&mut rest), Ok(0));
        if !ended || !seen.contains(&IDENTITY) || !seen.contains(&STORE) {
            return Err(DAMAGED);
        }
        Ok(new)
    }
}

const DAMAGED: HomeError = HomeError::Damaged("backup");

/// The next name; none at the end.
fn read_name(input: &mut impl Read) -> Result<Option<&'static str>, HomeError> {
    let mut length = [0; 1];
    input.read_exact(&mut length).map_err(|_| DAMAGED)?;
    if length == [0] {
        return Ok(None);
    }
    let mut name = vec![0; usize::from(length[0])];
    input.read_exact(&mut name).map_err(|_| DAMAGED)?;
    NAMES.into_iter().find(|known| known.as_bytes() == name).map(Some).ok_or(DAMAGED)
}

fn copy_out(input: &mut impl Read, to: &Path) -> Result<(), HomeError> {
    let mut length = [0; 8];
    input.read_exact(&mut length).map_err(|_| DAMAGED)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_BYTES {
        return Err(DAMAGED);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    files::only_for_owner(&mut options);
    let mut out = options.open(to).map_err(HomeError::of(to))?;
    let copied = io::copy(&mut input.take(length), &mut out).map_err(HomeError::of(to))?;
    if copied != length {
        return Err(DAMAGED);
    }
    out.sync_all().map_err(HomeError::of(to))
}
