//! The end of a programme's log in memory: what was committed last, with its bytes. A device that asks often asks for this
//! alone, and is answered without the disk. What is not here is read from the store; nothing depends on what is.

use std::collections::VecDeque;
use std::sync::Arc;

use tessera_protocol::codec::Wire;
use tessera_protocol::hash::Hash;
use tessera_protocol::ids::StreamId;
use tessera_protocol::pack::Pack;

use crate::store::{Outcome, Place};

/// Packs that are held of one programme.
const PACKS: usize = 512;
/// Their bytes together.
const BYTES: u64 = 256 * 1024;

/// A pack that is about to be stored, for memory, with its length.
pub(super) type Copy = (Arc<Pack>, u64);

/// Copies of packs that are about to be stored; none where they are more than memory would hold.
pub(super) fn copies<'a>(packs: impl ExactSizeIterator<Item = &'a Pack>) -> Vec<Copy> {
    let mut copies = Vec::with_capacity(packs.len());
    let mut bytes = 0;
    for pack in packs {
        let size_bytes = pack.to_bytes().len() as u64;
        bytes += size_bytes;
        if bytes > BYTES {
            return Vec::new();
        }
        copies.push((Arc::new(pack.clone()), size_bytes));
    }
    copies
}

/// A pack in memory.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) sequence: u64,
    pub(super) stream: StreamId,
    pub(super) size_bytes: u64,
    pub(super) received_ms: u64,
    pub(super) pack: Arc<Pack>,
    head: Hash,
}

/// The end of a log.
#[derive(Clone)]
pub(super) struct Recent {
    /// Number and head of the pack before the first that is held: all that follow it are.
    base: (u64, Hash),
    held: VecDeque<Held>,
    bytes: u64,
}

impl Recent {
    /// What follows this place: nothing yet.
    pub(super) fn after(newest: (u64, Hash)) -> Self {
        Self { base: newest, held: VecDeque::new(), bytes: 0 }
    }

    /// Takes in what was stored of these packs; after it the log ends with `newest`.
    pub(super) fn go_on(&mut self, copies: Vec<Copy>, outcomes: &[Outcome], newest: (u64, Hash)) {
        for ((pack, size_bytes), outcome) in copies.into_iter().zip(outcomes) {
            if let Outcome::Stored(Place { sequence, received_ms, head, .. }) = *outcome {
                let stream = pack.header().stream;
                self.add(Held { sequence, stream, size_bytes, received_ms, pack, head });
            }
        }
        if self.held.back().is_none_or(|last| last.sequence != newest.0) {
            *self = Self::after(newest);
        }
    }

    fn add(&mut self, next: Held) {
        self.bytes += next.size_bytes;
        self.held.push_back(next);
        while self.held.len() > PACKS || self.bytes > BYTES {
            let Some(first) = self.held.pop_front() else { return };
            self.bytes -= first.size_bytes;
            self.base = (first.sequence, first.head);
        }
    }

    /// The log's head after a pack; `None` where memory does not know.
    pub(super) fn head(&self, sequence: u64) -> Option<Hash> {
        if sequence == self.base.0 {
            return Some(self.base.1);
        }
        self.get(sequence).map(|held| held.head)
    }

    /// Everything after a number; `None` where not all of it is held.
    pub(super) fn since(&self, sequence: u64) -> Option<impl Iterator<Item = &Held>> {
        let skipped = usize::try_from(sequence.checked_sub(self.base.0)?).ok()?;
        Some(self.held.iter().skip(skipped))
    }

    /// The pack with this number, if it is held.
    pub(super) fn get(&self, sequence: u64) -> Option<&Held> {
        let index = sequence.checked_sub(self.base.0 + 1)?;
        self.held.get(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::{pack, programme};

    fn stored(sequence: u64) -> Outcome {
        let incarnation = tessera_protocol::ids::Incarnation([1; 8]);
        Outcome::Stored(Place { incarnation, sequence, received_ms: 7, head: head(sequence) })
    }

    fn head(sequence: u64) -> Hash {
        tessera_protocol::hash::hash("test head", &[&sequence.to_le_bytes()])
    }

    /// A memory after the tenth pack that took in so many more, each of so many bytes.
    fn filled(count: u64, bytes: usize) -> Recent {
        let mut recent = Recent::after((10, head(10)));
        for sequence in 11..11 + count {
            let packs = [pack(programme(1), 1, 1, bytes).into_inner()];
            recent.go_on(copies(packs.iter()), &[stored(sequence)], (sequence, head(sequence)));
        }
        recent
    }

    #[track_caller]
    fn check(recent: &Recent, since: u64, expected: Option<Vec<u64>>) {
        let found = recent.since(since).map(|held| held.map(|held| held.sequence).collect());
        assert_eq!(found, expected, "since {since}");
    }

    #[test]
    fn all_that_follows_is_known_or_nothing() {
        let recent = filled(3, 10);
        check(&recent, 9, None);
        check(&recent, 10, Some(vec![11, 12, 13]));
        check(&recent, 12, Some(vec![13]));
        check(&recent, 13, Some(vec![]));
        assert_eq!([9, 10, 12, 14].map(|at| recent.head(at)), [None, Some(head(10)), Some(head(12)), None]);
        assert_eq!(recent.get(11).map(|held| held.sequence), Some(11));
        assert!(recent.get(10).is_none() && recent.get(14).is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let many = filled(PACKS as u64 + 5, 10);
        assert_eq!(many.held.len(), PACKS);
        assert_eq!(many.base, (15, head(15)));
        let large = filled(10, 100 * 1024);
        assert_eq!((large.held.len(), large.base.0), (2, 18));
        let too_large = filled(1, 255 * 1024 + 900);
        check(&too_large, 10, None);
        check(&too_large, 11, Some(vec![]));
    }

    #[test]
    fn a_gap_is_no_memory() {
        let mut recent = filled(3, 10);
        recent.go_on(Vec::new(), &[stored(14)], (14, head(14)));
        check(&recent, 13, None);
        check(&recent, 14, Some(vec![]));
    }
}
