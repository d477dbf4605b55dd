//! Reviews as coordinators see them: what counts, and why something does not. The same on every device that
//! has the same packs. The rules are the model's ([`tessera_model::merge`]); here their facts are gathered.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::crdt::Readable;
use tessera_model::documents::{
    Assignment, AssignmentState, Clearance, Dossier, Kind, Manifest, Pin, Read, Record, Recorded, Review,
    Sha256Bytes, Subject, Submitted,
};
use tessera_model::merge::{
    Absent, AssignmentFact, Code, Counted, Decided, ReviewFacts, Waiting, Why, attention, counted,
    has_two_versions,
};
use tessera_protocol::frontier::Chain;
use tessera_protocol::ids::{ApplicationId, DocumentId, MemberId, PackId, RoundId};
use tessera_protocol::permission::Act;
use tessera_protocol::statement::Statement;
use tessera_vault::ids::Audience;
use tessera_vault::items::{Matter, Outcome, Verdict};

use crate::chains;
use crate::contents::{self, Kept, Listed};
use crate::core::Core;
use crate::counting::{Counting, Said, Standing};
use crate::document::Reading;
use crate::duties::reason;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::forks::Forks;
use crate::records::{PackRecord, get};
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
    /// The code: that of the question in the queue.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Removed => Code::ReviewAfterRemoval,
            Self::Contested => Code::DecisionContradicts,
            Self::Late => Code::ReviewAfterClose,
            Self::Conflict => Code::ReviewAfterRecusal,
            Self::Unassigned => Code::ReviewAfterUnassignment,
            Self::TwoVersions => Code::TwoVersions,
        }
        .as_str()
    }
}

/// A part of a pack: what it holds of one document.
pub type Part = (PackId, DocumentId);

/// One review of one reviewer in one round.
#[derive(Debug, Clone)]
pub struct Reviewed {
    /// Whose review it is.
    pub member: MemberId,
    /// The application.
    pub application: ApplicationId,
    /// The round.
    pub round: RoundId,
    /// What counts of it, marked, or why nothing does.
    pub counts: Result<Counted, Absent>,
    /// What counts of what the reviewer submitted; none where nothing does.
    pub counted: Option<Read<Review>>,
    /// Why something of it waits, with the packs concerned.
    pub waits: BTreeMap<Waits, BTreeSet<PackId>>,
    /// The versions that stand side by side, with their packs; more than one needs a person.
    pub versions: Vec<(Submitted, PackId)>,
    /// Packs that a person set aside.
    pub set_aside: BTreeSet<PackId>,
    /// Every pack of it that is here.
    pub packs: BTreeSet<PackId>,
    /// Everything that is known of it.
    pub facts: ReviewFacts,
    /// Who took it down, where somebody else did.
    pub recorded_by: BTreeSet<MemberId>,
    /// The document of what the reviewer submitted.
    pub document: DocumentId,
    /// The document of what was taken down, and its packs.
    pub recorded: Option<(DocumentId, BTreeSet<PackId>)>,
}

impl Reviewed {
    /// False where all that came of it was sealed by devices that are nobody's.
    pub(crate) fn is_here(&self) -> bool {
        !self.packs.is_empty() || self.recorded.is_some()
    }

    /// What its author is told of it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.waits.keys().next() {
            Some(Waits::Removed) => Outcome::Waits(reason::REMOVED),
            Some(Waits::Contested) => Outcome::Waits(reason::CONTESTED),
            Some(Waits::Late) => Outcome::Waits(reason::LATE),
            Some(Waits::Conflict) => Outcome::Waits(reason::CONFLICT),
            Some(Waits::Unassigned) => Outcome::Waits(reason::UNASSIGNED),
            Some(Waits::TwoVersions) => Outcome::Waits(reason::TWO_VERSIONS),
            None if self.counts == Err(Absent::SetAside) => Outcome::SetAside(reason::SET_ASIDE),
            None => Outcome::Counted,
        }
    }

    /// Where the comments of what counts point, by criterion.
    #[must_use]
    pub fn pins(&self) -> BTreeMap<String, Pin> {
        let recorded = || self.facts.recorded.as_ref().map(|recorded| &recorded.value.review);
        let review = self.counted.as_ref().map(|read| &read.value).or_else(recorded);
        review.filter(|_| self.counts.is_ok()).map(|review| review.pins.clone()).unwrap_or_default()
    }

    /// What is the matter with it, as codes: what a person must see comes first.
    #[must_use]
    pub fn attention(&self) -> Vec<tessera_model::merge::Attention> {
        let case = tessera_model::merge::Case {
            application: self.application.0,
            reviews: vec![self.facts.clone()],
            ..Default::default()
        };
        attention(&case)
    }
}

impl Acts<'_> {
    /// Every review that is here, submitted or taken down, by application, reviewer and round.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn reviews(&mut self) -> Result<Vec<Reviewed>, EngineError> {
        let (core, tx) = self.parts();
        let mut gather = Gather::new(core, tx)?;
        let places = gather.places()?;
        gather.reviews(&places)
    }

    /// As [`Acts::reviews`], of one application.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn reviews_of(&mut self, application: ApplicationId) -> Result<Vec<Reviewed>, EngineError> {
        self.reviews_where(|of| of == application)
    }

    /// As [`Acts::reviews`], of some applications.
    pub(crate) fn reviews_where(
        &mut self,
        wanted: impl Fn(ApplicationId) -> bool,
    ) -> Result<Vec<Reviewed>, EngineError> {
        let (core, tx) = self.parts();
        let mut gather = Gather::new(core, tx)?;
        let mut places = gather.submitted_where(&wanted)?;
        places.extend(gather.recorded()?);
        places.retain(|(of, _, _)| wanted(*of));
        gather.reviews(&places)
    }

    /// As [`Acts::reviews`], of some applications, with readings of which only a declared conflict of interest is here.
    pub(crate) fn reviews_and_declarations(
        &mut self,
        counting: Counting,
        wanted: impl Fn(ApplicationId) -> bool,
    ) -> Result<Vec<Reviewed>, EngineError> {
        let (core, tx) = self.parts();
        let mut gather = Gather::with(core, tx, counting)?;
        let mut places = gather.places()?;
        places.extend(gather.declared()?);
        places.retain(|(application, _, _)| wanted(*application));
        places.iter().map(|place| gather.review(*place)).collect()
    }
}

impl Acts<'_> {
    /// Lets a review that counts go on counting, whatever is said of its author from here on.
    pub(crate) fn keep_counting(
        &mut self,
        member: MemberId,
        application: ApplicationId,
        round: RoundId,
        reason: &str,
    ) -> Result<(), EngineError> {
        let (core, tx) = self.parts();
        let review = Gather::new(core, tx)?.review((application, member, round))?;
        if review.counts.is_err() {
            return Ok(());
        }
        for (_, pack) in review.versions.iter().filter(|(_, pack)| *pack != crate::decisions::UNSEALED) {
            core.decide(tx, Matter::Part(*pack, review.document), Verdict::Accept, reason)?;
        }
        Ok(())
    }
}

/// What became of a member's own submissions.
pub(crate) fn outcomes(
    core: &Core,
    tx: &dyn Transaction,
    member: MemberId,
) -> Result<Vec<(DocumentId, Outcome)>, EngineError> {
    let mut gather = Gather::new(core, tx)?;
    let mut outcomes = Vec::new();
    for place in gather.submitted()? {
        if place.1 == member {
            let review = gather.review(place)?;
            // What only devices that are nobody's sealed counts nowhere.
            let outcome = match review.is_here() {
                true => review.outcome(),
                false => Outcome::Waits(reason::REMOVED),
            };
            outcomes.push((review.document, outcome));
        }
    }
    Ok(outcomes)
}

/// An application, a reviewer and a round.
pub(crate) type Place = (ApplicationId, MemberId, RoundId);

/// A document and the packs that made it.
type Source = (DocumentId, BTreeSet<PackId>);

/// Gathers the facts of reviews; keeps what several share.
pub(crate) struct Gather<'a> {
    core: &'a Core,
    tx: &'a dyn Transaction,
    pub(crate) counting: Counting,
    closed: BTreeMap<(RoundId, Chain), BTreeSet<PackId>>,
    closed_ms: BTreeMap<RoundId, Option<u64>>,
    definition: Option<Sha256Bytes>,
    dossiers: BTreeMap<(ApplicationId, u8), Option<Sha256Bytes>>,
    /// The rulings and the reviews taken down that are here: few, and nobody looks for others.
    rare: BTreeSet<DocumentId>,
    pub(crate) forks: Forks,
}

impl<'a> Gather<'a> {
    pub(crate) fn new(core: &'a Core, tx: &'a dyn Transaction) -> Result<Self, EngineError> {
        Self::with(core, tx, Counting::load(tx)?)
    }

    fn with(core: &'a Core, tx: &'a dyn Transaction, mut counting: Counting) -> Result<Self, EngineError> {
        let call =
            core.read_record::<tessera_model::documents::Call>(tx, &Audience::Programme, &[], &mut counting)?;
        let programme = call.and_then(|call| call.value.current().ok());
        let mut rare = BTreeSet::new();
        for kind in [Kind::Clearance, Kind::Recorded] {
            rare.extend(core.documents(tx, kind)?.into_iter().map(|(id, _)| id));
        }
        Ok(Self {
            rare,
            core,
            tx,
            counting,
            closed: BTreeMap::new(),
            closed_ms: BTreeMap::new(),
            definition: programme.map(|(_, programme)| programme.definition_sha256()),
            dossiers: BTreeMap::new(),
            forks: Forks::default(),
        })
    }

    /// Every reading of which something was submitted or taken down.
    pub(crate) fn places(&self) -> Result<BTreeSet<Place>, EngineError> {
        let mut places = self.submitted()?;
        places.extend(self.recorded()?);
        Ok(places)
    }

    fn submitted(&self) -> Result<BTreeSet<Place>, EngineError> {
        self.submitted_where(|_| true)
    }

    fn submitted_where(
        &self,
        wanted: impl Fn(ApplicationId) -> bool,
    ) -> Result<BTreeSet<Place>, EngineError> {
        let mut places = BTreeSet::new();
        for (_, record) in self.core.documents(self.tx, Kind::Review)? {
            if let Ok(Subject::Reading(application, round)) = Subject::parse(Kind::Review, &record.subject)
                && wanted(ApplicationId(application))
                && let Some(Audience::Reviews(member)) = self.core.audience(record.stream)
            {
                places.insert((ApplicationId(application), member, RoundId(round)));
            }
        }
        Ok(places)
    }

    fn recorded(&self) -> Result<BTreeSet<Place>, EngineError> {
        let mut places = BTreeSet::new();
        for (_, record) in self.core.documents(self.tx, Kind::Recorded)? {
            let subject = Subject::parse(Kind::Recorded, &record.subject);
            if let Ok(Subject::ReadingOf(application, round, member)) = subject {
                places.insert((ApplicationId(application), MemberId(member), RoundId(round)));
            }
        }
        Ok(places)
    }

    /// Readings that were assigned and of which a conflict of interest was declared.
    pub(crate) fn declared(&self) -> Result<BTreeSet<Place>, EngineError> {
        let mut declared = BTreeSet::new();
        for (_, record) in self.core.documents(self.tx, Kind::Conflict)? {
            let Some(Audience::Reviews(member)) = self.core.audience(record.stream) else { continue };
            if let Ok(Subject::Application(application)) = Subject::parse(Kind::Conflict, &record.subject) {
                declared.insert((member, application));
            }
        }
        let mut places = BTreeSet::new();
        for (_, record) in self.core.documents(self.tx, Kind::Assignment)? {
            let Some(Audience::To(member)) = self.core.audience(record.stream) else { continue };
            if let Ok(Subject::Reading(application, round)) =
                Subject::parse(Kind::Assignment, &record.subject)
                && declared.contains(&(member, application))
            {
                places.insert((ApplicationId(application), member, RoundId(round)));
            }
        }
        Ok(places)
    }

    fn read<T: Record>(
        &mut self,
        audience: &Audience,
        subject: &[u8],
    ) -> Result<Option<Read<T>>, EngineError> {
        if self.core.stream(audience).is_err() {
            return Ok(None);
        }
        self.core.read_record(self.tx, audience, subject, &mut self.counting)
    }

    fn reviews(&mut self, places: &BTreeSet<Place>) -> Result<Vec<Reviewed>, EngineError> {
        let mut reviews = Vec::new();
        for place in places {
            reviews.extend(Some(self.review(*place)?).filter(Reviewed::is_here));
        }
        Ok(reviews)
    }

    /// Gathers one review.
    pub(crate) fn review(&mut self, (application, member, round): Place) -> Result<Reviewed, EngineError> {
        let reviews = Audience::Reviews(member);
        let subject = Subject::Reading(application.0, round.0).to_bytes();
        let document = self.core.document_id(&reviews, Kind::Review, &subject)?;
        let kept = contents::kept(self.tx, document)?;
        let changes = match &kept {
            Some(kept) => kept.changes.to_vec(),
            None => contents::built(self.tx, document)?,
        };
        let mut sorted = self.sort(document, round, changes)?;
        let (reading, sides) = self.read_review(document, kept.as_ref(), &sorted.counting)?;
        let counting = reading.as_ref().map(|reading| &reading.contents as &dyn Readable);
        let mut facts = ReviewFacts::new(member.0, round.0, counting);
        if !sides.is_empty() {
            facts = facts.beside(sides.iter().map(|side| &side.contents as &dyn Readable));
        }
        let mut versions = Vec::new();
        for version in &facts.versions {
            let pack = reading.iter().chain(&sides).find_map(|one| one.packs.get(&version.change));
            versions.extend(pack.map(|pack| (version.clone(), *pack)));
        }
        facts.waiting = self.waiting(document, &sorted)?;
        let (recorded, recorded_by) = self.taken_down(application, member, round, &mut facts)?;
        if let Some(conflict) = self.read(&reviews, &application.0)? {
            facts.declaration = conflict;
        }
        let ruled = Subject::ApplicationAndMember(application.0, member.0).to_bytes();
        let ruling = self.core.document_id(&Audience::Office, Kind::Clearance, &ruled);
        if ruling.is_ok_and(|id| self.rare.contains(&id))
            && let Some(clearance) = self.read::<Clearance>(&Audience::Office, &ruled)?
        {
            facts.clearance = clearance;
        }
        let assigned = self.read::<Assignment>(&Audience::To(member), &subject)?;
        facts.assignment = assignment_fact(assigned.as_ref());
        facts.definition_now = self.definition;
        facts.dossier_now = self.dossier_now(application, assigned.as_ref(), &facts)?;
        facts.copied_laptop = false;
        for pack in &sorted.packs {
            let (copied, doubled) = self.forks.of(self.tx, *pack)?;
            facts.copied_laptop |= copied;
            facts.equivocation |= doubled;
        }
        facts.decided = self.decided(document, &versions, recorded.as_ref())?;
        let counts = counted(&facts);
        sorted.whole(&counts, facts.decided);
        if has_two_versions(&facts) {
            sorted.waits.insert(Waits::TwoVersions, versions.iter().map(|(_, pack)| *pack).collect());
        }
        let own = (counts.is_ok() && facts.counting.value.revision > 0).then(|| facts.counting.clone());
        Ok(Reviewed {
            member,
            application,
            round,
            counted: own,
            counts,
            waits: sorted.waits,
            versions,
            set_aside: sorted.set_aside,
            packs: sorted.packs,
            facts,
            recorded_by,
            document,
            recorded,
        })
    }

    /// Sorts a review's packs by whether they count.
    fn sort(
        &mut self,
        document: DocumentId,
        round: RoundId,
        changes: Vec<Listed>,
    ) -> Result<Sorted, EngineError> {
        let mut sorted = Sorted::default();
        for Listed { hash, origin } in changes {
            let mut packs = Vec::new();
            for pack in origin.packs() {
                if self.counting.base(self.core, self.tx, pack)? != Standing::Nobodys {
                    packs.push(pack);
                }
            }
            if packs.is_empty() {
                continue;
            }
            sorted.packs.extend(&packs);
            let placed = self.place(document, round, packs)?;
            match placed.sort {
                Sort::Counts => {
                    sorted.counting.insert(placed.speaker);
                }
                Sort::SetAside => sorted.set_aside.extend(&placed.packs),
                Sort::Waits(why) => sorted.waits.entry(why).or_default().extend(&placed.packs),
            }
            sorted.placed.insert(hash, placed);
        }
        Ok(sorted)
    }

    /// Whether a change counts that came in these packs. What was decided on one of them was decided on what it
    /// says; else one that counts is enough.
    fn place(
        &mut self,
        document: DocumentId,
        round: RoundId,
        packs: Vec<PackId>,
    ) -> Result<Placed, EngineError> {
        let (mut said, mut accepted) = (Said::default(), None);
        for pack in &packs {
            let of_pack = self.counting.said(self.core, self.tx, *pack, Some(document))?;
            accepted = accepted.or(of_pack.accept.then_some(*pack));
            said = said.or(of_pack);
        }
        let first = packs.first().copied().unwrap_or(crate::decisions::UNSEALED);
        let (speaker, sort) = match (accepted, said.set_aside) {
            (Some(_), true) => (first, Sort::Waits(Waits::Contested)),
            (None, true) => (first, Sort::SetAside),
            // Another of its packs may hold a later version too, which nobody accepted.
            (Some(accepted), false) => (accepted, Sort::Counts),
            (None, false) => self.undecided(round, first, &packs)?,
        };
        Ok(Placed { speaker, packs, sort, said })
    }

    /// As [`Gather::place`], where nobody decided.
    fn undecided(
        &mut self,
        round: RoundId,
        first: PackId,
        packs: &[PackId],
    ) -> Result<(PackId, Sort), EngineError> {
        let mut why = Waits::Removed;
        for pack in packs {
            if self.counting.base(self.core, self.tx, *pack)? == Standing::Counts {
                if !self.is_late(round, *pack)? {
                    return Ok((*pack, Sort::Counts));
                }
                why = Waits::Late;
            }
        }
        Ok((first, Sort::Waits(why)))
    }

    /// What counts of a document, and its sides where a device gave one number twice.
    fn read_review(
        &self,
        document: DocumentId,
        kept: Option<&Kept>,
        packs: &BTreeSet<PackId>,
    ) -> Result<(Option<Reading>, Vec<Reading>), EngineError> {
        let found = self.core.read_kept(self.tx, document, kept, |pack| Ok(packs.contains(&pack)))?;
        let (reading, sides) = found.unzip();
        Ok((reading.filter(|reading| !reading.packs.is_empty()), sides.unwrap_or_default()))
    }

    /// What was submitted and does not count by itself.
    fn waiting(&mut self, document: DocumentId, sorted: &Sorted) -> Result<Vec<Waiting>, EngineError> {
        if sorted.waits.is_empty() && sorted.set_aside.is_empty() {
            return Ok(Vec::new());
        }
        let Some((whole, sides)) = self.core.open_with_sides(self.tx, document, |_| Ok(true))? else {
            return Ok(Vec::new());
        };
        let mut submitted: Vec<Submitted> = Vec::new();
        for opened in [whole].iter().chain(&sides) {
            submitted.extend(Review::history(&opened.document));
        }
        submitted.sort_by_key(|submitted| (submitted.review.revision, submitted.change));
        submitted.dedup_by_key(|submitted| submitted.change);
        let mut waiting = Vec::new();
        for submitted in submitted {
            let Some(placed) = sorted.placed.get(&submitted.change) else { continue };
            let (why, decided) = match placed.sort {
                Sort::Counts => continue,
                Sort::SetAside => (None, Decided::SetAside),
                Sort::Waits(Waits::Contested) => (None, Decided::Both),
                Sort::Waits(why) if placed.said.asked() => (Some(why), Decided::Asked),
                Sort::Waits(why) => (Some(why), Decided::Not),
            };
            let removed = match why {
                Some(why) => why == Waits::Removed,
                None => self.counting.base(self.core, self.tx, placed.speaker)? == Standing::Quarantined,
            };
            let why = if removed {
                Why::AfterRemoval
            } else {
                let round = self.round_of(document)?;
                let mut held_before = false;
                for pack in &placed.packs {
                    held_before |= self.held_before(round, *pack)?;
                }
                Why::AfterClose { held_before }
            };
            waiting.push(Waiting { submitted, why, decided });
        }
        Ok(waiting)
    }

    fn round_of(&self, document: DocumentId) -> Result<RoundId, EngineError> {
        let record = get::<crate::records::DocumentRecord>(self.tx, Table::Documents, &document.0)?;
        let subject = record.and_then(|record| Subject::parse(Kind::Review, &record.subject).ok());
        Ok(RoundId(subject.and_then(|subject| subject.round()).unwrap_or_default()))
    }

    /// True where the round is closed and the pack lies outside.
    fn is_late(&mut self, round: RoundId, pack: PackId) -> Result<bool, EngineError> {
        let Some(frontier) = self.core.known.permission.closes.get(&round) else { return Ok(false) };
        let Some(record) = get::<PackRecord>(self.tx, Table::PackStates, &pack.0)? else { return Ok(true) };
        let chain = (record.stream, record.device);
        if !self.closed.contains_key(&(round, chain)) {
            let inside = chains::inside(self.tx, chain, frontier)?;
            self.closed.insert((round, chain), inside);
        }
        Ok(!self.closed[&(round, chain)].contains(&pack))
    }

    /// True where a relay had the pack before it had the close.
    fn held_before(&mut self, round: RoundId, pack: PackId) -> Result<bool, EngineError> {
        if !self.closed_ms.contains_key(&round) {
            let mut first: Option<u64> = None;
            for public in self.core.known.gathering.packs() {
                if let Act::Statement(Statement::Close { round: closed, .. }) = &public.act
                    && *closed == round
                    && let Some(record) = get::<PackRecord>(self.tx, Table::PackStates, &public.id.0)?
                {
                    first = match (first, record.received_ms) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    };
                }
            }
            self.closed_ms.insert(round, first);
        }
        let received = get::<PackRecord>(self.tx, Table::PackStates, &pack.0)?.and_then(|r| r.received_ms);
        Ok(received.zip(self.closed_ms[&round]).is_some_and(|(pack, close)| pack < close))
    }

    /// Reads what somebody else took down: the document with its packs, and who entered it.
    fn taken_down(
        &mut self,
        application: ApplicationId,
        member: MemberId,
        round: RoundId,
        facts: &mut ReviewFacts,
    ) -> Result<(Option<Source>, BTreeSet<MemberId>), EngineError> {
        let mut by = BTreeSet::new();
        let subject = Subject::ReadingOf(application.0, round.0, member.0).to_bytes();
        let id = self.core.document_id(&Audience::Office, Kind::Recorded, &subject);
        let Some(id) = id.ok().filter(|id| self.rare.contains(id)) else { return Ok((None, by)) };
        let reading = self.core.read_document(self.tx, id, &mut self.counting)?;
        let Some(reading) = reading.filter(|reading| !reading.packs.is_empty()) else {
            return Ok((None, by));
        };
        facts.recorded = Some(Recorded::read(&reading.contents));
        let mut packs = BTreeSet::new();
        for Listed { origin, .. } in contents::changes(self.tx, id)? {
            if !reading.left_out.contains(&origin.pack()) {
                packs.insert(origin.pack());
                by.extend(self.core.known.permission.device(origin.device).map(|(member, _)| member));
            }
        }
        Ok((Some((id, packs)), by))
    }

    fn dossier_now(
        &mut self,
        application: ApplicationId,
        assigned: Option<&Read<Assignment>>,
        facts: &ReviewFacts,
    ) -> Result<Option<Sha256Bytes>, EngineError> {
        let unknown = [0; 32];
        let own = facts.versions.iter().map(|version| version.review.dossier);
        let recorded = facts.recorded.iter().map(|recorded| recorded.value.review.dossier);
        if own.chain(recorded).all(|version| version == unknown) {
            return Ok(None);
        }
        let rendition = assigned.map_or(0, |assigned| assigned.value.rendition);
        if let Some(version) = self.dossiers.get(&(application, rendition)) {
            return Ok(*version);
        }
        let version = self.core.dossier(self.tx, application, rendition, &mut self.counting)?;
        let version = version.map(|(dossier, files): (Dossier, Manifest)| dossier.version(&files));
        self.dossiers.insert((application, rendition), version);
        Ok(version)
    }

    /// What was decided on a review as it is now.
    fn decided(
        &mut self,
        document: DocumentId,
        versions: &[(Submitted, PackId)],
        recorded: Option<&(DocumentId, BTreeSet<PackId>)>,
    ) -> Result<Decided, EngineError> {
        let own = versions.iter().map(|(_, pack)| (*pack, document));
        let taken_down = recorded.iter().flat_map(|(id, packs)| packs.iter().map(|pack| (*pack, *id)));
        let parts: Vec<Part> = if versions.is_empty() { taken_down.collect() } else { own.collect() };
        let (mut all_accepted, mut asked) = (!parts.is_empty(), false);
        for (pack, document) in parts {
            let said = self.counting.said(self.core, self.tx, pack, Some(document))?;
            all_accepted &= said.accepted();
            asked |= said.asked();
        }
        Ok(match (all_accepted, asked) {
            (true, _) => Decided::Accept,
            (false, true) => Decided::Asked,
            (false, false) => Decided::Not,
        })
    }
}

/// One change of a review, however many packs brought it: a copy of a laptop seals the same once more.
struct Placed {
    /// The pack that speaks for it.
    speaker: PackId,
    packs: Vec<PackId>,
    sort: Sort,
    /// What was decided on any of its packs.
    said: Said,
}

/// Where a change of a review belongs.
#[derive(Clone, Copy)]
enum Sort {
    Counts,
    SetAside,
    Waits(Waits),
}

/// The packs of one review, by whether they count.
#[derive(Default)]
struct Sorted {
    placed: BTreeMap<[u8; 32], Placed>,
    packs: BTreeSet<PackId>,
    counting: BTreeSet<PackId>,
    set_aside: BTreeSet<PackId>,
    waits: BTreeMap<Waits, BTreeSet<PackId>>,
}

impl Sorted {
    /// Notes why all of it waits, where its author was not to write it.
    fn whole(&mut self, counts: &Result<Counted, Absent>, decided: Decided) {
        let why = match counts {
            Err(Absent::Recused) => Waits::Conflict,
            Err(Absent::Unassigned) => Waits::Unassigned,
            _ => return,
        };
        if decided != Decided::Accept && !self.counting.is_empty() {
            self.waits.entry(why).or_default().extend(self.counting.iter().copied());
        }
    }
}

fn assignment_fact(assigned: Option<&Read<Assignment>>) -> AssignmentFact {
    match assigned {
        None => AssignmentFact::Never,
        Some(read) if read.is_contested("state") => AssignmentFact::Contested,
        Some(read) => match read.value.state {
            Some(AssignmentState::Assigned) => AssignmentFact::Assigned,
            Some(AssignmentState::Withdrawn) => AssignmentFact::Withdrawn,
            None => AssignmentFact::Never,
        },
    }
}
