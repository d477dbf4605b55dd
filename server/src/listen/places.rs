//! Places for connections: so many in all, so many for one address. Where all are taken, the connection
//! that has sent no request for longest gives up its own.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tessera_defence::defence;
use tokio::sync::Notify;

#[derive(Default)]
struct Taken {
    next: u64,
    count: usize,
    by_address: HashMap<IpAddr, usize>,
    /// Connections that have sent no request yet, oldest first.
    silent: BTreeMap<u64, Arc<Notify>>,
}

/// All places.
#[derive(Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<Taken>>,
    limit: usize,
    per_address: usize,
}

/// One of them; free again when this is dropped.
pub(super) struct Place {
    places: Places,
    number: u64,
    address: IpAddr,
    wanted: Arc<Notify>,
}

impl Places {
    pub(super) fn new(limit: usize, per_address: usize) -> Self {
        Self { taken: Arc::default(), limit: limit.max(1), per_address: per_address.max(1) }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Taken) -> T) -> T {
        act(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a place for a connection; `None` where its address has enough, or all are taken by
    /// connections that speak.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        self.with(|taken| {
            let held = taken.by_address.get(&address).copied().unwrap_or(0);
            if !defence!(N02, held < self.per_address) {
                return None;
            }
            if taken.count >= self.limit {
                // Its place is counted until it is gone, so the count may be above the limit for a moment.
                let (_, oldest) = taken.silent.pop_first()?;
                oldest.notify_one();
            }
            taken.count += 1;
            *taken.by_address.entry(address).or_default() += 1;
            taken.next += 1;
            let (number, wanted) = (taken.next, Arc::new(Notify::new()));
            taken.silent.insert(number, Arc::clone(&wanted));
            Some(Place { places: self.clone(), number, address, wanted })
        })
    }
}

impl Place {
    /// Returns when another connection needs the place.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Says later that the connection has sent a request.
    pub(super) fn spoken(&self) -> Spoken {
        Spoken { places: self.places.clone(), number: self.number }
    }
}

/// What a connection says through that sends a request.
#[derive(Clone)]
pub(super) struct Spoken {
    places: Places,
    number: u64,
}

impl Spoken {
    /// The place is not taken away any more.
    pub(super) fn speaks(&self) {
        self.places.with(|taken| taken.silent.remove(&self.number));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.with(|taken| {
            taken.count -= 1;
            taken.silent.remove(&self.number);
            if let Some(count) = taken.by_address.get_mut(&self.address) {
                *count -= 1;
                if *count == 0 {
                    taken.by_address.remove(&self.address);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn an_address_has_so_many_and_gets_them_back() {
        let places = Places::new(100, 2);
        let first = places.take(address(1)).unwrap();
        let _second = places.take(address(1)).unwrap();
        assert!(places.take(address(1)).is_none());
        assert!(places.take("::ffff:10.0.0.1".parse().unwrap()).is_none());
        assert!(places.take(address(2)).is_some());
        drop(first);
        assert!(places.take(address(1)).is_some());
    }

    #[tokio::test]
    async fn the_one_that_is_silent_for_longest_goes() {
        let places = Places::new(2, 10);
        let speaking = places.take(address(1)).unwrap();
        speaking.spoken().speaks();
        let silent = places.take(address(2)).unwrap();
        let third = places.take(address(3)).unwrap();
        silent.wanted().await;
        drop(silent);
        third.spoken().speaks();
        assert!(places.take(address(4)).is_none(), "all speak");
    }
}
