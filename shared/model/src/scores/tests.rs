//! Score files: both forms, what counts, what is refused and where, and the way out and back.

use super::*;
use crate::programme::Programme;
use proptest::prelude::*;

fn policy(toml: &str) -> Policy {
    Policy::of(&Programme::parse(toml).unwrap()).unwrap()
}

fn scale() -> Policy {
    policy(
        "[scale]\nmin = 1\nmax = 5\nstep = 0.5\n[[criterion]]\nkey = \"k\"\n[[criterion]]\nkey = \"l\"\nmin = 0\n",
    )
}

fn read(text: &str, policy: &Policy) -> Result<Scores, InputError> {
    Scores::read(text.as_bytes(), "s.csv", policy).map(|(scores, _)| scores)
}

/// Shows reviews as one short text each.
fn shown(scores: &Scores) -> Vec<String> {
    let cell = |s: &Option<Decimal>| s.map_or_else(|| "-".to_owned(), |d| d.to_string());
    let one = |r: &Review| {
        let cells: Vec<String> = r.scores.iter().map(cell).collect();
        format!("{}/{}/{}:{}={}", r.application, r.reviewer, r.round, r.revision, cells.join(","))
    };
    scores.reviews().iter().map(one).collect()
}

#[test]
fn the_two_forms_say_the_same() {
    let csv = "\u{feff}application,reviewer,round,revision,confidence,k,l\nb,r1,,2,3,1.50,N/A\na,r1,x,,,5,\nb,r1,,1,,2,2\n";
    let json = r#"{"application":"b","reviewer":"r1","revision":2,"confidence":3,"scores":{"k":1.50,"l":"N/A"}}

{"application":"a","reviewer":"r1","round":"x","scores":{"k":"5","l":null}}
{"application":"b","reviewer":"r1","revision":1,"scores":{"k":2,"l":2.0}}"#;
    let expected = ["a/r1/x:0=5,-", "b/r1/:2=1.5,-"];
    for policy in [Policy::default(), scale()] {
        let from_csv = read(csv, &policy).unwrap();
        assert_eq!(shown(&from_csv), expected);
        assert_eq!(from_csv.criteria(), ["k", "l"]);
        assert_eq!(read(json, &policy).unwrap(), from_csv);
    }
}

#[test]
fn absent_cells_are_read_as_they_are_written() {
    let policy = policy(
        "[scale]\nmin = 0\nmax = 10\n[[criterion]]\nkey = \"k\"\n[scoring]\nabsent = [\"0.0\", \"-\"]",
    );
    let scores = read("application,reviewer,k\na,1,0.0\na,2,0\na,3,-\na,4,n/a\n", &policy).unwrap();
    assert_eq!(shown(&scores), ["a/1/:0=-", "a/2/:0=0", "a/3/:0=-", "a/4/:0=-"]);
    let json = "{\"application\":\"a\",\"reviewer\":1,\"scores\":{\"k\":0.0}}\n";
    assert_eq!(shown(&read(json, &policy).unwrap()), ["a/1/:0=-"]);
}

#[test]
fn h17_refused_with_file_row_and_column() {
    fn check(text: &str, code: &str, row: Option<u64>, column: Option<&str>) {
        let error = read(text, &scale()).unwrap_err();
        let got = (error.kind.code(), error.place.row, error.place.column.as_deref());
        assert_eq!(got, (code, row, column), "{text:?}: {error}");
        assert_eq!(error.place.file, "s.csv");
    }
    let k = |cell: &str| format!("application,reviewer,k,l\na,r,3,3\na,s,3,{cell}\n");
    for cell in
        ["NaN", "inf", "-inf", "Infinity", "-0", "-0.0", "1e308", "9223372036854775808", "3,5", "drei", "0x3"]
    {
        let cell = if cell.contains(',') { format!("\"{cell}\"") } else { cell.to_owned() };
        check(&k(&cell), "number-bad", Some(3), Some("l"));
    }
    for cell in ["5.5", "-1", "0.25", "6"] {
        check(&k(cell), "score-out-of-scale", Some(3), Some("l"));
    }
    let json =
        |cell: &str| format!("{{\"application\":\"a\",\"reviewer\":\"r\",\"scores\":{{\"k\":{cell}}}}}");
    for cell in ["-0.0", "1e308", "-0", "\"NaN\"", "18446744073709551616", "1e999"] {
        check(&json(cell), "number-bad", Some(1), Some("k"));
    }
    check(&json("0.5"), "score-out-of-scale", Some(1), Some("k"));
    for cell in ["NaN", "-Infinity", "\"\\ud800\""] {
        let error = read(&json(cell), &scale()).unwrap_err();
        assert_eq!((error.kind.code(), error.place.row), ("input-not-json", Some(1)), "{cell}");
    }
    for cell in ["true", "[3]", "{}"] {
        check(&json(cell), "input-not-json", Some(1), Some("k"));
    }
    check("application,k,l\na,3,3\n", "column-missing", Some(1), Some("reviewer"));
    check("application,reviewer,k\na,r,3\n", "column-missing", Some(1), Some("l"));
    check("application,reviewer,k,l\n,r,3,3\n", "cell-empty", Some(2), Some("application"));
    check("application,reviewer,k,l\na,,3,3\n", "cell-empty", Some(2), Some("reviewer"));
    check("application,reviewer,revision,k,l\na,r,-1,3,3\n", "whole-number-bad", Some(2), Some("revision"));
    check(
        "application,reviewer,revision,k,l\na,r,4294967296,3,3\n",
        "whole-number-bad",
        Some(2),
        Some("revision"),
    );
    check("application,reviewer,confidence,k,l\na,r,sure,3,3\n", "number-bad", Some(2), Some("confidence"));
    check("{\"application\":\"a\",\"application\":\"b\"}", "input-not-json", Some(1), None);
    check("{\"application\":\"a\",\"scores\":{}}", "cell-empty", Some(1), Some("reviewer"));
    check("{\"application\":\"a\"", "input-not-json", Some(1), None);
    check("", "input-empty", None, None);
}

#[test]
fn one_revision_with_two_values_needs_a_person_whatever_the_order() {
    let header = "application,reviewer,revision,k,l\n";
    let rows = ["a,r,1,3,3\n", "a,r,2,4,4\n", "a,r,1,3,2\n", "b,r,1,1,1\n"];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1]] {
        let text = format!("{header}{}", order.map(|i| rows[i]).concat());
        let error = read(&text, &scale()).unwrap_err();
        assert!(error.kind.needs_person());
        let InputErrorKind::TwoValues { row, other_row } = error.kind else { panic!("{error}") };
        let line = |of: usize| order.iter().position(|i| *i == of).unwrap() as u64 + 2;
        let (first, second) = (line(0).min(line(2)), line(0).max(line(2)));
        assert_eq!((row, other_row, error.place.column.as_deref()), (first, second, Some("l")));
    }
    let same = format!("{header}a,r,1,3,3\na,r,1,3.0,3.00\n");
    assert_eq!(
        shown(&read(&same, &scale()).unwrap()),
        ["a/r/:1=3,3"],
        "the same values twice are no conflict"
    );
    let unanswered = format!("{header}a,r,1,3,3\na,r,1,3,\n");
    assert!(read(&unanswered, &scale()).unwrap_err().kind.needs_person(), "a value and none are two");
}

#[test]
fn columns_that_are_no_criteria_are_named() {
    let (_, warnings) =
        Scores::read(b"application,reviewer,k,l,comment\na,r,3,3,well\n", "s", &scale()).unwrap();
    assert_eq!(warnings.iter().map(Warning::code).collect::<Vec<_>>(), ["column-unused"]);
    let json = br#"{"application":"a","reviewer":"r","note":"x","scores":{"k":3,"z":9}}"#;
    let (_, warnings) = Scores::read(json, "s", &scale()).unwrap();
    assert_eq!(warnings.len(), 2);
}

#[test]
fn lengths_are_bounded() {
    let long = format!("{{\"application\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(read(&long, &scale()).unwrap_err().kind.code(), "input-too-large");
    let id = format!("application,reviewer,k,l\n{},r,1,1\n", "x".repeat(129));
    assert_eq!(read(&id, &scale()).unwrap_err().kind.code(), "id-bad");
    let marks = format!("application,reviewer,k,l\n{},r,1,1\n", "e\u{301}".repeat(1_000_000));
    assert_eq!(read(&marks, &scale()).unwrap_err().kind.code(), "input-too-large");
}

fn any_review() -> impl Strategy<Value = Review> {
    let text = "[a-c=+@'; \",\u{e9}-]{1,6}";
    let score =
        proptest::option::of((0_i32..=20).prop_map(|n| format!("{n}e-1").parse::<Decimal>().unwrap()));
    (text, text, "[x-y]{0,1}", 0_u32..3, score.clone(), proptest::collection::vec(score, 2))
        .prop_filter("ids are trimmed and not empty", |(a, r, ..)| {
            a.trim() == a && r.trim() == r && !a.is_empty()
        })
        .prop_map(|(application, reviewer, round, revision, confidence, scores)| Review {
            application,
            reviewer,
            round,
            revision,
            confidence,
            scores,
        })
}

proptest! {
    #[test]
    fn h15_export_comes_back_and_holds_no_formula(reviews in proptest::collection::vec(any_review(), 0..12)) {
        let criteria = vec!["=k".to_owned(), "l".to_owned()];
        if let Ok(scores) = Scores::collect(criteria, reviews) {
            let csv = scores.to_csv();
            let back = read(std::str::from_utf8(&csv).unwrap(), &Policy::default()).unwrap();
            prop_assert_eq!(&back, &scores);
            for record in csv::ReaderBuilder::new().has_headers(false).from_reader(&csv[..]).records() {
                for cell in record.unwrap().iter() {
                    prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '|']), "{}", cell);
                }
            }
        }
    }

    #[test]
    fn order_of_rows_never_matters(mut reviews in proptest::collection::vec(any_review(), 0..12), turn in 0_usize..12) {
        let criteria = vec!["k".to_owned(), "l".to_owned()];
        let one = Scores::collect(criteria.clone(), reviews.clone());
        let by = turn.min(reviews.len());
        reviews.rotate_left(by);
        reviews.reverse();
        let other = Scores::collect(criteria, reviews);
        prop_assert_eq!(one.is_err(), other.is_err());
        prop_assert_eq!(one.ok(), other.ok());
    }

    #[test]
    fn any_bytes_are_scores_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Scores::read(&bytes, "s", &Policy::default());
    }
}
