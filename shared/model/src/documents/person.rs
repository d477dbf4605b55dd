//! A member as coordinators and admins know them. Not what a member may do: that is charter and statements.

use std::collections::BTreeMap;

use super::record::{Fields, Reader};
use super::{Kind, Record};

/// A member's name, contact and standing conflicts of interest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Mail address, telephone or another way.
    pub contact: String,
    /// What assignments go by, such as `region`, `languages`, `competences`, `min` and `max`.
    pub fields: BTreeMap<String, String>,
    /// Standing conflicts: whom or what (an organisation, a country, a person), and a note.
    pub standing: BTreeMap<String, String>,
}

impl Record for Person {
    const KIND: Kind = Kind::Person;

    fn put(&self, fields: &mut Fields) {
        fields.set_text("name", &self.name);
        fields.set_text("contact", &self.contact);
        fields.set_map("fields", self.fields.iter().map(|(key, value)| (key, value.as_str())));
        fields.set_map("standing", self.standing.iter().map(|(key, value)| (key, value.as_str())));
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self {
            name: reader.text("name"),
            contact: reader.text("contact"),
            fields: reader.texts("fields"),
            standing: reader.texts("standing"),
        }
    }
}
