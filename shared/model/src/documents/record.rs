//! Records: how a plain value becomes the fields of a document, in one change, and how it is read back. Not which fields
//! a kind has.
//!
//! Writing compares: only what differs from the document's present values is written, so that two laptops that change
//! different fields do not contradict one another. Reading is total and bounded: a document may hold anything that the
//! guard lets through, and every field of it is a value, contested, damaged or not answered. A contested field that a
//! value leaves out stays contested: only an answer settles it.

mod decode;

use std::collections::{BTreeMap, BTreeSet};

use tessera_defence::defended;

use crate::crdt::{Attributed, Document, DocumentError, EditError, Field, Readable, Value};
use crate::guard::{ActorBytes, ChangeHash, Scanned};

use super::Kind;

pub use decode::{Decoded, flag, hash, id, number, part, text, wide, word};

/// Longest text of a field, in bytes.
pub const MAX_TEXT_BYTES: usize = 32 * 1024;
/// Longest bytes of a field; what is longer is written in parts.
pub const MAX_PART_BYTES: usize = 100 * 1024;
/// Most entries of a map.
pub const MAX_ENTRIES: usize = 512;

/// What a document says.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    /// The value; contested and damaged fields are left out.
    pub value: T,
    /// Fields with several different values, each put without knowledge of the others.
    pub conflicts: Vec<FieldConflict>,
    /// Fields that hold something else than they should.
    pub damaged: Vec<Damage>,
}

/// A field with several different values.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldConflict {
    /// Its place, such as `answers/merit`.
    pub field: String,
    /// The values and who put them, in the same order on every device.
    pub values: Vec<Attributed>,
}

/// A field that holds something else than it should.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// Its place.
    pub field: String,
    /// What is wrong.
    pub problem: &'static str,
}

impl<T> Read<T> {
    /// Takes a value that is in no document.
    pub const fn clean(value: T) -> Self {
        Self { value, conflicts: Vec::new(), damaged: Vec::new() }
    }

    /// Says whether a field is contested.
    #[must_use]
    pub fn is_contested(&self, field: &str) -> bool {
        self.conflicts.iter().any(|conflict| conflict.field == field)
    }

    /// Says whether nothing is contested or damaged.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.conflicts.is_empty() && self.damaged.is_empty()
    }

    /// Changes the value and keeps what was found.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Read<U> {
        Read { value: change(self.value), conflicts: self.conflicts, damaged: self.damaged }
    }
}

/// Why a record was not written. Holds no content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A field that no device could read back.
    #[error("{field}: {problem}")]
    Field {
        /// Its place.
        field: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The document refused it.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The document could not be built.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// A value that is stored as the fields of one kind of document.
pub trait Record: Sized + PartialEq {
    /// The kind of document.
    const KIND: Kind;

    /// Names every field and its value.
    fn put(&self, fields: &mut Fields);

    /// Takes the value from whatever fields there are.
    fn take(reader: &mut Reader<'_>) -> Self;

    /// Reads a document.
    fn read(document: &dyn Readable) -> Read<Self> {
        Reader::new(Source::Document(document)).finish(Self::take)
    }

    /// Reads a document as it was right after a change, whatever else is known by now.
    fn read_at(document: &dyn Readable, change: &ChangeHash) -> Read<Self> {
        Reader::new(Source::At(document, change)).finish(Self::take)
    }

    /// Writes what differs from the document, as one change; none if nothing does.
    ///
    /// # Errors
    /// [`WriteError`] where a field is too long or could not be read back as it is; the document is then as it was.
    fn write(&self, document: &mut Document, actor: &ActorBytes) -> Result<Option<Scanned>, WriteError> {
        let fields = self.checked()?;
        let edits = fields.differing(document);
        document.edit(actor, |edit| {
            edits.iter().try_for_each(|(path, value)| {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                match value {
                    Some(value) => edit.put(&path, value.clone()),
                    None => edit.remove(&path),
                }
                .map_err(WriteError::from)
            })
        })
    }

    /// Gives the fields, after reading them back as another device would.
    ///
    /// # Errors
    /// [`WriteError::Field`].
    fn checked(&self) -> Result<Fields, WriteError> {
        let mut fields = Fields::default();
        self.put(&mut fields);
        let read = Reader::new(Source::Fields(&fields)).finish(Self::take);
        if let Some(damage) = read.damaged.into_iter().next() {
            return Err(WriteError::Field { field: damage.field, problem: damage.problem });
        }
        if read.value != *self {
            return Err(WriteError::Field {
                field: Self::KIND.name().to_owned(),
                problem: "cannot be read back",
            });
        }
        Ok(fields)
    }
}

type Path = Vec<String>;

/// The fields of a record, before they are written.
#[derive(Debug, Default)]
pub struct Fields {
    values: BTreeMap<Path, Option<Value>>,
    maps: BTreeSet<&'static str>,
}

impl Fields {
    /// Sets a field.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.values.insert(vec![name.to_owned()], Some(value.into()));
    }

    /// Sets a field, or says that it is not answered.
    pub fn set_option(&mut self, name: &'static str, value: Option<impl Into<Value>>) {
        self.values.insert(vec![name.to_owned()], value.map(Into::into));
    }

    /// Sets a text, or says that it is not answered where the text is empty.
    pub fn set_text(&mut self, name: &'static str, text: &str) {
        self.set_option(name, (!text.is_empty()).then_some(text));
    }

    /// Sets a whole map: what it does not name is removed.
    pub fn set_map<K: AsRef<str>, V: Into<Value>>(
        &mut self,
        name: &'static str,
        entries: impl IntoIterator<Item = (K, V)>,
    ) {
        self.maps.insert(name);
        for (key, value) in entries {
            self.values.insert(vec![name.to_owned(), key.as_ref().to_owned()], Some(value.into()));
        }
    }

    fn differing(&self, document: &Document) -> Vec<(Path, Option<Value>)> {
        let mut edits = Vec::new();
        for (path, value) in &self.values {
            let at: Vec<&str> = path.iter().map(String::as_str).collect();
            match (document.field(&at), value) {
                (Field::One(old), Some(new)) if old == *new => {}
                (_, Some(new)) => edits.push((path.clone(), Some(new.clone()))),
                (Field::One(_), None) => edits.push((path.clone(), None)),
                (Field::Absent | Field::Conflict(_), None) => {}
            }
        }
        for map in &self.maps {
            for key in document.keys(&[map]) {
                let path = vec![(*map).to_owned(), key];
                if !self.values.contains_key(&path)
                    && matches!(document.field(&[map, &path[1]]), Field::One(_))
                {
                    edits.push((path, None));
                }
            }
        }
        edits
    }
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Document(&'a dyn Readable),
    At(&'a dyn Readable, &'a ChangeHash),
    Fields(&'a Fields),
}

/// Takes fields and notes what is contested or damaged.
pub struct Reader<'a> {
    source: Source<'a>,
    conflicts: Vec<FieldConflict>,
    damaged: Vec<Damage>,
}

impl<'a> Reader<'a> {
    fn new(source: Source<'a>) -> Self {
        Self { source, conflicts: Vec::new(), damaged: Vec::new() }
    }

    /// Reads a document.
    #[must_use]
    pub fn of(document: &'a dyn Readable) -> Self {
        Self::new(Source::Document(document))
    }

    /// Takes the value and gives it with what was found.
    pub fn finish<T>(mut self, take: impl FnOnce(&mut Self) -> T) -> Read<T> {
        let value = take(&mut self);
        self.damaged.sort();
        self.damaged.dedup();
        Read { value, conflicts: self.conflicts, damaged: self.damaged }
    }

    /// Notes damage that only the whole shows.
    pub fn damage(&mut self, path: &[&str], problem: &'static str) {
        self.damaged.push(Damage { field: path.join("/"), problem });
    }

    /// Takes one field. Values that mean the same are one value, however often and in whatever form they were put.
    pub fn one<T: PartialEq>(&mut self, path: &[&str], decode: impl Fn(&Value) -> Decoded<T>) -> Option<T> {
        let mut values = self.values(path, decode);
        match values.len() {
            0 | 1 => values.pop(),
            _ if defended!(I17) => None,
            _ => values.pop(),
        }
    }

    /// Takes the greatest of whatever values a field has: of numbers that only ever grow.
    pub fn greatest<T: Ord>(&mut self, path: &[&str], decode: impl Fn(&Value) -> Decoded<T>) -> Option<T> {
        let conflicts = self.conflicts.len();
        let greatest = self.values(path, decode).into_iter().max();
        self.conflicts.truncate(conflicts);
        greatest
    }

    /// Gives the different values of a field and notes them where they are several.
    fn values<T: PartialEq>(&mut self, path: &[&str], decode: impl Fn(&Value) -> Decoded<T>) -> Vec<T> {
        let found = match self.source {
            Source::Document(document) => document.get_all(path),
            Source::At(document, change) => document.get_all_at(path, change),
            Source::Fields(fields) => {
                let path: Path = path.iter().map(|part| (*part).to_owned()).collect();
                let value = fields.values.get(&path).cloned().flatten();
                let unsaid = |value| Attributed { value, actor: [0; 16], counter: 0, change: [0; 32] };
                value.map(unsaid).into_iter().collect()
            }
        };
        let mut values: Vec<T> = Vec::new();
        let mut broken = false;
        for one in &found {
            match decode(&one.value) {
                Ok(value) if values.contains(&value) => {}
                Ok(value) => values.push(value),
                Err(problem) => {
                    broken = true;
                    self.damage(path, problem);
                }
            }
        }
        if values.len() + usize::from(broken) > 1 {
            self.conflicts.push(FieldConflict { field: path.join("/"), values: found });
            if broken {
                // One of two answers cannot be read, so there is no answer.
                values.clear();
            }
        }
        values
    }

    /// Takes every entry of a map.
    pub fn map<T: PartialEq>(
        &mut self,
        path: &[&str],
        decode: impl Fn(&Value) -> Decoded<T>,
    ) -> BTreeMap<String, T> {
        let mut entries = BTreeMap::new();
        for key in self.keys(path) {
            let mut at = path.to_vec();
            at.push(&key);
            if let Some(value) = self.one(&at, &decode) {
                entries.insert(key, value);
            }
        }
        entries
    }

    /// Names the entries of a map, at most [`MAX_ENTRIES`].
    pub fn keys(&mut self, path: &[&str]) -> Vec<String> {
        let mut keys: Vec<String> = match self.source {
            Source::Document(document) => document.keys(path),
            Source::At(document, change) => document.keys_at(path, change),
            Source::Fields(fields) => {
                let under = |at: &&Path| at.len() == 2 && path == [at[0].as_str()];
                fields.values.keys().filter(under).map(|at| at[1].clone()).collect()
            }
        };
        keys.sort_unstable();
        if keys.len() > MAX_ENTRIES {
            self.damage(path, "more entries than allowed");
            keys.truncate(MAX_ENTRIES);
        }
        keys
    }

    /// Takes a text; an empty one where there is none.
    pub fn text(&mut self, name: &str) -> String {
        self.one(&[name], text).unwrap_or_default()
    }

    /// Takes a truth value; false where there is none.
    pub fn flag(&mut self, name: &str) -> bool {
        self.one(&[name], flag).unwrap_or_default()
    }

    /// Takes a map of texts.
    pub fn texts(&mut self, name: &str) -> BTreeMap<String, String> {
        self.map(&[name], text)
    }
}
