//! Text from files made fit for a document: nothing in it steers the reader, and no name fills a page. Not escaping,
//! which belongs to who writes.

use unicode_segmentation::UnicodeSegmentation;

/// Most characters of a name in a table.
pub(crate) const NAME: usize = 80;

/// Shows control characters and those that turn the reading direction as their codes, and cuts what is too long.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let mut out = String::new();
    for (count, cluster) in text.graphemes(true).enumerate() {
        // A cluster may itself be as long as somebody likes.
        if count == most || out.len() > 16 * most {
            out.push('…');
            break;
        }
        for c in cluster.chars().take(16) {
            match c {
                '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    out.push_str(&code(c));
                }
                '\u{2028}' | '\u{2029}' => out.push(' '),
                c if c.is_control() => out.push_str(&code(c)),
                c => out.push(c),
            }
        }
    }
    out
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
        assert_eq!((cut("王小明", 4).as_str(), cut("Anna", 4).as_str()), ("王小…", "Anna"));
    }
}
