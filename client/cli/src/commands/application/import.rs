//! `tessera application import`: a table and a folder of files become applications; previewed with `--dry-run`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tessera_driver::intake::{Fate, Filed, IntakeError, Progress, Report, Source, import, remembered};
use tessera_driver::pages::Drawer;
use tessera_driver::preparing::{Prepared, Wanted, prepare};
use tessera_driver::session::Session;
use tessera_engine::intake::mapping::MAX_MAPPING_BYTES;
use tessera_engine::intake::{Mapping, Refused, Shared, Unplaced, shared};
use tessera_engine::programme::Taken;
use tessera_model::input::InputErrorKind;

use super::must_coordinate;
use crate::commands::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::output::{Answer, print, print_table};

/// Refused rows, and files, that people are shown.
const SHOWN: usize = 30;
/// After so many light copies a person is told.
const TOLD: usize = 20;
/// Patterns of files' names that people are shown.
const PATTERNS: usize = 5;

#[derive(Debug, Args)]
pub(super) struct Import {
    /// Table of applications: CSV, XLSX or JSON
    #[arg(value_name = "FILE")]
    table: PathBuf,
    /// Column that names the application, the same in every import
    #[arg(long, value_name = "COL")]
    key: String,
    /// Folder of files: a folder for each application, named by its key, or files whose names hold it
    #[arg(long, value_name = "DIR")]
    attachments: Option<PathBuf>,
    /// Which column is which answer and which file is what, TOML; remembered for the next import, and shown by --help
    ///
    ///   sheet = "Form responses 1"        the worksheet of a workbook; the first where nothing is said
    ///   ignore = ["Timestamp"]            columns that go nowhere
    ///   attachments = ["Files"]           columns that name files
    ///   [columns]
    ///   "Your full name" = "full-name"    column = field of the form
    ///   [values.region]
    ///   "Afrika" = "africa"               what stands in a cell of that field = the answer
    ///   [files]
    ///   "zeugnis" = "proof"               how a file's name begins = attachment of the programme
    ///   "*_cv.pdf" = "cv"                 the same by a pattern; * stands for anything
    ///   "Letters/*" = "letters"           with the folder in which it lies
    ///   "*.tmp" = ""                      left out
    ///   [folders]
    ///   "Okoro, Ada" = "A-1"              a folder's name = key of the application; "" leaves it out
    ///   [places]
    ///   "scan0001.pdf" = { application = "A-2", slot = "cv" }
    ///                                     one file, by where it lies in the folder of files
    #[arg(long, value_name = "M.toml", verbatim_doc_comment)]
    map: Option<PathBuf>,
    /// Do not use the mapping that is remembered
    #[arg(long, conflicts_with = "map")]
    no_map: bool,
    /// Take applications in though the table has no column for a required answer
    #[arg(long)]
    partial: bool,
    /// Take rows in as new applications though they are here already by the key of another column
    #[arg(long)]
    new_key: bool,
    /// Make no light copies of heavy files: small grey pages that reach readers with the text
    #[arg(long)]
    no_light_copies: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(arguments: &Import, context: &Context) -> Result<(), Failure> {
    let given = arguments.map.as_deref().map(|path| files::read_text(path, MAX_MAPPING_BYTES)).transpose()?;
    let mut session = context.session()?;
    must_coordinate(&mut session)?;
    let mapping = mapping(arguments, given.as_deref(), &mut session, context)?;
    let source = Source {
        table: &arguments.table,
        key: &arguments.key,
        attachments: arguments.attachments.as_deref(),
        mapping: &mapping,
        partial: arguments.partial,
        new_key: arguments.new_key,
        dry_run: arguments.dry_run,
    };
    let mut progress = |progress: Progress| {
        if progress.of > 32 {
            let megabytes = progress.bytes / 1_000_000;
            context
                .hint(&format!("{} of {} applications, {megabytes} MB of files", progress.done, progress.of));
        }
    };
    let report =
        import(&mut session, &source, &mut progress).map_err(|error| failed(error, &arguments.key))?;
    if let Some(text) = given.filter(|_| !arguments.dry_run) {
        remembered::remember(&mut session, &text)?;
    }
    if report.lines.is_empty()
        && let Some(first) = report.refused.first()
    {
        return Err(nothing_taken(first, report.refused.len()));
    }
    let light = match arguments.dry_run || arguments.no_light_copies {
        true => 0,
        false => lighten(&mut session, context),
    };
    show(&report, light, arguments.dry_run, context)
}

/// Makes light copies of heavy files that have none, of this import and of earlier ones; gives how many. The applications are
/// in whatever becomes of it.
fn lighten(session: &mut Session, context: &Context) -> usize {
    let mut made = 0;
    let mut tell = |prepared: Prepared| {
        if prepared.light > made && prepared.light.is_multiple_of(TOLD) {
            context.hint(&format!("{} light copies", prepared.light));
        }
        made = prepared.light;
        true
    };
    let prepared = Drawer::own().map_err(|error| error.to_string()).and_then(|drawer| {
        prepare(session, &drawer, Wanted::Light, &mut tell).map_err(|error| error.to_string())
    });
    if let Err(error) = prepared {
        context.hint(&format!("not every heavy file has a light copy, the next import tries again: {error}"));
    }
    made
}

/// The mapping that was given, else the one that is remembered.
fn mapping(
    arguments: &Import,
    given: Option<&str>,
    session: &mut Session,
    context: &Context,
) -> Result<Mapping, Failure> {
    if let Some(text) = given {
        let name = arguments.map.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        return Ok(Mapping::parse(text, &name)?);
    }
    if arguments.no_map {
        return Ok(Mapping::default());
    }
    let Some(mapping) = remembered::mapping(session)? else {
        return Ok(Mapping::default());
    };
    context.hint("the mapping of the last import is used; --no-map does without");
    Ok(mapping?)
}

fn failed(error: IntakeError, key: &str) -> Failure {
    match error {
        IntakeError::Input(error) => {
            let answer = match &error.kind {
                InputErrorKind::MissingColumn { name } => name != key,
                _ => false,
            };
            let failure = Failure::from(error);
            if answer {
                failure.hint("name the column as the form does, or map it with --map; --partial takes new applications in without it")
            } else {
                failure
            }
        }
        IntakeError::Io { path, source } => {
            let exit =
                if source.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Disk };
            let code = if exit == Exit::NotFound { "not-found" } else { "disk" };
            Failure::new(exit, code, source.to_string()).at(&path.display().to_string(), None, None)
        }
        IntakeError::Again(again) => {
            let message = IntakeError::Again(again.clone()).to_string();
            let hint = format!(
                "import with `--key {}`, as before; `--new-key` takes them in as further applications",
                again.column
            );
            Failure::new(Exit::NeedsPerson, "key-changed", message).hint(hint)
        }
        IntakeError::Session(error) => error.into(),
    }
}

fn nothing_taken(first: &Refused, count: usize) -> Failure {
    let failure = Failure::new(Exit::BadInput, first.code, first.message.clone()).at(
        &first.file,
        first.row,
        first.column.as_deref(),
    );
    match count {
        1 => failure.hint("put the file right and run the command again; nothing was changed"),
        count => failure.hint(format!("and {} more; nothing was changed", count - 1)),
    }
}

pub(crate) fn refused_json(refused: &Refused) -> Value {
    json!({
        "application": refused.application,
        "file": refused.file,
        "row": refused.row,
        "column": refused.column,
        "code": refused.code,
        "message": refused.message,
    })
}

fn file_json(file: &Filed) -> Value {
    json!({
        "file": file.at,
        "application": file.application,
        "attachment": file.slot,
        "found_by": file.how.map(|how| how.word()),
        "outcome": file.fate.word(),
    })
}

/// Files that are not taken though nothing is wrong with them, and those that nobody asked for: each by name.
fn show_files(report: &Report) -> Result<(), Failure> {
    if report.files.is_empty() {
        return Ok(());
    }
    let (taken, open) = (report.count_files(Fate::is_taken), report.count_files(Fate::is_open));
    let left_out = report.count_files(|fate| fate == Fate::LeftOut);
    print(&format!("files taken {taken}, left out {left_out}, of no application {open}\n"))?;
    let named: Vec<&Filed> =
        report.files.iter().filter(|file| file.says_too_little() || file.fate == Fate::LeftOut).collect();
    let cells: Vec<Vec<String>> = named
        .iter()
        .take(SHOWN)
        .map(|file| {
            let application = file.application.clone().unwrap_or_default();
            vec![file.at.clone(), application, file.fate.word().to_owned()]
        })
        .collect();
    if !cells.is_empty() {
        print_table(&["file", "application", "outcome"], &cells)?;
    }
    if named.len() > SHOWN {
        print(&format!("and {} more files; --json shows all\n", named.len() - SHOWN))?;
    }
    Ok(())
}

/// Patterns that several of such files share, as a mapping could say what they are.
fn to_say(report: &Report) -> Vec<String> {
    let files = report.files.iter().filter(|file| file.says_too_little());
    let unplaced: Vec<Unplaced<'_>> = files
        .map(|file| Unplaced {
            folder: file.folder.as_deref(),
            name: file.name(),
            application: file.application.as_deref(),
        })
        .collect();
    let one = |found: &Shared| {
        let count = found.files.len();
        format!(
            "say what {count} files are, in the file of --map: [files] \"{}\" = \"ATTACHMENT\"",
            found.pattern
        )
    };
    shared(&unplaced).iter().take(PATTERNS).map(one).collect()
}

fn show(report: &Report, light: usize, dry_run: bool, context: &Context) -> Result<(), Failure> {
    let word = |taken: Taken| match taken {
        Taken::New => "new",
        Taken::Changed => "changed",
        Taken::Same => "same",
    };
    let mut lines: Vec<_> = report.lines.iter().collect();
    lines.sort_by(|one, other| one.key.as_bytes().cmp(other.key.as_bytes()));
    let rows: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "application": line.key, "id": line.application.to_string(), "row": line.row,
                "outcome": word(line.taken), "files": line.files,
            })
        })
        .collect();
    let refused: Vec<Value> = report.refused.iter().map(refused_json).collect();
    let files: Vec<Value> = report.files.iter().map(file_json).collect();
    Answer::new("application-import", rows)
        .with("new", report.count(Taken::New))
        .with("changed", report.count(Taken::Changed))
        .with("same", report.count(Taken::Same))
        .with("refused", refused.clone())
        .with("files", files)
        .with("light_copies", light)
        .with("dry_run", dry_run)
        .warnings(report.warnings())
        .show_as(context, |_| {
            let counts = [Taken::New, Taken::Changed, Taken::Same].map(|taken| report.count(taken));
            let would = if dry_run { "would be " } else { "" };
            let [new, changed, same] = counts;
            print(&format!(
                "{would}new {new}, {would}changed {changed}, same {same}, refused {}\n",
                refused.len()
            ))?;
            show_files(report)?;
            if light > 0 {
                print(&format!("light copies of heavy files made {light}\n"))?;
            }
            if refused.is_empty() {
                return Ok(());
            }
            let cells: Vec<Vec<String>> = refused
                .iter()
                .take(SHOWN)
                .map(|one| {
                    ["row", "application", "column", "code", "message"].map(|key| text(&one[key])).to_vec()
                })
                .collect();
            print_table(&["row", "application", "column", "code", "why"], &cells)?;
            if refused.len() > SHOWN {
                print(&format!("and {} more; --json shows all\n", refused.len() - SHOWN))?;
            }
            Ok(())
        })?;
    for pattern in to_say(report) {
        context.hint(&pattern);
    }
    if dry_run {
        context.hint("nothing was changed; without --dry-run it is done");
    } else if !report.refused.is_empty() {
        context.hint(
            "put right what was refused and run the same command again: what is in already stays the same",
        );
    }
    Ok(())
}
