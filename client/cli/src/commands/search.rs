//! `tessera search`: words in everything that this home may read. A reader finds nothing of a dossier before declaring
//! that there is no conflict of interest.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};
use tessera_engine::Found;
use tessera_model::documents::{Kind, Subject};
use tessera_protocol::ids::ApplicationId;
use tessera_vault::ids::Audience;

use super::programme::text;
use crate::applications::Applications;
use crate::context::Context;
use crate::failure::Failure;
use crate::names::Names;
use crate::output::{Answer, print, print_table};

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
        }));
    }
    rows.sort_by_key(|row| (text(&row["application"]).into_bytes(), text(&row["document"])));
    rows.dedup();
    rows.truncate(arguments.limit);
    let columns = ["application", "document", "member"];
    Answer::new("search", rows).show_as(context, |answer| {
        if answer.rows().is_empty() {
            return print("nothing here has these words\n");
        }
        let cells: Vec<Vec<String>> =
            answer.rows().iter().map(|row| columns.map(|key| text(&row[key])).to_vec()).collect();
        print_table(&columns, &cells)
    })
}
