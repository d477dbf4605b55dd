//! Seats and quotas that are exceeded by what was selected. Not the selection.

use std::collections::BTreeMap;

use crate::documents::{Id, Kind, Subject};
use crate::programme::seats::Seats;

use super::Code;
use super::attention::{Attention, Side, sort};

/// An application that has a seat, and its answers as quotas see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seated {
    /// The application.
    pub application: Id,
    /// By what name people call it.
    pub key: String,
    /// Answers by field.
    pub fields: BTreeMap<String, String>,
}

/// Lists the limits that are exceeded: two coordinators who each gave the last seat offline gave one too many.
///
/// An application that is listed twice has one seat.
#[must_use]
pub fn seats_attention(seats: &Seats, seated: &[Seated]) -> Vec<Attention> {
    let seated: BTreeMap<Id, &Seated> = seated.iter().map(|one| (one.application, one)).collect();
    let mut list = Vec::new();
    let mut check = |code, limit: u32, place: String, taken: Vec<&Seated>| {
        if taken.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
            let mut one = Attention::new(code, (Kind::Selection, Subject::Programme));
            one.place = place;
            let side = |seated: &Seated| Side { actor: None, change: None, says: seated.key.clone() };
            one.sides = taken.into_iter().map(side).collect();
            list.push(one);
        }
    };
    check(Code::SeatsExceeded, seats.n, String::new(), seated.values().copied().collect());
    for quota in &seats.quotas {
        let counts = |one: &&Seated| one.fields.get(quota.field.as_str()) == Some(&quota.value.0);
        let taken = seated.values().copied().filter(counts).collect();
        let name = quota.name.in_language("en").to_owned();
        check(Code::QuotaExceeded, quota.max.unwrap_or(u32::MAX), name, taken);
    }
    sort(&mut list);
    list
}
