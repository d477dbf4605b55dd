//! How far an application is: who is to read it, whose review counts, which rounds are settled, and the word for all of it.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::{Assignment, AssignmentState, Outcome};
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};

use crate::assignments::Pair;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::moderation::Moderated;
use crate::programme::round;
use crate::tallies::Tallied;

/// How far an application is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Nobody judged the conditions yet.
    Received,
    /// Coordinators contradict one another about a condition.
    Contested,
    /// A condition is not met.
    Ineligible,
    /// Every condition is met.
    Eligible,
    /// Somebody is to read it.
    Assigned,
    /// Every reader has read it.
    Read,
    /// A coordinator's verdict on its reviews stands, and nobody else is to read it.
    Moderated,
    /// Taken back by the applicant.
    Withdrawn,
}

/// Who is to read an application, whose review counts, and in which rounds.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    /// Members who are to read it, also who may not for a conflict of interest, a reading each.
    pub assigned: Vec<MemberId>,
    /// Members of whom a review came, whether or not it counts, a review each.
    pub came: Vec<MemberId>,
    /// Members who are still to read it, a reading each ([`Acts::reads`]).
    pub left: Vec<MemberId>,
    /// Rounds in which somebody is to read it.
    pub assigned_in: BTreeSet<RoundId>,
    /// Members whose review counts, a review each.
    reviewed: Vec<MemberId>,
    /// Rounds in which a review counts.
    reviewed_in: BTreeSet<RoundId>,
    /// Rounds whose reviews a coordinator settled.
    settled: BTreeSet<RoundId>,
}

impl Readings {
    fn assigned(&mut self, member: MemberId, round: RoundId, assignment: &Assignment) {
        if assignment.state == Some(AssignmentState::Assigned) {
            self.assigned.push(member);
            self.assigned_in.insert(round);
        }
    }

    fn reviewed(&mut self, review: &Tallied) {
        self.came.push(review.member);
        if review.counts.is_ok() {
            self.reviewed.push(review.member);
            self.reviewed_in.insert(review.round);
        }
    }

    fn moderated(&mut self, moderated: &Moderated) {
        if moderated.is_settled() {
            self.settled.insert(moderated.round);
        }
    }

    /// How many people are to read it.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.assigned.iter().collect::<BTreeSet<_>>().len()
    }

    /// How many people's reviews count.
    #[must_use]
    pub fn reviewers(&self) -> usize {
        self.reviewed.iter().collect::<BTreeSet<_>>().len()
    }

    /// True where the reviews of the last round that it was read in are settled.
    fn is_settled(&self, programme: &Programme) -> bool {
        let mut rounds = programme.rounds.iter().rev().map(|one| round(one.key.as_str()));
        let last = rounds.find(|round| self.reviewed_in.contains(round));
        last.is_some_and(|round| self.settled.contains(&round))
    }

    /// How far the application is, with what follows from the verdicts on its conditions.
    #[must_use]
    pub fn progress(&self, programme: &Programme, withdrawn: bool, outcome: &Outcome) -> Progress {
        let (readers, read) = (self.readers(), self.reviewers());
        match outcome {
            _ if withdrawn => Progress::Withdrawn,
            Outcome::NotEligible(_) => Progress::Ineligible,
            Outcome::Contested(_) => Progress::Contested,
            _ if readers > 0 && read >= readers && self.is_settled(programme) => Progress::Moderated,
            _ if readers > 0 && read >= readers => Progress::Read,
            _ if readers > 0 => Progress::Assigned,
            Outcome::Eligible | Outcome::ByException => Progress::Eligible,
            Outcome::Undecided(_) => Progress::Received,
        }
    }
}

impl Acts<'_> {
    /// Who is to read each application, and whose review counts; `reviews` is what became of every review ([`Acts::tallies`]).
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn readings(
        &mut self,
        reviews: &[Tallied],
    ) -> Result<BTreeMap<ApplicationId, Readings>, EngineError> {
        let (assignments, moderations) = (self.assignments()?, self.moderations(reviews)?);
        self.readings_among(reviews, &assignments, &moderations)
    }

    /// As [`Acts::readings`], of one application; `reviews` is what became of its reviews ([`Acts::tallies_of`]).
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn readings_of(
        &mut self,
        application: ApplicationId,
        reviews: &[Tallied],
    ) -> Result<Readings, EngineError> {
        let assignments = self.assignments_of(application)?;
        let moderations = self.moderations_of(application, reviews)?;
        let mut readings = self.readings_among(reviews, &assignments, &moderations)?;
        Ok(readings.remove(&application).unwrap_or_default())
    }

    fn readings_among(
        &mut self,
        reviews: &[Tallied],
        assignments: &BTreeMap<Pair, Assignment>,
        moderations: &[Moderated],
    ) -> Result<BTreeMap<ApplicationId, Readings>, EngineError> {
        let mut readings: BTreeMap<ApplicationId, Readings> = BTreeMap::new();
        for (pair, assignment) in assignments {
            readings.entry(pair.application).or_default().assigned(pair.member, pair.round, assignment);
        }
        for review in reviews {
            readings.entry(review.application).or_default().reviewed(review);
        }
        for moderated in moderations {
            readings.entry(moderated.application).or_default().moderated(moderated);
        }
        for pair in self.reads_among(reviews, assignments)?.left {
            readings.entry(pair.application).or_default().left.push(pair.member);
        }
        Ok(readings)
    }
}
