//! Golden files: a home, a bundle and a relay's store as this version writes them, opened by this version and by
//! every later one. What a version wrote is never written again; a new format gets a folder of its own.
//! `TESSERA_WRITE_GOLDEN=1` writes them, with a real relay. The relay's store is opened by the relay's own tests.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tessera_driver::relay::{self, Options, Progress, Report};
use tessera_driver::session::{Founding, Session};
use tessera_engine::bundle::{For, read};
use tessera_engine::store::MemoryStore;
use tessera_protocol::charter::Roles;
use tessera_tests::homes;
use tessera_tests::process::{Running, copy};
use tessera_vault::passphrase::Passphrase;

const PASSPHRASE: &str = "kept for every version to come";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/0.1.0")
}

/// A coordinator's home with three applications and one review that counts, which the relay holds; a bundle of
/// the reader's with that review and another.
#[test]
fn write() {
    if std::env::var_os("TESSERA_WRITE_GOLDEN").is_none() {
        return;
    }
    assert!(!golden().exists(), "what a version wrote is never written again");
    let temporary = TempDir::new().unwrap();
    let (home, data) = (temporary.path().join("home"), temporary.path().join("relay"));
    let relay = Running::start(&data, None);
    let founding = Founding { demo: true, relays: vec![(relay.key, false)] };
    let passphrase = Passphrase::new(PASSPHRASE);
    let mut session = Session::found(&home, &passphrase, &founding, |_| Ok(())).unwrap();
    let alice = session.engine();
    let mut bob = homes::enrol(alice, MemoryStore::default(), "bob", Roles::default(), vec![]).unwrap();
    homes::carry(alice, &mut bob).unwrap();
    let ids = homes::publish(alice, 3).unwrap();
    homes::assign(alice, &bob, &ids).unwrap();
    homes::carry(alice, &mut bob).unwrap();
    homes::review(&mut bob, ids[0], "4").unwrap();
    alice.import(&bob.export(For::Outbox).unwrap()).unwrap();
    let options = Options { persist: Duration::ZERO, ..Options::new(vec![relay.place()]) };
    let go_on = &mut |_: &Progress| ControlFlow::Continue(());
    relay::sync(alice, &options, go_on, &mut Report::default()).unwrap();
    assert_eq!(alice.outbox().unwrap(), 0);
    homes::review(&mut bob, ids[1], "3").unwrap();
    let bundle = bob.export(For::Everything).unwrap();
    drop(session);
    drop(relay);
    copy(&home, &golden().join("home")).unwrap();
    copy(&data, &golden().join("relay")).unwrap();
    std::fs::write(golden().join("reviews.tessera"), bundle).unwrap();
}

#[test]
fn f14_a_home_and_a_bundle_of_this_version_are_opened_and_work_goes_on() {
    let temporary = TempDir::new().unwrap();
    copy(&golden().join("home"), temporary.path()).unwrap();
    let mut session = Session::open(temporary.path(), &Passphrase::new(PASSPHRASE)).unwrap();
    assert!(session.is_demo());
    let alice = session.engine();
    assert_eq!(homes::counted(alice).unwrap(), 1);
    let bytes = std::fs::read(golden().join("reviews.tessera")).unwrap();
    let bundle = read(&bytes).unwrap();
    assert_eq!(bundle.head.programme, alice.programme());
    assert!(bundle.packs.len() > 10);
    for _ in 0..2 {
        alice.import(&bytes).unwrap();
        assert_eq!(homes::counted(alice).unwrap(), 2);
    }
    // The same home writes again, and somebody new reads it.
    let mut carol = homes::enrol(alice, MemoryStore::default(), "carol", Roles::default(), vec![]).unwrap();
    homes::carry(alice, &mut carol).unwrap();
    let ids = homes::publish(alice, 3).unwrap();
    homes::assign(alice, &carol, &ids).unwrap();
    homes::carry(alice, &mut carol).unwrap();
    homes::review(&mut carol, ids[2], "5").unwrap();
    alice.import(&carol.export(For::Outbox).unwrap()).unwrap();
    assert_eq!(homes::counted(alice).unwrap(), 3);
}
