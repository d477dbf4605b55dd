//! Tables of scores.

use tauri::State;
use tessera_views::Failure;
use tessera_views::scores::{self, ScoresReader, ScoresReport, ScoresWay};
use tessera_views::tables::{TableChoices, TableView};

use crate::desk::Desk;
use crate::dialogs;

/// Chooses a table of scores; false where it was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_scores(desk: State<'_, Desk>) -> Result<bool, Failure> {
    let Some(path) = dialogs::open_table().await else { return Ok(false) };
    desk.choose_table(|tables| tables.scores = Some(path));
    Ok(true)
}

/// Looks at the table of scores that was chosen; none where none was.
#[tauri::command]
#[specta::specta]
pub(crate) async fn scores_table(
    desk: State<'_, Desk>,
    sheet: Option<String>,
) -> Result<Option<TableView>, Failure> {
    let Some(path) = desk.tables().scores else { return Ok(None) };
    desk.look(move |session, language| scores::table(session, &path, sheet.as_deref(), language).map(Some))
        .await
}

/// Reads whose scores a coordinator can take down.
#[tauri::command]
#[specta::specta]
pub(crate) async fn scores_readers(desk: State<'_, Desk>) -> Result<Vec<ScoresReader>, Failure> {
    desk.look(|session, _| scores::readers(session)).await
}

/// Says what taking the table of scores that was chosen would come to; nothing is written.
#[tauri::command]
#[specta::specta]
pub(crate) async fn preview_scores(
    desk: State<'_, Desk>,
    choices: TableChoices,
    way: ScoresWay,
) -> Result<ScoresReport, Failure> {
    let path = desk.tables().scores.ok_or_else(|| Failure::not_found("the table"))?;
    desk.look(move |session, language| scores::preview(session, &path, &choices, &way, language)).await
}

/// Takes the table of scores that was chosen, whole or not at all.
#[tauri::command]
#[specta::specta]
pub(crate) async fn take_scores(
    desk: State<'_, Desk>,
    choices: TableChoices,
    way: ScoresWay,
) -> Result<ScoresReport, Failure> {
    let path = desk.tables().scores.ok_or_else(|| Failure::not_found("the table"))?;
    let language = desk.language();
    desk.act(move |session| scores::take(session, &path, &choices, &way, &language)).await
}
