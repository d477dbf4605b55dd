//! Words in everything that this home may read. A reader finds nothing of a dossier before declaring that there is no
//! conflict of interest.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_model::documents::{Identity, Kind, Subject};
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_vault::ids::Audience;

use crate::failure::Failure;

/// The most results.
const MOST: usize = 200;

/// Something that has the words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// What the application is called.
    pub label: Option<String>,
    /// The application's id.
    pub application: Option<String>,
    /// What holds the words: `dossier`, `review`, `note`, `draft`, `identity` and others.
    pub kind: String,
    /// Whose it is.
    pub member: Option<String>,
}

/// Finds words, or words that begin so, in any script.
///
/// # Errors
/// [`Failure`].
pub fn search(session: &mut Session, words: &str) -> Result<Vec<SearchHit>, Failure> {
    if words.trim().is_empty() {
        return Ok(Vec::new());
    }
    let names = Names::of(session)?;
    let coordinates = session.engine().is_coordinator();
    let open: BTreeSet<ApplicationId> = if coordinates {
        BTreeSet::new()
    } else {
        let tasks = session.together(|acts| acts.tasks())?;
        tasks.iter().filter(|task| task.is_open()).map(|task| task.application).collect()
    };
    // What may not be shown is left out, so more is asked for.
    let found = session.engine().search(words, MOST * 4)?;
    let mut hits = BTreeSet::new();
    for (record, audience) in found {
        let kind = Kind::from_code(record.kind);
        let Ok(subject) = Subject::parse(kind, &record.subject) else { continue };
        if matches!(audience, Some(Audience::Dossier(id, _)) if !coordinates && !open.contains(&id)) {
            continue;
        }
        let application = subject.application().map(ApplicationId);
        let member = match (audience, subject) {
            (Some(Audience::To(member) | Audience::Reviews(member)), _) => Some(member),
            (_, Subject::Member(id)) => Some(MemberId(id)),
            _ => None,
        };
        hits.insert(SearchHit {
            label: application.map(|id| id.to_string()),
            application: application.map(|id| id.to_string()),
            kind: kind.name().to_owned(),
            member: member.map(|member| names.name(member)),
        });
    }
    let mut hits: Vec<SearchHit> = hits.into_iter().take(MOST).collect();
    name(session, coordinates, &mut hits)?;
    Ok(hits)
}

/// Says what the applications are called: to a coordinator by their keys, to a reader by their cards.
fn name(session: &mut Session, coordinates: bool, hits: &mut [SearchHit]) -> Result<(), Failure> {
    let labels = session.together(|acts| {
        let mut labels: BTreeMap<String, String> = BTreeMap::new();
        if !coordinates {
            labels.extend(acts.labels()?.into_iter().map(|(id, label)| (id.to_string(), label)));
            return Ok(labels);
        }
        let ids: BTreeSet<&String> = hits.iter().filter_map(|hit| hit.application.as_ref()).collect();
        for application in ids {
            let Ok(id) = application.parse::<ApplicationId>() else { continue };
            let identity = acts.read::<Identity>(&Audience::File(id), &id.0)?;
            labels.extend(identity.map(|read| (application.clone(), read.value.key)));
        }
        Ok(labels)
    })?;
    for hit in hits.iter_mut() {
        let label = hit.application.as_ref().and_then(|id| labels.get(id));
        hit.label = label.filter(|label| !label.is_empty()).or(hit.application.as_ref()).cloned();
    }
    hits.sort();
    Ok(())
}
