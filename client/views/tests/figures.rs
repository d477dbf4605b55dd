//! Orders, corrections and selections as files, on a real home in which one application was read: no reader is in them, and the record
//! of a selection says what it was made from and what came out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use tempfile::TempDir;
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;
use tessera_views::draft::{AnswerValue, DraftView};
use tessera_views::entry::{Entry, enter};
use tessera_views::exports::{ExportForm, ExportKind, ExportRequest, collect, exports};
use tessera_views::record::{RecordForm, card, record};
use tessera_views::selection::selection;
use tessera_views::shelf::Shelf;
use tessera_views::{Session, me};

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");

/// A home with one application that its founder read, as was taken down by telephone.
fn office(folder: &TempDir) -> Session {
    let shelf = Shelf::new(folder.path().join("homes"));
    let programme = Programme::parse(SEMINAR).unwrap();
    let (_, mut session) = me::found(&shelf, SEMINAR, "seminar", "four wide rivers cross", "Alice").unwrap();
    session
        .together(|acts| {
            acts.publish(&programme, "the first")?;
            acts.hand_over()
        })
        .unwrap();
    let answers = BTreeMap::from([
        ("full-name".to_owned(), "Ada Okoro".to_owned()),
        ("group".to_owned(), "lawyer".to_owned()),
    ]);
    let entry = Entry { application: None, key: "A-1".into(), route: "mail".into(), answers };
    let application = enter(&mut session, &entry, "en").unwrap().application.unwrap();
    let (member, id) = (session.engine().member(), application.parse::<ApplicationId>().unwrap());
    let reading = programme.round("reading").unwrap();
    session.together(|acts| acts.assign(&programme, member, id, reading, 1)).unwrap();
    let member = member.to_string();
    let card = card(&mut session, &application, &member, "reading", "en").unwrap();
    let answer = AnswerValue { score: Some("3".into()), not_applicable: None };
    let answers = card.criteria.into_iter().map(|one| (one.key, answer.clone())).collect();
    let draft = DraftView { answers, confidence: Some("4".into()), ..DraftView::default() };
    let (round, source) = ("reading".to_owned(), "phone".to_owned());
    let form = RecordForm { application, member, round, source, reason: None, draft };
    assert_eq!(record(&mut session, &form).unwrap().became, "submitted");
    session
}

fn ask(what: ExportKind, form: ExportForm) -> ExportRequest {
    ExportRequest {
        what,
        form,
        identity: false,
        dossier: false,
        eligibility: false,
        scores: false,
        names: false,
        round: None,
    }
}

#[test]
fn figures_leave_as_tables_and_the_record_of_a_selection_is_the_same_each_time() {
    let folder = TempDir::new().unwrap();
    let mut session = office(&folder);
    let path = folder.path().join("out");
    let bytes = |session: &mut Session, what, form| {
        let collected = collect(session, &ask(what, form)).unwrap();
        collected.write(&path).unwrap();
        collected.note(session).unwrap();
        std::fs::read(&path).unwrap()
    };
    let csv = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim_start_matches('\u{feff}').to_owned();
    let ranking = csv(bytes(&mut session, ExportKind::Ranking, ExportForm::Csv));
    assert!(ranking.starts_with("application,rank,total,tied_with,tie_broken_by"), "{ranking}");
    assert!(ranking.lines().nth(1).unwrap().starts_with("A-1,1,"), "{ranking}");
    assert!(!ranking.contains("Alice") && !ranking.contains("Okoro"), "{ranking}");
    let chosen = csv(bytes(&mut session, ExportKind::Selection, ExportForm::Csv));
    assert!(chosen.lines().nth(1).unwrap().contains(",selected,"), "{chosen}");
    let workbook = bytes(&mut session, ExportKind::Calibration, ExportForm::Xlsx);
    assert!(workbook.starts_with(b"PK"));
    let json = bytes(&mut session, ExportKind::Ranking, ExportForm::Json);
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json[0]["application"], "A-1");

    let record = bytes(&mut session, ExportKind::Snapshot, ExportForm::Json);
    let told: serde_json::Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(told["schema"], "tessera/selection-snapshot/1");
    assert_eq!((told["seed"].as_str(), told["selected"][0].as_str()), (Some("0"), Some("A-1")));
    let shown = selection(&mut session, None, None, "en").unwrap();
    assert!(shown.record.len() == 64 && shown.record.chars().all(|digit| digit.is_ascii_hexdigit()));
    assert_eq!(record, bytes(&mut session, ExportKind::Snapshot, ExportForm::Json), "the same again");

    for (what, form) in [
        (ExportKind::Snapshot, ExportForm::Csv),
        (ExportKind::Ranking, ExportForm::Pdf),
        (ExportKind::Selection, ExportForm::Html),
    ] {
        assert_eq!(ask(what, form).check().unwrap_err().code, "bad-input");
    }
    let past = exports(&mut session, "en").unwrap().past;
    assert_eq!(
        (past.len(), past[0].what.as_str(), past[0].parts.join(",")),
        (6, "snapshot", "figures".to_owned())
    );
}
