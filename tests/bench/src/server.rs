//! The relay as a process of its own: the program that ships, on loopback, with a database that starts empty.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tessera_protocol::hash::parse_hex;
use tessera_protocol::signature::PublicKey;

use crate::measure::{self, Clock};

/// A relay that runs; it ends with this value.
pub(crate) struct Server {
    program: PathBuf,
    data: PathBuf,
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The key that signs its receipts.
    pub(crate) key: PublicKey,
}

impl Server {
    /// Starts a relay in a folder.
    pub(crate) fn start(program: &Path, data: PathBuf) -> Result<Self> {
        let mut process = Command::new(program)
            .arg("serve")
            .arg("--data")
            .arg(&data)
            .args(["--listen", "127.0.0.1:0"])
            .env("TESSERA_RELAY_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let stdout = process.stdout.take().context("the relay's stdout")?;
        let mut first = String::new();
        BufReader::new(stdout).read_line(&mut first)?;
        let said: Value =
            serde_json::from_str(&first).with_context(|| format!("the relay said {first:?}"))?;
        let word = |key: &str| said[key].as_str().context("the relay's first line");
        let key = parse_hex(word("key")?).and_then(|bytes| PublicKey::from_bytes(&bytes).ok());
        Ok(Self {
            program: program.to_owned(),
            data,
            address: word("listening")?.parse()?,
            key: key.context("the relay's key")?,
            process,
        })
    }

    /// User and system time so far.
    pub(crate) fn clock(&self) -> Result<Clock> {
        Clock::read(self.process.id())
    }

    /// The peak of memory since [`Server::forget_peak`].
    pub(crate) fn peak_mib(&self) -> Result<f64> {
        measure::peak_mib_of(self.process.id())
    }

    /// Lets the peak of memory begin anew.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        measure::forget_peak(self.process.id())
    }

    /// What another command of the relay's program prints about its data.
    pub(crate) fn says(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.program).args(arguments).arg("--data").arg(&self.data).output()?;
        let said = String::from_utf8(output.stdout)?;
        ensure!(output.status.success(), "tessera-relay {}: {} {said}", arguments.join(" "), output.status);
        Ok(said)
    }

    /// The folder of its database.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; what it acknowledged is on the disk.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
