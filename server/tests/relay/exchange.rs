//! One exchange for push and pull: receipts, order, budget, resuming, openings, removal, refilling.

use crate::kit::*;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use tessera_protocol::access::{Class, Classes, Refusal};
use tessera_protocol::exchange::KEY;
use tessera_protocol::ids::RelayKey;
use tessera_protocol::stream::Stream;
use tessera_relay::limits::Limits;

#[tokio::test]
async fn a_programme_is_taken_with_its_genesis_and_answers_with_receipts() {
    let relay = Tested::new();
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let call = world.items(CARLA, Stream::Programme, 500);
    let first = [world.charter.clone(), vec![call.clone()]].concat();
    let head = carla.push(&relay, &first).await;
    let sequences: std::collections::BTreeSet<u64> =
        head.receipts.iter().map(|receipt| receipt.sequence).collect();
    assert_eq!(sequences, [1, 2].into());
    assert_eq!(head.announced_packs, 0, "what was sent is not echoed");
    assert!(matches!(carla.exchange(&relay, &[]).await, Got::Nothing));

    let mut cora = Client::new(CORA, world.programme);
    assert_eq!(cora.pull(&relay).await, ids(&first));
    assert!(matches!(cora.exchange(&relay, &[]).await, Got::Nothing));
}

#[tokio::test]
async fn a_repeated_pack_gets_its_first_receipt_after_a_restart_too() {
    let relay = Tested::new();
    let world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let first = carla.push(&relay, &world.charter).await.receipts.clone();
    let again = carla.push(&relay, &world.charter).await.receipts.clone();
    let relay = relay.restart();
    let restarted = carla.push(&relay, &world.charter).await.receipts.clone();
    carla.asked = ids(&world.charter);
    let Got::Answer(head, _) = carla.exchange(&relay, &[]).await else { panic!("asked") };
    assert_eq!((&first, &first, &first), (&again, &restarted, &head.receipts));
}

#[tokio::test]
async fn an_opening_brings_the_past_with_it_and_a_closing_ends_it() {
    let relay = Tested::new();
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let old = world.items(CARLA, dossier(5), 300);
    let enrolled = world.enrol(ADMIN, RITA);
    carla.push(&relay, &[world.charter.clone(), enrolled.clone(), vec![old.clone()]].concat()).await;

    let mut rita = Client::new(RITA, world.programme);
    assert_eq!(rita.pull(&relay).await, ids(&[world.charter.clone(), enrolled].concat()));
    let opening = world.open(CARLA, RITA, dossier(5));
    carla.push(&relay, std::slice::from_ref(&opening)).await;
    assert_eq!(rita.pull(&relay).await, [opening.id(), old.id()], "to/ first, then the dossier");

    let closing = world.close(CARLA, RITA, dossier(5));
    let later = world.items(CARLA, dossier(5), 300);
    carla.push(&relay, &[closing.clone(), later]).await;
    assert_eq!(rita.pull(&relay).await, [closing.id()]);
    let relay = relay.restart();
    let mut fresh = Client::new(RITA, world.programme);
    assert!(!fresh.pull(&relay).await.contains(&old.id()));
}

#[tokio::test]
async fn a_removed_member_gets_only_its_removal_and_may_still_send() {
    let relay = Tested::new();
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let enrolled = world.enrol(ADMIN, RITA);
    carla.push(&relay, &[world.charter.clone(), enrolled].concat()).await;
    let mut rita = Client::new(RITA, world.programme);
    rita.pull(&relay).await;
    let removal = world.remove(ADMIN, RITA);
    let call = world.items(CARLA, Stream::Programme, 100);
    carla.push(&relay, &[removal.clone(), call]).await;
    let review = world.items(RITA, Stream::Reviews(RITA.member()), 200);
    rita.push(&relay, std::slice::from_ref(&review)).await;
    rita.pull(&relay).await;
    assert_eq!(rita.pulled.last().unwrap().id(), removal.id());
    assert_eq!(carla.pull(&relay).await, [review.id()]);
}

#[tokio::test]
async fn a_pull_goes_on_at_every_segment_and_under_every_budget() {
    let relay = Tested::new();
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let mut packs = world.charter.clone();
    packs.extend(world.enrol(ADMIN, RITA));
    for number in 0..6 {
        packs.push(world.items(CARLA, Stream::Programme, 20_000 + number));
        packs.push(world.items(CARLA, dossier(9), 15_000));
        packs.push(world.items(CARLA, Stream::To(RITA.member()), 9_000));
    }
    packs.push(world.open(CARLA, RITA, dossier(9)));
    carla.push(&relay, &packs).await;
    let mut whole = Client::new(RITA, world.programme);
    let all = whole.pull(&relay).await;
    assert_eq!(all.len(), packs.len());

    for cut in 0..8 {
        let mut rita = Client::new(RITA, world.programme);
        let (request, body) = rita.request(&[]);
        let replied = relay.post(body).await;
        rita.take(&request, &replied, cut);
        rita.pull(&relay).await;
        assert_eq!(ids(&rita.pulled), all, "cut after segment {cut}");
    }
    for budget_bytes in [21_000, 30_000, 64_000] {
        let mut rita = Client { budget_bytes, ..Client::new(RITA, world.programme) };
        rita.pull(&relay).await;
        assert_eq!(ids(&rita.pulled), all, "budget {budget_bytes}");
    }
    let mut rita = Client { budget_bytes: 0, ..Client::new(RITA, world.programme) };
    let Got::Answer(head, segments) = rita.exchange(&relay, &[]).await else { panic!("something is left") };
    assert_eq!((head.announced_packs, head.left_packs), (0, packs.len() as u64));
    assert!(segments.is_empty());
}

#[tokio::test]
async fn classes_that_are_left_out_for_weeks_are_not_missed() {
    let relay = Tested::new();
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let mut packs = [world.charter.clone(), world.enrol(ADMIN, RITA)].concat();
    packs.push(world.items(CARLA, dossier(9), 1000));
    packs.push(world.open(CARLA, RITA, dossier(9)));
    carla.push(&relay, &packs).await;
    let mut rita =
        Client { wanted: Classes::ALL.without(Class::Dossiers), ..Client::new(RITA, world.programme) };
    let Got::Answer(head, _) = rita.exchange(&relay, &[]).await else { panic!("new") };
    assert_eq!((head.announced_packs, head.left_packs), (4, 1));
    let call = world.items(CARLA, Stream::Programme, 1000);
    let more = world.items(CARLA, dossier(9), 1000);
    carla.push(&relay, &[call.clone(), more.clone()]).await;
    let Got::Answer(head, _) = rita.exchange(&relay, &[]).await else { panic!("new") };
    assert_eq!((head.announced_packs, head.left_packs), (1, 2));
    assert_eq!(rita.pulled.last().unwrap().id(), call.id());
    rita.wanted = Classes::ALL;
    assert_eq!(rita.pull(&relay).await, [packs[3].id(), more.id()]);
    assert_eq!(rita.cursor, carla.cursor);
}

#[tokio::test]
async fn what_may_not_be_written_is_refused_by_name_and_the_rest_is_taken() {
    let relay = Tested::new();
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    carla.push(&relay, &[world.charter.clone(), world.enrol(ADMIN, RITA)].concat()).await;
    let good = world.items(RITA, Stream::Reviews(RITA.member()), 10);
    let foreign = world.items(RITA, Stream::Reviews(CARLA.member()), 10);
    let call = world.items(RITA, Stream::Programme, 10);
    let stranger = world.items(ROB, Stream::Reviews(ROB.member()), 10);
    let early = world.open(CARLA, ROB, dossier(3));
    let mut rita = Client::new(RITA, world.programme);
    let sent = [good.clone(), foreign.clone(), call.clone(), stranger.clone(), early.clone()];
    let Got::Answer(head, _) = rita.exchange(&relay, &sent).await else { panic!("sent") };
    let mut refused = head.refused.clone().into_vec();
    let mut expected = vec![
        (foreign.id(), Refusal::NotAWriter),
        (call.id(), Refusal::NotAWriter),
        (stranger.id(), Refusal::UnknownDevice),
        (early.id(), Refusal::UnknownDevice),
    ];
    refused.sort_unstable();
    expected.sort_unstable();
    assert_eq!(refused, expected);
    assert_eq!(head.receipts.iter().map(|receipt| receipt.pack).collect::<Vec<_>>(), [good.id()]);
}

#[tokio::test]
async fn statements_and_what_needs_them_may_come_in_any_order() {
    let relay = Tested::new();
    let mut world = World::found();
    let mut packs = vec![world.items(RITA, Stream::Reviews(RITA.member()), 10)];
    packs.push(world.open(CARLA, RITA, dossier(3)));
    packs.extend(world.enrol(ADMIN, RITA).into_iter().rev());
    let mut carla = Client::new(CARLA, world.programme);
    carla.push(&relay, &world.charter).await;
    carla.push(&relay, &packs).await;
    let mut rita = Client::new(RITA, world.programme);
    assert_eq!(rita.pull(&relay).await.len(), 5);
}

#[tokio::test]
async fn a_lost_relay_is_filled_again_by_coordinators_under_the_spare_key() {
    let lost = Tested::new();
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let mut packs = [world.charter.clone(), world.enrol(ADMIN, RITA)].concat();
    packs.push(world.items(CARLA, Stream::Programme, 100));
    packs.push(world.items(RITA, Stream::Reviews(RITA.member()), 100));
    carla.push(&lost, &packs).await;
    let mut rita = Client::new(RITA, world.programme);
    rita.pull(&lost).await;

    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let limits = Limits::default();
    let blank = Tested::start(folder, SPARE_SEED, 9, limits, tessera_relay::relay::Taking::Any);
    for client in [&mut carla, &mut rita] {
        client.relay = relay_key(SPARE_SEED);
    }
    let (_, body) = rita.request(&[]);
    assert_eq!(blank.post(body).await.refusal(), (401, "not-authorised".to_owned()));
    // A coordinator brings the charter first; its cursor is the lost relay's.
    let Got::Answer(head, _) = carla.exchange(&blank, &packs[..3]).await else { panic!("sent") };
    assert!(!head.cursor_known);
    assert_eq!(head.receipts.len(), 3);
    let frontier = head.frontier.clone().unwrap();
    assert_eq!(frontier.chains().count(), 1, "the admin's public chain");
    carla.push(&blank, &packs[3..]).await;

    // The reviewer's cursor is unknown as well; what it has is not sent again.
    let Got::Answer(head, _) = rita.exchange(&blank, &[]).await else { panic!("unknown") };
    assert!(!head.cursor_known && head.frontier.is_some() && head.announced_packs == 0);
    rita.cursor = tessera_protocol::exchange::Cursor::start();
    rita.have = head.frontier.clone();
    let Got::Answer(head, _) = rita.exchange(&blank, &[]).await else { panic!("have") };
    assert!(head.cursor_known && head.announced_packs == 0);
    rita.have = None;
    assert!(matches!(rita.exchange(&blank, &[]).await, Got::Nothing));
}

#[tokio::test]
async fn a_relay_that_the_charter_does_not_name_takes_nothing() {
    let relay = Tested::new();
    let world = World::found_with(Vec::new());
    let mut carla = Client::new(CARLA, world.programme);
    let (_, body) = carla.request(&world.charter);
    assert_eq!(relay.post(body).await.refusal(), (403, "relay-not-named".to_owned()));
    assert_eq!(tessera_relay::store::Store::programmes(&*relay.store).unwrap(), []);
}

#[tokio::test]
async fn a_relay_for_other_programmes_takes_nothing() {
    let world = World::found();
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let taking = tessera_relay::relay::Taking::Only(vec![tessera_protocol::ids::ProgrammeId([5; 16])]);
    let relay = Tested::start(folder, RELAY_SEED, 1, Default::default(), taking);
    let mut carla = Client::new(CARLA, world.programme);
    let (_, body) = carla.request(&world.charter);
    assert_eq!(relay.post(body).await.refusal(), (403, "programme-not-taken".to_owned()));
}

#[tokio::test]
async fn a_relay_that_is_dropped_takes_its_own_end_and_nothing_after() {
    use tessera_protocol::charter::{Change, Link};
    use tessera_protocol::codec::Wire;
    use tessera_protocol::header::PackKind;
    let relay = Tested::new();
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    let call = world.items(CARLA, Stream::Programme, 100);
    carla.push(&relay, &[world.charter.clone(), vec![call.clone()]].concat()).await;
    let link = Link {
        parents: std::collections::BTreeSet::from([world.genesis().id()]).try_into().unwrap(),
        nonce: [2; 16],
        demo: false,
        changes: vec![Change::DropRelay { key: relay_key(RELAY_SEED) }].try_into().unwrap(),
    };
    let dropped = world.public(ADMIN, PackKind::Link, link.to_bytes());
    let after = world.items(CARLA, Stream::Programme, 100);
    let (_, body) = carla.request(&[dropped.clone(), after.clone()]);
    assert_eq!(relay.post(body).await.refusal(), (403, "relay-not-named".to_owned()));
    let (_, body) = carla.request(std::slice::from_ref(&after));
    let relay = relay.restart();
    assert_eq!(relay.post(body).await.refusal(), (403, "relay-not-named".to_owned()));
    // Its end is there for everybody, and what was there before can still be fetched.
    let mut cora = Client::new(CORA, world.programme);
    assert_eq!(cora.pull(&relay).await, [world.charter[0].id(), dropped.id(), call.id()]);
}

#[tokio::test]
async fn a_relay_says_its_key_to_whoever_asks_and_nothing_else() {
    let relay = Tested::new();
    let ask = |method: Method| Request::builder().method(method).uri(KEY.1).body(Body::empty()).unwrap();
    let said = Replied::read(relay.send(ask(Method::GET)).await).await;
    assert_eq!(said.status, StatusCode::OK);
    let key = RelayKey(relay_key(RELAY_SEED).to_bytes());
    assert_eq!(String::from_utf8(said.body.clone()).unwrap(), format!(r#"{{"key":"{key}"}}"#));
    let refused = Replied::read(relay.send(ask(Method::POST)).await).await;
    assert_eq!(refused.refusal(), (405, "method".to_owned()));
}

#[tokio::test]
async fn who_waits_hears_of_what_comes() {
    let relay = Tested::new();
    let (mut world, mut carla) = founded(&relay).await;
    let mut cora = Client::new(CORA, world.programme);
    cora.pull(&relay).await;
    // One who waits is answered by another's push.
    let pack = world.items(CARLA, Stream::Programme, 100);
    let (request, body) = cora.request(&[]);
    let packs = [pack.clone()];
    let (waited, _) = tokio::join!(relay.wait(body, 50), carla.push(&relay, &packs));
    assert_eq!(cora.take(&request, &waited, usize::MAX).packs(), 1);
    assert_eq!(cora.pulled.last(), Some(&pack));
    // What is there already is not waited for, and what is pushed is answered at once.
    let mut ada = Client::new(ADMIN, world.programme);
    let (request, body) = ada.request(&[]);
    assert!(ada.take(&request, &relay.wait(body, 50).await, usize::MAX).packs() > 0);
    let pack = world.items(CORA, Stream::Programme, 100);
    let (request, body) = cora.request(&[pack]);
    assert!(matches!(cora.take(&request, &relay.wait(body, 50).await, usize::MAX), Got::Answer(..)));
    // Nobody waits at a relay that goes down.
    let (request, body) = cora.request(&[]);
    let (waited, ()) = tokio::join!(relay.wait(body, 50), async { relay.relay.end_waiting() });
    assert!(matches!(cora.take(&request, &waited, usize::MAX), Got::Nothing));
}

#[tokio::test]
async fn where_nobody_may_wait_the_answer_is_at_once() {
    for limits in
        [Limits { waiting: 0, ..Limits::default() }, Limits { wait_seconds: 0, ..Limits::default() }]
    {
        let relay = Tested::with(limits);
        let (_, mut carla) = founded(&relay).await;
        let (request, body) = carla.request(&[]);
        assert!(matches!(carla.take(&request, &relay.wait(body, 50).await, usize::MAX), Got::Nothing));
    }
}
