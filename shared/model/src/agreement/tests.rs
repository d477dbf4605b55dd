//! Agreement against published figures, and what may never change it.

use super::*;
use crate::figure::size;
use crate::programme::Programme;
use proptest::prelude::*;

/// Krippendorff's four observers of twelve units; a dot is missing.
const FOUR_BY_TWELVE: [&str; 4] = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."];

/// Six targets, four judges (Shrout and Fleiss 1979, table 2).
const SHROUT_FLEISS: [[f64; 4]; 6] = [
    [9.0, 2.0, 5.0, 8.0],
    [6.0, 1.0, 3.0, 2.0],
    [8.0, 4.0, 6.0, 8.0],
    [7.0, 1.0, 2.0, 6.0],
    [10.0, 5.0, 6.0, 9.0],
    [6.0, 2.0, 4.0, 7.0],
];

fn twelve() -> Vec<Vec<f64>> {
    let rows: Vec<Vec<Option<u32>>> =
        FOUR_BY_TWELVE.iter().map(|row| row.chars().map(|c| c.to_digit(10)).collect()).collect();
    (0..12).map(|unit| rows.iter().filter_map(|row| row[unit].map(f64::from)).collect()).collect()
}

fn near(got: Option<f64>, want: f64) -> bool {
    got.is_some_and(|got| (got - want).abs() < 5e-7)
}

#[test]
fn alpha_of_four_observers_and_twelve_units() {
    let units = Units::of(twelve());
    assert_eq!((units.units, units.values), (11, 40));
    for (metric, alpha, se) in [
        (Metric::Nominal, 0.743_421, 0.146_327),
        (Metric::Ordinal, 0.815_388, 0.148_031),
        (Metric::Interval, 0.849_107, 0.140_840),
        (Metric::Ratio, 0.797_403, 0.143_271),
    ] {
        let got = units.alpha(metric);
        assert!(near(got.alpha, alpha) && near(got.se, se), "{metric:?}: {got:?}");
        // t with 10 degrees of freedom at 97.5 %.
        let reach = 2.228_138_851_965 * got.se.unwrap();
        assert!(near(got.low, got.alpha.unwrap() - reach), "{metric:?}: {got:?}");
        assert!(near(got.high, (got.alpha.unwrap() + reach).min(1.0)), "{metric:?}: {got:?}");
    }
}

#[test]
fn intraclass_correlation_of_six_targets() {
    let got = icc(&SHROUT_FLEISS.map(Vec::from));
    assert!(near(got.icc1, 0.165_742) && near(got.icck, 0.442_797), "{got:?}");
    assert_eq!(got.k0, Some(4.0));
    // As R's psych 2.4 prints the intervals of these figures: −0.133 to 0.72 and −0.884 to 0.91.
    let ends = |ends: Option<(f64, f64)>, low: f64, high: f64| {
        ends.is_some_and(|got| (got.0 - low).abs() < 5e-4 && (got.1 - high).abs() < 5e-3)
    };
    assert!(ends(got.icc1_ends, -0.133, 0.72) && ends(got.icck_ends, -0.884, 0.91), "{got:?}");
}

#[test]
fn what_cannot_be_compared_has_a_reason() {
    let reason = |units: &[&[f64]], metric| {
        let got = Units::of(units.iter().map(|unit| unit.to_vec())).alpha(metric);
        assert_eq!(got.alpha.is_none(), got.reason != Some(Reason::NoInterval) && got.reason.is_some());
        got.reason
    };
    assert_eq!(reason(&[], Metric::Nominal), Some(Reason::NoPairs));
    assert_eq!(reason(&[&[1.0], &[2.0]], Metric::Ordinal), Some(Reason::NoPairs));
    assert_eq!(reason(&[&[2.0, 2.0], &[2.0, 2.0]], Metric::Interval), Some(Reason::NoVariation));
    assert_eq!(reason(&[&[-1.0, 2.0], &[1.0, 1.0]], Metric::Ratio), Some(Reason::NegativeValues));
    assert_eq!(reason(&[&[-1.0, 2.0], &[1.0, 2.0]], Metric::Interval), None);
    // Without either unit nothing differs, or nothing is left.
    assert_eq!(reason(&[&[1.0, 1.0], &[2.0, 2.0]], Metric::Interval), Some(Reason::NoInterval));
    assert_eq!(reason(&[&[1.0, 2.0]], Metric::Ratio), Some(Reason::NoInterval));
    // 0 against 0 is no distance.
    let zeros = Units::of([vec![0.0, 0.0], vec![0.0, 3.0], vec![2.0, 3.0]]).alpha(Metric::Ratio);
    assert!(zeros.alpha.is_some_and(f64::is_finite));
}

#[test]
fn negative_correlation_stays_and_nothing_is_nothing() {
    let negative = icc(&[vec![1.0, 5.0], vec![5.0, 1.0], vec![1.0, 5.5]]);
    assert!(negative.icc1 < Some(0.0) && negative.icck < Some(0.0));
    assert_eq!(icc(&[vec![1.0, 2.0]]), icc::Icc::default());
    assert_eq!(icc(&[vec![1.0], vec![2.0]]), icc::Icc::default());
    let same = icc(&[vec![0.1, 0.1, 0.1], vec![0.1, 0.1]]);
    assert_eq!((same.icc1, same.icck), (None, None));
}

fn rows(csv: &str, toml: &str) -> Vec<AgreementRow> {
    let policy = Policy::of(&Programme::parse(toml).unwrap()).unwrap();
    let (scores, _) = Scores::read(csv.as_bytes(), "s", &policy).unwrap();
    agreement(&scores, &policy, None).unwrap()
}

#[test]
fn each_criterion_has_four_rows_and_total_comes_last() {
    let got = rows("application,reviewer,k,l\na,r,1,2\na,s,1,3\nb,r,4,\nb,s,5,2\nc,r,,1\n", "");
    let names: Vec<&str> = got.iter().map(|row| row.criterion.as_str()).collect();
    assert_eq!(names, ["k", "k", "k", "k", "l", "l", "l", "l", "total", "total", "total", "total"]);
    assert_eq!((got[0].units, got[0].values, got[4].units, got[8].units), (2, 4, 1, 2));
    assert_eq!(overall(&got).sentence.code(), "agreement-least");
    // A review that answers too little does not count, unless criteria come first.
    let rules = "[[criterion]]\nkey = \"k\"\n[[criterion]]\nkey = \"l\"\nrequired = true\n";
    let csv = "application,reviewer,k,l\na,r,1,2\na,s,1,\nb,r,4,4\nb,s,5,2\n";
    assert_eq!(rows(csv, rules)[0].units, 1);
    assert_eq!(rows(csv, &format!("{rules}[scoring]\norder = \"criterion-first\"\n"))[0].units, 2);
    let none = rows("application,reviewer,k\n", "");
    assert_eq!(
        (none[0].reason, overall(&none).sentence.code()),
        (Some(Reason::NoPairs), "agreement-no-pairs")
    );
}

/// Reviews of six applications by five readers, some cells empty.
fn any_table() -> impl Strategy<Value = Vec<(String, String, Vec<Option<i32>>)>> {
    let cells = proptest::collection::vec(proptest::option::of(0_i32..=6), 2);
    proptest::collection::btree_map((0_u8..6, 0_u8..5), cells, 0..25)
        .prop_map(|map| map.into_iter().map(|((a, r), c)| (format!("a{a}"), format!("r{r}"), c)).collect())
}

fn csv(table: &[(String, String, Vec<Option<i32>>)]) -> String {
    let cell = |c: &Option<i32>| c.map_or_else(String::new, |n| n.to_string());
    let row =
        |(a, r, c): &(String, String, Vec<Option<i32>>)| format!("{a},{r},{},{}\n", cell(&c[0]), cell(&c[1]));
    format!("application,reviewer,k,l\n{}", table.iter().map(row).collect::<String>())
}

fn weighted(k: &str, l: &str) -> String {
    format!("[[criterion]]\nkey = \"k\"\nweight = {k}\n[[criterion]]\nkey = \"l\"\nweight = {l}\n")
}

/// Alpha and its jackknife as the definitions say, pair by pair.
fn by_definition(units: &[Vec<f64>], metric: Metric) -> Option<f64> {
    let all: Vec<f64> = units.iter().flatten().copied().collect();
    let rank = |x: f64| {
        let (below, same) = (all.iter().filter(|y| **y < x).count(), all.iter().filter(|y| **y == x).count());
        size(below) + size(same) / 2.0
    };
    let distance = |a: f64, b: f64| match metric {
        Metric::Nominal => f64::from(u8::from(a != b)),
        Metric::Ordinal => (rank(a) - rank(b)).powi(2),
        Metric::Interval => (a - b).powi(2),
        Metric::Ratio if a == b => 0.0,
        Metric::Ratio => ((a - b) / (a + b)).powi(2),
    };
    let pairs = |values: &[f64]| -> f64 {
        values.iter().flat_map(|a| values.iter().map(move |b| (*a, *b))).map(|(a, b)| distance(a, b)).sum()
    };
    let expected = pairs(&all);
    let observed: f64 = units.iter().map(|unit| pairs(unit) / (size(unit.len()) - 1.0)).sum();
    (expected > 0.0).then(|| 1.0 - (size(all.len()) - 1.0) * observed / expected)
}

proptest! {
    #[test]
    fn alpha_and_its_error_are_what_the_definitions_say(
        units in proptest::collection::vec(proptest::collection::vec(0_u8..6, 2..5), 2..7),
    ) {
        let units: Vec<Vec<f64>> =
            units.into_iter().map(|unit| unit.into_iter().map(f64::from).collect()).collect();
        for metric in Metric::ALL {
            let got = Units::of(units.clone()).alpha(metric);
            let want = by_definition(&units, metric);
            prop_assert_eq!(got.alpha.is_some(), want.is_some());
            prop_assert!(got.alpha.zip(want).is_none_or(|(a, b)| (a - b).abs() < 1e-9));
            let without: Option<Vec<f64>> = (0..units.len())
                .map(|at| {
                    let mut rest = units.clone();
                    rest.remove(at);
                    by_definition(&rest, metric)
                })
                .collect();
            prop_assert_eq!(got.se.is_some(), want.is_some() && without.is_some());
            if let (Some(se), Some(without)) = (got.se, without) {
                let m = size(units.len());
                let mean = without.iter().sum::<f64>() / m;
                let squares: f64 = without.iter().map(|a| (a - mean).powi(2)).sum();
                prop_assert!((se - ((m - 1.0) / m * squares).sqrt()).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn neither_rows_nor_silent_readers_nor_the_unit_of_weights_change_anything(
        table in any_table().prop_shuffle(),
        by in 1_u32..1000,
    ) {
        let got = rows(&csv(&table), &weighted("3", "1.5"));
        let mut sorted = table.clone();
        sorted.sort();
        prop_assert_eq!(&got, &rows(&csv(&sorted), &weighted("3", "1.5")));
        let mut more = table.clone();
        let known: std::collections::BTreeSet<String> = table.iter().map(|(a, ..)| a.clone()).collect();
        more.extend(known.into_iter().map(|a| (a, "silent".to_owned(), vec![None, None])));
        prop_assert_eq!(&got, &rows(&csv(&more), &weighted("3", "1.5")));
        let scaled = |n: u32| format!("{}.{}", n / 10, n % 10);
        prop_assert_eq!(&got, &rows(&csv(&table), &weighted(&scaled(30 * by), &scaled(15 * by))));
        for row in &got {
            let figures = [row.alpha, row.se, row.low, row.high, row.k0, row.icc1, row.icck];
            for figure in figures.into_iter().flatten() {
                prop_assert!(figure.is_finite() && (figure != 0.0 || figure.is_sign_positive()));
            }
            prop_assert_eq!(row.alpha.is_none() || row.se.is_none(), row.reason.is_some());
            let words = row.advice.sentence.text() + &row.advice.act.text();
            prop_assert_eq!(words.find('{'), None);
        }
    }
}
