//! `tessera round`: the rounds of the programme, and closing one. What a coordinator's device holds when it closes came in
//! time; what comes later waits for a decision.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_engine::programme::round;
use tessera_model::programme::Programme;

use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Answer;

/// Arguments of `round`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the rounds
    List,
    /// Close a round with everything that is here
    Close {
        /// Key of the round
        #[arg(value_name = "ROUND")]
        round: String,
    },
}

/// Runs `round`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::List => list(context),
        What::Close { round } => close(round, context),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let closes = session.engine().permission().closes.clone();
    let rows: Vec<Value> = programme
        .rounds
        .iter()
        .map(|one| {
            let closed = closes.get(&round(one.key.as_str()));
            let mut row = serde_json::to_value(one).unwrap_or_default();
            if let Some(fields) = row.as_object_mut() {
                fields.insert("round".to_owned(), one.key.as_str().into());
                fields.insert("closed".to_owned(), closed.is_some().into());
            }
            row
        })
        .collect();
    Answer::new("round-list", rows).show(context, &["round", "blind", "reads", "closes", "closed"], |row| {
        let closed = if row["closed"] == true { "yes" } else { "no" };
        let blind = if row["blind"] == true { "yes" } else { "no" };
        vec![
            text(&row["round"]),
            blind.to_owned(),
            text(&row["reads"]),
            text(&row["closes"]),
            closed.to_owned(),
        ]
    })
}

/// Fails where the programme has no such round.
pub(crate) fn must_have_round(programme: &Programme, key: &str) -> Result<(), Failure> {
    if programme.round(key).is_some() {
        return Ok(());
    }
    let message = format!("the programme has no round `{key}`");
    Err(Failure::new(Exit::NotFound, "no-such-round", message).hint("`tessera round list` shows them"))
}

fn close(key: &str, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    must_have_round(&programme, key)?;
    let frontier = session.work(|engine| engine.close(round(key)))?;
    let chains = frontier.chains().count();
    let row = json!({ "round": key, "closed": true, "chains": chains });
    Answer::new("round-close", vec![row]).show(context, &["round", "closed", "in time"], |row| {
        vec![text(&row["round"]), "yes".to_owned(), format!("the work of {} devices", text(&row["chains"]))]
    })?;
    context.hint("what comes later waits in `tessera queue list`; next: `tessera sync`");
    Ok(())
}
