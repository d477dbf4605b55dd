//! A reviewer's draft as a screen edits it: saved after each change, judged by the programme's own rules, submitted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::session::Session;
use tessera_engine::reading::Submission;
use tessera_model::crdt::Value;
use tessera_model::decimal::Decimal;
use tessera_model::documents::{Answer, Draft, Missing, Pin, Read, Review, check_submission};
use tessera_model::guard::ChangeHash;
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::scores::{Review as ScoreRow, Scores};
use tessera_protocol::hash::parse_hex;
use tessera_protocol::ids::ApplicationId;

use crate::dossier::find;
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
    /// Its newest changes, as whoever saved it has them: the next saving names them.
    pub heads: Vec<String>,
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

/// What a screen calls a field of a draft: `answer/KEY`, `reason/KEY`, `comment/KEY`, `attestation`, or the field's own name.
pub(crate) fn place_of(field: &str) -> String {
    match field.split('/').collect::<Vec<_>>()[..] {
        ["criteria", key, "score"] => format!("answer/{key}"),
        ["criteria", key, part] => format!("{part}/{key}"),
        ["attested"] => "attestation".to_owned(),
        _ => field.to_owned(),
    }
}

/// Answers as a screen takes them.
fn answers(answers: &BTreeMap<String, Answer>) -> BTreeMap<String, AnswerValue> {
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

/// A value of a field as a screen takes it; empty where it is "not applicable".
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

impl From<&Review> for DraftView {
    fn from(review: &Review) -> Self {
        Self {
            answers: answers(&review.answers),
            comments: review.comments.clone(),
            pins: review.pins.iter().map(|(key, pin)| (key.clone(), pin.into())).collect(),
            overall: review.overall.clone(),
            confidence: review.confidence.map(|value| value.to_string()),
            attested: review.attested,
        }
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
pub(crate) fn assess(
    programme: &Programme,
    round: &str,
    draft: Option<&Read<Draft>>,
) -> (Option<String>, Vec<MissingView>) {
    let empty = Read { value: Draft::default(), conflicts: Vec::new(), damaged: Vec::new() };
    let draft = draft.unwrap_or(&empty);
    // The version of the dossier is noted in the review; whether anything is missing does not go by it.
    let missing = match check_submission(programme, round, draft, [0; 32]) {
        Ok(_) => Vec::new(),
        Err(missing) => missing.iter().map(MissingView::from).collect(),
    };
    (total(programme, round, &draft.value), missing)
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

/// Newest changes of a draft as screens name them.
pub(crate) fn heads(heads: &[ChangeHash]) -> Vec<String> {
    heads.iter().map(|head| hex(head)).collect()
}

/// Saves a draft of somebody who began with `before`, having seen these changes of it: only what is another since then. What
/// another laptop wrote stays; where both answered, both answers stand until one is chosen.
///
/// # Errors
/// [`Failure`]; what was saved before stays.
pub fn save(
    session: &mut Session,
    application: &str,
    round: &str,
    seen: &[String],
    before: DraftView,
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
    let seen: Option<Vec<ChangeHash>> = seen.iter().map(|head| parse_hex(head)).collect();
    let seen = seen.ok_or_else(|| Failure::bad_input("the version of the draft"))?;
    let (before, draft) = (before.into_draft()?, draft.into_draft()?);
    // What is said of it is read in the same act: a draft that was saved is never told as refused.
    let (saved, stands) = session.together(|acts| {
        let saved = acts.save_draft_since(task.application, task.round, &seen, &before, &draft)?;
        Ok((saved, acts.task(task.application, task.round)?.and_then(|task| task.draft)))
    })?;
    let (total, missing) = assess(&programme, round, stands.as_ref());
    Ok(Saved { total, missing, heads: heads(&saved) })
}

/// Saves a private note of somebody who began with `before`; what another laptop wrote into it meanwhile stays.
///
/// # Errors
/// [`Failure`].
pub fn save_note(session: &mut Session, application: &str, before: &str, text: &str) -> Result<(), Failure> {
    let application: ApplicationId = id(application)?;
    Ok(session.together(|acts| acts.save_note(application, before, text))?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::rehearse;
    use crate::shelf::Shelf;
    use crate::{declaring, dossier};

    #[test]
    fn a_screen_that_shows_less_than_is_there_takes_nothing_back() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        let (_, mut session) = rehearse(&shelf, "Rehearsal", "a quiet valley").unwrap();
        let task = tasks::home(&mut session, "en").unwrap().tasks.remove(0);
        let (application, round) = (task.application.as_str(), task.round.as_str());
        declaring::declare(&mut session, application, "none", "", "").unwrap();
        let open = dossier::dossier(&mut session, application, round, "en").unwrap();
        let key = open.criteria[0].key.clone();
        let score = open.criteria[0].scores.last().unwrap_or(&open.criteria[0].max).clone();
        let answer = AnswerValue { score: Some(score), not_applicable: None };
        let first = DraftView {
            answers: [(key.clone(), answer.clone())].into(),
            overall: "Strong work.".to_owned(),
            ..DraftView::default()
        };
        let mut put = |seen: &[String], before: &DraftView, draft: &DraftView| {
            save(&mut session, application, round, seen, before.clone(), draft.clone()).unwrap().heads
        };
        let heads = put(&open.draft_heads, &open.draft, &first);
        // Another window of the same text knows nothing of this.
        let comments = [(key.clone(), "Leads a clinic.".to_owned())].into();
        put(&open.draft_heads, &open.draft, &DraftView { comments, ..DraftView::default() });
        let more = DraftView { overall: "Strong work, two letters.".to_owned(), ..first.clone() };
        let heads = put(&heads, &first, &more);
        put(&heads, &more, &DraftView { answers: BTreeMap::new(), ..more.clone() });
        let read = dossier::dossier(&mut session, application, round, "en").unwrap();
        assert!(read.draft_conflicts.is_empty());
        assert_eq!(read.draft.answers, BTreeMap::new(), "what is taken out goes");
        assert_eq!(
            (read.draft.overall, read.draft.comments[&key].as_str()),
            (more.overall, "Leads a clinic.")
        );
        let wrong = ["no version".to_owned()];
        let refused = save(&mut session, application, round, &wrong, first.clone(), first);
        assert_eq!(refused.unwrap_err().code, "bad-input");

        save_note(&mut session, application, "", "Ask Bo.").unwrap();
        save_note(&mut session, application, "", "Ask Cem. ").unwrap();
        let notes = dossier::dossier(&mut session, application, round, "en").unwrap().notes;
        assert!(notes.contains("Ask Bo.") && notes.contains("Ask Cem. "), "{notes}");
    }

    #[test]
    fn places_are_called_as_screens_know_them() {
        let check = |field: &str, expected: &str| assert_eq!(place_of(field), expected);
        check("criteria/english/score", "answer/english");
        check("criteria/english/reason", "reason/english");
        check("attested", "attestation");
        check("confidence", "confidence");
    }
}
