//! `tessera compute report`, and `tessera scores report` inside a programme: scores, agreement and calibration as one
//! document for people. Not the support report, which holds no content (`tessera report`).

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tessera_driver::exports::dossiers::Form;
use tessera_model::compute::Inputs;
use tessera_report::{Asked, ReportError, document};

use super::{Envelope, refused};
use crate::failure::{Exit, Failure};
use crate::files;
use crate::output::{print_hint, print_json, print_table, print_warnings};

/// Where a report goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Destination {
    /// File to write: F.html or F.pdf
    #[arg(long, value_name = "F", value_parser = destination)]
    out: Out,
}

/// A file with the form that its name asks for.
#[derive(Clone, Debug)]
pub(crate) struct Out {
    pub(crate) path: PathBuf,
    pub(crate) form: Form,
}

/// Reads the name of such a file.
pub(crate) fn destination(text: &str) -> Result<Out, String> {
    let path = PathBuf::from(text);
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    let form = match ending.as_deref() {
        Some("html" | "htm") => Form::Html,
        Some("pdf") => Form::Pdf,
        _ => return Err("its name must end in .html or .pdf".to_owned()),
    };
    Ok(Out { path, form })
}

/// Writes the report, and says where.
pub(crate) fn write(
    inputs: &Inputs,
    round: Option<&str>,
    even_if_red: bool,
    to: &Destination,
    json: bool,
) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let document =
        document(inputs, &Asked { round, even_if_red, version }).map_err(|error| refused(*error))?;
    let bytes = match to.out.form {
        Form::Html => document.to_html().map_err(unwritten)?.into_bytes(),
        Form::Pdf => document.to_pdf().map_err(unwritten)?,
    };
    files::write(&to.out.path, &bytes)?;
    let row = row(&to.out.path, to.out.form.ending(), bytes.len());
    if json {
        return print_json(&Envelope {
            schema: "tessera/compute-report/1",
            version,
            input_sha256: Some(&inputs.input_sha256),
            method: inputs.method(round),
            warnings: &inputs.warnings,
            beside: tessera_model::compute::Nothing {},
            rows: &[row],
        });
    }
    print_warnings(&inputs.warnings);
    print_table(&["file", "bytes"], &[vec![to.out.path.display().to_string(), bytes.len().to_string()]])?;
    print_hint("it names reviewers: give it only to those who may know who scored what");
    Ok(())
}

fn row(path: &Path, form: &str, size_bytes: usize) -> Value {
    json!({ "file": path.display().to_string(), "form": form, "size_bytes": size_bytes })
}

pub(crate) fn unwritten(error: ReportError) -> Failure {
    Failure::new(Exit::Bug, "report", error.to_string())
}
