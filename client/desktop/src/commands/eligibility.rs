//! The eligibility desk, and tables of verdicts.

use tauri::{AppHandle, State};
use tessera_views::Failure;
use tessera_views::eligibility::{self, EligibilityPage, EligibilityQuery, EligibilityView};
use tessera_views::tables::{TableChoices, TableView};
use tessera_views::verdicts::{self, VerdictsReport};

use super::intake::tell;
use crate::desk::Desk;
use crate::dialogs;

/// Reads what the eligibility desk is about.
#[tauri::command]
#[specta::specta]
pub(crate) async fn eligibility(desk: State<'_, Desk>) -> Result<EligibilityView, Failure> {
    let whole = desk.board().await?;
    desk.look(move |session, language| eligibility::eligibility(session, &whole, language)).await
}

/// Rows of the eligibility desk.
#[tauri::command]
#[specta::specta]
pub(crate) async fn eligibility_page(
    desk: State<'_, Desk>,
    query: EligibilityQuery,
) -> Result<EligibilityPage, Failure> {
    Ok(eligibility::page(&desk.board().await?.rows, &query))
}

/// Chooses a table of verdicts; false where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_verdicts(desk: State<'_, Desk>) -> Result<bool, Failure> {
    let Some(path) = dialogs::open_table().await else { return Ok(false) };
    desk.choose_table(|tables| tables.verdicts = Some(path));
    Ok(true)
}

/// Looks at the table of verdicts that was chosen; none where none was.
#[tauri::command]
#[specta::specta]
pub(crate) async fn verdicts_table(
    desk: State<'_, Desk>,
    sheet: Option<String>,
) -> Result<Option<TableView>, Failure> {
    let Some(path) = desk.tables().verdicts else { return Ok(None) };
    desk.look(move |session, language| verdicts::table(session, &path, sheet.as_deref(), language).map(Some))
        .await
}

/// Tries the table of verdicts that was chosen; nothing is changed.
#[tauri::command]
#[specta::specta]
pub(crate) async fn preview_verdicts(
    desk: State<'_, Desk>,
    app: AppHandle,
    choices: TableChoices,
) -> Result<VerdictsReport, Failure> {
    let path = desk.tables().verdicts.ok_or_else(|| Failure::not_found("the table"))?;
    let language = desk.language();
    desk.plan(move |session, _, go_on| {
        verdicts::run(session, &path, &choices, true, &language, &mut |progress| tell(&app, progress, go_on))
    })
    .await
}

/// Takes the table of verdicts that was chosen.
#[tauri::command]
#[specta::specta]
pub(crate) async fn take_verdicts(
    desk: State<'_, Desk>,
    app: AppHandle,
    choices: TableChoices,
) -> Result<VerdictsReport, Failure> {
    let path = desk.tables().verdicts.ok_or_else(|| Failure::not_found("the table"))?;
    let language = desk.language();
    desk.exchange(move |session, _, go_on| {
        verdicts::run(session, &path, &choices, false, &language, &mut |progress| tell(&app, progress, go_on))
    })
    .await
}
