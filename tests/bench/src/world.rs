//! The programme in which the tasks happen: founded, filled and read by forty-two people, all of it at the relay. Who
//! is measured has a home on the disk; the others work in memory, with the same engine and the same exchanges.
//!
//! Nothing here is measured. Each reviewer submits everything in one sitting.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tessera_driver::relay::{self, Options, Report};
use tessera_driver::session::{Founding, Session, os_random};
use tessera_engine::Engine;
use tessera_engine::programme::round;
use tessera_engine::reading::Submission;
use tessera_engine::store::{MemoryStore, Store};
use tessera_engine::{Acts, EngineError};
use tessera_model::documents::{Conflict, Declaration, Manifest};
use tessera_model::programme::Programme;
use tessera_protocol::charter::Roles;
use tessera_protocol::ids::ApplicationId;
use tessera_vault::enrol::{About, Invitation, Relay};
use tessera_vault::identity::DeviceSecret;
use tessera_vault::passphrase::Passphrase;

use crate::material::{DAY, DESK, FRESH, Material, Written, drafts, row};
use crate::measure::{self, Cost};
use crate::proxy::{Passed, Proxy};
use crate::server::Server;
use crate::tasks::How;

/// The round that is read.
pub(crate) const ROUND: &str = "reading";
const PASSPHRASE: &str = "six words that nobody would guess here";
/// Acts in one transaction.
const BATCH: usize = 32;

/// The programs that are measured.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) tessera: PathBuf,
    pub(crate) relay: PathBuf,
}

/// A home on the disk that only the real program opens while it is measured.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) home: PathBuf,
}

/// What one run of a program cost on both sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) client: Cost,
    pub(crate) server_cpu_ms: f64,
    pub(crate) server_rss_mib: f64,
    pub(crate) passed: Passed,
}

/// The programme, its relay and its people.
pub(crate) struct World {
    pub(crate) folder: PathBuf,
    pub(crate) programs: Programs,
    pub(crate) server: Server,
    pub(crate) proxy: Proxy,
    pub(crate) programme: Programme,
    pub(crate) material: Material,
    pub(crate) applications: Vec<ApplicationId>,
    pub(crate) admin: Session,
    /// Homes of those who are measured, by name.
    pub(crate) homes: BTreeMap<String, Place>,
    /// The relay as homes know it: the counted door.
    pub(crate) relay: Relay,
    /// Reviewers who are never measured themselves.
    pub(crate) in_memory: Vec<(Engine<MemoryStore>, String)>,
    passphrase: PathBuf,
    start: Instant,
}

impl World {
    /// Makes everything in an empty folder.
    pub(crate) fn make(folder: &Path, programs: Programs, material: Material, how: How) -> Result<Self> {
        let server = Server::start(&programs.relay, folder.join("relay"))?;
        let proxy = Proxy::open(server.address)?;
        let url = format!("http://{}", proxy.address);
        let relay = Relay { url: url.as_str().try_into()?, key: server.key };
        let mut programme = Programme::parse(include_str!("../programme.toml"))
            .map_err(|error| anyhow::anyhow!("the programme of the benchmarks: {error}"))?;
        programme.demo = how.cheap;
        let founding = Founding { demo: how.cheap, relays: vec![(relay.key, false)] };
        let admin = Session::found(&folder.join("admin"), &words(), &founding, |engine| {
            engine.together(|acts| {
                acts.set_relays(vec![relay.clone()])?;
                acts.publish(&programme, "")?;
                acts.hand_over()
            })
        })?;
        let passphrase = folder.join("passphrase");
        std::fs::write(&passphrase, PASSPHRASE)?;
        let mut world = Self {
            folder: folder.to_owned(),
            programs,
            server,
            proxy,
            programme,
            material,
            applications: Vec::new(),
            admin,
            homes: BTreeMap::new(),
            relay,
            in_memory: Vec::new(),
            passphrase,
            start: Instant::now(),
        };
        world.fill(!how.cold_only)?;
        Ok(world)
    }

    fn fill(&mut self, each_change: bool) -> Result<()> {
        self.take_applications()?;
        self.tell("applications are in");
        let mut in_memory = Vec::new();
        let mut on_disk = Vec::new();
        for name in self.material.reviews.keys().cloned().collect::<Vec<_>>() {
            if [DAY, DESK, FRESH].contains(&name.as_str()) {
                on_disk.push((self.enrol_home(&name, Roles::default())?, name));
            } else {
                in_memory.push((self.enrol_in_memory()?, name));
            }
        }
        self.assign(&in_memory, &mut on_disk)?;
        sync(&mut self.admin)?;
        self.tell("everybody has an assignment");
        for (engine, name) in &mut in_memory {
            let relays = vec![self.relay.clone()];
            exchange(engine, relays.clone())?;
            engine.together(|acts| self.review_all(acts, name, false))?;
            exchange(engine, relays)?;
        }
        self.in_memory = in_memory;
        for (mut session, name) in on_disk {
            session.work(|engine| engine.set_desk_backup(name == DESK))?;
            sync(&mut session)?;
            session.together(|acts| self.review_all(acts, &name, each_change))?;
            sync(&mut session)?;
        }
        self.tell("everything is reviewed");
        sync(&mut self.admin)?;
        self.tell("the first coordinator has everything");
        Ok(())
    }

    fn take_applications(&mut self) -> Result<()> {
        for batch in self.material.applications.chunks(BATCH) {
            let (programme, taken) = (&self.programme, &mut self.applications);
            self.admin.together(|acts| {
                for application in batch {
                    let row = row(application);
                    taken.push(acts.take_application(programme, &row, &Manifest::default())?.0);
                }
                acts.hand_over()
            })?;
        }
        Ok(())
    }

    fn assign(
        &mut self,
        in_memory: &[(Engine<MemoryStore>, String)],
        on_disk: &mut [(Session, String)],
    ) -> Result<()> {
        let in_round = self.programme.round(ROUND).context("the round")?;
        let members = in_memory.iter().map(|(engine, name)| (engine.member(), name));
        let members =
            members.chain(on_disk.iter_mut().map(|(session, name)| (session.engine().member(), &*name)));
        let mut all = Vec::new();
        for (member, name) in members {
            for (place, written) in (1..).zip(&self.material.reviews[name]) {
                all.push((member, self.applications[written.application], place));
            }
        }
        for batch in all.chunks(BATCH) {
            let programme = &self.programme;
            self.admin.together(|acts| {
                for (member, application, place) in batch {
                    acts.assign(programme, *member, *application, in_round, *place)?;
                }
                acts.hand_over()
            })?;
        }
        Ok(())
    }

    /// Writes and submits every review of somebody, with each change of each draft or with the last draft alone. Nobody
    /// but its author ever sees a draft, so that what others get is the same.
    fn review_all(&self, acts: &mut Acts<'_>, name: &str, each_change: bool) -> Result<(), EngineError> {
        for Written { application, review } in &self.material.reviews[name] {
            let application = self.applications[*application];
            let none = Conflict { declaration: Some(Declaration::None), ..Conflict::default() };
            acts.declare(application, &none)?;
            let drafts = drafts(review).map_err(|error| EngineError::BadInput(error.to_string()))?;
            let skipped = if each_change { 0 } else { drafts.len() - 1 };
            for draft in &drafts[skipped..] {
                acts.save_draft(application, round(ROUND), draft)?;
            }
            self.submit(acts, application, None)?;
        }
        acts.hand_over()
    }

    /// Submits a draft; anything but a submission is an error.
    pub(crate) fn submit(
        &self,
        acts: &mut Acts<'_>,
        application: ApplicationId,
        reason: Option<&str>,
    ) -> Result<(), EngineError> {
        match acts.submit(&self.programme, application, ROUND, reason)? {
            Submission::Submitted { .. } => Ok(()),
            other => Err(EngineError::BadInput(format!("a review of the workload came to {other:?}"))),
        }
    }

    fn invitation(&mut self, roles: Roles) -> Result<Invitation> {
        let relays = vec![self.relay.clone()];
        Ok(self.admin.work(|engine| engine.invite(roles, "Spring 2027", relays))?)
    }

    fn admit(&mut self, answer: &[u8]) -> Result<()> {
        Ok(self.admin.work(|engine| {
            let admitted = engine.admit(answer)?;
            engine.check(admitted.member)
        })?)
    }

    fn enrol_in_memory(&mut self) -> Result<Engine<MemoryStore>> {
        let invitation = self.invitation(Roles::default())?;
        let secret = DeviceSecret::generate(&mut os_random());
        let (engine, answer) =
            Engine::enrol(MemoryStore::new(), secret, os_random(), &invitation, About::default())?;
        self.admit(&answer)?;
        Ok(engine)
    }

    /// Enrols somebody with a home on the disk, which is open.
    pub(crate) fn enrol_home(&mut self, name: &str, roles: Roles) -> Result<Session> {
        let invitation = self.invitation(roles)?;
        let place = self.place(name);
        let (session, answer) = Session::enrol(&place.home, &words(), &invitation, About::default())?;
        self.admit(&answer)?;
        Ok(session)
    }

    /// Where a home is, or will be.
    pub(crate) fn place(&mut self, name: &str) -> Place {
        let home = self.folder.join("homes").join(name);
        self.homes.entry(name.to_owned()).or_insert(Place { home }).clone()
    }

    /// Opens a home on the disk.
    pub(crate) fn open(&mut self, name: &str) -> Result<Session> {
        Ok(Session::open(&self.place(name).home, &words())?)
    }

    /// Runs `tessera sync` in a home and counts everything.
    pub(crate) fn measure_sync(&mut self, name: &str) -> Result<Measured> {
        let place = self.place(name);
        let (before, clock) = (self.proxy.passed(), self.server.clock()?);
        self.server.forget_peak()?;
        let ran = self.tessera(&place, &["sync"], &self.passphrase)?;
        ensure!(ran.cost.status == Some(0), "tessera sync: {:?} {}", ran.cost.status, ran.stderr);
        let said: Value = serde_json::from_str(&ran.stdout).context("what tessera sync said")?;
        ensure!(said["rows"][0]["outbox"] == 0 && said["rows"][0]["refused"] == 0, "tessera sync: {said}");
        let measured = Measured {
            client: ran.cost,
            server_cpu_ms: self.server.clock()?.since_ms(&clock),
            server_rss_mib: self.server.peak_mib()?,
            passed: self.proxy.passed().since(before),
        };
        let Passed { up, down, .. } = measured.passed;
        ensure!(up > 0 && down > 0, "nothing passed the counted socket");
        self.tell(&format!(
            "{name} sent {up} and received {down} bytes; CPU ms: {:.0} client, {:.1} relay",
            measured.client.cpu_ms, measured.server_cpu_ms
        ));
        Ok(measured)
    }

    /// What a home says to support.
    pub(crate) fn report(&mut self, name: &str) -> Result<Value> {
        let place = self.place(name);
        let ran = self.tessera(&place, &["report"], &self.passphrase)?;
        ensure!(ran.cost.status == Some(0), "tessera report: {:?} {}", ran.cost.status, ran.stderr);
        serde_json::from_str(&ran.stdout).context("what tessera report said")
    }

    /// What deriving the key of a home costs: the same command with a passphrase that is not the home's.
    pub(crate) fn measure_key(&mut self, name: &str) -> Result<Cost> {
        let place = self.place(name);
        let wrong = self.folder.join("another-passphrase");
        std::fs::write(&wrong, "six words of somebody else")?;
        let ran = self.tessera(&place, &["sync"], &wrong)?;
        ensure!(ran.cost.status == Some(6), "a wrong passphrase: {:?} {}", ran.cost.status, ran.stderr);
        Ok(ran.cost)
    }

    fn tessera(&self, place: &Place, verb: &[&str], passphrase: &Path) -> Result<measure::Ran> {
        let mut arguments: Vec<OsString> = vec!["--home".into(), place.home.clone().into()];
        arguments.extend(["--passphrase-file".into(), passphrase.into(), "--json".into()]);
        arguments.extend(verb.iter().map(OsString::from));
        measure::run(&self.folder, &self.programs.tessera, &arguments)
    }

    /// Says on stderr how far it is.
    #[expect(clippy::print_stderr, reason = "progress, for whoever waits")]
    pub(crate) fn tell(&self, what: &str) {
        eprintln!(
            "{:8.1} s  {:>5} applications: {what}",
            self.start.elapsed().as_secs_f64(),
            self.applications.len()
        );
    }
}

/// The passphrase of all homes.
pub(crate) fn words() -> Passphrase {
    Passphrase::new(PASSPHRASE)
}

/// Exchanges until nothing is left, without being measured.
pub(crate) fn sync(session: &mut Session) -> Result<()> {
    let relays = session.together(|acts| acts.relays())?;
    let mut result = Ok(());
    session.work(|engine| {
        result = exchange(engine, relays).map(drop);
        Ok(())
    })?;
    result
}

/// As [`sync`], of an engine alone; gives what came of it.
pub(crate) fn exchange<S: Store>(engine: &mut Engine<S>, relays: Vec<Relay>) -> Result<Report> {
    let mut report = Report::default();
    relay::sync(engine, &Options::new(relays), &mut |_| ControlFlow::Continue(()), &mut report)?;
    ensure!(report.outbox == 0 && report.refused == 0, "an exchange left something: {report:?}");
    Ok(report)
}
