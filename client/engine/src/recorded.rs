//! Scores that somebody else took down, from paper, telephone or mail: they live in `office`, are signed by
//! whoever entered them, and say so everywhere.

use tessera_model::documents::review::Source;
use tessera_model::documents::{
    Answer, Assignment, AssignmentState, Draft, Read, Recorded, Review, Subject, check_submission,
};
use tessera_model::input::Place;
use tessera_model::programme::Programme;
use tessera_model::scores::Scores;
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_vault::ids::Audience;

use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::round as round_of;
use crate::score_import::{Became, Refusal, RefusalKind, Row, Written};

impl Acts<'_> {
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
        self.must_coordinate()?;
        let known = self.applications()?;
        let mut planned: Vec<(Vec<u8>, Recorded, Row)> = Vec::new();
        for (index, row) in scores.reviews().iter().enumerate() {
            let refuse = |kind: RefusalKind, column: Option<&str>| {
                let place = scores.place(index);
                let column = column.map(str::to_owned).or(place.column.clone());
                Ok(Err(Refusal { kind, place: Place { column, ..place } }))
            };
            if !theirs(&row.reviewer) {
                return refuse(RefusalKind::OtherReviewer(row.reviewer.clone()), Some("reviewer"));
            }
            let by_key = known
                .iter()
                .find(|(id, identity)| identity.key == row.application || id.to_string() == row.application);
            let Some((application, identity)) = by_key else {
                return refuse(RefusalKind::UnknownApplication(row.application.clone()), Some("application"));
            };
            let assigned = self.rounds_of(programme, member, *application)?;
            let round = match (row.round.as_str(), &assigned[..], &programme.rounds[..]) {
                ("", [only], _) => only.clone(),
                ("", [], [only]) => only.key.to_string(),
                ("", ..) => return refuse(RefusalKind::RoundNeeded, Some("round")),
                (key, ..) => key.to_owned(),
            };
            let review = match taken_down(programme, scores, index, &round) {
                Ok(review) => review,
                Err(kind) => {
                    let column = match &kind {
                        RefusalKind::Missing(missing) => missing.place().map(str::to_owned),
                        _ => None,
                    };
                    return refuse(kind, column.as_deref());
                }
            };
            let subject = Subject::ReadingOf(application.0, round_of(&round).0, member.0).to_bytes();
            let before = self.read::<Recorded>(&Audience::Office, &subject)?.map(|read| read.value);
            let before = before.map(|recorded| recorded.review).filter(|review| review.revision > 0);
            let written = Written { given: row.revision, reason };
            let (review, became) = match written.over(review, before.as_ref(), &row.application) {
                Ok(written) => written,
                Err(kind) => return refuse(kind, Some("application")),
            };
            let row = Row {
                application: ApplicationId(application.0),
                label: identity.key.clone(),
                round,
                became,
                revision: review.revision,
                declared: false,
            };
            planned.push((subject, Recorded { review, source: Some(source) }, row));
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

/// The review that a row says. Nobody attests for somebody else.
fn taken_down(
    programme: &Programme,
    scores: &Scores,
    index: usize,
    round: &str,
) -> Result<Review, RefusalKind> {
    let row = &scores.reviews()[index];
    let mut draft = Draft { confidence: row.confidence, attested: true, ..Draft::default() };
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
    let review = check_submission(programme, round, &Read::clean(draft), [0; 32]);
    match review {
        Ok(review) => Ok(Review { attested: false, ..review }),
        Err(missing) => {
            let first = missing.into_iter().next();
            Err(RefusalKind::Missing(first.expect("a refusal names what is missing")))
        }
    }
}
