//! The intake desk.

use std::ops::ControlFlow;

use tauri::{AppHandle, State};
use tauri_specta::Event as _;
use tessera_views::Failure;
use tessera_views::chase::{self, ChaseView};
use tessera_views::duplicates::{self, Compared, PairView};
use tessera_views::entry::{self, AttachedView, Entered, Entry, EntryForm, EntryTyped};
use tessera_views::intake::{self, IntakeChoices, IntakeProgress, IntakeReport, IntakeTable};

use crate::commands::IntakeEvent;
use crate::desk::Desk;
use crate::dialogs;

/// Chooses the table: what was dropped on the window, or what the person names; false where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn intake_choose_table(desk: State<'_, Desk>, dropped: bool) -> Result<bool, Failure> {
    let path = if dropped { desk.dropped().table } else { dialogs::open_table().await };
    let Some(path) = path else { return Ok(false) };
    desk.choose(|chosen| chosen.table = Some(path));
    Ok(true)
}

/// Chooses the folder of files: what was dropped on the window, or what the person names; false where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn intake_choose_folder(desk: State<'_, Desk>, dropped: bool) -> Result<bool, Failure> {
    let path = if dropped { desk.dropped().folder } else { dialogs::open_folder().await };
    let Some(path) = path else { return Ok(false) };
    desk.choose(|chosen| chosen.folder = Some(path));
    Ok(true)
}

/// Forgets what was chosen: the folder alone, or both.
#[tauri::command]
#[specta::specta]
pub(crate) async fn intake_forget(desk: State<'_, Desk>, folder_alone: bool) -> Result<(), Failure> {
    desk.choose(|chosen| {
        chosen.folder = None;
        chosen.table = chosen.table.take().filter(|_| folder_alone);
    });
    Ok(())
}

/// Looks at the table that was chosen; none where none was.
#[tauri::command]
#[specta::specta]
pub(crate) async fn intake_table(
    desk: State<'_, Desk>,
    sheet: Option<String>,
) -> Result<Option<IntakeTable>, Failure> {
    let chosen = desk.chosen();
    if chosen.table.is_none() {
        return Ok(None);
    }
    desk.look(move |session, language| intake::table(session, &chosen, sheet.as_deref(), language).map(Some))
        .await
}

/// Tries the table that was chosen; nothing is changed.
#[tauri::command]
#[specta::specta]
pub(crate) async fn intake_preview(
    desk: State<'_, Desk>,
    app: AppHandle,
    choices: IntakeChoices,
) -> Result<IntakeReport, Failure> {
    let (chosen, language) = (desk.chosen(), desk.language());
    desk.plan(move |session, _, go_on| {
        intake::run(session, &chosen, &choices, true, &language, &mut |progress| tell(&app, progress, go_on))
    })
    .await
}

/// Takes the table in that was chosen.
#[tauri::command]
#[specta::specta]
pub(crate) async fn intake_take(
    desk: State<'_, Desk>,
    app: AppHandle,
    choices: IntakeChoices,
) -> Result<IntakeReport, Failure> {
    let (chosen, language) = (desk.chosen(), desk.language());
    desk.exchange(move |session, _, go_on| {
        intake::run(session, &chosen, &choices, false, &language, &mut |progress| tell(&app, progress, go_on))
    })
    .await
}

pub(super) fn tell(
    app: &AppHandle,
    progress: IntakeProgress,
    go_on: &dyn Fn() -> ControlFlow<()>,
) -> ControlFlow<()> {
    // A window that is gone hears nothing; the import goes on.
    let _ = IntakeEvent(progress).emit(app);
    go_on()
}

/// Reads the form for entry on behalf of an applicant.
#[tauri::command]
#[specta::specta]
pub(crate) async fn entry_form(
    desk: State<'_, Desk>,
    application: Option<String>,
) -> Result<EntryForm, Failure> {
    desk.look(move |session, language| entry::form(session, application.as_deref(), language)).await
}

/// Keeps what is typed for an applicant until it is taken in. Whoever shows it typed it: nothing is to be read again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn keep_entry(
    desk: State<'_, Desk>,
    application: Option<String>,
    typed: EntryTyped,
) -> Result<(), Failure> {
    desk.look(move |session, _| entry::keep_typed(session, application.as_deref(), &typed)).await
}

/// Takes in what was typed for an applicant.
#[tauri::command]
#[specta::specta]
pub(crate) async fn enter(desk: State<'_, Desk>, entry: Entry) -> Result<Entered, Failure> {
    let language = desk.language();
    desk.act(move |session| entry::enter(session, &entry, &language)).await
}

/// Adds files that the person chooses to an application; none where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn attach(
    desk: State<'_, Desk>,
    application: String,
    slot: Option<String>,
) -> Result<Option<AttachedView>, Failure> {
    let Some(paths) = dialogs::open().await else { return Ok(None) };
    let language = desk.language();
    let attached = desk
        .act(move |session| {
            entry::attach_files(session, &application, slot.as_deref(), &paths, &language).map(Some)
        })
        .await;
    desk.prepare();
    attached
}

/// Notes that an applicant withdrew, or that this was a mistake.
#[tauri::command]
#[specta::specta]
pub(crate) async fn withdraw(
    desk: State<'_, Desk>,
    application: String,
    withdrawn: bool,
    route: Option<String>,
    reason: String,
) -> Result<u32, Failure> {
    desk.act(move |session| {
        entry::withdraw_application(session, &application, withdrawn, route.as_deref(), &reason)
    })
    .await
}

/// Reads whose application lacks what.
#[tauri::command]
#[specta::specta]
pub(crate) async fn chase(desk: State<'_, Desk>) -> Result<ChaseView, Failure> {
    desk.look(chase::chase).await
}

/// Reads which applications may be one person's.
#[tauri::command]
#[specta::specta]
pub(crate) async fn duplicates(desk: State<'_, Desk>) -> Result<Vec<PairView>, Failure> {
    desk.look(duplicates::duplicates).await
}

/// Reads two applications side by side.
#[tauri::command]
#[specta::specta]
pub(crate) async fn compare_pair(
    desk: State<'_, Desk>,
    one: String,
    other: String,
) -> Result<Compared, Failure> {
    desk.look(move |session, language| duplicates::compare(session, &one, &other, language)).await
}

/// Says whether two applications are one person's; `open` takes back what was said.
#[tauri::command]
#[specta::specta]
pub(crate) async fn judge_pair(
    desk: State<'_, Desk>,
    one: String,
    other: String,
    verdict: String,
    keep: Option<String>,
    reason: String,
) -> Result<(), Failure> {
    desk.act(move |session| duplicates::judge_pair(session, &one, &other, &verdict, keep.as_deref(), &reason))
        .await
}
