//! Attacks on a relay by their numbers. n02 and what else needs sockets is in [`crate::program`].

use axum::body::Body;
use axum::http::Request as HttpRequest;
use proptest::prelude::*;
use tessera_protocol::access::Refusal;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{EXCHANGE, frame};
use tessera_protocol::ids::ProgrammeId;
use tessera_protocol::stream::Stream;
use tessera_relay::limits::Limits;

use crate::attachments::Attached;
use crate::kit::*;

const UNKNOWN: (u16, &str) = (401, "not-authorised");

#[track_caller]
fn check_unknown(replied: &Replied) {
    let (status, code) = replied.refusal();
    assert_eq!((status, &*code), UNKNOWN);
}

#[tokio::test]
async fn n01_a_request_counts_once_on_one_relay_for_one_programme() {
    let relay = Tested::new();
    let (world, mut carla) = founded(&relay).await;
    let (request, body) = carla.request(&[]);
    let first = relay.post(body.clone()).await;
    carla.take(&request, &first, usize::MAX);
    check_unknown(&relay.post(body.clone()).await);
    // The window: what was skipped may still come, once; what is too old may not.
    let bodies: Vec<Vec<u8>> = (0..70).map(|_| carla.request(&[]).1).collect();
    assert_eq!(relay.post(bodies[69].clone()).await.status.as_u16(), 204);
    assert_eq!(relay.post(bodies[68].clone()).await.status.as_u16(), 204);
    check_unknown(&relay.post(bodies[68].clone()).await);
    check_unknown(&relay.post(bodies[2].clone()).await);
    // A restart forgets nothing.
    let relay = relay.restart();
    for used in [&body, &bodies[68], &bodies[69]] {
        check_unknown(&relay.post(used.clone()).await);
    }
    assert_eq!(relay.post(bodies[67].clone()).await.status.as_u16(), 204);
    // Another relay's, another programme's, another device's, another head.
    let (request, _) = carla.request(&[]);
    let mut foreign = Client { relay: relay_key(SPARE_SEED), ..carla.clone() };
    check_unknown(&relay.post(foreign.request(&[]).1).await);
    let changed = |change: &dyn Fn(&mut tessera_protocol::exchange::Request)| {
        let mut request = request.clone();
        change(&mut request);
        frame(&request.to_bytes())
    };
    for body in [
        changed(&|request| request.head.caller.programme = ProgrammeId([3; 16])),
        changed(&|request| request.head.caller.device = RITA.id()),
        changed(&|request| request.head.caller.counter += 1),
        changed(&|request| request.head.caller.incarnation.0[0] ^= 1),
        changed(&|request| request.head.cursor.sequence = 1),
        changed(&|request| request.head.budget_bytes = 7),
        changed(&|request| request.signature.0[5] ^= 1),
    ] {
        check_unknown(&relay.post(body).await);
    }
    // An attachment's proof holds for one method, path and range.
    let file = Attached::new(dossier(5), 1000);
    let other = Attached::new(dossier(5), 1001);
    let good = file.request(&mut carla, "PUT", 0, &file.bytes);
    let proof = good.headers()["tessera-authorisation"].clone();
    for (method, path, range) in [
        ("GET", good.uri().path().to_owned(), "bytes 0-999/1000"),
        ("PUT", other.request(&mut carla, "PUT", 0, &[]).uri().path().to_owned(), "bytes 0-999/1000"),
        ("PUT", good.uri().path().to_owned(), "bytes 0-1000/1001"),
        ("PUT", good.uri().path().to_owned(), "bytes 1-999/1000"),
    ] {
        let request = HttpRequest::builder().method(method).uri(path).header("content-range", range);
        let request =
            request.header("tessera-authorisation", proof.clone()).body(Body::from(file.bytes.clone()));
        check_unknown(&Replied::read(relay.send(request.unwrap()).await).await);
    }
    assert_eq!(relay.send(good).await.status().as_u16(), 204);
    drop(world);
}

#[tokio::test]
async fn n03_nothing_is_larger_than_it_says_or_may_be() {
    let relay = Tested::new();
    let (mut world, mut carla) = founded(&relay).await;
    let pack = world.items(CARLA, Stream::Programme, 5_000);
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes().to_vec();

    // Frames that announce gigabytes are refused before any of it is read.
    let endless = |start: Vec<u8>| {
        let pieces = std::iter::once(start).chain(std::iter::repeat_with(|| vec![0; 64 * 1024]));
        Body::from_stream(futures_util::stream::iter(pieces.map(Ok::<_, std::io::Error>)))
    };
    let send = async |body: Body| {
        let request = HttpRequest::builder().method(EXCHANGE.0).uri(EXCHANGE.1).body(body).unwrap();
        Replied::read(relay.send(request).await).await.refusal()
    };
    assert_eq!(send(endless(length(1 << 30))).await, (413, "too-large".to_owned()));
    assert_eq!(send(endless(length(4_000_000))).await.0, 400);
    let (_, mut body) = carla.request(std::slice::from_ref(&pack));
    body.extend(length(1 << 31));
    assert_eq!(send(endless(body)).await, (400, "malformed".to_owned()), "nothing follows the last pack");
    let (_, body) = carla.request(&[]);
    assert_eq!(send(endless(body)).await.0, 413);

    // Heads that say less or more than what comes.
    let sign = |carla: &mut Client, packs: u32, pack_bytes: u64| {
        let (mut request, _) = carla.request(&[]);
        (request.head.packs, request.head.pack_bytes) = (packs, pack_bytes);
        carla.sign(request.head, std::slice::from_ref(&pack)).1
    };
    let size = pack.to_bytes().len() as u64;
    for (packs, bytes, expected) in [
        (1, size - 1, "too-large"),
        (0, size, "malformed"),
        (2, size * 2, "cut"),
        (1, 9 * 1024 * 1024, "malformed"),
        (4097, size, "malformed"),
    ] {
        let body = sign(&mut carla, packs, bytes);
        assert_eq!(relay.post(body).await.refusal().1, expected, "{packs} packs, {bytes} bytes");
    }
    let long = Attached::new(dossier(5), 10);
    let mut request = long.request(&mut carla, "PUT", 0, &long.bytes);
    *request.body_mut() = endless(Vec::new());
    assert_eq!(Replied::read(relay.send(request).await).await.refusal(), (413, "too-large".to_owned()));
}

#[tokio::test]
async fn n04_one_members_quota_is_no_others_problem() {
    let limits =
        Limits { device_bytes: 40_000, removed_bytes: 10_000, requests_at_once: 1000, ..Limits::default() };
    let relay = Tested::with(limits);
    let (mut world, mut carla) = founded(&relay).await;
    let (mut rita, mut rob) = (Client::new(RITA, world.programme), Client::new(ROB, world.programme));
    let reviews = |world: &mut World, key: Key, count: usize| -> Vec<_> {
        (0..count).map(|_| world.items(key, Stream::Reviews(key.member()), 9_000)).collect()
    };
    let sent = reviews(&mut world, RITA, 6);
    let Got::Answer(head, _) = rita.exchange(&relay, &sent).await else { panic!("sent") };
    assert_eq!(head.receipts.len(), 4);
    assert!(head.refused.iter().all(|(_, why)| *why == Refusal::Quota));
    let others = reviews(&mut world, ROB, 4);
    rob.push(&relay, &others).await;
    let many: Vec<_> = (0..20).map(|_| world.items(CARLA, Stream::Programme, 9_000)).collect();
    carla.push(&relay, &many).await;
    // Repeating what is held costs nothing.
    rita.push(&relay, &sent[..4]).await;
    // Who is out may still bring a little, and it is counted apart.
    let removal = world.remove(ADMIN, ROB);
    carla.push(&relay, &[removal]).await;
    let late = reviews(&mut world, ROB, 2);
    let Got::Answer(head, _) = rob.exchange(&relay, &late).await else { panic!("sent") };
    assert_eq!((head.receipts.len(), head.refused.len()), (1, 1));
}

#[tokio::test]
async fn n04_one_device_makes_only_so_many_requests() {
    let limits = Limits { requests_per_second: 0, requests_at_once: 5, ..Limits::default() };
    let relay = Tested::with(limits);
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let packs = [world.charter.clone(), world.enrol(ADMIN, RITA)].concat();
    carla.push(&relay, &packs).await;
    for _ in 0..4 {
        assert!(matches!(carla.exchange(&relay, &[]).await, Got::Nothing));
    }
    let (_, body) = carla.request(&[]);
    let refused = relay.post(body).await;
    assert_eq!(refused.refusal(), (429, "too-many-requests".to_owned()));
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(Client::new(RITA, world.programme).exchange(&relay, &[]).await.packs(), 3);
}

#[tokio::test]
async fn n05_who_is_not_known_learns_nothing() {
    let relay = Tested::new();
    let (world, mut carla) = founded(&relay).await;
    let file = Attached::new(dossier(5), 1000);
    file.call(&relay, &mut carla, "PUT", 0, &file.bytes).await;
    let elsewhere = ProgrammeId([0x5a; 16]);
    // Strangers, members under a wrong key, programmes that are and are not here.
    let callers = [(Key(99), world.programme), (CARLA, elsewhere), (Key(99), elsewhere)];
    let mut answers = Vec::new();
    for (key, programme) in callers {
        let mut client = Client::new(key, programme);
        answers.push(relay.post(client.request(&[]).1).await);
        let there = file.call(&relay, &mut client, "GET", 0, &[]).await;
        let not_there = Attached::new(dossier(6), 9).call(&relay, &mut client, "GET", 0, &[]).await;
        answers.extend([there, not_there]);
        answers.push(file.call(&relay, &mut client, "PUT", 0, &file.bytes).await);
    }
    let mut liar = Client::new(CARLA, world.programme);
    let (mut request, _) = liar.request(&[]);
    request.signature.0[0] ^= 1;
    answers.push(relay.post(frame(&request.to_bytes())).await);
    answers.push(relay.wait(Client::new(Key(99), world.programme).request(&[]).1, 50).await);
    let bare = HttpRequest::builder().uri(format!("/v1/attachments/{}/{}", file.stream, file.id));
    answers.push(Replied::read(relay.send(bare.body(Body::empty()).unwrap()).await).await);
    check_unknown(&answers[0]);
    for answer in &answers[1..] {
        assert_eq!(
            (answer.status, &answer.body),
            (answers[0].status, &answers[0].body),
            "every answer is the same"
        );
        assert_eq!(answer.headers.get("content-length"), answers[0].headers.get("content-length"));
    }
}

#[tokio::test]
async fn n06_only_typed_ids_get_in() {
    let relay = Tested::new();
    let (_, mut carla) = founded(&relay).await;
    let file = Attached::new(dossier(5), 10);
    let good = file.request(&mut carla, "GET", 0, &[]);
    let proof = good.headers()["tessera-authorisation"].clone();
    let id = file.id.to_string();
    for (stream, id) in [
        ("'%20OR%201=1%20--", &*id),
        ("05050505050505050505050505050505", "x'%3BDROP%20TABLE%20packs"),
        ("..%2F..%2Fetc%2Fpasswd", &id),
        ("%0A%7B%22level%22%3A%22ERROR%22%7D", &id),
        ("0505050505050505050505050505050", &id),
        ("%F0%9F%98%80", &id),
    ] {
        let request = HttpRequest::builder()
            .uri(format!("/v1/attachments/{stream}/{id}"))
            .header("tessera-authorisation", proof.clone());
        check_unknown(&Replied::read(relay.send(request.body(Body::empty()).unwrap()).await).await);
    }
    assert_eq!(tessera_relay::check::check(&relay.store, None).unwrap().wrong, Vec::<String>::new());
}

#[tokio::test]
async fn n07_nothing_is_written_over_or_deleted() {
    let relay = Tested::new();
    let (mut world, mut carla) = founded(&relay).await;
    let file = Attached::new(dossier(5), 1000);
    file.call(&relay, &mut carla, "PUT", 0, &file.bytes).await;
    let call = world.items(CARLA, Stream::Programme, 100);
    carla.push(&relay, std::slice::from_ref(&call)).await;
    for method in ["DELETE", "PATCH", "POST"] {
        assert_eq!(file.call(&relay, &mut carla, method, 0, &[]).await.status.as_u16(), 405);
    }
    let mut cora = Client::new(CORA, world.programme);
    for (from, to) in [(0, 1000), (0, 10), (999, 1000)] {
        let answer = file.call(&relay, &mut cora, "PUT", from, &vec![9; to - from]).await;
        assert_eq!(answer.refusal(), (409, "elsewhere".to_owned()));
    }
    assert_eq!(file.call(&relay, &mut cora, "GET", 0, &[]).await.body, file.bytes);
    // A pack's id names its bytes: another signature under the same header changes nothing.
    let header = call.header().clone();
    let forged = tessera_protocol::pack::Pack::new(
        header,
        tessera_protocol::signature::Signature([1; 64]),
        call.body().to_vec(),
    );
    let forged = forged.unwrap();
    cora.exchange(&relay, std::slice::from_ref(&forged)).await;
    let mut rita = Client::new(RITA, world.programme);
    rita.pull(&relay).await;
    assert!(rita.pulled.contains(&call) && !rita.pulled.contains(&forged));
}

#[tokio::test]
async fn strangers_cannot_fill_the_public_stream() {
    let relay = Tested::new();
    let (world, mut carla) = founded(&relay).await;
    // A link that names and is signed by a stranger checks, but nobody gave it power.
    let mut other = World::found_with(Vec::new());
    other.programme = world.programme;
    let mut link = world.genesis();
    link.nonce = [1; 16];
    link.changes = vec![tessera_protocol::charter::Change::Add {
        member: Key(66).member(),
        roles: tessera_protocol::charter::Roles { admin: true, coordinator: true },
        devices: vec![Key(66).device()].try_into().unwrap(),
    }]
    .try_into()
    .unwrap();
    let pack = other.public(Key(66), tessera_protocol::header::PackKind::Link, link.to_bytes());
    let mut stranger = Client::new(Key(66), world.programme);
    check_unknown(&relay.post(stranger.request(std::slice::from_ref(&pack)).1).await);
    let Got::Answer(head, _) = carla.exchange(&relay, std::slice::from_ref(&pack)).await else {
        panic!("sent")
    };
    assert_eq!(head.refused.to_vec(), [(pack.id(), Refusal::UnknownDevice)]);
    // It left no trace: the stranger is still nobody.
    check_unknown(&relay.post(stranger.request(&[]).1).await);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever comes, the answer is one of a relay's own, and an honest device is served afterwards.
    #[test]
    fn hostile_bytes_get_a_clear_answer(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        at in any::<proptest::sample::Index>(),
        flip in any::<u8>(),
        cut in any::<proptest::sample::Index>(),
        kind in 0..4_u8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let relay = Tested::new();
            let (mut world, mut carla) = founded(&relay).await;
            let packs = [
                world.items(CARLA, Stream::Programme, 50),
                world.open(CARLA, RITA, dossier(5)),
                world.items(CARLA, dossier(5), 50),
            ];
            let (_, good) = carla.request(&packs);
            let body = match kind {
                0 => bytes,
                1 => {
                    let mut body = good.clone();
                    let at = at.index(body.len());
                    body[at] ^= flip.max(1);
                    body
                }
                2 => good[..cut.index(good.len())].to_vec(),
                _ => frame(&bytes),
            };
            let replied = relay.post(body).await;
            if replied.status.as_u16() != 200 {
                let (status, _) = replied.refusal();
                assert!([400, 401, 413].contains(&status), "{status}");
            }
            let mut honest = Client::new(CORA, world.programme);
            honest.push(&relay, &packs).await;
            assert_eq!(tessera_relay::check::check(&relay.store, None).unwrap().wrong, Vec::<String>::new());
        });
    }
}

#[tokio::test]
async fn frames_of_any_pieces_are_read_alike() {
    let relay = Tested::new();
    let (mut world, mut carla) = founded(&relay).await;
    let packs: Vec<_> = (0..5).map(|_| world.items(CARLA, Stream::Programme, 300)).collect();
    for size in [1, 2, 3, 5, 64, 4096] {
        let (request, body) = carla.request(&packs);
        let pieces: Vec<_> = body.chunks(size).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let http = HttpRequest::builder().method(EXCHANGE.0).uri(EXCHANGE.1).body(body).unwrap();
        let replied = Replied::read(relay.send(http).await).await;
        let Got::Answer(head, _) = carla.take(&request, &replied, usize::MAX) else { panic!("sent") };
        assert_eq!(head.receipts.len(), 5);
    }
}
