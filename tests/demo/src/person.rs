//! A person with a laptop: a home of their own, a passphrase, and the command line that everybody can use.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::stage::Stage;

/// Somebody in the play.
#[derive(Clone)]
pub(crate) struct Person {
    /// As the others call them.
    pub(crate) name: String,
    /// The home's folder.
    pub(crate) home: PathBuf,
    /// A folder for their files, outside the home.
    pub(crate) desk: PathBuf,
    pub(crate) passphrase: PathBuf,
    program: PathBuf,
}

/// Where the window keeps its first home on a laptop.
pub(crate) fn home_on(laptop: &Path) -> Result<PathBuf> {
    let folder = laptop.join("programme-1");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("card.json"), r#"{"label":"The seminar"}"#)?;
    Ok(folder.join("home"))
}

impl Person {
    /// Gives a person an empty laptop.
    pub(crate) fn new(stage: &Stage, name: &str) -> Result<Self> {
        let folder = stage.folder(&format!("laptops/{}", file_name(name)))?;
        let desk = stage.folder(&format!("desks/{}", file_name(name)))?;
        let passphrase = desk.join("passphrase");
        std::fs::write(&passphrase, format!("only for the demonstration {}\n", file_name(name)))?;
        let program = stage.program("tessera");
        let home = home_on(&folder)?;
        Ok(Self { name: name.to_owned(), home, desk, passphrase, program })
    }

    /// The same person with a copy of the laptop at another place.
    pub(crate) fn at(&self, home: PathBuf) -> Self {
        Self { home, ..self.clone() }
    }

    /// A command of the command line, with this person's home and passphrase.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--home").arg(&self.home).arg("--passphrase-file").arg(&self.passphrase);
        command.arg("--json").args(arguments).current_dir(&self.desk).stdin(Stdio::null());
        command
    }

    /// Does something that must succeed; gives what `--json` printed.
    pub(crate) fn does(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.command(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("{}: tessera {}: {} {said}", self.name, arguments.join(" "), output.status);
        }
        let text = String::from_utf8(output.stdout)?;
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("tessera {}: {text}", arguments.join(" ")))
    }

    /// Tries something that must be refused with this exit status; gives the error's code.
    pub(crate) fn is_refused(&self, arguments: &[&str], exit: i32) -> Result<String> {
        let output = self.command(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(
            output.status.code() == Some(exit),
            "{}: tessera {} should have ended with {exit}: {} {said}",
            self.name,
            arguments.join(" "),
            output.status
        );
        let last = said.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).with_context(|| format!("the error {said}"))?;
        Ok(error["error"]["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Starts something that is to be interrupted.
    pub(crate) fn begins(&self, arguments: &[&str]) -> Result<Child> {
        Ok(self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    /// A file on this person's desk.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.desk.join(name)
    }
}

fn file_name(name: &str) -> String {
    let ascii = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    ascii.collect::<String>().trim_matches('-').to_owned()
}

/// The rows of a result.
pub(crate) fn rows(result: &Value) -> &[Value] {
    result["rows"].as_array().map_or(&[], Vec::as_slice)
}
