//! Sealing and the content root: what opens, what does not, and that a refusal tells nothing.

use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20::rand_core::Rng;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use num_bigint::BigUint;
use proptest::prelude::*;
use tessera_protocol::codec::Wire;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, PackKind};
use tessera_protocol::ids::{KeyId, StreamId};
use tessera_protocol::limits;
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::Verified;

use super::*;
use crate::content::{Path, Seed, leaf_hash, root};
use crate::items::{Release, SUBJECT_BYTES};
use crate::seal::{EXPANDED_BYTES, OpenError, SealError, Sealed, decrypt, open, padme};
use crate::secret::derive;

/// Seals a padded plaintext as it is: what a faulty or hostile program could sign.
fn forge(secret: &DeviceSecret, key: &StreamKey, padded: &[u8], content_root: Hash) -> Verified<Pack> {
    let nonce = [3; 24];
    let mut header = draft(secret).unsealed(PackKind::Items, None, &[]);
    header.key = key.id();
    header.padded_bytes = u32::try_from(padded.len()).unwrap();
    header.content_root = content_root;
    let aad = &header.associated_data();
    let sealed = key.cipher(&nonce).encrypt((&nonce).into(), Payload { msg: padded, aad }).unwrap();
    let body = [&nonce[..], &sealed].concat();
    header.body = hash("body", &[&body]);
    secret.sign_sealed(Sealed::new(header, body)).unwrap()
}

fn pad(content: &[u8], to: usize) -> Vec<u8> {
    let mut padded = u32::try_from(content.len()).unwrap().to_le_bytes().to_vec();
    padded.extend_from_slice(content);
    padded.resize(to, 0);
    padded
}

fn padded(content: &[u8]) -> Vec<u8> {
    pad(content, padme(content.len() as u64 + 4) as usize)
}

fn section(method: u8, bytes: &[u8]) -> Vec<u8> {
    let mut writer = tessera_protocol::codec::Writer::default();
    writer.raw(&[method]);
    writer.number(bytes.len() as u64);
    writer.raw(bytes);
    writer.finish()
}

#[test]
fn items_come_back_in_the_order_of_their_leaves() {
    let secret = device(1);
    let entries = vec![own("one"), outside("two"), Entry::Other(Item::Grant(grant(5))), own("three")];
    let pack = items_pack(&secret, &key(2), entries);
    let content = open(&key(2), &pack).unwrap().check(|change| Some(leaf(change))).unwrap();
    assert!(matches!(&content.items()[0], Item::Grant(of) if *of == grant(5)));
    assert_eq!(texts(&key(2), &pack).unwrap(), ["one", "three", "two"]);
    assert_eq!(pack.header().key, key(2).id());
    assert_eq!(pack.body().len(), pack.header().padded_bytes as usize + 40);
}

#[test]
fn the_padding_is_that_of_the_paper_and_adds_at_most_12_percent() {
    for (length, expected) in
        [(0, 0), (1, 1), (2, 2), (9, 10), (100, 104), (1000, 1024), (1025, 1088), (100_000, 100_352)]
    {
        assert_eq!(padme(length), expected, "{length}");
    }
    for length in 1..300_000_u64 {
        assert!(padme(length) >= length && (padme(length) - length) * 100 <= length * 12, "{length}");
        assert_eq!(padme(padme(length)), padme(length));
    }
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_sealed() {
    let check = |entries| seal(&key(1), draft(&device(1)), entries, &mut rng(1)).err();
    assert_eq!(check(Vec::new()), Some(SealError::Empty));
    assert_eq!(check(vec![Entry::Other(Item::Change(change("x")))]), Some(SealError::Leafless));
    let mut random = rng(4);
    let noise: String = (0..400_000).map(|_| char::from(33 + (random.next_u32() % 90) as u8)).collect();
    let limit = limits::BODY_BYTES - 40;
    assert!(
        matches!(check(vec![own(&noise)]), Some(SealError::TooLarge { limit: found, .. }) if found == limit)
    );
    let five = || (0..5).map(|_| own(&"a".repeat(1 << 20)[..(1 << 20) - 100])).collect();
    assert!(matches!(check(five()), Some(SealError::TooLarge { limit: EXPANDED_BYTES, .. })));
    // The longest that fits: highly compressible text is padded, not refused.
    let pack = items_pack(&device(1), &key(1), five().drain(..3).collect());
    assert_eq!(texts(&key(1), &pack).unwrap().len(), 3);
    assert!(pack.header().padded_bytes as usize >= 3 * (1 << 20) / 257);
}

#[test]
fn k06_a_body_lifted_into_another_header_does_not_open() {
    let (author, member) = (device(1), device(2));
    let pack = items_pack(&author, &key(3), vec![own("text")]);
    let fields: [fn(&mut Header); 8] = [
        |header| header.stream = StreamId([1; 16]),
        |header| header.programme.0[0] ^= 1,
        |header| header.incarnation.0[0] ^= 1,
        |header| {
            header.seen = Some(tessera_protocol::header::Position {
                incarnation: START,
                sequence: 1,
                head: Hash([0; 32]),
            })
        },
        |header| {
            header.number = 2;
            header.previous = std::collections::BTreeSet::from([header.id()]).try_into().unwrap();
        },
        |header| header.closed = std::collections::BTreeSet::from([STREAM]).try_into().unwrap(),
        |header| header.padded_bytes += 1,
        |header| header.content_root.0[0] ^= 1,
    ];
    // A reader knows the key and can sign: only the binding to the header stops him.
    for change in fields {
        let mut header = pack.header().clone();
        change(&mut header);
        let again = author.sign_sealed(Sealed::new(header, pack.body().to_vec())).unwrap();
        assert_eq!(open(&key(3), &again).err(), Some(OpenError::Failed));
    }
    let mut header = pack.header().clone();
    header.device = member.id();
    let stolen = member.sign_sealed(Sealed::new(header, pack.body().to_vec())).unwrap();
    assert_eq!(open(&key(3), &stolen).err(), Some(OpenError::Failed));
}

#[test]
fn k07_other_suites_and_versions_are_refused() {
    let secret = device(1);
    let pack = items_pack(&secret, &key(3), vec![own("text")]);
    for suite in [0, 2, 255] {
        let mut header = pack.header().clone();
        header.suite = suite;
        let again = secret.sign_sealed(Sealed::new(header, pack.body().to_vec())).unwrap();
        assert_eq!(open(&key(3), &again).err(), Some(OpenError::Suite(suite)));
    }
    for version in [0, 2, 255] {
        let mut bytes = pack.to_bytes();
        bytes[0] = version;
        assert!(Pack::from_bytes(&bytes).is_err());
    }
}

/// One ciphertext and tag that plain XChaCha20-Poly1305 opens under two keys: Poly1305 is linear in the
/// blocks over 2^130 - 5, so two blocks solve two equations.
fn salamander(keys: [&[u8; 32]; 2], nonce: &[u8; 24], aad: &[u8], blocks: usize) -> Vec<u8> {
    let prime = (BigUint::from(1_u8) << 130) - 5_u8;
    let high = BigUint::from(1_u8) << 128;
    let minus = |a: &BigUint, b: &BigUint| (a + &prime - b % &prime) % &prime;
    let one_time = keys.map(|key| {
        let mut stream = [0; 32];
        chacha20::XChaCha20::new(key.into(), nonce.into()).apply_keystream(&mut stream);
        let clamp =
            u128::from_le_bytes(stream[..16].try_into().unwrap()) & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        (BigUint::from(clamp), BigUint::from_bytes_le(&stream[16..]))
    });
    let mut message = aad.to_vec();
    message.resize(aad.len().next_multiple_of(16), 0);
    let start = message.len();
    for block in 0..blocks {
        message.extend_from_slice(&[block as u8; 16]);
    }
    message[start + 16 * (blocks - 2)..].fill(0);
    message.extend_from_slice(&(aad.len() as u64).to_le_bytes());
    message.extend_from_slice(&(16 * blocks as u64).to_le_bytes());
    // The last two blocks of the ciphertext stand second and third from the end.
    let sides = one_time.map(|(r, s)| {
        let fixed = message
            .chunks(16)
            .fold(BigUint::ZERO, |acc, block| (acc + BigUint::from_bytes_le(block) + &high) * &r % &prime);
        (r.modpow(&3_u8.into(), &prime), r.modpow(&2_u8.into(), &prime), fixed, s)
    });
    let [(a1, b1, c1, s1), (a2, b2, c2, s2)] = sides;
    let inverse = minus(&(&a1 * &b2), &(&a2 * &b1)).modpow(&(&prime - 2_u8), &prime);
    for tag in 0_u128.. {
        let tag = BigUint::from(tag.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        let target = |s: &BigUint, c: &BigUint| minus(&((&tag + &high - s) % &high), c);
        let (t1, t2) = (target(&s1, &c1), target(&s2, &c2));
        let x = minus(&(&t1 * &b2), &(&t2 * &b1)) * &inverse % &prime;
        let y = minus(&(&a1 * &t2), &(&a2 * &t1)) * &inverse % &prime;
        if x < high && y < high {
            let block = |number: BigUint| {
                let mut bytes = number.to_bytes_le();
                bytes.resize(16, 0);
                bytes
            };
            let fixed = &message[start..start + 16 * (blocks - 2)];
            return [fixed, &block(x), &block(y), &block(tag)].concat();
        }
    }
    unreachable!("one tag in sixteen will do")
}

#[test]
fn k08_a_ciphertext_for_two_keys_opens_under_the_committed_one_alone() {
    let secret = device(1);
    let (alice, bob) = (key(10), key(11));
    let nonce = [5; 24];
    let mut header = draft(&secret).unsealed(PackKind::Items, None, &[]);
    header.key = alice.id();
    header.padded_bytes = 64;
    header.content_root = Hash([1; 32]);
    let aad = header.associated_data();
    let subkeys = [derive(alice.expose(), &nonce, "items"), derive(bob.expose(), &nonce, "items")];
    let sealed = salamander([&subkeys[0], &subkeys[1]], &nonce, &aad, 4);
    // The cipher alone opens it under both, to two different texts.
    let [one, two] = subkeys.map(|subkey| {
        let cipher = XChaCha20Poly1305::new((&*subkey).into());
        cipher.decrypt((&nonce).into(), Payload { msg: &sealed, aad: &aad }).unwrap()
    });
    assert_ne!(one, two);
    // With the commitment only Alice's key does.
    let body = [&nonce[..], &sealed].concat();
    header.body = hash("body", &[&body]);
    let pack = secret.sign_sealed(Sealed::new(header, body)).unwrap();
    assert!(decrypt(&alice, pack.header(), pack.body()).is_some());
    assert!(decrypt(&bob, pack.header(), pack.body()).is_none());
    assert_eq!(open(&bob, &pack).err(), Some(OpenError::Failed));
}

#[test]
fn k09_every_failure_inside_the_seal_is_the_same() {
    let secret = device(1);
    let key = key(3);
    let item = Item::Decision(crate::items::Decision {
        matter: crate::items::Matter::Pack(tessera_protocol::ids::PackId([1; 32])),
        verdict: crate::items::Verdict::Accept,
        reason: "because".try_into().unwrap(),
        by: MemberId([1; 16]),
        over: Default::default(),
    })
    .to_bytes();
    let good = [&[1; 32][..], &section(0, &item)].concat();
    let twice = zstd::bulk::compress(&item, 3).unwrap().repeat(2);
    let cases: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0; 3],
        vec![255; 64],
        pad(&good, padme(good.len() as u64 + 4) as usize + 1),
        pad(&good, padme(good.len() as u64 + 4) as usize + 64),
        padded(&[1; 32]),
        padded(&[1; 20]),
        padded(&[&good[..], &section(2, &item)].concat()),
        padded(&[&good[..], &section(1, &item)].concat()),
        padded(&[&good[..], &section(1, &twice)].concat()),
        padded(&[&good[..], &section(0, &item[1..])].concat()),
        padded(&good[..good.len() - 1]),
        {
            let mut marked = padded(&good);
            assert_eq!(marked.pop(), Some(0), "there is padding");
            marked.push(1);
            marked
        },
    ];
    for (index, plain) in cases.iter().enumerate() {
        let pack = forge(&secret, &key, plain, Hash([1; 32]));
        assert_eq!(open(&key, &pack).err(), Some(OpenError::Failed), "case {index}");
    }
    // The same hand makes one that opens, so what was refused was refused for its contents.
    assert!(open(&key, &forge(&secret, &key, &padded(&good), Hash([1; 32]))).is_ok());
    let pack = items_pack(&secret, &key, vec![own("x")]);
    assert_eq!(open(&super::key(4), &pack).err(), Some(OpenError::Failed));
    assert_eq!(OpenError::Failed.to_string(), "cannot be opened");
}

#[test]
fn k17_items_in_another_encoding_are_refused() {
    let secret = device(1);
    let key = key(3);
    // An unknown item of 2 bytes, its length in one byte and in two.
    for (bytes, opens) in [(&[99, 2, 7, 7][..], true), (&[99, 0x82, 0, 7, 7], false), (&[99, 2, 7], false)] {
        let content = [&[1; 32][..], &section(0, bytes)].concat();
        let pack = forge(&secret, &key, &padded(&content), Hash([1; 32]));
        assert_eq!(open(&key, &pack).is_ok(), opens, "{bytes:?}");
    }
}

#[test]
fn h08_what_expands_beyond_the_limit_is_refused_before_it_is_expanded() {
    let secret = device(1);
    let key = key(3);
    let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 19).unwrap();
    let ratio = zstd::bulk::compress(&vec![0; 3 << 20], 19).unwrap();
    let mut silent = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    std::io::Write::write_all(&mut silent, &[0; 100]).unwrap();
    let silent = silent.finish().unwrap();
    for (expanded, padded, may) in [
        (EXPANDED_BYTES, EXPANDED_BYTES, true),
        (EXPANDED_BYTES + 1, EXPANDED_BYTES, false),
        (256 * 100, 100, true),
        (256 * 100 + 1, 100, false),
        (usize::MAX, usize::MAX, false),
    ] {
        assert_eq!(crate::seal::may_expand(expanded, padded), may, "{expanded} {padded}");
    }
    for frame in [bomb, ratio, silent] {
        let content = [&[1; 32][..], &section(1, &frame)].concat();
        let pack = forge(&secret, &key, &padded(&content), Hash([1; 32]));
        assert_eq!(open(&key, &pack).err(), Some(OpenError::Failed));
    }
}

#[test]
fn items_that_are_not_under_the_content_root_are_refused() {
    let secret = device(1);
    let pack = items_pack(&secret, &key(3), vec![own("one"), own("two")]);
    let opened = || open(&key(3), &pack).unwrap();
    assert!(opened().check(|change| Some(leaf(change))).is_ok());
    assert_eq!(opened().check(|_| None).err(), Some(OpenError::ContentRoot));
    let other = |change: &Change| Some(Leaf { document: DocumentId([5; 16]), ..leaf(change) });
    assert_eq!(opened().check(other).err(), Some(OpenError::ContentRoot));
    // An author who signs a root that leaves one item out.
    let change = change("one");
    let seed = Seed::from_bytes(&[1; 32]);
    let one = leaf_hash(&seed.salt(0), PROGRAMME, &leaf(&change));
    let item = Item::Change(change).to_bytes();
    for (bytes, fits) in [(item.clone(), true), (item.repeat(2), false)] {
        let content = [&[1; 32][..], &section(0, &bytes)].concat();
        let pack = forge(&secret, &key(3), &padded(&content), root(&[one]).unwrap());
        let checked = open(&key(3), &pack).unwrap().check(|change| Some(leaf(change)));
        assert_eq!(checked.is_ok(), fits);
    }
}

#[test]
fn a_release_proves_its_author_without_the_rest_of_the_pack() {
    let secret = device(1);
    let pack = items_pack(&secret, &key(3), vec![own("one"), own("two"), own("three")]);
    let content = open(&key(3), &pack).unwrap().check(|change| Some(leaf(change))).unwrap();
    let Item::Change(change) = &content.items()[1] else { unreachable!() };
    let (salt, path) = content.proof(1).unwrap();
    let release = Release {
        header: pack.header().clone(),
        signature: *pack.signature(),
        salt,
        path,
        change: change.clone(),
    };
    let author = secret.public_key();
    let release = Release::from_bytes(&release.to_bytes()).unwrap();
    assert!(release.verify(&author, &leaf(&release.change)).is_ok());
    assert!(release.verify(&device(2).public_key(), &leaf(&release.change)).is_err());
    assert!(release.verify(&author, &leaf(&super::change("two, amended"))).is_err());
    let spoil: [fn(&mut Release); 5] = [
        |release| release.salt[0] ^= 1,
        |release| release.path.index = 0,
        |release| release.path.count = 4,
        |release| release.path.count = 0,
        |release| release.header.content_root.0[0] ^= 1,
    ];
    for spoil in spoil {
        let mut other = release.clone();
        spoil(&mut other);
        assert!(other.verify(&author, &leaf(&other.change)).is_err());
    }
    assert!(content.proof(3).is_none());
}

#[test]
fn paths_lead_to_the_root_from_every_leaf_and_from_no_other() {
    let leaves: Vec<Hash> = (0..70_u32).map(|i| hash("leaf", &[&i.to_le_bytes()])).collect();
    assert_eq!(root(&[]), None);
    let mut roots = std::collections::BTreeSet::new();
    for count in 1..=leaves.len() {
        let leaves = &leaves[..count];
        let top = root(leaves).unwrap();
        assert!(roots.insert(top), "two lists with one root");
        for (index, leaf) in (0_u32..).zip(leaves) {
            let path = Path::new(leaves, index).unwrap();
            assert_eq!(path.root(*leaf), Some(top));
            for wrong in 0..=count as u32 {
                let moved = Path { index: wrong, ..path.clone() };
                assert_eq!(moved.root(*leaf) == Some(top), wrong == index);
            }
        }
        assert!(Path::new(leaves, count as u32).is_none());
    }
    // A node is not a leaf, and a doubled last leaf is another list.
    assert_ne!(root(&leaves[..3]), root(&[leaves[0], leaves[1], leaves[2], leaves[2]]));
}

fn any_item() -> impl Strategy<Value = Item> {
    let bytes = |max| proptest::collection::vec(any::<u8>(), 0..max);
    let change = (any::<u16>(), bytes(SUBJECT_BYTES), any::<[u8; 8]>(), bytes(300)).prop_map(
        |(kind, subject, start, bytes)| {
            Item::Change(Change {
                kind,
                subject: subject.try_into().unwrap(),
                incarnation: Incarnation(start),
                bytes: bytes.try_into().unwrap(),
            })
        },
    );
    let grant = (any::<u8>(), any::<u32>(), any::<[u8; 32]>()).prop_map(|(kind, epoch, key)| {
        let key = StreamKey::from_bytes(&key);
        Item::Grant(Grant { kind, subject: Vec::new().try_into().unwrap(), stream: STREAM, epoch, key })
    });
    let unknown = (6..=255_u8, bytes(100))
        .prop_map(|(code, body)| Item::Unknown { code, body: body.try_into().unwrap() });
    prop_oneof![change, grant, unknown]
}

proptest! {
    #[test]
    fn items_are_read_as_they_were_written(item in any_item()) {
        prop_assert!(Item::from_bytes(&item.to_bytes()).unwrap() == item);
    }

    #[test]
    fn any_bytes_are_items_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(item) = Item::from_bytes(&bytes) {
            prop_assert_eq!(item.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_items_can_be_sealed_and_opened(items in proptest::collection::vec(any_item(), 1..20)) {
        let entries = items.iter().cloned().map(|item| match item {
            Item::Change(change) => { let leaf = leaf(&change); Entry::Own(change, leaf) }
            other => Entry::Other(other),
        });
        let pack = items_pack(&device(1), &key(2), entries.collect());
        let content = open(&key(2), &pack).unwrap().check(|change| Some(leaf(change))).unwrap();
        let (changes, mut others): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| matches!(item, Item::Change(_)));
        others.extend(changes);
        prop_assert!(content.into_items() == others);
    }

    #[test]
    fn any_padded_bytes_are_refused_or_opened(padded in proptest::collection::vec(any::<u8>(), 0..300)) {
        let pack = forge(&device(1), &key(2), &padded, Hash([1; 32]));
        prop_assert!(open(&key(2), &pack).is_err());
    }
}

#[test]
fn a_key_id_is_not_the_key() {
    assert_ne!(key(1).id(), KeyId(*key(1).expose()));
    assert_ne!(key(1).id(), key(2).id());
}
