//! `tessera passphrase`: another passphrase for the same home.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Answer;

/// Arguments of `passphrase`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Put this home under another passphrase
    Change {
        /// File whose first line is the new passphrase
        #[arg(long, value_name = "F")]
        new_passphrase_file: Option<PathBuf>,
    },
}

/// Runs `passphrase`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let What::Change { new_passphrase_file } = &arguments.what;
    let old = context.passphrase()?;
    let session = context.session_with(&old)?;
    let new = context.changed_passphrase(new_passphrase_file.as_deref(), session.is_demo())?;
    session.change_passphrase(&old, &new)?;
    Answer::new("passphrase-change", vec![json!({ "changed": true })])
        .show(context, &["changed"], |_| vec!["yes".to_owned()])?;
    context.hint("earlier backups still open with the earlier passphrase");
    Ok(())
}
