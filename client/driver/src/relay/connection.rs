//! One connection to a relay: TCP, TLS where the address has it, and every byte counted at the socket.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::error::RelayError;

/// The longest head of an answer, in bytes.
const HEAD_BYTES: usize = 16 * 1024;
/// The most headers of an answer.
const HEADERS: usize = 64;

/// Bytes that crossed the socket, HTTP and TLS included.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) sent: AtomicU64,
    pub(super) received: AtomicU64,
}

impl Traffic {
    pub(super) fn both(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.received.load(Ordering::Relaxed))
    }
}

/// A connection that takes one request after the other.
pub(super) struct Connection {
    sender: SendRequest<Outgoing>,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(
        address: &Address,
        tls: &Arc<ClientConfig>,
        traffic: &Arc<Traffic>,
    ) -> Result<Self, RelayError> {
        let stream = TcpStream::connect((address.host.as_str(), address.port))
            .await
            .map_err(RelayError::Unreachable)?;
        // Without it the last piece of a request may wait for an acknowledgement; where it cannot be set, it waits.
        drop(stream.set_nodelay(true));
        let stream = Metered { stream, traffic: Arc::clone(traffic) };
        if !address.secure {
            return Self::start(stream).await;
        }
        let name = ServerName::try_from(address.host.clone())
            .map_err(|_| RelayError::Certificate("the host has no name for a certificate".to_owned()))?;
        let stream =
            TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(handshake_failed)?;
        Self::start(stream).await
    }

    async fn start(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Self, RelayError> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| lost(&error))?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender })
    }

    /// True where another request can be sent.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a request and gives the answer once its head is there.
    pub(super) async fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, RelayError> {
        self.sender.ready().await.map_err(|error| lost(&error))?;
        self.sender.send_request(request).await.map_err(|error| lost(&error))
    }
}

/// What it means that HTTP failed: bytes that are no HTTP are somebody else's, all else is a cut.
pub(super) fn lost(error: &hyper::Error) -> RelayError {
    if error.is_parse() { RelayError::CaptivePortal } else { RelayError::Cut }
}

fn handshake_failed(error: io::Error) -> RelayError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => RelayError::Certificate(why.to_string()),
        // Plain HTTP, or nothing like TLS, where TLS should be.
        Some(rustls::Error::InvalidMessage(_)) => RelayError::CaptivePortal,
        Some(other) => RelayError::Certificate(other.to_string()),
        None => RelayError::Cut,
    }
}

/// A body of known length, given in pieces.
pub(super) struct Outgoing {
    pieces: VecDeque<Bytes>,
    left: u64,
}

impl Outgoing {
    pub(super) fn new(pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let pieces: VecDeque<Bytes> = pieces.into_iter().map(Bytes::from).collect();
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { pieces, left }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.left
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.pieces.pop_front().map(|piece| {
            self.left -= piece.len() as u64;
            Ok(Frame::data(piece))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// A stream that counts.
struct Metered {
    stream: TcpStream,
    traffic: Arc<Traffic>,
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        let count = buffer.filled().len() - before;
        self.traffic.received.fetch_add(count as u64, Ordering::Relaxed);
        result
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = &result {
            self.traffic.sent.fetch_add(*count as u64, Ordering::Relaxed);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
