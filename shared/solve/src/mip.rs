//! A linear programme with whole numbers, solved by HiGHS in one thread. Not what its columns mean.

use highs::{HighsModelStatus, RowProblem, Sense};

/// Distance below which a value of the solver counts as whole.
const WHOLE: f64 = 1e-5;

/// A programme: columns with bounds, rows with bounds on weighted sums of columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Programme {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    low: f64,
    high: f64,
    whole: bool,
}

#[derive(Clone, Debug)]
struct Row {
    low: f64,
    high: f64,
    terms: Vec<(usize, f64)>,
}

/// What the solver found.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The best there is, or the best until the time was up.
    Found(Solution),
    /// Nothing satisfies all rows.
    Infeasible,
    /// The time was up before anything was found.
    OutOfTime,
}

/// Values of the columns.
#[derive(Clone, Debug)]
pub(crate) struct Solution {
    /// By column; whole columns are whole.
    pub(crate) values: Vec<f64>,
    /// True where it is proven that nothing is better.
    pub(crate) proven: bool,
    /// What is maximised can be no more than this.
    pub(crate) bound: f64,
}

/// The solver refused the programme or ended without an answer: a defect of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the solver ended with {0}")]
pub struct SolverError(String);

impl SolverError {
    /// The time was up where none should be needed.
    pub(crate) fn out_of_time() -> Self {
        Self("no answer in time".to_owned())
    }
}

impl Programme {
    /// Adds a column between two bounds.
    pub(crate) fn column(&mut self, low: f64, high: f64, whole: bool) -> usize {
        self.columns.push(Column { low, high, whole });
        self.columns.len() - 1
    }

    /// Adds a row: the sum of `terms` lies between two bounds.
    pub(crate) fn row(&mut self, low: f64, high: f64, terms: Vec<(usize, f64)>) {
        self.rows.push(Row { low, high, terms });
    }

    /// Sets both bounds of a column.
    pub(crate) fn bound(&mut self, column: usize, low: f64, high: f64) {
        self.columns[column].low = low;
        self.columns[column].high = high;
    }

    /// Demands whole numbers of the first `count` columns.
    pub(crate) fn demand_whole(&mut self, count: usize) {
        self.columns.iter_mut().take(count).for_each(|column| column.whole = true);
    }

    /// Finds the values of the columns that maximise Σ cost·value, starting from `start` where one is known.
    /// `seconds` bounds the search.
    ///
    /// # Errors
    /// [`SolverError`].
    pub(crate) fn maximise(
        &self,
        cost: &[(usize, f64)],
        start: Option<&[f64]>,
        seconds: f64,
    ) -> Result<Answer, SolverError> {
        // Where the solver cannot keep its own narrow tolerance it ends with an error: then a wider one, or no presolve.
        // Never a start and a presolve together: HiGHS 1.16 then calls a start the best that is not (the test
        // `the_fairest_is_the_fairest`).
        let fresh = [(1e-7, "choose"), (1e-6, "choose"), (1e-7, "off"), (1e-6, "off")].map(|how| (None, how));
        let started = [(1e-7, "off"), (1e-6, "off")].map(|how| (start, how));
        let mut last = SolverError::out_of_time();
        for (start, (tolerance, presolve)) in
            started.into_iter().filter(|(start, _)| start.is_some()).chain(fresh)
        {
            match self.attempt(cost, start, seconds, tolerance, presolve) {
                Ok(answer) => return Ok(answer),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn attempt(
        &self,
        cost: &[(usize, f64)],
        start: Option<&[f64]>,
        seconds: f64,
        tolerance: f64,
        presolve: &str,
    ) -> Result<Answer, SolverError> {
        if self.columns.is_empty() {
            let satisfied = self.rows.iter().all(|row| row.low <= 0.0 && row.high >= 0.0);
            let solution = Solution { values: Vec::new(), proven: true, bound: 0.0 };
            return Ok(if satisfied { Answer::Found(solution) } else { Answer::Infeasible });
        }
        let mut costs = vec![0.0; self.columns.len()];
        cost.iter().for_each(|(column, value)| costs[*column] += value);
        let mut problem = RowProblem::default();
        let columns: Vec<highs::Col> = self
            .columns
            .iter()
            .zip(&costs)
            .map(|(column, cost)| {
                problem.add_column_with_integrality(*cost, column.low..=column.high, column.whole)
            })
            .collect();
        for row in &self.rows {
            let terms: Vec<(highs::Col, f64)> =
                row.terms.iter().map(|(column, factor)| (columns[*column], *factor)).collect();
            problem.add_row(row.low..=row.high, terms);
        }
        let failed = |what: &str| SolverError(what.to_owned());
        let mut model = problem.try_optimise(Sense::Maximise).map_err(|e| failed(&format!("{e:?}")))?;
        model.make_quiet();
        let whole = self.columns.iter().any(|column| column.whole);
        let option = |name: &str, result: Result<(), highs::TrySetOptionError>| {
            result.map_err(|error| failed(&format!("{name}: {error:?}")))
        };
        option("threads", model.try_set_option("threads", 1))?;
        option("parallel", model.try_set_option("parallel", "off"))?;
        option("presolve", model.try_set_option("presolve", presolve))?;
        option("random_seed", model.try_set_option("random_seed", 0))?;
        option("time_limit", model.try_set_option("time_limit", seconds))?;
        option("solver", model.try_set_option("solver", if whole { "choose" } else { "simplex" }))?;
        option("primal", model.try_set_option("primal_feasibility_tolerance", tolerance))?;
        option("dual", model.try_set_option("dual_feasibility_tolerance", tolerance))?;
        if whole {
            option("mip", model.try_set_option("mip_feasibility_tolerance", 1e-6))?;
            option("gap", model.try_set_option("mip_rel_gap", 0.0))?;
            option("gap", model.try_set_option("mip_abs_gap", 1e-4))?;
            if let Some(start) = start {
                let set = model.try_set_solution(Some(start), None, None, None);
                set.map_err(|error| failed(&format!("start: {error:?}")))?;
            }
        }
        let solved = model.try_solve().map_err(|error| failed(&format!("{error:?}")))?;
        let proven = match solved.status() {
            HighsModelStatus::Optimal => true,
            HighsModelStatus::ReachedTimeLimit => false,
            // Every column is bounded.
            HighsModelStatus::Infeasible | HighsModelStatus::UnboundedOrInfeasible => {
                return Ok(Answer::Infeasible);
            }
            other => return Err(failed(&format!("{other:?}"))),
        };
        let values = solved.get_solution().columns().to_vec();
        if !proven && !self.satisfied(&values) {
            return Ok(Answer::OutOfTime);
        }
        let value = cost.iter().map(|(column, cost)| cost * values[*column]).sum();
        let bound = if proven || !whole {
            value
        } else {
            solved.double_info_value(c"mip_dual_bound").map_err(|error| failed(&format!("{error:?}")))?
        };
        let mut values = values;
        for (value, column) in values.iter_mut().zip(&self.columns) {
            if column.whole {
                *value = value.round();
            }
        }
        Ok(Answer::Found(Solution { values, proven, bound }))
    }

    /// Says whether values satisfy all bounds and rows.
    pub(crate) fn satisfied(&self, values: &[f64]) -> bool {
        let inside = |value: f64, low: f64, high: f64| value >= low - WHOLE && value <= high + WHOLE;
        values.len() == self.columns.len()
            && values.iter().zip(&self.columns).all(|(value, column)| {
                inside(*value, column.low, column.high)
                    && (!column.whole || (value - value.round()).abs() < WHOLE)
            })
            && self.rows.iter().all(|row| {
                inside(
                    row.terms.iter().map(|(column, factor)| factor * values[*column]).sum(),
                    row.low,
                    row.high,
                )
            })
    }
}

/// Says whether a value of the solver is whole.
pub(crate) fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < WHOLE
}
