//! Files that coordinators write or get: a programme's definition, and what column is what answer.

use std::sync::OnceLock;

use tessera_engine::intake::{Mapping, prepare};
use tessera_model::policy::Policy;
use tessera_model::programme::Programme;
use tessera_model::table::Table;

const ROWS: &[u8] = b"key,full-name,country,years\nA1,Ana,KE,12\nA2,Ben,,x\n";

pub(crate) fn feed(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(programme) = Programme::parse(text) {
        // What it is hashed and shown by is read back as itself.
        let canonical = programme.canonical();
        let again = Programme::from_canonical(&canonical).expect("its own bytes");
        assert!(again.canonical() == canonical, "its own bytes are another programme");
        drop(Policy::of(&programme));
        drop(prepare(rows(), &programme, "key", &Mapping::default()));
    }
    if let Ok(mapping) = Mapping::parse(text, "mapping.toml") {
        drop(prepare(rows(), &tessera_tests::homes::programme(), "key", &mapping));
        drop(mapping.slot(&tessera_tests::homes::programme(), None, "cv.pdf"));
    }
}

fn rows() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::read(ROWS, "rows.csv", 1000).expect("a table"))
}
