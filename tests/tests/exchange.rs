//! The driver against the simulation's relay behind a socket: cuts at many places, strangers in the relay's
//! place, and what an idle exchange costs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use tessera_driver::relay::{self, Options, Report};
use tessera_engine::Engine;
use tessera_engine::reading::WorkState;
use tessera_engine::store::MemoryStore;
use tessera_protocol::access::Classes;
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::{Incarnation, ProgrammeId};
use tessera_protocol::signature::PublicKey;
use tessera_tests::homes;
use tessera_tests::sim::relay::{Answer, Relay as Kept};
use tessera_tests::stand_in::{Fault, StandIn};
use tessera_vault::enrol::Relay;
use tessera_vault::identity::DeviceSecret;

type Home = Engine<MemoryStore>;

const KEY: [u8; 32] = [7; 32];

fn public(key: [u8; 32]) -> PublicKey {
    PublicKey::from_bytes(&SigningKey::from_bytes(&key).verifying_key().to_bytes()).unwrap()
}

fn stand_in(programme: ProgrammeId) -> StandIn {
    StandIn::start(Kept::new(SigningKey::from_bytes(&KEY), Incarnation([1; 8]), programme)).unwrap()
}

fn place(relay: &StandIn) -> Relay {
    Relay { url: relay.url().as_str().try_into().unwrap(), key: public(KEY) }
}

fn options(relays: Vec<Relay>) -> Options {
    let second = Duration::from_secs(1);
    Options { connect: second * 5, silence: second * 20, persist: Duration::ZERO, ..Options::new(relays) }
}

fn sync(home: &mut Home, relay: &StandIn) -> Result<Report, &'static str> {
    let mut report = Report::default();
    let go_on = &mut |_: &relay::Progress| ControlFlow::Continue(());
    match relay::sync(home, &options(vec![place(relay)]), go_on, &mut report) {
        Ok(()) => Ok(report),
        Err(error) => Err(error.code()),
    }
}

/// A coordinator, a reader who has just submitted three reviews, and their relay.
fn world() -> (Home, Home, StandIn) {
    let mut alice = homes::found(MemoryStore::default(), "alice", public(KEY)).unwrap();
    let relay = stand_in(alice.programme());
    let relays = vec![place(&relay)];
    let mut bob = homes::enrol(&mut alice, MemoryStore::default(), "bob", Roles::default(), relays).unwrap();
    sync(&mut alice, &relay).unwrap();
    sync(&mut bob, &relay).unwrap();
    assert!(bob.is_active());
    let ids = homes::publish(&mut alice, 3).unwrap();
    homes::assign(&mut alice, &bob, &ids).unwrap();
    sync(&mut alice, &relay).unwrap();
    sync(&mut bob, &relay).unwrap();
    for id in ids {
        homes::review(&mut bob, id, "4").unwrap();
    }
    (alice, bob, relay)
}

#[test]
fn a_review_goes_through_a_relay_and_is_acknowledged() {
    let (mut alice, mut bob, relay) = world();
    let sent = sync(&mut bob, &relay).unwrap();
    assert!(sent.receipts > 0 && sent.outbox == 0, "{sent:?}");
    let received = sync(&mut alice, &relay).unwrap();
    assert!(received.new > 0 && received.outbox == 0, "{received:?}");
    assert_eq!(homes::counted(&mut alice).unwrap(), 3);
    sync(&mut bob, &relay).unwrap();
    let tasks = bob.together(|acts| acts.tasks()).unwrap();
    assert!(tasks.iter().all(|task| task.state == Some(WorkState::OpenedByCoordinator)));
    assert!(alice.notices().unwrap().is_empty() && bob.notices().unwrap().is_empty());
}

#[test]
fn t3_an_idle_exchange_is_one_and_costs_less_than_500_bytes() {
    let (mut alice, mut bob, relay) = world();
    for home in [&mut bob, &mut alice] {
        sync(home, &relay).unwrap();
    }
    sync(&mut bob, &relay).unwrap();
    for (name, home) in [("coordinator", &mut alice), ("reader", &mut bob)] {
        let report = sync(home, &relay).unwrap();
        let bytes = report.bytes_sent + report.bytes_received;
        println!("t3 {name}: {} sent, {} received", report.bytes_sent, report.bytes_received);
        assert_eq!(report.exchanges, 1);
        assert!(bytes <= 500, "{bytes}");
        assert!(report.bytes_received >= 100, "an answer was counted");
    }
}

/// Where an answer is cut: at every byte of its head and around every frame's border, and at some bytes of each frame. (At every
/// byte of all it takes half a minute.)
fn cuts(answer: &[u8]) -> BTreeSet<usize> {
    let body = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let mut cuts: BTreeSet<usize> = (0..body).chain((body..answer.len()).step_by(29)).collect();
    let mut border = body;
    while let Some(length) = answer[border..].first_chunk() {
        cuts.extend(border - 4..border + 8);
        border += 4 + usize::try_from(u32::from_le_bytes(*length)).unwrap();
    }
    cuts.extend(border - 4..border);
    cuts
}

#[test]
fn f07_an_answer_cut_at_borders_and_between_loses_nothing_and_ends_the_same() {
    let (mut alice, mut bob, relay) = world();
    sync(&mut bob, &relay).unwrap();
    let before = alice.into_store();
    let open = |store: MemoryStore| {
        let secret = DeviceSecret::generate(&mut *homes::dice("alice secret"));
        Engine::open(store, secret, homes::dice("alice again")).unwrap()
    };
    alice = open(before.clone());
    let untouched = relay.with(|kept| kept.clone());
    let answers = relay.answers().len();
    sync(&mut alice, &relay).unwrap();
    let whole = relay.answers()[answers].clone();
    let after = alice.packs().unwrap().len();
    assert!(whole.len() > 1500, "a long answer: {}", whole.len());
    for cut in cuts(&whole) {
        let relay = StandIn::start(untouched.clone()).unwrap();
        let mut alice = open(before.clone());
        relay.script([Fault::CutAnswer(cut)]);
        assert_eq!(sync(&mut alice, &relay), Err("connection-cut"), "cut at {cut}");
        let again = sync(&mut alice, &relay).unwrap();
        assert_eq!(alice.packs().unwrap().len(), after, "cut at {cut}");
        assert!(again.known <= 3, "more than one segment came twice after a cut at {cut}: {again:?}");
        assert_eq!(homes::counted(&mut alice).unwrap(), 3);
        assert_eq!(alice.outbox().unwrap(), 0);
    }
}

#[test]
fn f07_a_request_cut_or_not_answered_marks_nothing_as_sent() {
    for fault in [Fault::CutRequest(0), Fault::CutRequest(700), Fault::NoAnswer] {
        let (mut alice, mut bob, relay) = world();
        let (waiting, _) = bob.to_send().unwrap();
        relay.script([fault.clone()]);
        assert_eq!(sync(&mut bob, &relay), Err("connection-cut"), "{fault:?}");
        assert_eq!(bob.outbox().unwrap(), waiting, "{fault:?}");
        sync(&mut bob, &relay).unwrap();
        assert_eq!(bob.outbox().unwrap(), 0);
        sync(&mut alice, &relay).unwrap();
        assert_eq!(homes::counted(&mut alice).unwrap(), 3);
    }
}

#[test]
fn a_lost_connection_is_made_again_while_it_helps() {
    let (mut alice, mut bob, relay) = world();
    sync(&mut bob, &relay).unwrap();
    let answers = relay.answers().len();
    sync(&mut alice, &relay).unwrap();
    let long = relay.answers()[answers].len();
    let roles = Roles { admin: false, coordinator: true };
    let relays = vec![place(&relay)];
    let mut carol = homes::enrol(&mut alice, MemoryStore::default(), "carol", roles, relays).unwrap();
    sync(&mut alice, &relay).unwrap();
    relay.script([Fault::CutAnswer(long / 2), Fault::NoAnswer]);
    let patient = Options { persist: Duration::from_secs(60), ..options(vec![place(&relay)]) };
    let mut report = Report::default();
    let mut waited = 0;
    let mut tell = |progress: &relay::Progress| {
        waited += u32::from(progress.phase == relay::Phase::Waiting);
        ControlFlow::Continue(())
    };
    relay::sync(&mut carol, &patient, &mut tell, &mut report).unwrap();
    assert!(waited >= 2, "it waited before each of two further tries: {waited}");
    assert_eq!(homes::counted(&mut carol).unwrap(), 3);
}

#[test]
fn f22_a_captive_portal_is_never_taken_for_the_relay() {
    let login = "<!DOCTYPE html><html><body>Welcome to the hotel</body></html>";
    let empty = "HTTP/1.1 204 No Content\r\n\r\n";
    let word = "HTTP/1.1 204 No Content\r\ntessera-answer: bm90IGEgcmVsYXk=\r\n\r\n";
    let strangers = [
        Fault::page("200 OK", "text/html; charset=utf-8", login),
        Fault::page("200 OK", "application/octet-stream", login),
        Fault::page("200 OK", "application/octet-stream", ""),
        Fault::page("200 OK", "application/octet-stream", "\x05\0\0\0hello"),
        Fault::page("302 Found", "text/html", login),
        Fault::page("404 Not Found", "text/html", login),
        Fault::page("511 Network Authentication Required", "text/html", login),
        Fault::Instead(empty.into()),
        Fault::Instead(word.into()),
        Fault::Instead(b"220 mail.example.org ESMTP\r\n".to_vec()),
    ];
    let (mut alice, mut bob, relay) = world();
    let (waiting, _) = bob.to_send().unwrap();
    assert!(waiting > 0);
    for stranger in strangers {
        relay.script([stranger.clone()]);
        assert_eq!(sync(&mut bob, &relay), Err("captive-portal"), "{stranger:?}");
        assert_eq!(bob.outbox().unwrap(), waiting);
    }
    sync(&mut bob, &relay).unwrap();
    sync(&mut alice, &relay).unwrap();
    assert_eq!(homes::counted(&mut alice).unwrap(), 3);
}

#[test]
fn an_answer_to_another_request_is_not_believed() {
    let (mut alice, mut bob, relay) = world();
    sync(&mut bob, &relay).unwrap();
    let answers = relay.answers().len();
    sync(&mut alice, &relay).unwrap();
    sync(&mut alice, &relay).unwrap();
    let (receipts, idle) = (relay.answers()[answers - 1].clone(), relay.answers().last().unwrap().clone());
    assert!(idle.starts_with(b"HTTP/1.1 204"));
    let packs = alice.packs().unwrap().len();
    for answer in [receipts, idle] {
        relay.script([Fault::Instead(answer)]);
        assert_eq!(sync(&mut alice, &relay), Err("relay-forged"));
    }
    assert_eq!(alice.packs().unwrap().len(), packs);
    // Another key than the one that signs requests are made for: the relay knows no such request.
    let wrong = Relay { key: public([9; 32]), ..place(&relay) };
    let go_on = &mut |_: &relay::Progress| ControlFlow::Continue(());
    let error = relay::sync(&mut alice, &options(vec![wrong]), go_on, &mut Report::default()).unwrap_err();
    assert_eq!(error.code(), "not-admitted");
}

#[test]
fn what_a_relay_says_without_success_has_a_name() {
    let json = |status: &str, code: &str| {
        Fault::page(status, "application/json", &format!(r#"{{"code":"{code}","message":""}}"#))
    };
    let (_, mut bob, relay) = world();
    let (waiting, _) = bob.to_send().unwrap();
    for (answer, expected) in [
        (json("507 Insufficient Storage", "full"), "relay-full"),
        (json("408 Request Timeout", "slow"), "too-slow"),
        (json("413 Content Too Large", "quota"), "relay-full"),
        (json("403 Forbidden", "relay-not-named"), "other-programme"),
        (json("403 Forbidden", "programme-not-taken"), "other-programme"),
        (json("429 Too Many Requests", "busy"), "relay-busy"),
        (json("503 Service Unavailable", "draining"), "relay-busy"),
        (json("400 Bad Request", "malformed"), "relay-refused"),
    ] {
        relay.script([answer]);
        assert_eq!(sync(&mut bob, &relay), Err(expected));
        assert_eq!(bob.outbox().unwrap(), waiting);
    }
    // Who is not known says once who belongs; a blank relay believes the charter, any other one stays with its word.
    let unknown = || json("401 Unauthorized", "not-authorised");
    relay.script([unknown(), unknown()]);
    assert_eq!(sync(&mut bob, &relay), Err("not-admitted"));
    assert!(bob.outbox().unwrap() > waiting);
    relay.script([unknown()]);
    assert!(sync(&mut bob, &relay).is_ok());
}

#[test]
fn nobody_there_and_nobody_answering() {
    let (mut alice, _, relay) = world();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let nowhere = Relay { url: closed.as_str().try_into().unwrap(), key: public(KEY) };
    let go_on = &mut |_: &relay::Progress| ControlFlow::Continue(());
    let mut report = Report::default();
    let error = relay::sync(&mut alice, &options(vec![nowhere.clone()]), go_on, &mut report).unwrap_err();
    assert_eq!(error.code(), "unreachable");
    // The second relay of the list serves where the first does not.
    relay::sync(&mut alice, &options(vec![nowhere, place(&relay)]), go_on, &mut report).unwrap();
    assert_eq!(report.relay, relay.url());

    relay.script([Fault::Silence]);
    let impatient = Options { silence: Duration::from_millis(300), ..options(vec![place(&relay)]) };
    let error = relay::sync(&mut alice, &impatient, go_on, &mut report).unwrap_err();
    assert_eq!(error.code(), "timeout");

    let error = relay::sync(&mut alice, &options(vec![]), go_on, &mut report).unwrap_err();
    assert_eq!(error.code(), "no-relay");
    let abroad = Relay { url: "http://relay.example.org".try_into().unwrap(), key: public(KEY) };
    let error = relay::sync(&mut alice, &options(vec![abroad]), go_on, &mut report).unwrap_err();
    assert_eq!(error.code(), "insecure-address");
}

#[test]
fn a_person_can_end_it() {
    let (mut alice, _, relay) = world();
    relay.script([Fault::Silence]);
    let mut told = 0;
    let mut tell = |_: &relay::Progress| {
        told += 1;
        if told > 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut report = Report::default();
    let error = relay::sync(&mut alice, &options(vec![place(&relay)]), &mut tell, &mut report).unwrap_err();
    assert_eq!(error.code(), "cancelled");
}

#[test]
fn who_ends_an_exchange_before_the_reading_finds_everything_read() {
    let (mut alice, mut bob, relay) = world();
    sync(&mut bob, &relay).unwrap();
    let mut tell = |progress: &relay::Progress| match progress.phase {
        relay::Phase::Reading => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let mut report = Report::default();
    let error = relay::sync(&mut alice, &options(vec![place(&relay)]), &mut tell, &mut report).unwrap_err();
    assert_eq!((error.code(), homes::counted(&mut alice).unwrap()), ("cancelled", 3));
}

#[test]
fn what_came_before_a_kill_is_read_by_the_next_exchange_though_it_brings_nothing() {
    let (mut alice, mut bob, relay) = world();
    sync(&mut bob, &relay).unwrap();
    let sending = alice.prepare(public(KEY), u64::MAX, Classes::ALL).unwrap();
    let Answer::Frames(frames) = relay.with(|kept| kept.exchange(&sending.frames)) else { panic!("news") };
    alice.answer_head(&sending, &frames[0]).unwrap();
    for (index, frame) in (0..).zip(&frames[1..]) {
        alice.segment(&sending, frame, index).unwrap();
    }
    let secret = DeviceSecret::generate(&mut *homes::dice("alice secret"));
    let mut alice = Engine::open(alice.into_store(), secret, homes::dice("alice again")).unwrap();
    assert!(alice.has_unread().unwrap());
    assert_eq!(homes::counted(&mut alice).unwrap(), 0);
    let report = sync(&mut alice, &relay).unwrap();
    assert_eq!((report.new, homes::counted(&mut alice).unwrap()), (0, 3));
    assert_eq!(report.outbox, 0, "and their author is told");
}

#[test]
fn a_disk_that_fails_once_everything_is_stored_ends_no_exchange() {
    let (alice, mut bob, relay) = world();
    sync(&mut bob, &relay).unwrap();
    let before = alice.into_store();
    let untouched = relay.with(|kept| kept.clone());
    let open = |store: MemoryStore| {
        let secret = DeviceSecret::generate(&mut *homes::dice("alice secret"));
        Engine::open(store, secret, homes::dice("alice again")).unwrap()
    };
    let mut alice = open(before.clone());
    sync(&mut alice, &relay).unwrap();
    let last = alice.store().steps();
    // The last that an exchange writes is when it was; the same again, and the disk fails at that.
    let relay = StandIn::start(untouched).unwrap();
    let mut alice = open(before);
    alice.store().fail_at(last, tessera_engine::store::Fault::Io);
    sync(&mut alice, &relay).unwrap();
    assert_eq!((alice.store().steps(), homes::counted(&mut alice).unwrap()), (last, 3));
}

#[test]
fn a_plan_moves_nothing_and_says_what_would() {
    let (mut alice, mut bob, relay) = world();
    let go_on = &mut |_: &relay::Progress| ControlFlow::Continue(());
    let held = relay.with(|kept| kept.len());
    let plan = relay::plan(&mut bob, &options(vec![place(&relay)]), go_on).unwrap();
    assert!(plan.send_packs > 0 && plan.send_bytes > 0);
    assert_eq!(relay.with(|kept| kept.len()), held);
    let sent = sync(&mut bob, &relay).unwrap();
    assert_eq!(sent.receipts, plan.send_packs);
    let plan = relay::plan(&mut alice, &options(vec![place(&relay)]), go_on).unwrap();
    assert!(plan.receive_packs > 0 && plan.receive_bytes > 0, "{plan:?}");
}

#[test]
fn a_plan_at_a_blank_relay_says_that_everything_would_go() {
    let mut alice = homes::found(MemoryStore::default(), "alice", public(KEY)).unwrap();
    let relay = stand_in(alice.programme());
    let go_on = &mut |_: &relay::Progress| ControlFlow::Continue(());
    let plan = relay::plan(&mut alice, &options(vec![place(&relay)]), go_on).unwrap();
    assert!(plan.send_packs > 0 && plan.receive_packs == 0, "{plan:?}");
    assert_eq!(relay.with(|kept| kept.len()), 0);
    assert_eq!(sync(&mut alice, &relay).unwrap().receipts, plan.send_packs);
}
