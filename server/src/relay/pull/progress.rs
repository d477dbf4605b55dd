//! How far a device is inside an unfinished pull: for each class the place of the last pack that it has.
//! It travels in the cursor, so the relay remembers nothing of a pull, and a device may leave classes
//! out for weeks without missing what is new in others.

use tessera_protocol::access::Class;
use tessera_protocol::codec::Bytes;
use tessera_protocol::hash::Hash;
use tessera_protocol::limits::PROGRESS_BYTES;

/// Bytes of a number; the log's numbers have 40 bits.
const NUMBER: usize = 5;
const LAST: u64 = (1 << (8 * NUMBER)) - 1;
const CLASSES: usize = Class::ALL.len();
const BYTES: usize = 2 * NUMBER * CLASSES + 4;

/// Where a pack stands for one device: since when it may read it, then its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct At {
    pub(super) position: u64,
    pub(super) sequence: u64,
}

impl At {
    /// After everything up to this number.
    pub(super) fn whole(position: u64) -> Self {
        Self { position, sequence: LAST }
    }
}

/// The last place reached in every class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reached([At; CLASSES]);

impl Reached {
    pub(super) fn all(at: At) -> Self {
        Self([at; CLASSES])
    }

    pub(super) fn of(&self, class: Class) -> At {
        self.0[class as usize]
    }

    pub(super) fn set(&mut self, class: Class, at: At) {
        self.0[class as usize] = at;
    }

    /// The further one in every class.
    pub(super) fn at_least(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|class| self.0[class].max(other.0[class])))
    }

    /// True where everything up to this number was received.
    pub(super) fn is_whole(&self, position: u64) -> bool {
        self.0.iter().all(|at| *at == At::whole(position))
    }

    /// The highest position of any class.
    pub(super) fn furthest(&self) -> u64 {
        self.0.iter().map(|at| at.position).max().unwrap_or(0)
    }

    /// The lowest position of any class.
    pub(super) fn behind(&self) -> u64 {
        self.0.iter().map(|at| at.position).min().unwrap_or(0)
    }

    /// The bytes for a cursor: two numbers of 5 bytes for each class, little-endian, then the first 4
    /// bytes of the log's head at the furthest position, so that a restored relay notices.
    pub(super) fn write(&self, head: &Hash) -> Bytes<PROGRESS_BYTES> {
        let mut bytes = Vec::with_capacity(BYTES);
        for At { position, sequence } in self.0 {
            bytes.extend_from_slice(&position.to_le_bytes()[..NUMBER]);
            bytes.extend_from_slice(&sequence.to_le_bytes()[..NUMBER]);
        }
        bytes.extend_from_slice(&head.0[..4]);
        bytes.try_into().unwrap_or_default()
    }

    /// Reads what [`Self::write`] wrote; `None` for any other bytes.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, [u8; 4])> {
        if bytes.len() != BYTES {
            return None;
        }
        let number = |at: usize| {
            let mut number = [0; 8];
            number[..NUMBER].copy_from_slice(&bytes[at..at + NUMBER]);
            u64::from_le_bytes(number)
        };
        let places = std::array::from_fn(|class| {
            let at = 2 * NUMBER * class;
            At { position: number(at), sequence: number(at + NUMBER) }
        });
        Some((Self(places), *bytes.last_chunk()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_fits_a_cursor_and_comes_back() {
        let mut reached = Reached::all(At::whole(7));
        reached.set(Class::To, At { position: 9, sequence: 3 });
        reached.set(Class::Rest, At::whole(LAST));
        let bytes = reached.write(&Hash([5; 32]));
        assert_eq!(bytes.len(), PROGRESS_BYTES);
        assert_eq!(Reached::read(&bytes), Some((reached, [5; 4])));
        assert_eq!(Reached::read(&bytes[1..]), None);
    }
}
