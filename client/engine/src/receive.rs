//! The first commit of an import: bytes and their place. Nothing is opened here. A relay's answer and a
//! bundle come the same way.

use std::collections::BTreeSet;

use tessera_defence::defended;
use tessera_protocol::access::Refusal;
use tessera_protocol::codec::Wire;
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::{DeviceId, MemberId, PackId};
use tessera_protocol::pack::Pack;
use tessera_protocol::stream::Stream;

use crate::arrivals::{self, Way};
use crate::chains;
use crate::core::Core;
use crate::error::EngineError;
use crate::notices::Notice;
use crate::records::{PackRecord, Stage, each, get, put};
use crate::store::{Table, Transaction};

/// By which way a pack came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// From a relay that the charter names; when it received the pack, in milliseconds since 1970.
    Relay {
        /// The relay's clock.
        received_ms: u64,
    },
    /// In a bundle.
    Bundle,
}

/// What an import brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Packs that are new.
    pub new: usize,
    /// Packs that were here.
    pub known: usize,
    /// Packs that wait for a statement that names their author.
    pub waiting: usize,
    /// Packs that were refused; the notices say why.
    pub refused: usize,
    /// True where it is stored and could not be read yet; what reads it the next time says why not.
    pub unread: bool,
}

/// An import under way.
struct Import {
    came: Imported,
    /// By which way, and when.
    by: Option<(Way, Option<u64>)>,
    /// The arrival, once something came that belongs to it.
    arrival: Option<u64>,
}

/// Packs that may wait for the statement that names their author.
const UNKNOWN_AUTHORS: u64 = 4096;

/// Keys in [`Table::Parked`]: what waits, and for what.
pub(crate) mod parked {
    /// Packs of unknown authors: `U` pack → bytes.
    pub(crate) const UNKNOWN: u8 = b'U';
    /// Packs whose contents are still to be read: `R` rank pack → nothing.
    pub(crate) const READY: u8 = b'R';
    /// Packs without their key: `K` key pack → nothing.
    pub(crate) const KEYLESS: u8 = b'K';
}

/// The place of a pack in [`Table::Outbox`].
pub(crate) fn outbox_key(core: &Core, id: PackId, record: &PackRecord) -> Vec<u8> {
    let public = core.known.access.name(record.stream) == Stream::Public;
    [&[u8::from(!public)][..], &record.number.to_be_bytes(), &id.0].concat()
}

impl Core {
    /// Stores packs that arrived; `by` says by which way and when, where that is to be kept.
    pub(crate) fn receive(
        &mut self,
        tx: &mut dyn Transaction,
        packs: impl IntoIterator<Item = (Pack, Road)>,
        by: Option<(Way, Option<u64>)>,
    ) -> Result<Imported, EngineError> {
        let mut import = Import { came: Imported::default(), by, arrival: None };
        let mut news = false;
        for (pack, road) in packs {
            if pack.header().programme != self.programme() {
                return Err(EngineError::OtherProgramme);
            }
            let public = self.known.access.name(pack.header().stream) == Stream::Public;
            if !public && std::mem::take(&mut news) {
                self.hear_of_members(tx)?;
                self.retry_unknown(tx, &mut import)?;
            }
            news |= self.receive_one(tx, pack, road, &mut import)? && public;
        }
        if news {
            self.hear_of_members(tx)?;
            self.retry_unknown(tx, &mut import)?;
        }
        // Where a line is drawn through chains, what comes may bring other packs inside it.
        self.untold.act.everything |= self.known.permission.draws_lines();
        Ok(import.came)
    }

    /// Derives permission anew. What was said to a member before anybody was heard to name that member is listened to
    /// now: every pack of a `to/` belongs to what opens and closes streams.
    fn hear_of_members(&mut self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        let before: BTreeSet<MemberId> = self.known.permission.members.keys().copied().collect();
        self.known.derive();
        self.untold.act.everything = true;
        let new: Vec<MemberId> =
            self.known.permission.members.keys().filter(|member| !before.contains(member)).copied().collect();
        for member in new {
            for id in chains::of_stream(tx, Stream::To(member).id(self.programme()))? {
                if let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)? {
                    self.note_opening(tx, &pack)?;
                }
            }
        }
        Ok(())
    }

    /// Stores one pack; true where it is new.
    fn receive_one(
        &mut self,
        tx: &mut dyn Transaction,
        pack: Pack,
        road: Road,
        import: &mut Import,
    ) -> Result<bool, EngineError> {
        let id = pack.id();
        if let Some(mut record) = get::<PackRecord>(tx, Table::PackStates, &id.0)?
            && defended!(I02)
        {
            import.came.known += 1;
            if let Road::Relay { received_ms } = road {
                record.received_ms = record.received_ms.or(Some(received_ms));
                self.mark_held(tx, id, &mut record)?;
            }
            return Ok(false);
        }
        if self.known.access.name(pack.header().stream) == Stream::Public {
            let (checked, refused) = self.known.gathering.insert(pack.clone());
            if refused.is_some() {
                return self.refuse(tx, id, pack.header().device, "bad-signature", import);
            }
            if checked.is_empty() {
                return self.park(tx, id, &pack, import);
            }
            let mut new = false;
            for pack in checked {
                if get::<PackRecord>(tx, Table::PackStates, &pack.id().0)?.is_none() {
                    tx.delete(Table::Parked, &[&[parked::UNKNOWN][..], &pack.id().0].concat())?;
                    self.admit(tx, &pack, road, import)?;
                    new = true;
                }
            }
            return Ok(new);
        }
        if self.is_forgotten(tx, pack.header().stream)? {
            import.came.known += 1;
            return Ok(false);
        }
        let device = pack.header().device;
        let Some(key) = self.known.gathering.key(device).copied() else {
            return self.park(tx, id, &pack, import);
        };
        let Ok(pack) = pack.verify(&key) else {
            return self.refuse(tx, id, device, "bad-signature", import);
        };
        // Only a `to/`, `reviews/` or `desk/` opens streams or holds welcomes. One that this device cannot name belongs
        // to a member of whom it has not heard yet: the pack waits for the statement that names that member.
        let unnamed = matches!(self.known.access.name(pack.header().stream), Stream::Other(_));
        match self.known.access.may_write(pack.header()) {
            Ok(_) if unnamed && pack.header().kind == PackKind::Welcome => self.park(tx, id, &pack, import),
            Err(Refusal::OpeningOutsideTo) if unnamed => self.park(tx, id, &pack, import),
            Ok(_) => {
                self.admit(tx, &pack, road, import)?;
                Ok(true)
            }
            Err(Refusal::UnknownDevice | Refusal::NotAWriter)
                if self.known.access.reader(device).is_none() =>
            {
                self.park(tx, id, &pack, import)
            }
            Err(refusal) => self.refuse(tx, id, device, refusal.code(), import),
        }
    }

    fn admit(
        &mut self,
        tx: &mut dyn Transaction,
        pack: &Pack,
        road: Road,
        import: &mut Import,
    ) -> Result<(), EngineError> {
        let (id, header) = (pack.id(), pack.header());
        let public = self.known.access.name(header.stream) == Stream::Public;
        let (held, received_ms) = match road {
            Road::Relay { received_ms } => (true, Some(received_ms)),
            Road::Bundle => (false, None),
        };
        let record = PackRecord {
            stream: header.stream,
            device: header.device,
            number: header.number,
            stage: if public { Stage::Opened } else { Stage::Received },
            attempts: 0,
            own: header.device == self.device,
            held,
            received_ms,
            outcome: None,
        };
        put(tx, Table::Packs, &id.0, pack)?;
        put(tx, Table::PackStates, &id.0, &record)?;
        chains::note(tx, id, header)?;
        self.note_opening(tx, pack)?;
        for opened in header.opened.iter() {
            Self::remember_stream(tx, opened.stream)?;
        }
        if !public {
            let rank = u8::from(!matches!(self.known.access.name(header.stream), Stream::To(_)));
            tx.put(Table::Parked, &[&[parked::READY, rank][..], &id.0].concat(), &[])?;
        }
        if !held {
            // Whoever meets a relay next brings it what came on a stick.
            self.queue(tx, pack)?;
        }
        if crate::notices::forked(tx, header)? {
            Notice::Forked { device: header.device, stream: header.stream }.keep(tx)?;
            // What came earlier by this device is marked from here on.
            self.untold.act.everything = true;
        }
        import.came.new += 1;
        self.arrived(tx, import, id, header.device, None)
    }

    /// Notes that a pack came in this arrival.
    fn arrived(
        &self,
        tx: &mut dyn Transaction,
        import: &mut Import,
        pack: PackId,
        device: DeviceId,
        refused: Option<&str>,
    ) -> Result<(), EngineError> {
        let Some((way, at_ms)) = import.by.filter(|_| device != self.device) else { return Ok(()) };
        let number = match import.arrival {
            Some(number) => number,
            None => *import.arrival.insert(arrivals::begin(tx, way, at_ms)?),
        };
        self.note_came(tx, number, pack, device, refused)
    }

    /// A relay holds the pack: it leaves the outbox.
    pub(crate) fn mark_held(
        &self,
        tx: &mut dyn Transaction,
        id: PackId,
        record: &mut PackRecord,
    ) -> Result<(), EngineError> {
        record.held = true;
        put(tx, Table::PackStates, &id.0, record)?;
        self.unqueue(tx, id, record)
    }

    /// Takes a pack out of the outbox.
    pub(crate) fn unqueue(
        &self,
        tx: &mut dyn Transaction,
        id: PackId,
        record: &PackRecord,
    ) -> Result<(), EngineError> {
        Ok(tx.delete(Table::Outbox, &outbox_key(self, id, record))?)
    }

    fn park(
        &self,
        tx: &mut dyn Transaction,
        id: PackId,
        pack: &Pack,
        import: &mut Import,
    ) -> Result<bool, EngineError> {
        let key = [&[parked::UNKNOWN][..], &id.0].concat();
        if tx.get(Table::Parked, &key)?.is_none()
            && tx.count(Table::Parked, &[parked::UNKNOWN])? >= UNKNOWN_AUTHORS
        {
            return self.refuse(tx, id, pack.header().device, "too-many-waiting", import);
        }
        import.came.waiting += 1;
        put(tx, Table::Parked, &key, pack)?;
        self.arrived(tx, import, id, pack.header().device, None)?;
        Ok(false)
    }

    fn refuse(
        &self,
        tx: &mut dyn Transaction,
        pack: PackId,
        device: DeviceId,
        code: &str,
        import: &mut Import,
    ) -> Result<bool, EngineError> {
        import.came.refused += 1;
        // Who sends what is refused fills no more than the list of notices.
        if (Notice::Refused { pack, device, code: code.to_owned() }).keep(tx)? {
            self.arrived(tx, import, pack, device, Some(code))?;
        }
        Ok(false)
    }

    /// Tries again what waited for a statement that names its author.
    fn retry_unknown(&mut self, tx: &mut dyn Transaction, import: &mut Import) -> Result<(), EngineError> {
        let mut waiting = Vec::new();
        each(tx, Table::Parked, &[parked::UNKNOWN], |key, value| {
            let pack = Pack::from_bytes(&value)?;
            if self.known.gathering.key(pack.header().device).is_some() {
                waiting.push((key.to_vec(), pack));
            }
            Ok(())
        })?;
        for (key, pack) in waiting {
            tx.delete(Table::Parked, &key)?;
            self.receive_one(tx, pack, Road::Bundle, import)?;
        }
        Ok(())
    }
}
