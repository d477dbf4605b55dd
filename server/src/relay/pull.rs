//! Giving packs: what a device may read after its cursor, in the order of sending, within its budget.
//! A plan holds numbers and sizes; bytes are read segment by segment while the answer is sent. A device that was here a
//! moment ago is answered from memory ([`super::recent`]), without a word from the store.

mod progress;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use tessera_protocol::access::{Class, Reader, Refusal};
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
use super::recent::{Held, Recent};
use super::{Programme, Relay, State};
use crate::failure::Failure;
use crate::rate::Running;
use crate::rules::Rules;
use crate::store::{Entry, Place, Right, Store, StoreError, reading};
use progress::{At, Reached};
use whole::Whole;

/// Tips in one frontier; what is left out is merely sent again.
const TIPS: usize = 200_000;
/// Receipts that are signed where others wait for it; more are signed beside.
const RECEIPTS: usize = 16;

/// Why there is no plan.
pub(super) enum Unread {
    /// Memory does not hold all that is asked for.
    OnDisk,
    /// The store failed.
    Failed(StoreError),
}

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// An answer on its way.
pub enum Answer {
    /// Nothing is new: the header of a 204.
    NothingNew(NothingNew),
    /// Frames: the head, then segments.
    Frames(Body),
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
    refused: Vec<(PackId, Refusal)>,
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
    /// Decides what an answer brings, from memory alone where there is no store; `None` where the device is not known any
    /// more.
    pub(super) fn plan(
        &self,
        programme: &Programme,
        request: &Request,
        pushed: &Pushed,
        store: Option<&dyn Store>,
    ) -> Result<Option<Plan>, Unread> {
        let head = &request.head;
        let State { rules, newest, recent } = programme.state();
        let Some(reader) = rules.access.reader(head.caller.device) else { return Ok(None) };
        let source = match store {
            Some(store) => Source::Store(store),
            None if pushed.places.len() > RECEIPTS || head.have.is_some() || !head.asked.is_empty() => {
                return Err(Unread::OnDisk);
            }
            None => Source::Memory(&recent),
        };
        let log = Log { source, programme: programme.id, rules: &rules, newest: newest.0, reader };
        let newest = Position { incarnation: self.incarnation, sequence: newest.0, head: newest.1 };
        let reached = log.reached(&head.cursor)?;
        let known = reached.is_some();
        let reached = reached.unwrap_or_default();
        let mut plan = Plan {
            request: request.id(),
            programme: programme.id,
            newest,
            known,
            receipts: Vec::new(),
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
            refused: pushed.refused.iter().map(|(id, why)| (*id, *why)).collect(),
        };
        if known {
            let mut without = log.inside(head.have.as_ref())?;
            without.extend(pushed.places.values().map(|place| place.sequence));
            let items = log.items(head.caller.device, &plan.reached, &without)?;
            plan.fit(items, head);
        }
        plan.receipts = self.receipts(programme.id, head, pushed)?;
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
        let asked = if asked.is_empty() { Vec::new() } else { self.store.places(programme, &asked)? };
        let pushed = pushed.places.iter().map(|(id, place)| (*id, *place));
        let receipt = |(pack, place): (PackId, Place)| {
            let Place { incarnation, sequence, received_ms, head } = place;
            let signature = Signature([0; 64]);
            self.key.receipt(Receipt { programme, incarnation, sequence, pack, received_ms, head, signature })
        };
        Ok(pushed.chain(asked).take(formats::PACKS_PER_REQUEST).map(receipt).collect())
    }

    /// Makes the answer; nothing of a pack is read before its segment is wanted.
    /// It is one body of known length where all of it is in memory.
    pub(super) fn answer(self: Arc<Self>, plan: Plan, programme: &Programme, running: Running) -> Answer {
        if plan.is_nothing() {
            let signature = self.key.sign(Context::Answer, &nothing_new_bytes(&plan.request, &plan.newest));
            return Answer::NothingNew(NothingNew { newest: plan.newest, signature });
        }
        let head = AnswerHead {
            request: plan.request,
            newest: plan.newest,
            cursor_known: plan.known,
            receipts: plan.receipts.clone().try_into().unwrap_or_default(),
            refused: plan.refused.clone().try_into().unwrap_or_default(),
            frontier: plan.frontier.clone(),
            announced_packs: plan.items.len() as u64,
            announced_bytes: plan.items.iter().map(|item| item.size_bytes).sum(),
            left_packs: plan.left_packs,
            left_bytes: plan.left_bytes,
        };
        let signature = self.key.sign(Context::Answer, &head.to_bytes());
        let mut head = frame(&SignedAnswer { head, signature }.to_bytes());
        if let Some(segment) = self.only_segment(&plan, programme) {
            head.extend(segment);
            return Answer::Frames(Body::new(Whole::new(head, running)));
        }
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
        Answer::Frames(Body::from_stream(frames))
    }
}

impl Plan {
    pub(super) fn is_nothing(&self) -> bool {
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

    /// Where the device stands that has everything.
    fn whole_cursor(&self) -> Cursor {
        let Position { incarnation, sequence, head } = self.newest;
        Cursor { incarnation, sequence, head: head.prefix(), progress: Default::default() }
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
            return Ok(self.whole_cursor());
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
        let end = segment_end(items, self.sent);
        let (relay, plan) = (Arc::clone(&self.relay), Arc::clone(&self.plan));
        let (start, index) = (self.sent, self.index);
        let segment = reading(move || relay.segment(&plan, start, end, index)).await?;
        (self.sent, self.index) = (end, index + 1);
        Ok(Some((Bytes::from(segment), self)))
    }
}

/// Where the segment ends that begins with this item.
fn segment_end(items: &[Item], start: usize) -> usize {
    let (mut end, mut bytes) = (start, 0);
    while end < items.len()
        && end - start < formats::PACKS_PER_SEGMENT
        && bytes < formats::SEGMENT_BYTES as u64
    {
        bytes += items[end].size_bytes;
        end += 1;
    }
    end
}

impl Relay {
    /// All that follows an answer's head, where that is one segment of packs in memory, or nothing.
    fn only_segment(&self, plan: &Plan, programme: &Programme) -> Option<Vec<u8>> {
        if plan.items.is_empty() {
            return Some(Vec::new());
        }
        if segment_end(&plan.items, 0) < plan.items.len() || !plan.after.is_whole(plan.newest.sequence) {
            return None;
        }
        let recent = programme.state().recent;
        let pulled = |item: &Item| {
            let held = recent.get(item.at.sequence)?;
            let (sequence, received_ms) = (held.sequence, held.received_ms);
            Some(Pulled { sequence, received_ms, pack: Pack::clone(&held.pack) })
        };
        let pulled = plan.items.iter().map(pulled).collect::<Option<Vec<_>>>()?;
        Some(self.signed_segment(plan, 0, true, plan.whole_cursor(), pulled))
    }

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
        let cursor = plan.cursor_after(end, self)?;
        Ok(self.signed_segment(plan, index, end == plan.items.len(), cursor, pulled))
    }

    fn signed_segment(
        &self,
        plan: &Plan,
        index: u32,
        last: bool,
        cursor: Cursor,
        pulled: Vec<Pulled>,
    ) -> Vec<u8> {
        let (pulled, signature) = (pulled.try_into().unwrap_or_default(), Signature([0; 64]));
        let mut segment = Segment { index, last, cursor, pulled, signature };
        segment.signature = self.key.sign(Context::Segment, &segment.signed(&plan.request));
        frame(&segment.to_bytes())
    }
}

/// Where the log is read.
#[derive(Clone, Copy)]
enum Source<'a> {
    Memory(&'a Recent),
    Store(&'a dyn Store),
}

impl<'a> Source<'a> {
    fn store(self) -> Result<&'a dyn Store, Unread> {
        match self {
            Self::Memory(_) => Err(Unread::OnDisk),
            Self::Store(store) => Ok(store),
        }
    }
}

/// The log as one device sees it.
struct Log<'a> {
    source: Source<'a>,
    programme: ProgrammeId,
    rules: &'a Rules,
    newest: u64,
    reader: Reader,
}

impl Log<'_> {
    /// How far a cursor is; `None` where this log does not contain it.
    fn reached(&self, cursor: &Cursor) -> Result<Option<Reached>, Unread> {
        let head = |sequence: u64| -> Result<Option<Hash>, Unread> {
            match (sequence, self.source) {
                (0, _) => Ok(Some(EMPTY_HEAD)),
                (at, _) if at > self.newest => Ok(None),
                (at, Source::Memory(recent)) => recent.head(at).map(Some).ok_or(Unread::OnDisk),
                (at, Source::Store(store)) => Ok(store.head(self.programme, at)?),
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
    ) -> Result<Vec<Item>, Unread> {
        let since = self.rules.since(Right::Device(device));
        let moved: BTreeMap<StreamId, u64> = self.rules.changed_streams(self.reader.member).collect();
        let mut items = Vec::new();
        let mut class_of: BTreeMap<StreamId, Option<(Class, u64)>> = BTreeMap::new();
        let mut take = |entry: Entry| {
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
        let store = match self.source {
            Source::Store(store) => store,
            Source::Memory(recent) => {
                let plain = *reached == Reached::all(At::whole(behind));
                let still = since < behind && moved.values().all(|since| *since < behind);
                let held = recent.since(behind).filter(|_| plain && still).ok_or(Unread::OnDisk)?;
                for Held { sequence, stream, size_bytes, .. } in held {
                    take(Entry { sequence: *sequence, stream: *stream, size_bytes: *size_bytes });
                }
                return Ok(items);
            }
        };
        match self.streams() {
            None => {
                store.entries(self.programme, None, from..=self.newest, &mut take)?;
                for (stream, _) in moved.iter().filter(|(_, since)| **since >= behind && from > 1) {
                    store.entries(self.programme, Some(*stream), 1..=from - 1, &mut take)?;
                }
            }
            Some(streams) => {
                for stream in streams {
                    let moved = moved.get(&stream).copied().unwrap_or(0);
                    let from = if moved >= behind { 1 } else { from };
                    store.entries(self.programme, Some(stream), from..=self.newest, &mut take)?;
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

    fn readable(&self, store: &dyn Store) -> Result<Vec<StreamId>, StoreError> {
        let streams: Vec<StreamId> = match self.streams() {
            Some(streams) => streams.into_iter().collect(),
            None => store.streams(self.programme)?.into_iter().map(|summary| summary.stream).collect(),
        };
        let may = |stream: &StreamId| self.rules.access.may_read(&self.rules.openings, self.reader, *stream);
        Ok(streams.into_iter().filter(may).collect())
    }

    /// The tips of everything that the device may read and that is whole, up to the first gap of each chain: what
    /// lies beyond a gap would hide the gap from whoever could fill it.
    fn frontier(&self, damaged: &BTreeSet<PackId>) -> Result<Frontier, Unread> {
        let store = self.source.store()?;
        let mut frontier = Frontier::default();
        let mut room = TIPS;
        let mut chains = formats::FRONTIER;
        for stream in self.readable(store)? {
            let mut packs: Vec<(u64, PackId, DeviceId, Vec<PackId>)> = Vec::new();
            store.headers(self.programme, stream, &mut |stored| {
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
    fn inside(&self, frontier: Option<&Frontier>) -> Result<BTreeSet<u64>, Unread> {
        let mut inside = BTreeSet::new();
        let Some(frontier) = frontier else { return Ok(inside) };
        let store = self.source.store()?;
        let mut tips: BTreeMap<StreamId, Vec<PackId>> = BTreeMap::new();
        for ((stream, _), some) in frontier.chains() {
            tips.entry(*stream).or_default().extend(some);
        }
        for stream in self.readable(store)? {
            let Some(mut next) = tips.remove(&stream) else { continue };
            let mut packs: BTreeMap<PackId, (u64, Vec<PackId>)> = BTreeMap::new();
            store.headers(self.programme, stream, &mut |stored| {
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
