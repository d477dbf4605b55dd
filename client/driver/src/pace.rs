//! Whether the dates of open rounds hold: when reads came is the engine's, the reckoning the model's, the moment the caller's.

use tessera_engine::programme::round as round_of;
use tessera_model::pace::{Known, Pace};
use tessera_model::programme::Programme;
use tessera_model::programme::calendar::Round;

use crate::session::{Session, SessionError};

/// How a round comes on.
#[derive(Debug, Clone)]
pub struct RoundPace {
    /// The round's key.
    pub round: String,
    /// Reads that are still to come.
    pub remaining: usize,
    /// The date, in milliseconds since 1970.
    pub closes_ms: Option<u64>,
    /// What follows.
    pub pace: Pace,
}

/// Reckons at a moment, for each round that is not closed and of which something is read or to be read.
///
/// # Errors
/// [`SessionError`].
pub fn pace(
    session: &mut Session,
    programme: &Programme,
    now_ms: u64,
) -> Result<Vec<RoundPace>, SessionError> {
    let (mut times, heard_ms) = session.together(|acts| Ok((acts.read_times()?, acts.heard_ms()?)))?;
    let closed = &session.engine().permission().closes;
    let open = programme.rounds.iter().filter(|round| !closed.contains_key(&round_of(round.key.as_str())));
    let rows = open.filter_map(|round| {
        let times = times.remove(&round_of(round.key.as_str()))?;
        let closes_ms = closes_ms(programme, round);
        let known = Known {
            remaining: times.left,
            came_ms: &times.came_ms,
            untimed: times.untimed,
            closes_ms,
            heard_ms,
        };
        let pace = Pace::at(now_ms, &known);
        Some(RoundPace { round: round.key.to_string(), remaining: times.left, closes_ms, pace })
    });
    Ok(rows.collect())
}

fn closes_ms(programme: &Programme, round: &Round) -> Option<u64> {
    let instant = round.closes?.instant(programme.zone_of(round)?).ok()?;
    u64::try_from(instant.as_millisecond()).ok()
}
