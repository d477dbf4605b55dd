//! Before anybody goes offline: founding, publishing, enrolling, taking in, assigning.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tessera_sample::{WriteOptions, write_sample};

use super::Play;
use crate::person::{Person, rows};

pub(super) fn play(play: &mut Play) -> Result<()> {
    publication(play)?;
    people(play)?;
    intake(play)?;
    eligibility(play)?;
    assignment(play)
}

fn publication(play: &mut Play) -> Result<()> {
    play.story.chapter("The call is published")?;
    play.relay.start()?;
    let admin = play.admin.clone();
    let definition = play.definition.display().to_string();
    let (url, key) = (play.relay.url(), play.relay.key.clone());
    admin.does(&[
        "programme",
        "create",
        "--file",
        &definition,
        "--name",
        &admin.name,
        "--relay",
        &url,
        "--relay-key",
        &key,
    ])?;
    let refused = admin.is_refused(&["programme", "publish", "--file", &definition], 8)?;
    play.story.tell(&format!(
        "{} founds the programme on her laptop and wants to publish: refused ({refused}). If this laptop dies, the \
         programme dies with it, so recovery is rehearsed first.",
        admin.name
    ))?;
    let sheet = admin.does(&["recovery", "sheet"])?;
    let words = words_of(&sheet)?;
    let typed = admin.file("recovery-words.txt");
    std::fs::write(&typed, &words)?;
    admin.does(&["recovery", "test", "--words-file", &typed.display().to_string()])?;
    admin.does(&["programme", "publish", "--file", &definition])?;
    play.story.tell(&format!(
        "She writes {} words on paper, types them back once, and publishes: 20 seats, five scored criteria, five \
         conditions, an exception route. The definition is frozen and hashed.",
        words.split_whitespace().count()
    ))?;
    Ok(())
}

fn words_of(sheet: &Value) -> Result<String> {
    let row = rows(sheet).first().context("a recovery sheet")?;
    row["words"].as_str().map(str::to_owned).context("words on the recovery sheet")
}

fn people(play: &mut Play) -> Result<()> {
    play.story.chapter("Two coordinators and six reviewers enrol")?;
    let admin = play.admin.clone();
    let out = admin.file("invitations");
    let folder = out.display().to_string();
    for coordinator in play.coordinators.clone() {
        enrol(&admin, &coordinator, "coordinator", &folder)?;
    }
    for reviewer in play.reviewers.clone() {
        enrol(&admin, &reviewer, "reviewer", &folder)?;
    }
    play.syncs(&admin)?;
    for person in play.coordinators.clone().iter().chain(&play.reviewers.clone()) {
        play.syncs(person)?;
    }
    let mut matched = 0;
    let members = admin.does(&["member", "list"])?;
    for person in play.coordinators.clone().iter().chain(&play.reviewers.clone()) {
        let words = person.does(&["enrol"])?;
        let words = rows(&words).first().and_then(|row| row["check_words"].as_array().cloned());
        let words: Vec<String> = words
            .context("check words")?
            .iter()
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect();
        admin.does(&["member", "check", &person.name, "--words", &words.join(" ")])?;
        matched += 1;
    }
    ensure!(matched == 8 && rows(&members).len() >= 9, "everybody is a member");
    play.story.tell(
        "Each makes keys on their own laptop. The invitation went by any channel, so six words are read aloud over the \
         telephone; they matched for all 8.",
    )?;
    let coordinators = play.coordinators.clone();
    for person in &coordinators {
        play.syncs(&admin)?;
        play.syncs(person)?;
    }
    for coordinator in &coordinators {
        for person in
            coordinators.iter().chain(&play.reviewers.clone()).filter(|one| one.name != coordinator.name)
        {
            coordinator.does(&["member", "check", &person.name, "--in-person"])?;
        }
    }
    play.everybody_syncs()
}

fn enrol(admin: &Person, person: &Person, role: &str, folder: &str) -> Result<()> {
    let invited =
        admin.does(&["member", "invite", "--name", &person.name, "--role", role, "--out", folder])?;
    let file =
        rows(&invited).first().and_then(|row| row["file"].as_str()).context("an invitation")?.to_owned();
    let answer = person.file("answer");
    let answer = answer.display().to_string();
    person.does(&["enrol", &file, "--name", &person.name, "--answer", &answer])?;
    admin.does(&["member", "admit", &answer])?;
    Ok(())
}

fn intake(play: &mut Play) -> Result<()> {
    play.story.chapter("Sixty applications arrive")?;
    write_sample(&play.sample, &play.material, &WriteOptions::default())?;
    let file = play.material.join("applications.csv").display().to_string();
    let attachments = play.material.join("attachments").display().to_string();
    let import = ["application", "import", &file, "--key", "key", "--attachments", &attachments];
    let chen = play.coordinators[0].clone();
    let first = chen.does(&import)?;
    let again = chen.does(&import)?;
    let count =
        |result: &Value, what: &str| result[what].as_u64().or(result["method"][what].as_u64()).unwrap_or(0);
    ensure!(count(&again, "new") == 0, "a second import makes nothing new");
    play.story.tell(&format!(
        "{} imports a spreadsheet and a folder of files, good and odd: {} applications in five scripts. Importing the \
         same again: {} new, {} the same.",
        chen.name,
        count(&first, "new"),
        count(&again, "new"),
        count(&again, "same")
    ))?;
    play.syncs(&chen)?;
    let dalia = play.coordinators[1].clone();
    play.syncs(&dalia)?;
    Ok(())
}

fn eligibility(play: &mut Play) -> Result<()> {
    play.story.chapter("Conditions are checked, and one exception is granted by a second person")?;
    let (chen, dalia) = (play.coordinators[0].clone(), play.coordinators[1].clone());
    let late = play.sample.applicants[4].key.clone();
    for applicant in play.sample.applicants.iter().take(3) {
        for criterion in ["profile", "reputation", "english", "age"] {
            chen.does(&[
                "eligibility",
                "set",
                &applicant.key,
                criterion,
                "met",
                "--reason",
                "shown in the file",
            ])?;
        }
    }
    chen.does(&["eligibility", "set", &late, "age", "not-met", "--reason", "born in 1970"])?;
    chen.does(&["eligibility", "exception", &late, "--reason", "led the reform of the juvenile code"])?;
    play.syncs(&chen)?;
    play.syncs(&dalia)?;
    dalia.does(&["eligibility", "exception", &late, "--reason", "the proof is convincing"])?;
    play.syncs(&dalia)?;
    play.syncs(&chen)?;
    play.story.tell(&format!(
        "{} asks for the exception route for {late}, {} grants it: one person alone cannot.",
        chen.name, dalia.name
    ))
}

fn assignment(play: &mut Play) -> Result<()> {
    play.story.chapter("Every dossier gets three readers")?;
    let chen = play.coordinators[0].clone();
    let file = play.material.join("assignment-by-name.csv");
    let mut table = csv::Writer::from_path(&file)?;
    table.write_record(["application", "reviewer", "round"])?;
    for pair in &play.sample.assignment {
        table.write_record([pair.application.as_str(), pair.reviewer.as_str(), super::ROUND])?;
    }
    table.flush()?;
    chen.does(&["assign", "import", &file.display().to_string()])?;
    chen.does(&["assign", "publish"])?;
    play.syncs(&chen)?;
    let mut ready = Vec::new();
    for reviewer in play.reviewers.clone() {
        let bytes = play.syncs(&reviewer)?;
        let list = reviewer.does(&["review", "list"])?;
        ready.push(format!("{} {} ({})", reviewer.name, rows(&list).len(), crate::story::size(bytes)));
    }
    play.story.tell(&format!("Dossiers on each laptop, text and files: {}.", ready.join(", ")))?;
    for reviewer in play.reviewers.clone() {
        reviewer.does(&["conflict", "declare", "all", "none"])?;
    }
    play.story.tell(
        "Before a dossier opens, its reader sees organisation and country alone and declares that there is no conflict of \
         interest.",
    )?;
    play.everybody_syncs()
}
