//! What relays, couriers and members may try, against homes in memory. Numbers are those of attacks and faults.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeSet;

use common::selection::{READING, bring, row, submit, world};
use common::{Home, enrol, rng, secret};
use proptest::prelude::*;
use tessera_engine::bundle::{Bundle, For, read};
use tessera_engine::notices::Notice;
use tessera_engine::programme::round;
use tessera_engine::receive::Imported;
use tessera_engine::records::{KeyRecord, Stage, all};
use tessera_engine::reviews::{Reviewed, Waits};
use tessera_engine::store::{Store, Table};
use tessera_engine::{Engine, EngineError};
use tessera_model::documents::Manifest;
use tessera_model::programme::words::Text;
use tessera_protocol::bundle::{BundleHead, Entry as BundleEntry, MAGIC};
use tessera_protocol::charter::Roles;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::frame;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::{ApplicationId, DeviceId, Incarnation, MemberId, PackId};
use tessera_protocol::pack::Pack;
use tessera_protocol::permission::{Permission, Standing};
use tessera_protocol::signature::Verified;
use tessera_protocol::statement::Statement;
use tessera_protocol::stream::Stream;
use tessera_vault::identity::DeviceSecret;
use tessera_vault::items::Item;
use tessera_vault::key::StreamKey;
use tessera_vault::seal::{Draft, Entry, open, seal};
use tessera_vault::sign::Clear;
use tessera_vault::welcome::open_welcome;

fn everything(home: &mut Home) -> Bundle {
    read(&home.export(For::Everything).unwrap()).unwrap()
}

/// Whatever notices there are by then.
fn hand(from: &mut Home, to: &mut Home) {
    to.import(&from.export(For::Member(to.member())).unwrap()).unwrap();
}

/// Writes a bundle anew, as whoever carries it can, and imports it.
fn import(home: &mut Home, bundle: Bundle) -> Imported {
    let count = u32::try_from(bundle.packs.len()).unwrap();
    let pack_bytes = bundle.packs.iter().map(|pack| pack.to_bytes().len() as u64).sum();
    let head = BundleHead { packs: count, pack_bytes, ..bundle.head };
    let mut bytes = [&MAGIC[..], &frame(&head.to_bytes())].concat();
    let entries = bundle.packs.into_iter().map(BundleEntry::Pack);
    for entry in entries.chain(bundle.receipts.into_iter().map(BundleEntry::Receipt)) {
        bytes.extend(frame(&entry.to_bytes()));
    }
    let end = BundleEntry::End(hash("bundle", &[&bytes]));
    bytes.extend(frame(&end.to_bytes()));
    home.import(&bytes).unwrap()
}

fn with(mut bundle: Bundle, packs: Vec<Pack>) -> Bundle {
    bundle.packs = packs;
    bundle
}

/// What counts of each review, and why it waits, in words.
fn result(home: &mut Home) -> Vec<String> {
    let show = |one: &Reviewed| {
        let counted = one.counted.as_ref().map(|read| (read.value.revision, read.value.answers.clone()));
        format!("{} {} {counted:?} {:?}", one.application, one.member, one.waits.keys())
    };
    home.together(|acts| acts.reviews()).unwrap().iter().map(show).collect()
}

fn draft(home: &Home, stream: Stream, device: DeviceId) -> Draft {
    Draft::first(home.programme(), stream.id(home.programme()), device, Incarnation([5; 8]))
}

fn state(home: &Home, secret: &DeviceSecret, statement: &Statement) -> Pack {
    let draft = draft(home, Stream::Public, secret.id());
    secret.sign_clear(draft, &Clear::Statement(statement)).unwrap().into_inner()
}

/// A text as it could lie somewhere: plain, UTF-16, hexadecimal, and base64 at each of its three offsets.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![text.as_bytes().to_vec(), wide, hex.to_uppercase().into_bytes(), hex.into_bytes()];
    forms.extend((0..3).map(|offset| base64_inside(text.as_bytes(), offset)));
    forms
}

/// The digits of base64 that depend on the text alone, wherever it begins.
fn base64_inside(bytes: &[u8], offset: usize) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let aligned = &bits[(6 - offset * 8 % 6) % 6..];
    aligned
        .chunks_exact(6)
        .map(|six| digits[six.iter().fold(0, |all, bit| all << 1 | usize::from(*bit))])
        .collect()
}

#[test]
fn k01_nothing_that_leaves_a_device_holds_a_name_a_text_or_a_key() {
    let (mut alice, mut bob, programme, ids) = world();
    submit(&mut bob, &programme, ids[0], "4", None);
    bring(&mut bob, &mut alice);
    let mut left = alice.export(For::Everything).unwrap();
    left.extend(bob.export(For::Everything).unwrap());
    assert!(left.len() > 20_000, "{} bytes", left.len());
    let contains = |needle: &[u8]| left.windows(needle.len()).any(|window| window == needle);
    let written = [
        "Amina Example",
        "House of Children",
        "Patience, and a good memory",
        "Strong work.",
        "A001",
        "Global Leadership Seminar",
        "question-1",
    ];
    for text in written {
        for form in forms(text) {
            assert!(!contains(&form), "{text} is to be read as {}", String::from_utf8_lossy(&form));
        }
    }
    // The search itself finds what is there.
    assert!(contains(&alice.programme().0) && contains(b"tessera bundle"));
    let secret = common::secret_of(BOB);
    assert!(!contains(secret.database_key()) && contains(&secret.public_key().to_bytes()));
    for id in &ids {
        assert!(!contains(&id.0), "an application's id is to be read");
    }
}

#[test]
fn base64_is_found_wherever_it_begins() {
    // "xyz" with nothing, one and two bytes before it.
    assert_eq!(base64_inside(b"xyz", 0), b"eHl6");
    assert!(b"AHh5eg==".windows(3).any(|at| at == base64_inside(b"xyz", 1)));
    assert!(b"AAB4eXo=".windows(3).any(|at| at == base64_inside(b"xyz", 2)));
}

#[test]
fn k02_keys_go_to_nobody_whom_charter_and_statements_do_not_name() {
    let (mut alice, mut bob, programme, ids) = world();
    let stranger = secret();
    // Whoever carries the packs says that the stranger's keys are a laptop of Bob's, and that it is admitted.
    let member = bob.member();
    let device = stranger.device();
    let claims = [
        Statement::AddDevice { member, device: device.clone() },
        Statement::Admit { invitation: tessera_protocol::ids::InvitationId([1; 16]), device, nonce: [0; 32] },
    ];
    let forged = claims.map(|claim| state(&alice, &stranger, &claim)).to_vec();
    let bundle = everything(&mut alice);
    import(&mut alice, with(bundle, forged));
    assert!(alice.permission().device(stranger.id()).is_none());

    // New keys for everything there is, after that.
    let carol = enrol(&mut alice, Roles::default());
    alice
        .together(|acts| {
            let reading = programme.round(READING).unwrap();
            acts.assign(&programme, carol.member(), ids[0], reading, 1)
        })
        .unwrap();
    alice.remove(carol.member()).unwrap();
    submit(&mut bob, &programme, ids[0], "4", None);
    bring(&mut bob, &mut alice);
    hand(&mut alice, &mut bob);

    let opens = |secret: &DeviceSecret, packs: &[Pack]| {
        let welcomes = packs.iter().filter(|pack| pack.header().kind == PackKind::Welcome);
        let key = |pack: &Pack| alice.permission().signing_key(pack.header().device).copied();
        let checked = welcomes.filter_map(|pack| pack.clone().verify(&key(pack)?).ok());
        checked.filter(|pack: &Verified<Pack>| open_welcome(secret, pack).is_ok()).count()
    };
    let packs = everything(&mut bob).packs;
    assert!(opens(&common::secret_of(BOB), &packs) > 0);
    assert_eq!(opens(&stranger, &packs), 0);
}

/// The number of Bob's secret in `world`: Alice's secret and randomness come first, then the randomness of his.
const BOB: u64 = 3;

/// Every stream key of a home.
fn keys(home: &mut Home) -> Vec<StreamKey> {
    let kept = home.store().transaction::<_, EngineError>(|tx| all::<KeyRecord>(tx, Table::Keys, &[]));
    kept.unwrap().into_iter().map(|(_, record)| record.grant.key).collect()
}

/// How many of some packs open with these keys or, where they are welcomes, to this device.
fn opens(permission: &Permission, secret: &DeviceSecret, keys: &[StreamKey], packs: &[Pack]) -> usize {
    let key = |pack: &Pack| permission.signing_key(pack.header().device);
    let verified = packs.iter().filter_map(|pack| pack.clone().verify(key(pack)?).ok());
    let opens = |pack: &Verified<Pack>| match pack.header().kind {
        PackKind::Items => keys.iter().any(|key| open(key, pack).is_ok()),
        PackKind::Welcome => open_welcome(secret, pack).is_ok(),
        _ => false,
    };
    verified.filter(opens).count()
}

#[test]
fn k14_a_removed_member_opens_nothing_that_was_sealed_after_its_removal() {
    let (mut alice, mut bob, programme, ids) = world();
    let mut carol = enrol(&mut alice, Roles::default());
    submit(&mut bob, &programme, ids[0], "4", None);
    bring(&mut bob, &mut alice);
    hand(&mut alice, &mut bob);
    // All that his laptop ever had.
    let (secret, mut kept) = (common::secret_of(BOB), keys(&mut bob));
    let before = everything(&mut alice).packs;
    assert!(opens(alice.permission(), &secret, &kept, &before) > 3);
    alice.remove(bob.member()).unwrap();
    let mut amended = programme.clone();
    amended.summary = Some(Text::Plain("Amended once he was out.".to_owned()));
    alice
        .together(|acts| {
            acts.publish(&amended, "clearer")?;
            let mut row = row("A001");
            row.fields.insert("organisation".to_owned(), "Another House".to_owned());
            acts.take_application(&amended, &row, &Manifest::default())?;
            let reading = amended.round(READING).unwrap();
            acts.assign(&amended, carol.member(), ids[0], reading, 2)
        })
        .unwrap();
    let bundle = everything(&mut alice);
    let known: BTreeSet<PackId> = before.iter().map(Pack::id).collect();
    let after: Vec<Pack> = bundle.packs.iter().filter(|pack| !known.contains(&pack.id())).cloned().collect();
    let call = Stream::Programme.id(alice.programme());
    assert!(after.iter().any(|pack| pack.header().stream == call), "what he read before is written again");
    assert_eq!(opens(alice.permission(), &secret, &kept, &after), 0);
    // Neither when all of it reaches him, nor with what he might learn from it.
    import(&mut bob, bundle.clone());
    kept.extend(keys(&mut bob));
    assert_eq!(opens(alice.permission(), &secret, &kept, &after), 0);
    // Whoever stays reads it.
    import(&mut carol, bundle);
    let read = |pack: &PackId| after.iter().any(|written| written.id() == *pack);
    let states = carol.packs().unwrap();
    assert!(states.iter().any(|state| read(&state.id) && state.record.stage == Stage::Opened));
}

#[test]
fn g17_nobody_writes_as_somebody_else() {
    let (mut alice, mut bob, programme, ids) = world();
    let mallory_secret = DeviceSecret::generate(&mut rng());
    let invitation = alice.invite(Roles::default(), "the seminar", vec![]).unwrap();
    let answer = tessera_vault::enrol::answer(&invitation, &mallory_secret, Default::default()).unwrap();
    alice.admit(&answer).unwrap();
    submit(&mut bob, &programme, ids[0], "4", None);
    bring(&mut bob, &mut alice);
    let before = result(&mut alice);

    let key = StreamKey::generate(&mut rng());
    let item = Item::Unknown { code: 77, body: vec![1, 2, 3].try_into().unwrap() };
    let sealed = |stream: Stream, device: DeviceId| {
        let entries = vec![Entry::Other(item.clone())];
        seal(&key, draft(&alice, stream, device), entries, &mut rng()).unwrap()
    };
    // In Bob's stream with her own name; in his name with her own key; over his header with her signature.
    let reviews = Stream::Reviews(bob.member());
    let own_name = mallory_secret.sign_sealed(sealed(reviews, mallory_secret.id())).unwrap().into_inner();
    let genuine = everything(&mut bob)
        .packs
        .into_iter()
        .find(|pack| pack.header().stream == reviews.id(alice.programme()));
    let genuine = genuine.unwrap();
    let mut header = genuine.header().clone();
    header.incarnation = Incarnation([6; 8]);
    let copied = Pack::new(header, *own_name.signature(), genuine.body().to_vec()).unwrap();
    let bundle = everything(&mut bob);
    let imported = import(&mut alice, with(bundle, vec![own_name.clone(), copied.clone()]));
    assert_eq!((imported.new, imported.refused), (0, 2));
    let notices = alice.notices().unwrap();
    let said = |pack: &Pack, expected: &str| {
        notices.iter().any(|notice| {
            matches!(notice, Notice::Refused { pack: refused, code, .. } if *refused == pack.id() && code == expected)
        })
    };
    assert!(said(&own_name, "not-a-writer"), "{notices:?}");
    assert!(said(&copied, "bad-signature"), "{notices:?}");
    // Nothing honest is disturbed.
    assert_eq!(result(&mut alice), before);
    submit(&mut bob, &programme, ids[1], "3", None);
    bring(&mut bob, &mut alice);
    assert_eq!(alice.together(|acts| acts.reviews()).unwrap().len(), 2);
}

/// The packs that a home misses by their names.
fn named(home: &mut Home) -> BTreeSet<PackId> {
    home.together(|acts| acts.gaps()).unwrap().into_iter().flat_map(|gap| gap.named).collect()
}

#[test]
fn i05_what_was_left_out_is_missed_and_counts_when_it_comes() {
    let (alice, mut bob, programme, ids) = world();
    for (id, score) in ids.iter().zip(["4", "3", "5"]) {
        submit(&mut bob, &programme, *id, score, None);
        bob.together(|acts| acts.hand_over()).unwrap();
    }
    submit(&mut bob, &programme, ids[0], "2", Some("read it again"));
    let bundle = everything(&mut bob);
    let mut whole = alice.into_store();
    let open = |store: &_| Engine::open(Clone::clone(store), common::secret_of(ALICE), rng()).unwrap();
    let mut all = open(&whole);
    import(&mut all, bundle.clone());
    let expected = result(&mut all);
    assert_eq!(expected.len(), 3);
    // Any prefix of the packs, then the rest: no step panics, none loses anything.
    for cut in 0..bundle.packs.len() {
        let mut cut_off = open(&whole);
        import(&mut cut_off, with(bundle.clone(), bundle.packs[..cut].to_vec()));
        assert!(result(&mut cut_off).len() <= expected.len());
        import(&mut cut_off, with(bundle.clone(), bundle.packs[cut..].to_vec()));
        assert_eq!(result(&mut cut_off), expected, "cut after {cut} packs");
    }
    // Any one left out: what is there is counted or waits, never something else; it is missed by its name wherever something
    // here follows it; then it comes, and is missed no more.
    let mut missed = 0;
    for left_out in 0..bundle.packs.len() {
        let mut without = open(&whole);
        let mut packs = bundle.packs.clone();
        let late = packs.remove(left_out);
        let id = late.id();
        import(&mut without, with(bundle.clone(), packs.clone()));
        let here: BTreeSet<PackId> = without.packs().unwrap().iter().map(|pack| pack.id).collect();
        let follows = |pack: &Pack| here.contains(&pack.id()) && pack.header().previous.contains(&id);
        let is_missed = !here.contains(&id) && packs.iter().any(follows);
        assert_eq!(named(&mut without).contains(&id), is_missed, "{left_out} is left out");
        missed += usize::from(is_missed);
        import(&mut without, with(bundle.clone(), vec![late]));
        assert_eq!(result(&mut without), expected, "{left_out} came late");
        assert!(!named(&mut without).contains(&id), "{left_out} is here");
    }
    assert!(missed >= 3, "{missed} of four submissions have something behind them");
    whole = all.into_store();
    let mut again = open(&whole);
    assert_eq!(result(&mut again), expected);
}

#[test]
fn i08_two_packs_with_one_number_are_both_kept_and_a_person_decides() {
    let (mut alice, mut bob, programme, ids) = world();
    let mut carol = enrol(&mut alice, Roles { admin: false, coordinator: true });
    submit(&mut bob, &programme, ids[2], "5", None);
    bring(&mut bob, &mut alice);
    hand(&mut alice, &mut carol);
    // A program that somebody changed: it starts twice as one incarnation, and says two things under one number.
    let store = bob.into_store();
    let open = || Engine::open(store.clone(), common::secret_of(BOB), common::rng_of(1_000)).unwrap();
    let (mut one, mut other) = (open(), open());
    submit(&mut one, &programme, ids[0], "4", None);
    submit(&mut other, &programme, ids[0], "2", None);
    let told = [one, other].map(|mut home| everything(&mut home));
    for (home, order) in [(&mut alice, [0, 1]), (&mut carol, [1, 0])] {
        for at in order {
            import(home, told[at].clone());
        }
        let device = common::secret_of(BOB).id();
        let proof = |notice: &Notice| matches!(notice, Notice::Doubled { device: of, .. } if *of == device);
        assert!(home.notices().unwrap().iter().any(proof));
        let kept: BTreeSet<_> = home.packs().unwrap().iter().map(|pack| pack.id).collect();
        assert!(told.iter().flat_map(|bundle| &bundle.packs).all(|pack| kept.contains(&pack.id())));
        let reviews = home.together(|acts| acts.reviews()).unwrap();
        let of = |id| reviews.iter().find(|one| one.application == id).unwrap();
        assert!(of(ids[2]).counts.is_ok(), "what came before is honest work");
        let contested = of(ids[0]);
        assert!(contested.facts.equivocation && contested.versions.len() == 2, "{contested:?}");
        let said = contested.counted.as_ref().map(|read| read.value.answers.len());
        assert!(said.is_none_or(|answers| answers < programme.scored().count()), "{contested:?}");
    }
    assert_eq!(result(&mut alice), result(&mut carol));
    // A person takes one side; what its author says afterwards is not frozen.
    let item = alice.together(|acts| acts.queue()).unwrap().into_iter().find(|item| !item.packs.is_empty());
    let id = item.unwrap().id;
    alice.together(|acts| acts.decide(&id, tessera_vault::items::Verdict::Accept, "by telephone")).unwrap();
    let mut bob = open();
    hand(&mut alice, &mut bob);
    submit(&mut bob, &programme, ids[1], "3", None);
    bring(&mut bob, &mut alice);
    hand(&mut alice, &mut carol);
    let reviews = alice.together(|acts| acts.reviews()).unwrap();
    assert_eq!(reviews.iter().filter(|one| one.counts.is_ok()).count(), 3, "{reviews:?}");
    assert_eq!(result(&mut alice), result(&mut carol));
    assert_eq!(alice.verify().unwrap().differences, []);
}

/// The number of Alice's secret in `world`.
const ALICE: u64 = 1;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Delayed for as long as one likes, in any order, some twice: the same reviews count.
    #[test]
    fn i02_i03_i04_no_order_repetition_or_delay_changes_what_counts(
        order in Just((0..64_usize).collect::<Vec<_>>()).prop_shuffle(),
        twice in proptest::collection::vec(0..64_usize, 0..6),
        late in 0..3_usize,
    ) {
        let (alice, mut bob, programme, ids) = world();
        let store = alice.into_store();
        // Each in a pack of its own, as on several days; the later ones build on the earlier.
        for (at, score, reason) in [(0, "4", None), (1, "3", None), (2, "5", None), (1, "1", Some("read again"))] {
            submit(&mut bob, &programme, ids[at], score, reason);
            everything(&mut bob);
        }
        let bundle = everything(&mut bob);
        prop_assert!(bundle.packs.len() <= 64);
        let open = || Engine::open(store.clone(), common::secret_of(ALICE), rng()).unwrap();
        let mut straight = open();
        import(&mut straight, bundle.clone());
        let expected = result(&mut straight);

        let mut other = open();
        let mut order: Vec<usize> = order.into_iter().filter(|at| *at < bundle.packs.len()).collect();
        order.extend(twice.iter().map(|at| at % bundle.packs.len()));
        for (step, at) in order.iter().enumerate() {
            // Other work goes on in between, and the home is closed and opened.
            if step % 3 == late {
                other = Engine::open(other.into_store(), common::secret_of(ALICE), rng()).unwrap();
            }
            import(&mut other, with(bundle.clone(), vec![bundle.packs[*at].clone()]));
        }
        prop_assert_eq!(&result(&mut other), &expected);
        // Once more as a whole: nothing of it is new, and nothing is done about it.
        let told = |home: &mut Home| format!("{:?} {:?}", home.packs().unwrap(), home.notices().unwrap());
        let before = told(&mut other);
        let again = import(&mut other, bundle.clone());
        prop_assert_eq!(again, Imported { known: bundle.packs.len(), ..Imported::default() });
        prop_assert_eq!(told(&mut other), before);
        prop_assert_eq!(result(&mut other), expected);
    }
}

#[test]
fn f12_a_home_restored_from_an_older_copy_loses_and_reuses_nothing() {
    let (mut alice, mut bob, programme, ids) = world();
    submit(&mut bob, &programme, ids[0], "4", None);
    bring(&mut bob, &mut alice);
    let backup = bob.into_store();
    let open = |store| Engine::open(store, common::secret_of(BOB), rng()).unwrap();
    let mut bob = open(backup.clone());
    submit(&mut bob, &programme, ids[1], "3", None);
    bring(&mut bob, &mut alice);
    // The laptop is restored whole and works on without a network.
    let mut restored = open(backup);
    submit(&mut restored, &programme, ids[2], "5", None);
    bring(&mut restored, &mut alice);
    let reviews = alice.together(|acts| acts.reviews()).unwrap();
    assert_eq!(reviews.iter().filter(|one| one.counted.is_some()).count(), 3);
    let notices = alice.notices().unwrap();
    assert!(notices.iter().any(|notice| matches!(notice, Notice::Forked { .. })), "{notices:?}");
    assert!(!notices.iter().any(|notice| matches!(notice, Notice::Doubled { .. })), "{notices:?}");
    // What it no longer knew comes back to it.
    hand(&mut alice, &mut restored);
    import(&mut restored, everything(&mut bob));
    let tasks = restored.together(|acts| acts.tasks()).unwrap();
    assert_eq!(tasks.iter().filter(|task| task.state.is_some()).count(), 3);
}

#[test]
fn i10_f06_no_clock_moves_a_review_across_a_close() {
    let relay = DeviceSecret::generate(&mut rng());
    let (mut alice, mut bob, programme, ids) = world();
    submit(&mut bob, &programme, ids[0], "4", None);
    bring(&mut bob, &mut alice);
    alice.close(round(READING)).unwrap();
    submit(&mut bob, &programme, ids[1], "3", None);
    // A receipt that claims the year 1970 or the end of time, by a relay that nobody named.
    let bundle = everything(&mut bob);
    let late = bundle.packs.last().unwrap().id();
    for received_ms in [0, u64::MAX] {
        let mut bundle = bundle.clone();
        let mut receipt = tessera_protocol::receipt::Receipt {
            programme: alice.programme(),
            incarnation: Incarnation([1; 8]),
            sequence: 1,
            pack: late,
            received_ms,
            head: Hash([0; 32]),
            signature: relay.sign_request(b"x"),
        };
        receipt.signature = relay.sign_request(&receipt.signed());
        bundle.receipts = vec![receipt];
        import(&mut alice, bundle);
        assert!(alice.receipt(late).unwrap().is_none());
        let reviews = alice.together(|acts| acts.reviews()).unwrap();
        let of = |id: ApplicationId| reviews.iter().find(|one| one.application == id).unwrap();
        assert!(of(ids[0]).waits.is_empty() && of(ids[0]).counted.is_some());
        assert!(of(ids[1]).waits.contains_key(&Waits::Late), "{:?}", of(ids[1]).waits);
        assert!(of(ids[1]).counted.is_none());
    }
}

#[test]
fn what_is_said_to_a_member_nobody_has_heard_of_waits() {
    let (mut alice, _bob, programme, ids) = world();
    let mut carol = enrol(&mut alice, Roles { admin: false, coordinator: true });
    hand(&mut alice, &mut carol);
    let before: BTreeSet<_> = carol.packs().unwrap().iter().map(|pack| pack.id).collect();
    let dora = enrol(&mut alice, Roles::default());
    alice
        .together(|acts| {
            let reading = programme.round(READING).unwrap();
            acts.assign(&programme, dora.member(), ids[0], reading, 1)
        })
        .unwrap();
    let public = Stream::Public.id(alice.programme());
    let bundle = everything(&mut alice);
    let new = bundle.packs.iter().filter(|pack| !before.contains(&pack.id()));
    let (said, rest): (Vec<Pack>, Vec<Pack>) = new.cloned().partition(|pack| pack.header().stream == public);
    let to = Stream::To(dora.member()).id(alice.programme());
    assert!(rest.iter().any(|pack| pack.header().stream == to && pack.header().kind == PackKind::Welcome));
    assert!(rest.iter().any(|pack| !pack.header().opened.is_empty()));
    let imported = import(&mut carol, with(bundle.clone(), rest));
    assert!(imported.waiting > 0 && imported.refused == 0, "{imported:?}");
    import(&mut carol, with(bundle, said));
    assert_eq!(carol.notices().unwrap(), []);
    let stages = carol.packs().unwrap().into_iter().map(|pack| pack.record.stage);
    assert!(stages.into_iter().all(|stage| stage != Stage::Refused));
    let stream = carol.stream(&tessera_vault::ids::Audience::Dossier(ids[0], 0));
    assert!(stream.is_ok());
    assert_eq!(carol.verify().unwrap().differences, []);
}

#[test]
fn g01_a_member_that_nobody_admitted_is_none_and_gets_nothing() {
    let (mut alice, _bob, _programme, _ids) = world();
    let stranger = secret();
    let invitation = tessera_protocol::ids::InvitationId([9; 16]);
    let nonce = [9; 32];
    let commitment = hash("invitation nonce", &[&nonce]);
    let said = [
        Statement::Invite { invitation, commitment },
        Statement::Admit { invitation, device: stranger.device(), nonce },
    ];
    let packs = said.map(|statement| state(&alice, &stranger, &statement)).to_vec();
    let members: BTreeSet<MemberId> = alice.permission().members.keys().copied().collect();
    let bundle = everything(&mut alice);
    import(&mut alice, with(bundle, packs));
    assert_eq!(alice.permission().members.keys().copied().collect::<BTreeSet<_>>(), members);
    let active = alice.permission().members.values().filter(|state| state.standing == Standing::Active);
    assert_eq!(active.count(), 2);
    assert!(alice.export(For::Member(stranger.device().first_member())).is_ok_and(|bundle| {
        let public = Stream::Public.id(alice.programme());
        read(&bundle).unwrap().packs.iter().all(|pack| pack.header().stream == public)
    }));
}
