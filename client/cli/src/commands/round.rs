//! `tessera round`: the rounds of the programme, whether their dates hold, and closing one. What a coordinator's device holds when it closes came in
//! time; what comes later waits for a decision.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use tessera_driver::clock::now_ms;
use tessera_driver::pace::RoundPace;
use tessera_engine::programme::round;
use tessera_model::programme::Programme;

use super::application::must_coordinate;
use super::programme::text;
use super::status::time;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Answer, print, shown};

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
    /// How many reads remain in each open round, and whether its date holds at the pace of the last weeks
    Pace {
        /// Reckon as if it were this moment, such as 2019-04-20T12:00:00Z; else now
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
    },
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
        What::Pace { at } => pace(*at, context),
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

fn pace(at: Option<Timestamp>, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let now_ms = match at {
        Some(at) => u64::try_from(at.as_millisecond())
            .map_err(|_| Failure::new(Exit::Usage, "usage", "no time before 1970 is taken"))?,
        None => now_ms(),
    };
    let rounds = tessera_driver::pace::pace(&mut session, &programme, now_ms)?;
    let row = |one: &RoundPace| {
        let advice = one.pace.advice();
        json!({
            "round": one.round, "remaining": one.remaining, "holds": one.pace.holds.word(), "weeks": one.pace.weeks,
            "closes": one.closes_ms.map(time), "done": one.pace.done_ms.map(time),
            "sentence": advice.sentence, "act": advice.act, "rests_on": one.pace.rests_on(),
        })
    };
    let rows: Vec<Value> = rounds.iter().map(row).collect();
    Answer::new("round-pace", rows).method(json!({ "at": time(now_ms) })).show_as(context, |answer| {
        if rounds.is_empty() {
            return print("nothing is read or to be read in a round that is open\n");
        }
        answer.table(&["round", "remaining", "date holds", "closes", "done by"], |row| {
            ["round", "remaining", "holds", "closes", "done"].map(|field| text(&row[field])).to_vec()
        })?;
        for one in &rounds {
            let advice = one.pace.advice();
            let lines = [advice.sentence.text(), advice.act.text(), one.pace.rests_on().text()];
            print(&format!("\n{}: {}\n", shown(&one.round), shown(&lines.join("\n"))))?;
        }
        Ok(())
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
