//! A reviewer's screens.

use tauri::State;
use tessera_views::Failure;
use tessera_views::dossier::{self, DossierView};
use tessera_views::draft::{self, Distribution, DraftView, Saved, Submitted};
use tessera_views::files;
use tessera_views::search::{self, SearchHit};
use tessera_views::tasks::{self, ReviewerHome};

use crate::desk::Desk;
use crate::dialogs;
use crate::pages::{self, PageInfo};

/// Reads a reviewer's home.
#[tauri::command]
#[specta::specta]
pub(crate) async fn reviewer_home(desk: State<'_, Desk>) -> Result<ReviewerHome, Failure> {
    desk.look(tasks::home).await
}

/// Reads a dossier and its scorecard.
#[tauri::command]
#[specta::specta]
pub(crate) async fn dossier(
    desk: State<'_, Desk>,
    application: String,
    round: String,
) -> Result<DossierView, Failure> {
    desk.look(move |session, language| dossier::dossier(session, &application, &round, language)).await
}

/// Declares a conflict of interest, or that there is none.
#[tauri::command]
#[specta::specta]
pub(crate) async fn declare(
    desk: State<'_, Desk>,
    application: String,
    declaration: String,
    kind: String,
    note: String,
) -> Result<(), Failure> {
    desk.act(move |session| dossier::declare(session, &application, &declaration, &kind, &note)).await
}

/// Saves a draft.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_draft(
    desk: State<'_, Desk>,
    application: String,
    round: String,
    draft: DraftView,
) -> Result<Saved, Failure> {
    desk.act(move |session| draft::save(session, &application, &round, draft)).await
}

/// Saves a private note.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_note(
    desk: State<'_, Desk>,
    application: String,
    text: String,
) -> Result<(), Failure> {
    desk.act(move |session| draft::save_note(session, &application, &text)).await
}

/// Chooses between what two laptops wrote.
#[tauri::command]
#[specta::specta]
pub(crate) async fn settle_draft(
    desk: State<'_, Desk>,
    application: String,
    round: String,
    field: String,
    value: String,
) -> Result<(), Failure> {
    desk.act(move |session| draft::settle(session, &application, &round, &field, &value)).await
}

/// Submits a draft, or amends what was submitted.
#[tauri::command]
#[specta::specta]
pub(crate) async fn submit(
    desk: State<'_, Desk>,
    application: String,
    round: String,
    reason: Option<String>,
) -> Result<Submitted, Failure> {
    desk.act(move |session| draft::submit(session, &application, &round, reason.as_deref())).await
}

/// How this reviewer used each scale.
#[tauri::command]
#[specta::specta]
pub(crate) async fn distribution(desk: State<'_, Desk>) -> Result<Vec<Distribution>, Failure> {
    desk.look(draft::distribution).await
}

/// The text of a text file.
#[tauri::command]
#[specta::specta]
pub(crate) async fn file_text(desk: State<'_, Desk>, handle: String) -> Result<String, Failure> {
    desk.look(move |session, _| files::text(session, &handle)).await
}

/// How many pages a file has, and the text of each.
#[tauri::command]
#[specta::specta]
pub(crate) async fn file_pages(desk: State<'_, Desk>, handle: String) -> Result<PageInfo, Failure> {
    let (shown, bytes) = desk.look(move |session, _| pages::read(session, &handle)).await?;
    crate::desk::off_the_window(move || pages::info(shown, bytes)).await
}

/// Saves a file outside the safe; gives where.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_file(desk: State<'_, Desk>, handle: String) -> Result<Option<String>, Failure> {
    let (name, bytes) = desk
        .look(move |session, _| {
            let found = files::lookup(session, &handle)?;
            Ok((found.name.clone(), files::contents(session, &found)?))
        })
        .await?;
    let Some(path) = dialogs::save(&tessera_driver::save::plain_name(&name)).await else { return Ok(None) };
    crate::desk::off_the_window(move || {
        tessera_engine::home::write_atomically(&path, &bytes)?;
        Ok(Some(path.display().to_string()))
    })
    .await
}

/// Finds words in everything that this home may read.
#[tauri::command]
#[specta::specta]
pub(crate) async fn search(desk: State<'_, Desk>, text: String) -> Result<Vec<SearchHit>, Failure> {
    desk.look(move |session, _| search::search(session, &text)).await
}
