//! What a device does by itself after every import: coordinators' devices give readers the keys they lack
//! and acknowledge what they opened; a member's older device gives a newer one its own keys. Nothing here
//! gives anybody more than charter, statements and openings already say, and `keys` is never given here.

use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::codec::{List, Wire};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{DeviceId, DocumentId, MemberId, PackId, StreamId};
use tessera_protocol::pack::Pack;
use tessera_protocol::stream::Stream;
use tessera_vault::ids::Audience;
use tessera_vault::items::{Acknowledgement, Grant, Item, Outcome};

use crate::chains;
use crate::core::Core;
use crate::counting::{Counting, Standing};
use crate::error::EngineError;
use crate::records::{PackRecord, PendingEntry, Stage, get, put};
use crate::store::{Table, Transaction};

/// Reasons in outcomes, as codes.
pub mod reason {
    /// Outside the cut of the author's removal.
    pub const REMOVED: u16 = 1;
    /// A coordinator set it aside.
    pub const SET_ASIDE: u16 = 2;
    /// Coordinators decided both ways.
    pub const CONTESTED: u16 = 3;
    /// The contents could not be read.
    pub const UNREADABLE: u16 = 4;
    /// Outside the close of the round.
    pub const LATE: u16 = 5;
    /// The author has a conflict of interest.
    pub const CONFLICT: u16 = 6;
    /// The author is not assigned.
    pub const UNASSIGNED: u16 = 7;
    /// Two versions were submitted.
    pub const TWO_VERSIONS: u16 = 8;

    /// The word of a reason, kebab-case.
    #[must_use]
    pub fn word(reason: u16) -> &'static str {
        match reason {
            REMOVED => "after-removal",
            SET_ASIDE => "set-aside",
            CONTESTED => "contradictory-decisions",
            UNREADABLE => "unreadable",
            LATE => "after-close",
            CONFLICT => "conflict-of-interest",
            UNASSIGNED => "not-assigned",
            TWO_VERSIONS => "two-versions",
            _ => "another-reason",
        }
    }
}

impl Core {
    /// Does what is to be done, then seals it.
    pub(crate) fn duties(&mut self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        if self.known.permission.read_only() || !self.belonged() {
            return Ok(());
        }
        if !self.is_active() {
            return self.hand_over(tx);
        }
        self.own_devices(tx)?;
        self.settle_own_declarations(tx)?;
        if self.is_coordinator() && self.known.id_key.is_some() {
            let members: Vec<MemberId> =
                self.known.permission.active_members().map(|(member, _)| member).collect();
            for member in &members {
                self.welcome_devices(tx, *member)?;
            }
            self.share_reviews_keys(tx)?;
            self.settle_conflicts(tx)?;
            // What was opened just before is known once it is sealed.
            self.hand_over(tx)?;
            self.grant_readers(tx)?;
            for member in members {
                self.acknowledge(tx, member)?;
            }
        }
        self.hand_over(tx)
    }

    /// Gives a member's newer devices the keys of `to/`.
    fn welcome_devices(&mut self, tx: &mut dyn Transaction, member: MemberId) -> Result<(), EngineError> {
        let audience = Audience::To(member);
        let stream = self.stream(&audience)?;
        self.ensure_key(tx, &audience)?;
        self.welcome_missing(tx, stream, member, stream)
    }

    /// A member's device gives its newer ones what they need of its own streams.
    fn own_devices(&mut self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        let member = self.about.member;
        let desk = Stream::Desk(member).id(self.programme());
        for of in [Stream::Reviews(member), Stream::Desk(member)] {
            self.welcome_missing(tx, of.id(self.programme()), member, desk)?;
        }
        self.welcome_to_all(tx, member, desk)
    }

    /// Gives a member's newer devices the other keys that this one holds, so that they can read before a
    /// coordinator hears of them. A coordinator's devices get `keys` by `to/`, and with it everything.
    fn welcome_to_all(
        &mut self,
        tx: &mut dyn Transaction,
        member: MemberId,
        into: StreamId,
    ) -> Result<(), EngineError> {
        let devices: BTreeSet<DeviceId> = self.devices_of(member).collect();
        if devices.len() < 2 || self.known.permission.is_coordinator(member) {
            return Ok(());
        }
        let mut missing: BTreeMap<DeviceId, Vec<Grant>> = BTreeMap::new();
        for (_, _, record) in self.known.keys.iter() {
            match record.grant.audience() {
                Some(
                    Audience::To(_)
                    | Audience::Programme
                    | Audience::People
                    | Audience::Dossier(..)
                    | Audience::Panel(..),
                ) => {}
                _ => continue,
            }
            for device in devices.difference(&record.given) {
                missing.entry(*device).or_default().push(record.grant.clone());
            }
        }
        for (device, grants) in missing {
            for some in grants.chunks(tessera_vault::welcome::GRANTS / 2) {
                for grant in some {
                    self.known.keys.learn(tx, grant, false, [device])?;
                }
                self.welcome(tx, into, &BTreeSet::from([device]), some.to_vec())?;
            }
        }
        Ok(())
    }

    /// Welcomes the devices of a member that lack keys of `of`, in the stream `into`.
    fn welcome_missing(
        &mut self,
        tx: &mut dyn Transaction,
        of: StreamId,
        member: MemberId,
        into: StreamId,
    ) -> Result<(), EngineError> {
        let devices: BTreeSet<DeviceId> = self.devices_of(member).collect();
        let mut missing: BTreeSet<DeviceId> = BTreeSet::new();
        let mut grants: Vec<Grant> = Vec::new();
        for (_, record) in self.known.keys.of(of) {
            missing.extend(devices.difference(&record.given));
            grants.push(record.grant.clone());
        }
        if missing.is_empty() {
            return Ok(());
        }
        for grant in &grants {
            self.known.keys.learn(tx, grant, false, missing.iter().copied())?;
        }
        self.welcome(tx, into, &missing, grants)
    }

    /// Copies into `keys` what members gave to some coordinators' devices and not to all.
    fn share_reviews_keys(&mut self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        let coordinators = self.readers(&Audience::Keys);
        let lacking: Vec<Grant> = self
            .known
            .keys
            .iter()
            .filter(|(.., record)| matches!(record.grant.audience(), Some(Audience::Reviews(_))))
            .filter(|(.., record)| !coordinators.is_subset(&record.given))
            .map(|(.., record)| record.grant.clone())
            .collect();
        for grant in lacking {
            self.pend_grant(tx, &Audience::Keys, grant)?;
        }
        Ok(())
    }

    /// Gives each reader the keys that none of its devices was given.
    fn grant_readers(&mut self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        let mut lacking: Vec<(MemberId, Grant)> = Vec::new();
        for (stream, _, record) in self.known.keys.iter() {
            let Some(audience) = record.grant.audience() else { continue };
            let readers: Vec<MemberId> = match audience {
                Audience::Programme => {
                    self.known.permission.active_members().map(|(member, _)| member).collect()
                }
                Audience::People => self.readers_of_people().collect(),
                Audience::Dossier(..) | Audience::Panel(..) => self.open_to(stream).collect(),
                _ => continue,
            };
            for member in readers {
                if self.devices_of(member).all(|device| !record.given.contains(&device))
                    && !self.known.permission.is_coordinator(member)
                {
                    lacking.push((member, record.grant.clone()));
                }
            }
        }
        for (member, grant) in lacking {
            self.pend_grant(tx, &Audience::To(member), grant)?;
        }
        Ok(())
    }

    /// Tells a member what became of its packs, where that changed.
    fn acknowledge(&mut self, tx: &mut dyn Transaction, member: MemberId) -> Result<(), EngineError> {
        if member == self.about.member {
            return Ok(());
        }
        let reviews = Stream::Reviews(member).id(self.programme());
        let said_key = [&b"said"[..], &member.0].concat();
        let said: Frontier = get(tx, Table::Outcomes, &said_key)?.unwrap_or_default();
        let mut counting = Counting::load(tx)?;
        let mut frontier = Frontier::default();
        let mut outcomes: Vec<(PackId, Outcome)> = Vec::new();
        let all = chains::frontier(tx, |stream, _| stream == reviews)?;
        for (chain, _) in all.chains() {
            for id in opened(tx, *chain)? {
                frontier.insert(*chain, id);
            }
            for id in chains::packs(tx, *chain)? {
                let Some(outcome) = self.outcome(tx, &mut counting, id)? else { continue };
                let before =
                    tx.get(Table::Outcomes, &id.0)?.map(|bytes| Outcome::from_bytes(&bytes)).transpose()?;
                let silent = before.is_none() && outcome == Outcome::Counted;
                if before != Some(outcome) && !silent {
                    outcomes.push((id, outcome));
                }
            }
        }
        let documents = self.document_outcomes(tx, member)?;
        if frontier == said && outcomes.is_empty() && documents.is_empty() {
            return Ok(());
        }
        outcomes.truncate(tessera_vault::items::OUTCOMES);
        for (id, outcome) in &outcomes {
            put(tx, Table::Outcomes, &id.0, outcome)?;
        }
        put(tx, Table::Outcomes, &said_key, &frontier)?;
        let (outcomes, documents) = (List::try_from(outcomes)?, List::try_from(documents)?);
        let item = Item::Acknowledgement(Acknowledgement { frontier, outcomes, documents });
        self.pend(tx, &Audience::To(member), PendingEntry::Item(item))
    }

    /// What became of a member's reviews, where that changed since it was told. Looked at only where something
    /// arrived that may change it.
    fn document_outcomes(
        &mut self,
        tx: &mut dyn Transaction,
        member: MemberId,
    ) -> Result<Vec<(DocumentId, Outcome)>, EngineError> {
        let programme = self.programme();
        let mut about: BTreeSet<StreamId> = [Stream::Public, Stream::Programme, Stream::Reviews(member)]
            .into_iter()
            .chain([Stream::To(member)])
            .map(|stream| stream.id(programme))
            .collect();
        about.insert(self.stream(&Audience::Office)?);
        let seen = hash("seen", &[&chains::frontier(tx, |stream, _| about.contains(&stream))?.to_bytes()]);
        let key = [&b"seen"[..], &member.0].concat();
        if tx.get(Table::Outcomes, &key)?.is_some_and(|before| before == seen.0) {
            return Ok(Vec::new());
        }
        let mut outcomes = Vec::new();
        for (document, outcome) in crate::reviews::outcomes(self, tx, member)? {
            let key = [&b"document"[..], &document.0].concat();
            let before = get::<Outcome>(tx, Table::Outcomes, &key)?;
            let silent = before.is_none() && outcome == Outcome::Counted;
            if before != Some(outcome) && !silent && outcomes.len() < tessera_vault::items::OUTCOMES {
                put(tx, Table::Outcomes, &key, &outcome)?;
                outcomes.push((document, outcome));
            }
        }
        if outcomes.len() < tessera_vault::items::OUTCOMES {
            tx.put(Table::Outcomes, &key, &seen.0)?;
        }
        Ok(outcomes)
    }

    fn outcome(
        &self,
        tx: &dyn Transaction,
        counting: &mut Counting,
        id: PackId,
    ) -> Result<Option<Outcome>, EngineError> {
        let Some(record) = get::<PackRecord>(tx, Table::PackStates, &id.0)? else { return Ok(None) };
        Ok(match record.stage {
            Stage::Received | Stage::NoKey => None,
            Stage::Crashed | Stage::Refused => Some(Outcome::Waits(reason::UNREADABLE)),
            Stage::NotForUs => Some(Outcome::Counted),
            Stage::Opened => Some(match counting.standing(self, tx, id)? {
                Standing::Counts => Outcome::Counted,
                Standing::Quarantined | Standing::Nobodys => Outcome::Waits(reason::REMOVED),
                Standing::Contested => Outcome::Waits(reason::CONTESTED),
                Standing::SetAside => Outcome::SetAside(reason::SET_ASIDE),
            }),
        })
    }
}

/// The tips of what was opened of a chain, without a gap before them.
fn opened(
    tx: &dyn Transaction,
    chain: tessera_protocol::frontier::Chain,
) -> Result<BTreeSet<PackId>, EngineError> {
    let mut done: BTreeSet<PackId> = BTreeSet::new();
    let mut tips = BTreeSet::new();
    for id in chains::packs(tx, chain)? {
        let Some(record) = get::<PackRecord>(tx, Table::PackStates, &id.0)? else { continue };
        let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)? else { continue };
        let read = !matches!(record.stage, Stage::Received | Stage::NoKey);
        if read && pack.header().previous.iter().all(|previous| done.contains(previous)) {
            for previous in pack.header().previous.iter() {
                tips.remove(previous);
            }
            done.insert(id);
            tips.insert(id);
        }
    }
    Ok(tips)
}
