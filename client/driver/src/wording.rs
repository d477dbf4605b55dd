//! What a programme calls its questions, files, rounds and criteria, in a reader's language. Not what it calls members
//! ([`crate::names`]).

use std::collections::BTreeMap;

use tessera_model::programme::Programme;
use tessera_model::programme::words::Text;

/// The language in which labels are shown: the one that the reader chose, where the programme is written in it.
#[derive(Clone, Copy)]
pub struct Labels<'a> {
    programme: &'a Programme,
    language: &'a str,
}

impl<'a> Labels<'a> {
    /// Labels of a programme in a language.
    #[must_use]
    pub fn new(programme: &'a Programme, language: &'a str) -> Self {
        Self { programme, language }
    }

    /// A text in the reader's language, else in the programme's first.
    #[must_use]
    pub fn said(&self, text: &Text) -> String {
        let has = text.languages().any(|language| language == self.language);
        let first = self.programme.languages.first().map_or("en", |language| language.as_str());
        text.in_language(if has { self.language } else { first }).to_owned()
    }

    /// The same of a text that may be missing.
    #[must_use]
    pub fn maybe(&self, text: Option<&Text>) -> Option<String> {
        text.map(|text| self.said(text)).filter(|text| !text.trim().is_empty())
    }

    /// What people call a field of the form; its key where the programme gives no label.
    #[must_use]
    pub fn field(&self, key: &str) -> String {
        let field = self.programme.fields.iter().find(|field| field.key.as_str() == key);
        self.maybe(field.and_then(|field| field.label.as_ref())).unwrap_or_else(|| key.to_owned())
    }

    /// What people call an attachment of the form; its key where the programme gives no label.
    #[must_use]
    pub fn slot(&self, key: &str) -> String {
        let slot = self.programme.attachments.iter().find(|slot| slot.key.as_str() == key);
        self.maybe(slot.and_then(|slot| slot.label.as_ref())).unwrap_or_else(|| key.to_owned())
    }

    /// What people call a round; its key where the programme gives no label.
    #[must_use]
    pub fn round(&self, key: &str) -> String {
        let round = self.programme.round(key);
        self.maybe(round.and_then(|round| round.label.as_ref())).unwrap_or_else(|| key.to_owned())
    }

    /// What people call a criterion; its key where the programme gives no label.
    #[must_use]
    pub fn criterion(&self, key: &str) -> String {
        let criterion = self.programme.criterion(key);
        self.maybe(criterion.and_then(|one| one.label.as_ref())).unwrap_or_else(|| key.to_owned())
    }

    /// What a coordinator has to answer about a condition; its key where the programme has no such one.
    #[must_use]
    pub fn gate(&self, key: &str) -> String {
        self.programme.gate(key).map_or_else(|| key.to_owned(), |gate| self.said(&gate.question))
    }

    /// The answer to a field as people read it: the label of what was chosen.
    #[must_use]
    pub fn answer(&self, key: &str, value: &str) -> String {
        let field = self.programme.fields.iter().find(|field| field.key.as_str() == key);
        let Some(field) = field.filter(|field| !field.options.is_empty()) else { return value.to_owned() };
        let one = |value: &str| {
            let option = field.options.iter().find(|option| option.key.as_str() == value.trim());
            option.map_or_else(|| value.trim().to_owned(), |option| self.said(&option.label))
        };
        if field.many { value.split(';').map(one).collect::<Vec<_>>().join(", ") } else { one(value) }
    }
}

/// Answers in the order of the form; what the form does not know comes last.
pub fn in_order<'a>(
    programme: &Programme,
    fields: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (&'a String, &'a String)> + use<'a> {
    let order = |key: &str| programme.fields.iter().position(|field| field.key.as_str() == key);
    let mut sorted: Vec<(&String, &String)> = fields.iter().collect();
    sorted.sort_by_key(|(key, _)| (order(key).unwrap_or(usize::MAX), *key));
    sorted.into_iter()
}
