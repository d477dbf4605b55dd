//! Declared conflicts of interest on a real home: what was declared on which application, what waits, and a ruling that is on exactly
//! what was declared.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use tempfile::TempDir;
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;
use tessera_views::board::whole;
use tessera_views::conflicts::{ConflictRow, RulingForm, conflicts, rule};
use tessera_views::entry::{Entry, enter};
use tessera_views::shelf::Shelf;
use tessera_views::{Session, declaring, me, queue};

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");

/// A programme whose founder reads three applications; their ids.
fn office(folder: &TempDir) -> (Session, Vec<String>) {
    let shelf = Shelf::new(folder.path().join("homes"));
    let programme = Programme::parse(SEMINAR).unwrap();
    let (_, mut session) = me::found(&shelf, SEMINAR, "seminar", "four wide rivers cross", "Alice").unwrap();
    session
        .together(|acts| {
            acts.publish(&programme, "the first")?;
            acts.hand_over()
        })
        .unwrap();
    let me = session.engine().member();
    let reading = programme.round("reading").unwrap();
    let mut ids = Vec::new();
    for (place, key) in [(1, "A-1"), (2, "A-2"), (3, "A-3")] {
        let answers = BTreeMap::from([("full-name".to_owned(), format!("Name {key}"))]);
        let entry = Entry { application: None, key: key.into(), route: "mail".into(), answers };
        let id = enter(&mut session, &entry, "en").unwrap().application.unwrap();
        let application = id.parse::<ApplicationId>().unwrap();
        session.together(|acts| acts.assign(&programme, me, application, reading, place)).unwrap();
        ids.push(id);
    }
    (session, ids)
}

fn rows(session: &mut Session) -> Vec<ConflictRow> {
    let board = whole(session, None, "en").unwrap();
    conflicts(session, &board).unwrap()
}

fn form(row: &ConflictRow, lift: bool, reason: &str) -> RulingForm {
    let (application, member, on) = (row.application.clone(), row.member.clone(), row.on.clone());
    RulingForm { application, member, on, lift, reason: reason.to_owned() }
}

fn waiting(session: &mut Session) -> usize {
    let waiting = queue::queue(session, "en").unwrap().waiting;
    waiting.iter().filter(|one| one.code.starts_with("conflict-") || one.code == "handed-back").count()
}

#[test]
fn what_was_declared_is_listed_and_a_ruling_is_on_exactly_that() {
    let folder = TempDir::new().unwrap();
    let (mut session, ids) = office(&folder);
    assert!(rows(&mut session).is_empty());
    declaring::declare(&mut session, &ids[0], "unsure", "colleague", "we met once").unwrap();
    declaring::declare(&mut session, &ids[1], "none", "", "").unwrap();
    declaring::hand_back(&mut session, &ids[2], "a script that I cannot read").unwrap();
    let found = rows(&mut session);
    let said: Vec<_> =
        found.iter().map(|row| (row.key.as_str(), row.declaration.as_str(), row.bars, row.waits)).collect();
    let expected =
        [("A-1", "unsure", true, true), ("A-2", "none", false, false), ("A-3", "handed-back", true, true)];
    assert_eq!(said, expected);
    let first = &found[0];
    assert_eq!((first.title.as_str(), first.name.as_str()), ("Name A-1", "Alice"));
    assert_eq!((first.kind.as_str(), first.note.as_str(), first.reads), ("colleague", "we met once", true));
    assert_eq!((found[2].kind.as_str(), found[2].note.as_str()), ("", "a script that I cannot read"));
    assert_eq!(waiting(&mut session), 2);

    // A ruling needs a reason, something to rule on, and the declaration that was read.
    let refused = |session: &mut Session, form: &RulingForm| rule(session, form).unwrap_err().code;
    assert_eq!(refused(&mut session, &form(first, true, " ")), "reason-needed");
    assert_eq!(refused(&mut session, &form(&found[1], true, "why not")), "declared-anew");
    let other = RulingForm { on: found[2].on.clone(), ..form(first, true, "long ago") };
    assert_eq!(refused(&mut session, &other), "declared-anew");
    assert_eq!(waiting(&mut session), 2);

    rule(&mut session, &form(first, true, "ten years ago")).unwrap();
    rule(&mut session, &form(&found[2], false, "somebody else can")).unwrap();
    let ruled = rows(&mut session);
    let stands = |row: &ConflictRow| (row.ruling.clone().unwrap(), row.reason.clone());
    assert_eq!(stands(&ruled[0]), ("lifted".to_owned(), "ten years ago".to_owned()));
    assert_eq!((ruled[0].bars, ruled[0].reads, ruled[0].waits), (false, true, false));
    assert_eq!(stands(&ruled[2]), ("upheld".to_owned(), "somebody else can".to_owned()));
    assert_eq!((ruled[2].bars, ruled[2].reads, ruled[2].waits), (true, false, false));
    assert_eq!(waiting(&mut session), 0);

    // Declared otherwise, it waits again, and the earlier ruling is on nothing any more.
    declaring::declare(&mut session, &ids[0], "unsure", "colleague", "and again last year").unwrap();
    let anew = rows(&mut session);
    assert_eq!((anew[0].ruling.clone(), anew[0].waits), (None, true));
    assert_eq!(refused(&mut session, &form(&ruled[0], false, "once more")), "declared-anew");
}
