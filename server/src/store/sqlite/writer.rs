//! The one writing thread. What is waiting is done in one transaction and one commit: commits are what
//! costs, rows are not. Each piece of work has a savepoint, so that one that fails takes back its own rows
//! alone. Only after the commit is anybody told.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::{Done, StoreError, failed};

/// Pieces of work in one commit.
const GROUP: usize = 256;
/// Pieces of work that wait; more make their senders wait.
const WAITING: usize = 1024;

/// Says whether the commit succeeded.
type Report = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// What a piece of work came to: who is to be told, and what went wrong.
type Worked = (Report, Option<StoreError>);
type Work = Box<dyn FnOnce(&Connection) -> Worked + Send>;

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
        let sender = self.work.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(sender) = sender else { return done(Err(StoreError::Closed)) };
        let work: Work = Box::new(move |connection| {
            let result = in_savepoint(connection, work);
            let error = result.as_ref().err().cloned();
            (Box::new(move |committed| done(committed.and(result))), error)
        });
        // The thread ends only after the last sender is gone; where it panicked, `done` is dropped, and
        // who awaits it is told that the store is closed.
        let _ = sender.send(work);
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
    while let Ok(first) = work.recv() {
        let group = std::iter::once(first).chain(work.try_iter().take(GROUP - 1));
        if let Some(error) = &damaged {
            group.for_each(|work| work(connection).0(Err(error.clone())));
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

fn commit(
    connection: &Connection,
    group: impl Iterator<Item = Work>,
) -> (Vec<Report>, Result<(), StoreError>) {
    let run = |sql| connection.prepare_cached(sql).and_then(|mut sql| sql.execute([])).map_err(failed);
    let begun = run("BEGIN IMMEDIATE");
    let (reports, errors): (Vec<Report>, Vec<Option<StoreError>>) =
        group.map(|work| work(connection)).unzip();
    let result = match begun {
        Err(error) => Err(error),
        // A full disk takes back the whole transaction: then nobody's work is there.
        Ok(_) if connection.is_autocommit() => {
            let first = errors.into_iter().flatten().next();
            Err(first.unwrap_or_else(|| StoreError::Failed("the transaction was taken back".to_owned())))
        }
        Ok(_) => run("COMMIT").map(|_| ()),
    };
    if result.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    (reports, result)
}
