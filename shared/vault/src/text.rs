//! Bounded UTF-8 text inside sealed bytes. Whatever a person typed is data: nothing here judges it.

use std::fmt;
use std::ops::Deref;

use tessera_protocol::codec::{Bytes, DecodeError, Problem, Reader, TooMany, Wire, Writer};

/// At most `MAX` bytes of UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> TryFrom<&str> for Text<MAX> {
    type Error = TooMany;
    fn try_from(text: &str) -> Result<Self, TooMany> {
        if text.len() > MAX {
            return Err(TooMany { found: text.len(), limit: MAX });
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of text", self.0.len())
    }
}

impl<const MAX: usize> Wire for Text<MAX> {
    fn write(&self, to: &mut Writer) {
        to.number(self.0.len() as u64);
        to.raw(self.0.as_bytes());
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes: Bytes<MAX> = Wire::read(from)?;
        String::from_utf8(bytes.into_vec()).map(Self).map_err(|_| from.error(Problem::Invalid("UTF-8")))
    }
}
