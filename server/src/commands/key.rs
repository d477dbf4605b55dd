//! `key`: makes a key file, such as the spare one that a charter names from the start, or says whose it
//! is.

use std::path::PathBuf;
use std::process::ExitCode;

use tessera_relay::key::SigningRelay;

/// Makes a key file where there is none, and prints its public half.
///
/// A charter names the public half of a spare key from the start; the file is kept on paper or on a stick
/// in a safe. A lost relay is replaced by a blank one with `serve --key FILE`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The key file.
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let key = SigningRelay::open_or_create(&arguments.file)?;
    super::say(&serde_json::json!({ "key": super::hex(&key.public().to_bytes()) }).to_string())?;
    Ok(ExitCode::SUCCESS)
}
