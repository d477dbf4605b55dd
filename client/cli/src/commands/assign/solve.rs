//! `tessera assign solve` and `explain`: the workbench's assignment, with applications, readers, conflicts and regions of
//! the programme. What is solved whole is staged as `assign import` stages it; publishing stays an act of its own.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde_json::{Value, json};
use tessera_driver::assigning::further::ready_further;
use tessera_driver::assigning::{self, AssigningError, Ready, beside, stage};
use tessera_driver::session::Session;
use tessera_engine::programme::round;
use tessera_model::affinities::Affinities;
use tessera_model::input::Warning;
use tessera_model::programme::Programme;
use tessera_model::programme::calendar::Round;
use tessera_model::reviewers::Reviewers;
use tessera_model::sentence::Saying;
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_solve::assignment::explain::explain;
use tessera_solve::assignment::{Plan, Rules};
use tessera_solve::compute::{pairs, read_affinities};

use crate::applications::Applications;
use crate::commands::application::must_coordinate;
use crate::commands::assignment::{
    FileOptions, LoadedFiles, RuleOptions, not_assigned, print_plan, print_whole, served, show_explanation,
    unknown_pair,
};
use crate::commands::compute::refused;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::names::{Find as _, Names};
use crate::output::{print, print_warnings};

/// Arguments of `assign solve`.
#[derive(Debug, Args)]
pub(crate) struct Solve {
    #[command(flatten)]
    wanted: Wanted,
    /// One more reader for each application for which the round's rule asks for one; those who read it stay, and --reads is not
    /// asked
    #[arg(long, conflicts_with_all = ["reads", "keep"])]
    further: bool,
    /// Only calculate; nothing is staged
    #[arg(long)]
    dry_run: bool,
}

/// Arguments of `assign explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Application, as the import calls it
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// Reviewer, by name or id
    #[arg(value_name = "REVIEWER")]
    reviewer: String,
    #[command(flatten)]
    wanted: Wanted,
}

/// What is solved.
#[derive(Debug, Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    files: FileOptions,
    #[command(flatten)]
    rules: RuleOptions,
    /// Round; the first one if not said
    #[arg(long, value_name = "KEY")]
    round: Option<String>,
}

/// Runs `assign solve`.
pub(super) fn solve(arguments: &Solve, context: &Context) -> Result<(), Failure> {
    match arguments.further {
        true => further(&arguments.wanted, arguments.dry_run, context),
        false => show(&arguments.wanted, arguments.dry_run, context),
    }
}

/// Solves, stages what is whole unless it is a trial, and prints.
pub(super) fn show(wanted: &Wanted, dry_run: bool, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let mut ready = ready(wanted, &programme, &mut session)?;
    let plan = ready.search().map_err(not_assigned)?;
    let stay: Vec<String> = beside(&plan, &ready)
        .into_iter()
        .map(|(application, reviewer)| format!("{application} and {reviewer}"))
        .collect();
    if !stay.is_empty() {
        let beside = Warning::new(
            "assigned-beside",
            "assigned, but not in this solution; `assign import --remove` takes them back: {pairs}",
        );
        ready.warnings.push(beside.with("pairs", stay.join("; ")));
    }
    stage_and_show(&mut session, (&programme, &plan, &ready), None, dry_run, context)
}

/// Searches one more reader for each application for which the round's rule asks for one, stages what is whole unless it is a trial,
/// and prints both.
fn further(wanted: &Wanted, dry_run: bool, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let (in_round, wanted) = asked(wanted, wanted.rules.rules_for(1)?, &programme, &mut session)?;
    let (ready, found) = ready_further(&mut session, &programme, in_round, wanted).map_err(not_ready)?;
    let plan = ready.search().map_err(not_assigned)?;
    let needed: Vec<Value> = found
        .needed
        .iter()
        .map(|(_, one)| {
            json!({
                "application": one.application, "rank": one.rank, "reads": one.reads, "most": one.most,
                "reasons": one.sayings(),
            })
        })
        .collect();
    if !context.json {
        for (_, one) in &found.needed {
            let why: Vec<String> = one.sayings().iter().map(Saying::text).collect();
            let (key, next, most) = (&one.application, one.reads + 1, one.most);
            print(&format!("{key}: reader {next} of at most {most}. {}\n", why.join(" ")))?;
        }
    }
    stage_and_show(&mut session, (&programme, &plan, &ready), Some(needed), dry_run, context)
}

/// Stages a solution that is whole unless it is a trial, and prints it; `further` is for whom one more reader was sought.
fn stage_and_show(
    session: &mut Session,
    (programme, plan, ready): (&Programme, &Plan, &Ready),
    further: Option<Vec<Value>>,
    dry_run: bool,
    context: &Context,
) -> Result<(), Failure> {
    // An incomplete solution is shown and never staged: whoever wants it says so in the rules, with fewer reads.
    let staged = match plan.is_whole() && !dry_run {
        true => stage(session, programme, plan, ready)?,
        false => 0,
    };
    if context.json {
        let mut result = serde_json::to_value(plan)
            .map_err(|error| Failure::new(Exit::Bug, "not-json", error.to_string()))?;
        result["staged"] = json!(staged);
        result["dry_run"] = json!(dry_run);
        if let Some(further) = further {
            result["further"] = json!(further);
        }
        print_whole("tessera/assignment/1", None, &ready.rules, &ready.warnings, &result)?;
    } else {
        print_warnings(&ready.warnings);
        print_plan(plan)?;
    }
    if !plan.is_whole() {
        context.hint("nothing was staged, because the solution is incomplete");
    } else if dry_run {
        context.hint("nothing was changed; without --dry-run it is staged");
    } else {
        context.hint(&format!(
            "staged {staged}; next: `tessera assign publish` gives readers their cards and dossiers"
        ));
    }
    served(plan)
}

/// Runs `assign explain`.
pub(super) fn why(arguments: &Explain, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let ready = ready(&arguments.wanted, &programme, &mut session)?;
    let names = Names::of(&mut session)?;
    let application = Applications::of(&mut session)?.find(&arguments.application)?;
    let member = names.find(&arguments.reviewer)?;
    let of = |id: &ApplicationId| ready.applications.iter().find(|(_, other)| *other == id);
    let application = of(&application).map(|(key, _)| key.as_str()).unwrap_or(&arguments.application);
    let reviewer = names.handle(member);
    let explained = explain(&ready.problem, &ready.rules, ready.old.as_ref(), application, &reviewer);
    let explanation = explained.map_err(not_assigned)?.ok_or_else(|| unknown_pair(application, &reviewer))?;
    show_explanation(&explanation, &ready.rules, None, &ready.warnings, context.json)
}

fn ready(wanted: &Wanted, programme: &Programme, session: &mut Session) -> Result<Ready, Failure> {
    let (_, wanted) = asked(wanted, wanted.rules.rules()?, programme, session)?;
    assigning::ready(session, programme, wanted).map_err(not_ready)
}

/// The round, and what is wanted in it.
fn asked<'p>(
    wanted: &Wanted,
    rules: Rules,
    programme: &'p Programme,
    session: &mut Session,
) -> Result<(&'p Round, assigning::Wanted), Failure> {
    let in_round = match &wanted.round {
        Some(key) => programme.round(key),
        None => programme.rounds.first(),
    };
    let in_round = in_round.ok_or_else(|| {
        let said = wanted.round.as_deref().unwrap_or("of any name");
        Failure::new(Exit::NotFound, "round-unknown", format!("the programme has no round {said}"))
    })?;
    let loaded = wanted.files.load()?;
    let names = Names::of(session)?;
    let (affinities, named) = affinities(&loaded, &names)?;
    let own = loaded.reviewers.as_ref().map(|file| Reviewers::read(file.file().bytes, file.file().name));
    let own = own.transpose().map_err(refused)?.map(|table| renamed(&table, &names)).transpose()?;
    let mut members: BTreeSet<MemberId> = named;
    members.extend(own.iter().flat_map(|(_, members)| members));
    let chosen = loaded
        .applications
        .as_ref()
        .map(|file| tessera_model::applications::Applications::read(file.file().bytes, file.file().name));
    let chosen = chosen.transpose().map_err(refused)?;
    let here = Applications::of(session)?;
    let named = |table: tessera_model::applications::Applications| -> Result<_, Failure> {
        let ids =
            table.ids().map(|key| Ok((key.to_owned(), here.find(key)?))).collect::<Result<_, Failure>>()?;
        Ok((table, ids))
    };
    let keep = loaded.keep.as_ref().map(|file| pairs(&file.file())).transpose().map_err(refused)?;
    let wanted = assigning::Wanted {
        round: round(in_round.key.as_str()),
        rules,
        affinities,
        readers: members,
        own: own.map(|(table, _)| table),
        chosen: chosen.map(named).transpose()?,
        keep,
        only: None,
    };
    Ok((in_round, wanted))
}

fn not_ready(error: AssigningError) -> Failure {
    match error {
        AssigningError::Session(error) => error.into(),
        AssigningError::Fields(error) => refused(*error),
        AssigningError::Refused(error) => not_assigned(error),
        AssigningError::NoFurther => Failure::new(Exit::NotFound, "no-further-readers", error.to_string())
            .hint("a programme says it: [round.further] with up_to = N after the round; `programme amend` turns it on"),
    }
}

/// The affinities with members called as everywhere here, and who they are.
fn affinities(
    loaded: &LoadedFiles,
    names: &Names,
) -> Result<(Option<Affinities>, BTreeSet<MemberId>), Failure> {
    let Some(read) = read_affinities(&loaded.files()).map_err(refused)? else {
        return Ok((None, BTreeSet::new()));
    };
    let mut members: BTreeMap<&str, MemberId> = BTreeMap::new();
    for reviewer in &read.reviewers {
        members.insert(reviewer, names.find(reviewer)?);
    }
    let mut table = Affinities::default();
    for (application, reviewer, affinity) in read.iter() {
        table.put(application.to_owned(), names.handle(members[reviewer]), affinity);
    }
    let members = members.into_values().collect();
    Ok((Some(table), members))
}

fn renamed(table: &Reviewers, names: &Names) -> Result<(Reviewers, BTreeSet<MemberId>), Failure> {
    let (mut renamed, mut members) = (Reviewers::default(), BTreeSet::new());
    for (reviewer, entry) in table.iter() {
        let member = names.find(reviewer)?;
        members.insert(member);
        renamed.put(names.handle(member), entry.clone());
    }
    Ok((renamed, members))
}
