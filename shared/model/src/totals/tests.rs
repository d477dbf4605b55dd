//! Totals by hand, and what may never change them.

use super::*;
use crate::decimal::Decimal;
use crate::programme::Programme;
use proptest::prelude::*;

fn policy(toml: &str) -> Policy {
    Policy::of(&Programme::parse(toml).unwrap()).unwrap()
}

const WEIGHTED: &str = "[[criterion]]\nkey = \"k\"\nweight = 3\n[[criterion]]\nkey = \"l\"\nweight = 1\n";

fn rows(csv: &str, policy: &Policy, applications: Option<&str>) -> Vec<TotalRow> {
    let (scores, _) = Scores::read(csv.as_bytes(), "s", policy).unwrap();
    let applications = applications.map(|text| Applications::read(text.as_bytes(), "a").unwrap());
    totals(&scores, policy, applications.as_ref()).unwrap().rows
}

fn one_row(csv: &str, toml: &str) -> TotalRow {
    rows(csv, &policy(toml), None).remove(0)
}

fn total(csv: &str, toml: &str) -> Option<f64> {
    one_row(csv, toml).total
}

#[test]
fn not_answered_is_not_zero_and_weights_renormalise() {
    let csv = "application,reviewer,k,l\na,1,4,8\na,2,,6\na,3,2,N/A\na,4,,\n";
    let row = one_row(csv, WEIGHTED);
    // (3·4+8)/4 = 5, 6, 2.
    assert_eq!((row.n, row.total, row.mean, row.median), (3, Some(13.0 / 3.0), Some(13.0 / 3.0), Some(5.0)));
    assert_eq!((row.min, row.max, row.incomplete), (Some(2.0), Some(6.0), false));
    assert_eq!(
        (row.criteria["k"].n, row.criteria["k"].value, row.criteria["l"].mean),
        (2, Some(3.0), Some(7.0))
    );
    // Sums: 3·4+8 = 20, 6·4/1 = 24, 3·2·4/3 = 8.
    let sum = one_row(csv, &format!("{WEIGHTED}[scoring]\ncombine = \"sum\""));
    assert_eq!((sum.total, sum.median, sum.max), (Some(52.0 / 3.0), Some(20.0), Some(24.0)));
}

#[test]
fn criteria_first_centres_each_criterion_and_rounds_each_stage() {
    let csv = "application,reviewer,k,l\na,1,7.25,1\na,2,8,2\na,3,8.75,\na,4,9.5,6\na,5,0,\n";
    let toml = |scoring: &str| format!("{WEIGHTED}[scoring]\norder = \"criterion-first\"\n{scoring}");
    // k: 7.25 8 8.75 without ends = 8; l: 1 2 6 → 2. (3·8+2)/4 = 6.5.
    assert_eq!(total(csv, &toml("centre = \"trimmed\"")), Some(6.5));
    // k: median of five = 8; l: 2.
    assert_eq!(total(csv, &toml("centre = \"median\"")), Some(6.5));
    // k: 33.5/5 = 6.7; l: 3.
    assert_eq!(total(csv, &toml("")), Some((3.0 * 6.7 + 3.0) / 4.0));
    assert_eq!(
        total(csv, &toml("combine = \"sum\"\nround = { criterion = 0, product = 0, total = 0 }")),
        Some(24.0)
    );
    // Half up, at each stage: 0.125 → 0.13, 3·0.13 = 0.39 → 0.4, (0.4 + 0.13 → 0.1)/4 = 0.125 → 0.13.
    let halves = "application,reviewer,k,l\na,1,0.12,0.13\na,2,0.13,0.13\n";
    assert_eq!(total(halves, &toml("round = { criterion = 2, product = 1, total = 2 }")), Some(0.13));
}

#[test]
fn too_few_to_trim_is_the_plain_mean_and_says_so() {
    let toml = "[[criterion]]\nkey = \"k\"\n[scoring]\ncentre = \"trimmed\"\ntrim = 2\n";
    let four = one_row("application,reviewer,k\na,1,1\na,2,2\na,3,3\na,4,10\n", toml);
    assert_eq!((four.total, four.untrimmed), (Some(4.0), true));
    let five = one_row("application,reviewer,k\na,1,1\na,2,2\na,3,3\na,4,10\na,5,100\n", toml);
    assert_eq!((five.total, five.untrimmed), (Some(3.0), false));
}

#[test]
fn too_little_answered_is_incomplete_not_low() {
    let csv = "application,reviewer,k,l\na,1,4,4\na,2,,1\n";
    let row = one_row(csv, &format!("{WEIGHTED}[scoring]\nmin_weight = 2"));
    assert_eq!((row.n, row.total, row.incomplete, row.incomplete_reviews), (1, Some(4.0), true, 1));
    let required = one_row(csv, "[[criterion]]\nkey = \"k\"\nrequired = true\n[[criterion]]\nkey = \"l\"\n");
    assert_eq!((required.n, required.total, required.incomplete), (1, Some(4.0), true));
    let only_l =
        one_row("application,reviewer,k,l\na,2,,1\n", &format!("{WEIGHTED}[scoring]\nmin_weight = 2"));
    assert_eq!((only_l.n, only_l.total, only_l.mean, only_l.incomplete), (0, None, None, true));
    let first = format!("{WEIGHTED}[scoring]\nmin_weight = 2\norder = \"criterion-first\"");
    assert_eq!(total("application,reviewer,k,l\na,2,,1\n", &first), None);
    let spread = one_row("application,reviewer,k,l\na,1,4,\na,2,,2\n", &first);
    assert_eq!((spread.total, spread.incomplete), (Some(3.5), false), "together they answered everything");
    let fewest = one_row(csv, "[[criterion]]\nkey = \"k\"\nmin_answered = 2\n[[criterion]]\nkey = \"l\"\n");
    assert_eq!((fewest.total.is_some(), fewest.incomplete), (true, true));
}

#[test]
fn adjustments_are_added_and_subtracted() {
    let toml = "[[criterion]]\nkey = \"k\"\n[scoring]\nround = { total = 1 }\nadd = [\"bonus\"]\nsubtract = [\"fine\"]\n";
    let csv = "application,reviewer,k\nb,1,2.04\na,1,2\n";
    let got = rows(csv, &policy(toml), Some("application,fine,bonus\na,0.5,1\nb,,0.21\nc,1,1\n"));
    let figures: Vec<_> = got.iter().map(|r| (r.application.as_str(), r.total, r.n, r.incomplete)).collect();
    // b: 2.04 + 0.21 = 2.25 → 2.3.
    assert_eq!(figures, [("a", Some(2.5), 1, false), ("b", Some(2.3), 1, false), ("c", None, 0, true)]);

    let policy = policy(toml);
    let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
    let code = |a: Option<&str>| {
        let table = a.map(|text| Applications::read(text.as_bytes(), "a").unwrap());
        totals(&scores, &policy, table.as_ref()).unwrap_err().kind.code()
    };
    assert_eq!(code(None), "column-missing");
    assert_eq!(code(Some("application,fine\na,1\nb,1\n")), "column-missing");
    assert_eq!(code(Some("application,fine,bonus\na,1,1\n")), "application-unknown");
    assert_eq!(code(Some("application,fine,bonus\na,1,NaN\nb,1,1\n")), "number-bad");
}

#[test]
fn z_leaves_out_readers_without_spread() {
    let csv = "application,reviewer,k\na,1,1\nb,1,3\na,2,5\nb,2,5\nc,3,9\nb,4,0\nc,4,10\n";
    let got = rows(csv, &Policy::default(), None);
    let z: Vec<_> = got.iter().map(|r| r.z_mean).collect();
    // Reader 1: −1, +1; reader 2 has no spread; reader 3 one read; reader 4: −1, +1.
    assert_eq!(z, [Some(-1.0), Some(0.0), Some(1.0)]);
    let sd: Vec<_> = got.iter().map(|r| r.sd).collect();
    assert_eq!(sd[0], Some(8.0_f64.sqrt()));
    let alone = rows("application,reviewer,k\na,1,1\n", &Policy::default(), None).remove(0);
    assert_eq!((alone.sd, alone.z_mean), (None, None));
}

#[test]
fn a_criterion_that_the_file_lacks_is_not_answered() {
    let policy = policy(WEIGHTED);
    let review = |scores| Review {
        application: "a".to_owned(),
        reviewer: "r".to_owned(),
        round: String::new(),
        revision: 0,
        confidence: None,
        scores,
    };
    let scores = Scores::collect(vec!["l".to_owned()], [review(vec![Some(Decimal::whole(2))])]).unwrap();
    assert_eq!(totals(&scores, &policy, None).unwrap().rows[0].total, Some(2.0));
}

/// Reviews of six applications by five readers, some cells empty.
fn any_table() -> impl Strategy<Value = Vec<(String, String, Vec<Option<i32>>)>> {
    let cells = proptest::collection::vec(proptest::option::of(0_i32..=10), 2);
    proptest::collection::btree_map((0_u8..6, 0_u8..5), cells, 0..25)
        .prop_map(|map| map.into_iter().map(|((a, r), c)| (format!("a{a}"), format!("r{r}"), c)).collect())
}

fn any_rules() -> impl Strategy<Value = String> {
    let order = prop_oneof![Just("review-first"), Just("criterion-first")];
    let centre = prop_oneof![Just("mean"), Just("median"), Just("trimmed")];
    (order, centre, 0_u32..3, prop_oneof![Just("mean"), Just("sum")]).prop_map(|(o, c, t, m)| {
        format!("[scoring]\norder = \"{o}\"\ncentre = \"{c}\"\ntrim = {t}\ncombine = \"{m}\"\n")
    })
}

fn weighted(k: &str, l: &str, rest: &str) -> String {
    format!("[[criterion]]\nkey = \"k\"\nweight = {k}\n[[criterion]]\nkey = \"l\"\nweight = {l}\n{rest}")
}

fn csv(table: &[(String, String, Vec<Option<i32>>)]) -> String {
    let cell = |c: &Option<i32>| c.map_or_else(String::new, |n| n.to_string());
    let row =
        |(a, r, c): &(String, String, Vec<Option<i32>>)| format!("{a},{r},{},{}\n", cell(&c[0]), cell(&c[1]));
    format!("application,reviewer,k,l\n{}", table.iter().map(row).collect::<String>())
}

proptest! {
    #[test]
    fn permuting_rows_changes_nothing(table in any_table().prop_shuffle(), rules in any_rules()) {
        let policy = policy(&weighted("3", "1.5", &rules));
        let mut sorted = table.clone();
        sorted.sort();
        prop_assert_eq!(rows(&csv(&table), &policy, None), rows(&csv(&sorted), &policy, None));
    }

    #[test]
    fn a_reviewer_who_answers_nothing_changes_nothing(table in any_table(), rules in any_rules()) {
        let policy = policy(&weighted("3", "1.5", &format!("{rules}min_weight = 2\n")));
        let mut more = table.clone();
        let known: std::collections::BTreeSet<String> = table.iter().map(|(a, ..)| a.clone()).collect();
        more.extend(known.into_iter().map(|a| (a, "silent".to_owned(), vec![None, None])));
        prop_assert_eq!(rows(&csv(&table), &policy, None), rows(&csv(&more), &policy, None));
    }

    #[test]
    fn weights_scaled_together_change_nothing(table in any_table(), rules in any_rules(), by in 1_u32..1000) {
        let scaled = |n: u32| format!("{}.{}", n / 10, n % 10);
        let rules = rules.replace("\"sum\"", "\"mean\"");
        let one = policy(&weighted("3.0", "1.5", &rules));
        let other = policy(&weighted(&scaled(30 * by), &scaled(15 * by), &rules));
        prop_assert_eq!(rows(&csv(&table), &one, None), rows(&csv(&table), &other, None));
    }

    #[test]
    fn no_figure_is_nan_or_infinite(table in any_table(), rules in any_rules()) {
        let policy = policy(&weighted("3", "0", &rules));
        for row in rows(&csv(&table), &policy, None) {
            let figures = [row.mean, row.median, row.trimmed, row.sd, row.min, row.max, row.total, row.z_mean];
            for figure in figures.into_iter().flatten() {
                prop_assert!(figure.is_finite());
                prop_assert!(figure != 0.0 || figure.is_sign_positive());
            }
            for c in row.criteria.values() {
                prop_assert!([c.mean, c.median, c.trimmed, c.value].into_iter().flatten().all(f64::is_finite));
            }
        }
    }
}

#[test]
fn totals_say_what_is_missing_and_what_to_do() {
    let said = |csv: &str, toml: &str, applications: Option<&str>| {
        let advice = overall(&rows(csv, &policy(toml), applications));
        let words = advice.sentence.text() + &advice.act.text();
        assert!(!words.contains('{') && !words.contains("  "), "{words}");
        (advice.sentence.code(), advice.act.code(), words)
    };
    let head = "application,reviewer,k,l\n";
    let (sentence, act, _) = said(head, WEIGHTED, None);
    assert_eq!((sentence, act), ("totals-none", "await-reviews"));
    let (sentence, act, words) = said(&format!("{head}a,1,4,4\nb,1,3,3\n"), WEIGHTED, None);
    assert_eq!((sentence, act), ("totals-whole", "rank"));
    assert!(words.contains("Each of the 2 applications") && words.contains("reviews of each: 1."), "{words}");
    let (sentence, act, words) = said(&format!("{head}a,1,4,4\na,2,5,5\nb,1,3,3\n"), WEIGHTED, None);
    assert_eq!((sentence, act), ("totals-uneven", "even-out-reads"));
    assert!(words.contains("some from 1 reviews and some from 2") && words.contains("beginning with b"));
    let half = format!("{head}a,1,4,4\na,2,,1\nb,1,3,3\n");
    let least = format!("{WEIGHTED}[scoring]\nmin_weight = 2");
    let (sentence, act, words) = said(&half, &least, None);
    assert_eq!((sentence, act), ("totals-incomplete", "ask-for-answers"));
    assert!(words.contains("2 of 2 applications here have a total, 1 of these"), "{words}");
    let (sentence, act, words) = said(&half, &least, Some("application\na\nb\nc\nd\n"));
    assert_eq!((sentence, act), ("totals-incomplete", "ask-for-reviews"));
    assert!(words.contains("2 of 4") && words.contains("2 in all, beginning with c"), "{words}");
}
