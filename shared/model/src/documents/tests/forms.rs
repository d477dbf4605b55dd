//! Who reads which answer, and what a blind reader cannot learn.

use std::collections::BTreeMap;

use super::manifest::{TYPED, typed_key};
use super::split::{BLIND, OPEN, find_leaks, light_name, neutral_label, rendered_files};
use super::*;

const APPLICATION: Id = [0xab; 16];

fn row() -> Row {
    let cells = [
        ("id", "A-017"),
        ("full-name", "Amina Diallo"),
        ("email", "amina@clinic.example"),
        ("birth-date", "1985-02-03"),
        ("gender", ""),
        ("country", "Ghana"),
        ("organisation", "Clinic Kumasi"),
        ("position", "Head"),
        ("group", "academic"),
        ("question-1", "Patience."),
        ("favourite-colour", "green"),
    ];
    let fields = cells.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Row { key_column: "id".to_owned(), key: "A-017".to_owned(), fields }
}

fn keys(fields: &BTreeMap<String, String>) -> Vec<&str> {
    fields.keys().map(String::as_str).collect()
}

#[test]
fn a_row_goes_where_the_form_says() {
    let split = split_form(&seminar(), &APPLICATION, &row());
    assert_eq!(keys(&split.identity.fields), ["birth-date", "email", "full-name", "organisation"]);
    assert_eq!(
        keys(&split.open.fields),
        ["country", "full-name", "group", "organisation", "position", "question-1"]
    );
    assert_eq!(keys(&split.blind.fields), ["country", "group", "position", "question-1"]);
    assert_eq!(keys(&split.open_card.fields), ["country", "organisation"]);
    assert_eq!(keys(&split.blind_card.fields), ["country"]);
    assert_eq!(split.unmapped, ["favourite-colour"]);
    assert_eq!(split.identity.key, "A-017");
    assert_eq!(split.blind.label, "A-017");
}

#[test]
fn identity_does_not_leak_into_the_blind_rendition() {
    let programme = seminar();
    let mut row = row();
    for key in ["A-017", "amina@clinic.example", "diallo-2019", "Kumasi 4"] {
        row.key = key.to_owned();
        let split = split_form(&programme, &APPLICATION, &row);
        let seen = format!("{:?} {:?}", split.blind, split.blind_card).to_lowercase();
        for field in &programme.fields {
            let hidden = field.goes_to != crate::programme::form::GoesTo::Dossier;
            let cell = row.fields.get(field.key.as_str()).filter(|cell| hidden && !cell.is_empty());
            for word in cell.iter().flat_map(|cell| cell.split([' ', '@', '.'])).filter(|word| word.len() > 3)
            {
                assert!(!seen.contains(&word.to_lowercase()), "{word} leaks through {key}");
            }
        }
        assert_eq!(split.blind.label == key, key == "A-017");
    }
    row.key_column = "email".to_owned();
    row.key = "x17".to_owned();
    let split = split_form(&programme, &APPLICATION, &row);
    assert_eq!(split.blind.label, "A-abababab");
    assert_eq!(neutral_label(&APPLICATION), "A-abababab");
}

#[test]
fn a_name_in_an_essay_is_shown_to_a_coordinator() {
    let mut row = row();
    row.fields.insert("question-1".to_owned(), "As DIALLO v. State shows, the Clinic won.".to_owned());
    let leaks = find_leaks(&split_form(&seminar(), &APPLICATION, &row));
    let found: Vec<(&str, &str)> = leaks.iter().map(|leak| (&*leak.field, &*leak.of)).collect();
    assert_eq!(
        found,
        [("question-1", "email"), ("question-1", "full-name"), ("question-1", "organisation"),]
    );
}

#[test]
fn a_blind_reader_sees_neither_file_names_nor_referees() {
    let mut programme = seminar();
    for attachment in &mut programme.attachments {
        if matches!(attachment.key.as_str(), "letters" | "media") {
            attachment.goes_to = crate::programme::form::GoesTo::Dossier;
        }
    }
    let file = |name: &str, media_type: &str| File {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        size_bytes: 1,
        referee: Some("Prof. Diallo".to_owned()),
        light: false,
        of: None,
        handle: vec![1],
    };
    let files = Manifest {
        files: BTreeMap::from([
            (("letters".to_owned(), [1; 32]), file("Diallo letter.pdf", "application/pdf")),
            (("letters".to_owned(), [2; 32]), file("../Diallo.exe", "application/x-diallo")),
            (("media".to_owned(), [3; 32]), file("Amina.jpg", "image/jpeg")),
            (("cv".to_owned(), [4; 32]), file("Amina CV.pdf", "application/pdf")),
            (("cover-letter".to_owned(), [5; 32]), file("Cover.pdf", "application/pdf")),
            (("unknown".to_owned(), [6; 32]), file("Unknown.pdf", "application/pdf")),
        ]),
    };
    let names = |rendition| {
        let rendered = rendered_files(&programme, &files, rendition);
        assert!(rendered.files.values().all(|file| file.referee.is_none()));
        rendered.files.into_values().map(|file| file.name).collect::<Vec<_>>()
    };
    assert_eq!(names(BLIND), ["letter-1.pdf", "letter-2.bin", "media-1.jpg"]);
    assert_eq!(names(OPEN), ["Amina CV.pdf", "Diallo letter.pdf", "../Diallo.exe", "Amina.jpg"]);
}

#[test]
fn a_light_copy_goes_with_its_file_and_changes_nothing_else() {
    let mut programme = seminar();
    for attachment in &mut programme.attachments {
        if attachment.key.as_str() == "letters" {
            attachment.goes_to = crate::programme::form::GoesTo::Dossier;
        }
    }
    let file = |name: &str, of: Option<u8>| File {
        name: name.to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 1,
        referee: None,
        light: of.is_some(),
        of: of.map(|of| [of; 32]),
        handle: vec![1],
    };
    let mut files = Manifest {
        files: BTreeMap::from([
            (("letters".to_owned(), [4; 32]), file("Diallo.tiff", None)),
            (("letters".to_owned(), [5; 32]), file("Ωmega.pdf", None)),
        ]),
    };
    let without = files.clone();
    files.files.insert(("letters".to_owned(), [3; 32]), file("Diallo-light.pdf", Some(4)));
    files.files.insert(("letters".to_owned(), [6; 32]), file("lost-light.pdf", Some(7)));
    let originals =
        |files: &Manifest| files.originals().map(|(_, file)| file.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        originals(&files),
        ["Diallo.tiff", "Ωmega.pdf", "lost-light.pdf"],
        "one without its file stands for it"
    );
    files.files.remove(&("letters".to_owned(), [6; 32]));
    let blind = rendered_files(&programme, &files, BLIND);
    let names: Vec<&str> = blind.files.values().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["letter-1-light.pdf", "letter-1.pdf", "letter-2.pdf"]);
    assert_eq!(blind.light_copy("letters", &[4; 32]).unwrap().1.name, "letter-1-light.pdf");
    assert_eq!(blind.light_copy("letters", &[5; 32]), None);
    let split = split_form(&programme, &APPLICATION, &row());
    assert_eq!(split.open.version(&files), split.open.version(&without));
    assert_eq!(light_name(&"ü".repeat(127)).len(), 10 + 244);
    assert_eq!(light_name("scan"), "scan-light.pdf");
}

#[test]
fn what_was_typed_from_a_file_goes_with_it_and_is_no_file_of_its_own() {
    let mut programme = seminar();
    for attachment in &mut programme.attachments {
        if attachment.key.as_str() == "letters" {
            attachment.goes_to = crate::programme::form::GoesTo::Dossier;
        }
    }
    let file = |name: &str, media_type: &str, of: Option<u8>| File {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        size_bytes: 1,
        referee: None,
        light: of.is_some(),
        of: of.map(|of| [of; 32]),
        handle: vec![1],
    };
    let scan = |name: &str| file(name, "image/jpeg", None);
    let scans = Manifest {
        files: BTreeMap::from([
            (("letters".to_owned(), [4; 32]), scan("Diallo.jpg")),
            (("cv".to_owned(), [5; 32]), scan("Amina CV.jpg")),
        ]),
    };
    let mut files = scans.clone();
    // Typed apart: both stand, and neither is taken for the light copy, whichever comes first.
    let keys = ["Dear reader", "Dear readers"].map(|text| typed_key(&[4; 32], text));
    for key in keys {
        files.files.insert(("letters".to_owned(), key), file("Diallo-typed.txt", TYPED, Some(4)));
    }
    files
        .files
        .insert(("letters".to_owned(), [255; 32]), file("Diallo-light.pdf", "application/pdf", Some(4)));
    files.files.insert(("cv".to_owned(), [7; 32]), file("Amina CV-typed.txt", TYPED, Some(5)));
    files.files.insert(("cv".to_owned(), [8; 32]), file("lost-typed.txt", TYPED, Some(9)));
    assert_eq!(files.originals().collect::<Vec<_>>(), scans.originals().collect::<Vec<_>>());
    assert_eq!(files.light_copy("letters", &[4; 32]).unwrap().0, &[255; 32]);
    assert_eq!(files.light_copy("cv", &[5; 32]), None);
    assert_eq!(files.typed("letters", &[4; 32]).count(), 2);

    let blind = rendered_files(&programme, &files, BLIND);
    let names: Vec<&str> = blind.files.values().map(|file| file.name.as_str()).collect();
    assert_eq!(names.len(), 4, "nothing of the file that blind readers do not get: {names:?}");
    assert_eq!(blind.typed("letters", &[4; 32]).count(), 2);
    assert!(blind.typed("letters", &[4; 32]).all(|(_, text)| text.name == "letter-1-typed.txt"));
    let open = rendered_files(&programme, &files, OPEN);
    assert_eq!(open.typed("cv", &[5; 32]).count(), 1);
    let split = split_form(&programme, &APPLICATION, &row());
    assert_eq!(split.open.version(&files), split.open.version(&scans));
    assert_ne!(typed_key(&[4; 32], "Dear reader"), typed_key(&[5; 32], "Dear reader"));
}

#[test]
fn a_cell_of_a_file_never_reaches_a_reader() {
    let mut programme = seminar();
    for field in &mut programme.fields {
        if field.key.as_str() == "country" {
            field.kind = crate::programme::form::FieldKind::File;
        }
    }
    let split = split_form(&programme, &APPLICATION, &row());
    assert!(!split.open.fields.contains_key("country") && !split.blind_card.fields.contains_key("country"));
    assert!(split.identity.fields.contains_key("country"));
}

#[test]
fn columns_that_are_calculated_with_are_kept() {
    let programme = Programme::parse(
        "[scoring]\nadd = [\"bonus\"]\n[seats]\nn = 1\nquotas = [{ name = \"x\", field = \"sex\", value = \"f\" }]\n",
    )
    .unwrap();
    let cells = [("bonus", "3"), ("sex", "f"), ("other", "x")];
    let fields = cells.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let row = Row { key_column: "id".to_owned(), key: "1".to_owned(), fields };
    let split = split_form(&programme, &APPLICATION, &row);
    assert_eq!(keys(&split.identity.fields), ["bonus", "sex"]);
    assert_eq!(split.unmapped, ["other"]);
}

#[test]
fn a_dossier_has_a_version_that_follows_what_is_read() {
    let split = split_form(&seminar(), &APPLICATION, &row());
    let version = |dossier: &Dossier, files: &Manifest| dossier.version(files);
    let none = Manifest::default();
    let first = version(&split.open, &none);
    assert_eq!(first, version(&split.open.clone(), &none));
    assert_ne!(first, version(&split.blind, &none));
    let mut changed = split.open.clone();
    changed.fields.insert("position".to_owned(), "Director".to_owned());
    assert_ne!(first, version(&changed, &none));
    let file = |handle| File {
        name: "cv-1.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 1,
        referee: None,
        light: false,
        of: None,
        handle: vec![handle],
    };
    let files = |handle| Manifest { files: BTreeMap::from([(("cv".to_owned(), [4; 32]), file(handle))]) };
    assert_ne!(first, version(&split.open, &files(1)));
    assert_eq!(version(&split.open, &files(1)), version(&split.open, &files(2)), "sealing is no version");
}
