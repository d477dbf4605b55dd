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

/// What is told of an order: code of the sentence, code of the act, all words.
fn told(csv: &str, toml: &str, applications: Option<&str>, seats: Option<usize>) -> (String, String, String) {
    let policy = Policy::of(&Programme::parse(toml).unwrap()).unwrap();
    let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
    let applications =
        applications.map(|text| crate::applications::Applications::read(text.as_bytes(), "a").unwrap());
    let policy = policy.for_criteria(scores.criteria());
    let totals = totals(&scores, &policy, applications.as_ref()).unwrap();
    let rows = order(&totals.standings, &policy, 1);
    let advice = Told::of(&rows, &totals.rows, &totals.standings, &policy, seats, 1).advice();
    let words = format!("{} {}", advice.sentence.text(), advice.act.text());
    assert!(!words.contains('{') && !words.contains("  "), "{words}");
    (advice.sentence.code().to_owned(), advice.act.code().to_owned(), words)
}

const PLACED: &str = "application,reviewer,k,l\na,1,3,3\nb,1,4,2\nc,1,5,5\nd,1,1,1\ne,1,2,4\n";

#[test]
fn an_order_says_who_stands_across_the_line_of_seats() {
    let check = |toml: &str, seats: Option<usize>, sentence: &str, act: &str, part: &str| {
        let (said, done, words) = told(PLACED, toml, None, seats);
        assert_eq!((said.as_str(), done.as_str()), (sentence, act), "{words}");
        assert!(words.contains(part), "{words}");
    };
    let by = |ties: &str| format!("{TWO}[scoring]\nties = {ties}");
    let shared = "5 of 5 applications have a place, 0 of these from less than is asked; 3 with one total stand across the \
                  line of 2 seats, and nothing separates them there. Discuss those 3, beginning with a,";
    check(TWO, Some(2), "ranking-line-shared", "discuss-ties", shared);
    check(&by("[\"draw\"]"), Some(3), "ranking-line-drawn", "discuss-ties", "only a draw");
    check(&by("[\"k\"]"), Some(2), "ranking-line-separated", "look-at-ties", "separated there by k. Look at");
    // By `l` the order of the three is e, a, b: the line lies behind a.
    let two = by("[\"l\", \"k\"]");
    check(&two, Some(3), "ranking-line-separated", "look-at-ties", "those 3, beginning with e");
    // Ties on one side of the line are none across it; as many seats as applications have no line.
    for seats in [0, 1, 4, 5, 6] {
        check(TWO, Some(seats), "ranking-ties", "select", "3 have a total that another has too, 3 share");
    }
    check(TWO, None, "ranking-ties", "say-ties", "a draw placed 0");
    check(
        &by("[\"draw\"]"),
        None,
        "ranking-ties",
        "publish-seed",
        "0 share their place, a draw placed 3. Publish",
    );
    check(&by("[\"k\"]"), None, "ranking-ties", "publish-order", "a draw placed 0");
}

#[test]
fn an_order_asks_for_what_is_missing_first() {
    let (sentence, act, words) = told(FIVE, TWO, None, Some(2));
    assert_eq!((sentence.as_str(), act.as_str()), ("ranking-line-shared", "ask-for-missing"));
    assert!(
        words.contains("5 of 6 applications")
            && words.contains("missing of 1 applications, beginning with f")
    );
    let clear = "application,reviewer,k,l\na,1,3,3\nb,1,4,\n";
    let (sentence, act, _) = told(clear, TWO, None, None);
    assert_eq!((sentence.as_str(), act.as_str()), ("ranking-clear", "publish-order"));
    let half =
        format!("{TWO}[scoring]\norder = \"review-first\"\n").replace("\"l\"\n", "\"l\"\nrequired = true\n");
    let more = format!("{clear}b,2,4,4\n");
    let (sentence, act, words) = told(&more, &half, None, None);
    assert_eq!((sentence.as_str(), act.as_str()), ("ranking-clear", "ask-for-missing"));
    assert!(
        words.contains("2 of 2 applications have a place, 1 of these") && words.contains("with b"),
        "{words}"
    );
    let none = told("application,reviewer,k,l\n", TWO, None, None);
    assert_eq!((none.0.as_str(), none.1.as_str()), ("ranking-none", "await-reviews"));
    let unread = told("application,reviewer,k,l\n", TWO, Some("application\na\n"), None);
    assert_eq!((unread.0.as_str(), unread.1.as_str()), ("ranking-none", "ask-for-missing"));
}

#[test]
fn applications_that_an_order_does_not_name_count_once() {
    let policy = Policy::of(&Programme::parse(TWO).unwrap()).unwrap();
    let (scores, _) = Scores::read(FIVE.as_bytes(), "s", &policy).unwrap();
    let totals = totals(&scores, &policy, None).unwrap();
    let rows = order(&totals.standings, &policy, 0);
    let mut told = Told::of(&rows, &totals.rows, &totals.standings, &policy, None, 0);
    told.add_unplaced(["f".to_owned(), "g".to_owned()]);
    assert!(
        told.is_lacking() && told.advice().sentence.text().starts_with("5 of 7 applications have a place")
    );
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!(
        (&json["sentence"]["code"], &json["act"]["parameters"]["lacking"]),
        (&"ranking-ties".into(), &2.into())
    );
}
