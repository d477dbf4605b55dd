//! Words for full-text search: how a text is cut, and what a query asks for. The same for every store, so
//! that both find the same. Not a language model: no stemming, no synonyms, no stop words.
//!
//! Letters are folded (case, accents, vowel points, width, common variants). Scripts written without
//! spaces are cut into pairs of neighbouring characters. A word is letters, digits and nothing else, so
//! that it cannot be mistaken for an operator of any query language.

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// The longest word, in characters; what follows is ignored on both sides.
const MAX_WORD_CHARS: usize = 48;
/// The most that is read of a query, in bytes.
const MAX_QUERY_BYTES: usize = 1024;
/// The most that is asked for at once; further words of the query are ignored.
const MAX_WANTED: usize = 16;

/// One thing that a document must contain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanted {
    /// A word of the index that starts so.
    Start(String),
    /// A word of the index.
    Whole(String),
}

/// The words under which a text is found, each once, in rising order.
pub(super) fn of(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    each_run(text, |run, dense| {
        if !dense {
            words.insert(run.iter().collect());
            return;
        }
        words.extend(run.windows(2).map(|pair| pair.iter().collect()));
        words.extend(run.last().map(char::to_string));
    });
    words
}

/// What a query asks for; empty where it has no word.
pub(super) fn wanted(query: &str) -> Vec<Wanted> {
    let mut wanted = BTreeSet::new();
    each_run(&query[..query.floor_char_boundary(MAX_QUERY_BYTES)], |run, dense| {
        if dense && run.len() > 1 {
            wanted.extend(run.windows(2).map(|pair| Wanted::Whole(pair.iter().collect())));
        } else {
            wanted.insert(Wanted::Start(run.iter().collect()));
        }
    });
    wanted.into_iter().take(MAX_WANTED).collect()
}

/// Whether a text has everything that is wanted.
pub(super) fn matches(text: &str, wanted: &[Wanted]) -> bool {
    let words = of(text);
    wanted.iter().all(|one| match one {
        Wanted::Whole(word) => words.contains(word),
        Wanted::Start(start) => {
            words.range(start.clone()..).next().is_some_and(|word| word.starts_with(start))
        }
    })
}

/// Where in a text the first word stands that a query asks for, in bytes: the whole word as it is written, or a pair of
/// characters where there are no spaces.
pub(crate) fn first(text: &str, query: &str) -> Option<Range<usize>> {
    let wanted = wanted(query);
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut at = 0;
    while let Some((start, char)) = chars.get(at).copied() {
        let run = |same: fn(char) -> bool, most: usize| {
            chars[at..].iter().take(most).take_while(|(_, char)| same(*char)).count()
        };
        let (long, step) = match char {
            char if is_dense(char) => (run(is_dense, 2), 1),
            char if is_written(char) => {
                let long = run(is_written, usize::MAX);
                (long, long)
            }
            _ => (0, 1),
        };
        let range = start..chars.get(at + long).map_or(text.len(), |(end, _)| *end);
        if wanted.iter().any(|one| matches(&text[range.clone()], std::slice::from_ref(one))) {
            return Some(range);
        }
        at += step;
    }
    None
}

/// A character of a word before it is folded: a mark on it belongs to it.
fn is_written(char: char) -> bool {
    !is_dense(char) && (is_word(char) || is_ignored(char))
}

/// Calls `take` for each run of word characters, and tells whether its script is written without spaces.
fn each_run(text: &str, take: impl FnMut(&[char], bool)) {
    let mut runs = Runs { take, run: Vec::new(), dense: false };
    let mut rest = text;
    while !rest.is_empty() {
        // Most letters are ASCII and fold at once. The last one before another character is left to the
        // slow way: a mark may follow it.
        let end =
            rest.bytes().position(|byte| !byte.is_ascii()).map_or(rest.len(), |end| end.saturating_sub(1));
        let (plain, after) = rest.split_at(end);
        plain.bytes().for_each(|byte| runs.push(char::from(byte.to_ascii_lowercase())));
        let end = (1..after.len()).find(|n| after.as_bytes()[n - 1..=*n].is_ascii()).unwrap_or(after.len());
        let (other, after) = after.split_at(end);
        folded(other).for_each(|char| runs.push(char));
        rest = after;
    }
    runs.end();
}

/// A run of characters that is growing.
struct Runs<F> {
    take: F,
    run: Vec<char>,
    dense: bool,
}

impl<F: FnMut(&[char], bool)> Runs<F> {
    fn push(&mut self, char: char) {
        if !is_word(char) {
            return self.end();
        }
        let dense = is_dense(char);
        if dense != self.dense {
            self.end();
            self.dense = dense;
        }
        self.run.push(char);
    }

    fn end(&mut self) {
        if !self.run.is_empty() {
            let length = if self.dense { self.run.len() } else { self.run.len().min(MAX_WORD_CHARS) };
            (self.take)(&self.run[..length], self.dense);
            self.run.clear();
        }
    }
}

fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars()
        .flat_map(char::to_lowercase)
        .nfkd()
        .flat_map(char::to_lowercase)
        .filter(|char| !is_ignored(*char))
        .nfc()
        .flat_map(|char| {
            let (first, second) = variant(char);
            std::iter::once(first).chain(second)
        })
}

/// Accents, vowel points and tone marks, and characters that only steer the layout. Kept are the marks that
/// make another letter: nukta (7), kana voicing (8), virama (9).
fn is_ignored(char: char) -> bool {
    !matches!(canonical_combining_class(char), 0 | 7..=9)
        || matches!(char, '\u{ad}' | '\u{640}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || (!char.is_ascii() && matches!(canonical_combining_class(char), 7..=9))
}

/// Han, kana, Thai, Lao, Burmese and Khmer.
fn is_dense(char: char) -> bool {
    matches!(char,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{2fdf}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Letters that no decomposition brings together but that people type for one another.
fn variant(char: char) -> (char, Option<char>) {
    match char {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ı' => ('i', None),
        'ł' => ('l', None),
        'ø' => ('o', None),
        'ŧ' => ('t', None),
        'ς' => ('σ', None),
        'ё' => ('е', None),
        'ى' | 'ی' => ('ي', None),
        'ک' => ('ك', None),
        'ة' => ('ه', None),
        other => (other, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, query: &str, expected: bool) {
        let wanted = wanted(query);
        assert_eq!(!wanted.is_empty() && matches(text, &wanted), expected, "{query:?} in {text:?}");
    }

    #[test]
    fn words_are_found_as_people_type_them() {
        check("Nguyễn Thị Đào", "nguyen dao", true);
        check("Łukasz Straße", "lukasz STRASSE", true);
        check("İstanbul, Diyarbakır", "istanbul diyarbakir", true);
        check("Ὀδυσσεύς", "οδυσσευσ", true);
        check("أحمد الكاتب", "احمد", true);
        check("مُحَمَّد", "محمد", true);
        check("فارسی", "فارسي", true);
        check("full-width ＡＢＣ１２", "abc12", true);
        check("responsible", "respons", true);
        check("responsible", "sponsible", false);
        check("one two", "one three", false);
        check("हिन्दी भाषा", "हिन्दी", true);
        check("한국어 사용자", "한국", true);
    }

    #[test]
    fn scripts_without_spaces_are_found_inside() {
        check("国际人权法研究中心", "人权", true);
        check("国际人权法研究中心", "心", true);
        check("国际人权法研究中心", "权人", false);
        check("国际人权法研究中心", "国际 中心", true);
        check("東京大学ガイド", "ガイ", true);
        check("東京大学ガイド", "カイ", false);
        check("ภาษาไทย", "ไทย", true);
        check("2024年度", "2024年", true);
    }

    #[test]
    fn the_place_of_a_word_is_found_as_it_is_written() {
        fn check(text: &str, query: &str, expected: Option<&str>) {
            assert_eq!(first(text, query).map(|range| &text[range]), expected, "{query:?} in {text:?}");
        }
        check("For Nguyễn, Thị Đào", "dao", Some("Đào"));
        check("For Nguyễn, Thị Đào", "thi dao", Some("Thị"));
        check("the most responsible", "respons", Some("responsible"));
        check("هذا مُحَمَّد هنا", "محمد", Some("مُحَمَّد"));
        check("国际人权法研究中心", "人权", Some("人权"));
        check("国际人权法研究中心", "心", Some("中心"));
        check("one two", "three", None);
        check("one two", "", None);
        check("", "one", None);
    }

    #[test]
    fn nothing_is_an_operator() {
        for query in ["", "  ", "\"", "*", "()", "-- ;", "^", "{}:", "\0"] {
            assert_eq!(wanted(query), [], "{query:?}");
        }
        check("and or near", "AND OR NEAR", true);
        check("apple", "apple NOT banana", false);
        check("apple\0pear", "pear", true);
    }

    proptest::proptest! {
        #[test]
        fn the_short_way_is_the_long_way(text in "([a-zA-Z0-9 .]{0,4}|[éÉ\u{301}\u{308}ßİΣ人ا\u{64b}ｶﾞ\u{2126}]{0,3}){0,8}") {
            let mut expected: Vec<char> = folded(&text).collect();
            expected.retain(|char| is_word(*char));
            let mut seen = Vec::new();
            each_run(&text, |run, _| seen.extend_from_slice(run));
            proptest::prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn lengths_are_bounded() {
        let long = "x".repeat(100_000);
        assert_eq!(of(&long).first().map(String::len), Some(MAX_WORD_CHARS));
        check(&long, &long, true);
        let many: String = (0..10_000).map(|n| format!("w{n} ")).collect();
        assert!(wanted(&many).len() <= MAX_WANTED);
    }
}
