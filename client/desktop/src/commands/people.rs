//! People and access.

use tauri::State;
use tessera_engine::home::read_bounded;
use tessera_vault::enrol::ANSWER_BYTES;
use tessera_views::Failure;
use tessera_views::me::Role;
use tessera_views::people::{self, AccessRow, Invited, PeopleView, PersonRow, ReadingProfile, RemovalView};

use crate::desk::{Desk, off_the_window};
use crate::dialogs;

/// Reads everybody.
#[tauri::command]
#[specta::specta]
pub(crate) async fn people(desk: State<'_, Desk>) -> Result<PeopleView, Failure> {
    desk.look(people::people).await
}

/// Invites somebody.
#[tauri::command]
#[specta::specta]
pub(crate) async fn invite(
    desk: State<'_, Desk>,
    name: String,
    roles: Vec<Role>,
) -> Result<Invited, Failure> {
    desk.act(move |session| people::invite(session, &name, &roles)).await
}

/// Saves an invitation's link in a file for that person alone; gives where.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_invitation(link: String, name: String) -> Result<Option<String>, Failure> {
    if !link.starts_with("tessera:") || link.len() > tessera_vault::enrol::INVITATION_BYTES * 2 {
        return Err(Failure::bad_input("the invitation"));
    }
    let name = format!("{}.invitation", tessera_driver::save::plain_name(&name));
    let Some(path) = dialogs::save(&name).await else { return Ok(None) };
    off_the_window(move || {
        tessera_engine::home::write_atomically(&path, format!("{link}\n").as_bytes())?;
        Ok(Some(path.display().to_string()))
    })
    .await
}

/// Admits whoever wrote an answer; none where the person called it off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn admit(desk: State<'_, Desk>, path: Option<String>) -> Result<Option<PersonRow>, Failure> {
    let path = match path {
        Some(path) => Some(path.into()),
        None => dialogs::open().await.and_then(|paths| paths.into_iter().next()),
    };
    let Some(path) = path else { return Ok(None) };
    let limit = u64::try_from(ANSWER_BYTES + 128).unwrap_or(u64::MAX);
    let answer = off_the_window(move || Ok(read_bounded(&path, limit)?)).await?;
    let language = desk.language();
    desk.act(move |session| people::admit(session, &answer, &language).map(Some)).await
}

/// Notes what proposals of assignments go by of a reader; gives what was known before.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_reading(
    desk: State<'_, Desk>,
    member: String,
    profile: ReadingProfile,
) -> Result<ReadingProfile, Failure> {
    desk.act(move |session| people::set_reading(session, &member, &profile)).await
}

/// Records that the check words matched.
#[tauri::command]
#[specta::specta]
pub(crate) async fn confirm_words(desk: State<'_, Desk>, member: String) -> Result<(), Failure> {
    desk.act(move |session| people::confirm_words(session, &member)).await
}

/// Says what a removal would mean.
#[tauri::command]
#[specta::specta]
pub(crate) async fn removal(desk: State<'_, Desk>, member: String) -> Result<RemovalView, Failure> {
    desk.look(move |session, _| people::removal(session, &member)).await
}

/// Suspends a member.
#[tauri::command]
#[specta::specta]
pub(crate) async fn suspend(desk: State<'_, Desk>, member: String) -> Result<(), Failure> {
    desk.act(move |session| people::suspend(session, &member)).await
}

/// Lifts a suspension.
#[tauri::command]
#[specta::specta]
pub(crate) async fn lift(desk: State<'_, Desk>, member: String) -> Result<(), Failure> {
    desk.act(move |session| people::lift(session, &member)).await
}

/// Removes a member, for ever.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove(desk: State<'_, Desk>, member: String) -> Result<(), Failure> {
    desk.act(move |session| people::remove(session, &member)).await
}

/// Reads who can read what.
#[tauri::command]
#[specta::specta]
pub(crate) async fn access(desk: State<'_, Desk>) -> Result<Vec<AccessRow>, Failure> {
    desk.look(|session, _| people::access(session)).await
}
