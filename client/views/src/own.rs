//! A reader's own reviews beside one another: how each scale was used, what is to be read again, two scorecards side by side.
//! Nobody else's are here.

use std::collections::BTreeMap;

use serde::Serialize;
use specta::Type;
use tessera_driver::session::Session;
use tessera_engine::programme::round as round_of;
use tessera_engine::reading::Task;
use tessera_model::decimal::Decimal;
use tessera_model::documents::Draft;
use tessera_model::exact::Exact;
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;

use crate::application::CriterionName;
use crate::draft::{DraftView, total};
use crate::failure::Failure;
use crate::figures::RoundName;
use crate::tasks::{self, CardField, TaskState, card, round_key};
use crate::words::{Labels, count, figure};

/// How this reviewer used the scales.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConsistencyView {
    /// Criterion by criterion.
    pub criteria: Vec<Distribution>,
    /// What is to be read again, in the order of reading.
    pub marked: Vec<OwnReview>,
    /// How many were scored, drafts included.
    pub scored: u32,
}

/// How often each score was given by this reviewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Distribution {
    /// The criterion's key.
    pub criterion: String,
    /// What it is called.
    pub label: String,
    /// By score, lowest first.
    pub counts: Vec<ScoreCount>,
    /// Their mean.
    pub mean: Option<String>,
}

/// How often one score was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ScoreCount {
    /// The score.
    pub score: String,
    /// How often.
    pub count: u32,
}

/// An application that this reviewer has to do with.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OwnReview {
    /// The application's id.
    pub application: String,
    /// What its reader calls it.
    pub label: String,
    /// The round's key.
    pub round: String,
    /// Whether its reader means to read it again.
    pub again: bool,
}

/// Two of one's own scorecards.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OwnPair {
    /// The round's key; empty where nothing was scored.
    pub round: String,
    /// The rounds in which something was scored.
    pub rounds: Vec<RoundName>,
    /// What can be compared in this round, in the order of reading.
    pub choices: Vec<OwnReview>,
    /// What the round scores, in the rubric's order.
    pub criteria: Vec<CriterionName>,
    /// Two sides, or fewer where less was scored.
    pub sides: Vec<OwnCard>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OwnCard {
    /// Which one.
    pub review: OwnReview,
    /// What is shown before a conflict of interest was declared.
    pub card: Vec<CardField>,
    /// How far it is.
    pub state: TaskState,
    /// What is written: the draft, else what was submitted.
    pub draft: DraftView,
    /// Its total as the programme counts it; none while too little is answered.
    pub total: Option<String>,
}

/// What a reviewer wrote of an assignment: the draft, else what was submitted; none where nothing is scored, or nothing
/// of it is theirs to judge.
fn written(task: &Task) -> Option<Draft> {
    if task.conflict.as_ref().is_some_and(|conflict| !conflict.is_clear()) {
        return None;
    }
    let draft = task.draft.as_ref().map(|read| &read.value).filter(|draft| !draft.answers.is_empty());
    let review = || task.review.as_ref().map(|read| &read.value).filter(|review| review.revision > 0);
    draft.cloned().or_else(|| {
        review().map(|review| Draft {
            answers: review.answers.clone(),
            comments: review.comments.clone(),
            pins: review.pins.clone(),
            overall: review.overall.clone(),
            confidence: review.confidence,
            attested: review.attested,
            dossier: None,
        })
    })
}

impl OwnReview {
    fn of(programme: &Programme, task: &Task) -> Self {
        Self {
            application: task.application.to_string(),
            label: task.label.clone(),
            round: round_key(programme, task),
            again: task.again,
        }
    }
}

/// How this reviewer used each scale, in drafts and reviews; `again` of what is to be read again alone.
///
/// # Errors
/// [`Failure`].
pub fn consistency(session: &mut Session, again: bool, language: &str) -> Result<ConsistencyView, Failure> {
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let tasks = session.together(|acts| acts.tasks())?;
    let mut given: BTreeMap<String, Vec<Decimal>> = BTreeMap::new();
    let mut scored = 0;
    for (task, draft) in tasks.iter().filter_map(|task| Some((task, written(task)?))) {
        scored += 1;
        if again && !task.again {
            continue;
        }
        for (key, answer) in draft.answers {
            given.entry(key).or_default().extend(answer.score());
        }
    }
    let criteria = programme.scored().map(|criterion| {
        let key = criterion.key.as_str();
        let scores = given.remove(key).unwrap_or_default();
        let range = Policy::of(&programme).ok().and_then(|policy| {
            policy.criteria.into_iter().find(|rule| rule.key == key).map(|rule| rule.range)
        });
        let mut counts: BTreeMap<Decimal, usize> =
            range.unwrap_or_default().scores().into_iter().map(|score| (score, 0)).collect();
        scores.iter().for_each(|score| *counts.entry(*score).or_default() += 1);
        let sum: f64 = scores.iter().map(|score| Exact::from(*score).to_f64()).sum();
        let mean = (!scores.is_empty()).then(|| figure(sum / scores.len() as f64));
        Distribution {
            criterion: key.to_owned(),
            label: labels.criterion(key),
            counts: counts
                .into_iter()
                .map(|(score, n)| ScoreCount { score: score.to_string(), count: count(n) })
                .collect(),
            mean,
        }
    });
    let criteria = criteria.collect();
    let marked = tasks.iter().filter(|task| task.again).map(|task| OwnReview::of(&programme, task)).collect();
    Ok(ConsistencyView { criteria, marked, scored })
}

/// Puts two of this reviewer's scorecards side by side; what is not said is chosen: first what is to be read again.
///
/// # Errors
/// [`Failure`].
pub fn beside(
    session: &mut Session,
    round: Option<&str>,
    one: Option<&str>,
    other: Option<&str>,
    language: &str,
) -> Result<OwnPair, Failure> {
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let tasks = session.together(|acts| acts.tasks())?;
    let all: Vec<(&Task, Draft)> = tasks.iter().filter_map(|task| Some((task, written(task)?))).collect();
    let in_round = |key: &str| {
        let round = round_of(key);
        all.iter().filter(move |(task, _)| task.round == round)
    };
    let mut rounds = RoundName::all(&programme, labels);
    rounds.retain(|round| in_round(&round.key).next().is_some());
    // Two can be compared where two were scored.
    let whole = rounds.iter().find(|round| in_round(&round.key).nth(1).is_some()).or_else(|| rounds.first());
    let asked = rounds.iter().find(|known| Some(known.key.as_str()) == round);
    let Some(round) = asked.or(whole).map(|round| round.key.clone()) else {
        return Ok(OwnPair {
            round: String::new(),
            rounds,
            choices: Vec::new(),
            criteria: Vec::new(),
            sides: Vec::new(),
        });
    };
    let here: Vec<&(&Task, Draft)> = in_round(&round).collect();
    let sides = chosen(&here, one, other).into_iter().map(|(task, draft)| OwnCard {
        review: OwnReview::of(&programme, task),
        card: card(task, Some(labels)),
        state: TaskState::of(task),
        draft: DraftView::of(Some(draft)),
        total: total(&programme, &round, draft),
    });
    let sides = sides.collect();
    let criteria = crate::dossier::criteria_of(&programme, &round).into_iter().map(|criterion| {
        let key = criterion.key.as_str();
        CriterionName { key: key.to_owned(), label: labels.criterion(key) }
    });
    let criteria = criteria.collect();
    let choices = here.iter().map(|(task, _)| OwnReview::of(&programme, task)).collect();
    Ok(OwnPair { round, rounds, choices, criteria, sides })
}

/// The two that were asked for; in the place of one that was not asked for, or is not here, the next that is marked, else
/// the next.
fn chosen<'t>(
    here: &[&'t (&'t Task, Draft)],
    one: Option<&str>,
    other: Option<&str>,
) -> Vec<(&'t Task, &'t Draft)> {
    let asked = |id: Option<&str>| {
        here.iter().position(|(task, _)| Some(task.application.to_string().as_str()) == id)
    };
    let next = |taken: Option<usize>| {
        let free = || (0..here.len()).filter(|at| Some(*at) != taken);
        free().find(|at| here[*at].0.again).or_else(|| free().next())
    };
    let second = asked(other);
    let first = asked(one).or_else(|| next(second));
    let second = second.filter(|at| Some(*at) != first).or_else(|| next(first));
    [first, second].into_iter().flatten().map(|at| (here[at].0, &here[at].1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{AnswerValue, PinView, mark_again, save};
    use crate::rehearsal::rehearse;
    use crate::shelf::Shelf;
    use crate::{declaring, dossier};

    #[test]
    fn own_scorecards_stand_side_by_side_and_what_is_marked_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().to_owned());
        let (_, mut session) = rehearse(&shelf, "Rehearsal", "a quiet valley").unwrap();
        let tasks = tasks::home(&mut session, "en").unwrap().tasks;
        assert!(beside(&mut session, None, None, None, "en").unwrap().sides.is_empty());
        for task in &tasks {
            declaring::declare(&mut session, &task.application, "none", "", "").unwrap();
            let read = dossier::dossier(&mut session, &task.application, &task.round, "en").unwrap();
            let (mut draft, criterion) = (read.draft.clone(), &read.criteria[0]);
            let score = criterion.scores.last().unwrap_or(&criterion.max).clone();
            let answer = AnswerValue { score: Some(score), not_applicable: None };
            draft.answers.insert(criterion.key.clone(), answer);
            let pin = PinView::Field { field: read.sections[0].field.clone() };
            draft.pins.insert(criterion.key.clone(), pin);
            save(&mut session, &task.application, &task.round, &read.draft_heads, read.draft, draft).unwrap();
        }
        let ids: Vec<&str> = tasks.iter().map(|task| task.application.as_str()).collect();
        mark_again(&mut session, ids[2], true).unwrap();
        let pair = beside(&mut session, None, None, None, "en").unwrap();
        let shown: Vec<_> =
            pair.sides.iter().map(|side| (side.review.application.as_str(), side.review.again)).collect();
        assert_eq!(shown, [(ids[2], true), (ids[0], false)]);
        assert_eq!((pair.choices.len(), pair.sides[0].draft.pins.len()), (3, 1));
        let pair = beside(&mut session, Some(&tasks[1].round), Some(ids[1]), Some(ids[1]), "en").unwrap();
        let shown: Vec<_> = pair.sides.iter().map(|side| side.review.application.as_str()).collect();
        assert_eq!(shown, [ids[1], ids[2]], "nothing stands beside itself");
        for (again, expected) in [(false, 3), (true, 1)] {
            let view = consistency(&mut session, again, "en").unwrap();
            let given: u32 = view.criteria[0].counts.iter().map(|one| one.count).sum();
            assert_eq!((given, view.marked.len(), view.scored), (expected, 1, 3));
        }
    }
}
