//! Who is selected: seats down the order, under floors and caps that may nest or cross. Not the order, which is
//! `tessera_model::ranking`, and not a decision: people decide, this says what the rules give.
//!
//! Going down the order, a person is seated if the remaining seats can still be filled from those below under every
//! floor and cap; otherwise what passed them over is recorded. Filled means: as many seats as the rules allow at all.
//! A promotion is the same with those who hold a seat seated first.

mod pool;
mod quotas;
mod sensitivity;
mod snapshot;

use std::collections::BTreeSet;

use serde::Serialize;
use tessera_model::decimal::Decimal;
use tessera_model::input::InputError;
use tessera_model::programme::Programme;
use tessera_model::sentence::{Advice, Saying};

use self::pool::Candidate;
use self::quotas::{Constraint, Room};
use crate::mip::SolverError;

pub use self::pool::{Pool, Ranked};
pub use self::sensitivity::leaving_out;
pub use self::snapshot::canonical;

/// Seats and their rules, with each quota's name in one language; fields in the order of their names, as the record
/// has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seats {
    /// How many are selected.
    pub n: usize,
    /// Floors and caps.
    pub quotas: Vec<Quota>,
    /// How many wait; none = everybody else.
    pub waitlist: Option<usize>,
}

/// A floor or a cap on the seats of those whose field has the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the definition's quota")]
pub struct Quota {
    pub field: String,
    pub max: Option<usize>,
    pub min: usize,
    pub name: String,
    pub value: String,
}

/// What an earlier selection leaves: those who hold a seat, and those who gave theirs back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// Who holds a seat, withdrawn ones among them.
    pub selected: BTreeSet<String>,
    /// Who withdrew.
    pub withdrawn: BTreeSet<String>,
}

/// Who is selected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Selection {
    /// Selected, in order.
    pub selected: Vec<String>,
    /// Who waits, in order.
    pub waitlist: Vec<String>,
    /// Who would have had a seat by the order alone, and what passed them over.
    pub passed_over: Vec<PassedOver>,
    /// Who moved up, where an earlier selection was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promoted: Option<Vec<String>>,
    /// Applications without a total, which no rule can place.
    pub unranked: Vec<String>,
    /// Seats that stay empty, because nobody is left or the rules allow no more.
    pub empty_seats: usize,
    /// What each quota has: floor, cap, and how many of the selected count.
    pub quotas: Vec<Used>,
    /// SHA-256 over the canonical record of inputs and result, as lower-case hexadecimal.
    pub snapshot_sha256: String,
    /// Whether the list would change if any one reader were left out; null where scores are not at hand.
    pub depends_on_one_reader: Option<bool>,
    /// Who that would be.
    pub readers_who_matter: Vec<String>,
    /// What the result says and what to do about it.
    #[serde(flatten)]
    pub advice: Advice,
    /// Everybody, in order.
    pub rows: Vec<Row>,
}

/// Who was passed over, and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// Application.
    pub application: String,
    /// Name of the quota, or `seats` where it would have left seats empty.
    pub constraint: String,
    /// `cap`, `floor` or `seats`.
    pub rule: &'static str,
    /// All rules that together leave no room: without any one of them there would be.
    pub together: Vec<String>,
}

/// What a quota has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Used {
    /// Its name.
    pub name: String,
    /// Floor.
    pub min: usize,
    /// Cap.
    pub max: Option<usize>,
    /// How many of the selected count.
    pub selected: usize,
}

/// One application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its place in the order, from 1.
    pub place: Option<usize>,
    /// Application.
    pub application: String,
    /// Its rank.
    pub rank: Option<u64>,
    /// Its total, as it was written.
    pub total: Option<Decimal>,
    /// `selected`, `waitlist`, `not-selected` or `unranked`.
    pub outcome: &'static str,
    /// What passed it over.
    pub constraint: Option<String>,
}

/// Why nobody was selected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unselected {
    /// Floors that nobody can meet.
    #[error("{}", impossible(quotas, *kept))]
    Impossible {
        /// The rules that together cannot be met; without any one of them they could.
        quotas: Vec<String>,
        /// Whether those who hold seats are among the reasons.
        kept: bool,
    },
    /// The definition has no seats.
    #[error("the definition has no [seats]")]
    NoSeats,
    /// An earlier selection names somebody who is not in the order.
    #[error("`{application}` holds a seat or withdrew, but is not in the order")]
    NotInOrder {
        /// The application.
        application: String,
    },
    /// A table was refused.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A defect of ours.
    #[error(transparent)]
    Solver(#[from] SolverError),
}

fn impossible(quotas: &[String], kept: bool) -> String {
    let together = if quotas.len() > 1 { "cannot be met together" } else { "cannot be met" };
    let kept = if kept { " with those who hold a seat already" } else { "" };
    format!("{} {together}{kept}", quotas.join(", "))
}

impl Seats {
    /// Takes seats and waitlist out of a definition.
    ///
    /// # Errors
    /// [`Unselected::NoSeats`].
    pub fn of(programme: &Programme) -> Result<Self, Unselected> {
        let seats = programme.seats.as_ref().ok_or(Unselected::NoSeats)?;
        let language = programme.languages.first().map_or("en", |tag| tag.as_str());
        let quota = |quota: &tessera_model::programme::seats::Quota| Quota {
            field: quota.field.to_string(),
            max: quota.max.map(|max| max as usize),
            min: quota.min as usize,
            name: quota.name.in_language(language).to_owned(),
            value: quota.value.0.clone(),
        };
        Ok(Self {
            n: seats.n as usize,
            waitlist: programme.waitlist.as_ref().map(|waitlist| waitlist.n as usize),
            quotas: seats.quotas.iter().map(quota).collect(),
        })
    }
}

/// Selects: greedily down the order, each step held against what can still be filled. `before` are those who hold seats from an earlier selection, and who withdrew.
///
/// # Errors
/// [`Unselected::Impossible`] naming the quotas that nobody can meet.
pub fn select(
    pool: &Pool,
    seats: &Seats,
    before: Option<&Before>,
    seed: u64,
) -> Result<Selection, Unselected> {
    let none = Before::default();
    let Before { selected: held, withdrawn } = before.unwrap_or(&none);
    let known: BTreeSet<&str> = pool.candidates.iter().map(|one| one.ranked.application.as_str()).collect();
    if let Some(unknown) = held.difference(withdrawn).find(|id| !known.contains(id.as_str())) {
        return Err(Unselected::NotInOrder { application: unknown.clone() });
    }
    let there: Vec<&Candidate> =
        pool.candidates.iter().filter(|one| !withdrawn.contains(&one.ranked.application)).collect();
    let (mut chosen, mut passed) = (BTreeSet::new(), Vec::new());
    let holds = |one: &Candidate| held.contains(&one.ranked.application);
    let free = there.iter().filter(|one| !holds(one)).map(|one| &one.counted);
    let mut room = Room::new(seats, free);
    for one in there.iter().filter(|one| holds(one)) {
        room.seat(&one.counted);
        chosen.insert(one.ranked.application.as_str());
    }
    if let Some(together) = room.fix_seats()? {
        return Err(Unselected::Impossible {
            quotas: together.iter().map(|one| one.name(seats)).collect(),
            kept: !chosen.is_empty(),
        });
    }
    for one in there.iter().filter(|one| !holds(one)) {
        if room.is_full() {
            break;
        }
        room.leave(&one.counted);
        match room.seated_or_why(&one.counted)? {
            None => {
                chosen.insert(one.ranked.application.as_str());
            }
            Some(together) => passed.push(passed_over(&one.ranked.application, &together, seats)),
        }
    }
    Ok(finish(pool, seats, &there, &chosen, passed, before, seed))
}

/// Names the first quota among the rules that left no room.
fn passed_over(application: &str, together: &[Constraint], seats: &Seats) -> PassedOver {
    let first = together.iter().find(|one| one.is_quota()).or_else(|| together.first());
    PassedOver {
        application: application.to_owned(),
        constraint: first.map_or_else(|| "seats".to_owned(), |one| one.name(seats)),
        rule: first.map_or("seats", |one| one.rule()),
        together: together.iter().map(|one| one.name(seats)).collect(),
    }
}

fn finish(
    pool: &Pool,
    seats: &Seats,
    there: &[&Candidate],
    chosen: &BTreeSet<&str>,
    passed_over: Vec<PassedOver>,
    before: Option<&Before>,
    seed: u64,
) -> Selection {
    let is_chosen = |one: &&&Candidate| chosen.contains(one.ranked.application.as_str());
    let id = |one: &&Candidate| one.ranked.application.clone();
    let selected: Vec<String> = there.iter().filter(is_chosen).map(id).collect();
    let waiting = there.iter().filter(|one| !is_chosen(one)).map(id);
    let waitlist: Vec<String> = waiting.take(seats.waitlist.unwrap_or(usize::MAX)).collect();
    let promoted = before.map(|before| {
        selected.iter().filter(|id| !before.selected.contains(*id)).cloned().collect::<Vec<String>>()
    });
    let used = |(index, quota): (usize, &Quota)| Used {
        name: quota.name.clone(),
        min: quota.min,
        max: quota.max,
        selected: there.iter().filter(is_chosen).filter(|one| one.counted.contains(&index)).count(),
    };
    let waits: BTreeSet<&String> = waitlist.iter().collect();
    let mut rows: Vec<Row> = Vec::with_capacity(there.len() + pool.unranked.len());
    for (place, one) in (1..).zip(there) {
        let application = &one.ranked.application;
        let outcome = match (chosen.contains(application.as_str()), waits.contains(application)) {
            (true, _) => "selected",
            (false, true) => "waitlist",
            (false, false) => "not-selected",
        };
        let passed = passed_over.iter().find(|passed| passed.application == *application);
        rows.push(Row {
            place: Some(place),
            application: application.clone(),
            rank: one.ranked.rank,
            total: one.ranked.total,
            outcome,
            constraint: passed.map(|passed| passed.constraint.clone()),
        });
    }
    rows.extend(pool.unranked.iter().map(|id| Row {
        place: None,
        application: id.clone(),
        rank: None,
        total: None,
        outcome: "unranked",
        constraint: None,
    }));
    let mut selection = Selection {
        empty_seats: seats.n.saturating_sub(selected.len()),
        quotas: seats.quotas.iter().enumerate().map(used).collect(),
        advice: advice(seats, selected.len(), &passed_over, promoted.as_deref(), waitlist.len()),
        selected,
        waitlist,
        passed_over,
        promoted,
        unranked: pool.unranked.clone(),
        snapshot_sha256: String::new(),
        depends_on_one_reader: None,
        readers_who_matter: Vec::new(),
        rows,
    };
    selection.snapshot_sha256 = snapshot::sha256(&canonical(pool, seats, before, seed, &selection));
    selection
}

/// Says the result in one sentence, and what to do.
fn advice(
    seats: &Seats,
    selected: usize,
    passed_over: &[PassedOver],
    promoted: Option<&[String]>,
    waiting: usize,
) -> Advice {
    let sentence = match promoted {
        Some(names) => Saying::new(
            "promoted",
            "{promoted} moved up: {names}; {selected} of {seats} seats are filled and {waiting} wait.",
        )
        .with("promoted", names.len())
        .with("names", names),
        None => Saying::new(
            "selected",
            "{selected} of {seats} seats are filled down the order, quotas passed over {passed}, and {waiting} wait.",
        )
        .with("passed", passed_over.len()),
    };
    let sentence = sentence.with("selected", selected).with("seats", seats.n).with("waiting", waiting);
    let act = if selected < seats.n {
        Saying::new(
            "widen",
            "Look at the caps and at the applications without a total: {empty} seats stay empty.",
        )
        .with("empty", seats.n - selected)
    } else if passed_over.is_empty() {
        Saying::new("decide", "Look at the seat line, then decide.")
    } else {
        Saying::new("look-at-passed-over", "Look at who was passed over and by which quota, then decide.")
    };
    Advice { sentence, act }
}
