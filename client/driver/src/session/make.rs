//! Making homes: founding a programme, answering an invitation.

use std::path::Path;

use tessera_engine::core::Rng;
use tessera_engine::devices::Pass;
use tessera_engine::home::Home;
use tessera_engine::store::SqlcipherStore;
use tessera_engine::{Engine, EngineError};
use tessera_model::documents::Person;
use tessera_protocol::codec::Wire as _;
use tessera_protocol::signature::PublicKey;
use tessera_vault::enrol::{About, Invitation};
use tessera_vault::identity::{Cost, DeviceSecret, seal_identity};
use tessera_vault::passphrase::{Passphrase, Strength};
use zeroize::Zeroizing;

use super::{Cheapest, Session, SessionError, os_random};

/// What a programme starts with.
#[derive(Debug, Clone, Default)]
pub struct Founding {
    /// True for a demonstration.
    pub demo: bool,
    /// The relays that the charter names; true for a spare key that is kept on paper.
    pub relays: Vec<(PublicKey, bool)>,
}

impl Session {
    /// Founds a programme in a new home; `fill` writes what belongs to its beginning.
    ///
    /// # Errors
    /// [`SessionError`]; nothing is left behind.
    pub fn found(
        folder: &Path,
        passphrase: &Passphrase,
        founding: &Founding,
        fill: impl FnOnce(&mut Engine<SqlcipherStore>) -> Result<(), EngineError>,
    ) -> Result<Self, SessionError> {
        let secret = DeviceSecret::generate(&mut os_random());
        let cost = cost(founding.demo);
        let (session, ()) = make(folder, passphrase, cost, secret, |store, secret, rng| {
            let mut engine = Engine::found(store, secret, rng, founding.demo, &founding.relays)?;
            fill(&mut engine)?;
            Ok(())
        })?;
        Ok(session)
    }

    /// Answers an invitation in a new home; gives the answer to hand back.
    ///
    /// # Errors
    /// [`SessionError`]; nothing is left behind.
    pub fn enrol(
        folder: &Path,
        passphrase: &Passphrase,
        invitation: &Invitation,
        about: About,
    ) -> Result<(Self, Vec<u8>), SessionError> {
        let secret = DeviceSecret::generate(&mut os_random());
        make(folder, passphrase, cost(invitation.demo), secret, |store, secret, rng| {
            let me = Person {
                name: about.name.to_string(),
                contact: about.email.to_string(),
                ..Person::default()
            };
            let (mut engine, answer) = Engine::enrol(store, secret, rng, invitation, about)?;
            let member = engine.member();
            engine.together(|acts| acts.set_person(member, &me))?;
            Ok(answer)
        })
    }
}

impl Session {
    /// Asks to be a further device of a member, in a new home; gives the request to hand back.
    ///
    /// # Errors
    /// [`SessionError`]; nothing is left behind.
    pub fn join(
        folder: &Path,
        passphrase: &Passphrase,
        pass: &Pass,
    ) -> Result<(Self, Vec<u8>), SessionError> {
        let secret = DeviceSecret::generate(&mut os_random());
        make(folder, passphrase, cost(pass.invitation().demo), secret, |store, secret, rng| {
            let (_, request) = Engine::request(store, secret, rng, pass)?;
            Ok(request)
        })
    }
}

/// What a guess must cost.
pub(super) fn cost(demo: bool) -> Cost {
    if demo { Cost::Demo } else { Cost::Full }
}

/// Seals a home's secrets under a passphrase; a weak one only where a guess is cheap anyway.
pub(super) fn seal(
    secret: &DeviceSecret,
    passphrase: &Passphrase,
    cost: Cost,
) -> Result<Vec<u8>, SessionError> {
    if passphrase.expose().is_empty() {
        return Err(SessionError::NoPassphrase);
    }
    let strength = passphrase.strength(&[]);
    if cost == Cost::Full && !strength.is_good() {
        return Err(SessionError::WeakPassphrase { bits: strength.bits, wanted: Strength::GOOD_BITS });
    }
    Ok(seal_identity(secret, passphrase, cost))
}

/// Makes a home beside its place, lets `begin` fill its store, and puts it in its place.
pub(super) fn make<T>(
    folder: &Path,
    passphrase: &Passphrase,
    cost: Cost,
    secret: DeviceSecret,
    begin: impl FnOnce(SqlcipherStore, DeviceSecret, Rng) -> Result<T, SessionError>,
) -> Result<(Session, T), SessionError> {
    let identity = seal(&secret, passphrase, cost)?;
    let new = Home::prepare(folder, &identity, secret.database_key())?;
    let made = begin(new.open_store(secret.database_key())?, copy(&secret), os_random())?;
    let session = Session::start(new.finish()?, secret, Cheapest::Floor)?;
    Ok((session, made))
}

/// The engine takes its secret for itself, so two starts in one process need two.
pub(super) fn copy(secret: &DeviceSecret) -> DeviceSecret {
    let bytes = Zeroizing::new(secret.to_bytes());
    DeviceSecret::from_bytes(&bytes).expect("it was encoded just now")
}
