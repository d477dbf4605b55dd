//! One's own devices, and what several admins must sign.

use tauri::State;
use tessera_engine::home::read_bounded;
use tessera_views::Failure;
use tessera_views::devices::{self, DeviceRequest, DevicesView, ProposalLine, REQUEST_BYTES};

use crate::desk::{Desk, off_the_window};
use crate::dialogs;

/// Reads one's own devices.
#[tauri::command]
#[specta::specta]
pub(crate) async fn own_devices(desk: State<'_, Desk>) -> Result<DevicesView, Failure> {
    desk.look(|session, _| devices::devices(session)).await
}

/// Writes a pass for a further device, as a link.
#[tauri::command]
#[specta::specta]
pub(crate) async fn device_pass(desk: State<'_, Desk>) -> Result<String, Failure> {
    desk.act(devices::pass).await
}

/// Saves a pass in a file; gives where.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_pass(link: String) -> Result<Option<String>, Failure> {
    let file = devices::file(&link).ok_or_else(|| Failure::bad_input("the pass"))?;
    dialogs::save_file("second-device.pass", file).await
}

/// Opens the request of a device that the person chooses; none where that was called off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn device_request(
    desk: State<'_, Desk>,
    path: Option<String>,
) -> Result<Option<DeviceRequest>, Failure> {
    let path = match path {
        Some(path) => Some(path.into()),
        None => dialogs::open_one().await,
    };
    let Some(path) = path else { return Ok(None) };
    let shown = path.display().to_string();
    let request = asked(path).await?;
    desk.look(move |session, _| devices::request(session, &shown, &request).map(Some)).await
}

/// Adds a device whose words were compared; gives whether it acts already.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_device(desk: State<'_, Desk>, path: String, words: String) -> Result<bool, Failure> {
    let request = asked(path.into()).await?;
    desk.act(move |session| devices::add(session, &request, &words)).await
}

/// Takes a device out for ever; gives whether it is out already.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_device(desk: State<'_, Desk>, device: String) -> Result<bool, Failure> {
    desk.act(move |session| devices::remove(session, &device)).await
}

/// Reads what several admins must sign.
#[tauri::command]
#[specta::specta]
pub(crate) async fn proposals(desk: State<'_, Desk>) -> Result<Vec<ProposalLine>, Failure> {
    desk.look(|session, _| devices::proposals(session)).await
}

/// Signs a proposal; gives whether it counts by now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn sign_proposal(desk: State<'_, Desk>, id: String) -> Result<bool, Failure> {
    desk.act(move |session| devices::sign(session, &id)).await
}

async fn asked(path: std::path::PathBuf) -> Result<Vec<u8>, Failure> {
    let limit = u64::try_from(REQUEST_BYTES).unwrap_or(u64::MAX);
    off_the_window(move || Ok(read_bounded(&path, limit)?)).await
}
