//! `tessera explain`: why something is not here, or does not count, yet.

use clap::Args;
use serde_json::{Value, json};
use tessera_driver::session::Session;
use tessera_engine::explain::Fact;
use tessera_protocol::ids::{ApplicationId, PackId};

use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::names::Names;
use crate::output::{Answer, print, shown};

/// The shortest beginning of a pack's id.
const SHORTEST: usize = 6;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// An application by key, label or id; a pack by the beginning of its id; or an item of the queue
    #[arg(value_name = "ID")]
    id: String,
}

/// Runs `explain`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let facts = facts(&mut session, arguments.id.trim())?;
    // A fact that says only that there is nothing is no answer.
    if facts.iter().all(|(_, fact)| fact.code == "application-unknown") {
        return Err(Failure::new(
            Exit::NotFound,
            "unknown-id",
            format!("nothing here is called `{}`", arguments.id),
        )
        .hint(
            "an application's key, the id of a pack or of an item of the queue; `tessera sync` brings news",
        ));
    }
    let rows: Vec<Value> = facts
        .iter()
        .map(|(what, fact)| {
            json!({
                "what": what,
                "code": fact.code,
                "sentence": fact.sentence(),
                "member": fact.member.map(|member| names.handle(member)),
                "detail": (!fact.detail.is_empty()).then_some(&fact.detail),
            })
        })
        .collect();
    Answer::new("explain", rows).show_as(context, |answer| {
        answer.rows().iter().try_for_each(|row| {
            let member = row["member"].as_str().map(|member| format!(" ({})", shown(member)));
            let detail = row["detail"].as_str().map(|detail| format!(" [{}]", shown(detail)));
            print(&format!(
                "{}: {}{}{}\n",
                text(&row["what"]),
                text(&row["sentence"]),
                member.unwrap_or_default(),
                detail.unwrap_or_default()
            ))
        })
    })
}

fn facts(session: &mut Session, id: &str) -> Result<Vec<(String, Fact)>, Failure> {
    let mut facts = Vec::new();
    let named = |what: String, found: Vec<Fact>| found.into_iter().map(move |fact| (what.clone(), fact));
    if let Some((application, label)) = application(session, id)? {
        let found = session.together(|acts| acts.explain_application(application))?;
        facts.extend(named(format!("application {label}"), found));
    }
    let digits = id.to_ascii_lowercase();
    if digits.len() >= SHORTEST && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let packs: Vec<PackId> = session.together(|acts| acts.packs_named(&digits))?;
        for pack in packs {
            let found = session.together(|acts| acts.explain_pack(pack))?;
            facts.extend(named(format!("pack {}", &pack.to_string()[..16]), found));
        }
        for item in session.together(|acts| acts.queue())? {
            if item.id.starts_with(&digits) {
                for pack in item.packs.iter().take(20) {
                    let found = session.together(|acts| acts.explain_pack(*pack))?;
                    facts.extend(named(format!("item {}, pack {}", item.id, &pack.to_string()[..16]), found));
                }
            }
        }
    }
    Ok(facts)
}

fn application(session: &mut Session, id: &str) -> Result<Option<(ApplicationId, String)>, Failure> {
    let known = session.together(|acts| acts.application_keys())?;
    let digits = id.to_ascii_lowercase();
    let by_name = known.iter().find(|(_, key)| *key == id);
    let by_id = || {
        known
            .iter()
            .find(|(application, _)| digits.len() >= 8 && application.to_string().starts_with(&digits))
    };
    if let Some((application, key)) = by_name.or_else(by_id) {
        return Ok(Some((*application, key.clone())));
    }
    // A coordinator can name what never came: the id follows from the key.
    let coordinator = session.engine().is_coordinator();
    let is_hex = digits.len() >= SHORTEST && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if coordinator
        && !is_hex
        && let Ok(application) = session.engine().application(id)
    {
        return Ok(Some((application, id.to_owned())));
    }
    Ok(None)
}
