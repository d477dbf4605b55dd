//! Attachments from a coordinator to a reader: in bundles of one part and of many, damaged, swapped, cut, and what is
//! ready to travel.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::ControlFlow;

use common::{Home, enrol, found};
use tessera_engine::EngineError;
use tessera_engine::attachments::{Attachment, Fetch, PIECE_BYTES, Readiness};
use tessera_engine::bundle::{self, Bundle, For};
use tessera_engine::store::{Store, Table};
use tessera_model::documents::{File, Manifest, Row};
use tessera_model::programme::Programme;
use tessera_protocol::bundle::{BundleHead, Entry, MAGIC};
use tessera_protocol::charter::Roles;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::frame;
use tessera_protocol::hash::hash;

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");

/// Bytes that do not compress and differ from file to file.
fn contents(seed: u8, length: usize) -> Vec<u8> {
    let mut state = u32::from(seed) + 1;
    let mut bytes = Vec::with_capacity(length);
    for _ in 0..length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.push(state.to_be_bytes()[0]);
    }
    bytes
}

/// A coordinator with one application and its files, and a reader of it who has heard of nothing yet.
fn world(files: &[Vec<u8>]) -> (Home, Home) {
    let programme = Programme::parse(SEMINAR).expect("an example of the model");
    let mut alice = found();
    let bob = enrol(&mut alice, Roles::default());
    let member = bob.member();
    alice
        .together(|acts| {
            acts.publish(&programme, "")?;
            let mut manifest = Manifest::default();
            for (number, contents) in files.iter().enumerate() {
                let handle = acts.seal_attachment(
                    "application/pdf",
                    contents.len() as u64,
                    &mut Cursor::new(contents),
                )?;
                let file = File {
                    name: format!("proof-{number}.pdf"),
                    media_type: "application/pdf".into(),
                    size_bytes: contents.len() as u64,
                    referee: None,
                    light: false,
                    of: None,
                    handle,
                };
                let mut hash = [0; 32];
                hash[0] = u8::try_from(number).unwrap_or_default();
                manifest.files.insert(("media".into(), hash), file);
            }
            let fields = BTreeMap::from([("full-name".into(), "Amina Example".into())]);
            let row = Row { key_column: "key".into(), key: "A001".into(), fields };
            let (id, ..) = acts.take_application(&programme, &row, &manifest)?;
            let reading = programme.round("reading").expect("the example's first round");
            acts.assign(&programme, member, id, reading, 1)
        })
        .expect("nothing hinders it");
    (alice, bob)
}

fn parts(alice: &mut Home, to: For, part_bytes: u64) -> Vec<Vec<u8>> {
    let outline = alice.outline(to, true, part_bytes).expect("an outline");
    let mut parts = Vec::new();
    for number in 0..outline.parts.len() {
        let mut bytes = Vec::new();
        let length = alice.write_part(&outline, number, &mut bytes).expect("a part");
        assert_eq!(length, bytes.len() as u64);
        assert!(length <= outline.parts[number].about_bytes + 4096);
        parts.push(bytes);
    }
    parts
}

fn import(home: &mut Home, bundle: &[u8]) -> Result<usize, EngineError> {
    let checked = bundle::check(Cursor::new(bundle))?;
    home.import_checked(checked).map(|(_, damaged)| damaged.len())
}

/// The files that a reader opens, in the order of their names.
fn opened(home: &mut Home) -> Vec<Result<Vec<u8>, &'static str>> {
    let tasks = home.together(|acts| acts.tasks()).expect("tasks");
    let task = tasks.first().expect("one task");
    let (application, rendition) = (task.application, task.assignment.rendition);
    let (_, manifest) =
        home.together(|acts| acts.dossier(application, rendition)).expect("a dossier").expect("its text");
    let files: BTreeMap<String, Vec<u8>> =
        manifest.files.into_values().map(|file| (file.name, file.handle)).collect();
    let mut all = Vec::new();
    for handle in files.values() {
        let mut out = Vec::new();
        let result = home.open_attachment(handle, &mut out);
        assert!(result.is_ok() || out.is_empty(), "nothing is written of a file that is not opened");
        all.push(result.map(|()| out).map_err(|error| error.code()));
    }
    all
}

fn readiness(home: &mut Home) -> Readiness {
    home.together(|acts| {
        let tasks = acts.tasks()?;
        acts.readiness(&tasks[..1])
    })
    .expect("a task")[0]
}

fn files() -> Vec<Vec<u8>> {
    vec![contents(1, 0), contents(2, 5), contents(3, 70_000), contents(4, 3 * PIECE_BYTES)]
}

#[test]
fn files_travel_in_one_bundle_and_are_opened() {
    let (mut alice, mut bob) = world(&files());
    let bundle = parts(&mut alice, For::Member(bob.member()), u64::MAX);
    assert_eq!(bundle.len(), 1);
    assert_eq!(import(&mut bob, &bundle[0]).unwrap(), 0);
    assert_eq!(readiness(&mut bob), Readiness { files: 4, missing_files: 0, missing_bytes: 0 });
    assert_eq!(opened(&mut bob), files().into_iter().map(Ok).collect::<Vec<_>>());
    assert_eq!(opened(&mut bob).len(), 4);
    assert!(bob.attachments_to_fetch(Fetch::Assigned).unwrap().is_empty());
    // A second coordinator's import of the same changes nothing.
    let pieces = |home: &mut Home| {
        home.store().transaction::<_, EngineError>(|tx| Ok(tx.count(Table::AttachmentBytes, &[])?)).unwrap()
    };
    let before = pieces(&mut bob);
    import(&mut bob, &bundle[0]).unwrap();
    assert_eq!(pieces(&mut bob), before);
}

#[test]
fn f13_parts_in_any_order_give_the_same() {
    let (mut alice, mut bob) = world(&files());
    let all = parts(&mut alice, For::Member(bob.member()), 40_000);
    assert!(all.len() >= 3, "{} parts", all.len());
    let sets: Vec<_> = all.iter().map(|part| bundle::read(part).unwrap().head).collect();
    assert!(sets.iter().all(|head| head.set == sets[0].set && head.parts as usize == all.len()));
    assert_eq!(
        sets.iter().map(|head| head.part as usize).collect::<Vec<_>>(),
        (1..=all.len()).collect::<Vec<_>>()
    );
    for part in all.iter().rev() {
        import(&mut bob, part).unwrap();
    }
    assert_eq!(readiness(&mut bob).missing_files, 0);
    assert_eq!(opened(&mut bob), files().into_iter().map(Ok).collect::<Vec<_>>());
}

#[test]
fn f16_a_damaged_file_is_named_and_comes_again() {
    let (mut alice, mut bob) = world(&files());
    let all = parts(&mut alice, For::Member(bob.member()), u64::MAX);
    import(&mut bob, &all[0]).unwrap();
    let damaged = bob.attachments().unwrap().into_iter().max_by_key(|one| one.sealed_bytes).unwrap();
    bob.store()
        .transaction::<_, EngineError>(|tx| {
            let (key, mut piece) = tx.scan(Table::AttachmentBytes, &damaged.id.0, None, 2)?.remove(1);
            piece[1_000] ^= 1;
            Ok(tx.put(Table::AttachmentBytes, &key, &piece)?)
        })
        .unwrap();
    let found = opened(&mut bob);
    assert_eq!(found.iter().filter(|file| file.is_err()).count(), 1);
    assert_eq!(found[3], Err("damaged-attachment"));
    assert_eq!(readiness(&mut bob).missing_files, 1);
    let lacking = bob.attachments_to_fetch(Fetch::Assigned).unwrap();
    assert_eq!(lacking.iter().map(|one| one.id).collect::<Vec<_>>(), [damaged.id]);
    import(&mut bob, &all[0]).unwrap();
    assert_eq!(opened(&mut bob), files().into_iter().map(Ok).collect::<Vec<_>>());
}

/// The sealed bytes of an attachment, whole.
fn sealed(home: &mut Home, one: &Attachment) -> Vec<u8> {
    home.sealed_piece(one.id, 0, usize::MAX).unwrap()
}

#[test]
fn k12_k13_pieces_and_files_that_changed_places_are_refused() {
    let same = vec![contents(1, 3 * PIECE_BYTES), contents(2, 3 * PIECE_BYTES)];
    let (mut alice, mut bob) = world(&same);
    let text = alice.export(For::Member(bob.member())).unwrap();
    bob.import(&text).unwrap();
    let lacking = bob.attachments_to_fetch(Fetch::Assigned).unwrap();
    assert_eq!(lacking.len(), 2);
    let bytes: Vec<Vec<u8>> = lacking.iter().map(|one| sealed(&mut alice, one)).collect();
    let swapped =
        [&bytes[0][PIECE_BYTES..2 * PIECE_BYTES], &bytes[0][..PIECE_BYTES], &bytes[0][2 * PIECE_BYTES..]];
    let doubled = [&bytes[0][..PIECE_BYTES], &bytes[0][..PIECE_BYTES], &bytes[0][2 * PIECE_BYTES..]];
    for wrong in [bytes[1].clone(), swapped.concat(), doubled.concat()] {
        let error = bob.take_sealed_piece(&lacking[0], 0, &wrong).unwrap_err();
        assert_eq!(error.code(), "damaged-attachment");
        assert_eq!(opened(&mut bob), [Err("not-found"), Err("not-found")]);
    }
    // Cut at a border of pieces: not whole, so nothing is opened.
    assert!(!bob.take_sealed_piece(&lacking[0], 0, &bytes[0][..2 * PIECE_BYTES]).unwrap());
    assert_eq!(opened(&mut bob), [Err("not-found"), Err("not-found")]);
    // Pieces that cannot be there at all.
    for (from, piece) in [(1, &bytes[0][1..]), (PIECE_BYTES as u64 * 9, &bytes[0][..PIECE_BYTES])] {
        assert_eq!(bob.take_sealed_piece(&lacking[0], from, piece).unwrap_err().code(), "forged");
    }
    assert!(
        bob.take_sealed_piece(&lacking[0], 2 * PIECE_BYTES as u64, &bytes[0][2 * PIECE_BYTES..]).unwrap()
    );
    assert!(bob.take_sealed_piece(&lacking[1], 0, &bytes[1]).unwrap());
    let mut found: Vec<_> = opened(&mut bob).into_iter().map(|file| file.unwrap()).collect();
    found.sort();
    let mut expected = same;
    expected.sort();
    assert_eq!(found, expected);
}

/// A bundle of the first pack alone, as whoever carries it can write it.
fn of_one_pack(bundle: &[u8]) -> Vec<u8> {
    let Bundle { head, mut packs, .. } = bundle::read(bundle).unwrap();
    let pack = packs.remove(0);
    let head = BundleHead { packs: 1, pack_bytes: pack.to_bytes().len() as u64, ..head };
    let bytes = [&MAGIC[..], &frame(&head.to_bytes()), &frame(&Entry::Pack(pack).to_bytes())].concat();
    let end = Entry::End(hash("bundle", &[&bytes]));
    [bytes, frame(&end.to_bytes())].concat()
}

#[test]
fn h20_f13_a_bundle_cut_or_changed_at_any_byte_leaves_no_trace() {
    let (mut alice, mut bob) = world(&[contents(1, 300)]);
    let bundle = parts(&mut alice, For::Member(bob.member()), u64::MAX).remove(0);
    let steps = bob.store().steps();
    for length in 0..bundle.len() {
        assert!(import(&mut bob, &bundle[..length]).is_err(), "cut after {length} bytes");
    }
    for at in 0..bundle.len() {
        for bit in [0, 7] {
            let mut changed = bundle.clone();
            changed[at] ^= 1 << bit;
            assert!(import(&mut bob, &changed).is_err(), "bit {bit} of byte {at}");
        }
    }
    for more in [&bundle[..1], &bundle[..]] {
        assert!(import(&mut bob, &[&bundle, more].concat()).is_err(), "something follows");
    }
    let other = parts(&mut found(), For::Everything, u64::MAX).remove(0);
    assert_eq!(import(&mut bob, &other).unwrap_err().code(), "other-programme");
    assert_eq!(bob.store().steps(), steps, "nothing was written");
    println!("h20: {} truncations and {} mutations refused", bundle.len(), 2 * bundle.len());
    // A short one by every value of every byte.
    let short = of_one_pack(&found().export(For::Everything).unwrap());
    assert!(short.len() <= 4096 && bundle::read(&short).is_ok(), "{}", short.len());
    for at in 0..short.len() {
        assert!(bundle::read(&short[..at]).is_err(), "cut after {at} bytes");
        let mut changed = short.clone();
        for by in 1..=255 {
            changed[at] = short[at] ^ by;
            assert!(bundle::read(&changed).is_err(), "byte {at} by {by}");
        }
    }
    println!("figure: K11 bundle, {} bytes: {} mutations, 0 accepted", short.len(), 256 * short.len());
    import(&mut bob, &bundle).unwrap();
    assert_eq!(opened(&mut bob), [Ok(contents(1, 300))]);
}

#[test]
fn f13_a_stick_pulled_out_while_it_is_written_or_read() {
    struct Stick(usize);
    impl std::io::Write for Stick {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let count = bytes.len().min(self.0);
            self.0 -= count;
            if count == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(count) }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (mut alice, mut bob) = world(&files());
    let outline = alice.outline(For::Member(bob.member()), true, u64::MAX).unwrap();
    let error = alice.write_part(&outline, 0, &mut Stick(50_000)).unwrap_err();
    assert_eq!(error.code(), "disk");
    // The bytes under a bundle that was checked become others before it is imported.
    let bundle = parts(&mut alice, For::Member(bob.member()), u64::MAX).remove(0);
    for at in [0, bundle.len() / 2, bundle.len() - 1] {
        let shared = std::rc::Rc::new(std::cell::RefCell::new(Cursor::new(bundle.clone())));
        let checked = bundle::check(Shared(std::rc::Rc::clone(&shared))).unwrap();
        shared.borrow_mut().get_mut()[at] ^= 1;
        assert!(bob.import_checked(checked).is_err());
        assert!(
            bob.attachments().unwrap().is_empty() && bob.together(|acts| acts.tasks()).unwrap().is_empty()
        );
    }
    import(&mut bob, &bundle).unwrap();
    assert_eq!(opened(&mut bob), files().into_iter().map(Ok).collect::<Vec<_>>());
}

#[test]
fn a_bundle_that_is_ended_leaves_nothing_and_comes_again() {
    let until = |most: u64| {
        let mut told = 0;
        move |bytes: u64| {
            told += bytes;
            if told > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    };
    let (mut alice, mut bob) = world(&files());
    let outline = alice.outline(For::Member(bob.member()), true, u64::MAX).unwrap();
    // While it is measured, and while it is written.
    for most in [0, 10_000, outline.parts[0].about_bytes] {
        let error = alice.write_part_told(&outline, 0, &mut Vec::new(), &mut until(most)).unwrap_err();
        assert_eq!(error.code(), "cancelled", "{most}");
    }
    let bundle = parts(&mut alice, For::Member(bob.member()), u64::MAX).remove(0);
    let half = bundle.len() as u64 / 2;
    let ended = bundle::check_told(Cursor::new(&bundle), &mut until(half)).err().unwrap();
    assert_eq!(ended.code(), "cancelled");
    let checked = bundle::check(Cursor::new(&bundle)).unwrap();
    let ended = bob.import_checked_told(checked, None, &mut until(half)).unwrap_err();
    assert_eq!(ended.code(), "cancelled");
    assert!(bob.attachments().unwrap().is_empty() && bob.together(|acts| acts.tasks()).unwrap().is_empty());
    import(&mut bob, &bundle).unwrap();
    assert_eq!(opened(&mut bob), files().into_iter().map(Ok).collect::<Vec<_>>());
}

struct Shared(std::rc::Rc<std::cell::RefCell<Cursor<Vec<u8>>>>);

impl std::io::Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

impl std::io::Seek for Shared {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.borrow_mut().seek(to)
    }
}

#[test]
fn a_file_that_is_not_what_was_announced_is_not_sealed() {
    let mut alice = found();
    let seal = |alice: &mut Home, announced: u64, contents: &[u8]| {
        let result =
            alice.together(|acts| acts.seal_attachment("text/plain", announced, &mut Cursor::new(contents)));
        result.map(drop).map_err(|error| error.code())
    };
    assert_eq!(seal(&mut alice, 10, b"short"), Err("bad-input"));
    assert_eq!(seal(&mut alice, 64 << 20, b""), Err("bad-input"));
    assert_eq!(seal(&mut alice, 5, b"short"), Ok(()));
    let mut bob = enrol(&mut alice, Roles::default());
    assert_eq!(seal(&mut bob, 5, b"short"), Err("not-permitted"));
}
