//! Moderation: which applications want a person's judgement before the order decides, what their readers gave side by side, and the
//! verdict with its reason. A verdict changes no score and no order.

use std::collections::BTreeMap;

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::moderation::Moderated;
use tessera_engine::programme::round;
use tessera_model::documents::Settled;
use tessera_model::moderation::{ModerationRow, ReadRow, Reason};
use tessera_model::programme::Programme;
use tessera_model::programme::scoring::Best;
use tessera_model::scores::{Review, Scores};
use tessera_protocol::ids::{ApplicationId, RoundId};

use crate::application::{CriterionName, SaidView};
use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::figures::{RoundName, inputs};
use crate::tasks;
use crate::words::{Labels, Sentence, count, figure, id};

/// What wants a person's judgement in a round, and what was settled.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ModerationView {
    /// The round's key; none where the programme has no rounds.
    pub round: Option<String>,
    /// The rounds that there are.
    pub rounds: Vec<RoundName>,
    /// How many seats there are.
    pub seats: Option<u32>,
    /// The line of seats, as a total.
    pub line: Option<String>,
    /// The least total that the scale allows; none where it has no ends.
    pub low: Option<String>,
    /// The greatest.
    pub high: Option<String>,
    /// Applications of which a review counts.
    pub read: u32,
    /// What is scored in this round, in the rubric's order.
    pub criteria: Vec<CriterionName>,
    /// Those that want a verdict or have one, in the order of their totals.
    pub rows: Vec<ModerationLine>,
    /// What is worth saying.
    pub warnings: Vec<Sentence>,
}

/// An application that wants a verdict or has one.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ModerationLine {
    /// Its id.
    pub application: String,
    /// Its key.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
    /// Its place in the order; none without a total.
    pub rank: Option<u32>,
    /// Its total.
    pub total: Option<String>,
    /// Why it wants one; empty where nothing asks for it any more.
    pub reasons: Vec<Sentence>,
    /// What its readers gave, the best first.
    pub reads: Vec<ModerationRead>,
    /// The verdict, where somebody gave one.
    pub verdict: Option<ModerationVerdict>,
}

/// What one reader gave.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ModerationRead {
    /// Who, for whoever asks to see it.
    pub reader: String,
    /// What the total would be by this review alone.
    pub total: String,
    /// True where as much is answered as the programme asks.
    pub complete: bool,
    /// Scores by criterion; what is not there does not apply or was not answered.
    pub scores: BTreeMap<String, String>,
}

/// A verdict on an application's reviews in a round.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ModerationVerdict {
    /// The round's key.
    pub round: String,
    /// What it is called.
    pub round_label: String,
    /// `keep`, `another-reader` or `meeting`; none where two contradict one another.
    pub verdict: Option<String>,
    /// Why.
    pub reason: String,
    /// Who gave it.
    pub by: Vec<String>,
    /// Who said what, where two contradict one another.
    pub said: Vec<SaidView>,
    /// True where other scores count than those that it was given on.
    pub outdated: bool,
}

impl ModerationVerdict {
    fn new(labels: Labels<'_>, names: &Names, round: &str, moderated: &Moderated) -> Self {
        let said = moderated.said.iter().filter(|_| moderated.contested).map(|said| SaidView {
            by: said.by.map(|member| names.name(member)).unwrap_or_default(),
            verdict: said.what.clone(),
        });
        // A word of a later version is shown as it is.
        let word = moderated.said.first().filter(|_| !moderated.contested);
        Self {
            round: round.to_owned(),
            round_label: labels.round(round),
            verdict: word.map(|said| said.what.clone()),
            reason: moderated.reason.clone(),
            by: moderated.by.iter().map(|member| names.name(*member)).collect(),
            said: said.collect(),
            outdated: moderated.outdated,
        }
    }
}

/// Reads what wants a person's judgement in a round, or in the first one.
///
/// # Errors
/// [`Failure`].
pub fn moderation(
    session: &mut Session,
    in_round: Option<&str>,
    language: &str,
) -> Result<ModerationView, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme_or_none(session)?.unwrap_or_default();
    let first = programme.rounds.first().map(|round| round.key.to_string());
    let Some(in_round) = in_round.map(str::to_owned).or(first) else { return Ok(nothing()) };
    let (programme, inputs, titles) = inputs(session, Some(&in_round))?;
    let labels = Labels::new(&programme, language);
    let names = Names::of(session)?;
    let (wanted, moderated) = session.together(|acts| {
        let wanted = acts.wants_moderation(&programme, &inputs)?;
        let reviews = acts.tallies()?;
        Ok((wanted, acts.moderations(&reviews)?))
    })?;
    let wanted = wanted?;
    let here = round(&in_round);
    let mut verdicts: BTreeMap<String, ModerationVerdict> = moderated
        .iter()
        .filter(|one| one.round == here)
        .map(|one| (one.application.to_string(), ModerationVerdict::new(labels, &names, &in_round, one)))
        .collect();
    let given = Given::new(&inputs.scores);
    let mut rows = Vec::new();
    for row in &wanted.rows {
        let Some((id, title)) = titles.get(&row.application) else { continue };
        let verdict = verdicts.remove(id);
        if !row.reasons.is_empty() || verdict.is_some() {
            rows.push(ModerationLine {
                application: id.clone(),
                key: row.application.clone(),
                title: title.clone(),
                rank: row.rank.map(count),
                total: row.total.map(figure),
                reasons: row.reasons.iter().map(|reason| said(labels, reason)).collect(),
                reads: given.reads(row, inputs.policy.best),
                verdict,
            });
        }
    }
    // What has a verdict, and no review that counts any more.
    for (key, (id, title)) in &titles {
        if let Some(verdict) = verdicts.remove(id) {
            rows.push(ModerationLine {
                application: id.clone(),
                key: key.clone(),
                title: title.clone(),
                rank: None,
                total: None,
                reasons: Vec::new(),
                reads: Vec::new(),
                verdict: Some(verdict),
            });
        }
    }
    let criterion = |key: &String| CriterionName { key: key.clone(), label: labels.criterion(key) };
    Ok(ModerationView {
        rounds: RoundName::all(&programme, labels),
        seats: inputs.seats().map(count),
        line: wanted.line.map(figure),
        low: wanted.ends.map(|(low, _)| figure(low)),
        high: wanted.ends.map(|(_, high)| figure(high)),
        read: count(wanted.rows.len()),
        criteria: inputs.policy.criteria.iter().map(|rule| criterion(&rule.key)).collect(),
        rows,
        warnings: inputs.warnings.iter().chain(&wanted.warnings).map(Sentence::from).collect(),
        round: Some(in_round),
    })
}

/// Where no programme is published, or one without rounds.
fn nothing() -> ModerationView {
    ModerationView {
        round: None,
        rounds: Vec::new(),
        seats: None,
        line: None,
        low: None,
        high: None,
        read: 0,
        criteria: Vec::new(),
        rows: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A reason with a criterion by what people call it.
pub(crate) fn said(labels: Labels<'_>, reason: &Reason) -> Sentence {
    let sentence = Sentence::from(&reason.saying());
    match reason {
        Reason::WideSpread { criterion: Some(key), .. } => sentence.with("criterion", labels.criterion(key)),
        _ => sentence,
    }
}

/// The scores that were given, by application and reader.
struct Given<'a> {
    criteria: &'a [String],
    reviews: BTreeMap<(&'a str, &'a str), &'a Review>,
}

impl<'a> Given<'a> {
    fn new(scores: &'a Scores) -> Self {
        let reviews = scores.reviews().iter();
        let by = |review: &'a Review| ((review.application.as_str(), review.reviewer.as_str()), review);
        Self { criteria: scores.criteria(), reviews: reviews.map(by).collect() }
    }

    /// What the readers of an application gave, the best first.
    fn reads(&self, row: &ModerationRow, best: Best) -> Vec<ModerationRead> {
        let mut reads: Vec<&ReadRow> = row.reads.iter().collect();
        reads.sort_by(|one, other| match best {
            Best::High => other.total.total_cmp(&one.total),
            Best::Low => one.total.total_cmp(&other.total),
        });
        let read = |read: &ReadRow| {
            let review = self.reviews.get(&(row.application.as_str(), read.reviewer.as_str()));
            let scores = review.iter().flat_map(|review| self.criteria.iter().zip(&review.scores));
            ModerationRead {
                reader: read.reviewer.clone(),
                total: figure(read.total),
                complete: read.complete,
                scores: scores
                    .filter_map(|(key, score)| Some((key.clone(), (*score)?.to_string())))
                    .collect(),
            }
        };
        reads.into_iter().map(read).collect()
    }
}

/// The verdicts on one application, in the order of the rounds.
pub(crate) fn verdicts(
    session: &mut Session,
    programme: &Programme,
    labels: Labels<'_>,
    names: &Names,
    application: ApplicationId,
) -> Result<Vec<ModerationVerdict>, Failure> {
    let moderated = session.together(|acts| {
        let reviews = acts.tallies_of(application)?;
        acts.moderations_of(application, &reviews)
    })?;
    let by_round: BTreeMap<RoundId, &Moderated> = moderated.iter().map(|one| (one.round, one)).collect();
    let rounds = programme.rounds.iter().map(|one| one.key.as_str());
    let verdict = |key: &str| Some(ModerationVerdict::new(labels, names, key, by_round.get(&round(key))?));
    Ok(rounds.filter_map(verdict).collect())
}

/// Gives a verdict on an application's reviews in a round; none takes back the one that stands.
///
/// # Errors
/// [`Failure`] `reason-needed` and others.
pub fn moderate(
    session: &mut Session,
    application: &str,
    in_round: &str,
    verdict: Option<&str>,
    reason: &str,
) -> Result<(), Failure> {
    must_coordinate(session)?;
    if reason.trim().is_empty() {
        return Err(Failure::new("reason-needed", "a reason is needed"));
    }
    let programme = tasks::programme(session)?;
    let parse = |word: &str| Settled::parse(word).ok_or_else(|| Failure::bad_input("the verdict"));
    let settled = verdict.map(parse).transpose()?;
    let id: ApplicationId = id(application)?;
    Ok(session.together(|acts| {
        acts.moderate(&programme, id, in_round, settled, reason)?;
        acts.hand_over()
    })?)
}
