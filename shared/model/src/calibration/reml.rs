//! The variances of applications, readers and residual by restricted maximum likelihood. Not the effects of given
//! variances ([`super::equations`]).
//!
//! −2l = (n−1)·log σ² + log|M| + y'Py with M of the mixed model equations (Bates et al. 2015, section 3.4). Steps are those
//! of average information (Gilmour, Thompson and Cullis 1995), halved until the likelihood grows; where they fail, the
//! fixed-point step σ²ₓ ← û'û / (levels − trace), which never leaves the range (Harville 1977, equation 5.1). A variance
//! that goes to 0 is set to 0 and stays there.

use nalgebra::{Matrix3, Vector3};

use super::design::Design;
use super::equations::{Effects, Equations, Factored};
use crate::figure::size;

/// Most steps.
const MAX_STEPS: usize = 200;
/// Most halvings of one step.
const MAX_HALVINGS: usize = 12;
/// A variance below this share of the variance of figures is 0.
const NOTHING: f64 = 1e-9;
/// Steps shorter than this share of the variance of figures end the search.
const SHORT: f64 = 1e-11;

/// Variances of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Variances {
    /// Of applications.
    pub(crate) application: f64,
    /// Of readers.
    pub(crate) reader: f64,
    /// Of what is left.
    pub(crate) residual: f64,
}

impl Variances {
    /// Returns γ of the wide and the narrow factor.
    pub(crate) fn gamma(&self, equations: &Equations) -> (f64, f64) {
        let (wide, narrow) = if equations.wide_applications {
            (self.application, self.reader)
        } else {
            (self.reader, self.application)
        };
        (wide / self.residual, narrow / self.residual)
    }
}

/// Why there are no variances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoFit {
    /// The effects explain every figure: nothing is left to tell chance from.
    NoResidual,
    /// The search did not end, or left the numbers that doubles hold.
    NotFound,
}

/// Estimates the variances of figures in the order of the design, of which not all are the same: where the restricted
/// likelihood is greatest, by average information (Gilmour, Thompson and Cullis 1995).
pub(crate) fn variances(design: &Design, equations: &Equations) -> Result<Variances, NoFit> {
    let n = size(design.reads.len());
    let mean = design.reads.iter().map(|read| read.figure).sum::<f64>() / n;
    let spread = design.reads.iter().map(|read| (read.figure - mean).powi(2)).sum::<f64>() / n;
    if !(spread > 0.0 && spread.is_finite()) {
        return Err(NoFit::NotFound);
    }
    let scale = spread.sqrt();
    let figures = equations.sorted(|at| (design.reads[at].figure - mean) / scale);
    let search = Search { equations, figures };
    let [wide, narrow, residual] = search.run()?.map(|variance| variance * spread);
    let (application, reader) = if equations.wide_applications { (wide, narrow) } else { (narrow, wide) };
    Ok(Variances { application, reader, residual })
}

/// Wide, narrow, residual.
type Three = [f64; 3];

struct Search<'a> {
    equations: &'a Equations,
    /// With mean 0 and variance 1.
    figures: Vec<f64>,
}

/// The likelihood at some variances, with what the next step needs.
struct Point {
    at: Three,
    deviance: f64,
    factored: Factored,
    effects: Effects,
    residuals: Vec<f64>,
}

impl Search<'_> {
    fn run(&self) -> Result<Three, NoFit> {
        let mut point = self.point([0.3, 0.3, 0.4]).ok_or(NoFit::NotFound)?;
        for _ in 0..MAX_STEPS {
            let (step, fixed_point) = self.steps(&point);
            let next = step.and_then(|step| self.along(&point, step));
            let next = match next {
                Some(next) => next,
                None => self.point(cut(fixed_point)).ok_or(NoFit::NotFound)?,
            };
            if next.at[2] <= NOTHING {
                return Err(NoFit::NoResidual);
            }
            let moved = (0..3).map(|x| (next.at[x] - point.at[x]).abs()).fold(0.0, f64::max);
            point = next;
            if moved < SHORT {
                return Ok(point.at);
            }
        }
        Err(NoFit::NotFound)
    }

    /// Goes along a step, shorter until the likelihood does not fall. `None` where no length serves.
    fn along(&self, from: &Point, step: Vector3<f64>) -> Option<Point> {
        let mut length = 1.0;
        for _ in 0..MAX_HALVINGS {
            let mut at = from.at;
            for x in 0..3 {
                let next = at[x] + length * step[x];
                // Towards 0 by degrees, so that one bold step does not end there.
                at[x] = if next > 0.0 { next } else { at[x] / 100.0 };
            }
            if let Some(point) = self.point(cut(at))
                && point.deviance <= from.deviance + 1e-10 * (1.0 + from.deviance.abs())
            {
                return Some(point);
            }
            length /= 2.0;
        }
        None
    }

    fn point(&self, at: Three) -> Option<Point> {
        let [wide, narrow, residual] = at;
        let factored = self.equations.factored((wide / residual, narrow / residual))?;
        let effects = factored.effects(self.equations, &self.figures);
        let residuals = self.residuals(&effects, &self.figures);
        let explained: f64 = residuals.iter().zip(&self.figures).map(|(e, y)| e * y).sum();
        let n = size(self.figures.len());
        let deviance = (n - 1.0) * residual.ln() + factored.log_determinant() + explained / residual;
        deviance.is_finite().then_some(Point { at, deviance, factored, effects, residuals })
    }

    fn residuals(&self, effects: &Effects, figures: &[f64]) -> Vec<f64> {
        self.equations.fitted(effects).zip(figures).map(|(fitted, y)| y - fitted).collect()
    }

    /// Returns the step of average information, where it can be made, and where the fixed-point step leads.
    fn steps(&self, point: &Point) -> (Option<Vector3<f64>>, Three) {
        let (wide, narrow) = self.equations.levels();
        let (wide_trace, narrow_trace) = point.factored.diagonal(self.equations);
        let squares = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>();
        let effective = |levels: usize, trace: &[f64]| size(levels) - trace.iter().sum::<f64>();
        let levels = [effective(wide, &wide_trace), effective(narrow, &narrow_trace)];
        let left = size(self.figures.len()) - 1.0 - levels[0] - levels[1];
        let parts = [
            (levels[0], squares(&point.effects.wide)),
            (levels[1], squares(&point.effects.narrow)),
            (left, squares(&point.residuals)),
        ];
        let mut score = Vector3::zeros();
        let mut fixed_point = point.at;
        for (x, (count, squares)) in parts.into_iter().enumerate() {
            if point.at[x] > 0.0 {
                score[x] = -0.5 * (count / point.at[x] - squares / point.at[x].powi(2));
                if count > 0.0 {
                    fixed_point[x] = squares / count;
                }
            }
        }
        let step = self.information(point).try_inverse().map(|inverse| inverse * score);
        (step.filter(|step| step.iter().all(|x| x.is_finite())), fixed_point)
    }

    /// Returns the average information ½·fₓ'P·fᵤ with fₓ = Vₓ·Py. A variance of 0 keeps its place by a 1.
    fn information(&self, point: &Point) -> Matrix3<f64> {
        let zero = |x: usize| point.at[x] <= 0.0;
        let of_factor = |x: usize, wide: bool| -> Vec<f64> {
            let Effects { wide: w, narrow: n, .. } = &point.effects;
            let (w, n) = if wide { (w.clone(), vec![0.0; n.len()]) } else { (vec![0.0; w.len()], n.clone()) };
            let alone = Effects { wide: w, narrow: n, mu: 0.0 };
            self.equations.fitted(&alone).map(|u| if zero(x) { 0.0 } else { u / point.at[x] }).collect()
        };
        let residual = point.at[2];
        let scores = [
            of_factor(0, true),
            of_factor(1, false),
            point.residuals.iter().map(|e| e / residual).collect::<Vec<f64>>(),
        ];
        let projected = scores.each_ref().map(|f| {
            let effects = point.factored.effects(self.equations, f);
            self.residuals(&effects, f)
        });
        Matrix3::from_fn(|x, y| match (zero(x) || zero(y), x == y) {
            (true, same) => f64::from(u8::from(same)),
            (false, _) => {
                0.5 * scores[x].iter().zip(&projected[y]).map(|(f, p)| f * p).sum::<f64>() / residual
            }
        })
    }
}

/// Sets what is nothing to 0; the residual stays.
fn cut([wide, narrow, residual]: Three) -> Three {
    let cut = |x: f64| if x < NOTHING { 0.0 } else { x };
    [cut(wide), cut(narrow), residual.max(NOTHING)]
}
