//! How far an exchange is, told while it runs, and the two ways in which waiting ends: nothing moves any
//! more, or a person has had enough.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::Traffic;
use super::error::RelayError;

/// How often is told how far it is, where nothing else happens.
const TICK: Duration = Duration::from_millis(200);
/// Before this time a rate says nothing.
const RATE_AFTER: Duration = Duration::from_millis(500);

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// A connection is made.
    #[default]
    Connecting,
    /// The request goes out.
    Sending,
    /// The relay's answer comes in.
    Receiving,
    /// What came is read.
    Reading,
    /// Attachments go out or come in.
    Attachments,
    /// The connection was lost; another one is tried soon.
    Waiting,
}

impl Phase {
    /// A kebab-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Sending => "sending",
            Self::Receiving => "receiving",
            Self::Reading => "reading",
            Self::Attachments => "attachments",
            Self::Waiting => "waiting",
        }
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Bytes that left in this step, as counted at the socket.
    pub sent: u64,
    /// Bytes that this step sends, without what HTTP and TLS add.
    pub to_send: u64,
    /// Bytes that came in this step, as counted at the socket.
    pub received: u64,
    /// Bytes that the relay announced for this step.
    pub announced: u64,
    /// How long the rest of this step takes at the rate so far; none before there is a rate.
    pub left: Option<Duration>,
}

impl Progress {
    /// Bytes of this step that are still to be moved.
    #[must_use]
    pub fn left_bytes(&self) -> u64 {
        self.to_send.saturating_sub(self.sent) + self.announced.saturating_sub(self.received)
    }
}

/// Who is told; a break ends the exchange.
pub type Tell<'a> = &'a mut dyn FnMut(&Progress) -> ControlFlow<()>;

pub(super) struct Watch<'a> {
    tell: Tell<'a>,
    traffic: Arc<Traffic>,
    silence: Duration,
    progress: Progress,
    from: (u64, u64),
    started: Instant,
}

impl<'a> Watch<'a> {
    pub(super) fn new(tell: Tell<'a>, traffic: Arc<Traffic>, silence: Duration) -> Self {
        let from = traffic.both();
        Self { tell, traffic, silence, progress: Progress::default(), from, started: Instant::now() }
    }

    /// Begins a step.
    pub(super) fn step(&mut self, phase: Phase, to_send: u64, announced: u64) -> Result<(), RelayError> {
        self.from = self.traffic.both();
        self.started = Instant::now();
        self.progress = Progress { phase, to_send, announced, ..Progress::default() };
        self.tell()
    }

    /// Tells how far it is.
    pub(super) fn tell(&mut self) -> Result<(), RelayError> {
        let (sent, received) = self.traffic.both();
        self.progress.sent = sent - self.from.0;
        self.progress.received = received - self.from.1;
        self.progress.left = time_left(&self.progress, self.started.elapsed());
        match (self.tell)(&self.progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(RelayError::Cancelled),
        }
    }

    /// Runs a piece of work to its end, unless nothing moves for too long.
    pub(super) async fn run<T>(
        &mut self,
        work: impl Future<Output = Result<T, RelayError>>,
    ) -> Result<T, RelayError> {
        let mut work = std::pin::pin!(work);
        let mut moved = (self.traffic.both(), Instant::now());
        loop {
            tokio::select! {
                biased;
                result = &mut work => return result,
                () = tokio::time::sleep(TICK) => {
                    self.tell()?;
                    let now = self.traffic.both();
                    if now != moved.0 {
                        moved = (now, Instant::now());
                    } else if moved.1.elapsed() > self.silence {
                        return Err(RelayError::Timeout);
                    }
                }
            }
        }
    }

    /// Waits, unless a person ends it.
    pub(super) async fn pause(&mut self, pause: Duration) -> Result<(), RelayError> {
        self.step(Phase::Waiting, 0, 0)?;
        let end = Instant::now() + pause;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            tokio::time::sleep(left.min(TICK)).await;
            self.tell()?;
        }
        Ok(())
    }
}

fn time_left(progress: &Progress, elapsed: Duration) -> Option<Duration> {
    let moved = u32::try_from((progress.sent + progress.received).min(u64::from(u32::MAX))).ok()?;
    let left = u32::try_from(progress.left_bytes().min(u64::from(u32::MAX))).ok()?;
    if elapsed < RATE_AFTER || moved == 0 {
        return None;
    }
    Some(elapsed.mul_f64(f64::from(left) / f64::from(moved)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sent: u64, to_send: u64, elapsed_ms: u64, expected: Option<u64>) {
        let progress = Progress { sent, to_send, ..Progress::default() };
        let left = time_left(&progress, Duration::from_millis(elapsed_ms));
        assert_eq!(left, expected.map(Duration::from_secs));
    }

    #[test]
    fn the_time_left_follows_from_the_rate_so_far() {
        check(1_000, 4_000, 2_000, Some(6));
        check(4_000, 4_000, 2_000, Some(0));
        check(5_000, 4_000, 2_000, Some(0));
        check(0, 4_000, 2_000, None);
        check(1_000, 4_000, 100, None);
    }
}
