//! The worker: outcomes, crashes, and the codec on every kind of bad message.

use proptest::prelude::*;

use super::*;
use crate::crdt::tests::{document, edit, first};
use crate::guard::Scanned;

const ALICE: ActorBytes = [1; 16];
const BOB: ActorBytes = [2; 16];

fn claimed(change: &Scanned, actor: ActorBytes) -> ClaimedChange {
    ClaimedChange { actor, bytes: change.bytes().to_vec() }
}

fn request() -> Request {
    let mut document = document();
    let one = edit(&mut document, &ALICE, |edit| edit.put(&["scores", "a"], 1));
    let two = edit(&mut document, &ALICE, |edit| edit.put(&["scores", "b"], 2));
    let three = edit(&mut document, &ALICE, |edit| edit.put(&["scores", "c"], 3));
    let four = edit(&mut document, &ALICE, |edit| edit.put(&["scores", "d"], 4));
    Request {
        constants: vec![first()],
        applied: vec![claimed(&one, ALICE)],
        incoming: vec![
            claimed(&two, ALICE),
            claimed(&one, ALICE),
            claimed(&four, ALICE),
            claimed(&three, BOB),
            ClaimedChange { actor: BOB, bytes: b"nonsense".to_vec() },
        ],
    }
}

fn expected() -> Response {
    let three = scan(&request().incoming[3].bytes, &Limits::default()).unwrap();
    Response::Done(vec![
        Outcome::Applied,
        Outcome::Known,
        Outcome::Parked(vec![*three.hash()]),
        Outcome::Refused("the change is not by the expected actor".to_owned()),
        Outcome::Refused("not an Automerge chunk".to_owned()),
    ])
}

#[test]
fn outcomes() {
    assert_eq!(run(&request(), &Limits::default()), expected());
    let none = Request { constants: vec![], ..request() };
    assert!(matches!(run(&none, &Limits::default()), Response::Failed(_)));
}

#[test]
fn f29_a_panic_costs_the_work_and_nothing_else() {
    assert_eq!(in_worker(|| 7), Ok(7));
    let crash = in_worker(|| -> u8 { std::panic::resume_unwind(Box::new("planted")) });
    assert_eq!(crash, Err(WorkerError::Crashed));
    assert_eq!(in_worker(|| 8), Ok(8));
}

#[test]
fn a_document_goes_into_a_worker_and_comes_back() {
    let document = document();
    let (document, changes) = in_worker(move || {
        let mut document = document;
        let change = edit(&mut document, &ALICE, |edit| edit.put(&["scores", "a"], 1));
        (document, vec![change])
    })
    .unwrap();
    assert_eq!(document.heads(), [*changes[0].hash()]);
}

#[test]
fn the_stack_is_large() {
    fn deep(levels: u32) -> u32 {
        let frame = std::hint::black_box([levels; 64]);
        if levels == 0 { frame[0] } else { deep(levels - 1) + std::hint::black_box(frame)[1] - levels + 1 }
    }
    assert_eq!(in_worker(|| deep(60_000)), Ok(60_000));
}

#[test]
fn a_served_request_is_answered() {
    let mut input = Vec::new();
    codec::write_frame(&mut input, &request().encode()).unwrap();
    codec::write_frame(&mut input, &Request::default().encode()).unwrap();
    let mut output = Vec::new();
    serve_worker(&mut input.as_slice(), &mut output, &Limits::default()).unwrap();
    let mut answers = output.as_slice();
    let answer = codec::read_frame(&mut answers).unwrap().unwrap();
    assert_eq!(Response::decode(&answer).unwrap(), expected());
    let answer = codec::read_frame(&mut answers).unwrap().unwrap();
    assert!(matches!(Response::decode(&answer).unwrap(), Response::Failed(_)));
    assert_eq!(codec::read_frame(&mut answers).unwrap(), None);
}

#[test]
fn a_worker_that_ended_has_crashed() {
    let mut sent = Vec::new();
    assert_eq!(ask_worker(&request(), &mut sent, &mut io::empty()).unwrap(), Response::Crashed);
    let mut half: &[u8] = &[0, 0, 0, 9, 1];
    assert_eq!(ask_worker(&request(), &mut sent, &mut half).unwrap(), Response::Crashed);
    let mut answer = Vec::new();
    codec::write_frame(&mut answer, &expected().encode()).unwrap();
    assert_eq!(ask_worker(&request(), &mut sent, &mut answer.as_slice()).unwrap(), expected());
}

#[test]
fn messages_are_bounded() {
    let mut huge: &[u8] = &[0xff; 100];
    assert!(codec::read_frame(&mut huge).is_err());
    // A count that the bytes cannot hold.
    assert!(Request::decode(&[0xff; 4]).is_err());
    assert_eq!(Response::decode(&[0, 0xff, 0xff, 0xff, 0xff]), Err(CodecError));
    let bytes = request().encode();
    for length in 0..bytes.len() {
        assert!(Request::decode(&bytes[..length]).is_err());
    }
    let bytes = expected().encode();
    for length in 0..bytes.len() {
        assert!(Response::decode(&bytes[..length]).is_err());
    }
    assert!(Response::decode(&[2, 0]).is_err());
}

#[test]
fn responses_round_trip() {
    for response in [expected(), Response::Crashed, Response::Failed("why".to_owned())] {
        assert_eq!(Response::decode(&response.encode()), Ok(response));
    }
    let long = Response::Failed("é".repeat(1000)).encode();
    assert!(matches!(Response::decode(&long), Ok(Response::Failed(reason)) if reason.len() == 512));
}

proptest! {
    #[test]
    fn requests_round_trip(bytes: Vec<u8>) {
        if let Ok(request) = Request::decode(&bytes) {
            prop_assert_eq!(request.encode(), bytes.clone());
        }
        if let Ok(response) = Response::decode(&bytes) {
            prop_assert_eq!(response.encode(), bytes);
        }
        let request = request();
        prop_assert!(Request::decode(&request.encode()) == Ok(request));
    }
}
