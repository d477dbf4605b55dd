//! Every order in which three admins, two coordinators and two members can act and hear of each other, for short plays: about the
//! charter, about removal, cuts and quarantine, about suspension and keys, and about admins who act while the charter drops them. All
//! states are walked through. What is asked in each of them are the invariants below, in words, of [`Permission`] and of the rule of
//! who may read; what must be true is counted here, from the packs alone. For each invariant a bug is planted in the packs that reach
//! the code that is asked, and must be found in what it answers.
//!
//! The walk is the plain one, breadth first, and not a library's: the model checker that is kept, stateright, would turn on a
//! feature of serde for every crate here.
//!
//! Before acting, somebody hears of nothing, of everything, or of what one other said. What nobody acts upon is looked at in
//! every state by somebody who knows everything, and by one who lacks any one pack.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use tessera_protocol::access::{Access, Openings};
use tessera_protocol::charter::Link;
use tessera_protocol::codec::Wire;
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::hash;
use tessera_protocol::header::{Header, PackKind};
use tessera_protocol::ids::{MemberId, PackId};
use tessera_protocol::pack::Pack;
use tessera_protocol::permission::{Act as Public, Permission, PublicPack, Standing};
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

/// A bug in what reaches the code that is asked; each breaks one invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    OneSignatureIsEnough,
    FirstRivalWins,
    NothingFreezes,
    RemovalWearsOff,
    CutTakesAll,
    CutIsIgnored,
    RemovedSpeaksOn,
    /// The writer's alone, as is the next one.
    KeysForAllWhoEverBelonged,
    KeysForgetAMember,
    FirstHeardIsForgotten,
}

impl Bug {
    fn is_a_writers(self) -> bool {
        matches!(self, Self::KeysForAllWhoEverBelonged | Self::KeysForgetAMember)
    }

    /// Makes the packs of a device those of one with the bug.
    fn spoil(self, packs: &mut Vec<PublicPack>, play: &Play) {
        let is =
            |pack: &PublicPack, link: usize| matches!(&pack.act, Public::Link(of) if *of == play.links[link]);
        let completed = |link| packs.iter().filter(|pack| is(pack, link)).count() >= 2;
        let removes = |pack: &PublicPack| matches!(&pack.act, Public::Statement(Statement::Remove { .. }));
        let suspends = |pack: &PublicPack| matches!(&pack.act, Public::Statement(Statement::Suspend { .. }));
        let lifts = |pack: &PublicPack| matches!(&pack.act, Public::Statement(Statement::Lift { .. }));
        match self {
            Self::OneSignatureIsEnough => {
                let later = |pack: &&PublicPack| (0..4).any(|link| is(pack, link));
                let signed: Vec<PublicPack> = packs.iter().filter(later).cloned().collect();
                packs.extend(signed.iter().flat_map(|pack| ADMINS.map(|admin| said_by(admin, pack))));
            }
            Self::FirstRivalWins if completed(0) => packs.retain(|pack| !is(pack, 1)),
            Self::NothingFreezes if completed(2) && completed(3) => {
                packs.retain(|pack| !is(pack, 2) && !is(pack, 3));
            }
            Self::RemovalWearsOff if packs.iter().any(lifts) => packs.retain(|pack| !removes(pack)),
            Self::CutTakesAll => cuts(packs).for_each(|cut| *cut = Frontier::default()),
            Self::CutIsIgnored => cuts(packs).for_each(|cut| {
                for made in play.made.borrow().iter().filter(|made| made.public.is_none()) {
                    cut.insert((made.pack.header().stream, made.by.id()), made.pack.id());
                }
            }),
            Self::RemovedSpeaksOn if packs.iter().any(removes) => {
                // What the removed said of a device, another member is taken to have said.
                let said = packs.iter().filter_map(|pack| match &pack.act {
                    Public::Statement(Statement::AddDevice { device, .. }) => {
                        let added = Statement::AddDevice { member: MEMBERS[1].member(), device: device.clone() };
                        Some(PublicPack { act: Public::Statement(added), ..said_by(MEMBERS[1], pack) })
                    }
                    _ => None,
                });
                let said: Vec<PublicPack> = said.collect();
                packs.extend(said);
            }
            Self::KeysForAllWhoEverBelonged => packs.retain(|pack| !removes(pack) && !suspends(pack)),
            Self::KeysForgetAMember => packs.retain(|pack| {
                let forgotten = MEMBERS[1].device();
                !matches!(&pack.act, Public::Statement(Statement::Admit { device, .. }) if *device == forgotten)
            }),
            // What is forgotten is left out where packs come in another order.
            _ => {}
        }
    }
}

/// The same as if somebody else had said it.
fn said_by(key: Key, pack: &PublicPack) -> PublicPack {
    let header = Header { device: key.id(), ..pack.header.clone() };
    PublicPack { id: header.id(), header, act: pack.act.clone() }
}

/// The cuts of removals.
fn cuts(packs: &mut [PublicPack]) -> impl Iterator<Item = &mut Frontier> {
    packs.iter_mut().filter_map(|pack| match &mut pack.act {
        Public::Statement(Statement::Remove { cut, .. }) => Some(cut),
        _ => None,
    })
}

/// A pack that somebody made.
struct Made {
    by: Key,
    pack: Pack,
    /// Where it is public.
    public: Option<PublicPack>,
}

impl Made {
    fn statement(&self) -> Option<&Statement> {
        match &self.public.as_ref()?.act {
            Public::Statement(statement) => Some(statement),
            _ => None,
        }
    }

    fn signs(&self, link: &Link) -> bool {
        self.public.as_ref().is_some_and(|pack| matches!(&pack.act, Public::Link(of) if of == link))
    }
}

/// What a device makes of the packs that it knows.
struct View {
    permission: Permission,
    /// The devices that may read what is for everybody, and the reviews of the first member.
    call: BTreeSet<Key>,
    reviews: BTreeSet<Key>,
}

struct Play {
    world: World,
    genesis: Vec<PublicPack>,
    links: Vec<Link>,
    acts: Vec<(Key, Act)>,
    made: RefCell<Vec<Rc<Made>>>,
    numbers: RefCell<HashMap<PackId, u16>>,
    views: RefCell<BTreeMap<Set, Rc<View>>>,
    /// Whether these packs mean the same in another order.
    orders: RefCell<BTreeMap<Set, bool>>,
    bug: Option<Bug>,
}

fn everybody() -> impl Iterator<Item = Key> {
    ADMINS.into_iter().chain(COORDINATORS).chain(MEMBERS).chain([SECOND])
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
        Self {
            world,
            genesis,
            links,
            acts,
            made: RefCell::default(),
            numbers: RefCell::default(),
            views: RefCell::default(),
            orders: RefCell::default(),
            bug,
        }
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

    /// All three at once: an admin removes and suspends whom the charter drops meanwhile.
    fn dropped(bug: Option<Bug>) -> Self {
        let acts = vec![
            (Key(1), Act::Sign(0)),
            (Key(2), Act::Sign(0)),
            (Key(40), Act::Work(1)),
            (Key(40), Act::AddDevice),
            (Key(3), Act::Remove(Key(40))),
            (Key(3), Act::Suspend(Key(41))),
            (Key(2), Act::Lift),
            (Key(11), Act::Write(1)),
        ];
        Self::new(acts, bug)
    }

    /// Two links each drop the admin behind the other, and both of these remove one member.
    fn rivals(bug: Option<Bug>) -> Self {
        let acts = vec![
            (Key(1), Act::Sign(0)),
            (Key(2), Act::Sign(0)),
            (Key(3), Act::Sign(1)),
            (Key(2), Act::Sign(1)),
            (Key(40), Act::Work(1)),
            (Key(1), Act::Remove(Key(40))),
            (Key(3), Act::Remove(Key(40))),
            (Key(11), Act::Write(1)),
        ];
        Self::new(acts, bug)
    }

    fn made(&self, number: u16) -> Rc<Made> {
        Rc::clone(&self.made.borrow()[usize::from(number)])
    }

    fn all_of(&self, known: &Set) -> Vec<(u16, Rc<Made>)> {
        known.iter().map(|number| (*number, self.made(*number))).collect()
    }

    /// The public packs of a device that knows these.
    fn heard(&self, known: &Set) -> Vec<PublicPack> {
        let packs = known.iter().filter_map(|number| self.made(*number).public.clone());
        self.genesis.iter().cloned().chain(packs).collect()
    }

    /// What of them reaches the code that is asked.
    fn reaching(&self, known: &Set) -> Vec<PublicPack> {
        let mut packs = self.heard(known);
        if let Some(bug) = self.bug.filter(|bug| !bug.is_a_writers()) {
            bug.spoil(&mut packs, self);
        }
        packs
    }

    fn view(&self, known: &Set) -> Rc<View> {
        if let Some(view) = self.views.borrow().get(known) {
            return Rc::clone(view);
        }
        let view = Rc::new(self.look(&self.reaching(known)));
        self.views.borrow_mut().insert(known.clone(), Rc::clone(&view));
        view
    }

    fn look(&self, packs: &[PublicPack]) -> View {
        let permission = Permission::derive(self.world.programme, packs);
        let (access, openings) = (Access::new(&permission), Openings::default());
        let readers = |stream: Stream| {
            let stream = stream.id(self.world.programme);
            let reads = |key: &Key| {
                access.reader(key.id()).is_some_and(|reader| access.may_read(&openings, reader, stream))
            };
            everybody().filter(reads).collect()
        };
        View { call: readers(Stream::Programme), reviews: readers(self.reviews()), permission }
    }

    /// To whom a writer who knows this gives the key of what it writes for everybody.
    fn given(&self, known: &Set) -> BTreeSet<Key> {
        match self.bug.filter(|bug| bug.is_a_writers()) {
            None => self.view(known).call.clone(),
            Some(bug) => {
                let mut packs = self.heard(known);
                bug.spoil(&mut packs, self);
                self.look(&packs).call
            }
        }
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

    /// Makes a pack, where nobody made the same before; gives its number.
    fn make(&self, by: Key, stream: Stream, kind: PackKind, body: Vec<u8>, known: &Set) -> u16 {
        let mut header = header(self.world.programme, stream, kind, by);
        let tip = self.tip(by, stream, known).map(|made| made.pack.clone());
        // The founders' own packs of genesis and of the enrolments come first.
        let founded = self.world.packs.iter().rfind(|pack| pack.header().device == by.id());
        let tip = tip.or_else(|| founded.filter(|_| stream == Stream::Public).cloned());
        header.number = tip.as_ref().map_or(0, |pack| pack.header().number) + 1;
        header.previous = tip.iter().map(Pack::id).collect::<BTreeSet<_>>().try_into().unwrap();
        header.padded_bytes = u32::try_from(body.len()).unwrap();
        header.body = hash("body", &[&body]);
        let (mut made, mut numbers) = (self.made.borrow_mut(), self.numbers.borrow_mut());
        *numbers.entry(header.id()).or_insert_with(|| {
            let pack = seal(header, body, by);
            let public = (stream == Stream::Public)
                .then(|| PublicPack::read(&pack.clone().verify(&by.public()).unwrap()));
            made.push(Rc::new(Made { by, pack, public }));
            u16::try_from(made.len() - 1).unwrap()
        })
    }

    fn state(&self, by: Key, statement: &Statement, known: &Set) -> u16 {
        self.make(by, Stream::Public, PackKind::Statement, statement.to_bytes(), known)
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
        let view = self.view(known);
        let Some(cut) = view.permission.cut_in(work.by.id(), self.reviews()) else { return true };
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
        standing(&self.view(known).permission, of)
    }

    fn admins(&self, known: &Set) -> BTreeSet<Key> {
        let view = self.view(known);
        ADMINS.into_iter().filter(|key| view.permission.is_admin(key.member())).collect()
    }

    /// The reviews among what is known.
    fn works(&self, known: &Set) -> Vec<(u16, Rc<Made>)> {
        self.all_of(known).into_iter().filter(|(_, made)| made.public.is_none()).collect()
    }
}

/// What must be true, counted from the packs, apart from the code that is asked.
impl Play {
    /// Two of three, and of two.
    fn completed(&self, known: &Set, link: usize) -> bool {
        let made = self.all_of(known);
        let signed = made.iter().filter(|(_, made)| made.signs(&self.links[link])).map(|(_, made)| made.by);
        signed.collect::<BTreeSet<Key>>().len() >= 2
    }

    /// Whom the completed links leave as admins: of two rivals both count, until one alone is built upon.
    fn left(&self, known: &Set) -> BTreeSet<Key> {
        let [one, other, on_one, on_other] = [0, 1, 2, 3].map(|link| self.completed(known, link));
        let (on_one, on_other) = (one && on_one, other && on_other);
        let (one, other) = (one && (on_one || !on_other), other && (on_other || !on_one));
        ADMINS.into_iter().filter(|key| !(one && *key == Key(3) || other && *key == Key(1))).collect()
    }

    /// What admins stated who are left: of one who is dropped nothing is accepted.
    fn stated(&self, known: &Set) -> Vec<(u16, Rc<Made>)> {
        let admins = self.left(known);
        let counts = |made: &Made| made.statement().is_some() && admins.contains(&made.by);
        self.all_of(known).into_iter().filter(|(_, made)| counts(made)).collect()
    }

    /// The removals that are known of a member and count: by whom, and what each remover had seen.
    fn removals<'a>(&self, state: &'a State, known: &Set) -> Vec<(Key, &'a Set)> {
        let stated = self.stated(known);
        stated.iter().filter_map(|(number, made)| Some((made.by, state.seen.get(number)?))).collect()
    }

    /// Who is removed, or suspended and not let in again.
    fn out(&self, known: &Set) -> BTreeSet<MemberId> {
        let stated = self.stated(known);
        let lifted = |id: PackId| {
            let lifts = |made: &Made| matches!(made.statement(), Some(Statement::Lift { suspension }) if *suspension == id);
            stated.iter().any(|(_, made)| lifts(made))
        };
        let out = stated.iter().filter_map(|(_, made)| match made.statement()? {
            Statement::Remove { member, .. } => Some(*member),
            Statement::Suspend { target: Target::Member(member), .. } => {
                Some(*member).filter(|_| !lifted(made.pack.id()))
            }
            _ => None,
        });
        out.collect()
    }

    /// Who belongs, by device.
    fn belong(&self, known: &Set) -> BTreeSet<Key> {
        let (admins, out) = (self.left(known), self.out(known));
        let adds = |made: &Made| matches!(made.statement(), Some(Statement::AddDevice { .. }));
        let added = self.all_of(known).iter().any(|(_, made)| adds(made));
        let belongs = |key: &Key| match *key {
            SECOND => added && !out.contains(&MEMBERS[0].member()),
            key => !out.contains(&key.member()) && (admins.contains(&key) || !ADMINS.contains(&key)),
        };
        everybody().filter(belongs).collect()
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
        let number = match act {
            Act::Sign(link) => {
                self.make(who, Stream::Public, PackKind::Link, self.links[link].to_bytes(), &known)
            }
            Act::Remove(of) => {
                let statement = Statement::Remove { member: of.member(), cut: self.cut(of, &known) };
                let number = self.state(who, &statement, &known);
                let seen = known.iter().copied().filter(|number| self.made(*number).by == of).collect();
                state.seen.insert(number, seen);
                number
            }
            Act::Suspend(of) => {
                let target = Target::Member(of.member());
                self.state(who, &Statement::Suspend { target, cut: self.cut(of, &known) }, &known)
            }
            Act::Lift => {
                let suspends = |number: &&u16| {
                    matches!(self.made(**number).statement(), Some(Statement::Suspend { .. }))
                };
                // Who has heard of none lifts none.
                let suspension = self.made(*known.iter().find(suspends)?).pack.id();
                self.state(who, &Statement::Lift { suspension }, &known)
            }
            Act::Work(number) => self.make(who, self.reviews(), PackKind::Items, vec![number; 8], &known),
            Act::AddDevice => {
                let statement = Statement::AddDevice { member: who.member(), device: SECOND.device() };
                self.state(who, &statement, &known)
            }
            Act::Write(_) => {
                state.written.insert((who, known.clone(), self.given(&known)));
                self.remember(&mut state, who, known);
                return Some(state);
            }
        };
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
const INVARIANTS: [Claim; 11] = [
    ("admins change only by a link that most of them signed", |play, state| {
        knowledge(state).all(|known| {
            (0..2).any(|link| play.completed(&known, link)) || play.admins(&known) == ADMINS.into()
        })
    }),
    ("of two rival links both count, removal first, until one line is built upon", |play, state| {
        knowledge(state).all(|known| play.admins(&known) == play.left(&known))
    }),
    ("two lines that were both built upon freeze the charter, and nothing else does", |play, state| {
        knowledge(state).all(|known| {
            let rival = (0..4).all(|link| play.completed(&known, link));
            play.view(&known).permission.charter.frozen == rival
        })
    }),
    ("whom an admin removed who stays one is removed, whatever comes later", |play, state| {
        let (admins, everything) = (play.left(&state.all), play.standing(&state.all, Key(40)));
        knowledge(state).all(|known| {
            let lasts = play.removals(state, &known).iter().any(|(by, _)| admins.contains(by));
            let removed = play.standing(&known, Key(40)) == Some(Standing::Removed);
            !lasts || !removed || everything == Some(Standing::Removed)
        })
    }),
    ("work that a remover had seen counts for all", |play, state| {
        knowledge(state).all(|known| {
            let works = play.works(&known);
            play.removals(state, &known).iter().all(|(_, seen)| {
                works.iter().all(|(number, work)| !seen.contains(number) || play.counts(work, &known))
            })
        })
    }),
    ("work that no remover had seen waits for a decision", |play, state| {
        knowledge(state).all(|known| {
            let removals = play.removals(state, &known);
            let works = play.works(&known);
            removals.is_empty()
                || works.iter().all(|(number, work)| {
                    removals.iter().any(|(_, seen)| seen.contains(number)) || !play.counts(work, &known)
                })
        })
    }),
    ("what the removed stated outside the cut gives no power", |play, state| {
        knowledge(state).all(|known| {
            play.removals(state, &known).is_empty() || !is_active(&play.view(&known).permission, SECOND)
        })
    }),
    ("nobody gets a key whom its writer knew to be out", |play, state| {
        state.written.iter().all(|(_, known, given)| given.is_subset(&play.belong(known)))
    }),
    ("everybody who belongs gets the key", |play, state| {
        state.written.iter().all(|(_, known, given)| play.belong(known).is_subset(given))
    }),
    ("the same packs mean the same, in whatever order they come", |play, state| {
        if let Some(same) = play.orders.borrow().get(&state.all) {
            return *same;
        }
        let mut backwards = play.reaching(&state.all);
        backwards.reverse();
        if play.bug == Some(Bug::FirstHeardIsForgotten) && state.all.len() > 1 {
            backwards.remove(0);
        }
        let again = Permission::derive(play.world.programme, &backwards);
        let same = again == play.view(&state.all).permission;
        play.orders.borrow_mut().insert(state.all.clone(), same);
        same
    }),
    ("reviews are read by their member and by coordinators, while these belong", |play, state| {
        knowledge(state).all(|known| {
            let mut may = play.belong(&known);
            may.retain(|key| COORDINATORS.contains(key) || [MEMBERS[0], SECOND].contains(key));
            play.view(&known).reviews == may
        })
    }),
];

/// True in some state: otherwise the invariants say nothing.
const MET: [Claim; 6] = [
    ("a link is completed", |play, state| play.completed(&state.all, 0)),
    ("a charter freezes", |play, state| play.view(&state.all).permission.charter.frozen),
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
    ("a removal is void with its signer's role", |play, state| {
        play.removals(state, &state.all).len() < state.seen.len()
            && play.standing(&state.all, Key(40)) == Some(Standing::Active)
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
fn g03_g22_g26_every_order_of_acting_and_hearing_keeps_the_invariants() {
    let begun = std::time::Instant::now();
    let plays = [Play::charter, Play::removal, Play::suspension, Play::dropped, Play::rivals];
    let walked = plays.map(|play| walk(&play(None)));
    println!(
        "figure: model of charter, removal and suspension: {} states, {} invariants, {} broken, {:.1} s",
        walked.each_ref().map(|one| one.states.to_string()).join(" + "),
        INVARIANTS.len(),
        walked.iter().filter(|one| one.broken.is_some()).count(),
        begun.elapsed().as_secs_f64()
    );
    let broken: Vec<_> = walked.iter().filter_map(|one| one.broken.as_ref()).collect();
    assert!(broken.is_empty(), "{broken:?}");
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
    check(
        Play::charter,
        Bug::NothingFreezes,
        "two lines that were both built upon freeze the charter, and nothing else does",
    );
    check(
        Play::suspension,
        Bug::RemovalWearsOff,
        "whom an admin removed who stays one is removed, whatever comes later",
    );
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
}
