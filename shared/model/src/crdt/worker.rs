//! The worker: where changes of other people are applied for the first time.
//!
//! What passes the guard should not be able to harm Automerge; the worker is for what the guard did not
//! foresee. [`in_worker`] runs a closure on a thread with a large stack and turns a panic into
//! [`WorkerError::Crashed`]. [`run`] is the pure work of a child process, [`serve_worker`] its loop, and
//! [`Request`] and [`Response`] the bounded messages between: a program runs its own binary as the child, with
//! a memory limit, and a crash there costs one import and nothing else.
//!
//! Not here: starting processes, limiting their memory, and counting attempts.

mod codec;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tessera_defence::defended;

use super::{Document, DocumentError};
use crate::guard::{ActorBytes, ChangeHash, Limits, Verdict, scan};

pub use codec::{CodecError, MAX_MESSAGE_BYTES};

/// Stack of a worker thread, in bytes.
pub const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Why work was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// It panicked. Which of several changes was to blame is found by trying them one at a time.
    #[error("the worker crashed")]
    Crashed,
    /// No thread could be started.
    #[error("no worker could be started")]
    NoThread,
}

/// Runs `work` on a thread with a stack of [`STACK_BYTES`].
///
/// # Errors
/// [`WorkerError::Crashed`] if it panics: whatever was moved into it is gone and must be built again.
pub fn in_worker<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, WorkerError> {
    let thread = thread::Builder::new()
        .name("import".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || catch_unwind(AssertUnwindSafe(work)))
        .map_err(|_| WorkerError::NoThread)?;
    match thread.join() {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(panic)) | Err(panic) if !defended!(F29) => std::panic::resume_unwind(panic),
        Ok(Err(_)) | Err(_) => Err(WorkerError::Crashed),
    }
}

/// A change and the actor that the device and incarnation named with it have.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimedChange {
    /// The expected actor.
    pub actor: ActorBytes,
    /// The bytes, not scanned yet.
    pub bytes: Vec<u8>,
}

/// One document to build, and the changes to try on it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The document's constants, the first change first.
    pub constants: Vec<Vec<u8>>,
    /// Changes that are part of the document.
    pub applied: Vec<ClaimedChange>,
    /// Changes to try.
    pub incoming: Vec<ClaimedChange>,
}

/// What became of one incoming change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was applied, and the document could be read afterwards.
    Applied,
    /// It was part of the document already.
    Known,
    /// It waits for these changes.
    Parked(Vec<ChangeHash>),
    /// It never can be applied; the reason in words, without content.
    Refused(String),
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// One outcome for each incoming change.
    Done(Vec<Outcome>),
    /// The document could not be built, or broke.
    Failed(String),
    /// The work panicked.
    Crashed,
}

/// Builds the document, tries the changes and reads everything once; does not catch panics.
#[must_use]
pub fn run(request: &Request, limits: &Limits) -> Response {
    match try_run(request, limits) {
        Ok(outcomes) => Response::Done(outcomes),
        Err(error) => Response::Failed(error.to_string()),
    }
}

fn try_run(request: &Request, limits: &Limits) -> Result<Vec<Outcome>, DocumentError> {
    let constants: Vec<&[u8]> = request.constants.iter().map(Vec::as_slice).collect();
    let mut document = Document::new(&constants, limits.clone())?;
    let mut applied = Vec::with_capacity(request.applied.len());
    for change in &request.applied {
        applied.push((scan(&change.bytes, limits)?, change.actor));
    }
    document.apply_all(&applied)?;

    let mut outcomes = vec![Outcome::Known; request.incoming.len()];
    let mut tried = Vec::new();
    let mut places = Vec::new();
    for (place, change) in request.incoming.iter().enumerate() {
        match scan(&change.bytes, limits) {
            Ok(scanned) => {
                tried.push((scanned, change.actor));
                places.push(place);
            }
            Err(error) => outcomes[place] = Outcome::Refused(error.to_string()),
        }
    }
    for (place, verdict) in places.into_iter().zip(document.apply_all(&tried)?) {
        outcomes[place] = match verdict {
            Verdict::Apply => Outcome::Applied,
            Verdict::Known => Outcome::Known,
            Verdict::Park { missing } => Outcome::Parked(missing),
            Verdict::Refuse(refusal) => Outcome::Refused(refusal.to_string()),
        };
    }
    read_everything(&document, &mut Vec::new());
    Ok(outcomes)
}

/// Reads every value once, so that a document that cannot be read fails here.
fn read_everything(document: &Document, path: &mut Vec<String>) {
    let here: Vec<&str> = path.iter().map(String::as_str).collect();
    drop(document.keys(&here));
    drop(document.items(&here));
    drop(document.text(&here));
    // Only constants make containers, so a path is as deep as they are.
    for child in document.containers(&here) {
        path.push(child);
        read_everything(document, path);
        path.pop();
    }
}

/// Answers requests from `input` on `output` until it ends: the whole life of a child process.
///
/// Panics are caught and their messages dropped, as those may hold content.
///
/// # Errors
/// Whatever reading or writing returns, and `InvalidData` for a message that is not one.
pub fn serve_worker(input: &mut impl Read, output: &mut impl Write, limits: &Limits) -> io::Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    while let Some(message) = codec::read_frame(input)? {
        let request =
            Request::decode(&message).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let limits = limits.clone();
        let response = in_worker(move || run(&request, &limits)).unwrap_or(Response::Crashed);
        codec::write_frame(output, &response.encode())?;
        output.flush()?;
    }
    Ok(())
}

/// Writes one request to a worker and reads its answer; a worker that ended is [`Response::Crashed`].
///
/// # Errors
/// Whatever reading or writing returns, and `InvalidData` for an answer that is not one.
pub fn ask_worker(request: &Request, to: &mut impl Write, from: &mut impl Read) -> io::Result<Response> {
    let sent = codec::write_frame(to, &request.encode()).and_then(|()| to.flush());
    match sent {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Response::Crashed),
        other => other?,
    }
    match codec::read_frame(from) {
        Ok(Some(message)) => {
            Response::decode(&message).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        }
        Ok(None) => Ok(Response::Crashed),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Response::Crashed),
        Err(error) => Err(error),
    }
}
