//! Coming back: on another computer with the words of a recovery sheet, or from a backup; the lines of a sheet.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use tauri::{AppHandle, State};
use tessera_driver::worker::ChildWorker;
use tessera_engine::home::read_bounded;
use tessera_views::Failure;
use tessera_views::me::Me;
use tessera_views::recover::{self, ChosenFile, RecoverForm, RestoreForm, SHEET_BYTES, SheetView};

use crate::commands::exchange::tell;
use crate::commands::session::opened;
use crate::desk::{Desk, off_the_window};
use crate::dialogs;

/// Sees whether words can be those of a sheet.
#[tauri::command]
#[specta::specta]
pub(crate) async fn inspect_recovery_words(words: Vec<String>) -> Result<(), Failure> {
    recover::inspect_words(&words)
}

/// Reads the lines of a sheet.
#[tauri::command]
#[specta::specta]
pub(crate) async fn inspect_recovery_lines(lines: String) -> Result<SheetView, Failure> {
    recover::inspect_lines(&lines)
}

/// Asks for the file with the lines of a sheet; gives them, none where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_recovery_lines() -> Result<Option<String>, Failure> {
    let Some(path) = dialogs::open_one().await else { return Ok(None) };
    let limit = u64::try_from(SHEET_BYTES).unwrap_or(u64::MAX);
    let bytes = off_the_window(move || Ok(read_bounded(&path, limit)?)).await?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Asks for a bundle to come back with; none where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_recovery_bundle() -> Result<Option<ChosenFile>, Failure> {
    let Some(path) = dialogs::open_one().await else { return Ok(None) };
    off_the_window(move || recover::bundle(&path).map(Some)).await
}

/// Makes a home on this computer with the words of a lost one.
#[tauri::command]
#[specta::specta]
pub(crate) async fn recover_elsewhere(
    desk: State<'_, Desk>,
    app: AppHandle,
    form: RecoverForm,
) -> Result<Me, Failure> {
    let (shelf, ended) = (desk.shelf.clone(), desk.begin());
    let made = off_the_window(move || {
        let workers = ChildWorker::two().map_err(|error| Failure::new("no-worker", error.to_string()))?;
        recover::recover(&shelf, &form, workers, &mut |progress| {
            tell(&app, progress);
            match ended.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
    });
    let (folder, session) = made.await?;
    opened(&desk, folder, session).await
}

/// Asks for a backup; none where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_backup() -> Result<Option<ChosenFile>, Failure> {
    let Some(path) = dialogs::open_one().await else { return Ok(None) };
    off_the_window(move || recover::backup(&path).map(Some)).await
}

/// Puts a backup in place as a new home.
#[tauri::command]
#[specta::specta]
pub(crate) async fn restore_backup(desk: State<'_, Desk>, form: RestoreForm) -> Result<Me, Failure> {
    let shelf = desk.shelf.clone();
    let (folder, session) = off_the_window(move || recover::restore(&shelf, &form)).await?;
    opened(&desk, folder, session).await
}

/// What stands on this home's sheet beside its words.
#[tauri::command]
#[specta::specta]
pub(crate) async fn recovery_lines(desk: State<'_, Desk>) -> Result<Vec<String>, Failure> {
    desk.look(|session, _| recover::lines(session)).await
}

/// Saves those lines in a file; gives where.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_recovery_lines(desk: State<'_, Desk>) -> Result<Option<String>, Failure> {
    let lines = desk.look(|session, _| recover::lines(session)).await?;
    dialogs::save_file("recovery-lines.txt", format!("{}\n", lines.join("\n")).into_bytes()).await
}
