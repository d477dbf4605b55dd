//! The queues of the merge desk: what waits for a person, in one sentence each, with one recommended act and
//! its reason. One cause is one item, however much work it holds. What is a question is the model's
//! ([`tessera_model::merge`]); here questions are grouped, and what a decision on each writes is known.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::crdt::{EditError, Readable as _, Value};
use tessera_model::documents::{Clearance, Kind, Ruling, Sha256Bytes, Subject};
use tessera_model::merge::{Act, Attention, Class, Code};
use tessera_protocol::hash::hash;
use tessera_protocol::ids::{ApplicationId, DocumentId, MemberId, PackId, RoundId};
use tessera_protocol::stream::Stream;
use tessera_vault::ids::Audience;
use tessera_vault::items::{Matter, Verdict};

use crate::counting::{Counting, Standing};
use crate::engine::Acts;
use crate::error::EngineError;
use crate::forks::Forks;
use crate::records::{ChangeRecord, PackRecord, Stage, all, get};
use crate::reviews::Reviewed;
use crate::store::{Table, Transaction};
use crate::tallies::{self, Tallied};

/// A pack, or what it holds of one document.
pub type Part = (PackId, Option<DocumentId>);

/// The shortest beginning of an item's id.
const SHORTEST: usize = 4;
/// What this device notes of a notice that was seen, and of one that is to be shown again.
const SEEN: &[u8] = &[1];
const UNSEEN: &[u8] = &[0];

/// One thing that waits for a person, or is worth a line.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// 16 hexadecimal digits: the same on every device for the same cause.
    pub id: String,
    /// Whether a person decides, or it is a notice.
    pub class: Class,
    /// Why it waits, as a code.
    pub code: &'static str,
    /// The same in one sentence, in English.
    pub sentence: &'static str,
    /// What most people would do.
    pub act: Act,
    /// Why that.
    pub reason: &'static str,
    /// Whose work it is, where it is one member's.
    pub member: Option<MemberId>,
    /// The applications concerned, with the round where there is one.
    pub applications: BTreeSet<(ApplicationId, Option<RoundId>)>,
    /// The field or criteria, where it is about some.
    pub place: String,
    /// What this side says, and the other ones.
    pub says: Vec<String>,
    /// True where the author was asked.
    pub asked: bool,
    /// The packs that it is about.
    pub packs: BTreeSet<PackId>,
    /// What a decision is about.
    pub parts: BTreeSet<Part>,
    /// What accepting this sets aside: the other version.
    pub instead_of: BTreeSet<Part>,
    /// What accepting this writes, where coordinators' own records contradict one another.
    choice: Option<Choice>,
    /// The declarations that a ruling is on.
    rulings: BTreeSet<(ApplicationId, MemberId, Sha256Bytes)>,
}

/// A value of a field of a record that coordinators share.
#[derive(Debug, Clone)]
struct Choice {
    audience: Audience,
    kind: Kind,
    subject: Vec<u8>,
    path: Vec<String>,
    value: Value,
}

impl Waiting {
    fn new(code: Code, act: Act, reason: &'static str) -> Self {
        Self {
            id: String::new(),
            class: code.class(),
            code: code.as_str(),
            sentence: code.sentence(),
            act,
            reason,
            member: None,
            applications: BTreeSet::new(),
            place: String::new(),
            says: Vec::new(),
            asked: false,
            packs: BTreeSet::new(),
            parts: BTreeSet::new(),
            instead_of: BTreeSet::new(),
            choice: None,
            rulings: BTreeSet::new(),
        }
    }

    fn of(attention: &Attention) -> Self {
        let mut waiting = Self::new(attention.code, attention.act, attention.reason);
        waiting.place.clone_from(&attention.place);
        waiting.asked = attention.asked;
        waiting
    }

    /// The recommended act, where it is one that [`Acts::decide`] takes.
    #[must_use]
    pub fn recommended(&self) -> Option<Verdict> {
        match self.act {
            Act::Accept => Some(Verdict::Accept),
            Act::SetAside => Some(Verdict::SetAside),
            Act::Ask => Some(Verdict::Ask),
            Act::Choose | Act::Rule | Act::EnrolAgain | Act::Investigate | Act::Nothing => None,
        }
    }

    fn takes(&mut self, parts: impl IntoIterator<Item = Part>) {
        for part in parts {
            self.packs.insert(part.0);
            self.parts.insert(part);
        }
    }

    fn name(&mut self) {
        let mut bytes = Vec::new();
        for (pack, document) in &self.parts {
            bytes.extend(pack.0);
            bytes.extend(document.map_or([0; 16], |document| document.0));
        }
        for (application, member, declaration) in &self.rulings {
            bytes.extend([&application.0[..], &member.0, declaration].concat());
        }
        let member = self.member.map_or([0; 16], |member| member.0);
        let fields: [&[u8]; 4] = [self.code.as_bytes(), &member, self.place.as_bytes(), &bytes];
        let mut id = hash("queue", &fields).to_string();
        id.truncate(16);
        self.id = id;
    }
}

/// By what questions are one.
type Cause = (Code, Option<MemberId>, Vec<u8>);

/// Something that waited, and what became of it.
#[derive(Debug, Clone)]
pub struct Decided {
    /// What waited.
    pub item: Waiting,
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: MemberId,
}

/// Whether what coordinators decided is taken into account.
#[derive(Debug, Clone, Copy, Default)]
enum Decisions {
    /// What was decided waits no more.
    #[default]
    Heard,
    /// Everything that ever waited.
    Ignored,
}

impl Decisions {
    fn counting(self, tx: &dyn Transaction) -> Result<Counting, EngineError> {
        match self {
            Self::Heard => Counting::load(tx),
            Self::Ignored => Ok(Counting::undecided()),
        }
    }
}

/// The queue while it is put together.
#[derive(Default)]
struct Desk {
    decisions: Decisions,
    causes: BTreeMap<Cause, Waiting>,
    forks: Forks,
}

impl Desk {
    fn cause(&mut self, attention: &Attention, member: Option<MemberId>, detail: Vec<u8>) -> &mut Waiting {
        // What is recommended for late work depends on the evidence that came to this device; what is one
        // question must not.
        let late = attention.code == Code::ReviewAfterClose;
        let act = if late { 0 } else { attention.act as u8 };
        let detail = [&[act, u8::from(attention.asked)][..], &detail].concat();
        let waiting = self
            .causes
            .entry((attention.code, member, detail))
            .or_insert_with(|| Waiting { member, ..Waiting::of(attention) });
        if waiting.act == Act::Accept && attention.act != Act::Accept {
            (waiting.act, waiting.reason) = (attention.act, attention.reason);
        }
        if waiting.place != attention.place {
            waiting.place.clear();
        }
        waiting
    }
}

/// Everything that came in and what of it is worth a person's time, gathered in one go.
#[derive(Debug, Clone)]
pub struct Survey {
    /// What became of every review.
    pub reviews: Vec<Tallied>,
    /// What waits for a decision, what touches the result first.
    pub waiting: Vec<Waiting>,
    /// What is worth a line and was not seen yet.
    pub notices: Vec<Waiting>,
}

impl Acts<'_> {
    /// Gathers everything that came in and what of it is worth a person's time.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn survey(&mut self) -> Result<Survey, EngineError> {
        let (reviews, found) = self.desk(Decisions::Heard)?;
        let mut survey = Survey { reviews, waiting: Vec::new(), notices: Vec::new() };
        for one in found {
            match one.class {
                Class::Person => survey.waiting.push(one),
                Class::Notice if self.setting(&seen(&one.id))?.as_deref() != Some(SEEN) => {
                    survey.notices.push(one)
                }
                Class::Notice | Class::Free => {}
            }
        }
        Ok(survey)
    }

    /// Everything that waits for a decision, what touches the result first.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn queue(&mut self) -> Result<Vec<Waiting>, EngineError> {
        Ok(self.survey()?.waiting)
    }

    /// What waited once and was decided, with the decision; it can be decided anew. What was settled by writing a
    /// record (a choice between values, a ruling) is no question any more and not listed. `waiting` is what waits now.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn decided(&mut self, waiting: &[Waiting]) -> Result<Vec<Decided>, EngineError> {
        let (_, tx) = self.parts();
        let counting = Counting::load(tx)?;
        if counting.is_undecided() {
            return Ok(Vec::new());
        }
        let open: BTreeSet<&str> = waiting.iter().map(|one| one.id.as_str()).collect();
        let (_, once) = self.desk(Decisions::Ignored)?;
        let (_, tx) = self.parts();
        let mut found = Vec::new();
        for item in
            once.into_iter().filter(|one| one.class == Class::Person && !open.contains(one.id.as_str()))
        {
            let decisions = counting.decisions_on(tx, &item.parts)?;
            if let Some(decision) = decisions.first() {
                let (verdict, reason, by) = (decision.verdict, decision.reason.to_string(), decision.by);
                found.push(Decided { item, verdict, reason, by });
            }
        }
        Ok(found)
    }

    fn desk(&mut self, decisions: Decisions) -> Result<(Vec<Tallied>, Vec<Waiting>), EngineError> {
        let mut desk = Desk { decisions, ..Desk::default() };
        let rows = self.rows()?;
        let (_, tx) = self.parts();
        let counting = decisions.counting(tx)?;
        // Without the decisions only those can be noisier that decisions are on.
        let concerned = match decisions {
            Decisions::Heard => Some(BTreeSet::new()),
            Decisions::Ignored => tallies::concerned(tx)?,
        };
        let wanted = |application: ApplicationId| {
            concerned.as_ref().is_none_or(|concerned| concerned.contains(&application))
                || rows.get(&application).is_none_or(|row| !row.quiet)
        };
        let reviews = self.reviews_and_declarations(counting, wanted)?;
        for review in &reviews {
            for attention in review.attention() {
                self.of_review(&mut desk, review, &attention)?;
            }
        }
        self.of_documents(&mut desk)?;
        let seen: BTreeSet<PackId> = desk.causes.values().flat_map(|one| one.packs.iter().copied()).collect();
        self.unread(&mut desk, &seen)?;
        let mut queue: Vec<Waiting> = desk.causes.into_values().collect();
        queue.iter_mut().for_each(Waiting::name);
        Ok((rows.into_values().flat_map(|row| row.reviews).collect(), queue))
    }

    /// Files a question about one review.
    fn of_review(
        &mut self,
        desk: &mut Desk,
        review: &Reviewed,
        attention: &Attention,
    ) -> Result<(), EngineError> {
        let about = (review.application, Some(review.round));
        let member = Some(review.member);
        let own = || review.versions.iter().map(|(_, pack)| (*pack, Some(review.document)));
        let recorded = || {
            let recorded = review.recorded.iter();
            recorded.flat_map(|(id, packs)| packs.iter().map(|pack| (*pack, Some(*id))))
        };
        let standing: Vec<Part> =
            if review.versions.is_empty() { recorded().collect() } else { own().collect() };
        match attention.code {
            Code::TwoVersions => {
                let sides: Vec<Part> = own().collect();
                self.sides(desk, attention, member, about, &sides)?;
            }
            Code::RecordedBesideOwn => {
                let sides: [Vec<Part>; 2] = [own().collect(), recorded().collect()];
                for (at, these) in sides.iter().enumerate() {
                    let others = sides[1 - at].iter().copied();
                    let detail = [&review.application.0[..], &review.round.0, &[u8::from(at == 1)]].concat();
                    let cause = desk.cause(attention, member, detail);
                    cause.applications.insert(about);
                    cause.takes(these.iter().copied());
                    cause.instead_of.extend(others);
                    cause.says = said(attention, at);
                }
            }
            Code::ReviewAfterRemoval | Code::ReviewAfterClose | Code::DecisionContradicts => {
                let document = review.document;
                // Every pack that brought the change: what is decided is decided on what it says.
                let mut packs = Vec::new();
                for change in attention.sides.iter().filter_map(|side| side.change) {
                    packs.extend(self.packs_of(document, change)?);
                }
                let whole = attention.code == Code::ReviewAfterRemoval;
                let cause = desk.cause(attention, member, Vec::new());
                cause.applications.insert(about);
                cause.takes(packs.into_iter().map(|pack| (pack, (!whole).then_some(document))));
            }
            Code::OlderRubric | Code::OlderDossier => {
                // One amendment, or one change of a dossier, is one cause for all its readers.
                let detail = match attention.code {
                    Code::OlderDossier => review.application.0.to_vec(),
                    _ => Vec::new(),
                };
                let cause = desk.cause(attention, None, detail);
                cause.applications.insert(about);
                cause.takes(standing);
            }
            Code::CopiedLaptop => {
                let cause = desk.cause(attention, member, Vec::new());
                cause.applications.insert(about);
            }
            Code::Equivocation => {
                let mut doubled = Vec::new();
                for pack in &review.packs {
                    let (_, tx) = self.parts();
                    if desk.forks.of(tx, *pack)?.1 {
                        doubled.push((*pack, Some(review.document)));
                    }
                }
                let cause = desk.cause(attention, member, Vec::new());
                cause.applications.insert(about);
                cause.takes(doubled);
            }
            Code::ConflictAfterLift | Code::ConflictUnsure | Code::ConflictDeclared | Code::HandedBack => {
                let declaration = review.facts.declaration.value.fingerprint();
                let detail = review.application.0.to_vec();
                let cause = desk.cause(attention, member, detail);
                cause.applications.insert(about);
                cause.says = attention.sides.iter().map(|side| side.says.clone()).collect();
                cause.rulings.insert((review.application, review.member, declaration));
            }
            Code::ReviewAfterRecusal | Code::ReviewAfterUnassignment => {
                let cause = desk.cause(attention, member, Vec::new());
                cause.applications.insert(about);
                cause.takes(standing);
            }
            _ if attention.class() == Class::Free => {}
            _ => self.of_fields(desk, attention, member, Some(review.round), None)?,
        }
        Ok(())
    }

    /// Files the versions of a member's own work side by side: what came from one branch is one side.
    fn sides(
        &mut self,
        desk: &mut Desk,
        attention: &Attention,
        member: Option<MemberId>,
        about: (ApplicationId, Option<RoundId>),
        sides: &[Part],
    ) -> Result<(), EngineError> {
        for (at, side) in sides.iter().enumerate() {
            let (_, tx) = self.parts();
            let branch = desk.forks.branch(tx, side.0)?;
            let device = get::<PackRecord>(tx, Table::PackStates, &side.0.0)?.map(|record| record.device);
            let branch = branch.map_or([0; 32], |pack| pack.0);
            let detail = [&device.map_or([0; 16], |device| device.0)[..], &branch].concat();
            let cause = desk.cause(attention, member, detail);
            cause.applications.insert(about);
            cause.takes([*side]);
            cause.instead_of.extend(sides.iter().filter(|other| *other != side));
            cause.says = if cause.parts.len() == 1 { said(attention, at) } else { Vec::new() };
        }
        Ok(())
    }

    /// Files a question about fields: of a member's own record its sides, of a shared one its values.
    fn of_fields(
        &mut self,
        desk: &mut Desk,
        attention: &Attention,
        member: Option<MemberId>,
        round: Option<RoundId>,
        document: Option<DocumentId>,
    ) -> Result<(), EngineError> {
        let (kind, subject) = attention.about;
        if kind == Kind::Recorded && attention.place == "version" {
            // Part of the questions on its criteria.
            return Ok(());
        }
        let application = subject.application().map(ApplicationId);
        let about = application.map(|application| (application, subject.round().map(RoundId).or(round)));
        let Some((audience, document)) = self.home_of(kind, subject, member, document)? else {
            return Ok(());
        };
        let detail = |at: u8| [&document.0[..], attention.place.as_bytes(), &[at]].concat();
        let changes: Vec<_> = attention.sides.iter().filter_map(|side| side.change).collect();
        let mut parts = Vec::new();
        for change in &changes {
            parts.push(self.pack_of(document, *change)?.map(|pack| (pack, Some(document))));
        }
        let shared = !matches!(audience, Audience::Reviews(_) | Audience::Desk(_));
        let two_sided = attention.act == Act::Choose && !parts.is_empty();
        if !two_sided {
            let cause = desk.cause(attention, member, detail(0));
            cause.applications.extend(about);
            cause.says = attention.sides.iter().map(|side| side.says.clone()).collect();
            cause.takes(parts.into_iter().flatten());
            return Ok(());
        }
        let path: Vec<String> = attention.place.splitn(2, '/').map(str::to_owned).collect();
        for (at, change) in changes.iter().enumerate() {
            let value = self.value_at(document, &path, change)?;
            let cause = desk.cause(attention, member, detail(u8::try_from(at).unwrap_or(u8::MAX)));
            cause.applications.extend(about);
            cause.says = said(attention, at);
            cause.takes(parts[at]);
            if shared {
                cause.choice = value.map(|value| Choice {
                    audience,
                    kind,
                    subject: subject.to_bytes(),
                    path: path.clone(),
                    value,
                });
            } else {
                let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
                cause.instead_of.extend(others.filter_map(|(_, part)| *part));
            }
        }
        Ok(())
    }

    /// Files questions about coordinators' own records.
    fn of_documents(&mut self, desk: &mut Desk) -> Result<(), EngineError> {
        let (_, tx) = self.parts();
        let counting = desk.decisions.counting(tx)?;
        for (attention, parts) in self.document_questions(counting)? {
            if attention.class() == Class::Free {
                continue;
            }
            if attention.code == Code::DifferentFields {
                let cause = desk.cause(&attention, None, attention.about.0.code().to_be_bytes().to_vec());
                let application = attention.about.1.application().map(ApplicationId);
                cause.applications.extend(application.map(|application| (application, None)));
                cause.takes(parts);
                continue;
            }
            if attention.code == Code::SameReferee {
                let detail = attention.about.1.to_bytes();
                let cause = desk.cause(&attention, None, detail);
                let application = attention.about.1.application().map(ApplicationId);
                cause.applications.extend(application.map(|application| (application, None)));
                cause.says = attention.sides.iter().map(|side| side.says.clone()).collect();
                cause.takes(parts);
                continue;
            }
            let document = parts.first().and_then(|(_, document)| *document);
            self.of_fields(desk, &attention, None, None, document)?;
        }
        Ok(())
    }

    /// Where a document of a kind lives.
    fn home_of(
        &mut self,
        kind: Kind,
        subject: Subject,
        member: Option<MemberId>,
        document: Option<DocumentId>,
    ) -> Result<Option<(Audience, DocumentId)>, EngineError> {
        let bytes = subject.to_bytes();
        let (core, tx) = self.parts();
        for (id, record) in core.documents(tx, kind)? {
            if *record.subject != bytes || document.is_some_and(|document| document != id) {
                continue;
            }
            match (core.audience(record.stream), member) {
                (Some(Audience::Reviews(of)), Some(member)) if of != member => {}
                (Some(audience), _) => return Ok(Some((audience, id))),
                (None, _) => {}
            }
        }
        Ok(None)
    }

    fn pack_of(&mut self, document: DocumentId, change: [u8; 32]) -> Result<Option<PackId>, EngineError> {
        Ok(self.packs_of(document, change)?.first().copied())
    }

    /// The packs that brought a change, without those that only a device of nobody's sealed.
    fn packs_of(&mut self, document: DocumentId, change: [u8; 32]) -> Result<Vec<PackId>, EngineError> {
        self.counted(|core, tx, counting| {
            let place = [&document.0[..], &change].concat();
            let change = get::<ChangeRecord>(tx, Table::Changes, &place)?;
            let mut packs = Vec::new();
            for pack in change.iter().flat_map(|change| change.origin.packs()) {
                if counting.base(core, tx, pack)? != Standing::Nobodys {
                    packs.push(pack);
                }
            }
            Ok(packs)
        })
    }

    fn value_at(
        &mut self,
        document: DocumentId,
        path: &[String],
        change: &[u8; 32],
    ) -> Result<Option<Value>, EngineError> {
        let reading = self.counted(|core, tx, counting| core.read_document(tx, document, counting))?;
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        Ok(reading.and_then(|reading| {
            let values = reading.contents.get_all(&path);
            values.into_iter().find(|value| value.change == *change).map(|value| value.value)
        }))
    }

    /// Packs that no question above stands for: outside a cut, contested, or not readable.
    fn unread(&mut self, desk: &mut Desk, seen: &BTreeSet<PackId>) -> Result<(), EngineError> {
        let (core, tx) = self.parts();
        let mut counting = desk.decisions.counting(tx)?;
        for (key, record) in all::<PackRecord>(tx, Table::PackStates, &[])? {
            let Some(id) = key.last_chunk::<32>().map(|id| PackId(*id)) else { continue };
            let name = core.known.access.name(record.stream);
            let member = match name {
                Stream::Public | Stream::Desk(_) => continue,
                Stream::Reviews(member) => member,
                _ => match core.known.permission.device(record.device) {
                    Some((member, _)) => member,
                    None => continue,
                },
            };
            if seen.contains(&id) {
                continue;
            }
            let reviews = matches!(name, Stream::Reviews(_));
            let standing = counting.standing(core, tx, id)?;
            let said = counting.said(core, tx, id, None)?;
            let (code, act, reason) = match (record.stage, standing) {
                (_, Standing::SetAside | Standing::Nobodys) => continue,
                (_, Standing::Contested) => {
                    let (act, reason) = Code::DecisionContradicts.recommended();
                    (Code::DecisionContradicts.as_str(), act, reason)
                }
                (_, Standing::Quarantined) => {
                    let (act, reason) = Code::ReviewAfterRemoval.recommended();
                    (
                        if reviews { Code::ReviewAfterRemoval.as_str() } else { "work-after-removal" },
                        act,
                        reason,
                    )
                }
                (Stage::Refused | Stage::Crashed, _) if reviews && !said.accepted() => (
                    "unreadable",
                    Act::SetAside,
                    "its contents cannot be read, or contradict what was signed",
                ),
                (Stage::NoKey, _) if reviews => {
                    ("no-key", Act::Ask, "the key has not come; the author's next exchange may bring it")
                }
                _ => continue,
            };
            // After every question on a document.
            let detail = [code.as_bytes(), &[u8::from(said.asked())]].concat();
            let cause =
                desk.causes.entry((Code::CommentsDiffer, Some(member), detail)).or_insert_with(|| Waiting {
                    code,
                    class: Class::Person,
                    sentence: sentence(code),
                    member: Some(member),
                    asked: said.asked(),
                    ..Waiting::new(Code::FieldDamaged, act, reason)
                });
            cause.takes([(id, None)]);
        }
        Ok(())
    }

    /// Decides the item of the queue whose id begins with `id`, or decides anew what was [decided](Self::decided).
    /// Accepting one of several sides sets the others aside, or writes what it says; accepting a question about a
    /// conflict of interest lifts it, setting it aside upholds it; a notice is seen, and asking shows it again. The
    /// decision is recorded with its reason; nothing is deleted.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::NotPermitted`], [`EngineError::BadInput`].
    pub fn decide(&mut self, id: &str, verdict: Verdict, reason: &str) -> Result<Waiting, EngineError> {
        let mut decided = self.decide_all(&[id], verdict, reason)?;
        decided.pop().ok_or_else(|| EngineError::NotFound(format!("the item {id} of the queue")))
    }

    /// Decides several items alike, as [`Acts::decide`] one; of the sides of one question only one can be accepted.
    ///
    /// # Errors
    /// As [`Acts::decide`].
    pub fn decide_all(
        &mut self,
        ids: &[&str],
        verdict: Verdict,
        reason: &str,
    ) -> Result<Vec<Waiting>, EngineError> {
        self.must_coordinate()?;
        // What waits to be sealed has no pack that a decision could name.
        self.hand_over()?;
        let (_, heard) = self.desk(Decisions::Heard)?;
        let mut once = None;
        let mut items = Vec::new();
        for id in ids {
            let begins = |one: &&Waiting| id.len() >= SHORTEST && one.id.starts_with(*id);
            let mut found: Vec<&Waiting> = heard.iter().filter(begins).collect();
            if found.is_empty() {
                if once.is_none() {
                    once = Some(self.desk(Decisions::Ignored)?.1);
                }
                found = once.iter().flatten().filter(begins).collect();
            }
            match found[..] {
                [] => return Err(EngineError::NotFound(format!("the item {id} of the queue"))),
                [one] => items.push(one.clone()),
                _ => {
                    return Err(EngineError::BadInput(format!("several items of the queue begin with {id}")));
                }
            }
        }
        let sides = items.iter().filter(|one| verdict == Verdict::Accept && one.act == Act::Choose);
        let questions: Vec<_> =
            sides.map(|one| (one.code, &one.place, one.member, &one.applications)).collect();
        if questions.iter().collect::<BTreeSet<_>>().len() < questions.len() {
            return Err(EngineError::BadInput("only one side of a question can hold".into()));
        }
        items.into_iter().map(|item| self.decide_item(item, verdict, reason)).collect()
    }

    fn decide_item(&mut self, item: Waiting, verdict: Verdict, reason: &str) -> Result<Waiting, EngineError> {
        if item.class == Class::Notice {
            self.set(&seen(&item.id), if verdict == Verdict::Ask { UNSEEN } else { SEEN })?;
            return Ok(item);
        }
        match (&item.choice, verdict) {
            (Some(choice), Verdict::Accept) => self.choose(choice)?,
            (Some(_), Verdict::SetAside) => {
                return Err(EngineError::BadInput("accept the side that holds instead".into()));
            }
            _ => {}
        }
        if verdict != Verdict::Ask {
            for (application, member, declaration) in &item.rulings {
                self.rule(*application, *member, *declaration, verdict, reason)?;
            }
        }
        // The chosen side is accepted by name, so that two coordinators who choose differently contradict one
        // another, and do not set aside both.
        let mut decisions: Vec<(&Part, Verdict)> = item.parts.iter().map(|part| (part, verdict)).collect();
        if verdict == Verdict::Accept {
            decisions.extend(item.instead_of.iter().map(|part| (part, Verdict::SetAside)));
        }
        for ((pack, document), verdict) in decisions {
            let matter = document.map_or(Matter::Pack(*pack), |document| Matter::Part(*pack, document));
            let (core, tx) = self.parts();
            core.decide(tx, matter, verdict, reason)?;
        }
        Ok(item)
    }

    fn choose(&mut self, choice: &Choice) -> Result<(), EngineError> {
        let path: Vec<&str> = choice.path.iter().map(String::as_str).collect();
        let outside = matches!(choice.kind, Kind::Identity | Kind::Dossier | Kind::Manifest | Kind::Card);
        let (core, tx) = self.parts();
        core.edit(tx, &choice.audience, choice.kind, &choice.subject, outside, |document, actor| {
            let change = document.edit::<EditError>(actor, |edit| edit.put(&path, choice.value.clone()));
            Ok(change.map_err(|error| EngineError::Document(error.to_string()))?.into_iter().collect())
        })?;
        Ok(())
    }

    fn rule(
        &mut self,
        application: ApplicationId,
        member: MemberId,
        declaration: Sha256Bytes,
        verdict: Verdict,
        reason: &str,
    ) -> Result<(), EngineError> {
        let ruling = if verdict == Verdict::Accept { Ruling::Lifted } else { Ruling::Upheld };
        let clearance =
            Clearance { ruling: Some(ruling), declaration: Some(declaration), reason: reason.to_owned() };
        let subject = Subject::ApplicationAndMember(application.0, member.0).to_bytes();
        self.write(&Audience::Office, &subject, &clearance, false)?;
        self.after_ruling(application, member, declaration, ruling, reason)
    }
}

/// What one side says, before what the others say.
fn said(attention: &Attention, at: usize) -> Vec<String> {
    let mut says: Vec<String> = attention.sides.iter().map(|side| side.says.clone()).collect();
    if at < says.len() {
        says.swap(0, at);
    }
    says
}

fn seen(id: &str) -> String {
    format!("seen-{id}")
}

fn sentence(code: &str) -> &'static str {
    match code {
        "unreadable" => "Work of this member cannot be read.",
        "no-key" => "The key of this member's work is not here yet.",
        "work-after-removal" => "A member who was removed wrote this after the removal.",
        "review-after-removal" => Code::ReviewAfterRemoval.sentence(),
        _ => Code::DecisionContradicts.sentence(),
    }
}
