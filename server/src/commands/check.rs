//! `check`: recomputes everything that can be.

use std::process::ExitCode;

use tessera_relay::check;
use tessera_relay::key::SigningRelay;

use super::KEY;

/// Recomputes the log's chain, every pack's id and signature, receipts, attachments, and the database itself.
///
/// It may run beside the relay. What is wrong is said one line each, with status 9.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: super::Place,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let data = arguments.place.data()?;
    let store = super::open(&data)?;
    let path = data.join(KEY);
    let key = if path.exists() { Some(SigningRelay::open(&path)?) } else { None };
    let report = check::check(&store, key.as_ref())?;
    for wrong in &report.wrong {
        super::say(wrong)?;
    }
    let check::Report { programmes, packs, attachments, receipts, wrong } = report;
    super::say(&format!(
        "{programmes} programmes, {packs} packs, {receipts} receipts, {attachments} attachments: {}",
        if wrong.is_empty() { "all as they should be".to_owned() } else { format!("{} wrong", wrong.len()) },
    ))?;
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(9) })
}
