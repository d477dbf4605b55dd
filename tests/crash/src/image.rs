//! What the disk may hold after the power failed: for every moment of a record, several images.
//!
//! | | what of the unsynced is there |
//! |---|---|
//! | none | nothing: the disk wrote nothing by itself |
//! | all | everything: it wrote all of it |
//! | torn | everything, but the last write ends at some sector |
//! | some | any writes, the others are missing: it wrote in another order; all such choices where they are few |
//! | sectors | any sectors of any writes |
//!
//! A truncation and the deletion of a log are like writes: there or not there. The deletion of a rollback journal is
//! there at once, because SQLite asks for that one to be synced. Where a file grew and its sectors are missing, they are
//! zero or hold what lay there before the file.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::dice::Dice;
use crate::{Part, SECTOR_BYTES};

/// Choices of some writes are taken one by one where there are at most so many writes.
const FEW: usize = 3;

/// One thing that happened.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Wrote { part: Part, at: usize, bytes: Vec<u8> },
    Truncated { part: Part, length: usize },
    Deleted(Part),
    Synced(Part),
    Acknowledged,
}

impl Step {
    fn part(&self) -> Option<Part> {
        match self {
            Self::Wrote { part, .. } | Self::Truncated { part, .. } | Self::Deleted(part) => Some(*part),
            Self::Synced(_) | Self::Acknowledged => None,
        }
    }
}

/// Everything that happened to a database, in order.
#[derive(Debug, Clone)]
pub struct Record {
    steps: Vec<Step>,
}

/// How many images are made.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Choices by chance at every moment: of writes, and of sectors.
    pub choices: usize,
    /// About how many images at most, spread evenly over the record.
    pub most: usize,
    /// Another number makes other choices.
    pub seed: u64,
}

/// What a disk may hold after the power failed.
pub struct Image {
    files: BTreeMap<Part, Vec<u8>>,
    /// How often something had been acknowledged by then.
    pub acknowledged: usize,
    /// The moment and the choice, to say which image it is.
    pub name: String,
}

#[derive(Debug, Clone, Copy)]
enum Choice {
    None,
    All,
    Torn,
    /// Which of the few, as bits.
    Few(usize),
    Some,
    Sectors,
}

impl Record {
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// Writes, truncations and deletions.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.steps.iter().filter(|step| step.part().is_some()).count()
    }

    /// Syncs.
    #[must_use]
    pub fn syncs(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step, Step::Synced(_))).count()
    }

    /// The same as it were with `synchronous=NORMAL`: the log is synced only before it is moved into the database.
    #[must_use]
    pub fn as_if_normal(&self) -> Self {
        let next_is_main = |at: usize| self.steps[at + 1..].iter().find_map(Step::part) == Some(Part::Main);
        let steps = self.steps.iter().enumerate();
        let kept = steps.filter(|(at, step)| !matches!(step, Step::Synced(Part::Log)) || next_is_main(*at));
        Self { steps: kept.map(|(_, step)| step.clone()).collect() }
    }

    /// The same as it were with `synchronous=OFF`.
    #[must_use]
    pub fn as_if_off(&self) -> Self {
        let kept = self.steps.iter().filter(|step| !matches!(step, Step::Synced(_)));
        Self { steps: kept.cloned().collect() }
    }

    /// Makes images, from the first acknowledgement on, and hands each to `visit`; how many there were.
    pub fn images(&self, amount: Amount, mut visit: impl FnMut(&Image)) -> usize {
        let mut total = 0;
        self.walk(amount.choices, &mut |_, _, _| total += 1);
        let (mut made, mut number) = (0, 0);
        self.walk(amount.choices, &mut |disk, moment, choice| {
            number += 1;
            let mut dice = Dice::new(amount.seed ^ (number as u64).rotate_left(32));
            if dice.below(total) < amount.most {
                made += 1;
                visit(&disk.image(moment, choice, &mut dice));
            }
        });
        made
    }

    fn walk(&self, choices: usize, each: &mut dyn FnMut(&Power<'_>, usize, Choice)) {
        let mut disk = Power::default();
        for (moment, step) in self.steps.iter().enumerate() {
            disk.step(step);
            if disk.acknowledged == 0 {
                continue;
            }
            for choice in disk.choices(choices) {
                each(&disk, moment, choice);
            }
        }
    }
}

/// The disk at one moment: what is on it for certain, and what it was told since.
#[derive(Default)]
struct Power<'a> {
    certain: BTreeMap<Part, Vec<u8>>,
    told: Vec<&'a Step>,
    acknowledged: usize,
}

impl<'a> Power<'a> {
    fn step(&mut self, step: &'a Step) {
        match step {
            Step::Acknowledged => self.acknowledged += 1,
            Step::Deleted(Part::Journal) => {
                self.told.retain(|told| told.part() != Some(Part::Journal));
                self.certain.remove(&Part::Journal);
            }
            // With a file's contents, a deletion that came before is written too.
            Step::Synced(part) => {
                let (certain, told) = self.told.drain(..).partition::<Vec<_>, _>(|told| {
                    told.part() == Some(*part) || matches!(told, Step::Deleted(_))
                });
                self.told = told;
                certain.into_iter().for_each(|step| apply(&mut self.certain, step));
            }
            change => self.told.push(change),
        }
    }

    fn choices(&self, by_chance: usize) -> Vec<Choice> {
        let told = self.told.len();
        let mut choices = vec![Choice::None];
        if told == 0 {
            return choices;
        }
        choices.extend([Choice::All, Choice::Torn]);
        if told <= FEW {
            // Neither none nor all.
            choices.extend((1..(1_usize << told) - 1).map(Choice::Few));
        } else {
            choices.extend((0..by_chance).map(|_| Choice::Some));
        }
        choices.extend((0..by_chance).map(|_| Choice::Sectors));
        choices
    }

    fn image(&self, moment: usize, choice: Choice, dice: &mut Dice) -> Image {
        let mut files = self.certain.clone();
        let last = self.told.len().saturating_sub(1);
        for (at, step) in self.told.iter().enumerate() {
            let (there, sectors) = match choice {
                Choice::None => (false, false),
                Choice::All => (true, false),
                Choice::Torn => {
                    if at == last {
                        apply_torn(&mut files, step, dice);
                    }
                    (at < last, false)
                }
                Choice::Few(bits) => (bits >> at & 1 == 1, false),
                Choice::Some => (dice.coin(), false),
                Choice::Sectors => (true, true),
            };
            if sectors {
                apply_sectors(&mut files, step, dice);
            } else if there {
                apply(&mut files, step);
            }
        }
        Image { files, acknowledged: self.acknowledged, name: format!("moment {moment}, {choice:?}") }
    }
}

impl Image {
    /// Writes the image as the database at `path` and what lies beside it, in place of what was there.
    ///
    /// # Errors
    /// Where the files cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        for part in Part::ALL {
            let mut name = path.as_os_str().to_owned();
            name.push(part.ending());
            let path = PathBuf::from(name);
            match self.files.get(&part) {
                Some(bytes) => std::fs::write(path, bytes)?,
                None if path.exists() => std::fs::remove_file(path)?,
                None => {}
            }
        }
        Ok(())
    }
}

/// Writes bytes at a place; what lies between is zero.
pub(crate) fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at.saturating_add(bytes.len());
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

fn apply(files: &mut BTreeMap<Part, Vec<u8>>, step: &Step) {
    match step {
        Step::Wrote { part, at, bytes } => put(files.entry(*part).or_default(), *at, bytes),
        Step::Truncated { part, length } => files.entry(*part).or_default().resize(*length, 0),
        Step::Deleted(part) => drop(files.remove(part)),
        Step::Synced(_) | Step::Acknowledged => {}
    }
}

/// The pieces of a write that a disk writes each as a whole.
fn sectors(at: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = at;
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = (SECTOR_BYTES - at % SECTOR_BYTES).min(rest.len());
        let (piece, after) = rest.split_at_checked(length).filter(|(piece, _)| !piece.is_empty())?;
        let place = at;
        (at, rest) = (at + length, after);
        Some((place, piece))
    })
}

fn apply_torn(files: &mut BTreeMap<Part, Vec<u8>>, step: &Step, dice: &mut Dice) {
    let Step::Wrote { part, at, bytes } = step else { return };
    let pieces = sectors(*at, bytes).count();
    for (place, piece) in sectors(*at, bytes).take(dice.below(pieces)) {
        put(files.entry(*part).or_default(), place, piece);
    }
}

fn apply_sectors(files: &mut BTreeMap<Part, Vec<u8>>, step: &Step, dice: &mut Dice) {
    let Step::Wrote { part, at, bytes } = step else {
        if dice.coin() {
            apply(files, step);
        }
        return;
    };
    let file = files.entry(*part).or_default();
    for (place, piece) in sectors(*at, bytes) {
        if dice.coin() {
            put(file, place, piece);
        } else if place >= file.len() && dice.coin() {
            let stale: Vec<u8> = piece.iter().map(|_| dice.next().to_le_bytes()[0]).collect();
            put(file, place, &stale);
        }
    }
}
