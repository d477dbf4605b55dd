//! People and access.

use std::path::PathBuf;

use tauri::State;
use tessera_engine::home::read_bounded;
use tessera_vault::enrol::ANSWER_BYTES;
use tessera_views::Failure;
use tessera_views::access_day::{self, AccessDay};
use tessera_views::deciding::{self, DecidingView};
use tessera_views::invitations::{self, GuestTable, GuestsInvited, TABLE_BYTES};
use tessera_views::me::Role;
use tessera_views::people::{self, AccessRow, Invited, PeopleView, PersonRow, ReadingProfile, RemovalView};
use tessera_views::person::{self, PersonView};

use crate::desk::{Desk, off_the_window};
use crate::dialogs;

/// Reads everybody.
#[tauri::command]
#[specta::specta]
pub(crate) async fn people(desk: State<'_, Desk>) -> Result<PeopleView, Failure> {
    desk.look(people::people).await
}

/// Reads one person.
#[tauri::command]
#[specta::specta]
pub(crate) async fn person(desk: State<'_, Desk>, member: String) -> Result<PersonView, Failure> {
    desk.look(move |session, _| person::person(session, &member)).await
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
    dialogs::save_file(&name, format!("{link}\n").into_bytes()).await
}

/// Looks at a table of people whom to invite; none where the person called it off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn guest_table(desk: State<'_, Desk>) -> Result<Option<GuestTable>, Failure> {
    let Some(path) = dialogs::open_table().await else { return Ok(None) };
    let (path, bytes) = table(path).await?;
    desk.look(move |session, _| invitations::read(session, &path, &bytes).map(Some)).await
}

/// Invites everybody whom a table names, into a folder that the person chooses; none where that was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn invite_guests(
    desk: State<'_, Desk>,
    path: String,
    seal: String,
) -> Result<Option<GuestsInvited>, Failure> {
    let (path, bytes) = table(path.into()).await?;
    let Some(folder) = dialogs::open_folder().await else { return Ok(None) };
    desk.act(move |session| invitations::invite_all(session, &path, &bytes, &seal, &folder).map(Some)).await
}

async fn table(path: PathBuf) -> Result<(PathBuf, Vec<u8>), Failure> {
    off_the_window(move || {
        let bytes = read_bounded(&path, TABLE_BYTES)?;
        Ok((path, bytes))
    })
    .await
}

/// Withdraws an invitation that nobody answered yet.
#[tauri::command]
#[specta::specta]
pub(crate) async fn withdraw_invitation(desk: State<'_, Desk>, id: String) -> Result<(), Failure> {
    desk.act(move |session| invitations::withdraw(session, &id)).await
}

/// Admits whoever wrote an answer; none where the person called it off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn admit(desk: State<'_, Desk>, path: Option<String>) -> Result<Option<PersonRow>, Failure> {
    let path = match path {
        Some(path) => Some(path.into()),
        None => dialogs::open_one().await,
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

/// Reads who decides.
#[tauri::command]
#[specta::specta]
pub(crate) async fn deciding(desk: State<'_, Desk>) -> Result<DecidingView, Failure> {
    desk.look(|session, _| deciding::deciding(session)).await
}

/// Proposes to give a member roles; gives whether it counts already.
#[tauri::command]
#[specta::specta]
pub(crate) async fn give_roles(
    desk: State<'_, Desk>,
    member: String,
    roles: Vec<Role>,
) -> Result<bool, Failure> {
    desk.act(move |session| deciding::give_roles(session, &member, &roles)).await
}

/// Proposes to take roles from a member for ever; gives whether it counts already.
#[tauri::command]
#[specta::specta]
pub(crate) async fn take_roles(
    desk: State<'_, Desk>,
    member: String,
    roles: Vec<Role>,
) -> Result<bool, Failure> {
    desk.act(move |session| deciding::take_roles(session, &member, &roles)).await
}

/// Proposes how many admins must agree to a removal; gives whether it counts already.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_removal_needs(desk: State<'_, Desk>, needed: u16) -> Result<bool, Failure> {
    desk.act(move |session| deciding::set_removal_needs(session, needed)).await
}

/// Reads who can read what.
#[tauri::command]
#[specta::specta]
pub(crate) async fn access(desk: State<'_, Desk>) -> Result<Vec<AccessRow>, Failure> {
    desk.look(|session, _| people::access(session)).await
}

/// Reads who could have read an application on a day.
#[tauri::command]
#[specta::specta]
pub(crate) async fn access_on(
    desk: State<'_, Desk>,
    application: String,
    from_ms: u64,
    to_ms: u64,
) -> Result<AccessDay, Failure> {
    desk.look(move |session, _| access_day::on_day(session, &application, from_ms, to_ms)).await
}
