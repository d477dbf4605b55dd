//! Scores from JSON lines. Not the rules of revisions, which hold for every source.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::csv_file::OWN;
use super::{FileRead, Read, Review, cell, is_not_applicable, number, revision, unused_columns};
use crate::decimal::Decimal;
use crate::input::{InputError, InputErrorKind, Place};
use crate::policy::{CriterionRule, Policy};
use crate::table::{MAX_COLUMNS, MAX_FILE_BYTES, MAX_ROWS, id};

/// Longest line, in bytes.
const MAX_LINE_BYTES: usize = 64 * 1024;

pub(super) fn read(bytes: &[u8], file: &str, policy: &Policy) -> Result<FileRead, InputError> {
    let place = Place::file(file);
    if bytes.len() > MAX_FILE_BYTES {
        return Err(place.error(InputErrorKind::TooLarge { what: "bytes", most: MAX_FILE_BYTES }));
    }
    let mut lines = Vec::new();
    for (number, line) in (1_u64..).zip(bytes.split(|b| *b == b'\n')) {
        let here = place.row(number);
        if line.len() > MAX_LINE_BYTES {
            return Err(
                here.error(InputErrorKind::TooLarge { what: "bytes in a line", most: MAX_LINE_BYTES })
            );
        }
        if lines.len() == MAX_ROWS {
            return Err(here.error(InputErrorKind::TooLarge { what: "rows", most: MAX_ROWS }));
        }
        let text = std::str::from_utf8(line).map_err(|_| here.error(InputErrorKind::NotUtf8))?.trim();
        if !text.is_empty() {
            lines.push((number, one(text, policy, &here)?));
        }
    }

    let known: BTreeSet<&str> = policy.criteria.iter().map(|rule| rule.key.as_str()).collect();
    let named: BTreeSet<String> = lines.iter().flat_map(|(_, line)| line.scores.keys().cloned()).collect();
    if named.len() > MAX_COLUMNS {
        return Err(place.error(InputErrorKind::TooLarge { what: "criteria", most: MAX_COLUMNS }));
    }
    let criteria: Vec<String> = match policy.criteria.is_empty() {
        true => named.iter().cloned().collect(),
        false => policy.criteria.iter().map(|rule| rule.key.clone()).collect(),
    };
    let others = lines.iter().flat_map(|(_, line)| line.others.iter().map(String::as_str));
    let unused = named.iter().map(String::as_str).filter(|key| !known.is_empty() && !known.contains(key));
    let warnings = unused_columns(others.chain(unused));
    let read = lines.into_iter().map(|(row, line)| {
        let said = criteria.iter().enumerate().filter(|(_, key)| line.not_applicable.contains(*key));
        let not_applicable = said.map(|(criterion, _)| criterion).collect();
        Read { row, review: line.into_review(&criteria), not_applicable }
    });
    let read = read.collect();
    Ok(FileRead { criteria, read, warnings })
}

/// One line, read.
struct Line {
    review: Review,
    scores: BTreeMap<String, Option<Decimal>>,
    not_applicable: BTreeSet<String>,
    others: Vec<String>,
}

impl Line {
    fn into_review(mut self, criteria: &[String]) -> Review {
        self.review.scores = criteria.iter().map(|key| self.scores.get(key).copied().flatten()).collect();
        self.review
    }
}

fn one(text: &str, policy: &Policy, here: &Place) -> Result<Line, InputError> {
    let members = object(text, here)?;
    let member = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    let text_of =
        |name: &str| member(name).map_or(Ok(String::new()), |value| scalar(value, &here.column(name)));
    let (mut scores, mut not_applicable) = (BTreeMap::new(), BTreeSet::new());
    let written = member("scores").map_or("{}", RawValue::get);
    for (key, value) in object(written, &here.column("scores"))? {
        let place = here.column(&key);
        id(&key, &place)?;
        let plain = CriterionRule::plain(&key);
        let rule = policy.criteria.iter().find(|rule| rule.key == key).unwrap_or(&plain);
        let text = scalar(value, &place)?;
        if is_not_applicable(&text, policy) {
            not_applicable.insert(key.clone());
        }
        let score = cell(&text, rule, policy, &place)?;
        scores.insert(key, score);
    }
    let round = text_of("round")?;
    let review = Review {
        application: id(&text_of("application")?, &here.column("application"))?,
        reviewer: id(&text_of("reviewer")?, &here.column("reviewer"))?,
        round: if round.is_empty() { round } else { id(&round, &here.column("round"))? },
        revision: revision(&text_of("revision")?, &here.column("revision"))?,
        confidence: number(&text_of("confidence")?, &[], &here.column("confidence"))?,
        scores: Vec::new(),
    };
    let others = members.iter().map(|(key, _)| key).filter(|k| !OWN.contains(&k.as_str()) && *k != "scores");
    Ok(Line { review, scores, not_applicable, others: others.take(MAX_COLUMNS).cloned().collect() })
}

/// Returns a string's text, a number exactly as it is written, and nothing for null.
fn scalar(value: &RawValue, place: &Place) -> Result<String, InputError> {
    match value.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(value.get())
            .map(|text| text.trim().to_owned())
            .map_err(|e| not_json(&e, place)),
        Some(b'n') => Ok(String::new()),
        Some(b'{' | b'[' | b't' | b'f') => {
            let message = "a number, a string or null belongs here".to_owned();
            Err(place.error(InputErrorKind::NotJson { message }))
        }
        _ => Ok(value.get().to_owned()),
    }
}

fn not_json(error: &serde_json::Error, place: &Place) -> InputError {
    place.error(InputErrorKind::NotJson { message: error.to_string() })
}

fn object<'a>(text: &'a str, place: &Place) -> Result<Vec<(String, &'a RawValue)>, InputError> {
    serde_json::from_str::<Members<'a>>(text).map(|members| members.0).map_err(|e| not_json(&e, place))
}

/// The members of an object, none of them twice: which of two would count is nobody's to guess.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members: Vec<(String, &'de RawValue)> = Vec::new();
                let mut seen = BTreeSet::new();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if !seen.insert(key.clone()) {
                        return Err(A::Error::custom(format!("`{key}` is there twice")));
                    }
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}
