//! As much of HTTP as a relay between a client and another relay needs.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;

use tessera_tests::stand_in::read_head;

/// A request, as it came.
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// Reads the next request; none where the connection ended.
    pub(crate) fn read(stream: &mut TcpStream) -> io::Result<Option<Self>> {
        let Some((head, mut body)) = read_head(stream)? else { return Ok(None) };
        let length = value(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut piece = [0; 16 * 1024];
        while body.len() < length {
            match stream.read(&mut piece)? {
                0 => return Ok(None),
                count => body.extend_from_slice(&piece[..count]),
            }
        }
        Ok(Some(Self { head, body }))
    }

    /// True for a request with this method, at a path that begins so.
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.head.starts_with(&format!("{method} {path}"))
    }

    /// Brings it to a relay and reads the answer to its end. In HTTP 1.0, so that an answer ends with its connection.
    pub(crate) fn forward(&self, to: &str) -> io::Result<Answered> {
        let mut stream = TcpStream::connect(to)?;
        stream.write_all(self.head.replacen("HTTP/1.1", "HTTP/1.0", 1).as_bytes())?;
        stream.write_all(&self.body)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Answered::parse(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// An answer.
#[derive(Clone)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answered {
    /// 200 with bytes.
    pub(crate) fn bytes(body: Vec<u8>) -> Self {
        Self::page("application/octet-stream", body)
    }

    /// 200 with a body of some type.
    pub(crate) fn page(kind: &str, body: Vec<u8>) -> Self {
        Self { status: 200, headers: vec![("content-type".to_owned(), kind.to_owned())], body }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let of_the_connection = ["content-length", "transfer-encoding", "connection"];
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .filter(|(name, _)| !of_the_connection.contains(&name.as_str()))
            .collect();
        Some(Self { status, headers, body: bytes[end + 4..].to_vec() })
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Head and body, with a length that is `said` in place of the body's own.
    pub(crate) fn saying(&self, said: usize) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Said\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if self.status != 204 {
            let _ = write!(head, "content-length: {said}\r\n");
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// Head and body.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.saying(self.body.len())
    }
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
