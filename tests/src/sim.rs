//! The simulation: admins, coordinators and reviewers in memory, with a relay, couriers and seeded faults,
//! in virtual time. No socket, no thread inside a run, no sleep, no clock.
//!
//! A run is decided by its seed, but for one thing: welcomes are age files, and age takes its own chance. The ids
//! and lengths of those packs differ between two runs of one seed, and with them, now and then, what a fault hits.
//!
//! When the faults have stopped and everybody has talked to everybody, the oracle ([`oracle`]), which knows only
//! what reviewers were told and what admins did, compares: every submitted review is at every coordinator, or in a
//! named queue there; nothing is lost, nothing counts twice.

//!
//! Reading order: [`world`] (who there is, and how a run goes), `acts` (what people do), `network` and `faults`
//! (what goes wrong), [`relay`], `shown` and [`oracle`] (what is demanded), [`bug`] (what must be found).

mod acts;
pub mod bug;
pub mod dice;
mod faults;
mod network;
mod node;
pub mod oracle;
pub mod relay;
mod shown;
pub mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub use bug::Bug;
pub use world::{Failure, Outcome, Scale, run};

/// Runs the seeds `from..from + count` on two threads; the first failure, by seed, ends it.
///
/// # Errors
/// The failure of the lowest seed that was seen to fail.
pub fn run_all(from: u64, count: u64, bug: Option<Bug>, scale: Scale) -> Result<Outcome, Box<Failure>> {
    let next = AtomicU64::new(from);
    let stop = AtomicBool::new(false);
    let sum = Mutex::new((Outcome::default(), None::<Box<Failure>>));
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= from + count {
                break;
            }
            let result = std::panic::catch_unwind(|| run(seed, bug, scale)).unwrap_or_else(|_| {
                Err(Failure { seed, what: "the run panicked".into(), trace: Vec::new() })
            });
            let Ok(mut sum) = sum.lock() else { break };
            match result {
                Ok((outcome, _)) => {
                    sum.0.faults += outcome.faults;
                    sum.0.reviews += outcome.reviews;
                    sum.0.minutes += outcome.minutes;
                }
                Err(failure) => {
                    stop.store(true, Ordering::Relaxed);
                    if sum.1.as_ref().is_none_or(|other| failure.seed < other.seed) {
                        sum.1 = Some(Box::new(failure));
                    }
                }
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        work();
    });
    match sum.into_inner() {
        Ok((outcome, None)) => Ok(outcome),
        Ok((_, Some(failure))) => Err(failure),
        Err(_) => Err(Box::new(Failure { seed: from, what: "a run panicked".into(), trace: Vec::new() })),
    }
}
