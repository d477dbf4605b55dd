//! Options and results of an assignment: the same in the workbench (`tessera compute assignment`) and in a programme
//! (`tessera assign solve`). The search itself is `tessera_solve::assignment`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;
use tessera_model::decimal::Decimal;
use tessera_model::input::Warning;
use tessera_model::sentence::Saying;
use tessera_solve::assignment::explain::{Explanation, explain};
use tessera_solve::assignment::{Objective, Plan, Refused, Rules, assign};
use tessera_solve::compute::{AssignmentFiles, AssignmentInputs};

use super::compute::{Loaded, figure, refused};
use crate::failure::{Exit, Failure};
use crate::output::{print, print_hint, print_json, print_table, print_warnings};

/// Rules of an assignment.
#[derive(Debug, Args)]
pub(crate) struct RuleOptions {
    /// Readers of each application
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) reads: Option<u32>,
    /// Fewest applications that a reviewer reads
    #[arg(long, value_name = "L", default_value_t = 0)]
    pub(crate) min_load: u32,
    /// Most applications that a reviewer reads
    #[arg(long, value_name = "U")]
    pub(crate) max_load: u32,
    /// What each further read of one reviewer costs more than the one before, in the unit of affinity
    #[arg(long, value_name = "C", default_value = "0")]
    load_cost: Decimal,
    /// What is best
    #[arg(long, value_enum, default_value_t = Best::Total)]
    objective: Best,
    /// Exchange readers until everybody is compared with everybody
    #[arg(long, value_enum, default_value_t = Switch::Off)]
    connected: Switch,
    /// Most readers from the applicant's own region; all but one unless said, where that serves everybody
    #[arg(long, value_name = "N")]
    own_region_max: Option<u32>,
    /// Seed that separates equally good assignments
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// How long each step of the search may take, in seconds
    #[arg(long, value_name = "S", default_value_t = 120)]
    time_limit: u32,
}

/// Where affinities come from, and what is kept.
#[derive(Debug, Args)]
pub(crate) struct FileOptions {
    /// Affinities, CSV: reviewer,application,affinity[,conflict]
    #[arg(long, value_name = "W", conflicts_with = "matrix")]
    affinity: Option<PathBuf>,
    /// Affinities as a matrix without header: rows r1…, columns a1…
    #[arg(long, value_name = "M")]
    matrix: Option<PathBuf>,
    /// Pairs whose affinity is lower may not meet
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    conflict_below: Option<Decimal>,
    /// Reviewers, CSV: reviewer, then min, max, region, languages, competences, apart
    #[arg(long, value_name = "V")]
    reviewers: Option<PathBuf>,
    /// Applications, CSV: application, then region, language, competences
    #[arg(long, value_name = "A")]
    applications: Option<PathBuf>,
    /// An earlier result, of which as much as possible is kept
    #[arg(long, value_name = "OLD.json")]
    keep: Option<PathBuf>,
}

/// `--objective`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Best {
    /// The most affinity in all
    Total,
    /// The worst application's score as high as can be
    Fairest,
    /// The same, and of those the most affinity in all
    FairestThenTotal,
}

/// `--connected`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    Off,
    On,
}

/// Arguments of `compute assignment`.
#[derive(Debug, Args)]
pub(crate) struct Assignment {
    #[command(flatten)]
    files: FileOptions,
    #[command(flatten)]
    rules: RuleOptions,
    /// Explain one pair instead: why, why not, and what it would change
    #[arg(long, num_args = 2, value_names = ["APPLICATION", "REVIEWER"])]
    explain: Option<Vec<String>>,
}

/// Runs `compute assignment`.
pub(crate) fn run(arguments: &Assignment, json: bool) -> Result<(), Failure> {
    if arguments.files.affinity.is_none() && arguments.files.matrix.is_none() {
        return Err(Failure::new(Exit::Usage, "usage", "one of --affinity and --matrix is needed"));
    }
    let rules = arguments.rules.rules()?;
    let loaded = arguments.files.load()?;
    let inputs = AssignmentInputs::read(&loaded.files(), &rules).map_err(not_assigned)?;
    let AssignmentInputs { problem, old, warnings, input_sha256 } = inputs;
    if let Some([application, reviewer]) = arguments.explain.as_deref() {
        let explained =
            explain(&problem, &rules, old.as_ref(), application, reviewer).map_err(not_assigned)?;
        let explanation = explained.ok_or_else(|| unknown_pair(application, reviewer))?;
        return show_explanation(&explanation, &rules, Some(&input_sha256), &warnings, json);
    }
    let plan = assign(&problem, &rules, old.as_ref()).map_err(not_assigned)?;
    show(&plan, &rules, &input_sha256, &warnings, json)
}

impl RuleOptions {
    /// Checks the rules against each other.
    pub(crate) fn rules(&self) -> Result<Rules, Failure> {
        let reads = self.reads.ok_or_else(|| Failure::new(Exit::Usage, "usage", "--reads is needed"))?;
        self.rules_for(reads)
    }

    /// As [`Self::rules`], for so many readers of each application.
    pub(crate) fn rules_for(&self, reads: u32) -> Result<Rules, Failure> {
        if self.min_load > self.max_load {
            return Err(Failure::new(Exit::Usage, "usage", "--min-load is above --max-load"));
        }
        if self.load_cost.is_negative() {
            return Err(Failure::new(Exit::Usage, "usage", "--load-cost is below 0"));
        }
        Ok(Rules {
            reads: reads as usize,
            min_load: self.min_load as usize,
            max_load: self.max_load as usize,
            load_cost: self.load_cost,
            objective: match self.objective {
                Best::Total => Objective::Total,
                Best::Fairest => Objective::Fairest,
                Best::FairestThenTotal => Objective::FairestThenTotal,
            },
            connected: self.connected == Switch::On,
            own_region_max: self.own_region_max.map(|most| most as usize),
            seed: self.seed,
            time_limit_s: f64::from(self.time_limit),
            stop: None,
        })
    }
}

/// The files of an assignment, read whole.
pub(crate) struct LoadedFiles {
    affinity: Option<Loaded>,
    matrix: Option<Loaded>,
    conflict_below: Option<Decimal>,
    pub(crate) reviewers: Option<Loaded>,
    pub(crate) applications: Option<Loaded>,
    pub(crate) keep: Option<Loaded>,
}

impl FileOptions {
    pub(crate) fn load(&self) -> Result<LoadedFiles, Failure> {
        let load = |path: &Option<PathBuf>| path.as_deref().map(Loaded::read).transpose();
        Ok(LoadedFiles {
            affinity: load(&self.affinity)?,
            matrix: load(&self.matrix)?,
            conflict_below: self.conflict_below,
            reviewers: load(&self.reviewers)?,
            applications: load(&self.applications)?,
            keep: load(&self.keep)?,
        })
    }
}

impl LoadedFiles {
    pub(crate) fn files(&self) -> AssignmentFiles<'_> {
        AssignmentFiles {
            affinity: self.affinity.as_ref().map(Loaded::file),
            matrix: self.matrix.as_ref().map(Loaded::file),
            conflict_below: self.conflict_below,
            applications: self.applications.as_ref().map(Loaded::file),
            reviewers: self.reviewers.as_ref().map(Loaded::file),
            keep: self.keep.as_ref().map(Loaded::file),
        }
    }
}

/// The envelope of a result that has fields beside its rows.
#[derive(Serialize)]
struct Whole<'a, M, R> {
    schema: &'static str,
    version: &'static str,
    input_sha256: Option<&'a str>,
    method: &'a M,
    warnings: &'a [Warning],
    #[serde(flatten)]
    result: &'a R,
}

/// Prints one result in the envelope.
pub(crate) fn print_whole(
    schema: &'static str,
    input_sha256: Option<&str>,
    method: &impl Serialize,
    warnings: &[Warning],
    result: &impl Serialize,
) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    print_json(&Whole { schema, version, input_sha256, method, warnings, result })
}

/// Prints an assignment; fails after that where not everybody is served.
pub(crate) fn show(
    plan: &Plan,
    rules: &Rules,
    input_sha256: &str,
    warnings: &[Warning],
    json: bool,
) -> Result<(), Failure> {
    if json {
        print_whole("tessera/assignment/1", Some(input_sha256), rules, warnings, plan)?;
    } else {
        print_warnings(warnings);
        print_plan(plan)?;
    }
    served(plan)
}

/// Prints an assignment for people.
pub(crate) fn print_plan(plan: &Plan) -> Result<(), Failure> {
    let cells = |row: &tessera_solve::assignment::Row| {
        vec![row.application.clone(), row.reviewer.clone(), figure(row.affinity)]
    };
    print_table(&["application", "reviewer", "affinity"], &plan.rows.iter().map(cells).collect::<Vec<_>>())?;
    let mut lines = vec![match plan.preferences {
        true => format!("objective {}", figure(Some(plan.objective))),
        false => "no preferences were given: no pair counts for more than another".to_owned(),
    }];
    if let Some(worst) = &plan.worst {
        lines.push(format!("worst {} {}", worst.application, figure(Some(worst.score))));
    }
    if let Some(connection) = &plan.connected {
        let (before, after) = (&connection.before, &connection.after);
        lines.push(format!(
            "connected by {} exchanges: components {} → {}, objective {} → {}, worst {} → {}",
            connection.swaps,
            before.components,
            after.components,
            figure(Some(before.objective)),
            figure(Some(after.objective)),
            figure(before.worst),
            figure(after.worst),
        ));
    }
    if let Some(kept) = &plan.kept {
        lines.push(format!("kept {}, dropped {}, added {}", kept.kept, kept.dropped.len(), kept.added));
    }
    if let Some(gap) = &plan.gap {
        let (reached, bound) = (figure(Some(gap.reached)), figure(Some(gap.bound)));
        lines.push(format!("not proven to be the best: {} {reached}, at most {bound}", gap.step));
    }
    lines.extend(plan.unmet.iter().map(|unmet| format!("unmet: {} [{}]", unmet.message, unmet.code)));
    lines.extend(plan.soft_broken.iter().map(|broken| {
        let application = broken.application.as_deref().map_or(String::new(), |id| format!("{id}: "));
        format!("given up: {application}{} [{}]", broken.message, broken.rule)
    }));
    // Otherwise the failure that follows says it.
    if plan.is_whole() {
        lines.push(plan.advice.sentence.text());
    }
    print(&(lines.join("\n") + "\n"))?;
    if plan.is_whole() {
        print_hint(&plan.advice.act.text());
    }
    Ok(())
}

/// Fails where not everybody is served, and says what would make it whole.
pub(crate) fn served(plan: &Plan) -> Result<(), Failure> {
    if plan.is_whole() {
        return Ok(());
    }
    let acts: Vec<String> = plan.acts.iter().map(Saying::text).collect();
    let message = plan.advice.sentence.text();
    Err(Failure::new(Exit::NeedsPerson, "assignment-incomplete", message).hint(acts.join(" ")))
}

/// Prints why a pair is, or is not.
pub(crate) fn show_explanation(
    explanation: &Explanation,
    rules: &Rules,
    input_sha256: Option<&str>,
    warnings: &[Warning],
    json: bool,
) -> Result<(), Failure> {
    if json {
        let result = json!({ "rows": [explanation] });
        return print_whole("tessera/assign-explain/1", input_sha256, rules, warnings, &result);
    }
    print_warnings(warnings);
    print(&format!("{}\n", explanation.advice.sentence.text()))
}

/// Neither application nor reviewer may be unknown.
pub(crate) fn unknown_pair(application: &str, reviewer: &str) -> Failure {
    let message =
        format!("no application `{application}`, or no reviewer `{reviewer}`, is in this assignment");
    Failure::new(Exit::NotFound, "pair-unknown", message)
}

/// Turns a refusal into a failure.
pub(crate) fn not_assigned(error: Refused) -> Failure {
    match error {
        Refused::Input(error) => refused(error),
        Refused::Loads { .. } => Failure::new(Exit::BadInput, "loads-contradict", error.to_string()),
        Refused::OutOfTime => Failure::new(Exit::NeedsPerson, "out-of-time", error.to_string())
            .hint("give more time: --time-limit S"),
        Refused::Stopped => Failure::new(Exit::NeedsPerson, "stopped", error.to_string()),
        Refused::Solver(error) => Failure::new(Exit::Bug, "solver", error.to_string()),
    }
}
