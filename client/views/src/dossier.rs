//! A dossier beside its scorecard: what is read, what is scored, what is missing. Of an application on which nothing was
//! declared there is the card and nothing else.

use serde::Serialize;
use specta::Type;
use tessera_driver::session::Session;
pub(crate) use tessera_driver::wording::in_order;
use tessera_engine::programme::round as round_of;
use tessera_engine::reading::Task;
use tessera_model::documents::{AssignmentState, Dossier};
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::programme::scoring::{Criterion, CriterionKind};
use tessera_protocol::ids::ApplicationId;

use crate::declaring::DeclarationView;
use crate::draft::{self, DraftView, MissingView};
use crate::failure::Failure;
use crate::files::FileView;
use crate::tasks::{self, CardField, OutcomeView, TaskRow, TaskState};
use crate::words::{Labels, count, id};

/// A dossier beside its scorecard.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DossierView {
    /// The application's id.
    pub application: String,
    /// What its reader calls it.
    pub label: String,
    /// The round's key.
    pub round: String,
    /// What the round is called.
    pub round_label: String,
    /// How far it is.
    pub state: TaskState,
    /// Its place among what is assigned in this round, from 1.
    pub place: u32,
    /// How many are assigned in this round.
    pub of: u32,
    /// The application before it.
    pub previous: Option<String>,
    /// The application after it.
    pub next: Option<String>,
    /// What is shown before a conflict of interest was declared.
    pub card: Vec<CardField>,
    /// What was declared.
    pub declaration: Option<DeclarationView>,
    /// What applicants wrote, in the order of the form.
    pub sections: Vec<Section>,
    /// Files.
    pub files: Vec<FileView>,
    /// What is scored.
    pub criteria: Vec<CriterionView>,
    /// How sure a reviewer can say to be.
    pub confidence: Confidence,
    /// What is written so far.
    pub draft: DraftView,
    /// Its newest changes: whoever saves what was made of it names them.
    pub draft_heads: Vec<String>,
    /// Fields that two laptops of one reviewer wrote differently.
    pub draft_conflicts: Vec<FieldConflict>,
    /// What was submitted.
    pub submitted: Option<SubmittedView>,
    /// The total of the draft as the programme counts it; none while too little is answered.
    pub total: Option<String>,
    /// What is missing before it can be submitted.
    pub missing: Vec<MissingView>,
    /// Private notes.
    pub notes: String,
    /// Whether the reviewer means to read it again.
    pub again: bool,
}

/// How sure a reviewer can say to be.
#[derive(Debug, Clone, Copy, Serialize, Type)]
pub struct Confidence {
    /// Lowest.
    pub min: u32,
    /// Highest.
    pub max: u32,
}

/// One answer of the form.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Section {
    /// The field's key.
    pub field: String,
    /// What it is called.
    pub label: String,
    /// What applicants were told about it.
    pub help: Option<String>,
    /// The answer.
    pub text: String,
    /// How many words it has.
    pub words: u32,
}

/// A field that two laptops wrote differently.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FieldConflict {
    /// The field, as `answer/KEY`, `reason/KEY`, `confidence` or `attestation`.
    pub field: String,
    /// What each says; empty where it is "not applicable".
    pub values: Vec<String>,
}

/// What was submitted.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SubmittedView {
    /// From 1.
    pub revision: u32,
    /// What it says.
    pub draft: DraftView,
    /// What a coordinator's device said of it.
    pub outcome: Option<OutcomeView>,
}

/// A criterion with its rubric.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CriterionView {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// What to look for.
    pub help: Option<String>,
    /// Its weight.
    pub weight: String,
    /// Whether a review without it is incomplete.
    pub required: bool,
    /// `score`, `advantage` or `gate`.
    pub kind: String,
    /// Lowest score; empty where there is none.
    pub min: String,
    /// Highest score; empty where there is none.
    pub max: String,
    /// Distance between scores; empty where any number is one.
    pub step: String,
    /// The scores of a short scale, lowest first; empty where one is typed.
    pub scores: Vec<String>,
    /// What scores mean.
    pub levels: Vec<LevelView>,
}

/// What a score means.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LevelView {
    /// The score.
    pub value: String,
    /// What it is called.
    pub label: Option<String>,
    /// What it means.
    pub text: String,
}

/// Finds an assignment of this member.
pub(crate) fn find(session: &mut Session, application: &str, round: &str) -> Result<Task, Failure> {
    let application: ApplicationId = id(application)?;
    let round = round_of(round);
    let task = session.together(|acts| acts.task(application, round))?;
    task.ok_or_else(|| Failure::not_found("this assignment"))
}

/// Reads a dossier and its scorecard.
///
/// # Errors
/// [`Failure`].
pub fn dossier(
    session: &mut Session,
    application: &str,
    round: &str,
    language: &str,
) -> Result<DossierView, Failure> {
    let programme = tasks::programme(session)?;
    let task = find(session, application, round)?;
    let row = tasks::rows(session, std::slice::from_ref(&task), Some(&programme), language)?.pop();
    let row = row.ok_or_else(|| Failure::not_found("this assignment"))?;
    let neighbours = Neighbours::of(session, &task)?;
    let labels = Labels::new(&programme, language);
    let read = match task.is_open() {
        true => session.together(|acts| acts.dossier(task.application, task.assignment.rendition))?,
        false => None,
    };
    let (sections, files) = match &read {
        Some((dossier, manifest)) => (
            sections(labels, &programme, dossier),
            FileView::list(session, labels, &row.application, &row.round, manifest)?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    let notes = session.together(|acts| acts.note(task.application))?.text;
    let declaration = DeclarationView::of(session, &task)?;
    let (total, missing) = draft::assess(&programme, &row.round, task.draft.as_ref());
    let TaskRow { application, label, round, round_label, state, card, outcome, .. } = row;
    let criteria =
        criteria_of(&programme, &round).into_iter().map(|one| criterion(labels, &programme, one, &round));
    let criteria = criteria.collect();
    let conflicts = task.draft.iter().flat_map(|read| &read.conflicts).map(|conflict| FieldConflict {
        field: draft::place_of(&conflict.field),
        values: conflict.values.iter().map(|one| draft::shown(&one.value)).collect(),
    });
    let review = task.review.as_ref().map(|read| &read.value).filter(|review| review.revision > 0);
    let submitted = review.map(|review| SubmittedView {
        revision: review.revision,
        draft: review.into(),
        outcome: outcome.clone().or_else(|| task.outcome.map(OutcomeView::from)),
    });
    Ok(DossierView {
        application,
        label,
        round,
        round_label,
        state,
        place: neighbours.place,
        of: neighbours.of,
        previous: neighbours.previous,
        next: neighbours.next,
        card,
        declaration,
        sections,
        files,
        criteria,
        confidence: Confidence { min: 1, max: 5 },
        draft: DraftView::of(task.draft.as_ref().map(|read| &read.value)),
        draft_heads: draft::heads(&task.draft_heads),
        draft_conflicts: conflicts.collect(),
        submitted,
        total,
        missing,
        notes,
        again: task.again,
    })
}

/// What stands before and after an assignment in its round.
struct Neighbours {
    place: u32,
    of: u32,
    previous: Option<String>,
    next: Option<String>,
}

impl Neighbours {
    fn of(session: &mut Session, task: &Task) -> Result<Self, Failure> {
        let assigned = session.together(|acts| acts.assigned())?;
        let in_round = assigned.iter().filter(|(_, round, _)| *round == task.round);
        let ids: Vec<ApplicationId> = in_round
            .filter(|(_, _, assignment)| assignment.state == Some(AssignmentState::Assigned))
            .map(|(id, _, _)| *id)
            .collect();
        let at = ids.iter().position(|id| *id == task.application);
        let there = |at: Option<usize>| at.and_then(|at| ids.get(at)).map(ToString::to_string);
        Ok(Self {
            place: at.map_or(0, |at| count(at + 1)),
            of: count(ids.len()),
            previous: there(at.and_then(|at| at.checked_sub(1))),
            next: there(at.map(|at| at + 1)),
        })
    }
}

/// What applicants wrote, in the order of the form; what the form does not know comes last.
pub(crate) fn sections(labels: Labels<'_>, programme: &Programme, dossier: &Dossier) -> Vec<Section> {
    in_order(programme, &dossier.fields).map(|(key, value)| section(labels, programme, key, value)).collect()
}

pub(crate) fn section(labels: Labels<'_>, programme: &Programme, key: &str, value: &str) -> Section {
    let field = programme.fields.iter().find(|field| field.key.as_str() == key);
    let text = labels.answer(key, value);
    Section {
        field: key.to_owned(),
        label: labels.field(key),
        help: labels.maybe(field.and_then(|field| field.help.as_ref())),
        words: count(text.split_whitespace().count()),
        text,
    }
}

/// The criteria that a round scores, in the programme's order.
pub(crate) fn criteria_of<'p>(programme: &'p Programme, round: &str) -> Vec<&'p Criterion> {
    let policy = Policy::of_round(programme, round).map(|policy| policy.criteria).unwrap_or_default();
    programme.scored().filter(|one| policy.iter().any(|rule| rule.key == one.key.as_str())).collect()
}

pub(crate) fn criterion(
    labels: Labels<'_>,
    programme: &Programme,
    criterion: &Criterion,
    round: &str,
) -> CriterionView {
    let key = criterion.key.as_str();
    let rules = Policy::of_round(programme, round).map(|policy| policy.criteria).unwrap_or_default();
    let range = rules.into_iter().find(|rule| rule.key == key).map(|rule| rule.range).unwrap_or_default();
    let number =
        |number: Option<tessera_model::decimal::Decimal>| number.map(|n| n.to_string()).unwrap_or_default();
    CriterionView {
        key: key.to_owned(),
        label: labels.criterion(key),
        help: labels.maybe(criterion.help.as_ref()),
        weight: criterion.effective_weight().to_string(),
        required: criterion.required,
        kind: match criterion.kind {
            CriterionKind::Score => "score",
            CriterionKind::Advantage => "advantage",
            CriterionKind::Gate => "gate",
        }
        .to_owned(),
        min: number(range.min),
        max: number(range.max),
        step: number(range.step),
        scores: range.scores().iter().map(ToString::to_string).collect(),
        levels: criterion
            .levels
            .iter()
            .map(|level| LevelView {
                value: level.value.to_string(),
                label: labels.maybe(level.label.as_ref()),
                text: labels.said(&level.text),
            })
            .collect(),
    }
}
