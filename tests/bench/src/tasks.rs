//! The tasks, in the order in which they follow from one another.

mod cold;
mod crowd;
mod day;

use std::path::Path;

use anyhow::Result;

use crate::honest;
use crate::material::Material;
use crate::results::Row;
use crate::world::{Programs, World};

/// How the tasks are run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    /// True for a programme that is marked as a demonstration.
    pub(crate) cheap: bool,
    /// Exchanges of each client of T5.
    pub(crate) rounds: usize,
    /// True where a coordinator's tasks are enough, T1 and T3.
    pub(crate) cold_only: bool,
    /// True where the programme is made and nothing is measured.
    pub(crate) prepare: bool,
}

/// Runs every task at one size, in an empty folder.
pub(crate) fn run(folder: &Path, programs: Programs, material: Material, how: How) -> Result<Vec<Row>> {
    let mut world = World::make(folder, programs, material, how)?;
    if how.prepare {
        return Ok(Vec::new());
    }
    let mut rows = cold::coordinator(&mut world)?;
    if !how.cold_only {
        rows.push(cold::reviewer(&mut world)?);
        rows.extend(day::both(&mut world)?);
    }
    let key = world.measure_key(cold::CAROL)?;
    for row in &mut rows {
        (row.key_cpu_ms, row.key_rss_mib) = (key.cpu_ms, key.rss_mib);
    }
    if !how.cold_only {
        rows.push(crowd::run(&mut world, how.rounds)?);
    }
    honest::check(&mut world, cold::CAROL)?;
    Ok(rows)
}
