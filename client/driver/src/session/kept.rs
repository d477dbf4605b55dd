//! A home that this computer's keychain may open: off until a person turns it on with the passphrase. What is kept is a random key
//! in the keychain and, in the home, the identity sealed to it (`DECISION.md` beside this file says why). Whatever is wrong with
//! either half, the passphrase opens as before.
//!
//! A keychain may wait for a person, so that nothing here holds a home while it is asked.

use std::path::Path;

use tessera_engine::home::Home;
use tessera_protocol::ids::DeviceId;
use tessera_vault::identity::{Cost, IdentityError, check_cost};
use tessera_vault::keychain::{DoesNotFit, EntryId, UnlockKey, open_copy, seal_copy};
use tessera_vault::passphrase::Passphrase;

use super::{Cheapest, Session, SessionError, os_random, unlock};
use crate::keychain::{Keychain, KeychainError};

/// What would let a keychain open a home, in its two halves, neither of them kept yet.
pub struct Halves {
    device: DeviceId,
    entry: EntryId,
    key: UnlockKey,
    envelope: Vec<u8>,
}

impl Halves {
    /// The name of the keychain's half.
    #[must_use]
    pub fn entry(&self) -> EntryId {
        self.entry
    }

    /// Gives the keychain its half.
    ///
    /// # Errors
    /// [`SessionError::Keychain`].
    pub fn give(&self, keychain: &dyn Keychain) -> Result<(), SessionError> {
        Ok(keychain.set(self.entry, &self.key.to_text())?)
    }
}

impl Session {
    /// Opens the home in a folder with the key that a keychain holds for it: a new start, as [`Session::open`].
    ///
    /// # Errors
    /// [`SessionError::Keychain`] where the keychain does not help, and as [`Session::open`].
    pub fn open_by_keychain(folder: &Path, keychain: &dyn Keychain) -> Result<Self, SessionError> {
        let envelope = Home::keychain_envelope(folder)?.ok_or(KeychainError::Missing)?;
        let entry = EntryId::of(&envelope).ok_or(KeychainError::DoesNotFit)?;
        let key = UnlockKey::from_text(&keychain.get(entry)?).ok_or(KeychainError::DoesNotFit)?;
        let secret = open_copy(&envelope, &key).map_err(|DoesNotFit| KeychainError::DoesNotFit)?;
        let home = Home::lock(folder)?;
        let cost = cheapest(&home.identity()?)?;
        Self::start(home, secret, cost)
    }

    /// Makes what would let a keychain open this home, for somebody who knows the passphrase.
    ///
    /// # Errors
    /// [`IdentityError::WrongPassphrase`]; [`SessionError`].
    pub fn halves(&self, passphrase: &Passphrase) -> Result<Halves, SessionError> {
        let (secret, _) = unlock(&self.home.identity()?, passphrase)?;
        let mut random = os_random();
        let (entry, key) = (EntryId::generate(&mut random), UnlockKey::generate(&mut random));
        let envelope = seal_copy(&secret, &key, entry);
        Ok(Halves { device: secret.id(), entry, key, envelope })
    }

    /// Keeps the home's half, once the keychain has its own: from here on it opens. Gives what was kept until now, of which the
    /// keychain's half is of no use any more.
    ///
    /// # Errors
    /// [`SessionError::OtherHome`] where they are another home's; [`SessionError::Home`].
    pub fn keep_half(&self, halves: &Halves) -> Result<Option<EntryId>, SessionError> {
        if halves.device != self.engine.device() {
            return Err(SessionError::OtherHome);
        }
        let before = entry(self.home.folder());
        self.home.replace_keychain_envelope(&halves.envelope)?;
        Ok(before)
    }

    /// Throws the home's half away: from here on no keychain opens it. Gives the keychain's half, to be thrown away too.
    ///
    /// # Errors
    /// [`SessionError::Home`].
    pub fn leave_keychain(&self) -> Result<Option<EntryId>, SessionError> {
        let before = entry(self.home.folder());
        self.home.remove_keychain_envelope()?;
        Ok(before)
    }

    /// True where a keychain may open this home.
    #[must_use]
    pub fn is_in_keychain(&self) -> bool {
        Home::is_in_keychain(self.home.folder())
    }
}

/// The entry of a keychain that belongs to the home in a folder; none where there is none that could be known.
#[must_use]
pub fn entry(folder: &Path) -> Option<EntryId> {
    EntryId::of(&Home::keychain_envelope(folder).ok()??)
}

/// How cheap a guess at the passphrase of a file is, without one.
fn cheapest(file: &[u8]) -> Result<Cheapest, SessionError> {
    match check_cost(file, Cost::Full) {
        Ok(()) => Ok(Cheapest::Floor),
        Err(IdentityError::TooCheap { found }) => Ok(Cheapest::Below(found)),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
