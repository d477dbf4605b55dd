//! Cells that a spreadsheet would run as a formula, made harmless on the way out and taken back on the way in. Not
//! quoting: the CSV writer does that.
//!
//! A cell is run where it begins with `= + - @ |`, a tab or a carriage return, their full-width forms included. Opened
//! with another separator, a cell also "begins" after `,` `;` `|`, a quote, a tab or a line break. At every such place
//! an apostrophe goes before the sign, or before apostrophes that already stand before one; taking one away there
//! gives the text back exactly.

use tessera_defence::defended;

/// Says whether a spreadsheet may take a cell that begins with `c` for a formula or a command.
const fn starts_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '|' | '\t' | '\r' | '＝' | '＋' | '－' | '＠' | '｜' | '−')
}

/// Says whether a cell may begin after `c` when the file is opened with another separator.
const fn separates(c: char) -> bool {
    matches!(c, ',' | ';' | '|' | '"' | '\t' | '\r' | '\n' | '；' | '，')
}

/// Finds, from a place where a cell may begin, where the apostrophes before a formula sign begin; `None` where no sign
/// follows.
fn guarded(rest: &str) -> Option<usize> {
    let unspaced = rest.trim_start_matches([' ', '\u{a0}']);
    let sign = unspaced.trim_start_matches('\'').chars().next()?;
    starts_formula(sign).then(|| rest.len() - unspaced.len())
}

/// Walks through every place where a cell may begin and a formula sign follows, and lets `edit` write what stands there.
fn walk(text: &str, mut edit: impl FnMut(&mut String, &str) -> usize) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut at = 0;
    let mut begins = true;
    while let Some(c) = text[at..].chars().next() {
        if begins && let Some(skip) = guarded(&text[at..]) {
            out.push_str(&text[at..at + skip]);
            at += skip;
            at += edit(&mut out, &text[at..]);
            // The apostrophes belong to the sign and hide no further beginning.
            let quotes = text[at..].len() - text[at..].trim_start_matches('\'').len();
            out.push_str(&text[at..at + quotes]);
            at += quotes;
            begins = false;
            if let Some(sign) = text[at..].chars().next() {
                out.push(sign);
                at += sign.len_utf8();
                begins = separates(sign);
            }
            continue;
        }
        out.push(c);
        at += c.len_utf8();
        begins = separates(c);
    }
    out
}

/// Makes a text cell harmless; gives any other text back as it is.
pub fn neutralise(text: &str) -> String {
    walk(text, |out, _| {
        if defended!(H15) {
            out.push('\'');
        }
        0
    })
}

/// Takes back what [`neutralise`] added.
pub fn restore(text: &str) -> String {
    walk(text, |_, rest| usize::from(rest.starts_with('\'')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn h15_cells_that_begin_like_a_formula_are_neutralised() {
        fn check(text: &str, expected: &str) {
            assert_eq!(neutralise(text), expected, "{text:?}");
            assert_eq!(restore(expected), text, "{expected:?}");
        }
        check("=1+1", "'=1+1");
        check("+49 30 1", "'+49 30 1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t'=1");
        check("\r=1", "'\r'=1");
        check("|calc", "'|calc");
        check("＝1", "'＝1");
        check("  =1", "  '=1");
        check("'=1", "''=1");
        check("a;=1", "a;'=1");
        check("a\n=1", "a\n'=1");
        check("say \"=1\"", "say \"'=1\"");
        check("a-b = c + d", "a-b = c + d");
        check("O'Neill", "O'Neill");
        check("'quoted'", "'quoted'");
        check("", "");
    }

    proptest! {
        #[test]
        fn h15_no_place_is_left_where_a_formula_begins(text in "[=+@|;,\"' a\\t\\r\\n－-]{0,24}") {
            let safe = neutralise(&text);
            prop_assert_eq!(restore(&safe), text);
            let mut begins = true;
            let mut spaces = false;
            for c in safe.chars() {
                prop_assert!(!(begins || spaces) || !starts_formula(c) , "{:?}", safe);
                spaces = (begins || spaces) && c == ' ';
                begins = separates(c);
            }
        }

        #[test]
        fn any_text_comes_back(text in "\\PC{0,40}") {
            prop_assert_eq!(restore(&neutralise(&text)), text);
        }
    }
}
