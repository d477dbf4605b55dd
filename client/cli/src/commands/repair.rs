//! `tessera repair`: what follows from the packs is put in the place of what is wrong; what is missing is asked for again.

use std::ops::ControlFlow;

use serde_json::json;
use tessera_driver::care::repair;
use tessera_model::input::Warning;

use super::programme::text;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Answer;

/// Runs `repair`.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let mut session = context.session()?;
    let repaired = repair(&mut session, &mut |_, _| ControlFlow::Continue(()))?;
    let lost: Vec<Warning> = repaired
        .lost
        .iter()
        .map(|pack| {
            let lost = Warning::new(
                "work-lost",
                "pack {pack} was damaged before anybody else had it; unless a bundle holds it, what was in it is lost",
            );
            lost.with("pack", pack.to_string())
        })
        .collect();
    let row = json!({
        "found": repaired.found.differences.len(),
        "left": repaired.left.len(),
        "packs_put_away": repaired.put_away.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "packs_lost": repaired.lost.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "asks_again": repaired.asks_again,
    });
    Answer::new("repair", vec![row]).warnings(lost).show(
        context,
        &["found", "left", "packs put away", "asks again"],
        |row| {
            let away = row["packs_put_away"].as_array().map_or(0, Vec::len);
            vec![text(&row["found"]), text(&row["left"]), away.to_string(), text(&row["asks_again"])]
        },
    )?;
    if repaired.asks_again {
        context.hint(
            "next: `tessera sync` asks for what is missing; or `tessera bundle import` takes it from a stick",
        );
    }
    if !repaired.left.is_empty() {
        return Err(Failure::new(Exit::Damaged, "differs", "something is still not as the packs say")
            .hint("`tessera verify` names it; a backup or another device of the programme has the rest"));
    }
    Ok(())
}
