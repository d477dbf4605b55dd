//! Henderson's mixed model equations of two crossed random factors, with the factor of more levels absorbed. Not the
//! variances, which are a parameter ([`super::reml`]).
//!
//! y = μ + application + reviewer + ε with variances σ²·γ of the factors and σ² of ε. The effects are written u = √γ·b, so
//! that the equations have (Henderson 1975; Bates et al. 2015, section 3)
//!
//! ```text
//! ⎡ γZ'Z + I   …          √γZ'1 ⎤ ⎡b⎤   ⎡√γZ'y⎤
//! ⎢            γZ'Z + I   √γZ'1 ⎥ ⎢b⎥ = ⎢√γZ'y⎥
//! ⎣            …          1'1   ⎦ ⎣μ⎦   ⎣ 1'y ⎦
//! ```
//!
//! and stand also where a variance is 0. The block of either factor is diagonal; that of the wide one is eliminated, and
//! what stays is dense over the narrow one and μ: n reads, w wide and q narrow levels cost O(Σ nᵢ² + q³), and each further
//! right-hand side O(n + q²). The inverse is the covariance of the errors of all effects, divided by σ².

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::design::Design;
use crate::figure::size;

/// Who read what, sorted by the wide factor. No figures.
#[derive(Clone, Debug)]
pub(crate) struct Equations {
    /// Whether applications are the wide factor.
    pub(crate) wide_applications: bool,
    /// Where the reads of each wide level begin, and where the last ones end.
    start: Vec<usize>,
    /// The narrow level of each read.
    narrow: Vec<usize>,
    /// Where each read stands in the design.
    order: Vec<usize>,
    /// Reads of each narrow level.
    counts: Vec<f64>,
}

/// Effects and the mean.
#[derive(Clone, Debug)]
pub(crate) struct Effects {
    /// Of the wide factor.
    pub(crate) wide: Vec<f64>,
    /// Of the narrow factor.
    pub(crate) narrow: Vec<f64>,
    /// The mean.
    pub(crate) mu: f64,
}

/// The equations for certain variances, decomposed.
#[derive(Clone, Debug)]
pub(crate) struct Factored {
    /// √γ of the wide and of the narrow factor.
    root: (f64, f64),
    /// 1/(γn+1) of each wide level.
    shrink: Vec<f64>,
    /// What stays after the elimination; μ last.
    rest: Cholesky<f64, Dyn>,
}

impl Equations {
    /// Takes who read what.
    pub(crate) fn of(design: &Design) -> Self {
        let wide_applications = design.applications.len() >= design.readers.len();
        let levels = |at: usize| {
            let read = &design.reads[at];
            if wide_applications { (read.application, read.reader) } else { (read.reader, read.application) }
        };
        let mut order: Vec<usize> = (0..design.reads.len()).collect();
        order.sort_by_key(|at| (levels(*at), *at));
        let (a, r) = (design.applications.len(), design.readers.len());
        let (wide, q) = if wide_applications { (a, r) } else { (r, a) };
        let mut start = vec![0; wide + 1];
        let mut counts = vec![0.0; q];
        for at in &order {
            start[levels(*at).0 + 1] += 1;
            counts[levels(*at).1] += 1.0;
        }
        for level in 0..wide {
            start[level + 1] += start[level];
        }
        let narrow = order.iter().map(|at| levels(*at).1).collect();
        Self { wide_applications, start, narrow, order, counts }
    }

    /// Returns the number of wide and of narrow levels.
    pub(crate) fn levels(&self) -> (usize, usize) {
        (self.start.len() - 1, self.counts.len())
    }

    /// Puts figures that stand in the design's order into the order of the equations.
    pub(crate) fn sorted(&self, figures: impl Fn(usize) -> f64) -> Vec<f64> {
        self.order.iter().map(|at| figures(*at)).collect()
    }

    /// Returns what each read is expected to give, in the order of the equations.
    pub(crate) fn fitted<'a>(&'a self, effects: &'a Effects) -> impl Iterator<Item = f64> + 'a {
        effects.wide.iter().enumerate().flat_map(move |(level, wide)| {
            self.narrow[self.reads(level)].iter().map(move |j| effects.mu + wide + effects.narrow[*j])
        })
    }

    /// Returns the reads of a wide level, as places in the order of the equations.
    fn reads(&self, level: usize) -> std::ops::Range<usize> {
        self.start[level]..self.start[level + 1]
    }

    /// Decomposes the equations for γ of the wide and of the narrow factor: the wide block absorbed, LL' of what stays
    /// (Cholesky). `None` where they are not positive definite
    /// in doubles.
    pub(crate) fn factored(&self, gamma: (f64, f64)) -> Option<Factored> {
        let (_, q) = self.levels();
        let root = (gamma.0.sqrt(), gamma.1.sqrt());
        let mut shrink = Vec::with_capacity(self.levels().0);
        let mut rest = DMatrix::<f64>::zeros(q + 1, q + 1);
        for (level, count) in self.counts.iter().enumerate() {
            rest[(level, level)] = 1.0 + gamma.1 * count;
        }
        for level in 0..self.levels().0 {
            let reads = &self.narrow[self.reads(level)];
            let n = size(reads.len());
            let d = 1.0 / (gamma.0 * n + 1.0);
            let off = gamma.0 * gamma.1 * d;
            for (at, a) in reads.iter().enumerate() {
                rest[(*a, *a)] -= off;
                for b in &reads[at + 1..] {
                    let (low, high) = (*a.max(b), *a.min(b));
                    // Read twice, both orders fall on the diagonal.
                    rest[(low, high)] -= if low == high { 2.0 * off } else { off };
                }
                rest[(q, *a)] += root.1 * d;
            }
            rest[(q, q)] += n * d;
            shrink.push(d);
        }
        Cholesky::new(rest).map(|rest| Factored { root, shrink, rest })
    }
}

impl Factored {
    /// Solves for figures in the order of the equations.
    pub(crate) fn effects(&self, equations: &Equations, figures: &[f64]) -> Effects {
        let (wide, q) = equations.levels();
        let (tw, tn) = self.root;
        let mut right = DVector::<f64>::zeros(q + 1);
        let mut sums = Vec::with_capacity(wide);
        for level in 0..wide {
            let reads = equations.reads(level);
            let sum: f64 = figures[reads.clone()].iter().sum();
            let shrunk = tw * tw * self.shrink[level] * sum;
            for at in reads {
                right[equations.narrow[at]] += tn * (figures[at] - shrunk);
            }
            right[q] += self.shrink[level] * sum;
            sums.push(sum);
        }
        self.rest.solve_mut(&mut right);
        let mu = right[q];
        let narrow: Vec<f64> = right.iter().take(q).map(|b| tn * b).collect();
        let effect = |level: usize| {
            let reads = equations.reads(level);
            let others: f64 = equations.narrow[reads.clone()].iter().map(|j| narrow[*j] + mu).sum();
            tw * tw * self.shrink[level] * (sums[level] - others)
        };
        Effects { wide: (0..wide).map(effect).collect(), narrow, mu }
    }

    /// Returns the logarithm of the determinant of the whole matrix.
    pub(crate) fn log_determinant(&self) -> f64 {
        let wide: f64 = self.shrink.iter().map(|d| -d.ln()).sum();
        let l = self.rest.l_dirty();
        wide + 2.0 * (0..l.nrows()).map(|at| l[(at, at)].ln()).sum::<f64>()
    }

    /// Returns L⁻¹ of what stays, rows below the diagonal.
    pub(crate) fn inverse_root(&self) -> DMatrix<f64> {
        let l = self.rest.l_dirty();
        let n = l.nrows();
        let mut inverse = DMatrix::<f64>::identity(n, n);
        for column in 0..n {
            let below = l.view((column, column), (n - column, n - column));
            below.solve_lower_triangular_unchecked_mut(
                &mut inverse.view_mut((column, column), (n - column, 1)),
            );
        }
        inverse
    }

    /// Returns what the other errors `x`, those of the narrow levels and of the mean, take from a wide level's:
    /// b = own − Σ wⱼ·xⱼ.
    pub(crate) fn mixed(&self, equations: &Equations, level: usize, x: &[f64]) -> f64 {
        let reads = &equations.narrow[equations.reads(level)];
        let sum: f64 = reads.iter().map(|j| x[*j]).sum();
        let mean = x[equations.counts.len()];
        self.shrink[level] * self.root.0 * (self.root.1 * sum + size(reads.len()) * mean)
    }

    /// Writes [`Factored::mixed`] of every wide level from `first` on: the innermost loop over pairs.
    pub(crate) fn mixed_from(&self, equations: &Equations, first: usize, x: &[f64], to: &mut [f64]) {
        let mean = x[equations.counts.len()];
        let each: Vec<f64> = x.iter().map(|x| self.root.0 * (self.root.1 * x + mean)).collect();
        let mut begin = equations.start[first];
        for (to, (end, shrink)) in
            to.iter_mut().zip(equations.start[first + 1..].iter().zip(&self.shrink[first..]))
        {
            let mut sum = 0.0;
            for j in &equations.narrow[begin..*end] {
                sum += each[*j];
            }
            *to = shrink * sum;
            begin = *end;
        }
    }

    /// Adds Σ wⱼ·(column j) of a matrix over the narrow levels and the mean to `sums`, with the w of [`Factored::mixed`],
    /// and returns the first place that is not 0 where the matrix is 0 above its diagonal.
    pub(crate) fn mix(
        &self,
        equations: &Equations,
        level: usize,
        matrix: &DMatrix<f64>,
        sums: &mut [f64],
    ) -> usize {
        let reads = &equations.narrow[equations.reads(level)];
        let q = equations.counts.len();
        let to_each = self.shrink[level] * self.root.0;
        let mut first = q;
        for (j, weight) in reads.iter().map(|j| (*j, self.root.1)).chain([(q, size(reads.len()))]) {
            first = first.min(j);
            let column = matrix.column(j);
            sums.iter_mut().zip(column.iter()).for_each(|(sum, x)| *sum += to_each * weight * x);
        }
        first
    }

    /// Returns the variance of a wide level's own part, divided by σ².
    pub(crate) fn own(&self, level: usize) -> f64 {
        self.shrink[level]
    }

    /// Returns √γ of the wide and of the narrow factor.
    pub(crate) const fn root(&self) -> (f64, f64) {
        self.root
    }

    /// Returns the inverse of what stays.
    pub(crate) fn inverse(&self) -> DMatrix<f64> {
        self.rest.inverse()
    }

    /// Returns the diagonal of the whole inverse, of the wide levels own + Σ(L⁻¹w)² and of the narrow ones Σ(L⁻¹)².
    pub(crate) fn diagonal(&self, equations: &Equations) -> (Vec<f64>, Vec<f64>) {
        let (wide, q) = equations.levels();
        let root = self.inverse_root();
        let mut combined = vec![0.0; q + 1];
        let of_wide = (0..wide).map(|level| {
            let first = self.mix(equations, level, &root, &mut combined);
            let squares: f64 = combined[first..].iter().map(|x| x * x).sum();
            combined.fill(0.0);
            self.own(level) + squares
        });
        let of_wide = of_wide.collect();
        let of_narrow = (0..q).map(|j| root.column(j).iter().skip(j).map(|x| x * x).sum()).collect();
        (of_wide, of_narrow)
    }
}
