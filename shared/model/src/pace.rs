//! Whether a round's date holds at the pace of the last weeks: how many reads remain, how many came in each week, when the last would
//! come. Not a clock and not a promise: what time it is, and when reads came, are given.
//!
//! Weeks are counted backwards from the last exchange, at most [`WEEKS`] of them, and only whole ones since the first read came. A
//! read counts on the day on which a relay received it, not on the day on which it was written: whoever reads without a network sends
//! many at once. Therefore no spread is calculated from single reads; the slowest of the weeks says how bad it can be. Where fewer
//! than [`FEWEST`] reads have a known time, or no whole week has passed, nothing is said.

use crate::sentence::{Advice, Saying};

/// Weeks that are looked back on, at most.
pub const WEEKS: u64 = 3;
/// Reads with a known time that an estimate needs.
pub const FEWEST: usize = 5;
/// A week, in milliseconds.
pub const WEEK_MS: u64 = 7 * 24 * 3600 * 1000;

/// What is known of a round's reads. Times are in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Reads that are still to come.
    pub remaining: usize,
    /// When a relay received each read that came, where that is known; in any order.
    pub came_ms: &'a [u64],
    /// Reads that came and of which that is not known.
    pub untimed: usize,
    /// The round's date.
    pub closes_ms: Option<u64>,
    /// The last exchange: what was sent since is not here.
    pub heard_ms: Option<u64>,
}

/// Whether the date holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Nothing remains.
    Done,
    /// The definition names no date.
    NoDate,
    /// The date is over.
    Passed,
    /// Too little is known.
    NotKnown,
    /// Even at the pace of the slowest week.
    Yes,
    /// On average, but not at the pace of the slowest week.
    Tight,
    /// Not at the average pace.
    No,
}

impl Holds {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NoDate => "no-date",
            Self::Passed => "passed",
            Self::NotKnown => "not-known",
            Self::Yes => "yes",
            Self::Tight => "tight",
            Self::No => "no",
        }
    }
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Whether the date holds.
    pub holds: Holds,
    /// Reads of each whole week, the latest first.
    pub weeks: Vec<usize>,
    /// When the last read would come at the average pace; none where that is not known or never.
    pub done_ms: Option<u64>,
    remaining: usize,
    timed: usize,
    untimed: usize,
}

impl Pace {
    /// Reckons at a moment.
    #[must_use]
    pub fn at(now_ms: u64, known: &Known<'_>) -> Self {
        let Known { remaining, came_ms, untimed, closes_ms, heard_ms } = *known;
        let weeks = weeks(now_ms, came_ms, heard_ms);
        let lasts = |reads: usize, in_weeks: usize| -> Option<u64> {
            let (reads, in_weeks) = (u64::try_from(reads).ok()?, u64::try_from(in_weeks).ok()?);
            let span = in_weeks.saturating_mul(WEEK_MS).saturating_mul(u64::try_from(remaining).ok()?);
            span.checked_div(reads)
        };
        let enough = came_ms.len() >= FEWEST && !weeks.is_empty();
        let on_average = lasts(weeks.iter().sum(), weeks.len()).filter(|_| enough);
        let at_slowest = weeks.iter().min().and_then(|slowest| lasts(*slowest, 1));
        let in_time =
            |lasts: Option<u64>, closes: u64| lasts.is_some_and(|ms| now_ms.saturating_add(ms) <= closes);
        let holds = match closes_ms {
            _ if remaining == 0 => Holds::Done,
            None => Holds::NoDate,
            Some(closes) if closes < now_ms => Holds::Passed,
            Some(_) if !enough => Holds::NotKnown,
            Some(closes) if in_time(at_slowest, closes) => Holds::Yes,
            Some(closes) if in_time(on_average, closes) => Holds::Tight,
            Some(_) => Holds::No,
        };
        let done_ms = on_average.filter(|_| remaining > 0).map(|ms| now_ms.saturating_add(ms));
        Self { holds, weeks, done_ms, remaining, timed: came_ms.len(), untimed }
    }

    /// What it says, and what to do.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let saying = |code, template| {
            let slowest = self.weeks.iter().min().copied().unwrap_or_default();
            let average = self.weeks.iter().sum::<usize>().checked_div(self.weeks.len()).unwrap_or_default();
            Saying::new(code, template)
                .with("remaining", self.remaining)
                .with("week", average)
                .with("weeks", self.weeks.len())
                .with("slowest", slowest)
                .with("timed", self.timed)
                .with("fewest", FEWEST)
        };
        let (sentence, act) = match self.holds {
            Holds::Done => (
                saying("pace-done", "Every read of this round has come."),
                Saying::new(
                    "pace-done-act",
                    "Nothing to do: settle what readers differ about, or close the round.",
                ),
            ),
            Holds::NoDate => (
                saying(
                    "pace-no-date",
                    "{remaining} reads remain, and the programme names no date for the round.",
                ),
                Saying::new("pace-no-date-act", "Name a date in the programme, so that readers know it too."),
            ),
            Holds::Passed => (
                saying("pace-passed", "The date is over, and {remaining} reads have not come."),
                Saying::new("pace-passed-act", "Remind who is behind, or close the round with what is here."),
            ),
            Holds::NotKnown => (
                saying(
                    "pace-not-known",
                    "{remaining} reads remain. Whether the date holds is not known: of {timed} reads it is known when they \
                     came, over {weeks} whole weeks; it takes {fewest} reads and one week.",
                ),
                Saying::new("pace-not-known-act", "Exchange with the relay, and look again in a week."),
            ),
            Holds::Yes => (
                saying(
                    "pace-yes",
                    "{remaining} reads remain. The date holds: about {week} come in a week, and it would hold with the \
                     {slowest} of the slowest of the last {weeks} weeks.",
                ),
                Saying::new("pace-yes-act", "Nothing to do: look again in a week."),
            ),
            Holds::Tight => (
                saying(
                    "pace-tight",
                    "{remaining} reads remain. The date holds at about {week} a week, but not at the {slowest} of the \
                     slowest of the last {weeks} weeks.",
                ),
                Saying::new("pace-tight-act", "Remind who is behind now: one slow week is one too many."),
            ),
            Holds::No => (
                saying(
                    "pace-no",
                    "{remaining} reads remain. The date does not hold: about {week} come in a week, counted over the last \
                     {weeks} weeks.",
                ),
                Saying::new(
                    "pace-no-act",
                    "Remind who is behind, give reads to others, ask for fewer, or move the date.",
                ),
            ),
        };
        Advice { sentence, act }
    }

    /// On what it rests.
    #[must_use]
    pub fn rests_on(&self) -> Saying {
        Saying::new(
            "pace-rests-on",
            "It rests on the day on which a relay received {timed} reads, not on when they were written; of {untimed} reads no \
             such day is known. Whoever reads without a network sends many at once.",
        )
        .with("timed", self.timed)
        .with("untimed", self.untimed)
    }
}

/// Reads of each whole week since the first, counted backwards from the last exchange.
fn weeks(now_ms: u64, came_ms: &[u64], heard_ms: Option<u64>) -> Vec<usize> {
    let (Some(first), Some(newest)) = (came_ms.iter().min(), came_ms.iter().max()) else { return Vec::new() };
    // A clock here that is behind the relay's makes no read one of the future.
    let until = heard_ms.unwrap_or(*newest).min(now_ms).max(*newest);
    let whole = until.saturating_sub(*first).checked_div(WEEK_MS).unwrap_or_default().min(WEEKS);
    let in_week = |week: u64| {
        let of = |came: &&u64| until.saturating_sub(**came).checked_div(WEEK_MS) == Some(week);
        came_ms.iter().filter(of).count()
    };
    (0..whole).map(in_week).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = WEEK_MS / 7;
    const NOW: u64 = 1_000 * DAY;

    /// Reads so many days ago, with a date in so many days.
    fn pace(remaining: usize, days_ago: &[u64], closes_in: Option<u64>) -> Pace {
        let came: Vec<u64> = days_ago.iter().map(|days| NOW - days * DAY).collect();
        let closes_ms = closes_in.map(|days| NOW + days * DAY);
        Pace::at(NOW, &Known { remaining, came_ms: &came, closes_ms, heard_ms: Some(NOW), untimed: 0 })
    }

    #[test]
    fn the_slowest_week_decides_whether_the_date_is_safe() {
        // Two weeks and a day: six in the latest week, two in the one before.
        let came = [15, 10, 9, 6, 5, 4, 3, 2, 1];
        let check = |remaining, closes_in, holds: Holds| {
            let found = pace(remaining, &came, Some(closes_in));
            assert_eq!(
                (found.holds, found.weeks.as_slice()),
                (holds, &[6, 2][..]),
                "{remaining} in {closes_in}"
            );
        };
        check(4, 14, Holds::Yes);
        check(5, 14, Holds::Tight);
        check(8, 14, Holds::Tight);
        check(9, 14, Holds::No);
        assert_eq!(pace(8, &came, Some(14)).done_ms, Some(NOW + 14 * DAY));
        check(0, 14, Holds::Done);
    }

    #[test]
    fn too_little_is_said_to_be_too_little() {
        assert_eq!(pace(9, &[], Some(9)).holds, Holds::NotKnown);
        assert_eq!(pace(9, &[20, 9, 3, 1], Some(9)).holds, Holds::NotKnown, "four reads");
        assert_eq!(pace(9, &[6, 5, 4, 3, 2], Some(9)).holds, Holds::NotKnown, "no whole week");
        assert_eq!(pace(9, &[20, 9, 3, 1], Some(9)).done_ms, None);
        assert_eq!(pace(9, &[8, 5, 4, 3, 2], None).holds, Holds::NoDate);
        let passed = Pace::at(NOW, &Known { remaining: 1, closes_ms: Some(NOW - 1), ..Known::default() });
        assert_eq!(passed.holds, Holds::Passed);
    }

    #[test]
    fn where_nothing_came_for_weeks_no_day_is_named() {
        let found = pace(3, &[60, 59, 58, 57, 56], Some(100));
        assert_eq!((found.holds, found.done_ms, found.weeks.as_slice()), (Holds::No, None, &[0, 0, 0][..]));
    }

    #[test]
    fn weeks_end_with_the_last_exchange() {
        let came: Vec<u64> = [22, 21, 20, 19, 18].iter().map(|days| NOW - days * DAY).collect();
        let heard = |days_ago: u64| Known {
            remaining: 5,
            came_ms: &came,
            closes_ms: Some(NOW + 30 * DAY),
            heard_ms: Some(NOW - days_ago * DAY),
            untimed: 0,
        };
        assert_eq!(Pace::at(NOW, &heard(0)).weeks, [0, 0, 3]);
        assert_eq!(
            Pace::at(NOW, &heard(15)).weeks,
            [4],
            "what was sent since is not here, and no week of nothing"
        );
    }

    #[test]
    fn every_answer_has_its_sentence() {
        let text = pace(9, &[15, 10, 9, 6, 5, 4, 3, 2, 1], Some(14)).advice().sentence.text();
        assert_eq!(
            text,
            "9 reads remain. The date does not hold: about 4 come in a week, counted over the last 2 weeks."
        );
        assert_eq!(pace(1, &[], None).advice().act.code(), "pace-no-date-act");
    }
}
