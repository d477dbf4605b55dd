//! An open home: identity, store, anchor and engine, held by one process.
//!
//! Whatever makes a home does it beside its place and moves it there in one step, so that a process that is
//! killed leaves no half of one. Randomness is the operating system's.

pub mod error;
mod kept;
mod make;
mod recover;

use std::path::Path;

use rand_core::Rng as _;
use tessera_engine::core::Rng;
use tessera_engine::home::{Anchor, Continuity, Home, Opened};
use tessera_engine::store::SqlcipherStore;
use tessera_engine::{Acts, Engine, EngineError};
use tessera_vault::identity::{Cost, DeviceSecret, IdentityError, open_identity};
use tessera_vault::passphrase::Passphrase;
use tessera_vault::recovery::Paper;

pub use self::error::SessionError;
pub use self::kept::{Halves, entry as keychain_entry};
pub use self::make::Founding;
pub use self::recover::From as RecoverFrom;
use crate::worker::ChildWorker;

/// A home's engine with what belongs to it. The store closes before the home is let go.
pub struct Session {
    engine: Engine<SqlcipherStore>,
    anchor: Anchor,
    /// False where the anchor lacks what the store has.
    anchored: bool,
    continuity: Continuity,
    cost: Cost,
    home: Home,
}

impl Session {
    /// Opens the home in a folder with its passphrase: a new start. A cheap identity file is accepted only in a
    /// programme that is marked as a demonstration.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn open(folder: &Path, passphrase: &Passphrase) -> Result<Self, SessionError> {
        let home = Home::lock(folder)?;
        let (secret, cost) = unlock(&home.identity()?, passphrase)?;
        Self::start(home, secret, cost)
    }

    /// Starts the engine of a home whose secret is at hand.
    pub(crate) fn start(home: Home, secret: DeviceSecret, cost: Cheapest) -> Result<Self, SessionError> {
        let mut mark = [0; 8];
        os_random().fill_bytes(&mut mark);
        let Opened { store, anchor, continuity } = home.open(secret.database_key(), mark)?;
        let mut engine = Engine::open(store, secret, os_random())?;
        engine.remember_epochs(anchor.epochs().iter().map(|(stream, epoch)| (*stream, *epoch)));
        let demo = engine.is_demo()?;
        if let Cheapest::Below(found) = cost
            && !demo
        {
            return Err(IdentityError::TooCheap { found }.into());
        }
        let cost = if demo { Cost::Demo } else { Cost::Full };
        let mut session = Self { engine, anchor, anchored: true, continuity, cost, home };
        // A home opens all the same, and soon: what is not read yet is read at the next exchange, which says why not.
        drop(session.read_earlier());
        Ok(session)
    }

    /// Reads, in a process of its own, the first of what came earlier and was not read, as the program or the disk failed before.
    fn read_earlier(&mut self) -> Result<(), SessionError> {
        if self.engine.has_unread()? {
            self.engine.set_worker(Box::new(ChildWorker::start().map_err(EngineError::NoWorker)?));
            self.work(Engine::digest_some)?;
            if !self.engine.has_unread()? {
                self.work(Engine::digest)?;
            }
        }
        Ok(())
    }

    /// Works with the engine; what it learned of epochs is kept outside the store afterwards.
    ///
    /// # Errors
    /// What `act` returned.
    pub fn work<T>(
        &mut self,
        act: impl FnOnce(&mut Engine<SqlcipherStore>) -> Result<T, EngineError>,
    ) -> Result<T, SessionError> {
        let result = act(&mut self.engine)?;
        // The work is done and durable, whatever becomes of the anchor; the next one tries again.
        self.anchored = self.anchor.raise(self.engine.epochs()).is_ok();
        Ok(result)
    }

    /// Several acts in one transaction, as [`Engine::together`].
    ///
    /// # Errors
    /// As [`Session::work`].
    pub fn together<T>(
        &mut self,
        acts: impl FnOnce(&mut Acts<'_>) -> Result<T, EngineError>,
    ) -> Result<T, SessionError> {
        self.work(|engine| engine.together(acts))
    }

    /// The engine, for looking. What writes goes through [`Session::work`].
    pub fn engine(&mut self) -> &mut Engine<SqlcipherStore> {
        &mut self.engine
    }

    /// The home.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Whether the store is the one that was here last time. Anything but [`Continuity::First`] and
    /// [`Continuity::Continues`] is to be told to the person.
    #[must_use]
    pub fn continuity(&self) -> Continuity {
        self.continuity
    }

    /// False where what the last act taught of keys could not be kept outside the store. The next act tries again; until
    /// then nothing would keep an older store in its place from writing under a key that was left behind.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        self.anchored
    }

    /// True in a programme that is marked as a demonstration.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.cost == Cost::Demo
    }

    /// Seals this home's secrets to a recovery paper, so that its words open the home without a network.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn keep_envelope(&self, paper: &Paper) -> Result<(), SessionError> {
        let envelope = self.engine.seal_envelope(paper)?;
        // Which device it is stands before it, as the store that could tell is closed when it is needed.
        let file = [&self.engine.device().0[..], &envelope].concat();
        Ok(self.home.replace_recovery_envelope(&file)?)
    }

    /// Writes a backup of the home, which is closed for it.
    ///
    /// # Errors
    /// [`SessionError`].
    pub fn backup(self, out: &Path) -> Result<u64, SessionError> {
        let Self { engine, anchor, home, .. } = self;
        drop(engine.into_store());
        drop(anchor);
        Ok(home.write_backup(out)?)
    }

    /// Makes sure that a passphrase opens this home.
    ///
    /// # Errors
    /// [`IdentityError::WrongPassphrase`]; [`SessionError`].
    pub fn must_open_with(&self, passphrase: &Passphrase) -> Result<(), SessionError> {
        unlock(&self.home.identity()?, passphrase).map(drop)
    }

    /// Puts the identity under another passphrase.
    ///
    /// # Errors
    /// [`IdentityError::WrongPassphrase`] for the old one; [`SessionError`].
    pub fn change_passphrase(&self, old: &Passphrase, new: &Passphrase) -> Result<(), SessionError> {
        let (secret, _) = unlock(&self.home.identity()?, old)?;
        Ok(self.home.replace_identity(&make::seal(&secret, new, self.cost)?)?)
    }
}

/// How cheap a guess at the passphrase of a file is.
pub(crate) enum Cheapest {
    /// As costly as a real programme asks for.
    Floor,
    /// Cheaper: the work factor.
    Below(u8),
}

/// Opens an identity file; where a guess is too cheap for a real programme, says so.
pub(crate) fn unlock(file: &[u8], passphrase: &Passphrase) -> Result<(DeviceSecret, Cheapest), SessionError> {
    match open_identity(file, passphrase, Cost::Full) {
        Ok(secret) => Ok((secret, Cheapest::Floor)),
        Err(IdentityError::TooCheap { found }) => {
            Ok((open_identity(file, passphrase, Cost::Demo)?, Cheapest::Below(found)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The operating system's randomness.
#[must_use]
pub fn os_random() -> Rng {
    Box::new(rand_core::UnwrapErr(getrandom::SysRng))
}

#[cfg(test)]
mod tests;
