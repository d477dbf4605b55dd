//! Where files of the folder go: what became of each, what is asked of whom, and what somebody said of patterns, of folders and
//! of single files. The rules are the engine's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::intake::{Fate, Filed, Report};
use tessera_engine::intake::{Mapping, Placed, Shared, Unplaced, shared};
use tessera_model::programme::Programme;
use tessera_model::programme::form::Attachment;

use super::report::SHOWN;
use crate::words::{Labels, count};

/// Names of files that a pattern shows.
const EXAMPLES: usize = 3;

/// Where files go, as somebody said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Placing {
    /// By how names begin, or by a pattern of names: an attachment's key, `unasked`, or empty for what is left out.
    pub patterns: BTreeMap<String, String>,
    /// By a folder's name: an application's key, or empty for what is left out.
    pub folders: BTreeMap<String, String>,
    /// Single files, by where they lie.
    pub files: BTreeMap<String, FilePlace>,
}

/// Where one file goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FilePlace {
    /// The application's key; empty: it is left out.
    pub application: String,
    /// What it is there, as in patterns; none: as its name says.
    pub slot: Option<String>,
}

impl Placing {
    /// What a mapping says of files.
    pub(super) fn of(mapping: &Mapping) -> Self {
        let place = |placed: &Placed| FilePlace {
            application: placed.application.clone(),
            slot: placed.slot.clone(),
        };
        Self {
            patterns: mapping.files.clone(),
            folders: mapping.folders.clone(),
            files: mapping.places.iter().map(|(at, placed)| (at.clone(), place(placed))).collect(),
        }
    }

    /// Says it in a mapping.
    pub(super) fn say(&self, mapping: &mut Mapping) {
        let placed =
            |place: &FilePlace| Placed { application: place.application.clone(), slot: place.slot.clone() };
        mapping.files = self.patterns.clone();
        mapping.folders = self.folders.clone();
        mapping.places = self.files.iter().map(|(at, place)| (at.clone(), placed(place))).collect();
    }

    /// How much is said.
    pub(super) fn len(&self) -> usize {
        self.patterns.len() + self.folders.len() + self.files.len()
    }
}

/// What becomes of a file, or became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FiledView {
    /// Where it lies, from the folder on.
    pub at: String,
    /// The key of the application that it fits, where it fits one.
    pub application: Option<String>,
    /// The attachment that it is, or `unasked`; none for what is not taken.
    pub slot: Option<String>,
    /// By what it found its application: `folder`, `name`, `table` or `choice`.
    pub how: Option<String>,
    /// `taken`, `unasked`, `refused`, `left-out`, `of-the-system`, `no-application`, `row-refused` or `not-in-table`.
    pub outcome: String,
    /// The pattern that it shares with others about which somebody has to say something.
    pub pattern: Option<String>,
}

/// What a file can be, and what was found of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SlotView {
    /// The attachment's key.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// How many are asked for at least; 0 where only some are asked for it.
    pub min: u32,
    /// Files that were found.
    pub files: u32,
    /// Applications that they are of.
    pub applications: u32,
    /// Applications of the table for which this import has fewer than are asked for.
    pub short: u32,
}

/// A pattern that several files share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PatternView {
    /// As a mapping writes it.
    pub pattern: String,
    /// How many files.
    pub count: u32,
    /// Where some of them lie.
    pub examples: Vec<String>,
    /// How many of them fit no application: what they are says not whose they are.
    pub unplaced: u32,
}

/// A folder that belongs to no application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StrangeFolder {
    /// Its name.
    pub name: String,
    /// How many files that fit nowhere lie in it.
    pub files: u32,
}

/// What becomes of each file, what is open first; and the patterns that several files share about which somebody has to say
/// something.
pub(super) fn filed(found: &Report) -> (Vec<FiledView>, Vec<PatternView>) {
    let (patterns, shares) = patterns(found);
    let rank = |file: &Filed| match file.fate {
        fate if fate.is_open() => 0,
        Fate::Unasked => 1,
        Fate::Refused => 2,
        Fate::LeftOut => 3,
        Fate::System => 5,
        _ => 4,
    };
    let mut files: Vec<&Filed> = found.files.iter().collect();
    files.sort_by_key(|file| rank(file));
    let view = |file: &Filed| FiledView {
        at: file.at.clone(),
        application: file.application.clone(),
        slot: file.slot.clone(),
        how: file.how.map(|how| how.word().to_owned()),
        outcome: file.fate.word().to_owned(),
        pattern: shares.get(file.at.as_str()).cloned(),
    };
    (files.into_iter().take(SHOWN).map(view).collect(), patterns)
}

/// What files can be, in the programme's order.
pub(super) fn slots(programme: &Programme, labels: Labels<'_>, found: &Report) -> Vec<SlotView> {
    if found.files.is_empty() {
        return Vec::new();
    }
    let slot = |asked: &Attachment| {
        let key = asked.key.as_str();
        let mut of: BTreeMap<&str, u32> = BTreeMap::new();
        for file in
            found.files.iter().filter(|file| file.fate.is_taken() && file.slot.as_deref() == Some(key))
        {
            *of.entry(file.application.as_deref().unwrap_or_default()).or_default() += 1;
        }
        let min = if asked.exception_only { 0 } else { asked.min };
        let short = found.lines.iter().filter(|line| of.get(line.key.as_str()).copied().unwrap_or(0) < min);
        SlotView {
            key: key.to_owned(),
            label: labels.slot(key),
            min,
            files: of.values().sum(),
            applications: count(of.len()),
            short: count(short.count()),
        }
    };
    programme.attachments.iter().map(slot).collect()
}

/// Patterns of files about which somebody has to say something, and which file has which.
fn patterns(found: &Report) -> (Vec<PatternView>, BTreeMap<&str, String>) {
    let files: Vec<&Filed> = found.files.iter().filter(|file| file.says_too_little()).collect();
    let unplaced: Vec<Unplaced<'_>> = files
        .iter()
        .map(|file| Unplaced {
            folder: file.folder.as_deref(),
            name: file.name(),
            application: file.application.as_deref(),
        })
        .collect();
    let mut shares = BTreeMap::new();
    let mut view = |one: Shared| {
        let of = || one.files.iter().filter_map(|at| files.get(*at));
        shares.extend(of().map(|file| (file.at.as_str(), one.pattern.clone())));
        PatternView {
            count: count(one.files.len()),
            examples: of().take(EXAMPLES).map(|file| file.at.clone()).collect(),
            unplaced: count(of().filter(|file| file.fate.is_open()).count()),
            pattern: one.pattern.clone(),
        }
    };
    let views = shared(&unplaced).into_iter().map(&mut view).collect();
    (views, shares)
}

/// Folders of which every file is nobody's.
pub(super) fn strange(found: &Report) -> Vec<StrangeFolder> {
    let named = found.remarks.iter().filter(|remark| remark.warning.code() == "folder-unmatched");
    let names: BTreeSet<&str> = named.flat_map(|remark| remark.about.iter().map(String::as_str)).collect();
    let within = |file: &Filed, name: &str| file.at.split('/').rev().skip(1).any(|folder| folder == name);
    let open = || found.files.iter().filter(|file| file.fate == Fate::NoApplication);
    let view = |name: &str| StrangeFolder {
        name: name.to_owned(),
        files: count(open().filter(|file| within(file, name)).count()),
    };
    names.into_iter().take(SHOWN).map(view).collect()
}
