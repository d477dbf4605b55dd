//! What all commands print: the JSON envelope, plain tables, warnings. Not what any of them says, and not errors, which
//! are in [`crate::failure`].

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};
use tessera_model::input::Warning;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::table::{lay_out, terminal_cells};

/// The one object that `--json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Envelope<'a, M, B, R> {
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
    /// What is found out about the whole.
    #[serde(flatten)]
    pub(crate) beside: B,
    /// The result.
    pub(crate) rows: &'a [R],
}

/// A result of a verb that works in a home: the envelope, and what people see of it.
#[derive(Debug)]
pub(crate) struct Answer<R> {
    verb: &'static str,
    method: Value,
    warnings: Vec<Warning>,
    extra: Map<String, Value>,
    rows: Vec<R>,
}

impl<R: Serialize> Answer<R> {
    /// Makes the answer of a verb: `status`, `member-list`.
    pub(crate) fn new(verb: &'static str, rows: Vec<R>) -> Self {
        Self { verb, method: Value::Object(Map::new()), warnings: Vec::new(), extra: Map::new(), rows }
    }

    /// Says how the result was made.
    pub(crate) fn method(mut self, method: Value) -> Self {
        self.method = method;
        self
    }

    /// Adds what is worth saying.
    pub(crate) fn warnings(mut self, warnings: impl IntoIterator<Item = Warning>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    /// Adds a field beside the rows.
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(field.to_owned(), value.into());
        self
    }

    /// Prints JSON, or a table.
    pub(crate) fn show(
        &self,
        context: &Context,
        header: &[&str],
        cells: impl FnMut(&R) -> Vec<String>,
    ) -> Result<(), Failure> {
        self.show_as(context, |answer| answer.table(header, cells))
    }

    /// Prints the rows as a table.
    pub(crate) fn table(&self, header: &[&str], cells: impl FnMut(&R) -> Vec<String>) -> Result<(), Failure> {
        print_table(header, &self.rows.iter().map(cells).collect::<Vec<_>>())
    }

    /// Prints JSON, or what `people` prints.
    pub(crate) fn show_as(
        &self,
        context: &Context,
        people: impl FnOnce(&Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if !context.json {
            print_warnings(&self.warnings);
            return people(self);
        }
        #[derive(Serialize)]
        struct Whole<'a, R> {
            schema: String,
            version: &'a str,
            input_sha256: Option<&'a str>,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            demo: bool,
            method: &'a Value,
            warnings: &'a [Warning],
            #[serde(flatten)]
            extra: &'a Map<String, Value>,
            rows: &'a [R],
        }
        print_json(&Whole {
            schema: format!("tessera/{}/1", self.verb),
            version: env!("CARGO_PKG_VERSION"),
            input_sha256: None,
            demo: context.is_demo(),
            method: &self.method,
            warnings: &self.warnings,
            extra: &self.extra,
            rows: &self.rows,
        })
    }

    /// The rows.
    pub(crate) fn rows(&self) -> &[R] {
        &self.rows
    }
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
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
    print(&lay_out(header, &rows, terminal_cells()))
}

/// Prints warnings to stderr, for people.
pub(crate) fn print_warnings(warnings: &[Warning]) {
    const SHOWN: usize = 20;
    let mut err = io::stderr().lock();
    for warning in warnings.iter().take(SHOWN) {
        let row = warning.row().map_or_else(String::new, |row| format!("row {row}: "));
        let _ =
            writeln!(err, "{}", shown(&format!("warning: {row}{} [{}]", warning.message(), warning.code())));
    }
    if warnings.len() > SHOWN {
        let _ = writeln!(err, "warning: and {} more; --json shows all", warnings.len() - SHOWN);
    }
}

/// Says on stderr what to do next, for people.
pub(crate) fn print_hint(text: &str) {
    // Nothing is left to tell anyone when stderr itself is gone.
    let _ = writeln!(io::stderr().lock(), "{}", shown(text));
}

/// Makes text from files safe for a terminal: control characters and those that turn the reading direction are shown
/// as their code.
pub(crate) fn shown(text: &str) -> String {
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
