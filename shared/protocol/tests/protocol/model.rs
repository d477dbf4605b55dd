//! Every order in which three admins, two coordinators and two members can act and hear of each other, for three short plays:
//! about the charter, about removal, cuts and quarantine, about suspension and keys. All states are walked through; what is asked in
//! each of them are the invariants below, in words, of [`Permission`] itself. For each invariant a bug is planted in what a
//! device makes of its packs, and must be found.
//!
//! The walk is the plain one, breadth first, and not a library's: the model checker that is kept, stateright, would turn on a
//! feature of serde for every crate here.
//!
//! Before acting, somebody hears of nothing, of everything, or of what one other said. What nobody acts upon is looked at in
//! every state by somebody who knows everything, and by one who lacks any one pack.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use tessera_protocol::charter::Link;
use tessera_protocol::codec::Wire;
use tessera_protocol::frontier::Frontier;
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::PackId;
use tessera_protocol::pack::Pack;
use tessera_protocol::permission::{Permission, PublicPack, Standing};
use tessera_protocol::statement::{Statement, Target};
use tessera_protocol::stream::Stream;

use super::kit::*;

const ADMINS: [Key; 3] = [Key(1), Key(2), Key(3)];
const COORDINATORS: [Key; 2] = [Key(11), Key(12)];
const MEMBERS: [Key; 2] = [Key(40), Key(41)];
/// A device that the first member adds.
const SECOND: Key = Key(50);

/// What somebody may do once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Act {
    /// Signs a link, by its number.
    Sign(usize),
    Remove(Key),
    Suspend(Key),
    /// Lifts every suspension that it has heard of.
    Lift,
    /// Writes a review.
    Work(u8),
    AddDevice,
    /// Writes something for everybody who belongs, with a key that those get whom the writer knows to belong.
    Write(u8),
}

/// Somebody does something, having heard this before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Step {
    who: Key,
    act: Act,
    heard: Heard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Heard {
    Nothing,
    Everything,
    From(Key),
}

type Set = BTreeSet<u16>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct State {
    done: BTreeSet<(Key, Act)>,
    /// Packs that there are, and what each person knows of them.
    all: Set,
    knows: BTreeMap<Key, Set>,
    /// Written for all: by whom, what the writer knew, and who got the key.
    written: BTreeSet<(Key, Set, BTreeSet<Key>)>,
    /// For each removal: what the remover had seen of the removed.
    seen: BTreeMap<u16, Set>,
}

/// A bug in what a device makes of its packs; each breaks one invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    OneSignatureIsEnough,
    FirstRivalWins,
    RemovalWearsOff,
    CutIsIgnored,
    CutTakesAll,
    RemovedSpeaksOn,
    KeysForAllWhoEverBelonged,
    KeysForgetAMember,
    NothingFreezes,
    FirstHeardIsForgotten,
}

/// A pack that somebody made.
struct Made {
    by: Key,
    pack: Pack,
    /// Where it is public.
    public: Option<PublicPack>,
}

struct Play {
    world: World,
    genesis: Vec<PublicPack>,
    links: Vec<Link>,
    acts: Vec<(Key, Act)>,
    made: RefCell<Vec<Rc<Made>>>,
    views: RefCell<BTreeMap<Set, Rc<Permission>>>,
    bug: Option<Bug>,
}

impl Play {
    fn new(acts: Vec<(Key, Act)>, bug: Option<Bug>) -> Self {
        let mut world = World::usual(3);
        for member in MEMBERS {
            world.enrol(Key(11), member);
        }
        let drop_admin = |key| vec![drop_roles(key, ADMIN, Frontier::default())];
        let one = link(&[world.genesis], drop_admin(Key(3)));
        let other = link(&[world.genesis], drop_admin(Key(1)));
        let on_one = link(&[one.id()], vec![removal_threshold(2)]);
        let on_other = link(&[other.id()], vec![removal_threshold(1)]);
        let (_, checked, _) = Permission::gather(world.programme, world.packs.clone());
        let genesis = checked.iter().map(PublicPack::read).collect();
        let links = vec![one, other, on_one, on_other];
        Self { world, genesis, links, acts, made: RefCell::default(), views: RefCell::default(), bug }
    }

    /// Admins sign two rival links, and what builds on each.
    fn charter(bug: Option<Bug>) -> Self {
        let signs = [(1, 0), (2, 0), (3, 1), (2, 1), (1, 2), (2, 2), (3, 3), (2, 3)];
        Self::new(signs.map(|(who, link)| (Key(who), Act::Sign(link))).to_vec(), bug)
    }

    /// A member works and is removed by two admins who saw different work; a coordinator writes.
    fn removal(bug: Option<Bug>) -> Self {
        let acts = vec![
            (Key(40), Act::Work(1)),
            (Key(40), Act::Work(2)),
            (Key(40), Act::AddDevice),
            (Key(1), Act::Remove(Key(40))),
            (Key(2), Act::Remove(Key(40))),
            (Key(11), Act::Write(1)),
        ];
        Self::new(acts, bug)
    }

    /// One member is removed, another suspended and let in again; two coordinators write.
    fn suspension(bug: Option<Bug>) -> Self {
        let acts = vec![
            (Key(40), Act::Work(1)),
            (Key(1), Act::Remove(Key(40))),
            (Key(3), Act::Suspend(Key(41))),
            (Key(2), Act::Lift),
            (Key(11), Act::Write(1)),
            (Key(12), Act::Write(1)),
        ];
        Self::new(acts, bug)
    }

    fn intern(&self, by: Key, pack: Pack) -> u16 {
        let mut made = self.made.borrow_mut();
        let id = pack.id();
        if let Some(at) = made.iter().position(|made| made.pack.id() == id) {
            return u16::try_from(at).unwrap();
        }
        let stream = pack.header().stream;
        let public = (stream == Stream::Public.id(self.world.programme))
            .then(|| PublicPack::read(&pack.clone().verify(&by.public()).unwrap()));
        made.push(Rc::new(Made { by, pack, public }));
        u16::try_from(made.len() - 1).unwrap()
    }

    fn made(&self, number: u16) -> Rc<Made> {
        Rc::clone(&self.made.borrow()[usize::from(number)])
    }

    /// What a device makes of the packs that it knows.
    fn permission(&self, known: &Set) -> Rc<Permission> {
        if let Some(view) = self.views.borrow().get(known) {
            return Rc::clone(view);
        }
        let packs: Vec<PublicPack> =
            known.iter().filter_map(|number| self.made(*number).public.clone()).collect();
        let view = Rc::new(Permission::derive(self.world.programme, self.genesis.iter().chain(&packs)));
        self.views.borrow_mut().insert(known.clone(), Rc::clone(&view));
        view
    }

    fn reviews(&self) -> Stream {
        Stream::Reviews(Key(40).member())
    }

    /// The last pack of somebody in a stream.
    fn tip(&self, of: Key, stream: Stream, known: &Set) -> Option<Rc<Made>> {
        let stream = stream.id(self.world.programme);
        let own = known.iter().map(|number| self.made(*number));
        own.filter(|made| made.by == of && made.pack.header().stream == stream)
            .max_by_key(|made| made.pack.header().number)
    }

    fn pack(&self, by: Key, stream: Stream, kind: PackKind, body: Vec<u8>, known: &Set) -> Pack {
        let mut header = header(self.world.programme, stream, kind, by);
        let tip = self.tip(by, stream, known).map(|made| made.pack.clone());
        // The founders' own packs of genesis and of the enrolments come first.
        let founded = self.world.packs.iter().rfind(|pack| pack.header().device == by.id());
        let tip = tip.or_else(|| founded.filter(|_| stream == Stream::Public).cloned());
        header.number = tip.as_ref().map_or(0, |pack| pack.header().number) + 1;
        header.previous = tip.iter().map(Pack::id).collect::<BTreeSet<_>>().try_into().unwrap();
        seal(header, body, by)
    }

    /// What is known of a member's chains.
    fn cut(&self, of: Key, known: &Set) -> Frontier {
        let mut cut = Frontier::default();
        for stream in [Stream::Public, self.reviews()] {
            if let Some(tip) = self.tip(of, stream, known) {
                cut.insert((stream.id(self.world.programme), of.id()), tip.pack.id());
            }
        }
        cut
    }

    /// Whether a review counts where this is known: no cut, or inside it.
    fn counts(&self, work: &Made, known: &Set) -> bool {
        let permission = self.permission(known);
        let Some(cut) = permission.cut_in(work.by.id(), self.reviews()) else { return true };
        match self.bug {
            Some(Bug::CutIsIgnored) => return true,
            Some(Bug::CutTakesAll) => return false,
            _ => {}
        }
        let stream = self.reviews().id(self.world.programme);
        let mut next: Vec<PackId> = cut.tips((stream, work.by.id())).collect();
        let made = self.made.borrow();
        while let Some(id) = next.pop() {
            if id == work.pack.id() {
                return true;
            }
            let found = made.iter().find(|made| made.pack.id() == id);
            next.extend(found.iter().flat_map(|made| made.pack.header().previous.iter().copied()));
        }
        false
    }

    fn standing(&self, known: &Set, of: Key) -> Option<Standing> {
        let found = standing(&self.permission(known), of);
        let lifted =
            || known.iter().any(|number| matches!(self.statement(*number), Some(Statement::Lift { .. })));
        match self.bug {
            Some(Bug::RemovalWearsOff) if lifted() => Some(Standing::Active),
            _ => found,
        }
    }

    fn statement(&self, number: u16) -> Option<Statement> {
        let made = self.made(number);
        let kind = made.pack.header().kind;
        (kind == PackKind::Statement).then(|| Statement::from_bytes(made.pack.body()).unwrap())
    }

    /// Who belongs, as a writer sees it.
    fn belong(&self, known: &Set) -> BTreeSet<Key> {
        let everybody = ADMINS.into_iter().chain(COORDINATORS).chain(MEMBERS);
        everybody
            .filter(|key| match self.bug {
                Some(Bug::KeysForAllWhoEverBelonged) => true,
                Some(Bug::KeysForgetAMember) if *key == Key(41) => false,
                _ => self.standing(known, *key) == Some(Standing::Active),
            })
            .collect()
    }

    fn admins(&self, known: &Set) -> BTreeSet<Key> {
        let permission = self.permission(known);
        let signed = |link: usize| !self.signers(known, link).is_empty();
        match self.bug {
            Some(Bug::OneSignatureIsEnough) if signed(0) => [Key(1), Key(2)].into(),
            Some(Bug::FirstRivalWins) if self.completed(known, 0) => [Key(1), Key(2)].into(),
            _ => ADMINS.into_iter().filter(|key| permission.is_admin(key.member())).collect(),
        }
    }

    fn frozen(&self, known: &Set) -> bool {
        self.bug != Some(Bug::NothingFreezes) && self.permission(known).charter.frozen
    }

    fn signers(&self, known: &Set, link: usize) -> BTreeSet<Key> {
        let id = self.links[link].id();
        let made = known.iter().map(|number| self.made(*number));
        let signed = made.filter(|made| made.pack.header().kind == PackKind::Link);
        signed
            .filter(|made| Link::from_bytes(made.pack.body()).unwrap().id() == id)
            .map(|made| made.by)
            .collect()
    }

    /// Two of three: counted here apart from the code that is asked.
    fn completed(&self, known: &Set, link: usize) -> bool {
        self.signers(known, link).len() >= 2
    }

    /// The removals that are known of a member, with what each remover had seen.
    fn removals<'a>(&'a self, state: &'a State, known: &'a Set) -> impl Iterator<Item = &'a Set> {
        state.seen.iter().filter(|(number, _)| known.contains(number)).map(|(_, seen)| seen)
    }

    /// The reviews among what is known.
    fn works(&self, known: &Set) -> Vec<(u16, Rc<Made>)> {
        let made = known.iter().map(|number| (*number, self.made(*number)));
        made.filter(|(_, made)| made.public.is_none()).collect()
    }
}

/// Everything, and everything but one pack: what somebody may know at this moment.
fn knowledge(state: &State) -> impl Iterator<Item = Set> + '_ {
    let without =
        state.all.iter().map(|one| state.all.iter().copied().filter(|other| other != one).collect());
    std::iter::once(state.all.clone()).chain(without)
}

impl Play {
    /// What can happen next.
    fn steps(&self, state: &State) -> Vec<Step> {
        let mut steps = Vec::new();
        for (who, act) in self.acts.iter().filter(|one| !state.done.contains(one)) {
            steps.push(Step { who: *who, act: *act, heard: Heard::Nothing });
            // Nobody else's act depends on what was heard.
            if matches!(act, Act::Remove(_) | Act::Lift | Act::Write(_)) {
                steps.push(Step { who: *who, act: *act, heard: Heard::Everything });
                let others: BTreeSet<Key> = state.all.iter().map(|number| self.made(*number).by).collect();
                let from = others.into_iter().filter(|other| other != who);
                steps.extend(from.map(|other| Step { who: *who, act: *act, heard: Heard::From(other) }));
            }
        }
        steps
    }

    /// What comes of a step; nothing where it cannot be done.
    fn after(&self, last: &State, step: Step) -> Option<State> {
        let Step { who, act, heard } = step;
        let mut state = last.clone();
        let mut known = state.knows.get(&who).cloned().unwrap_or_default();
        match heard {
            Heard::Nothing => {}
            Heard::Everything => known.extend(&last.all),
            Heard::From(other) => {
                known.extend(last.all.iter().filter(|number| self.made(**number).by == other))
            }
        }
        state.done.insert((who, act));
        let statement = |statement: &Statement| {
            self.pack(who, Stream::Public, PackKind::Statement, statement.to_bytes(), &known)
        };
        let pack = match act {
            Act::Sign(link) => {
                self.pack(who, Stream::Public, PackKind::Link, self.links[link].to_bytes(), &known)
            }
            Act::Remove(of) => {
                statement(&Statement::Remove { member: of.member(), cut: self.cut(of, &known) })
            }
            Act::Suspend(of) => {
                let target = Target::Member(of.member());
                statement(&Statement::Suspend { target, cut: self.cut(of, &known) })
            }
            Act::Lift => {
                let suspends =
                    |number: &&u16| matches!(self.statement(**number), Some(Statement::Suspend { .. }));
                // Who has heard of none lifts none.
                let suspension = self.made(*known.iter().find(suspends)?).pack.id();
                statement(&Statement::Lift { suspension })
            }
            Act::Work(number) => self.pack(who, self.reviews(), PackKind::Items, vec![number; 8], &known),
            Act::AddDevice => {
                statement(&Statement::AddDevice { member: who.member(), device: SECOND.device() })
            }
            Act::Write(_) => {
                state.written.insert((who, known.clone(), self.belong(&known)));
                self.remember(&mut state, who, known);
                return Some(state);
            }
        };
        let number = self.intern(who, pack);
        if let Act::Remove(of) = act {
            let seen = known.iter().copied().filter(|number| self.made(*number).by == of).collect();
            state.seen.insert(number, seen);
        }
        known.insert(number);
        state.all.insert(number);
        self.remember(&mut state, who, known);
        Some(state)
    }

    /// What somebody knows who acts no more makes no difference.
    fn remember(&self, state: &mut State, who: Key, known: Set) {
        let acts_on = self.acts.iter().any(|one| one.0 == who && !state.done.contains(one));
        state.knows.remove(&who);
        if acts_on {
            state.knows.insert(who, known);
        }
    }
}

/// Words, and whether they are true of a state.
type Claim = (&'static str, fn(&Play, &State) -> bool);

/// True in every state.
const INVARIANTS: [Claim; 10] = [
    ("admins change only by a link that most of them signed", |play, state| {
        knowledge(state).all(|known| {
            (0..2).any(|link| play.completed(&known, link)) || play.admins(&known) == ADMINS.into()
        })
    }),
    ("of two rival links both count, removal first, until one line is built upon", |play, state| {
        knowledge(state).all(|known| {
            let both = play.completed(&known, 0) && play.completed(&known, 1);
            let built = play.completed(&known, 2) != play.completed(&known, 3);
            !both || built || play.admins(&known) == [Key(2)].into()
        })
    }),
    ("two lines that were both built upon freeze the charter, and nothing else does", |play, state| {
        knowledge(state).all(|known| {
            let rival = (0..4).all(|link| play.completed(&known, link));
            play.frozen(&known) == rival
        })
    }),
    ("whoever was removed stays removed, whatever comes later", |play, state| {
        let everything = play.standing(&state.all, Key(40));
        knowledge(state).all(|known| {
            play.standing(&known, Key(40)) != Some(Standing::Removed) || everything == Some(Standing::Removed)
        })
    }),
    ("work that a remover had seen counts for all", |play, state| {
        knowledge(state).all(|known| {
            let works = play.works(&known);
            play.removals(state, &known).all(|seen| {
                works.iter().all(|(number, work)| !seen.contains(number) || play.counts(work, &known))
            })
        })
    }),
    ("work that no remover had seen waits for a decision", |play, state| {
        knowledge(state).all(|known| {
            let removals: Vec<&Set> = play.removals(state, &known).collect();
            let works = play.works(&known);
            removals.is_empty()
                || works.iter().all(|(number, work)| {
                    removals.iter().any(|seen| seen.contains(number)) || !play.counts(work, &known)
                })
        })
    }),
    ("what the removed stated outside the cut gives no power", |play, state| {
        knowledge(state).all(|known| {
            let removed = play.removals(state, &known).next().is_some();
            let spoke = |number: &u16| matches!(play.statement(*number), Some(Statement::AddDevice { .. }));
            let second = match play.bug {
                Some(Bug::RemovedSpeaksOn) => known.iter().any(spoke),
                _ => is_active(&play.permission(&known), SECOND),
            };
            !removed || !second
        })
    }),
    ("nobody gets a key whom its writer knew to be out", |play, state| {
        state.written.iter().all(|(_, known, given)| {
            let out = |key: &Key| {
                let real = standing(&play.permission(known), *key);
                real != Some(Standing::Active)
            };
            !given.iter().any(out)
        })
    }),
    ("everybody who belongs gets the key", |play, state| {
        let everybody = || ADMINS.into_iter().chain(COORDINATORS).chain(MEMBERS);
        state.written.iter().all(|(_, known, given)| {
            let belongs = |key: &Key| standing(&play.permission(known), *key) == Some(Standing::Active);
            everybody().filter(belongs).all(|key| given.contains(&key))
        })
    }),
    ("the same packs mean the same, in whatever order they come", |play, state| {
        let public: Vec<PublicPack> =
            state.all.iter().filter_map(|number| play.made(*number).public.clone()).collect();
        let mut backwards: Vec<&PublicPack> = play.genesis.iter().chain(&public).collect();
        backwards.reverse();
        if play.bug == Some(Bug::FirstHeardIsForgotten) && public.len() > 1 {
            backwards.remove(0);
        }
        Permission::derive(play.world.programme, backwards) == *play.permission(&state.all)
    }),
];

/// True in some state: otherwise the invariants say nothing.
const MET: [Claim; 5] = [
    ("a link is completed", |play, state| play.completed(&state.all, 0)),
    ("a charter freezes", |play, state| play.permission(&state.all).charter.frozen),
    ("work waits", |play, state| {
        play.works(&state.all).iter().any(|(_, work)| !play.counts(work, &state.all))
    }),
    ("one remover saw more than the other", |_, state| {
        let seen: BTreeSet<&Set> = state.seen.values().collect();
        seen.len() > 1
    }),
    ("a key is made without the removed", |_, state| {
        state.written.iter().any(|(.., given)| !given.contains(&Key(40)))
    }),
];

/// What a walk came to.
struct Walked {
    states: usize,
    met: BTreeSet<&'static str>,
    /// The invariant that broke first, and how it came to that.
    broken: Option<(&'static str, Vec<Step>)>,
}

/// Walks through every state, nearest first, until an invariant breaks.
fn walk(play: &Play) -> Walked {
    let mut came: HashMap<State, Option<(State, Step)>> = HashMap::from([(State::default(), None)]);
    let mut next = VecDeque::from([State::default()]);
    let mut met = BTreeSet::new();
    while let Some(state) = next.pop_front() {
        met.extend(MET.iter().filter(|(_, holds)| holds(play, &state)).map(|(words, _)| *words));
        if let Some((words, _)) = INVARIANTS.iter().find(|(_, holds)| !holds(play, &state)) {
            let mut steps = Vec::new();
            let mut at = &state;
            while let Some(Some((before, step))) = came.get(at) {
                steps.insert(0, *step);
                at = before;
            }
            return Walked { states: came.len(), met, broken: Some((words, steps)) };
        }
        for step in play.steps(&state) {
            let Some(after) = play.after(&state, step) else { continue };
            if !came.contains_key(&after) {
                came.insert(after.clone(), Some((state.clone(), step)));
                next.push_back(after);
            }
        }
    }
    Walked { states: came.len(), met, broken: None }
}

#[test]
fn every_order_of_acting_and_hearing_keeps_the_invariants() {
    let begun = std::time::Instant::now();
    let plays = [Play::charter(None), Play::removal(None), Play::suspension(None)];
    let walked = plays.each_ref().map(walk);
    println!(
        "figure: model of charter, removal and suspension: {} states, {} invariants, {} broken, {:.1} s",
        walked.each_ref().map(|one| one.states.to_string()).join(" + "),
        INVARIANTS.len(),
        walked.iter().filter(|one| one.broken.is_some()).count(),
        begun.elapsed().as_secs_f64()
    );
    assert_eq!(walked.each_ref().map(|one| one.broken.clone()), [None, None, None]);
    let met: BTreeSet<&str> = walked.iter().flat_map(|one| one.met.iter().copied()).collect();
    assert_eq!(met.len(), MET.len(), "{met:?}");
}

#[test]
fn each_planted_bug_breaks_its_invariant() {
    type Of = fn(Option<Bug>) -> Play;
    let check = |of: Of, bug, invariant| {
        let broken = walk(&of(Some(bug))).broken;
        assert_eq!(broken.as_ref().map(|(words, _)| *words), Some(invariant), "{bug:?}: {broken:?}");
    };
    check(Play::charter, Bug::OneSignatureIsEnough, "admins change only by a link that most of them signed");
    check(
        Play::charter,
        Bug::FirstRivalWins,
        "of two rival links both count, removal first, until one line is built upon",
    );
    check(Play::suspension, Bug::RemovalWearsOff, "whoever was removed stays removed, whatever comes later");
    check(Play::removal, Bug::CutTakesAll, "work that a remover had seen counts for all");
    check(Play::removal, Bug::CutIsIgnored, "work that no remover had seen waits for a decision");
    check(Play::removal, Bug::RemovedSpeaksOn, "what the removed stated outside the cut gives no power");
    check(Play::removal, Bug::KeysForAllWhoEverBelonged, "nobody gets a key whom its writer knew to be out");
    check(Play::suspension, Bug::KeysForgetAMember, "everybody who belongs gets the key");
    check(
        Play::removal,
        Bug::FirstHeardIsForgotten,
        "the same packs mean the same, in whatever order they come",
    );
    check(
        Play::charter,
        Bug::NothingFreezes,
        "two lines that were both built upon freeze the charter, and nothing else does",
    );
}
