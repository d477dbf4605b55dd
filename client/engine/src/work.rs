//! Where this member's own work is, in the four states that a person can trust, what became of it, and what is
//! missing of other people's.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::{Kind, Subject};
use tessera_protocol::frontier::Chain;
use tessera_protocol::ids::{ApplicationId, DeviceId, MemberId, PackId, RoundId};
use tessera_protocol::pack::Pack;
use tessera_protocol::stream::Stream;
use tessera_vault::ids::Audience;
use tessera_vault::items::Outcome;

use crate::chains;
use crate::contents;
use crate::duties::reason;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::reading::{WorkState, work_state};
use crate::records::{PackRecord, Stage, all, each, get};
use crate::store::Table;

/// What a piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkKind {
    /// A submitted review.
    Review,
    /// A review that this member took down for somebody else.
    Recorded,
    /// A declaration on a conflict of interest.
    Declaration,
    /// A draft that was not submitted; it leaves the device only as a backup of its owner's.
    Draft,
    /// Anything else that is sealed and on its way.
    Pack,
}

impl WorkKind {
    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Recorded => "recorded-review",
            Self::Declaration => "declaration",
            Self::Draft => "draft",
            Self::Pack => "pack",
        }
    }
}

/// One piece of work.
#[derive(Debug, Clone)]
pub struct Work {
    /// What it is.
    pub kind: WorkKind,
    /// The application, where it is about one.
    pub application: Option<ApplicationId>,
    /// The round, where it is about one.
    pub round: Option<RoundId>,
    /// Whose it is: this member, but of a recorded review the reviewer.
    pub member: MemberId,
    /// The pack, of [`WorkKind::Pack`].
    pub pack: Option<PackId>,
    /// The revision of a review; 0 otherwise.
    pub revision: u32,
    /// Where it is.
    pub state: WorkState,
    /// What a coordinator's device said of it.
    pub outcome: Option<Outcome>,
}

/// Packs that others build on and that are not here.
#[derive(Debug, Clone)]
pub struct Gap {
    /// Whose packs are missing.
    pub member: Option<MemberId>,
    /// Of which device.
    pub device: DeviceId,
    /// What stream they belong to, where that is known.
    pub audience: Option<Audience>,
    /// The last number before the gap; 0 where nothing is here.
    pub after: u64,
    /// At least how many are missing.
    pub missing: u64,
    /// The missing packs that are named by packs that are here.
    pub named: BTreeSet<PackId>,
}

/// An outcome as a code, `counted`, `waits` or `set-aside`, with the [word](reason::word) of its reason.
#[must_use]
pub fn outcome_code(outcome: Outcome) -> (&'static str, Option<&'static str>) {
    match outcome {
        Outcome::Counted => ("counted", None),
        Outcome::Waits(why) => ("waits", Some(reason::word(why))),
        Outcome::SetAside(why) => ("set-aside", Some(reason::word(why))),
    }
}

/// An outcome as words: `counted`, `waits: REASON`, `set-aside: REASON`.
#[must_use]
pub fn outcome_words(outcome: Outcome) -> String {
    match outcome_code(outcome) {
        (code, Some(why)) => format!("{code}: {why}"),
        (code, None) => code.to_owned(),
    }
}

impl Acts<'_> {
    /// This member's work, reviews first.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn work(&mut self) -> Result<Vec<Work>, EngineError> {
        let me = self.member();
        let mut work = Vec::new();
        let mut shown: BTreeSet<PackId> = BTreeSet::new();
        let mut submitted = BTreeSet::new();
        let own = [(Kind::Review, WorkKind::Review), (Kind::Conflict, WorkKind::Declaration)];
        for (kind, as_kind) in own.into_iter().chain([(Kind::Recorded, WorkKind::Recorded)]) {
            let (core, tx) = self.parts();
            for (id, record) in core.documents(tx, kind)? {
                let mine = match core.audience(record.stream) {
                    Some(Audience::Reviews(member)) => member == me,
                    Some(Audience::Office) => true,
                    _ => false,
                };
                let Ok(subject) = Subject::parse(kind, &record.subject) else { continue };
                let changes = contents::changes(tx, id)?;
                let written_here = changes.iter().any(|change| {
                    core.known.permission.device(change.origin.device).is_some_and(|(member, _)| member == me)
                });
                if !mine || !written_here {
                    continue;
                }
                shown.extend(changes.iter().map(|change| change.origin.pack()));
                let (state, outcome) = work_state(tx, id)?;
                let Some(state) = state else { continue };
                let application = subject.application().map(ApplicationId);
                let round = subject.round().map(RoundId);
                if kind == Kind::Review {
                    submitted.insert((application, round));
                }
                work.push(Work {
                    kind: as_kind,
                    application,
                    round,
                    member: subject.member().map_or(me, MemberId),
                    pack: None,
                    revision: 0,
                    state,
                    outcome,
                });
            }
        }
        self.revisions(&mut work)?;
        let (core, tx) = self.parts();
        for (_, record) in core.documents(tx, Kind::Draft)? {
            let Ok(subject) = Subject::parse(Kind::Draft, &record.subject) else { continue };
            let about = (subject.application().map(ApplicationId), subject.round().map(RoundId));
            if submitted.contains(&about) || core.audience(record.stream) != Some(Audience::Desk(me)) {
                continue;
            }
            work.push(Work {
                kind: WorkKind::Draft,
                application: about.0,
                round: about.1,
                member: me,
                pack: None,
                revision: 0,
                state: WorkState::OnDevice,
                outcome: None,
            });
        }
        each(tx, Table::Outbox, &[], |key, _| {
            let Some(id) = key.last_chunk::<32>().map(|id| PackId(*id)) else { return Ok(()) };
            let record = get::<PackRecord>(tx, Table::PackStates, &id.0)?;
            if let Some(record) = record.filter(|record| record.own && !shown.contains(&id)) {
                work.push(Work {
                    kind: WorkKind::Pack,
                    application: None,
                    round: None,
                    member: me,
                    pack: Some(id),
                    revision: 0,
                    state: WorkState::of(&record),
                    outcome: record.outcome,
                });
            }
            Ok(())
        })?;
        work.sort_by_key(|one| (one.kind, one.application, one.round, one.pack));
        Ok(work)
    }

    fn revisions(&mut self, work: &mut [Work]) -> Result<(), EngineError> {
        for one in work {
            let (Some(application), Some(round)) = (one.application, one.round) else { continue };
            one.revision = match one.kind {
                WorkKind::Review => {
                    let subject = Subject::Reading(application.0, round.0).to_bytes();
                    let read = self
                        .read::<tessera_model::documents::Review>(&Audience::Reviews(one.member), &subject)?;
                    read.map_or(0, |read| read.value.revision)
                }
                WorkKind::Recorded => {
                    let subject = Subject::ReadingOf(application.0, round.0, one.member.0).to_bytes();
                    let read =
                        self.read::<tessera_model::documents::Recorded>(&Audience::Office, &subject)?;
                    read.map_or(0, |read| read.value.review.revision)
                }
                _ => 0,
            };
        }
        Ok(())
    }

    /// When a relay received the newest pack that is here, in milliseconds since 1970: an exchange took place
    /// then or later. By the relay's clock, never by this device's.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn last_evidence_ms(&mut self) -> Result<Option<u64>, EngineError> {
        let (_, tx) = self.parts();
        let mut last = None;
        for (_, record) in all::<PackRecord>(tx, Table::PackStates, &[])? {
            last = last.max(record.received_ms);
        }
        Ok(last)
    }

    /// How many packs there are at each stage, by the stage's word.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn stages(&mut self) -> Result<BTreeMap<&'static str, usize>, EngineError> {
        let (_, tx) = self.parts();
        let mut stages = BTreeMap::new();
        for (_, record) in all::<PackRecord>(tx, Table::PackStates, &[])? {
            *stages.entry(stage_word(record.stage)).or_default() += 1;
        }
        Ok(stages)
    }

    /// What is missing: packs that are named by packs that are here.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn gaps(&mut self) -> Result<Vec<Gap>, EngineError> {
        let (core, tx) = self.parts();
        let mut chains: BTreeSet<Chain> = BTreeSet::new();
        for (_, record) in all::<PackRecord>(tx, Table::PackStates, &[])? {
            chains.insert((record.stream, record.device));
        }
        let mut gaps = Vec::new();
        for chain in chains {
            let mut named: BTreeMap<PackId, u64> = BTreeMap::new();
            let mut numbers = BTreeSet::new();
            for id in chains::packs(tx, chain)? {
                let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)? else { continue };
                numbers.insert(pack.header().number);
                for previous in pack.header().previous.iter() {
                    if get::<PackRecord>(tx, Table::PackStates, &previous.0)?.is_none() {
                        named.insert(*previous, pack.header().number);
                    }
                }
            }
            let Some(first) = named.values().min().copied() else { continue };
            let last = named.values().max().copied().unwrap_or(first);
            let after = numbers.range(..first).next_back().copied().unwrap_or(0);
            let missing = (after + 1..last).filter(|number| !numbers.contains(number)).count() as u64;
            let audience = match core.known.access.name(chain.0) {
                Stream::Public => None,
                _ => core.audience(chain.0),
            };
            gaps.push(Gap {
                member: core.known.permission.device(chain.1).map(|(member, _)| member),
                device: chain.1,
                audience,
                after,
                missing: missing.max(named.len() as u64),
                named: named.into_keys().collect(),
            });
        }
        Ok(gaps)
    }
}

/// The word of a stage.
#[must_use]
pub fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Received => "to-be-read",
        Stage::Opened => "opened",
        Stage::NoKey => "no-key",
        Stage::Crashed => "crashed",
        Stage::Refused => "refused",
        Stage::NotForUs => "for-others",
    }
}
