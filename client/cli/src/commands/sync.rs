//! `tessera sync`: exchanges with the relay, or says beforehand what would move. Also the hidden command that is the
//! process in which changes of other people are tried.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use tessera_driver::relay::{self, Options, Plan, Report};
use tessera_driver::session::Session;
use tessera_driver::worker::{self, ChildWorker};
use tessera_engine::EngineError;
use tessera_engine::attachments::Fetch;
use tessera_model::input::Warning;
use tessera_model::sentence::Parameter;
use tessera_vault::enrol::Relay;

use super::programme::{self, hex};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Answer, print};
use crate::progress::{Display, bytes};

/// Arguments of `sync`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Move at most so many bytes, both ways together; the rest follows another time
    #[arg(long, value_name = "BYTES")]
    budget: Option<u64>,
    /// Say what would be sent and received, and move nothing
    #[arg(long)]
    plan: bool,
    /// Which files are fetched: none, light copies of heavy ones, those of your assignments, or all that you may have
    #[arg(long, value_enum, default_value_t = Attachments::Assigned)]
    attachments: Attachments,
    /// The relay's address, where it moved or is new; kept once the relay answered there
    #[arg(long, value_name = "URL")]
    relay: Option<String>,
    /// The key of that relay, where the programme has several
    #[arg(long, value_name = "HEX", requires = "relay")]
    relay_key: Option<String>,
    /// File in PEM of further certificates that are trusted
    #[arg(long, value_name = "FILE", env = "TESSERA_CERTIFICATES")]
    certificates: Option<PathBuf>,
}

/// Which attachments `sync` fetches.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Attachments {
    None,
    Light,
    Assigned,
    All,
}

/// Runs `sync`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let relays = session.together(|acts| acts.relays())?;
    let mut options = Options::new(relays);
    options.budget_bytes = arguments.budget;
    options.fetch = match arguments.attachments {
        Attachments::None => Fetch::Nothing,
        Attachments::Light => Fetch::Light,
        Attachments::Assigned => Fetch::Assigned,
        Attachments::All => Fetch::Everything,
    };
    options.roots.clone_from(&arguments.certificates);
    if let Some(url) = &arguments.relay {
        options.relays =
            vec![new_address(url, arguments.relay_key.as_deref(), &mut session, &options, context)?];
    }
    if arguments.plan { plan(&mut session, &options, context) } else { sync(&mut session, &options, context) }
}

/// Tries a relay at an address, and keeps the address if the relay answers there.
fn new_address(
    url: &str,
    key: Option<&str>,
    session: &mut Session,
    options: &Options,
    context: &Context,
) -> Result<Relay, Failure> {
    let key = match key {
        Some(key) => key.to_owned(),
        None => only_key(session)?,
    };
    let relay = programme::relay(url, &key)?;
    let mut display = Display::new(context);
    let mut told = Ok(false);
    session.work(|engine| {
        told = relay::settle(engine, &relay, options, &mut |progress| display.tell(progress));
        Ok(())
    })?;
    display.end();
    if told? {
        context.hint("every member hears of this address with the next exchange, or from a bundle");
    }
    Ok(relay)
}

/// The key of the programme's one relay.
fn only_key(session: &mut Session) -> Result<String, Failure> {
    let powers = &session.engine().permission().charter.powers;
    let mut keys: Vec<_> = powers.relays.iter().filter(|(_, spare)| !**spare).map(|(key, _)| *key).collect();
    if keys.is_empty() {
        keys = session.together(|acts| acts.relays())?.into_iter().map(|relay| relay.key).collect();
    }
    match &keys[..] {
        [key] => Ok(hex(&key.to_bytes())),
        [] => Err(Failure::new(Exit::NotFound, "no-relay", "the programme's charter names no relay")
            .hint("an admin adds it: `tessera charter propose --relay URL --add-relay-key HEX`")),
        _ => Err(Failure::new(
            Exit::Usage,
            "usage",
            "the programme has several relays; --relay-key says which",
        )
        .hint("`tessera charter show` lists them")),
    }
}

/// Runs `worker`.
pub(crate) fn worker() -> Result<(), Failure> {
    worker::serve().map_err(|error| Failure::new(Exit::Bug, "worker", error.to_string()))
}

/// Lets changes of other people be tried in a process of their own from here on.
pub(crate) fn guard(session: &mut Session) -> Result<(), Failure> {
    let worker = ChildWorker::start().map_err(EngineError::NoWorker)?;
    session.engine().set_worker(Box::new(worker));
    Ok(())
}

fn sync(session: &mut Session, options: &Options, context: &Context) -> Result<(), Failure> {
    guard(session)?;
    let mut report = Report::default();
    let mut display = Display::new(context);
    let mut result = Ok(());
    session.work(|engine| {
        result = relay::sync(engine, options, &mut |progress| display.tell(progress), &mut report);
        Ok(())
    })?;
    display.end();
    if let Err(error) = result {
        if report.new + report.receipts > 0 {
            context.hint(&format!(
                "before that, {} packs came and the relay confirmed {}; both stay",
                report.new, report.receipts
            ));
        }
        return Err(error.into());
    }
    show(&report, context)
}

fn show(report: &Report, context: &Context) -> Result<(), Failure> {
    let row = json!({
        "receipts": report.receipts,
        "new": report.new,
        "known": report.known,
        "waiting": report.waiting,
        "refused": report.refused,
        "outbox": report.outbox,
        "left_packs": report.left_packs,
        "left_bytes": report.left_bytes,
        "attachments_sent": report.attachments_sent,
        "attachments_received": report.attachments_received,
        "left_attachments": report.left_attachments,
    });
    let method = json!({
        "relay": report.relay,
        "exchanges": report.exchanges,
        "bytes_up": report.bytes_sent,
        "bytes_down": report.bytes_received,
        "clock_off": report.clock_off,
    });
    let answer = Answer::new("sync", vec![row]).method(method).warnings(warnings(report));
    answer.show_as(context, |_| print(&summary(report)))
}

fn summary(report: &Report) -> String {
    let mut text = if report.new + report.receipts == 0 {
        "nothing new".to_owned()
    } else {
        format!("{} packs came, {} are held by the relay since", report.new, report.receipts)
    };
    if report.attachments_sent + report.attachments_received > 0 {
        let (up, down) = (report.attachments_sent, report.attachments_received);
        text.push_str(&format!("; {up} files went, {down} came"));
    }
    text.push_str(&format!(
        " ({} up, {} down, {})\n",
        bytes(report.bytes_sent),
        bytes(report.bytes_received),
        report.relay
    ));
    text
}

fn warnings(report: &Report) -> Vec<Warning> {
    let clock = Warning::new(
        "clock-off",
        "the server's certificate is out of date by this device's clock; the relay's own signature held, so check the clock",
    );
    let spent = Warning::new("budget-spent", "{count} packs ({size}) at the relay did not fit the budget")
        .with("size", bytes(report.left_bytes));
    let counted = [
        (report.left_packs, spent),
        (report.left_attachments, Warning::new("files-left", "{count} files did not fit the budget")),
        (
            report.missing_attachments,
            Warning::new(
                "files-missing",
                "{count} files are not at the relay yet; whoever imported them has to run `tessera sync`",
            ),
        ),
        (
            report.damaged_attachments,
            Warning::new(
                "files-damaged",
                "{count} files were damaged, and nothing of them was kept; they come again with the next exchange",
            ),
        ),
        (report.outbox, Warning::new("outbox-waits", "{count} packs still wait in the outbox")),
        (
            report.refused,
            Warning::new("packs-refused", "{count} packs that came were refused; `tessera status` says more"),
        ),
    ];
    let counted = counted.into_iter().filter(|(count, _)| *count > 0);
    let counted = counted.map(|(count, warning)| warning.with("count", Parameter::Count(count)));
    report.clock_off.then_some(clock).into_iter().chain(counted).collect()
}

fn announced(session: &mut Session, options: &Options, context: &Context) -> Result<Plan, Failure> {
    let mut display = Display::new(context);
    let mut result = Ok(Plan::default());
    session.work(|engine| {
        result = relay::plan(engine, options, &mut |progress| display.tell(progress));
        Ok(())
    })?;
    display.end();
    Ok(result?)
}

fn plan(session: &mut Session, options: &Options, context: &Context) -> Result<(), Failure> {
    let plan = announced(session, options, context)?;
    let row = json!({
        "send_packs": plan.send_packs,
        "send_bytes": plan.send_bytes,
        "receive_packs": plan.receive_packs,
        "receive_bytes": plan.receive_bytes,
        "send_attachment_bytes": plan.send_attachment_bytes,
        "receive_attachment_bytes": plan.receive_attachment_bytes,
    });
    let answer = Answer::new("sync", vec![row]).method(json!({ "relay": plan.relay, "plan": true }));
    answer.show_as(context, |_| {
        print(&format!(
            "to send: {} packs, {}; files, {}\nto receive: {} packs, {}; files, {} as far as is known\n",
            plan.send_packs,
            bytes(plan.send_bytes),
            bytes(plan.send_attachment_bytes),
            plan.receive_packs,
            bytes(plan.receive_bytes),
            bytes(plan.receive_attachment_bytes)
        ))
    })
}
