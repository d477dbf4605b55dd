//! What this device remembers of an import for the next one: whose column is what, and which column is the key. It never
//! leaves the device.

use tessera_engine::intake::Mapping;
use tessera_model::input::InputError;

use crate::session::{Session, SessionError};

/// Under which name the mapping is remembered, as the text of its file.
const MAPPING: &str = "import-map";
/// Under which name the key column is remembered.
const KEY: &str = "import-key";

/// The mapping of the last import, where there is one. Columns that another table lacks are no mistake then.
///
/// # Errors
/// [`SessionError`]; inside, what is wrong with the remembered text.
pub fn mapping(session: &mut Session) -> Result<Option<Result<Mapping, InputError>>, SessionError> {
    let text = session.together(|acts| acts.setting(MAPPING))?;
    Ok(text.map(|text| {
        let mapping = Mapping::parse(&String::from_utf8_lossy(&text), "the remembered mapping")?;
        Ok(Mapping { remembered: true, ..mapping })
    }))
}

/// Remembers a mapping: the text of its file.
///
/// # Errors
/// [`SessionError`].
pub fn remember(session: &mut Session, text: &str) -> Result<(), SessionError> {
    session.together(|acts| acts.set(MAPPING, text.as_bytes()))
}

/// The key column of the last import.
///
/// # Errors
/// [`SessionError`].
pub fn key(session: &mut Session) -> Result<Option<String>, SessionError> {
    let key = session.together(|acts| acts.setting(KEY))?;
    Ok(key.map(|key| String::from_utf8_lossy(&key).into_owned()))
}

/// Remembers the key column.
///
/// # Errors
/// [`SessionError`].
pub fn remember_key(session: &mut Session, key: &str) -> Result<(), SessionError> {
    session.together(|acts| acts.set(KEY, key.as_bytes()))
}
