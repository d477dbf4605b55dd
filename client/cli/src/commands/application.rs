//! `tessera application`: what came in. Importing is in [`import`](self::take_in), what was typed from scans in [`typed`], the
//! rest shows and withdraws.

mod import;
mod typed;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_driver::intake::withdraw::{Withdrawn, withdraw as note_withdrawal};
use tessera_driver::save::{SaveError, save};
use tessera_driver::session::Session;
use tessera_engine::assignments::Pair;
use tessera_engine::duplicates::Likeness;
use tessera_engine::eligibility::{Lacks, outcome_word};
use tessera_engine::programme::{renditions, round};
use tessera_model::documents::form::Route;
use tessera_model::documents::{Assignment, AssignmentState, Sameness};
use tessera_model::input::Warning;
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_protocol::ids::{ApplicationId, RoundId};
use tessera_vault::ids::Audience;

use super::eligibility::judged_json;
use super::moderation::moderated_json;
use super::programme::text;
use crate::applications::Applications;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log;
use crate::names::Names;
use crate::output::{Answer, print};

/// Arguments of `application`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Take applications in from CSV, XLSX or JSON, with a folder of files
    Import(import::Import),
    /// List the applications and how far each is
    List(List),
    /// Show everything about one application
    Show(Show),
    /// Save the files of one application in a new folder
    Files(Files),
    /// Show what somebody typed from a scan, type it in from a text file, or take it back
    Text(typed::Typed),
    /// Note that an applicant withdrew
    Withdraw(Withdraw),
    /// List applications that may be one and the same
    Duplicates,
    /// Say whether two applications are one
    Duplicate(Duplicate),
}

/// The states of an application, as lists name them.
const STATES: [&str; 6] = ["eligible", "by-exception", "not-eligible", "undecided", "contested", "withdrawn"];

#[derive(Debug, Args)]
struct List {
    /// Only those of this state
    #[arg(long, value_name = "STATE", value_parser = STATES)]
    state: Option<String>,
    /// Only those that nobody reads
    #[arg(long)]
    unassigned: bool,
    /// Only those that lack an answer or a file
    #[arg(long)]
    incomplete: bool,
    /// Only those with this answer: region=africa; several times: all of them
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    answers: Vec<String>,
}

#[derive(Debug, Args)]
struct Show {
    /// Key of the application, or the beginning of its id
    application: String,
}

#[derive(Debug, Args)]
struct Files {
    /// Key of the application, or the beginning of its id
    application: String,
    /// Folder in which a folder is made for the application
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct Withdraw {
    /// Key of the application, or the beginning of its id
    application: String,
    /// What was said
    #[arg(long, value_name = "T")]
    reason: String,
    /// By which way it was said: form or mail
    #[arg(long, value_name = "WAY")]
    route: Option<String>,
    /// It was a mistake: the application stands
    #[arg(long)]
    undo: bool,
}

#[derive(Debug, Args)]
struct Duplicate {
    /// Key of one application
    one: String,
    /// Key of the other
    other: String,
    /// same or different
    verdict: String,
    /// Which of the two counts, where they are the same
    #[arg(long, value_name = "KEY")]
    keep: Option<String>,
    /// Why
    #[arg(long, value_name = "T")]
    reason: String,
}

/// Runs `application`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::Import(import) => import::run(import, context),
        What::List(list) => self::list(list, context),
        What::Show(show) => self::show(show, context),
        What::Files(files) => self::files(files, context),
        What::Text(text) => typed::run(text, context),
        What::Withdraw(withdraw) => self::withdraw(withdraw, context),
        What::Duplicates => duplicates(context),
        What::Duplicate(duplicate) => self::duplicate(duplicate, context),
    }
}

/// Fails where this home is not a coordinator's.
pub(crate) fn must_coordinate(session: &mut Session) -> Result<(), Failure> {
    if session.engine().is_coordinator() {
        return Ok(());
    }
    Err(tessera_engine::EngineError::NotPermitted("a coordinator").into())
}

fn list(list: &List, context: &Context) -> Result<(), Failure> {
    let wanted: Vec<(&str, &str)> = list
        .answers
        .iter()
        .map(|pair| {
            pair.split_once('=')
                .ok_or_else(|| Failure::new(Exit::Usage, "usage", format!("`{pair}` is not FIELD=VALUE")))
        })
        .collect::<Result<_, _>>()?;
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    for (field, value) in &wanted {
        must_be_answer(&programme, field, value)?;
    }
    let known = session.together(|acts| acts.applications())?;
    let assignments = session.together(|acts| acts.assignments())?;
    let mut reviewed: BTreeMap<ApplicationId, usize> = BTreeMap::new();
    for review in session.together(|acts| acts.tallies())? {
        *reviewed.entry(review.application).or_default() += usize::from(review.counts.is_ok());
    }
    let mut rows = Vec::new();
    for (id, identity) in known {
        let (state, lacks, answers, files) = session.together(|acts| {
            let judged = acts.eligibility(&programme, id)?;
            let withdrawn = acts.withdrawal(id)?.is_some();
            let answers = acts.answers(&programme, id)?;
            let files = acts.files(id)?;
            let exception = judged.read.value.exception_asked.is_some() || judged.asked_by.is_some();
            let lacks = Lacks::of(&programme, &answers, &files, exception);
            let state = if withdrawn { "withdrawn" } else { outcome_word(&judged.outcome) };
            Ok((state, lacks, answers, files.originals().count()))
        })?;
        let readers = assignments
            .iter()
            .filter(|(pair, one)| pair.application == id && one.state == Some(AssignmentState::Assigned))
            .count();
        let fits = list.state.as_deref().is_none_or(|wanted| wanted == state)
            && (!list.unassigned || readers == 0)
            && (!list.incomplete || !lacks.words().is_empty())
            && wanted.iter().all(|(field, value)| answers.get(*field).is_some_and(|one| one == value));
        if fits {
            rows.push(json!({
                "application": identity.key,
                "id": id.to_string(),
                "title": title(&programme, &answers),
                "state": state,
                "readers": readers,
                "reviews": reviewed.get(&id).copied().unwrap_or_default(),
                "files": files,
                "lacks": lacks.words(),
            }));
        }
    }
    let empty = rows.is_empty();
    let header = ["application", "name", "state", "readers", "reviews", "files", "lacks"];
    Answer::new("application-list", rows).show(context, &header, |row| {
        let name = beginning(&text(&row["title"]));
        let mut cells: Vec<String> = vec![text(&row["application"]), name];
        cells.extend(["state", "readers", "reviews", "files", "lacks"].map(|key| text(&row[key])));
        cells
    })?;
    if empty {
        context.hint("no application fits; `tessera application import FILE --key COLUMN` takes them in");
    }
    Ok(())
}

/// Fails where the form has no such field, or where no answer to it can be this one.
fn must_be_answer(programme: &Programme, key: &str, value: &str) -> Result<(), Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, "usage", message);
    let Some(field) = programme.fields.iter().find(|field| field.key.as_str() == key) else {
        let policy = Policy::of(programme).unwrap_or_default();
        let adjustments = policy.add.iter().chain(&policy.subtract).map(String::as_str);
        let keys: Vec<&str> =
            programme.fields.iter().map(|field| field.key.as_str()).chain(adjustments).collect();
        if keys.contains(&key) {
            return Ok(());
        }
        return Err(usage(format!("the form has no field `{key}`"))
            .hint(format!("the fields are: {}", keys.join(", "))));
    };
    let options: Vec<&str> = field.options.iter().map(|option| option.key.as_str()).collect();
    if options.is_empty() || field.many || options.contains(&value) {
        return Ok(());
    }
    Err(usage(format!("`{value}` is no answer to `{key}`"))
        .hint(format!("the answers are: {}", options.join(", "))))
}

/// The beginning of an answer, for a table.
fn beginning(answer: &str) -> String {
    const SHOWN: usize = 32;
    let mut begun: String = answer.chars().take(SHOWN).collect();
    if answer.chars().nth(SHOWN).is_some() {
        begun.push('…');
    }
    begun
}

/// What a list shows beside the key: the first answer of the form.
fn title(programme: &Programme, answers: &BTreeMap<String, String>) -> Option<String> {
    let first = programme.fields.iter().find_map(|field| answers.get(field.key.as_str()))?;
    Some(first.clone())
}

fn show(show: &Show, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let id = applications.find(&show.application)?;
    let names = Names::of(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let row = session.together(|acts| {
        let answers = acts.answers(&programme, id)?;
        let files = acts.files(id)?;
        let judged = acts.eligibility(&programme, id)?;
        let withdrawal = acts.withdrawal(id)?;
        let exception = judged.read.value.exception_asked.is_some() || judged.asked_by.is_some();
        let lacks = Lacks::of(&programme, &answers, &files, exception);
        let files: Vec<Value> = files
            .originals()
            .map(|((slot, contents), file)| {
                json!({
                    "attachment": slot, "name": file.name, "media_type": file.media_type,
                    "size_bytes": file.size_bytes,
                    "sha256": contents.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
                    "typed": files.typed(slot, contents).next().is_some(),
                })
            })
            .collect();
        Ok(json!({
            "application": applications.label(id),
            "id": id.to_string(),
            "answers": answers,
            "files": files,
            "lacks": lacks.words(),
            "eligibility": judged_json(&judged, &names),
            "withdrawn": withdrawal.map(|one| json!({
                "reason": one.reason, "route": one.route.map(Route::as_str),
            })),
        }))
    })?;
    let (readers, open_to) = readers(&mut session, &programme, id, &names)?;
    let moderated = session.together(|acts| {
        let reviews = acts.tallies_of(id)?;
        acts.moderations_of(id, &reviews)
    })?;
    let moderation: Vec<Value> = moderated
        .iter()
        .map(|one| {
            let mut verdict = moderated_json(one, &names);
            verdict["round"] = round_key(&programme, one.round).into();
            verdict
        })
        .collect();
    let twins = session.together(|acts| acts.likely_duplicates(&programme))?;
    let twins: Vec<String> = twins
        .iter()
        .filter(|twin| twin.one == id || twin.other == id)
        .map(|twin| applications.label(if twin.one == id { twin.other } else { twin.one }))
        .collect();
    let mut row = row;
    row["readers"] = readers.into();
    row["moderation"] = moderation.into();
    row["open_to"] = open_to.into();
    row["perhaps_the_same_as"] = twins.into();
    Answer::new("application-show", vec![row])
        .show_as(context, |answer| print(&answer.rows().iter().map(page).collect::<String>()))
}

/// Who reads an application and how far they are; and to whom its dossier is open.
fn readers(
    session: &mut Session,
    programme: &Programme,
    id: ApplicationId,
    names: &Names,
) -> Result<(Vec<Value>, Vec<String>), Failure> {
    let assignments: Vec<(Pair, Assignment)> = session
        .together(|acts| acts.assignments())?
        .into_iter()
        .filter(|(pair, _)| pair.application == id)
        .collect();
    let reviews = session.together(|acts| acts.reviews())?;
    let mut readers = Vec::new();
    for (pair, assignment) in assignments {
        let declared = session.together(|acts| acts.declaration(id, pair.member))?;
        let review = reviews.iter().find(|review| {
            (review.application, review.member, review.round) == (id, pair.member, pair.round)
        });
        readers.push(json!({
            "reviewer": names.name(pair.member),
            "member": pair.member.to_string(),
            "round": round_key(programme, pair.round),
            "assigned": assignment.state.map(AssignmentState::as_str),
            "place": assignment.place,
            "reason": assignment.reason,
            "conflict": declared.as_ref().and_then(|one| one.read.value.declaration).map(|one| one.as_str()),
            "conflict_cleared": declared.as_ref().map(|one| !one.bars()),
            "revision": review.and_then(|one| one.counted.as_ref()).map(|read| read.value.revision),
            "counts": review.map(|one| one.counts.is_ok()),
            "waits": review.map(|one| one.waits.keys().map(|why| why.code()).collect::<Vec<_>>()),
        }));
    }
    let mut open_to = Vec::new();
    for rendition in renditions(programme) {
        let stream = session.engine().stream(&Audience::Dossier(id, rendition))?;
        open_to.extend(session.engine().open_to(stream).into_iter().map(|member| names.name(member)));
    }
    Ok((readers, open_to))
}

/// The key of a round.
pub(crate) fn round_key(programme: &Programme, id: RoundId) -> Option<String> {
    let found = programme.rounds.iter().find(|one| round(one.key.as_str()) == id);
    found.map(|one| one.key.as_str().to_owned())
}

/// An application as a page of text.
fn page(row: &Value) -> String {
    let mut page = format!("{}  ({})\n", text(&row["application"]), text(&row["id"]));
    let mut line = |label: &str, value: &str| page.push_str(&format!("  {label}: {value}\n"));
    if !row["withdrawn"].is_null() {
        line("WITHDRAWN", &text(&row["withdrawn"]["reason"]));
    }
    line("eligibility", &text(&row["eligibility"]["outcome"]));
    for (gate, verdict) in row["eligibility"]["gates"].as_object().into_iter().flatten() {
        line(&format!("  {gate}"), &format!("{}  {}", text(&verdict["verdict"]), text(&verdict["reason"])));
    }
    if !row["eligibility"]["exception"].is_null() {
        let exception = &row["eligibility"]["exception"];
        let words = format!("asked by {}: {}", text(&exception["asked_by"]), text(&exception["asked"]));
        line("exception", &words);
        line("  granted", &format!("{} by {}", text(&exception["granted"]), text(&exception["decided_by"])));
    }
    let lists = [("lacks", "lacks"), ("open to", "open_to"), ("perhaps the same as", "perhaps_the_same_as")];
    for (label, key) in lists {
        if row[key].as_array().is_some_and(|all| !all.is_empty()) {
            line(label, &text(&row[key]));
        }
    }
    for reader in row["readers"].as_array().into_iter().flatten() {
        let review = match &reader["revision"] {
            Value::Null => "no review yet".to_owned(),
            revision => format!("review {revision}"),
        };
        let words = format!(
            "{} ({}), conflict: {}, {review}",
            text(&reader["assigned"]),
            text(&reader["round"]),
            text(&reader["conflict"])
        );
        line(&format!("reader {}", text(&reader["reviewer"])), &words);
    }
    for verdict in row["moderation"].as_array().into_iter().flatten() {
        let outdated = if verdict["outdated"] == true { ", other scores count by now" } else { "" };
        let words = format!(
            "{}{outdated}, by {}: {}",
            text(&verdict["verdict"]),
            text(&verdict["by"]),
            text(&verdict["reason"]).replace('\n', " / ")
        );
        line(&format!("moderation ({})", text(&verdict["round"])), &words);
    }
    for file in row["files"].as_array().into_iter().flatten() {
        let typed = if file["typed"] == true { ", typed" } else { "" };
        let words = format!("{}, {} bytes{typed}", text(&file["media_type"]), file["size_bytes"]);
        line(&format!("file {} `{}`", text(&file["attachment"]), text(&file["name"])), &words);
    }
    for (field, answer) in row["answers"].as_object().into_iter().flatten() {
        line(field, &text(answer).replace('\n', "\n    "));
    }
    page.lines().map(|line| format!("{}\n", crate::output::shown(line))).collect()
}

fn files(files: &Files, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let id = applications.find(&files.application)?;
    let manifest = session.together(|acts| acts.files(id))?;
    let label = applications.label(id);
    let saved = save(&mut session, &manifest, &files.out, &label).map_err(|error| match error {
        SaveError::Io { path, source } => {
            let exists = source.kind() == std::io::ErrorKind::AlreadyExists;
            let (exit, code) = if exists { (Exit::BadInput, "folder-exists") } else { (Exit::Disk, "disk") };
            let failure = Failure::new(exit, code, source.to_string());
            let failure = failure.at(&path.display().to_string(), None, None);
            if exists { failure.hint("nothing is overwritten: name another folder") } else { failure }
        }
        SaveError::Session(error) => error.into(),
    })?;
    log::add(context, &format!("saved files={}", saved.len()));
    let warnings = saved.iter().filter_map(|one| match (&one.missing, one.tells_place) {
        (Some(error), _) => {
            let missing = Warning::new("file-not-here", "`{file}`: {error}");
            Some(missing.with("file", one.name.as_str()).with("error", error.to_string()))
        }
        (None, true) => {
            let place = Warning::new("attachment-has-place", "`{file}` says where the photograph was taken");
            Some(place.with("file", one.name.as_str()))
        }
        _ => None,
    });
    let warnings: Vec<Warning> = warnings.collect();
    let rows: Vec<Value> = saved
        .iter()
        .filter(|one| one.missing.is_none())
        .map(
            |one| json!({ "attachment": one.slot, "name": one.name, "file": one.path.display().to_string() }),
        )
        .collect();
    let columns = ["attachment", "name", "file"];
    Answer::new("application-files", rows)
        .warnings(warnings)
        .show(context, &columns, |row| columns.map(|key| text(&row[key])).to_vec())?;
    context.hint("these files are not encrypted: keep them as you keep the passphrase");
    Ok(())
}

fn withdraw(withdraw: &Withdraw, context: &Context) -> Result<(), Failure> {
    let route = withdraw.route.as_deref().map(|word| {
        Route::parse(word).ok_or_else(|| {
            Failure::new(Exit::Usage, "usage", format!("`{word}` is no way")).hint("form, mail or import")
        })
    });
    let route = route.transpose()?;
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let id = applications.find(&withdraw.application)?;
    let Withdrawn { changed, taken_back } =
        note_withdrawal(&mut session, id, !withdraw.undo, route, &withdraw.reason)?;
    let row = json!({
        "application": applications.label(id), "withdrawn": !withdraw.undo, "changed": changed,
        "taken_back": taken_back,
    });
    Answer::new("application-withdraw", vec![row]).show(
        context,
        &["application", "withdrawn", "taken back from readers"],
        |row| vec![text(&row["application"]), text(&row["withdrawn"]), text(&row["taken_back"])],
    )?;
    if withdraw.undo {
        context.hint("next: `tessera assign import` and `assign publish` give it to readers again");
    }
    Ok(())
}

fn duplicates(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let (_, programme) = session.together(|acts| acts.programme())?;
    let found = session.together(|acts| acts.likely_duplicates(&programme))?;
    let rows: Vec<Value> = found
        .into_iter()
        .map(|twin| {
            json!({
                "application": applications.label(twin.one),
                "other": applications.label(twin.other),
                "alike": twin.alike.iter().map(|one| match one {
                    Likeness::Answer(field) => field.clone(),
                    Likeness::File(name) => format!("file `{name}`"),
                }).collect::<Vec<_>>(),
                "verdict": twin.verdict.map(Sameness::as_str),
                "keep": twin.keep.map(|id| applications.label(id)),
                "contested": twin.contested,
            })
        })
        .collect();
    let empty = rows.is_empty();
    let header = ["application", "other", "alike in", "verdict", "keep"];
    Answer::new("application-duplicates", rows).show(context, &header, |row| {
        let verdict = if row["contested"] == true { "contested".to_owned() } else { text(&row["verdict"]) };
        vec![text(&row["application"]), text(&row["other"]), text(&row["alike"]), verdict, text(&row["keep"])]
    })?;
    if !empty {
        context.hint("next: `tessera application duplicate A B same --keep A --reason T`, or different");
    }
    Ok(())
}

fn duplicate(duplicate: &Duplicate, context: &Context) -> Result<(), Failure> {
    let Some(verdict) = Sameness::parse(&duplicate.verdict) else {
        let message = format!("`{}` is no verdict", duplicate.verdict);
        return Err(Failure::new(Exit::Usage, "usage", message).hint("same or different"));
    };
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let applications = Applications::of(&mut session)?;
    let (one, other) = (applications.find(&duplicate.one)?, applications.find(&duplicate.other)?);
    let keep = duplicate.keep.as_deref().map(|key| applications.find(key)).transpose()?;
    let changed = session.together(|acts| {
        let changed = acts.judge_duplicate(one, other, verdict, keep, &duplicate.reason)?;
        acts.hand_over()?;
        Ok(changed)
    })?;
    let row = json!({
        "application": applications.label(one), "other": applications.label(other),
        "verdict": verdict.as_str(), "keep": keep.map(|id| applications.label(id)), "changed": changed,
    });
    Answer::new("application-duplicate", vec![row]).show(
        context,
        &["application", "other", "verdict", "keep"],
        |row| ["application", "other", "verdict", "keep"].map(|key| text(&row[key])).to_vec(),
    )
}
