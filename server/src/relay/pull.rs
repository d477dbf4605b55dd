//! Giving packs: what a device may read after its cursor, in the order of sending, within its budget.
//! A plan holds numbers and sizes; bytes are read segment by segment while the answer is sent.

mod progress;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::Bytes;
use futures_util::Stream as AsyncStream;
use tessera_protocol::access::{Class, Reader};
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{
    AnswerHead, Cursor, NothingNew, Pulled, Request, RequestHead, Segment, SignedAnswer, frame,
    nothing_new_bytes,
};
use tessera_protocol::frontier::{Chain, Frontier};
use tessera_protocol::hash::Hash;
use tessera_protocol::header::Position;
use tessera_protocol::ids::{DeviceId, PackId, ProgrammeId, StreamId};
use tessera_protocol::limits as formats;
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::{EMPTY_HEAD, Receipt};
use tessera_protocol::signature::{Context, Signature};
use tessera_protocol::stream::Stream;

use super::push::Pushed;
use super::{Programme, Relay, State};
use crate::failure::Failure;
use crate::rate::Running;
use crate::rules::Rules;
use crate::store::{Place, Right, Store, StoreError, reading};
use progress::{At, Reached};

/// Tips in one frontier; what is left out is merely sent again.
const TIPS: usize = 200_000;

/// An answer on its way.
pub enum Answer {
    /// Nothing is new: the header of a 204.
    NothingNew(NothingNew),
    /// Frames: the head, then segments.
    Frames(Box<dyn AsyncStream<Item = Result<Bytes, Failure>> + Send + Unpin>),
}

/// A pack that may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    class: Class,
    at: At,
    size_bytes: u64,
}

/// Everything that an answer needs but the bytes of its packs.
pub(super) struct Plan {
    request: Hash,
    programme: ProgrammeId,
    newest: Position,
    cursor: Cursor,
    known: bool,
    receipts: Vec<Receipt>,
    refused: Pushed,
    frontier: Option<Frontier>,
    /// In the order of sending, as many as fit.
    items: Vec<Item>,
    /// What is reached once all of them are there, and before.
    reached: Reached,
    after: Reached,
    left_packs: u64,
    left_bytes: u64,
    asked: bool,
}

impl Relay {
    /// Decides what an answer brings; `None` where the device is not known any more.
    pub(super) fn plan(
        &self,
        programme: &Programme,
        request: Request,
        pushed: Pushed,
    ) -> Result<Option<Plan>, StoreError> {
        let id = request.id();
        let head = request.head;
        let State { rules, newest } = programme.state();
        let Some(reader) = rules.access.reader(head.caller.device) else { return Ok(None) };
        let log =
            Log { store: &*self.store, programme: programme.id, rules: &rules, newest: newest.0, reader };
        let newest = Position { incarnation: self.incarnation, sequence: newest.0, head: newest.1 };
        let reached = log.reached(&head.cursor)?;
        let known = reached.is_some();
        let reached = reached.unwrap_or_default();
        let mut plan = Plan {
            request: id,
            programme: programme.id,
            newest,
            known,
            receipts: self.receipts(programme.id, &head, &pushed)?,
            frontier: (!known || head.have.is_some())
                .then(|| log.frontier(&self.damaged.lock().clone()))
                .transpose()?,
            items: Vec::new(),
            after: reached.clone(),
            reached,
            left_packs: 0,
            left_bytes: 0,
            asked: head.packs > 0 || !head.asked.is_empty() || head.have.is_some(),
            cursor: head.cursor.clone(),
            refused: pushed,
        };
        if known {
            let mut without = log.inside(head.have.as_ref())?;
            without.extend(plan.refused.places.values().map(|place| place.sequence));
            let items = log.items(head.caller.device, &plan.reached, &without)?;
            plan.fit(items, &head);
        }
        Ok(Some(plan))
    }

    fn receipts(
        &self,
        programme: ProgrammeId,
        head: &RequestHead,
        pushed: &Pushed,
    ) -> Result<Vec<Receipt>, StoreError> {
        let asked: Vec<PackId> =
            head.asked.iter().filter(|id| !pushed.places.contains_key(id)).copied().collect();
        let asked = self.store.places(programme, &asked)?;
        let pushed = pushed.places.iter().map(|(id, place)| (*id, *place));
        let receipt = |(pack, place): (PackId, Place)| {
            let Place { incarnation, sequence, received_ms, head } = place;
            let signature = Signature([0; 64]);
            self.key.receipt(Receipt { programme, incarnation, sequence, pack, received_ms, head, signature })
        };
        Ok(pushed.chain(asked).take(formats::PACKS_PER_REQUEST).map(receipt).collect())
    }

    /// Makes the answer; nothing of a pack is read before its segment is wanted.
    pub(super) fn answer(self: Arc<Self>, plan: Plan, running: Running) -> Answer {
        if plan.is_nothing() {
            let signature = self.key.sign(Context::Answer, &nothing_new_bytes(&plan.request, &plan.newest));
            return Answer::NothingNew(NothingNew { newest: plan.newest, signature });
        }
        let refused: Vec<_> = plan.refused.refused.iter().map(|(id, why)| (*id, *why)).collect();
        let head = AnswerHead {
            request: plan.request,
            newest: plan.newest,
            cursor_known: plan.known,
            receipts: plan.receipts.clone().try_into().unwrap_or_default(),
            refused: refused.try_into().unwrap_or_default(),
            frontier: plan.frontier.clone(),
            announced_packs: plan.items.len() as u64,
            announced_bytes: plan.items.iter().map(|item| item.size_bytes).sum(),
            left_packs: plan.left_packs,
            left_bytes: plan.left_bytes,
        };
        let signature = self.key.sign(Context::Answer, &head.to_bytes());
        let head = frame(&SignedAnswer { head, signature }.to_bytes());
        let sending = Sending { relay: self, plan: Arc::new(plan), sent: 0, index: 0, _running: running };
        let frames = futures_util::stream::unfold((Some(head), Some(sending)), |(head, sending)| async {
            if let Some(head) = head {
                return Some((Ok(Bytes::from(head)), (None, sending)));
            }
            let sending = sending?;
            match sending.next().await {
                Ok(Some((bytes, sending))) => Some((Ok(bytes), (None, Some(sending)))),
                Ok(None) => None,
                Err(error) => Some((Err(error), (None, None))),
            }
        });
        Answer::Frames(Box::new(Box::pin(frames)))
    }
}

impl Plan {
    fn is_nothing(&self) -> bool {
        self.known && !self.asked && self.items.is_empty() && self.left_packs == 0
    }

    /// Keeps what is wanted and fits the budget, in the order of sending.
    fn fit(&mut self, mut items: Vec<Item>, head: &RequestHead) {
        items.sort_unstable();
        let mut bytes = 0;
        let mut full = false;
        let mut complete: BTreeSet<Class> = Class::ALL.into_iter().collect();
        for item in items {
            let wanted = head.wanted.contains(item.class);
            full |= wanted && bytes + item.size_bytes > head.budget_bytes;
            if wanted && !full {
                bytes += item.size_bytes;
                self.items.push(item);
            } else {
                complete.remove(&item.class);
                self.left_packs += 1;
                self.left_bytes += item.size_bytes;
            }
        }
        for item in &self.items {
            self.after.set(item.class, item.at);
        }
        for class in complete {
            self.after.set(class, At::whole(self.newest.sequence));
        }
    }

    /// Where the device stands after the first `count` packs.
    fn cursor_after(&self, count: usize, relay: &Relay) -> Result<Cursor, StoreError> {
        let here = if count == self.items.len() {
            self.after.clone()
        } else {
            let mut here = self.reached.clone();
            for item in &self.items[..count] {
                here.set(item.class, item.at);
            }
            here
        };
        if here.is_whole(self.newest.sequence) {
            let Position { incarnation, sequence, head } = self.newest;
            return Ok(Cursor { incarnation, sequence, head: head.prefix(), progress: Default::default() });
        }
        let furthest = here.furthest();
        let head = if furthest == self.newest.sequence {
            self.newest.head
        } else {
            relay.store.head(self.programme, furthest)?.unwrap_or(EMPTY_HEAD)
        };
        Ok(Cursor { progress: here.write(&head), ..self.cursor.clone() })
    }
}

/// An answer that is being sent. While it is, it counts as running.
struct Sending {
    relay: Arc<Relay>,
    plan: Arc<Plan>,
    sent: usize,
    index: u32,
    _running: Running,
}

impl Sending {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Failure> {
        let items = &self.plan.items;
        if self.sent == items.len() {
            return Ok(None);
        }
        let mut end = self.sent;
        let mut bytes = 0;
        while end < items.len()
            && end - self.sent < formats::PACKS_PER_SEGMENT
            && bytes < formats::SEGMENT_BYTES as u64
        {
            bytes += items[end].size_bytes;
            end += 1;
        }
        let (relay, plan) = (Arc::clone(&self.relay), Arc::clone(&self.plan));
        let (start, index) = (self.sent, self.index);
        let segment = reading(move || relay.segment(&plan, start, end, index)).await?;
        (self.sent, self.index) = (end, index + 1);
        Ok(Some((Bytes::from(segment), self)))
    }
}

impl Relay {
    fn segment(&self, plan: &Plan, start: usize, end: usize, index: u32) -> Result<Vec<u8>, StoreError> {
        let sequences: Vec<u64> = plan.items[start..end].iter().map(|item| item.at.sequence).collect();
        let mut pulled = Vec::with_capacity(sequences.len());
        for stored in self.store.read(plan.programme, &sequences)? {
            match Pack::from_bytes(&stored.bytes) {
                Ok(pack) if pack.id() == stored.id => {
                    let (sequence, received_ms) = (stored.sequence, stored.place.received_ms);
                    pulled.push(Pulled { sequence, received_ms, pack });
                }
                // Others have it, and the frontier leaves it out from now on.
                _ => self.damaged.note(stored.id),
            }
        }
        let mut segment = Segment {
            index,
            last: end == plan.items.len(),
            cursor: plan.cursor_after(end, self)?,
            pulled: pulled.try_into().unwrap_or_default(),
            signature: Signature([0; 64]),
        };
        segment.signature = self.key.sign(Context::Segment, &segment.signed(&plan.request));
        Ok(frame(&segment.to_bytes()))
    }
}

/// The log as one device sees it.
struct Log<'a> {
    store: &'a dyn Store,
    programme: ProgrammeId,
    rules: &'a Rules,
    newest: u64,
    reader: Reader,
}

impl Log<'_> {
    /// How far a cursor is; `None` where this log does not contain it.
    fn reached(&self, cursor: &Cursor) -> Result<Option<Reached>, StoreError> {
        let head = |sequence: u64| -> Result<Option<Hash>, StoreError> {
            match sequence {
                0 => Ok(Some(EMPTY_HEAD)),
                at if at > self.newest => Ok(None),
                at => self.store.head(self.programme, at),
            }
        };
        let start = cursor.sequence == 0;
        if !start && head(cursor.sequence)?.is_none_or(|head| head.prefix() != cursor.head) {
            return Ok(None);
        }
        let base = Reached::all(At::whole(cursor.sequence));
        if cursor.progress.is_empty() {
            return Ok(Some(base));
        }
        let Some((reached, check)) = Reached::read(&cursor.progress) else { return Ok(Some(base)) };
        let fits = head(reached.furthest())?.is_some_and(|head| head.0[..4] == check);
        Ok(fits.then(|| reached.at_least(&base)))
    }

    /// What the device may read beyond what it reached, but for some numbers; in no order.
    fn items(
        &self,
        device: DeviceId,
        reached: &Reached,
        without: &BTreeSet<u64>,
    ) -> Result<Vec<Item>, StoreError> {
        let since = self.rules.since(Right::Device(device));
        let moved: BTreeMap<StreamId, u64> = self.rules.changed_streams(self.reader.member).collect();
        let mut items = Vec::new();
        let mut class_of: BTreeMap<StreamId, Option<(Class, u64)>> = BTreeMap::new();
        let mut take = |entry: crate::store::Entry| {
            let known = class_of.entry(entry.stream).or_insert_with(|| {
                let (access, openings) = (&self.rules.access, &self.rules.openings);
                let reads = access.may_read(openings, self.reader, entry.stream);
                let moved = moved.get(&entry.stream).copied().unwrap_or(0).max(since);
                reads.then(|| (access.class(openings, self.reader, entry.stream), moved))
            });
            let Some((class, moved)) = *known else { return };
            let at = At { position: entry.sequence.max(moved), sequence: entry.sequence };
            if at > reached.of(class) && !without.contains(&entry.sequence) {
                items.push(Item { class, at, size_bytes: entry.size_bytes });
            }
        };
        // What was reached in the class that is furthest behind; everything up to there is known, but
        // for what moved since.
        let behind = reached.behind();
        let from = if since >= behind { 1 } else { behind };
        match self.streams() {
            None => {
                self.store.entries(self.programme, None, from..=self.newest, &mut take)?;
                for (stream, _) in moved.iter().filter(|(_, since)| **since >= behind && from > 1) {
                    self.store.entries(self.programme, Some(*stream), 1..=from - 1, &mut take)?;
                }
            }
            Some(streams) => {
                for stream in streams {
                    let moved = moved.get(&stream).copied().unwrap_or(0);
                    let from = if moved >= behind { 1 } else { from };
                    self.store.entries(self.programme, Some(stream), from..=self.newest, &mut take)?;
                }
            }
        }
        Ok(items)
    }

    /// The streams that the device may read; `None` for nearly all.
    fn streams(&self) -> Option<BTreeSet<StreamId>> {
        let Reader { member, active, coordinator } = self.reader;
        if active && coordinator {
            return None;
        }
        let mut streams = BTreeSet::from([Stream::Public.id(self.programme)]);
        if active {
            let own = [Stream::Programme, Stream::To(member), Stream::Reviews(member), Stream::Desk(member)];
            streams.extend(own.map(|stream| stream.id(self.programme)));
            let opened = self.rules.openings.open_to(&self.rules.access, member);
            streams.extend(opened.map(|(stream, _)| stream));
        }
        Some(streams)
    }

    fn readable(&self) -> Result<Vec<StreamId>, StoreError> {
        let streams: Vec<StreamId> = match self.streams() {
            Some(streams) => streams.into_iter().collect(),
            None => self.store.streams(self.programme)?.into_iter().map(|summary| summary.stream).collect(),
        };
        let may = |stream: &StreamId| self.rules.access.may_read(&self.rules.openings, self.reader, *stream);
        Ok(streams.into_iter().filter(may).collect())
    }

    /// The tips of everything that the device may read and that is whole, up to the first gap of each chain: what
    /// lies beyond a gap would hide the gap from whoever could fill it.
    fn frontier(&self, damaged: &BTreeSet<PackId>) -> Result<Frontier, StoreError> {
        let mut frontier = Frontier::default();
        let mut room = TIPS;
        let mut chains = formats::FRONTIER;
        for stream in self.readable()? {
            let mut packs: Vec<(u64, PackId, DeviceId, Vec<PackId>)> = Vec::new();
            self.store.headers(self.programme, stream, &mut |stored| {
                if stored.sequence <= self.newest && !damaged.contains(&stored.id) {
                    let header = &stored.header;
                    let previous = header.previous.iter().copied().collect();
                    packs.push((header.number, stored.id, header.device, previous));
                }
            })?;
            packs.sort_unstable();
            let mut gapless: BTreeSet<PackId> = BTreeSet::new();
            let mut named: BTreeSet<PackId> = BTreeSet::new();
            packs.retain(|(_, id, _, previous)| {
                let follows = previous.iter().all(|previous| gapless.contains(previous));
                if follows {
                    gapless.insert(*id);
                    named.extend(previous);
                }
                follows
            });
            let mut tips: BTreeMap<Chain, Vec<PackId>> = BTreeMap::new();
            for (_, id, device, _) in packs.into_iter().filter(|(_, id, ..)| !named.contains(id)) {
                tips.entry((stream, device)).or_default().push(id);
            }
            for (chain, tips) in tips {
                let count = tips.len().min(formats::TIPS).min(room);
                if count > 0 && chains > 0 {
                    (room, chains) = (room - count, chains - 1);
                    tips.into_iter().take(count).for_each(|tip| frontier.insert(chain, tip));
                }
            }
        }
        Ok(frontier)
    }

    /// Numbers of the packs inside a frontier, as far as their chains are known here.
    fn inside(&self, frontier: Option<&Frontier>) -> Result<BTreeSet<u64>, StoreError> {
        let mut inside = BTreeSet::new();
        let Some(frontier) = frontier else { return Ok(inside) };
        let mut tips: BTreeMap<StreamId, Vec<PackId>> = BTreeMap::new();
        for ((stream, _), some) in frontier.chains() {
            tips.entry(*stream).or_default().extend(some);
        }
        for stream in self.readable()? {
            let Some(mut next) = tips.remove(&stream) else { continue };
            let mut packs: BTreeMap<PackId, (u64, Vec<PackId>)> = BTreeMap::new();
            self.store.headers(self.programme, stream, &mut |stored| {
                let previous = stored.header.previous.iter().copied().collect();
                packs.insert(stored.id, (stored.sequence, previous));
            })?;
            while let Some(id) = next.pop() {
                if let Some((sequence, previous)) = packs.remove(&id) {
                    inside.insert(sequence);
                    next.extend(previous);
                }
            }
        }
        Ok(inside)
    }
}
