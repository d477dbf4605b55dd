//! What the programme is: its definition, the draft of the next one, closing a round.

use tauri::State;
use tessera_engine::home::read_bounded;
use tessera_views::Failure;
use tessera_views::programme::{self, DEFINITION_BYTES, FindingLine, ProgrammeView};

use crate::desk::{Desk, off_the_window};
use crate::dialogs;

/// Reads the programme.
#[tauri::command]
#[specta::specta]
pub(crate) async fn programme(desk: State<'_, Desk>) -> Result<ProgrammeView, Failure> {
    desk.look(programme::programme).await
}

/// Begins a draft of what is published.
#[tauri::command]
#[specta::specta]
pub(crate) async fn begin_programme(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.act(|session| programme::begin(session, None)).await
}

/// Begins a draft of a text.
#[tauri::command]
#[specta::specta]
pub(crate) async fn begin_programme_from(desk: State<'_, Desk>, toml: String) -> Result<(), Failure> {
    desk.act(move |session| programme::begin(session, Some(&toml))).await
}

/// Begins a draft of a file that the person chooses; false where that was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_programme(desk: State<'_, Desk>) -> Result<bool, Failure> {
    let Some(path) = dialogs::open_one().await else { return Ok(false) };
    let limit = u64::try_from(DEFINITION_BYTES).unwrap_or(u64::MAX);
    let text = off_the_window(move || Ok(read_bounded(&path, limit)?)).await?;
    let text = String::from_utf8(text).map_err(|_| Failure::bad_input("the text"))?;
    desk.act(move |session| programme::begin(session, Some(&text)).map(|()| true)).await
}

/// Saves the draft, or what is published, in a file; gives where.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_programme(desk: State<'_, Desk>, draft: bool) -> Result<Option<String>, Failure> {
    let text = desk.look(move |session, _| programme::file(session, draft)).await?;
    dialogs::save_file("programme.toml", text.into_bytes()).await
}

/// Keeps the draft; says what it lacks. Whoever shows it typed it: nothing is to be read again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn draft_programme(
    desk: State<'_, Desk>,
    definition: String,
) -> Result<Vec<FindingLine>, Failure> {
    desk.look(move |session, _| programme::draft(session, &definition)).await
}

/// Forgets the draft.
#[tauri::command]
#[specta::specta]
pub(crate) async fn discard_programme(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.act(programme::discard).await
}

/// Publishes the draft, or amends what is published; gives the revision's number.
#[tauri::command]
#[specta::specta]
pub(crate) async fn publish_programme(
    desk: State<'_, Desk>,
    accepted: String,
    reason: String,
) -> Result<u32, Failure> {
    desk.act(move |session| programme::publish(session, &accepted, &reason)).await
}

/// Closes a round.
#[tauri::command]
#[specta::specta]
pub(crate) async fn close_round(desk: State<'_, Desk>, round: String) -> Result<(), Failure> {
    desk.act(move |session| programme::close_round(session, &round)).await
}
