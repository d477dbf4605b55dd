//! What is known of a document, and whether a scanned change may come next.
//!
//! Automerge itself checks none of this: it would panic, or keep the change and never be able to merge or
//! load again. All rules but two look only at the change and its ancestors, so every device decides alike in
//! any order of arrival. The exceptions: equivocation, where the caller takes both sides out, and a full document.

mod verdict;
mod view;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tessera_defence::{defence, defended};

use super::clock::Clock;
use super::operations::{ContainerKind, Operation};
use super::{ActorBytes, ChangeHash, Limits, Scanned};
use view::View;

pub use verdict::{Refusal, Verdict};

/// An operation's id within a document; operations are numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Id {
    actor: u32,
    counter: u32,
}

/// The root map as an object, and the place before the first element as an element.
const ROOT: Id = Id { actor: 0, counter: 0 };

/// Where an operation acts, within a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Key(u32),
    Element(Id),
}

/// One operation within a document, its value left out.
#[derive(Debug, Clone, Copy)]
struct Known {
    object: Id,
    place: Place,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// A value under a map's key, or a later value of an element.
    Value,
    /// The first value of an element.
    Inserted,
    /// A map as a list's item.
    InsertedMap,
    /// A container of a constant.
    Container(ContainerKind),
    Removal,
}

#[derive(Debug, Clone)]
struct Change {
    hash: ChangeHash,
    actor: u32,
    seq: u32,
    max_op: u64,
    /// Per actor, how many of its changes this one builds on; of its own actor see `seq`.
    clock: Arc<Clock>,
}

/// What is known of one document: its changes, who made them, and what can be referred to.
///
/// Rebuilt by recording a document's changes again; holds no values.
#[derive(Debug, Clone)]
pub struct Continuity {
    max_ops: u64,
    max_actors: u64,
    max_heads: u64,
    /// The highest operation number so far.
    last_op: u64,
    changes: Vec<Change>,
    by_hash: HashMap<ChangeHash, u32>,
    actors: HashMap<ActorBytes, u32>,
    /// Per actor, its changes by number.
    chains: Vec<Vec<u32>>,
    keys: HashMap<Arc<str>, u32>,
    operations: HashMap<Id, Known>,
    /// Keys that hold a container, which no other value may replace.
    containers: HashMap<(Id, Place), Id>,
    /// The last value that an actor put somewhere; first values of elements left out.
    puts: HashMap<(Id, Place, u32), Id>,
    /// What replaced or removed a value, texts left out.
    successors: HashMap<Id, Vec<Id>>,
    /// Changes that no other builds on.
    heads: HashSet<ChangeHash>,
}

impl Continuity {
    /// Knows nothing yet, and will admit [`Limits::max_document_ops`].
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            max_ops: limits.max_document_ops,
            max_actors: limits.max_document_actors,
            max_heads: limits.max_deps,
            last_op: 0,
            changes: Vec::new(),
            by_hash: HashMap::new(),
            actors: HashMap::new(),
            chains: Vec::new(),
            keys: HashMap::new(),
            operations: HashMap::new(),
            containers: HashMap::new(),
            puts: HashMap::new(),
            successors: HashMap::new(),
            heads: HashSet::new(),
        }
    }

    /// Returns whether a change is part of the document.
    #[must_use]
    pub fn contains(&self, hash: &ChangeHash) -> bool {
        self.by_hash.contains_key(hash)
    }

    /// Returns how many changes are known, constants among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Returns whether nothing is known, not even a constant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(crate) fn actor_count(&self) -> usize {
        self.actors.len()
    }

    fn actors_with(&self, actor: &ActorBytes) -> u64 {
        self.actors.len() as u64 + u64::from(!self.actors.contains_key(actor))
    }

    /// Returns how many operations a local edit may still have.
    pub(crate) fn free_ops(&self, actor: &ActorBytes, limits: &Limits) -> u64 {
        if self.actors_with(actor) > self.max_actors {
            return 0;
        }
        let held = self.operations.len() as u64;
        let by_count = self.max_ops.saturating_sub(held);
        by_count.min(limits.max_counter.saturating_sub(self.last_op))
    }

    /// Returns the number that the next change of an actor must have.
    #[must_use]
    pub fn next_seq(&self, actor: &ActorBytes) -> u64 {
        self.actors.get(actor).map_or(1, |actor| self.chains[*actor as usize].len() as u64 + 1)
    }

    /// Returns the change that an operation belongs to.
    #[must_use]
    pub fn change_of(&self, actor: &ActorBytes, counter: u64) -> Option<&ChangeHash> {
        let chain = &self.chains[*self.actors.get(actor)? as usize];
        let at = chain.partition_point(|change| self.changes[*change as usize].max_op < counter);
        chain.get(at).map(|change| &self.changes[*change as usize].hash)
    }

    /// Returns the changes that put or removed something under a map's key, oldest first.
    ///
    /// The map is named by the operation that made it; none is the root.
    pub(crate) fn changes_touching(&self, map: Option<(ActorBytes, u64)>, key: &str) -> Vec<ChangeHash> {
        let object = match map {
            None => Some(ROOT),
            Some((actor, counter)) => self
                .actors
                .get(&actor)
                .zip(u32::try_from(counter).ok())
                .map(|(actor, counter)| Id { actor: *actor, counter }),
        };
        let (Some(object), Some(key)) = (object, self.keys.get(key)) else {
            return Vec::new();
        };
        let here = |known: &Known| known.object == object && known.place == Place::Key(*key);
        let touching = self.operations.iter().filter(|(_, known)| here(known));
        let mut changes: Vec<(u64, ChangeHash)> = touching
            .filter_map(|(id, _)| {
                let chain = &self.chains[id.actor as usize];
                let at = chain
                    .partition_point(|change| self.changes[*change as usize].max_op < u64::from(id.counter));
                let change = &self.changes[*chain.get(at)? as usize];
                Some((change.max_op, change.hash))
            })
            .collect();
        changes.sort_unstable();
        changes.dedup();
        changes.into_iter().map(|(_, hash)| hash).collect()
    }

    /// Judges a scanned change by `expected`, the actor that the device and incarnation named with it have.
    #[must_use]
    pub fn check_next(&self, change: &Scanned, expected: &ActorBytes) -> Verdict {
        if self.contains(change.hash()) {
            return Verdict::Known;
        }
        if !defence!(I15, defence!(G17, change.actor() == expected)) {
            return Verdict::Refuse(Refusal::WrongActor);
        }
        if change.deps().is_empty() {
            return Verdict::Refuse(Refusal::Unrooted);
        }
        self.check(change, false)
    }

    /// Judges a constant: as any other change, but it may make containers and the first builds on nothing.
    pub(crate) fn check_constant(&self, change: &Scanned) -> Verdict {
        if self.contains(change.hash()) {
            return Verdict::Known;
        }
        self.check(change, true)
    }

    fn check(&self, change: &Scanned, constant: bool) -> Verdict {
        if let Some(known) = self.at(change.actor(), change.seq())
            && defended!(H03)
        {
            let known = self.changes[known as usize].hash;
            return Verdict::Refuse(Refusal::Equivocation { known });
        }
        let missing: Vec<ChangeHash> =
            change.deps().iter().filter(|hash| !self.contains(hash)).copied().collect();
        if !defence!(H07, missing.is_empty()) {
            return Verdict::Park { missing };
        }
        if let Err(refusal) = self.check_room(change) {
            return Verdict::Refuse(refusal);
        }
        let past = self.past(change);
        match self.check_against(change, &past, constant) {
            Ok(_) => Verdict::Apply,
            Err(refusal) => Verdict::Refuse(refusal),
        }
    }

    fn check_room(&self, change: &Scanned) -> Result<(), Refusal> {
        let built_on = change.deps().iter().filter(|hash| self.heads.contains(*hash)).count();
        let heads = (self.heads.len() - built_on) as u64 + 1;
        let operations = self.operations.len() as u64 + change.op_count();
        for (what, found, limit) in [
            ("operations", operations, self.max_ops),
            ("actors", self.actors_with(change.actor()), self.max_actors),
            ("branches", heads, self.max_heads),
        ] {
            if found > limit {
                return Err(Refusal::DocumentFull { what, limit });
            }
        }
        Ok(())
    }

    /// Checks numbers and references; gives the operations as the document knows them.
    fn check_against<'a>(
        &'a self,
        change: &'a Scanned,
        past: &'a Past,
        constant: bool,
    ) -> Result<View<'a>, Refusal> {
        let expected = u64::from(past.own_seq) + 1;
        if !defence!(H05, change.seq() == expected) {
            return Err(Refusal::Sequence { expected, found: change.seq() });
        }
        let expected = past.max_op + 1;
        if !defence!(H04, change.start_op() == expected) {
            return Err(Refusal::StartOp { expected, found: change.start_op() });
        }
        let mut view = View::new(self, change, past);
        for (index, operation) in change.operations().iter().enumerate() {
            view.check(index, operation, constant)?;
        }
        Ok(view)
    }

    /// Everything that a change with these dependencies builds on.
    fn past(&self, change: &Scanned) -> Past {
        let own = self.actors.get(change.actor()).copied();
        let deps: Vec<&Change> = change
            .deps()
            .iter()
            .filter_map(|hash| self.by_hash.get(hash).map(|at| &self.changes[*at as usize]))
            .collect();
        let max_op = deps.iter().map(|dep| dep.max_op).max().unwrap_or(0);
        if let [dep] = deps[..]
            && own == Some(dep.actor)
        {
            return Past { own, own_seq: dep.seq, clock: Arc::clone(&dep.clock), max_op };
        }
        let clocks: Vec<_> = deps.iter().map(|dep| dep.clock.with(dep.actor, dep.seq)).collect();
        let clock = Clock::union(&clocks);
        let own_seq = own.map_or(0, |own| clock.get(own));
        Past { own, own_seq, clock, max_op }
    }

    fn at(&self, actor: &ActorBytes, seq: u64) -> Option<u32> {
        let chain = &self.chains[*self.actors.get(actor)? as usize];
        chain.get(usize::try_from(seq).ok()?.checked_sub(1)?).copied()
    }

    /// Records a change that was judged [`Verdict::Apply`] and applied; any other is left out.
    pub fn record(&mut self, change: &Scanned) {
        if self.contains(change.hash()) {
            return;
        }
        let past = self.past(change);
        let (Ok(at), Ok(seq)) = (u32::try_from(self.changes.len()), u32::try_from(change.seq())) else {
            return;
        };
        // Whether it was a constant was checked before; both have the same references.
        let Ok(View { made, keys, .. }) = self.check_against(change, &past, true) else {
            return;
        };
        self.keys.extend(keys);
        let actor = self.intern_actor(change.actor());
        self.last_op = self.last_op.max(change.max_op());
        self.by_hash.insert(*change.hash(), at);
        self.chains[actor as usize].push(at);
        for dep in change.deps() {
            self.heads.remove(dep);
        }
        self.heads.insert(*change.hash());
        self.changes.push(Change {
            hash: *change.hash(),
            actor,
            seq,
            max_op: change.max_op(),
            clock: past.clock,
        });
        for ((id, known), operation) in made.into_iter().zip(change.operations()) {
            self.record_operation(id, known, change, operation);
        }
    }

    fn record_operation(&mut self, id: Id, known: Known, change: &Scanned, operation: &Operation) {
        let spot = (known.object, known.place, id.actor);
        match known.what {
            What::Value => drop(self.puts.insert(spot, id)),
            What::Container(_) => drop(self.containers.insert((known.object, known.place), id)),
            What::Removal | What::Inserted | What::InsertedMap => {}
        }
        self.operations.insert(id, known);
        if self.kind(known.object) == Some(ContainerKind::Text) {
            return;
        }
        for pred in change.preds_of(operation) {
            let actor = self.actors.get(&change.actors()[usize::from(pred.actor)]);
            if let Some(actor) = actor.copied() {
                self.successors.entry(Id { actor, counter: pred.counter }).or_default().push(id);
            }
        }
    }

    fn kind(&self, object: Id) -> Option<ContainerKind> {
        if object == ROOT {
            return Some(ContainerKind::Map);
        }
        self.operations.get(&object).and_then(|known| known.what.kind())
    }

    /// The index of an actor, or the one that it would get.
    fn actor_index(&self, actor: &ActorBytes) -> u32 {
        // At most one actor per change, and changes are counted in 32 bits.
        let next = u32::try_from(self.chains.len()).unwrap_or(u32::MAX);
        self.actors.get(actor).copied().unwrap_or(next)
    }

    fn intern_actor(&mut self, actor: &ActorBytes) -> u32 {
        let index = self.actor_index(actor);
        if index as usize == self.chains.len() {
            self.actors.insert(*actor, index);
            self.chains.push(Vec::new());
        }
        index
    }
}

impl What {
    /// The kind of object that the operation made.
    fn kind(self) -> Option<ContainerKind> {
        match self {
            Self::Container(kind) => Some(kind),
            Self::InsertedMap => Some(ContainerKind::Map),
            Self::Value | Self::Inserted | Self::Removal => None,
        }
    }
}

/// The ancestors of a change that is being judged.
struct Past {
    /// The change's own actor, and how many of its changes are ancestors.
    own: Option<u32>,
    own_seq: u32,
    /// The same for every other actor.
    clock: Arc<Clock>,
    max_op: u64,
}

impl Past {
    fn seq(&self, actor: u32) -> u32 {
        if self.own == Some(actor) { self.own_seq } else { self.clock.get(actor) }
    }
}
