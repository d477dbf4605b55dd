//! What documents say, kept beside their changes, so that a list of thousands builds no document. A cache: it is made
//! whenever a document changes, holds what all of its changes say together, and serves a reader only for whom every one
//! of them counts. Whoever wants less of a document, or finds nothing here, has it built ([`crate::document`]).

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::crdt::{Contents, Readable};
use tessera_model::documents::Kind;
use tessera_model::guard::ChangeHash;
use tessera_protocol::codec::{Bytes, List, Wire as _};
use tessera_protocol::ids::{DocumentId, PackId};
use tessera_protocol::wire;

use crate::core::Core;
use crate::document::{Opened, Reading};
use crate::error::EngineError;
use crate::records::{ChangeRecord, Origin, each, put};
use crate::store::{StoreError, Table, Transaction};

/// The form of what is kept; another one is made anew when a home is opened. Key `contents` in [`Table::Meta`].
const FORM: u8 = 3;
const META: &[u8] = b"contents";
/// What is longer, or has more changes, is built each time.
const MOST_BYTES: usize = 1 << 20;
const MOST_CHANGES: usize = 4096;

/// A document's contents, and where each of its changes came from. Key in [`Table::Contents`]: document id.
pub(crate) struct Kept {
    form: u8,
    /// None of what is edited in place: it has one for every pause in typing, and is its author's alone.
    pub(crate) changes: List<Listed, MOST_CHANGES>,
    contents: Bytes<MOST_BYTES>,
}
wire!(Kept { form, changes, contents });

/// A change of a document, without what it says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) hash: ChangeHash,
    pub(crate) origin: Origin,
}
wire!(Listed { hash, origin });

/// What is kept of a document; what cannot be read is as good as absent, and so is another form that a full disk left here.
pub(crate) fn kept(tx: &dyn Transaction, id: DocumentId) -> Result<Option<Kept>, EngineError> {
    let kept = tx.get(Table::Contents, &id.0)?.and_then(|bytes| Kept::from_bytes(&bytes).ok());
    Ok(kept.filter(|kept| kept.form == FORM))
}

/// Lists the changes of a document.
pub(crate) fn changes(tx: &dyn Transaction, id: DocumentId) -> Result<Vec<Listed>, EngineError> {
    match kept(tx, id)? {
        Some(kept) if !kept.changes.is_empty() => Ok(kept.changes.into_vec()),
        _ => built(tx, id),
    }
}

/// Lists the changes of a document of which nothing is kept.
pub(crate) fn built(tx: &dyn Transaction, id: DocumentId) -> Result<Vec<Listed>, EngineError> {
    let mut changes = Vec::new();
    each(tx, Table::Changes, &id.0, |key, value| {
        let record = ChangeRecord::from_bytes(&value)?;
        changes.extend(key.last_chunk().map(|hash| Listed { hash: *hash, origin: record.origin }));
        Ok(())
    })?;
    Ok(changes)
}

impl Kept {
    /// What the document says, where each of its changes came in a pack that is wanted.
    pub(crate) fn reading(
        &self,
        mut wanted: impl FnMut(PackId) -> Result<bool, EngineError>,
    ) -> Result<Option<Reading>, EngineError> {
        if self.changes.is_empty() {
            return Ok(None);
        }
        let mut packs = BTreeMap::new();
        for change in &*self.changes {
            let mut speaker = None;
            for pack in change.origin.packs() {
                if speaker.is_none() && wanted(pack)? {
                    speaker = Some(pack);
                }
            }
            let Some(speaker) = speaker else { return Ok(None) };
            packs.insert(change.hash, speaker);
        }
        Ok(self.contents().map(|contents| Reading { contents, packs, left_out: BTreeSet::new() }))
    }

    fn contents(&self) -> Option<Contents> {
        postcard::from_bytes(&self.contents).ok()
    }
}

/// Keeps what a document says; forgets it where not everything in it counts alike, or it is too long.
pub(crate) fn keep(
    tx: &mut dyn Transaction,
    id: DocumentId,
    kind: Kind,
    opened: &Opened,
    changes: Vec<Listed>,
) -> Result<(), EngineError> {
    let bytes = match opened.whole {
        true => postcard::to_allocvec(&kind.contents(&opened.document)).ok(),
        false => None,
    };
    let contents = bytes.and_then(|bytes| bytes.try_into().ok());
    let changes = if kind.is_edited_in_place() { Vec::new() } else { changes };
    match (contents, List::try_from(changes)) {
        (Some(contents), Ok(changes)) => {
            put(tx, Table::Contents, &id.0, &Kept { form: FORM, changes, contents })
        }
        _ => forget(tx, id),
    }
}

/// Forgets what a document says.
pub(crate) fn forget(tx: &mut dyn Transaction, id: DocumentId) -> Result<(), EngineError> {
    Ok(tx.delete(Table::Contents, &id.0)?)
}

/// Notes that a change, which waited, was sealed in a pack: nothing else became of it.
pub(crate) fn came_in(
    tx: &mut dyn Transaction,
    id: DocumentId,
    hash: &ChangeHash,
    pack: PackId,
) -> Result<(), EngineError> {
    let Some(mut kept) = kept(tx, id)?.filter(|kept| !kept.changes.is_empty()) else { return Ok(()) };
    let mut changes = kept.changes.into_vec();
    changes.iter_mut().filter(|change| change.hash == *hash).for_each(|change| change.origin.came_in(pack));
    kept.changes = changes.try_into()?;
    put(tx, Table::Contents, &id.0, &kept)
}

/// Where a view is kept that was worked out from everything; no document has such an id.
const VIEW: &[u8] = b"view";

/// Keeps a view until anything changes.
pub(crate) fn keep_view(tx: &mut dyn Transaction, view: &[u8]) -> Result<(), EngineError> {
    Ok(tx.put(Table::Contents, VIEW, view)?)
}

/// The view that was kept.
pub(crate) fn kept_view(tx: &dyn Transaction) -> Result<Option<Vec<u8>>, EngineError> {
    Ok(tx.get(Table::Contents, VIEW)?)
}

/// Forgets the view that was kept.
pub(crate) fn forget_view(tx: &mut dyn Transaction) -> Result<(), EngineError> {
    Ok(tx.delete(Table::Contents, VIEW)?)
}

impl Core {
    /// Reads a document that is edited in place, by everything that is here of it; where what it says is not kept, it is built.
    pub(crate) fn read_in_place<T>(
        &self,
        tx: &dyn Transaction,
        id: DocumentId,
        read: impl FnOnce(&dyn Readable) -> T,
    ) -> Result<Option<T>, EngineError> {
        if let Some(contents) = kept(tx, id)?.and_then(|kept| kept.contents()) {
            return Ok(Some(read(&contents)));
        }
        Ok(self.open_document(tx, id)?.map(|opened| read(&opened.document)))
    }

    /// Makes what is kept of every document.
    pub(crate) fn keep_all_contents(&self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        let mut ids = Vec::new();
        each(tx, Table::Documents, &[], |key, _| {
            ids.extend(key.first_chunk().map(|id| DocumentId(*id)));
            Ok(())
        })?;
        for id in ids {
            self.keep_contents(tx, id)?;
        }
        Ok(tx.put(Table::Meta, META, &[FORM])?)
    }
}

/// True where what is kept has the form of this version.
pub(crate) fn is_current(tx: &dyn Transaction) -> Result<bool, StoreError> {
    Ok(tx.get(Table::Meta, META)?.as_deref() == Some(&[FORM][..]))
}
