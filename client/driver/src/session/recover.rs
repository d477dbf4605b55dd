//! Coming back: a passphrase that was forgotten, a laptop that was lost, a backup that is put in place.

use std::path::Path;

use tessera_engine::Engine;
use tessera_engine::bundle::{self, For};
use tessera_engine::core::{About, Worker};
use tessera_engine::home::{Home, HomeError};
use tessera_engine::store::{MemoryStore, SqlcipherStore};
use tessera_protocol::ids::{DeviceId, MemberId, ProgrammeId};
use tessera_protocol::permission::Gathering;
use tessera_vault::identity::DeviceSecret;
use tessera_vault::passphrase::Passphrase;
use tessera_vault::recovery::{Paper, open_envelope};

use super::make::{copy, cost, make, seal};
use super::{Cheapest, Session, SessionError, os_random, unlock};
use crate::relay::{self, Tell};

/// Where the rest of a lost home comes from.
pub enum From<'a> {
    /// A bundle with everything that the member may read.
    Bundle(&'a [u8]),
    /// A relay, for a member of a programme.
    Relay {
        /// The programme.
        programme: ProgrammeId,
        /// Whose home it was.
        member: MemberId,
        /// Where, and how.
        options: &'a relay::Options,
    },
}

impl Session {
    /// Opens a home with its recovery words, and puts it under a new passphrase.
    ///
    /// # Errors
    /// [`SessionError::NoEnvelope`], [`SessionError::Envelope`] for other words; nothing was changed then.
    pub fn recover(folder: &Path, paper: &Paper, passphrase: &Passphrase) -> Result<Self, SessionError> {
        let home = Home::lock(folder)?;
        let file = home.recovery_envelope()?.ok_or(SessionError::NoEnvelope)?;
        let (device, envelope) = file.split_first_chunk::<16>().ok_or(SessionError::NoEnvelope)?;
        let secret = open_envelope(envelope, paper, DeviceId(*device))?;
        // The store is the proof that these are this home's secrets: it opens first.
        let session = Self::start(home, copy(&secret), Cheapest::Floor)?;
        session.home().replace_identity(&seal(&secret, passphrase, session.cost)?)?;
        Ok(session)
    }

    /// Makes a home on another computer with the recovery words of a lost one. The paper, a device of the
    /// member, adds the new computer; what it may read comes from a bundle or a relay, and is tried in `workers`:
    /// once for the paper, once for the new computer. `tell` hears how far a relay's answer is.
    ///
    /// # Errors
    /// [`SessionError::NoSuchPaper`]; nothing is left behind.
    pub fn recover_from(
        folder: &Path,
        paper: &Paper,
        passphrase: &Passphrase,
        from: &From<'_>,
        workers: [Box<dyn Worker>; 2],
        tell: Tell<'_>,
    ) -> Result<Self, SessionError> {
        let [one, other] = workers;
        let (about, relays) = match from {
            From::Bundle(bytes) => (about(bytes, paper)?, Vec::new()),
            From::Relay { programme, member, options } => {
                (About { programme: *programme, member: *member }, options.relays.clone())
            }
        };
        let mut old = Engine::join(MemoryStore::default(), paper.device_secret(), os_random(), about)?;
        old.set_worker(one);
        match from {
            From::Bundle(bytes) => {
                old.import(bytes)?;
                old.digest()?;
            }
            From::Relay { options, .. } => fetch(&mut old, options, tell)?,
        }
        if !old.is_active() {
            return Err(SessionError::NoSuchPaper);
        }
        let secret = DeviceSecret::generate(&mut os_random());
        old.together(|acts| acts.add_device(about.member, secret.device()))?;
        let everything = old.export(For::Everything)?;
        let demo = old.is_demo()?;
        let (session, ()) = make(folder, passphrase, cost(demo), secret, |store, secret, rng| {
            let mut engine = Engine::join(store, secret, rng, about)?;
            engine.set_worker(other);
            engine.import(&everything)?;
            engine.digest()?;
            // One address more, never instead of those that a bundle or the relay told of.
            for relay in relays {
                engine.together(|acts| acts.set_relay(relay))?;
            }
            Ok(())
        })?;
        Ok(session)
    }

    /// Puts a backup in place as a new home, once every page of its store was read. Where only the index by which words are
    /// found is damaged, it is made anew.
    ///
    /// # Errors
    /// [`HomeError::Damaged`]; [`SessionError`]; nothing is left behind, unless making the index anew is what failed.
    pub fn restore(folder: &Path, passphrase: &Passphrase, backup: &Path) -> Result<Self, SessionError> {
        let new = Home::read_backup(folder, backup)?;
        let (secret, cost) = unlock(&new.identity()?, passphrase)?;
        let mut store = new.open_store(secret.database_key())?;
        let found = store.check()?;
        if !found.iter().all(|finding| SqlcipherStore::is_of_index(finding)) {
            return Err(HomeError::Damaged("backup").into());
        }
        if !found.is_empty() {
            store.empty_index()?;
        }
        drop(store);
        let mut session = Self::start(new.finish()?, secret, cost)?;
        if !found.is_empty() {
            session.work(Engine::index_anew)?;
        }
        Ok(session)
    }
}

/// Whose device a paper is, by the public packs of a bundle.
fn about(bytes: &[u8], paper: &Paper) -> Result<About, SessionError> {
    let bundle = bundle::read(bytes)?;
    let programme = bundle.head.programme;
    let mut gathering = Gathering::new(programme);
    for pack in bundle.packs {
        gathering.insert(pack);
    }
    let permission = gathering.permission();
    let (member, _) = permission.device(paper.device_secret().id()).ok_or(SessionError::NoSuchPaper)?;
    Ok(About { programme, member })
}

fn fetch(
    engine: &mut Engine<MemoryStore>,
    options: &relay::Options,
    tell: Tell<'_>,
) -> Result<(), SessionError> {
    let mut report = relay::Report::default();
    relay::sync(engine, options, tell, &mut report).map_err(|error| SessionError::Relay(Box::new(error)))
}
