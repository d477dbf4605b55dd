//! The programme's relays: which it names, where they are, and when this device last reached each; another address, one more, one
//! less. A relay is a key: at which address it is heard decides nothing.

use std::ops::ControlFlow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::relay::{self, Lend, Options, typed};
use tessera_driver::session::Session;
use tessera_protocol::charter::Change;
use tessera_protocol::ids::RelayKey;
use tessera_protocol::signature::PublicKey;
use tessera_vault::enrol::Relay;

use crate::exchange::{self, ExchangeOptions, FilesWanted};
use crate::failure::Failure;
use crate::words::count;

/// How long a relay that is asked for its key may take.
const WAIT: Duration = Duration::from_secs(30);

/// The programme's relays.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RelaysView {
    /// The relays, those that serve first.
    pub relays: Vec<RelayLine>,
    /// True where this member may propose to name one, or to take one out.
    pub may_propose: bool,
    /// True where an address that is set here is told to every member.
    pub tells_everybody: bool,
    /// How many proposals about relays wait to be signed.
    pub waiting: u32,
}

/// A relay.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RelayLine {
    /// Its key, as 64 hexadecimal digits.
    pub key: String,
    /// True for a key that is kept on paper until a relay is lost.
    pub spare: bool,
    /// Its addresses, in the order in which they are tried.
    pub addresses: Vec<String>,
    /// When this device last heard from it, by this device's clock.
    pub reached_ms: Option<u64>,
}

/// A relay as a person gives it.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RelayForm {
    /// Where it is; empty for a spare key.
    pub address: String,
    /// Its key: 64 hexadecimal digits, or the line that it prints when it starts.
    pub key: String,
}

/// Reads the relays.
///
/// # Errors
/// [`Failure`].
pub fn relays(session: &mut Session) -> Result<RelaysView, Failure> {
    let known = session.together(|acts| acts.known_relays())?;
    let (admin, tells_everybody) = (session.engine().is_admin(), session.engine().is_coordinator());
    let links = session.engine().links();
    let charter = &session.engine().permission().charter;
    let about = |change: &Change| matches!(change, Change::AddRelay { .. } | Change::DropRelay { .. });
    let waiting = links
        .iter()
        .filter(|link| charter.pending.contains_key(&link.id()) && link.changes.iter().any(about));
    Ok(RelaysView {
        relays: known
            .into_iter()
            .map(|one| RelayLine {
                key: digits(one.key),
                spare: one.spare,
                addresses: one.addresses,
                reached_ms: one.reached_ms,
            })
            .collect(),
        may_propose: admin && !charter.frozen,
        tells_everybody,
        waiting: count(waiting.count()),
    })
}

/// A key as people compare it.
pub(crate) fn digits(key: PublicKey) -> String {
    RelayKey(key.to_bytes()).to_string()
}

/// Reads what a person gave.
pub(crate) fn read(form: &RelayForm) -> Result<Relay, Failure> {
    Ok(typed::relay(&form.address, &form.key)?)
}

/// Asks what answers at an address for its key; none where it is a relay that does not say it. No home is needed.
///
/// # Errors
/// [`Failure`] `bad-address`, `unreachable` and others.
pub fn say_key(address: &str) -> Result<Option<String>, Failure> {
    Ok(typed::says(address, exchange::roots().as_deref(), WAIT)?.map(digits))
}

/// A known relay at another address, and how it is tried there.
///
/// # Errors
/// [`Failure`].
pub fn place(session: &mut Session, key: &str, address: &str) -> Result<(Relay, Options), Failure> {
    let relay = typed::relay(address, key)?;
    let known = session.together(|acts| acts.known_relays())?;
    if known.iter().all(|one| one.key != relay.key) {
        return Err(Failure::not_found("this relay"));
    }
    let wanted = ExchangeOptions { files: FilesWanted::None, budget_bytes: None };
    Ok((relay, exchange::options(session, wanted)?))
}

/// Tries a relay at an address, and keeps the address where it answers there; gives whether every member is told.
///
/// # Errors
/// [`Failure`]; nothing is kept then.
pub fn settle<L: Lend>(
    engine: &mut L,
    relay: &Relay,
    options: &Options,
    go_on: &dyn Fn() -> ControlFlow<()>,
) -> Result<bool, Failure> {
    Ok(relay::settle(engine, relay, options, &mut |_| go_on())?)
}

/// Proposes to name a relay, or a spare key that is kept on paper; gives whether it counts already.
///
/// # Errors
/// [`Failure`].
pub fn add(session: &mut Session, form: &RelayForm, spare: bool) -> Result<bool, Failure> {
    let (key, relay) = match spare && form.address.trim().is_empty() {
        true => (typed::key(&form.key)?, None),
        false => {
            let relay = read(form)?;
            (relay.key, Some(relay))
        }
    };
    Ok(session.together(|acts| {
        let change = acts.naming_relay(key, spare)?;
        let proposed = acts.propose(vec![change])?;
        if let Some(relay) = relay {
            acts.set_relay(relay)?;
        }
        acts.hand_over()?;
        Ok(proposed.counts)
    })?)
}

/// Proposes to take a relay out for ever; gives whether it counts already.
///
/// # Errors
/// [`Failure`].
pub fn drop_relay(session: &mut Session, key: &str) -> Result<bool, Failure> {
    let key = typed::key(key)?;
    Ok(session.together(|acts| {
        let change = acts.dropping_relay(key)?;
        let proposed = acts.propose(vec![change])?;
        acts.hand_over()?;
        Ok(proposed.counts)
    })?)
}
