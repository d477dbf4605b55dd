//! A reviewer's day without an end, for tests that kill it: amends one review again and again, exchanges with the
//! relay after each time, and says on stdout which revision the relay has signed for.
//!
//! `client FOLDER PASSPHRASE`

#![expect(clippy::print_stdout, reason = "what it says is what the test reads")]

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use tessera_driver::relay::{self, Options, Report};
use tessera_driver::session::Session;
use tessera_engine::reading::Submission;
use tessera_tests::homes;
use tessera_vault::passphrase::Passphrase;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, passphrase] = &arguments[..] else { bail!("client FOLDER PASSPHRASE") };
    let mut session = Session::open(Path::new(folder), &Passphrase::new(passphrase))?;
    let tasks = session.together(|acts| acts.tasks())?;
    let task = tasks.first().context("nothing is assigned")?;
    let application = task.application;
    let mut revision = task.review.as_ref().map_or(0, |review| review.value.revision);
    let relays = session.together(|acts| acts.relays())?;
    let options = Options { persist: Duration::ZERO, ..Options::new(relays) };
    println!("ready");
    loop {
        let score = if revision % 2 == 0 { "4" } else { "3" };
        let submitted = session.work(|engine| homes::amend(engine, application, score))?;
        revision = match submitted {
            Submission::Submitted { revision } | Submission::Same { revision } => revision,
            other => bail!("not submitted: {other:?}"),
        };
        let mut report = Report::default();
        let mut result = Ok(());
        session.work(|engine| {
            let go_on = &mut |_: &relay::Progress| ControlFlow::Continue(());
            result = relay::sync(engine, &options, go_on, &mut report);
            Ok(())
        })?;
        result?;
        if report.outbox == 0 {
            println!("held {revision}");
        }
    }
}
