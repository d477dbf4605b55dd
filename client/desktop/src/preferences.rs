//! What a person chose for this device, kept beside the homes: nothing of a programme.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_engine::home::{read_bounded, write_atomically};
use tessera_views::Failure;

/// The longest file, in bytes.
const FILE_BYTES: u64 = 4096;

/// What a person chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Preferences {
    /// Language of the interface; none follows the system.
    pub(crate) language: Option<String>,
    /// `light`, `dark` or `system`.
    pub(crate) theme: String,
    /// Size of text, in percent.
    pub(crate) text_size: u32,
    /// The home is locked after so many minutes without a person; 0 never.
    pub(crate) idle_lock_minutes: u32,
    /// The running total beside a scorecard is hidden.
    pub(crate) hide_total: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            language: None,
            theme: "system".to_owned(),
            text_size: 100,
            idle_lock_minutes: 15,
            hide_total: false,
        }
    }
}

impl Preferences {
    /// What no screen can show is brought back into bounds.
    fn bounded(mut self) -> Self {
        self.text_size = self.text_size.clamp(75, 200);
        self.idle_lock_minutes = self.idle_lock_minutes.min(24 * 60);
        self.language = self.language.filter(|language| !language.is_empty() && language.len() <= 16);
        if !["light", "dark", "system"].contains(&self.theme.as_str()) {
            "system".clone_into(&mut self.theme);
        }
        self
    }

    fn file(root: &Path) -> PathBuf {
        root.join("preferences.json")
    }

    /// Reads them; a file that cannot be read costs what was chosen and nothing else.
    pub(crate) fn read(root: &Path) -> Self {
        let bytes = read_bounded(&Self::file(root), FILE_BYTES).ok();
        let read: Option<Self> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        read.unwrap_or_default().bounded()
    }

    /// Keeps them.
    pub(crate) fn write(self, root: &Path) -> Result<Self, Failure> {
        let kept = self.bounded();
        let bytes =
            serde_json::to_vec_pretty(&kept).map_err(|error| Failure::new("bug", error.to_string()))?;
        std::fs::create_dir_all(root).map_err(|error| Failure::new("disk", error.to_string()))?;
        write_atomically(&Self::file(root), &bytes)?;
        Ok(kept)
    }
}
