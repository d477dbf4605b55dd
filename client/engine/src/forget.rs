//! Forgetting a stream on this device: its packs and whatever was made of them. Not erasure: others keep what they
//! hold, and a key that came in a pack of another stream can come again with that pack. A forgotten stream is not
//! taken in again until a coordinator opens it anew.

use tessera_protocol::ids::{PackId, StreamId};
use tessera_protocol::pack::Pack;

use crate::chains;
use crate::contents;
use crate::core::Core;
use crate::error::EngineError;
use crate::receive::parked;
use crate::records::{DocumentRecord, PackRecord, each, get, kind_key};
use crate::store::{Table, Transaction};

fn mark(stream: StreamId) -> Vec<u8> {
    [b"forgotten-", &stream.0[..]].concat()
}

impl Core {
    /// Forgets a stream.
    pub(crate) fn forget_stream(
        &mut self,
        tx: &mut dyn Transaction,
        stream: StreamId,
    ) -> Result<(), EngineError> {
        let mut packs: Vec<(PackId, PackRecord)> = Vec::new();
        each(tx, Table::PackStates, &[], |key, value| {
            let record: PackRecord = tessera_protocol::codec::Wire::from_bytes(&value)?;
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
        self.forget_documents(tx, stream)?;
        self.known.keys.forget(tx, stream)?;
        Ok(tx.put(Table::Settings, &mark(stream), &[])?)
    }

    fn forget_documents(&mut self, tx: &mut dyn Transaction, stream: StreamId) -> Result<(), EngineError> {
        let mut documents: Vec<(Vec<u8>, DocumentRecord)> = Vec::new();
        each(tx, Table::Documents, &[], |key, value| {
            let record: DocumentRecord = tessera_protocol::codec::Wire::from_bytes(&value)?;
            if record.stream == stream {
                documents.push((key.to_vec(), record));
            }
            Ok(())
        })?;
        for (key, record) in documents {
            let Some(id) = key.first_chunk::<16>() else { continue };
            let mut changes = Vec::new();
            each(tx, Table::Changes, id, |key, _| {
                changes.push(key.to_vec());
                Ok(())
            })?;
            for change in changes {
                tx.delete(Table::Changes, &change)?;
            }
            self.untold.act.note(&record);
            let view = kind_key(record.kind, &record.subject, tessera_protocol::ids::DocumentId(*id));
            tx.delete(Table::Views, &view)?;
            contents::forget(tx, tessera_protocol::ids::DocumentId(*id))?;
            tx.index(id, "")?;
            tx.delete(Table::Documents, id)?;
        }
        Ok(())
    }

    /// True where this device forgot the stream and nobody opened it again.
    pub(crate) fn is_forgotten(&self, tx: &dyn Transaction, stream: StreamId) -> Result<bool, EngineError> {
        Ok(tx.get(Table::Settings, &mark(stream))?.is_some())
    }

    /// Takes a stream in again from here on.
    pub(crate) fn remember_stream(tx: &mut dyn Transaction, stream: StreamId) -> Result<(), EngineError> {
        Ok(tx.delete(Table::Settings, &mark(stream))?)
    }
}
