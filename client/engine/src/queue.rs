//! The queues of the merge desk: what waits for a person, in one sentence each, with one recommended act.
//! One cause is one item, however much work it holds.

use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::codec::Wire;
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{ApplicationId, MemberId, PackId, RoundId};
use tessera_protocol::stream::Stream;
use tessera_vault::items::{Decision, Item, Matter, Verdict};
use tessera_vault::text::Text;

use crate::counting::{Counting, Standing};
use crate::engine::Acts;
use crate::error::EngineError;
use crate::records::{PackRecord, PendingEntry, Stage, all};
use crate::reviews::Waits;
use crate::store::Table;

/// One thing that waits for a person.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// 16 hexadecimal digits: the same on every device for the same cause.
    pub id: String,
    /// Why it waits, as a code.
    pub code: &'static str,
    /// Whose work it is.
    pub member: MemberId,
    /// The applications concerned.
    pub applications: BTreeSet<(ApplicationId, RoundId)>,
    /// What a decision is about.
    pub packs: BTreeSet<PackId>,
    /// What accepting this sets aside: the other version.
    pub instead_of: BTreeSet<PackId>,
    /// What most people would do, and why, as a code.
    pub recommended: Verdict,
}

impl Acts<'_> {
    /// Everything that waits for a decision.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn queue(&mut self) -> Result<Vec<Waiting>, EngineError> {
        let mut causes: BTreeMap<(MemberId, &'static str, Option<PackId>), Waiting> = BTreeMap::new();
        let mut seen: BTreeSet<PackId> = BTreeSet::new();
        for review in self.reviews()? {
            let about = (review.application, review.round);
            for (why, packs) in &review.waits {
                seen.extend(packs);
                if *why == Waits::TwoVersions {
                    for (_, pack) in &review.versions {
                        let others = packs.iter().copied().filter(|other| other != pack).collect();
                        let cause = causes
                            .entry((review.member, why.code(), Some(*pack)))
                            .or_insert_with(|| waiting(review.member, why.code(), Verdict::Ask));
                        cause.applications.insert(about);
                        cause.packs.insert(*pack);
                        cause.instead_of = others;
                    }
                    continue;
                }
                let recommended = match why {
                    Waits::Late => Verdict::Accept,
                    Waits::Removed | Waits::Conflict | Waits::Unassigned => Verdict::SetAside,
                    Waits::Contested | Waits::TwoVersions => Verdict::Ask,
                };
                let cause = causes
                    .entry((review.member, why.code(), None))
                    .or_insert_with(|| waiting(review.member, why.code(), recommended));
                cause.applications.insert(about);
                cause.packs.extend(packs);
            }
        }
        self.unread(&mut causes, &seen)?;
        let mut queue: Vec<Waiting> = causes.into_values().collect();
        for one in &mut queue {
            let packs: Vec<u8> = one.packs.iter().flat_map(Wire::to_bytes).collect();
            one.id =
                hash("queue", &[one.code.as_bytes(), &one.member.0, &packs]).to_string()[..16].to_owned();
        }
        Ok(queue)
    }

    /// Packs of members that no review stands for: outside a cut, or not readable.
    fn unread(
        &mut self,
        causes: &mut BTreeMap<(MemberId, &'static str, Option<PackId>), Waiting>,
        seen: &BTreeSet<PackId>,
    ) -> Result<(), EngineError> {
        let (core, tx) = self.parts();
        let mut counting = Counting::load(tx)?;
        for (key, record) in all::<PackRecord>(tx, Table::PackStates, &[])? {
            let Some(id) = key.last_chunk::<32>().map(|id| PackId(*id)) else { continue };
            let Stream::Reviews(member) = core.known.access.name(record.stream) else { continue };
            if seen.contains(&id) {
                continue;
            }
            let standing = counting.standing(core, tx, id)?;
            let code = match (record.stage, standing) {
                (_, Standing::SetAside) => continue,
                (Stage::Refused | Stage::Crashed, _) if !counting.accepted(core, tx, id)? => "unreadable",
                (Stage::NoKey, _) => "no-key",
                (_, Standing::Quarantined) => Waits::Removed.code(),
                (_, Standing::Contested) => Waits::Contested.code(),
                _ => continue,
            };
            let recommended = if code == "no-key" { Verdict::Ask } else { Verdict::SetAside };
            let cause =
                causes.entry((member, code, None)).or_insert_with(|| waiting(member, code, recommended));
            cause.packs.insert(id);
        }
        Ok(())
    }

    /// Decides an item of the queue.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::NotPermitted`].
    pub fn decide(&mut self, id: &str, verdict: Verdict, reason: &str) -> Result<Waiting, EngineError> {
        self.must_coordinate()?;
        let item = self.queue()?.into_iter().find(|one| one.id == id);
        let item = item.ok_or_else(|| EngineError::NotFound(format!("the item {id} of the queue")))?;
        let mut decisions: Vec<(PackId, Verdict)> = Vec::new();
        if item.instead_of.is_empty() || verdict != Verdict::Accept {
            decisions.extend(item.packs.iter().map(|pack| (*pack, verdict)));
        } else {
            decisions.extend(item.instead_of.iter().map(|pack| (*pack, Verdict::SetAside)));
        }
        let by = self.member();
        let reason: Text<{ tessera_vault::items::REASON_BYTES }> = Text::try_from(reason)?;
        for (pack, verdict) in decisions {
            let decision = Decision { matter: Matter::Pack(pack), verdict, reason: reason.clone(), by };
            let (core, tx) = self.parts();
            crate::decisions::keep(tx, PackId([0; 32]), &decision)?;
            core.pend(
                tx,
                &tessera_vault::ids::Audience::Office,
                PendingEntry::Item(Item::Decision(decision)),
            )?;
        }
        Ok(item)
    }
}

fn waiting(member: MemberId, code: &'static str, recommended: Verdict) -> Waiting {
    Waiting {
        id: String::new(),
        code,
        member,
        applications: BTreeSet::new(),
        packs: BTreeSet::new(),
        instead_of: BTreeSet::new(),
        recommended,
    }
}
