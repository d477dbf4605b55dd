//! `tessera assign`: who reads what. A table, or a solution, is checked and staged on this device; `publish` gives
//! cards, keys and dossiers.

pub(crate) mod solve;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_driver::assigning;
use tessera_driver::assigning::table::{self, Named, RefusedRow, Taken, Way};
use tessera_engine::assignments::{Pair, Published};
use tessera_model::documents::AssignmentState;
use tessera_model::input::Warning;
use tessera_model::programme::Programme;
use tessera_model::table::MAX_FILE_BYTES;
use tessera_protocol::ids::ApplicationId;

use super::application::{must_coordinate, round_key};
use super::programme::text;
use crate::applications::Applications;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::names::{Find as _, Names};
use crate::output::{Answer, print, print_table};

/// Arguments of `assign`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Check a table of pairs and stage it: application,reviewer[,round]
    Import(Import),
    /// Find who reads what, as good as can be under every rule, and stage it
    Solve(Box<solve::Solve>),
    /// Why an application has this reviewer, or why not
    Explain(Box<solve::Explain>),
    /// Publish what is staged: readers get cards, keys and dossiers
    Publish,
    /// List who reads what, and what is staged
    List(List),
}

#[derive(Debug, Args)]
struct Import {
    /// CSV: application,reviewer[,round]; the reviewer by name, label or id
    #[arg(value_name = "CSV")]
    table: PathBuf,
    /// Round, where the table has no such column; the first one if not said
    #[arg(long, value_name = "KEY")]
    round: Option<String>,
    /// Take these pairs back instead
    #[arg(long)]
    remove: bool,
    /// Stage applications that are not eligible, for a reason
    #[arg(long, requires = "reason")]
    force: bool,
    /// Why they are forced or taken back
    #[arg(long, value_name = "T")]
    reason: Option<String>,
    /// Forget everything that was staged before
    #[arg(long)]
    anew: bool,
    /// Only check; nothing is staged
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct List {
    /// Only what is staged
    #[arg(long)]
    staged: bool,
}

/// Runs `assign`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::Import(import) => self::import(import, context),
        What::Solve(arguments) => solve::solve(arguments, context),
        What::Explain(arguments) => solve::why(arguments, context),
        What::Publish => publish(context),
        What::List(list) => self::list(list, context),
    }
}

/// Runs `assignment`: the same without staging.
pub(crate) fn assignment(wanted: &solve::Wanted, context: &Context) -> Result<(), Failure> {
    solve::show(wanted, true, context)
}

/// A row that is refused.
fn refused_row(file: &str, refused: &RefusedRow) -> Value {
    let RefusedRow { row, column, code, message, about: _ } = refused;
    json!({ "file": file, "row": row, "column": column, "code": code, "message": message })
}

fn import(import: &Import, context: &Context) -> Result<(), Failure> {
    let name = import.table.display().to_string();
    let bytes = files::read(&import.table, MAX_FILE_BYTES)?;
    let table = table::read(&bytes, &name)?;
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let applications = Applications::of(&mut session)?;
    let names = Names::of(&mut session)?;
    let way = Way {
        round: import.round.as_deref(),
        take_back: import.remove,
        reason: import.reason.as_deref().unwrap_or_default(),
        force: import.force,
        dry_run: import.dry_run,
        anew: import.anew,
    };
    let find = |key: &str| applications.find(key).ok();
    let Taken { staged, already, refused, undecided } =
        table::take(&mut session, &programme, &table, &way, find, |name| names.find(name).ok())?;
    let rows: Vec<Value> = staged.iter().map(|named| pair_json(named, &programme, import.remove)).collect();
    let refused: Vec<Value> = refused.iter().map(|one| refused_row(&name, one)).collect();
    none_taken(rows.len() + already, &refused)?;
    let mut warnings = Vec::new();
    if !undecided.is_empty() {
        let keys: Vec<String> = undecided.into_iter().collect();
        let undecided =
            Warning::new("eligibility-undecided", "not every condition has a verdict yet: {applications}");
        warnings.push(undecided.with("applications", &keys[..]));
    }
    let staged = rows.len();
    Answer::new("assign-import", rows)
        .with("staged", staged)
        .with("already", already)
        .with("refused", refused.clone())
        .with("dry_run", import.dry_run)
        .warnings(warnings)
        .show_as(context, |_| {
            print(&format!("staged {staged}, already {already}, refused {}\n", refused.len()))?;
            print_refused(&refused)
        })?;
    if import.dry_run {
        context.hint("nothing was changed; without --dry-run it is staged");
    } else if staged > 0 {
        context.hint("next: `tessera assign publish` gives readers their cards and dossiers");
    }
    Ok(())
}

fn pair_json(named: &Named, programme: &Programme, take_back: bool) -> Value {
    json!({
        "application": named.key, "reviewer": named.reviewer, "member": named.pair.member.to_string(),
        "round": round_key(programme, named.pair.round), "take_back": take_back, "row": named.row,
    })
}

/// Fails where nothing of a table was taken and something was refused.
pub(crate) fn none_taken(taken: usize, refused: &[Value]) -> Result<(), Failure> {
    let Some(first) = refused.first().filter(|_| taken == 0) else { return Ok(()) };
    let hint = match refused.len() {
        1 => "put the row right and run the command again; nothing was changed".to_owned(),
        count => format!("and {} more rows; nothing was changed", count - 1),
    };
    let message = text(&first["message"]);
    Err(Failure::new(Exit::BadInput, first["code"].as_str().unwrap_or("bad-input"), message)
        .at(&text(&first["file"]), first["row"].as_u64(), first["column"].as_str())
        .hint(hint))
}

/// Prints refused rows for people.
pub(crate) fn print_refused(refused: &[Value]) -> Result<(), Failure> {
    const SHOWN: usize = 30;
    if refused.is_empty() {
        return Ok(());
    }
    let cells: Vec<Vec<String>> = refused
        .iter()
        .take(SHOWN)
        .map(|one| ["row", "column", "code", "message"].map(|key| text(&one[key])).to_vec())
        .collect();
    print_table(&["row", "column", "code", "why"], &cells)?;
    match refused.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => print(&format!("and {more} more; --json shows all\n")),
        None => Ok(()),
    }
}

fn publish(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let staged = session.together(|acts| acts.staged())?.len();
    let published = assigning::publish(&mut session, &programme, |done| {
        context.hint(&format!("{done} of {staged} assignments"));
    })?;
    let Published { assigned, taken_back, barred } = published;
    let rows = vec![json!({ "assigned": assigned, "taken_back": taken_back, "barred": barred })];
    Answer::new("assign-publish", rows)
        .with("assigned", assigned)
        .with("taken_back", taken_back)
        .with("barred", barred)
        .show(context, &["assigned", "taken back", "barred"], |row| {
            ["assigned", "taken_back", "barred"].map(|key| text(&row[key])).to_vec()
        })?;
    if barred > 0 {
        context.hint(
            "something stands in the way of some pairs by now; `tessera assign list --staged` shows them",
        );
    } else if staged == 0 {
        context.hint("nothing was staged; `tessera assign import CSV` stages");
    } else {
        context.hint("next: `tessera sync`, or `tessera bundle export`, takes them to the readers");
    }
    Ok(())
}

fn list(list: &List, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let applications = Applications::of(&mut session)?;
    let names = Names::of(&mut session)?;
    let staged = session.together(|acts| acts.staged())?;
    let mut rows: Vec<(ApplicationId, Value)> = Vec::new();
    let mut add = |pair: Pair, state: &str, place: u32, reason: &str| {
        let row = json!({
            "application": applications.label(pair.application), "reviewer": names.name(pair.member),
            "member": pair.member.to_string(), "round": round_key(&programme, pair.round),
            "state": state, "place": place, "reason": reason,
        });
        rows.push((pair.application, row));
    };
    if !list.staged {
        for (pair, assignment) in session.together(|acts| acts.assignments())? {
            let state = assignment.state.map_or("contested", AssignmentState::as_str);
            add(pair, state, assignment.place, &assignment.reason);
        }
    }
    for one in staged {
        let state = if one.take_back { "staged-to-take-back" } else { "staged" };
        add(one.pair, state, one.place, &one.reason);
    }
    rows.sort_by(|(_, one), (_, other)| {
        let key = |row: &Value| (text(&row["application"]).into_bytes(), text(&row["reviewer"]));
        key(one).cmp(&key(other))
    });
    let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
    Answer::new("assign-list", rows).show(
        context,
        &["application", "reviewer", "round", "state", "place", "reason"],
        |row| {
            ["application", "reviewer", "round", "state", "place", "reason"]
                .map(|key| text(&row[key]))
                .to_vec()
        },
    )
}
