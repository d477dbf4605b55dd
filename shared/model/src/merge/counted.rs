//! What of a review counts now, while questions about it are open. Never whichever came first.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tessera_defence::defended;

use crate::decimal::Decimal;
use crate::documents::{Answer, Declaration, Read, Review, Ruling, Source, State};
use crate::scores;

use super::facts::{AssignmentFact, Decided, ReviewFacts, Why};

/// A review that counts, and what everybody who looks at it should know.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// Answers by criterion; what is contested is left out.
    pub values: BTreeMap<String, Answer>,
    /// Comments by criterion, of the review that counts.
    pub comments: BTreeMap<String, String>,
    /// The comment on the whole.
    pub overall: String,
    /// How sure the reviewer is.
    pub confidence: Option<Decimal>,
    /// The revision.
    pub revision: u32,
    /// What is to be known.
    pub marks: BTreeSet<Mark>,
}

/// What is to be known of a review that counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// A criterion with two values: not answered.
    Contested(String),
    /// A criterion that cannot be read: not answered.
    Damaged(String),
    /// Two versions stand.
    TwoVersions,
    /// Of an older version of the dossier.
    OlderDossier,
    /// Made with an older definition.
    OlderRubric,
    /// Amended.
    Amended,
    /// Amended after others' reviews were read: agreement uses the first version.
    AfterReadingOthers,
    /// Taken down by somebody else, by this way where it is known.
    Recorded(Option<Source>),
    /// A later submission waits for a decision.
    LaterWaits,
    /// It counts because a coordinator decided so.
    Accepted,
    /// A device signed two packs under one number.
    Equivocation,
}

/// Why a review does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Absent {
    /// There is none.
    NotSubmitted,
    /// It lies outside the close and waits.
    AfterClose,
    /// It lies outside the cut of its author's removal and waits.
    AfterRemoval,
    /// Its author has a conflict of interest, stepped back, is unsure, or said two things.
    Recused,
    /// Its author was not to read, as far as is known.
    Unassigned,
    /// A coordinator set it aside.
    SetAside,
    /// Two coordinators decided differently.
    DecisionContradicts,
}

impl Absent {
    /// Returns the code for scripts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotSubmitted => "not-submitted",
            Self::AfterClose => "after-close",
            Self::AfterRemoval => "after-removal",
            Self::Recused => "recused",
            Self::Unassigned => "unassigned",
            Self::SetAside => "set-aside",
            Self::DecisionContradicts => "decision-contradicts",
        }
    }
}

/// Says what of a review counts.
///
/// # Errors
/// [`Absent`] with the reason why nothing does.
pub fn counted(facts: &ReviewFacts) -> Result<Counted, Absent> {
    let own = facts.counting.value.revision > 0;
    let recorded = facts.recorded.as_ref().filter(|recorded| recorded.value.review.revision > 0);
    if !own && recorded.is_none() {
        return Err(missing(facts));
    }
    match facts.decided {
        Decided::SetAside => return Err(Absent::SetAside),
        Decided::Both => return Err(Absent::DecisionContradicts),
        Decided::Not | Decided::Asked if is_recused(facts) => return Err(Absent::Recused),
        Decided::Not | Decided::Asked if is_unassigned(facts) => return Err(Absent::Unassigned),
        Decided::Not | Decided::Asked | Decided::Accept => {}
    }
    let mut marks = BTreeSet::new();
    let note = recorded.map(|recorded| recorded.clone().map(|recorded| recorded.review));
    let read = match (own, &note) {
        (true, Some(note)) => &agreeing(&facts.counting, note, &mut marks),
        (false, Some(note)) => note,
        (_, None) => &facts.counting,
    };
    if let (false, Some(recorded)) = (own, recorded) {
        marks.insert(Mark::Recorded(recorded.value.source));
    }
    mark(facts, read, &mut marks);
    let review = &read.value;
    Ok(Counted {
        values: review.answers.clone(),
        comments: review.comments.clone(),
        overall: review.overall.clone(),
        confidence: review.confidence,
        revision: review.revision,
        marks,
    })
}

fn missing(facts: &ReviewFacts) -> Absent {
    // Of several that wait the last to be decided names the reason, the same on every device.
    let waiting = facts.waiting.iter().map(|waiting| match (waiting.decided, waiting.why) {
        (Decided::SetAside, _) => Absent::SetAside,
        (Decided::Both, _) => Absent::DecisionContradicts,
        (_, Why::AfterClose { .. }) => Absent::AfterClose,
        (_, Why::AfterRemoval) => Absent::AfterRemoval,
    });
    let open = |absent: &Absent| *absent != Absent::SetAside;
    waiting.clone().filter(open).max().or_else(|| waiting.max()).unwrap_or(Absent::NotSubmitted)
}

/// Says whether the author has a conflict of interest as far as anybody knows: declared and not lifted, or contested.
pub(super) fn is_recused(facts: &ReviewFacts) -> bool {
    let declared = &facts.declaration;
    if declared.is_contested("declaration") || declared.damaged.iter().any(|d| d.field == "declaration") {
        return true;
    }
    match declared.value.declaration {
        None | Some(Declaration::None) => facts.clearance.value.ruling == Some(Ruling::Upheld),
        Some(Declaration::Recused) => true,
        Some(Declaration::Conflict | Declaration::Unsure) => !is_lifted(facts),
    }
}

/// Says whether coordinators lifted the conflict as it is declared now.
pub(super) fn is_lifted(facts: &ReviewFacts) -> bool {
    facts.clearance.value.ruling == Some(Ruling::Lifted) && is_ruled(facts)
}

/// Says whether coordinators ruled on the conflict as it is declared now.
pub(super) fn is_ruled(facts: &ReviewFacts) -> bool {
    let clearance = &facts.clearance.value;
    clearance.ruling.is_some() && clearance.declaration == Some(facts.declaration.value.fingerprint())
}

pub(super) fn is_unassigned(facts: &ReviewFacts) -> bool {
    match facts.assignment {
        AssignmentFact::Assigned | AssignmentFact::WithdrawnAfterReview => false,
        AssignmentFact::Withdrawn | AssignmentFact::Never | AssignmentFact::Contested => true,
    }
}

/// Keeps of an own and a recorded review what both say: a criterion with two values is not answered.
fn agreeing(own: &Read<Review>, note: &Read<Review>, marks: &mut BTreeSet<Mark>) -> Read<Review> {
    let mut read = own.clone();
    for criterion in differing(&own.value, &note.value) {
        read.value.answers.remove(&criterion);
        marks.insert(Mark::Contested(criterion));
    }
    read
}

/// Names the criteria that two reviews answer differently, the reasons of "not applicable" aside.
pub(super) fn differing(one: &Review, other: &Review) -> Vec<String> {
    let keys: BTreeSet<&String> = one.answers.keys().chain(other.answers.keys()).collect();
    let value = |review: &Review, key: &String| review.answers.get(key).map(Answer::score);
    keys.into_iter().filter(|key| value(one, key) != value(other, key)).cloned().collect()
}

fn mark(facts: &ReviewFacts, read: &Read<Review>, marks: &mut BTreeSet<Mark>) {
    let criterion = |field: &str| field.strip_prefix("answers/").map(str::to_owned);
    marks.extend(read.conflicts.iter().filter_map(|c| criterion(&c.field)).map(Mark::Contested));
    marks.extend(read.damaged.iter().filter_map(|d| criterion(&d.field)).map(Mark::Damaged));
    let states = [
        (has_two_versions(facts), Mark::TwoVersions),
        (is_older(&read.value.dossier, facts.dossier_now.as_ref()), Mark::OlderDossier),
        (is_older(&read.value.definition, facts.definition_now.as_ref()), Mark::OlderRubric),
        (facts.waiting.iter().any(|waiting| waiting.decided != Decided::SetAside), Mark::LaterWaits),
        (facts.decided == Decided::Accept, Mark::Accepted),
        (facts.equivocation, Mark::Equivocation),
    ];
    marks.extend(states.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)));
    if let State::Amended { after_reading_others, .. } = read.value.state {
        marks.insert(Mark::Amended);
        if after_reading_others {
            marks.insert(Mark::AfterReadingOthers);
        }
    }
}

/// Says whether a review names another version than the present one, where that is known.
pub(super) fn is_older(written: &[u8; 32], now: Option<&[u8; 32]>) -> bool {
    now.is_some_and(|now| now != written)
}

/// Says whether versions stand that differ in more than comments: that is a question; comments stand beside one another.
#[must_use]
pub fn has_two_versions(facts: &ReviewFacts) -> bool {
    let mut versions = facts.versions.iter().map(|version| without_comments(&version.review));
    let Some(first) = versions.next() else { return false };
    defended!(I16) && versions.any(|version| version != first)
}

/// What of a review is not a comment, nor how it was submitted.
fn without_comments(review: &Review) -> Review {
    Review {
        comments: BTreeMap::new(),
        pins: BTreeMap::new(),
        overall: String::new(),
        revision: 0,
        state: State::Submitted,
        ..review.clone()
    }
}

impl Counted {
    /// Gives what arithmetic needs of it.
    #[must_use]
    pub fn scored(&self) -> Scored {
        let scores = self.values.iter().filter_map(|(key, answer)| Some((key.clone(), answer.score()?)));
        Scored { revision: self.revision, confidence: self.confidence, scores: scores.collect() }
    }
}

/// The figures of a review that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The revision.
    pub revision: u32,
    /// How sure the reviewer is.
    pub confidence: Option<Decimal>,
    /// Scores by criterion; what does not apply, or is contested, is left out.
    pub scores: BTreeMap<String, Decimal>,
}

impl Scored {
    /// Gives the row of the score file; names are the caller's.
    #[must_use]
    pub fn to_scores(
        &self,
        application: &str,
        reviewer: &str,
        round: &str,
        criteria: &[String],
    ) -> scores::Review {
        scores::Review {
            application: application.to_owned(),
            reviewer: reviewer.to_owned(),
            round: round.to_owned(),
            revision: self.revision,
            confidence: self.confidence,
            scores: criteria.iter().map(|key| self.scores.get(key).copied()).collect(),
        }
    }
}
