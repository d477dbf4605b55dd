//! A reviewer's draft as a screen edits it: saved after each change, judged by the programme's own rules, submitted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::session::Session;
use tessera_engine::reading::Submission;
use tessera_model::crdt::Value;
use tessera_model::decimal::Decimal;
use tessera_model::documents::{Answer, Draft, Missing, Pin, Read, check_submission};
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::scores::{Review as ScoreRow, Scores};
use tessera_protocol::ids::ApplicationId;

use crate::dossier::{criteria_of, find};
use crate::failure::Failure;
use crate::tasks;
use crate::words::{figure, hex, id};

/// The most entries of a draft that a screen may hand over.
const ENTRIES: usize = 512;

/// A draft.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftView {
    /// Answers by criterion.
    pub answers: BTreeMap<String, AnswerValue>,
    /// Comments by criterion.
    pub comments: BTreeMap<String, String>,
    /// Where comments point, by criterion.
    pub pins: BTreeMap<String, PinView>,
    /// The comment on the whole.
    pub overall: String,
    /// How sure the reviewer is.
    pub confidence: Option<String>,
    /// Whether the reviewer attested to have read it alone.
    pub attested: bool,
}

/// Where in a dossier a comment points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PinView {
    /// An answer of the form.
    Field {
        /// The field's key.
        field: String,
    },
    /// A page of a file.
    Page {
        /// The SHA-256 of the file's contents.
        file: String,
        /// From 1.
        page: u32,
    },
}

/// An answer to a criterion; nothing where both are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AnswerValue {
    /// A score.
    pub score: Option<String>,
    /// "Not applicable", and why.
    pub not_applicable: Option<String>,
}

/// Something without which a draft cannot be submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MissingView {
    /// The criterion or field.
    pub place: Option<String>,
    /// Which want it is.
    pub code: String,
    /// In English.
    pub text: String,
}

/// What a saved draft comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Saved {
    /// Its total as the programme counts it; none while too little is answered.
    pub total: Option<String>,
    /// What is missing before it can be submitted.
    pub missing: Vec<MissingView>,
}

/// What a submission came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Submitted {
    /// Sealed, in the outbox.
    Submitted {
        /// From 1.
        revision: u32,
    },
    /// It says what was submitted before.
    Same {
        /// From 1.
        revision: u32,
    },
    /// It was submitted before with other answers: amending needs a reason.
    NeedsReason,
    /// Something is missing; nothing was submitted.
    Missing {
        /// What.
        missing: Vec<MissingView>,
    },
}

impl From<&Missing> for MissingView {
    fn from(missing: &Missing) -> Self {
        Self {
            place: match missing {
                Missing::Attestation => Some("attestation".to_owned()),
                Missing::Answer { criterion }
                | Missing::Reason { criterion }
                | Missing::OutOfScale { criterion, .. } => Some(format!("answer/{criterion}")),
                other => other.place().map(place_of),
            },
            code: missing.code().to_owned(),
            text: missing.to_string(),
        }
    }
}

/// What a screen calls a field of a draft: `answer/KEY`, `reason/KEY`, `comment/KEY`, or the field's own name.
pub(crate) fn place_of(field: &str) -> String {
    match field.split('/').collect::<Vec<_>>()[..] {
        ["criteria", key, "score"] => format!("answer/{key}"),
        ["criteria", key, part] => format!("{part}/{key}"),
        _ => field.to_owned(),
    }
}

/// Answers as a screen takes them.
pub(crate) fn answers(answers: &BTreeMap<String, Answer>) -> BTreeMap<String, AnswerValue> {
    answers.iter().map(|(key, answer)| (key.clone(), answer.into())).collect()
}

impl From<&Answer> for AnswerValue {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::Score(score) => Self { score: Some(score.to_string()), not_applicable: None },
            Answer::NotApplicable { reason } => Self { score: None, not_applicable: Some(reason.clone()) },
        }
    }
}

impl From<&Pin> for PinView {
    fn from(pin: &Pin) -> Self {
        match pin {
            Pin::Field(key) => Self::Field { field: key.clone() },
            Pin::Page { file, page } => Self::Page { file: hex(file), page: *page },
        }
    }
}

impl PinView {
    fn into_pin(self, at: &str) -> Result<Pin, Failure> {
        let text = match self {
            Self::Field { field } => format!("field {field}"),
            Self::Page { file, page } => format!("page {file} {page}"),
        };
        text.parse().map_err(|_| Failure::bad_input("the place in the dossier").at(at))
    }
}

/// A value of a field as people read it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) | Value::Timestamp(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Null | Value::Bytes(_) => String::new(),
    }
}

impl DraftView {
    pub(crate) fn of(draft: Option<&Draft>) -> Self {
        let Some(draft) = draft else { return Self::default() };
        Self {
            answers: answers(&draft.answers),
            comments: draft.comments.clone(),
            pins: draft.pins.iter().map(|(key, pin)| (key.clone(), pin.into())).collect(),
            overall: draft.overall.clone(),
            confidence: draft.confidence.map(|value| value.to_string()),
            attested: draft.attested,
        }
    }

    /// What a screen hands over, checked.
    pub(crate) fn into_draft(self) -> Result<Draft, Failure> {
        let most = self.answers.len().max(self.comments.len()).max(self.pins.len());
        if most > ENTRIES {
            return Err(Failure::new("too-many", "a draft has at most 512 answers"));
        }
        let number = |place: &str, text: &str| {
            text.trim().parse::<Decimal>().map_err(|_| Failure::bad_input("the number").at(place))
        };
        let mut answers = BTreeMap::new();
        for (key, answer) in self.answers {
            let answer = match (answer.score, answer.not_applicable) {
                (Some(score), _) => Answer::Score(number(&key, &score)?),
                (None, Some(reason)) => Answer::NotApplicable { reason },
                (None, None) => continue,
            };
            answers.insert(key, answer);
        }
        let pins = self.pins.into_iter().map(|(key, pin)| pin.into_pin(&key).map(|pin| (key, pin)));
        let pins = pins.collect::<Result<_, _>>()?;
        let confidence = self.confidence.filter(|text| !text.trim().is_empty());
        Ok(Draft {
            answers,
            comments: self.comments,
            pins,
            overall: self.overall,
            confidence: confidence.map(|text| number("confidence", &text)).transpose()?,
            attested: self.attested,
            dossier: None,
        })
    }
}

/// Judges a draft: its total, and what is missing.
pub(crate) fn assess(programme: &Programme, round: &str, draft: Option<&Read<Draft>>) -> Saved {
    let empty = Read { value: Draft::default(), conflicts: Vec::new(), damaged: Vec::new() };
    let draft = draft.unwrap_or(&empty);
    // The version of the dossier is noted in the review; whether anything is missing does not go by it.
    let missing = match check_submission(programme, round, draft, [0; 32]) {
        Ok(_) => Vec::new(),
        Err(missing) => missing.iter().map(MissingView::from).collect(),
    };
    Saved { total: total(programme, round, &draft.value), missing }
}

/// The total of one review alone, by the programme's rules.
pub(crate) fn total(programme: &Programme, round: &str, draft: &Draft) -> Option<String> {
    let policy = Policy::of_round(programme, round).ok()?;
    // What is added or taken off belongs to an application, not to a review.
    let policy = Policy { add: Vec::new(), subtract: Vec::new(), ..policy };
    let criteria: Vec<String> = policy.criteria.iter().map(|rule| rule.key.clone()).collect();
    let score = |key: &String| draft.answers.get(key).and_then(Answer::score);
    let row = ScoreRow {
        application: "draft".to_owned(),
        reviewer: "me".to_owned(),
        round: round.to_owned(),
        revision: 1,
        confidence: None,
        scores: criteria.iter().map(score).collect(),
    };
    let scores = Scores::collect(criteria, [row]).ok()?;
    let totals = tessera_model::totals::totals(&scores, &policy, None).ok()?;
    totals.rows.first()?.total.map(figure)
}

/// Saves a draft.
///
/// # Errors
/// [`Failure`]; what was saved before stays.
pub fn save(
    session: &mut Session,
    application: &str,
    round: &str,
    draft: DraftView,
) -> Result<Saved, Failure> {
    let programme = tasks::programme(session)?;
    let task = find(session, application, round)?;
    if !task.is_open() {
        return Err(Failure::new(
            "not-permitted",
            "a declaration that there is no conflict of interest comes first",
        ));
    }
    let mut draft = draft.into_draft()?;
    draft.dossier = task.draft.as_ref().and_then(|read| read.value.dossier);
    // Answers to criteria of other rounds stay as they are.
    let here: Vec<&str> = criteria_of(&programme, round).iter().map(|one| one.key.as_str()).collect();
    if let Some(before) = &task.draft {
        let elsewhere = before.value.answers.iter().filter(|(key, _)| !here.contains(&key.as_str()));
        for (key, answer) in elsewhere {
            draft.answers.entry(key.clone()).or_insert_with(|| answer.clone());
        }
        let elsewhere = before.value.pins.iter().filter(|(key, _)| !here.contains(&key.as_str()));
        for (key, pin) in elsewhere {
            draft.pins.entry(key.clone()).or_insert_with(|| pin.clone());
        }
    }
    session.together(|acts| acts.save_draft(task.application, task.round, &draft))?;
    let task = find(session, application, round)?;
    Ok(assess(&programme, round, task.draft.as_ref()))
}

/// Chooses between what two laptops wrote: the field as a conflict names it, and the value that holds as it was shown.
///
/// # Errors
/// [`Failure`].
pub fn settle(
    session: &mut Session,
    application: &str,
    round: &str,
    field: &str,
    value: &str,
) -> Result<(), Failure> {
    let task = find(session, application, round)?;
    let read = task.draft.ok_or_else(|| Failure::not_found("this draft"))?;
    let conflict = read.conflicts.iter().find(|conflict| place_of(&conflict.field) == field);
    let conflict = conflict.ok_or_else(|| Failure::not_found("this difference"))?;
    let chosen = conflict.values.iter().find(|one| shown(&one.value) == value);
    let chosen = &chosen.ok_or_else(|| Failure::not_found("this value"))?.value;
    let mut draft = read.value;
    let number = || value.parse::<Decimal>().map_err(|_| Failure::bad_input("the number").at(field));
    match field.split('/').collect::<Vec<_>>()[..] {
        ["answer", key] => {
            let answer = match chosen {
                Value::Null => Answer::NotApplicable { reason: String::new() },
                _ => Answer::Score(number()?),
            };
            draft.answers.insert(key.to_owned(), answer);
        }
        ["reason", key] => {
            draft.answers.insert(key.to_owned(), Answer::NotApplicable { reason: value.to_owned() });
        }
        ["confidence"] => draft.confidence = Some(number()?),
        ["attested"] => draft.attested = value == "true",
        _ => return Err(Failure::not_found("this difference")),
    }
    session.together(|acts| acts.save_draft(task.application, task.round, &draft))?;
    Ok(())
}

/// Saves a private note.
///
/// # Errors
/// [`Failure`].
pub fn save_note(session: &mut Session, application: &str, text: &str) -> Result<(), Failure> {
    let application: ApplicationId = id(application)?;
    Ok(session.together(|acts| acts.save_note(application, text))?)
}

/// Marks an application to be read again, or takes the mark away.
///
/// # Errors
/// [`Failure`].
pub fn mark_again(session: &mut Session, application: &str, again: bool) -> Result<(), Failure> {
    let application: ApplicationId = id(application)?;
    Ok(session.together(|acts| acts.mark_again(application, again))?)
}

/// Submits a draft, or amends what was submitted.
///
/// # Errors
/// [`Failure`].
pub fn submit(
    session: &mut Session,
    application: &str,
    round: &str,
    reason: Option<&str>,
) -> Result<Submitted, Failure> {
    let programme = tasks::programme(session)?;
    let task = find(session, application, round)?;
    let submission = session.together(|acts| {
        let submission = acts.submit(&programme, task.application, round, reason)?;
        acts.hand_over()?;
        Ok(submission)
    })?;
    Ok(match submission {
        Submission::Submitted { revision } => Submitted::Submitted { revision },
        Submission::Same { revision } => Submitted::Same { revision },
        Submission::NeedsReason => Submitted::NeedsReason,
        Submission::Missing(missing) => {
            Submitted::Missing { missing: missing.iter().map(MissingView::from).collect() }
        }
    })
}
