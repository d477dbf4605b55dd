//! What an order does not say by itself: whether it is of the whole programme, which rounds are open, which reviews have not
//! come, and which applications have no place for want of one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tessera_driver::session::Session;
use tessera_engine::eligibility::outcome_word;
use tessera_engine::programme::round as round_of;
use tessera_model::documents::AssignmentState;
use tessera_model::input::Warning;
use tessera_model::programme::Programme;
use tessera_model::ranking::Told;
use tessera_model::scores::Scores;
use tessera_model::sentence::{Advice, Saying};
use tessera_protocol::ids::ApplicationId;

use crate::failure::Failure;

/// How many applications a sentence names.
const NAMED: usize = 10;

/// What an order is made of in a reviewer's home.
const OWN: &str = "own-reviews";

/// What is known about an order beside its rows.
#[derive(Debug, Serialize)]
pub(crate) struct Outlook {
    /// `programme`, or `own-reviews` in a reviewer's home.
    of: &'static str,
    /// Applications without a total, so without a place; sorted.
    pub(crate) unranked: Vec<String>,
    /// Applications of which assigned reviews have not come.
    awaited: Vec<Awaited>,
    /// Rounds that are not closed and that the order is made from.
    open_rounds: Vec<String>,
}

/// An order's outlook with what is said of the order.
#[derive(Debug, Serialize)]
pub(crate) struct Order {
    #[serde(flatten)]
    outlook: Outlook,
    #[serde(flatten)]
    pub(crate) advice: Advice,
}

/// An application that has fewer reviews than readers.
#[derive(Debug, Serialize)]
struct Awaited {
    application: String,
    round: String,
    reviews: usize,
    assigned: usize,
}

impl Outlook {
    /// Looks at an order of what counts: `scores` are those that it was made from, `placeless` its rows without a total.
    pub(crate) fn of(
        session: &mut Session,
        programme: &Programme,
        scores: &Scores,
        only: Option<&str>,
        placeless: impl Iterator<Item = String>,
    ) -> Result<Self, Failure> {
        let mut unranked: BTreeSet<String> = placeless.collect();
        let mut read: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for review in scores.reviews() {
            *read.entry((&review.application, &review.round)).or_default() += 1;
        }
        let mut outlook =
            Self { of: OWN, unranked: Vec::new(), awaited: Vec::new(), open_rounds: Vec::new() };
        if session.engine().is_coordinator() {
            outlook.of = "programme";
            let rounds: Vec<&str> = programme.rounds.iter().map(|round| round.key.as_str()).collect();
            let rounds: Vec<&str> =
                rounds.into_iter().filter(|round| only.is_none_or(|only| only == *round)).collect();
            let standing = standing(session, programme)?;
            let mut assigned: BTreeMap<(&str, &str), usize> = BTreeMap::new();
            for (pair, assignment) in session.together(|acts| acts.assignments())? {
                let round = rounds.iter().find(|round| round_of(round) == pair.round);
                if let (Some(round), Some(key), Some(AssignmentState::Assigned)) =
                    (round, standing.get(&pair.application), assignment.state)
                {
                    *assigned.entry((key, round)).or_default() += 1;
                }
            }
            let closes = &session.engine().permission().closes;
            let used = |round: &str| assigned.keys().chain(read.keys()).any(|(_, one)| *one == round);
            let open = rounds.iter().filter(|round| used(round) && !closes.contains_key(&round_of(round)));
            outlook.open_rounds = open.map(ToString::to_string).collect();
            // Everybody is read in the first round; in a later one whoever was assigned.
            let first = programme.rounds.first().map(|round| round.key.as_str());
            let all = only.is_none() || only == first;
            let expected = standing.values().map(String::as_str).filter(|_| all);
            let expected = expected.chain(assigned.keys().map(|(key, _)| *key));
            let known: BTreeSet<&str> = read.keys().map(|(application, _)| *application).collect();
            let without = expected.filter(|key| !known.contains(key));
            unranked.extend(without.map(str::to_owned));
            outlook.awaited = assigned
                .iter()
                .map(|((key, round), count)| Awaited {
                    application: (*key).to_owned(),
                    round: (*round).to_owned(),
                    reviews: read.get(&(*key, *round)).copied().unwrap_or_default(),
                    assigned: *count,
                })
                .filter(|one| one.reviews < one.assigned)
                .collect();
        }
        outlook.unranked = unranked.into_iter().collect();
        Ok(outlook)
    }

    /// Adds what is said of the order itself. What may still come is asked for before anything is done with the order.
    pub(crate) fn told(self, mut told: Told) -> Order {
        told.add_unplaced(self.unranked.iter().cloned());
        let mut advice = told.advice();
        if self.of == OWN {
            advice.act = own_act();
        } else if let Some(first) = self.awaited.first() {
            advice.act = Saying::new(
                "ask-for-awaited",
                "Ask for the assigned reviews that have not come, {missing} in all, beginning with {first}, before the \
                 order decides.",
            )
            .with("missing", self.missing())
            .with("first", first.application.as_str());
        } else if !told.is_lacking() && !self.open_rounds.is_empty() {
            advice.act =
                Saying::new("close-rounds", "Close what is open before the order decides: {rounds}.")
                    .with("rounds", &self.open_rounds[..]);
        }
        Order { outlook: self, advice }
    }

    /// Counts the assigned reviews that are not here.
    fn missing(&self) -> usize {
        self.awaited.iter().map(|one| one.assigned - one.reviews).sum()
    }

    /// Says it.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if !self.unranked.is_empty() {
            let unranked =
                Warning::new("unranked", "no total, and so no place in this order: {applications}");
            warnings.push(unranked.with("applications", named(&self.unranked)));
        }
        let missing = self.missing();
        if missing > 0 {
            let applications: BTreeSet<&String> = self.awaited.iter().map(|one| &one.application).collect();
            let applications: Vec<String> = applications.into_iter().cloned().collect();
            let awaited = Warning::new(
                "reviews-awaited",
                "assigned reviews that are not here or do not count: {missing}, of {applications}; they may change the order",
            );
            warnings.push(awaited.with("missing", missing).with("applications", named(&applications)));
        }
        for round in &self.open_rounds {
            let open = Warning::new(
                "round-open",
                "the round `{round}` is open, and what comes may change the order; `tessera round close {round}` ends it",
            );
            warnings.push(open.with("round", round.as_str()));
        }
        warnings
    }
}

/// The keys of the applications that are neither withdrawn nor turned away.
fn standing(
    session: &mut Session,
    programme: &Programme,
) -> Result<BTreeMap<ApplicationId, String>, Failure> {
    let standing = session.together(|acts| {
        let withdrawn = acts.withdrawn()?;
        let mut standing = BTreeMap::new();
        for (id, identity) in acts.applications()? {
            let judged = acts.eligibility(programme, id)?;
            if !withdrawn.contains(&id) && outcome_word(&judged.outcome) != "not-eligible" {
                standing.insert(id, identity.key);
            }
        }
        Ok(standing)
    })?;
    Ok(standing)
}

fn named(applications: &[String]) -> String {
    let mut named = applications.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if applications.len() > NAMED {
        named.push_str(&format!(" and {} more", applications.len() - NAMED));
    }
    named
}

/// What a reviewer is told of every figure.
pub(crate) fn own_only() -> Warning {
    Warning::new("own-reviews-only", "this is made of your own reviews alone, not of the programme's")
}

/// What a reviewer can do with any figure.
pub(crate) fn own_act() -> Saying {
    Saying::new(
        "only-look",
        "Nothing is to be done: these are your own reviews alone, and they decide nothing.",
    )
}

/// Says that there is nothing to put into order yet, and what brings it.
pub(crate) fn nothing_yet(coordinates: bool) -> (&'static str, &'static str) {
    if coordinates {
        (
            "no review counts yet\n",
            "next: `tessera sync`, or `tessera bundle import FILE`, brings reviews; `tessera assign list` shows who reads what",
        )
    } else {
        ("you have submitted no review yet\n", "next: `tessera review list` shows what is to be read")
    }
}
