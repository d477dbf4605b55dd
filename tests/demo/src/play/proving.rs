//! Two programs that share no code with the product look at the result; and what the relay saw.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tessera_sample::{Hits, needles, search};

use super::Play;
use super::offline::courier_bag;

/// The program that shares no code with the product.
const RECOMPUTE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/recompute.mjs");

pub(super) fn play(play: &mut Play) -> Result<()> {
    recomputation(play)?;
    relay(play)?;
    searched(play)
}

fn recomputation(play: &mut Play) -> Result<()> {
    play.story.chapter("An independent program calculates the ranking again")?;
    let chen = play.coordinators[0].clone();
    let scores = chen.file("scores.csv");
    chen.does(&["scores", "export", "--out", &scores.display().to_string()])?;
    let ranking = chen.file("ranking.json");
    let said = chen.command(&["ranking"]).output()?;
    ensure!(said.status.success(), "the ranking");
    std::fs::write(&ranking, said.stdout)?;
    let good = recompute(&scores, &play.definition, &ranking)?;
    ensure!(good.0, "the independent recomputation differs: {}", good.1);
    play.story.tell(&format!("It reads the exported scores and the definition alone: {}", good.1.trim()))?;
    let changed = chen.file("scores-with-one-changed.csv");
    change_one_score(&scores, &changed)?;
    let bad = recompute(&changed, &play.definition, &ranking)?;
    ensure!(!bad.0, "one changed score must be noticed");
    play.story.tell("With one score changed on purpose it fails, as it must.")
}

fn recompute(scores: &Path, definition: &Path, ranking: &Path) -> Result<(bool, String)> {
    let mut node = Command::new("node");
    node.args([Path::new(RECOMPUTE), Path::new("--scores"), scores, Path::new("--programme"), definition]);
    let output = node.arg("--ranking").arg(ranking).args(["--round", super::ROUND]).output();
    let output = output.context("running node")?;
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
    Ok((output.status.success(), format!("{last} {}", String::from_utf8_lossy(&output.stderr))))
}

/// Changes the first score of the first review that has one.
fn change_one_score(from: &Path, to: &Path) -> Result<()> {
    let mut reader = csv::Reader::from_path(from)?;
    let headers = reader.headers()?.clone();
    let column = headers.iter().position(|key| key == "insight").context("a column of scores")?;
    let mut writer = csv::Writer::from_path(to)?;
    writer.write_record(&headers)?;
    let mut done = false;
    for row in reader.records() {
        let row = row?;
        let change = !done && matches!(row.get(column), Some("1" | "2" | "3" | "4" | "5"));
        done |= change;
        writer.write_record(row.iter().enumerate().map(|(at, cell)| match cell {
            "5" if change && at == column => "1",
            _ if change && at == column => "5",
            _ => cell,
        }))?;
    }
    ensure!(done, "there is a score to change");
    Ok(writer.flush()?)
}

fn relay(play: &mut Play) -> Result<()> {
    play.story.chapter("What the relay saw")?;
    let seen = play.relay.command(&["inspect"])?;
    let lines: Vec<&str> = seen.lines().collect();
    play.story.show(&lines.iter().take(30).copied().collect::<Vec<_>>().join("\n"))?;
    if lines.len() > 30 {
        play.story.tell(&format!("… and {} lines more like these.", lines.len() - 30))?;
    }
    Ok(())
}

fn searched(play: &mut Play) -> Result<()> {
    play.story.chapter("Relay and courier are searched for every name, title and 20 sentences")?;
    play.relay.stop()?;
    let needles = needles(&play.sample);
    let control = search(&play.material, &needles)?;
    ensure!(
        control.found() * 10 > needles.len() * 9,
        "the search finds in the sample what is there: {control}"
    );
    let mut hits = Hits::default();
    for folder in [play.relay.data.clone(), courier_bag(play)] {
        hits.merge(search(&folder, &needles)?);
    }
    play.story.show(&format!("{hits}"))?;
    play.story.tell(&format!(
        "Raw, UTF-16, base64 and hexadecimal, in {} files of {}. In the applicants' own files the same search finds {control}.",
        hits.files,
        crate::story::size(hits.bytes)
    ))?;
    ensure!(hits.found() == 0, "something readable was found: {hits}");
    Ok(())
}
