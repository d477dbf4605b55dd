//! Who gets one more reader: a round may ask few readers of every application first, and further ones, one at a time, only where
//! these differ or the application lies near the line of seats. Not who that reader is, and not whether somebody is asked at all:
//! a coordinator publishes it as any assignment.
//!
//! The reasons are those of [`crate::moderation`], by the round's own limits; the exception route is none of them. An application
//! is asked for where
//! - as many reviews of it count as read first, and fewer than the most;
//! - nobody who was asked is still to read it;
//! - no verdict settled it;
//! - one of the reasons holds on the scores that count, or a verdict asks for another reader.
//!
//! So an application with the most readers is never asked for, and no application twice before its reader has read it. A further
//! reader is added to the others and replaces none of them.

use std::collections::BTreeMap;

use crate::moderation::{Limits, ModerationRow, Reason, WIDE, Wanted};
use crate::programme::calendar::Round;
use crate::sentence::Saying;

/// What a round says of further readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Readers of every application.
    pub first: usize,
    /// The most readers of one.
    pub most: usize,
    /// From where on readers differ, and what is near the line of seats.
    pub limits: Limits,
}

/// What is known of an application beside its scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Readers who were asked, may read it, and of whom no review counts.
    pub unread: usize,
    /// What a coordinator's verdict on these scores makes of it.
    pub verdict: Verdict,
}

/// A verdict on the scores that count, as far as it matters to readers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// None stands.
    #[default]
    None,
    /// Nothing is left to do.
    Settled,
    /// Somebody else should read it.
    AnotherReader,
}

/// An application that gets one more reader.
#[derive(Clone, Debug, PartialEq)]
pub struct Needed {
    /// Its key.
    pub application: String,
    /// Its place; none without a total.
    pub rank: Option<usize>,
    /// Reviews of it that count.
    pub reads: usize,
    /// The most readers that it may get.
    pub most: usize,
    /// Why, one reason at least unless a verdict asks for it.
    pub reasons: Vec<Reason>,
    /// True where a verdict asks for another reader.
    pub by_verdict: bool,
}

impl Needed {
    /// Says why, in sentences: each a code with its figures.
    #[must_use]
    pub fn sayings(&self) -> Vec<Saying> {
        self.verdict().into_iter().chain(self.reasons.iter().map(Reason::saying)).collect()
    }

    /// Says that a verdict asks for it, where one does.
    #[must_use]
    pub fn verdict(&self) -> Option<Saying> {
        let asks = || Saying::new("further-by-verdict", "A verdict on its reviews asks for another reader.");
        self.by_verdict.then(asks)
    }
}

impl Rule {
    /// Reads what a round says; none where it asks for no further readers, or not for how many first.
    #[must_use]
    pub fn of(round: &Round) -> Option<Self> {
        let further = round.further.as_ref()?;
        let whole = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        Some(Self {
            first: whole(round.reads?),
            most: whole(further.up_to),
            limits: Limits { wide: further.apart.map_or(WIDE, whole), near: further.near.map(whole) },
        })
    }

    /// Lists who gets one more reader, best first. `wanted` is the order by this rule's limits
    /// ([`crate::moderation::wanted_within`]); of an application that `progress` does not know, nobody is still to read.
    #[must_use]
    pub fn needed(&self, wanted: &Wanted, progress: &BTreeMap<String, Progress>) -> Vec<Needed> {
        let of = |row: &ModerationRow| {
            self.of_one(row, progress.get(&row.application).copied().unwrap_or_default())
        };
        wanted.rows.iter().filter_map(of).collect()
    }

    fn of_one(&self, row: &ModerationRow, progress: Progress) -> Option<Needed> {
        let reads = row.reads.len();
        let open = reads >= self.first && reads < self.most && progress.unread == 0;
        let by_verdict = progress.verdict == Verdict::AnotherReader;
        let counts = |reason: &&Reason| !matches!(reason, Reason::ExceptionRoute);
        let reasons: Vec<Reason> = row.reasons.iter().filter(counts).cloned().collect();
        let why = by_verdict || !reasons.is_empty();
        (open && why && progress.verdict != Verdict::Settled).then(|| Needed {
            application: row.application.clone(),
            rank: row.rank,
            reads,
            most: self.most,
            reasons,
            by_verdict,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::exact::Exact;
    use crate::moderation::{Asked, wanted_within};
    use crate::policy::Policy;
    use crate::programme::Programme;
    use crate::scores::Scores;

    const HEAD: &str =
        "[scale]\nmin = 1\nmax = 5\n[[criterion]]\nkey = \"k\"\n[[round]]\nkey = \"reading\"\n";

    fn rule(round: &str) -> Option<Rule> {
        Rule::of(&Programme::parse(&format!("{HEAD}{round}")).unwrap().rounds[0])
    }

    fn needed(rule: Rule, csv: &str, seats: usize, progress: &[(&str, Progress)]) -> Vec<Needed> {
        let policy = Policy::of(&Programme::parse(HEAD).unwrap()).unwrap();
        let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
        let exceptions = BTreeSet::new();
        let asked = Asked { applications: None, seats: Some(seats), seed: 0, exceptions: &exceptions };
        let wanted = wanted_within(&scores, &policy, &asked, rule.limits).unwrap();
        let progress = progress.iter().map(|(key, progress)| ((*key).to_owned(), *progress)).collect();
        rule.needed(&wanted, &progress)
    }

    /// Shows who is asked for as `application code code`.
    fn shown(needed: &[Needed]) -> Vec<String> {
        let one = |one: &Needed| {
            let codes: Vec<String> =
                one.sayings().iter().map(|saying| format!(" {}", saying.code())).collect();
            format!("{}{}", one.application, codes.concat())
        };
        needed.iter().map(one).collect()
    }

    const TWO_OF_THREE: Rule = Rule { first: 2, most: 3, limits: Limits { wide: WIDE, near: Some(0) } };

    #[test]
    fn a_round_that_says_nothing_asks_nobody() {
        assert_eq!(rule("reads = 2\n"), None);
        assert_eq!(rule("[round.further]\nup_to = 3\n"), None);
        let limits = Limits::default();
        assert_eq!(rule("reads = 2\n[round.further]\nup_to = 3\n"), Some(Rule { first: 2, most: 3, limits }));
        let limits = Limits { wide: 2, near: Some(4) };
        let said = rule("reads = 2\n[round.further]\nup_to = 4\napart = 2\nnear = 4\n");
        assert_eq!(said, Some(Rule { first: 2, most: 4, limits }));
    }

    #[test]
    fn who_differs_and_who_is_near_the_line_gets_one_more_reader() {
        // d differs by 1.2 of 4; b and c are on either side of the line; a and e are neither.
        let csv = "application,reviewer,k\na,1,5\na,2,5\nb,1,4\nb,2,3.8\nc,1,3.5\nc,2,3.6\nd,1,3.4\nd,2,2.2\ne,1,1\ne,2,1\n";
        let near = Rule { limits: Limits { wide: WIDE, near: Some(1) }, ..TWO_OF_THREE };
        let found = needed(near, csv, 2, &[]);
        assert_eq!(
            shown(&found),
            ["b moderation-seat-line-within", "c moderation-seat-line-beyond", "d moderation-wide-spread"]
        );
        assert_eq!((found[2].reads, found[2].most, found[2].rank), (2, 3, Some(4)));
        let strict = Rule { limits: Limits { wide: 4, near: Some(0) }, ..near };
        assert_eq!(shown(&needed(strict, csv, 2, &[])), Vec::<String>::new());
    }

    #[test]
    fn accept_against_reject_is_a_reason() {
        let csv = "application,reviewer,k\na,1,4\na,2,4\nb,1,3.6\nb,2,2.7\nc,1,2.2\nc,2,2.4\n";
        let rule = Rule { limits: Limits { wide: 10, near: Some(0) }, ..TWO_OF_THREE };
        assert_eq!(shown(&needed(rule, csv, 2, &[])), Vec::<String>::new());
        // The line is at 2.9 then; a tenth of the scale is 0.4.
        let csv = csv.replace("b,1,3.6\nb,2,2.7", "b,1,3.9\nb,2,2.5").replace("c,1,2.2", "c,1,2.8");
        assert_eq!(shown(&needed(rule, &csv, 2, &[])), ["b moderation-accept-reject"]);
    }

    #[test]
    fn whoever_is_still_to_read_is_waited_for() {
        let csv = "application,reviewer,k\na,1,5\na,2,1\nb,1,5\nc,1,5\nc,2,1\nc,3,4\nd,1,5\nd,2,1\n";
        let waits = Progress { unread: 1, ..Progress::default() };
        let settled = Progress { verdict: Verdict::Settled, ..Progress::default() };
        assert_eq!(shown(&needed(TWO_OF_THREE, csv, 1, &[("d", settled)])).len(), 1);
        assert!(needed(TWO_OF_THREE, csv, 1, &[("a", waits), ("d", settled)]).is_empty());
    }

    #[test]
    fn a_verdict_asks_for_another_reader_up_to_the_most() {
        let csv = "application,reviewer,k\na,1,5\na,2,5\nb,1,5\nb,2,5\nb,3,5\n";
        let asks = Progress { verdict: Verdict::AnotherReader, ..Progress::default() };
        let found = needed(TWO_OF_THREE, csv, 9, &[("a", asks), ("b", asks)]);
        assert_eq!(shown(&found), ["a further-by-verdict"]);
    }

    #[test]
    fn figures_take_two_reviews_of_one_application_and_three_of_another() {
        let readers = |a: usize| {
            let more = a.is_multiple_of(4).then_some((a + 4) % 8);
            [a % 8, (a + 1 + a / 8) % 8].into_iter().chain(more)
        };
        let score = |a: usize, r: usize| 10 + (a % 6) * 5 + (r % 4) * 2 + (a * 5 + r * 11) % 7;
        let mut csv = "application,reviewer,k\n".to_owned();
        for a in 0..24 {
            for r in readers(a) {
                let tenths = score(a, r);
                csv.push_str(&format!("a{a:02},r{r},{}.{}\n", tenths / 10, tenths % 10));
            }
        }
        let policy = Policy::of(&Programme::parse(HEAD).unwrap()).unwrap();
        let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
        let totals = crate::totals::totals(&scores, &policy, None).unwrap();
        for standing in &totals.standings {
            let a: usize = standing.application[1..].parse().unwrap();
            let own: Vec<usize> = readers(a).map(|r| score(a, r)).collect();
            let mean = Exact::count(own.iter().sum()).divided_by(&Exact::count(10 * own.len()));
            assert_eq!(standing.total, mean, "{}", standing.application);
        }
        let order = crate::ranking::order(&totals.standings, &policy, 0);
        assert!(order.iter().all(|row| row.rank.is_some()) && order.len() == 24);
        let agreement = crate::agreement::agreement(&scores, &policy, None).unwrap();
        assert!(agreement.iter().all(|row| (row.units, row.values) == (24, 54)));
        assert!(agreement.iter().any(|row| row.alpha.is_some()), "{agreement:?}");
        let asked = crate::calibration::Asked { seats: Some(6), even_if_red: true, ..Default::default() };
        let calibration = crate::calibration::calibration(&scores, &policy, &asked).unwrap();
        assert_eq!((calibration.reason, calibration.rows.len(), calibration.reviewers.len()), (None, 24, 8));
    }

    fn scored() -> impl Strategy<Value = Vec<(Vec<u8>, usize)>> {
        prop::collection::vec((prop::collection::vec(1_u8..=5, 1..5), 0_usize..2), 1..8)
    }

    fn csv(reads: &[(Vec<u8>, usize)]) -> String {
        let mut csv = "application,reviewer,k\n".to_owned();
        for (a, (scores, _)) in reads.iter().enumerate() {
            for (r, score) in scores.iter().enumerate() {
                csv.push_str(&format!("a{a},{r},{score}\n"));
            }
        }
        csv
    }

    proptest! {
        #[test]
        fn nobody_is_asked_beyond_the_most_or_twice(
            reads in scored(), first in 1_usize..4, more in 0_usize..3, wide in 1_usize..10, near in 0_usize..4,
            seats in 1_usize..6,
        ) {
            let rule = Rule { first, most: first + more, limits: Limits { wide, near: Some(near) } };
            let keys: Vec<String> = (0..reads.len()).map(|a| format!("a{a}")).collect();
            let progress: Vec<(&str, Progress)> = keys
                .iter()
                .zip(&reads)
                .map(|(key, (_, unread))| (key.as_str(), Progress { unread: *unread, ..Progress::default() }))
                .collect();
            let found = needed(rule, &csv(&reads), seats, &progress);
            for one in &found {
                let at: usize = one.application[1..].parse().unwrap();
                let (scores, unread) = &reads[at];
                prop_assert!(scores.len() >= first && scores.len() < rule.most);
                prop_assert_eq!(*unread, 0);
                prop_assert!(!one.reasons.is_empty());
            }
            // Once everybody who is asked for was asked, nobody is asked for.
            let asked: BTreeSet<&str> = found.iter().map(|one| one.application.as_str()).collect();
            let waiting = progress.iter().map(|(key, before)| {
                (*key, Progress { unread: before.unread + usize::from(asked.contains(key)), ..*before })
            });
            let waiting: Vec<(&str, Progress)> = waiting.collect();
            prop_assert!(needed(rule, &csv(&reads), seats, &waiting).is_empty());
        }

        #[test]
        fn a_stricter_rule_asks_for_no_more(
            reads in scored(), wide in 1_usize..10, near in 0_usize..4, seats in 1_usize..6,
        ) {
            let keys = |rule: Rule| -> BTreeSet<String> {
                needed(rule, &csv(&reads), seats, &[]).into_iter().map(|one| one.application).collect()
            };
            let loose = Rule { first: 2, most: 4, limits: Limits { wide, near: Some(near) } };
            let stricter = [
                Rule { limits: Limits { wide: wide + 1, ..loose.limits }, ..loose },
                Rule { limits: Limits { near: Some(near.saturating_sub(1)), ..loose.limits }, ..loose },
                Rule { most: 3, ..loose },
                Rule { first: 3, ..loose },
            ];
            let all = keys(loose);
            for rule in stricter {
                prop_assert!(keys(rule).is_subset(&all));
            }
        }
    }
}
