//! Random histories against the rule itself: whatever is pushed, opened, closed, suspended, lifted and
//! removed in whatever order, cut off and restarted, every device ends with all that it may read, and
//! never had anything that it could not read at some moment.

use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::access::{Access, Class, Classes, Openings};
use tessera_protocol::ids::PackId;
use tessera_protocol::pack::Pack;
use tessera_protocol::permission::Permission;
use tessera_protocol::statement::{Statement, Target};
use tessera_protocol::stream::Stream;

use crate::kit::*;

/// A small generator of its own: the same seed, the same history.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    fn of<T: Copy>(&mut self, these: &[T]) -> T {
        these[usize::try_from(self.next(these.len() as u64)).unwrap()]
    }
}

const READERS: [Key; 3] = [RITA, ROB, Key(23)];
const EVERYBODY: [Key; 6] = [ADMIN, CARLA, CORA, RITA, ROB, Key(23)];

/// All that was ever taken, judged anew by the protocol's own rule.
struct Judge {
    log: Vec<Pack>,
    /// What each device could read at some moment.
    ever: BTreeMap<Key, BTreeSet<PackId>>,
}

impl Judge {
    /// What each device may read of all that is there.
    fn readable(&self, world: &World) -> BTreeMap<Key, BTreeSet<PackId>> {
        let public = Stream::Public.id(world.programme);
        let public = self.log.iter().filter(|pack| pack.header().stream == public).cloned().collect();
        let access = Access::new(&Permission::gather(world.programme, public).0);
        let mut openings = Openings::default();
        let to = |pack: &&Pack| matches!(access.name(pack.header().stream), Stream::To(_));
        self.log.iter().filter(to).for_each(|pack| openings.note(pack.header(), pack.id()));
        let of = |key: Key| {
            let Some(reader) = access.reader(key.id()) else { return BTreeSet::new() };
            let may = |pack: &&Pack| access.may_read(&openings, reader, pack.header().stream);
            self.log.iter().filter(may).map(Pack::id).collect()
        };
        EVERYBODY.into_iter().map(|key| (key, of(key))).collect()
    }

    fn take(&mut self, world: &World, packs: Vec<Pack>) {
        self.log.extend(packs);
        for (key, now) in self.readable(world) {
            self.ever.entry(key).or_default().extend(now);
        }
    }
}

struct History {
    relay: Tested,
    world: World,
    clients: BTreeMap<Key, Client>,
    judge: Judge,
    dice: Dice,
    suspended: Vec<PackId>,
}

impl History {
    async fn start(seed: u64) -> Self {
        let relay = Tested::new();
        let world = World::found();
        let clients = EVERYBODY.map(|key| (key, Client::new(key, world.programme))).into();
        let judge = Judge { log: Vec::new(), ever: BTreeMap::new() };
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut history = Self { relay, world, clients, judge, dice, suspended: Vec::new() };
        let charter = history.world.charter.clone();
        history.push(CARLA, charter).await;
        history
    }

    async fn push(&mut self, carrier: Key, packs: Vec<Pack>) {
        let client = self.clients.get_mut(&carrier).unwrap();
        let (request, body) = client.request(&packs);
        let replied = self.relay.post(body).await;
        if replied.status.as_u16() == 401 {
            return;
        }
        // Some answers are cut off.
        let most = if self.dice.next(3) == 0 { 0 } else { usize::MAX };
        let Got::Answer(head, _) = client.take(&request, &replied, most) else {
            panic!("packs are answered")
        };
        let held: BTreeSet<PackId> = head.receipts.iter().map(|receipt| receipt.pack).collect();
        assert_eq!(held.len() + head.refused.len(), packs.len());
        // What a device brought it has.
        client.pulled.extend(packs.iter().filter(|pack| held.contains(&pack.id())).cloned());
        self.judge.ever.entry(carrier).or_default().extend(&held);
        let taken = packs.into_iter().filter(|pack| held.contains(&pack.id())).collect();
        self.judge.take(&self.world, taken);
    }

    async fn pull(&mut self, key: Key) {
        let client = self.clients.get_mut(&key).unwrap();
        client.budget_bytes = self.dice.of(&[0, 700, 5_000, 100_000]);
        client.wanted = Classes(u8::try_from(self.dice.next(64)).unwrap());
        let (request, body) = client.request(&[]);
        let replied = self.relay.post(body).await;
        if replied.status.as_u16() != 401 {
            let most = usize::try_from(self.dice.next(4)).unwrap();
            client.take(&request, &replied, most);
        }
    }

    fn invent(&mut self) -> Vec<Pack> {
        let (dice, world) = (&mut self.dice, &mut self.world);
        let coordinator = dice.of(&[CARLA, CORA]);
        let reader = dice.of(&READERS);
        let stream = dossier(u8::try_from(dice.next(3)).unwrap());
        let size = usize::try_from(dice.next(40_000)).unwrap();
        match dice.next(12) {
            0 => world.enrol(ADMIN, reader),
            1 | 2 => vec![world.open(coordinator, reader, stream)],
            3 => vec![world.close(coordinator, reader, stream)],
            4 => vec![world.items(coordinator, stream, size)],
            5 => vec![world.items(coordinator, Stream::Programme, size / 8)],
            6 => vec![world.items(coordinator, Stream::To(reader.member()), size / 8)],
            7 => vec![world.items(reader, Stream::Reviews(reader.member()), size)],
            8 => vec![world.items(reader, Stream::Desk(reader.member()), size)],
            9 => {
                let (target, cut) = (Target::Member(reader.member()), Default::default());
                let pack = world.state(ADMIN, &Statement::Suspend { target, cut });
                self.suspended.push(pack.id());
                vec![pack]
            }
            10 if !self.suspended.is_empty() => {
                let at = usize::try_from(dice.next(self.suspended.len() as u64)).unwrap();
                vec![world.state(ADMIN, &Statement::Lift { suspension: self.suspended.swap_remove(at) })]
            }
            10 => vec![world.items(coordinator, stream, size)],
            _ if dice.next(6) == 0 => vec![world.remove(ADMIN, reader)],
            _ => vec![world.items(CORA, Stream::Reviews(CORA.member()), size)],
        }
    }

    async fn finish(mut self, seed: u64) {
        let readable = self.judge.readable(&self.world);
        for (key, client) in &mut self.clients {
            (client.budget_bytes, client.wanted) = (u64::MAX, Classes::ALL);
            let (_, body) = client.request(&[]);
            if self.relay.post(body).await.status.as_u16() == 401 {
                continue;
            }
            client.pull(&self.relay).await;
            let has: BTreeSet<PackId> = client.pulled.iter().map(Pack::id).collect();
            let may = &readable[key];
            let missing = may.difference(&has).count();
            assert_eq!(missing, 0, "seed {seed}: {key:?} lacks {missing} of {}", may.len());
            let never = has.difference(&self.judge.ever[key]).count();
            assert_eq!(never, 0, "seed {seed}: {key:?} had what it could never read");
        }
        let report = tessera_relay::check::check(&self.relay.store, None).unwrap();
        assert_eq!(report.wrong, Vec::<String>::new(), "seed {seed}");
        assert_eq!(report.packs, self.judge.log.len() as u64);
    }
}

#[tokio::test]
async fn every_history_ends_with_everybody_having_what_they_may_read() {
    for seed in 1..=24 {
        let mut history = History::start(seed).await;
        for _ in 0..60 {
            match history.dice.next(20) {
                0 => history.relay = history.relay.restart(),
                1..=9 => {
                    let key = history.dice.of(&EVERYBODY);
                    history.pull(key).await;
                }
                _ => {
                    let mut packs = history.invent();
                    if history.dice.next(3) == 0 {
                        packs.extend(history.invent());
                        packs.reverse();
                    }
                    let packs: BTreeMap<PackId, Pack> =
                        packs.into_iter().map(|pack| (pack.id(), pack)).collect();
                    let carrier = history.dice.of(&[CARLA, CORA]);
                    history.push(carrier, packs.into_values().collect()).await;
                }
            }
        }
        history.finish(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_the_same_time_lose_nothing() {
    let relay = std::sync::Arc::new(Tested::new());
    let mut world = World::found();
    let mut carla = Client::new(CARLA, world.programme);
    carla.push(&relay, &world.charter).await;
    // Each enrols and opens for a member of its own while all of them write and read.
    let mut tasks = Vec::new();
    for number in 30..44_u32 {
        let (relay, key) = (std::sync::Arc::clone(&relay), Key(number));
        let enrolled = world.enrol(ADMIN, key);
        let opening = world.open(CARLA, key, dossier(1));
        let mut world = world.clone();
        let programme = world.programme;
        tasks.push(tokio::spawn(async move {
            let mut carrier = Client::new(if number % 2 == 0 { CARLA } else { CORA }, programme);
            carrier.wanted = Classes::NONE;
            carrier.push(&relay, &[enrolled, vec![opening]].concat()).await;
            let mut own = Client::new(key, programme);
            let mut sent = 0;
            for _ in 0..6 {
                let review = world.items(key, Stream::Reviews(key.member()), 500);
                own.push(&relay, &[review]).await;
                sent += 1;
            }
            own.pull(&relay).await;
            assert!(
                own.pulled.iter().any(|pack| pack.header().stream == Stream::To(key.member()).id(programme))
            );
            sent
        }));
    }
    let mut sent = 0;
    for task in tasks {
        sent += task.await.unwrap();
    }
    let mut cora = Client::new(CORA, world.programme);
    let all = cora.pull(&relay).await;
    assert_eq!(all.len(), 1 + 14 * 3 + sent);
    let of = |class: Class| Classes::NONE.with(class);
    let mut reviews = Client { wanted: of(Class::Reviews), ..Client::new(CORA, world.programme) };
    assert_eq!(reviews.exchange(&relay, &[]).await.packs(), sent as u64);
    assert_eq!(tessera_relay::check::check(&relay.store, None).unwrap().wrong, Vec::<String>::new());
}
