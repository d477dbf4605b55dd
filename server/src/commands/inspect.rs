//! `inspect`: what the relay can see.

use std::process::ExitCode;

use tessera_relay::inspect;

/// Says what this relay can see: streams and members by pseudonym, sizes, times, who may read what.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: super::Place,
    /// As one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let seen = inspect::inspect(&super::open(&arguments.place.data()?)?)?;
    match arguments.json {
        true => super::say(&serde_json::to_string(&seen)?)?,
        false => super::say(seen.words().trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}
