//! From what waits to packs: chooses or makes the key, seals, signs, numbers and stores, in one
//! transaction. Only afterwards may bytes leave, and the same bytes for the relay and for a bundle.

use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::codec::List;
use tessera_protocol::header::Opening;
use tessera_protocol::ids::{DocumentId, KeyId, MemberId, StreamId};
use tessera_vault::content::Leaf;
use tessera_vault::ids::Audience;
use tessera_vault::items::{Acknowledgement, Change, Grant, Item};
use tessera_vault::key::StreamKey;
use tessera_vault::seal::{Entry, SealError, seal};
use tessera_vault::welcome::seal_welcome;

use crate::contents;
use crate::core::Core;
use crate::error::EngineError;
use crate::records::{ChangeRecord, DocumentRecord, PendingEntry, PendingRecord, all, get, next_order, put};
use crate::store::{Table, Transaction};

impl Core {
    /// Puts something into the queue of what is to be sealed.
    pub(crate) fn pend(
        &self,
        tx: &mut dyn Transaction,
        audience: &Audience,
        entry: PendingEntry,
    ) -> Result<(), EngineError> {
        let record = PendingRecord {
            kind: audience.kind(),
            subject: audience.subject().try_into()?,
            stream: self.stream(audience)?,
            entry,
        };
        let order = next_order(tx)?;
        put(tx, Table::Pending, &order.to_be_bytes(), &record)
    }

    pub(crate) fn pend_grant(
        &self,
        tx: &mut dyn Transaction,
        to: &Audience,
        grant: Grant,
    ) -> Result<(), EngineError> {
        self.pend(tx, to, PendingEntry::Item(Item::Grant(grant)))
    }

    /// Seals everything that waits. Of somebody who is out only what is written in streams of one's own: it
    /// waits with the coordinators for a decision.
    pub(crate) fn hand_over(&mut self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        self.must_write()?;
        let member = self.about.member;
        let own = [Audience::Reviews(member), Audience::Desk(member)].map(|audience| audience.public());
        let own = own.map(|stream| stream.map(|stream| stream.id(self.programme())));
        // Making a key puts grants into other streams' queues, so this goes on until nothing waits.
        loop {
            let waiting = all::<PendingRecord>(tx, Table::Pending, &[])?;
            let mut streams: BTreeMap<StreamId, Waiting> = BTreeMap::new();
            for (order, record) in waiting {
                if self.is_active() || own.contains(&Some(record.stream)) {
                    streams.entry(record.stream).or_default().push((order, record));
                }
            }
            if streams.is_empty() {
                return Ok(());
            }
            for (stream, waiting) in streams {
                let first = &waiting[0].1;
                let audience = Audience::parse(first.kind, &first.subject)
                    .ok_or(EngineError::BadInput("an audience of a newer version".into()))?;
                let key = self.ensure_key(tx, &audience)?;
                for (order, _) in &waiting {
                    tx.delete(Table::Pending, order)?;
                }
                self.seal_all(tx, stream, key, waiting)?;
            }
        }
    }

    fn seal_all(
        &mut self,
        tx: &mut dyn Transaction,
        stream: StreamId,
        key: KeyId,
        waiting: Waiting,
    ) -> Result<(), EngineError> {
        let mut groups = vec![waiting];
        while let Some(mut group) = groups.pop() {
            match self.seal_group(tx, stream, key, &group) {
                Err(Sealing::TooLarge) if group.len() > 1 => {
                    let second = group.split_off(group.len() / 2);
                    groups.push(second);
                    groups.push(group);
                }
                Err(Sealing::TooLarge) => {
                    return Err(EngineError::BadInput("one change is larger than a pack holds".into()));
                }
                Err(Sealing::Engine(error)) => return Err(error),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn seal_group(
        &mut self,
        tx: &mut dyn Transaction,
        stream: StreamId,
        key: KeyId,
        group: &[(Vec<u8>, PendingRecord)],
    ) -> Result<(), Sealing> {
        let mut entries = Vec::new();
        let (mut opened, mut closed) = (Vec::new(), BTreeSet::new());
        let mut changes = Vec::new();
        for (_, record) in group {
            match &record.entry {
                PendingEntry::Change { outside, document, hash } => {
                    let place = [&document.0[..], hash].concat();
                    let found = get::<ChangeRecord>(tx, Table::Changes, &place)?;
                    let about = get::<DocumentRecord>(tx, Table::Documents, &document.0)?;
                    let (Some(found), Some(about)) = (found, about) else { continue };
                    let change = Change {
                        kind: about.kind,
                        subject: about.subject,
                        incarnation: found.origin.incarnation,
                        bytes: found.bytes.clone(),
                    };
                    let leaf = Leaf { document: *document, hash: *hash };
                    entries.push(if *outside {
                        Entry::Outside(change, leaf)
                    } else {
                        Entry::Own(change, leaf)
                    });
                    changes.push((place, found));
                }
                PendingEntry::Item(item) => entries.push(Entry::Other(item.clone())),
                PendingEntry::Open(stream, despite) => {
                    opened.push(Opening { stream: *stream, despite: despite.clone() });
                }
                PendingEntry::Close(stream) => {
                    closed.insert(*stream);
                }
            }
        }
        if entries.is_empty() {
            let nothing = Acknowledgement {
                frontier: Default::default(),
                outcomes: List::default(),
                documents: List::default(),
            };
            entries.push(Entry::Other(Item::Acknowledgement(nothing)));
        }
        let mut draft = self.draft(tx, stream)?;
        draft.opened = opened.try_into().map_err(|_| Sealing::TooLarge)?;
        draft.closed = closed.try_into().map_err(|_| Sealing::TooLarge)?;
        let record = self.known.keys.get(stream, key).ok_or(EngineError::NoKey(stream))?;
        let sealed = seal(&record.grant.key, draft, entries, &mut self.rng)?;
        let pack = self.secret.sign_sealed(sealed).map_err(EngineError::from)?;
        for (place, mut change) in changes {
            change.origin.came_in(pack.id());
            put(tx, Table::Changes, &place, &change)?;
            if let Some((document, hash)) = place.first_chunk().zip(place.last_chunk()) {
                contents::came_in(tx, DocumentId(*document), hash, pack.id())?;
                if let Some(record) = get::<DocumentRecord>(tx, Table::Documents, document)? {
                    self.untold.act.note(&record);
                }
            }
        }
        for (_, record) in group {
            if let PendingEntry::Item(Item::Decision(decision)) = &record.entry {
                crate::decisions::sealed(tx, pack.id(), decision)?;
            }
        }
        let granted: Vec<Grant> = group
            .iter()
            .filter_map(|(_, record)| match &record.entry {
                PendingEntry::Item(Item::Grant(grant)) => Some(grant.clone()),
                _ => None,
            })
            .collect();
        self.keep(tx, &pack)?;
        if let Some(audience) = self.audience(stream) {
            self.gave(tx, &audience, key, &granted)?;
        }
        Ok(())
    }

    /// Notes to whom grants in a stream were given.
    pub(crate) fn gave(
        &mut self,
        tx: &mut dyn Transaction,
        in_stream: &Audience,
        sealed_with: KeyId,
        grants: &[Grant],
    ) -> Result<(), EngineError> {
        if grants.is_empty() {
            return Ok(());
        }
        let mut devices: BTreeSet<_> = match in_stream {
            Audience::To(member) => self.devices_of(*member).collect(),
            other => self.readers(other),
        };
        let sealed_with = self.known.keys.get(self.stream(in_stream)?, sealed_with);
        devices.extend(sealed_with.iter().flat_map(|record| record.given.iter().copied()));
        for grant in grants {
            self.known.keys.learn(tx, grant, false, devices.iter().copied())?;
        }
        Ok(())
    }

    /// The key to write a stream with; makes one where none is fit.
    pub(crate) fn ensure_key(
        &mut self,
        tx: &mut dyn Transaction,
        audience: &Audience,
    ) -> Result<KeyId, EngineError> {
        let stream = self.stream(audience)?;
        let readers = self.readers(audience);
        let floor = self.floors.get(&stream).copied().unwrap_or(0);
        if let Some(key) = self.known.keys.fit(stream, &readers)
            && self.known.keys.get(stream, key).is_some_and(|record| record.grant.epoch >= floor)
        {
            return Ok(key);
        }
        self.must_own(audience)?;
        let epoch = self.known.keys.epoch(stream).max(floor).saturating_add(1);
        let key = StreamKey::generate(&mut self.rng);
        let grant = Grant::new(audience, stream, epoch, key);
        let mut given = BTreeSet::from([self.device]);
        match audience {
            Audience::To(_) | Audience::Reviews(_) | Audience::Desk(_) => {
                given.extend(&readers);
                self.known.keys.learn(tx, &grant, true, given)?;
                self.welcome(tx, stream, &readers, vec![grant.clone()])?;
                if matches!(audience, Audience::To(_)) {
                    self.pend_grant(tx, &Audience::Keys, grant.clone())?;
                }
            }
            Audience::Keys => {
                let holders = self.holders();
                self.known.keys.learn(tx, &grant, true, given)?;
                for member in holders {
                    self.pend_grant(tx, &Audience::To(member), grant.clone())?;
                }
            }
            _ => {
                self.known.keys.learn(tx, &grant, true, given)?;
                self.pend_grant(tx, &Audience::Keys, grant.clone())?;
            }
        }
        Ok(grant.key.id())
    }

    /// Members whose devices were given a key of `keys` before, and this one.
    fn holders(&self) -> BTreeSet<MemberId> {
        let mut holders = BTreeSet::from([self.about.member]);
        let coordinators = self.readers(&Audience::Keys);
        if let Ok(stream) = self.stream(&Audience::Keys) {
            let given = self.known.keys.of(stream).flat_map(|(_, record)| record.given.iter().copied());
            let devices = given.filter(|device| coordinators.contains(device));
            holders.extend(devices.filter_map(|device| self.known.permission.device(device).map(|(m, _)| m)));
        }
        holders
    }

    /// Only who may write a stream makes its keys.
    fn must_own(&self, audience: &Audience) -> Result<(), EngineError> {
        match audience {
            Audience::Reviews(member) | Audience::Desk(member) if *member == self.about.member => {
                if self.belonged() { Ok(()) } else { Err(EngineError::NotAMember) }
            }
            _ => self.must_coordinate(),
        }
    }

    /// Writes a welcome to devices into a stream.
    pub(crate) fn welcome(
        &mut self,
        tx: &mut dyn Transaction,
        stream: StreamId,
        devices: &BTreeSet<tessera_protocol::ids::DeviceId>,
        grants: Vec<Grant>,
    ) -> Result<(), EngineError> {
        let to = self.publics(devices.iter().copied()).into_values().collect();
        let sealed = seal_welcome(self.draft(tx, stream)?, to, grants)?;
        let pack = self.secret.sign_sealed(sealed)?.into_inner();
        self.keep(tx, &pack)
    }
}

type Waiting = Vec<(Vec<u8>, PendingRecord)>;

/// Why a group was not sealed: whether fewer of it may be.
enum Sealing {
    TooLarge,
    Engine(EngineError),
}

impl From<EngineError> for Sealing {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<crate::store::StoreError> for Sealing {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<SealError> for Sealing {
    fn from(error: SealError) -> Self {
        match error {
            SealError::TooLarge { .. } => Self::TooLarge,
            other => Self::Engine(other.into()),
        }
    }
}
