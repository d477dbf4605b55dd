//! Coming back: on another computer with the words of a recovery sheet and a bundle or the relay, or from a backup. What stands
//! on a sheet beside its words.

use std::ops::ControlFlow;
use std::path::Path;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::given::Given;
use tessera_driver::relay::Options;
use tessera_driver::session::{RecoverFrom, Session};
use tessera_driver::sheet::Sheet;
use tessera_engine::core::Worker;
use tessera_engine::home::{HomeError, read_bounded};
use tessera_vault::passphrase::Passphrase;

use crate::exchange::{ProgressView, roots};
use crate::failure::Failure;
use crate::me::{in_new_folder, paper};
use crate::shelf::Shelf;

/// The longest text in which lines of a sheet are looked for, in bytes.
pub const SHEET_BYTES: usize = tessera_driver::sheet::SHEET_BYTES;
/// The largest bundle that a home is made of, in bytes.
const BUNDLE_BYTES: u64 = 1 << 30;

/// A bundle or a backup that somebody chose.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChosenFile {
    /// Where it is, to be named when it is used.
    pub path: String,
    /// What it is called.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// What the lines of a sheet say.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SheetView {
    /// What the programme is called; empty where that line is missing.
    pub programme: String,
    /// Addresses of its relays.
    pub relays: Vec<String>,
}

/// Where the rest of a lost home comes from.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RecoverSource {
    /// A bundle that a coordinator wrote for this person.
    Bundle {
        /// Where it is.
        path: String,
    },
    /// A relay.
    Relay {
        /// The lines of the sheet.
        lines: String,
    },
}

/// What a person says to come back on another computer.
#[derive(Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecoverForm {
    /// The words of the sheet.
    pub words: Vec<String>,
    /// Where the rest comes from.
    pub source: RecoverSource,
    /// What this device shows before it is unlocked.
    pub label: String,
    /// The new home's passphrase.
    pub passphrase: String,
}

/// What a person says to put a backup in place.
#[derive(Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RestoreForm {
    /// Where the backup is.
    pub path: String,
    /// What this device shows before it is unlocked.
    pub label: String,
    /// The passphrase that the home had when the backup was written.
    pub passphrase: String,
}

/// Sees whether words can be those of a sheet.
///
/// # Errors
/// [`Failure`] `paper-wrong`.
pub fn inspect_words(words: &[String]) -> Result<(), Failure> {
    paper(words).map(drop)
}

/// Sees whether a file is a bundle.
///
/// # Errors
/// [`Failure`] `no-bundle` and others.
pub fn bundle(path: &Path) -> Result<ChosenFile, Failure> {
    chosen(path, Given::Bundle, Failure::new("no-bundle", "this file is no bundle"))
}

/// Sees whether a file is a backup.
///
/// # Errors
/// [`Failure`] `no-backup` and others.
pub fn backup(path: &Path) -> Result<ChosenFile, Failure> {
    chosen(path, Given::Backup, Failure::new("no-backup", "this file is no backup"))
}

fn chosen(path: &Path, wanted: Given, other: Failure) -> Result<ChosenFile, Failure> {
    let shown = path.display().to_string();
    let unread = |source| Failure::from(HomeError::Io { path: path.to_owned(), source });
    if Given::file(path).map_err(unread)? != Some(wanted) {
        return Err(other.at(shown));
    }
    let bytes = std::fs::metadata(path).map_err(unread)?.len();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(ChosenFile { path: shown, name: name.unwrap_or_default(), bytes })
}

/// Reads the lines of a sheet.
///
/// # Errors
/// [`Failure`] `no-sheet`; `sheet-without-relay` where they name no relay.
pub fn inspect_lines(lines: &str) -> Result<SheetView, Failure> {
    let sheet = sheet(lines)?;
    Ok(SheetView {
        programme: sheet.title,
        relays: sheet.relays.iter().map(|relay| relay.url.to_string()).collect(),
    })
}

fn sheet(lines: &str) -> Result<Sheet, Failure> {
    let found = Sheet::parse(lines);
    let sheet =
        found.ok_or_else(|| Failure::new("no-sheet", "these are not the lines of a recovery sheet"))?;
    if sheet.relays.is_empty() {
        return Err(Failure::new("sheet-without-relay", "these lines name no relay"));
    }
    Ok(sheet)
}

/// What stands on this home's sheet beside its words, to be kept with them. Nothing of it is secret.
///
/// # Errors
/// [`Failure`].
pub fn lines(session: &mut Session) -> Result<Vec<String>, Failure> {
    Ok(Sheet::of(session)?.lines())
}

/// Makes a home on this computer with the words of a lost one; gives its folder. Changes of other people are tried in
/// `workers`; `tell` hears how far a relay's answer is, and may end it.
///
/// # Errors
/// [`Failure`]; nothing is left behind.
pub fn recover(
    shelf: &Shelf,
    form: &RecoverForm,
    workers: [Box<dyn Worker>; 2],
    tell: &mut dyn FnMut(ProgressView) -> ControlFlow<()>,
) -> Result<(String, Session), Failure> {
    let (paper, passphrase) = (paper(&form.words)?, Passphrase::new(&form.passphrase));
    let mut told = |progress: &tessera_driver::relay::Progress| tell(progress.into());
    match &form.source {
        RecoverSource::Bundle { path } => {
            let bytes = read_bounded(Path::new(path), BUNDLE_BYTES)?;
            in_new_folder(shelf, &form.label, |home| {
                let from = RecoverFrom::Bundle(&bytes);
                Ok(Session::recover_from(home, &paper, &passphrase, &from, workers, &mut told)?)
            })
        }
        RecoverSource::Relay { lines } => {
            let Sheet { programme, member, relays, .. } = sheet(lines)?;
            let options = Options { roots: roots(), ..Options::new(relays) };
            in_new_folder(shelf, &form.label, |home| {
                let from = RecoverFrom::Relay { programme, member, options: &options };
                Ok(Session::recover_from(home, &paper, &passphrase, &from, workers, &mut told)?)
            })
        }
    }
}

/// Puts a backup in place as a new home; gives its folder.
///
/// # Errors
/// [`Failure`]; nothing is left behind.
pub fn restore(shelf: &Shelf, form: &RestoreForm) -> Result<(String, Session), Failure> {
    let path = Path::new(&form.path);
    let passphrase = Passphrase::new(&form.passphrase);
    in_new_folder(shelf, &form.label, |home| Ok(Session::restore(home, &passphrase, path)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::me::{draw_sheet, rehearse_sheet};
    use crate::rehearsal::rehearse;
    use tessera_engine::bundle::For;
    use tessera_engine::core::InProcess;

    fn workers() -> [Box<dyn Worker>; 2] {
        [Box::new(InProcess), Box::new(InProcess)]
    }

    fn quietly(_: ProgressView) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn somebody_comes_back_with_the_words_and_a_bundle() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("one"));
        let (_, mut session) = rehearse(&shelf, "Rehearsal", "a quiet valley").unwrap();
        let words = draw_sheet(&mut session).unwrap();
        rehearse_sheet(&mut session, &words).unwrap();
        let member = session.engine().member();
        let file = folder.path().join("all.tessera");
        std::fs::write(&file, session.work(|engine| engine.export(For::Everything)).unwrap()).unwrap();
        drop(session);

        let other = Shelf::new(folder.path().join("other"));
        let seen = bundle(&file).unwrap();
        assert_eq!(
            (seen.name.as_str(), seen.bytes),
            ("all.tessera", std::fs::metadata(&file).unwrap().len())
        );
        inspect_words(&words).unwrap();
        assert_eq!(inspect_words(&words[1..]).unwrap_err().code, "paper-wrong");
        let form = RecoverForm {
            words,
            source: RecoverSource::Bundle { path: seen.path },
            label: "Back again".into(),
            passphrase: "another valley".into(),
        };
        let strange = RecoverForm { words: draw_other(), ..form.clone() };
        let refused = recover(&other, &strange, workers(), &mut quietly).err().unwrap();
        assert_eq!(refused.code, "no-such-paper");
        assert!(other.list().unwrap().is_empty(), "nothing is left behind");
        let (home, mut back) = recover(&other, &form, workers(), &mut quietly).unwrap();
        assert_eq!((back.engine().member(), other.label(&home).as_str()), (member, "Back again"));
        assert!(back.engine().is_active());
    }

    /// The words of a sheet of somebody else.
    fn draw_other() -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let (_, mut session) =
            rehearse(&Shelf::new(folder.path().to_owned()), "Other", "a quiet valley").unwrap();
        draw_sheet(&mut session).unwrap()
    }

    #[test]
    fn a_backup_is_put_in_place_with_the_passphrase_that_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("shelf"));
        let (home, mut session) = rehearse(&shelf, "Rehearsal", "a quiet valley").unwrap();
        let programme = session.engine().programme();
        let file = folder.path().join("home.backup");
        session.backup(&file).unwrap();
        assert_eq!(bundle(&file).unwrap_err().code, "no-bundle");
        let path = backup(&file).unwrap().path;
        let form = |passphrase: &str| RestoreForm {
            path: path.clone(),
            label: "From the stick".into(),
            passphrase: passphrase.into(),
        };
        assert_eq!(restore(&shelf, &form("wrong")).err().unwrap().code, "wrong-passphrase");
        let (again, mut restored) = restore(&shelf, &form("a quiet valley")).unwrap();
        assert_eq!(restored.engine().programme(), programme);
        assert_ne!(again, home);
        assert_eq!(shelf.list().unwrap().len(), 2);
        let other = folder.path().join("letter.pdf");
        std::fs::write(&other, b"%PDF-1.4").unwrap();
        assert_eq!(backup(&other).unwrap_err().code, "no-backup");
        assert_eq!(backup(&folder.path().join("none")).unwrap_err().code, "not-found");
    }

    #[test]
    fn the_lines_of_a_sheet_are_read_and_what_they_lack_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        let (_, mut session) = rehearse(&shelf, "Rehearsal", "a quiet valley").unwrap();
        let own = lines(&mut session).unwrap().join("\n");
        assert_eq!(inspect_lines(&own).unwrap_err().code, "sheet-without-relay");
        assert_eq!(inspect_lines("hello").unwrap_err().code, "no-sheet");
        let key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        let whole = format!("{own}\nrelay https://relay.example\nrelay key {key}");
        assert_eq!(inspect_lines(&whole).unwrap().relays, ["https://relay.example"]);
    }
}
