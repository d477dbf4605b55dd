//! What SQLite's connections of one process agree about: who may read and write a file, and the index of its log.

use std::collections::{BTreeMap, BTreeSet};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlite_plugin::flags::{LockLevel, ShmLockMode};

/// An open file.
pub(crate) type Holder = u64;

/// How many locks the index of a log has.
const INDEX_LOCKS: usize = 8;

/// Somebody else holds it.
pub(crate) struct Busy;

/// The locks of one file and the index of its log.
#[derive(Default)]
pub(crate) struct Locks {
    shared: BTreeSet<Holder>,
    reserved: Option<Holder>,
    pending: Option<Holder>,
    exclusive: Option<Holder>,
    index: Index,
}

impl Locks {
    pub(crate) fn lock(&mut self, who: Holder, level: LockLevel) -> Result<(), Busy> {
        let others = |held: Option<Holder>| held.is_some_and(|holder| holder != who);
        match level {
            LockLevel::Unlocked => {}
            LockLevel::Shared if self.shared.contains(&who) => {}
            LockLevel::Shared if others(self.exclusive) || others(self.pending) => return Err(Busy),
            LockLevel::Shared => {
                self.shared.insert(who);
            }
            _ if others(self.reserved) => return Err(Busy),
            LockLevel::Reserved => self.reserved = Some(who),
            LockLevel::Pending | LockLevel::Exclusive => {
                self.reserved = Some(who);
                self.pending = Some(who);
                if level == LockLevel::Exclusive {
                    if self.shared.iter().any(|holder| *holder != who) {
                        return Err(Busy);
                    }
                    self.exclusive = Some(who);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn unlock(&mut self, who: Holder, level: LockLevel) {
        for held in [&mut self.reserved, &mut self.pending, &mut self.exclusive] {
            held.take_if(|holder| *holder == who);
        }
        if level == LockLevel::Unlocked {
            self.shared.remove(&who);
        }
    }

    pub(crate) fn is_reserved(&self) -> bool {
        self.reserved.is_some()
    }

    pub(crate) fn index(&mut self) -> &mut Index {
        &mut self.index
    }

    /// Forgets whoever closed the file; true where nobody has it open any more.
    pub(crate) fn forget(&mut self, who: Holder) {
        self.unlock(who, LockLevel::Unlocked);
        self.index.unmap(who);
    }
}

/// Memory that connections share. SQLite writes to it by the pointer and orders that by its own locks; it lives as long as
/// the process, and is used again.
type Region = &'static [AtomicU64];

/// The index of a write-ahead log, which SQLite calls shared memory.
#[derive(Default)]
pub(crate) struct Index {
    regions: Vec<Region>,
    users: BTreeSet<Holder>,
    shared: [BTreeSet<Holder>; INDEX_LOCKS],
    exclusive: [Option<Holder>; INDEX_LOCKS],
}

impl Index {
    /// The start of a region, made where that is asked for.
    pub(crate) fn map(
        &mut self,
        who: Holder,
        number: usize,
        bytes: usize,
        make: bool,
        spare: &mut Spare,
    ) -> Option<NonNull<u8>> {
        self.users.insert(who);
        while make && self.regions.len() <= number {
            self.regions.push(spare.take(bytes));
        }
        self.regions.get(number).map(|region| NonNull::from(*region).cast())
    }

    pub(crate) fn lock(&mut self, who: Holder, slots: (u32, u32), mode: ShmLockMode) -> Result<(), Busy> {
        let from = slots.0 as usize;
        let slots = from..from.saturating_add(slots.1 as usize).min(INDEX_LOCKS);
        for slot in slots.clone() {
            let others = self.exclusive[slot].is_some_and(|holder| holder != who);
            let read = self.shared[slot].iter().any(|holder| *holder != who);
            match mode {
                ShmLockMode::LockShared if others => return Err(Busy),
                ShmLockMode::LockExclusive if others || read => return Err(Busy),
                _ => {}
            }
        }
        for slot in slots {
            match mode {
                ShmLockMode::LockShared => _ = self.shared[slot].insert(who),
                ShmLockMode::LockExclusive => self.exclusive[slot] = Some(who),
                ShmLockMode::UnlockShared => _ = self.shared[slot].remove(&who),
                ShmLockMode::UnlockExclusive => _ = self.exclusive[slot].take_if(|holder| *holder == who),
            }
        }
        Ok(())
    }

    pub(crate) fn unmap(&mut self, who: Holder) {
        self.users.remove(&who);
        for (shared, exclusive) in self.shared.iter_mut().zip(&mut self.exclusive) {
            shared.remove(&who);
            exclusive.take_if(|holder| *holder == who);
        }
    }

    /// Gives the memory back where nobody uses it: what is mapped next is empty, as after a crash.
    pub(crate) fn rest(&mut self, spare: &mut Spare) {
        if self.users.is_empty() {
            self.regions.drain(..).for_each(|region| spare.put(region));
        }
    }
}

/// Regions that nobody uses.
#[derive(Default)]
pub(crate) struct Spare(BTreeMap<usize, Vec<Region>>);

impl Spare {
    fn take(&mut self, bytes: usize) -> Region {
        let words = bytes.div_ceil(8);
        match self.0.get_mut(&words).and_then(Vec::pop) {
            Some(region) => region,
            None => Box::leak((0..words).map(|_| AtomicU64::new(0)).collect()),
        }
    }

    fn put(&mut self, region: Region) {
        region.iter().for_each(|word| word.store(0, Ordering::SeqCst));
        self.0.entry(region.len()).or_default().push(region);
    }
}
