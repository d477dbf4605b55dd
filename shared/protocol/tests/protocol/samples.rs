//! One or more samples of every type that is written down, made from fixed keys, and what the test of each
//! is: that its bytes are read as that value and, where something is signed, that the signatures fit.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use tessera_protocol::access::{Class, Classes, Refusal};
use tessera_protocol::bundle::{BundleHead, Entry, Witness};
use tessera_protocol::charter::{Change, Link, Roles, Threshold};
use tessera_protocol::codec::{Bytes, DecodeError, List, Map, Set, Wire};
use tessera_protocol::device::{Device, Form, Recipient};
use tessera_protocol::exchange::{
    AnswerHead, Authorisation, Caller, Cursor, EXCHANGE, NothingNew, Pulled, Request, RequestHead, Segment,
    SignedAnswer, attachment_path, attachment_range, nothing_new_bytes, request_bytes,
};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, Opening, PackKind, Position};
use tessera_protocol::ids::{
    AttachmentId, DeviceId, Incarnation, InvitationId, KeyId, LinkId, MemberId, PackId, ProgrammeId,
    RelayKey, RoundId, StreamId,
};
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::{Receipt, next_head};
use tessera_protocol::signature::{Context, PublicKey, Signature};
use tessera_protocol::statement::{Ballot, Statement, Target};
use tessera_protocol::stream::Stream;

use super::kit::*;

/// A value written down.
pub(crate) struct Sample {
    /// Its type, as `FORMAT.md` names it.
    pub(crate) of: &'static str,
    /// Which of that type it is.
    pub(crate) name: &'static str,
    /// Its encoding.
    pub(crate) bytes: Vec<u8>,
    /// Reads bytes as a value of this type and writes it again.
    pub(crate) again: fn(&[u8]) -> Result<Vec<u8>, DecodeError>,
    /// True where the bytes are a value of this type whose signatures all fit; types without one: `None`.
    pub(crate) fits: Option<fn(&[u8]) -> bool>,
}

/// The relay of the samples.
pub(crate) const RELAY: Key = Key(90);
/// The device that asks.
pub(crate) const ASKS: Key = Key(40);
/// The author of packs.
pub(crate) const AUTHOR: Key = Key(11);

/// Made once: hundreds of thousands of mutations are checked against them.
static OF_RELAY: LazyLock<PublicKey> = LazyLock::new(|| RELAY.public());
static OF_ASKER: LazyLock<PublicKey> = LazyLock::new(|| ASKS.public());
static OF_AUTHOR: LazyLock<PublicKey> = LazyLock::new(|| AUTHOR.public());
static ASKED: LazyLock<Hash> = LazyLock::new(|| request().id());

pub(crate) const PROGRAMME: ProgrammeId = ProgrammeId([0x11; 16]);
const INCARNATION: Incarnation = Incarnation([0x22; 8]);

fn set<T: Ord, const MAX: usize>(values: impl IntoIterator<Item = T>) -> Set<T, MAX> {
    values.into_iter().collect::<BTreeSet<T>>().try_into().unwrap()
}

fn list<T, const MAX: usize>(values: impl IntoIterator<Item = T>) -> List<T, MAX> {
    values.into_iter().collect::<Vec<T>>().try_into().unwrap()
}

fn bytes<const MAX: usize>(values: &[u8]) -> Bytes<MAX> {
    values.to_vec().try_into().unwrap()
}

pub(crate) fn frontier() -> Frontier {
    let mut frontier = Frontier::default();
    frontier.insert((StreamId([1; 16]), DeviceId([2; 16])), PackId([3; 32]));
    frontier.insert((StreamId([1; 16]), DeviceId([2; 16])), PackId([4; 32]));
    frontier.insert((StreamId([5; 16]), DeviceId([0; 16])), PackId([6; 32]));
    frontier
}

pub(crate) fn position() -> Position {
    Position { incarnation: INCARNATION, sequence: 300, head: Hash([0x33; 32]) }
}

/// A header of a later pack with every field in use that may be.
pub(crate) fn full_header() -> Header {
    Header {
        number: 129,
        previous: set([PackId([0xa1; 32]), PackId([0xa2; 32])]),
        seen: Some(position()),
        opened: list([
            Opening { stream: StreamId([7; 16]), despite: set([PackId([8; 32])]) },
            Opening { stream: StreamId([9; 16]), despite: set([]) },
        ]),
        closed: set([StreamId([10; 16])]),
        content_root: Hash([0xc0; 32]),
        ..header(PROGRAMME, Stream::To(ASKS.member()), PackKind::Items, AUTHOR)
    }
}

pub(crate) fn items_pack() -> Pack {
    seal(full_header(), b"sealed bytes".to_vec(), AUTHOR)
}

fn statement_pack() -> Pack {
    let header = header(PROGRAMME, Stream::Public, PackKind::Statement, AUTHOR);
    seal(header, Statement::Lift { suspension: PackId([1; 32]) }.to_bytes(), AUTHOR)
}

fn welcome_pack() -> Pack {
    let header = header(PROGRAMME, Stream::To(ASKS.member()), PackKind::Welcome, AUTHOR);
    seal(header, b"an age file".to_vec(), AUTHOR)
}

pub(crate) fn receipt() -> Receipt {
    let pack = items_pack().id();
    let head = next_head(&Hash([0x44; 32]), pack, 1_750_000_000_000);
    let mut receipt = Receipt {
        programme: PROGRAMME,
        incarnation: INCARNATION,
        sequence: 301,
        pack,
        received_ms: 1_750_000_000_000,
        head,
        signature: Signature([0; 64]),
    };
    receipt.signature = RELAY.sign(Context::Receipt, &receipt.signed());
    receipt
}

fn caller() -> Caller {
    Caller { programme: PROGRAMME, device: ASKS.id(), incarnation: INCARNATION, counter: 7 }
}

fn cursor() -> Cursor {
    Cursor { incarnation: INCARNATION, sequence: 300, head: [0x33; 16], progress: bytes(&[1, 2, 3]) }
}

pub(crate) fn relay_key() -> RelayKey {
    RelayKey(OF_RELAY.to_bytes())
}

pub(crate) fn request() -> Request {
    let head = RequestHead {
        caller: caller(),
        cursor: cursor(),
        budget_bytes: 1 << 20,
        wanted: Classes::ALL.without(Class::Rest),
        have: Some(frontier()),
        asked: list([PackId([0xb1; 32])]),
        packs: 1,
        pack_bytes: items_pack().to_bytes().len() as u64,
    };
    let signed = request_bytes(relay_key(), &head.caller, EXCHANGE.0, EXCHANGE.1, &head.to_bytes());
    Request { signature: ASKS.sign(Context::Request, &signed), head }
}

fn answer() -> SignedAnswer {
    let head = AnswerHead {
        request: request().id(),
        newest: position(),
        cursor_known: true,
        receipts: list([receipt()]),
        refused: list([(PackId([0xd1; 32]), Refusal::Quota)]),
        frontier: Some(frontier()),
        announced_packs: 2,
        announced_bytes: 1234,
        left_packs: 3,
        left_bytes: 100_000,
    };
    SignedAnswer { signature: RELAY.sign(Context::Answer, &head.to_bytes()), head }
}

fn nothing_new() -> NothingNew {
    let signed = nothing_new_bytes(&request().id(), &position());
    NothingNew { newest: position(), signature: RELAY.sign(Context::Answer, &signed) }
}

pub(crate) fn segment() -> Segment {
    let pulled = [(302, items_pack()), (303, welcome_pack())];
    let pulled = pulled.map(|(sequence, pack)| Pulled { sequence, received_ms: 1_750_000_000_001, pack });
    let mut segment = Segment {
        index: 1,
        last: true,
        cursor: cursor(),
        pulled: list(pulled),
        signature: Signature([0; 64]),
    };
    segment.signature = RELAY.sign(Context::Segment, &segment.signed(&request().id()));
    segment
}

const STREAM: StreamId = StreamId([0x51; 16]);
const ATTACHMENT: AttachmentId = AttachmentId([0x52; 32]);

fn authorised_bytes(caller: &Caller) -> Vec<u8> {
    let path = attachment_path(STREAM, ATTACHMENT);
    request_bytes(relay_key(), caller, "GET", &path, &attachment_range(65_536, 0))
}

fn authorisation() -> Authorisation {
    let signature = ASKS.sign(Context::Request, &authorised_bytes(&caller()));
    Authorisation { caller: caller(), signature }
}

fn witness() -> Witness {
    let unsigned = Witness {
        device: ASKS.id(),
        packs: list([items_pack().id()]),
        claimed_ms: 1_750_000_000_002,
        newest: Some(position()),
        signature: Signature([0x5a; 64]),
    };
    // What is signed is the witness without its last field.
    let mut signed = unsigned.to_bytes();
    signed.truncate(signed.len() - 64);
    Witness { signature: ASKS.sign(Context::Witness, &signed), ..unsigned }
}

fn bundle_head() -> BundleHead {
    BundleHead {
        programme: PROGRAMME,
        set: [0x61; 16],
        part: 1,
        parts: 2,
        addressee: Some(ASKS.member()),
        from: AUTHOR.id(),
        contents: frontier(),
        packs: 3,
        pack_bytes: 4096,
    }
}

fn plain<T: Wire>(of: &'static str, name: &'static str, value: T) -> Sample {
    Sample {
        of,
        name,
        bytes: value.to_bytes(),
        again: |bytes| Ok(T::from_bytes(bytes)?.to_bytes()),
        fits: None,
    }
}

fn signed<T: Wire>(of: &'static str, name: &'static str, value: T, fits: fn(&[u8]) -> bool) -> Sample {
    Sample { fits: Some(fits), ..plain(of, name, value) }
}

fn read<T: Wire>(bytes: &[u8], fits: impl FnOnce(T) -> bool) -> bool {
    T::from_bytes(bytes).is_ok_and(fits)
}

fn of_author(pack: Pack) -> bool {
    pack.verify(&OF_AUTHOR).is_ok()
}

/// Every sample.
pub(crate) fn samples() -> Vec<Sample> {
    let mut all = parts();
    all.extend(headers());
    all.extend(changes());
    all.extend(statements());
    all.extend(travelling());
    all
}

fn parts() -> Vec<Sample> {
    let mut map: std::collections::BTreeMap<u16, bool> = std::collections::BTreeMap::new();
    map.insert(1, true);
    map.insert(300, false);
    let map: Map<u16, bool, 8> = map.try_into().unwrap();
    vec![
        plain("u8", "largest", 255_u8),
        plain("u16", "largest", u16::MAX),
        plain("u32", "largest", u32::MAX),
        plain("u64", "zero", 0_u64),
        plain("u64", "127", 127_u64),
        plain("u64", "128", 128_u64),
        plain("u64", "largest", u64::MAX),
        plain("bool", "yes", true),
        plain("option u64", "none", None::<u64>),
        plain("option u64", "some", Some(5_u64)),
        plain("bytes", "three", bytes::<8>(&[1, 2, 3])),
        plain("bytes", "none", bytes::<8>(&[])),
        plain("list of u64", "unsorted", list::<u64, 8>([300, 1, 300])),
        plain("set of u16", "sorted", set::<u16, 8>([1, 2, 300])),
        plain("map of u16 to bool", "two", map),
        plain("public key", "the author's", AUTHOR.public()),
        plain("recipient", "X25519", Recipient { algorithm: Recipient::X25519, key: bytes(&[0x71; 32]) }),
        plain("recipient", "with room for ML-KEM-768", Recipient { algorithm: 2, key: bytes(&[0x72; 1216]) }),
        plain("device", "a computer", AUTHOR.device()),
        plain("device", "a paper", Device { form: Form::Paper, ..AUTHOR.device() }),
        plain("position", "somewhere", position()),
        plain("frontier", "empty", Frontier::default()),
        plain("frontier", "two chains", frontier()),
        plain("roles", "none", Roles::default()),
        plain("roles", "both", BOTH),
        plain("class", "reviews", Class::Reviews),
        plain("classes", "all", Classes::ALL),
        plain("refusal", "quota", Refusal::Quota),
    ]
}

fn headers() -> Vec<Sample> {
    let first = header(PROGRAMME, Stream::Public, PackKind::Statement, AUTHOR);
    let later_kind = Header { kind: PackKind::Unknown(77), ..first.clone() };
    vec![
        plain("header", "of a first statement", first),
        plain("header", "with every field", full_header()),
        plain("header", "of a kind to come", later_kind),
        signed("pack", "items", items_pack(), |bytes| read(bytes, of_author)),
        signed("pack", "a statement", statement_pack(), |bytes| read(bytes, of_author)),
        signed("pack", "a welcome", welcome_pack(), |bytes| read(bytes, of_author)),
    ]
}

pub(crate) fn genesis() -> Link {
    let changes = [add(AUTHOR, BOTH), Change::AddRelay { key: RELAY.public(), spare: false }];
    Link { parents: set([]), nonce: [0x81; 16], demo: true, changes: list(changes) }
}

fn changes() -> Vec<Sample> {
    let changes = [
        add(AUTHOR, COORDINATOR),
        drop_roles(AUTHOR, ADMIN, frontier()),
        Change::AddDevice { member: AUTHOR.member(), device: Key(12).device() },
        Change::DropDevice { device: Key(12).id(), cut: Frontier::default() },
        Change::AddRelay { key: RELAY.public(), spare: true },
        Change::DropRelay { key: RELAY.public() },
        removal_threshold(2),
        Change::Set { threshold: Threshold::FinalList, count: 3 },
        Change::Set { threshold: Threshold::Unknown(9), count: 1 },
        Change::AddSigner { member: AUTHOR.member() },
        Change::DropSigner { member: AUTHOR.member() },
        Change::RaiseSuite { floor: 1 },
        Change::Unknown { code: 200, body: bytes(&[1, 2, 3]) },
    ];
    let genesis = genesis();
    let later = Link {
        parents: set([LinkId([0x91; 32]), genesis.id()]),
        nonce: [0x82; 16],
        demo: false,
        changes: list(changes.clone()),
    };
    let names = [
        "add",
        "drop",
        "add a device",
        "drop a device",
        "add a relay",
        "drop a relay",
        "set the removals' threshold",
        "set the final list's threshold",
        "set a threshold to come",
        "add a signer",
        "drop a signer",
        "raise the suite",
        "one to come",
    ];
    let mut all: Vec<Sample> =
        names.into_iter().zip(changes).map(|(name, change)| plain("change", name, change)).collect();
    all.push(plain("link", "a genesis", genesis));
    all.push(plain("link", "a later one", later));
    all
}

fn statements() -> Vec<Sample> {
    let member: MemberId = ASKS.member();
    let ballot = Ballot { device: AUTHOR.id(), signature: Signature([0x5b; 64]) };
    let all = [
        ("invite", Statement::Invite { invitation: InvitationId([1; 16]), commitment: Hash([2; 32]) }),
        (
            "admit",
            Statement::Admit { invitation: InvitationId([1; 16]), device: ASKS.device(), nonce: [3; 32] },
        ),
        ("suspend a member", Statement::Suspend { target: Target::Member(member), cut: frontier() }),
        ("suspend a device", Statement::Suspend { target: Target::Device(ASKS.id()), cut: frontier() }),
        ("lift", Statement::Lift { suspension: PackId([4; 32]) }),
        ("remove", Statement::Remove { member, cut: frontier() }),
        ("add a device", Statement::AddDevice { member, device: Key(41).device() }),
        (
            "remove a device",
            Statement::RemoveDevice { device: ASKS.id(), cut: frontier(), keep: set([Key(41).id()]) },
        ),
        ("close", Statement::Close { round: RoundId([5; 16]), frontier: frontier() }),
        (
            "final list",
            Statement::FinalList {
                list: Hash([6; 32]),
                predecessor: Some(PackId([7; 32])),
                holder: AUTHOR.id(),
                ballots: list([ballot]),
            },
        ),
        (
            "erase",
            Statement::Erase { streams: set([StreamId([8; 16])]), attachments: set([AttachmentId([9; 32])]) },
        ),
        ("one to come", Statement::Unknown { code: 99, body: bytes(&[0xff, 0, 1]) }),
    ];
    all.into_iter().map(|(name, statement)| plain("statement", name, statement)).collect()
}

fn travelling() -> Vec<Sample> {
    let chunk = Entry::Chunk {
        stream: STREAM,
        attachment: ATTACHMENT,
        from: 65_552,
        total: 70_000,
        bytes: bytes(b"a piece of a sealed attachment"),
    };
    vec![
        signed("receipt", "of a pack", receipt(), |bytes| {
            read(bytes, |receipt: Receipt| receipt.verify(&OF_RELAY).is_ok())
        }),
        plain("cursor", "the start", Cursor::start()),
        plain("cursor", "in the middle", cursor()),
        signed("request", "with everything", request(), |bytes| {
            read(bytes, |request: Request| request.verify(relay_key(), &OF_ASKER).is_ok())
        }),
        signed("answer", "with everything", answer(), |bytes| {
            read(bytes, |answer: SignedAnswer| answer.verify(&OF_RELAY, &ASKED).is_ok())
        }),
        signed("nothing new", "at a place", nothing_new(), |bytes| {
            read(bytes, |nothing: NothingNew| nothing.verify(&OF_RELAY, &ASKED).is_ok())
        }),
        signed("segment", "the last", segment(), |bytes| {
            read(bytes, |segment: Segment| {
                let checked = segment.verify(&OF_RELAY, &ASKED);
                checked
                    .is_ok_and(|segment| segment.pulled.iter().all(|pulled| of_author(pulled.pack.clone())))
            })
        }),
        signed("authorisation", "to fetch", authorisation(), |bytes| {
            read(bytes, |authorisation: Authorisation| {
                let signed = authorised_bytes(&authorisation.caller);
                OF_ASKER.verify(Context::Request, &signed, &authorisation.signature).is_ok()
            })
        }),
        plain("bundle head", "the first of two", bundle_head()),
        signed("witness", "of a courier", witness(), |bytes| {
            read(bytes, |witness: Witness| {
                let body = witness.to_bytes();
                let signed = &body[..body.len() - 64];
                OF_ASKER.verify(Context::Witness, signed, &witness.signature).is_ok()
            })
        }),
        plain("entry", "a pack", Entry::Pack(items_pack())),
        plain("entry", "a receipt", Entry::Receipt(receipt())),
        plain("entry", "a witness", Entry::Witness(witness())),
        plain("entry", "a chunk", chunk),
        plain("entry", "the end", Entry::End(hash("bundle", &[b"what came before"]))),
        plain("hash", "of the request", *ASKED),
        plain("key id", "of nothing", KeyId([0; 32])),
        plain("signature", "of nothing", Signature([0; 64])),
    ]
}
