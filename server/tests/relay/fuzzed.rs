//! The relay's own target of `tests/fuzz`: hostile requests over its routes, as they are, or with what a member can put right.
//! The corpus is replayed here, because the relay is never built together with the rest.
//!
//! The first byte says what the others are: the body of an exchange (0), the same with head and packs signed again by those
//! devices whose they are (1), or a request for an attachment (2): method (one byte), length of the path (one byte), path,
//! length of a range (one byte), range, then the body.

use std::cell::RefCell;
use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request as HttpRequest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tessera_protocol::codec::{Bytes, Reader, Wire};
use tessera_protocol::exchange::{
    AUTHORISATION_HEADER, Authorisation, Caller, Frames, Request, RequestHead, attachment_path,
    attachment_range, request_bytes,
};
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::Header;
use tessera_protocol::ids::{AttachmentId, PackId, RelayKey, StreamId};
use tessera_protocol::limits::BODY_BYTES;
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::{Context, Signature};
use tessera_protocol::stream::Stream;
use tokio::runtime::Runtime;

use crate::kit::*;

/// A relay takes so many inputs before a new one takes its place.
const INPUTS: usize = 200;
const FRAME_BYTES: usize = 1 << 20;
const KEYS: [Key; 5] = [ADMIN, CARLA, CORA, RITA, ROB];

/// A relay with a programme, and how many inputs it took.
struct Fed {
    runtime: Runtime,
    relay: Tested,
    world: World,
    inputs: usize,
}

impl Fed {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let relay = Tested::new();
        let (world, _) = runtime.block_on(founded(&relay));
        Self { runtime, relay, world, inputs: 0 }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.inputs += 1;
        let Some((which, bytes)) = bytes.split_first() else { return };
        let request = match which % 3 {
            0 => exchange(bytes.to_vec()),
            1 => exchange(self.signed(bytes)),
            _ => self.attachment(bytes),
        };
        let Some(request) = request else { return };
        let replied = self.runtime.block_on(async { Replied::read(self.relay.send(request).await).await });
        match replied.status.as_u16() {
            200 | 204 | 206 => {}
            status => {
                // The answer to a HEAD has no body.
                assert!(replied.body.is_empty() || replied.refusal().0 == status);
                assert!(status < 500, "{status}: {}", String::from_utf8_lossy(&replied.body));
            }
        }
    }

    /// An honest device is served, and what is kept is whole.
    fn serves(&mut self) {
        let mut honest = Client::new(CORA, self.world.programme);
        let got = self.runtime.block_on(honest.exchange(&self.relay, &[]));
        assert!(got.packs() > 0);
        assert_eq!(tessera_relay::check::check(&self.relay.store, None).unwrap().wrong, Vec::<String>::new());
    }

    /// The body with everything signed that these devices can sign.
    fn signed(&self, body: &[u8]) -> Vec<u8> {
        let mut frames = Frames::default();
        frames.push(body);
        let Ok(Some(first)) = frames.next(FRAME_BYTES) else { return body.to_vec() };
        let Ok(Request { head, .. }) = Request::from_bytes(&first) else { return body.to_vec() };
        let mut packs = Vec::new();
        let mut names = Vec::new();
        while let Ok(Some(bytes)) = frames.next(FRAME_BYTES) {
            packs.extend(pack(&bytes, &mut names).or_else(|| Pack::from_bytes(&bytes).ok()));
        }
        let key = KEYS.into_iter().find(|key| key.id() == head.caller.device).unwrap_or(CARLA);
        let client = Client::new(key, self.world.programme);
        let caller = Caller {
            programme: self.world.programme,
            device: key.id(),
            incarnation: client.incarnation,
            counter: head.caller.counter,
        };
        let head = RequestHead {
            caller,
            packs: u32::try_from(packs.len()).unwrap(),
            pack_bytes: packs.iter().map(|pack| pack.to_bytes().len() as u64).sum(),
            ..head
        };
        client.sign(head, &packs).1
    }

    fn attachment(&self, bytes: &[u8]) -> Option<HttpRequest<Body>> {
        let (&[method, length], rest) = bytes.split_first_chunk::<2>()?;
        let (path, rest) = rest.split_at_checked(usize::from(length))?;
        let (length, rest) = rest.split_first()?;
        let (range, body) = rest.split_at_checked(usize::from(*length))?;
        let method = ["GET", "HEAD", "PUT", "POST"][usize::from(method % 4)];
        let path = std::str::from_utf8(path).ok()?;
        let range = std::str::from_utf8(range).ok()?;
        let client = Client::new(RITA, self.world.programme);
        let caller = Caller {
            programme: self.world.programme,
            device: RITA.id(),
            incarnation: client.incarnation,
            counter: 1,
        };
        // What a range means is read by the relay; a member signs what it means.
        let numbers: Vec<u64> =
            range.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
        let total = if method == "PUT" { numbers.last().copied().unwrap_or(0) } else { 0 };
        let place = attachment_range(numbers.first().copied().unwrap_or(0), total);
        let signed = request_bytes(RelayKey(client.relay.to_bytes()), &caller, method, path, &place);
        let authorisation = Authorisation { caller, signature: RITA.sign(Context::Request, &signed) };
        let header = if method == "PUT" { "content-range" } else { "range" };
        let builder = HttpRequest::builder().method(method).uri(path);
        let builder = builder.header(AUTHORISATION_HEADER, BASE64_STANDARD.encode(authorisation.to_bytes()));
        builder.header(header, range).body(Body::from(body.to_vec())).ok()
    }
}

fn exchange(body: Vec<u8>) -> Option<HttpRequest<Body>> {
    HttpRequest::builder().method("POST").uri("/v1/exchange").body(Body::from(body)).ok()
}

/// A pack as it stands, signed again where one of these devices wrote it; it builds on those before it under their new
/// names.
fn pack(bytes: &[u8], names: &mut Vec<(PackId, PackId)>) -> Option<Pack> {
    let mut reader = Reader::new(bytes);
    let mut header = Header::read(&mut reader).ok()?;
    Signature::read(&mut reader).ok()?;
    let body = Bytes::<{ BODY_BYTES }>::read(&mut reader).ok()?.into_vec();
    let key = KEYS.into_iter().find(|key| key.id() == header.device)?;
    let was = header.id();
    let new = |id: &PackId| names.iter().find(|(old, _)| old == id).map_or(*id, |(_, new)| *new);
    header.previous = header.previous.iter().map(new).collect::<BTreeSet<_>>().try_into().ok()?;
    header.body = hash("body", &[&body]);
    let signature = key.sign(Context::Pack, &header.to_bytes());
    let pack = Pack::new(header, signature, body).ok()?;
    names.push((was, pack.id()));
    Some(pack)
}

/// Feeds a relay that lives on for a while.
#[cfg_attr(test, expect(dead_code, reason = "what looks for new inputs calls it"))]
pub(crate) fn feed(bytes: &[u8]) {
    thread_local!(static FED: RefCell<Option<Fed>> = const { RefCell::new(None) });
    FED.with_borrow_mut(|fed| {
        let now = fed.get_or_insert_with(Fed::new);
        now.feed(bytes);
        if now.inputs == INPUTS {
            now.serves();
            *fed = None;
        }
    });
}

/// Real requests.
#[cfg(test)]
fn seeds() -> Vec<Vec<u8>> {
    let mut world = World::found();
    world.enrol(ADMIN, RITA);
    world.enrol(ADMIN, ROB);
    let mut carla = Client::new(CARLA, world.programme);
    let packs = [
        world.items(CARLA, Stream::Programme, 50),
        world.open(CARLA, RITA, dossier(5)),
        world.items(CARLA, dossier(5), 50),
        world.close(CARLA, RITA, dossier(5)),
        world.remove(ADMIN, ROB),
    ];
    let mut rita = Client::new(RITA, world.programme);
    let reviews = [world.items(RITA, Stream::Reviews(RITA.member()), 300)];
    let bodies = [carla.request(&packs).1, carla.request(&[]).1, rita.request(&reviews).1];
    let path = attachment_path(StreamId([5; 16]), AttachmentId(Hash([9; 32]).0));
    let attachment = |method: u8, range: &str, body: &[u8]| {
        let length = |text: &str| u8::try_from(text.len()).unwrap();
        let head = [2, method, length(&path)];
        [&head, path.as_bytes(), &[length(range)], range.as_bytes(), body].concat()
    };
    let bodies = bodies.iter().flat_map(|body| [[&[0], &body[..]].concat(), [&[1], &body[..]].concat()]);
    let attachments = [
        attachment(0, "bytes=0-", b""),
        attachment(1, "", b""),
        attachment(2, "bytes 0-4/10", b"12345"),
        attachment(2, "bytes 5-9/10", b"67890"),
    ];
    bodies.chain(attachments).collect()
}

#[test]
fn every_hostile_request_that_was_kept_gets_a_clear_answer() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus/relay");
    if std::env::var_os("TESSERA_WRITE_SEEDS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for (number, bytes) in (1..).zip(seeds()) {
            std::fs::write(folder.join(format!("real-{number:02}")), bytes).unwrap();
        }
    }
    let mut inputs: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(inputs.len() >= 10);
    let mut fed = Fed::new();
    for path in inputs {
        fed.feed(&std::fs::read(path).unwrap());
        fed.serves();
    }
}
