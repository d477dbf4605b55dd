//! The simulation's relay: the protocol of the real one over a list in memory, honest unless a bug is
//! planted. It can be restored to an earlier state and lost for good. Nothing in it depends on the engine.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signer, SigningKey};
use tessera_protocol::access::{Access, Openings, Reader, Refusal};
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{
    AnswerHead, Cursor, NothingNew, Pulled, Request, RequestHead, Segment, SignedAnswer, nothing_new_bytes,
};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::header::Position;
use tessera_protocol::ids::{DeviceId, Incarnation, PackId, ProgrammeId, RelayKey};
use tessera_protocol::pack::Pack;
use tessera_protocol::permission::Gathering;
use tessera_protocol::receipt::{EMPTY_HEAD, Receipt, next_head};
use tessera_protocol::signature::{Context, PublicKey, Signature, signed_bytes};

/// What a relay answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Nothing new, with the relay's word for it.
    NothingNew(Vec<u8>),
    /// A head, then segments.
    Frames(Vec<Vec<u8>>),
    /// It does not know who asks.
    NotAuthorised,
    /// No answer: the request was cut or came before.
    Silence,
}

#[derive(Clone)]
struct Entry {
    pack: Pack,
    receipt: Receipt,
}

/// What an answer brings: places in the list of the pull and in the log.
#[derive(Default)]
struct Pull {
    target: u64,
    list: Vec<(usize, usize)>,
    left: Vec<usize>,
}

impl Pull {
    /// Leaves for later what is beyond the budget; one pack comes always.
    fn keep_within(&mut self, budget_bytes: u64, size: impl Fn(usize) -> u64) {
        let mut bytes = 0;
        let fits = self.list.iter().take_while(|(_, at)| {
            bytes += size(*at);
            bytes <= budget_bytes
        });
        let kept = fits.count().max(1).min(self.list.len());
        self.left = self.list.split_off(kept).into_iter().map(|(_, at)| at).collect();
    }
}

/// Target and place of an unfinished pull.
fn progress(cursor: &Cursor) -> Option<(u64, usize)> {
    let (target, done) = cursor.progress.split_at_checked(8)?;
    let target = u64::from_le_bytes(target.try_into().ok()?);
    let done = u64::from_le_bytes(done.try_into().ok()?);
    Some((target, usize::try_from(done).ok()?))
}

/// Packs in one segment; small, so that cuts fall between them.
const SEGMENT: usize = 3;

/// A relay.
#[derive(Clone)]
pub struct Relay {
    key: SigningKey,
    incarnation: Incarnation,
    programme: ProgrammeId,
    log: Vec<Entry>,
    by_id: BTreeMap<PackId, usize>,
    gathering: Gathering,
    access: Access,
    openings: Openings,
    /// Since when a device may read as much as it may.
    since: BTreeMap<DeviceId, u64>,
    counters: BTreeMap<(DeviceId, Incarnation), BTreeSet<u64>>,
    /// Its clock, which may jump.
    pub clock_ms: u64,
    /// Planted: receipts are given before the packs are kept; the next loss takes them.
    pub ack_before_commit: bool,
    /// Planted: it says that it was restored, and not what it has.
    pub hides_what_it_has: bool,
    unkept: Vec<PackId>,
}

impl Relay {
    /// A blank relay with this key.
    #[must_use]
    pub fn new(key: SigningKey, incarnation: Incarnation, programme: ProgrammeId) -> Self {
        let gathering = Gathering::new(programme);
        Self {
            access: Access::new(&gathering.permission()),
            key,
            incarnation,
            programme,
            log: Vec::new(),
            by_id: BTreeMap::new(),
            gathering,
            openings: Openings::default(),
            since: BTreeMap::new(),
            counters: BTreeMap::new(),
            clock_ms: 1_000,
            ack_before_commit: false,
            hides_what_it_has: false,
            unkept: Vec::new(),
        }
    }

    /// Its public key.
    ///
    /// # Panics
    /// Never: a signing key's public half is sound.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::from_bytes(&self.key.verifying_key().to_bytes()).expect("a fresh key is sound")
    }

    /// How many packs it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// True where it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Everything that it holds, in its order.
    pub fn packs(&self) -> impl Iterator<Item = &Pack> + '_ {
        self.log.iter().map(|entry| &entry.pack)
    }

    /// The receipt of a pack that it holds.
    #[must_use]
    pub fn receipt(&self, pack: PackId) -> Option<&Receipt> {
        self.by_id.get(&pack).map(|at| &self.log[*at].receipt)
    }

    /// True where charter or statements name the device.
    #[must_use]
    pub fn knows_device(&self, device: DeviceId) -> bool {
        self.access.reader(device).is_some()
    }

    /// Goes back to the first `count` packs, as from a backup, under a new incarnation.
    pub fn restore(&mut self, count: usize, incarnation: Incarnation) {
        let kept: Vec<Entry> = self.log.drain(..).take(count).collect();
        let fresh = Self::new(self.key.clone(), incarnation, self.programme);
        let clock_ms = self.clock_ms;
        let (ack_before_commit, hides_what_it_has) = (self.ack_before_commit, self.hides_what_it_has);
        *self = Self { clock_ms, ack_before_commit, hides_what_it_has, ..fresh };
        for entry in kept {
            self.keep(entry);
        }
    }

    /// Starts again after a crash: what the planted bug did not keep is gone.
    pub fn crash(&mut self, incarnation: Incarnation) {
        let unkept: BTreeSet<PackId> = self.unkept.drain(..).collect();
        if unkept.is_empty() {
            self.incarnation = incarnation;
            return;
        }
        let first = self.log.iter().position(|entry| unkept.contains(&entry.pack.id()));
        // The bug: the log goes back, and nobody is told.
        let before = self.incarnation;
        self.restore(first.unwrap_or(self.log.len()), before);
    }

    fn keep(&mut self, entry: Entry) {
        let header = entry.pack.header();
        self.by_id.insert(entry.pack.id(), self.log.len());
        let public = self.access.name(header.stream) == tessera_protocol::stream::Stream::Public;
        if public {
            self.gathering.insert(entry.pack.clone());
            let permission = self.gathering.permission();
            let access = Access::new(&permission);
            for device in permission.members.values().flat_map(|member| member.devices.keys()) {
                let (before, after) = (self.access.reader(*device), access.reader(*device));
                let more = |reader: Reader| (reader.active, reader.active && reader.coordinator);
                if before.map(more) < after.map(more) {
                    self.since.insert(*device, self.log.len() as u64 + 1);
                }
            }
            self.access = access;
        }
        self.openings.note(header, entry.pack.id());
        self.log.push(entry);
    }

    fn position(&self) -> Position {
        match self.log.last() {
            Some(entry) => Position {
                incarnation: self.incarnation,
                sequence: self.log.len() as u64,
                head: entry.receipt.head,
            },
            None => Position { incarnation: self.incarnation, sequence: 0, head: EMPTY_HEAD },
        }
    }

    fn sign(&self, context: Context, payload: &[u8]) -> Signature {
        Signature(self.key.sign(&signed_bytes(context, payload)).to_bytes())
    }

    fn take(&mut self, pack: Pack) -> Result<(), Refusal> {
        let id = pack.id();
        if self.by_id.contains_key(&id) {
            return Ok(());
        }
        if pack.header().programme != self.programme {
            return Err(Refusal::OtherProgramme);
        }
        let public = self.access.name(pack.header().stream) == tessera_protocol::stream::Stream::Public;
        if public {
            let mut trial = self.gathering.clone();
            let (checked, refused) = trial.insert(pack.clone());
            if refused.is_some() {
                return Err(Refusal::BadSignature);
            }
            if checked.is_empty() {
                return Err(Refusal::UnknownDevice);
            }
        } else {
            let key = *self.gathering.key(pack.header().device).ok_or(Refusal::UnknownDevice)?;
            pack.clone().verify(&key).map_err(|_| Refusal::BadSignature)?;
            self.access.may_write(pack.header())?;
        }
        self.clock_ms += 1;
        let head = next_head(&self.position().head, id, self.clock_ms);
        let mut receipt = Receipt {
            programme: self.programme,
            incarnation: self.incarnation,
            sequence: self.log.len() as u64 + 1,
            pack: id,
            received_ms: self.clock_ms,
            head,
            signature: Signature([0; 64]),
        };
        receipt.signature = self.sign(Context::Receipt, &receipt.signed());
        self.keep(Entry { pack, receipt });
        if self.ack_before_commit {
            self.unkept.push(id);
        }
        Ok(())
    }

    /// Handles a request; `frames` may be fewer than it announces where the connection was cut, and then there
    /// is no answer.
    pub fn exchange(&mut self, frames: &[Vec<u8>]) -> Answer {
        let Some(Ok(request)) = frames.first().map(|frame| Request::from_bytes(frame)) else {
            return Answer::Silence;
        };
        let mut packs: Vec<Pack> =
            frames[1..].iter().filter_map(|frame| Pack::from_bytes(frame).ok()).collect();
        let cut = packs.len() < request.head.packs as usize;
        let mut outcome: BTreeMap<PackId, Result<(), Refusal>> = BTreeMap::new();
        // Charter and statements may name one another's signers in any order.
        loop {
            let before = self.log.len();
            packs.retain(|pack| {
                let result = self.take(pack.clone());
                let again = result == Err(Refusal::UnknownDevice);
                outcome.insert(pack.id(), result);
                again
            });
            if self.log.len() == before || packs.is_empty() {
                break;
            }
        }
        let caller = &request.head.caller;
        if cut {
            return Answer::Silence;
        }
        let Some(key) = self.gathering.key(caller.device) else { return Answer::NotAuthorised };
        let genuine = request.verify(RelayKey(self.public().to_bytes()), key).is_ok();
        let used = self.counters.entry((caller.device, caller.incarnation)).or_default();
        if !genuine || !used.insert(caller.counter) {
            return Answer::Silence;
        }
        self.answer(&request, &outcome)
    }

    fn knows(&self, cursor: &Cursor) -> bool {
        let at = usize::try_from(cursor.sequence).unwrap_or(usize::MAX);
        let within = progress(cursor).is_none_or(|(target, _)| target <= self.log.len() as u64);
        within
            && match at {
                0 => true,
                _ => self.log.get(at - 1).is_some_and(|entry| entry.receipt.head.prefix() == cursor.head),
            }
    }

    /// The rule as it was when the log had this length.
    fn rule_at(&self, length: u64) -> (Access, Openings, BTreeMap<DeviceId, u64>) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length >= self.log.len() {
            return (self.access.clone(), self.openings.clone(), self.since.clone());
        }
        let mut then = Self::new(self.key.clone(), self.incarnation, self.programme);
        for entry in &self.log[..length] {
            then.keep(entry.clone());
        }
        (then.access, then.openings, then.since)
    }

    /// What lies between a cursor and `target` for a device, in the order of sending. The rule is that of
    /// `target`, so that the order is the same when an unfinished pull goes on.
    fn between(&self, head: &RequestHead, from: u64, target: u64) -> Vec<usize> {
        let (access, openings, since) = self.rule_at(target);
        let since = since.get(&head.caller.device).copied().unwrap_or(0);
        let Some(reader) = access.reader(head.caller.device) else { return Vec::new() };
        let have = head.have.as_ref().map(|have| self.inside(have)).unwrap_or_default();
        let mut list: Vec<(u8, u64, usize)> = Vec::new();
        for (at, entry) in self.log.iter().enumerate() {
            let stream = entry.pack.header().stream;
            if !access.may_read(&openings, reader, stream) || have.contains(&entry.pack.id()) {
                continue;
            }
            let opened = openings.is_open(&access, reader.member, stream);
            let opened = opened.and_then(|pack| self.by_id.get(&pack)).map_or(0, |at| *at as u64 + 1);
            let place = (at as u64 + 1).max(since).max(if reader.coordinator { 0 } else { opened });
            if place > from && place <= target {
                list.push((access.class(&openings, reader, stream) as u8, place, at));
            }
        }
        list.sort_unstable();
        list.into_iter().map(|(.., at)| at).collect()
    }

    fn answer(&self, request: &Request, outcome: &BTreeMap<PackId, Result<(), Refusal>>) -> Answer {
        let head = &request.head;
        let newest = self.position();
        let Some(reader) = self.access.reader(head.caller.device) else { return Answer::NotAuthorised };
        let mut receipts = Vec::new();
        let mut refused = Vec::new();
        for (pack, result) in outcome {
            match (result, self.by_id.get(pack)) {
                (Ok(()), Some(at)) => receipts.push(self.log[*at].receipt),
                (Err(why), _) => refused.push((*pack, *why)),
                (Ok(()), None) => {}
            }
        }
        receipts.extend(
            head.asked.iter().filter_map(|pack| self.by_id.get(pack)).map(|at| self.log[*at].receipt),
        );
        let known = self.knows(&head.cursor);
        let readable = |pack: &Pack| self.access.may_read(&self.openings, reader, pack.header().stream);
        let sent = |at: &usize| {
            let pack = &self.log[*at].pack;
            let echo = pack.header().device == head.caller.device && outcome.contains_key(&pack.id());
            readable(pack) && !echo
        };
        let mut pull = Pull { target: newest.sequence, ..Pull::default() };
        if known {
            if let Some((target, skip)) = progress(&head.cursor) {
                let list = self.between(head, head.cursor.sequence, target);
                pull =
                    Pull { target, list: (skip..).zip(list.into_iter().skip(skip)).collect(), left: vec![] };
                pull.list.retain(|(_, at)| sent(at));
            }
            if pull.list.is_empty() {
                let from = if pull.target < newest.sequence { pull.target } else { head.cursor.sequence };
                let list = self.between(head, from, newest.sequence);
                pull = Pull { target: newest.sequence, list: (0..).zip(list).collect(), left: vec![] };
                pull.list.retain(|(_, at)| sent(at));
            }
        }
        let size = |at: usize| self.log[at].pack.to_bytes().len() as u64;
        pull.keep_within(head.budget_bytes, size);
        let nothing = pull.list.is_empty() && receipts.is_empty() && refused.is_empty();
        if nothing && known && head.have.is_none() && head.asked.is_empty() && head.packs == 0 {
            let signature = self.sign(Context::Answer, &nothing_new_bytes(&request.id(), &newest));
            return Answer::NothingNew(NothingNew { newest, signature }.to_bytes());
        }
        let frontier = (!known || head.have.is_some()).then(|| self.frontier(readable));
        let answer = AnswerHead {
            request: request.id(),
            newest,
            cursor_known: known,
            receipts: receipts.try_into().unwrap_or_default(),
            refused: refused.try_into().unwrap_or_default(),
            frontier: frontier.filter(|_| !self.hides_what_it_has),
            announced_packs: pull.list.len() as u64,
            announced_bytes: pull.list.iter().map(|(_, at)| size(*at)).sum(),
            left_packs: pull.left.len() as u64,
            left_bytes: pull.left.iter().map(|at| size(*at)).sum(),
        };
        let signature = self.sign(Context::Answer, &answer.to_bytes());
        let mut frames = vec![SignedAnswer { head: answer, signature }.to_bytes()];
        frames.extend(self.segments(request, &pull));
        Answer::Frames(frames)
    }

    fn segments(&self, request: &Request, pull: &Pull) -> Vec<Vec<u8>> {
        let id = request.id();
        let mut frames = Vec::new();
        let count = pull.list.chunks(SEGMENT).count();
        for (index, chunk) in (0_u32..).zip(pull.list.chunks(SEGMENT)) {
            let last = index as usize + 1 == count;
            let done = chunk.last().map_or(0, |(place, _)| place + 1);
            let cursor = if last && pull.left.is_empty() {
                self.at(pull.target)
            } else {
                self.within(&request.head.cursor, pull.target, done)
            };
            let pulled: Vec<Pulled> = chunk
                .iter()
                .map(|(_, at)| Pulled {
                    sequence: *at as u64 + 1,
                    received_ms: self.log[*at].receipt.received_ms,
                    pack: self.log[*at].pack.clone(),
                })
                .collect();
            let mut segment = Segment {
                index,
                last,
                cursor,
                pulled: pulled.try_into().unwrap_or_default(),
                signature: Signature([0; 64]),
            };
            segment.signature = self.sign(Context::Segment, &segment.signed(&id));
            frames.push(segment.to_bytes());
        }
        frames
    }

    fn at(&self, sequence: u64) -> Cursor {
        let entry = usize::try_from(sequence).ok().and_then(|at| self.log.get(at.checked_sub(1)?));
        Cursor {
            incarnation: self.incarnation,
            sequence,
            head: entry.map_or(EMPTY_HEAD, |entry| entry.receipt.head).prefix(),
            progress: Default::default(),
        }
    }

    fn within(&self, cursor: &Cursor, target: u64, done: usize) -> Cursor {
        let progress = [target.to_le_bytes(), (done as u64).to_le_bytes()].concat();
        Cursor { progress: progress.try_into().unwrap_or_default(), ..cursor.clone() }
    }

    /// Up to where it holds every chain without a gap.
    fn frontier(&self, readable: impl Fn(&Pack) -> bool) -> Frontier {
        let mut packs: Vec<&Pack> = self.packs().filter(|pack| readable(pack)).collect();
        packs.sort_by_key(|pack| pack.header().number);
        let mut whole: BTreeSet<PackId> = BTreeSet::new();
        packs.retain(|pack| {
            let follows = pack.header().previous.iter().all(|previous| whole.contains(previous));
            follows && whole.insert(pack.id())
        });
        let named: BTreeSet<PackId> =
            packs.iter().flat_map(|pack| pack.header().previous.iter().copied()).collect();
        let mut frontier = Frontier::default();
        for pack in packs.iter().filter(|pack| !named.contains(&pack.id())) {
            frontier.insert((pack.header().stream, pack.header().device), pack.id());
        }
        frontier
    }

    /// Packs inside a frontier, as far as this relay knows their chains.
    fn inside(&self, frontier: &Frontier) -> BTreeSet<PackId> {
        let mut inside = BTreeSet::new();
        let mut next: Vec<PackId> = frontier.chains().flat_map(|(_, tips)| tips.iter().copied()).collect();
        while let Some(id) = next.pop() {
            if inside.insert(id)
                && let Some(at) = self.by_id.get(&id)
            {
                next.extend(self.log[*at].pack.header().previous.iter().copied());
            }
        }
        inside
    }
}
