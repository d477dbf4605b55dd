//! A reviewer's acts: what is assigned, drafting, submitting and amending. Declaring is [`crate::withheld`].

use tessera_model::documents::{
    Assignment, AssignmentState, Card, Conflict, Dossier, Draft, Kind, Manifest, Missing, Note, Read, Record,
    Review, Subject, check_submission,
};
use tessera_model::guard::ChangeHash;
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, DocumentId, RoundId};
use tessera_vault::ids::Audience;
use tessera_vault::items::Outcome;

use crate::conflicts::CLEARED;
use crate::contents::{self, Listed};
use crate::core::Core;
use crate::counting::Counting;
use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::round as round_of;
use crate::records::{PackRecord, get};
use crate::store::{Table, Transaction};

/// Where a piece of work is: the four states that a person can trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkState {
    /// Saved on this device.
    OnDevice,
    /// Sealed; no relay and no coordinator is known to have it.
    InOutbox,
    /// A relay of the charter holds it.
    HeldByRelay,
    /// A coordinator's device opened it.
    OpenedByCoordinator,
}

impl WorkState {
    /// The state of a sealed pack.
    pub(crate) fn of(record: &PackRecord) -> Self {
        match (record.outcome, record.held) {
            (Some(_), _) => Self::OpenedByCoordinator,
            (None, true) => Self::HeldByRelay,
            (None, false) => Self::InOutbox,
        }
    }

    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnDevice => "on-device",
            Self::InOutbox => "in-outbox",
            Self::HeldByRelay => "held-by-relay",
            Self::OpenedByCoordinator => "opened-by-coordinator",
        }
    }
}

/// One application that this reviewer is to read.
#[derive(Debug, Clone)]
pub struct Task {
    /// The application.
    pub application: ApplicationId,
    /// The round.
    pub round: RoundId,
    /// What the reader calls it.
    pub label: String,
    /// The card.
    pub card: Card,
    /// The assignment.
    pub assignment: Assignment,
    /// What was declared; none where nothing was yet.
    pub conflict: Option<Conflict>,
    /// True where the dossier's text is here.
    pub readable: bool,
    /// The draft.
    pub draft: Option<Read<Draft>>,
    /// The newest changes of the draft: whoever goes on from it names them.
    pub draft_heads: Vec<ChangeHash>,
    /// Whether the reader means to read it again.
    pub again: bool,
    /// The submitted review.
    pub review: Option<Read<Review>>,
    /// Where the submitted review is.
    pub state: Option<WorkState>,
    /// What a coordinator's device said of it.
    pub outcome: Option<Outcome>,
}

impl Task {
    /// True where the reader may open the dossier: assigned, and declared to have no conflict.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.assignment.state == Some(AssignmentState::Assigned)
            && self.conflict.as_ref().is_some_and(Conflict::is_clear)
    }

    /// Why coordinators lifted what the reader declared; none where they did not, or something else was declared since.
    #[must_use]
    pub fn lifted(&self) -> Option<&str> {
        let declared = self.conflict.as_ref().filter(|conflict| !conflict.is_clear())?.fingerprint();
        let reason = &self.assignment.reason;
        let lifted = self.assignment.cleared == Some(declared);
        lifted.then(|| reason.strip_prefix(CLEARED).unwrap_or(reason))
    }
}

/// What a submission came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// It is sealed and in the outbox, as this revision.
    Submitted {
        /// From 1.
        revision: u32,
    },
    /// It says what was submitted before.
    Same {
        /// From 1.
        revision: u32,
    },
    /// Something is missing; nothing was submitted.
    Missing(Vec<Missing>),
    /// It was submitted before with other answers: amending needs a reason.
    NeedsReason,
}

/// A draft, with its newest changes.
type DraftRead = (Read<Draft>, Vec<ChangeHash>);

impl Acts<'_> {
    /// What this member is to read.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn tasks(&mut self) -> Result<Vec<Task>, EngineError> {
        let mut tasks = Vec::new();
        for (application, round, _) in self.assigned()? {
            tasks.extend(self.task(application, round)?);
        }
        Ok(tasks)
    }

    /// The assignments of this member in the order of reading, without what was made of them.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn assigned(&mut self) -> Result<Vec<(ApplicationId, RoundId, Assignment)>, EngineError> {
        let to = Audience::To(self.member());
        let mut assigned = Vec::new();
        for (record, audience) in self.documents(Kind::Assignment)? {
            let subject = Subject::parse(Kind::Assignment, &record.subject);
            let (Ok(Subject::Reading(application, round)), true) = (subject, audience == Some(to)) else {
                continue;
            };
            let Some(assignment) = self.read::<Assignment>(&to, &record.subject)? else { continue };
            let label = self.read::<Card>(&to, &record.subject)?.map(|read| read.value.label);
            let order = (assignment.value.place, label.unwrap_or_default());
            assigned.push((order, (ApplicationId(application), RoundId(round), assignment.value)));
        }
        assigned
            .sort_by(|(one, _), (other, _)| (one.0, one.1.as_bytes()).cmp(&(other.0, other.1.as_bytes())));
        Ok(assigned.into_iter().map(|(_, one)| one).collect())
    }

    /// One task.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn task(&mut self, application: ApplicationId, round: RoundId) -> Result<Option<Task>, EngineError> {
        let me = self.member();
        let (to, desk, reviews) = (Audience::To(me), Audience::Desk(me), Audience::Reviews(me));
        let subject = Subject::Reading(application.0, round.0).to_bytes();
        let Some(assignment) = self.read::<Assignment>(&to, &subject)? else { return Ok(None) };
        let card = self.read::<Card>(&to, &subject)?.map(|read| read.value).unwrap_or_default();
        let conflict = self.read::<Conflict>(&reviews, &application.0)?.map(|read| read.value);
        let readable = self.is_readable(application, assignment.value.rendition)?;
        let withheld = self.is_withheld(application)?;
        let draft = if withheld { None } else { self.read_draft(&desk, &subject)? };
        let (draft, heads) = draft.unzip();
        let again = self.note(application)?.again;
        let review = self.read::<Review>(&reviews, &subject)?;
        let (core, tx) = self.parts();
        let id = core.document_id(&reviews, Kind::Review, &subject)?;
        let (state, outcome) = match &review {
            Some(_) => work_state(tx, id)?,
            None => (None, None),
        };
        Ok(Some(Task {
            application,
            round,
            label: card.label.clone(),
            card,
            assignment: assignment.value,
            conflict,
            readable,
            draft,
            draft_heads: heads.unwrap_or_default(),
            again,
            review,
            state,
            outcome,
        }))
    }

    /// Reads a draft.
    fn read_draft(&mut self, desk: &Audience, subject: &[u8]) -> Result<Option<DraftRead>, EngineError> {
        let (core, tx) = self.parts();
        let id = core.document_id(desk, Kind::Draft, subject)?;
        core.read_in_place(tx, id, |document| (Draft::read(document), document.heads()))
    }

    /// Says whether the text of an application in a rendition is here.
    fn is_readable(&mut self, application: ApplicationId, rendition: u8) -> Result<bool, EngineError> {
        self.counted(|core, tx, counting| {
            let Some(id) = core.in_dossier(Kind::Dossier, application, rendition) else { return Ok(false) };
            Ok(core.read_document(tx, id, counting)?.is_some())
        })
    }

    /// The dossier of an application in a rendition, with its files; none where its key or text is not here.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn dossier(
        &mut self,
        application: ApplicationId,
        rendition: u8,
    ) -> Result<Option<(Dossier, Manifest)>, EngineError> {
        self.counted(|core, tx, counting| core.dossier(tx, application, rendition, counting))
    }

    /// Saves a draft.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] where this reader will not read the application.
    pub fn save_draft(
        &mut self,
        application: ApplicationId,
        round: RoundId,
        draft: &Draft,
    ) -> Result<bool, EngineError> {
        self.must_keep(application)?;
        let subject = Subject::Reading(application.0, round.0).to_bytes();
        let changes =
            self.edit(&Audience::Desk(self.member()), Kind::Draft, &subject, |document, actor| {
                let mut changes = Vec::new();
                let written = draft.write(document, actor, &mut changes);
                written.map_err(|error| EngineError::BadInput(error.to_string()))?;
                Ok(changes)
            })?;
        Ok(!changes.is_empty())
    }

    /// Saves a draft of somebody who began with `before`, having seen these changes of it; gives its newest changes as its
    /// writer has them from here on. What the writer did not touch stays, and where another laptop answered otherwise
    /// meanwhile, both answers stand until one is chosen.
    ///
    /// # Errors
    /// As [`Acts::save_draft`].
    pub fn save_draft_since(
        &mut self,
        application: ApplicationId,
        round: RoundId,
        seen: &[ChangeHash],
        before: &Draft,
        draft: &Draft,
    ) -> Result<Vec<ChangeHash>, EngineError> {
        self.must_keep(application)?;
        let subject = Subject::Reading(application.0, round.0).to_bytes();
        let desk = Audience::Desk(self.member());
        let mut heads = Vec::new();
        let (core, tx) = self.parts();
        core.edit_as_seen(tx, &desk, Kind::Draft, &subject, seen, |document, actor| {
            let mut changes = Vec::new();
            let written = draft.write_since(before, document, actor, &mut changes);
            written.map_err(|error| EngineError::BadInput(error.to_string()))?;
            heads = document.heads();
            Ok(changes)
        })?;
        Ok(heads)
    }

    /// What this member noted on an application, and whether to read it again; seen by nobody else.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn note(&mut self, application: ApplicationId) -> Result<Note, EngineError> {
        if self.is_withheld(application)? {
            return Ok(Note::default());
        }
        let desk = Audience::Desk(self.member());
        let (core, tx) = self.parts();
        let id = core.document_id(&desk, Kind::Note, &application.0)?;
        let note = core.read_in_place(tx, id, Note::read)?;
        Ok(note.map(|read| read.value).unwrap_or_default())
    }

    /// Saves what this member noted on an application, having begun with `before`: what another laptop wrote into it
    /// meanwhile stays.
    ///
    /// # Errors
    /// [`EngineError::BadInput`] where it is too long, [`EngineError::NotPermitted`] where this reader will not read
    /// the application.
    pub fn save_note(
        &mut self,
        application: ApplicationId,
        before: &str,
        text: &str,
    ) -> Result<(), EngineError> {
        self.edit_note(application, |note| note.splice(before, text))
    }

    /// Marks an application to be read again, or takes the mark away.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] where this reader will not read the application.
    pub fn mark_again(&mut self, application: ApplicationId, again: bool) -> Result<(), EngineError> {
        self.edit_note(application, |note| note.again = again)
    }

    fn edit_note(
        &mut self,
        application: ApplicationId,
        change: impl FnOnce(&mut Note),
    ) -> Result<(), EngineError> {
        self.must_keep(application)?;
        self.edit(&Audience::Desk(self.member()), Kind::Note, &application.0, |document, actor| {
            let mut note = Note::read(document).value;
            change(&mut note);
            let mut changes = Vec::new();
            let written = note.write(document, actor, &mut changes);
            written.map_err(|error| EngineError::BadInput(error.to_string()))?;
            Ok(changes)
        })?;
        Ok(())
    }

    /// Of an application that this reader will not read, nothing is written here.
    fn must_keep(&mut self, application: ApplicationId) -> Result<(), EngineError> {
        if self.is_withheld(application)? {
            return Err(EngineError::NotPermitted("a declaration that there is no conflict of interest"));
        }
        Ok(())
    }

    /// True where this reader declared not to read an application: own words on it are put away.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn is_withheld(&mut self, application: ApplicationId) -> Result<bool, EngineError> {
        let (_, tx) = self.parts();
        Core::is_withheld(tx, application)
    }

    /// Submits a draft, or amends what was submitted; `reason` is needed for an amendment.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where nothing is assigned, [`EngineError::NotPermitted`] where a conflict was
    /// declared or nothing was declared yet.
    pub fn submit(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        round_key: &str,
        reason: Option<&str>,
    ) -> Result<Submission, EngineError> {
        self.submit_as(programme, application, round_key, reason, 0)
    }

    /// As [`Acts::submit`], with a revision of at least `at_least`.
    pub(crate) fn submit_as(
        &mut self,
        programme: &Programme,
        application: ApplicationId,
        round_key: &str,
        reason: Option<&str>,
        at_least: u32,
    ) -> Result<Submission, EngineError> {
        let round = round_of(round_key);
        let task = self.task(application, round)?;
        let task = task.ok_or_else(|| EngineError::NotFound("the assignment".into()))?;
        if task.assignment.state != Some(AssignmentState::Assigned) {
            return Err(EngineError::NotPermitted("an assignment that stands"));
        }
        if !task.is_open() {
            return Err(EngineError::NotPermitted("a declaration that there is no conflict of interest"));
        }
        let draft = task.draft.ok_or_else(|| EngineError::NotFound("a draft".into()))?;
        let version = self.dossier_version(application, task.assignment.rendition)?;
        let mut review = match check_submission(programme, round_key, &draft, version) {
            Ok(review) => review,
            Err(missing) => return Ok(Submission::Missing(missing)),
        };
        review = match &task.review {
            Some(before) if before.value.revision > 0 => {
                if before.value.fingerprint() == review.fingerprint() {
                    return Ok(Submission::Same { revision: before.value.revision });
                }
                let Some(reason) = reason.filter(|reason| !reason.trim().is_empty()) else {
                    return Ok(Submission::NeedsReason);
                };
                review.amending(&before.value, reason, false)
            }
            _ => review,
        };
        review.revision = review.revision.max(at_least);
        let subject = Subject::Reading(application.0, round.0).to_bytes();
        self.write(&Audience::Reviews(self.member()), &subject, &review, false)?;
        Ok(Submission::Submitted { revision: review.revision })
    }
}

impl Core {
    /// What is read of an application in a rendition, with its files.
    pub(crate) fn dossier(
        &self,
        tx: &dyn Transaction,
        application: ApplicationId,
        rendition: u8,
        counting: &mut Counting,
    ) -> Result<Option<(Dossier, Manifest)>, EngineError> {
        let id = |kind: Kind| self.in_dossier(kind, application, rendition);
        let (Some(dossier), Some(files)) = (id(Kind::Dossier), id(Kind::Manifest)) else { return Ok(None) };
        let dossier = self.read_document(tx, dossier, counting)?;
        let files = self.read_document(tx, files, counting)?;
        Ok(dossier.map(|dossier| {
            let files = files.map(|files| Manifest::read(&files.contents).value).unwrap_or_default();
            (Dossier::read(&dossier.contents).value, files)
        }))
    }

    /// A document of a dossier; none where no key of it is here. A reader cannot compute the keyed id; the key that came
    /// names the stream.
    fn in_dossier(&self, kind: Kind, application: ApplicationId, rendition: u8) -> Option<DocumentId> {
        let stream = self.known.keys.stream_of(&Audience::Dossier(application, rendition))?;
        let subject = Subject::Rendition(application.0, rendition).to_bytes();
        Some(tessera_vault::ids::document(self.programme(), stream, kind.code(), &subject))
    }
}

/// Where a document's own changes are: the state of the last of them to arrive.
pub(crate) fn work_state(
    tx: &dyn Transaction,
    document: DocumentId,
) -> Result<(Option<WorkState>, Option<Outcome>), EngineError> {
    let mut state: Option<WorkState> = None;
    let mut last: Option<(u64, Outcome)> = None;
    for Listed { origin, .. } in contents::changes(tx, document)? {
        let mut one = WorkState::OnDevice;
        for pack in origin.packs() {
            let record = get::<PackRecord>(tx, Table::PackStates, &pack.0)?;
            one = one.max(record.as_ref().map_or(WorkState::OnDevice, WorkState::of));
            if let Some((number, outcome)) = record.and_then(|record| Some((record.number, record.outcome?)))
                && last.is_none_or(|(before, _)| before <= number)
            {
                last = Some((number, outcome));
            }
        }
        state = Some(state.map_or(one, |before| before.min(one)));
    }
    let told = get::<Outcome>(tx, Table::Outcomes, &[b"document", &document.0[..]].concat())?;
    let opened = state == Some(WorkState::OpenedByCoordinator);
    Ok((state, told.filter(|_| opened).or(last.map(|(_, outcome)| outcome))))
}
