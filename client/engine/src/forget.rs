//! Forgetting a stream on this device: its packs and whatever was made of them. Not erasure: others keep what they
//! hold, and a key that came in a pack of another stream can come again with that pack. A forgotten stream is not
//! taken in again until a coordinator opens it anew, or whoever forgot it wants it back.

use tessera_protocol::codec::Wire as _;
use tessera_protocol::ids::{DocumentId, PackId, StreamId};
use tessera_protocol::pack::Pack;

use crate::chains;
use crate::contents;
use crate::core::Core;
use crate::error::EngineError;
use crate::receive::parked;
use crate::records::{DocumentRecord, PackRecord, each, get, kind_key};
use crate::store::{Table, Transaction};

/// Streams that were forgotten, in [`Table::Settings`]: `forgotten-` stream → what it was forgotten for.
const STREAMS: &[u8] = b"forgotten-";

fn mark(stream: StreamId) -> Vec<u8> {
    [STREAMS, &stream.0[..]].concat()
}

impl Core {
    /// Forgets a stream. `because` names what for, to those who [recall](Self::recall_streams) it.
    pub(crate) fn forget_stream(
        &mut self,
        tx: &mut dyn Transaction,
        stream: StreamId,
        because: &[u8],
    ) -> Result<(), EngineError> {
        let mut packs: Vec<(PackId, PackRecord)> = Vec::new();
        each(tx, Table::PackStates, &[], |key, value| {
            let record = PackRecord::from_bytes(&value)?;
            if let Some(id) = key.last_chunk::<32>().filter(|_| record.stream == stream) {
                packs.push((PackId(*id), record));
            }
            Ok(())
        })?;
        for (id, record) in packs {
            self.unqueue(tx, id, &record)?;
            if let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)? {
                tx.delete(Table::Parked, &[&[parked::KEYLESS][..], &pack.header().key.0, &id.0].concat())?;
                chains::forget(tx, id, pack.header())?;
            }
            for rank in [0, 1] {
                tx.delete(Table::Parked, &[&[parked::READY, rank][..], &id.0].concat())?;
            }
            for table in [Table::Packs, Table::PackStates, Table::Receipts, Table::Outcomes] {
                tx.delete(table, &id.0)?;
            }
        }
        self.forget_attachments_of(tx, stream)?;
        for (id, record) in documents_of(tx, stream)? {
            self.forget_document(tx, id, &record)?;
        }
        self.known.keys.forget(tx, stream)?;
        Ok(tx.put(Table::Settings, &mark(stream), because)?)
    }

    /// Forgets a document, what follows from it and its changes.
    fn forget_document(
        &mut self,
        tx: &mut dyn Transaction,
        id: DocumentId,
        record: &DocumentRecord,
    ) -> Result<(), EngineError> {
        let mut changes = Vec::new();
        each(tx, Table::Changes, &id.0, |key, _| {
            changes.push(key.to_vec());
            Ok(())
        })?;
        for change in changes {
            tx.delete(Table::Changes, &change)?;
        }
        self.untold.act.note(record);
        tx.delete(Table::Views, &kind_key(record.kind, &record.subject, id))?;
        contents::forget(tx, id)?;
        tx.index(&id.0, "")?;
        Ok(tx.delete(Table::Documents, &id.0)?)
    }

    /// True where this device forgot the stream and nobody opened it again.
    pub(crate) fn is_forgotten(&self, tx: &dyn Transaction, stream: StreamId) -> Result<bool, EngineError> {
        Ok(tx.get(Table::Settings, &mark(stream))?.is_some())
    }

    /// Takes a stream in again from here on.
    pub(crate) fn remember_stream(tx: &mut dyn Transaction, stream: StreamId) -> Result<(), EngineError> {
        Ok(tx.delete(Table::Settings, &mark(stream))?)
    }

    /// Takes the streams in again that were forgotten for this; true where there are any.
    pub(crate) fn recall_streams(tx: &mut dyn Transaction, because: &[u8]) -> Result<bool, EngineError> {
        let mut marks = Vec::new();
        each(tx, Table::Settings, STREAMS, |key, value| {
            if value == because {
                marks.push(key.to_vec());
            }
            Ok(())
        })?;
        for mark in &marks {
            tx.delete(Table::Settings, mark)?;
        }
        Ok(!marks.is_empty())
    }
}

fn documents_of(
    tx: &dyn Transaction,
    stream: StreamId,
) -> Result<Vec<(DocumentId, DocumentRecord)>, EngineError> {
    let mut documents = Vec::new();
    each(tx, Table::Documents, &[], |key, value| {
        let record = DocumentRecord::from_bytes(&value)?;
        if let Some(id) = key.first_chunk::<16>().filter(|_| record.stream == stream) {
            documents.push((DocumentId(*id), record));
        }
        Ok(())
    })?;
    Ok(documents)
}
