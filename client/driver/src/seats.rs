//! Who would have a seat by the order as it stands. Not a decision: it is calculated and stored nowhere.

use tessera_model::compute::{self, File, Inputs};
use tessera_model::programme::Programme;
use tessera_solve::compute::ranked;
use tessera_solve::selection::{Pool, Seats, Selection, Unselected, select};

use crate::session::{Session, SessionError};

/// What counts, as the arithmetic takes it; none where it cannot. Readers go by their ids.
///
/// # Errors
/// [`SessionError`].
pub fn counting(session: &mut Session, programme: &Programme) -> Result<Option<Inputs>, SessionError> {
    let inputs = session.together(|acts| {
        let table = acts.scores(programme, |member| member.to_string())?;
        acts.inputs(programme, &table, None, 0)
    })?;
    Ok(inputs.ok())
}

/// Who would have a seat; none where nothing counts yet, the programme names no seats, or its quotas can be met by nobody.
///
/// # Errors
/// [`SessionError`].
pub fn seated(session: &mut Session, programme: &Programme) -> Result<Option<Selection>, SessionError> {
    let Ok(seats) = Seats::of(programme) else { return Ok(None) };
    let Some(inputs) = counting(session, programme)? else { return Ok(None) };
    let Ok(fields) = session.together(|acts| acts.selection_fields(programme))? else { return Ok(None) };
    let Ok(order) = compute::ranking(&inputs, None) else { return Ok(None) };
    if order.rows.is_empty() {
        return Ok(None);
    }
    // The decimals that the workbench would read in the ranking's JSON.
    let Ok(text) = serde_json::to_vec(&order.rows) else { return Ok(None) };
    let selection = ranked(&File { name: "the ranking", bytes: &text })
        .map_err(Unselected::from)
        .and_then(|ranked| Pool::new(ranked, &seats, Some(&fields), inputs.seed))
        .and_then(|pool| select(&pool, &seats, None, inputs.seed));
    Ok(selection.ok())
}
