//! What a reviewer is writing: scores as scalars, comments as texts that are edited in place, so that two laptops of one
//! reviewer merge letter by letter. Seen by nobody else. Not a review ([`super::submission`]).
//!
//! Everything of one criterion is under `criteria/KEY`, a map that the criterion's own constant makes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

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
                let answer = reader.one(&["criteria", &key, "score"], score).map(|score| match score {
                    Some(score) => Answer::Score(score),
                    None => {
                        let reason = reader.one(&["criteria", &key, "reason"], record::text);
                        Answer::NotApplicable { reason: reason.unwrap_or_default() }
                    }
                });
                let comment = document.text(&["criteria", &key, "comment"]).unwrap_or_default();
                // Where a comment points is worth no question between two laptops.
                let pin = reader.greatest(&["criteria", &key, "pin"], record::text);
                if let Some(pin) = pin.and_then(|pin| pin.parse().ok()) {
                    draft.pins.insert(key.clone(), pin);
                }
                if let Some(answer) = answer {
                    draft.answers.insert(key.clone(), answer);
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
        let mut edits = Edits::new();
        for (field, value) in answer_fields(answer) {
            put_answer(document, criterion, field, value, &mut edits)?;
        }
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
        let mut edits = Edits::new();
        for (field, value) in closing_fields(confidence, attested, dossier) {
            differ(document, &[field], value, &mut edits);
        }
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
        let before = Self::read(document).value;
        self.write_since(&before, document, actor, changes)
    }

    /// As [`Draft::write`], of a writer who began with `before`: only where this draft differs from that, anything is
    /// written, and all else stays as the document has it. A text that is another one by then keeps what both wrote.
    ///
    /// # Errors
    /// As [`Draft::write`].
    pub fn write_since(
        &self,
        before: &Self,
        document: &mut Document,
        actor: &ActorBytes,
        changes: &mut Vec<Scanned>,
    ) -> Result<(), WriteError> {
        let mut edits = Edits::new();
        for ((field, was), (_, is)) in before.closing().into_iter().zip(self.closing()) {
            if was != is {
                differ(document, &[field], is, &mut edits);
            }
        }
        let criteria: BTreeSet<&str> = [before, self].into_iter().flat_map(Self::criteria).collect();
        for &key in &criteria {
            let (was, is) = (answer_fields(before.answers.get(key)), answer_fields(self.answers.get(key)));
            for ((field, was), (_, is)) in was.into_iter().zip(is) {
                if was != is {
                    put_answer(document, key, field, is, &mut edits)?;
                }
            }
            if before.pins.get(key) != self.pins.get(key) {
                let pin = self.pins.get(key).map(|pin| Value::from(pin.to_string()));
                differ(document, &["criteria", key, "pin"], pin, &mut edits);
            }
        }
        changes.extend(document.edit(actor, |edit| put_all(edit, &edits))?);
        for key in criteria {
            let said = |draft: &Self| draft.comments.get(key).cloned().unwrap_or_default();
            splice(document, actor, &["criteria", key, "comment"], &said(before), &said(self), changes)?;
        }
        splice(document, actor, &["overall"], &before.overall, &self.overall, changes)
    }

    fn closing(&self) -> [(&'static str, Option<Value>); 3] {
        closing_fields(self.confidence, self.attested, self.dossier)
    }

    /// The criteria of which anything is said.
    fn criteria(&self) -> impl Iterator<Item = &str> {
        self.answers.keys().chain(self.comments.keys()).chain(self.pins.keys()).map(String::as_str)
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

/// Notes a field of an answer where it differs.
fn put_answer(
    document: &Document,
    criterion: &str,
    field: &str,
    value: Option<Value>,
    edits: &mut Edits,
) -> Result<(), WriteError> {
    let path = ["criteria", criterion, field];
    if let Some(Value::Str(text)) = &value
        && text.len() > MAX_TEXT_BYTES
    {
        return Err(WriteError::Field { field: path.join("/"), problem: "a text longer than allowed" });
    }
    differ(document, &path, value, edits);
    Ok(())
}

/// The fields of an answer.
fn answer_fields(answer: Option<&Answer>) -> [(&'static str, Option<Value>); 2] {
    let (score, reason) = match answer {
        None => (None, None),
        Some(Answer::Score(score)) => (Some(Value::from(score.to_string())), None),
        Some(Answer::NotApplicable { reason }) => {
            (Some(Value::Null), (!reason.is_empty()).then(|| Value::from(reason.as_str())))
        }
    };
    [("score", score), ("reason", reason)]
}

/// The fields that are of no criterion.
fn closing_fields(
    confidence: Option<Decimal>,
    attested: bool,
    dossier: Option<Sha256Bytes>,
) -> [(&'static str, Option<Value>); 3] {
    [
        ("confidence", confidence.map(|number| number.to_string().into())),
        ("attested", attested.then_some(Value::Bool(true))),
        ("dossier", dossier.map(|hash| Value::Bytes(hash.to_vec()))),
    ]
}

/// Writes what was made of a text, where anything was.
fn splice(
    document: &mut Document,
    actor: &ActorBytes,
    path: &[&str],
    before: &str,
    text: &str,
    changes: &mut Vec<Scanned>,
) -> Result<(), WriteError> {
    if before == text {
        return Ok(());
    }
    let there = document.text(path).unwrap_or_default();
    set_text(document, actor, path, &spliced(before, &there, text), changes)
}

/// A text as two made it of `before` without knowing of one another: what each of them wrote stays, and what either took
/// away goes.
fn spliced(before: &str, there: &str, text: &str) -> String {
    if there == text {
        return text.to_owned();
    }
    let [before, there, text] = [before, there, text].map(|text| text.chars().collect::<Vec<_>>());
    let (theirs, own) = (replaced(&before, &there), replaced(&before, &text));
    let (first, last) = if own.0.end <= theirs.0.start { (own, theirs) } else { (theirs, own) };
    let parts = [
        &before[..first.0.start.min(last.0.start)],
        first.1,
        before.get(first.0.end..last.0.start).unwrap_or_default(),
        last.1,
        &before[first.0.end.max(last.0.end)..],
    ];
    parts.concat().into_iter().collect()
}

/// What lies between the common beginning and the common end of two texts: where in the old one, and what stands there in
/// the new one.
fn replaced<'n>(old: &[char], new: &'n [char]) -> (Range<usize>, &'n [char]) {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    (start..old.len() - end, &new[start..new.len() - end])
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
    let (place, inserted) = replaced(&old, &new);
    let (mut at, mut deleted) = (place.start, place.len());
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

    /// Puts in what was made of the text by a writer who began with `before`: what both wrote stays.
    pub fn splice(&mut self, before: &str, text: &str) {
        self.text = spliced(before, &self.text, text);
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
