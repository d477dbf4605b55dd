//! What all commands share towards the outside: the JSON envelope, plain tables, errors and exit statuses. Not what any
//! of them says.

use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;
use tessera_model::input::Warning;

/// Exit statuses, a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(dead_code, reason = "the list is the interface; commands to come return the rest")]
pub(crate) enum Exit {
    Ok = 0,
    Bug = 1,
    Usage = 2,
    BadInput = 3,
    NotFound = 4,
    NotPermitted = 5,
    Locked = 6,
    Network = 7,
    NeedsPerson = 8,
    Damaged = 9,
    Newer = 10,
    Disk = 11,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that failed: what scripts and people are told.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) body: Box<FailureBody>,
}

/// The `error` object.
#[derive(Debug, Default, Serialize)]
pub(crate) struct FailureBody {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) row: Option<u64>,
    pub(crate) column: Option<String>,
}

impl Failure {
    /// Makes a failure of a code and a message.
    pub(crate) fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        let body = FailureBody { code: code.to_owned(), message: message.into(), ..FailureBody::default() };
        Self { exit, body: Box::new(body) }
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.body.hint = Some(hint.into());
        self
    }

    /// Adds the place in an input file.
    pub(crate) fn at(mut self, file: &str, row: Option<u64>, column: Option<&str>) -> Self {
        self.body.file = Some(file.to_owned());
        self.body.row = row;
        self.body.column = column.map(str::to_owned);
        self
    }

    /// Writes the failure to stderr.
    pub(crate) fn report(&self, json: bool) {
        #[derive(Serialize)]
        struct Envelope<'a> {
            error: &'a FailureBody,
        }
        let mut text = String::new();
        if json {
            text = serde_json::to_string(&Envelope { error: self.body.as_ref() }).unwrap_or_default();
        } else {
            let place = [
                self.body.file.clone(),
                self.body.row.map(|row| format!("row {row}")),
                self.body.column.as_ref().map(|column| format!("column {column}")),
            ];
            let place: Vec<String> = place.into_iter().flatten().collect();
            let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) };
            text.push_str(&shown(&format!("tessera: {place}{}", self.body.message)));
            if let Some(hint) = &self.body.hint {
                text.push_str(&shown(&format!("\n  {hint}")));
            }
        }
        // Nothing is left to tell anyone when stderr itself is gone.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// Turns a refused command line into a failure.
pub(crate) fn usage(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.next().unwrap_or("usage").trim_start_matches("error: ").to_owned();
    let hint: Vec<&str> = lines.collect();
    Failure::new(Exit::Usage, "usage", message).hint(hint.join("\n  "))
}

/// The one object that `--json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Envelope<'a, M, R> {
    /// `tessera/VERB/1`.
    pub(crate) schema: &'a str,
    /// Version of the program.
    pub(crate) version: &'a str,
    /// SHA-256 of everything the result was made from, in hexadecimal.
    pub(crate) input_sha256: Option<&'a str>,
    /// How the result was made.
    pub(crate) method: M,
    /// What is worth saying.
    pub(crate) warnings: &'a [Warning],
    /// The result.
    pub(crate) rows: &'a [R],
}

/// Prints a result as one JSON object and a line end.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string(value).map_err(|e| Failure::new(Exit::Bug, "not-json", e.to_string()))?;
    print(&format!("{text}\n"))
}

/// Prints text to stdout as it is.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A reader such as `head` that has enough is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(Exit::Disk, "stdout", format!("cannot write the result: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Prints a table with a header, columns aligned, numbers to the right.
pub(crate) fn print_table(header: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let titles: Vec<String> = header.iter().map(ToString::to_string).collect();
    for row in std::iter::once(&titles).chain(&rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let number = cell.parse::<f64>().is_ok();
            line.push_str(&if number { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    print(&text)
}

/// Prints warnings to stderr, for people.
pub(crate) fn print_warnings(warnings: &[Warning]) {
    const SHOWN: usize = 20;
    let mut err = io::stderr().lock();
    for warning in warnings.iter().take(SHOWN) {
        let row = warning.row.map_or_else(String::new, |row| format!("row {row}: "));
        let _ = writeln!(err, "{}", shown(&format!("warning: {row}{} [{}]", warning.message, warning.code)));
    }
    if warnings.len() > SHOWN {
        let _ = writeln!(err, "warning: and {} more; --json shows all", warnings.len() - SHOWN);
    }
}

/// Makes text from files safe for a terminal: control characters and those that turn the reading direction are shown
/// as their code.
fn shown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() && c != '\n') || turns {
            safe.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_files_cannot_steer_the_terminal() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c\td\ne"), "a\\u{1b}[2Jb\\u{202e}c\\u{9}d\ne");
    }
}
