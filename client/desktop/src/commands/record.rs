//! Reviews that a coordinator takes down for somebody else.

use tauri::State;
use tessera_views::Failure;
use tessera_views::record::{self, RecordCard, RecordChoices, RecordForm, RecordResult};

use crate::desk::Desk;

/// Reads whose review of an application could be taken down.
#[tauri::command]
#[specta::specta]
pub(crate) async fn record_choices(
    desk: State<'_, Desk>,
    application: String,
) -> Result<RecordChoices, Failure> {
    desk.look(move |session, language| record::choices(session, &application, language)).await
}

/// Keeps what is typed of an application's reviews until it is taken down. Whoever shows it typed it: nothing is to be read again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn keep_records(
    desk: State<'_, Desk>,
    application: String,
    forms: Vec<RecordForm>,
) -> Result<(), Failure> {
    desk.look(move |session, _| record::keep_typed(session, &application, &forms)).await
}

/// Reads the scorecard, with what was taken down before.
#[tauri::command]
#[specta::specta]
pub(crate) async fn record_card(
    desk: State<'_, Desk>,
    application: String,
    member: String,
    round: String,
) -> Result<RecordCard, Failure> {
    desk.look(move |session, language| record::card(session, &application, &member, &round, language)).await
}

/// Says what taking a review down would come to.
#[tauri::command]
#[specta::specta]
pub(crate) async fn record_preview(desk: State<'_, Desk>, form: RecordForm) -> Result<RecordResult, Failure> {
    desk.look(move |session, _| record::preview(session, &form)).await
}

/// Takes a review down.
#[tauri::command]
#[specta::specta]
pub(crate) async fn record(desk: State<'_, Desk>, form: RecordForm) -> Result<RecordResult, Failure> {
    desk.act(move |session| record::record(session, &form)).await
}
