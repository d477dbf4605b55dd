//! What arrived at this device: each exchange and each bundle that brought something, by which way, and whose work was in it.

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::arrivals::{Arrival, Came, Way};

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::words::count;

/// The most arrivals that are shown.
const MOST: usize = 100;

/// What arrived.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ArrivalsView {
    /// The latest, the newest first.
    pub arrivals: Vec<ArrivalView>,
    /// Packs that came before it was kept by which way.
    pub before: u32,
}

/// An exchange or a bundle that brought something.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ArrivalView {
    /// The same for as long as the home lives.
    pub id: String,
    /// `relay` or `bundle`.
    pub way: String,
    /// Whose bundle it says to be; none where this home knows nobody of that device.
    pub carried_for: Option<String>,
    /// When, by this device's clock; none while an exchange is not over.
    pub at_ms: Option<u64>,
    /// Whose work was in it.
    pub people: Vec<ArrivedPerson>,
}

/// One person's work in one arrival.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ArrivedPerson {
    /// The name; none where nobody is known by the device.
    pub name: Option<String>,
    /// Reviews, each version of one.
    pub reviews: u32,
    /// Declarations on conflicts of interest.
    pub declarations: u32,
    /// Other documents.
    pub others: u32,
    /// Parcels that wait for a key, a statement or to be read.
    pub waiting: u32,
    /// Parcels that were not taken.
    pub refused: u32,
}

/// Reads what arrived.
///
/// # Errors
/// [`Failure`].
pub fn arrivals(session: &mut Session) -> Result<ArrivalsView, Failure> {
    must_coordinate(session)?;
    let names = Names::of(session)?;
    let (arrivals, before) = session.together(|acts| Ok((acts.arrivals(MOST)?, acts.arrived_before()?)))?;
    let arrivals = arrivals.iter().map(|one| arrival(one, &names)).collect();
    Ok(ArrivalsView { arrivals, before: count(before) })
}

fn arrival(arrival: &Arrival, names: &Names) -> ArrivalView {
    let person = |came: &Came| ArrivedPerson {
        name: came.member.map(|member| names.handle(member)),
        reviews: came.reviews,
        declarations: came.declarations,
        others: came.others,
        waiting: count(came.waiting),
        refused: count(came.refused.values().sum()),
    };
    let mut people: Vec<ArrivedPerson> = arrival.people.iter().map(person).collect();
    people.sort_by(|one, other| (one.name.is_none(), &one.name).cmp(&(other.name.is_none(), &other.name)));
    let way = match arrival.way {
        Way::Relay(_) => "relay",
        Way::Bundle(_) => "bundle",
    };
    ArrivalView {
        id: arrival.number.to_string(),
        way: way.to_owned(),
        carried_for: arrival.carried_for.map(|member| names.handle(member)),
        at_ms: arrival.at_ms,
        people,
    }
}
