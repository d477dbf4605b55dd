//! Why a definition was refused, and where. Not what is merely missing from it: that is [`super::check`].

use std::ops::Range;

use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{self, StrDeserializer};

use super::form::{AttachmentKind, FieldKind};

/// A refused definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ProgrammeError {
    /// What kind of mistake.
    pub code: ProgrammeErrorCode,
    /// The mistake in words.
    pub message: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The kinds of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgrammeErrorCode {
    /// Longer than a definition may be.
    TooLarge,
    /// No TOML, an unknown key, or a value of the wrong kind.
    BadDefinition,
    /// More of one part than allowed.
    TooMany,
    /// The same key twice.
    Duplicate,
    /// Something names what is not there.
    Unknown,
    /// A value outside its bounds, or two that contradict each other.
    BadValue,
}

impl ProgrammeErrorCode {
    /// Returns the code that scripts see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "programme-too-large",
            Self::BadDefinition => "programme-bad-definition",
            Self::TooMany => "programme-too-many",
            Self::Duplicate => "programme-duplicate",
            Self::Unknown => "programme-unknown-name",
            Self::BadValue => "programme-bad-value",
        }
    }
}

impl ProgrammeError {
    pub(super) fn too_large() -> Self {
        let message = format!("a definition has at most {} bytes", super::MAX_DEFINITION_BYTES);
        Self { code: ProgrammeErrorCode::TooLarge, message, line: 1, column: 1 }
    }

    /// Says where a file stops being UTF-8.
    pub(crate) fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Self {
        let valid = bytes.get(..valid_up_to).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("");
        let (line, column) = place(valid, valid.len()..valid.len());
        Self { code: ProgrammeErrorCode::BadDefinition, message: "not UTF-8".to_owned(), line, column }
    }

    pub(super) fn from_toml(text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        let (line, column) = place(text, span.clone());
        // The parser's message can carry several lines; a hint belongs into one sentence.
        let mut message = error.message().lines().map(str::trim).collect::<Vec<_>>().join("; ");
        if message == "missing field `kind`" {
            message.push_str(&kinds(section(text, span.start)));
        }
        Self { code: ProgrammeErrorCode::BadDefinition, message, line, column }
    }
}

/// The name of the table in which a byte is, by the last header up to it.
fn section(text: &str, at: usize) -> &str {
    let end = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end);
    let header = text.get(..end).unwrap_or(text).lines().rev().map(str::trim).find(|l| l.starts_with('['));
    header.map_or("", |header| header.trim_matches(['[', ']']).trim())
}

/// The kinds that a table may be of, as the parser names them where one is unknown.
fn kinds(section: &str) -> String {
    fn of<'de, T: Deserialize<'de>>() -> Option<String> {
        let nothing: StrDeserializer<'_, value::Error> = "".into_deserializer();
        let refused = T::deserialize(nothing).err()?.to_string();
        refused.split_once("expected ").map(|(_, kinds)| format!(", {kinds}"))
    }
    let kinds = match section {
        "field" => of::<FieldKind>(),
        "attachment" => of::<AttachmentKind>(),
        _ => None,
    };
    kinds.unwrap_or_default()
}

/// A mistake found after parsing, with the way to it through the tables.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) code: ProgrammeErrorCode,
    pub(super) message: String,
    pub(super) path: Vec<Step>,
}

/// One step into the definition.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Name(&'static str),
    Index(usize),
}

impl Problem {
    /// Finds line and column by walking the path through the text's own tables, as far as it goes.
    pub(super) fn located_in(self, text: &str) -> ProgrammeError {
        let mut span = 0..0;
        if let Ok(root) = toml::de::DeTable::parse(text) {
            let mut here = toml::de::DeValue::Table(root.into_inner());
            for step in &self.path {
                let next = match (&here, step) {
                    (toml::de::DeValue::Table(table), Step::Name(name)) => {
                        table.iter().find(|(key, _)| key.get_ref().as_ref() == *name).map(|(_, value)| value)
                    }
                    (toml::de::DeValue::Array(array), Step::Index(index)) => array.get(*index),
                    _ => None,
                };
                let Some(next) = next else { break };
                span = next.span();
                here = next.get_ref().clone();
            }
        }
        let (line, column) = place(text, span);
        ProgrammeError { code: self.code, message: self.message, line, column }
    }
}

/// Returns line and column, both from 1, of the start of a byte range.
fn place(text: &str, span: Range<usize>) -> (u32, u32) {
    let before = text.get(..span.start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}
