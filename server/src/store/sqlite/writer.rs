//! The one writing thread. What is waiting is done in one transaction and one commit: commits are what
//! costs, rows are not. Each piece of work has a savepoint, so that one that fails takes back its own rows
//! alone. Only after the commit is anybody told. Work for which nobody waits makes no commit of its own: it
//! goes with the next, or a moment later.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
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

/// The way to the writing thread.
pub(super) struct Writing {
    work: Mutex<Option<SyncSender<Work>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writing {
    /// Starts the thread on a connection.
    pub(super) fn start(connection: Connection) -> Self {
        let (send, receive) = sync_channel(WAITING);
        let thread = std::thread::spawn(move || write(&connection, &receive));
        Self { work: Mutex::new(Some(send)), thread: Mutex::new(Some(thread)) }
    }

    /// A way that leads nowhere.
    pub(super) fn closed() -> Self {
        Self { work: Mutex::new(None), thread: Mutex::new(None) }
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
        let sender = self.work.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(sender) = sender else { return done(Err(StoreError::Closed)) };
        let act = Box::new(move |connection: &Connection| -> Worked {
            let result = in_savepoint(connection, work);
            let error = result.as_ref().err().cloned();
            (Box::new(move |committed| done(committed.and(result))), error)
        });
        // The thread ends only after the last sender is gone; where it panicked, `done` is dropped, and
        // who awaits it is told that the store is closed.
        let _ = sender.send(Work { act, awaited });
    }

    /// Ends the thread after what was handed over.
    pub(super) fn close(&self) {
        drop(self.work.lock().unwrap_or_else(PoisonError::into_inner).take());
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

fn write(connection: &Connection, work: &Receiver<Work>) {
    let mut damaged: Option<StoreError> = None;
    while let Some(group) = gather(work) {
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

/// What goes into the next commit; `None` at the end.
fn gather(work: &Receiver<Work>) -> Option<Vec<Work>> {
    let first = work.recv().ok()?;
    let until = Instant::now() + MOMENT;
    let mut awaited = first.awaited;
    let mut group = vec![first];
    while group.len() < GROUP {
        let wait = if awaited { Duration::ZERO } else { until.saturating_duration_since(Instant::now()) };
        match work.recv_timeout(wait) {
            Ok(next) => {
                awaited |= next.awaited;
                group.push(next);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Some(group)
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
