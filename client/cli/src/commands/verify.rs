//! `tessera verify`: everything worked out from the packs a second time, and compared.

use std::ops::ControlFlow;

use serde_json::json;
use tessera_driver::care::{Checked, check};
use tessera_model::input::Warning;
use tessera_model::sentence::Parameter;

use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Answer, print, print_table};

/// Runs `verify`.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let Checked { report, missing } = check(&mut session, &mut |_, _| ControlFlow::Continue(()))?;
    let rows: Vec<_> = report
        .differences
        .iter()
        .map(|difference| json!({ "code": difference.code, "about": difference.about }))
        .collect();
    let bad = rows.len();
    let warnings = (missing > 0).then(|| {
        Warning::new("packs-missing", "{missing} packs that others build on are not here yet")
            .with("missing", Parameter::Count(missing))
    });
    Answer::new("verify", rows)
        .with("packs", report.packs)
        .with("documents", report.documents)
        .with("changes", report.changes)
        .with("missing", missing)
        .warnings(warnings)
        .show_as(context, |answer| {
            print(&format!(
                "{} packs, {} documents and {} changes were worked out again.\n",
                report.packs, report.documents, report.changes
            ))?;
            if answer.rows().is_empty() {
                return print("Everything here is as the packs say.\n");
            }
            let rows: Vec<Vec<String>> =
                answer.rows().iter().map(|row| vec![text(&row["code"]), text(&row["about"])]).collect();
            print_table(&["what", "about"], &rows)
        })?;
    if bad > 0 {
        return Err(Failure::new(
            Exit::Damaged,
            "differs",
            format!("{bad} things here are not as the packs say"),
        )
        .hint("`tessera repair` works them out again; nothing that is whole is touched"));
    }
    Ok(())
}
