//! The merge desk: what waits for a person, each in one sentence with one recommended act and one reason; and deciding it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::names::{Labels as Called, Names};
use tessera_driver::session::Session;
use tessera_engine::queue::{Decided, Survey, Waiting};
use tessera_protocol::ids::ApplicationId;
use tessera_vault::items::Verdict;

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::tasks;
use crate::words::{Labels, count};

/// The most items that are decided at once.
const MOST: usize = 5000;

/// What waits, what is worth a line, and what was decided.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QueueView {
    /// Questions.
    pub waiting: Vec<QueueItem>,
    /// Notices.
    pub notices: Vec<QueueItem>,
    /// Decided, and by whom.
    pub decided: Vec<DecidedItem>,
}

/// One thing that waits for a person.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QueueItem {
    /// The same on every device for the same cause.
    pub id: String,
    /// Why it waits.
    pub code: String,
    /// The same in one sentence, in English.
    pub sentence: String,
    /// What most people would do: `accept`, `set-aside`, `ask`, `choose`, `rule` and others.
    pub recommended: String,
    /// Why that, in English.
    pub reason: String,
    /// Whose work it is.
    pub member: Option<String>,
    /// The same member's id.
    pub member_id: Option<String>,
    /// What it is about.
    pub applications: Vec<QueueApplication>,
    /// The field, or criteria with commas between them.
    pub place: String,
    /// The same as people call it, one by one.
    pub place_labels: Vec<String>,
    /// What this side says, then the others.
    pub says: Vec<String>,
    /// True where the author was asked.
    pub asked: bool,
    /// Items with the same value here are sides of one question.
    pub question: String,
}

/// An application that an item is about.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QueueApplication {
    /// Its id.
    pub application: String,
    /// What it is called.
    pub label: String,
    /// The round's key.
    pub round: Option<String>,
}

/// Something that was decided.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DecidedItem {
    /// What waited.
    pub item: QueueItem,
    /// What was decided.
    pub verdict: QueueVerdict,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: String,
}

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum QueueVerdict {
    /// It counts; of several sides this one holds.
    Accept,
    /// It does not count.
    SetAside,
    /// The author is asked first.
    Ask,
}

impl From<QueueVerdict> for Verdict {
    fn from(verdict: QueueVerdict) -> Self {
        match verdict {
            QueueVerdict::Accept => Self::Accept,
            QueueVerdict::SetAside => Self::SetAside,
            QueueVerdict::Ask => Self::Ask,
        }
    }
}

impl From<Verdict> for QueueVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accept => Self::Accept,
            Verdict::SetAside => Self::SetAside,
            Verdict::Ask => Self::Ask,
        }
    }
}

fn item(one: &Waiting, names: &Names, called: &Called, labels: Option<Labels<'_>>) -> QueueItem {
    let applications = one.applications.iter().map(|(id, round)| QueueApplication {
        application: id.to_string(),
        label: called.application(*id),
        round: round.map(|round| called.round(round)),
    });
    let applications: Vec<QueueApplication> = applications.collect();
    let member_id = one.member.map(|member| member.to_string());
    let about: Vec<&str> = applications.iter().map(|one| one.application.as_str()).collect();
    let sides = one.act.as_str() == "choose";
    let question = match sides {
        true => {
            format!("{}|{}|{}|{}", one.code, one.place, about.join(","), member_id.as_deref().unwrap_or(""))
        }
        false => one.id.clone(),
    };
    QueueItem {
        id: one.id.clone(),
        code: one.code.to_owned(),
        sentence: one.sentence.to_owned(),
        recommended: one.act.as_str().to_owned(),
        reason: one.reason.to_owned(),
        member: one.member.map(|member| names.handle(member)),
        member_id,
        applications,
        place: one.place.clone(),
        place_labels: place_labels(labels, &one.place),
        says: one.says.clone(),
        asked: one.asked,
        question,
    }
}

/// What people call the place of a question: criteria, a condition, a field.
fn place_labels(labels: Option<Labels<'_>>, place: &str) -> Vec<String> {
    let Some(labels) = labels.filter(|_| !place.is_empty()) else { return Vec::new() };
    match place.split('/').collect::<Vec<_>>()[..] {
        ["gates", gate, ..] => vec![labels.gate(gate)],
        ["criteria" | "answers" | "answer", key, ..] => vec![labels.criterion(key)],
        ["fields", key, ..] => vec![labels.field(key)],
        [keys] => keys.split(',').map(|key| labels.criterion(key)).collect(),
        _ => vec![place.to_owned()],
    }
}

/// How many questions wait for a person.
///
/// # Errors
/// [`Failure`].
pub fn size(session: &mut Session) -> Result<u32, Failure> {
    must_coordinate(session)?;
    Ok(count(session.together(|acts| acts.queue())?.len()))
}

/// Reads the merge desk.
///
/// # Errors
/// [`Failure`].
pub fn queue(session: &mut Session, language: &str) -> Result<QueueView, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme_or_none(session)?;
    let labels = programme.as_ref().map(|programme| Labels::new(programme, language));
    let (names, called) = (Names::of(session)?, Called::of(session)?);
    let (waiting, notices, decided) = session.together(|acts| {
        let Survey { waiting, notices, .. } = acts.survey()?;
        let decided = acts.decided(&waiting)?;
        Ok((waiting, notices, decided))
    })?;
    let items = |all: &[Waiting]| all.iter().map(|one| item(one, &names, &called, labels)).collect();
    let decided = decided.iter().map(|one| decided_item(one, &names, &called, labels));
    Ok(QueueView { waiting: items(&waiting), notices: items(&notices), decided: decided.collect() })
}

/// Reads what was decided about one application.
pub(crate) fn decided_on(
    session: &mut Session,
    application: ApplicationId,
    names: &Names,
    language: &str,
) -> Result<Vec<DecidedItem>, Failure> {
    let programme = tasks::programme_or_none(session)?;
    let labels = programme.as_ref().map(|programme| Labels::new(programme, language));
    let called = Called::of(session)?;
    let decided = session.together(|acts| {
        let Survey { waiting, .. } = acts.survey()?;
        acts.decided(&waiting)
    })?;
    let about = |one: &&Decided| one.item.applications.iter().any(|(id, _)| *id == application);
    Ok(decided.iter().filter(about).map(|one| decided_item(one, names, &called, labels)).collect())
}

fn decided_item(one: &Decided, names: &Names, called: &Called, labels: Option<Labels<'_>>) -> DecidedItem {
    DecidedItem {
        item: item(&one.item, names, called, labels),
        verdict: one.verdict.into(),
        reason: one.reason.clone(),
        by: names.name(one.by),
    }
}

/// Decides items, all or none: one cause is decided for many at once.
///
/// # Errors
/// [`Failure`] `reason-needed`, `not-found`.
pub fn decide(
    session: &mut Session,
    ids: &[String],
    verdict: QueueVerdict,
    reason: &str,
) -> Result<(), Failure> {
    must_coordinate(session)?;
    if reason.trim().is_empty() {
        return Err(Failure::new("reason-needed", "a decision needs a reason"));
    }
    if ids.len() > MOST {
        return Err(Failure::new("too-many", "at most 5,000 items are decided at once"));
    }
    // An item that is named twice is one.
    let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    Ok(session.together(|acts| {
        acts.decide_all(&ids, verdict.into(), reason.trim())?;
        acts.hand_over()
    })?)
}

#[cfg(test)]
mod tests {
    use tessera_model::programme::Programme;

    use super::*;

    #[test]
    fn a_place_is_called_as_people_call_its_parts() {
        let programme =
            Programme::parse(include_str!("../../../shared/model/programmes/seminar.toml")).unwrap();
        let check = |place: &str, expected: &[&str]| {
            assert_eq!(place_labels(Some(Labels::new(&programme, "en")), place), expected, "{place}");
        };
        let [network, insight] =
            ["network", "insight"].map(|key| Labels::new(&programme, "en").criterion(key));
        assert!(network != "network" && insight != "insight");
        check("network,insight", &[&network, &insight]);
        check("answers/insight", &[&insight]);
        check("gates/none/verdict", &["none"]);
        check("", &[]);
        assert!(place_labels(None, "network").is_empty());
    }
}
