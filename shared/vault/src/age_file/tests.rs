//! The age vectors of C2SP/CCTV, through the same reading that everything here uses.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::*;
use crate::tests::public_data;

struct Case {
    name: String,
    fields: BTreeMap<String, String>,
    file: Vec<u8>,
}

/// The testkit that the age crate carries among its own tests, wherever Cargo keeps its source.
fn in_the_crate() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--offline", "--locked"]);
    if cfg!(target_os = "linux") {
        // What other systems need is not there.
        cargo.args(["--filter-platform", &format!("{}-unknown-linux-gnu", std::env::consts::ARCH)]);
    }
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let age = packages.iter().find(|package| package["name"] == "age").unwrap();
    PathBuf::from(age["manifest_path"].as_str().unwrap()).with_file_name("tests/testdata/testkit")
}

fn cases(folder: &Path) -> Vec<Case> {
    let mut cases: Vec<Case> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap();
            let fields: BTreeMap<String, String> = std::str::from_utf8(&bytes[..end])
                .unwrap()
                .lines()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let mut file = bytes[end + 2..].to_vec();
            if fields.contains_key("compressed") {
                let mut expanded = Vec::new();
                flate2::read::ZlibDecoder::new(&file[..]).read_to_end(&mut expanded).unwrap();
                file = expanded;
            }
            Case { name: path.file_name().unwrap().to_str().unwrap().to_owned(), fields, file }
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

const LIMIT: usize = 64 << 20;

fn outcome(case: &Case) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    if let Some(passphrase) = case.fields.get("passphrase") {
        return decrypt_passphrase(&Passphrase::new(passphrase), 1..=18, &case.file, LIMIT);
    }
    stanzas(&case.file)?;
    let identity = case.fields.get("identity").and_then(|text| text.parse::<x25519::Identity>().ok());
    read(&case.file, &identity.unwrap_or_else(x25519::Identity::generate), LIMIT)
}

#[test]
fn age_testkit() {
    check(&in_the_crate());
    if let Some(folder) = public_data("age_testkit") {
        check(&folder);
    }
}

fn check(folder: &Path) {
    let mut run = 0;
    for case in cases(folder) {
        // Armour and the post-quantum recipient are no part of our files.
        if case.fields.contains_key("armored") || case.name.starts_with("hybrid") {
            continue;
        }
        run += 1;
        let found = outcome(&case);
        match case.fields["expect"].as_str() {
            "success" => {
                let contents = found.unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
                let digest: [u8; 32] = Sha256::digest(&contents[..]).into();
                assert_eq!(data_encoding::HEXLOWER.encode(&digest), case.fields["payload"], "{}", case.name);
            }
            // A stanza of another kind in the place of the passphrase's is damage to us.
            "no match" if case.name == "scrypt_uppercase" => assert_eq!(found.err(), Some(AgeError::Damaged)),
            "no match" => assert_eq!(found.err(), Some(AgeError::WrongKey), "{}", case.name),
            _ => {
                let error = found.err();
                let refused = matches!(error, Some(AgeError::Damaged | AgeError::Work(_)));
                assert!(refused, "{}: {error:?}", case.name);
            }
        }
    }
    assert_eq!(run, 92, "files in {}", folder.display());
}

#[test]
fn k18_work_above_the_cap_is_refused_before_work() {
    for factor in ["21", "23", "30", "63", "255"] {
        let file = format!("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA {factor}\n");
        let file = [file.as_bytes(), &[b'A'; 43], b"\n--- ", &[b'A'; 43], b"\n", &[0; 48]].concat();
        let refused = decrypt_passphrase(&Passphrase::new("x"), 18..=20, &file, LIMIT);
        assert_eq!(refused.err(), Some(AgeError::Work(factor.parse().unwrap())));
    }
}

#[test]
fn k18_headers_without_end_are_refused() {
    let many = [FIRST_LINE, &b"-> X25519 a\n".repeat(RECIPIENTS + 2)].concat();
    let long = [FIRST_LINE, b"-> X25519 ", &vec![b'a'; 1 << 20]].concat();
    let lines = [FIRST_LINE, &b"\n".repeat(1 << 20)].concat();
    for file in [many, long, lines, FIRST_LINE.to_vec(), Vec::new()] {
        assert!(stanzas(&file).is_err());
    }
}

#[test]
fn k10_unsound_public_keys() {
    let mut refused: Vec<[u8; 32]> = Vec::new();
    for text in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap());
        refused.push(bytes);
        bytes[31] |= 0x80;
        refused.push(bytes);
    }
    // A sound point in the form that ignores the highest bit.
    let mut twin = public(&[5; 32]);
    assert!(is_sound(&twin));
    twin[31] |= 0x80;
    refused.push(twin);
    for bytes in refused {
        assert!(!is_sound(&bytes), "{bytes:02x?}");
    }
}
