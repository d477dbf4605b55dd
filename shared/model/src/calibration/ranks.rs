//! Where applications may stand, given what the model knows: errors, expected ranks, chances of a seat. Not the model, and
//! not a decision.

use nalgebra::DMatrix;
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use super::equations::{Effects, Equations, Factored};
use super::reml::Variances;
use crate::chance::Chance;
use crate::figure::size;

/// Draws of which the chance of a seat is the share.
pub const DRAWS: usize = 10_000;
/// Draws made together, so that the matrix is read once for all of them.
const TOGETHER: usize = 8;

/// The model's joint knowledge of the applications' effects.
pub(crate) struct Knowledge<'a> {
    equations: &'a Equations,
    factored: &'a Factored,
    /// Of applications, best high: turned round where low is best.
    effects: Vec<f64>,
    /// σ² of what is left.
    residual: f64,
    /// √γ of applications.
    root: f64,
}

impl<'a> Knowledge<'a> {
    pub(crate) fn new(
        equations: &'a Equations,
        factored: &'a Factored,
        effects: &Effects,
        variances: &Variances,
        low_is_best: bool,
    ) -> Self {
        let wide = equations.wide_applications;
        let (mine, root) =
            if wide { (&effects.wide, factored.root().0) } else { (&effects.narrow, factored.root().1) };
        let effects = mine.iter().map(|f| if low_is_best { -f } else { *f }).collect();
        Self { equations, factored, effects, residual: variances.residual, root }
    }

    /// Returns ERᵢ = 1 + Σⱼ Φ((f̂ⱼ−f̂ᵢ)/sdᵢⱼ) with the standard deviation of the difference from the joint covariance
    /// (Lingsma et al. 2010): the mean rank if the true effects were drawn again and again. They sum to n(n+1)/2, but where it is
    /// `stopped` before.
    pub(crate) fn expected_ranks(&self, stopped: &dyn Fn() -> bool) -> Vec<f64> {
        let n = self.effects.len();
        let rest = self.factored.inverse();
        let scale = self.residual * self.root * self.root;
        let mut row = vec![0.0; rest.nrows()];
        let mut own = Vec::with_capacity(n);
        for i in 0..n {
            self.covariances(i, &rest, &mut row);
            own.push(self.covariance(&row, i) + self.independent(i));
        }
        let bell = Bell::new();
        let mut ranks = vec![1.0; n];
        let mut shared = vec![0.0; n];
        for i in 0..n {
            if stopped() {
                break;
            }
            self.covariances(i, &rest, &mut row);
            let (_, after) = shared.split_at_mut(i + 1);
            self.covariances_after(i, &row, after);
            let (effect, variance) = (self.effects[i], own[i]);
            let others = self.effects[i + 1..].iter().zip(&own[i + 1..]);
            let mut here = 0.0;
            for ((rank, shared), (other, own)) in ranks[i + 1..].iter_mut().zip(after).zip(others) {
                let ahead = bell.above(other - effect, scale * (variance + own - 2.0 * *shared));
                here += ahead;
                *rank += 1.0 - ahead;
            }
            ranks[i] += here;
        }
        ranks
    }

    /// Writes [`Self::covariance`] of an application with each one behind it.
    fn covariances_after(&self, i: usize, row: &[f64], to: &mut [f64]) {
        if self.equations.wide_applications {
            if !to.is_empty() {
                self.factored.mixed_from(self.equations, i + 1, row, to);
            }
        } else {
            let behind = row.iter().skip(i + 1);
            to.iter_mut().zip(behind).for_each(|(to, x)| *to = *x);
        }
    }

    /// Writes down the covariances of one application's error with those of the narrow levels and the mean, divided by
    /// σ²·γ as all of these.
    fn covariances(&self, i: usize, rest: &DMatrix<f64>, row: &mut [f64]) {
        row.fill(0.0);
        if self.equations.wide_applications {
            self.factored.mix(self.equations, i, rest, row);
        } else {
            row.iter_mut().zip(rest.column(i).iter()).for_each(|(to, x)| *to = *x);
        }
    }

    /// Returns the covariance of two applications' errors, the first given by its row, without [`Self::independent`].
    fn covariance(&self, row: &[f64], j: usize) -> f64 {
        if self.equations.wide_applications { self.factored.mixed(self.equations, j, row) } else { row[j] }
    }

    /// Returns what an application's variance has beside.
    fn independent(&self, i: usize) -> f64 {
        if self.equations.wide_applications { self.factored.own(i) } else { 0.0 }
    }

    /// Returns each application's share of `draws` in which its effect is among the best `seats`, drawn from the normal
    /// distribution of all effects together, f̂ + L⁻¹'z: P(seat) by Monte Carlo; of fewer draws where it is `stopped` before.
    pub(crate) fn seat_chances(
        &self,
        seats: usize,
        draws: usize,
        seed: u64,
        stopped: &dyn Fn() -> bool,
    ) -> Vec<f64> {
        let n = self.effects.len();
        let mut chance = Chance::new(seed, "seats");
        let root = self.factored.inverse_root();
        let own: Vec<f64> =
            (0..n).map(|i| self.root * (self.residual * self.independent(i)).sqrt()).collect();
        let mut best = Best::new(seats);
        let mut taken = vec![0_usize; n];
        let mut drawn = vec![0.0; n];
        let mut left = draws;
        while left > 0 && !stopped() {
            let together = left.min(TOGETHER);
            for errors in self.errors(&root, &mut chance, together) {
                for (i, drawn) in drawn.iter_mut().enumerate() {
                    let error = if self.equations.wide_applications {
                        own[i] * chance.normal() - self.root * self.factored.mixed(self.equations, i, &errors)
                    } else {
                        self.root * errors[i]
                    };
                    *drawn = self.effects[i] + error;
                }
                best.of(&drawn).iter().for_each(|at| taken[*at] += 1);
            }
            left -= together;
        }
        taken.into_iter().map(|count| size(count) / size(draws.max(1))).collect()
    }

    /// Draws errors of the narrow levels and the mean from their joint distribution, by σ·L⁻ᵀz.
    fn errors(&self, root: &DMatrix<f64>, chance: &mut Chance, together: usize) -> Vec<Vec<f64>> {
        let q = self.equations.levels().1;
        let sigma = self.residual.sqrt();
        let z: Vec<Vec<f64>> =
            (0..together).map(|_| (0..=q).map(|_| sigma * chance.normal()).collect()).collect();
        let mut errors = vec![vec![0.0; q + 1]; together];
        for at in 0..=q {
            let column = &root.column(at);
            let column = &column.as_slice()[at..];
            for (errors, z) in errors.iter_mut().zip(&z) {
                errors[at] = column.iter().zip(&z[at..]).map(|(l, z)| l * z).sum();
            }
        }
        errors
    }
}

/// Finds the places of the greatest figures, again and again.
pub(crate) struct Best {
    count: usize,
    /// The least of the best the last time, to begin from.
    least: f64,
    found: Vec<(f64, usize)>,
    places: Vec<usize>,
}

impl Best {
    /// Begins to look for so many.
    pub(crate) fn new(count: usize) -> Self {
        Self { count, least: f64::NEG_INFINITY, found: Vec::new(), places: Vec::new() }
    }

    /// Returns the places of the greatest figures, in no order; of equal ones the earlier.
    pub(crate) fn of(&mut self, figures: &[f64]) -> &[usize] {
        let placed = || figures.iter().copied().zip(0..);
        self.places.clear();
        self.found.clear();
        // Most figures are below what the last draw needed; where too few are above, all are looked at.
        self.found.extend(placed().filter(|(figure, _)| *figure >= self.least));
        if self.found.len() < self.count {
            self.found.clear();
            self.found.extend(placed());
        }
        if self.count > 0 && self.count < self.found.len() {
            let after = |a: &(f64, usize), b: &(f64, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
            let (_, last, _) = self.found.select_nth_unstable_by(self.count - 1, after);
            // A little less, so that it serves most of the next draws.
            self.least = last.0 - last.0.abs() / 8.0;
        }
        self.places.extend(self.found.iter().take(self.count).map(|(_, at)| *at));
        &self.places
    }
}

/// The normal distribution from a table, for hundreds of millions of pairs: Φ(x₀+h) by its series up to h³, which is
/// exact to 1e-13 for steps of 1/1024.
struct Bell(Vec<(f64, f64)>);

impl Bell {
    const STEPS: f64 = 1024.0;
    const REACH: f64 = 9.0;

    fn new() -> Self {
        let normal = Normal::standard();
        let mut table = Vec::new();
        let mut x = 0.0;
        while x <= Self::REACH {
            table.push((normal.cdf(x), normal.pdf(x)));
            x += 1.0 / Self::STEPS;
        }
        Self(table)
    }

    /// Returns the chance that a normal figure of this mean and variance is above 0.
    #[inline]
    fn above(&self, mean: f64, variance: f64) -> f64 {
        if mean == 0.0 {
            return 0.5;
        }
        let upper = if variance > 0.0 { self.upper(mean.abs() / variance.sqrt()) } else { 1.0 };
        if mean > 0.0 { upper } else { 1.0 - upper }
    }

    /// Returns Φ(x) for x ≥ 0.
    #[inline]
    fn upper(&self, x: f64) -> f64 {
        if x >= Self::REACH {
            return 1.0;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 9216")]
        let at = (x * Self::STEPS + 0.5) as usize;
        let Some((cdf, pdf)) = self.0.get(at) else { return 1.0 };
        let x0 = size(at) / Self::STEPS;
        let h = x - x0;
        // Derivatives of the density over the density: −x, x²−1.
        cdf + pdf * h * (1.0 - h * (x0 / 2.0 - h * (x0 * x0 - 1.0) / 6.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::{Design, Fit};
    use crate::policy::Policy;
    use crate::scores::Scores;
    use crate::totals::readings;

    #[test]
    fn the_table_is_the_normal_distribution() {
        let (bell, normal) = (Bell::new(), Normal::standard());
        for step in 0..9_500 {
            let x = f64::from(step) / 1000.0;
            assert!((bell.upper(x) - normal.cdf(x)).abs() < 1e-10, "{x}");
            assert!((bell.above(-2.0 * x, 4.0) - normal.cdf(-x)).abs() < 1e-10, "{x}");
        }
        let between = bell.upper(1.0 + 0.5 / 1024.0) - bell.upper(1.0 - 0.5 / 1024.0);
        assert!((between - normal.pdf(1.0) / 1024.0).abs() < 1e-9);
        assert_eq!((bell.above(0.0, 0.0), bell.above(1.0, 0.0), bell.above(-1.0, 0.0)), (0.5, 1.0, 0.0));
    }

    /// Both ways round: more applications than readers, and fewer.
    #[test]
    fn expected_ranks_are_those_of_the_plain_loop_over_pairs() {
        for (applications, readers) in [(70, 9), (9, 70)] {
            let mut chance = Chance::new(3, "plain");
            let mut csv = "application,reviewer,k\n".to_owned();
            for application in 0..applications {
                for reader in chance.order(readers).into_iter().take(4.min(readers)) {
                    let figure = f64::from(application % 7) + 3.0 * chance.normal();
                    csv += &format!("a{application},r{reader},{figure:.3}\n");
                }
            }
            let policy = Policy::default();
            let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
            let policy = policy.for_criteria(scores.criteria());
            let design = Design::of(&readings(&scores, &policy, None).unwrap());
            let fit = Fit::of(&design).unwrap();
            let known = Knowledge::new(&fit.equations, &fit.factored, &fit.effects, &fit.variances, false);
            let n = known.effects.len();
            let rest = known.factored.inverse();
            let normal = Normal::standard();
            let mut rows = vec![vec![0.0; rest.nrows()]; n];
            rows.iter_mut().enumerate().for_each(|(i, row)| known.covariances(i, &rest, row));
            let own = |i: usize| known.covariance(&rows[i], i) + known.independent(i);
            let plain: Vec<f64> = (0..n)
                .map(|i| {
                    let before = |j: usize| {
                        let shared = 2.0 * known.covariance(&rows[i], j);
                        let variance = known.residual * known.root * known.root * (own(i) + own(j) - shared);
                        normal.cdf((known.effects[j] - known.effects[i]) / variance.sqrt())
                    };
                    1.0 + (0..n).filter(|j| *j != i).map(before).sum::<f64>()
                })
                .collect();
            let got = known.expected_ranks(&|| false);
            assert!(got.iter().zip(&plain).all(|(a, b)| (a - b).abs() < 1e-9), "{got:?} {plain:?}");
            let sum: f64 = got.iter().sum();
            assert!((sum - size(n * (n + 1)) / 2.0).abs() < 1e-9 * size(n * n), "{sum}");
        }
    }

    #[test]
    fn the_best_are_the_greatest() {
        let mut three = Best::new(3);
        let mut check = |figures: &[f64], expected: [usize; 3]| {
            let mut places = three.of(figures).to_vec();
            places.sort_unstable();
            assert_eq!(places, expected);
        };
        check(&[3.0, 9.0, 3.0, -1.0, 8.0], [0, 1, 4]);
        check(&[3.0, -9.0, 3.0, 3.0, 8.0], [0, 2, 4]);
        check(&[-3.0, -9.0, -1.0, -1.0, -8.0], [0, 2, 3]);
        check(&[1.0, 2.0, 3.0, 4.0, 5.0], [2, 3, 4]);
        assert!(Best::new(0).of(&[1.0]).is_empty());
        assert_eq!(Best::new(5).of(&[1.0]), [0]);
    }
}
