//! Which column of a table is which answer, and which file of a folder is what: a TOML file that a coordinator writes once.
//! Without it a column is the field whose key or question it carries as its name, and a file what [`super::placing`] says.
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
//! "*_cv.pdf" = "cv"                     # the same with a pattern, in which * stands for anything
//! "Letters (scans)/*" = "letters"       # with the folder in which it lies
//! "*.tmp" = ""                          # nothing: left out, and named in what an import says
//! [folders]
//! "Okoro, Ada" = "A-1"                  # a folder's name = the key of its application; nothing: left out
//! [places]                              # single files, by where they lie in the folder of files
//! "scan0001.pdf" = { application = "A-2", slot = "cv" }
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tessera_model::input::{InputError, InputErrorKind, Place};
use tessera_model::programme::Programme;
use tessera_model::programme::words::Text;

/// Longest mapping file, in bytes.
pub const MAX_MAPPING_BYTES: usize = 1024 * 1024;

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
    /// By the beginning of a file's name, or by a pattern: an attachment, [`super::placing::UNASKED`], or nothing, which
    /// leaves it out.
    pub files: BTreeMap<String, String>,
    /// Application by a folder's name; nothing leaves its files out.
    pub folders: BTreeMap<String, String>,
    /// Single files, by where they lie in the folder of files.
    pub places: BTreeMap<String, Placed>,
    /// True where it is remembered from another file: columns that this file lacks are no mistake.
    #[serde(skip)]
    pub remembered: bool,
}

/// Where one file goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Placed {
    /// The application's key; nothing leaves the file out.
    pub application: String,
    /// What it is there, as in [`Mapping::files`]; as its name says where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
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
    fn columns_are_found() {
        let programme = Programme::parse(SEMINAR).unwrap();
        let mapping = Mapping::parse("[columns]\nNom = \"full-name\"\n", "m").unwrap();
        assert_eq!(mapping.field(&programme, "Nom"), "full-name");
        assert_eq!(mapping.field(&programme, "years OF work in child protection "), "years");
        assert_eq!(mapping.field(&programme, "whatever"), "whatever");
    }

    #[test]
    fn what_was_written_reads_the_same() {
        let text = "sheet = \"a\"\nignore = [\"Timestamp\"]\nattachments = []\n[columns]\n\"Your name\" = \"full-name\"\n\
                    [values.region]\n\"Afrika\" = \"africa\"\n[files]\nzeugnis = \"cv\"\n\"*.tmp\" = \"\"\n[folders]\n\"Okoro, Ada\" = \
                    \"A-1\"\n[places]\n\"scan 1.pdf\" = { application = \"A-2\", slot = \"cv\" }\n\"b/x.pdf\" = {}\n";
        let mapping = Mapping::parse(text, "m").unwrap();
        assert_eq!(mapping.places["scan 1.pdf"].slot.as_deref(), Some("cv"));
        assert_eq!(mapping.places["b/x.pdf"], Placed::default());
        assert_eq!(Mapping::parse(&mapping.to_text().unwrap(), "m").unwrap(), mapping);
    }

    #[test]
    fn mistakes_have_a_line() {
        let error = Mapping::parse("sheet = \"a\"\ncolumn = 3\n", "m.toml").unwrap_err();
        assert_eq!((error.kind.code(), error.place.row), ("input-not-toml", Some(2)));
    }
}
