//! What people do: coordinators take in applications, assign, decide and close; reviewers declare, draft,
//! submit and amend; admins suspend, lift and remove, and add devices.

use std::collections::{BTreeMap, BTreeSet};

use tessera_engine::Engine;
use tessera_engine::programme::round;
use tessera_engine::reading::{Submission as Came, Task};
use tessera_engine::store::MemoryStore;
use tessera_model::documents::{Answer, AssignmentState, Conflict, Declaration, Draft, Manifest, Row};
use tessera_model::programme::Programme;
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};
use tessera_vault::enrol::About;
use tessera_vault::items::Verdict;

use super::node::{about, chance, secret};
use super::oracle::{Decided, Submission};
use super::shown::word;
use super::world::World;

/// The rounds of the call.
const ROUNDS: [&str; 2] = ["reading", "panel"];
/// A run enrols no more laptops than this, so that it stays short.
const LAPTOPS: usize = 10;

impl World {
    /// One thing happens.
    pub(crate) fn step(&mut self) -> Result<(), String> {
        let node = self.dice.index(self.nodes.len());
        match self.dice.below(100) {
            0..30 => self.meet_relay(node),
            30..52 => self.review(),
            52..58 => self.coordinate(Self::assign),
            58..60 => self.coordinate(Self::unassign),
            60..62 => self.coordinate(Self::take_application),
            62..67 => self.coordinate(Self::decide),
            67 => self.coordinate(Self::close),
            68 => self.suspend(),
            69 => self.lift(),
            70 => self.remove(),
            71 => self.enrol_later(),
            72 => self.add_device(),
            73..77 => self.hand_to_courier(node),
            77..83 => self.courier_arrives(),
            _ => self.trouble(node),
        }
    }

    /// An exchange, unless the laptop is out of reach.
    fn meet_relay(&mut self, node: usize) -> Result<(), String> {
        if self.nodes[node].offline_until > self.now {
            return Ok(());
        }
        self.exchange(node).map(|_| ())
    }

    /// A coordinator does something, if there is one who holds the keys.
    fn coordinate(&mut self, act: fn(&mut Self, usize) -> Result<(), String>) -> Result<(), String> {
        let at = self.dice.index(self.nodes.len());
        let order = (at..self.nodes.len()).chain(0..at);
        for node in order {
            let home = self.nodes[node].home();
            if home.is_active() && home.is_coordinator() && home.application("").is_ok() {
                return act(self, node);
            }
        }
        Ok(())
    }

    pub(crate) fn take_application(&mut self, node: usize) -> Result<(), String> {
        // The same key again is the same application, with other answers.
        let number = self.dice.below(self.applications.len() as u64 + 2).min(5);
        let version = self.dice.below(1000);
        let field = |name: &str, value: String| (name.to_owned(), value);
        let fields = BTreeMap::from([
            field("full-name", format!("canary-name {number}")),
            field("essay", format!("canary-essay {number}.{version}")),
        ]);
        let row = Row { key_column: "key".into(), key: format!("A{number}"), fields };
        let programme = self.programme.clone();
        let taken = self.attempt(node, "import", |home| {
            home.together(|acts| acts.take_application(&programme, &row, &Manifest::default()))
        })?;
        if let Some((id, ..)) = taken
            && !self.applications.contains(&id)
        {
            self.applications.push(id);
        }
        Ok(())
    }

    fn some_reading(&mut self, node: usize) -> Option<(MemberId, ApplicationId, &'static str)> {
        let reviewers: Vec<MemberId> = {
            let permission = self.nodes[node].home().permission();
            let plain = permission.active_members().filter(|(_, state)| state.roles == Roles::default());
            plain.map(|(member, _)| member).collect()
        };
        if reviewers.is_empty() || self.applications.is_empty() {
            return None;
        }
        let member = reviewers[self.dice.index(reviewers.len())];
        let application = self.applications[self.dice.index(self.applications.len())];
        let key = if self.dice.once_in(4) { ROUNDS[1] } else { ROUNDS[0] };
        Some((member, application, key))
    }

    pub(crate) fn assign(&mut self, node: usize) -> Result<(), String> {
        let Some((member, application, key)) = self.some_reading(node) else { return Ok(()) };
        let programme = self.programme.clone();
        let name = self.nodes[node].name.clone();
        let checked = self.attempt(node, "check", |home| home.check(member))?;
        let place = u32::try_from(self.dice.below(100)).unwrap_or(0);
        let assigned = self.attempt(node, "assign", |home| {
            let in_round = programme.round(key).expect("the call has the round");
            home.together(|acts| acts.assign(&programme, member, application, in_round, place))
        })?;
        if checked.is_some() && assigned.is_some() {
            self.say(format!("{name}: assigns {application} ({key}) to {member}"));
        }
        Ok(())
    }

    fn unassign(&mut self, node: usize) -> Result<(), String> {
        let Some((member, application, key)) = self.some_reading(node) else { return Ok(()) };
        let programme = self.programme.clone();
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: takes {application} ({key}) back from {member}"));
        self.oracle.disturbed.insert((member, application));
        // A review that counts here goes on counting, whatever is heard of its author later: that is a decision too.
        let counting =
            self.attempt(node, "reviews", |home| home.together(|acts| acts.reviews_of(application)))?;
        let counting = counting
            .into_iter()
            .flatten()
            .filter(|one| (one.member, one.round) == (member, round(key)) && one.counts.is_ok());
        let accepted: BTreeSet<_> =
            counting.flat_map(|one| one.versions.into_iter().map(|(_, pack)| pack)).collect();
        self.oracle.decided.push(Decided { accepted, set_aside: BTreeSet::new() });
        self.attempt(node, "unassign", |home| {
            let in_round = programme.round(key).expect("the call has the round");
            home.together(|acts| acts.unassign(member, application, in_round, "no time"))
        })?;
        Ok(())
    }

    /// Decides one item of the queue.
    fn decide(&mut self, node: usize) -> Result<(), String> {
        let queue = self.attempt(node, "queue", |home| home.together(|acts| acts.queue()))?;
        let queue = queue.unwrap_or_default();
        if queue.is_empty() {
            return Ok(());
        }
        let item = queue[self.dice.index(queue.len())].clone();
        let verdict = if self.dice.once_in(2) { Verdict::Accept } else { Verdict::SetAside };
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: decides {} of {:?}: {verdict:?}", item.code, item.member));
        let mut decided = Decided { accepted: BTreeSet::new(), set_aside: BTreeSet::new() };
        if verdict == Verdict::Accept {
            decided.accepted.extend(&item.packs);
            decided.set_aside.extend(item.instead_of.iter().map(|(pack, _)| *pack));
        } else {
            decided.set_aside.extend(&item.packs);
        }
        // Noted also where the program ends before it can tell: the decision may have been kept.
        self.oracle.decided.push(decided);
        self.attempt(node, "decide", |home| {
            home.together(|acts| acts.decide(&item.id, verdict, "it was so decided").map(|_| ()))
        })?;
        Ok(())
    }

    fn close(&mut self, node: usize) -> Result<(), String> {
        let key = ROUNDS[self.dice.index(2)];
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: closes {key}"));
        self.attempt(node, "close", |home| home.close(round(key)).map(|_| ()))?;
        Ok(())
    }

    /// Some reviewer works on something.
    fn review(&mut self) -> Result<(), String> {
        let node = self.dice.index(self.nodes.len());
        let tasks = self.attempt(node, "tasks", |home| home.together(|acts| acts.tasks()))?;
        let mut tasks = tasks.unwrap_or_default();
        tasks.retain(|task| task.assignment.state == Some(AssignmentState::Assigned));
        if tasks.is_empty() {
            return Ok(());
        }
        let task = tasks.swap_remove(self.dice.index(tasks.len()));
        match task.conflict {
            None => self.declare(node, &task, Declaration::None),
            _ if self.dice.once_in(25) => self.declare(node, &task, Declaration::Conflict),
            Some(_) if !task.is_open() => self.declare(node, &task, Declaration::None),
            Some(_) => self.fill_in(node, &task),
        }
    }

    /// The form comes with the call: a laptop that has not got the call shows none.
    fn fill_in(&mut self, node: usize, task: &Task) -> Result<(), String> {
        let call = self.attempt(node, "programme", |home| home.together(|acts| acts.programme()))?;
        match call {
            None => Ok(()),
            Some(_) if self.dice.once_in(4) => self.save_draft(node, task),
            Some((_, programme)) => self.submit(node, task, &programme),
        }
    }

    fn declare(&mut self, node: usize, task: &Task, declaration: Declaration) -> Result<(), String> {
        let (member, name) = (self.nodes[node].member, self.nodes[node].name.clone());
        self.say(format!("{name}: declares {declaration:?} on {}", task.application));
        // Two laptops may contradict one another later, so any declaration but the first disturbs.
        if declaration != Declaration::None || task.conflict.is_some() {
            self.oracle.disturbed.insert((member, task.application));
        }
        let conflict = Conflict { declaration: Some(declaration), ..Conflict::default() };
        self.attempt(node, "declare", |home| {
            home.together(|acts| acts.declare(task.application, &conflict))
        })?;
        Ok(())
    }

    fn some_draft(&mut self, words: String) -> (Draft, BTreeMap<String, String>) {
        let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
        let scored: Vec<String> = self.programme.scored().map(|one| one.key.to_string()).collect();
        for key in scored {
            let score = (1 + self.dice.below(5)).to_string();
            answers.insert(key, Answer::Score(score.parse().expect("a number")));
        }
        let told = answers.iter().map(|(key, answer)| (key.clone(), word(answer))).collect();
        (Draft { answers, overall: words, attested: true, ..Draft::default() }, told)
    }

    fn save_draft(&mut self, node: usize, task: &Task) -> Result<(), String> {
        let words = format!("canary-draft {}", self.dice.below(1000));
        let (draft, _) = self.some_draft(words);
        self.attempt(node, "draft", |home| {
            home.together(|acts| acts.save_draft(task.application, task.round, &draft).map(|_| ()))
        })?;
        Ok(())
    }

    fn submit(&mut self, node: usize, task: &Task, programme: &Programme) -> Result<(), String> {
        let text = self.next_text();
        let (draft, answers) = self.some_draft(text.words());
        let key = key_of(task.round);
        let member = self.nodes[node].member;
        let place = (member, task.application, task.round);
        let here = self.nodes[node].texts();
        let same = |other: &&super::oracle::Text| self.oracle.submissions[*other].place == place;
        let after = here.keys().filter(same).copied().collect();
        let submission = Submission { place, answers, told: false, after, destroyed: false };
        self.oracle.submissions.insert(text, submission);
        let came = self.attempt(node, "submit", |home| {
            home.together(|acts| {
                acts.save_draft(task.application, task.round, &draft)?;
                acts.submit(programme, task.application, key, Some("thought again"))
            })
        })?;
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: submits {text:?} on {} ({key}): {came:?}", task.application));
        match came {
            Some(Came::Submitted { .. }) => {
                if let Some(one) = self.oracle.submissions.get_mut(&text) {
                    one.told = true;
                }
                Ok(())
            }
            None => Ok(()),
            Some(other) => Err(format!("{name}: a whole draft was not taken: {other:?}")),
        }
    }

    /// A plain member who belongs, by what an admin's laptop knows.
    fn some_member(&mut self, node: usize) -> Option<MemberId> {
        self.some_reading(node).map(|(member, ..)| member)
    }

    fn some_admin(&mut self) -> Option<usize> {
        let at = self.dice.index(self.nodes.len());
        (at..self.nodes.len()).chain(0..at).find(|node| {
            let home = self.nodes[*node].home();
            home.is_active() && home.is_admin()
        })
    }

    fn suspend(&mut self) -> Result<(), String> {
        let Some(node) = self.some_admin() else { return Ok(()) };
        let Some(member) = self.some_member(node) else { return Ok(()) };
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: suspends {member}"));
        self.attempt(node, "suspend", |home| home.suspend(member).map(|_| ()))?;
        Ok(())
    }

    fn lift(&mut self) -> Result<(), String> {
        let Some(node) = self.some_admin() else { return Ok(()) };
        let member = self.nodes[self.dice.index(self.nodes.len())].member;
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: lifts what stands against {member}"));
        self.attempt(node, "lift", |home| home.lift(member).map(|_| ()))?;
        Ok(())
    }

    fn remove(&mut self) -> Result<(), String> {
        let Some(node) = self.some_admin() else { return Ok(()) };
        let Some(member) = self.some_member(node) else { return Ok(()) };
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: removes {member}"));
        self.attempt(node, "remove", |home| home.remove(member).map(|_| ()))?;
        Ok(())
    }

    /// A further reviewer, who hears of the admission from the relay.
    fn enrol_later(&mut self) -> Result<(), String> {
        let name = ["gil", "hal", "ida", "joe"][self.dice.index(4)];
        if self.nodes.len() >= LAPTOPS || self.nodes.iter().any(|node| node.name == name) {
            return Ok(());
        }
        let invited = self.attempt(0, "invite", |home| home.invite(Roles::default(), "a call", vec![]))?;
        let Some(invitation) = invited else { return Ok(()) };
        let start = self.next_start();
        let enrolled = Engine::enrol(
            MemoryStore::new(),
            secret(self.seed, name),
            chance(self.seed, start),
            &invitation,
            About::default(),
        );
        let (home, answer) = enrolled.map_err(|error| error.to_string())?;
        if self.attempt(0, "admit", |home| home.admit(&answer).map(|_| ()))?.is_some() {
            self.say(format!("alice: admits {name}"));
            self.add(name, name, home);
        }
        Ok(())
    }

    /// A reviewer's second laptop.
    fn add_device(&mut self) -> Result<(), String> {
        let node = self.dice.index(self.nodes.len());
        let member = self.nodes[node].member;
        let home = self.nodes[node].home();
        let plain = home.permission().members.get(&member).is_some_and(|one| one.roles == Roles::default());
        if !plain || !home.is_active() || self.nodes.len() >= LAPTOPS {
            return Ok(());
        }
        let name = format!("{}-{}", self.nodes[node].name, self.nodes.len());
        let device = secret(self.seed, &name).device();
        if self.attempt(node, "add device", |home| home.add_device(member, device))?.is_none() {
            return Ok(());
        }
        let start = self.next_start();
        let joined = Engine::join(
            MemoryStore::new(),
            secret(self.seed, &name),
            chance(self.seed, start),
            about(self.id, member),
        );
        let home = joined.map_err(|error| error.to_string())?;
        self.say(format!("{name}: is a new laptop"));
        self.add(&name, &name, home);
        Ok(())
    }
}

fn key_of(id: RoundId) -> &'static str {
    ROUNDS.into_iter().find(|key| round(key) == id).unwrap_or(ROUNDS[0])
}
