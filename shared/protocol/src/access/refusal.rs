//! Why a pack is not taken: a closed list, the same on the wire, in logs and on screens.

use std::fmt;

use crate::codec::{DecodeError, Problem, Reader, Wire, Writer};

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $code:literal;)*) => {
        /// Why a pack is not taken. The list is closed: a number outside it is refused by the codec.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
        pub enum Refusal {
            $($(#[$doc])* $name = $number,)*
        }

        impl Refusal {
            /// Every refusal.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code under which interfaces and logs name it.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }

        impl Wire for Refusal {
            fn write(&self, to: &mut Writer) {
                to.raw(&[*self as u8]);
            }
            fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
                match u8::read(from)? {
                    $($number => Ok(Self::$name),)*
                    _ => Err(from.error(Problem::Invalid("refusal"))),
                }
            }
        }
    };
}

refusals! {
    /// Neither charter nor statements name the device.
    UnknownDevice = 1, "unknown-device";
    /// The device may not write this stream.
    NotAWriter = 2, "not-a-writer";
    /// The suite is below the charter's floor.
    SuiteTooOld = 3, "suite-too-old";
    /// The pack belongs to another programme.
    OtherProgramme = 4, "other-programme";
    /// Only packs of `to/` open and close streams.
    OpeningOutsideTo = 5, "opening-outside-to";
    /// The device or member has no room left.
    Quota = 6, "quota";
    /// The pack is larger than the format or the relay allows.
    TooLarge = 7, "too-large";
    /// The signature does not fit.
    BadSignature = 8, "bad-signature";
    /// The pack is written in a version that the relay does not read.
    UnknownVersion = 9, "unknown-version";
    /// The relay has no room left.
    Full = 10, "full";
    /// The stream is erased.
    Erased = 11, "erased";
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_closed_and_every_code_is_its_own() {
        let readable = (0..=u8::MAX).filter_map(|code| Refusal::from_bytes(&[code]).ok());
        assert_eq!(readable.collect::<Vec<_>>(), Refusal::ALL);
        let codes: std::collections::BTreeSet<_> =
            Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
        assert_eq!(codes.len(), Refusal::ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }
}
