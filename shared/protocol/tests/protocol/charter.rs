//! Which links count.

use tessera_protocol::charter::Change;
use tessera_protocol::frontier::Frontier;
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::{LinkId, ProgrammeId};
use tessera_protocol::pack::Pack;
use tessera_protocol::permission::{Fault, Permission, Unjudged, Why};

use super::kit::*;

fn none() -> Frontier {
    Frontier::default()
}

#[test]
fn the_genesis_counts_when_most_of_its_admins_signed() {
    let founders = [Key(1), Key(2), Key(3)];
    for (signers, founded) in [(1, false), (2, true), (3, true)] {
        let world = World::found(founders.map(|key| add(key, ADMIN)).to_vec(), &founders[..signers]);
        let permission = world.permission();
        assert_eq!(permission.charter.tips.contains(&world.genesis), founded, "{signers} signers");
        assert_eq!(permission.members.len(), if founded { 3 } else { 0 });
        assert_eq!(permission.charter.pending.contains_key(&world.genesis), !founded);
    }
}

#[test]
fn a_founder_whose_id_follows_from_no_device_is_none() {
    let stranger = Change::Add {
        member: Key(99).member(),
        roles: ADMIN,
        devices: vec![Key(2).device()].try_into().unwrap(),
    };
    let world = World::found(vec![add(Key(1), ADMIN), stranger], &[Key(1)]);
    let permission = world.permission();
    assert_eq!(permission.charter.powers.admins().collect::<Vec<_>>(), [Key(1).member()]);
    assert!(permission.charter.faults[&world.genesis].contains(&Fault::NoSuchMember(Key(99).member())));
}

#[test]
fn g04_a_single_admin_changes_nothing_in_the_charter() {
    let mut world = World::usual(3);
    let genesis = world.genesis;
    let attempts = [
        vec![add(Key(66), ADMIN)],
        vec![add(Key(66), COORDINATOR)],
        vec![drop_roles(Key(2), ADMIN, none()), drop_roles(Key(3), ADMIN, none())],
        vec![removal_threshold(1)],
        vec![Change::AddDevice { member: Key(2).member(), device: Key(66).device() }],
    ];
    let before = world.permission();
    let links: Vec<LinkId> =
        attempts.into_iter().map(|changes| world.link(&[genesis], changes, &[Key(1)])).collect();
    let after = world.permission();
    assert_eq!(after.charter.powers, before.charter.powers);
    assert_eq!(after.members, before.members);
    for link in links {
        assert_eq!(after.charter.pending[&link].signed.len(), 1);
        assert_eq!(after.charter.pending[&link].needed, Some(2));
    }
}

#[test]
fn g04_the_only_admin_is_the_majority() {
    let mut world = World::usual(1);
    let genesis = world.genesis;
    world.link(&[genesis], vec![add(Key(2), ADMIN)], &[Key(1)]);
    assert!(world.permission().is_admin(Key(2).member()));
}

#[test]
fn g04_coordinators_and_strangers_sign_no_link() {
    let mut world = World::usual(1);
    let genesis = world.genesis;
    let link = world.link(&[genesis], vec![add(Key(66), ADMIN)], &[Key(11), Key(12), Key(66)]);
    let permission = world.permission();
    assert!(!permission.charter.counted.contains_key(&link));
    assert!(!permission.charter.pending.contains_key(&link));
    assert!(!permission.charter.void.contains(&link));
}

#[test]
fn g05_two_pairs_of_four_complete_nothing() {
    let mut world = World::usual(4);
    let genesis = world.genesis;
    let drop_others = |keep: [u32; 2]| {
        let others = (1..=4).filter(|n| !keep.contains(n));
        others.map(|n| drop_roles(Key(n), ADMIN, none())).collect::<Vec<_>>()
    };
    world.link(&[genesis], drop_others([1, 2]), &[Key(1), Key(2)]);
    world.link(&[genesis], drop_others([3, 4]), &[Key(3), Key(4)]);
    let permission = world.permission();
    assert_eq!(permission.charter.powers.admins().count(), 4);
    assert_eq!(permission.charter.pending.len(), 2);
    assert!(!permission.charter.frozen);
}

#[test]
fn g05_completed_siblings_count_together_and_removal_wins() {
    let mut world = World::usual(3);
    let genesis = world.genesis;
    let give = world.link(&[genesis], vec![add(Key(4), BOTH), removal_threshold(1)], &[Key(1), Key(2)]);
    let take = world.link(
        &[genesis],
        vec![drop_roles(Key(4), COORDINATOR, none()), removal_threshold(2)],
        &[Key(2), Key(3)],
    );
    let permission = world.permission();
    assert_eq!(permission.charter.tips, [give, take].into());
    assert_eq!(permission.charter.powers.roles(Key(4).member()), ADMIN);
    assert_eq!(permission.charter.powers.removal_threshold(), 2);
    // What was dropped is dropped for ever; a threshold can be set anew.
    world.link(&[give, take], vec![add(Key(4), BOTH), removal_threshold(1)], &[Key(1), Key(2), Key(3)]);
    let permission = world.permission();
    assert_eq!(permission.charter.powers.roles(Key(4).member()), ADMIN);
    assert_eq!(permission.charter.powers.removal_threshold(), 1);
}

#[test]
fn g03_rival_lines_both_built_upon_freeze_the_charter() {
    let mut world = World::usual(3);
    let genesis = world.genesis;
    let one = world.link(&[genesis], vec![add(Key(21), COORDINATOR)], &[Key(1), Key(2)]);
    let two = world.link(&[genesis], vec![add(Key(22), COORDINATOR)], &[Key(2), Key(3)]);
    assert!(!world.permission().charter.frozen);
    world.link(&[one], vec![add(Key(31), COORDINATOR)], &[Key(1), Key(2)]);
    assert!(!world.permission().charter.frozen);
    world.link(&[two], vec![add(Key(32), COORDINATOR)], &[Key(2), Key(3)]);
    let permission = world.permission();
    assert!(permission.charter.frozen);
    let coordinators: Vec<_> = permission.charter.powers.coordinators().collect();
    let expected = [11, 12, 21, 22].map(|n| Key(n).member());
    assert_eq!(coordinators.len(), expected.len());
    assert!(expected.iter().all(|member| coordinators.contains(member)));
    // Other work goes on.
    world.enrol(Key(11), Key(40));
    assert!(is_active(&world.permission(), Key(40)));
}

#[test]
fn g03_no_admin_left_freezes_the_charter() {
    let mut world = World::usual(1);
    let genesis = world.genesis;
    world.link(&[genesis], vec![drop_roles(Key(1), ADMIN, none())], &[Key(1)]);
    assert!(world.permission().charter.frozen);
}

#[test]
fn g24_a_completed_link_that_was_hidden_is_void() {
    let mut world = World::usual(3);
    let genesis = world.genesis;
    let mut hidden = world.clone();
    let secret = hidden.link(&[genesis], vec![add(Key(66), BOTH)], &[Key(1), Key(2)]);
    let child = hidden.link(&[secret], vec![add(Key(67), BOTH)], &[Key(1), Key(66)]);
    assert!(hidden.permission().is_admin(Key(66).member()));
    let open = world.link(&[genesis], vec![add(Key(4), ADMIN)], &[Key(2), Key(3)]);
    world.link(&[open], vec![add(Key(5), ADMIN)], &[Key(2), Key(3), Key(4)]);
    let alone = world.permission();
    // The link alone comes late: void.
    let mut late = world.clone();
    late.packs.extend(hidden.packs.iter().filter(|pack| pack.body() != body_of(&hidden, child)).cloned());
    let permission = late.permission();
    assert!(permission.charter.void.contains(&secret));
    assert_eq!(permission.charter.powers, alone.charter.powers);
    assert!(!permission.is_admin(Key(66).member()));
}

fn body_of(world: &World, link: LinkId) -> &[u8] {
    use tessera_protocol::charter::Link;
    use tessera_protocol::codec::Wire;
    let is = |body: &[u8]| Link::from_bytes(body).is_ok_and(|read| read.id() == link);
    world.packs.iter().map(|pack| pack.body()).find(|body| is(body)).unwrap()
}

#[test]
fn g22_signatures_collected_in_any_order_and_by_any_road_count() {
    let mut world = World::usual(3);
    let genesis = world.genesis;
    let next = link(&[genesis], vec![add(Key(4), ADMIN)]);
    let after = link(&[next.id()], vec![add(Key(5), COORDINATOR)]);
    // The later link is signed first; each signature comes after other work.
    world.sign(&after, &[Key(3)]);
    world.enrol(Key(11), Key(40));
    world.sign(&after, &[Key(2), Key(4)]);
    assert!(!world.permission().is_coordinator(Key(5).member()));
    world.sign(&next, &[Key(1)]);
    world.enrol(Key(1), Key(41));
    assert!(!world.permission().is_admin(Key(4).member()));
    world.sign(&next, &[Key(2)]);
    let permission = world.permission();
    assert!(permission.is_admin(Key(4).member()));
    assert!(permission.is_coordinator(Key(5).member()));
    let mut reversed = world.clone();
    reversed.packs.reverse();
    assert_eq!(reversed.permission(), permission);
}

#[test]
fn g06_a_signature_counts_for_its_link_and_programme_alone() {
    let mut one = World::usual(1);
    let mut other = World::found(vec![add(Key(1), ADMIN), add(Key(12), COORDINATOR)], &[Key(1)]);
    assert_ne!(one.programme, other.programme);
    let genesis = one.genesis;
    one.link(&[genesis], vec![add(Key(4), ADMIN)], &[Key(1)]);
    one.enrol(Key(11), Key(40));
    let before = other.permission();
    other.packs.extend(one.packs.iter().cloned());
    let (after, checked, refused) = Permission::gather(other.programme, other.packs.clone());
    assert_eq!(after, before);
    assert_eq!((checked.len(), refused.len()), (1, one.packs.len()));
    assert!(refused.iter().all(|(_, why)| *why == Why::OtherProgramme));
    // A statement's bytes under the kind of a link, and the other way round, say nothing.
    let mut world = World::usual(1);
    let statement = one.packs.last().unwrap().body().to_vec();
    let genesis_body = world.packs[0].body().to_vec();
    let before = world.permission();
    for (kind, body) in [(PackKind::Link, statement), (PackKind::Statement, genesis_body)] {
        let pack = world.publish(Key(1), kind, body);
        assert_eq!(verdict(&world.permission(), pack), ignored(Why::Malformed));
    }
    assert_eq!(world.permission().members, before.members);
}

#[test]
fn g06_a_signature_under_another_body_is_refused() {
    let world = World::usual(1);
    let mut other = World::usual(1);
    other.enrol(Key(11), Key(40));
    let honest = other.packs.last().unwrap();
    for pack in &world.packs {
        let forge = |signature, body: &[u8]| Pack::new(honest.header().clone(), signature, body.to_vec());
        // Header and signature of one thing around the body of another.
        assert!(forge(*honest.signature(), pack.body()).is_err());
        let forged = forge(*pack.signature(), honest.body());
        let mut packs = world.packs.clone();
        packs.push(forged.unwrap());
        let (permission, _, refused) = Permission::gather(world.programme, packs);
        assert_eq!(refused.iter().map(|(_, why)| *why).collect::<Vec<_>>(), [Why::BadSignature]);
        assert_eq!(permission, world.permission());
    }
}

#[test]
fn g15_a_genesis_that_is_not_the_programmes_own_counts_for_nothing() {
    let world = World::usual(1);
    let intruder = World::found(vec![add(Key(66), BOTH)], &[Key(66)]);
    // The intruder signs its genesis again, under the first programme's id.
    let mut stolen = world.clone();
    stolen.publish(Key(66), PackKind::Link, intruder.packs[0].body().to_vec());
    let permission = stolen.permission();
    assert_eq!(permission.charter.tips, [world.genesis].into());
    assert!(permission.device(Key(66).id()).is_none());
    // And a programme's id cannot be taken: it is the start of a hash.
    let mut id = intruder.programme.0;
    id[0] ^= 1;
    let nobody = Permission::gather(ProgrammeId(id), intruder.packs).0;
    assert!(nobody.members.is_empty());
}

#[test]
fn g20_one_stolen_admin_key_changes_nothing_and_is_rotated_offline() {
    let mut world = World::usual(3);
    let genesis = world.genesis;
    world.enrol(Key(11), Key(40));
    let safe = world.cut(&[Key(1)]);
    let before = world.permission();
    // The thief tries.
    let mut thief = world.clone();
    thief.link(&[genesis], vec![add(Key(66), BOTH)], &[Key(1)]);
    thief.remove(Key(1), Key(2), none());
    thief.suspend(Key(1), Key(3), none());
    thief.add_device(Key(1), Key(2), Key(67));
    let tried = thief.permission();
    assert_eq!(tried.charter.powers, before.charter.powers);
    assert_eq!(tried.members, before.members);
    // What one admin may do alone ends with the rotation, which two sign without a network.
    thief.suspend(Key(1), Key(40), none());
    assert!(!is_active(&thief.permission(), Key(40)));
    world.link(
        &[genesis],
        vec![
            Change::DropDevice { device: Key(1).id(), cut: safe },
            Change::AddDevice { member: Key(1).member(), device: Key(5).device() },
        ],
        &[Key(2), Key(3)],
    );
    let both = world.union(&thief).permission();
    assert!(is_active(&both, Key(40)));
    assert!(!is_active(&both, Key(1)));
    assert!(both.device(Key(5).id()).unwrap().1.roles.admin);
}

#[test]
fn an_unknown_change_makes_read_only_and_the_rest_is_judged() {
    let mut world = World::usual(1);
    let genesis = world.genesis;
    let unknown = Change::Unknown { code: 200, body: vec![1, 2, 3].try_into().unwrap() };
    let link = world.link(&[genesis], vec![unknown.clone(), add(Key(4), ADMIN)], &[Key(1)]);
    let permission = world.permission();
    assert_eq!(permission.unjudged, [Unjudged::Change(link)].into());
    assert!(permission.is_admin(Key(4).member()));
    // One that does not count changes nothing.
    let mut world = World::usual(3);
    let genesis = world.genesis;
    world.link(&[genesis], vec![unknown], &[Key(1)]);
    assert!(!world.permission().read_only());
}

#[test]
fn k07_a_floor_above_what_is_known_makes_read_only() {
    let mut world = World::usual(1);
    let genesis = world.genesis;
    let raised = world.link(&[genesis], vec![Change::RaiseSuite { floor: 1 }], &[Key(1)]);
    assert!(!world.permission().read_only());
    let again = world.link(&[raised], vec![Change::RaiseSuite { floor: 2 }], &[Key(1)]);
    world.link(&[again], vec![Change::RaiseSuite { floor: 1 }], &[Key(1)]);
    let permission = world.permission();
    assert_eq!(permission.charter.powers.suite_floor, 2);
    assert_eq!(permission.unjudged, [Unjudged::Suite(2)].into());
    assert!(permission.is_admin(Key(1).member()));
}

#[test]
fn relays_and_signers_that_were_dropped_stay_dropped() {
    let mut world = World::usual(1);
    let relay = |n: u32| Change::AddRelay { key: Key(n).public(), spare: n == 91 };
    let genesis = world.genesis;
    let signer = Change::AddSigner { member: Key(1).member() };
    let one = world.link(&[genesis], vec![relay(90), relay(91), signer.clone()], &[Key(1)]);
    let permission = world.permission();
    assert_eq!(permission.charter.powers.relays.get(&Key(90).public()), Some(&false));
    assert_eq!(permission.charter.powers.relays.get(&Key(91).public()), Some(&true));
    let drop =
        vec![Change::DropRelay { key: Key(90).public() }, Change::DropSigner { member: Key(1).member() }];
    let two = world.link(&[one], drop, &[Key(1)]);
    world.link(&[two], vec![relay(90), signer], &[Key(1)]);
    let permission = world.permission();
    assert_eq!(permission.charter.powers.relays.len(), 1);
    assert!(permission.charter.powers.signers.is_empty());
}
