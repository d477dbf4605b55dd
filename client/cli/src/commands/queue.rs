//! `tessera queue`: the merge desk. What waits for a person, each in one sentence with one recommended act and its
//! reason; and deciding it.

use std::collections::BTreeSet;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use tessera_engine::queue::Waiting;
use tessera_vault::items::Verdict;

use super::programme::text;
use super::status::Labels;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::names::Names;
use crate::output::{Answer, print, shown};

/// Arguments of `queue`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show what waits for a decision
    List,
    /// Decide one item
    Decide(Decide),
}

#[derive(Debug, Args)]
struct Decide {
    /// The item, as `queue list` shows it; the beginning is enough
    #[arg(value_name = "ID")]
    id: String,
    /// What is decided
    #[arg(value_enum)]
    verdict: Word,
    /// Why; kept with the decision
    #[arg(long, value_name = "T")]
    reason: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    /// It counts; of several sides this one holds
    Accept,
    /// It does not count
    SetAside,
    /// The author is asked first
    Ask,
}

/// Runs `queue`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::List => list(context),
        What::Decide(decide) => self::decide(decide, context),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let (names, labels) = (Names::of(&mut session)?, Labels::of(&mut session)?);
    let mut waiting = session.together(|acts| acts.queue())?;
    waiting.extend(session.together(|acts| acts.queue_notices())?);
    let rows: Vec<Value> = waiting.iter().map(|one| row(one, &names, &labels)).collect();
    Answer::new("queue-list", rows).show_as(context, |answer| {
        if answer.rows().is_empty() {
            return print("Nothing waits for a decision.\n");
        }
        answer.rows().iter().try_for_each(|row| print(&paragraph(row)))
    })?;
    if !waiting.is_empty() {
        context.hint("next: `tessera queue decide ID accept|set-aside|ask --reason \"…\"`");
    }
    Ok(())
}

/// An item as scripts see it.
fn row(one: &Waiting, names: &Names, labels: &Labels) -> Value {
    let applications: BTreeSet<String> =
        one.applications.iter().map(|(id, _)| labels.application(*id)).collect();
    let rounds: BTreeSet<String> =
        one.applications.iter().filter_map(|(_, round)| *round).map(|round| labels.round(round)).collect();
    json!({
        "id": one.id,
        "class": one.class.as_str(),
        "code": one.code,
        "sentence": one.sentence,
        "recommended": one.act.as_str(),
        "reason": one.reason,
        "reviewer": one.member.map(|member| names.handle(member)),
        "member": one.member.map(|member| member.to_string()),
        "applications": applications,
        "rounds": rounds,
        "place": (!one.place.is_empty()).then_some(&one.place),
        "this_side": one.says.first(),
        "other_sides": one.says.get(1..).unwrap_or_default(),
        "asked": one.asked,
        "packs": one.packs.len(),
    })
}

/// An item as people see it: one sentence, one act, one reason.
fn paragraph(row: &Value) -> String {
    let list = |field: &str| -> Vec<String> {
        row[field].as_array().into_iter().flatten().map(|value| shown(&text(value))).collect()
    };
    let applications = list("applications");
    let about = match applications.len() {
        0 => String::new(),
        1..=4 => format!(" {}", applications.join(", ")),
        more => format!(" {} and {} more", applications[..3].join(", "), more - 3),
    };
    let whose =
        row["reviewer"].as_str().map(|reviewer| format!(" ({})", shown(reviewer))).unwrap_or_default();
    let mut text = format!("{}{about}{whose}: {}", shown_of(row, "id"), shown_of(row, "sentence"));
    if let Some(side) = row["this_side"].as_str().filter(|side| !side.is_empty()) {
        text.push_str(&format!("\n    this side says: {}", shown(side)));
        for other in list("other_sides") {
            text.push_str(&format!("\n    another says:   {other}"));
        }
    }
    let asked = if row["asked"] == true { " The author was asked already." } else { "" };
    text + &format!(
        "\n    recommended: {} – {}.{asked}\n",
        shown_of(row, "recommended"),
        shown_of(row, "reason")
    )
}

fn shown_of(row: &Value, field: &str) -> String {
    shown(row[field].as_str().unwrap_or_default())
}

fn decide(decide: &Decide, context: &Context) -> Result<(), Failure> {
    if decide.reason.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "reason-needed", "a decision needs a reason")
            .hint("--reason \"what you know, from whom\""));
    }
    let verdict = match decide.verdict {
        Word::Accept => Verdict::Accept,
        Word::SetAside => Verdict::SetAside,
        Word::Ask => Verdict::Ask,
    };
    let mut session = context.session()?;
    let (names, labels) = (Names::of(&mut session)?, Labels::of(&mut session)?);
    let id = decide.id.to_ascii_lowercase();
    let item = session.together(|acts| {
        let item = acts.decide(&id, verdict, decide.reason.trim())?;
        acts.hand_over()?;
        Ok(item)
    })?;
    let left = session.together(|acts| acts.queue())?.len();
    let mut row = row(&item, &names, &labels);
    let word = decide.verdict.to_possible_value().map(|value| value.get_name().to_owned());
    row["decided"] = json!(word);
    row["left"] = json!(left);
    Answer::new("queue-decide", vec![row]).show(context, &["id", "decided", "about", "left"], |row| {
        let applications = row["applications"].as_array().map_or(0, Vec::len);
        vec![
            text(&row["id"]),
            text(&row["decided"]),
            format!("{} {} application(s)", text(&row["code"]), applications),
            text(&row["left"]),
        ]
    })
}
