//! Numbers of requests: each counts once. No clock: a window of 64 below the highest number seen is kept
//! per start of a device; what lies below it is taken as seen. Windows are decided on in memory and kept
//! in the store; where the disk is full, memory goes on alone, so that reading does.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tessera_defence::defence;
use tessera_protocol::exchange::Caller;
use tessera_protocol::ids::{DeviceId, Incarnation, ProgrammeId};

use crate::failure::Failure;
use crate::store::{Store, reading};

/// Windows in memory; more, and those that the store keeps are forgotten.
const WINDOWS: usize = 20_000;

/// The highest number seen and which of the 64 up to it were: bit `n` stands for `highest − n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The highest number seen.
    pub highest: u64,
    /// Those seen; bit 0 is the highest itself.
    pub seen: u64,
}

impl Window {
    /// The window after `counter`, or `None` where `counter` was seen or is too old to tell.
    #[must_use]
    pub fn after(before: Option<Self>, counter: u64) -> Option<Self> {
        let Some(Self { highest, seen }) = before else {
            return Some(Self { highest: counter, seen: 1 });
        };
        if counter > highest {
            let shift = u32::try_from(counter - highest).ok().filter(|shift| *shift < 64);
            let seen = shift.map_or(0, |shift| seen << shift);
            return Some(Self { highest: counter, seen: seen | 1 });
        }
        let age = highest - counter;
        if age >= 64 || seen >> age & 1 == 1 {
            return None;
        }
        Some(Self { highest, seen: seen | 1 << age })
    }
}

type Start = (ProgrammeId, DeviceId, Incarnation);

struct Held {
    window: Window,
    /// True once the store has this window. Set without the lock: whoever hands a window over holds it
    /// and may have to wait for the store.
    kept: Arc<AtomicBool>,
}

/// The windows of every start of every device.
#[derive(Clone, Default)]
pub(crate) struct Windows(Arc<Mutex<HashMap<Start, Held>>>);

impl Windows {
    /// Uses a request's number up. The store has it before anything that this request writes; of one that
    /// only reads it has it a moment later.
    ///
    /// # Errors
    /// [`Failure::NotAuthorised`] where the number was used before or is too old to tell.
    pub(crate) async fn take(&self, store: &Arc<dyn Store>, caller: &Caller) -> Result<(), Failure> {
        let start = (caller.programme, caller.device, caller.incarnation);
        let known = self.lock().contains_key(&start);
        let stored = if known {
            None
        } else {
            let (store, caller) = (Arc::clone(store), caller.clone());
            reading(move || store.window(&caller)).await?
        };
        let mut windows = self.lock();
        let before = windows.get(&start).map(|held| held.window).or(stored);
        let fresh = Window::after(before, caller.counter);
        if !defence!(N01, fresh.is_some()) {
            return Err(Failure::NotAuthorised);
        }
        let window = fresh.or(before).ok_or(Failure::NotAuthorised)?;
        if windows.len() >= WINDOWS {
            windows.retain(|_, held| !held.kept.load(Ordering::Relaxed));
        }
        let kept = Arc::new(AtomicBool::new(false));
        windows.insert(start, Held { window, kept: Arc::clone(&kept) });
        // Handed over under the lock, so that the store gets windows in their order.
        store.keep_window(
            caller.clone(),
            window,
            Box::new(move |result| kept.store(result.is_ok(), Ordering::Relaxed)),
        );
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Start, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[track_caller]
    fn check(counters: &[u64], taken: &[bool]) {
        let mut window = None;
        for (counter, expected) in counters.iter().zip(taken) {
            let after = Window::after(window, *counter);
            assert_eq!(after.is_some(), *expected, "counter {counter}");
            window = after.or(window);
        }
    }

    #[test]
    fn every_number_counts_once() {
        check(&[1, 2, 2, 1, 3], &[true, true, false, false, true]);
        check(&[5, 3, 4, 3, 5], &[true, true, true, false, false]);
        check(&[100, 36, 37, 37], &[true, false, true, false]);
        check(&[1, 65, 1, 2, 66, 2], &[true, true, false, true, true, false]);
        check(&[0, u64::MAX, 0, u64::MAX, u64::MAX - 63], &[true, true, false, false, true]);
    }
}
