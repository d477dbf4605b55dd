//! Command-line cases as data: each file in `tests/cases` is a story in a folder of its own, run by the real binary.
//!
//! ```toml
//! [files]
//! "p.toml" = "…"                            # written before the first step
//! [[step]]
//! run = "--home alice member list --json"   # as in a shell, with single and double quotes; {word} is what was kept
//! exit = 0                                  # 0 where nothing is said
//! stdout = ["a text that must be there"]
//! stderr = ["…"]
//! not = ["a text that may be nowhere"]
//! json = { "rows.0.name" = "Bob" }          # places in the object on stdout, or on stderr where the command failed
//! keep = { words = "rows.0.check_words" }   # for later steps; a list is joined with spaces
//! files = ["bob.answer"]                    # files that must be there afterwards
//! write = { "words" = "{words}" }           # files written just before
//! cut = { "half" = "bob.bundle" }           # files made of the first half of another just before
//! ```
//! `$TESSERA_PASSPHRASE_FILE` names a file with a passphrase; `env` of a step overrides it.

#![expect(clippy::unwrap_used, reason = "a test stops where something unexpected happens")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    files: BTreeMap<String, String>,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    run: String,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    stdout: Vec<String>,
    #[serde(default)]
    stderr: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    json: BTreeMap<String, Value>,
    #[serde(default)]
    keep: BTreeMap<String, String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    write: BTreeMap<String, String>,
    #[serde(default)]
    cut: BTreeMap<String, String>,
}

#[test]
fn cases() {
    let only = std::env::var("TESSERA_CASE").unwrap_or_default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    cases.sort();
    let mut count = 0;
    for case in cases.iter().filter(|case| case.to_string_lossy().contains(&only)) {
        tell(case);
        count += 1;
    }
    assert!(count > 0, "no case is called {only}");
}

fn tell(file: &Path) {
    let name = file.file_stem().unwrap().to_str().unwrap();
    let case: Case = toml::from_str(&std::fs::read_to_string(file).unwrap())
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cases").join(name);
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("passphrase"), "a passphrase for these cases\n").unwrap();
    for (file, text) in &case.files {
        std::fs::write(folder.join(file), text).unwrap();
    }
    let mut kept = BTreeMap::new();
    for (number, step) in (1..).zip(&case.step) {
        step.check(&format!("{name}, step {number}"), &folder, &mut kept);
    }
    for home in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        k22_log_without_content(&home.join("log/tessera.log"));
    }
}

/// A log holds times, versions, verbs, codes and counts: no capital, no path, nothing a person typed.
fn k22_log_without_content(log: &Path) {
    for line in std::fs::read_to_string(log).unwrap_or_default().lines() {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || " .-+=".contains(c);
        assert!(line.chars().all(plain), "{line}");
        let mut words = line.split(' ');
        assert!(words.next().is_some_and(|time| time.parse::<u64>().is_ok()), "{line}");
        assert_eq!(words.next(), Some(env!("CARGO_PKG_VERSION")), "{line}");
    }
}

impl Step {
    fn check(&self, place: &str, folder: &Path, kept: &mut BTreeMap<String, String>) {
        let run = filled(&self.run, kept);
        for (file, text) in &self.write {
            std::fs::write(folder.join(file), filled(text, kept)).unwrap();
        }
        for (half, whole) in &self.cut {
            let bytes = std::fs::read(folder.join(whole)).unwrap();
            std::fs::write(folder.join(half), &bytes[..bytes.len() / 2]).unwrap();
        }
        let output = Command::new(env!("CARGO_BIN_EXE_tessera"))
            .current_dir(folder)
            .env_remove("TESSERA_HOME")
            .env("TESSERA_PASSPHRASE_FILE", "passphrase")
            .env("XDG_DATA_HOME", folder.join("data"))
            .envs(&self.env)
            .args(words(&run))
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let said = format!("{place}: tessera {run}\n--- stdout\n{out}--- stderr\n{err}");
        assert_eq!(output.status.code(), Some(self.exit), "{said}");
        for (stream, texts) in [(&out, &self.stdout), (&err, &self.stderr)] {
            for text in texts {
                assert!(stream.contains(&filled(text, kept)), "`{text}` is missing\n{said}");
            }
        }
        for text in &self.not {
            let text = filled(text, kept);
            assert!(!out.contains(&text) && !err.contains(&text), "`{text}` is there\n{said}");
        }
        if !self.json.is_empty() || !self.keep.is_empty() {
            let text = if self.exit == 0 || !out.is_empty() { &out } else { &err };
            let json: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{said}"));
            for (at, expected) in &self.json {
                assert_eq!(find(&json, at), expected, "at `{at}`\n{said}");
            }
            for (word, at) in &self.keep {
                kept.insert(word.clone(), text_of(find(&json, at)));
            }
        }
        for file in &self.files {
            assert!(folder.join(filled(file, kept)).exists(), "{file} is missing\n{said}");
        }
    }
}

fn find<'a>(json: &'a Value, at: &str) -> &'a Value {
    at.split('.').fold(json, |value, key| match (value, key.parse::<usize>()) {
        (Value::Array(all), Ok(index)) => all.get(index).unwrap_or(&Value::Null),
        _ => value.get(key).unwrap_or(&Value::Null),
    })
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(text_of).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn filled(text: &str, kept: &BTreeMap<String, String>) -> String {
    kept.iter().fold(text.to_owned(), |text, (word, value)| text.replace(&format!("{{{word}}}"), value))
}

/// Splits a line as a shell does, with quotes and without anything else.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
