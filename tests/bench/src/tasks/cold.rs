//! T1, T1r and T3: a fresh laptop fetches everything that is for it, and then asks once more.

use anyhow::{Result, ensure};
use tessera_driver::session::Session;
use tessera_protocol::charter::Roles;

use crate::material::FRESH;
use crate::results::Row;
use crate::world::{World, sync, words};

/// A coordinator who comes when everything is there.
pub(crate) const CAROL: &str = "carol";
/// The second laptop of a reviewer.
const SECOND: &str = "second";

/// T1 and T3: a coordinator who was just admitted fetches everything; later nothing is new.
pub(super) fn coordinator(world: &mut World) -> Result<Vec<Row>> {
    drop(world.enrol_home(CAROL, Roles { admin: false, coordinator: true })?);
    sync(&mut world.admin)?;
    let size = world.applications.len();
    let cold = world.measure_sync(CAROL)?;
    let mut carol = world.open(CAROL)?;
    let (applications, reviews) = carol.together(|acts| Ok((acts.applications()?.len(), acts.reviews()?)))?;
    let counted = reviews.iter().filter(|review| review.counted.is_some()).count();
    ensure!(
        applications == size && counted == world.material.count(),
        "a cold start brought {applications} applications and {counted} reviews that count"
    );
    // What the first exchange gave rise to is said before the relay is asked in vain.
    sync(&mut carol)?;
    sync(&mut carol)?;
    drop(carol);
    let idle = world.measure_sync(CAROL)?;
    ensure!(idle.passed.turns == 1, "an idle exchange took {} round trips", idle.passed.turns);
    Ok(vec![Row::of("T1", size, cold), Row::of("T3", size, idle)])
}

/// T1r: a reviewer's second laptop, added by the first, fetches dossiers, drafts and reviews.
pub(super) fn reviewer(world: &mut World) -> Result<Row> {
    let mut first = world.open(FRESH)?;
    let member = first.engine().member();
    let pass = first.together(|acts| acts.device_pass(member))?;
    let place = world.place(SECOND);
    let (second, request) = Session::join(&place.home, &words(), &pass)?;
    drop(second);
    first.together(|acts| acts.add_requested(&request))?;
    sync(&mut first)?;
    sync(&mut world.admin)?;
    sync(&mut first)?;
    drop(first);
    let cold = world.measure_sync(SECOND)?;
    let tasks = world.open(SECOND)?.together(|acts| acts.tasks())?;
    let whole = tasks.iter().filter(|task| task.readable && task.review.is_some()).count();
    let expected = world.material.reviews[FRESH].len();
    ensure!(whole == expected, "a second laptop holds {whole} of {expected} dossiers with their reviews");
    Ok(Row::of("T1r", world.applications.len(), cold))
}
