//! What an applicant answered: identity for coordinators, a dossier for each rendition, and the card by which reviewers
//! declare conflicts of interest. Not how answers are distributed among them ([`super::split`]).

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::record::{self, Fields, Reader};
use super::words::words;
use super::{Kind, Manifest, Record, Sha256Bytes};

words! {
    /// By which way an application came in.
    Route {
        /// The form on the web.
        Form = "form",
        /// Mail.
        Mail = "mail",
        /// A table that a coordinator imported.
        Import = "import",
    }
}

/// Who applies: the answers that only coordinators read, and those that name the applicant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The key column of the import: by what name people call the application.
    pub key: String,
    /// Answers by field of the form, and columns that adjust totals or fill quotas.
    pub fields: BTreeMap<String, String>,
    /// By which way it came.
    pub route: Option<Route>,
    /// Whether a coordinator typed it in for the applicant.
    pub on_behalf: bool,
}

impl Record for Identity {
    const KIND: Kind = Kind::Identity;

    fn put(&self, fields: &mut Fields) {
        fields.set_text("key", &self.key);
        fields.set_map("fields", self.fields.iter().map(|(key, value)| (key, value.as_str())));
        fields.set_option("route", self.route.map(Route::as_str));
        fields.set_option("on-behalf", self.on_behalf.then_some(true));
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self {
            key: reader.text("key"),
            fields: reader.texts("fields"),
            route: reader.one(&["route"], record::word(Route::parse)),
            on_behalf: reader.flag("on-behalf"),
        }
    }
}

/// What is read of an application, in one rendition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dossier {
    /// By what name this rendition's readers call the application; never a name of a person in a blind one.
    pub label: String,
    /// Answers by field of the form.
    pub fields: BTreeMap<String, String>,
}

impl Dossier {
    /// Returns the version that a review records: SHA-256 over `tessera/1 dossier`, the label, every field and every
    /// file's slot, hash and shown name, each preceded by its length in 8 bytes, big-endian. A light copy says nothing new: it is
    /// left out where its file is there, and what was typed from a file always is.
    #[must_use]
    pub fn version(&self, manifest: &Manifest) -> Sha256Bytes {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(b"tessera/1 dossier");
        part(self.label.as_bytes());
        part(&(self.fields.len() as u64).to_be_bytes());
        for (key, value) in &self.fields {
            part(key.as_bytes());
            part(value.as_bytes());
        }
        for ((slot, contents), file) in manifest.originals() {
            part(slot.as_bytes());
            part(contents);
            part(file.name.as_bytes());
        }
        hash.finalize().into()
    }
}

impl Record for Dossier {
    const KIND: Kind = Kind::Dossier;

    fn put(&self, fields: &mut Fields) {
        fields.set_text("label", &self.label);
        fields.set_map("fields", self.fields.iter().map(|(key, value)| (key, value.as_str())));
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self { label: reader.text("label"), fields: reader.texts("fields") }
    }
}

/// What a reviewer sees before declaring a conflict of interest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// By what name the reviewer calls the application.
    pub label: String,
    /// The answers that the programme shows on cards.
    pub fields: BTreeMap<String, String>,
}

impl Record for Card {
    const KIND: Kind = Kind::Card;

    fn put(&self, fields: &mut Fields) {
        fields.set_text("label", &self.label);
        fields.set_map("fields", self.fields.iter().map(|(key, value)| (key, value.as_str())));
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self { label: reader.text("label"), fields: reader.texts("fields") }
    }
}
