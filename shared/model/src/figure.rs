//! Figures of statistics as doubles: counts in, printed figures out. Not totals, which are exact ([`crate::exact`]).

/// Returns a count as a double.
#[expect(clippy::cast_precision_loss, reason = "a file has fewer rows than 2⁵³")]
pub(crate) fn size(count: usize) -> f64 {
    count as f64
}

/// Rounds a figure to nine decimals, so that the last bits of a logarithm or a square root, in which platforms differ,
/// are not printed. `None` of what is not finite: unknown is null.
pub(crate) fn printed(figure: f64) -> Option<f64> {
    const SCALE: f64 = 1e9;
    let rounded = if figure.abs() < 1e6 { (figure * SCALE).round() / SCALE } else { figure };
    // Minus zero has no place in a result.
    rounded.is_finite().then_some(if rounded == 0.0 { 0.0 } else { rounded })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_and_never_nan() {
        assert_eq!(printed(0.123_456_789_49), Some(0.123_456_789));
        assert_eq!(printed(-1e-12).map(f64::is_sign_positive), Some(true));
        assert_eq!((printed(f64::NAN), printed(f64::INFINITY)), (None, None));
        assert_eq!(printed(1e300), Some(1e300));
    }
}
