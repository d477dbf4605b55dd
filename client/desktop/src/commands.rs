//! What the interface can ask for. Each command is a line or two onto a view or an act; a command that is not listed here,
//! and permitted in `capabilities/main.json`, does not exist for a page.

pub(crate) mod assignment;
pub(crate) mod care;
pub(crate) mod conflicts;
pub(crate) mod coordinator;
pub(crate) mod devices;
pub(crate) mod eligibility;
pub(crate) mod exchange;
pub(crate) mod exports;
pub(crate) mod intake;
pub(crate) mod keychain;
pub(crate) mod people;
pub(crate) mod programme;
pub(crate) mod record;
pub(crate) mod recovery;
pub(crate) mod relays;
pub(crate) mod reviewer;
pub(crate) mod scores;
pub(crate) mod session;

use std::path::{Path, PathBuf};

use serde::Serialize;
use specta::Type;
use tauri::Url;
use tauri_specta::Event;
use tessera_driver::given::Given;
use tessera_engine::home::read_bounded;
use tessera_views::Failure;
use tessera_views::care::CareProgress;
use tessera_views::exchange::ProgressView;
use tessera_views::intake::{Chosen, IntakeProgress};

use crate::dialogs::TABLES;
use crate::pages;

/// The longest invitation or pass, in bytes.
pub(crate) const INVITATION: u64 = 64 << 10;
/// The longest picture of one, in bytes.
const PICTURE: u64 = 64 << 20;
/// Endings of pictures in which a square is looked for.
const PICTURES: [&str; 7] = ["bmp", "gif", "jpeg", "jpg", "png", "tiff", "webp"];

/// An invitation as it is; a pass, whose file is no text, as its link.
pub(crate) fn as_text(bytes: Vec<u8>) -> String {
    match Given::of(&bytes) {
        Some(Given::Pass) => tessera_views::devices::link(&bytes),
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// How far the exchange under way is.
#[derive(Debug, Clone, Serialize, Type, Event)]
pub(crate) struct ProgressEvent(pub(crate) ProgressView);

/// How far the import under way is.
#[derive(Debug, Clone, Serialize, Type, Event)]
pub(crate) struct IntakeEvent(pub(crate) IntakeProgress);

/// How far the check or the repair under way is.
#[derive(Debug, Clone, Serialize, Type, Event)]
pub(crate) struct CareEvent(pub(crate) CareProgress);

/// Something of the home changed: what is shown is to be read again.
#[derive(Debug, Clone, Serialize, Type, Event)]
pub(crate) struct ChangedEvent;

/// The window is to be closed: the page saves what is being written, and then asks for [`session::leave`].
#[derive(Debug, Clone, Serialize, Type, Event)]
pub(crate) struct ClosingEvent;

/// The home was locked because nobody was here.
#[derive(Debug, Clone, Serialize, Type, Event)]
pub(crate) struct LockedEvent;

/// Something was dropped on the window.
#[derive(Debug, Clone, Serialize, Type, Event)]
pub(crate) struct DroppedEvent(pub(crate) Dropped);

/// What was dropped on the window, or opened with Tessera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Dropped {
    /// Something is held above the window.
    Over,
    /// It was taken away again.
    Left,
    /// An invitation, or a pass for a further device.
    Invitation {
        /// Its contents.
        text: String,
    },
    /// Answers to invitations.
    Answers {
        /// Where they are.
        paths: Vec<String>,
    },
    /// Bundles.
    Bundles {
        /// Where they are.
        paths: Vec<String>,
    },
    /// A table of applications, or a folder of their files; where they are, the desk knows.
    Intake {
        /// The table's name.
        table: Option<String>,
        /// The folder's name.
        folder: Option<String>,
    },
    /// Something that Tessera does not take.
    Other {
        /// The names of the files.
        names: Vec<String>,
    },
}

/// The table and the folder among paths that were dropped.
pub(crate) fn for_intake(paths: &[PathBuf]) -> Chosen {
    let is_table = |path: &&PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        path.is_file() && ending.is_some_and(|ending| TABLES.contains(&ending.as_str()))
    };
    Chosen {
        table: paths.iter().find(is_table).cloned(),
        folder: paths.iter().find(|path| path.is_dir()).cloned(),
    }
}

impl Dropped {
    /// Says what files are; several of different kinds go by the first.
    pub(crate) fn of(paths: &[PathBuf]) -> Self {
        let kind = |path: &Path| Given::file(path).ok().flatten();
        let Some(first) = paths.first() else { return Self::Left };
        if is_picture(first)
            && let Ok(text) = invitation(first)
        {
            return Self::Invitation { text };
        }
        let same = |kinds: Given| -> Vec<String> {
            let same = paths.iter().filter(|path| kind(path) == Some(kinds));
            same.map(|path| path.display().to_string()).collect()
        };
        match kind(first) {
            Some(Given::Invitation | Given::Pass) => Self::invitation(paths, first),
            Some(Given::Answer) => Self::Answers { paths: same(Given::Answer) },
            Some(Given::Bundle) => Self::Bundles { paths: same(Given::Bundle) },
            Some(Given::Backup) => Self::others(paths),
            None => Self::intake(paths),
        }
    }

    fn invitation(paths: &[PathBuf], first: &Path) -> Self {
        invitation(first).map_or_else(|_| Self::others(paths), |text| Self::Invitation { text })
    }

    fn intake(paths: &[PathBuf]) -> Self {
        let chosen = for_intake(paths);
        let name = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        match (chosen.table.and_then(name), chosen.folder.and_then(name)) {
            (None, None) => Self::others(paths),
            (table, folder) => Self::Intake { table, folder },
        }
    }

    fn others(paths: &[PathBuf]) -> Self {
        let name = |path: &PathBuf| Some(path.file_name()?.to_string_lossy().into_owned());
        Self::Other { names: paths.iter().filter_map(name).collect() }
    }

    /// Says what the program was started with: a link, or a file.
    pub(crate) fn given(given: &str) -> Self {
        if given.starts_with("tessera:") {
            return Self::Invitation { text: given.to_owned() };
        }
        Self::of(&[path_of(given)])
    }
}

/// Reads an invitation, or a pass, from its file or from a picture of its square.
pub(crate) fn invitation(path: &Path) -> Result<String, Failure> {
    match is_picture(path) {
        true => pages::square(read_bounded(path, PICTURE)?),
        false => Ok(as_text(read_bounded(path, INVITATION)?)),
    }
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    path.is_file() && ending.is_some_and(|ending| PICTURES.contains(&ending.as_str()))
}

/// Where a file is that the program was started with: file managers name files by address.
pub(crate) fn path_of(given: &str) -> PathBuf {
    let path = Url::parse(given).ok().and_then(|url| url.to_file_path().ok());
    path.unwrap_or_else(|| PathBuf::from(given))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_comes_as_a_link_a_path_or_an_address() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("two words ü.invitation");
        std::fs::write(&file, "tessera://invitation/AAAA").unwrap();
        let invitation = Dropped::Invitation { text: "tessera://invitation/AAAA".to_owned() };
        let address = Url::from_file_path(&file).unwrap().to_string();
        assert!(address.contains("two%20words"));
        for given in ["tessera://invitation/AAAA", &file.display().to_string(), &address] {
            assert_eq!(Dropped::given(given), invitation);
        }
        let other = Dropped::Other { names: vec!["passwd".to_owned()] };
        assert_eq!(Dropped::given("file:///etc/passwd"), other);
        assert_eq!(Dropped::given("https://example.org/passwd"), other);
    }
}
