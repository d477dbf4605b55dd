//! Entry on behalf of an applicant: the programme's form as a coordinator fills it from a letter, a mail or the telephone;
//! files that come alone; and the withdrawal that an applicant writes. The rules are those of an import.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::intake::attach;
use tessera_driver::intake::withdraw;
use tessera_driver::session::Session;
use tessera_engine::intake::{Mapping, Prepared, prepare};
use tessera_engine::programme::Taken;
use tessera_model::documents::form::Route;
use tessera_model::input::Place;
use tessera_model::programme::Programme;
use tessera_model::programme::form::{Field, FieldKind};
use tessera_model::table::{Row, Table};
use tessera_protocol::ids::ApplicationId;

use crate::board::{FilterOption, must_coordinate};
use crate::failure::Failure;
use crate::intake::{ProblemView, RemarkView, kind, problem, remark};
use crate::seen::SeenBy;
use crate::tasks;
use crate::typed::{keep, kept};
use crate::words::{Labels, count, id};

/// The most files that are added at once.
const FILES: usize = 100;

/// The programme's form, with the answers of an application where one is corrected.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EntryForm {
    /// The application that is corrected; none for a new one.
    pub application: Option<String>,
    /// Its key; for a new one what the next in the row would be called.
    pub key: String,
    /// By which way it came: `form`, `mail` or `import`; none for a new one.
    pub route: Option<String>,
    /// True where a coordinator typed it in.
    pub on_behalf: bool,
    /// What is asked, in the order of the form.
    pub fields: Vec<EntryField>,
    /// The files that are asked for.
    pub attachments: Vec<EntryAttachment>,
    /// What was typed before and is not taken in yet.
    pub typed: EntryTyped,
}

/// What is typed and not taken in: only what differs from what is here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EntryTyped {
    /// How a new application is called.
    pub key: Option<String>,
    /// By which way it came.
    pub route: Option<String>,
    /// Answers by field.
    pub answers: BTreeMap<String, String>,
}

impl EntryTyped {
    /// What of it is left once something was taken in.
    fn without(self, entry: &Entry) -> Self {
        let left = |(key, typed): &(String, String)| entry.answers.get(key) != Some(typed);
        Self {
            key: self.key.filter(|key| key.trim() != entry.key.trim()),
            route: self.route.filter(|route| *route != entry.route),
            answers: self.answers.into_iter().filter(left).collect(),
        }
    }
}

/// One question.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EntryField {
    /// The field's key.
    pub key: String,
    /// What is asked.
    pub label: String,
    /// Help beneath it.
    pub help: Option<String>,
    /// `text`, `number`, `date`, `choice` or `essay`.
    pub kind: String,
    /// Whether an application without it is incomplete.
    pub required: bool,
    /// Most words.
    pub words: Option<u32>,
    /// Answers to choose from.
    pub options: Vec<FilterOption>,
    /// Whether several may be chosen.
    pub many: bool,
    /// Which readers see the answer.
    pub seen: SeenBy,
    /// The answer that is here; of several choices their keys, separated by semicolons.
    pub value: String,
}

/// Files that are asked for.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EntryAttachment {
    /// The attachment's key.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// Fewest files.
    pub min: u32,
    /// Most files.
    pub max: Option<u32>,
    /// Allowed endings; none: the program's own list.
    pub formats: Vec<String>,
    /// Files that are here.
    pub here: u32,
}

/// What a coordinator typed.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The application that is corrected; none for a new one.
    pub application: Option<String>,
    /// How a new one is called.
    pub key: String,
    /// By which way it came: `form` or `mail`.
    pub route: String,
    /// Answers by field.
    pub answers: BTreeMap<String, String>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Entered {
    /// The application; none where nothing was taken in.
    pub application: Option<String>,
    /// `new`, `changed`, `same` or `refused`.
    pub outcome: String,
    /// Answers that are none; `column` is the field's key.
    pub refused: Vec<ProblemView>,
    /// What is worth saying.
    pub remarks: Vec<RemarkView>,
}

/// What became of files that were added.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AttachedView {
    /// Files that are in now.
    pub taken: Vec<String>,
    /// False where the application had them all.
    pub changed: bool,
    /// Files that were not taken.
    pub refused: Vec<ProblemView>,
    /// What is worth saying.
    pub remarks: Vec<RemarkView>,
}

/// Reads the form, empty or with the answers of an application.
///
/// # Errors
/// [`Failure`].
pub fn form(session: &mut Session, application: Option<&str>, language: &str) -> Result<EntryForm, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let known = session.together(|acts| acts.applications())?;
    let application: Option<ApplicationId> = application.map(id).transpose()?;
    let identity = match application {
        Some(application) => {
            let found =
                known.iter().find(|(one, _)| *one == application).map(|(_, identity)| identity.clone());
            Some(found.ok_or_else(|| Failure::not_found("this application"))?)
        }
        None => None,
    };
    let (answers, files) = match application {
        Some(application) => {
            session.together(|acts| Ok((acts.answers(&programme, application)?, acts.files(application)?)))?
        }
        None => Default::default(),
    };
    let value = |field: &Field| answers.get(field.key.as_str()).cloned().unwrap_or_default();
    let asked = programme.fields.iter().filter(|field| field.kind != FieldKind::File);
    let fields = asked.map(|field| entry_field(&programme, labels, field, value(field))).collect();
    let attachments = programme.attachments.iter().map(|asked| EntryAttachment {
        key: asked.key.to_string(),
        label: labels.slot(asked.key.as_str()),
        min: asked.min,
        max: asked.max,
        formats: asked.formats.iter().map(ToString::to_string).collect(),
        here: count(files.originals().filter(|((slot, _), _)| slot == asked.key.as_str()).count()),
    });
    let next = || next_key(known.iter().map(|(_, identity)| identity.key.as_str()));
    Ok(EntryForm {
        application: application.map(|id| id.to_string()),
        key: identity.as_ref().map_or_else(next, |identity| identity.key.clone()),
        route: identity.as_ref().and_then(|one| one.route).map(|route| route.as_str().to_owned()),
        on_behalf: identity.is_some_and(|identity| identity.on_behalf),
        fields,
        attachments: attachments.collect(),
        typed: kept(session, &typed_name(application))?,
    })
}

/// Keeps what is typed until it is taken in; where nothing is, what was kept is forgotten.
///
/// # Errors
/// [`Failure`].
pub fn keep_typed(
    session: &mut Session,
    application: Option<&str>,
    typed: &EntryTyped,
) -> Result<(), Failure> {
    must_coordinate(session)?;
    let name = typed_name(application.map(id).transpose()?);
    Ok(session.together(|acts| keep(acts, &name, typed))?)
}

/// The setting that keeps what is typed for an application, or for a new one.
fn typed_name(application: Option<ApplicationId>) -> String {
    format!("entry-{}", application.map_or_else(|| "new".to_owned(), |id| id.to_string()))
}

fn entry_field(programme: &Programme, labels: Labels<'_>, field: &Field, value: String) -> EntryField {
    EntryField {
        key: field.key.to_string(),
        label: labels.field(field.key.as_str()),
        help: labels.maybe(field.help.as_ref()),
        kind: kind(field.kind).to_owned(),
        required: field.required,
        words: field.words,
        options: field
            .options
            .iter()
            .map(|one| FilterOption { key: one.key.to_string(), label: labels.said(&one.label) })
            .collect(),
        many: field.many,
        seen: SeenBy::of_field(programme, labels, field),
        value,
    }
}

/// The key after the greatest that ends in digits: `GLS-0061` after `GLS-0060`. Empty where none does.
fn next_key<'k>(keys: impl Iterator<Item = &'k str>) -> String {
    let numbered = keys.filter_map(|key| {
        let stem = key.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &key[stem.len()..];
        let number: u64 = digits.parse().ok()?;
        Some((number, digits.len(), stem))
    });
    let Some((number, width, stem)) = numbered.max() else { return String::new() };
    format!("{stem}{:0width$}", number.saturating_add(1))
}

/// Takes in what was typed. A mistake refuses it whole; a missing answer does not, and is named.
///
/// # Errors
/// [`Failure`] `key-taken` where another application is called so.
pub fn enter(session: &mut Session, entry: &Entry, language: &str) -> Result<Entered, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let route = Route::parse(&entry.route).ok_or_else(|| Failure::bad_input("the way"))?;
    let known = session.together(|acts| acts.applications())?;
    let of = entry.application.as_deref().map(id::<ApplicationId>).transpose()?;
    let key = match of {
        Some(application) => {
            let found = known.into_iter().find(|(one, _)| *one == application);
            found.ok_or_else(|| Failure::not_found("this application"))?.1.key
        }
        None => {
            let key = entry.key.trim().to_owned();
            if known.iter().any(|(_, identity)| identity.key == key) {
                return Err(Failure::new("key-taken", "another application is called so").at(key));
            }
            key
        }
    };
    let Prepared { rows, refused, remarks, .. } = prepared(&programme, key, &entry.answers)?;
    let refused: Vec<ProblemView> = refused.iter().map(problem).collect();
    let remarks = remarks.iter().map(|one| remark(labels, one)).collect();
    let Some(incoming) = rows.into_iter().next().filter(|_| refused.is_empty()) else {
        return Ok(Entered { application: None, outcome: "refused".to_owned(), refused, remarks });
    };
    // The key is no column of a table here; whether it is an answer too, the engine sees.
    let row = tessera_model::documents::Row { key_column: String::new(), ..incoming.row };
    let name = typed_name(of);
    let left = kept::<EntryTyped>(session, &name)?.without(entry);
    let (application, taken) = session.together(|acts| {
        let taken = acts.take_on_behalf(&programme, &row, route)?;
        keep(acts, &name, &left)?;
        acts.hand_over()?;
        Ok(taken)
    })?;
    let outcome = match taken {
        Taken::New => "new",
        Taken::Changed => "changed",
        Taken::Same => "same",
    };
    Ok(Entered { application: Some(application.to_string()), outcome: outcome.to_owned(), refused, remarks })
}

/// What was typed, as a table of one row, so that the same rules hold as for an import.
fn prepared(
    programme: &Programme,
    key: String,
    answers: &BTreeMap<String, String>,
) -> Result<Prepared, Failure> {
    let asked = programme.fields.iter().filter(|field| field.kind != FieldKind::File);
    let (mut columns, mut cells): (Vec<String>, Vec<String>) = asked
        .filter_map(|field| {
            let answer = answers.get(field.key.as_str())?;
            Some((field.key.to_string(), answer.trim().to_owned()))
        })
        .unzip();
    // Keys of fields have no capitals.
    let key_column = "KEY".to_owned();
    columns.push(key_column.clone());
    cells.push(key);
    let table = Table { place: Place::file(""), columns, rows: vec![Row { number: 1, cells }] };
    Ok(prepare(&table, programme, &key_column, &Mapping::default())?)
}

/// Adds files to an application.
///
/// # Errors
/// [`Failure`]; a file that is not taken is no error of the whole.
pub fn attach_files(
    session: &mut Session,
    application: &str,
    slot: Option<&str>,
    paths: &[PathBuf],
    language: &str,
) -> Result<AttachedView, Failure> {
    must_coordinate(session)?;
    if paths.len() > FILES {
        return Err(Failure::new("too-many", "at most 100 files are added at once"));
    }
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let application: ApplicationId = id(application)?;
    let keys = session.together(|acts| acts.application_keys())?;
    let key = keys.get(&application).ok_or_else(|| Failure::not_found("this application"))?;
    let attached = attach::attach(session, application, key, slot, paths)?;
    let refused = attached.refused.iter().map(|(name, why)| ProblemView {
        row: None,
        key: Some(key.clone()),
        column: None,
        code: why.code().to_owned(),
        value: name.clone(),
        text: why.to_string(),
    });
    Ok(AttachedView {
        refused: refused.collect(),
        remarks: attached.remarks.iter().map(|one| remark(labels, one)).collect(),
        taken: attached.taken,
        changed: attached.changed,
    })
}

/// Notes that an applicant withdrew, or that this was a mistake; gives from how many readers it was taken back.
///
/// # Errors
/// [`Failure`] `reason-needed`.
pub fn withdraw_application(
    session: &mut Session,
    application: &str,
    withdrawn: bool,
    route: Option<&str>,
    reason: &str,
) -> Result<u32, Failure> {
    must_coordinate(session)?;
    if reason.trim().is_empty() {
        return Err(Failure::new("reason-needed", "a reason is needed"));
    }
    let route =
        route.map(|word| Route::parse(word).ok_or_else(|| Failure::bad_input("the way"))).transpose()?;
    let done = withdraw::withdraw(session, id(application)?, withdrawn, route, reason.trim())?;
    Ok(count(done.taken_back))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_key_goes_on_from_the_greatest() {
        fn check(keys: &[&str], expected: &str) {
            assert_eq!(next_key(keys.iter().copied()), expected);
        }
        check(&["GLS-0009", "GLS-0010", "x"], "GLS-0011");
        check(&["A9"], "A10");
        check(&["A-099", "B-7"], "A-100");
        check(&["ada@example.org"], "");
        check(&[], "");
    }
}
