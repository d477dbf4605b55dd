//! Welcomes: for whom they open, and that nothing of them can be used elsewhere.

use std::collections::BTreeSet;

use tessera_protocol::codec::Wire;
use tessera_protocol::device::{Device, Recipient};
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, PackKind};
use tessera_protocol::ids::DeviceId;
use tessera_protocol::limits;

use super::*;
use crate::age_file;
use crate::seal::Sealed;
use crate::welcome::{OpenWelcomeError, Welcome, WelcomeError, open_welcome, recipients_hash, seal_welcome};

fn set(devices: &[&DeviceSecret]) -> BTreeSet<Device> {
    devices.iter().map(|device| device.device()).collect()
}

fn welcome(author: &DeviceSecret, to: &[&DeviceSecret]) -> Verified<Pack> {
    let sealed = seal_welcome(draft(author), set(to), vec![grant(1), grant(2)]).unwrap();
    author.sign_sealed(sealed).unwrap()
}

fn resigned(
    author: &DeviceSecret,
    pack: &Pack,
    change: impl FnOnce(&mut Header, &mut Vec<u8>),
) -> Verified<Pack> {
    let (mut header, mut body) = (pack.header().clone(), pack.body().to_vec());
    change(&mut header, &mut body);
    header.device = author.id();
    header.body = hash("body", &[&body]);
    header.padded_bytes = u32::try_from(body.len()).unwrap();
    author.sign_sealed(Sealed::new(header, body)).unwrap()
}

/// The age file's contents, as every reader has them.
fn contents(reader: &DeviceSecret, pack: &Pack) -> Vec<u8> {
    let count = age_file::count(pack.body()).unwrap();
    age_file::decrypt(&reader.age, count, pack.body(), limits::BODY_BYTES).unwrap().to_vec()
}

fn refused(reader: &DeviceSecret, pack: &Verified<Pack>) {
    assert_eq!(open_welcome(reader, pack).err(), Some(OpenWelcomeError::Failed));
}

#[test]
fn the_named_devices_open_it_and_no_other() {
    let (author, one, two, other) = (device(1), device(2), device(3), device(4));
    let pack = welcome(&author, &[&one, &two]);
    for reader in [&one, &two] {
        let Welcome { to, grants } = open_welcome(reader, &pack).unwrap();
        assert_eq!(to, set(&[&one, &two]));
        assert!(grants == [grant(1), grant(2)]);
    }
    refused(&other, &pack);
    refused(&author, &pack);
    assert_eq!(seal_welcome(draft(&author), set(&[]), vec![]).err(), Some(WelcomeError::Nobody));
}

#[test]
fn k03_a_recipient_that_the_header_does_not_name_is_refused() {
    let (author, reader, relay) = (device(1), device(2), device(3));
    let pack = welcome(&author, &[&reader]);
    // The relay makes the file anew for itself too: without the author's key there is no header for it.
    let opened = contents(&reader, &pack);
    let keys: Vec<[u8; 32]> = [&reader, &relay].map(|device| age_file::public(&device.age)).to_vec();
    let wider = age_file::encrypt(&keys, &opened);
    assert!(Pack::new(pack.header().clone(), *pack.signature(), wider.clone()).is_err());
    // Even signed by the author (a faulty program): more stanzas than devices, or another set, is refused.
    refused(&reader, &resigned(&author, &pack, |_, body| *body = wider.clone()));
    let both = recipients_hash(&set(&[&reader, &relay]));
    refused(&reader, &resigned(&author, &pack, |header, _| header.recipients = Some(both)));
    refused(
        &reader,
        &resigned(&author, &pack, |header, body| {
            header.recipients = Some(both);
            *body = wider;
        }),
    );
    refused(&reader, &resigned(&author, &pack, |header, _| header.recipients = Some(Hash([0; 32]))));
}

#[test]
fn k06_a_welcome_belongs_to_its_stream_and_programme() {
    let (author, reader) = (device(1), device(2));
    let pack = welcome(&author, &[&reader]);
    refused(&reader, &resigned(&author, &pack, |header, _| header.stream.0[0] ^= 1));
    refused(&reader, &resigned(&author, &pack, |header, _| header.programme.0[0] ^= 1));
    assert!(open_welcome(&reader, &resigned(&author, &pack, |_, _| {})).is_ok());
}

#[test]
fn k07_welcomes_of_other_suites_are_refused() {
    let (author, reader) = (device(1), device(2));
    let pack = welcome(&author, &[&reader]);
    for suite in [0, 2, 255] {
        let again = resigned(&author, &pack, |header, _| header.suite = suite);
        assert_eq!(open_welcome(&reader, &again).err(), Some(OpenWelcomeError::Suite(suite)));
    }
}

#[test]
fn k15_a_reader_cannot_pass_a_welcome_on_as_the_author_s() {
    let (author, reader, victim) = (device(1), device(2), device(3));
    let pack = welcome(&author, &[&reader]);
    let opened = contents(&reader, &pack);
    let forwarded = age_file::encrypt(&[age_file::public(&victim.age)], &opened);
    // Under the author's header and signature it is another body.
    assert!(Pack::new(pack.header().clone(), *pack.signature(), forwarded.clone()).is_err());
    // Under the reader's own, the author inside is not the signer.
    for recipients in [set(&[&reader]), set(&[&victim])] {
        let again = resigned(&reader, &pack, |header, body| {
            header.recipients = Some(recipients_hash(&recipients));
            *body = forwarded.clone();
        });
        refused(&victim, &again);
    }
    // And lifted as it is into a pack of the reader's.
    refused(&reader, &resigned(&reader, &pack, |_, _| {}));
}

#[test]
fn k16_halves_and_missing_signatures_are_refused() {
    let (author, reader) = (device(1), device(2));
    let (one, two) = (welcome(&author, &[&reader]), items_pack(&author, &key(1), vec![own("x")]));
    for (header, signature, body) in
        [(one.header(), two.signature(), one.body()), (two.header(), one.signature(), two.body())]
    {
        let pack = Pack::new(header.clone(), *signature, body.to_vec()).unwrap();
        assert!(pack.verify(&author.public_key()).is_err());
    }
    assert!(Pack::new(one.header().clone(), *one.signature(), two.body().to_vec()).is_err());
    let none = tessera_protocol::signature::Signature([0; 64]);
    assert!(
        Pack::new(one.header().clone(), none, one.body().to_vec())
            .unwrap()
            .verify(&author.public_key())
            .is_err()
    );
    // Without the signature's 64 bytes, or with both halves after one another.
    let bytes = one.to_bytes();
    let start = one.header().to_bytes().len();
    assert!(Pack::from_bytes(&[&bytes[..start], &bytes[start + 64..]].concat()).is_err());
    assert!(Pack::from_bytes(&[bytes.clone(), two.to_bytes()].concat()).is_err());
    // Nothing unsealed leaves outside the public stream.
    let statement = tessera_protocol::statement::Statement::Lift { suspension: one.id() };
    let clear = crate::sign::Clear::Statement(&statement);
    assert_eq!(author.sign_clear(draft(&author), &clear).err(), Some(crate::sign::SignError::NotPublic));
    // Somebody else's device in the header is not signed for.
    let stolen = Sealed::new(one.header().clone(), one.body().to_vec());
    assert!(matches!(reader.sign_sealed(stolen), Err(crate::sign::SignError::NotThisDevice)));
}

#[test]
fn k17_a_welcome_in_another_encoding_is_refused() {
    let (author, reader) = (device(1), device(2));
    let pack = welcome(&author, &[&reader]);
    let opened = contents(&reader, &pack);
    let to = [age_file::public(&reader.age)];
    let count = 1 + "tessera/1 welcome".len() + 16 + 16 + 16;
    assert_eq!(opened[count], 1, "one device");
    let long_form = [&opened[..count], &[0x81, 0], &opened[count + 1..]].concat();
    let trailing = [&opened[..], &[0]].concat();
    let other_label = [&opened[..1], b"T", &opened[2..]].concat();
    for (contents, opens) in
        [(opened.clone(), true), (long_form, false), (trailing, false), (other_label, false)]
    {
        let again = resigned(&author, &pack, |_, body| *body = age_file::encrypt(&to, &contents));
        assert_eq!(open_welcome(&reader, &again).is_ok(), opens);
    }
}

#[test]
fn k18_a_passphrase_stanza_in_a_welcome_is_refused() {
    let (author, reader) = (device(1), device(2));
    let pack = welcome(&author, &[&reader]);
    let file = age_file::encrypt_passphrase(&crate::passphrase::Passphrase::new("p"), 1, b"x");
    refused(&reader, &resigned(&author, &pack, |_, body| *body = file.clone()));
    let stanza = b"-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    let mixed = resigned(&author, &pack, |_, body| {
        let at = body.windows(4).position(|four| four == b"--- ").unwrap();
        body.splice(at..at, stanza.iter().copied());
    });
    refused(&reader, &mixed);
}

#[test]
fn k10_nothing_is_sent_to_unsound_or_unknown_keys() {
    let author = device(1);
    let with = |recipients: Vec<(u8, Vec<u8>)>| {
        let list = recipients
            .into_iter()
            .map(|(algorithm, key)| Recipient { algorithm, key: key.try_into().unwrap() });
        Device { recipients: list.collect::<Vec<_>>().try_into().unwrap(), ..device(2).device() }
    };
    let sound = age_file::public(&device(2).age).to_vec();
    let send = |device: &Device| {
        seal_welcome(draft(&author), BTreeSet::from([device.clone()]), vec![grant(1)]).err()
    };
    for recipients in [
        vec![],
        vec![(2, vec![1; 1216])],
        vec![(1, vec![0; 32])],
        vec![(1, vec![1; 31])],
        vec![(1, sound.clone()), (1, vec![0; 32])],
    ] {
        let device = with(recipients);
        assert_eq!(send(&device), Some(WelcomeError::Recipient(DeviceId(device.id().0))));
        assert!(crate::enrol::check_device(&device).is_err());
    }
    // One that is not known yet beside one that is: passed over.
    let mixed = with(vec![(1, sound), (2, vec![1; 1216])]);
    assert_eq!(send(&mixed), None);
    let sealed = seal_welcome(draft(&author), BTreeSet::from([mixed]), vec![grant(1)]).unwrap();
    assert_eq!(sealed.header().kind, PackKind::Welcome);
}
