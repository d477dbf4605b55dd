//! A keychain, as the operating system keeps one for each of its users: texts under names. It may hold a key that opens a home
//! where a person wanted that; the passphrase always opens too ([`crate::session`]). Which keychain it is says whoever shows a
//! window; a command line has none. Here is what it must be able to do, and one in memory for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tessera_vault::keychain::EntryId;
use zeroize::Zeroizing;

/// A keychain. Each of these may ask a person first, and take as long as that person does.
pub trait Keychain: Send + Sync {
    /// Reads an entry.
    ///
    /// # Errors
    /// [`KeychainError::Missing`] and others.
    fn get(&self, entry: EntryId) -> Result<Zeroizing<String>, KeychainError>;

    /// Makes an entry.
    ///
    /// # Errors
    /// [`KeychainError`].
    fn set(&self, entry: EntryId, secret: &str) -> Result<(), KeychainError>;

    /// Deletes an entry.
    ///
    /// # Errors
    /// [`KeychainError::Missing`] where there is none, and others.
    fn delete(&self, entry: EntryId) -> Result<(), KeychainError>;
}

/// Why a keychain did not help. Nothing of what it holds is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// There is none on this computer, or it does not run.
    #[error("this computer has no keychain, or it does not run")]
    Absent,
    /// It is locked, or a person refused.
    #[error("the keychain is locked, or it was not allowed to answer")]
    Locked,
    /// It holds nothing for this home: it was reset, or it is another user's or another computer's.
    #[error("the keychain holds nothing for this home")]
    Missing,
    /// What it holds does not open this home.
    #[error("what the keychain holds does not open this home")]
    DoesNotFit,
    /// It failed in a way of its own.
    #[error("the keychain failed: {0}")]
    Failed(String),
}

/// Takes an entry out of a keychain; true where it may still be there. It opens nothing without the home's other half.
#[must_use]
pub fn forget(keychain: &dyn Keychain, entry: EntryId) -> bool {
    !matches!(keychain.delete(entry), Ok(()) | Err(KeychainError::Missing))
}

/// A keychain in memory with an entry for each user and name, for tests.
#[derive(Default)]
pub struct MemoryKeychain(Mutex<State>);

#[derive(Default)]
struct State {
    user: u32,
    refuses: Option<KeychainError>,
    entries: BTreeMap<(u32, EntryId), String>,
}

impl MemoryKeychain {
    /// Another user of this computer is at it.
    pub fn switch_user(&self, user: u32) {
        self.with(|state| state.user = user);
    }

    /// It answers everything so, or again as it should.
    pub fn refuse(&self, with: Option<KeychainError>) {
        self.with(|state| state.refuses = with);
    }

    /// It is reset: every entry of this user is gone.
    pub fn reset(&self) {
        self.with(|state| {
            let user = state.user;
            state.entries.retain(|(of, _), _| *of != user);
        });
    }

    /// What it holds for this user.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.with(|state| {
            let own = state.entries.iter().filter(|((of, _), _)| *of == state.user);
            own.map(|(_, text)| text.clone()).collect()
        })
    }

    /// Puts another text into each entry of this user.
    pub fn overwrite(&self, text: &str) {
        self.with(|state| {
            let user = state.user;
            let own = state.entries.iter_mut().filter(|((of, _), _)| *of == user);
            own.for_each(|(_, held)| text.clone_into(held));
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer<T>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, KeychainError>,
    ) -> Result<T, KeychainError> {
        self.with(|state| match state.refuses.clone() {
            Some(error) => Err(error),
            None => work(state),
        })
    }
}

impl Keychain for MemoryKeychain {
    fn get(&self, entry: EntryId) -> Result<Zeroizing<String>, KeychainError> {
        self.answer(|state| {
            let found = state.entries.get(&(state.user, entry)).ok_or(KeychainError::Missing)?;
            Ok(Zeroizing::new(found.clone()))
        })
    }

    fn set(&self, entry: EntryId, secret: &str) -> Result<(), KeychainError> {
        self.answer(|state| {
            state.entries.insert((state.user, entry), secret.to_owned());
            Ok(())
        })
    }

    fn delete(&self, entry: EntryId) -> Result<(), KeychainError> {
        self.answer(|state| {
            state.entries.remove(&(state.user, entry)).map(drop).ok_or(KeychainError::Missing)
        })
    }
}
