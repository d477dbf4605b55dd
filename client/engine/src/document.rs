//! Documents on this device: built from their constants and from the changes of packs that count, read as
//! records, and edited. A document is a cache; nothing of it is stored but its changes.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::crdt::Document;
use tessera_model::documents::{Call, Kind, Manifest, Read, Record, StreamKind};
use tessera_model::guard::{ActorBytes, ChangeHash, Limits, Scanned, scan};
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{DocumentId, Incarnation, PackId};
use tessera_protocol::signature::PublicKey;
use tessera_vault::ids::{Audience, document as document_id};

use crate::core::Core;
use crate::counting::Counting;
use crate::doubled::{self, Changes};
use crate::error::EngineError;
use crate::records::{ChangeRecord, DocumentRecord, PendingEntry, all, each, get, kind_key, put};
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

/// A document with what was left out of it.
pub struct Opened {
    /// The document, from what counts.
    pub document: Document,
    /// What each change is part of.
    pub packs: BTreeMap<ChangeHash, PackId>,
    /// Packs whose changes do not count at present.
    pub left_out: BTreeSet<PackId>,
}

/// The changes of a document, and which of them are wanted.
struct Source {
    kind: u16,
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
            for pack in change.packs() {
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
        Ok(Some(Self { kind: record.kind, changes, wanted, speakers }))
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

    /// Builds a document; `everything` also takes what does not count.
    pub(crate) fn open_document(
        &self,
        tx: &dyn Transaction,
        id: DocumentId,
        counting: &mut Counting,
        everything: bool,
    ) -> Result<Option<Opened>, EngineError> {
        self.open_document_of(tx, id, |pack| Ok(everything || counting.counts(self, tx, pack, id)?))
    }

    /// Builds a document from the changes of packs that `wanted` names, and what they build on; without both of
    /// two that have one number.
    pub(crate) fn open_document_of(
        &self,
        tx: &dyn Transaction,
        id: DocumentId,
        wanted_pack: impl FnMut(PackId) -> Result<bool, EngineError>,
    ) -> Result<Option<Opened>, EngineError> {
        Ok(self.open_with_sides(tx, id, wanted_pack)?.map(|(opened, _)| opened))
    }

    /// As [`Core::open_document_of`], with each side where changes have one number; none where none have.
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

    fn build(
        &self,
        tx: &dyn Transaction,
        source: &Source,
        chosen: &BTreeSet<ChangeHash>,
    ) -> Result<Opened, EngineError> {
        let mut opened = Opened {
            document: self.empty(tx, source.kind)?,
            packs: BTreeMap::new(),
            left_out: BTreeSet::new(),
        };
        let mut changes = Vec::new();
        for (hash, (change, scanned)) in &source.changes {
            if !chosen.contains(hash) {
                opened.left_out.extend(change.packs());
                continue;
            }
            let speaker = source.speakers.get(hash).copied();
            opened.packs.insert(*hash, speaker.unwrap_or_else(|| change.pack()));
            if let Some(key) = self.known.gathering.key(change.device) {
                changes.push((scanned.clone(), actor(key, change.incarnation)));
            }
        }
        let applied = opened.document.apply_all(&changes);
        applied.map_err(|error| EngineError::Document(error.to_string()))?;
        Ok(opened)
    }

    fn empty(&self, tx: &dyn Transaction, kind: u16) -> Result<Document, EngineError> {
        let constants = constants(tx, self, kind)?;
        let constants: Vec<&[u8]> = constants.iter().map(Vec::as_slice).collect();
        Document::new(&constants, Limits::default()).map_err(|error| EngineError::Document(error.to_string()))
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
        let opened = self.open_document(tx, id, counting, false)?;
        Ok(opened.filter(|opened| !opened.packs.is_empty()).map(|opened| T::read(&opened.document)))
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
        self.must_write()?;
        if !belongs(kind.code(), audience) {
            return Err(EngineError::BadInput(format!("a {} does not belong there", kind.name())));
        }
        let stream = self.stream(audience)?;
        let id = document_id(self.programme(), stream, kind.code(), subject);
        let mut document = match self.open_document(tx, id, &mut Counting::load(tx)?, true)? {
            Some(opened) => opened.document,
            None => self.empty(tx, kind.code())?,
        };
        let actor = actor(&self.secret.public_key(), self.incarnation);
        let changes = edit(&mut document, &actor)?;
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let about = DocumentRecord { stream, kind: kind.code(), subject: subject.to_vec().try_into()? };
        put(tx, Table::Documents, &id.0, &about)?;
        tx.put(Table::Views, &kind_key(kind.code(), subject, id), &[])?;
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

    /// Keeps what follows from a document: full-text search, and the criteria of the call.
    pub(crate) fn after_change(&self, tx: &mut dyn Transaction, id: DocumentId) -> Result<(), EngineError> {
        let Some(opened) = self.open_document(tx, id, &mut Counting::load(tx)?, true)? else { return Ok(()) };
        let Some(record) = get::<DocumentRecord>(tx, Table::Documents, &id.0)? else { return Ok(()) };
        if Kind::from_code(record.kind) == Kind::Manifest {
            let manifest = Manifest::read(&opened.document).value;
            self.list_attachments(tx, id, record.stream, &manifest)?;
            let names: Vec<&str> = manifest.files.values().map(|file| file.name.as_str()).collect();
            return Ok(tx.index(&id.0, &names.join("\n"))?);
        }
        if Kind::from_code(record.kind) == Kind::Call {
            let mut keys = criteria(tx, self)?;
            keys.extend(Call::read(&opened.document).value.criteria());
            let joined: Vec<String> = keys.into_iter().collect();
            tx.put(Table::Meta, CRITERIA, joined.join("\n").as_bytes())?;
            return Ok(());
        }
        let mut text = String::new();
        gather(&opened.document, &mut Vec::new(), &mut text);
        Ok(tx.index(&id.0, &text)?)
    }

    /// The documents of a kind that are here.
    pub(crate) fn documents(
        &self,
        tx: &dyn Transaction,
        kind: Kind,
    ) -> Result<Vec<(DocumentId, DocumentRecord)>, EngineError> {
        let mut ids = Vec::new();
        each(tx, Table::Views, &kind.code().to_be_bytes(), |key, _| {
            ids.extend(key[2..].first_chunk::<16>().map(|id| DocumentId(*id)));
            Ok(())
        })?;
        let mut documents = Vec::new();
        for id in ids {
            if let Some(record) = get::<DocumentRecord>(tx, Table::Documents, &id.0)? {
                documents.push((id, record));
            }
        }
        Ok(documents)
    }
}

fn strings(document: &Document, path: &[&str]) -> Vec<String> {
    let mut strings = Vec::new();
    for key in document.keys(path) {
        let place: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
        for value in document.get_all(&place) {
            strings.extend(value.value.as_str().map(str::to_owned));
        }
    }
    strings
}

/// Collects all words of a document.
fn gather(document: &Document, path: &mut Vec<String>, text: &mut String) {
    let here: Vec<&str> = path.iter().map(String::as_str).collect();
    for word in strings(document, &here) {
        text.push_str(&word);
        text.push('\n');
    }
    if let Some(written) = document.text(&here) {
        text.push_str(&written);
        text.push('\n');
    }
    for child in document.containers(&here) {
        path.push(child);
        gather(document, path, text);
        path.pop();
    }
}
