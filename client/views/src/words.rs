//! Sentences, counts and ids as screens take them.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Serialize;
use specta::Type;
pub(crate) use tessera_driver::wording::Labels;
use tessera_model::input::Warning;
use tessera_model::sentence::{Advice, Saying};

use crate::failure::Failure;

/// A sentence of the engine: the code picks the translation, the parameters fill it, the text is the English of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Sentence {
    /// Which sentence.
    pub code: String,
    /// In English.
    pub text: String,
    /// What fills it.
    pub params: BTreeMap<String, String>,
}

/// What figures say and what is recommended because of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AdviceView {
    /// What they say.
    pub sentence: Sentence,
    /// What to do.
    pub act: Sentence,
}

impl Sentence {
    /// A sentence with no parameters.
    #[must_use]
    pub fn plain(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into(), params: BTreeMap::new() }
    }

    /// Gives a parameter its value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }
}

impl From<&Saying> for Sentence {
    fn from(saying: &Saying) -> Self {
        let params = saying.parameters().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { code: saying.code().to_owned(), text: saying.text(), params }
    }
}

impl From<&Warning> for Sentence {
    fn from(warning: &Warning) -> Self {
        warning.saying().into()
    }
}

impl From<&Advice> for AdviceView {
    fn from(advice: &Advice) -> Self {
        Self { sentence: (&advice.sentence).into(), act: (&advice.act).into() }
    }
}

/// How many; no list here holds four thousand millions.
pub(crate) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads an id that a screen was given before.
pub(crate) fn id<T: FromStr>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::bad_input("the id"))
}

/// A figure with at most two places, as people read it.
pub(crate) fn figure(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_handed_over_with_what_fills_it() {
        let warning = Warning::new("not-counted", "{count} reviews are not counted: {why}");
        let sentence = Sentence::from(&warning.with("count", 2).with("why", "after-close"));
        assert_eq!(sentence.code, "not-counted");
        assert_eq!(sentence.text, "2 reviews are not counted: after-close");
        let params: Vec<_> =
            sentence.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(params, [("count", "2"), ("why", "after-close")]);
    }

    #[test]
    fn figures_lose_empty_places() {
        fn check(value: f64, expected: &str) {
            assert_eq!(figure(value), expected);
        }
        check(4.0, "4");
        check(4.5, "4.5");
        check(3.666_666, "3.67");
        check(-0.001, "0");
        check(100.0, "100");
    }
}
