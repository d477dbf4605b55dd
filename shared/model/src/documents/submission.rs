//! From a draft to a review: everything that is missing is named, and nothing is guessed. Not sending.

use std::fmt;

use crate::policy::Policy;
use crate::programme::Programme;

use super::record::MAX_TEXT_BYTES;
use super::{Answer, Draft, Read, Review, Sha256Bytes, State};

/// One reason why a draft cannot be submitted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Missing {
    /// A criterion has neither a score nor "not applicable".
    Answer {
        /// The criterion.
        criterion: String,
    },
    /// "Not applicable" without a reason.
    Reason {
        /// The criterion.
        criterion: String,
    },
    /// A score that does not exist on the scale.
    OutOfScale {
        /// The criterion.
        criterion: String,
        /// Which scores exist, in words.
        allowed: String,
    },
    /// Two laptops answered differently; one of the answers has to be chosen.
    Contested {
        /// The field.
        field: String,
    },
    /// The field cannot be read.
    Damaged {
        /// The field.
        field: String,
    },
    /// A text is too long to be sent.
    TooLong {
        /// The field.
        field: String,
    },
    /// What the programme asks to attest is not attested.
    Attestation,
    /// The programme has no such round, or no rules.
    Round,
}

impl Missing {
    /// Returns the code for scripts.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "missing-answer",
            Self::Reason { .. } => "missing-reason",
            Self::OutOfScale { .. } => "out-of-scale",
            Self::Contested { .. } => "contested",
            Self::Damaged { .. } => "damaged",
            Self::TooLong { .. } => "too-long",
            Self::Attestation => "missing-attestation",
            Self::Round => "unknown-round",
        }
    }

    /// Returns the criterion or field that it is about.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        match self {
            Self::Answer { criterion } | Self::Reason { criterion } | Self::OutOfScale { criterion, .. } => {
                Some(criterion)
            }
            Self::Contested { field } | Self::Damaged { field } | Self::TooLong { field } => Some(field),
            Self::Attestation | Self::Round => None,
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { criterion } => write!(f, "{criterion}: neither a score nor N/A"),
            Self::Reason { criterion } => write!(f, "{criterion}: N/A needs a reason"),
            Self::OutOfScale { criterion, allowed } => write!(f, "{criterion}: a score is {allowed}"),
            Self::Contested { field } => write!(f, "{field}: two laptops differ; choose one"),
            Self::Damaged { field } => write!(f, "{field}: cannot be read; answer it again"),
            Self::TooLong { field } => write!(f, "{field}: at most {MAX_TEXT_BYTES} bytes"),
            Self::Attestation => f.write_str("the attestation is missing"),
            Self::Round => f.write_str("the programme has no such round"),
        }
    }
}

/// Makes the review that a draft becomes: revision 1, as submitted. Answers to criteria of other rounds stay in the
/// draft.
///
/// # Errors
/// Everything that is missing, in the order of the programme's criteria.
pub fn check_submission(
    programme: &Programme,
    round: &str,
    draft: &Read<Draft>,
    dossier: Sha256Bytes,
) -> Result<Review, Vec<Missing>> {
    let policy = Policy::of_round(programme, round).map_err(|_| vec![Missing::Round])?;
    let mut missing = Vec::new();
    let mut review = Review {
        revision: 1,
        overall: draft.value.overall.clone(),
        confidence: draft.value.confidence,
        attested: draft.value.attested,
        state: State::Submitted,
        definition: programme.definition_sha256(),
        dossier,
        ..Review::default()
    };
    for rule in &policy.criteria {
        let criterion = rule.key.clone();
        let at = format!("criteria/{criterion}/");
        let unreadable = unreadable(draft, |field| field.starts_with(&at));
        match draft.value.answers.get(&criterion) {
            _ if !unreadable.is_empty() => missing.extend(unreadable),
            None => missing.push(Missing::Answer { criterion: criterion.clone() }),
            Some(Answer::NotApplicable { reason }) if reason.trim().is_empty() => {
                missing.push(Missing::Reason { criterion: criterion.clone() });
            }
            Some(Answer::Score(score)) if !rule.range.allows(*score) => {
                let allowed = rule.range.in_words();
                missing.push(Missing::OutOfScale { criterion: criterion.clone(), allowed });
            }
            Some(answer) => {
                review.answers.insert(criterion.clone(), answer.clone());
            }
        }
        review
            .pins
            .extend(draft.value.pins.get_key_value(&criterion).map(|(key, pin)| (key.clone(), pin.clone())));
        if let Some(comment) = draft.value.comments.get(&criterion).filter(|c| !c.trim().is_empty()) {
            if comment.len() > MAX_TEXT_BYTES {
                missing.push(Missing::TooLong { field: format!("{at}comment") });
            }
            review.comments.insert(criterion, comment.clone());
        }
    }
    if review.overall.len() > MAX_TEXT_BYTES {
        missing.push(Missing::TooLong { field: "overall".to_owned() });
    }
    let attestation = unreadable(draft, |field| field == "confidence" || field == "attested");
    if !review.attested && attestation.iter().all(|one| one.place() != Some("attested")) {
        missing.push(Missing::Attestation);
    }
    missing.extend(attestation);
    if missing.is_empty() { Ok(review) } else { Err(missing) }
}

fn unreadable(draft: &Read<Draft>, is_here: impl Fn(&str) -> bool) -> Vec<Missing> {
    let contested = draft.conflicts.iter().map(|conflict| &conflict.field);
    let contested = contested.filter(|field| is_here(field)).map(|f| Missing::Contested { field: f.clone() });
    let damaged = draft.damaged.iter().map(|damage| &damage.field).filter(|field| is_here(field));
    let damaged = damaged.map(|field| Missing::Damaged { field: field.clone() });
    contested.chain(damaged).collect()
}
