//! The order by hand, and what may never change it.

use super::*;
use crate::programme::Programme;
use crate::scores::Scores;
use crate::totals::totals;
use proptest::prelude::*;

fn ranked(csv: &str, toml: &str, applications: Option<&str>, seed: u64) -> Vec<RankRow> {
    let policy = Policy::of(&Programme::parse(toml).unwrap()).unwrap();
    let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
    let applications =
        applications.map(|text| crate::applications::Applications::read(text.as_bytes(), "a").unwrap());
    let policy = policy.for_criteria(scores.criteria());
    order(&totals(&scores, &policy, applications.as_ref()).unwrap().standings, &policy, seed)
}

/// Shows rows as `rank application rule`.
fn shown(rows: &[RankRow]) -> Vec<String> {
    let one = |r: &RankRow| {
        let rank = r.rank.map_or_else(|| "-".to_owned(), |n| n.to_string());
        format!("{rank} {} {}", r.application, r.tie_broken_by.as_deref().unwrap_or("-"))
    };
    rows.iter().map(one).collect()
}

const FIVE: &str = "application,reviewer,k,l\na,1,3,3\nb,1,4,2\nc,1,5,5\nd,1,1,1\ne,1,2,4\nf,1,,\n";
const TWO: &str = "[[criterion]]\nkey = \"k\"\n[[criterion]]\nkey = \"l\"\n";

#[test]
fn competition_ranking_shares_and_skips() {
    let rows = ranked(FIVE, TWO, None, 0);
    assert_eq!(shown(&rows), ["1 c -", "2 a -", "2 b -", "2 e -", "5 d -", "- f -"]);
    assert_eq!(rows[1].tied_with, ["b", "e"]);
    assert_eq!((rows[5].rank, rows[5].total), (None, None));
    let low = ranked(FIVE, &format!("[scale]\nbest = \"low\"\n{TWO}"), None, 0);
    assert_eq!(shown(&low), ["1 d -", "2 a -", "2 b -", "2 e -", "5 c -", "- f -"]);
}

#[test]
fn ties_are_separated_by_the_policy_in_its_order() {
    let by = |ties: &str| shown(&ranked(FIVE, &format!("{TWO}[scoring]\nties = {ties}"), None, 0));
    assert_eq!(by("[\"k\"]"), ["1 c -", "2 b k", "3 a k", "4 e k", "5 d -", "- f -"]);
    assert_eq!(by("[\"criteria\"]"), ["1 c -", "2 a -", "2 b -", "2 e -", "5 d -", "- f -"]);
    assert_eq!(by("[\"criteria\", \"l\"]"), ["1 c -", "2 e l", "3 a l", "4 b l", "5 d -", "- f -"]);
    let low = format!("[scale]\nbest = \"low\"\n{TWO}[scoring]\nties = [\"k\"]");
    assert_eq!(shown(&ranked(FIVE, &low, None, 0)), ["1 d -", "2 e k", "3 a k", "4 b k", "5 c -", "- f -"]);
}

#[test]
fn the_rule_named_is_the_last_that_was_needed() {
    let csv = "application,reviewer,k,l\na,1,4,2\nb,1,3,3\nc,1,3,3\n";
    let rules = format!("{TWO}[scoring]\nties = [\"k\", \"draw\"]");
    let rows = ranked(csv, &rules, None, 1);
    let place = |id: &str| rows.iter().find(|r| r.application == id).unwrap();
    assert_eq!((place("a").rank, place("a").tie_broken_by.as_deref()), (Some(1), Some("k")));
    for id in ["b", "c"] {
        assert_eq!(place(id).tie_broken_by.as_deref(), Some("draw"));
        assert_eq!(place(id).tied_with.len(), 2);
    }
    assert!(drawn(&rows));
}

#[test]
fn adjustments_break_ties_by_their_sign() {
    let csv = "application,reviewer,k\na,1,4\nb,1,3\n";
    let fine = "[[criterion]]\nkey = \"k\"\n[scoring]\nsubtract = [\"fine\"]\nties = [\"fine\"]";
    assert_eq!(shown(&ranked(csv, fine, Some("application,fine\na,2\nb,1\n"), 0)), ["1 b fine", "2 a fine"]);
    let bonus = "[[criterion]]\nkey = \"k\"\n[scoring]\nadd = [\"bonus\"]\nties = [\"bonus\"]";
    assert_eq!(
        shown(&ranked(csv, bonus, Some("application,bonus\na,1\nb,2\n"), 0)),
        ["1 b bonus", "2 a bonus"]
    );
    let before = "[[criterion]]\nkey = \"k\"\n[scoring]\nadd = [\"bonus\"]\nties = [\"criteria\"]";
    assert_eq!(
        shown(&ranked(csv, before, Some("application,bonus\na,1\nb,2\n"), 0)),
        ["1 a criteria", "2 b criteria"]
    );
}

#[test]
fn a_draw_repeats_with_its_seed_and_differs_with_another() {
    let csv: String = (0..40).map(|n| format!("a{n:02},1,3\n")).collect();
    let csv = format!("application,reviewer,k\n{csv}");
    let rules = "[[criterion]]\nkey = \"k\"\n[scoring]\nties = [\"draw\"]";
    let order = |seed| -> Vec<String> {
        ranked(&csv, rules, None, seed).into_iter().map(|r| r.application).collect()
    };
    assert_eq!(order(7), order(7));
    assert_ne!(order(7), order(8));
    assert_eq!(order(1)[..4], ["a33", "a26", "a10", "a38"], "pinned: a draw of the past must repeat");
}

#[test]
fn thirds_tie_exactly() {
    let csv = "application,reviewer,k\na,1,1\na,2,0\na,3,0\nb,1,0.5\nb,2,0.25\nb,3,0.25\n";
    assert_eq!(shown(&ranked(csv, "[[criterion]]\nkey = \"k\"\n", None, 0)), ["1 a -", "1 b -"]);
}

proptest! {
    #[test]
    fn ranks_count_those_before(points in proptest::collection::vec(0_u8..6, 1..20), low in any::<bool>()) {
        let csv: String = points.iter().enumerate().map(|(n, p)| format!("a{n},1,{p}\n")).collect();
        let best = if low { "low" } else { "high" };
        let toml = format!("[scale]\nbest = \"{best}\"\n[[criterion]]\nkey = \"k\"\n");
        let rows = ranked(&format!("application,reviewer,k\n{csv}"), &toml, None, 0);
        prop_assert_eq!(rows.len(), points.len());
        for row in &rows {
            let mine = row.total.unwrap();
            let before = rows.iter().filter(|r| if low { r.total.unwrap() < mine } else { r.total.unwrap() > mine }).count();
            prop_assert_eq!(row.rank, Some(before + 1));
        }
    }

    #[test]
    fn the_order_of_standings_changes_nothing(points in proptest::collection::vec(0_u8..3, 1..12), seed in any::<u64>()) {
        let policy = Policy::of(&Programme::parse("[[criterion]]\nkey = \"k\"\n[scoring]\nties = [\"draw\"]").unwrap()).unwrap();
        let csv: String = points.iter().enumerate().map(|(n, p)| format!("a{n},1,{p}\n")).collect();
        let (scores, _) = Scores::read(format!("application,reviewer,k\n{csv}").as_bytes(), "s", &policy).unwrap();
        let mut standings = totals(&scores, &policy, None).unwrap().standings;
        let one = order(&standings, &policy, seed);
        standings.reverse();
        prop_assert_eq!(&one, &order(&standings, &policy, seed));
        // Taking one away moves no other.
        let gone = standings.remove(0).application;
        let rest: Vec<String> = order(&standings, &policy, seed).into_iter().map(|r| r.application).collect();
        let expected: Vec<String> = one.into_iter().map(|r| r.application).filter(|a| *a != gone).collect();
        prop_assert_eq!(rest, expected);
    }
}
