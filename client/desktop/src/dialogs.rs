//! Asking a person for a file, by the system's own dialog: the page never names a path by itself.

use std::path::PathBuf;

use rfd::AsyncFileDialog;
use tessera_engine::home::write_atomically;
use tessera_views::Failure;

use crate::desk::off_the_window;

/// Endings of tables; what a file is, its contents say.
pub(crate) const TABLES: [&str; 7] = ["csv", "tsv", "txt", "xlsx", "json", "jsonl", "ndjson"];

/// Asks where something is to be saved; none where the person called it off.
pub(crate) async fn save(name: &str) -> Option<PathBuf> {
    if let Some(answer) = answered() {
        return answer;
    }
    let chosen = AsyncFileDialog::new().set_file_name(name).save_file().await;
    chosen.map(|file| file.path().to_owned())
}

/// Saves a file where the person says; gives where, none where the person called it off.
pub(crate) async fn save_file(name: &str, bytes: Vec<u8>) -> Result<Option<String>, Failure> {
    let Some(path) = save(name).await else { return Ok(None) };
    off_the_window(move || {
        write_atomically(&path, &bytes)?;
        Ok(Some(path.display().to_string()))
    })
    .await
}

/// Asks for files; none where the person called it off.
pub(crate) async fn open() -> Option<Vec<PathBuf>> {
    if let Some(answer) = answered() {
        return answer.map(|path| vec![path]);
    }
    let chosen = AsyncFileDialog::new().pick_files().await;
    chosen.map(|files| files.iter().map(|file| file.path().to_owned()).collect())
}

/// Asks for one file; none where the person called it off.
pub(crate) async fn open_one() -> Option<PathBuf> {
    open().await.and_then(|paths| paths.into_iter().next())
}

/// Asks for a table; none where the person called it off.
pub(crate) async fn open_table() -> Option<PathBuf> {
    if let Some(answer) = answered() {
        return answer;
    }
    let dialog = AsyncFileDialog::new().add_filter("CSV, XLSX, JSON", &TABLES).add_filter("*", &["*"]);
    dialog.pick_file().await.map(|file| file.path().to_owned())
}

/// Asks for a folder; none where the person called it off.
pub(crate) async fn open_folder() -> Option<PathBuf> {
    if let Some(answer) = answered() {
        return answer;
    }
    AsyncFileDialog::new().pick_folder().await.map(|file| file.path().to_owned())
}

/// In a build for testing a file can answer instead of a person, as nothing drives the system's dialogs: its first line is
/// the answer, and empty calls off. Not in what ships.
#[cfg(debug_assertions)]
fn answered() -> Option<Option<PathBuf>> {
    let file = std::env::var_os("TESSERA_DIALOG_ANSWERS")?;
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().next().unwrap_or_default();
    Some(Some(PathBuf::from(line)).filter(|path| !path.as_os_str().is_empty()))
}

#[cfg(not(debug_assertions))]
fn answered() -> Option<Option<PathBuf>> {
    None
}
