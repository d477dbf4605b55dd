//! A relay that invents members, devices and keys, and brings old ones back.

use std::collections::BTreeSet;

use tessera_driver::session::Session;
use tessera_engine::bundle::{For, read};
use tessera_engine::store::MemoryStore;
use tessera_hostile::Behaviour;
use tessera_hostile::world::{PASSPHRASE, World, sync};
use tessera_protocol::charter::Roles;
use tessera_protocol::hash::hash;
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::{Incarnation, InvitationId, KeyId, MemberId};
use tessera_protocol::pack::Pack;
use tessera_protocol::statement::Statement;
use tessera_protocol::stream::Stream;
use tessera_tests::homes;
use tessera_vault::identity::{Cost, DeviceSecret, open_identity};
use tessera_vault::passphrase::Passphrase;
use tessera_vault::seal::Draft;
use tessera_vault::sign::Clear;
use tessera_vault::welcome::open_welcome;

use crate::kit::*;

fn stranger() -> DeviceSecret {
    DeviceSecret::generate(&mut *homes::dice("a stranger"))
}

/// What somebody states, after all that the coordinator has heard of that device.
fn state(world: &mut World, secret: &DeviceSecret, statement: &Statement) -> Pack {
    let alice = world.alice.engine();
    let stream = Stream::Public.id(alice.programme());
    let mut draft = Draft::first(alice.programme(), stream, secret.id(), Incarnation([5; 8]));
    let said = alice.packs().unwrap().into_iter();
    let said = said.filter(|pack| (pack.record.stream, pack.record.device) == (stream, secret.id()));
    if let Some(last) = said.max_by_key(|pack| pack.record.number) {
        draft.number = last.record.number + 1;
        draft.previous = BTreeSet::from([last.id]).try_into().unwrap();
    }
    secret.sign_clear(draft, &Clear::Statement(statement)).unwrap().into_inner()
}

fn members(world: &mut World) -> BTreeSet<MemberId> {
    world.alice.engine().permission().members.keys().copied().collect()
}

#[test]
fn g01_members_and_devices_that_a_relay_and_a_friend_of_it_invent_are_none_and_get_nothing() {
    let mut world = World::new();
    let (stranger, nonce) = (stranger(), [9; 32]);
    let invitation = InvitationId([9; 16]);
    let commitment = hash("invitation nonce", &[&nonce]);
    let device = stranger.device();
    let invented = [
        Statement::Invite { invitation, commitment },
        Statement::Admit { invitation, device: device.clone(), nonce },
    ];
    let mut packs: Vec<Pack> = invented.iter().map(|claim| state(&mut world, &stranger, claim)).collect();
    // A coordinator, who is no admin, says that the reader has another device.
    let (carol, member) = (secret_of(&world.carol), world.bob.engine().member());
    packs.push(state(&mut world, &carol, &Statement::AddDevice { member, device }));
    let before = members(&mut world);
    pull(&mut world, Behaviour::Invent(packs)).unwrap();
    assert_eq!(members(&mut world), before);
    assert!(world.alice.engine().permission().device(stranger.id()).is_none());
    let member = stranger.device().first_member();
    let public = Stream::Public.id(world.alice.engine().programme());
    let bundle = world.alice.work(|engine| engine.export(For::Member(member))).unwrap();
    assert!(read(&bundle).unwrap().packs.iter().all(|pack| pack.header().stream == public));
    review(&mut world, 0, "4");
    converge(&mut world, 1);
    assert_eq!(opens(&mut world, &stranger), 0);
}

#[test]
fn k02_keys_go_to_no_device_that_a_relay_invents() {
    let mut world = World::new();
    let (stranger, member) = (stranger(), world.bob.engine().member());
    let device = stranger.device();
    let claims = [
        Statement::AddDevice { member, device: device.clone() },
        Statement::Admit { invitation: InvitationId([1; 16]), device, nonce: [0; 32] },
    ];
    let invented: Vec<Pack> = claims.iter().map(|claim| state(&mut world, &stranger, claim)).collect();
    pull(&mut world, Behaviour::Invent(invented)).unwrap();
    assert!(world.alice.engine().permission().device(stranger.id()).is_none());
    // New keys for everything there is, after that.
    let enrol = |alice: &mut tessera_engine::Engine<_>| {
        homes::enrol(alice, MemoryStore::default(), "dave", Roles::default(), vec![])
    };
    let dave = world.alice.work(enrol).unwrap();
    let application = world.applications[0];
    world.alice.work(|alice| homes::assign(alice, &dave, &[application])).unwrap();
    through(&mut world.alice, &world.hostile).unwrap();
    world.alice.work(|alice| alice.remove(dave.member())).unwrap();
    through(&mut world.alice, &world.hostile).unwrap();
    through(&mut world.bob, &world.hostile).unwrap();
    review(&mut world, 0, "4");
    converge(&mut world, 1);
    // Everything that the relay ever saw, with the keys of the reader and with those that it invented.
    let bob = secret_of(&world.bob);
    assert!(opens(&mut world, &bob) > 0);
    assert_eq!(opens(&mut world, &stranger), 0);
}

fn secret_of(session: &Session) -> DeviceSecret {
    let identity = session.home().identity().unwrap();
    open_identity(&identity, &Passphrase::new(PASSPHRASE), Cost::Demo).unwrap()
}

/// How many welcomes of those that the relay saw a device can open.
fn opens(world: &mut World, secret: &DeviceSecret) -> usize {
    let packs = world.hostile.all_seen();
    let permission = world.alice.engine().permission();
    let welcomes = packs.iter().filter(|pack| pack.header().kind == PackKind::Welcome);
    let checked = welcomes.filter_map(|pack| {
        let key = permission.signing_key(pack.header().device)?;
        pack.clone().verify(key).ok()
    });
    checked.filter(|pack| open_welcome(secret, pack).is_ok()).count()
}

/// Number and key of the newest pack of what the changed member submitted, as the relay saw it.
fn newest(world: &World) -> (u64, KeyId) {
    let stream = Stream::Reviews(world.mallory.home.member()).id(world.mallory.home.programme());
    let packs = world.hostile.all_seen();
    let headers = packs.iter().map(Pack::header);
    let submitted = headers.filter(|header| header.kind == PackKind::Items && header.stream == stream);
    submitted.map(|header| (header.number, header.key)).max_by_key(|(number, _)| *number).unwrap()
}

#[test]
fn old_welcomes_bring_no_older_key_back() {
    let mut world = World::new();
    // Filled again by a reader, the relay has seen what she wrote so far, and the keys that she gave for it.
    world.hostile.tell(Behaviour::RollBack);
    sync(&mut world.mallory.home, world.hostile.place()).unwrap();
    world.hostile.tell(Behaviour::Honest);
    let (first, old) = newest(&world);
    // She hears that one of the coordinators is out, and makes another key.
    let carol = world.carol.engine().member();
    world.alice.work(|alice| alice.remove(carol)).unwrap();
    through(&mut world.alice, &world.hostile).unwrap();
    let application = world.applications[1];
    sync(&mut world.mallory.home, world.hostile.place()).unwrap();
    homes::review(&mut world.mallory.home, application, "3").unwrap();
    sync(&mut world.mallory.home, world.hostile.place()).unwrap();
    let (second, new) = newest(&world);
    assert!(second > first && new != old);
    through(&mut world.alice, &world.hostile).unwrap();
    world.hostile.tell(Behaviour::OldWelcomes);
    let report = sync(&mut world.mallory.home, world.hostile.place()).unwrap();
    assert!(world.hostile.played() > 1 && report.refused == 0, "{report:?}");
    through(&mut world.alice, &world.hostile).unwrap();
    world.hostile.tell(Behaviour::Honest);
    homes::amend(&mut world.mallory.home, application, "4").unwrap();
    sync(&mut world.mallory.home, world.hostile.place()).unwrap();
    let (third, still) = newest(&world);
    assert!(third > second && still == new, "what is written afterwards is under the newest key");
    through(&mut world.alice, &world.hostile).unwrap();
    assert_eq!(world.alice.work(homes::counted).unwrap(), 2);
    assert_eq!(world.alice.work(|alice| alice.verify()).unwrap().differences, []);
}
