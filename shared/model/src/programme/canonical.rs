//! The one JSON form of a definition: what is stored, sent and hashed. Not for people, who read and write TOML.
//!
//! Object keys sorted by bytes, no space, decimals and dates as strings, integers as they are; what is not said is left
//! out, so a later version that knows more fields writes the same bytes for the same definition.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{MAX_DEFINITION_BYTES, Programme, ProgrammeError, ProgrammeErrorCode};

/// Names the use of the hash.
const HASH_NAME: &[u8] = b"tessera/1 programme definition";

impl Programme {
    /// Returns the canonical JSON of this definition.
    pub fn canonical(&self) -> Vec<u8> {
        let value = serde_json::to_value(self).expect("keys are strings and every value is plain data");
        let mut out = Vec::new();
        write(&value, &mut out);
        out
    }

    /// Reads a canonical JSON, at most twice [`MAX_DEFINITION_BYTES`] long.
    ///
    /// # Errors
    /// [`ProgrammeError`], also where the bytes are not the canonical form of what they say.
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, ProgrammeError> {
        if bytes.len() > 2 * MAX_DEFINITION_BYTES {
            return Err(ProgrammeError::too_large());
        }
        let refused = |message: String, line: usize, column: usize| ProgrammeError {
            code: ProgrammeErrorCode::BadDefinition,
            message,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        };
        let programme: Self =
            serde_json::from_slice(bytes).map_err(|e| refused(e.to_string(), e.line(), e.column()))?;
        programme.sound().map_err(|problem| problem.located_in(""))?;
        if programme.canonical() != bytes {
            return Err(refused("not the canonical form".to_owned(), 1, 1));
        }
        Ok(programme)
    }

    /// Returns SHA-256 over the length-prefixed name of this use and the length-prefixed canonical JSON (lengths as 8
    /// bytes, big-endian): the definition's fingerprint that reviews record.
    pub fn definition_sha256(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [HASH_NAME, &self.canonical()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

/// Says whether a member is left out: nothing, or a list or table with nothing in it.
fn is_unsaid(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        // A table that was written and says only defaults still says that it is there.
        _ => false,
    }
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            // Sorted here, because a feature elsewhere in the build may make maps keep another order.
            let mut said: Vec<_> = members.iter().filter(|(_, v)| !is_unsaid(v)).collect();
            said.sort_unstable_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            write_joined(out, b'{', b'}', &said, |(key, value), out| {
                write_scalar(&Value::String((*key).clone()), out);
                out.push(b':');
                write(value, out);
            });
        }
        Value::Array(items) => write_joined(out, b'[', b']', items, write),
        scalar => write_scalar(scalar, out),
    }
}

fn write_joined<T>(
    out: &mut Vec<u8>,
    open: u8,
    close: u8,
    items: &[T],
    mut item: impl FnMut(&T, &mut Vec<u8>),
) {
    out.push(open);
    for (index, one) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item(one, out);
    }
    out.push(close);
}

fn write_scalar(value: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(value.to_string().as_bytes());
}
