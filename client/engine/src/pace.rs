//! The reads of each round: which came and when a relay received them, and which are still to come. What time it is, nobody asks here.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::{Assignment, AssignmentState, Kind, Subject};
use tessera_protocol::ids::{ApplicationId, RoundId};
use tessera_vault::ids::Audience;

use crate::assignments::Pair;
use crate::contents;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::records::{PackRecord, get};
use crate::store::Table;
use crate::tallies::Tallied;

/// The reads that came, and those that are still to come.
#[derive(Debug, Clone, Default)]
pub struct Reads {
    /// Of which something was submitted, or taken down, whether or not it counts; true where somebody else took it down.
    pub came: BTreeMap<Pair, bool>,
    /// To be read in a round that is not closed, by somebody who may, and nothing came.
    pub left: BTreeSet<Pair>,
}

/// When the reads of a round came. Times are in milliseconds since 1970, by a relay's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadTimes {
    /// When a relay received the first pack of each.
    pub came_ms: Vec<u64>,
    /// Reads that came in bundles alone, so that no relay says when.
    pub untimed: usize,
    /// Reads that are still to come.
    pub left: usize,
}

impl Acts<'_> {
    /// The reads that came, and those that are still to come. What was withdrawn is left to nobody, nor what its reader may not read.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn reads(&mut self) -> Result<Reads, EngineError> {
        let (reviews, assignments) = (self.tallies()?, self.assignments()?);
        self.reads_among(&reviews, &assignments)
    }

    /// As [`Acts::reads`], of some applications: `reviews` and `assignments` are all of theirs.
    pub(crate) fn reads_among(
        &mut self,
        reviews: &[Tallied],
        assignments: &BTreeMap<Pair, Assignment>,
    ) -> Result<Reads, EngineError> {
        let came: BTreeMap<Pair, bool> = reviews.iter().map(|one| (one.pair(), one.taken_down)).collect();
        let at_hand: BTreeSet<ApplicationId> = assignments.keys().map(|pair| pair.application).collect();
        let withdrawn = self.withdrawn_among(|application| at_hand.contains(&application))?;
        let mut left = BTreeSet::new();
        for (pair, assignment) in assignments {
            let open =
                !self.permission().closes.contains_key(&pair.round) && !withdrawn.contains(&pair.application);
            if assignment.state == Some(AssignmentState::Assigned) && open && !came.contains_key(pair) {
                let declared = self.declaration(pair.application, pair.member)?;
                if !declared.is_some_and(|declared| declared.bars()) {
                    left.insert(*pair);
                }
            }
        }
        Ok(Reads { came, left })
    }

    /// When the reads of each round came, by round.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] where this home is not a coordinator's.
    pub fn read_times(&mut self) -> Result<BTreeMap<RoundId, ReadTimes>, EngineError> {
        self.must_coordinate()?;
        let Reads { came, left } = self.reads()?;
        let mut times: BTreeMap<RoundId, ReadTimes> = BTreeMap::new();
        for pair in left {
            times.entry(pair.round).or_default().left += 1;
        }
        for (pair, taken_down) in came {
            let at = self.came_ms(pair, taken_down)?;
            let times = times.entry(pair.round).or_default();
            match at {
                Some(at) => times.came_ms.push(at),
                None => times.untimed += 1,
            }
        }
        Ok(times)
    }

    /// The last moment of which this home knows that it heard from a relay, by either clock, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn heard_ms(&mut self) -> Result<Option<u64>, EngineError> {
        let reached = self.known_relays()?.into_iter().filter_map(|relay| relay.reached_ms).max();
        Ok(reached.max(self.last_evidence_ms()?))
    }

    /// When a relay received the first pack of a review; a draft never leaves its device, so that the first is a submission.
    fn came_ms(&mut self, pair: Pair, taken_down: bool) -> Result<Option<u64>, EngineError> {
        let Pair { application, member, round } = pair;
        let (audience, kind, subject) = if taken_down {
            (Audience::Office, Kind::Recorded, Subject::ReadingOf(application.0, round.0, member.0))
        } else {
            (Audience::Reviews(member), Kind::Review, Subject::Reading(application.0, round.0))
        };
        let (core, tx) = self.parts();
        let id = core.document_id(&audience, kind, &subject.to_bytes())?;
        let mut first: Option<u64> = None;
        for change in contents::changes(tx, id)? {
            for pack in change.origin.packs() {
                let record = get::<PackRecord>(tx, Table::PackStates, &pack.0)?;
                let at = record.and_then(|record| record.received_ms);
                first = [first, at].into_iter().flatten().min();
            }
        }
        Ok(first)
    }
}
