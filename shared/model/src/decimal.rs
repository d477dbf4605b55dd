//! A decimal as a person or a file wrote it: bounded, exact, without NaN, infinity or negative zero. Not for
//! arithmetic: [`crate::exact::Exact`] calculates.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use tessera_defence::defence;

/// Digits allowed before the decimal point.
pub const MAX_INTEGER_DIGITS: u32 = 12;
/// Digits allowed after the decimal point; room for a double written out in full.
pub const MAX_DECIMALS: u32 = 24;
/// Longest text that is looked at, in bytes.
pub const MAX_TEXT_BYTES: usize = 64;

/// A number of at most [`MAX_INTEGER_DIGITS`] digits before and [`MAX_DECIMALS`] after the point.
///
/// Its value is `mantissa / 10^scale`, without trailing zeros, so equal numbers are equal values: `1.50` is `1.5`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// Why a text is no [`Decimal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Anything but digits, one sign, one point and an exponent; NaN and infinity are among it.
    #[error("not a number")]
    NotANumber,
    /// Minus zero, which no person means.
    #[error("minus zero is no number here")]
    NegativeZero,
    /// More than [`MAX_INTEGER_DIGITS`] digits before the point.
    #[error("too large: at most {MAX_INTEGER_DIGITS} digits before the point")]
    TooLarge,
    /// More than [`MAX_DECIMALS`] digits after the point.
    #[error("too many decimals: at most {MAX_DECIMALS}")]
    TooFine,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };
    /// One.
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };

    /// Returns the whole number `n`.
    pub const fn whole(n: i32) -> Self {
        Self { mantissa: n as i128, scale: 0 }
    }

    /// Returns mantissa and scale: the value is `mantissa / 10^scale`.
    pub const fn parts(self) -> (i128, u32) {
        (self.mantissa, self.scale)
    }

    /// Says whether the number is below zero.
    pub const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Says whether the number is zero.
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Says whether the number is a whole number of `step`s away from `origin`; a step of 0 leads nowhere.
    pub const fn is_steps_from(self, origin: Self, step: Self) -> bool {
        step.mantissa != 0 && (self.scaled() - origin.scaled()) % step.scaled() == 0
    }

    /// Returns the value times 10^[`MAX_DECIMALS`], a whole number that always fits.
    const fn scaled(self) -> i128 {
        self.mantissa * 10_i128.pow(MAX_DECIMALS - self.scale)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads `-12.50`, `.5` or `1e-05`; no spaces, no `+`, no decimal comma.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        if !defence!(H17, text.len() <= MAX_TEXT_BYTES) {
            return Err(DecimalError::NotANumber);
        }
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (number, exponent) = match rest.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, parse_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits: String = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DecimalError::NotANumber);
        }
        let significant = digits.trim_start_matches('0').trim_end_matches('0');
        if significant.is_empty() {
            return if defence!(H17, !negative) { Ok(Self::ZERO) } else { Err(DecimalError::NegativeZero) };
        }
        // The place of the point counted from the first and from the last significant digit.
        let length = |s: &str| i64::try_from(s.len()).unwrap_or(i64::MAX);
        let leading = length(&digits) - length(digits.trim_start_matches('0'));
        let trailing = length(&digits) - length(digits.trim_end_matches('0'));
        let before_point = length(whole) - leading + exponent;
        let after_point = length(fraction) - trailing - exponent;
        if before_point > i64::from(MAX_INTEGER_DIGITS) {
            return Err(DecimalError::TooLarge);
        }
        if after_point > i64::from(MAX_DECIMALS) {
            return Err(DecimalError::TooFine);
        }
        let mantissa: i128 = significant.parse().map_err(|_| DecimalError::NotANumber)?;
        let mantissa = if negative { -mantissa } else { mantissa };
        Ok(match u32::try_from(after_point) {
            Ok(scale) => Self { mantissa, scale },
            // A whole number that ends in zeros: at most MAX_INTEGER_DIGITS of them.
            Err(_) => {
                let zeros = u32::try_from(-after_point).map_err(|_| DecimalError::TooLarge)?;
                Self { mantissa: mantissa * 10_i128.pow(zeros), scale: 0 }
            }
        })
    }
}

fn parse_exponent(text: &str) -> Result<i64, DecimalError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DecimalError::NotANumber);
    }
    // Four digits are beyond every bound below; a longer exponent is no nearer to being allowed.
    if digits.trim_start_matches('0').len() > 4 {
        return Err(if text.starts_with('-') { DecimalError::TooFine } else { DecimalError::TooLarge });
    }
    text.parse().map_err(|_| DecimalError::NotANumber)
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.scaled().cmp(&other.scaled())
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As a string, so that no reader rounds it.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From a whole number, a float (by its shortest decimal text) or a string.
impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNumber;
        impl Visitor<'_> for AnyNumber {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Decimal, E> {
                self.visit_str(&n.to_string())
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Decimal, E> {
                self.visit_str(&n.to_string())
            }
            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Decimal, E> {
                self.visit_str(&format!("{n:?}"))
            }
        }
        deserializer.deserialize_any(AnyNumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        fn check(text: &str, expected: &str) {
            assert_eq!(text.parse::<Decimal>().map(|d| d.to_string()), Ok(expected.to_owned()), "{text}");
        }
        check("0", "0");
        check("0.0", "0");
        check("007", "7");
        check("1.50", "1.5");
        check("-1.50", "-1.5");
        check(".5", "0.5");
        check("5.", "5");
        check("100", "100");
        check("1e-05", "0.00001");
        check("1.25E+2", "125");
        check("1200e-2", "12");
        check("1.2345678901234567e-05", "0.000012345678901234567");
        check("999999999999", "999999999999");
        check("0e999", "0");
    }

    #[test]
    fn refuses_what_is_no_score_h17_numbers() {
        fn check(text: &str, expected: DecimalError) {
            assert_eq!(text.parse::<Decimal>(), Err(expected), "{text}");
        }
        for text in [
            "", " 1", "+1", "1,5", "1 000", "NaN", "nan", "inf", "-inf", "Infinity", "0x10", "1e", "e5", ".",
            "-", "--1", "1.2.3", "١",
        ] {
            check(text, DecimalError::NotANumber);
        }
        check("-0", DecimalError::NegativeZero);
        check("-0.000", DecimalError::NegativeZero);
        check("-0e5", DecimalError::NegativeZero);
        check("1e308", DecimalError::TooLarge);
        check("1e99999999999999999999", DecimalError::TooLarge);
        check("9223372036854775808", DecimalError::TooLarge);
        check("1e-308", DecimalError::TooFine);
        check("1e-99999999999999999999", DecimalError::TooFine);
        check(&"9".repeat(65), DecimalError::NotANumber);
    }

    #[test]
    fn orders_by_value() {
        let parsed = |t: &str| t.parse::<Decimal>().unwrap();
        assert!(parsed("-2") < parsed("-1.5"));
        assert!(parsed("0.1") < parsed("0.11"));
        assert!(parsed("999999999999") > parsed("0.000000000000000000000001"));
        assert_eq!(parsed("2.50"), parsed("2.5"));
    }

    proptest! {
        #[test]
        fn written_and_read_again_is_the_same(mantissa in -999_999_999_999_i64..=999_999_999_999, scale in 0_u32..=12) {
            prop_assume!(mantissa != 0);
            let text = format!("{mantissa}e-{scale}");
            let value: Decimal = text.parse().unwrap();
            prop_assert_eq!(value.to_string().parse::<Decimal>().unwrap(), value);
            prop_assert!(!value.to_string().contains('e'));
        }

        #[test]
        fn any_text_is_a_decimal_or_an_error(text in "\\PC{0,70}") {
            if let Ok(value) = text.parse::<Decimal>() {
                prop_assert_eq!(value.to_string().parse::<Decimal>().unwrap(), value);
            }
        }
    }
}
