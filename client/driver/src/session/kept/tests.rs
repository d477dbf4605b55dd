//! A keychain helps or does not; the passphrase opens in every case, and nothing is made anew.

use tessera_engine::home::{Continuity, HomeError};
use tessera_engine::store::StoreError;
use tessera_vault::identity::seal_identity;
use zeroize::Zeroizing;

use super::super::tests::{found, words};
use super::*;
use crate::keychain::{MemoryKeychain, forget};

/// A home whose keychain opens it, closed.
struct Place {
    folder: tempfile::TempDir,
    keychain: MemoryKeychain,
}

impl Place {
    fn new(demo: bool) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), keychain: MemoryKeychain::default() };
        place.turn_on(&found(&place.home(), demo));
        place
    }

    fn home(&self) -> std::path::PathBuf {
        self.folder.path().join("home")
    }

    fn turn_on(&self, session: &Session) -> Option<EntryId> {
        let halves = session.halves(&words()).unwrap();
        halves.give(&self.keychain).unwrap();
        session.keep_half(&halves).unwrap()
    }

    fn open(&self) -> Result<Session, SessionError> {
        Session::open_by_keychain(&self.home(), &self.keychain)
    }

    fn refused(&self) -> KeychainError {
        match self.open().err() {
            Some(SessionError::Keychain(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    /// The passphrase opens the same home as ever.
    fn opens_with_the_passphrase(&self) {
        let mut session = Session::open(&self.home(), &words()).unwrap();
        assert_eq!(session.continuity(), Continuity::Continues);
        assert!(session.engine().is_active());
    }
}

#[test]
fn f25_the_keychain_opens_only_where_somebody_wanted_it_and_knew_the_passphrase() {
    let place = Place { folder: tempfile::tempdir().unwrap(), keychain: MemoryKeychain::default() };
    let session = found(&place.home(), true);
    assert!(!session.is_in_keychain(), "off, until somebody wants it");
    let wrong = session.halves(&Passphrase::new("another")).err();
    assert!(matches!(wrong, Some(SessionError::Identity(IdentityError::WrongPassphrase))));
    assert_eq!(place.turn_on(&session), None);
    assert!(session.is_in_keychain());
    let device = session.engine.device();
    drop(session);
    let held = place.keychain.texts();
    assert!(held.len() == 1 && held[0].starts_with("TESSERAKEY1") && !held[0].contains(words().expose()));
    let session = place.open().unwrap();
    assert_eq!((session.engine.device(), session.continuity()), (device, Continuity::Continues));
    assert!(matches!(place.open(), Err(SessionError::Home(HomeError::InUse))));
    let again = place.turn_on(&session).expect("what the keychain held until now is named");
    assert!(!forget(&place.keychain, again));
    drop(session);
    drop(place.open().unwrap());
    place.opens_with_the_passphrase();
}

#[test]
fn f25_a_keychain_that_is_locked_or_absent_says_so_and_the_passphrase_opens() {
    let place = Place::new(true);
    for answer in [KeychainError::Locked, KeychainError::Absent, KeychainError::Failed("bus".into())] {
        place.keychain.refuse(Some(answer.clone()));
        assert_eq!(place.refused(), answer);
        place.opens_with_the_passphrase();
    }
    // Nothing is turned on in halves either.
    let session = Session::open(&place.home(), &words()).unwrap();
    let halves = session.halves(&words()).unwrap();
    assert!(halves.give(&place.keychain).is_err());
    place.keychain.refuse(None);
    drop(session);
    drop(place.open().unwrap());
}

#[test]
fn f25_an_entry_that_is_missing_or_a_keychain_that_was_reset_leaves_the_passphrase() {
    let place = Place::new(true);
    place.keychain.reset();
    assert_eq!(place.refused(), KeychainError::Missing);
    place.opens_with_the_passphrase();
    place.turn_on(&Session::open(&place.home(), &words()).unwrap());
    drop(place.open().unwrap());
}

#[test]
fn f25_another_users_keychain_opens_nothing() {
    let place = Place::new(true);
    place.keychain.switch_user(1);
    assert_eq!(place.refused(), KeychainError::Missing);
    place.opens_with_the_passphrase();
    place.keychain.switch_user(0);
    drop(place.open().unwrap());
}

#[test]
fn f25_an_entry_of_another_home_or_of_nobody_does_not_fit() {
    let (place, other) = (Place::new(true), Place::new(true));
    for text in [other.keychain.texts()[0].as_str(), "", "hunter2", words().expose()] {
        place.keychain.overwrite(text);
        assert_eq!(place.refused(), KeychainError::DoesNotFit);
    }
    place.opens_with_the_passphrase();
    for envelope in [&b""[..], b"short", &[7; 300]] {
        std::fs::write(place.home().join("keychain.envelope"), envelope).unwrap();
        assert!(matches!(place.refused(), KeychainError::DoesNotFit | KeychainError::Missing));
    }
    place.opens_with_the_passphrase();
}

#[test]
fn f25_a_copied_home_or_a_copied_keychain_alone_opens_nothing() {
    let place = Place::new(true);
    // The home on a computer with another keychain.
    let elsewhere = Session::open_by_keychain(&place.home(), &MemoryKeychain::default());
    assert!(matches!(elsewhere, Err(SessionError::Keychain(KeychainError::Missing))));
    // The keychain, with a backup of the home that was put in place: the home's half stayed behind.
    let backup = place.folder.path().join("home.backup");
    place.open().unwrap().backup(&backup).unwrap();
    let restored = place.folder.path().join("restored");
    let session = Session::restore(&restored, &words(), &backup).unwrap();
    assert!(!session.is_in_keychain());
    drop(session);
    let refused = Session::open_by_keychain(&restored, &place.keychain);
    assert!(matches!(refused, Err(SessionError::Keychain(KeychainError::Missing))));
}

#[test]
fn f25_neither_keychain_nor_passphrase_makes_a_store_anew() {
    let place = Place::new(true);
    let store = place.home().join("store.db");
    std::fs::remove_file(&store).unwrap();
    let missing = |opened: Result<Session, _>| {
        matches!(opened, Err(SessionError::Home(HomeError::Store(StoreError::Missing))))
    };
    assert!(missing(place.open()));
    assert!(missing(Session::open(&place.home(), &words())));
    assert!(!store.exists());
}

#[test]
fn f25_turned_off_it_opens_nothing_whatever_the_keychain_keeps() {
    let place = Place::new(true);
    let session = place.open().unwrap();
    let envelope = std::fs::read(place.home().join("keychain.envelope")).unwrap();
    place.keychain.refuse(Some(KeychainError::Locked));
    let entry = session.leave_keychain().unwrap().unwrap();
    assert!(!session.is_in_keychain());
    assert!(forget(&place.keychain, entry), "it may still be there");
    assert_eq!(session.leave_keychain().unwrap(), None);
    drop(session);
    place.keychain.refuse(None);
    assert_eq!((place.refused(), place.keychain.texts().len()), (KeychainError::Missing, 1));
    assert!(!forget(&place.keychain, entry) && !forget(&place.keychain, entry));
    assert_eq!(place.keychain.texts(), [""; 0]);
    // A thief puts the old half back: the other one is gone.
    std::fs::write(place.home().join("keychain.envelope"), envelope).unwrap();
    assert_eq!(place.refused(), KeychainError::Missing);
    place.opens_with_the_passphrase();
}

#[test]
fn f25_a_home_that_is_destroyed_takes_its_half_with_it() {
    let place = Place::new(true);
    let entry = entry(&place.home()).unwrap();
    Home::lock(&place.home()).unwrap().destroy().unwrap();
    assert!(!place.home().exists());
    assert!(matches!(place.open(), Err(SessionError::Keychain(KeychainError::Missing))));
    assert!(!forget(&place.keychain, entry));
}

#[test]
fn f25_while_a_keychain_waits_for_a_person_the_passphrase_opens() {
    struct Waits<'a>(&'a Place);
    impl Keychain for Waits<'_> {
        fn get(&self, entry: EntryId) -> Result<Zeroizing<String>, KeychainError> {
            self.0.opens_with_the_passphrase();
            self.0.keychain.get(entry)
        }
        fn set(&self, _: EntryId, _: &str) -> Result<(), KeychainError> {
            Err(KeychainError::Locked)
        }
        fn delete(&self, _: EntryId) -> Result<(), KeychainError> {
            Err(KeychainError::Locked)
        }
    }
    let place = Place::new(true);
    drop(Session::open_by_keychain(&place.home(), &Waits(&place)).unwrap());
}

#[test]
fn f25_another_passphrase_changes_nothing_for_the_keychain() {
    let place = Place::new(true);
    let session = place.open().unwrap();
    session.change_passphrase(&words(), &Passphrase::new("another")).unwrap();
    drop(session);
    drop(place.open().unwrap());
    assert!(Session::open(&place.home(), &words()).is_err());
    drop(Session::open(&place.home(), &Passphrase::new("another")).unwrap());
}

#[test]
fn f25_halves_of_another_home_are_not_kept() {
    let (place, other) = (Place::new(true), Place::new(true));
    let halves = other.open().unwrap().halves(&words()).unwrap();
    assert!(matches!(place.open().unwrap().keep_half(&halves), Err(SessionError::OtherHome)));
    drop(place.open().unwrap());
}

#[test]
fn k23_an_older_store_beside_the_present_keychain_is_told_and_work_goes_on() {
    let place = Place::new(true);
    let store = place.home().join("store.db");
    let old = std::fs::read(&store).unwrap();
    drop(place.open().unwrap());
    std::fs::write(&store, old).unwrap();
    let mut session = place.open().unwrap();
    assert_eq!(session.continuity(), Continuity::RolledBack { starts: 1 });
    let roles = tessera_protocol::charter::Roles::default();
    session.work(|engine| engine.invite(roles, "still here", Vec::new())).unwrap();
}

#[test]
fn k19_the_keychain_opens_no_real_programme_beside_a_cheap_identity() {
    let place = Place::new(false);
    let session = place.open().unwrap();
    let (secret, _) = unlock(&session.home().identity().unwrap(), &words()).unwrap();
    session.home().replace_identity(&seal_identity(&secret, &words(), Cost::Demo)).unwrap();
    drop(session);
    let refused = place.open();
    assert!(matches!(refused, Err(SessionError::Identity(IdentityError::TooCheap { .. }))));
}
