//! What a document says, without how it came to say it: quick to read, and made again from the document at any time.
//! A text is in it as it reads at present, without its history; a list is no part of it.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc};
use serde::{Deserialize, Serialize};

use super::read::{child, scalar_of};
use super::{Attributed, Document, Value};
use crate::guard::{ActorBytes, ChangeHash};

/// How deep maps are taken in; those of known kinds of documents are one deep.
const DEPTH: usize = 4;

/// Something whose fields can be read: a document, or its contents.
pub trait Readable {
    /// Returns every value that a key has, oldest first; the path leads through maps, its last part is the key.
    fn get_all(&self, path: &[&str]) -> Vec<Attributed>;
    /// Returns every value that a key had right after a change, oldest first; none where that is not known.
    fn get_all_at(&self, path: &[&str], change: &ChangeHash) -> Vec<Attributed>;
    /// Returns the keys of a map that hold values, containers left out; none if there is no such map.
    fn keys(&self, path: &[&str]) -> Vec<String>;
    /// Returns the keys of a map that held values right after a change; none where that is not known.
    fn keys_at(&self, path: &[&str], change: &ChangeHash) -> Vec<String>;
    /// Returns a text; none if there is none at the path.
    fn text(&self, path: &[&str]) -> Option<String>;
    /// Returns the keys of a map that hold maps or texts, ascending; none if there is no such map.
    fn containers(&self, path: &[&str]) -> Vec<String>;
    /// Returns the newest changes, ascending: those that no other change builds on.
    fn heads(&self) -> Vec<ChangeHash>;
}

impl Readable for Document {
    fn get_all(&self, path: &[&str]) -> Vec<Attributed> {
        Self::get_all(self, path)
    }
    fn get_all_at(&self, path: &[&str], change: &ChangeHash) -> Vec<Attributed> {
        Self::get_all_at(self, path, change)
    }
    fn keys(&self, path: &[&str]) -> Vec<String> {
        Self::keys(self, path)
    }
    fn keys_at(&self, path: &[&str], change: &ChangeHash) -> Vec<String> {
        Self::keys_at(self, path, change)
    }
    fn text(&self, path: &[&str]) -> Option<String> {
        Self::text(self, path)
    }
    fn containers(&self, path: &[&str]) -> Vec<String> {
        Self::containers(self, path)
    }
    fn heads(&self) -> Vec<ChangeHash> {
        Self::heads(self)
    }
}

/// What a document says: at present, and right after the changes that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    heads: Vec<ChangeHash>,
    /// The changes whose values are here, and who made each.
    changes: Vec<(ChangeHash, ActorBytes)>,
    now: Fields,
    at: Vec<(ChangeHash, Then)>,
}

/// What was said right after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Then {
    /// What is said now.
    Now,
    /// Something else.
    Other(Fields),
}

/// A map: its values, and the maps and texts in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Fields {
    values: BTreeMap<String, Vec<Put>>,
    maps: BTreeMap<String, Fields>,
    texts: BTreeMap<String, String>,
}

/// A value, the number of the operation that put it, and the place of its change among the changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Put {
    value: Value,
    counter: u64,
    change: usize,
}

impl Contents {
    /// Takes them from a document, with what it said right after each of `versions` that is known to it.
    #[must_use]
    pub fn of(document: &Document, versions: &[ChangeHash]) -> Self {
        let mut contents = Self { heads: document.heads(), ..Self::default() };
        contents.now = contents.fields(document, None, &ROOT, DEPTH);
        for change in versions.iter().filter(|change| document.known().contains(change)) {
            let heads = [automerge::ChangeHash(*change)];
            let then = contents.fields(document, Some(&heads), &ROOT, DEPTH);
            let then = if then == contents.now { Then::Now } else { Then::Other(then) };
            contents.at.push((*change, then));
        }
        contents
    }

    fn fields(
        &mut self,
        document: &Document,
        heads: Option<&[automerge::ChangeHash]>,
        object: &ObjId,
        depth: usize,
    ) -> Fields {
        let inner: &Automerge = &document.inner;
        let keys: Vec<String> = match heads {
            None => inner.keys(object).collect(),
            Some(heads) => inner.keys_at(object, heads).collect(),
        };
        let mut fields = Fields::default();
        for key in keys {
            let found = match heads {
                None => inner.get_all(object, key.as_str()),
                Some(heads) => inner.get_all_at(object, key.as_str(), heads),
            };
            let found = found.unwrap_or_default();
            let scalars = found.iter().any(|(value, _)| scalar_of(value).is_some());
            let puts: Vec<Put> = if scalars {
                document.attributed(found).into_iter().map(|put| self.put(put)).collect()
            } else {
                Vec::new()
            };
            // Which container is meant is what is said of it now: only constants make those.
            match child(inner, object, &key).filter(|_| depth > 1) {
                Some((child, ObjType::Map)) => {
                    let within = self.fields(document, heads, &child, depth - 1);
                    fields.maps.insert(key.clone(), within);
                }
                // Texts are of drafts, of which nobody asks what they said before.
                Some((child, ObjType::Text)) if heads.is_none() => {
                    fields.texts.extend(inner.text(&child).ok().map(|text| (key.clone(), text)));
                }
                _ => {}
            }
            if !puts.is_empty() {
                fields.values.insert(key, puts);
            }
        }
        fields
    }

    fn put(&mut self, put: Attributed) -> Put {
        let known = self.changes.iter().position(|(change, _)| *change == put.change);
        let change = known.unwrap_or_else(|| {
            self.changes.push((put.change, put.actor));
            self.changes.len() - 1
        });
        Put { value: put.value, counter: put.counter, change }
    }

    fn at(&self, change: &ChangeHash) -> Option<&Fields> {
        let (_, then) = self.at.iter().find(|(known, _)| known == change)?;
        Some(match then {
            Then::Now => &self.now,
            Then::Other(fields) => fields,
        })
    }

    fn values(&self, fields: Option<&Fields>, path: &[&str]) -> Vec<Attributed> {
        let Some((key, parents)) = path.split_last() else { return Vec::new() };
        let map = fields.and_then(|fields| fields.map(parents));
        let puts = map.and_then(|map| map.values.get(*key)).into_iter().flatten();
        puts.filter_map(|put| {
            let (change, actor) = *self.changes.get(put.change)?;
            Some(Attributed { value: put.value.clone(), actor, counter: put.counter, change })
        })
        .collect()
    }
}

impl Fields {
    fn map(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |map, key| map.maps.get(*key))
    }

    fn keys(&self, path: &[&str]) -> Vec<String> {
        self.map(path).map(|map| map.values.keys().cloned().collect()).unwrap_or_default()
    }
}

impl Readable for Contents {
    fn get_all(&self, path: &[&str]) -> Vec<Attributed> {
        self.values(Some(&self.now), path)
    }
    fn get_all_at(&self, path: &[&str], change: &ChangeHash) -> Vec<Attributed> {
        self.values(self.at(change), path)
    }
    fn keys(&self, path: &[&str]) -> Vec<String> {
        self.now.keys(path)
    }
    fn keys_at(&self, path: &[&str], change: &ChangeHash) -> Vec<String> {
        self.at(change).map(|fields| fields.keys(path)).unwrap_or_default()
    }
    fn text(&self, path: &[&str]) -> Option<String> {
        let (key, parents) = path.split_last()?;
        self.now.map(parents)?.texts.get(*key).cloned()
    }
    fn containers(&self, path: &[&str]) -> Vec<String> {
        let keys = |map: &Fields| map.maps.keys().chain(map.texts.keys()).cloned().collect::<BTreeSet<_>>();
        self.now.map(path).map(keys).into_iter().flatten().collect()
    }
    fn heads(&self) -> Vec<ChangeHash> {
        self.heads.clone()
    }
}
