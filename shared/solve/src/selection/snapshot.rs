//! The canonical record of a selection: JSON without spaces, keys sorted, decimals as strings, so that anyone with the
//! same inputs writes the same bytes. Not a signature.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};
use tessera_model::decimal::Decimal;

use super::{Before, Pool, Seats, Selection};

/// The record; fields in the order of their names.
#[derive(Serialize)]
struct Record<'a> {
    before: Option<Earlier<'a>>,
    order: Vec<Place<'a>>,
    passed_over: Vec<Passed<'a>>,
    schema: &'static str,
    seats: &'a Seats,
    seed: String,
    selected: &'a [String],
    unranked: &'a [String],
    waitlist: &'a [String],
}

#[derive(Serialize)]
struct Earlier<'a> {
    selected: Vec<&'a str>,
    withdrawn: Vec<&'a str>,
}

#[derive(Serialize)]
struct Place<'a> {
    application: &'a str,
    fields: BTreeMap<&'a str, &'a str>,
    rank: Option<String>,
    total: Option<Decimal>,
}

#[derive(Serialize)]
struct Passed<'a> {
    application: &'a str,
    constraint: &'a str,
    rule: &'a str,
}

/// Writes the canonical record.
pub fn canonical(
    pool: &Pool,
    seats: &Seats,
    before: Option<&Before>,
    seed: u64,
    selection: &Selection,
) -> Vec<u8> {
    let order = pool.candidates.iter().map(|one| Place {
        application: &one.ranked.application,
        fields: one.fields.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect(),
        rank: one.ranked.rank.map(|rank| rank.to_string()),
        total: one.ranked.total,
    });
    let record = Record {
        before: before.map(|before| Earlier {
            selected: before.selected.iter().map(String::as_str).collect(),
            withdrawn: before.withdrawn.iter().map(String::as_str).collect(),
        }),
        order: order.collect(),
        passed_over: selection
            .passed_over
            .iter()
            .map(|one| Passed { application: &one.application, constraint: &one.constraint, rule: one.rule })
            .collect(),
        schema: "tessera/selection-snapshot/1",
        seats,
        seed: seed.to_string(),
        selected: &selection.selected,
        unranked: &selection.unranked,
        waitlist: &selection.waitlist,
    };
    serde_json::to_vec(&record).expect("strings, lists and maps with string keys are JSON")
}

/// Returns SHA-256 as lower-case hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
