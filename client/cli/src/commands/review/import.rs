//! `tessera review import` and `record`: tables of scores, in the reviewer's own home or taken down for somebody else.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tessera_driver::session::Session;
use tessera_engine::score_import::{Options, Refusal, RefusalKind, Row};
use tessera_model::compute::ComputeError;
use tessera_model::documents::review::Source;
use tessera_model::input::Warning;
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::scores::Scores;
use tessera_model::table::MAX_FILE_BYTES;

use super::{declare_first, programme};
use crate::commands::compute::refused;
use crate::commands::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::names::{Find as _, Names};
use crate::output::Answer;

#[derive(Debug, Args)]
pub(super) struct Import {
    /// Scores, CSV or JSON lines: application,reviewer[,round][,revision][,confidence],CRITERION…
    #[arg(value_name = "S")]
    file: PathBuf,
    /// Submit. This attests what the programme asks and, where nothing was declared about an application yet, that
    /// there is no conflict of interest
    #[arg(long)]
    submit: bool,
    /// Why what was submitted before is amended
    #[arg(long, value_name = "T")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Record {
    /// Scores, CSV or JSON lines, of this reviewer alone
    #[arg(value_name = "S")]
    file: PathBuf,
    /// Whose scores they are
    #[arg(long, value_name = "M")]
    reviewer: String,
    /// By which way they came
    #[arg(long, value_enum)]
    source: Way,
    /// Why what was taken down before is changed
    #[arg(long, value_name = "T")]
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Way {
    /// On paper
    Paper,
    /// By telephone
    Phone,
    /// By mail
    Mail,
}

/// Runs `review import`.
pub(super) fn run(import: &Import, context: &Context) -> Result<(), Failure> {
    let bytes = files::read(&import.file, MAX_FILE_BYTES)?;
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let me = session.engine().member();
    let programme = programme(&mut session)?;
    let (scores, warnings) = read(&programme, &bytes, &import.file)?;
    let options = Options { submit: import.submit, reason: import.reason.as_deref() };
    let rows = session
        .together(|acts| acts.import_scores(&programme, &scores, options, |meant| names.is(me, meant)))?;
    let rows = rows.map_err(|refusal| failure(&refusal, &names.name(me)))?;
    show("review-import", &rows, warnings, context)?;
    let declared = rows.iter().filter(|row| row.declared).count();
    if declared > 0 {
        context.hint(&format!(
            "declared with it, on honour: no conflict of interest about {declared} application(s)"
        ));
    }
    if import.submit {
        context.hint("next: `tessera sync`, or `tessera bundle export`");
        return Ok(());
    }
    context.hint(
        "these are drafts; the same command with --submit submits them, and declares no conflict of interest",
    );
    let drafted: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
    let tasks = session.together(|acts| acts.tasks())?;
    let undeclared = tasks.iter().filter(|task| task.conflict.is_none()).map(|task| task.label.as_str());
    let undeclared: Vec<&str> = undeclared.filter(|label| drafted.contains(label)).collect();
    let submit = "`tessera review submit --all --attest` submits what is complete";
    if undeclared.is_empty() {
        context.hint(submit);
    } else {
        context.hint(&format!("or declare first, {}; then {submit}", declare_first(&undeclared)));
    }
    Ok(())
}

/// Runs `review record`.
pub(super) fn record(record: &Record, context: &Context) -> Result<(), Failure> {
    let bytes = files::read(&record.file, MAX_FILE_BYTES)?;
    let mut session: Session = context.session()?;
    let names = Names::of(&mut session)?;
    let reviewer = names.find(&record.reviewer)?;
    let programme = programme(&mut session)?;
    let (scores, warnings) = read(&programme, &bytes, &record.file)?;
    let source = match record.source {
        Way::Paper => Source::Paper,
        Way::Phone => Source::Phone,
        Way::Mail => Source::Mail,
    };
    let reason = record.reason.as_deref();
    let rows = session.together(|acts| {
        acts.record_scores(&programme, &scores, reviewer, source, reason, |meant| names.is(reviewer, meant))
    })?;
    let rows = rows.map_err(|refusal| failure(&refusal, &names.name(reviewer)))?;
    show("review-record", &rows, warnings, context)
}

fn read(programme: &Programme, bytes: &[u8], file: &Path) -> Result<(Scores, Vec<Warning>), Failure> {
    let name = file.display().to_string();
    let policy = Policy::of(programme)
        .map_err(|error| refused(ComputeError::Policy { file: "the programme".to_owned(), error }))?;
    Scores::read(bytes, &name, &policy).map_err(refused)
}

fn show(verb: &'static str, rows: &[Row], warnings: Vec<Warning>, context: &Context) -> Result<(), Failure> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "application": row.label,
                "round": row.round,
                "became": row.became.as_str(),
                "revision": (row.revision > 0).then_some(row.revision),
                "declared_no_conflict": row.declared,
            })
        })
        .collect();
    Answer::new(verb, rows).warnings(warnings).show(
        context,
        &["application", "round", "became", "revision"],
        |row| ["application", "round", "became", "revision"].iter().map(|field| text(&row[*field])).collect(),
    )
}

fn failure(refusal: &Refusal, name: &str) -> Failure {
    let (exit, hint) = match &refusal.kind {
        RefusalKind::OtherReviewer(_) => (
            Exit::NotPermitted,
            format!("only rows of {name} belong here; `tessera review record` takes down scores for others"),
        ),
        RefusalKind::TakenBack(_) => {
            (Exit::NotPermitted, "ask a coordinator whether it is still to be read".to_owned())
        }
        RefusalKind::Conflict(_) => (
            Exit::NotPermitted,
            "a coordinator rules on it; until then the review cannot be submitted".to_owned(),
        ),
        RefusalKind::NeedsReason(_) => (Exit::Usage, "add --reason \"why it changed\"".to_owned()),
        RefusalKind::UnknownApplication(_) => {
            (Exit::BadInput, "`tessera review list` shows what is assigned; `tessera sync` brings news".to_owned())
        }
        RefusalKind::Missing(_) => (
            Exit::BadInput,
            "every criterion of the round needs a score, or N/A where it does not apply; without --submit it stays a draft"
                .to_owned(),
        ),
        _ => (Exit::BadInput, "nothing was changed".to_owned()),
    };
    let place = &refusal.place;
    Failure::new(exit, refusal.kind.code(), refusal.kind.to_string()).hint(hint).at(
        &place.file,
        place.row,
        place.column.as_deref(),
    )
}
