//! What is known of a document, and whether a scanned change may come next.
//!
//! Automerge itself checks none of this: it would panic, or keep the change and never be able to merge or
//! load again. All rules but two look only at the change and its ancestors, so every device decides alike in
//! any order of arrival. The exceptions: equivocation, where the caller takes both sides out, and a full document.

use std::collections::HashMap;
use std::sync::Arc;

use super::clock::Clock;
use super::operations::{ContainerKind, Key, Kind, OpId, Operation};
use super::{ActorBytes, ChangeHash, Limits, Scanned};

/// What to do with a scanned change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It comes next: apply it, then [`Continuity::record`] it.
    Apply,
    /// It is part of the document already.
    Known,
    /// It waits for changes that are not here yet. How many may wait, and how long, the caller bounds.
    Park {
        /// The direct dependencies that are missing.
        missing: Vec<ChangeHash>,
    },
    /// It contradicts itself or the document and never can be applied.
    Refuse(Refusal),
}

/// Why a change can never be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not the actor of the device and incarnation that the change came with.
    #[error("the change is not by the expected actor")]
    WrongActor,
    /// Another change of the same actor has the same number.
    #[error("two changes have one actor and number")]
    Equivocation {
        /// The one that is part of the document.
        known: ChangeHash,
    },
    /// The document has as many operations or actors as a document may have.
    #[error("the document is full: it would have {operations} operations by {actors} actors")]
    DocumentFull {
        /// Operations there would be.
        operations: u64,
        /// Actors there would be.
        actors: u64,
    },
    /// It builds on nothing, not even the document's constant.
    #[error("the change does not build on the document's first change")]
    Unrooted,
    /// Its number does not follow the last of its actor that it builds on.
    #[error("change number {found} where {expected} follows")]
    Sequence {
        /// The only possible number.
        expected: u64,
        /// The number it has.
        found: u64,
    },
    /// Its first operation does not follow the last one that it builds on.
    #[error("first operation {found} where {expected} follows")]
    StartOp {
        /// The only possible number.
        expected: u64,
        /// The number it has.
        found: u64,
    },
    /// It refers to an object, element or value that it does not build on.
    #[error("operation {index} refers to something the change does not build on")]
    Reference {
        /// The operation's place in the change, from 0.
        index: usize,
    },
    /// An operation that its object's kind does not have, or that would replace or hide a container.
    #[error("operation {index} does not fit its object")]
    Misfit {
        /// The operation's place in the change, from 0.
        index: usize,
    },
}

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
    Container,
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
    /// The highest operation number so far.
    last_op: u64,
    changes: Vec<Change>,
    by_hash: HashMap<ChangeHash, u32>,
    actors: HashMap<ActorBytes, u32>,
    /// Per actor, its changes by number.
    chains: Vec<Vec<u32>>,
    keys: HashMap<Arc<str>, u32>,
    objects: HashMap<Id, ContainerKind>,
    operations: HashMap<Id, Known>,
    /// Keys that hold a container, which no other value may replace.
    containers: HashMap<(Id, Place), Id>,
}

impl Continuity {
    /// Knows nothing yet, and will admit [`Limits::max_document_ops`].
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            max_ops: limits.max_document_ops,
            max_actors: limits.max_document_actors,
            last_op: 0,
            changes: Vec::new(),
            by_hash: HashMap::new(),
            actors: HashMap::new(),
            chains: Vec::new(),
            keys: HashMap::new(),
            objects: HashMap::new(),
            operations: HashMap::new(),
            containers: HashMap::new(),
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
        if change.actor() != expected {
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
        if let Some(known) = self.at(change.actor(), change.seq()) {
            let known = self.changes[known as usize].hash;
            return Verdict::Refuse(Refusal::Equivocation { known });
        }
        let missing: Vec<ChangeHash> =
            change.deps().iter().filter(|hash| !self.contains(hash)).copied().collect();
        if !missing.is_empty() {
            return Verdict::Park { missing };
        }
        let operations = self.operations.len() as u64 + change.op_count();
        let actors = self.actors_with(change.actor());
        if operations > self.max_ops || actors > self.max_actors {
            return Verdict::Refuse(Refusal::DocumentFull { operations, actors });
        }
        let past = self.past(change);
        match self.check_against(change, &past, constant) {
            Ok(()) => Verdict::Apply,
            Err(refusal) => Verdict::Refuse(refusal),
        }
    }

    fn check_against(&self, change: &Scanned, past: &Past, constant: bool) -> Result<(), Refusal> {
        let expected = u64::from(past.own_seq) + 1;
        if change.seq() != expected {
            return Err(Refusal::Sequence { expected, found: change.seq() });
        }
        let expected = past.max_op + 1;
        if change.start_op() != expected {
            return Err(Refusal::StartOp { expected, found: change.start_op() });
        }
        let view = View { known: self, change, past };
        for (index, operation) in change.operations().iter().enumerate() {
            view.check(index, operation, constant)?;
        }
        Ok(())
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

    /// Records a change that was judged [`Verdict::Apply`] and applied.
    pub fn record(&mut self, change: &Scanned) {
        if self.contains(change.hash()) {
            return;
        }
        let past = self.past(change);
        let actor = self.intern_actor(change.actor());
        let (Ok(at), Ok(seq)) = (u32::try_from(self.changes.len()), u32::try_from(change.seq())) else {
            return;
        };
        self.last_op = self.last_op.max(change.max_op());
        self.by_hash.insert(*change.hash(), at);
        self.chains[actor as usize].push(at);
        self.changes.push(Change {
            hash: *change.hash(),
            actor,
            seq,
            max_op: change.max_op(),
            clock: past.clock,
        });
        for (index, operation) in change.operations().iter().enumerate() {
            self.record_operation(change, index, operation, actor);
        }
    }

    fn record_operation(&mut self, change: &Scanned, index: usize, operation: &Operation, actor: u32) {
        // Scanning bounds operation numbers far below 32 bits.
        let counter = u32::try_from(change.start_op() + index as u64).unwrap_or(u32::MAX);
        let id = Id { actor, counter };
        let resolve = |known: &Self, reference: OpId| {
            let actor = known.actors.get(&change.actors()[usize::from(reference.actor)]);
            actor.map_or(ROOT, |actor| Id { actor: *actor, counter: reference.counter })
        };
        let object = operation.object.map_or(ROOT, |object| resolve(self, object));
        let place = match &operation.key {
            Key::Map(key) => Place::Key(self.intern_key(key)),
            Key::Head | Key::Element(_) if operation.insert => Place::Element(id),
            Key::Head => Place::Element(ROOT),
            Key::Element(element) => Place::Element(resolve(self, *element)),
        };
        let what = match (operation.kind, operation.insert) {
            (Kind::Delete, _) => What::Removal,
            (Kind::Set { .. }, false) => What::Value,
            (Kind::Set { .. }, true) => What::Inserted,
            (Kind::Make(kind), insert) => {
                self.objects.insert(id, kind);
                if insert {
                    What::InsertedMap
                } else {
                    self.containers.insert((object, place), id);
                    What::Container
                }
            }
        };
        self.operations.insert(id, Known { object, place, what });
    }

    fn intern_actor(&mut self, actor: &ActorBytes) -> u32 {
        if let Some(known) = self.actors.get(actor) {
            return *known;
        }
        // At most one actor per change, and changes are counted in 32 bits.
        let next = u32::try_from(self.chains.len()).unwrap_or(u32::MAX);
        self.actors.insert(*actor, next);
        self.chains.push(Vec::new());
        next
    }

    fn intern_key(&mut self, key: &Arc<str>) -> u32 {
        let next = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        *self.keys.entry(Arc::clone(key)).or_insert(next)
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

/// One change in front of what it builds on.
struct View<'a> {
    known: &'a Continuity,
    change: &'a Scanned,
    past: &'a Past,
}

/// Something that is referred to: an ancestor's operation, or an earlier one of the same change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Known(Id),
    Same(usize),
}

/// The object that an operation acts on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Object {
    Root,
    Made(Target),
}

impl View<'_> {
    fn check(&self, index: usize, operation: &Operation, constant: bool) -> Result<(), Refusal> {
        let missing = Refusal::Reference { index };
        let misfit = Refusal::Misfit { index };
        let object = match operation.object {
            None => Object::Root,
            Some(id) => Object::Made(self.target(id).ok_or(missing.clone())?),
        };
        let kind = self.kind(object).ok_or(missing.clone())?;
        if !fits(kind, operation, constant) {
            return Err(misfit);
        }
        match &operation.key {
            Key::Map(key) if self.is_container(object, key) => return Err(misfit),
            Key::Element(element) if !self.is_element(object, *element) => return Err(missing),
            _ => {}
        }
        let mut last = None;
        for pred in self.change.preds_of(operation) {
            let by_age = (pred.counter, &self.change.actors()[usize::from(pred.actor)]);
            if last.is_some_and(|last| last >= by_age) {
                return Err(missing);
            }
            last = Some(by_age);
            match self.precedes(*pred, object, operation) {
                None => return Err(missing),
                Some(holds_map) if holds_map && operation.kind != Kind::Delete => {
                    return Err(misfit);
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Finds what a reference is to, if it is an ancestor or an earlier operation of the same change.
    fn target(&self, id: OpId) -> Option<Target> {
        let counter = u64::from(id.counter);
        if id.actor == 0 && counter >= self.change.start_op() {
            // Scanning refused references forward, so this one is to an earlier operation.
            let index = usize::try_from(counter - self.change.start_op()).ok()?;
            return (index < self.change.operations().len()).then_some(Target::Same(index));
        }
        let actor = self.change.actors().get(usize::from(id.actor))?;
        let actor = *self.known.actors.get(actor)?;
        let found = Id { actor, counter: id.counter };
        (self.is_past(found) && self.known.operations.contains_key(&found)).then_some(Target::Known(found))
    }

    fn kind(&self, object: Object) -> Option<ContainerKind> {
        match object {
            Object::Root => Some(ContainerKind::Map),
            Object::Made(Target::Known(id)) => self.known.objects.get(&id).copied(),
            Object::Made(Target::Same(index)) => match self.change.operations()[index].kind {
                Kind::Make(kind) => Some(kind),
                _ => None,
            },
        }
    }

    fn same_object(&self, known: Id, object: Object) -> bool {
        match object {
            Object::Root => known == ROOT,
            Object::Made(Target::Known(id)) => known == id,
            Object::Made(Target::Same(_)) => false,
        }
    }

    fn object_of(&self, operation: &Operation) -> Option<Object> {
        match operation.object {
            None => Some(Object::Root),
            Some(id) => self.target(id).map(Object::Made),
        }
    }

    fn is_container(&self, object: Object, key: &Arc<str>) -> bool {
        let object = match object {
            Object::Root => ROOT,
            Object::Made(Target::Known(id)) => id,
            Object::Made(Target::Same(_)) => return false,
        };
        let Some(key) = self.known.keys.get(key) else {
            return false;
        };
        self.known
            .containers
            .get(&(object, Place::Key(*key)))
            .is_some_and(|container| self.is_past(*container))
    }

    fn is_past(&self, id: Id) -> bool {
        let last = self.past.seq(id.actor) as usize;
        let chain = self.known.chains.get(id.actor as usize);
        last.checked_sub(1)
            .and_then(|last| chain?.get(last))
            .is_some_and(|last| u64::from(id.counter) <= self.known.changes[*last as usize].max_op)
    }

    fn is_element(&self, object: Object, element: OpId) -> bool {
        match self.target(element) {
            None => false,
            Some(Target::Known(id)) => {
                let known = self.known.operations[&id];
                matches!(known.what, What::Inserted | What::InsertedMap)
                    && self.same_object(known.object, object)
            }
            Some(Target::Same(index)) => {
                let other = &self.change.operations()[index];
                other.insert && self.object_of(other) == Some(object)
            }
        }
    }

    /// Whether `pred` put something where `operation` acts, and if so whether that is a map.
    fn precedes(&self, pred: OpId, object: Object, operation: &Operation) -> Option<bool> {
        let pred = self.target(pred)?;
        let element = match operation.key {
            Key::Element(id) => Some(self.target(id)?),
            Key::Map(_) | Key::Head => None,
        };
        match pred {
            Target::Known(id) => {
                let known = self.known.operations[&id];
                let here = match (known.place, &operation.key) {
                    (Place::Key(known), Key::Map(key)) => self.known.keys.get(key) == Some(&known),
                    (Place::Element(known), Key::Element(_)) => element == Some(Target::Known(known)),
                    _ => false,
                };
                (here && known.what != What::Removal && self.same_object(known.object, object))
                    .then_some(known.what == What::InsertedMap || known.what == What::Container)
            }
            Target::Same(index) => {
                let other = &self.change.operations()[index];
                let here = match (&other.key, &operation.key) {
                    _ if other.insert => element == Some(pred),
                    (Key::Map(theirs), Key::Map(ours)) => theirs == ours,
                    (Key::Element(theirs), Key::Element(_)) => {
                        element.is_some() && self.target(*theirs) == element
                    }
                    _ => false,
                };
                (here && other.kind != Kind::Delete && self.object_of(other) == Some(object))
                    .then_some(matches!(other.kind, Kind::Make(_)))
            }
        }
    }
}

/// Whether an object of this kind has such an operation.
fn fits(kind: ContainerKind, operation: &Operation, constant: bool) -> bool {
    let by_key = matches!(operation.key, Key::Map(_));
    match (kind, operation.kind) {
        (ContainerKind::Map, Kind::Make(_)) => by_key && constant,
        (ContainerKind::Map, _) => by_key,
        (ContainerKind::List, Kind::Make(made)) => !by_key && made == ContainerKind::Map,
        (ContainerKind::List, _) => !by_key,
        (ContainerKind::Text, Kind::Make(_)) => false,
        (ContainerKind::Text, Kind::Set { one_char }) => !by_key && operation.insert && one_char,
        (ContainerKind::Text, Kind::Delete) => !by_key,
    }
}
