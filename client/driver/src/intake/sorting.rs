//! Sorts the files of a folder to the applications of a table: by their folder, by the cells that name them, by the key in their
//! name, or as a person said. Names are data: they are compared with entries of the folder and never joined to a path unseen.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use tessera_engine::intake::{FileProblem, Incoming, Mapping, Names, Placed, Remark, Slot};
use tessera_model::documents::manifest::MAX_NAME_BYTES;
use tessera_model::input::Warning;
use tessera_model::programme::Programme;

use super::filed::{Fate, Filed, How};
use super::listing::{Lying, MAX_FOUND, above, composed, entries, is_folder, of_the_system};
use super::{IntakeError, Report};

/// How many folders deep an application's own folder may lie.
const DEPTH: usize = 2;

/// What files are sorted to.
pub(super) struct Rows<'a> {
    pub(super) programme: &'a Programme,
    pub(super) mapping: &'a Mapping,
    /// Rows that can be taken in.
    pub(super) rows: &'a [Incoming],
    /// Keys of rows with a mistake.
    pub(super) refused: &'a BTreeSet<String>,
    /// Keys of applications that are here.
    pub(super) known: &'a BTreeSet<String>,
}

/// A file that was found for an application, not looked at yet.
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) at: String,
    pub(super) name: String,
    pub(super) folder: Option<String>,
    /// What it is; none where nothing says it.
    pub(super) slot: Option<Slot>,
    pub(super) how: How,
}

/// What was found for one application.
#[derive(Default)]
pub(super) struct Own {
    pub(super) entries: Vec<Entry>,
    /// True where it has a folder of its own, which holds all of its files.
    pub(super) whole: bool,
    /// Names of files that are left out.
    pub(super) left_out: BTreeSet<String>,
    /// Names of files that could not even be looked at.
    pub(super) refused: BTreeSet<String>,
}

/// Whose something is.
enum Whose<'a> {
    Row(&'a Incoming),
    /// An application that is not taken in now.
    Waits(Fate, String),
    /// A person's, who left it out.
    LeftOut,
    Nobody,
}

impl<'a> Whose<'a> {
    fn row(&self) -> Option<&'a Incoming> {
        match self {
            Self::Row(row) => Some(*row),
            _ => None,
        }
    }
}

struct Sorter<'a> {
    table: &'a Rows<'a>,
    names: Names<'a>,
    /// By composed key: an archive made elsewhere may have written names decomposed.
    rows: BTreeMap<String, &'a Incoming>,
    /// Rows by the files that their cells name.
    named: BTreeMap<String, Vec<&'a Incoming>>,
    waiting: BTreeMap<String, Fate>,
    folders: BTreeMap<String, &'a str>,
    places: BTreeMap<String, &'a Placed>,
    report: &'a mut Report,
    own: BTreeMap<String, Own>,
    /// Files that cells name and that lie in no application's folder.
    claimed: Vec<Lying>,
    /// Folders that are nobody's: where each lies, and its name.
    strange: Vec<(String, String)>,
    found: u32,
}

/// Goes through the folder; gives what was found by the composed key of each application. Files that are not for one of the
/// table are told in the report.
pub(super) fn sort(
    root: &Path,
    table: &Rows<'_>,
    report: &mut Report,
) -> Result<BTreeMap<String, Own>, IntakeError> {
    let mut sorter = Sorter::new(table, report);
    for (name, path) in entries(root)? {
        sorter.entry("", None, &name, path, 0)?;
    }
    sorter.claims();
    sorter.unmatched();
    if sorter.found > MAX_FOUND {
        let too_many = FileProblem::TooMany { most: MAX_FOUND };
        sorter.report.refuse_file(None, root, &root.display().to_string(), &too_many);
    }
    if !table.mapping.remembered {
        for at in sorter.places.keys() {
            let unused = Warning::new(
                "place-unused",
                "there is no file `{file}` in the folder, for which the mapping names a place",
            );
            let unused = unused.with("file", at.as_str());
            sorter.report.remarks.push(Remark::new(unused, vec![at.clone()]));
        }
    }
    Ok(sorter.own)
}

impl<'a> Sorter<'a> {
    fn new(table: &'a Rows<'a>, report: &'a mut Report) -> Self {
        let Rows { programme, mapping, rows, refused, known } = *table;
        let mut named: BTreeMap<String, Vec<&'a Incoming>> = BTreeMap::new();
        for row in rows {
            for file in &row.named {
                let of = named.entry(composed(&file.name)).or_default();
                if !of.iter().any(|other| other.number == row.number) {
                    of.push(row);
                }
            }
        }
        let waits = |keys: &BTreeSet<String>, fate: Fate| -> Vec<(String, Fate)> {
            keys.iter().map(|key| (composed(key), fate)).collect()
        };
        let waiting = [waits(known, Fate::NotInTable), waits(refused, Fate::RowRefused)].concat();
        let keys = rows.iter().map(|row| row.row.key.as_str());
        let keys = keys.chain(refused.iter().chain(known.iter()).map(String::as_str));
        unknown_slots(programme, mapping, report);
        Self {
            names: Names::new(programme, mapping, keys),
            rows: rows.iter().map(|row| (composed(&row.row.key), row)).collect(),
            named,
            waiting: waiting.into_iter().collect(),
            folders: mapping.folders.iter().map(|(name, key)| (composed(name), key.as_str())).collect(),
            places: mapping.places.iter().map(|(at, placed)| (composed(at), placed)).collect(),
            own: BTreeMap::new(),
            claimed: Vec::new(),
            strange: Vec::new(),
            found: 0,
            table,
            report,
        }
    }

    /// One entry of a folder that is no application's own: `folder` names it, unless it is the one that was chosen.
    fn entry(
        &mut self,
        inside: &str,
        folder: Option<&str>,
        name: &OsStr,
        path: PathBuf,
        depth: usize,
    ) -> Result<(), IntakeError> {
        let Some(file) = self.readable(inside, folder, name, path, None) else { return Ok(()) };
        if !is_folder(&file.path) {
            // In a folder that is nobody's, a cell's `cv.pdf` may be anybody's.
            let open = folder.is_none_or(|folder| self.names.is_attachment(folder));
            if open && self.named.contains_key(&composed(&file.name)) && !self.places.contains_key(&file.at) {
                self.claimed.push(file);
            } else {
                self.place(&file, None);
            }
            return Ok(());
        }
        let called = composed(&file.name);
        match self.of_folder(&called) {
            (Whose::Row(row), how) => {
                self.own_mut(row).whole = true;
                for file in self.beneath(&file, Some(row))? {
                    self.place(&file, Some((row, how)));
                }
            }
            (Whose::Waits(fate, key), how) => {
                for file in self.beneath(&file, None)? {
                    self.tell(&file, Some(&key), Some(how), fate);
                }
            }
            (Whose::LeftOut, how) => {
                for file in self.beneath(&file, None)? {
                    self.tell(&file, None, Some(how), Fate::LeftOut);
                }
            }
            (Whose::Nobody, _) => self.strange(&file, &called, depth)?,
        }
        Ok(())
    }

    /// A folder that is nobody's: its files may say themselves whose they are, and folders in it may be somebody's.
    fn strange(&mut self, folder: &Lying, called: &str, depth: usize) -> Result<(), IntakeError> {
        if depth == DEPTH {
            self.refuse(folder, &FileProblem::NoFile, None);
            return Ok(());
        }
        self.strange.push((folder.at.clone(), called.to_owned()));
        for (name, path) in entries(&folder.path)? {
            self.entry(&folder.at, Some(called), &name, path, depth + 1)?;
        }
        Ok(())
    }

    /// Gives files to the rows whose cells name them, unless such a row has one of that name in its own folder.
    fn claims(&mut self) {
        for file in std::mem::take(&mut self.claimed) {
            let name = composed(&file.name);
            let has = |row: &Incoming| {
                let own = self.own.get(&composed(&row.row.key));
                own.is_some_and(|own| own.entries.iter().any(|entry| composed(&entry.name) == name))
            };
            let rows = self.named.get(&name).into_iter().flatten().copied();
            let rows: Vec<&'a Incoming> = rows.filter(|row| !has(row)).collect();
            if rows.is_empty() {
                self.place(&file, None);
            }
            for row in rows {
                self.place(&file, Some((row, How::Table)));
            }
        }
    }

    /// Warns of folders in which nothing is anybody's.
    fn unmatched(&mut self) {
        let files = self.report.files.iter().filter(|file| file.fate != Fate::NoApplication);
        let somebody = self.own.values().flat_map(|own| own.entries.iter().map(|entry| entry.at.as_str()));
        let somebody = somebody.chain(files.map(|file| file.at.as_str()));
        let somebody: BTreeSet<&str> = somebody.flat_map(above).collect();
        let nobodys = |at: &str| !somebody.contains(at);
        let unmatched = self.strange.iter().filter(|(at, called)| {
            let inside = at.rsplit_once('/').is_some_and(|(outer, _)| nobodys(outer));
            nobodys(at) && !inside && !self.names.is_attachment(called)
        });
        let remarks: Vec<Remark> = unmatched
            .map(|(_, called)| {
                let unmatched = Warning::new(
                    "folder-unmatched",
                    "the folder `{folder}` belongs to no application that was taken in",
                );
                Remark::new(unmatched.with("folder", called.as_str()), vec![called.clone()])
            })
            .collect();
        self.report.remarks.extend(remarks);
    }

    /// The files of a folder, and those of the folders in it.
    fn beneath(&mut self, folder: &Lying, row: Option<&'a Incoming>) -> Result<Vec<Lying>, IntakeError> {
        let mut files = Vec::new();
        for (name, path) in entries(&folder.path)? {
            let Some(file) = self.readable(&folder.at, None, &name, path, row) else { continue };
            if !is_folder(&file.path) {
                files.push(file);
                continue;
            }
            let called = composed(&file.name);
            for (name, path) in entries(&file.path)? {
                match self.readable(&file.at, Some(&called), &name, path, row) {
                    Some(inner) if is_folder(&inner.path) => self.refuse(&inner, &FileProblem::NoFile, row),
                    Some(inner) => files.push(inner),
                    None => {}
                }
            }
        }
        Ok(files)
    }

    /// A file with a name that can be kept; another is refused.
    fn readable(
        &mut self,
        inside: &str,
        folder: Option<&str>,
        name: &OsStr,
        path: PathBuf,
        row: Option<&'a Incoming>,
    ) -> Option<Lying> {
        let at = |name: &str| match inside {
            "" => composed(name),
            inside => format!("{inside}/{}", composed(name)),
        };
        let folder = folder.map(str::to_owned);
        match name.to_str().filter(|name| name.len() <= MAX_NAME_BYTES) {
            Some(name) => Some(Lying { path, at: at(name), name: name.to_owned(), folder }),
            None => {
                let name = name.to_string_lossy().into_owned();
                self.refuse(&Lying { path, at: at(&name), name, folder }, &FileProblem::Name, row);
                None
            }
        }
    }

    /// Whose a folder is, and by what.
    fn of_folder(&self, called: &str) -> (Whose<'a>, How) {
        if let Some(key) = self.folders.get(called) {
            let whose = if key.is_empty() { Whose::LeftOut } else { self.of_key(key) };
            return (whose, How::Choice);
        }
        match self.of_key(called) {
            Whose::Nobody if !self.names.is_attachment(called) => (self.of_name(called), How::Name),
            whose => (whose, How::Folder),
        }
    }

    fn of_name(&self, name: &str) -> Whose<'a> {
        self.names.application(name).map_or(Whose::Nobody, |key| self.of_key(key))
    }

    fn of_key(&self, key: &str) -> Whose<'a> {
        let key = composed(key);
        match (self.rows.get(&key).copied(), self.waiting.get(&key).copied()) {
            (Some(row), _) => Whose::Row(row),
            (None, Some(fate)) => Whose::Waits(fate, key),
            (None, None) => Whose::Nobody,
        }
    }

    /// Puts a file to its application, or tells that it has none. `found` is the application in whose folder it lies, or whose
    /// row names it.
    fn place(&mut self, file: &Lying, found: Option<(&'a Incoming, How)>) {
        self.found = self.found.saturating_add(1);
        if self.found > MAX_FOUND {
            return;
        }
        let placed = self.places.remove(&file.at);
        let ruled = self.names.slot(file.folder.as_deref(), &file.name);
        let said = placed.and_then(|placed| Slot::said(self.table.programme, placed.slot.as_deref()?));
        let (whose, how) = match (placed, found) {
            (Some(placed), _) if placed.application.is_empty() => (Whose::LeftOut, How::Choice),
            (Some(placed), _) => (self.of_key(&placed.application), How::Choice),
            (None, Some((row, how))) => (Whose::Row(row), how),
            (None, None) => (self.of_name(&file.name), How::Name),
        };
        let unwanted = match (placed, &said, &ruled) {
            (_, Some(Slot::LeftOut), _) | (None, _, Some(Slot::LeftOut)) => Some(Fate::LeftOut),
            (None, _, None) if of_the_system(&file.name) => Some(Fate::System),
            _ => None,
        };
        match (whose, unwanted) {
            (Whose::Row(row), Some(fate)) => {
                self.own_mut(row).left_out.insert(file.name.clone());
                self.tell(file, Some(&row.row.key), Some(how), fate);
            }
            (Whose::Row(row), None) => {
                let name = composed(&file.name);
                let cell = row.named.iter().find(|named| composed(&named.name) == name);
                let cell = cell.and_then(|named| named.slot.clone()).map(Slot::Asked);
                let slot = said.or(cell).or(ruled);
                let (path, at, name) = (file.path.clone(), file.at.clone(), file.name.clone());
                let entry = Entry { path, at, name, folder: file.folder.clone(), slot, how };
                self.own_mut(row).entries.push(entry);
            }
            (Whose::Waits(fate, key), unwanted) => {
                self.tell(file, Some(&key), Some(how), unwanted.unwrap_or(fate));
            }
            (Whose::LeftOut, _) => {
                // What came in earlier by this name goes.
                let row = found.map(|(row, _)| row).or_else(|| self.of_name(&file.name).row());
                if let Some(row) = row {
                    self.own_mut(row).left_out.insert(file.name.clone());
                }
                self.tell(file, row.map(|row| row.row.key.as_str()), Some(how), Fate::LeftOut);
            }
            (Whose::Nobody, unwanted) => {
                self.tell(file, None, None, unwanted.unwrap_or(Fate::NoApplication));
            }
        }
    }

    fn own_mut(&mut self, row: &Incoming) -> &mut Own {
        self.own.entry(composed(&row.row.key)).or_default()
    }

    fn tell(&mut self, file: &Lying, application: Option<&str>, how: Option<How>, fate: Fate) {
        self.report.files.push(Filed {
            at: file.at.clone(),
            folder: file.folder.clone(),
            application: application.map(str::to_owned),
            slot: None,
            how,
            fate,
        });
    }

    fn refuse(&mut self, file: &Lying, problem: &FileProblem, row: Option<&Incoming>) {
        if let Some(row) = row {
            self.own_mut(row).refused.insert(file.name.clone());
        }
        self.report.refuse_file(row, &file.path, &file.name, problem);
        self.tell(file, row.map(|row| row.row.key.as_str()), None, Fate::Refused);
    }
}

/// Warns of what a mapping calls an attachment and the programme does not ask for.
fn unknown_slots(programme: &Programme, mapping: &Mapping, report: &mut Report) {
    let places = mapping.places.iter().filter_map(|(at, placed)| Some((at, placed.slot.as_ref()?)));
    for (of, slot) in mapping.files.iter().chain(places) {
        if Slot::said(programme, slot).is_none() {
            let unknown = Warning::new(
                "slot-unknown",
                "the programme asks for no attachment `{attachment}`, which `{file}` is to be",
            );
            let unknown = unknown.with("attachment", slot.as_str()).with("file", of.as_str());
            report.remarks.push(Remark::new(unknown, vec![slot.clone(), of.clone()]));
        }
    }
}

#[cfg(test)]
mod tests;
