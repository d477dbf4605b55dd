//! The programme's relays.

use std::sync::PoisonError;

use tauri::State;
use tessera_views::Failure;
use tessera_views::relays::{self, RelayForm, RelaysView};

use crate::desk::{Desk, off_the_window};

/// Reads the relays.
#[tauri::command]
#[specta::specta]
pub(crate) async fn relays(desk: State<'_, Desk>) -> Result<RelaysView, Failure> {
    desk.look(|session, _| relays::relays(session)).await
}

/// Asks what answers at an address for its key; none where it does not say it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn relay_key(address: String) -> Result<Option<String>, Failure> {
    off_the_window(move || relays::say_key(&address)).await
}

/// Keeps another address of a relay, where it answers there; gives whether every member is told.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_relay_address(
    desk: State<'_, Desk>,
    key: String,
    address: String,
) -> Result<bool, Failure> {
    desk.exchange(move |session, lent, go_on| {
        let (relay, options) = {
            let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
            relays::place(&mut session, &key, &address)?
        };
        relays::settle(lent, &relay, &options, go_on)
    })
    .await
}

/// Proposes to name a relay; gives whether it counts already.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_relay(desk: State<'_, Desk>, form: RelayForm, spare: bool) -> Result<bool, Failure> {
    desk.act(move |session| relays::add(session, &form, spare)).await
}

/// Proposes to take a relay out for ever; gives whether it counts already.
#[tauri::command]
#[specta::specta]
pub(crate) async fn drop_relay(desk: State<'_, Desk>, key: String) -> Result<bool, Failure> {
    desk.act(move |session| relays::drop_relay(session, &key)).await
}
