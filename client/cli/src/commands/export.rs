//! `tessera export`: applications or reviews as a table, and dossiers as documents. Which compartments leave the home is asked
//! for one by one, and noted in the log without content.

mod dossier;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tessera_driver::exports::{Left, note};
use tessera_engine::export::Compartments;

use super::application::must_coordinate;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Answer, print};
use crate::{files, log};

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Form of the table
    #[arg(long, value_enum, required = true)]
    format: Option<Format>,
    /// File to write; else stdout, but for workbooks
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
    /// With answers that coordinators alone read or that name the applicant
    #[arg(long)]
    identity: bool,
    /// With answers that every reader reads
    #[arg(long)]
    dossier: bool,
    /// With verdicts on conditions, and withdrawals
    #[arg(long)]
    eligibility: bool,
    /// With the reviews that count
    #[arg(long)]
    scores: bool,
    /// With names of reviewers instead of pseudonyms
    #[arg(long, requires = "scores")]
    names: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write dossiers as a PDF or a web page: answers, names and sizes of files, and what else is asked for
    Dossier(dossier::Arguments),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Xlsx,
    Json,
}

/// Runs `export`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match (&arguments.what, arguments.format) {
        (Some(What::Dossier(dossier)), _) => dossier::run(dossier, context),
        (None, Some(format)) => table(arguments, format, context),
        (None, None) => Err(Failure::new(Exit::Usage, "usage", "--format is missing")),
    }
}

fn table(arguments: &Arguments, format: Format, context: &Context) -> Result<(), Failure> {
    let compartments = Compartments {
        identity: arguments.identity,
        dossier: arguments.dossier,
        eligibility: arguments.eligibility,
        scores: arguments.scores,
        names: arguments.names,
    };
    if compartments.words().is_empty() {
        return Err(Failure::new(Exit::Usage, "no-compartment", "what is to be exported was not said")
            .hint("one or more of --identity, --dossier, --eligibility, --scores"));
    }
    if format == Format::Xlsx && arguments.out.is_none() {
        return Err(Failure::new(Exit::Usage, "no-file", "a workbook needs a file").hint("--out F.xlsx"));
    }
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let mut exported = session.together(|acts| acts.export_table(&programme, compartments))?;
    if session.is_demo() {
        exported.mark_demo();
    }
    let words = compartments.words().join("+");
    let form = match format {
        Format::Csv => "csv",
        Format::Xlsx => "xlsx",
        Format::Json => "json",
    };
    let (applications, reviews) = (exported.applications.len(), exported.reviews.len());
    note(&mut session, &Left::now("applications", form, &compartments.words(), applications, reviews))?;
    log::add(context, &format!("exported {words} applications={}", exported.applications.len()));
    if arguments.out.is_none() && (format == Format::Json || context.json) {
        let mut answer =
            Answer::new("export", exported.to_json()).method(json!({ "compartments": compartments.words() }));
        if format == Format::Csv {
            answer = answer.with("csv", String::from_utf8_lossy(&exported.to_csv()).into_owned());
        }
        return answer.show_as(context, |answer| {
            let rows = serde_json::Value::from(answer.rows().to_vec());
            print(&format!("{rows:#}\n"))
        });
    }
    let bytes = match format {
        Format::Csv => exported.to_csv(),
        Format::Xlsx => exported.to_xlsx()?,
        Format::Json => format!("{:#}\n", serde_json::Value::from(exported.to_json())).into_bytes(),
    };
    match &arguments.out {
        Some(file) => {
            files::write(file, &bytes)?;
            let row = json!({
                "file": file.display().to_string(), "compartments": compartments.words(),
                "applications": exported.applications.len(), "reviews": exported.reviews.len(),
                "bytes": bytes.len(),
            });
            let columns = ["file", "compartments", "applications", "reviews", "bytes"];
            Answer::new("export", vec![row]).show(context, &columns, |row| {
                columns.map(|key| super::programme::text(&row[key])).to_vec()
            })?;
            context.hint("the file is not encrypted: keep it as you keep the passphrase");
            Ok(())
        }
        None => print(&String::from_utf8_lossy(&bytes)),
    }
}
