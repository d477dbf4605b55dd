//! Who could have read an application on a day. No device's clock decides: all that is known of times is when a relay took
//! the packs that gave access, ended it, or brought the text. What travelled in a bundle may have been there before; where no
//! relay took a pack, its time is not known, and that is what is said.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use tessera_protocol::charter::Change;
use tessera_protocol::ids::{ApplicationId, DeviceId, MemberId, PackId, StreamId};
use tessera_protocol::permission::{Act, Standing, Verdict};
use tessera_protocol::statement::{Statement, Target};
use tessera_vault::ids::Audience;

use crate::chains;
use crate::core::Core;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::records::{PackRecord, get};
use crate::store::{Table, Transaction};

/// What is known of when people could read an application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// When a relay took the first pack of its text or its identity, in milliseconds since 1970.
    pub first_ms: Option<u64>,
    /// Everybody's stretches.
    pub stretches: Vec<Stretch>,
}

/// A stretch of time in which a member could read something of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Who.
    pub member: MemberId,
    /// What; [`Audience::Keys`] is everything, as coordinators read it.
    pub audience: Audience,
    /// The member's devices that were given a key of it, and when a relay took what named each.
    pub devices: BTreeMap<DeviceId, Option<u64>>,
    /// When it began, at the latest; none where no relay took what began it.
    pub from_ms: Option<u64>,
    /// How it ended.
    pub end: End,
}

/// How a stretch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// It did not.
    Open,
    /// By then, in milliseconds since 1970.
    At(u64),
    /// It did, and no relay took what ended it.
    Unknown,
}

impl End {
    /// Of two ends that which came first.
    fn or_before(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open, end) | (end, Self::Open) => end,
            (Self::At(one), Self::At(other)) => Self::At(one.min(other)),
            (Self::At(known), Self::Unknown) | (Self::Unknown, Self::At(known)) => Self::At(known),
            (Self::Unknown, Self::Unknown) => Self::Unknown,
        }
    }

    /// What several packs ended of which any is enough.
    fn by_any(times: &[Option<u64>]) -> Self {
        match times.iter().flatten().min() {
            Some(first) => Self::At(*first),
            None if times.is_empty() => Self::Open,
            None => Self::Unknown,
        }
    }

    /// What several packs ended together.
    fn by_all(times: &[Option<u64>]) -> Self {
        if times.iter().any(Option::is_none) {
            return Self::Unknown;
        }
        times.iter().flatten().max().map_or(Self::Open, |last| Self::At(*last))
    }
}

/// How a stretch, or a member, stands on a day; what weighs most comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnDay {
    /// Could read it.
    Could,
    /// It is not known whether: a time is missing.
    Unknown,
    /// Had access before that day, and may still hold what came until it ended.
    Before,
    /// Nothing here shows access until later.
    Later,
}

impl Stretch {
    /// How it stands on a day, from its first millisecond to the first of the next.
    #[must_use]
    pub fn on(&self, day: &Range<u64>) -> OnDay {
        match (self.from_ms, self.end) {
            (_, End::At(end)) if end < day.start => OnDay::Before,
            (Some(from), _) if from >= day.end => OnDay::Later,
            (Some(_), End::Open | End::At(_)) => OnDay::Could,
            (Some(_), End::Unknown) | (None, _) => OnDay::Unknown,
        }
    }
}

impl History {
    /// How everybody of the list stands on a day. Before a relay took anything of the application, nobody's access shows.
    #[must_use]
    pub fn on(&self, day: &Range<u64>) -> BTreeMap<MemberId, OnDay> {
        let too_early = self.first_ms.is_some_and(|first| first >= day.end);
        let mut found: BTreeMap<MemberId, OnDay> = BTreeMap::new();
        for stretch in &self.stretches {
            let stands = if too_early { OnDay::Later } else { stretch.on(day) };
            let most = found.entry(stretch.member).or_insert(stands);
            *most = (*most).min(stands);
        }
        found
    }
}

impl Acts<'_> {
    /// When who could read an application, as far as this coordinator's home knows.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] in any other home.
    pub fn access_history(&mut self, application: ApplicationId) -> Result<History, EngineError> {
        self.must_coordinate()?;
        let (core, tx) = self.parts();
        let (core, tx) = (&*core, &*tx);
        let said = Said::of(core, tx)?;
        let held = held(core, application);
        let mut firsts: BTreeMap<Audience, Option<u64>> = BTreeMap::new();
        for audience in held.keys() {
            firsts.insert(*audience, first_of(tx, core.stream(audience)?)?);
        }
        let text = |audience: &Audience| matches!(audience, Audience::Dossier(..) | Audience::File(_));
        let first_ms = firsts.iter().filter(|(audience, _)| text(audience)).filter_map(|(_, at)| *at).min();
        let mut stretches = Vec::new();
        for (audience, devices) in &held {
            let first = if *audience == Audience::Keys { first_ms } else { firsts[audience] };
            for member in core.known.permission.members.keys() {
                stretches.extend(said.stretches(core, tx, *member, *audience, devices, first)?);
            }
        }
        Ok(History { first_ms, stretches })
    }
}

/// The devices that were given a key, by what of the application they read with it; first, with which they read everything.
fn held(core: &Core, application: ApplicationId) -> BTreeMap<Audience, BTreeSet<DeviceId>> {
    let mut held: BTreeMap<Audience, BTreeSet<DeviceId>> = BTreeMap::new();
    for (_, _, record) in core.known.keys.iter() {
        let Some(audience) = record.grant.audience() else { continue };
        let concerned = match audience {
            Audience::Dossier(of, _) | Audience::File(of) | Audience::Panel(of, _) => of == application,
            Audience::Keys => true,
            _ => false,
        };
        if concerned {
            held.entry(audience).or_default().extend(record.given.iter().copied());
        }
    }
    held
}

/// When a relay took a pack.
fn taken(tx: &dyn Transaction, pack: PackId) -> Result<Option<u64>, EngineError> {
    Ok(get::<PackRecord>(tx, Table::PackStates, &pack.0)?.and_then(|record| record.received_ms))
}

/// When a relay took the first pack of a stream that is here.
fn first_of(tx: &dyn Transaction, stream: StreamId) -> Result<Option<u64>, EngineError> {
    let mut first = None;
    for pack in chains::of_stream(tx, stream)? {
        sooner(&mut first, taken(tx, pack)?);
    }
    Ok(first)
}

fn sooner(known: &mut Option<u64>, at: Option<u64>) {
    *known = match (*known, at) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
}

/// What charter and statements say of members and devices, and when a relay took it.
#[derive(Default)]
struct Said {
    named: BTreeMap<DeviceId, Option<u64>>,
    became_coordinator: BTreeMap<MemberId, Option<u64>>,
    lost_the_role: BTreeMap<MemberId, Vec<Option<u64>>>,
    suspended: BTreeMap<MemberId, Vec<Option<u64>>>,
    removed: BTreeMap<MemberId, Vec<Option<u64>>>,
}

impl Said {
    fn of(core: &Core, tx: &dyn Transaction) -> Result<Self, EngineError> {
        let mut said = Self::default();
        for pack in core.known.gathering.packs() {
            if core.known.permission.verdicts.get(&pack.id) != Some(&Verdict::Counted) {
                continue;
            }
            let at = taken(tx, pack.id)?;
            match &pack.act {
                Act::Link(link) => link.changes.iter().for_each(|change| said.changed(change, at)),
                Act::Statement(Statement::Admit { device, .. } | Statement::AddDevice { device, .. }) => {
                    sooner(said.named.entry(device.id()).or_default(), at);
                }
                Act::Statement(Statement::Suspend { target: Target::Member(member), .. }) => {
                    said.suspended.entry(*member).or_default().push(at);
                }
                Act::Statement(Statement::Remove { member, .. }) => {
                    said.removed.entry(*member).or_default().push(at);
                }
                _ => {}
            }
        }
        Ok(said)
    }

    fn changed(&mut self, change: &Change, at: Option<u64>) {
        match change {
            Change::Add { member, roles, devices } => {
                for device in devices.iter() {
                    sooner(self.named.entry(device.id()).or_default(), at);
                }
                if roles.coordinator {
                    sooner(self.became_coordinator.entry(*member).or_default(), at);
                }
            }
            Change::AddDevice { device, .. } => sooner(self.named.entry(device.id()).or_default(), at),
            Change::Drop { member, roles, .. } if roles.coordinator => {
                self.lost_the_role.entry(*member).or_default().push(at);
            }
            _ => {}
        }
    }

    /// How everything ended for a member that does not belong any more, or not at present.
    fn left(&self, member: MemberId, standing: Standing) -> End {
        let times = |of: &BTreeMap<MemberId, Vec<Option<u64>>>| of.get(&member).cloned().unwrap_or_default();
        let end = match standing {
            Standing::Active => return End::Open,
            // Suspensions that were lifted ended nothing: the last one holds.
            Standing::Suspended => End::by_all(&times(&self.suspended)),
            Standing::Removed => End::by_all(&times(&self.removed)),
        };
        if end == End::Open { End::Unknown } else { end }
    }

    /// The stretches in which a member could read one audience; `first` is when a relay took the first of it.
    fn stretches(
        &self,
        core: &Core,
        tx: &dyn Transaction,
        member: MemberId,
        audience: Audience,
        given: &BTreeSet<DeviceId>,
        first: Option<u64>,
    ) -> Result<Vec<Stretch>, EngineError> {
        let permission = &core.known.permission;
        let Some(state) = permission.members.get(&member) else { return Ok(Vec::new()) };
        let own = given.iter().filter(|device| state.devices.contains_key(*device));
        let devices: BTreeMap<DeviceId, Option<u64>> =
            own.map(|device| (*device, self.named.get(device).copied().flatten())).collect();
        let left = self.left(member, state.standing);
        let stretch = |from: Option<u64>, end: End| Stretch {
            member,
            audience,
            devices: devices.clone(),
            from_ms: from.map(|from| first.map_or(from, |first| from.max(first))),
            end: end.or_before(left),
        };
        let was_coordinator = self.became_coordinator.get(&member);
        if audience == Audience::Keys {
            if devices.is_empty() {
                return Ok(Vec::new());
            }
            let lost = self.lost_the_role.get(&member).map_or(End::Unknown, |times| End::by_all(times));
            let end = if permission.is_coordinator(member) { End::Open } else { lost };
            return Ok(vec![stretch(was_coordinator.copied().flatten(), end)]);
        }
        let stream = core.stream(&audience)?;
        let mut found = Vec::new();
        for (opening, closings) in core.known.openings.stretches(&core.known.access, member, stream) {
            let ended: Result<Vec<_>, _> = closings.iter().map(|closing| taken(tx, *closing)).collect();
            found.push(stretch(taken(tx, opening)?, End::by_any(&ended?)));
        }
        // Coordinators hold the keys of everything, and that is listed once.
        if found.is_empty() && !devices.is_empty() && was_coordinator.is_none() {
            found.push(stretch(None, End::Unknown));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Range<u64> = 100..200;

    fn stretch(member: u8, from_ms: Option<u64>, end: End) -> Stretch {
        let member = MemberId([member; 16]);
        Stretch { member, audience: Audience::Keys, devices: BTreeMap::new(), from_ms, end }
    }

    #[test]
    fn a_day_is_answered_by_what_relays_took_and_never_by_a_guess() {
        fn check(from_ms: Option<u64>, end: End, expected: OnDay) {
            assert_eq!(stretch(1, from_ms, end).on(&DAY), expected, "{from_ms:?} {end:?}");
        }
        check(Some(50), End::Open, OnDay::Could);
        check(Some(199), End::Open, OnDay::Could);
        check(Some(200), End::Open, OnDay::Later);
        check(Some(50), End::At(99), OnDay::Before);
        check(Some(50), End::At(100), OnDay::Could);
        check(Some(50), End::Unknown, OnDay::Unknown);
        check(None, End::Open, OnDay::Unknown);
        check(None, End::At(99), OnDay::Before);
        check(None, End::At(150), OnDay::Unknown);
    }

    #[test]
    fn of_several_stretches_what_weighs_most_is_said() {
        let stretches = vec![
            stretch(1, Some(10), End::At(20)),
            stretch(1, Some(150), End::Open),
            stretch(2, Some(10), End::At(20)),
            stretch(2, Some(300), End::Open),
            stretch(3, None, End::Open),
        ];
        let mut history = History { first_ms: Some(5), stretches };
        let on = |history: &History| history.on(&DAY).into_values().collect::<Vec<_>>();
        assert_eq!(on(&history), [OnDay::Could, OnDay::Before, OnDay::Unknown]);
        history.first_ms = Some(200);
        assert_eq!(on(&history), [OnDay::Later; 3], "there was nothing to read yet");
    }

    #[test]
    fn ends_are_the_first_that_is_known() {
        assert_eq!(End::by_any(&[]), End::Open);
        assert_eq!(End::by_any(&[None, Some(7), Some(3)]), End::At(3));
        assert_eq!(End::by_any(&[None]), End::Unknown);
        assert_eq!(End::by_all(&[Some(7), Some(3)]), End::At(7));
        assert_eq!(End::by_all(&[Some(7), None]), End::Unknown);
        assert_eq!(End::Open.or_before(End::Unknown), End::Unknown);
        assert_eq!(End::At(4).or_before(End::Unknown), End::At(4));
    }
}
