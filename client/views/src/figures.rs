//! The order, how far readers agree, how severe each is: what the model calculates on what counts, with the sentence that
//! belongs beside each figure.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_model::agreement::AgreementRow;
use tessera_model::calibration::CalibrationRow;
use tessera_model::compute::{self, Inputs};
use tessera_model::input::Warning;
use tessera_model::programme::Programme;
use tessera_model::totals::TotalRow;

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::tasks;
use crate::words::{AdviceView, Labels, Sentence, count, figure};

/// The order of applications.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RankingView {
    /// The round that was asked for; none for all.
    pub round: Option<String>,
    /// The rounds that there are.
    pub rounds: Vec<RoundName>,
    /// Best first.
    pub rows: Vec<RankedRow>,
    /// How many seats there are.
    pub seats: Option<u32>,
    /// What the order says.
    pub advice: AdviceView,
    /// What is worth saying.
    pub warnings: Vec<Sentence>,
}

/// A round.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RoundName {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub label: String,
}

impl RoundName {
    /// The rounds of a programme, in its order.
    pub(crate) fn all(programme: &Programme, labels: Labels<'_>) -> Vec<Self> {
        let keys = programme.rounds.iter().map(|round| round.key.as_str());
        keys.map(|key| Self { key: key.to_owned(), label: labels.round(key) }).collect()
    }
}

/// An application in the order.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RankedRow {
    /// Its id; none where no application of that key is here.
    pub application: Option<String>,
    /// Its key.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
    /// Its place; none without a total.
    pub rank: Option<u32>,
    /// Applications of the same total.
    pub tied_with: Vec<String>,
    /// What separated it from them.
    pub tie_broken_by: Option<String>,
    /// The total.
    pub total: Option<String>,
    /// Spread of its readers' totals, with n − 1.
    pub sd: Option<String>,
    /// Reviews that count.
    pub reads: u32,
    /// Lowest total of a reader.
    pub min: Option<String>,
    /// Highest total of a reader.
    pub max: Option<String>,
    /// True where too little is answered.
    pub incomplete: bool,
}

/// How far readers agree.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AgreementView {
    /// By criterion and measure.
    pub rows: Vec<AgreementLine>,
    /// What they say.
    pub advice: AdviceView,
}

/// Krippendorff's alpha of one criterion.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AgreementLine {
    /// The criterion's key.
    pub criterion: String,
    /// What it is called.
    pub label: String,
    /// The measure: `ordinal`, `interval` and others.
    pub metric: String,
    /// Alpha; none where it cannot be known.
    pub alpha: Option<String>,
    /// Lower end of its interval.
    pub low: Option<String>,
    /// Upper end of its interval.
    pub high: Option<String>,
    /// Applications that at least two readers scored.
    pub units: u32,
    /// What it says.
    pub sentence: Sentence,
}

/// How severe readers are, and what a correction for it would do.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SeverityView {
    /// `red`, `amber` or `green`: whether a correction helps on this programme's own graph.
    pub light: String,
    /// Share of the true best that raw means find.
    pub recall_raw: Option<String>,
    /// Share of the true best that the corrected order finds.
    pub recall_corrected: Option<String>,
    /// True where the corrected order is withheld.
    pub withheld: bool,
    /// By reader: positive gives more points than a typical one.
    pub readers: Vec<SeverityLine>,
    /// Raw beside corrected.
    pub moves: Vec<MoveLine>,
    /// What it says.
    pub advice: AdviceView,
    /// What is worth saying.
    pub warnings: Vec<Sentence>,
}

/// How severe a reader is.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SeverityLine {
    /// What the reader is called.
    pub reader: String,
    /// Reads.
    pub reads: u32,
    /// Points more, or less, than a typical reader gives.
    pub effect: Option<String>,
    /// Its standard error.
    pub sd: Option<String>,
}

/// An application's places before and after a correction.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MoveLine {
    /// Its key.
    pub key: String,
    /// Mean as given.
    pub raw: Option<String>,
    /// Place by it.
    pub raw_rank: Option<u32>,
    /// Corrected.
    pub corrected: Option<String>,
    /// Place by it.
    pub rank: Option<u32>,
    /// Chance of a seat, in percent.
    pub chance: Option<u32>,
    /// True around the seat line.
    pub band: bool,
}

/// Id and first answer of each application, by its key.
pub(crate) type Titles = BTreeMap<String, (String, String)>;

/// The inputs of statistics: exactly the table that is exported.
pub(crate) fn inputs(
    session: &mut Session,
    round: Option<&str>,
) -> Result<(Programme, Inputs, Titles), Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    if let Some(round) = round
        && programme.round(round).is_none()
    {
        return Err(Failure::not_found("this round"));
    }
    let names = Names::of(session)?;
    let (table, inputs) = session.together(|acts| {
        let table = acts.scores(&programme, |member| names.handle(member))?;
        let inputs = acts.inputs(&programme, &table, round, 0)?;
        Ok((table, inputs))
    })?;
    let mut inputs = inputs?;
    let left_out = table.left_out.iter().map(|(why, n)| {
        let left_out = Warning::new("not-counted", "{count} reviews are not counted: {why}");
        left_out.with("count", *n).with("why", *why)
    });
    inputs.warnings.splice(0..0, left_out);
    let first = programme.fields.first().map(|field| field.key.as_str().to_owned());
    let titles = session.together(|acts| {
        let mut titles = BTreeMap::new();
        for (id, identity) in acts.applications()? {
            let title = first.as_ref().and_then(|key| identity.fields.get(key)).cloned().unwrap_or_default();
            titles.insert(identity.key, (id.to_string(), title));
        }
        Ok(titles)
    })?;
    Ok((programme, inputs, titles))
}

/// Calculates the order.
///
/// # Errors
/// [`Failure`].
pub fn ranking(session: &mut Session, round: Option<&str>, language: &str) -> Result<RankingView, Failure> {
    let (programme, inputs, titles) = inputs(session, round)?;
    let labels = Labels::new(&programme, language);
    let order = compute::ranking(&inputs, round)?;
    let totals: BTreeMap<String, TotalRow> =
        inputs.totals()?.rows.into_iter().map(|row| (row.application.clone(), row)).collect();
    let rows = order.rows.iter().map(|row| {
        let total = totals.get(&row.application);
        let known = titles.get(&row.application);
        RankedRow {
            application: known.map(|(id, _)| id.clone()),
            key: row.application.clone(),
            title: known.map(|(_, title)| title.clone()).unwrap_or_default(),
            rank: row.rank.map(count),
            tied_with: row.tied_with.clone(),
            tie_broken_by: row.tie_broken_by.as_deref().map(|rule| separating(rule, labels)),
            total: row.total.map(figure),
            sd: total.and_then(|total| total.sd).map(figure),
            reads: total.map_or(0, |total| count(total.n)),
            min: total.and_then(|total| total.min).map(figure),
            max: total.and_then(|total| total.max).map(figure),
            incomplete: total.is_some_and(|total| total.incomplete),
        }
    });
    let mut advice = AdviceView::from(&order.beside.advice());
    if let Some(rule) = advice.sentence.params.get_mut("rule") {
        *rule = separating(rule, labels);
    }
    Ok(RankingView {
        round: round.map(str::to_owned),
        rounds: RoundName::all(&programme, labels),
        rows: rows.collect(),
        seats: inputs.seats().map(count),
        advice,
        warnings: worth_saying(&order.warnings, labels),
    })
}

/// What separates equal totals, as people call it: `criteria` and `draw` stay words of the programme's.
fn separating(rule: &str, labels: Labels<'_>) -> String {
    match rule {
        "criteria" | "draw" => rule.to_owned(),
        key => Some(labels.criterion(key)).filter(|label| label != key).unwrap_or_else(|| labels.field(key)),
    }
}

/// Warnings as sentences, with the fields that adjust totals called as people call them.
pub(crate) fn worth_saying(warnings: &[Warning], labels: Labels<'_>) -> Vec<Sentence> {
    let said = |warning: &Warning| {
        let mut sentence = Sentence::from(warning);
        if let Some(column) = sentence.params.get_mut("column") {
            *column = labels.field(column);
        }
        sentence
    };
    warnings.iter().map(said).collect()
}

/// Where one application stands in the order, for its printed page.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RankView {
    /// Its row in the order.
    pub row: RankedRow,
    /// Of how many with a place.
    pub of: u32,
    /// How many seats there are.
    pub seats: Option<u32>,
}

/// Calculates where one application stands; none where it has no total.
///
/// # Errors
/// [`Failure`].
pub fn rank(session: &mut Session, application: &str, language: &str) -> Result<Option<RankView>, Failure> {
    let order = ranking(session, None, language)?;
    let of = count(order.rows.iter().filter(|row| row.rank.is_some()).count());
    let row = order.rows.into_iter().find(|row| row.application.as_deref() == Some(application));
    Ok(row.filter(|row| row.rank.is_some()).map(|row| RankView { row, of, seats: order.seats }))
}

/// Calculates how far readers agree.
///
/// # Errors
/// [`Failure`].
pub fn agreement(
    session: &mut Session,
    round: Option<&str>,
    language: &str,
) -> Result<AgreementView, Failure> {
    let (programme, inputs, _) = inputs(session, round)?;
    let labels = Labels::new(&programme, language);
    let found = compute::agreement(&inputs, round)?;
    let line = |row: &AgreementRow| AgreementLine {
        criterion: row.criterion.clone(),
        label: labels.criterion(&row.criterion),
        metric: serde_json::to_value(row.metric)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default(),
        alpha: row.alpha.map(figure),
        low: row.low.map(figure),
        high: row.high.map(figure),
        units: count(row.units),
        sentence: (&row.advice.sentence).into(),
    };
    Ok(AgreementView { rows: found.rows.iter().map(line).collect(), advice: (&found.beside).into() })
}

/// Collects what it takes to calculate how severe readers are, and whether a correction helps. `stop` ends the calculation.
///
/// # Errors
/// [`Failure`].
pub fn severity(
    session: &mut Session,
    round: Option<&str>,
    stop: Arc<AtomicBool>,
) -> Result<Calculation, Failure> {
    let (_, inputs, _) = inputs(session, round)?;
    Ok(Calculation { inputs, round: round.map(str::to_owned), stop })
}

/// A calculation that needs the home no longer: it runs while other work goes on.
#[derive(Debug)]
pub struct Calculation {
    inputs: Inputs,
    round: Option<String>,
    stop: Arc<AtomicBool>,
}

impl Calculation {
    /// Calculates. Takes seconds on many reads.
    ///
    /// # Errors
    /// [`Failure`]; `stopped` where somebody had enough.
    pub fn severity(&self) -> Result<SeverityView, Failure> {
        let found = compute::calibration_unless(&self.inputs, self.round.as_deref(), false, &self.stop)?;
        let found = found.ok_or_else(|| Failure::new("stopped", "the calculation was stopped"))?;
        let light = serde_json::to_value(found.beside.light).ok();
        let moves = |row: &CalibrationRow| MoveLine {
            key: row.application.clone(),
            raw: row.raw.map(figure),
            raw_rank: row.raw_rank.map(count),
            corrected: row.calibrated.map(figure),
            rank: row.rank.map(count),
            chance: row.p_seat.map(percent),
            band: row.band == Some(true),
        };
        let mut readers: Vec<_> = found.beside.reviewers.iter().collect();
        readers
            .sort_by(|one, other| one.effect.partial_cmp(&other.effect).unwrap_or(std::cmp::Ordering::Equal));
        let readers = readers.into_iter().map(|row| SeverityLine {
            reader: row.reviewer.clone(),
            reads: count(row.n),
            effect: row.effect.map(figure),
            sd: row.sd.map(figure),
        });
        Ok(SeverityView {
            light: light.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default(),
            recall_raw: found.beside.recall_raw.map(figure),
            recall_corrected: found.beside.recall_model.map(figure),
            withheld: found.beside.withheld,
            readers: readers.collect(),
            moves: found.rows.iter().map(moves).collect(),
            advice: (&found.beside.advice).into(),
            warnings: found.warnings.iter().map(Sentence::from).collect(),
        })
    }
}

/// A chance or a share in whole percent.
pub(crate) fn percent(chance: f64) -> u32 {
    (0..=100).rev().find(|percent| f64::from(*percent) <= chance * 100.0 + 0.5).unwrap_or(0)
}
