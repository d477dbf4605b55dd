//! `tessera eligibility`: a verdict for each gate with evidence and reason, and the exception that one asks for and a second
//! person grants.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Map, Value, json};
use tessera_driver::verdicts::{self, Sheet};
use tessera_engine::eligibility::{ExceptionAct, Judged, Lacks, outcome_word, verdict};
use tessera_engine::intake::read_table;
use tessera_model::documents::{Outcome, Verdict};
use tessera_model::table::MAX_FILE_BYTES;

use super::application::must_coordinate;
use super::programme::text;
use crate::applications::Applications;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::names::Names;
use crate::output::Answer;

/// Arguments of `eligibility`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List verdicts, what is missing, and what follows
    List(List),
    /// Give a verdict on one gate of one application
    Set(Set),
    /// Give many verdicts: a table with application, criterion, verdict, reason and evidence
    Import(Import),
    /// Ask for the exception; a second person's same command grants it
    Exception(Exception),
}

#[derive(Debug, Args)]
struct List {
    /// Only those of this state: eligible, by-exception, not-eligible, undecided, contested, withdrawn
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
}

#[derive(Debug, Args)]
struct Set {
    /// Key of the application, or the beginning of its id
    application: String,
    /// Key of the gate
    criterion: String,
    /// met, not-met or open (decided later)
    verdict: String,
    /// Why
    #[arg(long, value_name = "T")]
    reason: String,
    /// What was shown
    #[arg(long, value_name = "T", default_value = "")]
    evidence: String,
}

#[derive(Debug, Args)]
struct Import {
    /// CSV, workbook or JSON: application,criterion,verdict,reason[,evidence]; or a column verdict/GATE for each gate
    #[arg(value_name = "TABLE")]
    table: PathBuf,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("act").args(["ask", "grant", "refuse"])))]
struct Exception {
    /// Key of the application, or the beginning of its id
    application: String,
    /// Why
    #[arg(long, value_name = "T")]
    reason: String,
    /// Ask for it, though it was asked for before
    #[arg(long)]
    ask: bool,
    /// Grant it
    #[arg(long)]
    grant: bool,
    /// Refuse it
    #[arg(long)]
    refuse: bool,
}

/// Runs `eligibility`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::List(list) => self::list(list, context),
        What::Set(set) => self::set(set, context),
        What::Import(import) => self::import(import, context),
        What::Exception(exception) => self::exception(exception, context),
    }
}

/// What was decided, as JSON: the outcome, each gate, the exception.
pub(crate) fn judged_json(judged: &Judged, names: &Names) -> Value {
    let name = |member: Option<_>| member.map(|member| names.name(member));
    let mut gates = Map::new();
    for (gate, said) in &judged.verdicts {
        let sides: Vec<Value> =
            said.iter().map(|one| json!({ "by": name(one.by), "verdict": one.what })).collect();
        let held = judged.read.value.gates.get(gate);
        let row = json!({
            "verdict": held.map_or("contested", |held| held.verdict.as_str()),
            "evidence": held.map(|held| held.evidence.clone()),
            "reason": held.map(|held| held.reason.clone()),
            "by": said.first().filter(|_| said.len() == 1).and_then(|one| name(one.by)),
            "sides": if held.is_none() { sides } else { Vec::new() },
        });
        gates.insert(gate.clone(), row);
    }
    let value = &judged.read.value;
    let exception = value.exception_asked.as_ref().map(|asked| {
        json!({
            "asked": asked, "asked_by": name(judged.asked_by), "granted": value.exception_granted,
            "decided_by": name(judged.decided_by), "reason": value.exception_reason,
            "contested": judged.read.conflicts.iter().any(|one| one.field.starts_with("exception")),
        })
    });
    let open = match &judged.outcome {
        Outcome::NotEligible(gates) | Outcome::Undecided(gates) | Outcome::Contested(gates) => gates.clone(),
        _ => Vec::new(),
    };
    json!({
        "outcome": outcome_word(&judged.outcome), "because_of": open, "gates": gates, "exception": exception,
    })
}

fn list(list: &List, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let names = Names::of(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let mut rows = Vec::new();
    for (id, identity) in session.together(|acts| acts.applications())? {
        let (judged, withdrawn, lacks) = session.together(|acts| {
            let judged = acts.eligibility(&programme, id)?;
            let exception = judged.read.value.exception_asked.is_some() || judged.asked_by.is_some();
            let answers = acts.answers(&programme, id)?;
            let lacks = Lacks::of(&programme, &answers, &acts.files(id)?, exception);
            Ok((judged, acts.withdrawal(id)?.is_some(), lacks))
        })?;
        let mut row = judged_json(&judged, &names);
        row["application"] = identity.key.clone().into();
        row["withdrawn"] = withdrawn.into();
        row["lacks"] = lacks.words().into();
        let state = if withdrawn { "withdrawn" } else { outcome_word(&judged.outcome) };
        if list.state.as_deref().is_none_or(|wanted| wanted == state) {
            rows.push(row);
        }
    }
    let gates: Vec<String> = programme.gates.iter().map(|gate| gate.key.as_str().to_owned()).collect();
    let mut header = vec!["application", "outcome"];
    header.extend(gates.iter().map(String::as_str));
    header.extend(["exception", "lacks"]);
    Answer::new("eligibility-list", rows).show(context, &header, |row| {
        let outcome = if row["withdrawn"] == true { "withdrawn".to_owned() } else { text(&row["outcome"]) };
        let mut cells = vec![text(&row["application"]), outcome];
        cells.extend(gates.iter().map(|gate| text(&row["gates"][gate]["verdict"])));
        let exception = &row["exception"];
        cells.push(match (exception.is_null(), &exception["granted"]) {
            (true, _) => "–".to_owned(),
            (_, Value::Bool(true)) => "granted".to_owned(),
            (_, Value::Bool(false)) => "refused".to_owned(),
            _ => "asked".to_owned(),
        });
        cells.push(text(&row["lacks"]));
        cells
    })
}

fn parse_verdict(word: &str) -> Result<Verdict, Failure> {
    Verdict::parse(word).ok_or_else(|| {
        Failure::new(Exit::BadInput, "verdict-unknown", format!("`{word}` is no verdict"))
            .hint("met, not-met or open (decided later)")
    })
}

fn set(set: &Set, context: &Context) -> Result<(), Failure> {
    let said = verdict(parse_verdict(&set.verdict)?, &set.evidence, &set.reason);
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let id = applications.find(&set.application)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let (changed, judged) = session.together(|acts| {
        let changed = acts.judge(&programme, id, &set.criterion, said)?;
        acts.hand_over()?;
        Ok((changed, acts.eligibility(&programme, id)?))
    })?;
    let row = json!({
        "application": applications.label(id), "criterion": set.criterion, "verdict": set.verdict,
        "changed": changed, "outcome": outcome_word(&judged.outcome),
    });
    Answer::new("eligibility-set", vec![row]).show(
        context,
        &["application", "criterion", "verdict", "outcome"],
        |row| ["application", "criterion", "verdict", "outcome"].map(|key| text(&row[key])).to_vec(),
    )
}

fn import(import: &Import, context: &Context) -> Result<(), Failure> {
    let name = import.table.display().to_string();
    let bytes = files::read(&import.table, MAX_FILE_BYTES)?;
    let sheet = Sheet::of(read_table(&bytes, &name, None)?)?;
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let looked = verdicts::look(&mut session, &programme, &sheet, |meant| applications.find(meant).ok())?;
    let mut changed = 0;
    for batch in looked.given.chunks(verdicts::BATCH) {
        changed += verdicts::take(&mut session, &programme, batch)?;
    }
    let same = looked.given.len() - changed;
    let refused: Vec<Value> = looked
        .refused
        .iter()
        .map(|one| {
            json!({
                "file": one.file, "row": one.row, "column": one.column, "code": one.code,
                "message": one.message,
            })
        })
        .collect();
    super::assign::none_taken(looked.given.len(), &refused)?;
    Answer::new("eligibility-import", refused.clone())
        .with("changed", changed)
        .with("same", same)
        .with("refused", refused)
        .show_as(context, |answer| {
            crate::output::print(&format!(
                "changed {changed}, same {same}, refused {}\n",
                answer.rows().len()
            ))?;
            super::assign::print_refused(answer.rows())
        })
}

fn exception(exception: &Exception, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let names = Names::of(&mut session)?;
    let id = applications.find(&exception.application)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let before = session.together(|acts| acts.eligibility(&programme, id))?;
    let asked = before.read.value.exception_asked.is_some();
    let mine = before.asked_by == Some(session.engine().member());
    let act = match (exception.ask, exception.grant, exception.refuse) {
        (true, _, _) => ExceptionAct::Ask,
        (_, true, _) => ExceptionAct::Grant,
        (_, _, true) => ExceptionAct::Refuse,
        _ if asked && !mine && before.read.value.exception_granted.is_none() => ExceptionAct::Grant,
        _ if asked => {
            let message = match before.read.value.exception_granted {
                Some(_) => "the exception was decided on",
                None => "the exception was asked for; a second person grants it",
            };
            return Err(Failure::new(Exit::NotPermitted, "second-person-needed", message)
                .hint("another coordinator runs the same command, or --grant or --refuse; --ask asks anew"));
        }
        _ => ExceptionAct::Ask,
    };
    let (changed, judged) = session.together(|acts| {
        let changed = acts.except(&programme, id, act, &exception.reason)?;
        acts.hand_over()?;
        Ok((changed, acts.eligibility(&programme, id)?))
    })?;
    let done = match act {
        ExceptionAct::Ask => "asked",
        ExceptionAct::Grant => "granted",
        ExceptionAct::Refuse => "refused",
        ExceptionAct::Unask => "taken-back",
        ExceptionAct::Undecide => "reopened",
    };
    let asked_by = judged.asked_by.map(|member| names.name(member));
    let row = json!({
        "application": applications.label(id), "act": done, "changed": changed, "asked_by": asked_by,
        "asked": judged.read.value.exception_asked, "outcome": outcome_word(&judged.outcome),
    });
    Answer::new("eligibility-exception", vec![row]).show(
        context,
        &["application", "exception", "asked by", "asked because", "outcome"],
        |row| ["application", "act", "asked_by", "asked", "outcome"].map(|key| text(&row[key])).to_vec(),
    )?;
    if act == ExceptionAct::Ask {
        context.hint("next: a second person grants it with the same command, in a home of their own");
    }
    Ok(())
}
