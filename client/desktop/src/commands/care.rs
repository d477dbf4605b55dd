//! Looking after this device: a check, a repair, a report for support, a backup, deleting a home.

use std::ops::ControlFlow;
use std::sync::PoisonError;

use serde::Serialize;
use specta::Type;
use tauri::{AppHandle, State};
use tauri_specta::Event as _;
use tessera_driver::clock::now_ms;
use tessera_driver::save::plain_name;
use tessera_vault::passphrase::Passphrase;
use tessera_views::care::{self, CareProgress, CheckView, REPORT_BYTES, RepairView, WipeView};
use tessera_views::{Failure, Session};

use crate::commands::CareEvent;
use crate::commands::keychain::thrown_away;
use crate::desk::{Desk, off_the_window};
use crate::dialogs;

/// A backup that was written.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackedUp {
    /// Where it is.
    path: String,
    /// Its length.
    bytes: u64,
}

/// Checks everything on this device.
#[tauri::command]
#[specta::specta]
pub(crate) async fn check_device(desk: State<'_, Desk>, app: AppHandle) -> Result<CheckView, Failure> {
    desk.exchange(move |session, _, go_on| {
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        care::check(&mut session, &mut |progress| tell(&app, progress, go_on))
    })
    .await
}

/// Puts right what a check found.
#[tauri::command]
#[specta::specta]
pub(crate) async fn repair_device(desk: State<'_, Desk>, app: AppHandle) -> Result<RepairView, Failure> {
    desk.exchange(move |session, _, go_on| {
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        care::repair(&mut session, &mut |progress| tell(&app, progress, go_on))
    })
    .await
}

fn tell(app: &AppHandle, progress: CareProgress, go_on: &dyn Fn() -> ControlFlow<()>) -> ControlFlow<()> {
    // A window that is gone hears nothing; the check goes on.
    let _ = CareEvent(progress).emit(app);
    go_on()
}

/// Reads what may be mailed to support.
#[tauri::command]
#[specta::specta]
pub(crate) async fn support_report(desk: State<'_, Desk>) -> Result<String, Failure> {
    desk.look(|session, _| care::report(session)).await
}

/// Saves what was shown of it; gives where.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_report(text: String) -> Result<Option<String>, Failure> {
    if text.len() > REPORT_BYTES {
        return Err(Failure::bad_input("the report"));
    }
    dialogs::save_file("tessera-report.txt", text.into_bytes()).await
}

/// When a backup was written last; none where none is known of.
#[tauri::command]
#[specta::specta]
pub(crate) async fn last_backup(desk: State<'_, Desk>) -> Result<Option<u64>, Failure> {
    Ok(desk.folder().and_then(|folder| desk.shelf.backed_up_ms(&folder)))
}

/// Writes a backup where the person says; closes the home for it and opens it again. None where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn back_up(desk: State<'_, Desk>, passphrase: String) -> Result<Option<BackedUp>, Failure> {
    let passphrase = Passphrase::new(&passphrase);
    let passphrase = desk
        .look(move |session, _| {
            session.must_open_with(&passphrase)?;
            Ok(passphrase)
        })
        .await?;
    let name = format!("{}.backup", plain_name(&label(&desk)?));
    let Some(path) = dialogs::save(&name).await else { return Ok(None) };
    if desk.shelf.holds(&path) {
        return Err(Failure::new("place-of-homes", "the homes of this device are kept there"));
    }
    let shown = path.display().to_string();
    let (folder, held) = desk.put_away().await?;
    let home = desk.shelf.home(&folder)?;
    let written = off_the_window(move || Ok(held.write_backup(&path)?)).await;
    // Whatever came of it, the home is open again afterwards, unless somebody locked meanwhile.
    let session = off_the_window(move || Ok(Session::open(&home, &passphrase)?)).await;
    let back = match desk.is_awaited() {
        true => session.and_then(|session| desk.put(folder.clone(), session)),
        false => Ok(()),
    };
    desk.changed();
    back?;
    let bytes = written?;
    desk.shelf.backed_up(&folder, now_ms())?;
    Ok(Some(BackedUp { path: shown, bytes }))
}

/// Says what deleting the open home would mean.
#[tauri::command]
#[specta::specta]
pub(crate) async fn wiping(desk: State<'_, Desk>) -> Result<WipeView, Failure> {
    let label = label(&desk)?;
    desk.look(move |session, _| care::wiping(session, &label)).await
}

/// Deletes the open home for ever, after somebody typed its name; true where the keychain may still hold what opened it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn wipe(desk: State<'_, Desk>, name: String) -> Result<bool, Failure> {
    let label = label(&desk)?;
    desk.look(move |session, _| care::must_be_named(session, &label, &name)).await?;
    let (folder, held) = desk.put_away().await?;
    drop(held);
    desk.close();
    let shelf = desk.shelf.clone();
    // The home first: a keychain may wait for a person.
    let entry = off_the_window(move || shelf.wipe(&folder)).await?;
    thrown_away(entry).await
}

/// What the open home is called on this device.
fn label(desk: &Desk) -> Result<String, Failure> {
    let folder = desk.folder().ok_or_else(Failure::locked)?;
    Ok(desk.shelf.label(&folder))
}
