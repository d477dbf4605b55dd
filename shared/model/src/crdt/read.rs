//! Reading a document: every value that a key has, and who put it.
//!
//! A key with two different values is a conflict, and both are given; the same value put twice is not one.

use automerge::{ObjId, ObjType, ROOT, ReadDoc};

use super::{Document, Value};
use crate::guard::{ActorBytes, ChangeHash};

/// A value and the operation that put it.
#[derive(Debug, Clone, PartialEq)]
pub struct Attributed {
    /// The value.
    pub value: Value,
    /// The actor that put it.
    pub actor: ActorBytes,
    /// The number of the operation.
    pub counter: u64,
    /// The change that the operation belongs to.
    pub change: ChangeHash,
}

/// What a key holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// Nothing was put, or it was removed.
    Absent,
    /// One value, perhaps put more than once.
    One(Value),
    /// Several different values, each put without knowledge of the others.
    Conflict(Vec<Attributed>),
}

/// The id of a list's item, the same on every device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId {
    /// The number of the operation that inserted it.
    pub counter: u64,
    /// The actor that inserted it.
    pub actor: ActorBytes,
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// The change that inserted it.
    pub change: ChangeHash,
    /// What it holds.
    pub value: ItemValue,
}

/// What an item of a list holds.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemValue {
    /// One value.
    Scalar(Value),
    /// Named values; each name with every value that it has.
    Map(Vec<(String, Vec<Attributed>)>),
}

/// What a key held right after a change that touched it.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The change.
    pub change: ChangeHash,
    /// The values that it left, in what it builds on and itself.
    pub values: Vec<Value>,
}

impl Document {
    /// Returns what a key holds; the path leads through maps, its last part is the key.
    #[must_use]
    pub fn field(&self, path: &[&str]) -> Field {
        let mut values = self.get_all(path);
        let Some(first) = values.first() else {
            return Field::Absent;
        };
        if values.iter().all(|other| other.value == first.value) {
            return Field::One(values.swap_remove(0).value);
        }
        Field::Conflict(values)
    }

    /// Returns every value that a key has, oldest first; more than one were put concurrently.
    #[must_use]
    pub fn get_all(&self, path: &[&str]) -> Vec<Attributed> {
        let Some((key, parents)) = path.split_last() else {
            return Vec::new();
        };
        match container(&self.inner, parents) {
            Some((object, ObjType::Map)) => self.values_of(&object, key),
            _ => Vec::new(),
        }
    }

    /// Returns every value that a key had right after a change, oldest first; none if the change is not known.
    #[must_use]
    pub fn get_all_at(&self, path: &[&str], change: &ChangeHash) -> Vec<Attributed> {
        let Some((key, parents)) = path.split_last() else {
            return Vec::new();
        };
        if !self.known.contains(change) {
            return Vec::new();
        }
        match container(&self.inner, parents) {
            Some((object, ObjType::Map)) => {
                let heads = [automerge::ChangeHash(*change)];
                self.attributed(self.inner.get_all_at(&object, *key, &heads).unwrap_or_default())
            }
            _ => Vec::new(),
        }
    }

    /// Returns the keys of a map that hold values, containers left out; none if there is no such map.
    #[must_use]
    pub fn keys(&self, path: &[&str]) -> Vec<String> {
        match container(&self.inner, path) {
            Some((object, ObjType::Map)) => {
                self.inner.keys(&object).filter(|key| !self.values_of(&object, key).is_empty()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the keys of a map that held values right after a change; none if the change is not known.
    #[must_use]
    pub fn keys_at(&self, path: &[&str], change: &ChangeHash) -> Vec<String> {
        if !self.known.contains(change) {
            return Vec::new();
        }
        match container(&self.inner, path) {
            Some((object, ObjType::Map)) => {
                let heads = [automerge::ChangeHash(*change)];
                let scalar = |key: &String| {
                    let values = self.inner.get_all_at(&object, key.as_str(), &heads).unwrap_or_default();
                    values.iter().any(|(value, _)| scalar_of(value).is_some())
                };
                self.inner.keys_at(&object, &heads).filter(scalar).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the keys of a map that hold containers.
    #[must_use]
    pub fn containers(&self, path: &[&str]) -> Vec<String> {
        match container(&self.inner, path) {
            Some((object, ObjType::Map)) => {
                self.inner.keys(&object).filter(|key| child(&self.inner, &object, key).is_some()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the items of a list in order; none if there is no such list.
    #[must_use]
    pub fn items(&self, path: &[&str]) -> Vec<Item> {
        let Some((list, ObjType::List)) = container(&self.inner, path) else {
            return Vec::new();
        };
        let length = self.inner.length(&list);
        (0..length)
            .filter_map(|index| {
                let (value, id) = self.inner.get(&list, index).ok()??;
                let value = match value {
                    automerge::Value::Object(_) => ItemValue::Map(self.map_of(&id)),
                    automerge::Value::Scalar(scalar) => ItemValue::Scalar(Value::from_scalar(&scalar)?),
                };
                let id = item_id(&id)?;
                let change = *self.known.change_of(&id.actor, id.counter)?;
                Some(Item { id, change, value })
            })
            .collect()
    }

    /// Returns a text that is edited in place; none if there is no such text.
    #[must_use]
    pub fn text(&self, path: &[&str]) -> Option<String> {
        match container(&self.inner, path)? {
            (object, ObjType::Text) => self.inner.text(&object).ok(),
            _ => None,
        }
    }

    /// Returns what a key held after each change that touched it, oldest first.
    ///
    /// Takes time in proportion to the document.
    #[must_use]
    pub fn versions(&self, path: &[&str]) -> Vec<Version> {
        let Some((key, parents)) = path.split_last() else {
            return Vec::new();
        };
        let Some((object, ObjType::Map)) = container(&self.inner, parents) else {
            return Vec::new();
        };
        let made = item_id(&object).map(|id| (id.actor, id.counter));
        self.known
            .changes_touching(made, key)
            .into_iter()
            .map(|change| {
                let heads = [automerge::ChangeHash(change)];
                let values = self.inner.get_all_at(&object, *key, &heads).unwrap_or_default();
                Version { change, values: values.iter().filter_map(|(value, _)| scalar_of(value)).collect() }
            })
            .collect()
    }

    fn map_of(&self, object: &ObjId) -> Vec<(String, Vec<Attributed>)> {
        self.inner
            .keys(object)
            .map(|key| {
                let values = self.values_of(object, &key);
                (key, values)
            })
            .filter(|(_, values)| !values.is_empty())
            .collect()
    }

    fn values_of(&self, object: &ObjId, key: &str) -> Vec<Attributed> {
        self.attributed(self.inner.get_all(object, key).unwrap_or_default())
    }

    pub(super) fn attributed(&self, values: Vec<(automerge::Value<'_>, ObjId)>) -> Vec<Attributed> {
        let mut values: Vec<Attributed> = values
            .iter()
            .filter_map(|(value, id)| {
                let id = item_id(id)?;
                Some(Attributed {
                    value: scalar_of(value)?,
                    actor: id.actor,
                    counter: id.counter,
                    change: *self.known.change_of(&id.actor, id.counter)?,
                })
            })
            .collect();
        values.sort_by_key(|value| (value.counter, value.actor));
        values
    }
}

pub(super) fn scalar_of(value: &automerge::Value<'_>) -> Option<Value> {
    match value {
        automerge::Value::Scalar(scalar) => Value::from_scalar(scalar),
        automerge::Value::Object(_) => None,
    }
}

/// Follows a path of map keys to a container.
///
/// Where a key holds values beside its container, the container is meant: only constants make those, so the
/// oldest is the constant's.
pub(super) fn container(doc: &impl ReadDoc, path: &[&str]) -> Option<(ObjId, ObjType)> {
    let mut found = (ROOT, ObjType::Map);
    for key in path {
        if found.1 != ObjType::Map {
            return None;
        }
        found = child(doc, &found.0, key)?;
    }
    Some(found)
}

pub(super) fn child(doc: &impl ReadDoc, object: &ObjId, key: &str) -> Option<(ObjId, ObjType)> {
    let values = doc.get_all(object, key).ok()?;
    let objects = values.into_iter().filter_map(|(value, id)| match value {
        automerge::Value::Object(kind) => Some((id, kind)),
        automerge::Value::Scalar(_) => None,
    });
    objects.min_by_key(|(id, _)| item_id(id))
}

pub(super) fn item_id(id: &ObjId) -> Option<ItemId> {
    match id {
        ObjId::Root => None,
        ObjId::Id(counter, actor, _) => {
            Some(ItemId { counter: *counter, actor: actor.to_bytes().try_into().ok()? })
        }
    }
}
