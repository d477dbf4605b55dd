//! `tessera conflict`: conflicts of interest. A reader declares; a coordinator rules on it; both can list.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_engine::withheld::Bound;
use tessera_model::documents::{Conflict, Declaration, Ruling};
use tessera_model::input::Warning;

use super::application::must_coordinate;
use super::programme::text;
use crate::applications::Applications;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::names::{Find as _, Names};
use crate::output::{Answer, print};

/// Arguments of `conflict`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Declare, before reading, whether something stands in the way
    Declare(Declare),
    /// Rule on a reader's conflict: lift it, or uphold it
    Clear(Clear),
    /// List what was declared, and what was made of it
    List(List),
}

#[derive(Debug, Args)]
struct Declare {
    /// What you call the application; `all` declares on everything not declared yet, none only
    application: String,
    /// none, conflict, unsure or recused
    declaration: String,
    /// What kind of conflict
    #[arg(long, value_name = "KIND", default_value = "")]
    kind: String,
    /// What a coordinator should know
    #[arg(long, value_name = "T", default_value = "")]
    note: String,
}

#[derive(Debug, Args)]
struct Clear {
    /// Key of the application
    application: String,
    /// The reader: name, or the beginning of the id
    reviewer: String,
    /// Why
    #[arg(long, value_name = "T")]
    reason: String,
    /// It is one: the reader may not read
    #[arg(long)]
    uphold: bool,
}

#[derive(Debug, Args)]
struct List {
    /// Only those that keep somebody from reading
    #[arg(long)]
    open: bool,
}

/// Runs `conflict`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::Declare(declare) => self::declare(declare, context),
        What::Clear(clear) => self::clear(clear, context),
        What::List(list) => self::list(list, context),
    }
}

fn declare(declare: &Declare, context: &Context) -> Result<(), Failure> {
    let Some(declaration) = Declaration::parse(&declare.declaration) else {
        let message = format!("`{}` is no declaration", declare.declaration);
        return Err(Failure::new(Exit::Usage, "usage", message).hint("none, conflict, unsure or recused"));
    };
    let conflict =
        Conflict { declaration: Some(declaration), kind: declare.kind.clone(), note: declare.note.clone() };
    let mut session = context.session()?;
    let applications = Applications::of(&mut session)?;
    let tasks = session.together(|acts| acts.tasks())?;
    let about: Vec<_> = if declare.application == "all" {
        if declaration != Declaration::None {
            return Err(Failure::new(Exit::Usage, "usage", "`all` goes with none alone"));
        }
        tasks.iter().filter(|task| task.conflict.is_none()).map(|task| task.application).collect()
    } else {
        let id = applications.find(&declare.application)?;
        if !tasks.iter().any(|task| task.application == id) {
            let message = format!("`{}` was not assigned to you", declare.application);
            return Err(Failure::new(Exit::NotFound, "not-assigned", message));
        }
        vec![id]
    };
    if declaration == Declaration::None {
        let bound =
            session.together(|acts| about.iter().map(|id| acts.bound(*id)).collect::<Result<Vec<_>, _>>())?;
        if let Some(at) = bound.iter().position(|bound| *bound == Bound::Waits) {
            let label = applications.label(about[at]);
            let message = format!(
                "{label}: what you declared before has left this device; a coordinator decides on it"
            );
            return Err(Failure::new(Exit::NotPermitted, "not-permitted", message).hint(
                "it waits on the coordinators' merge desk; what they decide comes with `tessera sync`",
            ));
        }
    }
    session.together(|acts| {
        for id in &about {
            acts.declare(*id, &conflict)?;
        }
        acts.hand_over()
    })?;
    let ends = conflict.ends_reading();
    let warning = ends.then(access_ends);
    let rows: Vec<Value> = about
        .iter()
        .map(|id| {
            json!({
                "application": applications.label(*id), "declaration": declaration.as_str(),
                "kind": declare.kind, "note": declare.note, "dossier_removed": ends,
            })
        })
        .collect();
    Answer::new("conflict-declare", rows).warnings(warning).show(
        context,
        &["application", "declaration", "kind"],
        |row| ["application", "declaration", "kind"].map(|key| text(&row[key])).to_vec(),
    )?;
    match declaration {
        Declaration::None => context.hint("next: `tessera review show APPLICATION`"),
        _ => context.hint("next: `tessera sync`, or `tessera bundle export`, tells the coordinators"),
    }
    Ok(())
}

/// What is said where a dossier was removed from this device.
pub(super) fn access_ends() -> Warning {
    Warning::new(
        "access-ends",
        "the dossier was removed from this device, drafts and notes on it are put away, and nothing more of it will come; what was read before cannot be unread",
    )
}

fn clear(clear: &Clear, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let names = Names::of(&mut session)?;
    let id = applications.find(&clear.application)?;
    let member = names.find(&clear.reviewer)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let ruling = if clear.uphold { Ruling::Upheld } else { Ruling::Lifted };
    let on = session.together(|acts| {
        let answers = acts.answers(&programme, id)?;
        let on = acts.rule_on(id, member, &answers, ruling, &clear.reason)?;
        acts.hand_over()?;
        Ok(on)
    })?;
    let row = json!({
        "application": applications.label(id), "reviewer": names.name(member),
        "declaration": on.declaration.map(Declaration::as_str), "kind": on.kind, "note": on.note,
        "ruling": ruling.as_str(), "reason": clear.reason,
    });
    let columns = ["application", "reviewer", "declaration", "kind", "ruling"];
    Answer::new("conflict-clear", vec![row])
        .show(context, &columns, |row| columns.map(|key| text(&row[key])).to_vec())?;
    if !clear.uphold && on.kind != "standing" {
        context.hint("next: the reader reads why with the next exchange, and declares `none` before reading");
    }
    Ok(())
}

fn list(list: &List, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let applications = Applications::of(&mut session)?;
    let names = Names::of(&mut session)?;
    let declared = session.together(|acts| acts.declarations())?;
    let mut rows: Vec<Value> = declared
        .iter()
        .filter(|one| !list.open || one.bars())
        .map(|one| {
            json!({
                "application": applications.label(one.application), "reviewer": names.name(one.member),
                "member": one.member.to_string(),
                "declaration": one.read.value.declaration.map_or("contested", Declaration::as_str),
                "kind": one.read.value.kind, "note": one.read.value.note,
                "ruling": one.ruling.map(Ruling::as_str), "reason": one.reason, "bars": one.bars(),
            })
        })
        .collect();
    rows.sort_by_key(|row| (text(&row["application"]).into_bytes(), text(&row["reviewer"])));
    let columns = ["application", "reviewer", "declaration", "kind", "note", "ruling"];
    Answer::new("conflict-list", rows).show_as(context, |answer| {
        if answer.rows().is_empty() {
            return print("nothing was declared\n");
        }
        answer.table(&columns, |row| columns.map(|key| text(&row[key])).to_vec())
    })
}
