//! `tessera status`: where this member's work is, in four states, and what is missing of other people's.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use tessera_driver::names::Labels;
use tessera_engine::reviews::Reviewed;
use tessera_engine::work::{Gap, Work, WorkKind, outcome_words};
use tessera_model::input::Warning;
use tessera_vault::ids::Audience;

use super::programme::text;
use crate::context::Context;
use crate::failure::Failure;
use crate::names::Names;
use crate::output::{Answer, print, print_table};

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only what is not yet opened by a coordinator, or waits there
    #[arg(long)]
    open: bool,
}

/// Runs `status`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let names = Names::of(&mut session)?;
    let labels = Labels::of(&mut session)?;
    let mut own: Vec<(WorkKind, String, Value)> = Vec::new();
    for work in session.together(|acts| acts.work())? {
        let item = item(&work, &names, &labels);
        own.push((work.kind, text(&item["id"]), item));
    }
    own.sort_by(|one, other| (one.0, one.1.as_bytes()).cmp(&(other.0, other.1.as_bytes())));
    let mut items: Vec<Value> = own.into_iter().map(|(.., item)| item).collect();
    let unsealed = session.engine().pending()?;
    if unsealed > 0 {
        items.push(json!({
            "id": "unsealed", "kind": "changes", "state": "on-device", "outcome": null, "count": unsealed,
        }));
    }
    if session.engine().is_coordinator() {
        let me = session.engine().member();
        for review in session.together(|acts| acts.reviews())? {
            if review.member != me {
                items.push(received(&review, &names, &labels));
            }
        }
    }
    if arguments.open {
        items.retain(|item| item["state"] != "opened-by-coordinator" || item["outcome"] != "counted");
    }
    let last = session.together(|acts| acts.last_evidence_ms())?.map(time);
    let gaps = session.together(|acts| acts.gaps())?;
    let warnings: Vec<Warning> = gaps.iter().map(|gap| warning(gap, &names)).collect();
    let waiting = session.engine().packs()?.into_iter().filter(|pack| pack.in_outbox);
    let (own, carried): (Vec<_>, Vec<_>) = waiting.partition(|pack| pack.record.own);
    let outbox = Outbox { own: own.len(), carried: carried.len() };
    Answer::new("status", items.clone())
        .with("items", items.clone())
        .with("last_exchange", last.clone())
        .with("outbox", outbox.own)
        .with("carried", outbox.carried)
        .warnings(warnings)
        .show_as(context, |_| people(&items, last.as_deref(), &outbox))
}

/// Packs that wait for a relay.
struct Outbox {
    /// This member's.
    own: usize,
    /// Others', that came on a stick.
    carried: usize,
}

fn people(items: &[Value], last: Option<&str>, outbox: &Outbox) -> Result<(), Failure> {
    let last = last.map_or_else(
        || "No exchange with a relay yet.".to_owned(),
        |last| format!("Last exchange: {last} or later, by the relay's clock."),
    );
    let carried = match outbox.carried {
        0 => String::new(),
        packs => format!(" Carried for others: {packs}."),
    };
    print(&format!("{last} In the outbox: {} packs.{carried}\n", outbox.own))?;
    if items.is_empty() {
        return print("Nothing of yours is here yet. `tessera review list` shows what is assigned.\n");
    }
    // What is no review of anybody is counted above, and listed with --json.
    let rows: Vec<Vec<String>> = items
        .iter()
        .filter(|item| item["kind"] != WorkKind::Pack.as_str())
        .map(|item| ["id", "kind", "state", "outcome"].iter().map(|field| text(&item[*field])).collect())
        .collect();
    print_table(&["id", "what", "state", "outcome"], &rows)
}

fn item(work: &Work, names: &Names, labels: &Labels) -> Value {
    let application = work.application.map(|id| labels.application(id));
    let round = work.round.map(|id| labels.round(id));
    let id = match (work.kind, &application, work.pack) {
        (WorkKind::Recorded, Some(application), _) => format!("{application}/{}", names.name(work.member)),
        (_, Some(application), _) => application.clone(),
        (_, None, Some(pack)) => pack.to_string()[..16].to_owned(),
        (_, None, None) => work.kind.as_str().to_owned(),
    };
    json!({
        "id": id,
        "kind": work.kind.as_str(),
        "application": application,
        "round": round,
        "revision": (work.revision > 0).then_some(work.revision),
        "state": work.state.as_str(),
        "outcome": work.outcome.map(outcome_words),
    })
}

/// A review of somebody else, on a coordinator's device.
fn received(review: &Reviewed, names: &Names, labels: &Labels) -> Value {
    let application = labels.application(review.application);
    let reviewer = names.handle(review.member);
    let revision = review.counts.as_ref().map(|counted| counted.revision).ok();
    json!({
        "id": format!("{application}/{reviewer}"),
        "kind": if review.recorded_by.is_empty() { "received-review" } else { "recorded-review" },
        "application": application,
        "reviewer": reviewer,
        "round": labels.round(review.round),
        "revision": revision,
        "state": "opened-by-coordinator",
        "outcome": outcome_words(review.outcome()),
    })
}

fn warning(gap: &Gap, names: &Names) -> Warning {
    let whose = gap.member.map_or_else(|| "an unknown member".to_owned(), |member| names.name(member));
    let what = match gap.audience {
        Some(Audience::Reviews(_)) => "reviews",
        Some(Audience::Desk(_)) => "drafts",
        Some(Audience::To(_)) => "assignments and answers",
        Some(Audience::Dossier(..)) => "dossiers",
        _ => "work",
    };
    let device = &gap.device.to_string()[..8];
    let packs = if gap.missing == 1 { "1 pack".to_owned() } else { format!("{} packs", gap.missing) };
    Warning::new(
        "packs-missing",
        "{packs} of {whose} are missing: {what} from device {device}, after number {after}; the next exchange asks for them",
    )
    .with("packs", packs)
    .with("whose", whose)
    .with("what", what)
    .with("device", device)
    .with("after", gap.after.to_string())
}

/// A time of a relay's clock, as RFC 3339.
pub(crate) fn time(ms: u64) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms).map_or_else(|_| "an impossible time".to_owned(), |time| time.to_string())
}
