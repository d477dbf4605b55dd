//! The real relay in a process of its own, for tests that talk to it, and copies of what programs keep. Its program is `$TESSERA_RELAY_BIN`, or
//! `target/debug/tessera-relay`: `cargo build -p tessera-relay` makes it.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tessera_protocol::hash::parse_hex;
use tessera_protocol::signature::PublicKey;
use tessera_vault::enrol::Relay;

/// Where the relay's program is.
///
/// # Panics
/// Where there is none: a test of it cannot go on.
#[must_use]
pub fn program() -> PathBuf {
    let found = std::env::var_os("TESSERA_RELAY_BIN").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/tessera-relay"),
        PathBuf::from,
    );
    assert!(
        found.is_file(),
        "the relay's program is not at {}: run `cargo build -p tessera-relay`, or name it in TESSERA_RELAY_BIN",
        found.display()
    );
    found
}

/// A certificate or key of the tests.
#[must_use]
pub fn pem(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

/// Copies the folder of a home or of a relay, but for what only a running program needs.
///
/// # Errors
/// Where something cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if ["lock", "-shm"].iter().any(|end| name.to_string_lossy().ends_with(end)) {
            continue;
        }
        let to = to.join(&name);
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// A relay that runs until it is dropped, and is killed then.
pub struct Running {
    /// Its folder.
    pub data: PathBuf,
    /// The name of its certificate, where it speaks TLS.
    pub tls: Option<&'static str>,
    /// Where it listens.
    pub listening: String,
    /// The key that signs its receipts.
    pub key: PublicKey,
    child: Child,
}

impl Running {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(data: &Path, tls: Option<&'static str>) -> Self {
        Self::start_at(data, tls, "127.0.0.1:0")
    }

    /// Starts one at an address.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start_at(data: &Path, tls: Option<&'static str>, listen: &str) -> Self {
        let mut command = Command::new(program());
        command.arg("serve").arg("--data").arg(data).args(["--listen", listen]);
        if let Some(certificate) = tls {
            command.arg("--tls-cert").arg(pem(certificate)).arg("--tls-key").arg(pem("key.pem"));
        }
        let mut child = command
            .env("TESSERA_RELAY_LOG", "error")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the relay starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut line).expect("it says where it listens");
        let said: serde_json::Value = serde_json::from_str(&line).expect("the first line is JSON");
        let said = |field: &str| said[field].as_str().expect("what the first line says");
        let key = parse_hex(said("key")).expect("a key in hexadecimal");
        Self {
            data: data.to_owned(),
            tls,
            listening: said("listening").to_owned(),
            key: PublicKey::from_bytes(&key).expect("a sound key"),
            child,
        }
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it.
    ///
    /// # Panics
    /// Where that cannot be done.
    pub fn kill(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("a child of this process ends");
    }

    /// Kills it and starts it at the same address.
    ///
    /// # Panics
    /// As [`Running::start_at`].
    pub fn restart(&mut self) {
        self.kill();
        *self = Self::start_at(&self.data, self.tls, &self.listening);
    }

    /// What a member is told of it.
    ///
    /// # Panics
    /// Never: an address is short.
    #[must_use]
    pub fn place(&self) -> Relay {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", self.listening);
        Relay { url: url.as_str().try_into().expect("an address is short"), key: self.key }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
