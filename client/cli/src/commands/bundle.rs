//! `tessera bundle`: the same packs as a relay carries, in a file. Whoever carries it reads no more than a relay does.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use tessera_driver::bundles::{self, Brought, Moved, Through};
use tessera_driver::session::Session;
use tessera_engine::bundle::For;
use tessera_model::input::Warning;

use super::programme::text;
use crate::context::Context;
use crate::failure::Failure;
use crate::given::{self, Given};
use crate::names::{Find as _, Names};
use crate::output::Answer;
use crate::progress::bytes;

/// Arguments of `bundle`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write what no relay is known to hold, or what a member may read
    Export(Export),
    /// Take in bundles: each wholly or not at all
    Import(Import),
    /// Show what a bundle says of itself; needs no home
    Inspect(Inspect),
}

#[derive(Debug, Args)]
struct Export {
    /// Where the bundle goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Everything that this member may read
    #[arg(long = "for", value_name = "MEMBER")]
    to: Option<String>,
    /// Everything that this home holds
    #[arg(long, conflicts_with = "to")]
    everything: bool,
    /// Write parts of at most so many bytes, as FILE.1-of-3 and so on
    #[arg(long, value_name = "BYTES", default_value_t = u64::MAX, hide_default_value = true)]
    part_bytes: u64,
    /// Leave attachments out
    #[arg(long)]
    no_attachments: bool,
}

#[derive(Debug, Args)]
struct Import {
    /// The bundles, in any order
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
struct Inspect {
    /// The bundle
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Runs `bundle`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.verb {
        Verb::Export(arguments) => export(arguments, context),
        Verb::Import(arguments) => import(arguments, context),
        Verb::Inspect(arguments) => inspect(arguments, context),
    }
}

fn export(arguments: &Export, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let to = match (&arguments.to, arguments.everything) {
        (Some(meant), _) => For::Member(Names::of(&mut session)?.find(meant)?),
        (None, true) => For::Everything,
        (None, false) => For::Outbox,
    };
    let attachments = !arguments.no_attachments;
    let outline = session.work(|engine| engine.outline(to, attachments, arguments.part_bytes))?;
    let mut quietly = |_: Moved| ControlFlow::Continue(());
    let mut through = Through::writing(&outline, &mut quietly);
    let written = bundles::write(&mut session, &outline, &arguments.out, &mut through);
    let written =
        written.map_err(|error| Failure::from(error).at(&arguments.out.display().to_string(), None, None))?;
    let rows = (1..).zip(outline.parts.iter().zip(&written)).map(|(number, (part, (file, length)))| {
        json!({
            "file": file.display().to_string(),
            "file_bytes": length,
            "part": number,
            "parts": outline.parts.len(),
            "addressee": outline.addressee().map(|member| member.to_string()),
            "packs": part.packs.len(),
            "attachments": part.attachments.len(),
        })
    });
    let rows: Vec<serde_json::Value> = rows.collect();
    Answer::new("bundle-export", rows).show(
        context,
        &["file", "part", "packs", "attachments", "size"],
        |row| {
            let count = |field: &str| row[field].to_string();
            vec![
                text(&row["file"]),
                part(row),
                count("packs"),
                count("attachments"),
                size(&row["file_bytes"]),
            ]
        },
    )?;
    context.hint(
        "whoever carries it can read no more than the relay; `tessera status` says when it has arrived",
    );
    Ok(())
}

fn import(arguments: &Import, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    super::sync::guard(&mut session)?;
    let mut quietly = |_: Moved| ControlFlow::Continue(());
    let mut through = Through::taking(&arguments.files, &mut quietly);
    let (mut rows, mut warnings, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (number, file) in (1..).zip(&arguments.files) {
        match import_one(&mut session, file, &mut through, number, &mut warnings) {
            Ok(row) => rows.push(row),
            Err(failure) => failed.push(failure.at(&file.display().to_string(), None, None)),
        }
    }
    let worst =
        failed.iter().enumerate().max_by_key(|(_, failure)| failure.exit.severity()).map(|(at, _)| at);
    let worst = worst.map(|at| failed.swap_remove(at));
    if arguments.files.len() == 1
        && let Some(failure) = worst
    {
        return Err(failure);
    }
    let others = failed.iter().chain(&worst);
    let bodies: Vec<_> =
        others.map(|failure| serde_json::to_value(&failure.body).unwrap_or_default()).collect();
    let columns = ["new", "known", "waiting", "refused"];
    Answer::new("bundle-import", rows).warnings(warnings).with("failed", bodies).show_as(
        context,
        |answer| {
            if answer.rows().is_empty() {
                return Ok(());
            }
            answer.table(&["file", "part", "new", "known", "waiting", "refused"], |row| {
                let mut cells = vec![text(&row["file"]), part(row)];
                cells.extend(columns.map(|field| row[field].to_string()));
                cells
            })
        },
    )?;
    if !context.json {
        failed.iter().for_each(|failure| failure.report(false));
    }
    worst.map_or(Ok(()), Err)
}

/// Takes in one bundle; `number` is its place among those that were named.
fn import_one(
    session: &mut Session,
    file: &Path,
    through: &mut Through<'_>,
    number: u64,
    warnings: &mut Vec<Warning>,
) -> Result<serde_json::Value, Failure> {
    given::want(&[Given::Bundle], file)?;
    let taken = bundles::take(session, file, through)?;
    if taken.for_other {
        let other = Warning::new(
            "other-addressee",
            "this bundle is addressed to somebody else; what you may read of it was taken",
        );
        warnings.push(other.at_row(Some(number)));
    }
    if taken.imported.unread {
        let unread = Warning::new(
            "not-read-yet",
            "this bundle was taken in, but could not be read yet; `tessera sync` reads it, or says why not",
        );
        warnings.push(unread.at_row(Some(number)));
    }
    for id in taken.damaged {
        let damaged = Warning::new(
            "damaged-attachment",
            "attachment {attachment} is not what its manifest names; nothing of it was kept",
        );
        warnings.push(damaged.with("attachment", id.to_string()).at_row(Some(number)));
    }
    let mut row = row(file, &taken.brought);
    row["new"] = json!(taken.imported.new);
    row["known"] = json!(taken.imported.known);
    row["waiting"] = json!(taken.imported.waiting);
    row["refused"] = json!(taken.imported.refused);
    Ok(row)
}

fn inspect(arguments: &Inspect, context: &Context) -> Result<(), Failure> {
    given::want(&[Given::Bundle], &arguments.file)?;
    let mut quietly = |_: Moved| ControlFlow::Continue(());
    let mut through = Through::looking(std::slice::from_ref(&arguments.file), &mut quietly);
    let bundle = bundles::inspect(&arguments.file, &mut through)
        .map_err(|error| Failure::from(error).at(&arguments.file.display().to_string(), None, None))?;
    let row = row(&arguments.file, &Brought::from(&bundle));
    Answer::new("bundle-inspect", vec![row]).show(
        context,
        &["programme", "part", "packs", "size", "attachments", "size", "from device", "for member"],
        |row| {
            let short = |field: &str| text(&row[field]).chars().take(8).collect::<String>();
            let addressee = if row["addressee"].is_null() { "anyone".to_owned() } else { short("addressee") };
            vec![
                short("programme"),
                part(row),
                row["packs"].to_string(),
                size(&row["pack_bytes"]),
                row["attachments"].to_string(),
                size(&row["attachment_bytes"]),
                short("from"),
                addressee,
            ]
        },
    )
}

fn row(file: &Path, brought: &Brought) -> serde_json::Value {
    let head = &brought.head;
    json!({
        "file": file.display().to_string(),
        "programme": head.programme.to_string(),
        "part": head.part,
        "parts": head.parts,
        "from": head.from.to_string(),
        "addressee": head.addressee.map(|member| member.to_string()),
        "packs": head.packs,
        "pack_bytes": head.pack_bytes,
        "receipts": brought.receipts,
        "attachments": brought.attachments,
        "attachment_bytes": brought.attachment_bytes,
    })
}

fn part(row: &serde_json::Value) -> String {
    format!("{} of {}", row["part"], row["parts"])
}

fn size(count: &serde_json::Value) -> String {
    bytes(count.as_u64().unwrap_or_default())
}
