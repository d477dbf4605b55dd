//! Words in everything that this home may read. A reader finds nothing of a dossier before declaring that there is no
//! conflict of interest.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::Passage;
use tessera_model::documents::{Identity, Kind, Subject};
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_vault::ids::Audience;

use crate::failure::Failure;
use crate::tasks;
use crate::words::{Labels, hex};

/// The most results.
const MOST: usize = 200;
/// Results with the words around; of more the place alone is told.
const PASSAGES: usize = 40;
/// Pages of one file that are told; whoever opens it finds the others.
const PAGES_OF_A_FILE: usize = 5;
/// What stands around a word, in characters to each side.
const AROUND: usize = 80;

/// Something that has the words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// What the application is called.
    pub label: Option<String>,
    /// The application's id.
    pub application: Option<String>,
    /// The round in which this reader reads it; none for a coordinator, and where the reader does not.
    pub round: Option<String>,
    /// What holds the words: `dossier`, `review`, `note`, `draft`, `identity`, `file` and others.
    pub kind: String,
    /// Whose it is.
    pub member: Option<String>,
    /// The member's id.
    pub member_id: Option<String>,
    /// The question or criterion under which they stand; empty where it has no name.
    pub field: String,
    /// What stands before the first of the words.
    pub before: String,
    /// The first of the words as it is written; empty where more was found than is shown.
    pub word: String,
    /// What stands after it.
    pub after: String,
    /// The page of a file on which they stand.
    pub file: Option<FoundOn>,
}

/// A page of a file of an application.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundOn {
    /// What people see as the file's name.
    pub name: String,
    /// Which page, from 1.
    pub page: u32,
    /// The SHA-256 of the file's contents, as its view names it.
    pub contents: String,
}

/// Finds words, or words that begin so, in any script.
///
/// # Errors
/// [`Failure`].
pub fn search(session: &mut Session, words: &str, language: &str) -> Result<Vec<SearchHit>, Failure> {
    if words.trim().is_empty() {
        return Ok(Vec::new());
    }
    let names = Names::of(session)?;
    let coordinates = session.engine().is_coordinator();
    let programme = tasks::programme_or_none(session)?;
    let mut rounds: BTreeMap<ApplicationId, String> = BTreeMap::new();
    if !coordinates {
        for task in session.together(|acts| acts.tasks())?.iter().filter(|task| task.is_open()) {
            rounds.entry(task.application).or_insert_with(|| tasks::round_of_task(programme.as_ref(), task));
        }
    }
    // What may not be shown is left out, so more is asked for.
    let found = session.engine().search(words, MOST * 4)?;
    let mut seen = BTreeSet::new();
    let mut hits = Vec::new();
    for found in found {
        let kind = Kind::from_code(found.record.kind);
        let Ok(subject) = Subject::parse(kind, &found.record.subject) else { continue };
        let hidden = matches!(found.audience, Some(Audience::Dossier(id, _)) if !coordinates && !rounds.contains_key(&id));
        if hidden {
            continue;
        }
        let application = subject.application().map(ApplicationId);
        let own_words = matches!(kind, Kind::Draft | Kind::Note);
        if own_words && application.is_some_and(|id| !coordinates && !rounds.contains_key(&id)) {
            continue;
        }
        let member = match (&found.audience, subject) {
            (Some(Audience::To(member) | Audience::Reviews(member)), _) => Some(*member),
            (_, Subject::Member(id)) => Some(MemberId(id)),
            _ => None,
        };
        if hits.len() >= MOST || !seen.insert((application, found.record.kind, member)) {
            continue;
        }
        let passage = if hits.len() < PASSAGES { session.engine().passage(&found, words)? } else { None };
        let labels = programme.as_ref().map(|programme| Labels::new(programme, language));
        let field = passage.as_ref().zip(labels).map(|(passage, labels)| named(kind, &passage.place, labels));
        let [before, word, after] = passage.map(|passage| around(&passage)).unwrap_or_default();
        hits.push(SearchHit {
            label: application.map(|id| id.to_string()),
            application: application.map(|id| id.to_string()),
            round: application.and_then(|id| rounds.get(&id).cloned()),
            kind: kind.name().to_owned(),
            member: member.map(|member| names.name(member)),
            member_id: member.map(|member| member.to_string()),
            field: field.unwrap_or_default(),
            before,
            word,
            after,
            file: None,
        });
    }
    hits.extend(pages(session, words, &rounds, programme.as_ref().map(|of| Labels::new(of, language)))?);
    name(session, coordinates, &mut hits)?;
    Ok(hits)
}

/// Pages of files that have the words: the engine gives those alone that this member may read.
fn pages(
    session: &mut Session,
    words: &str,
    rounds: &BTreeMap<ApplicationId, String>,
    labels: Option<Labels<'_>>,
) -> Result<Vec<SearchHit>, Failure> {
    let mut of_file: BTreeMap<(ApplicationId, [u8; 32]), usize> = BTreeMap::new();
    let mut hits = Vec::new();
    for found in session.engine().search_pages(words, MOST)? {
        let pages = of_file.entry((found.application, found.contents)).or_default();
        *pages += 1;
        if *pages > PAGES_OF_A_FILE {
            continue;
        }
        let passage = found.passage.filter(|_| hits.len() < PASSAGES);
        let [before, word, after] = passage.map(|passage| around(&passage)).unwrap_or_default();
        hits.push(SearchHit {
            label: Some(found.application.to_string()),
            application: Some(found.application.to_string()),
            round: rounds.get(&found.application).cloned(),
            kind: "file".to_owned(),
            member: None,
            member_id: None,
            field: labels.map(|labels| labels.slot(&found.slot)).unwrap_or_default(),
            before,
            word,
            after,
            file: Some(FoundOn { name: found.name, page: found.page, contents: hex(&found.contents) }),
        });
    }
    Ok(hits)
}

/// What people call the place of a text.
fn named(kind: Kind, place: &[String], labels: Labels<'_>) -> String {
    let place: Vec<&str> = place.iter().map(String::as_str).collect();
    match place[..] {
        ["fields", key] => labels.field(key),
        ["files", key, ..] if kind == Kind::Manifest => labels.slot(key),
        ["evidence" | "reasons", key] if kind == Kind::Eligibility => labels.gate(key),
        ["criteria" | "comments" | "reasons", key, ..] => labels.criterion(key),
        _ => String::new(),
    }
}

/// A word, and what is written before and after it.
fn around(Passage { text, at, .. }: &Passage) -> [String; 3] {
    let (before, rest) = text.split_at(at.start);
    let (word, after) = rest.split_at(at.end - at.start);
    let start = before.char_indices().rev().nth(AROUND - 1).map_or(0, |(start, _)| start);
    let end = after.char_indices().nth(AROUND).map_or(after.len(), |(end, _)| end);
    let more = |cut: bool| if cut { "…" } else { "" };
    [
        format!("{}{}", more(start > 0), &before[start..]),
        word.to_owned(),
        format!("{}{}", &after[..end], more(end < after.len())),
    ]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_shown_with_what_is_around_it() {
        fn check(text: &str, word: &str, expected: [&str; 3]) {
            let start = text.find(word).unwrap();
            let passage = Passage { place: Vec::new(), text: text.to_owned(), at: start..start + word.len() };
            assert_eq!(around(&passage), expected);
        }
        check("one two three", "two", ["one ", "two", " three"]);
        check("two", "two", ["", "two", ""]);
        let long = format!("{}{}{}", "é".repeat(100), "word", "ü".repeat(100));
        check(&long, "word", [&format!("…{}", "é".repeat(80)), "word", &format!("{}…", "ü".repeat(80))]);
    }
}
