//! What a relay is told: flags before environment before the TOML file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use tessera_protocol::ids::ProgrammeId;
use tessera_relay::limits::Limits;
use tessera_relay::relay::Taking;

use crate::commands::Wrong;

/// Settings that the flags, the environment and the file have in common.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The folder that holds the database and the key.
    #[arg(long, value_name = "DIR", env = "TESSERA_RELAY_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", env = "TESSERA_RELAY_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// The certificates for TLS, PEM.
    #[arg(long, value_name = "FILE", env = "TESSERA_RELAY_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key of the certificate, PEM.
    #[arg(long, value_name = "FILE", env = "TESSERA_RELAY_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Plain HTTP, because a proxy in front of the relay brings TLS and counts connections.
    #[arg(long, env = "TESSERA_RELAY_BEHIND_PROXY")]
    pub(crate) behind_proxy: bool,
    /// The relay's key file, such as the charter's spare one; kept in the data folder from then on.
    #[arg(long, value_name = "FILE", env = "TESSERA_RELAY_KEY")]
    pub(crate) key: Option<PathBuf>,
    /// Takes this programme and those named beside it alone; any whose charter names this relay otherwise.
    #[arg(long = "programme", value_name = "ID", env = "TESSERA_RELAY_PROGRAMMES", value_delimiter = ',')]
    pub(crate) programmes: Vec<String>,
    /// Limits; in the file alone.
    #[arg(skip)]
    pub(crate) limits: Limits,
}

impl Settings {
    /// These settings, and where they say nothing those of the file.
    ///
    /// # Errors
    /// Where the file cannot be read or says something unknown.
    pub(crate) fn over(self, file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = file else { return Ok(self) };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: Self =
            toml::from_str(&text).map_err(|error| Wrong::Use(format!("{}: {error}", path.display())))?;
        Ok(Self {
            data: self.data.or(file.data),
            listen: self.listen.or(file.listen),
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            behind_proxy: self.behind_proxy || file.behind_proxy,
            key: self.key.or(file.key),
            programmes: if self.programmes.is_empty() { file.programmes } else { self.programmes },
            limits: file.limits,
        })
    }

    /// The data folder.
    ///
    /// # Errors
    /// Where none is named.
    pub(crate) fn data(&self) -> anyhow::Result<&Path> {
        Ok(self.data.as_deref().ok_or_else(|| Wrong::Use("--data DIR is needed".to_owned()))?)
    }

    /// Which programmes are taken.
    ///
    /// # Errors
    /// Where one is no id.
    pub(crate) fn taking(&self) -> anyhow::Result<Taking> {
        if self.programmes.is_empty() {
            return Ok(Taking::Any);
        }
        let ids = self.programmes.iter().map(|text| text.parse::<ProgrammeId>());
        let ids = ids.collect::<Result<_, _>>().map_err(|error| Wrong::Use(error.to_string()))?;
        Ok(Taking::Only(ids))
    }

    /// Refuses what would let others read or change what passes.
    ///
    /// # Errors
    /// Where a certificate lacks its key, or plain HTTP would leave this machine.
    pub(crate) fn check_transport(&self, listen: SocketAddr) -> anyhow::Result<()> {
        let wrong = |text: &str| Err(Wrong::Use(text.to_owned()).into());
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) | (None, Some(_)) => wrong("--tls-cert and --tls-key go together"),
            (Some(_), Some(_)) if self.behind_proxy => {
                wrong("--behind-proxy is plain HTTP: leave --tls-cert away, or it")
            }
            (None, None) if !self.behind_proxy && !listen.ip().is_loopback() => wrong(
                "plain HTTP beyond this machine is refused: give --tls-cert and --tls-key, or --behind-proxy",
            ),
            _ => Ok(()),
        }
    }
}
