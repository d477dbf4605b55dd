//! Plain tables: columns aligned by the cells that a terminal gives a character, numbers to the right. On a terminal that
//! is narrower than the table the widest columns wrap; in a pipe every row is one line.

use std::io::{self, IsTerminal as _};

use terminal_size::{Width, terminal_size_of};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Between two columns.
const GAP: usize = 2;
/// A column is not made narrower than the first of these, in cells; than the second where the table is too wide still.
const NARROWEST: [usize; 2] = [12, 6];

/// The width of the terminal that stdout is; none where it is no terminal.
pub(crate) fn terminal_cells() -> Option<usize> {
    let out = io::stdout();
    let (Width(cells), _) = terminal_size_of(&out).filter(|_| out.is_terminal())?;
    Some(usize::from(cells))
}

/// Lays a table out, in lines of at most `limit` cells where columns of 6 cells allow it.
pub(crate) fn lay_out(header: &[&str], rows: &[Vec<String>], limit: Option<usize>) -> String {
    let titles: Vec<String> = header.iter().map(ToString::to_string).collect();
    let mut widths: Vec<usize> = titles.iter().map(|cell| cell.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    if let Some(limit) = limit {
        narrow(&mut widths, limit);
    }
    let mut text = String::new();
    for row in std::iter::once(&titles).chain(rows) {
        let cells: Vec<Vec<String>> =
            row.iter().zip(&widths).map(|(cell, width)| wrapped(cell, *width)).collect();
        for at in 0..cells.iter().map(Vec::len).max().unwrap_or_default() {
            let mut line = String::new();
            for (pieces, width) in cells.iter().zip(&widths) {
                let piece = pieces.get(at).map_or("", String::as_str);
                let padding = " ".repeat(width.saturating_sub(piece.width()));
                let number = pieces.len() == 1 && piece.parse::<f64>().is_ok();
                let (before, after) = if number { (&*padding, "") } else { ("", &*padding) };
                line.push_str(&format!("{before}{piece}{after}{:GAP$}", ""));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// Takes cells from the widest column, again and again, until the table fits.
fn narrow(widths: &mut [usize], limit: usize) {
    let mut whole = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    for narrowest in NARROWEST {
        while whole > limit
            && let Some(widest) = widths.iter_mut().max().filter(|width| **width > narrowest)
        {
            *widest -= 1;
            whole -= 1;
        }
    }
}

/// Breaks a cell between words, after a hyphen, and inside a word that is too long for a line.
fn wrapped(cell: &str, width: usize) -> Vec<String> {
    if cell.width() <= width {
        return vec![cell.to_owned()];
    }
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in cell.split_inclusive([' ', '-']) {
        if used > 0 && used + word.trim_end().width() > width {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or_default();
            if used + wide > width {
                if c == ' ' {
                    continue;
                }
                lines.push(String::new());
                used = 0;
            }
            used += wide;
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[&[&str]], limit: Option<usize>, expected: &str) {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let text = lay_out(&["id", "name", "n"], &rows, limit);
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn columns_are_aligned_by_cells_and_not_by_characters() {
        check(
            &[&["A1", "王小明", "3"], &["A2", "Amina", "12"], &["A3", "e\u{301}te\u{301}", "–"]],
            None,
            "id  name    n\nA1  王小明   3\nA2  Amina   12\nA3  e\u{301}te\u{301}     –\n",
        );
    }

    #[test]
    fn a_table_that_is_too_wide_wraps_and_loses_nothing() {
        let words = "one two three four five six";
        check(
            &[&["A1", words, "3"], &["A2", "short", "4"]],
            Some(24),
            "id  name               n\nA1  one two three      3\n    four five six\nA2  short              4\n",
        );
        check(
            &[&["A1", words, "3"]],
            None,
            "id  name                         n\nA1  one two three four five six  3\n",
        );
        let state = "opened-by-coordinator";
        check(
            &[&["A1", state, "3"]],
            Some(19),
            "id  name          n\nA1  opened-by-    3\n    coordinator\n",
        );
        let hash = "0123456789abcdef0123";
        check(&[&["A1", hash, "3"]], Some(19), "id  name          n\nA1  0123456789ab  3\n    cdef0123\n");
        check(
            &[&["A1", "王小明王小明王小明", "3"]],
            Some(21),
            "id  name            n\nA1  王小明王小明王  3\n    小明\n",
        );
    }
}
