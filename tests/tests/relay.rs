//! The real relay in a process of its own, and real homes in folders: the whole way of a review with its files, and
//! what happens where one side is killed, restored or lied to.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells what it measured and ends where it cannot go on"
)]

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use tempfile::TempDir;
use tessera_driver::relay::{self, Options, Phase, Progress, Report, typed};
use tessera_driver::session::{Founding, Session};
use tessera_engine::EngineError;
use tessera_engine::attachments::Fetch;
use tessera_engine::bundle::For;
use tessera_engine::notices::Notice;
use tessera_engine::reading::{Submission, WorkState};
use tessera_protocol::charter::{Change, Roles};
use tessera_tests::homes;
use tessera_tests::process::{Running, pem, program};
use tessera_tests::sim::dice::Dice;
use tessera_vault::enrol::{About, Relay};
use tessera_vault::passphrase::Passphrase;

const PASSPHRASE: &str = "six words of a list for tests";

fn words() -> Passphrase {
    Passphrase::new(PASSPHRASE)
}

struct World {
    folder: TempDir,
    relay: Running,
    alice: Session,
    bob: Session,
}

/// A coordinator and a reader with homes on the disk and a relay that both know.
fn world(tls: Option<&'static str>) -> World {
    let folder = tempfile::tempdir().unwrap();
    let relay = Running::start(&folder.path().join("relay"), tls);
    let place = relay.place();
    let founding = Founding { demo: true, relays: vec![(relay.key, false)] };
    let mut alice = Session::found(&folder.path().join("alice"), &words(), &founding, |engine| {
        engine.together(|acts| acts.set_relays(vec![place.clone()]).map(drop))
    })
    .unwrap();
    let bob = enrol(&mut alice, &folder.path().join("bob"), Roles::default(), std::slice::from_ref(&place));
    let mut world = World { folder, relay, alice, bob };
    sync(&mut world.alice).unwrap();
    sync(&mut world.bob).unwrap();
    world
}

fn enrol(alice: &mut Session, folder: &Path, roles: Roles, places: &[Relay]) -> Session {
    let invitation = alice.work(|engine| engine.invite(roles, "the seminar", places.to_vec())).unwrap();
    let (session, answer) = Session::enrol(folder, &words(), &invitation, About::default()).unwrap();
    alice
        .work(|engine| {
            let admitted = engine.admit(&answer)?;
            engine.check(admitted.member)
        })
        .unwrap();
    session
}

fn options(session: &mut Session) -> Options {
    let relays = session.together(|acts| acts.relays()).unwrap();
    Options {
        connect: Duration::from_secs(20),
        silence: Duration::from_secs(60),
        persist: Duration::ZERO,
        roots: Some(pem("authority.pem")),
        ..Options::new(relays)
    }
}

fn sync(session: &mut Session) -> Result<Report, &'static str> {
    let options = options(session);
    sync_with(session, &options, &mut |_| ControlFlow::Continue(()))
}

fn sync_with(
    session: &mut Session,
    options: &Options,
    tell: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Report, &'static str> {
    let mut report = Report::default();
    let mut result = Ok(());
    session
        .work(|engine| {
            result = relay::sync(engine, options, tell, &mut report);
            Ok(())
        })
        .unwrap();
    result.map(|()| report).map_err(|error| {
        println!("{}: {error:?}", error.code());
        error.code()
    })
}

fn file(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rand_core::Rng::fill_bytes(&mut Dice::new(7, "a file"), &mut bytes);
    bytes
}

fn counted(session: &mut Session) -> usize {
    session.work(homes::counted).unwrap()
}

#[test]
fn a_review_and_its_files_go_through_the_real_relay() {
    let mut world = world(None);
    let contents = file(300_000);
    let application = world
        .alice
        .work(|engine| {
            let id = homes::publish_with_file(engine, "A001", &contents)?;
            Ok(id)
        })
        .unwrap();
    let (alice, bob) = (&mut world.alice, &mut world.bob);
    alice.work(|engine| homes::assign(engine, bob.engine(), &[application])).unwrap();
    let sent = sync(alice).unwrap();
    assert_eq!((sent.outbox, sent.attachments_sent), (0, 1), "{sent:?}");
    assert_eq!(sync(alice).unwrap().attachments_sent, 0, "once is enough");
    let received = sync(bob).unwrap();
    assert_eq!((received.attachments_received, received.damaged_attachments), (1, 0), "{received:?}");
    assert!(bob.work(|engine| homes::open_file(engine, application)).unwrap() == contents);
    let submitted = bob.work(|engine| homes::review(engine, application, "4")).unwrap();
    assert_eq!(submitted, Submission::Submitted { revision: 1 });
    assert_eq!(sync(bob).unwrap().outbox, 0);
    sync(alice).unwrap();
    assert_eq!(counted(alice), 1);
    sync(bob).unwrap();
    let tasks = bob.together(|acts| acts.tasks()).unwrap();
    assert_eq!(tasks[0].state, Some(WorkState::OpenedByCoordinator));
    // A second coordinator fetches what is there, and everything only where everything is wanted.
    let roles = Roles { admin: false, coordinator: true };
    let place = world.relay.place();
    let mut carol = enrol(alice, &world.folder.path().join("carol"), roles, std::slice::from_ref(&place));
    sync(alice).unwrap();
    let quiet = sync(&mut carol).unwrap();
    assert_eq!((counted(&mut carol), quiet.attachments_received), (1, 0));
    let everything = Options { fetch: Fetch::Everything, ..options(&mut carol) };
    let more = sync_with(&mut carol, &everything, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(more.attachments_received, 1);
    assert!(carol.work(|engine| homes::open_file(engine, application)).unwrap() == contents);

    for (name, session) in [("coordinator", alice), ("reader", bob)] {
        sync(session).unwrap();
        let idle = sync(session).unwrap();
        println!("t3 {name}: {} + {} bytes", idle.bytes_sent, idle.bytes_received);
        assert_eq!(idle.exchanges, 1);
        assert!(idle.bytes_sent + idle.bytes_received <= 500, "{idle:?}");
    }
}

#[test]
fn f22_a_relay_killed_in_the_middle_of_a_file_goes_on_where_it_stopped() {
    let mut world = world(None);
    let contents = file(16 << 20);
    let (alice, bob) = (&mut world.alice, &mut world.bob);
    let application = alice.work(|engine| homes::publish_with_file(engine, "A001", &contents)).unwrap();
    alice.work(|engine| homes::assign(engine, bob.engine(), &[application])).unwrap();
    let relay = RefCell::new(&mut world.relay);
    for (session, up) in [(&mut *alice, true), (&mut *bob, false)] {
        let patient = Options { persist: Duration::from_secs(60), ..options(session) };
        let (mut killed, mut waited, mut told) = (0, 0, 0);
        let mut tell = |progress: &Progress| {
            waited += u64::from(progress.phase == Phase::Waiting);
            told += u64::from(progress.phase == Phase::Attachments);
            if progress.phase == Phase::Attachments && told % 5 == 4 && killed < 3 {
                relay.borrow_mut().restart();
                killed += 1;
            }
            ControlFlow::Continue(())
        };
        let report = sync_with(session, &patient, &mut tell).unwrap();
        let bytes = if up { report.bytes_sent } else { report.bytes_received };
        println!("killed {killed} times, {bytes} bytes for {}", contents.len());
        assert!(killed == 3 && waited >= 3, "it was cut: {killed}, {waited}");
        // What was on its way each time, and what stood in the sockets; never the whole again.
        assert!(bytes < 2 * contents.len() as u64, "{report:?}");
    }
    assert!(bob.work(|engine| homes::open_file(engine, application)).unwrap() == contents);
}

#[test]
fn i06_f08_a_relay_rolled_back_to_yesterday_is_filled_again_and_nothing_is_lost() {
    let mut world = world(None);
    let (alice, bob) = (&mut world.alice, &mut world.bob);
    let contents = file(50_000);
    let ids = alice
        .work(|engine| {
            let mut ids = homes::publish(engine, 4)?;
            ids.push(homes::publish_with_file(engine, "A009", &contents)?);
            Ok(ids)
        })
        .unwrap();
    alice.work(|engine| homes::assign(engine, bob.engine(), &ids)).unwrap();
    sync(alice).unwrap();
    sync(bob).unwrap();
    bob.work(|engine| homes::review(engine, ids[0], "4")).unwrap();
    sync(bob).unwrap();
    let copy = world.folder.path().join("yesterday");
    let data = world.relay.data.clone();
    let verb = |arguments: &[&str]| {
        let done = Command::new(program()).args(arguments).arg("--data").arg(&data).output();
        assert!(done.as_ref().is_ok_and(|done| done.status.success()), "{done:?}");
    };
    verb(&["backup", copy.to_str().unwrap()]);
    bob.work(|engine| homes::review(engine, ids[1], "3")).unwrap();
    sync(bob).unwrap();
    sync(alice).unwrap();
    bob.work(|engine| homes::review(engine, ids[2], "2")).unwrap();
    world.relay.kill();
    verb(&["restore", copy.to_str().unwrap()]);
    let listening = world.relay.listening.clone();
    world.relay = Running::start_at(&data, None, &listening);
    for _ in 0..2 {
        sync(bob).unwrap();
        sync(alice).unwrap();
    }
    assert_eq!(counted(alice), 3);
    for session in [&mut *alice, bob] {
        let told = session.work(|engine| engine.notices()).unwrap();
        assert!(told.iter().any(|notice| matches!(notice, Notice::RelayRestored { .. })), "{told:?}");
    }
    // Somebody new gets everything from the restored relay alone.
    let roles = Roles { admin: false, coordinator: true };
    let mut carol = enrol(alice, &world.folder.path().join("carol"), roles, &[world.relay.place()]);
    sync(alice).unwrap();
    let everything = Options { fetch: Fetch::Everything, ..options(&mut carol) };
    sync_with(&mut carol, &everything, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(counted(&mut carol), 3);
    assert!(carol.work(|engine| homes::open_file(engine, ids[4])).unwrap() == contents);
}

#[test]
fn f09_a_lost_relay_is_filled_again_from_nothing_but_its_key() {
    let mut world = world(None);
    let (alice, bob) = (&mut world.alice, &mut world.bob);
    let ids = alice.work(|engine| homes::publish(engine, 3)).unwrap();
    alice.work(|engine| homes::assign(engine, bob.engine(), &ids)).unwrap();
    sync(alice).unwrap();
    sync(bob).unwrap();
    bob.work(|engine| homes::review(engine, ids[0], "4")).unwrap();
    sync(bob).unwrap();
    sync(alice).unwrap();
    world.relay.kill();
    let data = world.relay.data.clone();
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("relay.db")) {
            std::fs::remove_file(path).unwrap();
        }
    }
    let listening = world.relay.listening.clone();
    world.relay = Running::start_at(&data, None, &listening);
    // A reviewer first: he too holds the charter.
    bob.work(|engine| homes::review(engine, ids[1], "3")).unwrap();
    for _ in 0..2 {
        sync(bob).unwrap();
        sync(alice).unwrap();
    }
    assert_eq!(counted(alice), 2);
    let roles = Roles { admin: false, coordinator: true };
    let mut carol = enrol(alice, &world.folder.path().join("carol"), roles, &[world.relay.place()]);
    sync(alice).unwrap();
    sync(&mut carol).unwrap();
    assert_eq!(counted(&mut carol), 2);
}

/// Carries on a stick what a member may read.
fn carry(from: &mut Session, to: &mut Session) {
    let member = to.engine().member();
    let bundle = from.work(|engine| engine.export(For::Member(member))).unwrap();
    to.work(|engine| engine.import(&bundle)).unwrap();
}

#[test]
fn a_relay_that_comes_after_the_members_is_found_by_them() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Running::start(&folder.path().join("relay"), None);
    let founding = Founding { demo: true, relays: Vec::new() };
    let mut alice = Session::found(&folder.path().join("alice"), &words(), &founding, |_| Ok(())).unwrap();
    let mut bob = enrol(&mut alice, &folder.path().join("bob"), Roles::default(), &[]);
    carry(&mut alice, &mut bob);
    assert!(bob.together(|acts| acts.relays()).unwrap().is_empty());

    let told = alice.together(|acts| acts.set_relay(relay.place())).unwrap();
    assert!(told, "a coordinator tells every member");
    carry(&mut alice, &mut bob);
    assert!(bob.together(|acts| acts.relays()).unwrap().is_empty(), "the charter does not name its key");
    alice
        .work(|engine| engine.amend_charter(vec![Change::AddRelay { key: relay.key, spare: false }]))
        .unwrap();
    carry(&mut alice, &mut bob);
    assert_eq!(bob.together(|acts| acts.relays()).unwrap(), [relay.place()]);
    sync(&mut alice).unwrap();
    sync(&mut bob).unwrap();
    assert!(!bob.together(|acts| acts.set_relay(relay.place())).unwrap(), "a reader tells nobody");
}

#[test]
fn a_relay_that_moves_is_found_at_its_new_address() {
    let World { folder, relay, mut alice, mut bob } = world(None);
    let data = relay.data.clone();
    let before = relay.place();
    drop(relay);
    let relay = Running::start(&data, None);
    let now = relay.place();
    assert_ne!(before, now);
    assert!(sync(&mut bob).is_err());
    alice.together(|acts| acts.set_relay(now.clone())).unwrap();
    sync(&mut alice).unwrap();
    carry(&mut alice, &mut bob);
    assert_eq!(
        bob.together(|acts| acts.relays()).unwrap(),
        [now, before],
        "the invitation's address comes last"
    );
    sync(&mut bob).unwrap();
    drop(folder);
}

#[test]
fn a_relay_says_its_key_and_an_address_is_kept_where_it_answers() {
    let World { folder, relay, mut alice, .. } = world(Some("good.pem"));
    let wait = Duration::from_secs(20);
    let roots = pem("authority.pem");
    let place = relay.place();
    assert_eq!(typed::says(&place.url, Some(&roots), wait).unwrap(), Some(place.key));
    let unknown = typed::says(&place.url, None, wait).unwrap_err();
    assert_eq!(unknown.code(), "certificate", "nobody vouches for this authority");
    let reached = |alice: &mut Session| alice.together(|acts| acts.known_relays()).unwrap()[0].reached_ms;
    assert!(reached(&mut alice).is_some());

    let data = relay.data.clone();
    drop(relay);
    let gone = typed::says(&place.url, Some(&roots), wait).unwrap_err();
    assert_eq!(gone.code(), "unreachable");
    let settle = |alice: &mut Session, place: &Relay| {
        let options = options(alice);
        let mut told = Ok(false);
        alice
            .work(|engine| {
                told = relay::settle(engine, place, &options, &mut |_| ControlFlow::Continue(()));
                Ok(())
            })
            .unwrap();
        told.map_err(|error| error.code())
    };
    assert_eq!(settle(&mut alice, &place), Err("unreachable"));
    let relay = Running::start(&data, Some("good.pem"));
    let now = relay.place();
    assert_eq!(settle(&mut alice, &now), Ok(true), "a coordinator tells every member");
    assert_eq!(alice.together(|acts| acts.relays()).unwrap()[0], now);
    sync(&mut alice).unwrap();
    drop(folder);
}

#[test]
fn f16_an_attachment_damaged_here_comes_again_from_the_relay() {
    let mut world = world(None);
    let (alice, bob) = (&mut world.alice, &mut world.bob);
    let contents = file(100_000);
    let id = alice.work(|engine| homes::publish_with_file(engine, "A001", &contents)).unwrap();
    alice.work(|engine| homes::assign(engine, bob.engine(), &[id])).unwrap();
    sync(alice).unwrap();
    sync(bob).unwrap();
    bob.work(|engine| {
        use tessera_engine::store::{Store, Table};
        engine.store().transaction::<_, EngineError>(|tx| {
            let (key, mut piece) = tx.scan(Table::AttachmentBytes, &[], None, 1)?.remove(0);
            piece[77] ^= 4;
            Ok(tx.put(Table::AttachmentBytes, &key, &piece)?)
        })
    })
    .unwrap();
    let damaged = bob.engine().attachments().unwrap().remove(0);
    let result = homes::open_file(bob.engine(), id);
    assert!(
        matches!(result, Err(EngineError::DamagedAttachment(named)) if named == damaged.id),
        "{result:?}"
    );
    assert_eq!(sync(bob).unwrap().attachments_received, 1);
    assert!(homes::open_file(bob.engine(), id).unwrap() == contents);
}

#[test]
fn a_budget_lets_through_what_fits_and_says_what_waits() {
    let mut world = world(None);
    let (alice, bob) = (&mut world.alice, &mut world.bob);
    let ids = alice.work(|engine| homes::publish(engine, 12)).unwrap();
    alice.work(|engine| homes::assign(engine, bob.engine(), &ids)).unwrap();
    sync(alice).unwrap();
    let whole = {
        let options = options(bob);
        let mut plan = None;
        bob.work(|engine| {
            let go_on = &mut |_: &Progress| ControlFlow::Continue(());
            plan = Some(relay::plan(engine, &options, go_on).map_err(|error| error.code()));
            Ok(())
        })
        .unwrap();
        plan.unwrap().unwrap()
    };
    assert!(whole.receive_packs > 3, "{whole:?}");
    let small = Options { budget_bytes: Some(whole.receive_bytes / 2), ..options(bob) };
    let first = sync_with(bob, &small, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(first.new > 0 && first.left_packs > 0, "{first:?}");
    assert!(first.new < whole.receive_packs);
    let rest = sync(bob).unwrap();
    assert_eq!((rest.left_packs, rest.outbox), (0, 0));
    assert_eq!(bob.together(|acts| acts.tasks()).unwrap().len(), 12);
}

#[test]
fn i10_a_certificate_out_of_date_is_let_pass_where_the_relay_itself_signs() {
    let mut good = world(Some("good.pem"));
    let report = sync(&mut good.alice).unwrap();
    assert!(!report.clock_off);
    for dates in ["expired.pem", "early.pem"] {
        let mut world = world(Some(dates));
        let ids = world.alice.work(|engine| homes::publish(engine, 1)).unwrap();
        world.alice.work(|engine| homes::assign(engine, world.bob.engine(), &ids)).unwrap();
        let report = sync(&mut world.alice).unwrap();
        assert!(report.clock_off && report.outbox == 0, "{dates}: {report:?}");
        // The same server, and a relay's key that is not its own: nothing of it is believed.
        let mut wrong = world.relay.place();
        wrong.key = good.relay.key;
        let options = Options { relays: vec![wrong], ..options(&mut world.alice) };
        let error = sync_with(&mut world.alice, &options, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert!(["clock", "not-admitted"].contains(&error), "{error}");
    }
    // Without the authority, dates are not the only thing that is wrong.
    let options = Options { roots: None, ..options(&mut good.alice) };
    let error = sync_with(&mut good.alice, &options, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error, "certificate");
    // Another host's name, on the same certificate.
    let mut elsewhere = good.relay.place();
    let port = good.relay.listening.rsplit(':').next().unwrap();
    elsewhere.url = format!("https://127.0.0.2:{port}").as_str().try_into().unwrap();
    let options = Options { relays: vec![elsewhere], ..self::options(&mut good.alice) };
    let error = sync_with(&mut good.alice, &options, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(["certificate", "unreachable"].contains(&error), "{error}");
}

#[test]
fn a_real_client_killed_fifty_times_loses_nothing_that_was_acknowledged() {
    const KILLS: u32 = 50;
    let World { folder, relay, mut alice, mut bob } = world(None);
    let ids = alice.work(|engine| homes::publish(engine, 1)).unwrap();
    alice.work(|engine| homes::assign(engine, bob.engine(), &ids)).unwrap();
    sync(&mut alice).unwrap();
    sync(&mut bob).unwrap();
    let home = bob.home().folder().to_owned();
    drop(bob);
    let mut dice = Dice::new(3, "kills");
    let (mut held, mut ready) = (0, 0);
    for _ in 0..KILLS {
        let mut child = Command::new(env!("CARGO_BIN_EXE_client"))
            .arg(&home)
            .arg(PASSPHRASE)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (tell, lines) = channel();
        let out = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                drop(tell.send(line));
            }
        });
        // It is at work from its first line on; the kill comes at any moment of what follows.
        let first = lines.recv_timeout(Duration::from_secs(60));
        assert!(first.is_ok(), "the home does not open after a kill");
        ready += 1;
        let moment = Duration::from_micros(dice.below(250_000));
        let end = std::time::Instant::now() + moment;
        let mut said = vec![first.unwrap()];
        while let Some(left) = end.checked_duration_since(std::time::Instant::now()) {
            match lines.recv_timeout(left) {
                Ok(line) => said.push(line),
                Err(_) => break,
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        reader.join().unwrap();
        said.extend(lines.try_iter());
        for line in said {
            if let Some(revision) = line.strip_prefix("held ") {
                held = held.max(revision.parse::<u32>().unwrap());
            }
        }
    }
    let mut bob = Session::open(&home, &words()).unwrap();
    sync(&mut bob).unwrap();
    sync(&mut alice).unwrap();
    let own = bob.together(|acts| acts.tasks()).unwrap()[0].review.as_ref().unwrap().value.revision;
    let reviews = alice.together(|acts| acts.reviews()).unwrap();
    assert_eq!(reviews.len(), 1);
    let there = reviews[0].counted.as_ref().unwrap().value.revision;
    println!(
        "kill -9: {ready} kills, revision {held} acknowledged, {own} at the reviewer, {there} at the coordinator"
    );
    assert!(held > 0 && own >= held, "{own} here, {held} acknowledged");
    assert_eq!(there, own);
    let queue = alice.together(|acts| acts.queue()).unwrap();
    assert!(queue.is_empty(), "a kill is no fork: {queue:?}");
    assert!(alice.engine().notices().unwrap().is_empty(), "{:?}", alice.engine().notices());
    drop((folder, relay));
}
