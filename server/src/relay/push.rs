//! Taking packs: piece by piece as they come, judged by the rules, stored, and only then known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use tessera_protocol::access::{Refusal, Taken};
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::Request;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{DeviceId, MemberId, PackId, ProgrammeId};
use tessera_protocol::limits as formats;
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::EMPTY_HEAD;
use tessera_protocol::signature::Verified;
use tessera_protocol::stream::Stream;
use tokio::sync::OwnedMutexGuard;

use super::recent::{self, Copy};
use super::{Failure, Incoming, Programme, Relay, Taking};
use crate::rules::{Grown, Rules};
use crate::store::{Account, Batch, NewPack, Outcome, Place, Right, StoreError, reading, written};

/// Packs are judged and stored in pieces of about this many bytes.
pub(super) const PIECE_BYTES: usize = 512 * 1024;
/// Packs whose device is not known yet wait for what follows in the same request, up to this.
pub(super) const WAITING_BYTES: usize = 1024 * 1024;
/// So few packs are judged where others wait for it; more are judged beside.
const FEW: usize = 16;

/// What became of the packs of a request.
#[derive(Default)]
pub(super) struct Pushed {
    pub(super) places: BTreeMap<PackId, Place>,
    pub(super) refused: BTreeMap<PackId, Refusal>,
}

/// What judging packs comes to.
struct Judged {
    taken: Vec<NewPack>,
    refused: Vec<(PackId, Refusal)>,
    /// Rules after the commit, and what may be read differently then.
    after: Option<(Rules, Vec<Right>)>,
    /// False where the charter does not name this relay: only charter and statements are taken.
    named: bool,
}

impl Relay {
    /// Reads the charter and statements at the start of a request by somebody who is not known yet, and
    /// lets it in where they name it. A new programme is taken where its charter names this relay.
    pub(super) async fn introduce(
        self: &Arc<Self>,
        request: &Request,
        incoming: &mut Incoming,
        left: &mut usize,
    ) -> Result<(Arc<Programme>, Vec<Pack>), Failure> {
        let id = request.head.caller.programme;
        let public = Stream::Public.id(id);
        let most = usize::try_from(request.head.pack_bytes).unwrap_or(usize::MAX);
        let _room = self.room(most)?;
        let mut packs = Vec::new();
        let mut bytes = 0;
        while *left > 0 {
            let frame = incoming.frame(formats::PACK_BYTES).await?;
            *left -= 1;
            bytes += frame.len();
            if bytes > most {
                return Err(Failure::TooLarge("the packs"));
            }
            let pack = Pack::from_bytes(&frame)?;
            let more = pack.header().stream == public;
            packs.push(pack);
            if !more {
                break;
            }
        }
        let first: Vec<Pack> = packs.iter().filter(|pack| pack.header().stream == public).cloned().collect();
        if first.is_empty() {
            self.genuine(request, None)?;
        }
        let _founding = self.founding.lock().await;
        let known = self.programme(id);
        let base = known.as_ref().map_or_else(|| Rules::blank(id), |programme| programme.state().rules);
        let named_before = base.names(&self.key.public());
        let grown = reading(move || Ok(base.grow(first).rules)).await?;
        self.genuine(request, grown.key(request.head.caller.device))?;
        if !named_before && !grown.names(&self.key.public()) {
            return Err(Failure::NotNamed);
        }
        match known {
            Some(programme) => Ok((programme, packs)),
            None => self.found(id).map(|programme| (programme, packs)),
        }
    }

    /// Makes room for a new programme, in memory only: the first commit makes it in the store.
    fn found(&self, id: ProgrammeId) -> Result<Arc<Programme>, Failure> {
        let mut programmes = self.programmes.write().unwrap_or_else(PoisonError::into_inner);
        let taken = match &self.taking {
            Taking::Any => programmes.len() < self.limits.programmes,
            Taking::Only(these) => these.contains(&id),
        };
        if !taken {
            return Err(Failure::NotTaken);
        }
        let programme = Programme::new(id, Rules::blank(id), (0, EMPTY_HEAD));
        Ok(Arc::clone(programmes.entry(id).or_insert(programme)))
    }

    /// Takes the packs of a request: those read already, then those that still come.
    pub(super) async fn push(
        self: &Arc<Self>,
        programme: &Arc<Programme>,
        first: Vec<Pack>,
        incoming: &mut Incoming,
        mut left: usize,
    ) -> Result<Pushed, Failure> {
        let public = Stream::Public.id(programme.id);
        let mut pushed = Pushed::default();
        let mut piece = first;
        let mut waiting: Vec<Pack> = Vec::new();
        loop {
            let mut bytes = 0;
            while left > 0 && bytes < PIECE_BYTES {
                let frame = incoming.frame(formats::PACK_BYTES).await?;
                left -= 1;
                bytes += frame.len();
                piece.push(Pack::from_bytes(&frame)?);
            }
            if piece.is_empty() {
                break;
            }
            if piece.iter().any(|pack| pack.header().stream == public) {
                piece.append(&mut waiting);
            }
            let kept = if left > 0 { piece.clone() } else { Vec::new() };
            let unknown = self.take(programme, std::mem::take(&mut piece), &mut pushed).await?;
            waiting.extend(kept.into_iter().filter(|pack| unknown.contains(&pack.id())));
            let mut held = 0;
            waiting.retain(|pack| {
                held += pack.body().len() + formats::HEADER_BYTES / 64;
                held <= WAITING_BYTES
            });
        }
        incoming.end().await?;
        Ok(pushed)
    }

    /// Judges and stores some packs; returns those whose device is not known yet.
    async fn take(
        self: &Arc<Self>,
        programme: &Arc<Programme>,
        packs: Vec<Pack>,
        pushed: &mut Pushed,
    ) -> Result<BTreeSet<PackId>, Failure> {
        let mut before = programme.state().rules;
        let mut changing = None;
        if packs.iter().any(|pack| matters(&before, pack)) {
            changing = Some(Arc::clone(&programme.changing).lock_owned().await);
            before = programme.state().rules;
        }
        let (judged, before) = if packs.len() <= FEW && changing.is_none() {
            let judged = self.judge(&before, packs)?;
            // What is here already keeps its place, whatever the rules say of it by now.
            let refused: Vec<PackId> = judged.refused.iter().map(|(id, _)| *id).collect();
            if !refused.is_empty() {
                let relay = Arc::clone(self);
                let id = programme.id;
                pushed.places.extend(reading(move || relay.places(id, &refused)).await?);
            }
            (judged, before)
        } else {
            let relay = Arc::clone(self);
            let (places, judged, before) = reading(move || {
                let ids: Vec<PackId> = packs.iter().map(Pack::id).collect();
                let places = relay.places(before.access.programme(), &ids)?;
                let stored: BTreeSet<PackId> = places.iter().map(|(id, _)| *id).collect();
                let new = packs.into_iter().zip(ids).filter(|(_, id)| !stored.contains(id));
                let judged = relay.judge(&before, new.map(|(pack, _)| pack).collect())?;
                Ok((places, judged, before))
            })
            .await?;
            pushed.places.extend(places);
            (judged, before)
        };
        pushed.refused.extend(judged.refused.iter().copied());
        let unknown = judged.refused.iter().filter(|(_, why)| *why == Refusal::UnknownDevice);
        let unknown = unknown.map(|(id, _)| *id).collect();
        let named = judged.named;
        if !judged.taken.is_empty() {
            self.commit(programme, judged, before, changing, pushed).await?;
        }
        pushed.refused.retain(|id, _| !pushed.places.contains_key(id));
        if named { Ok(unknown) } else { Err(Failure::NotNamed) }
    }

    /// Where packs are, but for those whose bytes are damaged.
    fn places(&self, programme: ProgrammeId, ids: &[PackId]) -> Result<Vec<(PackId, Place)>, StoreError> {
        let mut places = self.store.places(programme, ids)?;
        places.retain(|(id, _)| !self.damaged.lock().contains(id));
        Ok(places)
    }

    /// Decides on packs: those of `public` first, whose effect counts for the others.
    fn judge(&self, before: &Rules, packs: Vec<Pack>) -> Result<Judged, StoreError> {
        let public = Stream::Public.id(before.access.programme());
        let (news, others): (Vec<Pack>, Vec<Pack>) =
            packs.into_iter().partition(|pack| pack.header().stream == public);
        let Grown { mut rules, taken: mut verified, mut refused } =
            if news.is_empty() { Grown::nothing(before) } else { before.grow(news) };
        let mut changed = !verified.is_empty();
        let named = others.is_empty() || rules.names(&self.key.public());
        for pack in if named { others } else { Vec::new() } {
            let id = pack.id();
            match check(&rules, pack) {
                Ok(pack) => {
                    if matters(&rules, &pack) {
                        rules.note(pack.header(), id);
                        changed = true;
                    }
                    verified.push(pack);
                }
                Err(why) => refused.push((id, why)),
            }
        }
        let after = if changed {
            let rights = rules.compared(before, &*self.store)?;
            Some((rules.clone(), rights))
        } else {
            None
        };
        let paid = |pack: Verified<Pack>| NewPack { accounts: self.accounts(&rules, &pack), pack };
        let taken = verified.into_iter().map(paid).collect();
        Ok(Judged { taken, refused, after, named })
    }

    fn accounts(&self, rules: &Rules, pack: &Pack) -> Vec<Account> {
        let late = rules.access.may_write(pack.header()) == Ok(Taken::AfterRemoval);
        self.payers(rules, pack.header().device, late)
    }

    /// Who pays for what a device brings in.
    pub(crate) fn payers(&self, rules: &Rules, device: DeviceId, late: bool) -> Vec<Account> {
        let Some(reader) = rules.access.reader(device) else { return Vec::new() };
        let limits = &self.limits;
        if late {
            let id = removed_account(reader.member);
            return vec![Account { id, limit_bytes: limits.removed_bytes }];
        }
        let limit = |bytes: u64| if reader.coordinator { limits.programme_bytes } else { bytes };
        vec![
            Account { id: device.0, limit_bytes: limit(limits.device_bytes) },
            Account { id: reader.member.0, limit_bytes: limit(limits.member_bytes) },
        ]
    }

    /// Stores what was judged; the rules follow in the writing thread, after the commit.
    async fn commit(
        self: &Arc<Self>,
        programme: &Arc<Programme>,
        judged: Judged,
        before: Rules,
        changing: Option<OwnedMutexGuard<()>>,
        pushed: &mut Pushed,
    ) -> Result<(), Failure> {
        let Judged { taken, after, .. } = judged;
        let ids: Vec<PackId> = taken.iter().map(|new| new.pack.id()).collect();
        let relevant = |rules: &Rules| {
            let copy = |new: &NewPack| matters(rules, &new.pack).then(|| (*new.pack).clone());
            taken.iter().map(copy).collect::<Vec<_>>()
        };
        let relevant = after.as_ref().map(|(rules, _)| relevant(rules)).unwrap_or_default();
        let copies = recent::copies(taken.iter().map(|new| &*new.pack));
        let batch = Batch {
            programme: programme.id,
            incarnation: self.incarnation,
            received_ms: (self.clock)(),
            packs: taken,
            changed: after.as_ref().map(|(_, rights)| rights.clone()).unwrap_or_default(),
            programme_limit_bytes: self.limits.programme_bytes,
        };
        let known = Arc::clone(programme);
        let outcomes = written(|done| {
            let installing = move |result: Result<Vec<Outcome>, StoreError>| {
                if let Ok(outcomes) = &result {
                    install(&known, &before, after, relevant, copies, outcomes);
                }
                drop(changing);
                done(result);
            };
            self.store.append(batch, Box::new(installing));
        })
        .await?;
        for (id, outcome) in ids.into_iter().zip(outcomes) {
            self.damaged.lock().remove(&id);
            match outcome {
                Outcome::Stored(place) | Outcome::Known(place) => drop(pushed.places.insert(id, place)),
                Outcome::NoRoom => drop(pushed.refused.insert(id, Refusal::Quota)),
                Outcome::ProgrammeFull => drop(pushed.refused.insert(id, Refusal::Full)),
            }
        }
        Ok(())
    }
}

fn removed_account(member: MemberId) -> [u8; 16] {
    hash("account of a removed member", &[&member.0]).prefix()
}

/// True for what the rules follow from: `public`, every `to/`, and what would open or close a stream. It
/// is judged by one push at a time.
fn matters(rules: &Rules, pack: &Pack) -> bool {
    let header = pack.header();
    matches!(rules.access.name(header.stream), Stream::Public | Stream::To(_))
        || !header.opened.is_empty()
        || !header.closed.is_empty()
}

fn check(rules: &Rules, pack: Pack) -> Result<Verified<Pack>, Refusal> {
    let header = pack.header();
    let key = rules.key(header.device).ok_or(Refusal::UnknownDevice)?;
    match rules.access.may_write(header) {
        // It may be the `to/` of a member of whom this relay has not heard yet: later, not never.
        Err(Refusal::OpeningOutsideTo) if matches!(rules.access.name(header.stream), Stream::Other(_)) => {
            return Err(Refusal::UnknownDevice);
        }
        other => other?,
    };
    pack.verify(key).map_err(|_| Refusal::BadSignature)
}

/// Makes what was committed known. Runs in the writing thread, in the order of the log.
fn install(
    programme: &Programme,
    before: &Rules,
    after: Option<(Rules, Vec<Right>)>,
    relevant: Vec<Option<Pack>>,
    copies: Vec<Copy>,
    outcomes: &[Outcome],
) {
    let stored = |outcome: &Outcome| matches!(outcome, Outcome::Stored(_) | Outcome::Known(_));
    let newest = outcomes.iter().rev().find_map(|outcome| match outcome {
        Outcome::Stored(place) => Some((place.sequence, place.head)),
        _ => None,
    });
    let rules = after.map(|(mut rules, rights)| {
        if relevant.iter().zip(outcomes).any(|(pack, outcome)| pack.is_some() && !stored(outcome)) {
            // Somebody had no room: the rules are made of what was stored alone.
            let public = Stream::Public.id(programme.id);
            let kept = relevant.into_iter().zip(outcomes).filter(|(_, outcome)| stored(outcome));
            let (news, others): (Vec<Pack>, Vec<Pack>) =
                kept.filter_map(|(pack, _)| pack).partition(|pack| pack.header().stream == public);
            rules = before.grow(news).rules;
            others.iter().for_each(|pack| rules.note(pack.header(), pack.id()));
        }
        rules.mark(&rights, newest.map_or(0, |(sequence, _)| sequence));
        rules
    });
    let mut state = programme.state.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(newest) = newest {
        state.newest = newest;
        Arc::make_mut(&mut state.recent).go_on(copies, outcomes, newest);
    }
    if let Some(rules) = rules {
        state.rules = rules;
    }
    drop(state);
    programme.news.notify_waiters();
}
