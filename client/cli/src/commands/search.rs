//! `tessera search`: words in everything that this home may read. A reader finds nothing of a dossier before declaring
//! that there is no conflict of interest. Also the hidden command that is the process in which files are read.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};
use tessera_driver::pages::{Drawer, child};
use tessera_driver::preparing::{Prepared, Wanted, prepare};
use tessera_driver::session::Session;
use tessera_engine::{Found, Passage};
use tessera_model::documents::{Kind, Subject};
use tessera_protocol::ids::ApplicationId;
use tessera_vault::ids::Audience;

use super::programme::text;
use crate::applications::Applications;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::names::Names;
use crate::output::{Answer, print, print_table};

/// The most pages of files among the results.
const MOST_PAGES: usize = 1000;
/// What stands around a word, in characters to each side.
const AROUND: usize = 40;
/// After so many files a person is told that they are being read.
const TOLD: usize = 50;

/// Arguments of `search`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Words, in any script; all of them, or words that begin so
    #[arg(required = true, value_name = "TEXT")]
    words: Vec<String>,
    /// Most results
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

/// Runs `search`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let applications = Applications::of(&mut session)?;
    let names = Names::of(&mut session)?;
    let words = arguments.words.join(" ");
    read_files(&mut session, context);
    let coordinates = session.engine().is_coordinator();
    let open: BTreeSet<ApplicationId> = if coordinates {
        BTreeSet::new()
    } else {
        let tasks = session.together(|acts| acts.tasks())?;
        tasks.iter().filter(|task| task.is_open()).map(|task| task.application).collect()
    };
    // What may not be shown is left out, so more is asked for.
    let found = session.engine().search(&words, arguments.limit.saturating_mul(4).min(4000))?;
    let mut rows: Vec<Value> = Vec::new();
    for Found { record, audience, .. } in found {
        let kind = Kind::from_code(record.kind);
        let Ok(subject) = Subject::parse(kind, &record.subject) else { continue };
        let application = subject.application().map(ApplicationId);
        let own_words = matches!(kind, Kind::Draft | Kind::Note);
        let closed = |id: ApplicationId| !coordinates && !open.contains(&id);
        let hidden = matches!(audience, Some(Audience::Dossier(id, _)) if closed(id))
            || (own_words && application.is_some_and(closed));
        if hidden {
            continue;
        }
        let member = match (audience, subject) {
            (Some(Audience::To(member) | Audience::Reviews(member)), _) => Some(member),
            (_, Subject::Member(id)) => Some(tessera_protocol::ids::MemberId(id)),
            _ => None,
        };
        rows.push(json!({
            "application": application.map(|id| applications.label(id)),
            "id": application.map(|id| id.to_string()),
            "document": kind.name(),
            "member": member.map(|member| names.name(member)),
            "file": null, "page": null, "passage": null,
        }));
    }
    for found in session.engine().search_pages(&words, arguments.limit.min(MOST_PAGES))? {
        rows.push(json!({
            "application": applications.label(found.application),
            "id": found.application.to_string(),
            "document": "file",
            "member": null,
            "file": found.name,
            "page": found.page,
            "passage": found.passage.map(|passage| around(&passage)),
        }));
    }
    rows.sort_by_key(|row| {
        let page = row["page"].as_u64();
        (text(&row["application"]).into_bytes(), text(&row["document"]), text(&row["file"]), page)
    });
    rows.dedup();
    rows.truncate(arguments.limit);
    let on_pages = rows.iter().any(|row| !row["page"].is_null());
    let columns: &[&str] = match on_pages {
        true => &["application", "document", "member", "file", "page", "passage"],
        false => &["application", "document", "member"],
    };
    Answer::new("search", rows).show_as(context, |answer| {
        if answer.rows().is_empty() {
            return print("nothing here has these words\n");
        }
        let cells: Vec<Vec<String>> =
            answer.rows().iter().map(|row| columns.iter().map(|key| text(&row[*key])).collect()).collect();
        print_table(columns, &cells)
    })
}

/// Reads the text of files that came since the last search, so that it is found: once, as each file never changes.
fn read_files(session: &mut Session, context: &Context) {
    // Where no child can be started, what was read before is found.
    let Ok(drawer) = Drawer::own() else { return };
    let mut tell = |prepared: Prepared| {
        if prepared.texts.is_multiple_of(TOLD) && prepared.texts > 0 {
            context.hint(&format!("the text of {} files was read", prepared.texts));
        }
        true
    };
    if let Err(error) = prepare(session, &drawer, Wanted::Texts, &mut tell) {
        context.hint(&format!("not every file could be read, so not all that is in files is found: {error}"));
    }
}

/// Runs `pages`.
pub(crate) fn pages(question: &[String]) -> Result<(), Failure> {
    child::serve(question).map_err(|error| Failure::new(Exit::Bug, "pages", error.to_string()))
}

/// A word with what stands around it, on one line.
fn around(Passage { text, at, .. }: &Passage) -> String {
    let start = text[..at.start].char_indices().rev().nth(AROUND - 1).map_or(0, |(start, _)| start);
    let end = text[at.end..].char_indices().nth(AROUND).map_or(text.len(), |(end, _)| at.end + end);
    text[start..end].split_whitespace().collect::<Vec<_>>().join(" ")
}
