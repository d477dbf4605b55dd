//! One exchange over HTTP: the frames of a request go out, and those of an answer are handed to the engine as
//! they come, so that a cut loses at most the one that was on its way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};
use tessera_defence::defended;
use tessera_engine::EngineError;
use tessera_engine::exchange::{Announced, Sending};
use tessera_engine::receive::Imported;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{
    EXCHANGE, FRAME_BYTES, Frames, NOTHING_NEW_HEADER, NothingNew, SignedAnswer, frame,
};
use tessera_protocol::limits;

use super::connection::{Outgoing, lost};
use super::error::RelayError;
use super::watch::Phase;
use super::{Lend, Report, Talk};

/// The longest segment: it ends with the pack that reaches its size.
const SEGMENT_FRAME_BYTES: usize =
    limits::SEGMENT_BYTES + limits::PACK_BYTES + limits::PACKS_PER_SEGMENT * 32 + 1024;
/// So many segments in a row may hold nothing: a relay leaves out what is damaged there.
const EMPTY_SEGMENTS: u32 = 64;
/// What is read of an answer that is no exchange, in bytes.
const SMALL_BYTES: usize = 4 * 1024;

impl Talk<'_, '_> {
    /// Sends a request and gives the engine what comes back.
    pub(super) async fn exchange<L: Lend>(
        &mut self,
        engine: &mut L,
        sending: &Sending,
        report: &mut Report,
    ) -> Result<Announced, RelayError> {
        self.connect().await?;
        let body = Outgoing::new(sending.frames.iter().map(|bytes| frame(bytes)));
        self.watch.step(Phase::Sending, body.bytes(), 0)?;
        let request = Request::builder()
            .method(EXCHANGE.0)
            .uri(EXCHANGE.1)
            .header(HOST, self.address.authority())
            .body(body)
            .map_err(|_| RelayError::CaptivePortal)?;
        report.exchanges += 1;
        let answer = self.send(request).await?;
        match answer.status() {
            StatusCode::NO_CONTENT => {
                let word = nothing_new(answer.headers()).ok_or(RelayError::CaptivePortal)?;
                self.believe(engine.lend(|engine| engine.nothing_new(sending, &word)))?;
                self.heard = true;
                report.clock_off |= self.clock_is_off();
                Ok(Announced::default())
            }
            StatusCode::OK if !is_page(answer.headers()) => {
                self.receive(engine, sending, answer.into_body(), report).await
            }
            _ => Err(refused(answer).await),
        }
    }

    async fn receive<L: Lend>(
        &mut self,
        engine: &mut L,
        sending: &Sending,
        mut body: Incoming,
        report: &mut Report,
    ) -> Result<Announced, RelayError> {
        let mut frames = Frames::default();
        let mut limit = FRAME_BYTES;
        let mut announced: Option<Announced> = None;
        let (mut index, mut empty) = (0, 0);
        let mut last = false;
        while let Some(piece) = self.piece(&mut body).await? {
            frames.push(&piece);
            while let Some(frame) = frames.next(limit).map_err(|_| self.not_a_relay(announced.is_some()))? {
                let Some(head) = announced else {
                    if SignedAnswer::from_bytes(&frame).is_err() {
                        return Err(RelayError::CaptivePortal);
                    }
                    let head = self.believe(engine.lend(|engine| engine.answer_head(sending, &frame)))?;
                    self.heard = true;
                    report.clock_off |= self.clock_is_off();
                    report.receipts += head.receipts as u64;
                    self.watch.step(Phase::Receiving, 0, head.bytes)?;
                    last = head.packs == 0;
                    limit = SEGMENT_FRAME_BYTES;
                    announced = Some(head);
                    continue;
                };
                if last {
                    return Ok(head);
                }
                let (imported, ended) =
                    self.believe(engine.lend(|engine| engine.segment(sending, &frame, index)))?;
                report.add(imported);
                self.moved = true;
                index += 1;
                empty = if imported == Imported::default() { empty + 1 } else { 0 };
                // Each segment stands for a pack that was announced, so an answer ends.
                if !ended && (u64::from(index) >= head.packs || empty > EMPTY_SEGMENTS) {
                    return Err(RelayError::Forged);
                }
                last = ended;
                self.watch.tell()?;
            }
        }
        match announced {
            Some(announced) if last => Ok(announced),
            Some(_) => Err(RelayError::Cut),
            None => Err(RelayError::CaptivePortal),
        }
    }

    /// The next piece of a body; none at its end.
    pub(super) async fn piece(
        &mut self,
        body: &mut Incoming,
    ) -> Result<Option<hyper::body::Bytes>, RelayError> {
        let next = async {
            loop {
                match body.frame().await {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(lost(&error)),
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            }
        };
        self.watch.run(next).await
    }

    fn not_a_relay(&self, head_was_good: bool) -> RelayError {
        if head_was_good || !defended!(F22) { RelayError::Forged } else { RelayError::CaptivePortal }
    }

    /// Tells a signature that does not hold from what else the engine may say.
    fn believe<T>(&self, result: Result<T, EngineError>) -> Result<T, RelayError> {
        result.map_err(|error| match error {
            EngineError::Forged(_) if self.clock_is_off() => RelayError::Clock,
            EngineError::Forged(_) => RelayError::Forged,
            other => other.into(),
        })
    }
}

fn nothing_new(headers: &HeaderMap) -> Option<Vec<u8>> {
    let word = STANDARD.decode(headers.get(NOTHING_NEW_HEADER)?.as_bytes()).ok()?;
    NothingNew::from_bytes(&word).ok()?;
    Some(word)
}

/// True where the answer is a page for people.
pub(super) fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("text/")
}

/// What an answer without success means. Nothing of it is signed: it decides what is said to a person, and
/// nothing else.
pub(super) async fn refused(answer: Response<Incoming>) -> RelayError {
    let status = answer.status();
    let json = answer
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let retry_after_ms = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|after| after.to_str().ok()?.parse::<u64>().ok())
        .map(|seconds| seconds.saturating_mul(1000));
    let code = if json { error_code(answer.into_body()).await } else { None };
    match (status.as_u16(), code.as_deref()) {
        (507, _) | (_, Some("quota")) => RelayError::Full,
        (408, _) => RelayError::TooSlow,
        (_, Some("relay-not-named" | "programme-not-taken")) => RelayError::OtherProgramme,
        (_, Some("not-authorised")) => RelayError::NotAdmitted,
        (429 | 503, _) | (502 | 504, None) => RelayError::Busy { retry_after_ms },
        (_, Some(code)) => RelayError::Refused { status: status.as_u16(), code: code.to_owned() },
        (_, None) => RelayError::CaptivePortal,
    }
}

/// The code in `{"code":…}`, of letters, digits and hyphens alone.
async fn error_code(body: Incoming) -> Option<String> {
    code_in(&small(body).await?)
}

/// A short body; none where it is longer.
pub(super) async fn small(mut body: Incoming) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        bytes.extend_from_slice(&frame.into_data().unwrap_or_default());
        if bytes.len() > SMALL_BYTES {
            return None;
        }
    }
    Some(bytes)
}

fn code_in(bytes: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let code = value.get("code")?.as_str()?;
    let clean = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    clean.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clean_code_is_taken_from_an_answer() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(code_in(text.as_bytes()).as_deref(), expected, "{text}");
        };
        check(r#"{"code":"not-authorised","message":"x"}"#, Some("not-authorised"));
        check(r#"{"code":"<b>"}"#, None);
        check(r#"{"error":"not-authorised"}"#, None);
        check("<html>", None);
        check(&format!(r#"{{"code":"{}"}}"#, "a".repeat(65)), None);
    }
}
