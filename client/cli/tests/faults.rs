//! F04 for the whole program: with any number of file handles, and on a full disk, a command does its work or says in words that
//! it cannot, and nothing that it said it did is lost.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells what it measured and stops where something unexpected happens"
)]

use std::path::Path;
use std::process::{Command, Output};

/// More than the program needs.
const ENOUGH: u32 = 20;

fn tessera(folder: &Path, handles: u32, arguments: &str) -> Output {
    let limited = format!("ulimit -n {handles}; exec \"$0\" {arguments}");
    Command::new("bash")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_tessera")])
        .current_dir(folder)
        .env_remove("TESSERA_HOME")
        .env("TESSERA_PASSPHRASE_FILE", "passphrase")
        .env("XDG_DATA_HOME", folder.join("data"))
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

/// More than any test needs.
const MANY: u32 = 1024;
/// The exit status of a disk that is full.
const DISK: i32 = 11;
const PROGRAMME: &str = "name = \"Demo\"\ndemo = true\n[scale]\nmin = 1\nmax = 5\n[[criterion]]\nkey = \"k\"\n[[round]]\nkey = \"reading\"\n";

#[track_caller]
fn does(folder: &Path, arguments: &str) -> String {
    let output = tessera(folder, MANY, arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn home(folder: &Path, home: &str) {
    std::fs::write(folder.join("passphrase"), "correct horse battery staple walrus nine").unwrap();
    std::fs::write(folder.join("p.toml"), PROGRAMME).unwrap();
    does(folder, &format!("--home {home} programme create --file p.toml --name Alice"));
}

/// Invitations that the home knows.
fn invited(folder: &Path, home: &str) -> usize {
    does(folder, &format!("--home {home} member list --json")).matches("\"P").count()
}

#[test]
fn f04_with_any_number_of_file_handles_a_command_works_or_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    home(folder, "alice");
    let mut did = 0;
    let mut said = 0;
    for handles in 3..=ENOUGH {
        let output =
            tessera(folder, handles, &format!("--home alice member invite --name P{handles} --out ."));
        let words = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => did += 1,
            // 101 is a panic, and a signal has no code.
            Some(code) if code != 101 && !words.trim().is_empty() && !words.contains("panicked") => said += 1,
            other => panic!("{handles} handles: {other:?} {words}"),
        }
        assert!(invited(folder, "alice") >= did, "{handles} handles: an invitation is lost");
    }
    println!("figure: of {} numbers of file handles {said} were refused in words, {did} did", ENOUGH - 2);
    assert!(said > 0 && did > 0, "{said} refused, {did} did");
}

/// A small file system in memory, given back when dropped.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn new(place: std::path::PathBuf) -> Option<Self> {
        std::fs::create_dir(&place).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&place).output();
        if cfg!(target_os = "linux") && mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(place));
        }
        println!("skipped 1: no small file system can be made here");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[test]
fn f04_on_a_full_disk_a_home_opens_refuses_in_words_and_gives_away_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let Some(disk) = SmallDisk::new(folder.join("small")) else { return };
    home(folder, "small/alice");
    does(folder, "--home small/alice member invite --name P1 --out .");
    // Nothing is left, to the last byte.
    let filler = disk.0.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    for size in [4096, 1] {
        while std::io::Write::write_all(&mut file, &vec![7; size]).is_ok() {}
    }
    drop(file);
    for name in ["P2", "P3"] {
        let output =
            tessera(folder, MANY, &format!("--home small/alice member invite --name {name} --out ."));
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(DISK), "{words}");
        assert!(words.contains("full") && words.contains("make room"), "{words}");
    }
    assert_eq!(invited(folder, "small/alice"), 1);
    does(folder, "--home small/alice bundle export --everything --out all.bundle");
    does(folder, "bundle inspect all.bundle");
    std::fs::remove_file(&filler).unwrap();
    does(folder, "--home small/alice member invite --name P2 --out .");
    assert_eq!(invited(folder, "small/alice"), 2);
    does(folder, "--home small/alice verify");
}
