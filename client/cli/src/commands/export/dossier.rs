//! `tessera export dossier`: applications as documents for people, one file for all or one for each. What every reader may read
//! is in it; identity, reviews and rulings where they are asked for. Nothing is overwritten.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use tessera_driver::exports::dossiers::{DossierError, Dossiers, Form, Wanted};
use tessera_driver::exports::note;
use tessera_driver::exports::words::Words;
use tessera_engine::papers::Inside;
use tessera_protocol::ids::ApplicationId;

use super::super::application::must_coordinate;
use super::super::compute::report::{self, Out, destination};
use super::super::programme::text;
use crate::applications::Applications;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Answer;
use crate::{files, log};

/// Arguments of `export dossier`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Keys of applications, or beginnings of their ids
    #[arg(value_name = "APPLICATION", required_unless_present = "all", conflicts_with = "all")]
    applications: Vec<String>,
    /// Every application
    #[arg(long)]
    all: bool,
    /// One file for all of them: F.pdf or F.html
    #[arg(long, value_name = "F", required_unless_present = "folder", conflicts_with = "folder", value_parser = destination)]
    out: Option<Out>,
    /// A folder that is made for them, with a file for each
    #[arg(long, value_name = "D")]
    folder: Option<PathBuf>,
    /// Form of the files in the folder
    #[arg(long, value_enum, default_value = "pdf", requires = "folder")]
    form: Named,
    /// With answers that coordinators alone read or that name the applicant, and the files' own names
    #[arg(long)]
    identity: bool,
    /// With the reviews that count
    #[arg(long)]
    scores: bool,
    /// With names of reviewers instead of numbers
    #[arg(long, requires = "scores")]
    names: bool,
    /// With verdicts on conditions, the exception, withdrawals, and how disagreement was settled
    #[arg(long)]
    rulings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Named {
    Pdf,
    Html,
}

/// Runs `export dossier`.
pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let ids: Vec<ApplicationId> = match arguments.all {
        true => session.together(|acts| acts.applications())?.into_iter().map(|(id, _)| id).collect(),
        false => {
            let known = Applications::of(&mut session)?;
            let mut ids = Vec::new();
            for meant in &arguments.applications {
                let id = known.find(meant)?;
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            ids
        }
    };
    if ids.is_empty() {
        return Err(Failure::new(Exit::NotFound, "application-unknown", "no application is here yet"));
    }
    let Arguments { identity, scores, names, rulings, .. } = *arguments;
    let inside = Inside { identity, scores, names, rulings };
    let wanted = Wanted { applications: &ids, inside, language: "en", words: Words::default() };
    let dossiers = Dossiers::collect(&mut session, wanted)?;
    let (form, path, files) = match (&arguments.out, &arguments.folder) {
        (Some(Out { path, form }), _) => {
            if path.symlink_metadata().is_ok() {
                return Err(exists("file-exists", &path.display().to_string()));
            }
            let bytes = dossiers.to_bytes(*form).map_err(|error| unwritten(error.into()))?;
            files::write(path, &bytes)?;
            (*form, path, 1)
        }
        (None, Some(folder)) => {
            if folder.symlink_metadata().is_ok() {
                return Err(exists("folder-exists", &folder.display().to_string()));
            }
            let form = match arguments.form {
                Named::Pdf => Form::Pdf,
                Named::Html => Form::Html,
            };
            (form, folder, dossiers.write_each(form, folder).map_err(unwritten)?)
        }
        (None, None) => return Err(Failure::new(Exit::Usage, "no-file", "where it goes was not said")),
    };
    let left = dossiers.left(form);
    note(&mut session, &left)?;
    log::add(context, &format!("exported dossiers {} applications={}", left.parts.join("+"), ids.len()));
    let row = json!({
        "file": path.display().to_string(), "form": form.ending(), "files": files, "compartments": left.parts,
        "applications": left.applications, "reviews": left.reviews,
    });
    let columns = ["file", "files", "compartments", "applications", "reviews"];
    Answer::new("export-dossier", vec![row])
        .show(context, &columns, |row| columns.map(|key| text(&row[key])).to_vec())?;
    context.hint("what was written is not encrypted: keep it as you keep the passphrase");
    Ok(())
}

fn exists(code: &str, place: &str) -> Failure {
    Failure::new(Exit::BadInput, code, "something is there already")
        .at(place, None, None)
        .hint("nothing is overwritten: name another one")
}

fn unwritten(error: DossierError) -> Failure {
    match error {
        DossierError::Report(error) => report::unwritten(error),
        DossierError::Home(error) => error.into(),
    }
}
