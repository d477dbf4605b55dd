//! What one definition changes of another: place by place, what was there and what comes. Not whether it may.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use specta::Type;
use tessera_model::programme::Programme;

use crate::failure::Failure;

/// One place that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ChangeLine {
    /// Where, such as `round.reading.reads`.
    pub at: String,
    /// What is there; none: nothing.
    pub before: Option<String>,
    /// What comes; none: nothing.
    pub after: Option<String>,
}

/// Lists what changes, by place.
///
/// # Errors
/// [`Failure`].
pub fn changes(before: &Programme, after: &Programme) -> Result<Vec<ChangeLine>, Failure> {
    let (before, after) = (places(before)?, places(after)?);
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let line = |at: &String| ChangeLine {
        at: at.clone(),
        before: before.get(at).cloned(),
        after: after.get(at).cloned(),
    };
    Ok(all.into_iter().map(line).filter(|line| line.before != line.after).collect())
}

fn places(programme: &Programme) -> Result<BTreeMap<String, String>, Failure> {
    let value = serde_json::to_value(programme).map_err(|error| Failure::new("bug", error.to_string()))?;
    let mut places = BTreeMap::new();
    flatten(&value, String::new(), &mut places);
    Ok(places)
}

/// Writes every word of a definition under its place; parts of a list by what they are called.
fn flatten(value: &Value, at: String, places: &mut BTreeMap<String, String>) {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(value, below(name), places);
            }
        }
        Value::Array(parts) if parts.iter().all(|part| !part.is_object()) => {
            let words: Vec<String> = parts.iter().map(word).collect();
            if !words.is_empty() {
                places.insert(at, words.join(", "));
            }
        }
        Value::Array(parts) => {
            for (number, part) in parts.iter().enumerate() {
                let called = ["key", "name", "value"].iter().find_map(|name| part.get(name)?.as_str());
                let called = called.map_or_else(|| (number + 1).to_string(), str::to_owned);
                flatten(part, below(&called), places);
            }
        }
        one => drop(places.insert(at, word(one))),
    }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_named_by_its_place() {
        let before = "languages = [\"en\"]\n[seats]\nn = 20\n[[round]]\nkey = \"reading\"\nreads = 3\n";
        let after = "languages = [\"en\", \"fr\"]\n[seats]\nn = 18\n[[round]]\nkey = \"reading\"\n";
        let read = |text: &str| Programme::parse(text).unwrap();
        let line = |at: &str, before: Option<&str>, after: Option<&str>| ChangeLine {
            at: at.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        assert_eq!(
            changes(&read(before), &read(after)).unwrap(),
            [
                line("languages", Some("en"), Some("en, fr")),
                line("round.reading.reads", Some("3"), None),
                line("seats.n", Some("20"), Some("18")),
            ]
        );
        assert_eq!(changes(&read(before), &read(before)).unwrap(), []);
    }
}
