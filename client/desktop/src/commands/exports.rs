//! What leaves the home as a readable file.

use tauri::State;
use tessera_views::Failure;
use tessera_views::exports::dossiers::{self, DossierRequest};
use tessera_views::exports::{self, ExportRequest, ExportsView};

use crate::desk::{Desk, off_the_window};
use crate::dialogs;

/// Reads what can be exported, and what was.
#[tauri::command]
#[specta::specta]
pub(crate) async fn exports(desk: State<'_, Desk>) -> Result<ExportsView, Failure> {
    desk.look(exports::exports).await
}

/// Exports where the person says; gives where, none where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn export(desk: State<'_, Desk>, request: ExportRequest) -> Result<Option<String>, Failure> {
    request.check()?;
    let Some(path) = dialogs::save(&request.file_name()).await else { return Ok(None) };
    let collected = desk.look(move |session, _| exports::collect(session, &request)).await?;
    let (collected, path) = off_the_window(move || {
        collected.write(&path)?;
        Ok((collected, path))
    })
    .await?;
    desk.act(move |session| collected.note(session)).await?;
    Ok(Some(path.display().to_string()))
}

/// Writes dossiers where the person says; gives where, none where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn export_dossiers(
    desk: State<'_, Desk>,
    request: DossierRequest,
) -> Result<Option<String>, Failure> {
    let collected =
        desk.look(move |session, language| dossiers::collect(session, &request, language)).await?;
    let place = match collected.each() {
        true => dialogs::open_folder().await,
        false => dialogs::save(&collected.file_name()).await,
    };
    let Some(place) = place else { return Ok(None) };
    let (collected, at) = off_the_window(move || {
        let at = collected.write(&place)?;
        Ok((collected, at))
    })
    .await?;
    desk.act(move |session| collected.note(session)).await?;
    Ok(Some(at))
}
