//! The chase list: whose application lacks what, and where to write, so that a coordinator can ask for it. The words of the
//! mail are the interface's.

use serde::Serialize;
use specta::Type;
use tessera_driver::session::Session;
use tessera_engine::eligibility::Lacks;

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::mails::language_of;
use crate::tasks;
use crate::words::Labels;

/// Whose application lacks what.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChaseView {
    /// The language that the programme is written in first, as `fr`: that of mails to applicants.
    pub language: String,
    /// Applications, by key.
    pub rows: Vec<ChaseRow>,
}

/// An application that lacks something.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChaseRow {
    /// Its id.
    pub application: String,
    /// Its key.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
    /// The applicant's mail address, where an answer is one.
    pub contact: Option<String>,
    /// What is missing.
    pub lacks: ChaseLacks,
    /// The same in the programme's language.
    pub asked: ChaseLacks,
}

/// What an application lacks.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChaseLacks {
    /// Required answers, as people call them.
    pub answers: Vec<String>,
    /// Files.
    pub files: Vec<ChaseFile>,
}

impl ChaseLacks {
    fn of(lacks: &Lacks, labels: Labels<'_>) -> Self {
        let file = |(slot, more): (&String, &u32)| ChaseFile {
            slot: slot.clone(),
            label: labels.slot(slot),
            more: *more,
        };
        Self {
            answers: lacks.answers.iter().map(|key| labels.field(key)).collect(),
            files: lacks.files.iter().map(file).collect(),
        }
    }
}

/// Files that are missing.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChaseFile {
    /// The attachment's key.
    pub slot: String,
    /// What it is called.
    pub label: String,
    /// How many more are asked for.
    pub more: u32,
}

/// Reads the chase list; withdrawn applications are not on it.
///
/// # Errors
/// [`Failure`].
pub fn chase(session: &mut Session, language: &str) -> Result<ChaseView, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme_or_none(session)?;
    let own = language_of(programme.as_ref());
    let mut rows = Vec::new();
    let Some(programme) = programme else { return Ok(ChaseView { language: own, rows }) };
    let (labels, asked) = (Labels::new(&programme, language), Labels::new(&programme, &own));
    for (id, identity) in session.together(|acts| acts.applications())? {
        let row = session.together(|acts| {
            if acts.withdrawal(id)?.is_some() {
                return Ok(None);
            }
            let judged = acts.eligibility(&programme, id)?;
            let exception = judged.read.value.exception_asked.is_some() || judged.asked_by.is_some();
            let answers = acts.answers(&programme, id)?;
            let lacks = Lacks::of(&programme, &answers, &acts.files(id)?, exception);
            if lacks.answers.is_empty() && lacks.files.is_empty() {
                return Ok(None);
            }
            let in_order =
                |key: &&String| programme.fields.iter().position(|field| field.key.as_str() == key.as_str());
            let mut mails: Vec<&String> = answers
                .iter()
                .filter(|(_, answer)| answer.contains('@') && !answer.trim().contains(char::is_whitespace))
                .map(|(key, _)| key)
                .collect();
            mails.sort_by_key(in_order);
            let first = programme.fields.iter().find_map(|field| answers.get(field.key.as_str()));
            Ok(Some(ChaseRow {
                application: id.to_string(),
                key: identity.key.clone(),
                title: first.cloned().unwrap_or_default(),
                contact: mails.first().and_then(|key| answers.get(*key)).map(|mail| mail.trim().to_owned()),
                asked: ChaseLacks::of(&lacks, asked),
                lacks: ChaseLacks::of(&lacks, labels),
            }))
        })?;
        rows.extend(row);
    }
    rows.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(ChaseView { language: own, rows })
}
