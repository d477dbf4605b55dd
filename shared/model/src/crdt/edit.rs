//! Local edits: one transaction, one change, within the limits that other devices will hold it to.

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, ObjId, ObjType, Prop, ReadDoc};

use super::read::{ItemId, container, item_id};
use super::{DocumentError, Value};
use crate::guard::{ActorBytes, GuardError, Limits, MAX_BARE_OPS};

/// Why an edit was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// No container of the needed kind at that path.
    #[error("no {0} at that path")]
    NoContainer(&'static str),
    /// The key holds a container, which cannot be replaced or removed.
    #[error("the key holds a container")]
    Container,
    /// A key that is empty or too long.
    #[error("a key of {0} bytes")]
    Key(usize),
    /// A value that is too long, or a number that is not finite.
    #[error("a value that cannot be stored")]
    Value,
    /// Too much for one change; to be split into several edits.
    #[error("too much for one change")]
    TooLarge,
    /// The document's history is as long as it may be.
    #[error("the document is full")]
    Full,
    /// No such item, or a position behind the end of a text.
    #[error("no such place")]
    Place,
    /// The result broke a limit that the edit did not foresee.
    #[error("the change would be refused: {0}")]
    Guard(#[source] GuardError),
    /// The document cannot be edited.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// A transaction on a document; see [`super::Document::edit`].
pub struct Edit<'a> {
    transaction: Transaction<'a>,
    limits: &'a Limits,
    /// Keys and values so far, and a generous guess for what surrounds them.
    size_bytes: usize,
    /// Items appended so far, as those may take less than a byte each.
    items: u64,
    /// Values replaced or removed so far.
    preds: u64,
}

/// What an operation takes at most in a change, its key and value left out.
const OPERATION_BYTES: usize = 40;

/// Runs `change` in a transaction and gives the bytes of the resulting change, if there is one.
pub(super) fn run<E: From<EditError>>(
    inner: &mut Automerge,
    limits: &Limits,
    actors: usize,
    actor: &ActorBytes,
    change: impl FnOnce(&mut Edit<'_>) -> Result<(), E>,
) -> Result<Option<Vec<u8>>, E> {
    // In the worst case the change names every branch and every actor of the document.
    let header = 256 + 32 * inner.get_heads().len() + 17 * actors;
    inner.set_actor(ActorId::from(actor.as_slice()));
    let Some(hash) = commit(inner.transaction(), limits, header, change)? else {
        return Ok(None);
    };
    let change =
        inner.get_change_by_hash(&hash).ok_or(EditError::Document(DocumentError::Engine("a lost change")))?;
    Ok(Some(change.raw_bytes().to_vec()))
}

fn commit<E: From<EditError>>(
    transaction: Transaction<'_>,
    limits: &Limits,
    size_bytes: usize,
    change: impl FnOnce(&mut Edit<'_>) -> Result<(), E>,
) -> Result<Option<automerge::ChangeHash>, E> {
    let mut edit = Edit { transaction, limits, size_bytes, items: 0, preds: 0 };
    let result = change(&mut edit);
    let transaction = edit.transaction;
    if let Err(error) = result {
        transaction.rollback();
        return Err(error);
    }
    if transaction.pending_ops() == 0 {
        transaction.rollback();
        return Ok(None);
    }
    let options = CommitOptions::default().with_time(0);
    Ok(transaction.commit_with(options).0)
}

impl Edit<'_> {
    /// Puts a value under a key; the path leads through maps, its last part is the key.
    ///
    /// # Errors
    /// [`EditError`] where there is no such map, or the value, key or change would be too large.
    pub fn put(&mut self, path: &[&str], value: impl Into<Value>) -> Result<(), EditError> {
        let (object, key) = self.key_of(path)?;
        self.put_value(&object, key, value.into())
    }

    /// Removes whatever values a key has; nothing happens if it has none.
    ///
    /// # Errors
    /// As [`Edit::put`].
    pub fn remove(&mut self, path: &[&str]) -> Result<(), EditError> {
        let (object, key) = self.key_of(path)?;
        if self.transaction.get(&object, key).is_ok_and(|value| value.is_none()) {
            return Ok(());
        }
        self.account_preds(&object, key)?;
        self.account(key.len())?;
        self.transaction.delete(&object, key).map_err(engine)?;
        self.counted()
    }

    /// Appends a value to a list; at most 256 items in one edit.
    ///
    /// # Errors
    /// [`EditError`] where there is no such list, or the value or change would be too large.
    pub fn push(&mut self, path: &[&str], value: impl Into<Value>) -> Result<ItemId, EditError> {
        let list = self.container(path, ObjType::List, "list")?;
        let value = self.checked(value.into())?;
        self.account_item(value.len_bytes())?;
        let end = self.transaction.length(&list);
        self.transaction.insert(&list, end, value.into_scalar()).map_err(engine)?;
        self.counted()?;
        let put = self.transaction.get(&list, end).ok().flatten();
        put.and_then(|(_, id)| item_id(&id)).ok_or(EditError::Place)
    }

    /// Appends a map of named values to a list; at most 256 items in one edit.
    ///
    /// # Errors
    /// As [`Edit::push`].
    pub fn push_map(
        &mut self,
        path: &[&str],
        fields: impl IntoIterator<Item = (impl AsRef<str>, Value)>,
    ) -> Result<ItemId, EditError> {
        if !self.limits.list_items {
            return Err(EditError::NoContainer("list of maps"));
        }
        let list = self.container(path, ObjType::List, "list")?;
        self.account_item(0)?;
        let end = self.transaction.length(&list);
        let item = self.transaction.insert_object(&list, end, ObjType::Map).map_err(engine)?;
        self.counted()?;
        for (key, value) in fields {
            self.put_value(&item, key.as_ref(), value)?;
        }
        item_id(&item).ok_or(EditError::Place)
    }

    /// Puts a value under a key of a list's map.
    ///
    /// # Errors
    /// [`EditError::Place`] where there is no such item, else as [`Edit::put`].
    pub fn put_in_item(
        &mut self,
        path: &[&str],
        item: &ItemId,
        key: &str,
        value: impl Into<Value>,
    ) -> Result<(), EditError> {
        let list = self.container(path, ObjType::List, "list")?;
        let (index, object) = self.find(&list, item)?;
        match self.transaction.get(&list, index).ok().flatten() {
            Some((automerge::Value::Object(ObjType::Map), _)) => {}
            _ => return Err(EditError::NoContainer("map")),
        }
        self.put_value(&object, key, value.into())
    }

    /// Removes an item of a list.
    ///
    /// # Errors
    /// [`EditError::Place`] where there is no such item.
    pub fn remove_item(&mut self, path: &[&str], item: &ItemId) -> Result<(), EditError> {
        let list = self.container(path, ObjType::List, "list")?;
        let (index, _) = self.find(&list, item)?;
        self.account_preds(&list, index)?;
        self.account(0)?;
        self.transaction.delete(&list, index).map_err(engine)?;
        self.counted()
    }

    /// Replaces `delete` characters of a text from `position` by `insert`; all counted in code points.
    ///
    /// # Errors
    /// [`EditError::Place`] behind the end, [`EditError::TooLarge`] where it takes more than one change.
    pub fn splice_text(
        &mut self,
        path: &[&str],
        position: usize,
        delete: usize,
        insert: &str,
    ) -> Result<(), EditError> {
        let text = self.container(path, ObjType::Text, "text")?;
        let end = position.checked_add(delete).ok_or(EditError::Place)?;
        if end > self.transaction.length(&text) {
            return Err(EditError::Place);
        }
        let count = insert.chars().count().saturating_add(delete);
        let free = self.limits.max_ops.saturating_sub(self.transaction.pending_ops() as u64);
        if count as u64 > free {
            return Err(EditError::TooLarge);
        }
        self.size_bytes += (OPERATION_BYTES - 4) * count;
        self.account(insert.len())?;
        let delete = isize::try_from(delete).map_err(|_| EditError::Place)?;
        self.transaction.splice_text(&text, position, delete, insert).map_err(engine)?;
        self.counted()
    }

    fn put_value(&mut self, object: &ObjId, key: &str, value: Value) -> Result<(), EditError> {
        if key.is_empty() || key.len() > self.limits.max_key_bytes {
            return Err(EditError::Key(key.len()));
        }
        let value = self.checked(value)?;
        self.account_preds(object, key)?;
        self.account(key.len() + value.len_bytes())?;
        self.transaction.put(object, key, value.into_scalar()).map_err(engine)?;
        self.counted()
    }

    fn checked(&self, value: Value) -> Result<Value, EditError> {
        let value = match value {
            Value::Float(float) if !float.is_finite() => return Err(EditError::Value),
            // There is one zero.
            Value::Float(0.0) => Value::Float(0.0),
            other => other,
        };
        if value.len_bytes() > self.limits.max_value_bytes {
            return Err(EditError::Value);
        }
        Ok(value)
    }

    fn key_of<'k>(&self, path: &[&'k str]) -> Result<(ObjId, &'k str), EditError> {
        let (key, parents) = path.split_last().ok_or(EditError::Key(0))?;
        let object = self.container(parents, ObjType::Map, "map")?;
        if container(&self.transaction, path).is_some() {
            return Err(EditError::Container);
        }
        Ok((object, key))
    }

    fn container(&self, path: &[&str], wanted: ObjType, name: &'static str) -> Result<ObjId, EditError> {
        match container(&self.transaction, path) {
            Some((object, kind)) if kind == wanted => Ok(object),
            _ => Err(EditError::NoContainer(name)),
        }
    }

    fn find(&self, list: &ObjId, item: &ItemId) -> Result<(usize, ObjId), EditError> {
        (0..self.transaction.length(list))
            .find_map(|index| {
                let (_, id) = self.transaction.get(list, index).ok()??;
                (item_id(&id) == Some(*item)).then_some((index, id))
            })
            .ok_or(EditError::Place)
    }

    /// Makes room for one more operation with so many bytes of its own.
    fn account(&mut self, bytes: usize) -> Result<(), EditError> {
        self.size_bytes = self.size_bytes.saturating_add(OPERATION_BYTES + bytes);
        if self.size_bytes > self.limits.max_bytes
            || self.transaction.pending_ops() as u64 >= self.limits.max_ops
        {
            return Err(EditError::TooLarge);
        }
        Ok(())
    }

    /// Makes room for the values that the next operation replaces.
    fn account_preds(&mut self, object: &ObjId, at: impl Into<Prop>) -> Result<(), EditError> {
        let replaced = self.transaction.get_all(object, at).map_err(engine)?.len();
        self.preds += replaced as u64;
        self.size_bytes = self.size_bytes.saturating_add(8 * replaced);
        if self.preds > self.limits.max_preds {
            return Err(EditError::TooLarge);
        }
        Ok(())
    }

    fn account_item(&mut self, bytes: usize) -> Result<(), EditError> {
        self.items += 1;
        if self.items > MAX_BARE_OPS {
            return Err(EditError::TooLarge);
        }
        self.account(bytes)
    }

    fn counted(&self) -> Result<(), EditError> {
        if self.transaction.pending_ops() as u64 > self.limits.max_ops {
            return Err(EditError::TooLarge);
        }
        Ok(())
    }
}

fn engine(_: automerge::AutomergeError) -> EditError {
    EditError::Document(DocumentError::Engine("an edit failed"))
}
