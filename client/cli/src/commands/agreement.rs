//! `tessera agreement`: how far readers agree, on what counts in this programme; and how the workbench shows it.

use tessera_model::agreement::AgreementRow;
use tessera_model::compute::{self, Inputs};
use tessera_model::sentence::Advice;

use super::compute::{figure, refused, show};
use super::scores::{Figures, inputs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{print, print_table, shown};

/// Runs `agreement`.
pub(crate) fn run(figures: &Figures, context: &Context) -> Result<(), Failure> {
    show_agreement(&inputs(figures, context)?, figures.round.as_deref(), context.json)
}

/// Calculates and prints agreement.
pub(crate) fn show_agreement(inputs: &Inputs, round: Option<&str>, json: bool) -> Result<(), Failure> {
    let outcome = compute::agreement(inputs, round).map_err(refused)?;
    show("tessera/agreement/1", inputs, &outcome, json, |outcome| {
        print_table(&HEADER, &outcome.rows.iter().map(cells).collect::<Vec<_>>())?;
        print_advice(&outcome.beside)
    })
}

const HEADER: [&str; 10] =
    ["criterion", "metric", "alpha", "low", "high", "units", "values", "icc1", "icck", "note"];

fn cells(row: &AgreementRow) -> Vec<String> {
    vec![
        row.criterion.clone(),
        row.metric.name().to_owned(),
        figure(row.alpha),
        figure(row.low),
        figure(row.high),
        row.units.to_string(),
        row.values.to_string(),
        figure(row.icc1),
        figure(row.icck),
        row.reason.map_or("", |reason| reason.code()).to_owned(),
    ]
}

/// Prints what a result says, and what to do.
pub(crate) fn print_advice(advice: &Advice) -> Result<(), Failure> {
    print(&format!("\n{}\n{}\n", shown(&advice.sentence.text()), shown(&advice.act.text())))
}
