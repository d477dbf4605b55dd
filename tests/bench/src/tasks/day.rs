//! T2 and T2-desk: a day offline, then one exchange, and a coordinator who sees the outcome.

use anyhow::{Result, ensure};
use tessera_engine::EngineError;
use tessera_engine::programme::round;
use tessera_model::documents::Draft;

use crate::material::{DAY, DESK, apply};
use crate::results::Row;
use crate::world::{ROUND, World, sync};

const REASON: &str = "read once more";

/// The day of one who sends submitted reviews only, and of one who backs up drafts as well.
pub(super) fn both(world: &mut World) -> Result<Vec<Row>> {
    let plain = day(world, "T2", DAY)?;
    let desk = day(world, "T2-desk", DESK)?;
    Ok(vec![plain, desk])
}

fn day(world: &mut World, task: &'static str, name: &str) -> Result<Row> {
    let mut session = world.open(name)?;
    // What coordinators said about the work of before is fetched before the day begins.
    sync(&mut session)?;
    sync(&mut session)?;
    for edited in &world.material.day {
        let application = world.applications[edited.application];
        for edit in &edited.edits {
            session.together(|acts| {
                let task = acts.task(application, round(ROUND))?;
                let mut draft: Draft =
                    task.and_then(|task| task.draft).map(|read| read.value).unwrap_or_default();
                apply(edit, &mut draft).map_err(|error| EngineError::BadInput(error.to_string()))?;
                if !acts.save_draft(application, round(ROUND), &draft)? {
                    return Err(EngineError::BadInput("an edit that changes nothing".into()));
                }
                if edit.path == ["status"] && draft.attested {
                    world.submit(acts, application, Some(REASON))?;
                }
                Ok(())
            })?;
        }
    }
    let member = session.engine().member();
    drop(session);
    let measured = world.measure_sync(name)?;
    sync(&mut world.admin)?;
    let reviews = world.admin.together(|acts| acts.reviews())?;
    let seen = reviews
        .iter()
        .filter(|review| review.member == member)
        .filter(|review| review.counted.as_ref().is_some_and(|counted| counted.value.revision == 2))
        .count();
    let expected = world.material.day.len();
    ensure!(seen == expected, "a coordinator sees {seen} of {expected} amended reviews");
    Ok(Row::of(task, world.applications.len(), measured))
}
