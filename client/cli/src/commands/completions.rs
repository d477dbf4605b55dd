//! `tessera completions` and `tessera man`: help for shells and readers of manuals, made from the commands themselves.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use serde_json::json;

use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::output::{Answer, print};

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Runs `completions`.
pub(crate) fn completions(arguments: &Completions, mut command: Command) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "tessera", &mut bytes);
    print(&String::from_utf8_lossy(&bytes))
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Folder for the pages
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Runs `man`: one page for each command that does something.
pub(crate) fn man(arguments: &Man, mut command: Command, context: &Context) -> Result<(), Failure> {
    files::make_folder(&arguments.out)?;
    command.build();
    let mut pages = Vec::new();
    render(&command, "tessera", &mut pages)?;
    let mut rows = Vec::new();
    for (name, page) in pages {
        let file = arguments.out.join(format!("{name}.1"));
        files::write_public(&file, &page)?;
        rows.push(json!({ "page": name, "file": file.display().to_string() }));
    }
    Answer::new("man", rows)
        .show(context, &["page", "file"], |row| vec![text(&row["page"]), text(&row["file"])])
}

fn render(command: &Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(|error| Failure::new(Exit::Bug, "man", error.to_string()))?;
    pages.push((name.to_owned(), page));
    for one in command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help") {
        render(one, &format!("{name}-{}", one.get_name()), pages)?;
    }
    Ok(())
}
