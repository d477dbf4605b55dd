//! Writing a bundle: first an outline that says what goes into which part, then the parts, one at a time and piece
//! by piece, so that the memory that it takes does not grow with the files.

use std::collections::BTreeSet;
use std::io::Write;

use tessera_protocol::bundle::{BundleHead, Entry, MAGIC};
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::frame;
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::{FieldHasher, Hash};
use tessera_protocol::ids::{AttachmentId, DeviceId, MemberId, PackId, ProgrammeId, StreamId};
use tessera_protocol::limits;
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::Receipt;
use tessera_protocol::stream::Stream;

use super::{For, Tell, told};
use crate::attachments::{Attachment, CHUNK_BYTES};
use crate::chains;
use crate::core::Core;
use crate::error::EngineError;
use crate::records::{PackRecord, get};
use crate::store::{Table, Transaction};

/// What a frame, an entry's tag and a receipt take beside a pack at most, in bytes.
const PER_PACK_BYTES: u64 = 256;
/// What a chunk takes beside its contents at most, in bytes.
const PER_CHUNK_BYTES: u64 = 96;

/// What a bundle will hold.
#[derive(Debug, Clone)]
pub struct Outline {
    /// Its parts, at least one.
    pub parts: Vec<Part>,
    programme: ProgrammeId,
    set: [u8; 16],
    addressee: Option<MemberId>,
    from: DeviceId,
    contents: Frontier,
}

impl Outline {
    /// Whom it is for, where that is somebody in particular.
    #[must_use]
    pub fn addressee(&self) -> Option<MemberId> {
        self.addressee
    }
}

/// What one part of a bundle will hold.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// Its packs, charter and statements first.
    pub packs: Vec<PackId>,
    /// Attachments, with the stream that each follows and its length.
    pub attachments: Vec<(StreamId, AttachmentId, u64)>,
    /// The length of the packs, in bytes.
    pub pack_bytes: u64,
    /// The length of the whole part, in bytes, and a little more.
    pub about_bytes: u64,
}

impl Core {
    /// Decides what goes into a bundle. A part is ended before it reaches `part_bytes`, unless one entry
    /// alone is longer.
    pub(crate) fn outline(
        &mut self,
        tx: &mut dyn Transaction,
        to: For,
        attachments: bool,
        part_bytes: u64,
    ) -> Result<Outline, EngineError> {
        let mut contents = Frontier::default();
        let mut followed = BTreeSet::new();
        let mut chosen = Vec::new();
        for id in self.chosen(tx, to)? {
            if let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)? {
                contents.insert((pack.header().stream, pack.header().device), id);
                followed.extend(pack.header().previous.iter().copied());
                chosen.push((id, pack.to_bytes().len() as u64));
            }
        }
        let room = part_bytes.min(limits::BUNDLE_BYTES).saturating_sub(PER_PACK_BYTES);
        let mut parts = vec![Part::default()];
        for (id, bytes) in chosen {
            let part = room_for(&mut parts, bytes + PER_PACK_BYTES, room);
            part.packs.push(id);
            part.pack_bytes += bytes;
        }
        if attachments {
            for one in self.travelling(tx, to)? {
                let chunks = one.sealed_bytes.div_ceil(CHUNK_BYTES as u64);
                let part = room_for(&mut parts, one.sealed_bytes + chunks * PER_CHUNK_BYTES, room);
                part.attachments.push((one.stream, one.id, one.sealed_bytes));
            }
        }
        if parts.len() > limits::BUNDLE_PARTS as usize {
            return Err(EngineError::BadInput("so small parts would be too many".into()));
        }
        let mut set = [0; 16];
        rand_core::Rng::fill_bytes(&mut self.rng, &mut set);
        Ok(Outline {
            parts,
            programme: self.programme(),
            set,
            addressee: match to {
                For::Member(member) => Some(member),
                For::Outbox | For::Everything => None,
            },
            from: self.device,
            contents: tips_only(&followed, &contents),
        })
    }

    /// Attachments that are whole here and that the bundle is to bring.
    fn travelling(&self, tx: &dyn Transaction, to: For) -> Result<Vec<Attachment>, EngineError> {
        let reader = match to {
            For::Member(member) => {
                let device = self.devices_of(member).next();
                device.and_then(|device| self.known.access.reader(device))
            }
            For::Outbox | For::Everything => None,
        };
        let mut seen = BTreeSet::new();
        let mut all = self.attachments(tx)?;
        all.retain(|one| {
            one.is_here()
                && match to {
                    For::Everything => true,
                    For::Outbox => self.is_coordinator() && !one.at_relay,
                    For::Member(_) => reader.is_some_and(|reader| {
                        self.known.access.may_read(&self.known.openings, reader, one.stream)
                    }),
                }
                && seen.insert(one.id)
        });
        all.sort_by_key(|one| (!one.light, one.sealed_bytes, one.id));
        Ok(all)
    }

    /// Writes a part; gives its length. Everything is read twice, and told each time.
    pub(crate) fn write_part(
        &self,
        tx: &dyn Transaction,
        outline: &Outline,
        number: usize,
        out: &mut dyn Write,
        tell: Tell<'_>,
    ) -> Result<u64, EngineError> {
        // The hash begins with the length of what it covers.
        let mut covered = 0;
        self.emit(tx, outline, number, &mut |bytes| {
            covered += bytes.len() as u64;
            told(tell, bytes.len())
        })?;
        let mut hasher = FieldHasher::new("bundle", covered);
        self.emit(tx, outline, number, &mut |bytes| {
            hasher.update(bytes);
            out.write_all(bytes).map_err(|_| EngineError::Unwritable)?;
            told(tell, bytes.len())
        })?;
        let sum = hasher.finish().unwrap_or(Hash([0; 32]));
        let end = frame(&Entry::End(sum).to_bytes());
        out.write_all(&end).map_err(|_| EngineError::Unwritable)?;
        Ok(covered + end.len() as u64)
    }

    /// Gives every byte of a part but its last frame.
    fn emit(
        &self,
        tx: &dyn Transaction,
        outline: &Outline,
        number: usize,
        out: &mut dyn FnMut(&[u8]) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let count = |count: usize| {
            u32::try_from(count).map_err(|_| EngineError::BadInput("too many packs for one bundle".into()))
        };
        let none = || EngineError::NotFound(format!("part {} of the bundle", number + 1));
        let part = outline.parts.get(number).ok_or_else(none)?;
        let head = BundleHead {
            programme: outline.programme,
            set: outline.set,
            part: count(number + 1)?,
            parts: count(outline.parts.len())?,
            addressee: outline.addressee,
            from: outline.from,
            contents: outline.contents.clone(),
            packs: count(part.packs.len())?,
            pack_bytes: part.pack_bytes,
        };
        out(MAGIC)?;
        out(&frame(&head.to_bytes()))?;
        for id in &part.packs {
            let pack = get::<Pack>(tx, Table::Packs, &id.0)?;
            let pack = pack.ok_or_else(|| EngineError::NotFound(format!("pack {id}")))?;
            out(&frame(&Entry::Pack(pack).to_bytes()))?;
            if let Some(receipt) = get::<Receipt>(tx, Table::Receipts, &id.0)? {
                out(&frame(&Entry::Receipt(receipt).to_bytes()))?;
            }
        }
        for (stream, attachment, total) in &part.attachments {
            let mut from = 0;
            while from < *total {
                let bytes = self.sealed_piece(tx, *attachment, from, CHUNK_BYTES)?;
                if bytes.is_empty() {
                    return Err(EngineError::DamagedAttachment(*attachment));
                }
                let next = from + bytes.len() as u64;
                let bytes = bytes.try_into()?;
                let (stream, attachment, total) = (*stream, *attachment, *total);
                out(&frame(&Entry::Chunk { stream, attachment, from, total, bytes }.to_bytes()))?;
                from = next;
            }
        }
        Ok(())
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
}

/// The part that takes so many bytes more: the last one, or a new one.
fn room_for(parts: &mut Vec<Part>, bytes: u64, room: u64) -> &mut Part {
    let full = parts.last().is_none_or(|part| part.about_bytes > 0 && part.about_bytes + bytes > room);
    if full {
        parts.push(Part::default());
    }
    let last = parts.len() - 1;
    parts[last].about_bytes += bytes;
    &mut parts[last]
}

/// Keeps of each chain only the packs that no other of the bundle follows.
fn tips_only(followed: &BTreeSet<PackId>, all: &Frontier) -> Frontier {
    let mut tips = Frontier::default();
    for (chain, ids) in all.chains() {
        for id in ids.iter().filter(|id| !followed.contains(id)) {
            tips.insert(*chain, *id);
        }
    }
    tips
}
