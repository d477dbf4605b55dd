//! Coordinators' acts in memory: taking in, judging, assigning, conflicts of interest, over bundles alone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeMap;

use common::{Home, enrol, found};
use tessera_engine::EngineError;
use tessera_engine::assignments::{Bar, Pair, Staging};
use tessera_engine::bundle::For;
use tessera_engine::eligibility::{ExceptionAct, verdict};
use tessera_engine::intake::{Mapping, NewFile, Received, prepare, read_table};
use tessera_engine::programme::{Taken, round};
use tessera_model::documents::{Conflict, Declaration, Kind, Outcome, Person, Row, Ruling, Subject, Verdict};
use tessera_model::programme::Programme;
use tessera_protocol::charter::{Change, Roles};
use tessera_protocol::ids::{ApplicationId, MemberId};
use tessera_vault::ids::Audience;

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");
const READING: &str = "reading";

fn programme() -> Programme {
    Programme::parse(SEMINAR).unwrap()
}

fn row(key: &str, answers: &[(&str, &str)]) -> Row {
    let fields = answers.iter().map(|(field, answer)| ((*field).to_owned(), (*answer).to_owned()));
    Row { key_column: "key".into(), key: key.into(), fields: fields.collect() }
}

fn take(home: &mut Home, row: &Row, received: Option<&Received>) -> (ApplicationId, Taken) {
    let programme = programme();
    let mut number = 0_u8;
    let mut seal = |_: &mut tessera_engine::Acts<'_>, _: &NewFile| {
        number += 1;
        Ok(vec![number])
    };
    home.together(|acts| acts.take_row(&programme, row, received, &mut seal)).unwrap()
}

/// A coordinator with a published programme and one application.
fn office() -> (Home, ApplicationId) {
    let mut alice = found();
    alice.together(|acts| acts.publish(&programme(), "")).unwrap();
    let answers =
        [("full-name", "Amina Example"), ("organisation", "House of Children"), ("country", "Kenya")];
    let (id, taken) = take(&mut alice, &row("A001", &answers), None);
    assert_eq!(taken, Taken::New);
    (alice, id)
}

/// A second coordinator with everything the first one has.
fn second(alice: &mut Home) -> Home {
    let mut carol = enrol(alice, Roles::default());
    let device = carol.public_device();
    let roles = Roles { admin: false, coordinator: true };
    alice
        .amend_charter(vec![Change::Add {
            member: carol.member(),
            roles,
            devices: vec![device].try_into().unwrap(),
        }])
        .unwrap();
    alice.check(carol.member()).unwrap();
    carry(alice, &mut carol);
    carry(alice, &mut carol);
    assert!(carol.is_coordinator());
    carol
}

fn carry(from: &mut Home, to: &mut Home) {
    let bundle = from.export(For::Member(to.member())).unwrap();
    to.import(&bundle).unwrap();
}

fn bring(from: &mut Home, to: &mut Home) {
    let bundle = from.export(For::Outbox).unwrap();
    to.import(&bundle).unwrap();
}

fn pair(member: MemberId, application: ApplicationId) -> Pair {
    Pair { member, application, round: round(READING) }
}

fn declare(home: &mut Home, application: ApplicationId, declaration: Declaration) {
    let conflict = Conflict { declaration: Some(declaration), ..Conflict::default() };
    home.together(|acts| acts.declare(application, &conflict)).unwrap();
}

fn assign(alice: &mut Home, member: MemberId, application: ApplicationId) {
    let programme = programme();
    let staging = alice.together(|acts| acts.stage(&programme, pair(member, application), 1, None)).unwrap();
    assert_eq!(staging, Staging::Staged);
    let published = alice.together(|acts| acts.publish_staged(&programme, 100)).unwrap();
    assert_eq!((published.assigned, published.taken_back, published.barred), (1, 0, 0));
}

#[test]
fn a_row_that_comes_again_changes_and_never_duplicates() {
    let (mut alice, id) = office();
    let same = row("A001", &[("country", "Kenya")]);
    assert_eq!(take(&mut alice, &same, None), (id, Taken::Same));
    let changed = row("A001", &[("country", "Uganda")]);
    let preview = alice.together(|acts| acts.preview(&programme(), &changed, None)).unwrap();
    assert_eq!(preview, Taken::Changed);
    assert_eq!(take(&mut alice, &changed, None), (id, Taken::Changed));
    let answers = alice.together(|acts| acts.answers(&programme(), id)).unwrap();
    assert_eq!(answers["country"], "Uganda");
    assert_eq!(answers["full-name"], "Amina Example", "a column that the file lacks takes nothing back");
    take(&mut alice, &row("A001", &[("full-name", "")]), None);
    let answers = alice.together(|acts| acts.answers(&programme(), id)).unwrap();
    assert!(!answers.contains_key("full-name"), "an empty cell does");
    assert_eq!(alice.together(|acts| acts.applications()).unwrap().len(), 1);
}

#[test]
fn files_are_sealed_once_and_replaced_by_what_the_folder_holds() {
    fn file(slot: &str, name: &str, contents: u8) -> NewFile {
        NewFile {
            slot: slot.into(),
            contents: [contents; 32],
            name: name.into(),
            media_type: "application/pdf".into(),
            size_bytes: 9,
        }
    }
    let (mut alice, id) = office();
    let row = row("A001", &[]);
    let names = |alice: &mut Home| -> Vec<String> {
        let files = alice.together(|acts| acts.files(id)).unwrap().files;
        assert!(files.values().all(|file| !file.handle.is_empty()));
        files.into_values().map(|file| file.name).collect()
    };
    let both = Received {
        files: vec![file("cv", "cv.pdf", 1), file("other", "secret.pdf", 2)],
        ..Received::default()
    };
    assert_eq!(take(&mut alice, &row, Some(&both)).1, Taken::Changed);
    assert_eq!(take(&mut alice, &row, Some(&both)).1, Taken::Same);
    assert_eq!(take(&mut alice, &row, None).1, Taken::Same);
    assert_eq!(names(&mut alice), ["cv.pdf", "secret.pdf"]);
    alice.together(|acts| acts.hand_over()).unwrap();
    let (_, shown) = alice.together(|acts| acts.dossier(id, 0)).unwrap().unwrap();
    assert_eq!(shown.files.len(), 1, "what nobody asked for is for coordinators");
    let replaced = Received {
        files: vec![file("cv", "cv.pdf", 3)],
        refused: ["secret.pdf".to_owned()].into(),
        ..Received::default()
    };
    assert_eq!(take(&mut alice, &row, Some(&replaced)).1, Taken::Changed);
    assert_eq!(names(&mut alice), ["cv.pdf", "secret.pdf"], "a refused file leaves the earlier one");
    assert!(alice.together(|acts| acts.files(id)).unwrap().files.contains_key(&("cv".to_owned(), [3; 32])));
    assert_eq!(take(&mut alice, &row, Some(&Received::default())).1, Taken::Changed);
    assert_eq!(names(&mut alice), Vec::<String>::new());

    // Files that came without a folder of the application's own stand beside the earlier ones; a name takes the place of
    // its like.
    let first =
        Received { files: vec![file("cv", "cv.pdf", 1), file("letters", "l.pdf", 2)], ..Received::default() };
    take(&mut alice, &row, Some(&first));
    let beside = Received {
        files: vec![file("cv", "cv.pdf", 3), file("letters", "m.pdf", 4)],
        replaced: ["cv.pdf".to_owned(), "m.pdf".to_owned()].into(),
        beside: true,
        ..Received::default()
    };
    let before = alice.together(|acts| acts.files(id)).unwrap();
    assert_eq!(beside.gone(&before), Vec::<String>::new(), "another version is no loss");
    assert_eq!(Received { beside: false, ..beside.clone() }.gone(&before), ["l.pdf"]);
    assert_eq!(take(&mut alice, &row, Some(&beside)).1, Taken::Changed);
    assert_eq!(take(&mut alice, &row, Some(&beside)).1, Taken::Same);
    let mut here = names(&mut alice);
    here.sort();
    assert_eq!(here, ["cv.pdf", "l.pdf", "m.pdf"]);
}

#[test]
fn a_table_becomes_applications() {
    let (mut alice, _) = office();
    let csv = "\u{feff}key,Full name as in your passport,country,region\r\nA001,x,Kenya,africa\r\nA002,y,Chad,mars\r\n\
               A003,z,Peru,The Americas\r\n";
    let table = read_table(csv.as_bytes(), "a.csv", None).unwrap();
    let prepared = prepare(&table, &programme(), "key", &Mapping::default()).unwrap();
    let taken: Vec<Taken> =
        prepared.rows.iter().map(|incoming| take(&mut alice, &incoming.row, None).1).collect();
    assert_eq!(taken, [Taken::Changed, Taken::New]);
    assert_eq!(
        prepared.refused.iter().map(|one| (one.row, one.code)).collect::<Vec<_>>(),
        [(Some(3), "choice-unknown")]
    );
}

#[test]
fn an_exception_needs_a_second_person() {
    let (mut alice, id) = office();
    let mut carol = second(&mut alice);
    let programme = programme();
    let judge = |home: &mut Home, gate: &str, said: Verdict| {
        home.together(|acts| acts.judge(&programme, id, gate, verdict(said, "", "as shown"))).unwrap();
    };
    let outcome = |home: &mut Home| home.together(|acts| acts.eligibility(&programme, id)).unwrap().outcome;
    assert!(matches!(outcome(&mut alice), Outcome::Undecided(gates) if gates.len() == 5));
    for gate in ["profile", "reputation", "english"] {
        judge(&mut alice, gate, Verdict::Met);
    }
    judge(&mut alice, "oral-english", Verdict::Open);
    judge(&mut alice, "age", Verdict::NotMet);
    assert_eq!(outcome(&mut alice), Outcome::NotEligible(vec!["age".into()]));
    let except = |home: &mut Home, act| home.together(|acts| acts.except(&programme, id, act, "outstanding"));
    assert!(matches!(except(&mut alice, ExceptionAct::Grant), Err(EngineError::NotFound(_))));
    except(&mut alice, ExceptionAct::Ask).unwrap();
    assert!(matches!(except(&mut alice, ExceptionAct::Grant), Err(EngineError::NotPermitted(_))));
    // One's own request is taken back, and made again.
    except(&mut alice, ExceptionAct::Unask).unwrap();
    assert!(matches!(except(&mut alice, ExceptionAct::Grant), Err(EngineError::NotFound(_))));
    except(&mut alice, ExceptionAct::Ask).unwrap();
    carry(&mut alice, &mut carol);
    assert!(matches!(except(&mut carol, ExceptionAct::Unask), Err(EngineError::NotPermitted(_))));
    // One's own decision is taken back: it is open as it was before, and still another's request.
    except(&mut carol, ExceptionAct::Refuse).unwrap();
    except(&mut carol, ExceptionAct::Undecide).unwrap();
    assert!(matches!(except(&mut carol, ExceptionAct::Undecide), Err(EngineError::NotPermitted(_))));
    let open = carol.together(|acts| acts.eligibility(&programme, id)).unwrap();
    assert_eq!((open.read.value.exception_granted, open.asked_by), (None, Some(alice.member())));
    except(&mut carol, ExceptionAct::Grant).unwrap();
    assert_eq!(outcome(&mut carol), Outcome::ByException);
    bring(&mut carol, &mut alice);
    let judged = alice.together(|acts| acts.eligibility(&programme, id)).unwrap();
    assert_eq!(judged.outcome, Outcome::ByException);
    assert_eq!((judged.asked_by, judged.decided_by), (Some(alice.member()), Some(carol.member())));
    // A new request is not covered by the earlier grant.
    alice.together(|acts| acts.except(&programme, id, ExceptionAct::Ask, "other reasons")).unwrap();
    assert_eq!(outcome(&mut alice), Outcome::NotEligible(vec!["age".into()]));
}

#[test]
fn contradictory_verdicts_are_shown_with_who_gave_them_and_settled_by_a_third() {
    let (mut alice, id) = office();
    let mut carol = second(&mut alice);
    let programme = programme();
    let judge = |home: &mut Home, said: Verdict| {
        home.together(|acts| acts.judge(&programme, id, "age", verdict(said, "", ""))).unwrap();
    };
    judge(&mut alice, Verdict::Met);
    judge(&mut carol, Verdict::NotMet);
    bring(&mut carol, &mut alice);
    let judged = alice.together(|acts| acts.eligibility(&programme, id)).unwrap();
    assert_eq!(judged.outcome, Outcome::Contested(vec!["age".into()]));
    let said: BTreeMap<_, _> =
        judged.verdicts["age"].iter().map(|said| (said.by.unwrap(), said.what.as_str())).collect();
    assert_eq!(said, [(alice.member(), "met"), (carol.member(), "not-met")].into());
    judge(&mut alice, Verdict::Met);
    let judged = alice.together(|acts| acts.eligibility(&programme, id)).unwrap();
    assert!(matches!(judged.outcome, Outcome::Undecided(_)), "the other gates are open still");
}

#[test]
fn what_stands_in_the_way_of_an_assignment_is_named() {
    let (mut alice, id) = office();
    let bob = enrol(&mut alice, Roles::default());
    let bob = bob.member();
    let programme = programme();
    let stage = |alice: &mut Home, reason: Option<&str>| {
        alice.together(|acts| acts.stage(&programme, pair(bob, id), 1, reason)).unwrap()
    };
    let mut person = Person { name: "Bob Example".into(), ..Person::default() };
    person.standing.insert("house of children".into(), "was their counsel".into());
    let know = |alice: &mut Home, person: &Person| {
        alice.write(&Audience::People, &bob.0, person, false).unwrap();
    };
    know(&mut alice, &person);
    let answers = alice.together(|acts| acts.answers(&programme, id)).unwrap();
    assert!(matches!(stage(&mut alice, Some("why")), Staging::Barred(Bar::StandingConflict(_))));
    let reading = programme.round(READING).unwrap();
    let forced = alice.together(|acts| acts.assign(&programme, bob, id, reading, 1));
    assert!(matches!(forced, Err(EngineError::NotPermitted(_))), "not by another way either");
    alice.together(|acts| acts.rule_on(id, bob, &answers, Ruling::Lifted, "ten years ago")).unwrap();
    assert_eq!(stage(&mut alice, None), Staging::Staged);
    assert_eq!(stage(&mut alice, None), Staging::Already);
    alice.together(|acts| acts.unstage_all()).unwrap();

    alice
        .together(|acts| acts.judge(&programme, id, "english", verdict(Verdict::NotMet, "", "none")))
        .unwrap();
    assert_eq!(stage(&mut alice, None), Staging::Barred(Bar::NotEligible(vec!["english".into()])));
    assert_eq!(stage(&mut alice, Some("the panel asked to see it")), Staging::Staged);
    alice.together(|acts| acts.withdraw(id, true, None, "by mail")).unwrap();
    assert_eq!(stage(&mut alice, Some("why")), Staging::Barred(Bar::Withdrawn));
    let published = alice.together(|acts| acts.publish_staged(&programme, 100)).unwrap();
    assert_eq!((published.assigned, published.barred), (0, 1), "what changed meanwhile counts");
    alice.together(|acts| acts.withdraw(id, false, None, "a mistake")).unwrap();
    let published = alice.together(|acts| acts.publish_staged(&programme, 100)).unwrap();
    assert_eq!((published.assigned, published.barred), (1, 0));
    let assignment = alice.together(|acts| acts.assignments()).unwrap()[&pair(bob, id)].clone();
    assert_eq!(assignment.reason, "the panel asked to see it");
    assert_eq!(stage(&mut alice, None), Staging::Already);
    let called = alice.together(|acts| acts.members_called(" BOB  exâmple")).unwrap();
    assert_eq!(called, [bob].into());
    alice.remove(bob).unwrap();
    alice.together(|acts| acts.stage_taking_back(pair(bob, id), "gone")).unwrap();
    assert_eq!(alice.together(|acts| acts.publish_staged(&programme, 100)).unwrap().taken_back, 1);
    assert_eq!(stage(&mut alice, Some("why")), Staging::Barred(Bar::NotActive));
}

#[test]
fn nobody_is_assigned_without_checked_words() {
    let (mut alice, id) = office();
    let invitation = alice.invite(Roles::default(), "the seminar", vec![]).unwrap();
    let (home, answer) = tessera_engine::Engine::enrol(
        tessera_engine::store::MemoryStore::default(),
        common::secret(),
        common::rng(),
        &invitation,
        tessera_vault::enrol::About::default(),
    )
    .unwrap();
    alice.admit(&answer).unwrap();
    let programme = programme();
    let staging = alice.together(|acts| acts.stage(&programme, pair(home.member(), id), 1, None)).unwrap();
    assert_eq!(staging, Staging::Barred(Bar::Unchecked));
}

#[test]
fn g16_a_declared_conflict_takes_the_dossier_from_the_device_and_ends_later_access() {
    let (mut alice, id) = office();
    let mut bob = enrol(&mut alice, Roles::default());
    assign(&mut alice, bob.member(), id);
    carry(&mut alice, &mut bob);
    let readable = |bob: &mut Home| bob.together(|acts| acts.dossier(id, 0)).unwrap().is_some();
    let found = |bob: &mut Home| bob.search("amina", 10).unwrap().len();
    assert!(readable(&mut bob));
    assert!(found(&mut bob) > 0);
    let stream = alice.stream(&Audience::Dossier(id, 0)).unwrap();
    assert_eq!(alice.open_to(stream), [bob.member()]);

    // The whole of it again, as it would come from somebody who kept it.
    let again = alice.export(For::Member(bob.member())).unwrap();
    declare(&mut bob, id, Declaration::Conflict);
    assert!(!readable(&mut bob));
    assert_eq!(found(&mut bob), 0);
    assert!(bob.documents(Kind::Dossier).unwrap().is_empty());
    bob.import(&again).unwrap();
    assert!(!readable(&mut bob), "what comes again is not taken in");

    bring(&mut bob, &mut alice);
    assert_eq!(alice.open_to(stream), []);
    take(&mut alice, &row("A001", &[("position", "Canary of a later day")]), None);
    carry(&mut alice, &mut bob);
    assert!(!readable(&mut bob));
    let declared = alice.together(|acts| acts.declarations()).unwrap();
    assert!(declared[0].bars());

    // A coordinator lifts it; the reader declares again, and only then may open it.
    let answers = alice.together(|acts| acts.answers(&programme(), id)).unwrap();
    let member = bob.member();
    alice.together(|acts| acts.rule_on(id, member, &answers, Ruling::Lifted, "another house")).unwrap();
    carry(&mut alice, &mut bob);
    assert_eq!(alice.open_to(stream), [bob.member()]);
    assert!(readable(&mut bob), "{:?}", bob.notices().unwrap());
    let task = |bob: &mut Home| bob.together(|acts| acts.task(id, round(READING))).unwrap().unwrap();
    assert!(task(&mut bob).assignment.reason.contains("another house"));
    assert!(!task(&mut bob).is_open());
    declare(&mut bob, id, Declaration::None);
    assert!(task(&mut bob).is_open());
    bring(&mut bob, &mut alice);
    assert!(!alice.together(|acts| acts.declarations()).unwrap()[0].bars());
    assert_eq!(alice.open_to(stream), [bob.member()]);
}

#[test]
fn k26_a_reader_holds_nobody_elses_name() {
    let (mut alice, id) = office();
    let mut bob = enrol(&mut alice, Roles::default());
    let dora = enrol(&mut alice, Roles::default());
    let name = |member: MemberId, name: &str| (member, Person { name: name.into(), ..Person::default() });
    for (member, person) in [name(bob.member(), "Bobcanary"), name(dora.member(), "Doracanary")] {
        alice.write(&Audience::People, &member.0, &person, false).unwrap();
    }
    assign(&mut alice, dora.member(), id);
    assign(&mut alice, bob.member(), id);
    carry(&mut alice, &mut bob);
    // And all that Alice holds, as whoever keeps the relay could hand it to him.
    bob.import(&alice.export(For::Everything).unwrap()).unwrap();
    assert_eq!(bob.search("doracanary", 10).unwrap().len(), 0);
    assert!(bob.documents(Kind::Person).unwrap().is_empty());
    let assignments = bob.documents(Kind::Assignment).unwrap();
    assert_eq!(assignments.len(), 1);
    assert_eq!(assignments[0].1, Some(Audience::To(bob.member())));
    let subject = Subject::Reading(id.0, round(READING).0).to_bytes();
    assert_eq!(assignments[0].0.subject.to_vec(), subject);
}

#[test]
fn one_person_twice_is_found_and_judged() {
    use tessera_engine::duplicates::Likeness;
    use tessera_model::documents::Sameness;
    let (mut alice, _) = office();
    let person = |name: &'static str, mail: &'static str, born: &'static str| {
        [("full-name", name), ("email", mail), ("birth-date", born)]
    };
    let (a, _) = take(&mut alice, &row("B1", &person("Zoë Ōta", "zoe@x.example", "1980-01-02")), None);
    let (b, _) = take(&mut alice, &row("B2", &person("Another", "ZOE@X.example", "1979-01-02")), None);
    let (c, _) = take(&mut alice, &row("B3", &person(" OTA, Zoe", "z@y.example", "1980-01-02")), None);
    take(&mut alice, &row("B4", &person("Zoë Ōta", "other@y.example", "1990-01-02")), None);
    let programme = programme();
    let twins = alice.together(|acts| acts.likely_duplicates(&programme)).unwrap();
    let found: BTreeMap<_, _> = twins.iter().map(|twin| ((twin.one, twin.other), &twin.alike)).collect();
    let pair = |one: ApplicationId, other: ApplicationId| (one.min(other), one.max(other));
    assert_eq!(found.len(), 2);
    assert!(found[&pair(a, b)].contains(&Likeness::Answer("email".into())));
    assert!(found[&pair(a, c)].contains(&Likeness::Answer("birth-date".into())));
    let judge = |alice: &mut Home, keep| {
        alice.together(|acts| acts.judge_duplicate(b, a, Sameness::Same, keep, "one mail address"))
    };
    assert!(matches!(judge(&mut alice, None), Err(EngineError::BadInput(_))));
    assert!(matches!(judge(&mut alice, Some(c)), Err(EngineError::BadInput(_))));
    judge(&mut alice, Some(a)).unwrap();
    let twins = alice.together(|acts| acts.likely_duplicates(&programme)).unwrap();
    let twin = twins.iter().find(|twin| (twin.one, twin.other) == pair(a, b)).unwrap();
    assert_eq!((twin.verdict, twin.keep, twin.contested), (Some(Sameness::Same), Some(a), false));
    // A verdict is taken back: the pair is asked about again, and one that is not alike is none any more.
    alice.together(|acts| acts.unjudge_duplicate(a, b, "by mistake")).unwrap();
    alice.together(|acts| acts.judge_duplicate(b, c, Sameness::Same, Some(b), "she wrote so")).unwrap();
    let twins = alice.together(|acts| acts.likely_duplicates(&programme)).unwrap();
    let verdict = |one, other| {
        twins.iter().find(|twin| (twin.one, twin.other) == pair(one, other)).map(|twin| twin.verdict)
    };
    assert_eq!((verdict(a, b), verdict(b, c)), (Some(None), Some(Some(Sameness::Same))));
    alice.together(|acts| acts.unjudge_duplicate(c, b, "by mistake")).unwrap();
    assert_eq!(alice.together(|acts| acts.likely_duplicates(&programme)).unwrap().len(), 2);
}

#[test]
fn applications_are_grouped_by_what_the_definition_chooses_by_and_by_how_they_came() {
    use std::collections::BTreeSet;
    use tessera_engine::shares::{By, CONDITIONS, EXCEPTION, Grouped, ON_BEHALF, Reached, UNANSWERED};
    use tessera_model::documents::form::Route;
    let programme = programme();
    let field = |key: &str| By::Field(key.to_owned());
    let fields = ["gender", "country", "region", "organisation", "group"].map(field);
    assert_eq!(By::all(&programme), [&fields[..], &[By::Route, By::Exception]].concat());

    let (mut alice, first) = office();
    let bob = enrol(&mut alice, Roles::default());
    take(&mut alice, &row("A002", &[("country", " kenya "), ("gender", "woman")]), None);
    let typed = row("A003", &[("full-name", "Esi Example"), ("country", "Ghana")]);
    let by_mail = alice.together(|acts| acts.take_on_behalf(&programme, &typed, Route::Mail)).unwrap().0;
    assign(&mut alice, bob.member(), first);
    alice.together(|acts| acts.except(&programme, by_mail, ExceptionAct::Ask, "outstanding")).unwrap();
    let grouped = |alice: &mut Home, seats: &[&str]| -> Vec<Grouped> {
        let seats: BTreeSet<String> = seats.iter().map(|key| (*key).to_owned()).collect();
        alice.together(|acts| acts.grouped(&programme, &seats)).unwrap()
    };
    let found = grouped(&mut alice, &["A001"]);
    let groups = |by: &By| found.iter().map(|one| one.groups[by].as_str()).collect::<Vec<_>>();
    assert_eq!(groups(&field("country")), ["Kenya", "Kenya", "Ghana"], "as the first wrote it");
    assert_eq!(groups(&field("gender")), [UNANSWERED, "woman", UNANSWERED]);
    assert_eq!(groups(&By::Route), ["import", "import", ON_BEHALF]);
    assert_eq!(groups(&By::Exception), [CONDITIONS, CONDITIONS, EXCEPTION]);
    let reached = |found: &[Grouped]| found.iter().map(|one| one.reached).collect::<Vec<_>>();
    assert_eq!(reached(&found), [Reached::Selected, Reached::Received, Reached::Received]);
    assert_eq!(reached(&grouped(&mut alice, &[]))[0], Reached::Assigned);
    // Whoever takes the application back is counted where it came in, and no further.
    alice.together(|acts| acts.withdraw(first, true, None, "")).unwrap();
    assert_eq!(reached(&grouped(&mut alice, &["A001"]))[0], Reached::Received);
}

#[test]
fn reads_that_remain_are_those_that_somebody_still_may_do() {
    let (mut alice, id) = office();
    let mut bob = enrol(&mut alice, Roles::default());
    let dora = enrol(&mut alice, Roles::default());
    assign(&mut alice, bob.member(), id);
    assign(&mut alice, dora.member(), id);
    let times = |home: &mut Home| home.together(|acts| acts.read_times()).unwrap().remove(&round(READING));
    assert_eq!(
        times(&mut alice).map(|times| (times.left, times.came_ms.len(), times.untimed)),
        Some((2, 0, 0))
    );
    carry(&mut alice, &mut bob);
    declare(&mut bob, id, Declaration::Conflict);
    bring(&mut bob, &mut alice);
    assert_eq!(
        times(&mut alice).map(|times| times.left),
        Some(1),
        "whoever declared a conflict reads nothing more"
    );
    alice.together(|acts| acts.withdraw(id, true, None, "")).unwrap();
    assert_eq!(times(&mut alice), None);
    assert!(matches!(bob.together(|acts| acts.read_times()), Err(EngineError::NotPermitted(_))));
}

#[test]
fn what_arrived_is_told_with_its_way_its_moment_and_whose_it_is() {
    use std::io::Cursor;
    use tessera_engine::arrivals::{Arrival, Way};
    let (mut alice, id) = office();
    let mut bob = enrol(&mut alice, Roles::default());
    assign(&mut alice, bob.member(), id);
    carry(&mut alice, &mut bob);
    declare(&mut bob, id, Declaration::None);
    let arrived = |home: &mut Home| -> Vec<Arrival> { home.together(|acts| acts.arrivals(10)).unwrap() };
    let before = arrived(&mut alice).len();
    let bundle = bob.export(For::Outbox).unwrap();
    let import = |home: &mut Home, at_ms| {
        let checked = tessera_engine::bundle::check(Cursor::new(&bundle)).unwrap();
        home.import_checked_at(checked, Some(at_ms)).unwrap().0
    };
    assert!(import(&mut alice, 7_000).new > 0);
    let found = arrived(&mut alice);
    assert_eq!(found.len(), before + 1);
    let newest = &found[0];
    assert_eq!((newest.way, newest.at_ms), (Way::Bundle(bob.device()), Some(7_000)));
    assert_eq!(newest.carried_for, Some(bob.member()));
    let came: Vec<_> = newest.people.iter().map(|one| (one.member, one.declarations, one.reviews)).collect();
    assert_eq!(came, [(Some(bob.member()), 1, 0)]);
    assert_eq!((newest.people[0].waiting, newest.people[0].refused.len()), (0, 0));
    // The same again brings nothing, and is no arrival; working everything out again forgets none.
    assert_eq!(import(&mut alice, 8_000).new, 0);
    assert_eq!(arrived(&mut alice), found);
    assert_eq!(alice.verify().unwrap().differences, vec![]);
    alice.repair().unwrap();
    assert_eq!(arrived(&mut alice), found);
    assert_eq!(alice.together(|acts| acts.arrived_before()).unwrap(), 0);
}

#[test]
fn on_paper_without_identity_a_key_that_is_the_name_is_no_label_however_short() {
    use tessera_engine::papers::Inside;
    use tessera_model::documents::split::neutral_label;
    let (mut alice, _) = office();
    let (id, _) = take(&mut alice, &row("Bo", &[("full-name", "Bo")]), None);
    let mut label = |inside: Inside| {
        let papers = alice.together(|acts| acts.dossiers_on_paper(&programme(), &[id], inside)).unwrap();
        papers[0].label.clone()
    };
    assert_eq!(label(Inside::default()), neutral_label(&id.0));
    assert_eq!(label(Inside { identity: true, ..Inside::default() }), "Bo");
}
