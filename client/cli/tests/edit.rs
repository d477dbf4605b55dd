//! Reading and scoring in a real terminal: the program runs behind `script`, which gives it one, and every key is sent
//! only after the text that asks for it has appeared.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where something unexpected happens")]

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

const PROGRAMME: &str = r#"
name = "The seminar"
demo = true
languages = ["en"]
[scale]
min = 1
max = 5
step = 1
[[criterion]]
key = "merit"
label = "Merit"
help = "What was done."
[[criterion.level]]
value = 5
label = "leading"
text = "Changed the practice of a country."
[[criterion]]
key = "voice"
label = "Voice"
[[field]]
key = "essay"
label = "Essay"
kind = "essay"
goes_to = "dossier"
[[round]]
key = "reading"
label = "Reading"
kind = "reading"
conflict = "on-device"
"#;

fn tessera(folder: &Path, arguments: &str) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_tessera"))
        .current_dir(folder)
        .args(["--passphrase-file", "passphrase"])
        .args(arguments.split(' '))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A coordinator, and a reviewer with one application to read.
fn world() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("edit");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("passphrase"), "a passphrase for this test\n").unwrap();
    std::fs::write(folder.join("p.toml"), PROGRAMME).unwrap();
    std::fs::write(folder.join("a.csv"), "key,essay\nA1,Patience.\n").unwrap();
    std::fs::write(folder.join("pairs.csv"), "application,reviewer\nA1,bob\n").unwrap();
    tessera(&folder, "--home alice programme create --file p.toml --name alice");
    let publish = ["--home", "alice", "programme", "publish", "--file", "p.toml", "--accept-loss"];
    let published = Command::new(env!("CARGO_BIN_EXE_tessera"))
        .current_dir(&folder)
        .args(["--passphrase-file", "passphrase"])
        .args(publish)
        .arg("I accept the loss")
        .status();
    assert!(published.unwrap().success());
    for arguments in [
        "--home alice member invite --name bob --out invitations",
        "--home bob enrol invitations/bob.invitation",
        "--home alice member admit invitations/bob.answer",
        "--home alice member check bob --in-person",
        "--home alice application import a.csv --key key",
        "--home alice assign import pairs.csv",
        "--home alice assign publish",
        "--home alice bundle export --for bob --out to-bob.bundle",
        "--home bob bundle import to-bob.bundle",
    ] {
        tessera(&folder, arguments);
    }
    folder
}

/// The program in a terminal.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    seen: String,
}

impl Terminal {
    fn start(folder: &Path, arguments: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_tessera");
        let line = format!("'{program}' --passphrase-file passphrase {arguments}");
        // Ends a test that waits for what never comes.
        let mut child = Command::new("timeout")
            .args(["120", "script", "--quiet", "--flush", "--return", "--command", &line, "/dev/null"])
            .current_dir(folder)
            .env("PAGER", "cat")
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`timeout` and `script` are part of every Debian");
        let (keys, screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, keys, screen, seen: String::new() }
    }

    /// Waits until a text appears after what was seen before.
    fn expect(&mut self, text: &str) -> &mut Self {
        let mut buffer = [0; 4096];
        while !self.seen.contains(text) {
            let length = self.screen.read(&mut buffer).unwrap();
            assert!(length > 0, "`{text}` never came; the screen said:\n{}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
        let end = self.seen.find(text).unwrap() + text.len();
        self.seen.drain(..end);
        self
    }

    fn send(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    fn ends(mut self) -> bool {
        let mut rest = Vec::new();
        self.screen.read_to_end(&mut rest).unwrap();
        self.child.wait().unwrap().success()
    }
}

#[test]
fn a_dossier_is_read_and_scored_in_a_terminal_and_every_answer_is_saved_at_once() {
    let folder = world();
    let mut terminal = Terminal::start(&folder, "--home bob review edit A1");
    terminal.expect("Is there a conflict of interest?").expect("Close").send("kkk\r");
    terminal.expect("Patience.").expect("everything is saved").send("\r");
    terminal.expect("What was done.").expect("5 leading: Changed the practice of a country.");
    terminal.expect("Not now").send("jj\r");
    // The power fails while a comment is in entry: the score is there, the comment is not.
    terminal.expect("Comment").send("half a com");
    terminal.child.kill().unwrap();
    terminal.child.wait().unwrap();
    let shown = || {
        let shown = tessera(&folder, "--home bob review show A1 --json").stdout;
        serde_json::from_slice::<serde_json::Value>(&shown).unwrap()["rows"][0]["scores"].clone()
    };
    // The program that lost its terminal may hold the home for a moment longer.
    while !free(&folder) {}
    assert_eq!(shown()[0]["draft"], "3");
    assert_eq!(shown()[0]["comment"], serde_json::Value::Null);

    let mut terminal = Terminal::start(&folder, "--home bob review edit A1");
    // The first open criterion is chosen; N/A needs a reason.
    terminal.expect("everything is saved").send("\r").expect("Not now").send("kk\r");
    terminal.expect("Why does it not apply?").send("not asked\r");
    terminal.expect("Comment").send("\r");
    terminal.expect("everything is saved").send("\r");
    terminal.expect("these scores are my own").send("y");
    terminal.expect("Submitted as revision 1");
    assert!(terminal.ends());
    assert_eq!(shown()[0]["submitted"], "3");
    assert_eq!(shown()[1]["submitted"]["not_applicable"], "not asked");
}

/// True once no program holds the home.
fn free(folder: &Path) -> bool {
    let output = Command::new(env!("CARGO_BIN_EXE_tessera"))
        .current_dir(folder)
        .args(["--passphrase-file", "passphrase", "--home", "bob", "review", "list", "--json"])
        .output()
        .unwrap();
    !String::from_utf8_lossy(&output.stderr).contains("home-in-use")
}
