//! T5: twenty clients at once. First each sends small edits that must be durable, one in an exchange and then four in an
//! exchange; then one edits and the others hear of it: they ask once it is there, and then they wait for it. What counts is the relay's time for it: the clients are
//! engines with stores in memory, all in this process, over the same HTTP.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use tessera_engine::Engine;
use tessera_engine::programme::round;
use tessera_engine::store::MemoryStore;
use tessera_model::documents::{Answer, Draft, Manifest};
use tessera_protocol::ids::ApplicationId;
use tessera_vault::enrol::Relay;

use crate::material::row;
use crate::measure::{Clock, milliseconds, peak_mib_of};
use crate::results::{Crowd, Row};
use crate::watcher::Watcher;
use crate::world::{ROUND, World, exchange, sync};

/// Clients.
const CLIENTS: usize = 20;
/// Edits in a group.
const GROUP: usize = 4;

struct Client {
    engine: Engine<MemoryStore>,
    application: ApplicationId,
    edits: usize,
}

/// T5. Each client has `rounds` exchanges with one edit and as many with a group, and there are as many edits that the
/// others watch.
pub(super) fn run(world: &mut World, rounds: usize) -> Result<Row> {
    let mut clients = Vec::new();
    for (engine, name) in std::mem::take(&mut world.in_memory).into_iter().take(CLIENTS) {
        let application = world.applications[world.material.reviews[&name][0].application];
        clients.push(Client { engine, application, edits: 0 });
    }
    let relays = vec![world.relay.clone()];
    // Drafts of before, and what coordinators said of them, travel before anything is measured.
    for client in &mut clients {
        client.engine.set_desk_backup(true)?;
        exchange(&mut client.engine, relays.clone())?;
        exchange(&mut client.engine, relays.clone())?;
    }
    let own = std::process::id();
    let (own_clock, start) = (Clock::read(own)?, Instant::now());
    let (before, clock) = (world.proxy.passed(), world.server.clock()?);
    world.server.forget_peak()?;
    let alone = at_once(&mut clients, &relays, rounds, 1)?;
    let (passed_alone, clock_alone) = (world.proxy.passed(), world.server.clock()?);
    let grouped = at_once(&mut clients, &relays, rounds, GROUP)?;
    let (passed_grouped, clock_grouped) = (world.proxy.passed(), world.server.clock()?);
    world.tell("T5: edits are at the relay");
    let watching = watch(world, &mut clients, &relays, rounds)?;
    world.tell("T5: everybody who asked has heard");
    let waiting = wait(world, &mut clients, rounds)?;
    let passed = world.proxy.passed().since(before);
    let per_second = |count: usize, ms: f64| count as f64 / (ms / 1000.0);
    let bytes = |count: usize, up: u64| up as f64 / count as f64;
    let crowd = Crowd {
        clients: clients.len(),
        alone_per_server_cpu_second: per_second(alone, clock_alone.since_ms(&clock)),
        grouped_per_server_cpu_second: per_second(grouped, clock_grouped.since_ms(&clock_alone)),
        deliveries_per_server_cpu_second: per_second(waiting.deliveries, waiting.server_cpu_ms),
        asked_deliveries_per_server_cpu_second: per_second(watching.deliveries, watching.server_cpu_ms),
        bytes_up_per_edit_alone: bytes(alone, passed_alone.since(before).up),
        bytes_up_per_edit_grouped: bytes(grouped, passed_grouped.since(passed_alone).up),
    };
    Ok(Row {
        task: "T5",
        applications: world.applications.len(),
        wall_ms: milliseconds(start.elapsed()),
        client_cpu_ms: Clock::read(own)?.since_ms(&own_clock),
        server_cpu_ms: world.server.clock()?.since_ms(&clock),
        bytes_up: passed.up,
        bytes_down: passed.down,
        round_trips: passed.turns,
        client_rss_mib: peak_mib_of(own)?,
        server_rss_mib: world.server.peak_mib()?,
        key_cpu_ms: 0.0,
        key_rss_mib: 0.0,
        crowd: Some(crowd),
    })
}

/// Lets every client edit and exchange at the same time; gives how many edits are durable for it.
fn at_once(clients: &mut [Client], relays: &[Relay], rounds: usize, group: usize) -> Result<usize> {
    let edits = std::thread::scope(|scope| {
        let work = |client: &'_ mut Client| {
            for _ in 0..rounds {
                client.edit(group)?;
                let report = exchange(&mut client.engine, relays.to_vec())?;
                ensure!(report.receipts == 1, "{group} edits came to {} receipts", report.receipts);
            }
            Ok(rounds * group)
        };
        let threads: Vec<_> = clients.iter_mut().map(|client| scope.spawn(move || work(client))).collect();
        let outcomes = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Ok(0)));
        outcomes.sum::<Result<usize>>()
    })?;
    ensure!(edits == clients.len() * rounds * group, "{edits} edits became durable");
    Ok(edits)
}

impl Client {
    /// Changes one score of a draft so many times, one change each.
    fn edit(&mut self, count: usize) -> Result<()> {
        for _ in 0..count {
            self.edits += 1;
            let (application, score) = (self.application, self.edits % 6);
            let answer = Answer::Score(score.to_string().parse()?);
            let changed = self.engine.together(|acts| {
                let task = acts.task(application, round(ROUND))?;
                let mut draft: Draft =
                    task.and_then(|task| task.draft).map(|read| read.value).unwrap_or_default();
                if draft.answers.get("impact") == Some(&answer) {
                    return Ok(false);
                }
                draft.answers.insert("impact".to_owned(), answer);
                acts.save_draft(application, round(ROUND), &draft)
            })?;
            if !changed {
                // It said that already, once in the beginning.
                self.edit(1)?;
            }
        }
        Ok(())
    }
}

struct Watching {
    deliveries: usize,
    server_cpu_ms: f64,
}

/// Everybody reads one dossier, whose text a coordinator changes again and again.
fn watch(world: &mut World, clients: &mut [Client], relays: &[Relay], edits: usize) -> Result<Watching> {
    let application = world.applications[0];
    let in_round = world.programme.round(ROUND).context("the round")?.clone();
    let members: Vec<_> = clients.iter().map(|client| client.engine.member()).collect();
    let programme = &world.programme;
    world.admin.together(|acts| {
        for member in members {
            acts.assign(programme, member, application, &in_round, 1000)?;
        }
        acts.hand_over()
    })?;
    sync(&mut world.admin)?;
    for client in &mut *clients {
        exchange(&mut client.engine, relays.to_vec())?;
    }
    let mut watching = Watching { deliveries: 0, server_cpu_ms: 0.0 };
    for number in 0..edits {
        change(world, &format!("change {number}"))?;
        let clock = world.server.clock()?;
        sync(&mut world.admin)?;
        for client in &mut *clients {
            let report = exchange(&mut client.engine, relays.to_vec())?;
            ensure!(report.new == 1, "one change came as {} packs", report.new);
            watching.deliveries += 1;
        }
        watching.server_cpu_ms += world.server.clock()?.since_ms(&clock);
    }
    Ok(watching)
}

/// The same, where everybody has a connection and a request that waits.
fn wait(world: &mut World, clients: &mut [Client], edits: usize) -> Result<Watching> {
    let mut watching = Watching { deliveries: 0, server_cpu_ms: 0.0 };
    let watchers = clients.iter().map(|_| Watcher::connect(world.proxy.address));
    let mut watchers = watchers.collect::<Result<Vec<_>>>()?;
    for number in 0..edits {
        change(world, &format!("another change {number}"))?;
        let clock = world.server.clock()?;
        let mut asked = Vec::new();
        for (client, watcher) in clients.iter_mut().zip(&mut watchers) {
            asked.push(watcher.ask(&mut client.engine, world.server.key)?);
        }
        sync(&mut world.admin)?;
        for ((client, watcher), sending) in clients.iter_mut().zip(&mut watchers).zip(&asked) {
            let new = watcher.hear(&mut client.engine, sending)?;
            ensure!(new == 1, "one change came as {new} packs");
            watching.deliveries += 1;
        }
        watching.server_cpu_ms += world.server.clock()?.since_ms(&clock);
    }
    Ok(watching)
}

/// Changes the text of the dossier that everybody reads.
fn change(world: &mut World, stage: &str) -> Result<()> {
    let mut changing = world.material.applications[0].clone();
    changing.stage = stage.to_owned();
    let programme = &world.programme;
    Ok(world.admin.together(|acts| {
        acts.take_application(programme, &row(&changing), &Manifest::default())?;
        acts.hand_over()
    })?)
}
