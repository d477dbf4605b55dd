//! A programme in memory with keys from fixed seeds, devices that send and receive as real ones do, and a
//! relay on a temporary folder whose routes are called without a socket.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{Request as HttpRequest, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use http_body_util::BodyExt;
use tempfile::TempDir;
use tessera_protocol::access::Classes;
use tessera_protocol::charter::{Change, Link, Roles};
use tessera_protocol::codec::Wire;
use tessera_protocol::device::{Device, Form, Recipient};
use tessera_protocol::exchange::{
    AnswerHead, Caller, Cursor, EXCHANGE, Frames, NOTHING_NEW_HEADER, NothingNew, Request, RequestHead,
    Segment, SignedAnswer, frame, request_bytes,
};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, NONE, Opening, PackKind, SUITE};
use tessera_protocol::ids::{DeviceId, Incarnation, InvitationId, KeyId, MemberId, PackId, ProgrammeId};
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::{Context, PublicKey, Signature, signed_bytes};
use tessera_protocol::statement::Statement;
use tessera_protocol::stream::Stream;
use tessera_relay::http::{WAIT_HEADER, router};
use tessera_relay::key::SigningRelay;
use tessera_relay::limits::Limits;
use tessera_relay::relay::{Relay, Setup, Taking};
use tessera_relay::store::Store;
use tessera_relay::store::sqlite::SqliteStore;
use tower::ServiceExt;

pub(crate) const ADMIN: Key = Key(1);
pub(crate) const CARLA: Key = Key(11);
pub(crate) const CORA: Key = Key(12);
pub(crate) const RITA: Key = Key(21);
pub(crate) const ROB: Key = Key(22);

/// A device with its private key. `Key(n)` is the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) u32);

impl Key {
    fn signing(self) -> SigningKey {
        SigningKey::from_bytes(&hash("test key", &[&self.0.to_le_bytes()]).0)
    }

    pub(crate) fn device(self) -> Device {
        let key = hash("test recipient", &[&self.0.to_le_bytes()]).0.to_vec().try_into().unwrap();
        let signing = PublicKey::from_bytes(&self.signing().verifying_key().to_bytes()).unwrap();
        let recipients = vec![Recipient { algorithm: Recipient::X25519, key }].try_into().unwrap();
        Device { form: Form::Computer, signing, recipients }
    }

    pub(crate) fn id(self) -> DeviceId {
        self.device().id()
    }

    pub(crate) fn member(self) -> MemberId {
        self.device().first_member()
    }

    pub(crate) fn sign(self, context: Context, payload: &[u8]) -> Signature {
        Signature(self.signing().sign(&signed_bytes(context, payload)).to_bytes())
    }
}

pub(crate) const RELAY_SEED: [u8; 32] = [77; 32];
pub(crate) const SPARE_SEED: [u8; 32] = [78; 32];

pub(crate) fn relay_key(seed: [u8; 32]) -> PublicKey {
    SigningRelay::from_seed(&seed).public()
}

/// Makes packs of one programme; every (device, stream) chain goes on from its last one.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) programme: ProgrammeId,
    pub(crate) charter: Vec<Pack>,
    tips: BTreeMap<(Key, [u8; 16]), (u64, PackId)>,
}

impl World {
    /// An admin, two coordinators, and the relay with its spare key.
    pub(crate) fn found() -> Self {
        Self::found_with(vec![
            Change::AddRelay { key: relay_key(RELAY_SEED), spare: false },
            Change::AddRelay { key: relay_key(SPARE_SEED), spare: true },
        ])
    }

    pub(crate) fn found_with(more: Vec<Change>) -> Self {
        let add = |key: Key, roles| Change::Add {
            member: key.member(),
            roles,
            devices: vec![key.device()].try_into().unwrap(),
        };
        let coordinator = Roles { admin: false, coordinator: true };
        let mut changes = vec![
            add(ADMIN, Roles { admin: true, coordinator: false }),
            add(CARLA, coordinator),
            add(CORA, coordinator),
        ];
        changes.extend(more);
        let changes = changes.try_into().unwrap();
        let genesis = Link { parents: Default::default(), nonce: [9; 16], demo: true, changes };
        let mut world = Self { programme: genesis.programme(), charter: Vec::new(), tips: BTreeMap::new() };
        let pack = world.public(ADMIN, PackKind::Link, genesis.to_bytes());
        world.charter.push(pack);
        world
    }

    pub(crate) fn genesis(&self) -> Link {
        Link::from_bytes(self.charter[0].body()).unwrap()
    }

    pub(crate) fn pack(
        &mut self,
        key: Key,
        stream: Stream,
        kind: PackKind,
        body: Vec<u8>,
        change: impl FnOnce(&mut Header),
    ) -> Pack {
        let id = stream.id(self.programme);
        let tip = self.tips.get(&(key, id.0)).copied();
        let sealed = matches!(kind, PackKind::Items | PackKind::Archive);
        let mut header = Header {
            suite: SUITE,
            kind,
            programme: self.programme,
            stream: id,
            key: KeyId(if sealed { [7; 32] } else { NONE }),
            device: key.id(),
            incarnation: Incarnation([1; 8]),
            number: tip.map_or(1, |(number, _)| number + 1),
            previous: tip
                .map(|(_, id)| id)
                .into_iter()
                .collect::<std::collections::BTreeSet<_>>()
                .try_into()
                .unwrap(),
            seen: None,
            opened: Default::default(),
            closed: Default::default(),
            recipients: (kind == PackKind::Welcome).then_some(Hash([8; 32])),
            padded_bytes: u32::try_from(body.len()).unwrap(),
            content_root: Hash(NONE),
            body: hash("body", &[&body]),
        };
        change(&mut header);
        let signature = key.sign(Context::Pack, &header.to_bytes());
        let pack = Pack::new(header, signature, body).unwrap();
        self.tips.insert((key, id.0), (pack.header().number, pack.id()));
        pack
    }

    pub(crate) fn public(&mut self, key: Key, kind: PackKind, body: Vec<u8>) -> Pack {
        self.pack(key, Stream::Public, kind, body, |_| {})
    }

    pub(crate) fn state(&mut self, key: Key, statement: &Statement) -> Pack {
        self.public(key, PackKind::Statement, statement.to_bytes())
    }

    pub(crate) fn items(&mut self, key: Key, stream: Stream, bytes: usize) -> Pack {
        let fill = hash("filling", &[&key.0.to_le_bytes(), &(self.tips.len() as u64).to_le_bytes()]).0[0];
        self.pack(key, stream, PackKind::Items, vec![fill; bytes], |_| {})
    }

    /// An invitation and the admission.
    pub(crate) fn enrol(&mut self, by: Key, who: Key) -> Vec<Pack> {
        let number = u8::try_from(who.0).unwrap();
        let invitation = InvitationId([number; 16]);
        let commitment = hash("invitation nonce", &[&[number; 32]]);
        let invite = self.state(by, &Statement::Invite { invitation, commitment });
        let admit = Statement::Admit { invitation, device: who.device(), nonce: [number; 32] };
        vec![invite, self.state(by, &admit)]
    }

    /// A pack of a `to/` that opens a stream.
    pub(crate) fn open(&mut self, by: Key, to: Key, stream: Stream) -> Pack {
        let opening = Opening { stream: stream.id(self.programme), despite: Default::default() };
        self.pack(by, Stream::To(to.member()), PackKind::Items, vec![3; 40], |header| {
            header.opened = vec![opening].try_into().unwrap();
        })
    }

    pub(crate) fn close(&mut self, by: Key, to: Key, stream: Stream) -> Pack {
        let id = stream.id(self.programme);
        self.pack(by, Stream::To(to.member()), PackKind::Items, vec![4; 40], |header| {
            header.closed = std::collections::BTreeSet::from([id]).try_into().unwrap();
        })
    }

    pub(crate) fn remove(&mut self, by: Key, who: Key) -> Pack {
        self.state(by, &Statement::Remove { member: who.member(), cut: Frontier::default() })
    }
}

/// A stream about an application.
pub(crate) fn dossier(number: u8) -> Stream {
    Stream::Other(tessera_protocol::ids::StreamId([number; 16]))
}

/// A relay on a folder of its own.
pub(crate) struct Tested {
    pub(crate) relay: Arc<Relay>,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) folder: Arc<TempDir>,
    seed: [u8; 32],
    starts: u8,
    limits: Limits,
    taking: Taking,
}

impl Tested {
    pub(crate) fn new() -> Self {
        Self::with(Limits { requests_at_once: 100_000, ..Limits::default() })
    }

    pub(crate) fn with(limits: Limits) -> Self {
        Self::start(Arc::new(tempfile::tempdir().unwrap()), RELAY_SEED, 1, limits, Taking::Any)
    }

    pub(crate) fn start(
        folder: Arc<TempDir>,
        seed: [u8; 32],
        starts: u8,
        limits: Limits,
        taking: Taking,
    ) -> Self {
        let path = folder.path().join("relay.db");
        let store = Arc::new(SqliteStore::open(&path, limits.disk_bytes).unwrap());
        let clock = AtomicU64::new(1_000);
        let setup = Setup {
            store: Arc::<SqliteStore>::clone(&store),
            key: SigningRelay::from_seed(&seed),
            incarnation: Incarnation([starts; 8]),
            clock: Box::new(move || clock.fetch_add(1, Ordering::Relaxed)),
            limits: limits.clone(),
            taking: taking.clone(),
        };
        let relay = Arc::new(Relay::start(setup).unwrap());
        Self { relay, store, folder, seed, starts, limits, taking }
    }

    /// Ends the relay and starts it again on the same folder.
    pub(crate) fn restart(self) -> Self {
        self.store.close();
        Self::start(self.folder, self.seed, self.starts + 1, self.limits, self.taking)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("relay.db")
    }

    pub(crate) async fn send(&self, request: HttpRequest<Body>) -> axum::response::Response {
        router(Arc::clone(&self.relay)).oneshot(request).await.unwrap()
    }

    /// As [`Self::post`], of one who would rather wait for news.
    pub(crate) async fn wait(&self, body: Vec<u8>, seconds: u64) -> Replied {
        let request = HttpRequest::builder().method(EXCHANGE.0).uri(EXCHANGE.1);
        let request = request.header(WAIT_HEADER, format!("wait={seconds}")).body(Body::from(body));
        Replied::read(self.send(request.unwrap()).await).await
    }

    pub(crate) async fn post(&self, body: Vec<u8>) -> Replied {
        let request = HttpRequest::builder().method(EXCHANGE.0).uri(EXCHANGE.1).body(Body::from(body));
        Replied::read(self.send(request.unwrap()).await).await
    }
}

/// A relay that knows a programme with two coordinators and two readers; the first coordinator goes on.
pub(crate) async fn founded(relay: &Tested) -> (World, Client) {
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let packs = [world.charter.clone(), world.enrol(ADMIN, RITA), world.enrol(ADMIN, ROB)].concat();
    carla.push(relay, &packs).await;
    (world, carla)
}

/// A whole HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replied {
    pub(crate) status: StatusCode,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Replied {
    pub(crate) async fn read(response: axum::response::Response) -> Self {
        let status = response.status();
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let headers = headers.collect();
        let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
        Self { status, headers, body }
    }

    /// Status and code of a refusal.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, String) {
        let json: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert!(json["message"].as_str().is_some_and(|message| !message.is_empty()));
        (self.status.as_u16(), json["code"].as_str().unwrap().to_owned())
    }

    /// Whole frames of the body.
    pub(crate) fn frames(&self) -> Vec<Vec<u8>> {
        let mut frames = Frames::default();
        frames.push(&self.body);
        std::iter::from_fn(|| frames.next(usize::MAX).unwrap()).collect()
    }
}

/// What a device made of an answer.
#[derive(Debug)]
pub(crate) enum Got {
    Nothing,
    Answer(Box<AnswerHead>, Vec<Segment>),
}

impl Got {
    /// How many packs came.
    pub(crate) fn packs(&self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Answer(head, _) => head.announced_packs,
        }
    }
}

/// A device that speaks with a relay.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) key: Key,
    pub(crate) programme: ProgrammeId,
    pub(crate) relay: PublicKey,
    pub(crate) incarnation: Incarnation,
    pub(crate) counter: u64,
    pub(crate) cursor: Cursor,
    pub(crate) budget_bytes: u64,
    pub(crate) wanted: Classes,
    pub(crate) have: Option<Frontier>,
    pub(crate) asked: Vec<PackId>,
    /// Every pack that came, in order, as often as it came.
    pub(crate) pulled: Vec<Pack>,
}

impl Client {
    /// The device as after a start: every one has an incarnation of its own.
    pub(crate) fn new(key: Key, programme: ProgrammeId) -> Self {
        static STARTS: AtomicU64 = AtomicU64::new(1);
        Self {
            key,
            programme,
            relay: relay_key(RELAY_SEED),
            incarnation: Incarnation(STARTS.fetch_add(1, Ordering::Relaxed).to_le_bytes()),
            counter: 0,
            cursor: Cursor::start(),
            budget_bytes: u64::MAX,
            wanted: Classes::ALL,
            have: None,
            asked: Vec::new(),
            pulled: Vec::new(),
        }
    }

    pub(crate) fn request(&mut self, packs: &[Pack]) -> (Request, Vec<u8>) {
        self.counter += 1;
        let caller = Caller {
            programme: self.programme,
            device: self.key.id(),
            incarnation: self.incarnation,
            counter: self.counter,
        };
        let head = RequestHead {
            caller,
            cursor: self.cursor.clone(),
            budget_bytes: self.budget_bytes,
            wanted: self.wanted,
            have: self.have.clone(),
            asked: self.asked.clone().try_into().unwrap(),
            packs: u32::try_from(packs.len()).unwrap(),
            pack_bytes: packs.iter().map(|pack| pack.to_bytes().len() as u64).sum(),
        };
        self.sign(head, packs)
    }

    pub(crate) fn sign(&self, head: RequestHead, packs: &[Pack]) -> (Request, Vec<u8>) {
        let relay = tessera_protocol::ids::RelayKey(self.relay.to_bytes());
        let bytes = request_bytes(relay, &head.caller, EXCHANGE.0, EXCHANGE.1, &head.to_bytes());
        let request = Request { signature: self.key.sign(Context::Request, &bytes), head };
        let mut body = frame(&request.to_bytes());
        packs.iter().for_each(|pack| body.extend(frame(&pack.to_bytes())));
        (request, body)
    }

    /// Takes an answer in as a device does; of its frames only the first `most` after the head arrived.
    #[track_caller]
    pub(crate) fn take(&mut self, request: &Request, replied: &Replied, most: usize) -> Got {
        if replied.status == StatusCode::NO_CONTENT {
            let header = BASE64_STANDARD.decode(&replied.headers[NOTHING_NEW_HEADER]).unwrap();
            let answer = NothingNew::from_bytes(&header).unwrap();
            answer.verify(&self.relay, &request.id()).unwrap();
            self.cursor = at(&answer.newest);
            return Got::Nothing;
        }
        assert_eq!(replied.status, StatusCode::OK, "{}", String::from_utf8_lossy(&replied.body));
        let frames = replied.frames();
        let head = SignedAnswer::from_bytes(&frames[0]).unwrap();
        let head = head.verify(&self.relay, &request.id()).unwrap().into_inner();
        for receipt in head.receipts.iter() {
            receipt.verify(&self.relay).unwrap();
            assert_eq!(receipt.programme, self.programme);
        }
        if head.cursor_known && head.announced_packs == 0 && head.left_packs == 0 {
            self.cursor = at(&head.newest);
        }
        let mut segments = Vec::new();
        for (index, frame) in (0..).zip(frames[1..].iter().take(most)) {
            let segment = Segment::from_bytes(frame).unwrap();
            let segment = segment.verify(&self.relay, &request.id()).unwrap().into_inner();
            assert_eq!(segment.index, index);
            assert_eq!(segment.last, index as usize + 2 == frames.len());
            self.pulled.extend(segment.pulled.iter().map(|pulled| pulled.pack.clone()));
            self.cursor = segment.cursor.clone();
            segments.push(segment);
        }
        if segments.len() + 1 == frames.len() {
            let count: usize = segments.iter().map(|segment| segment.pulled.len()).sum();
            assert_eq!(count as u64, head.announced_packs);
        }
        Got::Answer(Box::new(head), segments)
    }

    /// One whole exchange.
    pub(crate) async fn exchange(&mut self, relay: &Tested, packs: &[Pack]) -> Got {
        let (request, body) = self.request(packs);
        let replied = relay.post(body).await;
        self.take(&request, &replied, usize::MAX)
    }

    /// Sends packs, all of which are taken.
    pub(crate) async fn push(&mut self, relay: &Tested, packs: &[Pack]) -> Box<AnswerHead> {
        match self.exchange(relay, packs).await {
            Got::Answer(head, _) => {
                assert!(head.refused.is_empty(), "{:?}", head.refused);
                assert_eq!(head.receipts.len(), packs.len());
                head
            }
            Got::Nothing => panic!("packs were not answered"),
        }
    }

    /// Pulls until nothing is left; returns the ids that came, in order.
    pub(crate) async fn pull(&mut self, relay: &Tested) -> Vec<PackId> {
        let from = self.pulled.len();
        while let Got::Answer(head, _) = self.exchange(relay, &[]).await {
            assert!(head.cursor_known);
        }
        self.pulled[from..].iter().map(Pack::id).collect()
    }
}

pub(crate) fn at(position: &tessera_protocol::header::Position) -> Cursor {
    Cursor {
        incarnation: position.incarnation,
        sequence: position.sequence,
        head: position.head.prefix(),
        progress: Default::default(),
    }
}

pub(crate) fn ids(packs: &[Pack]) -> Vec<PackId> {
    packs.iter().map(Pack::id).collect()
}
