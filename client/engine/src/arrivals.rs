//! What arrived: each exchange and each bundle that brought something new, whose packs came in it, and what they hold. A fact of this
//! device, told to nobody and needed by nothing: what counts follows from the packs alone, in whatever way they came.
//!
//! A pack belongs to the arrival that brought it first. Whose bundle it was is what the bundle says of itself; nobody signs that. When it
//! was, the caller says ([`crate::engine::Engine::import_checked_at`], [`crate::relays`]).
//!
//! Keys in [`Table::Arrivals`]: `V` number → [`ArrivalRecord`]; `P` number pack → [`CameRecord`]; `I` pack → number. Numbers are 8 bytes,
//! big-endian, from 1; the last one is in [`Table::Meta`].

use std::collections::BTreeMap;

use tessera_model::documents::Kind;
use tessera_protocol::codec::{Bytes, DecodeError, Problem, Reader, Wire, Writer};
use tessera_protocol::ids::{DeviceId, MemberId, PackId, RelayKey};
use tessera_protocol::wire;

use crate::core::Core;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::receive::parked;
use crate::records::{PackRecord, Stage, all, each, get, put};
use crate::store::{Table, Transaction};

const ARRIVAL: u8 = b'V';
const CAME: u8 = b'P';
const WHERE: u8 = b'I';
const LAST: &[u8] = b"arrivals";
/// Bytes of a refusal's code that are kept.
const CODE_BYTES: usize = 64;

/// By which way something came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From a relay.
    Relay(RelayKey),
    /// In a bundle that this device says to have written.
    Bundle(DeviceId),
}

impl Wire for Way {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Relay(relay) => {
                1_u8.write(to);
                relay.write(to);
            }
            Self::Bundle(device) => {
                2_u8.write(to);
                device.write(to);
            }
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match u8::read(from)? {
            1 => Self::Relay(Wire::read(from)?),
            2 => Self::Bundle(Wire::read(from)?),
            _ => return Err(from.error(Problem::Invalid("way"))),
        })
    }
}

/// An exchange or a bundle that brought something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ArrivalRecord {
    way: Way,
    /// When, in milliseconds since 1970 by this device's clock; none while an exchange is not over.
    at_ms: Option<u64>,
}
wire!(ArrivalRecord { way, at_ms });

/// A pack that came.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CameRecord {
    /// Who wrote it, as it says.
    device: DeviceId,
    /// Why it was not taken; empty where it was, or waits.
    refused: Bytes<CODE_BYTES>,
    reviews: u32,
    declarations: u32,
    others: u32,
}
wire!(CameRecord { device, refused, reviews, declarations, others });

/// What a pack holds, as documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Held {
    reviews: u32,
    declarations: u32,
    others: u32,
}

impl Held {
    pub(crate) fn of(kinds: impl Iterator<Item = Kind>) -> Self {
        let mut held = Self::default();
        for kind in kinds {
            match kind {
                Kind::Review => held.reviews += 1,
                Kind::Conflict => held.declarations += 1,
                _ => held.others += 1,
            }
        }
        held
    }
}

/// An exchange or a bundle that brought something, with what it brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its number, rising.
    pub number: u64,
    /// By which way.
    pub way: Way,
    /// Whose device wrote the bundle, as it says, where this home knows the device.
    pub carried_for: Option<MemberId>,
    /// When, in milliseconds since 1970 by this device's clock; none while an exchange is not over.
    pub at_ms: Option<u64>,
    /// Whose work came.
    pub people: Vec<Came>,
}

/// What came of one person's in one arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Came {
    /// Who; none where the device is not known here.
    pub member: Option<MemberId>,
    /// Packs.
    pub packs: usize,
    /// Reviews, each version of one.
    pub reviews: u32,
    /// Declarations on conflicts of interest.
    pub declarations: u32,
    /// Other documents.
    pub others: u32,
    /// Packs that wait for a key, a statement or to be read.
    pub waiting: usize,
    /// Packs that were not taken, by the code of the reason.
    pub refused: BTreeMap<String, usize>,
}

impl Acts<'_> {
    /// The latest arrivals, at most so many, the newest first.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn arrivals(&mut self, most: usize) -> Result<Vec<Arrival>, EngineError> {
        let (core, tx) = self.parts();
        let member = |device: DeviceId| core.known.permission.device(device).map(|(member, _)| member);
        let mut arrivals = Vec::new();
        for number in (1..=last(tx)?).rev().take(most) {
            let Some(record) = get::<ArrivalRecord>(tx, Table::Arrivals, &arrival_key(number))? else {
                continue;
            };
            let mut people: BTreeMap<Option<MemberId>, Came> = BTreeMap::new();
            for (key, came) in
                all::<CameRecord>(tx, Table::Arrivals, &[&[CAME][..], &number.to_be_bytes()].concat())?
            {
                let Some(pack) = key.last_chunk::<32>().map(|id| PackId(*id)) else { continue };
                let Some(fate) = fate(tx, pack, &came)? else { continue };
                // What is not signed by whom it names is nobody's.
                let forged = matches!(&fate, Fate::Refused(code) if code == "bad-signature");
                let member = member(came.device).filter(|_| !forged);
                let person = people.entry(member).or_insert_with(|| Came { member, ..Came::default() });
                person.packs += 1;
                match fate {
                    Fate::Taken => {
                        person.reviews = person.reviews.saturating_add(came.reviews);
                        person.declarations = person.declarations.saturating_add(came.declarations);
                        person.others = person.others.saturating_add(came.others);
                    }
                    Fate::Waits => person.waiting += 1,
                    Fate::Refused(code) => *person.refused.entry(code).or_default() += 1,
                }
            }
            let carried_for = match record.way {
                Way::Bundle(device) => member(device),
                Way::Relay(_) => None,
            };
            let people = people.into_values().collect();
            arrivals.push(Arrival { number, way: record.way, carried_for, at_ms: record.at_ms, people });
        }
        Ok(arrivals)
    }

    /// How many packs of others are here of which no arrival is known: they came before this was kept.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn arrived_before(&mut self) -> Result<usize, EngineError> {
        let (_, tx) = self.parts();
        let mut before = 0;
        each(tx, Table::PackStates, &[], |key, value| {
            let known = key
                .last_chunk::<32>()
                .is_some_and(|id| place_of(tx, PackId(*id)).is_ok_and(|at| at.is_some()));
            before += usize::from(!known && !PackRecord::from_bytes(&value)?.own);
            Ok(())
        })?;
        Ok(before)
    }
}

impl Core {
    /// Notes that a pack of somebody else's came in an arrival; `refused` says why it was not taken. One that came before stays where
    /// it was.
    pub(crate) fn note_came(
        &self,
        tx: &mut dyn Transaction,
        number: u64,
        pack: PackId,
        device: DeviceId,
        refused: Option<&str>,
    ) -> Result<(), EngineError> {
        let code: Vec<u8> = refused.unwrap_or_default().bytes().take(CODE_BYTES).collect();
        let code = Bytes::try_from(code).unwrap_or_default();
        let (at, record) = match place_of(tx, pack)? {
            Some(at) => {
                let Some(record) = get::<CameRecord>(tx, Table::Arrivals, &came_key(at, pack))? else {
                    return Ok(());
                };
                (at, CameRecord { refused: code, ..record })
            }
            None => {
                tx.put(Table::Arrivals, &[&[WHERE][..], &pack.0].concat(), &number.to_be_bytes())?;
                (number, CameRecord { device, refused: code, reviews: 0, declarations: 0, others: 0 })
            }
        };
        put(tx, Table::Arrivals, &came_key(at, pack), &record)
    }
}

/// Begins an arrival, or goes on with the exchange that was not over; gives its number.
pub(crate) fn begin(tx: &mut dyn Transaction, way: Way, at_ms: Option<u64>) -> Result<u64, EngineError> {
    let before = last(tx)?;
    if let (Way::Relay(_), Some(record)) =
        (way, get::<ArrivalRecord>(tx, Table::Arrivals, &arrival_key(before))?)
        && record == (ArrivalRecord { way, at_ms: None })
    {
        return Ok(before);
    }
    let number = before.saturating_add(1);
    put(tx, Table::Arrivals, &arrival_key(number), &ArrivalRecord { way, at_ms })?;
    tx.put(Table::Meta, LAST, &number.to_be_bytes())?;
    Ok(number)
}

/// Says when the exchange with a relay was over, where it brought something.
pub(crate) fn end(tx: &mut dyn Transaction, relay: RelayKey, at_ms: u64) -> Result<(), EngineError> {
    let key = arrival_key(last(tx)?);
    let open = ArrivalRecord { way: Way::Relay(relay), at_ms: None };
    if get::<ArrivalRecord>(tx, Table::Arrivals, &key)? == Some(open) {
        put(tx, Table::Arrivals, &key, &ArrivalRecord { at_ms: Some(at_ms), ..open })?;
    }
    Ok(())
}

/// Notes what a pack that came turned out to hold.
pub(crate) fn hold(tx: &mut dyn Transaction, pack: PackId, held: Held) -> Result<(), EngineError> {
    let Some(at) = place_of(tx, pack)? else { return Ok(()) };
    let key = came_key(at, pack);
    let Some(record) = get::<CameRecord>(tx, Table::Arrivals, &key)? else { return Ok(()) };
    let Held { reviews, declarations, others } = held;
    put(tx, Table::Arrivals, &key, &CameRecord { reviews, declarations, others, ..record })
}

enum Fate {
    Taken,
    Waits,
    Refused(String),
}

/// What became of a pack that came; none where it was forgotten since.
fn fate(tx: &dyn Transaction, pack: PackId, came: &CameRecord) -> Result<Option<Fate>, EngineError> {
    if let Some(record) = get::<PackRecord>(tx, Table::PackStates, &pack.0)? {
        return Ok(Some(match record.stage {
            Stage::Opened | Stage::NotForUs => Fate::Taken,
            Stage::Received | Stage::NoKey | Stage::Crashed => Fate::Waits,
            Stage::Refused => Fate::Refused("contents".to_owned()),
        }));
    }
    if tx.get(Table::Parked, &[&[parked::UNKNOWN][..], &pack.0].concat())?.is_some() {
        return Ok(Some(Fate::Waits));
    }
    let code = String::from_utf8_lossy(&came.refused).into_owned();
    Ok((!code.is_empty()).then_some(Fate::Refused(code)))
}

fn last(tx: &dyn Transaction) -> Result<u64, EngineError> {
    let bytes = tx.get(Table::Meta, LAST)?.and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map_or(0, u64::from_be_bytes))
}

/// The arrival that brought a pack.
fn place_of(tx: &dyn Transaction, pack: PackId) -> Result<Option<u64>, EngineError> {
    let bytes = tx.get(Table::Arrivals, &[&[WHERE][..], &pack.0].concat())?;
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes))
}

fn arrival_key(number: u64) -> Vec<u8> {
    [&[ARRIVAL][..], &number.to_be_bytes()].concat()
}

fn came_key(number: u64, pack: PackId) -> Vec<u8> {
    [&[CAME][..], &number.to_be_bytes(), &pack.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, Store as _};

    #[test]
    fn an_exchange_goes_on_until_it_is_over_and_each_bundle_is_one_by_itself() {
        let (relay, other) = (RelayKey([1; 32]), RelayKey([9; 32]));
        let bundle = Way::Bundle(DeviceId([2; 16]));
        let numbers = MemoryStore::new().transaction(|tx| -> Result<_, EngineError> {
            let cut = begin(tx, Way::Relay(relay), None)?;
            let resumed = begin(tx, Way::Relay(relay), None)?;
            end(tx, other, 6)?;
            let still = begin(tx, Way::Relay(relay), None)?;
            end(tx, relay, 7)?;
            let next = begin(tx, Way::Relay(relay), None)?;
            let bundles = [begin(tx, bundle, Some(8))?, begin(tx, bundle, Some(8))?];
            let over = get::<ArrivalRecord>(tx, Table::Arrivals, &arrival_key(1))?;
            assert_eq!(over, Some(ArrivalRecord { way: Way::Relay(relay), at_ms: Some(7) }));
            Ok([cut, resumed, still, next, bundles[0], bundles[1]])
        });
        assert_eq!(numbers.unwrap(), [1, 1, 1, 2, 3, 4]);
    }
}
