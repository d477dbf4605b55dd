//! A home that this computer's keychain may open: opening it so, and letting the keychain do it or not. A keychain may wait for a
//! person, so it is asked while no home is held.

use tauri::State;
use tessera_driver::keychain::forget;
use tessera_vault::keychain::EntryId;
use tessera_vault::passphrase::Passphrase;
use tessera_views::me::Me;
use tessera_views::{Failure, Session};

use crate::commands::session::opened;
use crate::desk::{Desk, off_the_window};
use crate::keychain::OsKeychain;

/// Opens a home with what this computer's keychain holds for it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn unlock_by_keychain(desk: State<'_, Desk>, folder: String) -> Result<Me, Failure> {
    let (home, turn) = (desk.shelf.home(&folder)?, desk.turn());
    let session = off_the_window(move || Ok(Session::open_by_keychain(&home, &OsKeychain)?)).await?;
    // Whoever opened or locked while the keychain waited for an answer wants no more of it.
    if desk.turn() != turn {
        return Err(Failure::locked());
    }
    opened(&desk, folder, session).await
}

/// Lets this computer's keychain open the home from here on, for somebody who knows the passphrase.
#[tauri::command]
#[specta::specta]
pub(crate) async fn let_keychain_open(desk: State<'_, Desk>, passphrase: String) -> Result<(), Failure> {
    let halves = desk.look(move |session, _| Ok(session.halves(&Passphrase::new(&passphrase))?)).await?;
    let entry = halves.entry();
    let halves = off_the_window(move || Ok(halves.give(&OsKeychain).map(|()| halves)?)).await?;
    let kept = desk.act(move |session| Ok(session.keep_half(&halves)?)).await;
    // Of no use in the keychain: the half that was given in vain, else the one before.
    let useless = match &kept {
        Ok(before) => *before,
        Err(_) => Some(entry),
    };
    thrown_away(useless).await?;
    kept.map(drop)
}

/// Lets no keychain open the home any more; true where the keychain may still hold what opens nothing now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn forbid_keychain(desk: State<'_, Desk>) -> Result<bool, Failure> {
    let entry = desk.act(|session| Ok(session.leave_keychain()?)).await?;
    thrown_away(entry).await
}

/// Takes an entry out of the keychain; true where it may still be there.
pub(crate) async fn thrown_away(entry: Option<EntryId>) -> Result<bool, Failure> {
    off_the_window(move || Ok(entry.is_some_and(|entry| forget(&OsKeychain, entry)))).await
}
