//! One change in front of what it builds on: every reference resolved, every operation fit for its object.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::operations::{ContainerKind, Key, Kind, OpId, Operation};
use super::{Continuity, Id, Known, Past, Place, ROOT, Refusal, Scanned, What};

/// A change that is being judged, operation by operation.
pub(super) struct View<'a> {
    known: &'a Continuity,
    change: &'a Scanned,
    past: &'a Past,
    /// The index of the change's actor, or the one that it will get.
    own: u32,
    /// Its operations so far.
    pub(super) made: Vec<(Id, Known)>,
    /// Keys that it is the first to use.
    pub(super) keys: HashMap<Arc<str>, u32>,
    /// What it last put somewhere, or none where it removed that again.
    latest: HashMap<(Id, Place), Option<Id>>,
}

impl<'a> View<'a> {
    pub(super) fn new(known: &'a Continuity, change: &'a Scanned, past: &'a Past) -> Self {
        Self {
            known,
            change,
            past,
            own: known.actor_index(change.actor()),
            made: Vec::with_capacity(change.operations().len()),
            keys: HashMap::new(),
            latest: HashMap::new(),
        }
    }

    /// Judges the next operation; only constants make containers under keys.
    pub(super) fn check(
        &mut self,
        index: usize,
        operation: &Operation,
        constant: bool,
    ) -> Result<(), Refusal> {
        let missing = Refusal::Reference { index };
        let misfit = Refusal::Misfit { index };
        // Scanning bounds operation numbers far below 32 bits.
        let counter = u32::try_from(self.change.start_op() + index as u64).unwrap_or(u32::MAX);
        let id = Id { actor: self.own, counter };

        let object = operation.object.map_or(Some(ROOT), |object| self.resolve(object));
        let object = object.ok_or(missing.clone())?;
        let kind = self.kind(object).ok_or(missing.clone())?;
        if !fits(kind, operation, constant) {
            return Err(misfit);
        }
        let place = self.place(id, object, operation).ok_or(missing.clone())?;
        let container = self.known.containers.get(&(object, place));
        if container.is_some_and(|container| self.is_past(*container)) {
            return Err(misfit);
        }
        let preds = self.preds(object, place, operation).ok_or(missing)?;
        if operation.kind != Kind::Delete && preds.iter().any(|(_, known)| known.what.kind().is_some()) {
            return Err(misfit);
        }
        if kind != ContainerKind::Text && !operation.insert {
            let own = self.own_value(object, place);
            let named = own.is_some_and(|own| preds.iter().any(|(pred, _)| *pred == own));
            if operation.kind != Kind::Delete {
                if own.is_some() && !named {
                    return Err(Refusal::Beside { index });
                }
                self.latest.insert((object, place), Some(id));
            } else if named {
                self.latest.insert((object, place), None);
            }
        }
        self.made.push((id, Known { object, place, what: what(operation) }));
        Ok(())
    }

    /// Finds the id that a reference is to, if it is an ancestor or an earlier operation of the same change.
    fn resolve(&self, reference: OpId) -> Option<Id> {
        let actor = self.change.actors().get(usize::from(reference.actor))?;
        let actor = if reference.actor == 0 { self.own } else { *self.known.actors.get(actor)? };
        let id = Id { actor, counter: reference.counter };
        self.find(id).map(|_| id)
    }

    /// Finds what the change made before, or an ancestor did.
    fn find(&self, id: Id) -> Option<Known> {
        let counter = u64::from(id.counter);
        if id.actor == self.own && counter >= self.change.start_op() {
            let index = usize::try_from(counter - self.change.start_op()).ok()?;
            return self.made.get(index).map(|(_, known)| *known);
        }
        self.known.operations.get(&id).filter(|_| self.is_past(id)).copied()
    }

    fn is_past(&self, id: Id) -> bool {
        let last = self.past.seq(id.actor) as usize;
        let chain = self.known.chains.get(id.actor as usize);
        last.checked_sub(1)
            .and_then(|last| chain?.get(last))
            .is_some_and(|last| u64::from(id.counter) <= self.known.changes[*last as usize].max_op)
    }

    fn kind(&self, object: Id) -> Option<ContainerKind> {
        if object == ROOT {
            return Some(ContainerKind::Map);
        }
        self.find(object)?.what.kind()
    }

    /// Finds where an operation acts; an element must be one of its object.
    fn place(&mut self, id: Id, object: Id, operation: &Operation) -> Option<Place> {
        let element = match &operation.key {
            Key::Map(key) => return Some(Place::Key(self.key(key))),
            Key::Head => ROOT,
            Key::Element(element) => {
                let element = self.resolve(*element)?;
                let known = self.find(element)?;
                let inserted = matches!(known.what, What::Inserted | What::InsertedMap);
                if !inserted || known.object != object {
                    return None;
                }
                element
            }
        };
        Some(Place::Element(if operation.insert { id } else { element }))
    }

    fn key(&mut self, key: &Arc<str>) -> u32 {
        if let Some(known) = self.known.keys.get(key) {
            return *known;
        }
        let next = u32::try_from(self.known.keys.len() + self.keys.len()).unwrap_or(u32::MAX);
        *self.keys.entry(Arc::clone(key)).or_insert(next)
    }

    /// Resolves predecessors: values that were put at this very place, the oldest first.
    fn preds(&self, object: Id, place: Place, operation: &Operation) -> Option<Vec<(Id, Known)>> {
        let mut last = None;
        let mut preds = Vec::new();
        for pred in self.change.preds_of(operation) {
            let by_age = (pred.counter, self.change.actors().get(usize::from(pred.actor))?);
            if last.is_some_and(|last| last >= by_age) {
                return None;
            }
            last = Some(by_age);
            let id = self.resolve(*pred)?;
            let known = self.find(id)?;
            if known.object != object || known.place != place || known.what == What::Removal {
                return None;
            }
            preds.push((id, known));
        }
        Some(preds)
    }

    /// Finds the value that the change's actor has at a place: what the next one there must replace.
    fn own_value(&self, object: Id, place: Place) -> Option<Id> {
        if let Some(latest) = self.latest.get(&(object, place)) {
            return *latest;
        }
        let put = self.known.puts.get(&(object, place, self.own)).copied();
        let first = match place {
            Place::Element(element) if element.actor == self.own => Some(element),
            Place::Element(_) | Place::Key(_) => None,
        };
        let own = put.or(first)?;
        let replaced = self.known.successors.get(&own);
        (!replaced.is_some_and(|ids| ids.iter().any(|id| self.is_past(*id)))).then_some(own)
    }
}

fn what(operation: &Operation) -> What {
    match (operation.kind, operation.insert) {
        (Kind::Delete, _) => What::Removal,
        (Kind::Set { .. }, false) => What::Value,
        (Kind::Set { .. }, true) => What::Inserted,
        (Kind::Make(_), true) => What::InsertedMap,
        (Kind::Make(kind), false) => What::Container(kind),
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
