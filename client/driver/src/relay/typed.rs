//! A relay as a person gives it: where it is, and the key that whoever runs it reads out or sends. The key is taken as 64
//! hexadecimal digits, in groups or not, or as the whole line that the relay prints when it starts. And the key as the relay
//! itself says it, for a person to compare: nobody signs that.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::header::HOST;
use hyper::{Request, Response, StatusCode, body::Incoming};
use tessera_protocol::exchange::KEY;
use tessera_protocol::ids::RelayKey;
use tessera_protocol::signature::PublicKey;
use tessera_vault::enrol::Relay;
use tessera_vault::text::Text;

use super::address::{Address, AddressError};
use super::connection::{Connection, Outgoing, Traffic};
use super::error::RelayError;
use super::exchange::{is_page, refused, small};
use super::{runtime, tls};

/// The longest text in which a key is looked for, in bytes.
const TEXT_BYTES: usize = 4096;

/// Why what was given is no relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TypedError {
    /// The address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The key.
    #[error("a relay's key is written as 64 hexadecimal digits")]
    Key,
}

impl TypedError {
    /// The code: kebab-case, one of a closed list.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Address(error) => error.code(),
            Self::Key => "bad-relay-key",
        }
    }
}

/// Reads an address and a key.
///
/// # Errors
/// [`TypedError`].
pub fn relay(url: &str, key: &str) -> Result<Relay, TypedError> {
    Ok(Relay { url: url_of(&Address::parse(url)?)?, key: self::key(key)? })
}

/// An address as programmes keep it.
fn url_of(address: &Address) -> Result<Text<256>, AddressError> {
    Text::try_from(address.to_string().as_str()).map_err(|_| AddressError::Form)
}

/// Reads a relay's key.
///
/// # Errors
/// [`TypedError::Key`].
pub fn key(text: &str) -> Result<PublicKey, TypedError> {
    if text.len() > TEXT_BYTES {
        return Err(TypedError::Key);
    }
    let said = serde_json::from_str::<serde_json::Value>(text).ok();
    let said = said.as_ref().and_then(|line| line.get("key")?.as_str());
    let digits: String = said.unwrap_or(text).split_whitespace().collect();
    let key: Option<RelayKey> = digits.to_ascii_lowercase().parse().ok();
    key.and_then(|key| PublicKey::from_bytes(&key.0).ok()).ok_or(TypedError::Key)
}

/// Asks what answers at an address for its key; none where it is a relay that does not say it. `roots` is a file in PEM of
/// further certificates that are trusted.
///
/// # Errors
/// [`RelayError`].
pub fn says(url: &str, roots: Option<&Path>, wait: Duration) -> Result<Option<PublicKey>, RelayError> {
    let address = Address::parse(url).map_err(|error| RelayError::Address { url: url.to_owned(), error })?;
    let clock_off = Arc::new(AtomicBool::new(false));
    let more_roots = roots.map(tls::read_roots).transpose()?.unwrap_or_default();
    let tls = Arc::new(tls::configure(more_roots, Arc::clone(&clock_off))?);
    let traffic = Arc::new(Traffic::default());
    let runtime = runtime()?;
    let asked = runtime.block_on(async {
        let answer = async {
            let mut connection = Connection::open(&address, &tls, &traffic).await?;
            // A certificate that is out of date proves nothing, and nothing else here does.
            if clock_off.load(Ordering::Relaxed) {
                return Err(RelayError::Clock);
            }
            let request = Request::builder()
                .method(KEY.0)
                .uri(KEY.1)
                .header(HOST, address.authority())
                .body(Outgoing::new(Vec::new()))
                .map_err(|_| RelayError::CaptivePortal)?;
            said(connection.send(request).await?).await
        };
        tokio::time::timeout(wait, answer).await.unwrap_or(Err(RelayError::Timeout))
    });
    // A look-up of a name that still runs must not be waited for.
    runtime.shutdown_background();
    asked
}

async fn said(answer: Response<Incoming>) -> Result<Option<PublicKey>, RelayError> {
    if answer.status() != StatusCode::OK {
        return match refused(answer).await {
            // A relay of an earlier version says nothing of itself.
            RelayError::Refused { code, .. } if code == "no-such-page" => Ok(None),
            error => Err(error),
        };
    }
    if is_page(answer.headers()) {
        return Err(RelayError::CaptivePortal);
    }
    let body = small(answer.into_body()).await.and_then(|body| String::from_utf8(body).ok());
    body.and_then(|body| key(&body).ok()).map(Some).ok_or(RelayError::CaptivePortal)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public key of a secret of zeros, by RFC 8032's way.
    const DIGITS: &str = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";

    #[test]
    fn a_key_is_read_as_people_have_it() {
        let expected = key(DIGITS).unwrap();
        let groups: Vec<&str> = (0..16).map(|at| &DIGITS[at * 4..at * 4 + 4]).collect();
        let line = format!(r#"{{"listening":"127.0.0.1:8470","key":"{DIGITS}"}}"#);
        for text in [&groups.join(" "), &DIGITS.to_ascii_uppercase(), &format!("  {DIGITS}\n"), &line] {
            assert_eq!(key(text), Ok(expected), "{text}");
        }
        let zeros = "0".repeat(64);
        let long = " ".repeat(TEXT_BYTES) + DIGITS;
        for text in ["", "key", &DIGITS[1..], &zeros, &long, r#"{"listening":"127.0.0.1:8470"}"#] {
            assert_eq!(key(text), Err(TypedError::Key), "{text}");
        }
    }

    #[test]
    fn an_address_is_kept_in_its_plain_form() {
        let given = relay("HTTPS://Relay.Example.org:443/", DIGITS).unwrap();
        assert_eq!(&*given.url, "https://relay.example.org");
        let code = |url: &str| relay(url, DIGITS).unwrap_err().code();
        assert_eq!(code("relay.example.org"), "bad-address");
        assert_eq!(code("http://relay.example.org"), "insecure-address");
        assert_eq!(relay("https://relay.example.org", "key").unwrap_err().code(), "bad-relay-key");
    }
}
