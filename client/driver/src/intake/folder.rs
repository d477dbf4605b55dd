//! A folder of files with a folder for each application: which files there are, and what each is. Names are data: they
//! are compared with entries of the folder and never joined to a path unseen.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tessera_engine::intake::files::{HEAD_BYTES, TAIL_BYTES, fits};
use tessera_engine::intake::{
    FileProblem, Incoming, Looked, Mapping, NewFile, Received, Refused, Remark, look,
};
use tessera_model::documents::Sha256Bytes;
use tessera_model::documents::manifest::MAX_NAME_BYTES;
use tessera_model::input::Place;
use tessera_model::programme::Programme;
use tessera_model::programme::form::Attachment;
use unicode_normalization::UnicodeNormalization as _;

use super::{Found, IntakeError, Report};

/// Most files of one application.
const MAX_FILES: u32 = 200;
/// Under which name coordinators keep what nobody asked for.
pub(super) const UNASKED: &str = "unasked";
/// How much of a file is read at a time, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// The folder.
pub(super) struct Folders {
    root: PathBuf,
    /// Folders by the composed form of their name: an archive made elsewhere may have written it decomposed.
    folders: BTreeMap<String, OsString>,
}

/// A file that was found, not looked at yet.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) folder: Option<String>,
}

/// One application's files while they are looked at.
struct Looking<'a> {
    programme: &'a Programme,
    mapping: &'a Mapping,
    incoming: &'a Incoming,
    table: &'a Place,
    report: &'a mut Report,
    found: Found,
}

impl Folders {
    pub(super) fn open(root: &Path) -> Result<Self, IntakeError> {
        let mut folders = BTreeMap::new();
        for (name, path) in entries(root)? {
            if fs::symlink_metadata(&path).is_ok_and(|about| about.is_dir())
                && let Some(text) = name.to_str()
            {
                folders.insert(text.nfc().collect(), name);
            }
        }
        Ok(Self { root: root.to_owned(), folders })
    }

    /// Warns of folders that belong to no application of the table.
    pub(super) fn unmatched<'k>(&self, keys: impl Iterator<Item = &'k str>) -> Vec<Remark> {
        let keys: BTreeSet<String> = keys.map(|key| key.nfc().collect()).collect();
        let others = self.folders.keys().filter(|folder| !keys.contains(*folder));
        let warn = |folder: &String| {
            let message = format!("the folder `{folder}` belongs to no application that was taken in");
            Remark::new("folder-unmatched", vec![folder.clone()], message)
        };
        others.map(warn).collect()
    }

    /// Looks at the files of an application; none where there is no folder for it and no cell names a file.
    pub(super) fn look(
        &self,
        programme: &Programme,
        mapping: &Mapping,
        incoming: &Incoming,
        table: &Place,
        report: &mut Report,
    ) -> Result<Option<Found>, IntakeError> {
        let composed: String = incoming.row.key.nfc().collect();
        let folder = self.folders.get(&composed).map(|name| self.root.join(name));
        if folder.is_none() && incoming.named.is_empty() {
            return Ok(None);
        }
        let found = Found { received: Received::default(), paths: BTreeMap::new() };
        let mut looking = Looking { programme, mapping, incoming, table, report, found };
        let mut here = BTreeSet::new();
        for entry in folder.iter().map(|folder| looking.list(folder)).collect::<Result<Vec<_>, _>>()?.concat()
        {
            here.insert(entry.name.nfc().collect::<String>());
            looking.take(&entry);
        }
        looking.named(&here);
        looking.count();
        // Without a folder nothing is known of the files that there were.
        Ok(folder.map(|_| looking.found))
    }
}

impl Looking<'_> {
    /// The files of a folder, and those in its folders that are called like an attachment.
    fn list(&mut self, folder: &Path) -> Result<Vec<Entry>, IntakeError> {
        let mut files = Vec::new();
        for (name, path) in entries(folder)? {
            let is_folder = fs::symlink_metadata(&path).is_ok_and(|about| about.is_dir());
            let Some(name) = name.to_str().filter(|name| name.len() <= MAX_NAME_BYTES) else {
                self.refuse(&path, &path.display().to_string(), &FileProblem::Name);
                continue;
            };
            if !is_folder {
                files.push(Entry { name: name.to_owned(), path, folder: None });
            } else if self.mapping.slot(self.programme, Some(name), "").is_some() {
                for (inner, path) in entries(&path)? {
                    match inner.to_str() {
                        Some(inner) => {
                            files.push(Entry { name: inner.to_owned(), path, folder: Some(name.to_owned()) })
                        }
                        None => self.refuse(&path, &path.display().to_string(), &FileProblem::Name),
                    }
                }
            } else {
                self.refuse(&path, name, &FileProblem::NoFile);
            }
        }
        if files.len() > MAX_FILES as usize {
            let too_many = FileProblem::TooMany { most: MAX_FILES };
            self.refuse(folder, &folder.display().to_string(), &too_many);
            files.truncate(MAX_FILES as usize);
        }
        Ok(files)
    }

    fn take(&mut self, entry: &Entry) {
        let named = self.incoming.named.iter().find(|named| same(&named.name, &entry.name));
        let slot = named.and_then(|named| named.slot.clone());
        let folder = entry.folder.as_deref();
        let slot = slot.or_else(|| self.mapping.slot(self.programme, folder, &entry.name));
        let key = self.incoming.row.key.clone();
        let unasked = slot.is_none();
        let slot = slot.unwrap_or_else(|| UNASKED.to_owned());
        let asked = self.programme.attachments.iter().find(|asked| asked.key.as_str() == slot);
        match examine(entry, asked) {
            Err(problem) => self.refuse(&entry.path, &entry.name, &problem),
            Ok((looked, contents, size_bytes)) => {
                if unasked {
                    let message =
                        format!("{key}, `{}`: not asked for; coordinators alone will see it", entry.name);
                    self.warn("attachment-unasked", &entry.name, message);
                }
                self.report.remarks.extend(looked.remarks(Some(self.incoming.number), &key, &entry.name));
                self.found.paths.insert(contents, entry.path.clone());
                self.found.received.files.push(NewFile {
                    slot,
                    contents,
                    name: entry.name.clone(),
                    media_type: looked.media_type.to_owned(),
                    size_bytes,
                });
            }
        }
    }

    /// Names in cells for which there is no file.
    fn named(&mut self, here: &BTreeSet<String>) {
        for named in self.incoming.named.clone() {
            if here.contains(&named.name.nfc().collect::<String>()) {
                continue;
            }
            let leads_out = named.name.contains(['/', '\\', '\0']) || named.name == "..";
            let problem = if leads_out { FileProblem::Outside } else { FileProblem::Missing };
            self.report.refused.push(Refused {
                application: Some(self.incoming.row.key.clone()),
                file: self.table.file.clone(),
                row: Some(self.incoming.number),
                column: Some(named.column.clone()),
                value: named.name.clone(),
                code: problem.code(),
                message: format!("`{}`: {problem}", named.name),
            });
        }
    }

    /// More files than the programme asks for are taken and named.
    fn count(&mut self) {
        for asked in &self.programme.attachments {
            let files = self.found.received.files.iter();
            let count = files.filter(|file| file.slot == asked.key.as_str()).count();
            if let Some(most) = asked.max.filter(|most| count > *most as usize) {
                let message = format!(
                    "{}: {count} files for `{}`, {most} are asked for",
                    self.incoming.row.key, asked.key
                );
                self.warn("attachment-more-than-asked", asked.key.as_str(), message);
            }
        }
    }

    fn refuse(&mut self, path: &Path, name: &str, problem: &FileProblem) {
        self.found.received.refused.insert(name.to_owned());
        self.report.refused.push(Refused {
            application: Some(self.incoming.row.key.clone()),
            file: path.display().to_string(),
            row: Some(self.incoming.number),
            column: None,
            value: name.to_owned(),
            code: problem.code(),
            message: format!("`{name}`: {problem}"),
        });
    }

    fn warn(&mut self, code: &'static str, about: &str, message: String) {
        let remark = Remark::new(code, vec![about.to_owned()], message);
        self.report.remarks.push(remark.of(Some(self.incoming.number), &self.incoming.row.key));
    }
}

/// Looks at one file: its kind, its hash, its size.
pub(super) fn examine(
    entry: &Entry,
    asked: Option<&Attachment>,
) -> Result<(Looked, Sha256Bytes, u64), FileProblem> {
    let unreadable = |error: io::Error| FileProblem::Unreadable(error.kind().to_string());
    let about = fs::symlink_metadata(&entry.path).map_err(unreadable)?;
    if !about.is_file() {
        return Err(FileProblem::NoFile);
    }
    fits(asked, about.len())?;
    let mut file = File::open(&entry.path).map_err(unreadable)?.take(about.len() + 1);
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    let mut hash = Sha256::new();
    let mut size_bytes = 0;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = file.read(&mut piece).map_err(unreadable)?;
        if count == 0 {
            break;
        }
        let piece = &piece[..count];
        size_bytes += count as u64;
        hash.update(piece);
        head.extend(&piece[..count.min(HEAD_BYTES - head.len())]);
        tail.extend(piece);
        let spare = tail.len().saturating_sub(TAIL_BYTES);
        tail.drain(..spare);
    }
    fits(asked, size_bytes)?;
    Ok((look(&entry.name, asked, &head, &tail)?, hash.finalize().into(), size_bytes))
}

fn same(one: &str, other: &str) -> bool {
    one == other || one.nfc().eq(other.nfc())
}

/// The entries of a folder, by name.
fn entries(folder: &Path) -> Result<Vec<(OsString, PathBuf)>, IntakeError> {
    let at = |source| IntakeError::Io { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at)? {
        let entry = entry.map_err(at)?;
        found.push((entry.file_name(), entry.path()));
    }
    found.sort();
    Ok(found)
}
