//! Column encodings: run-length, delta and boolean, walked without trusting what a run claims.
//!
//! A column is expanded only up to the cap that its caller gives; a run beyond it is refused by its number,
//! before anything is allocated for it. Only the canonical form passes: Automerge writes a loaded document's
//! changes anew and compares hashes, so a change in another legal form would make the document unreadable.

use super::reader::Reader;
use super::{GuardError, bounded};

/// What came before in a run-length column, as far as canonical form depends on it.
enum Last<T> {
    Start,
    Run(T),
    Literal(T),
    Null,
}

/// A run-length column of values that `read` takes, with nulls only where `nullable`.
///
/// # Errors
/// More than `cap` entries, a form that an honest encoder does not write, or whatever `read` refuses.
pub(super) fn run_length<'a, T: PartialEq + Clone>(
    column: &'static str,
    bytes: &'a [u8],
    cap: u64,
    nullable: bool,
    read: impl Fn(&mut Reader<'a>) -> Result<T, GuardError>,
) -> Result<Vec<Option<T>>, GuardError> {
    let mut reader = Reader::new(bytes, column);
    let mut out: Vec<Option<T>> = Vec::new();
    let mut last = Last::Start;
    let mut only_nulls = true;
    while !reader.is_empty() {
        let head = reader.sleb()?;
        let count = if head == 0 { reader.uleb()? } else { head.unsigned_abs() };
        bounded(column, (out.len() as u64).saturating_add(count), cap)?;
        let count = usize::try_from(count).map_err(|_| GuardError::Number(column))?;
        last = match head {
            0 => {
                if !nullable {
                    return Err(GuardError::Null(column));
                }
                if count == 0 || matches!(last, Last::Null) {
                    return Err(GuardError::NotCanonical(column));
                }
                out.resize(out.len() + count, None);
                Last::Null
            }
            1.. => {
                let value = read(&mut reader)?;
                let repeats = matches!(&last, Last::Run(v) | Last::Literal(v) if *v == value);
                if count == 1 || repeats {
                    return Err(GuardError::NotCanonical(column));
                }
                only_nulls = false;
                out.resize(out.len() + count, Some(value.clone()));
                Last::Run(value)
            }
            _ => {
                let mut previous = match last {
                    Last::Literal(_) => return Err(GuardError::NotCanonical(column)),
                    Last::Run(value) => Some(value),
                    Last::Start | Last::Null => None,
                };
                for _ in 0..count {
                    let value = read(&mut reader)?;
                    if previous.as_ref() == Some(&value) {
                        return Err(GuardError::NotCanonical(column));
                    }
                    out.push(Some(value.clone()));
                    previous = Some(value);
                }
                only_nulls = false;
                match previous {
                    Some(value) => Last::Literal(value),
                    None => return Err(GuardError::NotCanonical(column)),
                }
            }
        };
    }
    if only_nulls {
        // A column without a value is left out by every encoder.
        return Err(GuardError::NotCanonical(column));
    }
    Ok(out)
}

/// A run-length column of unsigned numbers.
pub(super) fn unsigned(
    column: &'static str,
    bytes: &[u8],
    cap: u64,
    nullable: bool,
) -> Result<Vec<Option<u64>>, GuardError> {
    run_length(column, bytes, cap, nullable, Reader::uleb)
}

/// A column of numbers from 0 to `highest`, written as differences from the one before.
pub(super) fn delta(
    column: &'static str,
    bytes: &[u8],
    cap: u64,
    nullable: bool,
    highest: u64,
) -> Result<Vec<Option<u64>>, GuardError> {
    let mut sum = 0_i64;
    run_length(column, bytes, cap, nullable, Reader::sleb)?
        .into_iter()
        .map(|difference| {
            let Some(difference) = difference else {
                return Ok(None);
            };
            sum = sum.checked_add(difference).ok_or(GuardError::Number(column))?;
            match u64::try_from(sum) {
                Ok(value) if value <= highest => Ok(Some(value)),
                _ => Err(GuardError::Number(column)),
            }
        })
        .collect()
}

/// A column of booleans: lengths of alternating runs, the first of `false`.
pub(super) fn boolean(column: &'static str, bytes: &[u8], cap: u64) -> Result<Vec<bool>, GuardError> {
    let mut reader = Reader::new(bytes, column);
    let mut out = Vec::new();
    let mut value = false;
    let mut first = true;
    while !reader.is_empty() {
        let count = reader.uleb()?;
        bounded(column, (out.len() as u64).saturating_add(count), cap)?;
        let count = usize::try_from(count).map_err(|_| GuardError::Number(column))?;
        if count == 0 && (!first || reader.is_empty()) {
            return Err(GuardError::NotCanonical(column));
        }
        out.resize(out.len() + count, value);
        value = !value;
        first = false;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMN: &str = "test";

    fn numbers(bytes: &[u8]) -> Result<Vec<Option<u64>>, GuardError> {
        unsigned(COLUMN, bytes, 10, true)
    }

    #[test]
    fn run_length_columns() {
        let check = |bytes: &[u8], expected: Result<&[Option<u64>], GuardError>| {
            assert_eq!(numbers(bytes), expected.map(<[_]>::to_vec), "{bytes:?}");
        };
        let odd = Err(GuardError::NotCanonical(COLUMN));
        check(&[2, 7], Ok(&[Some(7), Some(7)]));
        check(&[0x7f, 7], Ok(&[Some(7)]));
        check(&[0x7e, 7, 8], Ok(&[Some(7), Some(8)]));
        check(&[0, 2, 0x7f, 7], Ok(&[None, None, Some(7)]));
        check(&[2, 7, 2, 8, 0, 1], Ok(&[Some(7), Some(7), Some(8), Some(8), None]));
        check(&[1, 7], odd.clone());
        check(&[2, 7, 2, 7], odd.clone());
        check(&[2, 7, 0x7f, 7], odd.clone());
        check(&[0x7f, 7, 2, 7], odd.clone());
        check(&[0x7f, 7, 0x7f, 8], odd.clone());
        check(&[0x7e, 7, 7], odd.clone());
        check(&[0, 0, 0x7f, 7], odd.clone());
        check(&[0, 1, 0, 1, 0x7f, 7], odd.clone());
        check(&[0, 3], odd.clone());
        check(&[], odd);
        check(&[0x7e, 7], Err(GuardError::Truncated(COLUMN)));
        check(&[11, 7], Err(GuardError::TooMany { place: COLUMN, claimed: 11, limit: 10 }));
        assert_eq!(unsigned(COLUMN, &[0, 1, 0x7f, 7], 10, false), Err(GuardError::Null(COLUMN)));
    }

    #[test]
    fn delta_columns() {
        let check = |bytes: &[u8], expected: Result<&[Option<u64>], GuardError>| {
            assert_eq!(delta(COLUMN, bytes, 10, true, 100), expected.map(<[_]>::to_vec), "{bytes:?}");
        };
        check(&[3, 1], Ok(&[Some(1), Some(2), Some(3)]));
        check(&[0x7d, 5, 0x7c, 0], Ok(&[Some(5), Some(1), Some(1)]));
        check(&[0x7f, 5, 0, 1, 0x7f, 1], Ok(&[Some(5), None, Some(6)]));
        check(&[0x7f, 0x7f], Err(GuardError::Number(COLUMN)));
        check(&[3, 40], Err(GuardError::Number(COLUMN)));
    }

    #[test]
    fn boolean_columns() {
        let check = |bytes: &[u8], expected: Result<&[bool], GuardError>| {
            assert_eq!(boolean(COLUMN, bytes, 10), expected.map(<[_]>::to_vec), "{bytes:?}");
        };
        let odd = Err(GuardError::NotCanonical(COLUMN));
        check(&[2], Ok(&[false, false]));
        check(&[0, 1], Ok(&[true]));
        check(&[1, 2, 1], Ok(&[false, true, true, false]));
        check(&[0], odd.clone());
        check(&[1, 0], odd.clone());
        check(&[1, 0, 1], odd);
        check(&[4, 7], Err(GuardError::TooMany { place: COLUMN, claimed: 11, limit: 10 }));
    }
}
