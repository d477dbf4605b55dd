//! A proposal of further readers: whom a round's rule asks for, and the search for one more reader of each of them beside those who
//! read. The rule is `tessera_model::further`; staging and publishing are those of any assignment.

use std::collections::BTreeSet;

use tessera_engine::further::FurtherReads;
use tessera_model::input::Warning;
use tessera_model::programme::Programme;
use tessera_model::programme::calendar::Round;

use super::{AssigningError, Ready, Wanted, ready};
use crate::names::{Labels, Names};
use crate::session::Session;

/// Collects what the search for further readers takes, and whom the rule asks for. Of `wanted`, what it says of applications counts
/// only among those that the rule asks for; how many read each of them is one, and nothing is kept.
///
/// # Errors
/// [`AssigningError`]; [`AssigningError::NoFurther`] where the round has no such rule.
pub fn ready_further(
    session: &mut Session,
    programme: &Programme,
    in_round: &Round,
    wanted: Wanted,
) -> Result<(Ready, FurtherReads), AssigningError> {
    let found = reads(session, programme, in_round)?.ok_or(AssigningError::NoFurther)?;
    let (names, labels) = (Names::of(session)?, Labels::of(session)?);
    let only = found.needed.iter().map(|(_, needed)| needed.application.clone()).collect();
    let mut ready = ready(session, programme, Wanted { only: Some(only), keep: None, ..wanted })?;
    let standing: BTreeSet<(String, String)> = found
        .standing
        .iter()
        .map(|(application, member)| (labels.application(*application), names.handle(*member)))
        .collect();
    ready.warnings.extend(found.warnings.iter().cloned());
    ready.warnings.extend(early(&found, &ready));
    ready.old = None;
    ready.assigned.clear();
    ready.beside = Some(standing);
    Ok((ready, found))
}

/// Says whom the round's rule asks for at present; none where it has no such rule.
///
/// # Errors
/// [`AssigningError`].
pub fn reads(
    session: &mut Session,
    programme: &Programme,
    in_round: &Round,
) -> Result<Option<FurtherReads>, AssigningError> {
    Ok(session.together(|acts| acts.further(programme, in_round))??)
}

/// Warns where the line of seats may move yet.
fn early(found: &FurtherReads, ready: &Ready) -> Option<Warning> {
    let count = found.early(ready.applications.values().copied());
    let warning = Warning::new(
        "further-early",
        "{count} applications have fewer than {first} reviews yet: the line of seats may move, and with it who needs a further reader",
    );
    (count > 0).then(|| warning.with("count", count).with("first", found.rule.first))
}
