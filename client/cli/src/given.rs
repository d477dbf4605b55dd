//! Files that are easily mixed up: an invitation where its answer is wanted, a bundle where an answer is wanted. What a
//! file is, is told by its beginning; whether it is good, by whoever reads it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use tessera_engine::devices::Pass;
use tessera_protocol::bundle::MAGIC as BUNDLE;
use tessera_vault::enrol::{ANSWER_BYTES, answered};

use crate::failure::{Exit, Failure};

/// The longest file that is read to its end to be recognised, in bytes.
const SEEN_BYTES: u64 = ANSWER_BYTES as u64 + 128;

/// What people hand to one another as files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
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
    fn of(bytes: &[u8]) -> Option<Self> {
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

    fn words(self) -> &'static str {
        match self {
            Self::Invitation => "an invitation",
            Self::Answer => "an answer to an invitation or a pass",
            Self::Pass => "a pass for a further device",
            Self::Bundle => "a bundle",
            Self::Backup => "the backup of a home",
        }
    }

    /// The command that takes such a file.
    fn command(self) -> &'static str {
        match self {
            Self::Invitation | Self::Pass => "tessera enrol FILE",
            Self::Answer => "tessera member admit FILE",
            Self::Bundle => "tessera bundle import FILE",
            Self::Backup => "tessera home restore FILE",
        }
    }

    /// Fails where a file is one of these and not what is wanted, and says which to give. Anything else passes: whoever
    /// reads it says what is wrong with it.
    pub(crate) fn want(wanted: &[Self], file: &Path) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        // A file that cannot be read is refused by name where it is read.
        let read = File::open(file).and_then(|file| file.take(SEEN_BYTES).read_to_end(&mut bytes));
        let found = read.ok().and_then(|_| Self::of(&bytes));
        let Some(found) = found.filter(|found| !wanted.contains(found)) else { return Ok(()) };
        let hint = match (found, wanted.first()) {
            (Self::Invitation, Some(Self::Answer)) => format!(
                "give the answer that `tessera enrol` wrote for it, such as {}",
                file.with_extension("answer").display()
            ),
            (Self::Pass, Some(Self::Answer)) => {
                "give the answer that `tessera enrol` wrote for it on the new device".to_owned()
            }
            _ => format!("`{}` takes it", found.command()),
        };
        let wanted: Vec<&str> = wanted.iter().map(|wanted| wanted.words()).collect();
        let message = format!("this is {}, not {}", found.words(), wanted.join(" or "));
        Err(Failure::new(Exit::BadInput, "other-file", message).hint(hint).at(
            &file.display().to_string(),
            None,
            None,
        ))
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
