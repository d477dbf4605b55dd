//! Assigning by a table: pairs are checked, staged on this device alone, and published together. Staging twice is
//! staging once; what is assigned already is passed over. What stands in the way is a [`Bar`], and each says whether
//! a person may override it.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::{
    Assignment, AssignmentState, Conflict, Dossier, Identity, Kind, Outcome, Person, Subject,
};
use tessera_model::programme::Programme;
use tessera_model::programme::calendar::Round;
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};
use tessera_protocol::permission::Standing;
use tessera_protocol::wire;
use tessera_vault::ids::Audience;
use tessera_vault::items::REASON_BYTES;
use tessera_vault::text::Text;

use crate::eligibility::Judged;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::round;
use crate::records::{all, put};
use crate::store::Table;

/// An application, its reader and the round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Who reads.
    pub member: MemberId,
    /// What is read.
    pub application: ApplicationId,
    /// In which round.
    pub round: RoundId,
}

impl Pair {
    fn key(&self) -> Vec<u8> {
        [STAGED, &self.member.0, &self.application.0, &self.round.0].concat()
    }
}

const STAGED: &[u8] = b"staged-";

/// What waits to be published. Key `staged-` member application round in settings.
struct StagedRecord {
    pair: Pair,
    take_back: bool,
    place: u32,
    reason: Text<REASON_BYTES>,
}
wire!(Pair { member, application, round });
wire!(StagedRecord { pair, take_back, place, reason });

/// An assignment that waits to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// Who reads what.
    pub pair: Pair,
    /// True where it is to be taken back.
    pub take_back: bool,
    /// Its place in the reader's pile, from 1.
    pub place: u32,
    /// Why, where it was made against advice or is taken back.
    pub reason: String,
}

/// What stands in the way of an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bar {
    /// The applicant withdrew.
    Withdrawn,
    /// A condition is not met.
    NotEligible(Vec<String>),
    /// The reader declared a conflict of interest, is unsure, or handed the application back.
    Declared(Conflict),
    /// The reader has a standing conflict with something that the application says.
    StandingConflict(Conflict),
    /// Nobody checked the words of this member on this device.
    Unchecked,
    /// The member is suspended or was removed.
    NotActive,
}

/// The code of a declaration that stands in the way.
pub(crate) fn declared_code(conflict: &Conflict) -> &'static str {
    if conflict.is_handed_back() { "handed-back" } else { "conflict-declared" }
}

impl Bar {
    /// Returns the code that scripts see.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Withdrawn => "application-withdrawn",
            Self::NotEligible(_) => "not-eligible",
            Self::Declared(conflict) => declared_code(conflict),
            Self::StandingConflict(_) => "conflict-standing",
            Self::Unchecked => "reviewer-not-checked",
            Self::NotActive => "reviewer-not-active",
        }
    }

    /// Says whether a person may override it with a reason.
    #[must_use]
    pub fn yields_to_a_reason(&self) -> bool {
        matches!(self, Self::NotEligible(_))
    }
}

/// What was made of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Staging {
    /// It waits to be published.
    Staged,
    /// It is assigned already, or waits already; taken back: it is not assigned.
    Already,
    /// Something stands in the way.
    Barred(Bar),
}

/// What publishing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    /// Assignments made.
    pub assigned: usize,
    /// Assignments taken back.
    pub taken_back: usize,
    /// Pairs in whose way something stands by now; they stay staged.
    pub barred: usize,
}

impl Acts<'_> {
    /// The assignments that are here: on a coordinator's device all.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn assignments(&mut self) -> Result<BTreeMap<Pair, Assignment>, EngineError> {
        self.assignments_where(|_| true)
    }

    /// As [`Acts::assignments`], of one application.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn assignments_of(
        &mut self,
        application: ApplicationId,
    ) -> Result<BTreeMap<Pair, Assignment>, EngineError> {
        self.assignments_where(|of| of == application)
    }

    fn assignments_where(
        &mut self,
        wanted: impl Fn(ApplicationId) -> bool,
    ) -> Result<BTreeMap<Pair, Assignment>, EngineError> {
        let mut found = BTreeMap::new();
        for (record, audience) in self.documents(Kind::Assignment)? {
            let subject = Subject::parse(Kind::Assignment, &record.subject);
            let (Some(Audience::To(member)), Ok(Subject::Reading(application, round))) = (audience, subject)
            else {
                continue;
            };
            if !wanted(ApplicationId(application)) {
                continue;
            }
            if let Some(read) = self.read::<Assignment>(&Audience::To(member), &record.subject)? {
                let pair = Pair { member, application: ApplicationId(application), round: RoundId(round) };
                found.insert(pair, read.value);
            }
        }
        Ok(found)
    }

    /// What this member's cards call the applications.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn labels(&mut self) -> Result<Vec<(ApplicationId, String)>, EngineError> {
        let to = Audience::To(self.member());
        let mut labels = Vec::new();
        for (record, audience) in self.documents(Kind::Card)? {
            let subject = Subject::parse(Kind::Card, &record.subject);
            let (Ok(Subject::Reading(application, _)), true) = (subject, audience == Some(to)) else {
                continue;
            };
            if let Some(read) = self.read::<tessera_model::documents::Card>(&to, &record.subject)? {
                labels.push((ApplicationId(application), read.value.label));
            }
        }
        Ok(labels)
    }

    /// Every answer of an application, as coordinators see it.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn answers(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
    ) -> Result<BTreeMap<String, String>, EngineError> {
        let mut answers = BTreeMap::new();
        for rendition in crate::programme::renditions(programme) {
            let subject = Subject::Rendition(application.0, rendition).to_bytes();
            let dossier = self.read::<Dossier>(&Audience::Dossier(application, rendition), &subject)?;
            answers.extend(dossier.map(|read| read.value.fields).unwrap_or_default());
        }
        let identity = self.read::<Identity>(&Audience::File(application), &application.0)?;
        answers.extend(identity.map(|read| read.value.fields).unwrap_or_default());
        Ok(answers)
    }

    /// What stands in the way of an assignment; none where nothing does.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn bar(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        member: MemberId,
    ) -> Result<Option<Bar>, EngineError> {
        let state = self.permission().members.get(&member).map(|state| state.standing);
        if state != Some(Standing::Active) {
            return Ok(Some(Bar::NotActive));
        }
        if !self.is_checked(member)? {
            return Ok(Some(Bar::Unchecked));
        }
        if self.withdrawal(application)?.is_some() {
            return Ok(Some(Bar::Withdrawn));
        }
        let answers = self.answers(programme, application)?;
        if let Some(conflict) = self.conflict_between(application, member, &answers)? {
            let standing = conflict.kind == "standing";
            return Ok(Some(if standing {
                Bar::StandingConflict(conflict)
            } else {
                Bar::Declared(conflict)
            }));
        }
        let Judged { outcome, .. } = self.eligibility(programme, application)?;
        Ok(match outcome {
            Outcome::NotEligible(gates) => Some(Bar::NotEligible(gates)),
            _ => None,
        })
    }

    /// Stages an assignment. `against_advice` is the reason for which a bar that yields to one is overridden.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::NotFound`].
    pub fn stage(
        &mut self,
        programme: &Programme,
        pair: Pair,
        place: u32,
        against_advice: Option<&str>,
    ) -> Result<Staging, EngineError> {
        self.must_coordinate()?;
        self.must_know(pair.application)?;
        if self.is_assigned(pair)? {
            self.unstage(pair)?;
            return Ok(Staging::Already);
        }
        let mut reason = "";
        if let Some(bar) = self.bar(programme, pair.application, pair.member)? {
            match against_advice.filter(|_| bar.yields_to_a_reason()) {
                Some(why) => reason = why,
                None => return Ok(Staging::Barred(bar)),
            }
        }
        self.keep_staged(pair, false, place, reason)
    }

    /// Stages that an assignment is taken back.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn stage_taking_back(&mut self, pair: Pair, reason: &str) -> Result<Staging, EngineError> {
        self.must_coordinate()?;
        if !self.is_assigned(pair)? {
            self.unstage(pair)?;
            return Ok(Staging::Already);
        }
        self.keep_staged(pair, true, 0, reason)
    }

    fn keep_staged(
        &mut self,
        pair: Pair,
        take_back: bool,
        place: u32,
        reason: &str,
    ) -> Result<Staging, EngineError> {
        let (_, tx) = self.parts();
        if let Some(known) = crate::records::get::<StagedRecord>(tx, Table::Settings, &pair.key())?
            && known.take_back == take_back
        {
            return Ok(Staging::Already);
        }
        let record = StagedRecord { pair, take_back, place, reason: Text::try_from(reason)? };
        put(tx, Table::Settings, &pair.key(), &record)?;
        Ok(Staging::Staged)
    }

    /// Forgets what is staged of a pair.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn unstage(&mut self, pair: Pair) -> Result<(), EngineError> {
        let (_, tx) = self.parts();
        Ok(tx.delete(Table::Settings, &pair.key())?)
    }

    /// Forgets everything that is staged; gives how much it was.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn unstage_all(&mut self) -> Result<usize, EngineError> {
        let staged = self.staged()?;
        for one in &staged {
            self.unstage(one.pair)?;
        }
        Ok(staged.len())
    }

    /// True where the assignment stands.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn is_assigned(&mut self, pair: Pair) -> Result<bool, EngineError> {
        let subject = Subject::Reading(pair.application.0, pair.round.0).to_bytes();
        let read = self.read::<Assignment>(&Audience::To(pair.member), &subject)?;
        Ok(read.is_some_and(|read| read.value.state == Some(AssignmentState::Assigned)))
    }

    /// What waits to be published.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn staged(&mut self) -> Result<Vec<Staged>, EngineError> {
        let (_, tx) = self.parts();
        let mut staged: Vec<Staged> = all::<StagedRecord>(tx, Table::Settings, STAGED)?
            .into_iter()
            .map(|(_, record)| Staged {
                pair: record.pair,
                take_back: record.take_back,
                place: record.place,
                reason: (*record.reason).to_owned(),
            })
            .collect();
        staged.sort_by_key(|one| (one.pair.member, one.place, one.pair));
        Ok(staged)
    }

    /// The next free place in every reader's pile.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn next_places(&mut self) -> Result<BTreeMap<(MemberId, RoundId), u32>, EngineError> {
        let mut places = BTreeMap::new();
        let mut note = |pair: &Pair, place: u32| {
            let next = places.entry((pair.member, pair.round)).or_insert(1);
            *next = (*next).max(place.saturating_add(1));
        };
        self.assignments()?.iter().for_each(|(pair, assignment)| note(pair, assignment.place));
        self.staged()?.iter().for_each(|staged| note(&staged.pair, staged.place));
        Ok(places)
    }

    /// Publishes what is staged: cards, assignments and openings. Publishing less than all of it is one call after
    /// another with `most`.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn publish_staged(&mut self, programme: &Programme, most: usize) -> Result<Published, EngineError> {
        self.must_coordinate()?;
        let rounds: BTreeMap<RoundId, &Round> =
            programme.rounds.iter().map(|one| (round(one.key.as_str()), one)).collect();
        let mut published = Published::default();
        for staged in self.staged()? {
            if published.assigned + published.taken_back >= most {
                break;
            }
            let pair = staged.pair;
            let Some(in_round) = rounds.get(&pair.round) else { continue };
            if staged.take_back {
                self.unassign(pair.member, pair.application, in_round, &staged.reason)?;
                published.taken_back += 1;
            } else {
                let bar = self.bar(programme, pair.application, pair.member)?;
                if bar.is_some_and(|bar| !bar.yields_to_a_reason() || staged.reason.is_empty()) {
                    published.barred += 1;
                    continue;
                }
                self.assign(programme, pair.member, pair.application, in_round, staged.place)?;
                if !staged.reason.is_empty() {
                    self.say_why(pair, &staged.reason)?;
                }
                published.assigned += 1;
            }
            self.unstage(pair)?;
        }
        Ok(published)
    }

    fn say_why(&mut self, pair: Pair, reason: &str) -> Result<(), EngineError> {
        let to = Audience::To(pair.member);
        let subject = Subject::Reading(pair.application.0, pair.round.0).to_bytes();
        if let Some(assigned) = self.read::<Assignment>(&to, &subject)? {
            let assignment = Assignment { reason: reason.to_owned(), ..assigned.value };
            self.write(&to, &subject, &assignment, false)?;
        }
        Ok(())
    }

    /// Takes a withdrawn application back from readers who did not submit a review of it; gives how many.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`].
    pub fn take_back_unread(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        reason: &str,
    ) -> Result<usize, EngineError> {
        let mut taken = 0;
        for (pair, assignment) in self.assignments()? {
            if pair.application != application || assignment.state != Some(AssignmentState::Assigned) {
                continue;
            }
            let subject = Subject::Reading(pair.application.0, pair.round.0).to_bytes();
            let reviews = Audience::Reviews(pair.member);
            let review = self.read::<tessera_model::documents::Review>(&reviews, &subject)?;
            if review.is_some_and(|read| read.value.revision > 0) {
                continue;
            }
            let in_round = programme.rounds.iter().find(|one| round(one.key.as_str()) == pair.round);
            if let Some(in_round) = in_round {
                self.unassign(pair.member, application, in_round, reason)?;
                taken += 1;
            }
        }
        Ok(taken)
    }

    /// Finds a member by id, name, contact or label; all that fit.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn members_called(&mut self, name: &str) -> Result<BTreeSet<MemberId>, EngineError> {
        let wanted = crate::conflicts::words(name);
        let mut found = BTreeSet::new();
        let members: Vec<MemberId> = self.permission().members.keys().copied().collect();
        for member in members {
            if member.to_string() == name {
                return Ok(BTreeSet::from([member]));
            }
            let Some(read) = self.read::<Person>(&Audience::People, &member.0)? else { continue };
            let person = read.value;
            let labels = ["label", "reviewer", "key"].iter().filter_map(|key| person.fields.get(*key));
            let mut names = [&person.name, &person.contact].into_iter().chain(labels);
            if !wanted.is_empty() && names.any(|one| crate::conflicts::words(one) == wanted) {
                found.insert(member);
            }
        }
        Ok(found)
    }
}
