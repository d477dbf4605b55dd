//! Tables of scores on a real home: one's own as drafts, and a reader's that a coordinator takes down; every row is told before
//! anything is written, and a table is taken whole or not at all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;
use tessera_views::entry::{Entry, enter};
use tessera_views::record::card;
use tessera_views::scores::{ScoresReport, ScoresWay, preview, readers, table, take};
use tessera_views::shelf::Shelf;
use tessera_views::tables::TableChoices;
use tessera_views::{Failure, Session, me};

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");

struct Reader {
    folder: TempDir,
    session: Session,
    member: String,
    /// Criteria of the first round.
    criteria: Vec<String>,
}

impl Reader {
    /// A programme whose founder reads two applications in the first round.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let shelf = Shelf::new(folder.path().join("homes"));
        let programme = Programme::parse(SEMINAR).unwrap();
        let (_, mut session) =
            me::found(&shelf, SEMINAR, "seminar", "four wide rivers cross", "Alice").unwrap();
        session
            .together(|acts| {
                acts.publish(&programme, "the first")?;
                acts.hand_over()
            })
            .unwrap();
        let me = session.engine().member();
        let reading = programme.round("reading").unwrap();
        let mut criteria = Vec::new();
        for (place, key) in [(1, "A-1"), (2, "A-2")] {
            let answers = BTreeMap::from([("full-name".to_owned(), format!("Name {key}"))]);
            let entry = Entry { application: None, key: key.into(), route: "mail".into(), answers };
            let id = enter(&mut session, &entry, "en").unwrap().application.unwrap();
            let application = id.parse::<ApplicationId>().unwrap();
            session.together(|acts| acts.assign(&programme, me, application, reading, place)).unwrap();
            let card = card(&mut session, &id, &me.to_string(), "reading", "en").unwrap();
            criteria = card.criteria.into_iter().map(|one| one.key).collect();
        }
        Self { folder, session, member: me.to_string(), criteria }
    }

    /// A table of these scores, one for each row, in every criterion of the round.
    fn file(&self, rows: &[(&str, &str)]) -> PathBuf {
        let scored: Vec<String> =
            Programme::parse(SEMINAR).unwrap().scored().map(|one| one.key.to_string()).collect();
        let mut text = format!("No.,round,confidence,{}\n", scored.join(","));
        for (key, score) in rows {
            let cell = |criterion: &String| if self.criteria.contains(criterion) { *score } else { "" };
            let cells: Vec<&str> = scored.iter().map(cell).collect();
            text.push_str(&format!("{key},reading,4,{}\n", cells.join(",")));
        }
        let path = self.folder.path().join("scores.csv");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn choices(&mut self, path: &Path) -> TableChoices {
        let view = table(&mut self.session, path, None, "en").unwrap();
        let columns = view.columns.iter().map(|column| (column.name.clone(), column.to.clone())).collect();
        TableChoices { columns, ..TableChoices::default() }
    }

    fn preview(&mut self, rows: &[(&str, &str)], way: &ScoresWay) -> ScoresReport {
        let path = self.file(rows);
        let choices = self.choices(&path);
        preview(&mut self.session, &path, &choices, way, "en").unwrap()
    }

    fn take(&mut self, rows: &[(&str, &str)], way: &ScoresWay) -> Result<ScoresReport, Failure> {
        let path = self.file(rows);
        let choices = self.choices(&path);
        take(&mut self.session, &path, &choices, way, "en")
    }
}

fn counts(report: &ScoresReport) -> (u32, u32, u32, u32) {
    (report.new, report.changed, report.same, report.refused_count)
}

const ROWS: [(&str, &str); 2] = [("A-1", "3"), ("A-2", "4")];

#[test]
fn ones_own_scores_are_told_row_by_row_and_become_drafts() {
    let mut reader = Reader::new();
    let way = ScoresWay::default();
    let path = reader.file(&ROWS);
    let choices = reader.choices(&path);
    assert_eq!(choices.columns["No."], "application", "known by what is in it");
    assert_eq!(choices.columns[&reader.criteria[0]], reader.criteria[0]);

    let told = reader.preview(&ROWS, &way);
    assert_eq!((counts(&told), told.done, told.declares), ((2, 0, 0, 0), false, 0));
    assert_eq!((told.rows[0].key.as_str(), told.rows[0].became.as_str()), ("A-1", "drafted"));
    assert_eq!(counts(&reader.preview(&ROWS, &way)), (2, 0, 0, 0), "looking writes nothing");
    let submitting = ScoresWay { submit: true, ..ScoresWay::default() };
    assert_eq!(reader.preview(&ROWS, &submitting).declares, 2);

    assert!(reader.take(&ROWS, &way).unwrap().done);
    assert_eq!(counts(&reader.preview(&ROWS, &way)), (0, 0, 2, 0));
    assert_eq!(counts(&reader.preview(&[("A-1", "3"), ("A-2", "2")], &way)), (0, 1, 1, 0));

    // A row that is nobody's here stops the table, and says where.
    let strange = [("A-1", "3"), ("A-9", "3")];
    let told = reader.preview(&strange, &way);
    assert_eq!(counts(&told), (0, 0, 1, 1));
    let refused = &told.refused[0];
    let place = (refused.row, refused.column.as_deref(), refused.value.as_str());
    assert_eq!((place, refused.code.as_str()), ((Some(3), Some("No."), "A-9"), "application-unknown"));
    let stopped = reader.take(&strange, &way).unwrap_err();
    assert_eq!((stopped.code.as_str(), stopped.row), ("application-unknown", Some(3)));
}

#[test]
fn a_readers_scores_are_taken_down_whole_and_changed_with_a_reason() {
    let mut reader = Reader::new();
    assert_eq!(readers(&mut reader.session).unwrap().len(), 0, "there is nobody else");
    let way = ScoresWay {
        member: Some(reader.member.clone()),
        source: Some("phone".into()),
        ..ScoresWay::default()
    };
    let told = reader.preview(&ROWS, &way);
    assert_eq!((counts(&told), told.rows[1].became.as_str()), ((2, 0, 0, 0), "submitted"));
    assert!(reader.take(&ROWS, &way).unwrap().done);
    assert_eq!(counts(&reader.preview(&ROWS, &way)), (0, 0, 2, 0));

    let other = [("A-1", "3"), ("A-2", "2")];
    let told = reader.preview(&other, &way);
    assert_eq!((counts(&told), told.refused[0].code.as_str()), ((0, 0, 1, 1), "reason-needed"));
    let because = ScoresWay { reason: "heard anew".into(), ..way.clone() };
    assert_eq!(counts(&reader.preview(&other, &because)), (0, 1, 1, 0));
    assert!(reader.take(&other, &because).unwrap().done);

    let unsaid = ScoresWay { source: None, ..way };
    assert_eq!(reader.take(&ROWS, &unsaid).unwrap_err().code, "bad-input");
    let wrong = reader.take(&[("A-1", "three"), ("A-2", "4")], &because).unwrap_err();
    assert_eq!((wrong.code.as_str(), wrong.row), ("number-bad", Some(2)));
}
