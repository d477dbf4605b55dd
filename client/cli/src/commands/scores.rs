//! `tessera scores`: what counts of every review, exported in the form that `tessera compute` reads, or told as a report;
//! and the same table as the input of totals and ranking.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use tessera_driver::exports::{Left, note};
use tessera_driver::session::Session;
use tessera_engine::scores::ScoreTable;
use tessera_model::compute::Inputs;
use tessera_model::input::Warning;
use tessera_model::programme::Programme;

use super::compute::{refused, report};
use super::outlook::own_only;
use super::programme::text;
use super::round::must_have_round;
use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::names::Names;
use crate::output::{Answer, print};

/// Arguments of `scores`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write what counts as a table of scores
    Export(Export),
    /// Write what counts as a document with charts, HTML or PDF: spread, severity, agreement, loads
    Report(Report),
}

#[derive(Debug, Args)]
struct Report {
    #[command(flatten)]
    figures: Figures,
    /// Show the corrected order under a red light too
    #[arg(long)]
    even_if_red: bool,
    #[command(flatten)]
    to: report::Destination,
}

#[derive(Debug, Args)]
struct Export {
    /// File to write, CSV; - writes to stdout
    #[arg(long, value_name = "S")]
    out: PathBuf,
    /// File for the applications' table, where the programme adjusts totals
    #[arg(long, value_name = "A")]
    applications: Option<PathBuf>,
    /// Members' ids instead of their names
    #[arg(long)]
    ids: bool,
}

/// What calculations on what counts take.
#[derive(Debug, Args)]
pub(crate) struct Figures {
    /// Only the reviews of this round
    #[arg(long, value_name = "KEY")]
    pub(crate) round: Option<String>,
    /// Seed of draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
}

/// Runs `scores`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::Export(export) => self::export(export, context),
        What::Report(Report { figures, even_if_red, to }) => {
            let inputs = inputs(figures, context)?;
            report::write(&inputs, figures.round.as_deref(), *even_if_red, to, context.json)
        }
    }
}

fn export(export: &Export, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let (programme, table) = table(&mut session, export.ids)?;
    let csv = table.scores.to_csv();
    if let Some(file) = &export.applications {
        let applications = session.together(|acts| acts.adjustments(&programme))?;
        files::write(file, &applications.unwrap_or_else(|| b"application\r\n".to_vec()))?;
    }
    let reviews = table.scores.reviews();
    let mut applications: Vec<&str> = reviews.iter().map(|review| review.application.as_str()).collect();
    applications.sort_unstable();
    applications.dedup();
    let parts: &[&str] = if export.ids { &["scores"] } else { &["scores", "names"] };
    note(&mut session, &Left::now("scores", "csv", parts, applications.len(), reviews.len()))?;
    let mut row = json!({
        "file": export.out.display().to_string(),
        "reviews": table.scores.reviews().len(),
        "taken_down": table.taken_down,
        "left_out": table.left_out,
    });
    if export.out == Path::new("-") {
        let csv = String::from_utf8_lossy(&csv);
        if !context.json {
            return print(&csv);
        }
        row["file"] = json!(null);
        row["csv"] = json!(csv);
    } else {
        files::write(&export.out, &csv)?;
    }
    Answer::new("scores-export", vec![row]).warnings(left_out(&table)).show(
        context,
        &["file", "reviews"],
        |row| vec![text(&row["file"]), text(&row["reviews"])],
    )
}

/// The inputs of statistics.
pub(crate) fn inputs(figures: &Figures, context: &Context) -> Result<Inputs, Failure> {
    inputs_of(figures, &mut context.session()?).map(|(inputs, _)| inputs)
}

/// The same from an open home, with the definition.
pub(crate) fn inputs_of(figures: &Figures, session: &mut Session) -> Result<(Inputs, Programme), Failure> {
    let (programme, table) = table(session, false)?;
    let round = figures.round.as_deref();
    if let Some(round) = round {
        must_have_round(&programme, round)?;
    }
    let inputs = session.together(|acts| acts.inputs(&programme, &table, round, figures.seed))?;
    let mut inputs = inputs.map_err(refused)?;
    let own = (!session.engine().is_coordinator()).then(own_only);
    inputs.warnings.splice(0..0, own.into_iter().chain(left_out(&table)));
    Ok((inputs, programme))
}

fn table(session: &mut Session, ids: bool) -> Result<(Programme, ScoreTable), Failure> {
    let names = Names::of(session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let name = |member| if ids { names.id(member) } else { names.handle(member) };
    let table = session.together(|acts| acts.scores(&programme, name))?;
    Ok((programme, table))
}

/// Says what the table leaves out: nothing is left out in silence.
fn left_out(table: &ScoreTable) -> Vec<Warning> {
    let reviews = |count: usize| if count == 1 { "1 review".to_owned() } else { format!("{count} reviews") };
    let left_out = table.left_out.iter().map(|(why, count)| {
        let left_out = Warning::new("not-counted", "{reviews} not counted: {why}");
        left_out.with("reviews", reviews(*count)).with("why", *why)
    });
    let taken_down = (table.taken_down > 0).then(|| {
        Warning::new("taken-down", "{reviews} taken down by somebody else")
            .with("reviews", reviews(table.taken_down))
    });
    left_out.chain(taken_down).collect()
}
