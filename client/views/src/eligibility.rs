//! The eligibility desk: every application with what was decided on each condition, and which of them want something. Rows are read
//! with the board's and filtered many times. Not giving a verdict ([`crate::application`]), and not a table of them
//! ([`crate::verdicts`]).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::session::Session;
use tessera_engine::eligibility::{Judged, outcome_word};
use tessera_model::documents::Verdict;
use tessera_model::programme::Programme;
use tessera_model::programme::form::Gate;

use crate::board::{AppStage, PAGE, Searched, Whole, must_coordinate, words};
use crate::failure::Failure;
use crate::tasks;
use crate::words::{Labels, count};

/// What stands at a condition on which nobody decided.
pub(crate) const NONE: &str = "none";
/// What stands where two contradict one another.
pub(crate) const CONTESTED: &str = "contested";

/// What a condition, or the exception, wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Wanting {
    /// No verdict was given yet.
    Unchecked,
    /// It is decided later.
    Open,
    /// It is not met.
    NotMet,
    /// Two verdicts contradict one another.
    Contested,
    /// The exception is asked for, and nobody decided.
    Exception,
}

impl Wanting {
    const ALL: [Self; 5] = [Self::Unchecked, Self::Open, Self::NotMet, Self::Contested, Self::Exception];

    /// What stands at a condition that wants this; none of the exception.
    fn word(self) -> Option<&'static str> {
        match self {
            Self::Unchecked => Some(NONE),
            Self::Open => Some(Verdict::Open.as_str()),
            Self::NotMet => Some(Verdict::NotMet.as_str()),
            Self::Contested => Some(CONTESTED),
            Self::Exception => None,
        }
    }
}

/// What the desk is about.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EligibilityView {
    /// The conditions, in the programme's order.
    pub conditions: Vec<ConditionView>,
    /// True where the programme has an exception.
    pub exception: bool,
    /// All applications.
    pub total: u32,
}

/// A condition.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConditionView {
    /// Its key.
    pub gate: String,
    /// What is asked.
    pub question: String,
    /// What proves it.
    pub evidence: Option<String>,
}

/// Which applications are wanted.
#[derive(Debug, Clone, Default, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EligibilityQuery {
    /// Words that key or title hold; all of them.
    pub text: String,
    /// Only those that want this…
    pub wanting: Option<Wanting>,
    /// …at this condition; at any of them where none is said.
    pub gate: Option<String>,
    /// These too, whatever they want: who works through a list does not lose a row by a verdict.
    pub keep: Vec<String>,
    /// From which row on.
    pub offset: u32,
    /// How many rows.
    pub limit: u32,
}

/// Some rows of all that fit.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EligibilityPage {
    /// How many fit.
    pub total: u32,
    /// How many of those with the words want what; withdrawn ones want nothing.
    pub counts: Vec<WantingCount>,
    /// The rows, by key.
    pub rows: Vec<EligibilityRow>,
}

/// How many want something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WantingCount {
    /// What.
    pub wanting: Wanting,
    /// How many.
    pub count: u32,
}

/// An application and what was decided on its conditions.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EligibilityRow {
    /// Its id.
    pub application: String,
    /// Its key of the import.
    pub key: String,
    /// The first answer of the form: usually the name.
    pub title: String,
    /// What follows from the verdicts: `eligible`, `by-exception`, `not-eligible`, `undecided`, `contested`.
    pub outcome: String,
    /// True where it was withdrawn.
    pub withdrawn: bool,
    /// By condition: `met`, `not-met`, `open`, `contested`, `none`.
    pub verdicts: BTreeMap<String, String>,
    /// The exception, where it is asked for: `asked`, `granted`, `refused`, `contested`.
    pub exception: Option<String>,
}

/// What was decided on an application's conditions, in words.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Checked {
    outcome: String,
    verdicts: BTreeMap<String, String>,
    exception: Option<String>,
}

impl Checked {
    pub(crate) fn of(programme: &Programme, judged: &Judged) -> Self {
        let verdict = |gate: &Gate| {
            let key = gate.key.to_string();
            let word = match judged.read.value.gates.get(&key) {
                Some(decided) => decided.verdict.as_str(),
                None if judged.read.is_contested(&format!("verdicts/{key}")) => CONTESTED,
                None => NONE,
            };
            (key, word.to_owned())
        };
        Self {
            outcome: outcome_word(&judged.outcome).to_owned(),
            verdicts: programme.gates.iter().map(verdict).collect(),
            exception: exception(judged).map(str::to_owned),
        }
    }

    fn wants(&self, wanting: Wanting, gate: Option<&str>) -> bool {
        let Some(word) = wanting.word() else {
            return self.exception.as_deref().is_some_and(|word| word == ASKED || word == CONTESTED);
        };
        match gate {
            Some(gate) => self.verdicts.get(gate).is_some_and(|stands| stands == word),
            None => self.verdicts.values().any(|stands| stands == word),
        }
    }
}

/// How an exception stands that is asked for.
const ASKED: &str = "asked";

fn exception(judged: &Judged) -> Option<&'static str> {
    if judged.read.is_contested("exception-asked") || judged.read.is_contested("exception-granted") {
        return Some(CONTESTED);
    }
    judged.read.value.exception_asked.as_ref()?;
    Some(match judged.read.value.exception_granted {
        None => ASKED,
        Some(true) => "granted",
        Some(false) => "refused",
    })
}

/// Reads what the desk is about.
///
/// # Errors
/// [`Failure`].
pub fn eligibility(session: &mut Session, whole: &Whole, language: &str) -> Result<EligibilityView, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme_or_none(session)?;
    let conditions = programme.as_ref().map(|programme| {
        let labels = Labels::new(programme, language);
        let gates = programme.gates.iter().map(|gate| ConditionView {
            gate: gate.key.to_string(),
            question: labels.said(&gate.question),
            evidence: labels.maybe(gate.evidence.as_ref()),
        });
        gates.collect()
    });
    Ok(EligibilityView {
        conditions: conditions.unwrap_or_default(),
        exception: programme.is_some_and(|programme| programme.exception.is_some()),
        total: count(whole.rows.len()),
    })
}

/// Filters and cuts rows.
#[must_use]
pub fn page(rows: &[Searched], query: &EligibilityQuery) -> EligibilityPage {
    let words = words(&query.text);
    let keep: BTreeSet<&str> = query.keep.iter().map(String::as_str).collect();
    let wants = |one: &Searched, wanting: Wanting| {
        one.row.stage != AppStage::Withdrawn && one.checked.wants(wanting, query.gate.as_deref())
    };
    let named: Vec<&Searched> = rows.iter().filter(|one| one.holds(&words)).collect();
    let fits = |one: &&Searched| {
        query.wanting.is_none_or(|wanting| wants(one, wanting)) || keep.contains(one.row.application.as_str())
    };
    let found: Vec<&Searched> = named.iter().copied().filter(fits).collect();
    let counts = Wanting::ALL.map(|wanting| WantingCount {
        wanting,
        count: count(named.iter().filter(|one| wants(one, wanting)).count()),
    });
    let from = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let most = usize::try_from(query.limit.min(PAGE)).unwrap_or(usize::MAX);
    EligibilityPage {
        total: count(found.len()),
        counts: counts.to_vec(),
        rows: found.into_iter().skip(from).take(most).map(row).collect(),
    }
}

fn row(one: &Searched) -> EligibilityRow {
    let Checked { outcome, verdicts, exception } = one.checked.clone();
    EligibilityRow {
        application: one.row.application.clone(),
        key: one.row.key.clone(),
        title: one.row.title.clone(),
        outcome,
        withdrawn: one.row.stage == AppStage::Withdrawn,
        verdicts,
        exception,
    }
}
