//! Unlocking, joining, founding, recovery, and what a person chose for this device.

use tauri::{AppHandle, State};
use tessera_driver::clock::now_ms;
use tessera_vault::passphrase::Passphrase;
use tessera_views::me::{self, EnrolForm, FoundForm, InvitationView, Me, StandingView, StrengthView};
use tessera_views::rehearsal;
use tessera_views::{Failure, Session};

use crate::commands::{Dropped, for_intake, invitation, path_of};
use crate::desk::{Desk, off_the_window};
use crate::dialogs;
use crate::preferences::Preferences;
use crate::window::{self, GivenAtStart, Root};

/// What the window begins with.
#[tauri::command]
#[specta::specta]
pub(crate) async fn standing(desk: State<'_, Desk>) -> Result<StandingView, Failure> {
    let open = match desk.folder() {
        Some(folder) => Some(desk.look(move |session, _| me::me(session, &folder)).await?),
        None => None,
    };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(StandingView { open, programmes: desk.shelf.list()?, version })
}

/// What the program was started with before the page was there; given once.
#[tauri::command]
#[specta::specta]
pub(crate) async fn given_at_start(
    desk: State<'_, Desk>,
    given: State<'_, GivenAtStart>,
) -> Result<Vec<Dropped>, Failure> {
    let given = given.take();
    if let Some(last) = given.last() {
        desk.drop_on(for_intake(&[path_of(last)]));
    }
    off_the_window(move || Ok(given.iter().map(|given| Dropped::given(given)).collect())).await
}

/// Asks for an invitation's file, or a picture of its square; none where the person called it off.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_invitation() -> Result<Option<String>, Failure> {
    let Some(path) = dialogs::open_one().await else { return Ok(None) };
    off_the_window(move || invitation(&path)).await.map(Some)
}

/// Says what an invitation is.
#[tauri::command]
#[specta::specta]
pub(crate) async fn inspect_invitation(text: String) -> Result<InvitationView, Failure> {
    me::inspect(&text)
}

/// Draws six words.
#[tauri::command]
#[specta::specta]
pub(crate) async fn generate_passphrase() -> Result<String, Failure> {
    Ok(me::generate_passphrase())
}

/// Says how well a passphrase resists guessing.
#[tauri::command]
#[specta::specta]
pub(crate) async fn strength(passphrase: String) -> Result<StrengthView, Failure> {
    Ok(me::strength(&passphrase))
}

/// Answers an invitation in a new home.
#[tauri::command]
#[specta::specta]
pub(crate) async fn enrol(desk: State<'_, Desk>, form: EnrolForm) -> Result<Me, Failure> {
    let shelf = desk.shelf.clone();
    let (folder, session) = off_the_window(move || me::enrol(&shelf, &form)).await?;
    opened(&desk, folder, session).await
}

/// Saves the answer to the invitation, to be handed back; gives where.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_answer(desk: State<'_, Desk>) -> Result<Option<String>, Failure> {
    let answer = desk.look(|session, _| me::answer(session)).await?;
    dialogs::save_file("tessera.answer", answer).await
}

/// Founds a programme in a new home.
#[tauri::command]
#[specta::specta]
pub(crate) async fn found(desk: State<'_, Desk>, form: FoundForm) -> Result<Me, Failure> {
    let shelf = desk.shelf.clone();
    let (folder, session) = off_the_window(move || me::found_with(&shelf, &form)).await?;
    opened(&desk, folder, session).await
}

/// Makes the rehearsal in a new home.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rehearse(
    desk: State<'_, Desk>,
    label: String,
    passphrase: String,
) -> Result<Me, Failure> {
    let shelf = desk.shelf.clone();
    let (folder, session) = off_the_window(move || rehearsal::rehearse(&shelf, &label, &passphrase)).await?;
    opened(&desk, folder, session).await
}

/// Opens a home with its passphrase.
#[tauri::command]
#[specta::specta]
pub(crate) async fn unlock(desk: State<'_, Desk>, folder: String, passphrase: String) -> Result<Me, Failure> {
    let home = desk.shelf.home(&folder)?;
    let session = off_the_window(move || Ok(Session::open(&home, &Passphrase::new(&passphrase))?)).await?;
    opened(&desk, folder, session).await
}

/// Opens a home with its recovery words, and puts it under a new passphrase.
#[tauri::command]
#[specta::specta]
pub(crate) async fn unlock_by_words(
    desk: State<'_, Desk>,
    folder: String,
    words: Vec<String>,
    new_passphrase: String,
) -> Result<Me, Failure> {
    let (shelf, home) = (desk.shelf.clone(), folder.clone());
    let session = off_the_window(move || me::unlock_by_words(&shelf, &home, &words, &new_passphrase)).await?;
    opened(&desk, folder, session).await
}

/// Puts a home that was opened or made on the desk.
pub(crate) async fn opened(desk: &Desk, folder: String, session: Session) -> Result<Me, Failure> {
    desk.shelf.opened(&folder, now_ms())?;
    desk.put(folder.clone(), session)?;
    desk.look(move |session, _| me::me(session, &folder)).await
}

/// Closes the home.
#[tauri::command]
#[specta::specta]
pub(crate) async fn lock(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.close();
    Ok(())
}

/// Notes that a person is here.
#[tauri::command]
#[specta::specta]
pub(crate) async fn touch(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.touch();
    Ok(())
}

/// Closes the window, after the page saved what was being written.
#[tauri::command]
#[specta::specta]
pub(crate) async fn leave(app: AppHandle) -> Result<(), Failure> {
    window::leave(&app);
    Ok(())
}

/// Draws a recovery sheet; its words are shown once.
#[tauri::command]
#[specta::specta]
pub(crate) async fn draw_sheet(desk: State<'_, Desk>) -> Result<Vec<String>, Failure> {
    desk.act(me::draw_sheet).await
}

/// Takes the words that were typed back.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rehearse_sheet(desk: State<'_, Desk>, words: Vec<String>) -> Result<(), Failure> {
    desk.act(move |session| me::rehearse_sheet(session, &words)).await
}

/// Puts the home under another passphrase.
#[tauri::command]
#[specta::specta]
pub(crate) async fn change_passphrase(
    desk: State<'_, Desk>,
    old: String,
    next: String,
) -> Result<(), Failure> {
    desk.act(move |session| Ok(session.change_passphrase(&Passphrase::new(&old), &Passphrase::new(&next))?))
        .await
}

/// What a person chose for this device.
#[tauri::command]
#[specta::specta]
pub(crate) async fn preferences(root: State<'_, Root>) -> Result<Preferences, Failure> {
    Ok(Preferences::read(&root.0))
}

/// Keeps what a person chose; the language holds for labels too.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_preferences(
    desk: State<'_, Desk>,
    root: State<'_, Root>,
    preferences: Preferences,
) -> Result<Preferences, Failure> {
    let kept = preferences.write(&root.0)?;
    if let Some(language) = &kept.language {
        desk.set_language(language.clone());
    }
    Ok(kept)
}

/// The language in which labels are read.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_language(desk: State<'_, Desk>, language: String) -> Result<(), Failure> {
    if language.len() > 16 || !language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Failure::bad_input("the language"));
    }
    desk.set_language(language);
    Ok(())
}
