//! Reviews as coordinators see them: what counts, and why something does not. The same on every device that
//! has the same packs.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::{
    Assignment, AssignmentState, Conflict, Kind, Read, Record, Review, Subject, Submitted,
};
use tessera_protocol::ids::{ApplicationId, DocumentId, MemberId, PackId, RoundId};
use tessera_vault::ids::Audience;

use crate::chains;
use crate::core::Core;
use crate::counting::{Counting, Standing};
use crate::engine::Acts;
use crate::error::EngineError;
use crate::records::{ChangeRecord, PackRecord, all, get};
use crate::store::{Table, Transaction};

/// Why a review, or a version of it, waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waits {
    /// It came after its author was removed.
    Removed,
    /// Coordinators decided both ways.
    Contested,
    /// It came after the round was closed.
    Late,
    /// Its author had declared a conflict of interest.
    Conflict,
    /// It was not assigned, or not any more.
    Unassigned,
    /// Two versions were submitted without knowledge of one another.
    TwoVersions,
}

impl Waits {
    /// The code: kebab-case.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Removed => "after-removal",
            Self::Contested => "contradictory-decisions",
            Self::Late => "after-close",
            Self::Conflict => "after-conflict",
            Self::Unassigned => "not-assigned",
            Self::TwoVersions => "two-versions",
        }
    }
}

/// One review of one reviewer in one round.
#[derive(Debug, Clone)]
pub struct Reviewed {
    /// Who wrote it.
    pub member: MemberId,
    /// The application.
    pub application: ApplicationId,
    /// The round.
    pub round: RoundId,
    /// What counts of it; none where nothing does.
    pub counted: Option<Read<Review>>,
    /// Why something of it waits, with the packs concerned.
    pub waits: BTreeMap<Waits, BTreeSet<PackId>>,
    /// The versions that stand side by side, with their packs; more than one needs a person.
    pub versions: Vec<(Submitted, PackId)>,
    /// Packs that a person set aside.
    pub set_aside: BTreeSet<PackId>,
    /// Every pack of it that is here.
    pub packs: BTreeSet<PackId>,
}

impl Acts<'_> {
    /// Every review that is here, by application, reviewer and round.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn reviews(&mut self) -> Result<Vec<Reviewed>, EngineError> {
        let (core, tx) = self.parts();
        let mut counting = Counting::load(tx)?;
        let mut closed = BTreeMap::new();
        let mut reviews = Vec::new();
        for (id, record) in core.documents(tx, Kind::Review)? {
            let Some(Audience::Reviews(member)) = core.audience(record.stream) else { continue };
            let Ok(Subject::Reading(application, round)) = Subject::parse(Kind::Review, &record.subject)
            else {
                continue;
            };
            let at = At { id, member, application: ApplicationId(application), round: RoundId(round) };
            reviews.push(review(core, tx, &mut counting, &mut closed, at)?);
        }
        reviews.sort_by_key(|one| (one.application, one.member, one.round));
        Ok(reviews)
    }
}

#[derive(Clone, Copy)]
struct At {
    id: DocumentId,
    member: MemberId,
    application: ApplicationId,
    round: RoundId,
}

type Closed = BTreeMap<(RoundId, tessera_protocol::frontier::Chain), BTreeSet<PackId>>;

fn review(
    core: &Core,
    tx: &dyn Transaction,
    counting: &mut Counting,
    closed: &mut Closed,
    at: At,
) -> Result<Reviewed, EngineError> {
    let mut waits: BTreeMap<Waits, BTreeSet<PackId>> = BTreeMap::new();
    let mut set_aside = BTreeSet::new();
    let mut packs = BTreeSet::new();
    let whole = whole_reason(core, tx, counting, at)?;
    for (_, change) in all::<ChangeRecord>(tx, Table::Changes, &at.id.0)? {
        packs.insert(change.pack);
        let reason = match counting.standing(core, tx, change.pack)? {
            Standing::SetAside => {
                set_aside.insert(change.pack);
                continue;
            }
            Standing::Quarantined => Some(Waits::Removed),
            Standing::Contested => Some(Waits::Contested),
            Standing::Counts if counting.accepted(core, tx, change.pack)? => None,
            Standing::Counts if is_late(core, tx, closed, at.round, change.pack)? => Some(Waits::Late),
            Standing::Counts => whole,
        };
        if let Some(reason) = reason {
            waits.entry(reason).or_default().insert(change.pack);
        }
    }
    let waiting: BTreeSet<PackId> = waits.values().flatten().copied().collect();
    let wanted = |pack: PackId| Ok(!waiting.contains(&pack) && !set_aside.contains(&pack));
    let opened = core.open_document_of(tx, at.id, wanted)?;
    let mut reviewed = Reviewed {
        member: at.member,
        application: at.application,
        round: at.round,
        counted: None,
        waits,
        versions: Vec::new(),
        set_aside,
        packs,
    };
    if let Some(opened) = opened.filter(|opened| !opened.packs.is_empty()) {
        for version in Review::versions(&opened.document) {
            if let Some(pack) = opened.packs.get(&version.change) {
                reviewed.versions.push((version, *pack));
            }
        }
        if reviewed.versions.len() > 1 {
            let sides = reviewed.versions.iter().map(|(_, pack)| *pack).collect();
            reviewed.waits.insert(Waits::TwoVersions, sides);
        }
        reviewed.counted = Some(Review::read(&opened.document)).filter(|read| read.value.revision > 0);
    }
    Ok(reviewed)
}

/// Why nothing of a review counts, whenever it was written.
fn whole_reason(
    core: &Core,
    tx: &dyn Transaction,
    counting: &mut Counting,
    at: At,
) -> Result<Option<Waits>, EngineError> {
    let reviews = Audience::Reviews(at.member);
    let declared = core.read_record::<Conflict>(tx, &reviews, &at.application.0, counting)?;
    if declared.is_some_and(|conflict| !conflict.value.is_clear()) {
        return Ok(Some(Waits::Conflict));
    }
    let subject = Subject::Reading(at.application.0, at.round.0).to_bytes();
    let assigned = core.read_record::<Assignment>(tx, &Audience::To(at.member), &subject, counting)?;
    let stands = assigned.is_some_and(|read| read.value.state == Some(AssignmentState::Assigned));
    Ok((!stands).then_some(Waits::Unassigned))
}

/// True where the round is closed and the pack lies outside.
fn is_late(
    core: &Core,
    tx: &dyn Transaction,
    closed: &mut Closed,
    round: RoundId,
    pack: PackId,
) -> Result<bool, EngineError> {
    let Some(frontier) = core.known.permission.closes.get(&round) else { return Ok(false) };
    let Some(record) = get::<PackRecord>(tx, Table::PackStates, &pack.0)? else { return Ok(true) };
    let chain = (record.stream, record.device);
    if !closed.contains_key(&(round, chain)) {
        let inside = chains::inside(tx, chain, frontier)?;
        closed.insert((round, chain), inside);
    }
    Ok(!closed[&(round, chain)].contains(&pack))
}
