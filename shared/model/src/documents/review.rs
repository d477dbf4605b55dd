//! Submitted reviews: final values as scalars, one change for each submission or amendment. Not drafts, and not whether
//! a review counts ([`crate::merge`]).
//!
//! A criterion's answer is one field, so that a score and "not applicable" given on two laptops contradict one another
//! like two scores. Every submission also puts a fingerprint of all it says: two different ones are two versions of one
//! review, even where each field has one value.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::crdt::{Document, Readable, Value};
use crate::decimal::Decimal;
use crate::guard::{ActorBytes, ChangeHash};

use super::record::{self, Decoded, Fields, Reader};
use super::words::words;
use super::{Kind, Pin, Record, Sha256Bytes, pin};

/// The answer to one criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A score.
    Score(Decimal),
    /// Not applicable: not zero, and with a reason.
    NotApplicable {
        /// Why.
        reason: String,
    },
}

impl Answer {
    /// Returns the score; none where the criterion does not apply.
    #[must_use]
    pub const fn score(&self) -> Option<Decimal> {
        match self {
            Self::Score(score) => Some(*score),
            Self::NotApplicable { .. } => None,
        }
    }
}

/// Whether a review is as first submitted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// As submitted.
    #[default]
    Submitted,
    /// Changed since.
    Amended {
        /// Why.
        reason: String,
        /// Whether the reviewer had been given others' reviews by then.
        after_reading_others: bool,
    },
}

words! {
    /// The word for a [`State`]; an amendment outweighs what it amends.
    StateWord {
        /// As submitted.
        Submitted = "submitted",
        /// Changed since.
        Amended = "amended",
    }
}

/// What a reviewer submitted about an application in a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    /// From 1; 0 where nothing was submitted.
    pub revision: u32,
    /// Answers by criterion; what is contested or damaged is not answered.
    pub answers: BTreeMap<String, Answer>,
    /// Comments by criterion.
    pub comments: BTreeMap<String, String>,
    /// Where comments point, by criterion.
    pub pins: BTreeMap<String, Pin>,
    /// The comment on the whole.
    pub overall: String,
    /// How sure the reviewer is.
    pub confidence: Option<Decimal>,
    /// Whether the reviewer attested what the programme asks.
    pub attested: bool,
    /// Submitted or amended.
    pub state: State,
    /// The definition it was made with; zeros where that is not known.
    pub definition: Sha256Bytes,
    /// The version of the dossier that was read ([`super::Dossier::version`]); zeros where that is not known.
    pub dossier: Sha256Bytes,
}

/// One submission of a review, as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitted {
    /// The change that submitted it.
    pub change: ChangeHash,
    /// Who made that change.
    pub actor: ActorBytes,
    /// What it said.
    pub review: Review,
}

impl Review {
    /// Returns a fingerprint of all that it says, revision and state left out: SHA-256 over `tessera/1 review` and the
    /// parts, each preceded by its length in 8 bytes, big-endian. Pins are a part only where there are any.
    #[must_use]
    pub fn fingerprint(&self) -> Sha256Bytes {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(b"tessera/1 review");
        part(&(self.answers.len() as u64).to_be_bytes());
        for (key, answer) in &self.answers {
            part(key.as_bytes());
            match answer {
                Answer::Score(score) => part(score.to_string().as_bytes()),
                Answer::NotApplicable { reason } => {
                    part(b"N/A");
                    part(reason.as_bytes());
                }
            }
        }
        part(&(self.comments.len() as u64).to_be_bytes());
        for (key, comment) in &self.comments {
            part(key.as_bytes());
            part(comment.as_bytes());
        }
        part(self.overall.as_bytes());
        part(self.confidence.map(|c| c.to_string()).unwrap_or_default().as_bytes());
        part(&[u8::from(self.attested)]);
        part(&self.definition);
        part(&self.dossier);
        if !self.pins.is_empty() {
            part(pin::lines(&self.pins).as_bytes());
        }
        hash.finalize().into()
    }

    /// Turns a review into an amendment of the one before.
    #[must_use]
    pub fn amending(mut self, before: &Self, reason: &str, after_reading_others: bool) -> Self {
        self.revision = before.revision.saturating_add(1);
        self.state = State::Amended { reason: reason.to_owned(), after_reading_others };
        self
    }

    /// Returns the versions that stand: one, or several that were submitted without knowledge of one another. The order
    /// is the same on every device.
    #[must_use]
    pub fn versions(document: &dyn Readable) -> Vec<Submitted> {
        let mut versions: Vec<(Value, Submitted)> = Vec::new();
        for put in document.get_all(&["version"]) {
            if !versions.iter().any(|(value, _)| *value == put.value) {
                versions.push((put.value, Self::submitted(document, put.change, put.actor)));
            }
        }
        versions.into_iter().map(|(_, submitted)| submitted).collect()
    }

    /// Returns every submission ever made, by revision and then by the change's hash; the first is what agreement is
    /// calculated from.
    #[must_use]
    pub fn history(document: &Document) -> Vec<Submitted> {
        let mut history: Vec<Submitted> = document
            .versions(&["version"])
            .into_iter()
            .filter_map(|version| {
                let puts = document.get_all_at(&["version"], &version.change);
                let own = puts.iter().find(|put| put.change == version.change)?;
                Some(Self::submitted(document, version.change, own.actor))
            })
            .collect();
        history.sort_by_key(|submitted| (submitted.review.revision, submitted.change));
        history
    }

    fn submitted(document: &dyn Readable, change: ChangeHash, actor: ActorBytes) -> Submitted {
        Submitted { change, actor, review: Self::read_at(document, &change).value }
    }
}

impl Record for Review {
    const KIND: Kind = Kind::Review;

    fn put(&self, fields: &mut Fields) {
        fields.set("revision", u64::from(self.revision));
        fields.set("version", self.fingerprint().to_vec());
        fields.set_map(
            "answers",
            self.answers.iter().map(|(key, answer)| {
                let value = answer.score().map_or(Value::Null, |score| score.to_string().into());
                (key, value)
            }),
        );
        let reasons = self.answers.iter().filter_map(|(key, answer)| match answer {
            Answer::NotApplicable { reason } if !reason.is_empty() => Some((key, reason.as_str())),
            _ => None,
        });
        fields.set_map("reasons", reasons);
        fields.set_map("comments", self.comments.iter().map(|(key, comment)| (key, comment.as_str())));
        fields.set_option("pins", (!self.pins.is_empty()).then(|| pin::lines(&self.pins)));
        fields.set_text("overall", &self.overall);
        fields.set_option("confidence", self.confidence.map(|confidence| confidence.to_string()));
        fields.set("attested", self.attested);
        fields.set("definition", self.definition.to_vec());
        fields.set("dossier", self.dossier.to_vec());
        let (word, reason, after) = match &self.state {
            State::Submitted => (StateWord::Submitted, "", false),
            State::Amended { reason, after_reading_others } => {
                (StateWord::Amended, reason.as_str(), *after_reading_others)
            }
        };
        fields.set("state", word.as_str());
        fields.set_text("reason", reason);
        fields.set_option("after-reading-others", after.then_some(true));
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        let reasons = reader.texts("reasons");
        let answers = reader.map(&["answers"], score).into_iter().map(|(key, score)| {
            let reason = || reasons.get(&key).cloned().unwrap_or_default();
            let answer = score.map_or_else(|| Answer::NotApplicable { reason: reason() }, Answer::Score);
            (key, answer)
        });
        let answers = answers.collect();
        // Contested where two versions stand; what it says is not needed.
        reader.one(&["version"], record::hash);
        let reason = reader.text("reason");
        let after_reading_others = reader.greatest(&["after-reading-others"], record::flag);
        let state = match reader.greatest(&["state"], record::word(StateWord::parse)) {
            Some(StateWord::Amended) => {
                State::Amended { reason, after_reading_others: after_reading_others.unwrap_or_default() }
            }
            Some(StateWord::Submitted) | None => State::Submitted,
        };
        Self {
            revision: reader.greatest(&["revision"], record::number).unwrap_or_default(),
            answers,
            comments: reader.texts("comments"),
            // Where a comment points is worth no question between two versions.
            pins: reader
                .greatest(&["pins"], record::text)
                .map(|text| pin::of_lines(&text))
                .unwrap_or_default(),
            overall: reader.text("overall"),
            confidence: reader.one(&["confidence"], decimal),
            attested: reader.flag("attested"),
            state,
            definition: reader.one(&["definition"], record::hash).unwrap_or_default(),
            dossier: reader.one(&["dossier"], record::hash).unwrap_or_default(),
        }
    }
}

/// Decodes a score, or nothing where the criterion does not apply.
pub(super) fn score(value: &Value) -> Decoded<Option<Decimal>> {
    match value {
        Value::Null => Ok(None),
        other => decimal(other).map(Some),
    }
}

/// Decodes a decimal number. Only text is one: a float could be no number at all, and two ways to write a number would
/// be two values.
pub(super) fn decimal(value: &Value) -> Decoded<Decimal> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or("not a decimal number")
}

words! {
    /// By which way a recorded review reached whoever took it down.
    Source {
        /// On paper.
        Paper = "paper",
        /// By telephone.
        Phone = "phone",
        /// By mail.
        Mail = "mail",
    }
}

/// A review that somebody else took down, and is shown as theirs everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// What the reviewer said.
    pub review: Review,
    /// By which way; none where two entries contradict one another.
    pub source: Option<Source>,
}

impl Record for Recorded {
    const KIND: Kind = Kind::Recorded;

    fn put(&self, fields: &mut Fields) {
        self.review.put(fields);
        fields.set_option("source", self.source.map(Source::as_str));
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self { review: Review::take(reader), source: reader.one(&["source"], record::word(Source::parse)) }
    }
}
