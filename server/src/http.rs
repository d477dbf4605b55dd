//! Every route of a relay in one place: bodies and headers in, bodies and headers out. What is done with
//! them is in [`crate::relay`] and [`crate::attachment`].
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/exchange`, body: frames of a `Request`, then of one pack each | 200 and frames: a `SignedAnswer`, then `Segment`s; or 204 with `tessera-answer`, base64 of a `NothingNew` |
//! | the same with `prefer: wait=SECONDS` | the same, but that 204 comes only after so many seconds without news; or at once, where too many wait |
//! | `HEAD /v1/attachments/{stream}/{id}` | 200 with `tessera-held` and `tessera-total`, in bytes |
//! | `GET` of the same, `range: bytes=FROM-` or none | 200 or 206 with the bytes from there on |
//! | `PUT` of the same, `content-range: bytes FROM-TO/TOTAL` | 204 with `tessera-held` and `tessera-total`; 409 with the same where it does not go on from what is held |
//! | `GET /v1/key` | 200 with `{"key": …}`: the relay's public key, for a person to compare |
//! | `GET /healthz` | 200 where the store answers |
//!
//! Requests for attachments carry `tessera-authorisation`, base64 of an `Authorisation` over the method,
//! the path and [`tessera_protocol::exchange::attachment_range`]. Every other answer is JSON:
//! `{"code": …, "message": …}`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{AUTHORISATION_HEADER, Authorisation, EXCHANGE, KEY, NOTHING_NEW_HEADER};

use crate::attachment::{Misplaced, Wanted};
use crate::failure::Failure;
use crate::relay::{Answer, Relay};
use crate::store::{Progress, reading};

/// How many bytes of an attachment are held.
pub const HELD_HEADER: &str = "tessera-held";
/// How many bytes an attachment has; 0 where nothing was announced.
pub const TOTAL_HEADER: &str = "tessera-total";

/// How a device says that it would rather wait for news: `wait=SECONDS` (RFC 7240). It is not signed: it decides when the
/// answer comes, and whoever is between both decides that anyway.
pub const WAIT_HEADER: &str = "prefer";

/// The routes.
pub fn router(relay: Arc<Relay>) -> Router {
    Router::new()
        .route(EXCHANGE.1, post(exchange))
        .route(
            "/v1/attachments/{stream}/{id}",
            get(fetch).head(held).put(bring).layer(DefaultBodyLimit::disable()),
        )
        .route(KEY.1, get(key))
        .route("/healthz", get(health))
        .fallback(|| async { refuse(404, "no-such-page", "there is nothing here") })
        .method_not_allowed_fallback(|| async { refuse(405, "method", "not with this method") })
        .layer(axum::middleware::from_fn(log))
        .with_state(relay)
}

async fn exchange(
    State(relay): State<Arc<Relay>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let wait = headers.get(WAIT_HEADER).and_then(wait_of).unwrap_or_default();
    Ok(match relay.exchange(body, wait).await? {
        Answer::NothingNew(answer) => {
            let value = BASE64_STANDARD.encode(answer.to_bytes());
            (StatusCode::NO_CONTENT, [(NOTHING_NEW_HEADER, value)]).into_response()
        }
        Answer::Frames(frames) => frames.into_response(),
    })
}

/// The path of an attachment and the proof of who asks. Whatever is wrong with them, the answer is one.
struct Authorised(Wanted);

impl<S: Send + Sync> FromRequestParts<S> for Authorised {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((stream, id)) = path.map_err(|_| Failure::NotAuthorised)?;
        let header = parts.headers.get(AUTHORISATION_HEADER).ok_or(Failure::NotAuthorised)?;
        let bytes = BASE64_STANDARD.decode(header).map_err(|_| Failure::NotAuthorised)?;
        Ok(Self(Wanted {
            stream: stream.parse().map_err(|_| Failure::NotAuthorised)?,
            id: id.parse().map_err(|_| Failure::NotAuthorised)?,
            authorisation: Authorisation::from_bytes(&bytes).map_err(|_| Failure::NotAuthorised)?,
        }))
    }
}

async fn held(State(relay): State<Arc<Relay>>, Authorised(wanted): Authorised) -> Result<Response, Failure> {
    let progress = relay.attachment(&wanted, "HEAD").await?;
    Ok((StatusCode::OK, holding(Some(progress))).into_response())
}

async fn fetch(
    State(relay): State<Arc<Relay>>,
    Authorised(wanted): Authorised,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let from = match headers.get(header::RANGE) {
        None => 0,
        Some(range) => from_of(range).ok_or_else(|| Failure::Malformed("range".to_owned()))?,
    };
    let (Progress { total_bytes: total, .. }, body) = relay.fetch(&wanted, from).await?;
    let length = [
        (header::CONTENT_LENGTH, (total - from).to_string()),
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
    ];
    if from == 0 {
        return Ok((StatusCode::OK, length, body).into_response());
    }
    let range = format!("bytes {from}-{}/{total}", total.saturating_sub(1).max(from));
    Ok((StatusCode::PARTIAL_CONTENT, length, [(header::CONTENT_RANGE, range)], body).into_response())
}

async fn bring(
    State(relay): State<Arc<Relay>>,
    Authorised(wanted): Authorised,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some((from, total)) = headers.get(header::CONTENT_RANGE).and_then(place_of) else {
        return Failure::Malformed("content-range".to_owned()).into_response();
    };
    match relay.bring(&wanted, from, total, body).await {
        Ok(progress) => (StatusCode::NO_CONTENT, holding(Some(progress))).into_response(),
        Err(Misplaced(failure, held)) => (holding(held), failure).into_response(),
    }
}

/// How much is held, as headers.
fn holding(progress: Option<Progress>) -> [(HeaderName, String); 2] {
    let Progress { held_bytes, total_bytes } = progress.unwrap_or_default();
    [
        (HeaderName::from_static(HELD_HEADER), held_bytes.to_string()),
        (HeaderName::from_static(TOTAL_HEADER), total_bytes.to_string()),
    ]
}

/// `wait=SECONDS`.
fn wait_of(value: &HeaderValue) -> Option<Duration> {
    let seconds: u32 = value.to_str().ok()?.strip_prefix("wait=")?.parse().ok()?;
    Some(Duration::from_secs(seconds.into()))
}

/// `bytes=FROM-`.
fn from_of(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// `bytes FROM-TO/TOTAL`: where the piece starts, and the length of the whole.
fn place_of(value: &HeaderValue) -> Option<(u64, u64)> {
    let (range, total) = value.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')?;
    let (from, to) = range.split_once('-')?;
    let (from, to, total): (u64, u64, u64) = (from.parse().ok()?, to.parse().ok()?, total.parse().ok()?);
    (from <= to && to < total).then_some((from, total))
}

async fn key(State(relay): State<Arc<Relay>>) -> Response {
    let body = serde_json::json!({ "key": relay.id().to_string() }).to_string();
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn health(State(relay): State<Arc<Relay>>) -> Result<Response, Failure> {
    let store = Arc::clone(relay.store());
    reading(move || store.programmes()).await?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], r#"{"status":"ok"}"#).into_response())
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, code) = self.status();
        let mut response = refuse(status, code, &self.to_string());
        if matches!(self, Self::TooMany | Self::Busy) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

fn refuse(status: u16, code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::json!({ "code": code, "message": message }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// One line for each request, without content: what route, what came of it, how long it took.
async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<axum::extract::MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let code = response.extensions().get::<Failure>().map(|failure| failure.status().1);
    let status = response.status().as_u16();
    let milliseconds = start.elapsed().as_millis();
    let route = route.as_deref().unwrap_or("-");
    tracing::info!(%method, route, status, code, milliseconds, "request");
    response
}
