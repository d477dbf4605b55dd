use std::fs;

use tempfile::TempDir;
use tessera_engine::intake::NamedFile;
use tessera_model::documents::Row;

use super::*;

const SEMINAR: &str = include_str!("../../../../../shared/model/programmes/seminar.toml");

/// A row whose cells name files, each in the column of an attachment or in none of its own.
fn incoming(number: u64, key: &str, named: &[(&str, Option<&str>)]) -> Incoming {
    let named = named.iter().map(|(name, slot)| NamedFile {
        column: "Files".to_owned(),
        name: (*name).to_owned(),
        slot: slot.map(str::to_owned),
    });
    let row = Row { key: key.to_owned(), ..Row::default() };
    Incoming { number, row, named: named.collect() }
}

fn rows() -> Vec<Incoming> {
    vec![incoming(2, "GLS-0001", &[]), incoming(3, "GLS-0002", &[]), incoming(4, "A-1", &[])]
}

/// Sorts files that lie so; every file is told once, as `where > application / what (how)` or `where > what became of it`.
fn sorted(files: &[&str], rows: &[Incoming], mapping: &str) -> (Vec<String>, Report) {
    let folder = TempDir::new().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"%PDF-1.4\n%%EOF\n").unwrap();
    }
    sorted_in(folder.path(), rows, mapping)
}

fn sorted_in(folder: &Path, rows: &[Incoming], mapping: &str) -> (Vec<String>, Report) {
    let programme = Programme::parse(SEMINAR).unwrap();
    let mapping = Mapping::parse(mapping, "m").unwrap();
    let refused: BTreeSet<String> = ["GLS-0003".to_owned()].into();
    let known: BTreeSet<String> = ["GLS-0001".to_owned(), "GLS-0009".to_owned()].into();
    let table = Rows { programme: &programme, mapping: &mapping, rows, refused: &refused, known: &known };
    let mut report = Report::default();
    let own = sort(folder, &table, &mut report).unwrap();
    let found = own.iter().flat_map(|(key, own)| own.entries.iter().map(move |entry| (key, entry)));
    let mut told: Vec<String> = found
        .map(|(key, entry)| {
            let slot = match &entry.slot {
                Some(Slot::Asked(slot)) => slot.as_str(),
                Some(Slot::Unasked) => "unasked",
                Some(Slot::LeftOut) => "never",
                None => "?",
            };
            format!("{} > {key} / {slot} ({})", entry.at, entry.how.word())
        })
        .collect();
    told.extend(report.files.iter().map(|file| format!("{} > {}", file.at, file.fate.word())));
    told.sort();
    (told, report)
}

fn codes(report: &Report) -> Vec<(&str, &str)> {
    report.remarks.iter().map(|one| (one.warning.code(), one.about[0].as_str())).collect()
}

#[test]
fn files_find_their_application_by_folder_and_by_name() {
    let files = [
        "GLS-0001/cv.pdf",
        "GLS-0001/letters/dean.pdf",
        "GLS-0001/Scans/x.pdf",
        "GLS-0002 Okoro, Ada/zeugnis.pdf",
        "GLS-0002_cv.pdf",
        "cv/A-1.pdf",
        "A-1 letters 2.pdf",
        "Batch 1/GLS-0001/media.pdf",
        "scan0001.pdf",
        "letters-2.pdf",
    ];
    let (told, report) = sorted(&files, &rows(), "");
    let expected = [
        "A-1 letters 2.pdf > A-1 / letters (name)",
        "Batch 1/GLS-0001/media.pdf > GLS-0001 / media (folder)",
        "GLS-0001/Scans/x.pdf > GLS-0001 / ? (folder)",
        "GLS-0001/cv.pdf > GLS-0001 / cv (folder)",
        "GLS-0001/letters/dean.pdf > GLS-0001 / letters (folder)",
        "GLS-0002 Okoro, Ada/zeugnis.pdf > GLS-0002 / ? (name)",
        "GLS-0002_cv.pdf > GLS-0002 / cv (name)",
        "cv/A-1.pdf > A-1 / cv (name)",
        "letters-2.pdf > no-application",
        "scan0001.pdf > no-application",
    ];
    assert_eq!(told, expected);
    assert_eq!(codes(&report), []);
    assert_eq!(report.refused, []);
}

#[test]
fn a_folder_of_ones_own_holds_all_and_loose_files_stand_beside() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("GLS-0001")).unwrap();
    fs::write(folder.path().join("GLS-0002_cv.pdf"), b"x").unwrap();
    let programme = Programme::parse(SEMINAR).unwrap();
    let (mapping, none, rows) = (Mapping::default(), BTreeSet::new(), rows());
    let table = Rows { programme: &programme, mapping: &mapping, rows: &rows, refused: &none, known: &none };
    let own = sort(folder.path(), &table, &mut Report::default()).unwrap();
    let whole: Vec<(&str, bool)> = own.iter().map(|(key, own)| (key.as_str(), own.whole)).collect();
    assert_eq!(whole, [("GLS-0001", true), ("GLS-0002", false)]);
}

#[test]
fn a_loose_file_that_is_left_out_goes_where_it_came_in_before() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("GLS-0001_cv.pdf"), b"x").unwrap();
    let programme = Programme::parse(SEMINAR).unwrap();
    let mapping = Mapping::parse("[places]\n\"GLS-0001_cv.pdf\" = {}\n", "m").unwrap();
    let (none, rows) = (BTreeSet::new(), rows());
    let table = Rows { programme: &programme, mapping: &mapping, rows: &rows, refused: &none, known: &none };
    let own = sort(folder.path(), &table, &mut Report::default()).unwrap();
    let own = &own["GLS-0001"];
    assert!(own.entries.is_empty() && !own.whole && own.left_out.contains("GLS-0001_cv.pdf"));
}

#[test]
fn h09_a_cell_claims_what_lies_open_and_nothing_of_a_strangers_folder() {
    let rows = [
        incoming(2, "GLS-0001", &[("cv.pdf", None), ("okoro.pdf", Some("letters"))]),
        incoming(3, "GLS-0002", &[("lost.pdf", None), ("both.pdf", None)]),
        incoming(4, "A-1", &[("both.pdf", None)]),
    ];
    let files =
        ["GLS-0001/cv.pdf", "cv.pdf", "okoro.pdf", "cv/both.pdf", "Somebody/lost.pdf", "Somebody/more.pdf"];
    let (told, report) = sorted(&files, &rows, "");
    let expected = [
        "GLS-0001/cv.pdf > GLS-0001 / cv (folder)",
        "Somebody/lost.pdf > no-application",
        "Somebody/more.pdf > no-application",
        "cv.pdf > no-application",
        "cv/both.pdf > A-1 / cv (table)",
        "cv/both.pdf > GLS-0002 / cv (table)",
        "okoro.pdf > GLS-0001 / letters (table)",
    ];
    assert_eq!(told, expected);
    assert_eq!(codes(&report), [("folder-unmatched", "Somebody")]);
}

#[test]
fn what_a_person_said_comes_first_and_what_is_left_out_is_told() {
    let files = [
        "GLS-0001/scan 1.pdf",
        "GLS-0001/scan 2.pdf",
        "GLS-0001/notes.tmp",
        "Okoro, Ada/cv.pdf",
        "Old ones/GLS-0002/cv.pdf",
        "GLS-0002_pass.pdf",
        "scan 3.pdf",
        "foto.jpg",
    ];
    let mapping = "[files]\n\"*_pass.pdf\" = \"unasked\"\n\"*.tmp\" = \"\"\nfoto = \"portrait\"\n[folders]\n\"Okoro, Ada\" = \
                   \"GLS-0002\"\n\"Old ones\" = \"\"\n[places]\n\"scan 3.pdf\" = { application = \"A-1\", slot = \"cv\" }\n\
                   \"GLS-0001/scan 1.pdf\" = { application = \"GLS-0002\" }\n\"GLS-0001/scan 2.pdf\" = {}\n\"gone.pdf\" = {}\n";
    let (told, report) = sorted(&files, &rows(), mapping);
    let expected = [
        "GLS-0001/notes.tmp > left-out",
        "GLS-0001/scan 1.pdf > GLS-0002 / ? (choice)",
        "GLS-0001/scan 2.pdf > left-out",
        "GLS-0002_pass.pdf > GLS-0002 / unasked (name)",
        "Okoro, Ada/cv.pdf > GLS-0002 / cv (choice)",
        "Old ones/GLS-0002/cv.pdf > left-out",
        "foto.jpg > no-application",
        "scan 3.pdf > A-1 / cv (choice)",
    ];
    assert_eq!(told, expected);
    assert_eq!(codes(&report), [("slot-unknown", "portrait"), ("place-unused", "gone.pdf")]);
}

#[test]
fn files_of_applications_that_are_not_taken_now_are_told_apart() {
    let files =
        ["GLS-0003/cv.pdf", "GLS-0009/cv.pdf", "GLS-0009_letters.pdf", ".DS_Store", "GLS-0001/Thumbs.db"];
    let (told, report) = sorted(&files, &rows(), "");
    let expected = [
        ".DS_Store > of-the-system",
        "GLS-0001/Thumbs.db > of-the-system",
        "GLS-0003/cv.pdf > row-refused",
        "GLS-0009/cv.pdf > not-in-table",
        "GLS-0009_letters.pdf > not-in-table",
    ];
    assert_eq!(told, expected);
    assert_eq!(codes(&report), []);
    let open = report.count_files(Fate::is_open);
    assert_eq!(open, 3);
    let mut report = report;
    report.sum_up();
    assert_eq!(codes(&report), [("files-unplaced", "GLS-0003/cv.pdf")]);
    assert!(report.remarks[0].warning.message().contains("(3): GLS-0003/cv.pdf, "));
}

#[cfg(unix)]
#[test]
fn h09_a_link_is_neither_followed_nor_lost() {
    let folder = TempDir::new().unwrap();
    let elsewhere = TempDir::new().unwrap();
    fs::write(elsewhere.path().join("cv.pdf"), b"of another folder").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("GLS-0001")).unwrap();
    let (told, _) = sorted_in(folder.path(), &rows(), "");
    // It is an entry like a file, and looking at it refuses it.
    assert_eq!(told, ["GLS-0001 > GLS-0001 / ? (name)"]);
}

#[test]
fn deeper_folders_are_told_and_not_lost() {
    let (told, report) = sorted(&["GLS-0001/a/b/cv.pdf", "a/b/c/cv.pdf"], &rows(), "");
    assert_eq!(told, ["GLS-0001/a/b > refused", "a/b/c > refused"]);
    let refused: Vec<(Option<u64>, &str)> = report.refused.iter().map(|one| (one.row, one.code)).collect();
    assert_eq!(refused, [(Some(2), "attachment-no-file"), (None, "attachment-no-file")]);
}
