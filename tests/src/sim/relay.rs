//! The simulation's relay: the protocol of the real one over a list in memory, honest unless a bug is
//! planted. It can be restored to an earlier state and lost for good. Nothing in it depends on the engine.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signer, SigningKey};
use tessera_protocol::access::{Access, Openings, Refusal};
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{
    AnswerHead, Cursor, NothingNew, Pulled, Request, Segment, SignedAnswer, nothing_new_bytes,
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
    /// No answer: it does not know who asks, or the request was cut.
    Silence,
}

#[derive(Clone)]
struct Entry {
    pack: Pack,
    receipt: Receipt,
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
    counters: BTreeMap<(DeviceId, Incarnation), BTreeSet<u64>>,
    /// Its clock, which may jump.
    pub clock_ms: u64,
    /// Planted: receipts are given before the packs are kept; the next loss takes them.
    pub ack_before_commit: bool,
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
            counters: BTreeMap::new(),
            clock_ms: 1_000,
            ack_before_commit: false,
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

    /// Every byte that it holds, to be searched.
    pub fn bytes(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        self.log.iter().map(|entry| entry.pack.to_bytes())
    }

    /// Goes back to the first `count` packs, as from a backup, under a new incarnation.
    pub fn restore(&mut self, count: usize, incarnation: Incarnation) {
        let kept: Vec<Entry> = self.log.drain(..).take(count).collect();
        let fresh = Self::new(self.key.clone(), incarnation, self.programme);
        let clock_ms = self.clock_ms;
        let bug = self.ack_before_commit;
        *self = Self { clock_ms, ack_before_commit: bug, ..fresh };
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
            self.access = Access::new(&self.gathering.permission());
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
        let Some(key) = self.gathering.key(caller.device) else { return Answer::Silence };
        let genuine = request.verify(RelayKey(self.public().to_bytes()), key).is_ok();
        let used = self.counters.entry((caller.device, caller.incarnation)).or_default();
        if !genuine || cut || !used.insert(caller.counter) {
            return Answer::Silence;
        }
        self.answer(&request, &outcome)
    }

    fn knows(&self, cursor: &Cursor) -> bool {
        let at = usize::try_from(cursor.sequence).unwrap_or(usize::MAX);
        match at {
            0 => true,
            _ => self.log.get(at - 1).is_some_and(|entry| entry.receipt.head.prefix() == cursor.head),
        }
    }

    fn answer(&self, request: &Request, outcome: &BTreeMap<PackId, Result<(), Refusal>>) -> Answer {
        let head = &request.head;
        let newest = self.position();
        let Some(reader) = self.access.reader(head.caller.device) else { return Answer::Silence };
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
        let have = head.have.as_ref().map(|have| self.inside(have)).unwrap_or_default();
        let (target, skip) = match head.cursor.progress.first_chunk::<16>() {
            Some(progress) => {
                let number = |from: usize| {
                    let mut bytes = [0; 8];
                    bytes.copy_from_slice(&progress[from..from + 8]);
                    u64::from_le_bytes(bytes)
                };
                (number(0), usize::try_from(number(8)).unwrap_or(usize::MAX))
            }
            None => (newest.sequence, 0),
        };
        let mut list: Vec<(u8, u64, usize)> = Vec::new();
        if known {
            for (at, entry) in self.log.iter().enumerate() {
                let id = entry.pack.id();
                let opened = self.openings.is_open(&self.access, reader.member, entry.pack.header().stream);
                let opened = opened.and_then(|pack| self.by_id.get(&pack)).map_or(0, |at| *at as u64 + 1);
                let opened = if reader.coordinator { 0 } else { opened };
                let place = (at as u64 + 1).max(opened);
                let new = place > head.cursor.sequence && place <= target;
                let mine = entry.pack.header().device == head.caller.device && outcome.contains_key(&id);
                if new && !mine && readable(&entry.pack) && !have.contains(&id) {
                    let class = self.access.class(&self.openings, reader, entry.pack.header().stream);
                    list.push((class as u8, place, at));
                }
            }
        }
        list.sort_unstable();
        let list = list.split_off(skip.min(list.len()));
        let nothing =
            list.is_empty() && receipts.is_empty() && refused.is_empty() && known && head.have.is_none();
        if nothing && head.asked.is_empty() && head.packs == 0 {
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
            frontier,
            announced_packs: list.len() as u64,
            announced_bytes: list.iter().map(|(.., at)| self.log[*at].pack.to_bytes().len() as u64).sum(),
            left_packs: 0,
            left_bytes: 0,
        };
        let signature = self.sign(Context::Answer, &answer.to_bytes());
        let mut frames = vec![SignedAnswer { head: answer, signature }.to_bytes()];
        frames.extend(self.segments(request, &list, target, skip));
        Answer::Frames(frames)
    }

    fn segments(
        &self,
        request: &Request,
        list: &[(u8, u64, usize)],
        target: u64,
        skip: usize,
    ) -> Vec<Vec<u8>> {
        let id = request.id();
        let mut frames = Vec::new();
        let count = list.chunks(SEGMENT).count();
        for (index, chunk) in (0_u32..).zip(list.chunks(SEGMENT)) {
            let last = index as usize + 1 == count;
            let done = skip + SEGMENT * index as usize + chunk.len();
            let cursor = if last { self.at(target) } else { self.within(&request.head.cursor, target, done) };
            let pulled: Vec<Pulled> = chunk
                .iter()
                .map(|(.., at)| Pulled {
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

    fn frontier(&self, readable: impl Fn(&Pack) -> bool) -> Frontier {
        let packs: Vec<&Pack> =
            self.log.iter().map(|entry| &entry.pack).filter(|pack| readable(pack)).collect();
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
