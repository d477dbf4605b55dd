//! A home is made wholly or not at all, held once, private, and refuses what it does not know.

use std::process::{Command, Stdio};

use super::*;
use crate::store::{Store as _, Table};

const KEY: StoreKey = [5; 32];

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::TempDir::new().unwrap())
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("parent").join("home")
    }

    fn create(&self) -> Home {
        Home::create(&self.folder(), b"identity", &KEY).unwrap()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_home_is_made_opened_and_opened_again() {
    let place = Place::new();
    let home = place.create();
    assert_eq!(names(&place.folder()), ["identity.age", "lock", "log", "store.db"]);
    let mut opened = home.open(&KEY, [1; 8]).unwrap();
    assert_eq!(opened.continuity, Continuity::First);
    opened.store.transaction(|t| t.put(Table::Packs, b"k", b"v")).unwrap();
    drop((opened, home));
    let home = Home::lock(&place.folder()).unwrap();
    let mut opened = home.open(&KEY, [2; 8]).unwrap();
    assert_eq!(opened.continuity, Continuity::Continues);
    assert_eq!(opened.store.transaction(|t| t.get(Table::Packs, b"k")).unwrap(), Some(b"v".to_vec()));
    assert_eq!(home.identity().unwrap(), b"identity");
    home.replace_identity(b"other").unwrap();
    assert_eq!(home.identity().unwrap(), b"other");
    assert_eq!(home.recovery_envelope().unwrap(), None);
    home.replace_recovery_envelope(b"envelope").unwrap();
    assert_eq!(home.recovery_envelope().unwrap(), Some(b"envelope".to_vec()));
    drop(opened);
    let expected = ["anchor", "identity.age", "lock", "log", "recovery.envelope", "store.db"];
    assert_eq!(names(&place.folder()), expected);
}

#[test]
fn a_home_that_is_destroyed_is_gone_and_nothing_beside_it() {
    let place = Place::new();
    let home = place.create();
    home.replace_recovery_envelope(b"envelope").unwrap();
    let beside = place.folder().with_file_name("beside");
    std::fs::write(&beside, b"stays").unwrap();
    assert!(matches!(Home::lock(&place.folder()), Err(HomeError::InUse)));
    home.destroy().unwrap();
    assert!(!place.folder().exists() && beside.exists());
    assert!(matches!(Home::lock(&place.folder()), Err(HomeError::NotAHome)));
}

#[test]
fn what_a_keychain_opens_is_kept_until_it_is_removed_and_no_backup_has_it() {
    let place = Place::new();
    let home = place.create();
    let kept = || Home::keychain_envelope(&place.folder()).unwrap();
    assert_eq!((kept(), Home::is_in_keychain(&place.folder())), (None, false));
    home.replace_keychain_envelope(b"envelope").unwrap();
    assert_eq!((kept(), Home::is_in_keychain(&place.folder())), (Some(b"envelope".to_vec()), true));
    let backup = place.0.path().join("home.backup");
    home.write_backup(&backup).unwrap();
    let again = place.0.path().join("again");
    drop(Home::read_backup(&again, &backup).unwrap().finish().unwrap());
    assert!(!Home::is_in_keychain(&again));
    home.remove_keychain_envelope().unwrap();
    home.remove_keychain_envelope().unwrap();
    assert_eq!(kept(), None);
    std::fs::write(place.folder().join(KEYCHAIN), vec![0; 70_000]).unwrap();
    assert!(matches!(Home::keychain_envelope(&place.folder()), Err(HomeError::TooLarge { .. })));
}

#[test]
fn a_backup_is_written_once_its_name_is_durable() {
    let place = Place::new();
    let home = place.create();
    let backup = place.0.path().join("home.backup");
    files::SYNCED.take();
    home.write_backup(&backup).unwrap();
    assert_eq!(files::SYNCED.take(), [place.0.path()]);
    assert_eq!(names(place.0.path()), ["home.backup", "parent"]);
}

#[test]
fn what_lies_beside_the_store_is_in_no_backup_and_that_is_said() {
    let place = Place::new();
    let home = place.create();
    let backup = place.0.path().join("home.backup");
    std::fs::write(place.folder().join(format!("{STORE}-wal")), b"changes").unwrap();
    assert!(matches!(home.write_backup(&backup), Err(HomeError::LogLeft)));
    assert!(!backup.exists());
}

/// What lies in a backup is judged by whoever opens it; here nothing does, so that all of it is its frame. By each bit, as
/// every one is a folder that is made.
#[test]
fn a_backup_whose_frame_was_changed_or_cut_anywhere_is_refused() {
    let place = Place::new();
    let home = place.create();
    home.replace_identity(b"").unwrap();
    std::fs::write(place.folder().join(STORE), b"").unwrap();
    let backup = place.0.path().join("home.backup");
    home.write_backup(&backup).unwrap();
    let whole = std::fs::read(&backup).unwrap();
    let reads = |bytes: &[u8]| {
        std::fs::write(&backup, bytes).unwrap();
        Home::read_backup(&place.0.path().join("again"), &backup).is_ok()
    };
    assert!(reads(&whole));
    assert!(!reads(&[&whole[..], &[0]].concat()));
    for at in 0..whole.len() {
        assert!(!reads(&whole[..at]), "cut after {at} bytes");
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            assert!(!reads(&changed), "bit {bit} of byte {at}");
        }
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let home = place.create();
    let opened = home.open(&KEY, [1; 8]).unwrap();
    home.replace_recovery_envelope(b"envelope").unwrap();
    home.replace_keychain_envelope(b"envelope").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.folder()), 0o700);
    for name in names(&place.folder()) {
        assert_eq!(mode(&place.folder().join(&name)), if name == "log" { 0o700 } else { 0o600 }, "{name}");
    }
    drop((opened, home));
    std::fs::set_permissions(place.folder(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let _home = Home::lock(&place.folder()).unwrap();
    assert_eq!(mode(&place.folder()), 0o700);
}

#[test]
fn f24_a_home_is_held_once() {
    let place = Place::new();
    let home = place.create();
    assert!(matches!(Home::lock(&place.folder()), Err(HomeError::InUse)));
    drop(home);
    let home = Home::lock(&place.folder()).unwrap();
    assert!(matches!(Home::lock(&place.folder()), Err(HomeError::InUse)));
    drop(home);
    drop(Home::lock(&place.folder()).unwrap());
}

/// Not a test by itself: the other process of [`f24_another_process_is_refused`].
#[test]
fn child_that_tries_the_home() {
    let Some(folder) = std::env::var_os("TESSERA_TEST_HOME").map(PathBuf::from) else { return };
    let code = match Home::lock(&folder) {
        Ok(_) => 70,
        Err(HomeError::InUse) => 71,
        Err(_) => 72,
    };
    std::process::exit(code);
}

#[test]
fn f24_another_process_is_refused() {
    let place = Place::new();
    let child = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "home::tests::child_that_tries_the_home"])
            .env("TESSERA_TEST_HOME", place.folder())
            .stdout(Stdio::null())
            .status()
            .unwrap()
            .code()
    };
    let home = place.create();
    assert_eq!(child(), Some(71));
    drop(home);
    assert_eq!(child(), Some(70));
}

#[test]
fn f14_a_newer_home_is_refused() {
    let place = Place::new();
    drop(place.create());
    for (marker, newer) in [("tessera home 2\n", true), ("tessera home 0\n", false), ("other", false)] {
        std::fs::write(place.folder().join(LOCK), marker).unwrap();
        let refused = Home::lock(&place.folder()).unwrap_err();
        match refused {
            HomeError::Newer { found: 2, known: 1 } => assert!(newer),
            HomeError::Damaged(LOCK) => assert!(!newer),
            other => panic!("{other:?}"),
        }
    }
    std::fs::remove_file(place.folder().join(LOCK)).unwrap();
    drop(Home::lock(&place.folder()).unwrap());
    assert_eq!(std::fs::read(place.folder().join(LOCK)).unwrap(), b"tessera home 1\n");
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_behind() {
    let place = Place::new();
    std::fs::create_dir_all(place.folder()).unwrap();
    let parent = place.folder().parent().unwrap().to_owned();
    drop(Home::prepare(&place.folder(), b"identity", &KEY).unwrap());
    assert_eq!(names(&parent), ["home"], "given up");
    assert_eq!(names(&place.folder()), [""; 0]);

    let first = Home::prepare(&place.folder(), b"identity", &KEY).unwrap();
    assert!(matches!(Home::prepare(&place.folder(), b"identity", &KEY), Err(HomeError::InUse)));
    first.open_store(&KEY).unwrap().transaction(|t| t.put(Table::Packs, b"k", b"v")).unwrap();
    std::fs::write(place.folder().join("something"), b"").unwrap();
    assert!(matches!(first.finish(), Err(HomeError::Exists)));
    assert_eq!(names(&parent), ["home"]);
    assert!(matches!(Home::create(&place.folder(), b"identity", &KEY), Err(HomeError::Exists)));
    assert_eq!(names(&place.folder()), ["something"]);
    assert!(matches!(Home::lock(&place.folder()), Err(HomeError::NotAHome)));
    std::fs::remove_file(place.folder().join("something")).unwrap();

    // A process that ended in the middle.
    let left = parent.join(".home.unfinished");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join(IDENTITY), b"half").unwrap();
    drop(place.create());
    assert_eq!(names(&parent), ["home"]);
}

#[test]
fn f25_a_missing_store_is_never_made_anew() {
    let place = Place::new();
    let home = place.create();
    std::fs::remove_file(place.folder().join(STORE)).unwrap();
    let refused = home.open(&KEY, [1; 8]).map(drop).unwrap_err();
    assert!(matches!(refused, HomeError::Store(StoreError::Missing)), "{refused:?}");
    assert!(!place.folder().join(STORE).exists());
}

#[test]
fn another_key_is_told_from_damage() {
    let place = Place::new();
    let home = place.create();
    drop(home.open(&KEY, [1; 8]).unwrap());
    let refused = home.open_store(&[6; 32]).map(drop).unwrap_err();
    assert!(matches!(refused, HomeError::Store(StoreError::WrongKey)), "{refused:?}");
    let path = place.folder().join(STORE);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[300] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let refused = home.open_store(&KEY).map(drop).unwrap_err();
    assert!(matches!(refused, HomeError::Store(StoreError::Damaged)), "{refused:?}");
}

#[test]
fn reading_is_bounded() {
    let place = Place::new();
    let home = place.create();
    std::fs::write(place.folder().join(IDENTITY), vec![0; 65_537]).unwrap();
    assert!(matches!(home.identity(), Err(HomeError::TooLarge { .. })));
}
