//! What a coordinator's device knows of one application, gathered for judging. Not how it came to know it.

use std::collections::{BTreeMap, BTreeSet};

use super::counted::differing;
use crate::crdt::Readable;
use crate::documents::manifest::Manifest;
use crate::documents::{
    Clearance, Conflict, Duplicate, Eligibility, FieldConflict, Id, Kind, Moderation, Read, Record, Recorded,
    Review, Sha256Bytes, Subject, Submitted,
};
use crate::guard::ChangeHash;
use crate::programme::Programme;
use crate::programme::form::AttachmentKind;

/// What coordinators decided on an item as it now is; a decision on an earlier state of it is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decided {
    /// Nothing yet.
    #[default]
    Not,
    /// The author was asked and has not answered.
    Asked,
    /// It counts.
    Accept,
    /// It does not count.
    SetAside,
    /// Two coordinators decided differently: it does not count, and a person settles it.
    Both,
}

/// Why a submission does not count by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It lies outside the close of its round.
    AfterClose {
        /// Whether a receipt or a witness shows that it existed before.
        held_before: bool,
    },
    /// It lies outside the cut of its author's removal.
    AfterRemoval,
}

/// A submission that waits: it is in no document that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// What was submitted, as far as it can be shown.
    pub submitted: Submitted,
    /// Why it waits.
    pub why: Why,
    /// What was decided; what is accepted counts and is no longer listed here.
    pub decided: Decided,
}

/// Whether a reviewer was to read an application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssignmentFact {
    /// Assigned, or nobody keeps assignments.
    #[default]
    Assigned,
    /// Taken back by somebody whose device had the review already: it stays.
    WithdrawnAfterReview,
    /// Taken back by somebody who had not seen the review.
    Withdrawn,
    /// Never assigned.
    Never,
    /// Two coordinators contradict one another.
    Contested,
}

/// What is known of one reviewer's review of an application in a round.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewFacts {
    /// The reviewer.
    pub reviewer: Id,
    /// The round.
    pub round: Id,
    /// What the changes that count say.
    pub counting: Read<Review>,
    /// The versions that stand in them: several where they were submitted apart.
    pub versions: Vec<Submitted>,
    /// Submissions that do not count yet.
    pub waiting: Vec<Waiting>,
    /// What somebody else took down.
    pub recorded: Option<Read<Recorded>>,
    /// What the reviewer declared about the application.
    pub declaration: Read<Conflict>,
    /// What coordinators made of it.
    pub clearance: Read<Clearance>,
    /// Whether the reviewer was to read it.
    pub assignment: AssignmentFact,
    /// The hash of the programme's present definition; none where it is contested or not here.
    pub definition_now: Option<Sha256Bytes>,
    /// The present version of the dossier; none where it is not here.
    pub dossier_now: Option<Sha256Bytes>,
    /// Whether two chains of one device, of different starts, were seen.
    pub copied_laptop: bool,
    /// Whether one device signed two packs of one start and number.
    pub equivocation: bool,
    /// What coordinators decided on the review as it now is.
    pub decided: Decided,
}

/// Reads nothing at all, as of a document that does not exist.
fn nothing<T: Record + Default>() -> Read<T> {
    Read::clean(T::default())
}

impl ReviewFacts {
    /// Gathers what the document of the changes that count says; everything else is unremarkable until it is set.
    #[must_use]
    pub fn new(reviewer: Id, round: Id, counting: Option<&dyn Readable>) -> Self {
        Self {
            reviewer,
            round,
            counting: counting.map_or_else(nothing, Review::read),
            versions: counting.map(Review::versions).unwrap_or_default(),
            waiting: Vec::new(),
            recorded: None,
            declaration: nothing(),
            clearance: nothing(),
            assignment: AssignmentFact::Assigned,
            definition_now: None,
            dossier_now: None,
            copied_laptop: false,
            equivocation: false,
            decided: Decided::Not,
        }
    }

    /// Takes versions that no document holds together, as one device gave them one number: each is the document with
    /// one of them. They stand side by side, and what all of them answer alike counts.
    #[must_use]
    pub fn beside<'a>(mut self, sides: impl Iterator<Item = &'a dyn Readable>) -> Self {
        self.versions = Vec::new();
        let mut agreed: Option<Read<Review>> = None;
        for side in sides {
            for version in Review::versions(side) {
                if !self.versions.iter().any(|known| known.change == version.change) {
                    self.versions.push(version);
                }
            }
            let read = Review::read(side);
            agreed = Some(match agreed {
                None => read,
                Some(agreed) => both(agreed, &read),
            });
        }
        self.counting = agreed.unwrap_or(self.counting);
        self
    }
}

/// What two versions say; a criterion that they answer differently is contested and not answered.
fn both(mut one: Read<Review>, other: &Read<Review>) -> Read<Review> {
    let mut contested: BTreeSet<String> = differing(&one.value, &other.value)
        .into_iter()
        .map(|criterion| format!("answers/{criterion}"))
        .collect();
    one.value.answers.retain(|criterion, _| !contested.contains(&format!("answers/{criterion}")));
    if one.value.confidence != other.value.confidence {
        one.value.confidence = None;
    }
    let known = other.conflicts.iter().chain(&one.conflicts).map(|conflict| conflict.field.clone());
    contested.extend(known);
    one.conflicts.extend(other.conflicts.iter().cloned());
    for field in contested {
        if !one.conflicts.iter().any(|conflict| conflict.field == field) {
            one.conflicts.push(FieldConflict { field, values: Vec::new() });
        }
    }
    one.damaged.extend(other.damaged.iter().cloned());
    one
}

/// A document of which only its fields matter here: contested, damaged or changed apart.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentFacts {
    /// Its kind.
    pub kind: Kind,
    /// What it is about.
    pub subject: Subject,
    /// What was found when it was read.
    pub read: Read<()>,
    /// Whether changes that knew nothing of one another meet in it ([`changed_apart`]).
    pub changed_apart: bool,
}

impl DocumentFacts {
    /// Gathers the facts of a document.
    #[must_use]
    pub fn new<T: Record>(subject: Subject, document: &dyn Readable) -> Self {
        let read = T::read(document).map(drop);
        Self { kind: T::KIND, subject, read, changed_apart: changed_apart(document) }
    }
}

/// Says whether a document's newest changes know nothing of one another; the next change brings them together.
#[must_use]
pub fn changed_apart(document: &dyn Readable) -> bool {
    document.heads().len() > 1
}

/// A letter and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Letter {
    /// The slot it was handed in for.
    pub slot: String,
    /// SHA-256 of its contents.
    pub contents: Sha256Bytes,
    /// Who wrote it, as the manifest says.
    pub referee: String,
}

/// Lists the letters of the coordinators' manifest whose referee is known; light copies are no letters of their own.
#[must_use]
pub fn letters(programme: &Programme, manifest: &Manifest) -> Vec<Letter> {
    let is_letter = |slot: &str| {
        let asked = programme.attachments.iter().find(|asked| asked.key.as_str() == slot);
        asked.is_some_and(|asked| asked.kind == AttachmentKind::Letter)
    };
    let letters = manifest.files.iter().filter(|((slot, _), file)| is_letter(slot) && !file.light);
    letters
        .filter_map(|((slot, contents), file)| {
            let referee = file.referee.clone()?;
            Some(Letter { slot: slot.clone(), contents: *contents, referee })
        })
        .collect()
}

/// A pair of coordinators' decisions on something that is no review: both sides, by change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contradiction {
    /// The item, such as a pack's hash.
    pub item: ChangeHash,
    /// What each side decided and why, in the coordinators' words.
    pub sides: Vec<String>,
}

/// Everything that is known of one application.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Case {
    /// The application.
    pub application: Id,
    /// Its reviews.
    pub reviews: Vec<ReviewFacts>,
    /// The verdicts on its conditions.
    pub eligibility: Option<Read<Eligibility>>,
    /// Verdicts on whether it is another application too, by that one's id.
    pub duplicates: BTreeMap<Id, Read<Duplicate>>,
    /// Moderation by round.
    pub moderation: BTreeMap<Id, Read<Moderation>>,
    /// Its other documents: identity, dossiers, manifests, cards, assignments, withdrawal.
    pub documents: Vec<DocumentFacts>,
    /// Its letters, from the coordinators' manifest ([`letters`]).
    pub letters: Vec<Letter>,
    /// Contradictory decisions on its queued work, those on [`ReviewFacts`] left out.
    pub contradictions: Vec<Contradiction>,
}
