//! The file system: everything goes on to real files, and what happens to the watched database is noted. It can be told to
//! fail: at the n-th write, or at whatever else a disk can refuse.
//!
//! It tells SQLite of itself what SQLite's own file system for Unix tells on a usual disk: sectors of 4096 bytes, and a
//! write harms no byte beside it. It never asks the kernel to sync, so that nothing here waits for a disk.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use sqlite_plugin::flags::{AccessFlags, CreateMode, LockLevel, OpenMode, OpenOpts, ShmLockMode};
use sqlite_plugin::vars;
use sqlite_plugin::vfs::{RegisterOpts, Vfs, VfsHandle, VfsResult, register_static};

use crate::Part;
use crate::image::{Record, Step};
use crate::locks::{Holder, Locks, Spare};

/// The file system below this process's SQLite.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    watched: Option<PathBuf>,
    steps: Vec<Step>,
    locks: BTreeMap<String, Locks>,
    opened: Holder,
    spare: Spare,
    failing: Option<Failing>,
}

/// What the disk says in place of doing what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No room: writes fail.
    Full,
    /// An error of the device: writes, truncations, syncs, deletions and openings fail.
    Broken,
    /// The process has no handles left: openings fail.
    NoHandles,
}

/// What SQLite asked of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Write,
    Truncate,
    Sync,
    Delete,
    Open,
}

#[derive(Debug, Clone, Copy)]
struct Failing {
    fault: Fault,
    /// How many more of what can fail succeed.
    left: usize,
    stays: bool,
    failed: usize,
}

/// Puts the file system below every connection that is opened from now on in this process.
///
/// # Panics
/// Where SQLite does not take it.
pub fn install() -> Disk {
    static INSTALLED: OnceLock<Disk> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        let disk = Disk(Arc::default());
        let name = CString::from(c"tessera-crash");
        let taken = register_static(name, disk.clone(), RegisterOpts { make_default: true });
        assert!(taken.is_ok(), "SQLite takes a file system");
        disk
    });
    installed.clone()
}

impl Disk {
    /// Begins to note what happens to the database at `path`, which does not exist yet.
    pub fn watch(&self, path: &Path) {
        let mut state = self.state();
        state.watched = Some(path.to_owned());
        state.steps.clear();
    }

    /// Notes that something was acknowledged: whatever the disk holds after the power failed from here on must have it.
    pub fn acknowledge(&self) {
        self.state().steps.push(Step::Acknowledged);
    }

    /// How much was noted so far.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.state().steps.len()
    }

    /// Ends the noting, and gives what was noted.
    #[must_use]
    pub fn record(&self) -> Record {
        let mut state = self.state();
        state.watched = None;
        Record::new(std::mem::take(&mut state.steps))
    }

    /// From now on the `n`-th thing that can fail in this way does; with `stays` all that follow it too.
    pub fn fail(&self, n: usize, fault: Fault, stays: bool) {
        self.state().failing = Some(Failing { fault, left: n.saturating_sub(1), stays, failed: 0 });
    }

    /// Nothing fails any more; how often something did.
    pub fn mend(&self) -> usize {
        self.state().failing.take().map_or(0, |failing| failing.failed)
    }

    /// Fails where it is time to, with the code that SQLite's own file system gives.
    fn ask(&self, asked: Asked) -> VfsResult<()> {
        let mut state = self.state();
        let Some(failing) = &mut state.failing else { return Ok(()) };
        if failing.fails(asked) { Err(failing.code(asked)) } else { Ok(()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, part: Option<Part>, step: impl FnOnce(Part) -> Step) {
        if let Some(part) = part {
            self.state().steps.push(step(part));
        }
    }
}

impl Failing {
    fn fails(&mut self, asked: Asked) -> bool {
        let can = match self.fault {
            Fault::Full => asked == Asked::Write,
            Fault::Broken => true,
            Fault::NoHandles => asked == Asked::Open,
        };
        if !can || (self.failed > 0 && !self.stays) {
            return false;
        }
        let now = self.left == 0;
        self.left = self.left.saturating_sub(1);
        self.failed += usize::from(now);
        now
    }

    fn code(self, asked: Asked) -> i32 {
        match asked {
            Asked::Write if self.fault == Fault::Full => vars::SQLITE_FULL,
            Asked::Write => vars::SQLITE_IOERR_WRITE,
            Asked::Truncate => vars::SQLITE_IOERR_TRUNCATE,
            Asked::Sync => vars::SQLITE_IOERR_FSYNC,
            Asked::Delete => vars::SQLITE_IOERR_DELETE,
            Asked::Open => vars::SQLITE_CANTOPEN,
        }
    }
}

impl State {
    /// Which file of the watched database a path is.
    fn part(&self, path: &str) -> Option<Part> {
        let watched = self.watched.as_ref()?.to_str()?;
        let ending = path.strip_prefix(watched)?;
        Part::ALL.into_iter().find(|part| part.ending() == ending)
    }
}

/// An open file.
pub struct Handle {
    who: Holder,
    path: String,
    part: Option<Part>,
    read_only: bool,
    bytes: Bytes,
    goes: bool,
}

enum Bytes {
    File(File),
    /// A temporary one: never on the disk.
    Memory(Vec<u8>),
}

impl VfsHandle for Handle {
    fn readonly(&self) -> bool {
        self.read_only
    }
    fn in_memory(&self) -> bool {
        false
    }
}

impl Vfs for Disk {
    type Handle = Handle;

    fn canonical_path<'a>(&self, path: Cow<'a, str>) -> VfsResult<Cow<'a, str>> {
        Ok(path)
    }

    fn open(&self, path: Option<&str>, how: OpenOpts) -> VfsResult<Handle> {
        if path.is_some_and(|path| !path.is_empty()) {
            self.ask(Asked::Open)?;
        }
        let mut state = self.state();
        state.opened += 1;
        let who = state.opened;
        let Some(path) = path.filter(|path| !path.is_empty()) else {
            let bytes = Bytes::Memory(Vec::new());
            return Ok(Handle { who, path: String::new(), part: None, read_only: false, bytes, goes: false });
        };
        let mut options = OpenOptions::new();
        options.read(true);
        let read_only = how.mode().is_readonly();
        if let OpenMode::ReadWrite { create } = how.mode() {
            options.write(true);
            match create {
                CreateMode::None => {}
                CreateMode::Create => _ = options.create(true).truncate(false),
                CreateMode::MustCreate => _ = options.create_new(true),
            }
        }
        let file = options.open(path).map_err(|_| vars::SQLITE_CANTOPEN)?;
        let part = state.part(path);
        let goes = how.delete_on_close();
        Ok(Handle { who, path: path.to_owned(), part, read_only, bytes: Bytes::File(file), goes })
    }

    fn delete(&self, path: &str) -> VfsResult<()> {
        self.ask(Asked::Delete)?;
        match std::fs::remove_file(path) {
            Ok(()) => {
                let part = self.state().part(path);
                self.note(part, Step::Deleted);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Err(vars::SQLITE_IOERR_DELETE_NOENT),
            Err(_) => Err(vars::SQLITE_IOERR_DELETE),
        }
    }

    fn access(&self, path: &str, _flags: AccessFlags) -> VfsResult<bool> {
        // SQLite takes an empty log or journal for none, as its own file system does.
        Ok(std::fs::metadata(path).is_ok_and(|found| !found.is_file() || found.len() > 0))
    }

    fn file_size(&self, handle: &mut Handle) -> VfsResult<usize> {
        match &handle.bytes {
            Bytes::Memory(bytes) => Ok(bytes.len()),
            Bytes::File(file) => {
                let length = file.metadata().map_err(|_| vars::SQLITE_IOERR_FSTAT)?.len();
                usize::try_from(length).map_err(|_| vars::SQLITE_IOERR_FSTAT)
            }
        }
    }

    fn truncate(&self, handle: &mut Handle, length: usize) -> VfsResult<()> {
        match &mut handle.bytes {
            Bytes::Memory(bytes) => bytes.resize(length, 0),
            Bytes::File(file) => {
                self.ask(Asked::Truncate)?;
                file.set_len(length as u64).map_err(|_| vars::SQLITE_IOERR_TRUNCATE)?;
                self.note(handle.part, |part| Step::Truncated { part, length });
            }
        }
        Ok(())
    }

    fn write(&self, handle: &mut Handle, at: usize, data: &[u8]) -> VfsResult<usize> {
        match &mut handle.bytes {
            Bytes::Memory(bytes) => crate::image::put(bytes, at, data),
            Bytes::File(file) => {
                self.ask(Asked::Write)?;
                write_at(file, at, data).map_err(|_| vars::SQLITE_IOERR_WRITE)?;
                self.note(handle.part, |part| Step::Wrote { part, at, bytes: data.to_vec() });
            }
        }
        Ok(data.len())
    }

    fn read(&self, handle: &mut Handle, at: usize, into: &mut [u8]) -> VfsResult<usize> {
        match &mut handle.bytes {
            Bytes::Memory(bytes) => {
                let found = bytes.get(at..).unwrap_or_default();
                let length = found.len().min(into.len());
                into[..length].copy_from_slice(&found[..length]);
                Ok(length)
            }
            Bytes::File(file) => read_at(file, at, into).map_err(|_| vars::SQLITE_IOERR_READ),
        }
    }

    fn lock(&self, handle: &mut Handle, level: LockLevel) -> VfsResult<()> {
        let mut state = self.state();
        let locks = state.locks.entry(handle.path.clone()).or_default();
        locks.lock(handle.who, level).map_err(|_| vars::SQLITE_BUSY)
    }

    fn unlock(&self, handle: &mut Handle, level: LockLevel) -> VfsResult<()> {
        let mut state = self.state();
        state.locks.entry(handle.path.clone()).or_default().unlock(handle.who, level);
        Ok(())
    }

    fn check_reserved_lock(&self, handle: &mut Handle) -> VfsResult<bool> {
        Ok(self.state().locks.get(&handle.path).is_some_and(Locks::is_reserved))
    }

    fn sync(&self, handle: &mut Handle) -> VfsResult<()> {
        if matches!(handle.bytes, Bytes::File(_)) {
            self.ask(Asked::Sync)?;
        }
        self.note(handle.part, Step::Synced);
        Ok(())
    }

    fn close(&self, handle: Handle) -> VfsResult<()> {
        if handle.goes {
            self.delete(&handle.path)?;
        }
        let State { locks, spare, .. } = &mut *self.state();
        if let Some(held) = locks.get_mut(&handle.path) {
            held.forget(handle.who);
            held.index().rest(spare);
        }
        Ok(())
    }

    fn sector_size(&self, _: &mut Handle) -> VfsResult<i32> {
        Ok(4096)
    }

    fn device_characteristics(&self, _: &mut Handle) -> VfsResult<i32> {
        Ok(vars::SQLITE_IOCAP_POWERSAFE_OVERWRITE)
    }

    fn shm_map(
        &self,
        handle: &mut Handle,
        number: usize,
        bytes: usize,
        make: bool,
    ) -> VfsResult<Option<NonNull<u8>>> {
        let State { locks, spare, .. } = &mut *self.state();
        let locks = locks.entry(handle.path.clone()).or_default();
        Ok(locks.index().map(handle.who, number, bytes, make, spare))
    }

    fn shm_lock(&self, handle: &mut Handle, from: u32, count: u32, mode: ShmLockMode) -> VfsResult<()> {
        let mut state = self.state();
        let locks = state.locks.entry(handle.path.clone()).or_default();
        locks.index().lock(handle.who, (from, count), mode).map_err(|_| vars::SQLITE_BUSY)
    }

    fn shm_barrier(&self, _: &mut Handle) {
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
    }

    fn shm_unmap(&self, handle: &mut Handle, _delete: bool) -> VfsResult<()> {
        let State { locks, spare, .. } = &mut *self.state();
        let locks = locks.entry(handle.path.clone()).or_default();
        locks.index().unmap(handle.who);
        locks.index().rest(spare);
        Ok(())
    }
}

fn write_at(file: &mut File, at: usize, data: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(at as u64))?;
    file.write_all(data)
}

/// Reads as much as there is; how much that was.
fn read_at(file: &mut File, at: usize, into: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(at as u64))?;
    let mut done = 0;
    while done < into.len() {
        match file.read(&mut into[done..]) {
            Ok(0) => break,
            Ok(length) => done += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
