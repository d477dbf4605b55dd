//! K06: what lies inside one kind of age file, put into every other. One device receives everything here. The objects themselves
//! are presented as one another in `tests/tests/confusion.rs`.

use std::collections::BTreeSet;

use tessera_protocol::charter::Roles;
use tessera_protocol::codec::{Bytes, Reader, Wire};
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::InvitationId;
use tessera_protocol::limits;

use super::*;
use crate::age_file::{decrypt, decrypt_passphrase, encrypt, encrypt_passphrase, public};
use crate::enrol::{ANSWER_BYTES, About, Invitation, Nonce, OneTimeSecret, answer, open_answer};
use crate::identity::{Cost, IDENTITY_BYTES, open_identity, seal_identity};
use crate::keychain::{EntryId, UnlockKey, open_copy, seal_copy};
use crate::passphrase::Passphrase;
use crate::recovery::{Paper, open_envelope, seal_envelope};
use crate::seal::Sealed;
use crate::secret::{Secret, derive, keyed_hash};
use crate::welcome::{open_welcome, recipients_hash, seal_welcome};

/// An answer's version, programme and invitation.
const ANSWER_HEAD_BYTES: usize = 1 + 16 + 16;

/// The recovery paper is the device: what is sealed to one is sealed to the other.
struct World {
    paper: Paper,
    secret: DeviceSecret,
    unlock: UnlockKey,
    invitation: Invitation,
}

/// A kind of age file: what lies inside a real one, and whether its reader takes something for that.
struct Kind {
    name: &'static str,
    inside: fn(&World) -> Vec<u8>,
    takes: fn(&World, &[u8]) -> bool,
}

impl World {
    fn new() -> Self {
        let paper = Paper::generate(&mut rng(2));
        let secret = paper.device_secret();
        let invitation = Invitation {
            programme: PROGRAMME,
            id: InvitationId([1; 16]),
            secret: OneTimeSecret::from_bytes(&[6; 32]),
            commitment: Nonce::from_bytes(&[6; 32]).commitment(),
            inviter: MemberId([5; 16]),
            roles: Roles::default(),
            recipients: vec![secret.device()].try_into().unwrap(),
            relays: Default::default(),
            name: Default::default(),
            demo: true,
        };
        Self { unlock: UnlockKey::from_bytes(paper.expose()), paper, secret, invitation }
    }

    fn to_device(&self, inside: &[u8]) -> Vec<u8> {
        encrypt(&[public(&self.secret.age)], inside)
    }

    fn of_device(&self, file: &[u8]) -> Vec<u8> {
        decrypt(&self.secret.age, 1, file, limits::BODY_BYTES).unwrap().to_vec()
    }

    fn keychain_age(&self, entry: &[u8]) -> Secret {
        derive(self.unlock.expose(), entry, "keychain age")
    }
}

fn passphrase() -> Passphrase {
    Passphrase::new("p")
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "identity",
        inside: |world| {
            let file = seal_identity(&world.secret, &passphrase(), Cost::Demo);
            decrypt_passphrase(&passphrase(), 1..=18, &file, IDENTITY_BYTES).unwrap().to_vec()
        },
        takes: |_, inside| {
            let file = encrypt_passphrase(&passphrase(), 1, inside);
            open_identity(&file, &passphrase(), Cost::Demo).is_ok()
        },
    },
    Kind {
        name: "envelope",
        inside: |world| {
            world.of_device(&seal_envelope(&world.secret, &world.paper.device_secret().device()).unwrap())
        },
        takes: |world, inside| {
            open_envelope(&world.to_device(inside), &world.paper, world.secret.id()).is_ok()
        },
    },
    Kind {
        name: "keychain's copy",
        inside: |world| {
            let copy = seal_copy(&world.secret, &world.unlock, EntryId::generate(&mut rng(3)));
            decrypt(&world.keychain_age(&copy[..16]), 1, &copy[16..], IDENTITY_BYTES).unwrap().to_vec()
        },
        takes: |world, inside| {
            let entry = [5; 16];
            let sealed = encrypt(&[public(&world.keychain_age(&entry))], inside);
            open_copy(&[&entry[..], &sealed].concat(), &world.unlock).is_ok()
        },
    },
    Kind {
        name: "welcome",
        inside: |world| {
            let to = BTreeSet::from([world.secret.device()]);
            let sealed = seal_welcome(draft(&world.secret), to, vec![grant(1)]).unwrap();
            world.of_device(sealed.body())
        },
        takes: |world, inside| {
            let to = BTreeSet::from([world.secret.device()]);
            let body = world.to_device(inside);
            let header = draft(&world.secret).unsealed(PackKind::Welcome, Some(recipients_hash(&to)), &body);
            let pack = world.secret.sign_sealed(Sealed::new(header, body)).unwrap();
            open_welcome(&world.secret, &pack).is_ok()
        },
    },
    Kind {
        name: "answer to an invitation",
        inside: |world| {
            let sent = answer(&world.invitation, &world.secret, About::default()).unwrap();
            let sealed = Bytes::<ANSWER_BYTES>::read(&mut Reader::new(&sent[ANSWER_HEAD_BYTES..])).unwrap();
            world.of_device(&sealed)
        },
        takes: |world, inside| {
            let Invitation { programme, id, secret, .. } = &world.invitation;
            let sealed = world.to_device(inside);
            let key = derive(secret.expose(), &id.0, "answer");
            let tag = keyed_hash(&key, "answer", &[&programme.0, &id.0, &sealed]);
            let sealed = Bytes::<ANSWER_BYTES>::try_from(sealed).unwrap().to_bytes();
            let sent = [&[1_u8][..], &programme.0, &id.0, &sealed, &tag].concat();
            open_answer(&sent, &world.invitation, &world.secret).is_ok()
        },
    },
];

#[test]
fn k06_the_same_contents_in_another_age_file_are_refused() {
    let world = World::new();
    for kind in &KINDS {
        let inside = (kind.inside)(&world);
        for other in &KINDS {
            let takes = (other.takes)(&world, &inside);
            assert_eq!(takes, kind.name == other.name, "the inside of {} as {}", kind.name, other.name);
        }
    }
}
