//! What readers declared about conflicts of interest, and ruling on it.

use tauri::State;
use tessera_views::Failure;
use tessera_views::conflicts::{self, ConflictRow, RulingForm};

use crate::desk::Desk;

/// Reads what readers declared, on every application.
#[tauri::command]
#[specta::specta]
pub(crate) async fn conflicts(desk: State<'_, Desk>) -> Result<Vec<ConflictRow>, Failure> {
    let whole = desk.board().await?;
    desk.look(move |session, _| conflicts::conflicts(session, &whole)).await
}

/// Rules on what a reader declared.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rule_conflict(desk: State<'_, Desk>, form: RulingForm) -> Result<(), Failure> {
    desk.act(move |session| conflicts::rule(session, &form)).await
}
