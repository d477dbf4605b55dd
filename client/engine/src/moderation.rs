//! Moderation: how coordinators settle the reviews of an application in a round, where readers differ or little separates it from
//! others. A record of its own among the office's, and who wrote it follows from who signed it; no verdict changes a score, an
//! order, or what counts. A verdict is on the scores of its moment: when others come, it is outdated and says so.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::compute::{ComputeError, Inputs};
use tessera_model::crdt::Readable as _;
use tessera_model::documents::{Id, Kind, Moderation, Outcome, Record as _, Settled, Subject};
use tessera_model::merge::Scored;
use tessera_model::moderation::{Asked, Wanted, seen, wanted};
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, DocumentId, MemberId, RoundId};
use tessera_vault::ids::Audience;
use tessera_vault::items::REASON_BYTES;

use crate::core::Core;
use crate::counting::Counting;
use crate::eligibility::{Said, authors};
use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::round;
use crate::store::Transaction;
use crate::tallies::Tallied;

/// What coordinators made of an application's reviews in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moderated {
    /// The application.
    pub application: ApplicationId,
    /// The round.
    pub round: RoundId,
    /// The verdict; none where two contradict one another, or it is a word of a later version.
    pub verdict: Option<Settled>,
    /// Why; several reasons that stand are given one after another.
    pub reason: String,
    /// Who said what.
    pub said: Vec<Said>,
    /// True where different verdicts stand: none of them holds.
    pub contested: bool,
    /// Whose words verdict and reason are.
    pub by: BTreeSet<MemberId>,
    /// True where other scores count than those that it was given on.
    pub outdated: bool,
}

impl Moderated {
    /// True where a verdict stands, on the scores that count.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.verdict.is_some() && !self.outdated
    }

    /// True where nothing is left to do about the reviews: a verdict stands, and it asks for no other reader.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.stands() && self.verdict != Some(Settled::AnotherReader)
    }
}

impl Acts<'_> {
    /// Gives a verdict on an application's reviews in a round, or takes back the one that stands. It settles contradictory ones.
    /// The reason is kept with it: at most [`REASON_BYTES`].
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`]; [`EngineError::NotFound`] where application or round is unknown, or nothing can be taken
    /// back; [`EngineError::BadInput`] where the reason is missing or too long.
    pub fn moderate(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        in_round: &str,
        verdict: Option<Settled>,
        reason: &str,
    ) -> Result<bool, EngineError> {
        self.must_coordinate()?;
        self.must_know(application)?;
        if programme.round(in_round).is_none() {
            return Err(EngineError::NotFound(format!("the round `{in_round}`")));
        }
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(EngineError::BadInput("a verdict needs a reason".into()));
        }
        if reason.len() > REASON_BYTES {
            return Err(EngineError::BadInput(format!("a reason has at most {REASON_BYTES} bytes")));
        }
        let in_round = round(in_round);
        let subject = Subject::Reading(application.0, in_round.0).to_bytes();
        let before = self.read::<Moderation>(&Audience::Office, &subject)?;
        let stood = before.is_some_and(|read| !read.value.verdict.is_empty());
        if verdict.is_none() && !stood {
            return Err(EngineError::NotFound("a verdict that stands".into()));
        }
        let reviews = self.tallies_of(application)?;
        let scores = counting_by_round(&reviews).remove(&(application, in_round)).unwrap_or_default();
        let record = Moderation {
            verdict: verdict.map_or("", Settled::as_str).to_owned(),
            reason: reason.to_owned(),
            seen: verdict.map(|_| seen(scores)),
        };
        Ok(self.write(&Audience::Office, &subject, &record, false)?.is_some())
    }

    /// Every verdict, by application and round; `reviews` is what became of every review ([`Acts::tallies`]). What was taken back
    /// is not among them.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn moderations(&mut self, reviews: &[Tallied]) -> Result<Vec<Moderated>, EngineError> {
        self.moderations_where(reviews, |_| true)
    }

    /// As [`Acts::moderations`], of one application; `reviews` is what became of its reviews ([`Acts::tallies_of`]).
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn moderations_of(
        &mut self,
        application: ApplicationId,
        reviews: &[Tallied],
    ) -> Result<Vec<Moderated>, EngineError> {
        self.moderations_where(reviews, |of| of == application)
    }

    /// As [`Acts::moderations`], of some applications; `reviews` is what became of theirs.
    pub(crate) fn moderations_where(
        &mut self,
        reviews: &[Tallied],
        wanted: impl Fn(ApplicationId) -> bool,
    ) -> Result<Vec<Moderated>, EngineError> {
        let (core, tx) = self.parts();
        let mut places = BTreeMap::new();
        for (id, record) in core.documents(tx, Kind::Moderation)? {
            if let Ok(Subject::Reading(application, round)) =
                Subject::parse(Kind::Moderation, &record.subject)
                && wanted(ApplicationId(application))
                && core.audience(record.stream) == Some(Audience::Office)
            {
                places.insert((ApplicationId(application), RoundId(round)), id);
            }
        }
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let mut scores = counting_by_round(reviews);
        let mut found = Vec::new();
        for (place, id) in places {
            let now = seen(scores.remove(&place).unwrap_or_default());
            found.extend(self.counted(|core, tx, counting| core.moderated(tx, counting, id, place, now))?);
        }
        Ok(found)
    }

    /// Says which applications of an order want a person's judgement, and why. `inputs` are of one round
    /// ([`Acts::inputs`]).
    ///
    /// # Errors
    /// [`EngineError`]; inside, the model's refusal.
    pub fn wants_moderation(
        &mut self,
        programme: &Programme,
        inputs: &Inputs,
    ) -> Result<Result<Wanted, ComputeError>, EngineError> {
        let exceptions = self.by_exception(programme)?;
        let asked = Asked {
            applications: inputs.applications.as_ref(),
            seats: inputs.seats(),
            seed: inputs.seed,
            exceptions: &exceptions,
        };
        Ok(wanted(&inputs.scores, &inputs.policy, &asked).map_err(ComputeError::from))
    }

    /// The keys of applications that are eligible by the exception alone.
    fn by_exception(&mut self, programme: &Programme) -> Result<BTreeSet<String>, EngineError> {
        let mut found = BTreeSet::new();
        if programme.exception.is_none() {
            return Ok(found);
        }
        let keys = self.application_keys()?;
        for (record, _) in self.documents(Kind::Eligibility)? {
            let subject = Subject::parse(Kind::Eligibility, &record.subject);
            let Ok(Subject::Application(id)) = subject else { continue };
            let id = ApplicationId(id);
            if self.eligibility(programme, id)?.outcome == Outcome::ByException {
                found.extend(keys.get(&id).cloned());
            }
        }
        Ok(found)
    }
}

impl Core {
    /// Reads one verdict; `now` are the scores that count. None where none counts, or it was taken back.
    fn moderated(
        &self,
        tx: &dyn Transaction,
        counting: &mut Counting,
        id: DocumentId,
        (application, round): (ApplicationId, RoundId),
        now: [u8; 32],
    ) -> Result<Option<Moderated>, EngineError> {
        let reading = self.read_document(tx, id, counting)?.filter(|reading| !reading.packs.is_empty());
        let Some(reading) = reading else { return Ok(None) };
        let authors = authors(self, tx, id)?;
        let put = |field: &str| -> Vec<Said> {
            let values = reading.contents.get_all(&[field]).into_iter();
            let said = values.map(|put| Said {
                by: authors.get(&put.actor).copied(),
                what: put.value.as_str().unwrap_or_default().to_owned(),
            });
            said.collect()
        };
        let said = put("verdict");
        if said.is_empty() {
            return Ok(None);
        }
        let reasons = put("reason");
        let by = said.iter().chain(&reasons).filter_map(|one| one.by).collect();
        let mut words: Vec<String> = reasons.into_iter().map(|one| one.what).collect();
        words.dedup();
        let read = Moderation::read(&reading.contents);
        Ok(Some(Moderated {
            application,
            round,
            verdict: Settled::parse(&read.value.verdict),
            reason: words.join("\n"),
            said,
            contested: read.is_contested("verdict"),
            by,
            outdated: read.value.seen != Some(now),
        }))
    }
}

/// The scores that count, by application and round, with whose they are.
fn counting_by_round(reviews: &[Tallied]) -> BTreeMap<(ApplicationId, RoundId), Vec<(Id, &Scored)>> {
    let mut scores: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for review in reviews {
        if let Ok(scored) = &review.counts {
            scores.entry((review.application, review.round)).or_default().push((review.member.0, scored));
        }
    }
    scores
}
