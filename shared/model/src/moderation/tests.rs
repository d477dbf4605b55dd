//! What wants a person, by hand; and which scores a verdict is on.

use super::*;
use crate::decimal::Decimal;
use crate::programme::Programme;
use proptest::prelude::*;

const SCALE: &str = "[scale]\nmin = 1\nmax = 5\n";
const ONE: &str = "[[criterion]]\nkey = \"k\"\n";

fn found(csv: &str, toml: &str, seats: Option<usize>, exceptions: &[&str]) -> Wanted {
    let policy = Policy::of(&Programme::parse(toml).unwrap()).unwrap();
    let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
    let exceptions = exceptions.iter().map(|key| (*key).to_owned()).collect();
    wanted(&scores, &policy, &Asked { applications: None, seats, seed: 0, exceptions: &exceptions }).unwrap()
}

/// Shows what wants a person as `application code code`.
fn shown(found: &Wanted) -> Vec<String> {
    let one = |row: &ModerationRow| {
        let codes: Vec<String> =
            row.reasons.iter().map(|reason| format!(" {}", reason.saying().code())).collect();
        format!("{}{}", row.application, codes.concat())
    };
    found.rows.iter().filter(|row| !row.reasons.is_empty()).map(one).collect()
}

fn text(found: &Wanted, application: &str) -> Vec<String> {
    let row = found.rows.iter().find(|row| row.application == application).unwrap();
    row.reasons.iter().map(|reason| reason.saying().text()).collect()
}

#[test]
fn a_spread_is_wide_from_three_tenths_of_the_scale() {
    let csv = "application,reviewer,k\na,1,4\na,2,2.8\nb,1,4\nb,2,2.9\nc,1,5\n";
    let toml = format!("{SCALE}{ONE}");
    let found = found(csv, &toml, None, &[]);
    assert_eq!(shown(&found), ["a moderation-wide-spread"]);
    assert_eq!(
        text(&found, "a"),
        ["Its readers' totals lie 1.20 apart, from 2.80 to 4.00; from 1.20 on a spread is wide."]
    );
    assert_eq!((found.ends, found.line, found.warnings.len()), (Some((1.0, 5.0)), None, 0));
}

#[test]
fn a_review_that_answers_too_little_makes_no_spread() {
    let toml = format!("{SCALE}{ONE}[[criterion]]\nkey = \"l\"\nrequired = true\n");
    let csv = "application,reviewer,k,l\na,1,5,5\na,2,1,\na,3,5,4\n";
    let found = found(csv, &toml, None, &[]);
    assert_eq!(shown(&found), Vec::<String>::new());
    let complete: Vec<bool> = found.rows[0].reads.iter().map(|read| read.complete).collect();
    assert_eq!(complete, [true, false, true]);
}

#[test]
fn weights_and_sums_make_the_scale() {
    let toml = "[scale]\nmin = 0\nmax = 5\n[[criterion]]\nkey = \"k\"\nweight = 2\n[[criterion]]\nkey = \"l\"\nmax = 10\n\
                [[criterion]]\nkey = \"m\"\nweight = 0\nmin = -100\n";
    let found = |combine: &str| {
        let csv = "application,reviewer,k,l,m\na,1,5,10,5\n";
        found(csv, &format!("{toml}[scoring]\ncombine = \"{combine}\"\n"), None, &[]).ends
    };
    assert_eq!(found("sum"), Some((0.0, 20.0)));
    assert_eq!(found("mean"), Some((0.0, 20.0 / 3.0)));
}

#[test]
fn without_ends_of_the_scale_criteria_are_compared() {
    let toml = format!("{ONE}[[criterion]]\nkey = \"l\"\nmin = 0\nmax = 10\n");
    let csv = "application,reviewer,k,l\na,1,100,5\na,2,0,7.9\nb,1,1,9\nb,2,1,6\n";
    let found = found(csv, &toml, None, &[]);
    assert_eq!(shown(&found), ["b moderation-wide-spread-criterion"]);
    assert!(text(&found, "b")[0].starts_with("On l its readers' scores lie 3.00 apart"));
    assert_eq!(found.warnings.iter().map(|warning| warning.code()).collect::<Vec<_>>(), ["scale-open"]);
}

#[test]
fn readers_clearly_on_both_sides_of_the_line() {
    // The line lies at 3.5, halfway between b and c; a tenth of the scale is 0.4.
    let csv = "application,reviewer,k\na,1,5\na,2,5\nb,1,4\nb,2,4\nc,1,3.9\nc,2,3.1\nc,3,2\nd,1,3.8\nd,2,1\n";
    let toml = format!("{SCALE}{ONE}");
    let high = found(csv, &toml, Some(2), &[]);
    assert_eq!(high.line, Some(3.5));
    assert_eq!(
        shown(&high),
        [
            "b moderation-seat-line-within",
            "c moderation-wide-spread moderation-accept-reject moderation-seat-line-beyond",
            "d moderation-wide-spread"
        ]
    );
    assert_eq!(
        text(&high, "c")[1..],
        [
            "Readers stand on both sides of the seat line at 3.50: 1 would clearly give a seat, 2 clearly not.",
            "At place 3 it is among the first beyond the 2 seats."
        ]
    );
    // Where low is best the other side is the good one.
    let turned = csv.replace("c,1,3.9", "c,1,1.1").replace("c,2,3.1", "c,2,3.3").replace("c,3,2", "c,3,5");
    let low = found(&turned, &format!("{SCALE}best = \"low\"\n{ONE}"), Some(2), &[]);
    let row = low.rows.iter().find(|row| row.application == "c").unwrap();
    let sides = row.reasons.iter().find_map(|reason| match reason {
        Reason::AcceptReject { accept, reject, .. } => Some((*accept, *reject)),
        _ => None,
    });
    assert_eq!(sides, Some((1, 1)));
}

#[test]
fn near_the_line_are_a_fifth_of_the_seats_and_equal_totals() {
    let row = |at: u32| format!("{},1,{}\n", char::from(b'a' + u8::try_from(at).unwrap()), 100 - at);
    let csv = format!("application,reviewer,k\n{}", (0..12).map(row).collect::<String>());
    let near = |csv: &str, seats| -> String {
        let found = found(csv, ONE, Some(seats), &[]);
        found.rows.iter().filter(|row| !row.reasons.is_empty()).map(|row| row.application.as_str()).collect()
    };
    assert_eq!(near(&csv, 5), "ef");
    assert_eq!(near(&csv, 6), "efgh");
    // Three that nothing separates stand and fall together.
    assert_eq!(near(&csv.replace("d,1,97", "d,1,96"), 5), "def");
    assert_eq!((near(&csv, 0).as_str(), near(&csv, 12).as_str(), near(&csv, 99).as_str()), ("", "", ""));
}

#[test]
fn the_exception_route_is_a_reason_by_itself() {
    let csv = "application,reviewer,k\na,1,4\nb,1,4\n";
    assert_eq!(
        shown(&found(csv, &format!("{SCALE}{ONE}"), None, &["b", "z"])),
        ["b moderation-exception-route"]
    );
}

#[test]
fn adjustments_count_on_both_sides() {
    let policy =
        Policy::of(&Programme::parse(&format!("{SCALE}{ONE}[scoring]\nadd = [\"bonus\"]\n")).unwrap());
    let policy = policy.unwrap();
    let csv = "application,reviewer,k\na,1,3\na,2,5\nb,1,2\n";
    let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
    let table = Applications::read(b"application,bonus\na,10\nb,0\n", "a").unwrap();
    let exceptions = BTreeSet::new();
    let asked = Asked { applications: Some(&table), seats: Some(1), seed: 0, exceptions: &exceptions };
    let found = wanted(&scores, &policy, &asked).unwrap();
    let own: Vec<f64> = found.rows[0].reads.iter().map(|read| read.total).collect();
    assert_eq!((own, found.rows[0].total, found.line), (vec![13.0, 15.0], Some(14.0), Some(8.0)));
}

fn scored(scores: &[(&str, i32)]) -> Scored {
    let scores = scores.iter().map(|(key, score)| ((*key).to_owned(), Decimal::whole(*score)));
    Scored { revision: 1, confidence: None, scores: scores.collect() }
}

#[test]
fn a_verdict_is_on_scores_and_on_nothing_else() {
    let (one, other) = (scored(&[("k", 4), ("l", 2)]), scored(&[("k", 3)]));
    let both = seen([([1; 16], &one), ([2; 16], &other)]);
    assert_eq!(both, seen([([2; 16], &other), ([1; 16], &one)]), "in any order");
    let amended = Scored { revision: 2, confidence: Some(Decimal::ONE), ..one.clone() };
    assert_eq!(both, seen([([1; 16], &amended), ([2; 16], &other)]), "the same scores");
    let another = scored(&[("k", 4), ("l", 3)]);
    for changed in [
        seen([([1; 16], &another), ([2; 16], &other)]),
        seen([([2; 16], &one), ([1; 16], &other)]),
        seen([([1; 16], &one)]),
        seen([]),
    ] {
        assert_ne!(both, changed);
    }
}

proptest! {
    /// The order in which rows arrive changes nothing.
    #[test]
    fn any_order_of_rows_says_the_same(
        rows in proptest::collection::btree_map((0_u8..6, 0_u8..4), 1_i32..6, 1..20),
        seats in 0_usize..8,
        turn in 0_usize..20,
    ) {
        let mut lines: Vec<String> =
            rows.iter().map(|((of, by), score)| format!("a{of},r{by},{score}\n")).collect();
        let csv = |lines: &[String]| format!("application,reviewer,k\n{}", lines.concat());
        let toml = format!("{SCALE}{ONE}");
        let before = found(&csv(&lines), &toml, Some(seats), &["a1"]);
        let by = turn % lines.len();
        lines.rotate_left(by);
        prop_assert_eq!(before, found(&csv(&lines), &toml, Some(seats), &["a1"]));
    }
}
