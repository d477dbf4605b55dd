//! `tessera moderation`: which applications want a person's judgement before the order decides and why, and the verdict with its
//! reason. Scores stand there without names, and no verdict changes one.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_engine::moderation::Moderated;
use tessera_engine::programme::round;
use tessera_model::documents::Settled;
use tessera_model::moderation::{ModerationRow, Reason};
use tessera_model::programme::Programme;

use super::application::must_coordinate;
use super::compute::refused;
use super::programme::text;
use super::round::must_have_round;
use super::scores::{Figures, inputs_of};
use crate::applications::Applications;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::names::Names;
use crate::output::{Answer, print};

/// The word that takes a verdict back.
const NONE: &str = "none";

/// Arguments of `moderation`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List what wants a verdict in a round and why, and what was settled
    List(List),
    /// Give a verdict on one application's reviews in a round; no verdict changes a score
    Set(Set),
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    figures: Figures,
    /// Only those of this state: open (no verdict stands on the scores that count), settled
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
}

#[derive(Debug, Args)]
struct Set {
    /// Key of the application, or the beginning of its id
    application: String,
    /// keep (the order stands as the scores make it), another-reader (somebody else should read it), meeting (the meeting
    /// talks about it), or none (take the verdict back)
    verdict: String,
    /// Why
    #[arg(long, value_name = "T")]
    reason: String,
    /// Of this round; else of the first
    #[arg(long, value_name = "KEY")]
    round: Option<String>,
}

/// Runs `moderation`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::List(list) => self::list(list, context),
        What::Set(set) => self::set(set, context),
    }
}

/// A verdict as JSON.
pub(crate) fn moderated_json(moderated: &Moderated, names: &Names) -> Value {
    let name = |member: Option<_>| member.map(|member| names.name(member));
    let word = moderated.said.first().filter(|_| !moderated.contested).map(|said| said.what.as_str());
    let sides = moderated.said.iter().filter(|_| moderated.contested);
    let sides: Vec<Value> = sides.map(|said| json!({ "by": name(said.by), "verdict": said.what })).collect();
    json!({
        "verdict": word.unwrap_or("contested"), "reason": moderated.reason,
        "by": moderated.by.iter().map(|member| names.name(*member)).collect::<Vec<_>>(),
        "sides": sides, "outdated": moderated.outdated,
    })
}

fn list(list: &List, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let names = Names::of(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let key = round_or_first(&programme, list.figures.round.as_deref())?;
    let figures = Figures { round: Some(key.clone()), seed: list.figures.seed };
    let (inputs, programme) = inputs_of(&figures, &mut session)?;
    let (wanted, moderated) = session.together(|acts| {
        let wanted = acts.wants_moderation(&programme, &inputs)?;
        let reviews = acts.tallies()?;
        Ok((wanted, acts.moderations(&reviews)?))
    })?;
    let wanted = wanted.map_err(refused)?;
    let mut given: BTreeMap<String, &Moderated> = moderated
        .iter()
        .filter(|one| one.round == round(&key))
        .map(|one| (applications.label(one.application), one))
        .collect();
    let mut rows = Vec::new();
    for row in &wanted.rows {
        let verdict = given.remove(&row.application);
        if !row.reasons.is_empty() || verdict.is_some() {
            rows.push(line(&row.application, Some(row), verdict, &names));
        }
    }
    // What has a verdict, and no review that counts any more.
    rows.extend(given.into_iter().map(|(application, one)| line(&application, None, Some(one), &names)));
    let open = rows.iter().filter(|row| row["state"] == "open").count();
    rows.retain(|row| list.state.as_deref().is_none_or(|state| row["state"] == state));
    let warnings = inputs.warnings.iter().chain(&wanted.warnings).cloned();
    Answer::new("moderation-list", rows)
        .warnings(warnings)
        .with("round", key.as_str())
        .with("line", wanted.line)
        .with("open", open)
        .show_as(context, |answer| {
            if answer.rows().is_empty() {
                return match &list.state {
                    Some(state) => print(&format!("nothing is {state}\n")),
                    None => print("nothing wants a verdict\n"),
                };
            }
            let header = ["application", "place", "total", "readers' totals", "why", "verdict", "reason"];
            answer.table(&header, cells)
        })?;
    if open > 0 {
        context.hint("next: tessera moderation set APPLICATION keep|another-reader|meeting --reason T");
    }
    Ok(())
}

fn line(application: &str, row: Option<&ModerationRow>, verdict: Option<&Moderated>, names: &Names) -> Value {
    let mut reads: Vec<_> = row.into_iter().flat_map(|row| &row.reads).collect();
    // Not in the order of readers: names are elsewhere.
    reads.sort_by(|one, other| other.total.total_cmp(&one.total));
    let reads: Vec<Value> =
        reads.iter().map(|read| json!({ "total": read.total, "complete": read.complete })).collect();
    let reasons: Vec<_> = row.into_iter().flat_map(|row| &row.reasons).map(Reason::saying).collect();
    json!({
        "application": application,
        "state": if verdict.is_some_and(Moderated::stands) { "settled" } else { "open" },
        "rank": row.and_then(|row| row.rank),
        "total": row.and_then(|row| row.total),
        "reads": reads,
        "reasons": reasons,
        "verdict": verdict.map(|one| moderated_json(one, names)),
    })
}

fn cells(row: &Value) -> Vec<String> {
    let all = |key: &str, cell: &dyn Fn(&Value) -> String| -> String {
        let cells = row[key].as_array().into_iter().flatten().map(cell);
        let cells: Vec<String> = cells.collect();
        if cells.is_empty() { "–".to_owned() } else { cells.join(", ") }
    };
    let figure =
        |value: &Value| value.as_f64().map_or_else(|| "–".to_owned(), |figure| format!("{figure:.2}"));
    let why = |reason: &Value| text(&reason["code"]).trim_start_matches("moderation-").to_owned();
    let verdict = match (&row["verdict"], row["verdict"]["outdated"] == true) {
        (Value::Null, _) => "–".to_owned(),
        (verdict, false) => text(&verdict["verdict"]),
        (verdict, true) => format!("{} (scores changed)", text(&verdict["verdict"])),
    };
    vec![
        text(&row["application"]),
        text(&row["rank"]),
        figure(&row["total"]),
        all("reads", &|read| figure(&read["total"])),
        all("reasons", &why),
        verdict,
        text(&row["verdict"]["reason"]).replace('\n', " / "),
    ]
}

/// The round that is meant, else the first.
fn round_or_first(programme: &Programme, wanted: Option<&str>) -> Result<String, Failure> {
    if let Some(key) = wanted {
        must_have_round(programme, key)?;
        return Ok(key.to_owned());
    }
    let first = programme.rounds.first().map(|one| one.key.to_string());
    first.ok_or_else(|| Failure::new(Exit::NotFound, "no-such-round", "the programme has no rounds"))
}

fn parse_verdict(word: &str) -> Result<Option<Settled>, Failure> {
    if word == NONE {
        return Ok(None);
    }
    let settled = Settled::parse(word).ok_or_else(|| {
        Failure::new(Exit::BadInput, "verdict-unknown", format!("`{word}` is no verdict"))
            .hint("keep, another-reader, meeting, or none (take the verdict back)")
    });
    settled.map(Some)
}

fn set(set: &Set, context: &Context) -> Result<(), Failure> {
    let settled = parse_verdict(&set.verdict)?;
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let id = applications.find(&set.application)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let key = round_or_first(&programme, set.round.as_deref())?;
    let changed = session.together(|acts| {
        let changed = acts.moderate(&programme, id, &key, settled, &set.reason)?;
        acts.hand_over()?;
        Ok(changed)
    })?;
    let row = json!({
        "application": applications.label(id), "round": key, "verdict": set.verdict, "changed": changed,
    });
    Answer::new("moderation-set", vec![row]).show(
        context,
        &["application", "round", "verdict", "changed"],
        |row| ["application", "round", "verdict", "changed"].map(|key| text(&row[key])).to_vec(),
    )
}
