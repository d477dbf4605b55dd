//! One application as a coordinator sees it: answers, files, conditions, readers; and judging it.

use std::collections::BTreeMap;

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::eligibility::{ExceptionAct, Judged, Lacks, outcome_word, verdict};
use tessera_engine::programme::round;
use tessera_model::documents::{AssignmentState, Conflict, Declaration, Identity, Verdict};
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;
use tessera_vault::ids::Audience;

use crate::board::{must_coordinate, named};
use crate::dossier::{Section, in_order, section};
use crate::draft::PinView;
use crate::duplicates::{PairSide, side};
use crate::eligibility::NONE;
use crate::failure::Failure;
use crate::files::FileView;
use crate::moderation::{ModerationVerdict, verdicts};
use crate::record::{TakenDownView, taken_down};
use crate::seen::{RenditionView, SeenBy};
use crate::tasks::{self, CardField};
use crate::words::{Labels, id};

/// An application.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationView {
    /// Its id.
    pub application: String,
    /// Its key of the import.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
    /// What follows from the verdicts: `eligible`, `by-exception`, `not-eligible`, `undecided`, `contested`.
    pub outcome: String,
    /// Why it was withdrawn, where it was.
    pub withdrawn: Option<String>,
    /// By which way that was said: `form`, `mail` or `import`.
    pub withdrawn_by: Option<String>,
    /// Answers that readers of some round see.
    pub sections: Vec<Section>,
    /// The other answers: coordinators see them, and readers at most on a card.
    pub identity: Vec<CardField>,
    /// Which readers see each answer, by field.
    pub seen: BTreeMap<String, SeenBy>,
    /// The application as readers get it, once for all rounds that read it so.
    pub renditions: Vec<RenditionView>,
    /// Files.
    pub files: Vec<FileView>,
    /// Required answers and files that are missing.
    pub lacks: Vec<String>,
    /// The conditions and what was decided on each.
    pub gates: Vec<GateView>,
    /// The exception, where the programme has one.
    pub exception: Option<ExceptionView>,
    /// Who reads it, and what they gave.
    pub readers: Vec<ReaderView>,
    /// How disagreement was settled, in the order of the rounds.
    pub moderation: Vec<ModerationVerdict>,
    /// To whom the dossier is open.
    pub open_to: Vec<String>,
    /// Applications that may be the same person's.
    pub duplicates: Vec<PairSide>,
    /// What is scored, in the rubric's order.
    pub criteria: Vec<CriterionName>,
    /// By which way it came: `form`, `mail` or `import`.
    pub route: Option<String>,
    /// True where a coordinator typed it in for the applicant.
    pub on_behalf: bool,
}

/// A criterion.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CriterionName {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub label: String,
}

/// A condition and what was decided on it.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GateView {
    /// Its key.
    pub gate: String,
    /// What is asked.
    pub question: String,
    /// What proves it.
    pub evidence: Option<String>,
    /// `met`, `not-met` or `open`; none where nobody decided, or two contradict one another.
    pub verdict: Option<String>,
    /// What was seen, and where.
    pub evidence_given: String,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: Vec<String>,
    /// Who said what, where two contradict one another.
    pub said: Vec<SaidView>,
    /// True where the exception can lift it.
    pub liftable: bool,
}

/// One verdict as somebody gave it.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SaidView {
    /// Who.
    pub by: String,
    /// What: the verdict's word.
    pub verdict: String,
}

/// The exception.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionView {
    /// Why it is asked for.
    pub asked: Option<String>,
    /// Who asked.
    pub asked_by: Option<String>,
    /// Whether it is granted.
    pub granted: Option<bool>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// True where this member may grant it: the programme may ask for a second person.
    pub may_grant: bool,
}

/// A reader of an application.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReaderView {
    /// The member's id.
    pub member: String,
    /// The name.
    pub name: String,
    /// What the round is called.
    pub round: String,
    /// The round's key.
    pub round_key: String,
    /// `assigned`, or how it ended.
    pub state: String,
    /// What was declared, or `handed-back`.
    pub conflict: Option<String>,
    /// The revision of the review.
    pub revision: Option<u32>,
    /// True where the review counts.
    pub counts: bool,
    /// Scores by criterion.
    pub scores: BTreeMap<String, String>,
    /// Comments by criterion.
    pub comments: BTreeMap<String, String>,
    /// Where comments point, by criterion; the reader submits that with them.
    pub pins: BTreeMap<String, PinView>,
    /// The comment on the whole.
    pub overall: String,
    /// Why something of it waits.
    pub waits: Vec<String>,
    /// Who took it down, and by which way it came, where somebody else did.
    pub taken_down: Option<TakenDownView>,
}

/// Reads an application; `twins` are pairs that may be one.
///
/// # Errors
/// [`Failure`].
pub fn application(
    session: &mut Session,
    twins: &[(String, String)],
    application: &str,
    language: &str,
) -> Result<ApplicationView, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let id: ApplicationId = id(application)?;
    let labels = Labels::new(&programme, language);
    let names = Names::of(session)?;
    let identity = session.together(|acts| acts.read::<Identity>(&Audience::File(id), &id.0))?;
    let identity = identity.ok_or_else(|| Failure::not_found("this application"))?.value;
    let (answers, manifest, judged, withdrawal, rendered) = session.together(|acts| {
        Ok((
            acts.answers(&programme, id)?,
            acts.files(id)?,
            acts.eligibility(&programme, id)?,
            acts.withdrawal(id)?,
            acts.rendered(&programme, id)?,
        ))
    })?;
    let exception = judged.read.value.exception_asked.is_some() || judged.asked_by.is_some();
    let lacks = named(labels, &Lacks::of(&programme, &answers, &manifest, exception));
    let of = |rendition: u8| rendered.iter().find(|one| one.rendition == rendition);
    let seen_by = |key: &str| {
        let holds = |rendition: u8| of(rendition).is_some_and(|one| one.dossier.fields.contains_key(key));
        let shows = |rendition: u8| of(rendition).is_some_and(|one| one.card.fields.contains_key(key));
        SeenBy::of(&programme, labels, holds, shows)
    };
    let seen: BTreeMap<String, SeenBy> = answers.keys().map(|key| (key.clone(), seen_by(key))).collect();
    let (hidden, read): (BTreeMap<_, _>, BTreeMap<_, _>) = answers
        .clone()
        .into_iter()
        .partition(|(key, _)| matches!(seen.get(key), Some(SeenBy::Nobody | SeenBy::Card { .. })));
    let sections =
        in_order(&programme, &read).map(|(key, value)| section(labels, &programme, key, value)).collect();
    let hidden = in_order(&programme, &hidden).map(|(key, value)| CardField {
        field: key.clone(),
        label: labels.field(key),
        value: labels.answer(key, value),
    });
    let hidden = hidden.collect();
    let files = FileView::list_all(session, labels, application, &manifest)?;
    let readers = readers(session, &programme, labels, &names, id)?;
    let moderation = verdicts(session, &programme, labels, &names, id)?;
    let mut open_to = Vec::new();
    for one in &rendered {
        let stream = session.engine().stream(&Audience::Dossier(id, one.rendition))?;
        open_to.extend(session.engine().open_to(stream).into_iter().map(|member| names.name(member)));
    }
    let me = session.engine().member();
    Ok(ApplicationView {
        application: application.to_owned(),
        title: title(&programme, &answers),
        outcome: outcome_word(&judged.outcome).to_owned(),
        withdrawn_by: withdrawal.as_ref().and_then(|one| one.route).map(|route| route.as_str().to_owned()),
        withdrawn: withdrawal.map(|one| one.reason),
        sections,
        identity: hidden,
        seen,
        renditions: rendered.iter().map(|one| RenditionView::of(&programme, labels, one)).collect(),
        files,
        lacks,
        gates: gates(&programme, labels, &names, &judged),
        exception: programme.exception.as_ref().map(|rules| ExceptionView {
            asked: judged.read.value.exception_asked.clone(),
            asked_by: judged.asked_by.map(|member| names.name(member)),
            granted: judged.read.value.exception_granted,
            decided_by: judged.decided_by.map(|member| names.name(member)),
            may_grant: !rules.second_person || judged.asked_by != Some(me),
        }),
        readers,
        moderation,
        open_to,
        duplicates: duplicates(session, &programme, twins, application)?,
        criteria: programme
            .scored()
            .map(|one| CriterionName { key: one.key.to_string(), label: labels.criterion(one.key.as_str()) })
            .collect(),
        route: identity.route.map(|route| route.as_str().to_owned()),
        on_behalf: identity.on_behalf,
        key: identity.key,
    })
}

fn gates(programme: &Programme, labels: Labels<'_>, names: &Names, judged: &Judged) -> Vec<GateView> {
    let view = |gate: &tessera_model::programme::form::Gate| {
        let key = gate.key.as_str();
        let decided = judged.read.value.gates.get(key);
        let all: Vec<_> = judged.verdicts.get(key).into_iter().flatten().collect();
        let by = all.iter().filter_map(|said| said.by);
        let said = all.iter().filter(|_| all.len() > 1).map(|said| SaidView {
            by: said.by.map(|member| names.name(member)).unwrap_or_default(),
            verdict: said.what.clone(),
        });
        GateView {
            gate: key.to_owned(),
            question: labels.said(&gate.question),
            evidence: labels.maybe(gate.evidence.as_ref()),
            verdict: decided.map(|one| one.verdict.as_str().to_owned()),
            evidence_given: decided.map(|one| one.evidence.clone()).unwrap_or_default(),
            reason: decided.map(|one| one.reason.clone()).unwrap_or_default(),
            by: by.map(|member| names.name(member)).collect(),
            said: said.collect(),
            liftable: gate.exception,
        }
    };
    programme.gates.iter().map(view).collect()
}

/// The word for what a reader declared.
fn declared_word(conflict: &Conflict) -> Option<&'static str> {
    match conflict.is_handed_back() {
        true => Some("handed-back"),
        false => conflict.declaration.map(Declaration::as_str),
    }
}

fn readers(
    session: &mut Session,
    programme: &Programme,
    labels: Labels<'_>,
    names: &Names,
    id: ApplicationId,
) -> Result<Vec<ReaderView>, Failure> {
    let (assignments, reviews) =
        session.together(|acts| Ok((acts.assignments_of(id)?, acts.reviews_of(id)?)))?;
    let mut rows = Vec::new();
    for (pair, assignment) in assignments {
        let declared = session.together(|acts| acts.declaration(id, pair.member))?;
        let review = reviews
            .iter()
            .find(|one| (one.application, one.member, one.round) == (id, pair.member, pair.round));
        let counted = review.and_then(|review| review.counts.as_ref().ok());
        let scores = counted.iter().flat_map(|counted| &counted.values);
        let key = programme.rounds.iter().find(|one| round(one.key.as_str()) == pair.round);
        let taken_down = match review.filter(|review| review.recorded.is_some()) {
            Some(review) => taken_down(session, names, review)?,
            None => None,
        };
        rows.push(ReaderView {
            member: pair.member.to_string(),
            name: names.handle(pair.member),
            round: key.map(|round| labels.round(round.key.as_str())).unwrap_or_default(),
            round_key: key.map(|round| round.key.to_string()).unwrap_or_default(),
            state: assignment.state.map(AssignmentState::as_str).unwrap_or_default().to_owned(),
            conflict: declared.as_ref().and_then(|one| declared_word(&one.read.value)).map(str::to_owned),
            revision: counted.map(|counted| counted.revision),
            counts: counted.is_some(),
            scores: scores
                .filter_map(|(key, value)| Some((key.clone(), value.score()?.to_string())))
                .collect(),
            comments: counted.map(|counted| counted.comments.clone()).unwrap_or_default(),
            pins: review
                .map(|review| review.pins().iter().map(|(key, pin)| (key.clone(), pin.into())).collect())
                .unwrap_or_default(),
            overall: counted.map(|counted| counted.overall.clone()).unwrap_or_default(),
            waits: review
                .map(|review| review.waits.keys().map(|why| why.code().to_owned()).collect())
                .unwrap_or_default(),
            taken_down,
        });
    }
    Ok(rows)
}

fn duplicates(
    session: &mut Session,
    programme: &Programme,
    twins: &[(String, String)],
    application: &str,
) -> Result<Vec<PairSide>, Failure> {
    let others = twins.iter().filter_map(|(one, other)| match application {
        _ if application == one => Some(other),
        _ if application == other => Some(one),
        _ => None,
    });
    others.map(|other| side(session, programme, id(other)?)).collect()
}

/// What a list shows beside the key: the first answer of the form.
pub(crate) fn title(programme: &Programme, answers: &BTreeMap<String, String>) -> String {
    programme.fields.iter().find_map(|field| answers.get(field.key.as_str())).cloned().unwrap_or_default()
}

/// Gives a verdict on a condition, with its evidence and reason in place of what was written before; `none` takes back the one that
/// stands.
///
/// # Errors
/// [`Failure`].
pub fn judge(
    session: &mut Session,
    application: &str,
    gate: &str,
    word: &str,
    evidence: &str,
    reason: &str,
) -> Result<(), Failure> {
    let programme = tasks::programme(session)?;
    let id: ApplicationId = id(application)?;
    let said = match Verdict::parse(word) {
        Some(said) => Some(verdict(said, evidence.trim(), reason.trim())),
        None if word == NONE => None,
        None => return Err(Failure::bad_input("the verdict")),
    };
    Ok(session.together(|acts| {
        match said {
            Some(said) => acts.judge(&programme, id, gate, said)?,
            None => acts.unjudge(&programme, id, gate)?,
        };
        acts.hand_over()
    })?)
}

/// Asks for the exception, grants or refuses it.
///
/// # Errors
/// [`Failure`].
pub fn except(
    session: &mut Session,
    application: &str,
    grant: Option<bool>,
    reason: &str,
) -> Result<(), Failure> {
    let programme = tasks::programme(session)?;
    let id: ApplicationId = id(application)?;
    if reason.trim().is_empty() {
        return Err(Failure::new("reason-needed", "a reason is needed"));
    }
    let act = match grant {
        None => ExceptionAct::Ask,
        Some(true) => ExceptionAct::Grant,
        Some(false) => ExceptionAct::Refuse,
    };
    Ok(session.together(|acts| {
        acts.except(&programme, id, act, reason.trim())?;
        acts.hand_over()
    })?)
}

/// Takes back what this person did of the exception: the decision, or the request.
///
/// # Errors
/// [`Failure`] `not-permitted` where it was somebody else's, or where there is none.
pub fn take_back_exception(session: &mut Session, application: &str, decision: bool) -> Result<(), Failure> {
    let programme = tasks::programme(session)?;
    let id: ApplicationId = id(application)?;
    let act = if decision { ExceptionAct::Undecide } else { ExceptionAct::Unask };
    Ok(session.together(|acts| {
        acts.except(&programme, id, act, "")?;
        acts.hand_over()
    })?)
}
