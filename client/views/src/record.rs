//! Reviews that a coordinator takes down from paper, by telephone or from a mail: whose and of what, the scorecard, what it
//! would come to, and taking it down. It is signed by, and shown as entered by, whoever did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::programme::round as round_of;
use tessera_engine::recorded::TakenDown;
use tessera_engine::reviews::Reviewed;
use tessera_engine::score_import::{Became, RefusalKind};
use tessera_model::documents::review::Source;
use tessera_model::documents::{AssignmentState, Draft, Read};
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, MemberId};

use crate::application::title;
use crate::board::must_coordinate;
use crate::dossier::{Confidence, CriterionView, criteria_of, criterion};
use crate::draft::{DraftView, MissingView, assess};
use crate::failure::Failure;
use crate::figures::RoundName;
use crate::tasks;
use crate::typed::{keep, kept};
use crate::words::{Labels, id};

/// Whose review of an application could be taken down.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecordChoices {
    /// The application's id.
    pub application: String,
    /// Its key.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
    /// Rounds.
    pub rounds: Vec<RoundName>,
    /// Readers to whom it is assigned first, then everybody else.
    pub readers: Vec<RecordReader>,
    /// What was typed before and is not taken down yet, by reader and round; what was typed last comes last.
    pub typed: Vec<RecordForm>,
}

/// A member whose review could be taken down.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecordReader {
    /// The member's id.
    pub member: String,
    /// The name.
    pub name: String,
    /// Rounds in which the application is assigned to this member.
    pub rounds: Vec<String>,
    /// Rounds in which this member submitted a review of it.
    pub submitted: Vec<String>,
    /// By round: what was taken down before.
    pub taken_down: BTreeMap<String, TakenDownView>,
}

/// A review that somebody took down.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TakenDownView {
    /// Who entered it.
    pub by: Vec<String>,
    /// `paper`, `phone` or `mail`.
    pub source: Option<String>,
    /// Its revision.
    pub revision: u32,
}

/// The scorecard of a review that is taken down.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecordCard {
    /// What the round scores.
    pub criteria: Vec<CriterionView>,
    /// How sure a reviewer can say to be.
    pub confidence: Confidence,
    /// What was taken down before; empty where nothing was.
    pub draft: DraftView,
    /// What was taken down before.
    pub taken_down: Option<TakenDownView>,
}

/// A review as it is being taken down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecordForm {
    /// The application.
    pub application: String,
    /// Whose review it is.
    pub member: String,
    /// The round's key.
    pub round: String,
    /// `paper`, `phone` or `mail`.
    pub source: String,
    /// Why what was taken down before is changed.
    pub reason: Option<String>,
    /// What was said.
    pub draft: DraftView,
}

/// What taking it down would come to, or came to.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecordResult {
    /// `submitted`, `amended`, `same`; `missing` or `needs-reason` where it is not taken down.
    pub became: String,
    /// Its revision; 0 where it is not taken down.
    pub revision: u32,
    /// The total as the programme counts it.
    pub total: Option<String>,
    /// What is missing.
    pub missing: Vec<MissingView>,
}

/// Reads whose review of an application could be taken down.
///
/// # Errors
/// [`Failure`].
pub fn choices(session: &mut Session, application: &str, language: &str) -> Result<RecordChoices, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let names = Names::of(session)?;
    let application: ApplicationId = id(application)?;
    let (keys, answers) =
        session.together(|acts| Ok((acts.application_keys()?, acts.answers(&programme, application)?)))?;
    let key = keys.get(&application).cloned().ok_or_else(|| Failure::not_found("this application"))?;
    let (assignments, reviews) =
        session.together(|acts| Ok((acts.assignments_of(application)?, acts.reviews_of(application)?)))?;
    let round_key = |round| {
        let found = programme.rounds.iter().find(|one| round_of(one.key.as_str()) == round);
        found.map(|one| one.key.to_string())
    };
    let mut readers = Vec::new();
    for member in names.members() {
        let assigned = assignments.iter().filter(|(pair, one)| {
            (pair.application, pair.member) == (application, member)
                && one.state == Some(AssignmentState::Assigned)
        });
        let mut submitted = Vec::new();
        let mut taken_down = BTreeMap::new();
        for review in reviews.iter().filter(|one| (one.application, one.member) == (application, member)) {
            let Some(round) = round_key(review.round) else { continue };
            if !review.versions.is_empty() {
                submitted.push(round.clone());
            }
            if let Some(down) = self::taken_down(session, &names, review)? {
                taken_down.insert(round, down);
            }
        }
        readers.push(RecordReader {
            member: member.to_string(),
            name: names.handle(member),
            rounds: assigned.filter_map(|(pair, _)| round_key(pair.round)).collect(),
            submitted,
            taken_down,
        });
    }
    readers.sort_by(|one, other| {
        (one.rounds.is_empty(), &one.name).cmp(&(other.rounds.is_empty(), &other.name))
    });
    Ok(RecordChoices {
        application: application.to_string(),
        key,
        title: title(&programme, &answers),
        rounds: RoundName::all(&programme, labels),
        readers,
        typed: kept(session, &typed_name(application))?,
    })
}

/// Keeps what is typed of an application's reviews until it is taken down; where nothing is, what was kept is forgotten.
///
/// # Errors
/// [`Failure`].
pub fn keep_typed(session: &mut Session, application: &str, forms: &[RecordForm]) -> Result<(), Failure> {
    must_coordinate(session)?;
    let name = typed_name(id(application)?);
    Ok(session.together(|acts| keep(acts, &name, &forms.to_vec()))?)
}

/// The setting that keeps what is typed of an application's reviews.
fn typed_name(application: ApplicationId) -> String {
    format!("record-{application}")
}

/// Who took a review down, where somebody else than its author did.
pub(crate) fn taken_down(
    session: &mut Session,
    names: &Names,
    review: &Reviewed,
) -> Result<Option<TakenDownView>, Failure> {
    let Reviewed { application, round, member, .. } = *review;
    let recorded = session.together(|acts| acts.recorded_review(application, round, member))?;
    Ok(recorded.map(|recorded| TakenDownView {
        by: review.recorded_by.iter().map(|member| names.name(*member)).collect(),
        source: recorded.source.map(|source| source.as_str().to_owned()),
        revision: recorded.review.revision,
    }))
}

/// Reads the scorecard, with what was taken down before.
///
/// # Errors
/// [`Failure`].
pub fn card(
    session: &mut Session,
    application: &str,
    member: &str,
    round: &str,
    language: &str,
) -> Result<RecordCard, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    if programme.round(round).is_none() {
        return Err(Failure::not_found("this round"));
    }
    let labels = Labels::new(&programme, language);
    let names = Names::of(session)?;
    let (application, member): (ApplicationId, MemberId) = (id(application)?, id(member)?);
    let recorded = session.together(|acts| acts.recorded_review(application, round_of(round), member))?;
    let reviews = session.together(|acts| acts.reviews_of(application))?;
    let review = reviews
        .iter()
        .find(|one| (one.application, one.member, one.round) == (application, member, round_of(round)));
    let down = match review {
        Some(review) => taken_down(session, &names, review)?,
        None => None,
    };
    let draft =
        recorded.as_ref().map(|recorded| DraftView { attested: false, ..DraftView::from(&recorded.review) });
    let criteria =
        criteria_of(&programme, round).into_iter().map(|one| criterion(labels, &programme, one, round));
    Ok(RecordCard {
        criteria: criteria.collect(),
        confidence: Confidence { min: 1, max: 5 },
        draft: draft.unwrap_or_default(),
        taken_down: down,
    })
}

/// Says what taking a review down would come to; nothing is written.
///
/// # Errors
/// [`Failure`].
pub fn preview(session: &mut Session, form: &RecordForm) -> Result<RecordResult, Failure> {
    let (programme, taken, missing, total) = read(session, form)?;
    if !missing.is_empty() {
        return Ok(RecordResult { became: "missing".to_owned(), revision: 0, total, missing });
    }
    let came = session.together(|acts| acts.preview_record(&programme, &taken))?;
    result(came, total)
}

/// Takes a review down.
///
/// # Errors
/// [`Failure`].
pub fn record(session: &mut Session, form: &RecordForm) -> Result<RecordResult, Failure> {
    let (programme, taken, missing, total) = read(session, form)?;
    if !missing.is_empty() {
        return Ok(RecordResult { became: "missing".to_owned(), revision: 0, total, missing });
    }
    let name = typed_name(taken.application);
    let mut left: Vec<RecordForm> = kept(session, &name)?;
    left.retain(|one| (&one.member, &one.round) != (&form.member, &form.round));
    let came = session.together(|acts| {
        let came = acts.record_review(&programme, &taken)?;
        if came.is_ok() {
            keep(acts, &name, &left)?;
        }
        Ok(came)
    })?;
    result(came, total)
}

type Prepared = (Programme, TakenDown, Vec<MissingView>, Option<String>);

fn read(session: &mut Session, form: &RecordForm) -> Result<Prepared, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    if programme.round(&form.round).is_none() {
        return Err(Failure::not_found("this round"));
    }
    let source = Source::parse(&form.source).ok_or_else(|| Failure::bad_input("the way"))?;
    // Nobody attests for somebody else; nothing is missing for that.
    let draft = Draft { attested: true, ..form.draft.clone().into_draft()? };
    let (total, missing) = assess(&programme, &form.round, Some(&Read::clean(draft.clone())));
    let taken = TakenDown {
        application: id(&form.application)?,
        member: id(&form.member)?,
        round: form.round.clone(),
        draft,
        source,
        reason: form.reason.clone(),
    };
    Ok((programme, taken, missing, total))
}

fn result(came: Result<(Became, u32), RefusalKind>, total: Option<String>) -> Result<RecordResult, Failure> {
    let missing = Vec::new();
    match came {
        Ok((became, revision)) => {
            Ok(RecordResult { became: became.as_str().to_owned(), revision, total, missing })
        }
        Err(RefusalKind::NeedsReason(_)) => {
            Ok(RecordResult { became: "needs-reason".to_owned(), revision: 0, total, missing })
        }
        Err(kind) => Err(Failure::new(kind.code(), kind.to_string())),
    }
}
