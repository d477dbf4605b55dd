//! A reviewer's home: what is assigned, how far each is, what waits to be sent, until when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::{Session, SessionError};
use tessera_engine::EngineError;
use tessera_engine::attachments::Readiness;
use tessera_engine::programme::round as round_of;
use tessera_engine::reading::{Task, WorkState};
use tessera_engine::work::outcome_code;
use tessera_model::documents::{AssignmentState, Declaration};
use tessera_model::programme::Programme;
use tessera_model::programme::calendar::{Round, find_zone};
use tessera_vault::items::Outcome;

use crate::failure::Failure;
use crate::words::{Labels, Sentence, count};

/// Everything of a reviewer's first screen.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReviewerHome {
    /// What is assigned, in the order in which it is to be read.
    pub tasks: Vec<TaskRow>,
    /// Parcels of this device that no relay is known to have.
    pub outbox: u32,
    /// The newest time of a relay's clock that is known here.
    pub last_exchange_ms: Option<u64>,
    /// True where a relay's address is known.
    pub relay_known: bool,
    /// The nearest close of a round in which something is assigned.
    pub deadline: Option<Deadline>,
    /// How many are how far.
    pub counts: Counts,
    /// True where everything that is assigned can be read without a network.
    pub ready_to_travel: bool,
    /// Changes that were not sealed yet.
    pub unsealed: u64,
    /// What is missing of other people's.
    pub gaps: Vec<Sentence>,
}

/// How many assignments are how far.
#[derive(Debug, Clone, Copy, Default, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Assigned and not taken back.
    pub assigned: u32,
    /// Nothing was declared of them yet.
    pub to_declare: u32,
    /// Begun.
    pub drafts: u32,
    /// Sealed, and no relay is known to have them.
    pub in_outbox: u32,
    /// Held by a relay.
    pub held: u32,
    /// Opened by a coordinator.
    pub opened: u32,
}

/// When a round closes.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// What the round is called.
    pub round: String,
    /// The instant.
    pub ms: i64,
    /// The zone in which the programme counts.
    pub programme_zone: String,
    /// The day and time there, as `2026-11-30 17:00`.
    pub programme_time: String,
}

/// One assignment.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TaskRow {
    /// The application's id.
    pub application: String,
    /// What its reader calls it.
    pub label: String,
    /// The round's key.
    pub round: String,
    /// What the round is called.
    pub round_label: String,
    /// Its place in the order of reading, from 1.
    pub place: u32,
    /// How far it is.
    pub state: TaskState,
    /// What a coordinator's device said of the review.
    pub outcome: Option<OutcomeView>,
    /// Criteria that the draft answers.
    pub answered: u32,
    /// Criteria that there are.
    pub criteria: u32,
    /// The revision that was submitted; 0 before.
    pub revision: u32,
    /// True where the text of the dossier is here.
    pub readable: bool,
    /// Files that are whole here.
    pub files_here: u32,
    /// Files that belong to it, as far as that is known.
    pub files_all: u32,
    /// Bytes of files that are missing.
    pub files_bytes_left: u64,
    /// Whether its reader means to read it again.
    pub again: bool,
    /// What is shown before a conflict of interest was declared.
    pub card: Vec<CardField>,
}

/// What a coordinator's device said of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeView {
    /// `counted`, `waits` or `set-aside`.
    pub code: String,
    /// Why it does not count.
    pub why: Option<String>,
}

impl From<Outcome> for OutcomeView {
    fn from(outcome: Outcome) -> Self {
        let (code, why) = outcome_code(outcome);
        Self { code: code.to_owned(), why: why.map(str::to_owned) }
    }
}

/// One line of a card.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CardField {
    /// The field's key.
    pub field: String,
    /// What it is called.
    pub label: String,
    /// The answer.
    pub value: String,
}

/// How far an assignment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    /// Nothing was declared about a conflict of interest.
    ToDeclare,
    /// May be read, and nothing is written.
    ToRead,
    /// May be read, and the text is not here.
    NoText,
    /// Begun: saved on this device.
    OnDevice,
    /// Submitted, sealed; no relay is known to have it.
    InOutbox,
    /// Submitted; a relay holds it.
    HeldByRelay,
    /// Submitted; a coordinator's device opened it.
    OpenedByCoordinator,
    /// A conflict was declared.
    Conflict,
    /// A coordinator decides whether there is a conflict.
    Unsure,
    /// Its reader handed it back.
    HandedBack,
    /// A coordinator took the assignment back.
    TakenBack,
}

impl TaskState {
    /// How far a task is.
    pub(crate) fn of(task: &Task) -> Self {
        let submitted = task.review.as_ref().is_some_and(|read| read.value.revision > 0);
        if task.assignment.state != Some(AssignmentState::Assigned) {
            return Self::TakenBack;
        }
        match (task.state.filter(|_| submitted), &task.conflict) {
            (Some(WorkState::OnDevice), _) => Self::OnDevice,
            (Some(WorkState::InOutbox), _) => Self::InOutbox,
            (Some(WorkState::HeldByRelay), _) => Self::HeldByRelay,
            (Some(WorkState::OpenedByCoordinator), _) => Self::OpenedByCoordinator,
            (None, None) => Self::ToDeclare,
            (None, Some(_)) if task.lifted().is_some() => Self::ToDeclare,
            (None, Some(conflict)) if conflict.declaration == Some(Declaration::Unsure) => Self::Unsure,
            (None, Some(conflict)) if conflict.is_handed_back() => Self::HandedBack,
            (None, Some(conflict)) if conflict.declaration != Some(Declaration::None) => Self::Conflict,
            (None, Some(_)) if !task.readable => Self::NoText,
            (None, Some(_)) if task.draft.is_some() => Self::OnDevice,
            (None, Some(_)) => Self::ToRead,
        }
    }
}

/// Reads a reviewer's home.
///
/// # Errors
/// [`Failure`].
pub fn home(session: &mut Session, language: &str) -> Result<ReviewerHome, Failure> {
    let programme = programme_or_none(session)?;
    let tasks = session.together(|acts| acts.tasks())?;
    let rows = rows(session, &tasks, programme.as_ref(), language)?;
    let counts = counts(&rows);
    let (last_exchange_ms, relay_known, gaps) =
        session.together(|acts| Ok((acts.last_evidence_ms()?, !acts.relays()?.is_empty(), acts.gaps()?)))?;
    let names = Names::of(session)?;
    let gaps = gaps.iter().map(|gap| {
        let said = match gap.member.map(|member| names.name(member)) {
            Some(whose) => {
                let text = format!("Something of {whose} is missing here; the next exchange asks for it.");
                Sentence::plain("parcels-missing", text).with("name", whose)
            }
            None => Sentence::plain(
                "parcels-missing-of-somebody",
                "Something of somebody unknown is missing here; the next exchange asks for it.",
            ),
        };
        said.with("count", gap.missing)
    });
    let open = |row: &&TaskRow| {
        use TaskState::{Conflict, HandedBack, TakenBack, Unsure};
        !matches!(row.state, TakenBack | Conflict | Unsure | HandedBack)
    };
    let ready_to_travel = !rows.is_empty()
        && rows.iter().filter(open).all(|row| row.readable && row.files_here == row.files_all);
    let outbox = count(session.engine().own_outbox()?);
    let unsealed = session.engine().pending()?;
    let deadline = programme.as_ref().and_then(|programme| deadline(programme, &rows, language));
    let gaps = gaps.collect();
    Ok(ReviewerHome {
        tasks: rows,
        outbox,
        last_exchange_ms,
        relay_known,
        deadline,
        counts,
        ready_to_travel,
        unsealed,
        gaps,
    })
}

fn counts(rows: &[TaskRow]) -> Counts {
    let mut by_state: BTreeMap<u8, u32> = BTreeMap::new();
    for row in rows {
        *by_state.entry(row.state as u8).or_default() += 1;
    }
    let of = |state: TaskState| by_state.get(&(state as u8)).copied().unwrap_or_default();
    Counts {
        assigned: count(rows.len()).saturating_sub(of(TaskState::TakenBack)),
        to_declare: of(TaskState::ToDeclare),
        drafts: of(TaskState::OnDevice),
        in_outbox: of(TaskState::InOutbox),
        held: of(TaskState::HeldByRelay),
        opened: of(TaskState::OpenedByCoordinator),
    }
}

/// Assignments as rows.
pub(crate) fn rows(
    session: &mut Session,
    tasks: &[Task],
    programme: Option<&Programme>,
    language: &str,
) -> Result<Vec<TaskRow>, Failure> {
    let readiness = session.together(|acts| acts.readiness(tasks))?;
    let rows = tasks.iter().zip(readiness).map(|(task, ready)| row(task, ready, programme, language));
    Ok(rows.collect())
}

fn row(task: &Task, readiness: Readiness, programme: Option<&Programme>, language: &str) -> TaskRow {
    let key = round_of_task(programme, task);
    let labels = programme.map(|programme| Labels::new(programme, language));
    let criteria = programme.map_or(0, |programme| crate::dossier::criteria_of(programme, &key).len());
    TaskRow {
        application: task.application.to_string(),
        label: task.label.clone(),
        round_label: labels.map_or_else(|| key.clone(), |labels| labels.round(&key)),
        round: key,
        place: task.assignment.place,
        state: TaskState::of(task),
        outcome: task.outcome.map(OutcomeView::from),
        answered: task.draft.as_ref().map_or(0, |draft| count(draft.value.answers.len())),
        criteria: count(criteria),
        revision: task.review.as_ref().map_or(0, |read| read.value.revision),
        readable: task.readable,
        files_here: count(readiness.files.saturating_sub(readiness.missing_files)),
        files_all: count(readiness.files),
        files_bytes_left: readiness.missing_bytes,
        again: task.again,
        card: card(task, labels),
    }
}

/// What is shown of an application before anything of its dossier.
pub(crate) fn card(task: &Task, labels: Option<Labels<'_>>) -> Vec<CardField> {
    let fields = task.card.fields.iter().map(|(field, value)| CardField {
        field: field.clone(),
        label: labels.map_or_else(|| field.clone(), |labels| labels.field(field)),
        value: labels.map_or_else(|| value.clone(), |labels| labels.answer(field, value)),
    });
    fields.collect()
}

/// The programme, where one was published here.
pub(crate) fn programme_or_none(session: &mut Session) -> Result<Option<Programme>, Failure> {
    match session.together(|acts| acts.programme()) {
        Ok((_, programme)) => Ok(Some(programme)),
        Err(SessionError::Engine(EngineError::NotFound(_))) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The programme, which must be here.
pub(crate) fn programme(session: &mut Session) -> Result<Programme, Failure> {
    programme_or_none(session)?.ok_or_else(|| Failure::new("no-programme", "the programme is not here yet"))
}

/// The key of a task's round; its id while the programme is not here.
pub(crate) fn round_of_task(programme: Option<&Programme>, task: &Task) -> String {
    programme.map_or_else(|| task.round.to_string(), |programme| round_key(programme, task))
}

/// The key of a task's round.
pub(crate) fn round_key(programme: &Programme, task: &Task) -> String {
    let round = programme.rounds.iter().find(|round| round_of(round.key.as_str()) == task.round);
    round.map_or_else(|| task.round.to_string(), |round| round.key.to_string())
}

/// When a round closes; none where the programme does not say.
pub(crate) fn closes(programme: &Programme, round: &Round, language: &str) -> Option<Deadline> {
    let zone = programme.zone_of(round)?;
    let instant: Timestamp = round.closes?.instant(zone).ok()?;
    let there = find_zone(zone).ok()?.to_datetime(instant);
    Some(Deadline {
        round: Labels::new(programme, language).round(round.key.as_str()),
        ms: instant.as_millisecond(),
        programme_zone: zone.to_owned(),
        programme_time: there.strftime("%Y-%m-%d %H:%M").to_string(),
    })
}

/// The nearest close among the rounds in which something is left to do.
fn deadline(programme: &Programme, rows: &[TaskRow], language: &str) -> Option<Deadline> {
    let open = |key: &str| {
        rows.iter().any(|row| {
            row.round == key
                && matches!(
                    row.state,
                    TaskState::ToDeclare | TaskState::ToRead | TaskState::NoText | TaskState::OnDevice
                )
        })
    };
    let rounds = programme.rounds.iter().filter(|round| open(round.key.as_str()));
    rounds.filter_map(|round| closes(programme, round, language)).min_by_key(|deadline| deadline.ms)
}
