//! `tessera ranking`: the workbench's order, of what counts in this programme.

use tessera_model::compute::{self, Outcome};

use super::outlook::{Outlook, nothing_yet};
use super::scores::{Figures, inputs_of};
use crate::commands::compute::{print_ranking, refused, show};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::print;

/// Runs `ranking`.
pub(crate) fn run(figures: &Figures, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let (inputs, programme) = inputs_of(figures, &mut session)?;
    let round = figures.round.as_deref();
    let Outcome { method, mut warnings, beside, rows } = compute::ranking(&inputs, round).map_err(refused)?;
    let placeless = rows.iter().filter(|row| row.rank.is_none()).map(|row| row.application.clone());
    let outlook = Outlook::of(&mut session, &programme, &inputs.scores, round, placeless)?;
    warnings.extend(outlook.warnings());
    let outcome = Outcome { method, warnings, beside: outlook.told(beside), rows };
    let (state, hint) = nothing_yet(session.engine().is_coordinator());
    show("tessera/ranking/1", &inputs, &outcome, context.json, |outcome| {
        if outcome.rows.is_empty() {
            print(state)
        } else {
            print_ranking(&outcome.rows, &outcome.beside.advice)
        }
    })?;
    if outcome.rows.is_empty() {
        context.hint(hint);
    }
    Ok(())
}
