use tessera_engine::bundle::For;
use tessera_protocol::charter::Roles;
use tessera_vault::enrol::About;

use super::*;

fn words() -> Passphrase {
    Passphrase::new("a passphrase for tests")
}

fn found(folder: &Path, demo: bool) -> Session {
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
    session.change_passphrase(&words(), &other).unwrap();
    drop(session);
    Session::open(&folder, &other).unwrap();
}

#[test]
fn k19_a_cheap_identity_opens_no_real_programme() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home");
    let session = found(&folder, false);
    let (secret, _) = unlock(session.home(), &words()).unwrap();
    let cheap = seal_identity(&secret, &words(), Cost::Demo);
    session.home().replace_identity(&cheap).unwrap();
    drop(session);
    assert!(matches!(
        Session::open(&folder, &words()),
        Err(SessionError::Identity(IdentityError::TooCheap { .. }))
    ));
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
