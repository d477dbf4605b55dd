//! Values: checked and measured, not kept.

use super::GuardError;
use super::reader::Reader;

/// What is known of a value after it was checked.
pub(super) struct ValueShape {
    /// Its type.
    pub(super) code: u8,
    /// Whether it is a text of exactly one character.
    pub(super) one_char: bool,
}

/// The type of null.
pub(super) const NULL: u8 = 0;

/// Checks one value: types 0 to 7 and 9 (null, false, true, unsigned, signed, float, text, bytes, timestamp).
pub(super) fn read_value(code: u8, bytes: &[u8]) -> Result<ValueShape, GuardError> {
    let malformed = GuardError::Value(code);
    let mut reader = Reader::new(bytes, "value");
    let mut one_char = false;
    match code {
        0..=2 => {}
        3 => drop(reader.uleb()?),
        4 | 9 => drop(reader.sleb()?),
        5 => {
            let value = f64::from_le_bytes(reader.array()?);
            if !value.is_finite() || (value == 0.0 && value.is_sign_negative()) {
                return Err(malformed);
            }
        }
        6 => {
            let text = std::str::from_utf8(bytes).map_err(|_| GuardError::Utf8("value"))?;
            let mut chars = text.chars();
            one_char = chars.next().is_some() && chars.next().is_none();
            return Ok(ValueShape { code, one_char });
        }
        7 => return Ok(ValueShape { code, one_char }),
        unknown => return Err(GuardError::ValueType(unknown)),
    }
    if !reader.is_empty() {
        return Err(malformed);
    }
    Ok(ValueShape { code, one_char })
}
