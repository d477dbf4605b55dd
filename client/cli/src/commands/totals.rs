//! `tessera totals`: the workbench's totals, of what counts in this programme.

use super::scores::{Figures, inputs};
use crate::commands::compute::show_totals;
use crate::context::Context;
use crate::failure::Failure;

/// Runs `totals`.
pub(crate) fn run(figures: &Figures, context: &Context) -> Result<(), Failure> {
    show_totals(&inputs(figures, context)?, figures.round.as_deref(), context.json)
}
