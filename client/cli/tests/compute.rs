//! `tessera compute` as scripts see it: cases as data, with exit status, code and place of every refusal.

#![expect(clippy::unwrap_used, reason = "a test stops where something unexpected happens")]

use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder of its own for each test, with the files given.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (file, text) in files {
        std::fs::write(folder.join(file), text).unwrap();
    }
    folder
}

fn tessera(folder: &PathBuf, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tessera"))
        .current_dir(folder)
        .env_remove("TESSERA_HOME")
        .args(arguments.split_whitespace())
        .output()
        .unwrap()
}

const SCORES: &str = "application,reviewer,k,l\nb,r1,4,N/A\na,r1,3,5\na,r2,3,\nc,r2,,\n";
const PROGRAMME: &str =
    "[scale]\nmin = 1\nmax = 5\n[[criterion]]\nkey = \"k\"\nweight = 2\n[[criterion]]\nkey = \"l\"\n";

#[test]
fn totals_have_the_fields_of_the_interface() {
    let folder = folder("totals", &[("s.csv", SCORES), ("p.toml", PROGRAMME)]);
    let output = tessera(&folder, "--json compute totals --scores s.csv --programme p.toml");
    assert_eq!(output.status.code(), Some(0));
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["schema"], "tessera/totals/1");
    assert_eq!(result["input_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(result["method"]["weights"], serde_json::json!({ "k": "2", "l": "1" }));
    let rows = result["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|r| r["application"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b", "c"]);
    for key in
        ["n", "incomplete", "mean", "median", "trimmed", "sd", "min", "max", "total", "z_mean", "criteria"]
    {
        assert!(rows[0].get(key).is_some(), "{key}");
    }
    // (2·3 + 5)/3 and 3.
    assert!((rows[0]["total"].as_f64().unwrap() - 10.0 / 3.0).abs() < 1e-9);
    assert_eq!(
        (&rows[1]["total"], &rows[1]["sd"], &rows[1]["z_mean"]),
        (&4.0.into(), &().into(), &1.0.into())
    );
    assert_eq!(
        (&rows[2]["n"], &rows[2]["total"], &rows[2]["incomplete"]),
        (&0.into(), &().into(), &true.into())
    );
    assert_eq!(
        rows[0]["criteria"]["l"],
        serde_json::json!({ "n": 1, "mean": 5.0, "median": 5.0, "trimmed": 5.0, "value": 5.0 })
    );
    assert_eq!(result["sentence"]["parameters"]["known"], 2);
    assert_eq!(
        (&result["sentence"]["code"], &result["act"]["code"]),
        (&"totals-incomplete".into(), &"ask-for-reviews".into())
    );
    let text = tessera(&folder, "compute totals --scores s.csv --programme p.toml").stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("\n\n2 of 3 applications here have a total") && text.ends_with("with c.\n"),
        "{text}"
    );
}

#[test]
fn ranking_is_best_first_and_says_how_ties_were_broken() {
    let ties = format!("{PROGRAMME}[scoring]\nties = [\"draw\"]\n");
    let scores = "application,reviewer,k,l\na,r,3,3\nb,r,3,3\nc,r,5,5\n";
    let folder = folder("ranking", &[("s.csv", scores), ("p.toml", &ties)]);
    let run = |seed: u32| {
        tessera(&folder, &format!("compute ranking --scores s.csv --programme p.toml --json --seed {seed}"))
    };
    let result: serde_json::Value = serde_json::from_slice(&run(1).stdout).unwrap();
    assert_eq!(
        result["rows"][0],
        serde_json::json!({
            "rank": 1, "application": "c", "total": 5.0, "tied_with": [], "tie_broken_by": null
        })
    );
    assert_eq!((&result["rows"][1]["rank"], &result["rows"][2]["rank"]), (&2.into(), &3.into()));
    assert_eq!(result["rows"][1]["tie_broken_by"], "draw");
    assert_eq!(result["warnings"][0]["code"], "drawn");
    assert_eq!(
        (&result["sentence"]["code"], &result["act"]["code"]),
        (&"ranking-ties".into(), &"publish-seed".into())
    );
    assert!(result["act"]["text"].as_str().unwrap().contains("its seed, 1,"));
    std::fs::write(folder.join("seats.toml"), format!("{ties}[seats]\nn = 2\n")).unwrap();
    let line = tessera(&folder, "compute ranking --scores s.csv --programme seats.toml").stdout;
    let line = String::from_utf8(line).unwrap();
    assert!(line.contains("\n\n3 of 3 applications have a place") && line.contains("only a draw"), "{line}");
    assert_eq!(run(1).stdout, run(1).stdout);
    let orders: std::collections::BTreeSet<_> = (0..20).map(|seed| run(seed).stdout).collect();
    assert!(orders.len() > 2, "another seed can draw another order");
}

/// Three applications that three readers read, the last one strictly.
const PANEL: &str = "application,reviewer,k\na,r,4\na,s,5\na,t,2\nb,r,2\nb,s,2\nb,t,1\nc,r,3\nc,s,5\nc,t,2\n\
                     d,r,5\nd,s,4\nd,t,3\n";

#[test]
fn agreement_has_the_fields_of_the_interface() {
    let folder = folder("agreement", &[("s.csv", PANEL)]);
    let output = tessera(&folder, "--json compute agreement --scores s.csv");
    assert_eq!(output.status.code(), Some(0));
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["schema"], "tessera/agreement/1");
    let rows = result["rows"].as_array().unwrap();
    let names: Vec<_> =
        rows.iter().map(|r| (r["criterion"].as_str().unwrap(), r["metric"].as_str().unwrap())).collect();
    assert_eq!(names[..4], [("k", "nominal"), ("k", "ordinal"), ("k", "interval"), ("k", "ratio")]);
    assert_eq!((names.len(), names[7]), (8, ("total", "ratio")));
    for key in ["alpha", "reason", "units", "values", "se", "low", "high", "level", "k0", "icc1", "icck"] {
        assert!(rows[0].get(key).is_some(), "{key}");
    }
    assert_eq!(
        (&rows[0]["units"], &rows[0]["values"], &rows[0]["level"]),
        (&4.into(), &12.into(), &0.95.into())
    );
    for said in [&result, &rows[0]] {
        for part in ["sentence", "act"] {
            assert!(said[part]["code"].is_string() && said[part]["text"].is_string(), "{said}");
            assert!(said[part]["parameters"].is_object());
        }
    }
    let text = String::from_utf8(tessera(&folder, "compute agreement --scores s.csv").stdout).unwrap();
    assert!(
        text.starts_with("criterion  metric") && text.contains("Of 1 criteria, readers agree least on k"),
        "{text}"
    );
}

#[test]
fn calibration_withholds_the_corrected_order_under_a_red_light() {
    let apart = "application,reviewer,k\na,r,4\na,s,5\nb,r,2\nb,s,2\nc,t,3\nc,u,5\nd,t,5\nd,u,4\n";
    let seats = format!("{PROGRAMME}[seats]\nn = 2\n").replace("\n[[criterion]]\nkey = \"l\"", "");
    let folder = folder("calibration", &[("s.csv", apart), ("panel.csv", PANEL), ("p.toml", &seats)]);
    let run = |arguments: &str| -> serde_json::Value {
        let output = tessera(&folder, &format!("--json compute calibration --programme p.toml {arguments}"));
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let red = run("--scores s.csv");
    assert_eq!((&red["schema"], &red["light"]), (&"tessera/calibration/1".into(), &"red".into()));
    assert_eq!((&red["components"], &red["withheld"]), (&2.into(), &true.into()));
    assert_eq!(red["warnings"][0]["code"], "withheld");
    assert!(red["recall_raw"].is_number() && red["recall_model"].is_number());
    assert_eq!((&red["rows"][0]["raw"], &red["rows"][0]["calibrated"]), (&4.5.into(), &().into()));
    let shown = run("--scores s.csv --even-if-red");
    assert_eq!((&shown["withheld"], &shown["light"]), (&false.into(), &"red".into()));
    for key in
        ["application", "n", "raw", "raw_rank", "calibrated", "sd", "expected_rank", "p_seat", "band", "rank"]
    {
        assert!(!shown["rows"][0][key].is_null(), "{key}");
    }
    for key in ["application", "reviewer", "residual"] {
        assert!(shown["variance"][key].is_number() && shown["mu"].is_number());
    }
    let one = run("--scores panel.csv --even-if-red --seed 3");
    assert_eq!(one, run("--scores panel.csv --even-if-red --seed 3"), "the same seed, the same bytes");
    assert_eq!(one["reviewers"][2]["reviewer"], "t");
    assert!(one["reviewers"][2]["effect"].as_f64().unwrap() < 0.0, "{one}");
    let text = String::from_utf8(tessera(&folder, "compute calibration --scores s.csv").stdout).unwrap();
    assert!(text.contains("light: red") && text.contains("2 parts that no read joins"), "{text}");
}

#[test]
fn people_get_a_table_and_nothing_that_steers_their_terminal() {
    let scores = "application,reviewer,k\na\u{202e}x,r,3\n";
    let folder = folder("table", &[("s.csv", scores)]);
    let output = tessera(&folder, "compute ranking --scores s.csv");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        text,
        "rank  application  total  note\n   1  a\\u{202e}x       3\n\n1 of 1 applications have a place, 0 of these from \
         less than is asked; no two have the same total.\nLook at the order, then publish it.\n"
    );
}

#[test]
fn refusals_carry_exit_status_code_and_place() {
    let folder = folder(
        "refusals",
        &[
            ("s.csv", SCORES),
            ("p.toml", PROGRAMME),
            ("high.csv", "application,reviewer,k,l\na,r1,3,3\na,r2,9,3\n"),
            ("nan.csv", "application,reviewer,k,l\na,r1,NaN,3\n"),
            ("two.csv", "application,reviewer,revision,k,l\na,r1,1,3,3\nb,r1,1,3,3\na,r1,1,3,4\n"),
            ("short.csv", "application,reviewer,k\na,r1,3\n"),
            ("applications.csv", "application\nb\n"),
            ("typo.toml", "[scale]\nmin = 1\nmaxx = 5\n"),
            ("latin1.csv", "application,reviewer,k\n"),
        ],
    );
    std::fs::write(folder.join("latin1.csv"), b"application,reviewer,k\n\xe9,r,3\n").unwrap();
    for (arguments, exit, code, file, row, column) in [
        (
            "--scores high.csv --programme p.toml",
            3,
            "score-out-of-scale",
            Some("high.csv"),
            Some(3),
            Some("k"),
        ),
        ("--scores nan.csv", 3, "number-bad", Some("nan.csv"), Some(2), Some("k")),
        ("--scores two.csv", 8, "revision-two-values", Some("two.csv"), Some(4), Some("l")),
        ("--scores short.csv --programme p.toml", 3, "column-missing", Some("short.csv"), Some(1), Some("l")),
        ("--scores latin1.csv", 3, "input-not-utf8", Some("latin1.csv"), Some(2), Some("application")),
        (
            "--scores s.csv --programme typo.toml",
            3,
            "programme-bad-definition",
            Some("typo.toml"),
            Some(3),
            Some("1"),
        ),
        (
            "--scores s.csv --applications applications.csv",
            3,
            "application-unknown",
            Some("s.csv"),
            Some(3),
            Some("application"),
        ),
        ("--scores none.csv", 4, "file-unreadable", Some("none.csv"), None, None),
        ("--scores s.csv --seed many", 2, "usage", None, None, None),
        ("", 2, "usage", None, None, None),
    ] {
        let output = tessera(&folder, &format!("compute totals --json {arguments}"));
        assert_eq!(
            output.status.code(),
            Some(exit),
            "{arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.stdout.is_empty(), "{arguments}");
        let result: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        let error = &result["error"];
        // The name of a table's column; in a text file the number of a character.
        let number = error["column"].as_u64().map(|number| number.to_string());
        assert_eq!(number.is_some(), file == Some("typo.toml"), "{arguments}");
        let at = error["column"].as_str().or(number.as_deref());
        let got = (error["code"].as_str(), error["file"].as_str(), error["row"].as_u64(), at);
        assert_eq!(got, (Some(code), file, row, column), "{arguments}");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    let plain = tessera(&folder, "compute totals --scores two.csv");
    let text = String::from_utf8(plain.stderr).unwrap();
    assert!(
        text.starts_with("tessera: two.csv, row 4, column l: ") && text.contains("rows 2 and 4"),
        "{text}"
    );
}

#[test]
fn help_and_version_are_results() {
    let folder = folder("help", &[]);
    for arguments in ["--help", "--version", "compute --help", "compute totals --help"] {
        let output = tessera(&folder, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{arguments}");
    }
    assert_eq!(tessera(&folder, "").status.code(), Some(2));
}

#[test]
fn assignments_are_solved_explained_and_never_merely_impossible() {
    let pairs = "reviewer,application,affinity,conflict\nr1,a1,0.9,\nr1,a2,0.8,\nr2,a1,0.8,\nr2,a2,0.1,\nr3,a1,0.1,\nr3,a2,0.3,yes\n";
    let folder = folder(
        "assignment",
        &[
            ("w.csv", pairs),
            ("m.csv", "0.9,0.8\n0.8,0.1\n0.1,-1\n"),
            ("v.csv", "reviewer,max\nr1,1\nr2,1\nr3,2\n"),
            ("old.json", "{\"rows\":[{\"application\":\"a1\",\"reviewer\":\"r3\"}]}"),
        ],
    );
    let run = |arguments: &str| tessera(&folder, &format!("--json compute assignment {arguments}"));
    let json = |output: &Output| -> serde_json::Value { serde_json::from_slice(&output.stdout).unwrap() };
    let solved = run("--affinity w.csv --reads 1 --min-load 0 --max-load 1");
    assert_eq!(solved.status.code(), Some(0), "{}", String::from_utf8_lossy(&solved.stderr));
    let result = json(&solved);
    assert_eq!(result["schema"], "tessera/assignment/1");
    assert_eq!((&result["objective"], &result["optimal"]), (&1.6.into(), &true.into()));
    assert_eq!(result["loads"], serde_json::json!({ "r1": 1, "r2": 1, "r3": 0 }));
    assert_eq!(
        result["rows"],
        serde_json::json!([
            { "application": "a1", "reviewer": "r2", "affinity": 0.8 },
            { "application": "a2", "reviewer": "r1", "affinity": 0.8 }
        ])
    );
    assert_eq!(result["worst"], serde_json::json!({ "application": "a1", "score": 0.8 }));
    assert_eq!((&result["unmet"], &result["soft_broken"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert_eq!(
        (&result["sentence"]["code"], &result["act"]["code"]),
        (&"assigned".into(), &"publish".into())
    );
    // The same as a matrix.
    let matrix = run("--matrix m.csv --conflict-below 0 --reads 1 --min-load 0 --max-load 1");
    assert_eq!(json(&matrix)["rows"], result["rows"]);

    let short = run("--affinity w.csv --reads 2 --min-load 0 --max-load 2 --reviewers v.csv");
    assert_eq!(short.status.code(), Some(8));
    let result = json(&short);
    assert_eq!(
        (result["rows"].as_array().unwrap().len(), &result["unmet"][0]["application"]),
        (3, &"a2".into())
    );
    let error: serde_json::Value = serde_json::from_slice(&short.stderr).unwrap();
    assert_eq!(error["error"]["code"], "assignment-incomplete");

    let kept = json(&run("--affinity w.csv --reads 1 --max-load 1 --keep old.json"));
    assert_eq!((&kept["kept"]["kept"], &kept["rows"][0]["reviewer"]), (&1.into(), &"r3".into()));
    let why = json(&run("--affinity w.csv --reads 1 --max-load 1 --explain a1 r1"));
    assert_eq!(
        (&why["rows"][0]["state"], &why["rows"][0]["objective_if"]),
        (&"possible".into(), &1.0.into())
    );

    for (arguments, exit, code) in [
        ("--reads 1 --max-load 1", 2, "usage"),
        ("--affinity w.csv --reads 0 --max-load 1", 2, "usage"),
        ("--affinity w.csv --reads 1 --min-load 2 --max-load 1", 2, "usage"),
        ("--affinity m.csv --reads 1 --max-load 1", 3, "column-missing"),
        ("--affinity w.csv --reads 1 --max-load 1 --explain a1 r9", 4, "pair-unknown"),
        ("--affinity none.csv --reads 1 --max-load 1", 4, "file-unreadable"),
    ] {
        let output = run(arguments);
        let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), error["error"]["code"].as_str()),
            (Some(exit), Some(code)),
            "{arguments}"
        );
    }
}

#[test]
fn selections_go_down_the_order_under_quotas() {
    let seats = "[seats]\nn = 2\nquotas = [{ name = \"the south\", field = \"region\", value = \"south\", min = 1 }]\n";
    let programme = format!("{PROGRAMME}{seats}");
    let folder = folder(
        "selection",
        &[
            ("p.toml", &programme),
            ("high.toml", &programme.replace("min = 1 }", "min = 2 }")),
            ("s.csv", "application,reviewer,k,l\na,r1,5,5\nb,r1,4,4\nc,r2,3,3\nd,r2,2,2\n"),
            ("a.csv", "application,region\na,north\nb,north\nc,south\nd,north\n"),
        ],
    );
    let ranking = tessera(&folder, "--json compute ranking --scores s.csv --programme p.toml");
    std::fs::write(folder.join("r.json"), &ranking.stdout).unwrap();
    let run =
        |arguments: &str| tessera(&folder, &format!("--json compute selection --ranking r.json {arguments}"));
    let output = run("--programme p.toml --applications a.csv --snapshot record.json");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&result["selected"], &result["waitlist"]),
        (&serde_json::json!(["a", "c"]), &serde_json::json!(["b", "d"]))
    );
    assert_eq!(result["passed_over"][0]["constraint"], "the south");
    assert_eq!(result["depends_on_one_reader"], serde_json::Value::Null);
    let record = std::fs::read(folder.join("record.json")).unwrap();
    assert!(record.starts_with(b"{\"before\":null,\"order\":[{\"application\":\"a\""));
    std::fs::write(folder.join("old.json"), &output.stdout).unwrap();
    let promoted =
        run("--programme p.toml --applications a.csv --keep old.json --withdrawn a --scores s.csv");
    let result: serde_json::Value = serde_json::from_slice(&promoted.stdout).unwrap();
    assert_eq!(
        (&result["selected"], &result["promoted"]),
        (&serde_json::json!(["b", "c"]), &serde_json::json!(["b"]))
    );
    assert!(result["depends_on_one_reader"].is_boolean());
    for (arguments, exit, code) in [
        ("--programme high.toml --applications a.csv", 8, "quotas-impossible"),
        ("--programme p.toml", 3, "column-missing"),
        ("--programme s.csv", 3, "programme-bad-definition"),
    ] {
        let output = run(arguments);
        let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), error["error"]["code"].as_str()),
            (Some(exit), Some(code)),
            "{arguments}"
        );
    }
    let message = run("--programme high.toml --applications a.csv");
    assert!(String::from_utf8_lossy(&message.stderr).contains("the south"));
}

#[test]
fn a_report_is_written_in_the_form_that_its_name_asks_for() {
    let folder = folder("report", &[("p.toml", PROGRAMME), ("s.csv", SCORES)]);
    let run = |arguments: &str| tessera(&folder, &format!("--json compute report {arguments}"));
    for (name, begins) in [("r.html", "<!DOCTYPE html>"), ("r.pdf", "%PDF-")] {
        let output = run(&format!("--scores s.csv --programme p.toml --out {name}"));
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(result["schema"], "tessera/compute-report/1");
        let written = std::fs::read(folder.join(name)).unwrap();
        assert_eq!(result["rows"][0]["size_bytes"], written.len());
        assert!(written.starts_with(begins.as_bytes()));
        // The same again, to the byte.
        run(&format!("--scores s.csv --programme p.toml --out again-{name}"));
        assert_eq!(written, std::fs::read(folder.join(format!("again-{name}"))).unwrap());
    }
    for (arguments, exit) in [
        ("--scores s.csv --out r.docx", 2),
        ("--scores s.csv", 2),
        ("--scores none.csv --out r.pdf", 4),
        ("--scores p.toml --out none.html", 3),
    ] {
        assert_eq!(run(arguments).status.code(), Some(exit), "{arguments}");
    }
    assert!(!folder.join("none.html").exists());
}
