//! Who is selected: `tessera compute selection` on files, `tessera selection` in a programme, over the same functions
//! of `tessera_solve::selection`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tessera_model::compute::ranking;
use tessera_model::input::Warning;
use tessera_solve::compute::{SelectionError, SelectionFiles, say_who_matters, selection};
use tessera_solve::selection::{Before, Pool, Ranked, Row, Seats, Selection, Unselected, canonical, select};

use super::application::must_coordinate;
use super::assignment::print_whole;
use super::compute::{Loaded, refused};
use super::outlook::Outlook;
use super::scores::{Figures, inputs_of};
use crate::applications::Applications;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::output::{print, print_hint, print_table, print_warnings};

/// Arguments of `compute selection`.
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// Ranking, as `tessera --json compute ranking` prints it; - reads stdin
    #[arg(long, value_name = "R.json")]
    ranking: PathBuf,
    /// Programme definition, TOML, with its [seats]
    #[arg(long, value_name = "P")]
    programme: PathBuf,
    /// Applications, CSV: application, then the fields that quotas count
    #[arg(long, value_name = "A")]
    applications: Option<PathBuf>,
    /// Scores that the ranking was made from: says whether the list hangs on one reader
    #[arg(long, value_name = "S")]
    scores: Option<PathBuf>,
    /// Only the reviews of this round
    #[arg(long, value_name = "KEY", requires = "scores")]
    round: Option<String>,
    /// Seed of draws between equal ranks
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    before: BeforeOptions,
}

/// What an earlier selection leaves.
#[derive(Debug, Args)]
struct BeforeOptions {
    /// An earlier result: who was selected keeps the seat
    #[arg(long, value_name = "OLD.json")]
    keep: Option<PathBuf>,
    /// An application that was withdrawn; the best fitting one that waits moves up
    #[arg(long, value_name = "APPLICATION")]
    withdrawn: Vec<String>,
    /// File for the canonical record whose hash is the snapshot
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

/// Arguments of `selection`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    figures: Figures,
    #[command(flatten)]
    before: BeforeOptions,
}

/// Runs `compute selection`.
pub(crate) fn compute(arguments: &Files, json: bool) -> Result<(), Failure> {
    let load = |path: &Option<PathBuf>| path.as_deref().map(Loaded::read).transpose();
    let (ranking, programme) = (Loaded::read(&arguments.ranking)?, Loaded::read(&arguments.programme)?);
    let (applications, scores) = (load(&arguments.applications)?, load(&arguments.scores)?);
    let keep = load(&arguments.before.keep)?;
    let files = SelectionFiles {
        ranking: ranking.file(),
        programme: programme.file(),
        applications: applications.as_ref().map(Loaded::file),
        scores: scores.as_ref().map(Loaded::file),
        round: arguments.round.as_deref(),
        keep: keep.as_ref().map(Loaded::file),
    };
    let withdrawn: BTreeSet<String> = arguments.before.withdrawn.iter().cloned().collect();
    let selected = selection(&files, &withdrawn, arguments.seed).map_err(|error| match error {
        SelectionError::Compute(error) => refused(*error),
        SelectionError::Unselected(error) => not_selected(error),
    })?;
    if let Some(file) = &arguments.before.snapshot {
        files::write(file, &selected.snapshot)?;
    }
    let (warnings, sha256) = (&selected.warnings, &selected.input_sha256);
    show(&selected.selection, warnings, Some(sha256), arguments.seed, json)
}

/// Runs `selection`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (mut inputs, programme) = inputs_of(&arguments.figures, &mut session)?;
    let seats = Seats::of(&programme).map_err(not_selected)?;
    let fields = session.together(|acts| acts.selection_fields(&programme))?.map_err(refused)?;
    let order = ranking(&inputs, arguments.figures.round.as_deref()).map_err(refused)?;
    // The decimals that the workbench would read in the ranking's JSON.
    let text = serde_json::to_vec(&json!({ "rows": order.rows }));
    let text = text.map_err(|error| Failure::new(Exit::Bug, "not-json", error.to_string()))?;
    let file = tessera_model::compute::File { name: "the ranking", bytes: &text };
    let ranked: Vec<Ranked> = tessera_solve::compute::ranked(&file).map_err(refused)?;
    let pool = Pool::new(ranked, &seats, Some(&fields), inputs.seed).map_err(not_selected)?;
    let keep = arguments.before.keep.as_deref().map(Loaded::read).transpose()?;
    let mut withdrawn: BTreeSet<String> = arguments.before.withdrawn.iter().cloned().collect();
    let before = match keep {
        Some(keep) => {
            let selected = tessera_solve::compute::held(&keep.file()).map_err(refused)?;
            let applications = Applications::of(&mut session)?;
            let gone = session.together(|acts| acts.withdrawn())?;
            let gone = gone.into_iter().map(|id| applications.label(id));
            withdrawn.extend(gone.filter(|application| selected.contains(application)));
            Some(Before { selected, withdrawn })
        }
        None if withdrawn.is_empty() => None,
        None => Some(Before { withdrawn, ..Before::default() }),
    };
    let mut selection = select(&pool, &seats, before.as_ref(), inputs.seed).map_err(not_selected)?;
    let missing = order.rows.iter().filter(|row| row.rank.is_none()).map(|row| row.application.clone());
    let round = arguments.figures.round.as_deref();
    let outlook = Outlook::of(&mut session, &programme, &inputs.scores, round, missing)?;
    let pool_said = pool.warnings(inputs.seed).into_iter().filter(|warning| warning.code() != "unranked");
    let warnings: Vec<Warning> =
        order.warnings.into_iter().chain(pool_said).chain(outlook.warnings()).collect();
    inputs.applications = Some(fields);
    say_who_matters(&mut selection, &inputs, &seats, before.as_ref()).map_err(not_selected)?;
    if let Some(file) = &arguments.before.snapshot {
        files::write(file, &canonical(&pool, &seats, before.as_ref(), inputs.seed, &selection))?;
    }
    name_unread(&mut selection, &outlook.unranked);
    show(&selection, &warnings, Some(&inputs.input_sha256), inputs.seed, context.json)
}

/// Adds applications that nobody has read to those without a place. The snapshot is of the order, which they are not in.
fn name_unread(selection: &mut Selection, unranked: &[String]) {
    for application in unranked {
        if !selection.unranked.contains(application) {
            selection.unranked.push(application.clone());
            selection.rows.push(Row {
                place: None,
                application: application.clone(),
                rank: None,
                total: None,
                outcome: "unranked",
                constraint: None,
            });
        }
    }
    selection.unranked.sort_unstable();
    selection.rows.sort_by_cached_key(|row| {
        (row.place.is_none(), row.place, row.place.is_none().then(|| row.application.clone()))
    });
}

fn show(
    selection: &Selection,
    warnings: &[Warning],
    input_sha256: Option<&str>,
    seed: u64,
    json: bool,
) -> Result<(), Failure> {
    if json {
        let method =
            json!({ "seed": seed, "rule": "down-the-order", "filled": "as-many-seats-as-the-rules-allow" });
        return print_whole("tessera/selection/1", input_sha256, &method, warnings, selection);
    }
    print_warnings(warnings);
    let cells = |row: &Row| {
        let passed =
            row.constraint.as_ref().map_or_else(String::new, |name| format!("passed over by {name}"));
        let place = row.place.map_or_else(|| "–".to_owned(), |place| place.to_string());
        let total = row.total.map_or_else(|| "–".to_owned(), |total| total.to_string());
        vec![place, row.application.clone(), total, row.outcome.to_owned(), passed]
    };
    let rows: Vec<Vec<String>> = selection.rows.iter().map(cells).collect();
    if rows.is_empty() {
        print("no review counts yet, so nobody has a place\n")?;
    } else {
        print_table(&["place", "application", "total", "outcome", "note"], &rows)?;
    }
    let mut lines = vec![selection.advice.sentence.text()];
    for quota in &selection.quotas {
        let cap = quota.max.map_or_else(|| "any".to_owned(), |max| max.to_string());
        lines.push(format!("{}: {} seats, {} to {cap}", quota.name, quota.selected, quota.min));
    }
    match selection.depends_on_one_reader {
        Some(true) => lines.push(format!(
            "without any one of these readers the list would change: {}",
            selection.readers_who_matter.join(", ")
        )),
        Some(false) => lines.push("the list hangs on no single reader".to_owned()),
        None => {}
    }
    lines.push(format!("snapshot {}", selection.snapshot_sha256));
    print(&(lines.join("\n") + "\n"))?;
    print_hint(&selection.advice.act.text());
    Ok(())
}

/// Turns a refusal into a failure.
fn not_selected(error: Unselected) -> Failure {
    match error {
        Unselected::Input(error) => refused(error),
        Unselected::Impossible { .. } => {
            Failure::new(Exit::NeedsPerson, "quotas-impossible", error.to_string())
                .hint("lower a floor, raise a cap, or find applications that count for it")
        }
        Unselected::NoSeats => Failure::new(Exit::BadInput, "seats-missing", error.to_string())
            .hint("write how many are selected: [seats] n = 20"),
        Unselected::NotInOrder { .. } => Failure::new(Exit::BadInput, "seat-unknown", error.to_string())
            .hint("name those who withdrew with --withdrawn"),
        Unselected::Solver(error) => Failure::new(Exit::Bug, "solver", error.to_string()),
    }
}
