//! `tessera review`: reading and scoring. Listing and showing what is assigned, submitting and amending; tables of scores
//! are in [`import`], the reading in a terminal in [`edit`], handing back in [`hand_back`].

mod dossier;
mod edit;
mod hand_back;
mod import;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_driver::session::{Session, SessionError};
use tessera_engine::EngineError;
use tessera_engine::programme::round as round_of;
use tessera_engine::reading::{Submission, Task};
use tessera_engine::work::outcome_words;
use tessera_model::documents::{AssignmentState, Declaration};
use tessera_model::input::Warning;
use tessera_model::programme::Programme;

use super::programme::text;
use super::round::must_have_round;
use crate::applications::typed;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Answer, print};

/// Arguments of `review`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show what is assigned to you, and how far each is
    List,
    /// Read a dossier with its scorecard
    Show(One),
    /// Read and score in the terminal; every answer is saved at once
    Edit(One),
    /// Submit finished drafts
    Submit(Submit),
    /// Submit a draft again, with other answers
    Amend(Amend),
    /// Hand an application back that you cannot read, without any conflict of interest
    HandBack(hand_back::HandBack),
    /// Take in a table of scores: a whole assignment at once
    Import(import::Import),
    /// Take down a reviewer's scores that came on paper, by telephone or by mail
    Record(import::Record),
}

#[derive(Debug, Args)]
struct One {
    /// The application, as `review list` names it
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// The round, where it is assigned in several
    #[arg(long, value_name = "KEY")]
    round: Option<String>,
}

#[derive(Debug, Args)]
struct Submit {
    /// Applications, as `review list` names them
    #[arg(value_name = "APPLICATION", required_unless_present = "all")]
    applications: Vec<String>,
    /// Every draft that is complete
    #[arg(long)]
    all: bool,
    /// The round, where an application is assigned in several
    #[arg(long, value_name = "KEY")]
    round: Option<String>,
    /// Attest what the programme asks, where the draft does not yet
    #[arg(long)]
    attest: bool,
}

#[derive(Debug, Args)]
struct Amend {
    #[command(flatten)]
    one: One,
    /// Why it is amended
    #[arg(long, value_name = "T")]
    reason: String,
}

/// Runs `review`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::List => list(context),
        What::Show(one) => dossier::run(&one.application, one.round.as_deref(), context),
        What::Edit(one) => edit::run(&one.application, one.round.as_deref(), context),
        What::Submit(submit) => self::submit(submit, context),
        What::Amend(amend) => self::amend(amend, context),
        What::HandBack(back) => hand_back::run(back, context),
        What::Import(import) => import::run(import, context),
        What::Record(record) => import::record(record, context),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let tasks = session.together(|acts| acts.tasks())?;
    let programme = programme(&mut session)?;
    let rows: Vec<Value> = tasks.iter().map(|task| row(task, &programme)).collect();
    let open = rows
        .iter()
        .filter(|row| row["review"].is_null() && row["state"] != "taken-back" && row["state"] != "conflict")
        .count();
    let nothing = rows.is_empty();
    let header = ["application", "round", "conflict", "dossier", "draft", "review", "state", "outcome"];
    Answer::new("review-list", rows).show_as(context, |answer| {
        if nothing {
            return print("nothing is assigned to you yet\n");
        }
        answer.table(&header, |row| {
            let yes = |field: &str| if row[field] == true { "here" } else { "–" }.to_owned();
            vec![
                text(&row["application"]),
                text(&row["round"]),
                text(&row["conflict"]),
                yes("readable"),
                text(&row["draft"]),
                text(&row["review"]),
                text(&row["state"]),
                text(&row["outcome"]),
            ]
        })
    })?;
    if nothing {
        context.hint(
            "next: `tessera sync`, or `tessera bundle import FILE`, brings what a coordinator assigns to you",
        );
    } else if open > 0 {
        context.hint(&format!(
            "{open} to read: `tessera review edit APPLICATION`, or `tessera review import TABLE`"
        ));
    }
    Ok(())
}

/// One assignment as scripts see it.
fn row(task: &Task, programme: &Programme) -> Value {
    let round = round_key(programme, task);
    let scored = programme.scored().count();
    let draft = task.draft.as_ref().map(|read| format!("{}/{scored}", read.value.answers.len()));
    let review = task.review.as_ref().map(|read| read.value.revision).filter(|revision| *revision > 0);
    let stands = task.assignment.state == Some(AssignmentState::Assigned);
    let state = match (task.state, stands) {
        (_, false) => "taken-back",
        (Some(state), _) => state.as_str(),
        (None, _) if task.conflict.as_ref().is_some_and(|conflict| !conflict.is_clear()) => "conflict",
        (None, _) if task.draft.is_some() => "on-device",
        (None, _) => "to-read",
    };
    json!({
        "application": task.label,
        "id": task.application.to_string(),
        "round": round,
        "place": task.assignment.place,
        "conflict": task.conflict.as_ref().and_then(|conflict| conflict.declaration).map(Declaration::as_str),
        "readable": task.readable,
        "draft": draft,
        "review": review.map(|revision| format!("revision {revision}")),
        "revision": review,
        "state": state,
        "outcome": task.outcome.map(outcome_words),
        "card": task.card.fields,
    })
}

/// The programme that is published here.
fn programme(session: &mut Session) -> Result<Programme, Failure> {
    match session.together(|acts| acts.programme()) {
        Ok((_, programme)) => Ok(programme),
        Err(SessionError::Engine(error @ EngineError::NotFound(_))) => Err(Failure::from(error).hint(
            "it comes with the first exchange after somebody has admitted you: `tessera sync`, or `tessera bundle import FILE`",
        )),
        Err(error) => Err(error.into()),
    }
}

fn round_key(programme: &Programme, task: &Task) -> String {
    let key = programme.rounds.iter().find(|round| round_of(round.key.as_str()) == task.round);
    key.map_or_else(|| task.round.to_string(), |round| round.key.to_string())
}

/// Finds the assignment that is meant: by label, or by the beginning of the id.
fn find(
    session: &mut Session,
    programme: &Programme,
    meant: &str,
    round: Option<&str>,
) -> Result<(Task, String), Failure> {
    let tasks = session.together(|acts| acts.tasks())?;
    let digits = meant.to_ascii_lowercase();
    let by_id = |task: &Task| digits.len() >= 4 && task.application.to_string().starts_with(&digits);
    let in_round = |task: &Task| round.is_none_or(|round| round_of(round) == task.round);
    let mut found: Vec<&Task> = tasks.iter().filter(|task| task.label == meant && in_round(task)).collect();
    if found.is_empty() {
        found = tasks.iter().filter(|task| by_id(task) && in_round(task)).collect();
    }
    match found[..] {
        [task] => Ok((task.clone(), round_key(programme, task))),
        [] => Err(Failure::new(
            Exit::NotFound,
            "application-unknown",
            format!("no application `{meant}` is assigned to you here"),
        )
        .hint("`tessera review list` shows what is; `tessera explain` says why something is not here yet")),
        _ => Err(Failure::new(
            Exit::BadInput,
            "round-needed",
            format!("`{meant}` is assigned in several rounds"),
        )
        .hint("--round says which is meant")),
    }
}

fn submit(submit: &Submit, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let programme = programme(&mut session)?;
    if let Some(round) = &submit.round {
        must_have_round(&programme, round)?;
    }
    let mut chosen: Vec<(Task, String)> = Vec::new();
    if submit.all {
        for task in session.together(|acts| acts.tasks())? {
            let stands = task.assignment.state == Some(AssignmentState::Assigned);
            // Whoever declared a conflict does not submit, and is not asked to.
            let may = task.is_open() || (stands && task.conflict.is_none());
            if task.draft.is_some()
                && task.review.is_none()
                && may
                && submit.round.as_deref().is_none_or(|round| round_of(round) == task.round)
            {
                let key = round_key(&programme, &task);
                chosen.push((task, key));
            }
        }
    }
    for application in &submit.applications {
        chosen.push(find(&mut session, &programme, application, submit.round.as_deref())?);
    }
    let (mut rows, mut refused, mut undeclared) = (Vec::new(), Vec::new(), Vec::new());
    for (task, round) in &chosen {
        let done = submit_one(&mut session, &programme, task, round, None, submit.attest);
        match done {
            Ok(row) => rows.push(row),
            Err(failure) if submit.all => {
                if task.conflict.is_none() {
                    undeclared.push(task.label.as_str());
                }
                // The message of what is missing begins with the application already.
                let message = failure.body.message.trim_start_matches(&format!("{}: ", task.label));
                let warning = Warning::new("not-submitted", "{application}: {message}");
                refused.push(warning.with("application", task.label.as_str()).with("message", message));
            }
            Err(failure) => return Err(failure),
        }
    }
    let (done, left) = (rows.len(), refused.len());
    submitted(rows, refused, context)?;
    left_open(done, left, &undeclared)
}

/// Fails where drafts stay because nothing was declared, or where nothing at all could be submitted.
fn left_open(done: usize, left: usize, undeclared: &[&str]) -> Result<(), Failure> {
    let needs = |message: String| Failure::new(Exit::NeedsPerson, "not-submitted", message);
    match undeclared {
        [] if done == 0 && left > 0 => {
            Err(needs("nothing was submitted: every draft lacks something".to_owned())
                .hint("`tessera review edit APPLICATION` goes through what is open; --attest attests"))
        }
        [] => Ok(()),
        _ => {
            let message =
                format!("a declaration about a conflict of interest is missing: {}", undeclared.join(", "));
            Err(needs(message).hint(declare_first(undeclared)))
        }
    }
}

/// What to do about applications on which nothing was declared.
pub(super) fn declare_first(labels: &[&str]) -> String {
    match labels {
        [one] => format!("where there is none: `tessera conflict declare {} none`", typed(one)),
        [first, ..] => format!(
            "where there is none: `tessera conflict declare {} none`, and so on; `tessera conflict declare all none` declares it of all",
            typed(first)
        ),
        [] => String::new(),
    }
}

fn amend(amend: &Amend, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let programme = programme(&mut session)?;
    let (task, round) = find(&mut session, &programme, &amend.one.application, amend.one.round.as_deref())?;
    if task.review.is_none() {
        return Err(Failure::new(
            Exit::BadInput,
            "not-submitted",
            "nothing was submitted that could be amended",
        )
        .hint("`tessera review submit APPLICATION` submits a draft"));
    }
    let row = submit_one(&mut session, &programme, &task, &round, Some(&amend.reason), false)?;
    submitted(vec![row], Vec::new(), context)
}

fn submitted(rows: Vec<Value>, refused: Vec<Warning>, context: &Context) -> Result<(), Failure> {
    let (nothing, left) = (rows.is_empty(), refused.len());
    let columns = ["application", "round", "became", "revision", "state"];
    Answer::new("review-submit", rows).warnings(refused).show_as(context, |answer| {
        match (nothing, left) {
            (true, 0) => print("no draft waits to be submitted\n"),
            (true, _) => Ok(()),
            (false, _) => answer.table(&columns, |row| columns.map(|field| text(&row[field])).to_vec()),
        }
    })?;
    if !nothing {
        context.hint("next: `tessera sync`, or `tessera bundle export`");
    }
    Ok(())
}

/// Submits one draft and seals it; what is missing is named.
fn submit_one(
    session: &mut Session,
    programme: &Programme,
    task: &Task,
    round: &str,
    reason: Option<&str>,
    attest: bool,
) -> Result<Value, Failure> {
    if task.draft.is_some() && task.conflict.is_none() {
        let message = format!("{}: nothing was declared about a conflict of interest yet", task.label);
        return Err(
            Failure::new(Exit::NotPermitted, "not-permitted", message).hint(declare_first(&[&task.label]))
        );
    }
    let submission = session.together(|acts| {
        if attest
            && let Some(draft) = &task.draft
            && !draft.value.attested
        {
            let draft = tessera_model::documents::Draft { attested: true, ..draft.value.clone() };
            acts.save_draft(task.application, task.round, &draft)?;
        }
        let submission = acts.submit(programme, task.application, round, reason)?;
        acts.hand_over()?;
        Ok(submission)
    })?;
    let (became, revision) = match submission {
        Submission::Submitted { revision: 1 } => ("submitted", 1),
        Submission::Submitted { revision } => ("amended", revision),
        Submission::Same { revision } => ("same", revision),
        Submission::NeedsReason => {
            return Err(Failure::new(
                Exit::Usage,
                "reason-needed",
                format!("{} was submitted before with other answers", task.label),
            )
            .hint("`tessera review amend APPLICATION --reason \"…\"`"));
        }
        Submission::Missing(missing) => {
            let first = missing.first().map_or("incomplete", tessera_model::documents::Missing::code);
            let all: Vec<String> = missing.iter().map(ToString::to_string).collect();
            let column = missing.first().and_then(|one| one.place()).map(str::to_owned);
            let mut failure =
                Failure::new(Exit::BadInput, first, format!("{}: {}", task.label, all.join("; ")));
            failure.body.column = column.map(Value::from);
            return Err(
                failure.hint("`tessera review edit APPLICATION` goes through what is open; --attest attests")
            );
        }
    };
    let state = session.together(|acts| acts.task(task.application, task.round))?.and_then(|task| task.state);
    Ok(json!({
        "application": task.label,
        "round": round,
        "became": became,
        "revision": revision,
        "state": state.map(|state| state.as_str()),
    }))
}
