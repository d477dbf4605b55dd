//! The relay's rule, as a table, and what opens a stream to a member.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tessera_protocol::access::{Access, Class, Openings, Refusal, Taken};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::header::{Header, Opening, PackKind};
use tessera_protocol::ids::{PackId, ProgrammeId, StreamId};
use tessera_protocol::stream::Stream;

use super::any;
use super::kit::*;

const DOSSIER: Stream = Stream::Other(StreamId([0xd0; 16]));

/// Admin 1, coordinators 11 and 12, one who was (13), members 40 and 41, one removed (42), one suspended (43).
fn world() -> World {
    let mut world = World::usual(1);
    let genesis = world.genesis;
    let with = world.link(&[genesis], vec![add(Key(13), COORDINATOR)], &[Key(1)]);
    world.link(&[with], vec![drop_roles(Key(13), COORDINATOR, Frontier::default())], &[Key(1)]);
    for member in [40, 41, 42, 43] {
        world.enrol(Key(11), Key(member));
    }
    world.remove(Key(1), Key(42), Frontier::default());
    world.suspend(Key(1), Key(43), Frontier::default());
    world
}

/// The columns of the tables.
fn streams(of: Key) -> [Stream; 7] {
    let member = of.member();
    [
        Stream::Public,
        Stream::Programme,
        Stream::Intake,
        Stream::To(member),
        Stream::Reviews(member),
        Stream::Desk(member),
        DOSSIER,
    ]
}

fn fitting(programme: ProgrammeId, stream: Stream, key: Key) -> Header {
    let kind = if stream == Stream::Public { PackKind::Statement } else { PackKind::Items };
    header(programme, stream, kind, key)
}

#[test]
fn g18_who_may_write() {
    let world = world();
    let access = Access::new(&world.permission());
    // `w` as a writer, `a` after a removal, `-` not at all. Columns: public, programme, intake, and to/,
    // reviews/, desk/ of the member in the second place, and a dossier.
    let check = |who: u32, whose: u32, expected: &str| {
        let found: String = streams(Key(whose))
            .map(|stream| match access.may_write(&fitting(world.programme, stream, Key(who))) {
                Ok(Taken::AsWriter) => 'w',
                Ok(Taken::AfterRemoval) => 'a',
                Err(Refusal::NotAWriter) => '-',
                Err(Refusal::UnknownDevice) => '?',
                Err(other) => panic!("{other}"),
            })
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{who} in the streams of {whose}");
    };
    check(1, 40, "w-w----");
    check(11, 40, "wwww--w");
    check(13, 40, "aaaa--a");
    check(40, 40, "w-w-ww-");
    check(41, 40, "w-w----");
    check(42, 40, "a-a----");
    check(42, 42, "a-a-aa-");
    check(43, 43, "a-a-aa-");
    check(66, 40, "???????");
    // A coordinator is a member too, with streams of its own.
    check(11, 11, "wwwwwww");
    check(12, 11, "wwww--w");
}

#[test]
fn g26_g16_who_may_read() {
    let world = world();
    let access = Access::new(&world.permission());
    let openings = Openings::default();
    let check = |who: u32, whose: u32, expected: &str| {
        let reader = access.reader(Key(who).id()).unwrap();
        let found: String = streams(Key(whose))
            .map(|stream| access.may_read(&openings, reader, stream.id(world.programme)))
            .map(|may| if may { 'r' } else { '-' })
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{who} in the streams of {whose}");
    };
    check(1, 40, "rr-----");
    check(11, 40, "rrrrr-r");
    check(13, 40, "r------");
    check(40, 40, "rr-rrr-");
    check(41, 40, "rr-----");
    check(42, 42, "r------");
    check(43, 43, "r------");
    assert!(access.reader(Key(66).id()).is_none());
}

#[test]
fn every_stream_has_its_name_and_its_place_in_the_order_of_sending() {
    let world = world();
    let access = Access::new(&world.permission());
    assert_eq!(access.programme(), world.programme);
    let reader = access.reader(Key(40).id()).unwrap();
    let places =
        [Class::Public, Class::Programme, Class::Rest, Class::To, Class::Reviews, Class::Rest, Class::Rest];
    for (stream, place) in streams(Key(40)).into_iter().zip(places) {
        let id = stream.id(world.programme);
        assert_eq!(access.name(id), stream);
        assert_eq!(access.class(&Openings::default(), reader, id), place, "{stream:?}");
    }
}

#[test]
fn a_refusal_says_its_code() {
    for refusal in Refusal::ALL {
        assert_eq!(refusal.to_string(), refusal.code());
    }
}

#[test]
fn who_belongs_and_who_coordinates_is_listed() {
    let permission = world().permission();
    let of = |keys: &[u32]| keys.iter().map(|key| Key(*key).member()).collect::<BTreeSet<_>>();
    let active: BTreeSet<_> = permission.active_members().map(|(member, _)| member).collect();
    assert_eq!(active, of(&[1, 11, 12, 40, 41]));
    let devices: BTreeSet<_> =
        permission.coordinators_devices().map(|(device, member, _)| (device, member)).collect();
    assert_eq!(devices, [11, 12].map(|key| (Key(key).id(), Key(key).member())).into());
    for key in [1, 11, 12, 13, 40, 42, 43, 66] {
        assert_eq!(permission.is_admin(Key(key).member()), key == 1, "{key}");
        assert_eq!(permission.is_coordinator(Key(key).member()), [11, 12].contains(&key), "{key}");
        let known = permission.device(Key(key).id()).map(|(member, _)| member);
        assert_eq!(known, (key != 66).then_some(Key(key).member()), "{key}");
        assert_eq!(permission.signing_key(Key(key).id()).is_some(), key != 66, "{key}");
    }
}

#[test]
fn a_lift_gives_everything_back_and_a_removal_nothing() {
    let mut world = world();
    let suspension = world.suspend(Key(1), Key(40), Frontier::default());
    let mine = |world: &World| {
        let access = Access::new(&world.permission());
        access.may_write(&fitting(world.programme, Stream::Reviews(Key(40).member()), Key(40)))
    };
    assert_eq!(mine(&world), Ok(Taken::AfterRemoval));
    world.lift(Key(1), suspension);
    assert_eq!(mine(&world), Ok(Taken::AsWriter));
    let removal = world.remove(Key(1), Key(40), Frontier::default());
    world.lift(Key(1), removal);
    assert_eq!(mine(&world), Ok(Taken::AfterRemoval));
}

#[test]
fn what_is_in_the_clear_belongs_into_public_and_nothing_else_does() {
    let world = world();
    let access = Access::new(&world.permission());
    let taken = |kind, stream| access.may_write(&header(world.programme, stream, kind, Key(11))).is_ok();
    let to = Stream::To(Key(40).member());
    for kind in [PackKind::Link, PackKind::Statement] {
        assert!(taken(kind, Stream::Public));
        assert!(!taken(kind, to) && !taken(kind, DOSSIER));
    }
    for kind in [PackKind::Items, PackKind::Welcome, PackKind::Archive] {
        assert!(!taken(kind, Stream::Public));
        assert!(taken(kind, to) && taken(kind, DOSSIER));
    }
    assert!(taken(PackKind::Unknown(9), Stream::Public) && taken(PackKind::Unknown(9), DOSSIER));
}

#[test]
fn k07_suites_below_the_floor_and_above_what_is_known_are_refused() {
    let mut world = world();
    let refusal = |world: &World, suite: u8| {
        let access = Access::new(&world.permission());
        access.may_write(&Header { suite, ..fitting(world.programme, DOSSIER, Key(11)) }).err()
    };
    assert_eq!(refusal(&world, 0), Some(Refusal::SuiteTooOld));
    assert_eq!(refusal(&world, 1), None);
    assert_eq!(refusal(&world, 2), Some(Refusal::UnknownVersion));
    let tip = *world.permission().charter.tips.first().unwrap();
    use tessera_protocol::charter::Change;
    world.link(&[tip], vec![Change::RaiseSuite { floor: 2 }], &[Key(1)]);
    assert_eq!(refusal(&world, 1), Some(Refusal::SuiteTooOld));
}

#[test]
fn g15_packs_of_another_programme_are_refused() {
    let world = world();
    let access = Access::new(&world.permission());
    let other = fitting(ProgrammeId([9; 16]), Stream::Public, Key(11));
    assert_eq!(access.may_write(&other), Err(Refusal::OtherProgramme));
}

#[test]
fn n07_an_erased_stream_takes_and_gives_nothing_and_others_cannot_be_erased() {
    use tessera_protocol::statement::Statement;
    let mut world = world();
    let reviews = Stream::Reviews(Key(40).member());
    let streams = [DOSSIER, reviews, Stream::Public].map(|stream| stream.id(world.programme));
    let erase = Statement::Erase {
        streams: BTreeSet::from(streams).try_into().unwrap(),
        attachments: Default::default(),
    };
    // Neither a member nor an admin erases; a coordinator does.
    for (who, erased) in [(40, false), (1, false), (11, true)] {
        world.state(Key(who), &erase);
        let access = Access::new(&world.permission());
        let refusal = access.may_write(&fitting(world.programme, DOSSIER, Key(12))).err();
        assert_eq!(refusal, erased.then_some(Refusal::Erased), "{who}");
        let reader = access.reader(Key(12).id()).unwrap();
        assert_eq!(access.may_read(&Openings::default(), reader, DOSSIER.id(world.programme)), !erased);
        // The streams whose ids anyone can compute stay, whoever says what.
        assert!(access.may_write(&fitting(world.programme, reviews, Key(40))).is_ok());
        assert!(access.may_write(&fitting(world.programme, Stream::Public, Key(40))).is_ok());
    }
}

/// A pack of `to/40`, one after another in its device's chain.
struct To {
    world: World,
    headers: Vec<(Header, PackId)>,
}

impl To {
    fn new() -> Self {
        Self { world: world(), headers: Vec::new() }
    }

    fn stream(&self) -> StreamId {
        Stream::To(Key(40).member()).id(self.world.programme)
    }

    fn note(&mut self, key: Key, change: impl FnOnce(&mut Header)) -> PackId {
        let last = self.headers.iter().rfind(|(header, _)| header.device == key.id());
        let mut header = fitting(self.world.programme, Stream::To(Key(40).member()), key);
        if let Some((before, id)) = last {
            header.number = before.number + 1;
            header.previous = BTreeSet::from([*id]).try_into().unwrap();
        }
        header.body.0[0] = u8::try_from(self.headers.len()).unwrap();
        change(&mut header);
        let id = header.id();
        self.headers.push((header, id));
        id
    }

    fn open(&mut self, key: Key, despite: &[PackId]) -> PackId {
        let despite = despite.iter().copied().collect::<BTreeSet<_>>().try_into().unwrap();
        let opening = Opening { stream: DOSSIER.id(self.world.programme), despite };
        self.note(key, |header| header.opened = vec![opening].try_into().unwrap())
    }

    fn close(&mut self, key: Key) -> PackId {
        let stream = DOSSIER.id(self.world.programme);
        self.note(key, |header| {
            header.closed = BTreeSet::from([stream]).try_into().unwrap();
        })
    }

    fn opened_by(&self, order: &[usize]) -> Vec<PackId> {
        let mut openings = Openings::default();
        for index in order {
            let (header, id) = &self.headers[*index];
            openings.note(header, *id);
        }
        let access = Access::new(&self.world.permission());
        let stream = DOSSIER.id(self.world.programme);
        let by: Vec<PackId> = openings.opened_by(&access, Key(40).member(), stream).collect();
        let reader = access.reader(Key(40).id()).unwrap();
        assert_eq!(access.may_read(&openings, reader, stream), !by.is_empty());
        let class = if by.is_empty() { Class::Rest } else { Class::Dossiers };
        assert_eq!(access.class(&openings, reader, stream), class);
        assert!(openings.is_open(&access, Key(41).member(), stream).is_none());
        let all: Vec<_> = openings.open_to(&access, Key(40).member()).collect();
        assert_eq!(all, if by.is_empty() { vec![] } else { vec![(stream, by.clone())] });
        assert_eq!(openings.open_to(&access, Key(41).member()).count(), 0);
        by
    }

    /// The closings that a new opening has to name.
    fn closings(&self) -> BTreeSet<PackId> {
        let mut openings = Openings::default();
        self.headers.iter().for_each(|(header, id)| openings.note(header, *id));
        let access = Access::new(&self.world.permission());
        let stream = DOSSIER.id(self.world.programme);
        assert!(openings.closings(&access, Key(41).member(), stream).is_empty());
        openings.closings(&access, Key(40).member(), stream)
    }

    fn all(&self) -> Vec<PackId> {
        self.opened_by(&(0..self.headers.len()).collect::<Vec<_>>())
    }
}

#[test]
fn a_closing_cancels_what_does_not_name_it() {
    let mut to = To::new();
    assert!(to.all().is_empty());
    let first = to.open(Key(11), &[]);
    assert_eq!(to.all(), [first]);
    let closing = to.close(Key(12));
    assert!(to.all().is_empty());
    to.open(Key(11), &[]);
    assert!(to.all().is_empty());
    let again = to.open(Key(11), &[closing]);
    assert_eq!(to.all(), [again]);
    let second = to.close(Key(11));
    to.close(Key(40));
    assert_eq!(to.closings(), [closing, second].into());
    to.open(Key(12), &[second]);
    assert!(to.all().is_empty());
    let both = to.open(Key(12), &[closing, second]);
    assert_eq!(to.all(), [both]);
}

#[test]
fn only_coordinators_open_and_close() {
    let mut to = To::new();
    for key in [Key(1), Key(40), Key(41), Key(66), Key(13)] {
        to.open(key, &[]);
    }
    assert!(to.all().is_empty());
    let opening = to.open(Key(11), &[]);
    for key in [Key(1), Key(40), Key(41), Key(66), Key(13)] {
        to.close(key);
    }
    assert_eq!(to.all(), [opening]);
}

#[test]
fn what_a_coordinator_opened_before_it_was_dropped_stays_inside_the_cut() {
    let mut to = To::new();
    let before = to.open(Key(12), &[]);
    let tip = to.note(Key(12), |_| {});
    let mut cut = Frontier::default();
    cut.insert((to.stream(), Key(12).id()), tip);
    let after = to.note(Key(12), |_| {});
    assert_ne!(after, tip);
    let charter_tip = *to.world.permission().charter.tips.first().unwrap();
    let drop = |cut| vec![drop_roles(Key(12), COORDINATOR, cut)];
    let mut nothing = to.world.clone();
    nothing.link(&[charter_tip], drop(Frontier::default()), &[Key(1)]);
    to.world.link(&[charter_tip], drop(cut), &[Key(1)]);
    assert_eq!(to.all(), [before]);
    let late = to.open(Key(12), &[]);
    assert_eq!(to.all(), [before]);
    assert_ne!(late, before);
    to.world = nothing;
    assert!(to.all().is_empty());
}

proptest! {
    #[test]
    fn i03_openings_come_to_the_same_in_any_order(order in any::order(7), repeated in 0_usize..7) {
        let mut to = To::new();
        to.open(Key(11), &[]);
        let closing = to.close(Key(12));
        to.open(Key(13), &[closing]);
        let open = to.open(Key(11), &[closing]);
        to.close(Key(40));
        to.open(Key(12), &[]);
        to.note(Key(12), |_| {});
        let mut twice = order.clone();
        twice.push(order[repeated]);
        prop_assert_eq!(to.opened_by(&twice), [open]);
    }
}
