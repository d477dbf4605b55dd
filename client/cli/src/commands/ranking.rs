//! `tessera ranking`: the workbench's order, of what counts in this programme.

use super::scores::{Figures, inputs};
use crate::commands::compute::show_ranking;
use crate::context::Context;
use crate::failure::Failure;

/// Runs `ranking`.
pub(crate) fn run(figures: &Figures, context: &Context) -> Result<(), Failure> {
    show_ranking(&inputs(figures, context)?, figures.round.as_deref(), context.json)
}
