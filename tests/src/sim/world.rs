//! The world of one run: who there is, what they have, and how a run goes. What people do is in
//! [`acts`](super::acts), how bytes travel in [`network`](super::network), what goes wrong in
//! [`faults`](super::faults).

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use tessera_engine::bundle::For;
use tessera_engine::store::{MemoryStore, StoreError};
use tessera_engine::{Engine, EngineError};
use tessera_model::programme::Programme;
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::{ApplicationId, Incarnation, MemberId, PackId, ProgrammeId};
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::PublicKey;
use tessera_protocol::stream::Stream;
use tessera_vault::enrol::About;

use super::bug::Bug;
use super::dice::Dice;
use super::network::{Flight, Parcel};
use super::node::{Home, Node, chance, secret};
use super::oracle::{Evidence, Oracle, Text};
use super::relay::Relay;
use super::shown::shown;

/// The call that everybody works on.
const CALL: &str = include_str!("call.toml");
/// Rounds of exchanges after which everybody must be quiet.
const QUIET: usize = 40;

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Faults that happened.
    pub faults: u64,
    /// Reviews that reviewers were told are submitted.
    pub reviews: u64,
    /// Virtual time, in minutes.
    pub minutes: u64,
}

/// Why a run failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What is wrong.
    pub what: String,
    /// What happened, in order.
    pub trace: Vec<String>,
}

/// How long a run is and how much of everything there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// A few weeks with two coordinators and one relay.
    #[default]
    Usual,
    /// Years, with laptops that are away for years, more coordinators, and by mistake two relays under one key.
    Years,
}

/// One run.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) bug: Option<Bug>,
    pub(crate) scale: Scale,
    pub(crate) dice: Dice,
    pub(crate) programme: Programme,
    pub(crate) id: ProgrammeId,
    /// The relay that is reached at this moment.
    pub(crate) relay: Relay,
    /// Another under the same key that somebody started by mistake.
    pub(crate) other: Option<Relay>,
    pub(crate) relay_key: PublicKey,
    pub(crate) nodes: Vec<Node>,
    pub(crate) flights: Vec<Flight>,
    pub(crate) parcels: Vec<Parcel>,
    pub(crate) oracle: Oracle,
    pub(crate) applications: Vec<ApplicationId>,
    /// Virtual time, in minutes.
    pub(crate) now: u64,
    /// True when nothing goes wrong any more.
    pub(crate) calm: bool,
    pub(crate) faults: u64,
    pub(crate) trace: Vec<String>,
    starts: u64,
    texts: u32,
    /// The packs in which each submission was seen when something was lost.
    pub(super) sealed: BTreeMap<Text, BTreeSet<PackId>>,
}

/// Runs a seed.
///
/// # Errors
/// [`Failure`] where something was lost, counted twice, or shown differently.
pub fn run(seed: u64, bug: Option<Bug>, scale: Scale) -> Result<(Outcome, Vec<String>), Failure> {
    let mut world = World::found(seed, bug, scale);
    let result = world.live();
    let trace = std::mem::take(&mut world.trace);
    match result {
        Ok(()) => {
            let (faults, minutes) = (world.faults, world.now);
            Ok((Outcome { faults, reviews: world.oracle.reviews(), minutes }, trace))
        }
        Err(what) => Err(Failure { seed, what, trace }),
    }
}

impl World {
    /// A founder with a programme and a relay, before anything can go wrong.
    fn found(seed: u64, bug: Option<Bug>, scale: Scale) -> Self {
        let mut dice = Dice::new(seed, "world");
        let mut bytes = [0; 32];
        rand_core::Rng::fill_bytes(&mut dice, &mut bytes);
        let key = SigningKey::from_bytes(&bytes);
        let relay_key = PublicKey::from_bytes(&key.verifying_key().to_bytes()).expect("a fresh key is sound");
        let home = Engine::found(
            MemoryStore::new(),
            secret(seed, "alice"),
            chance(seed, 0),
            true,
            &[(relay_key, false)],
        );
        let home = home.expect("founding meets no fault");
        let id = home.programme();
        let mut relay = Relay::new(key, Incarnation([1; 8]), id);
        relay.ack_before_commit = bug == Some(Bug::AckBeforeCommit);
        relay.hides_what_it_has = bug == Some(Bug::NoRefill);
        let mut world = Self {
            seed,
            bug,
            scale,
            dice,
            programme: Programme::parse(CALL).expect("the call is sound"),
            id,
            relay,
            other: None,
            relay_key,
            nodes: Vec::new(),
            flights: Vec::new(),
            parcels: Vec::new(),
            oracle: Oracle::default(),
            applications: Vec::new(),
            now: 0,
            calm: true,
            faults: 0,
            trace: Vec::new(),
            starts: 0,
            texts: 0,
            sealed: BTreeMap::new(),
        };
        world.add("alice", "alice", home);
        world
    }

    fn live(&mut self) -> Result<(), String> {
        self.begin()?;
        self.calm = false;
        let (steps, pause) = match self.scale {
            Scale::Usual => (40 + self.dice.below(50), 600),
            Scale::Years => (200 + self.dice.below(200), 24_000),
        };
        for _ in 0..steps {
            self.now += 1 + self.dice.below(pause);
            self.deliver_due()?;
            self.step()?;
        }
        self.settle()?;
        self.judge()
    }

    /// People enrol by files, the call is published, first applications come and are assigned.
    fn begin(&mut self) -> Result<(), String> {
        let two_admins = self.dice.once_in(3);
        self.enrol_now("carol", Roles { admin: two_admins, coordinator: true })?;
        if self.scale == Scale::Years {
            self.enrol_now("chen", Roles { admin: false, coordinator: true })?;
        }
        let reviewers = 2 + self.dice.index(3);
        for name in ["bob", "dan", "eve", "fay"].into_iter().take(reviewers) {
            self.enrol_now(name, Roles::default())?;
        }
        let programme = self.programme.clone();
        self.surely(0, |home| home.together(|acts| acts.publish(&programme, "").map(|_| ())))?;
        for _ in 0..2 + self.dice.index(3) {
            self.take_application(0)?;
        }
        for _ in 0..3 + self.dice.index(5) {
            self.assign(0)?;
        }
        for to in 1..self.nodes.len() {
            let member = self.nodes[to].member;
            let bundle = self.surely(0, |home| home.export(For::Member(member)))?;
            self.surely(to, |home| home.import(&bundle).map(|_| ()))?;
        }
        for _ in 0..2 {
            for node in 0..self.nodes.len() {
                self.exchange(node)?;
            }
        }
        Ok(())
    }

    /// Enrols somebody by files, with check words, as `alice` alone can.
    fn enrol_now(&mut self, name: &str, roles: Roles) -> Result<(), String> {
        let invitation = self.surely(0, |home| home.invite(roles, "a call", vec![]))?;
        let start = self.next_start();
        let enrolled = Engine::enrol(
            MemoryStore::new(),
            secret(self.seed, name),
            chance(self.seed, start),
            &invitation,
            About::default(),
        );
        let (home, answer) = enrolled.map_err(|error| error.to_string())?;
        let node = self.add(name, name, home);
        let member = self.nodes[node].member;
        self.surely(0, |home| home.admit(&answer).map(|_| ()))?;
        let bundle = self.surely(0, |home| home.export(For::Member(member)))?;
        self.surely(node, |home| home.import(&bundle).map(|_| ()))?;
        self.surely(0, |home| home.check(member))?;
        let bundle = self.surely(0, |home| home.export(For::Member(member)))?;
        self.surely(node, |home| home.import(&bundle).map(|_| ()))
    }

    /// Puts a laptop into the world.
    pub(crate) fn add(&mut self, name: &str, secret: &str, home: Home) -> usize {
        let start = self.starts;
        self.oracle.devices.insert(home.device(), home.member());
        self.nodes.push(Node::new(name.to_owned(), secret.to_owned(), start, home));
        self.nodes.len() - 1
    }

    /// The number of the next start of anything.
    pub(crate) fn next_start(&mut self) -> u64 {
        self.starts += 1;
        self.starts
    }

    /// The words of the next submission.
    pub(crate) fn next_text(&mut self) -> Text {
        self.texts += 1;
        Text(self.texts)
    }

    /// Writes a line of the trace.
    pub(crate) fn say(&mut self, line: impl Into<String>) {
        self.trace.push(format!("{:>6} {}", self.now, line.into()));
    }

    /// Ends a laptop's program and starts it again.
    pub(crate) fn restart(&mut self, node: usize, disk: Option<MemoryStore>) {
        let start = self.next_start();
        self.nodes[node].restart(self.seed, start, disk);
    }

    /// An act that nothing can stop.
    pub(crate) fn surely<T>(
        &mut self,
        node: usize,
        act: impl FnOnce(&mut Home) -> Result<T, EngineError>,
    ) -> Result<T, String> {
        let done = self.attempt(node, "must", act)?;
        done.ok_or_else(|| format!("{} could not do what nothing forbids", self.nodes[node].name))
    }

    /// An act that a fault may end and that may be refused for lack of a right; anything else is a failure.
    pub(crate) fn attempt<T>(
        &mut self,
        node: usize,
        what: &str,
        act: impl FnOnce(&mut Home) -> Result<T, EngineError>,
    ) -> Result<Option<T>, String> {
        let result = act(self.nodes[node].home());
        let name = self.nodes[node].name.clone();
        match result {
            // What is kept to be quicker may fail unnoticed; a laptop without power tells nobody anything all the same.
            Ok(_) if self.nodes[node].disk().is_closed() => {
                self.disk_failed(node, what, &StoreError::Closed);
                Ok(None)
            }
            Ok(done) => Ok(Some(done)),
            Err(EngineError::Store(error)) => {
                self.disk_failed(node, what, &error);
                Ok(None)
            }
            Err(
                error @ (EngineError::NotPermitted(_)
                | EngineError::NotAMember
                | EngineError::Unchecked(_)
                | EngineError::NotFound(_)
                | EngineError::NeedsPerson(_)),
            ) if what != "exchange" => {
                self.say(format!("{name}: {what}: {error}"));
                Ok(None)
            }
            // Some questions are answered by taking the other side.
            Err(error @ EngineError::BadInput(_)) if what == "decide" => {
                self.say(format!("{name}: {what}: {error}"));
                Ok(None)
            }
            Err(error) => Err(format!("{name}: {what}: {error} ({error:?})")),
        }
    }

    fn disk_failed(&mut self, node: usize, what: &str, error: &StoreError) {
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: {what}: {error}"));
        if self.nodes[node].disk().is_closed() {
            self.say(format!("{name}: starts again"));
            self.restart(node, None);
        }
    }

    /// Faults stop; everybody exchanges until nobody has anything to say.
    fn settle(&mut self) -> Result<(), String> {
        self.say("faults stop");
        self.calm = true;
        self.flights.clear();
        self.parcels.clear();
        for node in &mut self.nodes {
            node.offline_until = 0;
            node.disk().clear_faults();
            node.disk().make_room();
        }
        self.exchange_until_quiet()?;
        if self.other.is_none() {
            return Ok(());
        }
        // Two relays: what each has comes to everybody who meets both, and to the other as far as it still takes it.
        let mut held = Vec::new();
        for _ in 0..QUIET {
            self.swap_relays();
            self.exchange_until_quiet()?;
            held.push(self.relay.len());
            if let [.., first, _, last] = held[..]
                && first == last
            {
                return Ok(());
            }
        }
        Err(format!("after {QUIET} rounds two relays still learn from one another"))
    }

    fn exchange_until_quiet(&mut self) -> Result<(), String> {
        for _ in 0..QUIET {
            let held = self.relay.len();
            let mut said = false;
            for node in 0..self.nodes.len() {
                said |= self.exchange(node)?;
            }
            if !said && held == self.relay.len() {
                return Ok(());
            }
        }
        Err(format!("after {QUIET} rounds of exchanges somebody still has something to say"))
    }

    /// The other relay is reached from now on.
    pub(crate) fn swap_relays(&mut self) {
        if let Some(other) = &mut self.other {
            std::mem::swap(&mut self.relay, other);
        }
    }

    /// Hands everything to the oracle.
    fn judge(&mut self) -> Result<(), String> {
        self.set_strangers_apart();
        let packs = self.relay.packs().chain(self.other.iter().flat_map(Relay::packs));
        let log: BTreeMap<PackId, Pack> = packs.map(|pack| (pack.id(), pack.clone())).collect();
        self.complete(&log)?;
        let bug = self.bug;
        let mut coordinators = Vec::new();
        for at in 0..self.nodes.len() {
            let name = self.nodes[at].name.clone();
            if self.nodes[at].home().is_active() && self.nodes[at].home().is_coordinator() {
                let screen = shown(self.nodes[at].home(), bug).map_err(|error| error.to_string())?;
                let texts = self.named_texts(at);
                coordinators.push((name, screen, texts));
            }
        }
        if coordinators.is_empty() {
            return Err("nobody coordinates any more".into());
        }
        self.own_work()?;
        self.oracle.judge(&Evidence { log, coordinators })?;
        self.rebuild()
    }

    /// A laptop that somebody added after being removed is nobody's, and hears of it from nobody: what it alone
    /// sealed is not anybody's work, whoever carries it.
    fn set_strangers_apart(&mut self) {
        let (mut written, mut apart) = (BTreeSet::new(), BTreeSet::new());
        for at in 0..self.nodes.len() {
            let device = self.nodes[at].home().device();
            self.nodes[at].stranger = !self.relay.knows_device(device);
            apart.extend(self.nodes[at].texts().into_keys());
            written.extend(self.named_texts(at).into_keys());
        }
        for (text, one) in &mut self.oracle.submissions {
            one.destroyed |= apart.contains(text) && !written.contains(text);
        }
        self.nodes.retain(|node| !node.stranger);
    }

    /// What is on a laptop's disk and was sealed by laptops that belong to somebody.
    fn named_texts(&mut self, at: usize) -> BTreeMap<Text, BTreeSet<PackId>> {
        let own = self.nodes[at].home().device();
        let mut texts = self.nodes[at].texts();
        for packs in texts.values_mut() {
            packs.retain(|id| {
                let author = self.nodes[at].pack(*id).map_or(own, |pack| pack.header().device);
                self.relay.knows_device(author)
            });
        }
        texts.retain(|_, packs| !packs.is_empty());
        texts
    }

    /// The record is whole: the relay has what anybody has, every coordinator has what the relay has, nobody
    /// refused honest work, nothing waits to be sent.
    fn complete(&mut self, log: &BTreeMap<PackId, Pack>) -> Result<(), String> {
        let desks: Vec<_> = self.nodes.iter().map(|node| Stream::Desk(node.member).id(self.id)).collect();
        let shared = |pack: &Pack| !desks.contains(&pack.header().stream);
        let relay = &self.relay;
        for node in &mut self.nodes {
            let name = node.name.clone();
            let packs = node.packs();
            for id in &packs {
                let kept = node.pack(*id).ok_or("a pack without bytes")?;
                // A courier who brought a stranger's work keeps it: a relay that hears of the laptop takes it then.
                let named = relay.knows_device(kept.header().device);
                if shared(&kept) && named && !log.contains_key(id) {
                    return Err(format!(
                        "{name} has a pack of {:?} that the relay lacks",
                        kept.header().kind
                    ));
                }
            }
            let active = node.home().is_active();
            if active && node.home().is_coordinator() {
                // What came from a laptop that turned out to be nobody's before the removal was heard is parked.
                let named = |pack: &Pack| relay.knows_device(pack.header().device);
                for (id, pack) in log.iter().filter(|(_, pack)| shared(pack) && named(pack)) {
                    if !packs.contains(id) {
                        return Err(format!("{name} lacks a pack of {}", pack.header().stream));
                    }
                }
            }
            for notice in node.home().notices().map_err(|error| error.to_string())? {
                use tessera_engine::notices::Notice;
                let bad = match &notice {
                    Notice::Refused { code, .. } => !code.starts_with("relay-"),
                    Notice::Doubled { .. } => true,
                    Notice::RelayLied { .. } => self.bug != Some(Bug::AckBeforeCommit),
                    _ => false,
                };
                if bad {
                    return Err(format!("{name} accuses the honest: {notice:?}"));
                }
            }
            let named = |pack: &Pack| relay.knows_device(pack.header().device);
            let waiting = node.outbox().into_iter().filter(named).count();
            let pending = node.home().pending().map_err(|error| error.to_string())?;
            if active && (waiting > 0 || pending > 0) {
                return Err(format!("{name}: {waiting} packs and {pending} changes still wait to be sent"));
            }
        }
        Ok(())
    }

    /// Every submission is on each laptop of its author that still belongs.
    fn own_work(&mut self) -> Result<(), String> {
        let submissions = self.oracle.submissions.clone();
        for node in &mut self.nodes {
            if !node.home().is_active() {
                continue;
            }
            let texts = node.texts();
            for (text, one) in &submissions {
                if one.place.0 == node.member && one.told && !one.destroyed && !texts.contains_key(text) {
                    return Err(format!("lost: {} does not have its own {text:?}", node.name));
                }
            }
        }
        Ok(())
    }

    /// What a coordinator sees follows from the packs alone.
    fn rebuild(&mut self) -> Result<(), String> {
        let Some(at) = (0..self.nodes.len())
            .find(|at| self.nodes[*at].home().is_active() && self.nodes[*at].home().is_coordinator())
        else {
            return Ok(());
        };
        let bundle = self.surely(at, |home| home.export(For::Everything))?;
        let member: MemberId = self.nodes[at].member;
        let start = self.next_start();
        let joined = Engine::join(
            MemoryStore::new(),
            secret(self.seed, &self.nodes[at].secret),
            chance(self.seed, start),
            super::node::about(self.id, member),
        );
        let mut fresh = joined.map_err(|error| error.to_string())?;
        fresh.set_worker(Box::new(super::node::Inline));
        fresh.import(&bundle).map_err(|error| format!("rebuilding: {error}"))?;
        let again = shown(&mut fresh, None).map_err(|error| error.to_string())?;
        let before = shown(self.nodes[at].home(), None).map_err(|error| error.to_string())?;
        if again == before {
            return Ok(());
        }
        Err(format!("views rebuilt from packs differ: {}", super::oracle::difference(&before, &again)))
    }
}
