//! What is inside a seal, written by somebody who holds the key: the first byte says whether the others are one item, or
//! the padded contents of a pack.

use tessera_protocol::codec::Wire;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, PackKind, SUITE};
use tessera_protocol::ids::{DeviceId, DocumentId, Incarnation, KeyId, ProgrammeId, StreamId};
use tessera_vault::content::Leaf;
use tessera_vault::items::Item;
use tessera_vault::key::StreamKey;
use tessera_vault::seal::open;

use crate::forge;

pub(crate) fn feed(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    if which % 2 == 0 {
        if let Ok(item) = Item::from_bytes(bytes) {
            assert!(item.to_bytes() == bytes, "read in another encoding than its own");
        }
        return;
    }
    let (signer, key) = (forge::key(1), StreamKey::from_bytes(&[2; 32]));
    let Some(pack) = forge::sealed(&signer, &key, header(), bytes) else { return };
    let Ok(pack) = pack.verify(&forge::public(&signer)) else { panic!("what was signed does not verify") };
    let Ok(opened) = open(&key, &pack) else { return };
    let leaf = |change: &tessera_vault::items::Change| {
        let hash = hash("a change", &[&change.to_bytes()]).0;
        Some(Leaf { document: DocumentId([4; 16]), hash })
    };
    assert!(opened.check(leaf).is_err(), "the content root fits by chance");
}

/// A header of sealed items by nobody in particular.
pub(crate) fn header() -> Header {
    Header {
        suite: SUITE,
        kind: PackKind::Items,
        programme: ProgrammeId([1; 16]),
        stream: StreamId([2; 16]),
        key: KeyId([0; 32]),
        device: DeviceId([3; 16]),
        incarnation: Incarnation([1; 8]),
        number: 1,
        previous: Default::default(),
        seen: None,
        opened: Default::default(),
        closed: Default::default(),
        recipients: None,
        padded_bytes: 0,
        content_root: Hash([1; 32]),
        body: Hash([0; 32]),
    }
}
