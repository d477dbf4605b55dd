//! Where the programme's relays are. A device hears of them three ways: from its invitation, from its own person, and
//! from the coordinators, who write the addresses for every member to read. The charter alone says which keys count.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::Relays;
use tessera_protocol::codec::{List, Wire};
use tessera_protocol::ids::RelayKey;
use tessera_protocol::signature::PublicKey;
use tessera_vault::enrol::{Invitation, Relay};
use tessera_vault::ids::Audience;
use tessera_vault::text::Text;

use crate::arrivals;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::records::get;
use crate::store::Table;

const OWN: &str = "relays";
/// Most relays that a device tries.
const MAX_RELAYS: usize = 8;

/// A relay of the programme, as far as this device knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRelay {
    /// Its key.
    pub key: PublicKey,
    /// True for a key that is kept on paper until a relay is lost.
    pub spare: bool,
    /// Its addresses, in the order in which they are tried.
    pub addresses: Vec<String>,
    /// When this device last heard something that it had signed, in milliseconds since 1970 by this device's clock.
    pub reached_ms: Option<u64>,
}

impl Acts<'_> {
    /// The relays that the charter names, and before it came those that this device was told of.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn known_relays(&mut self) -> Result<Vec<KnownRelay>, EngineError> {
        let told = self.relays()?;
        let named = self.permission().charter.powers.relays.clone();
        let keys: BTreeSet<PublicKey> = named.keys().copied().chain(told.iter().map(|one| one.key)).collect();
        let mut known = Vec::new();
        for key in keys {
            let addresses = told.iter().filter(|one| one.key == key).map(|one| one.url.to_string()).collect();
            let spare = named.get(&key).copied().unwrap_or_default();
            known.push(KnownRelay { key, spare, addresses, reached_ms: self.reached_ms(key)? });
        }
        known.sort_by_key(|one| (one.spare, one.addresses.is_empty()));
        Ok(known)
    }

    /// Notes that a relay said something that it had signed, and that what the exchange brought has come.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn note_reached(&mut self, relay: PublicKey, at_ms: u64) -> Result<(), EngineError> {
        self.set(&reached(relay), &at_ms.to_be_bytes())?;
        let (_, tx) = self.parts();
        arrivals::end(tx, RelayKey(relay.to_bytes()), at_ms)
    }

    fn reached_ms(&mut self, relay: PublicKey) -> Result<Option<u64>, EngineError> {
        let bytes = self.setting(&reached(relay))?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes))
    }

    /// Where the programme's relays are, in the order in which they are tried: what coordinators wrote, then what
    /// this device was told. One relay may have two addresses, where it moved. A relay that the charter does not
    /// name is left out.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn relays(&mut self) -> Result<Vec<Relay>, EngineError> {
        let mut found = self.heard_of()?;
        // Before the charter came there is no saying.
        let powers = &self.permission().charter.powers;
        if powers.admins().next().is_some() {
            found.retain(|relay| powers.relays.contains_key(&relay.key));
        }
        found.truncate(MAX_RELAYS);
        Ok(found)
    }

    /// Sets where the programme's relays are, for this device and its invitations. On a coordinator's device every
    /// member is told; gives whether that was done.
    ///
    /// # Errors
    /// More than eight.
    pub fn set_relays(&mut self, relays: Vec<Relay>) -> Result<bool, EngineError> {
        let own = List::<Relay, MAX_RELAYS>::try_from(relays)?;
        self.set(OWN, &own.to_bytes())?;
        if self.must_coordinate().is_err() {
            return Ok(false);
        }
        let known = self.read::<Relays>(&Audience::Programme, &[])?.map(|read| read.value);
        let addresses: BTreeMap<String, String> = own
            .iter()
            .map(|relay| (RelayKey(relay.key.to_bytes()).to_string(), relay.url.to_string()))
            .collect();
        if !addresses.is_empty() || known.is_some() {
            self.write(&Audience::Programme, &[], &Relays { addresses }, false)?;
        }
        Ok(true)
    }

    /// Adds an address of a relay, or replaces the one that its key had, as [`Self::set_relays`].
    ///
    /// # Errors
    /// More than eight.
    pub fn set_relay(&mut self, relay: Relay) -> Result<bool, EngineError> {
        let mut relays = self.heard_of()?;
        let powers = &self.permission().charter.powers;
        // One that was taken out never counts again, and holds no place.
        relays.retain(|known| known.key != relay.key && !powers.is_dropped(&known.key));
        relays.push(relay);
        self.set_relays(relays)
    }

    fn heard_of(&mut self) -> Result<Vec<Relay>, EngineError> {
        let written =
            self.read::<Relays>(&Audience::Programme, &[])?.map(|read| read.value).unwrap_or_default();
        let mut found: Vec<Relay> =
            written.addresses.iter().filter_map(|(key, url)| parse(key, url)).collect();
        for own in self.own_relays()? {
            if !found.contains(&own) {
                found.push(own);
            }
        }
        Ok(found)
    }

    /// What this device's person or its invitation said.
    fn own_relays(&mut self) -> Result<Vec<Relay>, EngineError> {
        if let Some(bytes) = self.setting(OWN)? {
            return Ok(List::<Relay, MAX_RELAYS>::from_bytes(&bytes)?.into_vec());
        }
        let (_, tx) = self.parts();
        let invitation = get::<Invitation>(tx, Table::Meta, b"invitation")?;
        Ok(invitation.map(|invitation| invitation.relays.into_vec()).unwrap_or_default())
    }
}

/// An address that a coordinator wrote; none where it is no address of a relay.
fn parse(key: &str, url: &str) -> Option<Relay> {
    let key: RelayKey = key.parse().ok()?;
    Some(Relay { url: Text::try_from(url).ok()?, key: PublicKey::from_bytes(&key.0).ok()? })
}

/// Under which name is kept when a relay was reached.
fn reached(relay: PublicKey) -> String {
    format!("relay-reached-{}", RelayKey(relay.to_bytes()))
}
