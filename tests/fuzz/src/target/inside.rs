//! What lies inside age files, which anybody writes who knows a public key: an identity, an envelope, a keychain's copy, the letter of
//! a welcome, the letter of an answer to an invitation. The first byte says which; the others are put into an age file of that kind.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use tessera_protocol::charter::Roles;
use tessera_protocol::codec::{Bytes, List, Set, Wire};
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, PackKind};
use tessera_protocol::ids::{InvitationId, MemberId, ProgrammeId, StreamId};
use tessera_protocol::signature::Context;
use tessera_vault::enrol::{ANSWER_BYTES, About, Invitation, OneTimeSecret, open_answer};
use tessera_vault::identity::{Cost, DeviceSecret, open_identity};
use tessera_vault::ids::Audience;
use tessera_vault::items::Grant;
use tessera_vault::key::StreamKey;
use tessera_vault::keychain::{UnlockKey, open_copy};
use tessera_vault::passphrase::Passphrase;
use tessera_vault::recovery::{Paper, open_envelope};
use tessera_vault::secret::{derive, keyed_hash};
use tessera_vault::welcome::{DEVICES, GRANTS, open_welcome, recipients_hash};

use super::items;
use crate::forge;

/// The number of the device's signing key, and its age key: `shared/vault/FORMAT.md` says how an identity holds them.
const SIGNING: u8 = 1;
const AGE: [u8; 32] = [2; 32];
const ENTRY: [u8; 16] = [5; 16];
const PASSPHRASE: &str = "a guess";

pub(crate) fn feed(bytes: &[u8]) {
    let Some((which, inside)) = bytes.split_first() else { return };
    match which % 5 {
        0 => {
            let file = forge::age_file_of(PASSPHRASE, inside);
            is_its_encoding(open_identity(&file, &Passphrase::new(PASSPHRASE), Cost::Demo).ok(), inside);
        }
        1 => {
            let paper = Paper::from_bytes(&[9; 32]);
            let file = forge::age_file(&derive(paper.expose(), &[], "recovery age"), inside);
            is_its_encoding(open_envelope(&file, &paper, secret().id()).ok(), inside);
        }
        2 => {
            let unlock = UnlockKey::from_bytes(&[9; 32]);
            let file = forge::age_file(&derive(unlock.expose(), &ENTRY, "keychain age"), inside);
            is_its_encoding(open_copy(&[&ENTRY[..], &file].concat(), &unlock).ok(), inside);
        }
        3 => welcome(inside),
        _ => answer(inside),
    }
}

/// What was read is written as it lay there, behind its label.
fn is_its_encoding(opened: Option<DeviceSecret>, inside: &[u8]) {
    assert!(
        opened.is_none_or(|secret| inside.ends_with(&secret.to_bytes())),
        "read in another encoding than its own"
    );
}

fn welcome(inside: &[u8]) {
    let to = BTreeSet::from([secret().device()]);
    let body = forge::age_file(&AGE, inside);
    let header = Header {
        kind: PackKind::Welcome,
        recipients: Some(recipients_hash(&to)),
        padded_bytes: u32::try_from(body.len()).unwrap_or(u32::MAX),
        content_root: Hash([0; 32]),
        ..items::header()
    };
    let author = forge::key(SIGNING);
    let Some(pack) = forge::pack(&author, header, body) else { return };
    let Ok(pack) = pack.verify(&forge::public(&author)) else { panic!("what was signed does not verify") };
    if let Ok(welcome) = open_welcome(secret(), &pack) {
        assert!(welcome.to == to, "made for others than its header says");
    }
}

fn answer(inside: &[u8]) {
    let Invitation { programme, id, secret: one_time, .. } = invitation();
    let sealed = forge::age_file(&AGE, inside);
    let key = derive(one_time.expose(), &id.0, "answer");
    let tag = keyed_hash(&key, "answer", &[&programme.0, &id.0, &sealed]);
    let Ok(sealed) = Bytes::<ANSWER_BYTES>::try_from(sealed) else { return };
    let sent = [&[1_u8][..], &programme.0, &id.0, &sealed.to_bytes(), &tag].concat();
    if let Ok(reply) = open_answer(&sent, invitation(), secret()) {
        assert!(reply.device == secret().device(), "nobody else's key signed here");
    }
}

fn secret() -> &'static DeviceSecret {
    static SECRET: OnceLock<DeviceSecret> = OnceLock::new();
    SECRET.get_or_init(|| {
        let bytes = [&[1_u8, 0][..], &[SIGNING; 32], &AGE, &[3; 32]].concat();
        DeviceSecret::from_bytes(&bytes).expect("version, form and three keys")
    })
}

fn invitation() -> &'static Invitation {
    static INVITATION: OnceLock<Invitation> = OnceLock::new();
    INVITATION.get_or_init(|| Invitation {
        programme: ProgrammeId([7; 16]),
        id: InvitationId([1; 16]),
        secret: OneTimeSecret::from_bytes(&[6; 32]),
        commitment: hash("invitation nonce", &[&[9; 32]]),
        inviter: MemberId([3; 16]),
        roles: Roles::default(),
        recipients: vec![secret().device()].try_into().expect("one fits"),
        relays: Default::default(),
        name: "a seminar".try_into().expect("a short name"),
        demo: true,
    })
}

/// One of each, as an honest device writes it.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let labelled = |which: u8, label: &str, value: Vec<u8>| {
        let length = u8::try_from(label.len()).expect("a short label");
        [&[which, length], label.as_bytes(), &value[..]].concat()
    };
    let device = secret().device();
    let to: Set<_, DEVICES> = BTreeSet::from([device.clone()]).try_into().expect("one fits");
    let grant = Grant::new(&Audience::Programme, StreamId([2; 16]), 1, StreamKey::from_bytes(&[4; 32]));
    let grants: List<_, GRANTS> = vec![grant].try_into().expect("one fits");
    let Header { programme, stream, device: author, .. } = items::header();
    let welcome = [&programme.0[..], &stream.0, &author.0, &to.to_bytes(), &grants.to_bytes()].concat();
    let digest = hash("invitation", &[&invitation().to_bytes()]);
    let held = [&digest.0[..], &device.to_bytes()].concat();
    let possession = forge::sign(&forge::key(SIGNING), Context::Enrolment, &held);
    let about = About { name: "Ana".try_into().expect("a short name"), ..About::default() };
    let answer = [&held[..], &possession.0, &about.to_bytes()].concat();
    vec![
        labelled(0, "tessera/1 identity", secret().to_bytes()),
        labelled(1, "tessera/1 recovery", secret().to_bytes()),
        labelled(2, "tessera/1 keychain", secret().to_bytes()),
        labelled(3, "tessera/1 welcome", welcome),
        labelled(4, "tessera/1 answer", answer),
    ]
}
