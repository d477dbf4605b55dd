//! `tessera review`: reading and scoring. Listing and showing what is assigned, submitting and amending; tables of scores
//! are in [`import`], the reading in a terminal in [`edit`].

mod dossier;
mod edit;
mod import;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_driver::session::Session;
use tessera_engine::programme::round as round_of;
use tessera_engine::reading::{Submission, Task};
use tessera_engine::work::outcome_words;
use tessera_model::documents::{AssignmentState, Declaration};
use tessera_model::programme::Programme;

use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Answer;

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
        What::Import(import) => import::run(import, context),
        What::Record(record) => import::record(record, context),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let tasks = session.together(|acts| acts.tasks())?;
    let programme = programme(&mut session)?;
    let rows: Vec<Value> = tasks.iter().map(|task| row(task, &programme)).collect();
    let open = rows.iter().filter(|row| row["review"].is_null() && row["state"] != "taken-back").count();
    Answer::new("review-list", rows).show(
        context,
        &["application", "round", "conflict", "dossier", "draft", "review", "state", "outcome"],
        |row| {
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
        },
    )?;
    if open > 0 {
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
    Ok(session.together(|acts| acts.programme())?.1)
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
    let mut chosen: Vec<(Task, String)> = Vec::new();
    if submit.all {
        for task in session.together(|acts| acts.tasks())? {
            let open = task.draft.is_some() && task.review.is_none() && task.is_open();
            if open && submit.round.as_deref().is_none_or(|round| round_of(round) == task.round) {
                let key = round_key(&programme, &task);
                chosen.push((task, key));
            }
        }
    }
    for application in &submit.applications {
        chosen.push(find(&mut session, &programme, application, submit.round.as_deref())?);
    }
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for (task, round) in &chosen {
        let done = submit_one(&mut session, &programme, task, round, None, submit.attest);
        match done {
            Ok(row) => rows.push(row),
            Err(failure) if submit.all => {
                let message = format!("{}: {}", task.label, failure.body.message);
                refused.push(tessera_model::input::Warning::new("not-submitted", message));
            }
            Err(failure) => return Err(failure),
        }
    }
    submitted(rows, refused, context)
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

fn submitted(
    rows: Vec<Value>,
    refused: Vec<tessera_model::input::Warning>,
    context: &Context,
) -> Result<(), Failure> {
    Answer::new("review-submit", rows).warnings(refused).show(
        context,
        &["application", "round", "became", "revision", "state"],
        |row| {
            ["application", "round", "became", "revision", "state"]
                .iter()
                .map(|field| text(&row[*field]))
                .collect()
        },
    )?;
    context.hint("next: `tessera sync`, or `tessera bundle export`");
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
            failure.body.column = column;
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
