//! What files say is found by whoever may read them and by nobody else, and goes with the file; a light copy goes with its
//! file and comes before it, and so does what a person typed from it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use common::{Home, enrol, found};
use tessera_engine::EngineError;
use tessera_engine::attachments::{Fetch, Readiness};
use tessera_engine::bundle::{self, For};
use tessera_engine::intake::Received;
use tessera_engine::pages::{FILE_TEXT_BYTES, FoundPage, Lacking, PAGE_TEXT_BYTES, Unprepared};
use tessera_engine::programme::Taken;
use tessera_engine::store::{Store, Table};
use tessera_engine::typed::FILE_BYTES;
use tessera_model::documents::manifest::TYPED;
use tessera_model::documents::{Conflict, Declaration, File, Manifest, Row};
use tessera_model::programme::Programme;
use tessera_model::programme::form::GoesTo;
use tessera_protocol::charter::{Change, Roles};
use tessera_protocol::ids::ApplicationId;
use tessera_vault::ids::Audience;

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

/// What is typed from the one file of [`world`], by somebody who was shown all that is typed from it.
fn type_text(home: &mut Home, id: ApplicationId, handle: &[u8], pages: &[&str]) -> Result<bool, EngineError> {
    let shown = texts(home, id);
    type_over(home, id, handle, &shown, pages)
}

/// The same, by somebody who was shown these texts.
fn type_over(
    home: &mut Home,
    id: ApplicationId,
    handle: &[u8],
    shown: &BTreeSet<[u8; 32]>,
    pages: &[&str],
) -> Result<bool, EngineError> {
    let pages: Vec<String> = pages.iter().map(|page| (*page).to_owned()).collect();
    home.together(|acts| acts.type_text(id, handle, shown, &pages)).map(|placed| placed.changed)
}

fn texts(home: &mut Home, id: ApplicationId) -> BTreeSet<[u8; 32]> {
    let files = home.together(|acts| acts.files(id)).unwrap();
    files.typed("media", &[1; 32]).map(|(key, _)| *key).collect()
}

/// How many texts stand beside it on a coordinator's device, and what they say; none where not all of that is here.
fn typed(home: &mut Home, id: ApplicationId) -> (usize, Option<Vec<String>>) {
    let files = home.together(|acts| acts.files(id)).unwrap();
    let pages = home.typed_pages(&files, "media", &[1; 32]).unwrap();
    (files.typed("media", &[1; 32]).count(), pages)
}

/// Files as a folder has them: it knows nothing of what stands for them.
fn folder() -> Received {
    Received {
        files: vec![tessera_engine::intake::NewFile {
            slot: "media".into(),
            contents: [1; 32],
            name: "Letter of Nguyễn.pdf".into(),
            media_type: "application/pdf".into(),
            size_bytes: HEAVY as u64,
        }],
        ..Received::default()
    }
}

fn take(home: &mut Home, received: &Received) -> Taken {
    let taken =
        home.together(|acts| acts.take_row(&programme(), &row(), Some(received), &mut |_, _| unreachable!()));
    taken.unwrap().1
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

    // They stay with their file, and go with it.
    assert_eq!(folder().gone(&manifest), Vec::<String>::new());
    assert_eq!(take(&mut alice, &folder()), Taken::Same);
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

#[test]
fn what_was_typed_goes_to_who_reads_the_file_and_is_found_by_page() {
    let (mut alice, mut bob, id, handle) = world();
    let words = ["", "Warmly recommended, says Đào"];
    assert!(type_text(&mut alice, id, &handle, &words).unwrap());
    assert!(!type_text(&mut alice, id, &handle, &words).unwrap(), "the same changes nothing");
    assert_eq!(typed(&mut alice, id), (1, Some(words.map(str::to_owned).to_vec())));
    let files = alice.together(|acts| acts.files(id)).unwrap();
    assert_eq!(files.originals().count(), 1, "no file of its own");
    let by = alice.together(|acts| acts.typed_by(id, "media", &[1; 32])).unwrap();
    assert_eq!(by.into_iter().collect::<Vec<_>>(), [alice.member()]);
    let check = |home: &mut Home| {
        let found = pages(home, "recommended dao");
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].name.as_str(), found[0].contents, found[0].page),
            ("Letter of Nguyễn.pdf", [1; 32], 2)
        );
    };
    check(&mut alice);

    // It comes before the file, and only to whoever may read that.
    let text = alice.export(For::Member(bob.member())).unwrap();
    bob.import(&text).unwrap();
    let first = bob.attachments_to_fetch(Fetch::Light).unwrap();
    assert_eq!(first.iter().map(|one| (one.light, one.typed)).collect::<Vec<_>>(), [(true, true)]);
    bring(&mut alice, &mut bob);
    let readiness = bob
        .together(|acts| {
            let tasks = acts.tasks()?;
            acts.readiness(&tasks)
        })
        .unwrap();
    assert_eq!(readiness, [Readiness { files: 1, missing_files: 0, missing_bytes: 0 }]);
    let lacking = Lacking { texts: |_| true, light: None };
    let unread = |home: &mut Home| home.together(|acts| acts.unprepared(&lacking, None)).unwrap().0;
    assert_eq!(unread(&mut bob), [], "nothing is read before the declaration");
    declare(&mut bob, id, Declaration::None);
    let (_, shown) = bob.together(|acts| acts.dossier(id, 0)).unwrap().unwrap();
    let read = bob.typed_pages(&shown, "media", &[1; 32]).unwrap().unwrap();
    assert_eq!(read, words);
    let text = unread(&mut bob).into_iter().find(|file| file.typed).unwrap();
    keep(&mut bob, id, &text.handle, &words);
    check(&mut bob);
    assert_eq!(
        type_over(&mut bob, id, &handle, &BTreeSet::new(), &["Bob"]).unwrap_err().code(),
        "not-permitted"
    );
    declare(&mut bob, id, Declaration::Conflict);
    assert_eq!((pages(&mut bob, "recommended").len(), kept(&mut bob)), (0, 0));
}

#[test]
fn a_blind_reader_gets_nothing_typed_from_a_file_that_is_not_for_blind_readers() {
    let mut programme = programme();
    programme.rounds[1].blind = true;
    let cv = programme.attachments.iter_mut().find(|asked| asked.key.as_str() == "cv").unwrap();
    cv.goes_to = GoesTo::Dossier;
    let mut alice = found();
    let mut bob = enrol(&mut alice, Roles::default());
    let mut carol = enrol(&mut alice, Roles::default());
    let id = alice
        .together(|acts| {
            acts.publish(&programme, "")?;
            let mut files = Manifest::default();
            for (slot, contents) in [("media", [1; 32]), ("cv", [2; 32])] {
                let handle = acts.seal_attachment("image/jpeg", 4, &mut &b"scan"[..])?;
                let file = File {
                    name: format!("Amina {slot}.jpg"),
                    media_type: "image/jpeg".into(),
                    size_bytes: 4,
                    referee: None,
                    light: false,
                    of: None,
                    handle,
                };
                files.files.insert((slot.into(), contents), file);
            }
            let (id, ..) = acts.take_application(&programme, &row(), &files)?;
            for file in files.files.values() {
                acts.type_text(id, &file.handle, &BTreeSet::new(), &["Seen at the congress".to_owned()])?;
            }
            acts.assign(&programme, bob.member(), id, &programme.rounds[1], 1)?;
            acts.assign(&programme, carol.member(), id, &programme.rounds[0], 1)?;
            acts.hand_over()?;
            Ok(id)
        })
        .unwrap();
    for (home, rendition, expected) in [
        (&mut bob, 1, &[("cv", "cv-1-typed.txt")][..]),
        (&mut carol, 0, &[("cv", "Amina cv-typed.txt"), ("media", "Amina media-typed.txt")][..]),
    ] {
        bring(&mut alice, home);
        declare(home, id, Declaration::None);
        let (_, shown) = home.together(|acts| acts.dossier(id, rendition)).unwrap().unwrap();
        let mut names: Vec<(&str, &str)> = shown
            .files
            .iter()
            .filter(|(_, file)| file.is_typed())
            .map(|((slot, _), file)| (slot.as_str(), file.name.as_str()))
            .collect();
        names.sort_unstable();
        assert_eq!(names, expected);
        let texts = home.attachments().unwrap().iter().filter(|one| one.typed).count();
        assert_eq!(texts, expected.len(), "nor are its bytes there");
    }
}

#[test]
fn what_is_typed_anew_replaces_the_old_text_and_no_text_takes_it_back() {
    let (mut alice, mut bob, id, handle) = world();
    let version = |home: &mut Home| {
        let (dossier, files) = home.together(|acts| acts.dossier(id, 0)).unwrap().unwrap();
        dossier.version(&files)
    };
    let before = version(&mut alice);
    for page in ["The otter", "The heron"] {
        assert!(type_text(&mut alice, id, &handle, &[page]).unwrap());
    }
    assert_eq!(typed(&mut alice, id), (1, Some(vec!["The heron".to_owned()])));
    assert_eq!((pages(&mut alice, "otter").len(), pages(&mut alice, "heron").len()), (0, 1));
    assert_eq!(version(&mut alice), before, "readers go on with what they read");
    bring(&mut alice, &mut bob);
    assert_eq!(bob.attachments().unwrap().iter().filter(|one| one.typed).count(), 1);

    // It stays with its file through an import.
    assert_eq!(take(&mut alice, &folder()), Taken::Same);
    assert!(alice.together(|acts| acts.add_light_copy(id, &handle, [9; 32], b"%PDF-1.4 light")).unwrap());
    assert_eq!(take(&mut alice, &folder()), Taken::Same);
    assert_eq!(alice.together(|acts| acts.files(id)).unwrap().files.len(), 3);

    assert!(type_text(&mut alice, id, &handle, &["", " \u{c}\n"]).unwrap(), "nothing but space is nothing");
    assert_eq!(typed(&mut alice, id), (0, Some(Vec::new())));
    assert_eq!((pages(&mut alice, "heron").len(), kept(&mut alice)), (0, 0));
    bring(&mut alice, &mut bob);
    assert_eq!(bob.attachments().unwrap().iter().filter(|one| one.typed).count(), 0);
    assert!(!type_text(&mut alice, id, &handle, &[]).unwrap());
    assert!(type_text(&mut alice, id, &handle, &["The heron"]).unwrap(), "as an undo does");
    assert_eq!(take(&mut alice, &Received::default()), Taken::Changed);
    assert!(alice.together(|acts| acts.files(id)).unwrap().files.is_empty());
    assert_eq!(pages(&mut alice, "heron").len(), 0);
}

#[test]
fn a_typed_text_goes_with_its_file_to_another_slot() {
    let (mut alice, _, id, handle) = world();
    type_text(&mut alice, id, &handle, &["The heron"]).unwrap();
    let mut received = folder();
    received.files[0].slot = "cv".into();
    let taken = alice.together(|acts| {
        acts.take_row(&programme(), &row(), Some(&received), &mut |acts, file| {
            acts.seal_attachment(&file.media_type, HEAVY as u64, &mut Cursor::new(vec![7; HEAVY]))
        })
    });
    assert_eq!(taken.unwrap().1, Taken::Changed);
    let files = alice.together(|acts| acts.files(id)).unwrap();
    let read = alice.typed_pages(&files, "cv", &[1; 32]).unwrap().unwrap();
    assert_eq!((files.files.len(), read), (2, vec!["The heron".to_owned()]));
}

#[test]
fn a_typed_text_is_bounded_and_is_of_a_file_that_is_there() {
    let (mut alice, _, id, handle) = world();
    let page = "x".repeat(PAGE_TEXT_BYTES);
    let refused = |alice: &mut Home, handle: &[u8], pages: &[&str]| {
        type_text(alice, id, handle, pages).unwrap_err().code()
    };
    assert_eq!(refused(&mut alice, &handle, &[&format!("{page}y")]), "too-long");
    let (most, full) = (FILE_BYTES / PAGE_TEXT_BYTES, |count: usize| vec![page.as_str(); count]);
    assert_eq!(refused(&mut alice, &handle, &full(most)), "too-long");
    assert!(type_text(&mut alice, id, &handle, &full(most - 1)).unwrap());
    assert_eq!(refused(&mut alice, b"another", &["One"]), "not-found");
    let text = alice.together(|acts| acts.files(id)).unwrap();
    let text = text.typed("media", &[1; 32]).next().unwrap().1.handle.clone();
    assert_eq!(refused(&mut alice, &text, &["One"]), "not-found", "a text is no file of its own");
}

#[test]
fn coordinators_who_type_apart_lose_nothing() {
    let (mut alice, _, id, handle) = world();
    let mut carol = enrol(&mut alice, Roles::default());
    let device = carol.public_device();
    let roles = Roles { admin: false, coordinator: true };
    let add = Change::Add { member: carol.member(), roles, devices: vec![device].try_into().unwrap() };
    alice.amend_charter(vec![add]).unwrap();
    alice.check(carol.member()).unwrap();
    for _ in 0..2 {
        let text = alice.export(For::Member(carol.member())).unwrap();
        carol.import(&text).unwrap();
    }
    type_text(&mut alice, id, &handle, &["The otter", "Same"]).unwrap();
    type_text(&mut carol, id, &handle, &["The heron", "Same"]).unwrap();
    let of_alice = texts(&mut alice, id);
    let text = alice.export(For::Member(carol.member())).unwrap();
    carol.import(&text).unwrap();
    assert_eq!(typed(&mut carol, id), (2, None), "one of them is not here yet");
    let refused = type_text(&mut carol, id, &handle, &["Blind"]).unwrap_err();
    assert_eq!(refused.code(), "text-not-here", "nobody replaces what nobody saw");
    let fetched = carol.attachments_to_fetch(Fetch::Assigned).unwrap();
    assert_eq!(
        fetched.iter().map(|one| one.typed).collect::<Vec<_>>(),
        [true],
        "and comes without being asked for"
    );
    bring(&mut alice, &mut carol);
    bring(&mut carol, &mut alice);
    let (count, both) = typed(&mut alice, id);
    let both = both.unwrap();
    assert_eq!((count, both.len(), both[1].as_str()), (2, 2, "Same"));
    assert!(both[0].contains("The otter") && both[0].contains("The heron"));
    assert_eq!(typed(&mut carol, id), (2, Some(both)));
    let by = alice.together(|acts| acts.typed_by(id, "media", &[1; 32])).unwrap();
    assert_eq!(by, BTreeSet::from([alice.member(), carol.member()]));
    // Alice has her own text on screen still.
    type_over(&mut alice, id, &handle, &of_alice, &["The otter, at last"]).unwrap();
    let (count, both) = typed(&mut alice, id);
    assert!(count == 2 && both.unwrap()[0].contains("The heron"), "what came meanwhile stands beside it");
    bring(&mut alice, &mut carol);
    type_text(&mut carol, id, &handle, &["The otter and the heron"]).unwrap();
    bring(&mut carol, &mut alice);
    assert_eq!(typed(&mut alice, id), (1, Some(vec!["The otter and the heron".to_owned()])));
}

#[test]
fn what_readers_get_is_looked_at_where_nothing_may_be_changed() {
    let (mut alice, _, id, _) = world();
    let unknown = Change::Unknown { code: 200, body: vec![1].try_into().unwrap() };
    alice.amend_charter(vec![unknown]).unwrap();
    assert!(alice.permission().read_only());
    let rendered = alice.together(|acts| acts.rendered(&programme(), id)).unwrap();
    assert!(!rendered.is_empty());
    let refused = alice.together(|acts| acts.preview(&programme(), &row(), None)).unwrap_err();
    assert_eq!(refused.code(), "read-only");
}

#[test]
fn a_typed_text_that_this_version_cannot_find_is_not_here() {
    let (mut alice, _, id, handle) = world();
    alice
        .together(|acts| {
            let mut files = acts.files(id)?;
            let text = File {
                name: "Letter of Nguyễn-typed.txt".into(),
                media_type: TYPED.into(),
                size_bytes: 3,
                referee: None,
                light: true,
                of: Some([1; 32]),
                handle: vec![0xff],
            };
            files.files.insert(("media".into(), [8; 32]), text);
            acts.write(&Audience::File(id), &id.0, &files, true)
        })
        .unwrap();
    assert_eq!(typed(&mut alice, id), (1, None));
    let files = alice.together(|acts| acts.files(id)).unwrap();
    let text = &files.files[&("media".to_owned(), [8; 32])];
    assert!(!alice.together(|acts| acts.holds_typed(text)).unwrap());
    assert_eq!(type_text(&mut alice, id, &handle, &["One"]).unwrap_err().code(), "text-not-here");
}

#[test]
fn an_index_that_is_made_anew_has_what_documents_say_and_files_are_read_again() {
    let (mut alice, _, id, handle) = world();
    keep(&mut alice, id, &handle, &["We recommend Amina"]);
    let before = alice.search("amina", 10).unwrap().len();
    alice.index_anew().unwrap();
    assert!(before > 0);
    assert_eq!(alice.search("amina", 10).unwrap().len(), before);
    assert!(unprepared(&mut alice).iter().all(|file| file.unread));
    keep(&mut alice, id, &handle, &["We recommend Amina"]);
    assert_eq!(pages(&mut alice, "recommend").len(), 1);
}
