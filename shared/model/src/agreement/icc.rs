//! Intraclass correlation by one-way analysis of variance with unequal numbers of values. Not alpha.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::alpha::LEVEL;
use crate::figure::size;

/// What share of the spread is between units: of one value, and of the mean of k₀ values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Icc {
    /// k₀, the mean number of values that stands for unequal numbers.
    pub(super) k0: Option<f64>,
    /// ICC(1,1).
    pub(super) icc1: Option<f64>,
    /// ICC(1,k).
    pub(super) icck: Option<f64>,
    /// Both ends of the interval of ICC(1,1).
    pub(super) icc1_ends: Option<(f64, f64)>,
    /// Both ends of the interval of ICC(1,k).
    pub(super) icck_ends: Option<(f64, f64)>,
}

/// Calculates k₀ = (N − Σnᵢ²/N)/(n−1), ICC(1,1) = (MSB−MSW)/(MSB+(k₀−1)·MSW) and ICC(1,k) = (MSB−MSW)/MSB (Shrout and
/// Fleiss 1979, case 1; k₀ after Snedecor and Cochran). Negative ones stay as they are. Units without values are left
/// out; `None` where there are fewer than two units, no unit with two values, or no spread.
pub(super) fn icc(units: &[Vec<f64>]) -> Icc {
    let units: Vec<&Vec<f64>> = units.iter().filter(|values| !values.is_empty()).collect();
    let n = units.len();
    let all: usize = units.iter().map(|values| values.len()).sum();
    if n < 2 || all <= n {
        return Icc::default();
    }
    let (groups, total) = (size(n), size(all));
    let grand = units.iter().flat_map(|values| values.iter()).sum::<f64>() / total;
    let (mut between, mut within) = (0.0, 0.0);
    for values in &units {
        let mean = values.iter().sum::<f64>() / size(values.len());
        between += size(values.len()) * (mean - grand).powi(2);
        within += values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    }
    let squares: f64 = units.iter().map(|values| size(values.len()).powi(2)).sum();
    let k0 = (total - squares / total) / (groups - 1.0);
    let (msb, msw) = (between / (groups - 1.0), within / (total - groups));
    // What rounding leaves of a spread that is not there is no spread.
    let size_of_values: f64 = units.iter().flat_map(|values| values.iter()).map(|x| x * x).sum();
    let least = (between + within) * 1e-12 + size_of_values * 1e-24;
    let share = |part: f64, whole: f64| (whole > least).then(|| part / whole);
    let ratios =
        (msb > least && msw > least).then(|| ends(msb / msw, groups - 1.0, total - groups)).flatten();
    Icc {
        k0: Some(k0),
        icc1: share(msb - msw, msb + (k0 - 1.0) * msw),
        icck: share(msb - msw, msb),
        icc1_ends: ratios
            .map(|(low, high)| ((low - 1.0) / (low + k0 - 1.0), (high - 1.0) / (high + k0 - 1.0))),
        icck_ends: ratios.map(|(low, high)| (1.0 - 1.0 / low, 1.0 - 1.0 / high)),
    }
}

/// Returns F/F₀.₉₇₅(a, b) and F·F₀.₉₇₅(b, a), of which both intervals are made (Shrout and Fleiss 1979, page 424): exact
/// where all units have as many values, with k₀ near it where they do not.
fn ends(ratio: f64, a: f64, b: f64) -> Option<(f64, f64)> {
    let at = 0.5 + LEVEL / 2.0;
    let upper = |a, b| FisherSnedecor::new(a, b).ok().map(|f| f.inverse_cdf(at));
    let (low, high) = (ratio / upper(a, b)?, ratio * upper(b, a)?);
    (low > 0.0 && high.is_finite()).then_some((low, high))
}
