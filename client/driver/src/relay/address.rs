//! Where a relay is: scheme, host and port, read strictly. A relay has no path: every path is the protocol's.

use std::fmt;
use std::net::IpAddr;

use rustls_pki_types::ServerName;

/// The longest address, in bytes; an invitation holds no longer one.
pub const ADDRESS_BYTES: usize = 256;

/// The address of a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// True with TLS.
    pub secure: bool,
    /// Name or IP address, without the brackets of IPv6.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Why a text is no address of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `https://HOST` or `https://HOST:PORT`.
    #[error("not an address of the form https://HOST or https://HOST:PORT")]
    Form,
    /// Without TLS to another machine.
    #[error("an address without TLS is for this machine only; write https://")]
    Insecure,
}

impl AddressError {
    /// The code: kebab-case, one of a closed list.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Form => "bad-address",
            Self::Insecure => "insecure-address",
        }
    }
}

impl Address {
    /// Reads an address. Without TLS only this machine can be reached: sizes and times of all that
    /// is sent would else be open to the whole way.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > ADDRESS_BYTES {
            return Err(AddressError::Form);
        }
        let (scheme, rest) = text.trim().split_once("://").ok_or(AddressError::Form)?;
        let (secure, usual) = match scheme.to_ascii_lowercase().as_str() {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return Err(AddressError::Form),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split(rest).ok_or(AddressError::Form)?;
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(AddressError::Form)?,
            None => usual,
        };
        ServerName::try_from(host).map_err(|_| AddressError::Form)?;
        let host = host.to_ascii_lowercase();
        if !secure && !is_this_machine(&host) {
            return Err(AddressError::Insecure);
        }
        Ok(Self { secure, host, port })
    }

    /// What the `host` header says.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.secure { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.authority())
    }
}

/// Splits host and port; only an IPv6 address in brackets holds colons.
fn split(rest: &str) -> Option<(&str, Option<&str>)> {
    let Some(inside) = rest.strip_prefix('[') else {
        return match rest.split_once(':') {
            Some((host, port)) => Some((host, Some(port))),
            None => Some((rest, None)),
        };
    };
    let (host, rest) = inside.split_once(']')?;
    host.parse::<std::net::Ipv6Addr>().ok()?;
    if rest.is_empty() { Some((host, None)) } else { Some((host, Some(rest.strip_prefix(':')?))) }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, AddressError>) {
        let found = Address::parse(text).map(|address| address.to_string());
        assert_eq!(found.as_deref().map_err(|error| *error), expected, "{text}");
    }

    #[test]
    fn only_whole_origins_are_addresses() {
        check("https://relay.example.org", Ok("https://relay.example.org"));
        check("HTTPS://Relay.Example.org:443/", Ok("https://relay.example.org"));
        check("https://relay.example.org:8443", Ok("https://relay.example.org:8443"));
        check("https://[2001:db8::1]:8443", Ok("https://[2001:db8::1]:8443"));
        check("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080"));
        check("http://[::1]:8080", Ok("http://[::1]:8080"));
        check("http://localhost", Ok("http://localhost"));
        check("http://relay.example.org", Err(AddressError::Insecure));
        check("http://192.168.1.4:8080", Err(AddressError::Insecure));
        for wrong in [
            "",
            "relay.example.org",
            "ftp://relay.example.org",
            "https://",
            "https://relay.example.org/v1",
            "https://relay.example.org:0",
            "https://relay.example.org:70000",
            "https://me@relay.example.org",
            "https://relay.example.org:8443:1",
            "https://[relay]",
            "https://relay example.org",
            "https://relay.example.org?x",
        ] {
            check(wrong, Err(AddressError::Form));
        }
    }
}
