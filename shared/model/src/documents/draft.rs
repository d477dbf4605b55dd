//! What a reviewer is writing: scores as scalars, comments as texts that are edited in place, so that two laptops of one
//! reviewer merge letter by letter. Seen by nobody else. Not a review ([`super::submission`]).
//!
//! Everything of one criterion is under `criteria/KEY`, a map that the criterion's own constant makes.

use std::collections::BTreeMap;

use crate::crdt::{Document, Edit, EditError, Field, Readable, Value};
use crate::decimal::Decimal;
use crate::guard::{ActorBytes, Scanned};

use super::record::{self, MAX_ENTRIES, MAX_TEXT_BYTES, Reader};
use super::review::{decimal, score};
use super::{Answer, Pin, Read, Sha256Bytes, WriteError};

/// Characters that one change replaces, so that it stays within the limits of other devices.
const CHARS_PER_CHANGE: usize = 2000;

/// What a reviewer is writing about an application in a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Answers by criterion; what is contested is not answered.
    pub answers: BTreeMap<String, Answer>,
    /// Comments by criterion, empty ones left out.
    pub comments: BTreeMap<String, String>,
    /// Where comments point, by criterion.
    pub pins: BTreeMap<String, Pin>,
    /// The comment on the whole.
    pub overall: String,
    /// How sure the reviewer is.
    pub confidence: Option<Decimal>,
    /// Whether the reviewer attested what the programme asks.
    pub attested: bool,
    /// The version of the dossier that was open when the reviewer last wrote.
    pub dossier: Option<Sha256Bytes>,
}

impl Draft {
    /// Reads a draft.
    #[must_use]
    pub fn read(document: &dyn Readable) -> Read<Self> {
        Reader::of(document).finish(|reader| {
            let mut draft = Self {
                confidence: reader.one(&["confidence"], decimal),
                attested: reader.flag("attested"),
                dossier: reader.one(&["dossier"], record::hash),
                overall: document.text(&["overall"]).unwrap_or_default(),
                ..Self::default()
            };
            let criteria = document.containers(&["criteria"]);
            if criteria.len() > MAX_ENTRIES {
                reader.damage(&["criteria"], "more entries than allowed");
            }
            for key in criteria.into_iter().take(MAX_ENTRIES) {
                let answer = reader.one(&["criteria", &key, "score"], score);
                let reason = reader.one(&["criteria", &key, "reason"], record::text);
                let comment = document.text(&["criteria", &key, "comment"]).unwrap_or_default();
                // Where a comment points is worth no question between two laptops.
                let pin = reader.greatest(&["criteria", &key, "pin"], record::text);
                if let Some(pin) = pin.and_then(|pin| pin.parse().ok()) {
                    draft.pins.insert(key.clone(), pin);
                }
                if let Some(score) = answer {
                    let reason = || Answer::NotApplicable { reason: reason.unwrap_or_default() };
                    draft.answers.insert(key.clone(), score.map_or_else(reason, Answer::Score));
                }
                if !comment.is_empty() {
                    draft.comments.insert(key, comment);
                }
            }
            draft
        })
    }

    /// Sets or takes back the answer to a criterion, as one change.
    ///
    /// # Errors
    /// [`WriteError`] where the document lacks the criterion's constant, or the reason is too long.
    pub fn set_answer(
        document: &mut Document,
        actor: &ActorBytes,
        criterion: &str,
        answer: Option<&Answer>,
    ) -> Result<Option<Scanned>, WriteError> {
        let edits = answer_edits(document, criterion, answer)?;
        document.edit(actor, |edit| put_all(edit, &edits))
    }

    /// Replaces a criterion's comment, or the comment on the whole, by splicing only what differs; pushes the resulting
    /// changes to `changes`, also those made before an error.
    ///
    /// # Errors
    /// [`WriteError`] where the text is too long to be submitted, or the document lacks the criterion's constant.
    pub fn set_comment(
        document: &mut Document,
        actor: &ActorBytes,
        criterion: Option<&str>,
        text: &str,
        changes: &mut Vec<Scanned>,
    ) -> Result<(), WriteError> {
        match criterion {
            Some(key) => set_text(document, actor, &["criteria", key, "comment"], text, changes),
            None => set_text(document, actor, &["overall"], text, changes),
        }
    }

    /// Sets confidence, attestation and the dossier's version, as one change.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn set_closing(
        document: &mut Document,
        actor: &ActorBytes,
        confidence: Option<Decimal>,
        attested: bool,
        dossier: Option<Sha256Bytes>,
    ) -> Result<Option<Scanned>, WriteError> {
        let edits = closing_edits(document, confidence, attested, dossier);
        document.edit(actor, |edit| put_all(edit, &edits))
    }

    /// Makes a document say what this draft says: one change for all scalars, then one or more for each text. Pushes the
    /// changes to `changes`, also those made before an error.
    ///
    /// # Errors
    /// As [`Draft::set_answer`] and [`Draft::set_comment`].
    pub fn write(
        &self,
        document: &mut Document,
        actor: &ActorBytes,
        changes: &mut Vec<Scanned>,
    ) -> Result<(), WriteError> {
        let mut edits = closing_edits(document, self.confidence, self.attested, self.dossier);
        let mut criteria = document.containers(&["criteria"]);
        criteria.extend(self.answers.keys().chain(self.comments.keys()).chain(self.pins.keys()).cloned());
        criteria.sort_unstable();
        criteria.dedup();
        for key in &criteria {
            edits.extend(answer_edits(document, key, self.answers.get(key))?);
            let pin = self.pins.get(key).map(|pin| Value::from(pin.to_string()));
            differ(document, &["criteria", key, "pin"], pin, &mut edits);
        }
        changes.extend(document.edit(actor, |edit| put_all(edit, &edits))?);
        for key in &criteria {
            let comment = self.comments.get(key).map_or("", String::as_str);
            Self::set_comment(document, actor, Some(key), comment, changes)?;
        }
        Self::set_comment(document, actor, None, &self.overall, changes)
    }
}

type Edits = Vec<(Vec<String>, Option<Value>)>;

fn put_all(edit: &mut Edit<'_>, edits: &Edits) -> Result<(), WriteError> {
    edits.iter().try_for_each(|(path, value)| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match value {
            Some(value) => edit.put(&path, value.clone()),
            None => edit.remove(&path),
        }
        .map_err(WriteError::from)
    })
}

/// Notes a field that differs. What a person takes back is removed; what was contested and is left out stays contested.
fn differ(document: &Document, path: &[&str], value: Option<Value>, edits: &mut Edits) {
    let same = match (document.field(path), &value) {
        (Field::One(old), Some(new)) => old == *new,
        (Field::Absent | Field::Conflict(_), None) => true,
        _ => false,
    };
    if !same {
        edits.push((path.iter().map(|part| (*part).to_owned()).collect(), value));
    }
}

fn answer_edits(document: &Document, criterion: &str, answer: Option<&Answer>) -> Result<Edits, WriteError> {
    let mut edits = Edits::new();
    let (score, reason) = match answer {
        None => (None, None),
        Some(Answer::Score(score)) => (Some(Value::from(score.to_string())), None),
        Some(Answer::NotApplicable { reason }) => {
            (Some(Value::Null), (!reason.is_empty()).then(|| Value::from(reason.as_str())))
        }
    };
    let path = ["criteria", criterion, "reason"];
    if let Some(Value::Str(reason)) = &reason
        && reason.len() > MAX_TEXT_BYTES
    {
        return Err(WriteError::Field { field: path.join("/"), problem: "a text longer than allowed" });
    }
    differ(document, &["criteria", criterion, "score"], score, &mut edits);
    differ(document, &path, reason, &mut edits);
    Ok(edits)
}

fn closing_edits(
    document: &Document,
    confidence: Option<Decimal>,
    attested: bool,
    dossier: Option<Sha256Bytes>,
) -> Edits {
    let mut edits = Edits::new();
    differ(document, &["confidence"], confidence.map(|c| c.to_string().into()), &mut edits);
    differ(document, &["attested"], attested.then_some(Value::Bool(true)), &mut edits);
    differ(document, &["dossier"], dossier.map(|hash| Value::Bytes(hash.to_vec())), &mut edits);
    edits
}

/// Makes a text say something else by replacing what lies between the common beginning and the common end.
fn set_text(
    document: &mut Document,
    actor: &ActorBytes,
    path: &[&str],
    text: &str,
    changes: &mut Vec<Scanned>,
) -> Result<(), WriteError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(WriteError::Field { field: path.join("/"), problem: "a text longer than allowed" });
    }
    let old = document.text(path).ok_or(EditError::NoContainer("text"))?;
    if old == text {
        return Ok(());
    }
    let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), text.chars().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let mut deleted = old.len() - start - end;
    let inserted = &new[start..new.len() - end];
    let mut at = start;
    let mut pieces = inserted.chunks(CHARS_PER_CHANGE);
    loop {
        let piece: String = pieces.next().unwrap_or_default().iter().collect();
        let now = deleted.min(CHARS_PER_CHANGE);
        if piece.is_empty() && now == 0 {
            return Ok(());
        }
        let change = document.edit::<WriteError>(actor, |edit| {
            edit.splice_text(path, at, now, &piece).map_err(WriteError::from)
        })?;
        changes.extend(change);
        at += piece.chars().count();
        deleted -= now;
    }
}

/// A reviewer's private notes on an application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    /// The notes.
    pub text: String,
    /// Whether the reviewer means to read it again.
    pub again: bool,
}

impl Note {
    /// Reads the notes.
    #[must_use]
    pub fn read(document: &dyn Readable) -> Read<Self> {
        let text = document.text(&["text"]).unwrap_or_default();
        Reader::of(document).finish(|reader| Self { text, again: reader.flag("again") })
    }

    /// Makes a document say what this note says; pushes the changes to `changes`, also those made before an error.
    ///
    /// # Errors
    /// [`WriteError`] where the text is too long.
    pub fn write(
        &self,
        document: &mut Document,
        actor: &ActorBytes,
        changes: &mut Vec<Scanned>,
    ) -> Result<(), WriteError> {
        let mut edits = Edits::new();
        differ(document, &["again"], self.again.then_some(Value::Bool(true)), &mut edits);
        changes.extend(document.edit(actor, |edit| put_all(edit, &edits))?);
        set_text(document, actor, &["text"], &self.text, changes)
    }
}
