//! The one writing thread. What is waiting is done in one transaction and one commit: commits are what
//! costs, rows are not. Each piece of work has a savepoint, so that one that fails takes back its own rows
//! alone. Only after the commit is anybody told. Work for which nobody waits wakes nobody and makes no commit of its
//! own: it goes with the next, or a moment later.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use tessera_defence::defended;

use super::{Done, StoreError, failed};

/// Pieces of work in one commit.
const GROUP: usize = 256;
/// Pieces of work that wait; more make their senders wait.
const WAITING: usize = 1024;

/// How long work waits for which nobody does.
const MOMENT: Duration = Duration::from_millis(200);

/// Says whether the commit succeeded.
type Report = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// What a piece of work came to: who is to be told, and what went wrong.
type Worked = (Report, Option<StoreError>);

struct Work {
    act: Box<dyn FnOnce(&Connection) -> Worked + Send>,
    /// True where somebody waits for it.
    awaited: bool,
}

/// What waits for the writing thread.
#[derive(Default)]
struct Queue {
    works: VecDeque<Work>,
    /// Works for which somebody waits.
    awaited: usize,
    /// True while the thread sleeps until it is woken.
    idle: bool,
    closed: bool,
}

/// The queue, and what is said of it between its ends.
#[derive(Default)]
struct Desk {
    queue: Mutex<Queue>,
    /// There is work.
    work: Condvar,
    /// There is room.
    room: Condvar,
}

impl Desk {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays work down. Where nothing is written any more it is dropped, and who awaits it is told that the store is
    /// closed.
    fn lay(&self, work: Work) {
        let full = |queue: &mut Queue| !queue.closed && queue.works.len() >= WAITING;
        let mut queue = self.room.wait_while(self.queue(), full).unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            return;
        }
        let first = queue.works.is_empty();
        queue.awaited += usize::from(work.awaited);
        let urgent = work.awaited || queue.works.len() + 1 >= GROUP;
        queue.works.push_back(work);
        // Work for which nobody waits wakes the thread only to start its moment.
        if queue.idle && (urgent || first) {
            queue.idle = false;
            drop(queue);
            self.work.notify_one();
        }
    }

    /// What goes into the next commit; `None` at the end.
    fn gather(&self) -> Option<Vec<Work>> {
        let mut queue = self.queue();
        let mut until: Option<Instant> = None;
        while queue.awaited == 0 && queue.works.len() < GROUP && !queue.closed {
            queue.idle = true;
            queue = if queue.works.is_empty() {
                self.work.wait(queue).unwrap_or_else(PoisonError::into_inner)
            } else {
                let until = *until.get_or_insert_with(|| Instant::now() + MOMENT);
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                self.work.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0
            };
        }
        queue.idle = false;
        let full = queue.works.len() >= WAITING;
        let count = queue.works.len().min(GROUP);
        let group: Vec<Work> = queue.works.drain(..count).collect();
        queue.awaited -= group.iter().filter(|work| work.awaited).count();
        let end = group.is_empty() && queue.closed;
        drop(queue);
        if full {
            self.room.notify_all();
        }
        (!end).then_some(group)
    }

    fn close(&self) {
        self.queue().closed = true;
        self.work.notify_all();
        self.room.notify_all();
    }
}

/// The writing thread's end of the desk: whatever ends the thread, nobody waits for it in vain.
struct Writer(Arc<Desk>);

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.close();
        let left = std::mem::take(&mut self.0.queue().works);
        drop(left);
    }
}

/// The way to the writing thread.
pub(super) struct Writing {
    desk: Arc<Desk>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writing {
    /// Starts the thread on a connection.
    pub(super) fn start(connection: Connection) -> Self {
        let desk = Arc::new(Desk::default());
        let writer = Writer(Arc::clone(&desk));
        let thread = std::thread::spawn(move || write(&connection, &writer.0));
        Self { desk, thread: Mutex::new(Some(thread)) }
    }

    /// A way that leads nowhere.
    pub(super) fn closed() -> Self {
        let desk = Arc::new(Desk::default());
        desk.close();
        Self { desk, thread: Mutex::new(None) }
    }

    /// Hands over work; `done` is called by the writing thread after the commit.
    pub(super) fn hand_over<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        done: Done<T>,
    ) {
        self.send(true, work, done);
    }

    /// The same for work for which nobody waits.
    pub(super) fn hand_over_for_later(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
        done: Done<()>,
    ) {
        self.send(false, work, done);
    }

    fn send<T: Send + 'static>(
        &self,
        awaited: bool,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        done: Done<T>,
    ) {
        let act = Box::new(move |connection: &Connection| -> Worked {
            let result = in_savepoint(connection, work);
            let error = result.as_ref().err().cloned();
            (Box::new(move |committed| done(committed.and(result))), error)
        });
        self.desk.lay(Work { act, awaited });
    }

    /// Ends the thread after what was handed over.
    pub(super) fn close(&self) {
        self.desk.close();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.close();
    }
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let run = |sql| connection.prepare_cached(sql).and_then(|mut sql| sql.execute([])).map_err(failed);
    if connection.is_autocommit() {
        // Without the group's transaction the savepoint would be one of its own, and nobody would be told.
        return Err(StoreError::Full("the transaction was taken back".to_owned()));
    }
    run("SAVEPOINT work")?;
    let result = work(connection);
    if result.is_err() {
        // Fails only where SQLite took back the whole transaction already; the commit then fails too.
        let _ = run("ROLLBACK TO work");
    }
    let _ = run("RELEASE work");
    result
}

fn write(connection: &Connection, desk: &Desk) {
    let mut damaged: Option<StoreError> = None;
    while let Some(group) = desk.gather() {
        if let Some(error) = &damaged {
            group.into_iter().for_each(|work| (work.act)(connection).0(Err(error.clone())));
            continue;
        }
        let result = commit(connection, group);
        if let Err(error) = &result.1 {
            tracing::error!(%error, "nothing was written");
            if matches!(error, StoreError::Damaged(_)) {
                damaged = Some(error.clone());
            }
        }
        result.0.into_iter().for_each(|report| report(result.1.clone()));
    }
    if damaged.is_none() {
        let _ = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)");
    }
}

fn commit(connection: &Connection, group: Vec<Work>) -> (Vec<Report>, Result<(), StoreError>) {
    let run = |sql| connection.prepare_cached(sql).and_then(|mut sql| sql.execute([])).map_err(failed);
    let begun = run("BEGIN IMMEDIATE");
    let (reports, errors): (Vec<Report>, Vec<Option<StoreError>>) =
        group.into_iter().map(|work| (work.act)(connection)).unzip();
    let result = match begun {
        Err(error) => Err(error),
        // A full disk takes back the whole transaction: then nobody's work is there.
        Ok(_) if connection.is_autocommit() => {
            let first = errors.into_iter().flatten().next();
            Err(first.unwrap_or_else(|| StoreError::Failed("the transaction was taken back".to_owned())))
        }
        Ok(_) if !defended!(F01) => Ok(()),
        Ok(_) => run("COMMIT").map(|_| ()),
    };
    if result.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    (reports, result)
}
