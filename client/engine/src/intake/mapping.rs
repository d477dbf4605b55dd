//! Which column of a table is which answer: a TOML file that a coordinator writes once. Without it a column is the
//! field whose key or question it carries as its name.
//!
//! ```toml
//! sheet = "Form responses 1"            # a workbook's worksheet; the first one if not said
//! ignore = ["Timestamp"]                # columns that go nowhere, without a warning
//! attachments = ["Files"]               # columns that name files, separated by semicolons or line breaks
//! [columns]
//! "Your full name" = "full-name"        # column = field of the form
//! [values.region]
//! "Afrika" = "africa"                   # what stands in a cell of that field = what is meant
//! [files]
//! "zeugnis" = "outstanding-proof"       # how a file's name begins = attachment of the programme
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tessera_model::input::{InputError, InputErrorKind, Place};
use tessera_model::programme::Programme;
use tessera_model::programme::words::Text;

/// Longest mapping file, in bytes.
pub const MAX_MAPPING_BYTES: usize = 256 * 1024;

/// A mapping file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// The worksheet.
    pub sheet: Option<String>,
    /// Columns that go nowhere.
    pub ignore: Vec<String>,
    /// Columns that name files.
    pub attachments: Vec<String>,
    /// Field by column.
    pub columns: BTreeMap<String, String>,
    /// By field: what is meant by what stands there.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// Attachment by the beginning of a file's name.
    pub files: BTreeMap<String, String>,
    /// True where it is remembered from another file: columns that this file lacks are no mistake.
    #[serde(skip)]
    pub remembered: bool,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// [`InputErrorKind::NotToml`] with the line, [`InputErrorKind::TooLarge`].
    pub fn parse(text: &str, file: &str) -> Result<Self, InputError> {
        let place = Place::file(file);
        if text.len() > MAX_MAPPING_BYTES {
            let kind = InputErrorKind::TooLarge { what: "bytes", most: MAX_MAPPING_BYTES };
            return Err(place.error(kind));
        }
        toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start].matches('\n').count() as u64 + 1);
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            Place { row: line, ..place }.error(InputErrorKind::NotToml { message })
        })
    }

    /// Writes it as such a file.
    ///
    /// # Errors
    /// [`InputErrorKind::TooLarge`], [`InputErrorKind::NotToml`] where a text cannot be written.
    pub fn to_text(&self) -> Result<String, InputError> {
        let place = Place::file("the mapping");
        let text = toml::to_string_pretty(self)
            .map_err(|error| place.clone().error(InputErrorKind::NotToml { message: error.to_string() }))?;
        if text.len() > MAX_MAPPING_BYTES {
            let kind = InputErrorKind::TooLarge { what: "bytes", most: MAX_MAPPING_BYTES };
            return Err(place.error(kind));
        }
        Ok(text)
    }

    /// Returns the field that a column holds: as the mapping says, else by the field's key or question.
    #[must_use]
    pub fn field<'p>(&'p self, programme: &'p Programme, column: &'p str) -> &'p str {
        if let Some(field) = self.columns.get(column) {
            return field;
        }
        let named = programme.fields.iter().find(|field| {
            field.key.as_str() == column || field.label.as_ref().is_some_and(|label| says(label, column))
        });
        named.map_or(column, |field| field.key.as_str())
    }

    /// Returns what is meant by a cell of a field.
    #[must_use]
    pub fn value<'a>(&'a self, field: &str, cell: &'a str) -> &'a str {
        self.values.get(field).and_then(|values| values.get(cell)).map_or(cell, String::as_str)
    }

    /// Returns the attachment that a file is, by its folder or the beginning of its name.
    #[must_use]
    pub fn slot(&self, programme: &Programme, folder: Option<&str>, name: &str) -> Option<String> {
        let known = |key: &str| programme.attachments.iter().any(|asked| asked.key.as_str() == key);
        if let Some(folder) = folder {
            return known(folder).then(|| folder.to_owned());
        }
        let name = name.to_lowercase();
        let longest = |starts: &mut dyn Iterator<Item = (&str, &str)>| {
            starts
                .filter(|(start, _)| begins(&name, &start.to_lowercase()))
                .max_by_key(|(start, _)| start.len())
                .map(|(_, slot)| slot.to_owned())
        };
        let said = longest(&mut self.files.iter().map(|(start, slot)| (start.as_str(), slot.as_str())));
        said.or_else(|| {
            let keys = programme.attachments.iter().map(|asked| asked.key.as_str());
            longest(&mut keys.map(|key| (key, key)))
        })
    }
}

/// Says whether a name begins with a word and does not go on with another letter.
fn begins(name: &str, start: &str) -> bool {
    name.strip_prefix(start).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
}

/// Says whether a text is this, in any of its languages, capitals aside.
pub(super) fn says(text: &Text, this: &str) -> bool {
    let same = |text: &str| text.trim().to_lowercase() == this.trim().to_lowercase();
    match text {
        Text::Plain(text) => same(text),
        Text::ByLanguage(texts) => texts.values().any(|text| same(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEMINAR: &str = include_str!("../../../../shared/model/programmes/seminar.toml");

    #[test]
    fn columns_and_files_are_found() {
        let programme = Programme::parse(SEMINAR).unwrap();
        let mapping =
            Mapping::parse("[columns]\nNom = \"full-name\"\n[files]\nzeugnis = \"cv\"\n", "m").unwrap();
        assert_eq!(mapping.field(&programme, "Nom"), "full-name");
        assert_eq!(mapping.field(&programme, "years OF work in child protection "), "years");
        assert_eq!(mapping.field(&programme, "whatever"), "whatever");
        let slot = |folder, name: &str| mapping.slot(&programme, folder, name);
        assert_eq!(slot(None, "letters-2.pdf").as_deref(), Some("letters"));
        assert_eq!(slot(None, "LETTERS.PDF").as_deref(), Some("letters"));
        assert_eq!(slot(None, "network-proof.pdf").as_deref(), Some("network-proof"));
        assert_eq!(slot(None, "Zeugnis 3.pdf").as_deref(), Some("cv"));
        assert_eq!(slot(None, "cvs.pdf"), None);
        assert_eq!(slot(Some("media"), "cv.pdf").as_deref(), Some("media"));
        assert_eq!(slot(Some("elsewhere"), "cv.pdf"), None);
    }

    #[test]
    fn what_was_written_reads_the_same() {
        let text = "sheet = \"a\"\nignore = [\"Timestamp\"]\nattachments = []\n[columns]\n\"Your name\" = \"full-name\"\n\
                    [values.region]\n\"Afrika\" = \"africa\"\n[files]\nzeugnis = \"cv\"\n";
        let mapping = Mapping::parse(text, "m").unwrap();
        assert_eq!(Mapping::parse(&mapping.to_text().unwrap(), "m").unwrap(), mapping);
    }

    #[test]
    fn mistakes_have_a_line() {
        let error = Mapping::parse("sheet = \"a\"\ncolumn = 3\n", "m.toml").unwrap_err();
        assert_eq!((error.kind.code(), error.place.row), ("input-not-toml", Some(2)));
    }
}
