//! A reviewer's screens.

use tauri::State;
use tessera_views::Failure;
use tessera_views::declaring;
use tessera_views::dossier::{self, DossierView};
use tessera_views::draft::{self, DraftView, Saved, Submitted};
use tessera_views::files::{self, TypedView};
use tessera_views::own::{self, ConsistencyView, OwnPair};
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
    let declared =
        desk.act(move |session| declaring::declare(session, &application, &declaration, &kind, &note)).await;
    desk.prepare();
    declared
}

/// Hands an application back that this reviewer cannot read.
#[tauri::command]
#[specta::specta]
pub(crate) async fn hand_back(
    desk: State<'_, Desk>,
    application: String,
    reason: String,
) -> Result<(), Failure> {
    desk.act(move |session| declaring::hand_back(session, &application, &reason)).await
}

/// Saves what was made of a draft since these changes of it were read.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_draft(
    desk: State<'_, Desk>,
    application: String,
    round: String,
    seen: Vec<String>,
    before: DraftView,
    draft: DraftView,
) -> Result<Saved, Failure> {
    desk.act(move |session| draft::save(session, &application, &round, &seen, before, draft)).await
}

/// Saves what was made of a private note.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_note(
    desk: State<'_, Desk>,
    application: String,
    before: String,
    text: String,
) -> Result<(), Failure> {
    desk.act(move |session| draft::save_note(session, &application, &before, &text)).await
}

/// Marks an application to be read again, or takes the mark away.
#[tauri::command]
#[specta::specta]
pub(crate) async fn mark_again(
    desk: State<'_, Desk>,
    application: String,
    again: bool,
) -> Result<(), Failure> {
    desk.act(move |session| draft::mark_again(session, &application, again)).await
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

/// How this reviewer used each scale; of everything, or of what is to be read again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn consistency(desk: State<'_, Desk>, again: bool) -> Result<ConsistencyView, Failure> {
    desk.look(move |session, language| own::consistency(session, again, language)).await
}

/// Puts two of this reviewer's scorecards side by side.
#[tauri::command]
#[specta::specta]
pub(crate) async fn beside(
    desk: State<'_, Desk>,
    round: Option<String>,
    one: Option<String>,
    other: Option<String>,
) -> Result<OwnPair, Failure> {
    desk.look(move |session, language| {
        own::beside(session, round.as_deref(), one.as_deref(), other.as_deref(), language)
    })
    .await
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
    let _one = desk.drawing().await;
    let named = handle.clone();
    let (kind, bytes) = desk.look(move |session, _| pages::read(session, &handle)).await?;
    let info = crate::desk::off_the_window(move || pages::info(kind, bytes)).await?;
    let kept = info.clone();
    // The pages are shown all the same: what is not kept is read again.
    drop(desk.look(move |session, _| files::keep_text(session, &named, &kept)).await);
    Ok(info.into())
}

/// What a person typed from a file.
#[tauri::command]
#[specta::specta]
pub(crate) async fn file_typed(desk: State<'_, Desk>, handle: String) -> Result<TypedView, Failure> {
    desk.look(move |session, _| files::typed(session, &handle)).await
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
    dialogs::save_file(&tessera_driver::save::plain_name(&name), bytes).await
}

/// Finds words in everything that this home may read.
#[tauri::command]
#[specta::specta]
pub(crate) async fn search(desk: State<'_, Desk>, text: String) -> Result<Vec<SearchHit>, Failure> {
    desk.look(move |session, language| search::search(session, &text, language)).await
}
