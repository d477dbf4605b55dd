//! Where in a dossier a comment points: to an answer of the form, or to a page of a file. Not the passage itself, which
//! would have to follow every change of the dossier.
//!
//! A pin is a line of text, `field KEY` or `page HEX NUMBER`; what a later version writes otherwise is left out and no
//! damage.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::Sha256Bytes;
use super::record::MAX_ENTRIES;

/// Longest pin, in bytes.
pub const MAX_PIN_BYTES: usize = 160;

/// A place in a dossier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pin {
    /// An answer of the form, by its field's key.
    Field(String),
    /// A page of a file.
    Page {
        /// The SHA-256 of the file's contents.
        file: Sha256Bytes,
        /// From 1.
        page: u32,
    },
}

/// A text that names no place in a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a dossier")]
pub struct NoPin;

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(key) => write!(f, "field {key}"),
            Self::Page { file, page } => {
                f.write_str("page ")?;
                file.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                write!(f, " {page}")
            }
        }
    }
}

impl FromStr for Pin {
    type Err = NoPin;

    fn from_str(text: &str) -> Result<Self, NoPin> {
        if text.len() > MAX_PIN_BYTES {
            return Err(NoPin);
        }
        let pin = match text.split(' ').collect::<Vec<_>>()[..] {
            ["field", key] if !key.is_empty() && !key.contains(char::is_whitespace) => {
                Self::Field(key.to_owned())
            }
            ["page", file, page] => {
                let page = page.parse::<u32>().ok().filter(|page| *page > 0).ok_or(NoPin)?;
                Self::Page { file: bytes(file).ok_or(NoPin)?, page }
            }
            _ => return Err(NoPin),
        };
        // There is one way to write a place.
        if pin.to_string() == text { Ok(pin) } else { Err(NoPin) }
    }
}

fn bytes(hex: &str) -> Option<Sha256Bytes> {
    let digits = hex.as_bytes();
    let mut bytes = Sha256Bytes::default();
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Pins by criterion as one text: a line for each, key, tab and pin.
#[must_use]
pub(super) fn lines(pins: &BTreeMap<String, Pin>) -> String {
    pins.iter().map(|(key, pin)| format!("{key}\t{pin}")).collect::<Vec<_>>().join("\n")
}

/// Reads [`lines`]; what is none is left out.
pub(super) fn of_lines(text: &str) -> BTreeMap<String, Pin> {
    let one = |line: &str| {
        let (key, pin) = line.split_once('\t')?;
        Some((key.to_owned(), pin.parse().ok()?))
    };
    text.lines().take(MAX_ENTRIES).filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_in_one_way() {
        fn check(text: &str, known: bool) {
            let pin = text.parse::<Pin>();
            assert_eq!(
                pin.as_ref().map(ToString::to_string).ok(),
                known.then(|| text.to_owned()),
                "{text:?}"
            );
        }
        let file = "0a".repeat(32);
        check("field question-1", true);
        check(&format!("page {file} 12"), true);
        check("", false);
        check("field ", false);
        check("field two words", false);
        check(&format!("field {}", "x".repeat(MAX_PIN_BYTES)), false);
        check(&format!("page {file} 0"), false);
        check(&format!("page {file} 012"), false);
        check(&format!("page {} 1", file.to_uppercase()), false);
        check(&format!("page {} 1", &file[2..]), false);
        check("passage 3 17", false);
    }

    #[test]
    fn pins_are_one_text_and_what_is_none_is_left_out() {
        let pins = BTreeMap::from([
            ("insight".to_owned(), Pin::Page { file: [7; 32], page: 2 }),
            ("profile".to_owned(), Pin::Field("question-1".to_owned())),
        ]);
        assert_eq!(of_lines(&lines(&pins)), pins);
        assert_eq!(of_lines("profile\tpassage 3\nno tab\n").len(), 0);
        assert_eq!(lines(&BTreeMap::new()), "");
    }
}
