//! The second commit of an import: opening packs, and the guard. First an attempt is counted, then the
//! guarded worker runs, then the result is stored. A pack whose reading ended the worker or the program twice
//! is set aside alone; everything else goes on. Where the store takes nothing, or no worker starts, the attempt is
//! given back, and what failed together is read again one by one.

use std::collections::BTreeMap;

use tessera_defence::{defence, defended};
use tessera_model::crdt::worker::{ClaimedChange, Outcome as Tried, Request, Response};
use tessera_model::documents::Kind;
use tessera_model::guard::{Limits, scan};
use tessera_protocol::codec::Wire;
use tessera_protocol::header::{Header, PackKind};
use tessera_protocol::ids::{DeviceId, DocumentId, KeyId, PackId};
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::Verified;
use tessera_vault::content::Leaf;
use tessera_vault::ids::{Audience, document};
use tessera_vault::items::{Acknowledgement, Change, Grant, Item, Outcome};
use tessera_vault::seal::{OpenError, open};
use tessera_vault::welcome::open_welcome;

use crate::arrivals::{self, Held};
use crate::chains;
use crate::core::{Core, meta};
use crate::document::{actor, constants};
use crate::doubled;
use crate::error::EngineError;
use crate::notices::Notice;
use crate::receive::parked;
use crate::records::{ChangeRecord, DocumentRecord, PackRecord, Stage, all, get, put};
use crate::store::{Table, Transaction};

/// Packs that are read in one transaction.
pub(crate) const BATCH: usize = 128;

impl Core {
    /// Takes the next packs to be read, at most `most`, and counts the attempt. A pack that was tried before comes alone.
    pub(crate) fn begin_batch(
        &mut self,
        tx: &mut dyn Transaction,
        most: usize,
    ) -> Result<Vec<PackId>, EngineError> {
        let mut batch = Vec::new();
        for (key, _) in tx.scan(Table::Parked, &[parked::READY], None, most)? {
            let Some(id) = key.last_chunk::<32>().map(|id| PackId(*id)) else { continue };
            let Some(mut record) = get::<PackRecord>(tx, Table::PackStates, &id.0)? else {
                tx.delete(Table::Parked, &key)?;
                continue;
            };
            if record.attempts >= 2 {
                tx.delete(Table::Parked, &key)?;
                record.stage = Stage::Crashed;
                put(tx, Table::PackStates, &id.0, &record)?;
                continue;
            }
            if record.attempts == 1 && !batch.is_empty() {
                break;
            }
            record.attempts += 1;
            put(tx, Table::PackStates, &id.0, &record)?;
            batch.push(id);
            if record.attempts == 2 {
                break;
            }
        }
        Ok(batch)
    }

    /// Takes back the attempt that was counted for a batch: what failed was not the reading.
    pub(crate) fn take_back_attempt(
        &mut self,
        tx: &mut dyn Transaction,
        batch: &[PackId],
    ) -> Result<(), EngineError> {
        for id in batch {
            if let Some(mut record) = get::<PackRecord>(tx, Table::PackStates, &id.0)? {
                record.attempts = record.attempts.saturating_sub(1);
                put(tx, Table::PackStates, &id.0, &record)?;
            }
        }
        Ok(())
    }

    /// Reads the packs of a batch and stores what they hold.
    pub(crate) fn finish_batch(
        &mut self,
        tx: &mut dyn Transaction,
        batch: &[PackId],
    ) -> Result<(), EngineError> {
        for id in batch {
            let (Some(pack), Some(mut record)) =
                (get::<Pack>(tx, Table::Packs, &id.0)?, get::<PackRecord>(tx, Table::PackStates, &id.0)?)
            else {
                continue;
            };
            let Some(key) = self.known.gathering.key(record.device).copied() else { continue };
            let stage = match pack.verify(&key) {
                Ok(pack) => self.read(tx, *id, &pack)?,
                Err(_) => Stage::Refused,
            };
            for rank in [0, 1] {
                tx.delete(Table::Parked, &[&[parked::READY, rank][..], &id.0].concat())?;
            }
            record.stage = stage;
            record.attempts = if stage == Stage::Received { record.attempts } else { 0 };
            match stage {
                Stage::Received => {
                    tx.put(Table::Parked, &[&[parked::READY, 1][..], &id.0].concat(), &[])?;
                }
                Stage::Refused => {
                    Notice::Refused { pack: *id, device: record.device, code: "contents".into() }.keep(tx)?;
                }
                _ => {}
            }
            put(tx, Table::PackStates, &id.0, &record)?;
        }
        Ok(())
    }

    fn read(
        &mut self,
        tx: &mut dyn Transaction,
        id: PackId,
        pack: &Verified<Pack>,
    ) -> Result<Stage, EngineError> {
        match pack.header().kind {
            PackKind::Welcome => self.read_welcome(tx, pack),
            PackKind::Items => self.read_items(tx, id, pack),
            _ => Ok(Stage::Opened),
        }
    }

    fn read_welcome(
        &mut self,
        tx: &mut dyn Transaction,
        pack: &Verified<Pack>,
    ) -> Result<Stage, EngineError> {
        let header = pack.header();
        let Some(audience) = self.audience(header.stream) else { return Ok(Stage::Refused) };
        let Ok(welcome) = open_welcome(&self.secret, pack) else { return Ok(Stage::NotForUs) };
        let given: Vec<DeviceId> = welcome.to.iter().map(tessera_protocol::device::Device::id).collect();
        for grant in &welcome.grants {
            let Some(of) = grant.audience() else { continue };
            let fits = match (audience, of) {
                (Audience::To(_), of) => !matches!(of, Audience::Reviews(_) | Audience::Desk(_)),
                (Audience::Reviews(member), Audience::Reviews(other)) => member == other,
                (Audience::Desk(member), _) => member == self.about.member,
                _ => false,
            };
            if fits && self.names(grant, of) {
                let own = self.writes(header.device, of);
                self.learn(tx, grant, own, &given)?;
            }
        }
        Ok(Stage::Opened)
    }

    /// True where a grant's stream is the stream of its audience, as far as this device can compute it.
    fn names(&self, grant: &Grant, of: Audience) -> bool {
        match (of.public(), &self.known.id_key) {
            (Some(stream), _) => stream.id(self.programme()) == grant.stream,
            (None, Some(key)) => of.id(self.programme(), key) == grant.stream,
            (None, None) => true,
        }
    }

    /// True where a device is a writer of an audience's stream, so that a key of its making may be used.
    fn writes(&self, device: DeviceId, audience: Audience) -> bool {
        let Some(reader) = self.known.access.reader(device) else { return false };
        match audience {
            Audience::Reviews(member) | Audience::Desk(member) => reader.member == member,
            Audience::Intake => false,
            _ => reader.coordinator,
        }
    }

    /// Keeps a key, and lets packs that waited for it be read. Of a stream that this device forgot it keeps none: its
    /// member's other device would be given what it lacks, forget it and be given it again without end.
    pub(crate) fn learn(
        &mut self,
        tx: &mut dyn Transaction,
        grant: &Grant,
        by_writer: bool,
        given: &[DeviceId],
    ) -> Result<(), EngineError> {
        if self.is_forgotten(tx, grant.stream)?
            || !self.known.keys.learn(tx, grant, by_writer, given.iter().copied())?
        {
            return Ok(());
        }
        let prefix = [&[parked::KEYLESS][..], &grant.key.id().0].concat();
        for (key, _) in all::<EmptyRecord>(tx, Table::Parked, &prefix)? {
            tx.delete(Table::Parked, &key)?;
            if let Some(id) = key.last_chunk::<32>() {
                tx.put(Table::Parked, &[&[parked::READY, 1][..], id].concat(), &[])?;
            }
        }
        Ok(())
    }

    fn read_items(
        &mut self,
        tx: &mut dyn Transaction,
        id: PackId,
        pack: &Verified<Pack>,
    ) -> Result<Stage, EngineError> {
        let header = pack.header();
        let Some(key) = self.known.keys.get(header.stream, header.key) else {
            return self.wait_for_key(tx, id, header.key);
        };
        let programme = header.programme;
        let limits = Limits::default();
        let leaf = |change: &Change| {
            let scanned = scan(&change.bytes, &limits).ok()?;
            let document = document(programme, header.stream, change.kind, &change.subject);
            Some(Leaf { document, hash: *scanned.hash() })
        };
        let content = match open(&key.grant.key, pack).and_then(|opened| opened.check(leaf)) {
            Ok(content) => content,
            Err(OpenError::Suite(_) | OpenError::Failed | OpenError::ContentRoot) => {
                return Ok(Stage::Refused);
            }
        };
        let Some(audience) = self.audience(header.stream) else { return Ok(Stage::Refused) };
        let mut documents: BTreeMap<DocumentId, Vec<Change>> = BTreeMap::new();
        for item in content.into_items() {
            match item {
                Item::Change(change) => {
                    if !defence!(G18, crate::document::belongs(change.kind, &audience)) {
                        return Ok(Stage::Refused);
                    }
                    let document = document(programme, header.stream, change.kind, &change.subject);
                    documents.entry(document).or_default().push(change);
                }
                Item::Grant(grant) => self.read_grant(tx, header, &audience, &grant)?,
                Item::Acknowledgement(acknowledgement) => {
                    if audience == Audience::To(self.about.member) {
                        self.read_acknowledgement(tx, &acknowledgement)?;
                    }
                }
                Item::Decision(decision) => {
                    if audience == Audience::Office {
                        crate::decisions::keep(tx, id, &decision)?;
                        self.note_decision(tx, &decision)?;
                    }
                }
                Item::Release(_) | Item::Unknown { .. } => {}
            }
        }
        let kinds = documents.values().filter_map(|changes| changes.first());
        let held = Held::of(kinds.map(|change| Kind::from_code(change.kind)));
        for (document, changes) in documents {
            if !self.try_changes(tx, id, header, document, &changes)? {
                return Ok(Stage::Received);
            }
        }
        arrivals::hold(tx, id, held)?;
        Ok(Stage::Opened)
    }

    fn wait_for_key(&self, tx: &mut dyn Transaction, id: PackId, key: KeyId) -> Result<Stage, EngineError> {
        if !defended!(I04) {
            return Ok(Stage::Refused);
        }
        tx.put(Table::Parked, &[&[parked::KEYLESS][..], &key.0, &id.0].concat(), &[])?;
        Ok(Stage::NoKey)
    }

    fn read_grant(
        &mut self,
        tx: &mut dyn Transaction,
        header: &Header,
        audience: &Audience,
        grant: &Grant,
    ) -> Result<(), EngineError> {
        if grant.kind == crate::people::ID_KEY_KIND && *audience == Audience::Keys {
            return self.keep_id_key(tx, tessera_vault::ids::IdKey::from_bytes(grant.key.expose()));
        }
        let Some(of) = grant.audience() else { return Ok(()) };
        if !self.names(grant, of) {
            return Ok(());
        }
        let mut given: Vec<DeviceId> = match audience {
            Audience::To(member) => self.devices_of(*member).collect(),
            Audience::Keys => self.readers(&Audience::Keys).into_iter().collect(),
            _ => return Ok(()),
        };
        // Whoever holds the key that seals the grant holds what is granted, also who was removed since.
        let sealed_with = self.known.keys.get(header.stream, header.key);
        given.extend(sealed_with.iter().flat_map(|record| record.given.iter().copied()));
        let by_writer = self.writes(header.device, of);
        self.learn(tx, grant, by_writer, &given)
    }

    /// What a coordinator's device says of this member's packs: they leave the outbox.
    fn read_acknowledgement(
        &mut self,
        tx: &mut dyn Transaction,
        acknowledgement: &Acknowledgement,
    ) -> Result<(), EngineError> {
        for (chain, _) in acknowledgement.frontier.chains() {
            for id in chains::inside(tx, *chain, &acknowledgement.frontier)? {
                if let Some(mut record) = get::<PackRecord>(tx, Table::PackStates, &id.0)? {
                    if record.outcome.is_none() {
                        record.outcome = Some(Outcome::Counted);
                        put(tx, Table::PackStates, &id.0, &record)?;
                    }
                    self.unqueue(tx, id, &record)?;
                }
            }
        }
        for (id, outcome) in acknowledgement.outcomes.iter() {
            if let Some(mut record) = get::<PackRecord>(tx, Table::PackStates, &id.0)? {
                record.outcome = Some(*outcome);
                put(tx, Table::PackStates, &id.0, &record)?;
                self.unqueue(tx, *id, &record)?;
            }
        }
        for (document, outcome) in acknowledgement.documents.iter() {
            put(tx, Table::Outcomes, &[&b"document"[..], &document.0].concat(), outcome)?;
        }
        Ok(())
    }

    /// Tries a pack's changes of one document; false where the worker ended.
    fn try_changes(
        &mut self,
        tx: &mut dyn Transaction,
        id: PackId,
        header: &Header,
        document: DocumentId,
        changes: &[Change],
    ) -> Result<bool, EngineError> {
        let Some(first) = changes.first() else { return Ok(true) };
        let Some(author) = self.known.gathering.key(header.device).copied() else { return Ok(true) };
        let applied = all::<ChangeRecord>(tx, Table::Changes, &document.0)?;
        let claimed = |record: &ChangeRecord| -> Option<ClaimedChange> {
            let key = self.known.gathering.key(record.origin.device)?;
            Some(ClaimedChange { actor: actor(key, record.origin.incarnation), bytes: record.bytes.to_vec() })
        };
        let mut request = Request {
            constants: constants(tx, self, first.kind)?,
            applied: applied.iter().filter_map(|(_, record)| claimed(record)).collect(),
            incoming: changes
                .iter()
                .map(|change| ClaimedChange {
                    actor: actor(&author, change.incarnation),
                    bytes: change.bytes.to_vec(),
                })
                .collect(),
        };
        let mut outcomes = match self.worker.run(&request).map_err(EngineError::NoWorker)? {
            Response::Done(outcomes) => outcomes,
            Response::Failed(_) | Response::Crashed => return Ok(false),
        };
        let taken = |outcome: &Tried| matches!(outcome, Tried::Applied | Tried::Known);
        if !outcomes.iter().all(taken) && leave_other_sides(&mut request) {
            // What has one number with something else here is tried on its own side.
            outcomes = match self.worker.run(&request).map_err(EngineError::NoWorker)? {
                Response::Done(outcomes) => outcomes,
                Response::Failed(_) | Response::Crashed => return Ok(false),
            };
        }
        let record =
            DocumentRecord { stream: header.stream, kind: first.kind, subject: first.subject.clone() };
        put(tx, Table::Documents, &document.0, &record)?;
        for (change, outcome) in changes.iter().zip(outcomes) {
            // What builds on something that is not here yet waits for it, however long that takes.
            let waits = defended!(I01) && defended!(I03) && defended!(I05);
            let lost = matches!(outcome, Tried::Parked(_)) && !waits;
            if lost || matches!(outcome, Tried::Refused(_)) {
                Notice::Refused { pack: id, device: header.device, code: "change".into() }.keep(tx)?;
                continue;
            }
            let Ok(scanned) = scan(&change.bytes, &Limits::default()) else { continue };
            let place = [&document.0[..], scanned.hash()].concat();
            let known = get::<ChangeRecord>(tx, Table::Changes, &place)?;
            let mut record = known.unwrap_or_else(|| {
                ChangeRecord::unsealed(header.device, change.incarnation, change.bytes.clone())
            });
            record.origin.came_in(id);
            put(tx, Table::Changes, &place, &record)?;
        }
        self.after_change(tx, document)?;
        Ok(true)
    }

    /// Keeps the id key as soon as it is known. Genesis makes the only one: no later word replaces it.
    pub(crate) fn keep_id_key(
        &mut self,
        tx: &mut dyn Transaction,
        key: tessera_vault::ids::IdKey,
    ) -> Result<(), EngineError> {
        if self.known.id_key.is_some() {
            return Ok(());
        }
        tx.put(Table::Meta, meta::ID_KEY, &zeroize::Zeroizing::new(key.to_bytes()))?;
        self.known.id_key = Some(key);
        Ok(())
    }
}

/// Takes out of what a document has the other side of what is tried on it; false where there is none.
fn leave_other_sides(request: &mut Request) -> bool {
    let limits = Limits::default();
    let read =
        |change: &ClaimedChange| scan(&change.bytes, &limits).ok().map(|scanned| (*scanned.hash(), scanned));
    let has: BTreeMap<_, _> = request.applied.iter().filter_map(read).collect();
    let new: BTreeMap<_, _> = request.incoming.iter().filter_map(read).collect();
    let ground = doubled::ground(
        &has.iter().map(|(hash, scanned)| (*hash, scanned)).collect(),
        &new.iter().map(|(hash, scanned)| (*hash, scanned)).collect(),
    );
    let before = request.applied.len();
    request.applied.retain(|change| read(change).is_some_and(|(hash, _)| ground.contains(&hash)));
    request.applied.len() < before
}

/// A record without contents.
struct EmptyRecord;
impl Wire for EmptyRecord {
    fn write(&self, _: &mut tessera_protocol::codec::Writer) {}
    fn read(
        _: &mut tessera_protocol::codec::Reader<'_>,
    ) -> Result<Self, tessera_protocol::codec::DecodeError> {
        Ok(Self)
    }
}
