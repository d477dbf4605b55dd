//! Where the programme's relays are, as coordinators tell every member. The charter names the keys; an address alone can
//! mislead nobody, because what answers there has to sign with the key.

use std::collections::BTreeMap;

use super::record::{Fields, Reader};
use super::{Kind, Record};

/// Addresses of relays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relays {
    /// Addresses by key, in hexadecimal digits; what is contested is left out.
    pub addresses: BTreeMap<String, String>,
}

impl Record for Relays {
    const KIND: Kind = Kind::Relays;

    fn put(&self, fields: &mut Fields) {
        fields.set_map("addresses", self.addresses.iter().map(|(key, url)| (key, url.as_str())));
    }

    fn take(reader: &mut Reader<'_>) -> Self {
        Self { addresses: reader.texts("addresses") }
    }
}
