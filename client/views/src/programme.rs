//! What the programme is: the published definition, the draft of the next one on this device, what it lacks and what it would
//! change. A definition goes to screens and comes back as one JSON, of which what a form does not know stays as it is.

pub mod changes;

use serde::Serialize;
use specta::Type;
use tessera_driver::publishing::{self, NotPublished};
use tessera_driver::session::Session;
use tessera_engine::programme::round as round_id;
use tessera_model::documents::Call;
use tessera_model::programme::{Finding, MAX_DEFINITION_BYTES, Programme, ProgrammeError};
use tessera_vault::ids::Audience;

use self::changes::{ChangeLine, changes};
use crate::assignment::{Readings, round_of};
use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::tasks;
use crate::words::{Labels, count};

/// The definition that somebody works on; a choice of this device.
const DRAFT: &str = "programme-draft";
/// The longest definition as a file, in bytes.
pub const DEFINITION_BYTES: usize = MAX_DEFINITION_BYTES;

/// What the programme is.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProgrammeView {
    /// What is published; none: nothing yet.
    pub published: Option<PublishedProgramme>,
    /// What somebody works on here.
    pub draft: Option<ProgrammeDraft>,
    /// True where this member may publish and amend.
    pub may_edit: bool,
    /// True in a demonstration, which may be published with things undecided.
    pub demo: bool,
    /// True once the recovery words were tried on this device.
    pub rehearsed: bool,
    /// The rounds of what is published.
    pub rounds: Vec<RoundLine>,
}

/// A published definition.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PublishedProgramme {
    /// Its number, from 1.
    pub number: u32,
    /// The definition, as JSON.
    pub definition: String,
    /// Every revision, the newest first.
    pub revisions: Vec<RevisionLine>,
}

/// A revision of the programme.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RevisionLine {
    /// Its number.
    pub number: u32,
    /// Why it was amended; empty for the first.
    pub reason: String,
    /// The hash of its definition: SHA-256, in hexadecimal digits. The same on every device.
    pub sha256: String,
}

/// A definition that is not published.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProgrammeDraft {
    /// The definition, as JSON.
    pub definition: String,
    /// What it lacks.
    pub findings: Vec<FindingLine>,
    /// What it changes of what is published.
    pub changes: Vec<ChangeLine>,
}

/// Something that a definition lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FindingLine {
    /// `missing`, `undecided`, `contradiction`, `advice`; `refused` where it is no definition at all.
    pub code: String,
    /// Where, such as `round.reading.reads`.
    pub at: String,
    /// What to do, in English.
    pub message: String,
    /// True where it cannot be published so.
    pub blocks: bool,
}

/// A round, and how far it is.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RoundLine {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// True once a coordinator closed it.
    pub closed: bool,
    /// Readings that are assigned.
    pub assigned: u32,
    /// Reviews of it that are here.
    pub here: u32,
}

/// Reads the programme and the draft of its next definition.
///
/// # Errors
/// [`Failure`].
pub fn programme(session: &mut Session, language: &str) -> Result<ProgrammeView, Failure> {
    let call = session.work(|engine| engine.read::<Call>(&Audience::Programme, &[]))?;
    let mut current = None;
    let published = match call {
        Some(call) => match call.value.current() {
            Ok((number, programme)) => {
                let revisions = call.value.revisions.iter().rev();
                let line = |(number, one): (&u32, &tessera_model::documents::Revision)| RevisionLine {
                    number: *number,
                    reason: one.reason.clone(),
                    sha256: one.definition.iter().map(|byte| format!("{byte:02x}")).collect(),
                };
                let revisions = revisions.map(line).collect();
                let definition = json(&programme)?;
                current = Some(programme);
                Some(PublishedProgramme { number, definition, revisions })
            }
            Err(error) => return Err(Failure::new("not-published", error.to_string())),
        },
        None => None,
    };
    let may_edit = session.engine().is_coordinator();
    let draft = match may_edit.then(|| kept(session)).transpose()?.flatten() {
        Some(draft) => Some(ProgrammeDraft {
            definition: json(&draft)?,
            findings: findings(&draft),
            changes: match &current {
                Some(current) => changes(current, &draft)?,
                None => Vec::new(),
            },
        }),
        None => None,
    };
    Ok(ProgrammeView {
        published,
        draft,
        may_edit,
        demo: session.is_demo(),
        rehearsed: session.together(|acts| acts.is_rehearsed())?,
        rounds: match &current {
            Some(current) => rounds(session, current, language)?,
            None => Vec::new(),
        },
    })
}

fn rounds(session: &mut Session, programme: &Programme, language: &str) -> Result<Vec<RoundLine>, Failure> {
    let labels = Labels::new(programme, language);
    let readings = match session.engine().is_coordinator() {
        true => Some(Readings::of(session)?),
        false => None,
    };
    let closes = &session.engine().permission().closes;
    let lines = programme.rounds.iter().map(|one| {
        let id = round_id(one.key.as_str());
        let of = |pairs: &std::collections::BTreeSet<tessera_engine::assignments::Pair>| {
            count(pairs.iter().filter(|pair| pair.round == id).count())
        };
        RoundLine {
            key: one.key.to_string(),
            label: labels.round(one.key.as_str()),
            closed: closes.contains_key(&id),
            assigned: readings.as_ref().map_or(0, |readings| of(&readings.assigned)),
            here: readings.as_ref().map_or(0, |readings| of(&readings.read)),
        }
    });
    Ok(lines.collect())
}

/// The draft on this device.
fn kept(session: &mut Session) -> Result<Option<Programme>, Failure> {
    let bytes = session.together(|acts| acts.setting(DRAFT))?.unwrap_or_default();
    if bytes.is_empty() {
        return Ok(None);
    }
    // A draft that another version wrote and this one does not read is shown as none; it stays until it is replaced.
    Ok(String::from_utf8(bytes).ok().and_then(|text| Programme::parse(&text).ok()))
}

/// Keeps a draft. What is no definition at all is not kept, and is what is found.
///
/// # Errors
/// [`Failure`].
pub fn draft(session: &mut Session, definition: &str) -> Result<Vec<FindingLine>, Failure> {
    must_coordinate(session)?;
    match read_json(definition) {
        Ok((programme, text)) => {
            session.together(|acts| acts.set(DRAFT, text.as_bytes()))?;
            Ok(findings(&programme))
        }
        Err(message) => {
            Ok(vec![FindingLine { code: "refused".to_owned(), at: String::new(), message, blocks: true }])
        }
    }
}

/// Begins a draft: of what is published where something is, else of a text.
///
/// # Errors
/// [`Failure`].
pub fn begin(session: &mut Session, toml: Option<&str>) -> Result<(), Failure> {
    must_coordinate(session)?;
    let programme = match toml {
        Some(toml) => Programme::parse(toml).map_err(|error| refused(&error))?,
        None => tasks::programme(session)?,
    };
    keep(session, &programme)
}

/// Keeps a definition as the draft.
pub(crate) fn keep(session: &mut Session, programme: &Programme) -> Result<(), Failure> {
    let text = to_toml(programme)?;
    Ok(session.together(|acts| acts.set(DRAFT, text.as_bytes()))?)
}

/// Forgets the draft.
///
/// # Errors
/// [`Failure`].
pub fn discard(session: &mut Session) -> Result<(), Failure> {
    must_coordinate(session)?;
    Ok(session.together(|acts| acts.set(DRAFT, &[]))?)
}

/// The draft, or what is published, as a file.
///
/// # Errors
/// [`Failure`].
pub fn file(session: &mut Session, of_draft: bool) -> Result<String, Failure> {
    let programme = match of_draft {
        true => kept(session)?.ok_or_else(|| Failure::not_found("the draft"))?,
        false => tasks::programme(session)?,
    };
    to_toml(&programme)
}

/// Publishes the draft: for the first time, with what was typed instead of rehearsing the recovery; or as an amendment, with
/// its reason. Gives the revision's number.
///
/// # Errors
/// [`Failure`].
pub fn publish(session: &mut Session, accepted: &str, reason: &str) -> Result<u32, Failure> {
    must_coordinate(session)?;
    let draft = kept(session)?.ok_or_else(|| Failure::not_found("the draft"))?;
    let published = match tasks::programme_or_none(session)? {
        Some(_) => publishing::amend(session, &draft, reason),
        None => publishing::publish(session, &draft, Some(accepted)),
    };
    let published = published.map_err(not_published)?;
    discard(session)?;
    Ok(published.number)
}

/// Closes a round with everything that is here.
///
/// # Errors
/// [`Failure`].
pub fn close_round(session: &mut Session, key: &str) -> Result<(), Failure> {
    let programme = tasks::programme(session)?;
    let id = round_id(round_of(&programme, Some(key))?.key.as_str());
    session.work(|engine| engine.close(id))?;
    Ok(())
}

fn findings(programme: &Programme) -> Vec<FindingLine> {
    let line = |finding: Finding| FindingLine {
        code: serde_json::to_value(finding.code)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default(),
        blocks: finding.blocks(),
        at: finding.at,
        message: finding.message,
    };
    programme.check().into_iter().map(line).collect()
}

/// Reads a definition that comes back from a form; gives it with its file, or why it is none.
fn read_json(definition: &str) -> Result<(Programme, String), String> {
    if definition.len() > MAX_DEFINITION_BYTES * 2 {
        return Err("this definition is too long".to_owned());
    }
    let programme: Programme = serde_json::from_str(definition).map_err(|error| error.to_string())?;
    let text = toml::to_string_pretty(&programme).map_err(|error| error.to_string())?;
    // Only what can be read back as a file is a definition.
    let read = Programme::parse(&text).map_err(|error| error.message)?;
    Ok((read, text))
}

fn json(programme: &Programme) -> Result<String, Failure> {
    serde_json::to_string(programme).map_err(|error| Failure::new("bug", error.to_string()))
}

fn to_toml(programme: &Programme) -> Result<String, Failure> {
    toml::to_string_pretty(programme).map_err(|error| Failure::new("bug", error.to_string()))
}

fn refused(error: &ProgrammeError) -> Failure {
    Failure::new(error.code.as_str(), error.message.clone()).at(format!("{}:{}", error.line, error.column))
}

fn not_published(error: NotPublished) -> Failure {
    match error {
        NotPublished::Session(error) => error.into(),
        NotPublished::Undecided(_) => Failure::new("programme-undecided", error.to_string()),
        NotPublished::AlreadyPublished(_) => Failure::new("already-published", error.to_string()),
        NotPublished::NotRehearsed => Failure::new("recovery-not-rehearsed", error.to_string()),
        NotPublished::ReasonMissing => Failure::new("reason-needed", error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");

    #[test]
    fn a_definition_comes_back_from_a_form_as_it_went() {
        let programme = Programme::parse(SEMINAR).unwrap();
        let (back, text) = read_json(&json(&programme).unwrap()).unwrap();
        assert_eq!(back, programme);
        assert_eq!(Programme::parse(&text).unwrap().definition_sha256(), programme.definition_sha256());
        assert!(findings(&programme).iter().all(|finding| !finding.blocks));
    }

    #[test]
    fn what_is_no_definition_is_refused_with_a_reason() {
        fn check(definition: &str) {
            assert!(!read_json(definition).unwrap_err().is_empty(), "{definition}");
        }
        check("");
        check("{\"seats\": 3}");
        check("{\"unknown\": true}");
        check(&format!("{{\"name\": \"{}\"}}", "x".repeat(20_000)));
    }

    #[test]
    fn what_is_undecided_is_found_where_it_is() {
        let (programme, _) = read_json("{\"name\": \"Ours\", \"languages\": [\"en\"]}").unwrap();
        let found = findings(&programme);
        assert!(found.iter().any(|finding| finding.at == "time_zone" && finding.blocks), "{found:?}");
        assert!(found.iter().any(|finding| finding.at == "call.closes"), "{found:?}");
    }
}
