//! Tests of the sample as a whole: the same bytes each time, all scripts, the same rows in every form.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Cursor;
use std::path::Path;

use calamine::{Reader, Xlsx};
use tessera_sample::applicant::{DEADLINE, Oddity, TargetGroup};
use tessera_sample::attachment::FileKind;
use tessera_sample::culture::{Region, Script};
use tessera_sample::write::{COLUMNS, applications, row};
use tessera_sample::{Format, ScoreSpec, WriteOptions, generate, write_sample};

/// Every file below a folder with its bytes.
fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder that was just written") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("below the folder").display().to_string();
                out.insert(name, fs::read(&path).expect("a readable file"));
            }
        }
    }
    out
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for format in [Format::Csv, Format::Xlsx, Format::Json] {
        let options = WriteOptions { format, ..WriteOptions::default() };
        let [one, two, other] = [4, 4, 5].map(|seed| {
            let dir = tempfile::tempdir().unwrap();
            write_sample(&generate(seed, 30), dir.path(), &options).unwrap();
            tree(dir.path())
        });
        assert!(one == two);
        assert!(one["truth.json"] != other["truth.json"]);
        assert!(one[format.file_name()] != other[format.file_name()]);
    }
}

#[test]
fn a_larger_sample_begins_with_the_smaller() {
    let (small, large) = (generate(2, 25), generate(2, 80));
    for (a, b) in small.applicants.iter().zip(&large.applicants) {
        assert_eq!(row(a), row(b));
        assert_eq!(a.quality.to_bits(), b.quality.to_bits());
    }
}

#[test]
fn any_number_of_applicants() {
    for applicants in [0, 1, 2, 500] {
        let sample = generate(6, applicants);
        assert_eq!(sample.applicants.len(), applicants);
        let keys: HashSet<_> = sample.applicants.iter().map(|a| &a.key).collect();
        assert_eq!(keys.len(), applicants);
        let dir = tempfile::tempdir().unwrap();
        let options = WriteOptions { attachments: applicants < 500, ..WriteOptions::default() };
        write_sample(&sample, dir.path(), &options).unwrap();
        assert!(tessera_sample::needles(&sample).len() >= applicants);
    }
}

#[test]
fn five_scripts_four_regions_all_groups() {
    let sample = generate(1, 60);
    let in_script = |range: std::ops::RangeInclusive<char>, script: Script| {
        let (mut names, mut answers) = (0, 0);
        for applicant in sample.applicants.iter().filter(|a| a.script == script) {
            names += usize::from(applicant.name.chars().any(|c| range.contains(&c)));
            answers += usize::from(applicant.answers.iter().any(|t| t.chars().any(|c| range.contains(&c))));
        }
        assert!(names >= 5, "{script:?} {names}");
        assert!(script == Script::Latin || answers >= 2, "{script:?} {answers}");
    };
    in_script('A'..='ỹ', Script::Latin);
    in_script('Ѐ'..='ӿ', Script::Cyrillic);
    in_script('\u{600}'..='\u{6ff}', Script::Arabic);
    in_script('\u{4e00}'..='\u{9fff}', Script::Han);
    in_script('\u{900}'..='\u{97f}', Script::Devanagari);
    for region in Region::ALL {
        assert!(sample.applicants.iter().filter(|a| a.region == region).count() >= 8, "{region:?}");
        assert!(sample.reviewers.iter().any(|r| r.region == region));
    }
    use TargetGroup::{Academic, ClinicHead, Lawyer, Outside, ProjectLead, SeniorStaff};
    for group in [Academic, ClinicHead, Lawyer, Outside, ProjectLead, SeniorStaff] {
        assert!(sample.applicants.iter().any(|a| a.target_group == group), "{group:?}");
    }
}

#[test]
fn answers_have_their_length_and_no_sentence_twice() {
    let sample = generate(1, 60);
    let mut seen: HashMap<String, String> = HashMap::new();
    for applicant in &sample.applicants {
        for (question, answer) in applicant.answers.iter().enumerate() {
            let length = answer.chars().count();
            if applicant.oddity.is_none() {
                assert!((1_250..=1_750).contains(&length), "{} q{question}: {length}", applicant.key);
            }
            for sentence in answer
                .split_inclusive(['.', '。', '।', '\n'])
                .map(str::trim)
                .filter(|s| s.chars().count() > 20)
            {
                let place = format!("{} q{question}", applicant.key);
                if let Some(before) = seen.insert(sentence.to_owned(), place.clone()) {
                    panic!("{sentence:?} in {before} and {place}");
                }
            }
        }
    }
}

#[test]
fn oddities_are_what_they_say() {
    let sample = generate(1, 60);
    let find = |oddity| sample.applicants.iter().find(|a| a.oddity == Some(oddity)).unwrap();
    assert!(find(Oddity::MissingSecondLetter).referees[1].letter.is_none());
    assert!(find(Oddity::OverAge).birth_date.age_on(DEADLINE) > 45);
    assert!(find(Oddity::UnderAge).birth_date.age_on(DEADLINE) < 18);
    assert_eq!(find(Oddity::TurnsFortySix).birth_date.age_on(DEADLINE), 45);
    let proven = find(Oddity::OverAgeWithProof);
    assert!(proven.exception.as_ref().unwrap().proof);
    assert!(proven.files.iter().any(|f| f.kind == FileKind::Exception));
    assert!(!find(Oddity::ExceptionWithoutProof).exception.as_ref().unwrap().proof);
    assert!(find(Oddity::NoMedia).media.is_empty());
    assert!(find(Oddity::RightToLeftOverride).name.contains('\u{202e}'));
    assert!(find(Oddity::ZeroWidth).name.contains('\u{200b}'));
    assert!(find(Oddity::FormulaCell).organisation.starts_with('='));
    assert!(find(Oddity::LongOrganisation).organisation.len() > 1_000);
    let duplicate = find(Oddity::Duplicate);
    let twins = sample.applicants.iter().filter(|a| a.email == duplicate.email).count();
    assert_eq!(twins, 2);
    let shouted = find(Oddity::DuplicateByCase);
    assert!(sample.applicants.iter().any(|a| a.email == shouted.email.to_lowercase()));
    assert!(find(Oddity::EmptyAnswer).answers[2].is_empty());
    assert!(!find(Oddity::OwnLanguageOnly).answers[3].contains("the "));
    let colleague = find(Oddity::ReviewersColleague);
    assert!(sample.reviewers.iter().any(|r| r.organisation == colleague.organisation));
    // Everybody else is within the rules.
    for applicant in sample.applicants.iter().filter(|a| a.oddity.is_none()) {
        assert!((18..=45).contains(&applicant.birth_date.age_on(DEADLINE)), "{}", applicant.key);
        assert!(applicant.referees.iter().all(|r| r.letter.is_some()) && !applicant.media.is_empty());
    }
}

#[test]
fn csv_xlsx_and_json_carry_the_same_rows() {
    let sample = generate(9, 60);
    let bytes = |format, bom| {
        applications(&sample, &WriteOptions { format, bom, ..WriteOptions::default() }).unwrap()
    };
    let expected: Vec<Vec<String>> = sample.applicants.iter().map(row).collect();
    assert!(expected.iter().all(|cells| cells.len() == COLUMNS.len()));

    let plain = bytes(Format::Csv, false);
    let marked = bytes(Format::Csv, true);
    assert_eq!(&marked[3..], plain.as_slice());
    let mut reader = csv::Reader::from_reader(plain.as_slice());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), COLUMNS);
    let from_csv: Vec<Vec<String>> =
        reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
    assert!(from_csv == expected);

    let json: serde_json::Value = serde_json::from_slice(&bytes(Format::Json, false)).unwrap();
    for (object, cells) in json.as_array().unwrap().iter().zip(&expected) {
        for (column, cell) in COLUMNS.iter().zip(cells) {
            assert_eq!(object[column].as_str().unwrap(), cell);
        }
    }

    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes(Format::Xlsx, false))).unwrap();
    let sheet = book.worksheet_range("applications").unwrap();
    assert_eq!(sheet.height(), 61);
    for (r, cells) in expected.iter().enumerate() {
        for (c, cell) in cells.iter().enumerate() {
            let found = sheet.get((r + 1, c)).map(ToString::to_string).unwrap_or_default();
            assert_eq!(&found, cell, "row {r} column {}", COLUMNS[c]);
        }
    }
}

#[test]
fn scores_are_written_with_the_keys_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let scores =
        ScoreSpec { criteria: vec!["alpha".into(), "beta".into()], min: 1, max: 4, ..ScoreSpec::default() };
    let options = WriteOptions { scores, attachments: false, ..WriteOptions::default() };
    write_sample(&generate(1, 60), dir.path(), &options).unwrap();
    let mut rows = 0;
    for reviewer in 1..=6 {
        let path = dir.path().join(format!("scores/R{reviewer:02}.csv"));
        let mut reader = csv::Reader::from_path(path).unwrap();
        let header = ["application", "reviewer", "round", "revision", "confidence", "alpha", "beta"];
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), header);
        for record in reader.records() {
            let record = record.unwrap();
            assert_eq!(record[1], format!("R{reviewer:02}"));
            for cell in record.iter().skip(5) {
                assert!(cell == "N/A" || (1..=4).contains(&cell.parse::<i64>().unwrap()));
            }
            rows += 1;
        }
    }
    assert_eq!(rows, 180);
}

#[test]
fn the_oversize_attachment_comes_on_request_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("attachments/A017/archive-scan.pdf");
    let sample = generate(1, 17);
    write_sample(&sample, dir.path(), &WriteOptions::default()).unwrap();
    assert!(!path.exists());
    let options = WriteOptions { oversize_bytes: Some(3 << 30), ..WriteOptions::default() };
    write_sample(&sample, dir.path(), &options).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 3 << 30);
}
