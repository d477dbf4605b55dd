//! Who would be selected: by the programme's seats and quotas, or by others as a trial that stores nothing. Not a decision.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::session::Session;
use tessera_model::applications::Applications;
use tessera_model::compute;
use tessera_model::programme::Programme;
use tessera_model::programme::seats as definition;
use tessera_model::programme::words::{Key, Text, Word};
use tessera_model::ranking::RankRow;
use tessera_solve::compute::{ranked, say_who_matters};
use tessera_solve::selection::{Pool, Ranked, Seats, Selection, Unselected, canonical, select};

use crate::failure::Failure;
use crate::figures::{inputs, worth_saying};
use crate::words::{AdviceView, Labels, Sentence, count, figure};

/// The most quotas of a trial.
const QUOTAS: usize = 50;

/// Other seats, to be tried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SeatsTrial {
    /// How many are selected.
    pub seats: u32,
    /// Floors and caps.
    pub quotas: Vec<QuotaTrial>,
}

/// A floor or a cap, to be tried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuotaTrial {
    /// What it is called.
    pub name: String,
    /// The field.
    pub field: String,
    /// The answer that counts.
    pub value: String,
    /// Fewest.
    pub min: u32,
    /// Most; none: no cap.
    pub max: Option<u32>,
}

/// Who would be selected.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SelectionView {
    /// True where it is a trial.
    pub trial: bool,
    /// The seats that it goes by.
    pub by: SeatsTrial,
    /// The programme's own, where it has any.
    pub own: Option<SeatsTrial>,
    /// How many of the selected each quota counts, in the order of the quotas.
    pub counted: Vec<u32>,
    /// Seats that stay empty.
    pub empty: u32,
    /// Everybody, in order.
    pub rows: Vec<SelectionRow>,
    /// SHA-256 of the record of what it was made from and what came out, as hexadecimal digits.
    pub record: String,
    /// Without any one of these readers the list would change; none where the list hangs on nobody.
    pub readers_who_matter: Vec<String>,
    /// What it says, and what to do.
    pub advice: AdviceView,
    /// What is worth saying.
    pub warnings: Vec<Sentence>,
}

/// One application.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SelectionRow {
    /// Its id.
    pub application: Option<String>,
    /// Its key.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
    /// Its place in the order; none without a total.
    pub place: Option<u32>,
    /// The total.
    pub total: Option<String>,
    /// `selected`, `waitlist`, `not-selected` or `unranked`.
    pub outcome: String,
    /// What passed it over: the name of a quota, or `seats`.
    pub passed_over_by: Option<String>,
    /// `cap`, `floor` or `seats`.
    pub rule: Option<String>,
    /// Whether the trial moves it in or out.
    pub moved: Option<Moved>,
}

/// What a trial does to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Moved {
    /// Gets a seat.
    In,
    /// Loses it.
    Out,
}

/// Calculates who would be selected; `trial` in place of the programme's own seats. Nothing is stored.
///
/// # Errors
/// [`Failure`]; `quotas-impossible`, `seats-missing`.
pub fn selection(
    session: &mut Session,
    round: Option<&str>,
    trial: Option<&SeatsTrial>,
    language: &str,
) -> Result<SelectionView, Failure> {
    let (programme, mut inputs, titles) = inputs(session, round)?;
    let labels = Labels::new(&programme, language);
    let own = programme.seats.as_ref().map(|seats| of_definition(seats, labels));
    let tried = match trial {
        Some(trial) => Programme { seats: Some(to_definition(trial)?), ..programme.clone() },
        None => programme.clone(),
    };
    let order = compute::ranking(&inputs, round)?;
    let ranked = in_order(&order.rows)?;
    // The programme's own quotas may be met by nobody; a trial is to show what would be then.
    let before: Option<BTreeSet<String>> = match (trial, &own) {
        (Some(_), Some(_)) => {
            let own = Chosen::of(session, &programme, ranked.clone(), inputs.seed).ok();
            own.map(|own| own.selection.selected.into_iter().collect())
        }
        _ => None,
    };
    let Chosen { seats, mut selection, fields, .. } = Chosen::of(session, &tried, ranked, inputs.seed)?;
    inputs.applications = Some(fields);
    say_who_matters(&mut selection, &inputs, &seats, None)?;
    let passed: BTreeMap<&str, &str> =
        selection.passed_over.iter().map(|one| (one.application.as_str(), one.rule)).collect();
    let rows = selection.rows.iter().map(|row| {
        let known = titles.get(&row.application);
        let (was, is) =
            (before.as_ref().map(|before| before.contains(&row.application)), row.outcome == "selected");
        SelectionRow {
            application: known.map(|(id, _)| id.clone()),
            key: row.application.clone(),
            title: known.map(|(_, title)| title.clone()).unwrap_or_default(),
            place: row.place.map(count),
            total: row.total.map(|total| figure(tessera_model::exact::Exact::from(total).to_f64())),
            outcome: row.outcome.to_owned(),
            passed_over_by: row.constraint.clone(),
            rule: passed.get(row.application.as_str()).map(|rule| (*rule).to_owned()),
            moved: match was {
                Some(false) if is => Some(Moved::In),
                Some(true) if !is => Some(Moved::Out),
                _ => None,
            },
        }
    });
    let by = match (&own, trial) {
        (_, Some(trial)) => trial.clone(),
        (Some(own), None) => own.clone(),
        (None, None) => return Err(Failure::new("seats-missing", "the programme names no seats")),
    };
    Ok(SelectionView {
        trial: trial.is_some(),
        own,
        counted: selection.quotas.iter().map(|quota| count(quota.selected)).collect(),
        empty: count(selection.empty_seats),
        rows: rows.collect(),
        record: selection.snapshot_sha256.clone(),
        readers_who_matter: selection.readers_who_matter.clone(),
        advice: (&selection.advice).into(),
        warnings: worth_saying(&order.warnings, labels),
        by,
    })
}

/// A selection with what it was made from.
struct Chosen {
    pool: Pool,
    seats: Seats,
    selection: Selection,
    fields: Applications,
}

impl Chosen {
    fn of(
        session: &mut Session,
        programme: &Programme,
        ranked: Vec<Ranked>,
        seed: u64,
    ) -> Result<Self, Failure> {
        let seats = Seats::of(programme)?;
        let fields = session.together(|acts| acts.selection_fields(programme))??;
        let pool = Pool::new(ranked, &seats, Some(&fields), seed)?;
        let selection = select(&pool, &seats, None, seed)?;
        Ok(Self { pool, seats, selection, fields })
    }
}

/// An order as a selection takes it, with the decimals that the workbench would read in the ranking's JSON.
fn in_order(rows: &[RankRow]) -> Result<Vec<Ranked>, Failure> {
    let text = serde_json::to_vec(rows).map_err(|error| Failure::new("bug", error.to_string()))?;
    Ok(ranked(&compute::File { name: "the ranking", bytes: &text })?)
}

/// The selection by the programme's own seats, its record, and how many reviews it was made from.
///
/// # Errors
/// [`Failure`]; `quotas-impossible`, `seats-missing`.
pub(crate) fn own(
    session: &mut Session,
    round: Option<&str>,
) -> Result<(Selection, Vec<u8>, usize), Failure> {
    let (programme, inputs, _) = inputs(session, round)?;
    let order = in_order(&compute::ranking(&inputs, round)?.rows)?;
    let Chosen { pool, seats, selection, .. } = Chosen::of(session, &programme, order, inputs.seed)?;
    let record = canonical(&pool, &seats, None, inputs.seed, &selection);
    Ok((selection, record, inputs.scores.reviews().len()))
}

fn of_definition(seats: &definition::Seats, labels: Labels<'_>) -> SeatsTrial {
    let quota = |quota: &definition::Quota| QuotaTrial {
        name: labels.said(&quota.name),
        field: quota.field.to_string(),
        value: quota.value.0.clone(),
        min: quota.min,
        max: quota.max,
    };
    SeatsTrial { seats: seats.n, quotas: seats.quotas.iter().map(quota).collect() }
}

fn to_definition(trial: &SeatsTrial) -> Result<definition::Seats, Failure> {
    if trial.quotas.len() > QUOTAS {
        return Err(Failure::bad_input("the number of quotas"));
    }
    let quota = |quota: &QuotaTrial| -> Result<definition::Quota, Failure> {
        Ok(definition::Quota {
            name: Text::Plain(quota.name.clone()),
            field: Key::new(&quota.field).ok_or_else(|| Failure::bad_input("the field"))?,
            value: Word(quota.value.clone()),
            min: quota.min,
            max: quota.max,
        })
    };
    let quotas = trial.quotas.iter().map(quota).collect::<Result<_, _>>()?;
    Ok(definition::Seats { n: trial.seats, quotas })
}

impl From<Unselected> for Failure {
    fn from(error: Unselected) -> Self {
        match error {
            Unselected::Input(error) => error.into(),
            Unselected::Impossible { .. } => Self::new("quotas-impossible", error.to_string()),
            Unselected::NoSeats => Self::new("seats-missing", error.to_string()),
            Unselected::NotInOrder { .. } => Self::new("seat-unknown", error.to_string()),
            Unselected::Solver(error) => Self::new("bug", error.to_string()),
        }
    }
}
