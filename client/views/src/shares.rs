//! How many of which group are how far, with what is small hidden: a table for each thing that applications are grouped by.

use serde::Serialize;
use specta::Type;
use tessera_driver::session::Session;
use tessera_driver::shares::{self, Tables};
use tessera_engine::shares::By;
use tessera_model::shares::{Group, Shares};

use crate::board::must_coordinate;
use crate::failure::Failure;
use crate::figures::percent;
use crate::tasks;
use crate::words::{AdviceView, Labels, count};

/// Counts and shares of groups at every stage.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SharesView {
    /// All applications.
    pub applications: u32,
    /// The stages that can be told today, as words: `received`, `eligible`, `assigned`, `read`, `shortlisted`, `selected`.
    pub stages: Vec<String>,
    /// A table for each thing that applications are grouped by.
    pub tables: Vec<SharesTable>,
}

/// One table.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SharesTable {
    /// By what: `field:KEY`, `route` or `exception`.
    pub by: String,
    /// What people call a field; none where it is no field.
    pub label: Option<String>,
    /// The groups, the largest first; other groups together last.
    pub groups: Vec<SharesGroup>,
    /// The total of each stage; none where it is hidden.
    pub totals: Vec<Option<u32>>,
    /// True where something is hidden, or groups are counted together.
    pub hides: bool,
    /// What it says; its group and stage are words of the table.
    pub advice: AdviceView,
}

/// One group.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SharesGroup {
    /// The answer as it is stored, or a word; empty for those who did not answer, none for other groups together.
    pub group: Option<String>,
    /// What people call the answer to a field.
    pub label: Option<String>,
    /// At each stage.
    pub cells: Vec<SharesCell>,
}

/// A group at a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SharesCell {
    /// How many; none where it is hidden.
    pub count: Option<u32>,
    /// Their share in whole percent; none where it is hidden or nobody is there.
    pub percent: Option<u32>,
}

/// Reads the tables; counts under `least` are hidden.
///
/// # Errors
/// [`Failure`].
pub fn shares(session: &mut Session, least: u32, language: &str) -> Result<SharesView, Failure> {
    must_coordinate(session)?;
    let programme = tasks::programme(session)?;
    let labels = Labels::new(&programme, language);
    let Tables { stages, applications, tables } = shares::shares(session, &programme, least)?;
    let words: Vec<&str> = stages.iter().map(|stage| stage.word()).collect();
    let tables = tables.iter().map(|(by, shares)| table(by, shares, least, &words, labels));
    Ok(SharesView {
        applications: count(applications),
        tables: tables.collect(),
        stages: words.iter().map(|word| (*word).to_owned()).collect(),
    })
}

fn table(by: &By, shares: &Shares, least: u32, stages: &[&str], labels: Labels<'_>) -> SharesTable {
    let field = match by {
        By::Field(key) => Some(key.as_str()),
        By::Route | By::Exception => None,
    };
    let group = |group: &Group| SharesGroup {
        group: group.name.clone(),
        label: field.zip(group.name.as_deref()).map(|(field, name)| labels.answer(field, name)),
        cells: (0..stages.len())
            .map(|stage| SharesCell {
                count: group.counts.get(stage).copied().flatten(),
                percent: shares.share(group, stage).map(percent),
            })
            .collect(),
    };
    SharesTable {
        by: by.word(),
        label: field.map(|field| labels.field(field)),
        groups: shares.groups.iter().map(group).collect(),
        totals: shares.totals.clone(),
        hides: shares.hides(),
        advice: (&shares.advice(least, stages, str::to_owned)).into(),
    }
}
