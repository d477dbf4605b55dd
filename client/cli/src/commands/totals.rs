//! `tessera totals`: the workbench's totals, of what counts in this programme.

use tessera_model::compute;

use super::outlook::{nothing_yet, own_act};
use super::scores::{Figures, inputs_of};
use crate::commands::compute::{print_totals, refused, show};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::print;

/// Runs `totals`.
pub(crate) fn run(figures: &Figures, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let (inputs, _) = inputs_of(figures, &mut session)?;
    let mut outcome = compute::totals(&inputs, figures.round.as_deref()).map_err(refused)?;
    if !session.engine().is_coordinator() {
        outcome.beside.act = own_act();
    }
    let (state, hint) = nothing_yet(session.engine().is_coordinator());
    show("tessera/totals/1", &inputs, &outcome, context.json, |outcome| {
        if outcome.rows.is_empty() { print(state) } else { print_totals(&outcome.rows, &outcome.beside) }
    })?;
    if outcome.rows.is_empty() {
        context.hint(hint);
    }
    Ok(())
}
