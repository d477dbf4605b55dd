//! Text from files made fit for a document: nothing in it steers the reader, and no name fills a page. Not escaping,
//! which belongs to who writes.

use unicode_segmentation::UnicodeSegmentation;

/// Most characters of a name in a table.
pub(crate) const NAME: usize = 80;

/// Gives one line for a title or a cell: control characters and those that turn the reading direction stand as their codes,
/// and what is longer than so many characters is cut.
#[must_use]
pub fn plain(text: &str, most: usize) -> String {
    let mut out = String::new();
    for (count, cluster) in text.graphemes(true).enumerate() {
        // A cluster may itself be as long as somebody likes.
        if count == most || out.len() > 16 * most {
            out.push('…');
            break;
        }
        for c in cluster.chars().take(16) {
            match c {
                '\u{200e}' | '\u{200f}' | '\u{061c}' => out.push_str(&code(c)),
                c if turns(c) => out.push_str(&code(c)),
                '\u{2028}' | '\u{2029}' => out.push(' '),
                c if c.is_control() => out.push_str(&code(c)),
                c => out.push(c),
            }
        }
    }
    out
}

/// Gives what somebody wrote as paragraphs, whole: nothing is cut. Control characters stand as their codes, and so do those that
/// turn the reading direction of what follows; marks of direction, which people's keyboards write, stay and end with their
/// paragraph.
#[must_use]
pub fn written(text: &str) -> Vec<String> {
    let breaks = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let paragraphs = text.split(breaks).map(|line| {
        let mut out = String::with_capacity(line.len());
        for c in line.trim().chars() {
            match c {
                '\t' => out.push(' '),
                c if c.is_control() || turns(c) => out.push_str(&code(c)),
                c => out.push(c),
            }
        }
        out
    });
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect()
}

/// True for characters that embed, override or isolate what follows.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts a text to so many places, of which wide characters take two.
pub(crate) fn cut(text: &str, places: usize) -> String {
    let mut out = String::new();
    let mut taken = 0;
    for cluster in text.graphemes(true) {
        let wide = cluster.chars().next().is_some_and(|c| u32::from(c) >= 0x2e80);
        taken += if wide { 2 } else { 1 };
        if taken > places {
            out.push('…');
            break;
        }
        out.push_str(cluster);
    }
    out
}

/// Writes a character as its code.
pub(crate) fn code(c: char) -> String {
    format!("[U+{:04X}]", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_steer_or_fill_a_page() {
        assert_eq!(plain("a\u{202e}b\u{0}", 80), "a[U+202E]b[U+0000]");
        assert_eq!(plain(&"x".repeat(10_000), 80).chars().count(), 81);
        assert!(plain(&format!("e{}", "\u{301}".repeat(10_000)), 80).chars().count() <= 17);
        assert_eq!(plain("محمد 王", 80), "محمد 王");
        assert_eq!(plain("a\u{200f}b", 80), "a[U+200F]b");
        assert_eq!((cut("王小明", 4).as_str(), cut("Anna", 4).as_str()), ("王小…", "Anna"));
    }
    #[test]
    fn what_people_wrote_stays_whole_and_steers_nothing() {
        fn check(text: &str, expected: &[&str]) {
            assert_eq!(written(text), expected, "{text:?}");
        }
        check("one\r\n\r\ntwo\u{2029}three", &["one", "two", "three"]);
        check("a\u{202e}b\u{7}\tc", &["a[U+202E]b[U+0007] c"]);
        check("\u{200f}مرحبا", &["\u{200f}مرحبا"]);
        check(" \n", &[]);
        let long = "x".repeat(100_000) + &"\u{301}".repeat(100);
        check(&long, &[&long]);
    }
}
