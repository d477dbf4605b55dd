//! Why is this not here, or why does it not count yet? One answer in codes for a pack or an application, from
//! what this device knows.

use std::collections::BTreeMap;

use tessera_model::documents::{AssignmentState, Conflict, Declaration};
use tessera_model::guard::{Limits, scan};
use tessera_protocol::codec::Wire;
use tessera_protocol::ids::{ApplicationId, MemberId, PackId};
use tessera_protocol::pack::Pack;
use tessera_protocol::stream::Stream;
use tessera_vault::ids::Audience;

use crate::counting::{Counting, Standing};
use crate::engine::Acts;
use crate::error::EngineError;
use crate::notices::{self, Notice};
use crate::reading::WorkState;
use crate::receive::parked;
use crate::records::{ChangeRecord, PackRecord, Stage, all, each, get};
use crate::reviews::Reviewed;
use crate::store::Table;

/// One thing that is known about what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What is the case: a kebab-case code.
    pub code: &'static str,
    /// Whom it is about, where it is about a member.
    pub member: Option<MemberId>,
    /// A pack, a reason or a code that goes with it; never content.
    pub detail: String,
}

impl Fact {
    fn new(code: &'static str) -> Self {
        Self { code, member: None, detail: String::new() }
    }

    fn of(mut self, member: Option<MemberId>) -> Self {
        self.member = member;
        self
    }

    fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// What it means and what to do, in one English sentence.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self.code {
            "counts" => "It is here and counts.",
            "opened" => "It is here and was read.",
            "for-others" => "It holds keys for other devices; there is nothing to read in it here.",
            "to-be-read" => "It is here and is read at the next exchange or import.",
            "no-key" => {
                "It is here, but its key is not; the next exchange with a coordinator's news may bring it."
            }
            "crashed" => {
                "Reading it ended the program twice, so it was put aside alone; a newer version may read it."
            }
            "refused" => "It was refused: its contents contradict what was signed, or do not belong there.",
            "outside-cut" => {
                "Its author was removed and this is not part of what had arrived; a coordinator decides."
            }
            "set-aside" => "A coordinator set it aside.",
            "contested" => {
                "Coordinators decided both ways on it; one of them settles it with a further decision."
            }
            "waits-for-changes" => {
                "It builds on changes that are not here yet; they come with the packs that are missing."
            }
            "author-unknown" => "It waits for the statement that says who its author is.",
            "missing" => {
                "It is not here; a pack that is here builds on it, and the next exchange asks for it."
            }
            "refused-before" => "It was not taken.",
            "in-outbox" => "It waits in the outbox for a relay or a courier.",
            "held-by-relay" => "The relay holds it; no coordinator's device has opened it yet.",
            "opened-by-coordinator" => "A coordinator's device opened it.",
            "not-assigned" => {
                "Nothing here says that it is assigned to you; the next exchange may bring the assignment."
            }
            "taken-back" => "The assignment was taken back.",
            "not-declared" => "The dossier opens once you declare whether there is a conflict of interest.",
            "conflict-declared" => "You declared a conflict of interest; the dossier is withheld.",
            "conflict-unsure" => {
                "You are not sure about a conflict of interest; the dossier stays closed until a coordinator decides."
            }
            "conflict-lifted" => {
                "A coordinator lifted what you declared; declare anew, and the dossier opens."
            }
            "handed-back" => "You handed it back; nothing of it is here any more.",
            "dossier-no-key" => {
                "The dossier's key is not here yet; the next exchange with a coordinator's news may bring it."
            }
            "dossier-missing" => {
                "The key of the dossier is here, its text is not yet; the next exchange brings it."
            }
            "dossier-here" => "The dossier is here.",
            "application-here" => "The application is here.",
            "application-unknown" => "No application with this key was taken in here.",
            "application-withdrawn" => "The application was withdrawn; its scores are left out.",
            "review-counts" => "This review counts.",
            "review-does-not-count" => "This review does not count at present.",
            "not-read" => "Nobody has submitted a review of it that is here.",
            "not-sent" => {
                "Nothing of it has come: it is not submitted yet, or it still waits on the reader's device."
            }
            "nothing-declared" => {
                "No answer of this reader to the question about conflicts of interest is here."
            }
            "conflict-of-reader" => {
                "This reader declared a conflict of interest, or is unsure, and does not read it."
            }
            "work-without-key" => "Work of this reader is here, but its key is not.",
            "work-unreadable" => "Work of this reader is here and cannot be read.",
            "work-to-be-read" => "Work of this reader is here and is read at the next exchange or import.",
            "work-missing" => {
                "Something that this reader's work builds on is not here; the next exchange asks for it."
            }
            "heard-last" => "A relay took the last work of this reader that is here at this time.",
            "heard-at-no-time" => "Work of this reader is here; when a relay took it is not known.",
            "heard-never" => "No review or declaration of this reader has ever come here.",
            _ => "Nothing more is known.",
        }
    }
}

/// What is known of a review that is here.
fn about(review: &Reviewed) -> Vec<Fact> {
    let member = Some(review.member);
    let mut facts = vec![match &review.counts {
        Ok(_) => Fact::new("review-counts").of(member),
        Err(why) => Fact::new("review-does-not-count").of(member).with(why.code()),
    }];
    for one in review.attention() {
        let detail = format!("{}: {}", one.code.as_str(), one.code.sentence());
        facts.push(Fact::new("question").of(member).with(detail));
    }
    facts
}

impl Acts<'_> {
    /// What is known of a pack; nothing where nothing names it.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn explain_pack(&mut self, id: PackId) -> Result<Vec<Fact>, EngineError> {
        let mut facts = Vec::new();
        let (core, tx) = self.parts();
        let author = |device| core.known.permission.device(device).map(|(member, _)| member);
        for notice in notices::list(tx)? {
            if let Notice::Refused { pack, device, code } = notice
                && pack == id
            {
                facts.push(Fact::new("refused-before").of(author(device)).with(code));
            }
        }
        let Some(record) = get::<PackRecord>(tx, Table::PackStates, &id.0)? else {
            let waiting = tx.get(Table::Parked, &[&[parked::UNKNOWN][..], &id.0].concat())?;
            facts.extend(waiting.map(|_| Fact::new("author-unknown")));
            each(tx, Table::Packs, &[], |key, value| {
                let Ok(pack) = Pack::from_bytes(&value) else { return Ok(()) };
                if pack.header().previous.contains(&id) {
                    let by = key.last_chunk::<32>().map(|key| PackId(*key).to_string());
                    let member = author(pack.header().device);
                    facts.push(Fact::new("missing").of(member).with(by.unwrap_or_default()));
                }
                Ok(())
            })?;
            return Ok(facts);
        };
        let member = author(record.device);
        if record.own {
            let state = match WorkState::of(&record) {
                WorkState::OnDevice | WorkState::InOutbox => "in-outbox",
                WorkState::HeldByRelay => "held-by-relay",
                WorkState::OpenedByCoordinator => "opened-by-coordinator",
            };
            facts.push(Fact::new(state).of(member));
        }
        let mut counting = Counting::load(tx)?;
        let (stage, standing) = (record.stage, counting.standing(core, tx, id)?);
        facts.push(
            Fact::new(match (stage, standing) {
                (Stage::Received, _) => "to-be-read",
                (Stage::NoKey, _) => "no-key",
                (Stage::Crashed, _) => "crashed",
                (Stage::Refused, _) => "refused",
                (Stage::NotForUs, _) => "for-others",
                (Stage::Opened, Standing::Counts) => "counts",
                (Stage::Opened, Standing::Quarantined) => "outside-cut",
                (Stage::Opened, Standing::SetAside) => "set-aside",
                (Stage::Opened, Standing::Contested) => "contested",
                (Stage::Opened, Standing::Nobodys) => "author-unknown",
            })
            .of(member),
        );
        let mut lacking = 0;
        each(tx, Table::Changes, &[], |key, value| {
            let change = ChangeRecord::from_bytes(&value)?;
            if !change.origin.packs().any(|pack| pack == id) {
                return Ok(());
            }
            let Ok(scanned) = scan(&change.bytes, &Limits::default()) else { return Ok(()) };
            for needed in scanned.deps() {
                let place = [&key[..key.len().min(16)], &needed[..]].concat();
                lacking += usize::from(tx.get(Table::Changes, &place)?.is_none());
            }
            Ok(())
        })?;
        if lacking > 0 && core.lacks_packs(tx)? {
            facts.push(Fact::new("waits-for-changes").of(member).with(lacking.to_string()));
        }
        Ok(facts)
    }

    /// What is known of an application: to a reader of its assignment and dossier, to a coordinator of its reviews.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn explain_application(&mut self, application: ApplicationId) -> Result<Vec<Fact>, EngineError> {
        let mut facts = Vec::new();
        let coordinates = self.must_coordinate().is_ok();
        let tasks: Vec<_> =
            self.tasks()?.into_iter().filter(|task| task.application == application).collect();
        for task in &tasks {
            let declared = task.conflict.as_ref().and_then(|conflict| conflict.declaration);
            let back = task.conflict.as_ref().is_some_and(Conflict::is_handed_back);
            let keyed = {
                let (core, _) = self.parts();
                let audience = Audience::Dossier(application, task.assignment.rendition);
                core.known.keys.stream_of(&audience).is_some()
            };
            let code = match (task.assignment.state, declared) {
                (state, _) if state != Some(AssignmentState::Assigned) => "taken-back",
                (_, None) => "not-declared",
                _ if task.lifted().is_some() => "conflict-lifted",
                (_, Some(Declaration::Unsure)) => "conflict-unsure",
                (_, Some(Declaration::Recused)) if back => "handed-back",
                (_, Some(declared)) if declared != Declaration::None => "conflict-declared",
                _ if task.readable => "dossier-here",
                _ if keyed => "dossier-missing",
                _ => "dossier-no-key",
            };
            facts.push(Fact::new(code));
            if let Some(state) = task.state {
                facts.push(Fact::new(match state {
                    WorkState::OnDevice | WorkState::InOutbox => "in-outbox",
                    WorkState::HeldByRelay => "held-by-relay",
                    WorkState::OpenedByCoordinator => "opened-by-coordinator",
                }));
            }
        }
        if !coordinates {
            if tasks.is_empty() {
                facts.push(Fact::new("not-assigned"));
            }
            return Ok(facts);
        }
        if !self.applications()?.iter().any(|(id, _)| *id == application) {
            facts.push(Fact::new("application-unknown"));
            return Ok(facts);
        }
        let withdrawn = self.withdrawn()?.contains(&application);
        facts.push(Fact::new(if withdrawn { "application-withdrawn" } else { "application-here" }));
        let mut read = false;
        for review in self.reviews_of(application)? {
            read = true;
            facts.extend(about(&review));
        }
        if !read {
            facts.push(Fact::new("not-read"));
        }
        Ok(facts)
    }

    /// What is known of a member's review of an application: whether it counts; where none is here, what is here and what is
    /// missing of what the member sent.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] in a home that is no coordinator's.
    pub fn explain_review(
        &mut self,
        application: ApplicationId,
        member: MemberId,
    ) -> Result<Vec<Fact>, EngineError> {
        self.must_coordinate()?;
        let reviews = self.reviews_of(application)?;
        let mut facts: Vec<Fact> =
            reviews.iter().filter(|review| review.member == member).flat_map(about).collect();
        if !facts.is_empty() {
            return Ok(facts);
        }
        let fact = |code| Fact::new(code).of(Some(member));
        facts.push(fact("not-sent"));
        match self.declaration(application, member)? {
            None => facts.push(fact("nothing-declared")),
            Some(declared) if declared.bars() => facts.push(fact("conflict-of-reader")),
            Some(_) => {}
        }
        let gaps = self.gaps()?;
        let missing: u64 = gaps.iter().filter(|gap| gap.member == Some(member)).map(|gap| gap.missing).sum();
        if missing > 0 {
            facts.push(fact("work-missing").with(missing.to_string()));
        }
        let (core, tx) = self.parts();
        let reviews = Stream::Reviews(member).id(core.programme());
        let (mut stages, mut last, mut came) = (BTreeMap::<&str, usize>::new(), None, false);
        for (_, record) in all::<PackRecord>(tx, Table::PackStates, &[])? {
            if record.stream != reviews {
                continue;
            }
            came = true;
            last = last.max(record.received_ms);
            let code = match record.stage {
                Stage::NoKey => "work-without-key",
                Stage::Crashed | Stage::Refused => "work-unreadable",
                Stage::Received => "work-to-be-read",
                Stage::Opened | Stage::NotForUs => continue,
            };
            *stages.entry(code).or_default() += 1;
        }
        facts.extend(stages.into_iter().map(|(code, count)| fact(code).with(count.to_string())));
        facts.push(match last {
            Some(ms) => fact("heard-last").with(ms.to_string()),
            None if came => fact("heard-at-no-time"),
            None => fact("heard-never"),
        });
        Ok(facts)
    }

    /// The packs whose id begins with these hexadecimal digits, here, waiting or named by others.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn packs_named(&mut self, digits: &str) -> Result<Vec<PackId>, EngineError> {
        let (_, tx) = self.parts();
        let mut found = std::collections::BTreeSet::new();
        let mut note = |id: PackId| {
            if id.to_string().starts_with(digits) {
                found.insert(id);
            }
        };
        each(tx, Table::Packs, &[], |key, value| {
            if let Some(id) = key.last_chunk::<32>() {
                note(PackId(*id));
            }
            if let Ok(pack) = Pack::from_bytes(&value) {
                pack.header().previous.iter().for_each(|id| note(*id));
            }
            Ok(())
        })?;
        each(tx, Table::Parked, &[parked::UNKNOWN], |key, _| {
            if let Some(id) = key.last_chunk::<32>() {
                note(PackId(*id));
            }
            Ok(())
        })?;
        for (_, notice) in all::<Notice>(tx, Table::Notices, &[])? {
            if let Notice::Refused { pack, .. } = notice {
                note(pack);
            }
        }
        Ok(found.into_iter().collect())
    }
}
