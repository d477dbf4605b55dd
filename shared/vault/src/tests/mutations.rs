//! K11: of every kind of object, every byte changed to every other value and every shorter length.
//! (Identities, envelopes and attachments are with the files, invitations and their answers with enrolment. What is signed and
//! no pack is with the protocol.)

use std::collections::BTreeSet;

use proptest::prelude::*;

use tessera_protocol::charter::Link;
use tessera_protocol::codec::Wire;
use tessera_protocol::signature::PublicKey;
use tessera_protocol::statement::Statement;
use tessera_protocol::stream::Stream;

use super::*;
use crate::seal::open;
use crate::sign::Clear;
use crate::welcome::{open_welcome, seal_welcome};

/// Accepted where the bytes are a pack that the holder of this key signed, whatever its body.
fn accepted(key: &PublicKey, bytes: &[u8]) -> Option<Verified<Pack>> {
    if bytes.len() > tessera_protocol::limits::PACK_BYTES {
        return None;
    }
    Pack::from_bytes(bytes).ok()?.verify(key).ok()
}

fn check(name: &str, author: &DeviceSecret, pack: &Verified<Pack>, opens: impl Fn(&Verified<Pack>) -> bool) {
    let (key, bytes) = (author.public_key(), pack.to_bytes());
    assert!(accepted(&key, &bytes).is_some_and(|pack| opens(&pack)));
    assert!(accepted(&key, &[&bytes[..], &[0]].concat()).is_none());
    no_mutation(name, &bytes, |other| accepted(&key, other).is_some());
}

#[test]
fn k11_items() {
    let author = device(1);
    let pack = items_pack(&author, &key(2), vec![own("text"), Entry::Other(Item::Grant(grant(3)))]);
    check("items", &author, &pack, |pack| open(&key(2), pack).is_ok());
}

#[test]
fn k11_welcomes() {
    let (author, reader) = (device(1), device(2));
    let to = BTreeSet::from([reader.device()]);
    let sealed = seal_welcome(draft(&author), to, vec![grant(1)]).unwrap();
    let pack = author.sign_sealed(sealed).unwrap();
    check("welcome", &author, &pack, |pack| open_welcome(&reader, pack).is_ok());
}

#[test]
fn k11_statements() {
    let author = device(1);
    let statement = Statement::Lift { suspension: tessera_protocol::ids::PackId([5; 32]) };
    let draft = Draft { stream: Stream::Public.id(PROGRAMME), ..draft(&author) };
    let pack = author.sign_clear(draft, &Clear::Statement(&statement)).unwrap();
    check("statement", &author, &pack, |pack| Statement::from_bytes(pack.body()).is_ok());
}

#[test]
fn k11_links() {
    let author = device(1);
    let link = Link { parents: Default::default(), nonce: [1; 16], demo: true, changes: Default::default() };
    let draft = Draft { stream: Stream::Public.id(PROGRAMME), ..draft(&author) };
    let pack = author.sign_clear(draft, &Clear::Link(&link)).unwrap();
    check("link", &author, &pack, |pack| Link::from_bytes(pack.body()).is_ok());
}

/// The seal itself, with the header and the signature out of the way: the tag covers every byte.
#[test]
fn k11_sealed_bodies() {
    let author = device(1);
    let pack = items_pack(&author, &key(2), vec![own("text")]);
    no_mutation("sealed body", pack.body(), |body| {
        crate::seal::decrypt(&key(2), pack.header(), body).is_some()
    });
}

proptest! {
    /// Every reader of bytes from outside: an error or the one encoding of what was read, never a panic.
    #[test]
    fn any_bytes_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        fn check<T: Wire>(bytes: &[u8]) -> bool {
            T::from_bytes(bytes).map_or(true, |value| value.to_bytes() == bytes)
        }
        prop_assert!(check::<crate::attachment::Manifest>(&bytes));
        prop_assert!(check::<crate::enrol::Invitation>(&bytes));
        prop_assert!(check::<crate::enrol::About>(&bytes));
        prop_assert!(check::<crate::content::Path>(&bytes));
        prop_assert!(check::<crate::items::Acknowledgement>(&bytes));
        prop_assert!(check::<crate::items::Decision>(&bytes));
        prop_assert!(check::<crate::items::Release>(&bytes));
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(crate::enrol::Invitation::from_link(&text).is_err());
        prop_assert!(crate::recovery::Paper::from_code(&text).is_err());
        prop_assert!(crate::recovery::Paper::from_words(&text).is_err());
        let _ = crate::enrol::answered(&bytes);
        let framed = [b"age-encryption.org/v1\n-> ", &bytes[..]].concat();
        let _ = crate::age_file::count(&framed);
    }
}
