//! `tessera home`: a backup of the home in one file, and a home made of one. The file is as safe as the passphrase.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use tessera_driver::session::Session;

use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Answer;

/// Arguments of `home`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write everything of this home to a file
    Backup {
        /// The file
        #[arg(value_name = "FILE")]
        out: PathBuf,
    },
    /// Make the home again from a backup
    Restore {
        /// The file
        #[arg(value_name = "FILE")]
        backup: PathBuf,
    },
}

/// Runs `home`.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    match &arguments.what {
        What::Backup { out } => {
            let session = context.session()?;
            if out.is_dir() {
                return Err(Failure::new(Exit::Usage, "not-a-file", "this is a folder; name a file in it")
                    .at(&out.display().to_string(), None, None));
            }
            let bytes = session.backup(&std::path::absolute(out).unwrap_or_else(|_| out.clone()))?;
            let row = json!({ "file": out.display().to_string(), "bytes": bytes });
            Answer::new("home-backup", vec![row])
                .show(context, &["backup", "bytes"], |row| vec![text(&row["file"]), text(&row["bytes"])])?;
            context.hint("keep it away from this laptop; it opens with this home's passphrase");
            Ok(())
        }
        What::Restore { backup } => {
            let folder = context.home()?;
            let passphrase = context.passphrase()?;
            let restored = Session::restore(&folder, &passphrase, backup);
            let mut session = restored.map_err(|error| {
                let failure = Failure::from(error);
                if failure.body.file.is_none() {
                    failure.at(&backup.display().to_string(), None, None)
                } else {
                    failure
                }
            })?;
            context.opened(&session);
            let row = json!({
                "home": folder.display().to_string(),
                "programme": session.engine().programme().to_string(),
                "member": session.engine().member().to_string(),
            });
            Answer::new("home-restore", vec![row])
                .show(context, &["home", "member"], |row| vec![text(&row["home"]), text(&row["member"])])?;
            context.hint("next: `tessera sync`; where the old laptop still works, use only one of the two");
            Ok(())
        }
    }
}
