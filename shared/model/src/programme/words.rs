//! The words of a programme definition: keys that code refers to, texts that people read. Bounded here, once. Not
//! where their meaning is checked.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// Longest key, in characters.
pub const MAX_KEY_CHARS: usize = 64;
/// Longest text in one language, in bytes.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;
/// Most languages of one text.
pub const MAX_LANGUAGES: usize = 32;

/// A name that other parts of the definition, score files and documents refer to: 1 to [`MAX_KEY_CHARS`] characters,
/// none of them a control character, no space at either end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Makes a key; `None` where the text is none.
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty()
            && text.chars().count() <= MAX_KEY_CHARS
            && text.trim() == text
            && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// Returns the key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Says whether the key has only lower-case letters, digits and hyphens or underscores, begins with a letter, and so
    /// can be published as it is.
    pub fn is_plain(&self) -> bool {
        self.0.starts_with(|c: char| c.is_ascii_lowercase())
            && self.0.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "a key has 1 to {MAX_KEY_CHARS} characters, no control characters and no space at its ends"
            ))
        })
    }
}

/// A text for people: one text for all languages, or one for each.
///
/// In TOML `label = "Name"` or `label = { en = "Name", fr = "Nom" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// One text, in the programme's first language.
    Plain(String),
    /// A text by language tag.
    ByLanguage(BTreeMap<String, String>),
}

impl Text {
    /// Returns the text in `language`; else in the first language that it has.
    pub fn in_language(&self, language: &str) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::ByLanguage(texts) => {
                texts.get(language).or_else(|| texts.values().next()).map_or("", String::as_str)
            }
        }
    }

    /// Says whether nothing but space is there in some language.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Plain(text) => text.trim().is_empty(),
            Self::ByLanguage(texts) => texts.is_empty() || texts.values().any(|t| t.trim().is_empty()),
        }
    }

    /// Returns the languages that the text names; none for a plain one.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        let named = match self {
            Self::Plain(_) => None,
            Self::ByLanguage(texts) => Some(texts.keys().map(String::as_str)),
        };
        named.into_iter().flatten()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(text) => serializer.serialize_str(text),
            Self::ByLanguage(texts) => serializer.collect_map(texts),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTexts;
        impl<'de> Visitor<'de> for TextOrTexts {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table of texts by language such as { en = \"Name\", fr = \"Nom\" }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                bounded(text.trim_end()).map(Text::Plain)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
                let mut texts = BTreeMap::new();
                while let Some((language, text)) = map.next_entry::<String, String>()? {
                    if texts.len() == MAX_LANGUAGES || !is_language(&language) {
                        return Err(de::Error::custom(format!(
                            "texts are keyed by language tags such as en or pt-BR, at most {MAX_LANGUAGES}"
                        )));
                    }
                    texts.insert(language, bounded(text.trim_end())?);
                }
                Ok(Text::ByLanguage(texts))
            }
        }
        deserializer.deserialize_any(TextOrTexts)
    }
}

/// Says whether a text has the shape of a language tag (BCP 47): letters, then parts of 1 to 8 letters or digits.
pub fn is_language(tag: &str) -> bool {
    let mut parts = tag.split(['-', '_']);
    let first = parts.next().unwrap_or("");
    (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && tag.len() <= 35
        && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn bounded<E: de::Error>(text: &str) -> Result<String, E> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(E::custom(format!("a text has at most {MAX_TEXT_BYTES} bytes")));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(E::custom("a text has no control characters but line breaks and tabs"));
    }
    Ok(text.to_owned())
}

/// A short value as tables of applicants carry it: a string, a whole number or true/false, kept as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(pub String);

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyWord;
        impl Visitor<'_> for AnyWord {
            type Value = Word;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a short text, a whole number, true or false")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Word, E> {
                if text.len() > 256 || text.chars().any(char::is_control) {
                    return Err(E::custom("a value has at most 256 bytes and no control characters"));
                }
                Ok(Word(text.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Word, E> {
                Ok(Word(n.to_string()))
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Word, E> {
                Ok(Word(n.to_string()))
            }
            fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Word, E> {
                Ok(Word(yes.to_string()))
            }
        }
        deserializer.deserialize_any(AnyWord)
    }
}
