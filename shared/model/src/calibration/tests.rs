//! Calibration on programmes of our own, and what may never change it.

use super::*;
use crate::chance::Chance;
use crate::programme::Programme;
use proptest::prelude::*;

const K: &str = "[[criterion]]\nkey = \"k\"\n";

fn calibrated_as(csv: &str, toml: &str, reviewers: Option<&str>, even_if_red: bool) -> Calibration {
    let programme = Programme::parse(toml).unwrap();
    let policy = Policy::of(&programme).unwrap();
    let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
    let reviewers = reviewers.map(|text| Reviewers::read(text.as_bytes(), "v").unwrap());
    let seats = programme.seats.as_ref().map(|seats| seats.n as usize);
    let asked = Asked { reviewers: reviewers.as_ref(), seats, even_if_red, ..Asked::default() };
    calibration(&scores, &policy, &asked).unwrap()
}

fn calibrated(csv: &str, toml: &str) -> Calibration {
    calibrated_as(csv, toml, None, true)
}

/// 120 applications, 12 readers in 4 regions of unequal quality, 3 reads each, of which `across` are another region's.
fn four_regions(across: usize) -> (String, String) {
    let mut chance = Chance::new(1, "four regions");
    let severity: Vec<f64> = (0..12).map(|_| 0.6 * chance.normal()).collect();
    let mut csv = "application,reviewer,k\n".to_owned();
    for application in 0..120 {
        let region = application / 30;
        let truth = [0.75, -0.75, 0.75, -0.75][region] + chance.normal();
        for read in 0..3 {
            let elsewhere = read == 2 && application * across / 120 != (application + 1) * across / 120;
            let at = if elsewhere { (region + 1 + application % 3) % 4 } else { region };
            let reader = at * 3 + (read + application) % 3;
            let figure = 50.0 + 10.0 * (truth + severity[reader] + 0.8 * chance.normal());
            csv += &format!("a{application:03},r{reader:02},{figure:.3}\n");
        }
    }
    let readers: String = (0..12).map(|r| format!("r{r:02},region {}\n", r / 3)).collect();
    (csv, format!("reviewer,region\n{readers}"))
}

/// Applications that `reads` readers of `readers` read, chosen by chance, of much severity.
fn mixed(applications: usize, readers: usize, reads: usize) -> String {
    let mut chance = Chance::new(2, "mixed");
    let severity: Vec<f64> = (0..readers).map(|_| 10.0 * chance.normal()).collect();
    let mut csv = "application,reviewer,k\n".to_owned();
    for application in 0..applications {
        let truth = 50.0 + 10.0 * chance.normal();
        for reader in chance.order(readers).into_iter().take(reads) {
            let figure = truth + severity[reader] + 6.0 * chance.normal();
            csv += &format!("a{application:03},r{reader:02},{figure:.3}\n");
        }
    }
    csv
}

#[test]
fn the_light_of_four_regions_turns_with_reads_across() {
    let lights = [0, 3, 24, 120].map(|across| {
        let (csv, readers) = four_regions(across);
        let got = calibrated_as(&csv, &format!("{K}[seats]\nn = 20\n"), Some(&readers), false);
        assert_eq!((got.components, got.made.groups), (if across == 0 { 4 } else { 1 }, "regions"));
        assert!(got.recall_raw.is_some() && got.recall_model.is_some());
        assert_eq!((got.withheld, got.rows[0].calibrated.is_none()), (got.light == Light::Red, got.withheld));
        assert!(got.rows[0].raw_rank.is_some());
        (got.light, got.advice.sentence.code())
    });
    assert_eq!(
        lights,
        [
            (Light::Red, "calibration-not-connected"),
            (Light::Red, "calibration-harms"),
            (Light::Red, "calibration-harms"),
            (Light::Amber, "calibration-no-clear-gain"),
        ]
    );
}

#[test]
fn the_light_of_mixed_reads_is_green_and_the_order_better() {
    let got = calibrated(&mixed(60, 12, 3), &format!("{K}[seats]\nn = 15\n"));
    assert_eq!((got.light, got.reason, got.components, got.withheld), (Light::Green, None, 1, false));
    assert!(got.recall_model > got.recall_raw);
    assert!(got.cut_readers.is_empty(), "{:?}", got.cut_readers);
    let sum: f64 = got.rows.iter().filter_map(|row| row.expected_rank).sum();
    assert!((sum - 60.0 * 61.0 / 2.0).abs() < 1e-6);
    let seats: f64 = got.rows.iter().filter_map(|row| row.p_seat).sum();
    assert!((seats - 15.0).abs() < 1e-9);
    for row in &got.rows {
        assert_eq!(row.band, row.p_seat.map(|p| (0.25..=0.75).contains(&p)));
    }
    let best = got.rows.iter().find(|row| row.rank == Some(1)).unwrap();
    assert!(best.p_seat > Some(0.9) && best.expected_rank < Some(5.0));
}

#[test]
fn one_reader_who_joins_two_parts_is_named() {
    let mut csv = mixed(40, 6, 3);
    csv += &mixed(40, 6, 3).replace("application,reviewer,k\n", "").replace('a', "b").replace('r', "s");
    let parts = calibrated(&csv, K);
    assert_eq!((parts.light, parts.components), (Light::Red, 2));
    assert_eq!(parts.advice.act.code(), "join-parts");
    // Reader r00 reads eight of the others' applications.
    csv += &(0..8).map(|a| format!("b{a:03},r00,5{a}\n")).collect::<String>();
    let joined = calibrated(&csv, K);
    assert_eq!(joined.components, 1);
    assert!(joined.cut_readers.contains(&"r00".to_owned()), "{:?}", joined.cut_readers);
    assert_ne!(joined.light, Light::Green);
}

#[test]
fn a_lenient_reader_has_a_positive_effect() {
    let csv =
        "application,reviewer,k\na,r,1\na,s,4\nb,r,3\nb,s,5\nc,r,2\nc,t,3\nd,s,9\nd,t,6\ne,r,4\ne,t,5\n";
    let got = calibrated(csv, K);
    let effect = |id: &str| got.reviewers.iter().find(|row| row.reviewer == id).unwrap().effect.unwrap();
    assert!(effect("s") > 0.0 && effect("r") < 0.0, "{:?}", got.reviewers);
    assert_eq!(got.reviewers.iter().map(|row| row.n).collect::<Vec<_>>(), [4, 3, 3]);
    assert_eq!(
        got.rows.iter().map(|row| row.raw_rank.unwrap()).collect::<Vec<_>>(),
        [4, 3, 4, 1, 2,][..].to_vec()
    );
}

#[test]
fn what_cannot_be_told_apart_has_a_reason() {
    let check = |rows: &str, reason: Reason| {
        let got = calibrated_as(&format!("application,reviewer,k\n{rows}"), K, None, true);
        assert_eq!((got.reason, got.light), (Some(reason), Light::Red), "{rows}");
        assert!(got.rows.iter().all(|row| row.calibrated.is_none() && row.rank.is_none()));
        assert_eq!((got.recall_raw, got.recall_model), (None, None));
        assert!(!got.advice.sentence.text().contains('{'));
    };
    check("", Reason::NoScores);
    check("a,r,\n", Reason::NoScores);
    check("a,r,1\n", Reason::SingleReviewer);
    check("a,r,1\nb,r,2\n", Reason::SingleReviewer);
    check("a,r,1\na,s,2\n", Reason::SingleApplication);
    check("a,r,1\nb,s,2\n", Reason::TooFewReads);
    check("a,r,1\na,s,2\nb,s,3\n", Reason::TooFewReads);
    check("a,r,3\na,s,3\nb,r,3\nb,s,3\n", Reason::NoVariation);
    // Quality and severity add up exactly.
    check("a,r,1\na,s,2\nb,r,3\nb,s,4\nc,r,6\nc,s,7\n", Reason::NoResidual);
    // Readers differ, applications do not.
    check("a,r,1\na,s,9\nb,r,2\nb,s,8\nc,r,1\nc,s,9\nd,r,2\nd,s,8\n", Reason::ApplicationsAlike);
}

#[test]
fn an_application_that_nobody_read_is_unknown() {
    let policy = Policy::of(&Programme::parse(K).unwrap()).unwrap();
    let csv = "application,reviewer,k\na,r,1\na,s,4\nb,r,3\nb,s,5\nc,r,2\nc,s,9\n";
    let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
    let applications = Applications::read(b"application\na\nb\nbb\nc\n", "a").unwrap();
    let asked = Asked { applications: Some(&applications), even_if_red: true, ..Asked::default() };
    let got = calibration(&scores, &policy, &asked).unwrap();
    assert_eq!(got.rows[2], CalibrationRow { application: "bb".to_owned(), ..CalibrationRow::default() });
}

/// Reviews of seven applications by five readers, some cells empty.
fn any_table() -> impl Strategy<Value = Vec<(String, String, Vec<Option<i32>>)>> {
    let cells = proptest::collection::vec(proptest::option::of(0_i32..=10), 2);
    proptest::collection::btree_map((0_u8..7, 0_u8..5), cells, 0..28)
        .prop_map(|map| map.into_iter().map(|((a, r), c)| (format!("a{a}"), format!("r{r}"), c)).collect())
}

fn weighted(k: &str, l: &str, best: &str) -> String {
    format!(
        "[scale]\nbest = \"{best}\"\n[[criterion]]\nkey = \"k\"\nweight = {k}\n[[criterion]]\nkey = \"l\"\n\
         weight = {l}\n[seats]\nn = 3\n"
    )
}

fn csv(table: &[(String, String, Vec<Option<i32>>)], of: impl Fn(i32) -> i32) -> String {
    let cell = |c: &Option<i32>| c.map_or_else(String::new, |n| of(n).to_string());
    let row =
        |(a, r, c): &(String, String, Vec<Option<i32>>)| format!("{a},{r},{},{}\n", cell(&c[0]), cell(&c[1]));
    format!("application,reviewer,k,l\n{}", table.iter().map(row).collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn neither_rows_nor_silent_readers_nor_the_unit_of_weights_change_anything(
        table in any_table().prop_shuffle(),
        by in 1_u32..1000,
    ) {
        let toml = weighted("3", "1.5", "high");
        let mut sorted = table.clone();
        sorted.sort();
        let got = calibrated(&csv(&table, |x| x), &toml);
        prop_assert_eq!(&got, &calibrated(&csv(&sorted, |x| x), &toml));

        let mut more = table.clone();
        let known: std::collections::BTreeSet<String> = table.iter().map(|(a, ..)| a.clone()).collect();
        more.extend(known.into_iter().map(|a| (a, "silent".to_owned(), vec![None, None])));
        prop_assert_eq!(&got, &calibrated(&csv(&more, |x| x), &toml));

        let scaled = |n: u32| format!("{}.{}", n / 10, n % 10);
        prop_assert_eq!(&got, &calibrated(&csv(&table, |x| x), &weighted(&scaled(30 * by), &scaled(15 * by), "high")));
    }

    #[test]
    fn no_figure_is_nan_and_sums_hold(table in any_table()) {
        let got = calibrated(&csv(&table, |x| x), &weighted("3", "1.5", "high"));
        let known = got.rows.iter().filter(|row| row.calibrated.is_some()).count();
        let whole = [got.recall_raw, got.recall_model, got.mu, got.variance.application, got.variance.reviewer, got.variance.residual];
        let rows = got.rows.iter().flat_map(|r| [r.raw, r.calibrated, r.sd, r.expected_rank, r.p_seat]);
        let readers = got.reviewers.iter().flat_map(|r| [r.effect, r.sd]);
        for figure in whole.into_iter().chain(rows).chain(readers).flatten() {
            prop_assert!(figure.is_finite() && (figure != 0.0 || figure.is_sign_positive()));
        }
        if known > 0 {
            let n = f64::from(u32::try_from(known).unwrap());
            let ranks: f64 = got.rows.iter().filter_map(|row| row.expected_rank).sum();
            prop_assert!((ranks - n * (n + 1.0) / 2.0).abs() < 1e-6);
            let seats: f64 = got.rows.iter().filter_map(|row| row.p_seat).sum();
            prop_assert!((seats - n.min(3.0)).abs() < 1e-6);
        } else {
            prop_assert!(got.reason.is_some());
        }
    }

    #[test]
    fn low_is_best_mirrors_high_is_best(table in any_table()) {
        let high = calibrated(&csv(&table, |x| 10 - x), &weighted("3", "1.5", "high"));
        let low = calibrated(&csv(&table, |x| x), &weighted("3", "1.5", "low"));
        prop_assert_eq!(high.reason, low.reason);
        for (high, low) in high.rows.iter().zip(&low.rows) {
            prop_assert_eq!(high.raw_rank, low.raw_rank);
            let near = |a: Option<f64>, b: Option<f64>, within: f64| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= within,
                (a, b) => a == b,
            };
            prop_assert!(near(high.expected_rank, low.expected_rank, 1e-6));
            prop_assert!(near(high.p_seat, low.p_seat, 0.01));
        }
    }
}

/// A ring of more applications and more readers than the dense part of the equations may hold: refused with a reason, at
/// once; one narrower side is enough to be taken.
#[test]
fn more_levels_than_the_dense_part_holds_are_refused_with_a_reason() {
    let ring = |n: usize| {
        let rows = (0..n).flat_map(|at| [(at, at), (at, (at + 1) % n), (at, (at + 7) % n)]);
        let rows = rows.map(|(a, r)| format!("a{a},r{r},{}\n", (a * 31 + r * 17) % 10));
        format!("application,reviewer,k\n{}", rows.collect::<String>())
    };
    let refused = calibrated(&ring(MAX_LEVELS + 1), K);
    assert_eq!((refused.reason, refused.light, refused.mu), (Some(Reason::TooLarge), Light::Red, None));
    assert_eq!(refused.rows.len(), MAX_LEVELS + 1);
    assert!(refused.rows.iter().all(|row| row.raw.is_some() && row.calibrated.is_none()));
}

/// No programme is simulated any more, and no corrected order is made.
#[test]
fn once_somebody_has_enough_it_ends_early() {
    let csv = mixed(40, 8, 3);
    let policy = Policy::of(&Programme::parse(K).unwrap()).unwrap();
    let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
    let made = |stop: bool| {
        let stop = AtomicBool::new(stop);
        let asked = Asked { seats: Some(8), stop: Some(&stop), ..Asked::default() };
        calibration(&scores, &policy, &asked).unwrap()
    };
    let asked = Asked { seats: Some(8), ..Asked::default() };
    assert_eq!(made(false), calibration(&scores, &policy, &asked).unwrap());
    assert!(made(false).recall_raw.is_some());
    assert_eq!((made(true).recall_raw, made(true).recall_model), (None, None));
}

/// Debug and release builds, and every version, give the same figures to the byte.
#[test]
fn every_build_gives_the_same_calibration() {
    let mut found = calibrated(&mixed(40, 8, 3), &format!("[seats]\nn = 8\n{K}"));
    let rows = std::mem::take(&mut found.rows);
    let text = serde_json::to_string(&(&found, &rows)).unwrap();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/calibration.json");
    assert_eq!(text, std::fs::read_to_string(golden).unwrap().trim_end());
}
