//! That nothing was left out which a real programme has: figures count only with everything on. Sealed, signed, padded,
//! with a receipt for every pack, and with commits that are durable (`synchronous = FULL`) in both programs.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tessera_engine::store::{Store as _, StoreError, Table};
use tessera_protocol::codec::Wire as _;
use tessera_protocol::header::NONE;
use tessera_protocol::pack::Pack;
use tessera_sample::needle::NeedleKind;
use tessera_sample::{Needle, search};
use tessera_vault::seal::padme;

use crate::world::World;

/// Packs that are looked at in one transaction.
const AT_A_TIME: usize = 256;
/// Applications whose texts are looked for at the relay.
const LOOKED_FOR: usize = 50;
/// The start of a text that is looked for, in characters.
const START_CHARS: usize = 40;

/// Fails where a figure would not count; `home` is one that was measured.
pub(crate) fn check(world: &mut World, home: &str) -> Result<()> {
    let said = world.server.says(&["check"])?;
    ensure!(said.contains("all as they should be"), "the relay's log: {said}");
    let seen: Value = serde_json::from_str(&world.server.says(&["inspect", "--json"])?)?;
    sealed(world, &seen)?;
    padded(world)?;
    durable(world, &seen, home)?;
    world.tell(&format!("signed, sealed, padded and durable: {}", said.trim()));
    Ok(())
}

/// The stores of both programs say that what they commit is on the disk.
fn durable(world: &mut World, seen: &Value, home: &str) -> Result<()> {
    ensure!(seen["synchronous"] == "full", "commits of the relay: {}", seen["synchronous"]);
    let report = world.report(home)?;
    let rows = report["rows"].as_array().context("facts of a home")?;
    let fact = rows.iter().find(|row| row["fact"] == "synchronous").context("a fact about commits")?;
    ensure!(fact["value"] == "full", "commits of the client: {fact}");
    Ok(())
}

/// Only what is meant to be public lies at the relay in the clear, and no text of an application lies there at all.
fn sealed(world: &World, seen: &Value) -> Result<()> {
    let streams = seen["programmes"][0]["streams"].as_array().context("streams at the relay")?;
    for stream in streams {
        let public = stream["kind"] == "public";
        ensure!(stream["clear"] == public, "in the clear at the relay: {stream}");
    }
    let mut needles = Vec::new();
    for application in world.material.applications.iter().take(LOOKED_FOR) {
        let essays = application.essays.values().map(|text| (NeedleKind::Sentence, text));
        for (kind, text) in essays.chain([(NeedleKind::Email, &application.email)]) {
            needles.push(Needle { kind, text: text.chars().take(START_CHARS).collect() });
        }
    }
    let hits = search(world.server.data(), &needles)?;
    ensure!(hits.found() == 0 && hits.bytes > 0, "readable at the relay: {hits}");
    Ok(())
}

/// Every sealed pack that the first coordinator holds has one of the lengths that padding leaves.
fn padded(world: &mut World) -> Result<()> {
    let mut after: Option<Vec<u8>> = None;
    let mut count = 0;
    loop {
        let from = after.take();
        let store = world.admin.engine().store();
        let packs = store
            .transaction::<_, StoreError>(|tx| tx.scan(Table::Packs, &[], from.as_deref(), AT_A_TIME))?;
        for (_, bytes) in &packs {
            let pack = Pack::from_bytes(bytes).map_err(|error| anyhow::anyhow!("a pack: {error}"))?;
            let length = u64::from(pack.header().padded_bytes);
            if pack.header().key.0 != NONE {
                ensure!(padme(length) == length, "a pack of {length} bytes is not padded");
                count += 1;
            }
        }
        match packs.into_iter().last() {
            Some((key, _)) => after = Some(key),
            None => break,
        }
    }
    ensure!(count > 0, "no sealed packs");
    Ok(())
}
