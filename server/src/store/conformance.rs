//! What every store must do, whatever it is made of.

use std::sync::mpsc;

use ed25519_dalek::{Signer, SigningKey};
use tessera_protocol::exchange::Caller;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, NONE, PackKind, SUITE};
use tessera_protocol::ids::{AttachmentId, DeviceId, Incarnation, KeyId, MemberId, ProgrammeId, StreamId};
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::{EMPTY_HEAD, next_head};
use tessera_protocol::signature::{Context, PublicKey, Signature, Verified, signed_bytes};

use super::*;

/// Runs a write to its end.
pub(crate) fn done<T: Send + 'static>(start: impl FnOnce(Done<T>)) -> Result<T, StoreError> {
    let (send, receive) = mpsc::channel();
    start(Box::new(move |result| send.send(result).expect("somebody waits")));
    receive.recv().unwrap_or(Err(StoreError::Closed))
}

pub(crate) fn programme(number: u8) -> ProgrammeId {
    ProgrammeId([number; 16])
}

pub(crate) fn pack(of: ProgrammeId, stream: u8, number: u8, bytes: usize) -> Verified<Pack> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let body = vec![number; bytes];
    let header = Header {
        suite: SUITE,
        kind: PackKind::Items,
        programme: of,
        stream: StreamId([stream; 16]),
        key: KeyId([1; 32]),
        device: DeviceId([2; 16]),
        incarnation: Incarnation([number; 8]),
        number: 1,
        previous: Default::default(),
        seen: None,
        opened: Default::default(),
        closed: Default::default(),
        recipients: None,
        padded_bytes: 0,
        content_root: Hash(NONE),
        body: hash("body", &[&body]),
    };
    let payload = tessera_protocol::codec::Wire::to_bytes(&header);
    let signature = Signature(key.sign(&signed_bytes(Context::Pack, &payload)).to_bytes());
    let public = PublicKey::from_bytes(&key.verifying_key().to_bytes()).unwrap();
    Pack::new(header, signature, body).unwrap().verify(&public).unwrap()
}

pub(crate) fn batch(of: ProgrammeId, packs: Vec<Verified<Pack>>) -> Batch {
    let accounts = vec![Account { id: [9; 16], limit_bytes: 1_000_000 }];
    let packs = packs.into_iter().map(|pack| NewPack { pack, accounts: accounts.clone() }).collect();
    let incarnation = Incarnation([5; 8]);
    let programme_limit_bytes = 1_000_000;
    Batch { programme: of, incarnation, received_ms: 77, packs, changed: Vec::new(), programme_limit_bytes }
}

fn sequences(outcomes: &[Outcome]) -> Vec<Option<u64>> {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Stored(place) | Outcome::Known(place) => Some(place.sequence),
            Outcome::NoRoom | Outcome::ProgrammeFull => None,
        })
        .collect()
}

fn entries(store: &impl Store, of: ProgrammeId, stream: Option<u8>, range: RangeInclusive<u64>) -> Vec<u64> {
    let mut found = Vec::new();
    let stream = stream.map(|stream| StreamId([stream; 16]));
    store.entries(of, stream, range, &mut |entry| found.push(entry.sequence)).unwrap();
    found
}

/// Everything at once. `again` closes a store and opens it on the same contents.
pub(crate) fn conformance<S: Store>(make: impl Fn() -> S, again: impl Fn(S) -> S) {
    nothing_is_there_at_first(&make());
    the_log_is_a_chain(make(), &again);
    accounts_have_limits(&make());
    rights_and_windows_are_kept(make(), &again);
    attachments_grow_at_their_end(make(), &again);
    writes_are_reported_in_their_order(&make());
    a_closed_store_writes_nothing(make());
}

fn nothing_is_there_at_first(store: &impl Store) {
    let of = programme(1);
    assert_eq!(store.programmes().unwrap(), []);
    assert_eq!(store.newest(of).unwrap(), None);
    assert_eq!(store.head(of, 1).unwrap(), None);
    assert_eq!(store.changed(of).unwrap(), []);
    assert!(entries(store, of, None, 0..=u64::MAX).is_empty());
    assert_eq!(store.read(of, &[1]).unwrap(), []);
    assert_eq!(store.streams(of).unwrap(), []);
}

fn the_log_is_a_chain<S: Store>(store: S, again: &impl Fn(S) -> S) {
    let (one, other) = (programme(1), programme(2));
    let packs: Vec<_> = (0..5).map(|number| pack(one, number % 2, number, 100)).collect();
    let first = done(|done| store.append(batch(one, packs[..3].to_vec()), done)).unwrap();
    assert!(first.iter().all(|outcome| matches!(outcome, Outcome::Stored(_))));
    assert_eq!(sequences(&first), [Some(1), Some(2), Some(3)]);
    let elsewhere = done(|done| store.append(batch(other, vec![pack(other, 0, 9, 10)]), done)).unwrap();
    assert_eq!(sequences(&elsewhere), [Some(1)]);
    let second = done(|done| {
        store.append(batch(one, vec![packs[1].clone(), packs[3].clone(), packs[3].clone()]), done)
    })
    .unwrap();
    assert_eq!((second[0], sequences(&second)), (known(first[1]), vec![Some(2), Some(4), Some(4)]));

    let store = again(store);
    let mut head = EMPTY_HEAD;
    let read = store.read(one, &[1, 2, 3, 4, 5]).unwrap();
    assert_eq!(read.len(), 4);
    for (stored, pack) in read.iter().zip(&packs) {
        head = next_head(&head, pack.id(), 77);
        assert_eq!((stored.id, stored.place.head, stored.place.received_ms), (pack.id(), head, 77));
        assert_eq!(stored.bytes, tessera_protocol::codec::Wire::to_bytes(&**pack));
        assert_eq!(store.head(one, stored.sequence).unwrap(), Some(head));
    }
    assert_eq!(store.newest(one).unwrap(), Some((4, head)));
    assert_eq!(store.read(one, &[3, 1]).unwrap().iter().map(|one| one.sequence).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(entries(&store, one, None, 2..=3), [2, 3]);
    assert_eq!(entries(&store, one, Some(1), 0..=u64::MAX), [2, 4]);
    assert!(entries(&store, other, Some(1), 0..=u64::MAX).is_empty());
    assert_eq!(store.programmes().unwrap(), [one, other]);
    let ids = [packs[2].id(), packs[4].id(), packs[0].id()];
    let places = store.places(one, &ids).unwrap();
    assert_eq!(places.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [packs[2].id(), packs[0].id()]);
    assert_eq!(store.places(other, &ids).unwrap(), [], "a pack is in one programme's log");
    let mut headers = Vec::new();
    store
        .headers(one, StreamId([0; 16]), &mut |stored| headers.push((stored.sequence, stored.header)))
        .unwrap();
    assert_eq!(headers, [(1, packs[0].header().clone()), (3, packs[2].header().clone())]);
    let sums: Vec<_> = store.streams(one).unwrap().iter().map(|sum| (sum.packs, sum.first_ms)).collect();
    assert_eq!(sums, [(2, 77), (2, 77)]);
}

fn known(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Stored(place) => Outcome::Known(place),
        other => other,
    }
}

fn accounts_have_limits(store: &impl Store) {
    let of = programme(1);
    let (own, shared) =
        (Account { id: [1; 16], limit_bytes: 900 }, Account { id: [3; 16], limit_bytes: 1_500 });
    let append = |number: u8, accounts: &[Account], programme_limit_bytes| {
        let packs = vec![NewPack { pack: pack(of, 0, number, 300), accounts: accounts.to_vec() }];
        let batch = Batch { packs, programme_limit_bytes, ..batch(of, Vec::new()) };
        done(|done| store.append(batch, done)).unwrap()[0]
    };
    let stored = |outcome| matches!(outcome, Outcome::Stored(_));
    assert!(stored(append(1, &[own, shared], 1 << 20)));
    assert_eq!(append(2, &[own, shared], 1 << 20), Outcome::NoRoom, "its own is full");
    let second = Account { id: [2; 16], ..own };
    assert!(stored(append(3, &[second, shared], 1 << 20)));
    let third = Account { id: [4; 16], ..own };
    assert_eq!(append(4, &[third, shared], 1 << 20), Outcome::NoRoom, "the shared one is full");
    assert!(stored(append(5, &[third], 1 << 20)), "nothing was charged by what failed");
    assert_eq!(append(6, &[Account { id: [8; 16], ..own }], 1_800), Outcome::ProgrammeFull);
    assert_eq!(entries(store, of, None, 0..=9), [1, 2, 3], "no number is left out");
}

fn rights_and_windows_are_kept<S: Store>(store: S, again: &impl Fn(S) -> S) {
    let of = programme(1);
    let device = Right::Device(DeviceId([4; 16]));
    let stream = Right::Stream(MemberId([4; 16]), StreamId([6; 16]));
    let append = |number: u8, changed: &[Right]| {
        let batch = Batch { changed: changed.to_vec(), ..batch(of, vec![pack(of, 0, number, 10)]) };
        done(|done| store.append(batch, done)).unwrap();
    };
    append(1, &[device, stream]);
    append(2, &[stream]);
    append(2, &[device]);
    let caller = |start: u8| Caller {
        programme: of,
        device: DeviceId([1; 16]),
        incarnation: Incarnation([start; 8]),
        counter: 0,
    };
    let window = Window { highest: u64::MAX, seen: u64::MAX - 5 };
    done(|done| store.keep_window(caller(1), Window { highest: 1, seen: 1 }, done)).unwrap();
    done(|done| store.keep_window(caller(1), window, done)).unwrap();
    let store = again(store);
    let mut changed = store.changed(of).unwrap();
    changed.sort_unstable();
    assert_eq!(changed, [(device, 1), (stream, 2)], "a known pack changes nothing");
    assert_eq!(store.window(&caller(1)).unwrap(), Some(window));
    assert_eq!(store.window(&caller(2)).unwrap(), None);
}

fn attachments_grow_at_their_end<S: Store>(store: S, again: &impl Fn(S) -> S) {
    let of = programme(1);
    let key = AttachmentKey { programme: of, stream: StreamId([1; 16]), id: AttachmentId([2; 32]) };
    let account = Account { id: [1; 16], limit_bytes: 1000 };
    let piece = |from: u64, total: u64, bytes: &[u8]| Piece {
        key,
        accounts: vec![account],
        total_bytes: total,
        from,
        bytes: bytes.to_vec(),
        programme_limit_bytes: 5000,
    };
    let add = |store: &S, piece: Piece| done(|done| store.add_piece(piece, done));
    assert!(add(&store, piece(0, 10, b"abc")).is_err(), "the programme is unknown");
    done(|done| store.append(batch(of, vec![pack(of, 0, 1, 10)]), done)).unwrap();
    let held = |held_bytes| Progress { held_bytes, total_bytes: 10 };
    assert_eq!(add(&store, piece(0, 1001, b"a")).unwrap(), PieceOutcome::NoRoom);
    assert_eq!(store.attachment(&key).unwrap(), None);
    assert_eq!(add(&store, piece(0, 10, b"abc")).unwrap(), PieceOutcome::Held(held(3)));
    assert_eq!(add(&store, piece(0, 10, b"abc")).unwrap(), PieceOutcome::Elsewhere(held(3)));
    assert_eq!(add(&store, piece(4, 10, b"e")).unwrap(), PieceOutcome::Elsewhere(held(3)));
    assert_eq!(add(&store, piece(3, 11, b"d")).unwrap(), PieceOutcome::Elsewhere(held(3)));
    assert_eq!(add(&store, piece(3, 10, b"defghijk")).unwrap(), PieceOutcome::Elsewhere(held(3)));
    assert_eq!(add(&store, piece(3, 10, b"")).unwrap(), PieceOutcome::Held(held(3)));
    let store = again(store);
    assert_eq!(add(&store, piece(3, 10, b"defghij")).unwrap(), PieceOutcome::Held(held(10)));
    assert!(store.attachment(&key).unwrap().unwrap().complete());
    let read = |from| store.read_piece(&key, from).unwrap();
    assert_eq!(
        [0, 2, 3, 9, 10, 11, u64::MAX].map(read),
        [&b"abc"[..], b"c", b"defghij", b"j", b"", b"", b""]
    );
    done(|done| store.drop_attachment(key, done)).unwrap();
    assert_eq!((store.attachment(&key).unwrap(), read(0)), (None, Vec::new()));
    assert_eq!(
        add(&store, piece(0, 1000, b"x")).unwrap(),
        PieceOutcome::Held(Progress { held_bytes: 1, total_bytes: 1000 }),
        "the room is given back"
    );
}

fn writes_are_reported_in_their_order(store: &impl Store) {
    let of = programme(1);
    let (send, receive) = mpsc::channel();
    for number in 0..100 {
        let send = send.clone();
        let report: Done<Vec<Outcome>> =
            Box::new(move |result| send.send(sequences(&result.unwrap())).unwrap());
        store.append(batch(of, vec![pack(of, 0, number, 10)]), report);
    }
    let reported: Vec<Option<u64>> = receive.iter().take(100).flatten().collect();
    assert_eq!(reported, (1..=100).map(Some).collect::<Vec<_>>());
}

fn a_closed_store_writes_nothing(store: impl Store) {
    let of = programme(1);
    done(|done| store.append(batch(of, vec![pack(of, 0, 1, 10)]), done)).unwrap();
    store.close();
    let late = done(|done| store.append(batch(of, vec![pack(of, 0, 2, 10)]), done));
    assert!(matches!(late, Err(StoreError::Closed)));
}
