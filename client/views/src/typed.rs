//! What a coordinator typed into a form that is not taken in yet: kept in the home, so that neither a lock nor a power cut costs it. Not
//! drafts of reviews, which are documents.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tessera_driver::session::Session;
use tessera_engine::{Acts, EngineError};

use crate::failure::Failure;

/// What is kept under a name; what another version wrote and this one does not read is shown as nothing.
pub(crate) fn kept<T: DeserializeOwned + Default>(session: &mut Session, name: &str) -> Result<T, Failure> {
    let bytes = session.together(|acts| acts.setting(name))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// Keeps it under a name; where nothing is typed, what was kept is forgotten.
pub(crate) fn keep<T: Serialize + Default + PartialEq>(
    acts: &mut Acts<'_>,
    name: &str,
    typed: &T,
) -> Result<(), EngineError> {
    if *typed == T::default() {
        return acts.unset(name);
    }
    let text = serde_json::to_vec(typed).map_err(|error| EngineError::BadInput(error.to_string()))?;
    acts.set(name, &text)
}
