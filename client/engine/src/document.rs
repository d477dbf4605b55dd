//! Documents on this device: built from their constants and from the changes of packs that count, read as
//! records, and edited. A document is a cache; nothing of it is stored but its changes.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::crdt::{Contents, Document};
use tessera_model::documents::{Call, Kind, Manifest, Read, Record, StreamKind};
use tessera_model::guard::{ActorBytes, ChangeHash, Limits, Scanned, Verdict, scan};
use tessera_protocol::codec::Wire as _;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{DocumentId, Incarnation, PackId};
use tessera_protocol::signature::PublicKey;
use tessera_vault::ids::{Audience, document as document_id};

use crate::contents::{self, Kept, Listed};
use crate::core::Core;
use crate::counting::Counting;
use crate::doubled::{self, Changes};
use crate::error::EngineError;
use crate::records::{ChangeRecord, DocumentRecord, PendingEntry, ViewRecord, all, each, get, kind_key, put};
use crate::store::{Table, Transaction};

/// The actor of a device's changes: the first 16 bytes of `H("actor", signing key, incarnation)`.
#[must_use]
pub fn actor(key: &PublicKey, incarnation: Incarnation) -> ActorBytes {
    hash("actor", &[&key.to_bytes(), &incarnation.0]).prefix()
}

/// What kind of stream an audience is, to the model.
#[must_use]
pub fn stream_kind(audience: &Audience) -> StreamKind {
    match audience {
        Audience::Programme => StreamKind::Programme,
        Audience::Intake => StreamKind::Intake,
        Audience::To(_) => StreamKind::To,
        Audience::Reviews(_) => StreamKind::Reviews,
        Audience::Desk(_) => StreamKind::Desk,
        Audience::File(_) => StreamKind::File,
        Audience::Dossier(..) => StreamKind::Dossier,
        Audience::Panel(..) => StreamKind::Panel,
        Audience::People => StreamKind::People,
        Audience::Office => StreamKind::Office,
        Audience::Keys => StreamKind::Keys,
    }
}

/// True where a document of this kind may live in the stream.
#[must_use]
pub fn belongs(kind: u16, audience: &Audience) -> bool {
    Kind::from_code(kind).allowed_in(stream_kind(audience))
}

/// The constants of a kind of document, as this programme has them.
pub(crate) fn constants(tx: &dyn Transaction, core: &Core, kind: u16) -> Result<Vec<Vec<u8>>, EngineError> {
    let criteria = criteria(tx, core)?;
    let constants = Kind::from_code(kind).constants(criteria.iter().map(String::as_str));
    constants.map_err(|error| EngineError::Document(error.to_string()))
}

pub(crate) const CRITERIA: &[u8] = b"criteria";

/// The keys of all criteria that any revision of the call ever named.
fn criteria(tx: &dyn Transaction, _: &Core) -> Result<BTreeSet<String>, EngineError> {
    let stored = tx.get(Table::Meta, CRITERIA)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&stored).lines().map(str::to_owned).collect())
}

/// A document, built from changes.
pub(crate) struct Opened {
    /// The document.
    pub(crate) document: Document,
    /// What each change is part of.
    pub(crate) packs: BTreeMap<ChangeHash, PackId>,
    /// Packs whose changes do not count at present.
    pub(crate) left_out: BTreeSet<PackId>,
    /// True where every change that is here is in the document.
    pub(crate) whole: bool,
}

/// What a document says, from what counts of it.
pub(crate) struct Reading {
    /// What it says.
    pub(crate) contents: Contents,
    /// What each change is part of.
    pub(crate) packs: BTreeMap<ChangeHash, PackId>,
    /// Packs whose changes do not count at present.
    pub(crate) left_out: BTreeSet<PackId>,
}

/// The changes of a document, and which of them are wanted.
struct Source {
    record: DocumentRecord,
    changes: BTreeMap<ChangeHash, (ChangeRecord, Scanned)>,
    wanted: BTreeSet<ChangeHash>,
    /// By change a pack that makes it wanted.
    speakers: BTreeMap<ChangeHash, PackId>,
}

impl Source {
    fn read(
        tx: &dyn Transaction,
        id: DocumentId,
        mut wanted_pack: impl FnMut(PackId) -> Result<bool, EngineError>,
    ) -> Result<Option<Self>, EngineError> {
        let Some(record) = get::<DocumentRecord>(tx, Table::Documents, &id.0)? else { return Ok(None) };
        let mut changes = BTreeMap::new();
        let limits = Limits::default();
        for (_, change) in all::<ChangeRecord>(tx, Table::Changes, &id.0)? {
            if let Ok(scanned) = scan(&change.bytes, &limits) {
                changes.insert(*scanned.hash(), (change, scanned));
            }
        }
        let (mut wanted, mut speakers) = (BTreeSet::new(), BTreeMap::new());
        let mut next = Vec::new();
        for (hash, (change, _)) in &changes {
            for pack in change.origin.packs() {
                if wanted_pack(pack)? {
                    next.push(*hash);
                    speakers.entry(*hash).or_insert(pack);
                }
            }
        }
        // Whatever an accepted change builds on is accepted with it.
        while let Some(hash) = next.pop() {
            if let Some((_, scanned)) = changes.get(&hash)
                && wanted.insert(hash)
            {
                next.extend(scanned.deps());
            }
        }
        Ok(Some(Self { record, changes, wanted, speakers }))
    }

    fn wanted(&self) -> Changes<'_> {
        let wanted = self.changes.iter().filter(|(hash, _)| self.wanted.contains(*hash));
        wanted.map(|(hash, (_, scanned))| (*hash, scanned)).collect()
    }
}

impl Core {
    pub(crate) fn document_id(
        &self,
        audience: &Audience,
        kind: Kind,
        subject: &[u8],
    ) -> Result<DocumentId, EngineError> {
        Ok(document_id(self.programme(), self.stream(audience)?, kind.code(), subject))
    }

    /// Builds a document to be edited: from everything that is here, whether it counts or not.
    pub(crate) fn open_document(
        &self,
        tx: &dyn Transaction,
        id: DocumentId,
    ) -> Result<Option<Opened>, EngineError> {
        Ok(self.open_with_sides(tx, id, |_| Ok(true))?.map(|(opened, _)| opened))
    }

    /// Builds a document to be edited by whoever has seen these changes alone, and what they build on: from them and from
    /// what this start of this device wrote. What is not here is left out.
    fn open_as_seen(
        &self,
        tx: &dyn Transaction,
        id: DocumentId,
        seen: &[ChangeHash],
    ) -> Result<Option<Opened>, EngineError> {
        let Some(source) = Source::read(tx, id, |_| Ok(true))? else { return Ok(None) };
        let (wanted, me) = (source.wanted(), self.actor());
        let own = wanted.iter().filter(|(_, change)| *change.actor() == me).map(|(hash, _)| *hash);
        let seen = doubled::past(&wanted, seen.iter().copied().chain(own));
        let sound = doubled::without(&wanted, &doubled::doubled(&wanted));
        Ok(Some(self.build(tx, &source, &seen.intersection(&sound).copied().collect())?))
    }

    /// Builds a document from the changes of packs that `wanted` names, and what they build on, without both of two
    /// that have one number; with each side where changes have one number.
    pub(crate) fn open_with_sides(
        &self,
        tx: &dyn Transaction,
        id: DocumentId,
        wanted_pack: impl FnMut(PackId) -> Result<bool, EngineError>,
    ) -> Result<Option<(Opened, Vec<Opened>)>, EngineError> {
        let Some(source) = Source::read(tx, id, wanted_pack)? else { return Ok(None) };
        let wanted = source.wanted();
        let doubled = doubled::doubled(&wanted);
        let opened = self.build(tx, &source, &doubled::without(&wanted, &doubled))?;
        let sides = doubled::sides(&wanted, &doubled);
        let sides: Result<_, _> = sides.iter().map(|side| self.build(tx, &source, side)).collect();
        Ok(Some((opened, sides?)))
    }

    /// What a document says, from what counts of it.
    pub(crate) fn read_document(
        &self,
        tx: &dyn Transaction,
        id: DocumentId,
        counting: &mut Counting,
    ) -> Result<Option<Reading>, EngineError> {
        let wanted = |pack| counting.counts(self, tx, pack, id);
        Ok(self.read_with_sides(tx, id, wanted)?.map(|(reading, _)| reading))
    }

    /// What a document says by the packs that `wanted` names, with each side where changes have one number.
    pub(crate) fn read_with_sides(
        &self,
        tx: &dyn Transaction,
        id: DocumentId,
        wanted: impl FnMut(PackId) -> Result<bool, EngineError>,
    ) -> Result<Option<(Reading, Vec<Reading>)>, EngineError> {
        self.read_kept(tx, id, contents::kept(tx, id)?.as_ref(), wanted)
    }

    /// As [`Core::read_with_sides`], of a document of which the caller has what is kept.
    pub(crate) fn read_kept(
        &self,
        tx: &dyn Transaction,
        id: DocumentId,
        kept: Option<&Kept>,
        mut wanted: impl FnMut(PackId) -> Result<bool, EngineError>,
    ) -> Result<Option<(Reading, Vec<Reading>)>, EngineError> {
        if let Some(kept) = kept
            && let Some(reading) = kept.reading(&mut wanted)?
        {
            return Ok(Some((reading, Vec::new())));
        }
        let Some(record) = get::<DocumentRecord>(tx, Table::Documents, &id.0)? else { return Ok(None) };
        let kind = Kind::from_code(record.kind);
        let Some((opened, sides)) = self.open_with_sides(tx, id, wanted)? else { return Ok(None) };
        let read = |opened: Opened| Reading {
            contents: kind.contents(&opened.document),
            packs: opened.packs,
            left_out: opened.left_out,
        };
        Ok(Some((read(opened), sides.into_iter().map(read).collect())))
    }

    /// Keeps what a document says, and its place in the list of its kind, for the next reader.
    pub(crate) fn keep_contents(
        &self,
        tx: &mut dyn Transaction,
        id: DocumentId,
    ) -> Result<Option<(DocumentRecord, Opened)>, EngineError> {
        let Some(source) = Source::read(tx, id, |_| Ok(true))? else { return Ok(None) };
        let (kind, wanted) = (Kind::from_code(source.record.kind), source.wanted());
        let origins = source.changes.values().map(|(change, _)| &change.origin);
        let starts: BTreeSet<_> = origins.map(|origin| (origin.device, origin.incarnation)).collect();
        let view = ViewRecord { stream: source.record.stream, shared: starts.len() > 1 };
        put(tx, Table::Views, &kind_key(source.record.kind, &source.record.subject, id), &view)?;
        let opened = self.build(tx, &source, &doubled::without(&wanted, &doubled::doubled(&wanted)))?;
        let listed = |(hash, (change, _)): (&ChangeHash, &(ChangeRecord, Scanned))| Listed {
            hash: *hash,
            origin: change.origin.clone(),
        };
        contents::keep(tx, id, kind, &opened, source.changes.iter().map(listed).collect())?;
        Ok(Some((source.record, opened)))
    }

    fn build(
        &self,
        tx: &dyn Transaction,
        source: &Source,
        chosen: &BTreeSet<ChangeHash>,
    ) -> Result<Opened, EngineError> {
        let mut opened = Opened {
            document: self.empty(tx, source.record.kind)?,
            packs: BTreeMap::new(),
            left_out: BTreeSet::new(),
            whole: true,
        };
        let mut changes = Vec::new();
        for (hash, (change, scanned)) in &source.changes {
            if !chosen.contains(hash) {
                opened.left_out.extend(change.origin.packs());
                continue;
            }
            let speaker = source.speakers.get(hash).copied();
            opened.packs.insert(*hash, speaker.unwrap_or_else(|| change.origin.pack()));
            if let Some(key) = self.known.gathering.key(change.origin.device) {
                changes.push((scanned.clone(), actor(key, change.origin.incarnation)));
            }
        }
        let verdicts = opened.document.apply_all(&changes);
        let verdicts = verdicts.map_err(|error| EngineError::Document(error.to_string()))?;
        let applied = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Apply | Verdict::Known));
        opened.whole = applied.count() == source.changes.len();
        Ok(opened)
    }

    /// The empty document of a kind.
    fn empty(&self, tx: &dyn Transaction, kind: u16) -> Result<Document, EngineError> {
        // Made once for each kind, and anew where the call named another criterion.
        let named = match Kind::from_code(kind).has_criteria() {
            true => tx.get(Table::Meta, CRITERIA)?.unwrap_or_default(),
            false => Vec::new(),
        };
        if let Some((of, document)) = self.empties.borrow().get(&kind)
            && *of == named
        {
            return Ok(document.clone());
        }
        let constants = constants(tx, self, kind)?;
        let constants: Vec<&[u8]> = constants.iter().map(Vec::as_slice).collect();
        let document = Document::new(&constants, Limits::default());
        let document = document.map_err(|error| EngineError::Document(error.to_string()))?;
        self.empties.borrow_mut().insert(kind, (named, document.clone()));
        Ok(document)
    }

    /// Reads a record from what counts.
    pub(crate) fn read_record<T: Record>(
        &self,
        tx: &dyn Transaction,
        audience: &Audience,
        subject: &[u8],
        counting: &mut Counting,
    ) -> Result<Option<Read<T>>, EngineError> {
        let id = self.document_id(audience, T::KIND, subject)?;
        let reading = self.read_document(tx, id, counting)?;
        Ok(reading.filter(|reading| !reading.packs.is_empty()).map(|reading| T::read(&reading.contents)))
    }

    /// Writes a record: the difference to what is there, as one change. `outside` where an applicant or
    /// referee wrote the text. Gives the change's hash, or none where nothing differs.
    pub(crate) fn write_record<T: Record>(
        &mut self,
        tx: &mut dyn Transaction,
        audience: &Audience,
        subject: &[u8],
        value: &T,
        outside: bool,
    ) -> Result<Option<ChangeHash>, EngineError> {
        let changes = self.edit(tx, audience, T::KIND, subject, outside, |document, actor| {
            let change = value.write(document, actor);
            Ok(change.map_err(|error| EngineError::BadInput(error.to_string()))?.into_iter().collect())
        })?;
        Ok(changes.into_iter().next())
    }

    /// Edits a document. The changes and their place in the queue are stored together.
    pub(crate) fn edit(
        &mut self,
        tx: &mut dyn Transaction,
        audience: &Audience,
        kind: Kind,
        subject: &[u8],
        outside: bool,
        edit: impl FnOnce(&mut Document, &ActorBytes) -> Result<Vec<Scanned>, EngineError>,
    ) -> Result<Vec<ChangeHash>, EngineError> {
        let (id, about) = self.to_edit(audience, kind, subject)?;
        let opened = self.open_document(tx, id)?;
        self.change(tx, audience, about, outside, opened, edit)
    }

    /// Edits a document as whoever has seen these changes alone, and what they build on: beside what else is here of it,
    /// not after it.
    pub(crate) fn edit_as_seen(
        &mut self,
        tx: &mut dyn Transaction,
        audience: &Audience,
        kind: Kind,
        subject: &[u8],
        seen: &[ChangeHash],
        edit: impl FnOnce(&mut Document, &ActorBytes) -> Result<Vec<Scanned>, EngineError>,
    ) -> Result<Vec<ChangeHash>, EngineError> {
        let (id, about) = self.to_edit(audience, kind, subject)?;
        let opened = self.open_as_seen(tx, id, seen)?;
        self.change(tx, audience, about, false, opened, edit)
    }

    fn to_edit(
        &self,
        audience: &Audience,
        kind: Kind,
        subject: &[u8],
    ) -> Result<(DocumentId, DocumentRecord), EngineError> {
        self.must_write()?;
        if !belongs(kind.code(), audience) {
            return Err(EngineError::BadInput(format!("a {} does not belong there", kind.name())));
        }
        let stream = self.stream(audience)?;
        let about = DocumentRecord { stream, kind: kind.code(), subject: subject.to_vec().try_into()? };
        Ok((document_id(self.programme(), stream, kind.code(), subject), about))
    }

    fn change(
        &mut self,
        tx: &mut dyn Transaction,
        audience: &Audience,
        about: DocumentRecord,
        outside: bool,
        opened: Option<Opened>,
        edit: impl FnOnce(&mut Document, &ActorBytes) -> Result<Vec<Scanned>, EngineError>,
    ) -> Result<Vec<ChangeHash>, EngineError> {
        let mut document = match opened {
            Some(opened) => opened.document,
            None => self.empty(tx, about.kind)?,
        };
        let changes = edit(&mut document, &self.actor())?;
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let id = document_id(self.programme(), about.stream, about.kind, &about.subject);
        put(tx, Table::Documents, &id.0, &about)?;
        let mut hashes = Vec::new();
        for scanned in changes {
            let bytes = scanned.bytes().to_vec().try_into()?;
            let change = ChangeRecord::unsealed(self.device, self.incarnation, bytes);
            put(tx, Table::Changes, &[&id.0[..], scanned.hash()].concat(), &change)?;
            let entry = PendingEntry::Change { outside, document: id, hash: *scanned.hash() };
            self.pend(tx, audience, entry)?;
            hashes.push(*scanned.hash());
        }
        self.after_change(tx, id)?;
        Ok(hashes)
    }

    /// The actor of this start of this device.
    fn actor(&self) -> ActorBytes {
        actor(&self.secret.public_key(), self.incarnation)
    }

    /// Keeps what follows from a document: what it says, full-text search, and the criteria of the call.
    pub(crate) fn after_change(
        &mut self,
        tx: &mut dyn Transaction,
        id: DocumentId,
    ) -> Result<(), EngineError> {
        let Some((record, opened)) = self.keep_contents(tx, id)? else { return Ok(()) };
        self.untold.act.note(&record);
        let kind = Kind::from_code(record.kind);
        if kind == Kind::Manifest {
            let manifest = Manifest::read(&opened.document).value;
            self.list_attachments(tx, id, record.stream, &manifest)?;
            let names: Vec<&str> = manifest.files.values().map(|file| file.name.as_str()).collect();
            return Ok(tx.index(&id.0, &names.join("\n"))?);
        }
        if kind == Kind::Call {
            let mut keys = criteria(tx, self)?;
            keys.extend(Call::read(&opened.document).value.criteria());
            let joined: Vec<String> = keys.into_iter().collect();
            tx.put(Table::Meta, CRITERIA, joined.join("\n").as_bytes())?;
            return Ok(());
        }
        let texts: Vec<String> = texts(&opened.document).into_iter().map(|(_, text)| text).collect();
        Ok(tx.index(&id.0, &texts.join("\n"))?)
    }

    /// The documents of a kind that are here.
    pub(crate) fn documents(
        &self,
        tx: &dyn Transaction,
        kind: Kind,
    ) -> Result<Vec<(DocumentId, DocumentRecord)>, EngineError> {
        let documents = self.views(tx, kind)?.into_iter();
        Ok(documents.map(|(id, record, _)| (id, record)).collect())
    }

    /// The documents of a kind of which changes may stand beside one another.
    pub(crate) fn shared_documents(
        &self,
        tx: &dyn Transaction,
        kind: Kind,
    ) -> Result<Vec<(DocumentId, DocumentRecord)>, EngineError> {
        let documents = self.views(tx, kind)?.into_iter().filter(|(_, _, shared)| *shared);
        Ok(documents.map(|(id, record, _)| (id, record)).collect())
    }

    fn views(
        &self,
        tx: &dyn Transaction,
        kind: Kind,
    ) -> Result<Vec<(DocumentId, DocumentRecord, bool)>, EngineError> {
        let mut documents = Vec::new();
        each(tx, Table::Views, &kind.code().to_be_bytes(), |key, value| {
            let Some((id, subject)) = key[2..].split_first_chunk::<16>() else { return Ok(()) };
            // The list of an earlier version, where the disk took no newer one, says less.
            let view = match ViewRecord::from_bytes(&value) {
                Ok(view) => Some(view),
                Err(_) => get::<DocumentRecord>(tx, Table::Documents, id)?
                    .map(|record| ViewRecord { stream: record.stream, shared: true }),
            };
            let record = |view: &ViewRecord| {
                Ok::<_, EngineError>(DocumentRecord {
                    stream: view.stream,
                    kind: kind.code(),
                    subject: subject.to_vec().try_into()?,
                })
            };
            if let Some(view) = view {
                documents.push((DocumentId(*id), record(&view)?, view.shared));
            }
            Ok(())
        })?;
        Ok(documents)
    }
}

/// Every text of a document, with its place in it.
pub(crate) fn texts(document: &Document) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    gather(document, &mut Vec::new(), &mut found);
    found
}

fn gather(document: &Document, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
    let here: Vec<&str> = path.iter().map(String::as_str).collect();
    for key in document.keys(&here) {
        let place: Vec<&str> = here.iter().copied().chain([key.as_str()]).collect();
        for value in document.get_all(&place) {
            let place = || path.iter().cloned().chain([key.clone()]).collect();
            found.extend(value.value.as_str().map(|text| (place(), text.to_owned())));
        }
    }
    found.extend(document.text(&here).map(|text| (path.clone(), text)));
    for child in document.containers(&here) {
        path.push(child);
        gather(document, path, found);
        path.pop();
    }
}
