//! A store as an earlier version wrote it is opened, holds together, and is served.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

#[test]
fn f14_a_store_of_version_0_1_0_is_opened_and_holds_together() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/0.1.0/relay");
    let data = TempDir::new().unwrap();
    let mut copied = 0;
    for entry in std::fs::read_dir(golden).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), data.path().join(entry.file_name())).unwrap();
            copied += 1;
        }
    }
    assert!(copied > 0);
    let check = Command::new(env!("CARGO_BIN_EXE_tessera-relay"))
        .args(["check", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&check.stdout);
    assert!(check.status.success(), "{said}{}", String::from_utf8_lossy(&check.stderr));
    assert!(said.starts_with("1 programmes, ") && said.ends_with("all as they should be\n"), "{said}");
    assert!(!said.contains(" 0 packs"), "{said}");
}
