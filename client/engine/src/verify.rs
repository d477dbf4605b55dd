//! Packs are the record, everything else follows from them: `verify` works it out a second time, in memory,
//! and compares; `repair` puts what was worked out in the place of what is wrong. Neither sends anything, and
//! packs that are whole, the outbox, what waits to be sealed and keys that are here alone are never touched.
//! Full-text search is not compared; a repair builds it again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use tessera_protocol::codec::Wire;
use tessera_protocol::ids::{DeviceId, DocumentId, KeyId, PackId};
use tessera_protocol::pack::Pack;
use tessera_protocol::stream::Stream;

use crate::core::{Core, Known, meta};
use crate::decisions::UNSEALED;
use crate::digest::BATCH;
use crate::document::CRITERIA;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::keyring::Keyring;
use crate::notices::Notice;
use crate::pages;
use crate::receive::{Road, parked};
use crate::records::{
    ChangeRecord, KeyRecord, PackRecord, PendingEntry, PendingRecord, Stage, all, each, get, put,
};
use crate::store::{MemoryStore, Store, Table, Transaction};

/// Something that is not as the packs say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What is the matter: a kebab-case code.
    pub code: &'static str,
    /// The pack, document, stream or table that it is about, as hexadecimal or a word; never content.
    pub about: String,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Packs that were read again.
    pub packs: usize,
    /// Documents that followed from them.
    pub documents: usize,
    /// Changes in these.
    pub changes: usize,
    /// What is not as the packs say.
    pub differences: Vec<Difference>,
}

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repaired {
    /// What had been found before.
    pub found: Report,
    /// What is still wrong afterwards.
    pub left: Vec<Difference>,
    /// Damaged packs that were put away, so that whole ones can take their place.
    pub put_away: Vec<PackId>,
    /// Of these, packs of this device that no relay is known to hold: what was in them is lost unless a
    /// coordinator or a bundle has it.
    pub lost: Vec<PackId>,
    /// True where the next exchange asks for everything that is missing here.
    pub asks_again: bool,
}

/// Who is told how many packs were read again, and of how many. A break ends it, and nothing was changed.
pub type Tell<'a> = &'a mut dyn FnMut(usize, usize) -> ControlFlow<()>;

impl<S: Store> Engine<S> {
    /// Works everything out from the packs again and compares.
    ///
    /// # Errors
    /// [`EngineError`], where the store cannot be read.
    pub fn verify(&mut self) -> Result<Report, EngineError> {
        self.verify_told(&mut |_, _| ControlFlow::Continue(()))
    }

    /// As [`Engine::verify`], saying how far it is.
    ///
    /// # Errors
    /// As [`Engine::verify`]; [`EngineError::Cancelled`].
    pub fn verify_told(&mut self, tell: Tell<'_>) -> Result<Report, EngineError> {
        self.act(|core, tx| core.verify(tx, tell))
    }

    /// Puts what follows from the packs in the place of what is wrong, and asks again for what is missing.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn repair(&mut self) -> Result<Repaired, EngineError> {
        self.repair_told(&mut |_, _| ControlFlow::Continue(()))
    }

    /// As [`Engine::repair`], saying how far it is: everything is read twice. Once something was put right, it goes on to
    /// its end.
    ///
    /// # Errors
    /// As [`Engine::repair`]; [`EngineError::Cancelled`].
    pub fn repair_told(&mut self, tell: Tell<'_>) -> Result<Repaired, EngineError> {
        let mut repaired = self.act(|core, tx| core.repair(tx, &mut |done, of| tell(done, of * 2)))?;
        self.digest()?;
        let left = self.verify_told(&mut |done, of| {
            let _ = tell(of + done, of * 2);
            ControlFlow::Continue(())
        })?;
        repaired.left = left.differences;
        Ok(repaired)
    }
}

impl Core {
    pub(crate) fn verify(&mut self, tx: &mut dyn Transaction, tell: Tell<'_>) -> Result<Report, EngineError> {
        let mut memory = MemoryStore::default();
        self.recompute(tx, &mut memory, tell, |core, tx, again, unread| core.compare(tx, again, unread))
    }

    /// Works everything out again in a store in memory, and lets `look` see both. This device's knowledge is put
    /// back afterwards, whatever happened.
    fn recompute<T>(
        &mut self,
        tx: &mut dyn Transaction,
        memory: &mut MemoryStore,
        tell: Tell<'_>,
        look: impl FnOnce(&mut Self, &mut dyn Transaction, &Again<'_>, Vec<PackId>) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let (packs, unread) = self.whole_packs(tx)?;
        memory.transaction(|again| {
            let fresh = Known::load(again, &self.about)?;
            let kept = std::mem::replace(&mut self.known, fresh);
            let worked_out = self.work_out(again, packs, &kept.keys, tell);
            let fresh = std::mem::replace(&mut self.known, kept);
            worked_out?;
            look(self, tx, &Again { tx: again, known: &fresh }, unread)
        })
    }

    /// The packs whose bytes are what their id says, public ones first; and the ids of all others.
    fn whole_packs(&self, tx: &dyn Transaction) -> Result<(Vec<Pack>, Vec<PackId>), EngineError> {
        let (mut packs, mut unread) = (Vec::new(), Vec::new());
        each(tx, Table::Packs, &[], |key, value| {
            let Some(id) = key.last_chunk::<32>().map(|id| PackId(*id)) else { return Ok(()) };
            match Pack::from_bytes(&value) {
                Ok(pack) if pack.id() == id && pack.header().programme == self.programme() => {
                    packs.push(pack);
                }
                _ => unread.push(id),
            }
            Ok(())
        })?;
        let public = Stream::Public.id(self.programme());
        packs.sort_by_key(|pack| (pack.header().stream != public, pack.header().number));
        Ok((packs, unread))
    }

    fn work_out(
        &mut self,
        again: &mut dyn Transaction,
        packs: Vec<Pack>,
        held: &Keyring,
        tell: Tell<'_>,
    ) -> Result<(), EngineError> {
        let public = Stream::Public.id(self.programme());
        let of = packs.len();
        // What is public holds nothing to be opened.
        let mut done = packs.iter().filter(|pack| pack.header().stream == public).count();
        self.receive(again, packs.into_iter().map(|pack| (pack, Road::Bundle)), None)?;
        loop {
            if tell(done.min(of), of).is_break() {
                return Err(EngineError::Cancelled);
            }
            let batch = self.begin_batch(again, BATCH)?;
            if !batch.is_empty() {
                done += batch.len();
                self.finish_batch(again, &batch)?;
            } else if !self.lend(again, held)? {
                return Ok(());
            }
        }
    }

    /// A key whose pack is damaged or was put away is here alone: what it seals is read with it. A key's id is a
    /// commitment to it, so that it cannot be another one. False where nothing waits for such a key.
    fn lend(&mut self, again: &mut dyn Transaction, held: &Keyring) -> Result<bool, EngineError> {
        let mut wanted = BTreeSet::new();
        each(again, Table::Parked, &[parked::KEYLESS], |key, _| {
            wanted.extend(key.get(1..33).and_then(|id| id.first_chunk().copied()).map(KeyId));
            Ok(())
        })?;
        let mut lent = false;
        for (stream, id, record) in held.iter() {
            if !wanted.contains(&id) || self.known.keys.get(stream, id).is_some() {
                continue;
            }
            let given: Vec<DeviceId> = record.given.iter().copied().collect();
            self.learn(again, &record.grant, record.by_writer, &given)?;
            lent = true;
        }
        Ok(lent)
    }

    fn compare(
        &mut self,
        tx: &mut dyn Transaction,
        again: &Again<'_>,
        unread: Vec<PackId>,
    ) -> Result<Report, EngineError> {
        let tx = &*tx;
        let mut found = Found::default();
        for id in &unread {
            found.note("pack-damaged", id.to_string());
        }
        if self.known.permission != again.known.permission {
            found.note("permission", "permission".into());
        }
        let packs = states(tx, again, &mut found)?;
        entries(tx, again, Table::Chains, "chain", &mut found)?;
        entries(tx, again, Table::Openings, "opening", &mut found)?;
        self.compare_keys(tx, again, &mut found)?;
        let changes = changes(tx, again, &mut found)?;
        let documents = documents(tx, again, &mut found)?;
        decisions(tx, again, &mut found)?;
        if tx.get(Table::Meta, CRITERIA)?.unwrap_or_default()
            != again.tx.get(Table::Meta, CRITERIA)?.unwrap_or_default()
        {
            found.note("criteria", "criteria".into());
        }
        if let Some(key) = again.tx.get(Table::Meta, meta::ID_KEY)?
            && tx.get(Table::Meta, meta::ID_KEY)?.as_ref() != Some(&key)
        {
            found.note("id-key", "id-key".into());
        }
        found.0.sort();
        found.0.dedup();
        Ok(Report { packs, documents, changes, differences: found.0 })
    }

    /// Compares keys. Those of a stream that this device forgot on purpose are not missed.
    fn compare_keys(
        &self,
        tx: &dyn Transaction,
        again: &Again<'_>,
        found: &mut Found,
    ) -> Result<(), EngineError> {
        let here = raw(tx, Table::Keys)?;
        for (key, value) in &here {
            match KeyRecord::from_bytes(value) {
                Ok(record) if key.ends_with(&record.grant.key.id().0) => {}
                _ => found.note("key-damaged", hex(&key[..key.len().min(16)])),
            }
        }
        for (key, fresh) in all::<KeyRecord>(again.tx, Table::Keys, &[])? {
            if !here.contains_key(&key) && !self.is_forgotten(tx, fresh.grant.stream)? {
                found.note("key-missing", hex(&key[..key.len().min(16)]));
            }
        }
        Ok(())
    }

    fn repair(&mut self, tx: &mut dyn Transaction, tell: Tell<'_>) -> Result<Repaired, EngineError> {
        let mut memory = MemoryStore::default();
        let mut repaired = self.recompute(tx, &mut memory, tell, |core, tx, again, unread| {
            let mut repaired = Repaired::default();
            for id in core.bad_packs(tx, again, &unread)? {
                core.put_away(tx, id, &mut repaired)?;
            }
            repaired.found = core.compare(tx, again, unread)?;
            core.put_back(tx, again)?;
            Ok(repaired)
        })?;
        self.known = Known::load(tx, &self.about)?;
        self.untold.act.everything = true;
        let ids: Vec<DocumentId> = all::<crate::records::DocumentRecord>(tx, Table::Documents, &[])?
            .into_iter()
            .filter_map(|(key, _)| key.first_chunk::<16>().map(|id| DocumentId(*id)))
            .collect();
        for id in ids {
            self.after_change(tx, id)?;
        }
        repaired.asks_again = !repaired.put_away.is_empty() || self.lacks_packs(tx)?;
        if repaired.asks_again {
            tx.put(Table::Meta, meta::REFILL, &[1])?;
        }
        Ok(repaired)
    }

    /// Packs whose bytes are damaged, and packs that nobody signed as they are.
    fn bad_packs(
        &self,
        tx: &dyn Transaction,
        again: &Again<'_>,
        unread: &[PackId],
    ) -> Result<BTreeSet<PackId>, EngineError> {
        let mut bad: BTreeSet<PackId> = unread.iter().copied().collect();
        for (_, notice) in all::<Notice>(again.tx, Table::Notices, &[])? {
            if let Notice::Refused { pack, code, .. } = notice
                && code == "bad-signature"
                && tx.get(Table::Packs, &pack.0)?.is_some()
            {
                bad.insert(pack);
            }
        }
        Ok(bad)
    }

    fn put_away(
        &self,
        tx: &mut dyn Transaction,
        id: PackId,
        repaired: &mut Repaired,
    ) -> Result<(), EngineError> {
        let record = get::<PackRecord>(tx, Table::PackStates, &id.0)?;
        if let Some(record) = record {
            self.unqueue(tx, id, &record)?;
            if record.own && !record.held && record.outcome.is_none() {
                repaired.lost.push(id);
            }
        }
        tx.delete(Table::Packs, &id.0)?;
        tx.delete(Table::PackStates, &id.0)?;
        repaired.put_away.push(id);
        Ok(())
    }

    /// Writes what was worked out over what is there.
    fn put_back(&self, tx: &mut dyn Transaction, again: &Again<'_>) -> Result<(), EngineError> {
        let waiting = pending_changes(tx)?;
        for (key, fresh) in all::<PackRecord>(again.tx, Table::PackStates, &[])? {
            let old = tx.get(Table::PackStates, &key)?.and_then(|bytes| PackRecord::from_bytes(&bytes).ok());
            let merged = match old {
                Some(old) => PackRecord {
                    held: old.held,
                    received_ms: old.received_ms,
                    outcome: old.outcome.or(fresh.outcome),
                    stage: if fresh.stage == Stage::NotForUs { old.stage } else { fresh.stage },
                    ..fresh
                },
                None => fresh,
            };
            put(tx, Table::PackStates, &key, &merged)?;
            if merged.own
                && !merged.held
                && merged.outcome.is_none()
                && let Some(pack) = key.last_chunk::<32>().and_then(|id| again.pack(*id))
            {
                self.queue(tx, &pack)?;
            }
        }
        replace(tx, again.tx, Table::Chains, |_| false)?;
        replace(tx, again.tx, Table::Openings, |_| false)?;
        let is_waiting = |key: &[u8]| waiting.contains(key);
        replace(tx, again.tx, Table::Changes, is_waiting)?;
        let documents: BTreeSet<Vec<u8>> = waiting.iter().map(|key| key[..16].to_vec()).collect();
        replace(tx, again.tx, Table::Documents, |key| documents.contains(key))?;
        replace(tx, again.tx, Table::Views, |key| {
            key.get(2..18).is_some_and(|document| documents.contains(document))
        })?;
        replace(tx, again.tx, Table::Contents, pages::is_of_a_file)?;
        for document in documents.iter().filter_map(|key| key.first_chunk()) {
            self.keep_contents(tx, DocumentId(*document))?;
        }
        replace(tx, again.tx, Table::Decisions, |key| key.starts_with(&UNSEALED.0))?;
        replace(tx, again.tx, Table::Parked, |key| key.first() == Some(&parked::UNKNOWN))?;
        for (key, fresh) in all::<KeyRecord>(again.tx, Table::Keys, &[])? {
            // Whoever was given a key before it was removed is known here alone.
            let old = tx.get(Table::Keys, &key)?.and_then(|bytes| KeyRecord::from_bytes(&bytes).ok());
            let forgotten = self.is_forgotten(tx, fresh.grant.stream)?;
            if !forgotten && old.is_none_or(|old| old.grant != fresh.grant) {
                put(tx, Table::Keys, &key, &fresh)?;
            }
        }
        let outcomes = again.entries(Table::Outcomes)?;
        for (key, value) in outcomes {
            if tx.get(Table::Outcomes, &key)?.is_none() {
                tx.put(Table::Outcomes, &key, &value)?;
            }
        }
        for key in [CRITERIA, meta::ID_KEY] {
            if let Some(value) = again.tx.get(Table::Meta, key)? {
                tx.put(Table::Meta, key, &value)?;
            }
        }
        Ok(())
    }

    pub(crate) fn lacks_packs(&self, tx: &dyn Transaction) -> Result<bool, EngineError> {
        let mut lacks = false;
        each(tx, Table::Packs, &[], |_, value| {
            let pack = Pack::from_bytes(&value)?;
            for previous in pack.header().previous.iter() {
                lacks |= tx.get(Table::Packs, &previous.0)?.is_none();
            }
            Ok(())
        })?;
        Ok(lacks)
    }
}

/// What was worked out again.
struct Again<'a> {
    tx: &'a dyn Transaction,
    known: &'a Known,
}

impl Again<'_> {
    fn entries(&self, table: Table) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, EngineError> {
        raw(self.tx, table)
    }

    fn pack(&self, id: [u8; 32]) -> Option<Pack> {
        get::<Pack>(self.tx, Table::Packs, &id).ok().flatten()
    }
}

#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn note(&mut self, code: &'static str, about: String) {
        self.0.push(Difference { code, about });
    }
}

fn raw(tx: &dyn Transaction, table: Table) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, EngineError> {
    let mut entries = BTreeMap::new();
    each(tx, table, &[], |key, value| {
        entries.insert(key.to_vec(), value);
        Ok(())
    })?;
    Ok(entries)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The places of changes that wait to be sealed.
fn pending_changes(tx: &dyn Transaction) -> Result<BTreeSet<Vec<u8>>, EngineError> {
    let mut places = BTreeSet::new();
    for (_, record) in all::<PendingRecord>(tx, Table::Pending, &[])? {
        if let PendingEntry::Change { document, hash, .. } = record.entry {
            places.insert([&document.0[..], &hash].concat());
        }
    }
    Ok(places)
}

/// Compares the states of packs; gives how many packs there are.
fn states(tx: &dyn Transaction, again: &Again<'_>, found: &mut Found) -> Result<usize, EngineError> {
    let mut here = raw(tx, Table::PackStates)?;
    let fresh = all::<PackRecord>(again.tx, Table::PackStates, &[])?;
    let packs = fresh.len();
    for (key, fresh) in fresh {
        let Some(bytes) = here.remove(&key) else {
            found.note("pack-state-missing", hex(&key));
            continue;
        };
        let Ok(old) = PackRecord::from_bytes(&bytes) else {
            found.note("pack-state-damaged", hex(&key));
            continue;
        };
        // What waits to be read is no difference; what this device wrote it does not read.
        let waits = old.stage == Stage::Received;
        let written = old.own && matches!(fresh.stage, Stage::Opened | Stage::NotForUs);
        let same = PackRecord {
            stage: if waits || written { old.stage } else { fresh.stage },
            attempts: old.attempts,
            held: old.held,
            received_ms: old.received_ms,
            outcome: if fresh.outcome.is_some() == old.outcome.is_some() {
                old.outcome
            } else {
                fresh.outcome
            },
            ..fresh
        };
        if same != old {
            found.note("pack-state", hex(&key));
        }
    }
    for key in here.into_keys() {
        let bytes = tx.get(Table::Packs, &key)?;
        found.note(if bytes.is_some() { "pack-refused" } else { "pack-lost" }, hex(&key));
    }
    Ok(packs)
}

fn entries(
    tx: &dyn Transaction,
    again: &Again<'_>,
    table: Table,
    code: &'static str,
    found: &mut Found,
) -> Result<(), EngineError> {
    let (here, fresh) = (raw(tx, table)?, again.entries(table)?);
    let differs = fresh.iter().any(|(key, value)| here.get(key) != Some(value));
    if differs || here.keys().any(|key| !fresh.contains_key(key)) {
        found.note(code, code.into());
    }
    Ok(())
}

/// Compares changes; gives how many there are.
fn changes(tx: &dyn Transaction, again: &Again<'_>, found: &mut Found) -> Result<usize, EngineError> {
    let (mut here, fresh) = (raw(tx, Table::Changes)?, again.entries(Table::Changes)?);
    let waiting = pending_changes(tx)?;
    for (key, value) in &fresh {
        let document = hex(&key[..key.len().min(16)]);
        match here.remove(key) {
            None => found.note("change-missing", document),
            Some(old) if old == *value => {}
            Some(_) => found.note("change-differs", document),
        }
    }
    for (key, value) in here {
        let unsealed = ChangeRecord::from_bytes(&value).is_ok_and(|change| change.origin.packs.is_empty());
        if !(unsealed && waiting.contains(&key)) {
            found.note("change-without-pack", hex(&key[..key.len().min(16)]));
        }
    }
    Ok(fresh.len())
}

/// Compares documents and their index; gives how many there are.
fn documents(tx: &dyn Transaction, again: &Again<'_>, found: &mut Found) -> Result<usize, EngineError> {
    let waiting: BTreeSet<Vec<u8>> = pending_changes(tx)?.iter().map(|key| key[..16].to_vec()).collect();
    let fresh = again.entries(Table::Documents)?;
    let mut here = raw(tx, Table::Documents)?;
    for (key, value) in &fresh {
        match here.remove(key) {
            None => found.note("document-missing", hex(key)),
            Some(old) if old == *value => {}
            Some(_) => found.note("document-differs", hex(key)),
        }
    }
    for key in here.into_keys().filter(|key| !waiting.contains(key)) {
        found.note("document-without-pack", hex(&key));
    }
    let here = raw(tx, Table::Contents)?;
    for (key, value) in again.entries(Table::Contents)? {
        if !waiting.contains(&key) && here.get(&key) != Some(&value) {
            found.note("contents-differ", hex(&key));
        }
    }
    let mut here = raw(tx, Table::Views)?;
    for key in again.entries(Table::Views)?.into_keys() {
        if here.remove(&key).is_none() {
            found.note("index-missing", hex(key.get(2..18).unwrap_or_default()));
        }
    }
    let kept = |key: &Vec<u8>| key.get(2..18).is_some_and(|document| waiting.contains(document));
    for key in here.into_keys().filter(|key| !kept(key)) {
        found.note("index-without-document", hex(key.get(2..18).unwrap_or_default()));
    }
    Ok(fresh.len())
}

fn decisions(tx: &dyn Transaction, again: &Again<'_>, found: &mut Found) -> Result<(), EngineError> {
    let mut here = raw(tx, Table::Decisions)?;
    for (key, value) in again.entries(Table::Decisions)? {
        if here.remove(&key).as_ref() != Some(&value) {
            found.note("decision-missing", hex(&key[..key.len().min(32)]));
        }
    }
    for key in here.into_keys().filter(|key| !key.starts_with(&UNSEALED.0)) {
        found.note("decision-without-pack", hex(&key[..key.len().min(32)]));
    }
    Ok(())
}

/// Makes a table what it was worked out to be, but for what `kept` names.
fn replace(
    tx: &mut dyn Transaction,
    again: &dyn Transaction,
    table: Table,
    kept: impl Fn(&[u8]) -> bool,
) -> Result<(), EngineError> {
    let (here, fresh) = (raw(tx, table)?, raw(again, table)?);
    for key in here.keys().filter(|key| !fresh.contains_key(*key) && !kept(key)) {
        tx.delete(table, key)?;
    }
    for (key, value) in &fresh {
        if here.get(key) != Some(value) {
            tx.put(table, key, value)?;
        }
    }
    Ok(())
}
