//! Exact arithmetic for totals: rational numbers, rounded half up only where a programme says so. Not for
//! statistics with square roots, which are doubles.
//!
//! Means divide, and a mean of three that is cut to some digits can break or make a tie; a rational cannot.

mod rational;

use std::iter::Sum;
use std::ops::{Add, Div, Mul, Sub};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;

use self::rational::Rational;
use crate::decimal::Decimal;

/// Most decimal places that a number can be rounded to.
pub const MAX_PLACES: u32 = 12;

/// An exact rational number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exact(Rational);

impl Exact {
    /// Returns zero.
    pub const fn zero() -> Self {
        Self(Rational::ZERO)
    }

    /// Returns the whole number `n`.
    pub fn count(n: usize) -> Self {
        Self(Rational::large(BigRational::from_integer(BigInt::from(n))))
    }

    /// Says whether the number is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Says whether the number is above zero.
    pub fn is_positive(&self) -> bool {
        !self.0.is_zero() && !self.0.is_negative()
    }

    /// Divides; `None` by zero.
    pub fn divided_by(&self, other: &Self) -> Option<Self> {
        (!other.is_zero()).then(|| Self(self.0.over(&other.0)))
    }

    /// Rounds half up to `places` decimals, at most [`MAX_PLACES`]: 0.125 becomes 0.13, −0.125 becomes −0.13 (half away
    /// from zero, as in commercial rounding).
    pub fn rounded(&self, places: u32) -> Self {
        Self(self.0.rounded_to(10_i64.pow(places.min(MAX_PLACES))))
    }

    /// Rounds half up to `places` decimals where places are given.
    pub fn rounded_if(self, places: Option<u32>) -> Self {
        match places {
            Some(places) => self.rounded(places),
            None => self,
        }
    }

    /// Returns the nearest double. Every number that [`Decimal`] bounds allow has one, so it is never NaN or infinite.
    pub fn to_f64(&self) -> f64 {
        let nearest = match &self.0 {
            // Both parts exact as doubles: one division rounds once.
            Rational::Small { numerator, denominator }
                if numerator.unsigned_abs() <= 1 << 53 && denominator.unsigned_abs() <= 1 << 53 =>
            {
                #[expect(clippy::cast_precision_loss, reason = "at most 53 bits")]
                let quotient = *numerator as f64 / *denominator as f64;
                quotient
            }
            other => other.to_large().to_f64().unwrap_or(0.0),
        };
        // Minus zero has no place in a result; a rational has none either.
        if nearest == 0.0 { 0.0 } else { nearest }
    }

    /// Returns numerator and denominator as text, for canonical records.
    pub fn fraction(&self) -> String {
        let value = self.0.to_large();
        format!("{}/{}", value.numer(), value.denom())
    }
}

impl From<Decimal> for Exact {
    fn from(value: Decimal) -> Self {
        let (mantissa, scale) = value.parts();
        Self(Rational::of(mantissa, 10_i128.pow(scale)))
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $of_rationals:ident) => {
        impl $trait<&Exact> for &Exact {
            type Output = Exact;
            fn $method(self, other: &Exact) -> Exact {
                Exact(self.0.$of_rationals(&other.0))
            }
        }
    };
}
operator!(Add, add, plus);
operator!(Sub, sub, minus);
operator!(Mul, mul, times);

impl Div<usize> for &Exact {
    type Output = Exact;
    /// Divides by a count, which the caller knows to be at least one.
    fn div(self, n: usize) -> Exact {
        Exact(self.0.over(&Exact::count(n.max(1)).0))
    }
}

impl<'a> Sum<&'a Exact> for Exact {
    fn sum<I: Iterator<Item = &'a Exact>>(values: I) -> Exact {
        values.fold(Exact::zero(), |sum, value| &sum + value)
    }
}

/// Returns the arithmetic mean Σx/n, `None` of nothing.
pub fn mean(values: &[Exact]) -> Option<Exact> {
    (!values.is_empty()).then(|| &values.iter().sum::<Exact>() / values.len())
}

/// Returns the median: the middle value, or the mean of the two in the middle; `None` of nothing.
pub fn median(values: &[Exact]) -> Option<Exact> {
    let mut sorted: Vec<&Exact> = values.iter().collect();
    sorted.sort_unstable();
    let upper = sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some((*upper).clone());
    }
    let lower = sorted.get(sorted.len() / 2 - 1)?;
    Some(&(*lower + *upper) / 2)
}

/// Returns the mean without the `trim` highest and the `trim` lowest values; of fewer than 2·trim+1 values the plain
/// mean (see [`trims`]); `None` of nothing.
pub fn trimmed(values: &[Exact], trim: usize) -> Option<Exact> {
    if !trims(values.len(), trim) {
        return mean(values);
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    mean(&sorted[trim..sorted.len() - trim])
}

/// Says whether `n` values are enough to drop `trim` at either end.
pub fn trims(n: usize, trim: usize) -> bool {
    n > trim.saturating_mul(2)
}

/// Returns the variance Σ(x−x̄)²/d, exactly, as (Σx² − (Σx)²/n)/d; `None` where `d` or n is zero.
fn variance(values: &[Exact], divisor: usize) -> Option<Exact> {
    if values.is_empty() || divisor == 0 {
        return None;
    }
    let sum: Exact = values.iter().sum();
    let squares: Vec<Exact> = values.iter().map(|x| x * x).collect();
    Some(&(&squares.iter().sum::<Exact>() - &(&(&sum * &sum) / values.len())) / divisor)
}

/// Returns the sample standard deviation √(Σ(x−x̄)²/(n−1)); `None` of fewer than two values.
pub fn sample_sd(values: &[Exact]) -> Option<f64> {
    variance(values, values.len().saturating_sub(1)).map(|v| v.to_f64().sqrt())
}

/// Returns the population standard deviation √(Σ(x−x̄)²/n); `None` of fewer than two values or without any spread.
pub fn population_spread(values: &[Exact]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    variance(values, values.len()).filter(Exact::is_positive).map(|v| v.to_f64().sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        text.parse::<Decimal>().unwrap().into()
    }

    fn all(texts: &[&str]) -> Vec<Exact> {
        texts.iter().map(|t| exact(t)).collect()
    }

    #[test]
    fn rounds_half_up() {
        fn check(value: &str, places: u32, expected: &str) {
            assert_eq!(exact(value).rounded(places), exact(expected), "{value} to {places}");
        }
        check("0.125", 2, "0.13");
        check("0.1249999999", 2, "0.12");
        check("2.5", 0, "3");
        check("1.005", 2, "1.01");
        check("2.675", 2, "2.68");
        check("7.855", 2, "7.86");
        check("-0.125", 2, "-0.13");
        check("-0.001", 2, "0");
        check("3", 2, "3");
    }

    #[test]
    fn centres() {
        let some = all(&["9", "1", "5", "6"]);
        assert_eq!(mean(&some), Some(exact("5.25")));
        assert_eq!(median(&some), Some(exact("5.5")));
        assert_eq!(trimmed(&some, 1), Some(exact("5.5")));
        assert_eq!(trimmed(&some, 2), Some(exact("5.25")), "four values are fewer than 2·2+1: plain mean");
        assert_eq!(median(&all(&["3", "1", "2"])), Some(exact("2")));
        assert_eq!((mean(&[]), median(&[]), trimmed(&[], 1)), (None, None, None));
    }

    #[test]
    fn the_fast_double_is_the_nearest_one() {
        let seventh = &exact("123456.789") / 7;
        let large = seventh.0.to_large().to_f64();
        assert_eq!(Some(seventh.to_f64()), large);
    }

    #[test]
    fn thirds_tie_exactly() {
        let third = &exact("1") / 3;
        assert_eq!(&(&third + &third) + &third, exact("1"));
    }

    #[test]
    fn spreads() {
        assert_eq!(sample_sd(&all(&["1", "3"])), Some(std::f64::consts::SQRT_2));
        assert_eq!(sample_sd(&all(&["1"])), None);
        assert_eq!(population_spread(&all(&["1", "3"])), Some(1.0));
        assert_eq!(population_spread(&all(&["0.1", "0.1", "0.1"])), None);
        assert_eq!(population_spread(&all(&["4"])), None);
    }

    #[test]
    fn the_nearest_double_reads_like_the_decimal() {
        for text in ["71.34", "0.1", "100.01", "-2.5", "0.000001", "999999999999.5"] {
            assert_eq!(exact(text).to_f64().to_string(), text);
        }
        assert!(exact("0").to_f64().is_sign_positive());
        assert_eq!((&exact("2") / 3).to_f64(), 2.0 / 3.0);
    }
}
