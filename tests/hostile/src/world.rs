//! The people: a coordinator, another one, a reader, each with a real home in a folder, and a member whose program was
//! changed; the real relay that all of them know, and the hostile one before it. What they have done when a test begins is
//! done once, and copied.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tessera_driver::relay::{self, Lend, Options, Progress, Report};
use tessera_driver::session::{Founding, Session};
use tessera_engine::bundle::For;
use tessera_engine::store::MemoryStore;
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::ApplicationId;
use tessera_tests::homes;
use tessera_tests::process::Running;
use tessera_vault::enrol::{About, Relay};
use tessera_vault::passphrase::Passphrase;

use crate::HostileRelay;
use crate::patched::Patched;

/// Everybody's passphrase.
pub const PASSPHRASE: &str = "six words of a list for tests";
/// How many applications everybody who reads is to read.
pub const APPLICATIONS: usize = 3;

/// The people and their relays.
pub struct World {
    /// Where everything is.
    pub folder: TempDir,
    /// The relay behind.
    pub relay: Running,
    /// The relay that everybody talks to.
    pub hostile: HostileRelay,
    /// The coordinator who founded the programme.
    pub alice: Session,
    /// A second coordinator.
    pub carol: Session,
    /// A reader.
    pub bob: Session,
    /// A reader whose program was changed; its first review is everywhere.
    pub mallory: Patched,
    /// What is to be read.
    pub applications: Vec<ApplicationId>,
}

/// What was done once.
struct Template {
    files: Vec<(PathBuf, Vec<u8>)>,
    mallory: MemoryStore,
    applications: Vec<ApplicationId>,
}

fn words() -> Passphrase {
    Passphrase::new(PASSPHRASE)
}

/// How a client exchanges in a test: it waits for nothing that does not come.
#[must_use]
pub fn options(place: Relay) -> Options {
    let second = Duration::from_secs(1);
    Options {
        connect: second * 20,
        silence: second * 60,
        persist: Duration::ZERO,
        ..Options::new(vec![place])
    }
}

/// Exchanges with a relay; the error is its code.
///
/// # Errors
/// As the driver's.
pub fn sync(home: &mut impl Lend, place: Relay) -> Result<Report, &'static str> {
    let mut report = Report::default();
    let go_on = &mut |_: &Progress| ControlFlow::Continue(());
    match relay::sync(home, &options(place), go_on, &mut report) {
        Ok(()) => Ok(report),
        Err(error) => Err(error.code()),
    }
}

impl World {
    /// Everybody as they are when a test begins: all that was said was heard by all.
    ///
    /// # Panics
    /// Where honest people cannot work.
    #[must_use]
    pub fn new() -> Self {
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| Template::make().expect("honest people can work"));
        template.begin().expect("a home that was closed is opened")
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl Template {
    fn make() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name);
        let relay = Running::start(&path("relay"), None);
        let founding = Founding { demo: true, relays: vec![(relay.key, false)] };
        let mut alice = Session::found(&path("alice"), &words(), &founding, |_| Ok(()))?;
        let coordinator = Roles { admin: false, coordinator: true };
        let mut carol = enrol(&mut alice, &path("carol"), coordinator)?;
        let mut bob = enrol(&mut alice, &path("bob"), Roles::default())?;
        let mut mallory = Patched::enrol(alice.engine(), "mallory")?;
        let applications = alice.work(|engine| homes::publish(engine, APPLICATIONS))?;
        let everybody =
            |alice: &mut Session, carol: &mut Session, bob: &mut Session, mallory: &mut Patched| {
                for _ in 0..2 {
                    for home in [&mut *alice, &mut *carol, &mut *bob] {
                        sync(home.engine(), relay.place()).map_err(anyhow::Error::msg)?;
                    }
                    sync(&mut mallory.home, relay.place()).map_err(anyhow::Error::msg)?;
                }
                anyhow::Ok(())
            };
        everybody(&mut alice, &mut carol, &mut bob, &mut mallory)?;
        alice.work(|engine| {
            homes::assign(engine, bob.engine(), &applications)?;
            homes::assign(engine, &mallory.home, &applications)
        })?;
        everybody(&mut alice, &mut carol, &mut bob, &mut mallory)?;
        homes::review(&mut mallory.home, applications[0], "2")?;
        everybody(&mut alice, &mut carol, &mut bob, &mut mallory)?;
        drop((alice, carol, bob, relay));
        let mut files = Vec::new();
        read(folder.path(), Path::new(""), &mut files)?;
        Ok(Self { files, mallory: mallory.home.into_store(), applications })
    }

    fn begin(&self) -> anyhow::Result<World> {
        let folder = tempfile::tempdir()?;
        for (path, bytes) in &self.files {
            let path = folder.path().join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, bytes)?;
        }
        let relay = Running::start(&folder.path().join("relay"), None);
        let hostile = HostileRelay::start(&relay)?;
        let open = |name: &str| Session::open(&folder.path().join(name), &words());
        let (mut alice, mut carol, mut bob) = (open("alice")?, open("carol")?, open("bob")?);
        let mallory = Patched::open(self.mallory.clone(), "mallory")?;
        // So that the hostile relay knows where the log ends.
        for home in [&mut alice, &mut carol, &mut bob] {
            sync(home.engine(), hostile.place()).map_err(anyhow::Error::msg)?;
        }
        let applications = self.applications.clone();
        Ok(World { relay, hostile, alice, carol, bob, mallory, applications, folder })
    }
}

fn enrol(alice: &mut Session, folder: &Path, roles: Roles) -> anyhow::Result<Session> {
    let invitation = alice.work(|engine| engine.invite(roles, "the seminar", Vec::new()))?;
    let (mut session, answer) = Session::enrol(folder, &words(), &invitation, About::default())?;
    alice.work(|engine| {
        let admitted = engine.admit(&answer)?;
        engine.check(admitted.member)
    })?;
    let member = session.engine().member();
    let bundle = alice.work(|engine| engine.export(For::Member(member)))?;
    session.work(|engine| engine.import(&bundle))?;
    Ok(session)
}

/// Everything in a folder, by its path inside; but for what only a running program needs.
fn read(folder: &Path, inside: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder.join(inside))? {
        let entry = entry?;
        let path = inside.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            read(folder, &path, files)?;
        } else if !path.to_string_lossy().ends_with("-shm") {
            files.push((path.clone(), std::fs::read(folder.join(path))?));
        }
    }
    Ok(())
}
