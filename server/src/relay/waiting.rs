//! Requests that wait for news: one for each device, so many in all. One that finds no seat is answered at once, so that
//! waiting costs nobody else anything.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tessera_defence::defence;
use tessera_protocol::ids::DeviceId;
use tokio::sync::watch;

/// All seats.
pub(super) struct Waiting {
    limit: usize,
    taken: Arc<Mutex<HashSet<DeviceId>>>,
    ended: watch::Sender<bool>,
}

/// One of them; free again when this is dropped.
pub(super) struct Seat {
    taken: Arc<Mutex<HashSet<DeviceId>>>,
    device: DeviceId,
    ended: watch::Receiver<bool>,
}

impl Waiting {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, taken: Arc::default(), ended: watch::Sender::new(false) }
    }

    /// A seat for a device; `None` where it has one, or none is free.
    pub(super) fn take(&self, device: DeviceId) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if !defence!(N04, taken.len() < self.limit && !taken.contains(&device)) {
            return None;
        }
        taken.insert(device);
        Some(Seat { taken: Arc::clone(&self.taken), device, ended: self.ended.subscribe() })
    }

    /// Wants every seat back, for good.
    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }
}

impl Seat {
    /// Returns when nobody may wait any longer.
    pub(super) async fn wanted(&self) {
        // Where the other end is gone, so is the relay.
        drop(self.ended.clone().wait_for(|ended| *ended).await);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_device_has_one_seat_and_all_together_so_many() {
        let waiting = Waiting::new(2);
        let first = waiting.take(DeviceId([1; 16])).unwrap();
        assert!(waiting.take(DeviceId([1; 16])).is_none());
        let second = waiting.take(DeviceId([2; 16])).unwrap();
        assert!(waiting.take(DeviceId([3; 16])).is_none());
        drop(first);
        assert!(waiting.take(DeviceId([1; 16])).is_some());
        waiting.end();
        second.wanted().await;
    }
}
