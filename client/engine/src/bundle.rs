//! Bundles: the same packs in a file, imported through the same code as a relay's answer. Everything is
//! checked before anything is stored: a bundle that was cut or changed leaves no trace.

use std::collections::BTreeSet;

use tessera_protocol::bundle::{BundleHead, ENTRY_BYTES, Entry, MAGIC};
use tessera_protocol::codec::{Problem, Wire};
use tessera_protocol::exchange::{FRAME_BYTES, Frames, frame};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{MemberId, PackId};
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::Receipt;
use tessera_protocol::stream::Stream;

use crate::chains;
use crate::core::Core;
use crate::error::EngineError;
use crate::receive::{Imported, Road};
use crate::records::{PackRecord, get, put};
use crate::store::{Table, Transaction};

/// What a bundle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Whoever can use it: everything that this device holds and may pass on, and that is not known to be at
    /// a relay.
    Outbox,
    /// A member: what that member may read.
    Member(MemberId),
    /// Everything that this device holds.
    Everything,
}

/// A bundle that was read and whose bytes are whole; nothing of it is imported.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What it says of itself.
    pub head: BundleHead,
    /// Its packs.
    pub packs: Vec<Pack>,
    /// Receipts that travel with it.
    pub receipts: Vec<Receipt>,
}

/// Reads a bundle.
///
/// # Errors
/// Where it is no bundle, not whole, changed, or of a newer version.
pub fn read(bytes: &[u8]) -> Result<Bundle, EngineError> {
    let broken = EngineError::Forged("the bundle is damaged or not whole");
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Err(EngineError::Forged("this is not a bundle"));
    };
    let mut frames = Frames::default();
    frames.push(rest);
    let newer = |problem: Problem| match problem {
        Problem::Newer { .. } => EngineError::Newer,
        _ => EngineError::Forged("the bundle is damaged or not whole"),
    };
    let head = frames.next(FRAME_BYTES)?.ok_or(EngineError::Forged("the bundle is damaged or not whole"))?;
    let mut at = MAGIC.len() + 4 + head.len();
    let head = BundleHead::from_bytes(&head).map_err(|error| newer(error.problem))?;
    let mut bundle = Bundle { head, packs: Vec::new(), receipts: Vec::new() };
    while let Some(one) = frames.next(ENTRY_BYTES).map_err(|error| newer(error.problem))? {
        let start = at;
        at += 4 + one.len();
        match Entry::from_bytes(&one).map_err(|error| newer(error.problem))? {
            Entry::Pack(pack) => bundle.packs.push(pack),
            Entry::Receipt(receipt) => bundle.receipts.push(receipt),
            Entry::Witness(_) | Entry::Chunk { .. } => {}
            Entry::End(sum) => {
                let whole = sum == hash("bundle", &[&bytes[..start]]) && frames.waiting() == 0;
                let count = u32::try_from(bundle.packs.len()).ok() == Some(bundle.head.packs);
                return if whole && count { Ok(bundle) } else { Err(broken) };
            }
        }
    }
    Err(broken)
}

impl Core {
    /// Writes a bundle.
    pub(crate) fn export(&mut self, tx: &mut dyn Transaction, to: For) -> Result<Vec<u8>, EngineError> {
        let ids = self.chosen(tx, to)?;
        let mut packs = Vec::new();
        let mut contents = Frontier::default();
        for id in ids {
            if let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)? {
                contents.insert((pack.header().stream, pack.header().device), id);
                packs.push(pack);
            }
        }
        let contents = tips_only(&packs, contents);
        let mut set = [0; 16];
        rand_core::Rng::fill_bytes(&mut self.rng, &mut set);
        let head = BundleHead {
            programme: self.programme(),
            set,
            part: 1,
            parts: 1,
            addressee: match to {
                For::Member(member) => Some(member),
                For::Outbox | For::Everything => None,
            },
            from: self.device,
            contents,
            packs: u32::try_from(packs.len()).map_err(|_| EngineError::BadInput("too many packs".into()))?,
            pack_bytes: packs.iter().map(|pack| pack.to_bytes().len() as u64).sum(),
        };
        let mut bytes = [&MAGIC[..], &frame(&head.to_bytes())].concat();
        for pack in packs {
            let receipt = get::<Receipt>(tx, Table::Receipts, &pack.id().0)?;
            bytes.extend(frame(&Entry::Pack(pack).to_bytes()));
            if let Some(receipt) = receipt {
                bytes.extend(frame(&Entry::Receipt(receipt).to_bytes()));
            }
        }
        let sum = hash("bundle", &[&bytes]);
        bytes.extend(frame(&Entry::End(sum).to_bytes()));
        Ok(bytes)
    }

    /// Charter and statements first, then `to/`, then the rest in the order of its chains.
    fn chosen(&self, tx: &dyn Transaction, to: For) -> Result<Vec<PackId>, EngineError> {
        let all = chains::outside(tx, &Frontier::default())?;
        let mut chosen: Vec<(u8, PackId)> = Vec::new();
        for id in all {
            let Some(record) = get::<PackRecord>(tx, Table::PackStates, &id.0)? else { continue };
            let name = self.known.access.name(record.stream);
            let mine = !matches!(name, Stream::Desk(member) if member == self.about.member)
                || crate::settings::desk_backup(tx, self)?;
            let wanted = name == Stream::Public
                || match to {
                    For::Everything => true,
                    For::Outbox => mine && !record.held && record.outcome.is_none(),
                    For::Member(member) => {
                        let device = self.devices_of(member).next();
                        let reader = device.and_then(|device| self.known.access.reader(device));
                        reader.is_some_and(|reader| {
                            self.known.access.may_read(&self.known.openings, reader, record.stream)
                        })
                    }
                };
            if wanted {
                let rank = match name {
                    Stream::Public => 0,
                    Stream::To(_) => 1,
                    _ => 2,
                };
                chosen.push((rank, id));
            }
        }
        chosen.sort_by_key(|(rank, _)| *rank);
        Ok(chosen.into_iter().map(|(_, id)| id).collect())
    }

    /// Stores what a bundle brought.
    pub(crate) fn import(
        &mut self,
        tx: &mut dyn Transaction,
        bundle: Bundle,
    ) -> Result<Imported, EngineError> {
        if bundle.head.programme != self.programme() {
            return Err(EngineError::OtherProgramme);
        }
        let imported = self.receive(tx, bundle.packs.into_iter().map(|pack| (pack, Road::Bundle)))?;
        for receipt in bundle.receipts {
            let genuine =
                self.known.permission.charter.powers.relays.keys().any(|key| receipt.verify(key).is_ok());
            if genuine
                && receipt.programme == self.programme()
                && let Some(mut record) = get::<PackRecord>(tx, Table::PackStates, &receipt.pack.0)?
            {
                record.received_ms = record.received_ms.or(Some(receipt.received_ms));
                self.mark_held(tx, receipt.pack, &mut record)?;
                put(tx, Table::Receipts, &receipt.pack.0, &receipt)?;
            }
        }
        Ok(imported)
    }
}

/// Keeps of each chain only the packs that no other of the bundle follows.
fn tips_only(packs: &[Pack], all: Frontier) -> Frontier {
    let followed: BTreeSet<PackId> =
        packs.iter().flat_map(|pack| pack.header().previous.iter().copied()).collect();
    let mut tips = Frontier::default();
    for (chain, ids) in all.chains() {
        for id in ids.iter().filter(|id| !followed.contains(id)) {
            tips.insert(*chain, *id);
        }
    }
    tips
}
