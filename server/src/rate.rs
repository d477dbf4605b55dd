//! How many requests one device may make: a bucket each, filled at a steady rate, and a few at the same
//! time. Time is a parameter.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tessera_defence::defence;
use tessera_protocol::ids::DeviceId;

/// Buckets in memory; more, and the full ones are forgotten.
const BUCKETS: usize = 10_000;
/// Requests of one device that are handled at the same time.
const AT_THE_SAME_TIME: u32 = 8;

struct Bucket {
    level: f64,
    at: Instant,
    running: u32,
}

/// The buckets of all devices.
pub(crate) struct Rates {
    per_second: f64,
    at_once: f64,
    buckets: Arc<Mutex<HashMap<DeviceId, Bucket>>>,
}

/// A request that is being handled.
pub(crate) struct Running {
    buckets: Arc<Mutex<HashMap<DeviceId, Bucket>>>,
    device: DeviceId,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(&self.device) {
            bucket.running = bucket.running.saturating_sub(1);
        }
    }
}

impl Rates {
    pub(crate) fn new(per_second: u32, at_once: u32) -> Self {
        Self { per_second: per_second.into(), at_once: at_once.max(1).into(), buckets: Arc::default() }
    }

    /// Takes one request out of a device's bucket; `None` where it is empty or enough are running.
    pub(crate) fn take(&self, device: DeviceId, now: Instant) -> Option<Running> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = |bucket: &Bucket| {
            let gone: Duration = now.saturating_duration_since(bucket.at);
            (bucket.level + gone.as_secs_f64() * self.per_second).min(self.at_once)
        };
        if buckets.len() >= BUCKETS {
            buckets.retain(|_, bucket| bucket.running > 0 || filled(bucket) < self.at_once);
        }
        let bucket = buckets.entry(device).or_insert(Bucket { level: self.at_once, at: now, running: 0 });
        let level = filled(bucket);
        (bucket.level, bucket.at) = (level, now.max(bucket.at));
        if !defence!(N04, level >= 1.0 && bucket.running < AT_THE_SAME_TIME) {
            return None;
        }
        bucket.level -= 1.0;
        bucket.running += 1;
        Some(Running { buckets: Arc::clone(&self.buckets), device })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_for_its_device_alone() {
        let rates = Rates::new(2, 3);
        let (one, other) = (DeviceId([1; 16]), DeviceId([2; 16]));
        let start = Instant::now();
        let taken = |device, after_ms| rates.take(device, start + Duration::from_millis(after_ms)).is_some();
        assert_eq!([0, 0, 0, 0].map(|at| taken(one, at)), [true, true, true, false]);
        assert!(taken(other, 0));
        assert_eq!([400, 500, 600, 60_000].map(|at| taken(one, at)), [false, true, false, true]);
        assert_eq!([60_000, 60_000, 60_000].map(|at| taken(one, at)), [true, true, false]);
    }
    #[test]
    fn a_few_run_at_the_same_time() {
        let rates = Rates::new(1000, 1000);
        let device = DeviceId([1; 16]);
        let now = Instant::now();
        let mut running: Vec<_> = (0..AT_THE_SAME_TIME).map(|_| rates.take(device, now).unwrap()).collect();
        assert!(rates.take(device, now).is_none());
        running.pop();
        assert!(rates.take(device, now).is_some());
    }
}
