//! The relay is gone for weeks. Everybody works alone, and what can go wrong does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::{Play, ROUND};
use crate::person::{Person, rows};
use crate::stage::copy_folder;

/// What the later chapters need to know of this one.
pub(super) fn play(play: &mut Play) -> Result<()> {
    going_dark(play)?;
    two_laptops(play)?;
    copied(play)?;
    courier(play)?;
    interrupted(play)?;
    removed(play)?;
    ordinary(play)
}

/// How often a process is killed in mid-work.
const KILLS: usize = 5;

/// The second laptop of the first reviewer.
pub(super) fn second_laptop(play: &Play) -> Person {
    let one = &play.reviewers[0];
    one.at(play.stage.folder.join("laptops/r01-second/home"))
}

/// The copy of the second reviewer's laptop.
pub(super) fn copied_laptop(play: &Play) -> Person {
    let one = &play.reviewers[1];
    one.at(play.stage.folder.join("laptops/r02-copy/home"))
}

/// The bag of the courier.
pub(super) fn courier_bag(play: &Play) -> PathBuf {
    play.stage.folder.join("courier")
}

/// The backup of the relay from before.
pub(super) fn backup(play: &Play) -> PathBuf {
    play.stage.folder.join("relay-backup.db")
}

fn going_dark(play: &mut Play) -> Result<()> {
    play.story.chapter("A second laptop is added, the relay is backed up, and then it stops")?;
    let backup = backup(play);
    play.relay.command(&["backup", &backup.display().to_string()])?;
    let (first, second) = (play.reviewers[0].clone(), second_laptop(play));
    let file = |name: &str| first.file(name).display().to_string();
    let (pass, request) = (file("second-laptop.pass"), file("second-laptop.answer"));
    first.does(&["device", "add", "--pass", &pass])?;
    second.does(&["enrol", &pass, "--answer", &request])?;
    first.does(&["device", "add", &request, "--in-person"])?;
    play.syncs(&first)?;
    for coordinator in play.coordinators.clone() {
        play.syncs(&coordinator)?;
    }
    play.syncs(&first)?;
    play.syncs(&second)?;
    let list = second.does(&["review", "list"])?;
    ensure!(!rows(&list).is_empty(), "the second laptop holds the dossiers");
    let relay_held = play.relay.command(&["check"])?;
    play.relay.stop()?;
    let refused = play.reviewers[2].is_refused(&["sync"], 7)?;
    play.story.tell(&format!(
        "{} reads on two laptops. Yesterday's backup lies on a shelf. The relay ends ({}); an exchange now says \
         \"{refused}\", and nothing is lost by it.",
        first.name,
        relay_held.lines().last().unwrap_or_default().trim()
    ))
}

/// The scores of a reviewer as the sample has them, of the applications that `wanted` names.
fn scores(play: &Play, reviewer: &Person, name: &str, wanted: &dyn Fn(usize) -> bool) -> Result<PathBuf> {
    let source = play.material.join("scores").join(format!("{}.csv", reviewer.name));
    let mut reader = csv::Reader::from_path(&source).context("the sample's scores")?;
    let target = reviewer.file(name);
    let mut writer = csv::Writer::from_path(&target)?;
    writer.write_record(reader.headers()?)?;
    for (index, row) in reader.records().enumerate() {
        if wanted(index) {
            writer.write_record(&row?)?;
        }
    }
    writer.flush()?;
    Ok(target)
}

/// The same file with every score of one criterion changed.
fn changed(from: &Path, to: &Path, column: &str, value: &str) -> Result<()> {
    let mut reader = csv::Reader::from_path(from)?;
    let headers = reader.headers()?.clone();
    let mut writer = csv::Writer::from_path(to)?;
    writer.write_record(&headers)?;
    for row in reader.records() {
        let row = row?;
        writer.write_record(
            headers.iter().zip(&row).map(|(key, cell)| if key == column { value } else { cell }),
        )?;
    }
    Ok(writer.flush()?)
}

fn imports(person: &Person, file: &Path, more: &[&str]) -> Result<usize> {
    let file = file.display().to_string();
    let mut arguments = vec!["review", "import", &file, "--submit"];
    arguments.extend(more);
    Ok(rows(&person.does(&arguments)?).len())
}

fn two_laptops(play: &mut Play) -> Result<()> {
    play.story.chapter("Offline: one reviewer on two laptops that differ")?;
    let (first, second) = (play.reviewers[0].clone(), second_laptop(play));
    let most = scores(play, &first, "most.csv", &|index| index > 0)?;
    let one = scores(play, &first, "one.csv", &|index| index == 0)?;
    let other = first.file("one-otherwise.csv");
    changed(&one, &other, "insight", "5")?;
    let count = imports(&first, &most, &[])? + imports(&first, &one, &[])?;
    imports(&second, &other, &[])?;
    play.story.tell(&format!(
        "{} submits {count} reviews on the old laptop and, having forgotten, one of them again on the new one with \
         another score.",
        first.name
    ))
}

fn copied(play: &mut Play) -> Result<()> {
    play.story.chapter("Offline: one laptop is copied, and both copies go on")?;
    let (original, copy) = (play.reviewers[1].clone(), copied_laptop(play));
    copy_folder(&original.home, &copy.home)?;
    let half = scores(play, &original, "even.csv", &|index| index % 2 == 0)?;
    let rest = scores(play, &original, "odd.csv", &|index| index % 2 == 1)?;
    let (one, two) = (imports(&original, &half, &[])?, imports(&copy, &rest, &[])?);
    play.story.tell(&format!("{} submits {one} reviews on the laptop and {two} on its copy.", original.name))
}

fn courier(play: &mut Play) -> Result<()> {
    play.story.chapter("Offline: a courier carries reviews that he cannot read")?;
    let reviewer = play.reviewers[2].clone();
    let all = scores(play, &reviewer, "all.csv", &|_| true)?;
    let count = imports(&reviewer, &all, &[])?;
    let bag = courier_bag(play);
    std::fs::create_dir_all(&bag)?;
    let bundle = bag.join("bundle.tessera");
    reviewer.does(&["bundle", "export", "--out", &bundle.display().to_string()])?;
    let bytes = std::fs::metadata(&bundle)?.len();
    play.story.travelled(bytes);
    play.story.tell(&format!(
        "{} submits {count} reviews and writes a bundle of {} onto a stick.",
        reviewer.name,
        crate::story::size(bytes)
    ))?;
    let mut cut = std::fs::read(&bundle)?;
    cut.truncate(cut.len() / 2);
    let broken = play.coordinators[0].file("broken.tessera");
    std::fs::write(&broken, cut)?;
    let refused = play.coordinators[0].is_refused(&["bundle", "import", &broken.display().to_string()], 9)?;
    let import = ["bundle", "import", &bundle.display().to_string()];
    play.coordinators[0].does(&import)?;
    play.coordinators[0].does(&import)?;
    play.story.tell(&format!(
        "A half copied stick is refused ({refused}); the whole one is imported, twice by mistake, and counts once."
    ))
}

fn interrupted(play: &mut Play) -> Result<()> {
    play.story.chapter("Offline: the power fails in mid-work")?;
    let reviewer = play.reviewers[4].clone();
    let all = scores(play, &reviewer, "all.csv", &|_| true)?;
    let file = all.display().to_string();
    let mut found = Vec::new();
    for writes in 1..=KILLS {
        let ended = killed_after(&reviewer, &["review", "import", &file, "--submit"], writes)?;
        let list = reviewer.does(&["review", "list"])?;
        let submitted = rows(&list).iter().filter(|row| row["revision"].as_u64() > Some(0)).count();
        ensure!(submitted == 0 || submitted == rows(&list).len(), "an import is whole or nothing");
        found.push(if ended { format!("{submitted} (it was done before)") } else { submitted.to_string() });
    }
    let count = imports(&reviewer, &all, &[])?;
    play.story.tell(&format!(
        "{} submits, and the process is killed after its first write to the disk, then after its second, up to the \
         fifth. Found submitted each time: {}; all or nothing. Undisturbed: {count} reviews.",
        reviewer.name,
        found.join(", ")
    ))
}

/// Kills a command once it was seen to write `writes` times to its store. True where it ended before.
fn killed_after(person: &Person, arguments: &[&str], writes: usize) -> Result<bool> {
    let journal = person.home.join("store.db-wal");
    let state = || std::fs::metadata(&journal).ok().map(|file| (file.len(), file.modified().ok()));
    let (mut before, mut seen) = (state(), 0);
    let mut work = person.begins(arguments)?;
    while work.try_wait()?.is_none() {
        let now = state();
        seen += usize::from(now != before);
        before = now;
        if seen == writes {
            work.kill()?;
            work.wait()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(true)
}

fn removed(play: &mut Play) -> Result<()> {
    play.story.chapter("Offline: one reviewer is removed and does not know")?;
    let (admin, reviewer) = (play.admin.clone(), play.reviewers[3].clone());
    let all = scores(play, &reviewer, "all.csv", &|_| true)?;
    let count = imports(&reviewer, &all, &[])?;
    let dry = admin.does(&["member", "remove", &reviewer.name, "--dry-run"])?;
    admin.does(&["member", "remove", &reviewer.name])?;
    let row = rows(&dry).first().context("what a removal would mean")?;
    play.story.tell("The admin asks first what it would mean:")?;
    let sentences = row["sentences"].as_array().context("sentences")?;
    for sentence in sentences.iter().filter_map(serde_json::Value::as_str) {
        play.story.tell(sentence)?;
    }
    play.story.tell(&format!(
        "Then she removes. {} works on: {count} reviews, written in good faith.",
        reviewer.name
    ))
}

fn ordinary(play: &mut Play) -> Result<()> {
    play.story.chapter("Offline: and one for whom nothing happens")?;
    let reviewer = play.reviewers[5].clone();
    let all = scores(play, &reviewer, "all.csv", &|_| true)?;
    let count = imports(&reviewer, &all, &[])?;
    let status = reviewer.does(&["status"])?;
    let waiting =
        rows(&status).iter().filter(|row| row["state"] == "in-outbox" || row["state"] == "on-device").count();
    play.story.tell(&format!(
        "{} submits {count} reviews of round {ROUND}; {waiting} wait on the laptop.",
        reviewer.name
    ))
}
