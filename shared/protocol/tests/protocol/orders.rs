//! The same answer for every order of arrival, and removals that nothing brings back.

use proptest::prelude::*;
use tessera_protocol::charter::Change;
use tessera_protocol::frontier::Frontier;
use tessera_protocol::ids::PackId;
use tessera_protocol::permission::{Gathering, Permission, Standing};

use super::any;
use super::kit::*;

/// What happens in a programme, told by small numbers: who, and to whom.
#[derive(Debug, Clone)]
enum Act {
    Invite(u32, u8),
    Admit(u32, u8, u32),
    AddDevice(u32, u32, u32),
    Remove(u32, u32, bool),
    RemoveDevice(u32, u32, bool),
    Suspend(u32, u32, bool),
    Lift(u32, usize),
    Link(usize, u32, u32, bool),
    Rewind(u32, usize),
}

const ADMINS: [u32; 3] = [1, 2, 3];
const COORDINATORS: [u32; 2] = [11, 12];
const PEOPLE: [u32; 4] = [40, 41, 42, 43];

fn anybody() -> impl Strategy<Value = u32> {
    let all: Vec<u32> = [&ADMINS[..], &COORDINATORS, &PEOPLE, &[66]].concat();
    prop::sample::select(all)
}

fn person() -> impl Strategy<Value = u32> {
    prop_oneof![4 => prop::sample::select(&PEOPLE[..]), 1 => anybody()]
}

fn signer() -> impl Strategy<Value = u32> {
    prop_oneof![
        3 => prop::sample::select(&ADMINS[..]),
        2 => prop::sample::select(&COORDINATORS[..]),
        1 => anybody(),
    ]
}

fn statement() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (signer(), 0_u8..6).prop_map(|(by, number)| Act::Invite(by, number)),
        4 => (signer(), 0_u8..6, person()).prop_map(|(by, number, who)| Act::Admit(by, number, who)),
        2 => (person(), person(), 50_u32..56).prop_map(|(by, whose, device)| Act::AddDevice(by, whose, device)),
        1 => (signer(), person(), 50_u32..56).prop_map(|(by, whose, device)| Act::AddDevice(by, whose, device)),
        2 => (signer(), person(), any::<bool>()).prop_map(|(by, who, cut)| Act::Remove(by, who, cut)),
        1 => (anybody(), 40_u32..56, any::<bool>()).prop_map(|(by, device, cut)| Act::RemoveDevice(by, device, cut)),
        2 => (signer(), person(), any::<bool>()).prop_map(|(by, who, cut)| Act::Suspend(by, who, cut)),
        2 => (signer(), any::<usize>()).prop_map(|(by, which)| Act::Lift(by, which)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => statement(),
        2 => (any::<usize>(), 0_u32..6, anybody(), any::<bool>())
            .prop_map(|(on, what, who, both)| Act::Link(on, what, who, both)),
        1 => (signer(), any::<usize>()).prop_map(|(who, to)| Act::Rewind(who, to)),
    ]
}

fn play(world: &mut World, acts: &[Act]) {
    let mut links = vec![world.genesis];
    for act in acts {
        match *act {
            Act::Invite(by, number) => {
                world.invite(Key(by), number);
            }
            Act::Admit(by, number, who) => {
                world.admit(Key(by), number, Key(who));
            }
            Act::AddDevice(by, whose, device) => {
                world.add_device(Key(by), Key(whose), Key(device));
            }
            Act::Remove(by, who, with_cut) => {
                let cut = cut(world, who, with_cut);
                world.remove(Key(by), Key(who), cut);
            }
            Act::RemoveDevice(by, device, with_cut) => {
                let cut = cut(world, device, with_cut);
                world.remove_device(Key(by), Key(device), cut, &[Key(50)]);
            }
            Act::Suspend(by, who, with_cut) => {
                let cut = cut(world, who, with_cut);
                world.suspend(Key(by), Key(who), cut);
            }
            Act::Lift(by, which) => {
                let pack = world.packs[which % world.packs.len()].id();
                world.lift(Key(by), pack);
            }
            Act::Link(on, what, who, both) => {
                let parent = links[on % links.len()];
                let roles = [ADMIN, COORDINATOR, BOTH][who as usize % 3];
                let change = match what {
                    0 | 1 => add(Key(who), roles),
                    2 => drop_roles(Key(who), roles, cut(world, who, both)),
                    3 => removal_threshold(u16::try_from(who % 4).unwrap()),
                    4 => Change::DropDevice { device: Key(who).id(), cut: cut(world, who, both) },
                    _ => Change::AddDevice { member: Key(who).member(), device: Key(who + 10).device() },
                };
                let signers = if both { vec![Key(1), Key(2)] } else { vec![Key(who), Key(3)] };
                links.push(world.link(&[parent], vec![change], &signers));
            }
            Act::Rewind(who, to) => {
                let own: Vec<PackId> = world
                    .packs
                    .iter()
                    .filter(|pack| pack.header().device == Key(who).id())
                    .map(|pack| pack.id())
                    .collect();
                let to = own.get(to % (own.len() + 1)).copied();
                world.rewind(Key(who), to);
            }
        }
    }
}

fn cut(world: &World, who: u32, with: bool) -> Frontier {
    if with { world.cut(&[Key(who)]) } else { Frontier::default() }
}

/// What a device concludes that hears of the packs in this order, one at a time.
fn heard(world: &World, order: &[usize]) -> Permission {
    let mut gathering = Gathering::new(world.programme);
    for index in order {
        let (_, _) = gathering.insert(world.packs[index % world.packs.len()].clone());
    }
    gathering.permission()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn i01_i02_i03_permission_is_the_same_for_every_order_and_with_duplicates(
        acts in proptest::collection::vec(act(), 1..24),
        order in any::order(96),
        doubled in proptest::collection::vec(any::<usize>(), 0..10),
    ) {
        let mut world = World::usual(3);
        play(&mut world, &acts);
        let permission = world.permission();
        // One at a time, in another order, some twice.
        let mut order: Vec<usize> = order.into_iter().filter(|index| *index < world.packs.len()).collect();
        order.extend(doubled.iter().map(|index| index % world.packs.len()));
        let all: std::collections::BTreeSet<usize> = order.iter().copied().collect();
        prop_assert_eq!(all.len(), world.packs.len());
        prop_assert_eq!(heard(&world, &order), permission.clone());
        // At once, in that order.
        let packs = order.iter().map(|index| world.packs[*index].clone()).collect();
        prop_assert_eq!(Permission::gather(world.programme, packs).0, permission);
    }

    #[test]
    fn i07_two_who_heard_different_halves_agree_as_soon_as_they_meet(
        acts in proptest::collection::vec(act(), 1..20),
        halves in proptest::collection::vec(any::<bool>(), 96),
    ) {
        let mut world = World::usual(3);
        play(&mut world, &acts);
        let (one, other): (Vec<usize>, Vec<usize>) = (0..world.packs.len()).partition(|index| halves[*index]);
        let there = [one.clone(), other.clone()].concat();
        let back = [other, one].concat();
        prop_assert_eq!(heard(&world, &there), heard(&world, &back));
        prop_assert_eq!(heard(&world, &there), world.permission());
    }

    #[test]
    fn g09_nothing_that_is_merged_later_brings_a_removed_member_back(
        acts in proptest::collection::vec(statement(), 1..16),
        later in proptest::collection::vec(statement(), 1..16),
        order in any::order(96),
    ) {
        let mut world = World::usual(3);
        play(&mut world, &acts);
        let before = world.permission();
        play(&mut world, &later);
        let order: Vec<usize> = order.into_iter().filter(|index| *index < world.packs.len()).collect();
        let after = heard(&world, &order);
        for (member, state) in before.members.iter().filter(|(_, state)| state.standing == Standing::Removed) {
            // Whose admission counts no longer is no member at all.
            let standing = after.members.get(member).map(|state| state.standing);
            prop_assert!(standing.is_none_or(|standing| standing == Standing::Removed));
            for device in state.devices.keys() {
                prop_assert!(after.device(*device).is_none_or(|(_, device)| !device.active));
            }
        }
    }

    #[test]
    fn g01_what_strangers_say_changes_nothing(
        acts in proptest::collection::vec(act(), 1..12),
        said in proptest::collection::vec(statement(), 1..12),
    ) {
        let mut world = World::usual(3);
        play(&mut world, &acts);
        let before = world.permission();
        let said: Vec<Act> = said.into_iter().map(by_a_stranger).collect();
        play(&mut world, &said);
        let after = world.permission();
        prop_assert_eq!(&after.charter.powers, &before.charter.powers);
        prop_assert_eq!(&after.members, &before.members);
        prop_assert_eq!(&after.invitations, &before.invitations);
        prop_assert_eq!(&after.unjudged, &before.unjudged);
    }
}

/// The same act, signed by keys that nobody named.
fn by_a_stranger(act: Act) -> Act {
    let by = 900;
    match act {
        Act::Invite(_, number) => Act::Invite(by, number),
        Act::Admit(_, number, who) => Act::Admit(by, number, who),
        Act::AddDevice(_, whose, device) => Act::AddDevice(by, whose, device),
        Act::Remove(_, who, cut) => Act::Remove(by, who, cut),
        Act::RemoveDevice(_, device, cut) => Act::RemoveDevice(by, device, cut),
        Act::Suspend(_, who, cut) => Act::Suspend(by, who, cut),
        Act::Lift(_, which) => Act::Lift(by, which),
        other => other,
    }
}
