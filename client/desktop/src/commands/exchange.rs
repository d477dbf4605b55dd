//! Exchanges with the relay, and bundles.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::PoisonError;

use tauri::{AppHandle, State};
use tauri_specta::Event as _;
use tessera_views::Failure;
use tessera_views::exchange::{
    self, BundleFor, BundleIn, BundleLook, BundleOut, ExchangeOptions, ExchangePlan, ExchangeReport,
    ExchangeState,
};

use crate::commands::ProgressEvent;
use crate::desk::Desk;
use crate::dialogs;

/// The most bundles that are taken in at once.
const BUNDLES: usize = 1000;

/// Reads how the exchange stands.
#[tauri::command]
#[specta::specta]
pub(crate) async fn exchange_state(desk: State<'_, Desk>) -> Result<ExchangeState, Failure> {
    desk.look(|session, _| exchange::state(session)).await
}

/// Asks the relay what would move.
#[tauri::command]
#[specta::specta]
pub(crate) async fn exchange_plan(
    desk: State<'_, Desk>,
    options: ExchangeOptions,
) -> Result<ExchangePlan, Failure> {
    desk.plan(move |session, lent, go_on| {
        let options = {
            let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
            exchange::options(&mut session, options)?
        };
        exchange::plan(lent, &options, &mut |_| go_on())
    })
    .await
}

/// Exchanges with the relay.
#[tauri::command]
#[specta::specta]
pub(crate) async fn exchange(
    desk: State<'_, Desk>,
    app: AppHandle,
    options: ExchangeOptions,
) -> Result<ExchangeReport, Failure> {
    desk.exchange(move |session, lent, go_on| {
        let options = {
            let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
            exchange::options(&mut session, options)?
        };
        exchange::exchange(lent, &options, &mut |progress| {
            tell(&app, progress);
            go_on()
        })
    })
    .await
}

pub(crate) fn tell(app: &AppHandle, progress: exchange::ProgressView) {
    // A window that is gone hears nothing; the exchange goes on.
    let _ = ProgressEvent(progress).emit(app);
}

/// Ends the exchange under way.
#[tauri::command]
#[specta::specta]
pub(crate) async fn cancel(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.cancel();
    Ok(())
}

/// Writes a bundle; none where the person called it off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn bundle_out(
    desk: State<'_, Desk>,
    app: AppHandle,
    to: BundleFor,
    files: bool,
) -> Result<Option<BundleOut>, Failure> {
    let named = to.clone();
    let name = desk.look(move |session, _| exchange::bundle_name(session, &named)).await?;
    let Some(path) = dialogs::save(&name).await else { return Ok(None) };
    desk.carry(move |session, go_on| {
        let mut tell = telling(&app, go_on);
        exchange::bundle_out(session, &to, files, &path, &mut tell).map(Some)
    })
    .await
}

/// Takes in bundles: those that were dropped on the window, or those that the person chooses.
#[tauri::command]
#[specta::specta]
pub(crate) async fn bundle_in(
    desk: State<'_, Desk>,
    app: AppHandle,
    paths: Option<Vec<String>>,
) -> Result<Option<Vec<BundleIn>>, Failure> {
    let Some(paths) = bundles(paths).await? else { return Ok(None) };
    let taken = desk
        .carry(move |session, go_on| {
            let mut tell = telling(&app, go_on);
            exchange::bundle_in(session, &paths, &mut tell).map(Some)
        })
        .await;
    desk.prepare();
    taken
}

/// Looks into bundles, those named or those that the person chooses; nothing is taken in.
#[tauri::command]
#[specta::specta]
pub(crate) async fn inspect_bundles(
    desk: State<'_, Desk>,
    app: AppHandle,
    paths: Option<Vec<String>>,
) -> Result<Option<Vec<BundleLook>>, Failure> {
    let Some(paths) = bundles(paths).await? else { return Ok(None) };
    desk.carry(move |session, go_on| {
        let mut tell = telling(&app, go_on);
        exchange::inspect_bundles(session, &paths, &mut tell).map(Some)
    })
    .await
}

/// The files that were named, else those that the person chooses; none where that was called off.
async fn bundles(paths: Option<Vec<String>>) -> Result<Option<Vec<PathBuf>>, Failure> {
    let paths: Option<Vec<PathBuf>> = match paths {
        Some(paths) => Some(paths.into_iter().map(PathBuf::from).collect()),
        None => dialogs::open().await,
    };
    if paths.as_ref().is_some_and(|paths| paths.len() > BUNDLES) {
        return Err(Failure::new("too-many", "at most 1,000 files are taken in at once"));
    }
    Ok(paths)
}

/// Ends the writing or taking in of bundles that is under way.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_bundle(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.stop_carrying();
    Ok(())
}

/// Tells the window how far it is, and asks whether the person had enough.
fn telling(
    app: &AppHandle,
    go_on: &dyn Fn() -> ControlFlow<()>,
) -> impl FnMut(exchange::ProgressView) -> ControlFlow<()> {
    move |progress| {
        tell(app, progress);
        go_on()
    }
}
