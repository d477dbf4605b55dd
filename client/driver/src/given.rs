//! Files that people hand to one another and easily mix up. What a file is, is told by its beginning; whether it is good, by
//! whoever reads it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use tessera_engine::devices::Pass;
use tessera_protocol::bundle::MAGIC as BUNDLE;
use tessera_vault::enrol::{ANSWER_BYTES, answered};

/// The longest file that is read to its end to be recognised, in bytes.
const SEEN_BYTES: u64 = ANSWER_BYTES as u64 + 128;

/// What people hand to one another as files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// What somebody is invited with.
    Invitation,
    /// What comes back of an invitation or a pass.
    Answer,
    /// What lets a further device ask.
    Pass,
    /// Packs for a stick.
    Bundle,
    /// A whole home.
    Backup,
}

impl Given {
    /// Recognises the contents of a file; none where it is something else.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).trim_ascii_start();
        if text.starts_with(b"tessera://invitation/") {
            Some(Self::Invitation)
        } else if Pass::is_one(bytes) {
            Some(Self::Pass)
        } else if bytes.starts_with(BUNDLE) {
            Some(Self::Bundle)
        } else if bytes.starts_with(b"tessera backup ") {
            Some(Self::Backup)
        } else {
            answered(bytes).is_ok().then_some(Self::Answer)
        }
    }

    /// Recognises a file; none where it is something else.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn file(path: &Path) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(SEEN_BYTES).read_to_end(&mut bytes)?;
        Ok(Self::of(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_beginning() {
        let check = |bytes: &[u8], expected| assert_eq!(Given::of(bytes), expected);
        check(b"tessera://invitation/AAAA\n", Some(Given::Invitation));
        check("\u{feff}\n tessera://invitation/".as_bytes(), Some(Given::Invitation));
        check(b"tessera device pass 9\n", Some(Given::Pass));
        check(b"tessera bundle\r\nxxxx", Some(Given::Bundle));
        check(b"tessera backup 1\n", Some(Given::Backup));
        check(b"", None);
        check(b"tessera bundles are nice", None);
        check(b"application,reviewer\n", None);
    }
}
