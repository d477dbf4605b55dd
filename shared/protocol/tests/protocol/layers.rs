//! Statements: who may make which, and what each comes to.

use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::Hash;
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::{Incarnation, InvitationId, PackId, RoundId, StreamId};
use tessera_protocol::permission::{Permission, Progress, Standing, Unjudged, Why};
use tessera_protocol::statement::{Statement, Target};
use tessera_protocol::stream::Stream;

use super::kit::*;

fn none() -> Frontier {
    Frontier::default()
}

/// Two admins, coordinators 11 and 12, members 40 and 41; 41 has a second device, 51.
fn world() -> World {
    let mut world = World::usual(2);
    world.enrol(Key(11), Key(40));
    world.enrol(Key(11), Key(41));
    world.add_device(Key(41), Key(41), Key(51));
    world
}

/// One of each kind of statement, aimed at member 41, its device 51, or a third thing.
fn each_kind(world: &World) -> Vec<(&'static str, Statement)> {
    let member = Key(41).member();
    let invitation = InvitationId([77; 16]);
    let streams = std::collections::BTreeSet::from([StreamId([1; 16])]);
    let cut = world.cut(&[Key(41)]);
    vec![
        ("invite", Statement::Invite { invitation, commitment: Hash([1; 32]) }),
        (
            "admit",
            // On the invitation of 40, whose nonce is known by then.
            Statement::Admit {
                invitation: InvitationId([40; 16]),
                device: Key(60).device(),
                nonce: [40; 32],
            },
        ),
        ("suspend", Statement::Suspend { target: Target::Member(member), cut: cut.clone() }),
        ("suspend a device", Statement::Suspend { target: Target::Device(Key(51).id()), cut: cut.clone() }),
        ("remove", Statement::Remove { member, cut: cut.clone() }),
        ("add a device", Statement::AddDevice { member, device: Key(61).device() }),
        (
            "remove a device",
            Statement::RemoveDevice { device: Key(51).id(), cut: cut.clone(), keep: Default::default() },
        ),
        ("close", Statement::Close { round: RoundId([2; 16]), frontier: cut }),
        (
            "final list",
            Statement::FinalList {
                list: Hash([3; 32]),
                predecessor: None,
                holder: Key(11).id(),
                ballots: Default::default(),
            },
        ),
        ("erase", Statement::Erase { streams: streams.try_into().unwrap(), attachments: Default::default() }),
    ]
}

#[test]
fn g01_who_may_state_what() {
    let world = world();
    let before = world.permission();
    let check = |who: u32, may: &[&str]| {
        for (name, statement) in each_kind(&world) {
            let mut world = world.clone();
            let pack = world.state(Key(who), &statement);
            let (permission, _, refused) = Permission::gather(world.programme, world.packs.clone());
            let counted = permission.verdicts.get(&pack) == Some(&Counted);
            assert_eq!(counted, may.contains(&name), "{who}: {name}");
            if !counted {
                // No trace but the verdict.
                assert_eq!(permission.members, before.members, "{who}: {name}");
                assert_eq!(permission.invitations, before.invitations, "{who}: {name}");
                assert_eq!(permission.closes, before.closes, "{who}: {name}");
                assert_eq!(permission.erased, before.erased, "{who}: {name}");
                assert_eq!(permission.final_lists, before.final_lists, "{who}: {name}");
                assert!(!permission.read_only());
            }
            assert_eq!(refused.len(), usize::from(who == 66), "{who}: {name}");
        }
    };
    let admins =
        ["invite", "admit", "suspend", "suspend a device", "remove", "add a device", "remove a device"];
    check(1, &admins);
    check(11, &["invite", "admit", "close", "final list", "erase"]);
    check(40, &[]);
    check(41, &["add a device", "remove a device"]);
    check(51, &["add a device", "remove a device"]);
    check(66, &[]);
}

#[test]
fn g04_admins_have_no_power_over_admins_but_by_charter() {
    let mut world = world();
    let before = world.permission();
    let attempts = [
        world.remove(Key(1), Key(2), none()),
        world.suspend(Key(1), Key(2), none()),
        world.remove_device(Key(1), Key(2), none(), &[]),
        world.add_device(Key(1), Key(2), Key(62)),
    ];
    let permission = world.permission();
    assert_eq!(permission.members, before.members);
    for attempt in attempts {
        let refused = [ignored(Why::SameLayer), ignored(Why::NotYours)];
        assert!(refused.contains(&verdict(&permission, attempt)));
    }
}

#[test]
fn a_removal_needs_as_many_admins_as_the_charter_says() {
    let mut world = World::usual(4);
    let genesis = world.genesis;
    world.enrol(Key(11), Key(40));
    world.link(&[genesis], vec![removal_threshold(3)], &[Key(1), Key(2), Key(3)]);
    let first = world.remove(Key(1), Key(40), none());
    // The same admin again, and a coordinator, add nothing.
    world.remove(Key(1), Key(40), none());
    world.remove(Key(11), Key(40), none());
    world.remove(Key(2), Key(40), none());
    let permission = world.permission();
    assert_eq!(standing(&permission, Key(40)), Some(Standing::Active));
    assert_eq!(verdict(&permission, first), ignored(Why::TooFew { signed: 2, needed: 3 }));
    world.remove(Key(4), Key(40), none());
    let permission = world.permission();
    assert_eq!(standing(&permission, Key(40)), Some(Standing::Removed));
    assert_eq!(verdict(&permission, first), Counted);
    assert!(!is_active(&permission, Key(40)));
}

#[test]
fn a_threshold_above_the_number_of_admins_means_all_of_them() {
    let mut world = World::usual(2);
    let genesis = world.genesis;
    world.enrol(Key(11), Key(40));
    world.link(&[genesis], vec![removal_threshold(900)], &[Key(1), Key(2)]);
    world.remove(Key(1), Key(40), none());
    assert_eq!(standing(&world.permission(), Key(40)), Some(Standing::Active));
    world.remove(Key(2), Key(40), none());
    assert_eq!(standing(&world.permission(), Key(40)), Some(Standing::Removed));
}

#[test]
fn g10_removal_is_final_and_the_person_returns_as_somebody_else() {
    let mut world = world();
    let removal = world.remove(Key(1), Key(40), none());
    // Neither a lift, nor another admission with the same keys, nor an admin's word undoes it.
    world.lift(Key(1), removal);
    world.invite(Key(1), 90);
    world.admit(Key(1), 90, Key(40));
    world.add_device(Key(1), Key(40), Key(63));
    let permission = world.permission();
    assert_eq!(standing(&permission, Key(40)), Some(Standing::Removed));
    assert!(!is_active(&permission, Key(40)) && !is_active(&permission, Key(63)));
    // New keys, a new member.
    world.invite(Key(1), 91);
    world.admit(Key(1), 91, Key(64));
    let permission = world.permission();
    assert_eq!(standing(&permission, Key(64)), Some(Standing::Active));
    assert_eq!(standing(&permission, Key(40)), Some(Standing::Removed));
    assert_ne!(Key(64).member(), Key(40).member());
}

#[test]
fn a_lift_undoes_the_suspension_that_it_names_and_no_other() {
    let mut world = world();
    let one = world.suspend(Key(1), Key(40), none());
    let two = world.suspend(Key(2), Key(40), none());
    assert_eq!(standing(&world.permission(), Key(40)), Some(Standing::Suspended));
    world.lift(Key(2), one);
    let permission = world.permission();
    assert_eq!(standing(&permission, Key(40)), Some(Standing::Suspended));
    assert_eq!(verdict(&permission, one), ignored(Why::Lifted));
    // Only an admin lifts.
    let by_coordinator = world.lift(Key(11), two);
    let by_member = world.lift(Key(40), two);
    let permission = world.permission();
    assert_eq!(standing(&permission, Key(40)), Some(Standing::Suspended));
    for lift in [by_coordinator, by_member] {
        assert_eq!(verdict(&permission, lift), ignored(Why::NoAuthority));
    }
    world.lift(Key(1), two);
    let permission = world.permission();
    assert_eq!(standing(&permission, Key(40)), Some(Standing::Active));
    assert!(is_active(&permission, Key(40)));
}

#[test]
fn g07_what_the_removed_state_counts_inside_the_cut_alone() {
    let mut world = world();
    world.add_device(Key(40), Key(40), Key(50));
    let cut = world.cut(&[Key(40)]);
    let late = world.add_device(Key(40), Key(40), Key(52));
    let suspension = world.suspend(Key(1), Key(40), cut);
    let permission = world.permission();
    assert_eq!(verdict(&permission, late), ignored(Why::OutsideCut));
    assert!(permission.device(Key(52).id()).is_none());
    assert!(permission.device(Key(50).id()).is_some());
    // With the lift it counts.
    world.lift(Key(1), suspension);
    assert!(is_active(&world.permission(), Key(52)));
}

#[test]
fn several_cuts_unite() {
    let mut world = world();
    world.add_device(Key(40), Key(40), Key(50));
    let early = world.cut(&[Key(40)]);
    world.add_device(Key(40), Key(40), Key(52));
    let later = world.cut(&[Key(40)]);
    world.remove(Key(1), Key(40), early);
    assert!(world.permission().device(Key(52).id()).is_none());
    world.remove(Key(2), Key(40), later);
    let permission = world.permission();
    assert!(permission.device(Key(52).id()).is_some());
    assert!(!is_active(&permission, Key(52)));
}

#[test]
fn g08_with_a_person_go_all_devices_and_open_invitations() {
    let mut world = world();
    // Coordinator 12 has a second device by the charter and has invited.
    let open = world.invite(Key(12), 80);
    world.add_device(Key(41), Key(41), Key(55));
    world.add_device(Key(55), Key(41), Key(56));
    world.remove(Key(1), Key(41), none());
    world.remove(Key(1), Key(12), world.cut(&[Key(12)]));
    let permission = world.permission();
    for device in [41, 51, 55, 56, 12] {
        assert!(!is_active(&permission, Key(device)), "{device}");
    }
    assert_eq!(verdict(&permission, open), Counted);
    let invitation = &permission.invitations[&InvitationId([80; 16])];
    assert_eq!(invitation.progress, Progress::Withdrawn);
}

#[test]
fn g08_with_a_device_go_those_that_only_it_added_unless_kept() {
    let base = {
        let mut world = world();
        world.add_device(Key(51), Key(41), Key(55));
        world.add_device(Key(55), Key(41), Key(56));
        world.add_device(Key(51), Key(41), Key(57));
        world
    };
    let check = |keep: &[Key], more: &dyn Fn(&mut World), active: &[u32]| {
        let mut world = base.clone();
        more(&mut world);
        let cut = world.cut(&[Key(51)]);
        world.remove_device(Key(1), Key(51), cut, keep);
        let permission = world.permission();
        let found: Vec<u32> =
            [41, 51, 55, 56, 57].into_iter().filter(|device| is_active(&permission, Key(*device))).collect();
        assert_eq!(found, active);
    };
    check(&[], &|_| (), &[41]);
    check(&[Key(55)], &|_| (), &[41, 55, 56]);
    check(&[Key(55), Key(57)], &|_| (), &[41, 55, 56, 57]);
    // A device that another one added too stays.
    let also = |world: &mut World| {
        world.add_device(Key(41), Key(41), Key(57));
    };
    check(&[], &also, &[41, 57]);
    // What was added outside the cut stays where every removal keeps it.
    let late = |removals: &[&[Key]], stays: bool| {
        let mut world = world();
        let cut = world.cut(&[Key(51)]);
        let added = world.add_device(Key(51), Key(41), Key(58));
        for keep in removals {
            world.remove_device(Key(1), Key(51), cut.clone(), keep);
        }
        let permission = world.permission();
        assert_eq!(is_active(&permission, Key(58)), stays, "{removals:?}");
        let expected = if stays { Counted } else { ignored(Why::OutsideCut) };
        assert_eq!(verdict(&permission, added), expected);
    };
    late(&[], true);
    late(&[&[Key(58)]], true);
    late(&[&[]], false);
    late(&[&[Key(58)], &[]], false);
}

#[test]
fn g11_two_admissions_on_one_invitation_suspend_both_until_one_is_removed() {
    let mut world = World::usual(1);
    world.enrol(Key(11), Key(40));
    let invitation = InvitationId([40; 16]);
    world.admit(Key(12), 40, Key(66));
    let permission = world.permission();
    for person in [40, 66] {
        assert_eq!(standing(&permission, Key(person)), Some(Standing::Suspended), "{person}");
        assert!(!is_active(&permission, Key(person)));
    }
    assert_eq!(permission.invitations[&invitation].progress, Progress::Contested);
    world.remove(Key(1), Key(66), none());
    let permission = world.permission();
    assert_eq!(standing(&permission, Key(40)), Some(Standing::Active));
    assert_eq!(standing(&permission, Key(66)), Some(Standing::Removed));
    assert_eq!(permission.invitations[&invitation].progress, Progress::Used);
    // The same admission twice is no contest.
    let mut world = World::usual(1);
    world.enrol(Key(11), Key(40));
    world.admit(Key(12), 40, Key(40));
    assert_eq!(standing(&world.permission(), Key(40)), Some(Standing::Active));
}

#[test]
fn g13_an_admission_must_reveal_the_nonce_that_the_invitation_committed_to() {
    let mut world = World::usual(1);
    world.invite(Key(11), 40);
    let wrong =
        Statement::Admit { invitation: InvitationId([40; 16]), device: Key(40).device(), nonce: [41; 32] };
    let wrong = world.state(Key(11), &wrong);
    let uninvited = world.admit(Key(11), 41, Key(41));
    let permission = world.permission();
    assert_eq!(verdict(&permission, wrong), ignored(Why::WrongNonce));
    assert_eq!(verdict(&permission, uninvited), ignored(Why::NoInvitation));
    assert_eq!(standing(&permission, Key(40)), None);
    // Invitation and admission may come in any order and from different people.
    world.invite(Key(12), 41);
    assert_eq!(standing(&world.permission(), Key(41)), Some(Standing::Active));
}

#[test]
fn a_device_belongs_to_one_member() {
    let mut world = world();
    // 40 claims a device of 41, and the other way round a new one is claimed by both.
    let taken = world.add_device(Key(40), Key(40), Key(41));
    let one = world.add_device(Key(40), Key(40), Key(70));
    let other = world.add_device(Key(41), Key(41), Key(70));
    let permission = world.permission();
    assert_eq!(verdict(&permission, taken), ignored(Why::DeviceTaken));
    assert_eq!(verdict(&permission, one), ignored(Why::ClaimedTwice));
    assert_eq!(verdict(&permission, other), ignored(Why::ClaimedTwice));
    assert!(permission.device(Key(70).id()).is_none());
    assert_eq!(permission.device(Key(41).id()).map(|(member, _)| member), Some(Key(41).member()));
    // An admin says whose it is.
    world.add_device(Key(1), Key(41), Key(70));
    let permission = world.permission();
    assert_eq!(permission.device(Key(70).id()).map(|(member, _)| member), Some(Key(41).member()));
}

#[test]
fn only_devices_that_the_charter_names_act_with_a_role() {
    let mut world = World::usual(2);
    let genesis = world.genesis;
    world.add_device(Key(1), Key(1), Key(71));
    world.add_device(Key(11), Key(11), Key(72));
    world.enrol(Key(11), Key(40));
    let removal = world.remove(Key(71), Key(40), none());
    let close = world.state(Key(72), &Statement::Close { round: RoundId([1; 16]), frontier: none() });
    world.link(&[genesis], vec![add(Key(66), ADMIN)], &[Key(71), Key(1)]);
    let permission = world.permission();
    assert!(is_active(&permission, Key(71)) && is_active(&permission, Key(72)));
    assert_eq!(verdict(&permission, removal), ignored(Why::NoAuthority));
    assert_eq!(verdict(&permission, close), ignored(Why::NoAuthority));
    assert!(!permission.is_admin(Key(66).member()));
}

#[test]
fn closes_of_one_round_unite() {
    let mut world = world();
    let round = RoundId([5; 16]);
    let mut close = |who: u32, tip: u8| {
        let mut frontier = none();
        frontier.insert((StreamId([1; 16]), Key(40).id()), PackId([tip; 32]));
        world.state(Key(who), &Statement::Close { round, frontier })
    };
    close(11, 1);
    close(12, 2);
    let closed = &world.permission().closes[&round];
    assert_eq!(closed.tips((StreamId([1; 16]), Key(40).id())).count(), 2);
}

#[test]
fn i08_doubled_statements_end_that_devices_power_from_there_on() {
    let mut world = World::usual(2);
    world.enrol(Key(11), Key(40));
    world.invite(Key(1), 81);
    let fork = world.invite(Key(1), 82);
    let third = world.suspend(Key(1), Key(40), none());
    world.rewind(Key(1), Some(fork));
    let doubled = world.invite(Key(1), 83);
    let after = world.invite(Key(1), 84);
    let permission = world.permission();
    assert_eq!(verdict(&permission, fork), Counted);
    for pack in [third, doubled, after] {
        assert_eq!(verdict(&permission, pack), ignored(Why::Doubled));
    }
    assert_eq!(standing(&permission, Key(40)), Some(Standing::Active));
    let proof = (Key(1).id(), Incarnation([1; 8]), 4);
    assert_eq!(permission.doubled, [proof].into());
    // Nobody else is touched; the admin stays an admin until the charter says otherwise.
    assert!(permission.is_admin(Key(1).member()));
    world.suspend(Key(2), Key(40), none());
    assert_eq!(standing(&world.permission(), Key(40)), Some(Standing::Suspended));
}

#[test]
fn i08_a_thief_who_doubles_outside_the_cut_voids_nothing_inside() {
    let mut world = World::usual(3);
    let genesis = world.genesis;
    world.enrol(Key(1), Key(40));
    let safe = world.cut(&[Key(1)]);
    let genesis_pack = world.packs[0].id();
    world.rewind(Key(1), Some(genesis_pack));
    world.invite(Key(1), 99);
    assert_eq!(standing(&world.permission(), Key(40)), None);
    let drop = vec![drop_roles(Key(1), ADMIN, safe)];
    world.link(&[genesis], drop, &[Key(2), Key(3)]);
    assert_eq!(standing(&world.permission(), Key(40)), Some(Standing::Active));
}

#[test]
fn i09_numbers_that_contradict_what_they_follow_have_no_effect() {
    let mut world = World::usual(1);
    let first = world.packs[0].id();
    let suspension = Statement::Invite { invitation: InvitationId([5; 16]), commitment: Hash([1; 32]) };
    use tessera_protocol::codec::Wire;
    let mut follow = |number: u64, previous: &[PackId], key: Key| {
        let mut header = header(world.programme, Stream::Public, PackKind::Statement, key);
        header.number = number;
        let previous: std::collections::BTreeSet<_> = previous.iter().copied().collect();
        header.previous = previous.try_into().unwrap();
        let pack = seal(header, suspension.to_bytes(), key);
        let id = pack.id();
        world.packs.push(pack);
        (verdict(&world.permission(), id), world.packs.pop()).0
    };
    let unknown = PackId([0xee; 32]);
    assert_eq!(follow(2, &[first], Key(1)), Counted);
    assert_eq!(follow(3, &[first], Key(1)), ignored(Why::BadNumber));
    assert_eq!(follow(u64::MAX, &[first], Key(1)), ignored(Why::BadNumber));
    // What it follows is another device's.
    assert_eq!(follow(2, &[first], Key(11)), ignored(Why::BadNumber));
    // A gap decides nothing: what it follows may still come.
    assert_eq!(follow(7, &[unknown], Key(1)), Counted);
    assert_eq!(follow(9, &[first, unknown], Key(1)), Counted);
}

#[test]
fn f14_an_unknown_statement_makes_read_only_where_its_signer_could_have_meant_us() {
    let unknown = Statement::Unknown { code: 99, body: vec![1].try_into().unwrap() };
    for (who, read_only) in [(1, true), (11, true), (40, false), (66, false)] {
        let mut world = world();
        let pack = world.state(Key(who), &unknown);
        let permission = world.permission();
        assert_eq!(permission.read_only(), read_only, "{who}");
        if read_only {
            assert_eq!(permission.unjudged, [Unjudged::Statement(pack)].into());
            assert_eq!(verdict(&permission, pack), ignored(Why::UnknownKind));
        }
        // The rest is judged all the same.
        assert_eq!(standing(&permission, Key(40)), Some(Standing::Active));
    }
}

#[test]
fn f14_an_unknown_kind_of_pack_makes_read_only_where_its_signer_has_a_role() {
    for (who, read_only) in [(1, true), (11, true), (40, false)] {
        let mut world = world();
        let pack = world.publish(Key(who), PackKind::Unknown(77), b"from the future".to_vec());
        let permission = world.permission();
        let expected = read_only.then_some(Unjudged::Pack(pack));
        assert_eq!(
            permission.unjudged.iter().copied().collect::<Vec<_>>(),
            Vec::from_iter(expected),
            "{who}"
        );
        assert_eq!(verdict(&permission, pack), ignored(Why::UnknownKind));
    }
}

#[test]
fn bodies_that_do_not_decode_are_kept_and_mean_nothing() {
    let mut world = world();
    let before = world.permission();
    for kind in [PackKind::Statement, PackKind::Link] {
        let pack = world.publish(Key(1), kind, vec![5, 1]);
        assert_eq!(verdict(&world.permission(), pack), ignored(Why::Malformed));
    }
    assert_eq!(world.permission().members, before.members);
}

#[test]
fn g21_g27_a_signer_has_a_quota_and_others_do_not_feel_it() {
    let mut world = World::usual(1);
    let mut last = PackId([0; 32]);
    let most = tessera_protocol::limits::STATEMENTS_PER_SIGNER;
    for number in 0..=most {
        let mut invitation = [0; 16];
        invitation[..8].copy_from_slice(&(number as u64).to_le_bytes());
        let invite = Statement::Invite { invitation: InvitationId(invitation), commitment: Hash([1; 32]) };
        last = world.state(Key(11), &invite);
    }
    world.enrol(Key(12), Key(40));
    let permission = world.permission();
    assert_eq!(verdict(&permission, last), ignored(Why::OverQuota));
    let counted = permission.verdicts.values().filter(|verdict| **verdict == Counted).count();
    // The signatures under the genesis, the quota, and what 12 did.
    assert_eq!(counted, 1 + most + 2);
    assert_eq!(standing(&permission, Key(40)), Some(Standing::Active));
}
