//! F04: the disk fails under a home while a reader works: the n-th write, sync or opening, for every n. The disk is
//! `tessera-crash`, below SQLCipher; the store is the product's own. What fails is said in words and changes nothing that was
//! shown as saved; on a full disk the home still opens, reads and gives away what it has; with room again the same act
//! succeeds.
//!
//! `TESSERA_FAULTS` says how many moments are tried of each kind, spread over the day; `make soak` tries all.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells what it measured and ends where it cannot go on"
)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use tempfile::TempDir;
use tessera_crash::{Disk, Fault, install};
use tessera_engine::bundle::{For, read};
use tessera_engine::programme::round;
use tessera_engine::reading::WorkState;
use tessera_engine::store::{MemoryStore, SqlcipherStore};
use tessera_engine::{Engine, EngineError};
use tessera_model::documents::{Answer, Draft};
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::ApplicationId;
use tessera_tests::homes::{self, READING};
use tessera_vault::identity::DeviceSecret;

const STORE_KEY: [u8; 32] = [9; 32];

type Home = Engine<SqlcipherStore>;

/// A reader's home before the day, on a disk, and what the day brings.
struct Morning {
    folder: TempDir,
    alice: MemoryStore,
    /// A bundle with one more assignment.
    bundle: Vec<u8>,
    ids: Vec<ApplicationId>,
}

/// The acts of the day, in order.
const ACTS: [&str; 5] = ["draft", "review", "import", "amend", "export"];

impl Morning {
    fn new() -> Self {
        let folder = tessera_crash::folder().unwrap();
        let relay = tessera_protocol::signature::PublicKey::from_bytes(
            &ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes(),
        );
        let mut alice = homes::found(MemoryStore::default(), "alice", relay.unwrap()).unwrap();
        let store = SqlcipherStore::create(&folder.path().join("bob.db"), &STORE_KEY).unwrap();
        let mut bob = homes::enrol(&mut alice, store, "bob", Roles::default(), vec![]).unwrap();
        homes::carry(&mut alice, &mut bob).unwrap();
        let ids = homes::publish(&mut alice, 2).unwrap();
        homes::assign(&mut alice, &bob, &ids[..1]).unwrap();
        homes::carry(&mut alice, &mut bob).unwrap();
        homes::assign(&mut alice, &bob, &ids).unwrap();
        let bundle = alice.export(For::Member(bob.member())).unwrap();
        Self { folder, alice: alice.into_store(), bundle, ids }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("bob.db")
    }

    /// A copy of the home, to be spoilt.
    fn copy(&self, folder: &Path) -> PathBuf {
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let from = entry.unwrap().path();
            std::fs::copy(&from, folder.join(from.file_name().unwrap())).unwrap();
        }
        folder.join(self.path().file_name().unwrap())
    }

    fn act(&self, home: &mut Home, act: &str) -> Result<(), EngineError> {
        match act {
            "draft" => home.together(|acts| acts.save_draft(self.ids[0], round(READING), &draft())).map(drop),
            "review" => homes::review(home, self.ids[0], "4").map(drop),
            "import" => match home.import(&self.bundle)?.unread {
                true => home.digest().map(drop),
                false => Ok(()),
            },
            "amend" => homes::amend(home, self.ids[0], "5").map(drop),
            _ => home.export(For::Outbox).map(drop),
        }
    }

    /// Whether what somebody was told after an act is there.
    fn holds(&self, home: &mut Home, act: &str) -> bool {
        let mut task = |id| home.together(|acts| acts.task(id, round(READING))).unwrap();
        let first = task(self.ids[0]).unwrap();
        match act {
            "draft" => first.draft.is_some(),
            "review" => first.review.is_some() && first.state.is_some(),
            "import" => task(self.ids[1]).is_some(),
            "amend" => first.review.is_some_and(|review| review.value.revision == 2),
            _ => first.state.is_some_and(|state| state >= WorkState::InOutbox),
        }
    }
}

fn draft() -> Draft {
    let score = Answer::Score("2".parse().unwrap());
    let programme = homes::programme();
    let key = programme.scored().next().unwrap().key.to_string();
    Draft { answers: [(key, score)].into(), overall: "Half a thought".into(), ..Draft::default() }
}

fn open(path: &Path) -> Result<Home, EngineError> {
    let secret = DeviceSecret::generate(&mut *homes::dice("bob secret"));
    let store = SqlcipherStore::open(path, &STORE_KEY)?;
    let mut home = Engine::open(store, secret, homes::dice(&format!("{}", path.display())))?;
    home.set_worker(Box::new(homes::Inline));
    Ok(home)
}

/// A refusal by the disk, in words and with a code of its own.
#[track_caller]
fn in_words(error: &EngineError, fault: Fault) {
    let expected: &[&str] = match fault {
        Fault::Full => &["disk-full"],
        Fault::Broken | Fault::NoHandles => &["disk"],
    };
    assert!(expected.contains(&error.code()), "{}: {error}", error.code());
    assert!(!error.to_string().is_empty());
}

/// The day with one fault; false where it came after the day.
fn day(morning: &Morning, disk: &Disk, fault: Fault, stays: bool, n: usize) -> bool {
    let folder = tessera_crash::folder().unwrap();
    let path = morning.copy(folder.path());
    let mut home = open(&path).unwrap();
    disk.fail(n, fault, stays);
    let failed = ACTS.iter().position(|act| match morning.act(&mut home, act) {
        Ok(()) => false,
        Err(error) => {
            in_words(&error, fault);
            true
        }
    });
    let here = format!("{fault:?} {n}, stays {stays}, at {:?}", failed.map(|at| ACTS[at]));
    let told = &ACTS[..failed.unwrap_or(ACTS.len())];
    // Whoever goes on reading sees what was saved.
    for act in told {
        assert!(morning.holds(&mut home, act), "{here}: {act} is not shown");
    }
    // The program ends and starts again while the fault is still there.
    drop(home);
    match open(&path) {
        Ok(mut home) => {
            for act in told {
                assert!(morning.holds(&mut home, act), "{here}: {act} is gone");
            }
            // What it has can be taken away.
            let bundle = home.export(For::Everything).unwrap_or_else(|error| panic!("{here}: {error}"));
            assert!(!read(&bundle).unwrap().packs.is_empty());
        }
        Err(error) => {
            in_words(&error, fault);
            assert!(stays && fault != Fault::Full, "{here}: {error}");
        }
    }
    if disk.mend() == 0 {
        assert_eq!(failed, None, "{here}");
        return false;
    }
    // Room again: the same act succeeds, and the day goes on.
    let mut home = open(&path).unwrap();
    for act in &ACTS[failed.unwrap_or(ACTS.len() - 1)..] {
        morning.act(&mut home, act).unwrap_or_else(|error| panic!("{here}: {act}: {error}"));
    }
    for act in ACTS {
        assert!(morning.holds(&mut home, act), "{here}: {act} in the evening");
    }
    assert_eq!(home.verify().unwrap().differences, [], "{here}");
    let secret = DeviceSecret::generate(&mut *homes::dice("alice secret"));
    let mut alice = Engine::open(morning.alice.clone(), secret, homes::dice("alice in the evening")).unwrap();
    alice.set_worker(Box::new(homes::Inline));
    alice.import(&home.export(For::Outbox).unwrap()).unwrap();
    assert_eq!(homes::counted(&mut alice).unwrap(), 1, "{here}");
    true
}

#[test]
fn f04_the_disk_fails_at_any_moment_of_a_readers_day() {
    let disk = install();
    let morning = Morning::new();
    let most: usize = std::env::var("TESSERA_FAULTS").map_or(6, |text| text.parse().expect("a number"));
    let begun = Instant::now();
    let mut tried = Vec::new();
    for (fault, stays) in [
        (Fault::Full, false),
        (Fault::Full, true),
        (Fault::Broken, false),
        (Fault::Broken, true),
        (Fault::NoHandles, true),
    ] {
        // How many moments there are, by doubling; then as many as are wanted, spread over them.
        let mut end = 1;
        while day(&morning, &disk, fault, stays, end) {
            end *= 2;
        }
        let step = (end / most).max(1);
        let moments = (1..end).step_by(step).take_while(|n| day(&morning, &disk, fault, stays, *n)).count();
        tried.push(moments);
    }
    println!(
        "figure: a disk that fails, a reader's day: {tried:?} moments of full once, full, broken once, broken, without handles; \
         nothing saved was lost; {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    assert!(tried.iter().all(|moments| *moments > 0), "{tried:?}");
}
