//! A whole assignment's scores from one table, in the reviewer's own home: everything is looked at first, then
//! all of it is written or nothing is.

use std::collections::BTreeMap;

use tessera_model::documents::{Answer, Conflict, Declaration, Draft, Missing, Read, Review};
use tessera_model::input::Place;
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::scores::{self, Scores};
use tessera_protocol::ids::{ApplicationId, RoundId};

use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::{Taken, round as round_of};
use crate::reading::{Submission, Task};

/// What is to be done with the rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Submit; otherwise drafts are kept. Submitting attests what the programme asks, and, where nothing was
    /// declared yet, that there is no conflict of interest.
    pub submit: bool,
    /// Why a submitted review is amended.
    pub reason: Option<&'a str>,
}

/// Why nothing was imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Refusal {
    /// Why.
    pub kind: RefusalKind,
    /// Where.
    pub place: Place,
}

/// Why a row was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what the variant is")]
pub enum RefusalKind {
    #[error("this row is `{0}`'s, not yours")]
    OtherReviewer(String),
    #[error("no application `{0}` is assigned to you")]
    UnknownApplication(String),
    #[error("the application is assigned in several rounds; a column `round` says which is meant")]
    RoundNeeded,
    #[error("`{0}` is not assigned to you any more")]
    TakenBack(String),
    #[error("you declared a conflict of interest about `{0}`")]
    Conflict(String),
    #[error("revision {given} is lower than revision {known}, which was submitted")]
    LowerRevision { given: u32, known: u32 },
    #[error("`{0}` was submitted with other scores; amending it needs a reason")]
    NeedsReason(String),
    #[error("{0}")]
    Missing(Missing),
}

impl RefusalKind {
    /// The code: kebab-case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherReviewer(_) => "other-reviewer",
            Self::UnknownApplication(_) => "application-unknown",
            Self::RoundNeeded => "round-needed",
            Self::TakenBack(_) => "not-assigned",
            Self::Conflict(_) => "conflict-declared",
            Self::LowerRevision { .. } => "revision-lower",
            Self::NeedsReason(_) => "reason-needed",
            Self::Missing(missing) => missing.code(),
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It is a draft.
    Drafted,
    /// It was submitted.
    Submitted,
    /// What was submitted was amended.
    Amended,
    /// It says what was submitted before.
    Same,
}

impl Became {
    /// What that makes of the review, where nothing but what was submitted counts.
    pub(crate) fn taken(self) -> Taken {
        match self {
            Self::Drafted | Self::Submitted => Taken::New,
            Self::Amended => Taken::Changed,
            Self::Same => Taken::Same,
        }
    }

    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Submitted => "submitted",
            Self::Amended => "amended",
            Self::Same => "same",
        }
    }
}

/// One row that was imported.
#[derive(Debug, Clone)]
pub struct Row {
    /// The application.
    pub application: ApplicationId,
    /// What the reviewer calls it.
    pub label: String,
    /// The round's key.
    pub round: String,
    /// What became of it.
    pub became: Became,
    /// The revision; 0 of a draft.
    pub revision: u32,
    /// True where "no conflict of interest" was declared with it.
    pub declared: bool,
}

/// A row that could be imported.
#[derive(Debug, Clone)]
pub struct Weighed {
    /// The row, with the revision that stands.
    pub row: Row,
    /// What it makes of what is here: of the review, or of a draft that is not submitted.
    pub taken: Taken,
}

/// What a row adds to what was written before.
pub(crate) struct Written<'a> {
    /// The row's revision; 0 where it names none.
    pub(crate) given: u32,
    /// Why it is amended.
    pub(crate) reason: Option<&'a str>,
}

impl Written<'_> {
    /// The review to be written over the one before, and what that makes of it.
    pub(crate) fn over(
        &self,
        mut review: Review,
        before: Option<&Review>,
        application: &str,
    ) -> Result<(Review, Became), RefusalKind> {
        let Some(before) = before else {
            review.revision = self.given.max(1);
            return Ok((review, Became::Submitted));
        };
        if self.given > 0 && self.given < before.revision {
            return Err(RefusalKind::LowerRevision { given: self.given, known: before.revision });
        }
        let scores = |review: &Review| -> Vec<_> {
            review.answers.iter().map(|(key, answer)| (key.clone(), answer.score())).collect()
        };
        if scores(&review) == scores(before) && review.confidence == before.confidence {
            return Ok((before.clone(), Became::Same));
        }
        let reason = self.reason.filter(|reason| !reason.trim().is_empty());
        let reason = reason.ok_or_else(|| RefusalKind::NeedsReason(application.to_owned()))?;
        let mut review = review.amending(before, reason, false);
        review.revision = review.revision.max(self.given);
        Ok((review, Became::Amended))
    }
}

/// One row that may be written.
struct Planned<'a> {
    task: Task,
    round: String,
    draft: Draft,
    row: &'a scores::Review,
}

impl Planned<'_> {
    /// The submitted review.
    fn known(&self) -> Option<&Review> {
        self.task.review.as_ref().map(|read| &read.value).filter(|review| review.revision > 0)
    }

    /// What becomes of it.
    fn becomes(&self, programme: &Programme, submit: bool) -> Became {
        match self.known() {
            Some(known) if says_the_same(programme, &self.round, &self.draft, known) => Became::Same,
            Some(_) if submit => Became::Amended,
            None if submit => Became::Submitted,
            _ => Became::Drafted,
        }
    }

    /// What it makes of what is here.
    fn weigh(&self, programme: &Programme, submit: bool) -> Weighed {
        let became = self.becomes(programme, submit);
        let taken = match &self.task.draft {
            Some(read) if became == Became::Drafted && read.value == self.draft => Taken::Same,
            Some(_) if became == Became::Drafted => Taken::Changed,
            _ => became.taken(),
        };
        Weighed { row: self.done(became, submit), taken }
    }

    fn done(&self, became: Became, submit: bool) -> Row {
        Row {
            application: self.task.application,
            label: self.task.label.clone(),
            round: self.round.clone(),
            became,
            revision: self.known().map_or(0, |known| known.revision),
            declared: submit && became != Became::Same && self.task.conflict.is_none(),
        }
    }
}

impl Acts<'_> {
    /// Imports scores; `mine` says whether a name in the column `reviewer` is this member's. Where it is refused
    /// nothing was written.
    ///
    /// # Errors
    /// [`EngineError`]; inside, the first row that was refused.
    pub fn import_scores(
        &mut self,
        programme: &Programme,
        scores: &Scores,
        options: Options<'_>,
        mine: impl Fn(&str) -> bool,
    ) -> Result<Result<Vec<Row>, Refusal>, EngineError> {
        let mut planned = Vec::new();
        for plan in self.plans(programme, scores, options, &mine)? {
            match plan {
                Ok(plan) => planned.push(plan),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        let mut rows = Vec::new();
        for plan in planned {
            rows.push(self.carry_out(programme, plan, options)?);
        }
        if options.submit {
            self.hand_over()?;
        }
        Ok(Ok(rows))
    }

    /// What importing scores would come to, row by row as [`Scores::reviews`] has them; nothing is written.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn preview_scores(
        &mut self,
        programme: &Programme,
        scores: &Scores,
        options: Options<'_>,
        mine: impl Fn(&str) -> bool,
    ) -> Result<Vec<Result<Weighed, Refusal>>, EngineError> {
        let plans = self.plans(programme, scores, options, &mine)?;
        Ok(plans.into_iter().map(|plan| plan.map(|plan| plan.weigh(programme, options.submit))).collect())
    }

    /// Looks at every row; writes nothing.
    fn plans<'s>(
        &mut self,
        programme: &Programme,
        scores: &'s Scores,
        options: Options<'_>,
        mine: &impl Fn(&str) -> bool,
    ) -> Result<Vec<Result<Planned<'s>, Refusal>>, EngineError> {
        let mut tasks: BTreeMap<(String, RoundId), Task> = BTreeMap::new();
        for task in self.tasks()? {
            tasks.insert((task.application.to_string(), task.round), task.clone());
            tasks.insert((task.label.clone(), task.round), task);
        }
        let mut plans = Vec::new();
        for index in 0..scores.reviews().len() {
            let plan = self.plan(programme, scores, index, options, &tasks, mine)?;
            plans.push(plan.map_err(|(kind, column)| {
                let place = scores.place(index);
                let column = column.or(place.column.clone());
                Refusal { kind, place: Place { column, ..place } }
            }));
        }
        Ok(plans)
    }

    /// Looks at one row; writes nothing.
    fn plan<'s>(
        &mut self,
        programme: &Programme,
        scores: &'s Scores,
        index: usize,
        options: Options<'_>,
        tasks: &BTreeMap<(String, RoundId), Task>,
        mine: &impl Fn(&str) -> bool,
    ) -> Result<Result<Planned<'s>, Refused>, EngineError> {
        let row = &scores.reviews()[index];
        let refuse = |kind: RefusalKind, column: &str| Ok(Err((kind, Some(column.to_owned()))));
        if !mine(&row.reviewer) {
            return refuse(RefusalKind::OtherReviewer(row.reviewer.clone()), "reviewer");
        }
        let (key, task) = match find(programme, row, tasks) {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        let stands = task.assignment.state == Some(tessera_model::documents::AssignmentState::Assigned);
        if !stands {
            return refuse(RefusalKind::TakenBack(row.application.clone()), "application");
        }
        if task.conflict.as_ref().is_some_and(|conflict| !conflict.is_clear()) {
            return refuse(RefusalKind::Conflict(row.application.clone()), "application");
        }
        let draft = draft(scores, index, task, options.submit);
        if let Some(known) = task.review.as_ref().map(|read| &read.value).filter(|review| review.revision > 0)
        {
            if row.revision > 0 && row.revision < known.revision {
                let kind = RefusalKind::LowerRevision { given: row.revision, known: known.revision };
                return refuse(kind, "revision");
            }
            let reason = options.reason.is_some_and(|reason| !reason.trim().is_empty());
            if options.submit && !says_the_same(programme, &key, &draft, known) && !reason {
                return refuse(RefusalKind::NeedsReason(row.application.clone()), "application");
            }
        }
        if options.submit {
            let read = Read::clean(draft.clone());
            let checked = tessera_model::documents::check_submission(programme, &key, &read, [0; 32]);
            if let Err(missing) = checked
                && let Some(first) = missing.into_iter().next()
            {
                let column = first.place().map(str::to_owned);
                return Ok(Err((RefusalKind::Missing(first), column)));
            }
        }
        Ok(Ok(Planned { task: task.clone(), round: key, draft, row }))
    }

    fn carry_out(
        &mut self,
        programme: &Programme,
        plan: Planned<'_>,
        options: Options<'_>,
    ) -> Result<Row, EngineError> {
        let mut done = plan.done(plan.becomes(programme, options.submit), options.submit);
        let Planned { task, round, draft, row } = plan;
        if done.became == Became::Same {
            return Ok(done);
        }
        if done.declared {
            let none = Conflict { declaration: Some(Declaration::None), ..Conflict::default() };
            self.declare(task.application, &none)?;
        }
        self.save_draft(task.application, round_of(&round), &draft)?;
        if !options.submit {
            return Ok(done);
        }
        match self.submit_as(programme, task.application, &round, options.reason, row.revision)? {
            Submission::Submitted { revision } => done.revision = revision,
            Submission::Same { revision } => {
                done.revision = revision;
                done.became = Became::Same;
            }
            Submission::Missing(missing) => {
                // Everything was looked at before; a draft that two laptops wrote can still contradict itself.
                let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
                return Err(EngineError::BadInput(format!("{}: {}", task.label, missing.join("; "))));
            }
            Submission::NeedsReason => {
                return Err(EngineError::BadInput("amending needs a reason".into()));
            }
        }
        Ok(done)
    }
}

type Refused = (RefusalKind, Option<String>);

/// Finds what a row is about.
fn find<'t>(
    programme: &Programme,
    row: &scores::Review,
    tasks: &'t BTreeMap<(String, RoundId), Task>,
) -> Result<(String, &'t Task), Refused> {
    let at = |column: &str| Some(column.to_owned());
    let keys: Vec<&str> = programme.rounds.iter().map(|round| round.key.as_str()).collect();
    let wanted = keys.iter().filter(|key| row.round.is_empty() || **key == row.round);
    let mut found: Vec<(String, &Task)> = Vec::new();
    for key in wanted {
        let task = tasks.get(&(row.application.clone(), round_of(key)));
        found.extend(task.map(|task| ((*key).to_owned(), task)));
    }
    if !row.round.is_empty() && !keys.contains(&row.round.as_str()) {
        return Err((RefusalKind::Missing(Missing::Round), at("round")));
    }
    match found.len() {
        0 => Err((RefusalKind::UnknownApplication(row.application.clone()), at("application"))),
        1 => Ok(found.remove(0)),
        _ => Err((RefusalKind::RoundNeeded, at("round"))),
    }
}

/// The draft that a row makes: what it says, and what was written beside scores before.
fn draft(scores: &Scores, index: usize, task: &Task, submit: bool) -> Draft {
    let row = &scores.reviews()[index];
    let mut draft = task.draft.clone().map(|read| read.value).unwrap_or_default();
    for (at, criterion) in scores.criteria().iter().enumerate() {
        match row.scores.get(at).copied().flatten() {
            Some(score) => {
                draft.answers.insert(criterion.clone(), Answer::Score(score));
            }
            None if scores.is_not_applicable(index, at) => {
                let kept = draft.answers.get(criterion).filter(|answer| answer.score().is_none()).cloned();
                let reason = || Answer::NotApplicable { reason: "N/A in the table".to_owned() };
                draft.answers.insert(criterion.clone(), kept.unwrap_or_else(reason));
            }
            None if submit => {
                draft.answers.remove(criterion);
            }
            None => {}
        }
    }
    draft.confidence = row.confidence.or(draft.confidence);
    draft.attested |= submit;
    draft
}

/// True where a draft scores as the submitted review does.
fn says_the_same(programme: &Programme, round: &str, draft: &Draft, review: &Review) -> bool {
    let criteria = Policy::of_round(programme, round).map(|policy| policy.criteria).unwrap_or_default();
    let value = |answers: &BTreeMap<String, Answer>, key: &str| answers.get(key).map(Answer::score);
    criteria.iter().all(|rule| value(&draft.answers, &rule.key) == value(&review.answers, &rule.key))
        && draft.confidence == review.confidence
}
