//! The relay is back, with what it knew yesterday. Everybody exchanges; what needs a person comes to one.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Play;
use super::offline::{backup, copied_laptop, second_laptop};
use crate::person::rows;

pub(super) fn play(play: &mut Play) -> Result<()> {
    reconnection(play)?;
    queues(play)?;
    ranking(play)
}

fn reconnection(play: &mut Play) -> Result<()> {
    play.story.chapter("The relay comes back from yesterday's backup, and everybody reconnects")?;
    let before = play.relay.command(&["inspect", "--json"])?;
    let backup = backup(play);
    play.relay.command(&["restore", &backup.display().to_string()])?;
    let restored = play.relay.command(&["inspect", "--json"])?;
    play.relay.start()?;
    let (second, copy) = (second_laptop(play), copied_laptop(play));
    for _ in 0..2 {
        play.everybody_syncs()?;
        play.syncs(&second)?;
        play.syncs(&copy)?;
    }
    play.everybody_syncs()?;
    let after = play.relay.command(&["inspect", "--json"])?;
    play.story.tell(&format!(
        "The relay had held {} packs when it stopped, and came back with {}. Every laptop noticed by itself and brought \
         what was missing: {} now. Nobody had to do anything.",
        packs(&before)?,
        packs(&restored)?,
        packs(&after)?
    ))
}

fn packs(inspected: &str) -> Result<u64> {
    let said: Value = serde_json::from_str(inspected)?;
    let programmes = said["programmes"].as_array().context("programmes at the relay")?;
    Ok(programmes.iter().filter_map(|one| one["packs"].as_u64()).sum())
}

fn queues(play: &mut Play) -> Result<()> {
    play.story.chapter("What needs a person, and what was decided")?;
    let chen = play.coordinators[0].clone();
    let queue = chen.does(&["queue", "list"])?;
    ensure!(!rows(&queue).is_empty(), "two versions and a removed reviewer wait");
    for row in rows(&queue) {
        play.story.tell(&format!(
            "{} Recommended: {}.",
            row["sentence"].as_str().unwrap_or_default(),
            row["recommended"].as_str().unwrap_or_default()
        ))?;
    }
    let mut decided = 0;
    let mut settled: BTreeSet<String> = BTreeSet::new();
    for row in rows(&queue) {
        let id = row["id"].as_str().context("an item's id")?;
        let reason = match row["code"].as_str() {
            // Choosing one of two versions settles the other.
            Some("two-versions") if !settled.insert(row["applications"].to_string()) => continue,
            Some("two-versions") => "confirmed by telephone: this one is meant",
            _ => "written in good faith before she could hear of it",
        };
        chen.does(&["queue", "decide", id, "accept", "--reason", reason])?;
        decided += 1;
    }
    let left = rows(&chen.does(&["queue", "list"])?).len();
    play.story.tell(&format!(
        "{} decides {decided} times, each with a reason that stays; {left} questions are left.",
        chen.name
    ))?;
    play.everybody_syncs()?;
    let verified = chen.does(&["verify"])?;
    play.story.tell(&format!(
        "Everything that {} sees is calculated again from the signed packs: {} differences.",
        chen.name,
        rows(&verified).len()
    ))
}

fn ranking(play: &mut Play) -> Result<()> {
    play.story.chapter("The ranking")?;
    let (chen, dalia) = (play.coordinators[0].clone(), play.coordinators[1].clone());
    let ranking = chen.does(&["ranking"])?;
    let other = dalia.does(&["ranking"])?;
    ensure!(rows(&ranking) == rows(&other), "both coordinators see the same ranking");
    let mut lines = String::new();
    for row in rows(&ranking).iter().take(20) {
        lines.push_str(&format!(
            "{:>3}  {:<6} {:>6}{}\n",
            row["rank"].to_string(),
            row["application"].as_str().unwrap_or_default(),
            row["total"].as_str().map_or_else(|| row["total"].to_string(), str::to_owned),
            row["tie_broken_by"].as_str().map(|by| format!("   tie broken by {by}")).unwrap_or_default()
        ));
    }
    play.story.show(&lines)?;
    play.story.tell(&format!(
        "The first 20 of {} with a total; the same on both coordinators' laptops.",
        rows(&ranking).len()
    ))
}
