//! `tessera review hand-back`: an application that its reader cannot read, and knows of no conflict of interest.

use clap::Args;
use serde_json::json;

use crate::applications::Applications;
use crate::commands::conflict::access_ends;
use crate::commands::programme::text;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Answer;

/// Arguments of `review hand-back`.
#[derive(Debug, Args)]
pub(super) struct HandBack {
    /// The application, as `review list` names it
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// Why you cannot read it
    #[arg(long, value_name = "T")]
    reason: String,
}

/// Runs `review hand-back`.
pub(super) fn run(back: &HandBack, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let applications = Applications::of(&mut session)?;
    let id = applications.find(&back.application)?;
    session.together(|acts| {
        acts.hand_back(id, &back.reason)?;
        acts.hand_over()
    })?;
    let row = json!({
        "application": applications.label(id), "reason": back.reason.trim(), "dossier_removed": true,
    });
    let columns = ["application", "reason"];
    Answer::new("review-hand-back", vec![row])
        .warnings([access_ends()])
        .show(context, &columns, |row| columns.map(|key| text(&row[key])).to_vec())?;
    context.hint("next: `tessera sync`, or `tessera bundle export`, tells the coordinators");
    Ok(())
}
