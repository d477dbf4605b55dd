//! What merging leaves to people: which differences are free, which are worth a notice, and which a person must decide;
//! and what counts while it waits. Not the merging itself, which the documents do, and not where decisions are kept.
//!
//! Everything here is a pure function of [`facts`]: of what is known, never of the order in which it arrived. Every
//! device that knows the same gives the same list and counts the same.
//!
//! | class | what |
//! |---|---|
//! | free | the same again, in any order, identical values, comments |
//! | notice | different fields of one document changed apart; a copied laptop |
//! | person | every other [`Code`] |
//!
//! While it waits: late or quarantined is absent, a field with two values is not answered, an older dossier or rubric
//! counts as written and is marked.

pub mod attention;
pub mod counted;
pub mod facts;
pub mod seats;

#[cfg(test)]
mod tests;

pub use attention::{Attention, Side, attention};
pub use counted::{Absent, Counted, Mark, Scored, counted, has_two_versions};
pub use facts::{AssignmentFact, Case, Decided, DocumentFacts, Letter, ReviewFacts, Waiting, Why, letters};
pub use seats::{Seated, seats_attention};

use crate::documents::words;

words! {
    /// How much a difference matters.
    Class {
        /// Nobody has to look.
        Free = "free",
        /// Worth a line.
        Notice = "notice",
        /// A person decides.
        Person = "person",
    }
}

words! {
    /// What is the matter, for scripts and screens. The order is that of the list: what touches the result first.
    Code {
        /// One device signed two packs of one number: proof that somebody holds its key, or tampers.
        Equivocation = "equivocation",
        /// Two submitted versions of one review.
        TwoVersions = "two-versions",
        /// A review was recorded for somebody who submitted another one.
        RecordedBesideOwn = "recorded-beside-own",
        /// The same field was changed twice since a common ancestor.
        FieldContested = "field-contested",
        /// A field holds what this version cannot read.
        FieldDamaged = "field-damaged",
        /// A review whose author has a conflict of interest, or stepped back.
        ReviewAfterRecusal = "review-after-recusal",
        /// A review whose assignment was taken back, or never was.
        ReviewAfterUnassignment = "review-after-unassignment",
        /// A review outside the close of its round.
        ReviewAfterClose = "review-after-close",
        /// A review outside the cut of its author's removal.
        ReviewAfterRemoval = "review-after-removal",
        /// A review of an older version of the dossier.
        OlderDossier = "older-dossier",
        /// A review made with an older definition.
        OlderRubric = "older-rubric",
        /// A conflict of interest was lifted and newly declared.
        ConflictAfterLift = "conflict-after-lift",
        /// Somebody is unsure about a conflict of interest.
        ConflictUnsure = "conflict-unsure",
        /// Somebody who is to read declared a conflict of interest, or stepped back.
        ConflictDeclared = "conflict-declared",
        /// Somebody who is to read hands the application back, without any conflict of interest.
        HandedBack = "handed-back",
        /// Contradictory verdicts on a condition or on the exception.
        EligibilityContradicts = "eligibility-contradicts",
        /// Contradictory verdicts on whether two applications are one, or on which counts.
        DuplicateContradicts = "duplicate-contradicts",
        /// Contradictory moderation.
        ModerationContradicts = "moderation-contradicts",
        /// Contradictory decisions on one queued item.
        DecisionContradicts = "decision-contradicts",
        /// Two letters from one referee.
        SameReferee = "same-referee",
        /// More are selected than there are seats.
        SeatsExceeded = "seats-exceeded",
        /// More are selected than a quota allows.
        QuotaExceeded = "quota-exceeded",
        /// A laptop was copied or restored; both copies' work is taken.
        CopiedLaptop = "copied-laptop",
        /// Different fields of one document were changed apart.
        DifferentFields = "different-fields",
        /// Comments differ; both are shown.
        CommentsDiffer = "comments-differ",
    }
}

words! {
    /// What is recommended.
    Act {
        /// Let it count as it is.
        Accept = "accept",
        /// Do not let it count.
        SetAside = "set-aside",
        /// Ask the author.
        Ask = "ask",
        /// Choose one side and write it.
        Choose = "choose",
        /// Rule on the conflict of interest.
        Rule = "rule",
        /// Enrol one of the two laptops again.
        EnrolAgain = "enrol-again",
        /// Look at the proof and decide whether to suspend.
        Investigate = "investigate",
        /// Nothing.
        Nothing = "nothing",
    }
}

impl Code {
    /// Returns the class.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::CommentsDiffer => Class::Free,
            Self::CopiedLaptop | Self::DifferentFields => Class::Notice,
            _ => Class::Person,
        }
    }

    /// Returns one sentence for people, in English.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Equivocation => "One device signed two different packs under one number.",
            Self::TwoVersions => "Two versions of this review were submitted from two devices.",
            Self::RecordedBesideOwn => {
                "A review was taken down for a reviewer who also submitted another one."
            }
            Self::FieldContested => "The same field was changed in two ways.",
            Self::FieldDamaged => "A field cannot be read by this version.",
            Self::ReviewAfterRecusal => "The reviewer declared a conflict of interest or stepped back.",
            Self::ReviewAfterUnassignment => "The reviewer is not assigned to this application.",
            Self::ReviewAfterClose => "The review came after the round was closed.",
            Self::ReviewAfterRemoval => "The review came after its author was removed.",
            Self::OlderDossier => "The dossier has changed since it was read.",
            Self::OlderRubric => "The programme was amended since the review was made.",
            Self::ConflictAfterLift => "A conflict of interest was declared anew after it had been lifted.",
            Self::ConflictUnsure => "The reviewer is unsure about a conflict of interest.",
            Self::ConflictDeclared => "A reader declared a conflict of interest and will not read.",
            Self::HandedBack => "A reader hands this application back and will not read it.",
            Self::EligibilityContradicts => "Two coordinators judged a condition differently.",
            Self::DuplicateContradicts => "Two coordinators disagree on whether two applications are one.",
            Self::ModerationContradicts => "Two coordinators moderated this application differently.",
            Self::DecisionContradicts => "Two coordinators decided differently on one item.",
            Self::SameReferee => "Two letters come from one referee.",
            Self::SeatsExceeded => "More are selected than there are seats.",
            Self::QuotaExceeded => "More are selected than a quota allows.",
            Self::CopiedLaptop => "A laptop was copied or restored from a backup.",
            Self::DifferentFields => "Different fields were changed apart and are now together.",
            Self::CommentsDiffer => "Comments differ; both are shown.",
        }
    }

    /// Returns the act that is recommended unless the facts say otherwise, and why.
    #[must_use]
    pub const fn recommended(self) -> (Act, &'static str) {
        match self {
            Self::Equivocation => (Act::Investigate, "an honest device never does this"),
            Self::TwoVersions => (Act::Ask, "only the reviewer knows which one was meant"),
            Self::RecordedBesideOwn => {
                (Act::Choose, "the reviewer's own hand usually outweighs a note of it")
            }
            Self::FieldContested => (Act::Choose, "until then the field is not answered"),
            Self::FieldDamaged => (Act::Ask, "a newer version may have written it"),
            Self::ReviewAfterRecusal => (Act::SetAside, "who has a conflict of interest does not decide"),
            Self::ReviewAfterUnassignment => (Act::Accept, "the work was done before the news arrived"),
            Self::ReviewAfterClose => (Act::Ask, "no evidence shows that it existed before the close"),
            Self::ReviewAfterRemoval => {
                (Act::SetAside, "whoever holds the removed device may have written it")
            }
            Self::OlderDossier => (Act::Ask, "what changed may matter for a score"),
            Self::OlderRubric => (Act::Accept, "the scores mean what they meant when they were given"),
            Self::ConflictAfterLift => (Act::Rule, "the ruling was on an earlier declaration"),
            Self::ConflictUnsure => (Act::Rule, "the reviewer waits for it"),
            Self::ConflictDeclared | Self::HandedBack => {
                (Act::SetAside, "the assignment is taken back then, and somebody else can be assigned")
            }
            Self::EligibilityContradicts => (Act::Choose, "until then the condition has no verdict"),
            Self::DuplicateContradicts => (Act::Choose, "until then both applications count"),
            Self::ModerationContradicts => (Act::Choose, "until then there is no verdict"),
            Self::DecisionContradicts => (Act::Choose, "until then the item does not count"),
            Self::SameReferee => (Act::Ask, "the programme asks for different referees"),
            Self::SeatsExceeded => (Act::Choose, "a seat can be given once"),
            Self::QuotaExceeded => (Act::Choose, "the programme sets the limit"),
            Self::CopiedLaptop => (Act::EnrolAgain, "two devices with one key cannot be told apart"),
            Self::DifferentFields | Self::CommentsDiffer => (Act::Nothing, "nothing is lost"),
        }
    }
}
