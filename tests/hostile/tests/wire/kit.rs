//! What people do in these tests, and what must be in the end.

use std::collections::BTreeSet;

use tessera_driver::relay::Report;
use tessera_driver::session::Session;
use tessera_engine::Engine;
use tessera_engine::bundle::For;
use tessera_engine::notices::Notice;
use tessera_engine::reviews::Reviewed;
use tessera_engine::store::{SqlcipherStore, Store};
use tessera_hostile::world::{World, sync};
use tessera_hostile::{Behaviour, HostileRelay};
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::PackId;
use tessera_protocol::stream::Stream;
use tessera_tests::homes;

/// What the reader sent in one exchange.
pub(crate) struct Sent {
    /// Keys of what is submitted, for those who may read it.
    pub(crate) welcomes: BTreeSet<PackId>,
    /// What was submitted.
    pub(crate) items: BTreeSet<PackId>,
}

impl Sent {
    /// The one pack with what was submitted.
    pub(crate) fn item(&self) -> PackId {
        *self.items.first().unwrap()
    }
}

pub(crate) fn ids<S: Store>(home: &mut Engine<S>) -> BTreeSet<PackId> {
    home.packs().unwrap().iter().map(|pack| pack.id).collect()
}

/// Exchanges through the hostile relay.
pub(crate) fn through(session: &mut Session, relay: &HostileRelay) -> Result<Report, &'static str> {
    sync(session.engine(), relay.place())
}

/// The reader submits a review and sends it.
pub(crate) fn review(world: &mut World, at: usize, score: &str) -> Sent {
    let application = world.applications[at];
    send(world, |bob| homes::review(bob, application, score).map(drop))
}

/// The reader submits it once more.
pub(crate) fn amend(world: &mut World, at: usize, score: &str) -> Sent {
    let application = world.applications[at];
    send(world, |bob| homes::amend(bob, application, score).map(drop))
}

fn send(
    world: &mut World,
    act: impl FnOnce(&mut Engine<SqlcipherStore>) -> Result<(), tessera_engine::EngineError>,
) -> Sent {
    let before = ids(world.bob.engine());
    world.bob.work(act).unwrap();
    let report = through(&mut world.bob, &world.hostile).unwrap();
    assert_eq!(report.outbox, 0, "{report:?}");
    let bob = world.bob.engine();
    let stream = Stream::Reviews(bob.member()).id(bob.programme());
    let (mut welcomes, mut items) = (BTreeSet::new(), BTreeSet::new());
    for pack in bob.packs().unwrap() {
        if pack.record.stream == stream && !before.contains(&pack.id) {
            let kind = world.hostile.seen(pack.id).unwrap().header().kind;
            let of = if kind == PackKind::Welcome { &mut welcomes } else { &mut items };
            of.insert(pack.id);
        }
    }
    assert_eq!(items.len(), 1);
    Sent { welcomes, items }
}

/// The coordinator exchanges while the relay behaves as told, and it did.
pub(crate) fn pull(world: &mut World, behaviour: Behaviour) -> Result<Report, &'static str> {
    world.hostile.tell(behaviour.clone());
    let result = through(&mut world.alice, &world.hostile);
    assert!(world.hostile.played() > 0 || behaviour == Behaviour::Honest, "{behaviour:?}");
    world.hostile.tell(Behaviour::Honest);
    result
}

/// What the coordinator has of the reader's review of an application: the revision that counts.
pub(crate) fn revision(world: &mut World, at: usize) -> Option<u32> {
    let (bob, application) = (world.bob.engine().member(), world.applications[at]);
    let reviews = world.alice.together(|acts| acts.reviews()).unwrap();
    let review = reviews.into_iter().find(|one| one.member == bob && one.application == application)?;
    review.counted.map(|read| read.value.revision)
}

/// The coordinator repairs the home, which asks for what is missing, and the relay is honest.
pub(crate) fn ask_again(world: &mut World) {
    let repaired = world.alice.work(|alice| alice.repair()).unwrap();
    assert!(repaired.asks_again, "something is known to be missing");
    pull(world, Behaviour::Honest).unwrap();
}

/// The reader brings both coordinators everything on a stick.
pub(crate) fn stick(world: &mut World) {
    let bundle = world.bob.work(|engine| engine.export(For::Everything)).unwrap();
    for home in [&mut world.alice, &mut world.carol] {
        home.work(|engine| engine.import(&bundle)).unwrap();
    }
}

/// True where somebody is shown this.
pub(crate) fn told(session: &mut Session, of: impl Fn(&Notice) -> bool) -> bool {
    session.engine().notices().unwrap().iter().any(of)
}

/// What counts of each review and why it waits, in words.
pub(crate) fn result(session: &mut Session) -> Vec<String> {
    let show = |one: &Reviewed| {
        let counted = one.counted.as_ref().map(|read| (read.value.revision, read.value.answers.clone()));
        format!("{} {} {counted:?} {:?}", one.application, one.member, one.waits.keys())
    };
    session.together(|acts| acts.reviews()).unwrap().iter().map(show).collect()
}

/// The relay is honest: everybody exchanges, and then everybody has the same, with so many of the reader's reviews counted.
pub(crate) fn converge(world: &mut World, reviews: usize) {
    world.hostile.tell(Behaviour::Honest);
    let World { hostile, alice, carol, bob, .. } = world;
    for _ in 0..2 {
        for home in [&mut *bob, &mut *alice, &mut *carol] {
            through(home, hostile).unwrap();
        }
    }
    for home in [&mut *bob, &mut *alice, &mut *carol] {
        assert_eq!(home.engine().outbox().unwrap(), 0);
        assert_eq!(home.work(|engine| engine.verify()).unwrap().differences, []);
    }
    // The member whose program was changed had submitted an honest one before.
    assert_eq!(alice.work(homes::counted).unwrap(), reviews + 1);
    assert_eq!(result(alice), result(carol));
}
