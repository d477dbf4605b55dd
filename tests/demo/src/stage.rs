//! The stage: a folder for the play, the programs that act in it, and the relay as a process. Everybody has a folder of
//! their own; what passes between them passes through the relay or as a file that somebody carries.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// Where the play takes place.
pub(crate) struct Stage {
    /// Made anew for each play; kept afterwards, to be looked at.
    pub(crate) folder: PathBuf,
    programs: PathBuf,
}

impl Stage {
    /// Sets the stage in an empty folder.
    pub(crate) fn set(folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("clearing {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder)?;
        let own = std::env::current_exe()?;
        let programs = own.parent().context("this program lies in no folder")?.to_owned();
        let stage = Self { folder, programs };
        for name in ["tessera", "tessera-relay"] {
            ensure!(stage.program(name).is_file(), "{name} is not built; `make demo` builds it");
        }
        Ok(stage)
    }

    /// A program of the product.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// A folder of the play, made where it is missing.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        std::fs::create_dir_all(&path)?;
        Ok(path)
    }
}

/// The relay as a process. Ends with this value.
pub(crate) struct Relay {
    program: PathBuf,
    /// What it keeps.
    pub(crate) data: PathBuf,
    process: Option<Child>,
    /// Where it listens.
    pub(crate) address: String,
    /// The key that signs its receipts, in hexadecimal.
    pub(crate) key: String,
}

impl Relay {
    /// A relay that is not running yet.
    pub(crate) fn new(stage: &Stage) -> Result<Self> {
        Ok(Self {
            program: stage.program("tessera-relay"),
            data: stage.folder("relay")?,
            process: None,
            address: "127.0.0.1:0".to_owned(),
            key: String::new(),
        })
    }

    /// Starts it; again at the same address where it ran before.
    pub(crate) fn start(&mut self) -> Result<()> {
        let log = std::fs::File::options().create(true).append(true).open(self.data.join("relay.log"))?;
        let mut process = Command::new(&self.program)
            .arg("serve")
            .arg("--data")
            .arg(&self.data)
            .args(["--listen", &self.address])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("starting the relay")?;
        let stdout = process.stdout.take().context("the relay's stdout")?;
        self.process = Some(process);
        let mut first = String::new();
        BufReader::new(stdout).read_line(&mut first)?;
        let said: Value =
            serde_json::from_str(&first).with_context(|| format!("the relay said {first:?}"))?;
        let word = |key: &str| said[key].as_str().map(str::to_owned).context("the relay's first line");
        (self.address, self.key) = (word("listening")?, word("key")?);
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(&mut self) -> Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let asked = Command::new("kill").args(["-TERM", &process.id().to_string()]).status()?;
        ensure!(asked.success(), "the relay could not be asked to end");
        let status = process.wait()?;
        ensure!(status.success(), "the relay ended with {status}");
        Ok(())
    }

    /// Runs another command of the relay's program.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.program).args(arguments).arg("--data").arg(&self.data).output()?;
        if !output.status.success() {
            bail!("tessera-relay {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The URL for homes.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // A play that failed leaves no relay running.
            drop(process.kill());
            drop(process.wait());
        }
    }
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
