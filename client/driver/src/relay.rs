//! Exchanges with a relay over HTTP, until nothing is left to say. The engine makes the requests and judges the
//! answers; what is here carries bytes, tells how far it is, and gives every failure of a network a
//! name of its own.
//!
//! ```text
//! POST /v1/exchange     frames of the request → 204 with the relay's word that nothing is new,
//!                                               or 200 with frames of the answer
//! ```
//! One connection serves all exchanges of a synchronisation. Each part of an answer is stored as it comes: a
//! cut loses at most the part on its way, and the next exchange goes on from there. Only a signed
//! receipt clears anything that was sent; which bytes left a socket decides nothing.
//!
//! Reading order: [`Options`] and [`sync`], [`error`], [`address`], [`typed`], [`lend`], `exchange`, `attachments`,
//! `connection`, `tls`, `watch`.

pub mod address;
mod attachments;
mod connection;
pub mod error;
mod exchange;
pub mod lend;
mod tls;
pub mod typed;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::{Request, Response};
use rustls::ClientConfig;
use tessera_engine::EngineError;
use tessera_engine::attachments::{Attachment, Fetch};
use tessera_engine::exchange::Announced;
use tessera_engine::receive::Imported;
use tessera_engine::store::StoreError;
use tessera_protocol::access::Classes;
use tessera_protocol::signature::PublicKey;
use tessera_vault::enrol::Relay;

use self::address::Address;
use self::connection::{Connection, Outgoing, Traffic};
pub use self::error::RelayError;
pub use self::lend::Lend;
use self::watch::Watch;
pub use self::watch::{Phase, Progress, Tell};
use crate::clock::now_ms;

/// Exchanges in a row that may bring nothing before the rest is left for another time.
const FRUITLESS: u32 = 3;
/// The first pause before another try; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between two tries.
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// How a synchronisation is done.
#[derive(Debug, Clone)]
pub struct Options {
    /// The relays, in the order in which they are tried; the first that answers serves.
    pub relays: Vec<Relay>,
    /// How many bytes of packs and attachments may move, both ways together; none for no limit.
    pub budget_bytes: Option<u64>,
    /// Which classes of streams are wanted.
    pub wanted: Classes,
    /// Which attachments are fetched.
    pub fetch: Fetch,
    /// A file in PEM of further certificates that are trusted.
    pub roots: Option<PathBuf>,
    /// How long a connection may take.
    pub connect: Duration,
    /// How long nothing may move.
    pub silence: Duration,
    /// How long a lost connection is made again without anything coming of it.
    pub persist: Duration,
}

impl Options {
    /// What suits a person who waits: links of half a minute's delay still work.
    #[must_use]
    pub fn new(relays: Vec<Relay>) -> Self {
        Self {
            relays,
            budget_bytes: None,
            wanted: Classes::ALL,
            fetch: Fetch::default(),
            roots: None,
            connect: Duration::from_secs(75),
            silence: Duration::from_secs(120),
            persist: Duration::from_secs(60),
        }
    }
}

/// What a synchronisation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The relay that answered; empty before one did.
    pub relay: String,
    /// How many exchanges there were.
    pub exchanges: u32,
    /// Packs that the relay signed for.
    pub receipts: u64,
    /// Packs that came and were new.
    pub new: u64,
    /// Packs that came and were here.
    pub known: u64,
    /// Packs that came and wait for a statement that names their author.
    pub waiting: u64,
    /// Packs that came and were refused; the notices say why.
    pub refused: u64,
    /// Bytes that left the socket, HTTP and TLS included.
    pub bytes_sent: u64,
    /// Bytes that came to the socket, HTTP and TLS included.
    pub bytes_received: u64,
    /// Packs at the relay for which the budget had no room.
    pub left_packs: u64,
    /// Their length, in bytes.
    pub left_bytes: u64,
    /// Packs that still wait in the outbox.
    pub outbox: u64,
    /// Attachments that the relay holds since.
    pub attachments_sent: u64,
    /// Attachments that came whole.
    pub attachments_received: u64,
    /// Attachments for which the budget had no room.
    pub left_attachments: u64,
    /// Attachments that the relay does not hold, or not for this device.
    pub missing_attachments: u64,
    /// Attachments whose bytes turned out to be wrong; nothing of them was kept.
    pub damaged_attachments: u64,
    /// True where the server's certificate is out of date by this device's clock, and the relay's own signature
    /// held all the same.
    pub clock_off: bool,
}

impl Report {
    /// What is counted once more with every try.
    fn start_attachments(&mut self) {
        (self.left_attachments, self.missing_attachments, self.damaged_attachments) = (0, 0, 0);
    }

    fn add(&mut self, imported: Imported) {
        self.new += imported.new as u64;
        self.known += imported.known as u64;
        self.waiting += imported.waiting as u64;
        self.refused += imported.refused as u64;
    }
}

/// What a synchronisation would move.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The relay that answered.
    pub relay: String,
    /// Packs to be sent.
    pub send_packs: u64,
    /// Their length, in bytes.
    pub send_bytes: u64,
    /// Packs to be received.
    pub receive_packs: u64,
    /// Their length, in bytes.
    pub receive_bytes: u64,
    /// Sealed bytes of attachments to be sent.
    pub send_attachment_bytes: u64,
    /// Attachments to be received.
    pub receive_attachments: u64,
    /// Their sealed bytes, as far as manifests here name them.
    pub receive_attachment_bytes: u64,
    /// How many of them are light copies of heavier ones.
    pub receive_light: u64,
    /// Their bytes.
    pub receive_light_bytes: u64,
}

/// Exchanges with the first relay that answers, until nothing is left or the budget is spent. Whatever came
/// before a failure stays, and `report` counts it.
///
/// # Errors
/// [`RelayError`].
pub fn sync<L: Lend>(
    engine: &mut L,
    options: &Options,
    tell: Tell<'_>,
    report: &mut Report,
) -> Result<(), RelayError> {
    let result = with_first_relay(options, tell, report, async |talk, report| {
        let result = talk.until_quiet(engine, options, report).await;
        let noted = talk.note_reached(engine);
        result.and(noted)
    });
    report.outbox = engine.lend(|engine| engine.outbox())?;
    result
}

/// Asks the first relay that answers what would come, and sends nothing but the question.
///
/// # Errors
/// [`RelayError`].
pub fn plan<L: Lend>(engine: &mut L, options: &Options, tell: Tell<'_>) -> Result<Plan, RelayError> {
    let (send_packs, send_bytes) = engine.lend(|engine| engine.to_send())?;
    let mut plan = Plan { send_packs, send_bytes, ..Plan::default() };
    let mut report = Report::default();
    let announced = with_first_relay(options, tell, &mut report, async |talk, report| {
        let sending = engine.lend(|engine| engine.inquire(talk.relay, options.wanted))?;
        let announced = talk.exchange(engine, &sending, report).await;
        talk.note_reached(engine)?;
        match announced {
            // A blank relay knows nobody and holds nothing; the first exchange introduces who belongs.
            Err(RelayError::NotAdmitted) if engine.lend(|engine| engine.is_active()) => {
                Ok(Announced::default())
            }
            announced => announced,
        }
    })?;
    plan.relay = report.relay;
    plan.send_attachment_bytes =
        engine.lend(|engine| engine.attachments_to_send())?.iter().map(|one| one.sealed_bytes).sum();
    let fetched = engine.lend(|engine| engine.attachments_to_fetch(options.fetch))?;
    plan.receive_attachments = fetched.len() as u64;
    plan.receive_attachment_bytes = fetched.iter().map(Attachment::lacking_bytes).sum();
    let light = || fetched.iter().filter(|one| one.light);
    plan.receive_light = light().count() as u64;
    plan.receive_light_bytes = light().map(Attachment::lacking_bytes).sum();
    plan.receive_packs = announced.packs + announced.left_packs;
    plan.receive_bytes = announced.bytes + announced.left_bytes;
    Ok(plan)
}

/// Tries a relay at an address, and keeps the address where it answers there. On a coordinator's device every member is told;
/// gives whether that was done.
///
/// # Errors
/// [`RelayError`]; nothing is kept then.
pub fn settle<L: Lend>(
    engine: &mut L,
    relay: &Relay,
    options: &Options,
    tell: Tell<'_>,
) -> Result<bool, RelayError> {
    let options = Options { relays: vec![relay.clone()], ..options.clone() };
    plan(engine, &options, tell)?;
    Ok(engine.lend(|engine| engine.together(|acts| acts.set_relay(relay.clone())))?)
}

/// What waits for the network.
fn runtime() -> Result<tokio::runtime::Runtime, RelayError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_io().enable_time().build().map_err(RelayError::Machine)
}

fn with_first_relay<T>(
    options: &Options,
    tell: Tell<'_>,
    report: &mut Report,
    mut work: impl AsyncFnMut(&mut Talk<'_, '_>, &mut Report) -> Result<T, RelayError>,
) -> Result<T, RelayError> {
    let traffic = Arc::new(Traffic::default());
    let clock_off = Arc::new(AtomicBool::new(false));
    let more_roots = options.roots.as_deref().map(tls::read_roots).transpose()?.unwrap_or_default();
    let tls = Arc::new(tls::configure(more_roots, Arc::clone(&clock_off))?);
    let runtime = runtime()?;
    let mut watch = Watch::new(tell, Arc::clone(&traffic), options.silence);
    let mut first_error = None;
    let mut result = None;
    for relay in &options.relays {
        let address = match Address::parse(&relay.url) {
            Ok(address) => address,
            Err(error) => {
                first_error.get_or_insert(RelayError::Address { url: relay.url.to_string(), error });
                continue;
            }
        };
        clock_off.store(false, Ordering::Relaxed);
        let mut talk = Talk {
            address,
            relay: relay.key,
            tls: &tls,
            traffic: &traffic,
            clock_off: &clock_off,
            connect: options.connect,
            connection: None,
            watch: &mut watch,
            heard: false,
            moved: false,
        };
        report.relay = talk.address.to_string();
        match runtime.block_on(work(&mut talk, report)) {
            Err(error) if error.is_of_this_relay() => {
                first_error.get_or_insert(error);
            }
            other => {
                result = Some(other);
                break;
            }
        }
    }
    // A look-up of a name that still runs must not be waited for.
    runtime.shutdown_background();
    (report.bytes_sent, report.bytes_received) = traffic.both();
    result.unwrap_or_else(|| Err(first_error.unwrap_or(RelayError::NoRelay)))
}

/// A conversation with one relay.
struct Talk<'a, 'w> {
    address: Address,
    relay: PublicKey,
    tls: &'a Arc<ClientConfig>,
    traffic: &'a Arc<Traffic>,
    clock_off: &'a AtomicBool,
    connect: Duration,
    connection: Option<Connection>,
    watch: &'a mut Watch<'w>,
    /// True where the relay has said something that is signed.
    heard: bool,
    /// True where something came in this exchange.
    moved: bool,
}

/// How long and how often a lost connection is made again.
struct Perseverance {
    persist: Duration,
    progress: Instant,
    pause: Duration,
}

impl Perseverance {
    fn new(persist: Duration) -> Self {
        Self { persist, progress: Instant::now(), pause: FIRST_PAUSE }
    }

    /// Something came of it.
    fn renew(&mut self) {
        self.progress = Instant::now();
        self.pause = FIRST_PAUSE;
    }
}

impl Talk<'_, '_> {
    async fn until_quiet<L: Lend>(
        &mut self,
        engine: &mut L,
        options: &Options,
        report: &mut Report,
    ) -> Result<(), RelayError> {
        let mut left = options.budget_bytes.unwrap_or(u64::MAX);
        let mut perseverance = Perseverance::new(options.persist);
        loop {
            self.moved = false;
            let result = self.packs(engine, options, &mut left, report).await;
            let result = match result {
                Ok(()) => {
                    report.start_attachments();
                    self.attachments(engine, options, &mut left, report).await
                }
                Err(error) => Err(error),
            };
            match result {
                Ok(()) => return Ok(()),
                Err(error) => self.persevere(&mut perseverance, error).await?,
            }
        }
    }

    /// Notes that the relay was reached, where it said something that is signed. A disk that fails at this ends no exchange,
    /// as all of it is done: this is for people, and the next exchange notes it again.
    fn note_reached<L: Lend>(&self, engine: &mut L) -> Result<(), RelayError> {
        if !self.heard {
            return Ok(());
        }
        let relay = self.relay;
        match engine.lend(|engine| engine.together(|acts| acts.note_reached(relay, now_ms()))) {
            Err(EngineError::Store(StoreError::Full | StoreError::ReadOnly | StoreError::Io(_))) => Ok(()),
            noted => Ok(noted?),
        }
    }

    /// Waits before another try, or gives up.
    async fn persevere(
        &mut self,
        perseverance: &mut Perseverance,
        error: RelayError,
    ) -> Result<(), RelayError> {
        if self.moved {
            perseverance.renew();
        }
        let mut pause = perseverance.pause;
        if let RelayError::Busy { retry_after_ms: Some(after_ms) } = error {
            pause = pause.max(Duration::from_millis(after_ms));
        }
        if !error.is_passing()
            || !self.heard
            || perseverance.progress.elapsed().saturating_add(pause) > perseverance.persist
        {
            return Err(error);
        }
        self.connection = None;
        self.watch.pause(pause).await?;
        perseverance.pause = (perseverance.pause * 2).min(MAX_PAUSE);
        Ok(())
    }

    /// Exchanges until nothing is left, or the budget is spent.
    async fn packs<L: Lend>(
        &mut self,
        engine: &mut L,
        options: &Options,
        left: &mut u64,
        report: &mut Report,
    ) -> Result<(), RelayError> {
        let (mut fruitless, mut refilled, mut introduced) = (0, 0, false);
        loop {
            let before = report.new;
            let sending = engine.lend(|engine| engine.prepare_within(self.relay, *left, options.wanted))?;
            let result = self.exchange(engine, &sending, report).await;
            // A blank relay knows nobody; it is told once who belongs.
            if matches!(result, Err(RelayError::NotAdmitted))
                && engine.lend(|engine| engine.is_active())
                && !introduced
            {
                engine.lend(|engine| engine.introduce())?;
                introduced = true;
                continue;
            }
            // What came earlier may lie here too, where the program ended before it was read.
            let unread = report.new > before || engine.lend(|engine| engine.has_unread())?;
            if unread {
                let told = self.watch.step(Phase::Reading, 0, 0);
                // Whoever ends the exchange here ends it afterwards: what is stored is read.
                engine.lend(|engine| engine.digest())?;
                told?;
            }
            let announced = result?;
            self.moved |= announced.receipts > 0;
            (report.left_packs, report.left_bytes) = (announced.left_packs, announced.left_bytes);
            if *left != u64::MAX {
                *left = left.saturating_sub(sending.pack_bytes()).saturating_sub(announced.bytes);
            }
            let fruit = unread || announced.receipts > 0 || announced.packs > 0;
            fruitless = if fruit { 0 } else { fruitless + 1 };
            // A relay that forgets each time what it signed for would be filled for ever.
            refilled += u32::from(announced.refilled);
            if fruitless >= FRUITLESS
                || refilled >= FRUITLESS
                || !self.goes_on(engine, &announced, fruit, *left)?
            {
                return Ok(());
            }
        }
    }

    /// True where another exchange is to follow at once.
    fn goes_on<L: Lend>(
        &self,
        engine: &mut L,
        announced: &Announced,
        fruit: bool,
        left: u64,
    ) -> Result<bool, RelayError> {
        if announced.again {
            return Ok(true);
        }
        if left == 0 || !fruit {
            return Ok(false);
        }
        Ok(announced.left_packs > 0 || engine.lend(|engine| engine.outbox())? > 0)
    }

    async fn connect(&mut self) -> Result<(), RelayError> {
        if self.connection.as_ref().is_some_and(Connection::is_open) {
            return Ok(());
        }
        self.watch.step(Phase::Connecting, 0, 0)?;
        let open = async {
            let connection = Connection::open(&self.address, self.tls, self.traffic);
            tokio::time::timeout(self.connect, connection).await.unwrap_or(Err(RelayError::Timeout))
        };
        self.connection = Some(self.watch.run(open).await?);
        Ok(())
    }

    async fn send(&mut self, request: Request<Outgoing>) -> Result<Response<Incoming>, RelayError> {
        let connection = self.connection.as_mut().ok_or(RelayError::Cut)?;
        self.watch.run(connection.send(request)).await
    }

    fn clock_is_off(&self) -> bool {
        self.clock_off.load(Ordering::Relaxed)
    }
}
