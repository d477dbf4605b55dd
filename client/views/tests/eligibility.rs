//! The eligibility desk on a real home: what wants a verdict, giving and taking back one, and a table of them that is tried before
//! it is taken.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Mutex;

use tempfile::TempDir;
use tessera_model::programme::Programme;
use tessera_views::board::whole;
use tessera_views::eligibility::{EligibilityPage, EligibilityQuery, Wanting, eligibility, page};
use tessera_views::entry::{Entry, enter, withdraw_application};
use tessera_views::shelf::Shelf;
use tessera_views::tables::{TableChoices, TableView};
use tessera_views::verdicts::{VerdictsReport, run, table};
use tessera_views::{Session, application, me};

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");

struct Office {
    folder: TempDir,
    session: Mutex<Session>,
    ids: BTreeMap<&'static str, String>,
}

impl Office {
    /// A programme with three applications.
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
        let mut ids = BTreeMap::new();
        for (key, name) in [("A-1", "Ada Okoro"), ("A-2", "李文静"), ("A-3", "Lucía Paredes")] {
            let answers = BTreeMap::from([("full-name".to_owned(), name.to_owned())]);
            let entry = Entry { application: None, key: key.into(), route: "mail".into(), answers };
            ids.insert(key, enter(&mut session, &entry, "en").unwrap().application.unwrap());
        }
        Self { folder, session: Mutex::new(session), ids }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Session) -> T) -> T {
        work(&mut self.session.lock().unwrap())
    }

    fn judge(&self, key: &str, gate: &str, verdict: &str, evidence: &str, reason: &str) {
        let id = &self.ids[key];
        self.with(|session| application::judge(session, id, gate, verdict, evidence, reason).unwrap());
    }

    fn page(&self, query: &EligibilityQuery) -> EligibilityPage {
        let whole = self.with(|session| whole(session, None, "en").unwrap());
        page(&whole.rows, &EligibilityQuery { limit: 100, ..query.clone() })
    }

    fn keys(&self, query: &EligibilityQuery) -> Vec<String> {
        self.page(query).rows.into_iter().map(|row| row.key).collect()
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("verdicts.csv");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn table(&self, text: &str) -> TableView {
        let path = self.file(text);
        self.with(|session| table(session, &path, None, "en").unwrap())
    }

    fn run(&self, text: &str, choices: &TableChoices, dry_run: bool) -> VerdictsReport {
        let path = self.file(text);
        run(&self.session, &path, choices, dry_run, "en", &mut |_| ControlFlow::Continue(())).unwrap()
    }
}

fn choices(table: &TableView) -> TableChoices {
    let columns = table.columns.iter().map(|column| (column.name.clone(), column.to.clone())).collect();
    TableChoices { sheet: None, columns, values: table.values.clone() }
}

fn wanting(wanting: Wanting, gate: Option<&str>) -> EligibilityQuery {
    EligibilityQuery { wanting: Some(wanting), gate: gate.map(str::to_owned), ..EligibilityQuery::default() }
}

#[test]
fn the_desk_says_what_wants_a_verdict_and_a_verdict_is_taken_back_to_what_stood() {
    let office = Office::new();
    let whole = office.with(|session| whole(session, None, "en").unwrap());
    let view = office.with(|session| eligibility(session, &whole, "en").unwrap());
    let gates: Vec<&str> = view.conditions.iter().map(|one| one.gate.as_str()).collect();
    assert_eq!(gates, ["profile", "reputation", "english", "age", "oral-english"]);
    assert_eq!((view.total, view.exception), (3, true));
    assert_eq!(office.keys(&wanting(Wanting::Unchecked, None)), ["A-1", "A-2", "A-3"]);

    office.judge("A-1", "age", "met", "passport", "");
    office.judge("A-2", "age", "not-met", "", "born in 1950");
    office.judge("A-2", "english", "open", "", "");
    assert_eq!(office.keys(&wanting(Wanting::Unchecked, Some("age"))), ["A-3"]);
    assert_eq!(office.keys(&wanting(Wanting::NotMet, Some("age"))), ["A-2"]);
    assert_eq!(office.keys(&wanting(Wanting::Open, None)), ["A-2"]);
    // A row that somebody works on stays where it was, and the counts do not mind.
    let kept =
        EligibilityQuery { keep: vec![office.ids["A-1"].clone()], ..wanting(Wanting::NotMet, Some("age")) };
    let page = office.page(&kept);
    assert_eq!(page.rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["A-1", "A-2"]);
    let count = |wanting: Wanting| page.counts.iter().find(|one| one.wanting == wanting).unwrap().count;
    assert_eq!((count(Wanting::Unchecked), count(Wanting::NotMet), count(Wanting::Exception)), (1, 1, 0));
    let words = EligibilityQuery { text: "lucia".into(), ..EligibilityQuery::default() };
    assert_eq!(office.keys(&words), ["A-3"]);

    // What was shown is kept with the verdict; taking one back leaves none.
    let gate = |key: &str, gate: &str| {
        let view =
            office.with(|session| application::application(session, &[], &office.ids[key], "en").unwrap());
        view.gates.into_iter().find(|one| one.gate == gate).unwrap()
    };
    assert_eq!(gate("A-1", "age").evidence_given, "passport");
    office.judge("A-1", "age", "none", "", "");
    assert_eq!((gate("A-1", "age").verdict, gate("A-1", "age").by), (None, Vec::new()));
    assert_eq!(office.keys(&wanting(Wanting::Unchecked, Some("age"))), ["A-1", "A-3"]);
    assert_eq!(gate("A-2", "age").reason, "born in 1950", "of the others nothing went");

    // Whoever withdrew wants nothing, and an exception that is asked for does.
    office.with(|session| {
        withdraw_application(session, &office.ids["A-3"], true, Some("mail"), "a letter").unwrap();
        application::except(session, &office.ids["A-2"], None, "outstanding").unwrap();
    });
    assert_eq!(office.keys(&wanting(Wanting::Unchecked, Some("age"))), ["A-1"]);
    assert_eq!(office.keys(&wanting(Wanting::Exception, None)), ["A-2"]);
    let row = office.page(&EligibilityQuery::default()).rows.pop().unwrap();
    assert_eq!((row.key.as_str(), row.withdrawn), ("A-3", true));
    let unknown = office.with(|session| {
        application::judge(session, &office.ids["A-1"], "age", "perhaps", "", "").unwrap_err()
    });
    assert_eq!(unknown.code, "bad-input");
}

const TABLE: &str = "No.,Condition,Result,Why,Shoe\n\
    A-1,age,met,passport,40\n\
    A-2,age,no,born in 1950,41\n\
    A-3,age,not-met,,42\n\
    A-9,age,met,x,43\n\
    A-1,height,met,x,44\n\
    A-1,age,open,later,45\n";

#[test]
fn a_table_of_verdicts_is_matched_tried_and_taken_once() {
    let office = Office::new();
    office.judge("A-1", "age", "open", "passport", "");
    let seen = office.table(TABLE);
    let to: Vec<&str> = seen.columns.iter().map(|column| column.to.as_str()).collect();
    assert_eq!(to, ["application", "", "", "", ""], "known by what is in it");
    assert!(seen.parts.iter().any(|part| part.key == "verdict/age" && part.label.is_some()));
    let mut choices = choices(&seen);
    for (column, part) in [("Condition", "criterion"), ("Result", "verdict"), ("Why", "reason")] {
        choices.columns.insert(column.into(), part.into());
    }

    // What is wrong is told with its place, in the file's own words; nothing is changed.
    let tried = office.run(TABLE, &choices, true);
    let told: Vec<(u32, &str, &str)> = tried
        .refused
        .iter()
        .map(|one| (one.row.unwrap(), one.code.as_str(), one.column.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (3, "verdict-unknown", "Result"),
            (4, "reason-missing", "Why"),
            (5, "application-unknown", "No."),
            (6, "gate-unknown", "Condition"),
            (7, "verdict-twice", "No."),
        ]
    );
    assert_eq!((tried.done, tried.new, tried.changed, tried.same), (false, 0, 1, 0));
    let line = &tried.rows[0];
    assert_eq!((line.before.as_str(), line.after.as_str(), line.row), ("open", "met", 2));
    let meant: Vec<(&str, &str)> =
        tried.unknown.iter().map(|one| (one.field.as_str(), one.value.as_str())).collect();
    assert_eq!(meant, [("verdict", "no"), ("criterion", "height")]);
    assert_eq!(office.keys(&wanting(Wanting::Open, Some("age"))), ["A-1"]);

    choices.values.entry("verdict".into()).or_default().insert("no".into(), "not-met".into());
    let taken = office.run(TABLE, &choices, false);
    assert_eq!((taken.done, taken.stopped, taken.new, taken.changed, taken.same), (true, false, 1, 1, 0));
    assert_eq!(office.keys(&wanting(Wanting::NotMet, Some("age"))), ["A-2"]);

    // What was chosen is there the next time, and the same table changes nothing.
    let again = self::choices(&office.table(TABLE));
    assert_eq!(
        (again.columns["Result"].as_str(), again.values["verdict"]["no"].as_str()),
        ("verdict", "not-met")
    );
    let same = office.run(TABLE, &again, false);
    assert_eq!((same.new, same.changed, same.same), (0, 0, 2));
}

#[test]
fn conditions_may_have_a_column_each_and_a_text_stays_that_no_column_has() {
    let office = Office::new();
    office.judge("A-1", "age", "met", "passport", "by the form");
    let text = "application,age,english,oral-english\nA-1,met,met,\nA-2,open,,met\n";
    let choices = choices(&office.table(text));
    assert_eq!(choices.columns["oral-english"], "verdict/oral-english");
    let taken = office.run(text, &choices, false);
    assert_eq!((taken.new, taken.changed, taken.same, taken.refused_count), (3, 0, 1, 0));
    let kept = office
        .with(|session| application::application(session, &[], &office.ids["A-1"], "en").unwrap())
        .gates
        .into_iter()
        .find(|one| one.gate == "age")
        .unwrap();
    assert_eq!((kept.reason.as_str(), kept.evidence_given.as_str()), ("by the form", "passport"));
    let mut much = choices.clone();
    much.columns = (0..5_001).map(|n| (n.to_string(), "reason".to_owned())).collect();
    let path = office.file(text);
    let refused = run(&office.session, &path, &much, true, "en", &mut |_| ControlFlow::Continue(()));
    assert_eq!(refused.unwrap_err().code, "too-many");
    let mut twice = choices;
    twice.columns.insert("english".into(), "verdict/age".into());
    let refused = run(&office.session, &path, &twice, true, "en", &mut |_| ControlFlow::Continue(()));
    assert_eq!(refused.unwrap_err().code, "column-duplicate");
}

#[test]
fn a_long_table_can_be_called_off_between_two_batches() {
    let office = Office::new();
    office.with(|session| {
        for n in 0..60 {
            let entry = Entry {
                application: None,
                key: format!("B-{n:02}"),
                route: "mail".into(),
                answers: BTreeMap::from([("full-name".to_owned(), format!("Name {n}"))]),
            };
            enter(session, &entry, "en").unwrap();
        }
    });
    let rows: String = (0..60).map(|n| format!("B-{n:02},met,met\n")).collect();
    let text = format!("application,age,english\n{rows}");
    let choices = choices(&office.table(&text));
    let path = office.file(&text);
    let stopped =
        run(&office.session, &path, &choices, false, "en", &mut |_| ControlFlow::Break(())).unwrap();
    assert_eq!((stopped.stopped, stopped.new), (true, 100));
    let rest = office.run(&text, &choices, false);
    assert_eq!((rest.stopped, rest.same, rest.new), (false, 100, 20));
}
