//! What a coordinator's screen shows, as plain values for the oracle. Two of the planted bugs sit here: eyes
//! that see a review twice, or only the last of two versions.

use std::collections::{BTreeMap, BTreeSet};

use tessera_engine::EngineError;
use tessera_engine::reviews::{Reviewed, Waits};
use tessera_engine::tallies::Tallied;
use tessera_model::documents::{Answer, Review};
use tessera_protocol::ids::{ApplicationId, MemberId, PackId, RoundId};

use super::bug::Bug;
use super::node::Home;
use super::oracle::Text;

/// One review as a coordinator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownReview {
    pub(crate) member: MemberId,
    pub(crate) application: ApplicationId,
    pub(crate) round: RoundId,
    /// What counts.
    pub(crate) counted: Option<Counted>,
    /// The versions that stand, with their packs.
    pub(crate) versions: Vec<(Option<Text>, PackId)>,
    /// What waits, by code.
    pub(crate) waits: BTreeMap<&'static str, BTreeSet<PackId>>,
    pub(crate) set_aside: BTreeSet<PackId>,
}

/// What counts of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) revision: u32,
    pub(crate) text: Option<Text>,
    pub(crate) answers: BTreeMap<String, String>,
}

/// One item of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownItem {
    pub(crate) id: String,
    pub(crate) code: &'static str,
    pub(crate) member: Option<MemberId>,
    pub(crate) applications: BTreeSet<(ApplicationId, Option<RoundId>)>,
    pub(crate) packs: BTreeSet<PackId>,
}

/// By application and round: reviews that count, and the sum of their answers by criterion.
pub(crate) type Totals = BTreeMap<(ApplicationId, RoundId), (usize, BTreeMap<String, i64>)>;

/// All that is compared between coordinators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) reviews: Vec<ShownReview>,
    pub(crate) queue: Vec<ShownItem>,
    pub(crate) totals: Totals,
}

/// Reads what a home shows.
pub(crate) fn shown(home: &mut Home, bug: Option<Bug>) -> Result<Shown, EngineError> {
    let (tallies, reviews, queue) =
        home.together(|acts| Ok((acts.tallies()?, acts.reviews()?, acts.queue()?)))?;
    // What is kept of reviews without their texts says what gathering them anew says.
    assert_eq!(tallies, reviews.iter().map(Tallied::from).collect::<Vec<_>>());
    let mut reviews: Vec<ShownReview> = reviews.iter().map(review).collect();
    let mut queue: Vec<ShownItem> = queue
        .into_iter()
        .map(|item| ShownItem {
            id: item.id,
            code: item.code,
            member: item.member,
            applications: item.applications,
            packs: item.packs,
        })
        .collect();
    match bug {
        Some(Bug::LastWriterWins) => last_writer_wins(&mut reviews, &mut queue),
        Some(Bug::AcceptRemoved) => {
            let code = Waits::Removed.code();
            for review in &mut reviews {
                let late = review.waits.remove(code).unwrap_or_default();
                review.versions.extend(late.into_iter().map(|pack| (None, pack)));
            }
            queue.retain(|item| item.code != code);
        }
        Some(Bug::DoubleCount) => {
            // By road: the same version from a relay and from a stick.
            let twice: Vec<ShownReview> =
                reviews.iter().filter(|one| one.counted.is_some()).cloned().collect();
            reviews.extend(twice.into_iter().take(1));
        }
        _ => {}
    }
    let totals = totals(&reviews);
    Ok(Shown { reviews, queue, totals })
}

fn last_writer_wins(reviews: &mut [ShownReview], queue: &mut Vec<ShownItem>) {
    let code = Waits::TwoVersions.code();
    for review in reviews {
        if review.waits.remove(code).is_some() {
            review.versions.truncate(1);
        }
    }
    queue.retain(|item| item.code != code);
}

fn review(one: &Reviewed) -> ShownReview {
    ShownReview {
        member: one.member,
        application: one.application,
        round: one.round,
        counted: one.counted.as_ref().map(|read| counted(&read.value)),
        versions: one
            .versions
            .iter()
            .map(|(version, pack)| (Text::find(version.review.overall.as_bytes()), *pack))
            .collect(),
        waits: one.waits.iter().map(|(why, packs)| (why.code(), packs.clone())).collect(),
        set_aside: one.set_aside.clone(),
    }
}

fn counted(review: &Review) -> Counted {
    Counted {
        revision: review.revision,
        text: Text::find(review.overall.as_bytes()),
        answers: review.answers.iter().map(|(key, answer)| (key.clone(), word(answer))).collect(),
    }
}

/// An answer in one word.
pub(crate) fn word(answer: &Answer) -> String {
    answer.score().map_or_else(|| "N/A".to_owned(), |score| score.to_string())
}

fn totals(reviews: &[ShownReview]) -> Totals {
    let mut totals = Totals::new();
    for review in reviews {
        let Some(counted) = &review.counted else { continue };
        let total = totals.entry((review.application, review.round)).or_default();
        total.0 += 1;
        for (criterion, answer) in &counted.answers {
            if let Ok(score) = answer.parse::<i64>() {
                *total.1.entry(criterion.clone()).or_default() += score;
            }
        }
    }
    totals
}
