//! A store in memory, with a plan of faults, for the simulation. Not durable, and nothing in it is encrypted.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use super::words;
use super::{
    Entries, MAX_INDEXED_BYTES, Store, StoreError, Table, Transaction, check_lengths, end_of, start_of,
};

/// What goes wrong at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The program ends. At a write the transaction is lost; at a commit it is kept, but nobody is told.
    /// Everything is refused with [`StoreError::Closed`] until [`MemoryStore::reopen`].
    Crash,
    /// The disk is full at this step only.
    Full,
    /// The disk is full at this step and until [`MemoryStore::make_room`].
    StaysFull,
    /// The disk fails at this step only.
    Io,
}

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store of ordered maps. A clone is a copied laptop: from then on the two know nothing of one another.
///
/// Every write (`put`, `delete`, `index`) is a step, and so is every commit that follows one. Steps are
/// counted from 1 for ever; faults are planned for steps.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    tables: [Map; Table::ALL.len()],
    texts: BTreeMap<[u8; 16], String>,
    steps: u64,
    commits: u64,
    faults: VecDeque<(u64, Fault)>,
    closed: bool,
    full: bool,
}

impl MemoryStore {
    /// Makes an empty store without faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Plans a fault for a step counted from 1 at the store's making; earlier ones are forgotten at once.
    pub fn fail_at(&mut self, step: u64, fault: Fault) {
        self.faults.push_back((step, fault));
        self.faults.make_contiguous().sort_by_key(|(step, _)| *step);
    }

    /// Plans a fault for the `n`-th step from here; 1 is the next.
    pub fn fail_after(&mut self, n: u64, fault: Fault) {
        self.fail_at(self.steps.saturating_add(n), fault);
    }

    /// Forgets the faults that are still planned.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Ends a [`Fault::StaysFull`].
    pub fn make_room(&mut self) {
        self.full = false;
    }

    /// Opens the store again after a crash, with all that was committed.
    pub fn reopen(&mut self) {
        self.closed = false;
    }

    /// Whether a planned crash has come and the store was not opened since.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// How many steps were taken, failed ones too.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// How many transactions with at least one write became durable.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// The sum of the lengths of all keys and values, in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.tables.iter().flatten().map(|(key, value)| key.len() + value.len()).sum()
    }

    fn step(&mut self) -> Option<Fault> {
        self.steps += 1;
        let mut fault = None;
        while let Some((step, planned)) = self.faults.front().copied()
            && step <= self.steps
        {
            self.faults.pop_front();
            fault = (step == self.steps).then_some(planned).or(fault);
        }
        if fault == Some(Fault::StaysFull) {
            self.full = true;
        }
        fault.or(self.full.then_some(Fault::StaysFull))
    }
}

impl Store for MemoryStore {
    fn transaction<T, E: From<StoreError>>(
        &mut self,
        act: impl FnOnce(&mut dyn Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.closed {
            return Err(StoreError::Closed.into());
        }
        let mut open = Open { store: self, undo: Vec::new(), failed: false };
        let result = act(&mut open)?;
        open.commit()?;
        Ok(result)
    }
}

enum Undo {
    Entry(Table, Vec<u8>, Option<Vec<u8>>),
    Text([u8; 16], Option<String>),
}

/// A transaction under way: it writes in place and takes all back when it is dropped before the commit.
struct Open<'s> {
    store: &'s mut MemoryStore,
    undo: Vec<Undo>,
    failed: bool,
}

impl Open<'_> {
    fn write(&mut self) -> Result<(), StoreError> {
        if self.store.closed {
            return Err(StoreError::Closed);
        }
        if self.failed {
            return Err(StoreError::Aborted);
        }
        let Some(fault) = self.store.step() else { return Ok(()) };
        self.failed = true;
        self.store.closed |= fault == Fault::Crash;
        Err(refusal(fault))
    }

    fn commit(mut self) -> Result<(), StoreError> {
        if self.store.closed {
            return Err(StoreError::Closed);
        }
        if self.failed {
            return Err(StoreError::Aborted);
        }
        if self.undo.is_empty() {
            return Ok(());
        }
        let fault = self.store.step();
        if matches!(fault, None | Some(Fault::Crash)) {
            self.undo.clear();
            self.store.commits += 1;
        }
        self.store.closed |= fault == Some(Fault::Crash);
        fault.map_or(Ok(()), |fault| Err(refusal(fault)))
    }

    fn set(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        check_lengths(key, value.unwrap_or_default()).inspect_err(|_| self.failed = true)?;
        self.write()?;
        let map = &mut self.store.tables[table as usize];
        let before = match value {
            Some(value) => map.insert(key.to_vec(), value.to_vec()),
            None => map.remove(key),
        };
        self.undo.push(Undo::Entry(table, key.to_vec(), before));
        Ok(())
    }

    fn readable(&self) -> Result<(), StoreError> {
        if self.store.closed { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn range(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
    ) -> impl Iterator<Item = (&Vec<u8>, &Vec<u8>)> {
        let start = start_of(prefix, after);
        let end = end_of(prefix);
        let empty = end.as_ref().is_some_and(|end| *end <= start);
        let bounds = (Bound::Included(start), end.map_or(Bound::Unbounded, Bound::Excluded));
        (!empty).then(|| self.store.tables[table as usize].range(bounds)).into_iter().flatten()
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        for step in self.undo.drain(..).rev() {
            match step {
                Undo::Entry(table, key, Some(value)) => {
                    self.store.tables[table as usize].insert(key, value);
                }
                Undo::Entry(table, key, None) => {
                    self.store.tables[table as usize].remove(&key);
                }
                Undo::Text(document, Some(text)) => {
                    self.store.texts.insert(document, text);
                }
                Undo::Text(document, None) => {
                    self.store.texts.remove(&document);
                }
            }
        }
    }
}

impl Transaction for Open<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.readable()?;
        Ok(self.store.tables[table as usize].get(key).cloned())
    }

    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.set(table, key, Some(value))
    }

    fn delete(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.set(table, key, None)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Entries, StoreError> {
        self.readable()?;
        Ok(self
            .range(table, prefix, after)
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn count(&self, table: Table, prefix: &[u8]) -> Result<u64, StoreError> {
        self.readable()?;
        Ok(self.range(table, prefix, None).count() as u64)
    }

    fn index(&mut self, document: &[u8; 16], text: &str) -> Result<(), StoreError> {
        self.write()?;
        let text = &text[..text.floor_char_boundary(MAX_INDEXED_BYTES)];
        let before = if text.is_empty() {
            self.store.texts.remove(document)
        } else {
            self.store.texts.insert(*document, text.to_owned())
        };
        self.undo.push(Undo::Text(*document, before));
        Ok(())
    }

    fn search(&self, wanted: &str, limit: usize) -> Result<Vec<[u8; 16]>, StoreError> {
        self.readable()?;
        let wanted = words::wanted(wanted);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.store.texts.iter().filter(|(_, text)| words::matches(text, &wanted));
        Ok(found.map(|(document, _)| *document).take(limit).collect())
    }
}

fn refusal(fault: Fault) -> StoreError {
    match fault {
        Fault::Crash => StoreError::Closed,
        Fault::Full | Fault::StaysFull => StoreError::Full,
        Fault::Io => StoreError::Io(std::io::Error::other("planned")),
    }
}

#[cfg(test)]
mod tests;
