//! Orders, corrections and selections as tables that leave the home: applications by their keys, and no reader.

use serde::Serialize;
use tessera_engine::export::figures::Figures;
use tessera_model::calibration::CalibrationRow;
use tessera_model::ranking::RankRow;
use tessera_solve::selection::{Row, Selection};

use super::Contents;
use crate::failure::Failure;

/// What is not known is an empty cell.
fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn contents(mut table: Figures, rows: &impl Serialize, demo: bool) -> Result<Contents, Failure> {
    if demo {
        table.mark_demo();
    }
    let rows = serde_json::to_value(rows).map_err(|error| Failure::new("bug", error.to_string()))?;
    Ok(Contents::Figures(Box::new(table), rows))
}

/// The order.
pub(super) fn ranking(rows: &[RankRow], demo: bool) -> Result<Contents, Failure> {
    let mut table = Figures::new("ranking", &["application", "rank", "total", "tied_with", "tie_broken_by"]);
    table.rows.extend(rows.iter().map(|row| {
        vec![
            row.application.clone(),
            cell(row.rank),
            cell(row.total),
            row.tied_with.join(";"),
            cell(row.tie_broken_by.as_ref()),
        ]
    }));
    contents(table, &rows, demo)
}

/// The order corrected for severity; without it where the light withholds it.
pub(super) fn calibration(rows: &[CalibrationRow], demo: bool) -> Result<Contents, Failure> {
    let columns = [
        "application",
        "n",
        "raw",
        "raw_rank",
        "calibrated",
        "sd",
        "expected_rank",
        "p_seat",
        "band",
        "rank",
    ];
    let mut table = Figures::new("calibration", &columns);
    table.rows.extend(rows.iter().map(|row| {
        vec![
            row.application.clone(),
            row.n.to_string(),
            cell(row.raw),
            cell(row.raw_rank),
            cell(row.calibrated),
            cell(row.sd),
            cell(row.expected_rank),
            cell(row.p_seat),
            cell(row.band),
            cell(row.rank),
        ]
    }));
    contents(table, &rows, demo)
}

/// Who would be selected.
pub(super) fn selection(selection: &Selection, demo: bool) -> Result<Contents, Failure> {
    let columns = ["application", "place", "rank", "total", "outcome", "passed_over_by"];
    let mut table = Figures::new("selection", &columns);
    table.rows.extend(selection.rows.iter().map(|row: &Row| {
        vec![
            row.application.clone(),
            cell(row.place),
            cell(row.rank),
            cell(row.total),
            row.outcome.to_owned(),
            cell(row.constraint.as_ref()),
        ]
    }));
    contents(table, selection, demo)
}
