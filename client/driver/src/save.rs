//! Saving files of applications where a person asked for them. A name in a manifest is data that somebody outside
//! wrote: it becomes a plain name of this folder, or none. Nothing is overwritten and no link is followed: the folder
//! is made new, and every file in it.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tessera_defence::defended;
use tessera_engine::EngineError;
use tessera_engine::intake::files::{HEAD_BYTES, look};
use tessera_model::documents::Manifest;
use unicode_normalization::UnicodeNormalization as _;

use crate::session::{Session, SessionError};

/// Longest name that is given to a file, in bytes; every system takes it.
const MAX_NAME_BYTES: usize = 120;

/// A file that was saved, or that could not be.
#[derive(Debug)]
pub struct Saved {
    /// What the manifest calls it.
    pub name: String,
    /// The attachment that it is.
    pub slot: String,
    /// Where it is now.
    pub path: PathBuf,
    /// Why it is not; its bytes are not here, or are not what the manifest names.
    pub missing: Option<EngineError>,
    /// True for a photograph that says where it was taken.
    pub tells_place: bool,
}

/// Why nothing was saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The folder is there already, or cannot be made; or a file cannot be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The home.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// Saves the files of a manifest in a new folder `label` of `out`.
///
/// # Errors
/// [`SaveError`]; a file whose bytes are not here is no error of the whole.
pub fn save(
    session: &mut Session,
    manifest: &Manifest,
    out: &Path,
    label: &str,
) -> Result<Vec<Saved>, SaveError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| SaveError::Io { path, source }
    };
    fs::create_dir_all(out).map_err(at(out))?;
    let folder = out.join(plain_name(label));
    fs::create_dir(&folder).map_err(at(&folder))?;
    let mut taken = BTreeSet::new();
    let mut saved = Vec::new();
    for ((slot, _), file) in manifest.originals() {
        let path = folder.join(free_name(&file.name, &mut taken));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let mut target = options.open(&path).map_err(at(&path))?;
        let opened = session.together(|acts| acts.open_attachment(&file.handle, &mut target));
        let missing = match opened {
            Ok(()) => None,
            Err(SessionError::Engine(error)) => {
                drop(target);
                fs::remove_file(&path).map_err(at(&path))?;
                Some(error)
            }
            Err(error) => return Err(error.into()),
        };
        let tells_place = missing.is_none() && tells_place(&path).map_err(at(&path))?;
        let (name, slot) = (file.name.clone(), slot.clone());
        saved.push(Saved { name, slot, path, missing, tells_place });
    }
    Ok(saved)
}

fn tells_place(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    fs::File::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let looked = look("", None, &head, &[]);
    Ok(looked.is_ok_and(|looked| looked.warnings.iter().any(|(code, _)| *code == "attachment-has-place")))
}

/// A plain name that no other file of the folder has, capitals and composition aside.
pub(crate) fn free_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain = plain_name(name);
    let (stem, ending) = match plain.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
        _ => (plain.as_str(), String::new()),
    };
    let mut number = 1;
    loop {
        let tried = if number == 1 { plain.clone() } else { format!("{stem}-{number}{ending}") };
        if taken.insert(tried.to_lowercase()) {
            return tried;
        }
        number += 1;
    }
}

/// Makes a name that is one on every system and leads nowhere: no separators, no signs that systems or terminals
/// take for something else, none of the reserved names.
#[must_use]
pub fn plain_name(name: &str) -> String {
    if !defended!(H09) {
        return name.to_owned();
    }
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let plain: String = name.nfc().map(|c| if steers(c) { '_' } else { c }).collect();
    let plain = plain.trim().trim_end_matches(['.', ' ']);
    let plain = match plain.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => plain.to_owned(),
    };
    let mut plain = shortened(&plain);
    let stem = plain.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    let numbered = port.is_some_and(|n| {
        let mut chars = n.chars();
        chars.next().is_some_and(|c| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'))
            && chars.next().is_none()
    });
    if numbered || matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        plain.insert(0, '_');
    }
    if plain.is_empty() { "file".to_owned() } else { plain }
}

/// Shortens a name and keeps its ending.
fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME_BYTES {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.len() <= 8);
    let ending = ending.map(|ending| format!(".{ending}")).unwrap_or_default();
    let stem = &name[..name.floor_char_boundary(MAX_NAME_BYTES - ending.len())];
    format!("{}{ending}", stem.trim_end_matches(['.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h09_a_name_becomes_one_plain_name() {
        fn check(name: &str, expected: &str) {
            let plain = plain_name(name);
            assert_eq!(plain, expected, "{name:?}");
            assert_eq!(Path::new(&plain).components().count(), 1);
            assert_eq!(Path::new(&plain).file_name().unwrap(), plain.as_str());
        }
        check("cv.pdf", "cv.pdf");
        check("../A001/cv.pdf", "_._A001_cv.pdf");
        check("..\\..\\outside.txt", "_._.._outside.txt");
        check("/etc/passwd", "_etc_passwd");
        check("C:\\boot.ini", "C__boot.ini");
        check("\\\\server\\share", "__server_share");
        check("NUL", "_NUL");
        check("com1.txt", "_com1.txt");
        check("COM10.txt", "COM10.txt");
        check("aux.tar.gz", "_aux.tar.gz");
        check("name. . ", "name");
        check("stream.txt:hidden", "stream.txt_hidden");
        check(".bashrc", "_bashrc");
        check("..", "file");
        check("", "file");
        check("a\nb\u{202e}fdp.exe", "a_b_fdp.exe");
        check("cafe\u{301}.txt", "caf\u{e9}.txt");
        check(&format!("{}.pdf", "x".repeat(4096)), &format!("{}.pdf", "x".repeat(MAX_NAME_BYTES - 4)));
    }

    #[test]
    fn h09_names_that_collide_get_numbers() {
        let mut taken = BTreeSet::new();
        let names: Vec<String> = ["cv.pdf", "CV.pdf", "cafe\u{301}", "caf\u{e9}", "cv.pdf", "a/b", "a\\b"]
            .iter()
            .map(|name| free_name(name, &mut taken))
            .collect();
        assert_eq!(names, ["cv.pdf", "CV-2.pdf", "caf\u{e9}", "caf\u{e9}-2", "cv-3.pdf", "a_b", "a_b-2"]);
    }
}
