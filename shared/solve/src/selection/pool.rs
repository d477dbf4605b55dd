//! Who is there: the order, and what of each application the quotas look at. Not the order's making.

use std::collections::BTreeSet;

use tessera_model::applications::Applications;
use tessera_model::decimal::Decimal;
use tessera_model::input::{InputErrorKind, Place, Warning};
use tessera_model::ranking::draw;

use super::{Seats, Unselected};

/// One application as the order has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// Application.
    pub application: String,
    /// Its rank; none = without a total, never selected.
    pub rank: Option<u64>,
    /// Its total as it was written.
    pub total: Option<Decimal>,
}

/// Who is there: the order from the best, and what of each the quotas look at.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) candidates: Vec<Candidate>,
    pub(super) unranked: Vec<String>,
    drawn: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) ranked: Ranked,
    /// Which quotas count it, by position.
    pub(super) counted: BTreeSet<usize>,
    /// The value of every quota's field.
    pub(super) fields: Vec<(String, String)>,
}

impl Pool {
    /// Puts the order and the applications' fields together. Equal ranks are drawn from the seed.
    ///
    /// # Errors
    /// [`Unselected::Input`] where a quota's field is missing.
    pub fn new(
        mut order: Vec<Ranked>,
        seats: &Seats,
        applications: Option<&Applications>,
        seed: u64,
    ) -> Result<Self, Unselected> {
        if let (None, Some(quota)) = (applications, seats.quotas.first()) {
            let kind = InputErrorKind::MissingColumn { name: quota.field.clone() };
            return Err(Place::file("the table of applications").column(&quota.field).error(kind).into());
        }
        if let Some(table) = applications {
            seats.quotas.iter().try_for_each(|quota| table.require(&quota.field))?;
        }
        order.sort_by_cached_key(|one| {
            (one.rank.is_none(), one.rank, draw(seed, &one.application), one.application.clone())
        });
        let drawn = order.windows(2).any(|two| two[0].rank.is_some() && two[0].rank == two[1].rank);
        let mut pool = Self { candidates: Vec::new(), unranked: Vec::new(), drawn };
        for ranked in order {
            if ranked.rank.is_none() {
                pool.unranked.push(ranked.application);
                continue;
            }
            let mut fields = Vec::new();
            let mut counted = BTreeSet::new();
            for (index, quota) in seats.quotas.iter().enumerate() {
                let value = match applications {
                    Some(table) => table.field(&ranked.application, &quota.field).ok_or_else(|| {
                        let (id, list) = (ranked.application.clone(), table.file().to_owned());
                        Place::file("the order").error(InputErrorKind::UnknownApplication { id, list })
                    })?,
                    None => "",
                };
                if value == quota.value {
                    counted.insert(index);
                }
                let field = (quota.field.clone(), value.to_owned());
                if !fields.contains(&field) {
                    fields.push(field);
                }
            }
            pool.candidates.push(Candidate { ranked, counted, fields });
        }
        pool.unranked.sort_unstable();
        Ok(pool)
    }

    /// Says what is worth saying about the order.
    pub fn warnings(&self, seed: u64) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.drawn {
            let drawn = Warning::new("drawn", "equal ranks were separated by a draw from the seed {seed}");
            warnings.push(drawn.with("seed", seed.to_string()));
        }
        if !self.unranked.is_empty() {
            let unranked = Warning::new("unranked", "without a total, never selected: {applications}");
            warnings.push(unranked.with("applications", &self.unranked[..]));
        }
        warnings
    }
}
