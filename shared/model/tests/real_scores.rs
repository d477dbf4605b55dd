//! Totals, order, agreement and variances against results that others computed or published. The data is no part of the project: where it is
//! absent each test prints `skipped 1`, and fails where `TESSERA_REQUIRE_DATA` is set.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at the unexpected, and says what it skips"
)]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use tessera_model::agreement::agreement;
use tessera_model::applications::Applications;
use tessera_model::calibration::{Asked, calibration};
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::ranking::{RankRow, order};
use tessera_model::scores::Scores;
use tessera_model::totals::{Totals, totals};

/// Rows of a table, each by column.
type Rows = Vec<BTreeMap<String, String>>;

fn data(path: &str) -> Option<Vec<u8>> {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    match std::fs::read(root.join(path)) {
        Ok(bytes) if path.ends_with(".gz") => {
            let mut text = Vec::new();
            GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
            Some(text)
        }
        Ok(bytes) => Some(bytes),
        Err(error) => {
            let required = std::env::var("TESSERA_REQUIRE_DATA").is_ok_and(|v| v == "1");
            assert!(!required, "{path}: {error}");
            println!("skipped 1: no {path}");
            None
        }
    }
}

fn table(bytes: &[u8]) -> Rows {
    let mut reader = csv::Reader::from_reader(bytes);
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn compute(scores: &str, toml: &str, applications: Option<&str>, seed: u64) -> (Totals, Vec<RankRow>) {
    let policy = Policy::of(&Programme::parse(toml).unwrap()).unwrap();
    let (scores, _) = Scores::read(scores.as_bytes(), "scores", &policy).unwrap();
    let policy = policy.for_criteria(scores.criteria());
    let applications = applications.map(|text| Applications::read(text.as_bytes(), "applications").unwrap());
    let totals = totals(&scores, &policy, applications.as_ref()).unwrap();
    let ranking = order(&totals.standings, &policy, seed);
    (totals, ranking)
}

fn near(got: Option<f64>, want: &str) -> bool {
    match want.parse::<f64>() {
        Ok(want) => got.is_some_and(|got| (got - want).abs() < 1e-6),
        Err(_) => got.is_none(),
    }
}

#[test]
fn panels_of_writing_agree_with_their_answers() {
    for (file, answers, applications) in [
        ("scores/sirt_ratings1.csv", "answers/sirt1_per_application.csv", 135),
        ("scores/sirt_ratings2.csv", "answers/sirt2_per_application.csv", 178),
    ] {
        let (Some(scores), Some(answers)) = (data(file), data(answers)) else { continue };
        let toml: String = (1..=5).map(|k| format!("[[criterion]]\nkey = \"k{k}\"\n")).collect();
        let toml = format!("[scale]\nmin = 0\nmax = 3\n{toml}");
        let (totals, ranking) = compute(std::str::from_utf8(&scores).unwrap(), &toml, None, 0);
        let ranks: BTreeMap<&str, _> = ranking.iter().map(|r| (r.application.as_str(), r.rank)).collect();
        let answers = table(&answers);
        assert_eq!((answers.len(), totals.rows.len()), (applications, applications));
        for want in answers {
            let row = totals.rows.iter().find(|r| r.application == want["application"]).unwrap();
            assert!(near(row.mean, &want["mean"]) && near(row.total, &want["mean"]), "{row:?} {want:?}");
            assert!(
                near(row.median, &want["median"]) && near(row.sd, &want["sd_sample"]),
                "{row:?} {want:?}"
            );
            assert_eq!(row.n.to_string(), want["n"]);
            assert_eq!(
                ranks[row.application.as_str()].map(|r| r.to_string()).as_ref(),
                Some(&want["rank_competition"])
            );
        }
    }
}

#[test]
fn official_skating_results_come_out_exactly() {
    let (Some(performances), Some(aspects)) =
        (data("scores/skating_gpcan2016_performances.csv"), data("scores/skating_gpcan2016_aspects.csv.gz"))
    else {
        return;
    };
    let mut components: BTreeMap<String, Rows> = BTreeMap::new();
    for row in table(&aspects) {
        if row["section"] == "components" {
            components.entry(row["performance_id"].clone()).or_default().push(row);
        }
    }
    let mut programmes: BTreeMap<String, Rows> = BTreeMap::new();
    for row in table(&performances) {
        programmes.entry(row["program"].clone()).or_default().push(row);
    }
    let mut compared = 0;
    for (program, skaters) in programmes {
        let mut toml = "[scale]\nmin = 0\nmax = 10\n".to_owned();
        let mut aspects: Vec<_> = components[&skaters[0]["performance_id"]].iter().collect();
        aspects.sort_by(|a, b| a["aspect_desc"].cmp(&b["aspect_desc"]));
        for (index, aspect) in aspects.iter().enumerate() {
            toml += &format!("[[criterion]]\nkey = \"c{index}\"\nweight = {}\n", aspect["factor"]);
        }
        let tie = if program.contains("SHORT") { "elements" } else { "criteria" };
        toml += &format!(
            "[scoring]\norder = \"criterion-first\"\ncentre = \"trimmed\"\ntrim = 1\ncombine = \"sum\"\n\
             round = {{ criterion = 2, product = 2, total = 2 }}\nadd = [\"elements\"]\nsubtract = [\"deductions\"]\n\
             ties = [\"{tie}\", \"draw\"]\nabsent = [\"0.0\"]\n"
        );
        let mut applications = "application,elements,deductions\n".to_owned();
        let keys: Vec<String> = (0..aspects.len()).map(|index| format!("c{index}")).collect();
        let mut scores = format!("application,reviewer,{}\n", keys.join(","));
        for skater in &skaters {
            let id = &skater["performance_id"];
            applications +=
                &format!("{id},{},{}\n", skater["total_element_score"], skater["total_deductions"]);
            for judge in 1..=9 {
                let cell = |desc: &str| {
                    let mine = components[id].iter().find(|a| a["aspect_desc"] == desc);
                    mine.map_or("", |a| a[&format!("J{judge}")].as_str()).to_owned()
                };
                let cells: Vec<String> = aspects.iter().map(|a| cell(&a["aspect_desc"])).collect();
                scores += &format!("{id},J{judge},{}\n", cells.join(","));
            }
        }
        let (_, ranking) = compute(&scores, &toml, Some(&applications), 1);
        for skater in &skaters {
            let row = ranking.iter().find(|r| r.application == skater["performance_id"]).unwrap();
            // Exactly: the double that the published decimal itself is.
            assert_eq!(row.total, skater["total_segment_score"].parse().ok(), "{skater:?}");
            assert_eq!(row.rank, skater["rank"].parse().ok(), "{skater:?}");
            compared += 1;
        }
    }
    assert_eq!(compared, 80);
}

#[test]
fn the_last_of_three_revisions_counts() {
    let Some(lines) = data("scores/iclr2023_200.jsonl.gz") else { return };
    let mut rows = String::new();
    let mut want = BTreeMap::new();
    for line in std::str::from_utf8(&lines).unwrap().lines() {
        let paper: serde_json::Value = serde_json::from_str(line).unwrap();
        let ratings = |t: &str| paper[t]["rating"].as_array().unwrap().clone();
        let versions = ["t3", "t1", "t2"].map(ratings);
        if versions[0].is_empty() || versions.iter().any(|v| v.len() != versions[0].len()) {
            continue;
        }
        let application = paper["application"].as_str().unwrap();
        for (revision, version) in [3, 1, 2].iter().zip(&versions) {
            for (reviewer, rating) in version.iter().enumerate() {
                rows += &format!(
                    "{{\"application\":\"{application}\",\"reviewer\":\"r{reviewer}\",\"revision\":{revision},\
                     \"scores\":{{\"rating\":{rating}}}}}\n"
                );
            }
        }
        let last: Vec<f64> = versions[0].iter().map(|v| v.as_f64().unwrap()).collect();
        want.insert(application.to_owned(), last.iter().sum::<f64>() / last.len() as f64);
    }
    let (totals, _) = compute(&rows, "", None, 0);
    assert!(want.len() >= 150);
    for row in totals.rows {
        assert!(near(row.mean, &want[&row.application].to_string()));
    }
}

/// Reads a score file whose criteria are k1 to k5.
fn five(path: &str) -> Option<Scores> {
    let bytes = data(path)?;
    let (scores, _) = Scores::read(&bytes, "scores", &Policy::default()).unwrap();
    assert_eq!(scores.criteria(), ["k1", "k2", "k3", "k4", "k5"]);
    Some(scores)
}

#[test]
fn agreement_of_two_panels() {
    let Some(answers) = data("answers/scores_answers.json") else { return };
    let answers: serde_json::Value = serde_json::from_slice(&answers).unwrap();
    for (panel, path) in [("sirt1", "scores/sirt_ratings1.csv"), ("sirt2", "scores/sirt_ratings2.csv")] {
        let Some(scores) = five(path) else { return };
        let rows = agreement(&scores, &Policy::default(), None).unwrap();
        let mut compared = 0;
        for row in &rows {
            let want = &answers[panel]["alpha"][&row.criterion][row.metric.name()];
            if !want.is_null() {
                assert!(near(row.alpha, &want.to_string()), "{panel} {row:?}");
                compared += 1;
            }
        }
        assert_eq!(compared, 15);
        let total = rows.last().unwrap();
        if panel == "sirt1" {
            assert!(near(total.icc1, "0.771954") && near(total.icck, "0.872125"), "{total:?}");
        }
    }
}

#[test]
fn variances_of_a_panel() {
    let Some(scores) = five("scores/sirt_ratings1.csv") else { return };
    let got = calibration(&scores, &Policy::default(), &Asked { even_if_red: true, ..Asked::default() });
    let got = got.unwrap();
    let close = |got: Option<f64>, want: f64| assert!((got.unwrap() - want).abs() < 1e-5, "{got:?} {want}");
    close(got.variance.application, 0.387_56);
    close(got.variance.reviewer, 0.043_33);
    close(got.variance.residual, 0.091_04);
    close(got.mu, 1.432_92);
    assert_eq!(got.rows.len(), 135);
    let sum: f64 = got.rows.iter().filter_map(|row| row.expected_rank).sum();
    assert!((sum - 135.0 * 136.0 / 2.0).abs() < 1e-6);
}
