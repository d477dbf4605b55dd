//! Guessing whose column is what: as it was the last time, by name, or by words that are mostly the same. A guess is shown
//! and can be changed; nothing is taken in by it alone.

use std::collections::BTreeSet;

use tessera_engine::export::DEMO_COLUMN;
use tessera_engine::intake::Mapping;
use tessera_model::programme::Programme;
use tessera_model::programme::form::FieldKind;
use tessera_model::table::Table;

use super::{FILES, IntakeColumn, NOWHERE};
use crate::board::fold;

/// Words that say nothing of what a column holds.
const EMPTY_WORDS: &[&str] = &[
    "a", "an", "the", "of", "your", "my", "in", "for", "to", "is", "are", "what", "please", "de", "du", "la",
    "le", "les", "des", "votre", "el", "los", "su", "del",
];
/// Names by which key columns go in most tables.
const KEY_WORDS: &[&str] = &["key", "id", "number", "no", "nr", "code", "reference", "ref", "application"];

/// For each column the field that it most likely is, and why. No field is guessed twice.
pub(super) fn columns(
    programme: &Programme,
    table: &Table,
    mapping: &Mapping,
) -> Vec<(String, Option<&'static str>)> {
    let mut found: Vec<(String, Option<&'static str>)> =
        vec![(NOWHERE.to_owned(), None); table.columns.len()];
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let plain = Mapping::default();
    let known = |field: &str| programme.fields.iter().any(|one| one.key.as_str() == field);
    for (slot, column) in found.iter_mut().zip(&table.columns) {
        let remembered = mapping.columns.get(column).filter(|field| !taken.contains(*field));
        if let Some(field) = remembered {
            *slot = (field.clone(), Some("remembered"));
        } else if mapping.ignore.contains(column) {
            *slot = (NOWHERE.to_owned(), Some("remembered"));
        } else if mapping.attachments.contains(column) {
            *slot = (FILES.to_owned(), Some("remembered"));
        } else {
            let field = plain.field(programme, column);
            let of_files =
                programme.fields.iter().any(|one| one.key.as_str() == field && one.kind == FieldKind::File);
            match field {
                _ if column == DEMO_COLUMN => continue,
                "attachments" | "files" if !known(field) => *slot = (FILES.to_owned(), Some("name")),
                _ if of_files || !known(field) || taken.contains(field) => {
                    if of_files && !taken.contains(field) {
                        *slot = (field.to_owned(), Some("name"));
                    }
                }
                _ => *slot = (field.to_owned(), Some("name")),
            }
        }
        taken.insert(slot.0.clone());
    }
    for (slot, column) in found.iter_mut().zip(&table.columns) {
        if slot.1.is_none()
            && column != DEMO_COLUMN
            && let Some(field) = alike(programme, column, &taken)
        {
            taken.insert(field.clone());
            *slot = (field, Some("alike"));
        }
    }
    found
}

/// The field whose key or question has mostly the words of a column's name.
fn alike(programme: &Programme, column: &str, taken: &BTreeSet<String>) -> Option<String> {
    let said = words(column);
    if said.is_empty() {
        return None;
    }
    let likeness = |text: &str| {
        let own = words(text);
        let both = own.intersection(&said).count();
        // Hundredths of the words of the two that both have.
        (100 * both).checked_div(own.union(&said).count()).unwrap_or(0)
    };
    let of_field = |field: &tessera_model::programme::form::Field| {
        let labels = field.label.iter().flat_map(|label| {
            label.languages().map(|language| likeness(label.in_language(language))).collect::<Vec<_>>()
        });
        labels.chain([likeness(field.key.as_str())]).max().unwrap_or(0)
    };
    let free = programme.fields.iter().filter(|field| !taken.contains(field.key.as_str()));
    let best = free.map(|field| (of_field(field), field)).max_by_key(|(likeness, _)| *likeness)?;
    (best.0 >= 50).then(|| best.1.key.to_string())
}

/// The words of a name in lower case, without those that say nothing.
fn words(text: &str) -> BTreeSet<String> {
    let folded = fold(text).replace("e-mail", "email");
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.filter(|word| !EMPTY_WORDS.contains(word)).map(str::to_owned).collect()
}

/// The column that most likely names the applications: as the last time, else by its name, else the first without two
/// equal cells.
pub(super) fn key(columns: &[IntakeColumn], remembered: Option<&str>) -> Option<String> {
    let named = |column: &&IntakeColumn| {
        column.unique && words(&column.name).iter().any(|word| KEY_WORDS.contains(&word.as_str()))
    };
    let found = columns.iter().find(|column| Some(column.name.as_str()) == remembered);
    let found = found.or_else(|| columns.iter().find(named));
    found.or_else(|| columns.iter().find(|column| column.unique)).map(|column| column.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEMINAR: &str = include_str!("../../../../shared/model/programmes/seminar.toml");

    fn guessed(header: &str, mapping: &str) -> Vec<(String, Option<&'static str>)> {
        let table = Table::read(format!("{header}\n").as_bytes(), "a.csv", 1 << 20).unwrap();
        columns(&Programme::parse(SEMINAR).unwrap(), &table, &Mapping::parse(mapping, "m").unwrap())
    }

    #[test]
    fn names_are_known_again_and_no_field_is_guessed_twice() {
        let found = guessed("No.,full-name,Date of birth,E-Mail,Email address,Region,Shoe size", "");
        let found: Vec<(&str, Option<&str>)> = found.iter().map(|(to, how)| (to.as_str(), *how)).collect();
        let expected = [
            ("", None),
            ("full-name", Some("name")),
            ("birth-date", Some("name")),
            ("email", Some("alike")),
            ("", None),
            ("region", Some("name")),
            ("", None),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_was_chosen_the_last_time_comes_first() {
        let found = guessed(
            "Nom,full-name,Heure,Pièces",
            "ignore=[\"Heure\"]\nattachments=[\"Pièces\"]\n[columns]\nNom=\"full-name\"",
        );
        let remembered = Some("remembered");
        let expected = [("full-name", remembered), ("", None), ("", remembered), ("@files", remembered)];
        assert_eq!(found.iter().map(|(to, how)| (to.as_str(), *how)).collect::<Vec<_>>(), expected);
    }
}
