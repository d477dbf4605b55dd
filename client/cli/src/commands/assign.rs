//! `tessera assign`: who reads what. A table, or a solution, is checked and staged on this device; `publish` gives
//! cards, keys and dossiers.

pub(crate) mod solve;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_driver::session::Session;
use tessera_engine::assignments::{Bar, Pair, Staging};
use tessera_engine::programme::round;
use tessera_model::documents::AssignmentState;
use tessera_model::input::Warning;
use tessera_model::programme::Programme;
use tessera_model::table::{MAX_FILE_BYTES, Row, Table};
use tessera_protocol::ids::{ApplicationId, MemberId, RoundId};

use super::application::{must_coordinate, round_key};
use super::programme::text;
use crate::applications::Applications;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::names::{Find as _, Names};
use crate::output::{Answer, print, print_table};

/// Longest cell of a table of assignments, in bytes.
const MAX_CELL_BYTES: usize = 1024;
/// Pairs of one transaction.
const BATCH: usize = 100;

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

/// A pair of the table with its place.
struct Wanted {
    row: u64,
    key: String,
    reviewer: String,
    pair: Pair,
}

/// A row that is refused.
fn refused_row(file: &str, row: u64, column: &str, code: &str, message: impl Into<String>) -> Value {
    json!({ "file": file, "row": row, "column": column, "code": code, "message": message.into() })
}

fn import(import: &Import, context: &Context) -> Result<(), Failure> {
    let name = import.table.display().to_string();
    let bytes = files::read(&import.table, MAX_FILE_BYTES)?;
    let table = Table::read(&bytes, &name, MAX_CELL_BYTES)?;
    table.require("application")?;
    table.require("reviewer")?;
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let (wanted, mut refused) = wanted(import, &table, &programme, &mut session)?;
    let against_advice = import.reason.as_deref().filter(|_| import.force);
    let (mut rows, mut warnings, mut already) = (Vec::new(), Vec::new(), 0_usize);
    let mut undecided_keys: BTreeSet<&str> = BTreeSet::new();
    if import.anew && !import.dry_run {
        session.together(|acts| acts.unstage_all())?;
    }
    let mut places = session.together(|acts| acts.next_places())?;
    for batch in wanted.chunks(BATCH) {
        let stagings = stage(&mut session, import, &programme, batch, &mut places, against_advice)?;
        for (wanted, (staging, undecided)) in batch.iter().zip(stagings) {
            match staging {
                Staging::Staged => rows.push(pair_json(wanted, &programme, import.remove)),
                Staging::Already => already += 1,
                Staging::Barred(bar) => {
                    let message = format!("{} and {}: {}", wanted.key, wanted.reviewer, bar_words(&bar));
                    refused.push(refused_row(&name, wanted.row, bar_column(&bar), bar.code(), message));
                }
            }
            if undecided {
                undecided_keys.insert(wanted.key.as_str());
            }
        }
    }
    refused.sort_by_key(|one| one["row"].as_u64());
    none_taken(rows.len() + already, &refused)?;
    if !undecided_keys.is_empty() {
        let keys: Vec<&str> = undecided_keys.into_iter().collect();
        let message = format!("not every condition has a verdict yet: {}", keys.join(", "));
        warnings.push(Warning::new("eligibility-undecided", message));
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

/// The pairs of the table, and the rows that name none.
fn wanted(
    import: &Import,
    table: &Table,
    programme: &Programme,
    session: &mut Session,
) -> Result<(Vec<Wanted>, Vec<Value>), Failure> {
    let file = table.place.file.as_str();
    let applications = Applications::of(session)?;
    let names = Names::of(session)?;
    let cell = |row: &Row, name: &str| table.column(name).map(|at| row.cells[at].clone()).unwrap_or_default();
    let (mut wanted, mut refused) = (Vec::new(), Vec::new());
    let mut known: BTreeMap<String, Result<MemberId, &'static str>> = BTreeMap::new();
    for row in &table.rows {
        let (key, reviewer) = (cell(row, "application"), cell(row, "reviewer"));
        let mut refuse = |column: &str, code: &str, message: String| {
            refused.push(refused_row(file, row.number, column, code, message));
        };
        let Ok(application) = applications.find(&key) else {
            refuse("application", "application-unknown", format!("no application is called `{key}`"));
            continue;
        };
        if !known.contains_key(&reviewer) {
            let found = session.together(|acts| acts.members_called(&reviewer))?;
            let found: Vec<MemberId> = found.into_iter().collect();
            let member = match found[..] {
                [member] => Ok(member),
                [] => names.find(&reviewer).map_err(|_| "reviewer-unknown"),
                _ => Err("reviewer-ambiguous"),
            };
            known.insert(reviewer.clone(), member);
        }
        let member = match known[&reviewer] {
            Ok(member) => member,
            Err(code) => {
                let message = match code {
                    "reviewer-unknown" => format!("nobody is called `{reviewer}`"),
                    _ => format!("several members are called `{reviewer}`; write the id"),
                };
                refuse("reviewer", code, message);
                continue;
            }
        };
        let said = Some(cell(row, "round")).filter(|said| !said.is_empty()).or_else(|| import.round.clone());
        let in_round = match &said {
            Some(key) => programme.round(key),
            None => programme.rounds.first(),
        };
        let Some(in_round) = in_round else {
            let message = match said {
                Some(said) => format!("the programme has no round `{said}`"),
                None => "the programme has no round".to_owned(),
            };
            refuse("round", "round-unknown", message);
            continue;
        };
        let pair = Pair { member, application, round: round(in_round.key.as_str()) };
        wanted.push(Wanted { row: row.number, key, reviewer, pair });
    }
    Ok((wanted, refused))
}

type Places = BTreeMap<(MemberId, RoundId), u32>;

/// Stages a batch; each with whether a condition has no verdict yet.
fn stage(
    session: &mut Session,
    import: &Import,
    programme: &Programme,
    batch: &[Wanted],
    places: &mut Places,
    against_advice: Option<&str>,
) -> Result<Vec<(Staging, bool)>, Failure> {
    let mut places_now = places.clone();
    let staged = session.together(|acts| {
        let mut stagings = Vec::new();
        for Wanted { pair, .. } in batch {
            if import.remove {
                let reason = import.reason.as_deref().unwrap_or_default();
                let staging = match import.dry_run {
                    true if acts.is_assigned(*pair)? => Staging::Staged,
                    true => Staging::Already,
                    false => acts.stage_taking_back(*pair, reason)?,
                };
                stagings.push((staging, false));
                continue;
            }
            let place = places_now.entry((pair.member, pair.round)).or_insert(1);
            let staging = match import.dry_run {
                true if acts.is_assigned(*pair)? => Staging::Already,
                true => match acts.bar(programme, pair.application, pair.member)? {
                    Some(bar) if !(bar.yields_to_a_reason() && against_advice.is_some()) => {
                        Staging::Barred(bar)
                    }
                    _ => Staging::Staged,
                },
                false => acts.stage(programme, *pair, *place, against_advice)?,
            };
            *place += u32::from(staging == Staging::Staged);
            let judged = acts.eligibility(programme, pair.application)?;
            let undecided = staging == Staging::Staged
                && matches!(
                    judged.outcome,
                    tessera_model::documents::Outcome::Undecided(_)
                        | tessera_model::documents::Outcome::Contested(_)
                );
            stagings.push((staging, undecided));
        }
        Ok(stagings)
    })?;
    *places = places_now;
    Ok(staged)
}

fn bar_column(bar: &Bar) -> &'static str {
    match bar {
        Bar::Withdrawn | Bar::NotEligible(_) => "application",
        _ => "reviewer",
    }
}

/// What stands in the way, in words.
pub(crate) fn bar_words(bar: &Bar) -> String {
    match bar {
        Bar::Withdrawn => "the applicant withdrew".to_owned(),
        Bar::NotEligible(gates) => {
            format!("not eligible ({}); --force --reason T overrides", gates.join(", "))
        }
        Bar::Declared(_) => "the reviewer declared a conflict of interest or is unsure".to_owned(),
        Bar::StandingConflict(conflict) => {
            format!("a standing conflict of interest with `{}`; `conflict clear` lifts it", conflict.note)
        }
        Bar::Unchecked => "the check words of this member were not compared on this device".to_owned(),
        Bar::NotActive => "the member is suspended or was removed".to_owned(),
    }
}

fn pair_json(wanted: &Wanted, programme: &Programme, take_back: bool) -> Value {
    json!({
        "application": wanted.key, "reviewer": wanted.reviewer, "member": wanted.pair.member.to_string(),
        "round": round_key(programme, wanted.pair.round), "take_back": take_back, "row": wanted.row,
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
    let (mut assigned, mut taken_back) = (0, 0);
    let barred = loop {
        let published = session.together(|acts| {
            let published = acts.publish_staged(&programme, BATCH)?;
            acts.hand_over()?;
            Ok(published)
        })?;
        assigned += published.assigned;
        taken_back += published.taken_back;
        if published.assigned + published.taken_back < BATCH {
            break published.barred;
        }
        context.hint(&format!("{} of {staged} assignments", assigned + taken_back));
    };
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
