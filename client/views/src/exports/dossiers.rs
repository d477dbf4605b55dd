//! Dossiers as files for people outside: whose, what goes in beside what readers read, one file or one for each.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use specta::Type;
use tessera_driver::exports::dossiers::{DossierError, Dossiers, Form, Wanted};
use tessera_driver::exports::words::Words;
use tessera_driver::exports::{Left, note};
use tessera_driver::session::Session;
use tessera_engine::home::write_atomically;
use tessera_engine::papers::Inside;
use tessera_protocol::ids::ApplicationId;

use super::ExportForm;
use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::tasks;
use crate::words::id;

/// Dossiers that are wanted.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DossierRequest {
    /// Whose.
    pub which: DossierChoice,
    /// The applications, where some were named.
    pub applications: Vec<String>,
    /// `pdf` or `html`.
    pub form: ExportForm,
    /// True for a file of each in a new folder, false for one file.
    pub each: bool,
    /// Answers that coordinators alone read or that name the applicant, and the files' own names.
    pub identity: bool,
    /// The reviews that count.
    pub scores: bool,
    /// Names of readers instead of numbers.
    pub names: bool,
    /// Verdicts on conditions, the exception, withdrawals, how disagreement was settled.
    pub rulings: bool,
    /// The words around them in the reader's language, by their keys.
    pub words: BTreeMap<String, String>,
}

/// Whose dossiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum DossierChoice {
    /// Of every application.
    All,
    /// Of those that may be read: eligible, with or without the exception, and not withdrawn.
    Eligible,
    /// Of those that are named.
    Named,
}

impl DossierRequest {
    /// Fails where what is asked for is no file.
    ///
    /// # Errors
    /// [`Failure`] `bad-input`.
    pub fn check(&self) -> Result<(), Failure> {
        if self.which == DossierChoice::Named && self.applications.is_empty() {
            return Err(Failure::bad_input("the list of applications"));
        }
        self.form().map(|_| ())
    }

    fn form(&self) -> Result<Form, Failure> {
        match self.form {
            ExportForm::Pdf => Ok(Form::Pdf),
            ExportForm::Html => Ok(Form::Html),
            _ => Err(Failure::bad_input("the form of the file")),
        }
    }

    fn inside(&self) -> Inside {
        Inside { identity: self.identity, scores: self.scores, names: self.names, rulings: self.rulings }
    }
}

/// Dossiers that were collected from the home; they become files without it.
pub struct CollectedDossiers {
    dossiers: Dossiers,
    form: Form,
    each: bool,
    left: Left,
}

/// Collects what was asked for.
///
/// # Errors
/// [`Failure`]; `not-found` where no application is what was asked for.
pub fn collect(
    session: &mut Session,
    request: &DossierRequest,
    language: &str,
) -> Result<CollectedDossiers, Failure> {
    must_coordinate(session)?;
    request.check()?;
    let applications = chosen(session, request)?;
    if applications.is_empty() {
        return Err(Failure::not_found("such an application"));
    }
    let words = Words::of(&request.words);
    let wanted = Wanted { applications: &applications, inside: request.inside(), language, words };
    let dossiers = Dossiers::collect(session, wanted)?;
    let form = request.form()?;
    let left = dossiers.left(form);
    Ok(CollectedDossiers { dossiers, form, each: request.each, left })
}

fn chosen(session: &mut Session, request: &DossierRequest) -> Result<Vec<ApplicationId>, Failure> {
    if request.which == DossierChoice::Named {
        return request.applications.iter().map(|application| id(application)).collect();
    }
    let programme = tasks::programme(session)?;
    let every = request.which == DossierChoice::All;
    Ok(session.together(|acts| {
        let mut chosen = Vec::new();
        for (id, _) in acts.applications()? {
            if every || acts.eligibility(&programme, id)?.is_eligible() && acts.withdrawal(id)?.is_none() {
                chosen.push(id);
            }
        }
        Ok(chosen)
    })?)
}

impl CollectedDossiers {
    /// What the file is called where the person says nothing else; without meaning where each has its own.
    #[must_use]
    pub fn file_name(&self) -> String {
        self.dossiers.file_name(self.form)
    }

    /// True where they go into a folder.
    #[must_use]
    pub fn each(&self) -> bool {
        self.each
    }

    /// Writes them where the person said, a file or the folder in which theirs is made; gives where they are.
    ///
    /// # Errors
    /// [`Failure`]; nothing of them is left then.
    pub fn write(&self, place: &Path) -> Result<String, Failure> {
        let unwritten = |error: DossierError| match error {
            DossierError::Report(error) => Failure::new("bug", error.to_string()),
            DossierError::Home(error) => error.into(),
        };
        if self.each {
            let folder = self.dossiers.write_each_in(self.form, place).map_err(unwritten)?;
            return Ok(folder.display().to_string());
        }
        let bytes = self.dossiers.to_bytes(self.form).map_err(|error| unwritten(error.into()))?;
        write_atomically(place, &bytes)?;
        Ok(place.display().to_string())
    }

    /// Notes in the home that they left.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn note(&self, session: &mut Session) -> Result<(), Failure> {
        Ok(note(session, &self.left)?)
    }
}
