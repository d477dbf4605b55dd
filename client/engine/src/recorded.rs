//! Scores that somebody else took down, from paper, telephone or mail: they live in `office`, are signed by
//! whoever entered them, and say so everywhere.

use tessera_model::documents::review::Source;
use tessera_model::documents::{
    Answer, Assignment, AssignmentState, Draft, Identity, Missing, Read, Recorded, Review, Subject,
    check_submission,
};
use tessera_model::input::Place;
use tessera_model::programme::Programme;
use tessera_model::scores::Scores;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};
use tessera_vault::ids::Audience;

use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::round as round_of;
use crate::score_import::{Became, Refusal, RefusalKind, Row, Weighed, Written};

/// One review as a coordinator took it down.
#[derive(Debug, Clone)]
pub struct TakenDown {
    /// The application.
    pub application: ApplicationId,
    /// Whose review it is.
    pub member: MemberId,
    /// The key of the round.
    pub round: String,
    /// What was said.
    pub draft: Draft,
    /// By which way it came.
    pub source: Source,
    /// Why what was taken down before is changed.
    pub reason: Option<String>,
}

impl Acts<'_> {
    /// What taking a review down would come to, and its revision; nothing is written.
    ///
    /// # Errors
    /// [`EngineError`]; inside, why it is refused.
    pub fn preview_record(
        &mut self,
        programme: &Programme,
        taken: &TakenDown,
    ) -> Result<Result<(Became, u32), RefusalKind>, EngineError> {
        Ok(self.plan_record(programme, taken)?.map(|(_, became, revision)| (became, revision)))
    }

    /// Takes a review down. Where it is refused nothing was written.
    ///
    /// # Errors
    /// [`EngineError`]; inside, why it is refused.
    pub fn record_review(
        &mut self,
        programme: &Programme,
        taken: &TakenDown,
    ) -> Result<Result<(Became, u32), RefusalKind>, EngineError> {
        let (recorded, became, revision) = match self.plan_record(programme, taken)? {
            Ok(planned) => planned,
            Err(refused) => return Ok(Err(refused)),
        };
        if became != Became::Same {
            let subject = subject(taken.application, round_of(&taken.round), taken.member);
            self.write(&Audience::Office, &subject, &recorded, false)?;
            self.hand_over()?;
        }
        Ok(Ok((became, revision)))
    }

    fn plan_record(
        &mut self,
        programme: &Programme,
        taken: &TakenDown,
    ) -> Result<Result<(Recorded, Became, u32), RefusalKind>, EngineError> {
        self.must_coordinate()?;
        self.must_know(taken.application)?;
        if programme.round(&taken.round).is_none() {
            return Ok(Err(RefusalKind::Missing(Missing::Round)));
        }
        let review = match on_behalf(programme, &taken.round, taken.draft.clone()) {
            Ok(review) => review,
            Err(kind) => return Ok(Err(kind)),
        };
        let before = self.recorded_review(taken.application, round_of(&taken.round), taken.member)?;
        let before = before.map(|recorded| recorded.review);
        let reason = taken.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let words = |review: &Review| (review.comments.clone(), review.overall.clone());
        let reworded = before.as_ref().is_some_and(|before| words(before) != words(&review));
        let over = match (&before, Written { given: 0, reason }.over(review.clone(), before.as_ref(), "it")) {
            // Other words beside the same scores are an amendment too.
            (Some(before), Ok((_, Became::Same))) if reworded => match reason {
                Some(reason) => Ok((review.amending(before, reason, false), Became::Amended)),
                None => Err(RefusalKind::NeedsReason("it".to_owned())),
            },
            (_, over) => over,
        };
        Ok(over.map(|(review, became)| {
            let revision = review.revision;
            (Recorded { review, source: Some(taken.source) }, became, revision)
        }))
    }

    /// What was taken down for a member.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn recorded_review(
        &mut self,
        application: ApplicationId,
        round: RoundId,
        member: MemberId,
    ) -> Result<Option<Recorded>, EngineError> {
        let read = self.read::<Recorded>(&Audience::Office, &subject(application, round, member))?;
        Ok(read.map(|read| read.value).filter(|recorded| recorded.review.revision > 0))
    }

    /// Takes down a member's scores; `theirs` says whether a name in the column `reviewer` is that member's. Where
    /// it is refused nothing was written.
    ///
    /// # Errors
    /// [`EngineError`]; inside, the first row that was refused.
    pub fn record_scores(
        &mut self,
        programme: &Programme,
        scores: &Scores,
        member: MemberId,
        source: Source,
        reason: Option<&str>,
        theirs: impl Fn(&str) -> bool,
    ) -> Result<Result<Vec<Row>, Refusal>, EngineError> {
        let taking = Taking { programme, scores, member, source, reason };
        let mut planned: Vec<Planned> = Vec::new();
        for plan in self.plan_scores(&taking, &theirs)? {
            match plan {
                Ok(plan) => planned.push(plan),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        let mut rows = Vec::new();
        for (subject, recorded, row) in planned {
            if row.became != Became::Same {
                self.write(&Audience::Office, &subject, &recorded, false)?;
            }
            rows.push(row);
        }
        self.hand_over()?;
        Ok(Ok(rows))
    }

    /// What taking down a member's scores would come to, row by row as [`Scores::reviews`] has them; nothing is written.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn preview_recorded(
        &mut self,
        programme: &Programme,
        scores: &Scores,
        member: MemberId,
        source: Source,
        reason: Option<&str>,
        theirs: impl Fn(&str) -> bool,
    ) -> Result<Vec<Result<Weighed, Refusal>>, EngineError> {
        let taking = Taking { programme, scores, member, source, reason };
        let plans = self.plan_scores(&taking, &theirs)?;
        let weigh = |(_, _, row): Planned| Weighed { taken: row.became.taken(), row };
        Ok(plans.into_iter().map(|plan| plan.map(weigh)).collect())
    }

    /// Looks at every row; writes nothing.
    fn plan_scores(
        &mut self,
        taking: &Taking<'_>,
        theirs: &impl Fn(&str) -> bool,
    ) -> Result<Vec<Result<Planned, Refusal>>, EngineError> {
        self.must_coordinate()?;
        let known = self.applications()?;
        let mut plans = Vec::new();
        for index in 0..taking.scores.reviews().len() {
            let plan = self.plan_recorded(taking, &known, index, theirs)?;
            plans.push(plan.map_err(|(kind, column)| {
                let place = taking.scores.place(index);
                let column = column.or(place.column.clone());
                Refusal { kind, place: Place { column, ..place } }
            }));
        }
        Ok(plans)
    }

    /// Looks at one row; writes nothing.
    fn plan_recorded(
        &mut self,
        taking: &Taking<'_>,
        known: &[(ApplicationId, Identity)],
        index: usize,
        theirs: &impl Fn(&str) -> bool,
    ) -> Result<Result<Planned, Refused>, EngineError> {
        let Taking { programme, scores, member, source, reason } = *taking;
        let row = &scores.reviews()[index];
        let refuse = |kind: RefusalKind, column: &str| Ok(Err((kind, Some(column.to_owned()))));
        if !theirs(&row.reviewer) {
            return refuse(RefusalKind::OtherReviewer(row.reviewer.clone()), "reviewer");
        }
        let by_key = known
            .iter()
            .find(|(id, identity)| identity.key == row.application || id.to_string() == row.application);
        let Some((application, identity)) = by_key else {
            return refuse(RefusalKind::UnknownApplication(row.application.clone()), "application");
        };
        let assigned = self.rounds_of(programme, member, *application)?;
        let round = match (row.round.as_str(), &assigned[..], &programme.rounds[..]) {
            ("", [only], _) => only.clone(),
            ("", [], [only]) => only.key.to_string(),
            ("", ..) => return refuse(RefusalKind::RoundNeeded, "round"),
            (key, ..) => key.to_owned(),
        };
        let review = match taken_down(programme, scores, index, &round) {
            Ok(review) => review,
            Err(kind) => {
                let column = match &kind {
                    RefusalKind::Missing(missing) => missing.place().map(str::to_owned),
                    _ => None,
                };
                return Ok(Err((kind, column)));
            }
        };
        let before = self.recorded_review(*application, round_of(&round), member)?;
        let before = before.map(|recorded| recorded.review);
        let subject = subject(*application, round_of(&round), member);
        let written = Written { given: row.revision, reason };
        let (review, became) = match written.over(review, before.as_ref(), &row.application) {
            Ok(written) => written,
            Err(kind) => return refuse(kind, "application"),
        };
        let row = Row {
            application: *application,
            label: identity.key.clone(),
            round,
            became,
            revision: review.revision,
            declared: false,
        };
        Ok(Ok((subject, Recorded { review, source: Some(source) }, row)))
    }

    /// The rounds in which a member is to read an application.
    fn rounds_of(
        &mut self,
        programme: &Programme,
        member: MemberId,
        application: ApplicationId,
    ) -> Result<Vec<String>, EngineError> {
        let mut rounds = Vec::new();
        for round in &programme.rounds {
            let subject = Subject::Reading(application.0, round_of(round.key.as_str()).0).to_bytes();
            let assigned = self.read::<Assignment>(&Audience::To(member), &subject)?;
            if assigned.is_some_and(|read| read.value.state == Some(AssignmentState::Assigned)) {
                rounds.push(round.key.to_string());
            }
        }
        Ok(rounds)
    }
}

/// Scores of one member that are taken down.
#[derive(Clone, Copy)]
struct Taking<'a> {
    programme: &'a Programme,
    scores: &'a Scores,
    member: MemberId,
    source: Source,
    reason: Option<&'a str>,
}

/// What a row would write, and where.
type Planned = (Vec<u8>, Recorded, Row);
/// Why a row is refused, and the column that it is about.
type Refused = (RefusalKind, Option<String>);

fn subject(application: ApplicationId, round: RoundId, member: MemberId) -> Vec<u8> {
    Subject::ReadingOf(application.0, round.0, member.0).to_bytes()
}

/// The review that a row says.
fn taken_down(
    programme: &Programme,
    scores: &Scores,
    index: usize,
    round: &str,
) -> Result<Review, RefusalKind> {
    let row = &scores.reviews()[index];
    let mut draft = Draft { confidence: row.confidence, ..Draft::default() };
    for (at, criterion) in scores.criteria().iter().enumerate() {
        let answer = match row.scores.get(at).copied().flatten() {
            Some(score) => Answer::Score(score),
            None if scores.is_not_applicable(index, at) => {
                Answer::NotApplicable { reason: "N/A in the table".to_owned() }
            }
            None => continue,
        };
        draft.answers.insert(criterion.clone(), answer);
    }
    on_behalf(programme, round, draft)
}

/// A draft as a review. Nobody attests for somebody else.
fn on_behalf(programme: &Programme, round: &str, draft: Draft) -> Result<Review, RefusalKind> {
    let draft = Draft { attested: true, ..draft };
    let review = check_submission(programme, round, &Read::clean(draft), [0; 32]);
    match review {
        Ok(review) => Ok(Review { attested: false, ..review }),
        Err(missing) => {
            let first = missing.into_iter().next();
            Err(RefusalKind::Missing(first.expect("a refusal names what is missing")))
        }
    }
}
