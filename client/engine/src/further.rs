//! Further readers within a programme: what is known here of a round whose rule asks for them, and whom it asks for by that. The rule
//! is `tessera_model::further`; who is asked in the end a coordinator publishes as any assignment.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::compute::ComputeError;
use tessera_model::documents::{AssignmentState, Outcome, Settled};
use tessera_model::further::{Needed, Progress, Rule, Verdict};
use tessera_model::input::Warning;
use tessera_model::moderation::{Asked, wanted_within};
use tessera_model::programme::Programme;
use tessera_model::programme::calendar::Round;
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_protocol::permission::Standing;

use crate::engine::Acts;
use crate::error::EngineError;
use crate::moderation::Moderated;
use crate::programme::round;

/// Whom a round's rule asks for.
#[derive(Debug, Clone)]
pub struct FurtherReads {
    /// What the round says.
    pub rule: Rule,
    /// Who gets one more reader, best first.
    pub needed: Vec<(ApplicationId, Needed)>,
    /// Who was asked to read what in this round, or read it: nobody is asked twice.
    pub standing: BTreeSet<(ApplicationId, MemberId)>,
    /// Reviews that count, by application.
    pub reads: BTreeMap<ApplicationId, usize>,
    /// What is worth saying of the order.
    pub warnings: Vec<Warning>,
}

impl FurtherReads {
    /// How many of these applications fewer people have read than read first. As long as there are any, the line of seats may move.
    #[must_use]
    pub fn early(&self, applications: impl IntoIterator<Item = ApplicationId>) -> usize {
        let few = |id: &ApplicationId| self.reads.get(id).copied().unwrap_or(0) < self.rule.first;
        applications.into_iter().filter(few).count()
    }
}

impl Acts<'_> {
    /// Says who gets one more reader in a round at present; none where the round asks for no further readers. What is only staged
    /// counts as not asked.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`]; inside, the model's refusal.
    pub fn further(
        &mut self,
        programme: &Programme,
        in_round: &Round,
    ) -> Result<Result<Option<FurtherReads>, ComputeError>, EngineError> {
        self.must_coordinate()?;
        let Some(rule) = Rule::of(in_round) else { return Ok(Ok(None)) };
        let key = in_round.key.as_str();
        let table = self.scores(programme, |member| member.to_string())?;
        let inputs = match self.inputs(programme, &table, Some(key), 0)? {
            Ok(inputs) => inputs,
            Err(error) => return Ok(Err(error)),
        };
        let exceptions = BTreeSet::new();
        let asked = Asked {
            applications: inputs.applications.as_ref(),
            seats: inputs.seats(),
            seed: inputs.seed,
            exceptions: &exceptions,
        };
        let wanted = match wanted_within(&inputs.scores, &inputs.policy, &asked, rule.limits) {
            Ok(wanted) => wanted,
            Err(error) => return Ok(Err(error.into())),
        };

        let here = round(key);
        let tallies = self.tallies()?;
        let (mut standing, mut read) = (BTreeSet::new(), BTreeSet::new());
        for review in tallies.iter().filter(|review| review.round == here) {
            standing.insert((review.application, review.member));
            if review.counts.is_ok() {
                read.insert((review.application, review.member));
            }
        }
        let declared: BTreeSet<(ApplicationId, MemberId)> = self
            .declarations()?
            .iter()
            .filter(|declared| declared.bars())
            .map(|declared| (declared.application, declared.member))
            .collect();
        let mut progress: BTreeMap<ApplicationId, Progress> = BTreeMap::new();
        for (pair, assignment) in self.assignments()? {
            let reading = (pair.application, pair.member);
            if pair.round != here || assignment.state != Some(AssignmentState::Assigned) {
                continue;
            }
            standing.insert(reading);
            let state = self.permission().members.get(&pair.member).map(|state| state.standing);
            // For those who will not read it any more nobody waits.
            let waits = state == Some(Standing::Active) && !declared.contains(&reading);
            if waits && !read.contains(&reading) {
                progress.entry(pair.application).or_default().unread += 1;
            }
        }
        for moderated in self.moderations(&tallies)?.iter().filter(|one| one.round == here) {
            progress.entry(moderated.application).or_default().verdict = verdict(moderated);
        }

        let keys = self.application_keys()?;
        let by_key: BTreeMap<String, Progress> = progress
            .into_iter()
            .map(|(id, progress)| (keys.get(&id).cloned().unwrap_or_else(|| id.to_string()), progress))
            .collect();
        let ids: BTreeMap<&str, ApplicationId> = keys.iter().map(|(id, key)| (key.as_str(), *id)).collect();
        let mut needed = Vec::new();
        for one in rule.needed(&wanted, &by_key) {
            let Some(id) = ids.get(one.application.as_str()) else { continue };
            if !matches!(self.eligibility(programme, *id)?.outcome, Outcome::NotEligible(_)) {
                needed.push((*id, one));
            }
        }
        let mut reads: BTreeMap<ApplicationId, usize> = BTreeMap::new();
        read.iter().for_each(|(application, _)| *reads.entry(*application).or_default() += 1);
        Ok(Ok(Some(FurtherReads { rule, needed, standing, reads, warnings: wanted.warnings })))
    }
}

/// What a verdict makes of further readers.
fn verdict(moderated: &Moderated) -> Verdict {
    if moderated.is_settled() {
        Verdict::Settled
    } else if moderated.stands() && moderated.verdict == Some(Settled::AnotherReader) {
        Verdict::AnotherReader
    } else {
        Verdict::None
    }
}
