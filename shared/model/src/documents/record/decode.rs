//! What a scalar means: each decoder takes one kind of value and says what is wrong with any other. Not which field holds
//! which.

use crate::crdt::Value;

use super::{MAX_PART_BYTES, MAX_TEXT_BYTES};
use crate::documents::{Id, Sha256Bytes};

/// What a decoder makes of a value, or what is wrong with it.
pub type Decoded<T> = Result<T, &'static str>;

/// Decodes a text of at most [`MAX_TEXT_BYTES`].
///
/// # Errors
/// What is wrong with it.
pub fn text(value: &Value) -> Decoded<String> {
    let text = value.as_str().ok_or("not a text")?;
    if text.len() > MAX_TEXT_BYTES {
        return Err("a text longer than allowed");
    }
    Ok(text.to_owned())
}

/// Decodes a truth value.
///
/// # Errors
/// What is wrong with it.
pub fn flag(value: &Value) -> Decoded<bool> {
    value.as_bool().ok_or("neither true nor false")
}

/// Decodes a whole number.
///
/// # Errors
/// What is wrong with it.
pub fn number<T: TryFrom<i64>>(value: &Value) -> Decoded<T> {
    value.as_int().and_then(|number| T::try_from(number).ok()).ok_or("not a whole number in range")
}

/// Decodes a number that uses all 64 bits.
///
/// # Errors
/// What is wrong with it.
pub fn wide(value: &Value) -> Decoded<u64> {
    match value {
        Value::Uint(number) => Ok(*number),
        Value::Int(number) => u64::try_from(*number).map_err(|_| "not a whole number in range"),
        _ => Err("not a whole number in range"),
    }
}

/// Decodes 16 bytes.
///
/// # Errors
/// What is wrong with it.
pub fn id(value: &Value) -> Decoded<Id> {
    value.as_bytes().and_then(|bytes| bytes.try_into().ok()).ok_or("not an id of 16 bytes")
}

/// Decodes 32 bytes.
///
/// # Errors
/// What is wrong with it.
pub fn hash(value: &Value) -> Decoded<Sha256Bytes> {
    value.as_bytes().and_then(|bytes| bytes.try_into().ok()).ok_or("not a hash of 32 bytes")
}

/// Decodes bytes of at most [`MAX_PART_BYTES`].
///
/// # Errors
/// What is wrong with it.
pub fn part(value: &Value) -> Decoded<Vec<u8>> {
    let bytes = value.as_bytes().ok_or("not bytes")?;
    if bytes.len() > MAX_PART_BYTES {
        return Err("more bytes than allowed");
    }
    Ok(bytes.to_vec())
}

/// Decodes a word of a closed list.
pub fn word<T>(parse: impl Fn(&str) -> Option<T>) -> impl Fn(&Value) -> Decoded<T> {
    move |value| value.as_str().and_then(&parse).ok_or("a word that this version does not know")
}
