//! Counts and shares of groups at every stage: the engine's groups, the seats as the order gives them today, and the model's table
//! with what is small hidden. Not a decision: who would have a seat is calculated and stored nowhere.

use std::collections::BTreeSet;

use tessera_engine::shares::{By, Reached};
use tessera_model::programme::Programme;
use tessera_model::shares::Shares;

use crate::seats::seated;
use crate::session::{Session, SessionError};

/// The tables of one programme.
#[derive(Debug, Clone)]
pub struct Tables {
    /// The stages that can be told today, the first one first.
    pub stages: Vec<Reached>,
    /// How many applications there are.
    pub applications: usize,
    /// A table for each thing that applications are grouped by.
    pub tables: Vec<(By, Shares)>,
}

/// Counts every application by everything that the programme groups by; counts under `least` are hidden.
///
/// # Errors
/// [`SessionError`].
pub fn shares(session: &mut Session, programme: &Programme, least: u32) -> Result<Tables, SessionError> {
    let seated = seated(session, programme)?.map(|selection| BTreeSet::from_iter(selection.selected));
    let grouped =
        session.together(|acts| acts.grouped(programme, seated.as_ref().unwrap_or(&BTreeSet::new())))?;
    let told = |stage: &Reached| match stage {
        Reached::Shortlisted => programme.rounds.len() > 1,
        Reached::Selected => seated.is_some(),
        _ => true,
    };
    let stages: Vec<Reached> = Reached::ALL.into_iter().filter(told).collect();
    let last = |reached: Reached| stages.iter().rposition(|stage| *stage <= reached).unwrap_or(0);
    let tables = By::all(programme).into_iter().map(|by| {
        let reached = grouped.iter().map(|one| {
            let group = one.groups.get(&by).map_or("", String::as_str);
            (group, last(one.reached))
        });
        let shares = Shares::of(stages.len(), least, reached);
        (by, shares)
    });
    let tables = tables.collect();
    Ok(Tables { applications: grouped.len(), tables, stages })
}
