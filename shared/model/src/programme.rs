//! A programme's definition: a TOML file that a person can write, parsed, bounded, checked, and written as one canonical
//! JSON that can be stored and hashed. Not a document that merges: publishing freezes it.
//!
//! Reading has two steps. [`Programme::parse`] takes any definition whose parts are sound, also one that is only
//! `[scale]`, `[[criterion]]`, `[scoring]` and `[seats]`, which is all that arithmetic needs
//! ([`crate::policy::Policy::of`]). [`Programme::check`] then names everything that must be there, or decided by a
//! person, before a programme can run.

mod bounds;
pub mod calendar;
mod canonical;
mod check;
mod error;
pub mod form;
pub mod scoring;
pub mod seats;
pub mod words;

use serde::{Deserialize, Serialize};

use self::calendar::{Call, Retention, Round};
use self::form::{Attachment, Exception, Field, Gate};
use self::scoring::{Criterion, Scale, Scoring};
use self::seats::{Decision, Seats, Waitlist};
use self::words::{Key, Text};

pub use self::bounds::MAX_DEFINITION_BYTES;
pub use self::check::{Finding, FindingCode};
pub use self::error::{ProgrammeError, ProgrammeErrorCode};

/// A programme as its definition says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Programme {
    /// Name.
    pub name: Option<Text>,
    /// What it is about, for applicants and reviewers.
    pub summary: Option<Text>,
    /// Who runs it.
    pub organiser: Option<Text>,
    /// Languages of the programme, the first one for plain texts (BCP 47 tags).
    pub languages: Vec<Key>,
    /// IANA zone of every local time that names no other.
    pub time_zone: Option<String>,
    /// Whether it is a demonstration: shown on every screen, and key files may be cheap to open.
    pub demo: bool,
    /// When and how applications are taken.
    pub call: Option<Call>,
    /// The scale of scores.
    pub scale: Option<Scale>,
    /// Criteria, in the order people see.
    #[serde(rename = "criterion")]
    pub criteria: Vec<Criterion>,
    /// How scores become totals.
    pub scoring: Option<Scoring>,
    /// Seats and quotas.
    pub seats: Option<Seats>,
    /// Who waits.
    pub waitlist: Option<Waitlist>,
    /// Conditions.
    #[serde(rename = "gate")]
    pub gates: Vec<Gate>,
    /// The route around conditions.
    pub exception: Option<Exception>,
    /// The form.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
    /// Files asked for.
    #[serde(rename = "attachment")]
    pub attachments: Vec<Attachment>,
    /// Rounds, in time order.
    #[serde(rename = "round")]
    pub rounds: Vec<Round>,
    /// How long data is kept.
    pub retention: Option<Retention>,
    /// What the call left open and what was decided.
    #[serde(rename = "decision")]
    pub decisions: Vec<Decision>,
}

impl Programme {
    /// Reads a definition, at most [`MAX_DEFINITION_BYTES`] long.
    ///
    /// # Errors
    /// [`ProgrammeError`] with line and column where the text is too long, no TOML, has an unknown key or a value of the
    /// wrong kind, or contradicts itself.
    pub fn parse(text: &str) -> Result<Self, ProgrammeError> {
        if text.len() > MAX_DEFINITION_BYTES {
            return Err(ProgrammeError::too_large());
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let programme: Self = toml::from_str(text).map_err(|e| ProgrammeError::from_toml(text, &e))?;
        programme.sound().map_err(|problem| problem.located_in(text))?;
        Ok(programme)
    }

    /// Returns the criteria that reviewers score, in order.
    pub fn scored(&self) -> impl Iterator<Item = &Criterion> {
        self.criteria.iter().filter(|c| c.is_scored())
    }

    /// Returns the criterion of that key.
    pub fn criterion(&self, key: &str) -> Option<&Criterion> {
        self.criteria.iter().find(|c| c.key.as_str() == key)
    }

    /// Returns the gate of that key.
    pub fn gate(&self, key: &str) -> Option<&Gate> {
        self.gates.iter().find(|g| g.key.as_str() == key)
    }

    /// Returns the round of that key.
    pub fn round(&self, key: &str) -> Option<&Round> {
        self.rounds.iter().find(|r| r.key.as_str() == key)
    }

    /// Returns the zone of a round: its own, else the programme's.
    pub fn zone_of<'a>(&'a self, round: &'a Round) -> Option<&'a str> {
        round.time_zone.as_deref().or(self.time_zone.as_deref())
    }

    /// Returns the fields of the conflict card, in order.
    pub fn card(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|f| f.card)
    }
}

#[cfg(test)]
mod tests;
