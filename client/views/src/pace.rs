//! Whether the dates of open rounds hold at the pace of the last weeks, and on what that rests.

use serde::Serialize;
use specta::Type;
use tessera_driver::pace;
use tessera_driver::session::Session;

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::tasks;
use crate::words::{AdviceView, Labels, Sentence, count};

/// How a round comes on.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PaceView {
    /// The round's key.
    pub round: String,
    /// What it is called.
    pub label: String,
    /// Reads that are still to come.
    pub remaining: u32,
    /// Whether the date holds: `yes`, `tight`, `no`, `not-known`, `passed`, `no-date` or `done`.
    pub holds: String,
    /// Reads of each whole week, the latest first.
    pub weeks: Vec<u32>,
    /// The date.
    pub closes_ms: Option<u64>,
    /// When the last read would come at the average pace; none where that is not known, or never.
    pub done_ms: Option<u64>,
    /// What it says, and what to do.
    pub advice: AdviceView,
    /// On what it rests.
    pub rests_on: Sentence,
}

/// Reckons at a moment, for each round that is not closed and of which something is read or to be read.
///
/// # Errors
/// [`Failure`].
pub fn pace(session: &mut Session, now_ms: u64, language: &str) -> Result<Vec<PaceView>, Failure> {
    must_coordinate(session)?;
    let Some(programme) = tasks::programme_or_none(session)? else { return Ok(Vec::new()) };
    let labels = Labels::new(&programme, language);
    let rows = pace::pace(session, &programme, now_ms)?.into_iter().map(|one| PaceView {
        label: labels.round(&one.round),
        remaining: count(one.remaining),
        holds: one.pace.holds.word().to_owned(),
        weeks: one.pace.weeks.iter().map(|week| count(*week)).collect(),
        closes_ms: one.closes_ms,
        done_ms: one.pace.done_ms,
        advice: (&one.pace.advice()).into(),
        rests_on: (&one.pace.rests_on()).into(),
        round: one.round,
    });
    Ok(rows.collect())
}
