//! `tessera access`: who can read what, by person. Only in a coordinator's home.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tessera_engine::access_list::Access;
use tessera_model::documents::split::BLIND;
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_vault::ids::Audience;

use super::member::ending::audience_word;
use super::member::{roles_of, standing};
use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::names::Names;
use crate::output::Answer;

/// Arguments of `access`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Everybody, and what each can read
    Matrix,
    /// Who can read, or could read, an application
    Who {
        /// Key of the application
        #[arg(value_name = "APPLICATION")]
        application: String,
    },
}

/// Runs `access`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::Matrix => matrix(context),
        What::Who { application } => who(application, context),
    }
}

fn matrix(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let access = session.together(|acts| acts.access())?;
    let keys: BTreeMap<ApplicationId, String> = session
        .together(|acts| acts.applications())?
        .into_iter()
        .map(|(id, identity)| (id, identity.key))
        .collect();
    let mut rows = Vec::new();
    for (member, state) in &session.engine().permission().members {
        let own: Vec<&Access> = access.iter().filter(|one| one.member == *member).collect();
        let now = |wanted: fn(&Audience) -> bool| own.iter().any(|one| one.now && wanted(&one.audience));
        // Whoever reads the keys reads whatever they open.
        let everything = now(|audience| *audience == Audience::Keys);
        let applications = |now: bool| -> BTreeSet<String> {
            let dossiers = own.iter().filter(|one| one.now == now).filter_map(|one| match one.audience {
                Audience::Dossier(application, _) => Some(application),
                _ => None,
            });
            dossiers.map(|id| keys.get(&id).cloned().unwrap_or_else(|| id.to_string())).collect()
        };
        let devices: BTreeSet<String> =
            own.iter().flat_map(|one| &one.devices).map(ToString::to_string).collect();
        rows.push(json!({
            "member": member.to_string(),
            "name": names.name(*member),
            "roles": roles_of(state.roles),
            "standing": standing(state.standing),
            "programme": everything || now(|audience| *audience == Audience::Programme),
            "people": everything || now(|audience| *audience == Audience::People),
            "everything": everything,
            "dossiers": applications(true),
            "past_dossiers": applications(false),
            "devices": devices,
        }));
    }
    sort(&mut rows);
    let yes = |value: &Value| if *value == true { "yes" } else { "–" }.to_owned();
    let count = |value: &Value| value.as_array().map_or(0, Vec::len).to_string();
    Answer::new("access-matrix", rows).show(
        context,
        &["name", "roles", "standing", "call", "people", "all", "dossiers", "earlier", "devices"],
        |row| {
            vec![
                text(&row["name"]),
                text(&row["roles"]),
                text(&row["standing"]),
                yes(&row["programme"]),
                yes(&row["people"]),
                yes(&row["everything"]),
                count(&row["dossiers"]),
                count(&row["past_dossiers"]),
                count(&row["devices"]),
            ]
        },
    )?;
    context.hint("what was read once cannot be taken back: `earlier` counts dossiers whose access has ended");
    Ok(())
}

/// Whether somebody reads it at present, on which devices, and since when.
type Since = (bool, BTreeSet<String>, Option<u64>);

fn who(key: &str, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let application = session.engine().application(key)?;
    if !session.together(|acts| acts.applications())?.iter().any(|(id, _)| *id == application) {
        return Err(Failure::new(
            Exit::NotFound,
            "no-such-application",
            format!("no application `{key}` is here"),
        ));
    }
    let access = session.together(|acts| acts.access())?;
    let mut found: BTreeMap<(MemberId, &'static str), Since> = BTreeMap::new();
    for one in &access {
        let what = match one.audience {
            Audience::Dossier(id, BLIND) if id == application => "blind dossier",
            Audience::Dossier(id, _) if id == application => "dossier",
            Audience::File(id) | Audience::Panel(id, _) if id == application => audience_word(&one.audience),
            Audience::Keys => "everything",
            _ => continue,
        };
        let entry = found.entry((one.member, what)).or_default();
        entry.0 |= one.now;
        entry.1.extend(one.devices.iter().map(ToString::to_string));
        entry.2 = entry.2.or(one.since_ms);
    }
    let mut rows: Vec<Value> = found
        .into_iter()
        .map(|((member, what), (now, devices, since_ms))| {
            json!({
                "application": key, "member": member.to_string(), "name": names.name(member), "what": what,
                "now": now, "since_ms": since_ms, "devices": devices,
            })
        })
        .collect();
    sort(&mut rows);
    Answer::new("access-who", rows).show(context, &["name", "can read", "now", "devices"], |row| {
        let now = if row["now"] == true { "yes" } else { "not any more" };
        let devices = row["devices"].as_array().map_or(0, Vec::len).to_string();
        vec![text(&row["name"]), text(&row["what"]), now.to_owned(), devices]
    })
}

fn sort(rows: &mut [Value]) {
    rows.sort_by_cached_key(|row| (text(&row["name"]), text(&row["member"]), text(&row["what"])));
}
