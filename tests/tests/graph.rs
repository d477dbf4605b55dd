//! The crate graph: what each crate of ours may reach. That the relay can read nothing is a property of this
//! graph, and so is that the shared crates and the engine touch no network, clock or file but their store.
//! Cargo is asked; every package is looked at alone, with the features that it asks for by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Names below a package, with their features; the whole tree, or its direct dependencies only.
fn below(package: &str, direct: bool) -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "tree",
        "--offline",
        "--locked",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}|{f}",
    ]);
    cargo.args(["--package", package]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if direct {
        cargo.args(["--depth", "1"]);
    }
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (crate_, features) = line.split_once('|').expect("a crate and its features");
        let name = crate_.split(' ').next().unwrap_or_default().to_owned();
        let features = features.trim_end_matches(" (*)").split(',').map(str::to_owned);
        names.entry(name).or_default().extend(features);
    }
    names.remove(package);
    names
}

/// What of ours it reaches, but for the one macro that all may use.
fn ours(package: &str) -> Vec<String> {
    let ours = below(package, false).into_keys().filter(|name| name.starts_with("tessera-"));
    ours.filter(|name| name != "tessera-defence").collect()
}

#[test]
fn what_ships_cannot_pass_over_its_defences() {
    for package in ["tessera-cli", "tessera-relay", "tessera-desktop"] {
        let features = &below(package, false)["tessera-defence"];
        assert!(!features.contains("attack-proof"), "{package}: {features:?}");
    }
    assert_eq!(below("tessera-defence", false).len(), 0, "it reaches nothing");
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let knows = |needle: &[u8]| program.windows(needle.len()).any(|window| window == needle);
    // Put together here, so that this test does not find itself.
    let variable = ["TESSERA", "WITHOUT"].join("_");
    let linked = tessera_defence::ATTACK_PROOF;
    assert_eq!(knows(variable.as_bytes()), linked, "a build without the feature knows no such variable");
}

fn reaches_none(package: &str, forbidden: &[&str]) {
    let reached = below(package, false);
    assert!(reached.len() > 3, "{package} reaches {reached:?}");
    for name in forbidden {
        assert!(!reached.contains_key(*name), "{package} reaches {name}");
    }
}

/// What does I/O of any kind, or belongs to one shell or the other.
const SHELL: [&str; 9] =
    ["tokio", "axum", "hyper", "reqwest", "tauri", "rusqlite", "libsqlite3-sys", "rustls", "mio"];

#[test]
fn the_relay_knows_of_ours_what_everyone_may_see_and_nothing_else() {
    assert_eq!(ours("tessera-relay"), ["tessera-protocol"]);
    assert_eq!(ours("tessera-protocol"), [""; 0]);
    reaches_none("tessera-relay", &["age", "automerge", "chacha20poly1305", "x25519-dalek", "sqlcipher-src"]);
}

#[test]
fn the_relay_carries_plain_sqlite_and_the_engine_an_encrypted_one() {
    let encrypted = |package: &str| {
        let all = below(package, false);
        let features = &all["rusqlite"] | &all["libsqlite3-sys"];
        println!("{package}: {}", features.iter().cloned().collect::<Vec<_>>().join(" "));
        assert!(features.contains("bundled"), "{package} carries its own SQLite");
        features.iter().any(|feature| feature.contains("sqlcipher"))
    };
    assert!(!encrypted("tessera-relay"));
    assert!(encrypted("tessera-engine"));
}

#[test]
fn the_shared_crates_know_little_of_each_other_and_nothing_of_the_world() {
    assert_eq!(ours("tessera-vault"), ["tessera-protocol"]);
    assert_eq!(ours("tessera-model"), [""; 0]);
    assert_eq!(ours("tessera-solve"), ["tessera-model"]);
    for package in ["tessera-protocol", "tessera-vault", "tessera-model", "tessera-solve"] {
        reaches_none(package, &SHELL);
    }
}

#[test]
fn only_shells_wait_for_the_solver() {
    for package in ["tessera-model", "tessera-engine", "tessera-relay"] {
        reaches_none(package, &["highs", "highs-sys", "tessera-solve"]);
    }
}

#[test]
fn the_engine_decides_and_touches_nothing_but_its_store() {
    assert_eq!(ours("tessera-engine"), ["tessera-model", "tessera-protocol", "tessera-vault"]);
    let but_the_store: Vec<&str> =
        SHELL.into_iter().filter(|name| !["rusqlite", "libsqlite3-sys"].contains(name)).collect();
    reaches_none("tessera-engine", &but_the_store);
}

#[test]
fn only_the_window_knows_a_keychain() {
    let keychains = ["keyring-core", "secret-service", "zbus", "zbus-secret-service-keyring-store"];
    for package in ["tessera-vault", "tessera-engine", "tessera-driver", "tessera-views", "tessera-cli"] {
        reaches_none(package, &keychains);
    }
    let window = below("tessera-desktop", true);
    assert!(window.contains_key("keyring-core"), "the window asks the keychain itself");
}

#[test]
fn each_pinned_format_and_each_database_has_one_crate_that_names_it() {
    let all = [
        "tessera-protocol",
        "tessera-vault",
        "tessera-model",
        "tessera-solve",
        "tessera-relay",
        "tessera-engine",
        "tessera-driver",
        "tessera-cli",
    ];
    let direct: BTreeMap<&str, _> = all.into_iter().map(|package| (package, below(package, true))).collect();
    let check = |name: &str, expected: &[&str]| {
        let naming: Vec<&str> =
            all.into_iter().filter(|package| direct[package].contains_key(name)).collect();
        assert_eq!(naming, expected, "{name}");
    };
    check("automerge", &["tessera-model"]);
    check("age", &["tessera-vault"]);
    check("highs", &["tessera-solve"]);
    check("rusqlite", &["tessera-relay", "tessera-engine"]);
    check("axum", &["tessera-relay"]);
    check("ed25519-dalek", &["tessera-protocol", "tessera-vault", "tessera-relay"]);
}
