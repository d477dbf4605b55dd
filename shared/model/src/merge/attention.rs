//! The list of what a person should see of one application. Not the decision, and not what counts meanwhile
//! ([`super::counted`]).

use std::collections::BTreeMap;

use crate::crdt::{Attributed, Value};
use crate::documents::{Declaration, FieldConflict, Id, Kind, Read, Review, Ruling, Subject};
use crate::guard::{ActorBytes, ChangeHash};

use super::counted::{differing, has_two_versions, is_lifted, is_older, is_recused, is_ruled, is_unassigned};
use super::facts::{AssignmentFact, Case, Decided, DocumentFacts, Letter, ReviewFacts, Waiting, Why};
use super::{Act, Class, Code};

/// One thing that a person should see.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// What is the matter.
    pub code: Code,
    /// The document that it is about: kind and subject.
    pub about: (Kind, Subject),
    /// The reviewer, where it is about a review.
    pub reviewer: Option<Id>,
    /// The field, the criterion, the quota or the referee, where it is about one; comma-separated where about several.
    pub place: String,
    /// Both sides, or all of them, in the same order on every device.
    pub sides: Vec<Side>,
    /// What is recommended.
    pub act: Act,
    /// Why that.
    pub reason: &'static str,
    /// Whether the author was asked already.
    pub asked: bool,
}

/// One side of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Who says it, where one change does.
    pub actor: Option<ActorBytes>,
    /// The change that says it.
    pub change: Option<ChangeHash>,
    /// What it says, shortened.
    pub says: String,
}

/// Longest text of a side, in characters.
const SAYS_CHARS: usize = 200;

impl Side {
    fn saying(says: &str) -> Self {
        Self { actor: None, change: None, says: shortened(says) }
    }
}

impl Attention {
    /// Makes an entry with what is recommended for its code.
    #[must_use]
    pub fn new(code: Code, about: (Kind, Subject)) -> Self {
        let (act, reason) = code.recommended();
        let place = String::new();
        Self { code, about, reviewer: None, place, sides: Vec::new(), act, reason, asked: false }
    }

    fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    fn of(mut self, facts: &ReviewFacts) -> Self {
        self.reviewer = Some(facts.reviewer);
        self.asked = facts.decided == Decided::Asked;
        self
    }

    fn between(mut self, sides: impl IntoIterator<Item = Side>) -> Self {
        self.sides = sides.into_iter().collect();
        self
    }

    fn recommending(mut self, act: Act, reason: &'static str) -> Self {
        self.act = act;
        self.reason = reason;
        self
    }

    /// Returns the class.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.code.class()
    }
}

/// Lists what a person should see of an application: what must be decided first, then notices, then what is free.
///
/// What was decided is left out: an accepted or set-aside item is no question any more.
#[must_use]
pub fn attention(case: &Case) -> Vec<Attention> {
    let mut list = Vec::new();
    for facts in &case.reviews {
        of_review(case.application, facts, &mut list);
    }
    if let Some(read) = &case.eligibility {
        let about = (Kind::Eligibility, Subject::Application(case.application));
        verdicts(Code::EligibilityContradicts, about, read, |_| false, &mut list);
    }
    for (other, read) in &case.duplicates {
        let about = (Kind::Duplicate, Subject::pair(case.application, *other));
        verdicts(Code::DuplicateContradicts, about, read, |_| false, &mut list);
    }
    for (round, read) in &case.moderation {
        let about = (Kind::Moderation, Subject::Reading(case.application, *round));
        // A verdict and the scores that it is on are one matter.
        verdicts(Code::ModerationContradicts, about, read, |field| field == "seen", &mut list);
    }
    for facts in &case.documents {
        of_document(facts, &mut list);
    }
    same_referees(case, &mut list);
    for contradiction in &case.contradictions {
        let about = (Kind::Identity, Subject::Application(case.application));
        let sides = contradiction.sides.iter().map(|side| Side::saying(side));
        let hex: String = contradiction.item.iter().map(|byte| format!("{byte:02x}")).collect();
        list.push(Attention::new(Code::DecisionContradicts, about).at(hex).between(sides));
    }
    sort(&mut list);
    list
}

/// Puts a list into the order of screens: the same for the same facts, however they are ordered.
pub(super) fn sort(list: &mut Vec<Attention>) {
    // By what an entry is and says; two that are equal in all this are one.
    list.sort_by_cached_key(|one| {
        let sides: Vec<_> =
            one.sides.iter().map(|side| (side.says.clone(), side.change, side.actor)).collect();
        (std::cmp::Reverse(one.class()), one.code, one.about, one.reviewer, one.place.clone(), sides)
    });
    list.dedup();
}

fn of_review(application: Id, facts: &ReviewFacts, list: &mut Vec<Attention>) {
    let about = (Kind::Review, Subject::Reading(application, facts.round));
    let new = |code| Attention::new(code, about).of(facts);
    declarations(application, facts, list);
    if facts.copied_laptop {
        list.push(new(Code::CopiedLaptop));
    }
    if facts.equivocation && facts.decided != Decided::Accept {
        list.push(new(Code::Equivocation));
    }
    if facts.decided == Decided::Both {
        list.push(new(Code::DecisionContradicts));
    }
    for waiting in &facts.waiting {
        list.extend(of_waiting(new(Code::ReviewAfterClose), waiting));
    }
    let own = facts.counting.value.revision > 0;
    let recorded = facts.recorded.as_ref().filter(|recorded| recorded.value.review.revision > 0);
    if let Some(read) = &facts.recorded {
        let about = (Kind::Recorded, Subject::ReadingOf(application, facts.round, facts.reviewer));
        let read = read.clone().map(drop);
        fields(about, &read, |_| false, |one| list.push(one.of(facts)));
    }
    if facts.decided == Decided::SetAside || !(own || recorded.is_some()) {
        return;
    }
    let open = matches!(facts.decided, Decided::Not | Decided::Asked);
    if open {
        // Whoever stepped back is assigned no more: one question, not two.
        if is_recused(facts) {
            let declaration = facts.declaration.value.declaration.map_or("", Declaration::as_str);
            list.push(new(Code::ReviewAfterRecusal).between([Side::saying(declaration)]));
        } else if is_unassigned(facts) {
            list.push(new(Code::ReviewAfterUnassignment));
        }
        let read = match recorded {
            Some(recorded) if !own => &recorded.value.review,
            _ => &facts.counting.value,
        };
        if is_older(&read.dossier, facts.dossier_now.as_ref()) {
            list.push(new(Code::OlderDossier));
        }
        if is_older(&read.definition, facts.definition_now.as_ref()) {
            list.push(new(Code::OlderRubric));
        }
    }
    if let (true, Some(recorded)) = (own, recorded) {
        let differing = differing(&facts.counting.value, &recorded.value.review);
        if !differing.is_empty() {
            let sides = [&facts.counting.value, &recorded.value.review]
                .map(|review| Side::saying(&summary(review, &differing)));
            list.push(new(Code::RecordedBesideOwn).at(differing.join(",")).between(sides));
        }
    }
    own_fields(about, facts, list);
}

/// Sees the fields of a submitted review: two versions are one question, whatever number of fields they differ in.
fn own_fields(about: (Kind, Subject), facts: &ReviewFacts, list: &mut Vec<Attention>) {
    let two = has_two_versions(facts);
    if two {
        let first = &facts.versions[0].review;
        let mut places: Vec<String> =
            facts.versions.iter().flat_map(|version| differing(first, &version.review)).collect();
        places.sort_unstable();
        places.dedup();
        let sides = facts.versions.iter().map(|version| Side {
            actor: Some(version.actor),
            change: Some(version.change),
            says: shortened(&summary(&version.review, &places)),
        });
        list.push(Attention::new(Code::TwoVersions, about).of(facts).at(places.join(",")).between(sides));
    }
    // Part of the question above, or no question at all.
    let is_part = |field: &str| field == "version" || (two && !is_comment(field));
    let read = facts.counting.clone().map(drop);
    fields(about, &read, is_part, |one| list.push(one.of(facts)));
}

fn declarations(application: Id, facts: &ReviewFacts, list: &mut Vec<Attention>) {
    let about = (Kind::Conflict, Subject::Application(application));
    let read = facts.declaration.clone().map(drop);
    fields(about, &read, |_| false, |one| list.push(one.of(facts)));
    let ruled = (Kind::Clearance, Subject::ApplicationAndMember(application, facts.reviewer));
    let read = facts.clearance.clone().map(drop);
    // A ruling and the declaration that it is on are one matter.
    fields(ruled, &read, |field| field == "declaration", |one| list.push(one.of(facts)));
    let says = [Side::saying(&facts.declaration.value.note)];
    let lifted_once = facts.clearance.value.ruling == Some(Ruling::Lifted);
    match facts.declaration.value.declaration {
        Some(Declaration::Conflict | Declaration::Unsure) if lifted_once && !is_lifted(facts) => {
            list.push(Attention::new(Code::ConflictAfterLift, about).of(facts).between(says));
        }
        Some(Declaration::Unsure) if facts.clearance.value.ruling.is_none() => {
            list.push(Attention::new(Code::ConflictUnsure, about).of(facts).between(says));
        }
        // Once a review is there, the question is whether it counts.
        Some(Declaration::Conflict | Declaration::Recused)
            if facts.assignment == AssignmentFact::Assigned
                && facts.counting.value.revision == 0
                && facts.waiting.is_empty()
                && !is_ruled(facts) =>
        {
            let back = facts.declaration.value.is_handed_back();
            let code = if back { Code::HandedBack } else { Code::ConflictDeclared };
            list.push(Attention::new(code, about).of(facts).between(says));
        }
        _ => {}
    }
}

fn of_waiting(new: Attention, waiting: &Waiting) -> Option<Attention> {
    let submitted = &waiting.submitted;
    let criteria: Vec<String> = submitted.review.answers.keys().cloned().collect();
    let side = Side {
        actor: Some(submitted.actor),
        change: Some(submitted.change),
        says: shortened(&summary(&submitted.review, &criteria)),
    };
    let mut one = new.between([side]);
    one.asked = waiting.decided == Decided::Asked;
    let coded = |mut one: Attention, code: Code| {
        one.code = code;
        let (act, reason) = code.recommended();
        one.recommending(act, reason)
    };
    match (waiting.decided, waiting.why) {
        (Decided::SetAside | Decided::Accept, _) => None,
        (Decided::Both, _) => Some(coded(one, Code::DecisionContradicts)),
        (_, Why::AfterRemoval) => Some(coded(one, Code::ReviewAfterRemoval)),
        (_, Why::AfterClose { held_before: true }) => {
            Some(one.recommending(Act::Accept, "evidence shows that it existed before the close"))
        }
        (_, Why::AfterClose { held_before: false }) => Some(one),
    }
}

fn of_document(facts: &DocumentFacts, list: &mut Vec<Attention>) {
    let about = (facts.kind, facts.subject);
    let before = list.len();
    fields(about, &facts.read, |_| false, |one| list.push(one));
    if facts.changed_apart && list.len() == before {
        list.push(Attention::new(Code::DifferentFields, about));
    }
}

/// Sees a record of verdicts: contested verdicts are contradictions, contested words beside them are comments.
fn verdicts<T: Clone>(
    code: Code,
    about: (Kind, Subject),
    read: &Read<T>,
    is_part: impl Fn(&str) -> bool,
    list: &mut Vec<Attention>,
) {
    let read = read.clone().map(drop);
    fields(about, &read, is_part, |mut one| {
        if one.code == Code::FieldContested {
            one.code = code;
            (one.act, one.reason) = code.recommended();
        }
        list.push(one);
    });
}

/// Says whether a field holds words that do not decide anything.
fn is_comment(field: &str) -> bool {
    let name = field.split('/').next().unwrap_or_default();
    matches!(name, "comments" | "overall" | "reason" | "reasons" | "note" | "evidence" | "exception-reason")
}

/// Sees every contested and damaged field that is not part of another question.
fn fields(
    about: (Kind, Subject),
    read: &Read<()>,
    is_part: impl Fn(&str) -> bool,
    mut push: impl FnMut(Attention),
) {
    for FieldConflict { field, values } in &read.conflicts {
        if is_part(field) {
            continue;
        }
        let code = if is_comment(field) { Code::CommentsDiffer } else { Code::FieldContested };
        push(Attention::new(code, about).at(field).between(values.iter().map(side)));
    }
    for damage in &read.damaged {
        let sides = [Side::saying(damage.problem)];
        push(Attention::new(Code::FieldDamaged, about).at(&damage.field).between(sides));
    }
}

fn side(put: &Attributed) -> Side {
    let says = match &put.value {
        Value::Null => "not applicable".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) | Value::Timestamp(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Str(value) => shortened(value),
        Value::Bytes(value) => value.iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
    };
    Side { actor: Some(put.actor), change: Some(put.change), says }
}

/// Says what a review answers to some criteria.
fn summary(review: &Review, criteria: &[String]) -> String {
    let one = |key: &String| {
        let answer = review.answers.get(key);
        let says =
            answer.map_or_else(|| "-".to_owned(), |a| a.score().map_or("N/A".to_owned(), |s| s.to_string()));
        format!("{key} {says}")
    };
    criteria.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SAYS_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn same_referees(case: &Case, list: &mut Vec<Attention>) {
    let mut by_referee: BTreeMap<String, Vec<&Letter>> = BTreeMap::new();
    for letter in &case.letters {
        let name = letter.referee.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let letters = by_referee.entry(name).or_default();
        if !letters.iter().any(|other| other.contents == letter.contents) {
            letters.push(letter);
        }
    }
    for (referee, mut letters) in by_referee {
        letters.sort();
        if letters.len() > 1 && !referee.is_empty() {
            let about = (Kind::Manifest, Subject::Application(case.application));
            let sides = letters.iter().map(|letter| Side::saying(&letter.slot));
            list.push(Attention::new(Code::SameReferee, about).at(referee).between(sides));
        }
    }
}
