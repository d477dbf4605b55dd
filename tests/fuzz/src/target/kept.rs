//! Files and records that name what else is there: a pass for a further device, its checksum put right; the backup of a home; what a
//! record says of an attachment. The first byte says which.

use std::fs;

use tessera_engine::devices::Pass;
use tessera_engine::home::Home;
use tessera_protocol::codec::Wire;
use tessera_protocol::hash::hash;
use tessera_vault::attachment::{self, AttachmentKey, Manifest};

use super::people;

const PASS: &[u8] = b"tessera device pass 1\n";

pub(crate) fn feed(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    match which % 3 {
        0 => pass(bytes),
        1 => backup(bytes),
        _ => manifest(bytes),
    }
}

fn pass(bytes: &[u8]) {
    let sum = hash("device pass", &[bytes]);
    let file = [PASS, bytes, &sum.0[..4]].concat();
    if let Ok(pass) = Pass::from_file(&file) {
        assert!(pass.to_file()[..] == file[..], "read in another encoding than its own");
    }
}

fn backup(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder for what is unpacked");
    let (file, home) = (folder.path().join("backup"), folder.path().join("home"));
    fs::write(&file, bytes).expect("room for a file");
    if let Ok(new) = Home::read_backup(&home, &file) {
        drop(new.identity());
    }
    assert!(!home.exists(), "a home that nobody finished");
}

fn manifest(bytes: &[u8]) {
    let Ok(manifest) = Manifest::from_bytes(bytes) else { return };
    assert!(manifest.to_bytes() == bytes, "read in another encoding than its own");
    // An id is a hash of what is sealed: none of these bytes by chance.
    assert!(attachment::open(&manifest, bytes).is_err());
}

/// One of each, as an honest device writes it.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let pass = [&[0_u8][..], &[3; 16], &[9; 32], &people::invitation().to_bytes()].concat();
    let entry = |name: &str, bytes: &[u8]| {
        let length = u8::try_from(name.len()).expect("a short name");
        [&[length], name.as_bytes(), &(bytes.len() as u64).to_le_bytes(), bytes].concat()
    };
    let entries = [
        entry("identity.age", b"age-encryption.org/v1\n"),
        entry("anchor", b"tessera anchor 1\n"),
        entry("recovery.envelope", b"age-encryption.org/v1\n"),
        entry("store.db", &[7; 64]),
    ];
    let backup = [&[1_u8][..], b"tessera backup 1\n", &entries.concat(), &[0]].concat();
    let key = AttachmentKey::from_bytes(&[6; 32]);
    let media = "application/pdf".try_into().expect("a short type");
    let sealed = attachment::seal(key, b"a file", media, "scan.pdf".try_into().expect("a short name"));
    let (manifest, _) = sealed.expect("a short file");
    vec![pass, backup, [&[2_u8][..], &manifest.to_bytes()].concat()]
}
