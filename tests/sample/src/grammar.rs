//! Composes sentences from the grammars in `grammar/*.txt`: slots with alternatives, numbers and years in a
//! range, and values of the applicant. Not a language model and not a template engine for anything else.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use crate::rng::Rng;

/// How deep slots may refer to slots; the committed grammars need five.
const MAX_DEPTH: usize = 12;

/// How often a sentence is drawn again when it was already used somewhere in the sample.
const MAX_DRAWS: usize = 40;

/// Values of one applicant that templates may name, such as `("city", "Nairobi")`.
pub(crate) type Context<'a> = [(&'a str, &'a str)];

/// Holds the alternatives of every slot of one language.
pub(crate) struct Grammar {
    slots: BTreeMap<&'static str, Vec<&'static str>>,
}

/// English: answers, letters, media, comments.
pub(crate) static EN: LazyLock<Grammar> = LazyLock::new(|| Grammar::parse(include_str!("../grammar/en.txt")));
static RU: LazyLock<Grammar> = LazyLock::new(|| Grammar::parse(include_str!("../grammar/ru.txt")));
static AR: LazyLock<Grammar> = LazyLock::new(|| Grammar::parse(include_str!("../grammar/ar.txt")));
static ZH: LazyLock<Grammar> = LazyLock::new(|| Grammar::parse(include_str!("../grammar/zh.txt")));
static HI: LazyLock<Grammar> = LazyLock::new(|| Grammar::parse(include_str!("../grammar/hi.txt")));
static FR: LazyLock<Grammar> = LazyLock::new(|| Grammar::parse(include_str!("../grammar/fr.txt")));
static ES: LazyLock<Grammar> = LazyLock::new(|| Grammar::parse(include_str!("../grammar/es.txt")));

/// Returns the grammar for paragraphs in a language other than English, by ISO 639-1 code, where there is one.
pub(crate) fn own_language(code: &str) -> Option<&'static Grammar> {
    match code {
        "ru" => Some(&RU),
        "ar" => Some(&AR),
        "zh" => Some(&ZH),
        "hi" => Some(&HI),
        "fr" => Some(&FR),
        "es" => Some(&ES),
        _ => None,
    }
}

impl Grammar {
    fn parse(text: &'static str) -> Self {
        let mut slots: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
        let mut current = "";
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                Some(name) => current = name,
                None => slots.entry(current).or_default().push(line),
            }
        }
        Self { slots }
    }

    /// Returns how many alternatives a slot has.
    pub(crate) fn len(&self, slot: &str) -> usize {
        self.slots.get(slot).map_or(0, Vec::len)
    }

    /// Composes one alternative of `slot`, drawn at random.
    pub(crate) fn any(&self, rng: &mut Rng, slot: &str, context: &Context<'_>) -> String {
        let which = rng.below(self.len(slot));
        self.nth(rng, slot, which, context)
    }

    /// Composes the alternative number `which` of `slot`.
    pub(crate) fn nth(&self, rng: &mut Rng, slot: &str, which: usize, context: &Context<'_>) -> String {
        let Some(template) = self.slots.get(slot).and_then(|a| a.get(which)) else { return String::new() };
        let mut used = HashSet::new();
        self.expand(rng, template, context, &mut used, 0)
    }

    /// Composes `slot` as [`Self::nth`] does, drawing again until the sentence is not in `seen`; then records it.
    pub(crate) fn fresh(
        &self,
        rng: &mut Rng,
        slot: &str,
        which: usize,
        context: &Context<'_>,
        seen: &mut HashSet<String>,
    ) -> String {
        let mut sentence = self.nth(rng, slot, which, context);
        for _ in 0..MAX_DRAWS {
            if !seen.contains(&sentence) {
                break;
            }
            sentence = self.nth(rng, slot, which, context);
        }
        while !seen.insert(sentence.clone()) {
            sentence.push_str(&format!(" ({})", rng.between(100, 99_999)));
        }
        sentence
    }

    /// Fills a template's slots; within one sentence no slot gives the same alternative twice.
    fn expand(
        &self,
        rng: &mut Rng,
        template: &'static str,
        context: &Context<'_>,
        used: &mut HashSet<&'static str>,
        depth: usize,
    ) -> String {
        let mut out = String::with_capacity(template.len() * 2);
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let Some(close) = rest[open..].find('}') else { break };
            let reference = &rest[open + 1..open + close];
            rest = &rest[open + close + 1..];
            let (name, argument) = reference.split_once(':').unwrap_or((reference, ""));
            let value = if name == "n" || name == "year" {
                let (low, high) = range(argument);
                rng.between(low, high).to_string()
            } else if let Some((_, value)) = context.iter().find(|(key, _)| *key == name) {
                (*value).to_owned()
            } else if let Some(alternatives) = self.slots.get(name).filter(|_| depth < MAX_DEPTH) {
                let chosen = draw(rng, alternatives, used);
                self.expand(rng, chosen, context, used, depth + 1)
            } else {
                format!("{{{reference}}}")
            };
            out.push_str(&if argument == "cap" || out.is_empty() { capitalised(&value) } else { value });
        }
        out.push_str(rest);
        out
    }
}

/// Draws an alternative that this sentence has not used, as long as there is one.
fn draw(rng: &mut Rng, alternatives: &[&'static str], used: &mut HashSet<&'static str>) -> &'static str {
    let start = rng.below(alternatives.len());
    let chosen = (0..alternatives.len())
        .map(|i| alternatives[(start + i) % alternatives.len()])
        .find(|a| !used.contains(a))
        .unwrap_or(alternatives[start]);
    used.insert(chosen);
    chosen
}

/// Reads `low-high`.
fn range(argument: &str) -> (u64, u64) {
    let (low, high) = argument.split_once('-').unwrap_or((argument, argument));
    (low.parse().unwrap_or(0), high.parse().unwrap_or(0))
}

/// Makes the first letter a capital.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_resolves() {
        let context: Vec<(&str, &str)> =
            ["org", "city", "country", "name", "project", "they", "them"].iter().map(|k| (*k, "x")).collect();
        for code in ["en", "ru", "ar", "zh", "hi", "fr", "es"] {
            let grammar = own_language(code).unwrap_or(&EN);
            let mut rng = Rng::new(7);
            for slot in grammar.slots.keys() {
                for which in 0..grammar.len(slot) {
                    for _ in 0..20 {
                        let text = grammar.nth(&mut rng, slot, which, &context);
                        assert!(!text.contains(['{', '}']), "{code} {slot}: {text}");
                    }
                }
            }
        }
    }

    #[test]
    fn fresh_never_repeats() {
        let mut seen = HashSet::new();
        let mut rng = Rng::new(1);
        for _ in 0..200 {
            EN.fresh(&mut rng, "noun", 0, &[], &mut seen);
        }
        assert_eq!(seen.len(), 200);
    }
}
