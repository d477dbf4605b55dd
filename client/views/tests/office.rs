//! A coordinator's office in one process: a table is tried and taken, an application is typed in, two are compared, a review is
//! taken down, a table leaves. On a real home, without a window.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tessera_model::programme::Programme;
use tessera_protocol::ids::ApplicationId;
use tessera_views::board::{Whole, board, whole};
use tessera_views::draft::{AnswerValue, DraftView, PinView};
use tessera_views::entry::{Entry, EntryTyped, attach_files, enter, form, withdraw_application};
use tessera_views::exchange::{BundleFor, ProgressView, bundle_in, bundle_out};
use tessera_views::exports::dossiers::{self, DossierChoice, DossierRequest};
use tessera_views::exports::{ExportForm, ExportKind, ExportRequest, collect, exports};
use tessera_views::files::{TypedView, type_file, typed};
use tessera_views::intake::{Chosen, FilePlace, IntakeChoices, IntakeReport, run, table};
use tessera_views::people::{self, ReadingProfile};
use tessera_views::record::{RecordForm, card, choices, preview, record};
use tessera_views::seen::{RenditionView, SeenBy};
use tessera_views::shelf::Shelf;
use tessera_views::{
    Session, application, arrivals, chase, declaring, duplicates, entry, figures, mails, me, moderation,
    pace, queue, record as taking, ruled, search, shares,
};

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");
const TABLE: &str = "No.,full-name,E-mail address,Date of birth,country,Where,organisation,Heard of us\n\
    A-1,Ada Okoro,ada@example.org,1985-05-03,Ghana,Afrika,Law Clinic,a friend\n\
    A-2,李文静,li@example.org,1990-02-30,China,asia-pacific,Centre,\n\
    A-3,Lucía Paredes,lucia@example.org,1991-01-31,Peru,americas,Clínica,\n";

struct Office {
    folder: TempDir,
    session: Mutex<Session>,
    chosen: Chosen,
}

impl Office {
    fn new() -> Self {
        Self::of(SEMINAR)
    }

    fn of(definition: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let shelf = Shelf::new(folder.path().join("homes"));
        let programme = Programme::parse(definition).unwrap();
        let (_, mut session) =
            me::found(&shelf, definition, "seminar", "four wide rivers cross", "Alice").unwrap();
        session
            .together(|acts| {
                acts.publish(&programme, "the first")?;
                acts.hand_over()
            })
            .unwrap();
        let path = folder.path().join("applications.csv");
        std::fs::write(&path, TABLE).unwrap();
        let chosen = Chosen { table: Some(path), folder: None };
        Self { folder, session: Mutex::new(session), chosen }
    }

    fn choices(&self) -> IntakeChoices {
        let seen = table(&mut self.session.lock().unwrap(), &self.chosen, None, "en").unwrap();
        let columns = seen.columns.into_iter().map(|column| (column.name, column.to)).collect();
        let key = seen.key.unwrap();
        let (values, placing) = (seen.values, seen.placing);
        IntakeChoices { key, columns, values, placing, partial: true, ..IntakeChoices::default() }
    }

    fn run(&self, choices: &IntakeChoices, dry_run: bool) -> IntakeReport {
        run(&self.session, &self.chosen, choices, dry_run, "en", &mut |_| ControlFlow::Continue(())).unwrap()
    }

    fn with<T>(&self, work: impl FnOnce(&mut Session) -> T) -> T {
        work(&mut self.session.lock().unwrap())
    }

    /// Takes the table in, with what the odd cell means.
    fn full(&self) -> IntakeReport {
        let mut choices = self.choices();
        choices.columns.insert("Where".into(), "region".into());
        choices.values.entry("region".into()).or_default().insert("Afrika".into(), "africa".into());
        self.run(&choices, false)
    }

    fn id(&self, key: &str) -> String {
        let known = self.with(|session| session.together(|acts| acts.applications()).unwrap());
        known.into_iter().find(|(_, identity)| identity.key == key).unwrap().0.to_string()
    }
}

#[test]
fn a_table_is_tried_before_it_is_taken_and_never_comes_twice() {
    let office = Office::new();
    let mut choices = office.choices();
    assert_eq!(choices.key, "No.");
    let to = |column: &str| choices.columns[column].clone();
    assert_eq!(
        [to("full-name"), to("E-mail address"), to("Heard of us"), to("Where")].join(","),
        "full-name,email,,"
    );
    choices.columns.insert("Where".into(), "region".into());

    // What stands in the way is told with its place, and nothing is changed.
    let seen = office.run(&choices, true);
    assert_eq!((seen.done, seen.new, seen.refused_rows), (false, 1, 2));
    let codes: Vec<_> =
        seen.refused.iter().map(|one| (one.row, one.code.as_str(), one.value.as_str())).collect();
    assert_eq!(codes, [(Some(2), "choice-unknown", "Afrika"), (Some(3), "date-bad", "1990-02-30")]);
    assert_eq!((seen.unknown[0].field.as_str(), seen.unknown[0].options.len()), ("region", 5));
    assert!(seen.absent.contains(&"Position".to_owned()));
    assert_eq!(office.with(|session| session.together(|acts| acts.applications()).unwrap()).len(), 0);

    // Without a word about the missing columns nothing new is taken.
    let strict = IntakeChoices { partial: false, ..choices.clone() };
    let refused =
        run(&office.session, &office.chosen, &strict, false, "en", &mut |_| ControlFlow::Continue(()));
    assert_eq!(refused.unwrap_err().code, "column-missing");

    choices.values.entry("region".into()).or_default().insert("Afrika".into(), "africa".into());
    let taken = office.run(&choices, false);
    assert_eq!((taken.done, taken.stopped, taken.new, taken.refused_rows), (true, false, 2, 1));

    // What was chosen is there the next time, and the same table changes nothing.
    let again = office.choices();
    assert_eq!((again.key.as_str(), again.columns["Where"].as_str()), ("No.", "region"));
    assert_eq!(again.values["region"]["Afrika"], "africa");
    assert_eq!((office.run(&again, true).same, office.run(&again, false).same), (2, 2));

    std::fs::write(office.chosen.table.as_ref().unwrap(), TABLE.replace("Law Clinic", "High Court")).unwrap();
    let changed = office.run(&again, true);
    let row = changed.rows.iter().find(|row| row.key == "A-1").unwrap();
    assert_eq!((row.outcome.as_str(), row.changes.len()), ("changed", 1));
    assert_eq!((row.changes[0].before.as_str(), row.changes[0].after.as_str()), ("Law Clinic", "High Court"));

    // By the mail address everybody would come a second time.
    let other = IntakeChoices { key: "E-mail address".into(), ..again };
    let told = office.run(&other, true).again.unwrap();
    assert_eq!((told.column.as_str(), told.count), ("No.", 2));
}

#[test]
fn files_that_fit_nowhere_are_asked_about_and_what_is_said_is_remembered() {
    let mut office = Office::new();
    let folder = office.folder.path().join("files");
    let pdf = |at: &str, text: &str| {
        let path = folder.join(at);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("%PDF-1.4\n% {text}\n%%EOF\n")).unwrap();
    };
    pdf("A-1_cv.pdf", "one");
    pdf("A-1_lebenslauf.pdf", "two");
    pdf("A-3 Paredes/Paredes_Lebenslauf.pdf", "three");
    pdf("scan0001.pdf", "four");
    pdf("Okoro/letters-1.pdf", "five");
    pdf("notes.tmp", "six");
    office.chosen.folder = Some(folder);
    let mut choices = office.choices();
    choices.columns.insert("Where".into(), "region".into());
    choices.values.entry("region".into()).or_default().insert("Afrika".into(), "africa".into());
    let seen = table(&mut office.session.lock().unwrap(), &office.chosen, None, "en").unwrap();
    assert_eq!((seen.folder.as_deref(), seen.folders, seen.loose), (Some("files"), 2, 4));

    // What is open comes first; a pattern is proposed where several share one.
    let told = |report: &IntakeReport| -> Vec<(String, String, String)> {
        let word = |text: &Option<String>| text.clone().unwrap_or_default();
        report
            .filed
            .iter()
            .map(|file| {
                (file.at.clone(), file.outcome.clone(), [word(&file.application), word(&file.slot)].join(" "))
            })
            .collect()
    };
    let line = |at: &str, outcome: &str, what: &str| (at.to_owned(), outcome.to_owned(), what.to_owned());
    let first = office.run(&choices, true);
    assert_eq!(
        told(&first),
        [
            line("Okoro/letters-1.pdf", "no-application", " "),
            line("notes.tmp", "no-application", " "),
            line("scan0001.pdf", "no-application", " "),
            line("A-1_lebenslauf.pdf", "unasked", "A-1 unasked"),
            line("A-3 Paredes/Paredes_Lebenslauf.pdf", "unasked", "A-3 unasked"),
            line("A-1_cv.pdf", "taken", "A-1 cv"),
        ]
    );
    assert_eq!((first.unplaced, first.left_out, first.files, first.filed_count), (3, 0, 3, 6));
    let pattern = &first.patterns[0];
    assert_eq!((pattern.pattern.as_str(), pattern.count, pattern.unplaced), ("*_lebenslauf.pdf", 2, 0));
    assert_eq!((first.strange[0].name.as_str(), first.strange[0].files), ("Okoro", 1));
    let cv = first.slots.iter().find(|slot| slot.key == "cv").unwrap();
    assert_eq!((cv.label.as_str(), cv.files, cv.applications, cv.short), ("Curriculum vitae", 1, 1, 1));

    // Said once by pattern, by folder and for one file, everything has its place, or is left out and counted.
    let placing = &mut choices.placing;
    placing.patterns.insert("*_lebenslauf.pdf".into(), "cover-letter".into());
    placing.patterns.insert("*.tmp".into(), String::new());
    placing.folders.insert("Okoro".into(), "A-1".into());
    let place = FilePlace { application: "A-3".into(), slot: Some("cv".into()) };
    placing.files.insert("scan0001.pdf".into(), place);
    let tried = office.run(&choices, true);
    assert_eq!((tried.unplaced, tried.left_out, tried.files, tried.patterns.len()), (0, 1, 5, 0));
    let taken = office.run(&choices, false);
    assert_eq!((told(&taken), taken.left_out), (told(&tried), 1));
    assert_eq!(taken.filed[0], tried.filed[0]);
    assert_eq!((taken.filed[0].at.as_str(), taken.filed[0].outcome.as_str()), ("notes.tmp", "left-out"));
    let id = office.id("A-3");
    let files =
        office.with(|session| session.together(|acts| acts.files(id.parse().unwrap())).unwrap()).files;
    let mut names: Vec<(&str, &str)> =
        files.iter().map(|((slot, _), file)| (slot.as_str(), file.name.as_str())).collect();
    names.sort_unstable();
    assert_eq!(names, [("cover-letter", "Paredes_Lebenslauf.pdf"), ("cv", "scan0001.pdf")]);

    // The next import knows it all, and nothing is different.
    let again = office.choices();
    assert_eq!(again.placing, choices.placing);
    assert_eq!(office.run(&again, false).same, 2);

    // What is not in an application's own folder any more is named before it goes.
    std::fs::remove_file(office.chosen.folder.as_ref().unwrap().join("scan0001.pdf")).unwrap();
    let without = office.run(&again, true);
    let gone = without.remarks.iter().find(|remark| remark.code == "attachment-gone").unwrap();
    assert_eq!((gone.key.as_deref(), &gone.about[..]), (Some("A-3"), &["scan0001.pdf".to_owned()][..]));

    let mut much = choices.clone();
    much.placing.patterns = (0..5_001).map(|n| (format!("{n}*"), String::new())).collect();
    let refused = run(&office.session, &office.chosen, &much, true, "en", &mut |_| ControlFlow::Continue(()));
    assert_eq!(refused.unwrap_err().code, "too-many");
}

#[test]
fn an_import_can_be_called_off_between_two_steps() {
    let office = Office::new();
    let rows: String = (0..80).map(|n| format!("B-{n:03},Name {n}\n")).collect();
    std::fs::write(office.chosen.table.as_ref().unwrap(), format!("No.,full-name\n{rows}")).unwrap();
    let choices = office.choices();
    let report =
        run(&office.session, &office.chosen, &choices, false, "en", &mut |_| ControlFlow::Break(())).unwrap();
    assert!(report.stopped && report.new > 0 && report.new < 80, "{}", report.new);
    let rest = office.run(&choices, false);
    assert_eq!((rest.same, rest.new + rest.same), (report.new, 80));
}

#[test]
fn what_came_by_mail_is_typed_in_and_stays_so() {
    let office = Office::new();
    office.full();
    let empty = office.with(|session| form(session, None, "en").unwrap());
    assert_eq!((empty.key.as_str(), empty.route), ("A-4", None));
    let answers = BTreeMap::from([
        ("full-name".to_owned(), "Hawa Touré".to_owned()),
        ("birth-date".to_owned(), "3 May".to_owned()),
    ]);
    let mut entry = Entry { application: None, key: "A-4".into(), route: "mail".into(), answers };
    let refused = office.with(|session| enter(session, &entry, "en").unwrap());
    assert_eq!(
        (refused.outcome.as_str(), refused.refused[0].column.as_deref()),
        ("refused", Some("birth-date"))
    );
    entry.answers.insert("birth-date".into(), "1985-05-03".into());
    let done = office.with(|session| enter(session, &entry, "en").unwrap());
    let id = done.application.unwrap();
    assert_eq!(done.outcome, "new");
    let taken = office.with(|session| enter(session, &entry, "en").unwrap_err());
    assert_eq!(taken.code, "key-taken");

    // A table that has it too leaves noted by which way it came.
    let more = format!("{TABLE}A-4,Hawa Touré,hawa@example.org,1985-05-03,Niger,africa,Tribunal,\n");
    std::fs::write(office.chosen.table.as_ref().unwrap(), more).unwrap();
    assert_eq!(office.full().changed, 1);
    let form = office.with(|session| form(session, Some(&id), "en").unwrap());
    assert_eq!((form.route.as_deref(), form.on_behalf), (Some("mail"), true));

    // A letter that came alone stands beside what is there.
    let letter = office.folder.path().join("letter.pdf");
    std::fs::write(&letter, b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n").unwrap();
    let wrong = office.folder.path().join("cv.pdf");
    std::fs::write(&wrong, b"\x89PNG\r\n\x1a\n and more").unwrap();
    let added =
        office.with(|session| attach_files(session, &id, Some("letters"), &[letter, wrong], "en").unwrap());
    assert_eq!((added.taken, added.changed), (vec!["letter.pdf".to_owned()], true));
    assert_eq!(added.refused[0].code, "attachment-not-what-it-says");
    let lacks = office.with(|session| chase::chase(session, "en").unwrap());
    assert_eq!(lacks.language, "en");
    let row = lacks.rows.iter().find(|row| row.key == "A-4").unwrap();
    assert_eq!(row.contact.as_deref(), Some("hawa@example.org"));
    assert!(row.lacks.files.iter().any(|file| file.slot == "letters" && file.more == 1));

    let no_reason = office.with(|session| withdraw_application(session, &id, true, None, " ").unwrap_err());
    assert_eq!(no_reason.code, "reason-needed");
    office
        .with(|session| withdraw_application(session, &id, true, Some("mail"), "has a post abroad").unwrap());
    let lacks = office.with(|session| chase::chase(session, "en").unwrap());
    assert!(!lacks.rows.iter().any(|row| row.key == "A-4"));
}

#[test]
fn what_a_scan_says_is_typed_and_stands_with_who_typed_it() {
    let office = Office::new();
    office.full();
    let id = office.id("A-1");
    let scan = office.folder.path().join("letter.pdf");
    std::fs::write(&scan, b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n").unwrap();
    office.with(|session| attach_files(session, &id, Some("letters"), &[scan], "en").unwrap());
    let file = || {
        let seen = office.with(|session| application::application(session, &[], &id, "en").unwrap());
        seen.files.into_iter().next().unwrap()
    };
    let scan = file();
    let said = || office.with(|session| typed(session, &scan.handle).unwrap());
    let put = |pages: &[String]| {
        let shown = said().texts;
        office.with(|session| type_file(session, &scan.handle, pages, Some(&shown)))
    };
    let nothing = TypedView { pages: Vec::new(), by: Vec::new(), lacks: false, texts: Vec::new() };
    assert_eq!((scan.typed, said()), (false, nothing.clone()));

    let pages = ["I recommend Ada.".to_owned(), "Signed in Accra".to_owned()];
    let texts = put(&pages).unwrap();
    let by_alice = TypedView { pages: pages.to_vec(), by: vec!["Alice".to_owned()], lacks: false, texts };
    assert_eq!((file().typed, said()), (true, by_alice.clone()));
    let hits = office.with(|session| search::search(session, "accra", "en").unwrap());
    let found = hits.iter().find_map(|hit| hit.file.as_ref()).unwrap();
    assert_eq!((found.name.as_str(), found.page, &found.contents), ("letter.pdf", 2, &scan.contents));

    assert_eq!(put(&["x".repeat(40_000)]).unwrap_err().code, "too-long");
    assert_eq!(said(), by_alice, "nothing was changed");
    put(&[]).unwrap();
    assert_eq!((file().typed, said()), (false, nothing));
}

#[test]
fn one_file_in_two_slots_is_two_files() {
    let office = Office::new();
    office.full();
    let id = office.id("A-1");
    let files = [("letters", "letter.pdf", "In letters"), ("cv", "cv.pdf", "In the CV")].map(
        |(slot, name, words)| {
            let scan = office.folder.path().join(name);
            std::fs::write(&scan, b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n").unwrap();
            office.with(|session| attach_files(session, &id, Some(slot), &[scan], "en").unwrap());
            let seen = office.with(|session| application::application(session, &[], &id, "en").unwrap());
            let file = seen.files.into_iter().find(|file| file.slot == slot).unwrap();
            office.with(|session| type_file(session, &file.handle, &[words.to_owned()], None)).unwrap();
            (file, words)
        },
    );
    assert_eq!(files[0].0.contents, files[1].0.contents);
    for (file, words) in files {
        assert_eq!(office.with(|session| typed(session, &file.handle).unwrap()).pages, [words]);
    }
}

#[test]
fn two_applications_are_compared_and_judged() {
    let office = Office::new();
    let twin = format!("{TABLE}A-9,Ada OKORO,ADA@example.org,1985-05-03,Ghana,africa,High Court,\n");
    std::fs::write(office.chosen.table.as_ref().unwrap(), twin).unwrap();
    office.full();
    let (one, other) = (office.id("A-1"), office.id("A-9"));
    let pairs = office.with(|session| duplicates::duplicates(session, "en").unwrap());
    assert_eq!((pairs.len(), pairs[0].verdict.as_deref()), (1, None));
    let seen = office.with(|session| duplicates::compare(session, &one, &other, "en").unwrap());
    let mail = seen.answers.iter().find(|row| row.label == "E-mail address").unwrap();
    assert!(mail.same && mail.telling && !mail.read);
    assert!(seen.answers.iter().any(|row| row.label == "Organisation" && !row.same));
    let judge = |verdict: &str, keep: Option<&str>, reason: &str| {
        office.with(|session| duplicates::judge_pair(session, &one, &other, verdict, keep, reason))
    };
    assert_eq!(judge("same", Some(&one), "").unwrap_err().code, "reason-needed");
    assert!(judge("same", None, "one person").is_err());
    judge("same", Some(&other), "one person, she wrote so").unwrap();
    let pair = &office.with(|session| duplicates::duplicates(session, "en").unwrap())[0];
    assert_eq!((pair.verdict.as_deref(), pair.keep.as_ref()), (Some("same"), Some(&other)));
    assert_eq!((pair.reason.as_str(), &pair.by[..]), ("one person, she wrote so", &["Alice".to_owned()][..]));
    judge("open", None, "by mistake").unwrap();
    let pair = &office.with(|session| duplicates::duplicates(session, "en").unwrap())[0];
    assert_eq!((pair.verdict.as_deref(), pair.keep.as_deref()), (None, None));
}

#[test]
fn a_review_from_paper_is_shown_as_entered_by_who_did() {
    let office = Office::new();
    office.full();
    let application = office.id("A-1");
    let seen = office.with(|session| choices(session, &application, "en").unwrap());
    let member = seen.readers[0].member.clone();
    let card = office.with(|session| card(session, &application, &member, "reading", "en").unwrap());
    let mut draft = DraftView { confidence: Some("4".into()), ..DraftView::default() };
    let mut sheet = RecordForm {
        application: application.clone(),
        member: member.clone(),
        round: "reading".into(),
        source: "paper".into(),
        reason: None,
        draft: draft.clone(),
    };
    let lacking = office.with(|session| preview(session, &sheet).unwrap());
    assert_eq!(lacking.became, "missing");
    assert!(lacking.missing.len() >= card.criteria.iter().filter(|one| one.required).count());
    for criterion in &card.criteria {
        let answer = AnswerValue { score: Some("3".into()), not_applicable: None };
        draft.answers.insert(criterion.key.clone(), answer);
    }
    sheet.draft = draft.clone();
    let told = office.with(|session| preview(session, &sheet).unwrap());
    assert_eq!((told.became.as_str(), told.total.is_some()), ("submitted", true), "{told:?}");
    assert_eq!(office.with(|session| record(session, &sheet).unwrap()).revision, 1);
    assert_eq!(office.with(|session| record(session, &sheet).unwrap()).became, "same");
    // Another word beside the same scores is a change that needs a reason.
    sheet.draft.overall = "She wrote it on the back.".into();
    assert_eq!(office.with(|session| preview(session, &sheet).unwrap()).became, "needs-reason");
    sheet.reason = Some("the back of the sheet was overlooked".into());
    assert_eq!(office.with(|session| record(session, &sheet).unwrap()).revision, 2);
    let seen = office.with(|session| choices(session, &application, "en").unwrap());
    let down = &seen.readers.iter().find(|reader| reader.member == member).unwrap().taken_down["reading"];
    assert_eq!((down.source.as_deref(), &down.by[..]), (Some("paper"), &["Alice".to_owned()][..]));
    let shown = office.with(|session| application::application(session, &[], &application, "en").unwrap());
    assert!(shown.criteria.iter().any(|criterion| criterion.key == "english"));
}

#[test]
fn a_verdict_on_reviews_is_seen_on_the_board_and_at_the_application() {
    let office = Office::new();
    office.full();
    let application = office.id("A-1");
    let programme = Programme::parse(SEMINAR).unwrap();
    let (member, id) =
        office.with(|session| (session.engine().member(), application.parse::<ApplicationId>().unwrap()));
    let reading = programme.round("reading").unwrap();
    office.with(|session| session.together(|acts| acts.assign(&programme, member, id, reading, 1))).unwrap();
    let take_down = |score: &str, reason: Option<&str>| {
        let member = member.to_string();
        let card = office.with(|session| card(session, &application, &member, "reading", "en").unwrap());
        let answer = AnswerValue { score: Some(score.into()), not_applicable: None };
        let answers = card.criteria.into_iter().map(|one| (one.key, answer.clone())).collect();
        let sheet = RecordForm {
            application: application.clone(),
            member,
            round: "reading".into(),
            source: "phone".into(),
            reason: reason.map(str::to_owned),
            draft: DraftView { answers, confidence: Some("4".into()), ..DraftView::default() },
        };
        office.with(|session| record(session, &sheet).unwrap()).became
    };
    let board = |before: Option<Arc<Whole>>| office.with(|session| whole(session, before, "en").unwrap());
    let at = |board: &Whole, stage: &str| rows_of(board).matches(&format!("\"stage\":\"{stage}\"")).count();
    let shown = || office.with(|session| moderation::moderation(session, None, "en").unwrap());
    let moderate = |verdict: Option<&str>, reason: &str| {
        office.with(|session| moderation::moderate(session, &application, "reading", verdict, reason))
    };

    assert_eq!(take_down("3", None), "submitted");
    let read = board(None);
    assert_eq!((at(&read, "read"), at(&read, "moderated")), (1, 0));
    let view = shown();
    assert_eq!((view.round.as_deref(), view.read, view.rows.len()), (Some("reading"), 1, 0));
    assert_eq!(moderate(Some("keep"), " ").unwrap_err().code, "reason-needed");
    assert_eq!(moderate(Some("accept"), "why").unwrap_err().code, "bad-input");

    moderate(Some("keep"), "one reader is enough").unwrap();
    let moderated = board(Some(read));
    assert_eq!((at(&moderated, "read"), at(&moderated, "moderated")), (0, 1));
    office.with(|session| session.engine().keep_view(b"not a board").unwrap());
    assert_eq!(rows_of(&board(None)), rows_of(&moderated));
    let view = shown();
    let line = &view.rows[0];
    let verdict = line.verdict.as_ref().unwrap();
    assert_eq!((verdict.verdict.as_deref(), verdict.reason.as_str()), (Some("keep"), "one reader is enough"));
    assert_eq!((verdict.by.clone(), verdict.outdated), (vec!["Alice".to_owned()], false));
    assert_eq!((line.key.as_str(), line.reasons.len(), line.reads.len()), ("A-1", 0, 1));
    assert!(view.criteria.iter().all(|one| line.reads[0].scores[&one.key] == "3"), "{line:?}");
    let seen = office.with(|session| application::application(session, &[], &application, "en").unwrap());
    assert_eq!(seen.moderation[0].verdict.as_deref(), Some("keep"));

    // Other scores are not covered by it.
    assert_eq!(take_down("5", Some("she called again")), "amended");
    let outdated = board(Some(moderated));
    assert_eq!((at(&outdated, "read"), at(&outdated, "moderated")), (1, 0));
    assert!(shown().rows[0].verdict.as_ref().unwrap().outdated);
    moderate(None, "it was another application").unwrap();
    assert!(shown().rows.is_empty());
}

#[test]
fn whoever_is_behind_is_reminded_and_an_author_is_asked() {
    let office = Office::new();
    office.full();
    let programme = Programme::parse(SEMINAR).unwrap();
    let ids = ["A-1", "A-3"].map(|key| office.id(key));
    let member = office.with(|session| session.engine().member());
    let assigned = office.with(|session| {
        session.together(|acts| {
            let reading = programme.round("reading").unwrap();
            let mut labels = Vec::new();
            for (place, (id, identity)) in (1..).zip(acts.applications()?) {
                if ids.contains(&id.to_string()) {
                    acts.assign(&programme, member, id, reading, place)?;
                    labels.push(identity.key);
                }
            }
            acts.hand_over()?;
            Ok(labels)
        })
    });
    assert_eq!(assigned.unwrap(), ["A-1", "A-3"]);
    let reminded = office.with(|session| mails::reminders(session).unwrap());
    assert_eq!((reminded.language.as_str(), reminded.readers.len()), ("en", 1));
    let alice = &reminded.readers[0];
    assert_eq!((alice.name.as_str(), alice.submitted, alice.left), ("Alice", 0, 2));
    assert!(alice.rounds[0].deadline.is_some());
    // The board and the pace of the round count the same.
    let reads = |whole: &Whole| {
        let reads = office.with(|session| board(session, whole, "en").unwrap()).reads;
        let pace = office.with(|session| pace::pace(session, 1_000, "en")).unwrap();
        (reads.done, reads.wanted, pace[0].remaining)
    };
    let before = office.with(|session| whole(session, None, "en").unwrap());
    assert_eq!(reads(&before), (0, 2, 2));

    // Whoever is unsure is not behind with it, and is asked by the name that the dossier has for its reader.
    office.with(|session| declaring::declare(session, &ids[0], "unsure", "", "we met once").unwrap());
    assert_eq!(office.with(|session| mails::reminders(session).unwrap()).readers[0].left, 1);
    let declared = office.with(|session| whole(session, Some(before), "en").unwrap());
    assert_eq!(reads(&declared), (0, 1, 1));
    office.with(|session| session.engine().keep_view(b"not a board").unwrap());
    assert_eq!(rows_of(&office.with(|session| whole(session, None, "en").unwrap())), rows_of(&declared));
    let waiting = office.with(|session| queue::queue(session, "en").unwrap()).waiting;
    let asked = [waiting.iter().find(|one| one.code == "conflict-unsure").unwrap().id.clone()];
    let asking = office.with(|session| mails::asking(session, &asked).unwrap());
    let label = office.with(|session| {
        let tasks = session.together(|acts| acts.tasks()).unwrap();
        tasks.into_iter().find(|task| task.application.to_string() == ids[0]).unwrap().label
    });
    assert_eq!((asking.authors.len(), &asking.authors[0].applications), (1, &vec![label]));
}

/// Rows and pairs of a board, as text; what waits is counted apart.
fn rows_of(whole: &Whole) -> String {
    serde_json::to_string(&(&whole.rows, &whole.twins)).unwrap()
}

#[test]
fn the_board_is_read_anew_where_something_changed_and_kept_where_nothing_did() {
    let office = Office::new();
    office.full();
    let read = |before: Option<Arc<Whole>>| office.with(|session| whole(session, before, "en").unwrap());
    // As if nothing had ever been read or kept.
    let afresh = || {
        office.with(|session| session.engine().keep_view(b"not a board").unwrap());
        rows_of(&read(None))
    };
    let first = read(None);
    assert!(!first.rows.is_empty());
    assert!(Arc::ptr_eq(&read(Some(Arc::clone(&first))), &first), "nothing changed, nothing is read");
    assert_eq!(rows_of(&read(None)), rows_of(&first), "what was kept says the same");
    let gate = Programme::parse(SEMINAR).unwrap().gates[0].key.to_string();
    let id = office.id("A-3");
    office.with(|session| application::judge(session, &id, &gate, "not-met", "", "too young").unwrap());
    assert_eq!(office.with(|session| session.engine().kept_view().unwrap()), None, "a change forgets it");
    let judged = read(Some(Arc::clone(&first)));
    assert_ne!(rows_of(&judged), rows_of(&first));
    assert_eq!(rows_of(&judged), afresh());
    // A twin comes in, and an application is taken back.
    let answers = BTreeMap::from([
        ("full-name".to_owned(), "Lucía P.".to_owned()),
        ("email".to_owned(), "lucia@example.org".to_owned()),
    ]);
    let twin = Entry { application: None, key: "B-1".into(), route: "mail".into(), answers };
    office.with(|session| enter(session, &twin, "en").unwrap());
    let doubled = read(Some(judged));
    assert_eq!(doubled.twins.len(), 1);
    assert_eq!(rows_of(&doubled), afresh());
    office.with(|session| withdraw_application(session, &id, true, Some("mail"), "a letter").unwrap());
    let withdrawn = read(Some(Arc::clone(&doubled)));
    assert_ne!(rows_of(&withdrawn), rows_of(&doubled));
    assert_eq!(rows_of(&withdrawn), afresh());
    // Another language is read anew.
    assert_eq!(
        office.with(|session| whole(session, Some(withdrawn), "fr").unwrap()).rows.len(),
        doubled.rows.len()
    );
}

#[test]
fn what_proposals_go_by_of_a_reader_is_noted_and_can_be_put_back() {
    let office = Office::new();
    let me = office.with(|session| people::people(session, "fr").unwrap());
    assert!(me.regions.iter().any(|region| region.key == "africa"));
    let (member, before) = (me.people[0].member.clone(), me.people[0].reading.clone().unwrap());
    assert_eq!(before, ReadingProfile::default());
    let set =
        |profile: &ReadingProfile| office.with(|session| people::set_reading(session, &member, profile));
    let profile = ReadingProfile {
        region: "africa".into(),
        languages: vec!["en".into(), "عربي".into()],
        competences: vec!["law".into()],
        min: Some(2),
        max: Some(9),
    };
    assert_eq!(set(&profile).unwrap(), before);
    let shown = || {
        let everybody = office.with(|session| people::people(session, "en").unwrap()).people;
        (everybody[0].name.clone(), everybody[0].reading.clone().unwrap())
    };
    assert_eq!(shown(), ("Alice".to_owned(), profile.clone()));
    let crossed = ReadingProfile { min: Some(10), ..profile.clone() };
    let two = ReadingProfile { languages: vec!["en fr".into()], ..profile.clone() };
    for wrong in [crossed, two] {
        assert_eq!(set(&wrong).unwrap_err().code, "bad-input");
    }
    assert_eq!(shown().1, profile, "what is refused changes nothing");
    assert_eq!(set(&before).unwrap(), profile);
    assert_eq!(shown().1, before);
}

#[test]
fn what_leaves_holds_what_was_asked_for_and_is_listed() {
    let office = Office::new();
    let evil = TABLE.replace("Law Clinic", "=HYPERLINK(1)");
    std::fs::write(office.chosen.table.as_ref().unwrap(), evil).unwrap();
    office.full();
    let ask = |what, form, identity, dossier| ExportRequest {
        what,
        form,
        identity,
        dossier,
        eligibility: false,
        scores: false,
        names: false,
        round: None,
    };
    let nothing = ask(ExportKind::Applications, ExportForm::Csv, false, false);
    assert_eq!(office.with(|session| collect(session, &nothing).err().unwrap()).code, "no-compartment");
    let path = office.folder.path().join("out.csv");
    let blind = ask(ExportKind::Applications, ExportForm::Csv, false, true);
    let collected = office.with(|session| collect(session, &blind).unwrap());
    collected.write(&path).unwrap();
    office.with(|session| collected.note(session).unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("africa") && !text.contains("ada@example.org") && !text.contains("Okoro"),
        "{text}"
    );
    let all = ask(ExportKind::Applications, ExportForm::Csv, true, true);
    let collected = office.with(|session| collect(session, &all).unwrap());
    collected.write(&path).unwrap();
    office.with(|session| collected.note(session).unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("ada@example.org") && text.contains("'=HYPERLINK"), "no formula leaves: {text}");
    assert_eq!(ask(ExportKind::Report, ExportForm::Csv, false, false).check().unwrap_err().code, "bad-input");
    let view = office.with(|session| exports(session, "en").unwrap());
    assert_eq!((view.applications, view.past.len()), (2, 2));
    assert_eq!(view.past[0].parts, ["identity", "dossier"]);
    assert!(view.identity.contains(&"E-mail address".to_owned()));
}

#[test]
fn before_anything_is_read_shares_name_nobody_and_nothing_is_said_to_have_decided() {
    let office = Office::new();
    office.full();
    let found = office.with(|session| shares::shares(session, 5, "en")).unwrap();
    let all = office.with(|session| session.together(|acts| acts.applications()).unwrap()).len();
    assert_eq!(usize::try_from(found.applications).unwrap(), all);
    assert_eq!(found.stages, ["received", "eligible", "assigned", "read", "shortlisted"]);
    let gender = found.tables.iter().find(|table| table.by == "field:gender").unwrap();
    assert_eq!(gender.label.as_deref(), Some("Gender"));
    // So few are counted together, and how few is hidden.
    assert!(found.tables.iter().flat_map(|table| &table.groups).all(|group| group.group.is_none()));
    assert!(found.tables.iter().all(|table| table.totals[0].is_none() && table.hides));

    assert!(office.with(|session| pace::pace(session, 1_000, "en")).unwrap().is_empty());
    let arrived = office.with(arrivals::arrivals).unwrap();
    assert_eq!((arrived.arrivals.len(), arrived.before), (0, 0));

    let id = office.id("A-1");
    let (view, chance) = office.with(|session| ruled::ruled(session, &id, "en")).unwrap();
    assert!(
        view.seat.is_none() && view.exception.is_none() && view.decisions.is_empty() && view.pairs.is_empty()
    );
    assert!(chance.calculate().is_none());
    assert_eq!(
        office.with(|session| ruled::ruled(session, &"0".repeat(32), "en")).unwrap_err().code,
        "not-found"
    );
}

#[test]
fn dossiers_hold_what_was_asked_for_by_itself_and_are_listed() {
    let office = Office::new();
    office.full();
    let key = {
        let all = office.with(|session| session.together(|acts| acts.applications()).unwrap());
        all[0].1.key.clone()
    };
    let id = office.id(&key);
    let ask = |identity, rulings, each| DossierRequest {
        which: DossierChoice::Named,
        applications: vec![id.clone()],
        form: ExportForm::Html,
        each,
        identity,
        scores: true,
        names: false,
        rulings,
        words: BTreeMap::from([("rulings".to_owned(), "Entscheide".to_owned())]),
    };
    let write = |request: &DossierRequest, place: &Path| {
        let collected = office.with(|session| dossiers::collect(session, request, "en").unwrap());
        let at = collected.write(place).unwrap();
        office.with(|session| collected.note(session).unwrap());
        at
    };
    let path = office.folder.path().join("blind.html");
    write(&ask(false, false, false), &path);
    let blind = std::fs::read_to_string(&path).unwrap();
    assert!(blind.contains("No review counts yet.") && !blind.contains("Entscheide"), "{blind}");
    assert!(!blind.contains("@example.org"), "an address tells who applies");
    // A folder of their own is made each time, and what is there stays.
    let folder = office.folder.path();
    let first = write(&ask(true, true, true), folder);
    let second = write(&ask(true, true, true), folder);
    assert_eq!((first, second), (place(folder, "dossiers"), place(folder, "dossiers-2")));
    let names: Vec<_> = std::fs::read_dir(folder.join("dossiers")).unwrap().collect();
    assert_eq!(names.len(), 1);
    let whole = std::fs::read_to_string(names[0].as_ref().unwrap().path()).unwrap();
    assert!(whole.contains("@example.org") && whole.contains("Entscheide"));
    let refused = DossierRequest { applications: Vec::new(), ..ask(false, false, false) };
    assert_eq!(refused.check().unwrap_err().code, "bad-input");
    let table = DossierRequest { form: ExportForm::Csv, ..ask(false, false, false) };
    assert_eq!(table.check().unwrap_err().code, "bad-input");
    let view = office.with(|session| exports(session, "en").unwrap());
    assert_eq!((view.past.len(), view.past[0].what.as_str(), view.past[0].applications), (3, "dossier", 1));
    assert_eq!(view.past[0].parts, ["identity", "dossier", "scores", "rulings"]);
    assert_eq!(view.past[2].parts, ["dossier", "scores"]);
}

fn place(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn a_bundle_that_is_ended_leaves_what_was_there() {
    let office = Office::new();
    office.full();
    let path = office.folder.path().join("parcel.tessera");
    std::fs::write(&path, "an older one").unwrap();
    let write = |most: usize| {
        let mut heard = Vec::new();
        let mut tell = |progress: ProgressView| {
            heard.push((progress.bytes_done, progress.bytes_total));
            if heard.len() > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let done = office.with(|session| bundle_out(session, &BundleFor::Everything, true, &path, &mut tell));
        (done, heard)
    };
    let (ended, _) = write(2);
    assert_eq!(ended.unwrap_err().code, "cancelled");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "an older one");
    let beside = std::fs::read_dir(office.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(beside.into_iter().all(|name| !name.to_string_lossy().ends_with(".part")));
    let (done, heard) = write(usize::MAX);
    assert_eq!(done.unwrap().bytes, std::fs::metadata(&path).unwrap().len());
    assert!(heard.len() > 2 && heard.iter().all(|(done, total)| done <= total) && heard.is_sorted());
    let quietly = &mut |_: ProgressView| ControlFlow::Continue(());
    let taken = office.with(|session| bundle_in(session, std::slice::from_ref(&path), quietly).unwrap());
    assert!(taken.len() == 1 && taken[0].new_packs == 0 && taken[0].known > 0);
    let ended = office.with(|session| {
        bundle_in(session, std::slice::from_ref(&path), &mut |_| ControlFlow::Break(())).unwrap_err()
    });
    assert_eq!(ended.code, "cancelled");
}

#[test]
fn what_a_killed_export_left_goes_with_the_next_one_of_its_name() {
    let office = Office::new();
    let folder = office.folder.path().join("stick");
    std::fs::create_dir(&folder).unwrap();
    let left = ["parcel.tessera.1-of-3.unfinished", "parcel.tessera.2-of-3.unfinished.part"];
    let others = ["friend.tessera.1-of-3.unfinished", "parcel.tessera.1-of-2"];
    for name in left.iter().chain(&others) {
        std::fs::write(folder.join(name), "half").unwrap();
    }
    let quietly = &mut |_: ProgressView| ControlFlow::Continue(());
    let out = folder.join("parcel.tessera");
    office.with(|session| bundle_out(session, &BundleFor::Everything, true, &out, quietly)).unwrap();
    let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, [others[0], "parcel.tessera", others[1]]);
}

#[test]
fn a_bundle_that_is_refused_is_told_and_the_others_come() {
    let office = Office::new();
    office.full();
    let place = |name: &str| office.folder.path().join(name);
    let [bad, good, absent] = ["bad.tessera", "good.tessera", "absent.tessera"].map(place);
    std::fs::write(&bad, "no bundle").unwrap();
    let mut heard = Vec::new();
    let tell = &mut |progress: ProgressView| {
        heard.push((progress.bytes_done, progress.bytes_total));
        ControlFlow::Continue(())
    };
    let taken = office.with(|session| {
        let quietly = &mut |_: ProgressView| ControlFlow::Continue(());
        bundle_out(session, &BundleFor::Everything, false, &good, quietly).unwrap();
        bundle_in(session, &[bad.clone(), good, absent], tell).unwrap()
    });
    let codes = taken.iter().map(|one| one.failure.as_ref().map(|failure| failure.code.as_str()));
    assert_eq!(codes.collect::<Vec<_>>(), [Some("forged"), None, Some("not-found")]);
    assert_eq!((taken[0].path.clone(), taken[0].known), (bad.display().to_string(), 0));
    assert_eq!(taken[0].failure.as_ref().unwrap().at.as_ref(), Some(&taken[0].path));
    assert!(taken[1].known > 0);
    assert!(heard.last().is_some_and(|(done, total)| done == total), "what is refused is through as well");
}

#[test]
fn what_a_comment_points_to_is_seen_and_leaves_with_the_scores() {
    let office = Office::new();
    office.full();
    let application = office.id("A-1");
    let programme = Programme::parse(SEMINAR).unwrap();
    let (member, id) =
        office.with(|session| (session.engine().member(), application.parse::<ApplicationId>().unwrap()));
    let reading = programme.round("reading").unwrap();
    office.with(|session| session.together(|acts| acts.assign(&programme, member, id, reading, 1))).unwrap();
    let member = member.to_string();
    let card = office.with(|session| card(session, &application, &member, "reading", "en").unwrap());
    let first = card.criteria[0].key.clone();
    let answer = AnswerValue { score: Some("3".into()), not_applicable: None };
    let answers = card.criteria.into_iter().map(|one| (one.key, answer.clone())).collect();
    let pin = PinView::Field { field: "question-1".into() };
    let draft = DraftView {
        answers,
        comments: BTreeMap::from([(first.clone(), "as she says herself".to_owned())]),
        pins: BTreeMap::from([(first.clone(), pin)]),
        confidence: Some("4".into()),
        ..DraftView::default()
    };
    let (of, round) = (application.clone(), "reading".to_owned());
    let sheet = RecordForm { application: of, member, round, source: "phone".into(), reason: None, draft };
    assert_eq!(office.with(|session| record(session, &sheet).unwrap()).became, "submitted");
    let seen = office.with(|session| application::application(session, &[], &application, "en").unwrap());
    let reader = &seen.readers[0];
    assert_eq!(reader.comments[&first], "as she says herself");
    assert!(matches!(&reader.pins[&first], PinView::Field { field } if field == "question-1"));
    let request = |scores, names| DossierRequest {
        which: DossierChoice::All,
        applications: Vec::new(),
        form: ExportForm::Html,
        each: false,
        identity: false,
        scores,
        names,
        rulings: false,
        words: BTreeMap::new(),
    };
    let page = |request: &DossierRequest| {
        let path = office.folder.path().join("all.html");
        office.with(|session| dossiers::collect(session, request, "en").unwrap()).write(&path).unwrap();
        std::fs::read_to_string(&path).unwrap()
    };
    let numbered = page(&request(true, false));
    assert!(numbered.contains("as she says herself") && numbered.contains("Reader 1"), "{numbered}");
    assert!(numbered.contains(">See ") && !numbered.contains("Alice"), "{numbered}");
    assert!(page(&request(true, true)).contains("Alice"));
    assert!(!page(&request(false, true)).contains("as she says herself"));
}

#[test]
fn what_is_typed_outlasts_the_session_until_it_is_taken_in() {
    let office = Office::new();
    office.full();
    let typed_of =
        |application: Option<&str>| office.with(|session| form(session, application, "en")).unwrap().typed;
    let answer = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let both = [answer("full-name", "Hawa Touré"), answer("email", "hawa@example.org")];
    let typed = EntryTyped { answers: BTreeMap::from(both.clone()), ..EntryTyped::default() };
    office.with(|session| entry::keep_typed(session, None, &typed)).unwrap();
    assert_eq!(typed_of(None), typed);
    let id = office.id("A-1");
    assert_eq!(typed_of(Some(&id)), EntryTyped::default(), "a correction is another form");

    // What was typed while it was being taken in stays.
    let [name, _] = both;
    let sent =
        Entry { application: None, key: "A-7".into(), route: "mail".into(), answers: BTreeMap::from([name]) };
    office.with(|session| enter(session, &sent, "en")).unwrap();
    assert_eq!(typed_of(None).answers, BTreeMap::from([answer("email", "hawa@example.org")]));
    office.with(|session| entry::keep_typed(session, None, &EntryTyped::default())).unwrap();
    assert_eq!(typed_of(None), EntryTyped::default());

    // Of reviews each reader has a form of one's own; taking one down leaves the other.
    let chosen = || office.with(|session| choices(session, &id, "en")).unwrap();
    let member = chosen().readers[0].member.clone();
    let card = office.with(|session| card(session, &id, &member, "reading", "en").unwrap());
    let three = AnswerValue { score: Some("3".into()), not_applicable: None };
    let answers = card.criteria.into_iter().map(|one| (one.key, three.clone())).collect();
    let sheet = RecordForm {
        application: id.clone(),
        member,
        round: "reading".into(),
        source: "phone".into(),
        reason: None,
        draft: DraftView { answers, confidence: Some("4".into()), ..DraftView::default() },
    };
    let other = RecordForm { round: "interview".into(), draft: DraftView::default(), ..sheet.clone() };
    office.with(|session| taking::keep_typed(session, &id, &[other.clone(), sheet.clone()])).unwrap();
    assert_eq!(chosen().typed, [other.clone(), sheet.clone()]);
    assert_eq!(office.with(|session| record(session, &sheet)).unwrap().became, "submitted");
    assert_eq!(chosen().typed, [other]);
}

#[test]
fn a_verdict_keeps_its_evidence_and_its_reason() {
    let office = Office::new();
    office.full();
    let id = office.id("A-1");
    let gate = Programme::parse(SEMINAR).unwrap().gates[0].key.to_string();
    let judge = |verdict: &str, evidence: &str, reason: &str| {
        office.with(|session| application::judge(session, &id, &gate, verdict, evidence, reason)).unwrap();
    };
    let shown = || {
        let view = office.with(|session| application::application(session, &[], &id, "en")).unwrap();
        let line = view.gates.into_iter().find(|one| one.gate == gate).unwrap();
        (line.verdict.unwrap_or_default(), line.evidence_given, line.reason)
    };
    let line = |verdict: &str, evidence: &str, reason: &str| {
        (verdict.to_owned(), evidence.to_owned(), reason.to_owned())
    };
    judge("met", " the dean's letter ", "heads the clinic");
    assert_eq!(shown(), line("met", "the dean's letter", "heads the clinic"));
    judge("not-met", "", "the letter is another's");
    assert_eq!(shown(), line("not-met", "", "the letter is another's"));
}

#[test]
fn who_sees_an_answer_or_a_file_is_said_as_its_readers_get_it() {
    let letters = "max_mb = 10\ngoes_to = \"open\"";
    let definition = SEMINAR.replacen("blind = false", "blind = true", 1);
    let office = Office::of(&definition.replacen(letters, &letters.replace("open", "dossier"), 1));
    office.full();
    let id = office.id("A-1");
    for (slot, name) in
        [("letters", "Okoro from the dean.pdf"), ("cv", "cv.pdf"), ("cover-letter", "ada.pdf")]
    {
        let path = office.folder.path().join(name);
        std::fs::write(&path, format!("%PDF-1.4\n% {slot}\n%%EOF\n")).unwrap();
        office.with(|session| attach_files(session, &id, Some(slot), &[path], "en")).unwrap();
    }
    let view = office.with(|session| application::application(session, &[], &id, "en")).unwrap();
    let rounds = || vec!["Interviews with the shortlist".to_owned()];
    assert_eq!(view.seen["country"], SeenBy::Everybody);
    assert_eq!(view.seen["full-name"], SeenBy::Rounds { rounds: rounds() });
    assert_eq!(view.seen["email"], SeenBy::Nobody);
    assert!(view.identity.iter().any(|one| one.field == "email"));
    assert!(view.sections.iter().any(|one| one.field == "full-name"));

    let [open, blind] = &view.renditions[..] else { panic!("{:?}", view.renditions) };
    assert_eq!((open.blind, open.rounds.clone(), blind.blind), (false, rounds(), true));
    assert!(open.sections.iter().any(|one| one.field == "full-name"));
    assert!(blind.sections.iter().all(|one| one.field != "full-name"));
    let card = |of: &RenditionView| of.card.iter().map(|one| one.field.clone()).collect::<Vec<_>>().join(" ");
    assert_eq!([card(open), card(blind)], ["country organisation", "country"]);
    let names = |of: &RenditionView| {
        let mut names: Vec<_> = of.files.iter().map(|file| file.name.clone()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(open), ["Okoro from the dean.pdf", "cv.pdf"]);
    assert_eq!(names(blind), ["letter-1.pdf"]);

    let empty = office.with(|session| form(session, None, "en")).unwrap();
    let field = empty.fields.iter().find(|field| field.key == "full-name").unwrap();
    assert_eq!(field.seen, SeenBy::Rounds { rounds: rounds() });
}

#[test]
fn severity_is_not_calculated_once_somebody_has_enough() {
    let office = Office::new();
    office.full();
    let (application, id) = (office.id("A-1"), office.id("A-1").parse::<ApplicationId>().unwrap());
    let programme = Programme::parse(SEMINAR).unwrap();
    let reading = programme.round("reading").unwrap();
    let member = office.with(|session| session.engine().member());
    office.with(|session| session.together(|acts| acts.assign(&programme, member, id, reading, 1))).unwrap();
    let member = member.to_string();
    let card = office.with(|session| card(session, &application, &member, "reading", "en").unwrap());
    let three = AnswerValue { score: Some("3".into()), not_applicable: None };
    let answers = card.criteria.into_iter().map(|one| (one.key, three.clone())).collect();
    let draft = DraftView { answers, confidence: Some("4".into()), ..DraftView::default() };
    let (round, source) = ("reading".to_owned(), "phone".to_owned());
    let sheet = RecordForm { application, member, round, source, reason: None, draft };
    assert_eq!(office.with(|session| record(session, &sheet).unwrap()).became, "submitted");
    let made = |stop: bool| {
        let stop = Arc::new(AtomicBool::new(stop));
        office.with(|session| figures::severity(session, None, stop)).unwrap().severity()
    };
    assert_eq!(made(false).unwrap().light, "red");
    assert_eq!(made(true).unwrap_err().code, "stopped");
}
