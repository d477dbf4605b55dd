//! A rational number that is two machine integers where they suffice, and of any size where they do not. Not rounding
//! or statistics: those are [`super`]'s.
//!
//! Scores and weights have few digits, so nearly every figure is small; the small form only saves time and gives the
//! same values. Every number has one form: lowest terms, denominator above zero, small whenever both parts fit 64 bits.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

/// A rational number in its one form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rational {
    Small { numerator: i64, denominator: i64 },
    Large(Box<BigRational>),
}

impl Rational {
    pub(super) const ZERO: Self = Self::Small { numerator: 0, denominator: 1 };

    /// Makes a number of two integers, the second above zero.
    pub(super) fn of(numerator: i128, denominator: i128) -> Self {
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs()).cast_signed().max(1);
        let (numerator, denominator) = (numerator / divisor, denominator / divisor);
        match (i64::try_from(numerator), i64::try_from(denominator)) {
            (Ok(numerator), Ok(denominator)) => Self::Small { numerator, denominator },
            _ => Self::Large(Box::new(BigRational::new_raw(numerator.into(), denominator.into()))),
        }
    }

    /// Makes a number of a reduced one of any size.
    pub(super) fn large(value: BigRational) -> Self {
        match (value.numer().to_i64(), value.denom().to_i64()) {
            (Some(numerator), Some(denominator)) => Self::Small { numerator, denominator },
            _ => Self::Large(Box::new(value)),
        }
    }

    pub(super) fn to_large(&self) -> BigRational {
        match self {
            // In lowest terms already.
            Self::Small { numerator, denominator } => {
                BigRational::new_raw((*numerator).into(), (*denominator).into())
            }
            Self::Large(value) => (**value).clone(),
        }
    }

    /// Adds: of 64-bit parts every product and sum fits 128 bits.
    pub(super) fn plus(&self, other: &Self) -> Self {
        match self.both(other) {
            Some(((a, b), (c, d))) if b == d => Self::of(a + c, b),
            Some(((a, b), (c, d))) => Self::of(a * d + c * b, b * d),
            None => Self::large(self.to_large() + other.to_large()),
        }
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        match self.both(other) {
            Some(((a, b), (c, d))) => Self::of(a * d - c * b, b * d),
            None => Self::large(self.to_large() - other.to_large()),
        }
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        match self.both(other) {
            Some(((a, b), (c, d))) => Self::of(a * c, b * d),
            None => Self::large(self.to_large() * other.to_large()),
        }
    }

    /// Divides by a number that is not zero.
    pub(super) fn over(&self, other: &Self) -> Self {
        match self.both(other) {
            Some(((a, b), (c, d))) => Self::of(a * d * c.signum(), b * c.abs()),
            None => Self::large(self.to_large() / other.to_large()),
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(self, Self::Small { numerator: 0, .. })
    }

    pub(super) fn is_negative(&self) -> bool {
        match self {
            Self::Small { numerator, .. } => *numerator < 0,
            Self::Large(value) => value.is_negative(),
        }
    }

    /// Returns ⌊|x|·scale + 1/2⌋ over `scale`, with the sign of x: rounding half away from zero.
    pub(super) fn rounded_to(&self, scale: i64) -> Self {
        let value = self.to_large();
        let (numerator, denominator) = (value.numer().abs(), value.denom());
        let magnitude: BigInt = (numerator * 2 * scale + denominator) / (denominator * 2);
        let signed = if self.is_negative() { -magnitude } else { magnitude };
        if signed.is_zero() { Self::ZERO } else { Self::large(BigRational::new(signed, scale.into())) }
    }

    fn both(&self, other: &Self) -> Option<((i128, i128), (i128, i128))> {
        match (self, other) {
            (Self::Small { numerator: a, denominator: b }, Self::Small { numerator: c, denominator: d }) => {
                Some(((i128::from(*a), i128::from(*b)), (i128::from(*c), i128::from(*d))))
            }
            _ => None,
        }
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.both(other) {
            Some(((a, b), (c, d))) => (a * d).cmp(&(c * b)),
            None => self.to_large().cmp(&other.to_large()),
        }
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Returns the greatest common divisor by Euclid's algorithm, in 64 bits as soon as both fit.
fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        if let (Ok(mut small_a), Ok(mut small_b)) = (u64::try_from(a), u64::try_from(b)) {
            while small_b != 0 {
                (small_a, small_b) = (small_b, small_a % small_b);
            }
            return small_a.into();
        }
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_rational() -> impl Strategy<Value = Rational> {
        let part = || {
            prop_oneof![
                -20_i128..20,
                i128::from(i64::MIN)..=i128::from(i64::MAX),
                -(1_i128 << 100)..(1_i128 << 100)
            ]
        };
        (part(), part()).prop_map(|(n, d)| Rational::of(n, d.abs().max(1)))
    }

    proptest! {
        #[test]
        fn small_and_large_calculate_alike(a in any_rational(), b in any_rational()) {
            let (x, y) = (a.to_large(), b.to_large());
            prop_assert_eq!(a.plus(&b), Rational::large(&x + &y));
            prop_assert_eq!(a.minus(&b), Rational::large(&x - &y));
            prop_assert_eq!(a.times(&b), Rational::large(&x * &y));
            prop_assert_eq!(a.cmp(&b), x.cmp(&y));
            prop_assert_eq!(a.is_negative(), x.is_negative());
            if !b.is_zero() {
                prop_assert_eq!(a.over(&b), Rational::large(&x / &y));
            }
            prop_assert_eq!(Rational::large(x.reduced()), a);
        }
    }
}
