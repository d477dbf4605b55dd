//! `tessera report`: what may be mailed to support. Versions, counts and states; no content, no names, no keys, and no ids
//! that outsiders could follow.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tessera_driver::session::Session;
use tessera_engine::home::Continuity;
use tessera_engine::notices::Notice;
use tessera_protocol::permission::Standing;

use super::programme::text;
use super::status::time;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Answer, print_table};

/// Runs `report`.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let rows = facts(&mut session)?;
    Answer::new("report", rows).show_as(context, |answer| {
        let rows: Vec<Vec<String>> =
            answer.rows().iter().map(|row| vec![text(&row["fact"]), text(&row["value"])]).collect();
        print_table(&["fact", "value"], &rows)
    })
}

fn facts(session: &mut Session) -> Result<Vec<Value>, Failure> {
    let mut rows: Vec<Value> = Vec::new();
    let mut say = |fact: &str, value: Value| rows.push(json!({ "fact": fact, "value": value }));
    say("version", json!(env!("CARGO_PKG_VERSION")));
    say("system", json!(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)));
    say("demonstration", json!(session.is_demo()));
    let continuity = match session.continuity() {
        Continuity::First | Continuity::Continues => "continues",
        Continuity::RolledBack { .. } => "rolled-back",
        Continuity::Replaced => "replaced",
        Continuity::AnchorBehind => "anchor-behind",
        Continuity::NoAnchor => "no-anchor",
    };
    say("continuity", json!(continuity));
    let engine = session.engine();
    say("active", json!(engine.is_active()));
    say("coordinator", json!(engine.is_coordinator()));
    say("admin", json!(engine.is_admin()));
    let permission = engine.permission();
    say("read-only", json!(permission.read_only()));
    let standing =
        |wanted: Standing| permission.members.values().filter(|state| state.standing == wanted).count();
    say("members active", json!(standing(Standing::Active)));
    say("members suspended", json!(standing(Standing::Suspended)));
    say("members removed", json!(standing(Standing::Removed)));
    let devices: usize = permission.members.values().map(|state| state.devices.len()).sum();
    say("devices", json!(devices));
    say("rounds closed", json!(permission.closes.len()));
    say("unsealed", json!(engine.pending()?));
    say("outbox", json!(engine.outbox()?));
    let mut notices: BTreeMap<String, usize> = BTreeMap::new();
    for notice in engine.notices()? {
        *notices.entry(word(&notice)).or_default() += 1;
    }
    for (stage, count) in session.together(|acts| acts.stages())? {
        rows.push(json!({ "fact": format!("packs {stage}"), "value": count }));
    }
    for (notice, count) in notices {
        rows.push(json!({ "fact": format!("notice {notice}"), "value": count }));
    }
    let mut work: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in session.together(|acts| acts.work())? {
        *work.entry((one.kind.as_str(), one.state.as_str())).or_default() += 1;
    }
    for ((kind, state), count) in work {
        rows.push(json!({ "fact": format!("{kind} {state}"), "value": count }));
    }
    let mut queue: BTreeMap<&str, usize> = BTreeMap::new();
    if session.engine().is_coordinator() {
        for one in session.together(|acts| acts.queue())? {
            *queue.entry(one.code).or_default() += 1;
        }
    }
    for (code, count) in queue {
        rows.push(json!({ "fact": format!("queue {code}"), "value": count }));
    }
    let missing: u64 = session.together(|acts| acts.gaps())?.iter().map(|gap| gap.missing).sum();
    rows.push(json!({ "fact": "packs missing", "value": missing }));
    let last = session.together(|acts| acts.last_evidence_ms())?.map(time);
    rows.push(json!({ "fact": "last exchange", "value": last }));
    Ok(rows)
}

fn word(notice: &Notice) -> String {
    match notice {
        Notice::Refused { code, .. } => format!("refused {code}"),
        Notice::Forked { .. } => "copied-laptop".to_owned(),
        Notice::Doubled { .. } => "equivocation".to_owned(),
        Notice::RelayLied { .. } => "relay-contradicts-itself".to_owned(),
        Notice::RelayRestored { .. } => "relay-restored".to_owned(),
    }
}
