//! The way in: an accept loop of its own, because a web framework's has no patience to lose. A connection
//! must send its first byte and its headers in time, one address may hold only so many, and where all
//! places are taken the one goes that has been silent for longest. Nothing here knows what a relay is.

mod patient;
mod places;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use patient::Patient;
use places::{Place, Places};

/// What hyper may hold of one connection's input.
const BUFFER_BYTES: usize = 64 * 1024;

/// How connections are taken.
pub struct Door {
    /// Encrypts, where there is a certificate.
    pub tls: Option<TlsAcceptor>,
    /// Open connections.
    pub connections: usize,
    /// Open connections from one address.
    pub connections_per_address: usize,
    /// Until the first byte, and from there until the end of the headers.
    pub header: Duration,
    /// For each piece of an answer to be taken.
    pub idle: Duration,
    /// How long requests may go on after the end was asked for.
    pub drain: Duration,
}

/// Takes connections until `end` is there, then waits for those whose requests are under way.
pub async fn serve(listener: TcpListener, routes: Router, door: Door, end: impl Future<Output = ()>) {
    let door = Arc::new(door);
    let places = Places::new(door.connections, door.connections_per_address);
    let (ending, ended) = watch::channel(false);
    let (alive, mut all_gone) = tokio::sync::mpsc::channel::<()>(1);
    tokio::pin!(end);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut end => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: connections that end make room.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(place) = places.take(peer.ip()) else { continue };
        let (door, routes, ended, alive) = (Arc::clone(&door), routes.clone(), ended.clone(), alive.clone());
        tokio::spawn(async move {
            let _alive = alive;
            connection(stream, peer, routes, &door, place, ended).await;
        });
    }
    drop((listener, alive));
    let _ = ending.send(true);
    if timeout(door.drain, all_gone.recv()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    door: &Door,
    place: Place,
    ended: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let stream = Patient::new(stream, door.idle);
    let result = match &door.tls {
        None => talk(stream, routes, door, place, ended).await,
        Some(tls) => {
            let greeted = tokio::select! {
                greeted = timeout(door.header, tls.accept(stream)) => greeted,
                () = place.wanted() => return,
            };
            match greeted {
                Ok(Ok(stream)) => talk(stream, routes, door, place, ended).await,
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Ok(()),
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, address = %peer.ip(), "a connection ended");
    }
}

type Ended = Result<(), Box<dyn std::error::Error + Send + Sync>>;

async fn talk<S>(
    stream: S,
    routes: Router,
    door: &Door,
    place: Place,
    mut ended: watch::Receiver<bool>,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stream = BufStream::with_capacity(8 * 1024, 8 * 1024, stream);
    let first = tokio::select! {
        first = timeout(door.header, stream.fill_buf()) => first,
        () = place.wanted() => return Ok(()),
        _ = ended.wait_for(|ended| *ended) => return Ok(()),
    };
    match first {
        Err(_) => return Ok(()),
        Ok(Ok([])) => return Ok(()),
        Ok(first) => drop(first?),
    }
    let mut settings = http1::Builder::new();
    settings
        .timer(TokioTimer::new())
        .header_read_timeout(door.header)
        .auto_date_header(false)
        .max_headers(32)
        .max_buf_size(BUFFER_BYTES);
    // Whole headers are a request; until then the place can be taken away.
    let spoken = place.spoken();
    let routes = TowerToHyperService::new(routes);
    let answering = service_fn(move |request: Request<Incoming>| {
        spoken.speaks();
        routes.call(request)
    });
    let connection = settings.serve_connection(TokioIo::new(stream), answering);
    tokio::pin!(connection);
    tokio::select! {
        result = connection.as_mut() => return result.map_err(Into::into),
        () = place.wanted() => return Ok(()),
        _ = ended.wait_for(|ended| *ended) => connection.as_mut().graceful_shutdown(),
    }
    connection.await.map_err(Into::into)
}

/// Reads certificates and key for TLS.
///
/// # Errors
/// Where they cannot be read or do not belong together.
pub fn tls(certificates: &std::path::Path, key: &std::path::Path) -> io::Result<TlsAcceptor> {
    use rustls_pki_types::pem::PemObject;
    use rustls_pki_types::{CertificateDer, PrivateKeyDer};
    let wrong = |error: &dyn std::fmt::Display| io::Error::other(error.to_string());
    let certificates = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(&error))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(&error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|error| wrong(&error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
