//! `tessera calibration`: severity of readers and the order corrected for it, of what counts in this programme; and how
//! the workbench shows it.

use std::path::PathBuf;

use clap::Args;
use tessera_model::calibration::{Calibration, CalibrationRow, Light, ReviewerRow};
use tessera_model::compute::{self, Inputs};

use super::agreement::print_advice;
use super::compute::{Loaded, figure, refused, show};
use super::scores::{Figures, inputs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{print, print_table};

/// Arguments of `calibration`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    figures: Figures,
    /// Reviewers, CSV: reviewer, region; groups them where the light is simulated
    #[arg(long, value_name = "V")]
    reviewers: Option<PathBuf>,
    /// Show the corrected order under a red light too
    #[arg(long)]
    even_if_red: bool,
}

/// Runs `calibration`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut inputs = inputs(&arguments.figures, context)?;
    if let Some(path) = &arguments.reviewers {
        inputs = inputs.with_reviewers(Loaded::read(path)?.file()).map_err(refused)?;
    }
    show_calibration(&inputs, arguments.figures.round.as_deref(), arguments.even_if_red, context.json)
}

/// Calculates and prints a calibration.
pub(crate) fn show_calibration(
    inputs: &Inputs,
    round: Option<&str>,
    even_if_red: bool,
    json: bool,
) -> Result<(), Failure> {
    let outcome = compute::calibration(inputs, round, even_if_red).map_err(refused)?;
    show("tessera/calibration/1", inputs, &outcome, json, |outcome| {
        let found = &outcome.beside;
        print_table(&HEADER, &outcome.rows.iter().map(cells).collect::<Vec<_>>())?;
        print("\n")?;
        print_table(&READERS, &found.reviewers.iter().map(reader).collect::<Vec<_>>())?;
        print(&summary(found))?;
        print_advice(&found.advice)
    })
}

const HEADER: [&str; 9] =
    ["application", "n", "raw", "raw place", "corrected", "sd", "place", "expected", "seat"];

fn cells(row: &CalibrationRow) -> Vec<String> {
    let place = |rank: Option<usize>| rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string());
    vec![
        row.application.clone(),
        row.n.to_string(),
        figure(row.raw),
        place(row.raw_rank),
        figure(row.calibrated),
        figure(row.sd),
        place(row.rank),
        figure(row.expected_rank),
        figure(row.p_seat),
    ]
}

const READERS: [&str; 4] = ["reviewer", "n", "effect", "sd"];

fn reader(row: &ReviewerRow) -> Vec<String> {
    vec![row.reviewer.clone(), row.n.to_string(), figure(row.effect), figure(row.sd)]
}

fn summary(found: &Calibration) -> String {
    let light = match found.light {
        Light::Green => "green",
        Light::Amber => "amber",
        Light::Red => "red",
    };
    format!(
        "\nlight: {light}; share of the best that is found: {} by raw means, {} corrected\n\
         variances: application {}, reviewer {}, residual {}; mean {}\n",
        figure(found.recall_raw),
        figure(found.recall_model),
        figure(found.variance.application),
        figure(found.variance.reviewer),
        figure(found.variance.residual),
        figure(found.mu),
    )
}
