use tessera_engine::bundle::For;
use tessera_engine::home::HomeError;
use tessera_protocol::charter::Roles;
use tessera_vault::enrol::About;
use tessera_vault::identity::seal_identity;

use super::*;

pub(super) fn words() -> Passphrase {
    Passphrase::new("marble tundra fiddle oxygen plaza ribbon")
}

pub(super) fn found(folder: &Path, demo: bool) -> Session {
    let founding = Founding { demo, ..Founding::default() };
    Session::found(folder, &words(), &founding, |_| Ok(())).unwrap()
}

#[test]
fn a_home_is_founded_answered_and_opened_again() {
    let place = tempfile::tempdir().unwrap();
    let mut alice = found(&place.path().join("alice"), true);
    let invitation = alice.work(|engine| engine.invite(Roles::default(), "the seminar", Vec::new())).unwrap();
    let bob = place.path().join("bob");
    let (session, answer) = Session::enrol(&bob, &words(), &invitation, About::default()).unwrap();
    assert_eq!(session.continuity(), Continuity::First);
    assert!(session.is_demo());
    drop(session);
    let admitted = alice.together(|acts| acts.admit_person(&answer)).unwrap();
    let bundle = alice.work(|engine| engine.export(For::Member(admitted.member))).unwrap();
    let mut session = Session::open(&bob, &words()).unwrap();
    assert_eq!(session.continuity(), Continuity::Continues);
    assert_eq!(session.engine().answer().unwrap(), Some(answer));
    session.work(|engine| engine.import(&bundle)).unwrap();
    assert!(session.engine().is_active());
    assert_eq!(session.engine().own_check_words().unwrap().unwrap(), admitted.check_words);
}

#[test]
fn f24_a_second_opening_and_another_passphrase_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home");
    let session = found(&folder, true);
    assert!(matches!(Session::open(&folder, &words()), Err(SessionError::Home(HomeError::InUse))));
    drop(session);
    let other = Passphrase::new("another");
    assert!(matches!(
        Session::open(&folder, &other),
        Err(SessionError::Identity(IdentityError::WrongPassphrase))
    ));
    let session = Session::open(&folder, &words()).unwrap();
    session.must_open_with(&words()).unwrap();
    assert!(session.must_open_with(&other).is_err());
    session.change_passphrase(&words(), &other).unwrap();
    session.must_open_with(&other).unwrap();
    drop(session);
    Session::open(&folder, &other).unwrap();
}

#[test]
fn k19_a_cheap_identity_opens_no_real_programme() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home");
    let session = found(&folder, false);
    let (secret, _) = unlock(&session.home().identity().unwrap(), &words()).unwrap();
    let cheap = seal_identity(&secret, &words(), Cost::Demo);
    session.home().replace_identity(&cheap).unwrap();
    drop(session);
    assert!(matches!(
        Session::open(&folder, &words()),
        Err(SessionError::Identity(IdentityError::TooCheap { .. }))
    ));
}

#[test]
fn k19_a_passphrase_that_can_be_guessed_keeps_nothing_real() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home");
    let weak = Passphrase::new("password12");
    let refused = Session::found(&folder, &weak, &Founding::default(), |_| Ok(())).err();
    assert!(matches!(refused, Some(SessionError::WeakPassphrase { bits, .. }) if bits < 50.0));
    assert!(!folder.exists());
    let session = found(&folder, false);
    let refused = session.change_passphrase(&words(), &weak);
    assert!(matches!(refused, Err(SessionError::WeakPassphrase { .. })));
    drop(session);
    drop(Session::open(&folder, &words()).unwrap());
    let demo = Founding { demo: true, ..Founding::default() };
    let none = Session::found(&place.path().join("demo"), &Passphrase::new(""), &demo, |_| Ok(())).err();
    assert!(matches!(none, Some(SessionError::NoPassphrase)));
    let session = Session::found(&place.path().join("demo"), &weak, &demo, |_| Ok(())).unwrap();
    session.change_passphrase(&weak, &Passphrase::new("another")).unwrap();
}

#[test]
fn a_home_that_could_not_be_filled_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home");
    let founding = Founding { demo: true, ..Founding::default() };
    let refused = Session::found(&folder, &words(), &founding, |_| Err(EngineError::ReadOnly));
    assert!(matches!(refused, Err(SessionError::Engine(EngineError::ReadOnly))));
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn k23_an_older_store_is_told_and_work_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home");
    drop(found(&folder, true));
    let old = std::fs::read(folder.join("store.db")).unwrap();
    drop(Session::open(&folder, &words()).unwrap());
    std::fs::write(folder.join("store.db"), old).unwrap();
    let mut session = Session::open(&folder, &words()).unwrap();
    assert_eq!(session.continuity(), Continuity::RolledBack { starts: 1 });
    session.work(|engine| engine.invite(Roles::default(), "still here", Vec::new())).unwrap();
}

#[test]
fn an_act_is_done_where_the_anchor_cannot_be_written_and_the_next_one_tries_again() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home");
    let mut session = found(&folder, true);
    let member = session.engine().member();
    // Whatever is sealed from here on needs a key of a later epoch, which the anchor is to remember.
    let later: Vec<_> = session.engine().epochs().map(|(stream, epoch)| (stream, epoch + 6)).collect();
    session.engine().remember_epochs(later);
    // No file takes the name of a folder.
    let anchor = folder.join("anchor");
    std::fs::remove_file(&anchor).unwrap();
    std::fs::create_dir(&anchor).unwrap();
    let person = tessera_model::documents::Person { name: "Alice".into(), ..Default::default() };
    let done = session.together(|acts| {
        acts.set_person(member, &person)?;
        acts.hand_over()
    });
    done.unwrap();
    assert!(!session.is_anchored() && session.anchor.epochs().is_empty());
    assert_eq!(session.together(|acts| acts.persons()).unwrap()[&member].name, "Alice");
    std::fs::remove_dir(&anchor).unwrap();
    session.together(|_| Ok(())).unwrap();
    assert!(session.is_anchored() && anchor.is_file());
    assert!(session.anchor.epochs().values().any(|epoch| *epoch > 7));
}

fn workers() -> [Box<dyn tessera_engine::core::Worker>; 2] {
    let one = || Box::new(tessera_engine::core::InProcess);
    [one(), one()]
}

#[test]
fn forgotten_words_and_a_lost_laptop_are_recovered_with_the_paper() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("alice");
    let mut alice = found(&folder, true);
    let paper = alice.together(|acts| acts.draw_paper()).unwrap();
    let other = Passphrase::new("another");
    assert!(matches!(Session::recover(&folder, &paper, &other), Err(SessionError::Home(HomeError::InUse))));
    let stranger = Paper::generate(&mut os_random());
    assert!(alice.together(|acts| acts.rehearse(&stranger)).is_err());
    assert!(!alice.together(|acts| acts.is_rehearsed()).unwrap());
    let rehearsed = alice.together(|acts| acts.rehearse(&paper)).unwrap();
    assert!(rehearsed.welcomed);
    alice.keep_envelope(&paper).unwrap();
    let application = alice.engine().application("A001").unwrap();
    let bundle = alice.work(|engine| engine.export(For::Everything)).unwrap();
    drop(alice);

    assert!(matches!(Session::recover(&folder, &stranger, &other), Err(SessionError::Envelope(_))));
    drop(Session::open(&folder, &words()).unwrap());
    drop(Session::recover(&folder, &paper, &other).unwrap());
    assert!(Session::open(&folder, &words()).is_err());
    drop(Session::open(&folder, &other).unwrap());

    let elsewhere = place.path().join("elsewhere");
    let from = RecoverFrom::Bundle(&bundle);
    let mut silent = |_: &crate::relay::Progress| std::ops::ControlFlow::Continue(());
    let none = Session::recover_from(&elsewhere, &stranger, &other, &from, workers(), &mut silent);
    assert!(matches!(none, Err(SessionError::NoSuchPaper)));
    let again = Session::recover_from(&elsewhere, &paper, &other, &from, workers(), &mut silent);
    let mut again = again.unwrap();
    assert!(again.engine().is_coordinator() && again.engine().is_admin());
    assert_eq!(again.engine().application("A001").unwrap(), application);
    assert!(again.engine().notices().unwrap().is_empty());
}

#[test]
fn coming_back_from_a_bundle_leaves_the_relays_that_everybody_knows() {
    let place = tempfile::tempdir().unwrap();
    let key = os_key();
    let founding = Founding { demo: true, relays: vec![(key, false)] };
    let mut alice = Session::found(&place.path().join("alice"), &words(), &founding, |_| Ok(())).unwrap();
    let relay = tessera_vault::enrol::Relay {
        url: tessera_vault::text::Text::try_from("https://relay.example").unwrap(),
        key,
    };
    alice.together(|acts| acts.set_relays(vec![relay.clone()])).unwrap();
    let paper = alice.together(|acts| acts.draw_paper()).unwrap();
    alice.together(|acts| acts.rehearse(&paper)).unwrap();
    let bundle = alice.work(|engine| engine.export(For::Everything)).unwrap();
    let mut silent = |_: &crate::relay::Progress| std::ops::ControlFlow::Continue(());
    let (folder, from) = (place.path().join("again"), RecoverFrom::Bundle(&bundle));
    let again = Session::recover_from(&folder, &paper, &words(), &from, workers(), &mut silent);
    assert_eq!(again.unwrap().together(|acts| acts.relays()).unwrap(), [relay]);
}

/// The key of a relay.
fn os_key() -> tessera_protocol::signature::PublicKey {
    DeviceSecret::generate(&mut os_random()).device().signing
}

#[test]
fn a_second_laptop_of_a_reader_opens_what_the_first_holds() {
    let place = tempfile::tempdir().unwrap();
    let mut alice = found(&place.path().join("alice"), true);
    let invitation = alice.work(|engine| engine.invite(Roles::default(), "it", Vec::new())).unwrap();
    let (mut bob, answer) =
        Session::enrol(&place.path().join("bob"), &words(), &invitation, About::default()).unwrap();
    let member = alice.together(|acts| acts.admit_person(&answer)).unwrap().member;
    let bundle = alice.work(|engine| engine.export(For::Member(member))).unwrap();
    bob.work(|engine| engine.import(&bundle)).unwrap();

    let pass = bob.together(|acts| acts.device_pass(member)).unwrap();
    let pass = tessera_engine::devices::Pass::from_file(&pass.to_file()).unwrap();
    let (mut laptop, request) = Session::join(&place.path().join("laptop"), &words(), &pass).unwrap();
    assert!(alice.together(|acts| acts.read_request(&request)).is_err());
    let requested = bob.together(|acts| acts.read_request(&request)).unwrap();
    assert_eq!(Some(requested.check_words), laptop.engine().own_device_words().unwrap());
    bob.together(|acts| acts.add_requested(&request)).unwrap();
    let bundle = bob.work(|engine| engine.export(For::Everything)).unwrap();
    laptop.work(|engine| engine.import(&bundle)).unwrap();
    assert!(laptop.engine().is_active());
    let to = laptop.engine().stream(&tessera_vault::ids::Audience::To(member)).unwrap();
    assert!(laptop.engine().epochs().any(|(stream, _)| stream == to), "no coordinator was needed");
}

#[test]
fn a_backup_becomes_a_home_and_a_cut_one_becomes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file) = (place.path().join("home"), place.path().join("out.backup"));
    let mut session = found(&folder, true);
    session.work(|engine| engine.invite(Roles::default(), "it", Vec::new())).unwrap();
    let programme = session.engine().programme();
    session.backup(&file).unwrap();
    let restored = place.path().join("restored");
    assert!(Session::restore(&restored, &Passphrase::new("another"), &file).is_err());
    assert!(!restored.exists());
    let mut session = Session::restore(&restored, &words(), &file).unwrap();
    assert_eq!(session.engine().programme(), programme);
    drop(session);
    let whole = std::fs::read(&file).unwrap();
    for cut in [0, 10, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..cut]).unwrap();
        assert!(Session::restore(&place.path().join("cut"), &words(), &file).is_err(), "{cut}");
    }
    std::fs::write(&file, [&whole[..], b"x"].concat()).unwrap();
    assert!(Session::restore(&place.path().join("cut"), &words(), &file).is_err());
    // In the last page of the store, which opening does not read.
    let mut changed = whole.clone();
    changed[whole.len() - 2000] ^= 1;
    std::fs::write(&file, changed).unwrap();
    let refused = Session::restore(&place.path().join("cut"), &words(), &file).err();
    assert!(matches!(refused, Some(SessionError::Home(HomeError::Damaged("backup")))));
    assert!(!place.path().join("cut").exists());
}

#[test]
fn k20_a_closed_home_shows_no_name_to_whoever_images_the_disk() {
    const CANARY: &str = "Canary Quetzalcoatl";
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home");
    let mut session = found(&folder, true);
    let person = tessera_model::documents::Person { name: CANARY.into(), ..Default::default() };
    let member = session.engine().member();
    session
        .together(|acts| {
            acts.set_person(member, &person)?;
            acts.hand_over()
        })
        .unwrap();
    assert_eq!(session.together(|acts| acts.persons()).unwrap()[&member].name, CANARY);
    let paper = session.together(|acts| acts.draw_paper()).unwrap();
    session.together(|acts| acts.rehearse(&paper)).unwrap();
    session.keep_envelope(&paper).unwrap();
    let words = paper.words().to_string();
    drop(session);
    let mut searched = 0;
    for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        if !file.is_file() {
            continue;
        }
        let bytes = std::fs::read(&file).unwrap();
        searched += bytes.len();
        for secret in [CANARY, "Quetzalcoatl", "a passphrase for tests", words.as_str()] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "`{secret}` is readable in {}", file.display());
        }
    }
    assert!(searched > 10_000);
}
