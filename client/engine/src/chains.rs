//! Chains: one device's packs in one stream, linked by hashes. Tips, ancestors and frontiers of what this
//! device holds.
//!
//! Keys in [`Table::Chains`]: `T` stream device → tips; `P` stream device number pack → nothing;
//! `N` pack → nothing, where a later pack that is here names it.

use std::collections::BTreeSet;

use tessera_protocol::codec::{Set, Wire};
use tessera_protocol::frontier::{Chain, Frontier};
use tessera_protocol::header::Header;
use tessera_protocol::ids::{DeviceId, PackId, StreamId};
use tessera_protocol::limits;
use tessera_protocol::pack::Pack;

use crate::error::EngineError;
use crate::records::{each, get, put};
use crate::store::{Table, Transaction};

type Tips = Set<PackId, { limits::TIPS }>;

fn chain_bytes((stream, device): Chain) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&stream.0);
    bytes[16..].copy_from_slice(&device.0);
    bytes
}

fn key(tag: u8, rest: &[&[u8]]) -> Vec<u8> {
    [&[tag][..], &rest.concat()].concat()
}

/// Notes a pack that is stored for the first time.
///
/// # Errors
/// Where the store fails, or a chain has more tips than a frontier can hold.
pub fn note(tx: &mut dyn Transaction, id: PackId, header: &Header) -> Result<(), EngineError> {
    let chain = chain_bytes((header.stream, header.device));
    tx.put(Table::Chains, &key(b'P', &[&chain, &header.number.to_be_bytes(), &id.0]), &[])?;
    let mut tips = (*get::<Tips>(tx, Table::Chains, &key(b'T', &[&chain]))?.unwrap_or_default()).clone();
    for previous in header.previous.iter() {
        tx.put(Table::Chains, &key(b'N', &[&previous.0]), &[])?;
        tips.remove(previous);
    }
    if tx.get(Table::Chains, &key(b'N', &[&id.0]))?.is_none() {
        tips.insert(id);
    }
    put(tx, Table::Chains, &key(b'T', &[&chain]), &Tips::try_from(tips)?)
}

/// Forgets a pack of a stream that is forgotten as a whole.
///
/// # Errors
/// Where the store fails.
pub(crate) fn forget(tx: &mut dyn Transaction, id: PackId, header: &Header) -> Result<(), EngineError> {
    let chain = chain_bytes((header.stream, header.device));
    tx.delete(Table::Chains, &key(b'P', &[&chain, &header.number.to_be_bytes(), &id.0]))?;
    tx.delete(Table::Chains, &key(b'T', &[&chain]))?;
    for previous in header.previous.iter() {
        tx.delete(Table::Chains, &key(b'N', &[&previous.0]))?;
    }
    Ok(())
}

/// Every pack of a stream that is here.
pub(crate) fn of_stream(tx: &dyn Transaction, stream: StreamId) -> Result<Vec<PackId>, EngineError> {
    let mut packs = Vec::new();
    each(tx, Table::Chains, &key(b'P', &[&stream.0]), |key, _| {
        packs.extend(key.last_chunk::<32>().map(|id| PackId(*id)));
        Ok(())
    })?;
    Ok(packs)
}

/// The tips of a chain.
///
/// # Errors
/// Where the store fails.
pub fn tips(tx: &dyn Transaction, chain: Chain) -> Result<BTreeSet<PackId>, EngineError> {
    let tips = get::<Tips>(tx, Table::Chains, &key(b'T', &[&chain_bytes(chain)]))?;
    Ok(tips.map(|tips| (*tips).clone()).unwrap_or_default())
}

/// The packs of a chain that are here, by number.
///
/// # Errors
/// Where the store fails.
pub fn packs(tx: &dyn Transaction, chain: Chain) -> Result<Vec<PackId>, EngineError> {
    let mut packs = Vec::new();
    each(tx, Table::Chains, &key(b'P', &[&chain_bytes(chain)]), |key, _| {
        packs.extend(key.last_chunk::<32>().map(|id| PackId(*id)));
        Ok(())
    })?;
    Ok(packs)
}

/// What this device holds: of all streams, or of those that `wanted` names.
///
/// # Errors
/// Where the store fails.
pub fn frontier(
    tx: &dyn Transaction,
    mut wanted: impl FnMut(StreamId, DeviceId) -> bool,
) -> Result<Frontier, EngineError> {
    let mut frontier = Frontier::default();
    each(tx, Table::Chains, b"T", |key, value| {
        let (stream, device) = chain_of(&key[1..]);
        if wanted(stream, device) {
            for tip in Tips::from_bytes(&value)?.iter() {
                frontier.insert((stream, device), *tip);
            }
        }
        Ok(())
    })?;
    Ok(frontier)
}

/// Up to where this device holds every chain without a gap: what it may say that it has.
///
/// # Errors
/// Where the store fails.
pub fn whole(tx: &dyn Transaction) -> Result<Frontier, EngineError> {
    let mut whole = Frontier::default();
    for chain in chains(tx)? {
        let mut done: BTreeSet<PackId> = BTreeSet::new();
        let mut tips: BTreeSet<PackId> = BTreeSet::new();
        for id in packs(tx, chain)? {
            let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)? else { continue };
            if pack.header().previous.iter().all(|previous| done.contains(previous)) {
                tips.retain(|tip| !pack.header().previous.contains(tip));
                tips.insert(id);
                done.insert(id);
            }
        }
        tips.into_iter().for_each(|tip| whole.insert(chain, tip));
    }
    Ok(whole)
}

fn chains(tx: &dyn Transaction) -> Result<Vec<Chain>, EngineError> {
    let mut chains = Vec::new();
    each(tx, Table::Chains, b"T", |key, _| {
        chains.push(chain_of(&key[1..]));
        Ok(())
    })?;
    Ok(chains)
}

fn chain_of(bytes: &[u8]) -> Chain {
    let half = |from: usize| -> [u8; 16] {
        let mut half = [0; 16];
        half.copy_from_slice(&bytes[from..from + 16]);
        half
    };
    (StreamId(half(0)), DeviceId(half(16)))
}

/// The packs of a chain that lie inside a frontier: its tips and their ancestors, as far as they are here.
///
/// # Errors
/// Where the store fails.
pub fn inside(
    tx: &dyn Transaction,
    chain: Chain,
    frontier: &Frontier,
) -> Result<BTreeSet<PackId>, EngineError> {
    let mut inside = BTreeSet::new();
    let mut next: Vec<PackId> = frontier.tips(chain).collect();
    while let Some(id) = next.pop() {
        if let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)?
            && (pack.header().stream, pack.header().device) == chain
            && inside.insert(id)
        {
            next.extend(pack.header().previous.iter().copied());
        }
    }
    Ok(inside)
}

/// The packs of this device's store that lie outside a frontier, in the order of their chains.
///
/// # Errors
/// Where the store fails.
pub fn outside(tx: &dyn Transaction, frontier: &Frontier) -> Result<Vec<PackId>, EngineError> {
    let mut outside = Vec::new();
    for chain in chains(tx)? {
        let inside = inside(tx, chain, frontier)?;
        outside.extend(packs(tx, chain)?.into_iter().filter(|pack| !inside.contains(pack)));
    }
    Ok(outside)
}

/// The packs of a chain with this number: more than one where a device was copied.
///
/// # Errors
/// Where the store fails.
pub fn numbered(tx: &dyn Transaction, chain: Chain, number: u64) -> Result<Vec<PackId>, EngineError> {
    let mut packs = Vec::new();
    each(tx, Table::Chains, &key(b'P', &[&chain_bytes(chain), &number.to_be_bytes()]), |key, _| {
        packs.extend(key.last_chunk::<32>().map(|id| PackId(*id)));
        Ok(())
    })?;
    Ok(packs)
}
