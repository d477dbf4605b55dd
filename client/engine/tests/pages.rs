//! What files say is found by whoever may read them and by nobody else, and goes with the file; a light copy goes with its
//! file and comes before it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use std::collections::BTreeMap;
use std::io::Cursor;

use common::{Home, enrol, found};
use tessera_engine::EngineError;
use tessera_engine::attachments::{Fetch, Readiness};
use tessera_engine::bundle::{self, For};
use tessera_engine::intake::Received;
use tessera_engine::pages::{FILE_TEXT_BYTES, FoundPage, Lacking, PAGE_TEXT_BYTES, Unprepared};
use tessera_engine::programme::Taken;
use tessera_engine::store::{Store, Table};
use tessera_model::documents::{Conflict, Declaration, File, Manifest, Row};
use tessera_model::programme::Programme;
use tessera_model::programme::form::GoesTo;
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::ApplicationId;

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");
const HEAVY: usize = 300_000;

fn programme() -> Programme {
    Programme::parse(SEMINAR).unwrap()
}

fn row() -> Row {
    let fields = BTreeMap::from([("full-name".into(), "Amina Example".into())]);
    Row { key_column: "key".into(), key: "A001".into(), fields }
}

/// A coordinator with an application whose one file is heavy, and a reader of it who has heard of nothing yet.
fn world() -> (Home, Home, ApplicationId, Vec<u8>) {
    let mut alice = found();
    let bob = enrol(&mut alice, Roles::default());
    let member = bob.member();
    let (id, handle) = alice
        .together(|acts| {
            acts.publish(&programme(), "")?;
            let contents = vec![7; HEAVY];
            let handle =
                acts.seal_attachment("application/pdf", HEAVY as u64, &mut Cursor::new(&contents))?;
            let file = File {
                name: "Letter of Nguyễn.pdf".into(),
                media_type: "application/pdf".into(),
                size_bytes: HEAVY as u64,
                referee: None,
                light: false,
                of: None,
                handle: handle.clone(),
            };
            let manifest = Manifest { files: BTreeMap::from([(("media".into(), [1; 32]), file)]) };
            let (id, ..) = acts.take_application(&programme(), &row(), &manifest)?;
            let reading = programme().round("reading").unwrap().clone();
            acts.assign(&programme(), member, id, &reading, 1)?;
            acts.hand_over()?;
            Ok((id, handle))
        })
        .unwrap();
    (alice, bob, id, handle)
}

fn lacking() -> Lacking {
    fn pdf(media_type: &str) -> bool {
        media_type == "application/pdf"
    }
    Lacking { texts: pdf, light: Some((pdf, 100_000)) }
}

fn unprepared(home: &mut Home) -> Vec<Unprepared> {
    let (files, next) = home.together(|acts| acts.unprepared(&lacking(), None)).unwrap();
    assert_eq!(next, None);
    files
}

fn keep(home: &mut Home, id: ApplicationId, handle: &[u8], pages: &[&str]) -> bool {
    home.together(|acts| acts.keep_texts(id, handle, pages.iter().copied())).unwrap()
}

fn pages(home: &mut Home, words: &str) -> Vec<FoundPage> {
    home.search_pages(words, 10).unwrap()
}

fn declare(home: &mut Home, id: ApplicationId, declaration: Declaration) {
    let conflict = Conflict { declaration: Some(declaration), ..Conflict::default() };
    home.together(|acts| acts.declare(id, &conflict)).unwrap();
}

fn bring(alice: &mut Home, bob: &mut Home) {
    let outline = alice.outline(For::Member(bob.member()), true, u64::MAX).unwrap();
    let mut bytes = Vec::new();
    alice.write_part(&outline, 0, &mut bytes).unwrap();
    bob.import_checked(bundle::check(Cursor::new(bytes)).unwrap()).unwrap();
}

/// How much of files' texts is kept.
fn kept(home: &mut Home) -> u64 {
    home.store().transaction::<_, EngineError>(|tx| Ok(tx.count(Table::Contents, b"page")?)).unwrap()
}

#[test]
fn words_of_a_page_are_found_with_the_page() {
    let (mut alice, _, id, handle) = world();
    assert_eq!(unprepared(&mut alice).iter().map(|file| file.unread).collect::<Vec<_>>(), [true]);
    assert!(keep(&mut alice, id, &handle, &["Cover", "", "We recommend Đào without reservation."]));
    assert!(unprepared(&mut alice).iter().all(|file| !file.unread));
    let found = pages(&mut alice, "recommend dao");
    assert_eq!(found.len(), 1);
    let page = &found[0];
    assert_eq!((page.application, page.slot.as_str(), page.page), (id, "media", 3));
    assert_eq!((page.name.as_str(), page.contents), ("Letter of Nguyễn.pdf", [1; 32]));
    let passage = page.passage.as_ref().unwrap();
    assert_eq!(&passage.text[passage.at.clone()], "recommend");
    assert_eq!(pages(&mut alice, "cover recommend"), [], "on one page, not on two");
    assert_eq!(alice.search("cover", 10).unwrap().len(), 0, "a page is no document");
    // Read once more, another text takes its place; a repair leaves it.
    assert!(keep(&mut alice, id, &handle, &["Another"]));
    assert_eq!((pages(&mut alice, "recommend").len(), pages(&mut alice, "another").len()), (0, 1));
    assert_eq!(alice.verify().unwrap().differences, []);
    alice.repair().unwrap();
    assert_eq!(pages(&mut alice, "another").len(), 1);
}

#[test]
fn a_text_is_bounded_by_page_and_by_file() {
    let (mut alice, _, id, handle) = world();
    let long = format!("first {} last", "x".repeat(PAGE_TEXT_BYTES));
    keep(&mut alice, id, &handle, &[&long]);
    assert_eq!((pages(&mut alice, "first").len(), pages(&mut alice, "last").len()), (1, 0));
    let page = format!("{} end", "é".repeat(PAGE_TEXT_BYTES / 2 - 4));
    let many = vec![page.as_str(); FILE_TEXT_BYTES / PAGE_TEXT_BYTES + 5];
    keep(&mut alice, id, &handle, &many);
    assert!(kept(&mut alice) <= (FILE_TEXT_BYTES / PAGE_TEXT_BYTES) as u64 + 2);
}

#[test]
fn a_reader_finds_what_is_open_to_read_and_it_goes_with_the_dossier() {
    let (mut alice, mut bob, id, _) = world();
    bring(&mut alice, &mut bob);
    assert_eq!(unprepared(&mut bob), [], "nothing is read before the declaration");
    let handle = {
        let tasks = bob.together(|acts| acts.tasks()).unwrap();
        let rendition = tasks[0].assignment.rendition;
        let (_, manifest) = bob.together(|acts| acts.dossier(id, rendition)).unwrap().unwrap();
        manifest.files.into_values().next().unwrap().handle
    };
    keep(&mut bob, id, &handle, &["A secret word"]);
    assert_eq!(pages(&mut bob, "secret"), []);
    declare(&mut bob, id, Declaration::None);
    assert_eq!(pages(&mut bob, "secret").len(), 1);
    assert!(unprepared(&mut bob).iter().all(|file| !file.heavy), "coordinators make light copies");
    declare(&mut bob, id, Declaration::Conflict);
    assert_eq!((pages(&mut bob, "secret").len(), kept(&mut bob)), (0, 0));
    assert!(!keep(&mut bob, id, &handle, &["A secret word"]), "who was still reading it keeps nothing");
    assert_eq!(kept(&mut bob), 0);
}

#[test]
fn a_file_that_the_application_has_no_more_is_not_found() {
    let (mut alice, _, id, handle) = world();
    keep(&mut alice, id, &handle, &["Gone tomorrow"]);
    let none = Received::default();
    alice
        .together(|acts| acts.take_row(&programme(), &row(), Some(&none), &mut |_, _| unreachable!()))
        .unwrap();
    assert_eq!((pages(&mut alice, "tomorrow").len(), kept(&mut alice)), (0, 0));
}

#[test]
fn a_light_copy_goes_with_its_file_and_comes_before_it() {
    let (mut alice, mut bob, id, handle) = world();
    let files = unprepared(&mut alice);
    assert!(files[0].heavy && files[0].handle == handle && files[0].size_bytes == HEAVY as u64);
    let add = |alice: &mut Home| {
        alice.together(|acts| acts.add_light_copy(id, &handle, [9; 32], b"%PDF-1.4 light")).unwrap()
    };
    assert!(add(&mut alice));
    assert!(!add(&mut alice), "one is enough");
    assert!(unprepared(&mut alice).iter().all(|file| !file.heavy));
    let manifest = alice.together(|acts| acts.files(id)).unwrap();
    let (contents, copy) = manifest.light_copy("media", &[1; 32]).unwrap();
    assert_eq!((contents, copy.name.as_str(), copy.light), (&[9; 32], "Letter of Nguyễn-light.pdf", true));
    assert_eq!(manifest.originals().count(), 1);

    let text = alice.export(For::Member(bob.member())).unwrap();
    bob.import(&text).unwrap();
    let light = bob.attachments_to_fetch(Fetch::Light).unwrap();
    assert_eq!(light.len(), 1);
    assert!(light[0].light && light[0].sealed_bytes < 10_000);
    let all = bob.attachments_to_fetch(Fetch::Assigned).unwrap();
    assert_eq!(all.iter().map(|one| one.light).collect::<Vec<_>>(), [true, false]);
    assert!(bob.attachments_to_fetch(Fetch::Nothing).unwrap().is_empty());
    let readiness = bob
        .together(|acts| {
            let tasks = acts.tasks()?;
            acts.readiness(&tasks)
        })
        .unwrap()[0];
    assert_eq!((readiness.files, readiness.missing_files), (1, 1));
    assert_ne!(readiness, Readiness::default());

    // What the copy says is found as what the file says.
    bring(&mut alice, &mut bob);
    declare(&mut bob, id, Declaration::None);
    let handles: Vec<Vec<u8>> = unprepared(&mut bob).into_iter().map(|file| file.handle).collect();
    assert_eq!(handles.len(), 2);
    for handle in &handles {
        keep(&mut bob, id, handle, &["Warmly recommended"]);
    }
    let found = pages(&mut bob, "warmly");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].contents, [1; 32]);

    // A folder knows nothing of light copies: they stay with their file, and go with it.
    let same = Received {
        files: vec![tessera_engine::intake::NewFile {
            slot: "media".into(),
            contents: [1; 32],
            name: "Letter of Nguyễn.pdf".into(),
            media_type: "application/pdf".into(),
            size_bytes: HEAVY as u64,
        }],
        ..Received::default()
    };
    assert_eq!(same.gone(&manifest), Vec::<String>::new());
    let take = |alice: &mut Home, received: &Received| {
        let taken = alice
            .together(|acts| acts.take_row(&programme(), &row(), Some(received), &mut |_, _| unreachable!()));
        taken.unwrap().1
    };
    assert_eq!(take(&mut alice, &same), Taken::Same);
    assert_eq!(take(&mut alice, &Received::default()), Taken::Changed);
    assert!(alice.together(|acts| acts.files(id)).unwrap().files.is_empty());
}

#[test]
fn a_light_copy_changes_nothing_else_of_an_application() {
    let (mut alice, _, id, handle) = world();
    let mut amended = programme();
    let name = amended.fields.iter_mut().find(|field| field.key.as_str() == "full-name").unwrap();
    name.goes_to = GoesTo::Identity;
    alice
        .together(|acts| {
            acts.publish(&amended, "nobody needs the name")?;
            acts.hand_over()
        })
        .unwrap();
    let read = |alice: &mut Home| alice.together(|acts| acts.dossier(id, 0)).unwrap().unwrap();
    let (before, _) = read(&mut alice);
    assert!(before.fields.contains_key("full-name"));
    assert!(alice.together(|acts| acts.add_light_copy(id, &handle, [9; 32], b"%PDF-1.4 light")).unwrap());
    let (after, manifest) = read(&mut alice);
    assert_eq!((after.fields, manifest.files.len()), (before.fields, 2), "readers go on with what they read");
}
