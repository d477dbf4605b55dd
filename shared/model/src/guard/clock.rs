//! How many changes of each actor a change builds on: a table, kept as small differences from another one.
//!
//! Every start of a program is an actor of its own, so a document may have about as many actors as changes, and
//! a whole table for each would take the square of that.

use std::sync::Arc;

/// Differences in a row before the next table is written out.
const MAX_DEPTH: u8 = 64;
/// Entries of one difference.
const MAX_DELTA: usize = 64;

/// Counts by actor index; only ever grows from one to the next.
#[derive(Debug)]
pub(super) struct Clock {
    base: Base,
    /// Actors that have more than in the base, with their counts.
    delta: Vec<(u32, u32)>,
    depth: u8,
}

#[derive(Debug)]
enum Base {
    Table(Vec<u32>),
    Clock(Arc<Clock>),
}

impl Clock {
    /// Returns the clock of what builds on nothing.
    pub(super) fn empty() -> Arc<Self> {
        Self::table(Vec::new())
    }

    fn table(table: Vec<u32>) -> Arc<Self> {
        Arc::new(Self { base: Base::Table(table), delta: Vec::new(), depth: 0 })
    }

    /// Returns how many changes of an actor there are.
    pub(super) fn get(&self, actor: u32) -> u32 {
        let mut clock = self;
        loop {
            if let Some((_, count)) = clock.delta.iter().find(|(other, _)| *other == actor) {
                return *count;
            }
            match &clock.base {
                Base::Clock(base) => clock = base,
                Base::Table(table) => return table.get(actor as usize).copied().unwrap_or(0),
            }
        }
    }

    /// Returns all counts by actor index; what is left out is 0.
    fn written_out(&self) -> Vec<u32> {
        let mut table = match &self.base {
            Base::Table(table) => table.clone(),
            Base::Clock(base) => base.written_out(),
        };
        for (actor, count) in &self.delta {
            raise(&mut table, *actor, *count);
        }
        table
    }

    /// Returns this clock with one actor's count raised.
    pub(super) fn with(self: &Arc<Self>, actor: u32, count: u32) -> Arc<Self> {
        if self.get(actor) >= count {
            return Arc::clone(self);
        }
        self.grown(vec![(actor, count)])
    }

    /// Returns the larger count of all clocks for every actor; the first serves as the base.
    pub(super) fn union(clocks: &[Arc<Self>]) -> Arc<Self> {
        let Some((first, others)) = clocks.split_first() else {
            return Self::empty();
        };
        let before = first.written_out();
        let mut after = before.clone();
        for other in others {
            for (actor, count) in (0..).zip(other.written_out()) {
                raise(&mut after, actor, count);
            }
        }
        let delta = (0..)
            .zip(after)
            .filter(|(actor, count)| before.get(*actor as usize).copied().unwrap_or(0) < *count);
        first.grown(delta.collect())
    }

    fn grown(self: &Arc<Self>, delta: Vec<(u32, u32)>) -> Arc<Self> {
        if delta.is_empty() {
            return Arc::clone(self);
        }
        if self.depth < MAX_DEPTH && delta.len() <= MAX_DELTA {
            let base = Base::Clock(Arc::clone(self));
            return Arc::new(Self { base, delta, depth: self.depth + 1 });
        }
        let mut table = self.written_out();
        for (actor, count) in delta {
            raise(&mut table, actor, count);
        }
        Self::table(table)
    }
}

fn raise(table: &mut Vec<u32>, actor: u32, count: u32) {
    let actor = actor as usize;
    if table.len() <= actor && count > 0 {
        table.resize(actor + 1, 0);
    }
    if let Some(known) = table.get_mut(actor) {
        *known = (*known).max(count);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn clocks_are_maps_of_maxima(
            steps in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..90_u32, 1..9_u32), 1..400),
        ) {
            let mut made = vec![(Clock::empty(), BTreeMap::<u32, u32>::new())];
            for (left, right, actor, count) in steps {
                let (one, two) = (left.get(&made).clone(), right.get(&made).clone());
                let mut union = one.1.clone();
                for (actor, count) in &two.1 {
                    let known = union.entry(*actor).or_default();
                    *known = (*known).max(*count);
                }
                let clock = Clock::union(&[one.0, two.0]).with(actor, count);
                let known = union.entry(actor).or_default();
                *known = (*known).max(count);
                for actor in 0..91 {
                    prop_assert_eq!(clock.get(actor), union.get(&actor).copied().unwrap_or(0));
                }
                made.push((clock, union));
            }
        }
    }
}
