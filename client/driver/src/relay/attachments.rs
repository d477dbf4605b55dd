//! Attachments over HTTP, on the same connection after the exchanges: sealed bytes from where the other side stopped.
//!
//! ```text
//! PUT /v1/attachments/STREAM/ID   content-range: bytes FROM-TO/TOTAL → 204, or 409; both say how much is held
//! GET /v1/attachments/STREAM/ID   range: bytes=FROM-                 → 200 or 206 and the bytes
//! ```
//! A piece is stored as soon as it is whole, so a cut costs less than one; a file counts as here only where all of
//! it is what its manifest names. What a relay says it holds is a hint, and signed by nobody.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{CONTENT_RANGE, HOST, HeaderMap, RANGE};
use hyper::{Request, Response, StatusCode, body::Incoming};
use tessera_engine::EngineError;
use tessera_engine::attachments::{Attachment, PIECE_BYTES};
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{AUTHORISATION_HEADER, attachment_path};

use super::connection::Outgoing;
use super::error::RelayError;
use super::exchange::refused;
use super::watch::Phase;
use super::{Lend, Options, Report, Talk};

/// How many bytes of an attachment a relay holds.
const HELD_HEADER: &str = "tessera-held";
/// How many bytes an attachment has.
const TOTAL_HEADER: &str = "tessera-total";
/// The first request for an attachment sends so much; each one twice as much as the one before, up to the next figure.
const FIRST_PUT_BYTES: usize = 4 * PIECE_BYTES;
/// The most that one request sends.
const MAX_PUT_BYTES: usize = 64 * PIECE_BYTES;
/// What came is stored at once where it reaches this.
const STORE_BYTES: usize = 8 * PIECE_BYTES;
/// How often a relay may say that something else is held than it said before.
const PATIENCE: u32 = 4;

impl Talk<'_, '_> {
    /// Brings what the relay lacks and fetches what this device lacks, as far as the budget goes.
    pub(super) async fn attachments<L: Lend>(
        &mut self,
        engine: &mut L,
        options: &Options,
        left: &mut u64,
        report: &mut Report,
    ) -> Result<(), RelayError> {
        for attachment in engine.lend(|engine| engine.attachments_to_send())? {
            if attachment.sealed_bytes > *left {
                report.left_attachments += 1;
                continue;
            }
            if self.bring(engine, &attachment, report).await? {
                *left = spend(*left, attachment.sealed_bytes);
            }
        }
        for attachment in engine.lend(|engine| engine.attachments_to_fetch(options.fetch))? {
            let lacking = attachment.lacking_bytes();
            if lacking > *left {
                report.left_attachments += 1;
                continue;
            }
            if self.fetch(engine, &attachment, report).await? {
                *left = spend(*left, lacking);
            }
        }
        Ok(())
    }

    /// Brings one attachment; false where the relay or this device will not have it.
    async fn bring<L: Lend>(
        &mut self,
        engine: &mut L,
        attachment: &Attachment,
        report: &mut Report,
    ) -> Result<bool, RelayError> {
        let total = attachment.sealed_bytes;
        let (mut from, mut length, mut patience) = (0, FIRST_PUT_BYTES, PATIENCE);
        loop {
            let bytes = engine.lend(|engine| engine.sealed_piece(attachment.id, from, length))?;
            if bytes.is_empty() {
                report.damaged_attachments +=
                    u64::from(engine.lend(|engine| engine.drop_if_damaged(attachment.id))?);
                return Ok(false);
            }
            let to = from + bytes.len() as u64;
            self.connect().await?;
            self.watch.step(Phase::Attachments, bytes.len() as u64, 0)?;
            let range = format!("bytes {from}-{}/{total}", to - 1);
            let request = self.request(engine, attachment, "PUT", from, total, &range, bytes)?;
            let answer = self.send(request).await?;
            let held = held(answer.headers());
            match (answer.status(), held) {
                (StatusCode::NO_CONTENT, Some((held, of))) if of == total && held > from => {
                    self.moved = true;
                    from = held;
                    length = (2 * length).min(MAX_PUT_BYTES);
                }
                // Somebody brought some of it before, or what was brought was lost.
                (StatusCode::CONFLICT, Some((held, of))) if (of == total || of == 0) && patience > 0 => {
                    self.drain(answer).await;
                    patience -= 1;
                    from = held;
                }
                (StatusCode::UNPROCESSABLE_ENTITY, _) => {
                    self.drain(answer).await;
                    report.damaged_attachments +=
                        u64::from(engine.lend(|engine| engine.drop_if_damaged(attachment.id))?);
                    return Ok(false);
                }
                _ => return Err(refused(answer).await),
            }
            if from >= total {
                engine.lend(|engine| engine.set_at_relay(attachment, true))?;
                report.attachments_sent += 1;
                return Ok(true);
            }
        }
    }

    /// Fetches one attachment from where it stopped; false where the relay does not have it, or has something else.
    async fn fetch<L: Lend>(
        &mut self,
        engine: &mut L,
        attachment: &Attachment,
        report: &mut Report,
    ) -> Result<bool, RelayError> {
        let from = attachment.held_bytes;
        self.connect().await?;
        self.watch.step(Phase::Attachments, 0, attachment.sealed_bytes - from)?;
        let range = format!("bytes={from}-");
        let request = self.request(engine, attachment, "GET", from, 0, &range, Vec::new())?;
        let answer = self.send(request).await?;
        match answer.status() {
            StatusCode::OK if from == 0 && !super::exchange::is_page(answer.headers()) => {}
            StatusCode::PARTIAL_CONTENT if from > 0 => {}
            // A status that this relay gives to what it does not hold, and to who may not have it.
            StatusCode::NOT_FOUND => match refused(answer).await {
                RelayError::Refused { status: 404, .. } => {
                    report.missing_attachments += 1;
                    engine.lend(|engine| engine.set_at_relay(attachment, false))?;
                    return Ok(false);
                }
                other => return Err(other),
            },
            _ => return Err(refused(answer).await),
        }
        let whole = self.take(engine, attachment, from, answer.into_body()).await;
        match whole {
            Ok(()) => report.attachments_received += 1,
            Err(RelayError::Engine(EngineError::DamagedAttachment(_))) => {
                report.damaged_attachments += 1;
                self.connection = None;
                return Ok(false);
            }
            Err(other) => return Err(other),
        }
        Ok(true)
    }

    async fn take<L: Lend>(
        &mut self,
        engine: &mut L,
        attachment: &Attachment,
        mut from: u64,
        mut body: Incoming,
    ) -> Result<(), RelayError> {
        let mut waiting: Vec<u8> = Vec::new();
        loop {
            let piece = match self.piece(&mut body).await {
                Ok(piece) => piece,
                Err(error) => {
                    self.store(engine, attachment, &mut from, &mut waiting)?;
                    return Err(error);
                }
            };
            let ended = piece.is_none();
            waiting.extend_from_slice(&piece.unwrap_or_default());
            if from + waiting.len() as u64 > attachment.sealed_bytes {
                return Err(EngineError::DamagedAttachment(attachment.id).into());
            }
            let whole = from + waiting.len() as u64 == attachment.sealed_bytes;
            if whole || ended || waiting.len() >= STORE_BYTES {
                self.store(engine, attachment, &mut from, &mut waiting)?;
            }
            if ended {
                return if from == attachment.sealed_bytes { Ok(()) } else { Err(RelayError::Cut) };
            }
        }
    }

    /// Stores the whole pieces of what waits.
    fn store<L: Lend>(
        &mut self,
        engine: &mut L,
        attachment: &Attachment,
        from: &mut u64,
        waiting: &mut Vec<u8>,
    ) -> Result<(), RelayError> {
        let ends = *from + waiting.len() as u64 == attachment.sealed_bytes;
        let whole = waiting.len() - if ends { 0 } else { waiting.len() % PIECE_BYTES };
        if whole == 0 {
            return Ok(());
        }
        engine.lend(|engine| engine.take_sealed_piece(attachment, *from, &waiting[..whole]))?;
        self.moved = true;
        *from += whole as u64;
        waiting.drain(..whole);
        self.watch.tell()
    }

    #[expect(clippy::too_many_arguments, reason = "what a request for an attachment says")]
    fn request<L: Lend>(
        &self,
        engine: &mut L,
        attachment: &Attachment,
        method: &str,
        from: u64,
        total: u64,
        range: &str,
        body: Vec<u8>,
    ) -> Result<Request<Outgoing>, RelayError> {
        let path = attachment_path(attachment.stream, attachment.id);
        let proof = engine.lend(|engine| engine.authorise(&self.relay, method, &path, from, total));
        let header = if method == "PUT" { CONTENT_RANGE } else { RANGE };
        Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address.authority())
            .header(AUTHORISATION_HEADER, STANDARD.encode(proof.to_bytes()))
            .header(header, range)
            .body(Outgoing::new(Some(body).filter(|body| !body.is_empty())))
            .map_err(|_| RelayError::Cut)
    }

    /// Reads what follows an answer, so that the connection can be used again; where that fails, another one is.
    async fn drain(&mut self, answer: Response<Incoming>) {
        drop(refused(answer).await);
    }
}

fn held(headers: &HeaderMap) -> Option<(u64, u64)> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse().ok();
    Some((number(HELD_HEADER)?, number(TOTAL_HEADER)?))
}

fn spend(left: u64, bytes: u64) -> u64 {
    if left == u64::MAX { left } else { left.saturating_sub(bytes) }
}
