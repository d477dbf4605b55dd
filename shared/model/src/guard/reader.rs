//! A cursor over untrusted bytes: takes, and the two LEB128 forms in their shortest spelling only.
//!
//! Not a decoder of anything larger: what the numbers mean is the callers' business.

use super::GuardError;

/// A cursor that names the place it reads in its errors.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    place: &'static str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], place: &'static str) -> Self {
        Self { bytes, place }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], GuardError> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(GuardError::Truncated(self.place))?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, GuardError> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], GuardError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// Takes as many bytes as a length that was read says, whatever its size.
    pub(super) fn take_u64(&mut self, length: u64) -> Result<&'a [u8], GuardError> {
        let length = usize::try_from(length).map_err(|_| GuardError::Truncated(self.place))?;
        self.take(length)
    }

    /// Reads an unsigned LEB128 of at most 64 bits, in its shortest form.
    pub(super) fn uleb(&mut self) -> Result<u64, GuardError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    break;
                }
                return Ok(value);
            }
        }
        Err(GuardError::Number(self.place))
    }

    /// Reads a signed LEB128 of at most 64 bits, in its shortest form.
    pub(super) fn sleb(&mut self) -> Result<i64, GuardError> {
        let mut value = 0_i64;
        let mut previous = 0_u8;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte != 0 && byte != 0x7f {
                break;
            }
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let repeats_sign =
                    (byte == 0 && previous & 0x40 == 0) || (byte == 0x7f && previous & 0x40 != 0);
                if shift > 0 && repeats_sign {
                    break;
                }
                if shift < 57 && byte & 0x40 != 0 {
                    value |= -1 << (shift + 7);
                }
                return Ok(value);
            }
            previous = byte;
        }
        Err(GuardError::Number(self.place))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uleb(bytes: &[u8]) -> Option<u64> {
        let mut reader = Reader::new(bytes, "test");
        reader.uleb().ok().filter(|_| reader.is_empty())
    }

    fn sleb(bytes: &[u8]) -> Option<i64> {
        let mut reader = Reader::new(bytes, "test");
        reader.sleb().ok().filter(|_| reader.is_empty())
    }

    #[test]
    fn unsigned_numbers() {
        let check = |bytes: &[u8], expected| assert_eq!(uleb(bytes), expected, "{bytes:?}");
        check(&[0], Some(0));
        check(&[0x7f], Some(127));
        check(&[0x80, 1], Some(128));
        check(&[0x80, 0], None);
        check(&[0x81, 0x80, 0], None);
        check(&[0xff; 3], None);
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Some(u64::MAX));
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], None);
        check(&[0x80; 12], None);
        check(&[], None);
    }

    #[test]
    fn signed_numbers() {
        let check = |bytes: &[u8], expected| assert_eq!(sleb(bytes), expected, "{bytes:?}");
        check(&[0], Some(0));
        check(&[0x7f], Some(-1));
        check(&[0x40], Some(-64));
        check(&[0x80, 0x40], Some(-8192));
        check(&[0xbf, 0], None);
        check(&[0x81, 0xff, 0x7f], None);
        check(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f], Some(i64::MIN));
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0], Some(i64::MAX));
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], None);
        check(&[0x90], None);
    }

    proptest! {
        #[test]
        fn every_number_has_one_spelling(value: u64, signed: i64, bytes: Vec<u8>) {
            let value = value >> (value % 64);
            let signed = signed >> (value % 64);
            prop_assert_eq!(uleb(&crate::guard::forge::uleb(value)), Some(value));
            prop_assert_eq!(sleb(&crate::guard::forge::sleb(signed)), Some(signed));
            if let Some(read) = uleb(&bytes) {
                prop_assert_eq!(crate::guard::forge::uleb(read), bytes.clone());
            }
            if let Some(read) = sleb(&bytes) {
                prop_assert_eq!(crate::guard::forge::sleb(read), bytes);
            }
        }
    }
}
