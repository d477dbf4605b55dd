//! Applications that may be one person's: the pairs, two of them side by side, and the verdict. Nothing is merged by itself.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::duplicates::{Likeness, Twin};
use tessera_model::documents::{Manifest, Sameness};
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;

use crate::application::title;
use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::seen::is_read;
use crate::tasks;
use crate::words::{Labels, count, id};

/// A pair of applications.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PairView {
    /// One of them.
    pub one: PairSide,
    /// The other.
    pub other: PairSide,
    /// In what they are alike, as people call it: answers, files.
    pub alike: Vec<String>,
    /// `same` or `different`; none where nobody decided, or coordinators contradict one another.
    pub verdict: Option<String>,
    /// The id of the one that counts, where they are the same.
    pub keep: Option<String>,
    /// True where coordinators contradict one another.
    pub contested: bool,
    /// Why it was decided so.
    pub reason: String,
    /// Who decided.
    pub by: Vec<String>,
}

/// One of a pair.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PairSide {
    /// Its id.
    pub application: String,
    /// Its key.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
}

/// Two applications field by field.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// The pair.
    pub pair: PairView,
    /// Answers, in the order of the form.
    pub answers: Vec<ComparedRow>,
    /// Files: the name in each; one of the same contents stands in one row.
    pub files: Vec<ComparedRow>,
    /// How far each is: reviews that count.
    pub reviews: [u32; 2],
    /// Who are to read each.
    pub readers: [u32; 2],
    /// True where one of them is withdrawn.
    pub withdrawn: [bool; 2],
}

/// One answer or file of both.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ComparedRow {
    /// What it is called.
    pub label: String,
    /// What the first has.
    pub one: String,
    /// What the other has.
    pub other: String,
    /// True where both have the same, capitals and spaces aside.
    pub same: bool,
    /// True where it tells a person: an answer or a file that two people do not share.
    pub telling: bool,
    /// True where readers see it.
    pub read: bool,
}

/// Reads every pair: what waits for a decision comes first.
///
/// # Errors
/// [`Failure`].
pub fn duplicates(session: &mut Session, language: &str) -> Result<Vec<PairView>, Failure> {
    must_coordinate(session)?;
    let Some(programme) = tasks::programme_or_none(session)? else { return Ok(Vec::new()) };
    let labels = Labels::new(&programme, language);
    let names = Names::of(session)?;
    let found = session.together(|acts| acts.likely_duplicates(&programme))?;
    let mut sides: BTreeMap<ApplicationId, PairSide> = BTreeMap::new();
    let mut pairs = Vec::new();
    for twin in found {
        for application in [twin.one, twin.other] {
            if let Entry::Vacant(place) = sides.entry(application) {
                place.insert(side(session, &programme, application)?);
            }
        }
        pairs.push(pair(labels, &names, &sides, &twin));
    }
    pairs.sort_by(|one, other| {
        let settled = |pair: &PairView| pair.verdict.is_some() && !pair.contested;
        (settled(one), &one.one.key, &one.other.key).cmp(&(settled(other), &other.one.key, &other.other.key))
    });
    Ok(pairs)
}

pub(crate) fn side(
    session: &mut Session,
    programme: &Programme,
    application: ApplicationId,
) -> Result<PairSide, Failure> {
    let (answers, keys) =
        session.together(|acts| Ok((acts.answers(programme, application)?, acts.application_keys()?)))?;
    Ok(PairSide {
        application: application.to_string(),
        key: keys.get(&application).cloned().unwrap_or_else(|| application.to_string()),
        title: title(programme, &answers),
    })
}

fn pair(
    labels: Labels<'_>,
    names: &Names,
    sides: &BTreeMap<ApplicationId, PairSide>,
    twin: &Twin,
) -> PairView {
    let side = |application: ApplicationId| {
        sides.get(&application).cloned().unwrap_or_else(|| PairSide {
            application: application.to_string(),
            key: application.to_string(),
            title: String::new(),
        })
    };
    let alike = twin.alike.iter().map(|one| match one {
        Likeness::Answer(field) => labels.field(field),
        Likeness::File(name) => name.clone(),
    });
    PairView {
        one: side(twin.one),
        other: side(twin.other),
        alike: alike.collect(),
        verdict: twin.verdict.map(|verdict| verdict.as_str().to_owned()),
        keep: twin.keep.map(|keep| keep.to_string()),
        contested: twin.contested,
        reason: twin.reason.clone(),
        by: twin.by.iter().map(|member| names.name(*member)).collect(),
    }
}

/// Reads two applications side by side. They need not be a pair that was found: a person may suspect any two.
///
/// # Errors
/// [`Failure`].
pub fn compare(session: &mut Session, one: &str, other: &str, language: &str) -> Result<Compared, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let names = Names::of(session)?;
    let (one, other): (ApplicationId, ApplicationId) = (id(one)?, id(other)?);
    if one == other {
        return Err(Failure::bad_input("the pair"));
    }
    let twins = session.together(|acts| acts.likely_duplicates(&programme))?;
    let twin = twins
        .into_iter()
        .find(|twin| [twin.one, twin.other].contains(&one) && [twin.one, twin.other].contains(&other));
    let twin = twin.unwrap_or_else(|| Twin {
        one,
        other,
        alike: BTreeSet::new(),
        verdict: None,
        keep: None,
        contested: false,
        reason: String::new(),
        by: BTreeSet::new(),
    });
    let both = [twin.one, twin.other];
    let mut sides = BTreeMap::new();
    for application in both {
        sides.insert(application, side(session, &programme, application)?);
    }
    let [answers_one, answers_other] = both.map(|one| session.together(|acts| acts.answers(&programme, one)));
    let (answers_one, answers_other) = (answers_one?, answers_other?);
    let [files_one, files_other] = both.map(|one| session.together(|acts| acts.files(one)));
    let [withdrawn_one, withdrawn_other] = both.map(|one| session.together(|acts| acts.withdrawal(one)));
    let assigned = tessera_model::documents::AssignmentState::Assigned;
    let [reviews_one, reviews_other] = both.map(|one| {
        let judged = session.together(|acts| acts.tallies_of(one))?;
        Ok::<_, Failure>(count(judged.iter().filter(|review| review.counts.is_ok()).count()))
    });
    let [readers_one, readers_other] = both.map(|one| {
        let assignments = session.together(|acts| acts.assignments_of(one))?;
        Ok::<_, Failure>(count(assignments.values().filter(|read| read.state == Some(assigned)).count()))
    });
    Ok(Compared {
        answers: answers(&programme, labels, &twin, &answers_one, &answers_other),
        files: files(labels, &files_one?, &files_other?),
        reviews: [reviews_one?, reviews_other?],
        readers: [readers_one?, readers_other?],
        withdrawn: [withdrawn_one?.is_some(), withdrawn_other?.is_some()],
        pair: pair(labels, &names, &sides, &twin),
    })
}

fn answers(
    programme: &Programme,
    labels: Labels<'_>,
    twin: &Twin,
    one: &BTreeMap<String, String>,
    other: &BTreeMap<String, String>,
) -> Vec<ComparedRow> {
    let asked = programme.fields.iter().map(|field| field.key.as_str().to_owned());
    let more = one.keys().chain(other.keys()).cloned();
    let mut seen = BTreeSet::new();
    let keys = asked.chain(more).filter(|key| seen.insert(key.clone()));
    let row = |key: String| {
        let (first, second) =
            (one.get(&key).map_or("", String::as_str), other.get(&key).map_or("", String::as_str));
        if first.is_empty() && second.is_empty() {
            return None;
        }
        let field = programme.fields.iter().find(|field| field.key.as_str() == key);
        Some(ComparedRow {
            label: labels.field(&key),
            same: plain(first) == plain(second),
            telling: twin.alike.contains(&Likeness::Answer(key.clone())),
            read: field.is_some_and(|field| is_read(programme, field)),
            one: labels.answer(&key, first),
            other: labels.answer(&key, second),
        })
    };
    keys.filter_map(row).collect()
}

fn files(labels: Labels<'_>, one: &Manifest, other: &Manifest) -> Vec<ComparedRow> {
    let keys: BTreeSet<_> = one.originals().chain(other.originals()).map(|(key, _)| key).collect();
    let name = |manifest: &Manifest, key: &(String, [u8; 32])| {
        manifest.files.get(key).map(|file| file.name.clone()).unwrap_or_default()
    };
    let row = |key: &(String, [u8; 32])| {
        let (first, second) = (name(one, key), name(other, key));
        let same = !first.is_empty() && !second.is_empty();
        ComparedRow {
            label: labels.slot(&key.0),
            one: first,
            other: second,
            same,
            telling: same,
            read: false,
        }
    };
    keys.into_iter().map(row).collect()
}

/// An answer without capitals and spaces.
fn plain(answer: &str) -> String {
    answer.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Says whether two applications are one person's, and which counts; `open` takes back what was said.
///
/// # Errors
/// [`Failure`] `reason-needed` and others.
pub fn judge_pair(
    session: &mut Session,
    one: &str,
    other: &str,
    verdict: &str,
    keep: Option<&str>,
    reason: &str,
) -> Result<(), Failure> {
    must_coordinate(session)?;
    if reason.trim().is_empty() {
        return Err(Failure::new("reason-needed", "a reason is needed"));
    }
    let verdict = match verdict {
        "open" => None,
        word => Some(Sameness::parse(word).ok_or_else(|| Failure::bad_input("the verdict"))?),
    };
    let (one, other) = (id(one)?, id(other)?);
    let keep = keep.map(id).transpose()?;
    Ok(session.together(|acts| {
        match verdict {
            Some(verdict) => acts.judge_duplicate(one, other, verdict, keep, reason.trim())?,
            None => acts.unjudge_duplicate(one, other, reason.trim())?,
        };
        acts.hand_over()
    })?)
}
