//! The child process in which changes of other people are tried: this program once more, with limits that it
//! sets on itself before it reads anything.
//!
//! The guard should leave nothing that could harm Automerge. This is for what the guard did not foresee: a child
//! that asks for too much memory, computes for too long, overflows its stack or ends in any other way costs one
//! document's import. It is kept for many documents and started again after a crash. It is given no
//! environment, and its only descriptors are its pipes; errors of it are not shown, as they may hold content.

mod limits;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tessera_engine::core::Worker;
use tessera_model::crdt::worker::{Request, Response, ask_worker, serve_worker};
use tessera_model::guard::Limits;

pub use self::limits::{CPU_SECONDS, MEMORY_BYTES, address_space};

/// The hidden command under which a program is the child.
pub const COMMAND: &str = "worker";
/// How long one document may take, on a slow laptop that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);

/// The whole life of the child: limits first, then requests from standard input until it ends.
///
/// # Errors
/// Where a limit cannot be set, and as [`serve_worker`].
pub fn serve() -> io::Result<()> {
    serve_from(&mut io::stdin().lock(), &mut io::stdout().lock())
}

/// As [`serve`], with other pipes.
///
/// # Errors
/// As [`serve`].
pub fn serve_from(input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    limits::set_all()?;
    serve_worker(&mut limits::Renewed::new(input), output, &Limits::default())
}

/// A worker in a process of its own.
pub struct ChildWorker {
    program: PathBuf,
    arguments: Vec<OsString>,
    patience: Duration,
    running: Option<Running>,
}

struct Running {
    child: Child,
    requests: Sender<Request>,
    responses: Receiver<io::Result<Response>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl ChildWorker {
    /// A worker that is this program with the command [`COMMAND`], started at once.
    ///
    /// # Errors
    /// Where this program cannot be found or started.
    pub fn start() -> io::Result<Self> {
        Self::start_other(std::env::current_exe()?, vec![COMMAND.into()], PATIENCE)
    }

    /// A worker that is any program that calls [`serve`].
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start_other(program: PathBuf, arguments: Vec<OsString>, patience: Duration) -> io::Result<Self> {
        let mut worker = Self { program, arguments, patience, running: None };
        worker.running = Some(worker.spawn()?);
        Ok(worker)
    }

    /// Two workers, as a recovery on another computer needs them.
    ///
    /// # Errors
    /// As [`ChildWorker::start`].
    pub fn two() -> io::Result<[Box<dyn Worker>; 2]> {
        Ok([Box::new(Self::start()?), Box::new(Self::start()?)])
    }

    /// The process id of the child, where one runs.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    fn spawn(&self) -> io::Result<Running> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (mut to, mut from) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        let (requests, asked) = channel::<Request>();
        let (answered, responses) = channel();
        // Pipes know no time-out: a thread waits in them, and ends with the child.
        std::thread::Builder::new().name("worker pipes".to_owned()).spawn(move || {
            while let Ok(request) = asked.recv() {
                if answered.send(ask_worker(&request, &mut to, &mut from)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Running { child, requests, responses })
    }

    /// Asks the child, and starts one where none runs: only that is an error.
    fn ask(&mut self, request: &Request) -> io::Result<Response> {
        let running = match &self.running {
            Some(running) => running,
            None => {
                let running = self.spawn()?;
                self.running.insert(running)
            }
        };
        if running.requests.send(request.clone()).is_err() {
            return Ok(Response::Crashed);
        }
        Ok(match running.responses.recv_timeout(self.patience) {
            Ok(Ok(response)) => response,
            Ok(Err(_)) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Response::Crashed,
        })
    }
}

impl Worker for ChildWorker {
    fn run(&mut self, request: &Request) -> io::Result<Response> {
        let response = self.ask(request)?;
        if response == Response::Crashed {
            self.running = None;
        }
        Ok(response)
    }
}
