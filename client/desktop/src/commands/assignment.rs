//! Who reads what. A search runs beside the home: other work goes on meanwhile, and whoever has enough stops it.

use std::path::Path;
use std::sync::atomic::Ordering;

use tauri::State;
use tessera_engine::home::read_bounded;
use tessera_views::Failure;
use tessera_views::assignment::draft::{self, AssignmentPublished, AssignmentTable, MAX_FILE_BYTES};
use tessera_views::assignment::search::{
    self, AssignmentRules, ExplainView, LightView, ProposalView, Readers, WISHES_BYTES,
};
use tessera_views::assignment::{self, AssignmentView, Candidate};

use crate::desk::{Desk, off_the_window};
use crate::dialogs;

/// Reads who reads what.
#[tauri::command]
#[specta::specta]
pub(crate) async fn assignment(
    desk: State<'_, Desk>,
    round: Option<String>,
) -> Result<AssignmentView, Failure> {
    desk.look(move |session, language| assignment::assignment(session, round.as_deref(), language)).await
}

/// Reads who could read an application.
#[tauri::command]
#[specta::specta]
pub(crate) async fn candidates(
    desk: State<'_, Desk>,
    round: String,
    application: String,
) -> Result<Vec<Candidate>, Failure> {
    desk.look(move |session, _| assignment::candidates(session, &round, &application)).await
}

/// Searches for a proposal and makes it the draft where it is whole, or where `partial` says so.
#[tauri::command]
#[specta::specta]
pub(crate) async fn propose(
    desk: State<'_, Desk>,
    round: String,
    rules: AssignmentRules,
    partial: bool,
) -> Result<ProposalView, Failure> {
    drafted(&desk, round, rules, Readers::First, partial).await
}

/// Searches one more reader wherever the round's rule asks for one, and makes it the draft as a proposal.
#[tauri::command]
#[specta::specta]
pub(crate) async fn propose_further(
    desk: State<'_, Desk>,
    round: String,
    rules: AssignmentRules,
    partial: bool,
) -> Result<ProposalView, Failure> {
    drafted(&desk, round, rules, Readers::Further, partial).await
}

/// Searches, and makes what was found the draft unless somebody stopped the search.
async fn drafted(
    desk: &Desk,
    round: String,
    rules: AssignmentRules,
    readers: Readers,
    partial: bool,
) -> Result<ProposalView, Failure> {
    let stop = desk.search();
    let stopped = stop.clone();
    let search = desk.look(move |session, _| search::search(session, &round, &rules, readers, stop)).await?;
    let found = off_the_window(move || search.run()).await?;
    desk.act(move |session| match stopped.load(Ordering::Relaxed) {
        true => Err(Failure::new("stopped", "the search was stopped")),
        false => search::take(session, &found, partial),
    })
    .await
}

/// Stops the search that is under way.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_proposal(desk: State<'_, Desk>) -> Result<(), Failure> {
    drop(desk.search());
    Ok(())
}

/// Says why an application has a reader, or why not.
#[tauri::command]
#[specta::specta]
pub(crate) async fn explain_pair(
    desk: State<'_, Desk>,
    round: String,
    application: String,
    member: String,
    rules: AssignmentRules,
) -> Result<ExplainView, Failure> {
    let stop = desk.ask();
    let question = desk
        .look(move |session, _| search::question(session, (&application, &member), &round, &rules, stop))
        .await?;
    off_the_window(move || question.answer()).await
}

/// Says whether severity could be corrected for, if it is read as drafted.
#[tauri::command]
#[specta::specta]
pub(crate) async fn assignment_light(desk: State<'_, Desk>, round: String) -> Result<LightView, Failure> {
    let light = desk.look(move |session, _| search::light(session, &round)).await?;
    off_the_window(move || Ok(light.run())).await
}

/// Takes one reader of an application out of the draft and another one in.
#[tauri::command]
#[specta::specta]
pub(crate) async fn swap_reader(
    desk: State<'_, Desk>,
    round: String,
    application: String,
    out: Option<String>,
    into: Option<String>,
    reason: String,
) -> Result<(), Failure> {
    desk.act(move |session| {
        draft::swap(session, &round, &application, (out.as_deref(), into.as_deref()), &reason)
    })
    .await
}

/// Drafts that everything a reader has not read is taken back.
#[tauri::command]
#[specta::specta]
pub(crate) async fn take_back_unread(
    desk: State<'_, Desk>,
    round: String,
    member: String,
    reason: String,
) -> Result<u32, Failure> {
    desk.act(move |session| draft::take_back_unread(session, &round, &member, &reason)).await
}

/// Forgets the draft.
#[tauri::command]
#[specta::specta]
pub(crate) async fn discard_draft(desk: State<'_, Desk>) -> Result<u32, Failure> {
    desk.act(draft::discard).await
}

/// Publishes the draft.
#[tauri::command]
#[specta::specta]
pub(crate) async fn publish_assignment(
    desk: State<'_, Desk>,
    partial: bool,
) -> Result<AssignmentPublished, Failure> {
    desk.act(move |session| draft::publish(session, partial)).await
}

/// Drafts the pairs of a table that the person chooses; none where that was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn import_assignment(
    desk: State<'_, Desk>,
    round: String,
) -> Result<Option<AssignmentTable>, Failure> {
    let Some((name, bytes)) = chosen(MAX_FILE_BYTES).await? else { return Ok(None) };
    desk.act(move |session| draft::import(session, &round, (&name, &bytes)).map(Some)).await
}

/// Takes in a table of how well readers and applications fit; gives how many pairs it knows, none where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_wishes(desk: State<'_, Desk>) -> Result<Option<u32>, Failure> {
    let Some((name, bytes)) = chosen(WISHES_BYTES).await? else { return Ok(None) };
    desk.act(move |session| search::set_wishes(session, Some((&name, &bytes))).map(Some)).await
}

/// Forgets how well readers and applications fit.
#[tauri::command]
#[specta::specta]
pub(crate) async fn forget_wishes(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.act(|session| search::set_wishes(session, None).map(drop)).await
}

/// A file that the person chooses, with its name.
async fn chosen(limit: usize) -> Result<Option<(String, Vec<u8>)>, Failure> {
    let Some(path) = dialogs::open_one().await else { return Ok(None) };
    off_the_window(move || {
        let bytes = read_bounded(&path, u64::try_from(limit).unwrap_or(u64::MAX))?;
        let name = path.file_name().unwrap_or_else(|| Path::new("table").as_os_str());
        Ok(Some((name.to_string_lossy().into_owned(), bytes)))
    })
    .await
}
