//! Of which groups applications are, stage by stage, for the table of shares ([`tessera_model::shares`]). What an application can be
//! grouped by follows from the definition: every field in which one answer is chosen, the short answers of the conflict card and
//! those that quotas count; and from the application itself: by which way it came, and whether by the exception.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::documents::Identity;
use tessera_model::documents::form::Route;
use tessera_model::programme::Programme;
use tessera_model::programme::form::{Field, FieldKind};
use tessera_protocol::ids::RoundId;

use crate::engine::Acts;
use crate::error::EngineError;
use crate::programme::round;
use crate::progress::{Progress, Readings};

/// The group of those who did not answer.
pub const UNANSWERED: &str = "";
/// The group of those whom a coordinator typed in, whatever way they took.
pub const ON_BEHALF: &str = "on-behalf";
/// The group of those who asked for the exception.
pub const EXCEPTION: &str = "exception";
/// The group of those who did not.
pub const CONDITIONS: &str = "conditions";

/// By what applications are grouped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The answer to a field.
    Field(String),
    /// The way it came in.
    Route,
    /// Whether the exception was asked for.
    Exception,
}

impl By {
    /// The word for it: a field's key with `field:` before it, so that no field is taken for another thing.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Field(key) => format!("field:{key}"),
            Self::Route => "route".to_owned(),
            Self::Exception => "exception".to_owned(),
        }
    }

    /// Everything that a programme's applications can be grouped by, in the order of the form.
    #[must_use]
    pub fn all(programme: &Programme) -> Vec<Self> {
        let counted = |field: &Field| {
            let quotas = programme.seats.iter().flat_map(|seats| &seats.quotas);
            match field.kind {
                FieldKind::Choice => !field.many,
                FieldKind::Text => field.card || quotas.into_iter().any(|quota| quota.field == field.key),
                _ => false,
            }
        };
        let fields = programme.fields.iter().filter(|field| counted(field));
        let mut all: Vec<Self> = fields.map(|field| Self::Field(field.key.to_string())).collect();
        all.push(Self::Route);
        all.extend(programme.exception.as_ref().map(|_| Self::Exception));
        all
    }
}

/// A stage that an application reaches on its way to a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// It came in.
    Received,
    /// Every condition is met or lifted, or it is read already.
    Eligible,
    /// Somebody is to read it.
    Assigned,
    /// Everybody who was to has read it.
    Read,
    /// It is in a later round than the first.
    Shortlisted,
    /// It would have a seat.
    Selected,
}

impl Reached {
    /// Every stage, the first one first.
    pub const ALL: [Self; 6] =
        [Self::Received, Self::Eligible, Self::Assigned, Self::Read, Self::Shortlisted, Self::Selected];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Eligible => "eligible",
            Self::Assigned => "assigned",
            Self::Read => "read",
            Self::Shortlisted => "shortlisted",
            Self::Selected => "selected",
        }
    }

    fn of(programme: &Programme, progress: Progress, readings: &Readings, selected: bool) -> Self {
        let later = |at: &RoundId| programme.rounds.iter().skip(1).any(|one| round(one.key.as_str()) == *at);
        match progress {
            Progress::Received | Progress::Contested | Progress::Ineligible | Progress::Withdrawn => {
                Self::Received
            }
            _ if selected => Self::Selected,
            _ if readings.assigned_in.iter().any(later) => Self::Shortlisted,
            Progress::Eligible => Self::Eligible,
            Progress::Assigned => Self::Assigned,
            Progress::Read | Progress::Moderated => Self::Read,
        }
    }
}

/// One application of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouped {
    /// How far it came.
    pub reached: Reached,
    /// Its group, by what it is grouped.
    pub groups: BTreeMap<By, String>,
}

impl Acts<'_> {
    /// Groups every application. `selected` names, by key, those who would have a seat.
    ///
    /// # Errors
    /// [`EngineError::NotPermitted`] where this home is not a coordinator's.
    pub fn grouped(
        &mut self,
        programme: &Programme,
        selected: &BTreeSet<String>,
    ) -> Result<Vec<Grouped>, EngineError> {
        self.must_coordinate()?;
        let all = By::all(programme);
        let reviews = self.tallies()?;
        let mut readings = self.readings(&reviews)?;
        let withdrawn = self.withdrawn()?;
        // What people write differently and mean the same: as the first of them wrote it.
        let mut written: BTreeMap<(&String, String), String> = BTreeMap::new();
        let mut grouped = Vec::new();
        for (id, identity) in self.applications()? {
            let readings = readings.remove(&id).unwrap_or_default();
            let judged = self.eligibility(programme, id)?;
            let progress = readings.progress(programme, withdrawn.contains(&id), &judged.outcome);
            let seat = selected.contains(&identity.key);
            let asked = judged.read.value.exception_asked.is_some() || judged.asked_by.is_some();
            let answers = self.answers(programme, id)?;
            let mut groups = BTreeMap::new();
            for by in &all {
                let group = match by {
                    By::Field(key) => {
                        let answer = answers.get(key).map(|answer| tidy(answer)).unwrap_or_default();
                        written.entry((key, answer.to_lowercase())).or_insert(answer).clone()
                    }
                    By::Route => way(&identity).to_owned(),
                    By::Exception => if asked { EXCEPTION } else { CONDITIONS }.to_owned(),
                };
                groups.insert(by.clone(), group);
            }
            grouped.push(Grouped { reached: Reached::of(programme, progress, &readings, seat), groups });
        }
        Ok(grouped)
    }
}

/// An answer without what is blank around and twice within it.
fn tidy(answer: &str) -> String {
    answer.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn way(identity: &Identity) -> &'static str {
    if identity.on_behalf { ON_BEHALF } else { identity.route.unwrap_or(Route::Import).as_str() }
}
