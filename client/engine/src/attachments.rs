//! Attachments: sealed files beside the packs. Manifests name them, a device keeps what it was given of their
//! sealed bytes in pieces of a fixed size, in any order, and a file is opened only where all of it is there and
//! is what its manifest names. What is damaged is dropped and named, so that it can come again.
//!
//! Keys in [`Table::Attachments`], by their first byte:
//! ```text
//! I id                 how much is here of it, and which pieces
//! L document id        one entry of a manifest: its stream and its handle
//! R id stream          a relay said that it holds it there
//! ```
//! and in [`Table::AttachmentBytes`]: id, number of the piece (4 bytes, big-endian).
//!
//! The handle in a manifest is [`Sealed`] in the vault's encoding, with an empty name: what a file is called
//! stands beside it, rewritten in a blind rendition. Which relay holds what is a hint that saves bytes; it clears
//! nothing, and one that is wrong is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use tessera_model::documents::Manifest;
use tessera_model::documents::manifest::TYPED;
use tessera_protocol::codec::{Bytes, Wire};
use tessera_protocol::exchange::{Authorisation, Caller, attachment_range, request_bytes};
use tessera_protocol::ids::{ApplicationId, AttachmentId, DocumentId, RelayKey, StreamId};
use tessera_protocol::limits::{ATTACHMENT_BYTES, BODY_BYTES};
use tessera_protocol::signature::PublicKey;
use tessera_protocol::wire;
use tessera_vault::attachment::{
    AttachmentError, AttachmentKey, Checker, Manifest as Sealed, Opener, Sealer, sealed_bytes,
};
use tessera_vault::ids::Audience;
use tessera_vault::text::Text;

use crate::core::Core;
use crate::engine::{Acts, Engine};
use crate::error::EngineError;
use crate::pages;
use crate::reading::Task;
use crate::records::{each, get, put};
use crate::store::{Store, Table, Transaction};

/// Length of a piece, in bytes: what a cut loses at most.
pub const PIECE_BYTES: usize = 32 * 1024;
/// Bytes that hold one bit for each piece of the largest attachment.
const MAP_BYTES: usize = 256;
const _: () = assert!(MAP_BYTES as u64 * 8 * PIECE_BYTES as u64 == ATTACHMENT_BYTES);
/// Sealed bytes that may be here without a manifest that names them, together: what bundles brought out of order.
const UNLISTED_BYTES: u64 = 512 << 20;
/// Contents that are read at a time, in bytes.
const READ_BYTES: usize = 64 * 1024;

const HELD: u8 = b'I';
const LISTED: u8 = b'L';
const AT_RELAY: u8 = b'R';

/// How much of an attachment is here.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    sealed_bytes: u64,
    /// Bit `n % 8` of byte `n / 8` for piece `n`.
    pieces: Bytes<MAP_BYTES>,
}
wire!(Held { sealed_bytes, pieces });

impl Held {
    fn nothing(sealed_bytes: u64) -> Self {
        let count = usize::try_from(pieces(sealed_bytes).div_ceil(8)).unwrap_or(MAP_BYTES).min(MAP_BYTES);
        Self { sealed_bytes, pieces: vec![0; count].try_into().unwrap_or_default() }
    }

    fn has(&self, piece: u64) -> bool {
        let at = usize::try_from(piece / 8).unwrap_or(usize::MAX);
        self.pieces.get(at).is_some_and(|bits| bits & (1 << (piece % 8)) != 0)
    }

    fn add(&mut self, piece: u64) {
        let mut bits = self.pieces.to_vec();
        if let Some(byte) = usize::try_from(piece / 8).ok().and_then(|at| bits.get_mut(at)) {
            *byte |= 1 << (piece % 8);
        }
        self.pieces = bits.try_into().unwrap_or_default();
    }

    /// Where the first piece that is missing starts; the whole length where none is.
    fn prefix(&self) -> u64 {
        let first = (0..pieces(self.sealed_bytes)).find(|piece| !self.has(*piece));
        first.map_or(self.sealed_bytes, |piece| piece * PIECE_BYTES as u64)
    }
}

fn pieces(sealed_bytes: u64) -> u64 {
    sealed_bytes.div_ceil(PIECE_BYTES as u64)
}

/// One entry of a manifest.
pub(crate) struct Listed {
    pub(crate) stream: StreamId,
    pub(crate) sealed: Sealed,
    pub(crate) light: bool,
}
wire!(Listed { stream, sealed, light });

impl Listed {
    /// True for a text that a person typed from another file.
    pub(crate) fn is_typed(&self) -> bool {
        self.light && &*self.sealed.media_type == TYPED
    }
}

/// An attachment that a manifest here names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The stream whose rule it follows.
    pub stream: StreamId,
    /// What the stream is, where this device knows.
    pub audience: Option<Audience>,
    /// Length of the sealed bytes.
    pub sealed_bytes: u64,
    /// How many of them are here from the start without a gap.
    pub held_bytes: u64,
    /// True for a copy that replaces a heavier file, and for what was typed from one.
    pub light: bool,
    /// True for what a person typed from another file.
    pub typed: bool,
    /// True where a relay said that it holds it.
    pub at_relay: bool,
}

impl Attachment {
    /// True where nothing is missing.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.held_bytes == self.sealed_bytes
    }

    /// How many sealed bytes are missing.
    #[must_use]
    pub fn lacking_bytes(&self) -> u64 {
        self.sealed_bytes - self.held_bytes
    }
}

/// Which attachments are to be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fetch {
    /// None.
    Nothing,
    /// Light copies of what this member is to read, which go with the text, and what was typed: of that a coordinator
    /// gets all.
    Light,
    /// Those of what this member is to read, and as with [`Fetch::Light`] what was typed.
    #[default]
    Assigned,
    /// All that this device may have.
    Everything,
}

/// Whether an assignment can be read without a network; a light copy is no file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Readiness {
    /// How many files belong to it.
    pub files: usize,
    /// How many of them are not whole here.
    pub missing_files: usize,
    /// How many sealed bytes are missing.
    pub missing_bytes: u64,
}

fn held_key(id: AttachmentId) -> Vec<u8> {
    [&[HELD][..], &id.0].concat()
}

fn piece_key(id: &[u8; 32], piece: u64) -> Vec<u8> {
    let piece = u32::try_from(piece).unwrap_or(u32::MAX);
    [&id[..], &piece.to_be_bytes()].concat()
}

fn relay_key(id: AttachmentId, stream: StreamId) -> Vec<u8> {
    [&[AT_RELAY][..], &id.0, &stream.0].concat()
}

impl Core {
    /// Keeps what a manifest names; called whenever one changed.
    pub(crate) fn list_attachments(
        &self,
        tx: &mut dyn Transaction,
        document: DocumentId,
        stream: StreamId,
        manifest: &Manifest,
    ) -> Result<(), EngineError> {
        let prefix = [&[LISTED][..], &document.0].concat();
        let mut old = Vec::new();
        each(tx, Table::Attachments, &prefix, |key, _| {
            old.push(key.to_vec());
            Ok(())
        })?;
        for key in &old {
            tx.delete(Table::Attachments, key)?;
        }
        let mut gone: BTreeSet<Vec<u8>> = old.into_iter().collect();
        for file in manifest.files.values() {
            // A handle that this version cannot read names nothing; the file is shown as missing.
            let Ok(sealed) = Sealed::from_bytes(&file.handle) else { continue };
            if sealed_bytes(sealed.size_bytes) == Some(sealed.sealed_bytes) {
                let key = [&prefix[..], &sealed.id.0].concat();
                put(tx, Table::Attachments, &key, &Listed { stream, sealed, light: file.light })?;
                gone.remove(&key);
            }
        }
        for id in gone.iter().filter_map(|key| key.last_chunk::<32>()) {
            pages::forget(tx, AttachmentId(*id))?;
        }
        Ok(())
    }

    /// What all manifests here name.
    pub(crate) fn attachments(&self, tx: &dyn Transaction) -> Result<Vec<Attachment>, EngineError> {
        let mut found: BTreeMap<(StreamId, AttachmentId), Attachment> = BTreeMap::new();
        each(tx, Table::Attachments, &[LISTED], |_, value| {
            let listed = Listed::from_bytes(&value)?;
            let typed = listed.is_typed();
            let Listed { stream, sealed, light } = listed;
            let held = get::<Held>(tx, Table::Attachments, &held_key(sealed.id))?;
            let held = held.filter(|held| held.sealed_bytes == sealed.sealed_bytes);
            let attachment = Attachment {
                id: sealed.id,
                stream,
                audience: self.audience(stream),
                sealed_bytes: sealed.sealed_bytes,
                held_bytes: held.map_or(0, |held| held.prefix()),
                light,
                typed,
                at_relay: tx.get(Table::Attachments, &relay_key(sealed.id, stream))?.is_some(),
            };
            found.insert((stream, sealed.id), attachment);
            Ok(())
        })?;
        Ok(found.into_values().collect())
    }

    /// The manifest entry of an attachment, from any of the manifests that name it.
    fn sealed(&self, tx: &dyn Transaction, id: AttachmentId) -> Result<Option<Sealed>, EngineError> {
        let mut found = None;
        each(tx, Table::Attachments, &[LISTED], |key, value| {
            if key.ends_with(&id.0) {
                found = Some(Listed::from_bytes(&value)?.sealed);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Seals contents and keeps them; gives the handle for a manifest.
    fn seal_attachment(
        &mut self,
        tx: &mut dyn Transaction,
        media_type: &str,
        size_bytes: u64,
        contents: &mut dyn Read,
    ) -> Result<Vec<u8>, EngineError> {
        let too_large = |_| EngineError::BadInput("the file is larger than an attachment may be".into());
        let unreadable = |_| EngineError::BadInput("the file could not be read to its end".into());
        let media_type = Text::try_from(media_type)
            .map_err(|_| EngineError::BadInput("the media type is too long".into()))?;
        let key = AttachmentKey::generate(&mut self.rng);
        let mut sealer = Sealer::new(&key, size_bytes).map_err(too_large)?;
        // The id is known at the end alone; until then the pieces wait under a random one.
        let mut waiting = [0; 32];
        rand_core::Rng::fill_bytes(&mut self.rng, &mut waiting);
        let (mut sealed, mut count) = (Vec::new(), 0);
        let mut buffer = vec![0; READ_BYTES];
        let mut left = size_bytes;
        while left > 0 {
            let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let read = contents.read(&mut buffer[..wanted]).map_err(unreadable)?;
            if read == 0 {
                return Err(EngineError::BadInput("the file is shorter than it was said to be".into()));
            }
            left -= read as u64;
            sealer
                .push(&buffer[..read], &mut sealed)
                .map_err(|_| EngineError::BadInput("the file grew while it was read".into()))?;
            count = keep_pieces(tx, &waiting, count, &mut sealed, false)?;
        }
        let id = sealer
            .finish(&mut sealed)
            .map_err(|_| EngineError::BadInput("the file is shorter than it was said to be".into()))?;
        let count = keep_pieces(tx, &waiting, count, &mut sealed, true)?;
        let sealed_bytes = sealed_bytes(size_bytes).unwrap_or_default();
        let mut held = Held::nothing(sealed_bytes);
        for piece in 0..count {
            let bytes = tx.get(Table::AttachmentBytes, &piece_key(&waiting, piece))?.unwrap_or_default();
            tx.put(Table::AttachmentBytes, &piece_key(&id.0, piece), &bytes)?;
            tx.delete(Table::AttachmentBytes, &piece_key(&waiting, piece))?;
            held.add(piece);
        }
        put(tx, Table::Attachments, &held_key(id), &held)?;
        Ok(Sealed { id, key, size_bytes, sealed_bytes, media_type, name: Text::default() }.to_bytes())
    }

    /// Keeps sealed bytes that came. Only whole pieces count; what is here already is left as it is. True where
    /// nothing is missing afterwards.
    pub(crate) fn take_sealed(
        &self,
        tx: &mut dyn Transaction,
        id: AttachmentId,
        sealed_bytes: u64,
        from: u64,
        bytes: &[u8],
    ) -> Result<bool, EngineError> {
        let end = from.saturating_add(bytes.len() as u64);
        if sealed_bytes > ATTACHMENT_BYTES || end > sealed_bytes || !from.is_multiple_of(PIECE_BYTES as u64) {
            return Err(EngineError::Forged("a piece of an attachment is not where it can be"));
        }
        let held = get::<Held>(tx, Table::Attachments, &held_key(id))?;
        let mut held = match held {
            Some(held) if held.sealed_bytes == sealed_bytes => held,
            Some(_) => {
                self.drop_sealed(tx, id)?;
                Held::nothing(sealed_bytes)
            }
            None => Held::nothing(sealed_bytes),
        };
        let first = from / PIECE_BYTES as u64;
        for (piece, chunk) in (first..).zip(bytes.chunks(PIECE_BYTES)) {
            let whole =
                chunk.len() == PIECE_BYTES || piece * PIECE_BYTES as u64 + chunk.len() as u64 == sealed_bytes;
            if whole && !held.has(piece) {
                tx.put(Table::AttachmentBytes, &piece_key(&id.0, piece), chunk)?;
                held.add(piece);
            }
        }
        put(tx, Table::Attachments, &held_key(id), &held)?;
        Ok(held.prefix() == sealed_bytes)
    }

    /// Forgets the attachments of a stream that is forgotten as a whole.
    pub(crate) fn forget_attachments_of(
        &self,
        tx: &mut dyn Transaction,
        stream: StreamId,
    ) -> Result<(), EngineError> {
        let mut listed = Vec::new();
        each(tx, Table::Attachments, &[LISTED], |key, value| {
            let entry = Listed::from_bytes(&value)?;
            if entry.stream == stream {
                listed.push((key.to_vec(), entry.sealed.id));
            }
            Ok(())
        })?;
        for (key, id) in listed {
            self.drop_sealed(tx, id)?;
            tx.delete(Table::Attachments, &key)?;
        }
        Ok(())
    }

    /// Forgets the sealed bytes of an attachment, and what it says.
    fn drop_sealed(&self, tx: &mut dyn Transaction, id: AttachmentId) -> Result<(), EngineError> {
        pages::forget(tx, id)?;
        let mut keys = Vec::new();
        loop {
            keys.extend(tx.scan(Table::AttachmentBytes, &id.0, None, 64)?.into_iter().map(|(key, _)| key));
            if keys.is_empty() {
                break;
            }
            for key in keys.drain(..) {
                tx.delete(Table::AttachmentBytes, &key)?;
            }
        }
        Ok(tx.delete(Table::Attachments, &held_key(id))?)
    }

    /// Sealed bytes from `from` on, at most `limit`; empty at the end or where a piece is missing.
    pub(crate) fn sealed_piece(
        &self,
        tx: &dyn Transaction,
        id: AttachmentId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<u8>, EngineError> {
        let mut bytes = Vec::new();
        let mut at = from;
        while bytes.len() < limit {
            let piece = tx.get(Table::AttachmentBytes, &piece_key(&id.0, at / PIECE_BYTES as u64))?;
            let skip = usize::try_from(at % PIECE_BYTES as u64).unwrap_or(PIECE_BYTES);
            let rest = piece.as_deref().and_then(|piece| piece.get(skip..)).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let taken = &rest[..rest.len().min(limit - bytes.len())];
            bytes.extend_from_slice(taken);
            at += taken.len() as u64;
        }
        Ok(bytes)
    }

    /// Hands every sealed byte to `each`, in order.
    fn sealed_bytes(
        &self,
        tx: &dyn Transaction,
        id: AttachmentId,
        mut each: impl FnMut(&[u8]) -> Result<(), AttachmentError>,
    ) -> Result<Result<(), AttachmentError>, EngineError> {
        let mut piece = 0;
        while let Some(bytes) = tx.get(Table::AttachmentBytes, &piece_key(&id.0, piece))? {
            if let Err(error) = each(&bytes) {
                return Ok(Err(error));
            }
            piece += 1;
        }
        Ok(Ok(()))
    }

    /// True where all bytes are here and are what the manifest names.
    fn is_whole(&self, tx: &dyn Transaction, sealed: &Sealed) -> Result<bool, EngineError> {
        let Ok(mut checker) = Checker::new(sealed) else { return Ok(false) };
        let read = self.sealed_bytes(tx, sealed.id, |bytes| checker.push(bytes))?;
        Ok(read.is_ok() && checker.finish().is_ok())
    }

    /// Writes the contents to `out`, after all of the sealed bytes were checked.
    fn open_sealed(
        &self,
        tx: &dyn Transaction,
        sealed: &Sealed,
        out: &mut dyn Write,
    ) -> Result<(), EngineError> {
        let damaged = |_| EngineError::DamagedAttachment(sealed.id);
        let mut checker = Checker::new(sealed).map_err(damaged)?;
        self.sealed_bytes(tx, sealed.id, |bytes| checker.push(bytes))?.map_err(damaged)?;
        let whole = checker.finish().map_err(damaged)?;
        let mut opener = Opener::new(&whole);
        let mut written = Ok(());
        let mut contents = zeroize::Zeroizing::new(Vec::with_capacity(2 * READ_BYTES));
        self.sealed_bytes(tx, sealed.id, |bytes| {
            opener.push(bytes, &mut contents)?;
            if written.is_ok() {
                written = out.write_all(&contents);
            }
            contents.clear();
            Ok(())
        })?
        .map_err(damaged)?;
        opener.finish(&mut contents).map_err(damaged)?;
        written.and_then(|()| out.write_all(&contents)).map_err(|_| EngineError::Unwritable)
    }

    /// Which of the attachments that have come whole are not what their manifest names; they are dropped.
    pub(crate) fn check_sealed(
        &self,
        tx: &mut dyn Transaction,
        ids: &BTreeSet<AttachmentId>,
    ) -> Result<Vec<AttachmentId>, EngineError> {
        let mut damaged = Vec::new();
        for id in ids {
            let Some(held) = get::<Held>(tx, Table::Attachments, &held_key(*id))? else { continue };
            let Some(sealed) = self.sealed(tx, *id)? else { continue };
            let wrong_length = held.sealed_bytes != sealed.sealed_bytes;
            if wrong_length || (held.prefix() == held.sealed_bytes && !self.is_whole(tx, &sealed)?) {
                self.drop_sealed(tx, *id)?;
                damaged.push(*id);
            }
        }
        Ok(damaged)
    }

    /// True where a bundle may leave bytes of this attachment: a manifest here names it, or not too much is here that
    /// none names.
    pub(crate) fn has_room_for(&self, tx: &dyn Transaction, id: AttachmentId) -> Result<bool, EngineError> {
        let mut named = BTreeSet::new();
        each(tx, Table::Attachments, &[LISTED], |key, _| {
            named.extend(key.last_chunk::<32>().copied());
            Ok(())
        })?;
        if named.contains(&id.0) {
            return Ok(true);
        }
        let mut unlisted = 0;
        each(tx, Table::Attachments, &[HELD], |key, value| {
            if key.last_chunk::<32>().is_some_and(|id| !named.contains(id)) {
                unlisted += Held::from_bytes(&value)?.sealed_bytes;
            }
            Ok(())
        })?;
        Ok(unlisted < UNLISTED_BYTES)
    }

    /// Forgets what relays said that they hold: one was restored, or another one serves.
    pub(crate) fn forget_attachments_at_relay(&self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        let mut keys = Vec::new();
        each(tx, Table::Attachments, &[AT_RELAY], |key, _| {
            keys.push(key.to_vec());
            Ok(())
        })?;
        for key in keys {
            tx.delete(Table::Attachments, &key)?;
        }
        Ok(())
    }
}

/// True where all sealed bytes of an attachment are here.
pub(crate) fn whole(tx: &dyn Transaction, id: AttachmentId, sealed_bytes: u64) -> Result<bool, EngineError> {
    let held = get::<Held>(tx, Table::Attachments, &held_key(id))?;
    Ok(held.is_some_and(|held| held.prefix() >= sealed_bytes))
}

/// Where a list of entries goes on; none at its end.
pub(crate) type Next = Option<Vec<u8>>;

/// Entries of manifests after one of them, at most `limit`: the stream, what opens the file, whether it is a light copy.
pub(crate) fn listed_files(
    tx: &dyn Transaction,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<(Vec<Listed>, Next), EngineError> {
    let entries = tx.scan(Table::Attachments, &[LISTED], after, limit)?;
    let next = entries.last().filter(|_| entries.len() == limit).map(|(key, _)| key.clone());
    let listed = entries.iter().map(|(_, value)| Listed::from_bytes(value));
    Ok((listed.collect::<Result<_, _>>()?, next))
}

/// Keeps whole pieces of what was sealed, at the end the last one too; gives how many there are.
fn keep_pieces(
    tx: &mut dyn Transaction,
    id: &[u8; 32],
    mut count: u64,
    sealed: &mut Vec<u8>,
    last: bool,
) -> Result<u64, EngineError> {
    let whole = sealed.len() - if last { 0 } else { sealed.len() % PIECE_BYTES };
    for piece in sealed[..whole].chunks(PIECE_BYTES) {
        tx.put(Table::AttachmentBytes, &piece_key(id, count), piece)?;
        count += 1;
    }
    sealed.drain(..whole);
    Ok(count)
}

impl Acts<'_> {
    /// Seals a file and keeps it on this device; gives the handle for an entry of a manifest. The contents are read
    /// piece by piece, so the memory that it takes does not grow with the file.
    ///
    /// # Errors
    /// [`EngineError::BadInput`] where the file is too large, cannot be read or has another length.
    pub fn seal_attachment(
        &mut self,
        media_type: &str,
        size_bytes: u64,
        contents: &mut dyn Read,
    ) -> Result<Vec<u8>, EngineError> {
        let (core, tx) = self.parts();
        core.must_coordinate()?;
        core.seal_attachment(tx, media_type, size_bytes, contents)
    }

    /// Writes the contents of an attachment to `out`, where all of it is here and is what the handle names: nothing
    /// is written before that is known.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where something of it is missing, [`EngineError::DamagedAttachment`],
    /// [`EngineError::Unwritable`].
    pub fn open_attachment(&mut self, handle: &[u8], out: &mut dyn Write) -> Result<(), EngineError> {
        let sealed = Sealed::from_bytes(handle)
            .map_err(|_| EngineError::Forged("an entry of a manifest names no file"))?;
        let (core, tx) = self.parts();
        if !whole(tx, sealed.id, sealed.sealed_bytes)? {
            return Err(EngineError::NotFound(format!("the whole of attachment {}", sealed.id)));
        }
        core.open_sealed(tx, &sealed, out)
    }

    /// True where all of an attachment is here.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn holds_attachment(&mut self, handle: &[u8]) -> Result<bool, EngineError> {
        let sealed = Sealed::from_bytes(handle)
            .map_err(|_| EngineError::Forged("an entry of a manifest names no file"))?;
        whole(self.parts().1, sealed.id, sealed.sealed_bytes)
    }

    /// Whether the files of assignments are here, of each.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn readiness(&mut self, tasks: &[Task]) -> Result<Vec<Readiness>, EngineError> {
        let (core, tx) = self.parts();
        let mut by_dossier: BTreeMap<Audience, Readiness> = BTreeMap::new();
        for attachment in core.attachments(tx)? {
            let Some(dossier @ Audience::Dossier(..)) = attachment.audience else { continue };
            if attachment.light {
                continue;
            }
            let readiness = by_dossier.entry(dossier).or_default();
            readiness.files += 1;
            if !attachment.is_here() {
                readiness.missing_files += 1;
                readiness.missing_bytes += attachment.lacking_bytes();
            }
        }
        let of = |task: &Task| {
            let dossier = Audience::Dossier(task.application, task.assignment.rendition);
            by_dossier.get(&dossier).copied().unwrap_or_default()
        };
        Ok(tasks.iter().map(of).collect())
    }
}

impl<S: Store> Engine<S> {
    /// Every attachment that a manifest here names.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn attachments(&mut self) -> Result<Vec<Attachment>, EngineError> {
        self.look(|core, tx| core.attachments(tx))
    }

    /// Attachments that are whole here and that this device may bring to a relay which is not known to hold them, light
    /// copies first. One that readers may have is not brought for the coordinators once more.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn attachments_to_send(&mut self) -> Result<Vec<Attachment>, EngineError> {
        if !self.is_coordinator() || !self.is_active() {
            return Ok(Vec::new());
        }
        let all = self.attachments()?;
        let shared: BTreeSet<AttachmentId> =
            all.iter().filter(|one| is_dossier(one)).map(|one| one.id).collect();
        let wanted = |one: &Attachment| {
            one.is_here() && !one.at_relay && (is_dossier(one) || !shared.contains(&one.id))
        };
        let mut wanted: Vec<Attachment> = all.into_iter().filter(wanted).collect();
        wanted.sort_by_key(|one| !one.light);
        Ok(wanted)
    }

    /// Attachments that are to come, in the order in which they are useful: light ones and short ones first.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn attachments_to_fetch(&mut self, fetch: Fetch) -> Result<Vec<Attachment>, EngineError> {
        if fetch == Fetch::Nothing {
            return Ok(Vec::new());
        }
        let mut lacking = self.attachments()?;
        lacking.retain(|one| !one.is_here());
        lacking.retain(|one| one.light || fetch != Fetch::Light);
        if fetch != Fetch::Everything && !lacking.is_empty() {
            let tasks = self.together(|acts| acts.tasks())?;
            let mine: BTreeSet<(ApplicationId, u8)> = tasks
                .iter()
                .filter(|task| task.conflict.as_ref().is_none_or(|conflict| conflict.is_clear()))
                .map(|task| (task.application, task.assignment.rendition))
                .collect();
            // What was typed is part of the application, for whoever answers for it.
            let all_typed = self.is_coordinator();
            lacking.retain(|one| match one.audience {
                _ if one.typed && all_typed => true,
                Some(Audience::Dossier(application, rendition)) => mine.contains(&(application, rendition)),
                _ => false,
            });
        }
        // The same bytes under two streams come once.
        let mut seen = BTreeSet::new();
        lacking.sort_by_key(|one| (!is_dossier(one), !one.light, one.sealed_bytes, one.id));
        lacking.retain(|one| seen.insert(one.id));
        Ok(lacking)
    }

    /// Sealed bytes of an attachment from `from` on, at most `limit`.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn sealed_piece(
        &mut self,
        id: AttachmentId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<u8>, EngineError> {
        self.look(|core, tx| core.sealed_piece(tx, id, from, limit))
    }

    /// Keeps sealed bytes that came for an attachment; `from` is where a piece starts. True where it is whole, and
    /// what its manifest names.
    ///
    /// # Errors
    /// [`EngineError::DamagedAttachment`] where it is whole and something else: then nothing of it stays.
    pub fn take_sealed_piece(
        &mut self,
        attachment: &Attachment,
        from: u64,
        bytes: &[u8],
    ) -> Result<bool, EngineError> {
        let id = attachment.id;
        let whole = self.act(|core, tx| core.take_sealed(tx, id, attachment.sealed_bytes, from, bytes))?;
        if whole && !self.act(|core, tx| core.check_sealed(tx, &BTreeSet::from([id])))?.is_empty() {
            return Err(EngineError::DamagedAttachment(id));
        }
        Ok(whole)
    }

    /// Remembers that a relay says it holds an attachment, or that it does not.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn set_at_relay(&mut self, attachment: &Attachment, holds: bool) -> Result<(), EngineError> {
        let key = relay_key(attachment.id, attachment.stream);
        self.act(|_, tx| {
            if holds {
                tx.put(Table::Attachments, &key, &[])?;
            } else {
                tx.delete(Table::Attachments, &key)?;
            }
            Ok(())
        })
    }

    /// Looks at an attachment whose bytes are said to be wrong; drops them where they are. True where they were.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn drop_if_damaged(&mut self, id: AttachmentId) -> Result<bool, EngineError> {
        self.act(|core, tx| Ok(!core.check_sealed(tx, &BTreeSet::from([id]))?.is_empty()))
    }

    /// As [`Acts::open_attachment`]; what turns out to be damaged is dropped, so that it comes again.
    ///
    /// # Errors
    /// As [`Acts::open_attachment`].
    pub fn open_attachment(&mut self, handle: &[u8], out: &mut dyn Write) -> Result<(), EngineError> {
        let result = self.together(|acts| acts.open_attachment(handle, out));
        if let Err(EngineError::DamagedAttachment(id)) = result {
            self.act(|core, tx| core.drop_sealed(tx, id))?;
        }
        result
    }

    /// Proves to a relay who asks for an attachment or brings it.
    #[must_use]
    pub fn authorise(
        &mut self,
        relay: &PublicKey,
        method: &str,
        path: &str,
        from: u64,
        total: u64,
    ) -> Authorisation {
        self.core_mut().authorise(relay, method, path, from, total)
    }
}

impl Core {
    fn authorise(
        &mut self,
        relay: &PublicKey,
        method: &str,
        path: &str,
        from: u64,
        total: u64,
    ) -> Authorisation {
        self.counter += 1;
        let caller = Caller {
            programme: self.programme(),
            device: self.device,
            incarnation: self.incarnation,
            counter: self.counter,
        };
        let key = RelayKey(relay.to_bytes());
        let bytes = request_bytes(key, &caller, method, path, &attachment_range(from, total));
        Authorisation { caller, signature: self.secret.sign_request(&bytes) }
    }
}

fn is_dossier(attachment: &Attachment) -> bool {
    matches!(attachment.audience, Some(Audience::Dossier(..)))
}

/// The longest piece of an attachment in a bundle: as many whole pieces as its format takes.
pub(crate) const CHUNK_BYTES: usize = BODY_BYTES / PIECE_BYTES * PIECE_BYTES;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_pieces_are_told_by_bits() {
        let mut held = Held::nothing(PIECE_BYTES as u64 * 9 + 1);
        assert_eq!(held.pieces.len(), 2);
        assert_eq!(held.prefix(), 0);
        for piece in [1, 0, 3, 9] {
            held.add(piece);
        }
        assert_eq!(held.prefix(), 2 * PIECE_BYTES as u64);
        for piece in 0..10 {
            held.add(piece);
        }
        assert_eq!(held.prefix(), held.sealed_bytes);
        assert_eq!(Held::from_bytes(&held.to_bytes()).unwrap(), held);
        let largest = Held::nothing(ATTACHMENT_BYTES);
        assert_eq!(largest.pieces.len(), MAP_BYTES);
        assert_eq!(Held::nothing(0).prefix(), 0);
    }
}
