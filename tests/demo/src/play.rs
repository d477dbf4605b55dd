//! The chapters, in their order, and what is known from one to the next.

mod merging;
mod offline;
mod preparing;
mod proving;
mod window;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tessera_sample::{Sample, generate};

use crate::person::Person;
use crate::stage::{Relay, Stage};
use crate::story::Story;

/// Applicants in the play.
const APPLICANTS: usize = 60;
const SEED: u64 = 1;
/// The round of the call in which dossiers are read.
pub(crate) const ROUND: &str = "reading";

/// Everything in the play.
pub(crate) struct Play {
    pub(crate) story: Story,
    pub(crate) stage: Stage,
    pub(crate) relay: Relay,
    pub(crate) sample: Sample,
    /// Files that the sample consists of.
    pub(crate) material: PathBuf,
    /// The programme's definition.
    pub(crate) definition: PathBuf,
    pub(crate) admin: Person,
    pub(crate) coordinators: Vec<Person>,
    /// In the order of the sample's reviewers.
    pub(crate) reviewers: Vec<Person>,
}

/// Plays everything in `folder`, which is cleared first.
pub(crate) fn run(folder: &Path) -> Result<()> {
    let folder = std::path::absolute(folder)?;
    let stage = Stage::set(folder)?;
    let story = Story::begin("A seminar chooses 20 of 60: from publication to selection")?;
    let sample = generate(SEED, APPLICANTS);
    let person = |name: &str| Person::new(&stage, name);
    let admin = person("Asel the admin")?;
    let coordinators = vec![person("Chen the coordinator")?, person("Dalia the coordinator")?];
    let reviewers = sample.reviewers.iter().map(|one| person(&one.key)).collect::<Result<Vec<_>>>()?;
    let definition = stage.folder.join("seminar.toml");
    std::fs::write(&definition, include_str!("../../../shared/model/programmes/seminar.toml"))
        .context("the definition of the programme")?;
    let material = stage.folder("sample")?;
    let relay = Relay::new(&stage)?;
    let mut play = Play { story, stage, relay, sample, material, definition, admin, coordinators, reviewers };
    preparing::play(&mut play)?;
    offline::play(&mut play)?;
    merging::play(&mut play)?;
    proving::play(&mut play)?;
    window::play(&mut play)?;
    play.story.end()
}

impl Play {
    /// Somebody exchanges with the relay; the bytes are counted.
    pub(crate) fn syncs(&mut self, person: &Person) -> Result<u64> {
        let said = person.does(&["sync"])?;
        let bytes = said["method"]["bytes_up"].as_u64().unwrap_or(0)
            + said["method"]["bytes_down"].as_u64().unwrap_or(0);
        self.story.travelled(bytes);
        Ok(bytes)
    }

    /// Everybody exchanges with the relay, so often that what is new reaches all.
    pub(crate) fn everybody_syncs(&mut self) -> Result<()> {
        let mut all = self.coordinators.clone();
        all.push(self.admin.clone());
        all.extend(self.reviewers.iter().cloned());
        for person in all {
            self.syncs(&person)?;
        }
        Ok(())
    }
}
