//! Eligibility as coordinators decide it: a verdict for each gate with evidence and reason, the exception that one
//! asks for and a second person grants, and withdrawals. Who did what follows from who signed the change.

use std::collections::BTreeMap;

use tessera_model::crdt::Readable as _;
use tessera_model::documents::form::Route;
use tessera_model::documents::{
    Eligibility, GateVerdict, Kind, Manifest, Outcome, Read, Record, Verdict, Withdrawal,
};
use tessera_model::guard::ActorBytes;
use tessera_model::programme::Programme;
use tessera_model::programme::form::{FieldKind, Role};
use tessera_protocol::ids::{ApplicationId, DocumentId, MemberId};
use tessera_vault::ids::Audience;

use crate::contents::{self, Listed};
use crate::core::Core;
use crate::counting::Counting;
use crate::document::actor;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::store::Transaction;

/// One verdict as somebody gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who; none where the device is not known here.
    pub by: Option<MemberId>,
    /// What: a verdict's word, or a text.
    pub what: String,
}

/// What was decided about an application.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The record.
    pub read: Read<Eligibility>,
    /// What follows.
    pub outcome: Outcome,
    /// By gate: who said what; several entries contradict one another.
    pub verdicts: BTreeMap<String, Vec<Said>>,
    /// Who asked for the exception.
    pub asked_by: Option<MemberId>,
    /// Who decided on it.
    pub decided_by: Option<MemberId>,
}

impl Judged {
    /// True where the application may be read: eligible, with or without the exception.
    #[must_use]
    pub fn is_eligible(&self) -> bool {
        matches!(self.outcome, Outcome::Eligible | Outcome::ByException)
    }
}

/// The word for what follows from the verdicts.
#[must_use]
pub fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Eligible => "eligible",
        Outcome::ByException => "by-exception",
        Outcome::NotEligible(_) => "not-eligible",
        Outcome::Undecided(_) => "undecided",
        Outcome::Contested(_) => "contested",
    }
}

/// What an application lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lacks {
    /// Required answers that are not there.
    pub answers: Vec<String>,
    /// Attachments of which there are too few: which, and how many more.
    pub files: BTreeMap<String, u32>,
}

impl Lacks {
    /// Says what is missing of these answers and files; `exception` where the application goes by that route.
    #[must_use]
    pub fn of(
        programme: &Programme,
        answers: &BTreeMap<String, String>,
        files: &Manifest,
        exception: bool,
    ) -> Self {
        let answered = |key: &str| answers.get(key).is_some_and(|answer| !answer.trim().is_empty());
        let required =
            programme.fields.iter().filter(|field| field.required && field.kind != FieldKind::File);
        let missing = required.map(|field| field.key.as_str()).filter(|key| !answered(key));
        let mut lacks = Self { answers: missing.map(str::to_owned).collect(), files: BTreeMap::new() };
        for asked in programme.attachments.iter().filter(|asked| exception || !asked.exception_only) {
            let key = asked.key.as_str();
            let here = files.files.iter().filter(|((slot, _), file)| slot == key && !file.light).count();
            let more = asked.min.saturating_sub(u32::try_from(here).unwrap_or(u32::MAX));
            if more > 0 {
                lacks.files.insert(key.to_owned(), more);
            }
        }
        lacks
    }

    /// The words of a list: answers, then files with how many more.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let files = self.files.iter().map(|(key, more)| format!("{more} × {key}"));
        self.answers.iter().cloned().chain(files).collect()
    }
}

/// What is asked of the exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceptionAct {
    /// Ask for it.
    Ask,
    /// Grant it.
    Grant,
    /// Refuse it.
    Refuse,
    /// Take back one's own request, on which nobody decided.
    Unask,
    /// Take back one's own decision: it is asked for and open again.
    Undecide,
}

impl Acts<'_> {
    /// What was decided about an application.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn eligibility(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
    ) -> Result<Judged, EngineError> {
        self.counted(|core, tx, counting| core.judged(tx, counting, programme, application))
    }

    /// Gives a verdict on one gate. It settles contradictory ones.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::NotFound`] where application or gate is unknown.
    pub fn judge(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        gate: &str,
        verdict: GateVerdict,
    ) -> Result<bool, EngineError> {
        self.must_coordinate()?;
        self.must_know(application)?;
        if programme.gate(gate).is_none() {
            let known: Vec<&str> = programme.gates.iter().map(|gate| gate.key.as_str()).collect();
            return Err(EngineError::NotFound(format!("the gate `{gate}`; there are {}", known.join(", "))));
        }
        let mut eligibility = self.eligibility(programme, application)?.read.value;
        eligibility.gates.insert(gate.to_owned(), verdict);
        Ok(self.write(&Audience::File(application), &application.0, &eligibility, false)?.is_some())
    }

    /// Takes the verdict on one gate back: it has none, as before anybody gave one. Contradictory ones stay.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::NotFound`] where the application is unknown.
    pub fn unjudge(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        gate: &str,
    ) -> Result<bool, EngineError> {
        self.must_coordinate()?;
        self.must_know(application)?;
        let mut eligibility = self.eligibility(programme, application)?.read.value;
        eligibility.gates.remove(gate);
        Ok(self.write(&Audience::File(application), &application.0, &eligibility, false)?.is_some())
    }

    /// Asks for the exception, grants or refuses it, or takes back what one did oneself. Granting is a second person's where
    /// the programme says so.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::NotFound`].
    pub fn except(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        act: ExceptionAct,
        reason: &str,
    ) -> Result<bool, EngineError> {
        self.must_coordinate()?;
        self.must_know(application)?;
        let Some(rules) = &programme.exception else {
            return Err(EngineError::NotFound("an exception route in this programme".into()));
        };
        let judged = self.eligibility(programme, application)?;
        let mut eligibility = judged.read.value;
        match act {
            ExceptionAct::Ask => {
                eligibility.exception_asked = Some(reason.to_owned());
                // A new request is not covered by what was decided on an earlier one.
                eligibility.exception_granted = None;
                eligibility.exception_reason = String::new();
            }
            ExceptionAct::Grant | ExceptionAct::Refuse => {
                let contested = judged.read.conflicts.iter().any(|one| one.field == "exception-asked");
                if eligibility.exception_asked.is_none() && !contested {
                    return Err(EngineError::NotFound("a request for the exception".into()));
                }
                let grants = act == ExceptionAct::Grant;
                if grants && rules.second_person && judged.asked_by == Some(self.member()) {
                    return Err(EngineError::NotPermitted("a second person, not the one who asked"));
                }
                if grants
                    && let Some(most) = rules.max.filter(|_| eligibility.exception_granted != Some(true))
                {
                    let granted = self.exceptions_granted(programme)?;
                    if granted >= most {
                        let words = format!("all {most} exceptions that the programme allows are granted");
                        return Err(EngineError::NeedsPerson(words));
                    }
                }
                eligibility.exception_granted = Some(grants);
                reason.clone_into(&mut eligibility.exception_reason);
            }
            ExceptionAct::Unask => {
                if eligibility.exception_granted.is_some() || judged.asked_by != Some(self.member()) {
                    return Err(EngineError::NotPermitted("a request of one's own that is not decided on"));
                }
                eligibility.exception_asked = None;
            }
            ExceptionAct::Undecide => {
                if eligibility.exception_granted.is_none() || judged.decided_by != Some(self.member()) {
                    return Err(EngineError::NotPermitted("a decision of one's own"));
                }
                eligibility.exception_granted = None;
                eligibility.exception_reason = String::new();
            }
        }
        Ok(self.write(&Audience::File(application), &application.0, &eligibility, false)?.is_some())
    }

    fn exceptions_granted(&mut self, programme: &Programme) -> Result<u32, EngineError> {
        let mut granted = 0;
        for (application, _) in self.applications()? {
            let read = self.eligibility(programme, application)?.read;
            granted += u32::from(read.value.exception_granted == Some(true));
        }
        Ok(granted)
    }

    /// Notes that an application was withdrawn, or that this was a mistake. Readers who did not submit yet lose it.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`], [`EngineError::NotFound`].
    pub fn withdraw(
        &mut self,
        application: ApplicationId,
        withdrawn: bool,
        route: Option<Route>,
        reason: &str,
    ) -> Result<bool, EngineError> {
        self.must_coordinate()?;
        self.must_know(application)?;
        let record = Withdrawal { withdrawn, route, reason: reason.to_owned() };
        Ok(self.write(&Audience::File(application), &application.0, &record, false)?.is_some())
    }

    /// The withdrawal of an application, where there is one that stands. Two coordinators who contradict one another
    /// leave the application in.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn withdrawal(&mut self, application: ApplicationId) -> Result<Option<Withdrawal>, EngineError> {
        let read = self.read::<Withdrawal>(&Audience::File(application), &application.0)?;
        Ok(read.map(|read| read.value).filter(|record| record.withdrawn))
    }

    pub(crate) fn must_know(&mut self, application: ApplicationId) -> Result<(), EngineError> {
        let audience = Audience::File(application);
        let known = self.read::<tessera_model::documents::Identity>(&audience, &application.0)?;
        known.map(|_| ()).ok_or_else(|| EngineError::NotFound("the application".into()))
    }
}

impl Core {
    fn judged(
        &self,
        tx: &dyn Transaction,
        counting: &mut Counting,
        programme: &Programme,
        application: ApplicationId,
    ) -> Result<Judged, EngineError> {
        let id = self.document_id(&Audience::File(application), Kind::Eligibility, &application.0)?;
        let reading = self.read_document(tx, id, counting)?;
        let Some(reading) = reading.filter(|reading| !reading.packs.is_empty()) else {
            let read = Read::clean(Eligibility::default());
            let outcome = Eligibility::outcome(&read, programme, None, None);
            return Ok(Judged { read, outcome, verdicts: BTreeMap::new(), asked_by: None, decided_by: None });
        };
        let authors = authors(self, tx, id)?;
        let author = |actor: &ActorBytes| authors.get(actor).copied();
        let read = Eligibility::read(&reading.contents);
        let (asked, decided) = Eligibility::exception_actors(&reading.contents);
        let (asked, decided) = (asked.and_then(|a| author(&a)), decided.and_then(|a| author(&a)));
        let role = |member: MemberId, wanted: &[Role]| {
            let roles = self.known.permission.charter.powers.roles(member);
            let acts_as = if roles.admin && wanted.contains(&Role::Admin) {
                Role::Admin
            } else if roles.coordinator {
                Role::Coordinator
            } else if roles.admin {
                Role::Admin
            } else {
                Role::Reviewer
            };
            (member.0, acts_as)
        };
        let rules = programme.exception.as_ref();
        let proposed = rules.map(|rules| rules.proposed_by.as_slice()).unwrap_or_default();
        let granted = rules.map(|rules| rules.granted_by.as_slice()).unwrap_or_default();
        let outcome = Eligibility::outcome(
            &read,
            programme,
            asked.map(|member| role(member, proposed)),
            decided.map(|member| role(member, granted)),
        );
        let mut verdicts = BTreeMap::new();
        for gate in reading.contents.keys(&["verdicts"]) {
            let said = reading.contents.get_all(&["verdicts", &gate]).into_iter().map(|put| Said {
                by: author(&put.actor),
                what: put.value.as_str().unwrap_or_default().to_owned(),
            });
            verdicts.insert(gate.clone(), said.collect());
        }
        Ok(Judged { read, outcome, verdicts, asked_by: asked, decided_by: decided })
    }
}

/// The members behind the actors of a document.
pub(crate) fn authors(
    core: &Core,
    tx: &dyn Transaction,
    document: DocumentId,
) -> Result<BTreeMap<ActorBytes, MemberId>, EngineError> {
    let mut authors = BTreeMap::new();
    for Listed { origin, .. } in contents::changes(tx, document)? {
        let key = core.known.gathering.key(origin.device);
        let member = core.known.permission.device(origin.device).map(|(member, _)| member);
        if let (Some(key), Some(member)) = (key, member) {
            authors.insert(actor(key, origin.incarnation), member);
        }
    }
    Ok(authors)
}

/// A verdict with its evidence and reason.
#[must_use]
pub fn verdict(verdict: Verdict, evidence: &str, reason: &str) -> GateVerdict {
    GateVerdict { verdict, evidence: evidence.to_owned(), reason: reason.to_owned() }
}
