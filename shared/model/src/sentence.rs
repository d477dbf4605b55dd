//! What a result says to people: one plain sentence and one recommended act, each a code with parameters that any
//! language can put into words, and the words in English. Not the result, and not a rule: a sentence repeats what the
//! figures beside it already say.
//!
//! A module with results of its own writes its sentences in one table of templates and makes them with
//! [`Saying::new`]:
//!
//! ```
//! use tessera_model::sentence::{Advice, Saying};
//!
//! let advice = Advice {
//!     sentence: Saying::new("reads-unmet", "{unmet} of {all} applications have fewer readers than asked.")
//!         .with("unmet", 3)
//!         .with("all", 60),
//!     act: Saying::new("add-readers", "Ask {more} more readers, or accept fewer reads.").with("more", 2),
//! };
//! assert_eq!(advice.sentence.text(), "3 of 60 applications have fewer readers than asked.");
//! ```

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

/// Decimal places of a figure in English words; the parameter itself keeps all of them.
const PLACES: usize = 2;

/// A sentence and what is recommended because of it: the fields `sentence` and `act` of a result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    /// What the figures say.
    pub sentence: Saying,
    /// What to do about it.
    pub act: Saying,
}

/// Something said as a code with parameters: `{code, parameters, text}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Saying {
    code: &'static str,
    template: &'static str,
    parameters: BTreeMap<&'static str, Parameter>,
}

/// A value in a sentence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Parameter {
    /// A number of things.
    Count(u64),
    /// A figure; one that is not finite is null.
    Figure(f64),
    /// A name or a word from a closed list.
    Text(String),
    /// Several names.
    Names(Vec<String>),
}

impl Saying {
    /// Makes a sentence from its code, kebab-case and never reused for something else, and its English template, in which
    /// `{name}` stands for a parameter.
    #[must_use]
    pub fn new(code: &'static str, template: &'static str) -> Self {
        Self { code, template, parameters: BTreeMap::new() }
    }

    /// Gives a parameter its value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Parameter>) -> Self {
        self.parameters.insert(name, value.into());
        self
    }

    /// Returns the code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Returns the parameters by name, each in words.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.parameters.iter().map(|(name, value)| (*name, value.in_words()))
    }

    /// Returns the English words. A parameter that was not given stays `{name}`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.template.len() + 32);
        let mut rest = self.template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((name, behind)) = after.split_once('}') else { break };
            match self.parameters.get(name) {
                Some(value) => text.push_str(&value.in_words()),
                None => text.push_str(&format!("{{{name}}}")),
            }
            rest = behind;
        }
        text.push_str(rest);
        text
    }
}

impl Parameter {
    fn in_words(&self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Figure(figure) if figure.is_finite() => format!("{figure:.PLACES$}"),
            Self::Figure(_) => "unknown".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Names(names) => names.join(", "),
        }
    }
}

impl Serialize for Saying {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut saying = serializer.serialize_struct("Saying", 3)?;
        saying.serialize_field("code", self.code)?;
        saying.serialize_field("parameters", &self.parameters)?;
        saying.serialize_field("text", &self.text())?;
        saying.end()
    }
}

impl From<usize> for Parameter {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<f64> for Parameter {
    fn from(figure: f64) -> Self {
        Self::Figure(figure)
    }
}

impl From<&str> for Parameter {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Parameter {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[String]> for Parameter {
    fn from(names: &[String]) -> Self {
        Self::Names(names.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_filled_in_and_parameters_kept() {
        let names = ["ann".to_owned(), "bob".to_owned()];
        let saying = Saying::new("cut-readers", "{n} of {who}: {share} on {what}, {unsaid}.")
            .with("n", 2)
            .with("who", &names[..])
            .with("share", 0.666_666)
            .with("what", "merit {n}");
        assert_eq!(saying.text(), "2 of ann, bob: 0.67 on merit {n}, {unsaid}.");
        assert_eq!(
            serde_json::to_string(&saying).unwrap(),
            "{\"code\":\"cut-readers\",\"parameters\":{\"n\":2,\"share\":0.666666,\"what\":\"merit {n}\",\
             \"who\":[\"ann\",\"bob\"]},\"text\":\"2 of ann, bob: 0.67 on merit {n}, {unsaid}.\"}"
        );
    }

    #[test]
    fn a_figure_that_is_none_is_null() {
        let saying = Saying::new("x", "{x}").with("x", f64::NAN);
        assert_eq!(serde_json::to_value(&saying).unwrap()["parameters"]["x"], serde_json::Value::Null);
        assert_eq!(saying.text(), "unknown");
    }
}
