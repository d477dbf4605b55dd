//! Files that coordinators write or get: a programme's definition, and what column is what answer.

use std::sync::OnceLock;

use tessera_engine::intake::{Mapping, Names, Unplaced, prepare, shared};
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
        let programme = tessera_tests::homes::programme();
        let names = Names::new(&programme, &mapping, mapping.folders.values().map(String::as_str));
        for name in mapping.files.keys().chain(mapping.places.keys()).chain(mapping.folders.keys()).take(50) {
            drop((names.slot(None, name), names.slot(Some(name), "cv.pdf")));
            drop(names.application(name).map(str::to_owned));
        }
        let files: Vec<Unplaced<'_>> = mapping
            .places
            .iter()
            .map(|(at, placed)| Unplaced { folder: None, name: at, application: Some(&placed.application) })
            .collect();
        assert!(shared(&files).iter().flat_map(|one| &one.files).all(|at| *at < files.len()));
    }
}

fn rows() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::read(ROWS, "rows.csv", 1000).expect("a table"))
}
