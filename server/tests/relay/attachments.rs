//! Attachments over the routes: pieces, resuming, ranges, the rule of the stream, the hash of the whole.

use axum::body::Body;
use axum::http::Request as HttpRequest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{
    AUTHORISATION_HEADER, Authorisation, Caller, attachment_path, attachment_range, request_bytes,
};
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{AttachmentId, RelayKey, StreamId};
use tessera_protocol::signature::Context;
use tessera_protocol::stream::Stream;

use tessera_relay::store::Store;

use crate::kit::*;

pub(crate) struct Attached {
    pub(crate) stream: StreamId,
    pub(crate) id: AttachmentId,
    pub(crate) bytes: Vec<u8>,
}

impl Attached {
    pub(crate) fn new(stream: Stream, length: usize) -> Self {
        let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at / 7 % 251).unwrap()).collect();
        let id = AttachmentId(hash("attachment", &[&bytes]).0);
        let Stream::Other(stream) = stream else { panic!("only dossiers here") };
        Self { stream, id, bytes }
    }

    fn authorisation(&self, client: &mut Client, method: &str, from: u64, total: u64) -> String {
        client.counter += 1;
        let Client { programme, incarnation, counter, .. } = *client;
        let caller = Caller { programme, device: client.key.id(), incarnation, counter };
        let path = attachment_path(self.stream, self.id);
        let relay = RelayKey(client.relay.to_bytes());
        let bytes = request_bytes(relay, &caller, method, &path, &attachment_range(from, total));
        let signature = client.key.sign(Context::Request, &bytes);
        BASE64_STANDARD.encode(Authorisation { caller, signature }.to_bytes())
    }

    pub(crate) fn request(
        &self,
        client: &mut Client,
        method: &str,
        from: u64,
        body: &[u8],
    ) -> HttpRequest<Body> {
        let total = if method == "PUT" { self.bytes.len() as u64 } else { 0 };
        let builder = HttpRequest::builder()
            .method(method)
            .uri(attachment_path(self.stream, self.id))
            .header(AUTHORISATION_HEADER, self.authorisation(client, method, from, total));
        let builder = match method {
            "PUT" => {
                let last = (from + body.len() as u64).saturating_sub(1).max(from);
                builder.header("content-range", format!("bytes {from}-{last}/{total}"))
            }
            "GET" if from > 0 => builder.header("range", format!("bytes={from}-")),
            _ => builder,
        };
        builder.body(Body::from(body.to_vec())).unwrap()
    }

    pub(crate) async fn call(
        &self,
        relay: &Tested,
        client: &mut Client,
        method: &str,
        from: usize,
        body: &[u8],
    ) -> Replied {
        Replied::read(relay.send(self.request(client, method, from as u64, body)).await).await
    }

    /// Status and bytes held after a piece from `from` to `to`.
    async fn put(&self, relay: &Tested, client: &mut Client, from: usize, to: usize) -> (u16, u64) {
        let replied = self.call(relay, client, "PUT", from, &self.bytes[from..to]).await;
        (replied.status.as_u16(), replied.headers["tessera-held"].parse().unwrap())
    }
}

async fn programme(relay: &Tested) -> (World, Client, Client) {
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let packs = [world.charter.clone(), world.enrol(ADMIN, RITA), world.enrol(ADMIN, ROB)].concat();
    carla.push(relay, &packs).await;
    let opening = world.open(CARLA, RITA, dossier(5));
    carla.push(relay, &[opening]).await;
    let rita = Client::new(RITA, world.programme);
    (world, carla, rita)
}

#[tokio::test]
async fn pieces_go_on_where_they_ended_and_come_back_from_anywhere() {
    let relay = Tested::new();
    let (_, mut carla, mut rita) = programme(&relay).await;
    let file = Attached::new(dossier(5), 700_001);
    let head = file.call(&relay, &mut carla, "HEAD", 0, &[]).await;
    assert_eq!(head.status.as_u16(), 404);
    assert_eq!(file.put(&relay, &mut carla, 0, 300_000).await, (204, 300_000));
    assert_eq!(file.call(&relay, &mut rita, "GET", 0, &[]).await.refusal().0, 404, "not whole yet");
    assert_eq!(file.put(&relay, &mut carla, 299_999, 400_000).await, (409, 300_000));
    assert_eq!(file.put(&relay, &mut carla, 0, 10).await, (409, 300_000));
    let relay = relay.restart();
    let head = file.call(&relay, &mut carla, "HEAD", 0, &[]).await;
    assert_eq!((&*head.headers["tessera-held"], &*head.headers["tessera-total"]), ("300000", "700001"));
    assert_eq!(file.put(&relay, &mut carla, 300_000, 700_001).await, (204, 700_001));
    for from in [0, 1, 262_143, 262_144, 300_000, 700_000, 700_001] {
        let got = file.call(&relay, &mut rita, "GET", from, &[]).await;
        assert_eq!(got.status.as_u16(), if from == 0 { 200 } else { 206 });
        assert!(got.body == file.bytes[from..], "from {from}");
    }
    assert_eq!(file.call(&relay, &mut rita, "GET", 700_002, &[]).await.refusal().0, 404);
}

#[tokio::test]
async fn bytes_that_are_not_the_attachment_are_dropped() {
    let relay = Tested::new();
    let (_, mut carla, _) = programme(&relay).await;
    let mut file = Attached::new(dossier(5), 300_000);
    let right = file.bytes.clone();
    file.bytes[17] ^= 1;
    let wrong = file.call(&relay, &mut carla, "PUT", 0, &file.bytes).await;
    assert_eq!(wrong.refusal(), (422, "not-its-hash".to_owned()));
    assert_eq!(file.call(&relay, &mut carla, "HEAD", 0, &[]).await.status.as_u16(), 404);
    file.bytes = right;
    assert_eq!(file.put(&relay, &mut carla, 0, 300_000).await, (204, 300_000));
    let again = file.call(&relay, &mut carla, "PUT", 0, &file.bytes[..9]).await;
    assert_eq!((again.status.as_u16(), &*again.headers["tessera-held"]), (409, "300000"));
}

#[tokio::test]
async fn an_attachment_follows_the_rule_of_its_stream() {
    let relay = Tested::new();
    let (world, mut carla, mut rita) = programme(&relay).await;
    let mut rob = Client::new(ROB, world.programme);
    let file = Attached::new(dossier(5), 1_000);
    assert_eq!(
        file.call(&relay, &mut rita, "PUT", 0, &file.bytes).await.refusal(),
        (403, "not-a-writer".to_owned())
    );
    assert_eq!(file.put(&relay, &mut carla, 0, 1_000).await, (204, 1_000));
    assert_eq!(file.call(&relay, &mut rita, "GET", 0, &[]).await.body, file.bytes);
    let hidden = file.call(&relay, &mut rob, "GET", 0, &[]).await;
    let missing = Attached::new(dossier(5), 999).call(&relay, &mut rob, "GET", 0, &[]).await;
    assert_eq!(hidden.refusal(), (404, "not-found".to_owned()));
    assert_eq!(hidden, missing, "what may not be read looks like what is not there");
    // The same bytes in another stream are another attachment: one stream tells nothing of another.
    let elsewhere = Attached::new(dossier(6), 1_000);
    assert_eq!(elsewhere.call(&relay, &mut carla, "HEAD", 0, &[]).await.status.as_u16(), 404);
}

#[tokio::test]
async fn f16_a_damaged_attachment_is_noticed_and_can_be_brought_again() {
    let relay = Tested::new();
    let (_, mut carla, mut rita) = programme(&relay).await;
    let file = Attached::new(dossier(5), 600_000);
    file.put(&relay, &mut carla, 0, 600_000).await;
    relay.store.close();
    let connection = rusqlite::Connection::open(relay.database()).unwrap();
    connection
        .execute(
            "UPDATE pieces SET bytes = zeroblob(length(bytes)) WHERE place = (SELECT min(place) FROM pieces)",
            [],
        )
        .unwrap();
    drop(connection);
    let relay = relay.restart();
    let report = tessera_relay::check::check(&relay.store, None).unwrap();
    assert_eq!(report.wrong.len(), 1, "{:?}", report.wrong);
    assert!(report.wrong[0].contains(&file.id.to_string()));
    let request = file.request(&mut rita, "GET", 0, &[]);
    let body = http_body_util::BodyExt::collect(relay.send(request).await.into_body()).await;
    assert!(body.is_err(), "wrong bytes never come as whole");
    assert_eq!(file.put(&relay, &mut carla, 0, 600_000).await, (204, 600_000));
    assert_eq!(file.call(&relay, &mut rita, "GET", 0, &[]).await.body, file.bytes);
    assert_eq!(tessera_relay::check::check(&relay.store, None).unwrap().wrong, Vec::<String>::new());
}
