//! The homes on this device: a folder with a folder for each programme. A thief sees the label, which its owner chose, and
//! nothing else of a programme.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::session::keychain_entry;
use tessera_engine::home::{Home, read_bounded, write_atomically};
use tessera_vault::keychain::EntryId;

use crate::failure::Failure;

/// The file beside a home that holds what is shown before it is unlocked.
const CARD: &str = "card.json";
/// The longest card, in bytes.
const CARD_BYTES: u64 = 4096;
/// The longest label, in characters.
const LABEL_CHARS: usize = 80;
/// The most homes that are listed.
const MOST: usize = 200;

/// A home on this device, as it is seen before it is unlocked.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProgrammeEntry {
    /// Name of its folder.
    pub folder: String,
    /// What its owner calls it.
    pub label: String,
    /// When it was opened last, by this device's clock; for the order of the list only.
    pub last_opened_ms: Option<u64>,
    /// True where this computer's keychain may open it.
    pub in_keychain: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Card {
    label: String,
    last_opened_ms: Option<u64>,
    /// When a backup was written last, by this device's clock.
    backed_up_ms: Option<u64>,
}

/// Where this device keeps its homes.
#[derive(Debug, Clone)]
pub struct Shelf {
    root: PathBuf,
}

impl Shelf {
    /// A shelf in a folder, which need not exist yet.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Lists the homes, the one that was opened last first.
    ///
    /// # Errors
    /// [`Failure`] where the folder cannot be read.
    pub fn list(&self) -> Result<Vec<ProgrammeEntry>, Failure> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(disk(&self.root, &error)),
        };
        let mut homes = Vec::new();
        for entry in entries.flatten().take(MOST) {
            let Ok(folder) = entry.file_name().into_string() else { continue };
            let home = entry.path().join("home");
            if !home.join("identity.age").is_file() {
                continue;
            }
            let (label, last_opened_ms) = (self.label(&folder), self.card(&folder).last_opened_ms);
            let in_keychain = Home::is_in_keychain(&home);
            homes.push(ProgrammeEntry { folder, label, last_opened_ms, in_keychain });
        }
        homes.sort_by(|one, other| {
            (other.last_opened_ms, &one.label, &one.folder).cmp(&(
                one.last_opened_ms,
                &other.label,
                &other.folder,
            ))
        });
        Ok(homes)
    }

    /// A folder for a new home, under a label.
    ///
    /// # Errors
    /// [`Failure`] where it cannot be made.
    pub fn add(&self, label: &str) -> Result<String, Failure> {
        let label: String = label.trim().chars().take(LABEL_CHARS).collect();
        for number in 1..=MOST {
            let folder = format!("programme-{number}");
            let path = self.root.join(&folder);
            if path.exists() {
                continue;
            }
            fs::create_dir_all(&path).map_err(|error| disk(&path, &error))?;
            self.write(&folder, &Card { label, ..Card::default() })?;
            return Ok(folder);
        }
        Err(Failure::new("too-many", "there are too many programmes on this device"))
    }

    /// Takes away what [`Shelf::add`] made, where no home came of it.
    pub fn give_up(&self, folder: &str) {
        if let Ok(path) = self.path(folder)
            && !path.join("home").exists()
        {
            // What stays behind is an empty folder, which is not listed.
            let _ = fs::remove_dir_all(path);
        }
    }

    /// The home in a folder.
    ///
    /// # Errors
    /// [`Failure`] where the name is no name of a folder here.
    pub fn home(&self, folder: &str) -> Result<PathBuf, Failure> {
        Ok(self.path(folder)?.join("home"))
    }

    /// Notes that a home was opened.
    ///
    /// # Errors
    /// [`Failure`] where it cannot be written.
    pub fn opened(&self, folder: &str, now_ms: u64) -> Result<(), Failure> {
        let card = Card { last_opened_ms: Some(now_ms), ..self.card(folder) };
        self.write(folder, &card)
    }

    /// What a home is called before it is unlocked.
    #[must_use]
    pub fn label(&self, folder: &str) -> String {
        Some(self.card(folder).label).filter(|label| !label.is_empty()).unwrap_or_else(|| folder.to_owned())
    }

    /// Notes that a backup of a home was written.
    ///
    /// # Errors
    /// [`Failure`] where it cannot be noted.
    pub fn backed_up(&self, folder: &str, now_ms: u64) -> Result<(), Failure> {
        let card = Card { backed_up_ms: Some(now_ms), ..self.card(folder) };
        self.write(folder, &card)
    }

    /// When a backup of a home was written last; none where none is known of.
    #[must_use]
    pub fn backed_up_ms(&self, folder: &str) -> Option<u64> {
        self.card(folder).backed_up_ms
    }

    /// True for a place among the homes, where nothing else is to be written.
    #[must_use]
    pub fn holds(&self, path: &Path) -> bool {
        let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        whole(path).starts_with(whole(&self.root))
    }

    /// Deletes a home for ever. It must be closed. Gives what a keychain holds for it, which opens nothing from here on and is
    /// to be deleted there.
    ///
    /// # Errors
    /// [`Failure`] `home-in-use` where something still has it open, and nothing was deleted then.
    pub fn wipe(&self, folder: &str) -> Result<Option<EntryId>, Failure> {
        let path = self.path(folder)?;
        let home = Home::lock(&path.join("home"))?;
        let entry = keychain_entry(home.folder());
        home.destroy()?;
        fs::remove_dir_all(&path).map_err(|error| disk(&path, &error))?;
        Ok(entry)
    }

    fn path(&self, folder: &str) -> Result<PathBuf, Failure> {
        let plain = !folder.is_empty()
            && folder.len() <= 64
            && folder.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if plain { Ok(self.root.join(folder)) } else { Err(Failure::bad_input("the folder")) }
    }

    fn card(&self, folder: &str) -> Card {
        let read = self.path(folder).ok().and_then(|path| read_bounded(&path.join(CARD), CARD_BYTES).ok());
        // A card that cannot be read costs a label, never a home.
        read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    fn write(&self, folder: &str, card: &Card) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(card).map_err(|error| Failure::new("disk", error.to_string()))?;
        Ok(write_atomically(&self.path(folder)?.join(CARD), &bytes)?)
    }
}

fn disk(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new("disk", error.to_string()).at(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_are_listed_by_their_labels_and_other_folders_are_not() {
        let root = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(root.path().join("shelf"));
        assert!(shelf.list().unwrap().is_empty());
        let (one, two) = (shelf.add("  Spring call ").unwrap(), shelf.add("").unwrap());
        assert!(shelf.list().unwrap().is_empty(), "nothing but folders");
        for folder in [&one, &two] {
            let home = shelf.home(folder).unwrap();
            fs::create_dir_all(&home).unwrap();
            fs::write(home.join("identity.age"), b"x").unwrap();
        }
        shelf.opened(&two, 7).unwrap();
        let labels: Vec<_> = shelf.list().unwrap().into_iter().map(|home| home.label).collect();
        assert_eq!(labels, [two.as_str(), "Spring call"]);
        fs::write(root.path().join("shelf").join(&one).join(CARD), b"{").unwrap();
        assert_eq!(shelf.list().unwrap()[1].label, one);
        shelf.give_up(&one);
        assert_eq!(shelf.list().unwrap().len(), 2, "a home is never given up");
    }

    #[test]
    fn a_folder_is_never_outside_the_shelf() {
        let shelf = Shelf::new(PathBuf::from("/shelf"));
        for name in ["", "..", ".", "a/b", "../x", "/etc", "a\\b", "a\0b"] {
            assert!(shelf.home(name).is_err(), "{name}");
        }
        assert!(shelf.holds(Path::new("/shelf/programme-1/home/store.db")));
        assert!(!shelf.holds(Path::new("/shelf-of-another/x")) && !shelf.holds(Path::new("/media/stick")));
    }

    #[test]
    fn what_is_noted_beside_a_home_stays_with_it() {
        let root = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(root.path().to_owned());
        let folder = shelf.add("Spring call").unwrap();
        assert_eq!(shelf.backed_up_ms(&folder), None);
        shelf.backed_up(&folder, 12).unwrap();
        shelf.opened(&folder, 15).unwrap();
        assert_eq!((shelf.backed_up_ms(&folder), shelf.label(&folder).as_str()), (Some(12), "Spring call"));
    }
}
