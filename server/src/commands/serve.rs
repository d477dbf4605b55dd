//! `serve`: the relay itself.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use tessera_protocol::ids::Incarnation;
use tessera_relay::key::{SigningRelay, read_seed};
use tessera_relay::listen::{self, Door};
use tessera_relay::relay::{Relay, Setup};
use tessera_relay::store::Store;
use tessera_relay::store::sqlite::{self, SqliteStore};
use tokio::net::TcpListener;

use super::{DATABASE, KEY, Wrong};
use crate::config::Settings;

/// Threads for reading the store and for signatures.
const BLOCKING_THREADS: usize = 16;
/// File handles that are free when connections begin to be taken: more than the runtime and its signals need.
const FREE_HANDLES: usize = 16;

/// Serves until it is told to end (SIGTERM or SIGINT).
///
/// The first line on standard output is `{"listening", "key"}`; logs go to standard error as JSON, without
/// content. `TESSERA_RELAY_LOG` sets how much (`warn`, `info`, `debug`).
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A TOML file with the settings below and a table `[limits]`.
    #[arg(long, value_name = "F", env = "TESSERA_RELAY_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings.clone().over(arguments.config.as_deref())?;
    log();
    sqlite::carried()?;
    let listen = settings.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8420)));
    settings.check_transport(listen)?;
    let tls = match (&settings.tls_cert, &settings.tls_key) {
        (Some(certificate), Some(key)) => Some(listen::tls(certificate, key).context("TLS")?),
        _ => None,
    };
    let data = settings.data()?;
    super::make_folder(data)?;
    let _lock = super::lock(data)?;
    let key = key(data, settings.key.as_deref())?;
    let public = super::hex(&key.public().to_bytes());
    let limits = settings.limits.clone();
    let door = Door {
        tls,
        connections: limits.connections,
        connections_per_address: if settings.behind_proxy {
            usize::MAX
        } else {
            limits.connections_per_address
        },
        header: Duration::from_secs(limits.header_seconds),
        idle: Duration::from_secs(limits.idle_seconds),
        drain: Duration::from_secs(limits.drain_seconds),
    };
    let mut incarnation = Incarnation([0; 8]);
    getrandom::fill(&mut incarnation.0).map_err(|_| anyhow::anyhow!("no randomness could be had"))?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&data.join(DATABASE), limits.disk_bytes)?);
    let setup = Setup {
        store: Arc::clone(&store),
        key,
        incarnation,
        clock: Box::new(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
        }),
        limits,
        taking: settings.taking()?,
    };
    let relay = Arc::new(Relay::start(setup)?);
    enough_handles(data)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()?;
    runtime.block_on(async {
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let end = end()?;
        let listening = listener.local_addr()?.to_string();
        super::say(&format!(r#"{{"listening":"{listening}","key":"{public}"}}"#))?;
        tracing::info!(listening, key = public, "ready");
        let routes = tessera_relay::http::router(Arc::clone(&relay));
        let end = async {
            end.await;
            relay.end_waiting();
        };
        listen::serve(listener, routes, door, end).await;
        anyhow::Ok(())
    })?;
    store.close();
    tracing::info!("ended");
    Ok(ExitCode::SUCCESS)
}

fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TESSERA_RELAY_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init();
}

/// Refuses to start where there are too few file handles to go on with: the runtime would end in a panic.
fn enough_handles(folder: &Path) -> anyhow::Result<()> {
    let handles: std::io::Result<Vec<_>> = (0..FREE_HANDLES).map(|_| std::fs::File::open(folder)).collect();
    handles.context("this process may open too few files; allow more (ulimit -n)").map(drop)
}

/// The key in the data folder: the one that is there, the one that is given, or a new one.
fn key(data: &Path, given: Option<&Path>) -> anyhow::Result<SigningRelay> {
    let path = data.join(KEY);
    let Some(given) = given else { return Ok(SigningRelay::open_or_create(&path)?) };
    let seed = read_seed(given)?;
    let key = SigningRelay::from_seed(&seed);
    if !path.exists() {
        SigningRelay::write(&path, &seed)?;
    } else if SigningRelay::open(&path)?.public() != key.public() {
        let text = format!("{} holds another key than {}", path.display(), given.display());
        return Err(Wrong::Use(text).into());
    }
    Ok(key)
}

/// Comes when the process is asked to end.
fn end() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to end");
    })
}
