//! A relay: a store, a key, and the rules of every programme in memory. It knows no HTTP; [`crate::http`]
//! hands it bodies and headers. What is in memory follows from the store and changes only after a commit.

mod pull;
mod push;
mod recent;
mod waiting;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::body::Body;
use tessera_defence::defence;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{Caller, Request};
use tessera_protocol::hash::Hash;
use tessera_protocol::ids::{Incarnation, PackId, ProgrammeId, RelayKey};
use tessera_protocol::limits as formats;
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::EMPTY_HEAD;
use tessera_protocol::signature::PublicKey;
use tokio::sync::{Mutex, Notify, Semaphore};

use crate::counter::Windows;
use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::key::SigningRelay;
use crate::limits::Limits;
use crate::rate::{Rates, Running};
use crate::rules::Rules;
use crate::store::{Store, StoreError, reading};

pub use pull::Answer;
use pull::{Plan, Unread};
use push::Pushed;
use recent::Recent;
use waiting::Waiting;

/// The longest head of a request; room for a frontier of some 60,000 chains.
const HEAD_BYTES: usize = 4 * 1024 * 1024;
/// A head like nearly all are: nobody can crowd it out.
const SMALL_HEAD_BYTES: usize = 16 * 1024;
/// Of whoever is not known yet, this many bytes together are held until it is.
const STRANGERS_BYTES: usize = 24 * 1024 * 1024;
/// Packs that are being judged and stored, all requests together.
const PUSHING_BYTES: usize = 32 * 1024 * 1024;

/// Which programmes a relay takes whose charter names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taking {
    /// Any, up to the limit.
    Any,
    /// These.
    Only(Vec<ProgrammeId>),
}

/// What a relay is started with.
pub struct Setup {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Its key.
    pub key: SigningRelay,
    /// Random bytes of this start.
    pub incarnation: Incarnation,
    /// Milliseconds since 1970; evidence for people, nothing is decided by it.
    pub clock: Box<dyn Fn() -> u64 + Send + Sync>,
    /// Its limits.
    pub limits: Limits,
    /// Which programmes it takes.
    pub taking: Taking,
}

/// A relay.
pub struct Relay {
    store: Arc<dyn Store>,
    key: SigningRelay,
    incarnation: Incarnation,
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
    limits: Limits,
    taking: Taking,
    programmes: RwLock<HashMap<ProgrammeId, Arc<Programme>>>,
    damaged: Damaged,
    founding: Mutex<()>,
    windows: Windows,
    rates: Rates,
    exchanges: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    pushing: Arc<Semaphore>,
    waiting: Waiting,
}

/// Stored packs whose bytes were found damaged: treated as missing until somebody brings them again.
#[derive(Default)]
struct Damaged(std::sync::Mutex<BTreeSet<PackId>>);

impl Damaged {
    fn note(&self, pack: PackId) {
        tracing::error!(%pack, "a stored pack is damaged and left out");
        self.lock().insert(pack);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<PackId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One programme in memory.
pub(crate) struct Programme {
    id: ProgrammeId,
    state: RwLock<State>,
    /// Held from judging what changes rights until it is committed.
    changing: Arc<Mutex<()>>,
    /// Wakes who waits for something new.
    news: Notify,
}

#[derive(Clone)]
struct State {
    rules: Rules,
    newest: (u64, Hash),
    /// The end of the log.
    recent: Arc<Recent>,
}

impl Programme {
    fn new(id: ProgrammeId, rules: Rules, newest: (u64, Hash)) -> Arc<Self> {
        let state = State { rules, newest, recent: Arc::new(Recent::after(newest)) };
        Arc::new(Self { id, state: RwLock::new(state), changing: Arc::default(), news: Notify::new() })
    }

    /// The rules of this moment.
    pub(crate) fn rules(&self) -> Rules {
        self.state().rules
    }

    fn state(&self) -> State {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Relay {
    /// Reads everything that is held in memory from the store.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn start(setup: Setup) -> Result<Self, StoreError> {
        let Setup { store, key, incarnation, clock, limits, taking } = setup;
        let mut programmes = HashMap::new();
        let damaged = Damaged::default();
        for id in store.programmes()? {
            let newest = store.newest(id)?.unwrap_or((0, EMPTY_HEAD));
            let rules = Rules::load(&*store, id, &mut |pack| damaged.note(pack))?;
            programmes.insert(id, Programme::new(id, rules, newest));
        }
        Ok(Self {
            rates: Rates::new(limits.requests_per_second, limits.requests_at_once),
            exchanges: Arc::new(Semaphore::new(limits.exchanges.max(1))),
            strangers: Arc::new(Semaphore::new(STRANGERS_BYTES)),
            pushing: Arc::new(Semaphore::new(PUSHING_BYTES)),
            waiting: Waiting::new(limits.waiting.min(limits.connections / 4)),
            programmes: RwLock::new(programmes),
            damaged,
            founding: Mutex::default(),
            windows: Windows::default(),
            store,
            key,
            incarnation,
            clock,
            limits,
            taking,
        })
    }

    /// The public half of its key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.key.public()
    }

    /// The same as requests name it.
    #[must_use]
    pub fn id(&self) -> RelayKey {
        self.key.id()
    }

    /// Its limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What it keeps everything in.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(crate) fn idle(&self) -> Duration {
        Duration::from_secs(self.limits.idle_seconds)
    }

    pub(crate) fn programme(&self, id: ProgrammeId) -> Option<Arc<Programme>> {
        self.programmes.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Handles one exchange. Receipts are in the answer only for what is durable. Where nothing is new for whoever asks,
    /// the answer may wait so long for something.
    ///
    /// # Errors
    /// [`Failure`]; packs that came before it may have been stored, and are asked for later.
    pub async fn exchange(self: Arc<Self>, body: Body, wait: Duration) -> Result<Answer, Failure> {
        let limit = (HEAD_BYTES + formats::REQUEST_BYTES + 4 * (formats::PACKS_PER_REQUEST + 1)) as u64;
        let mut incoming = Incoming::new(body, limit, self.idle());
        let result = self.answer_to(&mut incoming, wait).await;
        if result.is_err() {
            incoming.discard(limit).await;
        }
        result
    }

    /// Answers every request that waits, and lets none wait from now on.
    pub fn end_waiting(&self) {
        self.waiting.end();
    }

    async fn answer_to(self: &Arc<Self>, incoming: &mut Incoming, wait: Duration) -> Result<Answer, Failure> {
        let length = incoming.length(HEAD_BYTES).await?;
        let head_room = if length > SMALL_HEAD_BYTES { Some(self.room(length)?) } else { None };
        let request = Request::from_bytes(&incoming.frame(HEAD_BYTES).await?)?;
        let caller = &request.head.caller;
        let known = self.known(caller);
        let mut left = request.head.packs as usize;
        incoming.expect(request.head.pack_bytes + 4 * u64::from(request.head.packs));
        let (programme, first) = match &known {
            Some((programme, key)) => {
                self.genuine(&request, Some(key))?;
                (Arc::clone(programme), Vec::new())
            }
            None => self.introduce(&request, incoming, &mut left).await?,
        };
        let running = self.enter(caller)?;
        self.windows.take(&self.store, caller).await?;
        let pushed = self.push_within(&programme, first, incoming, left, &request).await?;
        drop(head_room);
        let plan = self.planned(&programme, request, pushed, wait).await?;
        Ok(Arc::clone(self).answer(plan, &programme, running))
    }

    /// Decides what an answer brings; where that is nothing, waits for news as long as the device likes and there is a seat.
    async fn planned(
        self: &Arc<Self>,
        programme: &Arc<Programme>,
        request: Request,
        pushed: Pushed,
        wait: Duration,
    ) -> Result<Plan, Failure> {
        let wait = wait.min(Duration::from_secs(self.limits.wait_seconds));
        let seat = if wait.is_zero() { None } else { self.waiting.take(request.head.caller.device) };
        let until = tokio::time::Instant::now() + wait;
        let asked = Arc::new((request, pushed));
        loop {
            let mut news = std::pin::pin!(programme.news.notified());
            // What is committed from here on is heard.
            news.as_mut().enable();
            let plan = self.planned_once(programme, &asked).await?.ok_or(Failure::NotAuthorised)?;
            let Some(seat) = seat.as_ref().filter(|_| plan.is_nothing()) else { return Ok(plan) };
            tokio::select! {
                () = news.as_mut() => {}
                () = tokio::time::sleep_until(until) => return Ok(plan),
                () = seat.wanted() => return Ok(plan),
            }
        }
    }

    /// Decides what an answer brings: from memory where that holds all that is asked for, else beside, from the store.
    async fn planned_once(
        self: &Arc<Self>,
        programme: &Arc<Programme>,
        asked: &Arc<(Request, Pushed)>,
    ) -> Result<Option<Plan>, Failure> {
        match self.plan(programme, &asked.0, &asked.1, None) {
            Ok(plan) => return Ok(plan),
            Err(Unread::Failed(error)) => return Err(error.into()),
            Err(Unread::OnDisk) => {}
        }
        let _permit = Arc::clone(&self.exchanges).acquire_owned().await.map_err(|_| Failure::Closed)?;
        let (relay, programme, asked) = (Arc::clone(self), Arc::clone(programme), Arc::clone(asked));
        let read = move || Ok(relay.plan(&programme, &asked.0, &asked.1, Some(&*relay.store)));
        match reading(read).await? {
            Ok(plan) => Ok(plan),
            Err(Unread::Failed(error)) => Err(error.into()),
            Err(Unread::OnDisk) => Err(Failure::Failed),
        }
    }

    async fn push_within(
        self: &Arc<Self>,
        programme: &Arc<Programme>,
        first: Vec<Pack>,
        incoming: &mut Incoming,
        left: usize,
        request: &Request,
    ) -> Result<Pushed, Failure> {
        let most = (push::PIECE_BYTES + push::WAITING_BYTES + formats::PACK_BYTES) as u64;
        let bytes = u32::try_from(request.head.pack_bytes.min(most)).unwrap_or(u32::MAX);
        let waiting = Arc::clone(&self.pushing).acquire_many_owned(bytes);
        let room = tokio::time::timeout(self.idle(), waiting).await.map_err(|_| Failure::Busy)?;
        let _room = room.map_err(|_| Failure::Closed)?;
        self.push(programme, first, incoming, left).await
    }

    /// Lets a request in, where its device makes not too many.
    pub(crate) fn enter(&self, caller: &Caller) -> Result<Running, Failure> {
        self.rates.take(caller.device, Instant::now()).ok_or(Failure::TooMany)
    }

    /// Programme and key of a caller that the rules know.
    pub(crate) fn known(&self, caller: &Caller) -> Option<(Arc<Programme>, PublicKey)> {
        let programme = self.programme(caller.programme)?;
        let key = *programme.state().rules.key(caller.device)?;
        Some((programme, key))
    }

    /// Uses up a caller's number after its signature was checked.
    pub(crate) async fn count(&self, caller: &Caller) -> Result<Running, Failure> {
        let running = self.enter(caller)?;
        self.windows.take(&self.store, caller).await?;
        Ok(running)
    }

    /// Checks a request's signature, with the same work where there is no key.
    fn genuine(&self, request: &Request, key: Option<&PublicKey>) -> Result<(), Failure> {
        let checked = request.verify(self.key.id(), key.unwrap_or(&self.key.public()));
        if defence!(N05, checked.is_ok() && key.is_some()) { Ok(()) } else { Err(Failure::NotAuthorised) }
    }

    /// Room in memory for bytes of somebody who is not known yet.
    fn room(&self, bytes: usize) -> Result<tokio::sync::OwnedSemaphorePermit, Failure> {
        let count = u32::try_from(bytes).map_err(|_| Failure::TooLarge("a frame"))?;
        Arc::clone(&self.strangers).try_acquire_many_owned(count).map_err(|_| Failure::Busy)
    }
}
