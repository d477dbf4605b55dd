//! K06, K16: every kind of object, presented as every other kind. One key signs and receives everything
//! here, so that nothing but the kind tells them apart.

use std::collections::BTreeSet;

use tessera_protocol::charter::{Link, Roles};
use tessera_protocol::codec::Wire;
use tessera_protocol::hash::Hash;
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::{InvitationId, PackId};
use tessera_protocol::receipt::Receipt;
use tessera_protocol::signature::{Context, Signature};
use tessera_protocol::statement::Statement;
use tessera_protocol::stream::Stream;

use super::*;
use crate::attachment::{self, AttachmentKey, Manifest};
use crate::enrol::{About, Invitation, Nonce, OneTimeSecret, answer, open_answer};
use crate::identity::{Cost, open_identity, seal_identity};
use crate::keychain::{EntryId, UnlockKey, open_copy, seal_copy};
use crate::passphrase::Passphrase;
use crate::recovery::{Paper, open_envelope, seal_envelope};
use crate::seal::open;
use crate::sign::Clear;
use crate::welcome::{open_welcome, seal_welcome};

struct World {
    secret: DeviceSecret,
    paper: Paper,
    unlock: UnlockKey,
    invitation: Invitation,
    manifest: Manifest,
}

type Object = (&'static str, Vec<u8>);
type Reader = (&'static str, fn(&World, &[u8]) -> bool);

fn world() -> (World, Vec<Object>) {
    let secret = device(1);
    // The paper's and the device's age keys are one, and so are one-time secret, nonce and stream key; paper and unlock key
    // are the same bytes.
    let paper = Paper::generate(&mut rng(2));
    let unlock = UnlockKey::from_bytes(paper.expose());
    let nonce = Nonce::from_bytes(&[6; 32]);
    let invitation = Invitation {
        programme: PROGRAMME,
        id: InvitationId([1; 16]),
        secret: OneTimeSecret::from_bytes(&[6; 32]),
        commitment: nonce.commitment(),
        inviter: MemberId([5; 16]),
        roles: Roles::default(),
        recipients: vec![secret.device()].try_into().unwrap(),
        relays: Default::default(),
        name: Default::default(),
        demo: true,
    };
    let (manifest, sealed) = attachment::seal(
        AttachmentKey::from_bytes(&[6; 32]),
        b"file",
        Default::default(),
        Default::default(),
    )
    .unwrap();
    let public = || Draft { stream: Stream::Public.id(PROGRAMME), ..draft(&secret) };
    let link = Link { parents: Default::default(), nonce: [1; 16], demo: true, changes: Default::default() };
    let statement = Statement::Lift { suspension: PackId([5; 32]) };
    let clear = |clear: Clear<'_>| secret.sign_clear(public(), &clear).unwrap().to_bytes();
    let to = BTreeSet::from([secret.device()]);
    let welcome = secret.sign_sealed(seal_welcome(draft(&secret), to, vec![grant(1)]).unwrap()).unwrap();
    let mut receipt = Receipt {
        programme: PROGRAMME,
        incarnation: START,
        sequence: 1,
        pack: PackId([5; 32]),
        received_ms: 0,
        head: Hash([0; 32]),
        signature: Signature([0; 64]),
    };
    receipt.signature = secret.sign(Context::Receipt, &receipt.signed());
    let signed = |context, payload: &[u8]| [payload, &secret.sign(context, payload).0].concat();
    let header = welcome.header().to_bytes();
    let objects = vec![
        ("items", items_pack(&secret, &key(6), vec![own("x")]).to_bytes()),
        ("welcome", welcome.to_bytes()),
        ("link", clear(Clear::Link(&link))),
        ("statement", clear(Clear::Statement(&statement))),
        ("receipt", receipt.to_bytes()),
        ("request", signed(Context::Request, &header)),
        ("answer to an invitation", answer(&invitation, &secret, About::default()).unwrap()),
        ("invitation", invitation.to_link().as_bytes().to_vec()),
        ("identity", seal_identity(&secret, &Passphrase::new("p"), Cost::Demo)),
        ("envelope", seal_envelope(&secret, &paper.device_secret().device()).unwrap()),
        ("paper", paper.code().as_bytes().to_vec()),
        ("attachment", sealed),
        ("witness", signed(Context::Witness, &header)),
        ("ballot", signed(Context::Ballot, &header)),
        ("relay's answer", signed(Context::Answer, &header)),
        ("segment", signed(Context::Segment, &header)),
        ("enrolment proof", signed(Context::Enrolment, &header)),
        ("keychain's copy", seal_copy(&secret, &unlock, EntryId::generate(&mut rng(3)))),
        ("keychain's key", unlock.to_text().as_bytes().to_vec()),
    ];
    (World { secret, paper, unlock, invitation, manifest }, objects)
}

fn pack(world: &World, bytes: &[u8]) -> Option<Verified<Pack>> {
    Pack::from_bytes(bytes).ok()?.verify(&world.secret.public_key()).ok()
}

fn signed(world: &World, bytes: &[u8], context: Context) -> bool {
    bytes.split_last_chunk::<64>().is_some_and(|(payload, signature)| {
        world.secret.public_key().verify(context, payload, &Signature(*signature)).is_ok()
    })
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

const READERS: [Reader; 19] = [
    ("items", |world, bytes| pack(world, bytes).is_some_and(|pack| open(&key(6), &pack).is_ok())),
    ("welcome", |world, bytes| {
        pack(world, bytes).is_some_and(|pack| open_welcome(&world.secret, &pack).is_ok())
    }),
    ("link", |world, bytes| {
        pack(world, bytes)
            .is_some_and(|pack| pack.header().kind == PackKind::Link && Link::from_bytes(pack.body()).is_ok())
    }),
    ("statement", |world, bytes| {
        pack(world, bytes).is_some_and(|pack| {
            pack.header().kind == PackKind::Statement && Statement::from_bytes(pack.body()).is_ok()
        })
    }),
    ("receipt", |world, bytes| {
        Receipt::from_bytes(bytes).is_ok_and(|receipt| receipt.verify(&world.secret.public_key()).is_ok())
    }),
    ("request", |world, bytes| signed(world, bytes, Context::Request)),
    ("answer to an invitation", |world, bytes| open_answer(bytes, &world.invitation, &world.secret).is_ok()),
    ("invitation", |_, bytes| Invitation::from_link(text(bytes)).is_ok()),
    ("identity", |_, bytes| open_identity(bytes, &Passphrase::new("p"), Cost::Demo).is_ok()),
    ("envelope", |world, bytes| open_envelope(bytes, &world.paper, world.secret.id()).is_ok()),
    ("paper", |_, bytes| Paper::from_code(text(bytes)).is_ok()),
    ("attachment", |world, bytes| attachment::open(&world.manifest, bytes).is_ok()),
    ("witness", |world, bytes| signed(world, bytes, Context::Witness)),
    ("ballot", |world, bytes| signed(world, bytes, Context::Ballot)),
    ("relay's answer", |world, bytes| signed(world, bytes, Context::Answer)),
    ("segment", |world, bytes| signed(world, bytes, Context::Segment)),
    ("enrolment proof", |world, bytes| signed(world, bytes, Context::Enrolment)),
    ("keychain's copy", |world, bytes| open_copy(bytes, &world.unlock).is_ok()),
    ("keychain's key", |_, bytes| UnlockKey::from_text(text(bytes)).is_some()),
];

#[test]
fn k06_no_object_passes_for_another() {
    let (world, objects) = world();
    let (mut pairs, mut wrong) = (0_u32, Vec::new());
    for (object, bytes) in &objects {
        for (reader, accepts) in READERS {
            pairs += 1;
            let accepted = accepts(&world, bytes);
            wrong.extend(
                (accepted != (*object == reader)).then(|| format!("{object} as {reader}: {accepted}")),
            );
        }
    }
    println!(
        "figure: K06 {} kinds of object presented as each: {pairs} pairs, {} wrong",
        objects.len(),
        wrong.len()
    );
    assert_eq!(wrong, [""; 0]);
    // Neither do parts of one: a pack's header and signature, its body, an age file out of its frame.
    let welcome = &objects[1].1;
    let header = pack(&world, welcome).unwrap();
    let half = [&header.header().to_bytes()[..], &header.signature().0].concat();
    for part in [half, header.body().to_vec(), header.header().to_bytes()] {
        for (reader, accepts) in READERS {
            assert!(!accepts(&world, &part), "a part of a welcome as {reader}");
        }
    }
}

#[test]
fn k06_the_same_contents_in_another_age_file_are_refused() {
    let (world, objects) = world();
    // What the words on paper may open, under the passphrase; and the other way round.
    let paper = world.paper.device_secret();
    let envelope = crate::age_file::decrypt(&paper.age, 1, &objects[9].1, 4096).unwrap();
    let as_identity = crate::age_file::encrypt_passphrase(&Passphrase::new("p"), 1, &envelope);
    assert!(open_identity(&as_identity, &Passphrase::new("p"), Cost::Demo).is_err());
    let inside =
        crate::age_file::decrypt_passphrase(&Passphrase::new("p"), 1..=18, &objects[8].1, 4096).unwrap();
    let as_envelope = crate::age_file::encrypt(&[crate::age_file::public(&paper.age)], &inside);
    assert!(open_envelope(&as_envelope, &world.paper, world.secret.id()).is_err());
    // And what a keychain's key may open.
    let copy = &objects[17].1;
    let age = crate::secret::derive(world.unlock.expose(), &copy[..16], "keychain age");
    let inside_copy = crate::age_file::decrypt(&age, 1, &copy[16..], 4096).unwrap();
    let as_identity = crate::age_file::encrypt_passphrase(&Passphrase::new("p"), 1, &inside_copy);
    assert!(open_identity(&as_identity, &Passphrase::new("p"), Cost::Demo).is_err());
    for other in [&inside, &envelope] {
        let as_copy = crate::age_file::encrypt(&[crate::age_file::public(&age)], other);
        assert!(open_copy(&[&copy[..16], &as_copy].concat(), &world.unlock).is_err());
    }
}
